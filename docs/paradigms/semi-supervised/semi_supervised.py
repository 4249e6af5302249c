"""Semi-supervised learning: labels for a few examples, confidence or agreement asked of the others.

Letters:
    B, U, C   labelled examples, unlabelled examples, classes
    z, y      logits (B, C) and labels (B,) of the labelled examples
    u, p      logits (U, C) of the unlabelled examples and their softmax
    t         confidence above which a prediction serves as a label
    x, w, h   all examples (N, D), their likeness (N, N), and the distance at which it fades
    g         class weights of every example (N, C), rows sum to one
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:entropy]
def entropy(u: Tensor) -> Tensor:
    """Of each prediction, nats, 0 if it is certain, log C if it is uniform: u (U, C) to (U,).

    Source: definition.
    """
    p = u.softmax(1)
    return -(p * u.log_softmax(1)).sum(1)
    # --8<-- [end:entropy]


# --8<-- [start:pseudo]
def pseudo_label(u: Tensor, t: float) -> Tensor:
    """Cross-entropy, nats, against the best guess where its probability is >= t: u (U, C) to (U,).

    Source: lee2013pseudo for t = 0; this page, eq-semi-supervised-pseudo.
    """
    log_best = u.log_softmax(1).amax(1)  # the best guess is a constant: no gradient through it
    return -log_best * (log_best >= math.log(t))
    # --8<-- [end:pseudo]


# --8<-- [start:loss]
def loss(z: Tensor, y: Tensor, u: Tensor, weight: float) -> Tensor:
    """Cross-entropy of the labelled plus weight times entropy of the others: z (B, C), y (B,), u (U, C) to ().

    Raises ValueError if the classes differ. Source: grandvalet2004semi.
    """
    if z.shape[1] != u.shape[1]:
        raise ValueError(f"logits have {z.shape[1]} classes with and {u.shape[1]} without labels")
    return functional.cross_entropy(z, y) + weight * entropy(u).mean()
    # --8<-- [end:loss]


# --8<-- [start:harmonic]
def likeness(x: Tensor, h: float) -> Tensor:
    """exp(-distance^2 / 2 h^2) between examples, 0 with itself: x (N, D) to (N, N). Source: zhu2003semi."""
    return torch.exp(-torch.cdist(x, x).square() / (2 * h**2)).fill_diagonal_(0)


def spread(w: Tensor, known: Tensor, y: Tensor, classes: int) -> Tensor:
    """Labels y (L,) of the examples known (L,), spread over w (N, N) so that every other is the mean of
    its neighbours: class weights (N, C).

    Source: zhu2003semi, section 2.
    """
    free = torch.ones(len(w), dtype=torch.bool)
    free[known] = False
    g = torch.zeros(len(w), classes, dtype=w.dtype)
    g[known] = functional.one_hot(y, classes).to(w.dtype)
    laplacian = torch.diag(w.sum(1)) - w
    g[free] = torch.linalg.solve(laplacian[free][:, free], w[free][:, known] @ g[known])
    return g
    # --8<-- [end:harmonic]


if __name__ == "__main__":
    logits = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    below = (pseudo_label(logits, 1e-9) <= entropy(logits)).double().mean()
    print(f"pseudo-label loss at most the entropy in {below:.0%} of 1,000 random predictions;")
    print(f"both largest for the uniform one: {entropy(torch.zeros(1, 4)).item():.4f} = log 4")
