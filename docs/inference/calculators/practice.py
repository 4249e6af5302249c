"""Counting with PyTorch itself: a model on the device "meta" has shapes and no memory."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode


class Layer(nn.Module):
    """A layer with grouped heads and a gated feed-forward network."""

    def __init__(self, width: int, heads: int, kv_heads: int, inner: int) -> None:
        super().__init__()
        self.shape = (-1, width // heads)
        self.repeats = heads // kv_heads
        few = width // heads * kv_heads
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(2))
        self.q, self.o = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.k, self.v = (nn.Linear(width, few, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """A layer: x (B, N, E) to (B, N, E). Source: definition."""
        y = self.norms[0](x)
        q, k, v = (one(y).unflatten(-1, self.shape).transpose(1, 2) for one in self.qkv())
        k, v = (one.repeat_interleave(self.repeats, 1) for one in (k, v))
        x = x + self.o(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        y = self.norms[1](x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))  # (B, N, E)

    def qkv(self) -> tuple[nn.Module, nn.Module, nn.Module]:
        """The three matrices that read the vectors."""
        return self.q, self.k, self.v


# --8<-- [start:model]
def language_model(
    vocabulary: int, layers: int, width: int, heads: int, kv_heads: int, inner: int
) -> nn.Sequential:
    """A language model without positions, which have no parameters if they rotate."""
    table, head = nn.Embedding(vocabulary, width), nn.Linear(width, vocabulary, bias=False)
    stack = [Layer(width, heads, kv_heads, inner) for _ in range(layers)]
    return nn.Sequential(table, *stack, nn.RMSNorm(width), head)


# --8<-- [end:model]


# --8<-- [start:count]
def count(model: nn.Module) -> int:
    """Parameters of a model; shared ones are counted once."""
    return sum(parameter.numel() for parameter in model.parameters())


def operations(model: nn.Module, texts: int, length: int) -> int:
    """Operations of one pass over some texts of a length."""
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(texts, length, dtype=torch.long, device="meta"))
    return counter.get_total_flops()


def main() -> None:
    """Llama 3 70B, without a byte of memory for it."""
    with torch.device("meta"):
        llama = language_model(128_256, 80, 8192, 64, 8, 28_672)
    print(f"{count(llama):,} parameters, {operations(llama, 1, 2048):.3g} operations")


# --8<-- [end:count]

if __name__ == "__main__":
    main()
