"""The diffusion transformer: a block that begins as the identity, and where its gradient is zero."""

import importlib
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from scripts.figures import style
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, on_columns, taking
from tests.printed.plugin import Equations
from tests.said import sayings, tables

dit = importlib.import_module("docs.architectures.vision-transformer.dit")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "vision-transformer.md"
said = sayings(PAGE)
rows_of = tables(PAGE)


@pytest.mark.equation("eq-vision-transformer-adaln")
def test_the_adaptive_norm_is_a_layer_norm_with_that_gain_and_bias(printed: Equations) -> None:
    h, scale, shift = normal(2, 3, 6), normal(2, 6, seed=1), normal(2, 6, seed=2)
    made = dit.adapt(h, scale, shift)
    for n in range(2):
        gain = torch.ones(6).double() + scale[n]
        torch.testing.assert_close(made[n], functional.layer_norm(h[n], (6,), gain, shift[n], 1e-6))
    gain = torch.ones(6).double() + scale[0]
    printed("eq-vision-transformer-adaln").holds(
        {
            r"\operatorname{adaLN}": on_columns(
                lambda x: functional.layer_norm(x, (6,), gain, shift[0], 1e-6)
            ),
            r"\operatorname{LN}": on_columns(
                lambda x: dit.adapt(x[None, None], 0 * scale[:1], 0 * scale[:1])[0, 0]
            ),
            r"\mathbf{h}": column(h[0, 0]),
            r"\mathbf{1}": column(torch.ones(6)),
            r"\boldsymbol{\gamma}": column(scale[0]),
            r"\boldsymbol{\beta}": column(shift[0]),
        },
        free=(r"\mathbf{h}",),
    )


@pytest.mark.equation("eq-vision-transformer-dit")
def test_a_block_adds_what_its_gates_let_through(printed: Equations) -> None:
    torch.manual_seed(0)
    block = dit.Block(8, 2, zero=False).double()
    h, c = normal(1, 5, 8), normal(1, 8, seed=1)
    shift1, scale1, gate1, shift2, scale2, gate2 = (
        block.tell(functional.silu(c)).detach().chunk(6, 1)
    )
    with torch.no_grad():
        out = block(h, c)
        middle = torch.addcmul(h, gate1, block.attention(dit.adapt(h, scale1, shift1)))
    printed("eq-vision-transformer-dit").holds(
        {
            r"\mathbf{H}": h[0].numpy(),
            r"\mathbf{U}": middle[0].numpy(),
            r"\mathbf{H}'": out[0].numpy(),
            r"\boldsymbol{\alpha}_1": gate1.expand(5, 8).numpy(),
            r"\boldsymbol{\alpha}_2": gate2.expand(5, 8).numpy(),
            r"\operatorname{Attn}": taking(lambda x: block.attention(x[None])[0].detach()),
            r"\operatorname{FF}": taking(
                lambda x: block.down(functional.gelu(block.up(x))).detach()
            ),
            r"\operatorname{adaLN}_1": taking(lambda x: dit.adapt(x[None], scale1, shift1)[0]),
            r"\operatorname{adaLN}_2": taking(lambda x: dit.adapt(x[None], scale2, shift2)[0]),
        }
    )


@pytest.mark.equation("eq-vision-transformer-identity")
def test_at_the_start_a_block_is_the_identity() -> None:
    torch.manual_seed(0)
    for seed in range(3):
        h, c = normal(2, 16, 32, seed=seed), 5 * normal(2, 32, seed=seed + 9)
        model = dit.DiT().double()
        made = h
        for block in model.blocks:
            made = block(made, c)
        assert torch.equal(made, h)
        usual = dit.Block(32, 4, zero=False).double()
        assert (usual(h, c) - h).abs().max() > 1e-2
        z = normal(2, 1, 8, 8, seed=seed)
        assert model(z, torch.tensor([0.2, 0.9]).double(), torch.tensor([3, 7])).abs().max() == 0


@pytest.mark.equation("eq-vision-transformer-gate", "eq-vision-transformer-inside")
def test_the_gradients_of_a_gate_and_of_what_it_multiplies(printed: Equations) -> None:
    h, a = normal(5, 3), normal(5, 3, seed=1).requires_grad_()
    alpha, pull = normal(3, seed=2).requires_grad_(), normal(5, 3, seed=3)
    made = h + alpha * a
    made.retain_grad()
    torch.autograd.backward((made.tanh() * pull).sum())
    assert made.grad is not None
    assert alpha.grad is not None
    assert a.grad is not None
    printed("eq-vision-transformer-gate").holds(
        {
            r"\frac{\partial \ell}{\partial \alpha_e}": alpha.grad.numpy()[1],
            "N": 5,
            "g": made.grad.numpy(),
            "a": a.detach().numpy(),
            "e": 2,
        },
        free=("e",),
    )
    printed("eq-vision-transformer-inside").holds(
        {
            r"\frac{\partial \ell}{\partial a_{n e}}": a.grad.numpy()[3, 1],
            r"\alpha": alpha.detach().numpy(),
            "g": made.grad.numpy(),
            "n": 4,
            "e": 2,
        },
        free=("n", "e"),
    )


def test_where_the_gradient_is_zero_in_the_first_steps() -> None:
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.randn(64, 1, 8, 8, generator=generator), torch.arange(64) % 10
    _, norms = dit.train(images, labels, True, 1, 3)
    for row in rows_of("tab-vision-transformer-steps"):
        step = int(row[0]) - 1
        for cell, group in zip(row[1:], ("last", "gates", "inside"), strict=True):
            assert (norms[group][step] > 0) == (cell == "learns")
            assert cell in ("0", "learns")


@pytest.mark.equation("eq-vision-transformer-block-size")
def test_a_third_of_the_parameters_make_the_six_vectors(printed: Equations) -> None:
    block = dit.Block(24, 4)
    count = sum(p.numel() for p in block.parameters())
    printed("eq-vision-transformer-block-size").holds({"B": count, "E": 24})
    told = sum(p.numel() for p in block.tell.parameters())
    assert told == 6 * 24**2 + 6 * 24
    assert told / count == pytest.approx(1 / 3, rel=0.02)
    with torch.device("meta"):
        large = 28 * sum(p.numel() for p in dit.Block(1152, 16).parameters())
    said(f"28 blocks, that is {large / 1e6:.0f} million in all; published are 675 million")
    assert 0 < 675e6 - large < 0.01 * 675e6


def test_gates_by_pencil() -> None:
    before, added = torch.tensor([1.0, 1]), torch.tensor([2.0, 4])
    half, none = before + added / 2, before + 0 * added
    said(
        f"an addition of $({added[0]:g}, {added[1]:g})$ become $({half[0]:g}, {half[1]:g})$; "
        f"with gate 0 they stay $({none[0]:g}, {none[1]:g})$."
    )


def test_the_figure_of_the_start() -> None:
    table = style.read_table(PAGE.parent / "vision-transformer" / "start.csv")
    for zero, plain in zip(table["zero_mean"], table["plain_mean"], strict=True):
        assert zero < plain
    assert len(table["step"]) == 12
    assert table["step"][-1] == dit.STEPS == 120
    ends = [f"{table[f'{kind}_mean'][n]:.3f}" for kind in ("zero", "plain") for n in (0, -1)]
    said(
        f"Begun at zero it falls from {ends[0]} to {ends[1]}, begun as usual from {ends[2]} to {ends[3]}]("
    )
    parts = [
        [table[f"{kind}_{end}"][-1] for end in ("mean", "least", "most")]
        for kind in ("zero", "plain")
    ]
    (a, b, c), (d, e, f) = parts
    said(f"at the end it is {a:.3f} ({b:.3f} to {c:.3f}) against {d:.3f} ({e:.3f} to {f:.3f}).")
    assert c < e


@pytest.mark.answer("answer-vision-transformer-six")
def test_exercise_3_six_vectors(answer: Bench) -> None:
    width = 384
    with torch.device("meta"):
        block = dit.Block(width, 6)
    counts, near = (
        [
            sum(p.numel() for p in part.parameters() if p.ndim > least)
            for part in (block, block.tell)
        ]
        for least in (0, 1)
    )
    answer("answer-vision-transformer-six").is_(counts, near)
    said(f"= {counts[0]:,}$".replace(",", "{,}"), f"= {counts[1]:,}$".replace(",", "{,}"))


@pytest.mark.answer("answer-vision-transformer-dead")
def test_exercise_4_zeros_inside_and_in_the_gates(answer: Bench) -> None:
    torch.manual_seed(0)
    block = dit.Block(8, 2)
    for layer in (block.qkv, block.out, block.up, block.down):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    torch.autograd.backward(
        (block(torch.randn(1, 4, 8), torch.randn(1, 8)) * torch.randn(1, 4, 8)).sum()
    )
    assert all(p.grad is None or p.grad.abs().max() == 0 for p in block.parameters())
    answer("answer-vision-transformer-dead").is_(
        "Nothing: the gates get no gradient, since what they multiply is zero."
    )
