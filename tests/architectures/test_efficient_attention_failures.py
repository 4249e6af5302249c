"""Efficient attention: how it fails, what cures it, and what the cure costs."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

from scripts.figures import efficient_attention_trained as trained
from scripts.figures import style
from tests.architectures.efficient_attention_tools import (
    FOLDER,
    PAGE,
    draw,
    efficient,
    layers_to,
)
from tests.said import sayings, tables

said = sayings(PAGE)
rows_of = tables(PAGE)


# How it fails, and what the cure costs.


def test_heads_joined_after_training_and_latent_vectors() -> None:
    table = style.read_table(FOLDER / "trained.csv")
    rows = [tuple(column[n] for column in table.values()) for n in range(len(table["kind"]))]
    loss = {(int(kind), int(kept)): (value, error) for kind, kept, value, error in rows}
    joined = [loss[0, kept][0] for kept in (64, 32)]
    after = [loss[1, kept] for kept in (128, 64, 32)]
    over = [loss[0, kept][1] for kept in (64, 32)]
    said(f"the loss rises by {joined[0]:.2f} ± {over[0]:.2f} nats with two groups and by")
    said(
        f"and by {joined[1]:.2f} ± {over[1]:.2f} with one (mean and standard error over the texts)"
    )
    said(f"With {trained.STEPS} steps of further training")
    said(
        f"stay equal, {after[1][0]:.2f} ± {after[1][1]:.2f} and {after[2][0]:.2f} ± "
        f"{after[2][1]:.2f} remain (mean and standard error of {trained.SEEDS:d} seeds)"
    )
    said(f"in the same way, loses {after[0][0]:.2f}; against")
    rest = [value - after[0][0] for value, _ in after[1:]]
    said(f"against this control {rest[0]:.2f} and {rest[1]:.2f} come from the joining")
    latent = {kept: loss[2, kept][0] for kept in trained.RANKS}
    assert latent[64] == pytest.approx(0, abs=1e-5)
    for kept, join in ((64, 0), (32, 1)):  # at the same size
        assert latent[kept] < 0.3 * min(joined[join], after[join + 1][0])
    said(f"so 64 numbers lose nothing, and 32 lose {latent[32]:.2f}.")
    said(f"Heads joined: 0 at 128 numbers, {joined[0]:.2f} at 64, {joined[1]:.2f} at 32.")
    said(f"Joined and trained further: {after[0][0]:.2f}, {after[1][0]:.2f}, {after[2][0]:.2f}.")
    said(
        f"0 at 64 numbers, {latent[48]:.2f} at 48, {latent[32]:.2f} at 32, {latent[24]:.2f} at 24,"
        f" {latent[16]:.2f} at 16]"
    )
    said(
        f"loss up by {joined[0]:.2f} nats",
        f"| {trained.STEPS} steps regain half of it with two groups;",
    )
    assert 0.4 < 1 - after[1][0] / joined[0] < 0.6
    model, held = trained.trained(), trained.text(True)
    assert (model.config.layers, model.config.heads, model.config.width) == (3, 4, 64)
    said(
        f"which has four heads of {trained.WIDTH} numbers in each of three layers, and measure its"
        f" loss on {len(held)} held-out texts of {trained.N} tokens"
    )
    said(
        "bars are standard errors over 88 texts, of the dotted series over 3 seeds",
        "are a matrix times the 64 numbers that",
    )
    i, j = torch.arange(64)[:, None], torch.arange(64)
    kept = [
        trained.more(model, allowed=(j <= i) & ((i - j < 16 - s) | (j < s)), first=32)
        for s in (0, 1)
    ]
    said(f"a window of 16 costs {kept[0][0]:.3f} ± {kept[0][1]:.3f} nats on the second half")
    assert abs(kept[0][0] - kept[1][0]) < 0.001


def test_beyond_the_reach_nothing_arrives_and_one_full_layer_cures_it() -> None:
    n = 20
    for full in (False, True):
        masks = [efficient.window_mask(n, 4)] * 5 + [efficient.window_mask(n, n if full else 4)]
        x = draw(n, 3).requires_grad_()
        y = x
        for allowed in masks:
            y = y + efficient.attend(0 * y[None], y[None], y[None], allowed)[0]  # equal weights
        (gradient,) = torch.autograd.grad(y[-1].sum(), x)
        assert (gradient[0].abs().max() > 0) == full
        assert gradient[1].abs().max() > 0
    said(
        "Six layers with $w = 4$ reach 18 tokens back.",
        "The output of token 20 then does not depend on token 1",
    )
    said(
        f"keep $5 \\cdot 4 + 64 = {5 * 4 + 64}$ tokens in place of {6 * 4}; all six without "
        f"windows would keep {6 * 64}"
    )
    masks = [
        efficient.window_mask(64, 8),
        efficient.window_mask(64, 7, 1),
        efficient.fixed_mask(64, 8),
        efficient.window_mask(64, 64),
    ]
    for row, allowed in zip(rows_of("tab-efficient-layers"), masks, strict=True):
        assert [int(cell) for cell in row[1:]] == [
            layers_to(allowed, True),
            layers_to(allowed, False),
        ]


def test_without_the_maximum_and_in_an_empty_tile_there_is_no_number() -> None:
    e = torch.exp(torch.tensor([89.0, 0.0]))
    assert torch.isinf(e[0])
    assert torch.isfinite(torch.exp(torch.tensor(88.0)))
    assert torch.isnan((e / e.sum())[0])
    top = torch.tensor(-math.inf)
    assert torch.isnan(torch.exp(top - top))
    said("In 32-bit numbers $e^{89}$ is infinite.", "a score of 89 makes $\\infty / \\infty$")
    q = torch.tensor([[89.0]]).float()
    out, _ = efficient.in_blocks(
        q, torch.ones(1, 1), torch.ones(1, 1), 1, torch.ones(1, 1).bool(), efficient.Traffic()
    )
    assert float(out) == 1


def test_a_rotation_that_is_absorbed_gives_other_scores() -> None:
    ratios = []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        keys = torch.einsum(
            "nij,nj->ni",
            torch.randn(200, 2, 4, generator=generator),
            torch.randn(200, 4, generator=generator),
        )
        q = torch.randn(200, 2, generator=generator)
        back = torch.randint(1, 9, (200,), generator=generator)
        turned = torch.stack(
            [efficient.rotate(x, 0.5 * int(n)) for x, n in zip(q, back, strict=True)]
        )
        right, wrong = (turned * keys).sum(-1), (q * keys).sum(-1)
        ratios.append(float(((right - wrong).square().mean() / right.square().mean()).sqrt()))
    mean, deviation = np.mean(ratios), np.std(ratios, ddof=1)
    said(
        f"differ from the right ones by {mean:.2f} ± {deviation:.2f} times the size of these (root"
        " mean squares over 200 draws with distances of 1 to 8; mean and standard deviation of 5 "
        "seeds)"
    )
    said("Take a head of width 2, rotate queries and keys by 0.5 radians for each position")


def test_heads_repeated_as_a_row_look_at_other_groups() -> None:
    groups = torch.arange(1, 3)
    right, wrong = groups.repeat_interleave(2).tolist(), groups.repeat(2).tolist()
    assert sum(a != b for a, b in zip(right, wrong, strict=True)) == 2
    said(
        f"gives {wrong[0]}, {wrong[1]}, {wrong[2]}, {wrong[3]} in place of {right[0]}, {right[1]},"
        f" {right[2]}, {right[3]}"
    )
    said("Heads 1 and 2 share the first pair, 3 and 4 the second.")
    q, k, v = draw(4, 1, 3), draw(2, 5, 3, seed=1), draw(2, 5, 3, seed=2)
    other = sdpa(q, k.repeat(2, 1, 1), v.repeat(2, 1, 1))
    same = (efficient.attend(q, k, v) - other).abs().amax((1, 2)) < 1e-12
    assert same.tolist() == [True, False, False, True]
