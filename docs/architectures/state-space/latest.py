"""What selection buys: keep the latest marked number of a row of noise, with and without choosing by the input.

Each element is two numbers, a value and a mark. The answer is the value at the last mark, however long ago.
"""

import torch
from torch import Tensor
from torch.nn.functional import silu, softplus

KINDS = ("fixed", "input and output", "step", "all")  # what may depend on the element
WIDTH, STATE = 8, 2  # channels, and numbers of the state for each


# --8<-- [start:rows]
def rows(shape: tuple[int, int, int], marks: float, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows of elements and their answers: (seeds, B, T) to (seeds, B, T, 2) and (seeds, B). Source: definition."""
    value = 2 * torch.rand(shape, generator=draw) - 1
    mark = torch.rand(shape, generator=draw) < marks
    mark[..., 0] = True  # there is always an answer
    place = (mark * torch.arange(shape[-1])).amax(-1, keepdim=True)
    return torch.stack([value, mark.float()], -1), value.gather(-1, place)[..., 0]
    # --8<-- [end:rows]


def start(seeds: int, draw: torch.Generator) -> dict[str, Tensor]:
    """Random weights of several networks, matrices (seeds, O, I) by name. Source: definition."""
    sizes = {
        "in": (WIDTH, 2),
        "step": (WIDTH, WIDTH),
        "b": (STATE, WIDTH),
        "c": (STATE, WIDTH),
        "hidden": (WIDTH, WIDTH),
        "out": (1, WIDTH),
    }
    weights = {
        name: torch.randn(seeds, *size, generator=draw) / size[1] ** 0.5
        for name, size in sizes.items()
    }
    zeros = {"in": WIDTH, "hidden": WIDTH, "out": 1}
    weights |= {f"{name} bias": torch.zeros(seeds, 1, n) for name, n in zeros.items()}
    weights["step bias"] = 4 * torch.rand(seeds, 1, WIDTH, generator=draw) - 4
    weights |= {f"{name} bias": torch.ones(seeds, 1, STATE) for name in "bc"}
    return {name: w.requires_grad_() for name, w in weights.items()}


# --8<-- [start:answer]
def answer(weights: dict[str, Tensor], x: Tensor, kind: str) -> Tensor:
    """Answers: weights (seeds, O, I), x (seeds, B, T, 2) to (seeds, B). Source: this page, eq-state-space-selective."""

    def linear(name: str, u: Tensor, chosen: bool = True) -> Tensor:
        bias = weights[f"{name} bias"][:, None]
        return u @ weights[name].mT[:, None] + bias if chosen else bias.expand(*u.shape[:-1], -1)

    u = silu(linear("in", x))  # (seeds, B, T, D)
    step = softplus(linear("step", u, kind in ("step", "all")))
    b = linear("b", u, kind in ("input and output", "all"))
    c = linear("c", u[:, :, -1:], kind in ("input and output", "all"))
    rate = -torch.arange(1.0, STATE + 1)  # (N,)
    fall = step[..., None] * rate  # (seeds, B, T, D, N)
    after = fall.sum(2, keepdim=True) - fall.cumsum(2)  # what the later steps take away
    take = torch.expm1(fall) / rate * b[..., None, :]
    h = (torch.exp(after) * take * u[..., None]).sum(2)  # the last state
    y = silu(linear("hidden", (h * c).sum(-1)[:, :, None]))
    return linear("out", y)[:, :, 0, 0]
    # --8<-- [end:answer]


def train(kind: str, seeds: int = 4, count: int = 150, length: int = 16) -> dict[str, Tensor]:
    """Trained weights of several networks, matrices (seeds, O, I) by name. Source: definition."""
    draw = torch.Generator().manual_seed(0)
    weights = start(seeds, draw)
    optimiser = torch.optim.Adam(list(weights.values()), lr=0.02)
    for _ in range(count):
        x, y = rows((seeds, 32, length), 0.2, draw)
        loss = (answer(weights, x, kind) - y).square().mean(1).sum()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return weights


def errors(weights: dict[str, Tensor], kind: str, noise: int, count: int = 256) -> Tensor:
    """Error with `noise` elements after the last mark: weights (seeds, O, I) to (seeds,). Source: definition."""
    draw = torch.Generator().manual_seed(1 + noise)
    seeds = len(weights["in"])
    x, y = rows((seeds, count, 12), 0.2, draw)
    tail, _ = rows((seeds, count, noise + 1), 0.0, draw)
    x[:, :, -1, 1], y = 1.0, x[:, :, -1, 0]
    with torch.no_grad():
        return (answer(weights, torch.cat([x, tail[:, :, 1:]], 2), kind) - y).square().mean(1)


def main() -> None:
    """The error after 4 and after 32 elements of noise, for each kind; always saying 0 has 1/3."""
    for kind in KINDS:
        weights = train(kind)
        found = [errors(weights, kind, noise).mean().item() for noise in (4, 32)]
        print(f"{kind:17} error {found[0]:.3f} after 4, {found[1]:.3f} after 32 elements of noise")


if __name__ == "__main__":
    main()
