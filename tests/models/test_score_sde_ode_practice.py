"""The solver of SciPy: the end of the flow by rank, there and back."""

from importlib import import_module

import torch

sde = import_module("docs.models.score-sde.score_sde")
practice = import_module("docs.models.score-sde.ode_practice")


def test_the_solver_ends_where_the_rank_says_and_finds_back() -> None:
    x = torch.tensor([-2.0, -0.4, 0.3, 1.7], dtype=torch.float64)
    for process in (sde.Exploding(), sde.Preserving()):
        model = sde.Model(sde.MEANS, 0.25, sde.WEIGHTS, process)
        end, integral, calls = practice.solve(model.velocity, x, 2.0, 0.0)
        torch.testing.assert_close(end, model.jump(x, 2.0), atol=1e-6, rtol=0)
        back, same, _ = practice.solve(model.velocity, end, 0.0, 2.0)
        torch.testing.assert_close(back, x, atol=1e-6, rtol=0)
        torch.testing.assert_close(same, -integral, atol=1e-6, rtol=0)
        assert calls > 20
