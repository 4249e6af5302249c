"""Made tasks on which preference optimisation fails: answers that share features, longer answers preferred.

All answers of a task are enumerated, so what is measured is exact for the trained policy; features and pairs
are drawn. Letters as in preference_optimisation.py, with S seeds, P prompts, Y answers, D weights.
"""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

WORDS = 6  # of the longest answer
USEFUL, PER_WORD, BIAS = (
    2,
    -0.3,
    0.5,
)  # facts worth 1 each, a word, and what the judge adds for each word


# --8<-- [start:alike]
def alike(
    apart: float, seeds: int = 20, prompts: int = 8, answers: int = 16, width: int = 16
) -> Tensor:
    """Features of answers, of which 0 and 1 share a direction: to (S, P, Y, D). Source: definition."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, width, generator=generator, dtype=torch.float64) / math.sqrt(
            width
        )

    features: Tensor = draw(seeds, prompts, answers) * math.sqrt(1 + apart**2)
    topic = torch.nn.functional.normalize(draw(seeds, prompts, 1), dim=-1)
    features[:, :, :2] = topic + apart * draw(seeds, prompts, 2)
    return features
    # --8<-- [end:alike]


# --8<-- [start:displaced]
def displaced(
    features: Tensor, weight: float, steps: int, rate: float = 1.0
) -> tuple[Tensor, Tensor]:
    """DPO and weight times -log pi of answer 0, preferred to 1: features (S, P, Y, D), uniform reference.

    Returns: log-ratios (steps + 1, S, P, Y), divergences (steps + 1, S). Source: pang2024iterative.
    """
    theta = torch.zeros(len(features), features.shape[-1], dtype=torch.float64)
    start = -torch.tensor(float(features.shape[2])).double().log()
    found, moved = [], []
    for _ in range(steps + 1):
        theta.requires_grad_()
        log_pi = torch.log_softmax(torch.einsum("spyd,sd->spy", features, theta), -1)
        u = log_pi - start
        found.append(u.detach())
        moved.append((log_pi.exp() * u).sum(-1).mean(-1).detach())
        loss = -logsigmoid(u[..., 0] - u[..., 1]) - weight * log_pi[..., 0]
        (slope,) = torch.autograd.grad(loss.mean(1).sum(), theta)
        theta = (theta - rate * slope).detach()
    return torch.stack(found), torch.stack(moved)
    # --8<-- [end:displaced]


# --8<-- [start:first]
def first_order(features: Tensor) -> Tensor:
    """How log pi of the chosen starts to move: features (..., Y, D) to (...). Source: definition."""
    g = features - features.mean(-2, keepdim=True)  # gradients of log pi at a uniform policy
    return (g[..., 0, :] * (g[..., 0, :] - g[..., 1, :])).sum(-1)
    # --8<-- [end:first]


# --8<-- [start:answers]
def answers() -> tuple[Tensor, Tensor, Tensor]:
    """All answers of one to six words, each a fact (0) or padding (1), ended by an end (2).

    Returns: how often each choice is made, by place, by whether a fact was said, by word: (Y, 6, 2, 3);
        the length (Y,); the useful facts, at most two (Y,). Source: definition.
    """
    rows, length, facts = [], [], []
    for count in range(1, WORDS + 1):
        for words in itertools.product((0, 1), repeat=count):
            made = torch.zeros(WORDS + 1, 2, 3, dtype=torch.float64)
            for place, word in enumerate((*words, 2)):
                made[place, int(0 in words[:place]), word] += 1
            rows.append(made[:WORDS])  # after the last place an answer ends by itself
            length.append(count)
            facts.append(min(words.count(0), USEFUL))
    return torch.stack(rows), torch.tensor(length).double(), torch.tensor(facts).double()
    # --8<-- [end:answers]


def start() -> Tensor:
    """Logits of the reference: facts are rare, and an answer cannot be empty: (6, 2, 3). Source: definition."""
    logits = torch.tensor([0.2, 0.4, 0.4], dtype=torch.float64).log().repeat(WORDS, 2, 1)
    logits[0, :, 2] = -30.0
    return logits


def log_probability(logits: Tensor, made: Tensor) -> Tensor:
    """Of each answer: logits (..., 6, 2, 3), made (Y, 6, 2, 3) to (..., Y). Source: definition."""
    return torch.log_softmax(logits, -1).flatten(-3) @ made.flatten(1).T


# --8<-- [start:length]
def trained(
    loss: Callable[[Tensor, Tensor, Tensor], Tensor],
    pairs: Tensor,
    steps: int = 300,
    rate: float = 4.0,
) -> Tensor:
    """The policy after steps on pairs, the chosen first: pairs (S, n, 2) to log-probabilities (S, Y).

    Args: loss (S, n): of log pi, log pi_ref and lengths. Source: definition.
    """
    made, length, _ = answers()
    flat, shape = pairs.flatten(1), pairs.shape
    fixed = log_probability(start(), made)[pairs], length[pairs]
    logits = start().repeat(len(pairs), 1, 1, 1)
    for _ in range(steps):
        logits = logits.detach().requires_grad_()
        log_pi = log_probability(logits, made).gather(1, flat).view(shape)
        (slope,) = torch.autograd.grad(loss(log_pi, *fixed).mean(1).sum(), logits)
        logits = logits - rate * slope
    return log_probability(logits.detach(), made)
    # --8<-- [end:length]


def main() -> None:
    """Twenty policies on eight pairs of answers that are alike: what becomes of the chosen and the rejected."""
    for weight in (0.0, 0.2):
        u, _ = displaced(alike(0.3), weight, 300)
        chosen, rejected = u[-1, :, :, 0], u[-1, :, :, 1]
        print(
            f"likelihood term {weight}: {(chosen < 0).double().mean():.0%} of the chosen fell,",
            end=" ",
        )
        print(
            f"log-ratios {chosen.mean():+.2f} of the chosen, {rejected.mean():+.2f} of the rejected"
        )


if __name__ == "__main__":
    main()
