"""A cache in pages with PyTorch: keys and values are gathered by a page table, then attended to."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


# --8<-- [start:paged]
def attend(q: Tensor, keys: Tensor, values: Tensor, table: Tensor, tokens: int) -> Tensor:
    """A new token over a cache in pages: q (H, D), keys (C, p, G, D), values (C, p, G, D), table (T,).

    To (H, D). Source: definition.
    """
    k, v = (x[table].flatten(0, 1)[:tokens].transpose(0, 1) for x in (keys, values))
    return scaled_dot_product_attention(q[:, None], k, v, enable_gqa=True)[:, 0]


# --8<-- [end:paged]

if __name__ == "__main__":
    torch.manual_seed(0)
    pool = torch.randn(2, 8, 4, 2, 16)  # keys and values: 8 pages of 4 tokens, 2 heads of 16
    table = torch.tensor([3, 0, 4])  # of text A of the page
    out = attend(torch.randn(4, 16), pool[0], pool[1], table, 10)
    print(tuple(out.shape))
