"""docs/models/gpt/diagram.svg: training and generation of a GPT, with the numbers of the example."""

import torch

from docs.models.gpt import gpt
from scripts.figures import diagram, style

NAMES = [word.strip() for word in gpt.WORDS]
TEXT = gpt.SENTENCES[0]
READ = len(TEXT) - 1
WEIGHTS = r"$W_{\text{token}}$"
LOSS = r"cross-entropy: mean of $-\log p$"
APPEND = "append it and read the longer text; keys and values are kept in a cache"
GRADIENT = diagram.LOSS


def numbers() -> style.Table:
    """Embeddings with positions, probabilities and the loss of the first sentence."""
    model = gpt.by_hand().double()
    tokens = torch.tensor([TEXT])
    with torch.no_grad():
        x = model.wte[tokens[0, :READ]] + model.wpe[:READ]
        logits = model(tokens)[0]
        p = logits[0, :READ].softmax(-1)
    table = {f"x{i}": row.tolist() for i, row in enumerate(x)}
    table |= {f"p{i}": [round(v, 4) for v in row.tolist()] for i, row in enumerate(p)}
    return {**table, "loss": [float(gpt.loss(logits, tokens))]}


def rows(table: style.Table, name: str) -> list[list[float]]:
    """The vectors of the three positions."""
    return [table[f"{name}{i}"] for i in range(READ)]


def turned(values: list[list[float]]) -> list[list[float]]:
    """The same with a column for each position."""
    return [list(column) for column in zip(*values, strict=True)]


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Both phases."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The stream runs from left to right; what is added to it stands above it."""
    sheet.band(0, 312, "Training", "all positions at once")
    y = 172
    sheet.tokens(78, 104, [NAMES[token] for token in TEXT[:READ]], gap=2, height=24, width=42)
    x = sheet.matrix(78, y, turned(rows(table, "x")), cell=(44, 24), digits=1, top=3)
    sheet.label(78, 82, "text, vectors of $E = 4$")
    sheet.label(78, 238, "embedding + position")
    first, plus = sheet.dot(172, y), sheet.pill(298, y, 22, 22, "+")
    second, again = sheet.dot(322, y), sheet.pill(418, y, 22, 22, "+")
    attention = sheet.network(236, 92, 96, 50, "Attention", "norm first")
    mlp = sheet.network(372, 92, 80, 50, "MLP", "norm first")
    block = sheet.frame(297, 124, 268, 140)
    sheet.label(422, 211, "block, $L$ times", anchor="end")
    sheet.label(182, y + 18, "residual stream", anchor="start")
    unembed = sheet.network(473, y, 60, 50, "norm,", WEIGHTS)
    p = sheet.matrix(624, y, turned(rows(table, "p")), cell=(44, 22), top=1, rows=NAMES)
    sheet.label(624, 82, "softmax of $V = 6$ logits,")
    sheet.label(624, 99, "one column a position")
    sheet.arrow(x, first)
    sheet.arrow(first, plus)
    sheet.arrow(first.top(), attention.left(), via=[(172, 92)])
    sheet.arrow(attention.right(), plus.top(), via=[(298, 92)])
    sheet.arrow(plus, second)
    sheet.arrow(second, again)
    sheet.arrow(second.top(), mlp.left(), via=[(322, 92)])
    sheet.arrow(mlp.right(), again.top(), via=[(418, 92)])
    sheet.arrow(again, unembed)
    sheet.arrow(unembed.right(), diagram.Port(516, y, -1, 0))
    loss = sheet.loss(400, 268, 240, 46, LOSS, gloss=f"here {table['loss'][0]:.2f}")
    sheet.arrow(p.bottom(), loss.right(), via=[(624, 268)])
    shifted = sheet.tokens(
        78, 268, [NAMES[token] for token in TEXT[1:]], gap=2, height=24, width=42
    )
    sheet.label(78, 298, "targets: shifted by one")
    sheet.arrow(shifted[-1], loss)
    sheet.gradient(loss.top(-70), block.bottom(33))
    sheet.gradient(loss.top(73), unembed.bottom())
    sheet.gradient(loss.top(-110), x.right(38), "gradient", via=[(290, 210)], side="below", at=0.7)
    sheet.band(320, 128, "Generation", "only the last position is needed")
    y = 380
    read = sheet.tokens(78, y, [NAMES[token] for token in TEXT[:2]], gap=4, height=26)
    network = sheet.network(220, y, 122, 44, "Same network")
    last = sheet.matrix(418, y, [table["p1"]], cell=(38, 26), top=1, columns=NAMES)
    pill = sheet.pill(574, y, 56, 30, "draw")
    drawn = sheet.box(656, y, 50, 30, NAMES[TEXT[2]], random=True)
    sheet.chain([read[-1], network, last, pill, drawn])
    sheet.arrow(drawn.bottom(), read[-1].bottom(), APPEND, via=430)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The stream runs down; what is added to it stands at its right."""
    sheet.band(0, 694, "Training", "all positions at once")
    x = 104
    sheet.tokens(x, 52, [NAMES[token] for token in TEXT[:READ]], gap=2, height=24, width=42)
    sheet.label(180, 56, "text", anchor="start")
    stream = sheet.matrix(x, 118, turned(rows(table, "x")), cell=(44, 24), digits=1, top=3)
    sheet.label(180, 112, "embedding", "+ position, $E = 4$", anchor="start")
    first, plus = sheet.dot(x, 200), sheet.pill(x, 268, 22, 22, "+")
    second, again = sheet.dot(x, 294), sheet.pill(x, 362, 22, 22, "+")
    attention = sheet.network(222, 234, 100, 44, "Attention", "norm first")
    mlp = sheet.network(222, 328, 100, 44, "MLP", "norm first")
    block = sheet.frame(185, 281, 210, 186)
    sheet.label(298, 262, "block,", "$L$ times", anchor="start")
    sheet.label(113, 228, "residual", "stream", anchor="start")
    unembed = sheet.network(x, 412, 116, 32, f"norm, {WEIGHTS}")
    p = sheet.matrix(x, 506, turned(rows(table, "p")), cell=(44, 22), top=1)
    for name, at in zip(NAMES, range(6), strict=True):
        sheet.label(x + 72, 506 + 22 * (at - 2.5) + 4, name, anchor="start")
    sheet.label(226, 500, "softmax of", "$V = 6$ logits", anchor="start")
    sheet.chain([stream, first, plus, second, again, unembed, p])
    sheet.arrow(first.right(), attention.top(), via=[(222, 200)])
    sheet.arrow(attention.bottom(), plus.right(), via=[(222, 268)])
    sheet.arrow(second.right(), mlp.top(), via=[(222, 294)])
    sheet.arrow(mlp.bottom(), again.right(), via=[(222, 362)])
    loss = sheet.loss(160, 612, 238, 44, LOSS, gloss=f"here {table['loss'][0]:.2f}")
    sheet.arrow(p.bottom(), loss.top(x - 160))
    shifted = sheet.tokens(
        160, 670, [NAMES[token] for token in TEXT[1:]], gap=2, height=24, width=42
    )
    sheet.label(236, 674, "targets", anchor="start")
    sheet.arrow(shifted[1], loss)
    for changed in (block, unembed, stream):
        sheet.gradient(loss.left(), changed.left(), via=20)
    sheet.label(26, 389, "gradient", anchor="start", colour=GRADIENT)
    sheet.band(702, 228, "Generation", "the last position")
    read = sheet.tokens(56, 756, [NAMES[token] for token in TEXT[:2]], gap=4, height=26)
    network = sheet.network(236, 756, 124, 40, "Same network")
    last = sheet.matrix(208, 826, [table["p1"]], cell=(38, 26), top=1)
    for name, at in zip(NAMES, range(6), strict=True):
        sheet.label(208 + 38 * (at - 2.5), 856, name)
    pill = sheet.pill(236, 888, 60, 28, "draw")
    drawn = sheet.box(140, 888, 50, 28, NAMES[TEXT[2]], random=True)
    sheet.arrow(read[-1], network)
    sheet.arrow(network, last)
    sheet.arrow(diagram.Port(322, 826, 1, 0), pill.right(), via=[(336, 826), (336, 888)])
    sheet.arrow(pill, drawn)
    sheet.arrow(drawn.left(), read[-1].bottom(), via=[(read[-1].x, 888)])
    sheet.label(44, 862, "append")
    sheet.label(190, 920, "keys and values are kept in a cache")


FIGURES = [diagram.Recipe("models/gpt/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
