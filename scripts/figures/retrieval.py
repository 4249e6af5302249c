"""docs/inference/retrieval/*.svg: answers found in this site's own text, by method and by chunk; nearest neighbours.

The text and the questions are a snapshot, passages.txt and questions.tsv, so that no edit of a page moves
a number. `python3 -m scripts.figures.passages` takes a new one.
"""

import csv
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch

from docs.inference.retrieval import nearest, retrieval
from scripts.figures import seeds, style

FOLDER = style.DOCS / "inference" / "retrieval"
METHODS = (
    "BM25",
    "latent vectors",
    "both, fused",
    "BM25, reranked",
    "BM25, beginnings\nand letters",
)
SIZES = (25, 50, 100, 200, 400)
WORDS, K, WIDTH, BUDGET = 100, 5, 128, 400
DRAWS = 2000
OPENING, LETTERS = 3, 4
COUNT, NUMBERS, CELLS, ASKED, SEEDS = 3000, 32, 64, 50, 3
PROBES, BEAMS = (1, 2, 4, 8, 16, 32), (10, 20, 40, 80, 160)
FREQUENT = frozenset(
    "a an and are as at be by can could do does did for from how if in into is it its not of on one or that the"
    " this to was what when where which who why with".split()
)


@cache
def collection() -> dict[str, list[str]]:
    """The snapshot of this site's text: for each page its sentences."""
    pages: dict[str, list[str]] = {}
    for line in (FOLDER / "passages.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            sentences = pages.setdefault(line[2:], [])
        else:
            sentences.append(line)
    return pages


@cache
def questions() -> list[list[str]]:
    """Rows of an answer, a question in the words of the page and one in other words."""
    with (FOLDER / "questions.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def place(answer: str) -> tuple[str, int, int]:
    """Where an answer stands: page, first word, the word after its last. Raises ValueError if nowhere."""
    wanted = retrieval.words(answer)
    for page, sentences in collection().items():
        text = retrieval.words(" ".join(sentences))
        for start in range(len(text) - len(wanted) + 1):
            if text[start : start + len(wanted)] == wanted:
                return page, start, start + len(wanted)
    raise ValueError(f"no page says {answer!r}")


@cache
def places() -> list[tuple[str, int, int]]:
    """Where each answer stands."""
    return [place(row[0]) for row in questions()]


def chunks(form: str, size: int) -> list[retrieval.Chunk]:
    """The whole collection in chunks: `apart`, overlapping by `half`, or of whole `sentences`."""
    found = []
    for page, sentences in collection().items():
        if form == "sentences":
            found += retrieval.cut_sentences(page, sentences, size)
        else:
            overlap = size // 2 if form == "half" else 0
            found += retrieval.cut(page, retrieval.words(" ".join(sentences)), size, overlap)
    return found


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the middle 95 % of the means of samples drawn again from the answers: (answers,)."""
    drawn = np.random.default_rng(0).integers(len(values), size=(DRAWS, len(values)))
    low, high = np.percentile(values[drawn].mean(1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def pieces(text: Sequence[str]) -> list[str]:
    """The words that are not too frequent, as overlapping pieces of four letters with their borders."""
    marked = [f"_{word}_" for word in text if word not in FREQUENT]
    return [w[i : i + LETTERS] for w in marked for i in range(max(len(w) - LETTERS + 1, 1))]


def with_opening(chunk: retrieval.Chunk) -> list[str]:
    """A chunk with its page's name and first sentences before it, as pieces."""
    opening = " ".join(collection()[chunk.document][:OPENING])
    name = chunk.document.rpartition("/")[2]
    return pieces([*retrieval.words(f"{name} {opening}"), *chunk.words])


@cache
def rankers() -> list[Callable[[list[str]], list[int]]]:
    """The five methods, each from the words of a question to a ranking of the passages."""
    passages = [chunk.words for chunk in chunks("sentences", WORDS)]
    index = retrieval.BM25(passages)
    latent = retrieval.Latent(passages, WIDTH)
    letters = retrieval.BM25([with_opening(chunk) for chunk in chunks("sentences", WORDS)])

    def by_words(q: list[str]) -> list[int]:
        return retrieval.ranked(index.scores(q))

    def by_vectors(q: list[str]) -> list[int]:
        return retrieval.ranked(latent.scores(q))

    return [
        by_words,
        by_vectors,
        lambda q: retrieval.fuse([by_words(q), by_vectors(q)]),
        lambda q: retrieval.rerank(q, passages, by_words(q), index),
        lambda q: retrieval.ranked(letters.scores(pieces(q))),
    ]


def relevant(found: list[retrieval.Chunk]) -> list[set[int]]:
    """For each answer the chunks that hold it whole."""
    return [{n for n, chunk in enumerate(found) if chunk.holds(at)} for at in places()]


def recall() -> style.Table:
    """Share of the answers among the first five passages, and mean reciprocal rank, with intervals."""
    torch.set_num_threads(1)
    table: style.Table = {}
    held = relevant(chunks("sentences", WORDS))
    for wording in (1, 2):
        asked = [retrieval.words(row[wording]) for row in questions()]
        base: dict[int, np.ndarray] = {}
        for method, ranker in enumerate(rankers()):
            rankings = [ranker(q) for q in asked]
            found = {
                k: np.array(
                    [bool(h & set(r[:k])) for r, h in zip(rankings, held, strict=True)], float
                )
                for k in (1, K, 20)
            }
            ranks = [retrieval.reciprocal_rank(r, h) for r, h in zip(rankings, held, strict=True)]
            base = base if method else found
            row = {"wording": wording, "method": method, "first": found[1].mean()}
            row |= zip(("recall", "low", "high"), interval(found[K]), strict=True)
            row |= zip(("more", "more low", "more high"), interval(found[K] - base[K]), strict=True)
            names = ("more of 20", "more of 20 low", "more of 20 high")
            row |= zip(names, interval(found[20] - base[20]), strict=True)
            row |= {"of 20": found[20].mean(), "mrr": float(np.mean(ranks))}
            for name, value in row.items():
                table.setdefault(name, []).append(float(value))
    return table


def draw_recall(table: style.Table, axes: style.Axes) -> None:
    """A row for each method, a mark for each wording, with its interval."""
    for n, (wording, mark, label) in enumerate(
        ((1, "o", "words of the page"), (2, "s", "other words"))
    ):
        rows = [i for i, value in enumerate(table["wording"]) if value == wording]
        value = [table["recall"][i] for i in rows]
        axes.errorbar(
            value,
            [table["method"][i] + 0.24 * (n - 0.5) for i in rows],
            xerr=[
                [v - table["low"][i] for v, i in zip(value, rows, strict=True)],
                [table["high"][i] - v for v, i in zip(value, rows, strict=True)],
            ],
            fmt=mark,
            color=style.SERIES[n],
            capsize=3,
            label=label,
        )
    axes.set_yticks(range(len(METHODS)), METHODS)
    axes.set_ylim(len(METHODS) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("answers among the first five passages")
    axes.legend(loc="center", bbox_to_anchor=(0.58, 0.5))


def fitting(ranking: list[int], lengths: list[int]) -> set[int]:
    """The best chunks, as many as fit whole into the budget of words."""
    taken: set[int] = set()
    left = BUDGET
    for number in ranking:
        left -= lengths[number]
        if left < 0:
            break
        taken.add(number)
    return taken


def by_size() -> style.Table:
    """Answers found within 400 words by BM25, for three ways to cut and five sizes of chunk."""
    table: style.Table = {"size": [float(size) for size in SIZES]}
    asked = [retrieval.words(row[1]) for row in questions()]
    for form in ("apart", "half", "sentences"):
        for size in SIZES:
            made = chunks(form, size)
            held = relevant(made)
            index = retrieval.BM25([chunk.words for chunk in made])
            tops = [fitting(retrieval.ranked(index.scores(q)), index.lengths) for q in asked]
            found = np.array([bool(h & top) for h, top in zip(held, tops, strict=True)], float)
            row = dict(zip(("", ", low", ", high"), interval(found), strict=True))
            row |= {", cut": float(sum(not h for h in held)), ", chunks": float(len(made))}
            row |= {", words": float(sum(len(chunk.words) for chunk in made))}
            for name, value in row.items():
                table.setdefault(form + name, []).append(value)
    return table


def draw_by_size(table: style.Table, axes: style.Axes) -> None:
    """Three lines, with the interval of whole sentences."""
    names = {"sentences": "whole sentences", "half": "half overlapping", "apart": "apart"}
    for n, (form, label) in enumerate(names.items()):
        axes.plot(table["size"], table[form], seeds.MARKS[n], color=style.SERIES[n], label=label)
    low, high = table["sentences, low"], table["sentences, high"]
    axes.fill_between(table["size"], low, high, color=style.SERIES[0], alpha=0.15, lw=0)
    axes.set_xscale("log")
    axes.set_xticks(table["size"], [f"{size:g}" for size in table["size"]])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("words in a chunk")
    axes.set_ylabel("answers within 400 words")
    axes.legend(loc="lower center")


def near() -> style.Table:
    """Recall of the ten nearest, and the share of inner products that it took: 0 cells, 1 graph; groups or not."""
    torch.set_num_threads(1)
    table: style.Table = {name: [] for name in ("index", "groups", "setting")}
    results: dict[tuple[int, int, int], list[tuple[float, float]]] = {}
    for groups in (50, 0):
        for seed in range(SEEDS):
            draw = torch.Generator().manual_seed(seed)
            every = nearest.vectors(COUNT + ASKED, NUMBERS, groups, draw)
            x, asked = every[:COUNT], every[COUNT:]
            true = [set((x @ q).topk(10).indices.tolist()) for q in asked]
            made = (nearest.Cells(x, CELLS, draw), nearest.Graph(x, 8, 2, draw))
            for index, settings in enumerate((PROBES, BEAMS)):
                for setting in settings:
                    found = [made[index].search(q, 10, setting) for q in asked]
                    right = sum(len(t & set(f[0])) for t, f in zip(true, found, strict=True))
                    read = sum(f[1] for f in found) / ASKED / COUNT
                    results.setdefault((index, groups, setting), []).append(
                        (right / ASKED / 10, read)
                    )
    for key, values in results.items():
        for name, number in zip(("index", "groups", "setting"), key, strict=True):
            table[name].append(float(number))
        for name, column in zip(("recall", "read"), zip(*values, strict=True), strict=True):
            seeds.put(table, name, list(column))
    return table


def draw_near(table: style.Table, panels: list[style.Axes]) -> None:
    """Left vectors in groups, right vectors without order."""
    for axes, groups, title in zip(panels, (50, 0), ("in groups", "without groups"), strict=True):
        for index, label in enumerate(("cells", "graph")):
            rows = [
                i
                for i in range(len(table["index"]))
                if (table["index"][i], table["groups"][i]) == (index, groups)
            ]
            axes.errorbar(
                [table["read"][i] for i in rows],
                [table["recall"][i] for i in rows],
                yerr=[table["recall, deviation"][i] for i in rows],
                fmt=seeds.MARKS[index],
                color=style.SERIES[index],
                label=label,
            )
        axes.set_title(title)
        axes.set_xlim(0, 0.55)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("share compared")
    panels[0].set_ylabel("recall of the ten nearest")
    panels[1].set_yticklabels([])
    panels[0].legend(loc="lower right")


FIGURES = [
    style.Recipe("inference/retrieval/recall", recall, draw_recall, (400, 330), absolute=1e-4),
    style.Recipe("inference/retrieval/chunks", by_size, draw_by_size, (380, 280)),
    style.Recipe("inference/retrieval/nearest", near, draw_near, (400, 260), (1, 2), absolute=0.01),
]

if __name__ == "__main__":
    style.main(FIGURES)
