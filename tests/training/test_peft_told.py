"""What the page of parameter-efficient fine-tuning says: the example, the figures' numbers, the exercises."""

import math
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from docs.training.peft import peft
from scripts.figures import peft as recipe
from scripts.figures.style import read_table
from tests.answers.plugin import Bench
from tests.said import sayings

PAGE = Path(peft.__file__).parent.with_suffix(".md")
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
LORA = [f"lora {r}" for r in recipe.RANKS]


def vector(values: torch.Tensor) -> str:
    """As the page prints it."""
    return "(" + ", ".join(f"{v:g}".replace("-", "−") for v in values.flatten().tolist()) + ")"


def spread(table: dict[str, list[float]], name: str, row: int = 0) -> str:
    """Mean and deviation with two decimals."""
    return f"{table[name][row]:.2f} ± {table[f'{name}, deviation'][row]:.2f}"


def test_one_step_by_pencil() -> None:
    w, a, x, wanted = peft.example()
    b = torch.zeros(3, 1)
    g = peft.layer(w, a, b, 2.0, x) - wanted
    by_a, by_b = peft.gradients(a, b, 2.0, x, g)
    assert not by_a.any()
    new = b - 0.25 * by_b
    after = peft.layer(w, a, new, 2.0, x)
    said(
        f"The input {vector(x)} gives {vector(w @ x)}. A new task wants {vector(wanted)}. "
        f"The error, output minus wanted, is {vector(g)}, and half of its squared length, "
        f"{g.square().sum() / 2:.0f}, is the loss",
        f"$A$ is a row, {vector(a)}, and",
        f"So the gradient of $B$ is {vector(by_b)}.",
        f"$B$ becomes {vector(new)}. The output gains $2 \\cdot 1$ times that, {vector(after - w @ x)}, "
        f"and is {vector(after)}",
    )
    change, merged = peft.merge(0 * w, a, new, 2.0), peft.merge(w, a, new, 2.0)
    rows, sums = [vector(r) for r in change], [vector(r) for r in merged]
    said(
        f"$2BA$ has the rows {rows[0]}, {rows[1]} and {rows[2]}",
        f"Added to $W$ it gives {sums[0]}, {sums[1]} and {sums[2]}, and this one matrix makes "
        f"{vector(merged @ x)} of {vector(x)}",
    )
    kept, lost = torch.tensor([0.0, 1, 0]), torch.tensor([0.0, 0, 1])
    assert torch.equal(w @ kept, merged @ kept)
    said(
        f"The input {vector(kept)} gave {vector(w @ kept)} and still does",
        f"The input {vector(lost)} gave {vector(w @ lost)} and now gives {vector(merged @ lost)}",
    )
    full = w - 0.5 * torch.outer(g, x)
    assert torch.equal(full @ x, wanted)
    said(
        "to {}, {} and {}.".format(*(vector(r) for r in full)),
        f"{vector(kept)} now gives {vector(full @ kept)}, and {vector(lost)} still gives {vector(full @ lost)}.",
    )
    assert torch.equal(full @ lost, w @ lost)


def test_twice_the_alpha_overshoots() -> None:
    w, a, x, wanted = peft.example()
    b = torch.zeros(3, 1)
    _, by_b = peft.gradients(a, b, 4.0, x, peft.layer(w, a, b, 4.0, x) - wanted)
    y = peft.layer(w, a, b - 0.25 * by_b, 4.0, x)
    loss = (y - wanted).square().sum() / 2
    said(f"the output is now {vector(y)}, and the loss is {loss:.0f}.")


def test_methods_compared() -> None:
    table = read_table(HOME / "compared.csv")
    full, one, two, four, eight, dora, adapter, prefix, ia3, bitfit, last, prompt = range(12)
    new, parameters = table["new"], table["parameters"]
    said(
        f"from {parameters[prompt]:.0f} to {parameters[full]:,.0f}. The prompt is highest, at {new[prompt]:.2f}",
        f"IA3 lie between {new[bitfit]:.2f} and {new[ia3]:.2f}; LoRA of rank 1 has {new[one]:.2f}, and LoRA "
        f"of ranks 2 to 8, DoRA and full fine-tuning lie between {new[four]:.2f} and {new[full]:.2f}",
        f"Full fine-tuning brings it to {spread(table, 'new')} and LoRA with $r = 8$ to "
        f"{spread(table, 'new', eight)}, with a third of the numbers",
        f"With $r = 1$ it is {spread(table, 'new', one)}, with "
        f"{100 * parameters[one] / parameters[full]:.0f} % of them",
        f"IA3 with {parameters[ia3]:.0f} has {spread(table, 'new', ia3)}, and BitFit with "
        f"{parameters[bitfit]:.0f} has {spread(table, 'new', bitfit)}",
        f"more than the $\\log 10 = {math.log(10):.2f}$ of a guess",
    )
    assert parameters[eight] / parameters[full] == pytest.approx(1 / 3, abs=0.02)
    assert max(new) == new[prompt]
    for n in (prefix, last, adapter):
        assert new[ia3] < new[n] < new[bitfit]
    for n in (two, eight, dora):
        assert new[full] <= new[n] <= new[four]
    said(
        f"The cure is a higher rank: {spread(table, 'new', eight)} with $r = 8$, in {recipe.STEPS} steps",
        f"eight times the numbers, {parameters[eight]:,.0f} in place of {parameters[one]:,.0f}",
        f"Between $r = 2$ and $r = 4$, both at {new[two]:.2f}, no gain",
        f"On turned digits $r = 1$ leaves a loss of {spread(table, 'new', one)};",
    )
    assert f"{new[two]:.2f}" == f"{new[four]:.2f}"
    assert [table["rate"][n] for n in (full, one, two, four, eight)] == [0.003, *4 * [0.01]]
    said("0.01 was the best of the four rates for each of the four ranks, and 0.003 for full")


def test_rates_and_forgetting() -> None:
    table, best = read_table(HOME / "rates.csv"), read_table(HOME / "compared.csv")
    full = [f"{v:.2f}" for v in table["full, new"]]
    low = [min(table[f"{name}, new"]) for name in LORA]
    said(
        "Turned digits: full fine-tuning has {}, {}, {} and {};".format(*full),
        f"begins between {min(table[f'{name}, new'][0] for name in LORA):.2f} and "
        f"{max(table[f'{name}, new'][0] for name in LORA):.2f}, is lowest, with {min(low):.2f} to {max(low):.2f}, "
        f"at 0.003 or 0.01, and rises to {table['lora 1, new'][3]:.2f} for rank 1 and "
        f"{table['lora 8, new'][3]:.2f} for rank 8",
        f"rises from {table['full, old'][0]:.2f} to {table['full, old'][3]:.2f} and lies above all ranks",
        f"LoRA with $r = 4$ has a loss of {spread(table, 'lora 4, new')} where full fine-tuning has "
        f"{spread(table, 'full, new')}",
        f"for $r = 1$: {spread(table, 'lora 1, new', 3)}.",
        f"but at 0.003 $r = 4$ is as good, {spread(table, 'lora 4, new', 1)}. The price is",
        f"LoRA with $r = 4$ at 0.003 has {spread(table, 'lora 4, new', 1)} on the new digits and "
        f"{spread(table, 'lora 4, old', 1)} on the old ones, and full fine-tuning at 0.001 has "
        f"{spread(table, 'full, new')} and {spread(table, 'full, old')}. Here the lower rate",
        f"Afterwards full fine-tuning has {spread(best, 'old')} at its best rate, and LoRA between "
        f"{spread(best, 'old', 1)} ($r = 1$) and {spread(best, 'old', 4)} ($r = 8$)",
    )
    for name in LORA:
        assert table["rate"][table[f"{name}, new"].index(min(table[f"{name}, new"]))] in (
            0.003,
            0.01,
        )
        assert all(a < b for a, b in zip(table[f"{name}, old"], table["full, old"], strict=True))
    less = [
        a > b
        for name in LORA
        for a, b in zip(table[f"{name}, new"], table["full, new"], strict=True)
    ]
    said(f"but in {sum(less)} of these {len(less)} cases it has also learned less")
    assert all(a < b for a, b in pairwise(table["full, old"]))  # a lower rate forgets less
    assert all(best["old"][1] <= best["old"][n] <= best["old"][4] for n in range(1, 5))


def test_what_keeps_the_old_task() -> None:
    table = read_table(HOME / "kept.csv")
    said(
        f"Before tuning, the loss on turned digits is {table['new'][0]:.2f} nats",
        f"Before tuning, upright digits have a loss of {spread(table, 'old')}.",
        f"three times as many steps leave {spread(table, 'lora 1, new long')}, where full fine-tuning then has "
        f"{spread(table, 'full, new long')}",
        f"forget more: {spread(table, 'full, old long')} for full fine-tuning and "
        f"{spread(table, 'lora 4, old long')} for LoRA",
        f"Turned digits fall from {table['new'][0]:.2f} over {table['new'][2]:.2f} at one half to "
        f"{table['new'][4]:.2f}. Upright digits rise from {table['old'][0]:.2f} over {table['old'][2]:.2f} to "
        f"{table['old'][4]:.2f}. At the right, tuned with old digits mixed in, both are at "
        f"{table['new mixed'][0]:.2f} and {table['old mixed'][0]:.2f}",
        f"the old loss is {spread(table, 'old mixed')} in place of {spread(table, 'old', 4)}, and the new one "
        f"{spread(table, 'new mixed')} in place of {spread(table, 'new', 4)}",
        f"Three quarters of the change have {spread(table, 'old', 3)} on the old digits and "
        f"{spread(table, 'new', 3)} on the new ones; one half has {table['old'][2]:.2f} and {table['new'][2]:.2f}",
    )
    assert recipe.LONG == 3 * recipe.STEPS


def test_rounded_weights() -> None:
    table = read_table(HOME / "rounding.csv")
    beside = table["beside"]
    for a, b in zip(beside, table["merged"], strict=True):
        assert abs(a - b) < 5e-5
    assert table["again"][3] == pytest.approx(beside[3], abs=0.01)
    said(
        f"it stays between {min(beside):.2f} and {max(beside):.2f}. Merged and rounded again it is "
        f"{table['again'][0]:.2f} at 2 bits, {table['again'][1]:.2f} at 3 and",
        f"On weights never rounded it is {table['other'][0]:.2f} at 2 bits and {table['other'][1]:.2f} at 3",
        f"hardly depends on the bits: {spread(table, 'beside')} with 2 bits, {spread(table, 'beside', 4)} with 8",
        f"rounded again to 2 bits it is {spread(table, 'again')}; with 4 bits it is {spread(table, 'again', 2)} "
        f"in place of {spread(table, 'beside', 2)}",
        f"never rounded has {spread(table, 'other')} with 2 bits",
    )


def test_a_change_that_is_added_and_subtracted_in_16_bits_does_not_always_vanish() -> None:
    draw = torch.Generator().manual_seed(0)
    w = 0.02 * torch.randn(256, 256, generator=draw)
    b, a = torch.randn(256, 16, generator=draw), torch.randn(16, 256, generator=draw)
    change = (0.01 * b @ a / 16).bfloat16()
    assert change.float().std() / w.std() == pytest.approx(1 / 8, abs=0.01)
    w = w.bfloat16()
    other = ((w + change) - change != w).double().mean().item()
    said(
        f"{100 * other:.0f} % of {w.numel():,} random weights were, with a change an eighth as large"
    )


def test_llama_3_8b_by_the_formula() -> None:
    models = PAGE.parents[1] / "inference" / "calculators" / "models.toml"
    shape = next(
        m
        for m in tomllib.loads(models.read_text(encoding="utf-8"))["model"]
        if m["name"] == "Llama 3 8B"
    )
    width, inner, vocabulary = shape["width"], shape["inner"], shape["vocabulary"]
    narrow = width // shape["heads"] * shape["kv_heads"]
    matrices = [(width, width)] * 2 + [(width, narrow)] * 2 + [(width, inner)] * 3
    learned = shape["layers"] * sum(16 * (d + k) for d, k in matrices)
    tables = 2 * vocabulary * width
    weights = shape["layers"] * (sum(d * k for d, k in matrices) + 2 * width) + tables + width
    full, lora = peft.full_memory(weights), peft.lora_memory(weights, learned)
    four = peft.lora_memory(weights, learned, peft.bits())
    wide = four + tables * (4 - peft.bits() / 8)
    said(
        f"values are {narrow:,} wide and whose inner width is {inner:,}: {learned / 1e6:.1f} million "
        f"numbers, {100 * learned / weights:.2f} % of all",
        f"full fine-tuning takes {full / 1e9:.1f} GB, LoRA {lora / 1e9:.1f} GB and QLoRA {four / 1e9:.1f} GB, "
        f"or {wide / 1e9:.1f} GB with the two tables for {vocabulary:,} tokens in 32 bits",
    )


# Exercises.


@pytest.mark.answer("answer-peft-second")
def test_exercise_1_both_matrices_learn_in_the_second_step(answer: Bench) -> None:
    w, a, _, _ = peft.example()
    b, x = torch.tensor([[0.0], [0.5], [-0.5]]), torch.tensor([0.0, 0, 1])
    g = peft.layer(w, a, b, 2.0, x) - w @ x
    by_a, by_b = peft.gradients(a, b, 2.0, x, g)
    started, _ = peft.gradients(a, 0 * b, 2.0, x, g)
    answer("answer-peft-second").is_(
        (by_b[1, 0].item(), by_a[0, 2].item()), (by_b[1, 0].item(), started[0, 2].item())
    )


@pytest.mark.answer("answer-peft-tenth")
def test_exercise_2_rank_for_nine_tenths(answer: Bench) -> None:
    sizes = torch.tensor([6.0, 4.0, 2.0, 1.0])
    left = [float(peft.least(sizes, r)) for r in range(5)]
    rank = next(r for r in range(5) if left[r] <= left[0] / 10)
    answer("answer-peft-tenth").is_((rank, left[rank]), (rank - 1, left[rank - 1]))
    said(
        f"That is {100 * left[1] / left[0]:.0f} % of {left[0]:.0f}.",
        f"or {100 * left[2] / left[0]:.1f} % of",
    )


@pytest.mark.answer("answer-peft-seventy")
def test_exercise_3_memory_of_seventy_billion(answer: Bench) -> None:
    full = peft.full_memory(70e9) / 1e9
    lora, quantised = (peft.lora_memory(70e9, 4e8, bits) / 1e9 for bits in (16, peft.bits()))
    alone = [peft.lora_memory(70e9, 0, bits) / 1e9 for bits in (16, peft.bits())]
    answer("answer-peft-seventy").is_((full, lora, quantised), (full, *alone))


@pytest.mark.answer("answer-peft-other")
def test_exercise_4_a_zero_and_b_random(answer: Bench) -> None:
    a, b = torch.zeros(2, 5), torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    by_a, by_b = peft.gradients(a, b, 2.0, torch.ones(5), torch.ones(4))
    assert by_a.any()
    assert not by_b.any()
    answer("answer-peft-other").is_("$A$ alone.")


@pytest.mark.answer("answer-peft-double")
def test_exercise_5_rate_against_alpha(answer: Bench) -> None:
    w, a, x, wanted = peft.example()
    b = torch.zeros(3, 1)

    def moved(alpha: float, rate: float) -> float:
        _, by_b = peft.gradients(a, b, alpha, x, w @ x - wanted)
        return float((peft.layer(w, a, b - rate * by_b, alpha, x) - w @ x)[1])

    answer("answer-peft-double").is_(moved(2.0, 1.0) / moved(4.0, 1.0), 0.5)


@pytest.mark.answer("answer-peft-longer")
def test_exercise_6_a_that_reads_two(answer: Bench) -> None:
    w, _, x, wanted = peft.example()
    a, b = torch.tensor([[1.0, 1.0, 0.0]]), torch.zeros(3, 1)
    _, by_b = peft.gradients(a, b, 2.0, x, w @ x - wanted)
    y = peft.layer(w, a, b - 0.25 * by_b, 2.0, x)
    answer("answer-peft-longer").is_(float((y - wanted).square().sum() / 2), 0)


@pytest.mark.answer("answer-peft-three")
def test_exercise_7_one_of_three_is_left(answer: Bench) -> None:
    draw = torch.Generator().manual_seed(0)
    values = torch.full((3,), 3.0, dtype=torch.float64)
    left = peft.fit(peft.teacher(values, 16, draw)[None], 2, 300, draw)
    answer("answer-peft-three").is_(left.item(), 3)
