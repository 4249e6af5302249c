"""A fair and an unfair comparison: two memories follow a map that changes, at one rate and at the best of each.

The map A has D times D numbers of variance 1 and forgets itself a little with each token. A token brings a key
of length 1 and the value A k with noise. The error is that of M k against A k, before the token is written;
a memory that always says 0 has the error 1.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

D, STEPS, WARM = 8, 600, 200  # the first WARM tokens are not counted
STAYS, NOISE = 0.995, 0.5  # what a step leaves of the map; standard deviation of the noise
RATES = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.45, 0.7, 1.0)


# --8<-- [start:follow]
def follow(rates: Tensor, momentum: float, seeds: int, size: int = 1) -> Tensor:
    """Error of each rate and seed, writing in chunks of `size` tokens: rates (P,) to (P, seeds). Source: definition."""
    draw = torch.Generator().manual_seed(0)
    A = torch.randn(seeds, D, D, generator=draw)
    M = torch.zeros(len(rates), seeds, D, D)
    S, G = torch.zeros_like(M), torch.zeros_like(M)
    rate, found = rates[:, None, None, None], torch.zeros(len(rates), seeds)
    for t in range(STEPS):
        k = normalize(torch.randn(seeds, D, 1, generator=draw), dim=1)
        value = A @ k
        if t >= WARM:
            found += (M @ k - value).square().mean((2, 3)) / (STEPS - WARM)
        v = value + NOISE * torch.randn(seeds, D, 1, generator=draw)
        G = G + (M @ k - v) @ k.mT
        if (t + 1) % size == 0:
            S = momentum * S - rate * G
            M, G = M + S, torch.zeros_like(M)
        A = STAYS * A + (1 - STAYS**2) ** 0.5 * torch.randn(seeds, D, D, generator=draw)
    return found
    # --8<-- [end:follow]
