"""Associative recall: pairs of a key and a value are read, then keys are asked for their values.

Letters:
    M, A       pairs of a text; keys that are asked
    D, V       numbers of a query or key, and of a value
"""

import math

import torch
from torch import Tensor, nn

KEYS, VALUES, MOST = 32, 16, 16  # words that are keys; words that are values; most pairs of a text
FEW = 4  # keys of a text whose values change


def pairs(
    count: int, batch: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Each key once: keys (batch, M), values (batch, M), asked (batch, A), answers (batch, A). Source: definition."""
    keys = torch.rand(batch, KEYS, generator=generator).argsort(-1)[:, :count]
    values = torch.randint(VALUES, (batch, count), generator=generator)
    return keys, values, keys, values


def changes(
    times: int, batch: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """FEW keys, each written some times; the last value counts: to (batch, M), (batch, M), (batch, A), (batch, A).

    Source: definition.
    """
    few = torch.rand(batch, KEYS, generator=generator).argsort(-1)[:, :FEW]
    order = torch.rand(batch, FEW * times, generator=generator).argsort(-1) % FEW  # (batch, M)
    values = torch.randint(VALUES, order.shape, generator=generator)
    last = torch.stack(
        [(torch.arange(1, order.shape[1] + 1) * (order == n)).argmax(-1) for n in range(FEW)], -1
    )
    return few.gather(-1, order), values, few, values.gather(-1, last)


# --8<-- [start:read]
def read(form: str, q: Tensor, k: Tensor, v: Tensor, gamma: float) -> Tensor:
    """Questions after the last pair: q (batch, A, D), k (batch, M, D), v (batch, M, V) to (batch, A, V).

    Source: vaswani2017attention; sun2023retentive; yang2024parallelizing.
    """
    scores = q @ k.mT  # (batch, A, M)
    if form == "softmax":
        return (scores / math.sqrt(k.shape[-1])).softmax(-1) @ v
    age = torch.arange(k.shape[-2] - 1, -1, -1)
    if form == "delta":
        gap = (age[:, None] - age).neg().clamp(min=0)
        overlap = (k @ k.mT * gamma**gap).tril(-1) + torch.eye(len(age))
        v = torch.linalg.solve_triangular(overlap, v, upper=False)
    return (scores * gamma**age) @ v
    # --8<-- [end:read]


class Net(nn.Module):
    """Learned vectors for words, one head that reads, one matrix that names the value."""

    def __init__(self, form: str, d: int, v: int, gamma: float, generator: torch.Generator) -> None:
        super().__init__()
        self.form, self.gamma = form, gamma
        self.key, self.query, self.value, self.out = (
            nn.Parameter(torch.randn(size, generator=generator))
            for size in ((KEYS, d), (KEYS, d), (VALUES, v), (v, VALUES))
        )

    def forward(self, keys: Tensor, values: Tensor, asked: Tensor) -> Tensor:
        """Logits: keys and values (batch, M), asked (batch, A) to (batch, A, VALUES). Source: definition."""
        k = nn.functional.normalize(self.key[keys], dim=-1)
        o = read(self.form, self.query[asked], k, self.value[values], self.gamma)
        return nn.functional.rms_norm(o, o.shape[-1:]) @ self.out


# --8<-- [start:train]
def train(
    form: str, d: int, seed: int, *, gamma: float = 31 / 32, changed: bool = False, steps: int = 200
) -> Net:
    """Adam on the cross-entropy; texts of 1 to MOST pairs, or of changing values. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    net = Net(form, d, VALUES, gamma, generator)
    descent = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(steps):
        size = int(torch.randint(MOST // FEW if changed else MOST, (), generator=generator)) + 1
        *text, answer = (changes if changed else pairs)(size, 32, generator)
        loss = nn.functional.cross_entropy(net(*text).flatten(0, 1), answer.flatten())
        descent.zero_grad()
        torch.autograd.backward(loss)
        descent.step()
    return net
    # --8<-- [end:train]


@torch.no_grad()
def right(net: Net, size: int, seed: int, changed: bool = False) -> float:
    """The share of questions that are answered right, on 200 new texts. Source: definition."""
    generator = torch.Generator().manual_seed(1000 + seed)
    *text, answer = (changes if changed else pairs)(size, 200, generator)
    return float((net(*text).argmax(-1) == answer).double().mean())


def main() -> None:
    """Recall of 4 and 16 pairs, in three forms of equal width; guessing is right once in 16."""
    for form in ("softmax", "retention", "delta"):
        net = train(form, 8, 0)
        print(form, [f"{right(net, size, 0):.2f}" for size in (4, 16)])


if __name__ == "__main__":
    main()
