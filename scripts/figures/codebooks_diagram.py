"""docs/architectures/codebooks/diagram.svg: a vector quantiser in training and in use."""

import torch

from docs.architectures.codebooks import codebooks
from scripts.figures import diagram, style

U, Z, X, MADE = r"$\mathbf{u}$", r"$\mathbf{z}$", r"$\mathbf{x}$", r"$\hat{\mathbf{x}}$"
GAP = r"$\gamma \lVert \mathbf{u} - \mathbf{e}_k \rVert^2$"


def numbers() -> style.Table:
    """The first output of the example, its code, the number of the code, and the commitment loss."""
    u, e = torch.tensor(codebooks.OUTPUTS[:1]), torch.tensor(codebooks.CODES)
    k = codebooks.nearest(u, e)
    return {
        "u": u[0].tolist(),
        "z": e[k][0].tolist(),
        "number": [float(k[0]) + 1],
        "commitment": [codebooks.COMMITMENT * float((u - e[k]).square().sum())],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, use below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    u, z = diagram.vector(table["u"]), diagram.vector(table["z"])
    number, commitment = table["number"][0], table["commitment"][0]
    sheet.band(0, 236, "Training", "all three learn")
    y = 112
    x = sheet.box(34, y, 40, 34, X)
    encoder = sheet.encoder(122, y, 92, 66)
    out = sheet.box(226, y, 82, 34, f"{U} = {u}")
    look = sheet.pill(336, y, 92, 36, "nearest")
    code = sheet.box(446, y, 82, 34, f"{Z} = {z}")
    decoder = sheet.decoder(550, y, 92, 66)
    made = sheet.box(634, y, 40, 34, MADE)
    book = sheet.network(336, 196, 140, 54, "Codebook", f"$K = {len(codebooks.CODES)}$ codes")
    near = sheet.loss(168, 196, 128, 46, GAP, gloss=f"commitment: {commitment:g}")
    error = sheet.loss(582, 196, 154, 46, rf"{X} against {MADE}", gloss="reconstruction")
    sheet.chain([x, encoder, out, look, code, decoder, made])
    sheet.arrow(book, look)
    sheet.arrow(out.bottom(-18), near.top(226 - 18 - 168))
    sheet.arrow(book, near)
    sheet.arrow(made, error.top(52))
    sheet.arrow(x.bottom(), error.bottom(), via=[(34, 229), (582, 229)])
    sheet.gradient(error.top(-32), decoder.bottom())
    sheet.gradient(near.top(-46), encoder.bottom())
    sheet.gradient(decoder.top(), encoder.top(), "gradient, straight through", via=50)
    sheet.label(414, 186, "codes move to", anchor="start")
    sheet.label(414, 202, "the mean of", anchor="start")
    sheet.label(414, 218, f"their {U}", anchor="start")
    sheet.band(246, 136, "Use", "nothing learns; the number is stored, sent or predicted")
    y = 312
    x = sheet.box(34, y, 40, 34, X)
    encoder = sheet.encoder(116, y, 82, 60, frozen=True)
    look = sheet.pill(214, y, 78, 36, "nearest")
    sent = sheet.box(336, y, 124, 48, f"$k = {number:g}$", gloss="of 4: 2 bits")
    fetch = sheet.pill(456, y, 78, 36, "look up")
    decoder = sheet.decoder(560, y, 82, 60, frozen=True)
    made = sheet.box(650, y, 40, 34, MADE)
    sheet.chain([x, encoder, look, sent, fetch, decoder, made])
    sheet.label(214, 350, "with the codebook", muted=True)
    sheet.label(456, 350, "with the codebook", muted=True)
    sheet.label(116, 366, "frozen", muted=True)
    sheet.label(560, 366, "frozen", muted=True)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    u, z = diagram.vector(table["u"]), diagram.vector(table["z"])
    number, commitment = table["number"][0], table["commitment"][0]
    sheet.band(0, 514, "Training", "all three learn")
    at = 112
    x = sheet.box(at, 52, 40, 32, X)
    encoder = sheet.encoder(at, 120, 104, 56, flow="down")
    out = sheet.box(at, 194, 90, 34, f"{U} = {u}")
    look = sheet.pill(at, 262, 96, 36, "nearest")
    code = sheet.box(at, 328, 90, 34, f"{Z} = {z}")
    decoder = sheet.decoder(at, 402, 104, 56, flow="down")
    made = sheet.box(at, 470, 40, 32, MADE)
    near = sheet.loss(268, 194, 132, 46, GAP, gloss=f"commitment: {commitment:g}")
    book = sheet.network(268, 262, 132, 50, "Codebook", f"$K = {len(codebooks.CODES)}$ codes")
    error = sheet.loss(268, 470, 148, 46, rf"{X} against {MADE}", gloss="reconstruction")
    sheet.chain([x, encoder, out, look, code, decoder, made])
    sheet.arrow(out, near)
    sheet.arrow(book, near)
    sheet.arrow(book, look)
    sheet.arrow(made, error)
    sheet.arrow(x.left(), error.bottom(), via=[(12, 52), (12, 503), (268, 503)])
    sheet.gradient(error.top(), decoder.right())
    sheet.gradient(near.top(), encoder.right())
    sheet.gradient(decoder.left(), encoder.left(), via=26)
    sheet.label(268, 306, "codes move to the", muted=True)
    sheet.label(268, 322, f"mean of their {U}", muted=True)
    sheet.label(180, 356, "dashed at the left:", anchor="start")
    sheet.label(180, 372, "straight through", anchor="start")
    sheet.band(524, 214, "Use", "nothing learns")
    x = sheet.box(34, 586, 40, 32, X)
    encoder = sheet.encoder(132, 586, 96, 54, frozen=True)
    look = sheet.pill(268, 586, 84, 36, "nearest")
    sent = sheet.box(268, 654, 110, 44, f"$k = {number:g}$", gloss="of 4: 2 bits")
    fetch = sheet.pill(132, 654, 84, 36, "look up")
    decoder = sheet.decoder(132, 710, 96, 40, frozen=True, flow="right")
    made = sheet.box(268, 710, 40, 32, MADE)
    sheet.chain([x, encoder, look, sent, fetch])
    sheet.arrow(fetch, decoder)
    sheet.arrow(decoder, made)
    sheet.label(46, 634, "both with the", muted=True)
    sheet.label(46, 650, "codebook", muted=True)
    sheet.label(46, 714, "frozen", muted=True)
    sheet.label(132, 626, "frozen", muted=True)


FIGURES = [diagram.Recipe("architectures/codebooks/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
