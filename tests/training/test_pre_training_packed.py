"""The lines for packed documents: each document gives what it gives alone; without the mask it does not."""

import runpy
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from tests.said import sayings

packed: Any = import_module("docs.training.pre-training.packed")
PAGE = Path(packed.__file__).parent.with_suffix(".md")
said = sayings(PAGE)


def test_each_document_gives_what_it_gives_alone() -> None:
    torch.manual_seed(1)
    q, k, v = torch.randn(3, 2, 2, 9, 4, dtype=torch.float64)
    owner = torch.tensor([[0] * 4 + [1] * 5, [0] * 2 + [1] * 3 + [2] * 4])
    out = packed.attend(q, k, v, owner)
    for row, cuts in enumerate(((0, 4, 9), (0, 2, 5, 9))):
        for i, j in pairwise(cuts):
            ours, keys, values = (x[row, :, i:j] for x in (q, k, v))
            alone = scaled_dot_product_attention(ours, keys, values, is_causal=True)
            assert torch.allclose(out[row, :, i:j], alone)


def test_the_program_shows_the_fault(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(packed.__file__, run_name="__main__")
    good, bad = (float(line.rsplit(" ", 1)[-1]) for line in capsys.readouterr().out.splitlines())
    assert good == 0
    said(f"the outputs of the second differ by up to {bad:.1f} from what it gives alone")
    said(f"outputs change by up to {bad:.1f} |")
    said("Two documents of 7 and 3 tokens in one window")
