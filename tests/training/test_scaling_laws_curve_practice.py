"""The fit of scaling laws with SciPy, as the page shows it."""

import runpy
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2] / "docs" / "training" / "scaling-laws"


def test_practice_finds_the_law_of_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / "curve_practice.py"), run_name="__main__")
    printed = capsys.readouterr().out.strip(" []\n").split()
    assert [float(x) for x in printed] == [1, 1, 4, 0.5, 0.5]
