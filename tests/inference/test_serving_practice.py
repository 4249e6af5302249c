"""Serving: the lines of PyTorch that read a cache in pages, against a cache in one piece."""

from importlib import import_module

import torch
from torch.nn.functional import scaled_dot_product_attention

practice = import_module("docs.inference.serving.practice")


def test_pages_change_nothing() -> None:
    torch.manual_seed(0)
    keys, values = torch.randn(2, 8, 4, 2, 16)
    q, table = torch.randn(6, 16), torch.tensor([3, 0, 4])
    row = torch.cat([keys[3], keys[0], keys[4]])[:10].transpose(0, 1)
    kept = torch.cat([values[3], values[0], values[4]])[:10].transpose(0, 1)
    known = scaled_dot_product_attention(
        q[:, None], row.repeat_interleave(3, 0), kept.repeat_interleave(3, 0)
    )[:, 0]
    torch.testing.assert_close(practice.attend(q, keys, values, table, 10), known)
    keys[1:3] = torch.inf  # pages of others are not looked at
    keys[5:] = torch.inf
    torch.testing.assert_close(practice.attend(q, keys, values, table, 10), known)
