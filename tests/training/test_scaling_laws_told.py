"""What the page of scaling laws tells of its example, its family and its figures; its exercises."""

import math
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.figures import scaling_laws as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

code: Any = import_module("docs.training.scaling-laws.scaling_laws")
family: Any = import_module("docs.training.scaling-laws.family")
curve: Any = import_module("docs.training.scaling-laws.curve_practice")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "scaling-laws.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
FITS = (
    "all",
    "half",
    "all, no E",
    "half, no E",
    *family.RATES,
    "early",
    "low",
    "high",
    "half low",
    "half high",
)


def read(name: str) -> style.Table:
    """The numbers of a figure of the page."""
    return style.read_table(HOME / f"{name}.csv")


def fitted(name: str) -> dict[Any, float]:
    """A column of the fits, by the name of the fit."""
    return dict(zip(FITS, read("fits")[name], strict=True))


def signed(value: float) -> str:
    """A share in percent, as tables print it."""
    return f"{100 * value:+.1f} %".replace("-", "−")


def above(value: float) -> float:
    """The least number with one digit after the point that is not smaller: for "within" and "at most"."""
    return math.ceil(10 * value) / 10


def test_the_example() -> None:
    rows = []
    for n, d in ((1, 16), (4, 64), (16, 256)):
        lacks = [1 / math.sqrt(n), 4 / math.sqrt(d)]
        rows.append(
            [str(n), str(d), f"{6 * n * d:,}", *(f"{x:g}" for x in (*lacks, 1 + sum(lacks)))]
        )
        assert code.optimum(code.EXAMPLE, 6 * n * d) == pytest.approx((n, d))
    assert rows_of("tab-scaling-laws-example") == rows
    said(f"expects {2 * 2 / 3:.2f} for the third.")
    kept = [
        100
        * (code.law(p, *code.optimum(p, 2e3)) - p.e)
        / (code.law(p, *code.optimum(p, 1e3)) - p.e)
        for p in (code.EXAMPLE, code.BESIROGLU)
    ]
    said(
        f"Twice the operations, best split, leave {kept[0]:.0f} % of it; by [the constants fitted "
        f"to large models](#optimum), {kept[1]:.0f} %."
    )
    off = [code.law(code.EXAMPLE, n, 256 / n) for n in (1, 16)]
    assert off == [2.25, 2.25]
    said(
        "With 1,536 to spend, $ND$ must be 256.",
        "The best split is where the two lacks are equal, here with 16 tokens a parameter;",
    )
    said(f"a model four times too large or too small loses {off[0] - 2:g}.")
    plain, less = 6 * 4 * 64 + 2 * 4 * 432, 2.25 * (6 * 144 + 2 * 432)
    assert code.lifetime(code.EXAMPLE, 2, 432) == pytest.approx((2.25, 144))
    assert (plain, code.law(code.EXAMPLE, 2.25, 144)) == pytest.approx((4992, 2))
    said(
        f"It costs $6 \\cdot 2.25 \\cdot 144 + 2 \\cdot 2.25 \\cdot 432 "
        f"= {less:,.0f}$, or {100 * (1 - less / plain):.0f} % less, "
        f"with {144 / 2.25:g} tokens a parameter in place of 16.".replace("3,888", "3{,}888")
    )
    said(
        f"ten times the budget, a model {10**0.73:.1f} times larger",
        f"found 0.5: {10**0.5:.1f} times larger, and {10**0.5:.1f} times the text",
    )


def test_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / "scaling_laws.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "C = 1536: N = 4, D = 64, L = 2\n" in out
    assert "L = 2, 432 served: N = 2.25, D = 144\n" in out
    assert pytest.approx(6 * 70e9 * 1.4e12) == code.CHINCHILLA
    rows = []
    for p in (code.HOFFMANN, code.BESIROGLU):
        n, d = code.optimum(p, code.CHINCHILLA)
        rows.append([f"{n / 1e9:.1f} billion", f"{d / 1e12:.2f} trillion", f"{d / n:.1f}"])
        assert f"{n / 1e9:.1f} billion parameters" in out
    assert [row[1:4] for row in rows_of("tab-scaling-laws-try")] == rows
    constants = rows_of("tab-scaling-laws-constants")
    for row, p in zip(constants, (code.HOFFMANN, code.BESIROGLU), strict=True):
        assert [float(cell) for cell in row[1:6]] == list(p)
        assert row[6] == f"{p.beta / (p.alpha + p.beta):.3f}"


def used(p: Any) -> float:
    """The power of the best size, if the budget is tokens times the parameters that a text uses."""
    width = np.geomspace(family.WIDTHS[0], family.WIDTHS[-1], 400)
    size, works = (family.size(width) - rest * width for rest in (0, 2 * family.V - 2))
    share = (
        width * family.V + 3 * width
    ) / works  # growth of what works with the width, in logarithms
    lack = p.alpha * p.a / size**p.alpha * (size - family.V) / size
    tokens = (p.beta * p.b * share / lack) ** (1 / p.beta)
    return float(np.polyfit(np.log(works * tokens), np.log(size), 1)[0])


def test_the_family_and_its_law() -> None:
    table, e, share = read("family"), fitted("e"), fitted("share")
    assert len(table["size"]) == 36 == len(family.WIDTHS) * len(family.TOKENS)
    said(
        f"read $2^{{13}}$ to $2^{{18}}$ fresh tokens once, at four "
        f"learning rates with three seeds: {36 * 4 * 3} runs."
    )
    assert (family.TOKENS[0], family.TOKENS[-1], len(family.RATES), family.SEEDS) == (
        2**13,
        2**18,
        4,
        3,
    )
    said("Models with one hidden layer of 2 to 64 units (226 to 6,240 parameters)")
    found = figures.runs()
    best = found["final"].mean(1).argmin(0).reshape(len(family.TOKENS), -1)
    assert (np.diff(best, axis=0) <= 0).all()
    assert (np.diff(best, axis=1) <= 0).all()
    rates = [family.RATES[best[at]] for at in ((0, 0), (-1, -1))]
    said(
        f"goes from {rates[0]} for the smallest model and the shortest run to {rates[1]} for the largest"
    )
    law = code.fit(found["n"], found["d"], found["tuned"].mean(0))
    off = np.abs(code.law(law, found["n"], found["d"]) / found["tuned"].mean(0) - 1).max()
    said(
        f"The law is within {above(100 * off):.1f} % of each loss, with exponents "
        f"{law.alpha:.2f} for $N$ and {law.beta:.2f} for $D$."
    )
    assert figures.TIMES == 200
    said(
        f"The best size grows with the power {share['all']:.2f} "
        f"of the budget; 90 % of 200 fits to runs drawn again "
        f"lie between {share['low']:.2f} and {share['high']:.2f}."
    )
    said(f"The fitted $E$ is {e['all']:.3f}, with a band from {e['low']:.3f} to {e['high']:.3f}.")
    assert found["entropy"] > e["high"]
    said(f"The truth, {found['entropy']:.3f}, is just outside.")
    logs = [found["n"], found["d"], found["tuned"].mean(0)]
    scipy = code.Law(*curve.fitted(*logs))
    said(
        f"On the losses of the 36 pairs it finds an exponent of the best size of {figures.share(scipy):.3f}, "
        f"where the grid finds {share['all']:.3f}, and $E$ {scipy.e:.3f}."
    )
    drawn = read("fit")
    for w in family.WIDTHS:
        assert (np.diff(drawn[f"law, {w}"]) < 0).all()
        assert min(drawn[f"least, {w}"]) > drawn["entropy"][0]
    tops = np.array([drawn[f"law, {w}"] for w in family.WIDTHS])
    assert (np.diff(tops, axis=0) < 0).all()
    outside = sum(
        not low <= law <= high
        for w in family.WIDTHS
        for low, law, high in zip(
            *(drawn[f"{name}, {w}"] for name in ("least", "law", "most")), strict=True
        )
    )
    said(
        f"for {outside} of the 36 pairs the law lies outside the range of the three seeds, "
        f"where chance alone, one in four, would give {36 * 2 * 0.5**family.SEEDS:g}."
    )
    tables = [100 * 2 * family.V * w / family.size(w) for w in family.WIDTHS]
    said(f"which hold {min(tables):.0f} to {max(tables):.0f} % of the parameters.")
    said(f"Counted with the parameters that a text uses, the power is {used(law):.2f} as well,")


def test_predictions_with_and_without_e() -> None:
    table, off, found = read("predicted"), fitted("off"), figures.runs()
    small = found["small"]
    assert (int(small.sum()), figures.SMALL) == (16, (16, 2**16))
    said(
        f"Fitted without $E$ to the 16 pairs of at most 16 units and $2^{{16}}$ tokens, the law is up to "
        f"{above(100 * off['half, no E']):.1f} % off over all 36 pairs; "
        f"with $E$ it is up to {above(100 * off['half']):.1f} % off."
    )
    last = {name: values[-1] for name, values in table.items()}
    said(f"it promises {last['without E']:.3f} nats, and it measured {last['measured']:.3f}.")
    assert last["without E"] < last["entropy"]
    said(f"with it the prediction is {last['predicted']:.3f}.")
    said(
        f"a power of $D$ that is nearly flat, with the exponent {fitted('beta')['half, no E']:.2f};"
    )
    crossing = [
        size
        for size, y in zip(table["size"], table["without E"], strict=True)
        if y > last["entropy"]
    ]
    said(
        f"Measured marks fall from {table['measured'][0]:.2f} to {last['measured']:.2f} "
        f"and lie in the band around the law "
        f"of the small half; the same without E lies below, crosses "
        f"the entropy line between {crossing[-1]:.0f} and 1,584 "
        f"parameters and ends at {last['without E']:.2f}"
    )
    assert table["size"][len(crossing)] == 1584
    for low, high, measured, less, law in zip(
        *(table[name] for name in ("low", "high", "measured", "without E", "predicted")),
        strict=True,
    ):
        assert less < low < measured < high
        assert low < law < high
    law = code.fit(found["n"][small], found["d"][small], found["tuned"].mean(0)[small])
    wrong = np.abs(code.law(law, found["n"], found["d"]) / found["tuned"].mean(0) - 1)[~small]
    said(
        f"The law of the small half predicts the other {len(wrong)} "
        f"losses with errors of at most {above(100 * wrong.max()):.1f} %, "
        f"and the largest model with the most tokens {100 * (1 - last['predicted'] / last['measured']):.1f} "
        f"% too low."
    )
    left = [last[name] - last["entropy"] for name in ("measured", "predicted")]
    said(
        f"Here the largest model's loss was predicted {100 * (1 - last['predicted'] / last['measured']):.1f} % "
        f"too low, but that is a third of its distance to the entropy.",
        f"Above the entropy it measured {left[0]:.3f}, and {left[1]:.3f} was "
        f"predicted: the part that training can change is a third too small.",
    )
    assert left[1] / left[0] == pytest.approx(2 / 3, abs=0.03)
    said(
        f"The band for it, {last['low']:.3f} to {last['high']:.3f}, "
        f"holds what was measured, and begins below the entropy."
    )
    assert last["low"] < last["entropy"]
    share = fitted("share")
    said(
        f"The exponent of the best size has a band from {share['half low']:.2f} "
        f"to {share['half high']:.2f} from the small half, "
        f"against {share['low']:.2f} to {share['high']:.2f} from "
        f"all runs: the other 20 pairs, with up to four times"
    )


def test_rates_and_losses_on_the_way() -> None:
    share = fitted("share")
    seeds = [fitted(f"share, seed {seed}") for seed in range(family.SEEDS)]
    rows = rows_of("tab-scaling-laws-rates")
    for row, name in zip(rows, ("all", *family.RATES, "early"), strict=True):
        assert row[1:] == [f"{share[name]:.2f}", ", ".join(f"{one[name]:.2f}" for one in seeds)]
    tuned = [one["all"] for one in seeds]
    single = [one[rate] for one in seeds for rate in family.RATES]
    assert max(tuned) < min(single)
    assert max(one["early"] for one in seeds) < min(tuned)
    ends = [share[rate] for rate in family.RATES]
    said(
        f"The exponent of the best size was {min(ends):.2f} to {max(ends):.2f}; "
        f"tuned for each size it was {share['all']:.2f}."
    )
    said(
        f"This family does not bear that out: {share['early']:.2f} is below {share['all']:.2f}, "
        f"and 0.73 is above."
    )
    assert share["early"] < share["all"] < 0.73
    said(
        f"**Losses read on the way of one long run** gave {share['early']:.2f}, too small.",
        f"A fit to such losses gave an exponent of {share['early']:.2f}.",
    )
    way = read("early")
    least, most, mean = (way[name] for name in ("least", "most", "mean"))
    said(
        f"the part above the entropy was {least[3]:.2f} to {most[3]:.2f} "
        f"times that of runs made for $2^{{16}}$, "
        f"{mean[3]:.2f} on average, with the best rate for each.",
        f"At $2^{{13}}$ it was {least[0]:.2f} to {most[0]:.2f} times: "
        f"runs of {2**13 // family.BATCH} steps gained nothing",
    )
    assert (way["tokens"][3], max(mean)) == (2**16, mean[3])
    assert sum(2**n for n in range(13, 19)) / 2**18 == 63 / 32
    said(
        "which makes the training $63/32$ times as long.",
        "is a run for each number of tokens: here twice the training.",
    )
    said("The cure cost four times the runs;", "[The cure](#rates) cost four times the runs.")


def test_counting_and_parabolas() -> None:
    table = read("parabolas")
    slope, own = table["not counted"][0], figures.share(code.BESIROGLU)
    said(f"**Embeddings not counted** turned {own:.2f} into {slope:.2f} in a calculation.")
    said(
        f"A straight line through the logarithms has the slope {slope:.2f}, where the law itself has {own:.2f}."
    )
    assert figures.KAPLAN == (768, 1.5e9)
    said("at sizes of 2020, from 768 to 1.5 billion.")
    laws = {"2024": code.BESIROGLU, "2022": code.HOFFMANN, "steep": figures.STEEP}
    for row, (name, p) in zip(rows_of("tab-scaling-laws-parabola"), laws.items(), strict=True):
        assert row[0] == f"{p.alpha:g}, {p.beta:g}"
        plain, beside = (table[f"{name}, off {off}"] for off in (1, 3))
        assert table["reach"] == [2, 4, 8, 16]
        assert row[1:] == [signed(value - 1) for value in (plain[1], plain[3], beside[1])]
    assert code.vertex(code.BESIROGLU, 1e23, 4, 3) / code.optimum(code.BESIROGLU, 1e23)[
        0
    ] == pytest.approx(table["2024, off 3"][1])
    goes = ", ".join(f"{100 * q**10:.2g} %" for q in (0.5, 0.7, 0.9, 0.95)).replace("0.098", "0.1")
    said(f"From $q = 0.5$ over 0.7 and 0.9 to 0.95 the score $q^{{10}}$ goes {goes}.")


def test_budgets_and_tokens_served() -> None:
    table, p = read("budgets"), code.BESIROGLU
    low = [min(table[f"loss, {c:.0e}"]) for c in figures.BUDGETS]
    assert low == sorted(low, reverse=True)
    for c in figures.BUDGETS:
        assert table[f"loss, {c:.0e}"].index(min(table[f"loss, {c:.0e}"])) == 20
    assert 0.04e9 < min(table["size, 1e+20"]) < max(table["size, 1e+22"]) < 200e9
    n, d = code.optimum(p, code.CHINCHILLA)
    lost = {k: [code.law(p, n * s, d / s) - code.law(p, n, d) for s in (k, 1 / k)] for k in (2, 4)}
    said(
        f"loses {lost[2][0]:.3f} nats at Chinchilla's budget, one four times off {lost[4][0]:.2f}:"
    )
    assert lost[2] == pytest.approx([0.005] * 2, abs=5e-4)
    assert lost[4] == pytest.approx([0.02] * 2, abs=1e-3)
    size, tokens = code.lifetime(p, code.law(p, n, d), 1e13)
    saved = 1 - size * (6 * tokens + 2e13) / (n * (6 * d + 2e13))
    said(
        f"the least cost is at {size / 1e9:.1f} billion parameters and {tokens / size:.0f} tokens a parameter, "
        f"and saves {100 * saved:.0f} % of all operations."
    )
    served = read("served")
    assert (np.diff(served["ratio"]) > 0).all()
    assert (np.diff(served["saved"]) > 0).all()
    assert served["served"][16] == pytest.approx(1e13)
    assert served["saved"][16] == pytest.approx(saved, rel=1e-6)
    assert (served["served"][0], served["served"][-1]) == pytest.approx((1e11, 1e14))
    assert 18 < served["ratio"][0] < 22
    assert 600 < served["ratio"][-1] < 650
    assert 0.55 < served["saved"][-1] < 0.65
    ratios = [np.divide(*code.optimum(p, c)[::-1]) for c in (1e20, 1e26)]
    said(f"falls from {ratios[0]:.1f} at $10^{{20}}$ operations to {ratios[1]:.1f} at $10^{{26}}$")


# The exercises.


@pytest.mark.answer("answer-scaling-laws-split")
def test_the_split_to_try(answer: Bench) -> None:
    p = code.Law(1, 1, 2, 0.5, 0.5)
    n, d = code.optimum(p, 384)
    answer("answer-scaling-laws-split").is_([n, d, code.law(p, n, d)], [8, 8, code.law(p, 8, 8)])


@pytest.mark.answer("answer-scaling-laws-factor")
def test_exercise_1_factor(answer: Bench) -> None:
    factors = [2 ** (1 / (power / 2)) for power in (0.5, 0.25)]
    p = code.EXAMPLE
    losses = [code.law(p, *code.optimum(p, c)) for c in (96, 96 * factors[0])]
    assert losses[1] - 1 == pytest.approx((losses[0] - 1) / 2)
    answer("answer-scaling-laws-factor").is_(factors, [4, 16])


@pytest.mark.answer("answer-scaling-laws-unused")
def test_exercise_2_unused(answer: Bench) -> None:
    cost = 6 * 2.25 * 144
    answer("answer-scaling-laws-unused").is_(
        [cost, 100 * (cost / 1536 - 1)], [3888, 100 * (3888 / 4992 - 1)]
    )


@pytest.mark.answer("answer-scaling-laws-repeats")
def test_exercise_3_repeats(answer: Bench) -> None:
    answer("answer-scaling-laws-repeats").is_(code.repeated(100.0, 8.0), 800)


@pytest.mark.answer("answer-scaling-laws-one-size")
def test_exercise_4_one_size(answer: Bench) -> None:
    d = np.geomspace(10, 1e4, 5)
    other = code.EXAMPLE._replace(e=code.EXAMPLE.e + 0.5, a=0.0)
    assert np.allclose(code.law(other, 4, d), code.law(code.EXAMPLE, 4, d))
    answer("answer-scaling-laws-one-size").is_("$E$ and $A / N^\\alpha$.")


@pytest.mark.answer("answer-scaling-laws-flat")
def test_exercise_5_flat(answer: Bench) -> None:
    n, d = code.optimum(code.BESIROGLU, code.CHINCHILLA)
    half, twice, best = (code.law(code.BESIROGLU, n * k, d / k) for k in (0.5, 2.0, 1.0))
    assert max(half, twice) - best < 0.006
    assert half == pytest.approx(twice, abs=0.001)
    answer("answer-scaling-laws-flat").is_((2 * n * 2) / (2 * n * 0.5), (2 * n * 2) / (2 * n))


@pytest.mark.answer("answer-scaling-laws-budget")
def test_exercise_6_budget(answer: Bench) -> None:
    n, d = code.optimum(code.BESIROGLU, 1e24)
    said(f"The ratio is {d / n:.1f} tokens a parameter.")
    answer("answer-scaling-laws-budget").is_([n / 1e9, d / 1e12])


@pytest.mark.answer("answer-scaling-laws-served")
def test_exercise_7_served(answer: Bench) -> None:
    split = code.optimum(code.BESIROGLU, 1e24)
    n, d = code.lifetime(code.BESIROGLU, code.law(code.BESIROGLU, *split), 1e13)
    answer("answer-scaling-laws-served").is_([n / 1e9, d / n])
    assert (n / split[0], d / n / (split[1] / split[0])) == pytest.approx((0.5, 5), rel=0.02)
