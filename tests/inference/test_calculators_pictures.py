"""Models of pictures: a DiT against PyTorch's count, a U-Net against one that is built."""

import torch
from torch import nn

from docs.inference.calculators import calculators as calc
from docs.inference.calculators import pictures

ROWS = {row["name"]: row for row in calc.data()["model"]}


def numel(module: nn.Module) -> int:
    """Parameters as PyTorch counts them."""
    return sum(parameter.numel() for parameter in module.parameters())


def test_a_dit_has_the_parameters_of_its_layers_as_torch_counts_them() -> None:
    m = {"width": 24, "layers": 3, "heads": 4, "inner": 96, "patch": 2, "channels": 3, "classes": 7}
    with torch.device("meta"):
        layer = nn.ModuleList(
            [
                nn.Linear(24, 72),
                nn.Linear(24, 24),
                nn.Linear(24, 96),
                nn.Linear(96, 24),
                nn.Linear(24, 6 * 24),
            ]
        )
        rest = nn.ModuleList(
            [
                nn.Conv2d(3, 24, 2, 2),
                nn.Linear(256, 24),
                nn.Linear(24, 24),
                nn.Embedding(8, 24),
                nn.Linear(24, 48),
                nn.Linear(24, 2 * 4 * 3),
            ]
        )
    assert pictures.dit(m)["total"] == 3 * numel(layer) + numel(rest)


def test_a_block_and_attention_of_a_unet_are_those_of_torch() -> None:
    for a, b in ((8, 8), (8, 16)):
        parts: list[nn.Module] = [nn.GroupNorm(4, a), nn.Conv2d(a, b, 3), nn.Linear(32, b)]
        parts += [nn.GroupNorm(4, b), nn.Conv2d(b, b, 3)]
        parts += [] if a == b else [nn.Conv2d(a, b, 1)]
        assert pictures.block(a, b, 32) == numel(nn.ModuleList(parts))
    look = nn.ModuleList([nn.GroupNorm(4, 8), *(nn.Conv2d(8, 8, 1) for _ in range(4))])
    assert pictures.look(8) == numel(look)


def test_a_unet_of_one_size_block_by_block() -> None:
    m = {"width": 8, "multipliers": [1], "blocks": 1, "attended": [], "channels": 3}
    time = numel(nn.Linear(8, 32)) + numel(nn.Linear(32, 32))
    ends = numel(nn.Conv2d(3, 8, 3)) + numel(nn.GroupNorm(4, 8)) + numel(nn.Conv2d(8, 3, 3))
    middle = 2 * pictures.block(8, 8, 32) + pictures.look(8)
    down, up = pictures.block(8, 8, 32), 2 * pictures.block(16, 8, 32)
    assert pictures.unet(m) == time + ends + down + middle + up
    two = pictures.unet(m | {"multipliers": [1, 1], "attended": [1]})
    moves = 2 * numel(nn.Conv2d(8, 8, 3))
    more = pictures.block(8, 8, 32) + 2 * pictures.block(16, 8, 32) + 3 * pictures.look(8)
    assert two == pictures.unet(m) + moves + more
