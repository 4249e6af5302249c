"""State-space layers: hold, recurrence, convolution, scan, HiPPO and selection against SciPy; bytes; the demo."""

import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.signal import cont2discrete, lfilter
from scipy.special import eval_legendre
from torch import Tensor

from scripts.figures import state_space as figures
from scripts.figures import style
from scripts.printed.values import Each, From
from tests import golden as shared
from tests.draws import normal as draw
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = style.DOCS / "architectures" / "state-space.md"
FOLDER = PAGE.with_suffix("")
GOLDEN = Path(__file__).with_name("state-space.golden.json")
ssm = import_module("docs.architectures.state-space.state_space")
pytestmark = pytest.mark.usefixtures("one_thread")
said = sayings(PAGE)
rows_of = tables(PAGE)


def cup(step: float) -> tuple[Tensor, Tensor]:
    """What the cup keeps and takes in a step."""
    one = torch.ones(1).double()
    keep, take = ssm.hold(ssm.RATE * one, -ssm.RATE * one, step * one)
    return keep, take


# The hold, and one recurrence in three forms.


@pytest.mark.equation("eq-state-space-hold")
def test_the_hold_is_that_of_scipy_and_of_the_solved_equation(printed: Equations) -> None:
    a, b, step, x = -0.7, 1.3, 0.9, 2.4
    keep, take = (float(n) for n in ssm.hold(*map(torch.tensor, (a, b, step))))
    known = cont2discrete(tuple(np.array([[n]]) for n in (a, b, 1, 0)), step, method="zoh")
    assert (keep, take) == pytest.approx((known[0].item(), known[1].item()), rel=1e-6)
    before = 1.7
    # the state and a constant input as one system without input
    after = (expm(np.array([[a, b], [0, 0]]) * step) @ [before, x])[0]
    printed("eq-state-space-hold").holds(
        {"h": From(0, [before, after]), "a": a, "b": b, r"\Delta": step, "x": [x], "t": Each([1])}
    )


def test_the_hold_of_a_matrix_as_told() -> None:
    a, b = -np.eye(3) + 0.3 * draw(3, 3).numpy(), draw(3, 1, seed=1).numpy()
    keep, take, *_ = cont2discrete((a, b, np.ones((1, 3)), np.zeros((1, 1))), 0.6, method="zoh")
    np.testing.assert_allclose(expm(a * 0.6), keep)
    np.testing.assert_allclose(np.linalg.inv(a) @ (keep - np.eye(3)) @ b, take)
    said("$\\bar A = e^{A \\Delta}$ and $\\bar B = A^{-1} (\\bar A - I) B$")


@pytest.mark.equation("eq-state-space-forms")
def test_a_linear_recurrence_is_a_convolution_with_its_kernel(printed: Equations) -> None:
    steps, width = 9, 3
    a = torch.linalg.qr(draw(width, width, seed=16))[0] * 0.8
    b, c, x = draw(width, seed=17), draw(width, seed=18), draw(steps, seed=19)
    states = [torch.zeros(width).double()]
    for t in range(steps):
        states.append(a @ states[-1] + b * x[t])
    weights = [float(c @ torch.linalg.matrix_power(a, s) @ b) for s in range(steps)]
    printed("eq-state-space-forms").holds(
        {
            r"\mathbf{h}": From(0, columns(torch.stack(states))),
            r"\bar A": a,
            r"\bar B": column(b),
            "C": column(c).T,
            "x": x,
            "y": np.convolve(weights, x.numpy())[:steps],
            "t": Each([1, 4, 9]),
        }
    )


def test_steps_convolution_and_scan_agree() -> None:
    n, length = 5, 300
    keep, take, c = torch.rand(n).double() * 0.6 + 0.399, draw(n), draw(n, seed=1)
    x = draw(length, seed=2)
    by_steps = ssm.steps(keep, take, c, x)
    weights = ssm.kernel(keep, take, c, length)
    by_kernel = ssm.convolve(weights, x)
    by_scan = ssm.scan(keep.expand(length, n), take * x[:, None]) @ c
    known = sum(
        c[i].item() * lfilter([take[i].item()], [1, -keep[i].item()], x.numpy()) for i in range(n)
    )
    for y in (by_steps, by_kernel, by_scan):
        np.testing.assert_allclose(y, known, rtol=1e-6, atol=1e-6)
    assert abs(float(weights[299])) > 0  # the longest distance counts
    said("agree to $10^{-6}$ and better in a test, on random rates and inputs of 300 steps")


def test_a_scan_with_a_pair_of_its_own_at_each_step() -> None:
    for length in (1, 2, 7, 64, 100):
        keep, add = torch.rand(length, 2, 3).double(), draw(length, 2, 3)
        h, out = torch.zeros(2, 3).double(), []
        for t in range(length):
            h = keep[t] * h + add[t]
            out.append(h)
        torch.testing.assert_close(ssm.scan(keep, add), torch.stack(out))


@pytest.mark.equation("eq-state-space-join")
def test_two_steps_are_one(printed: Equations) -> None:
    a, u = (0.7, -0.3), (1.9, 0.6)
    start = 2.3
    keep, add = ssm.join((a[0], u[0]), (a[1], u[1]))
    middle = a[0] * start + u[0]
    assert keep * start + add == pytest.approx(a[1] * middle + u[1])
    printed("eq-state-space-join").holds(
        {"h": From(0, [start, middle, keep * start + add]), "a": a, "u": u}
    )


def test_the_example_as_told() -> None:
    keep, take = cup(1)
    x, one = torch.tensor(ssm.SIGNAL).double(), torch.ones(1).double()
    states = ssm.steps(keep, take, one, x).tolist()
    assert (keep.item(), take.item()) == pytest.approx((1 / 2, 1 / 2))
    assert states == pytest.approx([4, 2, 1, 2.5])
    weights = ssm.kernel(keep, take, one, 4).tolist()
    assert weights == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 16])
    half = ssm.join((1 / 2, 4.0), (1 / 2, 0.0)), ssm.join((1 / 2, 0.0), (1 / 2, 2.0))
    assert half == ((1 / 4, 2), (1 / 4, 2))
    assert ssm.join(*half) == (1 / 16, 2.5)
    assert [cup(n)[0].item() for n in (2, 4)] == pytest.approx([1 / 4, 1 / 16])
    noisy = torch.tensor([8.0, 3, 1, 4]).double()
    assert ssm.steps(keep, take, one, noisy).tolist() == pytest.approx([4, 3.5, 2.25, 3.125])
    chosen = torch.tensor([3.0, 0, 0, 0]).double()
    factors, taken = ssm.hold(torch.tensor(ssm.RATE), torch.tensor(-ssm.RATE), chosen)
    assert ssm.scan(factors, taken * noisy).tolist() == pytest.approx([7, 7, 7, 7])
    ones = torch.ones(4, 1).double()
    mask = ssm.decay(ssm.RATE * ones[:, 0])
    assert mask[3].tolist() == pytest.approx([1 / 8, 1 / 4, 1 / 2, 1])
    assert (take * x).tolist() == pytest.approx([4, 0, 0, 2])
    read = ssm.masked(ones, ones, (take * x)[:, None], ssm.RATE * ones[:, 0])
    assert read.flatten().tolist() == pytest.approx([4, 2, 1, 2.5])
    table = style.read_table(FOLDER / "diagram.csv")
    assert (table["x"], table["y"]) == ([8, 0, 0, 4], [4, 2, 1, 2.5])
    curve = style.read_table(FOLDER / "held.csv")["state"]
    assert curve[figures.FINE :: figures.FINE] == pytest.approx([4, 2, 1, 2.5])
    second = ssm.steps(*cup(2), one, x)[0].item()
    said(
        "The inputs arrive once a second: 8, 0, 0, 4.",
        "With the input 0 the state is halved in a second: it *keeps* 1/2.",
        "so from 0 the state rises to half of $x$: it *takes* 1/2.",
        "So each state is half of the last one plus half of the input:",
        "and half of the difference is gone after each second",
        "If a token stands for two seconds, half of a half",
        "$8/2 = 4$, then $4/2 = 2$, then 1, then $1/2 + 4/2 = 2.5$",
        "half of a half is kept, $1/4$, and the rest is taken, $3/4$",
        "$4 \\cdot \\tfrac12 + 0 \\cdot \\tfrac14 + 0 \\cdot \\tfrac18 + 8 \\cdot \\tfrac1{16} = 2 + 0.5 = 2.5$",
        "With step 1 throughout, the states are 4, 3.5, 2.25, 3.125.",
        "keep $1/8$ and take $7/8$, so the states are 7, 7, 7, 7",
        f"the first output becomes {second:.0f}, which is $8 \\cdot 3/4$",
        "so four steps need two rounds, and 1,024 need ten",
        "**As steps**: 4, 2, 1, 2.5, each waiting",
        "An input of 1 leaves $1/2$ at once, $1/4$ one step later, then $1/8$, $1/16$.",
        "keep $\\tfrac12 \\cdot \\tfrac12$, and add half of the first addition to the second",
        "marked by bold, and noise: **8**, 3, 1, 4.",
        "Only 0.5 of the last one comes from the 8, which is $8/16$.",
        "depend on the token: 3 seconds at a mark, 0 at noise. Three seconds keep",
        "to `2 * one`, two seconds: the first output",
        "In the example, where half of each input is written, 4, 0, 0 and 2, the last"
        " output is $\\tfrac18 \\cdot 4 + \\tfrac14 \\cdot 0"
        " + \\tfrac12 \\cdot 0 + 1 \\cdot 2 = 2.5$.",
        "x = 8, 0, 0, 4 goes through a convolution with the kernel 1/2, 1/4, 1/8, 1/16, a scan, or"
        " masked attention without softmax, and each gives y = 4, 2, 1, 2.5]",
        "$a$ chosen so that keep is 1/2, $b$ so that take is 1/2, and $c = 1$",
        "8 in the first second, 0 in the second and third, 4 in the fourth."
        " The state rises from 0 to 4, falls to 2 and 1, and rises to 2.5;",
    )
    assert math.log2(1024) == 10


@pytest.mark.equation("eq-state-space-mean")
def test_one_number_of_hippo_is_the_mean(printed: Equations) -> None:
    x = draw(7)
    means = [float(x[: t + 1].mean()) for t in range(7)]
    printed("eq-state-space-mean").holds({"m": means, "x": x, "t": Each([3, 7])})
    a, b = ssm.hippo(1)
    assert (a.item(), b.item()) == (1, 1)
    assert ssm.compress(torch.ones(1), 1).item() == pytest.approx(2 / 3)
    said("with one number and a first input of 1 it gives 2/3.")


def test_hippo_keeps_the_projections_on_legendre_polynomials() -> None:
    n, length = 6, 4000
    at = (torch.arange(length).double() + 0.5) / length
    found = ssm.compress(torch.sin(9 * at) + 0.5 * torch.cos(23 * at), n)
    for i in range(n):
        known, _ = quad(
            lambda s, i=i: (
                (math.sin(9 * s) + 0.5 * math.cos(23 * s))
                * math.sqrt(2 * i + 1)
                * eval_legendre(i, 2 * s - 1)
            ),
            0,
            1,
        )
        assert found[i].item() == pytest.approx(known, abs=3e-3)
    rows = ssm.legendre(n, 50)
    z = (2 * np.arange(50) + 1) / 50 - 1
    for i in range(n):
        np.testing.assert_allclose(rows[i], eval_legendre(i, z) * math.sqrt(2 * i + 1))


def test_what_is_read_back_from_few_numbers() -> None:
    table = style.read_table(FOLDER / "hippo.csv")
    away = {n: np.abs(np.subtract(table[f"{n} numbers"], table["signal"])) for n in figures.SIZES}
    assert away[20][4:].max() < 0.05  # near its beginning it is farther off
    assert away[20][0] > 0.1
    assert np.ptp(table["2 numbers"]) < 0.2
    assert away[6].mean() < away[2].mean() / 2
    said(f"{figures.LENGTH} inputs, read once", "what is read back from 2, 6 and 20 numbers")


# Selection and duality.


@pytest.mark.equation("eq-state-space-gate")
def test_the_step_is_a_gate(printed: Equations) -> None:
    z = torch.tensor(0.8).double()
    step = torch.nn.functional.softplus(z)
    keep, take = ssm.hold(-torch.ones(()), torch.ones(()), step)
    gate = torch.sigmoid(z)
    torch.testing.assert_close(torch.stack([keep, take]), torch.stack([1 - gate, gate]))
    printed("eq-state-space-gate").holds(
        {r"\Delta": step.item(), "z": z.item(), r"\sigma": lambda n: 1 / (1 + np.exp(-n))}
    )


def test_a_selective_layer_step_by_step() -> None:
    length, d, n = 11, 4, 3
    x, a = draw(length, d), -torch.rand(d, n).double() - 0.1
    weights = {
        "step": draw(d, d, seed=1),
        "bias": draw(d, seed=2),
        "b": draw(n, d, seed=3),
        "c": draw(n, d, seed=4),
    }
    h = np.zeros((d, n))
    out = np.zeros((length, d))
    for t in range(length):
        step = np.log1p(np.exp(weights["step"].numpy() @ x[t].numpy() + weights["bias"].numpy()))
        b, c = (weights[name].numpy() @ x[t].numpy() for name in "bc")
        for i in range(d):
            for j in range(n):
                rate = a[i, j].item()
                factor = math.exp(rate * step[i])
                h[i, j] = factor * h[i, j] + (factor - 1) / rate * b[j] * x[t, i].item()
            out[t, i] = h[i] @ c
    torch.testing.assert_close(ssm.selective(x, a, weights), torch.tensor(out))


@pytest.mark.equation("eq-state-space-bytes")
def test_the_bytes_are_those_of_tensors(printed: Equations) -> None:
    layers, d, n, others, g, w, tokens = 3, 5, 7, 4, 6, 8, 9
    state = [torch.zeros(d, n).half() for _ in range(layers)]
    cache = [torch.zeros(2, g, tokens, w).half() for _ in range(others)]
    sizes = [sum(x.numel() * x.element_size() for x in kept) for kept in (state, cache)]
    assert sizes == [ssm.state_bytes(layers, d, n), ssm.cache_bytes(others, g, w, tokens)]
    printed("eq-state-space-bytes").holds(
        {
            r"\text{state}": sizes[0],
            r"\text{cache}": sizes[1],
            "L": layers,
            "L'": others,
            "D": d,
            "N": n,
            "G": g,
            "W": w,
            "n": tokens,
            "p": 2,
        }
    )


def test_a_state_against_a_cache_as_told() -> None:
    mib = ssm.state_bytes(64, 5120, 16) / 2**20
    kib = ssm.cache_bytes(32, 8, 128, 1) / 2**10
    said(
        "[state of a model with 64 layers, 5,120 channels and $N = 16$](#bytes) has"
        f" {mib:.0f} MiB for a text",
        f"at {kib:.0f} KiB a token has as much after {mib * 1024 / kib:.0f} tokens",
    )
    table = style.read_table(FOLDER / "memory.csv")
    assert set(table["state"]) == {mib}
    crossed = [n for n, size in zip(table["tokens"], table["cache"], strict=True) if size > mib]
    assert crossed[0] == 128
    assert table["cache"][0] == 0.125
    said(
        "MiB against tokens from 1 to 131,072",
        "the state has 64 layers, 5,120 channels and $N = 16$, as in the largest Mamba of its paper;"
        " the cache has 32 layers with 8 heads of width 128.",
        f"short convolution keeps, {64 * 5120 * 4 * 2 / 2**20:.1f} MiB, are not counted",
        "level at 10 MiB; the cache rises from 0.125 MiB and crosses it between 64 and 128 tokens",
    )


def golden() -> dict[str, Any]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, Any]] = []
    rates = ((ssm.RATE, -ssm.RATE, 1.0), (-0.4, 0.9, 2.5), (-3.0, 3.0, 0.25))
    for numbers in rates:
        kept = [float(n) for n in ssm.hold(*(torch.tensor(n).double() for n in numbers))]
        cases.append({"function": "hold", "args": list(numbers), "returns": kept})
    for length in (1, 4, 7):
        keep, add = (
            torch.rand(length, generator=torch.Generator().manual_seed(1)).double(),
            draw(length),
        )
        row = torch.stack([keep, add], 1).tolist()
        states = ssm.scan(keep, add).tolist()
        cases.append({"function": "steps", "args": [row], "returns": states})
        shares = (ssm.decay(keep.log())[-1] * add).tolist()
        cases.append({"function": "weights", "args": [row], "returns": shares})
    pairs = [[1 / 2, 4.0], [1 / 2, 0.0], [1 / 2, 0.0], [1 / 2, 2.0]]
    first = [pairs[0], *(list(ssm.join(*two)) for two in itertools.pairwise(pairs))]
    last = [*first[:2], *(list(ssm.join(first[t - 2], first[t])) for t in (2, 3))]
    cases.append({"function": "scan", "args": [pairs], "returns": [pairs, first, last]})
    sums = "architectures/state-space/state-space.mjs"
    return {"module": sums, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "state_space.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.count("4.000 2.000 1.000 2.500") == 3
    assert float(out.rsplit(maxsplit=1)[-1]) < 1e-10
