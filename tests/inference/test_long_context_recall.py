"""Recall by length and by place: the reader's parts, the runs that the page tells, its exercises."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings

long_context: Any = import_module("docs.inference.long-context.long_context")
recall: Any = import_module("docs.inference.long-context.recall")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "long-context.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)


def test_lists_ask_for_what_they_hold() -> None:
    generator = torch.Generator().manual_seed(0)
    key, value, asked, answer, place = recall.lists(500, 32, generator, ends=1.0, keys=64)
    rows = torch.arange(500)
    assert (key[rows, place] == asked).all()
    assert (value[rows, place] == answer).all()
    assert ((key == asked[:, None]).sum(1) == 1).all()
    assert ((place < 4) | (place >= 28)).all()
    assert key.max() < 64
    near = (place < 4).double().mean().item()
    assert near == pytest.approx(0.5, abs=0.08)
    anywhere = recall.lists(4000, 32, generator)[4].bincount(minlength=32)
    assert anywhere.min() > 70


def test_the_reader_sees_what_came_before_and_turns_by_places() -> None:
    model = recall.Reader(1, rotary=False, seed=1)
    generator = torch.Generator().manual_seed(2)
    key, value, asked, _, _ = recall.lists(3, 16, generator)
    order = torch.randperm(16, generator=generator)
    with torch.no_grad():
        out = model(key, value, asked)
        torch.testing.assert_close(model(key[:, order], value[:, order], asked), out)
        model.rotary = True
        assert (model(key[:, order], value[:, order], asked) - out).abs().max() > 1e-3
        x = torch.randn(1, 2, 5, 16, generator=generator)
        at = torch.arange(5).double()
        known = long_context.rotate(x.double(), at, long_context.frequencies(16))
        torch.testing.assert_close(model.turn(x).double(), known, rtol=0, atol=1e-5)
        model.rotary, model.sharp = (
            False,
            0.0,
        )  # all scores equal: a mean over all, whoever is asked
        assert (model(key, value, asked) - out).abs().max() > 1e-3


def test_the_reader_is_made_of_torchs_attention() -> None:
    model = recall.Reader(2, rotary=False, seed=3)
    key, value, asked, _, _ = recall.lists(4, 16, torch.Generator().manual_seed(5))
    with torch.no_grad():
        x = torch.cat(
            [model.key[key] + model.value[value], (model.key[asked] + model.ask)[:, None]], 1
        )
        for qkv, out, up, down in zip(model.qkv, model.out, model.up, model.down, strict=True):
            rows = functional.layer_norm(x, (32,)) @ qkv.T
            q, k, v = (part.unflatten(-1, (2, 16)).transpose(1, 2) for part in rows.chunk(3, -1))
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + mixed.transpose(1, 2).flatten(2) @ out.T
            x = x + functional.gelu(functional.layer_norm(x, (32,)) @ up.T) @ down.T
        known = functional.layer_norm(x[:, -1], (32,)) @ model.head.T
        torch.testing.assert_close(model(key, value, asked), known)


def test_a_few_steps_of_training_lower_the_loss() -> None:
    model = recall.Reader(1, rotary=False)
    before = recall.right(model, 8, 256, keys=32)[0].double().mean().item()
    assert list(recall.train(model, [15, 30], 0, keys=32, n=8)) == [15, 30]
    assert recall.right(model, 8, 256, keys=32)[0].double().mean().item() > before + 0.05


def test_dilution_as_told() -> None:
    table = style.read_table(HOME / "dilution.csv")
    assert table["items"] == [8, 32, 128, 512]
    plain, sharp = table["plain"], table["sharper"]
    said(
        f"Among 512 items it answers {plain[3]:.2f} ± {table['spread, plain'][3]:.2f} of the questions.",
        f"without any training, it answers {sharp[3]:.2f} ± {table['spread, sharper'][3]:.2f}.",
        f"At 8 items, where the factor is below one, it answers {sharp[0]:.3f} in place of {plain[0]:.3f};",
        f"a small model finds {plain[3]:.2f} among 512 | scores times $\\ln n / \\ln 32$: {sharp[3]:.2f}"
        f" | no training; among 8 items {sharp[0]:.3f} in place of {plain[0]:.3f}",
        f"As trained: near 1 up to 32, then falling to {plain[3]:.2f}. "
        f"With scores times ln n / ln 32: near 1 up to 128, then {sharp[3]:.2f}",
    )
    assert min(*plain[:2], *sharp[:3]) > 0.98
    assert plain[2] > plain[3]
    assert plain[1] == sharp[1]


def test_the_middle_as_told() -> None:
    table = style.read_table(HOME / "middle.csv")
    early, late, anywhere = table["ends, 500"], table["ends, 1000"], table["any, 500"]
    wide = table["spread, ends, 500"], table["spread, ends, 1000"]
    near = table["spread, any, 500"]
    said(
        f"answers {early[3]:.2f} ± {wide[0][3]:.2f} of the questions about the fourth eighth and "
        f"{early[4]:.2f} ± {wide[0][4]:.2f} of those about the fifth after 500 steps, "
        f"but {early[0]:.2f} of those about the first and the last.",
        f"After 1,000 steps the middle has reached {late[3]:.2f} ± {wide[1][3]:.2f} and "
        f"{late[4]:.2f} ± {wide[1][4]:.2f}",
        f"Asked anywhere, the same model answers {anywhere[3]:.2f} in both after 500 steps.",
        f"{anywhere[0]:.3f} ± {near[0]:.3f} in the first eighth and {anywhere[7]:.3f} ± {near[7]:.3f} "
        f"in the last after 500 steps, in place of {early[0]:.3f} ± {wide[0][0]:.3f} and "
        f"{early[7]:.3f} ± {wide[0][7]:.3f}.",
        f"After 1,000 steps hardly anything of this price is left: {table['any, 1000'][0]:.3f} and "
        f"{table['any, 1000'][7]:.3f} in place of {late[0]:.3f} and {late[7]:.3f}.",
        f"answers {early[3]:.2f} of the questions about the middle, {early[0]:.2f} about the ends"
        f" | ask about any place in training: {anywhere[3]:.2f}"
        f" | at the ends, after as many steps: {anywhere[0]:.2f} and {anywhere[7]:.2f}",
    )
    assert f"{early[7]:.2f}" == f"{early[0]:.2f}"
    assert f"{anywhere[4]:.2f}" == f"{anywhere[3]:.2f}"
    for curve in (early, late):
        assert max(curve[3:5]) < min(*curve[:3], *curve[5:])
    for steps in (500, 1000):
        assert max(table[f"any, {steps}"]) - min(table[f"any, {steps}"]) < 0.03


def test_positions_as_told_by_their_page() -> None:
    table = style.read_table(PAGE.parents[1] / "architectures" / "positions" / "stretch.csv")
    at = table["position"].index
    said(
        f"is right at {table['unchanged'][at(120)]:.2f} of the places around 120"
        f" | slow the pairs that never go round: {table['parts'][at(120)]:.2f}"
        f" | right at {table['parts'][at(16)]:.2f} around 16, where it was {table['unchanged'][at(16)]:.2f}",
    )


@pytest.mark.answer("answer-long-context-hand")
def test_exercise_1_a_hand(answer: Bench) -> None:
    hand = torch.tensor([20.0]).double().deg2rad()
    turns = long_context.turns(hand, 24).item()
    slowed = long_context.scaled(hand, "yarn", 4, 24, 1, 2).rad2deg().item()
    answer("answer-long-context-hand").is_((turns, slowed), (turns, 20 / 4))


@pytest.mark.answer("answer-long-context-margin")
def test_exercise_2_margins(answer: Bench) -> None:
    margins = [long_context.margin(n, 0.9) for n in (1000, 16_000)]
    halves = [long_context.margin(n, 0.5) for n in (1000, 16_000)]
    answer("answer-long-context-margin").is_(tuple(margins), tuple(halves))


@pytest.mark.answer("answer-long-context-ring")
def test_exercise_3_traffic(answer: Bench) -> None:
    sent = long_context.traffic(65_536, 4, 4, 64)
    assert sent == 50_331_648 == 2 * 3 * 16_384 * 4 * 64 * 2
    answer("answer-long-context-ring").is_(sent / 1e6, sent / 3 * 4 / 1e6)


@pytest.mark.answer("answer-long-context-alike")
def test_exercise_4_alike(answer: Bench) -> None:
    few, many = (long_context.margin(32_768, 0.5, sigma) for sigma in (1.0, 2.0))
    assert many > few
    answer("answer-long-context-alike").is_(
        "The others' scores scatter more, and the margin is too small."
    )


@pytest.mark.answer("answer-long-context-first")
def test_exercise_5_the_first_token(answer: Bench) -> None:
    first = long_context.influence(1000, 2)[0].item()
    assert first == pytest.approx(math.fsum(1 / i for i in range(1, 1001)) / 1000)
    answer("answer-long-context-first").is_(first, long_context.influence(1000, 1)[0].item())


@pytest.mark.answer("answer-long-context-pairs")
def test_exercise_6_pairs(answer: Bench) -> None:
    less = [
        int((long_context.turns(long_context.frequencies(64, base), 8192) < 1).sum())
        for base in (1e6, 1e4)
    ]
    answer("answer-long-context-pairs").is_(*less)
