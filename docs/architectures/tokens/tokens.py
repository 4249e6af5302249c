"""Text to tokens and back: byte-pair encoding on bytes, special tokens, and a chat as one row.

A token is a number. Below 256 it is a byte; from 256 on, a pair of tokens that was merged, in the order of
learning; behind the last merge come the special tokens, which no text contains.

    V  entries of the vocabulary        E  numbers of an embedding
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor

Pair = tuple[int, int]
LETTER = rb"A-Za-z\x80-\xff"  # every byte of a character beyond ASCII counts as a letter
PIECES = rb" ?[%b]+| ?[0-9]+| ?[^%b0-9 \t-\r]+|[ \t-\r]+" % (LETTER, LETTER)
ONE_DIGIT = PIECES.replace(b"[0-9]+", b"[0-9]")
SPECIAL = ("<|end|>", "<|user|>", "<|assistant|>")
WIDTH = 16  # E of the smallest language model


def split(text: bytes, pattern: bytes = PIECES) -> list[bytes]:
    """Cut a text into pieces such as a word with the space before it; no merge crosses their borders."""
    return re.findall(pattern, text)


# --8<-- [start:merge]
def merge(tokens: tuple[int, ...], pair: Pair, new: int) -> tuple[int, ...]:
    """Replace every occurrence of a pair of tokens by a new one, from the left."""
    out: list[int] = []
    for token in tokens:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return tuple(out)
    # --8<-- [end:merge]


# --8<-- [start:train]
def train(text: bytes, merges: int, pattern: bytes = PIECES) -> list[Pair]:
    """Byte-pair merges: again and again the most frequent pair, of equals the one with greater numbers."""
    counts, homes = Counter[Pair](), defaultdict[Pair, set[bytes]](set)
    times = Counter(split(text, pattern))
    words = {piece: tuple(piece) for piece in times}
    for piece in words:
        count(piece, words[piece], times[piece], counts, homes)
    learnt: list[Pair] = []
    while len(learnt) < merges and counts:
        pair = max(counts, key=lambda pair: (counts[pair], pair))
        learnt.append(pair)
        for piece in homes.pop(pair):  # only these words change
            count(piece, words[piece], -times[piece], counts, homes)
            words[piece] = merge(words[piece], pair, 255 + len(learnt))
            count(piece, words[piece], times[piece], counts, homes)
    return learnt
    # --8<-- [end:train]


def count(
    piece: bytes,
    word: tuple[int, ...],
    times: int,
    counts: Counter[Pair],
    homes: dict[Pair, set[bytes]],
) -> None:
    """Add the pairs of a word to the counts, or take them away if `times` is negative."""
    for pair in pairwise(word):
        counts[pair] += times
        if counts[pair] <= 0:
            del counts[pair]
        elif times > 0:
            homes[pair].add(piece)


# --8<-- [start:encode]
def encode(text: bytes, merges: list[Pair], pattern: bytes = PIECES) -> list[int]:
    """Text to tokens: in each piece, always the merge that was learned first of those that fit."""
    rank = {pair: 256 + n for n, pair in enumerate(merges)}
    known: dict[bytes, tuple[int, ...]] = {}
    for piece in set(split(text, pattern)):
        word = tuple(piece)
        while fitting := [pair for pair in pairwise(word) if pair in rank]:
            first = min(fitting, key=rank.__getitem__)
            word = merge(word, first, rank[first])
        known[piece] = word
    return [token for piece in split(text, pattern) for token in known[piece]]
    # --8<-- [end:encode]


# --8<-- [start:decode]
def vocabulary(merges: list[Pair]) -> list[bytes]:
    """What each token stands for: a byte, or what its two parts stand for."""
    table = [bytes([byte]) for byte in range(256)]
    for a, b in merges:
        table.append(table[a] + table[b])
    return table


def decode(tokens: Iterable[int], merges: list[Pair]) -> bytes:
    """Tokens to text: look each up and join."""
    table = vocabulary(merges)
    return b"".join(table[token] for token in tokens)
    # --8<-- [end:decode]


# --8<-- [start:chat]
def chat(turns: list[tuple[str, str]], merges: list[Pair]) -> list[int]:
    """A chat as one row of tokens, ready for the assistant's turn. What people wrote stays ordinary text.

    Raises ValueError if a role has no special token.
    """
    number = {name: 256 + len(merges) + n for n, name in enumerate(SPECIAL)}
    row: list[int] = []
    for role, text in turns:
        if f"<|{role}|>" not in number:
            raise ValueError(f"no special token for the role {role!r}, only {SPECIAL}")
        row += [number[f"<|{role}|>"], *encode(text.encode(), merges), number["<|end|>"]]
    return [*row, number["<|assistant|>"]]
    # --8<-- [end:chat]


# --8<-- [start:bigram]
def bigram(tokens: list[int], v: int, steps: int = 30, seed: int = 0) -> tuple[Tensor, ...]:
    """Train the smallest language model, token to next token, on one text; no weight decay.

    Returns the embeddings at the start (V, E), those after training (V, E), and log-probabilities
    of the next token (V, V). Source: definition.
    """
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(v, WIDTH, generator=generator)
    embedding = start.clone().requires_grad_()
    unembedding = (torch.randn(v, WIDTH, generator=generator) / WIDTH**0.5).requires_grad_()
    optimiser = torch.optim.Adam([embedding, unembedding], lr=0.1)
    x, y = torch.tensor(tokens[:-1]), torch.tensor(tokens[1:])
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(embedding[x] @ unembedding.T, y)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    with torch.no_grad():
        return start, embedding.detach(), (embedding @ unembedding.T).log_softmax(-1)
    # --8<-- [end:bigram]


def main() -> None:
    """Learn three merges, cut four words, and get every one back."""
    merges = train(b"banana bandana", 3)
    table = vocabulary(merges)
    print("merges:", ", ".join(table[256 + n].decode() for n in range(len(merges))))
    for word in ("banana bandana", "bana", "ananas", "\N{BANANA}"):
        tokens = encode(word.encode(), merges)
        same = decode(tokens, merges).decode() == word
        print(
            f"{word}: {len(word.encode())} bytes, {len(tokens)} tokens {tokens}, same text: {same}"
        )


if __name__ == "__main__":
    main()
