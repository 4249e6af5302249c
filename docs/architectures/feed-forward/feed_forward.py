"""A feed-forward layer and the stream it adds to: two matrices with a curve between them, or three with a gate.

The letters: x (..., E) rows of the residual stream, E its width, F hidden units, M features.
up (F, E): the keys, one in each row; bias (F,); down (E, F): the values, one in each column; gate (F, E).
In shazeer2020glu the gate is W, up is V and down is W2.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

Curve = Callable[[Tensor], Tensor]  # (...,) to (...,)

# The example. Three numbers of the stream: capital, country (1 France, -1 Italy), city (1 Paris, -1 Rome).
FRANCE, ITALY = (1.0, 1.0, 0.0), (1.0, -1.0, 0.0)  # "The capital of France is"
UP = ((1.0, 1.0, 0.0), (1.0, -1.0, 0.0))
BIAS = (-1.0, -1.0)
DOWN = ((0.0, 0.0), (0.0, 0.0), (1.0, -1.0))
GATE, GATED_UP, GATED_DOWN = ((1.0, 0.0, 0.0),), ((0.0, 1.0, 0.0),), ((0.0,), (0.0,), (1.0,))
RATE = 0.5


# --8<-- [start:curves]
def gelu(x: Tensor) -> Tensor:
    """x times the probability that a standard normal number lies below it: x (...,) to (...,).

    Source: hendrycks2016gaussian.
    """
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def silu(x: Tensor) -> Tensor:
    """x times its logistic function, also called Swish: x (...,) to (...,).

    Source: ramachandran2017searching.
    """
    return x / (1 + torch.exp(-x))
    # --8<-- [end:curves]


# --8<-- [start:forward]
def forward(
    x: Tensor, up: Tensor, bias: Tensor, down: Tensor, curve: Curve = torch.relu
) -> tuple[Tensor, Tensor, Tensor]:
    """A plain layer, step by step.

    x (..., E), up (F, E), bias (F,), down (E, F) to before (..., F), hidden (..., F) and
    written (..., E). Source: vaswani2017attention, eq. 2.
    """
    before = x @ up.mT + bias
    hidden = curve(before)
    written = hidden @ down.mT
    return before, hidden, written
    # --8<-- [end:forward]


# --8<-- [start:memory]
def memory(
    x: Tensor, keys: Tensor, bias: Tensor, values: Tensor, curve: Curve = torch.relu
) -> Tensor:
    """The same, unit by unit: x (E,), keys, values (F, E), bias (F,) to (E,).

    Source: geva2021transformer.
    """
    total = torch.zeros_like(x)
    for key, threshold, value in zip(keys, bias, values, strict=True):
        total = total + curve(key @ x + threshold) * value
    return total
    # --8<-- [end:memory]


# --8<-- [start:gated]
def gated(x: Tensor, gate: Tensor, up: Tensor, down: Tensor, curve: Curve = silu) -> Tensor:
    """A gated linear unit, SwiGLU with the curve as it stands.

    x (..., E), gate, up (F, E), down (E, F) to (..., E). Source: shazeer2020glu.
    """
    opened = curve(x @ gate.mT)
    return (opened * (x @ up.mT)) @ down.mT
    # --8<-- [end:gated]


# --8<-- [start:stream]
def stream(x: Tensor, layers: Sequence[Curve]) -> list[Tensor]:
    """The residual stream before the first layer and after each: x (..., E) to (..., E) each.

    Source: he2016identity.
    """
    states = [x]
    for layer in layers:
        x = x + layer(x)
        states.append(x)
    return states
    # --8<-- [end:stream]


class Gradients(NamedTuple):
    """Slopes of the loss: up (F, E), bias (F,), down (E, F), x (B, E)."""

    up: Tensor
    bias: Tensor
    down: Tensor
    x: Tensor


# --8<-- [start:backward]
def backward(x: Tensor, up: Tensor, bias: Tensor, down: Tensor, error: Tensor) -> Gradients:
    """Gradients of a ReLU layer whose result was added to x.

    x (B, E), up (F, E), bias (F,), down (E, F), error (B, E), which is the slope of the loss
    with respect to the stream after the layer, to gradients, each in the shape (...) of what
    it belongs to.
    Source: rumelhart1986internal.
    """
    before, hidden, _ = forward(x, up, bias, down)
    values = error.mT @ hidden
    back = error @ down
    back = back * (before > 0)
    keys = back.mT @ x
    earlier = error + back @ up
    return Gradients(keys, back.sum(0), values, earlier)
    # --8<-- [end:backward]


# --8<-- [start:learn]
def learn(x: Tensor, city: float, down: Tensor, rate: float = RATE) -> Tensor:
    """One step on the values of the example's layer: x (3,), down (3, 2) to (3, 2). Source: definition."""
    up, bias = torch.tensor(UP), torch.tensor(BIAS)
    after = x + forward(x, up, bias, down)[2]
    error = torch.zeros_like(after)
    error[2] = after[2] - city
    gradients = backward(x[None], up, bias, down, error[None])
    return down - rate * gradients.down
    # --8<-- [end:learn]


# --8<-- [start:edit]
def edit(down: Tensor, hidden: Tensor, wanted: Tensor) -> Tensor:
    """The values, changed as little as possible so that `hidden` writes `wanted`.

    down (E, F), hidden (F,), wanted (E,) to (E, F).
    Source: meng2022locating, without its covariance.
    """
    missing = wanted - down @ hidden
    return down + torch.outer(missing, hidden) / (hidden @ hidden)
    # --8<-- [end:edit]


# --8<-- [start:cost]
def parameters(width: int, inner: int, gate: bool = False, biases: bool = True) -> int:
    """Numbers to train in a layer with E = width and F = inner. Source: definition."""
    if gate:
        return 3 * width * inner
    return 2 * width * inner + biases * (inner + width)


def operations(width: int, inner: int, gate: bool = False) -> int:
    """Multiplications and additions of the matrix products for one token.

    Source: kaplan2020scaling.
    """
    return 2 * width * inner * (3 if gate else 2)
    # --8<-- [end:cost]


# --8<-- [start:read]
def read(features: Tensor, codes: Tensor, bias: Tensor) -> Tensor:
    """Features written into a stream that is too narrow, and read again by ReLU units.

    features (..., M), codes (E, M), a direction for each, bias (M,) to (..., M).
    Source: elhage2022toy.
    """
    rows = features @ codes.mT  # (..., E)
    return torch.relu(rows @ codes + bias)
    # --8<-- [end:read]


def main() -> None:
    """The example, beside a layer of PyTorch with the same weights."""
    up, bias, down = torch.tensor(UP), torch.tensor(BIAS), torch.tensor(DOWN)
    library = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 3))
    library.load_state_dict(
        {"0.weight": up, "0.bias": bias, "2.weight": down, "2.bias": torch.zeros(3)}
    )
    for name, row in (
        ("capital of France", FRANCE),
        ("capital of Italy", ITALY),
        ("France alone", (0.0, 1.0, 0.0)),
        ("capital alone", (1.0, 0.0, 0.0)),
    ):
        x = torch.tensor(row)
        before, hidden, written = forward(x, up, bias, down)
        print(f"{name}: before {before.tolist()}, hidden {hidden.tolist()}")
        print(f"  stream {(x + written).tolist()}, PyTorch {(x + library(x)).tolist()}")
    x = torch.tensor(FRANCE)
    opened = gated(x, torch.tensor(GATE), torch.tensor(GATED_UP), torch.tensor(GATED_DOWN))
    print(f"one gated unit: city {opened[2]:.3f}")
    known = learn(x, 1.0, torch.zeros(3, 2))
    print(f"one step from nothing: value of unit 1 {known[2, 0]}, of unit 2 {known[2, 1].abs()}")
    print(f"parameters {parameters(3, 2)}, PyTorch {sum(p.numel() for p in library.parameters())}")


if __name__ == "__main__":
    main()
