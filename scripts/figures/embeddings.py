"""docs/architectures/embeddings/*.svg: the example's plane, skip-gram and counts, analogies, bottleneck, search."""

import math
from functools import cache

import torch

from docs.architectures.embeddings import embeddings, limits, retrieval
from scripts.figures import style

SEEDS = 5
PAIRS = (500, 1000, 2000, 4000, 8000, 16000, 32000)
FAMILIES, WIDTH = 8, 9
WIDTHS = (1, 2, 3, 4, 5)
STEPS = (0, 10, 20, 30, 40, 60)
SKIPGRAM = (1, 5)
TRAINED, HELD_OUT = torch.arange(24), torch.arange(24, retrieval.TOPICS)


def plane() -> style.Table:
    """The rows of both tables of the example."""
    rows = torch.cat([embeddings.W, embeddings.U])
    return {"x": rows[:, 0].tolist(), "y": rows[:, 1].tolist()}


def draw_plane(table: style.Table, axes: style.Axes) -> None:
    """Words as points, neighbours as arrows, and the way from king to queen."""
    names = (*embeddings.WORDS, *embeddings.NEIGHBOURS)
    points = list(zip(table["x"], table["y"], strict=True))
    for n, (name, (x, y)) in enumerate(zip(names, points, strict=True)):
        if n < len(embeddings.WORDS):
            axes.plot(x, y, "o", color=style.SERIES[0], markersize=9)
            axes.text(x, y + (0.14 if y > 0 else -0.28), name, ha="center", color=style.SERIES[0])
        else:
            head = {"arrowstyle": "-|>", "color": style.SERIES[1], "lw": 2}
            axes.annotate("", (x, y), (0, 0), arrowprops=head)
            axes.text(
                0.62 * x if x else 0,
                1.22 * y + (0.13 if x else 0),
                name,
                ha="center",
                va="center",
                color=style.SERIES[1],
            )
    head = {"arrowstyle": "-|>", "color": style.MUTED, "lw": 1.5, "linestyle": "--"}
    for start, end in ((0, 1), (2, 3)):
        axes.annotate(
            "", points[end], points[start], arrowprops={**head, "shrinkA": 8, "shrinkB": 8}
        )
    axes.set_xlim(-1.6, 1.6)
    axes.set_ylim(-1.45, 1.45)
    axes.set_aspect("equal")
    axes.set_xticks([-1, 0, 1])
    axes.set_yticks([-1, 0, 1])
    axes.set_xlabel("first number")
    axes.set_ylabel("second number")


def skipgram() -> style.Table:
    """Pointwise mutual information of a made corpus, and what skip-gram's inner products become."""
    torch.set_num_threads(1)
    counts = embeddings.corpus(4000, torch.Generator().manual_seed(0), 4)
    table = {"pmi": embeddings.pmi(counts).flatten().tolist()}
    for k in SKIPGRAM:
        w, u = embeddings.skip_gram(counts, len(counts), k)
        table[f"k{k}"] = (w @ u.T).flatten().tolist()
    return table


def draw_skipgram(table: style.Table, axes: style.Axes) -> None:
    """Two clouds on two lines."""
    ends = [min(table["pmi"]) - 0.1, max(table["pmi"]) + 0.1]
    for n, k in enumerate(SKIPGRAM):
        axes.plot(ends, [x - math.log(k) for x in ends], "-", color=style.MUTED, lw=1)
        mark = ("o", "^")[n]
        axes.plot(table["pmi"], table[f"k{k}"], mark, color=style.SERIES[n], markersize=4)
        style.label_line(
            axes, ends[1], ends[1] - math.log(k), f"k = {k}", color=style.SERIES[n], dx=-46, dy=2
        )
    axes.set_xlabel("pointwise mutual information from counts")
    axes.set_ylabel("inner product after training")


def questions() -> list[tuple[int, int, int, int]]:
    """The analogies of the made corpus: a is to b as c is to d."""
    families = [(f, g) for f in range(FAMILIES) for g in range(FAMILIES) if f != g]
    return [
        (2 * f + s, 2 * f + 1 - s, 2 * g + s, 2 * g + 1 - s) for f, g in families for s in (0, 1)
    ]


@cache
def word_vectors(pairs: int, seed: int) -> torch.Tensor:
    """Vectors from the positive part of the mutual information of a corpus of so many pairs."""
    counts = embeddings.corpus(pairs, torch.Generator().manual_seed(seed), FAMILIES)
    return embeddings.factorise(embeddings.pmi(counts).clamp(min=0), WIDTH)[0]


def solved(pairs: int, seed: int, *, exclude: bool) -> tuple[float, float]:
    """Share of the analogies that are solved, and share that answer with the third word itself."""
    vectors = word_vectors(pairs, seed)
    given = [embeddings.analogy(vectors, a, b, c, exclude=exclude) for a, b, c, _ in questions()]
    right = [answer == d for answer, (_, _, _, d) in zip(given, questions(), strict=True)]
    third = [answer == c for answer, (_, _, c, _) in zip(given, questions(), strict=True)]
    return sum(right) / len(right), sum(third) / len(third)


def spread(table: style.Table, name: str, rows: list[list[float]]) -> None:
    """Mean and standard deviation of some seeds, a row for each place."""
    values = torch.tensor(rows).double()
    table[name] = values.mean(1).tolist()
    table[f"{name}_sd"] = values.std(1).tolist()


def analogies() -> style.Table:
    """Solved analogies as the corpus grows, with and without the three given words among the answers."""
    torch.set_num_threads(1)
    table: style.Table = {"pairs": [float(pairs) for pairs in PAIRS]}
    for name, exclude in (("excluded", True), ("allowed", False)):
        found = [[solved(pairs, s, exclude=exclude) for s in range(SEEDS)] for pairs in PAIRS]
        spread(table, name, [[right for right, _ in row] for row in found])
        spread(table, f"{name}_third", [[third for _, third in row] for row in found])
    return table


def band(axes: style.Axes, table: style.Table, x: str, name: str, mark: str, n: int) -> None:
    """A line with its standard deviation."""
    deviation = table[f"{name}_sd"]
    axes.errorbar(table[x], table[name], deviation, fmt=mark, color=style.SERIES[n], capsize=3)


def draw_analogies(table: style.Table, axes: style.Axes) -> None:
    """Two lines."""
    band(axes, table, "pairs", "excluded", "o-", 0)
    band(axes, table, "pairs", "allowed", "s--", 1)
    axes.set_xscale("log")
    axes.set_xticks([500, 2000, 8000, 32000], ["500", "2,000", "8,000", "32,000"])
    axes.minorticks_off()
    axes.set_ylim(0, 1.08)
    axes.text(500, 0.9, "given words excluded", color=style.SERIES[0])
    axes.text(3400, 0.5, "all words allowed", color=style.SERIES[1])
    axes.set_xlabel("pairs in the corpus")
    axes.set_ylabel("share of analogies solved")


def bottleneck() -> style.Table:
    """What tables of each width lose, with one softmax and with two."""
    torch.set_num_threads(1)
    table: style.Table = {"width": [float(width) for width in WIDTHS]}
    p = limits.targets(SEEDS)
    for k in (1, 2):
        spread(table, f"k{k}", [limits.fit(p, width, k).tolist() for width in WIDTHS])
    return table


def draw_bottleneck(table: style.Table, axes: style.Axes) -> None:
    """Two lines."""
    band(axes, table, "width", "k1", "o-", 0)
    band(axes, table, "width", "k2", "s--", 1)
    axes.set_xticks(WIDTHS)
    axes.set_ylim(-0.02, 0.46)
    axes.text(1.25, 0.33, "one softmax", color=style.SERIES[0])
    axes.text(0.95, 0.08, "mixture\nof two", color=style.SERIES[1])
    axes.set_xlabel("numbers of a vector, E")
    axes.set_ylabel("nats above the entropy")


def search() -> style.Table:
    """Recall on new texts as training goes on, for topics that were trained and others that were not."""
    torch.set_num_threads(1)
    table: style.Table = {"steps": [float(steps) for steps in STEPS]}
    tables = [[retrieval.train(TRAINED, steps, seed) for seed in range(SEEDS)] for steps in STEPS]
    for name, topics in (("trained", TRAINED), ("new", HELD_OUT)):
        rows = [
            [retrieval.trial(one, topics, seed) for seed, one in enumerate(row)] for row in tables
        ]
        spread(table, name, [[dense for dense, _, _ in row] for row in rows])
        if name == "trained":
            spread(table, "words", [[shared for _, shared, _ in row] for row in rows])
    return table


def draw_search(table: style.Table, axes: style.Axes) -> None:
    """Three lines."""
    band(axes, table, "steps", "trained", "o-", 0)
    band(axes, table, "steps", "new", "s--", 1)
    band(axes, table, "steps", "words", "^:", 2)
    axes.set_ylim(0, 1.08)
    axes.text(33, 0.86, "vectors, trained topics", color=style.SERIES[0])
    axes.text(12, 0.235, "vectors, topics never trained", color=style.SERIES[1])
    axes.text(44, 0.058, "shared words", color=style.SERIES[2], fontsize=11)
    axes.set_xlabel("training steps")
    axes.set_ylabel("recall@1 on new texts")


FIGURES = [
    style.Recipe("architectures/embeddings/plane", plane, draw_plane, (360, 330)),
    style.Recipe(
        "architectures/embeddings/skipgram", skipgram, draw_skipgram, (400, 300), absolute=0.05
    ),
    style.Recipe("architectures/embeddings/analogies", analogies, draw_analogies, (400, 290)),
    style.Recipe(
        "architectures/embeddings/bottleneck",
        bottleneck,
        draw_bottleneck,
        (380, 290),
        absolute=3e-3,
    ),
    style.Recipe("architectures/embeddings/search", search, draw_search, (420, 300), absolute=0.02),
]

if __name__ == "__main__":
    style.main(FIGURES)
