"""The largest possible speed of both ways of writing."""

import itertools
import runpy
from importlib import import_module

import pytest

from scripts.figures import style
from tests.printed.plugin import Equations
from tests.said import sayings

speed = import_module("docs.models.text-diffusion.speed")
PAGE = style.DOCS / "models" / "text-diffusion.md"
said = sayings(PAGE)


@pytest.mark.equation("eq-text-diffusion-rate")
def test_the_rate_is_that_of_the_slower_of_two(printed: Equations) -> None:
    for texts, places, kept in ((3, 5, 4), (70, 32, 9)):
        printed("eq-text-diffusion-rate").holds(
            {
                "r": speed.rate(texts, places, kept),
                "k": kept,
                "B": texts,
                "b": places,
                "w": 2,
                "P": 8e9,
                "R": 3.35e12,
                "F": 989e12,
            },
            free=("w", "P", "R", "F", "b", "B"),
        )


def test_the_numbers_of_the_page() -> None:
    seconds = 1000 * speed.BYTES * speed.WEIGHTS / speed.READ
    said(
        f"Reading takes $16 / 3350 = {seconds:.1f}$ ms: {speed.rate(1, 1, 1):.0f} tokens a second",
        f"and {speed.rate(1, 32, 8):,.0f} with blocks of 32 of which 8 tokens are kept a call",
        f"With 128 texts at once, left to right has {speed.rate(128, 1, 1):,.0f} and the block "
        f"{speed.rate(128, 32, 8):,.0f}",
        "which reads 3.35 TB and computes 989 trillion operations a second",
        "Take 8 billion weights of two bytes",
    )
    assert speed.rate(10**6, 32, 8) / speed.rate(10**6, 1, 1) == pytest.approx(8 / 32)
    assert (speed.READ, speed.COMPUTE, speed.BLOCK) == (3.35e12, 989e12, 32)


def test_the_picture_is_described_as_it_is() -> None:
    table = style.read_table(PAGE.with_suffix("") / "speed.csv")
    left, *blocks = (table[name] for name in list(table)[1:])
    assert table["texts"][0] == 1
    assert table["texts"][-1] == 1024
    for block in blocks:
        assert block[0] > left[0]
        assert block[-1] < left[-1]
        at = table["texts"].index(16)
        assert len(set(block[at:])) == 1
        assert block[at - 1] < block[at]
    top = table["texts"].index(512)
    assert len(set(left[top:])) == 1
    assert all(a < b for a, b in itertools.pairwise(left[: top + 1]))


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.with_suffix("") / "speed.py"), run_name="__main__")
    assert "1 texts: left to right 209" in capsys.readouterr().out
