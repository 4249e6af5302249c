"""Samplers and densities along the path, against normal data whose field is known."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from docs.models.comparison import comparison, measures, refining


def generator(seed: int = 0) -> torch.Generator:
    """Random numbers from a seed."""
    return torch.Generator().manual_seed(seed)


class Known(refining.Diffusion):
    """Diffusion with the exact field of normal data of deviation 0.5."""

    def factor(self, t: Tensor) -> Tensor:
        """What the exact field multiplies a place by."""
        a, s, by_a, by_s = self.path(t)
        return (0.25 * a * by_a + s * by_s) / (0.25 * a**2 + s**2)

    def slope(self, x: Tensor, t: Tensor) -> Tensor:
        """The regression of the slope on the place."""
        return self.factor(t)[:, None] * x

    def divergence(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Two equal derivatives."""
        return self.slope(x, t), 2 * self.factor(t)


class KnownMatching(refining.Matching):
    """Flow matching with the exact field of the same data."""

    slope = Known.slope
    divergence = Known.divergence
    factor = Known.factor


@pytest.mark.parametrize("kind", [Known, KnownMatching])
def test_samplers_and_densities_along_the_path(kind: type[refining.Path]) -> None:
    model = kind(2, 4)
    assert isinstance(model, Known | KnownMatching)
    x = model.sample(20_000, generator(), 400)
    assert float(x.std()) == pytest.approx(0.5, rel=0.03)
    some = measures.ring(20, 0) / 2
    wanted = comparison.gaussian(some, 0.0, math.log(0.5))
    np.testing.assert_allclose(model.log_density(some), wanted, atol=0.02)


def test_the_loss_of_the_energy_is_low_at_data_and_high_at_its_chains() -> None:
    torch.manual_seed(0)
    model = refining.Energy(2, 8, 0, 0.01, 1.0)  # a walk of no steps
    x = measures.ring(model.kept, 0)
    with torch.no_grad():
        loss = float(model.loss(x, generator()))
        assert model.chains is not None
        low, high = model.energy(x), model.energy(model.chains)
    penalty = 0.01 * float((low**2).mean() + (high**2).mean())
    assert loss == pytest.approx(float(low.mean() - high.mean()) + penalty, rel=1e-4)
    assert abs(float(low.mean() - high.mean())) > 0.05
