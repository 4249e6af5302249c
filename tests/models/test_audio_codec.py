"""The codec of docs/models/audio.md: codes, decibels, bit rates and the delay pattern."""

import inspect
import itertools
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from docs.architectures.codebooks import codebooks
from docs.models.audio import codec
from scripts.figures import audio as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "audio.md"
DATA = PAGE.parent / "audio"
said = sayings(PAGE)
rows_of = tables(PAGE)


def seeded(seed: int) -> torch.Generator:
    """A generator."""
    return torch.Generator().manual_seed(seed)


@pytest.mark.equation("eq-audio-rate")
def test_bit_rates_are_those_that_were_published(printed: Equations) -> None:
    said("of them it sends $75 \\cdot 8 \\cdot 10 = 6{,}000$ bits a second")
    for row in rows_of("tab-audio-rates"):
        r, h, m, k, formula, published = (float(cell.replace(",", "")) for cell in row[1:])
        rate = codec.bit_rate(r, h, int(m), int(k))
        assert round(rate) == formula
        assert rate == pytest.approx(published, rel=0.035)
    frames = len(torch.arange(24_000).unfold(0, 320, 320))
    words = len(list(itertools.product(range(2), repeat=10)))
    assert words == 1024
    printed("eq-audio-rate").holds(
        {"R": frames * 8 * 10.0, "r": 24_000, "H": 320, "M": 8, "K": words}
    )


@pytest.mark.equation("eq-audio-snr")
def test_decibels_of_the_frame_of_the_example(printed: Equations) -> None:
    x = torch.tensor([codec.FRAME])
    books = [torch.tensor(codec.COARSE), torch.tensor(codec.FINE)]
    k = codec.encode(x, books)
    assert (k + 1).tolist() == [[2, 1]]
    one, two = (float(codec.snr(x, codec.decode(k[:, :m], books[:m]))) for m in (1, 2))
    said(
        f"a ratio of {10 ** (one / 10):.0f} or {one:.1f} dB; after two 0.02, "
        f"a ratio of {10 ** (two / 10):.0f} or {two:.1f} dB.",
        f"This sum of squares, {float((x - codec.decode(k, books)).square().sum()):.2f}, is the simplest loss",
    )
    made = np.array([1.1, 0.0, -0.9, 0.0])
    assert codec.decode(k, books)[0].tolist() == pytest.approx(made.tolist())
    frame = np.array(codec.FRAME)
    decibels = 20 * math.log10(np.linalg.norm(frame) / np.linalg.norm(frame - made))
    printed("eq-audio-snr").holds(
        {"Q": decibels, "x": frame.tolist(), r"\hat{x}": made.tolist(), "N": 4}
    )
    assert two == pytest.approx(decibels, abs=1e-4)


@pytest.mark.equation("eq-audio-pcm")
def test_rounding_gives_six_decibels_a_bit(printed: Equations) -> None:
    size, bits = 0.7, 5
    step = 2 * size / 2**bits
    noise = float(stats.uniform(-step / 2, step).var())
    wave = size * np.cos(2 * np.pi * np.arange(1000) / 1000)
    q = 10 * math.log10(np.mean(wave**2) / noise)
    printed("eq-audio-pcm").holds({"Q": q, "A": size, "h": step, "b": bits})
    tone = np.cos(2 * np.pi * 0.1234567 * np.arange(20_000))
    rounded = (np.floor(tone / 2 * 2**8) + 0.5) * 2 / 2**8
    measured = 10 * math.log10(np.mean(tone**2) / np.mean((tone - rounded) ** 2))
    assert measured == pytest.approx(10 * math.log10(1.5 * 4**8), abs=0.3)
    said(
        f"adds $10 \\log_{{10}} 4 = {10 * math.log10(4):.2f}$ dB, and 16 bits give "
        f"{10 * math.log10(1.5 * 4**16):.0f} dB.",
        f"By the formula, 3 bits give {10 * math.log10(1.5 * 4**3):.1f} dB for a tone at full size",
    )


def test_rounding_the_sounds_of_the_figure() -> None:
    x = codec.frames(4000, seeded(1000))
    found = []
    for step in (0.005 * n for n in range(20, 81)):
        made = step * ((x / step).floor().clamp(-4, 3) + 0.5)
        found.append(float(codec.snr(x, made)))
    assert 0 < found.index(max(found)) < len(found) - 1
    said(f"gives {max(found):.1f} dB with the best step of those we tried")
    figure, program = inspect.getsource(figures.codecs), inspect.getsource(codec.main)
    assert "codec.frames(8000, draw)" in figure
    assert "frames(4000, " in program
    said("Each trains on 8,000 frames, [the program](#tab-audio-try) on 4,000.")


def test_the_table_of_codebooks_is_that_of_the_code() -> None:
    for k, row in enumerate(rows_of("tab-audio-books")):
        cells = [
            tuple(float(v) for v in cell.strip("$()").replace("−", "-").split(","))
            for cell in row[1:]
        ]
        assert (row[0], *cells) == (str(k + 1), codec.COARSE[k], codec.FINE[k])


@pytest.mark.equation("eq-audio-delay")
def test_the_delay_pattern_can_be_undone(printed: Equations) -> None:
    k = torch.arange(1, 29).reshape(7, 4)
    late = codec.delay(k, empty=0)
    assert torch.equal(codec.undo(late), k)
    assert late[3].tolist() == [k[3, 0], k[2, 1], k[1, 2], k[0, 3]]
    assert int((late == 0).sum()) == 2 * 6
    printed("eq-audio-delay").holds({"L": len(late), "T": 7, "M": 4})
    steps = len(codec.delay(torch.ones(30 * 50, 4), empty=0))
    said(f"are {steps:,} steps instead of {30 * 50 * 4:,}.")


def test_residual_codes_are_those_of_the_page_on_codebooks() -> None:
    x = normal(20, 3, seed=1)
    books = [normal(5, 3, seed=seed) for seed in (2, 3)]
    k = codec.encode(x, books)
    first = codebooks.nearest(x, books[0])
    assert torch.equal(k[:, 0], first)
    assert torch.equal(k[:, 1], codebooks.nearest(x - books[0][first], books[1]))


def test_learning_lowers_the_error_with_each_codebook() -> None:
    x = codec.frames(400, seeded(0))
    books = codec.learn(x, 3, 8, seeded(0), rounds=4)
    k = codec.encode(x, books)
    found = [float(codec.snr(x, codec.decode(k[:, :m], books[:m]))) for m in (1, 2, 3)]
    assert found == sorted(found)


def test_the_figure_of_decibels_shows_what_the_page_tells() -> None:
    table = style.read_table(DATA / "codec.csv")

    def spread(name: str, row: int = -1) -> tuple[float, str]:
        mean, least, most = (table[f"{name}_{part}"][row] for part in ("mean", "least", "most"))
        return mean, f"{mean:.1f} dB ({least:.1f} to {most:.1f}"

    rows, other = spread("rows"), spread("other")
    both, own = spread("both"), spread("own")
    said(
        f"The codebooks reach {rows[1]}; three runs)",
        f"With six codebooks they reach {other[1]}; three runs), where tones had {rows[0]:.1f}.",
        f"on both in equal parts reach {both[1]}).",
        f"{own[0]:.2f}{own[1].removeprefix(f'{own[0]:.1f}')}) instead of {rows[0]:.2f}, "
        f"which is {rows[0] - own[0]:.2f} dB less",
        f"{table['own_mean'][3]:.2f} against {table['rows_mean'][3]:.2f} dB, "
        f"{table['rows_mean'][3] - table['own_mean'][3]:.2f} less.",
        f"| {rows[0] - own[0]:.2f} dB on the first kind with six codebooks |",
        f"{table['one_mean'][1]:.1f} against {table['rows_mean'][1]:.1f} dB, but",
    )
    for name in ("rows", "other", "both", "own"):
        mean = table[f"{name}_mean"]
        assert mean == sorted(mean)
    gains = [b - a for a, b in itertools.pairwise(table["other_mean"])]
    assert gains == sorted(gains, reverse=True)
    ends = {name: (table[f"{name}_mean"][0], table[f"{name}_mean"][-1]) for name in runs()}
    said(
        f"rising from {ends['rows'][0]:.1f} to {ends['rows'][1]:.1f} dB. Harsh sounds, trained on both: "
        f"from {ends['both'][0]:.1f} to {ends['both'][1]:.1f}. Harsh sounds, trained on tones: "
        f"from {ends['other'][0]:.1f} to {ends['other'][1]:.1f}, ever flatter. Two stars, one codebook "
        f"for tones: {table['one_mean'][0]:.1f} at 4 bits and {table['one_mean'][1]:.1f} at 8"
    )


def runs() -> tuple[str, ...]:
    """The curves of the figure."""
    return "rows", "both", "other"


def test_the_program_prints_what_the_page_tells(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "audio" / "codec.py"), run_name="__main__")
    out = capsys.readouterr().out
    for row in rows_of("tab-audio-try")[2:]:
        assert row[0].strip("`") in out


@pytest.mark.answer("answer-audio-rate")
def test_exercise_3_a_bit_rate(answer: Bench) -> None:
    answer("answer-audio-rate").is_(
        codec.bit_rate(16_000, 640, 4, 4096), codec.bit_rate(16_000, 640, 1, 4096)
    )


@pytest.mark.answer("answer-audio-wide")
def test_exercise_6_two_wide_codebooks(answer: Bench) -> None:
    x, new = codec.frames(4000, seeded(0)), codec.frames(2000, seeded(1000))

    def decibels(count: int, codes: int) -> float:
        books = codec.learn(x, count, codes, seeded(0))
        return float(codec.snr(new, codec.decode(codec.encode(new, books), books)))

    answer("answer-audio-wide").is_(decibels(2, 64), decibels(3, 16))
