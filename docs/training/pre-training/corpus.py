"""What bad data does to a small language model: a leak into the test, copies, a filter; and shared n-grams.

The model counts characters after contexts of up to 4 characters, and mixes the counts (Witten and Bell).

Letters:
    h    context, the characters before
    c    how often a character came after h, of how many in all, and how many different ones
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

ORDER = 4


# --8<-- [start:model]
class Counts:
    """A language model of characters: counts after each context, mixed from short to long. Source: witten1991zero."""

    def __init__(self, texts: Iterable[str], order: int = ORDER, letters: int = 128) -> None:
        self.order, self.letters = order, letters
        self.after: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for i, letter in enumerate(text):
                for n in range(min(order, i) + 1):
                    self.after[text[i - n : i]][letter] += 1
        self.total = {h: sum(c.values()) for h, c in self.after.items()}

    def probability(self, h: str, letter: str) -> float:
        """Of a character after a context. Source: witten1991zero, method C."""
        p = 1 / self.letters
        for n in range(len(h) + 1):
            c = self.after.get(h[len(h) - n :])
            if c is None:
                break
            p = (c[letter] + len(c) * p) / (self.total[h[len(h) - n :]] + len(c))
        return p

    def bits(self, texts: Sequence[str]) -> float:
        """Mean surprise in bits a character. Source: definition."""
        spent = sum(
            -math.log2(self.probability(text[max(0, i - self.order) : i], letter))
            for text in texts
            for i, letter in enumerate(text)
        )
        return spent / sum(map(len, texts))
        # --8<-- [end:model]


# --8<-- [start:near]
def near_copy(text: str, share: float, pool: Sequence[str], draw: random.Random) -> str:
    """The text, each word replaced by one of the pool with a probability. Source: definition."""
    return " ".join(draw.choice(pool) if draw.random() < share else word for word in text.split())
    # --8<-- [end:near]


# --8<-- [start:overlap]
def runs_of(text: str, n: int) -> set[tuple[str, ...]]:
    """All runs of n words. Source: definition."""
    words = text.lower().split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def overlapping(tests: Sequence[str], training: Sequence[str], n: int) -> list[bool]:
    """Which tests share a run of n words with the training text. Source: brown2020language, appendix C."""
    seen = set().union(*(runs_of(text, n) for text in training))
    return [bool(runs_of(test, n) & seen) for test in tests]
    # --8<-- [end:overlap]


# --8<-- [start:filter]
def scorer(good: Sequence[str], other: Sequence[str]) -> dict[str, float]:
    """Log odds of each word, good against other, with one added to each count. Source: naive Bayes."""
    g, o = (Counter(" ".join(texts).lower().split()) for texts in (good, other))
    vocabulary = g.keys() | o.keys()
    total = math.log((o.total() + len(vocabulary)) / (g.total() + len(vocabulary)))
    return {word: math.log((g[word] + 1) / (o[word] + 1)) + total for word in vocabulary}


def score(text: str, odds: dict[str, float]) -> float:
    """Mean log odds of the words of a text. Source: naive Bayes."""
    words = text.lower().split()
    return sum(odds.get(word, 0.0) for word in words) / len(words)


def best(texts: Sequence[str], odds: dict[str, float], share: float) -> list[str]:
    """The share of the texts with the highest scores. Source: definition."""
    ranked = sorted(texts, key=lambda text: -score(text, odds))
    return ranked[: round(share * len(texts))]
    # --8<-- [end:filter]


def main() -> None:
    """A small model against the entropy of its source: letters a and b, equally likely after each other."""
    draw = random.Random(0)
    text = "".join(draw.choice("ab") for _ in range(20_000))
    print(f"{Counts([text[:16_000]]).bits([text[16_000:]]):.3f} bits a character; at best 1")


if __name__ == "__main__":
    main()
