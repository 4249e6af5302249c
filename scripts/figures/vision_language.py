"""docs/models/vision-language/*.svg: ways to connect, answers without looking, counting, tokens and small text."""

import copy
import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from scripts.figures import seeds, style

made = import_module("docs.models.vision-language.made_scenes")
model = import_module("docs.models.vision-language.vision_language")

SEEDS = range(3)
BATCH, STEPS, LONG, ASKED, LENGTH, CODES = 64, 300, 1500, 1000, 20, 64
WORDS = len(made.KNOWN)
COLOUR, SHAPE = made.COLOUR, made.SHAPE
Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor, Tensor]]


@cache
@torch.enable_grad()
def encoder(seed: int) -> Any:
    """The frozen image encoder."""
    torch.set_num_threads(1)  # the networks are small: more threads only wait for one another
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return made.encoder(seed, 200)


def told(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Questions about scenes in words; the image vectors are empty."""
    scene = made.scenes(n, generator)
    words, answer = made.asked(scene, generator)
    return torch.zeros(n, 0, 24), torch.cat([scene.told(), words], 1), answer


def seen(seed: int, bias: float = 0.0, kinds: int = 3) -> Draw:
    """Questions about pictures, through the encoder."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        scene = made.scenes(n, generator, bias)
        words, answer = made.asked(scene, generator, kinds)
        return encoder(seed)(scene.paint(generator)), words, answer

    return draw


class TextOnly(nn.Module):
    """The text network alone."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.text = text

    def forward(self, z: Tensor, words: Tensor) -> Tensor:
        """z is not read: words (B, T) to (B, V)."""
        out: Tensor = self.text(self.text.table(words))
        return out


@torch.enable_grad()
def fit(
    net: nn.Module, draw: Draw, seed: int, steps: int = STEPS, frozen: tuple[str, ...] = ()
) -> nn.Module:
    """The network after training."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    model.train(net, lambda: draw(BATCH, generator), steps, frozen)
    return net


@torch.no_grad()
def right(net: nn.Module, draw: Draw, n: int = ASKED) -> float:
    """The share of right answers to new questions."""
    z, words, answer = draw(n, torch.Generator().manual_seed(99))
    return float((net(z, words).argmax(1) == answer).double().mean())


@cache
def reader(seed: int) -> Any:
    """A text network that answers questions about scenes told in words."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        text = model.Text(WORDS, LENGTH)
    fit(TextOnly(text), told, seed, 400)
    return text


def connected(seed: int, numbers: int = 24, fresh: bool = False, **settings: Any) -> Any:
    """A copy of the text network with a new connection, or both new."""
    with torch.random.fork_rng():
        torch.manual_seed(10 + seed)
        text = model.Text(WORDS, LENGTH) if fresh else copy.deepcopy(reader(seed))
        return model.VisionLanguage(text, numbers, **settings)


# Ways to connect.


@cache
def book(seed: int) -> Tensor:
    """Entries of a codebook: encoder vectors of cells, drawn at random, (K, D)."""
    generator = torch.Generator().manual_seed(50 + seed)
    z: Tensor = encoder(seed)(made.scenes(CODES // 2, generator).paint(generator))
    return z.flatten(0, 1)


def coded(seed: int) -> Draw:
    """Each image vector is replaced by the number of its nearest entry, as a row with a single one."""
    inner = seen(seed)

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        z, words, answer = inner(n, generator)
        found = model.codes(z.flatten(0, 1), book(seed))
        return nn.functional.one_hot(found, CODES).float().view(n, -1, CODES), words, answer

    return draw


def raw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Pixels of the cells, without an encoder."""
    scene = made.scenes(n, generator)
    words, answer = made.asked(scene, generator)
    return scene.paint(generator), words, answer


class Mixed(nn.Module):
    """Half of each batch are questions in words alone."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor, words: Tensor) -> Tensor:
        """z (B, N, D), words (B, T): the first half has its scene in words, before the question."""
        half = len(z) // 2
        one = self.net.text(self.net.text.table(words[:half]))
        return torch.cat([one, self.net(z[half:], words[half:, -2:])])


def mixed(seed: int) -> Draw:
    """Half of a batch in words alone, half with pictures."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        _, words, answer = told(n // 2, generator)
        z, more, wanted = seen(seed)(n // 2, generator)
        more = torch.cat([torch.zeros(n // 2, 4, dtype=torch.long), more], 1)
        return torch.cat([z, z]), torch.cat([words, more]), torch.cat([answer, wanted])

    return draw


WAYS = (
    "projection, one token",
    "projection, two tokens",
    "cross-attention",
    "projection, text trained too",
    "the same, half text",
    "codes, all new",
    "pixels, all new",
)


def of_way(way: int, seed: int) -> tuple[float, float]:
    """Right answers about pictures, and about scenes in words, after training."""
    draw, frozen = seen(seed), ("text",) if way < 3 else ()
    if way == 5:
        net, draw = connected(seed, CODES, fresh=True), coded(seed)
    elif way == 6:
        net, draw = connected(seed, 108, fresh=True), raw
    else:
        net = connected(seed, crossed=way == 2, each=2 if way == 1 else 1)
    if way == 4:
        fit(Mixed(net), mixed(seed), seed)
    else:
        fit(net, draw, seed, frozen=frozen)
    return right(net, draw), right(TextOnly(net.text), told)


@cache
def ways() -> style.Table:
    """A row for each way: pictures and words, mean and deviation; the first way after longer training."""
    table: style.Table = {"way": [float(k) for k in range(len(WAYS))]}
    for way in range(len(WAYS)):
        found = [of_way(way, seed) for seed in SEEDS]
        seeds.put(table, "pictures", [one for one, _ in found])
        seeds.put(table, "words", [two for _, two in found])
    before = [right(TextOnly(reader(seed)), told) for seed in SEEDS]
    table["words before"] = [sum(before) / len(before)] * len(WAYS)
    long = [right(fit(connected(s), seen(s), s, LONG, ("text",)), seen(s)) for s in SEEDS]
    for _ in WAYS:  # one number, in each row
        seeds.put(table, "one token, long", long)
    return table


def draw_ways(table: style.Table, axes: style.Axes) -> None:
    """Two marks for each way."""
    marks = (("pictures", "o", "pictures"), ("words", "s", "words alone"))
    seeds.marks_in_rows(axes, table, "way", list(WAYS), marks, 0.2)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("right answers")
    axes.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=2)


# Answers without looking.

BIASES = (0.25, 0.7, 0.9, 0.98, 1.0)
SHORT = 200


def turned(seed: int) -> Draw:
    """Scenes in which no shape has its usual colour."""
    return seen(seed, 1e-9, 1)


def blank(inner: Draw) -> Draw:
    """The same questions, without the picture."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        z, words, answer = inner(n, generator)
        return torch.zeros_like(z), words, answer

    return draw


def kept(seed: int, bias: float) -> Draw:
    """Biased scenes, of which usual answers are dropped until all four colours are asked for alike."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        many = int(2 * n / (4 * (1 - bias) / 3)) + 200
        scene = made.scenes(many, generator, bias)
        words, answer = made.asked(scene, generator, 1)
        usual = answer == words[:, 1] - 4
        take = ~usual | (torch.rand(many, generator=generator) < (1 - bias) / (3 * bias))
        row = take.nonzero()[:n, 0]
        some = made.Scene(scene.colour[row], scene.shape[row])
        return encoder(seed)(some.paint(generator)), words[row], answer[row]

    return draw


def information(bias: float) -> float:
    """Nats that the picture tells beyond the question: the entropy of the answer."""
    rest = (1 - bias) / 3
    return -sum(p * math.log(p) for p in (bias, rest, rest, rest) if p)


@cache
def prior() -> style.Table:
    """By bias: right as trained, on flipped scenes, and without the picture; then the cure and its price."""
    table: style.Table = {"bias": list(BIASES), "nats": [information(b) for b in BIASES]}
    for bias in BIASES:
        nets = [fit(connected(s), seen(s, bias, 1), s, SHORT) for s in SEEDS]
        seeds.put(
            table,
            "as trained",
            [right(n, seen(s, bias, 1)) for s, n in zip(SEEDS, nets, strict=True)],
        )
        seeds.put(table, "flipped", [right(n, turned(s)) for s, n in zip(SEEDS, nets, strict=True)])
        seeds.put(
            table,
            "blank",
            [right(n, blank(seen(s, bias, 1))) for s, n in zip(SEEDS, nets, strict=True)],
        )
    nets = [fit(connected(s), kept(s, 0.98), s, SHORT) for s in SEEDS]
    cured = [right(n, turned(s)) for s, n in zip(SEEDS, nets, strict=True)]
    for _ in BIASES:  # one number, in each row
        seeds.put(table, "kept", cured)
    return table


def draw_prior(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the answers, right what there is to learn by looking."""
    left, other = panels
    for n, (name, mark, label) in enumerate(
        (
            ("as trained", "o-", "as trained"),
            ("flipped", "s-", "flipped"),
            ("blank", "^--", "no picture"),
        )
    ):
        left.errorbar(
            table["bias"], table[name], table[f"{name}, deviation"],
            fmt=mark, color=style.SERIES[n], capsize=3, label=label,
        )  # fmt: skip
    left.set_ylim(-0.03, 1.1)
    left.set_xlabel("share of the usual colour")
    left.set_title("right answers")
    left.legend(loc="lower left")
    other.plot(table["bias"], table["nats"], "o-", color=style.SERIES[0])
    other.set_ylim(0, 1.5)
    other.set_xlabel("share of the usual colour")
    other.set_title("nats to gain by looking")


# Counting.

CELLS, MORE, SEEN_MOST, ALL_MOST = 6, 12, 3, 6
TRAININGS: dict[str, tuple[int, tuple[int, ...]]] = {
    "to three": (SEEN_MOST, (CELLS,)),
    "to six": (ALL_MOST, (CELLS,)),
    "both sizes": (ALL_MOST, (CELLS, MORE)),
}


def counting(seed: int, sizes: tuple[int, ...], least: int, most: int) -> Draw:
    """Pictures of so many cells, with a number of shapes from least to most."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        cells = sizes[int(torch.randint(len(sizes), (), generator=generator))]
        count = torch.randint(least, most + 1, (n,), generator=generator)
        scene = made.counted(count, cells, generator)
        words = torch.full((n, 1), SHAPE)
        return encoder(seed)(scene.paint(generator)), words, made.ZERO + count

    return draw


@torch.no_grad()
def said(net: nn.Module, draw: Draw, n: int = 200) -> tuple[float, float]:
    """The share of right numbers, and the mean of the numbers that are answered."""
    z, words, answer = draw(n, torch.Generator().manual_seed(99))
    scores = net(z, words)[:, made.ZERO :]
    found = scores.argmax(1)
    return float((found == answer - made.ZERO).double().mean()), float(found.double().mean())


@cache
def counts() -> style.Table:
    """By the number of shapes: right numbers and the mean number, in as many cells as trained and in more."""
    table: style.Table = {"count": [float(k) for k in range(ALL_MOST + 1)]}
    for name, (most, sizes) in TRAININGS.items():
        nets = [fit(connected(s), counting(s, sizes, 0, most), s) for s in SEEDS]
        for cells, lead in ((CELLS, ""), (MORE, "more cells, ")):
            for k in range(ALL_MOST + 1):
                found = [
                    said(net, counting(s, (cells,), k, k))
                    for s, net in zip(SEEDS, nets, strict=True)
                ]
                seeds.put(table, f"{lead}{name}", [one for one, _ in found])
                seeds.put(table, f"{lead}{name}, mean", [two for _, two in found])
    return table


def draw_counts(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the cells of the training, right twice as many."""
    left, other = panels
    for n, (name, mark, label) in enumerate(
        (("to three", "o-", "trained to 3"), ("to six", "s--", "trained to 6"))
    ):
        left.errorbar(
            table["count"], table[f"{name}, mean"], table[f"{name}, mean, deviation"],
            fmt=mark, color=style.SERIES[n], capsize=3, label=label,
        )  # fmt: skip
    for n, (name, mark, label) in enumerate(
        (("to six", "s--", "trained on 6 cells"), ("both sizes", "^-", "on 6 and on 12"))
    ):
        other.errorbar(
            table["count"], table[f"more cells, {name}, mean"], table[f"more cells, {name}, mean, deviation"],
            fmt=mark, color=style.SERIES[n + 1], capsize=3, label=label,
        )  # fmt: skip
    for axes, title in ((left, "6 cells"), (other, "12 cells")):
        axes.plot([0, ALL_MOST], [0, ALL_MOST], ":", color=style.MUTED)
        axes.set_ylim(-0.2, 6.4)
        axes.set_xlabel("shapes in the picture")
        axes.set_title(title)
        axes.legend(loc="upper left")
    left.set_ylabel("mean answer")


# Tokens and small text.

TRAINING = 1200
SIZES = ((16, 4), (16, 8), (8, 4), (8, 8), (4, 4))  # pixels of a side, pixels of a patch


@cache
def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Pictures of 8 x 8 pixels and their digits, for training and for tests."""
    found = load_digits()
    x, y = torch.tensor(found.data / 16).float().view(-1, 8, 8), torch.tensor(found.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    first, rest = order[:TRAINING], order[TRAINING:]
    return (x[first], y[first]), (x[rest], y[rest])


def written(side: int, patch: int, test: bool) -> Draw:
    """Four digits in a picture of 16 x 16, made smaller to a side; the question is which place."""
    x, y = digits()[test]

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        which = torch.randint(len(y), (n, 4), generator=generator)
        four = x[which].view(n, 2, 2, 8, 8).transpose(2, 3).reshape(n, 16, 16)
        place = torch.randint(4, (n,), generator=generator)
        answer = y[which].gather(1, place[:, None])[:, 0]
        return (
            made.patches(made.smaller(four, 16 // side), patch),
            place[:, None],
            made.ZERO + answer,
        )

    return draw


@cache
def tokens() -> style.Table:
    """By side and patch: tokens of the picture, numbers in each, right answers."""
    table: style.Table = {}
    for side, patch in SIZES:
        found = []
        for seed in SEEDS:
            net = connected(seed, patch * patch, fresh=True)
            fit(net, written(side, patch, False), seed)
            found.append(right(net, written(side, patch, True)))
        for name, value in (
            ("side", side),
            ("patch", patch),
            ("tokens", model.image_tokens(side, side, patch)),
        ):
            table.setdefault(name, []).append(float(value))
        seeds.put(table, "right", found)
    return table


def draw_tokens(table: style.Table, axes: style.Axes) -> None:
    """A line for each size of the picture."""
    for n, (side, mark) in enumerate(((16, "o-"), (8, "s-"), (4, "^"))):
        rows_ = [k for k, value in enumerate(table["side"]) if value == side]
        x, y, bar = (
            [table[name][k] for k in rows_] for name in ("tokens", "right", "right, deviation")
        )
        axes.errorbar(
            x, y, bar, fmt=mark, color=style.SERIES[n], capsize=3, label=f"{side} × {side} pixels"
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 4, 16], ["1", "4", "16"])
    axes.set_ylim(-0.03, 1.05)
    axes.axhline(0.1, ls=":", color=style.MUTED)
    axes.set_xlabel("image tokens")
    axes.set_ylabel("right digits")
    axes.legend(loc="center right")


FIGURES = [
    style.Recipe("models/vision-language/ways", ways, draw_ways, (460, 320), absolute=0.03),
    style.Recipe(
        "models/vision-language/prior", prior, draw_prior, (540, 290), (1, 2), absolute=0.05
    ),
    style.Recipe(
        "models/vision-language/counts", counts, draw_counts, (540, 290), (1, 2), absolute=0.1
    ),
    style.Recipe("models/vision-language/tokens", tokens, draw_tokens, (400, 290), absolute=0.03),
]

if __name__ == "__main__":
    style.main(FIGURES)
