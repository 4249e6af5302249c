"""The example in PyTorch, against counting and closed forms."""

import math
from collections import Counter
from pathlib import Path

import pytest
import torch

from docs.ecosystem.libraries import libraries
from tests.said import sayings

said = sayings(Path(libraries.__file__).parent.with_suffix(".md"))


def test_training_finds_the_distribution_that_counting_gives() -> None:
    tokens, letters = libraries.encode(libraries.TEXT)
    logits = libraries.train(tokens, len(letters))
    chances = torch.softmax(logits, -1)
    pairs = Counter(zip(libraries.TEXT, libraries.TEXT[1:], strict=False))
    firsts = Counter(libraries.TEXT[:-1])
    for (a, b), number in pairs.items():
        learned = float(chances[letters.index(a), letters.index(b)])
        assert learned == pytest.approx(number / firsts[a], abs=0.01)


def test_the_loss_reaches_its_floor_and_not_less() -> None:
    tokens, letters = libraries.encode(libraries.TEXT)
    logits = libraries.train(tokens, len(letters))
    loss = float(torch.nn.functional.cross_entropy(logits[tokens[:-1]], tokens[1:]))
    floor = libraries.floor(tokens, len(letters))
    assert floor <= loss <= floor + 0.01
    assert loss < 0.5 * math.log(len(letters))


def test_the_floor_is_the_conditional_entropy_of_the_pairs() -> None:
    pairs = Counter(zip(libraries.TEXT, libraries.TEXT[1:], strict=False))
    firsts = Counter(libraries.TEXT[:-1])
    total = sum(pairs.values())
    entropy = -sum(n / total * math.log(n / firsts[a]) for (a, _), n in pairs.items())
    tokens, letters = libraries.encode(libraries.TEXT)
    assert libraries.floor(tokens, len(letters)) == pytest.approx(entropy, rel=1e-5)


@pytest.mark.parametrize(("x", "times"), [(0.7, 0), (1.5, 1), (5.0, 3), (100.0, 7)])
def test_the_graph_is_as_long_as_the_loop_was(x: float, times: int) -> None:
    value = torch.tensor(x, requires_grad=True)
    libraries.halvings(value).backward()
    assert value.grad == 0.5**times


def test_a_text_without_pairs_is_refused() -> None:
    with pytest.raises(ValueError, match="1 letters has no pair"):
        libraries.encode("a")


def test_the_page_gives_the_reached_and_the_guessed_cross_entropy() -> None:
    tokens, letters = libraries.encode(libraries.TEXT)
    logits = libraries.train(tokens, len(letters))
    loss = float(torch.nn.functional.cross_entropy(logits[tokens[:-1]], tokens[1:]))
    said(
        f"cross-entropy of {loss:.3f} nats per letter, "
        f"against {math.log(len(letters)):.3f} for guessing"
    )
