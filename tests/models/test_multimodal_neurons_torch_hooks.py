"""Hooks of torch find and remove the units of the page's example."""

from importlib import import_module
from typing import Any

import torch
from torch import nn

hooks: Any = import_module("docs.models.multimodal-neurons.torch_hooks")
mm: Any = import_module("docs.models.multimodal-neurons.multimodal_neurons")


def example() -> tuple[nn.Sequential, torch.Tensor]:
    """The four units as a torch module that gives what they write to the two logits."""
    up, down = nn.Linear(3, 4), nn.Linear(4, 2, bias=False)
    with torch.no_grad():
        up.weight.copy_(torch.tensor(mm.KEYS))
        up.bias.copy_(torch.tensor(mm.BIAS))
        down.weight.copy_(torch.tensor(mm.WORDS) @ torch.tensor(mm.VALUES).T)
    return nn.Sequential(up, nn.ReLU(), down), torch.tensor(mm.PROJECTION) @ torch.tensor(
        mm.FEATURES
    )


def test_hooks_give_the_scores_of_the_example() -> None:
    model, x = example()
    score = hooks.attribution(model[1], lambda: model(x)[0])
    assert score.tolist() == [2, -1, 0, 0]
    assert not model[1]._forward_hooks


def test_hooks_remove_units_inside_the_block_alone() -> None:
    model, x = example()
    with hooks.removed(model[1], [0]):
        assert model(x).tolist() == [-1, 1]
    with hooks.removed(model[1], [0, 1], 0.5):
        assert model(x).tolist() == [0, 0]
    assert model(x).tolist() == [1, -1]
