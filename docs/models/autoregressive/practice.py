"""What one would write today: a causal network of dilated convolutions, as in WaveNet, for any sequence of tokens."""

from collections.abc import Sequence
from math import log

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional


# --8<-- [start:digits]
def digits() -> Tensor:
    """All digits of scikit-learn in four grey levels, 0 to 3, shuffled: (1797, 8, 8). Source: definition."""
    images = (torch.tensor(load_digits().images) * 4 / 17).long()  # they go from 0 to 16
    return images[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))]
    # --8<-- [end:digits]


# --8<-- [start:causal]
class Causal(nn.Module):
    """Logits of the next of K tokens at every place, from the tokens up to that place."""

    def __init__(self, tokens: int, dilations: Sequence[int], width: int = 16) -> None:
        super().__init__()
        self.embed, self.last = nn.Embedding(tokens, width), nn.Linear(width, tokens)
        self.layers = nn.ModuleList(nn.Conv1d(width, width, 2, dilation=d) for d in dilations)
        self.dilations = dilations

    def forward(self, x: Tensor) -> Tensor:
        """x (B, N) to logits (B, N, K). Source: vandenoord2016wavenet, section 2.1."""
        h = self.embed(x).mT  # (B, width, N)
        for layer, dilation in zip(self.layers, self.dilations, strict=True):
            h = h + functional.gelu(
                layer(functional.pad(h, (dilation, 0)))
            )  # zeros on the left only
        logits: Tensor = self.last(h.mT)
        return logits
        # --8<-- [end:causal]


# --8<-- [start:bits]
def bits(model: nn.Module, x: Tensor) -> Tensor:
    """Bits per token of x (B, N), but for the first: (). Source: this page, eq-autoregressive-bits."""
    logits = model(x[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1), x[:, 1:].flatten()) / log(2)
    # --8<-- [end:bits]


# --8<-- [start:sample]
@torch.no_grad()
def sample(model: nn.Module, x: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Append count tokens to x (B, N), one pass for each: (B, N + count). Source: definition."""
    for _ in range(count):
        p = model(x)[:, -1].softmax(1)  # (B, K)
        x = torch.cat([x, torch.multinomial(p, 1, generator=generator)], 1)
    return x
    # --8<-- [end:sample]


def train(model: nn.Module, x: Tensor, steps: int, rate: float = 0.02) -> None:
    """Adam on the bits of all of x (B, N). Source: definition."""
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        adam.zero_grad()
        torch.autograd.backward(bits(model, x))
        adam.step()


def main() -> None:
    """A sequence that repeats itself after eight tokens: a network that sees eight learns it."""
    torch.manual_seed(0)
    x = torch.randint(4, (32, 8)).repeat(1, 4)
    for dilations in ((1, 1, 1), (1, 2, 4)):
        model = Causal(4, dilations)
        train(model, x, 100)
        print(dilations, f"{bits(model, x[:, 8:]):.3f} bits per token")


if __name__ == "__main__":
    main()
