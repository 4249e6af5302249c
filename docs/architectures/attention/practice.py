"""A layer as one writes it today: grouped-query self-attention by the library, with a cache."""

import torch
from torch import Tensor, nn
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention as sdpa


# --8<-- [start:layer]
class CausalSelfAttention(nn.Module):
    """The library chooses a kernel that never stores the weights, if the device has one."""

    def __init__(self, e: int, heads: int, groups: int) -> None:
        super().__init__()
        self.d = e // heads
        self.q, self.o = nn.Linear(e, e, bias=False), nn.Linear(e, e, bias=False)
        self.kv = nn.Linear(e, 2 * groups * self.d, bias=False)

    def forward(self, x: Tensor, cache: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Tokens x (B, N, E), one or several, after those of the cache (2, B, G, M, D).

        Returns the output (B, N, E) and the longer cache (2, B, G, M + N, D). Source: ainslie2023gqa.
        """
        q = self.q(x).unflatten(-1, (-1, self.d)).transpose(1, 2)  # (B, H, N, D)
        kv = self.kv(x).unflatten(-1, (2, -1, self.d)).permute(2, 0, 3, 1, 4)
        kv = kv if cache is None else torch.cat([cache, kv], -2)
        mask = causal_lower_right(q.shape[-2], kv.shape[-2])
        out = sdpa(q, kv[0], kv[1], attn_mask=mask, enable_gqa=True)
        return self.o(out.transpose(1, 2).flatten(2)), kv
        # --8<-- [end:layer]
