"""The lines in torch: a judge that uses its class, a styled convolution image by image."""

from importlib import import_module

import torch
from torch.nn import functional

practice = import_module("docs.models.gan-family.torch_practice")


def test_a_styled_convolution_is_one_for_each_image() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 4, 16, 16, generator=generator)
    weight = torch.randn(5, 4, 3, 3, generator=generator)
    style = torch.rand(3, 4, generator=generator) + 0.5
    y = practice.styled(x, weight, style)
    for k in range(3):
        w = weight * style[k][None, :, None, None]
        w = functional.normalize(w.flatten(1), dim=1).view_as(w)
        torch.testing.assert_close(y[k], functional.conv2d(x[k : k + 1], w, padding=1)[0])
    noise = torch.randn(3, 4, 64, 64, generator=generator)
    inner = practice.styled(noise, weight, style)[:, :, 1:-1, 1:-1]
    assert abs(inner.var().item() - 1) < 0.05


def test_a_judge_with_the_class_tells_what_one_without_cannot() -> None:
    torch.manual_seed(0)
    d = practice.Judge(1, 2)
    optimizer = torch.optim.Adam(d.parameters(), 0.03)
    c = torch.arange(2).repeat(64)
    x, fake = c[:, None].float(), 1 - c[:, None].float()  # of the other class
    losses = [practice.judge_step(d, optimizer, x, fake, c) for _ in range(100)]
    assert losses[-1] < 0.2 < losses[0]
    none = torch.zeros_like(c)
    blind = practice.Judge(1, 2)
    optimizer = torch.optim.Adam(blind.parameters(), 0.01)
    losses = [practice.judge_step(blind, optimizer, x, fake, none) for _ in range(100)]
    assert losses[-1] > 1.3  # two log 2 is 1.386
