"""One call for a batch of texts with PyTorch, as a server runs it: no loop over texts, and fixed shapes."""

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:batch]
def verify(p: Tensor, q: Tensor, drafted: Tensor, u: Tensor) -> Tensor:
    """Tokens of a call for B texts, -1 behind the last: p (B, k + 1, V), q (B, k, V), drafted (B, k), u (B, k + 1).

    To (B, k + 1). Source: leviathan2023fast, alg. 1.
    """
    k = drafted.shape[1]
    chance_p, chance_q = (x.gather(-1, drafted[..., None])[..., 0] for x in (p[:, :k], q))
    n = (u[:, :k] * chance_q < chance_p).long().cumprod(1).sum(1, keepdim=True)
    q = functional.pad(q, (0, 0, 0, 1))  # nothing was drafted for the last place: (p - 0)+ is p
    rest = (p - q).clamp(min=0).gather(1, n[..., None].expand(-1, -1, p.shape[-1]))[:, 0]
    running = rest.cumsum(-1)
    last = torch.searchsorted(running, u[:, k:] * running[:, -1:], right=True)
    place = torch.arange(k + 1)
    tokens = torch.where(place < n, functional.pad(drafted, (0, 1)), last)
    return tokens.masked_fill(place > n, -1)


# --8<-- [end:batch]

if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    p = torch.rand(3, 5, 8, generator=generator).softmax(-1)
    q = torch.rand(3, 4, 8, generator=generator).softmax(-1)
    drafted = torch.randint(8, (3, 4), generator=generator)
    print(verify(p, q, drafted, torch.rand(3, 5, generator=generator)))
