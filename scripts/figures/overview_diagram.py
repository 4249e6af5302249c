"""docs/overview/index/diagram.svg: how a generative system is put together, with a table of counts as the model.

overview.index.diagram   training, adaptation and use of a bigram model of three sentences
"""

from collections.abc import Sequence
from importlib import import_module

from scripts.figures import diagram, style
from scripts.figures.diagram.sheet import LOSS

language_models = import_module("docs.overview.language-models.language_models")

SENTENCES = ("Ann saw Tom .", "Tom saw Ann .", "Ann saw Ann .")
FURTHER = ("Tom saw Tom .",) * 2
WORDS = ("Ann", "Tom", "saw", ".")
ROWS = ("", "Ann", "Tom", "saw")
NAMES = ("start", *ROWS[1:])
ADDED = "2 × Tom saw Tom."


def chances(sentences: Sequence[str]) -> list[list[float]]:
    """What follows what, as shares of the counts: a row for each token before, a column for each that follows."""
    model = language_models.train([line.split() for line in sentences], WORDS, n=2, a=0)
    return [language_models.next_token(model, (row,)).tolist() for row in ROWS]


def loss(sentences: Sequence[str]) -> float:
    """Mean negative logarithm of the likelihood of the three sentences, nats for each token."""
    texts = [line.split() for line in SENTENCES]
    model = language_models.train([line.split() for line in sentences], WORDS, n=2, a=0)
    log_likelihood: float = sum(language_models.log_probability(model, text) for text in texts)
    return -log_likelihood / sum(len(text) for text in texts)


def numbers() -> style.Table:
    """The trained table row by row, its loss, and the row of `saw` after training on further sentences."""
    return {
        "table": [p for row in chances(SENTENCES) for p in row],
        "loss": [loss(SENTENCES)],
        "saw_after": chances(SENTENCES + FURTHER)[ROWS.index("saw")],
    }


def grid(values: Sequence[float]) -> list[list[float]]:
    """The table by rows."""
    return [list(values[i : i + len(WORDS)]) for i in range(0, len(values), len(WORDS))]


def said(line: str) -> str:
    """A sentence as it is printed."""
    return line.replace(" .", ".")


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training, adaptation, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three bands, each from left to right."""
    lines = [said(line) for line in SENTENCES]
    saw, before = table["saw_after"], table["table"][4 * ROWS.index("saw") :]
    sheet.band(0, 226, "Training", "find the parameters that make the data likely")
    data = sheet.box(96, 78, 128, 70, *lines)
    sheet.label(20, 130, "data", anchor="start")
    words = sheet.tokens(96, 180, SENTENCES[0].split())
    sheet.label(96, 212, "tokens of the first sentence")
    sheet.arrow(data.bottom(), diagram.Port(96, 167, 0, -1), "cut")
    model = sheet.matrix(
        374, 128, grid(table["table"]), cell=(46, 26), rows=NAMES, columns=WORDS,
        label="model: a table of parameters",
    )  # fmt: skip
    sheet.arrow(words[-1].right(), diagram.Port(240, 180, -1, 0))
    objective = sheet.loss(
        602, 128, 168, 52, "negative log-likelihood", gloss=f"loss {table['loss'][0]:.2f} per token"
    )
    sheet.arrow(model, objective)
    sheet.gradient(objective.bottom(), model.right(40), "gradient", via=[(602, 168)], side="below")
    sheet.band(234, 92, "Adaptation", "train further, on what is wanted")
    y = 292
    more = sheet.box(96, y, 140, 34, ADDED)
    again = sheet.network(342, y, 150, 40, "same table")
    change = sheet.box(588, y, 196, 34, f"Tom after saw: {before[1]:.2f} → {saw[1]:.2f}")
    sheet.chain([more, again, change])
    sheet.band(334, 136, "Inference", "ask the model, draw a token, go on")
    y = 396
    prompt = sheet.tokens(82, y, ["Ann", "saw"])
    sheet.label(82, y + 32, "prompt")
    asked = sheet.network(226, y, 104, 40, "same table")
    row = sheet.matrix(436, y, [saw], cell=(46, 28), columns=WORDS, label="next token")
    drawn = sheet.box(640, y, 56, 32, "Tom", random=True)
    sheet.label(640, y - 24, "drawn")
    sheet.arrow(prompt[-1], asked)
    sheet.chain([asked, row, drawn])
    sheet.arrow(
        drawn.bottom(), prompt[0].bottom(-8), "append and ask again", via=454, side="above", at=0.5
    )


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same bands, training from top to bottom."""
    lines = [said(line) for line in SENTENCES]
    saw, before = table["saw_after"], table["table"][4 * ROWS.index("saw") :]
    sheet.band(0, 430, "Training", "make the data likely")
    x = 190
    data = sheet.box(x, 76, 128, 68, *lines)
    sheet.label(x + 76, 80, "data", anchor="start")
    sheet.tokens(x, 150, SENTENCES[0].split())
    sheet.label(x - 84, 154, "tokens", anchor="end")
    sheet.arrow(data.bottom(), diagram.Port(x, 137, 0, -1), "cut")
    model = sheet.matrix(
        x, 262, grid(table["table"]), cell=(46, 26), rows=NAMES, columns=WORDS,
    )  # fmt: skip
    sheet.arrow(diagram.Port(x, 163, 0, 1), diagram.Port(x, 192, 0, -1))
    sheet.label(12, 206, "model:", "a table", anchor="start")
    objective = sheet.loss(
        x, 386, 190, 52, "negative log-likelihood", gloss=f"loss {table['loss'][0]:.2f} per token"
    )
    sheet.arrow(model, objective)
    sheet.gradient(objective.right(), model.right(), via=318)
    sheet.label(316, 410, "gradient", colour=LOSS)
    sheet.band(438, 178, "Adaptation", "train further")
    more = sheet.box(x, 484, 140, 30, ADDED)
    again = sheet.network(x, 536, 128, 34, "same table")
    change = sheet.box(x, 590, 196, 30, f"Tom after saw: {before[1]:.2f} → {saw[1]:.2f}")
    sheet.chain([more, again, change])
    sheet.band(624, 260, "Inference", "ask, draw, go on")
    prompt = sheet.tokens(x, 676, ["Ann", "saw"])
    sheet.label(x + 62, 680, "prompt", anchor="start")
    asked = sheet.network(x, 732, 128, 34, "same table")
    row = sheet.matrix(x, 804, [saw], cell=(46, 28), columns=WORDS)
    drawn = sheet.box(x, 858, 56, 30, "Tom", random=True)
    sheet.label(x + 40, 862, "drawn", anchor="start")
    sheet.arrow(diagram.Port(x, 689, 0, 1), asked.top())
    sheet.arrow(asked.bottom(), diagram.Port(x, 772, 0, -1))
    sheet.arrow(row, drawn)
    sheet.arrow(drawn.left(), prompt[0].left(), "again", via=54)


FIGURES = [diagram.Recipe("overview/index/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
