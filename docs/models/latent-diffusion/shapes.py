"""Every shape from a prompt to pixels, from published configurations, and what latents save; nothing is run.

Channels stand first, as in torch. A picture has H × W pixels, both multiples of 64.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unet:
    """Stable Diffusion 1.5: configurations of its text encoder, U-Net and autoencoder."""

    tokens: int = 77
    text: int = 768
    channels: int = 4
    factor: int = 8
    widths: tuple[int, ...] = (320, 640, 1280, 1280)
    scale: float = 0.18215


@dataclass(frozen=True)
class Mmdit:
    """Stable Diffusion 3 medium: configurations of its text encoders, Transformer and autoencoder."""

    clip: int = (
        77  # tokens of both CLIP encoders, side by side: 768 + 1280 numbers, filled up with zeros
    )
    t5: int = 256  # tokens of the T5 encoder
    joint: int = 4096
    pooled: int = 768 + 1280
    channels: int = 16
    factor: int = 8
    patch: int = 2
    heads: int = 24
    head: int = 64
    layers: int = 24
    scale: float = 1.5305
    shift: float = 0.0609


# --8<-- [start:unet]
def unet_shapes(h: int, w: int, c: Unet | None = None) -> dict[str, tuple[int, ...]]:
    """Shapes for one picture of h × w pixels with guidance, that is two prompts. Source: rombach2022high."""
    c = c or Unet()
    a, b = h // c.factor, w // c.factor
    shapes: dict[str, tuple[int, ...]] = {
        "tokens": (2, c.tokens),
        "text": (2, c.tokens, c.text),
        "noise": (1, c.channels, a, b),
        "input": (2, c.channels, a, b),
    }
    for k, width in enumerate(c.widths):
        shapes[f"level {k + 1}"] = (2, width, a >> k, b >> k)
    shapes |= {"prediction": (2, c.channels, a, b), "guided": (1, c.channels, a, b)}
    return shapes | {"picture": (1, 3, h, w)}
    # --8<-- [end:unet]


# --8<-- [start:mmdit]
def mmdit_shapes(h: int, w: int, c: Mmdit | None = None) -> dict[str, tuple[int, ...]]:
    """Shapes for one picture of h × w pixels with guidance, that is two prompts. Source: esser2024scaling."""
    c = c or Mmdit()
    a, b, width = h // c.factor, w // c.factor, c.heads * c.head
    n, words = a * b // c.patch**2, c.clip + c.t5
    return {
        "text": (2, words, c.joint),
        "pooled": (2, c.pooled),
        "noise": (1, c.channels, a, b),
        "patches": (2, n, c.channels * c.patch**2),
        "picture tokens": (2, n, width),
        "text tokens": (2, words, width),
        "joint attention": (2, c.heads, n + words, n + words),
        "prediction": (2, c.channels, a, b),
        "guided": (1, c.channels, a, b),
        "picture": (1, 3, h, w),
    }
    # --8<-- [end:mmdit]


# --8<-- [start:cost]
def convolution(h: int, w: int, inputs: int, outputs: int, kernel: int = 3) -> int:
    """Multiplications and additions of a convolution that keeps h × w places. Source: definition."""
    return 2 * h * w * kernel**2 * inputs * outputs


def transformer(n: int, width: int, blocks: int) -> int:
    """Multiplications and additions of n tokens in blocks of a Transformer, forward. Source: definition."""
    return blocks * (24 * n * width**2 + 4 * n**2 * width)
    # --8<-- [end:cost]


def main() -> None:
    """Both tables of shapes, and the operations of DiT-XL against its published count."""
    for name, shapes in (("SD 1.5", unet_shapes(512, 512)), ("SD 3", mmdit_shapes(1024, 1024))):
        for what, shape in shapes.items():
            print(name, what, shape)
    print("DiT-XL/2, 256 tokens:", transformer(256, 1152, 28) / 2e9, "published 118.64")


if __name__ == "__main__":
    main()
