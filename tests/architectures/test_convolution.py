"""Convolutions against PyTorch's, fields against a probe, equivariance, and what the page tells of them."""

import inspect
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from docs.architectures.convolution import convolution, denoise
from scripts.figures import convolution as figures
from scripts.figures import style
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, on_columns
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "convolution.md"
DATA = PAGE.parent / "convolution"
EXAMPLE = torch.tensor(convolution.EXAMPLE, dtype=torch.float64)
EDGES = torch.tensor(convolution.EDGES, dtype=torch.float64)
said = sayings(PAGE)


def row(values: Tensor) -> str:
    """A vector as the page prints it."""
    return "(" + ", ".join(f"{v:g}" for v in values.tolist()) + ")"


def edges(x: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """The filter of the example, with as many zeros as keep the size."""
    return convolution.convolve(x[None, None], EDGES[None, None], stride, dilation, dilation)[0, 0]


def filtered(x: Tensor, *weights: float) -> Tensor:
    """A filter of three weights with a zero at each end."""
    w = torch.tensor(weights, dtype=torch.float64)
    return convolution.convolve(x[None, None], w[None, None], padding=1)[0, 0]


# The code is what PyTorch computes.


@pytest.mark.equation("eq-convolution-definition")
@pytest.mark.parametrize(("stride", "dilation", "padding"), [(1, 1, 1), (2, 1, 0), (3, 2, 4)])
def test_a_convolution_is_that_of_pytorch(stride: int, dilation: int, padding: int) -> None:
    x, w = normal(2, 3, 17), normal(4, 3, 5, seed=1)
    ours = convolution.convolve(x, w, stride, dilation, padding)
    torch.testing.assert_close(ours, functional.conv1d(x, w, None, stride, padding, dilation))


def test_a_filter_that_is_longer_than_the_signal_is_refused() -> None:
    with pytest.raises(ValueError, match="a filter over 9 places does not fit into 8"):
        convolution.convolve(normal(1, 1, 8), normal(1, 1, 5), dilation=2)


@pytest.mark.equation("eq-convolution-definition", "eq-convolution-size")
def test_the_printed_formula_and_size_are_those_of_pytorch(printed: Equations) -> None:
    x, w, stride, dilation = normal(23), normal(4, seed=1), 3, 2
    y = functional.conv1d(x[None, None], w[None, None], None, stride, 0, dilation)[0, 0]
    printed("eq-convolution-definition").holds(
        {"y": y, "x": x, "w": w, "k": 4, "s": stride, "d": dilation, "i": Each(range(1, 7))}
    )
    for count in (289, 291):
        long = functional.conv1d(normal(1, 1, count), normal(1, 1, 9), None, 3, 31, 7)
        printed("eq-convolution-size").holds(
            {"n": long.shape[-1], "N": count, "p": 31, "d": 7, "k": 9, "s": 3}
        )
    said("In the example $N = 8$, $k = 3$ and $p = 1$, which gives 8 places, and 4 with stride 2.")
    assert (len(edges(EXAMPLE)), len(edges(EXAMPLE, 2))) == (8, 4)


@pytest.mark.equation("eq-convolution-shift", "eq-convolution-commutes")
def test_a_convolution_on_a_circle_commutes_with_shifts(printed: Equations) -> None:
    w = normal(3, seed=2)

    def on_circle(x: Tensor) -> Tensor:
        wrapped = functional.pad(x[:, None], (0, 4), mode="circular")
        return functional.conv1d(wrapped, w[None, None], dilation=2)[:, 0]

    c = on_circle(torch.eye(7, dtype=torch.float64)).T
    shift = torch.roll(torch.eye(7, dtype=torch.float64), 1, 0)
    x = normal(7, seed=3)
    torch.testing.assert_close(shift @ x, torch.roll(x, 1))
    torch.testing.assert_close(c @ torch.roll(x, 1), torch.roll(c @ x, 1))
    printed("eq-convolution-commutes").holds(
        {r"\mathbf{C}": c.numpy(), r"\mathbf{T}": shift.numpy()},
        free=(r"\mathbf{C}", r"\mathbf{T}"),  # multiples of them commute too
    )


def test_a_stride_keeps_only_the_shifts_by_its_multiples() -> None:
    x, w, stride = normal(12), normal(3, seed=2), 3

    def on_circle(x: Tensor) -> Tensor:
        wrapped = functional.pad(x[None, None], (0, 2), mode="circular")
        return functional.conv1d(wrapped, w[None, None], stride=stride)[0, 0]

    y = on_circle(x)
    torch.testing.assert_close(on_circle(torch.roll(x, stride)), torch.roll(y, 1))
    for shift in range(1, stride):
        moved = on_circle(torch.roll(x, shift))
        assert all((moved - torch.roll(y, k)).abs().max() > 1e-3 for k in range(len(y)))
    said("a shift of the input by $s$ places shifts the output by one place.")
    said("keeps only the shifts by multiples of that stride")


@pytest.mark.equation("eq-convolution-transpose")
def test_a_transposed_convolution_is_the_backward_pass_of_one(printed: Equations) -> None:
    w, x = normal(4, seed=1), normal(12, seed=2).requires_grad_()
    y = functional.conv1d(x[None, None], w[None, None], stride=2)[0, 0]
    v = normal(len(y), seed=3)
    (u,) = torch.autograd.grad(y, x, v)
    ours = convolution.transposed(v[None, None], w[None, None], 2)[0, 0]
    torch.testing.assert_close(ours, u)
    c = convolution.matrix(w, 12, 2)
    printed("eq-convolution-transpose").holds(
        {r"\mathbf{u}": column(u), r"\mathbf{C}": c.numpy(), r"\mathbf{v}": column(v)}
    )
    z, many = normal(2, 3, 5), normal(3, 4, 3, seed=4)
    torch.testing.assert_close(
        convolution.transposed(z, many, 3), functional.conv_transpose1d(z, many, stride=3)
    )


@pytest.mark.equation("eq-convolution-uneven")
def test_the_sums_of_the_weights_are_what_a_constant_becomes(printed: Equations) -> None:
    w, stride = normal(6, seed=1), 2
    long = functional.conv_transpose1d(torch.ones(1, 1, 9).double(), w[None, None], stride=stride)
    inner = long[0, 0, 6:8]
    printed("eq-convolution-uneven").holds(
        {"a": inner, "w": w, "k": 6, "s": stride, "m": Each([1, 2])}
    )


@pytest.mark.equation("eq-convolution-field", "eq-convolution-spread")
def test_the_field_and_its_spread_are_what_a_probe_finds(printed: Equations) -> None:
    layers = [(3, 2, 1), (5, 3, 2), (4, 1, 3), (2, 2, 5)]
    owed = convolution.probe(layers, 200)
    seen = torch.nonzero(owed)
    reach = int(seen.max() - seen.min()) + 1
    assert convolution.field(layers) == reach
    k, s, d = (torch.tensor([float(layer[n]) for layer in layers]) for n in range(3))
    printed("eq-convolution-field").holds({"r": reach, "L": 4, "k": k, "d": d, "s": s})
    layers = [(3, 1, 1), (5, 1, 2), (4, 1, 3)]
    owed, at = convolution.probe(layers, 60), torch.arange(60).double()
    mean = (owed * at).sum()
    printed("eq-convolution-spread").holds(
        {
            r"\rho": float(((at - mean) ** 2 * owed).sum()) ** 0.5,
            "L": 3,
            "k": torch.tensor([3.0, 5, 4]).double(),
            "d": torch.tensor([1.0, 2, 3]).double(),
        }
    )
    said("$1 + 2 L$, and $2^{L+1} - 1$ if", "every stride is 2: after eight layers 17 or 511.")
    assert convolution.field([(3, 2, 1)] * 8) == convolution.field(figures.dilated(8)) == 511
    assert convolution.field(figures.plain(8)) == 17


@pytest.mark.equation("eq-convolution-cost")
def test_parameters_and_operations_are_those_that_pytorch_counts(printed: Equations) -> None:
    layer = nn.Conv2d(5, 7, 3, padding=1)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, 5, 11, 13))
    count = sum(p.numel() for p in layer.parameters())
    printed("eq-convolution-cost").holds(
        {"P": count, "F": counter.get_total_flops(), "O": 7, "C": 5, "k": 3, "H": 11, "W": 13}
    )
    with torch.device("meta"):
        layer = nn.Conv2d(64, 64, 3, padding=1)
        with FlopCounterMode(display=False) as counter:
            layer(torch.zeros(1, 64, 256, 256))
    count = sum(p.numel() for p in layer.parameters())
    said(f"has [{count:,} parameters](#eq-convolution-cost)")
    said(f"it takes {counter.get_total_flops() / 1e9:.1f} billion operations")
    said(f"would have ${(64 * 256**2) ** 2 / 1e13:.1f} \\cdot 10^{{13}}$ weights")
    assert 1 - (128**2) / 256**2 == 0.75


@pytest.mark.equation("eq-convolution-film")
def test_film_scales_and_shifts_alike_at_all_places(printed: Equations) -> None:
    h, scale, shift = normal(2, 3, 5), normal(2, 3, seed=1), normal(2, 3, seed=2)
    out = denoise.film(h, scale, shift)
    torch.testing.assert_close(
        out, torch.stack([torch.addcmul(shift, scale, h[..., n]) for n in range(5)], -1)
    )
    printed("eq-convolution-film").holds(
        {
            r"\operatorname{FiLM}": on_columns(
                lambda x: denoise.film(x[None, :, None], scale[:1], shift[:1])[0, :, 0]
            ),
            r"\mathbf{h}": column(h[0, :, 2]),
            r"\boldsymbol{\gamma}": column(scale[0]),
            r"\boldsymbol{\beta}": column(shift[0]),
        },
        free=(r"\mathbf{h}",),
    )


@pytest.mark.equation("eq-convolution-where", "eq-convolution-floor")
def test_a_vector_cannot_say_where(printed: Equations) -> None:
    torch.manual_seed(0)
    net = denoise.UNet().double()
    z, level, told = normal(6, 1, 32), torch.full((6,), 4.0).double(), normal(6, 16, seed=1)
    mean = torch.stack([net(torch.roll(z, 4 * n, -1), level, told) for n in range(8)]).mean(0)
    joined = mean.reshape(6, 8, 4)  # noise that is shifted in every way is as likely
    torch.testing.assert_close(joined, joined[:, :1].expand(-1, 8, -1))
    generator = torch.Generator().manual_seed(0)
    x, sign, _ = denoise.signals(64, generator)
    wanted = x[:, 0] * (2.0 * sign[:, None] - 1)
    every = torch.stack([torch.roll(wanted, n, 1) for n in range(32)])  # all places alike
    printed("eq-convolution-floor").holds(
        {
            r"\epsilon_0": float(every.square().mean()),
            r"\epsilon_1": float(every.var(correction=0)),
            "a": denoise.BAR / denoise.PLACES,
        }
    )
    said(
        "With $a = 1/4$ they are 0.25 and 0.1875.",
        "Below 0.1875, [the best that can be had](#where)",
    )


# The example by pencil.


def test_the_example_as_the_page_tells_it() -> None:
    y = edges(EXAMPLE)
    said(f"$\\mathbf{{x}} = {row(EXAMPLE)}$", f"The result is $\\mathbf{{y}} = {row(y)}$")
    moved = torch.roll(EXAMPLE, 1)
    said(f"one pixel to the right: ${row(moved)}$", f"becomes ${row(edges(moved))}$, the old one")
    torch.testing.assert_close(edges(moved), torch.roll(y, 1))
    said(f"keeps every second output, here ${row(edges(EXAMPLE, 2))}$")
    said(f"to the left, ${row(edges(EXAMPLE, dilation=2))}$. If")
    dense = nn.Linear(8, 8, bias=False).weight.numel()
    said(f"from eight numbers to eight has {dense} weights.", f"The convolution has {len(EDGES)}.")
    halved = EXAMPLE.unflatten(0, (-1, 2)).mean(1)
    restored = halved.repeat_interleave(2)
    said(f"the mean of each pair: ${row(halved)}$", f"restore the size: ${row(restored)}$")
    said(f"What is missing is ${row(EXAMPLE - restored)}$")
    made = denoise.film(y[None, None], torch.tensor([[0.5]]), torch.tensor([[1.0]]))[0, 0]
    said(f"make of $\\mathbf{{y}}$ the numbers ${row(made)}$")


def test_the_diagram_has_the_example() -> None:
    table = style.read_table(DATA / "diagram.csv")

    def shown(name: str) -> str:
        return row(torch.tensor(table[name])).replace("-", "−")

    said(f"the signal {shown('x')} goes through the filter w = (−1, 0, 1), which learns")
    said(f"and becomes {shown('y')}. U-Net")
    assert table["lost"] == [0, 0, 0, 0, 2, -2, 0, 0]


def test_a_checkerboard_as_the_page_tells_it() -> None:
    one = torch.ones(1, 1, 4).double()
    made = convolution.transposed(one, torch.ones(1, 1, 3).double(), 2)[0, 0]
    said(f"the weights $(1, 1, 1)$ makes of ${row(one[0, 0])}$ the signal ${row(made)}$")
    table = style.read_table(DATA / "checkerboard.csv")
    picture = torch.ones(1, 1, 8, 8)
    for way, width in (("three", 3), ("four", 4)):
        whole = functional.conv_transpose2d(picture, torch.ones(1, 1, width, width), stride=2)
        assert whole[0, 0, 4:8, 4:8].flatten().tolist() == table[way]
    twice = functional.interpolate(picture, scale_factor=2.0)
    whole = functional.conv2d(twice, torch.ones(1, 1, 3, 3), padding=1)
    assert whole[0, 0, 4:8, 4:8].flatten().tolist() == table["repeat"]
    assert table["three"][:8] == [4, 2, 4, 2, 2, 1, 2, 1]
    assert (set(table["four"]), set(table["repeat"])) == ({4}, {9})
    said("the numbers are 4, 2 in one row and 2, 1 in the next; with filters 4 wide all are 4;")
    said("convolved with a filter 3 wide all are 9]", "they multiply to 1, 2 and 4: a")
    for seed in range(3):  # whatever the weights are
        smooth = functional.conv2d(twice, torch.randn(1, 1, 3, 3))
        torch.testing.assert_close(smooth, smooth[..., :1, :1].expand_as(smooth))
        torch.manual_seed(seed)
        uneven = functional.conv_transpose2d(picture, torch.randn(1, 1, 4, 4), stride=2)
        assert uneven[0, 0, 4:8, 4:8].var() > 0.01


def test_a_line_that_a_stride_loses_and_a_blur_keeps() -> None:
    line = torch.zeros(8).double()
    line[2] = 4
    moved = torch.roll(line, 1)
    said(f"A line of one pixel, ${row(line)}$, becomes ${row(edges(line))}$ under")
    said(f"every second place, and ${row(edges(line)[::2])}$ is left")
    said(f"Moved by one pixel it gives ${row(edges(moved)[::2])}$.")
    soft = [filtered(edges(x), 0.25, 0.5, 0.25)[::2] for x in (line, moved)]
    said(f"before the stride gives ${row(soft[0])}$ and, after the move, ${row(soft[1])}$: fainter")


def test_a_field_that_is_too_small_and_one_with_gaps() -> None:
    near, far, gaps = (convolution.probe(layers, 41) for layers in (
        figures.plain(3), figures.dilated(3), [(3, 1, 2)] * 3,
    ))  # fmt: skip
    said(f"Three layers of width 3 see {int((near != 0).sum())} places.")
    middle = 20
    assert near[middle] > 0
    assert near[middle + 3] > 0
    assert near[middle + 4] == near[middle - 4] == 0
    said(f"the same nine weights see {int((far != 0).sum())} places, and all of them.")
    assert int((far != 0).sum()) == convolution.field(figures.dilated(3))
    assert sum(k for k, _, _ in figures.dilated(3)) == 3 * 3
    spans, counts = convolution.field([(3, 1, 2)] * 3), int((gaps != 0).sum())
    said(f"spans {spans} places, but a probe finds that {counts} of them count: every second")
    at = torch.nonzero(gaps).flatten()
    assert (at.diff() == 2).all()
    assert int(at[-1] - at[0]) + 1 == spans


def test_zeros_at_the_border_darken_it() -> None:
    made = filtered(torch.full((8,), 4.0).double(), *[1 / 3] * 3)
    said(f"With zeros outside it makes {float(made[0]):.2f} of it at both ends.")
    assert made[0] == made[-1]
    torch.testing.assert_close(made[1:-1], torch.full((6,), 4.0).double())
    for mode in ("reflect", "circular"):
        whole = functional.pad(torch.full((1, 1, 8), 4.0).double(), (1, 1), mode=mode)
        torch.testing.assert_close(whole, torch.full((1, 1, 10), 4.0).double())


def test_the_field_figure_has_the_same_by_formula_and_by_probe() -> None:
    table = style.read_table(DATA / "field.csv")
    assert table["plain_formula"] == table["plain_probe"] == [1 + 2 * n for n in table["layers"]]
    assert table["dilated_formula"] == table["dilated_probe"]
    assert table["dilated_formula"] == [2 ** (n + 1) - 1 for n in table["layers"]]
    for n, spread in zip(table["layers"], table["spread"], strict=True):
        assert spread == pytest.approx((2 * n / 3) ** 0.5)
    a, b, c = table["spread"], table["plain_probe"], table["dilated_probe"]
    said(f"sees {b[0]:g} to {b[-1]:g} places; with dilation that doubles {c[0]:g} to {c[-1]:g};")
    said(f"grows from {a[0]:.1f} to {a[-1]:.1f} places only")
    said(f"$\\sqrt{{2 L / 3}}$: {a[-1]:.1f} places after eight layers that see {b[-1]:g}.")
    said("After a second layer of width 3 it depends on five, after a third on seven")
    assert b[1:3] == [5, 7]


def test_the_network_of_the_page_is_what_the_steps_say() -> None:
    torch.manual_seed(0)
    net = denoise.UNet().double()
    x, level = normal(2, 1, 32), torch.tensor([0.5, 2.0]).double()
    for shift in (4, 8, -12):
        out = net(torch.roll(x, shift, -1), level)
        torch.testing.assert_close(out, torch.roll(net(x, level), shift, -1))
    for shift in (1, 2, 3):
        away = net(torch.roll(x, shift, -1), level) - torch.roll(net(x, level), shift, -1)
        assert away.abs().max() > 1e-3
    said("halves twice and doubles twice, so it commutes with shifts by multiples of 4.")
    changed = net(x, torch.tensor([0.5, 3.0]).double()) - net(x, level)
    assert changed[0].abs().max() == 0
    assert changed[1].abs().max() > 1e-3
    bare = denoise.UNet(skips=False).double()
    bare.load_state_dict(net.state_dict())
    assert (bare(x, level) - net(x, level)).abs().max() > 1e-3
    tokens = normal(2, 3, 16)
    assert (net(x, level, tokens=tokens) - net(x, level)).abs().max() > 1e-3
    assert "functional.interpolate" in inspect.getsource(denoise.UNet.forward)


def test_the_embedding_has_sines_and_cosines_of_the_logarithm() -> None:
    out = denoise.embedding(torch.tensor([1.0, 2.0]), 4)
    torch.testing.assert_close(out[0], torch.tensor([0.0, 0, 1, 1]))
    angles = torch.tensor(2.0).log() * torch.tensor([0.5, 8.0])
    torch.testing.assert_close(out[1], torch.cat([angles.sin(), angles.cos()]))


# The exercises.


@pytest.mark.answer("answer-convolution-try")
def test_a_filter_of_ones_blurs(answer: Bench) -> None:
    made = filtered(EXAMPLE, 1, 1, 1)
    answer("answer-convolution-try").is_(made[2:4].tolist(), EXAMPLE[2:4].tolist())
    said(f"The result is ${row(made)}$; a filter of equal weights blurs")


@pytest.mark.answer("answer-convolution-dilated")
def test_exercise_1_dilation(answer: Bench) -> None:
    made, near = edges(EXAMPLE, dilation=2), edges(EXAMPLE)
    answer("answer-convolution-dilated").is_(made[[0, 3]].tolist(), near[[0, 3]].tolist())
    said(f'"Answer 1" ${row(made)}$.')


@pytest.mark.answer("answer-convolution-triangle")
def test_exercise_2_weights_that_leave_no_checkerboard(answer: Bench) -> None:
    one = torch.ones(1, 1, 6)
    made = functional.conv_transpose1d(one, torch.tensor([[[1.0, 2, 1]]]), stride=2)[0, 0]
    wrong = functional.conv_transpose1d(one, torch.ones(1, 1, 3), stride=2)[0, 0]
    answer("answer-convolution-triangle").is_(made[4:6].tolist(), wrong[4:6].tolist())


@pytest.mark.answer("answer-convolution-depthwise")
def test_exercise_3_a_depthwise_convolution(answer: Bench) -> None:
    full, deep = nn.Conv2d(64, 64, 3), nn.Conv2d(64, 64, 3, groups=64)
    point = nn.Conv2d(64, 64, 1)
    counts = [
        [sum(p.numel() for layer in layers for p in layer.parameters() if p.ndim > least)
         for layers in ([full], [deep, point])]
        for least in (0, 1)
    ]  # fmt: skip
    answer("answer-convolution-depthwise").is_(*counts)
    said(f"= {counts[0][0]:,}$".replace(",", "{,}"), f"= {counts[0][1]:,}$".replace(",", "{,}"))
    assert counts[0][0] / counts[0][1] == pytest.approx(8, rel=0.05)


@pytest.mark.answer("answer-convolution-left")
def test_exercise_4_borders_break_the_symmetry(answer: Bench) -> None:
    answer("answer-convolution-left").is_(
        "The dog, and the left as far as its features know from the borders where they are."
    )
    constant = functional.conv1d(torch.ones(1, 1, 9), torch.ones(1, 1, 3), padding=1)
    assert constant[0, 0, 0] != constant[0, 0, 4]


@pytest.mark.answer("answer-convolution-strides")
def test_exercise_5_strides(answer: Bench) -> None:
    seen = convolution.field([(3, 2, 1)] * 5)
    layers = next(n for n in range(99) if convolution.field(figures.plain(n)) == seen)
    answer("answer-convolution-strides").is_([seen, layers], [seen, layers + 1])


@pytest.mark.answer("answer-convolution-unet")
def test_exercise_6_two_halvings(answer: Bench) -> None:
    torch.manual_seed(0)
    net, x, level = denoise.UNet(), normal(1, 1, 32).float(), torch.tensor([1.0])
    moves = {
        shift: torch.allclose(
            net(torch.roll(x, shift, -1), level), torch.roll(net(x, level), shift, -1), atol=1e-5
        )
        for shift in (4, 1)
    }
    assert moves == {4: True, 1: False}
    answer("answer-convolution-unet").is_("By 4 only.")
