"""Multimodal neurons in small: a frozen text network, a linear map of pictures into it, units scored and removed.

The letters:
    B, N, E  sentences; tokens of each; numbers of the residual stream
    V, F, L  words; hidden units of a feed-forward layer; layers
    f, x     features of a picture, (B, P); a row of the stream, (B, N, E)
    h, y     activations of units, (B, N, F) a layer; the logit of a word above the mean, (B,)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

# --8<-- [start:example]
FEATURES = (2.0, 1.0)  # loops and bars of a picture of an eight
PROJECTION = ((1.0, -1.0), (1.0, 1.0), (0.0, 0.0))  # learned
KEYS = ((1.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))  # frozen, as all below
BIAS = (-2.0, 0.0, 0.0, 0.0)
VALUES = ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
WORDS = ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0))  # "eight", "one"
# --8<-- [end:example]


class Small(NamedTuple):
    """What the example computes for one picture: x (3,), h (4,), stream (3,), logits (2,)."""

    x: Tensor  # the projection, (3,)
    h: Tensor  # activations of four units, (4,)
    stream: Tensor  # after the layer, (3,)
    logits: Tensor  # of "eight" and "one", (2,)


# --8<-- [start:small]
def small(f: Tensor, projection: Tensor, keep: Tensor) -> Small:
    """One layer: f (2,), projection (3, 2), keep (4,), 0 for one off. Source: definition."""
    x = projection @ f
    h = keep * relu(torch.tensor(KEYS) @ x + torch.tensor(BIAS))
    stream = x + torch.tensor(VALUES).T @ h
    return Small(x, h, stream, torch.tensor(WORDS) @ stream)
    # --8<-- [end:small]


# --8<-- [start:taught]
def taught(f: Tensor, projection: Tensor, rate: float) -> Tensor:
    """One step of learning "eight": f (2,), projection (3, 2) to (3, 2). Source: definition."""
    projection = projection.clone().requires_grad_()
    loss = -small(f, projection, torch.ones(4)).logits.log_softmax(0)[0]
    (gradient,) = torch.autograd.grad(loss, projection)
    return (projection - rate * gradient).detach()
    # --8<-- [end:taught]


# --8<-- [start:weigh]
def weigh(f: Tensor, projection: Tensor) -> tuple[Tensor, Tensor]:
    """Scores, and falls of the logit of "eight": f (2,), projection (3, 2) to (4,), (4,). Source: definition."""
    keep = torch.ones(4, requires_grad=True)
    whole = small(f, projection, keep)
    (score,) = torch.autograd.grad(whole.logits[0], keep)  # h times the gradient in h
    fall = [whole.logits[0] - small(f, projection, one).logits[0] for one in 1 - torch.eye(4)]
    return score, torch.stack(fall).detach()
    # --8<-- [end:weigh]


# --8<-- [start:capped]
def capped(h: Tensor) -> Tensor:
    """Two units that write to one number, of which the next layer reads at most 1: h (2,) to (). Source: definition."""
    total = h.sum()
    return relu(total) - relu(total - 1)


def path(y: Callable[[Tensor], Tensor], h: Tensor, steps: int) -> Tensor:
    """Activation times mean gradient from 0: y (K,) to (), h (K,) to (K,). Source: sundararajan2017axiomatic."""
    slopes = torch.zeros_like(h)
    for j in range(steps):
        at = ((j + 0.5) / steps * h).requires_grad_()
        slopes += torch.autograd.grad(y(at), at)[0]
    return h * slopes / steps
    # --8<-- [end:capped]


class Block(nn.Module):
    """Attention with one head and a feed-forward layer with ReLU, each added to the stream."""

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, units), nn.Linear(units, width)

    # --8<-- [start:block]
    def forward(self, x: Tensor, keep: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, N, E), keep and rest (F,) to the stream (B, N, E) and h (B, N, F). Source: definition."""
        q, k, v = self.qkv(x).chunk(3, -1)
        s = q @ k.mT / q.shape[-1] ** 0.5  # (B, N, N)
        s = s.masked_fill(torch.ones_like(s).triu(1).bool(), -torch.inf)
        x = x + self.out(s.softmax(-1) @ v)
        h = relu(self.up(x))
        h = keep * h + (1 - keep) * rest  # a unit with keep 0 has its rest value
        return x + self.down(h), h
        # --8<-- [end:block]


class Text(nn.Module):
    """A causal Transformer for short sentences; it reads rows, so that a picture may stand for a word."""

    def __init__(self, words: int, length: int, width: int, units: int, layers: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(words, width) * 0.3)
        self.place = nn.Parameter(torch.randn(length, width) * 0.1)
        self.blocks = nn.ModuleList(Block(width, units) for _ in range(layers))
        self.words = nn.Linear(width, words)
        self.units = units

    # --8<-- [start:read]
    def read(
        self, rows: Tensor, keep: Tensor | None = None, rest: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """rows (B, N, E), keep and rest (L, F), to logits (B, N, V) and L times h (B, N, F). Source: definition."""
        keep = torch.ones(len(self.blocks), self.units) if keep is None else keep
        rest = torch.zeros_like(keep) if rest is None else rest
        x, found = rows + self.place[: rows.shape[1]], []
        for block, kept, resting in zip(self.blocks, keep, rest, strict=True):
            x, h = block(x, kept, resting)
            found.append(h)
        return self.words(x), found
        # --8<-- [end:read]


# --8<-- [start:text]
def learn_text(
    model: Text, sentences: Tensor, steps: int, noise: float, generator: torch.Generator
) -> float:
    """The last word of sentences (S, N), with noise on the rows; the last loss, in nats. Source: definition."""
    optimizer = torch.optim.Adam(model.parameters(), 1e-2, foreach=True)
    loss = torch.zeros(())
    for i in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - i / steps)
        rows = model.table[sentences[:, :-1]]
        rows = rows + noise * torch.randn(rows.shape, generator=generator)
        logits, _ = model.read(rows)
        loss = cross_entropy(logits[:, -1], sentences[:, -1])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    model.requires_grad_(False)  # frozen from here on
    return loss.item()
    # --8<-- [end:text]


# --8<-- [start:prompt]
def prompt(model: Text, first: Tensor, question: int) -> Tensor:
    """A picture or a word and a question behind it: first (B, E) to (B, 2, E). Source: definition."""
    return torch.stack([first, model.table[question].expand_as(first)], 1)
    # --8<-- [end:prompt]


Draw = Callable[[], tuple[Tensor, Tensor]]  # features (B, P) and the word to say (B,)


# --8<-- [start:map]
def learn_map(model: Text, draw: Draw, question: int, features: int, steps: int) -> nn.Linear:
    """A linear map from features to rows; the text network stays as it is. Source: merullo2023linearly."""
    project = nn.Linear(features, model.table.shape[1])
    optimizer = torch.optim.Adam(project.parameters(), 1e-2, foreach=True)
    for i in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - i / steps)
        f, word = draw()
        logits, _ = model.read(prompt(model, project(f), question))
        loss = cross_entropy(logits[:, -1], word)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return project.requires_grad_(False)
    # --8<-- [end:map]


# --8<-- [start:scores]
def margin(logits: Tensor, word: int, among: Sequence[int]) -> Tensor:
    """The logit of a word above the mean of all answers: logits (B, N, V) to (B,). Source: definition."""
    last = logits[:, -1]
    return last[:, word] - last[:, list(among)].mean(1)


@torch.enable_grad()
def scores(model: Text, rows: Tensor, word: int, among: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Activation times gradient, and activation: rows (B, N, E) to (L, F) each. Source: schwettmann2023multimodal."""
    logits, h = model.read(rows.detach().requires_grad_())
    slopes = torch.autograd.grad(margin(logits, word, among).sum(), h)
    score = torch.stack([(a * g).sum(1).mean(0) for a, g in zip(h, slopes, strict=True)])
    return score.detach(), torch.stack([a.sum(1).mean(0) for a in h]).detach()
    # --8<-- [end:scores]


# --8<-- [start:ablate]
def without(units: Tensor, shape: torch.Size) -> Tensor:
    """A mask with 0 at some of all L F units: units (K,) to (L, F). Source: definition."""
    keep = torch.ones(shape)
    keep.view(-1)[units] = 0
    return keep


@torch.no_grad()
def right(
    model: Text, rows: Tensor, words: Tensor, keep: Tensor | None = None, rest: Tensor | None = None
) -> float:
    """Share of the likeliest words: rows (B, N, E), words (B,), keep (L, F), rest (L, F) to (). Source: definition."""
    logits, _ = model.read(rows, keep, rest)
    return float((logits[:, -1].argmax(1) == words).double().mean())
    # --8<-- [end:ablate]


# --8<-- [start:matched]
def matched(units: Tensor, activation: Tensor, generator: torch.Generator) -> Tensor:
    """For each unit one of the four nearest others: units (K,), activation (A,) to (K,). Source: definition."""
    free = activation.clone()
    free[units] = torch.inf  # neither these units nor, below, one that is taken
    found = [units[:0]]
    for unit in units.tolist():
        near = (free - activation[unit]).abs().argsort()[:4]
        chosen = near[torch.randint(4, (1,), generator=generator)]
        free[chosen] = torch.inf
        found.append(chosen)
    return torch.cat(found)
    # --8<-- [end:matched]


def main() -> None:
    """Four units of the example: what fires, what scores, and what matters; one step of learning."""
    f, projection = torch.tensor(FEATURES), torch.tensor(PROJECTION)
    whole = small(f, projection, torch.ones(4))
    score, fall = weigh(f, projection)
    print("projection", whole.x.tolist(), "logits", whole.logits.tolist())
    for unit, row in zip("ABCD", zip(whole.h, score, fall, strict=True), strict=True):
        print(
            f"{unit}: fires {row[0]:.0f}, scores {row[1] + 0.0:.0f}, removed: the logit falls by {row[2]:.0f}"
        )
    after = small(f, taught(f, projection, 1.0), torch.ones(4))
    print(
        f"p(eight) {whole.logits.softmax(0)[0]:.3f}, after a step {after.logits.softmax(0)[0]:.3f}"
    )


if __name__ == "__main__":
    main()
