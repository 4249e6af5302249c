"""docs/training/preference-optimisation/diagram.svg: one pair through policy and reference, and use."""

import math
from importlib import import_module
from typing import Any

import torch

from scripts.figures import diagram, style

code: Any = import_module("docs.training.preference-optimisation.preference_optimisation")


def numbers() -> style.Table:
    """A over B in the example, after training: probabilities, log-ratios, margin, loss, weight."""
    log_ref = torch.tensor(code.REFERENCE, dtype=torch.float64).log()
    log_pi = code.optimum(log_ref, torch.tensor(code.STRENGTHS).double().log(), 1.0)
    u = (log_pi - log_ref)[:2]
    margin = float(u[0] - u[1])
    return {
        "policy": log_pi.exp()[:2].tolist(),
        "reference": log_ref.exp()[:2].tolist(),
        "ratio": u.tolist(),
        "margin": [margin],
        "loss": [math.log1p(math.exp(-margin))],
        "weight": [1 / (1 + math.exp(margin))],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Two bands: training, use."""
    (narrow if sheet.narrow else wide)(table, sheet)


def said(values: list[float]) -> str:
    """Two decimals each, with a true minus."""
    return ", ".join(f"{v:.2f}".replace("-", "−") for v in values)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 262, "Train on a pair", "here after training, $β = 1$")
    inputs = sheet.frame(80, 124, 144, 178)
    sheet.box(80, 64, 132, 46, "prompt $x$", gloss="why is the sky blue?")
    sheet.box(80, 124, 132, 46, "chosen $w$", gloss="answer A")
    sheet.box(80, 184, 132, 46, "rejected $l$", gloss="answer B")
    frozen = sheet.network(252, 84, 132, 44, "reference", gloss="frozen", frozen=True)
    policy = sheet.network(252, 164, 132, 44, "policy", gloss="learns")
    sheet.arrow(inputs.right(), frozen.left())
    sheet.arrow(inputs.right(), policy.left())
    fixed = sheet.box(408, 84, 116, 46, said(table["reference"]), gloss=r"of $w$, of $l$")
    moved = sheet.box(408, 164, 116, 46, said(table["policy"]), gloss=r"of $w$, of $l$")
    ratio = sheet.pill(570, 84, 154, 40, "logarithm of the ratio")
    u = sheet.box(570, 150, 154, 46, said(table["ratio"]), gloss="$u$ of $w$, of $l$")
    margin = sheet.box(570, 224, 170, 40, f"margin $βh$ = {said(table['margin'])}")
    loss = sheet.loss(390, 224, 150, 40, f"loss {said(table['loss'])}")
    sheet.chain([frozen, fixed, ratio, u, margin, loss])
    sheet.chain([policy, moved])
    sheet.arrow(moved.right(), ratio.left(), via=480)
    sheet.gradient(loss.left(), policy.bottom(), via=[(252, 224)])
    sheet.label(228, 246, f"gradient, times β and {said(table['weight'])}")
    sheet.band(272, 92, "Use", "the policy alone")
    given = sheet.box(76, 326, 128, 40, "prompt $x$")
    policy = sheet.network(252, 326, 132, 44, "policy", gloss="frozen", frozen=True)
    out = sheet.box(460, 326, 190, 46, "an answer", gloss="A with 0.48", random=True)
    sheet.chain([given, policy, out])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 470, "Train on a pair", "here after training, $β = 1$")
    inputs = sheet.frame(175, 58, 340, 56)
    sheet.box(62, 58, 104, 46, "prompt $x$", gloss="why blue?")
    sheet.box(175, 58, 104, 46, "chosen $w$", gloss="answer A")
    sheet.box(288, 58, 104, 46, "rejected $l$", gloss="answer B")
    frozen = sheet.network(96, 138, 132, 44, "reference", gloss="frozen", frozen=True)
    policy = sheet.network(254, 138, 132, 44, "policy", gloss="learns")
    sheet.arrow(inputs.bottom(), frozen.top())
    sheet.arrow(inputs.bottom(), policy.top())
    fixed = sheet.box(96, 212, 132, 46, said(table["reference"]), gloss="of $w$, of $l$")
    moved = sheet.box(254, 212, 132, 46, said(table["policy"]), gloss="of $w$, of $l$")
    ratio = sheet.pill(130, 278, 160, 36, "logarithm of the ratio")
    u = sheet.box(130, 334, 160, 46, said(table["ratio"]), gloss="$u$ of $w$, of $l$")
    margin = sheet.box(130, 388, 170, 34, f"margin $βh$ = {said(table['margin'])}")
    loss = sheet.loss(130, 438, 150, 38, f"loss {said(table['loss'])}")
    sheet.chain([frozen, fixed])
    sheet.arrow(fixed.bottom(), ratio.top(-34))
    sheet.chain([policy, moved])
    sheet.arrow(moved.bottom(), ratio.right(), via=[(254, 278)])
    sheet.chain([ratio, u, margin, loss])
    sheet.gradient(loss.right(), policy.right(), via=[(336, 438), (336, 138)])
    sheet.label(270, 410, "gradient, times β", f"and {said(table['weight'])}")
    sheet.band(480, 190, "Use", "the policy alone")
    given = sheet.box(175, 532, 120, 36, "prompt $x$")
    policy = sheet.network(175, 586, 132, 40, "policy", gloss="frozen", frozen=True)
    out = sheet.box(175, 642, 150, 42, "an answer", gloss="A with 0.48", random=True)
    sheet.chain([given, policy, out])


FIGURES = [diagram.Recipe("training/preference-optimisation/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
