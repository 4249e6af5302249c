"""A VAE's training step with torch.distributions, and the vector quantiser of a VQ-VAE."""

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


# --8<-- [start:quantise]
def quantise(output: Tensor, codebook: Tensor, commitment: float = 0.25) -> tuple[Tensor, Tensor]:
    """The nearest entry of the codebook for each output of the encoder, and the two terms beside reconstruction.

    Args: output: (B, E). codebook: (K, E). Returns: code (B, E) and loss (). Source: vandenoord2017neural, eq. 3.
    """
    entry = codebook[torch.cdist(output, codebook).argmin(-1)]  # (B, E)
    pulled = ((entry - output.detach()) ** 2).sum(-1)  # moves the entry
    committed = ((output - entry.detach()) ** 2).sum(-1)  # holds the encoder near it
    code = output + (entry - output).detach()  # straight through: forwards entry, backwards output
    return code, (pulled + commitment * committed).mean()
    # --8<-- [end:quantise]
