"""What the page on sampling tells of its example, its figures and its exercises."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from scripts.figures import sampling as recipe
from scripts.figures import style
from scripts.weights import gpt as weights
from tests.answers.plugin import Bench
from tests.said import sayings, tables

sampling: Any = import_module("docs.inference.sampling.sampling")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "sampling.md"
HOME = PAGE.with_suffix("")
Settings = sampling.Settings
said = sayings(PAGE)
rows_of = tables(PAGE)
EXAMPLE = torch.tensor(sampling.P, dtype=torch.float64)


def after(p: Tensor = EXAMPLE, **settings: float) -> tuple[list[float], float, float]:
    """Probabilities, entropy in bits, and what the kept words held before."""
    q = sampling.distribution(p.log(), Settings(**settings))
    return q.tolist(), abs(float(sampling.bits(q))), float(p[q > 0].sum())


def test_the_example_by_pencil() -> None:
    z = recipe.example() / math.log(2)
    assert z.tolist() == pytest.approx([4, 3, 2, 1, 0, 0])
    assert (2**z).tolist() == pytest.approx([16, 8, 4, 2, 1, 1])
    assert float((2**z).sum()) == pytest.approx(32)
    rows = rows_of("tab-sampling-example")
    assert rows[0][1:] == [f"1/{1 / p:.0f}" for p in sampling.P]
    assert rows[1][1:] == [f"{-math.log2(p):.0f}" for p in sampling.P]
    said(
        "logits 4, 3, 2, 1, 0 and 0, in units of $\\log 2 = 0.693$",
        "The exponentials are 16, 8, 4, 2, 1 and 1, with the sum 32;",
        f"+ \\frac5{{32}} + \\frac5{{32}} = {after()[1]:.2f}$ bits",
        "Together they have 1/16, and in a text of 11 such choices",
    )
    assert sampling.P[4] + sampling.P[5] == 1 / 16


def test_temperatures_of_the_example() -> None:
    cool, hot = after(temperature=0.5), after(temperature=2.0)
    squares = sum(p * p for p in sampling.P)
    said(
        f"1/4, 1/16, 1/64, … have the sum {squares:.3f}, so tea has {cool[0][0]:.3f}, and {cool[1]:.2f} bits",
        f"tea has {hot[0][0]:.3f}, and ink and sand together {hot[0][4] + hot[0][5]:.3f} in place of 0.063",
        "**Greedy decoding** takes tea, always: 0 bits.",
    )
    assert after(temperature=0.0)[:2] == ([1, 0, 0, 0, 0, 0], 0)
    assert f"{sampling.P[4] + sampling.P[5] + 1e-9:.3f}" == "0.063"


def test_cuts_of_the_example() -> None:
    for settings in ({"top_k": 4}, {"top_p": 0.9}, {"min_p": 0.1}):
        q, bits, kept = after(**settings)
        assert [value > 0 for value in q] == [True] * 4 + [False] * 2
        assert kept == 15 / 16
    said(
        "**Top-k** with 4 keeps tea, milk, water and juice, which hold 15/16.",
        f"Divided by this, tea has {q[0]:.3f}; {bits:.2f} bits are left.",
        "**Top-p** with 0.9 adds from the top until 0.9 is reached: 0.5, 0.75, 0.875, 0.9375.",
        "with 0.1 all from $0.1 \\cdot 0.5 = 0.05$ on, again the same four",
        f"In the example $-\\log_2 \\frac{{15}}{{16}} = {-math.log2(15 / 16):.3f}$ bits for each token.",
    )
    assert EXAMPLE.cumsum(0)[:4].tolist() == [0.5, 0.75, 0.875, 0.9375]
    bits = after()[1]
    away = [abs(surprise - bits) for surprise in (2, 1, 3)]
    said(
        f"Milk with 2 bits is {away[0]:.2f} away from {bits:.2f}, tea {away[1]:.2f}, water {away[2]:.2f}.",
        "with 0.2 it keeps milk alone",
    )
    assert after(typical=0.2)[0] == [0, 1, 0, 0, 0, 0]


def test_the_picture_of_the_rules_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "rules.csv")
    bits = {name: abs(float(sampling.bits(torch.tensor(table[name])))) for name in table}
    q, hot, cool = table["top-p, 0.9"], table["T = 2"], table["T = 1/2"]
    assert table["top-k, 4"] == table["min-p, 0.1"] == q
    penalty = table["penalty"]
    said(
        f"As it is: from {table['as it is'][0]:.1f} down, {bits['as it is']:.2f} bits. "
        f"T = 1/2: tea {cool[0]:.2f}, {bits['T = 1/2']:.2f} bits. "
        f"T = 2: from {hot[0]:.2f} down to {hot[5]:.2f}, {bits['T = 2']:.2f} bits. "
        f"Top-k 4, top-p 0.9 and min-p 0.1: tea {q[0]:.2f}, ink and sand gone, {bits['top-k, 4']:.2f} bits. "
        f"Typical, 0.2: milk alone, {bits['typical, 0.2']:.2f} bits. "
        f"Penalty 2 on tea: tea {penalty[0]:.1f}, milk {penalty[1]:.1f}, {bits['penalty']:.2f} bits",
        f"tea {q[0]:.2f}, milk {q[1]:.2f}, water {q[2]:.2f}, juice {q[3]:.2f}, ink and sand 0.",
        "the logits z: tea 4, milk 3, water 2, juice 1, ink 0, sand 0",
        "A random number u = 0.6 picks milk",
        "divided by T = 1, and softmax and top-p 0.9 make q of them",
    )
    drawn = style.read_table(HOME / "diagram.csv")
    assert (drawn["u"][0], drawn["word"][0]) == (0.6, 1)


def test_three_cuts_in_three_contexts() -> None:
    contexts = [torch.tensor(p).double() for p in (sampling.SURE, sampling.P, sampling.OPEN)]
    ways = ({"top_k": 4}, {"top_p": 0.9}, {"min_p": 0.1})
    for row, settings in zip(rows_of("tab-sampling-contexts"), ways, strict=True):
        for cell, p in zip(row[1:], contexts, strict=True):
            q, _, kept = after(p, **settings)
            many = sum(value > 0 for value in q)
            words = "word" if many == 1 else "words"
            assert cell == f"{many} {words}, {kept + 1e-9:.2f}"
    said(
        "*sure* (7/8, then 1/16, 1/32, 1/64, 1/128, 1/128)",
        "*open* (16 words with 1/16 each)",
        "in [the example](#contexts) 4 of 6, elsewhere 2 of 6 or 15 of 16",
    )
    assert [len(p) for p in contexts] == [6, 6, 16]


def test_the_texts_of_two_words() -> None:
    first, then = sampling.CHAIN[()], sampling.CHAIN
    assert then["hot",] == {"tea": 0.4, "milk": 0.3, "cocoa": 0.3}
    assert then["cold",] == {"milk": 0.6, "tea": 0.4}
    said(
        f"*hot* ({first['hot']:.2f}), *cold* ({first['cold']:.2f}) or *black* ({first['black']:.2f})",
        "After *hot* come tea 0.4, milk 0.3, cocoa 0.3; after *cold* milk 0.6, tea 0.4",
        "$0.4 \\cdot 0.4 = 0.16$",
        "finds *cold milk*, 0.21",
        "*black tea*, 0.25, whose first word both have dropped",
        "[the likeliest text](#local) fell from 0.25 to 0.18",
        "$T = 2$ and top-p 0.9 leave 5 words of the example, or 4",
        "needs five words for a mass of 0.9; if the cut comes first, four are kept",
    )


def test_the_picture_of_heat_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "heat.csv")
    at = {round(t, 1): n for n, t in enumerate(table["temperature"])}
    example, sure = table["example"], table["sure"]
    said(
        f"at 1 they have {example[at[1.0]]:.2f} and {sure[at[1.0]]:.2f} bits, at 3 they have "
        f"{example[at[3.0]]:.2f} and {sure[at[3.0]]:.2f}, below a line at {math.log2(6):.2f}. "
        "Open is a level line at 4",
        "against the temperature from 0.1 to 3. Example and sure start near 0",
    )
    assert (table["temperature"][0], table["temperature"][-1]) == (0.1, 3.0)
    for name in ("example", "sure"):
        rises = [b > a for a, b in zip(table[name], table[name][1:], strict=False)]
        assert all(rises)
        assert table[name][0] < 0.02
    assert table["open"] == pytest.approx([4.0] * 30)
    assert all(a >= b for a, b in zip(example, sure, strict=True))


def test_what_the_gpt_writes_by_each_rule() -> None:
    table = style.read_table(HOME / "written.csv")
    names = [*recipe.WRITERS, "held-out"]
    row = {name: {key: column[n] for key, column in table.items()} for n, name in enumerate(names)}
    share = {name: f"{100 * row[name]['repeated']:.1f}" for name in names}
    bits = {name: f"{row[name]['bits']:.1f}" for name in names}
    greedy, one, held = row["greedy"], row["T = 1"], row["held-out"]
    cuts = [name for name in names if name.startswith(("top", "min", "typical"))]
    penalties = [name for name in names if name.startswith("greedy,")]
    shares = [row[name]["repeated"] for name in cuts]
    assert (f"{100 * min(shares):.1f}", f"{100 * max(shares):.2f}") == ("0.1", "0.25")
    drawn = [row[name]["bits"] for name in (*cuts, "T = 0.5")]
    lowered = [row[name]["bits"] for name in penalties]
    assert (share["greedy, repetition 1.1"], share["greedy, repetition 1.3"]) == ("1.7", "0.2")
    assert {share[name] for name in penalties} == {"1.7", "0.2", "0.8", "0.5"}
    said(
        f"in greedy texts of the site's GPT {100 * greedy['repeated']:.0f} % of all four-token runs stood there before "
        f"| draw: {share['T = 0.5']} % at $T = 0.5$, 0.1 to 0.25 % by cuts at $T = 1$; a penalty: 0.2 to 1.7 % "
        f"| less likely tokens, with a surprise of {min(drawn):.1f} to {max(drawn):.1f} bits in place of "
        f"{bits['greedy']}; with penalties {min(lowered):.1f} to {max(lowered):.1f}",
        f"with {row['T = 0.25']['returns']:.0f} returns at $T = 0.25$, while a penalty without chance does, "
        f"with {row['greedy, repetition 1.3']['returns']:.1f} at repetition 1.3",
        f"at $T = 0.25$, {100 * row['T = 0.25']['repeated']:.0f} % are still repeated",
        "3 layers of width 64, continues 50",
        f"Greedy decoding repeats {100 * greedy['repeated']:.0f} ± "
        f"{100 * greedy['repeated spread']:.0f} % of its runs, "
        f"at $T = 1$ it is {share['T = 1']} ± {100 * one['repeated spread']:.1f} %, and in the held-out text "
        f"{share['held-out']} ± {100 * held['repeated spread']:.1f} %",
        f"in {100 * greedy['same']:.0f} % of the cases; at $T = 1$ it was {100 * one['same'] + 1e-6:.0f} %, "
        f"in the held-out text {100 * held['same']:.0f} %",
        f"{greedy['returns']:.0f} times in a text, against {one['returns']:.1f} times at $T = 1$ and "
        f"{held['returns']:.1f} times in held-out text",
        f"A greedy text has {greedy['bits']:.2f} ± {greedy['bits spread']:.2f} bits a token, real text "
        f"{held['bits']:.2f} ± {held['bits spread']:.2f}.",
        f"greedy with repetition 1.3 has {share['greedy, repetition 1.3']} %, with presence 1 it has "
        f"{share['greedy, presence 1']} %, at {bits['greedy, repetition 1.3']} and {bits['greedy, presence 1']} bits",
        "such as 1.1 in place of 1.3 | more loops: 1.7 % in place of 0.2 %",
    )
    assert all(row[name]["between seeds"] < 0.007 for name in names)
    assert (weights.SHAPE.layers, weights.SHAPE.width) == (3, 64)


def test_the_picture_of_the_texts_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "written.csv")
    names = [*recipe.WRITERS, "held-out"]
    repeated, bits = (dict(zip(names, table[name], strict=True)) for name in ("repeated", "bits"))
    others = [value for name, value in repeated.items() if name not in ("greedy", "T = 0.25")]
    assert max(others) < 0.02
    said(
        f"greedy stands out at {repeated['greedy']:.2f} with a long bar, T = 0.25 at {repeated['T = 0.25']:.2f}, "
        "all others below 0.02",
        f"T = 0.25 and 0.5 at {bits['T = 0.25']:.1f} and {bits['T = 0.5']:.1f}, cuts between 2.6 and 2.9, "
        f"T = 1 at {bits['T = 1']:.1f}, and held-out text at {bits['held-out']:.1f}",
        "the greedy rules near 2.0",
        "continues 50 pieces of held-out text: 8 tokens are given, 56 written, twice",
    )
    assert all(abs(bits[n] - 2.0) < 0.2 for n in names if n.startswith("greedy"))
    cuts = [bits[name] for name in names if name.startswith(("top", "min", "typical"))]
    assert (f"{min(cuts):.1f}", f"{max(cuts):.1f}") == ("2.6", "2.9")
    assert (recipe.PROMPTS, recipe.READ, recipe.WRITTEN, recipe.SEEDS) == (50, 8, 56, 2)


def test_what_a_penalty_costs() -> None:
    table = style.read_table(HOME / "penalty.csv")
    divided = dict(zip(table["theta"], table["divided"], strict=True))
    less = dict(zip(table["presence"], table["subtracted"], strict=True))
    again = f"{100 * table['again'][0]:.0f}"
    spread = dict(zip(table["theta"], table["divided spread"], strict=True))
    around = dict(zip(table["presence"], table["subtracted spread"], strict=True))
    said(
        f"In the held-out pieces of 64 tokens, {again} % of the last 56 have occurred before",
        f"{again} % of the tokens of held-out text stand already among the tokens before them in a piece of 64",
        f"Repetition penalty from 1 to 2: rises from {divided[1]:.2f} to {divided[2]:.2f}. "
        f"Presence penalty from 0 to 2: rises from {less[0]:.2f} to {less[2]:.2f}. Both rise from point to point, "
        f"and their bands grow to ± {spread[2]:.2f} and ± {around[2]:.2f}]",
        f"A repetition penalty of 1.3 costs {divided[1.3] - divided[1]:.2f} ± {spread[1.3]:.2f} bits a token, "
        f"1.1 costs {divided[1.1] - divided[1]:.2f} ± {spread[1.1]:.2f}; a presence penalty of 1 costs "
        f"{less[1] - less[0]:.2f} ± {around[1]:.2f}.",
        f"over the {recipe.PROMPTS} pieces",
    )
    for curve in (divided, less, spread, around):
        points = list(curve.values())
        assert points == sorted(points)


def test_two_orders_of_one_sum() -> None:
    table = style.read_table(HOME / "orders.csv")
    same = dict(zip(table["tokens"], table["16 bits"], strict=True))
    assert set(table["32 bits"]) == {1.0}
    widest = max(math.sqrt(p * (1 - p) / recipe.PROMPTS) for p in table["16 bits"])
    said(
        "Share of 50 greedy texts that are still the same against tokens written, from 0 to 56.",
        f"With 16 bits the curve falls from {100 * same[0]:.0f} % to {100 * same[20]:.0f} % at 20 tokens and "
        f"{100 * same[56]:.0f} % at 56. With 32 bits it stays at 100 %. "
        f"A band around the curve is at most {100 * widest:.0f} % wide to each side]",
        f"{50 * (1 - same[56]):.0f} of 50 greedy texts have parted after 56 tokens; rounded to 32 bits, none. "
        f"Bands are standard errors of a share of {recipe.PROMPTS} texts.",
    )


def test_the_presets_do_what_the_page_says() -> None:
    assert after(temperature=0.2, top_p=0.95)[0][0] == 1
    assert min(after(temperature=1.5, min_p=0.1)[0]) > 0
    assert after(temperature=1.5, min_p=0.2)[0][3:] == pytest.approx([0.1098, 0, 0], abs=1e-3)
    counts = torch.tensor([2.0, 0, 0, 0, 0, 0])
    for frequency, first in ((0.3, 0), (0.35, 1)):
        q = sampling.distribution(
            EXAMPLE.log(), Settings(temperature=0.0, frequency=frequency), counts
        )
        assert int(q.argmax()) == first
    said(
        f"| The example | {after()[1]:.2f} bits; set top-k, top-p or min-p to its value above: "
        "1.64 bits, 93.8 % kept. |",
        "| Code | $T = 0.2$ with top-p 0.95: tea alone. |",
        "| Story | $T = 1.5$ with min-p 0.1: nothing is cut; with 0.2 ink and sand are. |",
        "| Loop | Tea has occurred twice; with a frequency penalty from 0.35 on milk is taken. |",
    )


def test_a_sort_is_cheap_beside_the_network() -> None:
    told = (PAGE.parents[1] / "models" / "gpt.md").read_text(encoding="utf-8")
    column = ["8.2 billion", "151,936; 151,669 in use"]
    assert all(f"| {cell} |" in told for cell in column)
    said(
        "has 8.2 billion parameters and 151,936 logits, which a sort puts in order by about $V \\log_2 V$, "
        f"{151_936 * math.log2(151_936) / 1e6:.1f} million, comparisons",
    )


# Exercises.


@pytest.mark.answer("answer-sampling-cool")
def test_exercise_1_a_temperature(answer: Bench) -> None:
    p = torch.tensor([0.6, 0.3, 0.1])
    answer("answer-sampling-cool").is_(
        tuple(after(p, temperature=0.5)[0]), tuple(after(p, temperature=2.0)[0])
    )
    said("Three words have 0.6, 0.3 and 0.1.", "0.36, 0.09 and 0.01 have the sum 0.46.")


@pytest.mark.answer("answer-sampling-cut")
def test_exercise_2_cuts_and_their_price(answer: Bench) -> None:
    p = torch.tensor([0.4, 0.3, 0.2, 0.1])
    top, least = after(p, top_p=0.8), after(p, min_p=0.6)
    many = [sum(value > 0 for value in q) for q, _, _ in (top, least)]
    answer("answer-sampling-cut").is_(
        (*many, -math.log2(top[2])), (2, 2, -math.log2(after(p, top_k=2)[2]))
    )
    said(
        "Four words have 0.4, 0.3, 0.2 and 0.1.",
        "top-p 0.8 and by min-p 0.6",
        "0.7 is less than 0.8.",
        "0.4, 0.7, 0.9: three words; from 0.24 on: two words; $-\\log_2 0.9 = 0.152$.",
    )


@pytest.mark.answer("answer-sampling-presence")
def test_exercise_3_a_presence_penalty(answer: Bench) -> None:
    counts = torch.tensor([1.0, 0, 0, 0, 0, 0])
    q = sampling.distribution(EXAMPLE.log(), Settings(presence=math.log(2)), counts)
    answer("answer-sampling-presence").is_(float(q[0]), 8 / 32)
    said("Tea has 8 in place of 16.", "$8 / (32 - 8) = 1/3$")


@pytest.mark.answer("answer-sampling-zero")
def test_exercise_4_temperature_zero(answer: Bench) -> None:
    z = torch.tensor([1.0, 1.0 + 1e-7])
    assert [
        int(sampling.distribution(one, Settings(temperature=0.0)).argmax())
        for one in (z, z.flip(0))
    ] == [1, 0]
    answer("answer-sampling-zero").is_(
        "The logits differed in their last digits, since the order of sums depends on the batch."
    )


@pytest.mark.answer("answer-sampling-local")
def test_exercise_5_words_and_texts(answer: Bench) -> None:
    local, texts = (
        way(sampling.CHAIN, 0.5)["hot", "tea"] for way in (sampling.cooled, sampling.sharpened)
    )
    answer("answer-sampling-local").is_((local, texts), (texts, local))
    said("$0.464 \\cdot 0.16 / 0.34 = 0.218$; $0.0256 / 0.1806 = 0.142$")
    assert pytest.approx(0.464, abs=5e-4) == 0.16 / (0.16 + 0.1225 + 0.0625)


@pytest.mark.answer("answer-sampling-order")
def test_exercise_6_the_order_of_two_rules(answer: Bench) -> None:
    z = EXAMPLE.log()
    first = sampling.distribution(z, Settings(temperature=2.0, top_p=0.9))
    second = (sampling.top_p(z, 0.9) / 2).softmax(-1)
    answer("answer-sampling-order").is_((int((first > 0).sum()), int((second > 0).sum())))
    said(f"Flattened, the first four hold {float((z / 2).softmax(-1)[:4].sum()):.2f}.")


@pytest.mark.answer("answer-sampling-rounding")
def test_exercise_7_two_sums(answer: Bench) -> None:
    ones = [256.0] + [1.0] * 7
    answer("answer-sampling-rounding").is_(
        sampling.orders(ones, torch.bfloat16), (sum(ones), sum(ones))
    )
    said("In pairs: 256, 2, 2, 2; then 258, 4; then 262.", "Add 256 and seven ones")
