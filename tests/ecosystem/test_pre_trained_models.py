"""The memory of released models, against PyTorch's layers and published sizes."""

from importlib import import_module
from pathlib import Path

import pytest
import torch
from scipy.stats import binomtest
from torch import nn

from tests.printed.plugin import Equations
from tests.said import sayings, tables

models = import_module("docs.ecosystem.pre-trained-models.pre_trained_models")


SHAPES = [*models.LLAMA_2.values(), models.Shape(3, 24, 6, 2, 40, 100)]


def build(shape: models.Shape) -> nn.ModuleList:
    """The layers of a shape, built by the library without memory."""

    def linear(inputs: int, outputs: int) -> nn.Linear:
        return nn.Linear(inputs, outputs, bias=False, device="meta")

    narrow = shape.cache_heads * shape.width // shape.heads
    layers: list[nn.Module] = [nn.Embedding(shape.vocabulary, shape.width, device="meta")]
    for _ in range(shape.blocks):
        layers += [linear(shape.width, shape.width), linear(shape.width, shape.width)]
        layers += [linear(shape.width, narrow), linear(shape.width, narrow)]
        layers += [linear(shape.width, shape.inner), linear(shape.width, shape.inner)]
        layers += [linear(shape.inner, shape.width)]
        layers += [nn.RMSNorm(shape.width, device="meta"), nn.RMSNorm(shape.width, device="meta")]
    layers += [nn.RMSNorm(shape.width, device="meta"), linear(shape.width, shape.vocabulary)]
    return nn.ModuleList(layers)


@pytest.mark.equation("eq-pre-trained-models-parameters")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_count_of_parameters_is_that_of_the_built_layers(shape: models.Shape) -> None:
    assert models.parameters(shape) == sum(p.numel() for p in build(shape).parameters())


@pytest.mark.equation("eq-pre-trained-models-parameters")
@pytest.mark.parametrize(
    ("name", "known"),
    [("7B", 6_738_415_616), ("13B", 13_015_864_320), ("70B", 68_976_648_192)],
)
def test_the_count_of_parameters_is_that_of_the_released_files(name: str, known: int) -> None:
    assert models.parameters(models.LLAMA_2[name]) == known


@pytest.mark.equation("eq-pre-trained-models-parameters")
@pytest.mark.equation("eq-pre-trained-models-weights")
@pytest.mark.equation("eq-pre-trained-models-cache")
def test_the_printed_counts_are_those_of_layers_and_tensors(printed: Equations) -> None:
    shape, tokens, sequences = models.Shape(3, 70, 10, 5, 40, 101), 51, 6
    layers = build(shape)
    sizes = {"L": 3, "E": 70, "G": 5, "D": 7, "F": 40, "V": 101}
    count = sum(p.numel() for p in layers.parameters())
    printed("eq-pre-trained-models-parameters").holds({"P": count, **sizes})
    stored = sum(p.nbytes for p in layers.to(torch.bfloat16).parameters())
    printed("eq-pre-trained-models-weights").holds(
        {r"M_{\text{weights}}": stored, "P": count, "b": 16}
    )
    cache = torch.empty(2 * 3, sequences, 5, tokens, 7, dtype=torch.float32, device="meta")
    printed("eq-pre-trained-models-cache").holds(
        {r"M_{\text{cache}}": cache.nbytes, "S": sequences, "T": tokens, "b": 32}
        | {name: sizes[name] for name in "LGD"}
    )


@pytest.mark.equation("eq-pre-trained-models-weights")
@pytest.mark.parametrize(
    ("kind", "bits"), [(torch.float32, 32), (torch.bfloat16, 16), (torch.int8, 8)]
)
def test_the_memory_of_the_weights_is_that_of_a_tensor(kind: torch.dtype, bits: int) -> None:
    tensor = torch.empty(12_345, dtype=kind, device="meta")
    assert models.weights_memory(tensor.numel(), bits) == tensor.nbytes


@pytest.mark.equation("eq-pre-trained-models-weights")
def test_seventy_billion_parameters_in_sixteen_bits_take_about_140_gigabytes() -> None:
    memory = models.weights_memory(models.parameters(models.LLAMA_2["70B"]))
    assert memory == pytest.approx(140e9, rel=0.02)  # the 140 GB that talks and cards give


@pytest.mark.equation("eq-pre-trained-models-cache")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_memory_of_the_cache_is_that_of_its_tensors(shape: models.Shape) -> None:
    size = (3, shape.cache_heads, 50, shape.head_width)  # sequences, heads, tokens, width
    cache = [torch.empty(size, dtype=torch.float16, device="meta") for _ in range(2 * shape.blocks)]
    assert models.cache_memory(shape, 50, 3) == sum(tensor.nbytes for tensor in cache)


def test_a_full_context_of_llama_2_7b_takes_two_gib_and_of_70b_less() -> None:
    assert models.gib(models.cache_memory(models.LLAMA_2["7B"], 4096)) == 2
    assert models.gib(models.cache_memory(models.LLAMA_2["70B"], 4096)) == 1.25


def test_sixty_four_cache_heads_would_need_eight_times_the_memory_of_eight() -> None:
    grouped = models.LLAMA_2["70B"]
    full = models.Shape(grouped.blocks, grouped.width, grouped.heads, grouped.heads, grouped.inner)
    assert models.cache_memory(full, 100) == 8 * models.cache_memory(grouped, 100)


def test_training_with_adam_takes_sixteen_bytes_for_each_parameter() -> None:
    weight = nn.Parameter(torch.randn(1000, dtype=torch.float32))
    optimiser = torch.optim.Adam([weight])
    weight.grad = torch.randn(1000)
    optimiser.step()
    state = optimiser.state[weight]
    moments = state["exp_avg"].nbytes + state["exp_avg_sq"].nbytes
    half = 2 * weight.detach().half().nbytes  # parameter and gradient in 16 bits
    assert models.training_memory(1000) == half + weight.nbytes + moments


@pytest.mark.equation("eq-pre-trained-models-lora")
def test_low_rank_adapters_have_the_parameters_of_their_two_thin_matrices() -> None:
    shape, rank = models.LLAMA_2["7B"], 8
    one = nn.Sequential(
        nn.Linear(shape.width, rank, bias=False, device="meta"),
        nn.Linear(rank, shape.width, bias=False, device="meta"),
    )
    each = sum(p.numel() for p in one.parameters())
    assert models.adapter_parameters(shape, rank) == 2 * shape.blocks * each == 4_194_304


@pytest.mark.equation("eq-pre-trained-models-lora")
def test_a_low_rank_update_has_the_rank_of_its_thin_matrices(printed: Equations) -> None:
    generator = torch.Generator().manual_seed(0)
    b = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    a = torch.randn(4, 20, generator=generator, dtype=torch.float64)
    w = torch.randn(30, 20, generator=generator, dtype=torch.float64)
    assert torch.linalg.matrix_rank(b @ a) == 4
    one_by_one = torch.eye(20, dtype=torch.float64)  # the columns of W' are what it makes of them
    rows = nn.functional.linear(one_by_one, w)
    rows = rows + nn.functional.linear(nn.functional.linear(one_by_one, a), b)
    printed("eq-pre-trained-models-lora").holds(
        {"W'": rows.T.numpy(), "W": w.numpy(), "B": b.numpy(), "A": a.numpy()}, only=0
    )


def test_heads_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"100 is not a multiple of 3 heads"):
        models.parameters(models.Shape(1, 100, 3, 1, 10))
    with pytest.raises(ValueError, match=r"or 10 not of 3"):
        models.parameters(models.Shape(1, 100, 10, 3, 10))


PAGE = Path(models.__file__).parent.with_suffix(".md")
said = sayings(PAGE)
rows_of = tables(PAGE)


@pytest.mark.parametrize("name", models.LLAMA_2)
def test_the_table_of_the_page_is_what_the_code_gives(name: str) -> None:
    shape = models.LLAMA_2[name]
    count = models.parameters(shape)
    cells = [
        f"{count:,}",
        f"{models.gib(models.weights_memory(count)):.1f} GiB",
        f"{models.gib(models.weights_memory(count, 4)):.1f} GiB",
        f"{models.gib(models.cache_memory(shape, 4096)):.2f} GiB",
        f"{models.gib(models.training_memory(count)):,.0f} GiB",
    ]
    assert [name, *cells] in rows_of("tab-pre-trained-models-memory")
    assert len(rows_of("tab-pre-trained-models-memory")) == len(models.LLAMA_2)


def test_the_page_gives_the_adapters_of_the_smallest_model() -> None:
    added = models.adapter_parameters(models.LLAMA_2["7B"], 8)
    share = added / models.parameters(models.LLAMA_2["7B"])
    said(
        "Rank 8 on queries and values of Llama 2 7B "
        f"adds {added:,} parameters, {100 * share:.2f} % of the model"
    )


def test_the_page_says_how_far_a_share_of_few_cases_can_be_trusted() -> None:
    few, many = (round(100 * models.share_margin(0.8, cases)) for cases in (50, 200))
    said(
        f"a share of 80 % right is uncertain by {few} points either way with 50 cases, "
        f"and by {many} with 200"
    )
    few, many = (round(100 * models.gap_margin(0.2, cases)) for cases in (50, 200))
    said(
        f"is right on a fifth of the cases must lie {few} points apart with 50 cases, "
        f"and {many} with 200, before chance alone has less than 5 %"
    )


@pytest.mark.parametrize("cases", [50, 200])
def test_chance_exceeds_the_margins_about_as_often_as_they_say(cases: int) -> None:
    draw = torch.Generator().manual_seed(cases)
    right = (torch.rand(20_000, cases, generator=draw) < 0.8).float().mean(1)
    assert ((right - 0.8).abs() > models.share_margin(0.8, cases)).float().mean() < 0.08
    differ = cases // 5
    won = round((models.gap_margin(0.2, cases) * cases + differ) / 2)
    assert binomtest(won, differ).pvalue <= 0.05 < binomtest(won - 1, differ).pvalue
