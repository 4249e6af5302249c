"""docs/models/spae/diagram.svg: training and use, with the words of the example."""

import torch

from docs.models.spae import spae
from scripts.figures import diagram, style

HALVES = 2.0  # squared distance that halves the odds in the example
PROMPT = ("sun sand sun A", "ice ash ice B", "sun sand sea ?")


def numbers() -> style.Table:
    """The example: words, counted from 1, the errors after each, and the loss of the guidance towards the first."""
    u, e = torch.tensor(spae.OUTPUT), torch.tensor(spae.TABLE)
    k, meant = spae.stream(u[None, None], e, torch.ones(3, 1))
    odds = 2 ** (-(u - e).square().sum(1) / HALVES)
    return {
        "u": u.tolist(),
        "k": [float(n) + 1 for n in k.flatten()],
        "error": (meant[0, :, 0] - u).square().sum(1).tolist(),
        "guidance": [float(-(odds[0] / odds.sum()).log())],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, use below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def told(table: style.Table) -> tuple[str, str, str]:
    """The encoder's output, its words, and the loss of the guidance."""
    words = " ".join(spae.WORDS[int(n) - 1] for n in table["k"])
    return diagram.vector(table["u"]), words, f"guidance {table['guidance'][0]:.2f}"


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    output, words, guidance = told(table)
    sheet.band(0, 286, "Training", "encoder and decoder learn, the table does not")
    y = 100
    x = sheet.box(44, y, 64, 44, r"$\mathbf{x}$", gloss="a picture")
    encoder = sheet.encoder(142, y, 88, 62)
    u = sheet.box(240, y, 72, 44, output, gloss=r"$\mathbf{u}$")
    near = sheet.pill(350, y, 108, 34, "nearest words")
    k = sheet.box(480, y, 108, 44, words, gloss="coarse first")
    mean = sheet.pill(572, y, 56, 34, "mean")
    decoder = sheet.decoder(656, y, 84, 62)
    guide = sheet.loss(240, 190, 128, 40, guidance)
    name = sheet.box(240, 246, 100, 30, "name: sun")
    book = sheet.network(400, 190, 136, 40, "Table of words", frozen=True)
    loss = sheet.loss(632, 190, 124, 40, "squared error")
    sheet.chain([x, encoder, u, near, k, mean, decoder])
    sheet.arrow(u, guide)
    sheet.arrow(name, guide)
    sheet.arrow(book.left(), guide.right())
    sheet.arrow(book.top(-50), near.bottom())
    sheet.label(400, 228, "frozen: of the language model")
    sheet.arrow(book.right(), mean.bottom(-10), via=[(562, 190)])
    sheet.arrow(decoder.bottom(-20), loss.top(4))
    sheet.gradient(loss.top(40), decoder.bottom(16))
    sheet.arrow(x.bottom(), loss.bottom(), via=272)
    sheet.gradient(guide.left(), encoder.bottom(), via=[(142, 190)])
    sheet.gradient(decoder.top(), encoder.top(), "gradient, straight through", via=50)
    sheet.band(296, 276, "Use", "nothing learns")
    y = 396
    x = sheet.box(44, y, 64, 44, r"$\mathbf{x}$", gloss="a picture")
    encoder = sheet.encoder(142, y, 88, 62, frozen=True)
    near = sheet.pill(256, y, 108, 34, "nearest words")
    prompt = sheet.box(398, y, 128, 70, *PROMPT)
    model = sheet.network(546, y, 116, 56, "Language", "model", frozen=True)
    answer = sheet.box(658, y, 56, 44, "A", gloss="reads")
    sheet.chain([x, encoder, near, prompt, model, answer])
    sheet.label(398, 350, "prompt: two examples, a question")
    sheet.label(256, 432, "with the table")
    k = sheet.box(546, 506, 108, 44, "sun sun sand", gloss="or writes")
    mean = sheet.pill(428, 506, 56, 34, "mean")
    decoder = sheet.decoder(326, 506, 84, 62, flow="left", frozen=True)
    made = sheet.box(212, 506, 92, 44, r"$\hat{\mathbf{x}}$", gloss="a new picture")
    sheet.arrow(model, k)
    sheet.chain([k, mean, decoder, made])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    output, words, guidance = told(table)
    sheet.band(0, 540, "Training", "the table does not learn")
    at = 120
    x = sheet.box(at, 62, 90, 42, r"$\mathbf{x}$", gloss="a picture")
    encoder = sheet.encoder(at, 138, 104, 54, flow="down")
    u = sheet.box(at, 210, 90, 42, output, gloss=r"$\mathbf{u}$")
    near = sheet.pill(at, 274, 118, 34, "nearest words")
    k = sheet.box(at, 338, 124, 42, words, gloss="coarse first")
    mean = sheet.pill(at, 398, 70, 32, "mean")
    decoder = sheet.decoder(at, 454, 104, 46, flow="down")
    loss = sheet.loss(at, 512, 130, 36, "squared error")
    guide = sheet.loss(272, 210, 128, 40, guidance)
    name = sheet.box(263, 274, 80, 30, "name: sun")
    book = sheet.network(268, 338, 124, 40, "Table of words", frozen=True)
    sheet.chain([x, encoder, u, near, k, mean, decoder, loss])
    sheet.arrow(u, guide)
    sheet.arrow(name.top(), guide.bottom(-9))
    sheet.arrow(book.top(48), guide.bottom(44))
    sheet.arrow(book.top(-52), near.right(), via=[(216, 274)])
    sheet.arrow(book.bottom(), mean.right(), via=[(268, 398)])
    sheet.label(282, 380, "frozen", anchor="start")
    sheet.arrow(x.right(), loss.right(), via=[(342, 62), (342, 512)])
    sheet.gradient(guide.top(), encoder.right(), via=[(272, 138)])
    sheet.gradient(loss.left(), decoder.left(12), via=[(14, 512), (14, 466)])
    sheet.gradient(decoder.left(-10), encoder.left(), via=30)
    sheet.label(182, 104, "dashed: gradients", anchor="start")
    sheet.band(550, 590, "Use", "nothing learns")
    x = sheet.box(at, 612, 90, 42, r"$\mathbf{x}$", gloss="a picture")
    encoder = sheet.encoder(at, 688, 104, 54, flow="down", frozen=True)
    near = sheet.pill(at, 756, 118, 34, "nearest words")
    prompt = sheet.box(at, 832, 140, 72, *PROMPT)
    model = sheet.network(at, 918, 124, 50, "Language", "model", frozen=True)
    answer = sheet.box(268, 918, 64, 44, "A", gloss="reads")
    k = sheet.box(at, 988, 124, 42, "sun sun sand", gloss="or writes")
    mean = sheet.pill(at, 1046, 70, 32, "mean")
    decoder = sheet.decoder(at, 1102, 104, 46, flow="down", frozen=True)
    made = sheet.box(268, 1102, 104, 44, r"$\hat{\mathbf{x}}$", gloss="a new picture")
    sheet.chain([x, encoder, near, prompt, model, k, mean, decoder, made])
    sheet.arrow(model, answer)
    sheet.label(188, 760, "with the table", anchor="start")
    sheet.label(200, 828, "prompt: two examples,", "a question", anchor="start")


FIGURES = [diagram.Recipe("models/spae/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
