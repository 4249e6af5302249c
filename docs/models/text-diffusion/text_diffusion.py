"""Text diffusion: letters are hidden at random, a model guesses them; filling in any order, one or several at once.

The letters:
    L   places of a text                      A   letters of the alphabet
    t   time: the probability that a place is masked, 0 for data, 1 for a text of masks
    x   a text, its letters as numbers 0 to A - 1; the number A is the mask
    P   probabilities of all texts, a tensor with one axis of A for each of L places
A denoiser is any function from a text with masks to the probabilities of each place, (L, A).
"""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor, nn

Text = tuple[int, ...]
Denoiser = Callable[[Text], Tensor]  # a text with masks to (L, A)
Order = Callable[[Text, Tensor], list[int]]  # text and guess (L, A) to places, the next first

STAY = 3 / 4  # a letter is the same as the one before it
LENGTH = 3


# --8<-- [start:chain]
def chain(length: int = LENGTH, stay: float = STAY) -> Tensor:
    """Two letters: the first is a coin, each next one stays with probability stay; P, (2,) * L. Source: definition."""
    step = torch.tensor([[stay, 1 - stay], [1 - stay, stay]], dtype=torch.float64)
    joint = torch.full((2,), 0.5, dtype=torch.float64)
    for _ in range(length - 1):
        joint = joint[..., None] * step
    return joint
    # --8<-- [end:chain]


# --8<-- [start:exact]
def exact(joint: Tensor) -> Denoiser:
    """The denoiser that knows joint (A,) * L: each place, given all that can be seen, (L, A). Source: definition."""

    size = joint.shape[0]

    def guess(text: Text) -> Tensor:
        seen = tuple(slice(None) if v == size else slice(v, v + 1) for v in text)
        possible = torch.zeros_like(joint)
        possible[seen] = joint[seen]  # texts with other letters are ruled out
        rows = [possible.sum([m for m in range(len(text)) if m != n]) for n in range(len(text))]
        return torch.stack(rows) / possible.sum()

    return guess
    # --8<-- [end:exact]


# --8<-- [start:mask]
def mask(x: Tensor, t: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Hide each place with probability t: x (N, L), t (N,) to (N, L). Source: this page, eq-text-diffusion-mask."""
    hidden = torch.rand(x.shape, generator=generator) < t[:, None]
    return torch.where(hidden, size, x)
    # --8<-- [end:mask]


# --8<-- [start:loss]
def loss(logits: Tensor, x: Tensor, masked: Tensor, t: Tensor) -> Tensor:
    """Nats a text: logits (N, L, A), x, masked (N, L), t (N,) to (). Source: this page, eq-text-diffusion-loss."""
    surprise = nn.functional.cross_entropy(logits.transpose(1, 2), x, reduction="none")  # (N, L)
    return ((masked != x) * surprise / t[:, None]).sum(1).mean()
    # --8<-- [end:loss]


def listed(*phases: Text) -> Order:
    """A fixed order: the hidden places of the first phase that has some; no call mixes two. Source: definition."""

    def order(text: Text, rows: Tensor) -> list[int]:
        hidden = ([n for n in phase if text[n] == rows.shape[1]] for phase in phases)
        return next(places for places in hidden if places)

    return order


# --8<-- [start:surest]
def surest(text: Text, rows: Tensor) -> list[int]:
    """The place whose best letter is most probable first, before any draw: rows (L, A). Source: definition."""
    best = rows.max(1).values.tolist()
    return sorted(range(len(text)), key=lambda n: (-round(best[n], 9), n))
    # --8<-- [end:surest]


# --8<-- [start:filling]
def filling(denoise: Denoiser, length: int, size: int, order: Order, at_once: int) -> Tensor:
    """Probabilities of all texts that filling makes, at_once places a call; (A,) * L. Source: definition."""
    result = torch.zeros((size,) * length, dtype=torch.float64)

    def go(text: Text, p: float) -> None:
        if size not in text:
            result[text] += p
            return
        rows = denoise(text)
        hidden = [n for n in order(text, rows) if text[n] == size][:at_once]
        for letters in product(range(size), repeat=len(hidden)):
            drawn, now = list(text), p
            for n, letter in zip(hidden, letters, strict=True):  # each for itself
                drawn[n], now = letter, now * float(rows[n, letter])
            go(tuple(drawn), now)

    go((size,) * length, 1.0)
    return result
    # --8<-- [end:filling]


def off(joint: Tensor, made: Tensor) -> float:
    """Half the sum of all differences: joint (A,) * L, made (A,) * L. Source: definition."""
    return float((joint - made).abs().sum()) / 2


def lost(joint: Tensor, made: Tensor) -> float:
    """Kullback-Leibler divergence, nats a text: joint (A,) * L, made (A,) * L. Source: definition."""
    return float((joint * (joint.log() - made.log())).sum())


class Network(nn.Module):
    """A small denoiser: which letter or mask stands where goes in, logits of each place come out."""

    def __init__(self, length: int, size: int, width: int) -> None:
        """Source: definition."""
        super().__init__()
        self.size = size
        self.layers = nn.Sequential(
            nn.Linear(length * (size + 1), width), nn.SiLU(), nn.Linear(width, length * size)
        )

    def forward(self, masked: Tensor) -> Tensor:
        """Texts with masks to logits, no time goes in: masked (N, L) to (N, L, A). Source: definition."""
        shown = nn.functional.one_hot(masked, self.size + 1).float().flatten(1)
        logits: Tensor = self.layers(shown).view(len(masked), -1, self.size)
        return logits

    def guess(self, text: Text) -> Tensor:
        """As a denoiser: (L, A). Source: definition."""
        with torch.no_grad():
            logits: Tensor = self(torch.tensor([text]))[0]
        return logits.double().softmax(-1)


# --8<-- [start:draw]
def draw(joint: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Texts of the data: joint (A,) * L to (n, L). Source: definition."""
    which = torch.multinomial(joint.flatten(), n, replacement=True, generator=generator)
    return torch.stack(torch.unravel_index(which, joint.shape), 1)
    # --8<-- [end:draw]


# --8<-- [start:when]
def when(n: int, generator: torch.Generator) -> Tensor:
    """A time for each text, from 0 (left out) to 1, (n,). Source: definition."""
    return 1 - torch.rand(n, generator=generator)
    # --8<-- [end:when]


def train(
    model: Network,
    joint: Tensor,
    steps: int,
    generator: torch.Generator,
    optimizer: torch.optim.Optimizer,
    batch: int = 256,
) -> None:
    """Minimise the loss on batches of so many texts of joint (A,) * L. Source: definition."""
    for _ in range(steps):
        x = draw(joint, batch, generator)
        t = when(len(x), generator)
        masked = mask(x, t, model.size, generator)
        optimizer.zero_grad()
        torch.autograd.backward(loss(model(masked), x, masked, t))
        optimizer.step()


# --8<-- [start:generate]
def generate(
    denoise: Denoiser,
    length: int,
    size: int,
    order: Order,
    at_once: int,
    generator: torch.Generator,
) -> list[Text]:
    """One text from nothing but masks, with all its stages. Source: definition."""
    text = (size,) * length
    stages = [text]
    while size in text:
        rows = denoise(text)
        places = [n for n in order(text, rows) if text[n] == size][:at_once]
        letters = torch.multinomial(rows, 1, generator=generator)[:, 0].tolist()
        text = tuple(letters[n] if n in places else v for n, v in enumerate(text))
        stages.append(text)
    return stages
    # --8<-- [end:generate]


def main() -> None:
    """The example: three orders, the loss, what several places at once cost, and a network."""
    joint = chain()
    guess = exact(joint)
    print(f"aab has {joint[0, 0, 1]:.5f}, {-joint[0, 0, 1].log():.4f} nats")
    orders = {
        "left to right": ((0, 1, 2),),
        "both ends, then the middle": ((0, 2), (1,)),
        "the middle, then both ends": ((1,), (0, 2)),
    }
    for name, order in orders.items():
        for at_once in (1, 2, 3):
            made = filling(guess, LENGTH, 2, listed(*order), at_once)
            print(
                f"{name}, {at_once} at once: {off(joint, made):.4f} off, {lost(joint, made):.4f} nats"
            )
    torch.manual_seed(0)
    model = Network(LENGTH, 2, 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    train(model, joint, 200, torch.Generator().manual_seed(0), optimizer)
    learned = filling(model.guess, LENGTH, 2, listed((0, 1, 2)), 1)
    entropy = -float((joint * joint.log()).sum())
    print(f"a network: {lost(joint, learned):.4f} nats a text above the best, {entropy:.4f}")


if __name__ == "__main__":
    main()
