"""Serving: places that stay empty and prompts that are found, against closed forms and pencil."""

import itertools
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from scripts.figures import style
from scripts.printed.values import Finite
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

paging = import_module("docs.inference.serving.paging")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "serving.md"
said = sayings(PAGE)


@pytest.mark.equation("eq-serving-waste")
def test_empty_places_of_geometric_texts(printed: Equations) -> None:
    r, page = 0.6, 4
    lengths = np.arange(1, 120)
    weights = (1 - r) * r ** (lengths - 1)
    empty = float((weights * (-lengths % page)).sum())
    assert paging.waste(page, r) == pytest.approx(empty)
    printed("eq-serving-waste").holds(
        {
            r"\text{empty}": empty,
            r"\mathbb{E}": Finite({"N": lengths.tolist()}, weights.tolist()),
            "p": page,
            "r": r,
        }
    )
    said(
        f"pages of 16 leave {paging.waste(16, 0.995):.1f} places empty on average",
        f"and pages of 256 leave {paging.waste(256, 0.995):.0f}",
        f"leaves about {2048 - 200:,}",
    )


def test_the_example_of_pages() -> None:
    places = {n: -(-n // 4) * 4 for n in (10, 6)}
    assert places == {10: 12, 6: 8}
    assert 32 - sum(places.values()) == 3 * 4
    said("it has three pages, 12 places, and 2 are empty", "for it, 22 are empty")
    said("the pages hold both, and three are free")


def test_holes_join_and_the_first_that_fits_is_taken() -> None:
    holes = paging.Holes(20)
    pieces = [holes.take(n) for n in (5, 5, 5)]
    assert pieces == [(0, 5), (5, 5), (10, 5)]
    assert holes.take(6) is None
    holes.give((0, 5))
    holes.give((10, 5))
    assert holes.free == [(0, 5), (10, 10)]
    assert holes.take(6) == (10, 6)
    holes.give((5, 5))
    assert holes.free == [(0, 10), (16, 4)]


def test_shares_of_memory_on_cases_by_pencil() -> None:
    one, none = paging.contiguous([3, 3, 3], 8, 3, reserve=4)
    np.testing.assert_allclose(one[:, 0], [2 / 8, 4 / 8, 6 / 8])
    np.testing.assert_allclose(one[:, 2], 0)
    known, _ = paging.contiguous([5, 5, 5], 8, 2)
    np.testing.assert_allclose(known, [[1 / 8, 4 / 8, 3 / 8], [2 / 8, 3 / 8, 3 / 8]])
    pages, stops = paging.paged([9, 9, 9, 9], 8, 5, 4)
    assert (none, stops) == ([0], [0, 1])
    np.testing.assert_allclose(pages[:4, 0], [2 / 8, 4 / 8, 6 / 8, 1])
    np.testing.assert_allclose(pages[4], [5 / 8, 3 / 8, 0])  # the second has given its page back


@pytest.mark.equation("eq-serving-prompts")
def test_tokens_of_all_prompts(printed: Equations) -> None:
    turns, first, question, answer = 5, 70, 11, 13
    prompts, text = 0, first
    for _ in range(turns):
        text += question
        prompts += text
        text += answer
    printed("eq-serving-prompts").holds(
        {"A": prompts, "T": turns, "s": first, "q": question, "a": answer}
    )


@pytest.mark.equation("eq-serving-hits")
def test_hits_of_a_cache_with_room(printed: Equations) -> None:
    turns, first, question, answer, talks = 5, 70, 11, 13, 3
    found = paging.hit_rate(paging.Prefix(10**6, 1), talks, turns, (first, question, answer), 4)
    total = turns * first + turns * question + 10 * (question + answer)
    printed("eq-serving-hits").holds(
        {"h": found, "T": turns, "q": question, "s": first, "C": talks, "A": total}
    )
    room = paging.hit_rate(paging.Prefix(10**6, 1), 20, 4, (600, 100, 100), 0)
    pages = paging.hit_rate(paging.Prefix(10**6), 20, 4, (600, 100, 100), 0)
    said(f"with 20 talks it is {100 * room:.2f} %; pages of 16 tokens find {100 * pages:.1f} %")


def test_hits_of_a_small_cache() -> None:
    rates = {}
    for pages in (800, 400, 200):
        found = [
            100 * paging.hit_rate(paging.Prefix(pages), 20, 4, (600, 100, 100), seed)
            for seed in range(5)
        ]
        rates[pages] = f"{np.mean(found):.1f} ± {np.std(found, ddof=1):.1f} %"
    said(f"{rates[800]} in 800 pages, {rates[400]} in 400 and {rates[200]} in 200 (mean")


def test_a_key_stands_for_all_before_it() -> None:
    cache = paging.Prefix(100, 2)
    cache.keep((1, 2, 3, 4, 5))
    assert cache.hits((1, 2, 3, 4, 9)) == 4
    assert cache.hits((1, 2, 3, 4)) == 2  # the last token must be computed
    assert cache.hits((9, 9, 3, 4, 9)) == 0
    cache.keep((5, 6, 7, 8))
    assert cache.hits((1, 2, 7, 8, 0)) == 2  # the second page stands behind another first one
    small = paging.Prefix(1, 2)
    small.keep((1, 2, 3, 4))
    assert small.hits((1, 2, 3, 4, 5)) == 2  # the end went first


def test_the_example_of_a_talk() -> None:
    prompts = [600 + 200 * turn + 100 for turn in range(4)]
    assert prompts == [700, 900, 1100, 1300]
    assert sum(prompts) == 4000
    assert 1 - 400 / 4000 == 0.9
    said("have 700, 900, 1,100 and 1,300 tokens, 4,000 in all", "So 90 % need no prefill")


def test_what_the_figure_of_memory_shows() -> None:
    table = style.read_table(PAGE.with_suffix("") / "memory.csv")
    share = {name: [100 * x for x in table[name]] for name in ("written", "held", "free")}
    spread = [100 * x for x in table["written, deviation"]]
    written = share["written"]
    for row in zip(*share.values(), strict=True):
        assert sum(row) == pytest.approx(100)
    said(
        f"{written[0]:.0f} ± {spread[0]:.0f} % of the cache holds tokens",
        f"{written[1]:.0f} ± {spread[1]:.0f} % would: {share['held'][1]:.0f} % are reserved",
        f"The {written[2]:.0f} % has a price that is not drawn: {100 * table['stopped'][2]:.0f} ±"
        f" {100 * table['stopped, deviation'][2]:.0f} % of the texts are stopped at least once",
        f"and {share['free'][1]:.0f} % are free",
        f"With pages of 16 it is {written[2]:.0f} %, with pages of 64 {written[3]:.0f} %,"
        f" with pages of 256 {written[4]:.0f} %.",
        f"{written[0]:.0f} % of the cache holds tokens | pages of 16 | {share['held'][2]:.0f} % empty",
    )
    a, b, c, d, e = ([f"{share[kind][n]:.0f}" for kind in share] for n in range(5))
    said(
        f"2,048 reserved: {a[0]}, {a[1]}, {a[2]}. Length known: {b[0]}, {b[1]}, {b[2]}.",
        f"Pages of 16: {c[0]}, {c[1]}, {c[2]}. Pages of 64: {d[0]}, {d[1]}, {d[2]}.",
        f"Pages of 256: {e[0]}, {e[1]}, {e[2]}](serving",
    )
    assert all(a > b for a, b in itertools.pairwise(written[2:]))


@pytest.mark.answer("answer-serving-hits")
def test_exercise_5_hits(answer: Bench) -> None:
    found = paging.hit_rate(paging.Prefix(10**6, 1), 10, 4, (600, 100, 100), 0)
    alone = paging.hit_rate(paging.Prefix(10**6, 1), 1, 4, (600, 100, 100), 0)
    answer("answer-serving-hits").is_((found, alone), (0.9, alone))
