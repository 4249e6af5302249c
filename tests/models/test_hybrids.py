"""Hybrids of layers: the example by hand, the equations, the cache of Jamba, what the stacks recall."""

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from docs.models.hybrids import hybrids
from scripts.figures import hybrids as figures
from scripts.figures import hybrids_diagram, style
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "hybrids.md"
DATA = PAGE.parent / "hybrids"
said = sayings(PAGE)
rows_of = tables(PAGE)


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(DATA / f"{name}.csv")


def printed_as(value: float) -> str:
    """A number with two decimals as the page has it."""
    return f"{value:.2f}".replace("-", "−")


def state_of_the_log() -> Tensor:
    """The state after a, b and c, entry by entry."""
    state = torch.zeros(1, 2, dtype=torch.float64)
    for k, v in zip(hybrids.KEYS, hybrids.VALUES, strict=True):
        state = hybrids.write(state, k, v)
    return state


def test_the_example_by_hand() -> None:
    state = state_of_the_log()
    np.testing.assert_allclose(state[0], [1 + 0.6, -1 + 0.8])
    np.testing.assert_allclose(
        state, np.einsum("nv,nd->vd", hybrids.VALUES.numpy(), hybrids.KEYS.numpy())
    )
    keys, values = hybrids.KEYS.numpy(), hybrids.VALUES.numpy()[:, 0]
    for name, row, q in zip("abc", rows_of("tab-hybrids-recall"), hybrids.KEYS, strict=True):
        weights = np.exp(20 * keys @ q.numpy())
        by_hand = float(weights @ values / weights.sum())
        by_code = hybrids.read_cache(hybrids.KEYS, hybrids.VALUES, q).item()
        assert by_code == pytest.approx(by_hand)
        stored = hybrids.read_state(state, q).item()
        assert stored == pytest.approx(1.6 * q[0].item() - 0.2 * q[1].item())
        value = int(values["abc".index(name)])
        assert row == [name, str(value).replace("-", "−"), printed_as(stored), printed_as(by_code)]
    share = math.exp(-4)
    said(
        f"$e^{{16 - 20}} = {share:.3f}$",
        f"the weights are {1 / (1 + share):.3f} and {share / (1 + share):.3f}",
        "the answer is $-0.982 + 0.018 = -0.96$",
        "the state keeps 2 numbers, attention 9",
    )
    assert hybrids.KEYS.numel() + hybrids.VALUES.numel() == 9
    assert state.numel() == 2


def test_the_diagram_shows_the_numbers_of_the_example() -> None:
    table = hybrids_diagram.numbers()
    one, two = table["b"]
    mixed, target = table["mixed"]
    places = table["places"]
    said(
        f"by themselves, the state S = (1.6, −0.2) answers {printed_as(one)}, the cache of all keys "
        f"and values leads to about "
        f"{printed_as(two)}",
        f"Above, {printed_as(one)} and {printed_as(two)} are what a layer answers by itself",
        f"are mixed to {mixed:.1f}; the flow head",
        f"compares its velocity with −{-target:.1f}, and",
        f"from the noise {places[0]:.2f} four steps, each with a call of the flow head on the place and z, lead over "
        f"{places[1]:.2f}, {places[2]:.2f} and {places[3]:.2f} to {places[4]:.2f}",
        f"$0.5 \\cdot 1 + 0.5 \\cdot 0.4 = {mixed:.1f}$",
        f"$0.4 - 1 = {target:.1f}$",
    )
    assert len(places) == hybrids_diagram.CALLS + 1


# The equations.


@pytest.mark.equation("eq-hybrids-full")
def test_a_state_answers_for_all_logs_only_if_it_has_as_many_values(printed: Equations) -> None:
    most = max(m for m in range(1, 9) if 4**m <= len(range(2**6)))
    assert most == 3
    printed("eq-hybrids-full").holds({"A": 4, "M": most, "b": 6})
    printed("eq-hybrids-full").holds({"A": 3, "M": 4, "b": 7})
    bits = 16 * math.log2(hybrids.ANSWERS)
    said(
        f"16 pairs with {hybrids.ANSWERS} values are {bits:.0f} bits, and the small stack keeps "
        f"{hybrids.kept('RRRR', 48)} numbers of 32 bits: {hybrids.kept('R', 48) - hybrids.WIDTH} in each state, and in "
        f"each layer the {hybrids.WIDTH} of the token before."
    )
    assert torch.tensor(0.5).element_size() * 8 == 32


@pytest.mark.equation("eq-hybrids-bytes")
@pytest.mark.equation("eq-hybrids-equal")
def test_bytes_are_those_of_the_tensors(printed: Equations) -> None:
    full, recurrent, heads, width, tokens, held = 3, 6, 5, 7, 11, 13
    cache = [torch.zeros(2, heads, tokens, width) for _ in range(full)]
    states = [torch.zeros(held) for _ in range(recurrent)]
    total = sum(x.nbytes for x in [*cache, *states])
    assert total == hybrids.cache_bytes(full, heads, width, tokens, 4) + hybrids.state_bytes(
        recurrent, held, 4
    )
    names = {r"L_{\mathrm{A}}": full, r"L_{\mathrm{R}}": recurrent, "G": heads, "W": width}
    printed("eq-hybrids-bytes").holds({"B": total, "p": 4, "N": tokens, "s": held, **names})
    equal = next(
        n
        for n in range(1, 99)
        if hybrids.cache_bytes(full, heads, width, n) == hybrids.state_bytes(recurrent, 490)
    )
    printed("eq-hybrids-equal").holds({"N": equal, "s": 490, **names})


def test_jambas_cache_has_the_bytes_that_its_authors_give() -> None:
    layers = figures.SHARES["one in eight"]
    equal = next(
        n
        for n in range(1, 9999)
        if hybrids.cache_bytes(layers, figures.KV_HEADS, figures.HEAD_WIDTH, n)
        >= hybrids.state_bytes(figures.LAYERS - layers, figures.STATE)
    )
    long = hybrids.cache_bytes(layers, figures.KV_HEADS, figures.HEAD_WIDTH, 262_144) / 2**30
    every = hybrids.cache_bytes(figures.LAYERS, figures.KV_HEADS, figures.HEAD_WIDTH, 262_144)
    held = hybrids.state_bytes(figures.LAYERS - layers, figures.STATE) / 2**20
    each = hybrids.cache_bytes(layers, figures.KV_HEADS, figures.HEAD_WIDTH, 1)
    channels, state, token = (
        f"{n:,}".replace(",", "{,}") for n in (figures.CHANNELS, figures.STATE, each)
    )
    assert each == 4 * 2 * 8 * 128 * 2
    said(
        f"In Jamba, at 262,144 tokens, the cache of {layers} layers takes {long:.1f} GiB, and the states of the other "
        f"{figures.LAYERS - layers} take {held:.2f} MiB.",
        f"For each token the cache has $4 \\cdot 2 \\cdot 8 \\cdot 128 \\cdot 2 = {token}$ bytes: "
        f"{layers} layers, keys and "
        f"values, {figures.KV_HEADS} heads of width {figures.HEAD_WIDTH}, 2 bytes a number",
        f"Jamba has {layers} layers of attention with {figures.KV_HEADS} heads of width {figures.HEAD_WIDTH}, and "
        f"{figures.LAYERS - layers} Mamba layers with {figures.CHANNELS:,} channels of {figures.HELD} numbers and a "
        f"short convolution, for which the last {figures.LAST} inputs of each channel are kept",
        f"That is $s = {channels} \\cdot ({figures.HELD} + {figures.LAST}) = {state}$, so {equal} "
        f"tokens; at 262,144 tokens the cache has {long:.1f} GiB, and its authors give 4 GB, "
        f"against {every / 2**30:.0f} GB of Mixtral, which has attention in all {figures.LAYERS} layers",
    )
    table = numbers("bytes")
    level = set(table["none"])
    assert len(level) == 1
    said(f"The level line is {level.pop():.3f} GiB.")
    for name in ("all", "one in four", "one in eight"):
        assert all(a < b for a, b in zip(table[name], table[name][1:], strict=False))


# What the stacks recall.


def percent(name: str, pairs: int, digits: int = 1) -> str:
    """The mean share of the figure, in per cent."""
    table = numbers("recall")
    return f"{100 * table[name][table['pairs'].index(pairs)]:.{digits}f}"


def test_what_the_stacks_recall() -> None:
    table = numbers("recall")
    last = table["pairs"].index(16)

    def told(name: str) -> str:
        least, most = (f"{100 * table[f'{name}, {end}'][last]:.0f}" for end in ("least", "most"))
        return f"{percent(name, 16, 0)} % ({least} to {most} % over the seeds)"

    right, local, states = percent("RRRA", 16, 2), percent("RRRL", 16, 0), percent("RRRR", 16, 0)
    few, long = (f"{figures.STACKS[name][2]:,}" for name in ("RRRR, short", "RRRR"))
    assert {n: f"{steps:,}" for n, (_, _, steps) in figures.STACKS.items()} == {
        "RRRA": few,
        "RRRL": long,
        "RRRR, wide": long,
        "RRRR": long,
        "RRRR, short": few,
    }
    assert figures.STACKS["RRRR, wide"][1] == 2 * figures.STACKS["RRRR"][1]
    said(
        f"answers {right} % right after {few} steps of training. With states only it is {told('RRRR, short')} then, "
        f"and {told('RRRR').removesuffix(' over the seeds)')}) after {long}:",
        f"States twice as large reach {percent('RRRR, wide', 16, 0)} %.",
        f"reaches {local} % after {long} steps",
        f"| {states} % of 16 pairs, {percent('RRRR, short', 16, 0)} % after a quarter of the steps | one "
        f"layer of attention in four: {right} % | a cache that grows: "
        f"{hybrids.kept('RRRA', 48):,} numbers kept after 48 tokens, not {hybrids.kept('RRRR', 48)} |",
        f"| {local} % of 16 pairs | attention to all tokens: {right} % | "
        f"{hybrids.kept('A', 48)} numbers in this layer after 48 tokens, not {hybrids.kept('L', 48)} |",
        f"{hybrids.kept('A', 2) - hybrids.kept('A', 1)} numbers for each token and layer, with the token before "
        f"{hybrids.kept('A', 48)} after 48 tokens, where a window of {hybrids.WINDOW} keeps {hybrids.kept('L', 48)}",
        f"is right for {percent('RRRL', 2, 0)} % of 2 pairs and {percent('RRRL', 8, 0)} % of 8, and for "
        f"{local} % of 16",
        "Mean and range of three seeds, 200 new texts each; the thin line is guessing. "
        f"{long} steps of training, and {few} with attention to all tokens and for the curve of a quarter.",
        f"Local attention sees the last {hybrids.WINDOW} tokens: {hybrids.WINDOW // 2} pairs at the first question",
    )
    assert figures.SEEDS == 3
    assert all(round(least, 2) == 1 for least in table["RRRA, least"])
    for name in ("RRRL", "RRRR", "RRRR, wide", "RRRR, short"):
        assert all(a >= b for a, b in zip(table[name], table[name][1:], strict=False)), name
    assert all(a >= b for a, b in zip(table["RRRR"], table["RRRR, short"], strict=True))
    assert all(a >= b for a, b in zip(table["RRRR, wide"], table["RRRR"], strict=True))


def test_a_layer_is_causal_and_its_state_equals_the_sum_over_the_past() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 20, hybrids.WIDTH, generator=generator)
    changed = x.clone()
    changed[:, 12:] += 1
    for kind in "RLA":
        layer = hybrids.Layer(kind, hybrids.KEY, generator)
        with torch.no_grad():
            before, after = layer(x), layer(changed)
        torch.testing.assert_close(before[:, :12], after[:, :12])
        assert not torch.allclose(before[:, 12:], after[:, 12:])
    layer = hybrids.Layer("R", hybrids.KEY, generator)
    normal = torch.nn.functional.normalize
    with torch.no_grad():
        h = torch.nn.functional.rms_norm(x[0], (hybrids.WIDTH,))
        state, rows, last = torch.zeros(hybrids.VALUE, hybrids.KEY), [], torch.zeros(hybrids.WIDTH)
        for token in h:
            both = torch.cat([token, last])
            state = hybrids.write(state, normal(both @ layer.k, dim=0), both @ layer.v)
            rows.append(hybrids.read_state(state, normal(token @ layer.q, dim=0)))
            last = token
        o = torch.stack(rows)
        expected = x[0] + torch.nn.functional.rms_norm(o, (hybrids.VALUE,)) @ layer.out
        torch.testing.assert_close(layer(x)[0], expected, rtol=1e-4, atol=1e-4)


def test_local_attention_does_not_see_beyond_its_window() -> None:
    generator = torch.Generator().manual_seed(1)
    layer = hybrids.Layer("L", hybrids.KEY, generator)
    x = torch.randn(1, 40, hybrids.WIDTH, generator=generator)
    changed = x.clone()
    changed[:, 3] += 1
    with torch.no_grad():
        differs = (layer(x) - layer(changed)).abs().amax((0, 2)) > 1e-6
    # the key of token 4 also holds token 3, so its trace ends one place later
    assert differs.nonzero().flatten().tolist() == list(range(3, 4 + hybrids.WINDOW))


def test_texts_ask_each_key_for_the_value_beside_it() -> None:
    tokens, answers = hybrids.texts(5, 3, torch.Generator().manual_seed(0))
    for row, asked in zip(tokens.tolist(), answers.tolist(), strict=True):
        told = dict(zip(row[:10:2], (v - hybrids.WORDS for v in row[1:10:2]), strict=True))
        assert len(told) == 5
        assert [told[key] for key in row[10:]] == asked
    with pytest.raises(ValueError, match="33 pairs"):
        hybrids.texts(33, 1, torch.Generator())
    with pytest.raises(ValueError, match="not 'X'"):
        hybrids.Layer("X", 4, torch.Generator())


def test_training_begins_to_learn_in_a_few_steps() -> None:
    torch.set_num_threads(1)
    nets = {steps: hybrids.train("A", 0, steps) for steps in (1, 40)}
    shares = {steps: hybrids.right(net, 2, 0) for steps, net in nets.items()}
    assert shares[40] > 3 / hybrids.ANSWERS > shares[1]


# The exercises.


def test_the_program_prints_the_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = runpy.run_path(str(DATA / "hybrids.py"))
    monkeypatch.setitem(module["main"].__globals__, "STEPS", 1)
    monkeypatch.setitem(
        module["main"].__globals__,
        "train",
        lambda pattern, seed: module["Stack"](pattern, torch.Generator().manual_seed(seed)),
    )
    module["main"]()
    told = capsys.readouterr().out
    assert "state [1.6, -0.2]" in told
    assert "Jamba, 262,144 tokens: 4.0 GiB, told 4 GB" in told


@pytest.mark.answer("answer-hybrids-try")
@pytest.mark.answer("answer-hybrids-fourth")
def test_exercises_with_a_fourth_entry(answer: Bench) -> None:
    d = torch.tensor([-0.6, 0.8], dtype=torch.float64)
    state = hybrids.write(state_of_the_log(), d, torch.tensor([-1.0], dtype=torch.float64))
    answer("answer-hybrids-try").is_(hybrids.read_state(state, hybrids.KEYS[0]).item(), 1)
    answer("answer-hybrids-fourth").is_(hybrids.read_state(state, d).item(), -1)
    np.testing.assert_allclose(state[0], [2.2, -1])


@pytest.mark.answer("answer-hybrids-cache")
def test_exercise_2_a_cache(answer: Bench) -> None:
    size = hybrids.cache_bytes(12, 2, 256, 262_144) / 2**30
    answer("answer-hybrids-cache").is_(size, size / 2)
    said(f"{hybrids.cache_bytes(12, 2, 256, 1):,} bytes a token")


@pytest.mark.answer("answer-hybrids-gpt")
def test_exercise_3_a_gpt(answer: Bench) -> None:
    generator = torch.Generator().manual_seed(0)
    kinds = {p: {x.kind for x in hybrids.Stack(p, generator).layers} for p in ("AAAA", "RRRA")}
    assert len(kinds["AAAA"]) == 1 < len(kinds["RRRA"])  # attention in all layers is no hybrid
    questions = [row[1] for row in rows_of("tab-hybrids-questions")]
    assert questions == ["hybrid of layers", "hybrid of classes", "hybrid learning"]
    answer("answer-hybrids-gpt").is_("An autoregressive model, with hybrid training.")


@pytest.mark.answer("answer-hybrids-border")
def test_exercise_5_the_border(answer: Bench) -> None:
    answer("answer-hybrids-border").is_(float(stats.norm.ppf(1 / 3)), 0)


@pytest.mark.answer("answer-hybrids-kept")
def test_exercise_7_what_is_kept(answer: Bench) -> None:
    answer("answer-hybrids-kept").is_(hybrids.kept("RARA", 48), hybrids.kept("RRRA", 48))


def test_what_is_kept_is_what_the_next_token_needs() -> None:
    """A state, or keys and values; and the token before, of which the next key and value are made."""
    for kind, entries in (("A", 48), ("L", hybrids.WINDOW)):
        cache = [torch.zeros(entries, hybrids.KEY), torch.zeros(entries, hybrids.VALUE)]
        assert hybrids.kept(kind, 48) == sum(x.numel() for x in cache) + hybrids.WIDTH
    state = torch.zeros(hybrids.VALUE, 8)
    assert hybrids.kept("R", 48, 8) == state.numel() + hybrids.WIDTH
    layer = hybrids.Layer("R", hybrids.KEY, torch.Generator().manual_seed(0))
    assert layer.k.shape[0] == 2 * hybrids.WIDTH
