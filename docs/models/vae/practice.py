"""A VAE's training step with torch.distributions."""

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence


# --8<-- [start:step]
def negative_elbo(
    encoder: nn.Module,
    decoder: nn.Module,
    x: Tensor,
    noise: float | Tensor = 1.0,
    beta: float = 1.0,
) -> Tensor:
    """The loss of a batch, nats, (): x (B, D), noise () the decoder's. Source: kingma2014auto, eq. 7."""
    mean, log_var = encoder(x).chunk(2, dim=-1)
    posterior = Normal(mean, torch.exp(0.5 * log_var))
    z = posterior.rsample()  # reparameterised; sample() would cut the gradient
    reconstruction = Normal(decoder(z), noise).log_prob(x).sum(-1)
    kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum(-1)
    return (beta * kl - reconstruction).mean()
    # --8<-- [end:step]
