"""What the page tells of its runs, read from the numbers of the figures; the recipes are locked."""

import math
import statistics
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.figures import pre_training as figures
from scripts.figures.style import read_table
from tests.said import sayings, tables

code: Any = import_module("docs.training.pre-training.pre_training")
PAGE = Path(code.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def test_what_is_told_of_the_bands() -> None:
    found = read_table(DATA / "bands.csv")
    assert (figures.UNION, figures.DRAWS, figures.BANDS) == (40, 500, ((3, 2), (20, 4), (14, 8)))
    said("Marks: 500 draws of all orders for pairs with 40 shingles in all.")
    for b, r in figures.BANDS:
        line, drawn = found[f"{b} of {r}"], found[f"{b} of {r}, drawn"]
        for p, q in zip(line, drawn, strict=True):
            assert abs(p - q) <= 4 * math.sqrt(max(p * (1 - p), 1e-4) / figures.DRAWS)
    assert found["similarity"][0] == 0
    assert found["similarity"][-1] == 1


def test_what_is_told_of_the_leak() -> None:
    found = read_table(DATA / "leak.csv")
    assert (figures.SEEDS, figures.TESTED, figures.TRAINED, figures.CHANGED) == (5, 20, 100, 0.05)
    assert (figures.SHINGLE, figures.RUN_BANDS, figures.SENTENCES) == (3, (20, 4), 5)
    test, fresh, cured = (found[f"{name}_mean"] for name in ("test", "fresh", "cured"))
    said(f"With all 20 the test falls from {test[0]:.2f} to {test[-1]:.2f} bits a character")
    said(f"20 fresh documents fall from {fresh[0]:.2f} to {fresh[-1]:.2f}.")
    gain = [found[f"gain_{end}"][-1] for end in ("least", "mean", "most")]
    assert f"{gain[1]:.2f}" == "0.06"
    said(f"That small gain, {gain[0]:.2f} to {gain[2]:.2f} in each of the 5 seeds, is real:")
    control = found["control_mean"][0]
    said(f"20 more documents that are no copies bring the test to {control:.2f} too.")
    said(f"the test is back at {cured[-1]:.2f}.")
    said(f"{test[0]:.2f} bits a character seem to be {test[-1]:.2f} |")
    said(f"took {test[0] - test[-1]:.2f} bits a character off the test", "and 0.06 off fresh text")
    assert f"{fresh[0] - fresh[-1]:.2f}" == "0.06"
    assert test == sorted(test, reverse=True)
    assert fresh == sorted(fresh, reverse=True)
    assert max(cured) - min(cured) < 0.005
    assert max(found["test_most"][1:]) < found["test_most"][0]
    for row, share in enumerate(found["share"]):
        copies = round(share * 20)
        assert found["found_least"][row] == found["found_most"][row] == copies
        assert found["wrong_most"][row] == 0
    said("In all 5 seeds each of the copies was found and no other document was lost;")
    said("The price is 80 minima for each document.")


def test_what_is_told_of_copies() -> None:
    found = read_table(DATA / "copies.csv")
    kept, removed, full = (found[f"{name}_mean"] for name in ("kept", "removed", "refilled"))
    assert found["share"][-1] == 0.75
    said(
        f"With three quarters copies the test has {kept[-1]:.2f} bits a character; with the copies "
        f"removed, and {found['left_mean'][-1]:.0f} documents left, {removed[-1]:.2f}; with fresh "
        f"documents in their place {full[-1]:.2f}."
    )
    said(f"{full[-1]:.2f} become {kept[-1]:.2f} with 75 % copies")
    said(f"fresh text; without it {removed[-1]:.2f} |")
    for row in range(1, 4):
        for end in ("least", "mean", "most"):
            assert found[f"kept_{end}"][row] > found[f"removed_{end}"][row]
            assert found[f"removed_{end}"][row] > found[f"refilled_{end}"][row]
    assert kept == sorted(kept)
    assert removed == sorted(removed)
    assert figures.SOURCES == 4


def test_what_is_told_of_the_filter() -> None:
    found = read_table(DATA / "filter.csv")
    assert figures.FILTER_SEEDS == len(found["other kept"]) == 10
    names = ("filter", "chance", "by section")
    rows = rows_of("tab-pre-training-filter")
    shares = [statistics.mean(found["other kept"]), 0.5, 0.5]
    for name, share, row in zip(names, shares, rows, strict=True):
        cells = [f"{100 * share:.0f} %"]
        for kind in ("other", "liked"):
            bits = found[f"{name}, {kind}"]
            cells.append(f"{statistics.mean(bits):.2f} ± {statistics.stdev(bits):.2f}")
        assert row[1:] == cells
    mean = {name: statistics.mean(values) for name, values in found.items()}
    cost = [a - b for a, b in zip(found["filter, other"], found["chance, other"], strict=True)]
    assert min(cost) > 0
    said(f"The other section pays {statistics.mean(cost):.2f} bits, in each of the 10 seeds.")
    back = mean["filter, other"] - mean["by section, other"]
    said(f"Filtering each section by itself takes back {back:.2f} of them")
    said(
        f"the other kind: {mean['filter, other']:.2f} in place of {mean['chance, other']:.2f}",
        f"filter each source by itself: {mean['by section, other']:.2f} |",
        f"its advantage: {mean['by section, liked']:.2f} in place of {mean['filter, liked']:.2f} |",
    )
    soft = zip(found["by section, other"], found["chance, other"], strict=True)
    assert min(a - b for a, b in soft) > 0
    said("worse than chance for the other section, in each of the 10 seeds again.")
    assert abs(mean["by section, liked"] - mean["chance, liked"]) < 0.01


def test_what_is_told_of_overlap() -> None:
    found = read_table(DATA / "shared.csv")
    assert sum(map(len, figures.documents().values())) == 272
    said("All 272 documents, each against its own copy:")
    for n, row in zip(figures.GRAMS, rows_of("tab-pre-training-overlap"), strict=True):
        assert row[0] == f"runs of {n}"
        flagged = [*found[f"{n} words"], found[f"{n} words, no copy"][0]]
        assert row[1:] == [f"{100 * share:.0f} %" for share in flagged]
        errors = [100 * math.sqrt(p * (1 - p) / 272) for p in flagged[:-1]]
        assert max(errors) < 3
        assert 100 * math.sqrt(flagged[-1] * (1 - flagged[-1]) / 40) < 8
    said("with standard errors of at most 3 points; in the last column, at most 8, 40 of them")
    said(f"shorter runs: {100 * found['8 words'][-1]:.0f} % at 8 words |")
    said(f"{100 * found['13 words'][-1]:.0f} % are found by runs of 13 words")
    said(f"false alarms: {100 * found['8 words, no copy'][0]:.0f} % at 8 words")


def test_what_is_told_of_the_collapse() -> None:
    found = read_table(DATA / "collapse.csv")
    assert (figures.SAMPLES, figures.ROUNDS, figures.RUNS, figures.REAL) == (
        10,
        40,
        4000,
        (0, 1, 5),
    )
    none, one, five = (found[f"real {n}"] for n in (0, 1, 5))
    said(
        f"After 40 rounds the mean variance is {none[-1]:.3f}, with $0.9^{{40}} = "
        f"{0.9**40:.3f}$ by [the formula]"
    )
    said(f"the largest hundredth of the runs carries {100 * found['real 0, top'][-1]:.0f} % of")
    said(f"its standard error is {found['real 0, error'][-1]:.3f}.")
    said(f"a typical variance of {found['unbiased, typical'][-1]:.3f} at round 40")
    said(f"says {found['unbiased, formula'][-1]:.3f}.")
    said(
        f"With one real sample of ten it is {one[-1]:.2f} after 40 rounds (standard error "
        f"{found['real 1, error'][-1]:.2f}), with five {five[-1]:.2f};"
    )
    said(f"the variance falls to {100 * none[-1]:.0f} % in 40 rounds")
    said(f"1 real sample in 10: {100 * one[-1]:.0f} % stay |")
    said(f"held {100 * one[-1]:.0f} % of the variance, five held {100 * five[-1]:.0f} %.")
    for values, floor in ((one, "floor 1"), (five, "floor 5")):
        assert all(abs(v - found[floor][0]) < 0.06 for v in values[12:])
    for t, (mean, error) in enumerate(zip(none, found["real 0, error"], strict=True)):
        assert abs(mean - found["formula"][t]) <= 4 * error + 1e-9
    for value, line in zip(found["unbiased, typical"], found["unbiased, formula"], strict=True):
        assert abs(math.log(value / line)) < 0.1
