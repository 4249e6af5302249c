"""Low-rank adaptation: against a library, its gradients, its first step, the rank it needs, memory, rounding."""

import json
import math
import runpy
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from docs.training.peft import peft, practice
from scripts.figures.style import read_table
from scripts.printed.values import Each, Finite, Given
from tests import golden as shared
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings

PAGE = Path(peft.__file__).parent.with_suffix(".md")
HOME = PAGE.with_suffix("")
LIBRARY = json.loads(Path(__file__).with_name("peft.library.json").read_text(encoding="utf-8"))
GOLDEN = Path(__file__).with_name("peft.golden.json")
said = sayings(PAGE)


def parts(d: int = 4, k: int = 5, r: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """W (d, k), A (r, k), B (d, r) and an input (k), in double precision."""
    return normal(d, k, seed=1), normal(r, k, seed=2), normal(d, r, seed=3), normal(k, seed=4)


# The layer.


@pytest.mark.equation("eq-peft-lora")
def test_the_layer_adds_a_thin_product(printed: Equations) -> None:
    w, a, b, x = parts()
    maps = nn.Linear(5, 2, bias=False), nn.Linear(2, 4, bias=False), nn.Linear(5, 4, bias=False)
    for linear, weight in zip(maps, (a, b, w), strict=True):
        linear.weight = nn.Parameter(weight)
    told = maps[2](x) + 3.5 * maps[1](maps[0](x))
    torch.testing.assert_close(peft.layer(w, a, b, 7.0, x), told)
    printed("eq-peft-lora").holds(
        {
            r"\mathbf{y}": column(peft.layer(w, a, b, 7.0, x)),
            "W": w,
            "A": a,
            "B": b,
            r"\mathbf{x}": column(x),
            r"\mathbf{h}": column(maps[0](x)),
            r"\alpha": 7.0,
            "r": 2,
        }
    )


@pytest.mark.equation("eq-peft-merge")
def test_merged_is_unmerged(printed: Equations) -> None:
    w, a, b, x = parts()
    merged = peft.merge(w, a, b, 7.0)
    torch.testing.assert_close(merged @ x, peft.layer(w, a, b, 7.0, x), rtol=1e-13, atol=1e-13)
    printed("eq-peft-merge").holds(
        {
            r"\mathbf{y}": column(merged @ x),
            "W": w.numpy(),
            "A": a.numpy(),
            "B": b.numpy(),
            r"\mathbf{x}": column(x),
            r"\alpha": 7.0,
            "r": 2,
        }
    )


@pytest.mark.parametrize("name", ["lora", "rslora"])
def test_layer_and_merged_weight_are_those_of_the_library(name: str) -> None:
    given = {key: torch.tensor(value) for key, value in LIBRARY[name].items()}
    alpha = 6.0 * (math.sqrt(2) if name == "rslora" else 1)  # alpha / sqrt(r) in place of alpha / r
    a, b = given["a"], given["b"]
    y = peft.layer(given["w"], a, b, alpha, given["x"]) + given["bias"]
    torch.testing.assert_close(y, given["y"], rtol=1e-5, atol=1e-5)
    merged = peft.merge(given["w"], a, b, alpha)
    torch.testing.assert_close(merged, given["merged"], rtol=1e-5, atol=1e-5)
    assert LIBRARY["made"].startswith("peft 0.21.2, transformers 5.24")
    said("peft 0.21.2, transformers 5.24 · compiled")


def test_pytorchs_parametrisation_does_the_same_and_merges() -> None:
    torch.manual_seed(0)
    linear, x = nn.Linear(5, 4), torch.randn(3, 5)
    before = linear(x)
    w = linear.weight.detach().clone()
    practice.add(linear, 2, 7.0)
    torch.testing.assert_close(linear(x), before)  # B is zero
    learned = [p for p in linear.parameters() if p.requires_grad]
    assert sum(p.numel() for p in learned) == 2 * (4 + 5)
    change: Any = linear.parametrizations["weight"][0]  # type: ignore[index]
    with torch.no_grad():
        change.b.copy_(torch.randn(4, 2))
    y, a, b = linear(x), change.a.detach(), change.b.detach()
    torch.testing.assert_close(y, peft.layer(w, a, b, 7.0, x) + linear.bias)
    practice.merge(linear)
    torch.testing.assert_close(linear.weight, peft.merge(w, a, b, 7.0))
    torch.testing.assert_close(linear(x), y)


def test_a_batch_of_many_adapters_is_each_input_with_its_own() -> None:
    w, x = normal(4, 5, seed=1), normal(6, 5, seed=2)
    a, b = normal(3, 2, 5, seed=3), normal(3, 4, 2, seed=4)
    which = torch.tensor([2, 0, 1, 1, 2, 0])
    y = peft.serve(w, a, b, 7.0, x, which)
    told = [peft.merge(w, a[i], b[i], 7.0) @ one for i, one in zip(which, x, strict=True)]
    torch.testing.assert_close(y, torch.stack(told))


# Gradients, and the first step.


@pytest.mark.equation("eq-peft-gradients")
def test_gradients_are_those_of_automatic_differentiation(printed: Equations) -> None:
    w, a, b, x = parts()
    a.requires_grad_()
    b.requires_grad_()
    y = peft.layer(w, a, b, 7.0, x)
    loss = (y - normal(4, seed=5)).square().sum() * y[1]
    (g,) = torch.autograd.grad(loss, y, retain_graph=True)
    by_a, by_b = torch.autograd.grad(loss, (a, b))
    for found, told in zip(peft.gradients(a, b, 7.0, x, g), (by_a, by_b), strict=True):
        torch.testing.assert_close(found, told)
    h = (a @ x).detach().requires_grad_()
    jacobian: Any = torch.autograd.functional.jacobian
    of_h = jacobian(lambda v: w @ x + 3.5 * b.detach() @ v, h)
    of_b = jacobian(lambda v: peft.layer(w, a.detach(), v, 7.0, x), b)
    printed("eq-peft-gradients").holds(
        {
            r"\frac{\partial L}{\partial B_{iq}}": Given(
                ("i", "q"), lambda i, q: by_b[i - 1, q - 1]
            ),
            r"\frac{\partial L}{\partial A_{qj}}": Given(
                ("q", "j"), lambda q, j: by_a[q - 1, j - 1]
            ),
            r"\frac{\partial y_i}{\partial B_{iq}}": Given(
                ("i", "q"), lambda i, q: of_b[i - 1, i - 1, q - 1]
            ),
            r"\frac{\partial y_i}{\partial h_q}": Given(
                ("i", "q"), lambda i, q: of_h[i - 1, q - 1]
            ),
            "g": g,
            "h": h.detach(),
            "x": x,
            "B": b.detach(),
            r"\alpha": 7.0,
            "r": 2,
            "d": 4,
            "i": Each([1, 2, 3, 4]),
            "q": Each([1, 2]),
            "j": Each([1, 2, 3, 4, 5]),
        }
    )


def test_with_b_zero_only_b_learns_and_with_both_zero_neither() -> None:
    _, a, b, x = parts()
    g = normal(4, seed=6)
    by_a, by_b = peft.gradients(a, 0 * b, 7.0, x, g)
    assert not by_a.any()
    assert by_b.any()
    assert not any(part.any() for part in peft.gradients(0 * a, 0 * b, 7.0, x, g))


@pytest.mark.equation("eq-peft-step")
def test_the_first_step_moves_an_output_with_the_square_of_alpha(printed: Equations) -> None:
    w, a, b, x = parts()
    z, g, eta = normal(5, seed=7), normal(4, seed=8), 0.3
    b = torch.zeros_like(b).requires_grad_()
    loss = peft.layer(w, a, b, 7.0, x) @ g
    torch.autograd.backward(loss)
    optimiser = torch.optim.SGD([b], eta)
    before = peft.layer(w, a, b, 7.0, z).detach()
    optimiser.step()
    moved = peft.layer(w, a, b, 7.0, z).detach() - before
    printed("eq-peft-step").holds(
        {
            r"\mathbf{m}": column(moved),
            r"\eta": eta,
            r"\alpha": 7.0,
            "r": 2,
            r"\mathbf{g}": column(g),
            r"\mathbf{x}": column(x),
            r"\mathbf{z}": column(z),
            "A": a.numpy(),
        }
    )


@pytest.mark.equation("eq-peft-mean")
def test_a_random_a_reads_alike_what_is_alike(printed: Equations) -> None:
    x, z = normal(3, seed=9), normal(3, seed=10)
    draws = [
        np.reshape(signs, (2, 3)) / math.sqrt(3) for signs in product((-1.0, 1.0), repeat=6)
    ]  # entries of mean zero and variance 1 / k
    printed("eq-peft-mean").holds(
        {
            r"\mathbb{E}": Finite({"A": draws}),
            r"\mathbf{x}": column(x),
            r"\mathbf{z}": column(z),
            "r": 2,
            "k": 3,
        },
        free=(r"\mathbf{x}", r"\mathbf{z}"),  # any two inputs
    )


@pytest.mark.equation("eq-peft-adam")
def test_the_first_step_of_adam(printed: Equations) -> None:
    w, a, b, x = parts()
    g, eta = normal(4, seed=8), 0.3
    b = torch.zeros_like(b).requires_grad_()
    torch.autograd.backward(peft.layer(w, a, b, 7.0, x) @ g)
    before = peft.layer(w, a, b, 7.0, x).detach()
    torch.optim.Adam([b], eta, eps=1e-14).step()
    printed("eq-peft-adam").holds(
        {
            "m": peft.layer(w, a, b, 7.0, x).detach() - before,
            r"\eta": eta,
            r"\alpha": 7.0,
            "r": 2,
            "g": g,
            "h": a @ x,
            r"\operatorname{sign}": np.sign,
            "i": Each([1, 2, 3, 4]),
        },
        free=("g",),  # its sign alone
    )


@pytest.mark.parametrize("r", [2, 16])
def test_how_far_the_first_step_reaches_against_full_tuning(r: int) -> None:
    k, alpha = 128, 8.0
    draw = torch.Generator().manual_seed(0)
    moved, whole = peft.first_step(k, r, alpha, draw, many=3000)
    assert moved / whole == pytest.approx(alpha**2 / (r * k), rel=0.06)
    moved, whole = peft.first_step(k, r, alpha, draw, adam=True, many=3000)
    assert moved / whole == pytest.approx(alpha / k, rel=0.06)
    root = alpha * math.sqrt(r)  # so that alpha / r becomes alpha / sqrt(r)
    moved, whole = peft.first_step(k, r, root, draw, adam=True, many=3000)
    assert moved / whole == pytest.approx(alpha / k * math.sqrt(r), rel=0.06)
    said("there Adam's first step grows with $\\sqrt{r}$")
    said("So this step is $\\alpha^2 / (r k)$ times as long")
    said(f"LoRA's step is $\\alpha / k$ times as long, $1/{4096 // 32}$ for $\\alpha = 32$")


@pytest.mark.parametrize("r", [2, 16])
def test_the_librarys_even_draw_starts_with_a_third_and_with_the_root_of_a_third(r: int) -> None:
    k, draw = 128, torch.Generator().manual_seed(0)
    x = torch.randn(3000, k, generator=draw)
    moves = []
    for a in (  # even between -1 and 1, and Gaussian
        2 * torch.rand(3000, r, k, generator=draw) - 1,
        torch.randn(3000, r, k, generator=draw),
    ):
        h = torch.einsum("nrk,nk->nr", a / math.sqrt(k), x)
        moves.append((h.square().sum(1).mean(), h.abs().sum(1).mean()))
    (plain, adam), (whole, long) = moves
    assert float(plain / whole) == pytest.approx(1 / 3, rel=0.06)
    assert float(adam / long) == pytest.approx(1 / math.sqrt(3), rel=0.06)
    said(
        "between $\\pm 1/\\sqrt{k}$, with variance $1/(3k)$: Adam's first step is then about "
        "$1/\\sqrt{3}$ of that, and the plain one a third"
    )


# The rank that a change needs.


@pytest.mark.equation("eq-peft-expected")
def test_the_expected_error_is_the_squared_size_of_what_is_missing(printed: Equations) -> None:
    d, a, b, _ = parts()
    # Mean zero, variance 1, uncorrelated: a unit vector or its opposite, times the root of five.
    units = torch.eye(5, dtype=torch.float64)
    inputs = [column(math.sqrt(5) * sign * row) for row in units for sign in (1, -1)]
    missing = d - 3.5 * b @ a
    size = float((missing * missing).sum())
    printed("eq-peft-expected").holds(
        {
            r"\mathbb{E}": Finite({r"\mathbf{x}": inputs}),
            "D": d.numpy(),
            "A": a.numpy(),
            "B": b.numpy(),
            r"\alpha": 7.0,
            "r": 2,
        },
        free=("D", "A", "B", r"\alpha", "r"),  # any change and any adapter
    )
    assert np.mean([np.linalg.norm(missing.numpy() @ x) ** 2 for x in inputs]) == pytest.approx(
        size
    )


@pytest.mark.equation("eq-peft-least")
def test_no_change_of_a_rank_leaves_less_than_the_smaller_singular_values(
    printed: Equations,
) -> None:
    change = normal(5, 4, seed=11)
    u, sizes, v = torch.linalg.svd(change, full_matrices=False)
    printed("eq-peft-least").holds(
        {
            r"\sigma": sizes,
            r"\mathbf{u}": columns(u.T),
            r"\mathbf{v}": columns(v),
            "n": 4,
            "r": 2,
        },
        free=(r"\sigma", r"\mathbf{u}", r"\mathbf{v}", "n", "r"),  # of any matrix
    )
    least = peft.least(sizes, 2)
    left = peft.fit(change[None], 2, 400, torch.Generator().manual_seed(0))
    assert float(left) == pytest.approx(float(least), rel=1e-4)
    for seed in range(20):  # other changes of this rank leave more
        other = normal(5, 2, seed=seed) @ normal(2, 4, seed=100 + seed)
        assert (change - other).square().sum() > least


def test_training_reaches_the_least_error_at_every_point_of_the_figure() -> None:
    table = read_table(HOME / "rank.csv")
    cases = 0
    for name in ("one", "four", "tail"):
        for least, mean, deviation in zip(
            table[f"{name}, least"], table[name], table[f"{name}, deviation"], strict=True
        ):
            assert abs(mean - least) < 1e-5
            assert deviation < 1e-5
            cases += 1
    said(f"Training reached this bound in all {cases} cases")
    four = table["four, least"]
    said(
        f"of $16 + 9 + 4 + 1 = {16 + 9 + 4 + 1}$ there remain {four[0]:.0f}, {four[1]:.0f}, "
        f"{four[2]:.0f} and {round(four[3])} for $r$ from 1 to 4",
        f"it falls from {four[0]:.0f} over {four[1]:.0f} and {four[2]:.0f} to zero at rank 4",
        f"For one of rank 16 it falls from {table['tail'][0]:.1f} to {table['tail'][-1]:.1f} at rank 8",
    )


@pytest.mark.equation("eq-peft-updates")
def test_steps_on_single_inputs_change_a_matrix_by_as_many_thin_products(
    printed: Equations,
) -> None:
    linear, eta = nn.Linear(6, 5, bias=False).double(), 0.1
    start = linear.weight.detach().clone()
    optimiser = torch.optim.SGD(linear.parameters(), eta)
    xs, gs = normal(3, 6, seed=12), []
    for x in xs:
        optimiser.zero_grad()
        y = linear(x)
        y.retain_grad()
        torch.autograd.backward(y.square().sum() + y[0])
        gs.append(y.grad)
        optimiser.step()
    end = linear.weight.detach()
    printed("eq-peft-updates").holds(
        {
            "W_T": end.numpy(),
            "W_0": start.numpy(),
            r"\eta": eta,
            "T": 3,
            r"\mathbf{g}": columns(torch.stack([g for g in gs if g is not None])),
            r"\mathbf{x}": columns(xs),
        }
    )
    assert torch.linalg.matrix_rank(end - start) == 3


# Numbers and memory.


@pytest.mark.equation("eq-peft-count")
def test_an_adapter_has_the_numbers_of_its_two_thin_matrices(printed: Equations) -> None:
    maps = nn.Sequential(nn.Linear(7, 3, bias=False), nn.Linear(3, 5, bias=False))
    p = sum(q.numel() for q in maps.parameters())
    printed("eq-peft-count").holds({"p": p, "r": 3, "d": 5, "k": 7})
    side, r = 4096, 16
    small, large = (
        sum(q.numel() for q in one.parameters())
        for one in (
            nn.Sequential(
                nn.Linear(side, r, bias=False, device="meta"),
                nn.Linear(r, side, bias=False, device="meta"),
            ),
            nn.Linear(side, side, bias=False, device="meta"),
        )
    )
    said(
        f"{small:,} numbers in place of {large:,}, or {100 * small / large:.2f} %",
        f"while it is unmerged: {100 * small / large:.2f} %",
    )


@pytest.mark.equation("eq-peft-memory")
def test_memory_of_three_ways_to_tune(printed: Equations) -> None:
    printed("eq-peft-memory").holds(
        {
            r"M_{\text{full}}": peft.full_memory(65e9),
            r"M_{\text{LoRA}}": peft.lora_memory(65e9, 3e8),
            r"M_{\text{QLoRA}}": peft.lora_memory(65e9, 3e8, peft.bits()),
            "P": 65e9,
            "p": 3e8,
            "b": 4.126953125,
        }
    )
    learned = [nn.Parameter(torch.zeros(1000, dtype=torch.bfloat16))]
    optimiser = torch.optim.Adam(learned)
    learned[0].grad = torch.ones_like(learned[0])
    optimiser.step()
    held = optimiser.state[learned[0]]
    two_means = 2 * held["exp_avg"].float().nbytes
    assert learned[0].nbytes + learned[0].grad.nbytes + two_means == peft.full_memory(1000)
    said(
        f"| 12 bytes each | {peft.full_memory(65e9) / 1e9:.0f} GB |",
        f"2 bytes each, {peft.lora_memory(65e9, 0) / 1e9:.0f} GB",
        f"each, {peft.lora_memory(65e9, 0, peft.bits()) / 1e9:.1f} GB | the same",
    )
    # Llama's 65 billion: 80 blocks, width 8,192, inner width 22,016; four square matrices and three others.
    learned_numbers = 80 * 64 * (4 * (8192 + 8192) + 3 * (8192 + 22016))
    said(
        f"12 bytes for each of {learned_numbers / 1e9:.1f} billion numbers "
        f"| {peft.lora_memory(65e9, learned_numbers) / 1e9:.1f} GB |",
        f"| the same | {peft.lora_memory(65e9, learned_numbers, peft.bits()) / 1e9:.1f} GB |",
    )
    unrounded = 2 * 32_000 * 8192 * (4 - peft.bits() / 8)  # input and output layer, in 32 bits
    said(
        f"too, which is {unrounded / 1e9:.1f} GB more than",
        f"{4 + 4 + 4 + 4} bytes a number as well",
    )


@pytest.mark.equation("eq-peft-bits")
def test_bits_of_a_weight_with_rounded_scales(printed: Equations) -> None:
    weights = 64 * 256 * 3
    stored = 4 * weights + 8 * (weights // 64) + 32 * (weights // 64 // 256)
    assert peft.bits() == stored / weights
    printed("eq-peft-bits").holds({"b": stored / weights}, about=1e-4)


def test_rounding_to_levels_and_what_it_refuses() -> None:
    w = normal(3, 64, seed=13)
    rounded = peft.quantise(w, 4)
    for row, given in zip(rounded.reshape(-1, 32), w.reshape(-1, 32), strict=True):
        step = given.abs().max() / 7
        levels = row / step
        torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-9)
        assert (row - given).abs().max() <= step / 2 + 1e-12
    with pytest.raises(ValueError, match="blocks of 32 do not fill rows of 40"):
        peft.quantise(normal(2, 40), 4)


def test_seven_billion_weights_need_forty_million_numbers() -> None:
    width, inner, blocks, r = 4096, 11008, 32, 16
    numbers = blocks * r * (4 * 2 * width + 3 * (width + inner))
    said(
        f"{numbers / 1e6:.0f} million numbers, {2 * numbers / 1e6:.0f} MB in 16 bits or "
        f"{4 * numbers / 1e6:.0f} MB as the library peft saves them, "
        f"where a second model takes {2 * 6_738_415_616 / 1e9:.1f} GB"
    )


def test_the_file_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / "peft.py"), run_name="__main__")
    told = capsys.readouterr().out
    assert "B [0.0, 0.5, -0.5], output [3.0, 2.0, 0.0]" in told
    assert "merged [[1.0, 2.0, 0.0], [1.0, 1.0, 2.0], [0.0, 0.0, 1.0]]" in told
    for r, least in ((1, 14), (2, 5), (3, 1), (4, 0), (5, 0)):
        assert f"rank {r}: error {least}.0000, least possible {least}.0000" in told


# The demo.


def descended(
    sizes: list[float], rank: int, alpha: float, rate: float, begin: str, seed: int, steps: int
) -> list[float]:
    """Errors at five times, the least, and the learned change, with the demo's draws and autograd."""
    chance = Random(seed)

    def drawn(rows: int, columns: int) -> Tensor:
        values = [chance.normal() for _ in range(rows * columns)]
        return torch.tensor(values, dtype=torch.float64).view(rows, columns)

    def directions() -> Tensor:
        q, r = torch.linalg.qr(drawn(len(sizes), 8).T)
        return q * r.diagonal().sign()

    left = directions()
    wanted = (left * torch.tensor(sizes, dtype=torch.float64)) @ directions().T
    a, b = drawn(rank, 8) / math.sqrt(8), drawn(8, rank) / math.sqrt(8)
    a, b = (a * (begin != "zero")), (b * (begin == "both"))
    errors = []
    for t in range(steps + 1):
        a, b = a.detach().requires_grad_(), b.detach().requires_grad_()
        error = (wanted - peft.merge(torch.zeros_like(wanted), a, b, alpha)).square().sum()
        errors.append(float(error))
        if t < steps:
            by_a, by_b = torch.autograd.grad(error / 2, (a, b))
            a, b = a - rate * by_a, b - rate * by_b
    at = [errors[round(i * steps / 4)] for i in range(5)]
    floor = float(peft.least(torch.tensor(sizes, dtype=torch.float64), rank))
    learned = peft.merge(torch.zeros_like(wanted), a, b, alpha).detach()
    return [*at, floor, *learned.flatten().tolist()]


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: errors, the least one, and the learned change."""
    names = ("sizes", "rank", "alpha", "rate", "begin", "seed", "steps")
    cases = []
    for case in (
        ([4.0, 3.0, 2.0, 1.0], 2, 2.0, 0.05, "usual", 1, 40),
        ([4.0, 3.0, 2.0, 1.0], 4, 8.0, 0.05, "both", 2, 12),
        ([30**0.5], 3, 1.0, 0.05, "usual", 3, 20),
        ([1.9] * 8, 5, 4.0, 0.03, "zero", 4, 4),
    ):
        setting = dict(zip(names, case, strict=True))
        cases.append({"function": "outcome", "args": [setting], "returns": descended(*case)})
    return {"module": "training/peft/peft.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
