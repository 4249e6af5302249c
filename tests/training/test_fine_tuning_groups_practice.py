"""PyTorch's own means of fine-tuning: what is frozen stays, rates fall by layers, averages are those of the page."""

from importlib import import_module
from typing import Any

import torch
from torch import nn

practice: Any = import_module("docs.training.fine-tuning.groups_practice")
code: Any = import_module("docs.training.fine-tuning.fine_tuning")


def test_groups_freeze_and_rates_fall() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))
    start = {name: value.clone() for name, value in layers.state_dict().items()}
    optimiser = practice.prepare(layers, 0.01, 2.6, frozen=1)
    rates = [group["lr"] for group in optimiser.param_groups]
    assert rates == [0.01, 0.01 / 2.6]
    assert optimiser.param_groups[0]["params"][0] is layers[4].weight
    assert all(group["weight_decay"] == 0 for group in optimiser.param_groups)
    torch.autograd.backward(layers(torch.randn(8, 4)).square().sum())
    optimiser.step()
    tuned = layers.state_dict()
    assert torch.equal(tuned["0.weight"], start["0.weight"])
    assert not torch.equal(tuned["2.weight"], start["2.weight"])
    part = practice.average(start, tuned, 0.3)
    told = code.average(start["4.weight"], tuned["4.weight"], 0.3)
    torch.testing.assert_close(part["4.weight"], told)
    layers.load_state_dict(part)
