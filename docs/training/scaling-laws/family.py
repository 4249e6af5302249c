"""A family of small models on a made-up language whose entropy is known, so that a fitted law can be checked.

A text gives two tokens, a and b; the third is drawn from a fixed distribution. The losses of all models are exact
sums over the C = V * V contexts, not estimates. Letters: V tokens, S models side by side, T texts.
"""

import math

import torch
from torch import Tensor, nn

V, UNITS, DECAY, GAIN = (
    32,
    256,
    0.75,
    2.5,
)  # tokens; hidden units of the language, and how fast they fade
WIDTHS = (2, 4, 8, 16, 32, 64)  # hidden units of the models
TOKENS = tuple(2**n for n in range(13, 19))
RATES = (0.015, 0.03, 0.06, 0.12)
SEEDS, BATCH = 3, 128


# --8<-- [start:language]
def language(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Probabilities from ever weaker units: to contexts (C,), next tokens (C, V). Source: definition."""
    draw = torch.Generator().manual_seed(seed)
    rank = 1 / torch.arange(1, V + 1, dtype=torch.float64)
    context = torch.outer(rank, rank).flatten()
    u = torch.randn(2, V, UNITS, generator=draw, dtype=torch.float64)
    size = torch.arange(1, UNITS + 1, dtype=torch.float64) ** -DECAY
    hidden = torch.relu(u[0][:, None] + u[1][None]).flatten(0, 1) - 0.8
    out = torch.randn(UNITS, V, generator=draw, dtype=torch.float64)
    logits = GAIN * (hidden * size) @ out / 2
    return context / context.sum(), logits.softmax(-1)
    # --8<-- [end:language]


def entropy(context: Tensor, following: Tensor) -> float:
    """Nats that no model can save: context (C,), following (C, V). Source: shannon1948mathematical."""
    return float(-(context[:, None] * torch.special.xlogy(following, following)).sum())


def size(width: int) -> int:
    """Parameters of a model: two tables of inputs, a bias, the outputs and their bias. Source: definition."""
    return 2 * V * width + width + width * V + V


class Models(nn.Module):
    """Networks with one hidden layer, side by side; a narrow one has the rest of its units switched off."""

    def __init__(self, widths: list[int], seed: int) -> None:
        super().__init__()
        draw, most, s = torch.Generator().manual_seed(seed), max(widths), len(widths)
        self.reads = nn.Parameter(torch.randn(s, 2 * V, most, generator=draw) / math.sqrt(2))
        self.bias = nn.Parameter(torch.zeros(s, 1, most))
        self.writes = nn.Parameter(torch.zeros(s, most, V))
        self.shift = nn.Parameter(torch.zeros(s, 1, V))
        on = torch.arange(most) < torch.tensor(widths)[:, None]
        self.on = on[:, None].float()

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Logits of the third token: a, b (S, T) to (S, T, V). Source: definition."""
        rows = torch.arange(len(a))[:, None]
        h = torch.relu(self.reads[rows, a] + self.reads[rows, V + b] + self.bias) * self.on
        return torch.baddbmm(self.shift, h, self.writes)


# --8<-- [start:exact]
@torch.no_grad()
def exact(models: Models, context: Tensor, following: Tensor) -> Tensor:
    """Exact loss in nats a token: context (C,), following (C, V) to (S,). Source: definition."""
    every = torch.arange(V * V).expand(len(models.reads), -1)
    log_p = models(every // V, every % V).double().log_softmax(-1)
    losses: Tensor = -(context[:, None] * following * log_p).sum((-1, -2))
    return losses
    # --8<-- [end:exact]


# --8<-- [start:train]
def train(
    widths: list[int], tokens: int, seed: int, rate: float, marks: tuple[int, ...] = ()
) -> list[Tensor]:
    """One pass, the rate falling to zero: losses at marks and end, to (S,) each. Source: definition."""
    context, following = language()
    torch.manual_seed(seed)
    models, found = Models(widths, seed), []
    adam = torch.optim.Adam(models.parameters(), lr=1.0, betas=(0.9, 0.99))
    steps = tokens // BATCH
    for step in range(steps):
        if step * BATCH in marks:
            found.append(exact(models, context, following))
        c = torch.multinomial(context, len(widths) * BATCH, replacement=True)
        c = c.view(len(widths), BATCH)
        y = torch.multinomial(following[c.flatten()], 1).view(len(widths), BATCH)
        logits = models(c // V, c % V).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, y.flatten(), reduction="none").view_as(y)
        adam.zero_grad()
        torch.autograd.backward(loss.mean(1).sum())  # each model has its own loss
        share = min(1, (step + 1) / 10) * (1 + math.cos(math.pi * step / steps)) / 2
        adam.param_groups[0]["lr"] = share * rate
        adam.step()
    return [*found, exact(models, context, following)]
    # --8<-- [end:train]
