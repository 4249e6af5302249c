"""Test-time compute in closed form: tries, votes, verifiers, search and second looks; and a verifier that is hacked.

Letters: p chance that one answer is right, q chances of all answers, n answers drawn, f share of wrong answers that
a verifier accepts, e chance of a wrong answer that scores above every right one, r chance that a step is right,
L steps, m tries for each step.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

ANSWERS = (0.5, 0.3, 0.2)  # the example: right, a frequent mistake, a rare one
WAYS = ("work", "guess", "trick")
RIGHT = (0.6, 0.2, 0.0)  # how often each way of answering is right
START = (0.2, 0.7, 0.1)  # how often the untrained model takes each way
PASSES = 0.9  # how often a trick passes one test
SOLVED = (0.7, 0.3)  # share of questions that the first of two methods solves, and the second
BASE = (0.5, 0.2)  # how often a base model takes each; training leaves the first alone


# --8<-- [start:tries]
def pass_at(p: Tensor, n: int) -> Tensor:
    """Chance that at least one of n answers is right: p (B,) to (B,). Source: definition."""
    return 1 - (1 - p) ** n


def coverage(shares: tuple[float, ...], chances: tuple[float, ...], k: int) -> float:
    """pass@k over kinds of questions, each solved by a method of its own chance. Source: definition."""
    return sum(s * (1 - (1 - c) ** k) for s, c in zip(shares, chances, strict=True))


def whole(r: float, steps: int, m: int) -> float:
    """Chance that one of m whole chains has no wrong step. Source: definition."""
    return 1 - (1 - r**steps) ** m


def stepwise(r: float, steps: int, m: int) -> float:
    """The same number of steps drawn, but m tries for each, and a right one kept. Source: definition."""
    return float((1 - (1 - r) ** m) ** steps)
    # --8<-- [end:tries]


def majority(q: Tensor, right: Tensor, n: int) -> Tensor:
    """Chance that the most frequent of n answers is right, ties drawn: q (B, A), right (B,) to (B,).

    Source: definition. Departs: sums over the votes k of the right answer; the others are a product
    of polynomials in which x counts votes and y answers that tie.
    """
    b, a = q.shape
    own = q.gather(1, right[:, None])[:, 0]
    others = q[torch.arange(a) != right[:, None]].view(b, a - 1)
    total = torch.zeros(b, dtype=q.dtype)
    # --8<-- [start:majority]
    for k in range(1, n + 1):
        ways = torch.zeros(b, n + 1, a, dtype=q.dtype)  # votes given, answers that tie
        ways[:, 0, 0] = 1
        for j in range(a - 1):
            longer = torch.zeros_like(ways)
            for i in range(min(k, n) + 1):
                term = (others[:, j] ** i / float(math.factorial(i)))[:, None, None]
                tie = int(i == k)
                longer[:, i:, tie:] += term * ways[:, : n + 1 - i, : a - tie]
            ways = longer
        share = 1 / torch.arange(1, a + 1, dtype=q.dtype)
        rest = (ways[:, n - k] * share).sum(1)
        total += float(math.factorial(n) // math.factorial(k)) * own**k * rest
    return total
    # --8<-- [end:majority]


# --8<-- [start:verifiers]
def accepted(p: Tensor, f: float, n: int) -> Tensor:
    """Chance that the first answer that a verifier accepts is right: p (B,) to (B,). Source: definition."""
    accept = p + (1 - p) * f
    return p / accept * (1 - (1 - accept) ** n)


def scored(p: Tensor, e: Tensor, n: int) -> Tensor:
    """Chance that the best score of n is a right answer: p, e (B,) to (B,). Source: definition."""
    return (1 - e) ** n - (1 - p - e) ** n
    # --8<-- [end:verifiers]


# --8<-- [start:rechecked]
def rechecked(start: float, mend: float, spoil: float, rounds: int) -> float:
    """Share right after second looks, each mending or spoiling an answer. Source: two-state Markov chain."""
    limit = mend / (mend + spoil)
    return limit + (start - limit) * (1 - mend - spoil) ** rounds
    # --8<-- [end:rechecked]


def price(prompt: int, thought: int, answer: int, n: int, read: float, write: float) -> float:
    """Cost of n answers that share one prompt, at a price for a token read and one for a token written."""
    return prompt * read + n * (thought + answer) * write


# --8<-- [start:vote]
def vote(answers: Tensor, generator: torch.Generator) -> Tensor:
    """The most frequent of n answers, ties drawn: answers (B, n) to (B,). Source: wang2023self."""
    counts = torch.nn.functional.one_hot(answers).sum(1).double()
    noise = torch.rand(counts.shape, generator=generator, dtype=torch.float64) / 2
    return (counts + noise).argmax(1)


def best(scores: Tensor, answers: Tensor, generator: torch.Generator) -> Tensor:
    """The answer with the highest score, ties drawn: scores, answers (B, n) to (B,). Source: definition."""
    noise = torch.rand(scores.shape, generator=generator, dtype=torch.float64) / 2
    return answers.gather(1, (scores + noise).argmax(1, keepdim=True))[:, 0]
    # --8<-- [end:vote]


class Learned(NamedTuple):
    """Over steps and seeds: reward (T, S), the share right (T, S) of answers and that of tricks, trick (T, S)."""

    reward: Tensor
    right: Tensor
    trick: Tensor


def learn(
    tests: int,
    beta: float = 0.0,
    seeds: int = 5,
    steps: int = 400,
    group: int = 16,
    rate: float = 0.5,
) -> Learned:
    """Reinforce what passes all tests; a trick passes each test with 0.9. Source: shao2024deepseekmath.

    Departs: no division by the spread; beta subtracts the log-ratio to the start from the reward.
    """
    generator = torch.Generator().manual_seed(0)
    passed = torch.tensor([RIGHT[0], RIGHT[1], PASSES**tests], dtype=torch.float64)
    start = torch.tensor(START, dtype=torch.float64).log()
    z = start.expand(seeds, 3).clone()
    rows = []
    # --8<-- [start:learn]
    for _ in range(steps + 1):
        pi = z.softmax(1)
        rows.append(torch.stack([pi @ passed, pi @ torch.tensor(RIGHT).double(), pi[:, 2]]))
        way = torch.multinomial(pi, group, replacement=True, generator=generator)  # (seeds, group)
        coin = torch.rand(way.shape, generator=generator, dtype=torch.float64)
        reward = (coin < passed[way]).double()  # the verifier
        reward = reward - beta * (pi.log() - start).gather(1, way)
        advantage = reward - reward.mean(1, keepdim=True)  # compared with the group
        taken = torch.nn.functional.one_hot(way, 3).double()
        z = z + rate * (advantage[..., None] * (taken - pi[:, None])).mean(1)
    return Learned(*torch.stack(rows).unbind(1))
    # --8<-- [end:learn]


def main() -> None:
    """The example in closed form, and its majority against a simulation."""
    q = torch.tensor([ANSWERS], dtype=torch.float64)
    right = torch.tensor([0])
    for n in (1, 3, 5, 9, 25):
        draws = torch.multinomial(
            q[0], 20_000 * n, replacement=True, generator=torch.Generator().manual_seed(n)
        )
        won = vote(draws.view(-1, n), torch.Generator().manual_seed(n)) == 0
        print(
            f"n = {n:2}: pass@n {float(pass_at(q[:, 0], n)[0]):.3f},"
            f" majority {float(majority(q, right, n)[0]):.3f}, drawn {float(won.double().mean()):.3f},"
            f" verifier with f = 0.2 {float(accepted(q[:, 0], 0.2, n)[0]):.3f},"
            f" with e = 0.1 {float(scored(q[:, 0], torch.tensor([0.1]), n)[0]):.3f}"
        )


if __name__ == "__main__":
    main()
