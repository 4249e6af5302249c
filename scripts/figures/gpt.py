"""docs/models/gpt.*.svg: the demo's model looked into, and what happens without mask and cache."""

import math
from functools import cache

import torch
from torch import Tensor, nn

from docs.models.gpt import bpe, gpt, practice
from scripts.figures import style
from scripts.weights import gpt as weights

PROMPT = "Attention is"
LEARN_STEPS = 400
DASHES = ("o-", "s--", "^-.", "D:")


@cache
def loaded() -> tuple[gpt.GPT, list[bpe.Pair]]:
    """The model of the demo."""
    model, merges, _ = weights.load()
    return model, merges


@cache
def texts() -> tuple[str, str]:
    """Training text and held-out text."""
    return weights.split(weights.CORPUS.read_text(encoding="utf-8"))


def taught(model: nn.Module, texts: Tensor, steps: int) -> list[float]:
    """Losses of a small model while it is trained as the page does in practice."""
    optimiser, rate = practice.optimiser_of(model, 0.03, 10, steps)
    return [practice.update(model, texts, optimiser, rate) for _ in range(steps)]


def learn() -> style.Table:
    """Loss on the two sentences of the example while models with random weights are trained."""
    table: style.Table = {"step": [float(step) for step in range(0, LEARN_STEPS, 5)]}
    texts = torch.tensor(gpt.SENTENCES)
    for seed in range(SEEDS):
        model = gpt.GPT(gpt.SHAPE, torch.Generator().manual_seed(seed)).double()
        table[f"seed {seed}"] = taught(model, texts, LEARN_STEPS)[::5]
    return table


def draw_learn(table: style.Table, axes: style.Axes) -> None:
    """All runs rest at what a bigram can know, then find the name."""
    names = [name for name in table if name != "step"]
    dashes = ("-", "--", "-.", ":", (0, (5, 1)))
    for name, dash, colour in zip(names, dashes, style.SERIES, strict=False):
        axes.plot(table["step"], table[name], ls=dash, color=colour, lw=1.6, label=name)
    axes.axhline(math.log(2) / 3, color=style.MUTED, lw=1, ls="--", label="best bigram, 0.231")
    axes.set_xlim(0, 220)
    axes.set_ylim(0, 1.9)
    axes.set_xlabel("training steps")
    axes.set_ylabel("nats a token")
    axes.legend()


def heads() -> style.Table:
    """Attention of all heads over the page's prompt."""
    model, merges = loaded()
    tokens = bpe.encode(PROMPT, merges)
    with torch.no_grad():
        _, attention, _ = model(torch.tensor([tokens]))
    table: style.Table = {name: [] for name in ("layer", "head", "query", "key", "weight")}
    for layer, a in enumerate(attention):
        for h, i, j in torch.ones_like(a[0]).tril().nonzero().tolist():
            row = (layer, h, i, j, a[0, h, i, j].item())
            for name, value in zip(table, row, strict=True):
                table[name].append(float(value))
    return table


def draw_heads(table: style.Table, panels: list[style.Axes]) -> None:
    """One small map for each head."""
    merges = loaded()[1]
    names = [bpe.decode([t], merges).replace(" ", "·") for t in bpe.encode(PROMPT, merges)]
    n = len(names)
    for layer, h, i, j, weight in zip(*table.values(), strict=True):
        axes = panels[int(4 * layer + h)]
        axes.fill(
            [j - 0.5, j + 0.5, j + 0.5, j - 0.5],
            [i - 0.5, i - 0.5, i + 0.5, i + 0.5],
            color=style.SERIES[0],
            alpha=0.04 + 0.96 * weight,
            lw=0,
        )
    for index, axes in enumerate(panels):
        axes.set_title(f"{index // 4 + 1}.{index % 4 + 1}", fontsize=11)
        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(n - 0.5, -0.5)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks(range(n), names if index % 4 == 0 else [""] * n)
        axes.tick_params(length=0)
        axes.grid(visible=False)


CHOICES = (
    ("model", 1.0, 0, 1.0),
    ("cool", 0.5, 0, 1.0),
    ("hot", 2.0, 0, 1.0),
    ("top_k", 1.0, 3, 1.0),
    ("top_p", 1.0, 0, 0.5),
)


def following() -> style.Table:
    """The eight likeliest tokens after the prompt, and what five ways of choosing make of them."""
    model, merges = loaded()
    with torch.no_grad():
        logits = model(torch.tensor([bpe.encode(PROMPT, merges)]))[0][0, -1]
    order = logits.argsort(descending=True, stable=True)[:8]
    table: style.Table = {"token": [float(t) for t in order]}
    for name, temperature, top_k, top_p in CHOICES:
        p = gpt.next_probabilities(logits, temperature, top_k, top_p)
        table[name] = p[order].tolist()
    return table


def draw_following(table: style.Table, panels: list[style.Axes]) -> None:
    """Temperature on the left, cuts on the right."""
    merges = loaded()[1]
    names = [bpe.decode([int(t)], merges).replace(" ", "·") for t in table["token"]]
    sides = (
        (("model", "T = 1", 0), ("cool", "T = 0.5", 1), ("hot", "T = 2", 2)),
        (("model", "all", 0), ("top_k", "top-k, k = 3", 1), ("top_p", "top-p, p = 0.5", 2)),
    )
    for axes, side in zip(panels, sides, strict=True):
        for place, (name, label, colour) in enumerate(side):
            y = [row + 0.27 * (place - 1) for row in range(len(names))]
            # Solid, outlined, pale: told apart without their colours too.
            axes.barh(
                y,
                table[name],
                0.22,
                facecolor=("none" if place == 1 else style.SERIES[colour]),
                edgecolor=style.SERIES[colour],
                alpha=(1, 1, 0.55)[place],
                lw=1,
                label=label,
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")
    panels[1].set_xlabel("probability")


WORD, DIGITS, SEEDS, ORDER = 12, 8, 5, 5
COPIER = gpt.Config(vocabulary=DIGITS + 1, context=2 * WORD + 1, layers=1, heads=4, width=32)
COPY_STEPS, COPY_BATCH, COPY_TESTED = 120, 32, 128


def copies(n: int, generator: torch.Generator) -> Tensor:
    """n lines of a random word of octal digits, a separator, and the same word again: (n, C)."""
    word = torch.randint(DIGITS, (n, WORD), generator=generator)
    return torch.cat([word, torch.full((n, 1), DIGITS), word], 1)


def learn_copies(seed: int) -> tuple[gpt.GPT, Tensor, Tensor]:
    """A small GPT trained on such lines, new lines for its test, and its own lines."""
    generator = torch.Generator().manual_seed(seed)
    model = gpt.GPT(COPIER, generator)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:  # so that queries have the variance of those of GPT-2 small
                parameter.mul_(math.sqrt(gpt.Config().width / COPIER.width))
    lines = copies(COPY_STEPS * COPY_BATCH, generator)
    optimise = torch.optim.Adam(model.parameters(), 1e-2)
    for batch in lines.view(COPY_STEPS, COPY_BATCH, -1):
        loss = gpt.loss(model(batch)[0], batch)
        optimise.zero_grad()
        torch.autograd.backward(loss)
        optimise.step()
    return model, copies(COPY_TESTED, generator), lines


def copied(model: gpt.GPT, read: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Bits for the right token at each place after the first, and attention, of lines that are read."""
    with torch.no_grad():
        logits, attention, _ = model(read)
    log_p = logits[:, :-1].log_softmax(-1)
    bits = -log_p.gather(-1, right[:, 1:, None])[..., 0].mean(0) / math.log(2)  # (C - 1,)
    return bits, attention[0]


def back(attention: Tensor, places: int) -> float:
    """Weight that the strongest head puts so many places back, where it predicts the word again."""
    queries = torch.arange(WORD, 2 * WORD)
    return attention[:, :, queries, queries - places].mean((0, 2)).max().item()


WRONG = WORD + 3  # index of the digit that is changed: the third of the word again


def changed(lines: Tensor, seed: int) -> Tensor:
    """The lines with a wrong digit in the word that comes again."""
    by = torch.randint(1, DIGITS, (len(lines),), generator=torch.Generator().manual_seed(seed))
    lines = lines.clone()
    lines[:, WRONG] = (lines[:, WRONG] + by) % DIGITS
    return lines


def as_text(lines: Tensor) -> bytes:
    """The lines as bytes, with a space for the separator and a line feed after each."""
    return "".join(
        "".join("01234567 "[token] for token in line) + "\n" for line in lines.tolist()
    ).encode()


def copy() -> style.Table:
    """Bits for each digit of the lines, by a GPT and by the best n-gram, from the same lines."""
    table: style.Table = {"place": [float(place) for place in range(2, COPIER.context + 1)]}
    found: dict[str, list[Tensor]] = {"gpt": [], "ngram": []}
    looks, wrong = [], []
    for seed in range(SEEDS):
        model, test, lines = learn_copies(seed)
        bits, attention = copied(model, test, test)
        found["gpt"].append(bits)
        looks.append(back(attention, WORD))
        wrong.append(copied(model, changed(test, seed), test)[0][WRONG:].mean().item())
        costs = torch.tensor(weights.ngram_costs(as_text(lines), as_text(test), ORDER))
        costs = costs.view(ORDER, COPY_TESTED, -1)[:, :, 1 : COPIER.context]  # (n, lines, C - 1)
        best = costs[:, :, WORD:].mean((1, 2)).argmin()
        found["ngram"].append(costs[best].mean(0))
    values = {"looks back": torch.tensor(looks), "gpt, after an error": torch.tensor(wrong)}
    for name, runs in found.items():
        table[name] = torch.stack(runs).mean(0).tolist()
        values[f"{name}, second word"] = torch.stack(runs)[:, WORD:].mean(1)
    for name, value in values.items():  # one number, for which a table has a column
        table[name] = [value.mean().item()] * len(table["place"])
        table[f"{name}, spread"] = [value.std().item()] * len(table["place"])
    return table


def draw_copy(table: style.Table, axes: style.Axes) -> None:
    """The n-gram pays three bits for every digit, the GPT for those of the first word."""
    axes.axvline(WORD + 1, color=style.MUTED, lw=1)
    axes.plot(table["place"], table["gpt"], "o-", color=style.SERIES[0], ms=4, label="GPT")
    axes.plot(table["place"], table["ngram"], "s--", color=style.SERIES[1], ms=4, label="n-gram")
    axes.text(WORD / 2 + 1, 1.7, "the word", ha="center", fontsize=11)
    axes.text(1.5 * WORD + 2, 1.7, "the word again", ha="center", fontsize=11)
    axes.set_ylim(bottom=-0.1)
    axes.set_xlabel("place in the line")
    axes.set_ylabel("bits a digit")
    axes.legend(loc="center left", bbox_to_anchor=(0, 0.25))


def honest(model: gpt.GPT, windows: Tensor, causal: bool) -> float:
    """Bits for the last token of each window, from those before it and nothing else."""
    with torch.no_grad():
        logits = model(windows[:, :-1], None, causal)[0][:, -1]
    return nn.functional.cross_entropy(logits, windows[:, -1]).item() / math.log(2)


PEEK_STEPS = 141


def peeked(seed: int, causal: bool, shift: int = 1) -> tuple[list[float], list[float]]:
    """Bits in training and on an honest test, every 14 steps, of a model of random octal digits.

    With shift 0 the targets are the tokens themselves.
    """
    test = torch.randint(8, (256, 16), generator=torch.Generator().manual_seed(100 + seed))
    generator = torch.Generator().manual_seed(seed)
    model = gpt.GPT(gpt.Config(8, 16, 1, 2, 32), generator).double()
    optimise = torch.optim.Adam(model.parameters(), 8e-3, fused=True)
    train, held = [], []
    for step in range(PEEK_STEPS):
        digits = torch.randint(8, (16, 16), generator=generator)
        logits = model(digits, None, causal)[0]
        targets = digits if shift else digits.roll(1, 1)  # roll undoes the shift of the loss
        loss = gpt.loss(logits, targets)
        if step % 14 == 0:
            train.append(loss.item() / math.log(2))
            held.append(honest(model, test, causal))
        optimise.zero_grad()
        torch.autograd.backward(loss)
        optimise.step()
    return train, held


def peek() -> style.Table:
    """Models of random octal digits, with and without the causal mask, while they train: means over seeds."""
    table: style.Table = {"step": [float(step) for step in range(0, PEEK_STEPS, 14)]}
    for name, causal in (("masked", True), ("open", False)):
        runs = torch.tensor([peeked(seed, causal) for seed in range(SEEDS)])  # (seeds, 2, points)
        table[f"{name}_train"], table[f"{name}_honest"] = runs.mean(0).tolist()
        table[f"{name}_train_spread"], table[f"{name}_honest_spread"] = runs.std(0).tolist()
    return table


def draw_peek(table: style.Table, axes: style.Axes) -> None:
    """Four curves round the true entropy."""
    lines = (
        ("open_honest", "no mask, honest test", "s--", 1),
        ("masked_honest", "causal mask, honest test", "o-", 0),
        ("masked_train", "causal mask, training", "^:", 2),
        ("open_train", "no mask, training", "v-.", 3),
    )
    axes.axhline(3, color=style.MUTED, lw=1)
    for name, label, mark, colour in lines:
        axes.plot(table["step"], table[name], mark, color=style.SERIES[colour], ms=4, label=label)
    axes.set_xlabel("training steps")
    axes.set_ylabel("bits a digit")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left")


LENGTHS = (1, 64, 128, 256, 384, 512, 640, 768, 896, 1024)


def cached() -> style.Table:
    """Billions of operations for one more token of GPT-2 small, with and without the cache."""
    small = gpt.GPT2["small"]
    return {
        "length": [float(n) for n in LENGTHS],
        "anew": [small.flops(n) / 1e9 for n in LENGTHS],
        "cache": [small.flops(1, n - 1) / 1e9 for n in LENGTHS],
        "memory": [small.cache_bytes(n) / 2**20 for n in LENGTHS],
    }


def draw_cached(table: style.Table, panels: list[style.Axes]) -> None:
    """Operations above, memory below."""
    top, bottom = panels
    top.plot(table["length"], table["anew"], "s--", color=style.SERIES[1], ms=4, label="all anew")
    top.plot(table["length"], table["cache"], "o-", color=style.SERIES[0], ms=4, label="with cache")
    top.set_yscale("log")
    top.set_ylabel("billions of operations")
    top.legend(loc="center right")
    bottom.plot(table["length"], table["memory"], "o-", color=style.SERIES[0], ms=4)
    bottom.set_ylabel("MiB of cache")
    bottom.set_xlabel("tokens so far")


TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 1.0)
WRITTEN = 5


def repeat() -> style.Table:
    """Share of four-token sequences that occurred before, in the prompt and 100 tokens after it."""
    model, merges = loaded()
    prompt = bpe.encode(PROMPT, merges)
    greedy = gpt.generate(model, prompt, 100, torch.Generator(), top_k=1)
    table: style.Table = {"temperature": [0.0, *TEMPERATURES], "written": [repetition(greedy)]}
    table["spread"] = [0.0]
    for temperature in TEMPERATURES:
        generator = torch.Generator().manual_seed(11)
        shares = torch.tensor(
            [
                repetition(gpt.generate(model, prompt, 100, generator, temperature=temperature))
                for _ in range(WRITTEN)
            ]
        )
        table["written"].append(shares.mean().item())
        table["spread"].append(shares.std().item())
    held = bpe.encode(texts()[1], merges)
    size = len(greedy)
    pieces = [held[i : i + size] for i in range(0, len(held) - size, size)]
    human = sum(map(repetition, pieces)) / len(pieces)
    table["held_out"] = [human] * (len(TEMPERATURES) + 1)
    return table


def repetition(tokens: list[int]) -> float:
    """Share of four-token sequences that have occurred before in the same text."""
    fours = [tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)]
    return 1 - len(set(fours)) / len(fours)


def draw_repeat(table: style.Table, axes: style.Axes) -> None:
    """The model, and the level of held-out text."""
    axes.errorbar(
        table["temperature"], table["written"], table["spread"], fmt="o-", color=style.SERIES[0],
        capsize=3, elinewidth=1,
    )  # fmt: skip
    axes.plot(table["temperature"], table["held_out"], "--", color=style.SERIES[1])
    axes.set_ylim(bottom=-0.03)
    axes.set_xlabel("temperature (0: always the likeliest)")
    axes.set_ylabel("share repeated")
    style.label_line(axes, 0.12, table["written"][1], "written by the model", dx=8)
    style.label_line(axes, 0.62, table["held_out"][0], "held-out text", dy=-14)


FIGURES = [
    style.Recipe("models/gpt/learn", learn, draw_learn, absolute=0.05),
    style.Recipe("models/gpt/heads", heads, draw_heads, size=(360, 320), grid=(3, 4)),
    style.Recipe("models/gpt/next", following, draw_following, size=(360, 560), grid=(2, 1)),
    style.Recipe("models/gpt/copy", copy, draw_copy, absolute=0.02),
    style.Recipe("models/gpt/peek", peek, draw_peek, size=(360, 300), tolerance=0.02),
    style.Recipe("models/gpt/cached", cached, draw_cached, size=(360, 400), grid=(2, 1)),
    style.Recipe("models/gpt/repeat", repeat, draw_repeat, absolute=0.02),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
