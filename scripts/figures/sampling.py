"""docs/inference/sampling/*.svg: the rules on the example, heat, what the site's GPT writes, two orders of a sum."""

import math
from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from docs.models.gpt import bpe, gpt
from scripts.figures import style
from scripts.weights import gpt as weights

sampling = import_module("docs.inference.sampling.sampling")
Settings = sampling.Settings

PROMPTS, READ, WRITTEN, SEEDS = 50, 8, 56, 2
GREEDY = Settings(temperature=0.0)
WRITERS = {  # what writes; greedy rules need one run, they draw nothing that counts
    "greedy": GREEDY,
    "T = 0.25": Settings(temperature=0.25),
    "T = 0.5": Settings(temperature=0.5),
    "T = 1": Settings(),
    "top-k, 20": Settings(top_k=20),
    "top-p, 0.9": Settings(top_p=0.9),
    "min-p, 0.1": Settings(min_p=0.1),
    "typical, 0.9": Settings(typical=0.9),
    "greedy, repetition 1.1": GREEDY._replace(repetition=1.1),
    "greedy, repetition 1.3": GREEDY._replace(repetition=1.3),
    "greedy, presence 1": GREEDY._replace(presence=1.0),
    "greedy, frequency 0.5": GREEDY._replace(frequency=0.5),
}
TEMPERATURES = tuple(0.1 * n for n in range(1, 31))
SHOWN = ("as it is", "T = 1/2", "T = 2", "top-p, 0.9", "typical, 0.2", "penalty")
PENALTY = Settings(repetition=2.0)
BASE = 5 * math.log(2)  # added to the logarithms of the example, so that the least logit is zero


def example() -> Tensor:
    """Logits of the example: 4, 3, 2, 1, 0 and 0 in units of log 2."""
    return torch.tensor(sampling.P, dtype=torch.float64).log() + BASE


def rules() -> style.Table:
    """Probabilities of the six words by each rule; the penalty is for a text in which tea has occurred."""
    table: style.Table = {"word": [float(n) for n in range(len(sampling.P))]}
    for name, settings in sampling.RULES.items():
        table[name] = sampling.distribution(example(), settings).tolist()
    counts = torch.tensor([1.0, 0, 0, 0, 0, 0])
    table["penalty"] = sampling.distribution(example(), PENALTY, counts).tolist()
    return table


def draw_rules(table: style.Table, panels: list[style.Axes]) -> None:
    """Six panels of bars, each with its entropy; what is cut has no bar."""
    titles = dict(zip(SHOWN, SHOWN, strict=True)) | {
        "top-p, 0.9": "top-k 4 · top-p 0.9 · min-p 0.1",
        "penalty": "penalty 2 on tea",
    }
    for axes, name in zip(panels, SHOWN, strict=True):
        p = table[name]
        axes.bar(range(6), p, 0.7, color=style.SERIES[0])
        if name != "as it is":
            for n, value in enumerate(table["as it is"]):
                axes.plot([n - 0.4, n + 0.4], [value, value], color=style.INK, lw=1.5)
        axes.set_title(titles[name], fontsize=12)
        bits = float(sampling.bits(torch.tensor(p)))
        axes.text(5.4, 0.88, f"{abs(bits):.2f} bits", ha="right", fontsize=12)
        axes.set_ylim(0, 1.02)
        axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_xticks(range(6), sampling.WORDS, fontsize=10)
        axes.grid(visible=False, axis="x")


def heat() -> style.Table:
    """Entropy in bits against the temperature, of three next-word distributions."""
    table: style.Table = {"temperature": list(TEMPERATURES)}
    for name, p in (("sure", sampling.SURE), ("example", sampling.P), ("open", sampling.OPEN)):
        z = torch.tensor(p, dtype=torch.float64).log()
        table[name] = [float(sampling.bits((z / t).softmax(-1))) for t in TEMPERATURES]
    return table


def draw_heat(table: style.Table, axes: style.Axes) -> None:
    """Three curves; those of six words rise towards the same limit."""
    for n, (name, mark) in enumerate((("open", ":"), ("example", "-"), ("sure", "--"))):
        axes.plot(table["temperature"], table[name], mark, color=style.SERIES[n], label=name)
    axes.axhline(math.log2(6), color=style.MUTED, lw=1)
    axes.axvline(1, color=style.MUTED, lw=1)
    axes.set_ylim(0, 4.3)
    axes.set_xlim(0, 3)
    axes.set_xlabel("temperature T")
    axes.set_ylabel("bits")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.79))


@cache
def loaded() -> tuple[gpt.GPT, Tensor]:
    """The site's GPT and pieces of 64 tokens of its held-out text: (50, 64)."""
    torch.set_num_threads(1)  # the sums are small
    model, merges, _ = weights.load()
    _, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    tokens = torch.tensor(bpe.encode(held, merges))
    pieces = tokens[: len(tokens) // 64 * 64].view(-1, 64)
    return model, pieces[:: len(pieces) // PROMPTS][:PROMPTS]


@torch.no_grad()
def step(tokens: Tensor, kept: gpt.Cache | None) -> tuple[Tensor, gpt.Cache]:
    """Logits of the last position."""
    logits, _, kept = loaded()[0](tokens, kept)
    return logits[:, -1], kept


def returns(text: list[int]) -> tuple[int, int]:
    """How often the last two tokens stood together before in the text, and were followed by the same token."""
    met: dict[tuple[int, int], int] = {}
    found = same = 0
    for first, second, then in zip(text, text[1:], text[2:], strict=False):
        if (first, second) in met:
            found += 1
            same += met[first, second] == then
        met[first, second] = then
    return found, same


@torch.no_grad()
def measured(texts: Tensor) -> dict[str, float]:
    """Repetition, likeliness and returns of the tokens behind the prompts."""
    model, _ = loaded()
    log_p = model(texts)[0][:, READ - 1 : -1].log_softmax(-1)
    bits = -log_p.gather(-1, texts[:, READ:, None])[..., 0].mean(1) / math.log(2)
    rows = texts[:, READ:].tolist()
    share = torch.tensor([sampling.repeated(row) for row in rows])
    found, same = torch.tensor([returns(row) for row in rows]).sum(0).tolist()
    return {
        "repeated": float(share.mean()),
        "repeated spread": float(share.std()),
        "bits": float(bits.mean()),
        "bits spread": float(bits.std()),
        "returns": found / len(rows),
        "same": same / found if found else math.nan,
    }


def written() -> style.Table:
    """What each rule makes of 50 prompts, twice where it draws; the held-out text itself in the last row."""
    _, pieces = loaded()
    rows = []
    for settings in WRITERS.values():
        runs = [
            sampling.write(
                step, pieces[:, :READ], WRITTEN, settings, torch.Generator().manual_seed(seed)
            )
            for seed in range(SEEDS if settings.temperature else 1)
        ]
        means = torch.tensor([measured(run)["repeated"] for run in runs])
        row = measured(torch.cat(runs))
        row["between seeds"] = float(means.std()) if len(runs) > 1 else 0.0
        rows.append(row)
    rows.append(measured(pieces) | {"between seeds": 0.0})
    return {"rule": [float(n) for n in range(len(rows))]} | {
        name: [row[name] for row in rows] for name in rows[0]
    }


def draw_written(table: style.Table, panels: list[style.Axes]) -> None:
    """Repetition at the left, bits a token at the right; a row for each rule."""
    names = [*WRITERS, "held-out text"]
    colours = [style.SERIES[1] if name.startswith("greedy") else style.SERIES[0] for name in names]
    colours[-1] = style.INK
    for axes, name, label in zip(
        panels, ("repeated", "bits"), ("share repeated", "bits a token"), strict=True
    ):
        for n, colour in enumerate(colours):
            axes.errorbar(
                table[name][n],
                n,
                xerr=[
                    [min(table[f"{name} spread"][n], table[name][n])],
                    [table[f"{name} spread"][n]],
                ],
                fmt="s" if names[n].startswith("greedy") else "o",
                color=colour,
                elinewidth=1.2,
            )
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
    panels[0].set_yticks(range(len(names)), names)
    panels[1].set_yticks(range(len(names)), [""] * len(names))


def summed(h: Tensor, table: Tensor, kind: torch.dtype, tree: bool) -> Tensor:
    """Logits h W^T, rounded after each addition, in one of two orders: h (B, E), table (V, E) to (B, V)."""
    row = list((h.to(kind)[:, None] * table.to(kind)).unbind(-1))
    if not tree:
        total = row[0]
        for value in row[1:]:
            total = total + value
        return total
    while len(row) > 1:
        row = [a + b for a, b in zip(row[::2], row[1::2], strict=True)]
    return row[0]


@torch.no_grad()
def greedy_texts(kind: torch.dtype, tree: bool) -> Tensor:
    """Greedy texts of the prompts, with the last product summed in one order: (50, 64)."""
    model, pieces = loaded()
    tokens, kept, read = pieces[:, :READ], None, []
    hook = model.ln_f.register_forward_hook(lambda _, __, out: read.append(out[:, -1]))
    for _ in range(WRITTEN):
        _, _, kept = model(tokens if kept is None else tokens[:, -1:], kept)
        z = summed(read.pop(), model.wte, kind, tree)
        tokens = torch.cat([tokens, z.argmax(-1, keepdim=True)], 1)
    hook.remove()
    return tokens


def orders() -> style.Table:
    """Share of greedy texts that are still the same after n tokens, when one sum is taken in two orders."""
    table: style.Table = {"tokens": [float(n) for n in range(WRITTEN + 1)]}
    for name, kind in (("16 bits", torch.bfloat16), ("32 bits", torch.float32)):
        left, tree = (greedy_texts(kind, tree) for tree in (False, True))
        same = (left == tree)[:, READ:].long().cumprod(1).double().mean(0)
        table[name] = [1.0, *same.tolist()]
    return table


def draw_orders(table: style.Table, axes: style.Axes) -> None:
    """Two curves, each with its standard error; what has parted stays apart."""
    for n, (name, mark) in enumerate((("32 bits", "--"), ("16 bits", "-"))):
        share = torch.tensor(table[name])
        error = (share * (1 - share) / PROMPTS).sqrt()
        axes.fill_between(
            table["tokens"],
            (share - error).tolist(),
            (share + error).tolist(),
            color=style.SERIES[1 - n],
            alpha=0.2,
            lw=0,
        )
        axes.plot(table["tokens"], table[name], mark, color=style.SERIES[1 - n], label=name)
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.set_xlim(0, WRITTEN)
    axes.set_xlabel("tokens written")
    axes.set_ylabel("texts still the same")
    axes.legend(loc="lower left")


THETAS = (1.0, 1.1, 1.2, 1.3, 1.5, 2.0)
SUBTRACTED = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)


@torch.no_grad()
def penalty() -> style.Table:
    """Bits a token of the held-out text, when tokens that occurred in the same piece are penalised.

    The spread is that of what the penalty costs, over the pieces.
    """
    model, pieces = loaded()
    z = model(pieces)[0][:, READ - 1 : -1]
    once = torch.nn.functional.one_hot(pieces, z.shape[-1]).cumsum(1)
    counts = once[:, READ - 1 : -1].to(z.dtype)  # in the text so far
    true = pieces[:, READ:, None]
    again = float((counts.gather(-1, true) > 0).double().mean())
    table: style.Table = {"theta": list(THETAS), "presence": list(SUBTRACTED)}
    ways = {
        "divided": [sampling.repetition(z, counts, theta) for theta in THETAS],
        "subtracted": [sampling.additive(z, counts, alpha, 0.0) for alpha in SUBTRACTED],
    }
    for name, changed in ways.items():
        log_p = [one.log_softmax(-1).gather(-1, true)[..., 0] for one in changed]
        bits = torch.stack([-one.mean(-1) / math.log(2) for one in log_p])  # of each piece
        table[name] = bits.mean(-1).tolist()
        table[f"{name} spread"] = (bits - bits[0]).std(-1).tolist()
    table["again"] = [again] * len(THETAS)
    return table


def draw_penalty(table: style.Table, panels: list[style.Axes]) -> None:
    """Division at the left, subtraction at the right; a band for the spread of the cost."""
    for axes, x, y, label, mark in zip(
        panels,
        ("theta", "presence"),
        ("divided", "subtracted"),
        ("repetition penalty θ", "presence penalty"),
        ("o-", "s-"),
        strict=True,
    ):
        bits, spread = (torch.tensor(table[name]) for name in (y, f"{y} spread"))
        axes.fill_between(
            table[x],
            (bits - spread).tolist(),
            (bits + spread).tolist(),
            color=style.SERIES[0],
            alpha=0.2,
            lw=0,
        )
        axes.plot(table[x], table[y], mark, color=style.SERIES[0])
        axes.set_ylim(4.4, 5.5)
        axes.set_xlabel(label)
    panels[0].set_ylabel("bits a token")
    panels[1].tick_params(labelleft=False)


FIGURES = [
    style.Recipe("inference/sampling/rules", rules, draw_rules, (480, 420), (3, 2)),
    style.Recipe("inference/sampling/penalty", penalty, draw_penalty, (440, 220), (1, 2)),
    style.Recipe("inference/sampling/heat", heat, draw_heat, (400, 260)),
    style.Recipe(
        "inference/sampling/written",
        written,
        draw_written,
        (480, 400),
        (1, 2),
        tolerance=0.02,
        absolute=0.01,
    ),
    style.Recipe(
        "inference/sampling/orders", orders, draw_orders, (400, 240), tolerance=0.02, absolute=0.041
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
