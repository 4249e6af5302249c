"""Low-rank adaptation: the layer and its gradients, merging, the rank that is needed, memory, four-bit weights.

W  frozen weights (d, k)     A  (r, k) and B (d, r), learned     alpha / r  the scale s of their product
x  input (k)                 g  gradient of the loss with respect to the output (d)
"""

import math

import torch
from torch import Tensor


def example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns the example: W (3, 3), A (1, 3), x (3,) and the output that is wanted (3,). Source: definition."""
    w = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 2.0]])
    return w, torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([1.0, 1, 0]), torch.tensor([3.0, 2, 0])


# --8<-- [start:layer]
def layer(w: Tensor, a: Tensor, b: Tensor, alpha: float, x: Tensor) -> Tensor:
    """W x + (alpha / r) B A x, the product BA never formed.

    Args: w (d, k); a (r, k); b (d, r); x (..., k). Returns (..., d). Source: hu2022lora, eq. 3.
    """
    s = alpha / len(a)
    return x @ w.T + s * (x @ a.T) @ b.T
    # --8<-- [end:layer]


def gradients(a: Tensor, b: Tensor, alpha: float, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients with respect to A and B of one input, by hand.

    Args: a (r, k); b (d, r); x (k,); g (d,). Returns (r, k), (d, r). Source: this page, eq-peft-gradients.
    """
    s = alpha / len(a)
    by_a = s * torch.outer(b.T @ g, x)
    by_b = s * torch.outer(g, a @ x)
    return by_a, by_b


# --8<-- [start:merge]
def merge(w: Tensor, a: Tensor, b: Tensor, alpha: float) -> Tensor:
    """One matrix that does the work of three: w (d, k), a (r, k), b (d, r) to (d, k). Source: hu2022lora, 4.1."""
    return w + alpha / len(a) * b @ a
    # --8<-- [end:merge]


# --8<-- [start:serve]
def serve(w: Tensor, a: Tensor, b: Tensor, alpha: float, x: Tensor, which: Tensor) -> Tensor:
    """A batch in which each input has its own adapter; W is read once for all.

    Args: w (d, k); a (S, r, k); b (S, d, r); x (N, k); which (N,), adapter of each. Returns (N, d).
    Source: sheng2024slora, section 3.
    """
    h = torch.einsum("nrk,nk->nr", a[which], x)
    return x @ w.T + alpha / a.shape[1] * torch.einsum("ndr,nr->nd", b[which], h)
    # --8<-- [end:serve]


def teacher(values: Tensor, side: int, draw: torch.Generator) -> Tensor:
    """A random change with these singular values (n,): (side, side). Source: definition."""
    left, right = (
        torch.linalg.qr(torch.randn(side, side, generator=draw, dtype=torch.float64))[0]
        for _ in range(2)
    )
    change: Tensor = left[:, : len(values)] * values @ right[: len(values)]
    return change


def least(values: Tensor, r: int) -> Tensor:
    """The least squared error of any change of rank r: singular values (n,), from the largest, to ().

    Source: eckart1936approximation.
    """
    return values[r:].square().sum()


# --8<-- [start:fit]
def fit(change: Tensor, r: int, steps: int, draw: torch.Generator, rate: float = 0.05) -> Tensor:
    """Adam on the expected squared error of x ~ N(0, 1), with alpha = r: change (S, d, k) to errors left, (S,).

    Source: this page, eq-peft-expected.
    """
    many, d, k = change.shape
    a = (torch.randn(many, r, k, generator=draw, dtype=torch.float64) / k**0.5).requires_grad_()
    b = torch.zeros(many, d, r, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([a, b], rate)
    shrink = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        error = (change - b @ a).square().sum()
        torch.autograd.backward(error)
        optimiser.step()
        shrink.step()
    left: Tensor = (change - b @ a).detach().square().sum((1, 2))
    return left
    # --8<-- [end:fit]


# --8<-- [start:memory]
def bits(block: int = 64, second: int = 256) -> float:
    """Bits of a weight in four bits with double quantisation: a scale of 8 bits for each block of weights,
    and one of 32 bits for each `second` scales. Source: dettmers2023qlora, section 3.
    """
    return 4 + 8 / block + 32 / (block * second)


def full_memory(parameters: float) -> float:
    """Bytes: weight and gradient in 16 bits, two running means of Adam in 32. Source: definition."""
    return parameters * (2 + 2 + 4 + 4)


def lora_memory(parameters: float, learned: float, bits_each: float = 16) -> float:
    """Bytes: frozen weights in some bits, and what is learned as in full tuning. Source: definition."""
    return parameters * bits_each / 8 + full_memory(learned)
    # --8<-- [end:memory]


# --8<-- [start:quantise]
def quantise(w: Tensor, width: int, block: int = 32) -> Tensor:
    """Round w (d, k) to `width` bits, each block of a row with its own scale; the rounded weights, (d, k).

    Raises ValueError if blocks do not fill a row. Source: dettmers2023qlora, eq. 1.
    """
    if w.shape[1] % block:
        raise ValueError(f"blocks of {block} do not fill rows of {w.shape[1]}")
    parts, most = w.reshape(len(w), -1, block), 2 ** (width - 1) - 1
    scale = parts.abs().amax(-1, keepdim=True).clamp(min=1e-12) / most
    rounded: Tensor = ((parts / scale).round() * scale).flatten(1)
    return rounded
    # --8<-- [end:quantise]


def first_step(
    k: int, r: int, alpha: float, draw: torch.Generator, adam: bool = False, many: int = 400
) -> tuple[float, float]:
    """How far the first step of LoRA, and of full tuning, moves an output, for rate 1 and g = 1.

    Mean over A with entries of variance 1/k and x ~ N(0, 1). Source: this page, eq-peft-step, eq-peft-adam.
    """
    x = torch.randn(many, k, generator=draw)
    h = torch.einsum("nrk,nk->nr", torch.randn(many, r, k, generator=draw) / math.sqrt(k), x)
    by_b = alpha / r * h  # gradient of one row of B, and below of one row of W
    moved = alpha / r * (h * (by_b.sign() if adam else by_b)).sum(1)
    whole = (x * (x.sign() if adam else x)).sum(1)
    return moved.mean().item(), whole.mean().item()


def main() -> None:
    """One step of the example, merged against unmerged, and the error left by each rank."""
    w, a, x, wanted = example()
    b, alpha = torch.zeros(3, 1), 2.0
    g = layer(w, a, b, alpha, x) - wanted  # the loss is half the squared error
    by_a, by_b = gradients(a, b, alpha, x, g)
    a, b = a - 0.25 * by_a, b - 0.25 * by_b
    print(f"A {a.tolist()}, B {b.flatten().tolist()}, output {layer(w, a, b, alpha, x).tolist()}")
    print(f"merged {merge(w, a, b, alpha).tolist()}")
    draw = torch.Generator().manual_seed(0)
    values = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    change = teacher(values, 16, draw)[None]
    for r in (1, 2, 3, 4, 5):
        print(
            f"rank {r}: error {fit(change, r, 600, draw)[0]:.4f}, "
            f"least possible {least(values, r):.4f}"
        )
    print(
        f"65 billion: full {full_memory(65e9) / 1e9:.0f} GB, frozen in four bits "
        f"{lora_memory(65e9, 0, bits()) / 1e9:.1f} GB"
    )


if __name__ == "__main__":
    main()
