"""docs/models/index/map.svg: the model classes by the work of one sample and by what is known of its likelihood."""

from matplotlib.patches import FancyBboxPatch

from scripts.figures import style

WIDTH, HEIGHT = 360, 322
LEFT, BOTTOM, COLUMN, ROW = 64, 44, 97, 62  # the grid, in pixels

PASSES = (("one", "pass"), ("many refining", "passes"), ("one pass for", "each element"))
LIKELIHOOD = (("none",), ("up to a", "constant"), ("lower", "bound"), ("exact",))
CLASSES = {
    ("GAN",): (0, 0, 0),
    ("VAE",): (0, 2, 1),
    ("normalising", "flow"): (0, 3, 2),
    ("energy-based", "model"): (1, 1, 3),
    ("diffusion", "model"): (1, 2, 4),
    ("autoregressive", "model"): (2, 3, 5),
}


def place() -> style.Table:
    """The place of each class in its row and column, and the number of its colour."""
    return {
        "passes": [float(place[0]) for place in CLASSES.values()],
        "likelihood": [float(place[1]) for place in CLASSES.values()],
        "colour": [float(place[2]) for place in CLASSES.values()],
    }


def write_lines(
    axes: style.Axes, x: float, y: float, lines: tuple[str, ...], colour: str, align: str = "center"
) -> None:
    """Lines of text around a height, each aligned by itself."""
    for number, line in enumerate(lines):
        height = y + 13 * ((len(lines) - 1) / 2 - number)
        axes.text(x, height, line, ha=align, va="center", fontsize=11, color=colour)


def draw_map(table: style.Table, axes: style.Axes) -> None:
    """A grid of three columns and four rows with one labelled box for each class."""
    style.bare(axes)
    axes.set_position((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    right, top = LEFT + 3 * COLUMN, BOTTOM + 4 * ROW
    for edge in range(4):
        axes.plot([LEFT + edge * COLUMN] * 2, [BOTTOM, top], color=style.GRID, linewidth=1)
    for edge in range(5):
        axes.plot([LEFT, right], [BOTTOM + edge * ROW] * 2, color=style.GRID, linewidth=1)
    places = zip(CLASSES, table["passes"], table["likelihood"], table["colour"], strict=True)
    for lines, column, row, colour in places:
        x, y = LEFT + (column + 0.5) * COLUMN, BOTTOM + (row + 0.5) * ROW
        width, height = COLUMN - 8, 13 * len(lines) + 10
        axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - height / 2),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=5",
                facecolor="none",
                edgecolor=style.SERIES[int(colour)],
                linewidth=1.6,
            )
        )
        write_lines(axes, x, y, lines, style.INK)
    axes.text(LEFT - 6, BOTTOM - 20, "sampling", fontsize=11, ha="right", va="center")
    for number, lines in enumerate(PASSES):
        write_lines(axes, LEFT + (number + 0.5) * COLUMN, BOTTOM - 20, lines, style.MUTED)
    for number, lines in enumerate(LIKELIHOOD):
        write_lines(axes, LEFT - 6, BOTTOM + (number + 0.5) * ROW, lines, style.MUTED, "right")
    axes.text(LEFT - 6, top + 14, "likelihood", fontsize=11, ha="right", va="center")


FIGURES = [style.Recipe("models/index/map", place, draw_map, size=(WIDTH, HEIGHT))]

if __name__ == "__main__":
    style.main(FIGURES)
