"""Preference optimisation against autograd, closed forms, SciPy and scikit-learn, and what the page tells."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, optimize
from torch import Tensor

from docs.training.rlhf import rlhf
from scripts.figures import style
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.said import sayings, tables

code: Any = import_module("docs.training.preference-optimisation.preference_optimisation")
tasks: Any = import_module("docs.training.preference-optimisation.tasks")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "preference-optimisation.md"
DATA = PAGE.parent / "preference-optimisation"
GOLDEN = Path(__file__).with_name("preference-optimisation.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)

REF = torch.tensor(code.REFERENCE, dtype=torch.float64)
REWARD = torch.tensor(code.STRENGTHS, dtype=torch.float64).log()
LENGTH = torch.tensor(code.LENGTHS, dtype=torch.float64)
WINS = code.preferred(REWARD)
BEST = code.optimum(REF.log(), REWARD, 1.0)


def pair_of(log_pi: Tensor) -> Any:
    """A chosen, B rejected."""
    return code.Pair(log_pi[:2], REF.log()[:2], LENGTH[:2])


def sigma(x: float) -> float:
    """The sigmoid."""
    return 1 / (1 + math.exp(-x))


def number(x: float) -> Tensor:
    """In double precision."""
    return torch.tensor(x, dtype=torch.float64)


def with_gap(h: Tensor, length: tuple[float, float] = (1.0, 1.0)) -> Any:
    """A pair whose log-ratios differ by h."""
    log_pi = torch.stack([-1.3 + h, torch.full_like(h, -1.3)], -1)
    return code.Pair(log_pi, torch.full_like(log_pi, -1.3), torch.tensor(length).double())


def trained(loss: Any, steps: int = 300, rate: float = 0.3) -> Tensor:
    """The policy after training on all pairs of the example."""
    free = torch.eye(3, dtype=torch.float64)
    data = code.every_pair(WINS, LENGTH)
    theta = code.fit(loss, torch.zeros(3).double(), REF.log(), free, data, steps, rate)
    found: Tensor = code.policy(theta, REF.log(), free)
    return found


# Optima.


def test_dpo_on_all_pairs_is_the_optimum_under_the_kl_penalty() -> None:
    torch.testing.assert_close(
        code.optimum(REF.log(), REWARD, 0.7), rlhf.optimum(REF.log(), REWARD, 0.7)
    )
    torch.testing.assert_close(trained(code.dpo, rate=1.0), BEST, atol=1e-6, rtol=0)
    for loss in (code.dpo, lambda pair: code.dpo(pair, 0.5)):
        assert not torch.allclose(trained(loss, steps=3), BEST, atol=1e-2)
    half = trained(lambda pair: code.dpo(pair, 0.5), rate=4.0)
    torch.testing.assert_close(half, code.optimum(REF.log(), REWARD, 0.5), atol=1e-6, rtol=0)


@pytest.mark.equation("eq-preference-optimisation-ipo")
def test_ipo_on_all_pairs_has_another_optimum(printed: Equations) -> None:
    beta = 0.7

    def loss(r: np.ndarray) -> float:
        h = r[:, None] - r[None, :]
        p = WINS.numpy()
        return float((p * (h - 1 / (2 * beta)) ** 2)[~np.eye(3, dtype=bool)].sum())

    r = optimize.minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-10}).x
    weights = REF.numpy() * np.exp(r - r.mean())
    whole = REF.numpy() * np.exp(WINS.mean(1).numpy() / beta)
    found = trained(lambda pair: code.ipo(pair, beta), rate=0.2).exp()
    torch.testing.assert_close(found, torch.tensor(weights / weights.sum()), atol=1e-6, rtol=0)
    torch.testing.assert_close(
        found, code.ipo_optimum(REF.log(), WINS, beta).exp(), atol=1e-6, rtol=0
    )
    printed("eq-preference-optimisation-ipo").holds(
        {
            r"\pi_{\text{IPO}}": lambda i: float(weights[i - 1] / weights.sum()),
            r"\pi_{\text{ref}}": lambda i: float(REF[i - 1]),
            "P": WINS.numpy(),
            "Z": float(whole.sum()),
            r"\beta": beta,
            "n": 3,
            "i": 2,
        },
        tolerance=1e-6,
        free=("i",),
    )


def test_ipo_stays_within_its_bound_where_one_answer_always_wins() -> None:
    sure = torch.tensor([[0.5, 1, 1], [0, 0.5, 1], [0, 0, 0.5]], dtype=torch.float64)
    u = code.ipo_optimum(REF.log(), sure, 0.2) - REF.log()
    assert 0 < float(u.max() - u.min()) < 1 / 0.2


def test_ipo_leaves_its_bound_where_only_neighbours_are_compared() -> None:
    """Four answers in a row: the ratio of first and last changes by exp((n - 1) / (2 beta))."""
    beta, log_ref = 0.7, torch.full((4,), 0.25).double().log()
    pairs = torch.tensor([[0, 1], [1, 2], [2, 3]])
    data = code.Data(pairs, torch.ones(3).double() / 3, torch.ones(4).double())
    free = torch.eye(4, dtype=torch.float64)
    loss = lambda pair: code.ipo(pair, beta)  # noqa: E731
    theta = code.fit(loss, torch.zeros(4).double(), log_ref, free, data, 2000, 0.3)
    assert float(theta[0] - theta[3]) == pytest.approx(3 / (2 * beta), abs=1e-6)
    assert 3 / (2 * beta) > 1 / beta


def test_the_program_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    code.main()
    lines = capsys.readouterr().out.splitlines()
    for line in lines[:2]:
        name, _, off = line.partition(" off by ")
        assert float(off) < 1e-7
        said(f"`{name}`")
    shares = WINS.mean(1).tolist()
    said(f"In the example the shares are {shares[0]:.3f}, {shares[1]:.3f} and {shares[2]:.3f}, and")
    ipo = code.ipo_optimum(REF.log(), WINS, 1.0).exp().tolist()
    said(f"the policy is $({ipo[0]:.3f}, {ipo[1]:.3f}, {ipo[2]:.3f})$: nearer")


# Losses and their gradients.


def test_the_table_of_losses_is_what_the_code_gives() -> None:
    losses = (
        code.dpo, code.ipo, code.kto, code.orpo, code.simpo, code.smoothed,
        lambda pair: code.shortened(pair, alpha=0.1), code.anchored, code.normalised,
    )  # fmt: skip
    rows = rows_of("tab-preference-optimisation-losses")
    for row, loss in zip(rows, losses, strict=True):
        found = [float(loss(pair_of(log_pi))) for log_pi in (REF.log(), BEST)]
        assert [float(cell) for cell in row[3:5]] == [round(v, 3) for v in found], row[0]


def test_the_losses_are_those_of_their_definitions() -> None:
    log_pi, log_ref = -normal(4, 2).abs(), -normal(4, 2, seed=1).abs()
    length = torch.tensor([[3.0, 5.0]] * 4).double()
    pair = code.Pair(log_pi, log_ref, length)
    u, a = (log_pi - log_ref).numpy(), (log_pi / length).numpy()
    h, odds = u[:, 0] - u[:, 1], np.exp(a) / (1 - np.exp(a))
    s = np.vectorize(sigma)
    for found, wanted in (
        (code.dpo(pair, 0.3), -np.log(s(0.3 * h))),
        (code.ipo(pair, 0.3), (h - 1 / 0.6) ** 2),
        (code.kto(pair, 0.3, 0.2), 2 - s(0.3 * (u[:, 0] - 0.2)) - s(0.3 * (0.2 - u[:, 1]))),
        (code.orpo(pair, 0.3), -a[:, 0] - 0.3 * np.log(odds[:, 0] / (odds[:, 0] + odds[:, 1]))),
        (code.simpo(pair, 2.0, 0.4), -np.log(s(2 * (a[:, 0] - a[:, 1]) - 0.4))),
        (code.shortened(pair, 0.3, 0.2), -np.log(s(0.3 * h - 0.4))),
        (code.normalised(pair, 5.0), -np.log(s(5 * (u[:, 0] / 3 - u[:, 1] / 5)))),
        (code.anchored(pair, 0.3, 0.2), -np.log(s(0.3 * h)) - 0.2 * a[:, 0]),
    ):
        np.testing.assert_allclose(found.numpy(), wanted)


@pytest.mark.equation("eq-preference-optimisation-dpo")
def test_the_starting_point_is_the_loss_of_rlhf(printed: Equations) -> None:
    pi, ref = {"w": 0.31, "l": 0.17}, {"w": 0.12, "l": 0.23}
    log_pi, log_ref = (torch.tensor([v["w"], v["l"]], dtype=torch.float64).log() for v in (pi, ref))
    wins = torch.tensor([[0, 1.0], [0, 0]]).double()
    printed("eq-preference-optimisation-dpo").holds(
        {
            "h": math.log(0.31 / 0.12) - math.log(0.17 / 0.23),
            r"\pi": lambda y: 0.31 if y == 3 else 0.17,
            r"\pi_{\text{ref}}": lambda y: 0.12 if y == 3 else 0.23,
            "w": 3,
            "l": 5,
            r"L_{\text{DPO}}": rlhf.dpo_loss(log_pi, log_ref, wins, 0.7),
            r"\sigma": sigma,
            r"\beta": 0.7,
        },
        free=("w", "l", r"\pi", r"\pi_{\text{ref}}"),
    )


@pytest.mark.equation("eq-preference-optimisation-pull")
def test_the_pulls_are_those_of_autograd(printed: Equations) -> None:
    h = torch.tensor(0.37, dtype=torch.float64, requires_grad=True)
    beta, noise = 0.7, 0.15
    names = {
        r"\frac{\partial L_{\text{DPO}}}{\partial h}": code.dpo(with_gap(h), beta),
        r"\frac{\partial L_{\text{IPO}}}{\partial h}": code.ipo(with_gap(h), beta),
        r"\frac{\partial L_{\text{cDPO}}}{\partial h}": code.smoothed(with_gap(h), beta, noise),
    }
    slopes = {name: float(torch.autograd.grad(loss, h)[0]) for name, loss in names.items()}
    printed("eq-preference-optimisation-pull").holds(
        {**slopes, "h": 0.37, r"\beta": beta, r"\epsilon": noise, r"\sigma": sigma}
    )
    rest = torch.tensor(
        math.log((1 - noise) / noise) / beta, dtype=torch.float64, requires_grad=True
    )
    (slope,) = torch.autograd.grad(code.smoothed(with_gap(rest), beta, noise), rest)
    assert abs(float(slope)) < 1e-12


@pytest.mark.equation("eq-preference-optimisation-robust")
def test_the_robust_loss_is_that_of_the_code(printed: Equations) -> None:
    printed("eq-preference-optimisation-robust").holds(
        {
            r"L_{\text{rob}}(h)": code.robust(with_gap(number(0.37)), 0.7, 0.15),
            "h": 0.37,
            r"\beta": 0.7,
            r"\epsilon": 0.15,
            r"\sigma": sigma,
        }
    )


@pytest.mark.equation("eq-preference-optimisation-flips")
def test_the_mean_over_flips_is_dpo(printed: Equations) -> None:
    def robust(h: float) -> float:
        return float(code.robust(with_gap(number(h)), 0.7, 0.15))

    printed("eq-preference-optimisation-flips").holds(
        {
            r"L_{\text{rob}}": robust,
            "h": 0.37,
            r"\beta": 0.7,
            r"\epsilon": 0.15,
            r"\sigma": sigma,
        },
        free=("h",),
    )


@pytest.mark.equation("eq-preference-optimisation-linear")
def test_the_normaliser_cancels(printed: Equations) -> None:
    features, theta, log_ref = normal(5, 4), normal(4, seed=1), normal(5, seed=2).log_softmax(-1)
    u = code.policy(theta, log_ref, features) - log_ref
    printed("eq-preference-optimisation-linear").holds(
        {
            "h": float(u[3] - u[1]),
            r"\theta": column(theta),
            "f_w": column(features[3]),
            "f_l": column(features[1]),
        }
    )


@pytest.mark.equation("eq-preference-optimisation-first")
def test_the_first_step_goes_as_the_formula_says(printed: Equations) -> None:
    features, log_ref, theta = normal(5, 4), normal(5, seed=2).log_softmax(-1), normal(4, seed=1)
    data = code.Data(torch.tensor([[3, 1]]), torch.ones(1).double(), torch.ones(5).double())
    before = code.policy(theta, log_ref, features)
    rate, beta = 1e-6, 0.7
    after = code.policy(
        code.step(theta, lambda pair: code.dpo(pair, beta), log_ref, features, data, rate),
        log_ref,
        features,
    )
    g = features - before.exp() @ features
    u = before - log_ref
    printed("eq-preference-optimisation-first").holds(
        {
            r"\Delta \log \pi(w)": float((after - before)[3]) / rate,
            r"\eta": 1.0,
            r"\beta": beta,
            r"\sigma": sigma,
            "h": float(u[3] - u[1]),
            "g_w": column(g[3]),
            "g_l": column(g[1]),
        },
        tolerance=1e-4,
    )
    own = torch.eye(3).double() - REF
    assert float(own[0] @ (own[0] - own[1])) == pytest.approx(1 - 0.2 + 0.5)


@pytest.mark.equation("eq-preference-optimisation-length")
def test_a_price_on_length_undoes_a_bias(printed: Equations) -> None:
    alpha, beta = 0.3, 0.7
    best = code.optimum(REF.log(), REWARD - alpha * LENGTH, beta)
    u = best - REF.log()
    printed("eq-preference-optimisation-length").holds(
        {
            "r": lambda y: float(REWARD[y - 1]),
            "w": 1,
            "l": 2,
            "h": float(u[0] - u[1]),
            r"\beta": beta,
            r"\alpha": alpha,
            r"\lvert w \rvert": 7.0,
            r"\lvert l \rvert": 4.0,
        },
        free=("w", "l"),
    )
    found = trained(lambda pair: code.shortened(pair, beta, alpha), steps=600, rate=0.5)
    torch.testing.assert_close(found, best, atol=1e-6, rtol=0)


@pytest.mark.equation("eq-preference-optimisation-growth")
def test_the_margin_grows_as_the_equation_says(printed: Equations) -> None:
    beta, end = 0.7, 9.0
    path = integrate.solve_ivp(
        lambda _, h: 2 * beta * sigma(-beta * h[0]), (0, end), [0.0], rtol=1e-10, atol=1e-12
    )
    h = float(path.y[0, -1])
    printed("eq-preference-optimisation-growth").holds(
        {"h": h, r"\beta": beta, "t": end}, tolerance=1e-6
    )
    free = torch.eye(2, dtype=torch.float64)
    data = code.Data(torch.tensor([[0, 1]]), torch.ones(1).double(), torch.ones(2).double())
    theta = code.fit(
        lambda pair: code.dpo(pair, beta),
        torch.zeros(2).double(),
        torch.zeros(2).double(),
        free,
        data,
        450,
        end / 450,
    )
    assert float(theta[0] - theta[1]) == pytest.approx(h, rel=0.01)


def test_ipo_and_smoothing_rest_where_dpo_does_not() -> None:
    free = torch.eye(2, dtype=torch.float64)
    data = code.Data(torch.tensor([[0, 1]]), torch.ones(1).double(), torch.ones(2).double())

    def gap_after(loss: Any, steps: int) -> float:
        zero = torch.zeros(2).double()
        theta = code.fit(loss, zero, zero, free, data, steps, 0.2)
        return float(theta[0] - theta[1])

    assert gap_after(code.ipo, 200) == pytest.approx(0.5, abs=1e-6)
    assert gap_after(code.smoothed, 400) == pytest.approx(math.log(9), abs=1e-3)
    assert gap_after(code.dpo, 400) > gap_after(code.dpo, 200) + 0.5


# Pairs.


def test_the_judge_prefers_by_bradley_and_terry() -> None:
    drawn = torch.tensor([[0, 1]]).repeat(40_000, 1)
    first = code.judged(drawn, REWARD, torch.Generator().manual_seed(0))[:, 0]
    assert float((first == 0).double().mean()) == pytest.approx(0.75, abs=0.01)


def test_online_pairs_come_from_the_policy_of_the_moment() -> None:
    generator = torch.Generator().manual_seed(0)
    free = torch.eye(3, dtype=torch.float64)
    theta = code.online(REF.log(), free, REWARD, 1.0, 4, 400, generator)
    found = code.policy(theta, REF.log(), free)
    torch.testing.assert_close(found.exp(), BEST.exp(), atol=0.06, rtol=0)
    drawn = code.draw(torch.tensor([0.0, 0.0, 1.0]).double(), 5, generator)
    assert (drawn == 2).all()
    assert drawn.shape == (5, 2)


# The example.


def test_the_example_as_the_page_tells_it() -> None:
    best = BEST.exp().tolist()
    for row, ref, words, strength, p in zip(
        rows_of("tab-preference-optimisation-example"),
        code.REFERENCE,
        code.LENGTHS,
        code.STRENGTHS,
        best,
        strict=True,
    ):
        assert len(row[1].split()) == words == float(row[2])
        assert (float(row[3]), float(row[4]), float(row[5])) == (ref, strength, round(p, 2))
    margin = float(-torch.log(torch.tensor(1 / float(code.dpo(pair_of(BEST)).neg().exp()) - 1)))
    assert margin == pytest.approx(math.log(3))
    said(f"$-\\log \\sigma(0) = \\log 2 = {float(code.dpo(pair_of(REF.log()))):.2f}$")
    said(f"the ratios $0.48 / 0.20 = {best[0] / 0.2:.1f}$ and $0.40 / 0.50 = {best[1] / 0.5:.1f}$.")
    said(f"$\\log 2.4 - \\log 0.8 = \\log 3 = {margin:.2f}$")
    said(f"the loss is $-\\log 0.75 = {float(code.dpo(pair_of(BEST))):.2f}$.")
    other = torch.tensor([0.12, 0.10, 0.78]).double().log()
    torch.testing.assert_close(code.dpo(pair_of(other)), code.dpo(pair_of(BEST)))
    said(
        "The policy $(0.12, 0.10, 0.78)$ has the ratios $0.6$ and $0.2$, the same quotient 3, and the same loss 0.29."
    )
    said(
        f"$-\\log 0.48 = {-math.log(0.48):.2f}$ for the best policy and $-\\log 0.12 = {-math.log(0.12):.2f}$ for"
    )
    table = style.read_table(DATA / "diagram.csv")
    assert [round(v, 2) for v in table["ratio"][:2]] == [0.88, -0.22]
    assert [round(table[k][0], 2) for k in ("margin", "loss", "weight")] == [1.1, 0.29, 0.25]
    assert math.isclose(3 * 0.25, 1 * 0.75)
    said("Three pulls of 0.25 against one of 0.75: the policy rests.")


# The exercises.


@pytest.mark.answer("answer-preference-optimisation-margin")
def test_the_margin_to_try(answer: Bench) -> None:
    log_pi = torch.tensor([0.40, 0.25, 0.35]).double().log()
    loss = float(code.dpo(pair_of(log_pi)))
    plain = math.log(0.40 / 0.25)
    answer("answer-preference-optimisation-margin").is_(
        [-math.log(math.exp(loss) - 1), loss], [plain, math.log1p(math.exp(-plain))]
    )


@pytest.mark.answer("answer-preference-optimisation-target")
def test_exercise_1_targets(answer: Bench) -> None:
    beta = 0.1
    h = optimize.minimize_scalar(lambda h: float(code.ipo(with_gap(number(h)), beta))).x
    dpo = math.log(3) / beta
    answer("answer-preference-optimisation-target").is_([math.exp(h), math.exp(dpo)], [h, dpo])


@pytest.mark.answer("answer-preference-optimisation-rest")
def test_exercise_2_rest(answer: Bench) -> None:
    noise = 0.2
    h = optimize.minimize_scalar(lambda h: float(code.smoothed(with_gap(number(h)), 1.0, noise))).x
    answer("answer-preference-optimisation-rest").is_(float(h))


@pytest.mark.answer("answer-preference-optimisation-falls")
def test_exercise_3_falls(answer: Bench) -> None:
    features = torch.tensor([[1.0, 0.0], [2.0, 1.0], [-3.0, -1.0]]).double()
    answer("answer-preference-optimisation-falls").is_(float(tasks.first_order(features)))


@pytest.mark.answer("answer-preference-optimisation-cure")
def test_exercise_4_cure(answer: Bench) -> None:
    table = style.read_table(DATA / "displaced.csv")
    chosen = table["DPO chosen_mean"]
    assert chosen[-1] < chosen[len(chosen) // 2] < 0 < table["with likelihood chosen_mean"][-1]
    answer("answer-preference-optimisation-cure").is_(
        "Adding the negative log-likelihood of the chosen answers."
    )


@pytest.mark.answer("answer-preference-optimisation-time")
def test_exercise_5_time(answer: Bench) -> None:
    times = [integrate.quad(lambda m: (1 + math.exp(m)) / 2, 0, end)[0] for end in (5, 10)]
    answer("answer-preference-optimisation-time").is_(times)


@pytest.mark.answer("answer-preference-optimisation-half")
def test_exercise_6_half(answer: Bench) -> None:
    half = lambda pair: code.dpo(pair, 0.5)  # noqa: E731
    found = trained(half, 400, 1.2).exp()
    said("half the β needs four times the rate: with 0.3 the 400 steps end at 0.754.")
    assert float(trained(half, 400, 0.3).exp()[0]) == pytest.approx(0.754, abs=5e-4)
    answer("answer-preference-optimisation-half").is_(float(found[0]), float(BEST.exp()[0]))


@pytest.mark.answer("answer-preference-optimisation-weight")
def test_exercise_7_weight(answer: Bench) -> None:
    u = tasks.displaced(tasks.alike(0.3), 1.0, 300)[0][-1]
    answer("answer-preference-optimisation-weight").is_(
        [float(u[:, :, 0].mean()), float((u[:, :, 0] - u[:, :, 1]).mean())]
    )


# The demo.


def ended(
    loss: str, pairs: str, beta: float, weight: float, alike: float, steps: int
) -> list[float]:
    """The last policy and that after half of the steps, by autograd."""
    rest = math.sqrt(1 - alike * alike)
    features = torch.tensor([[1, 0, 0], [alike, rest, 0], [0, -alike, rest]], dtype=torch.float64)
    if pairs == "all":
        data = code.every_pair(WINS, LENGTH)
    else:
        share = torch.tensor([1.0] if pairs == "one" else [0.75, 0.25], dtype=torch.float64)
        data = code.Data(torch.tensor([[0, 1], [1, 0]])[: len(share)], share, LENGTH)
    target = {"target": 0.55 * beta} if loss == "simpo" else {}

    def whole(pair: Any) -> Tensor:
        value: Tensor = getattr(code, loss)(pair, beta, **target)
        return value - weight * pair.log_pi[..., 0] / pair.length[..., 0]

    rate = 0.3 if loss in ("ipo", "orpo") else 0.3 / beta**2
    told: list[float] = []
    for count in (steps, steps // 2):
        theta = code.fit(whole, torch.zeros(3).double(), REF.log(), features, data, count, rate)
        told += code.policy(theta, REF.log(), features).exp().tolist()
    return told


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: the policy after some steps of each loss."""
    names = ("loss", "pairs", "beta", "weight", "alike", "steps")
    cases = []
    for case in (
        ("dpo", "all", 1.0, 0.0, 0.0, 60),
        ("dpo", "one", 0.5, 0.7, 0.9, 30),
        ("ipo", "four", 1.3, 0.2, 0.4, 40),
        ("kto", "all", 0.8, 0.1, 0.3, 50),
        ("orpo", "all", 0.6, 0.0, 0.2, 50),
        ("simpo", "four", 2.0, 0.3, 0.5, 40),
    ):
        setting = dict(zip(names, case, strict=True))
        cases.append({"function": "outcome", "args": [setting], "returns": ended(*case)})
    module = "training/preference-optimisation/preference-optimisation.mjs"
    return {"module": module, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
