"""docs/models/vq-vae/diagram.svg: the two stages of training, and generation, with the row of the example."""

from importlib import import_module

import torch

from scripts.figures import diagram, style

source = import_module("docs.models.vq-vae.vq_vae")
X, MADE, U = r"$\mathbf{x}$", r"$\hat{\mathbf{x}}$", r"$\mathbf{u}$"


def numbers() -> style.Table:
    """The row of the example, its codes, what is restored, the error, and the bits under the learned prior."""
    x, e = torch.tensor(source.ROW), torch.tensor(source.CODES)
    k = torch.cdist(x, e).argmin(-1)
    prior = source.priors(torch.tensor(source.COUNTS).double())["in order"]
    return {
        "x": x.flatten().tolist(),
        "k": [float(n) + 1 for n in k],
        "restored": e[k].flatten().tolist(),
        "error": [float((e[k] - x).square().sum())],
        "bits": [float(-prior[k[0], k[1]].log2())],
        "first": [float(prior[0].sum())],
        "second": [float(prior[0, 1] / prior[0].sum())],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Stage one, stage two, generation."""
    (narrow if sheet.narrow else wide)(table, sheet)


def words(table: style.Table) -> tuple[str, str, str]:
    """The row, its codes, and what is restored."""
    one, two, three = (diagram.vector(table[name]) for name in ("x", "k", "restored"))
    return one, two, three


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    row, codes, restored = words(table)
    sheet.band(0, 200, "Training, stage one", "encoder, codebook and decoder learn")
    y = 92
    x = sheet.box(52, y, 84, 44, row, gloss=f"{X}, two parts")
    encoder = sheet.encoder(158, y, 92, 62)
    near = sheet.pill(264, y, 84, 34, "nearest")
    k = sheet.box(366, y, 80, 44, f"$k$ = {codes}", gloss="two codes")
    decoder = sheet.decoder(474, y, 92, 62)
    made = sheet.box(590, y, 100, 44, restored, gloss=f"{MADE}, restored")
    loss = sheet.loss(590, 158, 180, 42, f"squared error {table['error'][0]:g}")
    book = sheet.network(315, 158, 110, 38, "Codebook")
    sheet.chain([x, encoder, near, k, decoder, made])
    sheet.arrow(made, loss)
    sheet.arrow(book.top(-51), near.bottom())
    sheet.arrow(book.right(), decoder.bottom(-20), via=[(454, 158)])
    sheet.arrow(x.bottom(), loss.bottom(), via=190)
    sheet.gradient(loss.left(), decoder.bottom(20), via=[(494, 158)])
    sheet.gradient(decoder.top(), encoder.top(), "gradient, straight through", via=46)
    sheet.band(210, 140, "Training, stage two", "the prior learns, the rest stands still")
    y = 284
    x = sheet.box(52, y, 84, 44, row, gloss=f"{X}, again")
    encoder = sheet.encoder(158, y, 92, 62, frozen=True)
    near = sheet.pill(264, y, 84, 34, "nearest")
    k = sheet.box(366, y, 80, 44, f"$k$ = {codes}")
    prior = sheet.network(484, y, 92, 46, "Prior", "$p(k_t | k_{<t})$")
    loss = sheet.loss(626, y, 110, 46, f"{table['bits'][0]:g} bit", gloss="for both codes")
    sheet.chain([x, encoder, near, k, prior, loss])
    sheet.label(264, 318, "with the codebook", muted=True)
    sheet.gradient(loss.top(), prior.top(), "gradient", via=242)
    sheet.arrow(k.bottom(), loss.bottom(), "the codes, as targets", via=326, side="below")
    sheet.band(360, 150, "Generation", "nothing learns")
    y = 434
    prior = sheet.network(70, y, 110, 46, "Prior", "$p(k_t | k_{<t})$", frozen=True)
    pill = sheet.pill(184, y, 64, 34, "draw")
    k = sheet.box(292, y, 84, 44, f"$k$ = {codes}", gloss="two draws", random=True)
    fetch = sheet.pill(408, y, 76, 34, "look up")
    decoder = sheet.decoder(516, y, 92, 62, frozen=True)
    made = sheet.box(638, y, 100, 44, restored, gloss=f"{MADE}, a new row")
    sheet.chain([prior, pill, k, fetch, decoder, made])
    sheet.arrow(
        k.bottom(), prior.bottom(), "the code drawn first, for the second", via=486, side="below"
    )
    sheet.label(408, 468, "in the codebook", muted=True)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    row, codes, restored = words(table)
    sheet.band(0, 500, "Training, stage one", "all three learn")
    at = 110
    x = sheet.box(at, 60, 110, 40, f"{X} = {row}", gloss="two parts")
    encoder = sheet.encoder(at, 132, 104, 54, flow="down")
    near = sheet.pill(at, 202, 96, 34, "nearest")
    k = sheet.box(at, 266, 100, 42, f"$k$ = {codes}", gloss="two codes")
    decoder = sheet.decoder(at, 346, 104, 54, flow="down")
    made = sheet.box(at, 416, 120, 36, f"{MADE} = {restored}")
    loss = sheet.loss(at, 472, 180, 38, f"squared error {table['error'][0]:g}")
    book = sheet.network(276, 202, 110, 40, "Codebook")
    sheet.chain([x, encoder, near, k, decoder, made, loss])
    sheet.arrow(book, near)
    sheet.arrow(book.bottom(), decoder.right(), via=[(276, 346)])
    sheet.arrow(x.right(), loss.right(), via=[(338, 60), (338, 472)])
    sheet.gradient(loss.left(), decoder.left(12), via=[(12, 472), (12, 358)])
    sheet.gradient(decoder.left(-12), encoder.left(), via=28)
    sheet.label(176, 124, "dashed at the left:", anchor="start", muted=True)
    sheet.label(176, 140, "gradients", anchor="start", muted=True)
    sheet.band(510, 348, "Training, stage two", "the prior learns")
    x = sheet.box(at, 566, 110, 36, f"{X} = {row}")
    encoder = sheet.encoder(at, 630, 104, 50, flow="down", frozen=True)
    near = sheet.pill(at, 694, 96, 34, "nearest")
    k = sheet.box(at, 750, 100, 34, f"$k$ = {codes}")
    prior = sheet.network(at, 814, 110, 46, "Prior", "$p(k_t | k_{<t})$")
    loss = sheet.loss(276, 814, 110, 46, f"{table['bits'][0]:g} bit", gloss="for both codes")
    sheet.chain([x, encoder, near, k, prior, loss])
    sheet.arrow(k, loss.top(), via=[(276, 750)])
    sheet.gradient(loss.bottom(), prior.bottom(), via=850)
    sheet.label(176, 634, "frozen", anchor="start", muted=True)
    sheet.label(166, 698, "with the codebook", anchor="start", muted=True)
    sheet.band(868, 330, "Generation", "nothing learns")
    prior = sheet.network(at, 926, 110, 46, "Prior", "$p(k_t | k_{<t})$", frozen=True)
    pill = sheet.pill(at, 986, 80, 32, "draw")
    k = sheet.box(at, 1040, 100, 42, f"$k$ = {codes}", gloss="two draws", random=True)
    fetch = sheet.pill(at, 1094, 84, 32, "look up")
    decoder = sheet.decoder(at, 1154, 104, 44, flow="down", frozen=True)
    made = sheet.box(276, 1154, 120, 42, f"{MADE} = {restored}", gloss="a new row")
    sheet.chain([prior, pill, k, fetch, decoder, made])
    sheet.arrow(k.right(), prior.right(), via=[(250, 1040), (250, 926)])
    sheet.label(262, 972, "the code", anchor="start", muted=True)
    sheet.label(262, 988, "drawn first", anchor="start", muted=True)
    sheet.label(164, 1098, "in the codebook", anchor="start", muted=True)


FIGURES = [diagram.Recipe("models/vq-vae/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
