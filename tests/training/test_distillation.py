"""Distillation: soft targets, gradient and limit against autograd, both directions against enumeration, the example."""

import math
import runpy
from importlib import import_module
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from scripts.figures.style import read_table
from scripts.printed.values import By, Each, Given
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

code: Any = import_module("docs.training.distillation.distillation")
PAGE = Path(code.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def slope(z: Tensor, v: Tensor, temperature: float) -> Tensor:
    """The gradient of the soft loss by autograd: z (C,), v (C,) to (C,)."""
    leaf = z.clone().requires_grad_()
    (found,) = torch.autograd.grad(code.soft_loss(leaf, v, temperature), leaf)
    return found


def three(values: Tensor, digits: int = 3) -> str:
    """A vector as the page prints it, with a minus sign and a bare zero."""
    shown = (f"{round(float(a), digits) + 0.0:.{digits}f}" for a in values)
    return "(" + ", ".join("0" if float(a) == 0 else a.replace("-", "−") for a in shown) + ")"


# The loss and its gradient.


def test_the_loss_is_that_of_torch() -> None:
    z, v = normal(6, 4), normal(6, 4, seed=1)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    practice: Any = import_module("docs.training.distillation.torch_practice")
    for temperature, part in ((1.0, 0.3), (4.0, 0.0), (2.5, 1.0)):
        told = practice.loss(z, v, labels, temperature, part)
        torch.testing.assert_close(code.loss(z, v, labels, temperature, part), told)
    torch.testing.assert_close(code.soften(z, 3.0).log(), (z / 3).log_softmax(-1))
    torch.testing.assert_close(
        code.soft_loss(z, v, 3.0),
        9 * functional.kl_div((z / 3).log_softmax(-1), (v / 3).softmax(-1), reduction="batchmean"),
    )


@pytest.mark.equation("eq-distillation-entropy")
def test_cross_entropy_differs_by_the_entropy_of_the_teacher(printed: Equations) -> None:
    p, q = normal(4).softmax(0), normal(4, seed=1).softmax(0)
    told = functional.kl_div(q.log(), p, reduction="sum")
    torch.testing.assert_close(code.divergence(p, q), told)
    printed("eq-distillation-entropy").holds(
        {r"\operatorname{KL}(p \,\|\, q)": told, "p": p, "q": q, "C": 4}
    )


@pytest.mark.equation("eq-distillation-gradient")
def test_the_gradient_is_that_of_autograd(printed: Equations) -> None:
    z, v = normal(4), normal(4, seed=1)
    for temperature, k in ((3.0, 2), (0.7, 4)):
        found = slope(z, v, temperature)
        torch.testing.assert_close(code.gradient(z, v, temperature), found)
        printed("eq-distillation-gradient").holds(
            {
                "g": found,
                "T": temperature,
                "p": code.soften(v, temperature),
                "q": code.soften(z, temperature),
                "I": np.eye(4),
                "C": 4,
                "k": k,
            },
            free=("I", "k"),  # it holds for every class
        )
    printed.excuse(
        r"g_{k} = - T^{2} \sum_{i = 1}^{C} ⟨p_{i} \frac{I_{k i} - q_{k}}{T}⟩ = T (q_{k} - p_{k})",
        "the identity is symmetric",
    )


@pytest.mark.equation("eq-distillation-limit")
def test_the_gradient_nears_the_difference_of_centred_logits(printed: Equations) -> None:
    z, v = normal(5) + 2.0, normal(5, seed=1) - 1.0  # means that are not zero
    end = code.limit(z, v)
    off = ((z - v) - (z - v).mean()) / 5
    torch.testing.assert_close(end, off)
    gaps = [float((slope(z, v, t) - end).abs().max()) for t in (1e2, 1e3, 1e4)]
    assert gaps[0] > 1e-4
    for wide, narrow in pairwise(gaps):  # in proportion to 1/T
        assert wide / narrow == pytest.approx(10, rel=0.02)
    far = 2 * slope(z, v, 2e4) - slope(z, v, 1e4)  # the term in 1/T cancels
    printed("eq-distillation-limit").holds(
        {
            r"\lim_{T \to \infty} T\, (q_k - p_k)": far[1],
            "z": z,
            "v": v,
            r"\bar{z}": z.mean(),
            r"\bar{v}": v.mean(),
            "C": 5,
            "k": 2,
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-distillation-logits")
def test_the_limit_is_the_gradient_of_matching_logits(printed: Equations) -> None:
    z, v = normal(4) + 1.0, normal(4, seed=1)
    leaf = z.clone().requires_grad_()
    (found,) = torch.autograd.grad(code.logit_loss(leaf, v), leaf)
    torch.testing.assert_close(found, code.limit(z, v))
    printed("eq-distillation-logits").holds(
        {
            "h": found,
            r"\frac{\partial}{\partial z_k}\, \frac{1}{2 C} \sum_{i=1}^{C} "
            r"\bigl((z_i - \bar z) - (v_i - \bar v)\bigr)^2": found[2],
            "z": z,
            "v": v,
            r"\bar{z}": z.mean(),
            r"\bar{v}": v.mean(),
            "C": 4,
            "k": 3,
        }
    )


@pytest.mark.equation("eq-distillation-smoothing")
def test_smoothed_labels_are_soft_targets_of_a_teacher_without_knowledge(
    printed: Equations,
) -> None:
    z, label, part = normal(4), 3, 0.3
    told = functional.cross_entropy(z[None], torch.tensor([label - 1]), label_smoothing=part)
    torch.testing.assert_close(code.hard_loss(z[None], torch.tensor([label - 1]), part), told)
    printed("eq-distillation-smoothing").holds(
        {
            "L": told,
            "q": z.softmax(0),
            r"\varepsilon": part,
            "I": np.eye(4),
            "C": 4,
            "y": label,
        },
        free=("I",),
    )
    printed.excuse(
        r"L = - \sum_{i = 1}^{C} ⟨((1 - \varepsilon) I_{y i} + \frac{\varepsilon}{C}) \log q_{i}⟩"
        r" = - (1 - \varepsilon) \log q_{y} - \frac{\varepsilon}{C} \sum_{i = 1}^{C} \log q_{i}",
        "the identity is symmetric",
    )


# Two directions.


@pytest.mark.equation("eq-distillation-blind")
def test_what_a_blind_student_can_reach(printed: Equations) -> None:
    p = normal(6).softmax(0).reshape(2, 3)
    a, b = normal(2, seed=1).softmax(0), normal(3, seed=2).softmax(0)
    told = functional.kl_div(code.blind(a, b).log(), p, reduction="sum")
    torch.testing.assert_close(code.divergence(p.flatten(), code.blind(a, b).flatten()), told)
    assert float(told) == pytest.approx(
        sum(
            float(p[i, j] * (p[i, j] / (a[i] * b[j])).log()) for i, j in product(range(2), range(3))
        )
    )
    printed("eq-distillation-blind").holds(
        {
            "p": lambda i, j: p[i, j].item(),
            "p_1": lambda i: p.sum(1)[i].item(),
            "p_2": lambda j: p.sum(0)[j].item(),
            "a": lambda i: a[i].item(),
            "b": lambda j: b[j].item(),
            "x": Each((0, 1)),
            "y": Each((0, 1, 2)),
        },
        free=("a", "b"),  # it holds for every student
    )


@pytest.mark.equation("eq-distillation-reward")
def test_the_reverse_divergence_is_a_policy_gradient(printed: Equations) -> None:
    p, theta = normal(5).softmax(0), normal(5, seed=1)
    leaf = theta.clone().requires_grad_()
    q = leaf.softmax(0)
    (exact,) = torch.autograd.grad(code.divergence(q, p), leaf, retain_graph=True)
    found = torch.zeros(5, dtype=torch.float64)
    for y in range(5):
        (score,) = torch.autograd.grad(q[y].log(), leaf, retain_graph=True)
        found += q[y].item() * math.log(q[y].item() / p[y].item()) * score
    torch.testing.assert_close(found, exact)
    student = Given((r"\theta",), lambda z: lambda y: torch.tensor(z).softmax(0)[y].item())
    printed("eq-distillation-reward").holds(
        {
            r"\nabla K": exact.numpy(),
            r"\nabla": By(r"\theta"),
            r"\theta": theta.numpy(),
            "q": student,
            "p": lambda y: p[y].item(),
            "y": Each(range(5)),
        },
        free=("p",),  # a factor of p adds a constant to the reward, and the mean score is zero
    )


@pytest.mark.equation("eq-distillation-price")
def test_the_price_of_a_token(printed: Equations) -> None:
    big, small, tokens = 11.0, 3.0, 70.0
    for own in (0.0, 1.0):
        told = code.price(big, small, tokens, bool(own)) / code.price(0, small, tokens)
        by_hand = sum(2 * big + 6 * small + own * 2 * small for _ in range(70)) / (6 * small * 70)
        assert told == pytest.approx(by_hand)
    printed("eq-distillation-price").holds(
        {"P": big, "S": small, "D": tokens, "u": 0.7}, free=("P", "S", "D", "u")
    )
    alone, own = (code.price(70, 3, 1, u) / code.price(0, 3, 1) for u in (False, True))
    said(
        f"With a teacher of 70 billion and a student of 3 it is {alone:.1f} times as much per token, and {own:.1f} if "
        "the student writes."
    )


def test_covering_and_seeking_in_the_figure() -> None:
    table = read_table(DATA / "directions.csv")
    middle = table["share"].index(0.5)
    assert min(table["forward"]) == table["forward"][middle]
    assert max(table["reverse"]) == table["reverse"][middle]
    low = middle + table["reverse"][middle:].index(min(table["reverse"][middle:]))
    assert table["share"][low] == 0.98
    rows = rows_of("tab-distillation-words")
    for cells, n in zip(rows, (middle, low), strict=True):
        assert cells[1:] == [
            f"{table['forward'][n]:.3f}",
            f"{table['reverse'][n]:.3f}",
            f"{100 * table['no city'][n]:.1f} %",
        ]
    said(
        f"its minimum {table['forward'][middle]:.3f} at one half. The reverse KL has a hump of "
        f"{table['reverse'][middle]:.3f} there and a minimum of {table['reverse'][low]:.3f} near each end",
    )
    p = code.cities()
    told = p.sum(1)[:, None] * p.sum(0)[None, :]
    torch.testing.assert_close(told, code.same(0.5))
    assert float(p.sum()) == pytest.approx(1)
    said(f"with probability {float(p[0, 0])} each; New Angeles and Los York have {float(p[0, 1])}")


# The example.


def test_the_example_by_pencil(capsys: pytest.CaptureFixture[str]) -> None:
    z, v = code.example()
    one = code.soften(v, 1.0)
    weights = (v.exp()).tolist()
    assert weights == pytest.approx([81, 16, 1])
    assert (v / 4).exp().tolist() == pytest.approx([3, 2, 1])
    assert (v / 2).exp().tolist() == pytest.approx([9, 4, 1])
    first, second, third = (f"{float(a):.3f}" for a in one)
    label = z.softmax(0) - torch.eye(3).double()[code.LABEL]
    found = code.gradient(z, v, code.TEMPERATURE)
    assert code.soften(v, 4.0).tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 6])
    two = code.soften(v, 2.0)
    said(
        f"so that its probabilities are {first}, {second} and {third}. The",
        f"so {three(label)}. A step",
        f"4 times that, {three(found)}: a factor",
        f"With the rate 1 the logits become {three(z - code.RATE * found)}. Cat",
        f"In the end the student says {first}, {second} and {third} at temperature 1.",
        f"as 9 to 4 to 1: {float(two[0]):.3f}, {float(two[1]):.3f} and {float(two[2]):.3f}.",
        f"here {three(code.limit(z, v))} ([the limit](#limit))",
        f"The teacher's logits {three(v, 2)} become the soft targets (0.5, 0.33, 0.17) by a softmax at temperature 4",
        f"T squared times KL, {float(code.soft_loss(z, v, 4.0)):.1f}, and so does",
        f"Its gradient {three(found, 2)} goes to the student.",
        f"at temperature 1, says {three(code.soften(code.train(z, v, 4.0, 200), 1.0), 2)}",
    )
    cold = code.gradient(z, v, 1.0)
    said(
        f"the first step pushes dog down by {float(cold[1]):.3f}, and car by {float(cold[2]):.3f}."
    )
    sure = torch.tensor([30.0, 0.0, 0.0]).double()
    assert float(code.soften(sure, 1.0)[0]) > 1 - 1e-9
    runpy.run_path(code.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert "gradient by hand [-0.6667, 0.0, 0.6667]" in printed
    assert "by autograd      [-0.6667, 0.0, 0.6667]" in printed
    assert "after 100 steps, at T = 1: [0.827, 0.163, 0.01]" in printed


# Exercises.


@pytest.mark.answer("answer-distillation-two")
def test_exercise_1_temperature_two(answer: Bench) -> None:
    z, v = code.example()
    found = code.gradient(z, v, 2.0)
    answer("answer-distillation-two").is_(tuple(found.tolist()), tuple((found / 4).tolist()))


@pytest.mark.answer("answer-distillation-roots")
def test_exercise_2_fourth_roots(answer: Bench) -> None:
    v = torch.tensor([256.0, 16.0, 1.0]).double().log()
    four, one = (tuple(code.soften(v, t).tolist()) for t in (4.0, 1.0))
    answer("answer-distillation-roots").is_(four, one)


@pytest.mark.answer("answer-distillation-times")
def test_exercise_3_times(answer: Bench) -> None:
    told = code.price(8, 1, 1) / code.price(0, 1, 1)
    answer("answer-distillation-times").is_(told, 1 + 8)


@pytest.mark.answer("answer-distillation-which")
def test_exercise_4_which_divergence(answer: Bench) -> None:
    p = code.cities().flatten()
    shares = [k / 100 for k in range(1, 100)]
    rows = [code.same(share).flatten() for share in shares]
    forward, reverse = (
        [float(code.divergence(*pair)) for pair in pairs]
        for pairs in ([(p, q) for q in rows], [(q, p) for q in rows])
    )
    best = [shares[found.index(min(found))] for found in (forward, reverse)]
    wrong = [float(code.same(s)[0, 1] * 2) for s in best]
    assert wrong[1] < 0.1 < wrong[0]
    answer("answer-distillation-which").is_("The reverse KL.")


@pytest.mark.answer("answer-distillation-same")
def test_exercise_5_the_same_targets(answer: Bench) -> None:
    cases, pictures = read_table(DATA / "cases.csv"), read_table(DATA / "pictures.csv")
    assert cases["answers"][0] == pictures["labels"][1]
    assert cases["answers, deviation"][0] == pictures["labels, deviation"][1]
    answer("answer-distillation-same").is_("On these pictures it is the label.")


@pytest.mark.answer("answer-distillation-gap")
def test_exercise_6_gap_to_the_limit(answer: Bench) -> None:
    z, v = code.example()
    gaps = [abs(float((code.gradient(z, v, t) - code.limit(z, v))[2])) for t in (40.0, 4.0)]
    answer("answer-distillation-gap").is_(gaps[0], gaps[1])


@pytest.mark.answer("answer-distillation-nine")
def test_exercise_7_both_directions(answer: Bench) -> None:
    p, q = code.cities().flatten(), code.same(0.9).flatten()
    forward, reverse = float(code.divergence(p, q)), float(code.divergence(q, p))
    assert math.isfinite(forward)
    answer("answer-distillation-nine").is_((forward, reverse), (reverse, forward))
