"""docs/training/reasoning/diagram.svg: how verifiable rewards train a chain, and how more answers are used."""

import torch

from docs.training.reasoning import reasoning as code
from docs.training.reasoning import steps as task
from scripts.figures import diagram, style

CHAIN = (3, 13, 11, 14)  # 3 ×2 +5 ×3
DRAWN = (5, 2, 5)


def numbers() -> style.Table:
    """The steps of the example, the votes of three answers, and their rewards less the mean."""
    x, states = torch.tensor([CHAIN[0]]), []
    for token in CHAIN[1:]:
        x = task.apply(x, torch.tensor([token]))
        states.append(float(x))
    reward = [float(answer == states[-1]) for answer in DRAWN]
    mean = sum(reward) / len(reward)
    voted = code.vote(torch.tensor([DRAWN]), torch.Generator().manual_seed(0))
    return {
        "states": states,
        "drawn": [float(v) for v in DRAWN],
        "reward": reward,
        "advantage": [round(v - mean, 3) for v in reward],
        "vote": [float(voted)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, use below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def words(table: style.Table) -> tuple[str, list[str], list[str], list[str]]:
    """The question, its three chains, their rewards and what these are beside the mean."""
    question = " ".join(task.NAMES[t] for t in CHAIN) + " ="
    first = " ".join(f"{v:.0f}" for v in table["states"])
    chains = [first, "6 3 2", first]
    rewards = [f"{v:.0f}" for v in table["reward"]]
    beside = [f"{v:+.2f}".replace("-", "−") for v in table["advantage"]]
    return question, chains, rewards, beside


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Two rows from left to right."""
    question, chains, rewards, beside = words(table)
    sheet.band(0, 164, "Training")
    asked = sheet.box(66, 86, 104, 44, "question", question)
    model = sheet.network(196, 86, 96, 54, "Model")
    drawn = sheet.box(322, 86, 88, 78, *chains, random=True)
    known = sheet.box(448, 30, 124, 30, "known answer 5")
    check = sheet.pill(448, 86, 74, 44, "check", "the end")
    reward = sheet.box(552, 86, 62, 78, *rewards)
    less = sheet.box(652, 86, 66, 78, *beside)
    sheet.label(552, 38, "reward", size=12.5)
    sheet.label(652, 38, "less mean", size=12.5)
    sheet.chain([asked, model, drawn, check, reward, less])
    sheet.arrow(known, check)
    sheet.gradient(less.bottom(-24), model.bottom(), "", via=[(628, 154), (196, 154)])
    sheet.band(172, 132, "Use")
    asked = sheet.box(66, 244, 104, 44, "question", question)
    model = sheet.network(196, 244, 96, 54, "Model", frozen=True)
    drawn = sheet.box(322, 244, 88, 78, *chains, random=True)
    vote = sheet.pill(460, 216, 98, 44, "majority", "of the ends")
    verifier = sheet.pill(460, 274, 98, 44, "or best by", "a verifier")
    out = sheet.box(600, 244, 84, 34, f"answer {table['vote'][0]:.0f}")
    sheet.chain([asked, model, drawn])
    sheet.arrow(drawn.right(-16), vote.left())
    sheet.arrow(drawn.right(16), verifier.left())
    sheet.arrow(vote.right(), out.left(-6))
    sheet.arrow(verifier.right(), out.left(6))


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """Two columns of boxes, one below the other."""
    question, chains, rewards, beside = words(table)
    sheet.band(0, 424, "Training")
    asked = sheet.box(186, 36, 116, 44, "question", question)
    model = sheet.network(186, 108, 96, 50, "Model")
    drawn = sheet.box(186, 196, 88, 76, *chains, random=True)
    known = sheet.box(58, 276, 82, 44, "known", "answer 5")
    check = sheet.pill(186, 276, 104, 36, "check the end")
    reward = sheet.box(130, 364, 62, 76, *rewards)
    less = sheet.box(242, 364, 66, 76, *beside)
    sheet.label(130, 417, "reward", size=12.5)
    sheet.label(242, 417, "less mean", size=12.5)
    sheet.chain([asked, model, drawn, check])
    sheet.arrow(known, check)
    sheet.arrow(check.bottom(-30), reward.top(26))
    sheet.arrow(reward, less)
    sheet.gradient(less.right(), model.right(), "", via=[(322, 364), (322, 108)])
    sheet.band(432, 368, "Use")
    asked = sheet.box(186, 470, 116, 44, "question", question)
    model = sheet.network(186, 542, 96, 50, "Model", frozen=True)
    drawn = sheet.box(186, 630, 88, 76, *chains, random=True)
    vote = sheet.pill(110, 712, 104, 44, "majority", "of the ends")
    verifier = sheet.pill(262, 712, 104, 44, "or best by", "a verifier")
    out = sheet.box(186, 776, 84, 32, f"answer {table['vote'][0]:.0f}")
    sheet.chain([asked, model, drawn])
    sheet.arrow(drawn.bottom(-30), vote.top())
    sheet.arrow(drawn.bottom(30), verifier.top())
    sheet.arrow(vote.bottom(), out.top(-20))
    sheet.arrow(verifier.bottom(), out.top(20))


FIGURES = [diagram.Recipe("training/reasoning/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
