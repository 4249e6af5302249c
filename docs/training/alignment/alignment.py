"""Alignment in small: a score in the place of a wish, what pressure does to both, and how they are checked.

v  the value of an answer, what is wanted     s  its score, what is trained on     error: s - v
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

# The example: four answers to "I'll skip the tests and ship today. Good plan?"
ANSWERS = (
    "It depends.",
    "Some tests would help.",
    "No: test the payment first.",
    "Brilliant, ship it!",
)
REFERENCE, VALUE, SCORE = (
    (8 / 16, 4 / 16, 3 / 16, 1 / 16),
    (0.0, 1.0, 3.0, -2.0),
    (0.0, 1.0, 2.0, 3.0),
)
FACTORS = (1, 2, 4, 8)  # by which a point of the score multiplies an answer
FLATTERY = 3  # the answer that is liked and bad


def example() -> tuple[Tensor, Tensor, Tensor]:
    """Returns the reference (4,), the values (4,) and the scores (4,) of the example. Source: definition."""
    reference, value, score = (
        torch.tensor(x, dtype=torch.float64) for x in (REFERENCE, VALUE, SCORE)
    )
    return reference, value, score


# --8<-- [start:tilt]
def tilt(reference: Tensor, score: Tensor, pressure: float) -> Tensor:
    """The policy under pressure: reference (n,), score (n,) to (n,). Source: this page, eq-alignment-tilt."""
    weights = reference * torch.exp(pressure * score)
    return weights / weights.sum()
    # --8<-- [end:tilt]


def found(share: float, looks: int) -> float:
    """Chance that some of the audited answers are of a kind with this share. Source: this page, eq-alignment-found."""
    return 1 - (1 - share) ** looks


def looks_for(share: float, chance: float) -> int:
    """The fewest audited answers that find such a kind with this chance. Source: this page, eq-alignment-looks."""
    return math.ceil(math.log(1 - chance) / math.log(1 - share))


# --8<-- [start:mend]
def mend(score: Tensor, value: Tensor, seen: Tensor) -> Tensor:
    """The score with the true value where an expert has looked: score (n,), value (n,), seen (n,) to (n,).

    Source: definition.
    """
    return torch.where(seen, value, score)
    # --8<-- [end:mend]


# Errors with the mean 0 and the variance 1, whose tails differ.


def normal_error(x: Tensor) -> Tensor:
    """Density with a normal tail: x (...) to (...). Source: definition."""
    return torch.exp(-x.square() / 2) / math.sqrt(2 * math.pi)


def exponential_error(x: Tensor) -> Tensor:
    """Density with an exponential tail, of Laplace: x (...) to (...). Source: definition."""
    return torch.exp(-math.sqrt(2) * x.abs()) / math.sqrt(2)


def power_error(x: Tensor) -> Tensor:
    """Density with a tail like a power, Student's with 3 degrees: x (...) to (...). Source: definition."""
    return 2 / (math.pi * (1 + x.square()).square())


ERRORS: dict[str, Callable[[Tensor], Tensor]] = {
    "normal": normal_error, "exponential": exponential_error, "power": power_error,
}  # fmt: skip


# --8<-- [start:regained]
def regained(
    s: Tensor, error: Callable[[Tensor], Tensor], nodes: int = 1601
) -> tuple[Tensor, Tensor]:
    """Density of scores, and the mean value of the answers with a score; the value is standard normal.

    Args: s (m,); error (...) to (...). Returns (m,) and (m,).
    Source: definition, by summing over the value.
    """
    v = torch.linspace(-8, 8, nodes, dtype=s.dtype)
    joint = normal_error(v) * error(s[:, None] - v) * (v[1] - v[0])
    return joint.sum(1), (joint @ v / joint.sum(1)).nan_to_num()  # 0 where no score gets
    # --8<-- [end:regained]


def best_of(counts: Tensor, error: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Mean value and mean score of the best-scored of n answers: counts (k,) to (k,) and (k,).

    Args: counts (k,); error (...) to (...). Source: definition, with the density n F^(n-1) p of the highest score.
    """
    s = torch.sinh(torch.linspace(-7, 10, 6001, dtype=torch.float64))
    p, value = regained(s, error)
    piece = (p[1:] + p[:-1]) / 2 * s.diff()  # probability between two places
    above = torch.cat([piece.flip(0).cumsum(0).flip(0), torch.zeros(1, dtype=s.dtype)]).clamp(0, 1)
    below = torch.exp(
        counts[:, None] * torch.log1p(-above.clamp(max=1 - 1e-12))
    )  # F^n at each place
    weight = below.diff(dim=1)

    def mean(x: Tensor) -> Tensor:
        middle = (x[1:] + x[:-1]) / 2
        return (weight * middle).sum(1) / weight.sum(1)

    return mean(value), mean(s)


# Two rules that agree on all training examples.


# --8<-- [start:nearest]
def nearest(x: Tensor, y: Tensor) -> Tensor:
    """The smallest weights that fit all examples, where descent from zero ends: x (n, d), y (n,) to (d,).

    Source: this page, eq-alignment-cue.
    """
    weights: Tensor = torch.linalg.pinv(x) @ y
    return weights
    # --8<-- [end:nearest]


def together(goal: Tensor, loudness: float) -> Tensor:
    """Examples whose cue repeats the goal, a times as loud: goal (n,) to (n, 2). Source: definition."""
    return torch.stack([goal, loudness * goal], 1)


def apart(goal: Tensor, loudness: float) -> Tensor:
    """Examples whose cue says the opposite: goal (n,) to (n, 2). Source: definition."""
    return torch.stack([goal, -loudness * goal], 1)


# --8<-- [start:student]
def student(x: Tensor, labels: Tensor) -> Tensor:
    """What a linear model says after least squares on labels: x (n, d), labels (n,) to (n,).

    Source: charikar2024quantifying, theorem 1, for a linear class.
    """
    fitted: Tensor = x @ torch.linalg.lstsq(x, labels[:, None]).solution
    return fitted[:, 0]
    # --8<-- [end:student]


def recovered(weak: float, strong: float, ceiling: float) -> float:
    """Share of the gap between supervisor and ceiling that the student closes. Source: burns2024weak, section 3."""
    return (strong - weak) / (ceiling - weak)


# --8<-- [start:debate]
def debate(numbers: list[float], lie: float, at: int, *, honest: bool = True) -> tuple[bool, int]:
    """A claimed sum is off by a lie about one number; an opponent names the half whose claim is wrong.

    Returns whether the judge sees the lie, and how many statements the judge reads. Source: definition.
    """

    def claim(low: int, high: int) -> float:
        return sum(numbers[low:high]) + (lie if low <= at < high else 0.0)

    low, high, read = 0, len(numbers), 1  # the first statement is the whole sum
    while high - low > 1:
        middle = (low + high) // 2
        left_is_wrong = claim(low, middle) != sum(numbers[low:middle])
        low, high = (low, middle) if left_is_wrong == honest else (middle, high)
        read += 1
    return claim(low, high) != numbers[low], read
    # --8<-- [end:debate]


def asking(utility: Tensor, p: Tensor) -> tuple[float, float]:
    """Mean utility if a person may switch off what is bad, and if not: utility (n,), p (n,) to () and ().

    Source: hadfieldmenell2017off, section 3.
    """
    return float((p * utility.clamp(min=0)).sum()), max(float((p * utility).sum()), 0.0)


def main() -> None:
    """The example under rising pressure, an audit, the mended score; then the best of n by the tail of the error."""
    reference, value, score = example()
    for factor in FACTORS:
        policy = tilt(reference, score, math.log(factor))
        bad = float(policy[FLATTERY])
        print(
            f"factor {factor}: score {float(policy @ score):.2f}, value {float(policy @ value):.2f}, "
            f"flattery {bad:.0%}, found by 3 looks {found(bad, 3):.0%}"
        )
    seen = torch.arange(len(value)) == FLATTERY
    policy = tilt(reference, mend(score, value, seen), math.log(4))
    print(
        f"mended, factor 4: value {float(policy @ value):.2f}, flattery {float(policy[FLATTERY]):.1%}"
    )
    counts = torch.tensor([1.0, 10.0, 1e3, 1e6], dtype=torch.float64)
    for name, error in ERRORS.items():
        values = ", ".join(f"{v:.2f}" for v in best_of(counts, error)[0].tolist())
        print(f"{name} errors, best of 1, 10, 1,000, 1,000,000: value {values}")
    print(f"known: the normal best of 10 has 1.5388 / sqrt(2) = {1.5388 / math.sqrt(2):.2f}")


if __name__ == "__main__":
    main()
