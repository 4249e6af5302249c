"""Convolution in one dimension: filters, strides, dilation, their transpose, and the field that they see.

Letters:
    B, C, N    examples in a batch; channels; places
    k, s, d    width of a filter, stride, dilation
    w          weights (outputs, inputs, k)
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

EXAMPLE = (0.0, 0.0, 4.0, 4.0, 4.0, 0.0, 0.0, 0.0)  # a bright bar, three pixels wide
EDGES = (-1.0, 0.0, 1.0)  # the filter of the example: right neighbour less left neighbour
Layer = tuple[int, int, int]  # width, stride, dilation


# --8<-- [start:convolve]
def convolve(x: Tensor, w: Tensor, stride: int = 1, dilation: int = 1, padding: int = 0) -> Tensor:
    """Filters w (outputs, C, k) at every place: x (B, C, N) to (B, outputs, n). Zeros are padded at both ends.

    Source: this page, eq-convolution-definition. Raises ValueError if the filter is longer than the signal.
    """
    x = functional.pad(x, (padding, padding))
    reach = dilation * (w.shape[-1] - 1) + 1
    if reach > x.shape[-1]:
        raise ValueError(f"a filter over {reach} places does not fit into {x.shape[-1]}")
    windows = x.unfold(-1, reach, stride)[..., ::dilation]  # (B, C, n, k)
    return torch.einsum("bcnk,ock->bon", windows, w)
    # --8<-- [end:convolve]


# --8<-- [start:transposed]
def transposed(z: Tensor, w: Tensor, stride: int = 1) -> Tensor:
    """Each number writes the filter: z (B, C, n), w (C, outputs, k) to (B, outputs, N), N = (n - 1) stride + k.

    Source: this page, eq-convolution-transpose.
    """
    count, k = z.shape[-1], w.shape[-1]
    y = z.new_zeros(z.shape[0], w.shape[1], (count - 1) * stride + k)
    for j in range(count):
        y[..., j * stride : j * stride + k] += torch.einsum("bc,cok->bok", z[..., j], w)
    return y
    # --8<-- [end:transposed]


def matrix(w: Tensor, count: int, stride: int = 1, dilation: int = 1, padding: int = 0) -> Tensor:
    """The matrix that a filter w (k,) applies to a signal of N = count places: (n, N). Source: definition.

    Raises ValueError if the filter is longer than the signal.
    """
    units = torch.eye(count, dtype=w.dtype)[:, None]
    return convolve(units, w[None, None], stride, dilation, padding)[:, 0].T


# --8<-- [start:field]
def field(layers: Sequence[Layer]) -> int:
    """How many places an output sees, by formula. Source: this page, eq-convolution-field."""
    seen, step = 1, 1
    for k, stride, dilation in layers:
        seen += (k - 1) * dilation * step
        step *= stride
    return seen
    # --8<-- [end:field]


# --8<-- [start:probe]
def probe(layers: Sequence[Layer], count: int) -> Tensor:
    """How much one output in the middle owes to each input, (N,): its gradient, all weights 1 / k.

    Source: luo2016understanding. Raises ValueError if count, N, is too small for the layers.
    """
    x = torch.zeros(1, 1, count, dtype=torch.float64, requires_grad=True)
    y: Tensor = x
    for k, stride, dilation in layers:
        w = torch.full((1, 1, k), 1 / k, dtype=torch.float64)
        y = convolve(y, w, stride, dilation)
    (owed,) = torch.autograd.grad(y[0, 0, y.shape[-1] // 2], x)
    return owed[0, 0]
    # --8<-- [end:probe]


def main() -> None:
    """The example, and its convolution beside that of PyTorch."""
    x, w = torch.tensor(EXAMPLE)[None, None], torch.tensor(EDGES)[None, None]
    ours, library = convolve(x, w, padding=1), functional.conv1d(x, w, padding=1)
    print("ours   ", [f"{v:g}" for v in ours.flatten().tolist()])
    print("PyTorch", [f"{v:g}" for v in library.flatten().tolist()])


if __name__ == "__main__":
    main()
