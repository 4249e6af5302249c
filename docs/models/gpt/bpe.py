"""Byte-pair encoding after GPT-2, with a simpler cut into pieces: text to tokens and back.

A token is a number: below 256 a byte, above it the pair of tokens that was merged, in the order of learning.
"""

import re
from collections import Counter
from itertools import pairwise

Pair = tuple[int, int]
PIECE = re.compile(rb" ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9 \t-\r]+|[ \t-\r]+")


def train_bpe(text: str, merges: int) -> list[Pair]:
    """Learn byte-pair merges: again and again, the most frequent pair becomes a new token."""
    words = Counter(tuple(piece) for piece in PIECE.findall(text.encode()))
    learnt: list[Pair] = []
    for new in range(256, 256 + merges):
        counts: Counter[Pair] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                counts[pair] += times
        if not counts:
            break
        learnt.append(max(counts, key=lambda pair: (counts[pair], pair)))
        words = Counter({merge(word, learnt[-1], new): times for word, times in words.items()})
    return learnt


def merge(word: tuple[int, ...], pair: Pair, new: int) -> tuple[int, ...]:
    """Replace every occurrence of a pair of tokens by a new one, from the left."""
    out: list[int] = []
    for token in word:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return tuple(out)


# --8<-- [start:encode]
def encode(text: str, merges: list[Pair]) -> list[int]:
    """Text to tokens: its bytes, merged within each piece in the order of learning."""
    words = [tuple(piece) for piece in PIECE.findall(text.encode())]
    for new, pair in enumerate(merges, 256):
        words = [merge(word, pair, new) for word in words]
    return [token for word in words for token in word]
    # --8<-- [end:encode]


def decode(tokens: list[int], merges: list[Pair]) -> str:
    """Tokens to text; bytes that are no UTF-8 become U+FFFD."""
    table = [bytes([byte]) for byte in range(256)]
    for a, b in merges:
        table.append(table[a] + table[b])
    return b"".join(table[token] for token in tokens).decode(errors="replace")


def main() -> None:
    """Learn three merges and compare the tokens with the bytes."""
    text = "low low lower lowest"
    merges = train_bpe(text, 3)
    tokens = encode(text, merges)
    pieces = " ".join(decode([token], merges).replace(" ", "·") for token in tokens)
    print(f"{len(text.encode())} bytes, {len(tokens)} tokens: {pieces}")


if __name__ == "__main__":
    main()
