"""Made scenes with captions: two places in a row, each with a digit or empty, and what a caption tells of them.

The letters:
    places  digits of the left and the right place, (N, 2), -1 for an empty one
    text    numbers of words, (N, 3); -1 is an empty place of the caption
"""

from dataclasses import dataclass

import torch
from torch import Tensor

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
KNOWN = (*NAMES, "then", "no", "single", "pair")  # a digit's number is that of its name
THEN, NO, SINGLE, PAIR = range(10, 14)


@dataclass(frozen=True)
class Digits:
    """Pictures of 64 pixels from 0 to 1 and their digits: x (N, 64), y (N,)."""

    x: Tensor
    y: Tensor

    def of(self, digit: Tensor, generator: torch.Generator) -> Tensor:
        """A picture of each digit, drawn at random: digit (N,) to (N, 64). Source: definition."""
        order, count = self.y.argsort(stable=True), torch.bincount(self.y, minlength=10)
        first = count.cumsum(0) - count
        which = (torch.rand(len(digit), generator=generator) * count[digit]).long()
        return self.x[order[first[digit] + which]]


def scene(digits: Digits, places: Tensor, generator: torch.Generator) -> Tensor:
    """Two pictures side by side: places (N, 2) to (N, 128). Source: definition."""
    halves = [digits.of(p.clamp(min=0), generator) * (p >= 0)[:, None] for p in places.T]
    return torch.cat(halves, 1)


def pairs(n: int, generator: torch.Generator) -> Tensor:
    """Two different digits each, in any order: (n, 2). Source: definition."""
    first = torch.randint(10, (n,), generator=generator)
    other = torch.randint(1, 10, (n,), generator=generator)
    return torch.stack([first, (first + other) % 10], 1)


def third(places: Tensor, generator: torch.Generator) -> Tensor:
    """A digit that is in neither place: places (N, 2) to (N,). Source: definition."""
    free = torch.ones(len(places), 10).scatter_(1, places, 0.0)
    return torch.multinomial(free, 1, generator=generator)[:, 0]


# --8<-- [start:captions]
def words(*parts: Tensor | int) -> Tensor:
    """A caption of three words from columns (N,) and fixed words: (N, 3). Source: definition."""
    n = next(len(part) for part in parts if isinstance(part, Tensor))
    columns = [p if isinstance(p, Tensor) else torch.full((n,), p) for p in parts]
    return torch.stack([*columns, *[torch.full((n,), -1)] * (3 - len(parts))], 1)


def in_order(places: Tensor) -> Tensor:
    """ "three then eight": places (N, 2) to (N, 3). Source: definition."""
    return words(places[:, 0], THEN, places[:, 1])


def without(there: Tensor, absent: Tensor) -> Tensor:
    """ "three no eight": there, absent (N,) to (N, 3). Source: definition."""
    return words(there, NO, absent)


def counted(digit: Tensor, twice: Tensor) -> Tensor:
    """ "pair three" or "single three": digit, twice (N,) to (N, 3). Source: definition."""
    return words(torch.where(twice, PAIR, SINGLE), digit)
    # --8<-- [end:captions]


def alone_or_twice(digit: Tensor, twice: Tensor, generator: torch.Generator) -> Tensor:
    """Places with one of a digit, left or right, or two: digit, twice (N,) to (N, 2). Source: definition."""
    left = torch.rand(len(digit), generator=generator) < 0.5
    keep = torch.stack([twice | left, twice | ~left], 1)
    return torch.where(keep, digit[:, None], -1)


@dataclass(frozen=True)
class World:
    """Which scenes and captions training sees; 0.3 of the scenes hold one digit, once or twice."""

    digits: Digits
    negated: float = 0.0  # share of captions that say what is absent
    told: float = 0.0  # share of the scenes with one digit whose caption says how many
    rising: bool = True  # the smaller digit always stands on the left
    swapped: bool = False  # add each caption with its digits exchanged, as a hard negative

    def batch(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures (n, 128) and captions (n, 3), or (2 n, 3) with hard negatives. Source: definition."""
        two = pairs(n, generator)
        if self.rising:
            two = two.sort(1).values
        kind = torch.rand(n, generator=generator)
        negated = kind < self.negated
        one = (kind >= self.negated) & (kind < self.negated + 0.3)
        twice, told = torch.rand(2, n, generator=generator) < torch.tensor([[0.5], [self.told]])
        places = torch.where(one[:, None], alone_or_twice(two[:, 0], twice, generator), two)
        either = torch.where(
            twice, two[:, 0], two[:, 1]
        )  # a caption may name any digit that is there
        text = torch.where(negated[:, None], without(either, third(two, generator)), in_order(two))
        plain = torch.where(told[:, None], counted(two[:, 0], twice), words(two[:, 0]))
        text = torch.where(one[:, None], plain, text)
        x = scene(self.digits, places, generator)
        return x, torch.cat([text, in_order(two.flip(1))]) if self.swapped else text
