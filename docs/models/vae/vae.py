"""Variational autoencoder (VAE): an encoder and a decoder trained together on a bound of log p(x).

The letters, as on the page (Kingma and Welling write phi, theta for the parameters of q, p):
    x           data, (B, D)                        z   code (latent variable), (B, Z)
    mean, log_var   of the encoder's Gaussian q(z|x), each (B, Z)
    f(z)        the decoder's mean of p(x|z) = N(f(z), noise^2 I)
    beta        weight of the KL term; 1 gives the bound itself (the ELBO)
All logarithms are natural: every bound and divergence is in nats.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

Chance = torch.Generator | None  # where random numbers come from; None is torch's own


def mlp(sizes: Sequence[int], generator: Chance = None) -> nn.Sequential:
    """Linear layers with tanh between them; two sizes give one linear layer."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_normal_(linear.weight, generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


# --8<-- [start:normal]
def log_normal(squared: Tensor, log_var: Tensor, d: int) -> Tensor:
    """log N(x; 0, exp(log_var) I), nats, with |x|^2 = squared: squared, log_var (...) to (...). Source: definition."""
    return -0.5 * (squared / log_var.exp() + d * (log_var + math.log(2 * math.pi)))
    # --8<-- [end:normal]


# --8<-- [start:sample]
def sample(mean: Tensor, log_var: Tensor, generator: Chance = None) -> Tensor:
    """z ~ N(mean, exp(log_var)), differentiable: mean, log_var (..., Z) to (..., Z). Source: kingma2014auto, 2.4."""
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
    return mean + torch.exp(0.5 * log_var) * noise
    # --8<-- [end:sample]


# --8<-- [start:kl]
def kl_to_prior(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, 1)), nats: mean, log_var (..., Z) to (..., Z). Source: kingma2014auto, B."""
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)
    # --8<-- [end:kl]


class VAE(nn.Module):
    """Gaussian encoder, Gaussian decoder, prior N(0, I).

    Args:
        sizes: widths from x to z, (D, ..., Z); the decoder has them backwards; (D, Z) is linear.
        noise: standard deviation of p(x|z) to begin with, in units of x; trained unless frozen.
    Raises ValueError if there are fewer than two sizes, one is below 1, or noise is not positive.
    """

    def __init__(self, sizes: Sequence[int], noise: float = 1.0, generator: Chance = None) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1 or not 0 < noise < math.inf:
            raise ValueError(f"sizes are {tuple(sizes)} and noise is {noise}")
        self.encoder = mlp((*sizes[:-1], 2 * sizes[-1]), generator)
        # The variance starts without slopes: their exponential would be huge for some x.
        nn.init.zeros_(self.encoder.get_parameter(f"{len(self.encoder) - 1}.weight")[sizes[-1] :])
        self.decoder = mlp(sizes[::-1], generator)
        self.log_noise_var = nn.Parameter(torch.tensor(2 * math.log(noise)))

    # --8<-- [start:terms]
    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x): x (B, D) to (B, Z) each. Source: this page, eq-vae-model."""
        mean, log_var = self.encoder(x).chunk(2, dim=-1)
        return mean, log_var

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z), nats: x (B, D), z (..., B, Z) to (..., B). Source: this page, eq-vae-likelihood."""
        squared = ((x - self.decoder(z)) ** 2).sum(-1)
        return log_normal(squared, self.log_noise_var, x.shape[-1])

    def terms(self, x: Tensor, generator: Chance = None) -> tuple[Tensor, Tensor]:
        """x (B, D) to log p(x|z) at a sampled code, (B,), and each unit's KL, (B, Z), nats. Source: kingma2014auto."""
        mean, log_var = self.encode(x)
        z = sample(mean, log_var, generator)
        return self.log_likelihood(x, z), kl_to_prior(mean, log_var)
        # --8<-- [end:terms]

    # --8<-- [start:generate]
    @torch.no_grad()
    def generate(self, count: int, generator: Chance = None) -> tuple[Tensor, Tensor]:
        """Means and draws of p(x|z) at codes from the prior, (count, D) each. Source: this page, eq-vae-model."""
        units = self.decoder.get_parameter("0.weight").shape[1]
        z = torch.randn((count, units), generator=generator, dtype=self.log_noise_var.dtype)
        mean = self.decoder(z)
        draw = sample(mean, self.log_noise_var.expand_as(mean), generator)
        return mean, draw
        # --8<-- [end:generate]


# --8<-- [start:loss]
def loss(reconstruction: Tensor, kl: Tensor, beta: float = 1, free_bits: float = 0) -> Tensor:
    """What training makes small, nats, (): minus the ELBO for beta = 1, free_bits = 0.

    Args:
        reconstruction: (B,), log p(x|z). kl: (B, Z), of each unit.
        free_bits: nats below which the mean KL of a unit costs no less.

    Source: kingma2014auto, eq. 10; kingma2016improved, appendix (objective with free bits).
    """
    rate = kl.mean(0).clamp(min=free_bits).sum()
    return beta * rate - reconstruction.mean()
    # --8<-- [end:loss]


# --8<-- [start:iwae]
def importance_bound(model: VAE, x: Tensor, samples: int, generator: Chance = None) -> Tensor:
    """The bound L_k on log p(x) with k = samples codes, nats: x (B, D) to (B,); k = 1: the ELBO.

    Source: burda2016importance, section 3.
    """
    mean, log_var = (t.expand(samples, *t.shape) for t in model.encode(x))
    z = sample(mean, log_var, generator)  # (K, B, Z)
    minus_two_log_q = (z - mean) ** 2 / log_var.exp() + log_var  # up to the constant of p(z)
    log_ratio = 0.5 * (minus_two_log_q - z**2).sum(-1)  # log p(z) - log q(z|x)
    log_weight = model.log_likelihood(x, z) + log_ratio  # (K, B)
    return torch.logsumexp(log_weight, dim=0) - math.log(samples)
    # --8<-- [end:iwae]


# --8<-- [start:evidence]
def log_evidence(model: VAE, x: Tensor, reach: float = 5, step: float = 1 / 16) -> Tensor:
    """log p(x), nats, by a grid over two latent units: x (B, D) to (B,). Source: this page, eq-vae-quadrature."""
    line = torch.arange(-round(reach / step), round(reach / step) + 1, dtype=x.dtype) * step
    z = torch.cartesian_prod(line, line)  # (G, 2)
    log_prior = log_normal((z**2).sum(-1), torch.zeros(()), 2)  # (G,)
    squared = torch.cdist(x, model.decoder(z)) ** 2  # (B, G)
    log_joint = log_normal(squared, model.log_noise_var, x.shape[-1]) + log_prior
    return torch.logsumexp(log_joint, dim=-1) + 2 * math.log(step)
    # --8<-- [end:evidence]


# --8<-- [start:gradients]
def gradients(
    f: Callable[[Tensor], Tensor],
    mean: Tensor,
    samples: int,
    baseline: float = 0.0,
    generator: Chance = None,
) -> tuple[Tensor, Tensor]:
    """Score-function and reparameterised estimates, (K, Z) each, of the gradient of E[f(z)], z ~ N(mean, I).

    f: (K, Z) to (K,). mean: (Z,). Source: mohamed2020monte, sections 4 and 5.
    """
    noise = torch.randn((samples, *mean.shape), generator=generator, dtype=mean.dtype)
    z = (mean + noise).requires_grad_()
    value = f(z)  # (K,)
    (pathwise,) = torch.autograd.grad(value.sum(), z)
    score = (value.detach() - baseline)[:, None] * noise  # noise = grad log q(z)
    return score, pathwise
    # --8<-- [end:gradients]


# --8<-- [start:ppca]
def ppca(x: Tensor, latent: int) -> tuple[Tensor, float, float]:
    """The best linear VAE of x (N, D): weight (D, Z), noise variance, mean log p(x) in nats.

    Source: tipping1999probabilistic, section 3.2. Raises ValueError unless 0 < latent < D.
    """
    d = x.shape[1]
    if not 0 < latent < d:
        raise ValueError(f"latent is {latent} but data has {d} dimensions")
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    values, vectors = values.flip(0), vectors.flip(1)  # largest first
    noise_var = values[latent:].mean()
    weight = vectors[:, :latent] * (values[:latent] - noise_var).sqrt()
    log_det = values[:latent].log().sum() + (d - latent) * noise_var.log()
    best = -0.5 * (d * math.log(2 * math.pi) + log_det + d)
    return weight, float(noise_var), float(best)
    # --8<-- [end:ppca]


def linear_gap(weight: Tensor, noise_var: float) -> float:
    """How far the best ELBO lies below log p(x), nats: weight (D, Z). Source: this page, eq-vae-linear-gap."""
    m = weight.T @ weight + noise_var * torch.eye(weight.shape[1], dtype=weight.dtype)
    return float(0.5 * (m.diagonal().log().sum() - torch.logdet(m)))


def linear_rates(eigenvalues: Tensor, noise_var: float, beta: float = 1.0) -> Tensor:
    """KL by unit, nats, linear beta-VAE, fixed noise: eigenvalues (Z,) to (Z,). Source: this page, eq-vae-rates."""
    return 0.5 * torch.log(eigenvalues / (beta * noise_var)).clamp(min=0)


def train(
    model: VAE,
    data: Tensor,
    steps: int = 1000,
    beta: float = 1.0,
    warm_up: int = 0,
    free_bits: float = 0.0,
    rate: float = 5e-3,
    generator: Chance = None,
) -> Tensor:
    """Fit by Adam, learning rate falling to zero; the mean KL by step, nats, (steps, Z). Source: definition.

    data: (N, D). warm_up: steps in which the weight of the KL term grows from 0 to beta.
    Raises ValueError if the data are not as wide as the model reads, or not finite.
    """
    width = model.encoder.get_parameter("0.weight").shape[1]
    if data.ndim != 2 or data.shape[1] != width:
        raise ValueError(f"data is {tuple(data.shape)} but the model reads (N, {width})")
    if not data.isfinite().all():
        raise ValueError(f"data has {int((~data.isfinite()).sum())} numbers that are not finite")
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    history = []
    for step in range(steps):
        rows = torch.randint(len(data), (128,), generator=generator)
        reconstruction, kl = model.terms(data[rows], generator)
        weight = beta * min(1.0, (step + 1) / warm_up) if warm_up else beta
        optimizer.zero_grad()
        torch.autograd.backward(loss(reconstruction, kl, weight, free_bits))
        optimizer.step()
        schedule.step()
        history.append(kl.detach().mean(0))
    return torch.stack(history)


def main() -> None:
    """Train on the page's two thermometers, and compare with what is exact for them."""
    generator = torch.Generator().manual_seed(0)
    temperature = torch.randn(4000, 1, generator=generator)  # nobody sees it
    data = sample(2 * temperature.expand(-1, 2), torch.zeros(4000, 2), generator)
    model = VAE((2, 1), generator=generator)
    train(model, data, steps=800, rate=0.1, generator=generator)
    mean, log_var = model.encode(torch.tensor([[2.5, 2.0]]))
    spread = log_var.exp().sqrt().item()
    print(f"size of mean {mean.abs().item():.2f}, sd {spread:.2f}; exact 1.00, 0.33")
    with torch.no_grad():
        bound = importance_bound(model, data.repeat(50, 1), 1, generator).mean()
    print(f"mean ELBO {bound:.3f}; best mean log-likelihood {ppca(data, 1)[2]:.3f}")
    print(f"noise variance {model.log_noise_var.exp():.3f}; true 1.000")


if __name__ == "__main__":
    main()
