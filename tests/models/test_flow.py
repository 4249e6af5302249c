"""Normalising flows: densities that sum to one, inverses that are exact, the page's equations and numbers."""

import itertools
import math
import runpy
import statistics
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from docs.models.flow import flow, practice
from scripts.figures import flow as figures
from scripts.figures import style
from scripts.printed.values import Each, Finite, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.said import sayings, tables

pytestmark = pytest.mark.usefixtures("one_thread")
matching = import_module("docs.models.flow-matching.flow_matching")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "flow.md"
GOLDEN = Path(__file__).with_name("flow.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
POINT = torch.tensor(flow.POINT, dtype=torch.float64)
SHARE = style.read_table(PAGE.with_suffix("") / "share.csv")
EULER = style.read_table(PAGE.with_suffix("") / "euler.csv")


def networks(
    half: int, layers: int, most: float = 2.0, gain: float = 1.0, seed: int = 0
) -> list[Any]:
    """Random layers in double precision; with a gain their outputs are large."""
    torch.manual_seed(seed)
    made = [flow.Network(half, 16, most).double().requires_grad_(False) for _ in range(layers)]
    for net in made:
        last = list(net.parameters())[-2]
        last.mul_(gain)
    return made


def jacobian(of: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Derivatives by automatic differentiation, (D, D)."""
    made: Tensor = torch.autograd.functional.jacobian(of, at)  # type: ignore[no-untyped-call]
    return made


def mean_and_spread(values: list[float], scale: float = 100, digits: int = 1) -> str:
    """Mean and standard deviation as tables print them."""
    mean, spread = statistics.mean(values) * scale, statistics.stdev(values) * scale
    return f"{mean:.{digits}f} ± {spread:.{digits}f}".replace("-", "−")


# A density, and an inverse.


def test_the_density_of_the_example_sums_to_one_on_a_grid() -> None:
    density = partial(flow.log_density, nets=flow.EXAMPLE)
    whole = flow.mass(density, 40, 800)
    assert f"{whole:.4f}" == "1.0000"
    assert flow.mass(density, 2, 100) < 0.5  # a grid that misses points tells
    said("Summed over a fine grid, density times area of a cell gives 1.0000")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_density_of_random_layers_sums_to_one_on_a_grid(seed: int) -> None:
    nets = networks(1, 4, most=0.7, gain=3.0, seed=seed)
    assert flow.mass(partial(flow.log_density, nets=nets), 24, 400) == pytest.approx(1, abs=2e-3)
    spread = torch.tensor(-0.6, dtype=torch.float64)
    base = partial(flow.two_bumps, log_spread=spread)
    assert flow.mass(base, 8, 200) == pytest.approx(1, abs=1e-6)
    bumps = partial(flow.log_density, nets=nets, base=base)
    assert flow.mass(bumps, 24, 400) == pytest.approx(1, abs=2e-3)


def test_the_inverse_is_exact_whatever_the_network() -> None:
    z = normal(500, 6, seed=1)

    def wild(kept: Tensor) -> tuple[Tensor, Tensor]:
        return torch.sin(40 * kept).sign(), (kept * 1e3).floor() % 7  # not even continuous

    nets = [*networks(3, 4, gain=4.0), wild]
    x, out = flow.generate(z, nets)
    back, home = flow.normalise(x, nets)
    torch.testing.assert_close(back, z, atol=1e-9, rtol=0)
    torch.testing.assert_close(home, -out)
    assert (x - z).abs().max() > 1


@pytest.mark.equation("eq-flow-line")
def test_a_line_makes_the_normal_density_of_scipy(printed: Equations) -> None:
    b, s, x = 3.1, 1.7, 4.6
    known = stats.norm(b, s)
    loss = flow.line_loss(
        torch.tensor([[x]]).double(), torch.tensor(s).double().log(), torch.tensor(b)
    )
    assert -float(loss) == pytest.approx(known.logpdf(x))
    printed("eq-flow-line").holds(
        {
            "F": known.cdf,
            r"\Phi": stats.norm.cdf,
            "p": known.pdf,
            "p_Z": stats.norm.pdf,
            "b": b,
            "s": s,
            "x": x,
        },
        free=("x",),
    )


@pytest.mark.equation("eq-flow-volume")
def test_the_density_of_a_linear_map_is_that_of_scipy(printed: Equations) -> None:
    matrix, shift, z = normal(3, 3, seed=2), normal(3, seed=3), normal(3, seed=4)
    known = stats.multivariate_normal(shift.numpy(), (matrix @ matrix.T).numpy())
    x = shift + matrix @ z
    printed("eq-flow-volume").holds(
        {
            "p(x)": float(known.pdf(x.numpy())),
            "p_Z(z)": float(flow.log_normal(z).exp()),
            "J": matrix.numpy(),
        }
    )


@pytest.mark.equation("eq-flow-chain")
def test_volumes_of_layers_multiply(printed: Equations) -> None:
    nets = networks(2, 3, gain=3.0)
    stages = [normal(4, seed=5)]
    parts = []
    for k, net in enumerate(nets):
        layer = partial(flow.couple, net=net, first=k % 2 == 1)
        parts.append(jacobian(lambda z, layer=layer: layer(z)[0], stages[-1]).numpy())  # type: ignore[misc]
        stages.append(layer(stages[-1])[0])
    whole = jacobian(lambda z: flow.generate(z, nets)[0], stages[0])
    assert float(flow.generate(stages[0], nets)[1]) == pytest.approx(float(whole.logdet()))
    assert not torch.equal(whole, whole.tril())  # triangular layers, but not their product
    printed("eq-flow-chain").holds(
        {"J": whole.numpy(), "J_k": Given(("k",), lambda k: parts[k - 1]), "K": 3}
    )


@pytest.mark.equation("eq-flow-inverse")
def test_the_way_back_asks_the_same_question(printed: Equations) -> None:
    (net,) = networks(2, 1, gain=3.0, seed=3)
    z = normal(4, seed=6)
    x, _ = flow.couple(z, net, False)
    torch.testing.assert_close(x[:2], z[:2])
    torch.testing.assert_close(flow.uncouple(x, net, False)[0], z)
    (net,) = networks(1, 1, gain=3.0, seed=3)  # halves of one number, which a power of e can take
    z = normal(2, seed=6)
    x, _ = flow.couple(z, net, False)
    printed("eq-flow-inverse").holds(
        {
            "z_B": z[1].item(),
            "x_A": x[0].item(),
            "x_B": x[1].item(),
            "a": lambda kept: net(torch.tensor([kept], dtype=torch.float64))[0].item(),
            "b": lambda kept: net(torch.tensor([kept], dtype=torch.float64))[1].item(),
        }
    )


@pytest.mark.equation("eq-flow-jacobian")
@pytest.mark.equation("eq-flow-logdet")
def test_the_jacobian_of_a_coupling_layer_is_triangular(printed: Equations) -> None:
    (net,) = networks(3, 1, gain=4.0, seed=4)
    z = normal(6, seed=7)
    full = jacobian(lambda z: flow.couple(z, net, False)[0], z)
    a = net(z[:3])[0]
    torch.testing.assert_close(full[:3, :3], torch.eye(3, dtype=torch.float64))
    assert (full[:3, 3:] == 0).all()
    assert (full[3:, :3].abs() > 0.01).all()
    torch.testing.assert_close(full[3:, 3:], torch.diag(a.exp()))
    printed("eq-flow-logdet").holds({"J": full.numpy(), "a": a.tolist(), "D": 6}, free=("D",))


@pytest.mark.equation("eq-flow-gradient")
def test_the_gradient_of_a_line_by_automatic_differentiation(printed: Equations) -> None:
    x = torch.tensor([[1.3], [4.1], [7.2]], dtype=torch.float64)
    a, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.4, 2.6))
    by_a, by_b = torch.autograd.grad(flow.line_loss(x, a, b), (a, b))
    printed("eq-flow-gradient").holds(
        {
            r"\frac{\partial L}{\partial b}": float(by_b),
            r"\frac{\partial L}{\partial a}": float(by_a),
            "s": math.exp(0.4),
            "N": 3,
            "z": ((x[:, 0] - 2.6) / math.exp(0.4)).tolist(),
        }
    )


@pytest.mark.equation("eq-flow-autoregressive")
def test_an_autoregressive_flow_goes_one_way_at_once_and_back_in_steps(printed: Equations) -> None:
    torch.manual_seed(5)
    masked = flow.Masked(4).double().requires_grad_(False)

    def net(x: Tensor) -> tuple[Tensor, Tensor]:
        a, b = masked(x)
        return a + 0.3, b - 0.2  # the first number, too, is scaled and shifted

    z = normal(4, seed=8)
    x = flow.one_by_one(z, net)
    back, volume = flow.all_at_once(x, net)
    torch.testing.assert_close(back, z)
    forward = torch.linalg.inv(jacobian(lambda x: flow.all_at_once(x, net)[0], x))
    assert float(volume) == pytest.approx(-float(forward.logdet()))
    torch.testing.assert_close(forward, forward.tril())
    a, b = net(x)
    printed("eq-flow-autoregressive").holds(
        {
            "z": z.tolist(),
            "x": x.tolist(),
            "a": a.tolist(),
            "b": b.tolist(),
            "J": forward.numpy(),
            "D": 4,
            "i": Each([1, 2, 3, 4]),
        },
        free=("D",),
    )
    guess = normal(4, seed=9)
    for right in range(1, 5):  # Jacobi iteration
        a, b = net(guess)
        guess = z * torch.exp(a) + b
        torch.testing.assert_close(guess[:right], x[:right])
    said("After $i$ rounds the first $i$ numbers are right, so that $D$ rounds always suffice")


@pytest.mark.equation("eq-flow-instantaneous")
def test_the_density_of_a_continuous_flow_is_that_of_the_mixture() -> None:
    means = torch.tensor([[-1.2], [0.9]], dtype=torch.float64)
    exact = matching.Mixture(means, 0.5, torch.tensor([0.3, 0.7]).double())

    def field(x: Tensor, t: float) -> Tensor:
        made: Tensor = exact.velocity(x[None], torch.tensor([t], dtype=torch.float64))[0]
        return made

    def batch(x: Tensor, t: float) -> Tensor:
        return field(x, t) if x.dim() == 1 else torch.stack([field(row, t) for row in x])

    x = torch.tensor([[-2.0], [-0.4], [1.1]], dtype=torch.float64)
    z, volume = flow.follow(batch, x, 60, back=True, middle=True)
    told = flow.log_normal(z) + volume
    known = [
        math.log(0.3 * stats.norm.pdf(v, -1.2, 0.5) + 0.7 * stats.norm.pdf(v, 0.9, 0.5))
        for v in x[:, 0].tolist()
    ]
    assert told.tolist() == pytest.approx(known, abs=2e-3)
    there, _ = flow.follow(batch, z, 60, middle=True)
    torch.testing.assert_close(there, x, atol=1e-3, rtol=0)


@pytest.mark.equation("eq-flow-trace")
def test_random_signs_estimate_the_trace(printed: Equations) -> None:
    signs = [column(torch.tensor(s).double()) for s in itertools.product((-1.0, 1.0), repeat=3)]
    matrix = normal(3, 3, seed=10)
    printed("eq-flow-trace").holds(
        {
            r"\mathbb{E}": Finite({r"\epsilon": signs}, [1 / 8] * 8),
            "A": matrix.numpy(),
            r"\operatorname{tr} A": float(sum(matrix[i, i] for i in range(3))),
        }
    )


# Where it fails.


@pytest.mark.equation("eq-flow-thread")
def test_a_gap_takes_its_share_of_the_noise(printed: Equations) -> None:
    z = np.linspace(-8, 8, 160_001)
    p = stats.norm.pdf(z) * (z[1] - z[0])
    g, steepest = 1.7, 3.0
    for slope, free in (
        (3.0, ()),
        (1.1, ("S", "g", "L", r"\Phi")),
    ):  # in the gap; beside it the map is flatter
        inside = np.abs(slope * z) < g / 2
        printed("eq-flow-thread").holds(
            {"S": float(p[inside].sum()), r"\Phi": stats.norm.cdf, "g": g, "L": steepest},
            tolerance=1e-4,
            free=free,
        )
    for slope in (10, 100):
        share = 2 * stats.norm.cdf(1 / slope) - 1
        assert f"{share:.1%}".replace("%", " %") in {"8.0 %", "0.8 %"}
    said("With a gap of 2 this is 8.0 % for the slope 10 and 0.8 % for the slope 100")


def test_the_thread_its_cures_and_their_price() -> None:
    rows = rows_of("tab-flow-thread")
    least = round(figures.entropy_of_blobs(), 6)
    for n, (_, between, loss, kept) in enumerate(rows):
        assert between == mean_and_spread(SHARE[f"setting{n}"]) + " %"
        assert loss == mean_and_spread([v - least for v in SHARE[f"loss{n}"]], 1, 3)
        if f"kept{n}" in SHARE:
            assert kept == mean_and_spread(SHARE[f"kept{n}"]) + " %"
    three = mean_and_spread(SHARE["setting5"])
    blobs = f"{100 * figures.share_of_blobs():.1f}"
    left = [f"{100 * statistics.mean(SHARE[f'kept{n}']):.1f}" for n in (0, 1, 2)]
    steep = stats.norm.pdf(0) / stats.norm.pdf(0, 2, flow.SPREAD)  # of the map by quantiles, at 0
    said(f"with the same two bumps for three blobs in a row, {three} % of the samples")
    means = [f"{100 * statistics.mean(SHARE[f'setting{n}']):.1f}" for n in range(6)]
    said(
        f"two separate blobs stay joined; {means[1]} % of samples lie between them, of the data {blobs} %",
        f"(of the data it is {blobs} %), loss",
        f"the share of the two blobs of the data, {blobs}; samples",
        f"eight layers in place of four: {means[2]} %",
        f"a base with two bumps: {means[4]} %",
        f"with two bumps for three blobs {means[5]} % lie between",
        f"With eight layers it takes {means[2]} % to {left[2]} %, with two layers "
        f"it changes next to nothing ({means[0]} % to {left[0]} %)",
        f"normal, with {blobs} % between them, so that an exact map exists; "
        f"but it needs a slope of about {round(steep, -3):,.0f} in",
    )
    ends = [
        f"{100 * end:.0f}"
        for n in range(6)
        for end in (min(SHARE[f"setting{n}"]), max(SHARE[f"setting{n}"]))
    ]
    said(
        f"2 layers {ends[0]} to {ends[1]}, 4 layers {ends[2]} to {ends[3]}, 8 layers {ends[4]} to {ends[5]}, "
        f"four layers with more noise {ends[6]} to {ends[7]}, four layers with two bumps {ends[8]} to {ends[9]}, "
        f"two bumps for three blobs {ends[10]} to {ends[11]}"
    )
    data = flow.between(flow.blobs(200_000, torch.Generator().manual_seed(3)))
    assert data.double().mean() == pytest.approx(figures.share_of_blobs(), abs=6e-4)
    tail = stats.norm.cdf(-1 / flow.SPREAD) - stats.norm.cdf(-3 / flow.SPREAD)
    assert figures.share_of_blobs() == pytest.approx(tail)
    assert len(SHARE["seed"]) == figures.SEEDS == 8


@pytest.mark.equation("eq-flow-dequantised")
def test_noise_on_whole_numbers_gives_a_bound(printed: Equations) -> None:
    u = ((torch.arange(200) + 0.5) / 200).tolist()
    for mean, s, free in ((3.4, 0.29, ("k", "p")), (-20.0, 60.0, ("k", "p"))):  # far, near
        density = stats.norm(mean, s).pdf
        printed("eq-flow-dequantised").holds(
            {r"\mathbb{E}": Finite({"u": u}, [1 / 200] * 200), "p": density, "k": 3.0},
            free=free,
        )
    for s, loss in ((1.0, "0.92"), (0.1, "−1.38"), (0.01, "−3.69")):
        x = torch.full((4, 1), 3.0, dtype=torch.float64)
        found = flow.line_loss(x, torch.tensor(s).double().log(), torch.tensor(3.0))
        assert f"{float(found):.2f}".replace("-", "−") == loss
    said("has the loss 0.92 for $s = 1$, −1.38 for $s = 0.1$ and −3.69 for $s = 0.01$")
    best = math.sqrt(1 / 12)
    spread = 3 + (torch.arange(20_000).double()[:, None] + 0.5) / 20_000
    bound = float(flow.line_loss(spread, torch.tensor(best).double().log(), torch.tensor(3.5)))
    exact = -math.log(2 * stats.norm.cdf(0.5 / best) - 1)
    said(
        f"With the shift 3.5, the middle of the noise, the best scale is {best:.3f}, the standard deviation of $u$, "
        f"and the loss {bound:.3f} nats; the exact value for this map is {exact:.3f}",
        f"That is the price, here {bound - exact:.2f} nats.",
    )


def worst(most: float, layers: int, dtype: torch.dtype, seed: int) -> float:
    """Decimal logarithm of the largest error of the way back."""
    nets = [net.float().to(dtype) for net in networks(1, layers, most, 6.0, seed)]
    z = torch.randn(200, 2, generator=torch.Generator().manual_seed(seed)).to(dtype)
    x, _ = flow.generate(z, nets)
    return math.log10(float((flow.normalise(x, nets)[0] - z).abs().max()))


def test_rounding_spoils_the_inverse_of_deep_and_steep_maps() -> None:
    kinds = ((8, torch.float32), (32, torch.float32), (32, torch.float64))
    found = {
        (most, *kind): [worst(most, *kind, seed) for seed in range(8)]
        for most in (0.5, 2.0, 4.0)
        for kind in kinds
    }
    for row in rows_of("tab-flow-rounding"):
        for cell, kind in zip(row[1:], kinds, strict=True):
            mean, spread = (float(part.replace("−", "-")) for part in cell.split("±"))
            values = found[(float(row[0]), *kind)]
            assert statistics.mean(values) == pytest.approx(mean, abs=0.35)
            assert statistics.stdev(values) == pytest.approx(spread, abs=0.35)
    assert max(found[(4.0, 32, torch.float32)]) > 0
    for kind in kinds[1:]:  # a smaller limit helps, seed by seed
        for a, b in zip(found[(0.5, *kind)], found[(4.0, *kind)], strict=True):
            assert a < b
    said("With 32 layers and a limit of 4 the worst seed is wrong by more than 1.")
    said(f"scales no number by more than $e^{{0.5}} = {math.exp(0.5):.2f}$")


@pytest.mark.equation("eq-flow-euler")
def test_long_euler_steps_lose_mass(printed: Equations) -> None:
    printed("eq-flow-euler").holds({"M_n": figures.claimed(3, False), "n": 3}, tolerance=1e-5)
    for name, at, digits in (("euler", 2, 3), ("midpoint", 1, 3)):
        value = f"{EULER[name][at]:.{digits}f}"
        assert value == {"euler": "0.948", "midpoint": "0.989"}[name]
    said("Four Euler steps give 0.948, two midpoint steps, with four calls too, 0.989.")
    said("after four Euler steps the density sums to 0.95")
    e, m = ([f"{v:.2f}" for v in EULER[name]] for name in ("euler", "midpoint"))
    said(
        f"Euler rises from {e[0]} at 1 step over {e[1]}, {e[2]}, {e[3]} and {e[4]} to {e[5]} at 32; "
        f"the midpoint method from {m[0]} over {m[1]} to {m[2]}"
    )


def test_a_typical_noise_is_far_less_dense_than_zero() -> None:
    z = normal(200, 3072, seed=11)
    lower = flow.log_normal(torch.zeros(3072)) - flow.log_normal(z)
    assert float(lower.mean()) == pytest.approx(1536, abs=8)
    assert lower.min() > 1300
    said(
        "its log density is 1,536 nats above that of a typical noise, whose squared length is about 3,072"
    )


# The example.


def test_one_number_by_pencil() -> None:
    share = stats.norm.cdf(1.5) - stats.norm.cdf(0.5)
    x = torch.tensor([[5.0]], dtype=torch.float64)
    density = math.exp(
        -float(flow.line_loss(x, torch.tensor(2.0).double().log(), torch.tensor(3.0)))
    )
    said(
        f"between 0.5 and 1.5 with the probability {share:.3f}",
        f"the density at 5 is about $0.242 / 2 = {density:.3f}$",
        f"$e^{{-1/2}} / \\sqrt{{2 \\pi}}$, is {stats.norm.pdf(1):.3f} too",
    )
    log_p, samples = practice.line(torch.tensor([5.0, 1.0]))
    assert log_p.exp()[0].item() == pytest.approx(density)
    assert samples.shape == (5,)


def test_a_step_of_training_by_pencil() -> None:
    x = torch.tensor(flow.DATA, dtype=torch.float64)[:, None]
    a, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (math.log(2), 2.0))
    loss = flow.line_loss(x, a, b)
    by_a, by_b = torch.autograd.grad(loss, (a, b))
    assert (float(by_a), float(by_b)) == pytest.approx((-0.25, -0.25))
    after = flow.line_loss(x, a - by_a, b - by_b)
    least = flow.line_loss(x, torch.tensor(2.0).double().log(), torch.tensor(3.0))
    z = [(value - 2) / 2 for value in flow.DATA]
    mean, square = statistics.mean(z), statistics.mean(value**2 for value in z)
    said(
        f"it is $-{mean} / 2 = {float(by_b)}$",
        f"it is $1 - {square} = {float(by_a):.2f}$",
        f"Together this is {float(loss):.3f}.",
        f"the scale $2 e^{{0.25}} = {2 * math.exp(0.25):.2f}$, and to the loss {float(after):.3f}",
        f"the gradient is zero and the loss is {float(least):.3f}",
        f"$\\frac12 \\log(2 \\pi) = {0.5 * math.log(2 * math.pi):.3f}$",
        f"$\\log 2 = {math.log(2):.3f}$",
    )


def test_two_numbers_by_pencil() -> None:
    middle, _ = flow.generate(POINT, flow.EXAMPLE[:1])
    x, volume = flow.generate(POINT, flow.EXAMPLE)
    assert middle.tolist() == pytest.approx([1, 2])
    assert x.tolist() == pytest.approx([5, 2])
    assert float(volume.exp()) == pytest.approx(4)
    p = float(flow.log_normal(POINT).exp())
    loss = -float(flow.log_density(x, flow.EXAMPLE))
    said(
        f"$0.242 \\cdot 0.352 = {p:.4f}$",
        f"$0.0852 / 4 = {p / 4:.4f}$; the loss is $-\\log 0.0213 = {loss:.2f}$",
    )


def test_the_example_as_a_continuous_flow() -> None:
    x, volume = flow.follow(flow.doubling, torch.tensor([[1.0]]).double(), 200, middle=True)
    assert x.item() == pytest.approx(5, abs=1e-4)
    assert volume.item() == pytest.approx(math.log(2))
    said("from noise to data the log density changes by $-0.693$")


def test_the_program_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch.optim.Adam, "step", lambda self: None
    )  # its training is that of the figures
    runpy.run_path(str(PAGE.with_suffix("") / "flow.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "[1.0, 0.5] to [5.0, 2.0], volume 4.00, back to [1.0, 0.5]" in out
    assert "density there 0.0213, sum over a grid 1.0000" in out


def test_training_raises_the_likelihood() -> None:
    nets = networks(1, 2, seed=6)
    parameters = [p.requires_grad_() for net in nets for p in net.parameters()]
    draw = torch.Generator().manual_seed(0)
    x = flow.blobs(256, draw).double()
    before = float(flow.log_density(x, nets).mean().detach())
    flow.train(nets, parameters, lambda: x, 25)
    assert float(flow.log_density(x, nets).mean().detach()) > before + 0.3


# The demo.


def wave(kept: Tensor) -> tuple[Tensor, Tensor]:
    """Sines, as the demo has them."""
    return torch.sin(3 * kept), 2 * torch.sin(2 * kept)


def jumps(kept: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers, as the demo has them."""
    return torch.zeros_like(kept), (kept + 1 / 3).floor()


def partly(net: flow.Net, share: float) -> flow.Net:
    """A layer that is applied in part."""

    def made(kept: Tensor) -> tuple[Tensor, Tensor]:
        a, b = net(kept)
        return share * a, share * b

    return made


def none(kept: Tensor) -> tuple[Tensor, Tensor]:
    """Nothing is changed."""
    return torch.zeros_like(kept), torch.zeros_like(kept)


def summed(nets: list[flow.Net], reach: float, cells: int) -> float:
    """The density summed over the image of a square of noise, whose rows are as wide as layer 2 makes them."""
    middle = (torch.arange(cells).double() + 0.5) * (2 * reach / cells) - reach
    edges = torch.cartesian_prod(middle, torch.tensor([-reach, reach], dtype=torch.float64))
    low, high = flow.generate(edges, nets[:1])[0][:, 1].aminmax()
    rows = low + (torch.arange(cells).double() + 0.5) * (high - low) / cells
    a, b = nets[1](rows[:, None])
    x = torch.stack([torch.exp(a) * middle + b, rows[:, None].expand(-1, cells)], -1)
    each = flow.log_density(x, nets).exp() * torch.exp(a) * (2 * reach / cells)
    return float(each.sum() * (high - low) / cells)


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    nets: dict[str, flow.Net] = {
        "bend": flow.bend,
        "height": flow.height,
        "wave": wave,
        "jumps": jumps,
        "none": none,
    }
    cases: list[dict[str, object]] = []
    for names, applied in (
        *((list(pair), 2.0) for pair in itertools.product(nets, repeat=2)),
        (["bend", "height"], 1.3),
        (["jumps", "wave"], 0.6),
    ):
        made = [
            partly(nets[n], s)
            for n, s in zip(names, (min(applied, 1), max(applied - 1, 0)), strict=True)
        ]
        for z in ([1.0, 0.5], [-1.35, 0.8]):
            at = torch.tensor(z, dtype=torch.float64)
            x, volume = flow.generate(at, made)
            middle, _ = flow.generate(at, made[:1])
            told = {"x": x.tolist(), "middle": middle.tolist(), "volume": float(volume)}
            cases.append({"function": "generate", "args": [z, names, applied], "returns": told})
            back, home = flow.normalise(x, made)
            told = {"z": back.tolist(), "volume": float(home)}
            cases.append(
                {"function": "normalise", "args": [x.tolist(), names, applied], "returns": told}
            )
        whole = summed(made, 3.5, 60)
        assert whole == pytest.approx(1, abs=0.002)  # 1.00 in the demo, whose grid is finer
        cases.append({"function": "mass", "args": [names, applied, 3.5, 60], "returns": whole})
    return {"module": "models/flow/flow.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


# The exercises.


@pytest.mark.answer("answer-flow-point")
def test_exercise_1_another_noise(answer: Bench) -> None:
    x, volume = flow.generate(torch.tensor([-1.0, 0.5]).double(), flow.EXAMPLE)
    wrong = (3 + 2 * -1, 0.5 * 2 + 1, 4)
    answer("answer-flow-point").is_((*x.tolist(), float(volume.exp())), wrong)


@pytest.mark.answer("answer-flow-fit")
def test_exercise_2_the_best_line(answer: Bench) -> None:
    data = np.array([2.0, 4.0, 9.0])
    x = torch.tensor(data)[:, None]
    a, b = torch.tensor(data.std()).log(), torch.tensor(data.mean())
    least = flow.line_loss(x, a, b)
    for da, db in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05)):
        assert flow.line_loss(x, a + da, b + db) > least
    answer("answer-flow-fit").is_((data.mean(), data.std()), (data.mean(), data.std(ddof=1)))


@pytest.mark.answer("answer-flow-gap")
def test_exercise_3_the_least_thread(answer: Bench) -> None:
    answer("answer-flow-gap").is_(
        2 * stats.norm.cdf(3 / (2 * 5)) - 1, 2 * stats.norm.cdf(3 / 5) - 1
    )


@pytest.mark.answer("answer-flow-random")
def test_exercise_4_large_random_answers(answer: Bench) -> None:
    nets = networks(1, 2, most=3.0, gain=10.0, seed=7)
    z = normal(200, 2, seed=12)
    x, volume = flow.generate(z, nets)
    torch.testing.assert_close(flow.normalise(x, nets)[0], z, atol=1e-8, rtol=0)
    full = torch.stack([jacobian(lambda z: flow.generate(z, nets)[0], row) for row in z[:5]])
    torch.testing.assert_close(full.logdet(), volume[:5])
    answer("answer-flow-random").is_(
        "Neither the inverse nor the exact density; only the fit to data, and some digits."
    )


@pytest.mark.answer("answer-flow-swap")
def test_exercise_5_the_layers_swapped(answer: Bench) -> None:
    x, _ = flow.generate(POINT, [flow.height, flow.bend])
    answer("answer-flow-swap").is_(x.tolist(), flow.generate(POINT, flow.EXAMPLE)[0].tolist())


@pytest.mark.answer("answer-flow-euler")
def test_exercise_6_four_steps(answer: Bench) -> None:
    x, _ = flow.follow(flow.doubling, torch.tensor([[1.0]]).double(), 4)
    answer("answer-flow-euler").is_((x.item(), 2 * 4 - 3), (5, 5))
