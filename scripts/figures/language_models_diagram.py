"""docs/overview/language-models/diagram.svg: from text to answer, and from text to assistant.

language-models.diagram   one step of a bigram model with its numbers, and the three trainings of an assistant
"""

import math

import torch

from scripts.figures import diagram, style
from scripts.figures.overview_diagram import ROWS, SENTENCES, WORDS, chances

NAMES = WORDS[:2]
PLACES = [str(WORDS.index(word)) for word in ("Ann", "saw")]


def numbers() -> style.Table:
    """What may follow `saw`: the logits of both names, the smaller one zero, and their probabilities."""
    p = torch.tensor(chances(SENTENCES)[ROWS.index("saw")][: len(NAMES)])
    z = p.log() - math.log(p.min().item())
    return {"logit": z.tolist(), "probability": torch.softmax(z, -1).tolist()}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Both parts."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Generation from left to right, and the three trainings side by side."""
    sheet.band(0, 206, "From text to answer", "for each token again")
    y = 104
    text = sheet.box(49, y, 66, 34, "Ann saw")
    sheet.label(49, y - 26, "text")
    cut = sheet.pill(143, y, 82, 34, "tokenizer")
    places = sheet.tokens(228, y, PLACES, width=26)
    sheet.label(228, y - 26, "numbers")
    model = sheet.network(319, y, 76, 44, "model")
    logits = sheet.matrix(422, y, [table["logit"]], cell=(42, 28), columns=NAMES)
    sheet.label(422, y - 38, "logits")
    softmax = sheet.pill(524, y, 76, 34, "softmax")
    chance = sheet.matrix(636, y, [table["probability"]], cell=(42, 28), columns=NAMES)
    sheet.label(636, y - 38, "probabilities")
    drawn = sheet.box(636, 166, 56, 32, "Tom", random=True)
    sheet.label(596, 170, "drawn", anchor="end")
    sheet.chain([text, cut, places[0]])
    sheet.arrow(places[-1], model)
    sheet.chain([model, logits, softmax, chance, drawn])
    sheet.arrow(drawn.bottom(), text.bottom(), "append and ask again", via=194, side="above")
    sheet.band(
        214, 214, "From text to assistant", "below: what each model writes after “Who saw Tom?”"
    )
    asked = []
    for x, title, lines, name, answer in (
        (118, "pre-training", ("much text",), "base model", "Who saw Ann?"),
        (352, "fine-tuning", ("good answers",), "fine-tuned", "Ann saw Tom."),
        (586, "preferences", ("Ann saw Tom. (better)", "Tom. (worse)"), "assistant", "Ann saw Tom."),
    ):  # fmt: skip
        data = sheet.box(x, 286, 168, 42, *lines)
        sheet.label(x, 258, title, bold=True, muted=False)
        asked.append(sheet.network(x, 348, 168, 40, name))
        said = sheet.box(x, 404, 112, 30, answer)
        sheet.chain([data, asked[-1], said])
    sheet.chain(asked)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """Everything from top to bottom."""
    x = 190
    sheet.band(0, 420, "From text to answer", "for each token again")
    text = sheet.box(x, 56, 76, 30, "Ann saw")
    cut = sheet.pill(x, 110, 96, 30, "tokenizer")
    sheet.tokens(x, 162, PLACES, width=26)
    sheet.label(x + 40, 166, "numbers", anchor="start")
    model = sheet.network(x, 214, 110, 34, "model")
    logits = sheet.matrix(x, 280, [table["logit"]], cell=(46, 26), columns=NAMES)
    sheet.label(x + 56, 284, "logits", anchor="start")
    softmax = sheet.pill(x, 328, 96, 30, "softmax")
    chance = sheet.matrix(x, 394, [table["probability"]], cell=(46, 26), columns=NAMES)
    sheet.label(x + 56, 398, "probabilities", anchor="start")
    sheet.chain([text, cut])
    sheet.arrow(cut.bottom(), diagram.Port(x, 149, 0, -1))
    sheet.arrow(diagram.Port(x, 175, 0, 1), model.top())
    sheet.arrow(model.bottom(), diagram.Port(x, 250, 0, -1))
    sheet.arrow(logits, softmax)
    sheet.arrow(softmax.bottom(), diagram.Port(x, 364, 0, -1))
    drawn = sheet.box(44, 394, 56, 30, "Tom", random=True)
    sheet.arrow(chance, drawn)
    sheet.arrow(drawn.top(), text.left(), "again", side="right")
    sheet.band(428, 430, "To an assistant", "asked: Who saw Tom?")
    y, before = 474.0, None
    for title, lines, name, answer in (
        ("pre-training", ("much text",), "base model", "Who saw Ann?"),
        ("fine-tuning", ("good answers",), "fine-tuned", "Ann saw Tom."),
        ("preferences", ("better: Ann saw Tom.", "worse: Tom."), "assistant", "Ann saw Tom."),
    ):
        sheet.label(14, y, title, bold=True, muted=False, anchor="start")
        data = sheet.box(86, y + 32, 152, 40, *lines)
        model = sheet.network(252, y + 32, 136, 40, name)
        said = sheet.box(252, y + 92, 112, 28, answer)
        sheet.arrow(data, model)
        sheet.arrow(model, said)
        if before:
            sheet.arrow(before.right(8), model.right(-8), via=336)
        y, before = y + 130, model


FIGURES = [diagram.Recipe("overview/language-models/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
