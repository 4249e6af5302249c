"""docs/models/audio/*.svg: the example, its alignments, what a reader says, noise, and residual codes."""

import itertools
import math
from functools import cache, partial
from typing import Any

import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from docs.models.audio import audio, codec
from scripts.figures import style

SEEDS, TESTS = 5, 200
NOISES = (99.0, 20.0, 15.0, 10.0, 5.0, 0.0, -5.0)  # dB; the first is silence
SHOWN = (2, 2, 4, 1)  # the text of the figure of a reader


def spread(table: style.Table, name: str, values: list[float]) -> None:
    """Mean, least and greatest of the seeds, as three columns."""
    for part, value in (
        ("mean", sum(values) / len(values)),
        ("least", min(values)),
        ("most", max(values)),
    ):
        table.setdefault(f"{name}_{part}", []).append(value)


# The example.


def example() -> style.Table:
    """The powers of the three frames of the example, by frame and frequency."""
    x = torch.tensor([audio.SOUND], dtype=torch.float64)
    power = audio.spectrogram(x, torch.ones(4, dtype=torch.float64), 4)[0]
    table: style.Table = {"frame": [], "frequency": [], "power": []}
    for t, row in enumerate(power.tolist()):
        for f, value in enumerate(row):
            for name, number in zip(table, (t, f, value), strict=True):
                table[name].append(float(number))
    return table


def draw_example(table: style.Table, panels: list[style.Axes]) -> None:
    """Samples with the tones of 1 and 3 Hz through the first of them; the powers as cells."""
    left, right = panels
    times = [n / 100 for n in range(101)]
    for f, line, colour in ((1, "-", style.SERIES[0]), (3, "--", style.SERIES[1])):
        wave = [math.cos(2 * math.pi * f * t) for t in times]
        left.plot(times, wave, line, color=colour, label=f"{f} Hz")
    left.plot([n / 4 for n in range(5)], [1, 0, -1, 0, 1], "o", color=style.INK, ms=7)
    left.set_title("four samples a second")
    left.set_xlabel("seconds")
    left.set_ylim(-1.2, 1.7)
    left.legend(loc="upper center", ncols=2)
    style.bare(right)
    for t, f, power in zip(*table.values(), strict=True):
        cell = Rectangle((t - 0.47, f - 0.47), 0.94, 0.94, edgecolor=style.MUTED, lw=0.6)
        cell.set_facecolor(style.SERIES[0])
        cell.set_alpha(0.05 + 0.5 * power / 16)
        right.add_patch(cell)
        right.text(t, f, f"{power:.0f}", ha="center", va="center")
    right.set_xlim(-0.5, 2.5)
    right.set_ylim(-0.5, 2.5)
    right.set_xticks(range(3), ["0–1 s", "1–2 s", "2–3 s"])
    right.set_yticks(range(3), ["0 Hz", "1 Hz", "2 Hz"])
    right.tick_params(length=0)
    right.set_title("spectrogram")


def sums() -> style.Table:
    """alpha of each frame and place of the example's text."""
    p = torch.tensor(audio.FRAMES, dtype=torch.float64).log()
    alpha = audio.forward(p, [1, 2]).exp()
    table: style.Table = {"frame": [], "place": [], "alpha": []}
    for t, row in enumerate(alpha.tolist()):
        for s, value in enumerate(row):
            for name, number in zip(table, (t, s, value), strict=True):
                table[name].append(float(number))
    return table


def draw_sums(table: style.Table, axes: style.Axes) -> None:
    """A lattice: frames to the right, places of the text upwards; numbers are sums, arrows allowed steps."""
    style.bare(axes)
    value = {
        (int(t), int(s)): a
        for t, s, a in zip(*(table[k] for k in ("frame", "place", "alpha")), strict=True)
    }
    for (t, s), a in value.items():
        if a < 1e-9:
            continue
        for step in (0, 1, 2):
            if (step == 2 and s != 1) or not value.get((t + 1, s + step)):
                continue
            line = {"arrowstyle": "->", "color": style.MUTED, "shrinkA": 19, "shrinkB": 19}
            axes.annotate("", (t + 1, s + step), (t, s), arrowprops=line)
        ends = t == 2 and s > 2
        colour = style.SERIES[0] if ends else style.INK
        axes.text(t, s, f"{a:.3g}", ha="center", va="center", color=colour, fontsize=13)
    axes.set_yticks(range(5), ["–", "a", "–", "b", "–"])
    axes.set_xticks(range(3), ["frame 1", "frame 2", "frame 3"])
    axes.tick_params(length=0)
    axes.set_xlim(-0.4, 2.4)
    axes.set_ylim(-0.5, 4.5)


# The reader of made tones.


def louder(x: Tensor, draw: torch.Generator) -> Tensor:
    """Half of the batches as they are, half with noise, from 25 dB below the tones to 5 dB above."""
    half, strength = torch.rand(2, generator=draw).tolist()
    return x if half < 0.5 else audio.noisy(x, 30 * strength - 5, draw)


@cache
def readers(noise: bool) -> list[tuple[Any, list[float]]]:
    """A reader for each seed, trained in silence or with noise."""
    torch.set_num_threads(1)
    train = partial(audio.train, change=louder) if noise else audio.train
    return [train(seed) for seed in range(SEEDS)]


@cache
def test_sounds() -> tuple[Tensor, list[list[int]]]:
    """Sounds that no training has seen."""
    return audio.sounds(TESTS, torch.Generator().manual_seed(1000))


def noise() -> style.Table:
    """Letters wrong, and written, in per cent of the right ones, by noise and by training."""
    x, texts = test_sounds()
    table: style.Table = {"db": list(NOISES)}
    for name, noisy in (("silence", False), ("noise", True)):
        for db in NOISES:
            rates, letters = [], []
            for reader, _ in readers(noisy):
                heard = audio.noisy(x, db, torch.Generator().manual_seed(2000))
                rates.append(100 * audio.error_rate(reader, heard, texts))
                written = sum(len(text) for text in reader.write(heard))
                letters.append(100 * written / sum(len(text) for text in texts))
            spread(table, name, rates)
            spread(table, f"{name}_letters", letters)
    return table


def bands_of(
    table: style.Table, axes: style.Axes, x: list[float], name: str, n: int, label: str
) -> None:
    """A curve of means with the range of the seeds."""
    line, marker = ("-", "--", ":", "-.")[n], "osD^"[n]
    low, mean, high = (table[f"{name}_{part}"][-len(x) :] for part in ("least", "mean", "most"))
    axes.fill_between(x, low, high, color=style.SERIES[n], alpha=0.2, lw=0)
    axes.plot(x, mean, line, marker=marker, color=style.SERIES[n], label=label)


def draw_noise(table: style.Table, axes: style.Axes) -> None:
    """Two curves, noise growing to the right."""
    x = table["db"][1:]
    bands_of(table, axes, x, "silence", 0, "trained in silence")
    bands_of(table, axes, x, "noise", 1, "trained with noise")
    axes.invert_xaxis()
    axes.set_xlabel("signal-to-noise ratio, dB")
    axes.set_ylabel("letters wrong, %")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right")


def reading() -> style.Table:
    """What the first reader says of one sound: probabilities by frame."""
    reader, _ = readers(False)[0]
    sound = audio.say(SHOWN, torch.Generator().manual_seed(3))[None]
    with torch.no_grad():
        p = reader(sound)[0].exp()
    power = sound.unfold(-1, audio.PIECE, audio.HOP).square().mean(-1)[0]
    table: style.Table = {"frame": [float(t) for t in range(len(p))], "power": power.tolist()}
    for k, name in enumerate(("blank", "one", "two", "three", "four")):
        table[name] = p[:, k].tolist()
    return table


def draw_reading(table: style.Table, panels: list[style.Axes]) -> None:
    """Power above, probabilities below."""
    above, below = panels
    above.fill_between(table["frame"], table["power"], color=style.MUTED, alpha=0.4, lw=0)
    above.set_title("power of the sound")
    above.set_ylim(bottom=0)
    below.plot(table["frame"], table["blank"], color=style.MUTED, lw=1, label="blank")
    for n, (k, name) in enumerate(((1, "one"), (2, "two"), (4, "four"))):
        below.plot(
            table["frame"],
            table[name],
            ("-", "--", ":")[n],
            color=style.SERIES[n],
            label=f"letter {k}",
        )
    below.set_ylim(0, 1.75)
    below.set_yticks([0, 0.5, 1])
    below.set_title("what the reader says")
    below.set_xlabel("frame")
    below.legend(loc="upper center", ncols=2)


# The codec.


@cache
def codecs() -> style.Table:
    """Decibels of new sounds by number of codebooks, of one codebook as many bits, and of sounds of another kind."""
    torch.set_num_threads(1)
    table: style.Table = {"bits": [4.0 * m for m in range(1, 7)]}
    runs: dict[str, list[list[float]]] = {
        name: [] for name in ("rows", "one", "other", "both", "own")
    }
    for seed in range(3):
        draw = torch.Generator().manual_seed(seed)
        x, test = codec.frames(8000, draw), codec.frames(4000, torch.Generator().manual_seed(1000))
        harsh = codec.frames(4000, torch.Generator().manual_seed(1001), codec.square)
        books = codec.learn(x, 6, 16, draw)
        mixed = torch.cat([x[:4000], codec.frames(4000, draw, codec.square)])
        wide = codec.learn(mixed, 6, 16, draw)
        runs["rows"].append(decibels(test, books))
        runs["other"].append(decibels(harsh, books))
        runs["both"].append(decibels(harsh, wide))
        runs["own"].append(decibels(test, wide))
        singles = [decibels(test, codec.learn(x, 1, 2**b, draw))[0] for b in (4, 8)]
        runs["one"].append([*singles, *[math.nan] * 4])
    for name, found in runs.items():
        for values in zip(*found, strict=True):
            spread(table, name, list(values))
    return table


def decibels(x: Tensor, books: list[Tensor]) -> list[float]:
    """Signal-to-noise ratio with the first codebook, the first two, and so on."""
    k = codec.encode(x, books)
    return [
        float(codec.snr(x, codec.decode(k[:, :m], books[:m]))) for m in range(1, len(books) + 1)
    ]


def draw_codecs(table: style.Table, axes: style.Axes) -> None:
    """Curves over bits a frame."""
    bits = table["bits"]
    bands_of(table, axes, bits, "rows", 0, "tones, trained on tones")
    bands_of(table, axes, bits, "both", 1, "harsh, trained on both")
    bands_of(table, axes, bits, "other", 2, "harsh, trained on tones")
    pair = list(itertools.islice(table["one_mean"], 2))
    axes.plot(bits[:2], pair, "*", color=style.SERIES[3], ms=11, ls="", label="tones, one codebook")
    axes.set_xlabel("bits a frame")
    axes.set_ylabel("signal-to-noise ratio, dB")
    axes.set_xticks(bits)
    axes.set_ylim(0, 34)
    axes.legend(loc="upper left")


FIGURES = [
    style.Recipe("models/audio/example", example, draw_example, (400, 210), (1, 2)),
    style.Recipe("models/audio/sums", sums, draw_sums, (360, 250)),
    style.Recipe(
        "models/audio/reading", reading, draw_reading, (380, 320), (2, 1), 0.02, absolute=0.02
    ),
    style.Recipe("models/audio/noise", noise, draw_noise, (380, 270), tolerance=0.05, absolute=0.5),
    style.Recipe("models/audio/codec", codecs, draw_codecs, (380, 300), absolute=0.05),
]

if __name__ == "__main__":
    style.main(FIGURES)
