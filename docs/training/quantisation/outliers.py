"""One feature 100 times larger than the others, in a layer whose function stays the same: errors, and cures.

An input is multiplied by a factor and its weights are divided by it, or the reverse, so the product does not change.
Weights and inputs of the rest are standard normal. Errors are those of the output, relative to its size.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

INPUTS, OUTPUTS, TOKENS, SEEDS = 64, 64, 256, 5
FACTOR, GROUP = 100.0, 16


def layer(seed: int, factor: float, spoilt: int = 0) -> tuple[Tensor, Tensor]:
    """Inputs (n, in), one times the factor, and weights (out, in), those of it divided by it. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(TOKENS, INPUTS, generator=generator, dtype=torch.float64)
    w = torch.randn(OUTPUTS, INPUTS, generator=generator, dtype=torch.float64)
    x[:, spoilt] *= factor
    w[:, spoilt] /= factor
    return x, w


# --8<-- [start:rounded]
def rounded(x: Tensor, bits: int, group: int = 0) -> Tensor:
    """Rounded with a scale for each row, or for each group of a row: x (n, in) to (n, in). Source: definition."""
    parts = x.reshape(*x.shape[:-1], -1, group or x.shape[-1])
    scale = parts.abs().amax(-1, keepdim=True) / float(2 ** (bits - 1) - 1)
    return torch.flatten(torch.round(parts / scale) * scale, -2)
    # --8<-- [end:rounded]


# --8<-- [start:rotation]
def rotation(n: int, generator: torch.Generator) -> Tensor:
    """A Hadamard matrix whose rows have random signs, over √n: (n, n), orthogonal. Source: tseng2024quip."""
    matrix = torch.ones(1, 1, dtype=torch.float64)
    while len(matrix) < n:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    signs = torch.randint(0, 2, (n, 1), generator=generator) * 2.0 - 1
    return signs * matrix / math.sqrt(n)
    # --8<-- [end:rotation]


def both(x: Tensor, w: Tensor, bits: int = 8) -> Tensor:
    """Product of what is rounded: x (n, in), w (out, in) to (n, out). Source: definition."""
    return rounded(x, bits) @ rounded(w, bits).T


# --8<-- [start:cures]
def smoothed(x: Tensor, w: Tensor, bits: int = 8) -> Tensor:
    """After inputs have been smoothed: x (n, in), w (out, in) to (n, out). Source: xiao2023smoothquant, eq. 4."""
    s = (x.abs().amax(0) / w.abs().amax(0)).sqrt()
    return both(x / s, w * s, bits)


def rotated(x: Tensor, w: Tensor, bits: int = 8) -> Tensor:
    """After both are rotated alike: x (n, in), w (out, in) to (n, out). Source: ashkboos2024quarot."""
    turn = rotation(x.shape[-1], torch.Generator().manual_seed(0))
    return both(x @ turn, w @ turn, bits)
    # --8<-- [end:cures]


def parted(x: Tensor, w: Tensor, bits: int = 8) -> Tensor:
    """Inputs beyond 6 multiplied as they are: x (n, in), w (out, in) to (n, out). Source: dettmers2022llm."""
    large = x.abs().amax(0) > 6
    return x[:, large] @ w[:, large].T + both(x[:, ~large], w[:, ~large], bits)


CURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "plain": both, "smoothed": smoothed, "rotated": rotated, "parted": parted,
}  # fmt: skip


def error(made: Tensor, x: Tensor, w: Tensor) -> float:
    """Error of the output over its size: made (n, out), x (n, in), w (out, in) to a number. Source: definition."""
    y = x @ w.T
    return float((made - y).norm() / y.norm())


def inputs(factor: float) -> dict[str, list[float]]:
    """Errors for each cure with 8 bits for inputs and weights, one for each seed. Source: definition."""
    layers = [layer(seed, factor) for seed in range(SEEDS)]
    return {name: [error(cure(x, w), x, w) for x, w in layers] for name, cure in CURES.items()}


def weights(factor: float) -> dict[str, list[float]]:
    """Errors with weights alone in 4 bits, those of one input times the factor, by scale. Source: definition."""
    found: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        x, w = layer(seed, 1 / factor)
        turn = rotation(INPUTS, torch.Generator().manual_seed(0))
        made = {
            "matrix": rounded(w.reshape(1, -1), 4).reshape(w.shape),
            "row": rounded(w, 4),
            "group": rounded(w, 4, GROUP),
            "column": rounded(w.T, 4).T,
            "rotated": rounded(w @ turn, 4) @ turn.T,
        }
        for name, value in made.items():
            found.setdefault(name, []).append(error(x @ value.T, x, w))
    return found


def main() -> None:
    """Mean, least and most of five layers, without the outlier and with it."""
    for title, measure in (("inputs, 8 bits", inputs), ("weights, 4 bits", weights)):
        for factor in (1.0, FACTOR):
            for name, values in measure(factor).items():
                mean = sum(values) / len(values)
                least, most = min(values), max(values)
                print(f"{title}, times {factor:g}: {name:8} {mean:.4f} ({least:.4f} to {most:.4f})")


if __name__ == "__main__":
    main()
