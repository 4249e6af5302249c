"""The lines for packed documents: each document gives what it gives alone; without the mask it does not."""

import re
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
    lines = capsys.readouterr().out.splitlines()
    (good, still), (bad, spread) = (
        [float(x) for x in re.findall(r"\d+\.\d+", line)] for line in lines
    )
    assert good == still == 0
    said(
        "the outputs of the second differ from what it gives alone, at worst by "
        f"{bad:.2f} on average (standard deviation {spread:.2f}), with the mask not at all."
    )
    said(f"outputs change, at worst by {bad:.1f} on average |")
    said("Two documents of 7 and 3 tokens in one window, 100 draws of standard normal queries")


def test_one_owner_is_plain_causal_attention() -> None:
    torch.manual_seed(0)
    owner = torch.tensor([[0] * 7 + [1] * 3])
    q, k, v = torch.randn(3, 1, 2, 10, 4)
    plain = packed.attend(q, k, v, torch.zeros_like(owner))
    alone = packed.attend(q[..., 7:, :], k[..., 7:, :], v[..., 7:, :], owner[:, 7:])
    assert torch.allclose(plain, scaled_dot_product_attention(q, k, v, is_causal=True), atol=1e-6)
    assert float((plain[..., 7:, :] - alone).abs().max()) > 1
