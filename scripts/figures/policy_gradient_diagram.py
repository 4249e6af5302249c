"""docs/training/policy-gradient/diagram.svg: one drawn text, from the prompt to the two gradients; and use."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.training.policy-gradient.policy_gradient")


def numbers() -> style.Table:
    """The text "4 ." of the example: probability, reward, value of the start, advantage."""
    process, logits = code.example()
    p = code.log_probabilities(logits, process).sum(-1).exp()
    reward = float(process.rewards[0].sum())
    value = float(code.values(logits, process)[0])
    return {
        "p": [round(float(p[0]), 6)],
        "reward": [reward],
        "value": [round(value, 6)],
        "advantage": [round(reward - value, 6)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Two bands: training, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    p, reward, value, better = (table[k][0] for k in ("p", "reward", "value", "advantage"))
    sheet.band(0, 292, "Train on a drawn text", "policy and critic learn")
    prompt = sheet.box(62, 132, 92, 46, "2 + 2 =", gloss="prompt")
    critic = sheet.network(204, 92, 112, 44, "critic", gloss="learns")
    policy = sheet.network(204, 174, 112, 44, "policy", gloss="learns")
    expected = sheet.box(336, 92, 108, 46, f"$V$ = {value:g}", gloss="expected")
    text = sheet.box(336, 174, 108, 46, "4 .", gloss=f"drawn: $p$ = {p:g}", random=True)
    minus = sheet.pill(460, 92, 96, 36, "subtract")
    judge = sheet.pill(460, 174, 96, 36, "judge")
    advantage = sheet.box(592, 92, 116, 46, f"$A$ = {better:g}", gloss="advantage")
    score = sheet.box(592, 174, 116, 46, f"$R$ = {reward:g}", gloss="reward")
    goal = sheet.loss(420, 252, 190, 46, r"maximise $ρA$, clipped", gloss="ratio $ρ$ = 1 at first")
    sheet.arrow(prompt.right(), critic.left())
    sheet.arrow(prompt.right(), policy.left())
    sheet.chain([critic, expected, minus, advantage])
    sheet.chain([policy, text, judge, score])
    sheet.arrow(score.top(-40), minus.bottom(), via=133)
    sheet.arrow(advantage.right(), goal.right(), via=672)
    sheet.gradient(goal.left(), policy.bottom(), via=[(204, 252)])
    sheet.label(262, 270, "gradient")
    sheet.gradient(minus.top(), critic.top(), via=52)
    sheet.label(330, 44, "gradient of the squared difference")
    sheet.band(302, 92, "Use", "the policy alone")
    given = sheet.box(76, 356, 110, 40, "prompt")
    alone = sheet.network(236, 356, 112, 44, "policy", gloss="frozen", frozen=True)
    out = sheet.box(420, 356, 150, 40, "a text", random=True)
    sheet.chain([given, alone, out])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    p, reward, value, better = (table[k][0] for k in ("p", "reward", "value", "advantage"))
    sheet.band(0, 470, "Train on a drawn text", "policy and critic learn")
    prompt = sheet.box(175, 62, 110, 46, "2 + 2 =", gloss="prompt")
    policy = sheet.network(92, 136, 112, 44, "policy", gloss="learns")
    critic = sheet.network(258, 136, 112, 44, "critic", gloss="learns")
    text = sheet.box(92, 206, 112, 46, "4 .", gloss=f"drawn: $p$ = {p:g}", random=True)
    expected = sheet.box(258, 206, 112, 46, f"$V$ = {value:g}", gloss="expected")
    judge = sheet.pill(92, 268, 96, 34, "judge")
    score = sheet.box(92, 330, 112, 46, f"$R$ = {reward:g}", gloss="reward")
    minus = sheet.pill(258, 330, 96, 34, "subtract")
    advantage = sheet.box(258, 398, 112, 46, f"$A$ = {better:g}", gloss="advantage")
    goal = sheet.loss(110, 432, 150, 46, r"maximise $ρA$", gloss="clipped; $ρ$ = 1 at first")
    sheet.arrow(prompt.bottom(-20), policy.top())
    sheet.arrow(prompt.bottom(20), critic.top())
    sheet.chain([policy, text, judge, score, minus, advantage])
    sheet.chain([critic, expected, minus])
    sheet.arrow(advantage.bottom(), goal.right(), via=[(258, 432)])
    sheet.gradient(goal.left(), policy.left(), via=20)
    sheet.gradient(minus.right(), critic.right(), via=332)
    sheet.band(480, 190, "Use", "the policy alone")
    given = sheet.box(175, 532, 120, 36, "prompt")
    alone = sheet.network(175, 586, 112, 40, "policy", gloss="frozen", frozen=True)
    out = sheet.box(175, 642, 150, 36, "a text", random=True)
    sheet.chain([given, alone, out])


FIGURES = [diagram.Recipe("training/policy-gradient/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
