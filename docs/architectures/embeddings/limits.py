"""What one table of E columns cannot say, and what one table at both ends cannot say.

M  contexts                        S  seeds: targets that are fitted side by side
V  entries of the vocabulary       K  softmaxes of a mixture
E  numbers of a vector             p  the probabilities that are to be learned
"""

import math

import torch
from torch import Generator, Tensor


# --8<-- [start:mixture]
def mixture(h: Tensor, weights: Tensor, u: Tensor) -> Tensor:
    """Log-probabilities of K softmaxes: h (S, M, K, E), weights (S, M, K), u (S, V, E) to (S, M, V).

    Source: yang2018breaking, section 2. With K = 1 it is one softmax.
    """
    each = (h @ u[:, None].mT).log_softmax(-1)  # (S, M, K, V)
    return (weights.log_softmax(-1)[..., None] + each).logsumexp(-2)
    # --8<-- [end:mixture]


# --8<-- [start:fit]
def fit(p: Tensor, width: int, k: int, steps: int = 200, seed: int = 0) -> Tensor:
    """What the best tables of a width lose, nats over the entropy: p (S, M, V) to (S,). Source: definition.

    States, weights and unembedding are free, so that no network in front could do better.
    They start from the nearest matrix of that rank, its copies pushed apart by chance.
    """
    generator = Generator().manual_seed(seed)
    log = p.log() - p.log().mean(-1, keepdim=True)
    left, values, right = torch.linalg.svd(log, full_matrices=False)
    root = values[:, None, :width].sqrt()
    h = (left[..., :width] * root)[:, :, None].repeat(1, 1, k, 1)
    h = h + 0.5 * (k - 1) * torch.randn(h.shape, generator=generator).double()
    u = right.mT[..., :width] * root
    weights = torch.zeros(h.shape[:-1]).double()
    parts = [part.requires_grad_() for part in (h, weights, u)]
    optimiser = torch.optim.Adam(parts, lr=0.03)
    for _ in range(steps):
        excess = (p * (p.log() - mixture(h, weights, u))).sum(-1).mean(-1)
        optimiser.zero_grad()
        torch.autograd.backward(excess.sum())
        optimiser.step()
    return (p * (p.log() - mixture(h, weights, u))).sum(-1).mean(-1).detach()
    # --8<-- [end:fit]


def targets(seeds: int, contexts: int = 12, v: int = 12, rank: int = 4) -> Tensor:
    """Made probabilities whose centred logarithms have a given rank, to (S, M, V). Source: definition."""
    generator = Generator().manual_seed(0)
    a = torch.randn(seeds, contexts, rank, generator=generator)
    b = torch.randn(seeds, rank, v, generator=generator)
    return (a @ b).double().softmax(-1)


# --8<-- [start:two]
def either(u: Tensor, p: Tensor, k: int, steps: int = 400, seeds: int = 5) -> Tensor:
    """Loss of the best states for p when the table u is given, nats: u (V, E), p (V,) to (S,). Source: definition."""
    generator = Generator().manual_seed(0)
    h = torch.randn(seeds, 1, k, u.shape[1], generator=generator).double().requires_grad_()
    weights = torch.zeros(seeds, 1, k).double().requires_grad_()
    optimiser = torch.optim.Adam([h, weights], lr=0.1)
    for _ in range(steps):
        loss = -(p * mixture(h, weights, u.expand(seeds, -1, -1)))[:, 0].sum(-1)
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())
        optimiser.step()
    return loss.detach()
    # --8<-- [end:two]


# --8<-- [start:week]
def week(*, tied: bool, between: bool, seeds: int = 5, days: int = 7, width: int = 8) -> Tensor:
    """Loss after learning which day follows which, nats, for each start: to (S,). Source: definition."""
    generator = Generator().manual_seed(0)
    w = torch.randn(seeds, days, width, generator=generator).double().requires_grad_()
    u = w if tied else torch.randn(w.shape, generator=generator).double().requires_grad_()
    a = torch.eye(width).expand(seeds, -1, -1).double().clone().requires_grad_(between)
    parts = [w] + ([] if tied else [u]) + ([a] if between else [])
    optimiser = torch.optim.Adam(parts, lr=0.05)
    after = torch.arange(1, days + 1) % days
    for _ in range(300):
        z = w @ a @ u.mT
        loss = -z.log_softmax(-1)[:, torch.arange(days), after].mean(-1)
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())
        optimiser.step()
    return loss.detach()
    # --8<-- [end:week]


# --8<-- [start:firsts]
def firsts(documents: Tensor, queries: Tensor, k: int = 2) -> set[frozenset[int]]:
    """The sets of k documents that some query has in front: documents (D, E), queries (Q, E) to at most D over k sets.

    Source: definition.
    """
    best = (queries @ documents.T).topk(k).indices
    return {frozenset(row) for row in best.tolist()}
    # --8<-- [end:firsts]


def main() -> None:
    """King or woman, but never queen or man: one softmax and two, in two numbers a vector and in three."""
    corners = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]]).double()
    p = torch.tensor([0.5, 0, 0, 0.5]).double()
    for k in (1, 2):
        print(f"{k} softmax: {either(corners, p, k).mean():.4f} nats, best {math.log(2):.4f}")


if __name__ == "__main__":
    main()
