"""The small language model, the copies, the overlap and the filter against direct counts."""

import math
import random
import runpy
from importlib import import_module
from typing import Any

import pytest

corpus: Any = import_module("docs.training.pre-training.corpus")


def test_the_model_is_a_distribution_and_mixes_as_by_hand() -> None:
    model = corpus.Counts(["abab"], order=1, letters=4)
    assert math.fsum(model.probability("a", c) for c in "abcd") == pytest.approx(1)
    unigram = (2 + 2 * 0.25) / (4 + 2)  # of b: seen twice of four, two different letters
    assert model.probability("", "b") == pytest.approx(unigram)
    assert model.probability("a", "b") == pytest.approx((2 + 1 * unigram) / (2 + 1))
    assert model.probability("x", "b") == pytest.approx(unigram)  # a context never met
    spent = -math.log2(model.probability("", "b")) - math.log2(model.probability("b", "a"))
    assert model.bits(["ba"]) == pytest.approx(spent / 2)


def test_near_copies_keep_most_words() -> None:
    text = " ".join(f"w{i}" for i in range(2000))
    made = corpus.near_copy(text, 0.05, ["new"], random.Random(0)).split()
    assert len(made) == 2000
    assert sum(word == "new" for word in made) == pytest.approx(100, abs=40)
    assert corpus.near_copy(text, 0.0, ["new"], random.Random(0)) == text


def test_overlap_is_a_common_run() -> None:
    tests, training = ["a b c d", "a b x d"], ["z a b c", "b x q"]
    assert corpus.overlapping(tests, training, 3) == [True, False]
    assert corpus.overlapping(tests, training, 2) == [True, True]
    assert corpus.overlapping(["a b"], training, 3) == [False]


def test_the_filter_is_naive_bayes() -> None:
    odds = corpus.scorer(["a a b"], ["b c"])
    assert odds["a"] == pytest.approx(math.log((3 / 6) / (1 / 5)))
    assert odds["c"] == pytest.approx(math.log((1 / 6) / (2 / 5)))
    assert corpus.score("a zz", odds) == pytest.approx(odds["a"] / 2)
    assert corpus.best(["c c", "a a", "a c"], odds, 2 / 3) == ["a a", "a c"]


def test_the_program_is_near_the_entropy(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(corpus.__file__, run_name="__main__")
    assert float(capsys.readouterr().out.split()[0]) == pytest.approx(1, abs=0.01)
