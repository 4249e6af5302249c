"""Energies: the example by hand, walks and Langevin steps against exact kernels, losses, what the page tells."""

import math
import runpy
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from scripts.figures import energy_based as figures
from scripts.figures import style
from scripts.printed.values import Each, Finite, Given
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

energy = import_module("docs.models.energy-based.energy_based")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "energy-based.md"
DATA = PAGE.parent / "energy-based"
said = sayings(PAGE)
rows_of = tables(PAGE)
VALUES = [0.3, 1.7, -0.4, 0.9]


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(DATA / f"{name}.csv")


# The example by hand.


def test_the_example_by_hand() -> None:
    p, z = energy.probabilities(energy.ENERGIES)
    assert z.item() == pytest.approx(2)
    weights = [0.5, 0.25, 0.25, 1.0]
    rows = rows_of("tab-energy-based-example")
    for k, row in enumerate(rows):
        less = float(energy.DATA[k] - p[k])
        assert row == [
            f"{k + 1}",
            f"{float(energy.ENERGIES[k]):.2f}",
            f"{weights[k]:.2f}",
            f"{float(p[k]):.3f}",
            f"{float(energy.DATA[k]):g}",
            f"{less:.3f}".replace("-", "−"),
        ]
    assert p.tolist() == pytest.approx([w / 2 for w in weights])
    after = energy.likelihood_step(energy.ENERGIES, energy.DATA, p, energy.RATE)
    a, b, c, d = after.tolist()
    said(f"So the energies become {a:.2f}, {b:.2f}, {c:.2f} and {d:.2f}:")
    assert energy.RATE == 1


def test_the_walk_is_at_each_place_as_often_as_its_probability_says() -> None:
    p, _ = energy.probabilities(energy.ENERGIES)
    move = energy.walk(energy.ENERGIES)
    torch.testing.assert_close(move.sum(1), torch.ones(4).double())
    torch.testing.assert_close(p @ move, p)
    far = torch.linalg.matrix_power(move, 2000)
    torch.testing.assert_close(far[0], p)
    assert (p[:, None] * move)[2, 3] == pytest.approx(0.125 * 0.5)
    assert (p[:, None] * move)[3, 2] == pytest.approx(0.5 * 0.5 * 0.25)
    assert move[0, 1] == pytest.approx(0.5 * 0.5)
    said("so half of the proposals are accepted", "so a quarter is.")


def test_one_step_from_the_data_never_reaches_place_four() -> None:
    values = energy.ENERGIES
    a, b, c, _ = energy.contrastive(values, energy.DATA, 1).tolist()
    said(f"ends at places 1, 2 and 3 with the shares {a:.4f}, {b:.4f} and {c:.3f}, and at 4 never")
    for _ in range(50):
        model = energy.contrastive(values, energy.DATA, 1)
        assert model[3] == 0
        values = energy.likelihood_step(values, energy.DATA, model, 1.0)
    assert values[3] == energy.ENERGIES[3] == 0
    end = {name: column[-1] for name, column in numbers("example").items()}
    said(
        f"with the exact gradient it falls from 0.5 to {end['exact']:.2f}, with three steps of the walk to "
        f"{end['CD-3']:.2f}, with one step to {end['CD-1']:.2f}"
    )
    table = numbers("example")
    for name in ("exact", "CD-1", "CD-3"):
        assert all(a > b for a, b in pairwise(table[name]))


def test_all_examples_at_place_two_go_to_both_sides() -> None:
    found = energy.contrastive(energy.ENERGIES, torch.tensor([0, 1, 0, 0]).double(), 1)
    assert found.tolist() == [0.5, 0, 0.5, 0]
    rise = energy.likelihood_step(energy.ENERGIES, torch.tensor([0, 1, 0, 0]).double(), found, 1.0)
    assert (rise - energy.ENERGIES).tolist() == pytest.approx([0.5, -1, 0.5, 0])
    said(
        "(2 does not stay: 1 and 3, half each; so their energies rise by 0.5, and that of 2 falls by 1.)"
    )


# The equations.


@pytest.mark.equation("eq-energy-based-model")
def test_the_printed_probabilities_are_those_of_the_code(printed: Equations) -> None:
    p, z = energy.probabilities(torch.tensor(VALUES).double())
    printed("eq-energy-based-model").holds(
        {
            r"p_\theta": lambda x: p[int(x) - 1].item(),
            r"Z_\theta": z.item(),
            r"E_\theta": lambda x: VALUES[int(x) - 1],
            "x": Each([1, 2, 3, 4]),
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-energy-based-gradient")
def test_the_gradient_of_the_partition_function_is_a_mean_over_the_model(
    printed: Equations,
) -> None:
    features = normal(4, 3, seed=2)

    def values(theta: np.ndarray) -> Tensor:
        return torch.tanh(features @ torch.as_tensor(theta))

    def energies(theta: np.ndarray) -> Callable[[float], float]:
        found = values(theta)
        return lambda x: float(found[int(x) - 1])

    def chances(theta: np.ndarray) -> Callable[[float], float]:
        found = torch.softmax(-values(theta), 0)
        return lambda x: float(found[int(x) - 1])

    printed("eq-energy-based-gradient").holds(
        {
            r"Z_\theta": Given((r"\theta",), lambda t: float(torch.exp(-values(t)).sum())),
            r"E_\theta": Given((r"\theta",), energies),
            r"p_\theta": Given((r"\theta",), chances),
            r"\theta": np.array([0.3, -0.7, 0.5]),
            "x": Each([1, 2, 3, 4]),
        },
        tolerance=1e-6,
        free=(r"\theta",),
    )


@pytest.mark.equation("eq-energy-based-accept")
def test_the_acceptance_is_that_of_the_walk(printed: Equations) -> None:
    e = torch.tensor(VALUES).double()
    p, _ = energy.probabilities(e)
    move = energy.walk(e)
    for i, j in ((1, 2), (2, 1), (3, 2)):
        printed("eq-energy-based-accept").holds(
            {
                "a(x, x')": float(move[i, j] / 0.5),
                "p(x)": float(p[i]),
                "p(x')": float(p[j]),
                r"q(x \mid x')": 0.5,
                r"q(x' \mid x)": 0.5,
            },
            free=("p(x)", "p(x')", r"q(x \mid x')", r"q(x' \mid x)"),
        )


def line() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places, probabilities of the data there, and slope and bend of a model's log-density."""
    x = np.linspace(-6, 6, 2401)
    p = stats.norm.pdf(x, 0.4, 0.9)
    return x, p / p.sum(), -0.7 * x + 0.3 * np.cos(x), -0.7 - 0.3 * np.sin(x)


@pytest.mark.equation("eq-energy-based-explicit")
def test_the_distance_of_scores_does_not_need_that_of_the_data(printed: Equations) -> None:
    x, p, s, bend = line()
    r = -(x - 0.4) / 0.81
    kept = slice(None, None, 24)
    weights = p[kept] / p[kept].sum()
    printed("eq-energy-based-explicit").holds(
        {
            r"\mathbb{E}": Finite(
                {"s": s[kept].tolist(), "r": r[kept].tolist(), "s'": bend[kept].tolist()},
                weights.tolist(),
            ),
        },
        tolerance=1e-6,
    )

    def learned(y: Tensor) -> Tensor:
        total: Tensor = (0.35 * y**2 - 0.3 * torch.sin(y)).sum(-1)
        return total

    points = torch.as_tensor(x[kept])[:, None]
    each = torch.stack([energy.explicit(learned, points[i : i + 1]) for i in range(0, 101, 20)])
    wanted = torch.as_tensor((s**2 / 2 + bend)[kept])[::20]
    torch.testing.assert_close(each.detach(), wanted)


@pytest.mark.equation("eq-energy-based-sliced")
def test_random_directions_find_the_trace(printed: Equations) -> None:
    h = normal(3, 3, seed=1).numpy()
    signs = [np.array([[a], [b], [c]]) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    printed("eq-energy-based-sliced").holds(
        {
            r"\mathbb{E}": Finite({r"\mathbf{v}": signs}),
            r"\mathbf{H}": h,
            r"\operatorname{tr}(\mathbf{H})": Given((r"\mathbf{H}",), np.trace),
        },
        free=(r"\mathbf{H}",),
    )
    known = figures.known(1.0)
    x = normal(5, 2, seed=3)
    all_ways = [torch.tensor([a, b]).double().expand(5, 2) for a in (-1, 1) for b in (-1, 1)]
    mean = torch.stack([energy.sliced(known.energy, x, v) for v in all_ways]).mean()
    torch.testing.assert_close(mean, energy.explicit(known.energy, x))


@pytest.mark.equation("eq-energy-based-nce")
def test_the_best_classifier_is_a_sigmoid_of_the_energy(printed: Equations) -> None:
    e, c = 0.7, 0.4
    p = math.exp(-e - c)
    printed("eq-energy-based-nce").holds(
        {
            r"p_\theta": lambda *_: p,
            "q": lambda *_: 0.23,
            r"E_\theta": lambda *_: e,
            "c": c,
            "x": 0.5,
        },
        free=("q", "x"),  # the density of the noise cancels
    )


# Langevin steps.


def test_langevin_steps_sample_what_the_exact_kernels_say() -> None:
    known = energy.Mixture(
        torch.tensor([[-1.0], [1.0]]).double(), figures.SPREAD, torch.tensor([0.3, 0.7]).double()
    )
    start = known.sample(4000, figures.seeded(0))
    h = 0.4
    for correct in (False, True):
        x, kept = energy.langevin(known.energy, start, h, 30, figures.seeded(1), correct)
        e, p = figures.line(figures.NEAR)
        wide = p @ np.linalg.matrix_power(figures.kernel(e, h, correct), 30)
        mean = wide @ figures.PLACES
        variance = wide @ figures.PLACES**2 - mean**2
        assert x.var().item() == pytest.approx(variance, abs=0.05)
        table = numbers("langevin")
        told = table["bias: kept"][table["bias: h"].index(h)] if correct else 1
        assert kept == pytest.approx(told, abs=0.01)


def test_the_slope_of_a_known_energy_is_minus_its_score() -> None:
    known = figures.known(1.0)
    x = normal(6, 2, seed=4)
    slope = energy.slope(known.energy, x)
    for d in range(2):
        moved = torch.zeros(2).double()
        moved[d] = 1e-5
        rate = (known.energy(x + moved) - known.energy(x - moved)) / 2e-5
        torch.testing.assert_close(slope[:, d], rate, atol=1e-6, rtol=0)
    mass = (-known.energy(figures.GRID)).exp().sum() * figures.CELL
    assert mass.item() == pytest.approx(1, abs=1e-4)


def test_denoising_aims_at_the_slope_of_the_noisy_density() -> None:
    data = torch.zeros(4000, 1).double()
    eps = normal(4000, 1, seed=5)
    spread = 0.5

    def bowl(variance: float) -> Callable[[Tensor], Tensor]:
        def value(x: Tensor) -> Tensor:
            found: Tensor = (x**2).sum(-1) / (2 * variance)
            return found

        return value

    losses = [energy.denoising(bowl(v), data, eps, spread).item() for v in (0.2, 0.25, 0.3)]
    assert losses[1] == pytest.approx(0, abs=1e-12)
    assert min(losses) == losses[1]


def test_noise_contrast_finds_log_z() -> None:
    x, noise = normal(4000, 1, seed=6) * 0.8, normal(4000, 1, seed=7)

    def log_q(y: Tensor) -> Tensor:
        value: Tensor = -(y**2).sum(-1) / 2 - math.log(2 * math.pi) / 2
        return value

    def loss(theta: Tensor) -> Tensor:
        value: Tensor = energy.noise_contrastive(
            lambda y: theta[1] * (y**2).sum(-1), theta[0], x, noise, log_q
        )
        return value

    c, a = energy.fit(loss, torch.tensor([0.0, 0.5]).double(), 8).tolist()
    assert a == pytest.approx(1 / (2 * 0.64), abs=0.08)
    assert c == pytest.approx(0.5 * math.log(math.pi / a), abs=0.05)


# What the page tells of its figures.


def test_the_table_of_rules_is_that_of_the_figure() -> None:
    table = numbers("rules")
    for k, row in enumerate(rows_of("tab-energy-based-rules")):
        cells = [
            f"{table[name][k]:.2f} ± {table[f'{name}, deviation'][k]:.2f}"
            for name in ("near, divergence", "near, right", "far, divergence", "far, right")
        ]
        assert row[1:] == cells, row[0]
    far = dict(zip(figures.RULES, table["far, right"], strict=False))
    said(
        f"with far modes explicit score matching gives {far['explicit']:.2f}, sliced {far['sliced']:.2f} and "
        f"noise contrast {far['nce']:.2f}"
    )
    said(f"smallest for the likelihood by quadrature, {table['near, divergence'][0]:.2f};")
    for where in ("near", "far"):
        assert min(table[f"{where}, divergence"]) == table[f"{where}, divergence"][0]
    clean, noisy = (
        f"{table['far, right'][k]:.2f} ± {table['far, right, deviation'][k]:.2f}" for k in (6, 8)
    )
    said(f"it brings the learned share from {clean} to {noisy}, nearer to 0.7")
    said(f"a model of the noisy data, {table['far, divergence'][8]:.2f} nats from the clean ones")
    unlike, fit = (
        (table["near, divergence"][k], table["near, divergence, deviation"][k]) for k in (9, 7)
    )
    said(
        f"is {unlike[0]:.2f} ± {unlike[1]:.2f} nats from the truth; with the mean and spread of the data it is "
        f"{fit[0]:.2f} ± {fit[1]:.2f}"
    )
    means = table["near, divergence"][:8]
    said(f"all eight rules of the figure come within {max(means):.2f} nats on average")
    apart = dict(zip(figures.RULES, table["far, divergence"], strict=False))
    beyond = {name: value for name, value in apart.items() if value > 0.3}
    assert list(beyond) == ["pcd1", "explicit", "sliced"]
    low, high = min(beyond.values()), max(beyond.values())
    said(
        f"With far modes three are {low:.2f} to {high:.2f} nats away: persistent CD-1, and explicit"
    )
    too_much = [share for name, share in far.items() if name not in ("exact", "nce")]
    said(
        f"give the right mode too much on average, from {min(too_much):.2f} to {max(too_much):.2f}."
    )
    assert max(abs(far[name] - 0.7) for name in ("exact", "nce")) < 0.02
    said(f"may stay in one mode ({apart['pcd1']:.2f} against {apart['cd1']:.2f} nats [with far")
    said("a bowl minus 24 bumps")
    assert len(figures.FAMILY.centres) == 24


def test_one_direction_for_each_point_is_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert figures.DRAWS == 10
    monkeypatch.setattr(figures, "DRAWS", 1)
    found = torch.tensor(
        [
            figures.judged(figures.FAR, figures.fitted("sliced", x, seed))[0]
            for seed, x in enumerate(figures.points()[1])
        ]
    )
    said(f"far worse, {found.mean():.2f} ± {found.std():.2f} nats with far modes")


def test_the_boxes_by_pencil() -> None:
    made = energy.contrastive(energy.ENERGIES, energy.DATA, 1)
    a, b, c, d = made.tolist()
    said(f"1, 2 and 3 in shares of {a:.4f}, {b:.4f} and {c:.3f}.")
    mean, other = (float(p @ energy.ENERGIES) for p in (energy.DATA, made))
    said(f"here ${mean:.2f} - {other:.2f}$")
    a, b, c, d = (energy.DATA - made).tolist()
    said(f"here “data − samples”: {a:.4f}, {b:.4f}, −{-c:.3f} and {d:.0f}.")
    said(f"{energy.ENERGIES[0]:.2f} becomes {energy.ENERGIES[0] - a:.2f}.")
    x, h, noise = 1.0, 0.16, 0.5
    new = x - h / 2 * x + math.sqrt(h) * noise
    said(f"with $h = {h}$: $1 - {h / 2:.2f} + {math.sqrt(h)} \\cdot {noise} = {new:.2f}$.")
    there, back = (
        stats.norm.logpdf(to, at - h / 2 * at, math.sqrt(h)) for at, to in ((x, new), (new, x))
    )
    said(f"with probability {math.exp(x**2 / 2 - new**2 / 2 + back - there):.3f}.")


def test_walks_and_steps_as_the_page_tells_them() -> None:
    table = numbers("langevin")
    mix = dict(zip(table["mix: distance"], table["mix: steps"], strict=True))
    said(
        f"falls to $1/e$ in {mix[1.0]:.0f} steps; at −2 and 2 it takes {round(mix[2.0], -2):,.0f}."
    )
    for k, row in enumerate(rows_of("tab-energy-based-anneal")):
        steps = table["anneal: steps"][k]
        plain, annealed = table["anneal: plain"][k], table["anneal: annealed"][k]
        assert row == [f"{steps:,.0f}", f"{plain:.3f}", f"{annealed:.3f}"]
        assert annealed > plain
    said(f"a share that is still {0.7 - table['anneal: annealed'][3]:.2f} short after 3,000")
    bias = {h: (table["bias: plain"][k], table["bias: kept"][k]) for k, h in enumerate(figures.HS)}
    said(f"size 0.1 samples a distribution that is off by {bias[0.1][0]:.2f} (total variation")
    said(f"one of 0.8 by {bias[0.8][0]:.2f}.")
    said(
        f"refused steps, {1 - bias[0.1][1]:.0%} at 0.1 and {1 - bias[0.8][1]:.0%} at 0.8".replace(
            "%", " %"
        )
    )
    said(
        f"from {bias[0.025][0]:.3f} at step size 0.025 to {bias[0.8][0]:.2f} at 0.8; corrected it is zero, and the "
        f"share of refused steps grows from {1 - bias[0.025][1]:.3f} to {1 - bias[0.8][1]:.2f}"
    )
    assert max(c for c in table["bias: corrected"] if not math.isnan(c)) < 1e-9
    said(f"from {mix[0.5]:.0f} at distance 0.5 to {round(mix[2.25], -5):,.0f} at 2.25")


def test_the_score_hardly_sees_a_weight() -> None:
    table = numbers("blind")
    at = table["distance"].index(2.0)
    clean, noisy = table["scores, clean"][at], table["scores, noisy"][at]
    said(
        f"At distance 2 the distance of the scores is {clean:.4f}, and noise of spread 1 makes it {noisy:.3f}"
    )
    said(f"which is {noisy / clean:.0f} times as much")
    far = [kl for d, kl in zip(table["distance"], table["KL, clean"], strict=True) if d >= 1]
    assert {f"{kl:.2f}" for kl in far} == {"0.08"}
    said("are 0.08 nats apart, at any distance from 1 on")
    falls = table["scores, clean"]
    assert all(a > b for a, b in pairwise(falls))
    said(
        f"falls from {falls[0]:.1f} to {falls[-1]:.5f}; with noise of spread 1 it stays between 0.009 and 0.02"
    )
    assert 0.009 <= min(table["scores, noisy"]) < max(table["scores, noisy"]) < 0.0215


# Exercises.


@pytest.mark.answer("answer-energy-based-partition")
def test_exercise_1_three_states(answer: Bench) -> None:
    p, z = energy.probabilities(-torch.tensor([2.0, 1.0, 5.0]).double().log())
    answer("answer-energy-based-partition").is_((z.item(), p[2].item()), (z.item(), 5))


@pytest.mark.answer("answer-energy-based-two")
def test_exercise_2_two_steps(answer: Bench) -> None:
    two, one = (energy.contrastive(energy.ENERGIES, energy.DATA, k) for k in (2, 1))
    answer("answer-energy-based-two").is_(two[3].item(), one[2].item())


@pytest.mark.answer("answer-energy-based-constant")
def test_exercise_3_a_constant_changes_nothing(answer: Bench) -> None:
    p, _ = energy.probabilities(energy.ENERGIES)
    same, _ = energy.probabilities(energy.ENERGIES + 5)
    torch.testing.assert_close(p, same)
    answer("answer-energy-based-constant").is_("Nothing.")


@pytest.mark.answer("answer-energy-based-reach")
def test_exercise_4_how_many_steps(answer: Bench) -> None:
    shares = [float(energy.contrastive(energy.ENERGIES, energy.DATA, k)[3]) for k in range(1, 20)]
    first = next(k for k, share in enumerate(shares, 1) if share > 0.2)
    reached = next(k for k, share in enumerate(shares, 1) if share > 0)
    answer("answer-energy-based-reach").is_(first, reached)
    said(
        f"It is {shares[4]:.3f} after five steps and {shares[5]:.3f} after six; exact sampling would give 0.5."
    )


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "energy_based.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "Z = 2.00" in out
    assert "variance 1.31 of 1, 100% of steps kept" in out  # 1 / (1 - 1/4) is 1.33
