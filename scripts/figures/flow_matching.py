"""docs/models/flow-matching/*.svg: paths and flow of the example, few steps, times, what a network learns, reflow."""

import math
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from itertools import pairwise

import torch
from matplotlib.patches import Circle
from torch import Tensor

from scripts.figures import style

flow = import_module("docs.models.flow-matching.flow_matching")

COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)
BATCHES = (1, 4, 16, 64)
QUANTILES = 200
LINES = 10  # even, so that none starts at 0, where the flow of the example stays
SEEDS = range(3)
TRAINING, AGAIN = 500, 300  # steps of training, and of training on the pairs of the first network
PAIRS, FINE = 2000, 16  # pairs of a reflow, and steps to each
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
FEW, NEAR = 10, 0.05  # training points that are repeated, and how near a copy is
LIMIT = 3  # spreads from the nearest mode; further away a sample is lost
ANGLES = torch.arange(5, dtype=torch.float64) * 2 * math.pi / 5
RING = flow.Mixture(
    1.5 * torch.stack([ANGLES.cos(), ANGLES.sin()], 1), 0.3, torch.full((5,), 0.2).double()
)


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each use."""
    return torch.Generator().manual_seed(seed)


def quantiles(n: int) -> Tensor:
    """Noise without chance: the middles of n equally likely pieces of the normal distribution, (n, 1)."""
    places: Tensor = torch.special.ndtri((torch.arange(n, dtype=torch.float64) + 0.5) / n)
    return places[:, None]


def example() -> style.Table:
    """Ten noises, where the flow takes them, and the point of the example with its steps."""
    noise = quantiles(LINES)
    clock = flow.times(40)
    table: style.Table = {"t": clock.tolist()}
    x = noise
    rows = [x]
    for t, s in pairwise(clock):
        x = flow.euler(flow.POINTS.velocity, x, torch.linspace(t, s, 9, dtype=torch.float64))
        rows.append(x)
    for i in range(len(noise)):
        table[f"flow {i}"] = [float(row[i]) for row in rows]
    start = torch.full((1, 1), flow.START, dtype=torch.float64)
    path = [start]
    for t, s in pairwise(flow.times(flow.STEPS)):
        path.append(flow.euler(flow.POINTS.velocity, path[-1], torch.stack([t, s])))
    rest = [math.nan] * (len(clock) - len(path))
    table["step t"] = [*flow.times(flow.STEPS).tolist(), *rest]
    table["step"] = [*(float(p) for p in path), *rest]
    return table


def draw_example(table: style.Table, panels: list[style.Axes]) -> None:
    """Left all straight paths, right the flow."""
    left, right = panels
    for i in range(LINES):
        noise = table[f"flow {i}"][0]
        for point in (-1, 1):
            left.plot([0, 1], [point, noise], color=style.SERIES[0], lw=1, alpha=0.75)
        right.plot(table["t"], table[f"flow {i}"], color=style.SERIES[0], lw=1, alpha=0.75)
    left.plot([0, 1], [1, -0.6], color=style.SERIES[1], lw=2.5)
    left.plot([0, 1], [-1, 1.4], "--", color=style.SERIES[1], lw=2)
    left.plot(0.5, 0.2, "o", color=style.INK, markersize=7)
    left.annotate("0.2", (0.5, 0.2), (0, 9), textcoords="offset points", ha="center", fontsize=12)
    right.plot(table["step t"], table["step"], "o-", color=style.INK, lw=2)
    left.set_title("paths of training")
    right.set_title("flow and four steps")
    for axes in panels:
        axes.set_ylim(-1.9, 1.9)
        axes.set_xlabel("t (0: data, 1: noise)")
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    left.set_ylabel("x")


def steps() -> style.Table:
    """How far from the nearest point the samples of the example end, on average."""
    noise = quantiles(QUANTILES)
    table: style.Table = {"calls": [float(n) for n in COUNTS]}
    for batch in BATCHES:
        field = flow.Line(flow.POINTS.points, batch).velocity
        ends = [flow.euler(field, noise, flow.times(n)) for n in COUNTS]
        table[f"batch {batch}"] = [float((1 - end.abs()).abs().mean()) for end in ends]
    ends = [flow.midpoint(flow.POINTS.velocity, noise, flow.times(n // 2 or 1)) for n in COUNTS]
    table["midpoint"] = [
        math.nan if n % 2 else float((1 - end.abs()).abs().mean())
        for n, end in zip(COUNTS, ends, strict=True)
    ]
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """A line for each size of batch."""
    names = ("independent pairs", "batches of 4", "batches of 16", "batches of 64")
    for n, (batch, mark) in enumerate(zip(BATCHES, ("o-", "s--", "^-.", "D:"), strict=True)):
        axes.plot(
            table["calls"], table[f"batch {batch}"], mark, color=style.SERIES[n], label=names[n]
        )
    even = [
        (n, y) for n, y in zip(table["calls"], table["midpoint"], strict=True) if not math.isnan(y)
    ]
    axes.plot(*zip(*even, strict=True), "x", color=style.INK, label="independent, midpoint")
    axes.set_xlim(0.6, 9)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xticks([1, 2, 3, 4, 6, 8])
    axes.set_xlabel("calls of the field")
    axes.set_ylabel("distance from the data")
    axes.legend(loc="upper right")


def unknown(t: float) -> float:
    """What no field can predict in the example at a time: the mean of (u - v)^2."""
    eps = quantiles(QUANTILES)
    at = torch.full((QUANTILES,), t, dtype=torch.float64)
    x, u = flow.path(torch.ones_like(eps), eps, at)  # the other point by symmetry
    return float(((u - flow.POINTS.velocity(x, at)) ** 2).mean())


def times() -> style.Table:
    """What is unknown at each time, and how often training looks there."""
    t = [n / 40 for n in range(1, 40)]
    logit = [
        math.exp(-(math.log(x / (1 - x)) ** 2) / 2) / math.sqrt(2 * math.pi) / (x * (1 - x))
        for x in t
    ]
    shifted = [3 / (3 - 2 * x) ** 2 for x in t]  # of uniform times, shifted by 3
    return {"t": t, "unknown": [unknown(x) for x in t], "logit-normal": logit, "shifted": shifted}


def draw_times(table: style.Table, panels: list[style.Axes]) -> None:
    """Above what is unknown, below the densities."""
    above, below = panels
    above.plot(table["t"], table["unknown"], color=style.SERIES[1])
    above.set_ylabel("least loss")
    above.set_ylim(0, None)
    below.plot(table["t"], [1.0] * len(table["t"]), "--", color=style.MUTED, label="uniform")
    below.plot(table["t"], table["logit-normal"], color=style.SERIES[0], label="logit-normal")
    below.plot(table["t"], table["shifted"], "-.", color=style.SERIES[2], label="uniform, shift 3")
    below.set_ylabel("density")
    below.set_xlabel("t (0: data, 1: noise)")
    below.set_ylim(0, None)
    below.legend(loc="upper left")


@cache
@torch.enable_grad()
def trained(seed: int, middle: bool = False) -> flow.Velocity:  # type: ignore[name-defined]
    """The network of a seed, trained at uniform times or most of all in the middle."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = flow.Velocity(2, 64)
    when = flow.logit_normal if middle else flow.uniform
    flow.train(model, flow.independent(RING), TRAINING, seeded(seed), when)
    return model


def further(first: flow.Velocity, draw: flow.Draw, seed: int) -> flow.Velocity:  # type: ignore[name-defined]
    """A copy of a network, trained further on other pairs."""
    model = flow.Velocity(2, 64)
    model.load_state_dict(first.state_dict())
    flow.train(model, draw, AGAIN, seeded(80 + seed), flow.uniform)
    return model


@cache
@torch.enable_grad()
def longer(seed: int) -> flow.Velocity:  # type: ignore[name-defined]
    """The control of a reflow: as many further steps, on data."""
    return further(trained(seed), flow.independent(RING), seed)


@cache
@torch.enable_grad()
def again(seed: int, better: bool = False) -> flow.Velocity:  # type: ignore[name-defined]
    """The network of a seed, or the one trained longer, trained on the pairs that it has made itself."""
    first = longer(seed) if better else trained(seed)
    start = torch.randn(PAIRS, 2, generator=seeded(50 + seed), dtype=torch.float64)
    return further(first, flow.reflow(first, start, FINE), seed)


def equal_calls(calls: int) -> list[tuple[float, float]]:
    """Euler and midpoint on five modes, exact field: distance from a fine solution, and lost samples."""
    noise = noises()
    fine = flow.midpoint(RING.velocity, noise, flow.times(100))
    ends = (
        flow.euler(RING.velocity, noise, flow.times(calls)),
        flow.midpoint(RING.velocity, noise, flow.times(calls // 2)),
    )
    return [(float(((end - fine) ** 2).sum(1).mean().sqrt()), lost(end)) for end in ends]


def few(seed: int) -> tuple[Tensor, flow.Velocity]:  # type: ignore[name-defined]
    """A few points of the five modes, (FEW, 2), and a network that has seen nothing else."""
    points = RING.sample(FEW, seeded(200 + seed))

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(FEW, (n,), generator=generator)
        return points[rows], torch.randn(n, 2, generator=generator, dtype=torch.float64)

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = flow.Velocity(2, 64)
    flow.train(model, draw, TRAINING, seeded(seed), flow.uniform)
    return points, model


def copies() -> dict[str, Tensor]:
    """The share of samples near one of a few training points, for each seed: exact field, network, fresh data."""
    found: dict[str, list[float]] = {"exact": [], "network": [], "fresh": []}
    for seed in SEEDS:
        points, model = few(seed)
        exact = flow.Mixture(points, 0.0, torch.full((FEW,), 1 / FEW).double())
        with torch.no_grad():
            samples = {
                "exact": flow.euler(exact.velocity, noises(), flow.times(32)),
                "network": flow.euler(model, noises(), flow.times(32)),
                "fresh": RING.sample(1000, seeded(300)),
            }
        for name, x in samples.items():
            near = torch.cdist(x, points).min(1).values < NEAR
            found[name].append(float(near.double().mean()))
    return {name: torch.tensor(shares) for name, shares in found.items()}


def lost(x: Tensor) -> float:
    """The share of samples further than three spreads from every mode."""
    return float((torch.cdist(x, RING.means).min(1).values > LIMIT * RING.spread).double().mean())


def noises() -> Tensor:
    """The same noise for all samples that are compared."""
    return torch.randn(1000, 2, generator=seeded(99), dtype=torch.float64)


@torch.no_grad()
def learned() -> style.Table:
    """Mean squared distance of a network's field from the exact one, mean and standard deviation over seeds."""
    table: style.Table = {"t": list(LEVELS), "unknown": []}
    x0, eps = flow.independent(RING)(1000, seeded(7))
    for middle in (False, True):
        rows = []
        for t in LEVELS:
            at = torch.full((1000,), t, dtype=torch.float64)
            x, u = flow.path(x0, eps, at)
            exact = RING.velocity(x, at)
            if not middle:
                table["unknown"].append(float(((u - exact) ** 2).sum(1).mean()))
            rows.append(
                [float(((trained(s, middle)(x, at) - exact) ** 2).sum(1).mean()) for s in SEEDS]
            )
        name = "logit-normal" if middle else "uniform"
        table[name] = [sum(row) / len(row) for row in rows]
        table[f"{name}, deviation"] = [float(torch.tensor(row).std()) for row in rows]
    return table


def draw_learned(table: style.Table, axes: style.Axes) -> None:
    """Errors with bars, and what is unknown for scale."""
    for n, (name, mark) in enumerate((("uniform", "o-"), ("logit-normal", "s--"))):
        axes.errorbar(
            table["t"],
            table[name],
            table[f"{name}, deviation"],
            fmt=mark,
            color=style.SERIES[n],
            label=f"{name} times",
            capsize=3,
        )
    axes.plot(table["t"], table["unknown"], ":", color=style.MUTED, label="least loss")
    axes.set_yscale("log")
    axes.set_xlabel("t (0: data, 1: noise)")
    axes.set_ylabel("mean squared error")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.62))


MAKERS: dict[str, Callable[[int], torch.nn.Module]] = {
    "first": trained,
    "again": again,
    "longer": longer,
    "again, longer": partial(again, better=True),
}


@cache
def spread_over_seeds() -> style.Table:
    """Error of few steps, against 32 steps of the same network, and lost samples, before and after reflow."""
    noise = noises()
    table: style.Table = {"steps": [1.0, 2.0, 4.0, 8.0, 32.0]}
    with torch.no_grad():
        for name, make in MAKERS.items():
            fine = [flow.euler(make(s), noise, flow.times(32)) for s in SEEDS]
            rows = []
            for n in table["steps"]:
                row = []
                for s, there in zip(SEEDS, fine, strict=True):
                    end = there if n == 32 else flow.euler(make(s), noise, flow.times(int(n)))
                    row.append((float(((end - there) ** 2).sum(1).mean().sqrt()), lost(end)))
                rows.append(torch.tensor(row))
            for n, what in enumerate(("off", "lost")):
                table[f"{name}, {what}"] = [float(row[:, n].mean()) for row in rows]
                table[f"{name}, {what}, deviation"] = [float(row[:, n].std()) for row in rows]
    return table


@torch.no_grad()
def reflow() -> style.Table:
    """Where sixteen noises go by the first network and by the one after reflow, of the first seed."""
    noise = noises()[:16]
    table: style.Table = {}
    for name, model in (("first", trained(0)), ("again", again(0))):
        x = noise
        rows = [x]
        for t, s in pairwise(flow.times(16)):
            x = flow.euler(model, x, torch.stack([t, s]))
            rows.append(x)
        for i in range(len(noise)):
            table[f"{name} {i} x"] = [float(row[i, 0]) for row in rows]
            table[f"{name} {i} y"] = [float(row[i, 1]) for row in rows]
    return table


def draw_reflow(table: style.Table, panels: list[style.Axes]) -> None:
    """Left before, right after."""
    for axes, name, title in zip(
        panels, ("first", "again"), ("first", "after reflow"), strict=True
    ):
        for i in range(16):
            x, y = table[f"{name} {i} x"], table[f"{name} {i} y"]
            axes.plot(x, y, color=style.SERIES[0], lw=1.2)
            axes.plot(x[0], y[0], "o", color=style.MUTED, markersize=4)
            axes.plot(x[-1], y[-1], "s", color=style.SERIES[1], markersize=4)
        for mode in RING.means.tolist():
            axes.add_patch(Circle(mode, LIMIT * RING.spread, fill=False, color=style.MUTED))
        axes.set_aspect("equal")
        axes.set_xlim(-2.4, 2.4)
        axes.set_ylim(-2.4, 2.4)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_title(title)
        axes.set_xlabel("first number of x")
    panels[0].set_ylabel("second number of x")


LEARNT = {"": 0.02}
FIGURES = [
    style.Recipe(
        "models/flow-matching/example", example, draw_example, (520, 270), (1, 2), absolute=1e-4
    ),
    style.Recipe("models/flow-matching/steps", steps, draw_steps, (420, 280), absolute=1e-4),
    style.Recipe("models/flow-matching/times", times, draw_times, (360, 330), (2, 1)),
    style.Recipe(
        "models/flow-matching/learned",
        learned,
        draw_learned,
        (420, 280),
        tolerance=0.05,
        absolute=LEARNT,
    ),
    style.Recipe(
        "models/flow-matching/reflow",
        reflow,
        draw_reflow,
        (520, 280),
        (1, 2),
        tolerance=0.02,
        absolute=0.05,
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
