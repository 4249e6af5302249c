"""What one would write today: the residual block of a U-Net for pictures, told the noise level, and its up-sampling."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu


# --8<-- [start:block]
class ResBlock(nn.Module):
    """Norm, SiLU, convolution, twice; scale and shift from the embedding of noise level and condition."""

    def __init__(self, inputs: int, outputs: int, told: int, groups: int = 32) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, inputs), nn.GroupNorm(groups, outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.tell = nn.Linear(told, 2 * outputs)
        self.past = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        for parameter in self.conv2.parameters():
            nn.init.zeros_(parameter)  # the block begins as its skip connection

    def forward(self, h: Tensor, e: Tensor) -> Tensor:
        """h (B, inputs, H, W), e (B, told) to (B, outputs, H, W). Source: dhariwal2021diffusion."""
        scale, shift = self.tell(silu(e))[..., None, None].chunk(2, 1)
        g = self.norm2(self.conv1(silu(self.norm1(h)))) * (1 + scale) + shift
        out: Tensor = self.past(h) + self.conv2(silu(g))
        return out
        # --8<-- [end:block]


# --8<-- [start:up]
class Up(nn.Module):
    """Twice the size: each place repeated, then a convolution; no checkerboard from uneven overlap."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, h: Tensor) -> Tensor:
        """h (B, C, H, W) to (B, C, H2, W2), twice as large. Source: odena2016deconvolution."""
        out: Tensor = self.conv(interpolate(h, scale_factor=2.0, mode="nearest"))
        return out
        # --8<-- [end:up]


def main() -> None:
    """A block of 64 channels on a picture of 16 x 16, and its parameters."""
    block, up = ResBlock(64, 64, 128), Up(64)
    h = up(block(torch.randn(1, 64, 16, 16), torch.randn(1, 128)))
    print(tuple(h.shape), sum(p.numel() for p in block.parameters()))


if __name__ == "__main__":
    main()
