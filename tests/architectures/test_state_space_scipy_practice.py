"""The lines of docs/architectures/state-space.md that one writes today, against the page's own code."""

from importlib import import_module

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.usefixtures("one_thread")
ssm = import_module("docs.architectures.state-space.state_space")
filters = import_module("docs.architectures.state-space.scipy_practice")


def test_scipy_s_hold_and_filters_are_those_of_the_page() -> None:
    a, b, step = -0.8, 1.7, 0.3
    keep, take = filters.held(np.array([[a]]), np.array([[b]]), np.ones((1, 1)), step)
    ours = ssm.hold(*(torch.tensor([x], dtype=torch.double) for x in (a, b, step)))
    np.testing.assert_allclose([keep.item(), take.item()], [x.item() for x in ours])
    x = np.random.default_rng(0).normal(size=50)
    known = ssm.steps(*ours, torch.ones(1).double(), torch.tensor(x))
    for way in (filters.by_steps, filters.by_convolution):
        np.testing.assert_allclose(way(keep.item(), take.item(), x), known, atol=1e-12)
