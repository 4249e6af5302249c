"""WordPiece and Unigram: two other ways to choose the pieces of a vocabulary and to cut a word into them.

A piece is a string of bytes here, and a word comes with how often it occurs.

    c  how often a piece, or a pair of neighbours, occurs      p  probability of a piece
"""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise


def gains(words: Mapping[tuple[bytes, ...], int]) -> dict[tuple[bytes, bytes], tuple[int, float]]:
    """For each pair of neighbours: its count, which BPE maximises, and count / (count · count) of its parts."""
    single, pairs = Counter[bytes](), Counter[tuple[bytes, bytes]]()
    for word, times in words.items():
        for piece in word:
            single[piece] += times
        for pair in pairwise(word):
            pairs[pair] += times
    return {(a, b): (c, c / (single[a] * single[b])) for (a, b), c in pairs.items()}


# --8<-- [start:wordpiece]
def longest_match(word: bytes, pieces: set[bytes]) -> list[bytes] | None:
    """WordPiece's encoding: from the left, always the longest piece that fits; None is the unknown token."""
    out: list[bytes] = []
    while word:
        ends = [end for end in range(len(word), 0, -1) if word[:end] in pieces]
        if not ends:
            return None
        out.append(word[: ends[0]])
        word = word[ends[0] :]
    return out
    # --8<-- [end:wordpiece]


# --8<-- [start:unigram]
def best_cut(word: bytes, p: Mapping[bytes, float]) -> list[bytes]:
    """Unigram's encoding: the cut with the highest product of probabilities (Viterbi)."""
    # Up to each place: the best logarithm, and where its last piece begins.
    score, start = [0.0], [0]
    for end in range(1, len(word) + 1):
        fits = [s for s in range(end) if word[s:end] in p]
        found = [(score[s] + math.log(p[word[s:end]]), s) for s in fits]
        best, begin = max(found, default=(-math.inf, end - 1))
        score.append(best)
        start.append(begin)
    cut, end = [], len(word)
    while end:
        cut.append(word[start[end] : end])
        end = start[end]
    return cut[::-1]
    # --8<-- [end:unigram]


# --8<-- [start:sum]
def probability(word: bytes, p: Mapping[bytes, float]) -> float:
    """The sum over all cuts of a word: what the unigram model gives to the text itself."""
    total = [1.0]
    for end in range(1, len(word) + 1):
        total.append(sum(total[s] * p.get(word[s:end], 0) for s in range(end)))
    return total[-1]
    # --8<-- [end:sum]


def expected(word: bytes, p: Mapping[bytes, float], longest: int) -> dict[bytes, float]:
    """How often each piece occurs in a word on average over its cuts, each as likely as the model says."""
    n = len(word)
    ahead, behind = [1.0] + [0.0] * n, [0.0] * n + [1.0]
    spans = [
        (s, e) for e in range(1, n + 1) for s in range(max(0, e - longest), e) if word[s:e] in p
    ]
    for s, e in spans:
        ahead[e] += ahead[s] * p[word[s:e]]
    for s, e in sorted(spans, reverse=True):
        behind[s] += p[word[s:e]] * behind[e]
    out = defaultdict[bytes, float](float)
    for s, e in spans:
        out[word[s:e]] += ahead[s] * p[word[s:e]] * behind[e] / ahead[n]
    return out


def fit(words: Mapping[bytes, int], p: Mapping[bytes, float], longest: int) -> dict[bytes, float]:
    """One step of expectation-maximisation: expected counts under p become the new probabilities."""
    total = defaultdict[bytes, float](float)
    for word, times in words.items():
        for piece, n in expected(word, p, longest).items():
            total[piece] += times * n
    whole = sum(total.values()) + 1e-6 * len(p)
    return {piece: (total[piece] + 1e-6) / whole for piece in p}  # none becomes impossible


def many(words: Mapping[bytes, int], most: int, longest: int) -> dict[bytes, float]:
    """The pieces to begin with: those that occur twice at least and save most, with their counts."""
    seeds = Counter[bytes]()
    for word, times in words.items():
        for s in range(len(word)):
            for e in range(s + 2, min(s + longest, len(word)) + 1):
                seeds[word[s:e]] += times
    weight = {piece: n * len(piece) for piece, n in seeds.items() if n > 1}
    keep = heapq.nlargest(most, weight, key=lambda piece: (weight[piece], piece))
    return {piece: float(seeds[piece]) for piece in keep}


# --8<-- [start:prune]
def train_unigram(words: Mapping[bytes, int], size: int, longest: int = 10) -> dict[bytes, float]:
    """Unigram: begin with many pieces, fit their probabilities, drop the least used, repeat.

    Source: kudo2018subword, section 3.2. Departs: drops by expected count times length, not by the loss.
    """
    p = many(words, 4 * size, longest)
    while True:
        p |= {bytes([b]): p.get(bytes([b]), 0.0) + 0.01 for b in range(256)}  # nothing is unknown
        for _ in range(2):
            p = fit(words, p, longest)
        if len(p) <= size:
            return p
        rank = sorted((piece for piece in p if len(piece) > 1), key=lambda x: (p[x] * len(x), x))
        for piece in rank[: max(1, min(len(p) - size, len(p) // 4))]:
            del p[piece]
    # --8<-- [end:prune]


EXAMPLE = {b"ban": 0.2, b"ana": 0.2, b"an": 0.1, b"a": 0.2, b"b": 0.1, b"n": 0.1, b"d": 0.1}


def main() -> None:
    """Cut one word in both ways, and compare the best cut with the sum over all."""
    word = b"bana"
    cut = best_cut(word, EXAMPLE)
    share = math.prod(EXAMPLE[piece] for piece in cut) / probability(word, EXAMPLE)
    print("longest match:", b" ".join(longest_match(word, set(EXAMPLE)) or []).decode())
    print(f"unigram: {b' '.join(cut).decode()}, {share:.3f} of the probability of all cuts")


if __name__ == "__main__":
    main()
