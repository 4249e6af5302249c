"""Energy-based models: energies as probabilities, training with and without samples, Langevin steps.

The letters:
    x       a point, (N, D), or one of S states of a table    E    energy, one number for each point or state
    Z       partition function, the sum of exp(-E)            h    step size of Langevin dynamics
    theta   parameters of the energy, (K,)                    q    density of the noise of noise-contrastive estimation
An energy is any function from x (N, D) to (N,); its score is minus its gradient.
Leading dimensions are runs side by side.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Energy = Callable[[Tensor], Tensor]  # x (N, D) to (N,)
ROUNDS, BATCH = 100, 100  # of contrastive divergence

# --8<-- [start:example]
ENERGIES = torch.tensor([2.0, 4.0, 4.0, 1.0], dtype=torch.float64).log()  # weights 1/2, 1/4, 1/4, 1
DATA = torch.tensor(
    [0.75, 0.25, 0.0, 0.0], dtype=torch.float64
)  # three of four examples at the first place
RATE = 1.0  # learning rate
# --8<-- [end:example]


# --8<-- [start:table]
def probabilities(energy: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of the weights and their sum Z: energy (S,) to (S,), (). Source: this page, eq-energy-based-model."""
    weight = torch.exp(-energy)
    partition = weight.sum()
    return weight / partition, partition


def likelihood_step(energy: Tensor, data: Tensor, model: Tensor, rate: float) -> Tensor:
    """Down at data, up at samples: energy, data, model (S,) to (S,). Source: this page, eq-energy-based-gradient."""
    return energy - rate * (data - model)
    # --8<-- [end:table]


# --8<-- [start:walk]
def walk(energy: Tensor) -> Tensor:
    """Metropolis steps to neighbours, row to column: energy (S,) to (S, S). Source: metropolis1953equation."""
    n = len(energy)
    move = torch.zeros(n, n, dtype=energy.dtype)
    for i in range(n):
        for j in (i - 1, i + 1):  # proposed with probability 1/2 each
            if 0 <= j < n:
                move[i, j] = 0.5 * torch.exp(energy[i] - energy[j]).clamp(max=1.0)
    return move + torch.diag(1 - move.sum(1))


def contrastive(energy: Tensor, data: Tensor, steps: int) -> Tensor:
    """Where walks from the data are after k steps: energy, data (S,) to (S,). Source: hinton2002training."""
    moves: Tensor = torch.linalg.matrix_power(walk(energy), steps)
    return data @ moves
    # --8<-- [end:walk]


@dataclass(frozen=True)
class Mixture:
    """A known energy: normal modes of one spread, means (M, D), weights (M,)."""

    means: Tensor
    spread: float
    weights: Tensor

    def energy(self, x: Tensor) -> Tensor:
        """Minus the log-density: x (N, D) to (N,). Source: definition."""
        far = ((x[..., None, :] - self.means) ** 2).sum(-1) / (2 * self.spread**2)
        norm = x.shape[-1] * math.log(self.spread * math.sqrt(2 * math.pi))
        value: Tensor = norm - torch.logsumexp(self.weights.log() - far, -1)
        return value

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Points, (n, D). Source: definition."""
        which = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[1], generator=generator, dtype=self.means.dtype)
        return self.means[which] + self.spread * noise


@dataclass(frozen=True)
class Bumps:
    """A learned energy: a bowl minus K bumps of learned height, centres (K, D), theta (K,)."""

    centres: Tensor
    width: float = 0.8
    bowl: float = 2.0

    def __call__(self, theta: Tensor) -> Energy:
        """The energy for some heights. Source: definition."""

        def energy(x: Tensor) -> Tensor:
            far = ((x[..., None, :] - self.centres) ** 2).sum(-1)
            bumps = torch.exp(-far / (2 * self.width**2))  # (N, K)
            heights = (bumps * theta[..., None, :]).sum(-1)
            return (x**2).sum(-1) / (2 * self.bowl**2) - heights

        return energy


def slope(energy: Energy, x: Tensor, keep: bool = False) -> Tensor:
    """Gradient of the energy in x, itself differentiable if kept: x (N, D) to (N, D). Source: definition."""
    x = x if x.requires_grad else x.detach().requires_grad_()
    (found,) = torch.autograd.grad(energy(x).sum(), x, create_graph=keep)
    return found


def langevin(
    energy: Energy,
    x: Tensor,
    h: float,
    steps: int,
    generator: torch.Generator,
    correct: bool = False,
) -> tuple[Tensor, float]:
    """Steps down the slope with noise: x (N, D) to (N, D), and share kept. Source: roberts1996exponential."""
    kept = 0.0
    # --8<-- [start:langevin]
    down = slope(energy, x)
    for _ in range(steps):
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        new = x - h / 2 * down + math.sqrt(h) * noise
        there = slope(energy, new)
        yes = torch.ones(x.shape[:-1], dtype=torch.bool)
        if correct:  # Metropolis: compare the way there with the way back
            back = ((x - new + h / 2 * there) ** 2).sum(-1) / (2 * h)
            gain = energy(x) - energy(new) + (noise**2).sum(-1) / 2 - back
            yes = torch.rand(x.shape[:-1], generator=generator, dtype=x.dtype).log() < gain
        x = torch.where(yes[..., None], new, x).detach()
        down = torch.where(yes[..., None], there, down)
        kept += float(yes.double().mean()) / steps
    # --8<-- [end:langevin]
    return x, kept


# --8<-- [start:losses]
def explicit(energy: Energy, x: Tensor) -> Tensor:
    """Score matching: x (N, D) to (). Source: hyvarinen2005estimation."""
    x = x.detach().requires_grad_()
    down = slope(energy, x, keep=True)
    bend = [
        torch.autograd.grad(down[..., d].sum(), x, create_graph=True)[0][..., d]
        for d in range(x.shape[-1])
    ]
    return ((down**2).sum(-1) / 2 - torch.stack(bend).sum(0)).mean()


def sliced(energy: Energy, x: Tensor, v: Tensor) -> Tensor:
    """Score matching along directions v: x, v (N, D) to (). Source: song2020sliced."""
    x = x.detach().requires_grad_()
    along = (slope(energy, x, keep=True) * v).sum(-1)
    (bend,) = torch.autograd.grad(along.sum(), x, create_graph=True)
    return (along**2 / 2 - (bend * v).sum(-1)).mean()
    # --8<-- [end:losses]


# --8<-- [start:contrast]
def denoising(energy: Energy, x: Tensor, eps: Tensor, spread: float) -> Tensor:
    """Score matching on noisy points: x, eps (N, D) to (). Source: vincent2011connection."""
    down = slope(energy, x + spread * eps, keep=True)
    return ((eps - spread * down) ** 2).sum(-1).mean() / 2


def noise_contrastive(
    energy: Energy, c: Tensor, data: Tensor, noise: Tensor, log_q: Energy
) -> Tensor:
    """Data against noise of known density; c learns log Z: c (), data, noise (N, D) to (). Source: gutmann2010noise."""

    def logit(x: Tensor) -> Tensor:
        return -energy(x) - c - log_q(x)

    softplus = torch.nn.functional.softplus
    return softplus(-logit(data)).mean() + softplus(logit(noise)).mean()
    # --8<-- [end:contrast]


def fit(loss: Callable[[Tensor], Tensor], theta: Tensor, steps: int) -> Tensor:
    """Newton steps, shortened while they lead up: loss (), theta (K,) to (K,). Source: definition."""
    for _ in range(steps):
        theta = theta.detach().requires_grad_()
        now = loss(theta)
        (grad,) = torch.autograd.grad(now, theta, create_graph=True)
        rows = [torch.autograd.grad(g, theta, retain_graph=True)[0] for g in grad]
        move = torch.linalg.solve(torch.stack(rows), grad.detach())
        while loss(theta.detach() - move) > now and move.norm() > 1e-9:
            move = move / 2
        theta = theta.detach() - move
    return theta


# --8<-- [start:train]
def train(
    family: Bumps, data: Tensor, h: float, steps: int, persistent: bool, generator: torch.Generator
) -> Tensor:
    """Contrastive divergence, from the data or from the last samples: data (N, D) to (K,). Source: definition."""
    theta = torch.zeros(*data.shape[:-2], len(family.centres), dtype=data.dtype)
    chains = data[..., :BATCH, :]
    for i in range(ROUNDS):
        batch = data.roll(-BATCH * i, -2)[..., :BATCH, :]
        energy = family(theta.detach())
        chains, _ = langevin(energy, chains if persistent else batch, h, steps, generator)
        theta = theta.detach().requires_grad_()
        loss = (family(theta)(batch) - family(theta)(chains)).mean(-1).sum()
        (grad,) = torch.autograd.grad(loss, theta)
        theta = theta.detach() - 2 * (1 - i / ROUNDS) * grad
    return theta
    # --8<-- [end:train]


def main() -> None:
    """One step of the example; Langevin with and without correction; a learned energy against a known one."""
    p, z = probabilities(ENERGIES)
    print(f"Z = {z:.2f}, probabilities {p.tolist()}")
    for name, model in (("exact", p), ("one step from the data", contrastive(ENERGIES, DATA, 1))):
        print(f"{name}: {likelihood_step(ENERGIES, DATA, model, RATE).tolist()}")
    generator = torch.Generator().manual_seed(0)
    normal = Mixture(torch.zeros(1, 1).double(), 1.0, torch.ones(1).double())
    start = normal.sample(4000, generator)
    for correct in (False, True):
        x, kept = langevin(normal.energy, start, 1.0, 50, generator, correct)
        print(f"variance {x.var():.2f} of 1, {kept:.0%} of steps kept")


if __name__ == "__main__":
    main()
