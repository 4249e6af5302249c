"""The exercises of docs/models/audio.md that are about tones and CTC."""

import math

import pytest
import torch

from docs.models.audio import audio
from tests.answers.plugin import Bench
from tests.models.test_audio import EXAMPLE, drawn, library, listed


@pytest.mark.answer("answer-audio-best")
def test_the_best_alignment_is_not_of_the_best_text(answer: Bench) -> None:
    p = torch.tensor([[0.6, 0.4]] * 2, dtype=torch.float64)
    texts = {t: sum(listed(p, t).values()) for t in ((), (1,))}
    answer("answer-audio-best").is_(texts[1,], listed(p, (1,))[1, 1])


@pytest.mark.answer("answer-audio-alias")
def test_exercise_1_a_tone_of_seven(answer: Bench) -> None:
    answer("answer-audio-alias").is_(audio.heard(7, 10), 10 / 2)


@pytest.mark.answer("answer-audio-ba")
def test_exercise_2_the_other_text(answer: Bench) -> None:
    found = listed(EXAMPLE, (2, 1))
    answer("answer-audio-ba").is_(sum(found.values()), found[2, 0, 1])


@pytest.mark.answer("answer-audio-short")
def test_exercise_4_hello(answer: Bench) -> None:
    assert audio.needed([1, 2, 3, 3, 4]) == 6 > 400 / 80
    assert math.isinf(float(library(drawn(5, 5, 1).log(), (1, 2, 3, 3, 4))))
    answer("answer-audio-short").is_("It is infinite.")


@pytest.mark.answer("answer-audio-errors")
def test_exercise_5_errors(answer: Bench) -> None:
    wrong = audio.errors([1, 2, 2, 3], [1, 2, 3, 3, 4])
    answer("answer-audio-errors").is_(wrong / 5, wrong / 4)
