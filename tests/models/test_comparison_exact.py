"""The masks of the autoregressive class."""

import torch

from docs.models.comparison import exact


def test_an_autoregressive_bin_sees_only_numbers_before_it() -> None:
    model = exact.Autoregressive(6, 20, 3)
    x = torch.randn(4, 6)
    changed = x.clone()
    changed[:, 3] += 1
    with torch.no_grad():
        differs = (model.logits(x) - model.logits(changed)).abs().amax((0, 2)) > 0
    assert not differs[:4].any()
    assert differs[4:].all()
