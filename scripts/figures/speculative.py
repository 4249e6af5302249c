"""docs/inference/speculative/*.svg: one place of a draft, speed by k, the site's GPT as target, batches."""

from collections import Counter, defaultdict
from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from docs.models.gpt import bpe
from scripts.figures import sampling as texts
from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.weights import gpt as weights

speculative = import_module("docs.inference.speculative.speculative")
rules = import_module("docs.inference.sampling.sampling")

ALPHA, C = 0.8, 0.1
LONGEST = 12
SPEEDS = ((0.8, 0.02), (0.8, 0.1), (0.8, 0.3), (0.5, 0.1), (0.5, 0.5))  # alpha, c
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 480)  # beyond 488 the cache is full
LENGTH = 1000
DEPTHS = (1, 2, 4, 8)
TEMPERATURES = (0.0, 0.5, 1.0)
DRAFTS = ("bigram", "trigram", "lookup", "one layer")
MATCH = 2  # tokens that the lookup compares
REPEATS = 20  # of a text whose calls are counted, since the last call is cut at its end


def place() -> style.Table:
    """Target and draft of the example, what is accepted, and what a rejection draws from."""
    p, q = (torch.tensor(x, dtype=torch.float64) for x in (speculative.P, speculative.Q))
    return {
        "word": [float(n) for n in range(len(p))],
        "p": p.tolist(),
        "q": q.tolist(),
        "kept": torch.minimum(p, q).tolist(),
        "missing": (p - q).clamp(min=0).tolist(),
    }


def draw_place(table: style.Table, axes: style.Axes) -> None:
    """Bars of what is kept, what is refused above p, and what is missing below it."""
    x = range(len(table["word"]))
    above = [q - kept for q, kept in zip(table["q"], table["kept"], strict=True)]
    axes.bar(x, table["kept"], 0.7, color=style.SERIES[0], label="drafted and accepted")
    axes.bar(
        x, table["missing"], 0.7, table["kept"], color=style.SERIES[1], label="added by redraws"
    )
    axes.bar(
        x,
        above,
        0.7,
        table["kept"],
        facecolor="none",
        edgecolor=style.MUTED,
        ls="--",
        label="drafted and rejected",
    )
    for n, value in enumerate(table["p"]):
        axes.plot([n - 0.42, n + 0.42], [value, value], color=style.INK, lw=1.5)
    axes.set_xticks(list(x), speculative.WORDS, fontsize=10)
    axes.set_ylim(0, 0.45)
    axes.set_ylabel("probability")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper right")


def speeds() -> style.Table:
    """Speed-up against the number of drafted tokens."""
    table: style.Table = {"k": [float(k) for k in range(LONGEST + 1)]}
    for alpha, c in SPEEDS:
        table[f"alpha {alpha}, c {c}"] = [
            speculative.speed(alpha, k, c) for k in range(LONGEST + 1)
        ]
    return table


def draw_speeds(table: style.Table, axes: style.Axes) -> None:
    """A curve for each draft, its best k as a ring."""
    for n, ((alpha, c), mark) in enumerate(
        zip(SPEEDS, ("o-", "s-", "^-", "s--", "v--"), strict=True)
    ):
        y = table[f"alpha {alpha}, c {c}"]
        axes.plot(
            table["k"], y, mark, color=style.SERIES[n], lw=1.4, ms=4, label=f"α = {alpha}, c = {c}"
        )
        k = speculative.best(alpha, c)
        if k <= LONGEST:
            axes.plot(k, y[k], "o", ms=10, mfc="none", mec=style.INK)
    axes.axhline(1, color=style.MUTED, lw=1)
    axes.set_ylim(0, 4.6)
    axes.set_xlabel("drafted tokens k")
    axes.set_ylabel("speed-up")
    axes.legend(loc="upper left", ncols=2)


def batches() -> style.Table:
    """Speed-up against the number of texts at once, by the roofline."""
    table: style.Table = {"texts": [float(b) for b in BATCHES]}
    for k in DEPTHS:
        table[f"k {k}"] = [speculative.with_batch(b, k, ALPHA, C, LENGTH) for b in BATCHES]
    return table


def draw_batches(table: style.Table, axes: style.Axes) -> None:
    """A curve for each k; below the line the draft slows down."""
    for n, (k, mark) in enumerate(zip(DEPTHS, ("o-", "s-", "^-", "v-"), strict=True)):
        axes.plot(
            table["texts"], table[f"k {k}"], mark, color=style.SERIES[n], ms=4, label=f"k = {k}"
        )
    axes.axhline(1, color=style.MUTED, lw=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 8, 64, 480], ["1", "8", "64", "480"])
    axes.set_ylim(0, 2.7)
    axes.set_xlabel("texts at once")
    axes.set_ylabel("speed-up")
    axes.legend(loc="lower left")


@cache
def tables() -> tuple[Tensor, Tensor, dict[tuple[int, int], Tensor]]:
    """Next-token probabilities of the corpus by 0, 1 and 2 tokens before, each smoothed by the shorter one.

    Counts of a context are joined by as many of the shorter table as the context has kinds of followers.
    """
    _, merges, _ = weights.load()
    train, _ = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    tokens = bpe.encode(train, merges)
    v = weights.SHAPE.vocabulary
    one = torch.bincount(torch.tensor(tokens), minlength=v).double() + 1
    one /= one.sum()
    pairs = torch.zeros(v, v, dtype=torch.float64)
    pairs.index_put_(
        (torch.tensor(tokens[:-1]), torch.tensor(tokens[1:])),
        torch.ones(len(tokens) - 1, dtype=torch.float64),
        accumulate=True,
    )
    kinds = (pairs > 0).sum(1, keepdim=True).clamp(min=1)
    two = (pairs + kinds * one) / (pairs.sum(1, keepdim=True) + kinds)
    seen: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for first, second, then in zip(tokens, tokens[1:], tokens[2:], strict=False):
        seen[first, second][then] += 1
    three = {}
    for (first, second), found in seen.items():
        row = len(found) * two[second]
        row[torch.tensor(list(found))] += torch.tensor(list(found.values()), dtype=torch.float64)
        three[first, second] = row / row.sum()
    return one, two, three


def cooled(p: Tensor, temperature: float) -> Tensor:
    """Probabilities at a temperature: (..., V) to (..., V); 0 is greedy."""
    out: Tensor = rules.distribution(p.log(), rules.Settings(temperature=temperature))
    return out


def looked_up(text: list[int]) -> int:
    """The token that followed the last two when they last stood together in the text; -1 if never."""
    for i in range(len(text) - MATCH - 1, -1, -1):
        if text[i : i + MATCH] == text[-MATCH:]:
            return text[i + MATCH]
    return -1


@torch.no_grad()
def drafted(name: str, rows: Tensor, temperature: float) -> Tensor:
    """Probabilities of a draft for each written token: rows (B, N) to (B, W, V)."""
    model, _ = texts.loaded()
    before = rows[:, texts.READ - 1 : -1]
    if name == "one layer":
        x = model.wte[rows] + model.wpe[: rows.shape[1]]
        x = model.blocks[0](x, None, True)[0]
        z = model.ln_f(x) @ model.wte.T
        return cooled(z[:, texts.READ - 1 : -1].softmax(-1), temperature)
    if name == "lookup":
        guess = [
            [looked_up(row[: t + 1]) for t in range(texts.READ - 1, len(row) - 1)]
            for row in rows.tolist()
        ]
        wanted = torch.tensor(guess)
        one_hot = torch.nn.functional.one_hot(wanted.clamp(min=0), weights.SHAPE.vocabulary)
        return one_hot.double() * (wanted >= 0)[..., None]
    _, two, three = tables()
    if name == "bigram":
        return cooled(two[before], temperature)
    found = [
        torch.stack(
            [
                three.get((row[t - 1], row[t]), two[row[t]])
                for t in range(texts.READ - 1, len(row) - 1)
            ]
        )
        for row in rows.tolist()
    ]
    return cooled(torch.stack(found), temperature)


@torch.no_grad()
def written(temperature: float) -> tuple[Tensor, Tensor]:
    """What the site's GPT writes behind 50 prompts (50, 64), and its probabilities of each place (50, 56, V)."""
    model, pieces = texts.loaded()
    settings = rules.Settings(temperature=temperature)
    rows = rules.write(
        texts.step,
        pieces[:, : texts.READ],
        texts.WRITTEN,
        settings,
        torch.Generator().manual_seed(0),
    )
    z = model(rows)[0][:, texts.READ - 1 : -1]
    return rows, rules.distribution(z, settings)


def measured() -> style.Table:
    """Acceptance and tokens a call of each draft: mean and standard deviation over 50 texts."""
    names = ["acceptance", *(f"k {k}" for k in DEPTHS), "formula k 4"]
    table: style.Table = {"temperature": [], "draft": []}
    for name in names:
        table[name], table[f"{name} spread"] = [], []
    for temperature in TEMPERATURES:
        rows, p = written(temperature)
        for n, draft in enumerate(DRAFTS):
            q = drafted(draft, rows, temperature)
            token = rows[:, texts.READ :, None]
            w = (q.gather(-1, token) / p.gather(-1, token)).clamp(max=1)[..., 0]
            alpha = speculative.rate(p, q).mean(1)
            got = {"acceptance": alpha}
            for k in DEPTHS:
                need = [
                    REPEATS * texts.WRITTEN / speculative.calls(REPEATS * row, k)
                    for row in w.tolist()
                ]
                got[f"k {k}"] = torch.tensor(need, dtype=torch.float64)
            mean = float(alpha.mean())
            got["formula k 4"] = torch.full((2,), speculative.expected(mean, 4)).double()
            table["temperature"].append(temperature)
            table["draft"].append(float(n))
            for name in names:
                table[name].append(float(got[name].mean()))
                table[f"{name} spread"].append(float(got[name].std()))
    return table


def draw_measured(table: style.Table, panels: list[style.Axes]) -> None:
    """Tokens a call against k, a panel for each temperature, a curve for each draft."""
    marks = ("o-", "s-", "^-", "v-")
    for axes, temperature in zip(panels, TEMPERATURES, strict=True):
        for n, name in enumerate(DRAFTS):
            at = next(
                i
                for i, (t, d) in enumerate(zip(table["temperature"], table["draft"], strict=True))
                if (t, d) == (temperature, n)
            )
            axes.errorbar(
                [1.06**n * k for k in DEPTHS],
                [table[f"k {k}"][at] for k in DEPTHS],
                [table[f"k {k} spread"][at] for k in DEPTHS],
                fmt=marks[n],
                color=style.SERIES[n],
                elinewidth=1,
                ms=4,
                lw=1.4,
                label=name,
            )
        axes.set_title("greedy" if temperature == 0 else f"T = {temperature:g}", fontsize=12)
        axes.set_xscale("log", base=2)
        axes.set_xticks(DEPTHS, [str(k) for k in DEPTHS])
        axes.set_ylim(1, 4.3)
        axes.set_xlabel("k")
    panels[0].set_ylabel("tokens a call")
    panels[0].legend(loc="upper left")
    for axes in panels[1:]:
        axes.tick_params(labelleft=False)


RUNS, RUN_TOKENS, RUN_K = 12, 48, 4


@torch.no_grad()
def run() -> style.Table:
    """The loop itself on the first prompts, at T = 1 with the trigram: tokens and calls of each text."""
    model, pieces = texts.loaded()
    _, two, three = tables()

    def target(text: Tensor) -> Tensor:
        p: Tensor = model(text[None])[0][0].softmax(-1)
        return p

    def draft(text: Tensor) -> Tensor:
        first, second = text[-2:].tolist()
        return three.get((first, second), two[second])[None]

    generator = torch.Generator().manual_seed(1)
    table: style.Table = {"tokens": [], "calls": []}
    for piece in pieces[:RUNS]:
        start = piece[: texts.READ]
        text, calls = speculative.write(target, draft, start, RUN_TOKENS, RUN_K, generator)
        table["tokens"].append(float(len(text) - len(start)))
        table["calls"].append(float(calls))
    return table


FIGURES = [
    style.Recipe("inference/speculative/place", place, draw_place, (440, 260)),
    style.Recipe("inference/speculative/speeds", speeds, draw_speeds, (440, 300)),
    style.Recipe("inference/speculative/batches", batches, draw_batches, (420, 260)),
    style.Recipe(
        "inference/speculative/measured",
        measured,
        draw_measured,
        (520, 260),
        (1, 3),
        tolerance=0.02,
        absolute=0.02,
    ),
    Numbers("inference/speculative/run", run, tolerance=0.02, absolute=2.1),
]

if __name__ == "__main__":
    style.main(FIGURES)
