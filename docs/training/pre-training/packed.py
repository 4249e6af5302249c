"""Attention over packed documents with PyTorch: a document sees nothing of its neighbour."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


# --8<-- [start:lines]
def attend(q: Tensor, k: Tensor, v: Tensor, owner: Tensor) -> Tensor:
    """Causal attention within documents: q, k, v (B, H, T, D), owner (B, T) to (B, H, T, D). Source: definition."""
    same = owner[:, None, :, None] == owner[:, None, None, :]  # (B, 1, T, T)
    causal = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool, device=q.device).tril()
    return scaled_dot_product_attention(q, k, v, attn_mask=same & causal)
    # --8<-- [end:lines]


def main() -> None:
    """Two documents in one window: the second gives what it gives alone, with the mask."""
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 10, 4)
    owner = torch.tensor([[0] * 7 + [1] * 3])
    alone = scaled_dot_product_attention(
        q[..., 7:, :], k[..., 7:, :], v[..., 7:, :], is_causal=True
    )
    plain = scaled_dot_product_attention(q, k, v, is_causal=True)
    for name, out in (("with the mask", attend(q, k, v, owner)), ("without", plain)):
        print(f"{name}: off by {float((out[..., 7:, :] - alone).abs().max()):.2f}")


if __name__ == "__main__":
    main()
