"""The lines of the library on docs/architectures/efficient-attention.md, compared with the code of the page."""

from importlib import import_module

import pytest
import torch

efficient = import_module("docs.architectures.efficient-attention.efficient_attention")
flex = import_module("docs.architectures.efficient-attention.flex")


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_with_a_window_and_sinks_gives_the_code_of_the_page() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(heads, 24, 8, generator=generator) for heads in (4, 2, 2))
    out = flex.window_attention(q[None], k[None], v[None], 5, 2)[0]
    torch.testing.assert_close(out, efficient.attend(q, k, v, efficient.window_mask(24, 5, 2)))
