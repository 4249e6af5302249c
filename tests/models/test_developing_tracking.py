"""Developing architectures: the exercises, and the task on which memories are compared."""

from importlib import import_module

import pytest
import torch

from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings

developing = import_module("docs.models.developing.developing")
tracking = import_module("docs.models.developing.tracking")
said = sayings(style.DOCS / "models" / "developing.md")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.answer("answer-developing-half")
def test_exercise_1_half_steps(answer: Bench) -> None:
    answer("answer-developing-half").is_(developing.example(0.5, 0.0, (6.0, 6.0, 2.0)))
    said(
        "all under the key 1: 6, 6, 2. What",
        "$0 \\to 3$, $3 \\to 4.5$, and from 4.5 half of the way to 2.",
    )


@pytest.mark.answer("answer-developing-momentum")
def test_exercise_2_with_momentum(answer: Bench) -> None:
    values = (6.0, 6.0, 2.0)
    plain = developing.example(0.5, 0.0, values)
    said("are 3, 3 and $\\tfrac12 \\cdot 3 + \\tfrac12 \\cdot (2 - 6) = -0.5$.")
    answer("answer-developing-momentum").is_(developing.example(0.5, 0.5, values), plain)


@pytest.mark.answer("answer-developing-length")
def test_exercise_3_the_longest_key(answer: Bench) -> None:
    def factor(length: float) -> float:
        """What a step makes of the error."""
        M, key = torch.zeros(1, 1).double(), torch.tensor([length]).double()
        M, _ = developing.step(M, M, key, torch.ones(1).double(), 0.5, 0.0, 0.0)
        return float(1 - (M @ key).item())

    lengths = [n / 100 for n in range(1, 400)]
    longest = max(length for length in lengths if abs(factor(length)) <= 1 + 1e-9)
    answer("answer-developing-length").is_(longest, longest**2)
    assert factor(2.0) == -1  # the sign changes, the size stays


@pytest.mark.answer("answer-developing-cost")
def test_exercise_4_where_the_memory_is_cheaper(answer: Bench) -> None:
    d = 128
    work = next(n for n in range(1000) if 4 * n * d == developing.operations(d))
    kept = next(n for n in range(1000) if 2 * n * d == 2 * d * d)
    answer("answer-developing-cost").is_((work, kept))


@pytest.mark.answer("answer-developing-fair")
def test_exercise_5_one_rate_says_something_of_this_rate(answer: Bench) -> None:
    table = style.read_table(style.DOCS / "models" / "developing" / "tuned.csv")
    plain, moved = table["momentum 0"], [x if x == x else 9.0 for x in table["momentum 0.9"]]
    at = table["rate"].index(0.03)  # the best of momentum 0.9
    assert moved[at] == min(moved) < plain[at]
    assert min(plain) < min(moved)
    assert moved[table["rate"].index(0.05)] < plain[table["rate"].index(0.05)]
    said(
        "At 0.03, the best of the ten rates for it, momentum 0.9 has the error "
        f"{moved[at]:.3f} against {plain[at]:.3f}; at the best of the ten for each it is worse."
    )
    answer("answer-developing-fair").is_("That the layer is better at this rate.")


@pytest.mark.answer("answer-developing-six")
def test_exercise_6_it_swings(answer: Bench) -> None:
    held = developing.example(0.5, 0.5, (4.0,) * 6)
    assert held == [2, 4, 5, 5, 4.5, 4]
    answer("answer-developing-six").is_((max(held), held[-1]))


@pytest.mark.answer("answer-developing-tenth")
def test_exercise_7_as_far_and_still_worse(answer: Bench) -> None:
    found = tracking.follow(torch.tensor([0.045]), 0.9, 20).mean().item()
    table = style.read_table(style.DOCS / "models" / "developing" / "tuned.csv")
    plain = table["momentum 0"]
    assert table["rate"][plain.index(min(plain))] == 0.45
    said(
        "the best rate without momentum is 0.45. What is the mean error at a tenth of it with a momentum of 0.9?"
    )
    answer("answer-developing-tenth").is_(found, min(plain))


def test_a_chunk_of_one_token_is_a_step_for_each_and_chunks_differ() -> None:
    rates = torch.tensor([0.2])
    one, again, two = (tracking.follow(rates, 0.0, 2, size) for size in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, two)
