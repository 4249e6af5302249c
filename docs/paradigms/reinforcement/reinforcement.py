"""Reinforcement learning in its plainest form: a softmax policy, rewards, no states.

Letters:
    A      number of actions; for a language model, of all possible answers to one prompt
    z, p   logits (A,) and policy p = softmax(z)
    r, b   reward of every action (A,) and the baseline, a number that does not depend on the action
    J      expected reward, the sum of p r
"""

import torch
from torch import Tensor


def expected_reward(z: Tensor, r: Tensor) -> Tensor:
    """J, by enumerating the actions, which a learner that only tries them cannot: z, r (A,) to ().

    Raises ValueError if the shapes differ. Source: this page, eq-reinforcement-objective.
    """
    if z.shape != r.shape:
        raise ValueError(f"there are {tuple(z.shape)} logits but {tuple(r.shape)} rewards")
    return (z.softmax(0) * r).sum()


# --8<-- [start:score]
def score(z: Tensor, a: Tensor) -> Tensor:
    """Derivative of log p(a) by the logits: z (A,), actions a (N,) to (N, A). Source: williams1992simple."""
    return torch.eye(len(z), dtype=z.dtype)[a] - z.softmax(0)
    # --8<-- [end:score]


# --8<-- [start:estimate]
def estimate(z: Tensor, a: Tensor, r: Tensor, b: float) -> Tensor:
    """REINFORCE, the gradient of J: z (A,), tried actions a (N,) and their rewards r (N,) to (A,).

    Source: williams1992simple, theorem 1.
    """
    return ((r - b)[:, None] * score(z, a)).mean(0)
    # --8<-- [end:estimate]


def learn(
    r: Tensor, steps: int, rate: float, generator: torch.Generator, baseline: bool = True
) -> list[float]:
    """Try one action a step and follow the estimate: r (A,). Returns J before every step.

    Source: williams1992simple.
    """
    z, b, history = torch.zeros_like(r), 0.0, []
    for step in range(steps):
        history.append(expected_reward(z, r).item())
        a = torch.multinomial(z.softmax(0), 1, generator=generator)
        z = z + rate * estimate(z, a, r[a], b)
        b += baseline * (r[a].item() - b) / (step + 1)  # the mean of the rewards so far
    return history


if __name__ == "__main__":
    draw = torch.Generator().manual_seed(0)
    logits, rewards = torch.randn(4, generator=draw).double(), torch.tensor([0, 1, 0, 2]).double()
    tried = torch.multinomial(logits.softmax(0), 100_000, replacement=True, generator=draw)
    exact = logits.softmax(0) * (rewards - expected_reward(logits, rewards))
    error = (estimate(logits, tried, rewards[tried], 1.0) - exact).abs().max()
    print(f"100,000 tried actions give the exact gradient within {error:.4f}")
