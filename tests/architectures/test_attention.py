"""Attention equals the library's, keeps what it must, and every equation of its page holds."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from docs.architectures.attention import attention
from docs.architectures.attention.attention import example
from docs.models.gpt import gpt
from scripts.figures import style
from scripts.weights import gpt as weights
from tests import golden as shared
from tests.said import sayings

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("attention.golden.json")
PAGE = ROOT / "docs" / "architectures" / "attention.md"
EXACT = {"rtol": 1e-12, "atol": 1e-12}
said = sayings(PAGE)


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


# It equals the library.


@pytest.mark.equation("eq-attention-matrix")
@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_plain_and_cross_attention_equal_the_library(lead: tuple[int, ...]) -> None:
    q, k, v = three(*lead)
    out, a = attention.attention(q, k, v)
    torch.testing.assert_close(out, functional.scaled_dot_product_attention(q, k, v), **EXACT)
    torch.testing.assert_close(a.sum(-1), torch.ones_like(a[..., 0]), **EXACT)


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


@pytest.mark.equation("eq-attention-grouped")
@pytest.mark.parametrize("g", [1, 2, 4])
def test_grouped_query_attention_equals_the_library(g: int) -> None:
    q, k, v = normal(2, 4, 5, 6, seed=1), normal(2, g, 5, 6, seed=2), normal(2, g, 5, 6, seed=3)
    library = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    shared = attention.share(k, 4), attention.share(v, 4)
    out, _ = attention.attention(q, *shared, attention.causal_mask(5))
    torch.testing.assert_close(out, library, **EXACT)


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
def test_softmax_equals_the_library_and_does_not_overflow() -> None:
    s = normal(4, 9, std=30.0)
    torch.testing.assert_close(attention.softmax(s), s.softmax(-1), **EXACT)
    torch.testing.assert_close(attention.softmax(s + 1e6), s.softmax(-1), rtol=1e-8, atol=1e-12)
    assert attention.softmax(torch.tensor([1000.0, 0.0])).tolist() == [1.0, 0.0]


# A weighted mean: lookup, kernel regression, limits.


@pytest.mark.equation("eq-attention-pooling")
def test_an_output_is_a_mean_of_values_and_lies_between_them() -> None:
    q, k, v = three(3)
    out, a = attention.attention(q, k, v)
    by_hand = sum(a[..., j : j + 1] * v[..., j : j + 1, :] for j in range(7))
    torch.testing.assert_close(out, by_hand, **EXACT)
    assert (out <= v.amax(-2, keepdim=True)).all()
    assert (out >= v.amin(-2, keepdim=True)).all()


@pytest.mark.equation("eq-attention-limits")
def test_scale_zero_gives_the_mean_and_a_great_scale_looks_one_value_up() -> None:
    q, k, v = three()
    mean, _ = attention.attention(q, k, v, scale=0.0)
    torch.testing.assert_close(mean, v.mean(0).expand_as(mean), **EXACT)
    looked_up, _ = attention.attention(q, k, v, scale=1e4)
    torch.testing.assert_close(looked_up, v[(q @ k.T).argmax(-1)], **EXACT)


@pytest.mark.equation("eq-attention-kernel")
def test_gaussian_kernel_regression_is_attention_with_one_more_coordinate() -> None:
    x, points, y = normal(6, 2), normal(9, 2, seed=1), normal(9, 3, seed=2)
    for width in (0.3, 1.0, 4.0):
        kernel = torch.exp(-(torch.cdist(x, points) ** 2) / (2 * width**2))
        expected = kernel @ y / kernel.sum(1, keepdim=True)
        found = attention.kernel_regression(x, points, y, width)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


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


@pytest.mark.equation("eq-attention-jacobian")
def test_derivative_of_softmax_against_automatic_differentiation() -> None:
    s = normal(6, std=2.0)
    jacobian = torch.autograd.functional.jacobian(lambda t: t.softmax(-1), s)
    torch.testing.assert_close(attention.softmax_jacobian(s.softmax(-1)), jacobian, **EXACT)


@pytest.mark.equation("eq-attention-saturation")
def test_no_derivative_of_a_saturated_softmax_exceeds_what_the_maximum_leaves() -> None:
    for std in (0.1, 1.0, 5.0, 20.0):
        a = normal(200, 8, seed=int(10 * std), std=std).softmax(-1)
        largest = attention.softmax_jacobian(a).abs().amax((-2, -1))
        rest = 1 - a.amax(-1)
        assert (largest <= rest + 1e-15).all()
        assert (largest >= rest * a.amax(-1) - 1e-15).all()  # the bound is nearly reached


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
        ("the demo's GPT", weights.SHAPE._replace(layers=1)),
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
    said(
        f"| {name}, $E = {e}$, $D = {d}$ | {variance:.3f} ± {spread:.3f} "
        f"| {without:.2f} | {divided:.2f} |"
    )
    assert variance == pytest.approx(0.02**2 * e, rel=0.03)
    assert max(np.std(found, 0, ddof=1)[1:]) < 0.01  # the two digits of the other columns hold


def test_trained_heads_of_the_first_layer_are_sharp() -> None:
    model, merges, _ = weights.load()
    held = gpt.encode(weights.split(weights.CORPUS.read_text(encoding="utf-8"))[1], merges)
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


# What it keeps: order does not matter, the future does not either.


@pytest.mark.equation("eq-attention-equivariance")
def test_permuting_tokens_permutes_outputs_and_nothing_else() -> None:
    e, d = 8, 4
    weights, x = weights_of(e, d, 2, 2), normal(1, 6, e)
    out, _ = attention.multi_head(x, x, weights, d)
    for seed in range(5):
        order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
        moved, _ = attention.multi_head(x[:, order], x[:, order], weights, d)
        torch.testing.assert_close(moved, out[:, order], **EXACT)


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
def test_under_a_causal_mask_no_output_depends_on_a_later_token() -> None:
    e, d = 8, 4
    weights, mask = weights_of(e, d, 2, 2), attention.causal_mask(5)

    def run(x: Tensor) -> Tensor:
        return attention.multi_head(x[None], x[None], weights, d, mask)[0][0]

    jacobian = torch.autograd.functional.jacobian(run, normal(5, e)).abs().sum((1, 3))  # (N, N)
    later = torch.ones(5, 5).triu(1).bool()
    assert (jacobian[later] == 0).all()
    assert (jacobian[~later] > 1e-3).all()


@pytest.mark.equation("eq-attention-mask")
def test_the_mask_of_the_last_queries_is_the_end_of_the_whole_mask() -> None:
    whole = attention.causal_mask(6)
    assert whole.tolist() == [[j <= i for j in range(6)] for i in range(6)]
    for n in range(1, 7):
        torch.testing.assert_close(attention.causal_mask(n, 6), whole[-n:])


@pytest.mark.equation("eq-attention-circuits")
def test_a_head_is_two_matrices_of_low_rank() -> None:
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


# What it costs.


@pytest.mark.equation("eq-attention-streaming")
@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_streaming_over_blocks_of_keys_gives_the_same_output(block: int) -> None:
    q, k, v = three(2, 3)
    q = q * 40  # great scores: the running maximum must work
    out = attention.streaming_attention(q, k, v, block)
    torch.testing.assert_close(out, functional.scaled_dot_product_attention(q, k, v), **EXACT)


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


@pytest.mark.equation("eq-attention-crossover")
def test_the_scores_cost_as_much_as_the_projections_at_twice_the_width() -> None:
    cost = attention.cost(2 * 768, 768, 12, 12)
    assert cost["scores"] == cost["projections"]
    cost = attention.cost(2 * 768 - 1, 768, 12, 12)
    assert cost["scores"] < cost["projections"]


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


@pytest.mark.equation("eq-attention-linear")
def test_without_the_softmax_the_brackets_may_move() -> None:
    q, k, v = three(2)
    torch.testing.assert_close((q @ k.mT) @ v, q @ (k.mT @ v), **EXACT)


@pytest.mark.equation("eq-attention-additive")
def test_additive_attention_of_one_query_against_its_loops() -> None:
    w_q, w_k, u = normal(4, 6, seed=1), normal(4, 6, seed=2), normal(4, seed=3)
    q, k, v = three(n=2)
    s = torch.tanh((q @ w_q.T)[:, None] + (k @ w_k.T)[None]) @ u  # (N, M)
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
    out, a = attention.attention(*example(), attention.causal_mask(5) if causal else None)
    return a[3].tolist(), out[3].tolist()


def test_the_running_example_as_the_page_prints_it() -> None:
    e4, e2 = math.exp(4), math.exp(2)
    assert row(False)[0] == pytest.approx([x / (e4 + e2 + 3) for x in (e4, 1, 1, e2, 1)])
    assert row(True)[0] == pytest.approx([x / (e4 + e2 + 2) for x in (e4, 1, 1, e2)] + [0])
    text = PAGE.read_text(encoding="utf-8")
    for causal in (False, True):
        weights, output = row(causal)
        for number in [*weights, *output]:
            assert f"{number:.3f}" in text


def test_the_figure_of_the_cost_as_the_page_prints_it() -> None:
    stored = attention.cost(131_072, 768, 12, 12)["weights_stored"]
    assert 2 * stored / 2**30 == 384  # GiB
    table = style.read_table(PAGE.with_suffix("") / "root.csv")
    said(
        f"stays at {table['slope_scaled'][-1]:.2f}; not divided it falls from "
        f"{table['slope'][0]:.2f} to {table['slope'][-1]:.2f}"
    )
    at = table["width"].index(64)
    said(f"{table['top'][at]:.2f} of it on average among sixteen keys")
    assert table["slope"][at] < 0.5 * table["slope_scaled"][at]  # most of it is gone


def test_exercise_1_without_the_root_her_is_surer() -> None:
    q, k, v = example()
    _, a = attention.attention(q, k, v, attention.causal_mask(5), scale=1.0)
    assert a[3, 0].item() == pytest.approx(0.981, abs=5e-4)
    slope = attention.softmax_jacobian(a[3])[0, 0].item()
    assert slope == pytest.approx(0.018, abs=5e-4)
    _, a = attention.attention(q, k, v, attention.causal_mask(5))
    assert attention.softmax_jacobian(a[3])[0, 0].item() == pytest.approx(0.125, abs=5e-4)


def test_exercise_2_two_words_may_change_places() -> None:
    q, k, v = example()
    order = torch.tensor([2, 1, 0, 3, 4])
    before, _ = attention.attention(q, k, v)
    after, _ = attention.attention(q[order], k[order], v[order])
    torch.testing.assert_close(after[[1, 3]], before[[1, 3]], **EXACT)
    mask = attention.causal_mask(5)
    before, _ = attention.attention(q, k, v, mask)
    after, _ = attention.attention(q[order], k[order], v[order], mask)
    torch.testing.assert_close(after[3], before[3], **EXACT)  # both stand before "her"
    assert (after[1] - before[1]).abs().max() > 0.1  # "told" now sees Tom instead of Ann


def test_exercise_3_projections_of_the_grouped_layer() -> None:
    e, d, h, g = 4096, 128, 32, 8
    assert 2 * e * h * d + 2 * e * g * d == 41_943_040
    assert 4 * e * h * d == 67_108_864
    cost = attention.cost(8192, e, h, g)
    assert 2 * cost["cache"] == 33_554_432  # bytes in two-byte numbers
    assert 2 * attention.cost(8192, e, h, h)["cache"] == 128 * 2**20


def test_exercise_4_matrix_of_weights_at_a_hundred_thousand_tokens() -> None:
    stored = attention.cost(131_072, 4096, 32, 32)["weights_stored"]
    assert 2 * stored / 2**40 == 1.0  # TiB for one layer and one sequence, two bytes a number


def test_exercise_5_gradient_by_the_values_in_the_example() -> None:
    q, k, v = example()
    v.requires_grad_()
    out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    out[3, 0].backward()
    _, a = attention.attention(q, k, v, attention.causal_mask(5))
    torch.testing.assert_close(v.grad[:, 0], a[3].detach(), **EXACT)  # type: ignore[index]
    assert (v.grad[:, 1] == 0).all()  # type: ignore[index]


# The demo.


def golden_returns(case: dict[str, object]) -> object:
    """What Python gives for a case of the golden file."""
    query, scale, allowed = case["args"]  # type: ignore[misc]
    q, k, v = example()
    q = torch.tensor([[*query, 0.0, 0.0]], dtype=torch.float64)
    out, a = attention.attention(q, k, v, torch.tensor([allowed]), scale)
    return {"weights": a[0].tolist(), "output": out[0].tolist()}


def golden() -> dict[str, object]:
    """The cases that both sides must agree on."""
    everything, causal = [True] * 5, [True, True, True, True, False]
    arguments = [
        ([2, 2], 0.5, everything),
        ([2, 2], 0.5, causal),
        ([2, 2], 1, causal),
        ([2, -2], 0.5, causal),
        ([0, 0], 0.5, everything),
        ([-1.25, 0.75], 0, everything),
        ([3, 3], 100, everything),
        ([3, -1], 0.25, [False, True, False, False, True]),
    ]
    cases: list[dict[str, object]] = [{"function": "attend", "args": list(a)} for a in arguments]
    for case in cases:
        case["returns"] = golden_returns(case)
    return {"module": "architectures/attention/attention.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
