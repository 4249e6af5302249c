"""A restricted Boltzmann machine that is small enough to enumerate: exact gradient against contrastive divergence.

The letters:
    v    visible units, (N, V), 0 or 1    h    hidden units, (N, H), 0 or 1
    w    weights, (V, H)                  b, c biases of v and of h
    F    free energy of v, the energy with h summed out
"""

import itertools
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


@cache
def states(n: int) -> Tensor:
    """All settings of n units, to (S, n) with S = 2^n. Source: definition."""
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=n)), dtype=torch.float64)


def bars() -> Tensor:
    """The data: pictures of 2 rows and 3 columns that are full rows or full columns, (10, 6). Source: definition."""
    rows = [[r] * 3 + [s] * 3 for r in (0.0, 1.0) for s in (0.0, 1.0)]
    columns = [list(c) * 2 for c in itertools.product((0.0, 1.0), repeat=3)]
    unlike = sorted({tuple(p) for p in rows + columns})
    return torch.tensor(unlike, dtype=torch.float64)


@dataclass
class Machine:
    """Weights w (V, H), biases b (V,) and c (H,)."""

    w: Tensor
    b: Tensor
    c: Tensor

    # --8<-- [start:machine]
    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """Of both layers: v (N, V), h (N, H) to (N,). Source: this page, eq-energy-based-rbm."""
        return -((v @ self.w) * h).sum(-1) - v @ self.b - h @ self.c

    def hidden(self, v: Tensor) -> Tensor:
        """Probability that each hidden unit is 1: v (N, V) to (N, H). Source: this page, eq-energy-based-hidden."""
        return torch.sigmoid(v @ self.w + self.c)

    def visible(self, h: Tensor) -> Tensor:
        """Probability that each visible unit is 1: h (N, H) to (N, V). Source: this page, eq-energy-based-hidden."""
        return torch.sigmoid(h @ self.w.T + self.b)

    def free(self, v: Tensor) -> Tensor:
        """Free energy: v (N, V) to (N,). Source: definition."""
        return -v @ self.b - torch.nn.functional.softplus(v @ self.w + self.c).sum(-1)
        # --8<-- [end:machine]

    def log_likelihood(self, data: Tensor) -> Tensor:
        """Mean over the data, by enumeration: data (N, V) to (). Source: definition."""
        everything = self.free(states(len(self.b)))
        return -self.free(data).mean() - torch.logsumexp(-everything, 0)

    def gibbs(self) -> Tensor:
        """Visible to hidden to visible, each state to each, (S, S). Source: definition."""
        v, h = states(len(self.b)), states(len(self.c))
        up = _chances(self.hidden(v), h)
        down = _chances(self.visible(h), v)
        return up @ down

    # --8<-- [start:gradient]
    def gradient(self, data: Tensor, model: Tensor) -> list[Tensor]:
        """Of the log-likelihood, from probabilities: data, model (S,) to (V, H), (V,), (H,). Source: definition."""
        v = states(len(self.b))
        h, less = self.hidden(v), data - model
        return [(v * less[:, None]).T @ h, less @ v, less @ h]

    def model(self, data: Tensor, steps: int | None) -> Tensor:
        """The model's distribution, or that k steps from the data: data (S,) to (S,). Source: definition."""
        if steps is None:
            return torch.softmax(-self.free(states(len(self.b))), 0)
        kernel = self.gibbs()
        for _ in range(steps):
            data = data @ kernel
        return data
        # --8<-- [end:gradient]


def _chances(p: Tensor, target: Tensor) -> Tensor:
    """Probability of each target under independent units: p (N, U), target (M, U) to (N, M)."""
    return torch.exp(p.log() @ target.T + (1 - p).log() @ (1 - target).T)


def empirical(data: Tensor) -> Tensor:
    """Shares of the data among all states: data (N, V) to (S,). Source: definition."""
    same = (states(data.shape[1])[:, None, :] == data).all(-1)
    return same.double().mean(1)


def start(visible: int, hidden: int, generator: torch.Generator) -> Machine:
    """Small random weights, no biases. Source: definition."""
    w = 0.1 * torch.randn(visible, hidden, generator=generator, dtype=torch.float64)
    return Machine(w, torch.zeros(visible).double(), torch.zeros(hidden).double())


def train(machine: Machine, data: Tensor, steps: int | None, rounds: int, rate: float) -> Machine:
    """Ascent by the expected gradient of CD-k, or the exact one: data (N, V). Source: definition."""
    shares = empirical(data)
    for _ in range(rounds):
        grads = machine.gradient(shares, machine.model(shares, steps))
        parts = (machine.w, machine.b, machine.c)
        machine = Machine(*(part + rate * grad for part, grad in zip(parts, grads, strict=True)))
    return machine


def main() -> None:
    """Log-likelihoods after training with the exact gradient and with one and ten steps from the data."""
    data = bars()
    print(f"best possible: {-torch.tensor(float(len(data))).log():.3f}")
    for steps in (None, 1, 10):
        machine = start(6, 4, torch.Generator().manual_seed(0))
        machine = train(machine, data, steps, 600, 1.0)
        print(f"{'exact' if steps is None else f'CD-{steps}'}: {machine.log_likelihood(data):.3f}")


if __name__ == "__main__":
    main()
