"""Message passing in three forms, colours of Weisfeiler and Lehman, an equivariant layer, attention, triangles.

Letters:
    N, M       nodes; directed edges
    h, x       features of the nodes (N, F); their places (N, n)
    source, target   where each directed edge begins and where it ends (M,)
    A          adjacency matrix (N, N): 1 in row i and column j if an edge leads from j to i
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

NAMES = ("O", "C", "H", "H")  # formaldehyde: four nodes, three bonds
FEATURES = (8.0, 6.0, 1.0, 1.0)  # atomic numbers
PLACES = ((2.0, 0.0), (0.0, 0.0), (-1.0, 1.0), (-1.0, -1.0))  # rounded so that a pencil is enough
BONDS = ((0, 1), (1, 2), (1, 3))
Bonds = Sequence[tuple[int, int]]


def both_ways(bonds: Bonds) -> tuple[Tensor, Tensor]:
    """Each bond as two directed edges: source (M,) and target (M,). Source: definition."""
    pairs = torch.tensor([*bonds, *[(j, i) for i, j in bonds]])
    return pairs[:, 0], pairs[:, 1]


# --8<-- [start:by_hand]
def by_hand(h: Tensor, bonds: Bonds) -> Tensor:
    """Each node adds what its neighbours send: h (N, F) to (N, F). Source: this page, eq-graphs-sum."""
    out = h.clone()
    for i, j in bonds:
        out[i] += h[j]
        out[j] += h[i]
    return out
    # --8<-- [end:by_hand]


def adjacency(bonds: Bonds, count: int) -> Tensor:
    """The matrix A of N = count nodes, (N, N). Source: definition."""
    source, target = both_ways(bonds)
    matrix = torch.zeros(count, count)
    matrix[target, source] = 1.0
    return matrix


# --8<-- [start:gather]
def gather(messages: Tensor, target: Tensor, count: int, how: str = "sum") -> Tensor:
    """Adds messages (M, F) into their target (M,), or takes mean or amax: (N, F), N = count.

    Source: gilmer2017neural, eq. 1. A node without messages keeps zeros.
    """
    zeros = messages.new_zeros(count, messages.shape[1])
    index = target[:, None].expand_as(messages)
    return zeros.scatter_reduce(0, index, messages, how, include_self=False)
    # --8<-- [end:gather]


# --8<-- [start:colours]
def colours(bonds: Bonds, count: int, rounds: int) -> list[str]:
    """Weisfeiler and Lehman: the new colour is the old one and the neighbours' colours in a fixed order.

    Returns the colours of all N = count nodes, sorted: two graphs with other lists are not the same graph.
    """
    near: list[list[int]] = [[] for _ in range(count)]
    for i, j in bonds:
        near[i].append(j)
        near[j].append(i)
    names = ["o"] * count
    for _ in range(rounds):
        names = [f"{names[i]}({''.join(sorted(names[j] for j in near[i]))})" for i in range(count)]
    return sorted(names)
    # --8<-- [end:colours]


# --8<-- [start:move]
def move(x: Tensor, source: Tensor, target: Tensor, weight: Callable[[Tensor], Tensor]) -> Tensor:
    """Each node moves along the lines to its neighbours: x (N, n) to (N, n).

    Args: source (M,), target (M,), weight (M, 1) to (M, 1) of squared lengths. Source: satorras2021en, eq. 4.
    """
    away = x[target] - x[source]  # (M, n)
    squared = away.square().sum(1, keepdim=True)
    return x + gather(away * weight(squared), target, len(x))
    # --8<-- [end:move]


# --8<-- [start:layer]
class Equivariant(nn.Module):
    """A layer of Satorras, Hoogeboom and Welling: features and places in, features and places out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.edge = nn.Sequential(
            nn.Linear(2 * width + 1, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.node = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width))
        self.push = nn.Linear(width, 1)

    def forward(
        self, h: Tensor, x: Tensor, source: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """h (N, F), x (N, n), source (M,), target (M,) to (N, F), (N, n). Source: satorras2021en, eq. 3 to 6."""
        away = x[target] - x[source]
        squared = away.square().sum(1, keepdim=True)
        m = self.edge(torch.cat([h[target], h[source], squared], 1))  # (M, F)
        x = x + gather(away * self.push(m), target, len(x))
        return h + self.node(torch.cat([h, gather(m, target, len(h))], 1)), x
        # --8<-- [end:layer]


# --8<-- [start:attend]
def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention as messages on the complete graph: q, k, v (N, F) to (N, F).

    Source: vaswani2017attention, eq. 1.
    """
    count = len(q)
    target, source = (
        t.flatten() for t in torch.meshgrid(*[torch.arange(count)] * 2, indexing="ij")
    )
    score = (q[target] * k[source]).sum(1, keepdim=True) / q.shape[1] ** 0.5  # (M, 1)
    part = (score - gather(score, target, count, "amax")[target]).exp()
    part = part / gather(part, target, count)[target]
    return gather(part * v[source], target, count)
    # --8<-- [end:attend]


# --8<-- [start:triangle]
def triangle(a: Tensor, b: Tensor) -> Tensor:
    """The pair (i, j) hears of all pairs (i, k) and (j, k): a, b (N, N, F) to (N, N, F).

    Source: jumper2021highly, supplement, algorithm 11, without norms, projections and gates.
    """
    return torch.einsum("ikf,jkf->ijf", a, b)
    # --8<-- [end:triangle]


def turn(size: int, generator: torch.Generator) -> Tensor:
    """A random rotation, (n, n), n = size, every one as likely as another. Source: definition."""
    q, r = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    q = q * r.diagonal().sign()
    q[:, 0] *= torch.linalg.det(q).sign()
    rotation: Tensor = q
    return rotation


def main() -> None:
    """One round in three forms, and what a rotation of the input does to the output of the layer."""
    h, x = torch.tensor(FEATURES)[:, None], torch.tensor(PLACES)
    source, target = both_ways(BONDS)
    print("by hand", by_hand(h, BONDS).flatten().tolist())
    print("matrix ", ((torch.eye(4) + adjacency(BONDS, 4)) @ h).flatten().tolist())
    print("scatter", (h + gather(h[source], target, 4)).flatten().tolist())
    torch.manual_seed(0)
    layer, h, x = Equivariant(8).double(), torch.randn(4, 8).double(), x.double()
    rotation = turn(2, torch.Generator().manual_seed(0))
    before, after = layer(h, x @ rotation.T, source, target)[1], layer(h, x, source, target)[1]
    print(
        f"rotated before and after the layer: {(before - after @ rotation.T).abs().max():.0e} apart"
    )


if __name__ == "__main__":
    main()
