"""docs/architectures/convolution/*.svg: what an output sees, the checkerboard, U-Nets told in four ways."""

import torch
from matplotlib.patches import Rectangle

from docs.architectures.convolution import convolution, denoise
from scripts.figures import style

DEPTHS = range(1, 9)
SIDE, COARSE = 4, 8  # what is drawn of the picture; the constant picture that is enlarged
WAYS = ("three", "four", "repeat")
TITLES = {"three": "3 wide", "four": "4 wide", "repeat": "repeat, 3 wide"}
MARKS = ("o-", "s--", "^:", "D-.", "v-")
TELLING = {
    "nothing": "nothing", "film": "FiLM", "cross": "cross-attention",
    "places": "cross-attention, places", "map": "map",
}  # fmt: skip
SKIPPING = {"grain": "with skip connections", "bare": "without"}


def plain(depth: int) -> list[convolution.Layer]:
    """Layers of width 3."""
    return [(3, 1, 1)] * depth


def dilated(depth: int) -> list[convolution.Layer]:
    """Layers of width 3 whose dilation doubles."""
    return [(3, 1, 2**n) for n in range(depth)]


def field() -> style.Table:
    """What an output sees by formula and by probe, and the spread of what it owes, by number of layers."""
    table: style.Table = {"layers": [float(n) for n in DEPTHS]}
    for name, layers in (("plain", plain), ("dilated", dilated)):
        table[f"{name}_formula"] = [float(convolution.field(layers(n))) for n in DEPTHS]
        owed = [convolution.probe(layers(n), 600) for n in DEPTHS]
        table[f"{name}_probe"] = [float((part != 0).sum()) for part in owed]
        if name == "plain":
            at = torch.arange(600.0, dtype=torch.float64)
            means = [(part * at).sum() for part in owed]
            table["spread"] = [
                float((part * (at - mean) ** 2).sum() ** 0.5)
                for part, mean in zip(owed, means, strict=True)
            ]
    return table


def draw_field(table: style.Table, axes: style.Axes) -> None:
    """Lines by formula, marks by probe."""
    for n, (name, text) in enumerate((("dilated", "dilation doubles"), ("plain", "width 3"))):
        axes.plot(table["layers"], table[f"{name}_formula"], color=style.SERIES[n])
        axes.plot(table["layers"], table[f"{name}_probe"], "os"[n], color=style.SERIES[n])
        style.label_line(
            axes, 5, table[f"{name}_formula"][4], text, color=style.SERIES[n], dx=-6, ha="right"
        )
    axes.plot(table["layers"], table["spread"], "^:", color=style.SERIES[2])
    style.label_line(axes, 5, table["spread"][4], "width 3: spread", color=style.SERIES[2], dy=-16)
    axes.set_yscale("log")
    axes.set_yticks([1, 3, 10, 30, 100, 300], ["1", "3", "10", "30", "100", "300"])
    axes.minorticks_off()
    axes.set_xlabel("layers")
    axes.set_ylabel("places")


def written(way: str) -> torch.Tensor:
    """A constant row of ones enlarged twofold with weights of 1, its inner SIDE places."""
    one = torch.ones(1, 1, COARSE)
    if way == "repeat":
        row = convolution.convolve(one.repeat_interleave(2, -1), torch.ones(1, 1, 3), padding=1)
    else:
        row = convolution.transposed(one, torch.ones(1, 1, 3 if way == "three" else 4), 2)
    return row[0, 0, 4 : 4 + SIDE]


def checkerboard() -> style.Table:
    """How many terms each place of a picture is a sum of, for three ways to enlarge a constant picture."""
    table: style.Table = {
        "row": [float(n // SIDE) for n in range(SIDE * SIDE)],
        "column": [float(n % SIDE) for n in range(SIDE * SIDE)],
    }
    for way in WAYS:
        row = written(way)
        table[way] = torch.outer(row, row).flatten().tolist()
    return table


def draw_checkerboard(table: style.Table, panels: list[style.Axes]) -> None:
    """A grid for each way, each place as dark as its number is large."""
    for axes, way in zip(panels, WAYS, strict=True):
        for row, column, value in zip(table["row"], table["column"], table[way], strict=True):
            axes.add_patch(
                Rectangle(
                    (column, row), 1, 1, facecolor=style.SERIES[0],
                    alpha=0.6 * value / max(table[way]), edgecolor="none",
                )
            )  # fmt: skip
            axes.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=11)
        axes.set_xlim(0, SIDE)
        axes.set_ylim(SIDE, 0)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(TITLES[way], loc="center", fontsize=12)


def told() -> style.Table:
    """Error by noise level: mean, least and greatest of three networks for each kind."""
    table: style.Table = {"level": list(denoise.LEVELS)}
    for kind in denoise.KINDS:
        rows = denoise.errors(kind)
        table |= {
            f"{kind}_mean": rows.mean(0).tolist(),
            f"{kind}_least": rows.amin(0).tolist(),
            f"{kind}_most": rows.amax(0).tolist(),
        }
    return table


def draw_told(table: style.Table, panels: list[style.Axes]) -> None:
    """The kinds that are told more or less in the first panel, with and without skip connections in the second."""
    for axes, kinds in zip(panels, (TELLING, SKIPPING), strict=True):
        for n, (kind, text) in enumerate(kinds.items()):
            axes.plot(
                table["level"], table[f"{kind}_mean"], MARKS[n], color=style.SERIES[n], label=text
            )
            axes.fill_between(
                table["level"], table[f"{kind}_least"], table[f"{kind}_most"],
                color=style.SERIES[n], alpha=0.2, linewidth=0,
            )  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.set_xticks(denoise.LEVELS, [f"{level:g}" for level in denoise.LEVELS])
        axes.minorticks_off()
        axes.set_ylabel("squared error")
        axes.legend(loc="upper left", fontsize=10)
    panels[0].set_ylim(-0.01, 0.3)
    panels[1].set_ylim(0, 0.55)
    panels[0].set_title("told sign and start")
    panels[1].set_title("signals with grain, told nothing")
    panels[1].set_xlabel("noise level")


FIGURES = [
    style.Recipe("architectures/convolution/field", field, draw_field, size=(440, 290)),
    style.Recipe(
        "architectures/convolution/checkerboard", checkerboard, draw_checkerboard, size=(440, 180), grid=(1, 3)
    ),
    style.Recipe(
        "architectures/convolution/told", told, draw_told, size=(440, 560), grid=(2, 1),
        tolerance=0.25, absolute=0.01,
    ),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
