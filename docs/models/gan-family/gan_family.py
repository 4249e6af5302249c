"""The GAN family: a class for both players, L1 beside the game, a cycle, styles.

The letters:
    x    points, (R, N, 2): R runs side by side      c    classes as one-hot rows, (R, N, C)
    z    noise, (R, N, Z)                            w    style codes, (R, N, W)
    D    discriminator, gives logits (R, N)          G, F maps there and back
    psi  truncation, 1 for none
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

# --8<-- [start:example]
# Shares of black and white in classes A and B; below, of a generator that ignores the class.
SHARES = torch.tensor([[0.25, 0.75], [0.75, 0.25]])
BLIND = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
# One unit with two inputs, and a style for each.
WEIGHTS, STYLE = torch.tensor([[3.0, 2.0]]), torch.tensor([1.0, 2.0])
# --8<-- [end:example]
CLASSES, RADIUS, SPREAD = 4, 2.0, 0.2
NOISE, CODE, HIDDEN = 4, 16, 32
BLUR = 0.3  # of the points near the corners of a triangle
CORNERS = torch.tensor([[2.0, 0.0], [-1.0, math.sqrt(3)], [-1.0, -math.sqrt(3)]])


# --8<-- [start:answers]
def best(p: Tensor, q: Tensor) -> Tensor:
    """The best discriminator: p, q (...) to (...). Source: goodfellow2014generative."""
    return p / (p + q)


def cost(guess: float, shares: Tensor, power: int) -> float:
    """Mean distance of a guess from the targets 0 and 1, to a power: shares (2,) to (). Source: definition."""
    far = torch.tensor([abs(guess) ** power, abs(1.0 - guess) ** power], dtype=shares.dtype)
    return float(shares @ far)
    # --8<-- [end:answers]


# --8<-- [start:style]
def modulate(weight: Tensor, style: Tensor) -> Tensor:
    """Scale each input by its style: weight (O, I), style (..., I) to (..., O, I). Source: karras2020analyzing."""
    return weight * style[..., None, :]


def demodulate(weight: Tensor) -> Tensor:
    """Rows of length one: weight (..., O, I) to (..., O, I). Source: this page, eq-gan-family-demodulate."""
    return weight / (weight.square().sum(-1, keepdim=True) + 1e-8).sqrt()


def truncate(w: Tensor, mean: Tensor, psi: float) -> Tensor:
    """Codes nearer to their mean: w (..., W), mean (W,) to (..., W). Source: karras2019style."""
    return mean + psi * (w - mean)
    # --8<-- [end:style]


Layer = tuple[Tensor, Tensor]  # weights and biases, to (R, I, O), (R, 1, O)


def layer(runs: int, few: int, many: int, generator: torch.Generator) -> Layer:
    """Weights (R, I, O) and biases (R, 1, O), one set for each run. Source: definition."""
    weight = torch.randn(runs, few, many, generator=generator) * math.sqrt(2 / few)
    return weight.requires_grad_(), torch.zeros(runs, 1, many, requires_grad=True)


def dense(x: Tensor, part: Layer) -> Tensor:
    """x (R, N, I) to (R, N, O). Source: definition."""
    return x @ part[0] + part[1]


def network(sizes: Sequence[int], runs: int, generator: torch.Generator) -> list[Layer]:
    """Layers between the sizes. Source: definition."""
    return [layer(runs, a, b, generator) for a, b in pairwise(sizes)]


def forward(x: Tensor, parts: Sequence[Layer]) -> Tensor:
    """Leaky ReLU between the layers: x (R, N, I) to (R, N, O). Source: definition."""
    for i, part in enumerate(parts):
        x = dense(functional.leaky_relu(x, 0.2) if i else x, part)
    return x


class StyleGenerator:
    """Noise and class to a style code, and from a learned constant through styled layers to a point."""

    def __init__(self, runs: int, generator: torch.Generator) -> None:
        self.mapping = network([NOISE + CLASSES, HIDDEN, CODE], runs, generator)
        self.start = torch.randn(runs, 1, HIDDEN, generator=generator).requires_grad_()
        self.styles = [layer(runs, CODE, HIDDEN, generator) for _ in range(2)]
        self.parts = network([HIDDEN, HIDDEN, 2], runs, generator)

    def parameters(self) -> list[Tensor]:
        """All that is learned, to tensors (...). Source: definition."""
        pairs = [*self.mapping, *self.styles, *self.parts]
        return [self.start, *(tensor for pair in pairs for tensor in pair)]

    # --8<-- [start:generator]
    def code(self, z: Tensor, c: Tensor) -> Tensor:
        """The mapping network: z (R, N, Z), c (R, N, C) to w (R, N, W). Source: karras2019style."""
        return forward(torch.cat([z, c], -1), self.mapping)

    def draw(self, w: Tensor) -> Tensor:
        """The synthesis network: w (R, N, W) to x (R, N, 2). Source: karras2020analyzing."""
        weight, bias = self.parts[0]
        style = dense(w, self.styles[0]) + 1
        scale = (style.square() @ weight.square() + 1e-8).rsqrt()  # demodulation, per sample
        h = (self.start * style) @ weight * scale + bias
        h = functional.leaky_relu(h, 0.2)
        return dense(h * (dense(w, self.styles[1]) + 1), self.parts[1])
        # --8<-- [end:generator]


def centres() -> Tensor:
    """Eight modes on a circle, two opposite ones for each class, (C, 2, 2). Source: definition."""
    angle = torch.arange(2 * CLASSES) * math.pi / CLASSES
    places = RADIUS * torch.stack([angle.cos(), angle.sin()], -1)
    return torch.stack([places[:CLASSES], places[CLASSES:]], 1)


def sample(which: Tensor, generator: torch.Generator) -> Tensor:
    """Data of the classes that are asked for: which (R, N) to (R, N, 2). Source: definition."""
    side = torch.randint(2, which.shape, generator=generator)
    noise = torch.randn(*which.shape, 2, generator=generator)
    return centres()[which, side] + SPREAD * noise


def judged(x: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of the class asked for, and near a mode: x (R, N, 2), which (R, N) to (R,), (R,). Source: definition."""
    far = (x[..., None, None, :] - centres()).norm(dim=-1)  # (R, N, C, 2)
    found = far.amin(-1).argmin(-1)
    near = far.flatten(-2).amin(-1) < 3 * SPREAD
    return (found == which).float().mean(-1), near.float().mean(-1)


# --8<-- [start:conditional]
def train(
    seen: Tensor, play: Tensor, l1: Tensor, rounds: int, generator: torch.Generator
) -> StyleGenerator:
    """Does D see the class; weights: seen, play, l1 (R,) to a generator. Source: isola2017image."""
    runs, n, rate, softplus = len(seen), 64, 0.01, functional.softplus
    g = StyleGenerator(runs, generator)
    d = network([2 + CLASSES, 48, 48, 1], runs, generator)
    makes = torch.optim.Adam(g.parameters(), rate, betas=(0.5, 0.99))
    judges = torch.optim.Adam([tensor for pair in d for tensor in pair], rate, betas=(0.5, 0.99))
    for i in range(rounds):
        which = torch.randint(CLASSES, (runs, n), generator=generator)
        c = functional.one_hot(which, CLASSES).float()
        shown = c * seen[:, None, None]
        x, z = sample(which, generator), torch.randn(runs, n, NOISE, generator=generator)
        fake = g.draw(g.code(z, c))
        real_logit = forward(torch.cat([x, shown], -1), d)
        fake_logit = forward(torch.cat([fake.detach(), shown], -1), d)
        step(judges, softplus(-real_logit).mean((1, 2)) + softplus(fake_logit).mean((1, 2)))
        game = softplus(-forward(torch.cat([fake, shown], -1), d)).mean((1, 2))
        step(makes, play * game + l1 * (fake - x).abs().mean((1, 2)))
        for optimizer in (makes, judges):
            optimizer.param_groups[0]["lr"] = rate * (1 - i / rounds)
    return g
    # --8<-- [end:conditional]


def step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step on the losses of all runs: loss (R,). Source: definition."""
    optimizer.zero_grad()
    torch.autograd.backward(loss.sum())
    optimizer.step()


# --8<-- [start:cycle]
def cycle_loss(x: Tensor, y: Tensor, g: Layer, f: Layer) -> Tensor:
    """There and back, from both sides: x, y (R, N, 2) to (R,). Source: zhu2017unpaired."""
    back = dense(dense(x, g), f) - x
    forth = dense(dense(y, f), g) - y
    return back.abs().mean((1, 2)) + forth.abs().mean((1, 2))
    # --8<-- [end:cycle]


def triangle(n: int, shares: Tensor, generator: torch.Generator) -> Tensor:
    """Points near three corners of equal distances: shares (R, 3) to (R, n, 2). Source: definition."""
    which = torch.multinomial(shares, n, replacement=True, generator=generator)
    noise = torch.randn(*which.shape, 2, generator=generator)
    return CORNERS[which] + BLUR * noise


def turned(reach: Tensor, generator: torch.Generator) -> tuple[Layer, Layer]:
    """Turns up to a reach (R,), full ones mirrored by chance, and their inverses. Source: definition."""
    full, runs = reach > 3, len(reach)
    angle = reach * (2 * torch.rand(runs, generator=generator) - 1)
    side = torch.where(full & (torch.rand(runs, generator=generator) < 0.5), -1.0, 1.0)
    rows = torch.stack([angle.cos(), angle.sin(), -side * angle.sin(), side * angle.cos()], -1)
    g = rows.view(runs, 2, 2)
    f = g.mT.clone()
    zeros = [torch.zeros(runs, 1, 2, requires_grad=True) for _ in range(2)]
    return (g.requires_grad_(), zeros[0]), (f.requires_grad_(), zeros[1])


def pair_loss(g: Layer, f: Layer, wished: Tensor) -> Tensor:
    """The three corners as known pairs, both ways: wished (2, 2) to (R,). Source: definition."""
    x = CORNERS.expand(len(g[0]), -1, -1)
    y = x @ wished
    return (dense(x, g) - y).abs().mean((1, 2)) + (dense(y, f) - x).abs().mean((1, 2))


def train_cycle(
    shares: Tensor,
    pairs: Tensor,
    reach: Tensor,
    wished: Tensor,
    rounds: int,
    generator: torch.Generator,
) -> tuple[Layer, Layer]:
    """To a turned triangle and back: shares (R, 3), pairs, reach (R,), wished (2, 2). Source: zhu2017unpaired."""
    runs, n, rate, softplus = len(shares), 64, 0.02, functional.softplus
    g, f = turned(reach, generator)
    judges = [network([2, 24, 24, 1], runs, generator) for _ in range(2)]
    of_d = [tensor for net in judges for pair in net for tensor in pair]
    makes = torch.optim.Adam([*g, *f], rate, betas=(0.5, 0.99))
    learns = torch.optim.Adam(of_d, rate / 2, betas=(0.5, 0.99))
    for i in range(rounds):
        x, y = triangle(n, shares, generator), triangle(n, shares, generator) @ wished
        fakes = dense(y, f), dense(x, g)
        sides = list(zip((x, y), fakes, judges, strict=True))
        losses = [
            softplus(-forward(real, d)) + softplus(forward(fake.detach(), d))
            for real, fake, d in sides
        ]
        step(learns, torch.stack(losses).mean((2, 3)).sum(0))
        games = torch.stack([softplus(-forward(fake, d)) for _, fake, d in sides])
        total = games.mean((2, 3)).sum(0) + cycle_loss(x, y, g, f)
        step(makes, total + pairs * pair_loss(g, f, wished))
        for optimizer, full in ((makes, rate), (learns, rate / 2)):
            optimizer.param_groups[0]["lr"] = full * (1 - i / rounds)
    return g, f


def main() -> None:
    """The example: best answers, costs of guesses, the styled unit."""
    print("best answers, class A:", best(SHARES, BLIND)[0].tolist())
    for a in (0.5, 0.75, 1.0):
        print(f"guess {a}: L1 {cost(a, SHARES[0], 1)}, squared {cost(a, SHARES[0], 2)}")
    print("styled unit:", demodulate(modulate(WEIGHTS, STYLE)).tolist())


if __name__ == "__main__":
    main()
