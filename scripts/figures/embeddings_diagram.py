"""docs/architectures/embeddings/diagram.svg: from a word to probabilities, and one vector for a text."""

from functools import partial

from docs.architectures.embeddings import embeddings
from scripts.figures import diagram, style

said = partial(diagram.vector, form=".2g")


def numbers() -> style.Table:
    """The example: both tables, logits and probabilities beside king, and the vector of a question."""
    z = embeddings.W[0] @ embeddings.U.T
    question = embeddings.U[[0, 3]].mean(0)
    return {
        "w": embeddings.W.flatten().tolist(),
        "u": embeddings.U.flatten().tolist(),
        "z": z.tolist(),
        "p": z.softmax(-1).tolist(),
        "q": question.tolist(),
        "cosine": embeddings.cosines(question[None], embeddings.W)[0].tolist(),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The language model above, the search below."""
    names = embeddings.NEIGHBOURS
    sheet.band(0, 312, "Language model", "a word goes in, probabilities come out")
    token = sheet.box(46, 84, 72, 44, "king", gloss="number 0")
    w = sheet.network(150, 84, 104, 56, "Embedding", r"$W$: $V \times E$")
    x = sheet.box(240, 84, 48, 28, said(table["w"][:2]))
    layers = sheet.network(332, 84, 100, 44, "other layers", gloss="here none")
    h = sheet.box(424, 84, 48, 28, said(table["w"][:2]))
    u = sheet.network(528, 84, 116, 56, "Unembedding", r"$U$: $V \times E$")
    sheet.label(240, 62, "row 0")
    sheet.label(424, 62, r"state $\mathbf{h}$")
    z = sheet.matrix(528, 166, [table["z"]], cell=(52, 24), columns=names, top=1.4)
    soft = sheet.pill(528, 206, 84, 28, "softmax")
    heat = sheet.box(436, 206, 36, 28, "$T$")
    p = sheet.matrix(528, 264, [table["p"]], cell=(52, 24), columns=names, top=1.0)
    sheet.label(640, 170, r"logits $\mathbf{z}$", anchor="start")
    sheet.label(410, 210, "temper-", "ature", anchor="end")
    sheet.label(528, 298, "probabilities")
    drawn = sheet.box(672, 264, 52, 28, "he", random=True)
    sheet.label(672, 296, "use: draw")
    loss = sheet.loss(304, 264, 116, 48, "loss", gloss="here 0.92")
    seen = sheet.box(150, 264, 64, 28, "crown")
    sheet.label(150, 296, "training: what stood there")
    sheet.chain([token, w, x, layers, h, u])
    sheet.arrow(u.bottom(4), z.top(4))
    sheet.arrow(z.bottom(4), soft.top(4))
    sheet.arrow(soft.bottom(4), p.top(4))
    sheet.arrow(p, drawn)
    sheet.arrow(heat, soft)
    sheet.arrow(p, loss)
    sheet.arrow(seen, loss)
    sheet.gradient(loss.top(-22), w.bottom(), "gradient", via=[(282, 190), (150, 190)], at=0.4)
    sheet.gradient(loss.top(18), layers.bottom(-10))
    sheet.gradient(loss.top(40), u.bottom(-44), via=[(344, 132), (484, 132)])
    sheet.band(324, 128, "Search", "a text becomes one vector and is compared with others")
    y = 392
    text = sheet.tokens(64, y, ("crown", "she"), gap=4)
    encoder = sheet.network(194, y, 116, 48, "Encoder", "mean of rows")
    q = sheet.box(318, y, 100, 28, said(table["q"]))
    cosine = sheet.pill(430, y, 72, 30, "cosine")
    stored = sheet.box(430, 436, 176, 24, "one vector a document")
    found = sheet.matrix(588, y, [table["cosine"]], cell=(52, 26), columns=embeddings.WORDS)
    sheet.label(588, 436, "queen is found first")
    sheet.chain([text[-1], encoder, q, cosine, found])
    sheet.arrow(stored, cosine)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same parts from top to bottom."""
    names, x = embeddings.NEIGHBOURS, 196
    sheet.band(0, 668, "Language model")
    token = sheet.box(x, 48, 140, 28, "king (number 0)")
    w = sheet.network(x, 104, 170, 40, r"Embedding $W$", gloss="")
    row = sheet.box(x, 158, 52, 26, said(table["w"][:2]))
    layers = sheet.network(x, 212, 120, 40, "other layers", gloss="here none")
    h = sheet.box(x, 266, 52, 26, said(table["w"][:2]))
    u = sheet.network(x, 320, 170, 40, r"Unembedding $U$")
    z = sheet.matrix(x, 392, [table["z"]], cell=(52, 24), columns=names, top=1.4)
    soft = sheet.pill(x, 436, 84, 28, "softmax")
    heat = sheet.box(90, 436, 36, 28, "$T$")
    p = sheet.matrix(x, 508, [table["p"]], cell=(52, 24), columns=names, top=1.0)
    sheet.label(230, 162, "row 0", anchor="start")
    sheet.label(230, 270, r"state $\mathbf{h}$", anchor="start")
    sheet.label(308, 396, "logits", anchor="start")
    sheet.label(250, 440, "$T$: temperature", anchor="start", size=11.5)
    sheet.label(308, 504, "proba-", "bilities", anchor="start", size=11.5)
    drawn = sheet.box(286, 572, 52, 28, "he", random=True)
    sheet.label(286, 604, "use: draw")
    loss = sheet.loss(144, 572, 116, 44, "loss", gloss="here 0.92")
    seen = sheet.box(144, 630, 64, 26, "crown")
    sheet.label(186, 634, "training: what stood there", anchor="start")
    sheet.chain([token, w, row, layers, h, u])
    sheet.arrow(u.bottom(4), z.top(4))
    sheet.arrow(z.bottom(4), soft.top(4))
    sheet.arrow(soft.bottom(4), p.top(4))
    sheet.arrow(heat, soft)
    sheet.arrow(p.bottom(-52), loss.top())
    sheet.arrow(p.bottom(90), drawn.top())
    sheet.arrow(seen, loss)
    for changed in (w, layers, u):
        sheet.gradient(loss.left(), changed.left(), via=40)
    sheet.label(46, 596, "gradient", colour=diagram.LOSS)
    sheet.band(680, 316, "Search", "one vector for a text")
    text = sheet.tokens(x, 730, ("crown", "she"), gap=4)
    encoder = sheet.network(x, 784, 120, 42, "Encoder", "mean of rows")
    q = sheet.box(x, 840, 102, 26, said(table["q"]))
    cosine = sheet.pill(x, 888, 76, 28, "cosine")
    stored = sheet.box(74, 888, 116, 40, "one vector", "a document")
    found = sheet.matrix(x, 956, [table["cosine"]], cell=(52, 26), columns=embeddings.WORDS)
    sheet.label(x, 988, "queen is found first")
    sheet.arrow(diagram.Port(x, 743, 0, 1), encoder.top())
    sheet.chain([encoder, q, cosine, found])
    sheet.arrow(stored, cosine)
    del text


FIGURES = [diagram.Recipe("architectures/embeddings/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
