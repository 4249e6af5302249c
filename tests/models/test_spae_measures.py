"""SPAE: longer training, readers and writers, as the page tells them, against the numbers of the figures."""

from pathlib import Path

import pytest

from scripts.figures import spae as figures
from scripts.figures import style
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "spae.md"
said = sayings(PAGE)


def told(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(PAGE.parent / "spae" / f"{name}.csv")


def test_longer_training_changes_what_the_page_tells() -> None:
    table = told("tokens")
    first, last = (
        {k: table[f"long_{k}_mean"][n] for k in ("frozen", "learned", "guided")} for n in (0, 3)
    )
    least, most = (table[f"used_long_learned_{name}"][3] for name in ("least", "most"))
    said(
        f"and after {figures.LONG:,} the ranges overlap ({last['frozen']:.4f} both).",
        f"After {figures.STEPS} steps a table that may learn, of the same size, brings nothing:",
        f"After {figures.LONG:,} steps {least:.0f} to {most:.0f} of its words are in use, "
        f"and it leaves {last['learned']:.4f} against {last['frozen']:.4f} after 11 words",
        f"The price grows: after {figures.LONG:,} steps one word leaves "
        f"{first['guided']:.4f} with guidance and {first['frozen']:.4f} without, a third more.",
    )
    assert table["long_learned_most"][3] < table["long_frozen_least"][3]
    assert first["guided"] / first["frozen"] == pytest.approx(4 / 3, abs=0.02)
    assert f"{table['long_summed_mean'][3]:.4f}" == f"{last['frozen']:.4f}"
    for kind in ("summed", "guided"):
        assert table[f"long_{kind}_least"][3] < table["long_frozen_most"][3]
        assert table["long_frozen_least"][3] < table[f"long_{kind}_most"][3]


def test_the_figure_of_readers_shows_what_the_page_tells() -> None:
    table = told("context")
    kinds = ("equal", "own", "shuffled", "random", "random_equal", "gpt")
    one = {name: table[f"{name}_1_mean"][0] for name in kinds}
    two = {name: table[f"guided_{name}_1_mean"][0] for name in ("equal", "own", "shuffled", "gpt")}
    said(
        f"Equal or not: {one['equal']:.2f} and {two['equal']:.2f}.",
        f"Own vectors: {one['own']:.2f} and {two['own']:.2f}.",
        f"Vectors shuffled: {one['shuffled']:.2f} and {two['shuffled']:.2f}.",
        f"all three readers solve {100 * two['equal']:.0f} or {100 * two['own']:.0f} %: the right word",
    )
    said(
        f"The site's GPT: {one['gpt']:.2f} and {two['gpt']:.2f}, at the dashed line of chance]",
        f"equals, solves {100 * one['equal']:.0f} % of the tasks with plain words and "
        f"{100 * two['equal']:.0f} % with guided ones; chance is {100 / figures.WAYS:.0f} %.",
        f"and solves {100 * one['gpt']:.0f} % and {100 * two['gpt']:.0f} %.",
        f"solves {100 * one['own']:.0f} % of the tasks. If each word has the vector of another to it, "
        f"it solves {100 * one['shuffled']:.0f} %, no more",
        f"read with these same vectors, give {100 * one['random']:.0f} %, where equal or not gives "
        f"{100 * one['random_equal']:.0f} %: a gain of {100 * (one['random'] - one['random_equal']):.0f} points "
        f"in place of {100 * (one['own'] - one['equal']):.0f}.",
        f"first words only**: means and ranges of three networks, {figures.TASKS} tasks each.",
    )
    many = {name: table[f"guided_{name}_11_mean"][0] for name in ("equal", "own", "shuffled")}
    said(
        f"with all 11 guided words it solves {100 * many['own']:.0f} % of the tasks [below](#needs), "
        f"and one that only counts equal words {100 * many['equal']:.0f} %.",
        f"With all 11 words it is {100 * many['equal']:.0f} % for equal or not, {100 * many['own']:.0f} % for own "
        f"and {100 * many['shuffled']:.0f} % for shuffled vectors",
    )
    assert table["guided_equal_11_least"][0] > table["guided_own_11_most"][0]
    assert one["shuffled"] <= one["equal"]
    assert table["own_1_least"][0] > max(table[f"{n}_1_most"][0] for n in ("equal", "shuffled"))
    assert (
        one["random"] - one["random_equal"] > (one["own"] - one["equal"]) / 2
    )  # for the most part
    assert {round(100 * two[name]) for name in ("equal", "own", "shuffled")} == {83, 84}
    for name in ("gpt_1", "guided_gpt_1"):
        for n in range(2):
            assert abs(table[f"{name}_mean"][n] - 0.2) < 0.03
    assert table["guided_own_1_least"][0] < two["equal"] < table["guided_own_1_most"][0]


def test_the_figure_of_writers_shows_what_the_page_tells() -> None:
    table = told("written")
    plain, guided = table["plain_mean"], table["guided_mean"]
    said(
        f"New digits themselves {plain[0]:.2f}; restored from 11 words {plain[1]:.2f} and {guided[1]:.2f}; "
        f"written from five examples {plain[2]:.2f} and {guided[2]:.2f}; the name alone {plain[3]:.2f} and "
        f"{guided[3]:.2f}; random words {plain[4]:.2f} and {guided[4]:.2f}]",
        f"for all ten figures in each of three guided networks, and for {10 * plain[3]:.1f} of ten without guidance.",
        f"wanted class: {100 * guided[2]:.0f} % of the pictures are named as wanted "
        f"(guided; {100 * plain[2]:.0f} % plain).",
        f"In {100 * plain[5]:.1f} % of the cases the row of 11 words as a whole is that of no example "
        f"(guided: {100 * guided[5]:.1f} %).",
        f"{figures.WRITTEN} pictures of each class are written, and ten are drawn from names.",
    )
    said(
        f"the same tokens come back for {100 * plain[6]:.0f} % of the digits, "
        f"with guidance for {100 * guided[6]:.0f} % (means of three networks)."
    )
    assert table["guided_least"][6] > table["plain_most"][6]
    assert table["guided_least"][3] == 1
    for kind in ("plain", "guided"):
        assert table[f"{kind}_least"][2] > table[f"{kind}_most"][1]
