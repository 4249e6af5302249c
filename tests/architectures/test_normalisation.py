"""Norms against PyTorch's, their derivatives against automatic differentiation, and what the page tells of them."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from docs.architectures.normalisation import normalisation, practice
from docs.models.gpt import gpt
from scripts.figures import normalisation as figures
from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, on_columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "normalisation.md"
DATA = PAGE.parent / "normalisation"
EXAMPLE, UPDATE = torch.tensor(normalisation.EXAMPLE), torch.tensor(normalisation.UPDATE)
SUM = EXAMPLE + UPDATE
EXACT = {"rtol": 1e-12, "atol": 1e-12}
said = sayings(PAGE)
rows_of = tables(PAGE)


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Double precision for this file alone."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def told(vector: Tensor, digits: int) -> str:
    """A vector as the page prints it."""
    numbers = (f"{round(v, digits):.{digits}f}" for v in vector.tolist())
    return "(" + ", ".join(re.sub(r"\.?0+$", "", n) if "." in n else n for n in numbers) + ")"


def rms(x: Tensor, eps: float = 0.0) -> Tensor:
    """RMSNorm with gains of 1."""
    return normalisation.rms_norm(x.double(), torch.ones(x.shape[-1]), eps)


def layer(x: Tensor, eps: float = 0.0) -> Tensor:
    """LayerNorm with gains of 1 and biases of 0."""
    return normalisation.layer_norm(x.double(), torch.ones(x.shape[-1]), torch.zeros(1), eps)


# They equal PyTorch and the page of GPT.


def test_the_norms_are_those_of_pytorch_and_of_the_page_of_gpt() -> None:
    x, g, b = normal(5, 8) * 3 + 1, normal(8, seed=1), normal(8, seed=2)
    ours = normalisation.layer_norm(x, g, b)
    torch.testing.assert_close(ours, functional.layer_norm(x, (8,), g, b, 1e-5), **EXACT)
    torch.testing.assert_close(ours, gpt.layer_norm(x, g, b), **EXACT)
    ours = normalisation.rms_norm(x, g)
    torch.testing.assert_close(ours, functional.rms_norm(x, (8,), g, 1e-5), **EXACT)
    torch.testing.assert_close(ours, gpt.rms_norm(x, g), **EXACT)


def test_batch_norm_is_that_of_pytorch_in_training_and_in_use() -> None:
    x, library = normal(6, 3), nn.BatchNorm1d(3, affine=False, momentum=0.1)
    kept = torch.zeros(3), torch.ones(3)
    for step in range(3):
        batch = normal(6, 3, seed=step) + step
        out, kept = normalisation.batch_norm(batch, kept, training=True)
        torch.testing.assert_close(out, library(batch), **EXACT)
    torch.testing.assert_close(kept[0], library.running_mean, **EXACT)
    torch.testing.assert_close(kept[1], library.running_var, **EXACT)
    library.eval()
    out, after = normalisation.batch_norm(x, kept, training=False)
    torch.testing.assert_close(out, library(x), **EXACT)
    assert after is kept
    with pytest.raises(ValueError, match="a batch of 1 has no variance"):
        normalisation.batch_norm(x[:1], kept, training=True)
    assert (normalisation.standardise(x[:1], [0]) == 0).all()


def test_group_norm_is_that_of_pytorch_and_has_layer_and_instance_norm_as_its_ends() -> None:
    x = normal(2, 5, 8)
    for groups in (1, 2, 4, 8):
        library = functional.group_norm(x.mT, groups).mT
        torch.testing.assert_close(normalisation.group_norm(x, groups), library, **EXACT)
    instance = functional.instance_norm(x.mT).mT
    torch.testing.assert_close(normalisation.group_norm(x, 8), instance, **EXACT)
    one = functional.layer_norm(x, (5, 8)[1:])  # with a single place, one group is layer norm
    torch.testing.assert_close(normalisation.group_norm(x[:, :1], 1), one[:, :1], **EXACT)
    with pytest.raises(ValueError, match="3 groups do not divide 8 features"):
        normalisation.group_norm(x, 3)


# The example by pencil.


def test_the_example_as_the_page_tells_it() -> None:
    assert EXAMPLE.tolist() == [9, 1, 3, 3]
    said(f"$(5, -3, -1, -1) / 3 = {told(layer(EXAMPLE), 2)}$")
    said(f"$(9, 1, 3, 3) / 5 = {told(rms(EXAMPLE), 1)}$")
    gained = normalisation.rms_norm(EXAMPLE, torch.tensor([1.0, 2, 1, 1]), 0.0)
    said(f"the second feature of RMSNorm is $2 \\cdot 0.2 = {float(gained[1]):.1f}$")
    squares, off = EXAMPLE.square().tolist(), (EXAMPLE - EXAMPLE.mean()).square().tolist()
    assert (squares, off) == ([81, 1, 9, 9], [25, 9, 1, 1])
    said("The mean is 4, and the deviations from it are $(5, -3, -1, -1)$.")
    said("Their squares 25, 9, 1, 1 have the mean 9, the *variance*; its root 3 is the standard")
    said("The squares 81, 1, 9, 9 have the mean 25, with the root 5.")
    doubled, moved = 2 * EXAMPLE, EXAMPLE + 5
    said(f"Double all numbers: ${told(doubled, 0)}$", f"Add 5 to each instead: ${told(moved, 0)}$")
    for norm in (layer, rms):
        torch.testing.assert_close(norm(doubled), norm(EXAMPLE), **EXACT)
    torch.testing.assert_close(layer(moved), layer(EXAMPLE), **EXACT)
    size = float(moved.double().square().mean().sqrt())
    said(f"divides by $\\sqrt{{90}} = {size:.2f}$ and gives ${told(rms(moved), 2)}$")
    assert size == pytest.approx(90**0.5)
    said(f"the sum is ${told(SUM, 0)}$", f"the next layer gets ${told(rms(SUM), 1)}$")
    said(f"$1.5^{{24}} = {1.5**24:,.0f}$".replace(",", "{,}"))
    both = torch.stack([EXAMPLE, SUM])
    out, _ = normalisation.batch_norm(both, (torch.zeros(4), torch.ones(4)), True, eps=0.0)
    said(f"become ${told(out[0], 0)}$ and ${told(out[1], 0)}$")
    said("has the values 9 and −1: mean 4, standard deviation 5, result 1 and −1.")
    assert both[:, 0].tolist() == [9, -1]
    assert float(SUM.double().square().mean().sqrt()) == float(both[:, 0].std(correction=0)) == 5
    said("Its root mean square is 5 again, so the next layer gets")
    assert EXAMPLE.double().mean() == SUM.double().mean() == 4


def test_the_gradient_of_the_example_as_the_page_tells_it() -> None:
    v = torch.tensor([-1.0, 0, 0, 0])
    found = normalisation.rms_norm_gradient(SUM.double(), torch.ones(4), v)
    x = SUM.double().requires_grad_()
    (auto,) = torch.autograd.grad(functional.rms_norm(x, (4,), eps=0.0), x, v)
    torch.testing.assert_close(found, auto, **EXACT)
    said(f"[becomes](#backward) ${told(found, 3)}$")
    said(f"$\\mathbf{{y}}^{{\\top}} \\mathbf{{v}} / E = {float((rms(SUM) * v).mean()):g}$")
    said(f"$\\tfrac15 {told(5 * found, 2)}$ is the gradient above")


def test_a_norm_asks_the_numbers_that_the_figure_fills() -> None:
    table = style.read_table(DATA / "sets.csv")
    filled = {kind: int(sum(table[kind])) for kind in figures.KINDS}
    assert filled == {"layer": 4, "batch": 6, "group": 6, "instance": 3}
    for kind in figures.KINDS:
        places = {
            (int(r), int(c))
            for r, c, on in zip(table["row"], table["feature"], table[kind], strict=True)
            if on
        }
        rows, columns = {r for r, _ in places}, {c for _, c in places}
        assert figures.MARKED in places
        assert places == set(itertools.product(rows, columns))
        assert rows == {"layer": {1}, "batch": set(range(6))}.get(kind, {0, 1, 2})
        assert columns == {"layer": {0, 1, 2, 3}, "group": {2, 3}}.get(kind, {2})


def test_the_diagram_has_the_example() -> None:
    table = style.read_table(DATA / "diagram.csv")

    def shown(name: str) -> str:
        return "(" + ", ".join(f"{v:g}".replace("-", "−") for v in table[name]) + ")"

    x, read, after, size = shown("x"), shown("read"), shown("post"), table["size"][0]
    said(
        f"RMSNorm: the vector {x} goes two ways; its root mean square is {size:g}; divided by it, "
        f"the vector is {read}, which"
    )
    said(f"LayerNorm takes the mean, {table['mean'][0]:g}, off before")
    said(
        f"Pre-norm: {x} goes straight to an addition; a copy goes through a norm and a layer f, "
        f"which gives {shown('update')}; the sum is {shown('pre')}; the"
    )
    said(f"the layer reads {x} itself, and the sum goes through a norm, which gives {after}; the")
    assert table["read"] == pytest.approx(rms(EXAMPLE).tolist())
    assert table["post"] == pytest.approx(rms(SUM).tolist())


def test_what_the_models_of_the_table_have() -> None:
    later = [
        row for row in rows_of("tab-normalisation-practice") if re.search(r", 202[3-6]", row[0])
    ]
    language = [row for row in later if not row[0].startswith("ViT")]
    before = [row for row in language if row[2].startswith(("pre-norm", "before"))]
    assert {row[1] for row in language} == {"RMSNorm"}
    assert (len(before), len(language)) == (5, 6)
    said("all have RMSNorm, and five of six have it before each layer")


def test_the_models_of_the_table_stand_by_year() -> None:
    years = [
        int(re.sub(r".*, (\d{4}).*", r"\1", row[0]))
        for row in rows_of("tab-normalisation-practice")
    ]
    assert years == sorted(years)


# The equations.


@pytest.mark.equation("eq-normalisation-standard")
def test_the_one_formula_is_batch_norm_of_a_feature(printed: Equations) -> None:
    x = normal(6, seed=3) * 2 + 1
    out = functional.batch_norm(x[:, None], None, None, training=True, eps=0.3)[:, 0]
    mean, spread = float(x.mean()), float(x.std(correction=0))
    printed("eq-normalisation-standard").holds(
        {r"\hat x": out, "x": x, "n": 6, r"\mu": mean, r"\sigma": spread, r"\varepsilon": 0.3}
        | {"i": Each(range(1, 7))}
    )


@pytest.mark.equation(
    "eq-normalisation-layernorm", "eq-normalisation-rmsnorm", "eq-normalisation-parts"
)
def test_the_printed_norms_are_those_of_pytorch(printed: Equations) -> None:
    x, g, b = normal(8) * 3 + 1, normal(8, seed=1), normal(8, seed=2)

    def library(gain: Tensor, eps: float) -> Callable[[Tensor], Tensor]:
        return on_columns(lambda x: functional.rms_norm(x, (8,), gain, eps))

    known = {
        r"\mathbf{x}": column(x), "x": x, r"\mathbf{g}": column(g), r"\mathbf{b}": column(b),
        r"\mathbf{1}": np.ones((8, 1)), r"\mu": x.mean(), r"\sigma": x.std(correction=0),
        r"\varepsilon": 0.3, "E": 8, "i": Each(range(1, 9)),
        r"\operatorname{LN}": on_columns(lambda x: functional.layer_norm(x, (8,), g, b, 0.3)),
        r"\operatorname{RMS}": library(g, 0.3),
    }  # fmt: skip

    def some(*names: str) -> dict[str, object]:
        return {name: known[name] for name in names}

    shared = (r"\mathbf{x}", r"\mathbf{g}", r"\varepsilon")
    ln, mean = r"\operatorname{LN}", (r"\mathbf{1}", r"\mu", r"\sigma", r"\mathbf{b}")
    printed("eq-normalisation-layernorm").holds(some(ln, *mean, *shared))
    printed("eq-normalisation-rmsnorm").holds(some(r"\operatorname{RMS}", "x", "E", "i", *shared))
    printed("eq-normalisation-parts").holds(
        some(r"\operatorname{RMS}", ln, "x", r"\mathbf{x}", "E", "i", *mean)
    )
    said("The mean square is the variance and the square of the mean, 25 = 9 + 16 in the example")


@pytest.mark.equation("eq-normalisation-invariance")
def test_what_the_norms_do_not_see(printed: Equations) -> None:
    ln, r = r"\operatorname{LN}", r"\operatorname{RMS}"
    printed("eq-normalisation-invariance").holds(
        {
            ln: on_columns(layer),
            r: on_columns(rms),
            r"\alpha": 3.3,
            r"\beta": 5.1,
            r"\mathbf{x}": column(normal(8, seed=4)),
            r"\mathbf{1}": np.ones((8, 1)),
            "E": 8,
        },
        free=(ln, r"\alpha", r"\beta", r"\mathbf{x}", r"\mathbf{1}"),  # for all of them
    )
    for alike in (
        r"\operatorname{LN} (\alpha \mathbf{x} - \beta \mathbf{1}) = \operatorname{LN} (\mathbf{x})",
        r"\operatorname{LN} (\mathbf{x} + \beta \mathbf{1}) = \operatorname{LN} (\mathbf{x})",
        r"\operatorname{RMS} (\mathbf{x}) = \operatorname{RMS} (\mathbf{x})",
    ):
        printed.excuse(alike, "another case of what holds for any shift and any positive factor")


def blind() -> dict[str, list[str]]:
    """The table of invariances from PyTorch's norms: for each change what the first example's output does."""
    x, other, turn = normal(5, 6), normal(5, 6, seed=1), torch.linalg.qr(normal(6, 6, seed=2))[0]
    first, feature = torch.zeros(5, 6), torch.zeros(5, 6)
    first[0], feature[:, 1] = 1, 1
    group = first * torch.tensor([1.0, 1, 1, 0, 0, 0])
    norms: list[Callable[[Tensor], Tensor]] = [
        lambda x: functional.layer_norm(x, (6,), eps=0.0),
        lambda x: functional.rms_norm(x, (6,), eps=0.0),
        lambda x: functional.batch_norm(x, None, None, training=True, eps=1e-12),
        lambda x: functional.group_norm(x, 2, eps=0.0),
    ]
    changed = {
        "one example times 3": x * (1 + 2 * first),
        "5 added to all features of one example": x + 5 * first,
        "one feature times 3 in all examples": x * (1 + 2 * feature),
        "5 added to one feature in all examples": x + 5 * feature,
        "one group of features of one example times 3": x * (1 + 2 * group),
        "other examples of the batch": x * first + other * (1 - first),
        "all features turned by a rotation": x @ turn,
    }

    def word(norm: Callable[[Tensor], Tensor], new: Tensor) -> str:
        before, after = norm(x)[0], norm(new)[0]
        if torch.allclose(before, after, atol=1e-9):
            return "same"
        return "turns with them" if torch.allclose(before @ turn, after, atol=1e-9) else "changes"

    return {name: [word(norm, new) for norm in norms] for name, new in changed.items()}


def test_the_table_of_what_each_norm_is_blind_to() -> None:
    assert {name: cells for name, *cells in rows_of("tab-normalisation-blind")} == blind()


@pytest.mark.equation("eq-normalisation-jacobian")
def test_the_derivative_of_a_norm_against_automatic_differentiation(printed: Equations) -> None:
    x, eps = normal(5, seed=5) * 2, 0.3
    size = float((x.square().mean() + eps).sqrt())
    jacobian = torch.autograd.functional.jacobian(
        lambda t: functional.rms_norm(t, (5,), eps=eps), x
    )
    slope = torch.autograd.functional.jacobian(lambda t: (t.square().mean() + eps).sqrt(), x)
    printed("eq-normalisation-jacobian").holds(
        {
            r"\frac{\partial y_i}{\partial x_j}": Given(("i", "j"), lambda i, j: jacobian[i - 1, j - 1]),
            r"\frac{\partial r}{\partial x_j}": Given(("j",), lambda j: slope[j - 1]),
            "x": x,
            "y": x / size,
            "r": size,
            "E": 5,
            r"\delta": np.eye(5),
            "i": Each(range(1, 6)),
            "j": Each(range(1, 6)),
        }
    )  # fmt: skip
    for turned in range(3):
        first, second, third = (("i j", "j i")[n == turned] for n in range(3))
        printed.excuse(
            r"\frac{\partial y_{i}}{\partial x_{j}} = "
            rf"\frac{{\delta_{{{first}}}}}{{r}} - \frac{{x_{{i}}}}{{r^{{2}}}} \cdot "
            r"\frac{\partial r}{\partial x_{j}} = "
            rf"\frac{{\delta_{{{second}}}}}{{r}} - \frac{{x_{{i}}}}{{r^{{2}}}} \cdot \frac{{x_{{j}}}}{{E r}} = "
            rf"\frac{{1}}{{r}} (\delta_{{{third}}} - \frac{{y_{{i}} y_{{j}}}}{{E}})",
            "the delta is the same for i, j and j, i",
        )


@pytest.mark.equation("eq-normalisation-gradient", "eq-normalisation-orthogonal")
@pytest.mark.equation("eq-normalisation-centred", "eq-normalisation-chain")
def test_the_gradients_against_automatic_differentiation(printed: Equations) -> None:
    x, v, g = normal(6, seed=6) * 2 + 1, normal(6, seed=7), normal(6, seed=8)

    def auto(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
        x = x.clone().requires_grad_()
        return torch.autograd.grad(f(x), x, v)[0]

    for eps in (0.0, 0.3):
        f = auto(lambda t, e=eps: functional.rms_norm(t, (6,), g, e), x, v)
        torch.testing.assert_close(normalisation.rms_norm_gradient(x, g, v, eps), f, **EXACT)
        f = auto(lambda t, e=eps: functional.layer_norm(t, (6,), g, None, e), x, v)
        torch.testing.assert_close(normalisation.layer_norm_gradient(x, g, v, eps), f, **EXACT)
        assert float(f.sum()) == pytest.approx(0, abs=1e-12)
    plain = auto(lambda t: functional.rms_norm(t, (6,), eps=0.0), x, v)
    size = float(x.square().mean().sqrt())
    jacobian = torch.autograd.functional.jacobian(
        lambda t: functional.rms_norm(t, (6,), eps=0.0), x
    )
    printed("eq-normalisation-chain").holds(
        {
            "u": plain,
            "v": v,
            "y": x / size,
            "r": size,
            "E": 6,
            r"\frac{\partial y_i}{\partial x_j}": Given(("i", "j"), lambda i, j: jacobian[i - 1, j - 1]),
            "i": Each(range(1, 7)),
            "j": Each(range(1, 7)),
        }
    )  # fmt: skip
    known = {r"\mathbf{v}": column(v), r"\mathbf{y}": column(x / size), "E": 6}
    slope = {r"\nabla_{\mathbf{x}}": column(plain)}
    printed("eq-normalisation-gradient").holds({**known, **slope, "r": size})
    printed("eq-normalisation-orthogonal").holds(
        {**known, **slope, r"\mathbf{x}": column(x)},
        free=(r"\nabla_{\mathbf{x}}", r"\mathbf{x}", r"\mathbf{v}"),  # right angles have no length
    )
    double = auto(lambda t: functional.rms_norm(t, (6,), eps=0.0), 2 * x, v)
    torch.testing.assert_close(2 * double, plain, **EXACT)  # twice the vector, half the gradient
    centred = x - x.mean()
    printed("eq-normalisation-centred").holds(
        {
            r"\nabla^{\text{LN}}_{\mathbf{x}}": column(
                auto(lambda t: functional.layer_norm(t, (6,), eps=0.0), x, v)
            ),
            r"\nabla^{\text{RMS}}_{\mathbf{x} - \mu \mathbf{1}}": column(
                auto(lambda t: functional.rms_norm(t, (6,), eps=0.0), centred, v)
            ),
            r"\mathbf{1}": np.ones((6, 1)),
            "E": 6,
        }
    )


@pytest.mark.equation("eq-normalisation-weights")
def test_weights_before_a_norm_only_grow(printed: Equations) -> None:
    x, target = normal(9, 5, seed=9), normal(9, 4, seed=10)
    w = normal(5, 4, seed=11).requires_grad_()

    def loss(w: Tensor) -> Tensor:
        return (functional.rms_norm(x @ w, (4,), eps=0.0) - target).square().sum()

    (u,) = torch.autograd.grad(loss(w), w)
    tripled = (3 * w.detach()).requires_grad_()
    torch.testing.assert_close(3 * torch.autograd.grad(loss(tripled), tripled)[0], u, **EXACT)
    printed("eq-normalisation-weights").holds(
        {r"\mathbf{w}": column(w.flatten()), r"\mathbf{u}": column(u.flatten()), r"\eta": 0.07},
        free=(r"\mathbf{w}", r"\mathbf{u}", r"\eta"),  # for all rates and sizes, while orthogonal
    )
    for other in (
        r"\lVert- \mathbf{w} - \eta \mathbf{u}\rVert",
        r"\lVert\mathbf{w} + \eta \mathbf{u}\rVert",
    ):
        printed.excuse(
            rf"{other}^{{2}} = \lVert\mathbf{{w}}\rVert^{{2}} + \eta^{{2}} \lVert\mathbf{{u}}\rVert^{{2}}",
            "the gradient is orthogonal to the weights, so a step the other way is as long",
        )


@pytest.mark.equation("eq-normalisation-qk", "eq-normalisation-sharp")
def test_qk_norm_bounds_scores_and_weights(printed: Equations) -> None:
    d, m = 5, 7
    q, one = normal(d, seed=12), torch.ones(d)
    hat, (near, far) = r"\hat{\mathbf{%s}}", (q + 1e-4 * normal(d, seed=13), normal(d, seed=14))
    for k in (near, far):
        q_hat, k_hat = (normalisation.rms_norm(t, one, 0.0) for t in (q, k))
        printed("eq-normalisation-qk").holds(
            {hat % "q": column(q_hat), hat % "k": column(k_hat), "D": d},
            free=(hat % "q", hat % "k"),
        )
        score = float(normalisation.scores(q[None], k[None], norm=True))
        assert score == pytest.approx(float(q_hat @ k_hat) / d**0.5, rel=1e-4)
        assert abs(score) <= d**0.5
    worst = torch.stack([q, *[-q] * (m - 1)])
    others = torch.stack([far, *normal(m - 1, d, seed=15)])
    for keys, free in ((worst, ()), (others, ("a", "D", "M"))):
        a = float(normalisation.scores(q[None], keys, norm=True).softmax(-1)[0, 0])
        printed("eq-normalisation-sharp").holds({"a": a, "D": d, "M": m}, free=free)


def test_the_scores_of_the_example() -> None:
    pair = EXAMPLE.double()[None]
    free, normed = (float(normalisation.scores(pair, pair, norm)) for norm in (False, True))
    said(f"the score is $100 / 2 = {free:.0f}$", "becomes $4 / 2 = 2 = \\sqrt D$")
    assert normed == pytest.approx(2, abs=1e-5)

    def bound(d: int, m: int) -> float:
        return float(torch.tensor([d**0.5] + [-(d**0.5)] * (m - 1)).softmax(0)[0])

    said(f"$D = 16$ and $M = 1{{,}}000$ this is {bound(16, 1000):.2f}, for $D = 128$ it is 1 but")
    assert 0.5e-7 < 1 - bound(128, 1000) < 2e-7


# What it costs, where it fails.


def test_the_costs_are_counted() -> None:
    with torch.device("meta"):  # shapes without numbers
        model = gpt.GPT(gpt.GPT2["small"])
    norms = [m for m in model.modules() if isinstance(m, nn.LayerNorm)]
    numbers = sum(p.numel() for m in norms for p in m.parameters())
    said(f"{len(norms)} LayerNorms of $2 \\cdot 768$ numbers, {numbers:,} of its")
    work = len(norms) * 7 * 768
    said(f"${len(norms)} \\cdot 7 \\cdot 768 = {work:,}$".replace(",", "{,}"))
    whole = gpt.GPT2["small"].flops(1)
    said(f"of about {whole / 1e6:.0f} million for a first token")
    said(f"these {100 * work / whole:.2f} % say")
    said(
        f"a second norm for each layer, {100 * 24 * 7 * 768 / whole:.2f} % more operations in GPT-2"
    )


def test_the_spread_over_batches_falls_with_the_root() -> None:
    table = style.read_table(DATA / "batch.csv")
    mean = table["batch_mean"]
    said(f"falls from {mean[0]:.2f} to {mean[-1]:.2f}, layer norm is 0 throughout")
    said(f"{table['size'][0]:.0f} to {table['size'][-1]:.0f}. Batch norm falls")
    assert max(table["layer_most"]) == 0
    for size, spread in zip(table["size"], mean, strict=True):
        assert 0.9 < spread * size**0.5 < 1.6, (size, spread)
    for part in ("mean", "least", "most"):
        assert all(a > b for a, b in itertools.pairwise(table[f"batch_{part}"])), part


def test_attention_looks_at_one_token_when_weights_grow_and_not_with_qk_norm() -> None:
    table = style.read_table(DATA / "attention.csv")
    a, b, c, d = table["free_mean"]
    assert table["factor"] == [1, 2, 4, 8]
    said(
        f"falls from {a:.2f} to {b:.2f}, {c:.2f} and {d:.2f} for the factors 1, 2, 4, 8; normalised"
    )
    said(f"normalised, it stays at {table['normed_mean'][0]:.2f}](")
    assert max(table["normed_most"]) - min(table["normed_most"]) < 1e-4
    assert all(a > b for a, b in itertools.pairwise(table["free_most"]))
    q, k = normal(6, 8), normal(6, 8, seed=1)
    grown = normalisation.scores(3 * q, 3 * k, False)
    torch.testing.assert_close(grown, 9 * normalisation.scores(q, k, False), **EXACT)


def test_squares_overflow_in_sixteen_bits_and_small_vectors_need_a_small_number() -> None:
    most = int(torch.finfo(torch.float16).max)
    said(f"the type *float16* is {most:,}.", f"The square of 300 is {300**2:,}, so")
    x = torch.full((4,), 300.0, dtype=torch.float16)
    assert (normalisation.rms_norm(x, torch.ones(4, dtype=torch.float16)) == 0).all()
    torch.testing.assert_close(normalisation.rms_norm(x.float(), torch.ones(4)), torch.ones(4))
    assert (functional.rms_norm(x, (4,), eps=1e-5) == 1).all()  # PyTorch's own
    assert torch.finfo(torch.bfloat16).max > 1e38
    assert torch.finfo(torch.bfloat16).eps == 2**-7  # eight bits, the first one not stored
    small = EXAMPLE.double() / 1000
    left = [float((rms(small, eps) / rms(EXAMPLE))[0]) for eps in (1e-5, 1e-6)]
    said(f"RMSNorm gives {left[0]:.3f} times what it should, with $10^{{-6}}$ {left[1]:.3f} times")
    assert float(small.square().mean()) == pytest.approx(2.5e-5)


# The lines of the library.


def test_the_block_of_practice_is_the_page_s_pre_norm_block() -> None:
    torch.manual_seed(0)
    block = practice.Block(8, 2, 12)
    x = normal(3, 5, 8)
    out = block(x)
    assert out.shape == x.shape
    changed = x.clone()
    changed[:, 3:] += 1
    torch.testing.assert_close(block(changed)[:, :3], out[:, :3], **EXACT)  # causal
    one = torch.ones(8)
    torch.testing.assert_close(block.norm1(x), normalisation.rms_norm(x, one, 1e-6), **EXACT)
    with torch.no_grad():
        block.qkv.weight[:16] *= 50  # queries and keys
    torch.testing.assert_close(block(x), out, rtol=1e-3, atol=1e-4)
    with torch.no_grad():
        block.out.weight.zero_()
        block.down.weight.zero_()
    torch.testing.assert_close(block(x), x, **EXACT)  # the stream is free
    groups = practice.decayed(block)
    sizes = [sum(p.numel() for p in group["params"]) for group in groups]  # type: ignore[attr-defined]
    assert sizes[1] == 2 * 8 + 2 * 4
    assert sum(sizes) == sum(p.numel() for p in block.parameters())
    assert nn.RMSNorm(8).eps is None  # as the table of settings warns


# The exercises.


@pytest.mark.answer("answer-normalisation-try")
def test_layer_norm_of_the_sum(answer: Bench) -> None:
    out = layer(SUM)
    answer("answer-normalisation-try").is_(out[:2].tolist(), rms(SUM)[:2].tolist())
    torch.testing.assert_close(out, -layer(EXAMPLE), **EXACT)
    said("The mean is 4, and the squared deviations have the mean 9.")
    said("$(-5, 3, 1, 1)$, with the variance 9: $(-1.67, 1, 0.33, 0.33)$")


@pytest.mark.answer("answer-normalisation-rms")
def test_exercise_1_rms_norm_with_a_gain(answer: Bench) -> None:
    x, g = torch.tensor([2.0, -14, 10, 10]), torch.tensor([1.0, 1, 1, 3])
    out, plain = normalisation.rms_norm(x, g, 0.0), rms(x)
    answer("answer-normalisation-rms").is_(out[[1, 3]].tolist(), plain[[1, 3]].tolist())
    assert x.square().tolist() == [4, 196, 100, 100]


@pytest.mark.answer("answer-normalisation-batch")
def test_exercise_2_batch_norm_in_training_and_in_use(answer: Bench) -> None:
    x, kept = torch.tensor([[1.0], [4], [7]]), (torch.tensor([2.0]), torch.tensor([4.0]))
    train, _ = normalisation.batch_norm(x, kept, training=True, eps=0.0)
    use, _ = normalisation.batch_norm(x, kept, training=False, eps=0.0)
    wrong = float((x[2] - x.mean()) / x.std())  # with one less below the sum
    answer("answer-normalisation-batch").is_(
        [float(train[2]), float(use[2])], [wrong, float(use[2])]
    )
    assert float(x.var(correction=0)) == pytest.approx(6)
    assert float(train[2]) == pytest.approx(3 / 6**0.5)


@pytest.mark.answer("answer-normalisation-scale")
def test_exercise_4_large_embeddings_leave_little_to_the_layers(answer: Bench) -> None:
    answer("answer-normalisation-scale").is_(
        "The first layer reads the same copy as before, but what the layers add is small beside the "
        "stream."
    )
    torch.manual_seed(0)
    block, x = practice.Block(8, 2, 12), 3 * normal(1, 4, 8)
    torch.testing.assert_close(block.norm1(100 * x), block.norm1(x), rtol=1e-6, atol=1e-6)
    share = [((block(s * x) - s * x).norm() / (s * x).norm()).item() for s in (1, 100)]
    assert share[1] < share[0] / 50

    def slope(scale: float) -> float:
        out = functional.rms_norm(block(scale * x), (8,)) @ torch.arange(8.0)
        return float(torch.autograd.grad(out.sum(), block.down.weight)[0].norm())

    assert slope(100) == pytest.approx(slope(1) / 100, rel=0.5)


@pytest.mark.answer("answer-normalisation-sharp")
def test_exercise_5_the_greatest_weight(answer: Bench) -> None:
    def rest(d: int, m: int = 5000) -> float:
        scores = torch.tensor([d**0.5] + [-(d**0.5)] * (m - 1))
        return 1 - float(scores.softmax(0)[0])

    once = float(torch.tensor([64**0.5] + [0.0] * 4999).softmax(0)[0])
    answer("answer-normalisation-sharp").is_(rest(64), 1 - once)
    said(
        f"= {rest(64):.5f}$, so at this width", f"would leave at most {1 - rest(4):.3f} for one key"
    )


@pytest.mark.answer("answer-normalisation-nan")
def test_exercise_7_a_vector_without_variance(answer: Bench) -> None:
    answer("answer-normalisation-nan").is_("Not a number (nan); with the small number zeros.")
    x = torch.full((4,), 7.0)
    assert layer(x, 0.0).isnan().all()
    assert (layer(x, 1e-5) == 0).all()
