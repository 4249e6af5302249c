"""Two levels of codes: quarters, codes that are those of codebooks, and what the page tells of each level."""

import math
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from docs.architectures.codebooks import codebooks
from scripts.figures import style
from tests.draws import normal
from tests.said import sayings

levels = import_module("docs.models.vq-vae.levels")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "vq-vae.md"
DATA = PAGE.parent / "vq-vae"
said = sayings(PAGE)


def test_quarters_are_cut_and_joined() -> None:
    images = torch.arange(128.0).reshape(2, 8, 8)
    parts = levels.cut(images)
    assert torch.equal(parts[1, 2].reshape(4, 4), images[1, 4:, :4])
    assert torch.equal(levels.join(parts), images)


def test_codes_are_those_of_the_page_on_codebooks() -> None:
    u, e = normal(12, 3), normal(5, 3, seed=1)
    z, extra, k = codebooks.quantise(u, e, 0.25)
    ours = levels.quantise(u.reshape(3, 4, 3), e)
    torch.testing.assert_close(ours[0].flatten(0, 1), z)
    assert torch.equal(ours[1].flatten(), k)
    torch.testing.assert_close(ours[2], extra.mean() / 3)


def test_the_lower_codes_depend_on_the_upper_one_and_unused_codes_are_restarted() -> None:
    torch.manual_seed(0)
    model, x = levels.TwoLevels(), normal(40, 4, 16).float()
    generator = torch.Generator().manual_seed(0)
    model.restart(x, generator)
    _, full, top, low, _ = model(x)
    assert len(set(top.tolist())) > 4
    torch.testing.assert_close(model.pictures(model.top[top], model.codes[low])[1], full)
    with torch.no_grad():
        model.top += 3
    assert not torch.equal(model(x)[3], low)


def test_the_figure_of_two_levels_shows_what_the_page_tells() -> None:
    table = style.read_table(DATA / "held.csv")
    mean = {name: float(np.mean(values)) for name, values in table.items()}
    full, told = table["full"], table["told"]
    said(
        f"squared error is {mean['full']:.4f} ({min(full):.4f} to {max(full):.4f}) in place of 0.0359;",
        f"leaves {mean['rough']:.4f}.",
        f"It alone tells the class of {100 * mean['told']:.0f} % of new digits; "
        f"one code of a quarter tells {100 * mean['quarter']:.0f} %, all four together {100 * mean['four']:.0f} % (",
        f"Class told by the code above {mean['told']:.2f}, by one quarter's code {mean['quarter']:.2f}, "
        f"by all four {mean['four']:.2f};",
        f"without it both levels leave {mean['unforced full']:.4f}, "
        f"and the upper code tells the class of {100 * mean['unforced told']:.0f} %.",
        f"code above in {mean['follows top']:.2f} of the cases "
        f"and that of the quarters in {mean['follows quarters']:.2f}](",
        f"code in {100 * min(table['follows top']):.0f} to {100 * max(table['follows top']):.0f} % of the cases.",
    )
    assert min(told) > 0.5
    assert max(table["unforced full"]) < min(full)
    assert mean["unforced told"] < mean["told"]
    said("and the codes of the quarters take a third off the error.")
    assert 1 - mean["full"] / mean["rough"] == pytest.approx(1 / 3, abs=0.02)
    assert max(table["quarter"]) < 0.5
    single = style.read_table(DATA / "rate.csv")["error_least"][1]
    assert max(full) < single
    model = levels.TwoLevels()
    assert math.log2(len(model.top)) + 4 * math.log2(len(model.codes)) == 16


def test_the_program_prints_less_error_with_both_levels(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "levels.py"), run_name="__main__")
    rough, full, used = capsys.readouterr().out.splitlines()
    assert float(rough.split()[-1]) > 2 * float(full.split()[-1])
    assert 12 <= int(used.split(":")[1].split(",")[0]) <= 16
