"""docs/architectures/index/block.svg: a decoder-only Transformer with the parameters of each part of GPT-2."""

from matplotlib.patches import Circle, FancyBboxPatch

from scripts.figures import style

VOCABULARY, CONTEXT, WIDTH, LAYERS = 50257, 1024, 768, 12  # the smallest GPT-2
STREAM, BOXES = 60, 118  # where the stream runs and the boxes begin, in pixels
PARTS = (
    "token embedding",
    "position embedding",
    "norm",
    "attention",
    "norm",
    "feed-forward",
    "final norm",
    "unembedding (shared)",
)


def count() -> style.Table:
    """Parameters of each part, in the order of PARTS, and how often the part occurs."""
    attention = 4 * WIDTH * WIDTH + 4 * WIDTH  # queries, keys, values, output
    feed_forward = 2 * WIDTH * 4 * WIDTH + 5 * WIDTH  # up to four widths and down again
    norm = 2 * WIDTH
    parameters = [VOCABULARY * WIDTH, CONTEXT * WIDTH, norm, attention, norm, feed_forward, norm, 0]
    return {
        "parameters": [float(number) for number in parameters],
        "copies": [1.0, 1.0, LAYERS, LAYERS, LAYERS, LAYERS, 1.0, 1.0],
    }


def spell(number: float) -> str:
    """A count as a reader says it: 2.36 M, 1.5 k."""
    if number >= 1e6:
        return f"{number / 1e6:.2f} M"
    return f"{number / 1e3:.1f} k" if number else "0"


def box(axes: style.Axes, y: float, text: str, colour: str, note: str) -> None:
    """A labelled box with its parameters on the right."""
    axes.add_patch(
        FancyBboxPatch(
            (BOXES, y - 12),
            130,
            24,
            boxstyle="round,pad=0,rounding_size=5",
            facecolor=style.PAPER,
            edgecolor=colour,
            linewidth=1.6,
        )
    )
    axes.text(BOXES + 65, y, text, ha="center", va="center", fontsize=11)
    axes.text(358, y, note, ha="right", va="center", fontsize=11, color=style.MUTED)


def arrow(axes: style.Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A thin arrow between two points."""
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": style.MUTED,
            "lw": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def plus(axes: style.Axes, y: float) -> None:
    """The place where a layer adds to the stream."""
    axes.add_patch(
        Circle((STREAM, y), 9, facecolor=style.PAPER, edgecolor=style.INK, linewidth=1.4, zorder=4)
    )
    axes.plot([STREAM - 4, STREAM + 4], [y, y], color=style.INK, linewidth=1.6, zorder=5)
    axes.plot([STREAM, STREAM], [y - 4, y + 4], color=style.INK, linewidth=1.6, zorder=5)


def draw_block(table: style.Table, axes: style.Axes) -> None:
    """The stream upwards on the left, what reads from it and adds to it on the right."""
    style.bare(axes)
    axes.set_position((0, 0, 1, 1))
    axes.set_xlim(0, 360)
    axes.set_ylim(0, 470)
    notes = [spell(number) for number in table["parameters"]]
    layers = round(table["copies"][3])
    total = sum(a * b for a, b in zip(table["parameters"], table["copies"], strict=True))
    axes.add_patch(
        FancyBboxPatch(
            (30, 118),
            256,
            228,
            boxstyle="round,pad=0,rounding_size=8",
            facecolor="none",
            edgecolor=style.MUTED,
            linewidth=1.2,
            linestyle=(0, (4, 3)),
        )
    )
    axes.text(
        280, 334, f"block, {layers} times", fontsize=11, color=style.MUTED, ha="right", va="center"
    )
    axes.plot([STREAM, STREAM], [56, 380], color=style.INK, linewidth=2.4)
    axes.plot([STREAM, BOXES], [56, 56], color=style.INK, linewidth=2.4)
    axes.text(STREAM - 12, 104, "stream", fontsize=11, ha="right", va="center")
    axes.text(183, 18, "token numbers", fontsize=11, ha="center", va="center")
    arrow(axes, (183, 27), (183, 44))
    box(axes, 56, PARTS[0], style.SERIES[0], notes[0])
    box(axes, 90, PARTS[1], style.SERIES[0], notes[1])
    arrow(axes, (BOXES, 90), (STREAM + 9, 90))
    plus(axes, 90)
    for low, parts, colour in ((140, (2, 3), 1), (242, (4, 5), 2)):
        box(axes, low, PARTS[parts[0]], style.SERIES[4], notes[parts[0]])
        box(axes, low + 36, PARTS[parts[1]], style.SERIES[colour], notes[parts[1]])
        arrow(axes, (STREAM, low), (BOXES, low))
        arrow(axes, (183, low + 12), (183, low + 24))
        axes.plot([183, 183], [low + 48, low + 66], color=style.MUTED, linewidth=1.2)
        arrow(axes, (183, low + 66), (STREAM + 9, low + 66))
        plus(axes, low + 66)
    arrow(axes, (STREAM, 380), (BOXES, 380))
    box(axes, 380, PARTS[6], style.SERIES[4], notes[6])
    arrow(axes, (183, 392), (183, 402))
    box(axes, 414, PARTS[7], style.SERIES[0], notes[7])
    arrow(axes, (183, 426), (183, 440))
    axes.text(183, 450, "logits, softmax: next token", fontsize=11, ha="center", va="center")
    axes.text(358, 18, f"sum {total / 1e6:.1f} M", fontsize=11, ha="right", va="center")


FIGURES = [style.Recipe("architectures/index/block", count, draw_block, size=(360, 470))]

if __name__ == "__main__":
    style.main(FIGURES)
