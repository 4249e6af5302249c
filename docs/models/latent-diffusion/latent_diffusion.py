"""Latent diffusion in small: an autoencoder, a denoiser of its codes that reads words, guidance, control, tiles.

The letters:
    B     pictures in a batch        N     places of a code (tokens)    C     numbers at a place (channels)
    E     width of the denoiser      L     words of a prompt; 0 is the start word, -1 an empty place
    x     pictures, (B, 1, H, W), pixels from -1 to 1                   f     4, the pixels of a side of a place
    z     scaled codes, (B, N, C)    t     time (B,), 0 is data and 1 is noise
    v     velocity, (B, N, C)        g     guidance scale               s     scale factor of the codes
"""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, pixel_shuffle, silu

# --8<-- [start:example]
PICTURES = {"left": [0.9, 0.7, -0.8, -0.8], "right": [-0.8, -0.8, 0.7, 0.9]}  # four pixels each
NOISE, TIME = [-0.6, 0.4], 0.5
SCORES = {"start": 0.0, "bright": 0.0, "left": math.log(2)}  # of the left place
VALUES = {"start": [0.0, 0.0], "bright": [0.0, 1.0], "left": [1.0, 0.0]}


def pair_means(x: Tensor) -> Tensor:
    """The encoder of the example: x (..., 4) to the means of its two pairs, (..., 2). Source: definition."""
    return x.view(*x.shape[:-1], 2, 2).mean(-1)
    # --8<-- [end:example]


# --8<-- [start:autoencoder]
class Autoencoder(nn.Module):
    """Convolutions from a picture to a place of C numbers for each 4 × 4 pixels, and back."""

    def __init__(self, channels: int, width: int = 24) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, width, 4, stride=2, padding=1)
        self.code = nn.Conv2d(width, channels, 4, stride=2, padding=1)
        self.middle = nn.Conv2d(channels, 4 * width, 3, padding=1)
        self.up = nn.Conv2d(width, 4, 3, padding=1)

    def encode(self, x: Tensor) -> Tensor:
        """x (B, 1, H, W) to (B, C, H/4, W/4). Source: definition."""
        code: Tensor = self.code(silu(self.down(x)))
        return code

    def decode(self, code: Tensor) -> Tensor:
        """code (B, C, h, w) to (B, 1, 4h, 4w). Source: definition."""
        return pixel_shuffle(self.up(silu(pixel_shuffle(self.middle(code), 2))), 2)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 1, H, W), rebuilt, to (B, 1, H, W). Source: definition."""
        return self.decode(self.encode(x))
        # --8<-- [end:autoencoder]


# --8<-- [start:scale]
def scale_factor(codes: Tensor) -> float:
    """One over the standard deviation of all numbers: codes (...). Source: rombach2022high, appendix G."""
    return float(1 / codes.std(correction=0))


def places(codes: Tensor) -> Tensor:
    """codes (B, C, h, w) as a row of places, (B, N, C). Source: definition."""
    return codes.flatten(2).transpose(1, 2)


def grid(z: Tensor, h: int) -> Tensor:
    """A grid again: z (B, N, C) to (B, C, h, w). Source: definition."""
    return z.transpose(1, 2).reshape(len(z), z.shape[2], h, -1)
    # --8<-- [end:scale]


# --8<-- [start:cross]
def attend(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None = None) -> Tensor:
    """q (B, N, E) reads v (B, L, E) by k (B, L, E), but no hidden (B, L), to (B, N, E). Source: definition."""
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])  # (B, N, L)
    if hidden is not None:
        scores = scores.masked_fill(hidden[:, None], -torch.inf)
    return torch.softmax(scores, -1) @ v
    # --8<-- [end:cross]


class Block(nn.Module):
    """Self-attention of places, cross-attention to words, feed-forward; gains and gates come from the time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.own = nn.Linear(width, 3 * width)
        self.ask = nn.Linear(width, width)
        self.told = nn.Linear(width, 2 * width)
        self.wide, self.back = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm = nn.Linear(width, 9 * width)
        nn.init.zeros_(self.norm.weight)
        nn.init.zeros_(self.norm.bias)

    def forward(self, h: Tensor, time: Tensor, words: Tensor, hidden: Tensor) -> Tensor:
        """h (B, N, E), time (B, E), words (B, L, E), hidden (B, L) to (B, N, E). Source: peebles2023scalable."""
        a = self.norm(time)[:, None].chunk(9, -1)
        # --8<-- [start:block]
        q, k, v = self.own(adaptive(h, a[0], a[1])).chunk(3, -1)
        h = h + a[2] * attend(q, k, v)  # places among themselves
        k, v = self.told(words).chunk(2, -1)
        h = h + a[5] * attend(self.ask(adaptive(h, a[3], a[4])), k, v, hidden)  # places ask words
        h = h + a[8] * self.back(silu(self.wide(adaptive(h, a[6], a[7]))))
        return h
        # --8<-- [end:block]


def adaptive(h: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    """A layer norm of h (B, N, E) by gain (B, 1, E) and shift (B, 1, E), to (B, N, E). Source: peebles2023scalable."""
    return layer_norm(h, h.shape[-1:]) * (1 + gain) + shift


def waves(t: Tensor, n: int = 8) -> Tensor:
    """Sines and cosines: t (B,) to (B, W). Source: definition."""
    angles = t[:, None] * torch.exp(torch.linspace(0, math.log(100), n))
    return torch.cat([angles.sin(), angles.cos()], 1)


class Denoiser(nn.Module):
    """A small Transformer from noisy places, a time and words to velocities."""

    def __init__(self, n: int, channels: int, words: int, width: int = 48, blocks: int = 1) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(channels, width), nn.Linear(width, channels)
        self.where = nn.Parameter(0.02 * torch.randn(n, width))
        self.words = nn.Embedding(words + 1, width)  # the last row stands for an empty place
        self.time = nn.Linear(16, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))

    def read(self, t: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """t (B,) and text (B, L) to vectors (B, E), (B, L, E) and hidden words (B, L). Source: definition."""
        return silu(self.time(waves(t))), self.words(text % self.words.num_embeddings), text < 0

    def forward(self, z: Tensor, t: Tensor, text: Tensor) -> Tensor:
        """Velocity at z (B, N, C), t (B,), text (B, L), (B, N, C). Source: definition."""
        h = self.enter(z) + self.where
        read = self.read(t, text)
        for block in self.blocks:
            h = block(h, *read)
        v: Tensor = self.leave(h)
        return v


# --8<-- [start:loss]
def hide(text: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """A share of text (B, L) keeps only the start word, to (B, L). Source: ho2021classifier."""
    gone = torch.rand(len(text), 1, generator=generator) < share
    first = torch.arange(text.shape[1]) == 0
    return torch.where(gone & ~first, -1, text)


def noisy(z: Tensor, eps: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Place and velocity of the path: z, eps (B, N, C), t (B,) to (B, N, C), (B, N, C). Source: lipman2023flow."""
    t = t[:, None, None]
    return (1 - t) * z + t * eps, eps - z


def loss(model: nn.Module, z: Tensor, text: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """Error of the velocity squared: z, eps (B, N, C), text (B, L), t (B,) to (). Source: lipman2023flow."""
    z_t, velocity = noisy(z, eps, t)
    error: Tensor = (model(z_t, t, text) - velocity) ** 2
    return error.mean()
    # --8<-- [end:loss]


# --8<-- [start:generate]
def guided(model: nn.Module, z: Tensor, t: Tensor, text: Tensor, g: float) -> Tensor:
    """Two calls in one batch: z (B, N, C), t (B,), text (B, L) to (B, N, C). Source: ho2021classifier."""
    empty = text.clone()
    empty[:, 1:] = -1
    both: Tensor = model(torch.cat([z, z]), torch.cat([t, t]), torch.cat([text, empty]))
    told, untold = both.chunk(2)
    return untold + g * (told - untold)


@torch.no_grad()
def generate(model: nn.Module, noise: Tensor, text: Tensor, g: float, steps: int) -> Tensor:
    """Euler steps from noise (B, N, C) for text (B, L), to (B, N, C). Source: lipman2023flow."""
    z = noise
    for k in range(steps):
        t = torch.full((len(z),), 1 - k / steps)
        z = z - guided(model, z, t, text, g) / steps
    return z
    # --8<-- [end:generate]


class Controlled(nn.Module):
    """A frozen denoiser and a trained copy of its blocks, joined by layers of zeros. Source: zhang2023adding."""

    def __init__(self, base: Denoiser, channels: int, zero: bool = True) -> None:
        super().__init__()
        width = base.where.shape[1]
        self.base, self.copy = base.requires_grad_(False), copy.deepcopy(base.blocks)
        self.copy.requires_grad_(True)
        self.into = nn.Linear(channels, width)
        self.out = nn.ModuleList(nn.Linear(width, width) for _ in base.blocks)
        for layer in [self.into, *self.out] if zero else []:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    # --8<-- [start:control]
    def forward(self, z: Tensor, t: Tensor, text: Tensor, control: Tensor) -> Tensor:
        """z (B, N, C), t (B,), text (B, L), control (B, N, K) to (B, N, C). Source: zhang2023adding, section 3.1."""
        h = self.base.enter(z) + self.base.where
        c, read = h + self.into(control), self.base.read(t, text)
        for block, twin, layer in zip(self.base.blocks, self.copy, self.out, strict=True):
            c = twin(c, *read)
            h = block(h, *read) + layer(c)
        v: Tensor = self.base.leave(h)
        return v
        # --8<-- [end:control]


# --8<-- [start:tiles]
def tiled(model: Autoencoder, code: Tensor, width: int, overlap: int) -> Tensor:
    """Decode code (B, C, h, w) in tiles of columns, overlaps cut off, to (B, 1, H, W). Source: definition."""
    parts = []
    for a in range(0, code.shape[3], width):
        left = min(a, overlap)
        part = model.decode(code[..., a - left : a + width + overlap])
        parts.append(part[..., 4 * left : 4 * (left + min(width, code.shape[3] - a))])
    return torch.cat(parts, 3)
    # --8<-- [end:tiles]


def main() -> None:
    """The example by hand, and a control that begins with zeros against the plain denoiser."""
    x = torch.tensor(list(PICTURES.values()))
    codes = pair_means(x)
    s = 1 / float(codes.std(correction=0))
    print("codes", codes.tolist(), "scale factor", round(s, 4))
    eps, t = torch.tensor([[NOISE]]), torch.tensor([TIME])
    z_t, v = noisy(s * codes[:1, None], eps, t)
    print("noisy", z_t.flatten().tolist(), "velocity", v.flatten().tolist())
    torch.manual_seed(0)
    base = Denoiser(4, 4, 14)
    z, text = torch.randn(3, 4, 4), torch.tensor([[0, 3], [0, 4], [0, -1]])
    model = Controlled(base, 1)
    change = model(z, t.expand(3), text, torch.randn(3, 4, 1)) - base(z, t.expand(3), text)
    print(
        "a control that begins with zeros changes the velocity by",
        float(change.detach().abs().max()),
    )


if __name__ == "__main__":
    main()
