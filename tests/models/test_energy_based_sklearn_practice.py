"""The library's machine: its free energy, and that it learns."""

import math
from importlib import import_module
from pathlib import Path

import torch

from tests.said import sayings

practice = import_module("docs.models.energy-based.sklearn_practice")
rbm = import_module("docs.models.energy-based.rbm")
said = sayings(Path(__file__).resolve().parents[2] / "docs" / "models" / "energy-based.md")


def test_the_machine_of_the_library_learns_and_is_judged_exactly() -> None:
    data = rbm.bars()
    before, after = (practice.fit(data, rounds, 0) for rounds in (1, 3000))
    states = rbm.states(6)
    theirs = torch.from_numpy(after._free_energy(states.numpy()))
    torch.testing.assert_close(practice.free(after, states), theirs)
    assert practice.exact(after, data, states) > practice.exact(before, data, states) + 0.3


def test_what_the_page_says_of_the_library() -> None:
    data, states = rbm.bars(), rbm.states(6)
    few, many = (
        [practice.exact(practice.fit(data, rounds, seed), data, states) for seed in range(5)]
        for rounds in (10, 3000)
    )
    low, high, uniform = min(many), max(many), sum(few) / 5
    assert max(abs(value + math.log(64)) for value in few) < 0.02
    said(f"the default of 10 sweeps leaves it at {uniform:.2f}, which".replace("-", "−"))
    said(f"3,000 bring it to between {low:.2f} and {high:.2f} (five seeds)".replace("-", "−"))
    said("`BernoulliRBM(n_components=4, n_iter=3000, batch_size=10).fit(data)`")
