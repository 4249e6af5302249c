"""Efficient attention: a head learns to rest on the first token, and breaks when a window drops it."""

import runpy
from importlib import import_module

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

from tests.architectures.efficient_attention_tools import FOLDER, PAGE
from tests.said import sayings, tables

sinks = import_module("docs.architectures.efficient-attention.sinks")
said = sayings(PAGE)
rows_of = tables(PAGE)


def test_a_head_that_must_be_silent_learns_a_sink_and_fails_without_it() -> None:
    torch.set_num_threads(1)  # the sums are small
    runs = np.array([sinks.errors(seed) for seed in range(5)])
    (kept, dropped, zero, silent), spread = runs.mean(0), runs.std(0, ddof=1)
    assert (runs[:, 0] < 0.01 * runs[:, 1]).all()
    assert (runs[:, 1] > 0.9 * runs[:, 2]).all()  # each is no better than saying zero, or hardly
    said(
        f"it gives the first token {silent:.2f} ± {max(spread[3], 0.005):.2f} of its weight (mean and"
    )
    said(f"standard deviation of {len(runs):d} seeds), and the mean squared error")
    said(f"on new texts is {kept:.4f} ± {spread[0]:.4f}.")
    said(f"raises it to {dropped:.2f} ± {spread[1]:.2f}, no better than to say zero always,")
    said(f"say zero always, {zero:.2f} ± {spread[2]:.2f}.")
    cells = rows_of("tab-efficient-failures")[2]
    assert cells[1] == f"an error of {dropped:.2f} in place of {kept:.4f}"
    assert sinks.N - 1 == 4
    said(
        "We train the smallest head, of five numbers, on texts of a first token and four others: "
        "if one of the four is marked, the answer is its value, else zero."
    )


def test_the_head_is_attention_and_its_texts_are_as_told() -> None:
    generator = torch.Generator().manual_seed(1)
    x, y = sinks.texts(2000, generator)
    weights = torch.randn(5, generator=generator)
    keys, values = x[..., :2], (x @ weights[2:])[..., None]
    query = weights[:2].expand(len(x), 1, 2) * 2**0.5  # the library divides by the root
    torch.testing.assert_close(sinks.answer(x, weights)[0], sdpa(query, keys, values)[:, 0, 0])
    marked = x[..., 1].sum(-1)
    assert set(marked.tolist()) == {0.0, 1.0}
    assert abs(float(marked.mean()) - 0.5) < 0.05
    assert (x[:, 0] == torch.tensor([1.0, 0, 0])).all()
    assert (y[marked == 0] == 0).all()


def test_the_program_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *_: None)  # what it learns is tested above
    runpy.run_path(str(FOLDER / "sinks.py"), run_name="__main__")
    assert capsys.readouterr().out.count("weight on the first token") == 5
