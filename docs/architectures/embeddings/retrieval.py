"""One vector for a text: a made world of questions and documents, trained by contrast, searched by cosine.

Each topic has words that only its questions use and others that only its documents use; all texts share
filler words. So what belongs together has no word in common except by chance.

    T  topics        B  pairs in a batch        E  numbers of a vector        tau  temperature
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional

TOPICS, OWN, FILLERS, WIDTH = 32, 3, 8, 16
VOCABULARY = FILLERS + TOPICS * (2 * OWN + 1)


# --8<-- [start:world]
def texts(topics: Tensor, side: int, generator: Generator, *, name: bool = False) -> Tensor:
    """A text for each topic: two of its words for this side and two fillers, topics (B,) to (B, 4).

    Side 0 asks, side 1 answers. With `name` the last filler gives way to the topic's name, which is the
    same on both sides. Source: definition.
    """
    first = FILLERS + topics[:, None] * (2 * OWN + 1)
    own = first + side * OWN + torch.randint(OWN, (len(topics), 2), generator=generator)
    filler = torch.randint(FILLERS, (len(topics), 2), generator=generator)
    if name:
        filler[:, 1] = first[:, 0] + 2 * OWN
    return torch.cat([own, filler], 1)
    # --8<-- [end:world]


# --8<-- [start:encode]
def encode(table: Tensor, words: Tensor) -> Tensor:
    """Texts to vectors of length 1, the mean of their words: table (V, E), words (B, N) to (B, E).

    Source: definition.
    """
    return functional.normalize(table[words].mean(1), dim=-1)


def contrast(q: Tensor, d: Tensor, tau: float = 0.1) -> Tensor:
    """Each question must find its own document among all of the batch, nats: q (B, E), d (B, E) to ().

    Source: this page, eq-embeddings-contrast.
    """
    return functional.cross_entropy(q @ d.T / tau, torch.arange(len(q)))
    # --8<-- [end:encode]


# --8<-- [start:train]
def train(topics: Tensor, steps: int = 60, seed: int = 0, *, negatives: bool = True) -> Tensor:
    """The table after training on pairs of these topics: topics (T,) to (V, E). Source: definition.

    Without negatives the loss is 1 minus the cosine of each pair.
    """
    generator = Generator().manual_seed(seed)
    table = torch.randn(VOCABULARY, WIDTH, generator=generator).requires_grad_()
    optimiser = torch.optim.Adam([table], lr=0.1)
    for _ in range(steps):
        q = encode(table, texts(topics, 0, generator))
        d = encode(table, texts(topics, 1, generator))
        loss = contrast(q, d) if negatives else (1 - (q * d).sum(-1)).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return table.detach()
    # --8<-- [end:train]


# --8<-- [start:search]
def overlap(questions: Tensor, documents: Tensor) -> Tensor:
    """Share of a question that a document has, by how rare words are: questions (Q, N), documents (D, N) to (Q, D).

    Source: definition.
    """
    seen = functional.one_hot(documents, VOCABULARY).amax(1).float()
    asked = functional.one_hot(questions, VOCABULARY).amax(1).float()
    rare = ((1 + len(documents)) / (1 + seen.sum(0))).log()
    weighted = asked * rare
    return weighted @ seen.T / weighted.sum(1, keepdim=True)


def recall(scores: Tensor, right: Tensor, k: int = 1) -> float:
    """Share of the questions with a right document among the first k: scores (Q, D), right (Q, D) to a number.

    Source: definition.
    """
    first = scores.topk(k).indices
    return right.gather(1, first).any(1).double().mean().item()
    # --8<-- [end:search]


def trial(
    table: Tensor, topics: Tensor, seed: int, *, name: bool = False, weight: float = 2
) -> tuple[float, float, float]:
    """Recall@1 on new texts by vectors, by shared words, and by both: table (V, E), topics (T,).

    Both: the score of the vectors plus `weight` times that of the words. Source: definition.
    """
    generator = Generator().manual_seed(1000 + seed)
    asked = topics.repeat(4)
    questions = texts(asked, 0, generator, name=name)
    documents = texts(topics, 1, generator, name=name)
    right = asked[:, None] == topics
    dense = encode(table, questions) @ encode(table, documents).T
    sparse = overlap(questions, documents)
    both = dense + weight * sparse
    return recall(dense, right), recall(sparse, right), recall(both, right)


def likeness(table: Tensor, topics: Tensor, seed: int) -> tuple[float, float, float]:
    """Cosine of partners, cosine of others, and share of all pairs above 0.5: table (V, E), topics (T,).

    Source: definition.
    """
    generator = Generator().manual_seed(2000 + seed)
    q, d = (encode(table, texts(topics, side, generator)) for side in (0, 1))
    scores = q @ d.T
    partner = torch.eye(len(topics), dtype=torch.bool)
    above = (scores > 0.5).double().mean().item()
    return scores[partner].mean().item(), scores[~partner].mean().item(), above


def main() -> None:
    """Train, then search new texts: by vectors and by shared words."""
    topics = torch.arange(TOPICS)
    dense, sparse, _ = trial(train(topics), topics, 0)
    print(f"recall@1 on new texts: vectors {dense:.2f}, shared words {sparse:.2f}")


if __name__ == "__main__":
    main()
