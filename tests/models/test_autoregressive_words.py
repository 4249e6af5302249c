"""Exposure bias: the language, right letters by hand, forced and free, the cures, and what the page tells."""

from pathlib import Path

import numpy as np
import pytest

from docs.models.autoregressive import autoregressive as source
from docs.models.autoregressive import words
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "autoregressive.md"
DATA = PAGE.parent / "autoregressive"
said = sayings(PAGE)
rows_of = tables(PAGE)
Row = tuple[float, ...]


def right(written: str) -> set[str]:
    """The letters that may follow, by the words alone."""
    begun = written.rsplit(" ", 1)[-1]
    found = {(word + " ")[len(begun)] for word in words.WORDS if (word + " ").startswith(begun)}
    return found or {" "}


def spelled(text: str) -> np.ndarray:
    """A text as numbers of letters."""
    return np.array([words.LETTERS.index(letter) for letter in text])


def test_right_letters_are_those_with_which_a_word_goes_on() -> None:
    text = "cat dos  tiges ho "
    states = words.states(spelled(text))
    for n, state in enumerate(states):
        allowed = {words.LETTERS[v] for v in np.flatnonzero(words.TRUTH[state])}
        expected = right(text[:n]) if text[:n].rsplit(" ", 1)[-1] != "dos" else {" "}
        assert allowed == expected, text[:n]
    np.testing.assert_allclose(words.TRUTH.sum(1), 1)
    first = words.TRUTH[0]
    assert first[words.LETTERS.index("t")] == pytest.approx(0.02)
    assert sorted({len(word) for word in words.WORDS}) == [3, 4, 5]
    said(
        "eight words of three to five letters, each with a space after it; one of them, *tiger*, is rare, 2 %."
    )
    assert (len(words.WORDS), words.CHANCE[-1]) == (8, 0.02)


def test_counts_are_those_of_a_loop() -> None:
    text = words.text(300, np.random.default_rng(0))
    counts = words.count(text, 2)
    found: dict[tuple[int, ...], int] = {}
    for a, b, c in zip(text, text[1:], text[2:], strict=False):
        found[int(a), int(b), int(c)] = found.get((int(a), int(b), int(c)), 0) + 1
    assert counts.sum() == pytest.approx(298 + words.ADD * words.V**3)
    for (a, b, c), n in found.items():
        assert counts[a * words.V + b, c] == pytest.approx(n + words.ADD)


def test_forced_and_free_agree_where_the_model_never_slips() -> None:
    generator = np.random.default_rng(0)
    counts = words.count(words.text(4000, generator), 4)
    exact = np.where(counts > 1, counts, 1e-12)
    assert words.forced(exact, words.text(500, generator), 4) < 0.02
    wrong, states, written = words.free(exact, generator, 4)
    assert wrong.mean() < 0.02
    again = words.GOES[states[:, :-1], written[:, :-1]]
    assert (again == states[:, 1:]).all()


@pytest.fixture(scope="module")
def measured() -> dict[str, np.ndarray]:
    """Rows of five seeds: forced and free for each order, then the cures for three letters."""
    found: dict[str, list[Row]] = {"1": [], "2": [], "3": [], "cures": []}
    for seed in range(5):
        for order in (1, 2, 3):
            generator = np.random.default_rng(seed)
            counts = words.count(words.text(words.TEXT, generator), order)
            forced = words.forced(counts, words.text(words.TEXT, generator), order)
            wrong, _, own = words.free(counts, generator, order)
            found[str(order)].append((forced, wrong.mean(), wrong.mean() / forced))
        cut, _, short = words.free(counts, generator, least=0.05)
        again = words.corrected(counts, generator)
        more = words.count(words.text(10 * words.TEXT, generator))
        found["cures"].append(
            (
                cut.mean(),
                words.free(again, generator)[0].mean(),
                words.free(more, generator)[0].mean(),
                tigers(own),
                tigers(short),
            )
        )
    return {name: np.array(rows) for name, rows in found.items()}


def tigers(written: np.ndarray) -> float:
    """Share of the words that begin with a t."""
    begins = written[:, :-1] == 0
    return float((begins & (written[:, 1:] == words.LETTERS.index("t"))).sum() / begins.sum())


def told(values: np.ndarray, digits: int = 3) -> str:
    """Mean and standard deviation as the page prints them."""
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def test_exposure_bias_as_the_page_tells_it(measured: dict[str, np.ndarray]) -> None:
    for cells, order in zip(rows_of("tab-autoregressive-exposure"), (1, 2, 3), strict=True):
        forced, free, ratio = measured[str(order)].T
        assert cells == [
            f"{order} letter{'s' * (order > 1)}",
            told(forced),
            told(free),
            told(ratio, 1),
        ]
    forced, free, _ = measured["3"].mean(0)
    said(
        f"with probability {forced:.3f} after true text is wrong at {100 * free:.0f} % of the first",
        f"% of the first {words.LONG} letters of its own text",
    )
    said("learns from 2,000 letters, with 0.02 added to each count")
    assert (words.TEXT, words.ADD, words.LONG, words.MANY) == (2000, 0.02, 60, 500)
    said(f"is poor on both, {measured['1'][:, 2].mean():.1f} times as poor on its own text.")


def test_how_well_a_table_finds_back(monkeypatch: pytest.MonkeyPatch) -> None:
    back: dict[int, list[float]] = {1: [], 2: [], 3: []}
    unseen, ratios = [], []
    for seed in range(5):
        for order in (1, 2, 3):
            monkeypatch.setattr(words, "LONG", 60)
            generator = np.random.default_rng(seed)
            counts = words.count(words.text(words.TEXT, generator), order)
            forced = words.forced(counts, words.text(words.TEXT, generator), order)
            wrong, _, own = words.free(counts, generator, order)
            back[order].append(float(1 - wrong[:, 1:][wrong[:, :-1]].mean()))
        slips = words.contexts(own, order)[wrong[:, order - 1 :]]
        unseen.append((counts[slips] == words.ADD).all(1).mean())
        monkeypatch.setattr(words, "LONG", 600)
        ratios.append(words.free(counts, generator)[0].mean() / forced)
    one, two, three = (np.mean(shares) for shares in back.values())
    said(f"the next is right with probability {one:.2f}, {two:.2f} and {three:.2f}, for one, two")
    said(f"letters stands, in {100 * np.mean(unseen):.1f} % of the cases, before a context")
    said(f"of the text: to {told(np.array(ratios), 0)} in {words.LONG} letters (five seeds).")


def test_the_cures_and_their_costs(measured: dict[str, np.ndarray]) -> None:
    cut, practised, more, before, after = measured["cures"].T
    free = measured["3"][:, 1]
    rows = rows_of("tab-autoregressive-cures")
    assert [row[1] for row in rows] == [told(free), told(cut), told(practised), told(more)]
    share, instead = f"{100 * after.mean():.1f} %", f"{100 * before.mean():.1f} %"
    assert (
        rows[1][2]
        == f"{share} of the words begin with t, instead of {instead} (wrong words included)"
    )
    letters = 3 * words.MANY * (words.LONG - words.ORDER)
    assert rows[2][2] == f"a teacher's probabilities of the next letter at {letters:,} places"
    assert rows[3][2] == f"{10 * words.TEXT:,} letters instead of {words.TEXT:,}"
    assert rows[1][0] == "never draw a letter below 0.05"


def test_the_figure_has_the_same() -> None:
    table = style.read_table(DATA / "exposure.csv")
    first, last, true = table["own_mean"][0], table["own_mean"][-1], table["true_mean"][0]
    said(f"begins at {first:.2f} and reaches {last:.2f}; on true text it is wrong at {true:.3f}")
    assert max(*table["cut_most"], *table["practised_most"]) < 0.007
    said("with rare letters cut, and after practice, it stays below 0.007]")
    tens = [np.mean(table["own_mean"][n : n + 10]) for n in range(0, 60, 10)]
    assert tens == sorted(tens)


def test_a_source_in_which_all_is_possible_shows_no_exposure_bias() -> None:
    generator = np.random.default_rng(0)
    model = source.fit(source.draw(2000, generator), 4)
    true = source.joint(4)
    own = np.array(source.write(model, [0, 0, 0, 0], 20_000, generator))
    counts = np.zeros((2,) * 4)
    np.add.at(counts, tuple(np.lib.stride_tricks.sliding_window_view(own, 4).T), 1)
    shares = counts / counts.sum()
    moves = np.array([source.MOVE[row[-1]] for row in np.ndindex(2, 2, 2, 2)]).reshape(
        2, 2, 2, 2, 2
    )
    divergence = (moves * np.log2(moves / model)).sum(-1)
    forced, free = (true * divergence).sum(), (shares * divergence).sum()
    assert free == pytest.approx(forced, rel=0.15)
    said(
        "A table that learns the chain of pixels shows no such effect: every context is possible there"
    )


@pytest.mark.answer("answer-autoregressive-words")
def test_exercise_7_two_letters(answer: Bench) -> None:
    generator = np.random.default_rng(0)
    counts = words.count(words.text(words.TEXT, generator), 2)
    forced = words.forced(counts, words.text(words.TEXT, generator), 2)
    free = words.free(counts, generator, 2)[0].mean()
    answer("answer-autoregressive-words").is_(free, forced)
    said("0.054, nine times as much as on true text.")
    assert free / forced == pytest.approx(9, abs=0.6)
