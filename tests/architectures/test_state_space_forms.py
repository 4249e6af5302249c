"""The state as a table of pairs: recurrence, masked attention, chunks, the delta rule, and each row of the table."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from scripts.figures import style
from scripts.printed.values import Each, From
from tests.draws import normal as draw
from tests.printed.bound import columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = style.DOCS / "architectures" / "state-space.md"
ssm = import_module("docs.architectures.state-space.state_space")
pytestmark = pytest.mark.usefixtures("one_thread")
said = sayings(PAGE)
rows_of = tables(PAGE)


def pieces(length: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Queries, keys, values, and factors between 0.2 and 1."""
    q, k, v = draw(length, 3), draw(length, 3, seed=1), draw(length, 2, seed=2)
    return (
        q,
        k,
        v,
        0.2 + 0.8 * torch.rand(length, generator=torch.Generator().manual_seed(3)).double(),
    )


def unroll(q: Tensor, k: Tensor, v: Tensor, **rule: Any) -> tuple[Tensor, list[Tensor]]:
    """Outputs and states by the page's update; each entry of a rule is a row for each step."""
    S = torch.zeros(v.shape[1], k.shape[1]).double()
    out, states = [], [S]
    for t in range(len(q)):
        S = ssm.update(S, k[t], v[t], **{name: x[t] for name, x in rule.items()})
        states.append(S)
        out.append(S @ q[t])
    return torch.stack(out), states


@pytest.mark.equation("eq-state-space-unrolled")
def test_the_recurrence_sums_over_pairs(printed: Equations) -> None:
    q, k, v, a = pieces()
    _, states = unroll(q, k, v, keep=a)
    out = torch.zeros(6, 2).double()
    for t in range(6):
        for s in range(t + 1):
            out[t] += a[s + 1 : t + 1].prod() * (k[s] @ q[t]) * v[s]
    printed("eq-state-space-unrolled").holds(
        {
            "S": From(0, [S.numpy() for S in states]),
            "a": a,
            r"\mathbf{v}": columns(v),
            r"\mathbf{k}": columns(k),
            r"\mathbf{q}": columns(q),
            r"\mathbf{o}": columns(out),
            "t": Each([2, 5]),
        }
    )


@pytest.mark.equation("eq-state-space-mask")
def test_the_mask_is_a_product_of_factors(printed: Equations) -> None:
    a = pieces()[3]
    mask = ssm.decay(a.log())
    assert mask.triu(1).abs().max() == 0
    total = [float(a[: t + 1].log().sum()) for t in range(6)]
    printed("eq-state-space-mask").holds(
        {"M": mask.numpy(), "a": a, r"\ell": total, "t": Each([4, 6]), "s": Each([2, 4])}
    )


@pytest.mark.equation("eq-state-space-matrix")
def test_masked_attention_is_the_recurrence(printed: Equations) -> None:
    q, k, v, a = pieces()
    out, _ = unroll(q, k, v, keep=a)
    torch.testing.assert_close(ssm.masked(q, k, v, a.log()), out)
    mask = [[float(a[s + 1 : t + 1].prod()) if s <= t else 0.0 for s in range(6)] for t in range(6)]
    printed("eq-state-space-matrix").holds(
        {"O": out.numpy(), "M": np.array(mask), "Q": q.numpy(), "K": k.numpy(), "V": v.numpy()}
    )


@pytest.mark.equation("eq-state-space-chunks")
def test_chunks_are_the_recurrence(printed: Equations) -> None:
    q, k, v, a = pieces(11)
    out, states = unroll(q, k, v, keep=a)
    for size in (1, 3, 4, 11, 20):
        torch.testing.assert_close(ssm.chunks(q, k, v, a.log(), size), out)
    part = slice(3, 7)
    printed("eq-state-space-chunks").holds(
        {
            r"\mathbf{o}": columns(out[part]),
            r"\alpha": a[part].cumprod(0),
            "S": states[3].numpy(),
            "S'": states[7].numpy(),
            r"\mathbf{q}": columns(q[part]),
            r"\mathbf{k}": columns(k[part]),
            r"\mathbf{v}": columns(v[part]),
            "R": 4,
            "j": Each([2, 4]),
        }
    )


@pytest.mark.equation("eq-state-space-linear")
def test_linear_attention_is_a_weighted_mean(printed: Equations) -> None:
    q, k, v, _ = pieces()
    positive_q, positive_k = q.exp(), k.exp()
    weights = (positive_q @ positive_k.T).tril()
    out = weights / weights.sum(1, keepdim=True) @ v
    torch.testing.assert_close(ssm.linear_attention(positive_q, positive_k, v), out)
    printed("eq-state-space-linear").holds(
        {
            r"\mathbf{o}": columns(out),
            r"\mathbf{q}": columns(q),
            r"\mathbf{k}": columns(k),
            r"\mathbf{v}": columns(v),
            r"\varphi": np.exp,
            "t": Each([3, 6]),
        },
        free=(r"\varphi",),  # it holds for all features
    )


@pytest.mark.equation("eq-state-space-delta")
def test_the_delta_rule_is_a_step_of_descent(printed: Equations) -> None:
    _, k, v, beta = pieces(3)
    S = draw(2, 3, seed=9)
    states = [S]
    for t in range(3):
        here = states[-1].clone().requires_grad_()
        loss = (here @ k[t] - v[t]).square().sum() / 2
        (gradient,) = torch.autograd.grad(loss, here)
        states.append((here - beta[t] * gradient).detach())
        torch.testing.assert_close(states[-1], ssm.update(states[-2], k[t], v[t], beta=beta[t]))
    printed("eq-state-space-delta").holds(
        {
            "S": From(0, [x.numpy() for x in states]),
            r"\beta": beta,
            r"\mathbf{k}": columns(k),
            r"\mathbf{v}": columns(v),
            "I": np.eye(3),
            "t": Each([1, 3]),
        }
    )


def test_each_row_of_the_table_of_forms() -> None:
    q, k, v, a = pieces()
    b = pieces()[3].flip(0)
    many = torch.rand(6, 3, generator=torch.Generator().manual_seed(5)).double()
    fixed = torch.rand(2, 3, generator=torch.Generator().manual_seed(6)).double()
    eye = torch.eye(3).double()
    swap = [eye - b[t] * torch.outer(k[t], k[t]) for t in range(6)]

    def known(factor: list[Tensor], write: Tensor, entries: Tensor | None = None) -> Tensor:
        """Sums over pairs: each is multiplied from the right by all later factors, or entry by entry."""
        out = torch.zeros(6, 2).double()
        for t in range(6):
            for s in range(t + 1):
                pair = torch.outer(write[s], k[s])
                for r in range(s + 1, t + 1):
                    pair = pair @ factor[r] if entries is None else pair * entries[r]
                out[t] += pair @ q[t]
        return out

    step = torch.rand(6, 2, generator=torch.Generator().manual_seed(7)).double()
    rates = torch.exp(-step[..., None] * fixed)  # (6, 2, 3)
    same = fixed.expand(6, 2, 3)
    bv = b[:, None] * v
    rows = {
        "S4, with $A$ diagonal": (known([], v, same), {"keep": same}, v),
        "Linear attention": (known([eye] * 6, v), {}, v),
        "[Retention](retention.md)": (known([0.9 * eye] * 6, v), {"keep": [0.9] * 6}, v),
        "Mamba": (known([], step * v, rates), {"keep": rates}, step * v),
        "Mamba-2": (known([x * eye for x in a], v), {"keep": a}, v),
        "GLA": (known([x.diag() for x in many], v), {"keep": many}, v),
        "DeltaNet": (known(swap, bv), {"beta": b}, v),
        "Gated DeltaNet": (
            known([x * m for x, m in zip(a, swap, strict=True)], bv),
            {"keep": a, "beta": b},
            v,
        ),
        "Kimi Delta Attention": (
            known([x.diag() @ m for x, m in zip(many, swap, strict=True)], bv),
            {"keep": many, "beta": b},
            v,
        ),
    }
    told = [row[0].split("[^")[0] for row in rows_of("tab-state-space-forms")]
    assert told == list(rows)
    for expected, rule, value in rows.values():
        torch.testing.assert_close(unroll(q, k, value, **rule)[0], expected)
    said("One update, nine forms")
    assert len(rows) == 9


def test_the_pairs_of_the_idea() -> None:
    S = torch.zeros(1, 2)
    first, second = torch.tensor([1.0, 0]), torch.tensor([0.0, 1])
    for key, value in ((first, 3.0), (second, 5.0)):
        S = ssm.update(S, key, torch.tensor([value]))
    assert S.tolist() == [[3, 5]]
    seven = torch.tensor([7.0])
    assert (ssm.update(S, first, seven) @ first).tolist() == [10]
    assert (ssm.update(S, first, seven, beta=1.0) @ first).tolist() == [7]
    said(
        "write 3 under the key $(1, 0)$ and 5 under $(0, 1)$, and $S = (3, 5)$. The query $(1, 0)$ reads 3.",
        "Write 7 under $(1, 0)$ later, and the query reads $3 + 7 = 10$",
        "$7 - 3 = 4$ is added, and 7 is read",
    )
