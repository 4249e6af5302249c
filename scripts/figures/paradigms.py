"""docs/paradigms/*.svg: one data set seen through six paradigms, and two experiments.

index/views              what each paradigm is told about the same points, and what it learns
self-supervised/bound    InfoNCE certifies at most log K nats
reinforcement/signal     what a label teaches against what a reward teaches
"""

import math
from collections.abc import Callable
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

POINTS, CLASSES, LABELS, COMPONENTS, BINS = 120, 3, 9, 12, 10
SEEDS, PASSES, RATE, TRIES, ROUNDS = 20, 10, 0.5, (15, 60), 200
SIDE = 1.55  # the points lie between -SIDE and SIDE
GRID = 24
NAN = math.nan
Step = Callable[..., Tensor]


def arms(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Three spiral arms with noise: points (count, 2) and the arm of each (count,)."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.arange(count) % CLASSES
    along = torch.rand(count, generator=draw, dtype=torch.float64)
    radius, angle = 0.3 + along, 2 * math.pi * y / CLASSES + 2.2 * along
    x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    return x + 0.12 * torch.randn(count, 2, generator=draw, dtype=torch.float64), y


def grid() -> Tensor:
    """Points on a square, row by row: (576, 2)."""
    steps = torch.linspace(-SIDE, SIDE, GRID, dtype=torch.float64)
    return torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).reshape(-1, 2)


def bumps(x: Tensor, width: float = 0.4) -> Tensor:
    """Features: likeness to fixed centres, and a constant. One or two columns in x."""
    steps = torch.linspace(-SIDE, SIDE, 8, dtype=torch.float64)
    centres = torch.cartesian_prod(steps, steps) if x.shape[1] == 2 else steps[:, None]
    square = torch.cdist(x, centres).square()
    ones = torch.ones(len(x), 1, dtype=torch.float64)
    return torch.cat([torch.exp(-square / (2 * width**2)), ones], 1)


def online(f: Tensor, y: Tensor, W: Tensor, steps: int, *, told: bool) -> Tensor:
    """One point a step, for many runs side by side: the label is told, or only whether a guess is right.

    Args:
        f, y: features (S, B, D) and classes (S, B) of S runs.
        W: the weights at the start (S, D, C).
        steps: how many points are seen, in a new order in every pass.
        told: whether the model hears the label; if not it guesses and hears 1 or 0 (REINFORCE).
    """
    draw, rows = torch.Generator().manual_seed(0), torch.arange(len(f))

    def downhill(z: Tensor, k: Tensor) -> Tensor:
        return -supervised.gradient(z[None], k)[0]

    from_label: Step = torch.vmap(downhill)
    from_reward: Step = torch.vmap(reinforcement.estimate)
    b = torch.zeros(len(f), dtype=torch.float64)
    order = torch.zeros(0, 0)
    for step in range(steps):
        if step % f.shape[1] == 0:
            order = torch.rand(f.shape[:2], generator=draw).argsort(1)
        i = order[:, step % f.shape[1]]
        feature, label = f[rows, i], y[rows, i][:, None]
        z = (feature[:, None] @ W)[:, 0]  # (S, C)
        if told:
            g = from_label(z, label)
        else:
            a = torch.multinomial(z.softmax(1), 1, generator=draw)
            r = (a == label).double()
            g = from_reward(z, a, r, b)
            b = b + (r[:, 0] - b) / (step + 1)  # the mean of the rewards so far
        W = W + RATE * feature[:, :, None] * g[:, None]
    return W


def labelled(y: Tensor, seed: int) -> Tensor:
    """The indices of three examples of each class."""
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(y), generator=draw)
    return torch.cat([order[y[order] == k][: LABELS // CLASSES] for k in range(CLASSES)])


def right(z: Tensor, y: Tensor) -> float:
    """Share of right answers."""
    return (z.argmax(-1) == y).double().mean().item()


class Runs:
    """Every answer of the figure for SEEDS data sets, each with its own labels, order and tries."""

    def __init__(self) -> None:
        seeds = range(SEEDS)
        self.x, self.y = (
            torch.stack(t) for t in zip(*(arms(POINTS, s) for s in seeds), strict=True)
        )
        new = [arms(2000, 1000 + s) for s in seeds]
        self.new, self.truth = (torch.stack(t) for t in zip(*new, strict=True))
        self.known = torch.stack([labelled(y, s) for s, y in enumerate(self.y)])
        self.f, self.f_new = (torch.stack([bumps(x) for x in t]) for t in (self.x, self.new))
        self.mixtures = [
            unsupervised.fit(x, COMPONENTS, torch.Generator().manual_seed(s))
            for s, x in enumerate(self.x)
        ]
        self.r, self.r_new = (self.parts(t) for t in (self.x, self.new))
        zero = torch.zeros(SEEDS, self.f.shape[2], CLASSES, dtype=torch.float64)
        self.told = {n: online(self.f, self.y, zero, n, told=True) for n in LENGTHS}
        self.tried = {n: online(self.f, self.y, zero, n, told=False) for n in LENGTHS}
        self.few, self.head = self.fitted(self.f), self.fitted(self.r)
        none = torch.zeros_like(self.head)
        self.rewards = {n: online(self.r, self.y, none, n + LABELS, told=False) for n in TRIES}
        self.labels = {n: online(self.r, self.y, none, n + LABELS, told=True) for n in TRIES}
        self.bare = {n: online(self.f, self.y, self.few, n, told=False) for n in TRIES}
        self.hybrid = {n: online(self.r, self.y, self.head, n, told=False) for n in TRIES}

    def parts(self, x: Tensor) -> Tensor:
        """Which component of its mixture each point probably came from: (S, B, K)."""
        joint = [unsupervised.log_joint(p, m) for p, m in zip(x, self.mixtures, strict=True)]
        return torch.stack(joint).softmax(2)

    def fitted(self, f: Tensor) -> Tensor:
        """Softmax regression on the few labels alone, ROUNDS times through them: (S, D, C)."""
        few = zip(f, self.y, self.known, strict=True)
        return torch.stack([supervised.fit(g[k], y[k], CLASSES, ROUNDS) for g, y, k in few])

    def shares(self) -> dict[str, list[float]]:
        """Of every answer, the share that is right in each run."""
        few, spread = [], []
        for x, f, y, known, W in zip(self.x, self.f, self.y, self.known, self.few, strict=True):
            rest = torch.ones(POINTS, dtype=torch.bool)
            rest[known] = False
            g = semi_supervised.spread(semi_supervised.likeness(x, 0.12), known, y[known], CLASSES)
            few.append(right((f @ W)[rest], y[rest]))
            spread.append(right(g[rest], y[rest]))

        def of(f: Tensor, W: Tensor) -> list[float]:
            return [right(z, y) for z, y in zip(f @ W, self.truth, strict=True)]

        return {
            **{f"told_{n}": of(self.f_new, W) for n, W in self.told.items()},
            **{f"tried_{n}": of(self.f_new, W) for n, W in self.tried.items()},
            "few": few,
            "semi": spread,
            "no_rewards": of(self.r_new, self.head),
            **{f"rewards_{n}": of(self.r_new, W) for n, W in self.rewards.items()},
            **{f"labels_{n}": of(self.r_new, W) for n, W in self.labels.items()},
            **{f"no_density_{n}": of(self.f_new, W) for n, W in self.bare.items()},
            **{f"hybrid_{n}": of(self.r_new, W) for n, W in self.hybrid.items()},
        }


LENGTHS = (POINTS, PASSES * POINTS)
"""Points seen: one pass and ten."""


def views() -> style.Table:
    """Points, what each paradigm answers on a grid (first run), and how often it is right (all runs)."""
    runs, where = Runs(), grid()
    x, y, known, mixture = runs.x[0], runs.y[0], runs.known[0], runs.mixtures[0]
    f_grid = bumps(where)
    r_grid = unsupervised.log_joint(where, mixture).softmax(1)
    spread = semi_supervised.spread(semi_supervised.likeness(x, 0.12), known, y[known], CLASSES)
    steps = torch.linspace(-SIDE, SIDE, BINS + 1, dtype=torch.float64)
    bins = torch.bucketize(x[:, 1].contiguous(), steps[1:-1])
    guess = supervised.fit(bumps(x[:, :1], 0.3), bins, BINS, 1000)
    columns = torch.linspace(-1.2, 1.2, 7, dtype=torch.float64)[:, None]
    hidden = (bumps(columns, 0.3) @ guess).softmax(1)  # (7, BINS)
    table: dict[str, Tensor | list[float]] = {
        "x1": x[:, 0],
        "x2": x[:, 1],
        "arm": y,
        "label_known": functional.one_hot(known, POINTS).sum(0),
        "semi_arm": spread.argmax(1),
        "grid_x1": where[:, 0],
        "grid_x2": where[:, 1],
        **margins("supervised", f_grid @ runs.told[POINTS][0]),
        "density": unsupervised.log_joint(where, mixture).logsumexp(1).exp(),
        **margins("reinforcement", f_grid @ runs.tried[POINTS][0]),
        **margins("hybrid", r_grid @ runs.hybrid[TRIES[0]][0]),
        "column": columns.repeat_interleave(BINS),
        "row": (steps[:-1] + steps[1:]).repeat(len(columns)) / 2,
        "chance": hidden.flatten(),
        **{f"right_{name}": values for name, values in runs.shares().items()},
    }
    return {name: padded(column, len(where)) for name, column in table.items()}


def margins(name: str, z: Tensor) -> dict[str, Tensor]:
    """By how much the probability of each class exceeds that of the best other one."""
    p = z.softmax(1)
    others = [p[:, [j for j in range(CLASSES) if j != k]].amax(1) for k in range(CLASSES)]
    return {f"{name}_{k}": p[:, k] - others[k] for k in range(CLASSES)}


def padded(column: Tensor | list[float], length: int) -> list[float]:
    """Three decimals, and nothing below the last value."""
    values = [round(float(value), 3) for value in column]
    return values + [NAN] * (length - len(values))


def filled(column: list[float]) -> list[float]:
    """The values of a column that are there."""
    return [value for value in column if value == value]


def mean_and_spread(values: list[float]) -> str:
    """Mean and standard deviation over the runs, in per cent, as pages and figures print them."""
    shown = 100 * torch.tensor(filled(values), dtype=torch.float64)
    return f"{shown.mean().item():.1f} ± {shown.std().item():.1f} %"


def draw_views(table: style.Table, axes: list[style.Axes]) -> None:
    """Six panels, two in a row."""
    x1, x2, arm, known = (filled(table[name]) for name in ("x1", "x2", "arm", "label_known"))

    def dots(panel: style.Axes, which: list[int], kind: int | None, **more: Any) -> None:
        plain: dict[str, Any] = {"marker": ".", "color": style.MUTED, "ms": 3, "alpha": 0.7}
        look = {"ms": 3.5, "marker": "o^s"[kind or 0], "color": style.SERIES[kind or 0]}
        chosen = plain if kind is None else look
        panel.plot(
            [x1[i] for i in which], [x2[i] for i in which], ls="", **{"mew": 0, **chosen, **more}
        )

    def coloured(panel: style.Axes, answer: list[float], which: list[int], **more: Any) -> None:
        for kind in range(CLASSES):
            dots(panel, [i for i in which if answer[i] == kind], kind, **more)

    def lines(panel: style.Axes, name: str, levels: list[float], color: str) -> None:
        at = [
            torch.tensor(table[column]).reshape(GRID, GRID)
            for column in ("grid_x1", "grid_x2", name)
        ]
        panel.contour(*at, levels=levels, colors=color, linewidths=1.5)

    def borders(panel: style.Axes, name: str) -> None:
        for kind in range(CLASSES):
            lines(panel, f"{name}_{kind}", [0.0], style.INK)

    everything = list(range(len(x1)))
    given = [i for i in everything if known[i]]
    share = {name[6:]: mean_and_spread(table[name]) for name in table if name[:6] == "right_"}
    titles = (
        ("Supervised", f"120 labels: {share['told_120']}"),
        ("Unsupervised", "no labels: a density"),
        ("Semi-supervised", f"9 labels, spread: {share['semi']}"),
        ("Self-supervised", "height hidden, guessed"),
        ("Reinforcement", f"120 rewards: {share['tried_120']}"),
        ("Hybrid", f"9 labels, 15 rewards: {share['hybrid_15']}"),
    )
    layout = axes[0].figure.get_layout_engine()
    if isinstance(layout, ConstrainedLayoutEngine):
        layout.set(h_pad=0.1)  # inches; the line below a panel is not the title of the next
    for panel, (title, text) in zip(axes, titles, strict=True):
        style.bare(panel)
        panel.set_title(title, fontsize=12)
        panel.set_xlabel(text, fontsize=10, loc="left")
        panel.set_xlim(-SIDE, SIDE)
        panel.set_ylim(-SIDE, SIDE)
    coloured(axes[0], arm, everything)
    borders(axes[0], "supervised")
    dots(axes[1], everything, None)
    lines(axes[1], "density", [0.05, 0.12, 0.25], style.SERIES[2])
    coloured(axes[2], filled(table["semi_arm"]), everything, alpha=0.5)
    dots(axes[3], everything, None)
    bars = [filled(table[name]) for name in ("column", "row", "chance")]
    for column, row, chance in zip(*bars, strict=True):
        if chance >= 0.02:
            end = column + 0.36 * chance / max(bars[2])
            axes[3].plot(
                [column, end], [row, row], color=style.SERIES[3], lw=5, solid_capstyle="butt"
            )
    for column in sorted(set(bars[0])):
        axes[3].axvline(column, color=style.SERIES[3], lw=0.8)
    for panel, name in ((axes[4], "reinforcement"), (axes[5], "hybrid")):
        dots(panel, everything, None)
        borders(panel, name)
    for panel in (axes[2], axes[5]):
        coloured(panel, arm, given, ms=8, mec=style.INK, mew=1.2)


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
    """Probability of the one right action against the steps, for ten and a hundred actions.

    Of the runs with rewards the mean and the tenth and ninetieth percentiles; labels leave nothing to chance.
    """
    table: dict[str, list[float]] = {"step": [step + 1.0 for step in SHOWN]}
    for actions in (10, 100):
        r = torch.zeros(actions, dtype=torch.float64)
        r[3] = 1
        z, told = torch.zeros(1, actions, dtype=torch.float64), []
        for _ in range(SHOWN[-1] + 1):
            told.append(z.softmax(1)[0, 3].item())
            z = z - supervised.gradient(z, torch.tensor([3]))
        runs = torch.tensor(
            [
                reinforcement.learn(r, SHOWN[-1] + 1, 1.0, torch.Generator().manual_seed(seed))
                for seed in range(RUNS)
            ],
            dtype=torch.float64,
        )[:, SHOWN]
        table[f"label_{actions}"] = [told[step] for step in SHOWN]
        table[f"reward_{actions}"] = runs.mean(0).tolist()
        table[f"low_{actions}"] = runs.quantile(0.1, 0).tolist()
        table[f"high_{actions}"] = runs.quantile(0.9, 0).tolist()
    return table


def draw_signal(table: style.Table, axes: style.Axes) -> None:
    """Four learning curves, those with chance in a band."""
    for actions in (10, 100):
        band = table[f"low_{actions}"], table[f"high_{actions}"]
        axes.fill_between(table["step"], *band, color=style.SERIES[1], alpha=0.18, lw=0)
    curves = (
        ("label_10", "label", "-", "o", style.SERIES[0], (-46, 2)),
        ("label_100", "", "--", "o", style.SERIES[0], (0, 0)),
        ("reward_10", "reward,\n10 actions", "-", "s", style.SERIES[1], (5, -68)),
        ("reward_100", "reward,\n100 actions", "--", "s", style.SERIES[1], (22, -30)),
    )
    for name, text, dash, marker, color, (dx, dy) in curves:
        axes.plot(table["step"], table[name], color=color, ls=dash, marker=marker, ms=4)
        i = {"reward_10": 8, "reward_100": 11}.get(name, 5)
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
        "paradigms/index/views", views, draw_views, size=(360, 610), grid=(3, 2), absolute=5e-3
    ),
    style.Recipe("paradigms/self-supervised/bound", bound, draw_bound),
    style.Recipe("paradigms/reinforcement/signal", signal, draw_signal),
]

if __name__ == "__main__":
    style.main(FIGURES)
