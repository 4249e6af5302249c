"""WordPiece and Unigram of docs/architectures/tokens.md against enumeration, and the three ways compared."""

import itertools
import math
import random
import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

from docs.architectures.tokens import subwords, tokens
from scripts.figures import tokens as figures
from scripts.printed.values import Each, From
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "tokens.md"
P = subwords.EXAMPLE
said = sayings(PAGE)
rows_of = tables(PAGE)


def cuts(word: bytes, p: dict[bytes, float] = P) -> list[list[bytes]]:
    """All cuts of a word, by trying every set of borders."""
    if not word:
        return [[]]
    found = []
    for borders in itertools.product((False, True), repeat=max(len(word) - 1, 0)):
        places = [0, *(i for i, border in enumerate(borders, 1) if border), len(word)]
        cut = [word[a:b] for a, b in itertools.pairwise(places)]
        if all(piece in p for piece in cut):
            found.append(cut)
    return found


def product(cut: list[bytes]) -> float:
    """The probability of a cut."""
    return math.prod(P[piece] for piece in cut)


def words(count: int = 60) -> list[bytes]:
    """Random words of the example's letters."""
    draw = random.Random(1)
    return [bytes(draw.choices(b"band", k=draw.randrange(1, 10))) for _ in range(count)]


def test_the_best_cut_and_the_sum_equal_those_of_enumeration() -> None:
    for word in words():
        every = cuts(word)
        assert product(subwords.best_cut(word, P)) == pytest.approx(max(map(product, every)))
        assert b"".join(subwords.best_cut(word, P)) == word
        assert subwords.probability(word, P) == pytest.approx(sum(map(product, every)))


@pytest.mark.equation("eq-tokens-marginal")
def test_a_word_has_the_sum_of_its_cuts(printed: Equations) -> None:
    word = b"banan"
    every = cuts(word)
    pieces = sorted(P)
    printed("eq-tokens-marginal").holds(
        {
            "P(w)": subwords.probability(word, P),
            "K": len(every),
            r"\pi": [product(cut) for cut in every],
            "p": lambda piece: P[pieces[round(piece)]],
            "x": [[*map(pieces.index, cut), *[0] * (9 - len(cut))] for cut in every],
            "n": [len(cut) for cut in every],
            "k": Each(range(1, len(every) + 1)),
        },
        free=("x",),  # numbers of pieces, which have no tenth
    )


@pytest.mark.equation("eq-tokens-forward")
def test_sum_and_best_go_from_left_to_right(printed: Equations) -> None:
    word = b"banan"
    ends = range(len(word) + 1)
    every = [cuts(word[:end]) for end in ends]
    between = [[P.get(word[s:e], 0.0) for e in ends[1:]] for s in ends]
    printed("eq-tokens-forward").holds(
        {
            r"\alpha": From(0, [sum(map(product, found)) for found in every]),
            r"\beta": From(0, [max(map(product, found)) for found in every]),
            "p": From(0, between),
            "e": Each([1, 2, 3, 4, 5]),
            "s": Each([0, 1, 2, 3, 4]),
        }
    )
    printed.excuse(
        r"\alpha_{e} = \sum_{s = 0}^{e} ⟨\alpha_{s} p_{s e}⟩",
        "no piece is empty: its probability is zero",
    )


@pytest.mark.equation("eq-tokens-expected")
def test_expected_counts_are_means_over_the_cuts(printed: Equations) -> None:
    word = b"banana"
    every = cuts(word)
    found = subwords.expected(word, P, 10)
    for piece in P:
        by_hand = sum(product(cut) * cut.count(piece) for cut in every) / sum(map(product, every))
        assert found.get(piece, 0) == pytest.approx(by_hand)
    seen = [piece for piece in sorted(P) if piece in found]
    printed("eq-tokens-expected").holds(
        {
            r"\bar n": [found[piece] for piece in seen],
            "K": len(every),
            r"\pi": [product(cut) for cut in every],
            "P(w)": subwords.probability(word, P),
            "n": [[cut.count(piece) for cut in every] for piece in seen],
            "v": Each(range(1, len(seen) + 1)),
        }
    )


@pytest.mark.equation("eq-tokens-bound")
def test_one_cut_costs_more_than_the_text(printed: Equations) -> None:
    for word, cut in ((b"bana", [b"b", b"a", b"n", b"a"]), (b"nd", [b"n", b"d"])):
        printed("eq-tokens-bound").holds(
            {"P(w)": subwords.probability(word, P), r"\pi_k": product(cut)},
            free=("P(w)", r"\pi_k") if len(word) > 2 else (),
        )
    best = product(subwords.best_cut(b"bana", P)) / subwords.probability(b"bana", P)
    said(f"for *bana* by $-\\log {best:.3f} = {-math.log(best):.3f}$ nats")


@pytest.mark.equation("eq-tokens-pmi")
def test_the_ratio_of_counts_is_pointwise_mutual_information(printed: Equations) -> None:
    split = {tuple(bytes([b]) for b in word): 1 for word in (b"banana", b"bandana")}
    count, ratio = subwords.gains(split)[b"a", b"n"]
    letters = Counter(b"bananabandana")
    printed("eq-tokens-pmi").holds(
        {
            "c_{ab}": count,
            "c_a": letters[ord("a")],
            "c_b": letters[ord("n")] + 0.0,
            "N": letters.total(),
            r"\frac{c_{ab}}{c_a\, c_b}": ratio,
        },
        free=("N",),  # it cancels
    )


def nats(words: list[list[bytes]]) -> float:
    """The logarithm of the probability of words whose pieces are drawn one by one, each with its share."""
    count = Counter(piece for word in words for piece in word)
    return sum(n * math.log(n / count.total()) for n in count.values())


def joined(word: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    """A word in which a pair of neighbours has become one piece."""
    out: list[bytes] = []
    for piece in word:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return out


@pytest.mark.equation("eq-tokens-shares")
def test_pieces_drawn_alone_have_the_product_of_their_shares(printed: Equations) -> None:
    split = [[bytes([b]) for b in word] for word in (b"banana", b"bandana")]
    count = Counter(piece for word in split for piece in word)
    kinds = sorted(count)
    printed("eq-tokens-shares").holds(
        {
            r"\log p": nats(split),
            "c": [count[kind] for kind in kinds],
            "N": count.total(),
            "v": Each(range(1, len(kinds) + 1)),
        }
    )


def test_the_three_choices_of_a_first_merge() -> None:
    split = [[bytes([b]) for b in word] for word in (b"banana", b"bandana")]
    gains = subwords.gains({tuple(word): 1 for word in split})
    single = Counter(b"bananabandana")
    rows = rows_of("tab-tokens-wordpiece")
    assert len(rows) == len(gains)
    likelier = {}
    for name, count, ratio, gain in rows:
        a, b = (part.encode() for part in name.strip("`").split())
        known, value = gains[a, b]
        parts = f"{known} / ({single[ord(a)]} · {single[ord(b)]}) = {value:.3f}"
        likelier[a, b] = nats([joined(word, (a, b)) for word in split]) - nats(split)
        assert (count, ratio, gain) == (str(known), parts, f"{likelier[a, b]:.3f}")
    assert max(gains, key=lambda pair: gains[pair][0]) == (b"a", b"n")
    assert max(gains, key=lambda pair: gains[pair][1]) == (b"n", b"d")
    assert max(likelier, key=likelier.__getitem__) == (b"a", b"n")
    said("The guess joins `n d`", "The likelihood joins `a n`, as BPE does.")


def test_the_cuts_of_bana() -> None:
    every = cuts(b"bana")
    whole = sum(map(product, every))
    rows = rows_of("tab-tokens-cuts")
    told = {tuple(re.findall(r"\w+", row[0])): row for row in rows}
    assert set(told) == {tuple(piece.decode() for piece in cut) for cut in every}
    for cut in every:
        _, term, share = told[tuple(piece.decode() for piece in cut)]
        factors = " · ".join(str(P[piece]) for piece in cut)
        assert term == f"{factors} = {product(cut):.4f}".rstrip("0")
        assert share == f"{product(cut) / whole:.3f}"
    said(f"The cuts of *bana*; together {whole:.4f}")
    assert {P[x] for x in (b"ban", b"ana", b"a")} == {0.2}
    assert {P[x] for x in (b"an", b"b", b"n", b"d")} == {0.1}
    assert sum(P.values()) == pytest.approx(1)
    said("have the probability 0.2 each, and `an`, `b`, `n`, `d` 0.1 each")


def test_longest_match_and_the_unknown_token() -> None:
    pieces = {*map(bytes, zip(b"band", strict=True)), b"an", b"ana", b"ban"}
    assert subwords.longest_match(b"bana", pieces) == [b"ban", b"a"]
    assert subwords.longest_match(b"", pieces) == []
    assert subwords.longest_match(b"banz", pieces) is None
    assert subwords.best_cut(b"bana", P) == [b"ban", b"a"]


def test_three_ways_make_texts_about_equally_short() -> None:
    training = Counter(tokens.split(figures.texts("English", held_out=False)))
    text = figures.texts("English", held_out=True)
    for size, bpe, longest, unigram in rows_of("tab-tokens-compared"):
        entries = int(size.replace(",", ""))
        merges = figures.english_merges()[: entries - 256]
        p = subwords.train_unigram(training, entries)
        assert len(p) == entries
        assert sum(p.values()) == pytest.approx(1)
        assert all(bytes([byte]) in p for byte in range(256))
        pieces = set(tokens.vocabulary(merges))
        matched = [subwords.longest_match(word, pieces) or [] for word in tokens.split(text)]
        best = [subwords.best_cut(word, p) for word in tokens.split(text)]
        assert b"".join(b"".join(cut) for cut in best) == text
        counts = len(tokens.encode(text, merges)), sum(map(len, matched)), sum(map(len, best))
        assert [f"{len(text) / n:.2f}" for n in counts] == [bpe, longest, unigram]


def test_fitting_makes_the_training_words_likelier() -> None:
    training = Counter(tokens.split(figures.texts("English", held_out=False)))
    p = subwords.many(training, 200, 6) | {bytes([byte]): 1.0 for byte in range(256)}
    total = sum(p.values())
    p = {piece: value / total for piece, value in p.items()}
    losses = []
    for _ in range(3):
        nats = [-n * math.log(subwords.probability(w, p)) for w, n in training.items()]
        losses.append(sum(nats))
        p = subwords.fit(training, p, 6)
    assert losses[0] > losses[1] > losses[2]


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "tokens" / "subwords.py"), run_name="__main__")
    assert "ban a, 0.641" in capsys.readouterr().out
