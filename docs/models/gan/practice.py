"""GANs as one writes them in torch: a round with R1, a round of a Wasserstein GAN, DCGAN's networks."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam, Optimizer


def update(loss: Tensor, optimizer: Optimizer) -> None:
    """One step of one player on loss (). Source: definition."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()


# --8<-- [start:round]
def play(
    g: nn.Module, d: nn.Module, players: Sequence[Optimizer], real: Tensor, z: Tensor, gamma: float
) -> None:
    """One round with R1: real (B, D), z (2, B, Z), optimisers of D and G. Source: mescheder2018which, eq. 9."""
    real = real.detach().requires_grad_()
    logits = d(real)
    (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    r1 = slope.square().flatten(1).sum(1).mean()
    fake = d(g(z[0]).detach())
    update(softplus(-logits).mean() + softplus(fake).mean() + gamma / 2 * r1, players[0])
    update(softplus(-d(g(z[1]))).mean(), players[1])
    # --8<-- [end:round]


# --8<-- [start:slope]
def slope_penalty(critic: nn.Module, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """Mean squared excess of the slope over one, between real and fake (B, ...), share (B, 1, ...), to ().

    Source: gulrajani2017improved, eq. 3 without its weight.
    """
    mixed = torch.lerp(real, fake, share).requires_grad_()
    (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()
    # --8<-- [end:slope]


# --8<-- [start:wgan]
def wgan(
    g: nn.Module,
    critic: nn.Module,
    players: Sequence[Optimizer],
    batches: Sequence[tuple[Tensor, Tensor, Tensor]],
    z: Tensor,
    clip: float = math.inf,
    weight: float = 10.0,
) -> None:
    """A round: batches (B, D) of data, with noise and shares; z (B, Z). Source: gulrajani2017improved, alg. 1."""
    for real, noise, share in batches:
        fake = g(noise).detach()
        loss = critic(fake).mean() - critic(real).mean()
        if clip == math.inf:
            loss = loss + weight * slope_penalty(critic, real, fake, share)
        update(loss, players[0])
        for w in critic.parameters():
            w.data.clamp_(-clip, clip)
    update(-critic(g(z)).mean(), players[1])
    # --8<-- [end:wgan]


# --8<-- [start:dcgan]
def dcgan(
    units: int = 100, width: int = 64, colours: int = 3
) -> tuple[nn.Sequential, nn.Sequential]:
    """G from z (B, Z, 1, 1) to pixels (B, 3, 64, 64), and D from those to (B, 1). Source: radford2016unsupervised."""
    up: list[nn.Module] = [nn.ConvTranspose2d(units, 8 * width, 4)]  # to 4 x 4 pixels
    down: list[nn.Module] = [nn.Conv2d(colours, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for many, few in itertools.pairwise(width * n for n in (8, 4, 2, 1)):
        up += [nn.BatchNorm2d(many), nn.ReLU(), nn.ConvTranspose2d(many, few, 4, 2, 1)]
    for few, many in itertools.pairwise(width * n for n in (1, 2, 4, 8)):
        down += [nn.Conv2d(few, many, 4, 2, 1), nn.BatchNorm2d(many), nn.LeakyReLU(0.2)]
    up += [nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, colours, 4, 2, 1), nn.Tanh()]
    down += [nn.Conv2d(8 * width, 1, 4), nn.Flatten()]
    for layer in up + down:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)
    return nn.Sequential(*up), nn.Sequential(*down)
    # --8<-- [end:dcgan]


def dcgan_players(g: nn.Module, d: nn.Module) -> list[Adam]:
    """The optimisers of D and G in DCGAN. Source: radford2016unsupervised, section 4."""
    return [Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (d, g)]


def bounded(layer: nn.Module) -> nn.Module:
    """The layer with its weight divided by its largest singular value. Source: miyato2018spectral."""
    return spectral_norm(layer)
