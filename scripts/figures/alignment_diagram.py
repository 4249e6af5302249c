"""docs/training/alignment/diagram.svg: specify, train, check, oversee, with the page's example."""

import math
from importlib import import_module
from typing import Any

import torch

from scripts.figures import diagram, style

code: Any = import_module("docs.training.alignment.alignment")
PRESSURE = math.log(4)


def numbers() -> style.Table:
    """Scores of the answers; score, value and flattery after training; value and flattery with the mended score."""
    reference, value, score = code.example()
    policy = code.tilt(reference, score, PRESSURE)
    seen = torch.arange(len(value)) == code.FLATTERY
    again = code.tilt(reference, code.mend(score, value, seen), PRESSURE)
    return {
        "liked": [float(score[code.FLATTERY])],
        "worth": [float(value[code.FLATTERY])],
        "before": [float(reference @ value)],
        "score": [float(policy @ score)],
        "value": [float(policy @ value)],
        "flattery": [float(policy[code.FLATTERY])],
        "mended": [float(again @ value)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Four steps, and the way back."""
    (narrow if sheet.narrow else wide)(table, sheet)


def said(table: style.Table, name: str) -> str:
    """A number with two decimals."""
    return diagram.decimal(table[name][0], ".2f")


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 104, "Specify", "what is wanted, and a score for it")
    wish = sheet.box(120, 64, 160, 46, "what people want", gloss="the value of an answer")
    score = sheet.pill(400, 64, 210, 46, "Score", "what raters like")
    sheet.arrow(wish, score)
    sheet.label(248, 54, "stands in", anchor="middle")
    sheet.band(114, 116, "Train", "the score alone")
    asked = sheet.box(80, 180, 96, 40, "question")
    model = sheet.network(214, 180, 110, 44, "Model")
    answer = sheet.box(348, 180, 96, 40, "answer", random=True)
    reward = sheet.loss(494, 180, 124, 48, "score", gloss="maximise")
    sheet.chain([asked, model, answer, reward])
    sheet.arrow(score.bottom(80), reward.top(-14))
    sheet.gradient(reward.bottom(), model.bottom(), via=220)
    sheet.label(596, 170, f"score {said(table, 'score')}", anchor="middle")
    sheet.label(596, 190, "is seen", anchor="middle")
    sheet.band(240, 104, "Check", "the trained model's own answers")
    tested = sheet.network(110, 302, 116, 44, "Model", gloss="frozen", frozen=True)
    drawn = sheet.box(248, 302, 96, 40, "answers", random=True)
    judge = sheet.pill(394, 302, 130, 44, "judged anew", "by experts")
    verdict = sheet.box(
        558,
        302,
        144,
        46,
        f"value {said(table, 'value')}",
        gloss=f"flattery {100 * table['flattery'][0]:.0f} %",
    )
    sheet.chain([tested, drawn, judge, verdict])
    sheet.arrow(verdict.right(), score.right(-12), via=[(682, 302), (682, 52)])
    sheet.label(590, 42, "mend the score", anchor="middle")
    sheet.band(354, 96, "Oversee", "in use")
    case = sheet.box(80, 410, 96, 40, "question")
    used = sheet.network(224, 410, 116, 44, "Model", gloss="frozen", frozen=True)
    given = sheet.box(368, 410, 96, 40, "answer", random=True)
    watch = sheet.pill(556, 410, 190, 44, "people watch", "correct, switch off")
    sheet.chain([case, used, given, watch])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same on a phone."""
    sheet.band(0, 96, "Specify", "a wish, and a score for it")
    wish = sheet.box(84, 60, 132, 44, "what people want", gloss="the value")
    score = sheet.pill(252, 60, 130, 44, "Score", "what raters like")
    sheet.arrow(wish, score)
    sheet.band(106, 182, "Train", "the score alone")
    asked = sheet.box(70, 168, 96, 38, "question")
    model = sheet.network(70, 240, 104, 42, "Model")
    answer = sheet.box(196, 240, 84, 38, "answer", random=True)
    reward = sheet.loss(252, 168, 116, 46, "score", gloss=f"maximise: {said(table, 'score')}")
    sheet.arrow(asked, model)
    sheet.arrow(model, answer)
    sheet.arrow(answer.right(), reward.bottom(28), via=[(280, 240)])
    sheet.arrow(score, reward)
    sheet.gradient(reward.left(), model.right(-12), via=[(150, 168), (150, 228)])
    sheet.band(298, 176, "Check", "the model's own answers")
    tested = sheet.network(70, 360, 104, 42, "Model", gloss="frozen", frozen=True)
    drawn = sheet.box(70, 434, 96, 38, "answers", random=True)
    judge = sheet.pill(240, 434, 130, 42, "judged anew", "by experts")
    verdict = sheet.box(
        240,
        360,
        124,
        44,
        f"value {said(table, 'value')}",
        gloss=f"flattery {100 * table['flattery'][0]:.0f} %",
    )
    sheet.chain([tested, drawn, judge])
    sheet.arrow(judge, verdict)
    sheet.arrow(verdict.right(), score.right(), via=[(336, 360), (336, 60)])
    sheet.label(262, 280, "mend the score", anchor="middle")
    sheet.band(484, 174, "Oversee", "in use")
    case = sheet.box(70, 546, 96, 38, "question")
    used = sheet.network(240, 546, 110, 42, "Model", gloss="frozen", frozen=True)
    given = sheet.box(240, 620, 96, 38, "answer", random=True)
    watch = sheet.pill(86, 620, 148, 42, "people watch", "correct, switch off")
    sheet.chain([case, used, given, watch])


FIGURES = [diagram.Recipe("training/alignment/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
