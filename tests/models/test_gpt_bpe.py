"""Byte-pair encoding of docs/models/gpt.md: merges, and the way to tokens and back."""

import itertools

import pytest

from docs.models.gpt import bpe
from scripts.weights import gpt as weights

MERGES = weights.load()[1]

TEXTS = [
    "",
    "a",
    "Attention is",
    "  two  blanks\n\nand lines\t",
    "naïve – “quoted”",
    "🙂🙃 日本",
    "x" * 50,
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_survives_the_way_to_tokens_and_back(text: str) -> None:
    for merges in ([], MERGES):
        tokens = bpe.encode(text, merges)
        assert bpe.decode(tokens, merges) == text
        assert all(0 <= token < 256 + len(merges) for token in tokens)
    assert bpe.encode(text, []) == list(text.encode())


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert bpe.decode([0xF0, 0x9F, 65], []) == "\ufffdA"


def test_the_first_merge_is_the_most_frequent_pair() -> None:
    merges = bpe.train_bpe("aaabdaaabac", 3)
    assert merges[0] == (97, 97)
    assert len(bpe.encode("aaabdaaabac", merges)) == 5  # X d X a c
    assert bpe.train_bpe("ab", 9) == [(97, 98)]  # nothing more to merge
    assert bpe.train_bpe("bz ca", 1) == [(99, 97)]  # all once: the greater first number


def test_merging_by_rank_equals_merging_the_lowest_pair_first() -> None:
    """GPT-2's own procedure: merge the pair that was learnt first, and look again."""
    merges = MERGES
    rank = {pair: i for i, pair in enumerate(merges)}
    text = weights.CORPUS.read_text(encoding="utf-8")[:4000] + " 🙂 unusual-words 123"
    expected: list[int] = []
    for piece in bpe.PIECE.findall(text.encode()):
        word = list(piece)
        while True:
            pairs = [pair for pair in itertools.pairwise(word) if pair in rank]
            if not pairs:
                break
            best = min(pairs, key=lambda pair: rank[pair])
            out, i = [], 0
            while i < len(word):
                if tuple(word[i : i + 2]) == best:
                    out.append(256 + rank[best])
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            word = out
        expected += word
    assert bpe.encode(text, merges) == expected


def test_the_committed_merges_are_learnt_from_the_corpus_and_never_join_two_words() -> None:
    merges = MERGES
    kept, _ = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    assert bpe.train_bpe(kept, 12) == merges[:12]
    for token in range(256, 256 + len(merges)):
        text = bpe.decode([token], merges)
        assert " " not in text[1:] or not text.strip()


def test_the_file_runs_alone(capsys: pytest.CaptureFixture[str]) -> None:
    bpe.main()
    assert capsys.readouterr().out == "20 bytes, 9 tokens: low ·low ·low e r ·low e s t\n"
