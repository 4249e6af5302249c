"""Experts without a loop: the product of groups gives what the layer of the page gives."""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor

moe: Any = import_module("docs.architectures.mixture-of-experts.mixture_of_experts")
grouped: Any = import_module("docs.architectures.mixture-of-experts.grouped")


def test_groups_of_unequal_size_give_the_same_layer() -> None:
    draw = torch.Generator().manual_seed(1)
    made = moe.Layer(8, 12, 5, 2)
    with torch.no_grad():
        for part in made.parameters():
            part.copy_(torch.randn(part.shape, generator=draw))
    x = torch.randn(30, 8, generator=draw)

    def stack(name: str) -> Tensor:
        return torch.stack([getattr(network, name).weight.T for network in made.experts])

    s = made.router(x)
    assert len({*torch.bincount(s.topk(2).indices.flatten(), minlength=5).tolist()}) > 1
    y = grouped.grouped(x, s, 2, stack("gate"), stack("up"), stack("down"))
    torch.testing.assert_close(y, made(x), rtol=1e-4, atol=1e-4)
