"""A law of losses: its closed forms against optimisers, its fit against SciPy, its equations as printed."""

import math
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize

from docs.inference.calculators import calculators
from scripts.house import scaling_tables
from scripts.printed.values import Given
from tests import golden as shared
from tests.printed.plugin import Equations
from tests.said import sayings, tables

code: Any = import_module("docs.training.scaling-laws.scaling_laws")
family: Any = import_module("docs.training.scaling-laws.family")
curve: Any = import_module("docs.training.scaling-laws.curve_practice")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "scaling-laws.md"
HOME = PAGE.with_suffix("")
GOLDEN = Path(__file__).with_name("scaling-laws.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
ODD = code.Law(1.3, 5.7, 31.0, 0.41, 0.63)  # a law whose numbers tell
LAST = 1e-6  # an optimiser ends within this of a flat minimum
LETTERS = {"E": ODD.e, "A": ODD.a, "B": ODD.b, r"\alpha": ODD.alpha, r"\beta": ODD.beta}


SPLIT = {name: value for name, value in LETTERS.items() if name != "E"}
POWERS = {r"\alpha": ODD.alpha, r"\beta": ODD.beta}


def loss_of(n: float, d: float, p: Any = ODD) -> float:
    """The law by the other module, with logarithms."""
    logs = [*np.log(p[:3]), *p[3:]]
    return float(np.exp(curve.log_law(np.array([[n], [d]], dtype=float), *logs))[0])


def best(c: float, p: Any = ODD) -> tuple[float, float, float]:
    """Size, tokens and loss of the best split, by an optimiser."""
    found = optimize.minimize_scalar(
        lambda x: loss_of(math.exp(x), c / (6 * math.exp(x)), p),
        bracket=(math.log(c) / 2 - 4, math.log(c) / 2 - 1),
        tol=1e-12,
    )
    n = math.exp(found.x)
    return n, c / (6 * n), float(found.fun)


def cheapest(loss: float, served: float, p: Any = ODD) -> tuple[float, float, float]:
    """Size, tokens and operations of the least cost at a loss, by an optimiser over the size."""

    def tokens(n: float) -> float:
        return float((p.b / (loss - p.e - p.a / n**p.alpha)) ** (1 / p.beta))

    least = math.log((p.a / (loss - p.e)) ** (1 / p.alpha))
    found = optimize.minimize_scalar(
        lambda x: math.log(math.exp(x) * (6 * tokens(math.exp(x)) + 2 * served)),
        bounds=(least + 1e-6, least + 12),
        method="bounded",
        options={"xatol": 1e-11},
    )
    n = math.exp(found.x)
    return n, tokens(n), math.exp(found.fun)


# Closed forms.


@pytest.mark.equation("eq-scaling-laws-law")
def test_the_law_is_that_of_logarithms(printed: Equations) -> None:
    assert code.law(ODD, 700.0, 9e3) == pytest.approx(loss_of(700, 9e3))
    values = {"L": loss_of, "N": 700.0, "D": 9e3} | LETTERS
    printed("eq-scaling-laws-law").holds(values, free=("N", "D"))  # both sides have them


@pytest.mark.equation("eq-scaling-laws-slope")
def test_the_slope_along_a_budget(printed: Equations) -> None:
    c, n, h = 4e7, 900.0, 1e-3
    slope = (loss_of(n + h, c / (6 * (n + h))) - loss_of(n - h, c / (6 * (n - h)))) / (2 * h)
    whole = r"\frac{\partial}{\partial N} L\Bigl(N, \frac{C}{6N}\Bigr)"
    printed("eq-scaling-laws-slope").holds(
        {whole: Given((), lambda: slope), "N": n, "C": c, "D": c / (6 * n)} | SPLIT, tolerance=1e-6
    )


@pytest.mark.equation("eq-scaling-laws-optimum")
def test_the_best_split_is_that_of_an_optimiser(printed: Equations) -> None:
    for p, c in ((ODD, 4e7), (code.BESIROGLU, 1e21), (code.HOFFMANN, code.CHINCHILLA)):
        n, d = code.optimum(p, c)
        found = best(c, p)
        assert code.law(p, n, d) <= found[2] * (1 + 1e-12)
        assert n == pytest.approx(found[0], rel=LAST)
        assert p.alpha * p.a / n**p.alpha == pytest.approx(p.beta * p.b / d**p.beta, rel=1e-9)
    n, d, _ = best(4e7)
    g = (ODD.alpha * ODD.a / ODD.beta / ODD.b) ** (1 / (ODD.alpha + ODD.beta))
    printed("eq-scaling-laws-optimum").holds(
        {"N^{*}": n, "D^{*}": d, "C": 4e7, "G": g} | POWERS, tolerance=LAST
    )


@pytest.mark.equation("eq-scaling-laws-gain")
def test_what_a_larger_budget_leaves(printed: Equations) -> None:
    printed("eq-scaling-laws-gain").holds(
        {"L^{*}": lambda c: best(c)[2], "k": 7.0, "C": 4e7, "E": ODD.e} | POWERS, free=("C", "k")
    )
    p = code.BESIROGLU
    power = p.alpha * p.beta / (p.alpha + p.beta)
    said(
        f"With the constants of 2024 the exponent is {power:.3f}: twice the budget leaves {100 * 2**-power:.1f} % "
        f"of what is above $E$, ten times {100 * 10**-power:.1f} %."
    )


@pytest.mark.equation("eq-scaling-laws-multiplier")
def test_the_multiplier_is_the_price_of_loss(printed: Equations) -> None:
    loss, served, h = 1.6, 5e3, 1e-5
    n, d, _ = cheapest(loss, served)
    price = (cheapest(loss - h, served)[2] - cheapest(loss + h, served)[2]) / (2 * h)
    printed("eq-scaling-laws-multiplier").holds(
        {"N": n, "D": d, "D_s": served, r"\lambda": price} | SPLIT, tolerance=1e-5
    )


@pytest.mark.equation("eq-scaling-laws-served")
def test_least_cost_over_a_life_is_that_of_an_optimiser(printed: Equations) -> None:
    for served in (0.0, 5e3, 3e6):
        n, d = code.lifetime(ODD, 1.6, served)
        found = cheapest(1.6, served)
        assert code.law(ODD, n, d) == pytest.approx(1.6, rel=1e-9)
        assert n * (6 * d + 2 * served) == pytest.approx(found[2], rel=1e-9)
        assert n == pytest.approx(found[0], rel=2e-5)
    n, d, _ = cheapest(1.6, 5e3)
    printed("eq-scaling-laws-served").holds({"N": n, "D": d, "D_s": 5e3} | SPLIT, tolerance=1e-6)
    split = code.optimum(ODD, 4e7)
    assert code.lifetime(ODD, code.law(ODD, *split), 0) == pytest.approx(split, rel=1e-6)


@pytest.mark.equation("eq-scaling-laws-repeats")
def test_what_repeated_text_is_worth(printed: Equations) -> None:
    rho = code.REPEATS
    area = integrate.quad(lambda r: math.exp(-r / rho), 0, 6)[0]
    whole = r"\int_{0}^{R - 1} e^{-r / \rho}\, \mathrm{d}r"
    printed("eq-scaling-laws-repeats").holds(
        {whole: Given((), lambda: area), "D'": code.repeated(30.0, 7.0), "U": 30.0, "R": 7.0}
        | {r"\rho": rho, "e": math.e}
    )
    row = rows_of("tab-scaling-laws-repeats")[0]
    worth = [code.repeated(1.0, float(r)) for r in (1, 2, 4, 8, 16, 40, 1e9)]
    assert row == ["Worth, times $U$", *(f"{w:.3g}" for w in worth)]
    said(
        f"with $\\rho = {rho:.1f}$ by a fit",
        "are worth 3.7 [fresh ones](#repeats), forty times 15.",
    )


def test_without_embeddings_the_exponent_is_larger() -> None:
    p, bare = code.BESIROGLU, 4e7

    def loss(x: float, c: float) -> float:
        m = math.exp(x)
        return loss_of(code.total(m), c / (6 * m), p)

    c = code.counted(p, bare)
    found = optimize.minimize_scalar(lambda x: loss(x, c), bracket=(14, 20), tol=1e-12)
    assert math.exp(found.x) == pytest.approx(bare, rel=1e-5)
    assert code.total(bare) == bare + 47_491 * bare ** (1 / 3)


# The fit.


def test_the_fit_recovers_a_law_and_scipy_finds_the_same() -> None:
    n, d = (x.ravel() for x in np.meshgrid(2.0 ** np.arange(6, 12), 2.0 ** np.arange(9, 15)))
    exact = code.law(ODD, n, d)
    assert code.fit(n, d, exact) == pytest.approx(ODD, rel=2e-3)
    noisy = exact * (1 + 0.002 * np.random.default_rng(0).standard_normal(len(n)))

    def errors(p: Any) -> Any:
        return code.law(code.Law(*p), n, d) / noisy - 1

    ours, theirs = code.fit(n, d, noisy), optimize.least_squares(errors, ODD, x_scale=np.abs(ODD))
    assert float((errors(ours) ** 2).sum()) == pytest.approx(2 * theirs.cost, rel=1e-4)
    assert ours == pytest.approx(theirs.x, rel=0.02)
    bare = code.fit(n, d, noisy, free=False)
    assert bare.e == 0
    assert float((errors(bare) ** 2).sum()) > 2 * theirs.cost
    drawn = code.bootstrap(n, d, noisy, 3)
    assert len({p.alpha for p in drawn}) == 3


# The table of systems.


def test_the_bootstrap_draws_from_all_runs() -> None:
    n, d = np.array([1.0, 4, 16, 2, 8, 5]), np.array([16.0, 64, 256, 90, 20, 40])
    loss = code.law(code.EXAMPLE, n, d) + np.array([0.01, -0.02, 0.0, 0.03, 0.0, -0.01])
    draw = np.random.default_rng(5)
    rows = [draw.choice(len(n), len(n)) for _ in range(3)]
    assert any(len(n) - 1 in r for r in rows)
    assert code.bootstrap(n, d, loss, 3, seed=5) == [code.fit(n[r], d[r], loss[r]) for r in rows]


def test_the_table_of_systems_is_that_of_the_data() -> None:
    assert scaling_tables.stale() == ""
    found = (HOME.parents[1] / "references" / "bibliography.bib").read_text(encoding="utf-8")
    known = {line.partition("{")[2].rstrip(",") for line in found.splitlines() if line[:1] == "@"}
    rows = scaling_tables.models()
    assert scaling_tables.faults(rows, known) == []
    assert len(scaling_tables.faults([{"name": "x"}, rows[0] | {"source": "none"}], known)) == 2
    cells = {row[0].partition(",")[0]: row for row in rows_of("tab-scaling-laws-models")}
    assert cells["Chinchilla"][3] == "20"
    said(f"with {rows[0]['size'] / 1e9:g} B for {rows[0]['name']}, and the best size")
    assert cells["DeepSeek-V3"][4] == f"{14.8e12 / 37e9:.0f}"
    assert cells["GPT-3"][5] == "$3.1 \\cdot 10^{23}$"
    since = [one for one in rows if one["date"] >= "2024" and one["name"] != "Llama 3.1 405B"]
    fewest = min(one["tokens"] / one.get("active", one["size"]) for one in since)
    said(f"but Llama 3.1 405B, has had {fewest:.0f} or more tokens for each active parameter.")
    gopher = code.optimum(code.BESIROGLU, 6 * 280e9 * 300e9)[0]
    assert 280e9 / gopher == pytest.approx(4, abs=0.2)
    said(
        "Gopher is four times larger than the best size for its operations, and Chinchilla is near it;"
    )
    for name, row in calculators.models().items():
        same = [
            one for one in rows if one["name"] in {name, name.replace("Llama 3 ", "Llama 3.1 ")}
        ]
        for one in same:
            assert one["size"] == pytest.approx(calculators.parameters(row)["total"], rel=0.02)
    runs = tomllib.loads((HOME.parents[1] / "inference/calculators/models.toml").read_text("utf-8"))
    hours = next(row["hours"] for row in runs["run"] if row.get("name") == "Llama 3.1 405B")
    said(f"Llama 3.1 405B took {hours / 1e6:.2f} million hours")


def test_six_operations_against_exact_counts() -> None:
    models = calculators.models()
    shares = []
    for name, length in (("GPT-3 175B", 2048), ("Llama 3 8B", 8192), ("Llama 3 405B", 8192)):
        m = models[name]
        counted = calculators.training(m, length, length)
        shares.append(counted / (6 * calculators.parameters(m)["active"] * length))
    said(
        f"GPT-3 needs {shares[0]:.2f} times as much at 2,048 tokens of context, Llama 3 8B "
        f"{shares[1]:.2f} times at 8,192, and Llama 3 405B {shares[2]:.2f} times."
    )


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: the loss of a split, the best one, and the least work."""
    laws = {"example": code.EXAMPLE, "2024": code.BESIROGLU, "2022": code.HOFFMANN}
    cases = []
    for name, n, d, served in (
        ("example", 4.0, 64.0, 0.0),
        ("example", 16.0, 16.0, 432.0),
        ("2024", 175e9, 300e9, 0.0),
        ("2024", 8e9, 15e12, 1e13),
        ("2022", 70e9, 1.4e12, 2e12),
    ):
        p, c = laws[name], 6 * n * d
        loss = float(code.law(p, n, d))
        size, tokens = code.optimum(p, c)
        share = optimize.brentq(
            lambda x, p=p, c=c, loss=loss: code.law(p, *code.optimum(p, x * c)) - loss, 1e-4, 2
        )
        used = code.lifetime(p, loss, served)
        work = [6 * a * b + 2 * a * served for a, b in (used, (n, d))]
        told = [loss, size, float(code.law(p, size, tokens)), share, *used, 1 - work[0] / work[1]]
        returns = [float(one) for one in told]
        cases.append({"function": "outcome", "args": [name, n, d, served], "returns": returns})
    return {"module": "training/scaling-laws/scaling-laws.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
