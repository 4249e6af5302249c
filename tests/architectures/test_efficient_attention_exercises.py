"""Efficient attention: its exercises, and what a dropped token changes."""

import math

import pytest
import torch

from tests.answers.plugin import Bench
from tests.architectures.efficient_attention_tools import (
    PAGE,
    count,
    draw,
    efficient,
    layers_to,
    running,
)
from tests.said import sayings

said = sayings(PAGE)


@pytest.mark.answer("answer-efficient-attention-blocks")
def test_exercise_1_three_blocks_of_two(answer: Bench) -> None:
    total, values, top = running(4)[2]
    answer("answer-efficient-attention-blocks").is_((total, values), (total * top, values * top))
    said(
        f"exponentials sum to {total * top:.0f}, and with the values to $8 + 8 + 8 = {values * top:.0f}$;"
    )
    said(f"divided by {top:.0f} they are {total:.2f} and {values:.0f}.")


@pytest.mark.answer("answer-efficient-attention-cache")
def test_exercise_2_a_cache_with_windows(answer: Bench) -> None:
    found = []
    for groups in (8, 40):
        shape = efficient.Shape(40, groups, 128)
        mixed = shape.cache(32_768, 8) + shape.cache(1_024, 40)
        found.append((shape.cache(32_768, 48) / 2**30, mixed / 2**30))
    answer("answer-efficient-attention-cache").is_(*found)
    assert efficient.Shape(40, 8, 128).kept() * 2 == 4096
    assert efficient.Shape(40, 8, 128).cache(1_024, 40) == 160 * 2**20


@pytest.mark.answer("answer-efficient-attention-latent")
def test_exercise_3_groups_and_intensity(answer: Bench) -> None:
    groups = next(g for g in range(1, 9) if efficient.Shape(64, g, 128).kept() > 512 + 64)
    rates = [
        efficient.Shape(h, h, 128, 512, 64).operations(1) / (2 * (512 + 64)) for h in (64, 128)
    ]
    answer("answer-efficient-attention-latent").is_((groups, rates[0]), (groups, rates[1]))
    assert 576 / 256 == 2.25


def dropped_alone() -> tuple[list[float], list[float]]:
    """How far the example's output moves without each token, and the weights of the tokens."""
    q, k, v = efficient.example()
    a = (q @ k.T / math.sqrt(2))[0].softmax(-1)
    whole = efficient.attend(q[None], k[None], v[None])[0, 0, 0]
    moves = []
    for n in range(len(k)):
        rest = torch.arange(len(k)) != n
        moves.append(
            float(abs(efficient.attend(q[None], k[None, rest], v[None, rest])[0, 0, 0] - whole))
        )
    return moves, a.tolist()


def test_weight_alone_does_not_tell_what_a_dropped_token_changes() -> None:
    moves, weights = dropped_alone()
    assert weights[5] == pytest.approx(max(weights))
    assert min(moves) == moves[5]
    said(
        "dropping token 6 of the example, of weight $4/16$, moves 1.75 by "
        f"{moves[5]:.3f}, and dropping token 1, of weight $1/16$, by {moves[0]:.3f}."
    )
    assert [round(16 * weights[n]) for n in (5, 0)] == [4, 1]


@pytest.mark.answer("answer-efficient-attention-same")
def test_exercise_4_what_changes_nothing(answer: Bench) -> None:
    q, k, v = draw(6, 4), draw(6, 4, seed=1), draw(6, 4, seed=2)
    causal = efficient.window_mask(6, 6)
    whole = efficient.attend(q[None], k[None], v[None], causal)[0]
    blocks, _ = efficient.in_blocks(q, k, v, 2, causal, efficient.Traffic())
    window = efficient.attend(q[None], k[None], v[None], efficient.window_mask(6, 3))[0]
    torch.testing.assert_close(blocks, whole)
    assert (window - whole).abs().max() > 0.1
    shared = efficient.attend(q[None], k.roll(1, 0)[None] / 2 + k[None] / 2, v[None], causal)[0]
    assert (shared - whole).abs().max() > 0.1
    moves, weights = dropped_alone()
    assert min(moves[n] for n, a in enumerate(weights) if a == max(weights)) > 0.08
    answer("answer-efficient-attention-same").is_("Computing attention in blocks.")


@pytest.mark.answer("answer-efficient-attention-reach")
def test_exercise_5_layers_to_the_beginning(answer: Bench) -> None:
    layers = math.ceil(4095 / (128 - 1))
    assert layers_to(efficient.window_mask(96, 8), True) == math.ceil(95 / 7)
    answer("answer-efficient-attention-reach").is_(layers, layers - 1)
    assert 32 * (128 - 1) == 4064
    assert round(4095 / 127, 1) == 32.2


@pytest.mark.answer("answer-efficient-attention-traffic")
def test_exercise_6_numbers_moved_under_a_mask(answer: Bench) -> None:
    window, causal = (count(64, 16, 16, efficient.window_mask(64, w)) for w in (16, 64))
    whole = count(64, 16, 16)
    answer("answer-efficient-attention-traffic").is_((window, causal), (whole, whole))
    assert window == 7 * 512 + 2 * 1024 + 64
    assert causal == 10 * 512 + 2 * 1024 + 64
    assert whole == 16 * 512 + 2 * 1024 + 64


@pytest.mark.answer("answer-efficient-attention-strided")
def test_exercise_7_layers_of_a_strided_pattern(answer: Bench) -> None:
    whole = torch.ones(64, 64).bool().tril()
    masks = (efficient.fixed_mask(64, 8), efficient.window_mask(64, 8))
    found = [
        next(n for n in range(1, 20) if torch.equal(efficient.reach(mask, n), whole))
        for mask in masks
    ]
    answer("answer-efficient-attention-strided").is_((found[0], found[1]))
    assert found[1] == 63 / 7
