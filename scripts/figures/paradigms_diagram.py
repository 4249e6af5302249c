"""docs/paradigms/index/diagram.svg: one sentence, and the six places that a training signal can come from.

index.diagram   six small pictures with the losses of the bigram model of the overview
"""

import math

from scripts.figures import diagram, style
from scripts.figures.diagram import Shape
from scripts.figures.overview_diagram import ROWS, SENTENCES, WORDS, chances

HEIGHT = 164
SENTENCE = "Ann saw Tom."


def numbers() -> style.Table:
    """Of `Ann saw Tom .`: minus log p of the sentence and of the name at its end; p of that name."""
    table, before = chances(SENTENCES), ""
    steps = []
    for word in SENTENCES[0].split():
        steps.append(table[ROWS.index(before)][WORDS.index(word)])
        before = word
    return {
        "sentence": [-math.log(math.prod(steps))],
        "hidden": [-math.log(steps[2])],
        "chance": [steps[2]],
    }


class Panel:
    """One of the six pictures: what goes in and the signal at the left, model and loss at the right."""

    def __init__(self, sheet: diagram.Sheet, place: int, title: str) -> None:
        self.sheet = sheet
        if sheet.narrow:
            self.x, self.y, self.width = 0.0, place * (HEIGHT + 8.0), 350.0
        else:
            row, column = divmod(place, 2)
            self.x, self.y, self.width = column * 356.0, row * (HEIGHT + 8.0), 348.0
        self.left, self.right = self.x + 78.0, self.x + 250.0
        self.upper, self.lower = self.y + 56.0, self.y + 124.0
        sheet.band(self.y, HEIGHT, title, x=self.x, width=self.width)
        self.model = sheet.network(self.right, self.upper, 96, 38, "model")

    def value(self, low: bool, *lines: str, gloss: str = "", random: bool = False) -> Shape:
        """A value at the left, above or below."""
        y = self.lower if low else self.upper
        return self.sheet.box(self.left, y, 132, 42, *lines, gloss=gloss, random=random)

    def loss(self, line: str, gloss: str) -> Shape:
        """The loss, below the model, and its gradient."""
        made = self.sheet.loss(self.right, self.lower, 136, 46, line, gloss=gloss)
        self.sheet.arrow(self.model, made)
        side = self.x + self.width - 14
        self.sheet.gradient(made.right(), self.model.right(), via=side)
        return made

    def both(self, first: Shape, second: Shape) -> None:
        """Both values go into the model, the second one around the corner."""
        self.sheet.arrow(first.right(-6), self.model.left(-6))
        self.sheet.arrow(second.right(), self.model.left(8), via=self.left + 84)


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Six panels."""
    panel = Panel(sheet, 0, "Supervised")
    sheet.arrow(panel.value(False, SENTENCE, gloss="who was seen?"), panel.model)
    sheet.arrow(
        panel.value(True, "Tom", gloss="label, by a person"), panel.loss("answer", "against label")
    )
    panel = Panel(sheet, 1, "Unsupervised")
    data = panel.value(False, SENTENCE)
    sheet.arrow(data, panel.model)
    sheet.label(panel.left, panel.lower + 4, "no label")
    panel.loss(rf"$-\log p = {table['sentence'][0]:.2f}$", "of the data")
    panel = Panel(sheet, 2, "Semi-supervised")
    panel.both(
        panel.value(False, SENTENCE, gloss="few with label"),
        panel.value(True, "Tom saw Ann.", gloss="many without"),
    )
    panel.loss("sum of two", "one per kind")
    panel = Panel(sheet, 3, "Self-supervised")
    shown = panel.value(False, "Ann saw …")
    sheet.arrow(shown, panel.model)
    hidden = panel.value(True, "Tom", gloss="what was hidden")
    sheet.arrow(hidden, panel.loss(rf"$-\log p = {table['hidden'][0]:.2f}$", "of the hidden"))
    panel = Panel(sheet, 4, "Reinforcement")
    sheet.arrow(panel.value(False, "Ann saw …", gloss="prompt"), panel.model)
    drawn = sheet.box(panel.right, panel.lower, 76, 34, "Tom", random=True)
    reward = sheet.loss(panel.left, panel.lower, 108, 46, "reward 1", gloss="maximise")
    sheet.chain([panel.model, drawn, reward])
    low, side = panel.y + HEIGHT - 7, panel.x + panel.width - 14
    sheet.gradient(
        reward.bottom(), panel.model.right(),
        via=[(panel.left, low), (side, low), (side, panel.upper)],
    )  # fmt: skip
    panel = Panel(sheet, 5, "Hybrid")
    panel.both(
        panel.value(False, SENTENCE, gloss="first: no label"),
        panel.value(True, "Tom", gloss="then: reward 1"),
    )
    panel.loss("two losses", "in a row, or a sum")


FIGURES = [diagram.Recipe("paradigms/index/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
