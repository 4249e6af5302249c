"""Quadratics against closed forms, Adam and Muon against PyTorch, the batch against an exact mean."""

import math
from collections.abc import Callable
from functools import cache, partial
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import linalg, optimize
from torch import Tensor

from docs.training.optimisation import optimisation as code
from docs.training.optimisation import practice
from scripts.figures import optimisation as figures
from scripts.figures import style
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings, tables

PAGE = style.DOCS / "training" / "optimisation.md"
DATA = PAGE.parent / "optimisation"
GOLDEN = Path(__file__).with_name("optimisation.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
Make = Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure."""
    return style.read_table(DATA / f"{name}.csv")


def by_torch(make: Make, start: float, gradients: list[float]) -> list[float]:
    """A weight after each step of an optimiser of PyTorch, in double precision."""
    weight = torch.nn.Parameter(torch.tensor([start], dtype=torch.float64))
    optimiser, found = make([weight]), []
    for g in gradients:
        weight.grad = torch.tensor([g], dtype=torch.float64)
        optimiser.step()
        found.append(float(weight.detach()))
    return found


# Gradient descent and momentum.


def test_the_example_by_pencil() -> None:
    plain, rolled = code.path(0.2, 0.0, 4), code.path(0.25, 0.25, 4)
    assert plain[:3].flatten().tolist() == pytest.approx([10, 1, 8, -0.8, 6.4, 0.64])
    said(f"Gradient descent is at {plain[4, 0]:.3f} after four steps.")
    said(f"goes 1, −1.25, 1, −{-rolled[3, 1]:.4f}: first farther")
    assert rolled[:3, 1].tolist() == [1, -1.25, 1]
    rows = rows_of("tab-optimisation-momentum")
    assert [float(row[3]) for row in rows] == rolled[:, 0].tolist()
    v = 0.0
    for row, w in zip(rows[1:], rolled[:-1, 0].tolist(), strict=True):
        assert float(row[1]) == w
        told = [float(part) for part in row[2].strip("$").replace("=", "+").split("+")]
        assert told == ([w] if v == 0 else [0.25 * v, w, 0.25 * v + w])
        v = 0.25 * v + w
    swing = torch.tensor(1.0, dtype=torch.float64)
    for _ in range(4):
        swing = code.descend(swing, 9 * swing, 2 / 9)
    assert float(swing) == pytest.approx(1)
    assert [code.factor(0.2, 0, 9), code.factor(0.25, 0.25, 9)] == pytest.approx([0.8, 0.5])


@pytest.mark.equation("eq-optimisation-descent")
def test_a_power_on_each_curvature(printed: Equations) -> None:
    weight, curve = torch.nn.Parameter(torch.tensor(5.0, dtype=torch.float64)), 0.7
    optimiser = torch.optim.SGD([weight], 0.3)
    for _ in range(6):
        optimiser.zero_grad()
        (curve * weight.square() / 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    printed("eq-optimisation-descent").holds(
        {"w_t": float(weight.detach()), "w_0": 5.0, r"\eta": 0.3, r"\lambda": curve, "t": 6}
    )
    assert code.factor(1.9 / curve, 0, curve) < 1 < code.factor(2.1 / curve, 0, curve)


@pytest.mark.equation("eq-optimisation-best")
def test_the_best_rate_of_gradient_descent(printed: Equations) -> None:
    low, high = 0.7, 5.3
    found = optimize.minimize_scalar(
        lambda rate: max(abs(1 - rate * low), abs(1 - rate * high)),
        bounds=(0, 2 / high),
        method="bounded",
        options={"xatol": 1e-12},
    )
    printed("eq-optimisation-best").holds(
        {
            r"\eta": found.x,
            r"\rho": found.fun,
            r"\lambda_1": low,
            r"\lambda_n": high,
            r"\kappa": high / low,
        },
        tolerance=1e-5,
    )
    assert code.best_plain(low, high) == pytest.approx((found.x, found.fun), rel=1e-6)
    left = code.best_plain(1, 10_000)[1], math.sqrt(code.best_momentum(1, 10_000)[1])
    said(f"For $\\kappa = 9$ it is {code.best_plain(1, 9)[1]:.1f}; for 10,000 it is {left[0]:.4f}.")
    said(f"a step leaves {left[1]:.2f} in place of {left[0]:.4f}.")


def matrix(rate: float, beta: float, curve: float) -> np.ndarray:
    """What a step with momentum does to the last two weights."""
    return np.array([[1 + beta - rate * curve, -beta], [1.0, 0.0]])


@pytest.mark.equation("eq-optimisation-recurrence")
def test_momentum_needs_two_weights_and_no_velocity(printed: Equations) -> None:
    curve, rate, beta = 1.7, 0.35, 0.6
    weight = torch.nn.Parameter(torch.tensor(3.0, dtype=torch.float64))
    optimiser, found = torch.optim.SGD([weight], rate, momentum=beta), [3.0]
    for _ in range(5):
        optimiser.zero_grad()
        (curve * weight.square() / 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        found.append(float(weight.detach()))
    printed("eq-optimisation-recurrence").holds(
        {
            "w_{t+1}": found[5],
            "w_t": found[4],
            "w_{t-1}": found[3],
            r"\beta": beta,
            r"\eta": rate,
            r"\lambda": curve,
        }
    )


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_that_of_pytorch(nesterov: bool) -> None:
    gradients = normal(20).tolist()
    theirs = by_torch(
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.8, nesterov=nesterov), 1.5, gradients
    )
    w, v = torch.tensor(1.5, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for g in gradients:
        w, v = code.roll(w, v, torch.tensor(g, dtype=torch.float64), 0.1, 0.8, nesterov=nesterov)
    assert float(w) == pytest.approx(theirs[-1], abs=1e-12)


@pytest.mark.equation("eq-optimisation-roots")
def test_the_eigenvalues_of_a_step(printed: Equations) -> None:
    for rate, beta, curve in ((0.2, 0.25, 1.0), (0.27, 0.3, 9.0)):
        roots = sorted(np.linalg.eigvals(matrix(rate, beta, curve)).real)
        for sign, root in zip((-1, 1), roots, strict=True):
            printed("eq-optimisation-roots").holds(
                {"r": root, r"\beta": beta, r"\eta": rate, r"\lambda": curve, r"\pm": sign}
            )
    for rate, beta, curve in ((0.2, 0.5, 3.0), (0.2, 0.25, 1.0), (0.5, 0.25, 9.0), (0.1, 0.9, 5.0)):
        largest = max(abs(np.linalg.eigvals(matrix(rate, beta, curve))))
        assert code.factor(rate, beta, curve) == pytest.approx(largest)


@pytest.mark.equation("eq-optimisation-stable")
def test_the_largest_stable_rate(printed: Equations) -> None:
    for beta in (0.3, 0.9):
        edge = optimize.brentq(
            lambda rate, beta=beta: max(abs(np.linalg.eigvals(matrix(rate, beta, 7.0)))) - 1,
            1.5 * (1 + beta) / 7,
            1.0,
        )
        printed("eq-optimisation-stable").holds(
            {r"\eta": edge, r"\beta": beta, r"\lambda_n": 7.0}, tolerance=1e-7
        )


@pytest.mark.equation("eq-optimisation-fastest")
def test_the_best_rate_of_momentum(printed: Equations) -> None:
    low, high = 0.6, 7.0

    def ends(x: np.ndarray) -> list[float]:
        return [(1 + x[1] - x[0] * curve) ** 2 - 4 * x[1] for curve in (low, high)]

    rate, beta = optimize.fsolve(ends, [0.3, 0.3], xtol=1e-13)
    printed("eq-optimisation-fastest").holds(
        {
            r"\beta": beta,
            r"\eta": rate,
            r"\kappa": high / low,
            r"\lambda_1": low,
            r"\lambda_n": high,
        },
        tolerance=1e-8,
    )
    assert code.best_momentum(low, high) == pytest.approx((rate, beta))
    tried = [
        max(code.factor(r, b, curve) for curve in (low, high))
        for r in np.linspace(0.01, 0.6, 60)
        for b in np.linspace(0, 0.9, 46)
    ]
    assert min(tried) >= math.sqrt(beta)


def test_factors_as_they_are_drawn() -> None:
    found = read("rates")
    at = found["rate"].index
    plain, quarter, most = (found[f"beta {beta:g}"] for beta in figures.BETAS)
    assert found["rate"][-1] == 0.3
    assert min(plain) == plain[at(0.2)] == pytest.approx(0.8)
    assert plain[at(0.22)] < 1 < plain[at(0.225)]
    assert min(quarter) == quarter[at(0.25)] == pytest.approx(0.5)
    assert quarter[at(0.275)] < 1 < quarter[at(0.28)]
    assert {round(v, 2) for v in most} == {0.95}


# Adam and AdamW.


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adamw_is_that_of_pytorch(decay: float) -> None:
    gradients = normal(200).tolist()
    theirs = by_torch(
        lambda p: torch.optim.AdamW(p, 0.02, (0.8, 0.97), 1e-6, weight_decay=decay), 1.5, gradients
    )
    w = torch.tensor([1.5], dtype=torch.float64)
    kept, ours = code.fresh(w), []
    for g in gradients:
        w = code.adamw(w, torch.full_like(w, g), kept, 0.02, (0.8, 0.97), 1e-6, decay)
        ours.append(float(w))
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 1e-12
    said("| AdamW and PyTorch's, after 100 steps | differ by $10^{-12}$ at most |")


def test_the_first_step_of_the_diagram() -> None:
    drawn = read("diagram")
    assert drawn["g"] == [10, 9]
    assert drawn["m"] == pytest.approx([1, 0.9])
    assert drawn["v"] == pytest.approx([0.1, 0.081])
    assert drawn["direction"] == pytest.approx([1, 1])
    assert drawn["decayed"] == [9.5, 0.95]
    assert drawn["new"] == pytest.approx([9, 0.45])
    assert drawn["rate"] == [0.5, 1]
    w = torch.tensor(code.START, dtype=torch.float64)
    new = code.adamw(w, code.slope(w), code.fresh(w), 0.5)
    assert new.tolist() == pytest.approx([9.5, 0.5])


def test_decay_beside_the_gradient_and_in_it() -> None:
    for decay in (0.5, 50.0):
        coupled = code.steady(2.0, 0.4, 0.1, 1, decay=decay, coupled=True)
        assert coupled == pytest.approx(1.9)
    assert code.steady(2.0, 0.4, 0.1, 1, decay=0.5, coupled=False) == pytest.approx(1.8)
    theirs = by_torch(lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.5), 2.0, [0.4] * 3)
    assert code.steady(2.0, 0.4, 0.1, 3, decay=0.5, coupled=True) == pytest.approx(theirs[-1])
    ends = [
        [code.steady(2.0, g, 0.1, 1000, decay=0.5, coupled=coupled) for g in (0.1, 1, 10)]
        for coupled in (False, True)
    ]
    assert ends[0] == pytest.approx([-2, -2, -2], abs=1e-4)
    assert ends[1] == pytest.approx([-0.2, -2, -20], abs=1e-3)
    said("AdamW ended at −2 each time, the penalty at −0.2, −2 and −20.")


@pytest.mark.equation("eq-optimisation-sign")
def test_adam_with_a_constant_gradient(printed: Equations) -> None:
    for g in (-0.03, 0.4):
        found = by_torch(lambda p: torch.optim.Adam(p, 0.07, eps=0.01), 3.0, [g] * 5)
        for new, old in ((found[0], 3.0), (found[4], found[3])):
            printed("eq-optimisation-sign").holds(
                {"w_t": new, "w_{t-1}": old, r"\eta": 0.07, "g": g, r"\varepsilon": 0.01},
                tolerance=1e-9,
            )
    first = (1 - 0.9) / math.sqrt(1 - 0.999)
    said(f"times as large: {first:.2f} with 0.9 and 0.999.")
    raw = [(1 - 0.9**t) / math.sqrt(1 - 0.999**t) for t in range(1, 301)]
    said(
        f"first step {raw[0]:.2f} rates long, the twelfth {max(raw):.2f}, and the last of 300 still {raw[-1]:.2f}:"
    )
    assert max(raw) == raw[11]


@pytest.mark.equation("eq-optimisation-decay")
def test_adamw_with_a_constant_gradient(printed: Equations) -> None:
    found = by_torch(lambda p: torch.optim.AdamW(p, 0.07, eps=1e-15, weight_decay=0.6), 3.0, [-0.4] * 9)  # fmt: skip
    printed("eq-optimisation-decay").holds(
        {
            "w_t": found[8],
            "w_0": 3.0,
            "t": 9,
            r"\eta": 0.07,
            r"\delta": 0.6,
            "g": -0.4,
            r"\operatorname{sign}": np.sign,
        },
        tolerance=1e-9,
        free=("g",),  # its size
    )


def test_few_bits() -> None:
    half, whole = code.faded(torch.bfloat16, 0.999, 1000), code.faded(torch.float64, 0.999, 1000)
    assert half == 1
    said(f"it should be {whole:.3f} after 1,000 steps; in bfloat16 it is {half:.0f}, as 0.999")
    assert float(torch.tensor(0.999, dtype=torch.bfloat16)) == 1
    assert code.faded(torch.bfloat16, 0.95, 50) == pytest.approx(0.95**50, rel=0.05)
    small = torch.tensor(1e-4, dtype=torch.float16)
    assert float(small * small) == float(torch.tensor(1e-8, dtype=torch.float16)) == 0


@cache
def back(beta: float) -> int:
    """Steps after which Adam's step is half the rate again."""
    steps = code.after_spike(1000, 6500, beta)
    return next(n for n in range(20, len(steps)) if steps[n] >= 0.5)


def test_one_bad_batch() -> None:
    said(f"come back to half a rate after {back(0.999):,} steps, or {back(0.95)}.")
    said(
        f"(#spike) only after {back(0.999):,} steps. With 0.95, as in the call above, it is {back(0.95)}."
    )
    first = [code.after_spike(1000, 1, beta)[0] for beta in (0.999, 0.95)]
    said(f"keeps that step at {first[0]:.1f} rates with $\\beta_2 = 0.999$ and {first[1]:.2f} with 0.95")  # fmt: skip
    wrong = [-min(accumulate(code.after_spike(-1000, 400, beta))) for beta in (0.999, 0.95)]
    said(f"carry the weight {wrong[0]:.0f} rates the wrong way, or {wrong[1]:.0f}.")
    assert code.after_spike(1000, 50, 0.999, 1.0) == pytest.approx([1.0] * 50)
    library = torch.optim.Adam(
        [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], 1.0, (0.9, 0.95)
    )
    weight = library.param_groups[0]["params"][0]
    found = [0.0]
    for g in [1.0] * 400 + [1000.0, 1.0, 1.0]:
        weight.grad = torch.full_like(weight, g)
        library.step()
        found.append(float(weight.detach()))
    steps = [a - b for a, b in zip(found[-4:-1], found[-3:], strict=True)]
    assert steps == pytest.approx(code.after_spike(1000, 3, 0.95), rel=1e-4)


# Muon, clipping, schedules, averages.


@pytest.mark.equation("eq-optimisation-muon")
def test_what_a_round_does_to_a_singular_value(printed: Equations) -> None:
    x = normal(5, 3)
    u, before, v = torch.linalg.svd(x / x.norm(), full_matrices=False)
    after = (u.T @ code.orthogonal(x, 1) @ v.T).diagonal()
    a, b, c = code.QUINTIC
    printed("eq-optimisation-muon").holds(
        {"s'": float(after[0]), "s": float(before[0]), "a": a, "b": b, "c": c}
    )
    assert float(before.max()) <= 1
    said("the root of the sum of its squares, which makes all singular values at most 1.")
    assert after.tolist() == pytest.approx([float(a * s + b * s**3 + c * s**5) for s in before])


def test_muon_against_the_singular_value_decomposition() -> None:
    torch.manual_seed(0)
    m = torch.randn(32, 16, dtype=torch.float64)
    u, _, v = torch.linalg.svd(m, full_matrices=False)
    five, ten = (torch.linalg.svdvals(code.orthogonal(m, n)) for n in (5, 10))
    said(f"five rounds of the first gave {five.min():.2f} to {five.max():.2f}, and")
    said(f"and ten {ten.min():.2f} to {ten.max():.2f};")
    slow = code.orthogonal(m, 15, code.CUBIC)
    assert float((slow - u @ v).abs().max()) < 1e-12
    said("15 rounds of the second agreed with the singular value decomposition to $10^{-12}$.")


def test_muon_is_that_of_pytorch_to_two_digits() -> None:
    torch.manual_seed(1)
    ours = torch.randn(12, 6)
    theirs = torch.nn.Parameter(ours.clone())
    library, v = practice.muon([theirs], 0.1), torch.zeros_like(ours)
    for _ in range(5):
        g = torch.randn(12, 6)
        theirs.grad = g.clone()
        library.step()
        ours, v = code.muon(ours, v, g, 0.1)
    assert float((ours - theirs.detach()).abs().max()) < 0.02
    assert float((ours - theirs.detach()).norm() / ours.norm()) < 0.005


def test_clipping_keeps_the_direction_and_is_that_of_pytorch() -> None:
    ours = [normal(3, 2), normal(4, seed=1)]
    before = torch.cat([g.flatten() for g in ours])
    parameters = [torch.nn.Parameter(g.clone()) for g in ours]
    for p, g in zip(parameters, ours, strict=True):
        p.grad = g.clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, 0.5)
    assert code.clip(ours, 0.5) == pytest.approx(float(norm))
    after = torch.cat([g.flatten() for g in ours])
    assert after.tolist() == pytest.approx(
        torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]).tolist()
    )
    assert float(after.norm()) == pytest.approx(0.5, rel=1e-4)
    assert float(torch.cosine_similarity(before, after, dim=0)) == pytest.approx(1)
    short = [torch.tensor([0.3, 0.4])]
    code.clip(short, 0.5001)
    assert short[0].tolist() == pytest.approx([0.3, 0.4], rel=1e-4)


def test_schedules() -> None:
    for kind in ("constant", "linear", "cosine", "wsd"):
        found = [code.schedule(kind, t, 100, 10) for t in range(100)]
        assert found[:10] == pytest.approx([(t + 1) / 11 for t in range(10)])
        assert found[10] == max(found) == 1
        assert all(a >= b for a, b in pairwise(found[10:]))
        assert (found[-1] < 0.06) == (kind != "constant")
    assert code.schedule("wsd", 79, 100, 10) == 1 > code.schedule("wsd", 81, 100, 10)
    assert code.schedule("cosine", 55, 100, 10, last=0.1) == pytest.approx(0.55)
    assert code.average(torch.tensor(2.0), torch.tensor(3.0), 0.9) == pytest.approx(2.1)


def test_the_lines_for_pytorch_do_what_the_code_does() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4)).double()  # fmt: skip
    w = [p.detach().clone() for p in net.parameters()]
    kept, slow = [code.fresh(p) for p in w], [p.clone() for p in w]
    library, mean = practice.optimiser(net, 0.05), practice.averaged(net, 0.9)
    rates = practice.plan(library, 20, 4)
    x, y = 10 * normal(12, 6), normal(12, 4, seed=1)
    for t in range(12):
        for p in w:
            p.requires_grad_()
        hidden = torch.relu(x @ w[0].T + w[1]) @ w[2].T + w[3]
        slopes = list(torch.autograd.grad(torch.nn.functional.mse_loss(hidden, y), w))
        code.clip(slopes, 1.0)
        rate = 0.05 * code.schedule("cosine", t, 20, 4)
        w = [
            code.adamw(p.detach(), g, k, rate, (0.9, 0.95), decay=0.1 if p.ndim > 1 else 0.0)
            for p, g, k in zip(w, slopes, kept, strict=True)
        ]
        practice.step(net, library, rates, x, y)
        mean.update_parameters(net)
        slow = w if t == 0 else [code.average(s, p, 0.9) for s, p in zip(slow, w, strict=True)]
    for ours, theirs in zip(w, net.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.detach())
    for ours, theirs in zip(slow, mean.module.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.detach())


def test_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    code.main()
    lines = capsys.readouterr().out.splitlines()
    plain, rolled = (line.partition("[")[2].partition("]")[0] for line in lines[:2])
    rows = rows_of("tab-optimisation-try")
    for row, found in ((rows[0], plain), (rows[1], rolled)):
        told = [float(cell) for cell in row[1].split(", ")]
        assert told == pytest.approx([float(value) for value in found.split(", ")])
    assert float(lines[2].split()[5]) < 1e-12
    assert lines[3] == f"Muon's singular values: {rows[3][1]}"


# Noise and batch.


@pytest.mark.equation("eq-optimisation-floor")
def test_where_the_noise_settles(printed: Equations) -> None:
    rate, curve, noise, batch = 0.3, 1.4, 5.0, 8
    settled = linalg.solve_discrete_lyapunov(
        np.array([[1 - rate * curve]]), np.array([[rate**2 * noise / batch]])
    )[0, 0]
    assert code.floor(rate, curve, noise, batch) == pytest.approx(settled)
    printed("eq-optimisation-floor").holds(
        {"V": settled, r"\eta": rate, r"\lambda": curve, r"\sigma": math.sqrt(noise), "B": batch}
    )
    w = torch.zeros(20_000, dtype=torch.float64)
    for n in range(40):
        w = code.descend(w, curve * w + (noise / batch) ** 0.5 * normal(20_000, seed=n), rate)
    assert float(w.var()) == pytest.approx(settled, rel=0.05)


def setting() -> tuple[Tensor, Tensor, Tensor]:
    """A gradient, a Hessian and a covariance without zeros."""
    half, spread = normal(3, 3), normal(3, 3, seed=1)
    return normal(3, seed=2), half @ half.T + torch.eye(3), spread @ spread.T + 0.1 * torch.eye(3)


def mean_fall(rate: float, batch: float, g: Tensor, hessian: Tensor, covariance: Tensor) -> float:
    """Exact mean over the noise, by points that have its mean and covariance."""
    points = math.sqrt(3) * torch.linalg.cholesky(covariance / batch).T
    steps = -rate * (g + torch.cat([points, -points]))
    return float(-(steps @ g + ((steps @ hessian) * steps).sum(1) / 2).mean())


@pytest.mark.equation("eq-optimisation-fall")
def test_the_mean_fall_of_the_loss_in_a_step(printed: Equations) -> None:
    g, hessian, covariance = setting()
    fall = mean_fall(0.13, 6, g, hessian, covariance)
    assert code.gain(0.13, 6, g, hessian, covariance) == pytest.approx(fall)
    printed("eq-optimisation-fall").holds(
        {
            "F": fall,
            r"\eta": 0.13,
            r"\mathbf{g}": g.numpy()[:, None],
            "H": hessian.numpy(),
            r"\Sigma": covariance.numpy(),
            r"\operatorname{tr}": np.trace,
            "B": 6,
        }
    )


@pytest.mark.equation("eq-optimisation-noise")
def test_the_noise_scale(printed: Equations) -> None:
    g, hessian, covariance = setting()
    best = [
        -optimize.minimize_scalar(
            partial(lambda b, rate: -mean_fall(rate, b, g, hessian, covariance), batch)
        ).fun
        for batch in (6.0, 1e12)
    ]
    scale = code.noise_scale(g, hessian, covariance)
    printed("eq-optimisation-noise").holds(
        {
            "F_B": best[0],
            r"F_\infty": best[1],
            "N": scale,
            "B": 6,
            r"\mathbf{g}": g.numpy()[:, None],
            "H": hessian.numpy(),
            r"\Sigma": covariance.numpy(),
            r"\operatorname{tr}": np.trace,
        },
        tolerance=1e-6,
        free=("H",),  # a multiple of it
    )


def test_prediction_and_measurement_of_the_batch() -> None:
    gradient, hessian, covariance = figures.problem()
    scale = code.noise_scale(gradient, hessian, covariance)
    assert scale == pytest.approx(10)
    simple = float(covariance.trace() / (gradient @ gradient))
    said(f"in its place[^mccandlish2018empirical], here {simple:.1f}.")
    found = read("batch")
    assert found["batch"][0::8] == [1, 256]
    for formula, mean, error in zip(found["formula"], found["mean"], found["error"], strict=True):
        assert abs(formula - mean) < 3 * error
    most = float((gradient @ gradient) ** 2 / (gradient @ hessian @ gradient) / 2)
    assert found["formula"] == pytest.approx([most / (1 + 10 / b) for b in found["batch"]])
    assert round(found["mean"][-1]) == 19
    assert figures.DRAWS == 40_000


# The exercises.


@pytest.mark.answer("answer-optimisation-four")
def test_curvatures_1_and_4(answer: Bench) -> None:
    rate, left = code.best_plain(1, 4)
    answer("answer-optimisation-four").is_(
        [rate, left, math.sqrt(code.best_momentum(1, 4)[1])], [0.5, 0.5, 1 / 3]
    )


@pytest.mark.answer("answer-optimisation-rates")
def test_exercise_1_rates(answer: Bench) -> None:
    edge = optimize.brentq(lambda rate: code.factor(rate, 0, 50) - 1, 0.021, 0.1)
    answer("answer-optimisation-rates").is_([edge, *code.best_plain(2, 50)], [edge, edge, 0.92])


@pytest.mark.answer("answer-optimisation-first")
def test_exercise_2_first_step(answer: Bench) -> None:
    def new(g: float, decay: float) -> float:
        return by_torch(lambda p: torch.optim.AdamW(p, 0.01, weight_decay=decay), 3.0, [g])[0]

    change = [new(g, decay) - 3 for g, decay in ((-0.02, 0.1), (-0.02, 0.0), (0.02, 0.1))]
    answer("answer-optimisation-first").is_(*change)


@pytest.mark.answer("answer-optimisation-share")
def test_exercise_3_share(answer: Bench) -> None:
    batch = optimize.brentq(lambda b: 1 / (1 + 2 / b) - 0.9, 1, 100)
    answer("answer-optimisation-share").is_([1 / (1 + 2 / 4), batch], [0.5, batch])


@pytest.mark.answer("answer-optimisation-same")
def test_exercise_4_same(answer: Bench) -> None:
    gradients = normal(100).tolist()

    def end(factor: float, rate: float, decay: float = 0.0) -> float:
        def make(p: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
            return torch.optim.Adam(p, rate, eps=0.0, weight_decay=decay)

        return by_torch(make, 1.0, [factor * g for g in gradients])[-1]

    plain = end(1, 0.01)
    assert end(1000, 0.01) == pytest.approx(plain)
    assert abs(end(1, 0.01, 0.5) - plain) > 0.01
    assert abs(end(0.5, 0.02) - plain) > 0.01
    answer("answer-optimisation-same").is_("The loss is multiplied by 1,000.")


@pytest.mark.answer("answer-optimisation-clip")
def test_exercise_5_clip(answer: Bench) -> None:
    both = [torch.tensor([6.0]), torch.tensor([8.0])]
    code.clip(both, 5.0)
    answer("answer-optimisation-clip").is_([round(float(g), 4) for g in both], [5, 5])


@pytest.mark.answer("answer-optimisation-factor")
def test_exercise_6_factor(answer: Bench) -> None:
    found = [code.factor(0.3, beta, 9) for beta in (0.0, 0.5)]
    answer("answer-optimisation-factor").is_(found, [found[0], found[0]])


@pytest.mark.answer("answer-optimisation-spike")
def test_exercise_7_spike(answer: Bench) -> None:
    answer("answer-optimisation-spike").is_(back(0.99), back(0.999))


# The demo.

RUNS = (
    ("plain", 0.2, 0.0, 9, 0.0, False, 1, 20),
    ("momentum", 0.25, 0.25, 9, 0.0, False, 1, 20),
    ("nesterov", 0.05, 0.9, 30, 0.5, False, 7, 40),
    ("adam", 0.5, 0.9, 9, 0.0, False, 1, 20),
    ("adam", 0.3, 0.5, 4, 1.5, True, 3, 15),
    ("plain", 0.1, 0.0, 9, 5.0, True, 2, 60),
)


def ended(
    rule: str,
    rate: float,
    beta: float,
    steep: int,
    noise: float,
    falls: bool,
    seed: int,
    steps: int,
) -> list[float]:
    """Weights, loss and factors after a run of the demo, by the code of the page."""
    w = torch.tensor(code.START, dtype=torch.float64)
    curves = torch.tensor((1.0, float(steep)), dtype=torch.float64)
    chance, kept, v = Random(seed), code.fresh(w), torch.zeros_like(w)
    for t in range(steps):
        g = curves * w
        if noise:
            g = g + noise * torch.tensor([chance.normal(), chance.normal()], dtype=torch.float64)
        now = rate * (1 - t / steps) if falls else rate
        if rule == "adam":
            w = code.adamw(w, g, kept, now, (beta, 0.999))
        else:
            w, v = code.roll(w, v, g, now, beta, nesterov=rule == "nesterov")
    told = [*w.tolist(), float(curves @ w.square()) / 2]
    if rule in ("plain", "momentum"):
        told += [code.factor(rate, beta, curve) for curve in curves.tolist()]
    return told


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: where each rule ends, and its factors."""
    names = ("rule", "rate", "beta", "steep", "noise", "falls", "seed", "steps")
    cases = [
        {
            "function": "outcome",
            "args": [dict(zip(names, run, strict=True))],
            "returns": ended(*run),
        }
        for run in RUNS
    ]
    return {"module": "training/optimisation/optimisation.mjs", "tolerance": 1e-5, "cases": cases}


def test_the_values_of_the_demo_are_those_of_the_code() -> None:
    shared.current(GOLDEN, golden())
