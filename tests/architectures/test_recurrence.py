"""The claims of docs/architectures/recurrence.md: cells against PyTorch, gradients against autograd, the pencil."""

import itertools
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from docs.architectures.recurrence import practice, recurrence
from scripts.figures import recurrence as figures
from scripts.figures import style
from scripts.printed.values import Each, From, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "recurrence.md"
DATA = PAGE.parent / "recurrence"
GOLDEN = Path(__file__).with_name("recurrence.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
HALF = recurrence.run(0.5, recurrence.MARKED)


def there(x: object) -> Tensor:
    """What is a tensor for certain."""
    assert isinstance(x, Tensor)
    return x


def column(x: Tensor) -> np.ndarray:
    """A vector as a column."""
    return x.detach().numpy()[:, None]


def weights(cell: nn.Module, blocks: str) -> dict[str, np.ndarray]:
    """Weights and biases of a cell of PyTorch by the letters of its blocks."""
    made = {}
    for name, tensor in (("W", there(cell.weight_hh)), ("U", there(cell.weight_ih))):
        for letter, block in zip(blocks, tensor.chunk(len(blocks)), strict=True):
            made[f"{name}_{letter}"] = block.detach().numpy()
    for letter, first, second in zip(
        blocks,
        there(cell.bias_ih).chunk(len(blocks)),
        there(cell.bias_hh).chunk(len(blocks)),
        strict=True,
    ):
        made[rf"\mathbf{{b}}_{letter}"] = column(first + second)
    return made


# The example, by pencil.


def test_the_example_forwards() -> None:
    row = [float(cell) for cell in rows_of("tab-recurrence-example")[1][1:]]
    assert tuple(row) == recurrence.MARKED
    numbers = [float(cell.strip("*")) for cell in rows_of("tab-recurrence-example")[0][1:]]
    bold = [cell.startswith("**") for cell in rows_of("tab-recurrence-example")[0][1:]]
    assert [n * m for n, m in zip(numbers, bold, strict=True)] == row
    assert sum(row) == recurrence.TARGET == 6
    assert HALF[1:] == [4, 2, 1, 2.5]
    said("its states are 4, then 2, then 1, then $1/2 + 2 = 2.5$", "the answer is 4 + 2 = 6")
    assert recurrence.run(2, row)[1:] == [4, 8, 16, 34]
    said("With $w = 2$ the states are 4, 8, 16, 34.")
    assert recurrence.run(1, row)[1:] == [4, 4, 4, 6]
    said("Only $w = 1$ gives 4, 4, 4, 6.")
    assert recurrence.gated(numbers, [1, 0, 0, 1], [1, 1, 1, 1])[1:] == [4, 4, 4, 6]
    said("the memory is 4, $4 + 0 \\cdot 3 = 4$, $4 + 0 \\cdot 1 = 4$, $4 + 1 \\cdot 2 = 6$")
    said("Let the network read the numbers 4, 3, 1, 2 and the marks", "is 1, 0, 0, 1.")
    said("A *forget gate* $f$ that keeps everything is 1, 1, 1, 1.")
    assert recurrence.gated([5, *numbers], [1, 1, 0, 0, 1], [1, 0, 1, 1, 1])[-1] == 6
    assert recurrence.gated([4.0, *[3.0] * 1000], [1, *[0] * 1000], [1] * 1001)[-1] == 4


def test_the_example_backwards() -> None:
    w = torch.tensor(0.5, requires_grad=True)
    states = [torch.zeros(())]
    for value in recurrence.MARKED:
        states.append(w * states[-1] + value)
    for state in states[1:]:
        state.retain_grad()
    torch.autograd.backward((states[-1] - 6) ** 2 / 2)
    errors, gradient = recurrence.back(0.5, HALF, 6)
    assert errors == [float(there(state.grad)) for state in states[1:]]
    assert gradient == float(there(w.grad)) == -10.5
    said("steps 4, 3, 2, 1 are $-3.5$, $-1.75$, $-0.875$, $-0.4375$")
    assert errors == [-0.4375, -0.875, -1.75, -3.5]
    said("and should be 6, so the error is $-3.5$", "the answer was 2.5")
    shares = [error * before for error, before in zip(errors, HALF[:-1], strict=True)]
    assert shares == [0, -3.5, -3.5, -3.5]
    said("$-3.5 \\cdot 1$ at step 4, $-1.75 \\cdot 2$ at step 3, $-0.875 \\cdot 4$ at step 2")
    said("where the state before was 0; together $-10.5$.")
    path = recurrence.descend(0.5, recurrence.MARKED, 6, recurrence.RATE, 30)
    said(
        f"with rate {recurrence.RATE} leads to $w = 0.5 + 0.01 \\cdot 10.5 = {path[1]:g}$, thirty to {path[-1]:.3f}."
    )
    assert path[1] == pytest.approx(0.5 + 0.01 * 10.5)
    assert f"const RATE = {recurrence.RATE};" in (DATA / "demo.mjs").read_text(encoding="utf-8")
    said(f"let gradient descent take steps with rate {recurrence.RATE}, or choose")
    long = [4.0, *[0.0] * (figures.GAP - 2), 2.0]
    other = recurrence.descend(0.9, long, 6, 1e-4, 30)
    assert figures.descent(0.9, math.inf, 30, 1e-4) == pytest.approx(other, rel=1e-5)
    assert 2**29 > 500e6
    said("an error that goes back 29 steps is divided by $2^{29}$, more than 500 million")


def test_teacher_forcing_and_both_sides_by_pencil() -> None:
    true = [4.0, 4.0, 8.0, 16.0]
    assert all(x == sum(true[:n]) for n, x in enumerate(true) if n)
    forced = recurrence.write(1, 0.5, true[0], 3, true[1:])
    alone = recurrence.write(1, 0.5, true[0], 3)
    assert recurrence.write(1, 1, true[0], 3) == true[1:]
    states = [[2 * x for x in row] for row in (forced, alone)]
    assert recurrence.run(1, true[:-1])[1:] == states[0]
    assert recurrence.run(1, [4.0, *alone[:-1]])[1:] == states[1]

    def listed(row: list[float]) -> str:
        return ", ".join(f"{x:g}" for x in row)

    wrong = [[b - a for a, b in zip(row, true[1:], strict=True)] for row in (alone, forced)]
    said(f"In the true sequence {listed(true)} each number is the sum of all before")
    said(f"With teacher forcing its states are {listed(states[0])}, and it says {listed(forced)}")
    said(f"and it says {listed(forced)} where {listed(true[1:])} were right.")
    said(f"the states are {listed(states[1])}, and it says {listed(alone)}, with mistakes")
    said(f"with mistakes of {listed(wrong[0])} instead of {listed(wrong[1])}, since each goes on")
    back = recurrence.run(0.5, recurrence.MARKED[::-1])[1:][::-1]
    said(f"[the example](#example) is {HALF[2]:g} from the left, where the 4 was, and")
    said(f"{back[1]:g} from the right, where the 2 will be")
    forward = torch.tensor(HALF[1:])[:, None]
    reverse = torch.tensor(recurrence.run(0.5, recurrence.MARKED[::-1])[1:])[:, None]
    assert recurrence.both_ways(forward, reverse)[1].tolist() == [2, 0.5]


@pytest.mark.equation("eq-recurrence-slope")
def test_the_slope_of_the_smallest_network(printed: Equations) -> None:
    x, y = [4.0, 0.7, -1.3, 2.0, 0.9], 6.0
    w = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    h = torch.tensor(0.8, dtype=torch.float64)
    states = [h.item()]
    for value in x:
        h = w * h + value
        states.append(h.item())
    (slope,) = torch.autograd.grad((h - y) ** 2 / 2, w)
    assert recurrence.back(0.6, states, y)[1] == pytest.approx(slope.item())
    printed("eq-recurrence-slope").holds(
        {
            r"\frac{dL}{dw}": slope.item(),
            "e": h.item() - y,
            "w": 0.6,
            "h": From(0, states),
            "T": 5,
        }
    )


# The cells are PyTorch's.


@pytest.mark.equation("eq-recurrence-rnn")
def test_the_simple_cell_is_that_of_pytorch(printed: Equations) -> None:
    torch.manual_seed(1)
    layer = nn.RNN(2, 3, dtype=torch.float64)
    x = normal(4, 2)
    h, _ = layer(x)
    W, U = there(layer.weight_hh_l0), there(layer.weight_ih_l0)
    b = there(layer.bias_ih_l0) + there(layer.bias_hh_l0)
    ours = recurrence.unroll(
        lambda x_t, s: recurrence.rnn_cell(x_t, s, W, U, b), x, torch.zeros(3, dtype=torch.float64)
    )
    assert torch.allclose(ours, h)
    states = [np.zeros((3, 1)), *map(column, h)]
    printed("eq-recurrence-rnn").holds(
        {
            r"\mathbf{h}": From(0, states),
            "W": W.detach().numpy(),
            "U": U.detach().numpy(),
            r"\mathbf{x}": [column(x_t) for x_t in x],
            r"\mathbf{b}": column(b),
            "t": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-recurrence-lstm")
def test_the_lstm_is_that_of_pytorch(printed: Equations) -> None:
    torch.manual_seed(2)
    cell = nn.LSTMCell(2, 3, dtype=torch.float64)
    x, h, c = normal(2), normal(3, seed=1), normal(3, seed=2)
    new_h, new_c = cell(x, (h, c))
    ours = recurrence.lstm_cell(
        x, h, c, cell.weight_hh, cell.weight_ih, cell.bias_ih + cell.bias_hh
    )
    assert torch.allclose(ours[0], new_h)
    assert torch.allclose(ours[1], new_c)
    sums = cell.weight_hh @ h + cell.weight_ih @ x + cell.bias_ih + cell.bias_hh
    i, f, g, o = sums.chunk(4)
    printed("eq-recurrence-lstm").holds(
        {
            **weights(cell, "ifgo"),
            r"\mathbf{i}": [np.ones((3, 1)), column(i.sigmoid())],
            r"\mathbf{f}": [np.ones((3, 1)), column(f.sigmoid())],
            r"\mathbf{o}": [np.ones((3, 1)), column(o.sigmoid())],
            r"\mathbf{g}": [np.ones((3, 1)), column(g.tanh())],
            r"\mathbf{h}": [column(h), column(new_h)],
            r"\mathbf{c}": [column(c), column(new_c)],
            r"\mathbf{x}": [np.ones((2, 1)), column(x)],
            r"\sigma": lambda a: 1 / (1 + np.exp(-a)),
            "t": Each([2]),
        }
    )


@pytest.mark.equation("eq-recurrence-gru")
def test_the_gru_is_that_of_pytorch(printed: Equations) -> None:
    torch.manual_seed(3)
    cell = nn.GRUCell(2, 3, dtype=torch.float64)
    x, h = normal(2), normal(3, seed=1)
    new = cell(x, h)
    q = cell.bias_hh[6:]
    b = cell.bias_ih + torch.cat([cell.bias_hh[:6], torch.zeros(3, dtype=torch.float64)])
    assert torch.allclose(recurrence.gru_cell(x, h, cell.weight_hh, cell.weight_ih, b, q), new)
    layer = nn.GRU(2, 3, dtype=torch.float64)
    layer.load_state_dict({f"{name}_l0": value for name, value in cell.state_dict().items()})
    long = normal(4, 2, seed=3)
    ours = recurrence.unroll(
        lambda x_t, s: recurrence.gru_cell(x_t, s, cell.weight_hh, cell.weight_ih, b, q), long, h
    )
    assert torch.allclose(layer(long, h[None])[0], ours)
    said("`nn.LSTM` computes [these equations]", "tests compare it, `nn.RNN` and `nn.GRU` with")
    of_h, of_x = (cell.weight_hh @ h).chunk(3), (cell.weight_ih @ x + b).chunk(3)
    r, z = (of_h[0] + of_x[0]).sigmoid(), (of_h[1] + of_x[1]).sigmoid()
    n = (new - z * h) / (1 - z)  # from PyTorch's answer
    printed("eq-recurrence-gru").holds(
        {
            **weights(cell, "rzn"),
            r"\mathbf{b}_n": column(cell.bias_ih[6:]),
            r"\mathbf{q}": column(q),
            r"\mathbf{1}": np.ones((3, 1)),
            r"\mathbf{r}": [np.ones((3, 1)), column(r)],
            r"\mathbf{z}": [np.ones((3, 1)), column(z)],
            r"\mathbf{n}": [np.ones((3, 1)), column(n)],
            r"\mathbf{h}": [column(h), column(new)],
            r"\mathbf{x}": [np.ones((2, 1)), column(x)],
            r"\sigma": lambda a: 1 / (1 + np.exp(-a)),
            "t": Each([2]),
        }
    )


@pytest.mark.equation("eq-recurrence-parameters")
def test_parameters_are_those_of_pytorch(printed: Equations) -> None:
    for made, blocks in ((nn.RNN(5, 7), 1), (nn.GRU(5, 7), 3), (nn.LSTM(5, 7), 4)):
        count = sum(p.numel() for name, p in made.named_parameters() if "bias_hh" not in name)
        if blocks > 1:
            printed("eq-recurrence-parameters").holds({"P": count, "G": blocks, "H": 7, "D": 5})
        assert count == blocks * 7 * 13
    said("1 for the simple network, 3 for a GRU and 4 for an LSTM")


# Gradients are those of automatic differentiation.


def rolled() -> tuple[Tensor, Tensor, list[Tensor], Tensor]:
    """W, the states h_0 … h_4 as an array, the same joined by autograd, and the loss of the last."""
    W = (0.9 * normal(3, 3, seed=5)).requires_grad_()
    U, b, x = normal(3, 2, seed=6), normal(3, seed=7), normal(4, 2, seed=8)
    h = normal(3, seed=9).requires_grad_()
    states = [h]
    for x_t in x:
        h = recurrence.rnn_cell(x_t, h, W, U, b)
        h.retain_grad()
        states.append(h)
    return W, torch.stack(states).detach(), states, (h - normal(3, seed=10)).square().sum() / 2


@pytest.mark.equation("eq-recurrence-jacobian")
def test_the_derivative_of_the_last_state_is_a_product(printed: Equations) -> None:
    W, values, states, _ = rolled()
    rows = [torch.autograd.grad(s, states[0], retain_graph=True)[0] for s in states[-1]]
    printed("eq-recurrence-jacobian").holds(
        {
            "J": torch.stack(rows).numpy(),
            "S": [np.diag(1 - h.numpy() ** 2) for h in values[1:]],
            "W": W.detach().numpy(),
            "T": 4,
        }
    )


@pytest.mark.equation("eq-recurrence-bptt")
def test_errors_and_gradient_are_those_of_autograd(printed: Equations) -> None:
    W, values, states, loss = rolled()
    U, b, x = (
        normal(3, 2, seed=6).requires_grad_(),
        normal(3, seed=7).requires_grad_(),
        normal(4, 2, seed=8),
    )
    torch.autograd.backward(loss)
    errors = [there(s.grad) for s in states]
    h = values[0]
    for x_t in x:
        h = recurrence.rnn_cell(x_t, h, W.detach(), U, b)
    assert torch.equal(h.detach(), values[-1])
    of_U, of_b = torch.autograd.grad(h @ errors[-1], (U, b))
    ours, gradient = recurrence.bptt(values, W.detach(), errors[-1])
    assert torch.allclose(ours, torch.stack(errors[1:]))
    assert torch.allclose(gradient, there(W.grad))
    printed("eq-recurrence-bptt").holds(
        {
            r"\boldsymbol{\delta}": From(0, [column(e) for e in errors]),
            "S": [np.diag(1 - h.numpy() ** 2) for h in values[1:]],
            "W": W.detach().numpy(),
            r"\nabla_W": there(W.grad).numpy(),
            r"\nabla_U": of_U.numpy(),
            r"\nabla_{\mathbf{b}}": column(of_b),
            r"\mathbf{x}": [column(x_t) for x_t in x],
            r"\mathbf{h}": From(0, [column(h) for h in values]),
            "T": 4,
            "t": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-recurrence-bound")
def test_no_gradient_grows_faster_than_the_largest_stretch(printed: Equations) -> None:
    W, _, states, _ = rolled()
    rows = [torch.autograd.grad(s, states, retain_graph=True) for s in states[-1]]
    norm = float(torch.linalg.matrix_norm(torch.stack([row[0] for row in rows]), 2))
    stretch = float(torch.linalg.matrix_norm(W.detach(), 2))
    bench = printed("eq-recurrence-bound")
    slopes = [float((1 - h**2).max()) for h in torch.stack(states[1:]).detach()]
    bench.holds({"J": norm, "s": stretch, "T": 4, "d": slopes}, free=("J", "s", "T", "d"))
    rotation = 1.3 * torch.linalg.qr(normal(3, 3, seed=11))[0]
    h = torch.zeros(3, dtype=torch.float64)
    for _ in range(3):  # at zero the tanh has the slope one
        h = recurrence.rnn_cell(torch.zeros(1).double(), h, rotation, torch.zeros(3, 1).double(), h)
    tight = float(torch.linalg.matrix_norm(torch.linalg.matrix_power(rotation, 3), 2))
    bench.holds({"J": tight, "s": 1.3, "T": 3, "d": [1.0, 1.0, 1.0]})


@pytest.mark.equation("eq-recurrence-clip")
def test_clipping_is_that_of_pytorch(printed: Equations) -> None:
    for size, most in ((3.0, 1.7), (0.2, 1.7)):
        parameter = nn.Parameter(torch.zeros(4, dtype=torch.float64))
        parameter.grad = size * normal(4, seed=4)
        before = there(parameter.grad).clone()
        nn.utils.clip_grad_norm_([parameter], most)
        assert torch.allclose(recurrence.clip(before, most), there(parameter.grad), atol=1e-5)
        printed("eq-recurrence-clip").holds(
            {
                r"\mathbf{g}'": column(there(parameter.grad)),
                r"\mathbf{g}": column(before),
                "m": most,
            },
            tolerance=1e-5,  # PyTorch adds a millionth to the norm
            free=(r"\mathbf{g}",) if size > 1 else ("m",),
        )


@pytest.mark.equation("eq-recurrence-carousel")
def test_along_the_memory_the_forget_gates_multiply(printed: Equations) -> None:
    keep = [0.9, 0.5, 0.8, 0.7]
    cell = torch.tensor(0.3, dtype=torch.float64)
    cells = [cell.requires_grad_()]
    for f in keep:
        cells.append(f * cells[-1] + 0.4)
    slopes = [s.item() for s in torch.autograd.grad(cells[-1], cells)]
    assert recurrence.gated([1.0] * 4, [0.4] * 4, keep)[-1] == pytest.approx(
        cells[-1].item() - slopes[0] * 0.3
    )
    printed("eq-recurrence-carousel").holds(
        {
            r"\frac{\partial c_T}{\partial c_k}": Given(("k",), lambda k: slopes[k]),
            "f": keep,
            "T": 4,
            "k": Each([0, 1, 2]),
        }
    )


def lstm_rolled() -> tuple[list[Tensor], list[tuple[Tensor, Tensor]], list[tuple[Tensor, ...]]]:
    """The weights W of each block, states and cells from 0 to 4, and the gates' sums of each step."""
    W, U, b, x = normal(12, 3), normal(12, 2, seed=1), normal(12, seed=2), normal(4, 2, seed=3)
    h, c = (normal(3, seed=seed).requires_grad_() for seed in (4, 5))
    pairs, inside = [(h, c)], []
    for x_t in x:
        sums = (W @ h + U @ x_t + b).chunk(4)
        for part in sums:
            part.retain_grad()
        i, f, g, o = sums
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        pairs.append((h, c))
        inside.append(sums)
    return list(W.chunk(4)), pairs, inside


@pytest.mark.equation("eq-recurrence-inside")
@pytest.mark.equation("eq-recurrence-ways")
def test_all_ways_back_through_an_lstm_are_those_of_autograd(printed: Equations) -> None:
    W, pairs, inside = lstm_rolled()
    x = normal(4, 2, seed=3)
    known = recurrence.lstm_cell(
        x[0], *pairs[0], torch.cat(W), normal(12, 2, seed=1), normal(12, seed=2)
    )
    assert torch.allclose(known[0], pairs[1][0])
    for tensor in (tensor for pair in pairs for tensor in pair):
        tensor.retain_grad()
    torch.autograd.backward(pairs[-1][0] @ normal(3, seed=6))
    gates = [[i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()] for i, f, g, o in inside]
    slopes = [[column(there(part.grad)) for part in sums] for sums in inside]
    last = np.zeros((3, 1))  # nothing reads the state before the first in this loss
    common = {
        r"\boldsymbol{\delta}": From(0, [column(there(h.grad)) for h, _ in pairs]),
        r"\boldsymbol{\gamma}": From(0, [column(there(c.grad)) for _, c in pairs]),
        r"\mathbf{f}": [column(row[1]) for row in gates],
        r"\mathbf{c}": From(0, [column(c) for _, c in pairs]),
        r"\mathbf{1}": np.ones((3, 1)),
    }
    parts = {
        r"\mathbf{a}": [row[0] for row in slopes],
        r"\boldsymbol{\varphi}": [row[1] for row in slopes],
        r"\boldsymbol{\eta}": [row[2] for row in slopes],
        r"\boldsymbol{\omega}": [row[3] for row in slopes],
    }
    printed("eq-recurrence-inside").holds(
        {
            **common,
            **parts,
            r"\mathbf{i}": [column(row[0]) for row in gates],
            r"\mathbf{g}": [column(row[2]) for row in gates],
            r"\mathbf{o}": [column(row[3]) for row in gates],
            "t": Each([1, 2, 3, 4]),
        }
    )
    printed("eq-recurrence-ways").holds(
        {
            **common,
            **parts,
            r"\mathbf{o}": From(0, [last, *(column(row[3]) for row in gates)]),
            **dict(zip(("W_i", "W_f", "W_g", "W_o"), (part.numpy() for part in W), strict=True)),
            "t": Each([2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-recurrence-constant")
def test_the_time_constant_of_a_forget_gate(printed: Equations) -> None:
    f = 1 / (1 + math.exp(-1))
    left = recurrence.gated([1.0, *[0.0] * 7], [1.0] * 8, [f] * 8)[-1]
    assert left == pytest.approx(f**7)
    tau = 7 / -math.log(left)
    printed("eq-recurrence-constant").holds({"f": f, "n": 7, r"\tau": tau}, free=("n",))
    said(f"A bias of 1 and nothing else gives $f = {f:.2f}$ and $\\tau = {tau:.1f}$ steps")
    long = 1 / (1 + math.exp(-3))
    said(f"a bias of 3 gives {long:.2f} and {-1 / math.log(long):.1f} steps")


# What the figures tell.


def test_what_is_left_of_a_gradient() -> None:
    table = style.read_table(DATA / "vanish.csv")
    at = {key: [10**value for value in column_] for key, column_ in table.items()}
    ten, twenty, last = (table["distance"].index(float(n)) for n in (10, 20, 40))
    assert at["rnn_0.5_mean"][twenty] < 1e-8
    said("First, the RNN: with spectral radius 0.5 it falls below 1e-8 within 20 steps, with")
    linear = [at["linear_1_mean"][n] for n in (ten, last)]
    said(
        f"With radius 1 a linear network keeps {linear[0]:.1f} at 10 steps and {linear[1]:.2f} at 40, since"
    )
    said(
        f"to {at['rnn_1_mean'][last] * 1e7:.0f}e-7 at 40, without the tanh only to {linear[1]:.2f}"
    )
    left = [at["rnn_1_mean"][n] for n in (ten, last)]
    said(f"with the tanh {left[0]:.2f} and {left[1]:.7f} are left")
    knife = at["rnn_2_mean"]
    assert 0.75 < min(knife) < 0.85
    assert 2.5 < max(knife) < 3
    said("with radius 2 the mean stays between 0.8 and 3, with")
    said("Near radius 2 the mean over the seeds stays near 1 for 40 steps, but single networks")
    ratio = at["rnn_2_most"][last] / at["rnn_2_least"][last]
    said(f"differ by a factor of {round(ratio, -3):,.0f}; at 3 the gradients explode.")
    said(f"with radius 3 it grows to {round(at['rnn_3_mean'][last], -3):,.0f}. Second")
    said(f"With a forget bias of 1 it has {at['lstm_1_mean'][last]:.3f} left at 40 steps, four")
    said(f"with forget bias 1 it falls to {at['lstm_1_mean'][last]:.3f} at 40, with bias 3")
    gates = [at[f"gates_{bias:g}_mean"][last] for bias in figures.BIASES]
    said(
        f"the products of the forget gates alone fall to {gates[0]:.0e} and".replace("e-06", "e-6")
    )
    said(
        f"fall to 6e-6 and {gates[1]:.2f}]", f"With a bias of 3 the product is {gates[1]:.2f}, and"
    )
    said(
        f"which has {gates[0]:.6f} left: the ways through", "four orders of magnitude more than the"
    )
    said(f"with a bias of 1 at the start, to {gates[0]:.6f} within 40 steps")
    said(f"all ways together have grown to {at['lstm_3_mean'][last]:.1f}.")
    said(f"with all other ways {at['lstm_1_mean'][last]:.3f} [was measured]")
    # The product is near that of the constant gate, which the text gives for each bias.
    for bias, product in zip(figures.BIASES, gates, strict=True):
        assert math.log(product) == pytest.approx(-40 * math.log1p(math.exp(-bias)), rel=0.1)
    assert round(math.log10(at["lstm_1_mean"][last] / at["rnn_1_mean"][last])) == 4
    low, high = min(at["lstm_3_mean"]), max(at["lstm_3_mean"])
    assert 0.85 < low < 0.95
    assert 3 < high < 4
    said("with bias 3 it stays between 0.9 and 4; the products")
    said("mean and range of eight seeds")
    assert figures.SEEDS == 8


def test_reach_is_the_product_of_derivatives() -> None:
    torch.manual_seed(0)
    for seed in range(2):
        row = recurrence.reach("rnn", 0.8, 6, units=5, seed=seed)
        assert row[0] == 1
        assert row.shape == (7,)
        stretch = recurrence.reach("rnn", 1.6, 1, units=5, seed=seed)
        assert stretch[1] == pytest.approx(
            2 * float(recurrence.reach("rnn", 0.8, 1, 5, seed)[1]), rel=0.7
        )
    far = recurrence.reach("lstm", 50.0, 30, units=5)
    assert far.min() > 0.3  # open gates keep what there is
    assert torch.allclose(recurrence.reach("gates", 50.0, 30, units=5), torch.ones(31))
    shut = recurrence.reach("gates", -50.0, 1, units=5)
    assert shut[1] < 1e-12 < recurrence.reach("lstm", -50.0, 2, units=5)[1]
    draw = torch.Generator().manual_seed(4)
    W = torch.randn(5, 5, generator=draw) / 5**0.5
    W = W * (0.8 / torch.linalg.eigvals(W).abs().max())
    for shape in ((5, 2), *[(2,)] * 7):  # U and seven inputs
        torch.randn(shape, generator=draw)
    v = torch.randn(5, generator=draw)
    kept = (torch.linalg.matrix_power(W.T, 7) @ v).norm() / v.norm()
    assert recurrence.reach("linear", 0.8, 7, units=5, seed=4)[-1] == pytest.approx(float(kept))


def test_the_cliff_and_clipping() -> None:
    x = [4.0, *[0.0] * (figures.GAP - 2), 2.0]
    slopes = {w: recurrence.back(w, recurrence.run(w, x), 6)[1] for w in (0.5, 1.1)}
    said(f"At $w = 1.1$ the gradient is {slopes[1.1]:,.0f}, and one step with rate 0.01")
    wild = figures.descent(1.1, math.inf)
    said(f"leads to $w = {wild[1]:.0f}$; the next one overflows in 32-bit numbers")
    assert not math.isfinite(wild[2])
    tame = figures.descent(1.1, 1.0)
    said(f"reaches {tame[10]:.2f} after ten steps")
    assert max(abs(w - 1) for w in tame[10:]) <= 0.0101
    assert all(a - b == pytest.approx(0.01) for a, b in itertools.pairwise(tame[:10]))
    w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad((4 * w**29 + 2 - 6) ** 2 / 2, w, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, w)
    assert float(curvature) == pytest.approx((4 * 29) ** 2)
    said(f"$(4 \\cdot 29)^2 = {(4 * 29) ** 2:,}$".replace(",", "{,}"))
    said(f"only rates below $2 / 13{{,}}456 = {2 / (4 * 29) ** 2:.5f}$ come to rest there")
    for rate, still in ((0.001, False), (0.0002, False), (0.0001, True)):
        end = figures.descent(1.00137, 1.0, 300, rate)[-2:]
        assert all(abs(w - 1) < 1e-9 for w in end) is still
        assert all(abs(w - 1) <= 1.01 * rate for w in end)
    said(f"At $w = 0.5$ the gradient is $-{-slopes[0.5]:.7f}$")
    for most in (1.0, math.inf):
        assert abs(figures.descent(0.5, most)[40] - 0.5) < 1e-6
    said("40 steps with or without clipping change $w$ by less than a millionth")
    table = style.read_table(DATA / "cliff.csv")
    said(f"With 4 steps it falls smoothly from {table['short'][0]:.1f} to zero at w = 1")
    at = {round(w, 2): value for w, value in zip(table["w"], table["long"], strict=True)}
    assert all(7.8 < at[w] <= 8 for w in (0.5, 0.6, 0.7, 0.8, 0.85))
    said("With 30 steps it lies flat at 8 up to 0.85", "Now let 28 zeros stand between")


def test_the_states_and_errors_of_the_figure() -> None:
    table = style.read_table(DATA / "fade.csv")
    for w in figures.WEIGHTS:
        assert table[f"share_{w:g}"] == [w**n for n in (3, 2, 1, 0)]
    said("the state is 4, 2, 1, 2.5 for w = 0.5; 4, 4, 4, 6 for w = 1; 4, 8, 16, 34 for w = 2")
    said("is 1/8 at step 1 for w = 0.5, 1 for w = 1, 8 for w = 2")
    said("hands on the states h1 = 4, h2 = 2, h3 = 1 and h4 = 2.5, which goes to the loss")
    said("Gradients lead back: −3.5, −1.75, −0.875, −0.4375.", "x1 = 4, x2 = 0, x3 = 0, x4 = 2")
    drawn = style.read_table(DATA / "diagram.csv")
    assert drawn["h"] == HALF[1:]
    assert drawn["error"] == [-0.4375, -0.875, -1.75, -3.5]


# What one would write.


def test_the_reader_ignores_padding_and_reports_the_norm() -> None:
    torch.manual_seed(0)
    model = practice.Reader(2, 5)
    assert there(model.lstm.bias_ih_l0)[5:10].min() > 1 - 5**-0.5
    x = torch.randn(3, 7, 2)
    lengths = torch.tensor([7, 4, 2])
    padded = x.clone()
    padded[1, 4:], padded[2, 2:] = 99.0, -99.0
    assert torch.allclose(model(x, lengths), model(padded, lengths))
    assert torch.allclose(model(x[1:2, :4], torch.tensor([4])), model(x, lengths)[1:2])
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    before = [p.detach().clone() for p in model.parameters()]
    norm = practice.update(model, optimiser, x, lengths, torch.tensor([50.0, -40.0, 9.0]))
    moved = torch.cat(
        [(p.detach() - q).flatten() for p, q in zip(model.parameters(), before, strict=True)]
    )
    assert norm > 1
    assert float(moved.norm()) == pytest.approx(0.1, rel=1e-4)


# The demo and the exercises.


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, object]] = []
    for w, steps in ((0.5, 4), (1.1, 30), (0.9, 2), (0.0, 7), (1.5, 40)):
        x = [4.0, *[0.0] * (steps - 2), 2.0]
        errors, gradient = recurrence.back(w, recurrence.run(w, x), recurrence.TARGET)
        cases.append({"function": "slopes", "args": [w, steps], "returns": [*errors, gradient]})
        for most in (1.0, 1e12):
            short = float(recurrence.clip(torch.tensor(gradient, dtype=torch.float64), most))
            args = [w, steps, recurrence.RATE, most]
            after = w - recurrence.RATE * short
            cases.append({"function": "descend", "args": args, "returns": after})
    module = "architectures/recurrence/recurrence.mjs"
    return {"module": module, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


@pytest.mark.answer("answer-recurrence-pencil")
def test_exercise_1_by_pencil(answer: Bench) -> None:
    states = recurrence.run(0.5, [8, 0, 4])
    _, gradient = recurrence.back(0.5, states, 10)
    answer("answer-recurrence-pencil").is_((states[-1], gradient), (states[-1], -4 * states[2]))


@pytest.mark.answer("answer-recurrence-clip")
def test_exercise_2_clipping(answer: Bench) -> None:
    short = recurrence.clip(torch.tensor([3.0, 4.0]), 2).tolist()
    answer("answer-recurrence-clip").is_(tuple(short), (2, 2))


@pytest.mark.answer("answer-recurrence-forget")
def test_exercise_3_a_forget_gate(answer: Bench) -> None:
    f = 0.5 ** (1 / 100)
    assert recurrence.gated([1.0, *[0.0] * 100], [1.0] * 101, [f] * 101)[-1] == pytest.approx(0.5)
    wrong = 1 - 0.5 / 100
    answer("answer-recurrence-forget").is_(
        (f, math.log(f / (1 - f))), (wrong, math.log(wrong / (1 - wrong)))
    )


@pytest.mark.answer("answer-recurrence-orthogonal")
def test_exercise_4_orthogonal_weights(answer: Bench) -> None:
    W = torch.linalg.qr(normal(6, 6))[0]
    h = [normal(6, seed=1)]
    for _ in range(9):
        h.append(torch.tanh(W @ h[-1]))
    errors, _ = recurrence.bptt(torch.stack(h), W, normal(6, seed=2))
    norms = errors.norm(dim=1)
    assert all(a < b for a, b in itertools.pairwise(norms.tolist()))
    answer("answer-recurrence-orthogonal").is_("They shrink or stay, but never grow.")


@pytest.mark.answer("answer-recurrence-parameters")
def test_exercise_5_parameters(answer: Bench) -> None:
    with torch.device("meta"):
        layer = nn.LSTM(1000, 1000)
    count = sum(p.numel() for name, p in layer.named_parameters() if "bias_hh" not in name)
    assert there(layer.bias_hh_l0).numel() == 4000
    answer("answer-recurrence-parameters").is_(count, count / 4)


def test_the_program_compares_like_with_like_for_another_weight(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recurrence, "WEIGHT", 1.0)
    recurrence.main()
    out = capsys.readouterr().out
    assert "by autograd -0.0" in out.replace("autograd 0.0", "autograd -0.0")
    assert "leads to w = 1.000, thirty to 1.000" in out


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "recurrence.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "dL/dw by hand -10.5, by autograd -10.5" in out
    assert "leads to w = 0.605, thirty to 1.000" in out
    assert "with gates: [4.0, 4.0, 4.0, 6.0]" in out
