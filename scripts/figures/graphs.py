"""docs/architectures/graphs/*.svg: the example turned, networks that are rotated, smoothing, and a far node."""

import torch

from docs.architectures.graphs import deep, graphs, rotated
from scripts.figures import seeds, style

NAMES = {
    "plain": "plain", "augmented": "plain, augmented", "equivariant": "equivariant",
}  # fmt: skip
FAR = {
    "ring": "ring", "residual": "ring, residual", "edge": "one edge more", "global": "global node",
    "unmarked": "global node, no mark",
}  # fmt: skip
PLACES = (
    ((-4, -18), (-4, -18), (6, 6), (6, -16)),
    ((9, -4), (9, -2), (-16, 6), (8, 4)),
)  # of names
LAYERS, RING, STARTS = 32, 12, 20
KEEPS = (0.0, 0.1, 0.3)


def turned() -> style.Table:
    """The example and the example turned by a quarter: places before and after one step."""
    source, target = graphs.both_ways(graphs.BONDS)
    x = torch.tensor(graphs.PLACES)
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    before = torch.cat([x, x @ quarter.T])
    after = torch.cat(
        [graphs.move(part, source, target, torch.reciprocal) for part in before.chunk(2)]
    )
    return {
        "x": before[:, 0].tolist(), "y": before[:, 1].tolist(),
        "new_x": after[:, 0].tolist(), "new_y": after[:, 1].tolist(),
    }  # fmt: skip


def draw_turned(table: style.Table, panels: list[style.Axes]) -> None:
    """Atoms, bonds, and an arrow from each place to the next."""
    for n, (axes, title) in enumerate(
        zip(panels, ("as it is", "turned by a quarter"), strict=True)
    ):
        x, y, to_x, to_y = (table[key][4 * n : 4 * n + 4] for key in ("x", "y", "new_x", "new_y"))
        for i, j in graphs.BONDS:
            axes.plot([x[i], x[j]], [y[i], y[j]], color=style.MUTED, linewidth=1)
        for i, name in enumerate(graphs.NAMES):
            axes.annotate(
                "", (to_x[i], to_y[i]), (x[i], y[i]),
                arrowprops={"arrowstyle": "-|>", "color": style.SERIES[1], "linewidth": 2},
            )  # fmt: skip
            axes.plot(x[i], y[i], "o", color=style.SERIES[0], markersize=8)
            axes.annotate(name, (x[i], y[i]), PLACES[n][i], textcoords="offset points", fontsize=12)
        axes.set_xlim(-2.8, 2.8)
        axes.set_ylim(-2.8, 2.8)
        axes.set_aspect("equal")
        axes.set_title(title, fontsize=12)


def learned() -> style.Table:
    """Errors by angle after the last step, and on turned molecules by step: mean and range of SEEDS."""
    torch.set_num_threads(1)
    table: style.Table = {"angle": list(rotated.ANGLES)}
    table["step"] = [float(step) for step in rotated.STEPS]
    for kind in rotated.KINDS:
        marks: list[torch.Tensor] = []
        parts = rotated.train(kind, rotated.STEPS[-1], torch.Generator().manual_seed(0), marks)
        seeds.span(table, f"{kind}_angle", rotated.by_angle(kind, parts))
        seeds.span(table, f"{kind}_step", torch.stack(marks))
    rows = len(rotated.ANGLES)
    return {
        name: [*values, *[float("nan")] * (rows - len(values))] for name, values in table.items()
    }


def draw_learned(table: style.Table, panels: list[style.Axes]) -> None:
    """By angle above, by step below."""
    for axes, by in zip(panels, ("angle", "step"), strict=True):
        for n, (kind, text) in enumerate(NAMES.items()):
            seeds.draw_span(axes, table, by, f"{kind}_{by}", n, text)
        axes.set_yscale("log")
        axes.set_ylabel("squared error")
    panels[0].set_xticks([0, 60, 120, 180])
    panels[0].set_xlabel("turned by, degrees")
    panels[0].legend(loc="center right", bbox_to_anchor=(1, 0.58))
    panels[1].set_xscale("log", base=2)
    panels[1].set_xticks(rotated.STEPS, [f"{step:g}" for step in rotated.STEPS])
    panels[1].minorticks_off()
    panels[1].set_xlabel("steps of training; turned at random")


def smoothing() -> style.Table:
    """Spread over the nodes by layer, over its first value: mean and range of STARTS features."""
    generator = torch.Generator().manual_seed(0)
    mean = deep.ring(RING)
    table: style.Table = {"layer": [float(n) for n in range(LAYERS + 1)]}
    starts = torch.randn(STARTS, RING, 1, generator=generator, dtype=torch.float64)
    for keep in KEEPS:
        rows = torch.stack([deep.smooth(h, mean, LAYERS, keep) for h in starts], 1)
        seeds.span(table, f"keep{keep:g}", rows / rows[0])
    return table


def draw_smoothing(table: style.Table, axes: style.Axes) -> None:
    """A line with its range for each share that is kept."""
    for n, keep in enumerate(KEEPS):
        name = f"keep{keep:g}"
        text = f"{keep:.0%} of the input in each layer" if keep else "means alone"
        seeds.draw_span(axes, table, "layer", name, n, text, every=4)
    axes.set_ylim(0, 1.45)
    axes.set_xlabel("layers")
    axes.set_ylabel("spread over the nodes")
    axes.legend(loc="upper right")


def far() -> style.Table:
    """Share of right answers by size of the ring."""
    torch.set_num_threads(1)
    table: style.Table = {"nodes": [float(size) for size in deep.SIZES]}
    for kind in deep.KINDS:
        seeds.span(table, kind, torch.stack([deep.train(kind, size) for size in deep.SIZES]))
    return table


def draw_far(table: style.Table, axes: style.Axes) -> None:
    """A line with its range for each kind."""
    for n, (kind, text) in enumerate(FAR.items()):
        seeds.draw_span(axes, table, "nodes", kind, n, text)
    axes.set_xticks(deep.SIZES)
    axes.set_ylim(0, 1.7)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_xlabel("nodes of the ring")
    axes.set_ylabel("right answers")
    axes.legend(loc="upper right", fontsize=10, ncols=2)


FIGURES = [
    style.Recipe("architectures/graphs/turned", turned, draw_turned, size=(440, 240), grid=(1, 2)),
    style.Recipe(
        "architectures/graphs/learned", learned, draw_learned, size=(440, 520), grid=(2, 1),
        tolerance=0.25, absolute=0.01,
    ),
    style.Recipe("architectures/graphs/smoothing", smoothing, draw_smoothing, size=(440, 270)),
    style.Recipe(
        "architectures/graphs/far", far, draw_far, size=(440, 290), tolerance=0.2, absolute=0.05
    ),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
