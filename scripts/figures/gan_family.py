"""docs/models/gan-family/*.svg: guesses and their costs, five games with classes, truncation, maps of a cycle."""

import math
from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

family = import_module("docs.models.gan-family.gan_family")

SEEDS, ROUNDS, EACH = 5, 400, 250  # runs, rounds, samples for each class
GAMES = {  # whether D sees the class, weight of the game, weight of L1
    "game, D sees the class": (1.0, 1.0, 0.0),
    "game, D does not": (0.0, 1.0, 0.0),
    "game and L1": (1.0, 1.0, 1.0),
    "game and 10 L1": (1.0, 1.0, 10.0),
    "L1 alone": (1.0, 0.0, 1.0),
}
PSIS = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
RUNS, TURNS = 16, 300  # runs and rounds of the cycle
ANGLE = math.radians(40)
WISHED = torch.tensor(
    [[math.cos(ANGLE), math.sin(ANGLE)], [-math.sin(ANGLE), math.cos(ANGLE)]]
)  # of row vectors
EQUAL, UNEQUAL = (1 / 3, 1 / 3, 1 / 3), (0.6, 0.3, 0.1)
CASES = {  # shares of the corners, weight of the pairs, how far from the identity G starts
    "equal": (EQUAL, 0.0, math.pi),
    "unequal": (UNEQUAL, 0.0, math.pi),
    "equal, start near": (EQUAL, 0.0, math.pi / 9),
    "equal, pairs": (EQUAL, 10.0, math.pi),
}
CLOSE = 0.5  # what counts as the same place


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each use."""
    torch.set_num_threads(1)
    return torch.Generator().manual_seed(seed)


# Guesses.


def guesses() -> style.Table:
    """The mean distance and the mean squared distance of each guess from targets that are 1 in three of four cases."""
    places = [i / 20 for i in range(21)]
    shares = family.SHARES[0].double()
    return {
        "guess": places,
        "L1": [family.cost(a, shares, 1) for a in places],
        "squared": [family.cost(a, shares, 2) for a in places],
    }


def draw_guesses(table: style.Table, axes: style.Axes) -> None:
    """A line that falls and a bowl."""
    for n, (name, mark) in enumerate((("L1", "o-"), ("squared", "s--"))):
        axes.plot(table["guess"], table[name], mark, color=style.SERIES[n], label=name, ms=3)
    axes.set_xlabel("guess a")
    axes.set_ylabel("mean cost")
    axes.set_ylim(0, 0.8)
    axes.legend(loc="upper right")


# Games with classes.


@cache
@torch.enable_grad()
def trained() -> family.StyleGenerator:  # type: ignore[name-defined]
    """All games side by side, SEEDS runs of each."""
    seen, play, l1 = torch.tensor(list(GAMES.values())).repeat_interleave(SEEDS, 0).T
    return family.train(seen, play, l1, ROUNDS, seeded(0))


@cache
def asked() -> tuple[Tensor, Tensor]:
    """Classes that are asked for (R, N), and style codes (R, N, W)."""
    runs = len(GAMES) * SEEDS
    which = torch.arange(family.CLASSES).repeat_interleave(EACH).expand(runs, -1)
    z = torch.randn(*which.shape, family.NOISE, generator=seeded(1))
    c = torch.nn.functional.one_hot(which, family.CLASSES).float()
    with torch.no_grad():
        return which, trained().code(z, c)


def drawn(w: Tensor) -> Tensor:
    """Samples of style codes."""
    with torch.no_grad():
        x: Tensor = trained().draw(w)
    return x


def reached(x: Tensor) -> Tensor:
    """How many of the eight modes have two samples in a hundred, (R,)."""
    far = (x[..., None, None, :] - family.centres()).norm(dim=-1).flatten(-2)
    near: Tensor = far < 3 * family.SPREAD
    return (near.float().mean(1) > 0.02).sum(-1).float()


def columns(rows: dict[str, Tensor]) -> style.Table:
    """For each game mean and standard deviation over its runs, values (R,)."""
    table: style.Table = {}
    for name, values in rows.items():
        by_game = values.view(len(GAMES), SEEDS)
        table[name] = by_game.mean(1).tolist()
        table[f"{name}, deviation"] = by_game.std(1).tolist()
    return table


def classes() -> style.Table:
    """Share of the class asked for, share near a mode, modes reached."""
    which, w = asked()
    x = drawn(w)
    right, near = family.judged(x, which)
    table: style.Table = {"game": [float(i) for i in range(len(GAMES))]}
    return table | columns({"asked": right, "near": near, "modes": reached(x)})


def draw_classes(table: style.Table, panels: list[style.Axes]) -> None:
    """One row for each game, one panel for each measure."""
    rows = list(range(len(GAMES)))[::-1]
    labels = ("class asked for", "near a mode", "modes of 8")
    for n, (axes, name) in enumerate(zip(panels, ("asked", "near", "modes"), strict=True)):
        axes.errorbar(
            table[name],
            rows,
            xerr=table[f"{name}, deviation"],
            fmt="os^"[n],
            capsize=2,
            color=style.SERIES[n],
        )
        axes.set_xlabel(labels[n])
        axes.set_yticks(rows, [""] * len(rows) if n else list(GAMES))
        axes.set_xlim((-0.05, 1.08) if n < 2 else (-0.5, 8.6))


# Truncation.


def truncation() -> style.Table:
    """By psi, towards the mean code of the class or of all: share near a mode and spread of a class's samples."""
    which, w = asked()
    which, w = which[:SEEDS], w[:SEEDS]
    parts = w.view(SEEDS, family.CLASSES, EACH, -1)
    means = {
        "class": parts.mean(2, keepdim=True).expand_as(parts).reshape(w.shape),
        "all": w.mean(1, keepdim=True),
    }
    table: style.Table = {"psi": list(PSIS)}
    rest = [w] * (len(GAMES) - 1)
    for name, mean in means.items():
        found: dict[str, list[Tensor]] = {"near": [], "asked": [], "spread": []}
        for psi in PSIS:
            x = drawn(torch.cat([family.truncate(w, mean, psi), *rest]))[:SEEDS]
            right, near = family.judged(x, which)
            spread = x.view(SEEDS, family.CLASSES, EACH, 2).std(2).norm(dim=-1).mean(1)
            for key, value in (("near", near), ("asked", right), ("spread", spread)):
                found[key].append(value)
        for key, values in found.items():
            table[f"{name}, {key}"] = [float(v.mean()) for v in values]
            table[f"{name}, {key}, deviation"] = [float(v.std()) for v in values]
    return table


def draw_truncation(table: style.Table, panels: list[style.Axes]) -> None:
    """Left quality, right spread, towards both means."""
    for axes, key in zip(panels, ("near", "spread"), strict=True):
        for n, (name, mark, label) in enumerate(
            (("class", "o-", "mean of the class"), ("all", "s--", "mean of all"))
        ):
            axes.errorbar(
                table["psi"],
                table[f"{name}, {key}"],
                table[f"{name}, {key}, deviation"],
                fmt=mark,
                capsize=2,
                color=style.SERIES[n],
                label=label,
            )
        axes.set_xlabel("truncation ψ")
        axes.set_ylim(bottom=0)
    panels[0].set_ylabel("share near a mode")
    panels[1].set_ylabel("spread in a class")
    panels[1].legend(loc="lower right")


# Cycles.


@cache
@torch.enable_grad()
def maps() -> tuple[Tensor, Tensor, Tensor]:
    """For each run: largest error of a corner, farthest corner from any, cycle loss, each (R,)."""
    shares, pairs, reach = (
        torch.tensor(column).repeat_interleave(RUNS, 0)
        for column in zip(*CASES.values(), strict=True)
    )
    g, f = family.train_cycle(shares, pairs, reach, WISHED, TURNS, seeded(2))
    with torch.no_grad():
        corners = family.CORNERS.expand(len(shares), -1, -1)
        found, wished = family.dense(corners, g), corners @ WISHED
        far = torch.cdist(found, wished)
        other = torch.maximum(far.amin(1).amax(1), far.amin(2).amax(1))
        x = family.triangle(200, shares, seeded(3))
        return (
            (found - wished).norm(dim=-1).amax(1),
            other,
            family.cycle_loss(x, x @ WISHED, g, f),
        )


def cycle() -> style.Table:
    """How many runs end at the wished map, at another that fits and comes back, at neither."""
    error, other, back = (values.view(len(CASES), RUNS) for values in maps())
    right = (error < CLOSE) & (back < CLOSE)
    fits = (other < CLOSE) & (back < CLOSE) & ~right
    return {
        "case": [float(i) for i in range(len(CASES))],
        "wished": right.sum(1).tolist(),
        "another": fits.sum(1).tolist(),
        "neither": (~right & ~fits).sum(1).tolist(),
    }


def draw_cycle(table: style.Table, axes: style.Axes) -> None:
    """Counts side by side."""
    labels = (("wished", "wished map"), ("another", "another that fits"), ("neither", "neither"))
    for n, (name, label) in enumerate(labels):
        axes.bar(
            [k + 0.27 * (n - 1) for k in table["case"]],
            table[name],
            0.25,
            color=style.SERIES[n],
            hatch=("", "//", "..")[n],
            label=label,
        )
    axes.set_xticks(table["case"], list(CASES))
    axes.set_ylabel("runs of 16")
    axes.set_ylim(0, 22)
    axes.set_yticks([0, 4, 8, 12, 16])
    axes.legend(loc="upper center")


FIGURES = [
    style.Recipe("models/gan-family/guesses", guesses, draw_guesses, (420, 250)),
    style.Recipe(
        "models/gan-family/classes", classes, draw_classes, (560, 260), (1, 3), absolute=0.05
    ),
    style.Recipe(
        "models/gan-family/truncation",
        truncation,
        draw_truncation,
        (560, 260),
        (1, 2),
        absolute=0.1,
    ),
    style.Recipe("models/gan-family/cycle", cycle, draw_cycle, (460, 270), absolute=2),
]

if __name__ == "__main__":
    style.main(FIGURES)
