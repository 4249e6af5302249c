"""docs/training/distillation/diagram.svg: one picture through teacher and student, with the page's example, and use."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.training.distillation.distillation")


def numbers() -> style.Table:
    """Logits, probabilities at the temperature, and the gradient of the example."""
    z, v = code.example()
    t = code.TEMPERATURE
    return {
        "v": [round(float(a), 2) for a in v],
        "p": [round(float(a), 2) for a in code.soften(v, t)],
        "q": [round(float(a), 2) for a in code.soften(z, t)],
        "g": [round(float(a), 2) + 0.0 for a in code.gradient(z, v, t)],
        "end": [round(float(a), 2) for a in code.soften(code.train(z, v, t, 200), 1.0)],
        "loss": [round(float(code.soft_loss(z, v, t)), 2)],
        "T": [t],
    }


def row(values: list[float]) -> str:
    """A vector in one line."""
    return "(" + ", ".join(diagram.decimal(v, "g") for v in values) + ")"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    v, p, q, g, end = (row(table[name]) for name in ("v", "p", "q", "g", "end"))
    t = f"{table['T'][0]:g}"
    sheet.band(0, 268, "Training", "any picture, or text; the label may be missing")
    x = sheet.box(62, 116, 92, 46, "picture", gloss="of a cat")
    teacher = sheet.network(190, 68, 112, 46, "teacher", gloss="frozen", frozen=True)
    student = sheet.network(190, 164, 112, 46, "student", gloss="learns")
    logits = sheet.box(330, 68, 112, 46, v, gloss="logits")
    own = sheet.box(330, 164, 112, 46, "(0, 0, 0)", gloss="logits")
    first = sheet.pill(464, 68, 106, 36, f"softmax, $T$ = {t}")
    second = sheet.pill(464, 164, 106, 36, f"softmax, $T$ = {t}")
    target = sheet.box(604, 68, 134, 46, p, gloss="soft targets")
    said = sheet.box(604, 164, 134, 46, q, gloss="probabilities")
    loss = sheet.loss(604, 234, 150, 42, "loss", gloss=f"$T^2$ KL = {table['loss'][0]:g}")
    label = sheet.box(356, 234, 130, 40, "label", gloss="if there is one")
    sheet.arrow(x.right(), teacher.left())
    sheet.arrow(x.right(), student.left())
    sheet.chain([teacher, logits, first, target])
    sheet.chain([student, own, second, said])
    sheet.arrow(said, loss)
    sheet.arrow(target.right(), loss.right(), via=690)
    sheet.arrow(label, loss)
    sheet.gradient(loss.bottom(), student.bottom(), via=[(604, 262), (190, 262)])
    sheet.label(204, 206, g, anchor="start", colour=diagram.LOSS)
    sheet.band(278, 84, "Use", "the student alone, $T$ = 1")
    new = sheet.box(76, 328, 92, 38, "picture")
    alone = sheet.network(236, 328, 112, 42, "student", gloss="frozen", frozen=True)
    out = sheet.box(436, 328, 150, 42, end, gloss="probabilities")
    sheet.chain([new, alone, out])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    v, p, q, end = (row(table[name]) for name in ("v", "p", "q", "end"))
    t = f"{table['T'][0]:g}"
    sheet.band(0, 452, "Training", "the label may be missing")
    x = sheet.box(175, 62, 120, 42, "picture", gloss="of a cat")
    teacher = sheet.network(88, 138, 120, 46, "teacher", gloss="frozen", frozen=True)
    student = sheet.network(262, 138, 120, 46, "student", gloss="learns")
    logits = sheet.box(88, 214, 130, 44, v, gloss="logits")
    own = sheet.box(248, 214, 110, 44, "(0, 0, 0)", gloss="logits")
    first = sheet.pill(88, 278, 124, 34, f"softmax, $T$ = {t}")
    second = sheet.pill(248, 278, 124, 34, f"softmax, $T$ = {t}")
    target = sheet.box(88, 342, 140, 44, p, gloss="soft targets")
    said = sheet.box(248, 342, 140, 44, q, gloss="probabilities")
    loss = sheet.loss(244, 416, 146, 42, "loss", gloss=f"$T^2$ KL = {table['loss'][0]:g}")
    label = sheet.box(70, 416, 108, 40, "label", gloss="if there is one")
    sheet.arrow(x.bottom(-30), teacher.top(), via=[(145, 100), (88, 100)])
    sheet.arrow(x.bottom(30), student.top(), via=[(205, 100), (262, 100)])
    sheet.chain([teacher, logits, first, target])
    sheet.chain([student, own, second, said])
    sheet.arrow(said, loss)
    sheet.arrow(target.bottom(40), loss.left(-10), via=[(128, 406)])
    sheet.arrow(label, loss)
    sheet.gradient(loss.right(), student.right(), via=[(336, 416), (336, 138)])
    sheet.band(462, 84, "Use", "the student alone, $T$ = 1")
    new = sheet.box(50, 512, 76, 38, "picture")
    alone = sheet.network(150, 512, 88, 42, "student", gloss="frozen", frozen=True)
    out = sheet.box(274, 512, 128, 42, end, gloss="probabilities")
    sheet.chain([new, alone, out])


FIGURES = [diagram.Recipe("training/distillation/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
