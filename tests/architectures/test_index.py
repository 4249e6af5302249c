"""The facts on the page of architectural parts, against PyTorch's own layers and step-by-step recurrences."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from scripts.figures import architectures, style
from scripts.printed.values import Each, From
from tests.printed.bound import column, columns, on_columns, taking
from tests.printed.plugin import Equations
from tests.said import sayings

said = sayings(style.DOCS / "architectures" / "index.md")


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Double precision for this file alone."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def normal(seed: int, *shape: int) -> Tensor:
    """Normally distributed numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.equation("eq-architectures-permutation")
def test_attention_without_positions_does_not_see_the_order(printed: Equations) -> None:
    layer = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    x, order = normal(0, 1, 6, 8), torch.tensor([3, 0, 5, 1, 4, 2])
    plain = layer(x, x, x)[0]
    permuted = layer(x[:, order], x[:, order], x[:, order])[0]
    torch.testing.assert_close(permuted, plain[:, order])
    attend = r"\operatorname{Attn}"
    printed("eq-architectures-permutation").holds(
        {
            attend: taking(lambda x: layer(x[None], x[None], x[None])[0][0]),
            "P": torch.eye(6)[order],
            r"\mathbf{X}": x[0],
        },
        free=(attend, r"\mathbf{X}"),  # they stand on both sides
    )


def test_a_causal_mask_does_see_the_order() -> None:
    layer = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    x, order = normal(0, 1, 6, 8), torch.tensor([3, 0, 5, 1, 4, 2])
    mask = torch.ones(6, 6, dtype=torch.bool).triu(1)
    plain = layer(x, x, x, attn_mask=mask)[0]
    permuted = layer(x[:, order], x[:, order], x[:, order], attn_mask=mask)[0]
    assert (permuted - plain[:, order]).abs().max() > 1e-3


@pytest.mark.equation("eq-architectures-attention")
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_the_library_s_scaled_dot_product(causal: bool) -> None:
    q, k, v = normal(1, 5, 4), normal(2, 5, 4), normal(3, 5, 2)
    mask = torch.full((5, 5), -math.inf).triu(1) if causal else torch.zeros(5, 5)
    ours = torch.softmax(q @ k.T / math.sqrt(4) + mask, -1) @ v
    library = nn.functional.scaled_dot_product_attention(
        q[None], k[None], v[None], is_causal=causal
    )
    torch.testing.assert_close(ours, library[0])


@pytest.mark.equation("eq-architectures-attention")
def test_the_library_computes_the_printed_attention(printed: Equations) -> None:
    q, k, v, mask = normal(1, 3, 5), normal(2, 4, 5), normal(3, 4, 6), normal(20, 3, 4)
    mask[0, 1] = -math.inf
    library = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    names = (r"\mathbf{O}", r"\mathbf{Q}", r"\mathbf{K}", r"\mathbf{V}", r"\mathbf{M}")
    printed("eq-architectures-attention").holds(
        {
            **dict(zip(names, (library, q, k, v, mask), strict=True)),
            r"\operatorname{softmax}": taking(lambda s: s.softmax(-1)),
            "D": 5,
        }
    )


def rotate(x: Tensor, position: int, frequencies: Tensor) -> Tensor:
    """Turn each pair of features by the position times its frequency."""
    angle = position * frequencies
    a, b = x[0::2], x[1::2]
    turned = torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)
    return turned.flatten()


@pytest.mark.equation("eq-architectures-rotation")
@pytest.mark.parametrize(("m", "n"), [(0, 0), (2, 7), (11, 3), (100, 101)])
def test_rotated_queries_and_keys_know_only_their_distance(m: int, n: int) -> None:
    frequencies = 10_000.0 ** (-torch.arange(0, 8, 2) / 8)
    q, k = normal(4, 8), normal(5, 8)
    product = rotate(q, m, frequencies) @ rotate(k, n, frequencies)
    torch.testing.assert_close(product, q @ rotate(k, n - m, frequencies))


@pytest.mark.equation("eq-architectures-rotation")
def test_the_printed_rotations_know_only_their_distance(printed: Equations) -> None:
    frequencies = 10_000.0 ** (-torch.arange(0, 6, 2) / 6)

    def matrix(position: int) -> Tensor:
        return torch.stack([rotate(unit, position, frequencies) for unit in torch.eye(6)], 1)

    query, key = r"\mathbf{q}", r"\mathbf{k}"
    printed("eq-architectures-rotation").holds(
        {
            "R": {m: matrix(m) for m in range(-10, 14)},
            query: column(normal(4, 6)),
            key: column(normal(5, 6)),
            "m": Each([3, 11]),
            "n": Each([7, 4]),
        },
        free=(query, key),
    )


@pytest.mark.equation("eq-architectures-stream")
def test_the_output_of_a_residual_stack_is_the_input_plus_what_each_layer_wrote(
    printed: Equations,
) -> None:
    layers = [nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 6), nn.GELU()) for _ in range(4)]
    x = start = normal(12, 6)
    written = []
    for layer in layers:
        written.append(layer(x))
        x = x + written[-1]
    torch.testing.assert_close(x, start + sum(written))
    stack = [nn.Sequential(nn.Linear(6, 6), nn.GELU()) for _ in range(4)]
    stream = [start]
    with torch.no_grad():
        for layer in stack:
            stream.append(stream[-1] + layer(nn.functional.layer_norm(stream[-1], (6,))))
    printed("eq-architectures-stream").holds(
        {
            r"\mathbf{x}": From(0, columns(torch.stack(stream))),
            "f": [on_columns(layer) for layer in stack],
            r"\operatorname{Norm}": on_columns(lambda x: nn.functional.layer_norm(x, (6,))),
            "L": 4,
        },
        free=("f",),  # a list of functions has no tenth
    )


def test_the_parameters_in_the_figure_are_those_of_the_smallest_gpt_2() -> None:
    table = architectures.count()
    total = sum(a * b for a, b in zip(table["parameters"], table["copies"], strict=True))
    assert total == 124_439_808


def test_the_parameters_in_the_figure_are_those_of_layers_built_by_the_library() -> None:
    width = architectures.WIDTH
    block = {
        "norm": nn.LayerNorm(width, device="meta"),
        "attention": nn.MultiheadAttention(width, 12, device="meta"),
        "feed-forward": nn.Sequential(
            nn.Linear(width, 4 * width, device="meta"), nn.Linear(4 * width, width, device="meta")
        ),
    }
    table = architectures.count()
    for part, parameters in zip(architectures.PARTS, table["parameters"], strict=True):
        if part in block:
            assert parameters == sum(p.numel() for p in block[part].parameters())


def test_the_parameters_are_added_up_as_the_page_does_with_a_pencil() -> None:
    counts = dict(zip(architectures.PARTS, architectures.count()["parameters"], strict=True))
    width = architectures.WIDTH
    tables = architectures.VOCABULARY * width + architectures.CONTEXT * width
    block = counts["attention"] + counts["feed-forward"] + 2 * counts["norm"]
    assert tables == counts["token embedding"] + counts["position embedding"]
    said(
        f"selects a row of the token embedding: {width} numbers",
        f"The stream is now a table of 2 × {width} numbers",
        f"widens each row to {4 * width:,} numbers",
        f"turns the last row into {architectures.VOCABULARY:,} logits",
        f"{counts['attention'] / 1e6:.2f} million in attention",
        f"{counts['feed-forward'] / 1e6:.2f} million in the feed-forward layer",
        f"in its norms: {block / 1e6:.2f} million",
        f"Twelve blocks have {architectures.LAYERS * block / 1e6:.2f} million",
        f"the two embeddings {tables / 1e6:.2f} million",
        f"the sum is {(architectures.LAYERS * block + tables) / 1e6:.1f} million",
    )
