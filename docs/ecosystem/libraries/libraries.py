"""A language model in PyTorch: a table of letter pairs, learned by gradient descent.

Letters:
    V        entries of the vocabulary: the letters that occur
    n[a, b]  how often letter b follows letter a
    logits   (V, V), the parameters: row a gives the distribution of what follows a
The best possible table is known by counting, so that one can see whether training finds it.
"""

import math

import torch
from torch import Tensor

TEXT = "the theory of the thing is that the other thing is there"


def encode(text: str) -> tuple[Tensor, str]:
    """Numbers for letters, (N,), and the letters by number.

    Raises ValueError for fewer than two. Source: definition.
    """
    if len(text) < 2:
        raise ValueError(f"a text of {len(text)} letters has no pair: {text!r}")
    letters = "".join(sorted(set(text)))
    return torch.tensor([letters.index(letter) for letter in text]), letters


# --8<-- [start:train]
def train(tokens: Tensor, size: int, steps: int = 400, rate: float = 0.5) -> Tensor:
    """Learn the next token's distribution from the one before: tokens (N,) to logits (V, V).

    Source: definition.
    """
    logits = torch.zeros(size, size, requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=rate)
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(logits[tokens[:-1]], tokens[1:])
        optimiser.zero_grad()
        torch.autograd.backward(loss)  # walks the graph that this very pass has built
        optimiser.step()
    return logits.detach()
    # --8<-- [end:train]


# --8<-- [start:graph]
def halvings(x: Tensor) -> Tensor:
    """Halve until at most one, as often as the value asks: x () to (). Source: definition."""
    while x > 1:
        x = x / 2
    return x
    # --8<-- [end:graph]


def floor(tokens: Tensor, size: int) -> float:
    """The least cross-entropy of a table of pairs, by counting, nats a token: tokens (N,).

    Source: definition.
    """
    counts = torch.zeros(size, size)
    counts.index_put_((tokens[:-1], tokens[1:]), torch.ones(len(tokens) - 1), accumulate=True)
    chances = counts / counts.sum(1, keepdim=True).clamp(min=1)
    seen = counts > 0
    return -float((counts[seen] * chances[seen].log()).sum()) / (len(tokens) - 1)


def main() -> None:
    """Print what training reaches and what counting says is possible."""
    tokens, letters = encode(TEXT)
    logits = train(tokens, len(letters))
    loss = float(torch.nn.functional.cross_entropy(logits[tokens[:-1]], tokens[1:]))
    guess = math.log(len(letters))
    print(
        f"guessing {guess:.3f}, trained {loss:.3f}, counted {floor(tokens, len(letters)):.3f} nats"
    )
    x = torch.tensor(5.0, requires_grad=True)
    torch.autograd.backward(halvings(x))
    print(f"5 is halved three times, so the derivative is {x.grad}")


if __name__ == "__main__":
    main()
