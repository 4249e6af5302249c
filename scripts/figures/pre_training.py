"""docs/training/pre-training/*.svg: what bands catch, collapse, a leak into the test, copies; a filter, n-grams."""

import math
import random
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import torch

from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import draw_span, span

code: Any = import_module("docs.training.pre-training.pre_training")
corpus: Any = import_module("docs.training.pre-training.corpus")

TEXT = style.DOCS / "inference" / "retrieval" / "passages.txt"  # sentences of this site, kept
SENTENCES = 5  # of a document
BANDS = ((3, 2), (20, 4), (14, 8))  # of the example, of this page's runs, of FineWeb
UNION, DRAWS = 40, 500  # shingles of a pair, orders drawn for each of its similarities
SAMPLES, ROUNDS, RUNS = 10, 40, 4000
REAL = (0, 1, 5)
SEEDS, TESTED, TRAINED, CHANGED = 5, 20, 100, 0.05
LEAKED, COPIED, SOURCES = (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.25, 0.5, 0.75), 4
SHINGLE, RUN_BANDS = 3, BANDS[1]
REPLACED, GRAMS = (0.0, 0.05, 0.1, 0.2, 0.3), (5, 8, 13)
FILTER_SEEDS = 10


@cache
def documents() -> dict[str, list[str]]:
    """Documents of five sentences, by the section of the page that they are from."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    name = ""
    for line in [*TEXT.read_text(encoding="utf-8").splitlines(), "# end"]:
        if line.startswith("# "):
            kept = range(0, len(lines) - SENTENCES + 1, SENTENCES)
            texts = [" ".join(lines[i : i + SENTENCES]) for i in kept]
            found.setdefault(name.partition("/")[0], []).extend(texts)
            name, lines = line[2:], []
        elif line:
            lines.append(line)
    return {name: texts for name, texts in found.items() if texts}


def shuffled(seed: int) -> tuple[list[str], list[str], random.Random]:
    """All documents in a random order, all words, and the source of chance."""
    draw = random.Random(seed)
    texts = [text for part in documents().values() for text in part]
    draw.shuffle(texts)
    return texts, " ".join(texts).split(), draw


def curves() -> style.Table:
    """Share of pairs that become candidates, by the formula and with drawn orders, against their similarity."""
    steps = [i / 20 for i in range(21)]
    table: style.Table = {"similarity": steps}
    names = [f"{i}" for i in range(UNION)]
    for b, r in BANDS:
        table[f"{b} of {r}"] = [code.caught(s, b, r) for s in steps]
        drawn = []
        for s in steps:
            both = round(s * UNION)
            alone = both + (UNION - both) // 2
            left, right = set(names[:alone]), set(names[:both] + names[alone:])
            rows = [code.signature(one, b * r * DRAWS, b) for one in (left, right)]
            equal = (rows[0] == rows[1]).reshape(DRAWS, b, r).all(2).any(1)
            drawn.append(float(equal.mean()))
        table[f"{b} of {r}, drawn"] = drawn
    return table


def draw_curves(table: style.Table, axes: style.Axes) -> None:
    """The formula as lines, drawn orders as marks."""
    for n, (b, r) in enumerate(BANDS):
        colour = style.SERIES[n]
        axes.plot(
            table["similarity"], table[f"{b} of {r}"], color=colour, label=f"{b} bands of {r}"
        )
        axes.plot(table["similarity"], table[f"{b} of {r}, drawn"], "os^"[n], color=colour)
    axes.set_xlabel("Jaccard similarity")
    axes.set_title("share of pairs that are found")
    axes.legend(loc="upper left")


def collapse() -> style.Table:
    """Variance by rounds: mean over runs without, with one and with five real samples of ten, and the typical one."""
    table: style.Table = {"round": [float(t) for t in range(ROUNDS + 1)]}
    for real in REAL:
        found = code.rounds(SAMPLES, real, ROUNDS, RUNS, np.random.default_rng(real))
        table[f"real {real}"] = found.mean(0).tolist()
        table[f"real {real}, error"] = (found.std(0, ddof=1) / math.sqrt(RUNS)).tolist()
        if not real:
            ranked = np.sort(found, 0)[::-1]
            table["real 0, top"] = (ranked[: RUNS // 100].sum(0) / ranked.sum(0)).tolist()
    table["formula"] = [code.expected(SAMPLES, t) for t in range(ROUNDS + 1)]
    found = code.rounds(SAMPLES, 0, ROUNDS, RUNS, np.random.default_rng(9), unbiased=True)
    table["unbiased, typical"] = np.exp(np.log(found).mean(0)).tolist()
    table["unbiased, median"] = np.median(found, 0).tolist()
    slope = code.drift(SAMPLES, unbiased=True)
    table["unbiased, formula"] = [math.exp(slope * t) for t in range(ROUNDS + 1)]
    for real in REAL[1:]:
        table[f"floor {real}"] = [code.floor(SAMPLES, real / SAMPLES)] * (ROUNDS + 1)
    return table


def draw_collapse(table: style.Table, axes: style.Axes) -> None:
    """Runs as lines, formulas dotted."""
    lines = {
        "real 5": "mean, 5 of 10 real", "real 1": "mean, 1 of 10 real", "real 0": "mean, none real",
        "unbiased, typical": "typical, none real, divided by 9",
    }  # fmt: skip
    for n, (name, label) in enumerate(lines.items()):
        axes.plot(table["round"], table[name], color=style.SERIES[n], label=label)
    for name in ("floor 5", "floor 1", "formula", "unbiased, formula"):
        axes.plot(table["round"], table[name], ":", color=style.INK, linewidth=1.2)
    axes.set_yscale("log")
    axes.set_xlabel("rounds")
    axes.set_title("variance of the fitted Gaussian; dotted: formulas")
    axes.legend(loc="lower left", fontsize=10)


def close(texts: list[str], others: list[str]) -> set[int]:
    """Which of the texts share a band with one of the others."""
    b, r = RUN_BANDS
    rows = [code.signature(code.shingles(t, SHINGLE), b * r) for t in [*others, *texts]]
    k = len(others)
    return {n - k for m, n in code.candidates(rows, b) if m < k <= n}


def leak() -> style.Table:
    """Bits a character on the test and on fresh text, with near copies of the test in training, and without them."""
    names = ("test", "fresh", "cured", "control", "found", "wrong")
    runs = {name: np.zeros((len(LEAKED), SEEDS)) for name in names}
    for seed in range(SEEDS):
        texts, words, draw = shuffled(seed)
        test, fresh, rest = texts[:TESTED], texts[TESTED : 2 * TESTED], texts[2 * TESTED :]
        pool, more = rest[:TRAINED], rest[TRAINED : TRAINED + TESTED]
        copies = [corpus.near_copy(text, CHANGED, words, draw) for text in test]
        base: float | None = None
        for row, q in enumerate(LEAKED):
            k = round(q * TESTED)
            read = pool + copies[:k]
            model = corpus.Counts(read)
            dropped = close(read, test)
            runs["found"][row, seed] = sum(n >= TRAINED for n in dropped)
            runs["wrong"][row, seed] = sum(n < TRAINED for n in dropped)
            kept = [text for n, text in enumerate(read) if n not in dropped]
            if base is None or kept != pool:
                base = corpus.Counts(kept).bits(test)
            runs["test"][row, seed] = model.bits(test)
            runs["fresh"][row, seed] = model.bits(fresh)
            runs["cured"][row, seed] = base
        runs["control"][:, seed] = corpus.Counts(pool + more).bits(test)
    table: style.Table = {"share": list(LEAKED)}
    for name in names:
        span(table, name, torch.tensor(runs[name]))
        table[f"{name}, deviation"] = runs[name].std(1, ddof=1).tolist()
    span(table, "gain", torch.tensor(runs["fresh"][:1] - runs["fresh"]))  # seed by seed
    return table


def draw_leak(table: style.Table, axes: style.Axes) -> None:
    """The test with its leak, after deduplication, and fresh text."""
    labels = {
        "cured": "test, copies removed",
        "fresh": "fresh text, leaky training",
        "test": "test, leaky training",
    }
    for n, (name, label) in enumerate(labels.items()):
        draw_span(axes, table, "share", name, n, label)
    axes.set_xlabel("share of the test with a near copy in training")
    axes.set_title("bits a character")
    axes.set_ylim(1.2, 2.6)
    axes.legend(loc="lower left")


def copies() -> style.Table:
    """Bits a character on a test when a share of a fixed budget of documents are near copies of four of them."""
    runs = {
        name: np.zeros((len(COPIED), SEEDS)) for name in ("kept", "removed", "refilled", "left")
    }
    for seed in range(SEEDS):
        texts, words, draw = shuffled(100 + seed)
        test, pool = texts[:TESTED], texts[TESTED : TESTED + TRAINED]
        full = corpus.Counts(pool).bits(test)
        for row, share in enumerate(COPIED):
            unique = pool[: round((1 - share) * TRAINED)]
            made = [
                corpus.near_copy(unique[n % SOURCES], CHANGED, words, draw)
                for n in range(TRAINED - len(unique))
            ]
            b, r = RUN_BANDS
            read = unique + made
            rows = [code.signature(code.shingles(text, SHINGLE), b * r) for text in read]
            left = code.keep(len(read), code.candidates(rows, b))
            runs["left"][row, seed] = len(left)
            runs["kept"][row, seed] = corpus.Counts(read).bits(test) if share else full
            runs["removed"][row, seed] = corpus.Counts([read[n] for n in left]).bits(test)
            runs["refilled"][row, seed] = full
    table: style.Table = {"share": list(COPIED)}
    for name, found in runs.items():
        span(table, name, torch.tensor(found))
        table[f"{name}, deviation"] = found.std(1, ddof=1).tolist()
    return table


def draw_copies(table: style.Table, axes: style.Axes) -> None:
    """Copies kept, removed, and replaced by fresh documents."""
    labels = {
        "kept": "copies kept",
        "removed": "copies removed",
        "refilled": "replaced by fresh text",
    }
    for n, (name, label) in enumerate(labels.items()):
        draw_span(axes, table, "share", name, n, label)
    axes.set_xlabel("share of training documents that are near copies")
    axes.set_title("bits a character on a test")
    axes.legend(loc="upper left")


def filtered() -> style.Table:
    """What a filter that likes one section keeps of another, and what both cost, in bits a character."""
    table: style.Table = {}
    for seed in range(FILTER_SEEDS):
        draw = random.Random(seed)
        parts = [list(documents()[name]) for name in ("architectures", "models")]
        for part in parts:
            draw.shuffle(part)
        (other, good), (tests_other, tests_good) = (
            [p[20:100] for p in parts],
            [p[-20:] for p in parts],
        )
        odds = corpus.scorer(parts[1][:20], parts[0][:20])
        kept = corpus.best(other + good, odds, 0.5)
        sets = {
            "filter": kept,
            "chance": draw.sample(other + good, len(kept)),
            "by section": corpus.best(other, odds, 0.5) + corpus.best(good, odds, 0.5),
        }
        for name, texts in sets.items():
            model = corpus.Counts(texts)
            table.setdefault(f"{name}, other", []).append(model.bits(tests_other))
            table.setdefault(f"{name}, liked", []).append(model.bits(tests_good))
        table.setdefault("other kept", []).append(sum(t in other for t in kept) / len(other))
        table.setdefault("liked kept", []).append(sum(t in good for t in kept) / len(good))
    return table


def shared() -> style.Table:
    """Share of tests flagged for a common run of n words, by the share of words that their copy has replaced."""
    texts, words, draw = shuffled(0)
    table: style.Table = {"replaced": list(REPLACED)}
    for n in GRAMS:
        flagged = []
        for rate in REPLACED:
            pairs = [(t, corpus.near_copy(t, rate, words, draw)) for t in texts]
            hits = [corpus.overlapping([t], [copy], n)[0] for t, copy in pairs]
            flagged.append(sum(hits) / len(hits))
        table[f"{n} words"] = flagged
        alone = [
            corpus.overlapping([t], texts[:i] + texts[i + 1 :], n)[0]
            for i, t in enumerate(texts[:40])
        ]
        table[f"{n} words, no copy"] = [sum(alone) / len(alone)] * len(REPLACED)
    return table


FIGURES = [
    style.Recipe(
        "training/pre-training/bands", curves, draw_curves, size=(440, 300), absolute=0.02
    ),
    style.Recipe("training/pre-training/collapse", collapse, draw_collapse, size=(440, 320)),
    style.Recipe("training/pre-training/leak", leak, draw_leak, size=(440, 300)),
    style.Recipe("training/pre-training/copies", copies, draw_copies, size=(440, 300)),
    Numbers("training/pre-training/filter", filtered),
    Numbers("training/pre-training/shared", shared),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main([figure for figure in FIGURES if figure.drawings])
