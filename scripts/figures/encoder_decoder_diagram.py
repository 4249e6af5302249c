"""docs/architectures/encoder-decoder/diagram.svg: the source once, the target word by word, in training and in use."""

import math

import torch

from scripts.figures import diagram, style
from scripts.figures import encoder_decoder as figures

ed = figures.ed
GIVEN = ["<start>", *figures.TARGET.split()]
WANTED = [*GIVEN[1:], "<end>"]


def numbers() -> style.Table:
    """Probability of each next word of the example, its loss, and the two that can follow mi tok."""
    source, given = figures.example()
    with torch.no_grad():
        logits, _ = figures.model().decode(given, figures.model().encode(source), source)
    p = logits[0].softmax(-1)
    right = [p[n, ed.WORDS.index(word)].item() for n, word in enumerate(WANTED)]
    return {
        "right": right,
        "nats": [-math.log(value) for value in right],
        "ga": [p[2, ed.WORDS.index("ga")].item()] * 4,
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def losses(table: style.Table) -> str:
    """The four losses as a line."""
    return "  ".join(f"{abs(value):.2f}" for value in table["nats"])


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Encoder above, decoder in training below it, decoder in use at the bottom."""
    sheet.band(0, 118, "Encoder", "reads the source once; all words see each other")
    source = sheet.tokens(84, 70, figures.SOURCE.split(), gap=0, width=50)
    table_in = sheet.network(240, 70, 96, 50, "Words", "+ places")
    own = sheet.network(364, 70, 116, 50, "Self-attention", "all pairs")
    up = sheet.network(488, 70, 108, 50, "Feed-forward")
    states = sheet.box(
        632, 70, 128, 50, r"$\mathbf{h}_1, \mathbf{h}_2, \mathbf{h}_3$", "of 16 numbers"
    )
    sheet.arrow(source[-1], table_in)
    sheet.chain([table_in, own, up, states])
    sheet.band(130, 252, "Decoder, in training", "reads the right words, predicts each next one")
    given = sheet.tokens(134, 200, GIVEN, gap=0, width=62)
    table_out = sheet.network(318, 200, 96, 50, "Words", "+ places")
    masked = sheet.network(446, 200, 116, 50, "Self-attention", "itself, earlier")
    crossed = sheet.network(632, 200, 132, 50, "Cross-attention", r"keys, values: $\mathbf{h}$")
    sheet.arrow(given[-1], table_out)
    sheet.chain([table_out, masked, crossed], ["", "queries"])
    sheet.arrow(states, crossed)
    down = sheet.network(632, 284, 132, 44, "Feed-forward")
    logits = sheet.network(470, 284, 120, 50, "Words, again", r"$M \times V$ logits")
    soft = sheet.pill(338, 284, 80, 36, "softmax")
    loss = sheet.loss(192, 284, 140, 50, r"$-\log p$", gloss="of the next word")
    sheet.tokens(192, 354, WANTED, gap=0, width=56)
    sheet.chain([crossed, down, logits, soft, loss])
    sheet.arrow(diagram.Port(192, 337, 0, -1), loss.bottom())
    sheet.label(46, 350, "right", "words")
    sheet.label(520, 346, f"losses: {losses(table)}", "all blue boxes learn from their mean")
    sheet.band(394, 116, "Decoder, in use", "reads what it has written, until <end>")
    began = sheet.tokens(106, 448, GIVEN[:3], gap=0, width=62)
    net = sheet.network(276, 448, 110, 44, "Decoder", r"with $\mathbf{h}$")
    ga, zum = table["ga"][0], table["right"][2]
    nexts = sheet.box(428, 448, 120, 44, f"ga {ga:.2f}", f"zum {zum:.2f}")
    choose = sheet.pill(580, 448, 120, 44, "greedy or", "beam search")
    sheet.arrow(began[-1], net)
    sheet.chain([net, nexts, choose])
    sheet.arrow(choose.bottom(), began[1].bottom(), via=[(580, 494), (106, 494)])
    sheet.label(338, 488, "the chosen word is written behind the others")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same parts from top to bottom."""
    sheet.band(0, 244, "Encoder", "reads the source once")
    source = sheet.tokens(114, 56, figures.SOURCE.split(), gap=0, width=54)
    table_in = sheet.network(114, 104, 140, 34, "Words + places")
    own = sheet.network(114, 156, 160, 42, "Self-attention", "all pairs")
    up = sheet.network(114, 212, 140, 34, "Feed-forward")
    states = sheet.box(
        276, 212, 120, 44, r"$\mathbf{h}_1, \mathbf{h}_2, \mathbf{h}_3$", "of 16 numbers"
    )
    sheet.chain([source[1], table_in, own, up, states])
    sheet.band(256, 500, "Decoder, in training")
    given = sheet.tokens(136, 308, GIVEN, gap=0, width=64)
    table_out = sheet.network(114, 358, 140, 34, "Words + places")
    masked = sheet.network(114, 410, 160, 42, "Self-attention", "itself, earlier")
    crossed = sheet.network(114, 482, 160, 44, "Cross-attention", r"keys, values: $\mathbf{h}$")
    down = sheet.network(114, 538, 140, 34, "Feed-forward")
    logits = sheet.network(114, 592, 150, 44, "Words, again", r"$M \times V$ logits")
    soft = sheet.pill(114, 646, 90, 32, "softmax")
    loss = sheet.loss(268, 646, 140, 48, r"$-\log p$", gloss="of the next word")
    sheet.tokens(230, 712, WANTED, gap=0, width=54)
    sheet.arrow(given[1].bottom(10), table_out.top())
    sheet.chain([table_out, masked])
    sheet.arrow(masked, crossed, "queries")
    sheet.chain([crossed, down, logits, soft, loss])
    sheet.arrow(states.bottom(), crossed.right(), via=[(276, 482)])
    sheet.arrow(diagram.Port(268, 695, 0, -1), loss.bottom())
    sheet.label(74, 708, "right", "words")
    sheet.label(120, 746, f"losses: {losses(table)}")
    sheet.label(262, 560, "all blue boxes", "learn from the", "mean loss")
    sheet.band(768, 250, "Decoder, in use")
    began = sheet.tokens(124, 820, GIVEN[:3], gap=0, width=64)
    net = sheet.network(124, 872, 130, 42, "Decoder", r"with $\mathbf{h}$")
    ga, zum = table["ga"][0], table["right"][2]
    nexts = sheet.box(124, 928, 130, 42, f"ga {ga:.2f}", f"zum {zum:.2f}")
    choose = sheet.pill(124, 984, 180, 34, "greedy or beam search")
    sheet.chain([began[1], net, nexts, choose])
    sheet.arrow(choose.right(), began[2].right(), via=[(244, 984), (244, 820)])
    sheet.label(254, 900, "the chosen", "word is", "written", anchor="start")


FIGURES = [diagram.Recipe("architectures/encoder-decoder/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
