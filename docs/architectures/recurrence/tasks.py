"""Three tasks: adding two marked numbers, giving back what was read, and going on alone after teacher forcing.

Parameters have a leading axis for seeds, so that several networks train side by side.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Parameters = dict[str, Tensor]  # each (seeds, ...), by the letters of answer
BATCH, UNITS = 32, 16


# --8<-- [start:adding]
def adding(seeds: int, length: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Numbers from [0, 1) with two marks, one in each half; the answer is the sum of the marked two.

    Returns x (length, seeds, batch, 2) and y (seeds, batch). Source: hochreiter1997long.
    """
    value = torch.rand(length, seeds, BATCH, generator=draw)
    mark = torch.zeros(length, seeds, BATCH)
    half = length // 2
    for low, high in ((0, half), (half, length)):
        mark.scatter_(0, torch.randint(low, high, (1, seeds, BATCH), generator=draw), 1.0)
    return torch.stack([value, mark], dim=-1), (value * mark).sum(0)
    # --8<-- [end:adding]


def start(kind: str, seeds: int, draw: torch.Generator, forget: float = 1.0) -> Parameters:
    """Random parameters of an `rnn`, an `lstm` or `attention`, uniform within 1/√H."""
    blocks = 4 if kind == "lstm" else 1

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(seeds, *shape, generator=draw) - 1) / math.sqrt(UNITS)

    made = {"U": uniform(blocks * UNITS, 2), "b": uniform(1, blocks * UNITS)}
    made |= {"A": uniform(1, UNITS), "a": uniform(1, 1)}
    if kind == "attention":
        return made | {"q": torch.zeros(seeds, 1, UNITS)}
    if kind == "lstm":
        made["b"][..., UNITS : 2 * UNITS] += forget
    return made | {"W": uniform(blocks * UNITS, UNITS)}


# --8<-- [start:answer]
def answer(kind: str, p: Parameters, x: Tensor) -> Tensor:
    """The answer (seeds, batch) to x (length, seeds, batch, 2), from the last state or by one query.

    Source: definition.
    """
    if kind == "attention":
        e = torch.tanh(x @ p["U"].mT + p["b"])
        weight = (e @ p["q"].mT).softmax(dim=0)
        h = (weight * e).sum(0)
    else:
        h = c = torch.zeros(*x.shape[1:3], UNITS)
        for x_t in x:
            new = h @ p["W"].mT + x_t @ p["U"].mT + p["b"]
            if kind == "rnn":
                h = torch.tanh(new)
            else:
                i, f, g, o = new.chunk(4, dim=-1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
    return (h @ p["A"].mT + p["a"]).squeeze(-1)
    # --8<-- [end:answer]


def clipped(slopes: Sequence[Tensor]) -> list[Tensor]:
    """The gradients of each seed, shortened together to the norm 1, if longer.

    slopes (seeds, N, M), N and M differ between them, to (seeds, N, M). Source: pascanu2013difficulty.
    """
    norm = torch.stack([slope.flatten(1).norm(dim=1) for slope in slopes]).norm(dim=0)
    return [slope * torch.clamp(1 / norm, max=1.0)[:, None, None] for slope in slopes]


# --8<-- [start:train]
def train(
    kind: str, length: int, steps: int, seeds: int = 3, rate: float = 0.02, forget: float = 1.0
) -> Tensor:
    """Mean squared errors on the adding task while training, (steps, seeds).

    A new batch at every step; the norm of the gradient is clipped to 1 for each seed. Source: definition.
    """
    draw = torch.Generator().manual_seed(0)
    p = start(kind, seeds, draw, forget)
    for tensor in p.values():
        tensor.requires_grad_()
    optimiser = torch.optim.Adam(p.values(), lr=rate)
    seen = []
    for _ in range(steps):
        x, y = adding(seeds, length, draw)
        errors = (answer(kind, p, x) - y).square().mean(-1)
        slopes = torch.autograd.grad(errors.sum(), list(p.values()))
        for tensor, slope in zip(p.values(), clipped(slopes), strict=True):
            tensor.grad = slope
        optimiser.step()
        seen.append(errors.detach())
    return torch.stack(seen)
    # --8<-- [end:train]


def orthogonal(units: int, draw: torch.Generator) -> Tensor:
    """A random orthogonal matrix (H, H). Source: definition."""
    W: Tensor = torch.linalg.qr(torch.randn(units, units, generator=draw, dtype=torch.float64)).Q
    return W


# --8<-- [start:copying]
def memory(units: int, length: int, seed: int = 0) -> float:
    """Share of the variance of `length` independent inputs that is read from the last state, linearly.

    The state follows h_t = W h_{t-1} + u x_t with a random orthogonal W: nothing fades, and all must fit.
    """
    draw = torch.Generator().manual_seed(seed)
    W = orthogonal(units, draw)
    u = torch.randn(units, generator=draw, dtype=torch.float64)
    columns = [u]
    for _ in range(length - 1):
        columns.append(W @ columns[-1])
    M = torch.stack(columns[::-1], dim=1)  # h_N = M x
    x = torch.randn(length, 4000, generator=draw, dtype=torch.float64)
    read = torch.linalg.lstsq((M @ x).T, x.T, driver="gelsd").solution  # the best linear readout
    left = x.T - (M @ x).T @ read
    return float(1 - left.square().sum() / x.square().sum())
    # --8<-- [end:copying]


# --8<-- [start:forcing]
def forced(seen: Tensor) -> Tensor:
    """Teacher forcing: the map (2, 2) from each point of seen (T, 2) to the next, best for one step.

    Source: definition.
    """
    step: Tensor = torch.linalg.lstsq(seen[:-1], seen[1:]).solution
    return step.T


def alone(step: Tensor, x: Tensor, steps: int) -> Tensor:
    """The network goes on by step (2, 2) from x (..., 2), reading its own output.

    Returns (steps, ..., 2). Source: definition.
    """
    out = []
    for _ in range(steps):
        x = x @ step.T
        out.append(x)
    return torch.stack(out)


def unforced(seen: Tensor, steps: int, updates: int = 100) -> Tensor:
    """The map (2, 2) that is best for some steps alone on seen (T, 2), from the forced one.

    Source: definition.
    """
    step = forced(seen).clone().requires_grad_()
    optimiser = torch.optim.Adam([step], lr=0.005)
    truth = seen.unfold(0, steps + 1, 1).permute(2, 0, 1)  # (steps + 1, windows, 2)
    for _ in range(updates):
        loss = (alone(step, truth[0], steps) - truth[1:]).square().mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return step.detach()
    # --8<-- [end:forcing]


def circle(length: int, noise: float, seed: int) -> Tensor:
    """Points on a circle, twelve steps a turn, each seen with Gaussian noise: (length, 2). Source: definition."""
    draw = torch.Generator().manual_seed(seed)
    angle = 2 * math.pi * torch.arange(length) / 12
    clean = torch.stack([angle.cos(), angle.sin()], dim=1)
    return clean + noise * torch.randn(length, 2, generator=draw)
