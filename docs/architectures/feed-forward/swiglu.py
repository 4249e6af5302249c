"""What one would write today: a gated feed-forward layer of PyTorch, with its norm and its skip connection."""

import torch
from torch import Tensor, nn


# --8<-- [start:practice]
class FeedForward(nn.Module):
    """One half of a block: norm, SwiGLU, addition. The inner width is 8/3 of the stream's, rounded up."""

    def __init__(self, width: int, multiple: int = 256) -> None:
        super().__init__()
        inner = multiple * -(-8 * width // (3 * multiple))
        self.norm = nn.RMSNorm(width)
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x (..., E) to the new stream (..., E). Source: shazeer2020glu."""
        row = self.norm(x)
        opened = nn.functional.silu(self.gate_proj(row))
        after: Tensor = x + self.down_proj(opened * self.up_proj(row))
        return after
        # --8<-- [end:practice]


# --8<-- [start:clamped]
def clamped(gate: Tensor, up: Tensor, limit: float = 7.0) -> Tensor:
    """A gated product whose factors are limited before they meet: gate, up (..., F) to (..., F).

    Source: openai2025gptoss. Departs: its further constants are left out, since the limit alone is meant here.
    """
    return nn.functional.silu(gate.clamp(max=limit)) * up.clamp(-limit, limit)
    # --8<-- [end:clamped]


# --8<-- [start:lens]
@torch.no_grad()
def lens(states: list[Tensor], norm: nn.Module, unembedding: nn.Module) -> list[Tensor]:
    """The logits that each of the states (..., E) would give if it were the last one: (..., V) each.

    Source: nostalgebraist2020interpreting.
    """
    return [unembedding(norm(state)) for state in states]
    # --8<-- [end:lens]
