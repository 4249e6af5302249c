"""docs/training/rlhf/diagram.svg: the three stages and the use of the policy, with the page's example."""

import torch

from docs.training.rlhf import rlhf
from scripts.figures import diagram, style

POLICY, REWARD = r"$\pi_\theta(y \mid x)$", r"$r_\varphi(x, y)$"
REFERENCE = r"$\pi_{\mathrm{ref}}(y \mid x)$"
IMITATE = r"$-\log \pi_\theta(y \mid x)$"
PREFER = r"$-\log \sigma(r_w - r_l)$"
CHARGE = r"$r - \beta \log (\pi_\theta / \pi_{\mathrm{ref}})$"
X, Y, WINNER, LOSER = "$x$", "$y$", "$y_w$", "$y_l$"


def numbers() -> style.Table:
    """Rewards, reference and best policy of the three answers; the loss of a pair; what A earns."""
    r = rlhf.fit_reward(rlhf.THREE_WINS, torch.eye(3, dtype=torch.float64), prior=1e-9)
    r = r - r[2]
    best = rlhf.optimum(rlhf.THREE_REF, r, 1.0)
    return {
        "reward": [round(v, 4) for v in r.tolist()],
        "reference": rlhf.THREE_REF.exp().tolist(),
        "best": [round(v, 4) for v in best.exp().tolist()],
        "loss": [round(float(-torch.log(rlhf.preferred(r)[0, 1])), 4)],
        "earned": [round(float((r - (best - rlhf.THREE_REF))[0]), 4)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three stages side by side, or one below the other, and the use below them."""
    (narrow if sheet.narrow else wide)(table, sheet)


def imitation(sheet: diagram.Sheet, x: float, y: float) -> diagram.Shape:
    """Stage 1: a demonstration is imitated."""
    prompt = sheet.box(x - 50, y, 88, 44, f"prompt {X}")
    answer = sheet.box(x + 50, y, 88, 44, f"answer {Y}", gloss="by a person")
    model = sheet.network(x, y + 82, 188, 56, "Language model", POLICY)
    loss = sheet.loss(x, y + 178, 150, 40, IMITATE)
    sheet.arrow(prompt, model.top(-50))
    sheet.arrow(answer, model.top(50))
    sheet.arrow(model, loss)
    sheet.gradient(loss.right(), model.bottom(84), "gradient", side="left")
    return model


def comparison(table: style.Table, sheet: diagram.Sheet, x: float, y: float) -> diagram.Shape:
    """Stage 2: the preferred answer shall get the higher number."""
    prompt = sheet.box(x - 80, y, 60, 44, "prompt", X)
    winner = sheet.box(x, y, 88, 44, WINNER, gloss="A, preferred")
    loser = sheet.box(x + 80, y, 60, 44, LOSER, gloss="B")
    model = sheet.network(x, y + 82, 188, 56, "Reward model", REWARD)
    loss = sheet.loss(x, y + 178, 150, 48, PREFER, gloss=f"here {table['loss'][0]:.2f}")
    sheet.arrow(prompt, model.top(-80))
    sheet.arrow(winner, model.top())
    sheet.arrow(loser, model.top(80))
    for side, at, value in ((-1, "left", table["reward"][0]), (1, "right", table["reward"][1])):
        sheet.arrow(model.bottom(30 * side), loss.top(30 * side), f"{value:.2f}", side=at)
    sheet.gradient(loss.right(), model.bottom(86))
    return model


def reinforcement(table: style.Table, sheet: diagram.Sheet, x: float, y: float) -> diagram.Shape:
    """Stage 3: an answer is drawn, scored, charged, and made more or less probable."""
    prompt = sheet.box(x - 74, y, 60, 44, "prompt", X)
    policy = sheet.network(x + 30, y, 116, 48, "Policy", POLICY)
    answer = sheet.box(x + 30, y + 58, 86, 28, f"answer {Y}: A", random=True)
    reward = sheet.network(x - 52, y + 114, 94, 52, "Reward", REWARD, frozen=True)
    reference = sheet.network(x + 50, y + 114, 94, 52, "Reference", REFERENCE, frozen=True)
    sheet.label(x - 1, y + 152, "frozen")
    loss = sheet.loss(
        x - 8, y + 182, 190, 46, CHARGE, gloss=f"maximise; here {table['earned'][0]:.2f}"
    )
    sheet.arrow(prompt, policy)
    sheet.arrow(policy, answer)
    sheet.arrow(answer.left(), reward.top())
    sheet.arrow(answer.bottom(20), reference.top())
    sheet.arrow(reward.bottom(), loss.top(-44))
    sheet.arrow(reference.bottom(), loss.top(58))
    sheet.gradient(loss.right(), policy.right(), via=x + 102)
    return policy


def use(sheet: diagram.Sheet, x: float, y: float, step: float) -> None:
    """A prompt in, an answer out."""
    prompt = sheet.box(x - step, y, 84, 36, f"prompt {X}")
    policy = sheet.network(x, y, 116, 48, "Policy", POLICY, frozen=True)
    answer = sheet.box(x + step, y, 84, 36, f"answer {Y}", random=True)
    sheet.chain([prompt, policy, answer])


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Side by side."""
    titles = (
        ("1 Fine-tuning", "supervised", "a frozen copy: the reference"),
        ("2 Reward model", "from pairs", "then frozen"),
        ("3 Reinforcement", "learning", "the policy starts as a copy"),
    )
    for place, (title, gloss, result) in enumerate(titles):
        left = 236.0 * place
        sheet.band(0, 302, title, gloss, x=left, width=232)
        sheet.label(left + 116, 288, result)
    imitation(sheet, 116, 62)
    comparison(table, sheet, 352, 62)
    reinforcement(table, sheet, 588, 62)
    sheet.band(308, 100, "Generation", "the trained policy alone")
    use(sheet, 352, 366, 150)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """One below the other."""
    stages = (
        ("1 Fine-tuning", "supervised", "a frozen copy: the reference"),
        ("2 Reward model", "from pairs", "then frozen"),
        ("3 Reinforcement learning", "", "the policy starts as a copy"),
    )
    for place, (title, gloss, result) in enumerate(stages):
        top = 300.0 * place
        sheet.band(top, 294, title, gloss)
        sheet.label(175, top + 284, result)
    imitation(sheet, 175, 58)
    comparison(table, sheet, 175, 358)
    reinforcement(table, sheet, 175, 658)
    sheet.band(900, 100, "Generation", "the trained policy alone")
    use(sheet, 175, 956, 118)


FIGURES = [diagram.Recipe("training/rlhf/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
