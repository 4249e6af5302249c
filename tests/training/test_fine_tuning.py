"""Fine-tuning: descent against its closed forms, the nearest solution, stopping and pull, data, Fisher, averages."""

import math
import runpy
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.optimize import minimize
from scipy.stats import chi2
from torch import Tensor

from scripts.figures.style import read_table
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings

code: Any = import_module("docs.training.fine-tuning.fine_tuning")
PAGE = Path(code.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
RATE, STEPS = 0.05, 7
said = sayings(PAGE)


def vector(w: Tensor) -> str:
    """Weights as the page prints them."""
    return "(" + ", ".join(f"{v:.6g}" for v in w.tolist()) + ")"


def task(n: int = 3, d: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    """A start (d,), inputs (n, d) and wanted outputs (n,)."""
    return normal(d, seed=1), normal(n, d, seed=2), normal(n, seed=3)


def directions(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Singular vectors (n, n) in rows, values (n,), and vectors (n, d) in rows, by the eigenvalues of X X^T."""
    values, u = torch.linalg.eigh(x @ x.T)
    s = values.sqrt()
    return u.T, s, (u.T @ x) / s[:, None]


# Descent and where it ends.


@pytest.mark.equation("eq-fine-tuning-shrink")
def test_a_step_shrinks_what_is_missing_along_each_direction(printed: Equations) -> None:
    start, x, y = task()
    u, s, _ = directions(x)
    one = code.descend(start, x, y, RATE, 1)
    printed("eq-fine-tuning-shrink").holds(
        {
            r"\mathbf{u}": columns(u),
            "s": s,
            "X": x.numpy(),
            r"\mathbf{y}": column(y),
            r"\mathbf{w}_t": column(start),
            r"\mathbf{w}_{t + 1}": column(one),
            r"\eta": RATE,
            "i": Each([1, 2, 3]),
        },
        free=(r"\mathbf{u}",),  # of any length
    )


@pytest.mark.equation("eq-fine-tuning-descent")
def test_descent_without_a_loop(printed: Equations) -> None:
    start, x, y = task()
    w = code.descend(start, x, y, RATE, STEPS)
    torch.testing.assert_close(code.descended(start, x, y, RATE, STEPS), w)
    u, s, v = directions(x)
    printed("eq-fine-tuning-descent").holds(
        {
            r"\mathbf{w}_t": column(w),
            r"\mathbf{w}_0": column(start),
            r"\eta": RATE,
            "s": s,
            "t": STEPS,
            "n": 3,
            r"\mathbf{u}": columns(u),
            r"\mathbf{v}": columns(v),
            r"\mathbf{r}": column(y - x @ start),
        }
    )


@pytest.mark.equation("eq-fine-tuning-nearest")
def test_descent_ends_at_the_nearest_solution(printed: Equations) -> None:
    start, x, y = task()
    w = code.descend(start, x, y, RATE, 5000)
    torch.testing.assert_close(code.nearest(start, x, y), w)
    found = minimize(
        lambda z: ((z - start.numpy()) ** 2).sum(),
        start.numpy(),
        constraints={"type": "eq", "fun": lambda z: x.numpy() @ z - y.numpy()},
    )
    torch.testing.assert_close(torch.tensor(found.x), w, atol=1e-5, rtol=1e-5)
    printed("eq-fine-tuning-nearest").holds(
        {
            r"\mathbf{w}_\infty": column(w),
            r"\mathbf{w}_0": column(start),
            "X": x.numpy(),
            r"\mathbf{r}": column(y - x @ start),
        }
    )


@pytest.mark.equation("eq-fine-tuning-pythagoras")
def test_every_other_solution_is_farther_by_pythagoras(printed: Equations) -> None:
    start, x, y = task()
    other = torch.linalg.lstsq(x, y).solution + torch.linalg.svd(x)[2][-1] * 1.7
    torch.testing.assert_close(x @ other, y)
    printed("eq-fine-tuning-pythagoras").holds(
        {
            r"\mathbf{w}": column(other),
            r"\mathbf{w}_0": column(start),
            r"\mathbf{w}_\infty": column(code.descend(start, x, y, RATE, 5000)),
        }
    )


def test_with_adam_the_end_is_another_solution() -> None:
    start, x, y = task()
    w = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([w], 0.03)
    for _ in range(700):
        optimiser.zero_grad()
        torch.autograd.backward((x @ w - y).square().sum())
        optimiser.step()
    torch.testing.assert_close(x @ w.detach(), y, atol=1e-4, rtol=1e-4)
    near = code.nearest(start, x, y)
    assert (w.detach() - start).norm() > 1.001 * (near - start).norm()
    said("Adam takes other steps; there this is a picture, not a theorem.")


# A pull to the start.


@pytest.mark.equation("eq-fine-tuning-ridge")
def test_a_pull_by_minimising(printed: Equations) -> None:
    start, x, y = task()
    pull = 0.7
    w = start.clone().requires_grad_()
    optimiser = torch.optim.LBFGS(
        [w], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        total = (x @ w - y).square().sum() / 2 + pull / 2 * (w - start).square().sum()
        torch.autograd.backward(total)
        return total

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(code.ridge(start, x, y, pull), w.detach(), atol=1e-7, rtol=1e-7)
    u, s, v = directions(x)
    printed("eq-fine-tuning-ridge").holds(
        {
            r"\mathbf{w}_\lambda": column(w),
            r"\mathbf{w}_0": column(start),
            "X": x.numpy(),
            "I": torch.eye(5).double().numpy(),
            r"\mathbf{r}": column(y - x @ start),
            r"\lambda": pull,
            "s": s,
            r"\mathbf{u}": columns(u),
            r"\mathbf{v}": columns(v),
            "n": 3,
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-fine-tuning-pull")
def test_stopping_is_a_pull_in_each_direction(printed: Equations) -> None:
    start, x, y = task()
    _, s, v = directions(x)
    moved = v @ (code.descend(start, x, y, RATE, STEPS) - start)
    pulls = []
    for n in range(3):  # the pull with which ridge moves as far along this direction, by bisection
        low, high = 1e-6, 1e6
        for _ in range(200):
            middle = math.sqrt(low * high)
            far = abs(v[n] @ (code.ridge(start, x, y, middle) - start)) > abs(moved[n])
            low, high = (middle, high) if far else (low, middle)
        pulls.append(low)
    torch.testing.assert_close(code.pull_of(s, RATE, STEPS), torch.tensor(pulls).double())
    printed("eq-fine-tuning-pull").holds(
        {r"\lambda": pulls, "s": s, r"\eta": RATE, "t": STEPS, "i": Each([1, 2, 3])}
    )
    small = code.pull_of(torch.tensor([1e-3]).double(), RATE, STEPS)
    assert float(small) == pytest.approx(1 / (RATE * STEPS), rel=1e-4)


def test_with_equal_singular_values_stopping_is_the_pull_exactly() -> None:
    start, x, y = task()
    q = torch.linalg.qr(x.T)[0].T * 1.3
    pull = float(code.pull_of(torch.tensor(1.3).double(), RATE, STEPS))
    stopped = code.descend(start, q, y, RATE, STEPS)
    torch.testing.assert_close(code.ridge(start, q, y, pull), stopped)
    _, s, _ = directions(x)
    assert s.max() > 1.2 * s.min()
    other = float(code.pull_of(s[:1], RATE, STEPS))
    assert (
        code.ridge(start, x, y, other) - code.descend(start, x, y, RATE, STEPS)
    ).norm() > 1e-3  # one pull is not enough for different ones


# How much a start is worth.


@pytest.mark.equation("eq-fine-tuning-data")
def test_how_much_is_left_after_some_examples(printed: Equations) -> None:
    n, d, noise = 3, 8, 0.4
    start, true = normal(d, seed=4), normal(d, seed=5)
    gap = start - true
    # Fixing any n of d axes, each choice as likely, treats all directions alike; and a diagonal entry of the inverse
    # of X X^T is one over a chi-squared number with d - n + 1 degrees of freedom.
    left = [
        float(gap[[i for i in range(d) if i not in fixed]].square().sum())
        for fixed in combinations(range(d), n)
    ]
    inverse = chi2(d - n + 1).expect(lambda v: 1 / v)
    expected = sum(left) / len(left) + noise * n * inverse
    assert code.expected_error(n, d, float(gap.square().sum()), noise) == pytest.approx(expected)
    printed("eq-fine-tuning-data").holds(
        {
            r"\mathbb{E}\bigl[\lVert \mathbf{w}_\infty - \mathbf{w}^* \rVert^2\bigr]": expected,
            "n": n,
            "d": d,
            r"\mathbf{w}_0": column(start),
            r"\mathbf{w}^*": column(true),
            r"\sigma": math.sqrt(noise),
        },
        tolerance=1e-6,
    )


def test_the_formula_meets_random_draws_at_every_point_of_the_figure() -> None:
    table = read_table(DATA / "exact.csv")
    for name in ("near", "zero", "far"):
        for mean, deviation, formula in zip(
            table[name], table[f"{name}, deviation"], table[f"{name}, formula"], strict=True
        ):
            assert abs(mean - formula) < 3 * deviation / math.sqrt(200) + 1e-6
    near, zero, far = (table[f"{name}, formula"] for name in ("near", "zero", "far"))
    gaps = [(b - a, c - b) for a, b, c in zip(near, zero, far, strict=True)]
    assert gaps == sorted(gaps, reverse=True)
    assert near[-1] > near[-2]
    assert zero[-1] > zero[-2]
    said(
        f"The start far away begins at {far[0]:.0f}, zero at {zero[0]:.0f}, the near start at {near[0]:.2f}",
        f"from the near start, {table['n'][-1]:.0f} examples end at {near[-1]:.2f}, worse than the {near[0]:.2f}",
        f"against 0 to {table['n'][-1]:.0f} examples",
    )
    with pytest.raises(ValueError, match="not fewer"):
        code.expected_error(6, 7, 1.0)


# Fisher information.


@pytest.mark.equation("eq-fine-tuning-fisher")
def test_fisher_information_is_the_hessian_of_softmax_regression(printed: Equations) -> None:
    w, x = normal(4, 3, seed=6), normal(5, 3, seed=7)
    hessian: Any = torch.autograd.functional.hessian
    for labels in (torch.tensor([0, 1, 2, 3, 0]), torch.tensor([3, 3, 1, 0, 2])):
        told = hessian(lambda v, given=labels: code.loss(v, x, given), w).reshape(12, 12)
        torch.testing.assert_close(code.fisher(w, x), told)
    logits = w @ x[0]
    of_logits = hessian(lambda z: -torch.log_softmax(z, -1)[2], logits)
    p = torch.softmax(logits, -1)
    off, other, end = (
        r"(\mathbf{p} - \mathbf{e}_{c})",
        r"\mathbf{e}_{c})",
        r"\operatorname{diag} (\mathbf{p})",
    )
    for left, right in (
        (rf"(- \mathbf{{p}} - {other}", off),
        (rf"(- {other}", off),
        (off, rf"(- \mathbf{{p}} - {other}"),
        (off, rf"(- {other}"),
    ):
        printed.excuse(
            rf"\sum_{{c = 1}}^{{C}} ⟨p_{{c}} {left} {right}^{{\top}}⟩ = {end} - \mathbf{{p}} \mathbf{{p}}^{{\top}} = H",
            "the mean of p - e over the model's labels is zero, so that a multiple of p in one factor adds nothing",
        )
    printed("eq-fine-tuning-fisher").holds(
        {
            "p": p,
            r"\mathbf{p}": column(p),
            r"\mathbf{e}": columns(torch.eye(4, dtype=torch.float64)),
            "C": 4,
            r"\operatorname{diag}": lambda v: torch.diag(torch.as_tensor(v).flatten()).numpy(),
            "H": of_logits.numpy(),
        }
    )


def test_with_labels_of_the_data_the_mean_squared_gradient_is_another() -> None:
    w, x = normal(4, 3, seed=6), normal(5, 3, seed=7)
    labels = torch.tensor([0, 1, 2, 3, 0])
    found = torch.zeros(12, 12, dtype=torch.float64)
    for one, label in zip(x, labels, strict=True):
        v = w.clone().requires_grad_()
        (g,) = torch.autograd.grad(code.loss(v, one[None], label[None]), v)
        found += torch.outer(g.flatten(), g.flatten()) / len(x)
    assert (found - code.fisher(w, x)).abs().max() > 0.01


# Averages.


@pytest.mark.equation("eq-fine-tuning-average")
def test_losses_along_the_way(printed: Equations) -> None:
    start, x, y = task()
    old = normal(8, 5, seed=8)
    targets = old @ start  # the start is a minimum of the old loss
    targets = targets + (torch.eye(8).double() - old @ torch.linalg.pinv(old)) @ normal(8, seed=9)

    def new_loss(w: Tensor) -> float:
        return float((x @ w - y).square().sum() / 2)

    def old_loss(w: Tensor) -> float:
        return float((old @ w - targets).square().sum() / 2)

    end, part = code.descend(start, x, y, RATE, 5000), 0.3
    w = code.average(start, end, part)
    hessian: Any = torch.autograd.functional.hessian
    h = hessian(lambda v: (old @ v - targets).square().sum() / 2, start)
    printed("eq-fine-tuning-average").holds(
        {
            r"L(\mathbf{w}_\alpha)": new_loss(w),
            r"L(\mathbf{w}_0)": new_loss(start),
            r"L'(\mathbf{w}_\alpha)": old_loss(w),
            r"L'(\mathbf{w}_0)": old_loss(start),
            r"\alpha": part,
            r"\mathbf{w}_\infty": column(end),
            r"\mathbf{w}_0": column(start),
            "H": h.numpy(),
        }
    )
    said(
        f"takes {100 * (1 - 0.9**2):.0f} % off the new loss, and costs {100 * 0.1**2:.0f} % of the rise"
    )


# Costs.


@pytest.mark.equation("eq-fine-tuning-requests")
def test_after_how_many_requests_tuning_has_paid(printed: Equations) -> None:
    tokens, passes, saved, weights = 7000, 3, 50, 11
    spent = sum(6 * weights for _ in range(tokens * passes))
    requests = 0
    while requests * 2 * weights * saved < spent:
        requests += 1
    printed("eq-fine-tuning-requests").holds(
        {"m": requests, "P": weights, "D": tokens, "E": passes, "k": saved}, free=("P",)
    )
    said(
        f"With 1,000 examples of 500 tokens, three passes, and 1,500 tokens of prompt saved, that is "
        f"{3 * 1000 * 500 * 3 // 1500:,} requests"
    )


# The example.


def test_the_example_by_pencil(capsys: pytest.CaptureFixture[str]) -> None:
    start, x, y, true = code.example()
    steps = [code.descend(start, x, y, code.RATE, t) for t in (1, 2, 3)]
    end, zero = code.nearest(start, x, y), code.nearest(torch.zeros(2).double(), x, y)
    output = [float((x @ w)[0]) for w in (start, steps[0], end)]
    error = output[0] - float(y[0])
    said(
        f"So the weights are {vector(start)}",
        f"input {vector(x[0])}, cost {float(y[0]):.0f}.",
        f"The model says $2 + 1 = {output[0]:.0f}$. The error is −{-error:.0f}, and half of its square, "
        f"{error**2 / 2:.0f}, is the loss.",
        f"each entry of the gradient is −{-float((x.T @ (x @ start - y))[0]):.0f}.",
        f"both weights rise by {float(steps[0][0] - start[0])}, to {vector(steps[0])}, which says {output[1]:.0f}.",
        f"{vector(steps[1])}, {vector(steps[2])}, and in the end {vector(end)}, which says {output[2]:.0f}.",
        f"From (0, 0), without pre-training, it ends at {vector(zero)}.",
        f"Let the true prices of the new shop be {vector(true)}.",
        f"is $0.25 + 0.25 = {float((end - true).square().sum()):.1f}$; that of {vector(zero)} is "
        f"{float((zero - true).square().sum()):.0f}.",
    )
    bad = torch.tensor([1.0, 4.0]).double()
    assert torch.equal(code.nearest(bad, x, y), bad)
    said(f"is $6.25 + 6.25 = {float((bad - true).square().sum()):.1f}$: negative transfer.")
    assert float(code.pull_of(torch.tensor(2.0).double().sqrt(), code.RATE, 1)) == pytest.approx(2)
    for half in (code.ridge(start, x, y, 2.0), code.average(start, end, 0.5), steps[0]):
        assert vector(half) == "(2.5, 1.5)"
    guarded = code.weighted(start, x, y, torch.tensor([3.0, 1.0]).double())
    said(
        f"The solution with the least such cost is {vector(guarded)}: the pear moves by "
        f"{float(guarded[1] - start[1]):.1f}, the apple by {float(guarded[0] - start[0]):.1f}.",
        f"an apple still costs 2, and the tuned model says {float(end[0]):.0f}.",
        f"The old shop's apple is wrong by {float(steps[0][0] - start[0])} in place of {float(end[0] - start[0]):.0f}",
        "In the example $s^2 = 2$, and one step with $\\eta = 1/4$ is a pull of 2.",
    )
    runpy.run_path(code.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert "step 1: weights [2.5, 1.5], output 4.0000" in printed
    assert "EWC: weights [2.5, 2.5]" in printed
    torch.testing.assert_close(code.nearest(torch.tensor([3.0, 1.0]).double(), x, y), true)
    torch.testing.assert_close(code.descend(start, x, y, 0.5, 1), end)
    jumps = [float((x @ code.descend(start, x, y, 1.0, t))[0]) for t in (10, 11)]
    said(
        "From (3, 1) the end is the truth itself; with `RATE = 0.5` one step is enough, and with `RATE = 1.0` "
        f"the output jumps between {jumps[0]:.0f} and {jumps[1]:.0f} for ever."
    )


# Exercises.


def after(start: tuple[float, float], pull: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """The tuned weights, the input and the truth."""
    _, x, y, true = code.example()
    begin = torch.tensor(start).double()
    w = code.ridge(begin, x, y, pull) if pull else code.nearest(begin, x, y)
    return w, x, true


@pytest.mark.answer("answer-fine-tuning-far")
def test_exercise_1_distances(answer: Bench) -> None:
    far = [float((w - true).square().sum()) for w, _, true in (after((1, 4)), after((0, 0)))]
    w, x, _ = after((1, 4))
    loss = float((x @ w - 5).square().sum())
    answer("answer-fine-tuning-far").is_((far[0], far[1]), (loss, far[1]))


@pytest.mark.answer("answer-fine-tuning-pull")
def test_exercise_2_a_pull_of_six(answer: Bench) -> None:
    w, x, _ = after((2, 1), 6)
    solved, _, _ = after((2, 1))
    answer("answer-fine-tuning-pull").is_(float((x @ w)[0]), float((x @ solved)[0]))


@pytest.mark.answer("answer-fine-tuning-ewc")
def test_exercise_3_pears_count(answer: Bench) -> None:
    start, x, y, _ = code.example()
    pear, apple = (
        tuple(code.weighted(start, x, y, torch.tensor(f).double()).tolist())
        for f in ([1.0, 3.0], [3.0, 1.0])
    )
    answer("answer-fine-tuning-ewc").is_(pear, apple)


@pytest.mark.answer("answer-fine-tuning-free")
def test_exercise_4_which_needs_nothing(answer: Bench) -> None:
    start, x, y, _ = code.example()
    end = code.nearest(start, x, y)
    half = code.average(start, end, 0.5)  # no data and no training enter
    assert float((half - start).norm()) == pytest.approx(float((end - start).norm()) / 2)
    answer("answer-fine-tuning-free").is_("An average of start and tuned.")


@pytest.mark.answer("answer-fine-tuning-requests")
def test_exercise_5_requests(answer: Bench) -> None:
    trained, read = 6 * 400 * 500 * 3, 2 * 600
    answer("answer-fine-tuning-requests").is_(trained / read, 2 * 400 * 500 * 3 / read)


@pytest.mark.answer("answer-fine-tuning-steps")
def test_exercise_6_pulls_of_ten_steps(answer: Bench) -> None:
    pulls = code.pull_of(torch.tensor([1.0, 2.0]).double(), 0.1, 10).tolist()
    answer("answer-fine-tuning-steps").is_((pulls[0], pulls[1]), (1 / (0.1 * 10), 1 / (0.1 * 10)))


@pytest.mark.answer("answer-fine-tuning-left")
def test_exercise_7_what_is_left(answer: Bench) -> None:
    noisy, quiet = (
        tuple(code.expected_error(10, 20, gap, noise) for gap in (0.25, 1.0)) for noise in (0.1, 0)
    )
    answer("answer-fine-tuning-left").is_(noisy, quiet)
