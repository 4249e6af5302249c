"""docs/training/instruction-tuning/diagram.svg: a conversation becomes a row, is trained on; a prompt is answered."""

import math
from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.training.instruction-tuning.instruction_tuning")


def numbers() -> style.Table:
    """The tokens and the mask of the example, and its two losses in bits."""
    tokens, mask = code.render(code.EXAMPLE)
    _, _, one, counted = code.example()
    return {
        "token": tokens.tolist(),
        "mask": mask.tolist(),
        "answer": [round(float(code.weighted(one, counted)) / math.log(2), 9)] * len(tokens),
        "all": [round(float(one.mean()) / math.log(2), 9)] * len(tokens),
    }


def words(table: style.Table) -> list[str]:
    """The tokens as they are read."""
    return str(code.words(code.torch.tensor([int(n) for n in table["token"]]))).split()


def row(
    sheet: diagram.Sheet, x: float, y: float, said: list[str], mask: list[float]
) -> list[diagram.Shape]:
    """A row of tokens with the mask below."""
    made: list[diagram.Shape] = sheet.tokens(x, y, said, gap=5)
    for shape, one in zip(made, mask, strict=True):
        sheet.label(shape.x, y + 30, f"{one:.0f}")
    return made


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The row, training, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    said, mask = words(table), table["mask"]
    loss = f"mean {table['answer'][0]:g} bits"
    sheet.band(0, 152, "Make the row", "once for each conversation")
    user = sheet.box(150, 54, 150, 32, "user: reverse a b c")
    other = sheet.box(554, 54, 140, 32, "assistant: c b a")
    template = sheet.pill(352, 54, 130, 32, "chat template")
    sheet.arrow(user, template)
    sheet.arrow(other, template)
    made = row(sheet, 376, 108, said, mask)
    sheet.arrow(template.bottom(made[4].x - 352), made[4].top())
    sheet.label(80, 112, "row", anchor="end")
    sheet.label(80, 138, "mask", anchor="end")
    sheet.band(162, 132, "Train", "many conversations, many tasks")
    given = sheet.box(76, 222, 84, 38, "row", gloss="all of it")
    model = sheet.network(222, 222, 130, 46, "Language model", r"learns $\theta$")
    p = sheet.box(390, 222, 130, 46, r"$p_t$", gloss="of each next token")
    goal = sheet.loss(600, 224, 186, 66, "−log p of targets", "with mask 1", gloss=loss)
    sheet.chain([given, model, p, goal])
    sheet.gradient(goal.bottom(), model.bottom(), via=276)
    sheet.band(304, 84, "Use", "nothing learns")
    asked = sheet.box(176, 354, 324, 34, " ".join(said[:7]))
    frozen = sheet.network(448, 354, 140, 40, "Language model", frozen=True)
    answer = sheet.box(622, 354, 120, 34, " ".join(said[7:]))
    sheet.chain([asked, frozen, answer])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    said, mask = words(table), table["mask"]
    loss = f"mean {table['answer'][0]:g} bits"
    sheet.band(0, 308, "Make the row", "for each conversation")
    user = sheet.box(92, 54, 150, 32, "user: reverse a b c")
    other = sheet.box(264, 54, 140, 32, "assistant: c b a")
    template = sheet.pill(175, 106, 130, 32, "chat template")
    sheet.arrow(user.bottom(), template.left(), via=[(92, 106)])
    sheet.arrow(other.bottom(), template.right(), via=[(264, 106)])
    first = row(sheet, 190, 160, said[:5], mask[:5])
    row(sheet, 190, 212, said[5:7], mask[5:7])
    row(sheet, 190, 264, said[7:], mask[7:])
    sheet.arrow(template.bottom(first[2].x - 175), first[2].top())
    for y in (160, 212, 264):
        sheet.label(50, y + 4, "row", anchor="end")
        sheet.label(50, y + 30, "mask", anchor="end")
    sheet.band(318, 180, "Train", "many tasks")
    given = sheet.box(64, 374, 84, 38, "row", gloss="all of it")
    model = sheet.network(238, 374, 130, 46, "Language model", r"learns $\theta$")
    p = sheet.box(76, 456, 124, 46, r"$p_t$", gloss="of each next token")
    goal = sheet.loss(246, 458, 180, 66, "−log p of targets", "with mask 1", gloss=loss)
    sheet.arrow(given, model)
    sheet.arrow(model.bottom(-40), p.top(40), via=415)
    sheet.arrow(p, goal)
    sheet.gradient(goal.top(20), model.bottom(28))
    sheet.band(508, 148, "Use", "nothing learns")
    asked = sheet.box(175, 554, 326, 34, " ".join(said[:7]))
    frozen = sheet.network(86, 616, 140, 40, "Language model", frozen=True)
    answer = sheet.box(264, 616, 120, 34, " ".join(said[7:]))
    sheet.arrow(asked.bottom(-89), frozen.top())
    sheet.arrow(frozen, answer)


FIGURES = [diagram.Recipe("training/instruction-tuning/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
