"""A codec of frames with residual codes, its bit rate, its error in decibels, and the delay pattern.

Letters:
    B, N       frames; samples of a frame
    M, K       codebooks in a row; codes of each
    T          frames of a sound, one after the other
    x, k       frames (B, N); numbers of the chosen codes (B, M)
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

FRAME = (1.2, 0.0, -0.8, 0.0)  # the example
COARSE = (
    (0.0, 0.0, 0.0, 0.0),
    (1.0, 0.0, -1.0, 0.0),
    (1.0, -1.0, 1.0, -1.0),
    (-1.0, 0.0, 1.0, 0.0),
)
FINE = ((0.1, 0.0, 0.1, 0.0), (0.1, 0.0, -0.1, 0.0), (-0.1, 0.0, 0.1, 0.0), (-0.1, 0.0, -0.1, 0.0))
RATE, PIECE = 4000, 8  # made sounds: samples a second, samples of a frame


# --8<-- [start:rate]
def bit_rate(samples: float, hop: float, books: int, codes: int) -> float:
    """Bits a second: samples a second, samples from frame to frame, M, K. Source: this page, eq-audio-rate."""
    return samples / hop * books * math.log2(codes)
    # --8<-- [end:rate]


# --8<-- [start:snr]
def snr(x: Tensor, made: Tensor) -> Tensor:
    """Signal-to-noise ratio, dB: x (B, N), made (B, N) to (). Source: this page, eq-audio-snr."""
    return 10 * torch.log10(x.square().sum() / (x - made).square().sum())
    # --8<-- [end:snr]


# --8<-- [start:encode]
def encode(x: Tensor, books: list[Tensor]) -> Tensor:
    """Codes of what the codebooks before have left: x (B, N), books (K, N) each, to (B, M). Source: definition."""
    rest, chosen = x, list[Tensor]()
    for book in books:
        k = torch.cdist(rest, book).argmin(-1)
        rest = rest - book[k]
        chosen.append(k)
    return torch.stack(chosen, -1)


def decode(k: Tensor, books: list[Tensor]) -> Tensor:
    """The sum of the codes: k (B, M), books (K, N) each, to (B, N). Source: definition."""
    return torch.stack([book[row] for book, row in zip(books, k.mT, strict=False)]).sum(0)
    # --8<-- [end:encode]


# --8<-- [start:learn]
def learn(
    x: Tensor, count: int, codes: int, draw: torch.Generator, rounds: int = 12
) -> list[Tensor]:
    """Codebooks in a row by k-means, each on what is left: x (B, N) to books of (K, N). Source: lloyd1982least."""
    books, rest = list[Tensor](), x
    for _ in range(count):
        book = rest[torch.randperm(len(rest), generator=draw)[:codes]]
        for _ in range(rounds):
            k = torch.cdist(rest, book).argmin(-1)
            size = torch.bincount(k, minlength=codes)[:, None]
            mean = torch.zeros_like(book).index_add_(0, k, rest) / size.clamp_min(1)
            book = torch.where(size > 0, mean, book)
        books.append(book)
        rest = rest - book[torch.cdist(rest, book).argmin(-1)]
    return books
    # --8<-- [end:learn]


# --8<-- [start:delay]
def delay(k: Tensor, empty: int) -> Tensor:
    """Codebook m, counted from 0, written m steps later, after those above it: k (T, M) to (T + M - 1, M).

    Source: copet2023simple, fig. 1.
    """
    rows, books = k.shape
    late = k.new_full((rows + books - 1, books), empty)
    for m in range(books):
        late[m : m + rows, m] = k[:, m]
    return late


def undo(late: Tensor) -> Tensor:
    """The codes of each frame side by side again: late (T + M - 1, M) to (T, M). Source: copet2023simple, fig. 1."""
    rows = len(late) - late.shape[1] + 1
    return torch.stack([late[m : m + rows, m] for m in range(late.shape[1])], 1)
    # --8<-- [end:delay]


def frames(
    count: int, draw: torch.Generator, shape: Callable[[Tensor], Tensor] = torch.sin
) -> Tensor:
    """Made tones of 100 to 800 Hz, random in loudness and start: shape (count, N) to (count, N). Source: definition."""
    f, loud, start = (torch.rand(count, 1, generator=draw) for _ in range(3))
    n = torch.arange(PIECE)
    turn = 2 * math.pi * ((100 + 700 * f) * n / RATE + start)
    return (0.2 + 0.8 * loud) * shape(turn)


def square(turn: Tensor) -> Tensor:
    """A harsher sound: only the sign of the sine. turn (B, N) to (B, N). Source: definition."""
    return torch.sin(turn).sign()


def main() -> None:
    """The example, EnCodec's bit rate, and made tones with one to six codebooks."""
    x = torch.tensor([FRAME])
    books = [torch.tensor(COARSE), torch.tensor(FINE)]
    k = encode(x, books)
    print(
        f"codes {(k[0] + 1).tolist()}: {snr(x, decode(k[:, :1], books)):.1f}, {snr(x, decode(k, books)):.1f} dB"
    )
    print(
        f"EnCodec, 8 codebooks: {bit_rate(24_000, 320, 8, 1024):.0f} bits a second; published: 6000"
    )
    books = learn(
        frames(4000, torch.Generator().manual_seed(0)), 6, 16, torch.Generator().manual_seed(0)
    )
    new = frames(2000, torch.Generator().manual_seed(1000))
    k = encode(new, books)
    print("made tones:", *(f"{snr(new, decode(k[:, :m], books)):.1f}" for m in range(1, 7)), "dB")


if __name__ == "__main__":
    main()
