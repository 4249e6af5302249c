"""Limits that the page on mixtures of experts tells: of its losses, its bias, its batches; and its diagram's arrows."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scripts.figures import diagram, mixture_of_experts_diagram, style
from tests.said import sayings

moe: Any = import_module("docs.architectures.mixture-of-experts.mixture_of_experts")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "mixture-of-experts.md"
HOME = PAGE.with_suffix("")
(RECIPE,) = mixture_of_experts_diagram.FIGURES
said = sayings(PAGE)


def inside(shape: diagram.Shape, at: tuple[float, float]) -> bool:
    """Whether the end of an arrow lies on a shape, or at most four pixels beside it."""
    left, top, right, bottom = shape.box
    return left - 4 <= at[0] <= right + 4 and top - 4 <= at[1] <= bottom + 4


@pytest.mark.parametrize("sheet", RECIPE.sheets(RECIPE.written()), ids=lambda sheet: sheet.width)
def test_the_diagram_shows_every_gradient_and_all_that_the_balancing_loss_sees(
    sheet: diagram.Sheet,
) -> None:
    router, *_, third = (shape for shape in sheet.shapes if shape.kind == "network")
    balance, loss = sorted((s for s in sheet.shapes if s.kind == "loss"), key=lambda s: s.y)
    p = [shape for shape in sheet.shapes if shape.kind == "cell"]
    ways = {(balance, router), (loss, router), (loss, third)}
    gradients = [arrow.points for arrow in sheet.arrows if arrow.gradient]
    assert len(gradients) == len(ways)
    for start, end in ways:
        assert any(inside(start, way[0]) and inside(end, way[-1]) for way in gradients)
    seen = [a.points for a in sheet.arrows if not a.gradient and inside(balance, a.points[-1])]
    assert len(seen) == 2
    assert sum(any(inside(cell, way[0]) for cell in p) for way in seen) == 1


def test_four_of_six_networks_with_unused_experts_have_a_large_error() -> None:
    table = style.read_table(HOME / "collapse.csv")
    error, alive = np.array(table["error 0"]), np.array(table["alive 0"])
    some, rest = np.sort(error[alive < 3]), error[alive == 3]
    assert (len(error), len(some)) == (20, 6)
    assert sum(some > 1) == 4
    assert (rest.min() < some[:2]).all()
    assert (some[:2] < rest.max()).all()
    said("Of 20 toy networks without balancing, six end with unused experts: four of them have")
    said(
        f"four of them have an error above 1, two, with {some[0]:.2f} and {some[1]:.2f}, lie within"
        " the range of the other"
        f" {len(rest):d}, which have {rest.mean():.2f} ± {rest.std(ddof=1):.2f}."
    )


def test_even_loads_are_no_cause_of_a_large_error() -> None:
    table = style.read_table(HOME / "price.csv")
    assert table["alpha"][4] == 3
    assert abs(table["busiest"][4] - table["busiest"][5]) < 0.01
    said(
        f"$\\alpha = 3$ the loads are as even, and the worst of 20 errors is {table['worst'][4]:.3f}."
    )
    assert 0.1 < table["worst"][5] < 0.4
    said("The bias forces thirds all the same, and six of its 20 networks end between 0.1 and 0.4.")


def test_the_step_of_the_bias_may_be_too_small_and_too_large() -> None:
    router, experts = moe.example()
    x = torch.tensor(moe.TOKENS)
    s = moe.lines(router, x)
    loads: dict[float, list[list[int]]] = {}
    for step in (0.1, 0.3, 1.0):
        bias, loads[step] = torch.zeros(3), []
        for _ in range(200):
            g, _ = moe.route(s, 1, bias)
            loads[step].append(moe.loads(g).int().tolist())
            bias = moe.bias_step(bias, g, step * float(np.log(2)))
    assert loads[0.3].index([2, 2, 2]) == 7
    said(f"with 0.1 it takes {loads[0.1].index([2, 2, 2])} batches, and with 1 the loads never")
    assert [2, 2, 2] not in loads[1.0]
    assert all(pair in ([2, 1, 3], [2, 3, 1]) for pair in loads[1.0][-100:])
    assert all(one != two for one, two in zip(loads[1.0][-100:], loads[1.0][-99:], strict=False))
    said("never rest, but swing between 2, 1, 3 and 2, 3, 1.")
    g, _ = moe.route(s, 1, torch.tensor([1.8, 0.6, -1.8]) * float(np.log(2)))
    added = float((g * moe.lines(experts, x))[2].sum())
    said(f"and the layer adds $0.32 \\cdot (-4) = {added:.2f}$ in place of −0.64.")


def test_the_balancing_loss_can_be_below_one() -> None:
    s = torch.tensor([[1e-9, 0.0]] * 3 + [[-60.0, 0.0]]).double()
    lowest = float(moe.balance_loss(*moe.route(s, 1, torch.zeros(2))))
    said(f"With two experts and $k = 1$ its least value is {lowest:.3f}: three of four tokens have")
    said("have $p$ just above 0.5 for one expert, and the fourth has $p = 1$ for the other.")
    said("$L_b$ can be below 1 although the loads are uneven.")
    for q in np.linspace(0.5, 1, 1001):  # share of the busier expert, its tokens at one half
        assert 2 * (q * q / 2 + (1 - q) * (1 - q / 2)) >= lowest - 1e-9
    draw = torch.Generator().manual_seed(0)
    for scale in (0.01, 1.0, 10.0):
        many = scale * torch.randn(2000, 12, 2, generator=draw).double()
        made = moe.balance_loss(*moe.route(many, 1, torch.zeros(2000, 2)))
        assert float(made.min()) >= lowest - 1e-9


def test_small_batches_read_much_for_each_token_and_leave_expert_choice_no_choice() -> None:
    read = 256 * (1 - (1 - 8 / 256) ** 32)
    said(
        f"32 tokens that choose 8 of 256 experts each, at random, read {read:.0f} of them,"
        f" for {8 * 32 / read:.1f} tokens each"
    )
    router, experts = moe.example()
    x = torch.tensor([2.0])
    s, f = moe.lines(router, x), moe.lines(experts, x)
    taken = moe.expert_choice(s, 1)
    assert moe.loads(taken).tolist() == [1, 1, 1]
    alone, _ = moe.route(s, 1, torch.zeros(3))
    one, three = (-float((g * f).sum()) for g in (alone, taken))
    said(f"by all three experts, and the layer adds −{three:.2f} in place of −{one:.2f}.")
    said("with $C = 1$ the token 2 of the example, if it comes alone,")


def test_olmoe_takes_14_gigabytes() -> None:
    held = 6.9  # billions of parameters, as the table of real systems says
    said(f"| {held}, 1.3 | 64, 8, 0 |", f"loads OLMoE, {2 * held:.0f} GB in 16 bits, and writes on")


def test_olmoe_takes_longer_for_a_token_than_a_dense_model_with_its_active_parameters() -> None:
    mixture, dense = 23_600, 37_500  # tokens a second on each GPU, as the source says
    said(
        f"processed {mixture:,} tokens a second on each GPU where the dense model processed {dense:,}"
    )
    said(f"took {dense / mixture:.1f} times as long for a token as a dense model with the same")


def test_the_models_after_mixtral_have_many_experts_and_use_few_parameters() -> None:
    table = PAGE.read_text(encoding="utf-8").split("| Mixtral 8×7B, 2024")[1].split("\nTable: ")[0]
    rows = [[cell.strip() for cell in row.split("|")] for row in table.splitlines()[1:] if row]
    assert len(rows) == 7
    number = [[float(n.replace(",", "")) for n in row[2].split(", ")] for row in rows]
    experts = [int(row[3].split(",")[0]) for row in rows]
    few = [active / held < 0.1 for held, active in number]
    assert [row[1].startswith("OLMoE") for row in rows] == [not less for less in few]
    assert not any("capacity" in row[4] for row in rows)
    said(
        f"The models after Mixtral have {min(experts)} to {max(experts)} experts, and all but OLMoE"
    )
    said(
        "OLMoE use less than a tenth of their parameters for a token.",
        "or both; none of these rows",
    )
