"""Instruction tuning by pencil: a conversation as one row, the loss mask, and which mean the loss is.

T targets of a row     V entries of the vocabulary     B answers
tokens  0 to 2 are special, then 256 bytes, then words; mask  1 where a token belongs to an answer
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

SPECIAL = ("<|user|>", "<|assistant|>", "<|end|>")
WORDS = ("copy", "reverse", "first", *"abcdef")
USER, ASSISTANT, END = range(3)
BYTES, FIRST = len(SPECIAL), len(SPECIAL) + 256

Conversation = list[tuple[str, str]]  # role and text of each turn

# The example: two conversations, and how often the probability of each target halves 1.
EXAMPLE: Conversation = [("user", "reverse a b c"), ("assistant", "c b a")]
SECOND: Conversation = [("user", "first d e f"), ("assistant", "d")]
HALVINGS = (3, 3, 3, 3, 1, 0, 1, 1, 2, 2)
SECOND_HALVINGS = (3, 3, 3, 3, 1, 0, 1, 1)


def encode(text: str) -> list[int]:
    """Words and, of what is no word, bytes; never a special token. Source: definition."""
    found: list[int] = []
    for word in text.split():
        known = word in WORDS
        found += [FIRST + WORDS.index(word)] if known else [BYTES + b for b in word.encode()]
    return found


# --8<-- [start:render]
def render(conversation: Conversation) -> tuple[Tensor, Tensor]:
    """The chat template: tokens (T + 1,) and mask (T + 1,), which is 1 in answers and at their ends.

    Source: definition.
    """
    tokens: list[int] = []
    mask: list[int] = []
    for role, text in conversation:
        said = [*encode(text), END]
        tokens += [SPECIAL.index(f"<|{role}|>"), *said]
        mask += [0, *[int(role == "assistant")] * len(said)]
    return torch.tensor(tokens), torch.tensor(mask)
    # --8<-- [end:render]


def pasted(conversation: Conversation) -> list[int]:
    """The fault: one text first, and then whatever looks like a special token is one. Source: definition."""
    text = " ".join(f"<|{role}|> {said} <|end|>" for role, said in conversation)
    parts = [[SPECIAL.index(w)] if w in SPECIAL else encode(w) for w in text.split()]
    return [token for part in parts for token in part]


# --8<-- [start:weighted]
def weighted(nats: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of -log p of the targets: nats (..., T), weights (..., T) to ().

    Source: this page, eq-instruction-tuning-weighted.
    """
    return (nats * weights).sum() / weights.sum()
    # --8<-- [end:weighted]


def labels(tokens: Tensor, mask: Tensor) -> Tensor:
    """The targets, and -100 where there is none: tokens (T + 1,), mask (T + 1,) to (T,). Source: definition."""
    return tokens.masked_fill(mask == 0, -100)[1:]


# --8<-- [start:gradient]
def gradient(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Of the weighted loss by the logits: logits (T, V), targets (T,), weights (T,) to (T, V).

    Source: this page, eq-instruction-tuning-gradient.
    """
    off = logits.softmax(-1) - functional.one_hot(targets, logits.shape[-1])
    return weights[:, None] / weights.sum() * off
    # --8<-- [end:gradient]


def prompted(answer: float, prompt: float, tokens: int, before: int, weight: float) -> float:
    """Loss with a weight for prompts, from the means of both: nats. Source: this page, eq-instruction-tuning-mix."""
    return (tokens * answer + weight * before * prompt) / (tokens + weight * before)


# --8<-- [start:means]
def of_tokens(nats: Tensor, mask: Tensor) -> Tensor:
    """Each token of the answers counts the same: nats (B, T), mask (B, T) to (). Source: definition."""
    return (nats * mask).sum() / mask.sum()


def of_answers(nats: Tensor, mask: Tensor) -> Tensor:
    """Each answer counts the same: nats (B, T), mask (B, T) to (). Source: definition."""
    return ((nats * mask).sum(-1) / mask.sum(-1)).mean()
    # --8<-- [end:means]


# --8<-- [start:accumulated]
def accumulated(parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    """The mean over tokens of a batch in parts: parts (b, T), nats and mask of each, to ().

    Source: this page, eq-instruction-tuning-parts.
    """
    count = sum(int(mask.sum()) for _, mask in parts)  # of all parts, before the first is used
    return torch.stack([(nats * mask).sum() / count for nats, mask in parts]).sum()
    # --8<-- [end:accumulated]


def document_mask(lengths: list[int]) -> Tensor:
    """Who may look at whom when conversations share a row: to (N, N), true for itself and earlier in its own.

    Source: definition.
    """
    document = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    return torch.ones(len(document), len(document)).tril().bool() & (document[:, None] == document)


def going_on(stop: float, n: int) -> float:
    """Chance that none of n further tokens is the end, each with chance `stop`.

    Raises ValueError if `stop` is no probability. Source: this page, eq-instruction-tuning-stop.
    """
    if not 0 <= stop <= 1:
        raise ValueError(f"{stop} is no probability")
    return (1 - stop) ** n


def example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nats and mask of the targets, 0 behind the end: of both conversations, then of the first alone.

    Returns nats (2, T); mask (2, T); nats (T,); mask (T,).

    Source: definition.
    """
    nats, mask = torch.zeros(2, 10, dtype=torch.float64), torch.zeros(2, 10, dtype=torch.float64)
    pairs = ((EXAMPLE, HALVINGS), (SECOND, SECOND_HALVINGS))
    for n, (conversation, halvings) in enumerate(pairs):
        nats[n, : len(halvings)] = math.log(2) * torch.tensor(halvings, dtype=torch.float64)
        mask[n, : len(halvings)] = render(conversation)[1][1:].double()
    return nats, mask, nats[0], mask[0]


def words(tokens: Tensor) -> str:
    """Tokens as they are read, bytes in angle brackets: tokens (N,). Source: definition."""
    names = [*SPECIAL, *(f"<{b}>" for b in range(256)), *WORDS]
    return " ".join(names[n] for n in tokens.tolist())


def main() -> None:
    """The example: its row, its mask, its losses in bits; and PyTorch's own loss with labels of -100."""
    tokens, mask = render(EXAMPLE)
    nats, both, one, counted = example()
    print(words(tokens))
    print("mask", mask.tolist())
    print(f"all targets {float(one.mean() / math.log(2)):.4f} bits")
    print(f"answer only {float(weighted(one, counted) / math.log(2)):.4f} bits")
    print(f"two answers, mean of tokens {float(of_tokens(nats, both) / math.log(2)):.4f} bits")
    print(f"two answers, mean of answers {float(of_answers(nats, both) / math.log(2)):.4f} bits")
    scores = torch.zeros(len(one), FIRST + len(WORDS), dtype=torch.float64)
    rest = (1 - (-one).exp()) / (scores.shape[1] - 1)  # the other entries share what is left
    scores[:] = rest[:, None].clamp(min=1e-300).log()
    scores[torch.arange(len(one)), tokens[1:]] = -one
    found = functional.cross_entropy(scores, labels(tokens, mask), ignore_index=-100)
    print(f"PyTorch's cross_entropy {float(found / math.log(2)):.4f} bits")
    print("both as one conversation: mask", render(EXAMPLE + SECOND)[1].tolist())


if __name__ == "__main__":
    main()
