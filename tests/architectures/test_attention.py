"""Attention equals the library's, keeps what it must, and every equation of its page holds."""

import itertools
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from docs.architectures.attention import attention, practice
from docs.architectures.attention.attention import example, first_head
from docs.models.gpt import bpe, gpt
from scripts.figures import style
from scripts.printed.values import Each, Finite, From, Given
from scripts.weights import gpt as weights
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.bound import column, columns, taking
from tests.printed.plugin import Equations
from tests.said import sayings, tables

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("attention.golden.json")
PAGE = ROOT / "docs" / "architectures" / "attention.md"
EXACT = {"rtol": 1e-12, "atol": 1e-12}
said = sayings(PAGE)
rows_of = tables(PAGE)


def normal(*shape: int, seed: int = 0, std: float = 1.0) -> Tensor:
    """Normal numbers in double precision, the same on every run."""
    generator = torch.Generator().manual_seed(seed + 1000 * len(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64) * std


def three(*lead: int, n: int = 5, m: int = 7, d: int = 6, v: int = 3) -> tuple[Tensor, ...]:
    """Random queries, keys and values."""
    return normal(*lead, n, d, seed=1), normal(*lead, m, d, seed=2), normal(*lead, m, v, seed=3)


def weights_of(e: int, d: int, h: int, g: int) -> dict[str, Tensor]:
    """Random projections of a multi-head layer."""
    return {
        "q": normal(h * d, e, seed=4, std=e**-0.5),
        "k": normal(g * d, e, seed=5, std=e**-0.5),
        "v": normal(g * d, e, seed=6, std=e**-0.5),
        "o": normal(e, h * d, seed=7, std=(h * d) ** -0.5),
    }


library_attention = functional.scaled_dot_product_attention


# It equals the library.


@pytest.mark.equation("eq-attention-matrix")
@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_plain_and_cross_attention_equal_the_library(lead: tuple[int, ...]) -> None:
    q, k, v = three(*lead)
    out, a = attention.attention(q, k, v)
    torch.testing.assert_close(out, functional.scaled_dot_product_attention(q, k, v), **EXACT)
    torch.testing.assert_close(a.sum(-1), torch.ones_like(a[..., 0]), **EXACT)


@pytest.mark.equation("eq-attention-matrix")
def test_the_library_computes_what_is_printed_of_matrices(printed: Equations) -> None:
    q, k, v = three(n=3, m=4)
    printed("eq-attention-matrix").holds(
        {
            r"\operatorname{Attention}": taking(library_attention),
            r"\operatorname{softmax}": taking(attention.softmax),
            "Q": q,
            "K": k,
            "V": v,
            "D": 6,
        },
        free=("Q", "K", "V"),  # it holds for all of them
    )


@pytest.mark.equation("eq-attention-matrix", "eq-attention-mask")
def test_masked_and_causal_attention_equal_the_library() -> None:
    q, k, v = three(2, 3, n=7)
    allowed = normal(7, 7, seed=9) > 0
    allowed |= torch.eye(7, dtype=torch.bool)
    library = functional.scaled_dot_product_attention
    out, a = attention.attention(q, k, v, allowed)
    torch.testing.assert_close(out, library(q, k, v, attn_mask=allowed), **EXACT)
    assert (a[..., ~allowed] == 0).all()
    out, _ = attention.attention(q, k, v, attention.causal_mask(7))
    torch.testing.assert_close(out, library(q, k, v, is_causal=True), **EXACT)


@pytest.mark.equation("eq-attention-mask")
def test_the_library_gives_the_printed_weights_under_a_mask(printed: Equations) -> None:
    q, k, _ = three(n=3, m=4)
    allowed = torch.tensor([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 0]]).bool()
    printed("eq-attention-mask").holds(
        {
            "a": library_attention(q, k, torch.eye(4).double(), attn_mask=allowed),
            "s": q @ k.T / math.sqrt(6),
            r"\mathcal{A}": [{j + 1 for j in range(4) if row[j]} for row in allowed],
            "i": Each([1, 2, 3]),
            "j": Each([1, 2, 3, 4]),
        },
        free=(r"\mathcal{A}",),  # it is a set, which has no tenth
    )


@pytest.mark.equation("eq-attention-matrix")
def test_the_scale_can_be_chosen_as_in_the_library() -> None:
    q, k, v = three(2)
    out, _ = attention.attention(q, k, v, scale=0.7)
    library = functional.scaled_dot_product_attention(q, k, v, scale=0.7)
    torch.testing.assert_close(out, library, **EXACT)


@pytest.mark.equation("eq-attention-multihead")
@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention_equals_the_library(cross: bool, causal: bool) -> None:
    e, d, h = 12, 3, 4
    weights = weights_of(e, d, h, h)
    x = normal(2, 5, e)
    context = normal(2, 5, e, seed=8) if cross else x
    library = nn.MultiheadAttention(e, h, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        library.in_proj_weight.copy_(torch.cat([weights[name] for name in "qkv"]))
        library.out_proj.weight.copy_(weights["o"])
    allowed = attention.causal_mask(5) if causal else None
    forbidden = None if allowed is None else ~allowed
    expected, expected_a = library(
        x, context, context, attn_mask=forbidden, average_attn_weights=False
    )
    out, a = attention.multi_head(x, context, weights, d, allowed)
    torch.testing.assert_close(out, expected, **EXACT)
    torch.testing.assert_close(a, expected_a, **EXACT)


def layer(e: int, d: int, h: int) -> dict[str, object]:
    """A layer of heads as the page prints it: each projection head by head, and the library's output."""
    weights = weights_of(e, d, h, h)
    library = nn.MultiheadAttention(e, h, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        library.in_proj_weight.copy_(torch.cat([weights[name] for name in "qkv"]))
        library.out_proj.weight.copy_(weights["o"])
    return {
        **{f"W_{name.upper()}": list(weights[name].split(d)) for name in "qkv"},
        "W_O": weights["o"],
        r"\operatorname{MultiHead}": taking(lambda x, y: library(x, y, y)[0]),
    }


@pytest.mark.equation("eq-attention-multihead")
def test_the_library_computes_the_printed_heads(printed: Equations) -> None:
    e, d, h = 12, 3, 4
    weights = weights_of(e, d, h, h)
    x, y = normal(1, 3, e), normal(1, 5, e, seed=8)
    heads = (
        attention.split_heads(part @ weights[name].T, d)
        for part, name in ((x, "q"), (y, "k"), (y, "v"))
    )
    printed("eq-attention-multihead").holds(
        {
            **layer(e, d, h),
            r"\operatorname{Attention}": taking(library_attention),
            "O": list(attention.attention(*heads)[0][0]),
            "X": x[0],
            "Y": y[0],
            "H": h,
            "h": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-attention-grouped")
@pytest.mark.parametrize("g", [1, 2, 4])
def test_grouped_query_attention_equals_the_library(g: int) -> None:
    q, k, v = normal(2, 4, 5, 6, seed=1), normal(2, g, 5, 6, seed=2), normal(2, g, 5, 6, seed=3)
    library = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    shared = attention.share(k, 4), attention.share(v, 4)
    out, _ = attention.attention(q, *shared, attention.causal_mask(5))
    torch.testing.assert_close(out, library, **EXACT)


@pytest.mark.equation("eq-attention-grouped")
def test_the_library_shares_keys_and_values_as_printed(printed: Equations) -> None:
    heads, groups = 6, 3
    q, k, v = normal(1, heads, 3, 4), normal(1, groups, 5, 4, seed=2), normal(1, groups, 5, 7)
    owners = torch.arange(groups).repeat_interleave(heads // groups).tolist()
    printed("eq-attention-grouped").holds(
        {
            "O": From(0, list(library_attention(q, k, v, enable_gqa=True)[0])),
            r"\operatorname{Attention}": taking(lambda *one: attention.attention(*one)[0]),
            "Q": From(0, list(q[0])),
            "K": From(0, list(k[0])),
            "V": From(0, list(v[0])),
            "g": Given(("h",), lambda h: owners[h]),
            "h": Each(range(heads)),
            "G": groups,
            "H": heads,
        }
    )


@pytest.mark.equation("eq-attention-grouped")
def test_grouped_queries_are_multi_head_attention_with_repeated_projections() -> None:
    e, d, h, g = 12, 3, 4, 2
    small = weights_of(e, d, h, g)
    full = dict(small)
    for name in "kv":
        full[name] = torch.cat([small[name][d * (i // 2) : d * (i // 2 + 1)] for i in range(h)])
    x = normal(2, 5, e)
    out, _ = attention.multi_head(x, x, small, d)
    torch.testing.assert_close(out, attention.multi_head(x, x, full, d)[0], **EXACT)


@pytest.mark.equation("eq-attention-softmax")
def test_softmax_equals_the_library_and_does_not_overflow(printed: Equations) -> None:
    s = normal(4, 9, std=30.0)
    printed("eq-attention-softmax").holds(
        {
            r"\operatorname{softmax}": taking(attention.softmax),
            r"\mathbf{s}": s[0, :4] / 30,
            "s": s[0, :4] / 30,
            "c": 0.7,
            "j": Each([1, 2, 3, 4]),
            "l": Each([1, 2, 3, 4]),
        },
        free=("c",),
    )
    torch.testing.assert_close(attention.softmax(s), s.softmax(-1), **EXACT)
    torch.testing.assert_close(attention.softmax(s + 1e6), s.softmax(-1), rtol=1e-8, atol=1e-12)
    assert attention.softmax(torch.tensor([1000.0, 0.0])).tolist() == [1.0, 0.0]


# A weighted mean: lookup, kernel regression, limits.


@pytest.mark.equation("eq-attention-pooling")
def test_an_output_is_a_mean_of_values_and_lies_between_them(printed: Equations) -> None:
    q, k, v = three(3)
    out, a = attention.attention(q, k, v)
    by_hand = sum(a[..., j : j + 1] * v[..., j : j + 1, :] for j in range(7))
    torch.testing.assert_close(out, by_hand, **EXACT)
    assert (out <= v.amax(-2, keepdim=True)).all()
    assert (out >= v.amin(-2, keepdim=True)).all()
    sharp = three(n=3, m=4)
    for scale in (0.4, 40.0):  # a great scale gives weights that are nearly zero
        o, a = attention.attention(*sharp, scale=scale)
        printed("eq-attention-pooling").holds(
            {
                r"\mathbf{o}": columns(o),
                "a": a,
                r"\mathbf{v}": columns(sharp[2]),
                "M": 4,
                "i": Each([1, 2, 3]),
                "j": Each([1, 2, 3, 4]),
            }
        )


@pytest.mark.equation("eq-attention-limits")
def test_scale_zero_gives_the_mean_and_a_great_scale_looks_one_value_up(
    printed: Equations,
) -> None:
    q, k, v = three()
    mean, _ = attention.attention(q, k, v, scale=0.0)
    torch.testing.assert_close(mean, v.mean(0).expand_as(mean), **EXACT)
    looked_up, _ = attention.attention(q, k, v, scale=1e4)
    best = (q @ k.T).argmax(-1)
    torch.testing.assert_close(looked_up, v[best], **EXACT)
    printed("eq-attention-limits").holds(
        {
            r"\lim_{\beta \to 0} \mathbf{o}_i": Given(("i",), lambda i: column(mean[i - 1])),
            r"\lim_{\beta \to \infty} \mathbf{o}_i": Given(
                ("i",), lambda i: column(looked_up[i - 1])
            ),
            "j^*": Given(("i",), lambda i: int(best[i - 1]) + 1),
            r"\mathbf{q}": columns(q),
            r"\mathbf{k}": columns(k),
            r"\mathbf{v}": columns(v),
            "M": 7,
            "i": Each(range(1, 6)),
            "j": Each(range(1, 8)),
        },
        free=(r"\mathbf{q}", r"\mathbf{k}"),  # a factor does not change which one is the greatest
    )


@pytest.mark.equation("eq-attention-kernel")
def test_gaussian_kernel_regression_is_attention_with_one_more_coordinate(
    printed: Equations,
) -> None:
    x, points, y = normal(6, 2), normal(9, 2, seed=1), normal(9, 3, seed=2)
    for width in (0.3, 1.0, 4.0):
        kernel = torch.exp(-(torch.cdist(x, points) ** 2) / (2 * width**2))
        expected = kernel @ y / kernel.sum(1, keepdim=True)
        found = attention.kernel_regression(x, points, y, width)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    query = torch.cat([x, torch.ones(6, 1)], 1)
    keys = torch.cat([points, -points.square().sum(1, keepdim=True) / 2], 1)
    printed("eq-attention-kernel").holds(
        {
            r"\mathbf{x}": column(x[0]),
            r"\mathbf{x}_j": Given(("j",), lambda j: column(points[j - 1])),
            r"\mathbf{y}": columns(y[:3]),
            r"\mathbf{q}": column(query[0]),
            r"\mathbf{k}": columns(keys[:3]),
            "h": 0.6,
            "j": Each([1, 2, 3]),
        },
        free=(r"\mathbf{y}", "h"),  # both sides of the identity change alike
    )


@pytest.mark.equation("eq-attention-kernel")
def test_keys_of_one_length_need_no_further_coordinate() -> None:
    x, points, y = normal(6, 2), functional.normalize(normal(9, 2, seed=1), dim=1), normal(9, 3)
    plain, _ = attention.attention(x, points, y, scale=1 / 0.5**2)
    found = attention.kernel_regression(x, points, y, 0.5)
    torch.testing.assert_close(found, plain, rtol=1e-9, atol=1e-9)


# Why the scores are divided by the root of the width.


@pytest.mark.equation("eq-attention-variance")
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_variance_of_a_product_is_the_width_over_every_pair_of_sign_vectors(d: int) -> None:
    signs = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=d)), dtype=torch.float64)
    products = signs @ signs.T  # every q with every k, all equally likely
    assert products.mean().item() == 0
    assert products.square().mean().item() == d
    assert (products / math.sqrt(d)).square().mean().item() == pytest.approx(1, abs=1e-12)


@pytest.mark.equation("eq-attention-variance")
def test_the_printed_variance_over_every_pair_of_vectors(printed: Equations) -> None:
    signs = list(itertools.product([-1.0, 1.0], repeat=3))
    q, k = zip(*itertools.product(signs, repeat=2), strict=True)
    pairs: dict[str, Sequence[object]] = {"q": q, "k": k}
    for name in "qk":
        pairs[rf"\mathbf{{{name}}}"] = [np.array([row]).T for row in pairs[name]]
    printed("eq-attention-variance").holds(
        {r"\operatorname{Var}": Finite(pairs, moment="variance"), "D": 3}
    )
    for one in "kq":
        printed.excuse(
            r"\operatorname{Var} (\mathbf{q}^{\top} \mathbf{k}) = "
            rf"\sum_{{c = 1}}^{{D}} ⟨\operatorname{{Var}} ({one}_{{c}})⟩ = D",
            "a component alone has variance one, as its product with another has",
        )


@pytest.mark.equation("eq-attention-variance")
def test_scaled_scores_of_normal_vectors_have_variance_one_at_every_width() -> None:
    for d in (4, 64, 256):
        q, k = normal(20_000, d, seed=1), normal(20_000, d, seed=2)
        products = (q * k).sum(1)
        # The standard error of a variance of n numbers is about sqrt(2 / n) = 0.01 of it.
        assert products.var().item() == pytest.approx(d, rel=0.06)
        assert (products / math.sqrt(d)).var().item() == pytest.approx(1, rel=0.06)


@pytest.mark.equation("eq-attention-matrix")
def test_the_default_scale_is_one_over_the_root_of_the_width() -> None:
    for d in (1, 4, 9):
        q, k = torch.ones(1, d).double(), torch.stack([torch.ones(d), torch.zeros(d)]).double()
        _, a = attention.attention(q, k, k)
        assert math.log(a[0, 0] / a[0, 1]) == pytest.approx(math.sqrt(d), rel=1e-12)


OWN = r"\lvert \frac{\partial a_j}{\partial s_j} \rvert"
OTHER = r"\lvert \frac{\partial a_j}{\partial s_l} \rvert"
DERIVATIVE = r"\frac{\partial a_j}{\partial s_l}"


@pytest.mark.equation("eq-attention-jacobian")
def test_derivative_of_softmax_against_automatic_differentiation(printed: Equations) -> None:
    s = normal(6, std=2.0)
    jacobian = torch.autograd.functional.jacobian(lambda t: t.softmax(-1), s)
    torch.testing.assert_close(attention.softmax_jacobian(s.softmax(-1)), jacobian, **EXACT)
    printed("eq-attention-jacobian").holds(
        {
            DERIVATIVE: Given(("j", "l"), lambda j, l: jacobian[j - 1, l - 1]),
            "a": s.softmax(-1),
            "s": s,
            "m": Each(range(1, 7)),
            r"\delta": np.eye(6),
            "j": Each(range(1, 7)),
            "l": Each(range(1, 7)),
        }
    )
    for turned in (("l j", "j l"), ("j l", "l j")):
        printed.excuse(
            r"\frac{\partial a_{j}}{\partial s_{l}} = "
            rf"\frac{{\delta_{{{turned[0]}}} e^{{s_{{j}}}}}}{{\sum_{{m}} e^{{s_{{m}}}}}} - "
            r"\frac{e^{s_{j}} e^{s_{l}}}{(\sum_{m} e^{s_{m}})^{2}} = "
            rf"a_{{j}} (\delta_{{{turned[1]}}} - a_{{l}})",
            "the delta is the same for j, l and l, j",
        )


@pytest.mark.equation("eq-attention-saturation")
def test_no_derivative_of_a_saturated_softmax_exceeds_what_the_maximum_leaves() -> None:
    for std in (0.1, 1.0, 5.0, 20.0):
        a = normal(200, 8, seed=int(10 * std), std=std).softmax(-1)
        largest = attention.softmax_jacobian(a).abs().amax((-2, -1))
        rest = 1 - a.amax(-1)
        assert (largest <= rest + 1e-15).all()
        assert (largest >= rest * a.amax(-1) - 1e-15).all()  # the bound is nearly reached


@pytest.mark.equation("eq-attention-entries")
def test_the_printed_bounds_of_the_entries_of_the_derivative(printed: Equations) -> None:
    for scores in ([0.3, 1.1, 0.7, 0.2], [0.2, 18.1, 1.2, 0.4], [3.1, -9.0, 2.2, 3.3]):
        s = torch.tensor(scores).double()
        jacobian = torch.autograd.functional.jacobian(attention.softmax, s)
        by = {
            name: Given(letters, lambda *at, x=jacobian: abs(x[at[0] - 1, at[-1] - 1]))
            for name, letters in (("own", ("j",)), ("other", ("j", "l")))
        }
        printed("eq-attention-entries").holds(
            {
                OWN: by["own"],
                OTHER: by["other"],
                "a": attention.softmax(s),
                "j": Each([1, 2, 3]),
                "l": Each([4]),
            },
            # Among sharp weights most of these are zero.
            free=() if scores[0] == 0.3 else ("a", OWN, OTHER),
        )


@pytest.mark.equation("eq-attention-saturation")
def test_the_printed_bound_is_nearly_reached_by_a_sharp_softmax(printed: Equations) -> None:
    for scores in ([0.3, 1.1, 0.7], [0.2, 9.1, 1.2]):
        s = torch.tensor(scores).double()
        jacobian = torch.autograd.functional.jacobian(attention.softmax, s)
        printed("eq-attention-saturation").holds(
            {
                DERIVATIVE: Given(("j", "l"), lambda j, l, x=jacobian: x[j - 1, l - 1]),
                "a": attention.softmax(s),
                "j": Each([1, 2, 3]),
                "l": Each([1, 2, 3]),
                "m": Each([1, 2, 3]),
            },
            free=("a", DERIVATIVE) if s.max() < 9 else (),
        )


def test_without_the_root_the_derivative_vanishes_as_the_width_grows() -> None:
    """The figure's claim, on other numbers than the figure's."""

    def slope(d: int, scale: float) -> float:
        q, k = normal(300, 1, d, seed=21), normal(300, 16, d, seed=22)
        _, a = attention.attention(q, k, k, scale=scale)
        return attention.softmax_jacobian(a[:, 0]).diagonal(0, -2, -1).sum(-1).mean().item()

    assert slope(512, 1.0) < 0.1
    assert slope(512, 512**-0.5) > 0.7
    assert slope(4, 4**-0.5) == pytest.approx(slope(512, 512**-0.5), rel=0.15)


def first_layer(model: gpt.GPT, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Queries and keys of the first block, each (B, H, N, D)."""
    block = model.blocks[0]
    assert isinstance(block, gpt.Block)
    with torch.no_grad():
        x = model.wte[tokens] + model.wpe[: tokens.shape[1]]
        qkv = block.qkv(block.ln_1(x)).view(*tokens.shape, 3, block.heads, -1)
    q, k, _ = qkv.permute(2, 0, 3, 1, 4)
    return q, k


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("the model of a demo", weights.SHAPE._replace(layers=1)),
        ("the shape of GPT-2 small", gpt.Config(vocabulary=1000, layers=1)),
    ],
)
def test_the_page_tells_how_far_from_variance_one_training_starts(
    name: str, config: gpt.Config
) -> None:
    found = []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        model = gpt.GPT(config, generator).double()
        tokens = torch.randint(config.vocabulary, (16, 16), generator=generator)
        q, k = first_layer(model, tokens)
        s = q @ k.mT
        tops = [(s * scale).softmax(-1).amax(-1).mean() for scale in (1, q.shape[-1] ** -0.5)]
        found.append([torch.cat([q, k]).var().item(), *map(float, tops)])
    variance, without, divided = np.mean(found, 0)
    spread = np.std(found, 0, ddof=1)[0]
    e, d = config.width, config.width // config.heads
    expected = [
        f"{name}, $E = {e}$, $D = {d}$",
        f"{variance:.3f} ± {spread:.3f}",
        f"{without:.2f}",
        f"{divided:.2f}",
    ]
    assert expected in rows_of("tab-attention-start")
    if e == 768:
        said(f"leaves the largest weight {divided:.2f} instead of {without:.2f}")
    assert variance == pytest.approx(0.02**2 * e, rel=0.03)
    assert max(np.std(found, 0, ddof=1)[1:]) < 0.01  # the two digits of the other columns hold


def test_trained_heads_of_the_first_layer_are_sharp() -> None:
    model, merges, _ = weights.load()
    held = bpe.encode(weights.split(weights.CORPUS.read_text(encoding="utf-8"))[1], merges)
    q, k = first_layer(model, torch.tensor([held[i : i + 64] for i in range(0, 64 * 20, 64)]))
    seen = torch.ones(64, 64).bool().tril()
    spread = (q @ k.mT / 4)[:, :, seen].std((0, 2))
    said(f"a standard deviation of {spread.min():.1f} to {spread.max():.1f}, head by head")


@pytest.mark.equation("eq-attention-gradient")
@pytest.mark.parametrize("causal", [False, True])
def test_gradient_of_attention_against_automatic_differentiation(causal: bool) -> None:
    q, k, v = (x.requires_grad_() for x in three(2, n=5, m=5))
    allowed = attention.causal_mask(5) if causal else None
    grad = normal(2, 5, 3, seed=11)
    functional.scaled_dot_product_attention(q, k, v, is_causal=causal).backward(grad)
    found = attention.attention_gradient(q, k, v, grad, allowed)
    for ours, leaf in zip(found, (q, k, v), strict=True):
        torch.testing.assert_close(ours, leaf.grad, **EXACT)


@pytest.mark.equation("eq-attention-gradient")
def test_every_printed_step_back_is_that_of_automatic_differentiation(printed: Equations) -> None:
    q, k, v = (x.requires_grad_() for x in three(n=3, m=4))
    s = q @ k.T / math.sqrt(6)
    a = s.softmax(-1)
    o = a @ v
    grad = normal(3, 3, seed=11)
    by = torch.autograd.grad(o, (q, k, v, s, a), grad)
    printed("eq-attention-gradient").holds(
        {
            **{rf"\nabla_{name}": g for name, g in zip("QKVSA", by, strict=True)},
            "Q": q,
            "K": k,
            "V": v,
            "A": a,
            "a": a,
            "G": grad,
            "D": 6,
            r"\mathbf{g}": columns(grad),
            r"\mathbf{o}": columns(o),
            "i": Each([1, 2, 3]),
            "j": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-attention-chain")
def test_the_printed_chain_from_weights_to_scores(printed: Equations) -> None:
    q, k, v = (x.requires_grad_() for x in three(n=3, m=4))
    s = q @ k.T / math.sqrt(6)
    a = s.softmax(-1)
    o = a @ v
    grad = normal(3, 3, seed=11)
    by_s, by_a = torch.autograd.grad(o, (s, a), grad)
    printed("eq-attention-chain").holds(
        {
            r"\nabla_S": by_s,
            r"\nabla_A": by_a,
            "a": a,
            r"\delta": np.eye(4),
            r"\mathbf{g}": columns(grad),
            r"\mathbf{v}": columns(v),
            r"\mathbf{o}": columns(o),
            "i": Each([1, 2, 3]),
            "j": Each([1, 2, 3, 4]),
            "l": Each([1, 2, 3, 4]),
        }
    )
    printed.excuse(
        r"(\nabla_{S})_{i j} = \sum_{l} ⟨(\nabla_{A})_{i l} a_{i l} (\delta_{j l} - a_{i j})⟩ = "
        r"a_{i j} ((\nabla_{A})_{i j} - \sum_{l} ⟨(\nabla_{A})_{i l} a_{i l}⟩) = "
        r"a_{i j} ((\nabla_{A})_{i j} - \sum_{l} ⟨a_{i l} \mathbf{g}_{i}^{\top} \mathbf{v}_{l}⟩) = "
        r"a_{i j} ((\nabla_{A})_{i j} - \mathbf{g}_{i}^{\top} \mathbf{o}_{i})",
        "the delta is the same for j, l and l, j",
    )


# What it keeps: order does not matter, the future does not either.


@pytest.mark.equation("eq-attention-equivariance")
def test_permuting_tokens_permutes_outputs_and_nothing_else(printed: Equations) -> None:
    e, d = 8, 4
    weights, x = weights_of(e, d, 2, 2), normal(1, 6, e)
    out, _ = attention.multi_head(x, x, weights, d)
    for seed in range(5):
        order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
        moved, _ = attention.multi_head(x[:, order], x[:, order], weights, d)
        torch.testing.assert_close(moved, out[:, order], **EXACT)
    heads = layer(e, d, 2)
    printed("eq-attention-equivariance").holds(
        {
            r"\operatorname{MultiHead}": heads[r"\operatorname{MultiHead}"],
            "P": torch.eye(6).double()[order],
            "X": x[0],
        },
        free=(r"\operatorname{MultiHead}", "X"),  # they stand on both sides
    )
    printed.excuse(
        r"\operatorname{MultiHead} (P X, X) = P \operatorname{MultiHead} (X, X)",
        "the order of keys and values does not matter to a query",
    )


@pytest.mark.equation("eq-attention-permuted")
def test_each_printed_step_of_the_proof_of_equivariance(printed: Equations) -> None:
    q, k, v = three(n=4, m=4)
    printed("eq-attention-permuted").holds(
        {
            r"\operatorname{softmax}": taking(lambda s: s.softmax(-1)),
            "P": torch.eye(4).double()[[2, 0, 3, 1]],
            "Q": q,
            "K": k,
            "V": v,
            "D": 6,
        },
        # It holds for all of them, and for any function that treats rows alone and columns alike.
        free=("P", "Q", "K", "V", "D", r"\operatorname{softmax}"),
    )


@pytest.mark.equation("eq-attention-equivariance")
def test_the_order_of_keys_and_values_does_not_matter_to_a_query() -> None:
    q, k, v = three()
    order = torch.randperm(7, generator=torch.Generator().manual_seed(1))
    out, _ = attention.attention(q, k, v)
    torch.testing.assert_close(attention.attention(q, k[order], v[order])[0], out, **EXACT)


@pytest.mark.equation("eq-attention-equivariance")
def test_a_causal_mask_and_added_positions_each_break_equivariance() -> None:
    e, d = 8, 4
    weights, x = weights_of(e, d, 2, 2), normal(1, 6, e)
    p = normal(1, 6, e, seed=30)
    order = torch.tensor([1, 0, 2, 3, 4, 5])
    mask = attention.causal_mask(6)
    masked, _ = attention.multi_head(x, x, weights, d, mask)
    moved, _ = attention.multi_head(x[:, order], x[:, order], weights, d, mask)
    assert (moved - masked[:, order]).abs().max() > 0.1
    placed, _ = attention.multi_head(x + p, x + p, weights, d)
    moved, _ = attention.multi_head(x[:, order] + p, x[:, order] + p, weights, d)
    assert (moved - placed[:, order]).abs().max() > 0.1


@pytest.mark.equation("eq-attention-causal")
def test_under_a_causal_mask_no_output_depends_on_a_later_token(printed: Equations) -> None:
    e, d = 8, 4
    weights, mask = weights_of(e, d, 2, 2), attention.causal_mask(5)

    def run(x: Tensor) -> Tensor:
        return attention.multi_head(x[None], x[None], weights, d, mask)[0][0]

    jacobian = torch.autograd.functional.jacobian(run, normal(5, e)).abs().sum((1, 3))  # (N, N)
    later = torch.ones(5, 5).triu(1).bool()
    assert (jacobian[later] == 0).all()
    assert (jacobian[~later] > 1e-3).all()
    by = r"\frac{\partial \mathbf{o}_i}{\partial \mathbf{x}_j}"
    printed("eq-attention-causal").holds(
        {
            by: Given(("i", "j"), lambda i, j: jacobian[i - 1, j - 1]),
            "i": 3,
            "j": Each([4, 5]),  # later than i
        },
        free=(by, "i"),  # zero stays zero
    )


@pytest.mark.equation("eq-attention-mask")
def test_the_mask_of_the_last_queries_is_the_end_of_the_whole_mask() -> None:
    whole = attention.causal_mask(6)
    assert whole.tolist() == [[j <= i for j in range(6)] for i in range(6)]
    for n in range(1, 7):
        torch.testing.assert_close(attention.causal_mask(n, 6), whole[-n:])


@pytest.mark.equation("eq-attention-circuits")
def test_a_head_is_two_matrices_of_low_rank(printed: Equations) -> None:
    e, d, h = 12, 3, 4
    weights, x = weights_of(e, d, h, h), normal(1, 5, e)
    out, a = attention.multi_head(x, x, weights, d)
    total = torch.zeros(5, e, dtype=torch.float64)
    for i in range(h):
        rows = slice(d * i, d * (i + 1))
        read = weights["q"][rows].T @ weights["k"][rows]  # (E, E)
        write = weights["o"][:, rows] @ weights["v"][rows]  # (E, E)
        assert torch.linalg.matrix_rank(read) == torch.linalg.matrix_rank(write) == d
        scores = x[0] @ read @ x[0].T / math.sqrt(d)
        torch.testing.assert_close(scores.softmax(-1), a[0, i], **EXACT)
        total = total + a[0, i] @ x[0] @ write.T
    torch.testing.assert_close(total, out[0], **EXACT)
    q, k = (attention.split_heads(x @ weights[name].T, d)[0] for name in "qk")  # (H, N, D)
    known = layer(e, d, h)
    whole = known[r"\operatorname{MultiHead}"]
    assert callable(whole)
    printed("eq-attention-circuits").holds(
        {
            **known,
            r"\operatorname{MultiHead}": lambda *both: whole(*both)[..., None],
            "W_O": list(weights["o"].split(d, 1)),
            "s": (q @ k.mT / math.sqrt(d)).permute(1, 2, 0),  # by i, j and head
            "a": a[0].permute(1, 2, 0),
            r"\mathbf{x}": columns(x[0]),
            "X": x[0],
            "D": d,
            "h": Each([1, 2, 3, 4]),
            "i": Each([4]),
            "j": Each([1, 2, 3, 4, 5]),
        }
    )


# What it costs.


@pytest.mark.equation("eq-attention-streaming")
@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_streaming_over_blocks_of_keys_gives_the_same_output(block: int) -> None:
    q, k, v = three(2, 3)
    q = q * 40  # great scores: the running maximum must work
    out = attention.streaming_attention(q, k, v, block)
    torch.testing.assert_close(out, functional.scaled_dot_product_attention(q, k, v), **EXACT)


@pytest.mark.equation("eq-attention-streaming")
def test_the_printed_update_gives_what_all_keys_give_at_once(printed: Equations) -> None:
    q, k, v = three(n=1)
    s = (q @ k.T)[0] / math.sqrt(6)
    order = s.argsort()
    for order in (s.argsort(), s.argsort().flip(0)):  # the block raises the maximum, or does not
        scores, values = s[order], v[order]

        def state(n: int, scores: Tensor = scores, values: Tensor = values) -> list[object]:
            """Maximum, sum and unfinished output of the first n keys, from their definitions."""
            top = scores[:n].max()
            e = torch.exp(scores[:n] - top)
            return [top, e.sum(), column(e @ values[:n])]

        m, ell, u = state(4)
        m_, ell_, u_ = state(7)
        printed("eq-attention-streaming").holds(
            {
                "m": m,
                r"\ell": ell,
                r"\mathbf{u}": u,
                "m'": m_,
                r"\ell'": ell_,
                r"\mathbf{u}'": u_,
                r"\mathcal{B}": [5, 6, 7],
                "s": scores,
                r"\mathbf{v}": columns(values),
            },
            only=(0, 1, 2),
        )
    o = attention.streaming_attention(q, k, v, 3)[0]
    printed("eq-attention-streaming").holds(
        {r"\mathbf{o}": column(o), r"\mathbf{u}": u_, r"\ell": ell_}, only=3
    )


@pytest.mark.equation("eq-attention-streaming")
def test_streaming_never_makes_a_matrix_of_all_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = normal(64, 8, seed=1), normal(512, 8, seed=2), normal(512, 8, seed=3)
    largest = 0
    original = Tensor.__matmul__

    def watch(a: Tensor, b: Tensor) -> Tensor:
        nonlocal largest
        out = original(a, b)
        largest = max(largest, out.numel())
        return out

    monkeypatch.setattr(Tensor, "__matmul__", watch)
    attention.streaming_attention(q, k, v, 16)
    assert largest == 64 * 16
    attention.attention(q, k, v)
    assert largest == 64 * 512


@pytest.mark.equation("eq-attention-cost")
@pytest.mark.parametrize(("n", "h", "g"), [(5, 4, 4), (20, 4, 1), (64, 2, 2)])
def test_cost_against_counted_operations(n: int, h: int, g: int) -> None:
    e = 16
    weights, x = weights_of(e, e // h, h, g), normal(1, n, e)
    with FlopCounterMode(display=False) as counter:
        _, a = attention.multi_head(x, x, weights, e // h)
    cost = attention.cost(n, e, h, g)
    assert counter.get_total_flops() == cost["projections"] + cost["scores"]
    assert cost["weights_stored"] == a.numel()
    assert cost["cache"] == 2 * g * n * (e // h)


@pytest.mark.equation("eq-attention-cost")
def test_the_printed_cost_is_that_of_counted_operations(printed: Equations) -> None:
    n, e, h, g = 5, 24, 4, 2
    weights, x = weights_of(e, e // h, h, g), normal(1, n, e)
    with FlopCounterMode(display=False) as counter:
        attention.multi_head(x, x, weights, e // h)
    printed("eq-attention-cost").holds(
        {"F": counter.get_total_flops(), "N": n, "E": e, "H": float(h), "G": float(g)}
    )


@pytest.mark.equation("eq-attention-crossover")
def test_the_scores_cost_as_much_as_the_projections_at_twice_the_width(printed: Equations) -> None:
    """Both parts are counted by themselves, in a run of each."""
    e, h = 12, 3
    weights = weights_of(e, e // h, h, h)
    parts = []
    for n in (2 * e - 1, 2 * e, 2 * e + 1):
        x = normal(1, n, e)
        q, k, v = (attention.split_heads(x @ weights[name].T, e // h) for name in "qkv")
        with FlopCounterMode(display=False) as whole:
            attention.multi_head(x, x, weights, e // h)
        with FlopCounterMode(display=False) as scores:
            attention.attention(q, k, v)
        projections = whole.get_total_flops() - scores.get_total_flops()
        parts.append(scores.get_total_flops() - projections)
        left, right = "8 N E^2", "4 N^2 E"
        printed("eq-attention-crossover").holds(
            {left: projections, right: scores.get_total_flops(), "N": n, "E": e},
            free=(left, right, "N", "E"),  # a change makes both claims false, or one that was false
        )
    assert parts[0] < 0 == parts[1] < parts[2]


@pytest.mark.equation("eq-attention-dispersion")
def test_bounded_scores_cannot_be_sharp_among_many_keys() -> None:
    for m, bound in ((5, 1.0), (100, 0.5), (1000, 3.0)):
        s = (torch.rand(50, m, generator=torch.Generator().manual_seed(m)).double() * 2 - 1) * bound
        a = attention.softmax(s)
        assert a.max() <= math.exp(2 * bound) / m
        assert a.min() >= math.exp(-2 * bound) / m
    one_high = torch.full((1000,), -3.0).double()
    one_high[0] = 3.0
    # The upper bound is reached up to the high key's own share of the sum.
    assert attention.softmax(one_high)[0] == pytest.approx(math.exp(6) / (999 + math.exp(6)))
    spread = torch.zeros(1000).double()
    spread[0] = math.log(999)
    assert attention.softmax(spread)[0] == pytest.approx(0.5)


@pytest.mark.equation("eq-attention-dispersion")
def test_the_printed_bounds_are_nearly_reached(printed: Equations) -> None:
    bound = 1.3
    for m in (3, 20_000):
        s = torch.full((2, m), bound).double()
        s[0], s[1, 0] = -s[0], -bound
        s[0, 0] = (
            bound  # one key against the others in the first row, and the reverse in the second
        )
        printed("eq-attention-dispersion").holds(
            {
                "a": attention.softmax(s),
                "B": bound,
                "M": m,
                "i": Each([1, 2]),
                "j": Each([1, 3]),
            },
            tolerance=1e-15,
            # Among three keys the bounds are loose; among so many, one more hardly matters.
            free=("a", "B") if m == 3 else ("M",),
        )


@pytest.mark.equation("eq-attention-bounds")
def test_the_printed_bounds_of_numerator_and_denominator(printed: Equations) -> None:
    bound, m = 1.3, 4
    loose = normal(2, m, std=0.3).clamp(-bound, bound)
    tight = torch.tensor([[bound] * m, [-bound] * m]).double()
    for s in (loose, tight):
        printed("eq-attention-bounds").holds(
            {"s": s, "B": bound, "M": m, "i": Each([1, 2]), "j": Each([1, 3])},
            tolerance=1e-12,
            free=("s", "B", "M") if s is loose else (),
        )


@pytest.mark.equation("eq-attention-linear")
def test_without_the_softmax_the_brackets_may_move(printed: Equations) -> None:
    q, k, v = three(2)
    printed("eq-attention-linear").holds({"Q": q[0], "K": k[0], "V": v[0]}, free=("Q", "K", "V"))
    torch.testing.assert_close((q @ k.mT) @ v, q @ (k.mT @ v), **EXACT)


@pytest.mark.equation("eq-attention-additive")
def test_additive_attention_of_one_query_against_its_loops(printed: Equations) -> None:
    w_q, w_k, u = normal(4, 6, seed=1), normal(4, 6, seed=2), normal(4, seed=3)
    q, k, v = three(n=2)
    s = torch.tanh((q @ w_q.T)[:, None] + (k @ w_k.T)[None]) @ u  # (N, M)
    printed("eq-attention-additive").holds(
        {
            "s": s,
            r"\mathbf{u}": column(u),
            "W_q": w_q,
            "W_k": w_k,
            r"\mathbf{q}": columns(q),
            r"\mathbf{k}": columns(k),
            "i": Each([1, 2]),
            "j": Each(range(1, 8)),
        }
    )
    for i in range(2):
        for j in range(7):
            inner = [math.tanh(w_q[r] @ q[i] + w_k[r] @ k[j]) for r in range(4)]
            expected = sum(u[r].item() * inner[r] for r in range(4))
            assert s[i, j].item() == pytest.approx(expected, rel=1e-12)
    assert (attention.softmax(s) @ v).shape == (2, 3)


# It refuses.


def test_shapes_that_do_not_fit_are_named() -> None:
    q, k, v = three()
    with pytest.raises(ValueError, match=r"q \(5, 6\), k \(7, 5\), v \(7, 3\) do not fit"):
        attention.attention(q, k[:, :5], v)
    with pytest.raises(ValueError, match=r"k \(7, 6\), v \(6, 3\)"):
        attention.attention(q, k, v[:6])
    with pytest.raises(ValueError, match="a width of 6 does not split into heads of 4"):
        attention.split_heads(normal(1, 2, 6), 4)
    with pytest.raises(ValueError, match="4 query heads cannot share 3"):
        attention.share(normal(1, 3, 2, 2), 4)
    with pytest.raises(ValueError, match="3 queries but 2 keys"):
        attention.causal_mask(3, 2)


def test_a_query_that_may_look_at_nothing_is_refused() -> None:
    q, k, v = three()
    allowed = torch.ones(5, 7, dtype=torch.bool)
    allowed[3] = False
    with pytest.raises(ValueError, match="has no True"):
        attention.attention(q, k, v, allowed)


# The page's numbers.


def row(causal: bool) -> tuple[list[float], list[float]]:
    """Weights and output of 'her' in the running example."""
    out, a = attention.attention(*first_head(), attention.causal_mask(5) if causal else None)
    return a[3].tolist(), out[3].tolist()


def test_the_running_example_as_the_page_prints_it() -> None:
    e4, e2 = math.exp(4 / math.sqrt(2)), math.exp(2 / math.sqrt(2))
    assert row(False)[0] == pytest.approx([x / (e4 + e2 + 3) for x in (e4, 1, 1, e2, 1)])
    assert row(True)[0] == pytest.approx([x / (e4 + e2 + 2) for x in (e4, 1, 1, e2)] + [0])
    q, k, _ = first_head()
    expected = [[f"{score:.0f}" for score in k @ q[3]] + [""]]
    expected.append([f"{score:.2f}" for score in k @ q[3] / math.sqrt(2)] + [""])
    for causal in (False, True):
        shares, (ann, tom, *rest) = row(causal)
        assert not any(rest)
        expected.append([*(f"{share:.3f}" for share in shares), f"({ann:.3f}, {tom:.3f})"])
    assert [cells[1:] for cells in rows_of("tab-attention-example")] == expected


def spread_of_the_figure(d: int) -> tuple[float, float]:
    """Standard errors of the trace and of the largest weight without the root, as the figure draws."""
    generator = torch.Generator().manual_seed(d)
    q = torch.randn(400, 1, d, generator=generator, dtype=torch.float64)
    k = torch.randn(400, 16, d, generator=generator, dtype=torch.float64)
    a = attention.attention(q, k, k, scale=1.0)[1][:, 0]
    trace = attention.softmax_jacobian(a).diagonal(0, -2, -1).sum(-1)
    return trace.std().item() / 20, a.amax(-1).std().item() / 20


def test_the_figure_of_the_cost_as_the_page_prints_it() -> None:
    stored = attention.cost(131_072, 768, 12, 12)["weights_stored"]
    assert 2 * stored / 2**30 == 384  # GiB
    table = style.read_table(PAGE.with_suffix("") / "root.csv")
    said(
        f"stays at {table['slope_scaled'][-1]:.2f}; not divided it falls from "
        f"{table['slope'][0]:.2f} to {table['slope'][-1]:.2f}"
    )
    at = table["width"].index(64)
    errors = {int(d): spread_of_the_figure(int(d)) for d in table["width"]}
    said(
        f"{table['top'][at]:.2f} ± {errors[64][1]:.2f} of it on average among sixteen keys "
        "(mean and standard error of 400 queries)"
    )
    said(f"Without the division, heads of width {int(table['width'][at])} would put")
    said(f"by chance, [{table['top'][at]:.2f} of it](#root) among sixteen.")
    said(f"the largest standard error is {max(error for error, _ in errors.values()):.3f}")
    assert table["slope"][at] < 0.5 * table["slope_scaled"][at]  # most of it is gone


def short(numbers: Tensor) -> str:
    """A vector as the page writes it: (0.5, 0)."""
    return "(" + ", ".join(f"{x:g}" for x in numbers.tolist()) + ")"


def test_features_and_vectors_of_the_words_as_the_page_prints_them() -> None:
    x, _ = example()
    heads = first_head()
    expected = [
        [f"*{word}*", *(short(part[i]).replace("-", "−") for part in (x[0], *heads))]
        for i, word in enumerate(attention.WORDS)
    ]
    assert rows_of("tab-attention-words") == expected
    _, weights = example()
    said("(0, 0, 2, 2), since belonging and action both ask for a person, and (0, 0, 2, 0), since")
    assert weights["q"][:2].tolist() == [[0, 0, 2, 2], [0, 0, 2, 0]]
    told, her = heads[0][1], heads[0][3]
    said(f"asks for a person, ({told[0]:.0f}, {told[1]:.0f}).")
    said(f"asks for a female person, ({her[0]:.0f}, {her[1]:.0f}).")


def test_the_five_steps_as_the_page_works_them_out() -> None:
    q, k, v = first_head()
    mask = attention.causal_mask(5)
    e = torch.exp(q[3] @ k.T / math.sqrt(2)) * mask[3]
    said(f"**Scores.** All are divided by $\\sqrt D = \\sqrt 2 = {math.sqrt(2):.5f}$")
    said(f"4 becomes {4 / math.sqrt(2):.5f}, and 2 becomes {2 / math.sqrt(2):.5f}.")
    said(f"The exponentials are {e[0]:.3f}, 1, 1, {e[3]:.3f} and 0, and their sum is {e.sum():.3f}")
    assert e[1:3].tolist() == [1, 1]
    assert e[4] == 0
    out, a = attention.attention(q, k, v, mask)
    ann, _, tom, her, _ = a[3].tolist()
    said(f"The values are ${short(v[0])}$, ${short(v[1])}$, ${short(v[2])}$ and ${short(v[3])}$.")
    said(f"attention weights {ann:.4f}, {tom:.4f}, {tom:.4f}, {her:.4f} and 0.")
    said(f"is ${ann:.4f} \\cdot 1 + {her:.4f} \\cdot 0.5 = {out[3, 0]:.4f}$, the second")
    said(f"the second ${tom:.4f} \\cdot 1 = {out[3, 1]:.4f}$.")


def test_the_pencil_comes_to_the_same_from_the_printed_digits() -> None:
    first, second = (round(math.exp(x), 3) for x in (2.82843, 1.41421))
    total = round(first + 1 + 1 + second, 3)
    weights = [round(x / total, 4) for x in (first, 1, 1, second)]
    assert weights == [0.7346, 0.0434, 0.0434, 0.1786]
    out = round(weights[0] + weights[3] * 0.5, 4)
    assert (first, second, total, out) == (16.919, 4.113, 23.032, 0.8239)
    slopes = [a * (u - out) for a, u in zip(weights, (1, 0, 0, 0.5), strict=True)]
    assert [round(x, 3) for x in slopes] == [0.129, -0.036, -0.036, -0.058]
    action = round(math.exp(0.7071), 3)
    assert [round(x / (action + 3), 3) for x in (1, action)] == [0.199, 0.403]


def test_the_second_head_and_the_output_as_the_page_prints_them() -> None:
    x, weights = example()
    out, a = attention.multi_head(x, x, weights, 2, attention.causal_mask(5))
    q, k, v = (attention.split_heads(x @ weights[name].T, 2)[0, 1] for name in "qkv")
    said(f"query of *her* is ${short(q[3])}$; the key of *told* is ${short(k[1])}$, ")
    said(f"that of *her* ${short(k[3])}$, and *Ann* and *Tom* have zero; *plan* is masked")
    said("In the second head of the example $W_Q$ has the rows (2, 0, 0, 0) and (0, 0, 0, 0)")
    assert weights["q"][2:].tolist() == [[2, 0, 0, 0], [0, 0, 0, 0]]
    said("$W_K$ and $W_V$ both have (0, 0, 0, 1) and (0, 0, 1, 0)")
    assert weights["k"][2:].tolist() == weights["v"][2:].tolist() == [[0, 0, 0, 1], [0, 0, 1, 0]]
    assert not k[[0, 2]].any()
    assert torch.equal(k, v)
    score = (q[3] @ k[1]).item() / math.sqrt(2)
    said(
        f"$1 / \\sqrt 2 = {score:.4f}$ with the exponential {math.exp(score):.3f}, and the three others have 1"
    )
    ann, told, tom, her, _ = a[0, 1, 3].tolist()
    said(f"the words, the weights are {ann:.3f}, {told:.3f}, {tom:.3f} and {her:.3f}.")
    second = a[0, 1] @ v
    said(f"The output is $({second[3, 0]:.3f}, {second[3, 1]:.3f})$.")
    first = row(True)[1]
    both = ", ".join(f"{x:.3f}" for x in (*first, *second[3].tolist()))
    said(f"laid end to end, for *her* $({both})$.")
    said("its rows are (1, 1, 0, 0), (1, −1, 0, 0), (0, 0, 0, 1) and (0, 0, 1, 0).")
    said("$W_K$ has the rows (1, 0, 0, 0) and (0, 1, 0, 0)")
    said("$W_V$ the rows (0.5, 0.5, 0, 0) and (0.5, −0.5, 0, 0)")
    assert weights["o"].tolist() == [[1, 1, 0, 0], [1, -1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
    assert weights["k"][:2].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert weights["v"][:2].tolist() == [[0.5, 0.5, 0, 0], [0.5, -0.5, 0, 0]]
    said(f"The first gives ${first[0]:.3f} + {first[1]:.3f}$")
    said(f"the second ${first[0]:.3f} - {first[1]:.3f}$")
    said(f"exchange places: $({', '.join(f'{number:.2f}' for number in out[0, 3])})$")
    added = ", ".join(f"{number:.2f}" for number in x[0, 3] + out[0, 3])
    said(f"*her* becomes $({added})$.")


def test_what_a_step_of_learning_does_in_the_example() -> None:
    q, k, v = first_head()
    s = (q[3] @ k[:4].T / math.sqrt(2)).requires_grad_()
    a = s.softmax(-1)
    out = (a @ v[:4])[0]
    slope = torch.autograd.grad(out, s)[0]
    terms = [
        f"{p:.4f} \\cdot ({u:g} - {out:.4f}) = {d:.3f}"
        for p, u, d in zip(a, v[:4, 0], slope, strict=True)
    ]
    said(f"if the first number of the output, $o = {out:.4f}$, grows")
    said(f"in the example ${a[0]:.4f} \\cdot (1 - {out:.4f})$ for *Ann*.")
    said(
        f"For *Ann* this is ${terms[0]}$; for *told* and *Tom* ${terms[1]}$; for *her* itself ${terms[3]}$"
    )
    assert terms[1] == terms[2]


def test_what_a_step_on_the_matrices_does_in_the_example() -> None:
    """Gradients by automatic differentiation, and the sums of the fold from its printed digits."""
    x, weights = example()
    w = {name: weights[name][:2].clone().requires_grad_() for name in "qkv"}
    mask = attention.causal_mask(5)

    def scores() -> Tensor:
        q, k = (x[0] @ w[name].T for name in "qk")
        return (q @ k.T)[3] / math.sqrt(2)

    s = scores()
    out = (s.masked_fill(~mask[3], -math.inf).softmax(-1) @ (x[0] @ w["v"].T))[0]
    by_q, by_k = torch.autograd.grad(out, [w["q"], w["k"]])
    step = 1e-6
    parts = []
    for name, by in (("q", by_q), ("k", by_k)):
        kept = w[name]
        w[name] = kept + step * by
        parts.append(((scores() - s) / step).tolist())
        w[name] = kept
    ann, told, tom, her, _ = (a + b for a, b in zip(*parts, strict=True))
    said(f"the score of *Ann* by $+{ann:.2f}\\,\\eta$, those of *told* and *Tom* by ${told:.2f}\\,")
    said(f"and ${tom:.2f}\\,\\eta$; that of *her* rises too, by ${her:.2f}\\,\\eta$")
    c = [0.1294, -0.0358, -0.0358, -0.0578]
    written = ", ".join(f"{number:.4f}" for number in c[:3]).replace("-", "−")
    said(f"{written} and −{-c[3]:.4f}, and")
    q, k, v = first_head()
    a = attention.attention(q, k, v, mask)[1][3, :4]
    slopes = a * (v[:4, 0] - a @ v[:4, 0])
    assert [round(one, 4) for one in slopes.tolist()] == c
    m = (torch.tensor(c).double() @ x[0, :4]).tolist()
    said(f"= ({', '.join(f'{number:.4f}' for number in m)})$.")
    first = [0.75 * (m[0] * key[0] + m[1] * key[1]) for key in k.tolist()]
    second = [4 * sum(a * b for a, b in zip(m, row, strict=True)) for row in x[0].tolist()]
    said(f"for *Ann* ${first[0]:.3f} + {second[0]:.3f} = {ann:.2f}$, for *told* ${second[1]:.2f}$")
    said(f"for *Tom* ${first[2]:.3f} - {-second[2]:.3f} = {tom:.2f}$")
    said(f"for *her* ${first[3]:.3f} + {second[3]:.3f} = {her:.2f}$.")
    for place, whole in enumerate((ann, told, tom, her)):
        assert first[place] + second[place] == pytest.approx(whole, abs=1e-3)


def test_what_the_demo_shows_as_the_page_tells_it() -> None:
    _, k, v = first_head()
    k, v = k[:4], v[:4]

    def weights(x: float, y: float, scale: float | None = None) -> list[float]:
        _, a = attention.attention(torch.tensor([[x, y]]).double(), k, v, scale=scale)
        shown: list[float] = a[0].tolist()
        return shown

    ann, _, tom, _ = weights(2, -2)
    said(f"*Tom* has {tom:.3f}, *Ann* {ann:.3f}.")
    said(f"all four weights are {weights(0, 0)[0]:.3f}.")
    said(f"[the table](#tab-attention-example): {weights(2, 2)[0]:.3f} for *Ann*")
    sharp = weights(2, 2, 4 / math.sqrt(2))[0]
    said(f"Attention becomes a lookup, *Ann* has {sharp:.3f}; then the plain mean.")


def test_the_counts_of_the_box_of_costs() -> None:
    e, h, n = 768, 12, 1024
    whole, one = attention.cost(n, e, h, h), attention.cost(1, e, h, h, n)
    said(f"$4E^2 = {whole['parameters'] / 1e6:.2f}$ million")
    said(f"$8NE^2 = {whole['projections'] / 1e9:.2f}$ billion operations")
    said(f"$4N^2E = {whole['scores'] / 1e9:.2f}$ billion operations")
    said(f"$HN^2$ numbers, {2 * whole['weights_stored'] / 2**20:g} MiB")
    said(f"$2NE$ numbers, {2 * whole['cache'] / 2**20:g} MiB")
    operations, read = one["projections"] + one["scores"], 2 * (one["parameters"] + one["cache"])
    said(f"the {n:,}th token takes $8E^2 + 4NE = {operations / 1e6:.2f}$ million operations")
    said(f"two bytes a number: $8E^2 + 4NE = {read / 1e6:.2f}$ million bytes")
    assert operations == read == 8 * e**2 + 4 * n * e
    said(f"all {whole['parameters'] / 1e6:.2f} million parameters and the whole cache")


# In practice, and how it fails.


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_the_layer_of_the_library_equals_the_page_with_and_without_a_cache(groups: int) -> None:
    e, heads, n = 16, 4, 6
    layer = practice.CausalSelfAttention(e, heads, groups).double()
    x = normal(2, n, e)
    names = {"q": layer.q.weight, "o": layer.o.weight}
    names |= dict(zip("kv", layer.kv.weight.chunk(2), strict=True))
    with torch.no_grad():
        expected, _ = attention.multi_head(x, x, names, e // heads, attention.causal_mask(n))
        out, cache = layer(x)
        torch.testing.assert_close(out, expected, **EXACT)
        assert cache.numel() == 2 * attention.cost(n, e, heads, groups)["cache"]  # two sequences
        first, cache = layer(x[:, :1])
        parts = [first]
        for i in range(1, n):
            part, cache = layer(x[:, i : i + 1], cache)
            parts.append(part)
        first, cache = layer(x[:, :2])
        chunks = [first]
        for chunk in (x[:, 2:3], x[:, 3:]):  # several new tokens after a cache must not see ahead
            part, cache = layer(chunk, cache)
            chunks.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), expected, **EXACT)
    torch.testing.assert_close(torch.cat(chunks, 1), expected, **EXACT)


def test_published_models_as_the_table_tells_them() -> None:
    usual, groups = [], []
    for cells in rows_of("tab-attention-practice"):
        layers, e, h, d = (
            int(re.findall(r"[\d,]+", cells[i])[0].replace(",", "")) for i in (1, 2, 3, 5)
        )
        usual.append(d in (64, 128))
        if "of which" in cells[1]:
            whole, layers, linear = (int(number) for number in re.findall(r"\d+", cells[1]))
            assert whole == layers + linear
        numbers = [int(number) for number in re.findall(r"\d+", cells[4])]
        latent = "latent" in cells[4]
        width = sum(numbers) if latent else 2 * numbers[0] * d
        if not latent and numbers[0] < h:
            groups.append(numbers[0])
        kept = 2 * layers * width / 2**10  # bytes for one token
        assert cells[7].startswith(f"{kept:,g} KiB") or cells[7] == "–", cells
        if h * d != e:
            assert cells[0].startswith(("DeepSeek-V2", "gpt-oss", "Qwen3-Next"))
    words = {6: "six", 7: "seven", 10: "ten", 12: "twelve"}
    said(f"64 or 128 in {words[sum(usual)]} of the {words[len(usual)]} rows of [the table]")
    said(f"8 in {words[groups.count(8)]} of the {words[len(groups)]} rows that have groups")
    said("in gpt-oss-120b $64 \\cdot 64 = 4{,}096$ stands against 2,880")
    quarter, whole = (
        2 * 32 * attention.cost(131_072, 4096, 32, g)["cache"] / 2**30 for g in (8, 32)
    )
    said(f"at 131,072 tokens {quarter:.0f} GiB instead of {whole:.0f}.")


def test_a_padded_sequence_gives_what_it_gives_alone() -> None:
    weights, x = weights_of(8, 4, 2, 2), normal(2, 6, 8)
    allowed = attention.padding_mask(torch.tensor([6, 4]), 6) & attention.causal_mask(6)
    assert attention.padding_mask(torch.tensor([3, 1]), 3).tolist() == [
        [[[True] * 3]],
        [[[True, False, False]]],
    ]
    plain = attention.padding_mask(torch.tensor([6, 4]), 6)
    for mask, own in ((allowed, attention.causal_mask(4)), (plain, None)):
        out, _ = attention.multi_head(x, x, weights, 4, mask)
        alone, _ = attention.multi_head(x[1:, :4], x[1:, :4], weights, 4, own)
        torch.testing.assert_close(out[1:, :4], alone, **EXACT)
        filled, _ = attention.multi_head(x, x, weights, 4)
        assert (filled[1:, :4] - alone).abs().max() > 0.01  # without the mask it differs


def test_a_mask_after_the_softmax_can_divide_zero_by_zero() -> None:
    said("in 32-bit numbers a hidden score that lies 105 above the rest gives $0 / 0$")
    scores, seen = torch.tensor([0.0, 0.0, 105.0]), torch.tensor([True, True, False])
    struck = attention.softmax(scores) * seen
    assert (struck / struck.sum()).isnan().all()
    before = attention.softmax(scores.masked_fill(~seen, -math.inf))
    assert before.tolist() == [0.5, 0.5, 0.0]
    struck = attention.softmax(scores.double()) * seen  # as in exact arithmetic
    torch.testing.assert_close(struck / struck.sum(), before.double(), **EXACT)


def test_the_mask_of_the_library_lies_at_the_upper_left() -> None:
    q, k, v = first_head()
    wrong = library_attention(q[3:4], k[:4], v[:4], is_causal=True)
    right = library_attention(q[3:4], k[:4], v[:4])
    said(f"the output is ${short(wrong[0])}$ in place of $({right[0, 0]:.3f}, {right[0, 1]:.3f})$")
    torch.testing.assert_close(wrong, v[:1], **EXACT)


def test_an_empty_row_is_not_a_number_and_the_library_returns_zeros() -> None:
    q, k, v = first_head()
    assert attention.softmax(torch.full((3,), -math.inf)).isnan().all()
    assert (library_attention(q, k, v, attn_mask=torch.zeros(5, 5).bool()) == 0).all()
    filled = torch.arange(5) >= 2  # filled up at the left
    with pytest.raises(ValueError, match="has no True"):
        attention.attention(q, k, v, attention.causal_mask(5) & filled)
    said("In PyTorch 2.13, on the CPU, `scaled_dot_product_attention` returns zeros")
    said("returns not-a-number unless it is called with `need_weights=False`")
    layer, x = nn.MultiheadAttention(2, 1, batch_first=True).double(), q[None]
    hidden = torch.ones(5, 5, dtype=torch.bool)
    assert layer(x, x, x, attn_mask=hidden)[0].isnan().all()
    assert layer(x, x, x, attn_mask=hidden, need_weights=False)[0].isfinite().all()
    said("set to $-10^9$ in place of $-\\infty$, such a row becomes the plain mean")
    said("in float16 $-10^9$ is $-\\infty$ again, and in bfloat16 it is not")
    assert torch.tensor(-1e9).half() == -math.inf
    assert torch.tensor(-1e9).bfloat16() > -math.inf
    flat = (q @ k.T).masked_fill(hidden, -1e9)
    torch.testing.assert_close(attention.softmax(flat) @ v, v.mean(0).expand(5, 2), **EXACT)
    assert torch.__version__.startswith("2.13")


def test_a_sink_lets_a_head_abstain_and_costs_the_others() -> None:
    q, k, v = first_head()
    outs, shares = [], []
    for sink in (-math.inf, 3.0):
        s = q @ k.T / math.sqrt(2)
        s = s.masked_fill(~attention.causal_mask(5), -math.inf)
        a = torch.cat([s, s.new_full((5, 1), sink)], 1).softmax(-1)[:, :5]
        outs.append((a @ v)[2].tolist())
        shares.append(a[3, 0].item())
    (x, y), (small, other) = outs
    assert round(x / small) == 8
    said("an eighth of what it was.")
    said(f"a third of *Ann* and a third of himself: $({x:.3f}, {y:.3f})$")
    said(f"a sink with the score 3 leaves *Tom* $({small:.3f}, {other:.3f})$")
    said(f"whose weight on *Ann* falls from {shares[0]:.3f} to {shares[1]:.3f}: it would")


def test_one_key_among_many_needs_a_score_that_grows_with_their_logarithm() -> None:
    def share(score: float, m: int) -> float:
        return attention.softmax(torch.tensor([score, *[0.0] * (m - 1)]).double())[0].item()

    needed = 3 + math.log(1999 / 19)
    said(
        f"A key whose score lies 3 above all others, which are equal, has the weight {share(3, 20):.2f} among 20 keys, "
        f"and {share(3, 2000):.2f} among 2,000"
    )
    said(f"To hold {share(needed, 2000):.2f} there, its score must lie {needed:.2f} above them")
    assert share(needed, 2000) == pytest.approx(share(3, 20))


@pytest.mark.answer("answer-attention-told")
def test_exercise_1_told_sees_ann_and_itself(answer: Bench) -> None:
    q, k, v = first_head()
    found = []
    for mask in (attention.causal_mask(5), None):
        out, a = attention.attention(q, k, v, mask)
        found.append([a[1, 0].item(), *out[1].tolist()])
    answer("answer-attention-told").is_(*found)
    e, first = math.exp(math.sqrt(2)), found[0][0]
    said(f"The scores are $2 / 1.41 = {math.sqrt(2):.2f}$ and 0, the exponentials {e:.2f} and 1")
    said(f"and so the weights are {first:.3f} and {1 - first:.3f}.")


@pytest.mark.answer("answer-attention-sharp")
def test_exercise_7_how_sharp_a_query_must_be(answer: Bench) -> None:
    q, k, v = first_head()

    def least(scale: float) -> float:
        low, high = 0.0, 10.0
        for _ in range(60):
            middle = (low + high) / 2
            a = attention.attention(middle * q, k, v, attention.causal_mask(5), scale)[1]
            low, high = (low, middle) if a[3, 0] > 0.99 else (middle, high)
        return low

    factor = least(1 / math.sqrt(2))
    _, a = attention.attention(factor * q, k, v, attention.causal_mask(5))
    said(f"The largest derivative has then fallen to {attention.softmax_jacobian(a[3]).max():.2f}")
    said(f"has the solution $y = {math.exp(math.sqrt(2) * factor):.2f}$")
    answer("answer-attention-sharp").is_(factor, least(1.0))


@pytest.mark.answer("answer-attention-root")
def test_exercise_2_without_the_root_her_is_surer(answer: Bench) -> None:
    q, k, v = first_head()
    _, a = attention.attention(q, k, v, attention.causal_mask(5), scale=1.0)
    assert a[3, 0].item() == pytest.approx(math.exp(4) / (math.exp(4) + math.exp(2) + 2))
    slope = attention.softmax_jacobian(a[3])[0, 0].item()
    found = (a[3, 0].item(), slope)
    _, a = attention.attention(q, k, v, attention.causal_mask(5))
    divided = attention.softmax_jacobian(a[3])[0, 0].item()
    assert divided > slope
    said(f"falls from {divided:.3f} with the root to {slope:.3f} without it")
    answer("answer-attention-root").is_(found, (a[3, 0].item(), divided))


@pytest.mark.answer("answer-attention-swap")
def test_exercise_4_two_words_may_change_places(answer: Bench) -> None:
    q, k, v = first_head()
    order = torch.tensor([2, 1, 0, 3, 4])
    before, _ = attention.attention(q, k, v)
    after, _ = attention.attention(q[order], k[order], v[order])
    torch.testing.assert_close(after[[1, 3]], before[[1, 3]], **EXACT)
    mask = attention.causal_mask(5)
    before, _ = attention.attention(q, k, v, mask)
    after, _ = attention.attention(q[order], k[order], v[order], mask)
    torch.testing.assert_close(after[3], before[3], **EXACT)  # both stand before "her"
    assert (after[1] - before[1]).abs().max() > 0.1  # "told" now sees Tom instead of Ann
    answer("answer-attention-swap").is_("Only *told*, and only with the mask.")


@pytest.mark.answer("answer-attention-grouped")
def test_exercise_6_projections_of_the_grouped_layer(answer: Bench) -> None:
    e, d, h, g = 4096, 128, 32, 8
    assert 2 * e * h * d + 2 * e * g * d == 41_943_040
    assert 4 * e * h * d == 67_108_864
    cost = attention.cost(8192, e, h, g)
    assert 2 * cost["cache"] == 33_554_432  # bytes in two-byte numbers
    assert 2 * attention.cost(8192, e, h, h)["cache"] == 128 * 2**20
    answer("answer-attention-grouped").is_(
        (2 * e * h * d + 2 * e * g * d, 2 * cost["cache"] / 2**20),
        (4 * e * h * d, 2 * attention.cost(8192, e, h, h)["cache"] / 2**20),
        (2 * e * h * d + 2 * e * g * d, cost["cache"] / 2**20),
    )


@pytest.mark.answer("answer-attention-written")
def test_exercise_3_matrix_of_weights_at_a_hundred_thousand_tokens(answer: Bench) -> None:
    stored = attention.cost(131_072, 4096, 32, 32)["weights_stored"]
    assert 2 * stored / 2**40 == 1.0  # TiB for one layer and one sequence, two bytes a number
    one = attention.cost(131_072, 4096, 1, 1)["weights_stored"]
    answer("answer-attention-written").is_(2 * stored / 2**40, stored / 2**40, 2 * one / 2**40)


@pytest.mark.answer("answer-attention-gradient")
def test_exercise_5_gradient_by_the_values_in_the_example(answer: Bench) -> None:
    q, k, v = first_head()
    v.requires_grad_()
    out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    out[3, 0].backward()
    _, a = attention.attention(q, k, v, attention.causal_mask(5))
    torch.testing.assert_close(v.grad[:, 0], a[3].detach(), **EXACT)  # type: ignore[index]
    ann, told, tom, her, _ = a[3].tolist()
    said(f"the row of weights: {ann:.3f}, {told:.3f}, {tom:.3f}, {her:.3f}, 0; column 2 is zero")
    assert (v.grad[:, 1] == 0).all()  # type: ignore[index]
    answer("answer-attention-gradient").is_(v.grad[0, :2].tolist(), (1.0, 0.0))  # type: ignore[index]


# The demo.


def heads() -> list[tuple[Tensor, Tensor, Tensor]]:
    """Queries, keys and values of both heads of the example, each (5, 2)."""
    x, weights = example()
    parts = [attention.split_heads(x @ weights[name].T, 2)[0] for name in "qkv"]
    return [(parts[0][h], parts[1][h], parts[2][h]) for h in range(2)]


def golden_returns(case: dict[str, object]) -> object:
    """What Python gives for a case of the golden file."""
    query, scale, allowed, keys, values = case["args"]  # type: ignore[misc]
    q, k, v = (torch.tensor(part, dtype=torch.float64) for part in ([query], keys, values))
    out, a = attention.attention(q, k, v, torch.tensor([allowed]), scale)
    scores = (scale * q @ k.T)[0].tolist()
    return {"scores": scores, "weights": a[0].tolist(), "output": out[0].tolist()}


def golden() -> dict[str, object]:
    """The cases that both sides must agree on: both heads, and a key that was moved."""
    everything, causal = [True] * 5, [True, True, True, True, False]
    root = 1 / math.sqrt(2)
    (_, k, v), (_, action, done) = heads()
    moved = k.clone()
    moved[0] = torch.tensor([-1.5, 2.25])
    arguments = [
        ([2, 2], root, everything, k, v),
        ([2, 2], root, causal, k, v),
        ([2, 2], 1, causal, k, v),
        ([2, -2], root, causal, k, v),
        ([0, 0], root, everything, k, v),
        ([-1.25, 0.75], 0, everything, k, v),
        ([3, 3], 100, everything, k, v),
        ([3, -1], 0.25, [False, True, False, False, True], k, v),
        ([2, 2], root, causal, moved, v),
        ([1, 0], root, causal, action, done),
    ]
    cases: list[dict[str, object]] = [
        {"function": "attend", "args": [q, scale, allowed, keys.tolist(), values.tolist()]}
        for q, scale, allowed, keys, values in arguments
    ]
    for case in cases:
        case["returns"] = golden_returns(case)
    return {"module": "architectures/attention/attention.mjs", "tolerance": 1e-5, "cases": cases}


def test_the_demo_has_the_numbers_of_both_heads() -> None:
    text = PAGE.with_suffix("").joinpath("attention.mjs").read_text(encoding="utf-8")
    for place, name in enumerate(("queries", "keys", "values")):
        blocks = re.findall(rf"    {name}: (\[.*?\n    \]),", text, re.DOTALL)
        found = [json.loads(re.sub(r",(\s*\])", r"\1", block)) for block in blocks]
        assert found == [head[place].tolist() for head in heads()], name


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
