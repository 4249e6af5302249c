"""Labels from a model: a judge with a bias, the measured share put right, panels, critiques, and training in rounds.

t, u   how often the judge is right where A is better, and where B is better
q, m   share of prompts on which A is better, in truth and as the judge says
p      probability of each answer (N,)     w  chance that the judge chooses it (N,)
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

LAZY, SKILL = 0.2, 0.8  # how often the judge just takes the first answer; right otherwise
SHARE = 0.4  # of prompts on which A is better; also of right answers in the first round
LIKES, COSTS = 0.3, 0.4  # what a sentence of filler adds for the judge, and takes away in truth


# --8<-- [start:judged]
def judged(lazy: float, skill: float) -> tuple[float, float]:
    """How often the judge is right when the better answer stands first, and second. Source: definition."""
    return lazy + (1 - lazy) * skill, (1 - lazy) * skill
    # --8<-- [end:judged]


def agreeing(first: float, second: float) -> tuple[float, float]:
    """Share of pairs with one verdict in both orders, and right among them. Source: this page, eq-ai-feedback-agree."""
    right, wrong = first * second, (1 - first) * (1 - second)
    return right + wrong, right / (right + wrong)


# --8<-- [start:measure]
def measured(q: float, t: float, u: float) -> float:
    """Share of verdicts for A. Source: this page, eq-ai-feedback-measured."""
    return q * t + (1 - q) * (1 - u)


def corrected(m: float, t: float, u: float) -> float:
    """The true share from the measured one. Source: rogan1978estimating.

    Raises ValueError for a judge that tells nothing.
    """
    if t + u <= 1:
        raise ValueError(f"a judge with rates {t} and {u} is no better than a coin")
    return (m + u - 1) / (t + u - 1)
    # --8<-- [end:measure]


# --8<-- [start:error]
def error(q: float, t: float, u: float, n: float, n_a: float, n_b: float) -> float:
    """Standard error of the corrected share. Source: this page, eq-ai-feedback-variance."""
    m = measured(q, t, u)
    verdicts = m * (1 - m) / n
    labels = q**2 * t * (1 - t) / n_a + (1 - q) ** 2 * u * (1 - u) / n_b
    return math.sqrt(verdicts + labels) / (t + u - 1)
    # --8<-- [end:error]


# --8<-- [start:panel]
def panel(t: float, k: int, shared: float) -> float:
    """How often the majority of k judges is right. Source: this page, eq-ai-feedback-panel."""
    own = sum(math.comb(k, j) * t**j * (1 - t) ** (k - j) for j in range(k // 2 + 1, k + 1))
    return shared * t + (1 - shared) * own


def votes(k: int, shared: float) -> float:
    """How many independent judges k judges are worth. Source: this page, eq-ai-feedback-votes."""
    return k / (1 + (k - 1) * shared)
    # --8<-- [end:panel]


# --8<-- [start:revise]
def revised(right: float, found: float, alarm: float, repaired: float) -> float:
    """Share of right answers after a critique. Source: this page, eq-ai-feedback-critique."""
    flagged = right * alarm + (1 - right) * found
    return right * (1 - alarm) + flagged * repaired


def even(found: float, alarm: float, repaired: float) -> float:
    """The share at which a critique changes nothing. Source: this page, eq-ai-feedback-even."""
    return found * repaired / (found * repaired + alarm * (1 - repaired))
    # --8<-- [end:revise]


class Answers(NamedTuple):
    """Answers to one prompt: probability p (N,), right steps (N,), sentences of filler (N,)."""

    p: Tensor
    steps: Tensor
    filler: Tensor

    def score(self, filler: float) -> Tensor:
        """Right steps, and so much for each sentence of filler: (N,). Source: definition."""
        return self.steps + filler * self.filler


def answers() -> Answers:
    """The 20 answers of the page: 0 to 3 right steps, 0 to 4 sentences of filler. Source: definition."""
    steps = torch.tensor([4, 3, 2, 1]).double() / 10
    filler = torch.tensor([8, 4, 2, 1, 1]).double() / 16
    grid = torch.cartesian_prod(torch.arange(4.0), torch.arange(5.0)).double()
    return Answers((steps[:, None] * filler).flatten(), grid[:, 0], grid[:, 1])


# --8<-- [start:wins]
def wins(score: Tensor, noise: float) -> Tensor:
    """Chance that the judge prefers row to column: score (N,) to (N, N). Source: definition."""
    apart = score[:, None] - score
    better = (1 + torch.sign(apart)) / 2  # a half between equals
    return noise + (1 - 2 * noise) * better
    # --8<-- [end:wins]


# --8<-- [start:chosen]
def chosen(p: Tensor, win: Tensor) -> Tensor:
    """The better of two drawn answers: p (..., N), win (N, N) to (..., N). Source: this page, eq-ai-feedback-chosen."""
    return 2 * p * (p @ win.T)


def rounds(p: Tensor, win: Tensor, count: int, keep: float = 0.0) -> Tensor:
    """Train on the chosen answers, with a share of the first model's: p (N,), win (N, N) to (count + 1, N).

    Source: definition.
    """
    found = [p]
    for _ in range(count):
        now = (1 - keep) * chosen(found[-1], win) + keep * p
        found.append(now / now.sum())  # 1 but for rounding, which would grow
    return torch.stack(found)
    # --8<-- [end:chosen]


# --8<-- [start:drawn]
def drawn(start: Tensor, score: Tensor, count: int, pairs: int, seed: int) -> Tensor:
    """The same with drawn pairs and the lazy judge: start (N,), score (N,) to (count + 1, N). Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    found = [start]
    for _ in range(count):
        pair = torch.multinomial(found[-1], 2 * pairs, True, generator=generator).view(pairs, 2)
        lazy, misled = torch.rand(2, pairs, generator=generator) < torch.tensor(
            [[LAZY], [1 - SKILL]]
        )
        second = (score[pair[:, 1]] > score[pair[:, 0]]) ^ misled
        take = torch.where(lazy, 0, second.long())
        kept = pair.gather(1, take[:, None])[:, 0]
        found.append(torch.bincount(kept, minlength=len(start)).double() / pairs)
    return torch.stack(found)
    # --8<-- [end:drawn]


# --8<-- [start:simulate]
def simulate(q: float, first: float, second: float, n: int, fair: bool, seed: int) -> float:
    """Share of n verdicts for A, which stands first, or in random order. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    better, order, right = torch.rand(3, n, generator=generator)
    a = better < q  # A is better
    ahead = (order < 0.5) if fair else torch.ones(n, dtype=torch.bool)  # A stands first
    rate = torch.where(a == ahead, first, second)  # the better one stands first, or second
    return float((a == (right < rate)).double().mean())
    # --8<-- [end:simulate]


def main() -> None:
    """The example: rates of the judge, shares and their correction, a panel, a critique, and rounds of training."""
    first, second = judged(LAZY, SKILL)
    t = (first + second) / 2
    print(f"right: better first {first:.2f}, second {second:.2f}, mean {t:.2f}")
    kept, right = agreeing(first, second)
    print(f"both orders agree on {kept:.3f}, right among them {right:.3f}")
    for name, a, b, fair in (("A first", first, second, False), ("random order", t, t, True)):
        m, seen = measured(SHARE, a, b), simulate(SHARE, first, second, 100_000, fair, 0)
        print(
            f"{name:12} formula {m:.3f}, 100,000 verdicts {seen:.3f}, corrected {corrected(seen, a, b):.3f}"
        )
    print(
        "three judges:", [round(panel(t, 3, c), 3) for c in (0.0, 0.5, 1.0)], "for shared 0, 0.5, 1"
    )
    print(
        "critique: 0.4 to",
        round(revised(SHARE, 0.6, 0.2, 0.5), 3),
        "; even at",
        round(even(0.6, 0.2, 0.5), 3),
    )
    given = answers()
    path = rounds(given.p, wins(given.score(LIKES), 1 - t), 40)
    true = path @ given.score(-COSTS)
    top = int(true.argmax())
    print(
        f"rounds: value {float(true[0]):.2f}, best {float(true[top]):.2f} after {top}, {float(true[-1]):.2f} after 40"
    )


if __name__ == "__main__":
    main()
