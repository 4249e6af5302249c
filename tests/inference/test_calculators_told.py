"""The numbers that docs/inference/calculators.md tells, and its exercises."""

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest

from docs.inference.calculators import calculators as calc
from docs.inference.calculators import pictures
from scripts.figures import calculators as figures
from scripts.figures import calculators_diagram as diagram
from scripts.figures.style import read_table
from scripts.house import calculator_tables as shown
from tests.answers.plugin import Bench
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "calculators.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
MODELS = calc.models()
GPUS = {gpu["name"]: gpu for gpu in calc.data()["gpu"]}
H100 = GPUS["H100 80 GB"]
LARGE = MODELS["Llama 3 70B"]
GB = 1e9


def count(name: str, which: str = "total") -> float:
    """Parameters of a model in billions."""
    return calc.parameters(MODELS[name])[which] / GB


def test_the_example_by_pencil() -> None:
    m = calc.EXAMPLE
    p = calc.parameters(m)
    rows = rows_of("tab-calculators-example")
    layers = [int(row[2]) * (2 if "each layer" in row[0] else 1) for row in rows]
    assert sum(layers) == p["total"] == 388
    counts = [eval(row[1].strip("$").replace(r"\cdot", "*")) for row in rows]
    assert counts == [int(row[2]) for row in rows]
    said(
        "It has 2 layers, the width 4, 2 query heads and 1 head of keys and values, each of 2 numbers, a gated "
        "feed-forward network with the inner width 8, and 10 tokens in its vocabulary.",
        "PyTorch counts the same 388 in a model of this form.",
        "All 388 must be stored.",
    )
    assert p["multiplied"] == 2 * (32 + 16 + 96) + 40 == 328
    each = calc.forward(m, 1, 7)
    assert (2 * 328, calc.mixing(m, 8), each) == (656, 256, 912)
    said(
        "Each of the 328 takes a multiplication and an addition: 656 operations for a token.",
        "a score and a weighted sum of 2 numbers each.",
        "The eighth token looks at 8, itself included: 4 operations for each of 2 numbers, in 2 heads and 2 layers,",
        "Together 912.",
        "so 1,000 tokens in texts of 8 take",
        "(Every token is counted as looking at all 8, though 28 of the 64 scores are masked.)",
    )
    assert calc.training(m, 1000, 8) == 2_736_000
    assert sum(later > now for now in range(8) for later in range(8)) == 28
    held = [calc.weights(388, bits) for bits in (16, 32, 8)]
    said(
        f"bytes, in 32 bits {held[1]:,.0f}, and in 8 bits {held[2]:.0f}.",
        "In 16 bits the weights take",
        "In 4 bits, groups of 8 share a scale of 16 bits, which makes 6 bits a parameter "
        f"and {calc.weights(388, 4, 8):.0f} bytes.",
        "keeps a key and a value of 2 numbers in each of 2 layers: 8 numbers a token, and for 8 tokens",
        "*Mixed-precision training* computes in 16 bits and keeps a copy in 32",
        f"here {calc.states(388, 'mixed'):,.0f}. The weight and its gradient take 2 each, "
        "the copy and the two averages of Adam 4 each.",
        "At 40 % the training takes",
        "seconds, and at 3.60 an hour it costs 0.00684.",
    )
    assert held[0] == 776
    assert calc.cache(m, 8) == 128
    assert calc.BYTES["mixed"] == (2, 2, 3 * 4)
    spent = calc.hours(2_736_000, diagram.PEAK, diagram.MFU)
    assert spent * 3600 == pytest.approx(6.84)
    assert spent * diagram.HOURLY == pytest.approx(0.00684)
    said("| The example | 388 parameters, 776 bytes, 912 operations, 6.84 s |")


def test_the_diagram_is_described_as_it_is() -> None:
    table = diagram.numbers()
    (total, multiplied), (held, kept, states) = table["parameters"], table["bytes"]
    each, work = table["operations"]
    seconds, money = table["cost"]
    said(
        "the settings, 2 layers of width 4 and so on,",
        f"give {total:.0f} learned parameters, of which {multiplied:.0f} multiply each "
        f"token; training holds {states:,.0f} bytes",
        f"Use: 16 bits each, 388 × 16 / 8, are {held:.0f} bytes of weights; 8 tokens "
        f"so far, 8 numbers each of 2 bytes, are {kept:.0f} bytes of cache; the eighth "
        f"token takes 2 × 328 + 256 = {each:.0f} operations.",
        f"Training: 1,000 tokens in texts of 8, 3 × {each:.0f} × 1,000, are {work:,.0f} "
        "operations; with a machine of 10⁶ operations a second, of which 40 % are "
        f"used, and a price of 3.60 an hour this is {seconds:.2f} seconds and {money:.4f}",
    )
    assert read_table(HOME / "diagram.csv")["operations"][:2] == [each, work]


def test_a_model_of_70_billion() -> None:
    n = calc.parameters(LARGE)["total"]
    formats = [calc.weights(n, bits, group) / GB for _, bits, group in figures.FORMATS]
    short, long = (calc.cache(LARGE, tokens) / GB for tokens in (8192, 131072))
    fp32, bf16, int8, int4 = (f"{value:.0f}" for value in formats)
    apart = 2 * LARGE["vocabulary"] * LARGE["width"]
    mixed = (calc.weights(n - apart, 4, 128) + 2 * apart) / GB
    assert calc.weights(n, 8, LARGE["width"]) / GB - formats[2] < 0.1
    said(
        f"Llama 3 70B has {n / GB:.1f} billion parameters.",
        f"Its weights take {fp32} GB in fp32, {bf16} GB in bf16, {int8} GB in int8 "
        f"(one scale a row hardly counts), and {int4} GB in int4 with a scale for each 128, "
        f"or {mixed:.1f} if [the tables stay in 16 bits]",
        f"Its cache keeps {calc.cache(LARGE, 1) / 1e3:.0f} kB a token: {short:.1f} "
        f"GB for 8,192 tokens, and {long:.0f} GB for 128k (131,072), which version 3.1,",
        f"fp32: {fp32} and {long:.0f}. bf16: {bf16} and {long:.0f}. int8: {int8} and "
        f"{long:.0f}. int4 with groups of 128: {int4} and {long:.0f}. Dashed lines "
        "stand at one, two and four GPUs of 80 GB",
        f"| 70B | {fp32} GB, {bf16} GB, {int8} GB, {int4} GB |",
        f"four caches of {long:.0f} GB;",
    )
    assert formats[3] < long
    assert read_table(HOME / "memory.csv")["weights"] == pytest.approx(formats, rel=1e-5)
    left = 2 * 80 - formats[1]
    said(
        "Two GPUs of 80 GB ([counted as $80 \\cdot 10^9$ bytes](#gib)) hold the weights in bf16, "
        f"and {left:.0f} GB are left: "
        f"{int(left / short)} texts of 8,192 tokens on paper, "
        f"{int((left - 16) / short)} if a tenth of the 160 GB is left free, "
        "and none of 128k.",
        f"holds 16 bytes a parameter, {calc.states(n, 'mixed') / 1e12:.2f} TB: "
        f"{math.ceil(calc.states(n, 'mixed') / 80e9)} such GPUs before any activation.",
        f"The weights of Llama 3 70B in bf16 are {bf16} GB or {formats[1] * GB / 2**30:.0f} GiB.",
    )
    assert left < long
    shows = 81_559 * 2**20  # bytes, by the source
    assert {gpu["memory"] for gpu in GPUS.values()} == {80e9}
    said(
        f"A GPU sold with 80 GB shows about {shows / 2**30:.0f} GiB: an H100 has 81,559 MiB, "
        f"or ${shows / GB:.1f} \\cdot 10^9$ bytes",
        "This page counts $80 \\cdot 10^9$, so that some "
        f"{100 * (shows / 80e9 - 1):.0f} % more are there than it says; many programs show GiB, $2^{{30}}$ bytes.",
    )


def test_a_training_run() -> None:
    m = MODELS["Llama 2 70B"]
    n = calc.parameters(m)["multiplied"]
    work = 6 * n * 2e12
    spent = calc.hours(work, H100["peak"], 0.4)
    whole = calc.hours(calc.training(m, 2e12, 4096), H100["peak"], 0.4)
    said(
        f"$6 \\cdot {n / GB:.1f} \\cdot 10^9 \\cdot 2 \\cdot 10^{{12}} = {work / 1e23:.1f} "
        f"\\cdot 10^{{23}}$ operations",
        f"at an MFU of 40 %, that is {spent / 1e3:.0f},000 GPU hours: {spent / 1024 / 24:.0f} "
        "days on 1,024 of them.",
        f"in texts of 4,096 tokens makes it {whole / 1e3:.0f},000.",
        f"it costs {2 * spent / 1e6:.2f} million; at the [2.95 of May 2026](#machines), "
        f"{2.95 * spent / 1e6:.2f} million.",
        "A model such as Llama 2 70B, trained on 2 trillion tokens, takes",
    )
    longer = calc.hours(6 * calc.parameters(LARGE)["multiplied"] * 15e12, H100["peak"], 0.4)
    run = next(one for one in calc.data()["run"] if one.get("name") == "Llama 3.1 70B")
    said(
        f"For Llama 3 70B and 15 trillion tokens the same rule says {longer / 1e6:.1f} million hours and "
        f"{2 * longer / 1e6:.1f} million dollars; version 3.1 [took {run['hours'] / 1e6:.0f} million hours](#runs), "
        f"{2 * run['hours'] / 1e6:.0f} million dollars."
    )
    assert H100["peak"] == pytest.approx(989e12, rel=1e-3)
    a100 = calc.hours(work, GPUS["A100 80 GB"]["peak"], 0.4)
    said("two trillion tokens, about two million hours of A100 at an MFU of 40 %")
    assert a100 == pytest.approx(2e6, rel=0.1)


def test_a_bound_on_the_speed_of_writing() -> None:
    times = [calc.step(LARGE, H100, 4, 2, texts, 8192) for texts in (1, 32)]
    prices = [calc.price(t, 4, texts, 2) for t, texts in zip(times, (1, 32), strict=True)]
    said(
        "on four H100s, with 8,192 tokens in each text, this allows at "
        f"most {1 / times[0]:.0f} tokens a second for one text, and {32 / times[1]:,.0f} "
        "for 32 together.",
        f"At 2 an hour for each GPU, a million tokens then cost at least {prices[0]:.2f}, or {prices[1]:.2f}.",
    )


def test_misconceptions_in_numbers() -> None:
    said(
        '- **"A 7B model needs 7 GB."** It needs 7 GB in 8 bits; in 16 bits it is double, in training [16 bytes a',
        '- **"A mixture with 37 billion active parameters fits where a 37B model fits."** [All 671 billion]',
        '- **"Twice the context costs twice the memory."** The cache doubles;',
    )
    assert [calc.weights(7e9, bits) / GB for bits in (8, 16)] == [7, 14]
    assert calc.states(7e9, "mixed") == 16 * 7e9
    assert calc.cache(LARGE, 2000) == 2 * calc.cache(LARGE, 1000)


def test_names_and_experts() -> None:
    seven, mistral = count("Llama 2 7B"), count("Mistral 7B")
    said(
        f"Llama 2 7B has {seven:.2f} billion parameters and Mistral 7B {mistral:.2f}: "
        f"in bf16 {2 * seven:.1f} and {2 * mistral:.1f} GB.",
        f'"7B" is {seven:.2f} or {mistral:.2f} billion',
        f"By our count {count('gpt-oss-120b', 'multiplied'):.2f} billion multiply a token; "
        f"with the table of the input, {count('gpt-oss-120b', 'active'):.2f} are active.",
    )
    mixtral = MODELS["Mixtral 8x7B"]
    held = count("Mixtral 8x7B")
    read = [calc.reading(mixtral, texts) / GB for texts in (8, 32)]
    said(
        f"Mixtral 8x7B is not eight times {mistral:.2f}, {8 * mistral:.1f} billion: "
        f"it has {held:.1f}, and needs {2 * held:.0f} GB in bf16.",
        f"A token multiplies {count('Mixtral 8x7B', 'multiplied'):.1f} billion of them.",
        f"a step reads {read[0]:.1f} billion for 8 texts and {read[1]:.1f} for 32.",
        f"| Experts | {count('DeepSeek-V3'):.0f} billion stored, {count('DeepSeek-V3', 'multiplied'):.0f} "
        "billion multiply a token |",
    )


def test_shares_of_the_peak() -> None:
    told = [f"{value:.0f}" for value in read_table(HOME / "share.csv")["share"]]
    said(
        f"Llama 2: 7B {told[0]}, 13B {told[1]}, 70B {told[2]} per cent. Llama 3.1: 8B "
        f"{told[3]}, 70B {told[4]}, 405B {told[5]}. DeepSeek-V3: {told[6]}](calculators"
    )
    assert max(read_table(HOME / "share.csv")["share"]) < 50
    said(
        "the speed that the machine reaches: less than half of its peak in [seven runs](#peak).",
        "| MFU | 30 to 45 %, or that of a similar run whose tokens are known | "
        "by $6 P_m T$, what five of [seven whole runs](#peak) "
        f"reach, the other two {told[3]} and {told[4]} %;",
    )
    runs = [run for run in calc.data()["run"] if "hours" in run]
    whole = [
        calc.utilisation(
            calc.training(
                MODELS[run["model"]], run["tokens"], 8192 if "Llama 3" in run["model"] else 4096
            ),
            GPUS[run["gpu"]]["peak"],
            run["hours"],
        )
        for run in runs
    ]
    least, most = (f"{100 * one:.0f}" for one in (min(whole), max(whole)))
    low, high = 100 * min(whole[:3]), 100 * max(whole[:3])
    assert [run["model"] for run in runs][6:] == ["DeepSeek-V3"]
    said(
        f"By $W$, in texts of 4,096 tokens and for Llama 3.1 of 8,192, they give {least} to {most} %.",
        f"attention is left out, and with it they are {least} to {most} %.",
        f"its hours give {told[5]} %, and with attention {100 * whole[5]:.0f} %;",
        '- **"GPUs at 40 % are badly used."** 40 % is what [large runs](#peak) reach: '
        f"with attention counted, the three of Llama 2 reach {low:.0f} to {high:.0f} %, "
        f"the others in 16 bits {100 * min(whole[3:6]):.0f} to {100 * max(whole[3:6]):.0f} %.",
    )
    assert [30 <= int(one) <= 45 for one in told].count(True) == 5
    assert max(whole) < 0.5
    worst, best = min(map(int, told)), max(map(int, told))
    said(
        f"the hours of [seven published runs](#tab-calculators-runs) give {worst} to {best} %.",
        f"[the peak is not reached](#peak): {worst} to {best} % in seven published runs, attention left out",
        f"with {worst} % the run above costs three times as much",
        "So plan with 30 to 45 %, or with the share of a similar run",
    )
    assert len(told) == 7
    assert 40 / worst == pytest.approx(3, rel=0.05)
    assert sum(int(one) > 40 for one in told) == 1
    rows = rows_of("tab-calculators-runs")
    assert [row[4] for row in rows if row[4] != "–"] == [f"{one} %" for one in told]
    assert shown.stale() == ""


def test_attention_bits_and_macs() -> None:
    m = MODELS["Llama 3 8B"]
    n = calc.parameters(m)["multiplied"]
    added = [100 * calc.mixing(m, tokens) / (2 * n) for tokens in (2048, 8192, 131072)]
    said(
        f"the added part is {added[0]:.0f} % at 2,048 tokens, {added[1]:.0f} % at 8,192 "
        f"and {added[2]:.0f} % at 131,072.",
        f"{added[1]:.0f} % in Llama 3 8B at 8,192 tokens",
    )
    total = calc.parameters(LARGE)["total"]
    tables_ = 2 * LARGE["vocabulary"] * LARGE["width"]
    body = calc.weights(total - tables_, 4, 128) / GB
    said(
        f"A scale of 16 bits for each 128 makes {8 * calc.weights(1, 4, 128):.3f} bits, "
        f"for each 32 it makes {8 * calc.weights(1, 4, 32):.1f}.",
        f"the two tables of Llama 3 70B, {tables_ / GB:.1f} billion parameters, are "
        f"often kept in 16 bits: then {body:.1f} GB and {2 * tables_ / GB:.1f} GB, "
        f"{body + 2 * tables_ / GB:.1f} in all in place of {calc.weights(total, 4, 128) / GB:.1f}.",
    )
    oss = MODELS["gpt-oss-120b"]
    experts = oss["layers"] * oss["experts"] * calc.feed(oss, oss["expert_inner"])
    rest = calc.parameters(oss)["total"] - experts
    said(f"this makes {(calc.weights(experts, 4.25) + 2 * rest) / GB:.1f} GB")
    dit = next(row for row in calc.data()["model"] if row["name"] == "DiT-XL/2")
    work = pictures.picture(dit, 256) / GB
    said(
        f"Our count is {work:.2f} billion operations for a picture of 256 tokens.",
        f"Half of it, {work / 2:.2f}, agrees with what was published",
    )


def test_activations_of_gpt_2_xl_and_of_gpt_3() -> None:
    table = read_table(HOME / "training.csv")
    all_kept, scores, inputs = (f"{value:.1f}" for value in table["activations"])
    said(
        f"{table['states'][0]:.1f} for weights, gradients and Adam, and activations "
        f"of {all_kept} if all are kept, {scores} if the scores are computed again, "
        f"{inputs} if the layers are. A dashed line at 80",
        "GPT-2 XL, 8 texts of 1,024 tokens, mixed precision.",
        "With all activations it does not fit a GPU of 80 GB.",
    )
    xl = MODELS["GPT-2 XL"]
    logits = 2 * 8 * 1024 * xl["vocabulary"] / GB
    said(
        f"beside it come {logits:.1f} GB of logits in 16 bits and, if layers are computed "
        f"again, {table['activations'][0] / xl['layers']:.1f} GB of the layer at work.",
        f"For GPT-2 XL and 8 texts of 1,024 tokens they take {all_kept} GB;",
        f"keeps {inputs} GB of them, for a third more operations.",
    )
    totals = [a + b for a, b in zip(table["states"], table["activations"], strict=True)]
    assert totals[0] > 80 > totals[1]
    large = MODELS["GPT-3 175B"]
    kept = [calc.activations(large, 1, 2048, way) for way in ("all", "selected")]
    assert 1 - kept[1] / kept[0] == pytest.approx(0.70, abs=0.01)
    saved = large["layers"] * calc.mixing(large | {"layers": 1}, 2048)
    whole = 3 * (2 * calc.parameters(large)["multiplied"] + calc.mixing(large, 2048))
    assert saved / whole < 0.03
    assert "2.7 % more operations[^korthikanti2023reducing]" in PAGE.read_text("utf-8")


def test_caches_are_described_as_they_are() -> None:
    table = read_table(HOME / "caches.csv")
    said("Cache in GB against tokens from 1,024 to 131,072, both axes logarithmic.")
    assert [table["tokens"][0], table["tokens"][-1]] == [1024, 131072]
    order = ("Llama 2 7B", "Llama 3 70B", "Llama 3 8B", "DeepSeek-V3")
    for a, b in pairwise(order):
        assert all(x > y for x, y in zip(table[a], table[b], strict=True))
    said("Mistral 7B runs with Llama 3 8B up to 4,096 tokens and is level from there")
    assert table["Mistral 7B"][:3] == table["Llama 3 8B"][:3]
    assert set(table["Mistral 7B"][2:]) == {table["Mistral 7B"][2]}
    said(
        "A model of 671 billion parameters with latent keys and values keeps less than one of 7 billion without groups."
    )


def test_each_cell_of_the_models_is_computed() -> None:
    rows = rows_of("tab-calculators-models")
    assert len(rows) == len(calc.data()["model"]) == 20
    said("[twenty published ones](#tab-calculators-models)")
    for cells, row in zip(rows, calc.data()["model"], strict=True):
        assert int(cells[1].replace(",", "")) == shown.total(row)
        off = re.search(r": ([+−][\d.]+) %", cells[2])
        assert off
        told = float(off[1].replace("−", "-")) / 100
        assert told == pytest.approx(shown.total(row) / row["published"] - 1, abs=6e-4)
    said("prints 70,553,706,496 parameters and $2.96 \\cdot 10^{14}$ operations for 2,048 tokens;")
    v3, oss = MODELS["DeepSeek-V3"], MODELS["gpt-oss-120b"]
    sinks, biases = oss["layers"] * oss["heads"], (v3["layers"] - v3["dense"]) * v3["experts"]
    said(
        f"Left out are {sinks:,} sinks of gpt-oss-120b, one for each head of a layer",
        f"and {biases:,} biases with which DeepSeek-V3 chooses experts;",
    )
    ways = [2 * v3[part] + v3["rotated"] for part in ("head_width", "latent")]
    said(f"{ways[1] / ways[0]:.1f} times as many in DeepSeek-V3.")
    assert calc.mixing(v3, 1) == 2 * v3["heads"] * ways[0] * v3["layers"]
    assert calc.forward(LARGE, 2048) == pytest.approx(2.96e14, rel=2e-3)


# Exercises.


@pytest.mark.answer("answer-calculators-vocabulary")
def test_exercise_1_twenty_tokens_in_place_of_10(answer: Bench) -> None:
    p = calc.parameters(calc.EXAMPLE | {"vocabulary": 20})
    said("of 20 tokens in place of 10", "Hint: Each table has 4 numbers a token.")
    assert p["total"] - 388 == p["multiplied"] + 40 - 328 == 80
    answer("answer-calculators-vocabulary").is_(
        (p["total"], p["multiplied"]), (p["total"], p["multiplied"] + 80)
    )


@pytest.mark.answer("answer-calculators-formats")
def test_exercise_2_llama_2_13b_in_two_formats(answer: Bench) -> None:
    n = calc.parameters(MODELS["Llama 2 13B"])["total"]
    assert n / GB == pytest.approx(13.016, abs=5e-4)
    assert 8 * calc.weights(1, 4, 32) == 4.5
    bf16, int4, bare = (calc.weights(n, *way) / GB for way in ((16,), (4, 32), (4,)))
    answer("answer-calculators-formats").is_((bf16, int4), (bf16, bare))
    said("Wrong: 26; 6.5 => The scales are missing: 4.5 bits a parameter.")


@pytest.mark.answer("answer-calculators-cache")
def test_exercise_3_a_cache_of_131072_tokens(answer: Bench) -> None:
    m = calc.complete(
        calc.Model(layers=48, width=4096, heads=32, kv_heads=8, head_width=128, inner=1)
    )
    kept = calc.cache(m, 131072)
    assert kept == 24 * 2**30
    answer("answer-calculators-cache").is_(kept / GB, kept / 2 / GB)


@pytest.mark.answer("answer-calculators-batch")
def test_exercise_4_twice_the_texts(answer: Bench) -> None:
    times = [calc.step(LARGE, H100, 4, 2, texts, 128) for texts in (4, 8)]
    prices = [calc.price(t, 4, n, 2) for t, n in zip(times, (4, 8), strict=True)]
    assert 0.5 < prices[1] / prices[0] < 0.51
    answer("answer-calculators-batch").is_(
        "It nearly halves, since the weights are read once for all."
    )


@pytest.mark.answer("answer-calculators-share")
def test_exercise_5_a_share_with_attention(answer: Bench) -> None:
    said("do 7 million hours of H100 amount to for Llama 3.1 70B and 15 trillion tokens in")
    work = calc.training(LARGE, 15e12, 8192)
    plain = 6 * calc.parameters(LARGE)["multiplied"] * 15e12
    assert 100 * (work / plain - 1) == pytest.approx(15, abs=0.6)
    shares = [100 * calc.utilisation(one, H100["peak"], 7e6) for one in (work, plain)]
    answer("answer-calculators-share").is_(*shares)


@pytest.mark.answer("answer-calculators-longest")
def test_exercise_6_the_longest_text_on_80_gb(answer: Bench) -> None:
    m = MODELS["Llama 3 8B"]
    said(
        "whose cache in 16 bits fits beside",
        "on a GPU of 80 GB, with a tenth of it left free, by memory alone?",
    )
    said("Meta's own versions read at most 131,072 tokens")
    room = 0.9 * 80 - 2 * count("Llama 3 8B")
    fits = [2**k for k in range(30) if calc.cache(m, 2**k) / GB <= room]
    assert calc.cache(m, fits[-1]) / GB == pytest.approx(34.4, abs=0.05)
    assert calc.cache(m, 2 * fits[-1]) / GB == pytest.approx(68.7, abs=0.05)
    answer("answer-calculators-longest").is_(fits[-1], 2 * fits[-1])
