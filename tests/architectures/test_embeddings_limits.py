"""What one table cannot say: the rank, the parallelogram, the week, two answers at once, and their cures."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from docs.architectures.embeddings import embeddings, limits
from scripts.figures import embeddings as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "embeddings.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
SQUARE = embeddings.W
EITHER = torch.tensor([0.5, 0, 0, 0.5]).double()
TURN = torch.linspace(0, 2 * math.pi, 721)[:-1].double() + 0.001
CIRCLE = torch.stack([TURN.cos(), TURN.sin()], 1)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.equation("eq-embeddings-rank")
def test_the_rank_of_the_log_probabilities_is_at_most_e_plus_one(printed: Equations) -> None:
    def bound(h: torch.Tensor, u: torch.Tensor) -> None:
        z = h @ u.T
        printed("eq-embeddings-rank").holds(
            {
                r"\operatorname{rank}": lambda x: float(np.linalg.matrix_rank(x, tol=1e-9)),
                r"\Lambda": functional.softmax(z, dim=-1).log().numpy(),
                "H": h.numpy(),
                "U": u.numpy(),
                r"\boldsymbol{\zeta}": column(z.logsumexp(-1)),
                r"\mathbf{1}": np.ones((len(u), 1)),
                "E": h.shape[1],
            },
            free=(
                r"\Lambda",
                "H",
                "U",
                r"\boldsymbol{\zeta}",
                r"\mathbf{1}",
                "E",
                r"\operatorname{rank}",
            ),
        )

    bound(normal(7, 3), normal(8, 3, seed=1))
    flat = normal(8, 3, seed=2)
    flat[:, 0] = 1
    bound(normal(7, 3, seed=3), flat)
    bound(normal(7, 1, seed=4) @ normal(1, 3, seed=5), normal(8, 3, seed=6))
    # Every text says the same, up to a shift: only with the right signs is the rank one.
    same, flat = normal(7, 2, seed=7), normal(8, 2, seed=8)
    same[:, 1], flat[:, 0] = 0.7, 1
    bound(same, flat)
    left = r"\operatorname{rank} (\Lambda) = \operatorname{rank} (H U^{\top} - \mathbf{\zeta} \mathbf{1}^{\top})"
    for bound_, why in (
        (
            r"(H) + \operatorname{rank} (\mathbf{\zeta} \mathbf{1}^{\top})",
            "rank(H) is at least rank(HU')",
        ),
        (r"(H U^{\top}) + \operatorname{rank} (\mathbf{1}^{\top})", "both ranks are at most one"),
        (r"(H U^{\top}) + \operatorname{rank} (\mathbf{\zeta})", "both ranks are at most one"),
    ):
        printed.excuse(rf"{left} \leq \operatorname{{rank}} {bound_} \leq E + 1", why)
    log = (embeddings.COUNTS / 10).log()
    assert int(torch.linalg.matrix_rank(log)) == 3
    said(r"In the example $\Lambda$ has rank 3, as much as $E = 2$ allows.")
    w, u = embeddings.learn(SEEN, 2, steps=300)
    learned = embeddings.forward(torch.arange(6), w, u).log()
    assert int(torch.linalg.matrix_rank(learned, atol=1e-8)) == 3


SEEN = torch.tensor(
    [
        [5, 1, 2, 7, 1, 3],
        [2, 6, 1, 1, 4, 2],
        [1, 1, 8, 2, 2, 5],
        [3, 2, 1, 6, 1, 1],
        [2, 4, 3, 1, 7, 1],
        [1, 2, 2, 3, 1, 9],
    ]
).double()


@pytest.mark.equation("eq-embeddings-parallelogram")
def test_on_a_parallelogram_two_products_are_equal(printed: Equations) -> None:
    a, b, c, h = normal(3), normal(3, seed=1), normal(3, seed=2), normal(3, seed=3)
    u = torch.stack([a, a + b, a + c, a + b + c])
    printed("eq-embeddings-parallelogram").holds(
        {
            r"\mathbf{u}": columns(u),
            r"\mathbf{h}": column(h),
            "p": functional.softmax(u @ h, dim=0),
            "Z": (u @ h).exp().sum().item(),
        }
    )
    assert torch.equal(SQUARE[0] + SQUARE[3], SQUARE[1] + SQUARE[2])


@pytest.mark.equation("eq-embeddings-floor")
def test_two_opposite_corners_cost_at_least_log_four(printed: Equations) -> None:
    extra = torch.cat([SQUARE, torch.tensor([[0.3, -0.2]]).double()])
    for u, h in ((SQUARE, [1e-5, 2e-5]), (extra, [0.4, -0.7]), (extra[:4], [0.9, 0.3])):
        p = functional.softmax(u @ torch.tensor(h).double(), dim=0)
        printed("eq-embeddings-floor").holds({"p": p[:4]}, tolerance=1e-8, free=("p",))


def test_the_bottleneck_and_its_cures_in_numbers() -> None:
    one, two = (limits.either(SQUARE, EITHER, k) for k in (1, 2))
    third = torch.cat([SQUARE, torch.tensor([1.0, 0, 0, 1.0]).double()[:, None]], 1)
    wider = limits.either(third, EITHER, 1)
    assert one.min() >= math.log(4) - 1e-9
    torch.testing.assert_close(one, torch.full_like(one, math.log(4)), rtol=0, atol=1e-4)
    said(f"*king* or *woman* costs {one.mean():.3f} nats from all of five random states")
    said(f"and 0 for the others brings it to {wider.mean():.3f} within 400 steps")
    said(f"the other *woman*: {two.mean():.3f} nats on average", "With $K = 2$ one state says")
    said(f"look for a place where the loss is below {math.log(4):.3f}.")
    said(f"bottleneck](#narrow) | {one.mean():.2f} nats where {math.log(2):.2f} would do |")
    assert (len(one), math.log(2) <= float(two.min())) == (5, True)


def test_a_mixture_of_one_is_the_softmax() -> None:
    h, u = normal(2, 3, 1, 4), normal(2, 5, 4, seed=1)
    whole = limits.mixture(h, torch.zeros(2, 3, 1).double(), u)
    torch.testing.assert_close(whole, (h[:, :, 0] @ u.mT).log_softmax(-1))
    mixed = limits.mixture(normal(2, 3, 2, 4, seed=2), normal(2, 3, 2, seed=3), u)
    torch.testing.assert_close(mixed.exp().sum(-1), torch.ones(2, 3).double())


def test_the_figure_of_the_bottleneck() -> None:
    table = style.read_table(FOLDER / "bottleneck.csv")
    for name in ("k1", "k2"):
        assert all(b < a for a, b in pairwise(table[name][:4]))
        assert max(table[name][3:]) < 1e-3
    assert all(two < one for one, two in zip(table["k1"][:3], table["k2"][:3], strict=True))
    one, two = (", ".join(f"{x:.2f}" for x in table[name][:3]) for name in ("k1", "k2"))
    said(f"One softmax: {one}, then 0. A mixture of two: {two}, then 0](", "against E from 1 to 5.")
    p = limits.targets(5)
    assert {int(rank) for rank in torch.linalg.matrix_rank(p.log(), atol=1e-6)} == {5}
    assert 5 not in {int(rank) for rank in torch.linalg.matrix_rank(p, atol=1e-6)}
    said("probabilities whose logarithms have rank 5, 12 texts and 12 tokens")
    said("From $E = 4$ on, [the rank")


@pytest.mark.equation("eq-embeddings-tied")
def test_a_week_by_a_tied_table_alone_costs_at_least_log_three(printed: Equations) -> None:
    def losses(w: torch.Tensor) -> torch.Tensor:
        after = torch.arange(1, len(w) + 1) % len(w)
        return functional.cross_entropy(w @ w.T, after, reduction="none")

    for w in (torch.full((3, 2), 0.4).double(), normal(7, 4), 0.1 * normal(3, 2, seed=1)):
        printed("eq-embeddings-tied").holds({r"\ell": losses(w), "V": len(w)}, free=(r"\ell", "V"))


@pytest.mark.equation("eq-embeddings-week")
def test_a_day_is_nearer_to_itself_than_to_the_next(printed: Equations) -> None:
    w = normal(5, 3)
    printed("eq-embeddings-week").holds(
        {r"\mathbf{w}": columns(torch.cat([w, w[:1]])), "V": 5}, free=(r"\mathbf{w}",)
    )


def test_the_table_of_the_week() -> None:
    kinds = ((True, False, 56), (True, True, 56 + 64), (False, False, 2 * 56))
    for (tied, between, size), row in zip(kinds, rows_of("tab-embeddings-week"), strict=True):
        losses = limits.week(tied=tied, between=between)
        assert row[1:] == [f"{losses.mean():.3f}", f"{size}"]
        assert losses.max() - losses.min() < 0.001
    said("the losses differ by less than 0.001 between them")
    said(f"is $\\log 3 = {math.log(3):.3f}$", "| Loss in nats, 7 days, $E = 8$ |")
    worst = limits.week(tied=True, between=False)
    assert worst.min() > math.log(3)
    said(f"| {worst.mean():.2f} nats where 0 would do |", "between them {#tab-embeddings-week}")


def test_four_of_six_pairs_can_be_first_in_the_plane_and_all_in_space() -> None:
    found = limits.firsts(SQUARE, CIRCLE)
    assert frozenset((0, 3)) not in found
    assert frozenset((1, 2)) not in found
    third = torch.cat([SQUARE, torch.tensor([1.0, 0, 0, 1.0]).double()[:, None]], 1)
    assert (len(found), len(limits.firsts(third, normal(4000, 3)))) == (4, 6)
    said("of the 6 pairs of words only 4 can be.", "With one number more all 6 can.")
    said("| 4 of 6 pairs can be first |", "as 4 of 6 in the square")


def test_the_program_prints_the_floor_and_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    limits.main()
    out = capsys.readouterr().out
    assert "1 softmax: 1.3863 nats" in out
    assert "2 softmax: 0.69" in out


@pytest.mark.answer("answer-embeddings-pentagon")
def test_exercise_5_the_first_two_of_five_corners(answer: Bench) -> None:
    turns = 2 * math.pi / 5 * torch.arange(5).double()
    corners = torch.stack([turns.cos(), turns.sin()], 1)
    answer("answer-embeddings-pentagon").is_(len(limits.firsts(corners, CIRCLE)), math.comb(5, 2))


@pytest.mark.answer("answer-embeddings-fit")
def test_exercise_6_two_numbers_a_row(answer: Bench) -> None:
    p = limits.targets(figures.SEEDS)
    two = [limits.fit(p, 2, k).mean().item() for k in (1, 2)]
    one = [limits.fit(p, 1, k).mean().item() for k in (1, 2)]
    answer("answer-embeddings-fit").is_(two, one)
