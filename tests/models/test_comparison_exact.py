"""The masks of the autoregressive class, and the bound of the VAE against torch's own distributions."""

from typing import Any

import pytest
import torch

from docs.models.comparison import exact

distributions: Any = torch.distributions


def test_an_autoregressive_bin_sees_only_numbers_before_it() -> None:
    model = exact.Autoregressive(6, 20, 3)
    x = torch.randn(4, 6)
    changed = x.clone()
    changed[:, 3] += 1
    with torch.no_grad():
        differs = (model.logits(x) - model.logits(changed)).abs().amax((0, 2)) > 0
    assert not differs[:4].any()
    assert differs[4:].all()


def test_the_bound_is_what_the_decoder_gives_less_a_divergence() -> None:
    torch.manual_seed(0)
    model = exact.Autoencoder(3, 8, 2)
    x = torch.randn(5, 3)
    with torch.no_grad():
        mean, log_scale = model.encoder(x).chunk(2, -1)
        code = distributions.Normal(mean, log_scale.exp())
        z = mean + log_scale.exp() * exact.normal(mean, torch.Generator().manual_seed(1))
        told = distributions.Normal(model.decoder(z), model.log_scale.exp()).log_prob(x).sum(-1)
        far = distributions.kl_divergence(code, distributions.Normal(0.0, 1.0)).sum(-1)
        found = model.bound(x, torch.Generator().manual_seed(1))
        loss = float(model.loss(x, torch.Generator().manual_seed(1)))
    torch.testing.assert_close(found, told - far)
    assert loss == pytest.approx(-float((told - far).mean()))
