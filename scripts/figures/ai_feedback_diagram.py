"""docs/training/ai-feedback/diagram.svg: labels from a judge, then training. pipelines.svg: Shepherd and Baize."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.training.ai-feedback.ai_feedback")


def numbers() -> style.Table:
    """The judge of the example, and the share of right answers before and after a round."""
    first, second = code.judged(code.LAZY, code.SKILL)
    mean = (first + second) / 2
    q = code.SHARE
    return {
        "first": [round(first, 6)],
        "second": [round(second, 6)],
        "before": [q],
        "after": [round(q**2 + 2 * q * (1 - q) * mean, 6)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three bands: label, train, check."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    first, second, before, after = (table[k][0] for k in ("first", "second", "before", "after"))
    sheet.band(0, 174, "1 Label", "a model compares, nobody else")
    prompt = sheet.box(62, 104, 92, 46, "4 · 6 − 5?", gloss="prompt")
    model = sheet.network(
        184, 104, 104, 62, "model", f"right: {before:g}", gloss="frozen", frozen=True
    )
    right = sheet.box(312, 72, 106, 32, "19", random=True)
    wrong = sheet.box(312, 136, 106, 32, "21, because …", random=True)
    judge = sheet.network(456, 104, 124, 62, "judge", gloss="frozen", frozen=True)
    label = sheet.box(617, 104, 126, 46, "19 is chosen", gloss="label")
    sheet.chain([prompt, model])
    sheet.arrow(model.right(-10), right.left(), via=248)
    sheet.arrow(model.right(10), wrong.left(), via=248)
    sheet.arrow(right.right(), judge.left(-12), via=376)
    sheet.arrow(wrong.right(), judge.left(12), via=376)
    sheet.chain([judge, label])
    sheet.label(456, 58, f"right in {first:.0%} or {second:.0%}".replace("%", " %"))
    sheet.label(456, 156, "better one first, or second")
    sheet.band(184, 108, "2 Train", "on labels; then draw anew")
    pairs = sheet.box(100, 244, 130, 46, "many labels")
    goal = sheet.loss(330, 244, 190, 50, "loss of the labels", gloss="chosen answer up")
    learns = sheet.network(560, 244, 130, 50, "model", gloss=f"learns; right: {after:.2f}")
    sheet.chain([pairs, goal])
    sheet.gradient(goal.right(), learns.left(), "gradient")
    sheet.band(302, 100, "3 Check", "people label a few of the same pairs")
    few = sheet.box(100, 360, 130, 46, "a few 100 pairs", gloss="labelled by people")
    rates = sheet.pill(320, 360, 170, 40, "how often it is right")
    known = sheet.box(560, 360, 170, 46, "the judge's rates", gloss="to correct its numbers")
    sheet.chain([few, rates, known])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    first, second, before, after = (table[k][0] for k in ("first", "second", "before", "after"))
    sheet.band(0, 404, "1 Label", "a model compares, nobody else")
    prompt = sheet.box(175, 55, 110, 44, "4 · 6 − 5?", gloss="prompt")
    model = sheet.network(
        175, 130, 120, 60, "model", f"right: {before:g}", gloss="frozen", frozen=True
    )
    right = sheet.box(90, 198, 110, 34, "19", random=True)
    wrong = sheet.box(260, 198, 110, 34, "21, because …", random=True)
    judge = sheet.network(175, 272, 130, 56, "judge", gloss="frozen", frozen=True)
    label = sheet.box(175, 368, 130, 46, "19 is chosen", gloss="label")
    sheet.arrow(prompt.bottom(), model.top())
    sheet.arrow(model.left(), right.top(), via=[(90, 130)])
    sheet.arrow(model.right(), wrong.top(), via=[(260, 130)])
    sheet.arrow(right.bottom(), judge.left(), via=[(90, 272)])
    sheet.arrow(wrong.bottom(), judge.right(), via=[(260, 272)])
    sheet.arrow(judge.bottom(), label.top())
    sheet.label(
        186,
        322,
        f"right in {first:.0%} or {second:.0%}:".replace("%", " %"),
        "better one first, or second",
        anchor="start",
    )
    sheet.band(414, 232, "2 Train", "on labels; then draw anew")
    pairs = sheet.box(175, 466, 130, 34, "many labels")
    goal = sheet.loss(175, 536, 200, 50, "loss of the labels", gloss="chosen answer up")
    learns = sheet.network(175, 614, 150, 46, "model", gloss=f"learns; right: {after:.2f}")
    sheet.chain([pairs, goal])
    sheet.gradient(goal.bottom(), learns.top(), "gradient", side="right")
    sheet.band(656, 216, "3 Check", "people label a few pairs")
    few = sheet.box(175, 708, 150, 46, "a few 100 pairs", gloss="labelled by people")
    rates = sheet.pill(175, 774, 180, 36, "how often it is right")
    known = sheet.box(175, 838, 170, 46, "the judge's rates", gloss="to correct its numbers")
    sheet.chain([few, rates, known])


def pipelines(table: style.Table, sheet: diagram.Sheet) -> None:
    """A critique in Shepherd's form, and Baize's steps."""
    (pipelines_narrow if sheet.narrow else pipelines_wide)(sheet)


def pipelines_wide(sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(
        0, 150, "A critique, in the form of Shepherd's", "from a model of 7 billion parameters"
    )
    asked = sheet.box(106, 62, 180, 36, "4 packs of 6, 5 are lost?")
    answer = sheet.box(106, 112, 180, 36, "4 · 6 = 24, 24 − 5 = 21")
    critic = sheet.network(290, 87, 100, 50, "critic", gloss="frozen", frozen=True)
    critique = sheet.box(
        526,
        87,
        310,
        62,
        "Arithmetic: 24 − 5 is 19.",
        "Write the last step anew.",
        gloss="kind of error, and a suggestion",
    )
    sheet.arrow(asked.right(), critic.left(-10), via=220)
    sheet.arrow(answer.right(), critic.left(10), via=220)
    sheet.chain([critic, critique])
    sheet.band(160, 116, "Baize 1: self-chat", "ChatGPT plays both sides")
    seed = sheet.box(86, 226, 140, 46, "a question", gloss="from the web")
    chat = sheet.network(270, 226, 130, 50, "ChatGPT", gloss="frozen", frozen=True)
    talk = sheet.box(476, 226, 190, 46, "a dialogue", gloss="111,500 of them", random=True)
    sheet.chain([seed, chat, talk])
    sheet.band(286, 116, "Baize 2: tuning", "on the dialogues")
    turns = sheet.box(86, 346, 140, 46, "dialogues")
    base = sheet.network(260, 346, 120, 50, "LLaMA", gloss="frozen", frozen=True)
    lora = sheet.network(420, 346, 110, 50, "LoRA", gloss="learns")
    tuned = sheet.loss(592, 346, 160, 46, "loss of the AI's", gloss="turns alone")
    sheet.chain([turns, base, lora, tuned])
    sheet.gradient(tuned.bottom(), lora.bottom(), via=381)
    sheet.label(506, 396, "gradient")
    sheet.band(412, 124, "Baize 3: self-distillation with feedback", "the model's own best answers")
    ask = sheet.box(58, 486, 88, 46, "a question")
    model = sheet.network(172, 486, 92, 50, "Baize", gloss="frozen", frozen=True)
    four = sheet.box(292, 486, 100, 46, "4 answers", random=True)
    scores = sheet.network(416, 486, 104, 50, "ChatGPT", gloss="frozen", frozen=True)
    best = sheet.box(532, 486, 84, 46, "the best", gloss="by score")
    more = sheet.network(644, 486, 96, 50, "new LoRA", gloss="learns")
    sheet.chain([ask, model, four, scores, best, more])


def pipelines_narrow(sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 290, "A critique, in Shepherd's form", "")
    asked = sheet.box(175, 54, 200, 34, "4 packs of 6, 5 are lost?")
    answer = sheet.box(175, 98, 200, 34, "4 · 6 = 24, 24 − 5 = 21")
    critic = sheet.network(175, 166, 110, 50, "critic", gloss="frozen", frozen=True)
    critique = sheet.box(
        175,
        244,
        250,
        62,
        "Arithmetic: 24 − 5 is 19.",
        "Write the last step anew.",
        gloss="kind of error, and a suggestion",
    )
    sheet.arrow(asked.right(), critic.right(), via=306)
    sheet.arrow(answer.bottom(), critic.top())
    sheet.chain([critic, critique])
    sheet.band(300, 218, "Baize 1: self-chat", "ChatGPT plays both sides")
    seed = sheet.box(175, 354, 140, 46, "a question", gloss="from the web")
    chat = sheet.network(175, 424, 130, 46, "ChatGPT", gloss="frozen", frozen=True)
    talk = sheet.box(175, 488, 160, 46, "a dialogue", gloss="111,500 of them", random=True)
    sheet.chain([seed, chat, talk])
    sheet.band(528, 210, "Baize 2: tuning", "on the dialogues")
    turns = sheet.box(92, 576, 120, 34, "dialogues")
    base = sheet.network(92, 644, 120, 50, "LLaMA", gloss="frozen", frozen=True)
    lora = sheet.network(258, 644, 120, 50, "LoRA", gloss="learns")
    tuned = sheet.loss(150, 710, 180, 42, "loss of the AI's turns")
    sheet.arrow(turns.bottom(), base.top())
    sheet.chain([base, lora])
    sheet.arrow(lora.bottom(30), tuned.right(), via=[(288, 710)])
    sheet.gradient(tuned.top(65), lora.bottom(-43))
    sheet.label(206, 684, "gradient", anchor="end")
    sheet.band(748, 408, "Baize 3: self-distillation", "with feedback")
    ask = sheet.box(175, 796, 120, 34, "a question")
    model = sheet.network(175, 858, 120, 46, "Baize", gloss="frozen", frozen=True)
    four = sheet.box(175, 920, 120, 34, "4 answers", random=True)
    scores = sheet.network(175, 984, 130, 46, "ChatGPT", gloss="frozen", frozen=True)
    best = sheet.box(175, 1054, 120, 46, "the best", gloss="by score")
    more = sheet.network(175, 1124, 130, 46, "new LoRA", gloss="learns")
    sheet.chain([ask, model, four, scores, best, more])


FIGURES = [
    diagram.Recipe("training/ai-feedback/diagram", numbers, draw),
    diagram.Recipe("training/ai-feedback/pipelines", dict, pipelines),
]

if __name__ == "__main__":
    style.main(FIGURES)
