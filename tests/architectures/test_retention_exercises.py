"""Retention: its exercises, on the example and on published sizes."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.answers.plugin import Bench
from tests.draws import normal
from tests.said import sayings

retention = import_module("docs.architectures.retention.retention")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "retention.md"
said = sayings(PAGE)


def last(**changed: Any) -> list[float]:
    """The outputs of the example, with some parts changed."""
    q, k, v, gamma = retention.example()
    parts = {"q": q, "k": k, "v": v, "gamma": gamma} | changed
    found: list[float] = retention.parallel(**parts).flatten().tolist()
    return found


@pytest.mark.answer("answer-retention-try")
def test_the_fourth_query_changed(answer: Bench) -> None:
    found = []
    for query in ((0.0, 1.0), (1.0, 0.0)):
        q = retention.example()[0].clone()
        q[0, 3] = torch.tensor(query).double()
        found.append(last(q=q)[3])
    answer("answer-retention-try").is_((found[0],), (found[1],))
    said("the weights are 0, 1/4, 0, 1.", "The weights give $4/4 + 1 = 2$.")


@pytest.mark.answer("answer-retention-fifth")
def test_exercise_1_a_fifth_token(answer: Bench) -> None:
    one = torch.ones(1, 2).double()
    state = torch.tensor([[[4.0], [2.0]]]).double()
    two = torch.tensor([[2.0]]).double()
    o, after = retention.step(state, one, one, two, torch.tensor([0.5]).double())
    wrong_o, wrong = retention.step(state, one, one, two, torch.tensor([1.0]).double())
    answer("answer-retention-fifth").is_(
        (*after.flatten().tolist(), float(o)), (*wrong.flatten().tolist(), float(wrong_o))
    )


@pytest.mark.answer("answer-retention-half")
def test_exercise_2_half_lives(answer: Bench) -> None:
    gamma = 2 ** (-1 / 100)
    assert retention.half_life(gamma) == pytest.approx(100)
    answer("answer-retention-half").is_(
        (retention.half_life(7 / 8), gamma), (math.log(2) / (1 - 7 / 8), gamma)
    )


@pytest.mark.answer("answer-retention-bytes")
def test_exercise_3_a_state_in_bytes(answer: Bench) -> None:
    state = retention.state_bytes(24, 8, 128, 256)
    tokens = next(n for n in range(1, 999) if state < 24 * 8 * (128 + 256) * n * 2)
    answer("answer-retention-bytes").is_(
        (state / 2**20, tokens), (state / 2**20, 128 * 256 / (128 + 128))
    )
    said(f"$128 \\cdot 256 / 384 = {128 * 256 / 384:.1f}$, so from {tokens} tokens on")


@pytest.mark.answer("answer-retention-same")
def test_exercise_4_what_changes_nothing(answer: Bench) -> None:
    q, k, v, gamma = (
        *(normal(1, 6, 4, seed=n) for n in range(3)),
        torch.tensor([31 / 32]).double(),
    )

    def normed(*parts: Tensor) -> Tensor:
        return functional.rms_norm(retention.parallel(*parts), (4,))

    before = normed(q, k, v, gamma)
    torch.testing.assert_close(normed(q, k, 3 * v, gamma), before)
    turned = k @ torch.linalg.qr(normal(4, 4))[0]
    assert (normed(q, turned, v, gamma) - before).abs().max() > 0.1
    assert (normed(q, k, v, gamma / gamma) - before).abs().max() > 1e-3
    answer("answer-retention-same").is_("All values of the head multiplied by 3.")


@pytest.mark.answer("answer-retention-delta")
@pytest.mark.answer("answer-retention-gated")
def test_exercises_5_and_6_the_example_with_the_cures(answer: Bench) -> None:
    q, k, v, gamma = retention.example()
    asked = q.clone()
    asked[0, 2] = torch.tensor([1.0, 0.0]).double()
    replaced = retention.delta(asked, k, v, gamma).flatten().tolist()
    answer("answer-retention-delta").is_((replaced[2], replaced[3]), (last(q=asked)[2], last()[3]))
    gates = torch.tensor([[1, 1 / 2, 1 / 4, 1 / 2]]).double()
    chosen = retention.gated(q, k, v, gates).flatten().tolist()
    answer("answer-retention-gated").is_((chosen[3],), (last()[3],))
    said(
        "Token 3 takes the 2 away and writes 6. Token 4 halves it to 3, takes away what is left under"
        " $(0, 1)$ and writes 1; its query reads $3 + 2 \\cdot 1 = 5$.",
        "the example with gates 1, 1/2, 1/4, 1/2.",
        "After token 3 the state is $(1, 1) + (6, 0) = (7, 1)$, after token 4 $(3.5, 1.5)$, and the"
        " query reads $3.5 + 2 \\cdot 1.5 = 6.5$.",
    )
