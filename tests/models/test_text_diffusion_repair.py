"""Remasking keeps the data and repairs the rest; the surest draw spoils a perfect model."""

import itertools
import math
from importlib import import_module

import pytest
import torch

from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.models.test_text_diffusion import ENDS, GUESS, JOINT, LEFT, made, some
from tests.printed.plugin import Equations
from tests.said import sayings

text = import_module("docs.models.text-diffusion.text_diffusion")
repair = import_module("docs.models.text-diffusion.repair")
PAGE = style.DOCS / "models" / "text-diffusion.md"
said = sayings(PAGE)


@pytest.mark.equation("eq-text-diffusion-remask")
def test_remasking_keeps_the_data(printed: Equations) -> None:
    joint = some(3, 3, 3, seed=8)
    guess = text.exact(joint)
    after = repair.remask(guess, joint)
    torch.testing.assert_close(after, joint)
    i, x = 1, (2, 0, 1)
    row = guess((2, 3, 1))[i]
    printed("eq-text-diffusion-remask").holds(
        {
            "p'(x)": float(after[x]),
            r"p(v, x_{-i})": Given(("v",), lambda v: float(joint[2, v, 1])),
            r"p(x_i \mid x_{-i})": float(row[x[i]]),
            "p(x_{-i})": float(joint.sum(i)[2, 1]),
            "p(x)": float(joint[x]),
            "v": Each(range(3)),
        }
    )


def test_remasking_is_a_step_of_the_chain_of_single_changes() -> None:
    start = some(2, 2, 2, seed=9)
    guess = text.exact(some(2, 2, 2, seed=10))
    move = torch.zeros(8, 8).double()
    for row, x in enumerate(itertools.product(range(2), repeat=3)):
        for n in range(3):
            for v in range(2):
                new = (*x[:n], v, *x[n + 1 :])
                share = guess((*x[:n], 2, *x[n + 1 :]))[n, v]
                move[row, new[0] * 4 + new[1] * 2 + new[2]] += share / 3
    torch.testing.assert_close(repair.remask(guess, start).flatten(), start.flatten() @ move)


def test_five_calls_of_remasking() -> None:
    table = style.read_table(PAGE.with_suffix("") / "repair.csv")
    now = {"all at once": made(LEFT, 3), "ends first, 2": made(ENDS, 2)}
    for name, result in now.items():
        for _ in range(5):
            result = repair.remask(GUESS, result)
        assert text.off(JOINT, result) == pytest.approx(table[name][5], rel=1e-5)
    once, ends = (100 * table[name][5] for name in now)
    said(
        f"five calls of remasking bring 31 % down to {once:.1f} %",
        f"After five calls {once:.1f} % are off of what was made all at once, {ends:.1f} % after both ends first",
    )
    columns = [table[name] for name in ("all at once", "surest draw", "ends first, 2")]
    for a, b, c in zip(*columns, strict=True):
        assert a > b > c
    for column in columns:
        assert all(x > y for x, y in itertools.pairwise(column))


def test_the_surest_draw_by_pencil() -> None:
    result = repair.surest_draws(GUESS, 3, 2, 1)
    share = float(result[0, 0].sum() / result[0].sum())
    assert share == pytest.approx(3 / 4 + 1 / 4 * (5 / 8 * 9 / 10 + 3 / 8 / 2))
    said(
        r"$\frac{3}{4} + \frac{1}{4} \bigl(\frac{5}{8} \cdot \frac{9}{10} + \frac{3}{8} \cdot "
        rf"\frac{{1}}{{2}}\bigr) = {share:.2f}$ of the cases, where 3/4 is right",
        f"Of all texts {100 * text.off(JOINT, result):.2f} % are off and "
        f"{text.lost(JOINT, result):.2f} nats are lost",
        f"a perfect model at one place a call: {100 * text.off(JOINT, result):.0f} % off if the leftmost",
    )


def by_chance(joint: torch.Tensor) -> torch.Tensor:
    """What keeping the surest draw makes if one of equal draws is kept at random."""
    guess, result = text.exact(joint), torch.zeros_like(joint)

    def go(seen: tuple[int, ...], p: float) -> None:
        hidden = [n for n, v in enumerate(seen) if v == 2]
        if not hidden:
            result[seen] += p
            return
        rows = guess(seen)
        for letters in itertools.product(range(2), repeat=len(hidden)):
            sure = [round(float(rows[n, v]), 9) for n, v in zip(hidden, letters, strict=True)]
            equal = [k for k, value in enumerate(sure) if value == max(sure)]
            for k in equal:
                after = (*seen[: hidden[k]], letters[k], *seen[hidden[k] + 1 :])
                go(after, p * math.prod(sure) / len(equal))

    go((2,) * joint.ndim, 1.0)
    return result


def test_ties_at_random_spoil_less() -> None:
    result = by_chance(JOINT)
    assert float(result.sum()) == pytest.approx(1)
    said(
        f"A random choice among equals leaves {100 * text.off(JOINT, result):.2f} % off and "
        f"loses {text.lost(JOINT, result):.2f} nats",
        f"{100 * text.off(JOINT, result):.0f} % if one of them at random",
    )
    biased = some(2, 2, 2, seed=11)
    torch.testing.assert_close(
        by_chance(biased), repair.surest_draws(text.exact(biased), 3, 2, 1), atol=1e-6, rtol=0
    )


def test_the_surest_draws_against_a_simulation() -> None:
    joint = some(2, 2, 2, seed=11)
    guess = text.exact(joint)
    draw = torch.Generator().manual_seed(12)
    counts = torch.zeros(2, 2, 2)
    for _ in range(1000):
        seen = [2, 2, 2]
        while 2 in seen:
            rows = guess(tuple(seen))
            letters = torch.multinomial(rows, 1, generator=draw)[:, 0].tolist()
            hidden = [n for n in range(3) if seen[n] == 2]
            best = max(hidden, key=lambda n, rows=rows, letters=letters: float(rows[n, letters[n]]))
            seen[best] = letters[best]
        counts[tuple(seen)] += 1
    told = repair.surest_draws(guess, 3, 2, 1)
    torch.testing.assert_close(counts.double() / 1000, told, atol=0.05, rtol=0)
    assert text.off(joint, told) > 0.05


def test_choosing_the_place_first_costs_nothing() -> None:
    torch.testing.assert_close(text.filling(GUESS, 3, 2, text.surest, 1), JOINT)
    assert text.surest((2, 2, 2), torch.tensor([[0.5, 0.5], [0.1, 0.9], [0.7, 0.3]])) == [1, 2, 0]
    said("with one place a call nothing is lost, at no cost")


def test_choosing_the_place_first_does_not_help_two_places_a_call() -> None:
    results = (
        text.filling(GUESS, 3, 2, text.surest, 2),
        repair.surest_draws(GUESS, 3, 2, 2),
    )
    for result in results:
        said(f"both leave {100 * text.off(JOINT, result):.0f} % off")
        assert text.off(JOINT, result) == pytest.approx(1 / 4)
