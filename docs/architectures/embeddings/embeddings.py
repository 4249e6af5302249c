"""Tokens to vectors, vectors to probabilities, and vectors from counts.

V  entries of the vocabulary            W  embedding: a row for each token that is read
E  numbers of a vector                  U  unembedding: a row for each token that may be written
h  state: what the network makes of the text so far; here the embedding itself
n  how often a word and a neighbour occur together; N their sum
"""

import math

import torch
from torch import Generator, Tensor, nn

# --8<-- [start:example]
WORDS = ("king", "queen", "man", "woman")
NEIGHBOURS = ("crown", "plough", "he", "she")
# How often each word was seen beside each neighbour.
COUNTS = torch.tensor([[4, 1, 4, 1], [4, 1, 1, 4], [1, 4, 4, 1], [1, 4, 1, 4]]).double()
W = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]]).double()
U = math.log(2) * torch.tensor([[1, 0], [-1, 0], [0, 1], [0, -1]]).double()
# --8<-- [end:example]


# --8<-- [start:forward]
def forward(tokens: Tensor, w: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
    """Probabilities of what stands beside: tokens (B,), w (V, E), u (V, E) to (B, V).

    Source: this page, eq-embeddings-softmax.
    """
    h = w[tokens]  # look up: (B, E)
    z = h @ u.T  # logits: (B, V)
    return (z / temperature).softmax(-1)
    # --8<-- [end:forward]


def entropy(p: Tensor) -> Tensor:
    """What the best model of these probabilities still pays, nats: p (M, V) to (). Source: definition."""
    return -torch.xlogy(p, p).sum(-1).mean()


# --8<-- [start:learn]
def learn(
    counts: Tensor, width: int, steps: int = 1000, rate: float = 1.0, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Both tables from random ones, by gradient descent: counts (V, V) to (V, E), (V, E).

    Source: this page, eq-embeddings-gradient.
    """
    generator = Generator().manual_seed(seed)
    w = torch.randn(len(counts), width, generator=generator).double()
    u = torch.randn(len(counts), width, generator=generator).double()
    for _ in range(steps):
        p = forward(torch.arange(len(counts)), w, u)
        error = (counts.sum(1, keepdim=True) * p - counts) / counts.sum()  # (V, V)
        to_w, to_u = error @ u, error.T @ w
        w, u = w - rate * to_w, u - rate * to_u
    return w, u
    # --8<-- [end:learn]


# Vectors from counts.


# --8<-- [start:pmi]
def pmi(counts: Tensor) -> Tensor:
    """Pointwise mutual information, nats: counts (V, C) to (V, C). Source: this page, eq-embeddings-pmi."""
    alone = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True)
    return (counts * counts.sum() / alone).log()


def factorise(matrix: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """The nearest product of thin matrices: matrix (V, C) to (V, E), (C, E). Source: levy2014neural, section 4.2."""
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    root = values[:width].sqrt()
    return left[:, :width] * root, right[:width].T * root
    # --8<-- [end:pmi]


# --8<-- [start:skipgram]
def skip_gram(
    counts: Tensor, width: int, k: int, steps: int = 800, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Tell seen pairs from k times as many drawn at random: counts (V, C) to (V, E), (C, E).

    Source: mikolov2013distributed, eq. 4. Departs: all pairs at once, noise by its expectation.
    """
    generator = Generator().manual_seed(seed)
    w, u = (0.3 * torch.randn(n, width, generator=generator).double() for n in counts.shape)
    optimiser = torch.optim.Adam([w.requires_grad_(), u.requires_grad_()], lr=0.1)
    noise = k * counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum()
    for _ in range(steps):
        x = w @ u.T
        gain = counts * nn.functional.logsigmoid(x) + noise * nn.functional.logsigmoid(-x)
        optimiser.zero_grad()
        torch.autograd.backward(-gain.sum() / counts.sum())
        optimiser.step()
    return w.detach(), u.detach()
    # --8<-- [end:skipgram]


# --8<-- [start:analogy]
def cosines(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of each row with each: a (A, E), b (B, E) to (A, B). Source: this page, eq-embeddings-cosine."""
    cosine: Tensor = nn.functional.normalize(a, dim=-1) @ nn.functional.normalize(b, dim=-1).T
    return cosine


def analogy(table: Tensor, a: int, b: int, c: int, *, exclude: bool = True) -> int:
    """a is to b as c is to …: the row nearest to b - a + c, table (V, E).

    Source: mikolov2013linguistic, section 4.
    """
    near = cosines((table[b] - table[a] + table[c])[None], table)[0]
    if exclude:
        near[[a, b, c]] = -math.inf
    return int(near.argmax())
    # --8<-- [end:analogy]


# --8<-- [start:corpus]
def corpus(pairs: int, generator: Generator, families: int = 8) -> Tensor:
    """Counts of a made corpus: words (family, gender) by neighbours, to (2F, 2F + 6). Source: definition.

    The first two neighbours go with a gender, two with each family, and four with all words.
    """
    family = torch.arange(2 * families) // 2
    gender = torch.arange(2 * families) % 2
    score = torch.zeros(2 * families, 2 * families + 6).double()
    score[torch.arange(2 * families), gender] = 1.0
    for extra in (2, 3):
        score[torch.arange(2 * families), 2 * family + extra] = 3.0
    p = score.softmax(-1).flatten() / (2 * families)
    drawn = torch.multinomial(p, pairs, replacement=True, generator=generator)
    return torch.bincount(drawn, minlength=len(p)).reshape(score.shape).double()
    # --8<-- [end:corpus]


# --8<-- [start:align]
def align(a: Tensor, b: Tensor) -> Tensor:
    """a, rotated and if need be mirrored, nearest to b: a (V, E), b (V, E) to (V, E).

    Source: schonemann1966generalized, p. 1.
    """
    left, _, right = torch.linalg.svd(a.T @ b)
    turned: Tensor = a @ (left @ right)
    return turned
    # --8<-- [end:align]


def main() -> None:
    """The example by hand, by training and by counting."""
    tokens = torch.arange(4)
    p = forward(tokens, W, U)
    print("beside king:", ", ".join(f"{n} {x:.2f}" for n, x in zip(NEIGHBOURS, p[0], strict=True)))
    print(f"as counted: {torch.allclose(p, COUNTS / 10)}; loss {entropy(p):.4f} nats")
    w, u = learn(COUNTS, 2)
    far = (forward(tokens, w, u) - p).abs().max()
    print(f"learned from random tables: no probability is off by more than {far:.2g}")
    counted, _ = factorise(pmi(COUNTS), 2)
    print(f"king - man + woman, vectors from counts: {WORDS[analogy(counted, 2, 0, 3)]}")


if __name__ == "__main__":
    main()
