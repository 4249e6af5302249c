"""The claims of docs/architectures/feed-forward.md: the pencil, the layer against PyTorch, gradients, the stream."""

import math
import re
import runpy
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from scripts.figures import feed_forward as figures
from scripts.figures import style
from scripts.printed.values import Finite
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

layer = import_module("docs.architectures.feed-forward.feed_forward")
swiglu = import_module("docs.architectures.feed-forward.swiglu")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "feed-forward.md"
DATA = PAGE.parent / "feed-forward"
said = sayings(PAGE)
rows_of = tables(PAGE)
UP, BIAS, DOWN = (torch.tensor(v) for v in (layer.UP, layer.BIAS, layer.DOWN))
FRANCE, ITALY, ALONE = (torch.tensor(v) for v in (layer.FRANCE, layer.ITALY, (0.0, 1.0, 0.0)))


def column(x: Tensor) -> np.ndarray:
    """A vector as a column."""
    return x.detach().numpy()[:, None]


def numbers(cell: str) -> list[float]:
    """The numbers of a cell such as (0, 0, −1)."""
    return [float(part) for part in cell.replace("−", "-").strip("()").split(",")]


# The example, by pencil.


def test_the_rows_and_units_of_the_example() -> None:
    rows = [[numbers(cell)[0] for cell in row[1:]] for row in rows_of("tab-feed-forward-example")]
    assert [tuple(row) for row in rows] == [layer.FRANCE, layer.ITALY, (0, 1, 0)]
    units = [[numbers(cell) for cell in row[1:]] for row in rows_of("tab-feed-forward-units")]
    assert [unit[0] for unit in units] == UP.tolist()
    assert [unit[1][0] for unit in units] == BIAS.tolist()
    assert [unit[2] for unit in units] == DOWN.T.tolist()


def test_the_example_forwards() -> None:
    library = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 3, bias=False))
    library.load_state_dict({"0.weight": UP, "0.bias": BIAS, "2.weight": DOWN})
    for x, before, hidden, after in (
        (FRANCE, [1, -1], [1, 0], [1, 1, 1]),
        (ITALY, [-1, 1], [0, 1], [1, -1, -1]),
        (ALONE, [0, -2], [0, 0], [0, 1, 0]),
        (torch.tensor([1.0, 0, 0]), [0, 0], [0, 0], [1, 0, 0]),
        (torch.zeros(3), [-1, -1], [0, 0], [0, 0, 0]),
    ):
        got = layer.forward(x, UP, BIAS, DOWN)
        assert [v.tolist() for v in got[:2]] == [before, hidden]
        assert (x + got[2]).tolist() == (x + library(x)).tolist() == after
        assert torch.equal(layer.memory(x, UP, BIAS, DOWN.T), got[2])
    said("unit 1 computes $1 \\cdot 1 + 1 \\cdot 1 + 0 \\cdot 0 - 1 = 1$, and unit 2 computes")
    said("$1 \\cdot 1 - 1 \\cdot 1 + 0 \\cdot 0 - 1 = -1$", "makes 0 of all else: 1 and 0.")
    said("1 times (0, 0, 1) and 0 times (0, 0, −1) give (0, 0, 1).")
    said("$(1, 1, 0) + (0, 0, 1) = (1, 1, 1)$: the city is Paris")
    said("the row becomes $(1, -1, -1)$: Rome", "compute $1 - 1 = 0$ and $-1 - 1 = -2$; both")
    said("the row x = (1, 1, 0) runs along the residual stream", "the biases give (1, −1), ReLU")
    said(
        "ReLU makes (1, 0) of it, called h, the matrix down makes (0, 0, 1), which is added; the new"
    )
    said("the new stream is (1, 1, 1)")
    said("For $(0, 0, 0)$ both compute $0 - 1 = -1$ and are off too.")
    drawn = style.read_table(DATA / "diagram.csv")
    assert drawn["after"] == [1, 1, 1]
    assert drawn["hidden"][:2] == [1, 0]


def test_no_sum_is_an_and() -> None:
    states = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    design = np.c_[states, np.ones(4)]
    wanted = states.prod(1)
    best, rest, *_ = np.linalg.lstsq(design, wanted, rcond=None)
    assert rest[0] / 4 == pytest.approx(1 / 16)
    assert np.abs(design @ best - wanted) == pytest.approx(1 / 4)
    said("errs by ¼ in each of the four cases")
    said("for $(0, 0, 0)$, the constant is 0; if", "it writes $0 + 0 = 0$ for both together")
    # With a constant three of the four cases are no obstacle: only the fourth, (0, 0), is.
    assert (design[1:] @ [1, 1, -1] == wanted[1:]).all()
    said("an *and* of two inputs for all four combinations of 0 and 1")


def test_the_curves_by_pencil() -> None:
    one, minus = torch.tensor(1.0), torch.tensor(-1.0)
    g, s = layer.gelu, layer.silu
    said(f"GELU makes {g(one):.2f} of 1 and −{-g(minus):.2f} of −1, SiLU {s(one):.2f} and")
    said(f"SiLU {s(one):.2f} and −{-s(minus):.2f}.")
    said(f"writes $0.84 \\cdot 1 - 0.16 \\cdot (-1) = {0.84 + 0.16:.2f}$ for France, and for")
    assert layer.forward(FRANCE, UP, BIAS, DOWN, g)[2][2] == pytest.approx(1)
    little = layer.forward(ALONE, UP, BIAS, DOWN, g)[2][2]
    said(f"and for *France* alone a little, {little:.2f}.")
    said(f"France still writes 1; *France* alone writes {little:.2f}.")


def test_the_gate_by_pencil() -> None:
    gates = [torch.tensor(v) for v in (layer.GATE, layer.GATED_UP, layer.GATED_DOWN)]
    for x, city in ((FRANCE, 1), (ITALY, -1), (ALONE, 0)):
        assert layer.gated(x, *gates, torch.relu).tolist() == [0, 0, city]
    said("$1 \\cdot 1 = 1$, Italy $1 \\cdot (-1) = -1$, and *France* alone $0 \\cdot 1 = 0$")
    soft = float(layer.gated(FRANCE, *gates)[2])
    assert layer.gated(ITALY, *gates)[2] == pytest.approx(-soft)
    said(f"[^shazeer2020glu], it is {soft:.2f} and −{soft:.2f}.")
    said(f"the matrix down makes (0, 0, {soft:.3f}), which is to be added")
    rows = rows_of("tab-feed-forward-systems")
    late = [row for row in rows if int(row[0].split("[")[0].split(", ")[-1]) >= 2022]
    assert len([row for row in late if row[4].startswith("SwiGLU")]) > len(late) / 2
    said("Most [models since 2022]")


def test_learning_by_pencil() -> None:
    down = torch.zeros(3, 2)
    for wanted in (1 / 2, 3 / 4, 7 / 8):
        down = layer.learn(FRANCE, 1.0, down)
        assert down.tolist() == [[0, 0], [0, 0], [wanted, 0]]
    assert layer.RATE == 0.5
    said("so the error is $0 - 1 = -1$", "$0 + 0.5 \\cdot 1 \\cdot 1 = 0.5$")
    said("a second step leads to ¾, a third to ⅞", "With rate ½, the value")
    said(
        "a matrix down with the values 0, 0; the city is predicted as 0 and should be 1; the error −1"
    )
    said("the values become (0.5, 0).")
    x = FRANCE.double().requires_grad_()
    known = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    after = x + torch.relu(UP.double() @ x + BIAS.double()) @ known.T
    (slope,) = torch.autograd.grad((after[2] - 1) ** 2 / 2, known)
    assert (-0.5 * slope).tolist() == [[0, 0], [0, 0], [0.5, 0]]


def test_the_changes_to_try() -> None:
    open_units = layer.forward(ALONE, UP, torch.zeros(2), DOWN)[2]
    assert open_units.tolist() == [0, 0, 1]
    both = layer.forward(torch.tensor([1.0, 0.0, 0.0]), UP, BIAS, DOWN)
    assert both[0].tolist() == both[1].tolist() == [0, 0]
    said("*France* alone writes 1, Paris, though", "both countries at once | Both units compute 0,")
    assert len(rows_of("tab-feed-forward-try")) == 3


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "feed_forward.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.count("stream [1.0, 1.0, 1.0], PyTorch [1.0, 1.0, 1.0]") == 1
    assert "one gated unit: city 0.731" in out
    assert "value of unit 1 0.5, of unit 2 0.0" in out
    assert "parameters 17, PyTorch 17" in out


# The layer is PyTorch's.


def plain(seed: int = 0) -> tuple[nn.Sequential, Tensor]:
    """A layer of PyTorch with E = 4 and F = 5, and a row."""
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.Linear(5, 4)).double()
    return made, normal(4, seed=seed + 1)


def parts(made: nn.Sequential) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Its matrices and biases: up, bias, down, bias."""
    one, two = made[0], made[2]
    assert isinstance(one, nn.Linear)
    assert isinstance(two, nn.Linear)
    return one.weight, one.bias, two.weight, two.bias


@pytest.mark.equation("eq-feed-forward-layer")
def test_the_layer_is_that_of_pytorch(printed: Equations) -> None:
    made, x = plain()
    up, b, down, c = parts(made)
    ours = layer.forward(x, up, b, down, layer.gelu)[2] + c
    assert torch.allclose(ours, made(x))
    printed("eq-feed-forward-layer").holds(
        {
            r"\operatorname{FFN}(\mathbf{x})": column(made(x)),
            r"W_{\mathrm{up}}": up.detach().numpy(),
            r"W_{\mathrm{down}}": down.detach().numpy(),
            r"\phi": lambda a: a * stats.norm.cdf(a),
            r"\mathbf{x}": column(x),
            r"\mathbf{b}": column(b),
            r"\mathbf{c}": column(c),
        }
    )


@pytest.mark.equation("eq-feed-forward-memory")
def test_the_layer_is_a_memory(printed: Equations) -> None:
    made, x = plain(1)
    up, b, down, c = parts(made)
    assert torch.allclose(layer.memory(x, up, b, down.T, layer.gelu) + c, made(x))
    hidden = nn.functional.gelu(up @ x + b)
    printed("eq-feed-forward-memory").holds(
        {
            r"W_{\mathrm{down}}": down.detach().numpy(),
            r"\mathbf{h}": column(hidden),
            "h": hidden.tolist(),
            r"\mathbf{v}": [column(v) for v in down.T],
            r"\mathbf{k}": [column(k) for k in up],
            r"\mathbf{x}": column(x),
            "b": b.tolist(),
            r"\mathbf{c}": column(c),
            r"\phi": lambda a: a * stats.norm.cdf(a),
            "F": 5,
        },
        free=(r"\mathbf{c}",),
    )


@pytest.mark.equation("eq-feed-forward-collapse")
def test_without_a_curve_two_matrices_are_one(printed: Equations) -> None:
    made, x = plain(2)
    up, b, down, c = parts(made)
    one = nn.Linear(4, 4).double()
    basis = torch.eye(4, dtype=torch.float64)
    zero = torch.zeros(4, dtype=torch.float64)
    linear = nn.Sequential(made[0], made[2])
    offset = linear(zero).detach()
    matrix = torch.stack([linear(e).detach() - offset for e in basis], 1)
    one.load_state_dict({"weight": matrix, "bias": offset})
    assert torch.allclose(one(x), linear(x))
    narrow = torch.randn(4, 2) @ torch.randn(2, 4)
    assert int(torch.linalg.matrix_rank(narrow)) == 2
    printed("eq-feed-forward-collapse").holds(
        {
            r"W_{\mathrm{up}}": up.detach().numpy(),
            r"W_{\mathrm{down}}": down.detach().numpy(),
            "W": matrix.numpy(),
            r"\mathbf{x}": column(x),
            r"\mathbf{b}": column(b),
            r"\mathbf{c}": column(c),
            r"\mathbf{d}": column(offset),
        },
        free=(r"\mathbf{x}",),  # it stands on all sides
    )


@pytest.mark.equation("eq-feed-forward-affine")
def test_a_matrix_and_a_bias_know_no_and(printed: Equations) -> None:
    matrix, offset = normal(3, 4, seed=4).numpy(), column(normal(3, seed=5))
    vectors = {r"\mathbf{x}": column(normal(4, seed=6)), r"\mathbf{z}": column(normal(4, seed=7))}
    printed("eq-feed-forward-affine").holds(
        {"f": lambda v: matrix @ v + offset, r"\mathbf{0}": np.zeros((4, 1)), **vectors},
        free=("f", r"\mathbf{0}", *vectors),
    )


@pytest.mark.equation("eq-feed-forward-curves")
def test_the_curves_are_those_of_pytorch(printed: Equations) -> None:
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    assert torch.allclose(layer.gelu(x), nn.functional.gelu(x))
    assert torch.allclose(layer.silu(x), nn.functional.silu(x))
    for value in (-1.3, 0.7):
        at = torch.tensor(value, dtype=torch.float64)
        printed("eq-feed-forward-curves").holds(
            {
                r"\operatorname{gelu}": lambda a: nn.functional.gelu(
                    torch.tensor(a, dtype=torch.float64)
                ).item(),
                r"\operatorname{silu}": lambda a: nn.functional.silu(
                    torch.tensor(a, dtype=torch.float64)
                ).item(),
                r"\Phi": stats.norm.cdf,
                "x": at.item(),
            },
            free=("x",),  # it stands on both sides
        )


@pytest.mark.equation("eq-feed-forward-mirror")
def test_gelu_and_its_mirror_image_differ_by_the_number(printed: Equations) -> None:
    printed("eq-feed-forward-mirror").holds(
        {
            r"\operatorname{gelu}": lambda a: float(
                layer.gelu(torch.tensor(a, dtype=torch.float64))
            ),
            r"\Phi": stats.norm.cdf,
            "x": 0.83,
        },
        free=("x",),
    )


# Gradients and edits.


@pytest.mark.equation("eq-feed-forward-gradients")
def test_gradients_are_those_of_autograd(printed: Equations) -> None:
    x, up, b = (normal(*s, seed=n).requires_grad_() for n, s in enumerate([(6, 4), (5, 4), (5,)]))
    down = normal(4, 5, seed=3).requires_grad_()
    after = x + torch.relu(x @ up.T + b) @ down.T
    after.retain_grad()
    torch.autograd.backward((after - normal(6, 4, seed=4)).square().sum() / 2)
    assert after.grad is not None
    ours = layer.backward(*(v.detach() for v in (x, up, b, down)), after.grad)
    for got, wanted in zip(ours, (up, b, down, x), strict=True):
        assert wanted.grad is not None
        assert torch.allclose(got, wanted.grad)
    # One row, with a curve that has a slope everywhere.
    row = x[0].detach().requires_grad_()
    leaves = [v.detach().requires_grad_() for v in (up, down)]
    before = leaves[0] @ row + b.detach()
    before.retain_grad()
    after = row + leaves[1] @ torch.tanh(before)
    after.retain_grad()
    torch.autograd.backward((after - normal(4, seed=5)).square().sum() / 2)
    grads = [v.grad for v in (*leaves, row, before, after)]
    assert all(g is not None for g in grads)
    grad_up, grad_down, grad_row, grad_before, grad_after = (g for g in grads if g is not None)
    printed("eq-feed-forward-gradients").holds(
        {
            r"\nabla_{\mathrm{down}}": grad_down.numpy(),
            r"\nabla_{\mathrm{up}}": grad_up.numpy(),
            r"\boldsymbol{\delta}": column(grad_after),
            r"\boldsymbol{\delta}_0": column(grad_row),
            r"\boldsymbol{\eta}": column(grad_before),
            r"\mathbf{h}": column(torch.tanh(before)),
            r"\phi'(\mathbf{a})": column(1 - torch.tanh(before) ** 2),
            r"W_{\mathrm{up}}": leaves[0].detach().numpy(),
            r"W_{\mathrm{down}}": leaves[1].detach().numpy(),
            r"\mathbf{x}": column(row),
        }
    )


@pytest.mark.equation("eq-feed-forward-gated-gradients")
def test_gated_gradients_are_those_of_autograd(printed: Equations) -> None:
    gate, up, down, row = (
        normal(*shape, seed=n) for n, shape in enumerate([(5, 4), (5, 4), (4, 5), (4,)])
    )
    before, other = (gate @ row).requires_grad_(), (up @ row).requires_grad_()
    after = row + down @ (nn.functional.silu(before) * other)
    assert torch.allclose(after, row + layer.gated(row, gate, up, down))
    error = torch.autograd.grad(
        (after - normal(4, seed=9)).square().sum() / 2, after, retain_graph=True
    )
    gates, ups = torch.autograd.grad(after, (before, other), error)
    share = torch.sigmoid(before)
    printed("eq-feed-forward-gated-gradients").holds(
        {
            r"\boldsymbol{\eta}_{\mathrm{up}}": column(ups),
            r"\boldsymbol{\eta}_{\mathrm{gate}}": column(gates),
            r"\operatorname{silu}": lambda a: a * stats.logistic.cdf(a),
            r"\phi'(\mathbf{a})": column(share * (1 + before * (1 - share))),
            r"\mathbf{a}": column(before),
            r"\mathbf{z}": column(other),
            r"W_{\mathrm{down}}": down.numpy(),
            r"\boldsymbol{\delta}": column(error[0]),
        }
    )


@pytest.mark.equation("eq-feed-forward-edit")
def test_the_edit_is_the_smallest_that_does_it(printed: Equations) -> None:
    down, hidden, wanted = normal(3, 4, seed=1), normal(4, seed=2), normal(3, seed=3)
    edited = layer.edit(down, hidden, wanted)
    assert torch.allclose(edited @ hidden, wanted)
    least = (wanted - down @ hidden)[:, None] @ torch.linalg.pinv(hidden[:, None])
    assert torch.allclose(edited - down, least)  # the pseudoinverse gives the least sum of squares
    printed("eq-feed-forward-edit").holds(
        {
            "W'": (down + least).numpy(),
            "W": down.numpy(),
            r"\mathbf{t}": column(wanted),
            r"\mathbf{h}": column(hidden),
        }
    )


@pytest.mark.equation("eq-feed-forward-least")
def test_no_smaller_change_does_it(printed: Equations) -> None:
    down, hidden, wanted = normal(3, 4, seed=1), normal(4, seed=2), normal(3, seed=3)
    missing = wanted - down @ hidden
    least = layer.edit(down, hidden, wanted) - down
    beside = normal(3, 4, seed=8)
    beside = beside - torch.outer(beside @ hidden, hidden) / hidden.square().sum()
    for change, free in ((least, ()), (least + beside, ("D",))):
        assert torch.allclose(change @ hidden, missing)
        printed("eq-feed-forward-least").holds(
            {
                r"\lVert D \rVert": float(torch.linalg.matrix_norm(change)),
                r"\lVert D \mathbf{h} \rVert": float((change @ hidden).norm()),
                r"\lVert \mathbf{h} \rVert": float(hidden.norm()),
                r"\lVert \mathbf{m} \rVert": float(missing.norm()),
            },
            free=(r"\lVert D \rVert", r"\lVert \mathbf{h} \rVert") if free else (),
        )


@pytest.mark.equation("eq-feed-forward-side")
def test_an_edit_spills_over_by_the_overlap(printed: Equations) -> None:
    down, hidden, other, wanted = (
        normal(*s, seed=n) for n, s in enumerate([(3, 4), (4,), (4,), (3,)])
    )
    printed("eq-feed-forward-side").holds(
        {
            "W'": layer.edit(down, hidden, wanted).numpy(),
            "W": down.numpy(),
            r"\mathbf{t}": column(wanted),
            r"\mathbf{h}": column(hidden),
            r"\mathbf{g}": column(other),
        },
        free=(r"\mathbf{g}",),  # it stands on all sides
    )
    kept = layer.edit(DOWN, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0, -1.0]))
    assert torch.equal(kept[:, 1], DOWN[:, 1])
    said("In the example $\\mathbf{h} = (1, 0)$ for France and $\\mathbf{g} = (0, 1)$ for Italy")


# The stream.


def two_layers() -> tuple[list[nn.Sequential], Tensor]:
    """Two layers of PyTorch and a row."""
    return [plain(4)[0], plain(5)[0]], normal(4, seed=6)


@pytest.mark.equation("eq-feed-forward-logit")
def test_every_layer_votes(printed: Equations) -> None:
    made, x = two_layers()
    states = layer.stream(x, made)
    assert torch.allclose(states[-1], x + made[0](x) + made[1](x + made[0](x)))
    votes = [column(b - a) for a, b in pairwise(states)]
    reading = nn.Linear(4, 1, bias=False).double()
    with torch.no_grad():
        logits = swiglu.lens(states, nn.Identity(), reading)
    assert [len(v) for v in logits] == [1, 1, 1]
    printed("eq-feed-forward-logit").holds(
        {
            r"\mathbf{r}": column(reading.weight[0]),
            r"\mathbf{x}_L": column(states[-1]),
            r"\mathbf{x}_0": column(x),
            r"\mathbf{w}": votes,
            "L": 2,
        },
        free=(r"\mathbf{r}",),  # it stands in all terms
    )
    assert logits[-1].item() == pytest.approx((reading.weight[0] @ states[-1]).item())


@pytest.mark.equation("eq-feed-forward-paths")
def test_a_gradient_has_four_ways_through_two_layers(printed: Equations) -> None:
    made, x = two_layers()
    states = layer.stream(x, made)

    def whole(v: Tensor) -> Tensor:
        out: Tensor = layer.stream(v, made)[-1]
        return out

    jacobian = torch.autograd.functional.jacobian
    through = [jacobian(f, s) for f, s in zip(made, states[:-1], strict=True)]
    printed("eq-feed-forward-paths").holds(
        {
            r"\frac{\partial \mathbf{x}_2}{\partial \mathbf{x}_0}": jacobian(whole, x).numpy(),
            "I": np.eye(4),
            "J": [j.numpy() for j in through],
        },
        free=("I",),
    )


@pytest.mark.equation("eq-feed-forward-growth")
def test_uncorrelated_writings_add_their_squares(printed: Equations) -> None:
    written, start = normal(3, 4, seed=9), normal(4, seed=10)
    # Every choice of sign and length for each of the three.
    factors = torch.cartesian_prod(*[torch.tensor([-2.0, -1.0, 1.0, 2.0]).double()] * 3)
    ends = [column(start + row @ written) for row in factors]
    layers = [[column(f * w) for f, w in zip(row, written, strict=True)] for row in factors]
    printed("eq-feed-forward-growth").holds(
        {
            r"\mathbb{E}": Finite({r"\mathbf{x}_L": ends, r"\mathbf{w}": layers}),
            r"\mathbf{x}_0": column(start),
            "L": 3,
        }
    )
    start, half, end = (
        10**v for v in style.read_table(DATA / "stream.csv")["norm_size_mean"][::12]
    )
    assert 0.7 < (end - half) / (half - start) < 1.4  # as much is added in the second half


# What it costs.


@pytest.mark.equation("eq-feed-forward-parameters")
def test_parameters_are_those_of_pytorch(printed: Equations) -> None:
    with torch.device("meta"):
        made = nn.Sequential(nn.Linear(6, 11), nn.GELU(), nn.Linear(11, 6))
        gate = nn.ModuleList([nn.Linear(6, 11, bias=False), nn.Linear(6, 11, bias=False)])
        gate.append(nn.Linear(11, 6, bias=False))
    count, gated = (sum(p.numel() for p in m.parameters()) for m in (made, gate))
    assert layer.parameters(6, 11) == count
    assert layer.parameters(6, 11, gate=True) == gated
    assert layer.parameters(6, 11, biases=False) == count - 17
    printed("eq-feed-forward-parameters").holds(
        {"P": count, r"P_{\mathrm{gated}}": gated, "E": 6, "F": 11}
    )
    said("$2 \\cdot 3 \\cdot 2 = 12$ weights and $2 + 3 = 5$ biases: 17 parameters.")
    assert layer.parameters(3, 2) == 17
    millions = layer.parameters(768, 3072) / 1e6
    said(f"$F = 4E = 3{{,}}072$ and {millions:.2f} million in each of its twelve layers, two")
    said(f"attention has {(4 * 768**2 + 4 * 768) / 1e6:.2f} million.")
    attention, ours = 4 * 768**2, layer.parameters(768, 3072, biases=False)
    assert ours / (attention + ours) == pytest.approx(2 / 3)
    said("in each of its twelve layers, two thirds of a block's parameters")


class Products(TorchFunctionMode):
    """Counts a multiplication and an addition for each weight that PyTorch applies to a row."""

    total = 0

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Watch every product with a matrix of weights."""
        if func is nn.functional.linear:
            self.total += 2 * args[0].shape[0] * args[1].numel()
        return func(*args, **(kwargs or {}))


@pytest.mark.equation("eq-feed-forward-operations")
def test_operations_are_those_that_pytorch_counts(printed: Equations) -> None:
    made = nn.Sequential(nn.Linear(6, 11), nn.GELU(), nn.Linear(11, 6))
    gate = swiglu.FeedForward(6, multiple=11)  # 8/3 of 6 is 16, rounded up to 22
    counted = []
    for module in (made, gate):
        with Products() as counter:
            module(torch.zeros(1, 6))
        counted.append(counter.total)
    assert counted == [layer.operations(6, 11), layer.operations(6, 22, gate=True)]
    printed("eq-feed-forward-operations").holds(
        {"O": counted[0], r"O_{\mathrm{gated}}": counted[1] / 2, "E": 6, "F": 11}
    )


def test_the_table_of_systems() -> None:
    for row in rows_of("tab-feed-forward-systems"):
        width, inner = (int(cell.replace(",", "")) for cell in row[1:3])
        ratio = inner / width
        shown = float(row[3])
        digits = len(row[3].partition(".")[2])
        assert round(ratio, digits) == shown, row[0]
        if "experts" not in row[4] and row[0].split("[")[0][-4:] >= "2022":
            assert 2.65 < ratio <= 4, row[0]
    said("[experts](mixture-of-experts.md) have 2.7 to 4 units for each number of the stream")


def test_where_a_product_leaves_its_format() -> None:
    most = torch.finfo(torch.float8_e4m3fn).max
    assert most == 448 < 22 * 22 == 484
    said("E4M3 ends at 448, and $22 \\cdot 22 = 484$ is beyond it")
    half = torch.tensor([256.0], dtype=torch.float16)
    assert torch.isinf(half * half).all()
    assert torch.finfo(torch.float16).max == 65504
    assert torch.finfo(torch.bfloat16).max > 0.99 * torch.finfo(torch.float32).max
    said("(bfloat16 has the range of 32 bits)")
    said("the largest number of float16 is 65,504, and $256 \\cdot 256 = 65{,}536$ is larger")
    gates = [normal(5, 4, seed=1), normal(5, 4, seed=2), normal(4, 5, seed=3)]
    x = 50 * normal(4, seed=4)
    rise = layer.gated(10 * x, *gates).norm() / layer.gated(x, *gates).norm()
    assert rise == pytest.approx(100, rel=0.02)
    b = torch.zeros(5).double()
    for curve, near in ((torch.relu, 1e-6), (layer.gelu, 0.05)):
        one, ten = (layer.forward(k * x, gates[0], b, gates[2], curve)[2].norm() for k in (1, 10))
        assert ten / one == pytest.approx(10, rel=near)
    # With its biases the example's layer writes 19 times as much.
    one, ten = (layer.forward(k * FRANCE, UP, BIAS, DOWN)[2][2] for k in (1, 10))
    assert (one, ten) == (1, 19)
    said("In a plain layer without biases a row that is ten times as large")
    said("writes about ten times as much, in a gated one up to a hundred times")


# The exercises.


@pytest.mark.answer("answer-feed-forward-try")
def test_the_question_of_try_it(answer: Bench) -> None:
    x = ITALY + layer.forward(ITALY, UP[:1], BIAS[:1], DOWN[:, :1])[2]
    answer("answer-feed-forward-try").is_(x.tolist(), [1, -1, 1])


@pytest.mark.answer("answer-feed-forward-partial")
def test_exercise_1_rows_between(answer: Bench) -> None:
    rows = torch.tensor([[1, 0.6, 0], [0.5, 1, 0]])
    got = layer.forward(rows, UP, BIAS, DOWN)[2][:, 2]
    loose = layer.forward(rows, UP, torch.zeros(2), DOWN)[2][:, 2]
    answer("answer-feed-forward-partial").is_(got.tolist(), loose.tolist())


@pytest.mark.answer("answer-feed-forward-pair")
def test_exercise_2_sharing(answer: Bench) -> None:
    p = math.sqrt(0.08 / 2)
    wrong = 0.08 / 2
    answer("answer-feed-forward-pair").is_((p, p * (1 - p)), (wrong, wrong * (1 - wrong)))


@pytest.mark.answer("answer-feed-forward-cost")
def test_exercise_3_cost(answer: Bench) -> None:
    gated = layer.parameters(2048, 5632, gate=True)
    units = 8448
    assert layer.parameters(2048, units, biases=False) == gated
    two = layer.parameters(2048, 5632, biases=False)
    answer("answer-feed-forward-cost").is_((gated / 1e6, units), (two / 1e6, 5632))


@pytest.mark.answer("answer-feed-forward-dead")
def test_exercise_4_a_dead_unit(answer: Bench) -> None:
    x = normal(20, 4)
    up, b, down = (
        normal(3, 4, seed=1),
        torch.tensor([0.0, 0.0, -99.0]).double(),
        normal(4, 3, seed=2),
    )
    gradients = layer.backward(x, up, b, down, normal(20, 4, seed=3))
    assert not gradients.up[2].any()
    assert not gradients.down[:, 2].any()
    assert gradients.bias[2] == 0
    assert gradients.up[:2].abs().min() > 0
    woken = layer.backward(100 * x, up, b, down, normal(20, 4, seed=3))
    assert woken.up[2].any()
    said("it gets no gradient and stays dead, unless what it reads changes.")
    answer("answer-feed-forward-dead").is_(
        "Nothing, as long as the rows that it reads stay as they are."
    )


@pytest.mark.answer("answer-feed-forward-side")
def test_exercise_5_what_an_edit_spills(answer: Bench) -> None:
    down, wanted = normal(3, 2), normal(3, seed=1)
    h, g = torch.tensor([2.0, 1.0]).double(), torch.tensor([1.0, 1.0]).double()
    moved = (layer.edit(down, h, wanted) - down) @ g
    share = moved / (wanted - down @ h)
    assert share.max() == pytest.approx(float(share.min()))
    cosine = float(h @ g / h.norm() / g.norm())
    answer("answer-feed-forward-side").is_(float(share[0]), cosine)


@pytest.mark.answer("answer-feed-forward-learn")
def test_exercise_6_learning_two_facts(answer: Bench) -> None:
    down = torch.zeros(3, 2)
    for row, city in ((FRANCE, 1.0), (ITALY, -1.0)):
        for _ in range(4):
            down = layer.learn(row, city, down)
    answer("answer-feed-forward-learn").is_(down[2].tolist(), (4 * 0.5, -4 * 0.5))


def test_the_curves_of_the_figure() -> None:
    table = style.read_table(DATA / "curves.csv")
    lows = [min(table[name]) for name in ("gelu", "silu")]
    tops = [max(table[f"{name}_slope"]) for name in ("gelu", "silu")]
    said(f"dip below zero, to −{-lows[0]:.2f} and −{-lows[1]:.2f}. Slope: that of ReLU")
    said(f"rise above 1, to {tops[0]:.2f} and {tops[1]:.2f}]")
    zero = table["x"].index(0)
    for name in ("gelu", "silu"):
        assert table[f"{name}_slope"][zero] == pytest.approx(0.5)
    assert len(figures.CURVES) == 3
    assert {round(v) for v in table["relu_slope"]} == {0, 1}
    # A flat slope alone does not stop learning: where GELU is flat, its activation still moves the value.
    low = table["gelu"].index(lows[0])
    assert abs(table["gelu_slope"][low]) < 0.05 < abs(table["gelu"][low])
    off = [n for n, slope in enumerate(table["relu_slope"]) if slope == 0]
    assert not any(table["relu"][n] for n in off)
    said("**Three curves.** Where ReLU is flat, a unit learns nothing.")


def test_the_years_of_the_history() -> None:
    rows = rows_of("tab-feed-forward-history")
    for row in rows:
        for year in re.findall(r"\[\^[a-z]+(\d{4})", row[2]):
            assert int(year) - int(row[0]) in (0, 1), row  # a preprint may be a year older
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    said("the year in which each source first appeared")
