"""Hybrids of classes: the perfect head against Bayes and quadrature, three heads, what the figures tell."""

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch.utils.flop_counter import FlopCounterMode

from docs.models.hybrids import heads
from scripts.figures import hybrids as figures
from scripts.figures import style
from scripts.printed.values import Finite
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "hybrids.md"
DATA = PAGE.parent / "hybrids"
said = sayings(PAGE)
rows_of = tables(PAGE)


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(DATA / f"{name}.csv")


def printed_as(value: float) -> str:
    """A number with two decimals as the page has it."""
    return f"{value:.2f}".replace("-", "−")


def share(x: float, t: float, q: float) -> float:
    """The probability of 1 behind a place, by Bayes with SciPy's densities."""
    up, down = (w * stats.norm.pdf(x, v * (1 - t), t) for w, v in ((q, 1), (1 - q, -1)))
    return float(up / (up + down))


def border(calls: int) -> float:
    """The noise that ends at 0, by halving."""
    low, high = -2.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if heads.draw(middle, calls)[-1] < 0 else (low, middle)
    return low


@pytest.mark.equation("eq-hybrids-velocity")
def test_the_velocity_of_the_perfect_head_is_that_of_the_score(printed: Equations) -> None:
    x, t, q = 0.37, 0.45, 0.7

    def log_density(place: float) -> float:
        pairs = ((q, 1), (1 - q, -1))
        return math.log(sum(w * stats.norm.pdf(place, v * (1 - t), t) for w, v in pairs))

    score = (log_density(x + 1e-5) - log_density(x - 1e-5)) / 2e-5
    noise, value = -t * score, (x + t**2 * score) / (1 - t)  # means, by the score
    up = share(x, t, q)
    behind: dict[str, list[float]] = {
        "x": [1, -1],
        r"\varepsilon": [(x - (1 - t) * v) / t for v in (1, -1)],
    }
    printed("eq-hybrids-velocity").holds(
        {
            "v": noise - value,
            r"\mathbb{E}": Finite(behind, [up, 1 - up]),
            r"\hat x": value,
            "t": t,
            "x_t": x,
        },
        tolerance=1e-7,
    )


@pytest.mark.equation("eq-hybrids-odds")
@pytest.mark.equation("eq-hybrids-guess")
def test_the_guess_of_the_perfect_head_is_that_of_bayes(printed: Equations) -> None:
    x, t, q = 0.3, 0.45, 0.7
    up = share(x, t, q)
    names = {"q": q, "t": t, "x_t": x}
    printed("eq-hybrids-odds").holds(
        {"P": lambda v: {1: up, -1: 1 - up}.get(round(v), 0.01), **names},
        free=("P",),  # a common factor cancels
    )
    printed("eq-hybrids-guess").holds({r"\hat x": 2 * up - 1, **names})
    for x, t in ((0.4, 1.0), (-1.2, 0.6), (0.62, 0.25)):
        assert heads.guess(x, t) == pytest.approx(2 * share(x, t, heads.UP) - 1)
    x = heads.draw(0.4, 4)[2]
    half, rest = math.log(2) / 2, 0.5 * x / 0.25
    said(
        f"$x_t = {x:.3f}$ it is $\\tanh({half:.3f} + {rest:.3f}) = {heads.guess(x, 0.5):.2f}$, as in"
    )


def test_the_four_calls_of_the_table() -> None:
    places = heads.draw(0.4, 4)
    for k, row in enumerate(rows_of("tab-hybrids-draw")):
        t = 1 - k / 4
        mean = 2 * share(places[k], t, 2 / 3) - 1
        velocity = (places[k] - mean) / t
        assert places[k + 1] == pytest.approx(places[k] - velocity / 4)
        assert row == [printed_as(v) for v in (t, places[k], mean, velocity, places[k + 1])]
    said("At $t = 1$ the guess is the mean, 0.33; nearer")
    spread = math.sqrt(1 - 1 / 9)
    gaussian = stats.norm(1 / 3, spread)
    near = sum(gaussian.cdf(v + 0.25) - gaussian.cdf(v - 0.25) for v in (1, -1))
    said(
        f"the mean $2/3 - 1/3 = {1 / 3:.2f}$ and the spread $\\sqrt{{1 - 1/9}} = {spread:.2f}$; {100 * near:.0f} % of "
        "its draws are within 0.25 of 1 or −1",
        f"Starts below {printed_as(border(4))} go towards −1, and near that border four calls end between the values, "
        "about one draw in ten more than 0.1 from both; "
        f"with very many calls the border is at {printed_as(stats.norm.ppf(1 / 3))}, with a third of the noises below.",
    )
    noises = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    ends = np.abs([heads.draw(x, 4)[-1] for x in noises.tolist()])
    assert np.mean(np.abs(ends - 1) > 0.1) == pytest.approx(0.1, abs=0.01)
    assert border(400) == pytest.approx(stats.norm.ppf(1 / 3), abs=0.01)
    assert all(abs(heads.draw(border(4) + d, 4)[-1]) < 0.5 for d in (-0.03, 0.03))
    assert heads.BINS**16 > 10**19
    said(
        f"with {heads.BINS} intervals and 16 numbers $16^{{16}}$, more than $10^{{19}}$",
    )


@pytest.mark.equation("eq-hybrids-gaussian")
def test_a_gaussian_loses_by_mean_and_variance_alone(printed: Equations) -> None:
    x, p = [-1.0, 0.4, 1.7], [0.2, 0.5, 0.3]
    mean = float(np.dot(x, p))
    variance = float(np.dot(p, (np.array(x) - mean) ** 2))
    for mu, sigma in ((0.8, 1.3), (mean, math.sqrt(variance))):
        density = stats.norm(mu, sigma).pdf
        printed("eq-hybrids-gaussian").holds(
            {
                r"\mathbb{E}": Finite({"x": x}, p),
                "g": lambda v, density=density: float(density(v)),
                r"\pi": math.pi,
                r"\mu": mu,
                r"\sigma": sigma,
                "m": mean,
                "V": variance,
            },
            tolerance=1e-9,
        )


@pytest.mark.equation("eq-hybrids-calls")
def test_operations_are_counted(printed: Equations) -> None:
    generator = torch.Generator().manual_seed(0)
    model = heads.Model("flow", 1, generator)
    before, calls, count = torch.zeros(1, 7, 1), 5, 3

    def operations(run: object) -> int:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            run()  # type: ignore[operator]
        return int(counter.get_total_flops())

    def number() -> None:
        for _ in range(count):
            model.next(before, 0, generator, calls)

    reading = operations(lambda: model.read(before, 0))
    head = operations(lambda: heads.mlp(model.out, torch.zeros(1, 7, heads.H + 2)))
    printed("eq-hybrids-calls").holds(
        {"C": operations(number), "n": count, "T": calls, "c_f": reading, "c_v": head}
    )
    ratio = head / reading
    said(
        f"a call of the head costs {ratio:.1f} times a call of the context network, and 16 calls "
        f"{16 * ratio:.0f} times",
        f"157 million parameters beside 14 billion in NextStep-1[^nextstep2025nextstep], about {15.7 / 14:.1f} %",
    )


def test_each_head_has_the_loss_of_its_density() -> None:
    generator = torch.Generator().manual_seed(0)
    x, before = heads.ring(2, 50, generator)[..., :1], torch.zeros(2, 50, 1)
    for head in ("gaussian", "table"):
        model = heads.Model(head, 2, generator)
        with torch.no_grad():
            loss = float(model.loss(x, before, 0, generator))
            out = heads.mlp(model.out, model.read(before, 0))
        if head == "gaussian":
            density = stats.norm(out[..., 0].numpy(), out[..., 1].exp().numpy()).logpdf(x[..., 0])
            assert loss == pytest.approx(-density.mean() - math.log(2 * math.pi) / 2, abs=1e-4)
        else:
            edges = np.linspace(-heads.EDGE, heads.EDGE, heads.BINS + 1)
            which = np.digitize(x[..., 0].numpy(), edges) - 1
            logs = torch.log_softmax(out, -1).numpy()
            picked = np.take_along_axis(logs, which.clip(0, heads.BINS - 1)[..., None], -1)
            assert loss == pytest.approx(-picked.mean(), abs=1e-5)
    with pytest.raises(ValueError, match="a head is one of"):
        heads.Model("other", 1, generator)


def test_the_flow_head_regresses_the_velocity_and_tells_the_context() -> None:
    model = heads.Model("flow", 1, torch.Generator().manual_seed(0))
    x, before = heads.ring(1, 40, torch.Generator().manual_seed(1))[..., :1], torch.ones(1, 40, 1)
    loss = model.loss(x, before, 0, torch.Generator().manual_seed(2))
    generator = torch.Generator().manual_seed(2)
    t = torch.rand(x.shape, generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    seen = torch.cat([x + t * (noise - x), t, model.read(before, 0)], -1)
    expected = ((heads.mlp(model.out, seen) - noise + x) ** 2).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    torch.autograd.backward(loss)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.context[:1])


def test_what_the_three_heads_draw() -> None:
    table = numbers("steps")
    at = {int(n): k for k, n in enumerate(table["calls"])}

    def told(name: str, calls: int, digits: int = 0) -> str:
        mean, deviation = (100 * table[c][at[calls]] for c in (name, f"{name}, deviation"))
        return f"{mean:.{digits}f} ± {deviation:.{digits}f} %"

    said(
        f"are {told('gaussian', 16)} of the points with the Gaussian, {told('table', 16, 1)} with the table and "
        f"{told('flow', 16)} with the flow (five seeds; of the data it is {100 * 2 * stats.norm.sf(3):.1f} %)",
        f"and {100 * table['flow'][0]:.0f} % of the points leave the ring",
        f"level with the Gaussian, {told('flow', 2)}; with 16 it is at {told('flow', 16)}, and with 32 at "
        f"{told('flow', 32)}",
        f"falls from {table['flow'][0]:.2f} over {table['flow'][1]:.2f} at 2 and {table['flow'][2]:.2f} at 4 to "
        f"{table['flow'][-1]:.2f}; the Gaussian is level at {table['gaussian'][0]:.2f}, the table at "
        f"{table['table'][0]:.2f}",
        f"| {100 * table['gaussian'][0]:.0f} % off the ring | a table, if it is one number: "
        f"{100 * table['table'][0]:.1f} %; a flow head: {100 * table['flow'][at[16]]:.0f} % |",
        f"| one call: {100 * table['flow'][0]:.0f} % off the ring | 16 calls: {100 * table['flow'][at[16]]:.0f} % |",
        "Mean and standard deviation of five seeds, 4,000 points each",
    )
    assert (figures.NETS, figures.POINTS, heads.SPREAD) == (5, 4000, 0.1)
    assert all(a > b for a, b in zip(table["flow"], table["flow"][1:], strict=False))
    data = heads.ring(1, 20_000, torch.Generator().manual_seed(0))
    assert heads.off(data).item() == pytest.approx(2 * stats.norm.sf(3), abs=0.0015)


def test_the_samples_of_the_figure() -> None:
    table = numbers("samples")
    said("Four panels of 150 points.")
    assert all(len(column) == figures.SHOWN == 150 for column in table.values())
    radius = {
        name: np.hypot(table[f"{name}, x"], table[f"{name}, y"])
        for name in ("data", "gaussian", "table", "flow")
    }
    assert np.mean(np.abs(radius["gaussian"] - 1) > 0.3) > 0.35
    assert (radius["gaussian"] < 0.7).any()
    assert (radius["gaussian"] > 1.3).any()
    assert 0 < np.sum(radius["flow"] < 0.7) < 30
    assert all(np.abs(radius[name] - 1).mean() < 0.15 for name in ("data", "table", "flow"))


def test_training_lowers_the_loss_of_each_head() -> None:
    torch.set_num_threads(1)
    x = heads.ring(2, 500, torch.Generator().manual_seed(5))
    for head in ("gaussian", "table", "flow"):
        losses = []
        for steps in (1, 60):
            model = heads.train(head, 2, steps)
            with torch.no_grad():
                generator = torch.Generator().manual_seed(6)
                losses.append(float(model.loss(x[..., 1:], x[..., :1], 1, generator)))
        assert losses[1] < losses[0] - 0.05, head


def test_the_program_prints_the_four_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = runpy.run_path(str(DATA / "heads.py"))
    few = module["train"]
    monkeypatch.setitem(
        module["main"].__globals__, "train", lambda head, seeds: few(head, seeds, 1)
    )
    module["main"]()
    assert "[0.4, 0.38, 0.41, 0.62, 1.0]" in capsys.readouterr().out


@pytest.mark.answer("answer-hybrids-one")
def test_exercise_4_one_call(answer: Bench) -> None:
    ends = {round(heads.draw(x, 1)[-1], 9) for x in (-2.0, 0.4, 1.5)}
    assert len(ends) == 1
    answer("answer-hybrids-one").is_(ends.pop(), 1)


@pytest.mark.answer("answer-hybrids-few")
def test_exercise_6_few_calls(answer: Bench) -> None:
    two, eight = heads.draw(-0.5, 2)[-1], heads.draw(-0.5, 8)[-1]
    answer("answer-hybrids-few").is_([two, eight], [eight, eight])
    low, high = (heads.draw(stats.norm.ppf(1 / 3) + d, 400)[-1] for d in (-0.02, 0.02))
    assert (low, high) == pytest.approx((-1, 1), abs=0.01)
