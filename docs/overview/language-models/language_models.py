"""N-gram language model: the probability of the next token, from counts of the tokens before it.

Letters: w a token, V the size of the vocabulary, n the order, a the pseudo-count of every token in
every context, T the temperature. The context of w are the n - 1 tokens before it, padded with "".
A text is a sequence of tokens: a string of characters, or a list of words.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class NGram:
    """Vocabulary, order, pseudo-count, and how often each token followed each context."""

    vocabulary: tuple[str, ...]
    n: int
    a: float
    counts: dict[tuple[str, ...], Counter[str]]


def context(text: Sequence[str], i: int, n: int) -> tuple[str, ...]:
    """The n - 1 tokens before position i."""
    before = tuple(text[max(0, i - n + 1) : i])
    return ("",) * (n - 1 - len(before)) + before


def train(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], n: int, a: float) -> NGram:
    """Count what follows what. Raises ValueError for a token that is not in the vocabulary."""
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for text in texts:
        if foreign := set(text) - set(vocabulary):
            raise ValueError(f"{sorted(foreign)} not in the vocabulary {list(vocabulary)}")
        for i, w in enumerate(text):
            counts[context(text, i, n)][w] += 1
    return NGram(tuple(vocabulary), n, a, dict(counts))


# --8<-- [start:chain]
def next_token(model: NGram, before: tuple[str, ...]) -> Tensor:
    """p(w | context) for every token of the vocabulary: (V,).

    Raises ValueError if nothing was counted and a is 0. Source: this page, eq-language-models-chain.
    """
    seen = model.counts.get(before, Counter())
    c = torch.tensor([seen[w] + model.a for w in model.vocabulary]).double()
    if c.sum() == 0:
        raise ValueError(f"context {before} was never seen and the pseudo-count is {model.a}")
    return c / c.sum()


def log_probability(model: NGram, text: Sequence[str]) -> float:
    """log p(text), nats, the sum over its tokens. Raises ValueError where a conditional is undefined."""
    p = (next_token(model, context(text, i, model.n)) for i in range(len(text)))
    return sum(q[model.vocabulary.index(w)].log().item() for q, w in zip(p, text, strict=True))
    # --8<-- [end:chain]


# --8<-- [start:perplexity]
def perplexity(log_p: float, tokens: int) -> float:
    """The number of equally likely tokens that would surprise as much, on average."""
    return math.exp(-log_p / tokens)
    # --8<-- [end:perplexity]


# --8<-- [start:sample]
def temper(p: Tensor, T: float) -> Tensor:
    """p to the power of 1 / T, divided by its sum: T < 1 sharpens, T > 1 flattens; p (..., V) to (..., V).

    Raises ValueError unless T > 0. Source: this page, eq-language-models-temperature.
    """
    if T <= 0:
        raise ValueError(f"the temperature is {T}, but must be > 0")
    return torch.softmax(p.log() / T, -1)


def sample(model: NGram, length: int, T: float, generator: torch.Generator) -> list[str]:
    """Draw token after token, each from its tempered conditional. Raises ValueError unless T > 0."""
    text: list[str] = []
    for i in range(length):
        p = temper(next_token(model, context(text, i, model.n)), T)
        text.append(model.vocabulary[int(torch.multinomial(p, 1, generator=generator))])
    return text
    # --8<-- [end:sample]


if __name__ == "__main__":
    texts = [line.split() for line in ("Ann saw Tom .", "Tom saw Ann .", "Ann saw Ann .")]
    log_p = log_probability(train(texts, ("Ann", "Tom", "saw", "."), n=2, a=0), texts[0])
    print(f"1 / p(Ann saw Tom .) = {math.exp(-log_p):.6f}; by hand 3/2 · 2 · 3 · 2 = 18")
