"""Long context: the scale of PyTorch's attention against scores that are multiplied by hand."""

import math
from importlib import import_module
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

sharper: Any = import_module("docs.inference.long-context.sharper")


def test_the_scale_of_pytorch_is_a_factor_on_scores() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 40, 8, dtype=torch.float64)
    scores = (q @ k.transpose(-1, -2)) * math.log(40) / math.log(16) / math.sqrt(8)
    later = torch.ones(40, 40, dtype=torch.bool).triu(1)
    known = scores.masked_fill(later, -math.inf).softmax(-1) @ v
    torch.testing.assert_close(sharper.attend(q, k, v, 16), known)
    for m in (1, 7):  # a step with a cache, and a chunk of a prompt
        torch.testing.assert_close(sharper.attend(q[:, -m:], k, v, 16), known[:, -m:])
    plain = scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(sharper.attend(q, k, v, 64), plain)
