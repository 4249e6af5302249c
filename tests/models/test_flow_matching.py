"""Flow matching: the exact fields against quadrature, flow against diffusion, the page's equations and numbers."""

import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor

from docs.models.diffusion import diffusion
from scripts.figures import flow_matching as figures
from scripts.figures import style
from scripts.printed.values import Each, Finite
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

flow = import_module("docs.models.flow-matching.flow_matching")
practice = import_module("docs.models.flow-matching.practice")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "flow-matching.md"
GOLDEN = Path(__file__).with_name("flow-matching.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
MEANS, WEIGHTS, SPREAD = [-1.2, 0.3, 1.1], [0.2, 0.5, 0.3], 0.35
MIXTURE = flow.Mixture(
    torch.tensor(MEANS, dtype=torch.float64)[:, None], SPREAD, torch.tensor(WEIGHTS).double()
)
T, X = 0.45, 0.3


def number(value: float) -> Tensor:
    """A place on the line, (1, 1)."""
    return torch.tensor([[value]], dtype=torch.float64)


def at(t: float, n: int = 1) -> Tensor:
    """A time for each of n points."""
    return torch.full((n,), t, dtype=torch.float64)


def behind(x: float, t: float) -> tuple[float, float]:
    """The means of data and noise given x_t, by quadrature over the data."""

    def joint(x0: float) -> float:
        prior = float(np.dot(WEIGHTS, stats.norm.pdf(x0, MEANS, SPREAD)))
        return prior * float(stats.norm.pdf((x - (1 - t) * x0) / t))

    mass, _ = integrate.quad(joint, -4, 4, points=MEANS)
    data, _ = integrate.quad(lambda x0: x0 * joint(x0), -4, 4, points=MEANS)
    noise, _ = integrate.quad(lambda x0: (x - (1 - t) * x0) / t * joint(x0), -4, 4, points=MEANS)
    return data / mass, noise / mass


# The exact field and the equations.


@pytest.mark.equation("eq-flow-matching-gaussian")
def test_the_field_of_a_mixture_is_the_mean_velocity(printed: Equations) -> None:
    for x, t in itertools.product((-1.7, 0.3, 0.9), (0.1, 0.45, 0.95)):
        data, noise = behind(x, t)
        assert MIXTURE.velocity(number(x), at(t)).item() == pytest.approx(noise - data, abs=1e-6)
    data, noise = behind(X, T)
    width = math.sqrt((1 - T) ** 2 * SPREAD**2 + T**2)
    share = np.array(WEIGHTS) * stats.norm.pdf(X, (1 - T) * np.array(MEANS), width)
    printed("eq-flow-matching-gaussian").holds(
        {
            "v^{*}": lambda *_: noise - data,
            "p": (share / share.sum()).tolist(),
            "m": MEANS,
            "k": Each([1, 2, 3]),
            "s": SPREAD,
            "t": T,
            "x": X,
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-flow-matching-share")
@pytest.mark.equation("eq-flow-matching-mode")
def test_the_share_of_a_mode_and_the_velocity_within_it(printed: Equations) -> None:
    x0 = np.linspace(-4, 4, 4001)
    seen = stats.norm.pdf((X - (1 - T) * x0) / T)
    mass = [float((stats.norm.pdf(x0, m, SPREAD) * seen).sum()) for m in MEANS]
    share = np.array(WEIGHTS) * mass
    width = math.sqrt((1 - T) ** 2 * SPREAD**2 + T**2)
    names = {"m": MEANS, r"\sigma": width, "t": T}
    printed("eq-flow-matching-share").holds(
        {
            **names,
            "p": (share / share.sum()).tolist(),
            "w": WEIGHTS,
            "k": Each([1, 2, 3]),
            "j": Each([1, 2, 3]),
            "x": X,
        },
        tolerance=1e-6,
        free=("w",),  # a common factor cancels
    )
    x0 = x0[::10]
    joint = stats.norm.pdf(x0, MEANS[1], SPREAD) * stats.norm.pdf((X - (1 - T) * x0) / T)
    pairs = {"x_0": x0.tolist(), r"\varepsilon": ((X - (1 - T) * x0) / T).tolist()}
    printed("eq-flow-matching-mode").holds(
        {
            **names,
            r"\mathbb{E}": Finite(pairs, (joint / joint.sum()).tolist()),
            "k": 2,
            "s": SPREAD,
            "d": X - (1 - T) * MEANS[1],
        },
        tolerance=1e-6,
    )
    for t, v in ((0.0, -X), (1.0, X - MEANS[1])):
        one = flow.Mixture(number(MEANS[1]), SPREAD, torch.ones(1).double())
        assert one.velocity(number(X), at(t)).item() == pytest.approx(v)
    said(
        "At $t = 0$ this is $-x$: the place is the data point, and the mean noise is 0.",
        "At $t = 1$ it is $x - m_k$: the place is the noise, and the mean data point is $m_k$.",
    )


@pytest.mark.equation("eq-flow-matching-points")
def test_the_field_of_points_is_the_mean_over_lines(printed: Equations) -> None:
    points = torch.tensor([-1.5, -0.5, 1.1], dtype=torch.float64)
    line = flow.Line(points)
    same = flow.Mixture(points[:, None], 0.0, torch.full((3,), 1 / 3).double())
    torch.testing.assert_close(line.velocity(number(X), at(T)), same.velocity(number(X), at(T)))
    said("For points, $s$ is 0.")

    def log_density(x: float) -> float:
        return float(np.log(stats.norm.pdf(x, (1 - T) * points.numpy(), T).sum()))

    slope = (log_density(X + 1e-5) - log_density(X - 1e-5)) / 2e-5
    printed("eq-flow-matching-points").holds(
        {
            "v^{*}": lambda *_: -(X + T * slope) / (1 - T),
            "p": line.origins(torch.tensor([X], dtype=torch.float64), at(T))[0],
            "m": points.tolist(),
            "k": Each([1, 2, 3]),
            "x": X,
            "t": T,
        },
        tolerance=1e-7,
    )


@pytest.mark.equation("eq-flow-matching-split")
def test_any_answer_is_worse_than_the_mean_by_its_distance(printed: Equations) -> None:
    share = flow.POINTS.origins(torch.tensor([0.2], dtype=torch.float64), at(0.5))[0]
    best = flow.POINTS.velocity(number(0.2), at(0.5)).item()
    u = [2.4, -1.6]
    printed("eq-flow-matching-split").holds(
        {
            r"\mathbb{E}": Finite({"u": u}, share.tolist()),
            "v": 0.7,
            "v^{*}": (0.2 - math.tanh(0.4)) / 0.5,
        },
        tolerance=1e-9,
        free=("v",),
    )
    rest = r"= (v - v^{*})^{2} + \mathbb{E}_{}[(u - v^{*})^{2}]"
    for middle in ("((v - v^{*}) + (u - v^{*}))^{2}", "(- (v - v^{*}) - (u - v^{*}))^{2}"):
        mutant = rf"\mathbb{{E}}_{{}}[(v - u)^{{2}}] = \mathbb{{E}}_{{}}[{middle}] {rest}"
        printed.excuse(mutant, "the mixed term, whose sign it changes, has the mean zero")
    left = sum(p * (w - best) ** 2 for p, w in zip(share.tolist(), u, strict=True))
    said(f"in the example {left:.2f} is left at the place 0.2 and time 0.5")


@pytest.mark.equation("eq-flow-matching-continuity")
def test_the_mean_velocity_moves_the_distribution_as_the_paths_do() -> None:
    eps = figures.quantiles(20_001)
    t, f, slope = 0.4, torch.sin, torch.cos

    def mean(t: float) -> float:
        places = [flow.path(torch.full_like(eps, p), eps, at(t, len(eps)))[0] for p in (-1, 0.6)]
        return float(torch.cat(places).mul(1.3).apply_(math.sin).mean())

    line = flow.Line(torch.tensor([-1.0, 0.6], dtype=torch.float64))
    rate = (mean(t + 1e-4) - mean(t - 1e-4)) / 2e-4
    pairs = [flow.path(torch.full_like(eps, p), eps, at(t, len(eps))) for p in (-1, 0.6)]
    x, u = (torch.cat(part) for part in zip(*pairs, strict=True))
    field = line.velocity(x, at(t, len(x)))
    assert f(x).std() > 0.1
    by_paths = float((1.3 * slope(1.3 * x) * u).mean())
    assert by_paths == pytest.approx(rate, abs=1e-6)
    assert float((1.3 * slope(1.3 * x) * field).mean()) == pytest.approx(rate, abs=1e-4)
    assert float(((u - field) ** 2).mean()) > 0.5  # though no single path moves with the field


@pytest.mark.equation("eq-flow-matching-views")
def test_data_noise_and_score_give_the_velocity(printed: Equations) -> None:
    data, noise = behind(X, T)
    width = math.sqrt((1 - T) ** 2 * SPREAD**2 + T**2)

    def log_density(x: float) -> float:
        parts = np.array(WEIGHTS) * stats.norm.pdf(x, (1 - T) * np.array(MEANS), width)
        return float(np.log(parts.sum()))

    slope = (log_density(X + 1e-5) - log_density(X - 1e-5)) / 2e-5
    printed("eq-flow-matching-views").holds(
        {
            "v^{*}": MIXTURE.velocity(number(X), at(T)).item(),
            r"\hat x_0": data,
            r"\hat\varepsilon": noise,
            r"\nabla \log p_t(x_t)": slope,
            "x_t": X,
            "t": T,
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-flow-matching-weight")
def test_an_error_of_the_noise_is_an_error_of_the_velocity(printed: Equations) -> None:
    right, wrong = -0.4, 0.35
    velocity = [eps - (X - T * eps) / (1 - T) for eps in (right, wrong)]  # eps minus data
    printed("eq-flow-matching-weight").holds(
        {
            r"\hat v": velocity[1],
            "v": velocity[0],
            r"\hat\varepsilon": wrong,
            r"\varepsilon": right,
            "t": T,
        }
    )


# It is the flow of diffusion.


def level(t: Tensor) -> Tensor:
    """alpha-bar by the ratio of signal to noise, which dividing by a norm does not change."""
    ratio = ((1 - t) / t) ** 2
    return torch.where(t == 0, 1.0, ratio / (1 + ratio))


@pytest.mark.equation("eq-flow-matching-clock")
def test_both_samplers_take_the_same_noise_to_the_same_places(printed: Equations) -> None:
    clock = flow.times(12)[1:]  # diffusion has no step from pure noise, where alpha-bar is 0
    start = torch.linspace(-1.8, 1.8, 7, dtype=torch.float64)[:, None]
    norm = math.hypot(1 - clock[0], clock[0])
    noised = diffusion.Mixture(MIXTURE.means, SPREAD, MIXTURE.weights)
    other = diffusion.sample(noised.eps, start / norm, level(clock), 0.0)
    torch.testing.assert_close(
        flow.euler(MIXTURE.velocity, start, clock), other, atol=1e-12, rtol=0
    )
    printed("eq-flow-matching-clock").holds(
        {r"\bar\alpha": level(torch.tensor(0.3)).item(), "t": 0.3}, tolerance=1e-6
    )
    assert len(clock) == 12
    said("on the same eleven steps below $t = 1$, and they agree to 12 digits")


@pytest.mark.equation("eq-flow-matching-step")
def test_a_step_mixes_the_guesses_anew_as_ddim_does(printed: Equations) -> None:
    t, s, x = 0.7, 0.45, 0.35
    data, noise = behind(x, t)
    clock = torch.tensor([t, s], dtype=torch.float64)
    norm = [math.hypot(1 - c, c) for c in (t, s)]
    seen = diffusion.Mixture(MIXTURE.means, SPREAD, MIXTURE.weights).eps
    ddim = diffusion.sample(seen, number(x / norm[0]), level(clock), 0.0).item() * norm[1]
    printed("eq-flow-matching-step").holds(
        {
            "x_s": ddim,
            "x_t": x,
            "v": MIXTURE.velocity(number(x), at(t)).item(),
            r"\hat x_0": data,
            r"\hat\varepsilon": noise,
            "s": s,
            "t": t,
        },
        tolerance=1e-6,
    )
    assert flow.euler(MIXTURE.velocity, number(x), clock).item() == pytest.approx(ddim, abs=1e-12)


# Pairs, times, solvers.


@pytest.mark.equation("eq-flow-matching-cost")
def test_reflow_brings_noise_and_data_nearer() -> None:
    eps = figures.quantiles(2000)
    x, n, energy = eps, 400, 0.0
    for i in range(n, 0, -1):
        v = flow.POINTS.velocity(x, at(i / n, len(x)))
        energy += float((v**2).mean()) / n
        x = x - v / n
    after = float(((x - eps) ** 2).mean())
    before = 2.0  # variances of data and noise
    assert after < energy < before
    assert after == pytest.approx(2 - 2 * math.sqrt(2 / math.pi), abs=0.01)
    said(f"the cost falls from 2 to {after:.2f}")
    # Straight flows are the tight case: one point, where all three are the same.
    one = flow.Line(torch.tensor([0.5], dtype=torch.float64))
    end = flow.euler(one.velocity, eps, flow.times(3))
    speed = float((one.velocity(eps, at(1.0, len(eps))) ** 2).mean())
    assert float(((end - eps) ** 2).mean()) == pytest.approx(speed)


@pytest.mark.parametrize("batch", [2, 5])
def test_the_share_of_a_noise_in_sorted_batches_is_that_of_a_simulation(batch: int) -> None:
    generator = torch.Generator().manual_seed(batch)
    shape = (100_000, batch)
    eps = torch.randn(shape, generator=generator, dtype=torch.float64).sort(1).values
    x0 = torch.randint(4, shape, generator=generator).sort(1).values
    for low in (-1.5, -0.3, 0.8):
        near = (eps - low).abs() < 0.08
        for point in range(3):
            found = (x0[near] <= point).double().mean().item()
            told = flow.share_below(torch.tensor([low]).double(), (point + 1) / 4, batch).item()
            assert told == pytest.approx(found, abs=0.03)


def test_sorting_is_the_pairing_of_least_cost_on_a_line() -> None:
    generator = torch.Generator().manual_seed(3)
    x0, eps = torch.randn(2, 7, 1, generator=generator, dtype=torch.float64)
    paired = practice.pair(x0, eps)
    assert torch.equal(paired[x0[:, 0].argsort()], eps.sort(0).values)
    plane = torch.randn(2, 5, 2, generator=generator, dtype=torch.float64)
    cost = ((plane[0] - practice.pair(*plane)) ** 2).sum()
    orders = itertools.permutations(range(5))
    least = min(((plane[0] - plane[1][list(order)]) ** 2).sum().item() for order in orders)
    assert cost.item() == pytest.approx(least)
    pair = [[0.4, -0.9], [1.0, -1.0]]
    both = [
        sum((a - b) ** 2 for a, b in zip(pair[0], p, strict=True)) for p in (pair[1], pair[1][::-1])
    ]
    said(
        f"it is $0.36 + 0.01 = {both[0]:.2f}$ one way and $1.96 + 3.61 = {both[1]:.2f}$ the other way"
    )


def test_a_solver_of_the_library_finds_the_same_flow() -> None:
    start = torch.linspace(-1.5, 1.5, 5, dtype=torch.float64)[:, None]
    found, calls = practice.solve(MIXTURE.velocity, start, 0.05)
    clock = torch.linspace(1, 0.05, 1001, dtype=torch.float64)
    torch.testing.assert_close(flow.euler(MIXTURE.velocity, start, clock), found, atol=3e-3, rtol=0)
    clock = torch.linspace(1, 0.05, 201, dtype=torch.float64)
    torch.testing.assert_close(
        flow.midpoint(MIXTURE.velocity, start, clock), found, atol=1e-4, rtol=0
    )
    assert 20 < calls < 300


@pytest.mark.equation("eq-flow-matching-logit")
def test_the_density_of_logit_normal_times(printed: Equations) -> None:
    t = 0.3
    share = [stats.norm.cdf(math.log(s / (1 - s))) for s in (t - 1e-5, t + 1e-5)]
    printed("eq-flow-matching-logit").holds(
        {"q": lambda *_: (share[1] - share[0]) / 2e-5, "t": t, r"\pi": math.pi}, tolerance=1e-6
    )
    printed.excuse(
        r"q (t) = \frac{1}{\sqrt{2 \pi} t (1 - t)} \exp (- \frac{1}{2} (\log \frac{1 - t}{t})^{2})",
        "the logarithm changes its sign, and its square does not",
    )
    drawn = flow.logit_normal(4000, figures.seeded(1)).numpy()
    assert stats.kstest(np.log(drawn / (1 - drawn)), "norm").pvalue > 0.01
    assert stats.kstest(flow.uniform(4000, figures.seeded(1)).numpy(), "uniform").pvalue > 0.01


@pytest.mark.equation("eq-flow-matching-shift")
def test_the_shift_multiplies_the_ratio_of_noise_to_data(printed: Equations) -> None:
    moved = flow.times(5, 3.0)[1:5]
    printed("eq-flow-matching-shift").holds(
        {"t'": moved[1].item(), "a": 3.0, "t": 0.6}, tolerance=1e-9
    )
    # n equal pixels with a constant value c: the estimate of c has the deviation t / ((1 - t) sqrt(n)).
    assert moved[2] / (1 - moved[2]) / math.sqrt(9) == pytest.approx(0.4 / 0.6)


# The numbers of the page.


def test_the_training_example_by_hand() -> None:
    x, u = flow.path(number(1.0), number(-0.6), at(0.5))
    assert (x.item(), u.item()) == pytest.approx((0.2, -1.6))
    rows = rows_of("tab-flow-matching-origins")
    share = flow.POINTS.origins(x[:, 0], at(0.5))[0].flip(0)
    for row, point, p in zip(rows, (1, -1), share.tolist(), strict=True):
        eps = (0.2 - 0.5 * point) / 0.5
        wanted = [
            point,
            round(eps, 1),
            round(stats.norm.pdf(eps), 3),
            round(p, 3),
            round(eps - point, 1),
        ]
        assert [float(cell.replace("−", "-")) for cell in row] == wanted
    v = flow.POINTS.velocity(x, at(0.5)).item()
    said(f"$v = 0.690 \\cdot (-1.6) + 0.310 \\cdot 2.4 = {v:.2f}$")
    said(
        f"$\\hat x_0 = 0.690 - 0.310 = {share[0] - share[1]:.2f}$",
        f"$(0.2 - 0.38) / 0.5 = {v:.2f}$",
    )
    said(
        "$u = \\varepsilon - x_0 = -0.6 - 1 = -1.6$",
        "$x_t = 0.5 \\cdot 1 + 0.5 \\cdot (-0.6) = 0.2$",
    )
    said("would be $(0.2 + 0.5) / 0.5 = 1.4$, and the velocity $1.4 + 1 = 2.4$")
    said(
        "a random noise −0.6 and a random time 0.5 are mixed to the place 0.2", "of the path, −1.6;"
    )
    said("So the network receives 0.2 and 0.5, and its target is −1.6.")


def test_the_generated_point_by_hand() -> None:
    x = number(flow.START)
    path = [x.item()]
    for row, (t, s) in zip(
        rows_of("tab-flow-matching-path"), itertools.pairwise(flow.times(4).tolist()), strict=True
    ):
        v = flow.POINTS.velocity(x, at(t)).item()
        guess = math.tanh((1 - t) * x.item() / t**2)
        assert v == pytest.approx((x.item() - guess) / t)
        step = flow.euler(flow.POINTS.velocity, x, torch.tensor([t, s], dtype=torch.float64))
        told = [float(cell.replace("−", "-")) for cell in row]
        assert told == [t, *(round(z, 2) for z in (x.item(), guess, v, step.item()))]
        x = step
        path.append(x.item())
    a, b, c, d, e = (f"{p:.2f}" for p in path)
    said(f"the random noise {a} at time 1 becomes {b}, {c}, {d} and at time 0 the data point {e}")
    said(
        f"lead from 0.4 over {b}, {c} and {d} to 1",
        "second row is 0.1325",
        "$x = 0.4 - 0.25 \\cdot 0.4 = 0.3$",
    )
    assert math.tanh(0.25 * 0.3 / 0.5625) == pytest.approx(0.1325, abs=5e-5)
    end = flow.euler(flow.POINTS.velocity, number(-0.4), flow.times(4)).item()
    assert end == pytest.approx(-path[-1])
    one = flow.euler(flow.Line(flow.POINTS.points, 100_000).velocity, number(0.4), flow.times(1))
    assert one.item() == pytest.approx(1.0)
    said("$0.4 - 1 = -0.6$", "$0.4 + 0.6 = 1$")


def test_few_steps_are_told_as_computed() -> None:
    table = style.read_table(PAGE.with_suffix("") / "steps.csv")
    at_calls = {
        name: dict(zip(table["calls"], column, strict=True)) for name, column in table.items()
    }
    plain, large = at_calls["batch 1"], at_calls["batch 64"]
    said(
        f"off by {plain[1]:.2f} in the example; two are off by {plain[2]:.2f}, four by {plain[4]:.2f}."
    )
    said(f"with batches of 64, paired by least distance, one step is off by {large[1]:.2f};")
    b4, b16, mid = at_calls["batch 4"], at_calls["batch 16"], at_calls["midpoint"]
    said(
        f"Independent pairs: {plain[1]:.2f}, {plain[2]:.2f}, {plain[3]:.2f}, {plain[4]:.2f}; batches of 4: "
        f"{b4[1]:.2f}, {b4[2]:.2f}; of 16: {b16[1]:.2f}, {b16[2]:.2f}; of 64: {large[1]:.2f}, {large[2]:.2f}. "
        f"The midpoint method with independent pairs lies at {mid[2]:.2f} for two calls and {mid[4]:.2f} for four"
    )
    two, four, eight, many = (figures.equal_calls(n) for n in (2, 4, 8, 16))
    said(
        f"with 4 calls Euler leaves {four[0][0]:.2f} and midpoint {four[1][0]:.2f}, with 8 calls {eight[0][0]:.2f} "
        f"and {eight[1][0]:.2f}, with 16 calls {many[0][0]:.2f} and {many[1][0]:.2f}.",
        f"With 2 calls the midpoint method has more samples further than three standard deviations "
        f"from every mode, {100 * two[1][1]:.0f} % against {100 * two[0][1]:.0f} %.",
    )
    assert two[1][1] > two[0][1]
    assert eight[1][0] / eight[0][0] == pytest.approx(0.2, abs=0.05)
    said("with 8 calls, it leaves a fifth of the error of the Euler method, and with 2 calls it")


def test_every_drawn_curve_ends_at_a_data_point() -> None:
    table = style.read_table(PAGE.with_suffix("") / "example.csv")
    ends = [table[f"flow {i}"][-1] for i in range(figures.LINES)]
    wanted = [-1.0] * 5 + [1.0] * 5
    assert ends == pytest.approx(wanted, abs=1e-3)
    said(f"Right: the {['nine', 'ten'][figures.LINES - 9]} curves of the flow")
    said("the upper ones bend to 1, the lower ones to −1")


def test_times_networks_and_reflow_are_told_as_computed() -> None:
    table = style.read_table(PAGE.with_suffix("") / "times.csv")
    least, when = max(zip(table["unknown"], table["t"], strict=True))
    said(
        f"largest at $t = {when:.3f}$",
        f"rising to {least:.1f} at {when:.3f} and falling to {table['unknown'][-1]:.1f}",
    )
    assert max(u for u, t in zip(table["unknown"], table["t"], strict=True) if t < 0.25) < 0.05
    learned = style.read_table(PAGE.with_suffix("") / "learned.csv")
    i = [learned["t"].index(t) for t in (0.05, 0.3, 0.5, 0.95)]
    u, m = learned["uniform"], learned["logit-normal"]
    said(
        f"Uniform times: {u[i[0]]:.2f} at time 0.05, {u[i[1]]:.2f} at 0.3, {u[i[2]]:.2f} at 0.5 and {u[i[3]]:.2f} "
        f"at 0.95; logit-normal times: {m[i[0]]:.2f}, {m[i[1]]:.2f}, {m[i[2]]:.2f} and {m[i[3]]:.2f}. "
        f"The least loss is between {min(learned['unknown']):.1f} and {max(learned['unknown']):.1f}"
    )
    assert m[i[0]] == max(m)
    assert u[i[1]] == max(u)
    said("largest between $t = 0.2$ and $t = 0.4$, where the modes part; with logit-normal times")
    said(f"it is largest at 0.05 ({m[i[0]]:.2f}), where they seldom look")
    row = figures.spread_over_seeds()
    first, again = row["first, off"], row["again, off"]
    said(
        f"one step is {first[0]:.2f} away from where 32 steps lead (root mean square), "
        f"four are {first[2]:.2f}, eight {first[3]:.2f}"
    )
    said(f"over three seeds of {max(row['first, off, deviation']):.2f} at most")
    said(f"one step is {again[0]:.2f} from 32 steps, in place of {first[0]:.2f}")
    stages = (("first", 4), ("again", 4), ("again", 0), ("longer", 4))
    stages = (*stages, ("again, longer", 4), ("again, longer", 0))
    lost = [
        f"{100 * row[f'{name}, lost'][k]:.1f} ± {100 * row[f'{name}, lost, deviation'][k]:.1f} %"
        for name, k in stages
    ]
    said(
        f"the first network ({figures.TRAINING} steps of training) with {figures.AGAIN} steps "
        f"on {figures.PAIRS:,} pairs, each made by {figures.FINE} Euler steps.",
        f"the same {figures.AGAIN} further steps on data",
    )
    said(
        f"{figures.AGAIN} steps more, in addition to {figures.TRAINING}, "
        f"leave {lost[3].split()[0]} % and {lost[4].split()[0]} %."
    )
    said("circles three standard deviations around each mode")
    table_rows = rows_of("tab-flow-matching-reflow")
    assert [cells[1:] for cells in table_rows] == [lost[:3], lost[3:]]
    longest = figures.TRAINING + figures.AGAIN
    assert [cells[0] for cells in table_rows] == [
        f"{n} steps on data" for n in (figures.TRAINING, longest)
    ]
    said(
        f"{100 * row['first, lost'][4]:.1f} % of samples lie far from all of them before reflow "
        f"and {100 * row['again, lost'][4]:.1f} % after it"
    )
    with torch.no_grad():
        middle = torch.tensor(
            [
                figures.lost(flow.euler(figures.trained(s, True), figures.noises(), flow.times(32)))
                for s in figures.SEEDS
            ]
        )
    data = figures.lost(RING_DATA)
    said(
        f"further than three standard deviations from every mode "
        f"from {lost[0]} to {100 * middle.mean():.1f} ± {100 * middle.std():.1f} % "
        f"(three seeds, {figures.TRAINING} steps of training; of data it is {100 * data:.1f} %)"
    )


def test_a_few_training_points_are_copied_by_the_exact_field() -> None:
    shares = figures.copies()
    rows = rows_of("tab-flow-matching-memory")
    for row, found in zip(rows, shares.values(), strict=True):
        assert row[1] == f"{100 * found.mean():.1f} ± {100 * found.std():.1f} %"
    assert rows[0][0] == f"exact field of the {figures.FEW} points, 32 steps"
    assert rows[1][0] == f"network, {figures.TRAINING} steps on the {figures.FEW} points"
    said(f"nearer than {figures.NEAR} to a training point", f"Copies of {figures.FEW} points")
    said("because it does not fit the exact field of the ten points")
    assert shares["network"].mean() < 4 * shares["fresh"].mean()
    assert shares["exact"].min() > 0.99


RING_DATA = figures.RING.sample(200_000, figures.seeded(3))


def test_pairing_that_ignores_a_condition_gives_wrong_shares() -> None:
    points = torch.tensor([-1.5, -0.5, 0.5, 1.5], dtype=torch.float64)
    eps = figures.quantiles(200)
    for batch, row in zip((1, 4, 16, 64), rows_of("tab-flow-matching-condition"), strict=True):
        line = flow.Line(points, batch)
        end = flow.euler(
            lambda x, t, line=line: line.velocity(x, t, slice(2, 4)), eps, flow.times(64)
        )  # type: ignore[misc]
        share = (end > 1).double().mean().item()
        mean = (line.shares(eps[:, 0])[:, 2:].sum(1) * eps[:, 0]).mean().item() * 2
        within = flow.Line(points[2:], batch)  # cured: paired within the condition
        cured = (flow.euler(within.velocity, eps, flow.times(64)) > 1).double().mean().item()
        shares = [f"{100 * s:.0f} %" for s in (share, cured)]
        assert row == [f"{batch}", f"{abs(mean):.2f}", *shares]
    said("[25 % where 50 % is right](#conditions)")


# The demo.

TWO, ALONE, FOUR = (
    torch.tensor(places, dtype=torch.float64)
    for places in ([-1.0, 1.0], [0.5], [-1.5, -0.5, 0.5, 1.5])
)
SOLVERS = {"euler": flow.euler, "midpoint": flow.midpoint}


def at_places(points: Tensor) -> list[dict[str, object]]:
    """Velocities at places and times for each size of batch, and along the lines after reflow."""
    cases: list[dict[str, object]] = []
    for batch, (x, t) in itertools.product(
        (1, 4, 16, 64), ((0.4, 1.0), (0.2, 0.5), (-0.7, 0.8), (1.3, 0.25))
    ):
        args = [points.tolist(), batch, x, t]
        v = flow.Line(points, batch).velocity(number(x), at(t)).item()
        cases.append({"function": "velocity", "args": args, "returns": v})
    for start in (-1.1, 0.4, 0.9):
        end = flow.euler(flow.Line(points).velocity, number(start), flow.times(40))
        for t in (1.0, 0.6, 0.1):
            x, u = flow.path(end, number(start), at(t))
            args = [points.tolist(), 0, x.item(), t]
            cases.append({"function": "velocity", "args": args, "returns": u.item()})
    return cases


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    cases = [case for points in (TWO, ALONE, FOUR) for case in at_places(points)]
    for (name, solver), points, batch, steps in itertools.product(
        SOLVERS.items(), (TWO, FOUR), (1, 16), (1, 4)
    ):
        field, clock = flow.Line(points, batch).velocity, flow.times(steps)
        places = [number(flow.START)]
        for pair in clock.unfold(0, 2, 1):
            places.append(solver(field, places[-1], pair))
        ends = solver(field, figures.quantiles(200), clock)
        off = (ends - points).abs().min(1).values.mean().item()
        args = [points.tolist(), batch, name]
        cases.append(
            {
                "function": "places",
                "args": [*args, flow.START, steps],
                "returns": [place.item() for place in places],
            }
        )
        cases.append({"function": "off", "args": [*args, steps], "returns": off})
    for points, start in itertools.product((TWO, FOUR), (flow.START, 0.0)):  # 0 stays, by symmetry
        end = flow.euler(flow.Line(points).velocity, number(start), flow.times(40))
        straight = [flow.path(end, number(start), at(t))[0].item() for t in flow.times(3).tolist()]
        args = [points.tolist(), 0, "midpoint", start, 3]
        cases.append({"function": "places", "args": args, "returns": straight})
    for batch, eps in itertools.product((1, 4, 64), (-1.4, 0.3)):
        share = flow.Line(FOUR, batch).shares(torch.tensor([eps]).double())[0].tolist()
        args = [FOUR.tolist(), batch]
        cases.append({"function": "shareOf", "args": [*args, eps], "returns": share})
    return {"module": "models/flow-matching/flow-matching.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


# Exercises.


@pytest.mark.answer("answer-flow-matching-place")
def test_exercise_1_a_place_and_its_target(answer: Bench) -> None:
    x, u = flow.path(number(-1.0), number(0.6), at(0.25))
    other, _ = flow.path(number(-1.0), number(0.6), at(0.75))
    answer("answer-flow-matching-place").is_((x.item(), u.item()), (other.item(), u.item()))


@pytest.mark.answer("answer-flow-matching-two")
def test_exercise_2_two_steps(answer: Bench) -> None:
    half = flow.euler(flow.POINTS.velocity, number(0.5), torch.tensor([1.0, 0.5]).double())
    end = flow.euler(flow.POINTS.velocity, number(0.5), flow.times(2))
    answer("answer-flow-matching-two").is_((half.item(), end.item()), (half.item(), 0.0))


@pytest.mark.answer("answer-flow-matching-pairs")
def test_exercise_3_the_least_cost(answer: Bench) -> None:
    x0, eps = torch.tensor([[-1.0], [1.0], [1.0]]), torch.tensor([[0.2], [-0.5], [1.1]])
    least = ((x0 - practice.pair(x0, eps)) ** 2).sum().item()
    answer("answer-flow-matching-pairs").is_(least, ((x0 - eps) ** 2).sum().item())


@pytest.mark.answer("answer-flow-matching-single")
def test_exercise_4_one_point_needs_one_step(answer: Bench) -> None:
    line = flow.Line(torch.tensor([3.0], dtype=torch.float64))
    end = flow.euler(line.velocity, figures.quantiles(9), flow.times(1))
    torch.testing.assert_close(end, torch.full_like(end, 3.0))
    answer("answer-flow-matching-single").is_("One.")


@pytest.mark.answer("answer-flow-matching-shift")
def test_exercise_5_shifted_times(answer: Bench) -> None:
    answer("answer-flow-matching-shift").is_(
        tuple(flow.times(4, 3.0)[1:4].tolist()), tuple(flow.times(4)[1:4].tolist())
    )


@pytest.mark.answer("answer-flow-matching-batch")
def test_exercise_6_larger_batches(answer: Bench) -> None:
    eps = figures.quantiles(200)
    off = [
        (1 - flow.euler(flow.Line(flow.POINTS.points, n).velocity, eps, flow.times(1)).abs())
        .mean()
        .item()
        for n in (256, 64)
    ]
    answer("answer-flow-matching-batch").is_(*off)


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "flow-matching" / "flow_matching.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "t = 0.00: 0.9995" in out
    assert "batches of 64: off by 0.141" in out
