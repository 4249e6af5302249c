"""docs/architectures/tokens/*.svg: the example step by step, the cuts of a word, bytes a token, cost by language."""

import json
import math
from functools import cache
from pathlib import Path

from matplotlib.patches import Rectangle

from docs.architectures.tokens import subwords, tokens
from scripts.figures import style

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "architectures" / "tokens.corpus.json"
LANGUAGES = ("English", "German", "Finnish", "Russian", "Hindi", "Chinese")
EXAMPLE = b"banana bandana"
SIZES = (256, 320, 384, 512, 768, 1024, 1536, 2048)
BASE = 1024


@cache
def texts(language: str, held_out: bool, split: int = 0) -> bytes:
    """The articles of a language; every fifth one is held out, in one of five ways."""
    articles = json.loads(CORPUS.read_text(encoding="utf-8"))["texts"][language]
    kept = [text for n, text in enumerate(articles, 1) if (n % 5 == split) is held_out]
    return "\n".join(kept).encode()


@cache
def shared_merges() -> list[tuple[int, int]]:
    """Merges learned from all six languages, each with the same articles."""
    return tokens.train(b"\n".join(texts(name, False) for name in LANGUAGES), SIZES[-1] - 256)


@cache
def english_merges() -> list[tuple[int, int]]:
    """Merges learned from English alone."""
    return tokens.train(texts("English", False), BASE - 256)


def ladder() -> style.Table:
    """The example after each merge: a row for each token, with its first byte and its length."""
    merges = tokens.train(EXAMPLE, 3)
    table = tokens.vocabulary(merges)
    cells = []
    for done in range(len(merges) + 1):
        at = 0
        for token in tokens.encode(EXAMPLE, merges[:done]):
            cells.append((done, at, len(table[token]), token))
            at += len(table[token])
    return {
        name: [float(cell[n]) for cell in cells]
        for n, name in enumerate(("merges", "first", "length", "token"))
    }


def draw_ladder(table: style.Table, axes: style.Axes) -> None:
    """A row of boxes for each number of merges."""
    counts = [0] * 4
    for done, first, length, token in zip(*table.values(), strict=True):
        counts[int(done)] += 1
        text = EXAMPLE[int(first) : int(first + length)].decode().replace(" ", "·")
        axes.add_patch(
            Rectangle(
                (first + 0.06, done - 0.3),
                length - 0.12,
                0.6,
                facecolor=style.SERIES[0],
                alpha=0.28 if token > 255 else 0.08,
                edgecolor=style.MUTED,
            )
        )
        axes.text(first + length / 2, done, text, ha="center", va="center", fontsize=13)
    for done, count in enumerate(counts):
        axes.text(14.4, done, f"{count} tokens", va="center", fontsize=11, color=style.INK)
    axes.set_xlim(-0.1, 18)
    axes.set_ylim(3.5, -0.5)
    style.bare(axes)
    names = ("bytes", "merge 1: an", "merge 2: ana", "merge 3: ban")
    axes.set_yticks(range(4), names)
    axes.tick_params(length=0)


WORD = b"bana"


def cuts() -> style.Table:
    """Every piece of the example's unigram vocabulary that fits into the word, with its probability."""
    spans = [(s, e) for e in range(1, 5) for s in range(e) if WORD[s:e] in subwords.EXAMPLE]
    best, at = set(), 0
    for piece in subwords.best_cut(WORD, subwords.EXAMPLE):
        best.add((at, at + len(piece)))
        at += len(piece)
    return {
        "from": [float(s) for s, _ in spans],
        "to": [float(e) for _, e in spans],
        "probability": [subwords.EXAMPLE[WORD[s:e]] for s, e in spans],
        "best": [float(span in best) for span in spans],
    }


def draw_cuts(table: style.Table, axes: style.Axes) -> None:
    """Places between the letters as points, pieces as arcs: single letters below, longer pieces above."""
    for start, end, p, best in zip(*table.values(), strict=True):
        length = end - start
        up = -1 if length == 1 else 1
        top = up * (0.5, 0.6, 1.35)[int(length) - 1]
        # The ends of neighbours stay apart.
        xs = [start + 0.08 + (length - 0.16) * n / 24 for n in range(25)]
        ys = [top * math.sin(math.pi * n / 24) for n in range(25)]
        colour = style.SERIES[1] if best else style.SERIES[0]
        axes.plot(xs, ys, "-" if best else "--", color=colour, lw=3 if best else 1.5)
        piece = WORD[int(start) : int(end)].decode()
        label = f"{piece} {p:.1f}"
        axes.text(
            (start + end) / 2,
            top + 0.08 * up,
            label,
            ha="center",
            va="bottom" if up > 0 else "top",
        )
    axes.plot(range(5), [0] * 5, "o", color=style.INK, markersize=7)
    for at, letter in enumerate(WORD.decode()):
        axes.text(at + 0.5, 0, letter, ha="center", va="center", fontsize=14, weight="bold")
    axes.set_xlim(-0.2, 4.2)
    axes.set_ylim(-0.95, 1.75)
    style.bare(axes)


def rate() -> style.Table:
    """Bytes a token of held-out articles, by language, as the shared vocabulary grows."""
    table: style.Table = {"size": [float(size) for size in SIZES]}
    for name in LANGUAGES:
        text = texts(name, True)
        cut = [tokens.encode(text, shared_merges()[: size - 256]) for size in SIZES]
        table[name] = [len(text) / len(part) for part in cut]
    return table


def draw_rate(table: style.Table, axes: style.Axes) -> None:
    """A line for each language."""
    marks = ("o-", "s--", "^:", "D-", "v--", "P:")
    for n, name in enumerate(LANGUAGES):
        axes.plot(table["size"], table[name], marks[n], color=style.SERIES[n], label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks([256, 512, 1024, 2048], ["256", "512", "1,024", "2,048"])
    axes.minorticks_off()
    axes.set_ylim(0, 7)
    axes.set_xlabel("size of the vocabulary")
    axes.set_ylabel("bytes a token")
    axes.legend(loc="upper left")


def premium() -> style.Table:
    """Tokens of the held-out articles as a multiple of English, with three vocabularies."""
    kinds = {"bytes": [], "english": english_merges(), "shared": shared_merges()[: BASE - 256]}
    table: style.Table = {}
    for kind, merges in kinds.items():
        counts = [float(len(tokens.encode(texts(name, True), merges))) for name in LANGUAGES]
        table[f"{kind}_tokens"] = counts
        table[kind] = [count / counts[0] for count in counts]
    return table


def draw_premium(table: style.Table, axes: style.Axes) -> None:
    """Three bars for each language."""
    kinds = (
        ("bytes", "single bytes", style.SERIES[5], 0.35),
        ("english", "learned from English", style.SERIES[1], 0.9),
        ("shared", "learned from all six", style.SERIES[0], 0.6),
    )
    for n, (kind, label, colour, alpha) in enumerate(kinds):
        places = [row + 0.27 * (n - 1) for row in range(len(LANGUAGES))]
        axes.barh(places, table[kind], 0.25, color=colour, alpha=alpha, label=label)
        for at, value in zip(places, table[kind], strict=True):
            axes.text(max(value, 1) + 0.1, at, f"{value:.1f}", va="center", fontsize=11)
    axes.axvline(1, color=style.MUTED, lw=1)
    axes.set_yticks(range(len(LANGUAGES)), LANGUAGES)
    axes.invert_yaxis()
    axes.set_xlim(0, 10)
    axes.set_xlabel("tokens for the same text, English = 1")
    axes.grid(visible=False)
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("architectures/tokens/ladder", ladder, draw_ladder, (640, 190)),
    style.Recipe("architectures/tokens/cuts", cuts, draw_cuts, (420, 230)),
    style.Recipe("architectures/tokens/rate", rate, draw_rate, (440, 300)),
    style.Recipe("architectures/tokens/premium", premium, draw_premium, (480, 400)),
]

if __name__ == "__main__":
    style.main(FIGURES)
