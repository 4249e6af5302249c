"""All classes on one data set: each class against something known, the tables and figures, one short run."""

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from docs.models.comparison import comparison, exact, measures, practice, refining
from scripts.figures import comparison as figures
from scripts.figures import style
from scripts.weights import comparison as runs
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "comparison.md"
DATA = PAGE.parent / "comparison"
GOLDEN = Path(__file__).with_name("comparison.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
NAMES = list(figures.NAMES)
JACOBIAN: Any = torch.autograd.functional.jacobian
TITLES = ["Autoregressive", "VAE", "GAN", "Flow", "Energy", "Diffusion", "Flow matching"]
EDGES = ["*Data*", "*One normal density*"]


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(DATA / f"{name}.csv")


def of(table: style.Table, name: str, kind: str) -> float:
    """A measure of a class."""
    return table[name][NAMES.index(kind)]


def cell(table: style.Table, name: str, row: int, digits: int) -> str:
    """Mean and deviation as the tables print them."""
    if math.isnan(table[name][row]):
        return "–"
    return f"{table[name][row]:.{digits}f} ± {table[f'{name}, deviation'][row]:.{digits}f}".replace(
        "-", "−"
    )


def generator(seed: int = 0) -> torch.Generator:
    """Random numbers from a seed."""
    return torch.Generator().manual_seed(seed)


def plane() -> tuple[Tensor, float]:
    """Places of a grid over the plane, and the area of each."""
    axis = torch.arange(-6, 6, 0.05) + 0.025
    return torch.cartesian_prod(axis, axis), 0.05**2


def small(kind: str) -> object:
    """A model of a class with 1,500 parameters and weights larger than at the start."""
    torch.manual_seed(3)
    model = comparison.fitted(runs.CLASSES[kind], 1500, size=2, **runs.OF_A_SET["ring"][kind])
    with torch.no_grad():
        for part in model.parameters():
            part.mul_(1.5 if kind != "flow" else 0.7)
    return model


def test_what_was_run_is_what_stands_here() -> None:
    assert figures.runs()["code"] == runs.code(), "run python3 scripts/dev.py make comparison"


def test_each_class_has_the_budget_within_two_percent() -> None:
    for name, budget in runs.SETS.items():
        table = numbers("near" if name == "ring" else "covered")
        for kind in NAMES:
            count = of(table, "parameters", kind)
            assert abs(count / budget["parameters"] - 1) < 0.02, (name, kind)
    assert comparison.size(comparison.net(2, 3, 5)) == 2 * 5 + 5 + 5 * 5 + 5 + 5 * 3 + 3


@pytest.mark.parametrize("kind", ["autoregressive", "flow"])
def test_an_exact_density_has_the_integral_one(kind: str) -> None:
    model: exact.Autoregressive | exact.Flow = small(kind)  # type: ignore[assignment]
    assert isinstance(model, exact.Autoregressive | exact.Flow)
    grid, area = plane()
    if kind == "autoregressive":
        grid = grid[(grid.abs() < comparison.RANGE).all(1)]
    with torch.no_grad():
        density = model.log_density(grid).exp()
    assert float(density.sum()) * area == pytest.approx(1, abs=0.02)
    samples = model.sample(20_000, generator())
    wanted = (density[:, None] * grid).sum(0) * area
    np.testing.assert_allclose(samples.mean(0), wanted, atol=0.05)


def test_a_flow_is_turned_round() -> None:
    model: exact.Flow = small("flow")  # type: ignore[assignment]
    x = model.sample(50, generator())
    with torch.no_grad():
        noise = torch.randn(50, 2, generator=generator())
        density = comparison.gaussian(noise)
        stretch = torch.stack(
            [JACOBIAN(lambda v: back(model, v[None])[0], z).det().abs().log() for z in noise]
        )
    np.testing.assert_allclose(model.log_density(x).detach(), density - stretch, atol=2e-3)


def back(model: exact.Flow, x: Tensor) -> Tensor:
    """From given noise to data, through the layers of a flow in two dimensions."""
    for order, layer in zip(model.orders[::-1], model.nets[::-1], strict=True):
        scale, shift = layer(x[:, :1]).chunk(2, -1)
        second = (x[:, 1:] - shift) / (2 * (scale / 2).tanh()).exp()
        x = torch.cat([x[:, :1], second], 1)[:, order.argsort()]
    return x


def test_the_bound_of_the_vae_is_below_its_density() -> None:
    model: exact.Autoencoder = small("vae")  # type: ignore[assignment]
    x = measures.ring(30, 0)
    with torch.no_grad():
        bound = torch.stack([model.bound(x, generator(n)) for n in range(200)])
        codes = torch.randn(40_000, 1, 2, generator=generator())
        likelihood = comparison.gaussian(x, model.decoder(codes), model.log_scale)
        density = torch.logsumexp(likelihood, 0) - math.log(len(codes))
    assert (bound.mean(0) < density + 0.05).all()
    best = torch.logsumexp(bound, 0) - math.log(200)  # the mean of the weights is the density
    assert ((best - density).abs().median() < (bound.mean(0) - density).abs().median()).item()


def test_the_losses_of_the_gan() -> None:
    model = exact.Adversarial(2, 8, 2, 100.0)  # so that the penalty counts
    x = measures.ring(6, 0)
    with torch.no_grad():
        fake = model.generator(torch.randn(6, 2, generator=generator()))
        real, made = model.judge(x), model.judge(fake)
        missed = -functional.logsigmoid(real).mean() - functional.logsigmoid(-made).mean()
    slopes = JACOBIAN(lambda v: model.judge(v).sum(), x)
    wanted = float(missed) + 50 * float((slopes**2).sum(1).mean())
    assert wanted > 1.01 * float(missed)
    assert float(model.loss_of_judge(x, generator()).detach()) == pytest.approx(wanted, rel=1e-4)
    assert float(model.loss_of_generator(x, generator()).detach()) == pytest.approx(
        -float(functional.logsigmoid(made).mean()), rel=1e-4
    )


def test_the_walk_of_the_energy_ends_in_its_density() -> None:
    model = refining.Energy(2, 4, 8, 0.02, 1.0)
    with torch.no_grad():
        for part in model.network.parameters():
            part.zero_()
    x = model.sample(
        4000, generator(), 600
    )  # the parabola alone: a normal with the deviation RANGE
    assert float(x.std()) == pytest.approx(comparison.RANGE, rel=0.05)
    assert runs.log_constant(small("energy")) == pytest.approx(grid_constant(), abs=0.02)
    loss = model.loss(measures.ring(50, 0), generator())
    assert model.chains is not None
    assert model.chains.shape == (2000, 2)
    assert loss.isfinite()


def grid_constant() -> float:
    """The log constant of the small energy by another grid."""
    model: refining.Energy = small("energy")  # type: ignore[assignment]
    grid, area = plane()
    grid = grid[(grid.abs() < 5).all(1)]
    with torch.no_grad():
        return float(torch.logsumexp(-model.energy(grid), 0)) + math.log(area)


@pytest.mark.equation("eq-comparison-divergence")
def test_divergence_is_that_of_automatic_differentiation(printed: Equations) -> None:
    torch.manual_seed(0)
    model = refining.Matching(3, 5).double()
    x, t = torch.randn(4, 3, dtype=torch.float64), torch.rand(4, dtype=torch.float64)
    slope, trace = model.divergence(x, t)
    torch.testing.assert_close(slope, model.slope(x, t))
    full = JACOBIAN(lambda v: model.slope(v, t), x)
    wanted = torch.stack([full[n, :, n].trace() for n in range(4)])
    torch.testing.assert_close(trace, wanted)
    first, second, last = (model.network[n] for n in (0, 2, 4))
    angle = t[:1, None] * math.pi * 2.0 ** torch.arange(4)
    above = first(torch.cat([x[:1], t[:1, None], angle.sin(), angle.cos()], 1).double())
    below = second(functional.silu(above))
    slopes = []
    for units in (above, below):
        units = units.detach().requires_grad_()
        slopes.append(torch.autograd.grad(functional.silu(units).sum(), units)[0][0].numpy())
    inner = first.weight[:, :3] @ last.weight
    matrix = (second.weight * inner.T).detach().numpy()
    d, c = (torch.tensor(slope).diag() for slope in slopes[::-1])
    chain = last.weight @ d @ second.weight @ c @ first.weight[:, :3]
    torch.testing.assert_close(chain, full[0, :, 0])
    printed("eq-comparison-divergence").holds(
        {r"\nabla \cdot v": float(wanted[0]), "d": slopes[1], "c": slopes[0], "M": matrix, "H": 5}
    )


def test_one_short_run_again() -> None:
    rate = of(numbers("near"), "rate", "autoregressive")
    model, seconds = runs.made("ring", "autoregressive", rate, 0, runs.BUDGETS[0])
    found, _ = measures.near(runs.sampled(model, 2000, 0))
    table = numbers("budgets")
    mean, deviation = table["autoregressive"][0], table["autoregressive, deviation"][0]
    assert abs(found - mean) < 3 * deviation + 0.01
    assert seconds < 30


def test_the_programs_run(capsys: pytest.CaptureFixture[str]) -> None:
    comparison.main()
    practice.main()
    told = capsys.readouterr().out
    assert "8 modes of 8" in told
    assert "precision and recall of the half" in told


@pytest.mark.answer("answer-comparison-width")
def test_exercise_7_a_width(answer: Bench) -> None:
    vae = comparison.fitted(exact.Autoencoder, 10_000, size=2, code=2)
    chain = comparison.fitted(exact.Autoregressive, 10_000, size=2, bins=50)
    answer("answer-comparison-width").is_(vae.encoder[0].out_features, chain.layers[0].out_features)


LIKELIHOOD = {
    "autoregressive": "exact",
    "vae": "bound",
    "gan": "none",
    "flow": "exact",
    "energy": "up to a constant",
    "diffusion": "along its flow",
    "matching": "along its flow",
}


def test_the_short_table_of_both() -> None:
    ring, digits = numbers("near"), numbers("covered")
    rows = rows_of("tab-comparison-short")
    assert len(rows) == len(NAMES) + 1
    for n, row in enumerate(rows):
        kind = [*NAMES, "data"][n]
        passes = [f"{t['passes'][n]:.0f}" for t in (ring, digits)]
        assert row == [
            [*TITLES, EDGES[0]][n],
            "–" if kind == "data" else ", ".join(dict.fromkeys(passes)),
            cell(ring, "near", n, 3),
            cell(digits, "precision", n, 2),
            cell(digits, "recall", n, 2),
            LIKELIHOOD.get(kind, "known on the ring"),
        ]


def test_the_table_of_the_ring() -> None:
    table = numbers("near")
    for n, row in enumerate(rows_of("tab-comparison-ring")):
        kind = [*NAMES, "data", "normal"][n]
        likelihood = cell(table, "likelihood", n, 2)
        assert row == [
            [*TITLES, *EDGES][n],
            cell(table, "near", n, 3),
            f"{table['modes'][n]:.1f}",
            cell(table, "distance", n, 4),
            {"data": "0", "normal": f"{table['likelihood'][n]:.2f}"}.get(kind, likelihood),
        ]


def test_the_table_of_the_digits() -> None:
    table = numbers("covered")
    for n, row in enumerate(rows_of("tab-comparison-digits")):
        kind = [*NAMES, "data", "normal"][n]
        likelihood = cell(table, "likelihood", n, 2)
        copied = f"{100 * table['copied'][n]:.1f} ± {100 * table['copied, deviation'][n]:.1f}"
        if kind == "energy":
            assert likelihood == "–"
        assert row == [
            [*TITLES, *EDGES][n],
            cell(table, "precision", n, 2),
            cell(table, "recall", n, 2),
            cell(table, "distance", n, 3),
            copied if kind != "data" else "–",
            {"normal": f"{table['likelihood'][n]:.2f}"}.get(kind, likelihood),
        ]


def test_the_table_of_costs() -> None:
    ring, digits = numbers("near"), numbers("covered")
    for n, row in enumerate(rows_of("tab-comparison-cost")):
        assert row == [
            TITLES[n],
            f"{ring['passes'][n]:.0f}, {digits['passes'][n]:.0f}",
            f"{ring['rate'][n]:g}, {digits['rate'][n]:g}",
            f"{ring['train'][n]:.1f}, {digits['train'][n]:.1f}",
            f"{1000 * ring['sample'][n]:.1f}, {1000 * digits['sample'][n]:.1f}",
        ]


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, object]] = []
    kept = figures.kept()
    whole = partial(torch.tensor, dtype=torch.float64)  # in hundredths: equal distances are equal
    y = (whole(figures.points(kept["data"][2][0])) * 100).round()
    for name, seeds in kept.items():
        for seed, texts in enumerate(seeds[:2]):
            for passes, text in zip(runs.PASSES if len(texts) > 1 else (50,), texts, strict=True):
                points = figures.points(text)
                x = (whole(points) * 100).round()
                found = [*measures.near(torch.tensor(points))]
                found += [measures.precision(x, y), measures.recall(x, y)]
                cases.append(
                    {"function": "measured", "args": [name, seed, passes], "returns": found}
                )
    text = kept["gan"][0][0][:20]
    cases.append({"function": "points", "args": [text], "returns": figures.points(text)})
    cases.append({"function": "refines", "args": ["energy"], "returns": True})
    return {"module": "models/comparison/comparison.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
