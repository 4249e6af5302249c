"""A hybrid of layers from PyTorch's own parts: three recurrent layers and one of attention."""

import torch
from torch import Tensor, nn


# --8<-- [start:stack]
class Hybrid(nn.Module):
    """Gated recurrent units for R, attention for A. Source: definition."""

    def __init__(self, width: int = 64, pattern: str = "RRRA") -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in pattern)
        self.mixers = nn.ModuleList()
        for kind in pattern:
            state = nn.GRU(width, width, batch_first=True)
            full = nn.MultiheadAttention(width, 4, batch_first=True)
            self.mixers.append(full if kind == "A" else state)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens to tokens: x (batch, N, width) to (batch, N, width). Source: definition."""
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        for norm, mix in zip(self.norms, self.mixers, strict=True):
            h = norm(x)
            full = isinstance(mix, nn.MultiheadAttention)
            x = x + (mix(h, h, h, attn_mask=mask)[0] if full else mix(h)[0])
        return x
        # --8<-- [end:stack]


def main() -> None:
    """Its shape, and which layers it has."""
    net = Hybrid()
    print([type(mix).__name__ for mix in net.mixers], tuple(net(torch.randn(2, 10, 64)).shape))


if __name__ == "__main__":
    main()
