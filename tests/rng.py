"""The random numbers of docs/assets/demos/rng.mjs in Python, for tests that compare both sides."""

import math

MASK = 0xFFFFFFFF


class Random:
    """mulberry32: uniform, normal and integer numbers, the same as `random(seed)` in the browser."""

    def __init__(self, seed: int) -> None:
        self.state = seed & MASK

    def uniform(self) -> float:
        """A number in [0, 1)."""
        self.state = (self.state + 0x6D2B79F5) & MASK
        t = ((self.state ^ (self.state >> 15)) * (self.state | 1)) & MASK
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & MASK)) & MASK
        return ((t ^ (t >> 14)) & MASK) / 4294967296

    def normal(self) -> float:
        """A standard normal number, by Box and Muller."""
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def integer(self, n: int) -> int:
        """A whole number in 0 … n − 1."""
        return math.floor(self.uniform() * n)
