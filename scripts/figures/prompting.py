"""docs/inference/prompting/*: examples as evidence; wordings for the site's GPT; the best of k; prices of escapes."""

import html
import itertools
import json
import math
from functools import cache
from statistics import fmean, stdev

import torch
from torch import Tensor

from docs.inference.prompting import prompting
from docs.models.gpt import bpe
from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.weights import gpt as weights

READ, SAID, ITEMS, OPTIONS = 12, 6, 280, 4
BEFORE = ("", "Text: ", "Here is a text: ", "Read this: ")
BETWEEN = ("", " ...", " It goes on:", "\nAnswer:")
SHOWN = ("nothing", "...", "It goes on:", "Answer:")
SPLITS, SIZES = 1000, (20, 80)
KS = tuple(range(1, len(BEFORE) * len(BETWEEN) + 1))
PAIRS = 3  # solved examples in front of the question, at most


@cache
def loaded() -> tuple[torch.nn.Module, list[tuple[int, int]], list[int]]:
    """The site's GPT, its merges, and the tokens of its held-out text."""
    torch.set_num_threads(1)  # the sums are small
    model, merges, _ = weights.load()
    _, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    return model, merges, bpe.encode(held, merges)


def begins_a_word(token: int) -> bool:
    """Whether a token is a space and letters."""
    _, merges, _ = loaded()
    parts = [token]
    while parts[0] >= 256:
        parts = [*merges[parts[0] - 256], *parts[1:]]
    return parts[0] == ord(" ") and token >= 256


@cache
def items() -> tuple[Tensor, Tensor, Tensor]:
    """Texts (N, 12), how each goes on (N, 6), and four numbers of continuations, the true one first (N, 4)."""
    tokens, at = loaded()[2], 0
    found: list[list[int]] = []
    while len(found) < ITEMS:
        cut = at + READ
        if begins_a_word(tokens[cut]):
            found.append(tokens[at : cut + SAID])
            at = cut + SAID
        else:
            at += 1
    rows = torch.tensor(found)
    draw = torch.Generator().manual_seed(0)
    others = torch.stack([torch.randperm(ITEMS - 1, generator=draw)[: OPTIONS - 1] for _ in found])
    own = torch.arange(ITEMS)[:, None]
    return rows[:, :READ], rows[:, READ:], torch.cat([own, (own + 1 + others) % ITEMS], 1)


@torch.no_grad()
def log_p(prompts: Tensor, answers: Tensor) -> Tensor:
    """log p of each answer (N, O, A) after its prompt (N, M): (N, O)."""
    model, (n, o, length) = loaded()[0], answers.shape
    logits, _, kept = model(prompts)
    first = logits[:, -1].log_softmax(-1).repeat_interleave(o, 0)
    kept = [(k.repeat_interleave(o, 0), v.repeat_interleave(o, 0)) for k, v in kept]
    y = answers.reshape(n * o, length)
    logits, _, _ = model(y[:, :-1], kept)
    rest = logits.log_softmax(-1).gather(-1, y[:, 1:, None]).sum((1, 2))
    whole: Tensor = (first.gather(-1, y[:, :1])[:, 0] + rest).view(n, o)
    return whole


def encoded(text: str) -> list[int]:
    """The tokens of a text."""
    return bpe.encode(text, loaded()[1])


def framed(before: str, texts: Tensor, between: str) -> Tensor:
    """The wording around each text: (N, M)."""
    n = len(texts)
    start = torch.tensor(encoded(before), dtype=torch.long).expand(n, -1)
    end = torch.tensor(encoded(between), dtype=torch.long).expand(n, -1)
    return torch.cat([start, texts, end], 1)


@cache
def asked() -> tuple[Tensor, Tensor, Tensor]:
    """Of each wording and item: is the true continuation the likeliest, (16, N), and calibrated; its bits a token."""
    texts, answers, options = items()
    raw, better, bits = [], [], []
    for between, before in itertools.product(BETWEEN, BEFORE):
        p = log_p(framed(before, texts, between), answers[options])
        empty = torch.tensor([encoded(before + between) or encoded("\n")])
        free = log_p(empty, answers[None])[0]
        raw.append(p.argmax(1) == 0)
        better.append((p - free[options]).argmax(1) == 0)
        bits.append(-p[:, 0].double() / SAID / math.log(2))
    return torch.stack(raw).double(), torch.stack(better).double(), torch.stack(bits)


def wordings() -> style.Table:
    """Of each of the 16 wordings the share of right choices, as they are and calibrated, and bits a token."""
    raw, better, bits = asked()
    return {
        "between": [float(n) for n in range(len(BETWEEN)) for _ in BEFORE],
        "before": [float(n) for _ in BETWEEN for n in range(len(BEFORE))],
        "raw": raw.mean(1).tolist(),
        "calibrated": better.mean(1).tolist(),
        "bits": bits.mean(1).tolist(),
    }


def paired(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Mean difference of two rows of scores on the same items, and its standard error."""
    d = a - b
    return float(d.mean()), float(d.std() / len(d) ** 0.5)


def compared() -> style.Table:
    """Differences on the same items: nothing in between or else, calibrated or not; and how alike wordings score."""
    raw, better, _ = asked()
    groups = raw.view(len(BETWEEN), len(BEFORE), -1).mean(1)
    table: style.Table = {}
    for n, name in enumerate(SHOWN[1:], start=1):
        table[name], table[f"{name} error"] = ([x] for x in paired(groups[0], groups[n]))
    table["calibrated"], table["calibrated error"] = (
        [x] for x in paired(better.mean(0), raw.mean(0))
    )
    table["nothing calibrated"], table["nothing calibrated error"] = (
        [x] for x in paired(better[: len(BEFORE)].mean(0), groups[0])
    )
    alike = raw.corrcoef()
    n = len(raw)
    table["correlation"] = [float((alike.sum() - n) / (n * (n - 1)))]
    return table


def draw_wordings(table: style.Table, axes: style.Axes) -> None:
    """A mark for each wording, by what stands between text and answer."""
    kinds = (("raw", "likeliest", "o", -0.12), ("calibrated", "calibrated", "^", 0.12))
    for n, (column, label, mark, to) in enumerate(kinds):
        x = [
            a + to + 0.04 * (b - 1.5)
            for a, b in zip(table["between"], table["before"], strict=True)
        ]
        axes.plot(x, table[column], mark, color=style.SERIES[n], ms=5, label=label)
    axes.axhline(1 / OPTIONS, color=style.INK, lw=1, ls=":")
    axes.set_xticks(range(len(SHOWN)), SHOWN)
    axes.set_ylim(0.2, 0.5)
    axes.set_ylabel("right choices")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper right")


def chosen(scores: Tensor, fresh: Tensor, k: int) -> tuple[float, float]:
    """Mean score of the best of k wordings on the test, and the same wording's on fresh items."""
    order = scores.argsort()
    chance = torch.tensor(prompting.places(len(scores), k), dtype=torch.float64)
    return float(chance @ scores[order]), float(chance @ fresh[order])


def best() -> style.Table:
    """Scores of the best of k wordings where it was chosen and on the other items; over 1,000 splits."""
    raw, _, _ = asked()
    draw = torch.Generator().manual_seed(1)
    table: style.Table = {"k": [float(k) for k in KS]}
    for size in SIZES:
        rows = []
        for _ in range(SPLITS):
            order = torch.randperm(ITEMS, generator=draw)
            shuffle = torch.randperm(len(raw), generator=draw)  # equal scores in random order
            scores = raw[shuffle][:, order[:size]].mean(1)
            fresh = raw[shuffle][:, order[size:]].mean(1)
            rows.append([chosen(scores, fresh, k) for k in KS])
        for which, name in enumerate(("test", "fresh")):
            columns = [[row[n][which] for row in rows] for n in range(len(KS))]
            table[f"{name} {size}"] = [fmean(column) for column in columns]
            table[f"{name} {size} spread"] = [stdev(column) for column in columns]
    return table


def draw_best(table: style.Table, axes: style.Axes) -> None:
    """Two pairs of lines: on the items that chose, and on the others."""
    for n, size in enumerate(SIZES):
        colour, mark = style.SERIES[n], ("o", "^")[n]
        for name, line in (("test", "-"), ("fresh", "--")):
            label = f"{size} items that chose" if name == "test" else f"the other {ITEMS - size}"
            axes.plot(
                table["k"], table[f"{name} {size}"], mark + line, color=colour, ms=3.5, label=label
            )
    axes.set_xticks((1, 4, 8, 12, 16))
    axes.set_ylim(0.26, 0.5)
    axes.set_xlabel("wordings tried")
    axes.set_ylabel("right choices of the best")
    axes.legend(loc="upper left")


def examples() -> style.Table:
    """p(good) after 0 to 5 examples for three wordings of the instruction: exact."""
    ns = range(6)
    table: style.Table = {"examples": [float(n) for n in ns]}
    for wording in prompting.WORDINGS:
        rows = [prompting.answer([wording] + ["fresh: good"] * n) for n in ns]
        table[wording] = [float(row["good"]) for row in rows]
    return table


def draw_examples(table: style.Table, axes: style.Axes) -> None:
    """Three lines that meet."""
    for n, wording in enumerate(prompting.WORDINGS):
        axes.plot(
            table["examples"], table[wording], ("o-", "s--", "^:")[n], color=style.SERIES[n],
            label=wording,
        )  # fmt: skip
    axes.axhline(0.75, color=style.INK, lw=1)
    axes.set_xticks(range(6))
    axes.set_ylim(0, 0.85)
    axes.set_xlabel("examples in the prompt")
    axes.set_ylabel("p(good)")
    axes.legend(loc="lower right")


def shots() -> style.Table:
    """Right choices of the site's GPT with 0 to 2 solved examples in front: texts with their true continuations."""
    texts, answers, options = items()
    table: style.Table = {"examples": [], "right": [], "more": [], "error": []}
    first = None
    for n in range(PAIRS):
        solved = [
            torch.cat([texts.roll(s, 0), answers.roll(s, 0)], 1) for s in range(1, n + 1)
        ]  # of other items
        prompts = torch.cat([*solved, texts], 1)
        right = (log_p(prompts, answers[options]).argmax(1) == 0).double()
        first = right if first is None else first
        more, error = paired(right, first)
        for name, value in zip(table, (float(n), float(right.mean()), more, error), strict=True):
            table[name].append(value)
    return table


def escapes() -> style.Table:
    """Tokens of the held-out text: as it is, with HTML's escapes, and as a JSON string."""
    _, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    forms = {
        "plain": held,
        "html": html.escape(held),
        "json": json.dumps(held, ensure_ascii=False),
    }
    return {name: [float(len(encoded(text)))] for name, text in forms.items()}


FIGURES = [
    style.Recipe("inference/prompting/examples", examples, draw_examples, (400, 270)),
    style.Recipe(
        "inference/prompting/wordings", wordings, draw_wordings, (440, 280), absolute=0.011
    ),
    style.Recipe("inference/prompting/best", best, draw_best, (440, 290), absolute=0.01),
    Numbers("inference/prompting/compared", compared, absolute=0.011),
    Numbers("inference/prompting/shots", shots, absolute=0.011),
    Numbers("inference/prompting/escapes", escapes),
]

if __name__ == "__main__":
    style.main(FIGURES)
