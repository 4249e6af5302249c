"""Supervised learning in its plainest form: softmax regression trained on labels.

Letters:
    B, D, C   examples, features of an example, classes
    x, y      features (B, D) and labels (B,)
    W, z      weights (D, C) and logits z = x W, (B, C)
    p         predicted probabilities, softmax(z)
"""

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:loss]
def cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    """Mean of -log p(y | x), nats: logits z (B, C) and labels y (B,) to ().

    Raises ValueError if the shapes do not fit. Source: this page, eq-supervised-loss.
    """
    if z.ndim != 2 or y.shape != z.shape[:1]:
        raise ValueError(f"logits are {tuple(z.shape)} but labels {tuple(y.shape)}")
    return (z.logsumexp(1) - z.gather(1, y[:, None])[:, 0]).mean()
    # --8<-- [end:loss]


# --8<-- [start:gradient]
def gradient(z: Tensor, y: Tensor) -> Tensor:
    """Of the cross-entropy by the logits, predicted minus seen: z (B, C), y (B,) to (B, C).

    Source: this page, eq-supervised-gradient.
    """
    return (z.softmax(1) - functional.one_hot(y, z.shape[1])) / len(y)
    # --8<-- [end:gradient]


def fit(x: Tensor, y: Tensor, classes: int, steps: int = 500, rate: float = 1.0) -> Tensor:
    """Gradient descent on the cross-entropy from W = 0: x (B, D), y (B,) to W (D, C).

    Source: this page, eq-supervised-gradient.
    """
    W = torch.zeros(x.shape[1], classes, dtype=x.dtype)
    for _ in range(steps):
        W = W - rate * x.T @ gradient(x @ W, y)
    return W


if __name__ == "__main__":
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 3, generator=draw, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 3, (5,), generator=draw)
    (automatic,) = torch.autograd.grad(cross_entropy(logits, labels), logits)
    difference = (automatic - gradient(logits, labels)).abs().max()
    print(f"p - y differs from the automatic gradient by {difference:.1e}")
