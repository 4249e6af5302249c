"""GPT: tokens, blocks, logits, choice and cache do what the page says, and equal independent oracles."""

import hashlib
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from docs.architectures.attention import attention
from docs.models.gpt import bpe, gpt, practice
from scripts.figures import gpt as figures
from scripts.figures import gpt_fit, style
from scripts.printed.values import Each, Finite, From, Given
from scripts.weights import gpt as weights
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.models.test_gpt_bpe import TEXTS
from tests.printed.bound import column, columns, on_columns, taking
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings, tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "models" / "gpt.md"
GOLDEN = Path(__file__).with_name("gpt.golden.json")
EXACT = {"rtol": 1e-11, "atol": 1e-11}
said = sayings(PAGE)
rows_of = tables(PAGE)
TINY = gpt.Config(vocabulary=11, context=12, layers=3, heads=2, width=8)
PAPER = {"small": 117, "medium": 345, "large": 762, "XL": 1542}  # millions, in its table
PUBLISHED = {  # counted in the released weights
    "small": 124_439_808,
    "medium": 354_823_168,
    "large": 774_030_080,
    "XL": 1_557_611_200,
}


def made(config: gpt.Config = TINY, seed: int = 0, spread: float = 12.0) -> gpt.GPT:
    """A model in double precision whose weights are large enough that every part matters."""
    model = gpt.GPT(config, torch.Generator().manual_seed(seed)).double().eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.mul_(spread if parameter.ndim == 2 else 1).add_(0.1 * noise)
    return model


def some(n: int = 7, batch: int = 2, vocabulary: int = 11, seed: int = 3) -> Tensor:
    """Random tokens."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(vocabulary, (batch, n), generator=generator)


@cache
def loaded() -> tuple[gpt.GPT, list[bpe.Pair], dict[str, Any]]:
    """The model of the demo."""
    return weights.load()  # type: ignore[return-value]


# The example that is followed with a pencil.


def by_hand() -> gpt.GPT:
    """The network of the example, in double precision."""
    return gpt.by_hand().double().eval()


def minus(value: float, digits: int) -> str:
    """A number as the page prints it in a table."""
    return f"{value:.{digits}f}".replace("-", "−")


def vector(values: Tensor, digits: int = 2) -> str:
    """A vector as the page prints it in a formula."""
    return f"({', '.join(f'{value + 0:.{digits}f}' for value in values.tolist())})"


def test_the_vocabulary_of_the_example_is_that_of_its_code() -> None:
    rows = []
    for number, (word, row) in enumerate(zip(gpt.WORDS, by_hand().wte, strict=True)):
        numbers = ", ".join(minus(value, 0) for value in row.tolist())
        rows.append([f"{number}", f"`{word.replace(' ', '·')}`", f"({numbers})"])
    assert rows_of("tab-gpt-vocabulary") == rows
    products = by_hand().wte @ by_hand().wte.T
    assert set(products.flatten().tolist()) == {4, 0, -4}
    assert (gpt.SHAPE[0], gpt.SHAPE[4]) == (6, 4)
    said("inner product of one with itself is 4, with its opposite −4, and with every other 0")


def test_every_step_of_the_example_is_computed_by_the_code() -> None:
    """From the two tokens to the probabilities, with the numbers that the page prints."""
    model, tokens = by_hand(), torch.tensor([[0, 2]])
    block = model.blocks[0]
    read: dict[str, Tensor] = {}
    for name in ("ln_1", "ln_2", "up"):
        part = block.get_submodule(name)
        part.register_forward_hook(lambda _m, _i, out, name=name: read.update({name: out[0, 1]}))
    x, a, _ = block(model.wte[tokens] + model.wpe[:2], None, True)
    start = model.wte[2] + model.wpe[1]
    after = start + a[0, 0, 1, 0] * model.wte[0]
    fired = read["up"].max()
    assert model.wpe[:3].tolist() == [[0] * 4, [0.5, -0.5, 0.5, -0.5], [0] * 4]
    assert start.tolist() == [1.5, -1.5, 1.5, -1.5]
    torch.testing.assert_close(read["ln_1"], model.wte[2], rtol=0, atol=1e-5)
    assert a[0, 0, 1].tolist() == pytest.approx(
        [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))], abs=1e-5
    )
    assert (read["up"] > 0).sum() == 1
    assert ((read["up"] < -10).sum(), (read["up"] == 0).sum()) == (5, 10)
    said("far below zero, which the other five units in use have; ten are unused")
    torch.testing.assert_close(x[0, 1], after + fired * model.wte[3], rtol=0, atol=2e-3)
    q, k, v = block.qkv(block.ln_1(model.wte[tokens] + model.wpe[:2]))[0].chunk(3, -1)
    scores = (q[1] @ k.T / 2).tolist()
    for part, sign, row in ((0, 0.5, 2), (1, -0.5, 2), (2, 0.25, 0)):
        matrix = block.qkv.weight.view(3, 4, 4)[part]
        torch.testing.assert_close(matrix[0], sign * model.wte[row], **EXACT)
        assert not matrix[1:].any()
    assert k[0].abs().max() < 1e-6
    assert v[1].abs().max() < 1e-6
    weights_of = block.up.weight[2].tolist()
    assert (weights_of, block.up.bias[2]) == ([10, 0, 0, -10], -24)
    said(
        f"reads *Ann likes*, the tokens {tokens[0, 0]} and {tokens[0, 1]},",
        f"the mean of the four numbers, {start.mean():.0f}, and divides by the root of their mean "
        f"square, {start.square().mean().sqrt():.1f}.",
        f"half the inner product with *likes*: {q[1, 0]:.0f} for *likes*",
        f"minus half of it: {abs(k[0, 0]):.0f} for *Ann*, {minus(k[1, 0].item(), 0)} for *likes*",
        f"with *Ann*: {v[0, 0]:.0f} for *Ann*, {abs(v[1, 0]):.0f} for *likes*",
        f"$2 \\cdot 0 / 2 = {abs(scores[0]):.0f}$ for *Ann*, and $2 \\cdot (-2) / 2 = {scores[1]:.0f}$ for *likes*",
        f"{gpt.SHAPE[1]} here, {gpt.Config().context:,} in GPT-2",
        f"GPT-2 small has {gpt.Config().layers} blocks of {gpt.Config().heads} heads",
        f"six of the {len(read['up'])} rows are used",
    )
    assert block.down.weight.any(0).sum() == 6
    said(
        f"attention weights are {a[0, 0, 1, 0]:.4f} and {a[0, 0, 1, 1]:.4f}, and the weighted mean of "
        f"the values is {(a[0, 0, 1] @ v)[0]:.4f}",
        f"added* to the vector before the norm: ${vector(after, 4)}$",
        f"now divided by {after.square().mean().sqrt():.4f}: ${vector(read['ln_2'], 4)}$",
        f"Each of its $4E = {len(read['up'])}$ *hidden units*",
        f"A last norm divides by {x[0, 1].square().mean().sqrt():.3f}, which gives",
        f"threshold: ${10 * read['ln_2'][0]:.3f} + {-10 * read['ln_2'][3]:.3f} - 24 = {fired:.2f}$",
        f"So {functional.gelu(fired):.2f} times the embedding of *tea* is added: ${vector(x[0, 1])}$",
        f"which gives ${vector(model.ln_f(x)[0, 1], 3)}$",
    )
    z = model(tokens)[0][0, 1]
    said(f"exponentials, divided by their sum {z.exp().sum():.2f}")
    assert rows_of("tab-gpt-example") == [
        ["logit", *(minus(value, 3) for value in z.tolist())],
        ["exponential", *(f"{value:.2f}" for value in z.exp().tolist())],
        ["probability", *(f"{value:.3f}" for value in z.softmax(-1).tolist())],
    ]
    other = model(torch.tensor([[1, 2]]))[0][0, 1].softmax(-1)
    probability = z.softmax(-1)[3]
    said(
        f"after *Tom likes* the same steps give *milk* the probability {other[4]:.3f}",
        f"are those of [the table](#tab-gpt-example): *tea* {probability:.3f}",
        f"*milk* has {other[4]:.3f}; *likes* looks at *Tom* with weight {a[0, 0, 1, 0]:.2f}",
    )


def test_the_units_of_the_example_are_sums_of_embeddings() -> None:
    model, words = by_hand(), [f"`{word.replace(' ', '·')}`" for word in gpt.WORDS]
    block, vectors = model.blocks[0], dict(zip(words, model.wte, strict=True))
    rows = rows_of("tab-gpt-units")
    for unit, (_, pattern, threshold, conclusion) in enumerate(rows):
        names = pattern.split(" ")
        total = vectors[names[0]].clone()
        if len(names) == 3:
            total += vectors[names[2]] * (1 if names[1] == "+" else -1)
        torch.testing.assert_close(block.up.weight[unit], 5 * total, **EXACT)
        assert block.up.bias[unit] == -int(threshold)
        torch.testing.assert_close(block.down.weight[:, unit], vectors[conclusion], **EXACT)
    assert not block.up.weight[len(rows) :].any()
    said("each a sum of embeddings times 5;")


def test_one_sentence_gives_three_examples_and_one_loss() -> None:
    model, text = by_hand(), gpt.SENTENCES[0]
    logits = model(torch.tensor([text]))[0]
    words = [word.replace(" ", "·") for word in gpt.WORDS]
    expected, p = [], logits[0].softmax(-1)
    for i, target in enumerate(text[1:]):
        before = "".join(words[token] for token in text[: i + 1])
        cost = -p[i, target].log()
        expected.append([f"`{before}`", f"`{words[target]}`", f"{p[i, target]:.4f}", f"{cost:.4f}"])
    assert rows_of("tab-gpt-targets") == expected
    nats = gpt.loss(logits, torch.tensor([text])).item()
    x = model.wte[list(text[:3])] + model.wpe[:3]
    after, a, _ = model.blocks[0](x[None], None, True)
    assert a[0, 0, 2].tolist() == pytest.approx([1 / 3] * 3, abs=1e-5)
    last = torch.stack([x[0] + model.wte[0], x[2] + model.wte[0] / 3])
    hidden = model.blocks[0].up(model.blocks[0].ln_2(last)).max(-1)[0].tolist()
    tea = model.blocks[0].ln_2(last)[1]
    lengths = after[0].square().mean(-1).sqrt().tolist()
    assert lengths[0] == pytest.approx(math.sqrt(20), abs=1e-3)
    said(
        f"the first unit computes $5 \\cdot 4 - 16 = {hidden[0]:.0f}$.",
        f"With {hidden[0]:.0f} times *likes* the stream is ${vector(after[0, 0], 0)}$, divided by",
        f"Normalised, this is ${vector(tea, 3)}$, and the unit for *tea* computes "
        f"$5 \\cdot {tea @ model.wte[3]:.3f} - 15 = {hidden[1]:.2f}$",
        f"With {hidden[1]:.2f} times the full stop the stream is ${vector(after[0, 2])}$, divided by "
        f"{lengths[2]:.2f}, and the logits",
    )
    said(
        f"really comes next are {p[0, 2]:.2f}, {p[1, 3]:.2f} and {p[2, 5]:.2f}, and the loss is the mean "
        f"of their negative logarithms, {nats:.2f}",
        f"the logits are ${vector(logits[0, 0].round(decimals=3), 3).replace('0.000', '0')}$.",
        f"the logits are ${vector(logits[0, 2], 3)}$.",
        f"here tea with probability {p[1, 3]:.2f}, and is appended",
    )
    said(
        f"The mean of the last column, {nats:.2f}, is the *cross-entropy*",
        f"Its exponential, {math.exp(nats):.2f}, is",
        f"as between {math.exp(nats):.2f} equally likely tokens",
        f"${p[1, 3]:.3f} - 1 = {p[1, 3] - 1:.3f}$ for *tea*, and {p[1, 2]:.3f} for *likes*",
        f"near $\\log 6 = {math.log(6):.2f}$",
        f"which is {math.log(6):.2f} for the example, {math.log(512):.2f} for $V = 512$ and "
        f"{math.log(gpt.Config().vocabulary):.2f} for GPT-2",
    )


def test_what_the_settings_make_of_the_example() -> None:
    z = by_hand()(torch.tensor([[0, 2]]))[0][0, 1]

    def shown(**choice: float) -> list[str]:
        p = gpt.next_probabilities(z, **choice)  # type: ignore[arg-type]
        rest = 1 - p[2].item() - p[3].item()
        return [f"{v:.3f}" if 1e-9 < v < 1 - 1e-9 else f"{v:.0f}" for v in (*p[2:4].tolist(), rest)]

    choices = ({}, {"temperature": 0.5}, {"temperature": 2.0}, {"top_k": 2}, {"top_p": 0.8})
    rows = [row[2:] for row in rows_of("tab-gpt-settings")]
    assert rows == [shown(**choice) for choice in choices]  # type: ignore[arg-type]
    model = by_hand()
    p = [model(torch.tensor([text]))[0][0, -1].softmax(-1) for text in ([0], [0, 2], [0, 2, 3])]
    right = (p[0][2] * p[1][3] * p[2][5]).item()
    said(
        f"with probability $0.814 \\cdot 0.814 \\cdot 0.903 = {right:.3f}$; so in "
        f"{100 * (1 - right):.0f} % of the texts",
        f"*Tea* reaches from {p[1][:3].sum():.3f} to {p[1][:4].sum():.3f}, so the number 0.38 picks *tea*",
        f"In the example it is {right:.3f} after three tokens",
        f"by the example's model, {100 * (1 - right):.0f} % of the texts at temperature 1 have a wrong token",
    )
    assert gpt.pick(p[1], 0.38) == 3
    for seed in (1, 2, 3):
        source, careful, plain = Random(seed), [0], [0]
        for _ in range(3):
            uniform = source.uniform()
            for text, cut in ((careful, 0.8), (plain, 1.0)):
                z = model(torch.tensor([text]))[0][0, -1]
                text.append(gpt.pick(gpt.next_probabilities(z, top_p=cut), uniform))
        assert tuple(careful) == gpt.SENTENCES[0]
        if seed == 1:
            said(f'With seed 1 it writes "{"".join(gpt.WORDS[token] for token in plain)}"')
    drawn = gpt.generate(model.float(), [0], 3, torch.Generator().manual_seed(4), top_p=0.8)
    assert tuple(drawn) == gpt.SENTENCES[0]
    ended = gpt.generate(model, [0], 3, torch.Generator().manual_seed(4), end=3, top_p=0.8)
    assert tuple(ended) == gpt.SENTENCES[0][:3]


def test_five_runs_rest_at_what_a_bigram_knows_and_then_look_back() -> None:
    table = style.read_table(PAGE.with_suffix("") / "learn.csv")
    steps = table["step"]
    runs = [column for name, column in table.items() if name != "step"]
    assert len(runs) == figures.SEEDS == 5
    floor = math.log(2) / 3
    for run in runs:
        assert run[0] == pytest.approx(math.log(6), abs=0.05)
        assert min(abs(loss - floor) for loss in run) < 0.004
        near = [s for s, loss in zip(steps, run, strict=True) if abs(loss - floor) < 0.015]
        assert len(near) > 4  # of every fifth step
        assert min(run[: steps.index(50)]) < 0.25
        assert run[-1] < 0.01
    assert all(max(run[steps.index(170) :]) < 0.1 for run in runs)
    found = [next(s for s, loss in zip(steps, run, strict=True) if loss < 0.1) for run in runs]
    jumps = []
    for seed, run in enumerate(runs):
        height, at = max((loss - min(run[: i + 1]), i) for i, loss in enumerate(run))
        if height > 0.05:
            jumps.append((seed, (run[at], steps[at])))
    peaks = dict(jumps)
    assert sorted(peaks) == [0, 1]
    said(
        f"train for {figures.LEARN_STEPS} steps",
        f"All five runs then slow down near {floor:.3f}.",
        f"$(0 + \\log 2 + 0)/3 = {floor:.3f}$",
        f"After {min(found):.0f} to {max(found):.0f} steps the loss falls below 0.1",
        f"fall within 50 steps to a dashed line at {floor:.3f}",
        f"for five seeds. All start near {runs[0][0]:.1f}, fall",
        "the first before step 80, the last before step 170",
        f"Two runs jump up once on the way, to {peaks[1][0]:.2f} at step {peaks[1][1]:.0f} and to "
        f"{peaks[0][0]:.2f} at step {peaks[0][1]:.0f}",
    )
    losses = figures.taught(
        gpt.GPT(gpt.SHAPE, torch.Generator().manual_seed(1)).double(),
        torch.tensor(gpt.SENTENCES),
        200,
    )
    assert losses[0] > 1.7
    assert losses[-1] < 0.05


def test_the_lines_of_the_library_train_the_example_with_warm_up_and_cosine() -> None:
    model = gpt.GPT(gpt.SHAPE, torch.Generator().manual_seed(1)).double()
    texts = torch.tensor(gpt.SENTENCES)
    first = gpt.loss(model(texts)[0], texts).item()
    optimiser, rate = practice.optimiser_of(model, 0.03, 10, 200)
    rates, losses = [], []
    for _ in range(200):
        rates.append(rate.get_last_lr()[0])
        losses.append(practice.update(model, texts, optimiser, rate))
        if len(losses) == 1:
            length = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
            assert length <= 1 + 1e-6
    assert losses[0] == pytest.approx(first)
    assert rates[0] == pytest.approx(0.003)
    assert max(rates) == rates[9] == rates[10] == pytest.approx(0.03)
    assert rates[105] == pytest.approx(0.03 * 0.55, rel=1e-6)
    assert rate.get_last_lr()[0] == pytest.approx(0.003)
    assert losses[-1] < 0.1 < math.log(2) / 3 < losses[0]
    decayed = {id(p) for p in optimiser.param_groups[0]["params"]}
    assert decayed == {id(p) for p in model.parameters() if p.ndim > 1}
    assert optimiser.param_groups[1]["weight_decay"] == 0


@pytest.mark.equation("eq-gpt-nll")
def test_the_negative_logarithm_of_a_softmax_written_out(printed: Equations) -> None:
    z = normal(5)
    p = z.softmax(-1)
    printed("eq-gpt-nll").holds(
        {"p": lambda w: p[w - 1], "w": 4, "z": z.tolist(), "v": Each(range(1, 6))},
        free=("w",),
    )


@pytest.mark.equation("eq-gpt-exposure")
def test_a_small_rate_of_errors_adds_up_over_a_text(printed: Equations) -> None:
    words = itertools.product((True, False), repeat=7)
    chance = {word: math.prod(0.93 if good else 0.07 for good in word) for word in words}
    said(f"{100 * 0.99**100:.0f} % of the texts of 100 tokens have none")
    assert math.exp(-1) == pytest.approx(0.99**100, abs=0.005)
    printed("eq-gpt-exposure").holds(
        {
            r"\Pr(\text{no mistake})": sum(p for word, p in chance.items() if all(word)),
            r"\delta": 0.07,
            "N": 7.0,
        },
        about=0.025,
    )


# Norms and the feed-forward network.


def test_norms_equal_the_library() -> None:
    x, gain, bias = normal(3, 5, 8) * 3 + 1, normal(8, seed=1), normal(8, seed=2)
    found = gpt.layer_norm(x, gain, bias)
    torch.testing.assert_close(found, functional.layer_norm(x, (8,), gain, bias, 1e-5), **EXACT)
    expected = functional.rms_norm(x, (8,), gain, 1e-5)
    torch.testing.assert_close(gpt.rms_norm(x, gain), expected, **EXACT)


@pytest.mark.equation("eq-gpt-gelu")
def test_the_activation_is_close_to_x_times_the_normal_distribution_function(
    printed: Equations,
) -> None:
    x = torch.linspace(-6, 6, 2001, dtype=torch.float64)
    exact = x * torch.distributions.Normal(0.0, 1.0).cdf(x)
    formula = 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    torch.testing.assert_close(functional.gelu(x, approximate="tanh"), formula, **EXACT)
    assert (formula - exact).abs().max() < 5e-4
    block = gpt.Block(TINY).double()
    with torch.no_grad():
        block.proj.weight.zero_()
        block.proj.bias.zero_()
    y = normal(1, 1, 8)
    hidden = block.up(gpt.layer_norm(y, block.ln_2.weight, block.ln_2.bias))
    inner = (
        0.5 * hidden * (1 + torch.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
    )
    torch.testing.assert_close(block(y, None, True)[0], y + block.down(inner), **EXACT)
    gelu = taking(lambda x: functional.gelu(x, approximate="tanh"))
    printed("eq-gpt-gelu").holds(
        {
            r"\operatorname{FFN}": on_columns(
                lambda x: block.down(functional.gelu(block.up(x), approximate="tanh"))
            ),
            r"\operatorname{gelu}": gelu,
            r"\mathbf{x}": column(y[0, 0]),
            "x": 1.7,
            "W_1": block.up.weight,
            "W_2": block.down.weight,
            r"\mathbf{b}_1": column(block.up.bias),
            r"\mathbf{b}_2": column(block.down.bias),
            r"\pi": math.pi,
        },
        free=(r"\mathbf{x}", "x"),  # for every input
    )


# Blocks and the whole model.


@pytest.mark.equation("eq-gpt-stream")
@pytest.mark.parametrize("causal", [True, False])
def test_the_whole_model_equals_the_librarys_encoder(causal: bool) -> None:
    model = made()
    layer = nn.TransformerEncoderLayer(
        8,
        2,
        32,
        0.0,
        lambda x: functional.gelu(x, approximate="tanh"),
        batch_first=True,
        norm_first=True,
        dtype=torch.float64,
    )
    library = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False).eval()
    with torch.no_grad():
        for theirs, ours in zip(library.layers, model.blocks, strict=True):
            for a, b in (
                ("self_attn.in_proj_", "qkv."),
                ("self_attn.out_proj.", "proj."),
                ("norm1.", "ln_1."),
                ("linear1.", "up."),
                ("linear2.", "down."),
                ("norm2.", "ln_2."),
            ):
                for kind in ("weight", "bias"):
                    theirs.get_parameter(a + kind).copy_(ours.get_parameter(b + kind))
    tokens = some()
    mask = nn.Transformer.generate_square_subsequent_mask(7, dtype=torch.float64)
    x = library(model.wte[tokens] + model.wpe[:7], mask if causal else None)
    expected = functional.layer_norm(x, (8,), model.ln_f.weight, model.ln_f.bias) @ model.wte.T
    torch.testing.assert_close(model(tokens, None, causal)[0], expected, **EXACT)


@pytest.mark.equation("eq-gpt-stream")
def test_every_printed_step_of_the_stream_is_that_of_the_blocks(printed: Equations) -> None:
    """The parts are the library's; what they are put together to is recorded in the model."""
    model, tokens = made(), some(5, 1)
    causal = torch.ones(5, 5).triu(1).bool()
    x, y = [model.wte[tokens] + model.wpe[:5]], []
    meet = []
    for block in model.blocks:
        block.ln_2.register_forward_hook(lambda _m, read, _o: y.append(read[0]))
        x.append(block(x[-1], None, True)[0])
        heads = nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64)
        with torch.no_grad():
            for name in ("weight", "bias"):
                heads.get_parameter(f"in_proj_{name}").copy_(block.qkv.get_parameter(name))
                heads.get_parameter(f"out_proj.{name}").copy_(block.proj.get_parameter(name))
        meet.append(heads)

    def norm(name: str) -> Given:
        """A norm of each block, as the library has it."""
        return Given(
            ("l",),
            lambda i: taking(
                lambda x: functional.layer_norm(
                    x,
                    (8,),
                    model.blocks[i - 1].get_parameter(f"{name}.weight"),
                    model.blocks[i - 1].get_parameter(f"{name}.bias"),
                )
            ),
        )

    def attend(i: int, x: Tensor) -> Tensor:
        return meet[i - 1](x, x, x, attn_mask=causal)[0]

    def alone(i: int, x: Tensor) -> Tensor:
        block = model.blocks[i - 1]
        return block.down(functional.gelu(block.up(x), approximate="tanh"))

    printed("eq-gpt-stream").holds(
        {
            "X": From(0, [part[0] for part in x]),
            "Y": [part[0] for part in y],
            r"W_{\text{token}}": lambda w: model.wte[w],
            r"W_{\text{position}}": lambda *i: model.wpe[list(i)],
            r"\mathbf{w}": tokens[0],
            "N": 5,
            r"\operatorname{LN}_1": norm("ln_1"),
            r"\operatorname{LN}_2": norm("ln_2"),
            r"\operatorname{MultiHead}": Given(("l",), lambda i: taking(lambda x: attend(i, x))),
            r"\operatorname{FFN}": Given(("l",), lambda i: taking(lambda x: alone(i, x))),
            "l": Each([1, 3]),
        }
    )


def test_attention_of_a_block_is_that_of_the_page_of_attention() -> None:
    model, tokens = made(), some()
    block = model.blocks[0]
    x = model.wte[tokens] + model.wpe[:7]
    qkv = block.qkv(block.ln_1(x))
    q, k, v = (attention.split_heads(part, 4) for part in qkv.chunk(3, -1))
    out, a = attention.attention(q, k, v, attention.causal_mask(7))
    stream, found, kept = block(x, None, True)
    torch.testing.assert_close(found, a, **EXACT)
    torch.testing.assert_close(kept, (k, v), **EXACT)
    after = x + block.proj(out.transpose(1, 2).flatten(2))
    expected = after + block.down(functional.gelu(block.up(block.ln_2(after)), approximate="tanh"))
    torch.testing.assert_close(stream, expected, **EXACT)


def test_no_prediction_depends_on_a_later_token() -> None:
    model, tokens = made(), some()
    logits = model(tokens)[0]
    for i in range(6):
        changed = tokens.clone()
        changed[:, i + 1 :] = (changed[:, i + 1 :] + 1) % 11
        other = model(changed)[0]
        torch.testing.assert_close(other[:, : i + 1], logits[:, : i + 1], **EXACT)
        assert (other[:, i + 1] - logits[:, i + 1]).abs().max() > 1e-3


def test_without_mask_and_positions_the_model_sees_a_set() -> None:
    model, tokens = made(), some(6, 1)
    order = torch.tensor([2, 0, 4, 1, 3, 5])
    plain = model(tokens, None, False, False)[0]
    moved = model(tokens[:, order], None, False, False)[0]
    torch.testing.assert_close(moved, plain[:, order], **EXACT)
    for causal, placed in ((True, False), (False, True), (True, True)):
        a = model(tokens, None, causal, placed)[0]
        b = model(tokens[:, order], None, causal, placed)[0]
        assert (b[:, -1] - a[:, -1]).abs().max() > 1e-3


@pytest.mark.equation("eq-gpt-readout")
def test_the_logits_are_a_sum_over_all_that_wrote_to_the_stream(printed: Equations) -> None:
    model, tokens = made(), some()
    written = [model.wte[tokens] + model.wpe[:7]]
    for block in model.blocks:
        for module in (block.proj, block.down):
            module.register_forward_hook(lambda _m, _i, out: written.append(out))
    logits = model(tokens)[0]
    stream = sum(written)
    assert isinstance(stream, Tensor)
    sigma = torch.sqrt(stream.var(-1, correction=0, keepdim=True) + 1e-5)
    total = (model.ln_f.bias @ model.wte.T).expand_as(logits)
    for part in written:
        centred = part - part.mean(-1, keepdim=True)
        total = total + (centred / sigma * model.ln_f.weight) @ model.wte.T
    assert len(written) == 7
    torch.testing.assert_close(logits, total, **EXACT)
    added = torch.stack([part[0, 4] for part in written])
    last = (model.ln_f.weight, model.ln_f.bias)
    printed("eq-gpt-readout").holds(
        {
            r"\mathbf{z}": column(logits[0, 4]),
            r"W_{\text{token}}": model.wte,
            r"\operatorname{LN}_f": on_columns(lambda x: functional.layer_norm(x, (8,), *last)),
            r"\mathbf{x}": column(stream[0, 4]),
            r"\mathbf{b}_f": column(model.ln_f.bias),
            r"\mathbf{g}_f": column(model.ln_f.weight),
            r"\Delta": From(0, columns(added)),
            r"\bar\Delta": From(0, added.mean(-1)),
            r"\mathbf{1}": np.ones((8, 1)),
            r"\sigma": sigma[0, 4, 0],
            "L": 3,
        }
    )


@pytest.mark.equation("eq-gpt-tied")
def test_the_gradient_of_the_tied_table_is_the_sum_of_both_uses(printed: Equations) -> None:
    model, tokens = made(), some()
    gpt.loss(model(tokens)[0], tokens).backward()
    tied = model.wte.grad
    read, write = (model.wte.detach().clone().requires_grad_() for _ in range(2))
    x = read[tokens] + model.wpe[:7]
    for block in model.blocks:
        x = block(x, None, True)[0]
    gpt.loss(model.ln_f(x) @ write.T, tokens).backward()
    assert read.grad is not None
    assert write.grad is not None
    torch.testing.assert_close(tied, read.grad + write.grad, **EXACT)
    printed("eq-gpt-tied").holds(
        {
            r"\nabla_{W_{\text{token}}}": tied,
            r"\nabla_{\text{as embedding}}": read.grad,
            r"\nabla_{\text{as unembedding}}": write.grad,
        }
    )
    assert min(read.grad.abs().max(), write.grad.abs().max()) > 1e-3


def test_the_unembedding_is_the_embedding() -> None:
    model = made()
    names = [name for name, p in model.named_parameters() if p.shape == (11, 8)]
    assert names == ["wte"]
    before = model(some())[0]
    with torch.no_grad():
        model.wte[10] += 100  # a token that does not occur below
    after = model(torch.where(some() == 10, 0, some()))[0]
    assert (after[..., 10] - before[..., 10]).abs().min() > 1e-3


# Training.


@pytest.mark.equation("eq-gpt-loss")
def test_the_loss_equals_the_librarys_cross_entropy_against_the_next_token(
    printed: Equations,
) -> None:
    logits, tokens = normal(2, 7, 11), some()
    expected = functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    torch.testing.assert_close(gpt.loss(logits, tokens), expected, **EXACT)
    model, text = made(), some(7, 1)

    def after(*before: int) -> Tensor:
        """The distribution of the next token, from a pass over the tokens before it alone."""
        return model(torch.tensor([before]))[0][0, -1].softmax(-1)

    call = r"p(\cdot \mid w_1, \dots, w_i)"
    known = {"w": text[0], "N": 7, "i": Each(range(1, 7))}
    at_once = model(text)[0]
    printed("eq-gpt-loss").holds(
        {
            **known,
            r"\ell": gpt.loss(at_once, text),
            "p": lambda word, *before: after(*before)[word],
            call: Given(("i",), lambda i: after(*text[0, :i])),
            r"\operatorname{softmax}": taking(lambda z: functional.softmax(z, -1)),
            r"\mathbf{z}": list(at_once[0]),
        },
        free=("w",),  # a token has no tenth
    )


def test_the_probabilities_of_all_texts_of_one_length_sum_to_one() -> None:
    model = made(TINY._replace(vocabulary=4))
    texts = torch.tensor(list(itertools.product(range(4), repeat=4)))
    texts = torch.cat([torch.zeros(len(texts), 1, dtype=torch.long), texts], 1)
    log_p = model(texts)[0][:, :-1].log_softmax(-1).gather(-1, texts[:, 1:, None])[..., 0].sum(1)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-11)
    each = torch.stack([-4 * gpt.loss(model(text[None])[0], text[None]) for text in texts[:9]])
    torch.testing.assert_close(each, log_p[:9], **EXACT)


@pytest.mark.equation("eq-gpt-gradient")
def test_gradient_by_the_logits_is_probability_minus_truth(printed: Equations) -> None:
    logits, tokens = normal(1, 2, 11).requires_grad_(), some(2, 1)
    gpt.loss(logits, tokens).backward()
    assert logits.grad is not None
    truth = functional.one_hot(tokens[:, 1], 11)
    expected = logits[:, 0].detach().softmax(-1) - truth
    torch.testing.assert_close(logits.grad[:, 0], expected, **EXACT)
    z = logits[0, 0, :5].detach()

    def believed(value: float, v: int) -> Callable[[int], Tensor]:
        """The probabilities if the logit of v has this value."""
        moved = z.clone()
        moved[v - 1] = value
        return lambda w: moved.softmax(-1)[w - 1]

    def slope(v: int) -> float:
        """What the library finds for the derivative of the logarithm of the sum."""
        leaf = z.clone().requires_grad_()
        return float(torch.autograd.grad(leaf.logsumexp(0), leaf)[0][v - 1])

    printed("eq-gpt-gradient").holds(
        {
            "z_v": Given(("v",), lambda v: z[v - 1]),
            "z": z.tolist(),
            r"\frac{\partial}{\partial z_v} \log \sum_u e^{z_u}": Given(("v",), slope),
            "u": Each(range(1, 6)),
            "p": Given(("z_v", "v"), believed),
            "w": 4,
            "v": Each(range(1, 6)),
        },
        tolerance=1e-8,
        free=("w", "z_v"),  # for every token and all logits
    )


@pytest.mark.equation("eq-gpt-start")
def test_training_starts_at_the_logarithm_of_the_vocabulary(printed: Equations) -> None:
    config = gpt.Config(vocabulary=512, context=64, layers=3, heads=4, width=64)
    model = gpt.GPT(config, torch.Generator().manual_seed(1))
    start = gpt.loss(model(some(64, 8, 512))[0], some(64, 8, 512)).item()
    assert start == pytest.approx(math.log(512), abs=0.05)
    printed("eq-gpt-start").holds({r"\ell_{\text{start}}": start, "V": 512.0}, about=0.008)


@pytest.mark.equation("eq-gpt-init")
def test_deeper_models_do_not_start_with_a_wider_stream() -> None:
    def added(layers: int, scaled: bool) -> float:
        config = gpt.Config(64, 32, layers, 4, 64)
        model = gpt.GPT(config, torch.Generator().manual_seed(2))
        tokens = some(32, 4, 64)
        x = start = model.wte[tokens] + model.wpe[:32]
        with torch.no_grad():
            for block in model.blocks:
                if not scaled:
                    block.proj.weight *= math.sqrt(2 * layers)
                    block.down.weight *= math.sqrt(2 * layers)
                x = block(x, None, True)[0]
        return (x - start).var().item()

    assert added(16, True) == pytest.approx(added(2, True), rel=0.5)
    assert added(16, False) > 5 * added(2, False)
    model = gpt.GPT(gpt.Config(64, 32, 8, 4, 64), torch.Generator().manual_seed(2))
    block = model.blocks[3]
    assert block.up.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert block.down.weight.std().item() == pytest.approx(0.02 / 4, rel=0.03)


@pytest.mark.equation("eq-gpt-init")
def test_the_printed_variance_of_six_independent_additions(printed: Equations) -> None:
    added = list(itertools.product([0.3, 1.7], repeat=6))  # each with variance 0.49
    printed("eq-gpt-init").holds(
        {
            r"\operatorname{Var}": Finite({r"\Delta": added}, moment="variance"),
            "v": 0.49,
            "L": 3,
        }
    )


def test_it_learns_what_no_bigram_can() -> None:
    """In abacabac… what follows an a depends on the token before it."""
    period = torch.tensor([[0, 1, 0, 2] * 4])
    tokens = torch.cat([period.roll(-shift, 1) for shift in range(4)])
    bigram = math.log(2) / 2  # sure after b and c, in two minds after a
    model = gpt.GPT(gpt.Config(3, 16, 1, 4, 32), torch.Generator().manual_seed(0))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(100):
        loss = gpt.loss(model(tokens)[0], tokens)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    unavoidable = (
        0.5 * math.log(2) / 15
    )  # the first a of two of the four texts has nothing before it
    assert unavoidable - 0.01 < gpt.loss(model(tokens)[0], tokens).item() < bigram / 4


# The cache.


@pytest.mark.equation("eq-gpt-cache")
@pytest.mark.parametrize("parts", [[1] * 9, [4, 5], [6, 1, 2], [9]])
def test_cached_decoding_equals_the_full_forward_pass(parts: list[int]) -> None:
    model, tokens = made(), some(9)
    logits, weights_full, _ = model(tokens)
    kept = None
    start = 0
    for n in parts:
        found, a, kept = model(tokens[:, start : start + n], kept)
        torch.testing.assert_close(found, logits[:, start : start + n], **EXACT)
        for ours, full in zip(a, weights_full, strict=True):
            rows = full[:, :, start : start + n, : start + n]
            torch.testing.assert_close(ours, rows, **EXACT)
        start += n


@pytest.mark.equation("eq-gpt-cache")
def test_the_printed_equality_with_the_cache(printed: Equations) -> None:
    model, tokens = made(), some(6, 1)
    _, _, kept = model(tokens[:, :5])
    found, _, _ = model(tokens[:, 5:], kept)
    printed("eq-gpt-cache").holds(
        {
            r"\operatorname{GPT}(w_{N+1} \mid \text{cache of } w_1, \dots, w_N)": found[0, 0],
            r"\operatorname{GPT}": lambda *w: list(model(torch.tensor([w]))[0][0]),
            "w": tokens[0],
            "N": 5,
        },
        free=("w",),  # a token has no tenth
    )


def test_writing_with_the_cache_equals_writing_without_it() -> None:
    model = made()
    found = gpt.generate(model, [1, 2, 3], 20, torch.Generator().manual_seed(4), temperature=0.8)
    generator, expected = torch.Generator().manual_seed(4), [1, 2, 3]
    for _ in range(20):  # longer than the context of 12
        logits = model(torch.tensor([expected[-12:]]))[0][0, -1]
        p = (logits / 0.8).softmax(-1)
        uniform = torch.rand((), generator=generator).item()
        expected.append(int((p.cumsum(0) <= uniform).sum()))
    assert found == expected


@pytest.mark.equation("eq-gpt-memory")
@pytest.mark.parametrize("n", [1, 5, 12])
def test_size_of_the_cache_against_its_tensors(n: int) -> None:
    kept = made()(some(n, 1))[2]
    stored = sum(part.numel() for pair in kept for part in pair)
    assert TINY.cache_bytes(n, 8) == 8 * stored
    assert TINY.cache_bytes(n) == 2 * stored


@pytest.mark.equation("eq-gpt-memory")
def test_the_printed_size_of_the_cache(printed: Equations) -> None:
    kept = made()(some(5, 1))[2]
    printed("eq-gpt-memory").holds(
        {
            r"\text{cache}": sum(part.nbytes for pair in kept for part in pair),
            "L": TINY.layers,
            "n": 5,
            "E": TINY.width,
            "b": torch.float64.itemsize,
        }
    )


# Counting.


@pytest.mark.equation("eq-gpt-parameters")
@pytest.mark.parametrize("name", list(gpt.GPT2))
def test_parameters_equal_those_of_the_released_gpt_2(name: str) -> None:
    config = gpt.GPT2[name]
    with torch.device("meta"):
        counted = sum(p.numel() for p in gpt.GPT(config).parameters())
    assert counted == config.parameters() == PUBLISHED[name]
    (row,) = [cells for cells in rows_of("tab-gpt-sizes") if cells[0] == name]
    shape = (config.layers, config.heads, config.width)
    assert row[1:] == [
        *(f"{count:,}" for count in (*shape, counted)),
        f"{PAPER[name]:,}M",
        f"{counted / 1e6:,.0f}M",
    ]


@pytest.mark.equation("eq-gpt-parameters")
def test_the_printed_count_of_parameters(printed: Equations) -> None:
    printed("eq-gpt-parameters").holds(
        {
            "P": sum(p.numel() for p in gpt.GPT(TINY).parameters()),
            "V": TINY.vocabulary,
            "C": TINY.context,
            "L": TINY.layers,
            "E": TINY.width,
        }
    )


@pytest.mark.equation("eq-gpt-flops")
@pytest.mark.parametrize(("n", "past"), [(1, 0), (7, 0), (1, 11), (4, 8)])
def test_operations_against_counted_ones(n: int, past: int) -> None:
    model = made()
    kept = model(some(past, 1))[2] if past else None
    with FlopCounterMode(display=False) as counter:
        model(some(n, 1), kept)
    assert counter.get_total_flops() == TINY.flops(n, past)


@pytest.mark.equation("eq-gpt-flops")
def test_the_printed_operations_are_the_counted_ones(printed: Equations) -> None:
    model = made()
    kept = model(some(7, 1))[2]
    with FlopCounterMode(display=False) as counter:
        model(some(4, 1), kept)
    printed("eq-gpt-flops").holds(
        {
            "F(n, m)": counter.get_total_flops(),
            "n": 4,
            "m": 7,
            "V": TINY.vocabulary,
            "L": TINY.layers,
            "E": TINY.width,
        }
    )


@pytest.mark.equation("eq-gpt-training")
def test_a_training_step_costs_three_forward_passes_and_about_six_a_parameter(
    printed: Equations,
) -> None:
    model, tokens = made(), some(12, 4)
    with FlopCounterMode(display=False) as counter:
        gpt.loss(model(tokens)[0], tokens).backward()
    assert counter.get_total_flops() == 3 * 4 * TINY.flops(12)
    small = gpt.GPT2["small"]
    per_token = 3 * small.flops(1024) / 1024
    assert per_token == pytest.approx(6 * small.parameters(), rel=0.2)
    exactly = 6 * (small.parameters() - 1024 * 768) + 12 * 12 * 1024 * 768
    assert per_token == pytest.approx(exactly, rel=1e-3)
    with torch.device("meta"):
        counted = sum(p.numel() for p in gpt.GPT(small).parameters())
    printed("eq-gpt-training").holds(
        {
            "F(n, 0)": Given(("n",), lambda n: float(small.flops(n))),
            "P": float(counted),
            "n": 64,
            "L": small.layers,
            "E": small.width,
            "V": small.vocabulary,
        },
        about=0.005,
        free=("n",),  # both sides grow with it
    )


# Choosing.


@pytest.mark.equation("eq-gpt-topk")
def test_top_k_keeps_the_k_best_in_their_proportions(printed: Equations) -> None:
    logits = normal(9)
    p = logits.softmax(-1)
    for k in range(1, 10):
        found = gpt.next_probabilities(logits, top_k=k)
        best = set(p.topk(k).indices.tolist())
        expected = torch.tensor([p[i] if i in best else 0.0 for i in range(9)]).double()
        torch.testing.assert_close(found, expected / expected.sum(), **EXACT)
    torch.testing.assert_close(gpt.next_probabilities(logits), p, **EXACT)
    cut = gpt.next_probabilities(logits, top_k=3)
    printed("eq-gpt-topk").holds(
        {
            "p_k": lambda w: cut[w],
            "p": lambda w: p[w],
            r"\mathcal{K}": set(p.topk(3).indices.tolist()),
            "w": Each(range(9)),
        },
        only=0,
        free=("p",),  # a factor cancels
    )


@pytest.mark.equation("eq-gpt-topp")
@pytest.mark.parametrize("top_p", [0.05, 0.3, 0.6, 0.9, 0.999, 1.0])
def test_top_p_keeps_the_fewest_tokens_that_hold_p(top_p: float) -> None:
    for seed in range(8):
        logits = normal(6, seed=seed)
        p = logits.softmax(-1)
        enough = [
            kept
            for size in range(1, 7)
            for kept in itertools.combinations(range(6), size)
            if p[list(kept)].sum() >= top_p - 1e-12
        ]
        fewest = min(len(kept) for kept in enough)
        best = max((k for k in enough if len(k) == fewest), key=lambda k: p[list(k)].sum().item())
        found = gpt.next_probabilities(logits, top_p=top_p)
        assert set(found.nonzero().flatten().tolist()) == set(best)
        torch.testing.assert_close(found[list(best)], p[list(best)] / p[list(best)].sum(), **EXACT)


@pytest.mark.equation("eq-gpt-topp")
def test_the_printed_cut_and_the_smallest_set_that_reaches_p_exactly(printed: Equations) -> None:
    logits = normal(6, seed=3)
    p, cut = logits.softmax(-1), gpt.next_probabilities(logits, top_p=0.6)
    best = p.argsort(descending=True).tolist()
    kept = next(best[:n] for n in range(1, 7) if p[best[:n]].sum() >= 0.6)
    assert 1 < len(kept) < 6
    printed("eq-gpt-topp").holds(
        {
            r"p_\rho": lambda w: cut[w],
            "p": lambda w: p[w],
            r"\mathcal{S}": set(kept),
            "w": Each(range(6)),
        },
        only=0,
        free=("p",),  # a factor cancels
    )
    # At least P: two of four equal tokens hold one half, and a third is not needed.
    equal = gpt.next_probabilities(torch.zeros(4).double(), top_p=0.5)
    assert equal.tolist() == [0.5, 0.5, 0, 0]


def test_temperature_comes_first_then_k_then_p_of_what_is_left() -> None:
    logits = torch.tensor([0.5, 0.25, 0.125, 0.125]).double().log()
    cool = gpt.next_probabilities(logits, temperature=0.5)
    torch.testing.assert_close(cool, (2 * logits).softmax(-1), **EXACT)
    # Of the two best, the first holds 2/3.
    assert gpt.next_probabilities(logits, top_k=2, top_p=0.6).tolist() == [1, 0, 0, 0]
    assert (gpt.next_probabilities(logits, top_k=2, top_p=0.7) > 0).tolist() == [1, 1, 0, 0]
    equal = gpt.next_probabilities(torch.zeros(5).double(), top_k=2)
    assert equal.tolist() == [0.5, 0.5, 0, 0, 0]  # ties go to the smaller number


@pytest.mark.equation("eq-gpt-pick")
def test_a_uniform_number_picks_each_token_as_often_as_its_probability(printed: Equations) -> None:
    p = torch.tensor([0.0, 0.25, 0.5, 0.0, 0.25, 0.0]).double()
    draws = Counter(gpt.pick(p, (i + 0.5) / 1000) for i in range(1000))
    assert draws == {1: 250, 2: 500, 4: 250}
    assert [gpt.pick(p, u) for u in (0.0, 0.25, 0.75, 1 - 1e-16)] == [1, 2, 4, 4]
    p = torch.tensor([0.12, 0.18, 0.16, 0.24, 0.2, 0.1], dtype=torch.float64)
    draws = Counter(gpt.pick(p, (i + 0.5) / 1000) for i in range(1000))
    known = {"F": lambda v: p[: v + 1].sum(), "v": Each(range(6))}
    equation = printed("eq-gpt-pick")
    equation.holds(
        {**known, "w": Given(("u",), lambda u: gpt.pick(p, u)), "u": 0.61}, only=0, free=("u", "F")
    )
    equation.holds(
        {
            **known,
            r"\Pr(w = v)": Given(("v",), lambda v: draws[v] / 1000),
            "p": lambda v: p[v],
        },
        only=1,
    )


# It refuses.


def test_bad_input_is_named() -> None:
    model = made()
    with pytest.raises(ValueError, match="3 heads do not divide a width of 8"):
        gpt.GPT(TINY._replace(heads=3))
    with pytest.raises(ValueError, match=r"0 \+ 13 tokens, context 12"):
        model(some(13))
    with pytest.raises(ValueError, match=r"8 \+ 5 tokens, context 12"):
        model(some(5), model(some(8))[2])
    for bad in ({"temperature": 0.0}, {"top_k": -1}, {"top_p": 0.0}, {"top_p": 1.5}):
        with pytest.raises(ValueError, match="out of range"):
            gpt.next_probabilities(normal(5), **bad)  # type: ignore[arg-type]


# The model of the demo.


def test_the_committed_weights_were_made_from_the_committed_corpus() -> None:
    model, merges, meta = loaded()
    text = weights.CORPUS.read_bytes()
    assert len(text) <= weights.LIMIT
    assert meta["sha256"] == hashlib.sha256(text).hexdigest()
    assert meta["parameters"] == sum(p.numel() for p in model.parameters())
    assert model.config == weights.SHAPE
    assert len(merges) == weights.MERGES
    assert (meta["seed"], meta["steps"]) == (weights.SEED, weights.STEPS)


@pytest.mark.equation("eq-gpt-bits")
def test_bits_per_character_of_the_held_out_text_are_as_recorded(printed: Equations) -> None:
    model, merges, meta = loaded()
    _, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    tokens = bpe.encode(held, merges)
    bits = weights.model_bits(model, tokens)
    assert len(bits) == len(tokens) - 1
    assert bits.sum().item() / len(held) == pytest.approx(meta["metric"]["value"], abs=2e-4)
    # The first half context has nothing before it: there the mean loss, in nats, says the same.
    start = torch.tensor([tokens[:33]])
    nats = gpt.loss(model(start)[0], start).item()
    characters = len(bpe.decode(tokens[1:33], merges))
    formula = nats / math.log(2) * 32 / characters
    assert bits[:32].sum().item() / characters == pytest.approx(formula, rel=1e-9)
    printed("eq-gpt-bits").holds(
        {
            r"\text{bits a character}": bits[:32].sum().item() / characters,
            r"\ell": nats,
            r"\text{tokens}": 32,
            r"\text{characters}": characters,
        }
    )


def test_the_model_beats_the_best_n_gram() -> None:
    _, _, meta = loaded()
    kept, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    order = meta["baseline"]["order"]
    bits = weights.ngram_bits(kept.encode(), held.encode(), order)[-1] / len(held)
    assert bits == pytest.approx(meta["baseline"]["bits_per_character"], abs=1e-4)
    assert meta["metric"]["value"] < bits


def test_the_n_gram_is_a_distribution() -> None:
    """Its bits for all bytes after one context are those of probabilities that sum to one."""
    train = b"abracadabra abracadabra"
    before = b"abr"
    shared = weights.ngram_bits(train, before, 4)
    longer = [weights.ngram_bits(train, before + bytes([b]), 4) for b in range(256)]
    for n in range(4):
        total = sum(2 ** (shared[n] - bits[n]) for bits in longer)
        assert total == pytest.approx(1, abs=1e-9)


# The page's numbers.


def visible(token: int) -> str:
    """A token as the page prints it."""
    return bpe.decode([token], loaded()[1]).replace(" ", "·").replace("\n", "↵")


def test_the_page_prints_the_tokens_of_its_prompt_and_what_comes_next() -> None:
    model, merges, _ = loaded()
    tokens = bpe.encode(figures.PROMPT, merges)
    said(f"into five tokens, {', '.join(f'`{visible(token)}`' for token in tokens)}")
    assert len(tokens) == 5
    logits = model(torch.tensor([tokens]))[0][0, -1]
    p = gpt.next_probabilities(logits)
    order = logits.argsort(descending=True).tolist()
    assert rows_of("tab-gpt-next") == [
        [f"`{visible(token)}`", f"{token}", f"{p[token]:.3f}"] for token in order[:5]
    ]
    drawn = gpt.pick(p, Random(1).uniform())
    assert p[order[:5]].sum() < 0.5
    assert drawn not in order[:5]
    said(
        f"the first draw is `{visible(drawn)}`, which that table does not show: most of the probability"
    )


def test_the_page_prints_how_merges_shorten_the_prompt() -> None:
    merges = loaded()[1]
    kept, _ = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    pieces = Counter(piece.decode() for piece in bpe.PIECE.findall(kept.encode()))
    expected = []
    for n in (0, 16, 64, 256):
        tokens = bpe.encode(figures.PROMPT, merges[:n])
        cut = " ".join(bpe.decode([t], merges).replace(" ", "·") for t in tokens)
        cuts = {piece: len(bpe.encode(piece, merges[:n])) for piece in pieces}
        ratio = len(kept.encode()) / sum(cuts[piece] * times for piece, times in pieces.items())
        expected.append([f"{n}", f"{len(tokens)}", f"`{cut}`", f"{ratio:.2f}"])
    assert rows_of("tab-gpt-merges") == expected


def test_the_page_prints_what_the_model_is_and_reaches() -> None:
    _, _, meta = loaded()
    kept, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    said(
        f"has {meta['parameters']:,} parameters",
        f"trained for {meta['steps']:,} steps of {weights.BATCH} texts on {len(kept):,} characters",
        f"on the {len(held):,} characters that were held out **{meta['metric']['value']:.2f}**",
        f"each of its {meta['tokens']:,} training tokens "
        f"{meta['steps'] * weights.BATCH * weights.SHAPE.context / meta['tokens']:.0f} times",
        f"the demo's model had {weights.DROPOUT} on what attention and MLP add",
    )
    baseline = meta["baseline"]
    said(f"needs {baseline['bits_per_character']:.2f} on the latter with $n = {baseline['order']}$")
    model, merges, _ = loaded()
    tokens = bpe.encode(kept, merges)
    half = weights.SHAPE.context // 2  # as for the held-out text: half a context before each token
    windows = torch.tensor(tokens).unfold(0, 2 * half + 1, half)
    with torch.no_grad():
        log_p = torch.cat([model(part[:, :-1])[0].log_softmax(-1) for part in windows.split(60)])
    nats = -log_p.gather(-1, windows[:, 1:, None])[:, half:, 0].mean().item()
    bits = nats / math.log(2) * len(tokens) / len(kept)
    said(f"On text that it was trained on it needs **{bits:.2f} bits a character**")


def test_the_page_tells_what_a_long_context_is_worth_where_it_matters() -> None:
    table = style.read_table(PAGE.with_suffix("") / "copy.csv")
    gpt_bits, spread, grams = (
        table[name][0]
        for name in ("gpt, second word", "gpt, second word, spread", "ngram, second word")
    )
    lines = figures.COPY_STEPS * figures.COPY_BATCH
    said(
        f"a word of {figures.WORD} random octal digits",
        f"one block and {figures.COPIER.parameters():,} parameters, trained for "
        f"{figures.COPY_STEPS} steps on {lines:,} such lines, needs **{gpt_bits:.3f} "
        f"± {spread:.3f} bits** a digit for the second words of {figures.COPY_TESTED} new lines",
        f"with $n$ up to {figures.ORDER} needs {grams:.2f} with the same lines",
        "(mean and standard deviation of five seeds)",
    )
    assert figures.SEEDS == 5
    times = math.sqrt(gpt.Config().width / figures.COPIER.width)
    said(
        f"The second can be copied from {figures.WORD + 1:d} places before",
        f"place {figures.WORD + 1:d} is the space. The GPT",
        f"puts {table['looks back'][0]:.2f} ± {table['looks back, spread'][0]:.2f} of its weight "
        f"{figures.WORD} places back",
        f"still needs {table['gpt, after an error'][0]:.3f} ± "
        f"{table['gpt, after an error, spread'][0]:.3f} bits a digit for those that follow",
        "(The weights start five times as large as GPT-2's",
    )
    assert times == pytest.approx(5, abs=0.15)
    place = table["place"]
    first = [b for p, b in zip(place, table["gpt"], strict=True) if p <= figures.WORD]
    second = [b for p, b in zip(place, table["gpt"], strict=True) if p > figures.WORD]
    assert min(first) > 2.9  # nobody can tell the first word
    assert max(second) < 0.05
    assert min(b for p, b in zip(place, table["ngram"], strict=True) if p != figures.WORD + 1) > 3
    model, test, _ = figures.learn_copies(figures.SEEDS)  # a seed that the figure does not use
    bits, attention = figures.copied(model, test, test)
    assert bits[figures.WORD :].mean() < 0.05
    assert figures.back(attention, figures.WORD) > 0.8
    assert max(figures.back(attention, figures.WORD + by) for by in (-1, 1)) < 0.2
    wrong = figures.changed(test, 0)
    assert ((wrong != test).sum(1) == 1).all()
    assert figures.WRONG == figures.WORD + 3  # the third digit after the space
    assert figures.copied(model, wrong, test)[0][figures.WRONG :].mean() < 0.05
    assert torch.equal(test[:, : figures.WORD], test[:, figures.WORD + 1 :])


@pytest.mark.equation("eq-gpt-cache")
def test_the_page_prints_how_little_the_cache_changes_in_the_model_of_the_demo() -> None:
    model, merges, _ = loaded()
    _, held = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    tokens = torch.tensor([bpe.encode(held, merges)[:64]])
    full = model(tokens)[0]
    kept, worst = None, 0.0
    for i in range(64):
        logits, _, kept = model(tokens[:, i : i + 1], kept)
        worst = max(worst, (logits[:, 0] - full[:, i]).abs().max().item())
    assert worst < 1e-13
    said("differ by less than $10^{-13}$ in the logits of the demo's model over 64 tokens")


def test_the_page_prints_what_the_demo_writes_first() -> None:
    model, merges, _ = loaded()
    source, tokens = Random(1), bpe.encode(figures.PROMPT, merges)
    drawn = []
    for _ in range(20):
        p = gpt.next_probabilities(model(torch.tensor([tokens[-64:]]))[0][0, -1])
        drawn.append(gpt.pick(p, source.uniform()))
        tokens.append(drawn[-1])
    text = " ".join(bpe.decode(tokens, merges).split())
    said(
        f"With seed 1 the first draw is `{visible(drawn[0])}`",
        f'The text reads "{text}": like this site',
    )


def test_what_the_figures_show() -> None:
    def read(name: str) -> style.Table:
        return style.read_table(PAGE.with_suffix("") / f"{name}.csv")

    peek = read("peek")
    at_70 = peek["step"].index(70)
    said(
        "training and test stay at 3. Without it the training loss falls to "
        f"{peek['open_train'][at_70]:.2f} after 70 steps and {peek['open_train'][-1]:.2f} after 140, "
        f"while the honest test rises to {peek['open_honest'][-1]:.1f} bits",
        f"has a standard deviation of {peek['open_honest_spread'][-1]:.1f} bits",
    )
    assert peek["step"][-1] == 140
    assert max(abs(x - 3) for x in peek["masked_train"][2:] + peek["masked_honest"][2:]) < 0.05
    context = read("context")
    seen, bits = context["seen"], context["gpt"]
    grams = [x for x in context["ngram"] if not math.isnan(x)]
    assert seen[grams.index(min(grams))] == 4
    later, own = bits[seen.index(3) :], context["training"]
    errors = context["gpt error"][seen.index(2) :]
    said(
        f"The n-gram falls to {min(grams):.2f} with four bytes",
        f"falls from {own[0]:.2f} with one token to {min(own):.2f} with 32. On held-out text it falls "
        f"from {bits[0]:.2f} to {later[0]:.2f} with three tokens and then stays between "
        f"{min(later):.2f} and {max(later):.2f}, with bars of {min(errors):.2f} to {max(errors):.2f}",
    )
    assert seen[own.index(min(own))] == 32
    assert max(later) - min(later) < 2 * max(errors)
    assert seen[-1] == 64
    repeat = read("repeat")
    at = dict(zip(repeat["temperature"], repeat["written"], strict=True))
    said(f"{at[0]:.2f} at 0 and {at[0.1]:.2f} at 0.1, {at[0.3]:.2f} at 0.3, and at 1")
    said("the mean and standard deviation of five at the others")
    assert figures.WRITTEN == 5
    said(f"and at 1 no more than the {repeat['held_out'][0]:.2f} of held-out text")
    assert at[1] <= repeat["held_out"][0]
    heads = read("heads")

    def looks(layer: int, head: int) -> list[list[float]]:
        """Rows of a head, from the second token on."""
        rows = zip(*heads.values(), strict=True)
        kept = [(i, a) for one, h, i, _, a in rows if (one + 1, h + 1) == (layer, head) and i]
        return [[a for j, a in kept if j == i] for i in sorted({i for i, _ in kept})]

    sink = [row[0] for row in looks(2, 2)]
    assert min(sink) == pytest.approx(0.80, abs=0.005)  # so says the page of attention as well
    assert [row.index(max(row)) for row in looks(3, 4)] == [0, 0, 0, 0]
    assert [row.index(max(row)) == 2 for row in looks(3, 1)] == [False, False, True, True]  # "tent"
    assert max(looks(3, 2)[-1]) < 0.26
    cached = read("cached")
    assert cached["anew"][0] == cached["cache"][0]
    said(
        f"it rises from {cached['anew'][0]:.2f} to nearly 300, with the cache it stays near "
        f"{cached['cache'][0]:.2f} to {cached['cache'][-1]:.2f}",
        f"in proportion to {cached['memory'][-1]:.0f} MiB at 1,024 tokens",
    )
    assert 290 < cached["anew"][-1] < 300
    small = gpt.GPT2["small"]
    lean = small.flops(1024) - 2 * 1023 * small.vocabulary * small.width
    said(
        f"computing 1,024 tokens anew takes {lean / 1e9:.0f} billion instead of {cached['anew'][-1]:.0f}",
        f"with 1,024 tokens, [{cached['cache'][-1]:.2f} billion operations instead of {lean / 1e9:.0f}]",
    )
    assert cached["length"][-1] == 1024


def test_targets_that_are_not_shifted_give_the_same_picture() -> None:
    train, honest = figures.peeked(0, causal=True, shift=0)
    assert train[-1] < 0.01
    assert honest[-1] > 8
    said("Targets that were not shifted gave the same picture in the one run that was tried")


def test_too_little_text_is_learned_by_heart_and_more_text_cures_it() -> None:
    table = style.read_table(PAGE.with_suffix("") / "overfit.csv")

    def at(name: str, step: int = gpt_fit.FIT_STEPS) -> str:
        """Mean and standard deviation of the seeds, as the page prints them."""
        row = table["step"].index(step)
        return f"{table[name][row]:.2f} ± {table[f'{name}, spread'][row]:.2f}"

    little = table["little, held out"]
    assert min(little) == little[table["step"].index(80)]
    assert table["all, held out"] == sorted(table["all, held out"], reverse=True)
    said(
        f"a piece of {gpt_fit.LITTLE:,} tokens, from three seeds: after {gpt_fit.FIT_STEPS} steps the "
        f"training text costs {at('little, training')} bits a character and held-out text "
        f"{at('little, held out')}, more than the {min(little):.2f} of step 80",
        f"the same model needs {at('all, held out')} on held-out text after as many steps, and "
        f"{at('all, training')[:4]} on its training text",
        f"Here it ends at {at('dropout, held out')}, no clear gain in three seeds",
        f"the training text is at {at('dropout, training')[:4]}",
        f"the training curve falls from {little[0]:.1f} to {at('little, training')[:3]}, while the "
        f"held-out curve falls to {min(little):.2f} and rises to {little[-1]:.1f}; when numbers are "
        f"dropped it rises to {at('dropout, held out')[:4]}. With all tokens the held-out curve falls "
        f"to {at('all, held out')[:4]}",
        f"(a random {gpt_fit.FIT_DROPOUT} of the numbers",
        f"GPTs of one block and {gpt_fit.FITTED.width} numbers a token",
        f"without it on all {loaded()[2]['tokens']:,}",
    )
    assert (gpt_fit.FIT_SEEDS, gpt_fit.FITTED.layers) == (3, 1)
    model = gpt.GPT(gpt_fit.FITTED, torch.Generator().manual_seed(0))
    weights.dropped(model, 0.3, torch.Generator().manual_seed(1))
    added: list[Tensor] = []
    model.blocks[0].down.register_forward_hook(lambda _m, _i, out: added.append(out))
    model(some(32, 16, 512))
    assert (added[0] == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    model.eval()(some(32, 16, 512))
    assert not (added[1] == 0).any()


def test_the_stream_of_the_demo_grows_from_block_to_block() -> None:
    model, merges, _ = loaded()
    tokens = torch.tensor([bpe.encode(figures.PROMPT, merges)])
    x = model.wte[tokens] + model.wpe[: tokens.shape[1]]
    lengths = [x.norm(dim=-1).mean().item()]
    for block in model.blocks:
        x = block(x, None, True)[0]
        lengths.append(x.norm(dim=-1).mean().item())
    start, first, second, third = lengths
    said(
        f"is {start:.1f} at the start and {first:.1f}, {second:.1f} and {third:.1f} after the three"
    )


def test_the_file_runs_alone_and_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    gpt.main()
    torch.set_num_threads(threads)
    lines = capsys.readouterr().out.splitlines()
    p = rows_of("tab-gpt-example")[2][1:]
    words = [word.strip() for word in gpt.WORDS]
    assert lines[0] == "by hand " + " ".join(f"{w} {x}" for w, x in zip(words, p, strict=True))
    assert lines[1] == "loss: 0.172 nats a token"
    learned = re.search(r"tea (\S+) ", lines[2])
    assert learned
    assert float(learned[1]) > 0.9


def test_numbers_of_other_models() -> None:
    gpt_3 = gpt.Config(context=2048, layers=96, heads=96, width=12_288)
    assert gpt_3.parameters() == pytest.approx(174.6e9, rel=1e-4)
    said(
        f"would be another {gpt.Config().vocabulary * 768 / 1e6:.1f} million parameters on top of "
        f"{gpt.Config().parameters() / 1e6:.1f} million"
    )
    said(f"For one token GPT-2 XL takes {gpt.GPT2['XL'].cache_bytes(1) / 2**10:.0f} KiB")
    assert 6 * gpt_3.parameters() * 300e9 == pytest.approx(3.14e23, rel=2e-3)
    xl = gpt.GPT2["XL"]
    assert xl.cache_bytes(1) == 300 * 2**10
    second = gpt.Config().vocabulary * 768
    assert second == pytest.approx(38.6e6, rel=1e-3)


# Exercises.


@pytest.mark.answer("answer-gpt-tom")
def test_exercise_1_the_other_name(answer: Bench) -> None:
    model = by_hand()
    logits = model(torch.tensor([[1]]))[0][0, 0]
    assert logits[[2, 1, 3, 4]].tolist() == pytest.approx([3.58, 1.79, 0, 0], abs=5e-3)
    p = logits.softmax(-1)
    assert (p[2].item(), p[3].item()) == pytest.approx((0.814, 0.023), abs=5e-4)
    later = model(torch.tensor([[0, 2]]))[0][0, 1].softmax(-1)[3]
    stream = model.blocks[0]((model.wte[1] + model.wpe[0])[None, None], None, True)[0]
    assert stream[0, 0].tolist() == pytest.approx([2, -6, 6, -2], abs=1e-3)
    read = model.blocks[0].up(model.blocks[0].ln_2(2 * model.wte[1]))
    assert read.max().item() == pytest.approx(4, abs=1e-3)
    answer("answer-gpt-tom").is_((p[2].item(), p[3].item()), (p[2].item(), later.item()))


@pytest.mark.answer("answer-gpt-cut")
def test_exercise_2_by_hand(answer: Bench) -> None:
    logits = torch.tensor([0.5, 0.25, 0.125, 0.125]).double().log()
    first = []
    for choice in ({"top_k": 2}, {"top_p": 0.7}):
        found = gpt.next_probabilities(logits, **choice).tolist()  # type: ignore[arg-type]
        assert found == pytest.approx([2 / 3, 1 / 3, 0, 0])
        first.append(found[0])
    cool = gpt.next_probabilities(logits, temperature=0.5).tolist()
    assert cool == pytest.approx([0.727, 0.182, 0.045, 0.045], abs=5e-4)
    hot = gpt.next_probabilities(logits, temperature=2).tolist()
    answer("answer-gpt-cut").is_((*first, cool[0]), (0.5, 0.5, cool[0]), (*first, hot[0]))


@pytest.mark.answer("answer-gpt-merges")
def test_exercise_3_merges(answer: Bench) -> None:
    text = "low low lower lowest"
    merges = bpe.train_bpe(text, 3)
    assert [bpe.decode([256 + i], merges) for i in range(3)] == ["ow", "low", " low"]
    assert len(bpe.encode(text, merges)) == 9
    assert len(bpe.encode(text, [])) == 20
    words = len(bpe.PIECE.findall(text.encode()))
    answer("answer-gpt-merges").is_(len(bpe.encode(text, merges)), len(bpe.encode(text, [])), words)


@pytest.mark.answer("answer-gpt-first")
def test_exercise_4_parameters_of_the_first_gpt(answer: Bench) -> None:
    first = gpt.Config(vocabulary=40_478, context=512)
    assert (first.layers, first.width) == (12, 768)
    assert first.parameters() - 2 * 768 == 116_534_784
    answer("answer-gpt-first").is_(first.parameters() - 2 * 768, first.parameters())


@pytest.mark.answer("answer-gpt-cache")
def test_exercise_5_cache_of_gpt_2_xl(answer: Bench) -> None:
    cached = gpt.GPT2["XL"].cache_bytes(1024)
    assert cached == 314_572_800 == 300 * 2**20
    assert 2 * gpt.GPT2["XL"].parameters() == pytest.approx(3.1e9, rel=0.01)
    answer("answer-gpt-cache").is_(cached / 2**20, cached / 2**21, cached / 1e6)


@pytest.mark.answer("answer-gpt-tenth")
def test_exercise_6_where_attention_is_a_tenth(answer: Bench) -> None:
    n = 7372
    layers, e = 96, 12_288
    assert 4 * layers * n * e / (24 * layers * e * e) == pytest.approx(0.1, rel=1e-3)
    gpt_3 = gpt.Config(vocabulary=0, context=0, layers=layers, heads=96, width=e)
    plain = gpt_3.flops(1) - 4 * layers * e
    assert plain / (4 * layers * e) * 0.1 == pytest.approx(7372.8)
    answer("answer-gpt-tenth").is_(
        math.floor(0.1 * plain / (4 * layers * e)), plain / (4 * layers * e)
    )


@pytest.mark.answer("answer-gpt-peek")
def test_exercise_7_a_head_that_reads_the_answer(answer: Bench) -> None:
    tokens = some(8, 1, 8)
    p = torch.eye(9, dtype=torch.float64)
    x = functional.one_hot(tokens[0], 8).double()
    out, _ = attention.attention(p[1:9], p[:8], x, scale=50.0)
    assert gpt.loss(50 * out[None], tokens).item() < 1e-6
    own, _ = attention.attention(p[:8], p[:8], x, scale=50.0)
    assert gpt.loss(50 * own[None], tokens).item() > 1
    answer("answer-gpt-peek").is_("One with a head that looks at the next position.")


@pytest.mark.answer("answer-gpt-three")
def test_exercise_8_three_names(answer: Bench) -> None:
    texts = torch.tensor([[i, 3, 4 + i, 7] for i in range(3)])
    blind = gpt.GPT(gpt.Config(8, 4, 1, 1, 4), torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        blind.blocks[0].proj.weight.zero_()  # attention adds nothing: nobody can look back
    blind.blocks[0].proj.requires_grad_(requires_grad=False)
    rest = figures.taught(blind, texts, 400)[-1]
    assert rest == pytest.approx(math.log(3) / 3, abs=0.01)
    answer("answer-gpt-three").is_(math.log(3) / 3, math.log(3))


# The demo.

W = {"weights": "models/gpt/weights.json"}


def arguments() -> list[tuple[str, list[Any]]]:
    """Functions of gpt.mjs and what they are called with."""
    model, merges, _ = loaded()
    prompt = bpe.encode(figures.PROMPT, merges)
    odd = bpe.encode("naïve 🙂", merges)
    logits = [round(x, 6) for x in model(torch.tensor([prompt]))[0][0, -1].tolist()]
    cases: list[tuple[str, list[Any]]] = [("encode", [W, text]) for text in TEXTS]
    cases += [("decode", [W, tokens]) for tokens in (prompt, odd, odd[:-1], [])]
    for causal, placed in itertools.product((True, False), repeat=2):
        cases.append(("forward", [W, prompt, {"causal": causal, "placed": placed}]))
    cases.append(("forward", [W, odd, {}]))
    cases.append(("way", [W, prompt, {}, {"query": 4, "layer": 1, "head": 2}]))
    cases.append(("way", [W, prompt, {"placed": False}, {"query": 2, "layer": 2, "head": 0}]))
    for choice in (
        {},
        {"temperature": 0.5},
        {"temperature": 2, "topK": 20},
        {"topP": 0.5},
        {"temperature": 0.8, "topK": 50, "topP": 0.9},
        {"topK": 1},
    ):
        cases.append(("probabilities", [logits, choice]))
    cases += [("pick", [[0, 0.25, 0.5, 0, 0.25], u]) for u in (0, 0.2, 0.25, 0.74, 0.9999)]
    cases += [("generate", [W, prompt, 70, 1, {"temperature": 0.8, "topP": 0.95}])]
    cases += [("generate", [W, [10], 5, 7, {}, {"placed": False}])]
    cases += [("shuffled", [list(range(40, 50)), seed]) for seed in (1, 2)]
    cases += [("shuffled", [[7, 8], 1])]
    texts = ("Ann", "Ann likes", "Tom likes milk.", "Bob likes", "Ann likes tea. Tom")
    cases += [("example", [text]) for text in texts]
    cases += [("distance", [[0.5, 0.25, 0.25, 0], [0.25, 0, 0.25, 0.5]])]
    return cases


@torch.no_grad()
def way(tokens: list[int], switches: dict[str, bool], at: dict[str, int]) -> list[dict[str, Any]]:
    """The stream of one token after every step, read off the model's own parts while it runs."""
    model, _, _ = loaded()
    rows: list[dict[str, Any]] = []

    def push(step: str, layer: int, x: Tensor) -> None:
        p = (model.ln_f(x) @ model.wte.T).softmax(-1)
        best = {"token": int(p.argmax()), "p": float(p.max())}
        rows.append({"step": step, "layer": layer, "values": x.tolist(), **best})

    def three(layer: int, out: Tensor) -> None:
        parts = out[0, at["query"]].view(3, model.config.heads, -1)[:, at["head"]]
        for name, values in zip(("query", "key", "value"), parts, strict=True):
            rows.append(
                {"step": name, "layer": layer, "values": values.tolist(), "token": -1, "p": 0}
            )

    handles = []
    for layer, block in enumerate(model.blocks):
        handles += [
            block.ln_2.register_forward_pre_hook(
                lambda _m, x, layer=layer: push("attention", layer, x[0][0, at["query"]])
            ),
            block.register_forward_hook(
                lambda _m, _i, out, layer=layer: push("network", layer, out[0][0, at["query"]])
            ),
        ]
        if layer == at["layer"]:
            handles.append(
                block.qkv.register_forward_hook(lambda _m, _i, out, layer=layer: three(layer, out))
            )
    token = model.wte[tokens[at["query"]]]
    placed = switches.get("placed", True)
    push("token", 0, token)
    push("position", 0, token + placed * model.wpe[at["query"]])
    model(torch.tensor([tokens]), None, switches.get("causal", True), placed)
    for handle in handles:
        handle.remove()
    return rows


def answer(function: str, args: list[Any]) -> Any:
    """What Python gives."""
    model, merges, _ = loaded()

    def chances(logits: Tensor, choice: dict[str, Any]) -> Tensor:
        return gpt.next_probabilities(
            logits, choice.get("temperature", 1), choice.get("topK", 0), choice.get("topP", 1)
        )

    if function == "example":
        pieces = [piece.decode() for piece in bpe.PIECE.findall(args[0].encode())]
        words = [gpt.WORDS.index(piece) for piece in pieces if piece in gpt.WORDS]
        z = by_hand()(torch.tensor([words[-4:]]))[0][0, -1]
        return {"tokens": words, "p": z.softmax(-1).tolist()}
    if function == "encode":
        return bpe.encode(args[1], merges)
    if function == "decode":
        return bpe.decode(args[1], merges)
    if function == "forward":
        switches = args[2]
        tokens = torch.tensor([args[1][-64:]])
        logits, a, _ = model(
            tokens, None, switches.get("causal", True), switches.get("placed", True)
        )
        return {"logits": logits[0, -1].tolist(), "attention": [layer[0].tolist() for layer in a]}
    if function == "way":
        return way(*args[1:])
    if function == "probabilities":
        return chances(torch.tensor(args[0], dtype=torch.float64), args[1]).tolist()
    if function == "pick":
        return gpt.pick(torch.tensor(args[0], dtype=torch.float64), args[1])
    if function == "shuffled":
        tokens, source = list(args[0]), Random(args[1])
        for i in reversed(range(1, len(tokens) - 1)):  # Fisher and Yates; the last token stays
            j = source.integer(i + 1)
            tokens[i], tokens[j] = tokens[j], tokens[i]
        return tokens
    if function == "distance":  # of all sets of outcomes, the one whose probabilities differ most
        gaps = [a - b for a, b in zip(*args, strict=True)]
        return sum(gap for gap in gaps if gap > 0)
    _, tokens_, count, seed, choice, *rest = args
    switches, source = (rest or [{}])[0], Random(seed)
    out = list(tokens_)
    for _ in range(count):
        placed = switches.get("placed", True)
        logits = model(torch.tensor([out[-64:]]), None, True, placed)[0][0, -1]
        out.append(gpt.pick(chances(logits, choice), source.uniform()))
    return out


def golden() -> dict[str, Any]:
    """The cases that both sides must agree on."""
    cases = [
        {"function": function, "args": args, "returns": answer(function, args)}
        for function, args in arguments()
    ]
    return {"module": "models/gpt/gpt.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_the_demo_cuts_text_by_the_same_expression() -> None:
    source = (PAGE.with_suffix("") / "gpt.mjs").read_text(encoding="utf-8")
    found = re.search(r"const PIECE = /(.*)/g;", source)
    assert found
    assert found[1] == bpe.PIECE.pattern.decode()
