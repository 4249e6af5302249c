"""Vision transformers against PyTorch's own parts, published counts, and what the page tells of them."""

import importlib
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import block_diag
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from scripts.figures import style
from scripts.figures import vision_transformer as figures
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.architectures.test_vision_transformer_backbone import like
from tests.draws import normal
from tests.printed.bound import column, taking
from tests.printed.plugin import Equations
from tests.said import sayings, tables

vit = importlib.import_module("docs.architectures.vision-transformer.vision_transformer")
backbone = importlib.import_module("docs.architectures.vision-transformer.backbone")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "vision-transformer.md"
DATA = PAGE.parent / "vision-transformer"
LETTER = torch.tensor(vit.LETTER, dtype=torch.float64)
said = sayings(PAGE)
rows_of = tables(PAGE)


def share(value: float) -> str:
    """A number as the fraction that the page prints."""
    return str(Fraction(value).limit_denominator(50))


def exchanged(one: int, other: int) -> Tensor:
    """The example with two of its patches exchanged."""
    order = [0, 1, 2, 3]
    order[one], order[other] = other, one
    made: Tensor = vit.unpatch(vit.patches(LETTER[None, None], 2)[:, order], 2, 1)[0, 0]
    return made


# The code is what PyTorch computes.


@pytest.mark.equation("eq-vision-transformer-embed", "eq-vision-transformer-tokens")
def test_the_patch_embedding_is_a_convolution_with_a_stride(printed: Equations) -> None:
    x, w, b = normal(2, 3, 6, 6), normal(7, 3, 3, 3, seed=1), normal(7, seed=2)
    tokens = vit.patches(x, 3)
    strided = functional.conv2d(x, w, b, stride=3)
    torch.testing.assert_close(tokens @ w.flatten(1).T + b, strided.flatten(2).mT)
    one = functional.conv2d(x[:1, :1], w[:1, :1], b[:1], stride=3)[0, 0]
    printed("eq-vision-transformer-embed").holds(
        {
            "h": one,
            "b": float(b[0]),
            "P": 3,
            "w": w[0, 0],
            "x": x[0, 0],
            "n": Each([1, 2]),
            "m": Each([1, 2]),
        }
    )
    counted = functional.unfold(normal(1, 1, 35, 35), 5, stride=5).shape[-1]
    printed("eq-vision-transformer-tokens").holds({"N": counted, "S": 35, "P": 5})
    torch.testing.assert_close(vit.unpatch(tokens, 3, 3), x)
    with pytest.raises(ValueError, match=r"patches of side 4 do not fill an image of \(6, 6\)"):
        vit.patches(x, 4)


@pytest.mark.equation("eq-vision-transformer-block")
def test_a_block_is_that_of_pytorch(printed: Equations) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(
        12, 3, 48, 0.0, "gelu", batch_first=True, norm_first=True
    ).double()
    for norm in (layer.norm1, layer.norm2):
        nn.init.normal_(norm.weight)
    block = vit.Block(12, 3).double()
    like(block, layer)
    h = normal(1, 5, 12)
    with torch.no_grad():
        out = layer.train()(h)
        middle = h + layer.self_attn(*[layer.norm1(h)] * 3)[0]
    torch.testing.assert_close(block(h), out)
    printed("eq-vision-transformer-block").holds(
        {
            r"\mathbf{H}": h[0].numpy(),
            r"\mathbf{U}": middle[0].numpy(),
            r"\mathbf{H}'": out[0].numpy(),
            r"\operatorname{Attn}": taking(lambda x: block.attention(x[None])[0].detach()),
            r"\operatorname{FF}": taking(lambda x: block.feed(x[None])[0].detach()),
            r"\operatorname{LN}_1": taking(lambda x: block.norm1(x).detach()),
            r"\operatorname{LN}_2": taking(lambda x: block.norm2(x).detach()),
        }
    )


@pytest.mark.equation("eq-vision-transformer-bag")
def test_without_positions_the_order_of_patches_is_lost(printed: Equations) -> None:
    torch.manual_seed(0)
    block = vit.Block(8, 2).double()
    x, order = normal(5, 8), torch.tensor([3, 0, 4, 1, 2])
    swap = torch.eye(5).double()[order]

    def blocks(rows: Tensor) -> Tensor:
        made: Tensor = block(rows[None])[0].detach()
        return made

    torch.testing.assert_close(swap @ x, x[order])
    printed("eq-vision-transformer-bag").holds(
        {
            "N": 5,
            r"\mathbf{1}": np.ones((5, 1)),
            "f": taking(blocks),
            r"\boldsymbol{\Pi}": swap.numpy(),
            r"\mathbf{X}": x.numpy(),
        },
        free=("N", r"\mathbf{1}", r"\mathbf{X}", "f"),  # any multiple of the sum, any equivariant f
    )
    for left in (r"f (\mathbf{X})", r"f (\mathbf{\Pi} \mathbf{X})"):
        middle = r"f (\mathbf{X})" if "Pi" in left else r"\mathbf{\Pi} f (\mathbf{X})"
        mean = r"\frac{1}{N} \mathbf{1}^{\top}"
        printed.excuse(
            rf"{mean} {left} = {mean} {middle} = {mean} f (\mathbf{{X}})",
            "the mean is the same with the permutation and without: that is the claim",
        )
    for pool in ("class", "mean"):
        for positions, same in (("none", True), ("table", False), ("waves", False)):
            model = vit.ViT(pool=pool, positions=positions)
            image = torch.randn(1, 1, 8, 8)
            parts = vit.patches(image, 2)[:, torch.randperm(16)]
            away = (model(vit.unpatch(parts, 2, 1)) - model(image)).abs().max()
            assert (away < 1e-5) == same


@pytest.mark.equation("eq-vision-transformer-offset")
def test_positions_compare_by_their_offsets(printed: Equations) -> None:
    p = vit.waves(9, 12, base=7.0).reshape(9, 9, 12)
    frequencies = 7.0 ** (-np.arange(3) / 3)
    for (r, c), (s, d) in (((5, 3), (8, 7)), ((6, 4), (3, 8))):
        printed("eq-vision-transformer-offset").holds(
            {
                r"\mathbf{p}": lambda a, b: column(p[int(a), int(b)]),
                r"\omega": frequencies,
                "E": 12,
                "r": r,
                "c": c,
                "s": s,
                "d": d,
            },
            free=("r", "c", "s", "d"),  # an identity in the places
        )


@pytest.mark.equation("eq-vision-transformer-rope")
def test_rotations_by_row_and_column_compare_by_offsets(printed: Equations) -> None:
    q, k = normal(8), normal(8, seed=1)
    spin = torch.tensor([[0.0, -1], [1, 0]]).double()

    def turned(r: float, c: float) -> np.ndarray:
        blocks = [torch.matrix_exp(spin * angle) for angle in (1.3 * r, 0.4 * r, 1.1 * c, 0.2 * c)]
        return np.asarray(block_diag(*blocks))

    printed("eq-vision-transformer-rope").holds(
        {
            r"\mathbf{R}": turned,
            r"\mathbf{q}": column(q),
            r"\mathbf{k}": column(k),
            "r": 3.0,
            "c": 5.0,
            "s": 7.0,
            "d": 4.0,
        },
        free=("r", "c", "s", "d", r"\mathbf{q}", r"\mathbf{k}"),  # an identity in all of them
    )


@pytest.mark.equation("eq-vision-transformer-parameters")
def test_parameters_are_those_of_pytorch_and_as_published(printed: Equations) -> None:
    with torch.device("meta"):
        small = backbone.Backbone(28, 7, 24, 4, 5)
        head = nn.Linear(24, 11)
        large = backbone.Backbone(224, 16, 768, 12, 12)
    count = sum(p.numel() for part in (small, head) for p in part.parameters())
    assert count == vit.parameters(28, 7, 3, 24, 5, 11)
    printed("eq-vision-transformer-parameters").holds(
        {r"\Omega": count, "C": 3, "P": 7, "E": 24, "N": 16, "L": 5, "K": 11}
    )
    published = 86_567_656
    said(f"classes at $224 \\times 224$, has {published:,}, which is")
    whole = sum(p.numel() for p in large.parameters()) + sum(
        p.numel() for p in nn.Linear(768, 1000).parameters()
    )
    assert whole == published == vit.parameters(224, 16, 3, 768, 12, 1000)
    attention = nn.MultiheadAttention(6, 2)
    assert sum(p.numel() for p in attention.parameters()) == 4 * 36 + 4 * 6


@pytest.mark.equation("eq-vision-transformer-cost")
def test_operations_are_those_that_pytorch_counts(printed: Equations) -> None:
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        for block in (vit.Block(24, 4) for _ in range(3)):
            block(torch.zeros(1, 17, 24))
    count = counter.get_total_flops()
    assert count == vit.operations(17, 24, 3)
    printed("eq-vision-transformer-cost").holds({"F": count, "L": 3, "M": 17, "E": 24})
    assert 24 * (6 * 768) * 768**2 == 4 * (6 * 768) ** 2 * 768
    said("is larger until $M = 6 E$.")
    blocks, embedding = vit.operations(197, 768, 12) / 2e9, 196 * 768**2 / 1e9
    published = 17.56
    said(f"for ViT-B/16 {blocks:.2f} thousand millions and {embedding:.2f} for the patch embedding")
    said(f"patch embedding, published {published}[")
    assert blocks + embedding == pytest.approx(published, abs=0.01)
    published = 118.64
    large = vit.operations(256, 1152, 28) / 2e9
    said(f"for DiT-XL/2 with 256 tokens {large:.1f}, published {published}[")
    assert large == pytest.approx(published, rel=0.005)


def test_a_table_of_positions_is_resized_as_a_picture() -> None:
    table = normal(16, 3)
    torch.testing.assert_close(vit.resize(table, 4), table)
    made = vit.resize(table, 6)
    alone = functional.interpolate(
        table[:, 1].reshape(1, 1, 4, 4), (6, 6), mode="bicubic", align_corners=False
    )
    torch.testing.assert_close(made[:, 1], alone.flatten())


# The example by pencil.


def test_the_example_as_the_page_tells_it() -> None:
    rows = rows_of("tab-vision-transformer-image")
    assert [[float(cell) for cell in row] for row in rows] == LETTER.tolist()
    parts = vit.patches(LETTER[None, None], 2)[0]
    texts = [", ".join(f"{v:g}" for v in row.tolist()) for row in parts]
    said(
        f"$({texts[0]})$ at the top left, $({texts[1]})$ at the top right, "
        f"$({texts[2]})$ at the bottom left, $({texts[3]})$ at"
    )
    x, a, out = vit.example(LETTER)
    for row, token in zip(rows_of("tab-vision-transformer-tokens"), x[1:], strict=True):
        assert [float(cell.replace("−", "-")) for cell in row[1:]] == token[:5].tolist()
    assert vit.FILTERS[:3] == ((1, 1, 1, 1), (-1, 1, -1, 1), (1, 1, -1, -1))
    said(
        "first, $(1, 1, 1, 1) / 4$, says",
        "second, $(-1, 1, -1, 1) / 4$, sub",
        "third, $(1, 1, -1, -1) / 4$, bot",
    )
    factors = [round(float(v)) for v in 2 ** x[:, 0]]
    said(
        f"are {factors[0]}, {factors[1]}, {factors[2]}, {factors[3]} and {factors[4]}; their sum is {sum(factors)}, and"
    )
    torch.testing.assert_close(a, torch.tensor(factors).double() / sum(factors))
    weights = [share(float(v)) for v in a]
    said(f"${weights[0]}$, ${weights[1]}$, ${weights[2]}$, ${weights[3]}$ and ${weights[4]}$.")
    edges = [share(float(v)) for v in out]
    said(
        f"right less left $2 \\cdot 1/3 + 1 \\cdot 1/6 = {edges[0]}$, "
        f"top less bottom $1 \\cdot 1/6 + 2 \\cdot 1/3 = {edges[1]}$."
    )
    scores = float(out[0] + out[1] - 1), float(out[0] - out[1])
    said(f"gives the scores ${share(scores[0])}$ and ${scores[1]:.0f}$: both")
    mean = x[1:, 1:3].mean(0)
    said(f"would be ${share(float(mean[0]))}$ and ${share(float(mean[1]))}$.")


def test_the_edges_do_not_say_where_and_positions_do() -> None:
    first, second = vit.example(LETTER)[2], vit.example(exchanged(0, 2))[2]
    torch.testing.assert_close(first[:2], second[:2])
    said(f"class token gets ${share(float(second[0]))}$ and ${share(float(second[1]))}$ again.")
    said(
        f"gets $-1/3 - 1/12 + 1/6 + 1/3 = {share(float(first[2]))}$; "
        f"after the exchange it gets ${share(float(second[2]))}$."
    )


def test_the_diagram_has_the_example() -> None:
    table = style.read_table(DATA / "diagram.csv")
    assert table["image"] == LETTER.flatten().tolist()
    first, taken = table["first"][:3], table["taken"][:2]
    said(f"the first as ({first[0]:g}, {first[1]:g}, {first[2]:g}); a learned")
    said(f"with edges ({taken[0]:.2f}, {taken[1]:.2f}), to a head")


def test_the_figure_of_positions() -> None:
    table = style.read_table(DATA / "places.csv")
    two, one = (torch.tensor(table[name]).reshape(8, 8) for name in ("two", "one"))
    near = [two[2, 3], two[4, 3], two[3, 2], two[3, 4]]
    assert all(abs(v - near[0]) < 1e-6 for v in near)
    said(
        f"each other, {figures.WIDTH} features: {near[0]:.3f} for its four neighbours with waves of row and column."
    )
    assert abs(one[3, 2] - one[3, 4]) < 1e-6
    assert abs(one[2, 3] - one[4, 3]) < 1e-6
    said(f"it is {one[3, 2]:.3f} to the left and right, {one[2, 3]:.3f} above and below.")
    torch.testing.assert_close(two, two.T)


def test_the_figure_of_cost() -> None:
    table = style.read_table(DATA / "cost.csv")
    each, between = table["each"], table["between"]
    for n in range(4):
        assert each[n + 1] / each[n] == pytest.approx(4)
        assert between[n + 1] / between[n] == pytest.approx(16)
    assert between[3] < each[3]
    assert between[4] > each[4]
    said(
        f"On each token they rise from {each[0]:.0f} to {each[4]:,.0f} thousand millions, "
        f"between tokens from {between[0]:.2f} to {between[4]:,.0f}; the curves"
    )
    said(f"is {between[4] / each[4]:.1f} times the part on each token.")
    assert table["tokens"][1] == 196
    said("has $14 \\cdot 14 = 196$ tokens.")


def test_a_shift_by_less_than_a_patch_gives_other_numbers() -> None:
    bar = torch.tensor([[4.0, 0, 0, 0]] * 4).double()
    edges = [vit.example(bar.roll(by, 1))[2][:2] for by in range(4)]
    torch.testing.assert_close(edges[2:], edges[:2])  # by a whole patch
    torch.testing.assert_close(edges[1], -edges[0])
    assert edges[0][0] < 0


# The exercises.


@pytest.mark.answer("answer-vision-transformer-bar")
def test_a_bar_at_the_left_by_pencil(answer: Bench) -> None:
    _, a, out = vit.example(torch.tensor([[0.0, 4, 0, 0]] * 4).double())
    whole = vit.example(LETTER)[1]
    answer("answer-vision-transformer-bar").is_([a[1], out[0]], [whole[1], 4 * whole[1]])
    said(
        "edges are $2 \\cdot 4/11 + 2 \\cdot 4/11 = 16/11$ and 0. The scores are $16/11 - 1 = 5/11$ for L"
    )
    torch.testing.assert_close(out[:2], torch.tensor([16 / 11, 0]).double())


@pytest.mark.answer("answer-vision-transformer-patches")
def test_exercise_1_patches(answer: Bench) -> None:
    counts = [vit.patches(torch.zeros(1, 1, side, side), 14).shape[1] for side in (224, 448)]
    answer("answer-vision-transformer-patches").is_(counts, [math.isqrt(n) for n in counts])


@pytest.mark.answer("answer-vision-transformer-exchange")
def test_exercise_2_another_exchange(answer: Bench) -> None:
    made, wrong = (vit.example(exchanged(*pair))[2][2] for pair in ((0, 3), (0, 2)))
    answer("answer-vision-transformer-exchange").is_(made, wrong)


@pytest.mark.answer("answer-vision-transformer-factor")
def test_exercise_5_operations(answer: Bench) -> None:
    small, large = vit.operations(197, 768, 12), vit.operations(785, 768, 12)
    answer("answer-vision-transformer-factor").is_(large / small, 785 / 197)
    said(f"From {small / 1e9:.1f} to {large / 1e9:.1f} thousand millions.")


@pytest.mark.answer("answer-vision-transformer-halves")
def test_exercise_6_halves(answer: Bench) -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 1, 8, 8)
    moved = torch.roll(x, 4, -1)
    same = {}
    for kind in ("none", "table"):
        model = vit.ViT(positions=kind)
        same[kind] = torch.allclose(model(x), model(moved), atol=1e-5)
    assert same == {"none": True, "table": False}
    answer("answer-vision-transformer-halves").is_(
        "Without positions they are the same, with a table they differ."
    )
