"""docs/training/preference-optimisation/*.svg: weights that grow, displacement, length."""

from functools import cache, partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from scripts.figures import seeds, style

code: Any = import_module("docs.training.preference-optimisation.preference_optimisation")
tasks: Any = import_module("docs.training.preference-optimisation.tasks")

SEEDS = 20
MARKED = (1, 3, 10, 30, 100, 300, 1000)  # steps
FEW, NOISE = 10, 0.1  # pairs; what label smoothing believes
STEPS, EVERY, WEIGHT = 300, 10, 0.2
APART = (1.0, 0.5, 0.3, 0.1)
PAIRS = 400
BETA, ALPHA = 0.5, 0.5
LOSSES = {
    "DPO": code.dpo,
    "cDPO": partial(code.smoothed, noise=NOISE),
    "IPO": code.ipo,
}
METHODS = {
    "DPO, fair judge": code.dpo,
    "DPO": code.dpo,
    "R-DPO, 0.5": partial(code.shortened, alpha=ALPHA),
    "R-DPO, 1": partial(code.shortened, alpha=2 * ALPHA),
    "normalised DPO": code.normalised,
    "SimPO": code.simpo,
}
SETTINGS: dict[str, dict[str, float]] = {
    "normalised DPO": {"beta": 1.0},
    "SimPO": {"beta": 1.0, "target": 0.5},
}


def generator(seed: int = 0) -> torch.Generator:
    """Seeded."""
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, by: torch.Generator) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=by, dtype=torch.float64)


def agreed() -> style.Table:
    """Size of the weights and divergence after steps on ten pairs of eight answers whose better one always wins."""
    torch.set_num_threads(1)
    by = generator()
    log_ref, reward = (normal(SEEDS, 8, by=by) for _ in range(2))
    log_ref = log_ref.log_softmax(-1)
    first = torch.randint(8, (SEEDS, FEW), generator=by)
    second = (first + torch.randint(1, 8, (SEEDS, FEW), generator=by)) % 8
    pairs = code.judged(torch.stack([first, second], -1), 1e9 * reward, by)
    data, free = code.alike(pairs, log_ref), torch.eye(8, dtype=torch.float64)
    table: style.Table = {"steps": [float(n) for n in MARKED]}
    for name, loss in LOSSES.items():
        theta, rows, moved = torch.zeros(SEEDS, 8, dtype=torch.float64), [], []
        for before, after in zip((0, *MARKED), MARKED, strict=False):
            theta = code.fit(loss, theta, log_ref, free, data, after - before, 1.0)
            log_pi = code.policy(theta, log_ref, free)
            rows.append(theta.norm(dim=-1))
            moved.append((log_pi.exp() * (log_pi - log_ref)).sum(-1))
        seeds.span(table, name, torch.stack(rows))
        table[f"{name} divergence"] = torch.stack(moved).mean(1).tolist()
    return table


def draw_agreed(table: style.Table, axes: style.Axes) -> None:
    """A line with its band for each loss."""
    for n, name in enumerate(LOSSES):
        seeds.draw_span(axes, table, "steps", name, n, name)
    axes.set_xscale("log")
    axes.set_xlabel("steps")
    axes.set_title("size of the weights")
    axes.legend(loc="upper left")


@cache
def runs(apart: float, weight: float) -> tuple[Tensor, Tensor]:
    """Log-ratios and divergences of a training."""
    torch.set_num_threads(1)
    found: tuple[Tensor, Tensor] = tasks.displaced(tasks.alike(apart, SEEDS), weight, STEPS)
    return found


def displaced() -> style.Table:
    """Mean log-ratios of chosen and rejected answers over steps, without and with the likelihood term."""
    table: style.Table = {"step": [float(n) for n in range(0, STEPS + 1, EVERY)]}
    for name, weight in (("DPO", 0.0), ("with likelihood", WEIGHT)):
        u, moved = runs(APART[2], weight)
        for n, kind in enumerate(("chosen", "rejected")):
            seeds.span(table, f"{name} {kind}", u[::EVERY, :, :, n].mean(-1))
        table[f"{name} divergence"] = moved[::EVERY].mean(1).tolist()
    return table


def draw_displaced(table: style.Table, panels: list[style.Axes]) -> None:
    """Without the term above, with it below."""
    titles = ("DPO", f"DPO and {WEIGHT} × likelihood")
    for axes, name, title in zip(panels, ("DPO", "with likelihood"), titles, strict=True):
        for n, kind in enumerate(("chosen", "rejected")):
            seeds.draw_span(axes, table, "step", f"{name} {kind}", n, kind, every=5)
        axes.axhline(0, color=style.MUTED, linewidth=1)
        axes.set_ylim(-6, 2)
        axes.set_title(f"{title}: log-ratio to the reference")
        axes.legend(loc="lower left")
    panels[1].set_xlabel("steps")


def lengths() -> style.Table:
    """Length, true reward, useful facts and divergence by method, on 400 pairs: mean and deviation of 20 seeds."""
    torch.set_num_threads(1)
    made, length, facts = tasks.answers()
    log_ref = tasks.log_probability(tasks.start(), made)
    truth = facts + tasks.PER_WORD * length
    drawn = torch.stack([code.draw(log_ref.exp(), PAIRS, generator(s)) for s in range(SEEDS)])
    table: style.Table = {"method": [float(n) for n in range(len(METHODS))]}
    for name, loss in METHODS.items():
        bias = 0.0 if name == "DPO, fair judge" else tasks.BIAS
        reward = (truth + bias * length).expand(SEEDS, -1)
        pairs = code.judged(drawn, reward, generator(SEEDS))
        setting = SETTINGS.get(name, {"beta": BETA})
        log_pi = tasks.trained(lambda *p, f=loss, k=setting: f(code.Pair(*p), **k), pairs)
        p = log_pi.exp()
        for kind, values in (
            ("length", p @ length),
            ("truth", p @ truth),
            ("facts", p @ facts),
            ("divergence", (p * (log_pi - log_ref)).sum(-1)),
        ):
            seeds.put(table, kind, values.tolist())
    return table


def draw_lengths(table: style.Table, axes: style.Axes) -> None:
    """A mark for each method: length to the right, true reward upwards, bars of a deviation."""
    at = {"DPO, fair judge": (-98, -24), "R-DPO, 0.5": (26, -26), "R-DPO, 1": (14, 20), "SimPO": (18, 18),
          "normalised DPO": (-132, -10), "DPO": (20, -14)}  # fmt: skip
    for n, name in enumerate(METHODS):
        x, y = table["length"][n], table["truth"][n]
        colour = style.SERIES[n % len(style.SERIES)]
        axes.errorbar([x], [y], [table["truth, deviation"][n]], [table["length, deviation"][n]],
                      fmt="o", color=colour, capsize=3)  # fmt: skip
        style.label_line(axes, x, y, name, dx=at[name][0], dy=at[name][1])
    axes.set_xlim(1, 5.5)
    axes.set_ylim(0.2, 0.85)
    axes.set_xlabel("mean length in words")
    axes.set_title("true reward")


FIGURES = [
    style.Recipe("training/preference-optimisation/agreed", agreed, draw_agreed, size=(440, 280)),
    style.Recipe(
        "training/preference-optimisation/displaced",
        displaced,
        draw_displaced,
        size=(440, 470),
        grid=(2, 1),
    ),
    style.Recipe(
        "training/preference-optimisation/lengths", lengths, draw_lengths, size=(440, 320)
    ),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
