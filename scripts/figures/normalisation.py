"""docs/architectures/normalisation/*.svg: what shares a mean, depth, nudges, training, batches, attention scores."""

from functools import cache

import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from docs.architectures.normalisation import depth, normalisation
from scripts.figures import style

ROWS, FEATURES = 6, 4  # two texts of three positions
MARKED = (1, 2)
KINDS = ("layer", "batch", "group", "instance")
LAYERS = 24
DEPTHS = (2, 4, 8, 16, 32)
SMALL = 0.5  # the exponent: what layers add is divided by the root of their number
TRAINED = 12
RUNS = {
    "post": {"order": "post"},
    "warm": {"order": "post", "warm_up": 50},
    "small": {"order": "post", "scale": TRAINED**-SMALL},
    "pre": {"order": "pre"},
}
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
DRAWS = 400
EXAMPLES = 5
FACTORS = (1.0, 2.0, 4.0, 8.0)
KEYS = 64
LOOKS = {
    "plain": 0,
    "skip": 1,
    "post": 2,
    "pre": 3,
    "both": 4,
    "small": 5,
    "warm": 0,
}  # in all figures
MARKS = ("o-", "s--", "^:", "D-.", "v-", "P--")
NAMES = {"plain": "no skip, no norm", "skip": "skip alone", "post": "post-norm", "pre": "pre-norm"}
NAMES |= {"both": "norm at both ends"}
RUN_NAMES = {"post": "post-norm", "warm": "post-norm, warm-up"}
RUN_NAMES |= {"small": "post-norm, small start", "pre": "pre-norm"}


def normed(x: Tensor, kind: str) -> Tensor:
    """A norm of that kind on the table, x (ROWS, FEATURES): two texts of three positions."""
    texts = x.unflatten(0, (2, 3))  # type: ignore[no-untyped-call]
    if kind == "layer":
        return normalisation.standardise(x, [-1])
    if kind == "batch":
        return normalisation.standardise(x, [0])
    groups = {"group": 2, "instance": FEATURES}[kind]
    return normalisation.group_norm(texts, groups).flatten(0, 1)


def sets() -> style.Table:
    """For every number of the table whether the marked output depends on it: its derivative is not zero."""
    x = torch.randn(ROWS, FEATURES, generator=torch.Generator().manual_seed(0)).double()
    table: style.Table = {
        "row": [float(n // FEATURES) for n in range(x.numel())],
        "feature": [float(n % FEATURES) for n in range(x.numel())],
    }
    for kind in KINDS:
        at = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(normed(at, kind)[MARKED], at)
        table[kind] = (slope != 0).double().flatten().tolist()
    return table


def draw_sets(table: style.Table, panels: list[style.Axes]) -> None:
    """A grid for each kind: what shares a mean with the marked number is filled."""
    for axes, kind in zip(panels, KINDS, strict=True):
        for row, feature, shared in zip(table["row"], table["feature"], table[kind], strict=True):
            marked = (int(row), int(feature)) == MARKED
            y = row + (0.35 if row > 2 else 0.0)
            axes.add_patch(
                Rectangle(
                    (feature + 0.05, y + 0.05),
                    0.9,
                    0.9,
                    facecolor=style.SERIES[0] if shared else "none",
                    alpha=0.55 if shared else 1.0,
                    edgecolor=style.MUTED,
                )
            )
            if marked:
                axes.plot([feature + 0.5], [y + 0.5], "o", color=style.INK, markersize=6)
        axes.set_xlim(-0.1, FEATURES + 0.1)
        axes.set_ylim(ROWS + 0.5, -0.1)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(f"{kind} norm", loc="center", fontsize=12)
    for axes in panels[::2]:
        axes.set_yticks([1.5, 4.85], ["text 1", "text 2"])
        axes.tick_params(length=0)


def spread(rows: Tensor, name: str) -> style.Table:
    """Mean, least and greatest over the last axis, the networks."""
    return {
        f"{name}_mean": rows.mean(-1).tolist(),
        f"{name}_least": rows.amin(-1).tolist(),
        f"{name}_most": rows.amax(-1).tolist(),
    }


def ranged(
    axes: style.Axes, table: style.Table, x: str, name: str, look: int, label: str = ""
) -> None:
    """The line of the means of a series, with its range behind it."""
    colour = style.SERIES[look]
    axes.plot(table[x], table[f"{name}_mean"], MARKS[look], color=colour, markersize=4, label=label)
    axes.fill_between(
        table[x],
        table[f"{name}_least"],
        table[f"{name}_most"],
        color=colour,
        alpha=0.2,
        linewidth=0,
    )


def by_depth() -> style.Table:
    """The stream after every second layer, a feed-forward network, and the gradient of its first matrix."""
    torch.set_num_threads(1)  # small matrices: more threads only wait for one another
    table: style.Table = {"layer": [float(n) for n in range(2, LAYERS + 1, 2)]}
    for order in depth.ORDERS:
        size, gradient = depth.profile(order, LAYERS)
        table |= spread(size[2::2], f"stream_{order}")
        table |= spread(gradient[1::2], f"gradient_{order}")
    return table


def draw_by_depth(table: style.Table, panels: list[style.Axes]) -> None:
    """Forwards in the first panel, backwards in the second."""
    for axes, part in zip(panels, ("stream", "gradient"), strict=True):
        for order in depth.ORDERS:
            ranged(axes, table, "layer", f"{part}_{order}", LOOKS[order], NAMES[order])
        axes.set_yscale("log")
        axes.set_xlabel("layer")
        axes.set_xticks([2, 8, 16, 24])
    panels[0].set_title("size of the stream")
    panels[1].set_title("size of the gradient")
    panels[1].legend(
        loc="center", bbox_to_anchor=(0.5, 0.19), fontsize=10, ncols=2, columnspacing=1.0
    )


@cache
def moved(order: str, small: bool) -> Tensor:
    """How far the output moves, (depths, networks)."""
    torch.set_num_threads(1)
    scales = [count**-SMALL if small else 1.0 for count in DEPTHS]
    rows = [
        depth.nudge(order, count, scale=scale) for count, scale in zip(DEPTHS, scales, strict=True)
    ]
    return torch.stack(rows)


def nudged() -> style.Table:
    """By number of layers, for three orders and for post-norm with small layers."""
    table: style.Table = {"layers": [float(count) for count in DEPTHS]}
    for name, order, small in (
        ("post", "post", False),
        ("pre", "pre", False),
        ("both", "both", False),
        ("small", "post", True),
    ):
        table |= spread(moved(order, small), name)
    return table


def draw_nudged(table: style.Table, axes: style.Axes) -> None:
    """A line with its range for each."""
    for name in ("post", "pre", "both", "small"):
        ranged(axes, table, "layers", name, LOOKS[name])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(DEPTHS, [str(count) for count in DEPTHS])
    axes.set_yticks([0.01, 0.02, 0.05, 0.1], ["0.01", "0.02", "0.05", "0.1"])
    axes.minorticks_off()
    axes.set_ylim(0.006, 0.12)
    axes.set_xlabel("layers")
    axes.set_ylabel("move of the output")
    for name, text, at, side, up in (
        ("post", "post-norm", 2, "right", 6),
        ("pre", "pre-norm", 2, "left", -16),
        ("both", "norm at both ends", 0, "left", 24),
        ("small", "post-norm, small start", 2, "left", -16),
    ):
        style.label_line(
            axes, DEPTHS[at], table[f"{name}_mean"][at], text, color=style.SERIES[LOOKS[name]],
            dx=-8 if side == "right" else 2, dy=up, ha=side,
        )  # fmt: skip


@cache
def losses(name: str) -> Tensor:
    """Loss of each run by step, (steps, networks)."""
    torch.set_num_threads(1)
    return depth.train(count=TRAINED, **RUNS[name])  # type: ignore[arg-type]


def training() -> style.Table:
    """Means of five steps, with least and greatest of the networks."""
    table: style.Table = {"step": [float(n) for n in range(5, 101, 5)]}
    for name in RUNS:
        rows = losses(name).reshape(-1, 5, losses(name).shape[-1]).mean(1)
        table |= spread(rows, name)
    return table


def draw_training(table: style.Table, axes: style.Axes) -> None:
    """A line with its range for each run."""
    for name in RUNS:
        ranged(axes, table, "step", name, LOOKS[name], RUN_NAMES[name])
    axes.axhline(2.0794, color=style.MUTED, linewidth=1)
    axes.set_ylim(0, 2.6)
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats)")
    axes.legend(loc="lower left", fontsize=10)
    style.label_line(axes, 62, 2.0794, "guessing, log 8", color=style.MUTED, dy=6)


def batches() -> style.Table:
    """Examples, each among others drawn anew: the spread of its outputs, by the size of the batch."""
    generator = torch.Generator().manual_seed(0)
    examples = torch.randn(EXAMPLES, 1, FEATURES, generator=generator)
    table: style.Table = {"size": [float(size) for size in SIZES]}
    axes = {"batch": 2, "layer": 3}
    spreads: dict[str, list[Tensor]] = {name: [] for name in axes}
    for size in SIZES:
        x = torch.randn(EXAMPLES, DRAWS, size, FEATURES, generator=generator)
        x[:, :, 0] = examples
        for name, axis in axes.items():
            out = normalisation.standardise(x, [axis])[:, :, 0]
            spreads[name].append(out.var(1).mean(-1).sqrt())
    for name, rows in spreads.items():
        table |= spread(torch.stack(rows), name)
    return table


def draw_batches(table: style.Table, axes: style.Axes) -> None:
    """Two lines with their ranges; that of layer norm lies on zero."""
    for n, name in enumerate(("batch", "layer")):
        ranged(axes, table, "size", name, n, f"{name} norm")
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    axes.set_ylim(-0.05, 1.1)
    axes.set_xlabel("examples in the batch")
    axes.set_ylabel("spread of an example's output")
    axes.legend(loc="upper right")


def attention() -> style.Table:
    """Entropy of attention's weights as the weights of queries and keys grow by a factor, with and without norm."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, KEYS, 64, generator=generator)
    wq, wk = (torch.randn(5, 64, 64, generator=generator) / 8 for _ in range(2))
    table: style.Table = {"factor": list(FACTORS)}
    for name, norm in (("free", False), ("normed", True)):
        rows = []
        for factor in FACTORS:
            a = normalisation.scores(factor * x @ wq, factor * x @ wk, norm).softmax(-1)
            rows.append(-(a * torch.log(a.clamp_min(1e-30))).sum(-1).mean(1))
        table |= spread(torch.stack(rows), name)
    return table


def draw_attention(table: style.Table, axes: style.Axes) -> None:
    """A line with its range for each."""
    for n, (name, text) in enumerate((("free", "as they are"), ("normed", "normalised"))):
        ranged(axes, table, "factor", name, n, f"queries and keys {text}")
    axes.axhline(4.1589, color=style.MUTED, linewidth=1)
    style.label_line(axes, 1, 4.1589, "all 64 keys alike, log 64", color=style.MUTED, dx=30)
    axes.set_xscale("log", base=2)
    axes.set_xticks(FACTORS, ["1", "2", "4", "8"])
    axes.minorticks_off()
    axes.set_ylim(0, 4.9)
    axes.set_xlabel("factor on both weight matrices")
    axes.set_ylabel("entropy of the weights (nats)")
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.62))


FIGURES = [
    style.Recipe("architectures/normalisation/sets", sets, draw_sets, size=(380, 420), grid=(2, 2)),
    style.Recipe(
        "architectures/normalisation/depth",
        by_depth,
        draw_by_depth,
        size=(440, 600),
        grid=(2, 1),
        tolerance=0.02,
    ),
    style.Recipe(
        "architectures/normalisation/nudge", nudged, draw_nudged, size=(440, 300), tolerance=0.02
    ),
    style.Recipe(
        "architectures/normalisation/train",
        training,
        draw_training,
        size=(480, 300),
        tolerance=0.2,
        absolute=0.15,
    ),
    style.Recipe("architectures/normalisation/batch", batches, draw_batches, size=(440, 270)),
    style.Recipe(
        "architectures/normalisation/attention", attention, draw_attention, size=(440, 280)
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
