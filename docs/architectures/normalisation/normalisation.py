"""Normalisation: the numbers of a vector, or of a batch, brought to a common scale; forwards and backwards.

Letters; "..." are any leading dimensions:
    B, E      examples in a batch; features of a position
    N, M, D   queries; keys; width of one of them
    g, b      gain and bias of a norm, a number for each feature
"""

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor
from torch.nn import functional

EXAMPLE = (9.0, 1.0, 3.0, 3.0)  # mean 4, standard deviation 3, root mean square 5
UPDATE = (-10.0, 6.0, 2.0, 2.0)  # what a layer adds to it in the example


# --8<-- [start:standardise]
def standardise(x: Tensor, over: Sequence[int], eps: float = 1e-5) -> Tensor:
    """Mean 0 and variance 1 over some dimensions: x (..., E) to (..., E). Source: ioffe2015batch, algorithm 1."""
    mean = x.mean(tuple(over), keepdim=True)
    variance = (x - mean).square().mean(tuple(over), keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps)


def layer_norm(x: Tensor, g: Tensor, b: Tensor, eps: float = 1e-5) -> Tensor:
    """Over the features of each position: x (..., E), g, b (E,) to (..., E). Source: ba2016layer, eq. 4."""
    return standardise(x, [-1], eps) * g + b


def rms_norm(x: Tensor, g: Tensor, eps: float = 1e-5) -> Tensor:
    """Divided by the root mean square: x (..., E), g (E,) to (..., E). Source: zhang2019root, eq. 4."""
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * g
    # --8<-- [end:standardise]


# --8<-- [start:groups]
def group_norm(x: Tensor, groups: int, eps: float = 1e-5) -> Tensor:
    """Over places and the features of a group: x (B, places, E) to (B, places, E). Source: wu2018group, eq. 7.

    One group is a layer norm over places too, E groups are instance norm. Raises ValueError unless groups
    divide E.
    """
    if x.shape[-1] % groups:
        raise ValueError(f"{groups} groups do not divide {x.shape[-1]} features")
    return standardise(x.reshape(*x.shape[:2], groups, -1), [1, 3], eps).flatten(2)
    # --8<-- [end:groups]


# --8<-- [start:batch]
def batch_norm(
    x: Tensor, kept: tuple[Tensor, Tensor], training: bool, keep: float = 0.9, eps: float = 1e-5
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """In training over the batch, in use by means that were kept: x (B, E) to (B, E).

    kept (E,), (E,): mean and variance. Returns (B, E), and (E,), (E,) anew. Source: ioffe2015batch.
    Raises ValueError for a batch of one in training, whose variance is 0.
    """
    if not training:
        return (x - kept[0]) / torch.sqrt(kept[1] + eps), kept
    if len(x) < 2:
        raise ValueError(f"a batch of {len(x)} has no variance")
    new = x.mean(0), x.var(0)  # with B - 1 below the sum, as the libraries keep it
    mean, variance = (keep * old + (1 - keep) * now for old, now in zip(kept, new, strict=True))
    return standardise(x, [0], eps), (mean, variance)
    # --8<-- [end:batch]


# --8<-- [start:gradient]
def rms_norm_gradient(x: Tensor, g: Tensor, grad: Tensor, eps: float = 0.0) -> Tensor:
    """From the gradient at the output to that at x: x, grad (..., E), g (E,) to (..., E).

    Source: this page, eq-normalisation-gradient.
    """
    r = torch.sqrt(x.square().mean(-1, keepdim=True) + eps)
    y, grad = x / r, grad * g
    return (grad - y * (y * grad).mean(-1, keepdim=True)) / r


def layer_norm_gradient(x: Tensor, g: Tensor, grad: Tensor, eps: float = 0.0) -> Tensor:
    """The same with the mean taken out, before and after: x, grad (..., E), g (E,) to (..., E).

    Source: this page, eq-normalisation-centred.
    """
    inner = rms_norm_gradient(x - x.mean(-1, keepdim=True), g, grad, eps)
    return inner - inner.mean(-1, keepdim=True)
    # --8<-- [end:gradient]


# --8<-- [start:qk]
def scores(q: Tensor, k: Tensor, norm: bool) -> Tensor:
    """Scaled inner products, of normalised queries and keys if wanted: q (..., N, D), k (..., M, D) to (..., N, M).

    Source: dehghani2023scaling, with RMSNorm as qwen2025qwen3 has it.
    """
    if norm:
        one = torch.ones(q.shape[-1])
        q, k = rms_norm(q, one), rms_norm(k, one)
    return q @ k.mT / sqrt(q.shape[-1])
    # --8<-- [end:qk]


def main() -> None:
    """The example beside the library, and a gradient on its way through the norm after the addition."""
    x, one = torch.tensor(EXAMPLE), torch.ones(4)
    for name, ours, library in (
        ("LayerNorm", layer_norm(x, one, 0 * one), functional.layer_norm(x, (4,))),
        ("RMSNorm", rms_norm(x, one), functional.rms_norm(x, (4,), eps=1e-5)),
    ):
        shown = ", ".join(f"{value:.2f}" for value in ours)
        print(f"{name} ({shown}); library differs by {(ours - library).abs().max():.0e}")
    after, first = x + torch.tensor(UPDATE), torch.tensor([1.0, 0, 0, 0])
    shown = ", ".join(f"{value:.3f}" for value in rms_norm_gradient(after, one, first))
    print(f"gradient of the first output of RMSNorm at {after.tolist()}: ({shown})")


if __name__ == "__main__":
    main()
