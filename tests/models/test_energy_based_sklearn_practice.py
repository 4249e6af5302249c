"""The library's machine: its free energy, and that it learns."""

from importlib import import_module

import torch

practice = import_module("docs.models.energy-based.sklearn_practice")
rbm = import_module("docs.models.energy-based.rbm")


def test_the_machine_of_the_library_learns_and_is_judged_exactly() -> None:
    data = rbm.bars()
    before, after = (practice.fit(data, rounds, 0) for rounds in (1, 3000))
    states = rbm.states(6)
    theirs = torch.from_numpy(after._free_energy(states.numpy()))
    torch.testing.assert_close(practice.free(after, states), theirs)
    reached = [
        float(-practice.free(m, data).mean() - torch.logsumexp(-practice.free(m, states), 0))
        for m in (before, after)
    ]
    assert reached[1] > reached[0] + 0.3
