"""Rounding with PyTorch: whole numbers with a straight-through gradient, and 8-bit floating-point numbers."""

import torch
from torch import Tensor


# --8<-- [start:lines]
def whole(w: Tensor, bits: int = 4) -> Tensor:
    """Rounded with a scale for each row, for training: w (out, in) to (out, in). Source: jacob2018quantization."""
    top = 2 ** (bits - 1) - 1
    zero = torch.zeros(len(w), dtype=torch.int32)
    scale = w.detach().abs().amax(1) / top
    return torch.fake_quantize_per_channel_affine(w, scale, zero, 0, -top, top)


def small(w: Tensor) -> tuple[Tensor, Tensor]:
    """E4M3 with a scale for each row: w (out, in) to codes (out, in), scales (out, 1). Source: micikevicius2022fp8."""
    scale = w.abs().amax(1, keepdim=True) / torch.finfo(torch.float8_e4m3fn).max
    return (w / scale).to(torch.float8_e4m3fn), scale
    # --8<-- [end:lines]


def main() -> None:
    """The row of the page in 4 bits and in E4M3."""
    w = torch.tensor([[0.56, -0.22, 0.32, -1.4]])
    codes, scale = small(w)
    print(whole(w).tolist(), (codes.float() * scale).tolist(), codes.element_size(), "byte each")


if __name__ == "__main__":
    main()
