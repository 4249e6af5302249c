"""Recurrence: one number by pencil, back-propagation through time, clipping, and the cells RNN, LSTM and GRU.

The letters: x_t an input, h_t the state, c_t the cell of an LSTM, T the number of steps, H units of the state.
Weights are laid out as in PyTorch: W (G·H, H) from the state, U (G·H, D) from the input, b (G·H), where G counts
the blocks of a cell: 1 for an RNN, 3 for a GRU, 4 for an LSTM. Leading axes (batch, seeds) pass through.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

MARKED = (4.0, 0.0, 0.0, 2.0)  # the example: what is marked of the numbers 4, 3, 1, 2
TARGET = 6.0
WEIGHT, RATE = 0.5, 0.01


# --8<-- [start:run]
def run(w: float, x: Sequence[float]) -> list[float]:
    """The states of the smallest recurrence, h_t = w h_{t-1} + x_t, from h_0 = 0."""
    states = [0.0]
    for value in x:
        states.append(w * states[-1] + value)
    return states
    # --8<-- [end:run]


# --8<-- [start:back]
def back(w: float, states: Sequence[float], target: float) -> tuple[list[float], float]:
    """Back-propagation through time for the loss (h_T - y)² / 2.

    Returns the error at each step, dL/dh_1 … dL/dh_T, and the gradient dL/dw.
    """
    errors = [states[-1] - target]
    for _ in states[2:]:
        errors.insert(0, w * errors[0])
    gradient = sum(error * before for error, before in zip(errors, states[:-1], strict=True))
    return errors, gradient
    # --8<-- [end:back]


# --8<-- [start:descend]
def descend(w: float, x: Sequence[float], target: float, rate: float, updates: int) -> list[float]:
    """Gradient descent on the weight of the smallest recurrence: the weight before and after each update."""
    path = [w]
    for _ in range(updates):
        _, gradient = back(path[-1], run(path[-1], x), target)
        path.append(path[-1] - rate * gradient)
    return path
    # --8<-- [end:descend]


# --8<-- [start:write]
def write(
    w: float, v: float, x: float, steps: int, truth: Sequence[float] | None = None
) -> list[float]:
    """Go on from x with the state h_t = w h_{t-1} + x_t, which says v h_t as the next element.

    It reads its own words, or with teacher forcing the true elements `truth`, the one after x first.
    """
    h, out = 0.0, []
    for t in range(steps):
        h = w * h + x
        out.append(v * h)
        x = out[-1] if truth is None else truth[t]
    return out
    # --8<-- [end:write]


# --8<-- [start:clip]
def clip(gradient: Tensor, most: float) -> Tensor:
    """The gradient (N,) shortened to the norm `most`, if longer: (N,). Source: pascanu2013difficulty."""
    return gradient * torch.clamp(most / gradient.norm(), max=1.0)
    # --8<-- [end:clip]


# --8<-- [start:gated]
def gated(x: Sequence[float], write: Sequence[float], keep: Sequence[float]) -> list[float]:
    """The cell of an LSTM with gates from outside: c_t = f_t c_{t-1} + i_t x_t."""
    cells = [0.0]
    for value, i, f in zip(x, write, keep, strict=True):
        cells.append(f * cells[-1] + i * value)
    return cells
    # --8<-- [end:gated]


# --8<-- [start:rnn]
def rnn_cell(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor) -> Tensor:
    """One step of an RNN.

    x (..., D), h (..., H), W (H, H), U (H, D), b (H,) to the new state (..., H). Source: elman1990finding.
    """
    return torch.tanh(h @ W.mT + x @ U.mT + b)
    # --8<-- [end:rnn]


# --8<-- [start:lstm]
def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM; blocks of weights in the order i, f, g, o.

    x (..., D), h, c (..., H), W (4H, H), U (4H, D), b (4H,) to the new state (..., H) and the new
    cell (..., H). Source: gers2000learning.
    """
    i, f, g, o = (h @ W.mT + x @ U.mT + b).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
    # --8<-- [end:lstm]


# --8<-- [start:gru]
def gru_cell(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, q: Tensor) -> Tensor:
    """One step of a GRU; blocks of weights in the order r, z, n.

    x (..., D), h (..., H), W (3H, H), U (3H, D), b (3H,), q (H,) to the new state (..., H).
    Source: cho2014learning, with the bias q of PyTorch.
    """
    of_h, of_x = (h @ W.mT).chunk(3, dim=-1), (x @ U.mT + b).chunk(3, dim=-1)
    r, z = torch.sigmoid(of_h[0] + of_x[0]), torch.sigmoid(of_h[1] + of_x[1])
    n = torch.tanh(of_x[2] + r * (of_h[2] + q))
    return (1 - z) * n + z * h
    # --8<-- [end:gru]


# --8<-- [start:unroll]
def unroll(cell: Callable[[Tensor, Tensor], Tensor], x: Tensor, h: Tensor) -> Tensor:
    """The same cell (..., D) and (..., H) to (..., H) at every step.

    x (T, ..., D), h (..., H) to (T, ..., H). Source: definition.
    """
    states = []
    for x_t in x:
        h = cell(x_t, h)
        states.append(h)
    return torch.stack(states)
    # --8<-- [end:unroll]


# --8<-- [start:both]
def both_ways(forward: Tensor, backward: Tensor) -> Tensor:
    """States of a bidirectional network; `backward` was computed on the reversed sequence.

    forward, backward (T, ..., H) to (T, ..., 2H). Source: schuster1997bidirectional.
    """
    return torch.cat([forward, backward.flip(0)], dim=-1)
    # --8<-- [end:both]


# --8<-- [start:bptt]
def bptt(states: Tensor, W: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
    """Back-propagation through time in an RNN whose loss reads the last state alone.

    States h_0 … h_T as states (T + 1, H), weights W (H, H), error (H,) of the last state to the errors
    dL/dh_1 … dL/dh_T (T, H) and the gradient dL/dW (H, H). Source: werbos1990backpropagation.
    """
    errors, gradient = [error], torch.zeros_like(W)
    for t in range(len(states) - 1, 0, -1):
        slope = errors[0] * (1 - states[t] ** 2)  # through tanh
        gradient = gradient + torch.outer(slope, states[t - 1])
        errors.insert(0, W.T @ slope)
    return torch.stack(errors[1:]), gradient  # (T, H), (H, H)
    # --8<-- [end:bptt]


# --8<-- [start:reach]
def reach(kind: str, start: float, steps: int, units: int = 32, seed: int = 0) -> Tensor:
    """How much of a gradient is left by distance, at the start of training: 1 at the last step.

    A random direction v of the last state s_T is followed back to each s_t: |d(v·s_T)/ds_t| / |v|. The state s
    is h for an `rnn` or a `linear` network, without the tanh, and c for an `lstm`, or for `gates`, which holds all
    gates and g fixed. `start` is the spectral radius of W, and the bias of the forget gate for an LSTM. Inputs are
    standard Gaussian. Returns (steps + 1,). Source: definition.
    """
    draw = torch.Generator().manual_seed(seed)
    k = 4 if kind in ("lstm", "gates") else 1
    W, U = torch.randn(k * units, units, generator=draw), torch.randn(k * units, 2, generator=draw)
    W, U, b = W / units**0.5, U / 2, torch.zeros(k * units)
    if k == 1:
        W = W * (start / torch.linalg.eigvals(W).abs().max())
    else:
        b[units : 2 * units] = start
    h, s = torch.zeros(units), torch.zeros(units, requires_grad=True)
    seen = [s]
    for _ in range(steps):
        x = torch.randn(2, generator=draw)
        if kind == "rnn":
            s = rnn_cell(x, s, W, U, b)
        elif kind == "linear":
            s = s @ W.mT + x @ U.mT
        else:
            h, s = lstm_cell(x, h.detach() if kind == "gates" else h, s, W, U, b)
        seen.append(s)
    v = torch.randn(units, generator=draw)
    slopes = torch.autograd.grad(v @ s, seen)
    return torch.stack([slope.norm() / v.norm() for slope in reversed(slopes)])
    # --8<-- [end:reach]


def main() -> None:
    """The example forwards and backwards, and the slope beside that of automatic differentiation."""
    w = torch.tensor(WEIGHT, requires_grad=True)
    h = torch.zeros(())
    for value in MARKED:
        h = w * h + value
    torch.autograd.backward((h - TARGET) ** 2 / 2)
    assert w.grad is not None
    states = run(WEIGHT, MARKED)
    errors, gradient = back(WEIGHT, states, TARGET)
    print("states:", states[1:], "errors:", errors)
    print(f"dL/dw by hand {gradient}, by autograd {float(w.grad)}")
    path = descend(WEIGHT, MARKED, TARGET, RATE, 30)
    print(f"one step of rate {RATE} leads to w = {path[1]:.3f}, thirty to {path[-1]:.3f}")
    print("with gates:", gated((4, 3, 1, 2), (1, 0, 0, 1), (1, 1, 1, 1))[1:])


if __name__ == "__main__":
    main()
