"""Quantisation: formats with their grids and scales, rounding to nearest and by GPTQ, outliers and their cures.

Letters, with the name in frantar2023gptq where it differs:
    W, X      weights of a layer (out, in), its inputs (in, n): W X; x and y here have a vector in each row
    b, g      bits of a code, weights that share a scale (groupsize)
    q, s      code and scale; the stored value is s q
    H         X X^T / n, the matrix of the squared error of the output (H, without the factor 2)
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

ROW = (0.56, -0.22, 0.32, -1.4)
INPUT = (1.0, 2.0, 1.0, 0.5)
BITS = 4


# --8<-- [start:absmax]
def absmax(w: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Codes and scale, symmetric: w (..., g) to (..., g) and (..., 1). Source: dettmers2022llm, section 2.1."""
    top = 2 ** (bits - 1) - 1
    scale = w.abs().amax(-1, keepdim=True) / top
    scale = torch.where(scale == 0, 1.0, scale)  # a group of zeros
    return torch.round(w / scale), scale
    # --8<-- [end:absmax]


# --8<-- [start:affine]
def affine(x: Tensor, bits: int) -> tuple[Tensor, Tensor, Tensor]:
    """Codes from 0, scale, zero-point: x (..., g) to (..., g), (..., 1), (..., 1). Source: jacob2018quantization."""
    low = x.amin(-1, keepdim=True).clamp(max=0)  # zero must have a code
    high = x.amax(-1, keepdim=True).clamp(min=0)
    scale = torch.where(high == low, 1.0, (high - low) / (2**bits - 1))
    zero = torch.round(-low / scale)
    return (torch.round(x / scale) + zero).clamp(0, 2**bits - 1), scale, zero
    # --8<-- [end:affine]


# --8<-- [start:floats]
def floats(exponent: int, mantissa: int, top: float = math.inf) -> Tensor:
    """Values of a format of a sign, exponent and mantissa bits, sorted: (values,). Source: micikevicius2022fp8."""
    bias, steps = 2 ** (exponent - 1) - 1, 2**mantissa
    values = [
        (m / steps if e == 0 else 1 + m / steps) * 2.0 ** (max(e, 1) - bias)
        for e in range(2**exponent)
        for m in range(steps)
    ]
    half = torch.tensor([v for v in values if v <= top], dtype=torch.float64)
    return torch.cat([-half[half > 0], half]).sort().values
    # --8<-- [end:floats]


# --8<-- [start:nf4]
def normal_floats() -> Tensor:
    """NF4: quantiles of the normal law, 8 above zero, 7 below, over the largest: (16,). Source: dettmers2023qlora."""
    edge = (1 - 1 / 32 + 1 - 1 / 30) / 2  # 1 would be infinite
    above = torch.special.ndtri(torch.linspace(edge, 0.5, 9, dtype=torch.float64)[:-1])
    below = -torch.special.ndtri(torch.linspace(edge, 0.5, 8, dtype=torch.float64)[:-1])
    values = torch.cat([above, below, torch.zeros(1).double()]).sort().values
    return values / values.max()
    # --8<-- [end:nf4]


def integers(bits: int) -> Tensor:
    """Whole numbers from -(2^(bits - 1) - 1) to the same, zero in the middle: (values,). Source: definition."""
    top = 2 ** (bits - 1) - 1
    return torch.arange(-top, top + 1, dtype=torch.float64)


E4M3, E5M2, E2M1 = floats(4, 3, 448), floats(5, 2, 57344), floats(2, 1)


# --8<-- [start:formats]
class Format(NamedTuple):
    """A grid (values,), the bits of a code, and how a group of weights shares a scale of so many bits."""

    grid: Tensor
    bits: float
    group: int
    scale_bits: int
    rule: str = "absmax"

    def bits_a_weight(self) -> float:
        """Bits that a weight takes, with its share of the scale; group 0 is a whole row."""
        return self.bits + (self.scale_bits / self.group if self.group else 0)


FORMATS = {
    "int8": Format(integers(8), 8, 64, 16),
    "E4M3": Format(E4M3, 8, 64, 16),
    "E5M2": Format(E5M2, 8, 64, 16),
    "int4": Format(integers(4), 4, 64, 16),
    "NF4": Format(normal_floats(), 4, 64, 16),
    "MXFP4": Format(E2M1, 4, 32, 8, "power"),
    "NVFP4": Format(E2M1, 4, 16, 8, "E4M3"),
    "int3": Format(integers(3), 3, 64, 16),
    "int2": Format(integers(2), 2, 64, 16),
    "ternary": Format(integers(2), math.log2(3), 0, 16, "mean"),
}
# --8<-- [end:formats]


# --8<-- [start:nearest]
def nearest(w: Tensor, grid: Tensor) -> Tensor:
    """The nearest value of a sorted grid, of two the lower: w (...), grid (values,) to (...). Source: definition."""
    grid = grid.to(w)
    at = torch.searchsorted((grid[1:] + grid[:-1]) / 2, w.contiguous())
    return grid[at]
    # --8<-- [end:nearest]


# --8<-- [start:scale]
def scale_of(w: Tensor, grid: Tensor, rule: str) -> Tensor:
    """The scale of each group: w (..., g), grid (values,) to (..., 1).

    Source: rouhani2023microscaling, algorithm 1 (power); nvidia2025pretraining (E4M3); ma2024era, eq. 3 (mean).
    """
    largest = w.abs().amax(-1, keepdim=True).clamp(min=1e-30)
    if rule == "power":  # a power of two: what is beyond the grid goes to its end
        return torch.exp2(torch.floor(torch.log2(largest)) - math.floor(math.log2(grid[-1])))
    if rule == "mean":  # one scale for the whole matrix
        return w.abs().mean().expand_as(largest)
    scale = largest / float(grid[-1])
    if rule == "E4M3":  # a scale of 8 bits, under one of 32 bits for the whole tensor
        whole = largest.amax() / (float(grid[-1]) * float(E4M3[-1]))
        return nearest(scale / whole, E4M3[E4M3 > 0]) * whole
    return scale
    # --8<-- [end:scale]


# --8<-- [start:quantise]
def quantise(w: Tensor, kind: Format) -> Tensor:
    """Rounded in groups along the inputs: w (out, in) to (out, in). Source: definition.

    Raises ValueError if the group does not divide the row.
    """
    group = kind.group or w.shape[-1]
    if w.shape[-1] % group:
        raise ValueError(f"groups of {group} do not divide a row of {w.shape[-1]}")
    parts = w.reshape(len(w), -1, group)  # (out, in / g, g)
    scale = scale_of(parts, kind.grid, kind.rule)
    return (nearest(parts / scale, kind.grid) * scale).flatten(-2)
    # --8<-- [end:quantise]


# --8<-- [start:gptq]
def gptq(w: Tensor, h: Tensor, kind: Format, damp: float = 0.01) -> Tensor:
    """Columns to come take up each error: w (out, in), h (in, in) to (out, in). Source: frantar2023gptq.

    Departs: no blocks of columns; scales are taken from a group as it is when its first column comes.
    """
    w, made, group = w.clone(), torch.zeros_like(w), kind.group or w.shape[-1]
    damped = h + damp * h.diagonal().mean() * torch.eye(len(h)).to(h)
    upper = torch.linalg.cholesky(torch.linalg.inv(damped), upper=True)
    for j in range(w.shape[1]):
        if j % group == 0:
            scale = scale_of(w[:, j : j + group], kind.grid, kind.rule)
        made[:, j : j + 1] = nearest(w[:, j : j + 1] / scale, kind.grid) * scale
        error = (w[:, j] - made[:, j]) / upper[j, j]
        w[:, j:] -= error[:, None] * upper[j, j:]
    return made
    # --8<-- [end:gptq]


def output_error(w: Tensor, made: Tensor, h: Tensor) -> Tensor:
    """Squared error of each output, mean over inputs: w, made (out, in), h (in, in) to (out,). Source: definition."""
    d = w - made
    return ((d @ h) * d).sum(-1)


# --8<-- [start:awq]
def awq(w: Tensor, h: Tensor, kind: Format) -> tuple[Tensor, float]:
    """Columns of large inputs enlarged: w (out, in), h (in, in) to (out, in), exponent. Source: lin2024awq.

    Departs: root mean square of an input for its mean size. Raises ValueError as quantise does.
    """
    size = h.diagonal().sqrt()
    best, found, power = math.inf, w, 0.0
    for alpha in torch.linspace(0, 1, 11).tolist():
        s = size**alpha
        s = s / (s.max() * s.min()).sqrt()
        made = quantise(w * s, kind) / s
        error = float(output_error(w, made, h).sum())
        if error < best:
            best, found, power = error, made, alpha
    return found, power
    # --8<-- [end:awq]


# --8<-- [start:smooth]
def smooth(x: Tensor, w: Tensor, alpha: float = 0.5) -> Tensor:
    """Divides each input, multiplies its weights: x (n, in), w (out, in) to (in,). Source: xiao2023smoothquant."""
    return x.abs().amax(0) ** alpha / w.abs().amax(0) ** (1 - alpha)
    # --8<-- [end:smooth]


# --8<-- [start:hadamard]
def hadamard(n: int) -> Tensor:
    """Orthogonal, of entries ±1/√n: (n, n). Raises ValueError unless n is a power of two. Source: definition."""
    if n < 1 or n & (n - 1):
        raise ValueError(f"{n} is not a power of two")
    matrix = torch.ones(1, 1, dtype=torch.float64)
    while len(matrix) < n:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    return matrix / math.sqrt(n)
    # --8<-- [end:hadamard]


# --8<-- [start:through]
def through(w: Tensor, kind: Format) -> Tensor:
    """Rounded; its gradient is w's: w (out, in) to (out, in). Raises ValueError too. Source: bengio2013estimating."""
    return w + (quantise(w, kind) - w).detach()
    # --8<-- [end:through]


# --8<-- [start:aware]
def aware(w: Tensor, x: Tensor, y: Tensor, kind: Format, rate: float) -> tuple[Tensor, float]:
    """A step: w (out, in), x (n, in), y (n, out) to (out, in), loss before. Source: jacob2018quantization."""
    w = w.detach().requires_grad_()
    loss = (x @ through(w, kind).T - y).square().sum(-1).mean()
    (slope,) = torch.autograd.grad(loss, w)
    return (w - rate * slope).detach(), float(loss.detach())
    # --8<-- [end:aware]


def main() -> None:
    """The example; then 64 rows of normal weights: relative error by format, against that of uniform noise."""
    w, x = torch.tensor([ROW], dtype=torch.float64), torch.tensor(INPUT, dtype=torch.float64)
    q, scale = absmax(w, BITS)
    print("codes", q.int().tolist()[0], "scale", round(float(scale), 3))
    kind = Format(integers(BITS), BITS, 0, 16)
    signs = torch.tensor([[1, 1, 1, 1], [1, -1, 1, -1], [1, -1, 1, 1], [1, 1, 1, -1]])
    texts = x * signs  # inputs 1 and 3 always equal
    h = texts.T @ texts / len(texts)
    for name, made in (("nearest", quantise(w, kind)), ("feedback", gptq(w, h, kind, 1e-6))):
        print(name, [round(v, 2) for v in made.tolist()[0]], f"output {float(made[0] @ x):.2f}")
    normal = torch.randn(64, 1024, generator=torch.Generator().manual_seed(0)).double()
    for name, kind in FORMATS.items():
        error = (quantise(normal, kind) - normal).square().mean() / normal.square().mean()
        print(f"{name:8} {kind.bits_a_weight():.3f} bits a weight, relative error {error**0.5:.4f}")
    steps = normal.reshape(64, -1, 64).abs().amax(-1) / 7
    print(f"int4 by formula {float((steps.square().mean() / 12) ** 0.5):.4f}")


if __name__ == "__main__":
    main()
