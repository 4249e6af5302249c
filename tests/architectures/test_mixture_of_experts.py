"""A mixture of experts: against a library, its derivatives, its balancing, its training, and the demo."""

import json
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from scripts.printed.values import Each, Given
from tests import golden as shared
from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings

moe: Any = import_module("docs.architectures.mixture-of-experts.mixture_of_experts")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "mixture-of-experts.md"
HOME = PAGE.with_suffix("")
LIBRARY = Path(__file__).with_name("mixture-of-experts.library.json")
GOLDEN = Path(__file__).with_name("mixture-of-experts.golden.json")
said = sayings(PAGE)


def layer(m: int = 4, k: int = 2, shared_experts: int = 0, e: int = 4, f: int = 4) -> Any:
    """A layer in double precision with random weights that tell."""
    made = moe.Layer(e, f, m, k, shared_experts).double()
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for part in made.parameters():
            part.copy_(torch.randn(part.shape, generator=draw, dtype=torch.float64))
    return made


def softmax_by_scores(s: Tensor) -> Tensor:
    """Derivatives of all probabilities by all scores, (M, M), by automatic differentiation."""
    s = s.detach().requires_grad_()
    p = s.softmax(-1)
    return torch.stack([torch.autograd.grad(one, s, retain_graph=True)[0] for one in p])


# The layer against a library, and against itself without sparsity.


def test_the_layer_and_its_balancing_loss_are_those_of_transformers() -> None:
    given = json.loads(LIBRARY.read_text(encoding="utf-8"))
    x, y = torch.tensor(given["x"]), torch.tensor(given["y"])
    made = moe.Layer(4, 4, 3, 2)
    with torch.no_grad():
        made.router.weight.copy_(torch.tensor(given["router"]))
        for network, both, down in zip(made.experts, given["gate_up"], given["down"], strict=True):
            network.gate.weight.copy_(torch.tensor(both[:4]))
            network.up.weight.copy_(torch.tensor(both[4:]))
            network.down.weight.copy_(torch.tensor(down))
        torch.testing.assert_close(made(x), y, rtol=1e-5, atol=1e-5)
        g, p = moe.route(made.router(x), 2, torch.zeros(3))
    assert 2 * float(moe.balance_loss(g, p)) == pytest.approx(given["aux_loss"], rel=1e-5)
    said(
        "so that for one layer its value is $k$ times this one; a test compares them",
        "transformers 5.24",
    )
    assert given["made"].startswith("transformers 5.24")


@pytest.mark.equation("eq-mixture-of-experts-router")
def test_scores_are_a_product_and_probabilities_their_softmax(printed: Equations) -> None:
    made = layer()
    x = normal(4, seed=2)
    _, p = moe.route(made.router(x[None]), 2, torch.zeros(4))
    s = made.router(x).detach()
    printed("eq-mixture-of-experts-router").holds(
        {
            r"\mathbf{s}": column(s),
            "W": made.router.weight,
            r"\mathbf{x}": column(x),
            "p": p[0],
            "s": s,
            "M": 4,
            "i": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-mixture-of-experts-weights")
def test_divided_weights_are_a_softmax_over_the_chosen_scores(printed: Equations) -> None:
    s = normal(1, 5, seed=3)
    g, p = moe.route(s, 3, torch.zeros(5), renormalise=True)
    chosen = [int(i) + 1 for i in g[0].nonzero()]
    assert sorted(chosen) == sorted((s[0].argsort(descending=True)[:3] + 1).tolist())
    printed("eq-mixture-of-experts-weights").holds(
        {"g": g[0], "p": p[0], "s": s[0], r"\mathcal{T}": chosen, "i": Each(chosen)},
        free=("p",),  # a common factor cancels
    )


@pytest.mark.equation("eq-mixture-of-experts-layer")
def test_the_sparse_layer_is_the_sum_of_chosen_and_shared_experts(printed: Equations) -> None:
    made = layer(shared_experts=2)
    x = normal(6, 4, seed=4)
    y = made(x)
    for n in range(6):
        s = made.router(x[n]).detach()
        chosen = s.topk(2).indices
        weights = torch.zeros(4).double().scatter(0, chosen, s[chosen].softmax(-1))
        bound = {
            r"\mathbf{y}": column(y[n]),
            r"\mathcal{T}": (chosen + 1).tolist(),
            "g": weights,
            r"f_i(\mathbf{x})": Given(("i",), lambda i, n=n: column(made.experts[i - 1](x[n]))),
            r"h_j(\mathbf{x})": Given(("j",), lambda j, n=n: column(made.shared[j - 1](x[n]))),
            "S": 2,
        }
        if n == 0:
            printed("eq-mixture-of-experts-layer").holds(bound)
        told = sum(weights[i] * made.experts[i](x[n]) for i in chosen.tolist())
        told = told + made.shared[0](x[n]) + made.shared[1](x[n])
        torch.testing.assert_close(y[n], told)


def test_a_bias_changes_the_choice_and_not_the_weight() -> None:
    s = normal(40, 4, seed=5)
    bias = torch.tensor([3.0, 0.0, 0.0, -3.0]).double()
    g, p = moe.route(s, 2, bias)
    assert torch.equal(g > 0, torch.zeros_like(s).scatter(-1, (s + bias).topk(2).indices, 1.0) > 0)
    assert torch.equal(g[g > 0], p[g > 0])
    torch.testing.assert_close(p, s.softmax(-1))


# Who learns from what.


@pytest.mark.equation("eq-mixture-of-experts-score")
def test_scores_learn_through_the_weight_of_the_one_chosen_expert(printed: Equations) -> None:
    s = normal(1, 4, seed=6).requires_grad_()
    f = normal(4, seed=7)
    g, p = moe.route(s, 1, torch.zeros(4))
    chosen = int(g[0].argmax())
    (by_s,) = torch.autograd.grad((g[0] * f).sum(), s, retain_graph=True)
    of_p = softmax_by_scores(s[0])
    printed("eq-mixture-of-experts-score").holds(
        {
            r"\frac{\partial y}{\partial s_j}": Given(("j",), lambda j: by_s[0, j - 1]),
            r"\frac{\partial p_i}{\partial s_j}": Given(
                ("i", "j"), lambda i, j: of_p[i - 1, j - 1]
            ),
            "p": p[0],
            "f": f,
            r"\delta": np.eye(4),
            "i": chosen + 1,
            "j": Each([1, 2, 3, 4]),
        },
        free=("i",),
    )
    printed.excuse(
        r"\frac{\partial y}{\partial s_{j}} = \frac{\partial p_{i}}{\partial s_{j}} f_{i} = "
        r"p_{i} (\delta_{j i} - p_{j}) f_{i}",
        "the delta is the same for j, i and i, j",
    )


def test_a_weight_divided_by_itself_teaches_the_router_nothing() -> None:
    s = normal(9, 4, seed=6).requires_grad_()
    g, _ = moe.route(s, 1, torch.zeros(4), renormalise=True)
    (by_s,) = torch.autograd.grad((g * normal(9, 4)).sum(), s)
    assert by_s.abs().max() < 1e-15
    said("If the single weight were divided by itself, $g_i = 1$")


@pytest.mark.equation("eq-mixture-of-experts-compare")
def test_with_two_experts_the_router_compares_them(printed: Equations) -> None:
    s = normal(1, 4, seed=8).requires_grad_()
    f = normal(4, seed=9)
    g, _ = moe.route(s, 3, torch.zeros(4), renormalise=True)
    y = (g[0] * f).sum()
    (by_s,) = torch.autograd.grad(y, s)
    chosen = [int(i) + 1 for i in g[0].detach().nonzero()]
    printed("eq-mixture-of-experts-compare").holds(
        {
            r"\frac{\partial y}{\partial s_j}": Given(("j",), lambda j: by_s[0, j - 1]),
            r"\mathcal{T}": chosen,
            "g": g[0],
            "f": f,
            "y": y.item(),
            r"\delta": np.eye(4),
            "j": Each(chosen),
        }
    )
    for turned in ("j i",):
        printed.excuse(
            r"\frac{\partial y}{\partial s_{j}} = \sum_{i \in \mathcal{T}} "
            rf"⟨g_{{i}} (\delta_{{{turned}}} - g_{{j}}) f_{{i}}⟩ = g_{{j}} (f_{{j}} - y)",
            "the delta is the same for j, i and i, j",
        )


@pytest.mark.equation("eq-mixture-of-experts-slope")
def test_an_expert_learns_from_its_tokens_alone(printed: Equations) -> None:
    router, experts = (part.double() for part in moe.example())
    router, experts = router + 0.1 * normal(3, 2), experts + 0.3 * normal(3, 2, seed=1)
    experts.requires_grad_()
    x = 4 * normal(7, seed=10)
    g, _ = moe.route(moe.lines(router, x), 1, torch.zeros(3))
    y = (g * moe.lines(experts, x)).sum(-1)
    loss = (y - moe.zigzag(x)).square().mean()
    by_y, by_lines = torch.autograd.grad(loss, (y, experts))
    printed("eq-mixture-of-experts-slope").holds(
        {
            r"\frac{\partial L}{\partial a_i}": Given(("i",), lambda i: by_lines[i - 1, 0]),
            r"\epsilon": by_y,
            "g": g,
            "x": x,
            "N": 7,
            "i": Each([1, 2, 3]),
        }
    )
    alone = torch.zeros(3, 2).double()  # no expert but the third has tokens
    alone[2, 1] = 100.0
    g, _ = moe.route(moe.lines(alone, x), 1, torch.zeros(3))
    error = ((g * moe.lines(experts, x)).sum(-1) - moe.zigzag(x)).square().mean()
    (by_lines,) = torch.autograd.grad(error, experts)
    assert (by_lines[:2] == 0).all()
    assert (by_lines[2] != 0).all()


# Balance: loss, bias, capacity.


@pytest.mark.equation("eq-mixture-of-experts-balance")
def test_the_balancing_loss_is_share_times_probability(printed: Equations) -> None:
    s = normal(6, 4, seed=11)
    g, p = moe.route(s, 2, torch.zeros(4))
    shares = torch.bincount(s.topk(2).indices.flatten(), minlength=4).double() / 12
    printed("eq-mixture-of-experts-balance").holds(
        {
            "L_b": float(moe.balance_loss(g, p)),
            "M": 4,
            "N": 6,
            "q": shares,
            r"\bar{p}": p.mean(0),
            "p": p,
            "i": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-mixture-of-experts-push")
def test_the_balancing_loss_pushes_busy_experts_down(printed: Equations) -> None:
    s = normal(5, 3, seed=12).requires_grad_()
    g, p = moe.route(s, 1, torch.zeros(3))
    (by_s,) = torch.autograd.grad(moe.balance_loss(g, p), s)
    of_p = [softmax_by_scores(row) for row in s]
    printed("eq-mixture-of-experts-push").holds(
        {
            r"\frac{\partial L_b}{\partial s_{nj}}": Given(
                ("n", "j"), lambda n, j: by_s[n - 1, j - 1]
            ),
            r"\frac{\partial p_{ni}}{\partial s_{nj}}": Given(
                ("n", "i", "j"), lambda n, i, j: of_p[n - 1][i - 1, j - 1]
            ),
            "M": 3,
            "N": 5,
            "q": moe.loads(g) / 5,
            "p": p,
            r"\delta": np.eye(3),
            "n": Each([1, 2, 3, 4, 5]),
            "j": Each([1, 2, 3]),
        }
    )
    printed.excuse(
        r"\frac{\partial L_{b}}{\partial s_{n j}} = "
        r"\frac{M}{N} \sum_{i = 1}^{M} ⟨q_{i} \frac{\partial p_{n i}}{\partial s_{n j}}⟩ = "
        r"\frac{M}{N} \sum_{i = 1}^{M} ⟨q_{i} p_{n i} (\delta_{j i} - p_{n j})⟩ = "
        r"\frac{M}{N} p_{n j} (q_{j} - \sum_{i = 1}^{M} ⟨q_{i} p_{n i}⟩)",
        "the delta is the same for j, i and i, j",
    )


@pytest.mark.equation("eq-mixture-of-experts-border")
def test_a_bias_moves_the_border_between_two_experts(printed: Equations) -> None:
    router = torch.tensor([[-3.0, -9.0], [0.4, 1.7], [1.1, 0.3]]).double()
    bias = torch.tensor([0.0, 0.6, -0.9]).double()
    low, high = 0.0, 10.0
    for _ in range(60):  # where the choice changes, by halving
        middle = (low + high) / 2
        g, _ = moe.route(moe.lines(router, torch.tensor([middle], dtype=torch.float64)), 1, bias)
        low, high = (middle, high) if g[0, 1] > 0 else (low, middle)
    printed("eq-mixture-of-experts-border").holds(
        {"x": low, "u": router[:, 0], "v": router[:, 1], "b": bias}
    )


@pytest.mark.equation("eq-mixture-of-experts-capacity")
def test_an_expert_keeps_the_first_tokens_up_to_its_capacity(printed: Equations) -> None:
    s = normal(13, 3, seed=13) + torch.tensor([1.5, 0.0, -0.5])
    g, _ = moe.route(s, 2, torch.zeros(3))
    most = moe.capacity(13, 3, 2, 1.1)
    held = moe.drop(g, most)
    loads = torch.bincount(s.topk(2).indices.flatten(), minlength=3)
    assert loads.max() > most > loads.min()
    printed("eq-mixture-of-experts-capacity").holds(
        {
            "C": most,
            r"\varphi": 1.1,
            "k": 2,
            "N": 13,
            "M": 3,
            "D": int((g > 0).sum() - (held > 0).sum()),
            "c": loads.tolist(),
        },
        free=("C", r"\varphi", "c"),  # whole numbers, and what is rounded up
    )
    for i in range(3):
        mine = g[:, i].nonzero().flatten()
        assert torch.equal(held[:, i].nonzero().flatten(), mine[:most])


def test_expert_choice_gives_every_expert_the_same_number_of_tokens() -> None:
    s = normal(9, 4, seed=14)
    g = moe.expert_choice(s, 3)
    assert (moe.loads(g) == 3).all()
    p = s.softmax(-1)
    for i in range(4):
        assert set(g[:, i].nonzero().flatten().tolist()) == set(p[:, i].topk(3).indices.tolist())


@pytest.mark.equation("eq-mixture-of-experts-z")
def test_the_z_loss_is_the_squared_logarithm_of_the_denominator(printed: Equations) -> None:
    s = normal(5, 3, seed=15)
    log_p = s.log_softmax(-1)
    assert float(moe.z_loss(s)) == pytest.approx(float((s - log_p).square().mean()))
    printed("eq-mixture-of-experts-z").holds({"L_z": moe.z_loss(s).item(), "s": s, "N": 5, "M": 3})


# Training, and the demo.


Parts = tuple[Tensor, Tensor, Tensor]
Weight = float | Tensor


def stepped(parts: Parts, x: Tensor, k: int, alpha: Weight, gamma: Weight, most: int) -> Parts:
    """One batch by automatic differentiation: router, experts and biases after it; networks side by side."""
    router, experts, bias = parts
    router, experts = router.clone().requires_grad_(), experts.clone().requires_grad_()
    g, p = moe.route(moe.lines(router, x), k, bias, renormalise=k > 1)
    error = (moe.drop(g, most) * moe.lines(experts, x)).sum(-1) - moe.zigzag(x)
    loss = (error.square().mean(-1) + alpha * moe.balance_loss(g, p)).sum()
    moved = [
        (part - 0.05 * by).detach()
        for part, by in zip(
            (router, experts), torch.autograd.grad(loss, (router, experts)), strict=True
        )
    ]
    return moved[0], moved[1], moe.bias_step(bias, g, gamma)


def test_training_is_gradient_descent_on_both_losses() -> None:
    torch.set_num_threads(1)  # the sums are small
    router, experts = moe.start(2)
    alpha, gamma = torch.tensor([0.3, 0.0]), torch.tensor([0.0, 0.01])
    for k in (1, 2):
        made = moe.train(router, experts, alpha, gamma, k, steps=3)
        for n in range(2):
            draw = torch.Generator().manual_seed(0)
            parts = router[n], experts[n], torch.zeros(3)
            for _ in range(3):
                x = 5 * (2 * torch.rand(64, generator=draw) - 1)
                parts = stepped(parts, x, k, float(alpha[n]), float(gamma[n]), 64)
            for part, told in zip(parts, made, strict=True):
                torch.testing.assert_close(part, told[n], rtol=1e-4, atol=1e-6)


def test_the_measure_is_that_of_perfect_networks() -> None:
    router, experts = moe.example()
    error, share, dropped = moe.measure(1000 * router[None], experts[None], torch.zeros(1, 3))
    assert float(error) < 1e-3
    assert share[0].tolist() == pytest.approx([0.4, 0.2, 0.4])
    assert float(dropped) == 0
    _, _, dropped = moe.measure(router[None], experts[None], torch.zeros(1, 3), factor=0.9)
    assert float(dropped) == pytest.approx(0.2)  # 160, 80 and 160 tokens for places of 120


def lists(parts: Parts) -> dict[str, list[Any]]:
    """A network as the demo has it."""
    return dict(zip(("router", "experts", "bias"), (part.tolist() for part in parts), strict=True))


def flat(parts: tuple[Tensor, ...]) -> list[float]:
    """All numbers of a network."""
    return [float(value) for part in parts for value in part.flatten()]


def fresh(seed: int) -> Parts:
    """The random start of the demo."""
    draw = Random(seed)
    numbers = torch.tensor([draw.normal() for _ in range(12)], dtype=torch.float64).view(2, 3, 2)
    return numbers[0], 0.5 * numbers[1], torch.zeros(3, dtype=torch.float64)


def trained(seed: int, k: int, alpha: float, gamma: float, most: int, batches: int) -> list[float]:
    """Error, loads and numbers after some batches of the demo."""
    parts, draw = fresh(seed), Random(seed + 1000)
    for _ in range(batches):
        x = torch.tensor([5 * (2 * draw.uniform() - 1) for _ in range(64)], dtype=torch.float64)
        parts = stepped(parts, x, k, alpha, gamma, most)
    x = torch.linspace(-5, 5, 400, dtype=torch.float64)
    g, _ = moe.route(moe.lines(parts[0], x), k, parts[2], renormalise=k > 1)
    error = ((g * moe.lines(parts[1], x)).sum(-1) - moe.zigzag(x)).square().mean()
    return [float(error), *moe.loads(g).tolist(), *flat(parts)]


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, object]] = []
    x = torch.tensor([-4.5, -2.0, 0.3, 1.7, 2.0, 3.1, 4.9], dtype=torch.float64)
    for seed, k, most in ((1, 1, 64), (2, 2, 64), (3, 1, 2), (4, 2, 3)):
        parts = fresh(seed)
        parts = (parts[0], parts[1], torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64))
        g, p = moe.route(moe.lines(parts[0], x), k, parts[2], renormalise=k > 1)
        kept = moe.drop(g, most)
        y = (kept * moe.lines(parts[1], x)).sum(-1)
        told = [*moe.loads(g).tolist(), float((kept > 0).sum()), float(moe.balance_loss(g, p))]
        cases.append(
            {
                "function": "outcome",
                "args": [lists(parts), x.tolist(), k, most],
                "returns": [*told, *y.tolist()],
            }
        )
        settings = {"k": k, "alpha": 0.3, "gamma": 0.01, "most": most}
        cases.append(
            {
                "function": "learned",
                "args": [lists(parts), x.tolist(), settings],
                "returns": flat(stepped(parts, x, k, 0.3, 0.01, most)),
            }
        )
    for seed, alpha, gamma, k in ((6, 0.0, 0.0, 1), (6, 0.3, 0.0, 1), (0, 0.0, 0.01, 2)):
        settings = {"k": k, "alpha": alpha, "gamma": gamma, "most": 64}
        cases.append(
            {
                "function": "trained",
                "args": [seed, settings, 40],
                "returns": trained(seed, k, alpha, gamma, 64, 40),
            }
        )
    return {
        "module": "architectures/mixture-of-experts/mixture-of-experts.mjs",
        "tolerance": 1e-5,
        "cases": cases,
    }


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_the_demo_tells_of_a_collapse_as_its_presets_say() -> None:
    torch.set_num_threads(1)  # the sums are small
    alone, draw = fresh(6), Random(1006)
    parts = alone[0].expand(3, 3, 2), alone[1].expand(3, 3, 2), alone[2].expand(3, 3)
    alpha, gamma = torch.tensor([0, 0.3, 0]).double(), torch.tensor([[0], [0], [0.01]]).double()
    for _ in range(1000):  # without balancing, with the loss, with the bias
        x = torch.tensor([5 * (2 * draw.uniform() - 1) for _ in range(64)], dtype=torch.float64)
        parts = stepped(parts, x, 1, alpha, gamma, 64)
    error, share, _ = moe.measure(*parts)
    loads = (400 * share).round().tolist()
    assert loads[0] == [400, 0, 0]
    assert loads[1][2] == 0 < min(loads[1][:2])
    assert error[0] / 13 < error[1] < error[0] / 10
    assert all(120 < load < 150 for load in loads[2])
    said("Trained without balancing, this start ends with one expert for all tokens.")


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / "mixture_of_experts.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "batch 7: loads [2, 2, 2], loss 1.0000" in out
    assert float(out.rsplit(" ", 1)[-1]) < 1e-5
