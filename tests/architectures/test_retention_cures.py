"""Retention: a full state, and what replaces or chooses what is kept."""

import math
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from scripts.printed.values import Each, From
from tests.draws import normal
from tests.printed.bound import rows
from tests.printed.plugin import Equations
from tests.said import sayings

retention = import_module("docs.architectures.retention.retention")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "retention.md"
said = sayings(PAGE)


@pytest.mark.equation("eq-retention-noise")
@pytest.mark.equation("eq-retention-ratio")
def test_a_full_state_answers_with_noise(printed: Equations) -> None:
    k = functional.normalize(normal(6, 4), dim=-1)
    v = normal(6, 3, seed=1)
    printed("eq-retention-noise").holds(
        {
            r"\mathbf{k}": rows(k),
            r"\mathbf{v}": rows(v),
            r"\mathbf{S}": (k.T @ v).numpy(),
            "M": 6,
            "m": Each(range(1, 7)),
            "j": Each([1, 4, 6]),
        }
    )
    d, pairs = 5, 9  # directions along the axes are random directions as good as any for a variance
    q = functional.normalize(normal(d, seed=2), dim=-1)
    each = float(
        torch.stack(
            [(q @ sign * axis) ** 2 for axis in (1, -1) for sign in torch.eye(d).double()]
        ).mean()
    )
    printed("eq-retention-ratio").holds({r"\rho": (pairs - 1) * each, "M": pairs, "D": d})


@pytest.mark.equation("eq-retention-delta")
def test_the_delta_rule_replaces(printed: Equations) -> None:
    n, d, width, gamma = 7, 4, 3, 0.9
    q, v = normal(n, d), normal(n, width, seed=1)
    k = functional.normalize(normal(n, d, seed=2), dim=-1)
    state, states, outs = torch.zeros(d, width).double(), [torch.zeros(d, width)], []
    for t in range(n):
        state = gamma * state
        state = state + torch.outer(k[t], v[t] - k[t] @ state)
        states.append(state)
        outs.append(q[t] @ state)
    fast = retention.delta(q[None], k[None], v[None], torch.tensor([gamma], dtype=torch.float64))[0]
    torch.testing.assert_close(fast, torch.stack(outs))
    printed("eq-retention-delta").holds(
        {
            r"\mathbf{S}": From(0, states),
            r"\gamma": gamma,
            r"\mathbf{I}": torch.eye(d),
            r"\mathbf{k}": rows(k),
            r"\mathbf{v}": rows(v),
            "n": Each([1, 3, 7]),
        }
    )


@pytest.mark.equation("eq-retention-gated")
def test_a_gate_chooses_what_is_kept(printed: Equations) -> None:
    n, d = 7, 3
    q, k, v = (normal(n, d, seed=s) for s in range(3))
    gates = torch.rand(n, generator=torch.Generator().manual_seed(5)).double() * 0.9 + 0.1
    state, outs = torch.zeros(d, d).double(), []
    for t in range(n):
        state = gates[t] * state + torch.outer(k[t], v[t])
        outs.append(q[t] @ state)
    found = retention.gated(q[None], k[None], v[None], gates[None])[0]
    torch.testing.assert_close(found, torch.stack(outs))
    printed("eq-retention-gated").holds(
        {
            r"\mathbf{o}": rows(torch.stack(outs)),
            r"\mathbf{q}": rows(q),
            r"\mathbf{k}": rows(k),
            r"\mathbf{v}": rows(v),
            r"\alpha": gates.tolist(),
            "n": Each([1, 4, 7]),
        }
    )
    with pytest.raises(ValueError, match="above 0"):
        retention.gated(q[None], k[None], v[None], 0 * gates[None])
    q, k, v, _ = retention.example()
    state = (k[0].T @ v[0]).flatten().tolist()
    said(f"gates of 1 for tokens 2 to 4 would leave the state $({state[0]:g}, {state[1]:g})$")


def test_half_lives_of_the_decays_that_the_paper_trained_with() -> None:
    trained = 1 - torch.linspace(math.log(1 / 32), math.log(1 / 512), 16).double().exp()
    assert trained[[0, -1]].tolist() == pytest.approx([31 / 32, 511 / 512])
    ends = [retention.half_life(float(trained[h])) for h in (0, -1)]
    said(
        "other decays, from $31/32$ to $511/512$ in equal steps of $\\log(1 - \\gamma)$",
        f"half-lives of {ends[0]:.1f} to {ends[1]:.1f} tokens.",
    )
