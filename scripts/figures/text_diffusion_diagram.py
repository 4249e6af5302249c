"""docs/models/text-diffusion/diagram.svg: one training example and one generated text, with their probabilities."""

import math
from importlib import import_module

from scripts.figures import diagram, style

text = import_module("docs.models.text-diffusion.text_diffusion")

DATA, TIME = (0, 0, 1), 0.5
HIDDEN = (0, 2, 2)
STAGES = ((2, 2, 2), (2, 0, 2), (0, 0, 2), (0, 0, 1))
PLACES = (1, 0, 2)  # in the order in which they are filled


def numbers() -> style.Table:
    """Guesses and loss of the training example; probabilities of the letters that are drawn in generation."""
    guess = text.exact(text.chain())
    rows = guess(HIDDEN)
    right = [float(rows[n, DATA[n]]) for n in (1, 2)]
    drawn = [
        float(guess(now)[n, after[n]])
        for now, after, n in zip(STAGES[:-1], STAGES[1:], PLACES, strict=True)
    ]
    return {
        "guess": [*rows[1].tolist(), *rows[2].tolist()],
        "right": right,
        "loss": [-sum(math.log(p) for p in right) / TIME],
        "drawn": drawn,
    }


def said(letters: tuple[int, ...]) -> str:
    """A text as people write it."""
    return " ".join("ab?"[v] for v in letters)


def told(table: style.Table) -> tuple[str, str]:
    """The loss of the example: a sum over hidden places."""
    return "$-\\sum \\log p_\\theta / t$", f"= {table['loss'][0]:.2f}"


def table_of(table: style.Table) -> list[list[float]]:
    """The guesses, a row a place."""
    a2, b2, a3, b3 = table["guess"]
    return [[a2, b2], [a3, b3]]


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below; the network stands in both."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 190, "Training", "one example: hide places, guess what stood there")
    data = sheet.box(66, 60, 96, 32, f"$x$ = {said(DATA)}")
    time = sheet.box(66, 122, 96, 32, f"$t = {TIME}$", random=True)
    hide = sheet.pill(196, 122, 118, 44, "hide each place", "with chance $t$")
    seen = sheet.box(316, 122, 72, 32, said(HIDDEN), random=True)
    network = sheet.network(426, 122, 104, 50, "Network", r"$p_\theta$")
    rows = sheet.matrix(548, 122, table_of(table), cell=(44, 22), columns=("a", "b"), digits=3)
    sheet.label(548, 160, "guesses for places 2 and 3")
    cost = sheet.loss(630, 60, 124, 48, *told(table))
    sheet.arrow(data.bottom(30), hide.top(-30), via=86)
    sheet.arrow(time, hide)
    sheet.chain([hide, seen, network, rows])
    sheet.arrow(data, cost.left())
    sheet.arrow(rows.right(), cost.bottom(), via=[(630, 122)])
    sheet.gradient(
        cost.right(), network.bottom(), "gradient", via=[(699, 60), (699, 180), (426, 180)], at=0.12
    )
    sheet.band(202, 196, "Generation", "the same network; you choose order and places a call")
    y = 348
    columns = [58, 250, 454, 650]
    here = [
        sheet.box(x, y, 64, 32, said(stage), random=n > 0)
        for n, (x, stage) in enumerate(zip(columns, STAGES, strict=True))
    ]
    for n, x in enumerate((154, 352, 552)):
        letter = "ab"[STAGES[n + 1][PLACES[n]]]
        move = sheet.pill(
            x, y, 100, 42, f"draw place {PLACES[n] + 1}", f"{letter}: {table['drawn'][n]:.2f}"
        )
        again = sheet.network(x, 258, 84, 40, r"$p_\theta$")
        sheet.arrow(here[n].top(), again.left(), via=[(columns[n], 258)])
        sheet.arrow(again, move, "guesses", side="right")
        sheet.arrow(here[n], move)
        sheet.arrow(move, here[n + 1])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 336, "Training", "one example")
    data = sheet.box(86, 56, 110, 30, f"$x$ = {said(DATA)}")
    time = sheet.box(264, 56, 90, 30, f"$t = {TIME}$", random=True)
    hide = sheet.pill(176, 108, 180, 30, "hide with chance $t$")
    seen = sheet.box(176, 158, 76, 30, said(HIDDEN), random=True)
    network = sheet.network(176, 212, 112, 40, "Network $p_\\theta$")
    rows = sheet.matrix(162, 284, table_of(table), cell=(44, 22), columns=("a", "b"), digits=3)
    sheet.label(150, 324, "guesses, places 2 and 3")
    cost = sheet.loss(288, 284, 118, 46, *told(table))
    sheet.arrow(data.bottom(20), hide.top(-70))
    sheet.arrow(time.bottom(-20), hide.top(68))
    sheet.chain([hide, seen, network])
    sheet.arrow(network.bottom(-14), rows.top())
    sheet.arrow(rows, cost)
    sheet.arrow(data.left(), cost.bottom(), via=[(14, 56), (14, 330), (288, 330)])
    sheet.gradient(cost.top(), network.right(), "gradient", via=[(288, 212)], side="above")
    sheet.band(348, 330, "Generation", "you choose the order")
    y, move = 392, None
    for n, stage in enumerate(STAGES):
        box = sheet.box(92, y, 76, 30, said(stage), random=n > 0)
        if move:
            sheet.arrow(move, box)
        if n < len(PLACES):
            letter = "ab"[STAGES[n + 1][PLACES[n]]]
            move = sheet.pill(
                92, y + 42, 148, 28, f"place {PLACES[n] + 1}, {letter}: {table['drawn'][n]:.2f}"
            )
            sheet.arrow(box, move)
            again = sheet.network(276, y + 42, 96, 36, r"$p_\theta$")
            sheet.arrow(box.right(), again.top(), via=[(276, y)])
            sheet.arrow(again, move, "guesses", side="below")
        y += 86


FIGURES = [diagram.Recipe("models/text-diffusion/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
