"""A diffusion transformer: patches of a noisy image in, the noise out, told level and class by adaptive norms.

The blocks begin as the identity: gates, scales and shifts come from linear layers that start at zero.
"""

import math

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state
from torch.nn import functional

SIDE, PATCH, WIDTH, HEADS, DEPTH, CLASSES = 8, 2, 32, 4, 4, 10
STEPS, BATCH, RATE = 120, 32, 0.002


# --8<-- [start:adapt]
def adapt(h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """LayerNorm whose gain and bias are told: h (B, N, E), scale and shift (B, E) to (B, N, E).

    Source: this page, eq-vision-transformer-adaln.
    """
    normed = functional.layer_norm(h, h.shape[-1:], eps=1e-6)
    return (1 + scale[:, None]) * normed + shift[:, None]
    # --8<-- [end:adapt]


class Block(nn.Module):
    """Attention and a feed-forward layer, each with an adaptive norm before and a gate behind it."""

    def __init__(self, width: int, heads: int, zero: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.tell = nn.Linear(width, 6 * width)
        if zero:
            nn.init.zeros_(self.tell.weight)
            nn.init.zeros_(self.tell.bias)

    def attention(self, x: Tensor) -> Tensor:
        """Each token asks all: x (B, N, E) to (B, N, E). Source: vaswani2017attention."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        a = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1)
        out: Tensor = self.out((a @ v).transpose(1, 2).flatten(2))
        return out

    # --8<-- [start:block]
    def forward(self, h: Tensor, c: Tensor) -> Tensor:
        """h (B, N, E), condition c (B, E) to (B, N, E). Source: peebles2023scalable, figure 3."""
        told = self.tell(functional.silu(c)).chunk(6, 1)  # six times (B, E)
        shift1, scale1, gate1, shift2, scale2, gate2 = told
        h = h + gate1[:, None] * self.attention(adapt(h, scale1, shift1))
        fed = self.down(functional.gelu(self.up(adapt(h, scale2, shift2))))
        out: Tensor = h + gate2[:, None] * fed
        return out
        # --8<-- [end:block]


class DiT(nn.Module):
    """Noisy image (B, 1, S, S), noise level and class (B,) to the guessed noise (B, 1, S, S)."""

    def __init__(self, zero: bool = True, depth: int = DEPTH, width: int = WIDTH) -> None:
        super().__init__()
        self.embed, self.level = nn.Linear(PATCH**2, width), nn.Linear(width, width)
        self.places = nn.Parameter(torch.randn((SIDE // PATCH) ** 2, width) * 0.02)
        self.classes = nn.Embedding(CLASSES, width)
        self.blocks = nn.ModuleList(Block(width, HEADS, zero) for _ in range(depth))
        self.tell, self.last = nn.Linear(width, 2 * width), nn.Linear(width, PATCH**2)
        for layer in (self.tell, self.last) if zero else ():
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    # --8<-- [start:forward]
    def forward(self, z: Tensor, t: Tensor, y: Tensor) -> Tensor:
        """z (B, 1, S, S), level t (B,), class y (B,) to (B, 1, S, S). Source: peebles2023scalable."""
        grid = SIDE // PATCH
        rows = z.reshape(-1, grid, PATCH, grid, PATCH).transpose(2, 3)
        h = self.embed(rows.flatten(3).flatten(1, 2)) + self.places  # (B, N, E)
        frequencies = torch.exp(torch.linspace(0, 4, h.shape[-1] // 2))
        angles = t[:, None] * frequencies
        c = self.level(torch.cat([angles.sin(), angles.cos()], 1)) + self.classes(y)  # (B, E)
        for block in self.blocks:
            h = block(h, c)
        scale, shift = self.tell(functional.silu(c)).chunk(2, 1)
        h = self.last(adapt(h, scale, shift))  # (B, N, P·P)
        out: Tensor = h.reshape(-1, grid, grid, PATCH, PATCH).transpose(2, 3)
        return out.reshape(-1, 1, SIDE, SIDE)
        # --8<-- [end:forward]


GROUPS = {
    "last": ("last.",),
    "gates": ("tell.",),
    "inside": ("qkv.", "out.", "up.", "down."),
    "input": ("embed.", "level.", "classes.", "places"),
}


def group(name: str) -> str:
    """The group of a parameter by its name: the last layer, what is told, inside of blocks, or the input."""
    return next(key for key, parts in GROUPS.items() if any(part in name for part in parts))


# --8<-- [start:noised]
def noised(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Images x (B, 1, S, S) with noise: levels t (B,), noise and mixture (B, 1, S, S) each. Source: definition."""
    t = torch.rand(len(x), generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    share = t[:, None, None, None]
    return t, noise, (1 - share) * x + share * noise
    # --8<-- [end:noised]


def train(
    images: Tensor, labels: Tensor, zero: bool, seeds: int, steps: int = STEPS
) -> tuple[Tensor, dict[str, list[float]]]:
    """Networks of seeds 0, 1, ... on images (n, 1, S, S), labels (n,): losses (steps, seeds), first gradients.

    The second result holds the norm of the gradient of each group of the first network at the first four steps.
    Source: this page, eq-vision-transformer-dit.
    """
    torch.set_num_threads(1)
    models = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        models.append(DiT(zero))
    weights, _ = stack_module_state(models)
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(list(weights.values()), lr=RATE)

    def one(own: dict[str, Tensor], z: Tensor, t: Tensor, y: Tensor) -> Tensor:
        out: Tensor = functional_call(models[0], own, (z, t, y))
        return out

    losses, norms = [], {key: [0.0] * 4 for key in GROUPS}
    for step in range(steps):
        pick = torch.randint(len(images), (seeds * BATCH,), generator=generator)
        t, noise, z = noised(images[pick], generator)
        given = (part.reshape(seeds, BATCH, *part.shape[1:]) for part in (z, t, labels[pick]))
        away = torch.vmap(one)(weights, *given) - noise.reshape(seeds, BATCH, *noise.shape[1:])
        loss = away.square().mean((1, 2, 3, 4))
        optimiser.zero_grad()
        torch.autograd.backward(loss.sum())  # each network has its own examples and its own loss
        if step < 4:
            for name, value in weights.items():
                square = 0.0 if value.grad is None else float(value.grad[0].square().sum())
                norms[group(name)][step] += square
        optimiser.step()
        losses.append(loss.detach())
    return torch.stack(losses), {key: [v**0.5 for v in row] for key, row in norms.items()}


def main() -> None:
    """A DiT before training: a block gives back what it got, and the guess is zero."""
    torch.manual_seed(0)
    model = DiT()
    h, c = torch.randn(2, 16, WIDTH), torch.randn(2, WIDTH)
    with torch.no_grad():
        made = model.blocks[0](h, c)
        guess = model(torch.randn(2, 1, SIDE, SIDE), torch.rand(2), torch.tensor([3, 7]))
    print("block changes its input by", float((made - h).abs().max()))
    print("largest number of the guess", float(guess.abs().max()))


if __name__ == "__main__":
    main()
