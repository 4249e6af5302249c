"""docs/overview/*.svg: steps on a loss, two views of two classes, and n-gram models against their source.

index.descent            gradient descent on one parameter of a table of counts
index.views              a generative and a discriminative model of the same two classes
language-models.order    perplexity of n-gram models of a source whose own is known
"""

import math
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

language_models = import_module("docs.overview.language-models.language_models")

STEP, STEPS = 0.3, 3


def loss_of(q: Tensor) -> Tensor:
    """Nats for each token of the three sentences: a name is Ann with probability q; q (...) to (...)."""
    return -(4 * q.log() + 2 * (1 - q).log() + 6 * math.log(1 / 2)) / 12


def descent() -> style.Table:
    """The loss over q, and the places that gradient descent from 1/2 visits; the rest is not a number."""
    q, visited = torch.tensor(0.5, dtype=torch.float64, requires_grad=True), [0.5]
    for _ in range(STEPS):
        (slope,) = torch.autograd.grad(loss_of(q), q)
        q = (q - STEP * slope).detach().requires_grad_()
        visited.append(q.item())
    grid = torch.linspace(0.45, 0.85, 41, dtype=torch.float64)
    empty = [math.nan] * (len(grid) - len(visited))
    return {
        "q": grid.tolist(),
        "loss": loss_of(grid).tolist(),
        "visited": visited + empty,
        "loss_there": loss_of(torch.tensor(visited, dtype=torch.float64)).tolist() + empty,
    }


def draw_descent(table: style.Table, axes: style.Axes) -> None:
    """The curve, and the visited points joined by lines."""
    axes.plot(table["q"], table["loss"], color=style.MUTED)
    places = list(zip(table["visited"], table["loss_there"], strict=True))[: STEPS + 1]
    axes.plot(*zip(*places, strict=True), color=style.SERIES[1], marker="o", ls="--")
    for (x, y), right in zip(places, (10, -4, 3, 12), strict=True):
        text = f"{x:.3f}".rstrip("0")
        if x < 0.64 or x > 0.65:
            style.label_line(axes, x, y, text, color=style.SERIES[1], dx=right, dy=12)
    axes.axvline(2 / 3, color=style.INK, lw=1, ls=":")
    style.label_line(axes, 2 / 3, 0.72, "2/3", dx=5, dy=0)
    axes.set_xlabel("q, the probability of Ann")
    axes.set_ylabel("loss, nats per token")


PRIOR, MEANS, DEVIATIONS = (0.6, 0.4), (0.0, 2.5), (1.0, 0.6)


def gaussian(x: Tensor, m: float, s: float) -> Tensor:
    """The normal density with mean m and standard deviation s."""
    return torch.exp(-((x - m) ** 2) / (2 * s**2)) / (s * math.sqrt(2 * math.pi))


def views() -> style.Table:
    """p(x, y) of two Gaussian classes, and p(y = 2 | x) by Bayes' rule."""
    x = torch.linspace(-3, 5, 81, dtype=torch.float64)
    joint = [w * gaussian(x, m, s) for w, m, s in zip(PRIOR, MEANS, DEVIATIONS, strict=True)]
    return {
        "x": x.tolist(),
        "class_1": joint[0].tolist(),
        "class_2": joint[1].tolist(),
        "class_2_given_x": (joint[1] / (joint[0] + joint[1])).tolist(),
    }


def draw_views(table: style.Table, axes: list[style.Axes]) -> None:
    """Above what a generative model learns, below what a discriminative one learns."""
    above, below = axes
    for color, dash, i, name in ((0, "-", 24, "class_1"), (1, "--", 60, "class_2")):
        above.plot(table["x"], table[name], color=style.SERIES[color], ls=dash)
        style.label_line(
            above,
            table["x"][i],
            table[name][i],
            f"p(x, class {color + 1})",
            color=style.SERIES[color],
            dx=-58 if color == 0 else 6,
            dy=10,
        )
    above.set_title("Generative: how the data lie")
    above.set_ylim(0, 0.32)
    below.plot(table["x"], table["class_2_given_x"], color=style.SERIES[2])
    below.axhline(0.5, color=style.MUTED, lw=1, ls=":")
    style.label_line(below, -2.9, 0.5, "p(class 2 | x)", color=style.SERIES[2], dy=5)
    below.set_title("Discriminative: which class, given x")
    below.set_xlabel("x")


LETTERS, ORDERS, SIZES, HELD_OUT = "abcdef", (1, 2, 3, 4, 5), (300, 3000, 30000), 3000
SOURCES = 10


def source(seed: int) -> Tensor:
    """Probabilities of the next letter after each pair of letters: (6, 6, 6)."""
    draw = torch.Generator().manual_seed(seed)
    z = 1.8 * torch.randn(6, 6, 6, generator=draw, dtype=torch.float64)
    return z.softmax(-1)


def own_perplexity(p: Tensor) -> float:
    """exp of the entropy rate: the entropy of the next letter, averaged over stationary pairs."""
    pairs = torch.full((6, 6), 1 / 36, dtype=torch.float64)
    for _ in range(500):
        pairs = (pairs[:, :, None] * p).sum(0)
    return math.exp(-(pairs[:, :, None] * p * p.log()).sum().item())


def log_likelihood(p: Tensor, text: str) -> float:
    """log of the probability that the source gives to its text, which begins after two first letters."""
    places = [0, 0, *(LETTERS.index(letter) for letter in text)]
    triples = torch.tensor([places[i : i + 3] for i in range(len(text))])
    return p[tuple(triples.T)].log().sum().item()


def write(p: Tensor, length: int, seed: int) -> str:
    """A text drawn from the source."""
    draw = torch.Generator().manual_seed(seed)
    chances = torch.rand(length, generator=draw, dtype=torch.float64).tolist()
    cumulative = p.cumsum(-1).tolist()
    a, b, text = 0, 0, []
    for chance in chances:
        row = cumulative[a][b]
        a, b = b, next((i for i, total in enumerate(row) if chance < total), 5)
        text.append(LETTERS[b])
    return "".join(text)


def excess(seed: int) -> list[list[float]]:
    """Perplexity on held-out text over that of the source: for each amount of text, each order."""
    p = source(seed)
    text, held_out = write(p, max(SIZES), 2 * seed + 1), write(p, HELD_OUT, 2 * seed + 2)
    floor, rows = log_likelihood(p, held_out), []
    for size in SIZES:
        models = (language_models.train([text[:size]], LETTERS, n, 0.5) for n in ORDERS)
        ours = [language_models.log_probability(model, held_out) for model in models]
        rows.append([math.exp((floor - value) / HELD_OUT) for value in ours])
    return rows


def order() -> style.Table:
    """Mean and range of the excess over SOURCES sources, for each order and amount of text."""
    table: dict[str, list[float]] = {"n": [float(n) for n in ORDERS]}
    runs = torch.tensor([excess(seed) for seed in range(SOURCES)], dtype=torch.float64)
    for number, size in enumerate(SIZES):
        table[f"letters_{size}"] = runs[:, number].mean(0).tolist()
        table[f"low_{size}"] = runs[:, number].amin(0).tolist()
        table[f"high_{size}"] = runs[:, number].amax(0).tolist()
    return table


def draw_order(table: style.Table, axes: style.Axes) -> None:
    """One line per amount of training text, and the floor that no model can go below."""
    for color, marker, size in zip(style.SERIES, "o^s", SIZES, strict=False):
        column = table[f"letters_{size}"]
        axes.plot(table["n"], column, marker=marker, color=color)
        axes.vlines(table["n"], table[f"low_{size}"], table[f"high_{size}"], color=color, lw=1)
        text = f"{size:,} letters"
        style.label_line(axes, 5, column[-1], text, color=color, dx=6, dy=-4)
    axes.axhline(1, color=style.INK, ls="--", lw=1.2)
    style.label_line(axes, 1, 1, "the source itself", dx=0, dy=-14)
    axes.set_xlim(0.8, 6.5)
    axes.set_ylim(0.85, 2.3)
    axes.set_xticks(table["n"], [f"{n:.0f}" for n in table["n"]])
    axes.set_xlabel("order n: letters of context plus one")
    axes.set_ylabel("perplexity on new text\nover that of the source")


FIGURES = [
    style.Recipe("overview/index/descent", descent, draw_descent),
    style.Recipe("overview/index/views", views, draw_views, size=(360, 340), grid=(2, 1)),
    style.Recipe("overview/language-models/order", order, draw_order),
]

if __name__ == "__main__":
    style.main(FIGURES)
