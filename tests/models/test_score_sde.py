"""Score models: the closed forms, both ways back, likelihood, solvers, jumps, and what the page tells."""

import math
import runpy
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from scipy.optimize import brentq
from torch import Tensor

from scripts.figures import score_sde as figures
from scripts.figures import style
from scripts.printed.values import By
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

sde = import_module("docs.models.score-sde.score_sde")
practice = import_module("docs.models.score-sde.ode_practice")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "score-sde.md"
DATA = PAGE.parent / "score-sde"
said = sayings(PAGE)
rows_of = tables(PAGE)
MODEL, END = sde.EXAMPLE, sde.CLOCK[0]
WEIGHTS, MIDDLES = [0.25, 0.75], [-1.0, 1.0]


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(DATA / f"{name}.csv")


def at(*values: float) -> Tensor:
    """Places."""
    return torch.tensor(values, dtype=torch.float64)


def text(value: float, digits: int = 2) -> str:
    """As the page prints it."""
    return f"{value:.{digits}f}".replace("-", "−")


def known(x: float, t: float) -> float:
    """The density under variance exploding, from SciPy's normal density."""
    return float(np.array(WEIGHTS) @ stats.norm.pdf(x, MIDDLES, math.sqrt(0.25 + t)))


def end_of(x: float, t: float, s: float = 0.0) -> float:
    """The flow followed by a solver that adapts its steps."""
    place, _, _ = practice.solve(MODEL.velocity, at(x), t, s)
    return float(place)


# The example by hand.


def test_the_training_example_by_hand() -> None:
    x, v = 1 + 0.5 * -0.6, 0.5
    guess = math.tanh(1.4 + 0.55)
    said(f"$\\hat m = \\tanh 1.95 = {guess:.2f}$, and the score $0.26 / 0.5 = {0.26 / 0.5:.2f}$")
    assert MODEL.score(at(x), 0.25).item() == pytest.approx((guess - x) / v, abs=2e-3)
    said(
        "The place is $x_t = 1 + 0.5 \\cdot (-0.6) = 0.7$",
        "$-\\varepsilon / \\sqrt{t} = 0.6 / 0.5 = 1.2$",
    )
    assert math.log(3) / 2 == pytest.approx(0.55, abs=0.001)
    parts = 3 * math.exp(2 * x / v)
    assert (parts - 1) / (parts + 1) == pytest.approx(math.tanh(x / v + math.log(3) / 2))
    said(
        "The right part is $3\\, e^{2x / V}$ times as probable as the left one, the mean of −1 and 1 with these "
        f"weights is the tanh, and {math.log(3) / 2:.2f} is half the logarithm of 3, the ratio of the two parts."
    )


def test_both_ways_of_the_example() -> None:
    flow = noisy = at(sde.START)
    for row, (t, s), z in zip(
        rows_of("tab-score-sde-example"), pairwise(sde.CLOCK), sde.DRAWS, strict=True
    ):
        guesses = [MODEL.guess(x, t).item() for x in (flow, noisy)]
        v = t + 0.25
        assert t - s == pytest.approx(v / 2)
        begun = [flow.item(), noisy.item()]
        flow = sde.euler(MODEL.velocity, flow, [t, s])
        noisy = sde.euler_maruyama(MODEL, noisy, [t, s], at(z)[None])
        assert flow.item() == pytest.approx(0.75 * begun[0] + 0.25 * guesses[0])
        assert noisy.item() == pytest.approx(
            0.5 * begun[1] + 0.5 * guesses[1] + math.sqrt(v / 2) * z
        )
        cells = [begun[0], guesses[0], flow.item(), begun[1], guesses[1]]
        assert row == [
            f"{v:g}",
            *[text(c) for c in cells],
            text(z, 1),
            text(noisy.item()),
        ]
    ways = {name: column[:5] for name, column in numbers("example").items()}
    steps, draws = ([text(x) for x in ways[name]] for name in ("steps", "noisy"))
    said(
        f"From {sde.START:g} the four steps of the flow".replace("-", "−"),
        f"stay near the curve and end at {steps[4]}; the four noisy steps leave it and end at {draws[4]}]",
        f"Generation from {steps[0]} at t = 3.75: the flow goes over {steps[1]}, {steps[2]} and {steps[3]} to "
        f"{steps[4]} at t = 0; the noisy way over {draws[1]}, {draws[2]} and {draws[3]} to {draws[4]};",
    )
    jump = MODEL.jump(at(sde.START), END).item()
    said(f"A second network f jumps to {text(jump)} at once")
    assert jump == pytest.approx(end_of(sde.START, END), abs=1e-6)
    said(f"four steps were off by {abs(jump - flow.item()):.2f}", "lies to the left of −0.456.")
    assert f"{jump:.3f}" == "-0.456"
    assert MODEL.below(at(sde.START), END).item() == pytest.approx(0.217, abs=5e-4)
    first = sde.euler(MODEL.velocity, at(sde.START), sde.CLOCK[:2])
    said(f"would end elsewhere, at {text(MODEL.jump(first, 1.75).item())}, since")
    steps_from = sde.euler(MODEL.velocity, at(0.2), sde.CLOCK).item()
    exact_from = MODEL.jump(at(0.2), END).item()
    said(f"four steps end at {steps_from:.2f}, the exact end is {exact_from:.2f}.)")


# The equations.


@pytest.mark.equation("eq-score-sde-marginal")
def test_the_marginal_is_the_data_blurred(printed: Equations) -> None:
    for process in (sde.Exploding(), sde.Preserving()):
        t, x = 0.7, 0.3
        a, n = process.marginal(t)
        model = sde.Model(sde.MEANS, 0.25, sde.WEIGHTS, process)

        def blurred(y: float, a: float = a, n: float = n) -> float:
            def joint(x0: float) -> float:
                return known(x0, 0.0) * float(stats.norm.pdf(y, a * x0, math.sqrt(n)))

            return float(integrate.quad(joint, -6, 6, points=[-1, 1])[0])

        assert model.log_density(at(x), t).exp().item() == pytest.approx(blurred(x))
        printed("eq-score-sde-marginal").holds(
            {
                "p_t": blurred,
                r"\pi": math.pi,
                "K": 2,
                "w": WEIGHTS,
                "m": [-1.0, 1.0],
                "V": a**2 * 0.25 + n,
                "a": a,
                "v": 0.25,
                "n": n,
                "x": x,
            },
            tolerance=1e-6,
            free=("x",),
        )


def test_simulated_noise_has_the_marginal_of_the_closed_form() -> None:
    for process in (sde.Exploding(), sde.Preserving()):
        x = at(1.0).expand(20_000).clone()
        generator, h = figures.seeded(0), 0.01
        for _ in range(100):
            noise = torch.randn(len(x), generator=generator, dtype=x.dtype)
            x = x - process.pull * x * h + math.sqrt(h) * noise
        a, n = process.marginal(1.0)
        assert x.mean().item() == pytest.approx(a, abs=0.02)
        assert x.var().item() == pytest.approx(n, rel=0.03)


@pytest.mark.equation("eq-score-sde-units")
def test_preserving_is_exploding_in_other_units(printed: Equations) -> None:
    t, x = 0.9, 0.4
    a, n = sde.Preserving().marginal(t)
    model = sde.Model(sde.MEANS, 0.25, sde.WEIGHTS, sde.Preserving())
    printed("eq-score-sde-units").holds(
        {
            "p_t": lambda y: model.log_density(at(y), t).exp().item(),
            "q_{n / a^2}": lambda y: known(y, n / a**2),
            "a": a,
            "x": x,
        },
        free=("x",),
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-score-sde-score")
def test_the_score_is_the_slope_of_the_log_density(printed: Equations) -> None:
    t = 0.6
    printed("eq-score-sde-score").holds(
        {
            "p_t": lambda x: known(x, t),
            r"\nabla": By("x"),
            r"\hat m": lambda x: MODEL.guess(at(x), t).item(),
            "V": 0.25 + t,
            "x": 0.3,
        },
        tolerance=1e-5,
        free=("x", "p_t"),
    )
    preserving = sde.Model(sde.MEANS, 0.25, sde.WEIGHTS, sde.Preserving())
    for model in (MODEL, preserving):
        x = at(-1.2, 0.3, 2.0).requires_grad_()
        (slope,) = torch.autograd.grad(model.log_density(x, t).sum(), x)
        torch.testing.assert_close(model.score(x.detach(), t), slope)


@pytest.mark.equation("eq-score-sde-change")
def test_noise_can_be_traded_for_movement(printed: Equations) -> None:
    t, x, h = 0.5, 0.4, 1e-4
    printed("eq-score-sde-change").holds(
        {
            r"\frac{\partial p_t(x)}{\partial t}": (known(x, t + h) - known(x, t - h)) / (2 * h),
            "p_t": lambda y: known(y, t),
            r"\nabla": By("x"),
            r"\lambda": 0.7,
            "x": x,
        },
        tolerance=1e-4,
        free=("x", r"\lambda"),
    )


@pytest.mark.equation("eq-score-sde-steps")
def test_the_printed_step_is_that_of_the_code(printed: Equations) -> None:
    t, s, x, z, noise = 1.1, 0.8, 0.35, -0.9, 0.6
    new = sde.euler_maruyama(MODEL, at(x), [t, s], at(z)[None], noise)
    printed("eq-score-sde-steps").holds(
        {
            "x_{t - h}": new.item(),
            "x_t": x,
            r"\nabla \log p_t(x_t)": MODEL.score(at(x), t).item(),
            r"\lambda": noise,
            "h": t - s,
            "z": z,
        },
    )
    silent = sde.euler_maruyama(MODEL, at(x), [t, s], at(z)[None], 0.0)
    torch.testing.assert_close(silent, sde.euler(MODEL.velocity, at(x), [t, s]))


@pytest.mark.equation("eq-score-sde-family")
def test_all_amounts_of_noise_have_the_marginals_of_the_closed_form() -> None:
    clock = sde.spaced(END, 48)
    for noise in (0.6, 1.0):
        p = figures.density(END)
        for t, s in pairwise(clock):
            p = figures.carried(p, t, s, noise)
            if s in (clock[24], 0.0):
                assert figures.apart(p, figures.density(s)) < 0.02, (noise, s)
    ways = {name: column for name, column in numbers("marginals").items() if name != "x"}
    for way, worst in (("flow", "0.002"), ("noisy", "0.014")):
        gaps = [
            abs(a - b)
            for a, b in zip(ways[f"{way} 0.00"], ways["exact 0.00"], strict=True)
            if not math.isnan(a)
        ]
        assert f"{max(gaps):.3f}" == worst
    said("The largest differences at $t = 0$ are 0.002 and 0.014.")
    preserving = sde.Model(sde.MEANS, 0.25, sde.WEIGHTS, sde.Preserving())
    shares = at(0.05, 0.3, 0.7, 0.95)
    end = sde.heun(preserving.velocity, preserving.place(shares, 3.0), sde.spaced(3.0, 400))
    torch.testing.assert_close(end, preserving.place(shares, 0.0), atol=1e-4, rtol=0)
    x = preserving.place((torch.arange(20_000).double() + 0.5) / 20_000, 3.0)
    draws = torch.randn(150, len(x), generator=figures.seeded(0), dtype=x.dtype)
    x = sde.euler_maruyama(preserving, x, sde.spaced(3.0, 150), draws)
    for place in (-1.0, 0.0, 1.0):
        share = (x < place).double().mean().item()
        assert share == pytest.approx(MODEL.below(at(place), 0.0).item(), abs=0.015)


@pytest.mark.equation("eq-score-sde-rate")
def test_the_density_along_the_flow_changes_by_the_divergence(printed: Equations) -> None:
    t, x, h = 0.7, 0.35, 1e-4
    u = MODEL.velocity(at(x), t).item()
    rate = (math.log(known(x + h * u, t + h)) - math.log(known(x - h * u, t - h))) / (2 * h)
    printed("eq-score-sde-rate").holds(
        {
            r"\frac{\mathrm{d} \log p_t}{\mathrm{d} t}": rate,
            "p": lambda y: known(y, t),
            "u": lambda y: MODEL.velocity(at(y), t).item(),
            r"\nabla": By("x"),
            "x": x,
        },
        tolerance=1e-5,
        free=("x", "p"),
    )


@pytest.mark.equation("eq-score-sde-likelihood")
def test_the_likelihood_of_the_flow_is_the_known_density() -> None:
    x = torch.linspace(-2.5, 2.5, 21).double()
    exact = at(*[math.log(known(float(y), 0.0)) for y in x])
    place, integral, _ = practice.solve(MODEL.velocity, x, 0.0, END)
    found = MODEL.log_density(place, END) + integral
    assert (found - exact).abs().max().item() < 1e-6
    said("A solver that adapts its steps agrees with the known density to 0.000001.")
    errors = dict(zip(numbers("solvers")["steps"], numbers("solvers")["likelihood"], strict=True))
    said(
        f"At 21 places from −2.5 to 2.5 the largest error is {errors[4]:.2f} nats with 4 Heun steps, "
        f"{errors[16]:.3f} with 16 and {errors[64]:.4f} with 64."
    )
    told = sde.log_likelihood(MODEL, x, sde.spaced(END, 16))
    assert (told - exact).abs().max().item() == pytest.approx(errors[16], rel=1e-3)


@pytest.mark.equation("eq-score-sde-jump")
def test_the_jump_is_the_end_of_the_flow(printed: Equations) -> None:
    t, x = 1.3, 0.45

    def share(y: float, s: float) -> float:
        return float(np.array(WEIGHTS) @ stats.norm.cdf(y, MIDDLES, math.sqrt(0.25 + s)))

    printed("eq-score-sde-jump").holds(
        {
            "f": lambda y, s: end_of(y, s),
            "Q_0": lambda p: float(brentq(lambda y: share(y, 0.0) - p, -9, 9)),
            "F_t": lambda y: share(y, t),
            "x": x,
            "t": t,
        },
        tolerance=1e-5,
        free=("x",),
    )
    for place in (-1.4, 0.1, 2.2):
        assert MODEL.jump(at(place), t).item() == pytest.approx(end_of(place, t), abs=1e-6)


@pytest.mark.equation("eq-score-sde-same")
def test_two_places_of_one_curve_have_one_end(printed: Equations) -> None:
    t, s, x = 2.1, 0.6, -0.7
    printed("eq-score-sde-same").holds(
        {
            "f": lambda y, when: MODEL.jump(at(float(y)), float(when)).item(),
            "x_t": x,
            "x_s": end_of(x, t, s),
            "x_0": 0.37,
            "t": t,
            "s": s,
        },
        tolerance=1e-5,
        free=("x_0",),
    )


@pytest.mark.equation("eq-score-sde-ddpm")
def test_small_steps_of_ddpm_tend_to_the_equation() -> None:
    found = {n: (1 - 1 / n) ** n for n in (10, 100, 1000)}
    said(
        f"For $T = 1$ it is {found[10]:.4f} with 10 steps, {found[100]:.4f} with 100 and "
        f"{found[1000]:.4f} with 1,000; the limit is {math.exp(-1):.4f}."
    )
    off = {b: (0.7 - 0.4 * b) / math.sqrt(1 - b) - (0.7 + b * (0.35 - 0.4)) for b in (0.1, 0.01)}
    said(f"by {off[0.1]:.5f} at $\\beta = 0.1$ and by {off[0.01]:.7f} at $\\beta = 0.01$")
    preserving = sde.Model(sde.MEANS, 0.25, sde.WEIGHTS, sde.Preserving())
    a, n = preserving.process.marginal(1.0)
    assert a**2 == pytest.approx(math.exp(-1))
    assert n == pytest.approx(1 - math.exp(-1))
    s = preserving.score(at(0.7), 1.0)
    step = sde.euler_maruyama(preserving, at(0.7), [1.0, 0.99], torch.zeros(1, 1).double())
    ddpm = (0.7 + 0.01 * s) / math.sqrt(1 - 0.01)
    assert abs((step - ddpm).item()) < 1e-4


# Jumps.


def test_the_exact_jump_stays_exact_with_more_calls() -> None:
    x = MODEL.place((torch.arange(40_000).double() + 0.5) / 40_000, END)
    draws = torch.randn(1, len(x), generator=figures.seeded(0), dtype=x.dtype)
    made = sde.multistep(MODEL.jump, x, [END, 0.1], draws)
    for place in (-1.5, -0.5, 0.5, 1.5):
        share = (made < place).double().mean().item()
        assert share == pytest.approx(MODEL.below(at(place), 0.0).item(), abs=0.01)


# What the page tells of its figures.


def test_the_solvers_as_the_page_tells_them() -> None:
    table = numbers("solvers")
    steps = [int(n) for n in table["steps"]]
    euler, heun, noisy, even, even_heun = (
        dict(zip(steps, table[name], strict=True))
        for name in ("euler", "heun", "noisy", "euler, equal steps", "heun, equal steps")
    )
    said(f"with 4 calls the flow is off by {euler[4]:.3f} and the noisy way by {noisy[4]:.3f}")
    assert all(euler[n] < noisy[n] for n in steps)
    for calls in (2, 4, 8, 16, 32, 64):
        assert (heun[calls // 2] < euler[calls]) == (calls >= 8)
    said("is better from 8 calls on and worse with fewer")
    said(
        "Twice the steps halve the error of both Euler methods, from 8 steps on, and that of Heun's falls to a quarter"
    )
    for n in (16, 32, 64):
        for ways, factor in ((euler, 2), (noisy, 2), (heun, 4)):
            assert ways[n // 2] / ways[n] == pytest.approx(factor, rel=0.08)
    said(
        f"16 calls of Euler's method leave {even[16]:.3f} instead of {euler[16]:.3f}, and 16 of Heun's "
        f"{even_heun[8]:.3f} instead of {heun[8]:.3f}",
        f"Euler–Maruyama from {noisy[1]:.2f} to {noisy[64]:.4f} and Euler from {euler[1]:.2f} to {euler[64]:.4f}",
        f"Heun falls from {heun[1]:.2f} with two calls to {heun[64]:.4f} with 128",
        f"falls from {table['likelihood'][0]:.1f} with one Heun step to {table['likelihood'][-1]:.4f} with 64",
    )
    jump = numbers("distilled")
    rows = rows_of("tab-score-sde-cures")
    assert [row[1:3] for row in rows] == [
        [f"{euler[4]:.3f}", f"{euler[16]:.3f}"],
        [f"{euler[16]:.3f}", f"{heun[8]:.3f}"],
        [f"{even_heun[8]:.3f}", f"{heun[8]:.3f}"],
        [f"{jump['euler'][0]:.3f}", f"{jump['16 levels'][0]:.3f}"],
    ]
    said(f"with 4 calls it is worse, {heun[2]:.3f} against {euler[4]:.3f} |")


def test_a_wrong_start_as_the_page_tells_it() -> None:
    table = numbers("wrong")
    names = ("start", "noisy", "distance, flow", "distance, noisy", "heun")
    for k, row in enumerate(rows_of("tab-score-sde-start")):
        assert row == [f"{table['T'][k]:g}", *[f"{table[n][k]:.3f}" for n in names]]
    a, b, c = table["start"]
    d, e, f = table["noisy"]
    said("against the end time, 0.75, 3.75 and 15.75:")
    assert table["T"] == [0.75, 3.75, 15.75]
    said(f"{a:.2f}, {b:.3f} and {c:.4f}; after the noisy way {d:.3f}, {e:.4f} and {f:.4f}")
    for name in ("start", "noisy", "distance, flow", "distance, noisy"):
        assert all(p > q for p, q in pairwise(table[name]))
    assert all(p < q for p, q in pairwise(table["heun"]))
    assert all(p > q for p, q in zip(table["start"], table["noisy"], strict=True))
    matched, near, far = (
        table[name] for name in ("matched start", "distance, matched flow", "distance, flow")
    )
    said(
        f"At $T = 0.75$ the divergence falls from {a:.3f} to {matched[0]:.4f} and the flow's distance from "
        f"{far[0]:.3f} to {near[0]:.3f}; at $T = 3.75$ from {b:.3f} to {matched[1]:.4f} and from {far[1]:.3f} to "
        f"{near[1]:.3f}, with no further call."
    )
    said("$\\mathcal{N}(0.5, T + 1)$")
    assert pytest.approx((0.5, 1.0)) == (figures.MEAN, figures.VARIANCE)


class Shifted(sde.Model):  # type: ignore[name-defined, misc]
    """A score that is wrong by 0.3 everywhere."""

    def score(self, x: Tensor, t: float) -> Tensor:
        found: Tensor = super().score(x, t) + 0.3
        return found


def test_with_a_wrong_score_the_amount_of_noise_matters() -> None:
    model = Shifted(sde.MEANS, 0.25, sde.WEIGHTS)
    shares = (torch.arange(10_000).double() + 0.5) / 10_000
    begun, data = MODEL.place(shares, END), MODEL.place(shares, 0.0)
    clock = sde.spaced(END, 100)
    draws = torch.randn(100, len(begun), generator=figures.seeded(0), dtype=begun.dtype)
    apart = [
        (sde.euler_maruyama(model, begun, clock, draws, noise).sort().values - data).abs().mean()
        for noise in (0.0, 1.0)
    ]
    assert apart[1] - apart[0] > 0.05
    said("what differs is the error of few steps and of a learned score.")


def test_the_flow_keeps_the_divergence_of_a_wrong_start() -> None:
    x = torch.linspace(-5, 5, 4001).double()
    start = -(x**2) / (2 * END) - math.log(2 * math.pi * END) / 2
    data = MODEL.jump(x, END)
    stretch = torch.log(torch.gradient(data, spacing=(x,))[0])[5:-5]
    ended = start[5:-5] - stretch  # change of variables
    ratio = ended - MODEL.log_density(data, 0.0)[5:-5]
    begun = start[5:-5] - MODEL.log_density(x, END)[5:-5]
    torch.testing.assert_close(ratio, begun, atol=5e-3, rtol=0)


# Exercises.


@pytest.mark.answer("answer-score-sde-step")
def test_exercise_1_a_step_both_ways(answer: Bench) -> None:
    x = at(0.4)
    flow = sde.euler(MODEL.velocity, x, [1.75, 0.75]).item()
    noisy = sde.euler_maruyama(MODEL, x, [1.75, 0.75], at(0.5)[None]).item()
    half = 0.4 / 2 + MODEL.guess(x, 1.75).item() / 2
    answer("answer-score-sde-step").is_((flow, noisy), (half, noisy))


@pytest.mark.answer("answer-score-sde-preserving")
def test_exercise_2_a_mode_under_variance_preserving(answer: Bench) -> None:
    model = sde.Model(at(1.0), 0.25, at(1.0), sde.Preserving())
    middle, v = model.modes(1.0)
    answer("answer-score-sde-preserving").is_((middle.item(), v), (1, 1.25))


@pytest.mark.answer("answer-score-sde-lambda")
def test_exercise_3_twice_the_noise(answer: Bench) -> None:
    p = figures.density(END)
    for t, s in pairwise(sde.spaced(END, 60)):
        p = figures.carried(p, t, s, 2.0)
    assert figures.apart(p, figures.density(0.0)) < 0.06
    answer("answer-score-sde-lambda").is_("As wide as the data.")


@pytest.mark.answer("answer-score-sde-injective")
def test_exercise_4_ends_differ(answer: Bench) -> None:
    ends = MODEL.jump(torch.linspace(-4, 4, 81).double(), END)
    assert (ends.diff() > 1e-3).all()
    answer("answer-score-sde-injective").is_("No.")


@pytest.mark.answer("answer-score-sde-zero")
def test_exercise_5_the_flow_from_zero(answer: Bench) -> None:
    end = MODEL.jump(at(0.0), END).item()
    answer("answer-score-sde-zero").is_(end, 0)
    said(f"At {end:.3f}.")


@pytest.mark.answer("answer-score-sde-doubling")
def test_exercise_6_steps_of_the_likelihood(answer: Bench) -> None:
    exact = MODEL.log_density(at(0.3), 0.0)
    errors = {
        n: abs((sde.log_likelihood(MODEL, at(0.3), sde.spaced(END, n)) - exact).item())
        for n in (4, 8, 16, 32, 64)
    }
    first = next(n for n, error in errors.items() if error < 0.001)
    answer("answer-score-sde-doubling").is_(first, 32)
    said(f"That leaves {errors[32]:.4f} nats.")
    said(f"32 steps leave {errors[32]:.4f} nats, 64 leave {errors[64]:.4f}.")


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "score_sde.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "exact end of the flow -0.456" in out
    assert "log-likelihood of 0.3: -1.4640, exact -1.4637" in out
