"""The lines of docs/architectures/convolution.md that one writes today, against the page's own code."""

import torch
from torch.nn import functional

from docs.architectures.convolution import denoise, practice


def test_the_block_is_that_of_the_page_in_two_dimensions() -> None:
    torch.manual_seed(0)
    block = practice.ResBlock(8, 12, 6, groups=4)
    h, e = torch.randn(2, 8, 5, 5), torch.randn(2, 6)
    torch.testing.assert_close(block(h, e), block.past(h))
    for parameter in block.conv2.parameters():
        torch.nn.init.normal_(parameter)
    scale, shift = block.tell(functional.silu(e)).chunk(2, 1)
    g = block.norm2(block.conv1(functional.silu(block.norm1(h))))
    told = denoise.film(g.flatten(2), 1 + scale, shift).unflatten(2, (5, 5))
    expected = block.past(h) + block.conv2(functional.silu(told))
    torch.testing.assert_close(block(h, e), expected)
    assert isinstance(practice.ResBlock(8, 8, 6, groups=4).past, torch.nn.Identity)


def test_up_leaves_a_constant_without_a_pattern() -> None:
    torch.manual_seed(0)
    out = practice.Up(3)(torch.ones(1, 3, 4, 4))
    assert out.shape == (1, 3, 8, 8)
    inner = out[..., 1:-1, 1:-1]
    torch.testing.assert_close(inner, inner[..., :1, :1].expand_as(inner))
