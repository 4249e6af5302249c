"""Find passages for a question and put them into a prompt: BM25, vectors, their fusion, and how good each is.

    N  passages        V  different words        E  numbers of a vector        k  passages that are used

Run as a program it prints the scores of the page's example beside those that a pencil gives.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

K1, B = 1.2, 0.75
"""The usual settings of BM25: how fast a repeated word counts less, how much length is paid for."""


def words(text: str) -> list[str]:
    """The words of a text in small letters."""
    return re.findall(r"\w+", text.lower())


@dataclass(frozen=True)
class Chunk:
    """The words from `start` to before `stop` of a document."""

    document: str
    start: int
    stop: int
    words: tuple[str, ...] = field(repr=False)

    def holds(self, answer: tuple[str, int, int]) -> bool:
        """Whether an answer, a document with its first word and the one after its last, lies whole in it."""
        document, start, stop = answer
        return self.document == document and self.start <= start and stop <= self.stop


# --8<-- [start:cut]
def cut(document: str, text: Sequence[str], size: int, overlap: int = 0) -> list[Chunk]:
    """Chunks of `size` words, each with the last `overlap` words of the one before."""
    found = []
    for start in range(0, max(len(text) - overlap, 1), size - overlap):
        found.append(Chunk(document, start, start + size, tuple(text[start : start + size])))
    return found


def cut_sentences(document: str, sentences: Sequence[str], size: int) -> list[Chunk]:
    """Chunks of whole sentences, of at most `size` words if no sentence is longer."""
    found: list[Chunk] = []
    for sentence in sentences:
        new = tuple(words(sentence))
        last = found[-1] if found else Chunk(document, 0, 0, ())
        if found and len(last.words) + len(new) <= size:
            found[-1] = Chunk(document, last.start, last.stop + len(new), last.words + new)
        else:
            found.append(Chunk(document, last.stop, last.stop + len(new), new))
    return found
    # --8<-- [end:cut]


class BM25:
    """An inverted index: for each word the passages that have it, and how often."""

    def __init__(self, passages: Sequence[Sequence[str]]) -> None:
        self.lengths = [len(passage) for passage in passages]
        self.mean = sum(self.lengths) / len(passages)
        self.postings: dict[str, dict[int, int]] = {}
        for number, passage in enumerate(passages):
            for word, count in Counter(passage).items():
                self.postings.setdefault(word, {})[number] = count

    # --8<-- [start:bm25]
    def idf(self, word: str) -> float:
        """How telling a word is, in nats."""
        n = len(self.postings.get(word, ()))
        return math.log(1 + (len(self.lengths) - n + 0.5) / (n + 0.5))

    def scores(self, question: Sequence[str]) -> list[float]:
        """The score of each passage; only passages that share a word with the question are touched."""
        total = [0.0] * len(self.lengths)
        for word in question:
            for number, f in self.postings.get(word, {}).items():
                norm = 1 - B + B * self.lengths[number] / self.mean
                total[number] += self.idf(word) * f * (K1 + 1) / (f + K1 * norm)
        return total
        # --8<-- [end:bm25]


class Latent:
    """Passages as vectors by latent semantic analysis: the E strongest directions of a table of counts."""

    def __init__(self, passages: Sequence[Sequence[str]], width: int) -> None:
        names = sorted({word for passage in passages for word in passage})
        self.column = {word: number for number, word in enumerate(names)}
        counts = torch.stack([self.counts(passage) for passage in passages])
        self.weight = torch.log(len(passages) / (counts > 0).sum(0)) + 1
        self.table = functional.normalize(self.weigh(counts))
        _, self.strengths, directions = torch.linalg.svd(self.table, full_matrices=False)
        self.directions = directions[:width].T  # (V, E)
        self.vectors = functional.normalize(self.table @ self.directions)

    def counts(self, text: Sequence[str]) -> Tensor:
        """How often each known word stands in a text: (V,). Source: definition."""
        row = torch.zeros(len(self.column))
        for word in text:
            if word in self.column:
                row[self.column[word]] += 1
        return row

    # --8<-- [start:latent]
    def weigh(self, counts: Tensor) -> Tensor:
        """Rare words weigh more: counts (N, V) to (N, V). Source: definition."""
        return (counts + (counts == 0)).log().add(1) * (counts > 0) * self.weight

    def encode(self, text: Sequence[str]) -> Tensor:
        """The vector of a text, of length 1: (E,). Source: definition."""
        row = self.weigh(self.counts(text)) @ self.directions
        return functional.normalize(row, dim=0)

    def scores(self, question: Sequence[str]) -> list[float]:
        """The cosine of each passage with the question."""
        found: list[float] = (self.vectors @ self.encode(question)).tolist()
        return found
        # --8<-- [end:latent]


def ranked(scores: Sequence[float]) -> list[int]:
    """The numbers of the passages, best first; of equal scores the earlier passage first."""
    return sorted(range(len(scores)), key=lambda number: -scores[number])


# --8<-- [start:fuse]
def fuse(rankings: Sequence[Sequence[int]], kappa: float = 60) -> list[int]:
    """Reciprocal rank fusion of rankings of the same passages, best first."""
    total = [0.0] * len(rankings[0])
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            total[number] += 1 / (kappa + rank)
    return ranked(total)
    # --8<-- [end:fuse]


# --8<-- [start:rerank]
def nearness(
    question: Sequence[str], passage: Sequence[str], idf: dict[str, float], width: int = 12
) -> float:
    """A rule in place of a cross-encoder: the most that the question's words weigh in `width` words in a row."""
    wanted = set(question)
    best = 0.0
    for start in range(max(len(passage) - width, 0) + 1):
        best = max(best, sum(idf[word] for word in wanted & set(passage[start : start + width])))
    return best


def rerank(
    question: Sequence[str],
    passages: Sequence[Sequence[str]],
    ranking: list[int],
    index: BM25,
    depth: int = 20,
) -> list[int]:
    """Read the first `depth` passages of a ranking together with the question and sort them anew."""
    idf = {word: index.idf(word) for word in question}
    score = {number: nearness(question, passages[number], idf) for number in ranking[:depth]}
    return sorted(ranking[:depth], key=lambda number: -score[number]) + ranking[depth:]
    # --8<-- [end:rerank]


# --8<-- [start:measure]
def reciprocal_rank(ranking: Sequence[int], relevant: set[int]) -> float:
    """One over the rank of the first relevant passage, 0 without one."""
    return next((1 / rank for rank, n in enumerate(ranking, start=1) if n in relevant), 0.0)


def recall(ranking: Sequence[int], relevant: set[int], k: int) -> float:
    """The share of the relevant passages that stands among the first k."""
    return len(relevant & set(ranking[:k])) / len(relevant)


def ndcg(ranking: Sequence[int], gain: Sequence[float], k: int) -> float:
    """Gains discounted by the logarithm of the rank, by the most that an order could have."""

    def dcg(order: Sequence[int]) -> float:
        return sum(gain[n] / math.log2(rank + 1) for rank, n in enumerate(order[:k], start=1))

    return dcg(ranking) / dcg(ranked(gain))
    # --8<-- [end:measure]


def example() -> tuple[list[str], list[list[str]]]:
    """The question and the three passages of the page, as words."""
    texts = (
        "library hours: see door",
        "friday reading rooms shut at noon",
        "friday is film night at the town library",
    )
    return words("library hours friday"), [words(text) for text in texts]


def main() -> None:
    """Print the scores of the example, and the same by hand."""
    question, passages = example()
    found = BM25(passages).scores(question)
    rare, common = math.log(8 / 3), math.log(8 / 5)
    by_hand = (2.2 / 1.9 * (rare + common), common, 2 * 0.88 * common)
    for number, (score, known) in enumerate(zip(found, by_hand, strict=True), start=1):
        print(f"passage {number}: {score:.3f}, by hand {known:.3f}")


if __name__ == "__main__":
    main()
