"""Small Transformers, several side by side: pre-trained on texts with eight tasks, then tuned to answer in a chat.

S, B, T, V   models side by side, one a seed; rows of a batch; tokens of a row; entries of the vocabulary
parts        the weights by name, each (S, ...)
rows         tokens (S, B, T), filled up with <pad> behind the end; places: what each target counts
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

TASKS = ("copy", "reverse", "rotate", "swap", "first", "last", "ends", "next")
WORDS = ("<pad>", "<|user|>", "<|assistant|>", "<|end|>", *".?!,:=-#*", *TASKS, *"abcdefgh")
NUMBER = {word: n for n, word in enumerate(WORDS)}
PAD, USER, ASSISTANT, END, STOP = range(5)
# What stands before a line, behind it, and before the answer.
FORMS = (("#", "*", ""), ("?", "!", ","), (":", "=", "-"))
A, LETTERS, LENGTH = NUMBER["a"], 8, 11  # longest row
WIDTH, LAYERS, HEADS = 32, 2, 4
ORDERS = {
    "copy": (0, 1, 2), "reverse": (2, 1, 0), "rotate": (1, 2, 0), "swap": (1, 0, 2),
    "first": (0,), "last": (2,), "ends": (0, 2), "next": (0, 1, 2),
}  # fmt: skip

Example = tuple[str, tuple[int, int, int]]  # a task and its three letters, numbers from 0


def answer(task: str, letters: tuple[int, int, int]) -> list[int]:
    """The right answer as tokens; `next` takes the letter that follows, and a after h. Source: definition."""
    found = [letters[n] for n in ORDERS[task]]
    return [A + (n + (task == "next")) % LETTERS for n in found]


def prompt(example: Example, form: int | None = None) -> list[int]:
    """A question as tokens, up to the place of the answer: in the chat template, or in one of 27 plain forms.

    Source: definition.
    """
    task, letters = example
    said = [NUMBER[task], *(A + n for n in letters)]
    if form is None:
        return [USER, *said, END, ASSISTANT]
    first, behind, before = (FORMS[n][form // 3**n % 3] for n in range(3))
    return [*([NUMBER[first]] if first else []), *said, NUMBER[behind], NUMBER[before]]


# --8<-- [start:rows]
def rows(
    examples: list[list[Example]], plain: bool = False, asked: float = 0.0, end: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Tokens, and what each counts in the loss: 1 in the answer, `asked` before it, `end` for the last.

    Args: examples, a list for each model. Returns tokens (S, B, T) and places (S, B, T).
    Source: definition.
    """
    tokens = torch.full((len(examples), len(examples[0]), LENGTH), PAD)
    places = torch.zeros(tokens.shape)
    for s, some in enumerate(examples):
        for b, example in enumerate(some):
            start = prompt(example, b % 27 if plain else None)
            row = [*start, *answer(*example), STOP if plain else END]
            tokens[s, b, : len(row)] = torch.tensor(row)
            places[s, b, : len(start)] = asked
            places[s, b, len(start) : len(row)] = 1
            places[s, b, len(row) - 1] = end
    return tokens, places
    # --8<-- [end:rows]


def fresh(seeds: int) -> dict[str, Tensor]:
    """Weights at random, each model from its own seed: to (S, ...) by name. Source: definition."""
    draws = [torch.Generator().manual_seed(seed) for seed in range(seeds)]

    def part(i: int, o: int, scale: float) -> Tensor:
        return torch.stack([torch.randn(i, o, generator=draw) * scale for draw in draws])

    found = {"token": part(len(WORDS), WIDTH, 0.5), "head": part(WIDTH, len(WORDS), WIDTH**-0.5)}
    for n in range(LAYERS):
        found[f"qkv{n}"] = part(WIDTH, 3 * WIDTH, WIDTH**-0.5)
        found[f"out{n}"] = part(WIDTH, WIDTH, 0.5 * WIDTH**-0.5)
        found[f"up{n}"] = part(WIDTH, 2 * WIDTH, WIDTH**-0.5)
        found[f"down{n}"] = part(2 * WIDTH, WIDTH, 0.5 * (2 * WIDTH) ** -0.5)
    return found


def extended(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """The special tokens of the chat start at the mean of the entries that have been trained.

    Args: parts (S, ...). Returns (S, ...) by name. Source: definition.
    """
    found = {name: part.clone() for name, part in parts.items()}
    found["token"][:, USER : END + 1] = parts["token"][:, STOP:].mean(1, keepdim=True)
    found["head"][:, :, USER : END + 1] = parts["head"][:, :, STOP:].mean(2, keepdim=True)
    return found


def turned(x: Tensor) -> Tensor:
    """Turn queries or keys by their place: x (..., T, d) to (..., T, d). Source: su2021roformer, section 3."""
    half = x.shape[-1] // 2
    speeds = 100.0 ** (-torch.arange(half) / half)
    angle = torch.arange(x.shape[-2])[:, None] * speeds
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1)


def logits(parts: dict[str, Tensor], tokens: Tensor) -> Tensor:
    """Scores of each next token: parts (S, ...), tokens (S, B, T) to (S, B, T, V). Source: radford2019language."""
    s, b, t = tokens.shape
    x = parts["token"][torch.arange(s)[:, None], tokens.reshape(s, -1)]  # (S, BT, width)
    for n in range(LAYERS):
        normed = functional.rms_norm(x, (WIDTH,))
        heads = (normed @ parts[f"qkv{n}"]).reshape(s * b, t, 3, HEADS, WIDTH // HEADS)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (SB, heads, T, d) each
        mixed = functional.scaled_dot_product_attention(turned(q), turned(k), v, is_causal=True)
        x = x + mixed.transpose(1, 2).reshape(s, b * t, WIDTH) @ parts[f"out{n}"]
        hidden = functional.gelu(functional.rms_norm(x, (WIDTH,)) @ parts[f"up{n}"])
        x = x + hidden @ parts[f"down{n}"]
    return (functional.rms_norm(x, (WIDTH,)) @ parts["head"]).reshape(s, b, t, -1)


# --8<-- [start:losses]
def losses(parts: dict[str, Tensor], tokens: Tensor, places: Tensor) -> Tensor:
    """Weighted mean of -log p of the targets, nats, of each model.

    Args: parts (S, ...); tokens (S, B, T); places (S, B, T). Returns (S,).
    Source: this page, eq-instruction-tuning-weighted.
    """
    scores = logits(parts, tokens[..., :-1])
    nats = functional.cross_entropy(
        scores.flatten(0, 2), tokens[..., 1:].flatten(), reduction="none"
    )
    counted = places[..., 1:]  # the first token is no target
    return (nats.reshape(counted.shape) * counted).sum((1, 2)) / counted.sum((1, 2))
    # --8<-- [end:losses]


# --8<-- [start:train]
def train(
    parts: dict[str, Tensor], data: tuple[Tensor, Tensor], steps: int, rate: float, batch: int
) -> dict[str, Tensor]:
    """Adam on batches drawn from the rows; the rate rises for 20 steps, then falls to 0 in a line.

    Args: parts (S, ...); data (S, B, T), tokens and places. Returns (S, ...) by name.
    Source: definition.
    """
    weights = {name: part.clone().requires_grad_() for name, part in parts.items()}
    optimiser = torch.optim.Adam(weights.values(), betas=(0.9, 0.98), fused=True)
    draw = torch.Generator().manual_seed(0)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 20) * (1 - step / steps)
        chosen = torch.randint(data[0].shape[1], (batch,), generator=draw)
        optimiser.zero_grad()
        torch.autograd.backward(losses(weights, data[0][:, chosen], data[1][:, chosen]).sum())
        optimiser.step()
    return {name: part.detach() for name, part in weights.items()}
    # --8<-- [end:train]


# --8<-- [start:written]
@torch.no_grad()
def written(parts: dict[str, Tensor], prompts: Tensor, most: int = 8) -> Tensor:
    """The likeliest token again and again: parts (S, ...), prompts (S, B, N) to (S, B, most). Source: definition."""
    tokens = prompts
    for _ in range(most):
        new = logits(parts, tokens)[:, :, -1].argmax(-1)
        tokens = torch.cat([tokens, new[..., None]], dim=-1)
    return tokens[..., prompts.shape[-1] :]
    # --8<-- [end:written]


def right(found: Tensor, examples: list[list[Example]], end: int | None = END) -> Tensor:
    """Share of whole answers that are right, with their end sign if there is one: found (S, B, n) to (S,).

    Source: definition.
    """
    shares = []
    for model, some in zip(found.tolist(), examples, strict=True):
        wanted = [[*answer(*example), *([] if end is None else [end])] for example in some]
        hits = [row[: len(want)] == want for row, want in zip(model, wanted, strict=True)]
        shares.append(sum(hits) / len(hits))
    return torch.tensor(shares)


def stopped(found: Tensor) -> Tensor:
    """Share of answers in which the end-of-turn token comes at all: found (S, B, n) to (S,). Source: definition."""
    return (found == END).any(-1).float().mean(1)


def triples(seed: int) -> list[tuple[int, int, int]]:
    """All rows of three different letters in a random order: 336. Source: definition."""
    every = [
        (a, b, c) for a in range(LETTERS) for b in range(LETTERS) for c in range(LETTERS)
        if len({a, b, c}) == 3
    ]  # fmt: skip
    order = torch.randperm(len(every), generator=torch.Generator().manual_seed(seed))
    assert len(every) == math.perm(LETTERS, 3)
    return [every[n] for n in order.tolist()]
