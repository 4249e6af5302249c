"""Nearest neighbours without comparing all: cells around centres (IVF), and a walk on a graph of neighbours.

N  vectors        C  cells        P  cells that are read        M  neighbours in the graph
"""

import heapq

import torch
from torch import Generator, Tensor


def vectors(count: int, width: int, groups: int, generator: Generator) -> Tensor:
    """Vectors of length 1 around as many middles as there are groups; without groups, without order: (N, E).

    Source: definition.
    """
    x = torch.randn(count, width, generator=generator)
    if groups:
        middles = 1.5 * torch.randn(groups, width, generator=generator)
        x = x + middles[torch.randint(groups, (count,), generator=generator)]
    return torch.nn.functional.normalize(x)


class Cells:
    """An inverted file: each vector of x (N, E) stands in the list of its nearest centre, found by k-means."""

    def __init__(self, x: Tensor, cells: int, generator: Generator, rounds: int = 8) -> None:
        self.x = x
        centres = x[torch.randperm(len(x), generator=generator)[:cells]]
        for _ in range(rounds):
            owner = (x @ centres.T).argmax(1)
            sums = torch.zeros_like(centres).index_add(0, owner, x)
            full = torch.bincount(owner, minlength=cells) > 0
            centres = torch.nn.functional.normalize(torch.where(full[:, None], sums, centres))
        self.centres = centres
        self.owner = (x @ centres.T).argmax(1)

    # --8<-- [start:cells]
    def search(self, q: Tensor, k: int, probes: int) -> tuple[list[int], int]:
        """The k nearest in the cells of the nearest centres, and how many inner products that took: q (E,).

        Source: definition.
        """
        near = (self.centres @ q).topk(probes).indices
        inside = torch.isin(self.owner, near).nonzero()[:, 0]
        best = (self.x[inside] @ q).topk(min(k, len(inside))).indices
        return inside[best].tolist(), len(self.centres) + len(inside)
        # --8<-- [end:cells]


class Graph:
    """Each vector of x (N, E) with edges to its M nearest and to a few others at random.

    HNSW has the long edges in sparse upper layers instead; this is one layer.
    """

    def __init__(self, x: Tensor, neighbours: int, far: int, generator: Generator) -> None:
        self.x = x
        near = (x @ x.T).topk(neighbours + 1).indices[:, 1:].tolist()
        away = torch.randint(len(x), (len(x), far), generator=generator).tolist()
        self.edges: list[set[int]] = [set() for _ in range(len(x))]
        for a, others in enumerate(zip(near, away, strict=True)):
            for b in (*others[0], *others[1]):
                self.edges[a].add(b)
                self.edges[b].add(a)

    def search(self, q: Tensor, k: int, beam: int) -> tuple[list[int], int]:
        """The k nearest that a walk finds which keeps the best `beam`, and how many inner products: q (E,).

        Source: definition.
        """
        seen, first = {0}, float(self.x[0] @ q)
        ahead, best = [(-first, 0)], [(first, 0)]
        while ahead and (-ahead[0][0] >= best[0][0] or len(best) < beam):
            new = sorted(self.edges[heapq.heappop(ahead)[1]] - seen)
            seen.update(new)
            for score, b in zip((self.x[new] @ q).tolist(), new, strict=True):
                heapq.heappush(ahead, (-score, b))
                heapq.heappush(best, (score, b))
                if len(best) > beam:
                    heapq.heappop(best)
        return [b for _, b in sorted(best, reverse=True)[:k]], len(seen)
