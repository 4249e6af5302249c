"""docs/architectures/efficient-attention/*.svg: the forms, the patterns, reads and writes."""

from importlib import import_module

import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from scripts.figures import style

efficient_attention = import_module("docs.architectures.efficient-attention.efficient_attention")

TOKENS, WINDOW = 8, 4  # of the example
WIDTH, TILES = 128, (32, 64, 256)  # of a head; rows of a tile
LENGTHS = [2**n for n in range(8, 17)]
DEPTHS = (1, 2, 4, 8)
STEPS = 12  # tokens of the patterns
PATTERNS = {
    "causal": efficient_attention.window_mask(STEPS, STEPS),
    "window of 4": efficient_attention.window_mask(STEPS, WINDOW),
    "window of 3, one sink": efficient_attention.window_mask(STEPS, WINDOW - 1, 1),
    "window and every 4th": efficient_attention.fixed_mask(STEPS, WINDOW),
}


def forms() -> style.Table:
    """Bytes that each form keeps for eight tokens, and operations for each byte that is read."""
    shapes = [*efficient_attention.FORMS.values(), efficient_attention.FORMS["GQA"]]
    seen = [TOKENS] * 4 + [WINDOW]
    kept = [float(shape.cache(m)) for shape, m in zip(shapes, seen, strict=True)]
    done = [float(shape.operations(m)) for shape, m in zip(shapes, seen, strict=True)]
    return {"bytes": kept, "intensity": [a / b for a, b in zip(done, kept, strict=True)]}


def draw_forms(table: style.Table, axes: style.Axes) -> None:
    """A bar for each form, with its operations a byte written at the end."""
    names = ("MHA", "GQA", "MQA", "MLA", "GQA, window of 4")
    axes.barh(range(5), table["bytes"], 0.6, color=style.SERIES[0], alpha=0.6)
    for row, (kept, rate) in enumerate(zip(*table.values(), strict=True)):
        axes.text(
            kept + 4,
            row,
            f"{kept:.0f} bytes; {rate:.2g} operation{'s' * (rate != 1)} a byte",
            va="center",
        )
    axes.set_yticks(range(5), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 470)
    axes.set_xlabel("cache of eight tokens, bytes")
    axes.grid(visible=False)


def patterns() -> style.Table:
    """For each pattern and pair of tokens: 1 if the token of the row sees that of the column."""
    cells = [
        (float(n), float(i), float(j), float(allowed[i, j]))
        for n, allowed in enumerate(PATTERNS.values())
        for i in range(STEPS)
        for j in range(i + 1)
    ]
    names = ("pattern", "row", "column", "seen")
    return {name: [cell[n] for cell in cells] for n, name in enumerate(names)}


def draw_patterns(table: style.Table, axes: style.Axes) -> None:
    """Two rows of two masks; a square for each pair that is seen."""
    counts = [0] * len(PATTERNS)
    for pattern, row, column, seen in zip(*table.values(), strict=True):
        n = int(pattern)
        counts[n] += int(seen)
        if not seen:
            continue
        x, y = (n % 2) * 16 + column, (n // 2) * 15.5 + row
        square = Rectangle((x + 0.06, y + 0.06), 0.88, 0.88, color=style.SERIES[0], alpha=0.55)
        axes.add_patch(square)
    for n, (name, count) in enumerate(zip(PATTERNS, counts, strict=True)):
        x, y = (n % 2) * 16, (n // 2) * 15.5
        axes.add_patch(Rectangle((x, y), STEPS, STEPS, fill=False, edgecolor=style.MUTED))
        axes.text(x, y - 0.6, f"{name}: {count} pairs", fontsize=11)
    axes.set_xlim(-0.3, 29)
    axes.set_ylim(28, -2.2)
    axes.set_aspect("equal")
    style.bare(axes)


def shares(depth: int) -> list[float]:
    """What share of a token's output comes from each distance after some layers of equal weights."""
    n = DEPTHS[-1] * (WINDOW - 1) + 1
    mean = efficient_attention.window_mask(n, WINDOW).double()
    mean /= mean.sum(-1, keepdim=True)
    paths: Tensor = torch.linalg.matrix_power(mean, depth)
    return [float(x) for x in paths[-1].flip(0)]


def spread() -> style.Table:
    """The shares by distance after one, two, four and eight layers."""
    columns = {f"layers {depth}": shares(depth) for depth in DEPTHS}
    return {"distance": [float(n) for n in range(len(columns["layers 1"]))], **columns}


def draw_spread(table: style.Table, axes: style.Axes) -> None:
    """A line for each number of layers, as far as it reaches."""
    marks = ("o-", "s--", "^:", "D-")
    for n, depth in enumerate(DEPTHS):
        end = depth * (WINDOW - 1) + 1
        name = f"{depth} layer" + "s" * (depth > 1)
        axes.plot(
            table["distance"][:end],
            table[f"layers {depth}"][:end],
            marks[n],
            color=style.SERIES[n],
            label=name,
            markersize=4,
        )
    axes.set_xlabel("tokens back")
    axes.set_ylabel("share of the output")
    axes.set_ylim(0, 0.27)
    axes.legend(loc="upper right")


def moved(n: int, t: int) -> int:
    """Numbers read and written by attention in blocks without a mask, one head."""
    return 2 * n * WIDTH * (1 + n // t) + n


def traffic() -> style.Table:
    """MiB that one head moves at two bytes a number, written out and in tiles, by length."""
    mib = 2 / 2**20
    table = {"tokens": [float(n) for n in LENGTHS]}
    table["written out"] = [mib * (4 * n * WIDTH + 4 * n * n) for n in LENGTHS]
    for t in TILES:
        table[f"tiles of {t}"] = [mib * moved(n, t) for n in LENGTHS]
    return table


def draw_traffic(table: style.Table, axes: style.Axes) -> None:
    """A line for each way on logarithmic axes."""
    for n, (name, mark) in enumerate(zip(list(table)[1:], ("o-", "s--", "^:", "D-"), strict=True)):
        axes.plot(table["tokens"], table[name], mark, color=style.SERIES[n], label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([256, 1024, 4096, 16384, 65536], ["256", "1,024", "4,096", "16,384", "65,536"])
    axes.set_yticks([1, 10, 100, 1000, 10000], ["1", "10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    axes.set_xlabel("tokens")
    axes.set_ylabel("MiB read and written")
    axes.legend(loc="upper left")


FIGURES = [
    style.Recipe("architectures/efficient-attention/forms", forms, draw_forms, (560, 210)),
    style.Recipe("architectures/efficient-attention/patterns", patterns, draw_patterns, (460, 470)),
    style.Recipe("architectures/efficient-attention/spread", spread, draw_spread, (440, 280)),
    style.Recipe("architectures/efficient-attention/traffic", traffic, draw_traffic, (440, 300)),
]

if __name__ == "__main__":
    style.main(FIGURES)
