"""Forces on four charged atoms, learned upright: a plain network, the same with augmentation, an equivariant layer.

Letters:
    S, B, N    networks that are trained side by side, one for each seed; structures; atoms
    x, f       places and forces (S, B, N, 3)
"""

import sys
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

UPRIGHT = ((2.0, 0.0, 0.0), (0.0, 0.0, 0.0), (-1.0, 1.0, 0.0), (-1.0, -1.0, 0.0))
CHARGES = (-2.0, 1.0, 0.5, 0.5)  # made up, but their sum is zero
JITTER = 0.3  # how far each atom is from its place, in each direction
SEEDS, BATCH, RATE, WIDTH = 5, 64, 3e-3, 64
STEPS = (125, 250, 500, 1000)
KINDS = ("plain", "augmented", "equivariant")
ANGLES = tuple(float(angle) for angle in range(0, 181, 30))
Weights = list[Tensor]  # matrices (S, in, out) and biases (S, 1, out) in turn


def structures(count: int, generator: torch.Generator) -> Tensor:
    """Upright molecules with every atom moved a little: (SEEDS, count, 4, 3). Source: definition."""
    noise = torch.randn(SEEDS, count, 4, 3, generator=generator)
    return torch.tensor(UPRIGHT) + JITTER * noise


# --8<-- [start:forces]
def forces(x: Tensor) -> Tensor:
    """What is to be learned: like charges repel, unlike ones attract; x (..., N, 3) to (..., N, 3).

    Source: definition.
    """
    q = torch.tensor(CHARGES)
    away = x[..., :, None, :] - x[..., None, :, :]  # (..., N, N, 3)
    pull = q[:, None] * q / (1 + away.square().sum(-1))
    return (pull[..., None] * away).sum(-2)
    # --8<-- [end:forces]


def rotations(count: int, generator: torch.Generator, angle: float | None = None) -> Tensor:
    """Rotations about random axes, (count, 3, 3); by one angle in degrees, or uniform over all rotations.

    Source: definition (the formula of Rodrigues).
    """
    if angle is None:
        q, r = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator))
        q = q * r.diagonal(dim1=1, dim2=2).sign()[:, None]
        turned: Tensor = q * torch.linalg.det(q)[:, None, None]  # -q is a rotation if q is none
        return turned
    axis = functional.normalize(torch.randn(count, 3, generator=generator), dim=1)
    cross = torch.zeros(count, 3, 3)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        cross[:, i, j], cross[:, j, i] = -axis[:, k], axis[:, k]
    turn = torch.deg2rad(torch.tensor(angle))
    return torch.eye(3) + turn.sin() * cross + (1 - turn.cos()) * cross @ cross


# --8<-- [start:augment]
def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Every structure turned at random: x (S, B, N, 3) to (S, B, N, 3). Source: definition."""
    turn = rotations(x.shape[0] * x.shape[1], generator).reshape(*x.shape[:2], 3, 3)
    return x @ turn.mT
    # --8<-- [end:augment]


def weights(sizes: tuple[int, ...], generator: torch.Generator) -> Weights:
    """Matrices (S, in, out) and biases (S, 1, out) of layers of these sizes. Source: definition."""
    made = []
    for a, b in pairwise(sizes):
        made += [torch.randn(SEEDS, a, b, generator=generator) / a**0.5, torch.zeros(SEEDS, 1, b)]
    return [part.requires_grad_() for part in made]


def dense(parts: Weights, x: Tensor) -> Tensor:
    """Layers with SiLU between them: x (S, rows, in) to (S, rows, out). Source: definition."""
    for n in range(0, len(parts), 2):
        x = torch.baddbmm(parts[n + 1], functional.silu(x) if n else x, parts[n])
    return x


# --8<-- [start:plain]
def plain(parts: Weights, x: Tensor) -> Tensor:
    """Twelve coordinates in, twelve out: x (S, B, N, 3) to (S, B, N, 3). Source: definition."""
    return dense(parts, x.flatten(2)).reshape(x.shape)
    # --8<-- [end:plain]


# --8<-- [start:equivariant]
def equivariant(parts: Weights, x: Tensor) -> Tensor:
    """Weights of charges and distances times the lines between atoms: x (S, B, N, 3) to (S, B, N, 3).

    Source: satorras2021en, eq. 3 and 4, one layer on the complete graph.
    """
    q = torch.tensor(CHARGES).expand(x.shape[:-1])
    away = x[..., :, None, :] - x[..., None, :, :]  # (S, B, N, N, 3)
    squared = away.square().sum(-1)
    mine, other = q[..., :, None].expand_as(squared), q[..., None, :].expand_as(squared)
    told = torch.stack([mine, other, squared], -1)
    weight = dense(parts, told.flatten(1, 3)).reshape(*squared.shape, 1)
    return (weight * away).sum(-2)
    # --8<-- [end:equivariant]


def error(kind: str, parts: Weights, x: Tensor) -> Tensor:
    """Squared error over the mean square of the forces, one for each seed: x (S, B, N, 3) to (S,).

    A guess of zero has the error 1. Source: definition.
    """
    run, f = equivariant if kind == "equivariant" else plain, forces(x)
    away: Tensor = (run(parts, x) - f).square().mean((1, 2, 3))
    return away / f.square().mean((1, 2, 3))


def train(kind: str, steps: int, generator: torch.Generator, marks: list[Tensor]) -> Weights:
    """SEEDS networks; their errors on turned structures after each number of STEPS go into marks (S,).

    Source: definition.
    """
    sizes = (3, WIDTH, 1) if kind == "equivariant" else (12, WIDTH, WIDTH, 12)
    parts = weights(sizes, generator)
    optimiser = torch.optim.Adam(parts, RATE)
    turned = augment(
        structures(200, torch.Generator().manual_seed(7)), torch.Generator().manual_seed(8)
    )
    for step in range(1, steps + 1):
        x = structures(BATCH, generator)
        x = augment(x, generator) if kind == "augmented" else x
        optimiser.zero_grad()
        torch.autograd.backward(error(kind, parts, x).sum())
        optimiser.step()
        if step in STEPS:
            with torch.no_grad():
                marks.append(error(kind, parts, turned))
    return parts


def by_angle(kind: str, parts: Weights) -> Tensor:
    """Errors on structures turned by each of ANGLES, (angles, S). Source: definition."""
    generator = torch.Generator().manual_seed(9)
    x, rows = structures(200, generator), []
    with torch.no_grad():
        for angle in ANGLES:
            turn = rotations(SEEDS * 200, generator, angle).reshape(SEEDS, 200, 3, 3)
            rows.append(error(kind, parts, x @ turn.mT))
    return torch.stack(rows)


def main() -> None:
    """Mean error upright and turned, for the kinds that are named, or all."""
    for kind in sys.argv[1:] or KINDS:
        marks: list[Tensor] = []
        parts = train(kind, STEPS[-1], torch.Generator().manual_seed(0), marks)
        upright = by_angle(kind, parts)[0].mean()
        print(f"{kind:12s} upright {upright:.4f}   turned {marks[-1].mean():.4f}")


if __name__ == "__main__":
    main()
