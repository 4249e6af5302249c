"""Unsupervised learning in its plainest form: maximum likelihood for a mixture of Gaussians.

Letters:
    B, D, K   examples, dimensions, components
    x         examples (B, D), without labels
    w, m, s   weights (K,), means (K, D) and variances (K,) of round Gaussians
    r         responsibilities (B, K): which component an example probably came from
"""

import math

import torch
from torch import Tensor

Mixture = tuple[Tensor, Tensor, Tensor]  # weights w (K,), means m (K, D), variances s (K,)


def log_joint(x: Tensor, mixture: Mixture) -> Tensor:
    """log w_k N(x | m_k, s_k I) for every example and component: x (B, D) to (B, K).

    Raises ValueError if the dimensions differ. Source: definition.
    """
    w, m, s = mixture
    if x.shape[1] != m.shape[1]:
        raise ValueError(f"x has {x.shape[1]} dimensions but the means have {m.shape[1]}")
    square = (x[:, None] - m).square().sum(-1)
    return w.log() - square / (2 * s) - x.shape[1] / 2 * (2 * math.pi * s).log()


# --8<-- [start:loss]
def negative_log_likelihood(x: Tensor, mixture: Mixture) -> Tensor:
    """Mean of -log p(x), nats; no label appears: x (B, D) to ().

    Raises ValueError if the dimensions differ. Source: this page, eq-unsupervised-likelihood.
    """
    return -log_joint(x, mixture).logsumexp(1).mean()
    # --8<-- [end:loss]


# --8<-- [start:em]
def em_step(x: Tensor, mixture: Mixture, floor: float) -> Mixture:
    """One step of expectation and maximisation, x (B, D), among variances of at least `floor`.

    It never raises the loss: in s alone the expected loss falls up to its minimum and rises behind it,
    so that the floor is the best allowed variance where the best one lies below it.
    Raises ValueError if the dimensions differ.

    Source: dempster1977maximum.
    Departs: the floor, without which the likelihood has no maximum.
    """
    r = log_joint(x, mixture).softmax(1)  # (B, K)
    n = r.sum(0).clamp(min=1e-300)  # a component that no example came from stays a number
    m = r.T @ x / n[:, None]
    square = (x[:, None] - m).square().sum(-1)
    s = (r * square).sum(0) / n / x.shape[1]
    return n / len(x), m, s.clamp(min=floor)
    # --8<-- [end:em]


def fit(
    x: Tensor,
    components: int,
    generator: torch.Generator,
    steps: int = 60,
    share: float = 0.01,
) -> Mixture:
    """EM from means at random examples x (B, D) and the variance of all data, `share` of it the floor.

    Raises:
        ValueError: the share is not positive, or there are fewer examples than components.

    Source: dempster1977maximum.
    """
    if share <= 0:
        raise ValueError(f"the floor of the variances must be positive, not {share} of the whole")
    if len(x) < components:
        raise ValueError(f"{components} components need as many examples, not {len(x)}")
    start = x[torch.randperm(len(x), generator=generator)[:components]]
    s = x.var(0).mean().expand(components)
    mixture, floor = (torch.full_like(s, 1 / components), start, s), share * s[0].item()
    for _ in range(steps):
        mixture = em_step(x, mixture, floor)
    return mixture


def sample(mixture: Mixture, count: int, generator: torch.Generator) -> Tensor:
    """Draw a component, then a point from it: (count, D). Source: definition."""
    w, m, s = mixture
    k = torch.multinomial(w, count, replacement=True, generator=generator)
    noise = torch.randn(count, m.shape[1], generator=generator, dtype=m.dtype)
    return m[k] + s[k].sqrt()[:, None] * noise


if __name__ == "__main__":
    draw = torch.Generator().manual_seed(0)
    means = torch.tensor([[-2.0, 0.0], [2.0, 0.0]]).double()
    truth = torch.tensor([0.3, 0.7]).double(), means, torch.tensor([0.5, 0.5]).double()
    data = sample(truth, 4000, draw)
    learned = fit(data, 2, draw)
    print(f"loss of the truth {negative_log_likelihood(data, truth):.4f} nats,", end=" ")
    print(f"of the fitted mixture {negative_log_likelihood(data, learned):.4f}")
