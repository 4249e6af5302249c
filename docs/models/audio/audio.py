"""Sound as samples and as a spectrogram, CTC, and a small network that reads the letters of made tones.

Letters, with the name in graves2006connectionist where it differs:
    B, N, H    sounds at once; samples of a frame; samples from one frame to the next (hop)
    T, F       frames of a sound; frequencies of a spectrogram
    V, U       letters and the blank, which has number 0; letters of a text
    S          places of a text with blanks around each letter, 2 U + 1 (|l'|)
    p, alpha   probabilities of a frame (y); sums over beginnings of alignments
"""

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

SOUND = (1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0, -1.0, 1.0, -1.0)  # the example: a, a, b
FRAMES = ((0.2, 0.6, 0.2), (0.5, 0.3, 0.2), (0.2, 0.2, 0.6))  # its probabilities of -, a, b
BLANK = 0
RATE, PIECE, HOP, BANDS = 4000, 64, 32, 12  # made sounds: samples a second, N, H, mel bands
TONES = (400.0, 600.0, 900.0, 1300.0)  # Hz, of the letters 1 to 4


# --8<-- [start:alias]
def heard(f: float, rate: float) -> float:
    """The frequency, from 0 to rate / 2, whose samples a tone of f shares, Hz. Source: this page, eq-audio-alias."""
    rest = f % rate
    return min(rest, rate - rest)
    # --8<-- [end:alias]


# --8<-- [start:thin]
def thin(x: Tensor, factor: int, filtered: bool = True, taps: int = 64) -> Tensor:
    """Every factor-th sample, after a low-pass filter or without it: x (L,) to (M,). Source: definition."""
    if filtered:
        n = torch.arange(-taps, taps + 1, dtype=x.dtype)
        kernel = torch.sinc(n / factor) * torch.hann_window(2 * taps + 1, False).to(x)
        x = nn.functional.conv1d(x[None, None], (kernel / kernel.sum())[None, None], padding=taps)
    return x.flatten()[::factor]
    # --8<-- [end:thin]


# --8<-- [start:spectrogram]
def spectrogram(x: Tensor, w: Tensor, hop: int) -> Tensor:
    """Power of each frequency in each frame: x (B, L), window w (N,) to (B, T, F), F = N // 2 + 1.

    Source: this page, eq-audio-power.
    """
    n = torch.arange(len(w), dtype=x.dtype)
    turn = 2 * math.pi * n * torch.arange(len(w) // 2 + 1)[:, None] / len(w)  # (F, N)
    pieces = x.unfold(-1, len(w), hop) * w  # (B, T, N)
    return (pieces @ turn.cos().mT) ** 2 + (pieces @ turn.sin().mT) ** 2
    # --8<-- [end:spectrogram]


# --8<-- [start:mel]
def mel(f: Tensor) -> Tensor:
    """Hertz to mel: f (F,) to (F,). Source: this page, eq-audio-mel."""
    return 2595 * torch.log10(1 + f / 700)


def bands(count: int, n: int, rate: float) -> Tensor:
    """Triangles, equally wide in mel, over the frequencies of a frame: to (count, F). Source: definition."""
    place = mel(torch.linspace(0, rate / 2, n // 2 + 1, dtype=torch.float64))
    edge = torch.linspace(0, float(place[-1]), count + 2, dtype=torch.float64)[:, None]
    up = (place - edge[:-2]) / (edge[1:-1] - edge[:-2])
    down = (edge[2:] - place) / (edge[2:] - edge[1:-1])
    return torch.minimum(up, down).clamp_min(0)
    # --8<-- [end:mel]


# --8<-- [start:collapse]
def collapse(path: Sequence[int]) -> list[int]:
    """An alignment to its text: neighbours that are alike become one, then blanks go."""
    return [k for k, _ in itertools.groupby(path) if k != BLANK]
    # --8<-- [end:collapse]


# --8<-- [start:forward]
def forward(log_p: Tensor, text: Sequence[int]) -> Tensor:
    """log alpha: log_p (T, V), text of U letters to (T, S). Source: graves2006connectionist, section 4.1."""
    places = torch.tensor([BLANK, *(k for letter in text for k in (letter, BLANK))])
    jumps = torch.zeros(len(places), dtype=torch.bool)
    jumps[2:] = (places[2:] != BLANK) & (places[2:] != places[:-2])
    never = log_p.new_full((2,), -1e30)  # no logarithm of zero: its gradient is not a number
    a = torch.cat([log_p[0, places[:2]], never[:1].expand(len(places) - 2)])
    rows = [a]
    for now in log_p[1:]:
        far = torch.cat([never, a])
        ways = torch.stack([a, far[1:-1], far[:-2].masked_fill(~jumps, -1e30)])
        a = now[places] + ways.logsumexp(0)
        rows.append(a)
    return torch.stack(rows)
    # --8<-- [end:forward]


# --8<-- [start:log_p]
def log_probability(log_p: Tensor, text: Sequence[int]) -> Tensor:
    """Log-probability of a text, all alignments: log_p (T, V) to (). Source: graves2006connectionist, section 4.1."""
    return forward(log_p, text)[-1, -2:].logsumexp(0)
    # --8<-- [end:log_p]


def needed(text: Sequence[int]) -> int:
    """The least number of frames in which a text has an alignment."""
    return len(text) + sum(a == b for a, b in itertools.pairwise(text))


# --8<-- [start:errors]
def errors(written: Sequence[int], right: Sequence[int]) -> int:
    """The least number of letters to exchange, leave out or put in (edit distance)."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(written, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(above[j - 1] + (a != b), above[j] + 1, row[-1] + 1))
    return row[-1]
    # --8<-- [end:errors]


def say(text: Sequence[int], draw: torch.Generator) -> Tensor:
    """Made sound of a text, tones of random length, loudness and start, some pauses: to (L,). Source: definition."""
    parts, before = [torch.zeros(PIECE)], -1
    for letter in text:
        r = torch.rand(5, generator=draw)
        if letter == before or r[0] < 0.5:
            parts.append(torch.zeros(HOP * (2 + int(3 * r[1]))))
        n = torch.arange(HOP * (3 + int(5 * r[2])))
        f = TONES[letter - 1] * (1 + 0.1 * (r[4] - 0.5))
        parts.append((0.3 + 0.7 * r[3]) * torch.sin(2 * math.pi * (f * n / RATE + r[1])))
        before = letter
    return torch.cat([*parts, torch.zeros(PIECE)])


def sounds(count: int, draw: torch.Generator) -> tuple[Tensor, list[list[int]]]:
    """Sounds, filled up with silence to one length (B, L), and their texts, of 3 to 6 letters. Source: definition."""
    sizes = torch.randint(3, 7, (count,), generator=draw).tolist()
    texts = [torch.randint(1, 5, (n,), generator=draw).tolist() for n in sizes]
    return nn.utils.rnn.pad_sequence([say(text, draw) for text in texts], True), texts


def noisy(x: Tensor, db: float, draw: torch.Generator) -> Tensor:
    """White noise db below the power of the tones, above it if negative: x (B, L) to (B, L). Source: definition."""
    power = x[x != 0].square().mean()
    return x + (power * 10 ** (-db / 10)).sqrt() * torch.randn(x.shape, generator=draw)


class Reader(nn.Module):
    """Waveform to log-probabilities of letters: log-mel spectrogram, two convolutions over time."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.first = nn.Conv1d(BANDS, width, 3, padding=1)
        self.second = nn.Conv1d(width, len(TONES) + 1, 3, padding=1)

    # --8<-- [start:reader]
    def forward(self, x: Tensor) -> Tensor:
        """x (B, L) to log p (B, T, V). Source: definition."""
        power = spectrogram(x, torch.hann_window(PIECE), HOP) @ bands(BANDS, PIECE, RATE).mT.float()
        strength = (power + 1e-2).log()  # (B, T, bands)
        scores = self.second(self.first(strength.mT).relu())
        log_p: Tensor = scores.mT.log_softmax(-1)
        return log_p
        # --8<-- [end:reader]

    def write(self, x: Tensor) -> list[list[int]]:
        """The text of each sound by its best path: x (B, L). Source: graves2006connectionist, section 3.2."""
        with torch.no_grad():
            return [collapse(path) for path in self(x).argmax(-1).tolist()]


def train(
    seed: int,
    steps: int = 150,
    change: Callable[[Tensor, torch.Generator], Tensor] = lambda x, _: x,
) -> tuple[Reader, list[float]]:
    """A reader and the loss of each step, nats a text; change (B, L) may add noise. Source: definition."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    reader, losses = Reader(), list[float]()
    optimiser = torch.optim.Adam(reader.parameters(), 1e-2)
    for _ in range(steps):
        x, texts = sounds(16, draw)
        log_p = reader(change(x, draw))
        frames, letters = (
            torch.full((len(x),), log_p.shape[1]),
            torch.tensor([len(t) for t in texts]),
        )
        # --8<-- [start:step]
        targets = torch.cat([torch.tensor(text) for text in texts])
        each = nn.functional.ctc_loss(
            log_p.transpose(0, 1), targets, frames, letters, reduction="none"
        )
        loss = each.mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        # --8<-- [end:step]
        losses.append(loss.item())
    return reader, losses


def error_rate(reader: Reader, x: Tensor, texts: list[list[int]]) -> float:
    """Errors over the number of letters: x (B, L). Source: this page, eq-audio-wer."""
    wrong = sum(errors(a, b) for a, b in zip(reader.write(x), texts, strict=True))
    return wrong / sum(len(text) for text in texts)


def main() -> None:
    """The example by summing and by listing all alignments, and a reader of made tones."""
    torch.set_num_threads(1)
    log_p = torch.tensor(FRAMES, dtype=torch.float64).log()
    listed = [
        math.prod(FRAMES[t][k] for t, k in enumerate(path))
        for path in itertools.product(range(3), repeat=3)
        if collapse(path) == [1, 2]
    ]
    print(f"ab: {log_probability(log_p, [1, 2]).exp():.3f} summed, {sum(listed):.3f} listed")
    reader, losses = train(seed=0)
    x, texts = sounds(200, torch.Generator().manual_seed(1000))
    print(
        f"loss {losses[0]:.1f} to {losses[-1]:.2f}; letters wrong: {error_rate(reader, x, texts):.1%}"
    )


if __name__ == "__main__":
    main()
