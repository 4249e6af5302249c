"""A small Transformer that calculates modulo 7: it answers at once, after dots, or after written steps.

A question is a number and up to six operations, such as 3 ×2 +5 ×3 =; the steps are the numbers after each
operation, here 6 4 5, and the last of them is the answer.

Letters: B questions, N = 6 operations at most, T positions.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

MODULUS, LONGEST = 7, 6
FACTORS = range(2, MODULUS)
NAMES = (
    [str(n) for n in range(MODULUS)]
    + [f"+{n}" for n in range(1, MODULUS)]
    + [f"×{n}" for n in FACTORS]
    + [".", "="]
)
FIRST, DOT, EQUALS = MODULUS, len(NAMES) - 2, len(NAMES) - 1
READ = LONGEST + 2  # positions of the question: a number, six places for operations, and "="
WAYS = ("at once", "dots", "steps")


class Questions(NamedTuple):
    """B questions: tokens (B, READ), the numbers after each operation, states (B, N), and how many, length (B,)."""

    tokens: Tensor
    states: Tensor
    length: Tensor


# --8<-- [start:question]
def apply(x: Tensor, operation: Tensor) -> Tensor:
    """The number after an operation: x, operation (B,) to (B,); a dot changes nothing. Source: definition."""
    add = operation - FIRST + 1
    times = operation - FIRST - (MODULUS - 1) + 2
    is_add, is_times = operation < FIRST + MODULUS - 1, operation < DOT
    return torch.where(is_add, x + add, torch.where(is_times, x * times, x)) % MODULUS


def questions(n: int, length: int | None, generator: torch.Generator) -> Questions:
    """Draw n questions; without a length, each has one from 1 to 6. Source: definition."""
    many = torch.randint(1, LONGEST + 1, (n,), generator=generator)
    if length is not None:
        many = torch.full((n,), length)
    x = torch.randint(MODULUS, (n,), generator=generator)
    drawn = torch.randint(FIRST, DOT, (n, LONGEST), generator=generator)
    drawn = drawn.masked_fill(torch.arange(LONGEST) >= many[:, None], DOT)
    states = [x]
    for operation in drawn.T:
        states.append(apply(states[-1], operation))
    end = torch.full((n, 1), EQUALS)
    return Questions(torch.cat([x[:, None], drawn, end], 1), torch.stack(states[1:], 1), many)
    # --8<-- [end:question]


class Model(nn.Module):
    """A causal Transformer over the twenty tokens."""

    def __init__(self, width: int = 32, layers: int = 2, heads: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(NAMES), width)
        self.place = nn.Parameter(0.02 * torch.randn(READ + LONGEST, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.read = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, MODULUS))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the number that comes next: tokens (B, T) to (B, T, 7). Source: vaswani2017attention."""
        t = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(t)
        h = self.embed(tokens) + self.place[:t]
        logits: Tensor = self.read(self.layers(h, mask=mask, is_causal=True))
        return logits


# --8<-- [start:train]
def loss(model: Model, asked: Questions, way: str) -> Tensor:
    """Cross-entropy of the answer, or of every step up to it: to (). Source: definition."""
    rows, last = torch.arange(len(asked.length)), asked.length - 1
    answer = asked.states[rows, last]
    if way == "steps":
        logits = model(torch.cat([asked.tokens, asked.states[:, :-1]], 1))[:, READ - 1 :]
        written = torch.arange(LONGEST) <= last[:, None]
        return nn.functional.cross_entropy(logits[written], asked.states[written])
    dots = torch.full((len(rows), LONGEST if way == "dots" else 0), DOT)
    return nn.functional.cross_entropy(model(torch.cat([asked.tokens, dots], 1))[:, -1], answer)


def train(way: str, seed: int, steps: int, batch: int = 64, rate: float = 6e-3) -> Model:
    """Train a new model one of three ways; each step sees new questions. Source: definition."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Model()
    optimiser = torch.optim.AdamW(model.parameters(), rate)
    falling = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda n: min(1, n / 50) * (1 - n / steps)
    )
    for _ in range(steps):
        optimiser.zero_grad()
        torch.autograd.backward(loss(model, questions(batch, None, generator), way))
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        falling.step()
    return model.eval()
    # --8<-- [end:train]


# --8<-- [start:write]
@torch.no_grad()
def write(
    model: Model, tokens: Tensor, steps: int, generator: torch.Generator | None = None
) -> Tensor:
    """Steps drawn, or without a generator the likeliest: tokens (B, READ) to (B, steps). Source: definition."""
    for _ in range(steps):
        logits = model(tokens)[:, -1]
        if generator is None:
            step = logits.argmax(-1, keepdim=True)
        else:
            step = torch.multinomial(logits.softmax(-1), 1, generator=generator)
        tokens = torch.cat([tokens, step], 1)
    return tokens[:, READ:]
    # --8<-- [end:write]


@torch.no_grad()
def answer(model: Model, asked: Questions, way: str) -> Tensor:
    """The likeliest answers to questions of one length: to (B,). Source: definition."""
    n = int(asked.length[0])
    if way == "steps":
        return write(model, asked.tokens, n)[:, -1]
    dots = torch.full((len(asked.length), LONGEST if way == "dots" else 0), DOT)
    logits: Tensor = model(torch.cat([asked.tokens, dots], 1))[:, -1]
    return logits.argmax(-1)


# --8<-- [start:law]
@torch.no_grad()
def law(model: Model, tokens: Tensor, steps: int) -> Tensor:
    """Probability of each answer, by adding up all chains: tokens (B, READ) to (B, 7). Source: definition."""
    log_p = torch.zeros(len(tokens), 1)
    texts = tokens[:, None]  # (B, chains, T)
    for n in range(steps):
        b, chains, t = texts.shape
        logits = model(texts.reshape(-1, t))[:, -1].log_softmax(-1).view(b, chains, MODULUS)
        log_p = (log_p[..., None] + logits).flatten(1)
        if n < steps - 1:
            again = texts[:, :, None].expand(b, chains, MODULUS, t)
            steps_next = torch.arange(MODULUS).expand(b, chains, MODULUS)[..., None]
            texts = torch.cat([again, steps_next], -1).flatten(1, 2)
    return log_p.view(len(tokens), -1, MODULUS).exp().sum(1)
    # --8<-- [end:law]


@torch.no_grad()
def changed(model: Model, asked: Questions, at: int, shift: int = 1) -> tuple[float, float]:
    """Share of answers that follow a written step that was changed, and that stay with the question's own."""
    n = int(asked.length[0])
    kept = asked.states[:, :at].clone()
    kept[:, -1] = (kept[:, -1] + shift) % MODULUS
    wrong = kept[:, -1]
    for operation in asked.tokens[:, at + 1 : n + 1].T:
        wrong = apply(wrong, operation)
    end = write(model, torch.cat([asked.tokens, kept], 1), n - at)[:, -1]
    follows, stays = end == wrong, end == asked.states[:, n - 1]
    return float(follows.double().mean()), float(stays.double().mean())


def main() -> None:
    """The example, and accuracy after a short training with and without written steps; chance is 1/7."""
    torch.set_num_threads(1)
    test = questions(500, 3, torch.Generator().manual_seed(1))
    for way in WAYS:
        model = train(way, 0, 300)
        right = (answer(model, test, way) == test.states[:, 2]).double().mean()
        print(f"{way:>8}: {float(right):.2f} of 500 questions with three operations right")


if __name__ == "__main__":
    main()
