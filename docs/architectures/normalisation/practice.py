"""A block as one writes it today: pre-norm with RMSNorm, and RMSNorm on queries and keys, all of PyTorch."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu


# --8<-- [start:block]
class Block(nn.Module):
    """Attention and a gated feed-forward network, each with a skip connection around norm and layer."""

    def __init__(self, e: int, heads: int, hidden: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(e, eps), nn.RMSNorm(e, eps)
        self.q_norm, self.k_norm = nn.RMSNorm(e // heads, eps), nn.RMSNorm(e // heads, eps)
        self.heads = heads
        self.qkv, self.out = nn.Linear(e, 3 * e, bias=False), nn.Linear(e, e, bias=False)
        self.up, self.down = nn.Linear(e, 2 * hidden, bias=False), nn.Linear(hidden, e, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, N, E) to (B, N, E). Source: qwen2025qwen3."""
        parts = self.qkv(self.norm1(x)).view(*x.shape[:2], 3, self.heads, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (B, H, N, D)
        a = scaled_dot_product_attention(self.q_norm(q), self.k_norm(k), v, is_causal=True)
        x = x + self.out(a.transpose(1, 2).flatten(2))
        gate, value = self.up(self.norm2(x)).chunk(2, -1)
        return x + self.down(silu(gate) * value)
        # --8<-- [end:block]


# --8<-- [start:decay]
def decayed(model: nn.Module, decay: float = 0.1) -> list[dict[str, object]]:
    """Groups for AdamW: matrices with weight decay; gains and biases, which are vectors, without."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    # --8<-- [end:decay]
