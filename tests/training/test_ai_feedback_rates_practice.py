"""The lines with scikit-learn against the code of the page."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

code: Any = import_module("docs.training.ai-feedback.ai_feedback")
library: Any = import_module("docs.training.ai-feedback.rates_practice")


def test_the_lines_of_today_correct_as_this_page() -> None:
    rng = np.random.default_rng(0)
    people = rng.integers(0, 2, 300)
    judged = np.where(rng.random(300) < 0.8, people, 1 - people)
    verdicts = rng.integers(0, 2, 700)
    t, u = judged[people == 1].mean(), 1 - judged[people == 0].mean()
    assert t != u
    expected = code.corrected(verdicts.mean(), t, u)
    assert library.share(verdicts, judged, people) == pytest.approx(expected)


def test_the_program_finds_the_share_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    library.main()
    assert capsys.readouterr().out == "true share: 0.4\n"
