"""Preference optimisation: DPO and its relatives as one table of losses, and the optima that are known.

Letters, with the name in rafailov2023direct where it differs:
    w, l    chosen and rejected answer (y_w, y_l)
    u       log-ratio log pi - log pi_ref of an answer
    h       u of the chosen less u of the rejected; beta h is the margin
    a       log pi over the length of the answer, the mean of its tokens
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

REFERENCE = (0.20, 0.50, 0.30)  # A, B, C of the example
STRENGTHS = (6.0, 2.0, 1.0)
LENGTHS = (7.0, 4.0, 1.0)  # words


class Pair(NamedTuple):
    """Of answers, the chosen first: log_pi, log_ref, length (..., 2)."""

    log_pi: Tensor
    log_ref: Tensor
    length: Tensor


def gap(x: Tensor) -> Tensor:
    """Chosen less rejected: x (..., 2) to (...). Source: definition."""
    return x[..., 0] - x[..., 1]


# --8<-- [start:dpo]
def dpo(pair: Pair, beta: float = 1.0) -> Tensor:
    """Direct preference optimisation, nats: (..., 2) to (...). Source: rafailov2023direct, eq. 7."""
    u = pair.log_pi - pair.log_ref
    h = gap(u)
    return -logsigmoid(beta * h)
    # --8<-- [end:dpo]


def ipo(pair: Pair, beta: float = 1.0) -> Tensor:
    """Identity preference optimisation: (..., 2) to (...). Source: azar2024general."""
    return (gap(pair.log_pi - pair.log_ref) - 1 / (2 * beta)) ** 2


def kto(pair: Pair, beta: float = 1.0, z: float = 0.0) -> Tensor:
    """A good and a bad answer against a reference point: (..., 2) to (...). Source: ethayarajh2024kto.

    Departs: z is given, and z = 0 is the loss APO-zero; doosterlinck2025anchored.
    """
    u = pair.log_pi - pair.log_ref
    good, bad = torch.sigmoid(beta * (u[..., 0] - z)), torch.sigmoid(beta * (z - u[..., 1]))
    return (1 - good) + (1 - bad)


# --8<-- [start:relatives]
def orpo(pair: Pair, weight: float = 0.1) -> Tensor:
    """Likelihood and odds ratio, no reference: (..., 2) to (...). Source: hong2024orpo."""
    a = pair.log_pi / pair.length
    odds = a - torch.log1p(-torch.exp(a))
    return -a[..., 0] - weight * logsigmoid(gap(odds))


def simpo(pair: Pair, beta: float = 2.5, target: float = 1.375) -> Tensor:
    """Mean log-probabilities and a target, no reference: (..., 2) to (...). Source: meng2024simpo."""
    return -logsigmoid(beta * gap(pair.log_pi / pair.length) - target)
    # --8<-- [end:relatives]


# --8<-- [start:cures]
def smoothed(pair: Pair, beta: float = 1.0, noise: float = 0.1) -> Tensor:
    """Label smoothing, cDPO: (..., 2) to (...). Source: chowdhury2024provably."""
    d = beta * gap(pair.log_pi - pair.log_ref)
    return -(1 - noise) * logsigmoid(d) - noise * logsigmoid(-d)


def robust(pair: Pair, beta: float = 1.0, noise: float = 0.1) -> Tensor:
    """Its mean over flipped labels is DPO's: (..., 2) to (...). Source: chowdhury2024provably."""
    d = beta * gap(pair.log_pi - pair.log_ref)
    return (-(1 - noise) * logsigmoid(d) + noise * logsigmoid(-d)) / (1 - 2 * noise)


def anchored(pair: Pair, beta: float = 1.0, weight: float = 1.0) -> Tensor:
    """DPO and the negative log-likelihood of the chosen: (..., 2) to (...). Source: pang2024iterative."""
    return dpo(pair, beta) - weight * pair.log_pi[..., 0] / pair.length[..., 0]


def shortened(pair: Pair, beta: float = 1.0, alpha: float = 0.0) -> Tensor:
    """DPO with a price on length, R-DPO: (..., 2) to (...). Source: park2024disentangling."""
    return -logsigmoid(beta * gap(pair.log_pi - pair.log_ref) + alpha * gap(pair.length))


def normalised(pair: Pair, beta: float = 5.0) -> Tensor:
    """DPO with the mean log-ratio of a token: (..., 2) to (...). Source: lambert2024tulu."""
    return -logsigmoid(beta * gap((pair.log_pi - pair.log_ref) / pair.length))
    # --8<-- [end:cures]


def preferred(reward: Tensor) -> Tensor:
    """P(i over j) by Bradley and Terry: reward (Y,) to (Y, Y). Source: bradley1952rank."""
    return torch.sigmoid(reward[:, None] - reward[None, :])


# --8<-- [start:optima]
def optimum(log_ref: Tensor, reward: Tensor, beta: float) -> Tensor:
    """Best under the KL penalty: log_ref, reward (Y,) to (Y,). Source: rafailov2023direct, eq. 4."""
    return torch.log_softmax(log_ref + reward / beta, -1)


def ipo_optimum(log_ref: Tensor, wins: Tensor, beta: float) -> Tensor:
    """IPO's, all pairs alike: log_ref (Y,), wins (Y, Y) to (Y,). Source: azar2024general."""
    return torch.log_softmax(log_ref + wins.mean(1) / beta, -1)
    # --8<-- [end:optima]


def policy(theta: Tensor, log_ref: Tensor, features: Tensor) -> Tensor:
    """Log-linear: theta (..., D), log_ref (..., Y), features (..., Y, D) to (..., Y). Source: definition."""
    return torch.log_softmax(log_ref + torch.einsum("...d,...yd->...y", theta, features), -1)


def take(x: Tensor, pairs: Tensor) -> Tensor:
    """What the answers of pairs have: x (..., Y), pairs (..., n, 2) to (..., n, 2). Source: definition."""
    batch = max(x.shape[:-1], pairs.shape[:-2], key=len)
    flat = pairs.flatten(-2).expand(*batch, -1)
    return x.expand(*batch, -1).gather(-1, flat).reshape(*batch, -1, 2)


class Data(NamedTuple):
    """Chosen first: pairs (..., n, 2), their weight (..., n), and of all answers the length (Y,)."""

    pairs: Tensor
    weight: Tensor
    length: Tensor


# --8<-- [start:step]
def step(
    theta: Tensor,
    loss: Callable[[Pair], Tensor],
    log_ref: Tensor,
    features: Tensor,
    data: Data,
    rate: float,
) -> Tensor:
    """Down loss (..., n): theta (..., D), log_ref (..., Y), features (..., Y, D) to (..., D). Source: definition."""
    theta = theta.detach().requires_grad_()
    log_pi = take(policy(theta, log_ref, features), data.pairs)
    pair = Pair(log_pi, take(log_ref, data.pairs), take(data.length, data.pairs))
    value = (data.weight * loss(pair)).sum()
    (slope,) = torch.autograd.grad(value, theta)
    return (theta - rate * slope).detach()
    # --8<-- [end:step]


def fit(
    loss: Callable[[Pair], Tensor],
    theta: Tensor,
    log_ref: Tensor,
    features: Tensor,
    data: Data,
    steps: int,
    rate: float,
) -> Tensor:
    """Steps: loss (..., n), theta (..., D), log_ref (..., Y), features (..., Y, D) to (..., D). Source: definition."""
    for _ in range(steps):
        theta = step(theta, loss, log_ref, features, data, rate)
    return theta


def every_pair(wins: Tensor, length: Tensor) -> Data:
    """All ordered pairs, weighted by how often the first wins: wins (Y, Y), length (Y,). Source: definition."""
    pairs = torch.cartesian_prod(torch.arange(len(wins)), torch.arange(len(wins)))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    weight = wins[pairs[:, 0], pairs[:, 1]]
    return Data(pairs, weight / weight.sum(), length)


# --8<-- [start:judged]
def judged(drawn: Tensor, reward: Tensor, generator: torch.Generator) -> Tensor:
    """The preferred of two first: drawn (..., n, 2), reward (..., Y) to (..., n, 2). Source: bradley1952rank."""
    wins = torch.sigmoid(gap(take(reward, drawn)))
    first = torch.rand(wins.shape, generator=generator, dtype=wins.dtype) < wins
    return torch.where(first[..., None], drawn, drawn.flip(-1))
    # --8<-- [end:judged]


def draw(p: Tensor, pairs: int, generator: torch.Generator) -> Tensor:
    """Pairs of answers from a policy: p (..., Y) to (..., pairs, 2). Source: definition."""
    drawn = torch.multinomial(p, 2 * pairs, replacement=True, generator=generator)
    return drawn.reshape(*p.shape[:-1], pairs, 2)


def alike(pairs: Tensor, answers: Tensor) -> Data:
    """Pairs of equal weight and answers of length one: pairs (..., n, 2), answers (..., Y). Source: definition."""
    weight = torch.full(pairs.shape[:-1], 1 / pairs.shape[-2], dtype=answers.dtype)
    return Data(pairs, weight, torch.ones(answers.shape[-1], dtype=answers.dtype))


# --8<-- [start:online]
def online(
    log_ref: Tensor, features: Tensor, reward: Tensor, beta: float, rounds: int, pairs: int,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Online DPO: log_ref, reward (..., Y), features (..., Y, D) to theta (..., D). Source: guo2024direct.

    Departs: comparisons are kept; guo2024direct draws anew for each step.
    """
    theta = torch.zeros_like(features[..., 0, :])
    kept = torch.zeros(*log_ref.shape[:-1], 0, 2, dtype=torch.long)
    for _ in range(rounds):
        drawn = draw(policy(theta, log_ref, features).exp(), pairs, generator)
        kept = torch.cat([kept, judged(drawn, reward, generator)], -2)
        data = alike(kept, log_ref)
        theta = fit(lambda pair: dpo(pair, beta), theta, log_ref, features, data, 100, 1 / beta**2)
    return theta
    # --8<-- [end:online]


def main() -> None:
    """The example: what DPO and IPO make of all pairs, against the closed forms."""
    log_ref = torch.tensor(REFERENCE, dtype=torch.float64).log()
    reward, length = (torch.tensor(v, dtype=torch.float64) for v in (STRENGTHS, LENGTHS))
    reward, wins = reward.log(), preferred(reward.log())
    data, free = every_pair(wins, length), torch.eye(3, dtype=torch.float64)
    for name, loss, best in (
        ("DPO", dpo, optimum(log_ref, reward, 1.0)),
        ("IPO", ipo, ipo_optimum(log_ref, wins, 1.0)),
    ):
        theta = fit(loss, torch.zeros(3).double(), log_ref, free, data, 400, 0.3)
        found = policy(theta, log_ref, free).exp()
        print(
            name,
            [round(p, 3) for p in found.tolist()],
            f"off by {float((found - best.exp()).abs().max()):.0e}",
        )
    print(f"A over B: margin {math.log(3):.2f}, loss {-math.log(0.75):.2f}")


if __name__ == "__main__":
    main()
