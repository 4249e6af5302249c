"""Retention as SciPy's filter, against the three forms."""

from importlib import import_module

import numpy as np
import torch

retention = import_module("docs.architectures.retention.retention")
practice = import_module("docs.architectures.retention.practice")


def test_a_filter_over_the_state_is_retention() -> None:
    q, k, v = (
        torch.randn(1, 17, d, generator=torch.Generator().manual_seed(n)).double()
        for n, d in enumerate((4, 4, 3))
    )
    gamma = torch.tensor([0.9], dtype=torch.float64)
    found = practice.filtered(q[0].numpy(), k[0].numpy(), v[0].numpy(), 0.9)
    for o in (
        retention.parallel(q, k, v, gamma),
        retention.recurrent(q, k, v, gamma),
        retention.chunkwise(q, k, v, gamma, 5),
    ):
        np.testing.assert_allclose(found, o[0].numpy(), rtol=1e-9, atol=1e-9)
