"""docs/paradigms/*.svg: one data set seen through six paradigms, and two experiments.

index/views              what each paradigm is told about the same points, and what it learns
self-supervised/bound    InfoNCE certifies at most log K nats
reinforcement/signal     what a label teaches against what a reward teaches
"""

import math
from importlib import import_module
from typing import Any

import torch
from matplotlib.layout_engine import ConstrainedLayoutEngine
from torch import Tensor
from torch.nn import functional

from docs.paradigms.reinforcement import reinforcement
from docs.paradigms.supervised import supervised
from docs.paradigms.unsupervised import unsupervised
from scripts.figures import style

self_supervised = import_module("docs.paradigms.self-supervised.self_supervised")
semi_supervised = import_module("docs.paradigms.semi-supervised.semi_supervised")

POINTS, LABELS, COMPONENTS, BINS = 120, 6, 10, 10
LEFT, RIGHT, LOW, HIGH = -1.5, 2.5, -0.9, 1.4
GRID = (28, 18)
NAN = math.nan


def moons(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Two half circles with noise: points (count, 2) and the half circle of each (count,)."""
    draw = torch.Generator().manual_seed(seed)
    a = math.pi * torch.rand(count, generator=draw, dtype=torch.float64)
    y = torch.arange(count) % 2
    upper = torch.stack([a.cos(), a.sin()], 1)
    x = torch.where(y[:, None] == 0, upper, torch.tensor([1.0, 0.5]).double() - upper)
    return x + 0.12 * torch.randn(count, 2, generator=draw, dtype=torch.float64), y


def grid() -> Tensor:
    """Points on a rectangle, row by row: (504, 2)."""
    across = torch.linspace(LEFT, RIGHT, GRID[0], dtype=torch.float64)
    up = torch.linspace(LOW, HIGH, GRID[1], dtype=torch.float64)
    return torch.stack(torch.meshgrid(across, up, indexing="xy"), -1).reshape(-1, 2)


def bumps(x: Tensor, width: float = 0.5) -> Tensor:
    """Features: likeness to fixed centres, and a constant. One or two columns in x."""
    centres = torch.linspace(LEFT, RIGHT, 9, dtype=torch.float64)[:, None]
    if x.shape[1] == 2:
        up = torch.linspace(LOW, HIGH, 6, dtype=torch.float64)
        centres = torch.cartesian_prod(centres[:, 0], up)
    square = torch.cdist(x, centres).square()
    ones = torch.ones(len(x), 1, dtype=torch.float64)
    return torch.cat([torch.exp(-square / (2 * width**2)), ones], 1)


def rewarded(f: Tensor, y: Tensor, W: Tensor, rounds: int, rate: float, seed: int) -> Tensor:
    """REINFORCE: guess a side for each point, hear only whether the guess was right."""
    draw = torch.Generator().manual_seed(seed)
    b, tries = 0.0, 0
    for _ in range(rounds):
        for i in torch.randperm(len(f), generator=draw):
            z = f[i] @ W
            a = torch.multinomial(z.softmax(0), 1, generator=draw)
            r = (a == y[i]).double()
            W = W + rate * torch.outer(f[i], reinforcement.estimate(z, a, r, b))
            tries += 1
            b += (r.item() - b) / tries
    return W


def labelled(y: Tensor, seed: int) -> Tensor:
    """The indices of three examples of each class."""
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(y), generator=draw)
    return torch.cat([order[y[order] == side][: LABELS // 2] for side in (0, 1)])


def right(z: Tensor, y: Tensor) -> float:
    """Share of right answers."""
    return (z.argmax(1) == y).double().mean().item()


def views() -> style.Table:
    """Points, what each paradigm answers on a grid, and how often it is right on new points."""
    x, y = moons(POINTS, 0)
    new, truth = moons(2000, 1)
    where, known = grid(), labelled(y, 7)
    rest = torch.ones(POINTS, dtype=torch.bool)
    rest[known] = False
    f, f_grid, f_new = bumps(x), bumps(where), bumps(new)
    told = supervised.fit(f, y, 2, 1000)
    few = supervised.fit(f[known], y[known], 2, 1000)
    mixture = unsupervised.fit(x, COMPONENTS, torch.Generator().manual_seed(4))
    spread = semi_supervised.spread(semi_supervised.likeness(x, 0.12), known, y[known], 2)
    steps = torch.linspace(LOW, HIGH, BINS + 1, dtype=torch.float64)
    bins = torch.bucketize(x[:, 1].contiguous(), steps[1:-1])
    guess = supervised.fit(bumps(x[:, :1], 0.3), bins, BINS, 1000)
    columns = torch.linspace(-1.0, 2.0, 7, dtype=torch.float64)[:, None]
    hidden = (bumps(columns, 0.3) @ guess).softmax(1)  # (7, BINS)
    tried = rewarded(f, y, torch.zeros(f.shape[1], 2).double(), 10, 0.5, 0)
    r, r_grid, r_new = (unsupervised.log_joint(p, mixture).softmax(1) for p in (x, where, new))
    head = supervised.fit(r[known], y[known], 2, 300)
    tuned = rewarded(r, y, head, 3, 0.5, 0)
    _, m, s = mixture
    table: dict[str, Tensor | list[float]] = {
        "x1": x[:, 0],
        "x2": x[:, 1],
        "side": y,
        "label_known": functional.one_hot(known, POINTS).sum(0),
        "semi_side": spread[:, 1],
        "grid_x1": where[:, 0],
        "grid_x2": where[:, 1],
        "supervised": (f_grid @ told).softmax(1)[:, 1],
        "density": unsupervised.log_joint(where, mixture).logsumexp(1).exp(),
        "reinforcement": (f_grid @ tried).softmax(1)[:, 1],
        "hybrid": (r_grid @ tuned).softmax(1)[:, 1],
        "column": columns.repeat_interleave(BINS),
        "row": (steps[:-1] + steps[1:]).repeat(len(columns)) / 2,
        "chance": hidden.flatten(),
        "mean_1": m[:, 0],
        "mean_2": m[:, 1],
        "deviation": s.sqrt(),
        "right_supervised": [right(f_new @ told, truth)],
        "right_few": [right((f @ few)[rest], y[rest])],
        "right_semi": [right(spread[rest], y[rest])],
        "right_reinforcement": [right(f_new @ tried, truth)],
        "right_head": [right(r_new @ head, truth)],
        "right_hybrid": [right(r_new @ tuned, truth)],
    }
    return {name: padded(column, len(where)) for name, column in table.items()}


def padded(column: Tensor | list[float], length: int) -> list[float]:
    """Three decimals, and nothing below the last value."""
    values = [round(float(value), 3) for value in column]
    return values + [NAN] * (length - len(values))


def filled(column: list[float]) -> list[float]:
    """The values of a column that are there."""
    return [value for value in column if value == value]


def draw_views(table: style.Table, axes: list[style.Axes]) -> None:
    """Six panels, two in a row."""
    x1, x2, side, known = (filled(table[name]) for name in ("x1", "x2", "side", "label_known"))
    look: tuple[dict[str, Any], ...] = (
        {"marker": "o", "color": style.SERIES[0]},
        {"marker": "^", "color": style.SERIES[1]},
    )

    def dots(panel: style.Axes, which: list[int], kind: int | None, **more: Any) -> None:
        plain: dict[str, Any] = {"marker": ".", "color": style.MUTED, "ms": 3, "alpha": 0.7}
        chosen = plain if kind is None else {"ms": 3, **look[kind]}
        panel.plot(
            [x1[i] for i in which], [x2[i] for i in which], ls="", **{"mew": 0, **chosen, **more}
        )

    def sides(panel: style.Axes, answer: list[float], **more: Any) -> None:
        for kind in (0, 1):
            dots(panel, [i for i, a in enumerate(answer) if (a > 0.5) == kind], kind, **more)

    def border(panel: style.Axes, name: str, levels: list[float], color: str) -> None:
        shape = (GRID[1], GRID[0])
        at = [torch.tensor(table[column]).reshape(shape) for column in ("grid_x1", "grid_x2", name)]
        panel.contour(*at, levels=levels, colors=color, linewidths=1.5)

    everything = list(range(len(x1)))
    given = [i for i in everything if known[i]]
    percent = {name: f"{table['right_' + name][0]:.0%}".replace("%", " %") for name in SHARES}
    titles = (
        ("Supervised", f"all labels: {percent['supervised']} right"),
        ("Unsupervised", "no labels: a density"),
        ("Semi-supervised", f"6 labels: {percent['few']} → {percent['semi']}"),
        ("Self-supervised", "height hidden, guessed"),
        ("Reinforcement", f"rewards only: {percent['reinforcement']}"),
        ("Hybrid", f"density, 6 labels, rewards: {percent['hybrid']}"),
    )
    layout = axes[0].figure.get_layout_engine()
    if isinstance(layout, ConstrainedLayoutEngine):
        layout.set(h_pad=0.1)  # inches; the line below a panel is not the title of the next
    for panel, (title, text) in zip(axes, titles, strict=True):
        style.bare(panel)
        panel.set_title(title, fontsize=12)
        panel.set_xlabel(text, fontsize=11, loc="left")
        panel.set_xlim(LEFT, RIGHT)
        panel.set_ylim(LOW, HIGH)
    sides(axes[0], side)
    border(axes[0], "supervised", [0.5], style.INK)
    dots(axes[1], everything, None)
    border(axes[1], "density", [0.05, 0.15, 0.3], style.SERIES[2])
    sides(axes[2], table["semi_side"][: len(x1)], alpha=0.5)
    for kind in (0, 1):
        chosen = [i for i in given if side[i] == kind]
        dots(axes[2], chosen, kind, ms=8, mec=style.INK, mew=1.2)
    dots(axes[3], everything, None)
    bars = [filled(table[name]) for name in ("column", "row", "chance")]
    for column, row, chance in zip(*bars, strict=True):
        if chance >= 0.02:
            end = column + 0.44 * chance / max(bars[2])
            axes[3].plot(
                [column, end], [row, row], color=style.SERIES[3], lw=5, solid_capstyle="butt"
            )
    for column in sorted(set(bars[0])):
        axes[3].axvline(column, color=style.SERIES[3], lw=0.8)
    for panel, name in ((axes[4], "reinforcement"), (axes[5], "hybrid")):
        dots(panel, everything, None)
        border(panel, name, [0.5], style.INK)
    for kind in (0, 1):
        chosen = [i for i in given if side[i] == kind]
        dots(axes[5], chosen, kind, ms=8, mec=style.INK, mew=1.2)


SHARES = ("supervised", "few", "semi", "reinforcement", "head", "hybrid")


def bound() -> style.Table:
    """Mean of log K - L over batches with the best scores, for three strengths of dependence."""
    sizes = [2, 4, 8, 16, 32, 64, 128, 256]
    table: dict[str, list[float]] = {"K": [float(size) for size in sizes]}
    table["log_K"] = [math.log(size) for size in sizes]
    for information in (0.5, 2.0, 4.0):
        c = math.sqrt(1 - math.exp(-2 * information))
        means = []
        for size in sizes:
            draw = torch.Generator().manual_seed(size)
            batches = max(20, 4096 // size)
            scores = (
                self_supervised.gaussian_scores(*self_supervised.gaussian_pairs(c, size, draw), c)
                for _ in range(batches)
            )
            means.append(sum(self_supervised.information_bound(f).item() for f in scores) / batches)
        table[f"certified_{information:g}"] = means
    return table


def draw_bound(table: style.Table, axes: style.Axes) -> None:
    """Certified information against the size of the batch."""
    for color, marker, information in zip(style.SERIES, "o^s", (0.5, 2.0, 4.0), strict=False):
        axes.plot(table["K"], table[f"certified_{information:g}"], marker=marker, color=color)
        axes.axhline(information, color=color, ls=":", lw=1.2)
        x, dy = (128, -14) if information < 1 else (2, 3)
        style.label_line(axes, x, information, f"shared: {information:g}", color=color, dx=0, dy=dy)
    axes.plot(table["K"], table["log_K"], color=style.INK, ls="--", lw=1.2)
    style.label_line(axes, 4, math.log(4), "log K", dx=-34, dy=8)
    axes.set_xscale("log", base=2)
    axes.set_xticks(table["K"], [f"{size:.0f}" for size in table["K"]])
    axes.minorticks_off()
    axes.set_xlabel("pairs in a batch, K")
    axes.set_ylabel("certified information (nats)")
    axes.set_ylim(0, 5.8)


RUNS = 30
SHOWN = [0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 799]


def signal() -> style.Table:
    """Probability of the one right action against the steps, for ten and a hundred actions."""
    table: dict[str, list[float]] = {"step": [step + 1.0 for step in SHOWN]}
    for actions in (10, 100):
        r = torch.zeros(actions, dtype=torch.float64)
        r[3] = 1
        z, told = torch.zeros(1, actions, dtype=torch.float64), []
        for _ in range(SHOWN[-1] + 1):
            told.append(z.softmax(1)[0, 3].item())
            z = z - supervised.gradient(z, torch.tensor([3]))
        runs = [
            reinforcement.learn(r, SHOWN[-1] + 1, 1.0, torch.Generator().manual_seed(seed))
            for seed in range(RUNS)
        ]
        table[f"label_{actions}"] = [told[step] for step in SHOWN]
        table[f"reward_{actions}"] = [sum(run[step] for run in runs) / RUNS for step in SHOWN]
    return table


def draw_signal(table: style.Table, axes: style.Axes) -> None:
    """Four learning curves."""
    curves = (
        ("label_10", "label", "-", "o", style.SERIES[0], (4, -22)),
        ("label_100", "", "--", "o", style.SERIES[0], (0, 0)),
        ("reward_10", "reward,\n10 actions", "-", "s", style.SERIES[1], (4, -34)),
        ("reward_100", "reward,\n100 actions", "--", "s", style.SERIES[1], (-66, 6)),
    )
    for name, text, dash, marker, color, (dx, dy) in curves:
        axes.plot(table["step"], table[name], color=color, ls=dash, marker=marker, ms=4)
        i = 11 if name == "reward_100" else 5
        if text:
            at = table["step"][i], table[name][i]
            style.label_line(axes, *at, text, color=color, dx=dx, dy=dy)
    axes.set_xscale("log")
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.set_xlabel("steps, one example each")
    axes.set_ylabel("probability of the right action")
    axes.set_ylim(0, 1.05)


FIGURES = [
    style.Recipe(
        "paradigms/index/views", views, draw_views, size=(360, 570), grid=(3, 2), absolute=5e-3
    ),
    style.Recipe("paradigms/self-supervised/bound", bound, draw_bound),
    style.Recipe("paradigms/reinforcement/signal", signal, draw_signal),
]

if __name__ == "__main__":
    style.main(FIGURES)
