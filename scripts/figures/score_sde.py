"""docs/models/score-sde/*.svg: both ways back, solvers and likelihood, a wrong start, jumps of a learned network."""

import math
from functools import cache
from importlib import import_module
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from scripts.figures import style

sde = import_module("docs.models.score-sde.score_sde")
jumps = import_module("docs.models.score-sde.jumps")

torch.set_num_threads(1)
MODEL, END = sde.EXAMPLE, sde.CLOCK[0]
MEAN = float(MODEL.weights @ MODEL.means)
VARIANCE = MODEL.variance + float(MODEL.weights @ MODEL.means**2) - MEAN**2
"""Of all data, both modes together."""
SHARES = (torch.arange(200).double() + 0.5) / 200
GRID = np.linspace(-32, 32, 1281)
CELL = float(GRID[1] - GRID[0])
COUNTS = (1, 2, 4, 8, 16, 32, 64)
TIMES = (3.75, 0.75, 0.0)
ENDS = (0.75, 3.75, 15.75)
SEEDS, ROUNDS, BATCH = 5, 600, 128
CASES = {"4 levels": 4, "16 levels": 16, "16 levels, no teacher": 16}
CALLS = (1, 2, 4)


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each use."""
    return torch.Generator().manual_seed(seed)


# The example.


def example() -> style.Table:
    """Both ways of the example, the exact flow from its start, and five others."""
    clock = sde.spaced(END, 24)
    table: style.Table = {"V": [t + MODEL.variance for t in clock]}
    for name, start in (("flow", sde.START), *((f"from {s}", s) for s in (-3.0, 0.2, 1.5, 3.5))):
        x = torch.tensor([start]).double()
        table[name] = [float(MODEL.jump(x, END, t)) for t in clock]
    x = noisy = torch.tensor([sde.START]).double()
    steps, draws = [sde.START], [sde.START]
    for (t, s), draw in zip(pairwise(sde.CLOCK), sde.DRAWS, strict=True):
        x = sde.euler(MODEL.velocity, x, [t, s])
        noisy = sde.euler_maruyama(MODEL, noisy, [t, s], torch.tensor([[draw]]).double())
        steps.append(float(x))
        draws.append(float(noisy))
    gap = [math.nan] * (len(clock) - len(steps))
    table["steps"], table["noisy"] = [*steps, *gap], [*draws, *gap]
    return table


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """Time runs to the right, from noise to data."""
    for name in table:
        if name.startswith("from"):
            axes.plot(table["V"], table[name], "-", color=style.MUTED, lw=1)
    axes.plot(table["V"], table["flow"], "-", color=style.SERIES[0], label="exact flow")
    v = [t + MODEL.variance for t in sde.CLOCK]
    n = len(v)
    axes.plot(v, table["steps"][:n], "o", color=style.SERIES[0], label="flow, 4 steps")
    axes.plot(v, table["noisy"][:n], "s--", color=style.SERIES[1], label="noisy, 4 steps")
    axes.set_xscale("log")
    axes.set_xlim(4.4, 0.23)
    axes.set_xticks(v, ["4", "2", "1", "½", "¼"])
    axes.minorticks_off()
    axes.set_xlabel("V (noise on the left, data on the right)")
    axes.set_ylabel("x")
    axes.legend(loc="upper right")


# Distributions on a grid, without chance.


def density(t: float, model: sde.Model = MODEL) -> np.ndarray:  # type: ignore[name-defined]
    """The closed form."""
    found: np.ndarray = model.log_density(torch.from_numpy(GRID), t).exp().numpy()
    return found


def carried(p: np.ndarray, t: float, s: float, noise: float = 1.0) -> np.ndarray:
    """A density after one step back with noise lambda > 0."""
    h, at = t - s, torch.from_numpy(GRID)
    mean = (at + h * (1 + noise**2) / 2 * MODEL.score(at, t)).numpy()
    spread = h * noise**2
    move = np.exp(-((GRID - mean[:, None]) ** 2) / (2 * spread)) / math.sqrt(2 * math.pi * spread)
    found: np.ndarray = p @ move * CELL
    return found


def apart(p: np.ndarray, q: np.ndarray) -> float:
    """Wasserstein distance on the line."""
    return float(np.abs(np.cumsum(p - q)).sum() * CELL**2)


def noisy_way(p: np.ndarray, clock: list[float], noise: float = 1.0) -> np.ndarray:
    """A density after all steps."""
    for t, s in pairwise(clock):
        p = carried(p, t, s, noise)
    return p


def marginals() -> style.Table:
    """At three times: closed form, and what both ways make of the density at the end, 64 steps."""
    keep = slice(540, 741, 4)
    table: style.Table = {"x": GRID[keep].tolist()}
    clock = sde.spaced(END, 64)
    p, starts = density(END), MODEL.place(SHARES, END)
    x = starts
    for t, s in pairwise([END, *clock]):
        if s != t:
            p, x = carried(p, t, s), sde.heun(MODEL.velocity, x, [t, s])
        if s in TIMES or abs(s - 0.75) < 1e-9:
            name = f"{s:.2f}"
            table[f"exact {name}"] = density(s)[keep].tolist()
            table[f"noisy {name}"] = p[keep].tolist()
            gaps = (x[2:] - x[:-2]).numpy()  # shares of 1/200 between neighbours
            found = np.interp(GRID, x[1:-1].numpy(), 2 / 200 / gaps, left=math.nan, right=math.nan)
            table[f"flow {name}"] = found[keep].tolist()
    return table


def draw_marginals(table: style.Table, panels: list[style.Axes]) -> None:
    """One panel a time."""
    for axes, t in zip(panels, TIMES, strict=True):
        axes.plot(table["x"], table[f"exact {t:.2f}"], "-", color=style.MUTED, label="exact")
        axes.plot(
            table["x"][::2],
            table[f"flow {t:.2f}"][::2],
            "o",
            color=style.SERIES[0],
            ms=4,
            label="flow",
        )
        axes.plot(
            table["x"][1::2],
            table[f"noisy {t:.2f}"][1::2],
            "s",
            color=style.SERIES[1],
            ms=4,
            label="noisy",
        )
        axes.set_title(f"t = {t:g}")
        axes.set_xlabel("x")
        axes.set_ylim(0, 0.65)
    panels[0].set_ylabel("density")
    panels[0].legend(loc="upper left")


# Solvers.


def uniform(steps: int) -> list[float]:
    """Steps of one length in t."""
    return [END * (1 - k / steps) for k in range(steps)] + [0.0]


def off(x: Tensor) -> float:
    """Mean distance of carried quantiles from those of the data."""
    return float((x - MODEL.place(SHARES, 0.0)).abs().mean())


def solvers() -> style.Table:
    """Distance from the data by number of steps; and the largest error of the log-likelihood."""
    table: style.Table = {"steps": [float(n) for n in COUNTS]}
    x, p = MODEL.place(SHARES, END), density(END)
    data, at = density(0.0), torch.linspace(-2.5, 2.5, 21).double()
    for name, times in (("", sde.spaced), (", equal steps", lambda _, n: uniform(n))):
        clocks = [times(END, n) for n in COUNTS]
        table[f"euler{name}"] = [off(sde.euler(MODEL.velocity, x, c)) for c in clocks]
        table[f"heun{name}"] = [off(sde.heun(MODEL.velocity, x, c)) for c in clocks]
        if not name:
            table["noisy"] = [apart(noisy_way(p, c), data) for c in clocks]
            exact = MODEL.log_density(at, 0.0)
            table["likelihood"] = [
                float((sde.log_likelihood(MODEL, at, c) - exact).abs().max()) for c in clocks
            ]
    return table


def draw_solvers(table: style.Table, panels: list[style.Axes]) -> None:
    """Left samples against calls, right the likelihood against steps."""
    left, right = panels
    for n, (name, label, mark, calls) in enumerate(
        (
            ("euler", "Euler", "o-", 1),
            ("noisy", "Euler–Maruyama", "s--", 1),
            ("heun", "Heun", "^:", 2),
        )
    ):
        left.plot(
            [calls * s for s in table["steps"]],
            table[name],
            mark,
            color=style.SERIES[n],
            label=label,
        )
    left.set_xlabel("calls of the score")
    left.set_ylabel("Wasserstein distance")
    right.plot(table["steps"], table["likelihood"], "o-", color=style.SERIES[0])
    right.set_xlabel("Heun steps")
    right.set_ylabel("largest error (nats)")
    for axes in panels:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
        axes.minorticks_off()
    left.legend(loc="lower left")


# A wrong start.


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    """KL divergence in nats."""
    seen = p > 1e-14
    return float((p[seen] * np.log(p[seen] / q[seen])).sum() * CELL)


def normal(mean: float, variance: float) -> np.ndarray:
    """A normal density on the grid."""
    found: np.ndarray = np.exp(-((GRID - mean) ** 2) / (2 * variance))
    return found / math.sqrt(2 * math.pi * variance)


def wrong() -> style.Table:
    """By end time, from N(0, T): divergence before and after, distances, Heun's error; from N(0.5, T + 1)."""
    names = ["start", "noisy", "distance, flow", "distance, noisy", "heun"]
    names += ["matched start", "distance, matched flow"]
    table: style.Table = {"T": list(ENDS), **{name: [] for name in names}}
    data = density(0.0)
    for end in ENDS:
        p = normal(0.0, end)
        after = noisy_way(p, sde.spaced(end, 64))
        x = math.sqrt(end) * torch.special.ndtri(SHARES)
        table["start"].append(divergence(p, density(end)))
        table["noisy"].append(divergence(after, data))
        table["distance, flow"].append(off(MODEL.jump(x, end)))
        table["distance, noisy"].append(apart(after, data))
        right = MODEL.place(SHARES, end)
        table["heun"].append(off(sde.heun(MODEL.velocity, right, sde.spaced(end, 8))))
        middle, spread = MEAN, VARIANCE + end
        table["matched start"].append(divergence(normal(middle, spread), density(end)))
        x = middle + math.sqrt(spread) * torch.special.ndtri(SHARES)
        table["distance, matched flow"].append(off(MODEL.jump(x, end)))
    return table


def draw_wrong(table: style.Table, axes: style.Axes) -> None:
    """Two falling curves."""
    axes.plot(table["T"], table["start"], "o-", color=style.SERIES[0], label="start, and flow")
    axes.plot(table["T"], table["noisy"], "s--", color=style.SERIES[1], label="noisy way")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(ENDS), [f"{t:g}" for t in ENDS])
    axes.minorticks_off()
    axes.set_xlabel("end time T")
    axes.set_ylabel("KL divergence (nats)")
    axes.legend(loc="lower left")


# Jumps that are learned.


def velocity(x: Tensor, t: Tensor) -> Tensor:
    """The exact flow of the example for a time for each point."""
    v = MODEL.variance + t
    u: Tensor = (x - torch.tanh(x / v + math.log(3) / 2)) / (2 * v)
    return u


@cache
@torch.enable_grad()
def learned() -> jumps.Jumps:  # type: ignore[name-defined]
    """One network for each case and seed, side by side."""
    runs = len(CASES) * SEEDS
    clocks = [sde.spaced(END, levels) for levels in CASES.values() for _ in range(SEEDS)]
    most = max(CASES.values())
    later, earlier = (
        torch.tensor([[c[k * (len(c) - 1) // most + d] for k in range(most)] for c in clocks])
        for d in (0, 1)
    )
    teacher = jumps.with_teacher(velocity)
    taught = 2 * SEEDS  # the last case has no teacher

    def back(x0: Tensor, z: Tensor, t: Tensor, s: Tensor) -> Tensor:
        parts = [
            way(x0[rows], z[rows], t[rows], s[rows])
            for way, rows in (
                (teacher, slice(taught)),
                (jumps.without_teacher, slice(taught, None)),
            )
        ]
        return torch.cat(parts)

    def draw(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        z = torch.randn(2, runs, BATCH, generator=generator, dtype=torch.float64)
        right = torch.rand(runs, BATCH, generator=generator) < 0.75
        return torch.where(right, 1.0, -1.0) + 0.5 * z[0], z[1]

    begun = jumps.start(runs, seeded(0))
    return jumps.train(begun, draw, (later.double(), earlier.double()), back, ROUNDS, seeded(1))


@cache
def judged() -> Tensor:
    """Distance from the data by calls, (CASES, SEEDS, CALLS), each place with each of 100 noises."""
    f = learned()
    few, many = ((torch.arange(n).double() + 0.5) / n for n in (100, 10_000))
    z, data = torch.special.ndtri(few), MODEL.place(many, 0.0)
    found = []
    for calls in CALLS:
        x = MODEL.place(many, END).expand(len(CASES) * SEEDS, -1)
        for k, t in enumerate(sde.spaced(END, calls)[:-1]):
            if k:
                middles = x[:, 50::100, None]  # of sorted places
                x = (middles + math.sqrt(t) * z).flatten(1)
            x = f(x, torch.full_like(x, t)).sort(-1).values
        found.append((x - data).abs().mean(-1))
    return torch.stack(found, -1).reshape(len(CASES), SEEDS, len(CALLS))


def distilled() -> style.Table:
    """Mean and standard deviation over seeds, and the flow with as many Euler steps."""
    table: style.Table = {"calls": [float(n) for n in CALLS]}
    start = MODEL.place(SHARES, END)
    table["euler"] = [off(sde.euler(MODEL.velocity, start, sde.spaced(END, n))) for n in CALLS]
    for name, found in zip(CASES, judged(), strict=True):
        table[name] = found.mean(0).tolist()
        table[f"{name}, deviation"] = found.std(0).tolist()
    return table


def draw_distilled(table: style.Table, axes: style.Axes) -> None:
    """Four curves."""
    axes.plot(table["calls"], table["euler"], "D-", color=style.MUTED, label="flow, Euler steps")
    for n, (name, mark) in enumerate(zip(CASES, ("s--", "o-", "^:"), strict=True)):
        axes.errorbar(
            table["calls"],
            table[name],
            table[f"{name}, deviation"],
            fmt=mark,
            capsize=2,
            color=style.SERIES[n],
            label=name,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(CALLS), [str(n) for n in CALLS])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("calls of the network")
    axes.set_ylabel("Wasserstein distance")
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("models/score-sde/example", example, draw_example, (440, 290)),
    style.Recipe("models/score-sde/marginals", marginals, draw_marginals, (620, 240), (1, 3)),
    style.Recipe("models/score-sde/solvers", solvers, draw_solvers, (560, 280), (1, 2)),
    style.Recipe("models/score-sde/wrong", wrong, draw_wrong, (420, 260)),
    style.Recipe(
        "models/score-sde/distilled",
        distilled,
        draw_distilled,
        (440, 280),
        tolerance=0.05,
        absolute=0.003,
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
