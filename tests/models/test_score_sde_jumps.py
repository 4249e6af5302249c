"""Learned jumps: the anchor at the data, the loss, the teacher's step, and what the page tells of them."""

from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from scripts.figures import score_sde as figures
from scripts.figures import style
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

sde = import_module("docs.models.score-sde.score_sde")
jumps = import_module("docs.models.score-sde.jumps")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "score-sde.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
MODEL = sde.EXAMPLE


def at(*values: float) -> Tensor:
    """Places."""
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.equation("eq-score-sde-skip")
def test_a_jump_from_the_data_stays(printed: Equations) -> None:
    f = jumps.start(1, figures.seeded(3))
    x, t = at(0.8)[None], at(0.6)[None]
    h = torch.stack([x / (1 + t).sqrt(), (0.25 + t).log(), x], -1)
    for weight, bias in f.layers[:-1]:
        h = torch.nn.functional.silu(h @ weight + bias)
    free = (h @ f.layers[-1][0] + f.layers[-1][1]).item()
    printed("eq-score-sde-skip").holds(
        {
            r"f_\theta": lambda *_: f(x, t).item(),
            r"N_\theta": lambda *_: free,
            "v": 0.25,
            "t": 0.6,
            "x": 0.8,
        },
    )
    torch.testing.assert_close(f(x, torch.zeros_like(t)), x)


def test_the_loss_compares_two_jumps_and_holds_one() -> None:
    f = jumps.start(1, figures.seeded(2))
    x0, z = normal(1, 5, seed=1), normal(1, 5, seed=2)
    t, s = torch.full((1, 5), 0.8).double(), torch.full((1, 5), 0.5).double()
    weight = f.layers[0][0].requires_grad_()
    found = jumps.loss(f, x0, z, t, s, jumps.without_teacher)
    target = f(x0 + s.sqrt() * z, s)
    ahead = f(x0 + t.sqrt() * z, t)
    torch.testing.assert_close(found, ((ahead - target) ** 2).mean(-1))
    (slope,) = torch.autograd.grad(found.sum(), weight, retain_graph=True)
    (held,) = torch.autograd.grad(((ahead - target.detach()) ** 2).mean(), weight)
    torch.testing.assert_close(slope, held)
    x = x0 + t.sqrt() * z
    taught = jumps.with_teacher(figures.velocity)(x0, z, t, s)
    torch.testing.assert_close(taught, sde.heun(MODEL.velocity, x, [0.8, 0.5]))


def test_the_learned_jumps_as_the_page_tells_them() -> None:
    table = style.read_table(PAGE.parent / "score-sde" / "distilled.csv")
    names = list(figures.CASES)
    for k, row in enumerate(rows_of("tab-score-sde-distilled")):
        cells = [f"{table[n][k]:.3f} ± {table[f'{n}, deviation'][k]:.3f}" for n in names]
        assert row == [f"{figures.CALLS[k]}", f"{table['euler'][k]:.3f}", *cells]
    four, sixteen, alone = (table[n] for n in names)
    assert all(a > b for column in (four, sixteen) for a, b in pairwise(column))
    assert all(a < b for a, b in pairwise(alone))
    spreads = [table[f"{n}, deviation"][0] for n in names]
    said(
        f"With 4 levels a jump is off by {four[0]:.3f} ± {spreads[0]:.3f}, with 16 by "
        f"{sixteen[0]:.3f} ± {spreads[1]:.3f}.",
        f"Without a teacher it is {alone[0]:.3f} ± {spreads[2]:.3f}",
        f"with 4 levels from {four[0]:.3f} to {four[2]:.3f}, with 16 levels from "
        f"{sixteen[0]:.3f} to {sixteen[2]:.3f}; without a teacher it rises from {alone[0]:.3f} over "
        f"{alone[1]:.3f} to {alone[2]:.3f}",
        f"falls from {table['euler'][0]:.2f} over {table['euler'][1]:.2f} to {table['euler'][2]:.2f}",
    )
