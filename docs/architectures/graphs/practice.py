"""What one would write today in plain PyTorch: message passing on a list of edges."""

import torch
from torch import Tensor, nn


# --8<-- [start:layer]
class Layer(nn.Module):
    """Messages by a network, summed into their targets, and an update with a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.message = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU())
        self.update = nn.Linear(2 * width, width)

    def forward(self, h: Tensor, edges: Tensor) -> Tensor:
        """h (N, F), edges (2, M), each from row 0 to row 1, to (N, F). Source: gilmer2017neural, eq. 1 and 2."""
        source, target = edges
        m = self.message(torch.cat([h[target], h[source]], 1))
        total = torch.zeros_like(h).index_add(0, target, m)
        out: Tensor = h + self.update(torch.cat([h, total], 1))
        return out
        # --8<-- [end:layer]


def main() -> None:
    """Two graphs as one: the second begins where the first ends."""
    edges = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
    print(tuple(Layer(8)(torch.randn(4, 8), edges).shape))


if __name__ == "__main__":
    main()
