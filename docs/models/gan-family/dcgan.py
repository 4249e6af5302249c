"""The generator of a DCGAN, layer by layer: its sizes by a formula, its parameters by a count."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


# --8<-- [start:dcgan]
def dcgan_layers(width: int, noise: int = 100, colours: int = 3) -> list[tuple[int, ...]]:
    """Channels in and out, kernel, stride, padding of each layer. Source: radford2016unsupervised."""
    channels = [noise, 8 * width, 4 * width, 2 * width, width, colours]
    first, later = (4, 1, 0), (4, 2, 1)
    return [
        (few, many, *(later if i else first)) for i, (few, many) in enumerate(pairwise(channels))
    ]


def grown(size: int, kernel: int, stride: int, padding: int) -> int:
    """Side after a transposed convolution. Source: this page, eq-gan-family-size."""
    return stride * (size - 1) + kernel - 2 * padding
    # --8<-- [end:dcgan]


def dcgan(layers: Sequence[tuple[int, ...]]) -> nn.Sequential:
    """Noise (N, 100, 1, 1) to images (N, 3, 64, 64). Source: radford2016unsupervised."""
    parts: list[nn.Module] = []
    for i, (few, many, kernel, stride, padding) in enumerate(layers):
        last = i == len(layers) - 1
        parts.append(nn.ConvTranspose2d(few, many, kernel, stride, padding, bias=last))
        parts += [nn.Tanh()] if last else [nn.BatchNorm2d(many), nn.ReLU()]
    return nn.Sequential(*parts)


def main() -> None:
    """The layers with their sizes and weights, and all parameters, counted."""
    size, layers = 1, dcgan_layers(64)
    for few, many, *how in layers:
        size = grown(size, *how)
        print(f"{few} to {many} channels, {size} x {size}, {few * many * how[0] ** 2:,} weights")
    print(f"{sum(p.numel() for p in dcgan(layers).parameters()):,} in all")


if __name__ == "__main__":
    main()
