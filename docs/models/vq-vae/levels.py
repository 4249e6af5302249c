"""A classifier that judges, and a VQ-VAE of two levels: one code for a picture, and one for each quarter.

Letters:
    B, T, P    pictures in a batch; quarters, 4; pixels of a quarter, 16
    K, D       codes in each codebook; numbers in a code
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


# --8<-- [start:cut]
def cut(images: Tensor) -> Tensor:
    """Quarters of pictures, row by row: images (B, 8, 8) to (B, 4, 16). Source: definition."""
    return images.reshape(-1, 2, 4, 2, 4).transpose(2, 3).reshape(-1, 4, 16)


def join(x: Tensor) -> Tensor:
    """Pictures from quarters: x (B, 4, 16) to (B, 8, 8). Source: definition."""
    return x.reshape(-1, 2, 2, 4, 4).transpose(2, 3).reshape(-1, 8, 8)
    # --8<-- [end:cut]


def bars(count: int, generator: torch.Generator) -> Tensor:
    """Pictures of one bar, upright or lying, each quarter of random brightness: (count, 4, 16). Source: definition."""
    images, place = torch.zeros(count, 8, 8), torch.randint(1, 7, (count,), generator=generator)
    images[torch.arange(count), :, place] = 1
    lying = torch.rand(count, generator=generator) < 0.5
    images[lying] = images[lying].mT
    return cut(images) * (0.5 + 0.5 * torch.rand(count, 4, 1, generator=generator))


def classifier(x: Tensor, y: Tensor, steps: int = 150) -> nn.Module:
    """A network that names the class: x (N, 4, 16), y (N,). Source: definition."""
    torch.manual_seed(0)
    judge = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    adam = torch.optim.Adam(judge.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(steps):
        adam.zero_grad()
        torch.autograd.backward(functional.cross_entropy(judge(x), y))
        adam.step()
    return judge


@torch.no_grad()
def sure(judge: nn.Module, x: Tensor) -> Tensor:
    """Probability of the likeliest class: x (B, 4, 16) to (B,). Source: definition."""
    return torch.as_tensor(judge(x).softmax(1).amax(1))


# --8<-- [start:nearest]
def quantise(u: Tensor, e: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Codes, straight through, their indices, and the two further terms: u (..., D), e (K, D) to (..., D), (...), ().

    Source: vandenoord2017neural, eq. 3.
    """
    k = torch.cdist(u, e).argmin(-1)
    extra = (e[k] - u.detach()).square() + 0.25 * (u - e[k].detach()).square()
    return u + (e[k] - u).detach(), k, extra.mean()
    # --8<-- [end:nearest]


class TwoLevels(nn.Module):
    """A code of the whole picture, and one of each quarter; the second encoder and decoder read the first code."""

    def __init__(self, top: int = 16, codes: int = 8, dim: int = 4, width: int = 64) -> None:
        super().__init__()
        self.above = nn.Sequential(
            nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, dim)
        )
        self.below = nn.Sequential(nn.Linear(16 + dim, width), nn.ReLU(), nn.Linear(width, dim))
        self.top, self.codes = (nn.Parameter(torch.randn(n, dim)) for n in (top, codes))
        self.rough = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, 64))
        self.fine = nn.Sequential(nn.Linear(5 * dim, width), nn.ReLU(), nn.Linear(width, 64))

    # --8<-- [start:two]
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """x (B, 4, 16) to rough (B, 4, 16), full (B, 4, 16), codes (B,), codes (B, 4), further terms ().

        Source: razavi2019generating, section 3.1. Departs: the rough picture is decoded and trained, too.
        """
        high, k_top, first = quantise(self.above(x), self.top)  # (B, D)
        seen = torch.cat([x, high[:, None].expand(-1, 4, -1)], 2)
        low, k, second = quantise(self.below(seen), self.codes)  # (B, 4, D)
        return *self.pictures(high, low), k_top, k, first + second
        # --8<-- [end:two]

    def pictures(self, high: Tensor, low: Tensor) -> tuple[Tensor, Tensor]:
        """Codes high (B, D), low (B, 4, D) to rough (B, 4, 16), full (B, 4, 16). Source: definition."""
        rough = self.rough(high)
        full = rough + self.fine(torch.cat([high, low.flatten(1)], 1))
        return rough.reshape(-1, 4, 16), full.reshape(-1, 4, 16)

    @torch.no_grad()
    def restart(self, x: Tensor, generator: torch.Generator) -> None:
        """Put unused codes of both levels on outputs for x (B, 4, 16). Source: dhariwal2020jukebox."""
        u = self.above(x)
        high, k_top, _ = quantise(u, self.top)
        v = self.below(torch.cat([x, high[:, None].expand(-1, 4, -1)], 2)).flatten(0, 1)
        k = quantise(v, self.codes)[1]
        for e, out, chosen in ((self.top, u, k_top), (self.codes, v, k)):
            unused = torch.bincount(chosen, minlength=len(e)) == 0
            e[unused] = out[torch.randint(len(out), (int(unused.sum()),), generator=generator)]


def fit_levels(
    model: TwoLevels, x: Tensor, steps: int, generator: torch.Generator, weight: float = 1.0
) -> None:
    """Train both levels at once on x (N, 4, 16); weight is that of the rough error. Source: definition."""
    adam = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(steps):
        rows = x[torch.randint(len(x), (128,), generator=generator)]
        if step % 20 == 0 and step < steps * 3 // 4:
            model.restart(rows, generator)
        rough, full, _, _, extra = model(rows)
        adam.zero_grad()
        torch.autograd.backward(
            (full - rows).square().mean() + weight * (rough - rows).square().mean() + extra
        )
        adam.step()


def main() -> None:
    """One network of two levels on pictures of bars: error of the code above alone, and of both."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x = bars(1000, generator)
    model = TwoLevels()
    fit_levels(model, x, 200, generator)
    with torch.no_grad():
        rough, full, top, _, _ = model(x)
    print(f"squared error: code above alone {(rough - x).square().mean():.4f}")
    print(f"squared error: both levels {(full - x).square().mean():.4f}")
    print(f"codes used above: {len(set(top.tolist()))}, for 12 bars")


if __name__ == "__main__":
    main()
