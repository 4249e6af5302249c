"""A vision transformer of PyTorch's own parts: a convolution with a stride, and a ready encoder."""

import torch
from torch import Tensor, nn


# --8<-- [start:backbone]
class Backbone(nn.Module):
    """Images (B, 3, S, S) to vectors (B, E); ViT-B/16 has E = 768, 12 heads, 12 blocks."""

    def __init__(self, side: int, patch: int, width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, width, patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 1 + (side // patch) ** 2, width) * 0.02)
        block = nn.TransformerEncoderLayer(
            width, heads, 4 * width, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, depth, nn.LayerNorm(width, 1e-6), False)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 3, S, S) to (B, E). Source: dosovitskiy2021image, eqs. 1 to 4."""
        h = self.embed(x).flatten(2).mT  # (B, N, E)
        h = torch.cat([self.token.expand(len(h), -1, -1), h], 1) + self.places
        out: Tensor = self.blocks(h)[:, 0]
        return out
        # --8<-- [end:backbone]


def main() -> None:
    """Parameters of ViT-B/16 without a head."""
    with torch.device("meta"):
        model = Backbone(224, 16, 768, 12, 12)
    print(f"{sum(p.numel() for p in model.parameters()):,}")


if __name__ == "__main__":
    main()
