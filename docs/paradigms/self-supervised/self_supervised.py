"""Self-supervised learning: the contrastive loss InfoNCE and what it says about information.

Letters:
    K, D   pairs in a batch (N in vandenoord2018representation) and features of a view
    x, y   two views of the same K examples, (K, D) each; row i of x belongs to row i of y
    f      scores (K, K): f[i, j] is high if x[i] and y[j] look like one example
    L, I   loss and mutual information of the two views, in nats
"""

import math

import torch
from torch import Tensor


# --8<-- [start:loss]
def info_nce(f: Tensor) -> Tensor:
    """Cross-entropy of finding, for each x, its own y among the K of the batch, nats: f (K, K) to ().

    Raises ValueError unless f is square. Source: vandenoord2018representation, eq. 4.
    """
    if f.ndim != 2 or f.shape[0] != f.shape[1]:
        raise ValueError(f"scores are {tuple(f.shape)}, but must be square")
    return (f.logsumexp(1) - f.diagonal()).mean()
    # --8<-- [end:loss]


# --8<-- [start:bound]
def information_bound(f: Tensor) -> Tensor:
    """Mutual information that the loss certifies, nats, log K - L: f (K, K) to ().

    Raises ValueError unless f is square. Source: this page, eq-self-supervised-infonce.
    """
    return math.log(len(f)) - info_nce(f)
    # --8<-- [end:bound]


def gaussian_pairs(c: float, K: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """K pairs of standard normal numbers with correlation c: (K,) each. Source: definition."""
    x = torch.randn(K, generator=generator, dtype=torch.float64)
    noise = torch.randn(K, generator=generator, dtype=torch.float64)
    return x, c * x + math.sqrt(1 - c**2) * noise


def gaussian_information(c: float) -> float:
    """Mutual information of such a pair in nats: -log(1 - c^2) / 2."""
    return -math.log(1 - c**2) / 2


def gaussian_scores(x: Tensor, y: Tensor, c: float) -> Tensor:
    """The best scores there are, log p(y | x) / p(y) up to a constant: x, y (K,) to (K, K).

    Source: vandenoord2018representation.
    """
    return -(y - c * x[:, None]).square() / (2 * (1 - c**2)) + y.square() / 2


if __name__ == "__main__":
    draw, c = torch.Generator().manual_seed(0), 0.9
    scores = [gaussian_scores(*gaussian_pairs(c, 256, draw), c) for _ in range(50)]
    mean = torch.stack([information_bound(f) for f in scores]).mean().item()
    print(f"InfoNCE certifies {mean:.3f} nats; the pair shares {gaussian_information(c):.3f}")
