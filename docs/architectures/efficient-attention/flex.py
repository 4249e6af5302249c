"""A window with sinks and shared keys and values as one writes them today: PyTorch's FlexAttention."""

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask, flex_attention


# --8<-- [start:window]
def window_attention(q: Tensor, k: Tensor, v: Tensor, w: int, sinks: int) -> Tensor:
    """Causal attention to the last w tokens and the first ones; on a GPU wrap it in torch.compile.

    q (B, H, N, D), k and v (B, G, N, D) to (B, H, N, D). Source: xiao2024efficient.
    """

    def seen(batch: Tensor, head: Tensor, i: Tensor, j: Tensor) -> Tensor:
        return (j <= i) & ((i - j < w) | (j < sinks))

    n = q.shape[2]
    mask = create_block_mask(seen, None, None, n, n, device=str(q.device))
    out = flex_attention(q, k, v, block_mask=mask, enable_gqa=True)
    assert isinstance(out, torch.Tensor)
    return out
    # --8<-- [end:window]
