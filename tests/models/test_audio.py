"""Audio: samples, spectrogram and CTC against torch, SciPy and enumeration, and what the page tells of the reader."""

import inspect
import itertools
import math
import runpy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor
from torch.nn import functional

from docs.models.audio import audio, practice
from scripts.figures import audio as figures
from scripts.figures import audio_diagram as diagram
from scripts.figures import style
from scripts.printed.values import Each, From, Given
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "audio.md"
DATA = PAGE.parent / "audio"
said = sayings(PAGE)
rows_of = tables(PAGE)
EXAMPLE = torch.tensor(audio.FRAMES, dtype=torch.float64)
SIGNS = "–ab"


def listed(p: Tensor, text: Sequence[int]) -> dict[tuple[int, ...], float]:
    """All alignments of a text and their probabilities, by trying all rows."""
    frames, signs = p.shape
    return {
        row: math.prod(float(p[t, k]) for t, k in enumerate(row))
        for row in itertools.product(range(signs), repeat=frames)
        if merged(row) == list(text)
    }


def merged(row: Sequence[int]) -> list[int]:
    """The two rules, sign by sign."""
    text, before = [], -1
    for k in row:
        if k not in (before, 0):
            text.append(k)
        before = k
    return text


def library(log_p: Tensor, text: Sequence[int]) -> Tensor:
    """The loss of PyTorch."""
    sizes = torch.tensor([len(log_p)]), torch.tensor([len(text)])
    return functional.ctc_loss(
        log_p[:, None], torch.tensor([list(text)]), *sizes, reduction="none"
    )[0]


def drawn(frames: int, signs: int, seed: int) -> Tensor:
    """Probabilities at random."""
    return normal(frames, signs, seed=seed).softmax(-1)


# Samples and tones.


@pytest.mark.equation("eq-audio-alias")
def test_a_tone_and_its_mirror_have_the_same_samples(printed: Equations) -> None:
    rest = r" = \cos (2 \pi n - \frac{2 \pi f n}{r}) = \cos \frac{2 \pi f n}{r}"
    first, last = r"\cos \frac{2 \pi (r - f) n}{r} = \cos ", r" = \cos \frac{2 \pi f n}{r}"
    for turned in ("- r - f", "r + f", "- f"):
        printed.excuse(rf"\cos \frac{{2 \pi ({turned}) n}}{{r}}" + rest, "whole turns; even")
    for angle in (
        r"(- 2 \pi n - \frac{2 \pi f n}{r})",
        r"(2 \pi n + \frac{2 \pi f n}{r})",
        r"(- \frac{2 \pi f n}{r})",
        r"(2 \pi - \frac{2 \pi f n}{r})",
    ):
        printed.excuse(first + angle + last, "whole turns; even")
    bound = {"r": 7.0, "f": 1.3, "n": Each([3, 5]), r"\pi": math.pi}
    printed("eq-audio-alias").holds(bound, free=("r", "f"))
    n = np.arange(50)
    for f in (0.4, 3.6, 6.1, 8.2, 12.9):
        other = audio.heard(f, 7.0)
        assert 0 <= other <= 3.5
        same = np.cos(2 * np.pi * f * n / 7) - np.cos(2 * np.pi * other * n / 7)
        assert abs(same).max() < 1e-9
    assert audio.heard(3, 4) == 1
    said("A tone of 3 Hz, taken four times a second, gives 1, 0, −1, 0 as well")


def test_samples_determine_a_signal_without_higher_tones() -> None:
    times = np.arange(64) / 64
    wave = 0.3 + np.cos(2 * np.pi * 3 * times + 1) + 0.5 * np.sin(2 * np.pi * 5 * times)
    restored = signal.resample(wave[::4], 64)  # 16 samples a second, tones up to 5 Hz
    assert abs(restored - wave).max() < 1e-9


@pytest.mark.equation("eq-audio-power")
def test_the_spectrogram_is_that_of_torch(printed: Equations) -> None:
    x, w = normal(1, 40, seed=1), torch.hann_window(8, dtype=torch.float64) + 0.1
    whole = torch.stft(x, 8, 5, window=w, center=False, return_complex=True)
    theirs = whole[0].abs().square().mT
    torch.testing.assert_close(audio.spectrogram(x, w, 5)[0], theirs)
    printed.excuse(
        r"P_{t k} = (\sum_{n = 0}^{N - 1} ⟨w_{n} x_{t H + n} \cos \frac{2 \pi k n}{N}⟩)^{2} + "
        r"(\sum_{n = 1}^{N - 1} ⟨w_{n} x_{t H + n} \sin \frac{2 \pi k n}{N}⟩)^{2}",
        "the sine of the first sample is zero",
    )
    printed("eq-audio-power").holds(
        {
            "P_{tk}": Given(("t", "k"), lambda t, k: float(theirs[t, k])),
            "w": From(0, w.tolist()),
            "x": From(0, x[0].tolist()),
            "N": 8,
            "H": 5,
            "t": Each([3]),
            "k": Each([3]),
            r"\pi": math.pi,
        }
    )
    hann = torch.hann_window(8, dtype=torch.float64)
    mine = audio.spectrogram(x, hann, 5).mT
    torch.testing.assert_close(practice.power(x, 8, 5), mine)


@pytest.mark.equation("eq-audio-tone")
def test_the_power_of_a_tone_does_not_know_its_phase(printed: Equations) -> None:
    n = torch.arange(16, dtype=torch.float64)
    one = torch.ones(16, dtype=torch.float64)
    for phase in (0.4, 2.1):
        x = 1.7 * torch.cos(2 * math.pi * 3 * n / 16 + phase)
        whole = torch.stft(x[None], 16, 16, window=one, center=False, return_complex=True)
        power = whole[0, :, 0].abs().square()
        assert power[torch.arange(9) != 3].max() < 1e-18
        printed("eq-audio-tone").holds(
            {
                "P_{tj}": float(power[3]),
                "A": 1.7,
                "N": 16,
                r"\varphi": phase,
            },
            free=(r"\varphi",),
        )


@pytest.mark.equation("eq-audio-mel")
def test_mel_is_a_logarithm_and_a_thousand_at_a_thousand(printed: Equations) -> None:
    f = torch.tensor([100.0, 1000.0, 6000.0], dtype=torch.float64)
    assert audio.mel(f)[1].item() == pytest.approx(1000, abs=0.1)
    printed("eq-audio-mel").holds({"m": 2595 * math.log2(67 / 7) / math.log2(10), "f": 6000.0})
    assert audio.mel(f)[2].item() == pytest.approx(2595 * math.log2(67 / 7) / math.log2(10))
    filters = audio.bands(12, 64, 4000)
    assert filters.shape == (12, 33)
    assert (filters.max() <= 1).item()
    middle = audio.mel(torch.linspace(0, 2000, 33, dtype=torch.float64))
    inside = (middle > middle[-1] / 13) & (middle < 12 / 13 * middle[-1])
    torch.testing.assert_close(
        filters.sum(0)[inside], torch.ones(int(inside.sum()), dtype=torch.float64)
    )


# CTC.


@pytest.mark.equation("eq-audio-ctc", "eq-audio-ends")
def test_the_sum_over_alignments_is_that_of_torch(printed: Equations) -> None:
    p, text = drawn(6, 3, 2), (1, 2)
    rows = list(listed(p, text))
    whole = math.exp(-float(library(p.log(), text)))
    assert float(audio.log_probability(p.log(), text).exp()) == pytest.approx(whole)
    assert sum(listed(p, text).values()) == pytest.approx(whole)
    printed("eq-audio-ctc").holds(
        {
            r"p(y \mid x)": whole,
            r"\mathcal{A}(y)": [np.array(row) for row in rows],
            r"p_t(a_t)": Given(("t", "a"), lambda t, a: float(p[t - 1, int(a[t - 1])])),
            "T": 6,
        }
    )
    printed("eq-audio-ends").holds(
        {
            r"p(y \mid x)": whole,
            r"\alpha": [[beginnings(p, text, t, s) for s in range(1, 6)] for t in range(1, 7)],
            "T": 6,
            "U": 2,
        }
    )


def beginnings(p: Tensor, text: Sequence[int], t: int, s: int) -> float:
    """The sum over all beginnings of t frames that have come to place s (from 1), by trying all rows."""
    whole = [0, *itertools.chain.from_iterable((k, 0) for k in text)]
    total = 0.0
    for row in itertools.product(range(p.shape[1]), repeat=int(t)):
        place = 0
        for n, k in enumerate(row):
            before = place
            steps = [place, place + 1, place + 2] if n else [0, 1]
            fits = [
                q
                for q in steps
                if q < len(whole)
                and whole[q] == k
                and not (n and q == before + 2 and (k == 0 or whole[before] == k))
            ]
            if not fits:
                break
            place = fits[0]
        else:
            if place == s - 1:
                total += math.prod(float(p[n, k]) for n, k in enumerate(row))
    return total


@pytest.mark.equation("eq-audio-forward")
def test_the_recursion_counts_every_beginning_once(printed: Equations) -> None:
    for text in ((1, 2), (1, 1)):
        p = drawn(4, 3, 3)
        ours = audio.forward(p.log(), text).exp()
        places = [0, text[0], 0, text[1], 0]
        theirs = [[beginnings(p, text, t, s) for s in range(1, 6)] for t in range(1, 5)]
        torch.testing.assert_close(ours, torch.tensor(theirs, dtype=torch.float64))
    text = (1, 2)
    printed("eq-audio-forward").holds(
        {
            r"\alpha": [[beginnings(p, text, t, s) for s in range(1, 6)] for t in range(1, 5)],
            r"p_t(\ell_s)": Given(("t", "s"), lambda t, s: float(p[t - 1, places_of(text)[s - 1]])),
            "d": [0.0, 0.0, 0.0, 1.0, 0.0],
            "t": Each([3, 4]),
            "s": Each([3, 4]),
        },
        free=(r"\alpha",),  # both sides have one factor of it
    )
    assert places[1] == 1


def alive(text: Sequence[int], frame: int, place: int) -> bool:
    """Whether a beginning at a place (from 0) in a frame of three can still end as the text."""
    whole = places_of(text)
    wanted = [k for k in whole[place:] if k]
    rows = itertools.product(range(3), repeat=2 - frame)
    return any(merged([whole[place], *row]) == wanted for row in rows)


def places_of(text: Sequence[int]) -> list[int]:
    """A text with blanks around each letter."""
    return [0, *itertools.chain.from_iterable((k, 0) for k in text)]


@pytest.mark.equation("eq-audio-share", "eq-audio-gradient")
def test_the_gradient_is_the_shares_less_the_probabilities(printed: Equations) -> None:
    scores, text = normal(4, 3, seed=5).requires_grad_(), (1, 2)
    loss = library(scores.log_softmax(-1), text)
    torch.autograd.backward(loss)
    assert scores.grad is not None
    grad, p = -scores.grad, scores.detach().softmax(-1)
    rows = listed(p, text)
    whole = math.exp(-float(loss.detach()))
    leaf = p.log().requires_grad_()
    torch.autograd.backward(audio.log_probability(leaf, text))
    assert leaf.grad is not None
    share = leaf.grad
    product = Given(("u", "a"), lambda u, a: float(p[u - 1, int(a[u - 1])]))
    printed("eq-audio-share").holds(
        {
            r"\gamma_t(k)": float(share[1, 2]),
            r"p(y \mid x)": whole,
            r"\mathcal{A}_{tk}": [np.array(row) for row in rows if row[1] == 2],
            "p_u(a_u)": product,
            "T": 4,
        }
    )
    printed.excuse(
        r"\frac{\partial \log ⟨p (y | x)⟩}{\partial z_{t} (j)} = \sum_{k = 1}^{V} ⟨\gamma_{t} (k) "
        r"(\delta_{j k} - p_{t} (j))⟩ = \gamma_{t} (j) - p_{t} (j)",
        "the identity is its own transpose",
    )
    printed("eq-audio-gradient").holds(
        {
            r"\frac{\partial \log p(y \mid x)}{\partial z_t(j)}": Given(
                ("t", "j"), lambda t, j: float(grad[t - 1, j - 1])
            ),
            r"\gamma_t(k)": Given(("t", "k"), lambda t, k: float(share[t - 1, k - 1])),
            r"\gamma_t(j)": Given(("t", "j"), lambda t, j: float(share[t - 1, j - 1])),
            r"p_t(j)": Given(("t", "j"), lambda t, j: float(p[t - 1, j - 1])),
            r"\delta": np.eye(3),
            "V": 3,
            "t": Each([2, 3]),
            "j": Each([1, 2, 3]),
        }
    )


@pytest.mark.equation("eq-audio-frames")
def test_the_least_number_of_frames_by_trying(printed: Equations) -> None:
    for text in ((1, 2, 1), (1, 1, 2), (2, 2, 2)):
        fits = [t for t in range(1, 7) if listed(drawn(t, 3, 1), text)]
        assert fits[0] == audio.needed(text)
    text = (1, 1, 2, 2, 2)
    least = next(t for t in range(5, 10) if listed(drawn(t, 3, 1), text))
    printed("eq-audio-frames").holds({r"T_{\text{least}}": least, "U": 5, "q": 3})
    p = drawn(3, 3, 1).log()
    assert math.isinf(float(library(p, (1, 1, 2))))
    assert float(audio.log_probability(p, (1, 1, 2))) < -1e29
    log_p = p[None].clone().requires_grad_()
    nothing = practice.loss(log_p, torch.tensor([3]), [[1, 1, 2]])
    torch.autograd.backward(nothing)
    assert log_p.grad is not None
    assert float(nothing.detach()) == 0 == float(log_p.grad.abs().sum())


def test_the_lines_of_the_library_give_the_loss_of_the_page() -> None:
    log_p = normal(2, 6, 3, seed=6).log_softmax(-1)
    texts = [[1, 2, 2], [2]]
    ours = -sum(audio.log_probability(log_p[n], text) for n, text in enumerate(texts)) / 2
    torch.testing.assert_close(practice.loss(log_p, torch.tensor([6, 6]), texts), ours)


@pytest.mark.equation("eq-audio-wer")
def test_errors_are_the_least_number_of_changes(printed: Equations) -> None:
    right = list(range(60))
    written = list(right)
    for place in (50, 40, 30, 20, 10):
        written.insert(place, 100 + place)  # five are added
    for place in (25, 15, 5):
        written[place] += 1000  # three are exchanged
    for place in (58, 47, 37, 28):
        del written[place]  # four are left out
    wrong = audio.errors(written, right)
    printed("eq-audio-wer").holds({"E": wrong / 60, "S": 3, "D": 4, "I": 5, "n": 60})
    assert audio.errors([], [1, 2]) == 2 == audio.errors([1, 2], [])


# The example, and two texts that are both right.


def test_the_example_by_pencil() -> None:
    x = torch.tensor([audio.SOUND], dtype=torch.float64)
    power = audio.spectrogram(x, torch.ones(4, dtype=torch.float64), 4)[0].round()
    assert power.tolist() == [[0, 4, 0], [0, 4, 0], [0, 0, 16]]
    for row, frame in zip(rows_of("tab-audio-sound"), x.reshape(3, 4).tolist(), strict=True):
        assert row[1] == ", ".join(f"{v:g}".replace("-", "−") for v in frame)
    for row, p in zip(rows_of("tab-audio-frames"), audio.FRAMES, strict=True):
        assert row[1:] == [str(value) for value in p]
    found = sorted(listed(EXAMPLE, (1, 2)).items(), key=lambda one: -one[1])
    for row, (path, p) in zip(rows_of("tab-audio-alignments"), found, strict=True):
        assert row[0] == "`" + "".join(SIGNS[k] for k in path) + "`"
        factors = " \\cdot ".join(str(audio.FRAMES[t][k]) for t, k in enumerate(path))
        assert row[1:] == [f"${factors}$", f"{p:.3f}"]
    whole = float(audio.log_probability(EXAMPLE.log(), (1, 2)).exp())
    said(
        f"Their sum, {whole:.2f}, is the probability of the text, and the loss is "
        f"$-\\log {whole:.2f} = {-math.log(whole):.2f}$ nats (natural logarithm)."
    )
    table = style.read_table(DATA / "sums.csv")
    last = table["alpha"][-5:]
    assert sum(last[3:]) == pytest.approx(whole)
    assert sum(value > 0 for value in table["alpha"]) == 11
    said(f"The example has ${last[4]} + {last[3]} = {whole:.2f}$.")
    assert last[3] == pytest.approx(0.6 * (0.12 + 0.3 + 0.24))
    said(
        "Frame 1: 0.2 and 0.6; frame 2: 0.1, 0.24, 0.3, 0.12; frame 3: 0.02, 0.068, 0.108, 0.396, 0.024",
        "$0.396 = 0.6\\, (0.12 + 0.3 + 0.24)$. The two upper ones at the right add up to 0.42.",
    )
    seen = [*zip(*(iter(table["alpha"]),) * 5, strict=True)]
    assert [v for row in seen for v in row if v] == pytest.approx(
        [0.2, 0.6, 0.1, 0.24, 0.3, 0.12, 0.02, 0.068, 0.108, 0.396, 0.024]
    )
    ends = [alive((1, 2), n // 5, n % 5) for n in range(15)]
    dead = [f"{v:.3g}" for v, end in zip(table["alpha"], ends, strict=True) if v and not end]
    said(f"Four cells, {', '.join(dead[:-1])} and {dead[-1]}, can no longer end as `ab`.")
    leaf = EXAMPLE.log().requires_grad_()
    torch.autograd.backward(audio.log_probability(leaf, (1, 2)))
    assert leaf.grad is not None
    one, two, three = leaf.grad[1].tolist()
    said(f"the shares are {one:.2f} for the blank, {two:.2f} for `a` and {three:.2f} for `b`")


def test_the_diagram_has_the_example() -> None:
    table = diagram.numbers()
    assert table["power"] == [0, 4, 0, 0, 4, 0, 0, 0, 16]
    assert table["p"] == [value for row in audio.FRAMES for value in row]
    assert table["path"] == [1, 0, 2]
    assert merged([int(k) for k in table["path"]]) == [1, 2]
    assert table["k"] == [2, 1]
    assert table["made"] == pytest.approx([1.1, 0, -0.9, 0])
    said(f"with the text ab the loss is −log p = {table['loss'][0]:.2f}")
    said(
        f"against x the squared error is {table['error'][0]:.2f}, "
        f"a signal-to-noise ratio of {table['db'][0]:.1f} dB"
    )


def test_two_right_texts_get_a_quarter_each_at_most() -> None:
    sizes = torch.tensor([2, 3, 4, 6, 8]).repeat(6)
    scores = (0.5 * normal(8, len(sizes), 3, seed=0)).requires_grad_()
    optimiser = torch.optim.Adam([scores], 0.2)
    texts = [torch.tensor([text] * len(sizes)) for text in ((1, 2), (2, 1))]
    two, least = torch.full_like(sizes, 2), torch.full((len(sizes),), 9.0)
    for _ in range(100):
        log_p = scores.log_softmax(-1)
        loss = sum(functional.ctc_loss(log_p, y, sizes, two, reduction="none") for y in texts) / 2
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())
        optimiser.step()
        least = torch.minimum(least, loss.detach())
    assert math.log(4) - 1e-6 < float(least.min())
    assert float(least.reshape(6, 5).min(0).values.max()) < math.log(4) + 0.02
    p = torch.tensor(
        [[0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 0, 1]],
        dtype=torch.float64,
    )  # g, r, then a or e, then y
    half = [float(audio.log_probability(p.log(), (1, 2, k, 5)).exp()) for k in (3, 4)]
    assert half == pytest.approx([0.5, 0.5])
    said(f"as `gray` and `grey` in four frames, can still have {half[0]:.1f} each")
    said(
        "from six starts each for 2, 3, 4, 6 and 8 frames: no run came below a loss of "
        f"$\\log 4 = {math.log(4):.2f}$ nats, a probability of 0.25 for each text, where "
        f"$\\log 2 = {math.log(2):.2f}$ is possible."
    )


# Tones that come back, the reader, and noise.


def test_the_number_of_alignments_is_a_binomial_coefficient() -> None:
    for frames, text in ((3, (1, 2)), (6, (1, 2)), (6, (1, 2, 1))):
        count = len(listed(drawn(frames, 3, 1), text))
        assert count == math.comb(frames + len(text), 2 * len(text))
    said("$\\binom{T + U}{2U}$ if no letter equals the one before")


def test_a_window_that_fades_spreads_a_tone_to_its_neighbours() -> None:
    x = torch.cos(2 * math.pi * 10 * torch.arange(64, dtype=torch.float64) / 64)[None]
    power = audio.spectrogram(x, torch.hann_window(64, dtype=torch.float64), 64)[0, 0]
    assert power[9:12].tolist() == pytest.approx([64, 256, 64])
    assert power.sum().item() == pytest.approx(384)
    said("with one that fades in and out, about $2 r / N$")


def test_what_was_not_filtered_comes_back() -> None:
    n = torch.arange(4000, dtype=torch.float64)
    for row in rows_of("tab-audio-alias"):
        f = float(row[0].removesuffix(" Hz").replace(",", ""))
        x = torch.cos(2 * math.pi * f * n / 4000)
        assert row[1] == f"{audio.heard(f, 2000):.0f} Hz"
        for cell, filtered in zip(row[2:], (False, True), strict=True):
            left = audio.thin(x, 2, filtered)[200:-200].square().mean().item()
            level = round(10 * math.log10(2 * left))
            assert cell == f"{level} dB".replace("-", "−"), f
    taps = 2 * 64 + 1
    said(f"The filter takes {taps} products for each new sample", f"a filter of {taps} samples")
    n = torch.arange(2000, dtype=torch.float64)

    def lost(f: float) -> float:
        left = audio.thin(torch.cos(2 * math.pi * f * n / 4000), 2)[100:-100]
        return -10 * math.log10(2 * left.square().mean().item())

    least = min(lost(f) for f in range(1050, 2000, 10))
    said(
        f"{lost(1020):.0f} dB are taken away at 1,020 Hz, and {least:.0f} dB or more from 1,050 Hz on.",
        f"Of wanted tones just below the edge some goes too, {lost(980):.0f} dB at 980 Hz.",
    )


def test_the_figure_of_noise_shows_what_the_page_tells() -> None:
    table = style.read_table(DATA / "noise.csv")
    for row, name in zip(rows_of("tab-audio-noise"), ("silence", "noise"), strict=True):
        for cell, db in zip(row[1:], (99, 20, 10, 0), strict=True):
            at = table["db"].index(db)
            mean, least, most = (table[f"{name}_{part}"][at] for part in ("mean", "least", "most"))
            assert cell == f"{mean:.1f} % ({least:.1f} to {most:.1f})"
    quiet, trained = table["silence_mean"], table["noise_mean"]
    assert all(a > b for a, b in zip(quiet[1:], trained[1:], strict=True))
    assert quiet[3] == max(quiet) > 100
    assert quiet[0] == 0
    said(f"Its price here is {trained[0]:.2f} % of errors in silence, where the others make none")
    said(
        f"then {quiet[4]:.0f}, {quiet[5]:.0f} and {quiet[6]:.0f}. Trained with noise: "
        + ", ".join(f"{v:.0f}" for v in trained[1:6])
        + f" and {trained[6]:.0f}"
    )
    assert (figures.SEEDS, figures.TESTS) == (5, 200)
    x, _ = figures.test_sounds()
    lower = 10 * math.log10(x[x != 0].square().mean() / x.square().mean())
    said(f"with pauses and filling, it is {lower:.1f} dB lower.")
    assert "30 * strength - 5" in inspect.getsource(figures.louder)
    said("half of the batches have noise, from 25 to −5 dB.")
    ten, none = (
        [
            table[f"silence_letters_{part}"][table["db"].index(db)]
            for part in ("mean", "least", "most")
        ]
        for db in (10, 0)
    )
    said(
        f"write {ten[0]:.0f} % as many letters as there are ({ten[1]:.0f} to {ten[2]:.0f} %)",
        f"at 0 dB they write {none[0]:.0f} % ({none[1]:.0f} to {none[2]:.0f} %).",
    )


def test_the_figure_of_a_reader_shows_four_letters_in_turn() -> None:
    table = style.read_table(DATA / "reading.csv")
    names = ("blank", "one", "two", "three", "four")
    best = [int(np.argmax(row)) for row in zip(*(table[name] for name in names), strict=True)]
    assert tuple(merged(best)) == figures.SHOWN == (2, 2, 4, 1)
    said(f"Two panels over {len(best)} frames.")
    first, last = best.index(2), best.index(4)
    assert 0 in best[first:last]


def test_a_reader_learns_and_refuses_nothing_in_silence() -> None:
    draw = torch.Generator().manual_seed(3)
    x, texts = audio.sounds(4, draw)
    assert all(3 <= len(text) <= 6 for text in texts)
    reader = audio.Reader()
    count = sum(p.numel() for p in reader.parameters())
    said(f"a reader of {count:,} weights")
    p = reader(x).exp()
    assert p.shape[-1] == 5
    torch.testing.assert_close(p.sum(-1), torch.ones(p.shape[:2]))
    heard = audio.noisy(x, 10, draw) - x
    level = 10 * math.log10(x[x != 0].square().mean() / heard.square().mean())
    assert level == pytest.approx(10, abs=0.5)


def test_the_program_prints_what_the_page_tells(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "audio" / "audio.py"), run_name="__main__")
    out = capsys.readouterr().out
    rows = [row[0].strip("`") for row in rows_of("tab-audio-try")]
    assert rows[0] in out
    assert rows[1] in out
