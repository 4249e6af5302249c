"""docs/architectures/index/block.svg: a decoder-only Transformer with the parameters of each part of GPT-2."""

from scripts.figures import diagram, style

VOCABULARY, CONTEXT, WIDTH, LAYERS = 50257, 1024, 768, 12  # the smallest GPT-2
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
DOES = (
    "one vector for each token number",
    "which place each token has",
    "takes mean and scale out",
    "moves information between positions",
    "takes mean and scale out",
    "computes at each position alone",
    "takes mean and scale out",
    "one logit for each entry of the vocabulary",
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


def draw_block(table: style.Table, sheet: diagram.Sheet) -> None:
    """The stream upwards on the left, what reads from it and adds to it on the right."""
    notes = [spell(number) for number in table["parameters"]]
    notes[-1] = f"{notes[-1]} (shared)"
    layers = round(table["copies"][3])
    total = sum(a * b for a, b in zip(table["parameters"], table["copies"], strict=True))
    stream, middle, wide = (40.0, 166.0, 168.0) if sheet.narrow else (92.0, 236.0, 190.0)
    edge = sheet.width - 12.0
    sheet.band(
        0,
        600,
        "Decoder-only Transformer",
        f"{total / 1e6:.1f} M {'in all' if sheet.narrow else 'parameters'}",
    )

    def part(place: int, y: float) -> diagram.Shape:
        """A part, what it does, and how many parameters it has."""
        made = sheet.network(middle, y, wide, 30, PARTS[place].partition(" (")[0])
        sheet.label(edge, y + 4, notes[place], anchor="end")
        if not sheet.narrow:
            sheet.label(middle + wide / 2 + 24, y + 4, DOES[place], anchor="start")
        return made

    def plus(y: float) -> diagram.Shape:
        """The place where a layer adds to the stream."""
        return sheet.pill(stream, y, 24, 24, "+")

    sheet.label(middle, 586, "Ann saw, as token numbers", muted=False)
    embedding, positions = part(0, 536), part(1, 488)
    sheet.arrow(diagram.Port(middle, 572, 0, -1), embedding.bottom())
    first = plus(488)
    sheet.arrow(embedding.left(), first.bottom())
    sheet.arrow(positions, first)
    left, right = stream - 22, middle + wide / 2 + 14
    sheet.frame((left + right) / 2, 304, right - left, 290)
    sheet.label(right - 8, 178, f"block, {layers} times", anchor="end")
    before = first
    for low, places in ((422, (2, 3)), (288, (4, 5))):
        norm, layer = part(places[0], low), part(places[1], low - 50)
        after = plus(low - 90)
        sheet.arrow(norm, layer)
        sheet.arrow(layer.top(), after.right())
        sheet.arrow(before, after)
        sheet.arrow(sheet.dot(stream, low), norm)
        before = after
    last, out = part(6, 130), part(7, 82)
    sheet.arrow(before.top(), last.left())
    sheet.chain([last, out])
    sheet.arrow(out.top(), diagram.Port(middle, 51, 0, 1))
    sheet.label(middle, 46, "logits, softmax: next token", muted=False)


FIGURES = [diagram.Recipe("architectures/index/block", count, draw_block)]

if __name__ == "__main__":
    style.main(FIGURES)
