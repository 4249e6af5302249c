"""What the page on speculative decoding tells of its example, its figures and its exercises."""

import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.figures import sampling, speculative_diagram, style
from scripts.figures import speculative as recipe
from tests.answers.plugin import Bench
from tests.said import sayings, tables

speculative: Any = import_module("docs.inference.speculative.speculative")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "speculative.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
P, Q = (torch.tensor(x, dtype=torch.float64) for x in (speculative.P, speculative.Q))
CHAIN, CHEAP = speculative.turned(speculative.P), speculative.turned(speculative.Q)


def two(values: Any) -> list[str]:
    """Numbers with two digits, zero without."""
    return [f"{float(v):.2f}" if float(v) > 1e-9 else "0" for v in values]


def test_the_example_by_pencil() -> None:
    missing = (P - Q).clamp(min=0)
    rows = rows_of("tab-speculative-example")
    smaller = torch.minimum(P, Q)
    assert [row[1:9] for row in rows] == [two(P), two(Q), two(smaller), two(missing)]
    assert [float(row[9]) for row in rows] == pytest.approx(
        [float(x.sum()) for x in (P, Q, smaller, missing)]
    )
    r = dict(zip(speculative.WORDS, speculative.rest(P, Q).tolist(), strict=True))
    said(
        f"Divided by its sum 0.20, the last row is tea {r['tea']:.1f}, juice {r['juice']:.2f}, "
        f"coffee {r['coffee']:.2f}, cocoa {r['cocoa']:.2f}, ink {r['ink']:.2f}.",
        f"So tea comes out with $0.30 + 0.20 \\cdot {r['tea']:.1f} = {0.3 + 0.2 * r['tea']:.2f}$",
        f"and juice with $0.05 + 0.20 \\cdot {r['juice']:.2f} = {0.05 + 0.2 * r['juice']:.2f}$",
        "Milk is drafted with 0.40 and accepted half of the time, so 0.20 of it is kept.",
        f"The acceptance rate is the sum of the third row, {float(speculative.rate(P, Q)):.2f}.",
        f"The rest, {0.5 * float((P - Q).abs().sum()):.2f}, is the *total variation distance*",
    )
    assert sorted(word for word, value in r.items() if value == 0) == ["milk", "sand", "water"]
    assert [word for word, p, q in zip(speculative.WORDS, P, Q, strict=True) if p < q] == ["milk"]


def test_the_call_of_the_diagram() -> None:
    table = speculative_diagram.numbers()
    assert style.read_table(HOME / "diagram.csv") == {k: pytest.approx(v) for k, v in table.items()}
    names = [speculative.WORDS[int(x)] for x in (*table["drafted"], table["redraw"][1])]
    assert names == ["milk", "water", "coffee"]
    assert table["accepted"] == [1, 0]
    row = speculative.rest(CHAIN[1], CHEAP[1]).tolist()
    shifted = {w: round(v, 6) for w, v in zip(speculative.WORDS, row, strict=True) if v > 1e-9}
    assert shifted["milk"] < table["redraw"][0] < shifted["milk"] + shifted["coffee"]
    q, p, ratio, u = (table[name] for name in ("q", "p", "ratio", "u"))
    said(
        f"The draft proposes milk with q {q[0]:.1f} and water with q {q[1]:.1f}. The target gives them p "
        f"{p[0]:.1f} and {p[1]:.1f}. Random numbers {u[0]} and {u[1]} are compared with p / q, {ratio[0]} for both",
        f"With the random number {table['redraw'][0]} another word is redrawn",
        f"both with $q = {q[0]:.1f}$ where $p = {p[0]:.1f}$",
        f"With $u = {u[0]}$ milk is accepted, with $u = {u[1]}$ water is not.",
        f"Behind milk the missing part is shifted too: milk {shifted['milk']:.1f}, coffee {shifted['coffee']:.2f}, "
        f"cocoa {shifted['cocoa']:.2f}, ink {shifted['ink']:.2f}, sand {shifted['sand']:.2f}.",
        "With $u = 0.6$, between 0.5 and 0.75, coffee is drawn.",
        f"after milk, milk has {float(CHAIN[1, 1]):.2f}, water {float(CHAIN[1, 2]):.2f}, and so on to "
        f"tea with {float(CHAIN[1, 0]):.2f}",
    )
    assert ratio[0] == pytest.approx(ratio[1])


def test_tokens_and_speed_of_the_example() -> None:
    powers = " + ".join(str(round(0.8**j, 4)) for j in range(1, 5))
    said(
        f"a call adds $1 + {powers} = {speculative.expected(0.8, 4):.2f}$ words",
        f"takes $1 + 4 \\cdot 0.1 = 1.4$ calls, so $3.36 / 1.4 = {speculative.speed(0.8, 4, 0.1):.2f}$ words",
        f"The best $k$ is {speculative.best(0.8, 0.1)}, and four are nearly as good.",
        f"The seventh has {0.8**7:.2f}, less than $0.1 \\cdot {speculative.speed(0.8, 6, 0.1):.2f} = 0.25$.",
        "Even an endless draft adds on average at most $1 / (1 - \\alpha)$ tokens, 5 for $\\alpha = 0.8$.",
    )
    assert f"{0.1 * speculative.speed(0.8, 6, 0.1):.2f}" == "0.25"
    made, fast = rows_of("tab-speculative-speed")
    assert made[1:] == ["1", *(f"{speculative.expected(0.8, k):.2f}" for k in range(1, 9))]
    assert fast[1:] == ["1", *(f"{speculative.speed(0.8, k, 0.1):.2f}" for k in range(1, 9))]


def test_until_when_checking_is_free() -> None:
    plain, longer = (1e3 * speculative.seconds(n * 64, 64, 1000) for n in (1, 5))
    gain = {b: speculative.with_batch(b, 4, 0.8, 0.1, 1000) for b in (1, 64, 480)}
    assert speculative.seconds(5, 1, 0) == speculative.seconds(1, 1, 0) == pytest.approx(0.008)
    said(
        f"takes {plain:.1f} ms, bound by reading weights and caches; "
        f"with five tokens of each it takes {longer:.1f} ms, bound by arith",
        f"The gain of four drafts falls from {gain[1]:.2f} to {gain[64]:.2f}, and with 480 texts, about as many as "
        f"the memory holds without a draft model, to {gain[480]:.2f}: slower",
        f"| {gain[480]:.2f} times as fast with 480 texts |",
        f"at 480 texts one draft still gives {speculative.with_batch(480, 1, 0.8, 0.1, 1000):.2f}, "
        f"four give {gain[480]:.2f}",
        f"part of the gain: with $k = 1$ it is {speculative.with_batch(480, 1, 0.8, 0.1, 1000):.2f} times",
    )
    free = [8 / (2 * 8e9 * (k + 1) / 312e9 - 2**17 * 1000 / 2e9) for k in (4, 8)]  # in milliseconds
    said(
        f"these are {free[0]:.1f} texts for $k = 4$ and {free[1]:.1f} for $k = 8$",
        f"this holds for up to {math.floor(free[0])} texts at once",
        f"with a billion weights of two bytes each, 2 GB, the room of {2e9 / (2**17 * 1000):.0f} texts of 1,000 tokens",
        f"Beyond {64e9 / (2**17 * 1000):.0f} texts the memory is full even without a draft model.",
    )
    length = next(
        m for m in range(10_000) if speculative.seconds(5e6, 1e6, m) > 5e6 * 16e9 / 312e12
    )
    said(
        f"from {length:,} tokens a text on, reading the cache takes longer than the arithmetic of five tokens"
    )
    assert speculative.with_batch(10**6, 4, 0.8, 0.1, length) > 2.3
    assert speculative.with_batch(10**6, 4, 0.8, 0.1, 1000) < 1


def far(name: str, n: int) -> float:
    """Total variation distance between texts of n words by a rule and the target's own."""
    law = speculative.law(CHAIN, CHEAP, 0, n, 4, speculative.RULES[name])
    return abs(0.5 * float((law - speculative.own(CHAIN, 0, n)).abs().sum()))


def test_wrong_rules_change_the_distribution() -> None:
    names = ["right", "rest from p", "only q ≤ p", "no check"]
    assert list(speculative.RULES) == names
    table = [[far(name, n) for n in (1, 2, 3, 4)] for name in names]
    assert max(table[0]) < 1e-12
    assert all(row == sorted(row) and len(set(row)) == 4 for row in table[1:])
    printed = [row[1:] for row in rows_of("tab-speculative-wrong")]
    assert printed == [[f"{value:.3f}" for value in row] for row in table]
    milk = [speculative.law(CHAIN, CHEAP, 0, 1, 4, speculative.RULES[n])[1] for n in names]
    assert float(milk[2]) == 0
    said(
        f"it comes with $0.20 + 0.20 \\cdot 0.20 = {float(milk[1]):.2f}$",
        f"{table[1][0]:.2f} to {max(row[0] for row in table):.2f} away after one word",
    )


def test_the_program_prints_what_the_page_tells(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / "speculative.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "right        distance from the target: 0.000 0.000 0.000 0.000" in out
    formula, chain, run = (
        out.partition(f"{name} ")[2].split(",")[0].split(";")[0]
        for name in ("formula", "chain", "run")
    )
    said(f"{formula} by the formula, {chain} by the chain of words, {run} in a run of 50 texts")
    adds = speculative.by_chain(CHAIN, CHAIN, 4)[1]
    uneven = speculative.by_chain(*speculative.moods(), 4)[1]
    said(
        f"a perfect draft: {adds:.3f} tokens a call by the chain",
        f"easy and hard words: {uneven:.3f} by the chain, the formula is off",
        f"a slower draft: {speculative.best(0.8, 0.3)} tokens are best",
    )


def test_easy_and_hard_stretches() -> None:
    p, q = speculative.moods()
    rates = speculative.rate(p, q)
    assert rates.tolist() == pytest.approx([1] * 4 + [0.6] * 4)
    assert float(p[0, 4:].sum()) == pytest.approx(0.1)
    adds, long = speculative.by_chain(p, q, 4)
    said(
        f"The mean $\\alpha$ is {float(rates.mean()):.1f} again, and with $k = 4$ the formula says "
        f"{speculative.expected(0.8, 4):.2f}.",
        f"A call that begins at an easy word adds {float(adds[0]):.2f}, at a hard word {float(adds[4]):.2f}, "
        f"at a random place of the text {float(adds.mean()):.2f}.",
        f"in the long run a call adds {long:.2f}",
        f"{long:.2f} tokens a call where the formula with the mean α says 3.36",
    )
    assert 3.155 < long < 3.156


def test_poor_and_slow_drafts() -> None:
    slow = speculative.speed(0.5, 4, 0.5)
    said(
        f"| {slow:.2f} times as fast with $\\alpha = 0.5$, $c = 0.5$, $k = 4$ |",
        f"a round adds {speculative.expected(0.5, 4):.2f} tokens in the time of three: {slow:.2f} times as fast",
        f"for the first case it is {speculative.best(0.5, 0.5)}, do not draft",
        f"In the example $0.8 + 0.2 \\cdot 0.48 = {speculative.candidates(P, Q, 2)[0]:.3f}$, and with three "
        f"{speculative.candidates(P, Q, 3)[0]:.3f}.",
    )


# Figures.


def test_the_pictures_of_the_formulas_are_described_as_they_are() -> None:
    place = style.read_table(HOME / "place.csv")
    assert [place[n][1] for n in ("kept", "missing")] == [0.2, 0]
    said(
        "Tea: 0.30 accepted and 0.10 added by redraws; milk: 0.20 accepted and 0.20 drafted but rejected"
    )
    table = style.read_table(HOME / "speeds.csv")
    curves = [table[f"alpha {alpha}, c {c}"] for alpha, c in recipe.SPEEDS]
    for row, (alpha, c) in zip(curves, recipe.SPEEDS, strict=True):
        at = speculative.best(alpha, c)
        assert at == row.index(max(row)) <= recipe.LONGEST
        assert row[: at + 1] == sorted(row[: at + 1])
        assert row[at:] == sorted(row[at:], reverse=True)
        assert row[0] == 1
    tops, ends = [max(row) for row in curves], [row[-1] for row in curves]
    at = [row.index(max(row)) for row in curves]
    said(
        f"With α 0.8 and c 0.02 the line rises to {tops[0]:.1f} at {at[0]} tokens; with c 0.1 to {tops[1]:.1f} at "
        f"{at[1]}; with c 0.3 to {tops[2]:.1f} at {at[2]}. With α 0.5 and c 0.1 it rises to {tops[3]:.1f} at {at[3]} "
        f"tokens and ends below 1. With α 0.5 and c 0.5 it stays at {curves[4][1]:.0f} for one token and falls to "
        f"{ends[4]:.1f}"
    )
    assert ends[3] < 1
    batch = style.read_table(HOME / "batches.csv")
    rows = [batch[f"k {k}"] for k in recipe.DEPTHS]
    first = [f"{row[0]:.1f}" for row in rows]
    last = [f"{row[-1]:.1f}" for row in rows]
    said(
        f"start level at {first[0]}, {first[1]}, {first[2]} and {first[3]} and then fall, the longer the draft the "
        "earlier",
        f"At {recipe.BATCHES[-1]} texts they end at {last[0]}, {last[1]}, {last[2]} and "
        f"{last[3]}](speculative/batches.svg)",
    )
    level = [sum(abs(v - row[0]) < 0.005 for v in row) for row in rows]
    assert level == sorted(level, reverse=True)
    assert len(set(level)) == 4
    assert all(a >= b - 1e-6 for row in rows for a, b in itertools.pairwise(row))


def measured() -> dict[tuple[float, str], dict[str, float]]:
    """The rows of the figure by temperature and draft."""
    table = style.read_table(HOME / "measured.csv")
    names = list(table)
    return {
        (row[0], recipe.DRAFTS[int(row[1])]): dict(zip(names, row, strict=True))
        for row in zip(*table.values(), strict=True)
    }


def test_acceptance_on_the_sites_gpt() -> None:
    found = measured()
    rows = rows_of("tab-speculative-measured")

    def shown(row: dict[str, float], name: str) -> str:
        return f"{row[name]:.2f} ± {row[f'{name} spread']:.2f}"

    for name, row in zip(recipe.DRAFTS, rows, strict=True):
        cells = [shown(found[t, name], "acceptance") for t in recipe.TEMPERATURES]
        assert row[1:] == [*cells, shown(found[1.0, name], "k 4")]
    rate = {key: one["acceptance"] for key, one in found.items()}
    for name in ("bigram", "one layer"):
        assert rate[0.0, name] < rate[0.5, name] < rate[1.0, name]
    assert max(abs(rate[t, "trigram"] - 0.6) for t in recipe.TEMPERATURES) < 0.005
    assert rate[0.0, "lookup"] > 10 * rate[0.5, "lookup"] > 10 * rate[1.0, "lookup"]
    for one in found.values():
        assert abs(one["formula k 4"] / one["k 4"] - 1) < 0.03
    assert (sampling.PROMPTS, sampling.READ, sampling.WRITTEN, recipe.REPEATS) == (50, 8, 56, 20)
    said(
        "which continues 50 pieces of held-out text, 8 tokens each, by 56 tokens, with one seed",
        "each text is repeated 20 times before its calls are counted",
    )


def test_the_picture_of_acceptance_is_described_as_it_is() -> None:
    found = measured()
    at = {
        name: [f"{found[t, name]['k 8']:.1f}" for t in recipe.TEMPERATURES]
        for name in recipe.DRAFTS
    }
    layer, bigram, trigram = (at[name] for name in ("one layer", "bigram", "trigram"))
    said(
        f"One layer reaches {layer[0]}, {layer[1]} and {layer[2]} at k = 8, trigram {trigram[0]}, {trigram[1]} and "
        f"{trigram[2]}, bigram {bigram[0]}, {bigram[1]} and {bigram[2]}. "
        f"Lookup reaches {at['lookup'][0]} in greedy texts",
    )
    assert at["lookup"][1:] == ["1.0", "1.0"]
    for (_, name), row in found.items():
        values = [row[f"k {k}"] for k in recipe.DEPTHS]
        assert values == sorted(values)
        assert name == "lookup" or len(set(values)) == 4


def test_the_better_draft_is_not_the_faster_one() -> None:
    found = measured()
    layer, trigram = found[1.0, "one layer"], found[1.0, "trigram"]
    fast = {k: layer[f"k {k}"] / (1 + k / 3) for k in recipe.DEPTHS}
    assert layer["acceptance"] == max(found[1.0, name]["acceptance"] for name in recipe.DRAFTS)
    assert max(fast.values()) == fast[2] < trigram["k 4"]
    said(
        f"four drafts give ${layer['k 4']:.2f} / (1 + \\frac43) = {fast[4]:.2f}$",
        f"gives {trigram['k 4']:.2f} with $c = 0$",
        f"adds {layer['k 8']:.2f} tokens in $1 + \\frac83$ calls, counted in layers: "
        f"{fast[8]:.2f} times as fast, nothing gained",
        f"for the layer, of 1, 2, 4 and 8 it is 2, with {fast[2]:.2f}",
    )


def test_the_loop_itself_adds_what_was_counted_from_finished_texts() -> None:
    table = style.read_table(HOME / "run.csv")
    each = torch.tensor(table["tokens"]) / torch.tensor(table["calls"])
    counted = measured()[1.0, "trigram"]["k 4"]
    said(
        f"run with another seed on {recipe.RUNS} of the prompts for {recipe.RUN_TOKENS} tokens each with the trigram, "
        f"$T = 1$ and $k = 4$, added {float(each.mean()):.2f} ± {float(each.std()):.2f} tokens a call, "
        f"where the count from finished texts says {counted:.2f}",
    )
    assert abs(float(each.mean()) - counted) < 2 * float(each.std()) / math.sqrt(recipe.RUNS)
    assert recipe.RUN_K == 4


def test_the_check_of_deepseeks_numbers() -> None:
    low, high = (speculative.expected(alpha, 1) for alpha in (0.85, 0.9))
    said(
        f"the formula gives {low:.2f} to {high:.2f} tokens a call, and 1.8 times the speed leaves "
        f"{100 * (low / 1.8 - 1):.0f} to {100 * (high / 1.8 - 1):.0f} % of a call"
    )


# Exercises.


@pytest.mark.answer("answer-speculative-rate")
def test_exercise_1_a_rate(answer: Bench) -> None:
    p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.6, 0.2])
    rate = float(speculative.rate(p, q))
    answer("answer-speculative-rate").is_((rate, float(speculative.rest(p, q)[0])), (rate, 0.5))
    said("$p$ is 0.5, 0.3, 0.2 and $q$ is 0.2, 0.6, 0.2.", "0.2 + 0.3 + 0.2; only the first word")


@pytest.mark.answer("answer-speculative-best")
def test_exercise_2_the_best_length(answer: Bench) -> None:
    speeds = [speculative.speed(0.5, k, 0.1) for k in range(6)]
    k = speculative.best(0.5, 0.1)
    assert k == speeds.index(max(speeds))
    answer("answer-speculative-best").is_((k, speeds[k]), (1, speeds[1]))
    said(
        f"The second has 0.25, more than 0.1 · {speeds[1]:.3f}.",
        f"The third has {0.5**3}, less than $0.1 \\cdot {speeds[2]:.3f}$.",
    )


@pytest.mark.answer("answer-speculative-mtp")
def test_exercise_3_one_token_ahead(answer: Bench) -> None:
    answer("answer-speculative-mtp").is_(
        (speculative.expected(0.85, 1), speculative.speed(0.85, 1, 0.03))
    )
    said("accepts it in 85 % of the cases. A draft takes 3 % of a call.", "$1.85 / 1.03$")


@pytest.mark.answer("answer-speculative-wrong")
def test_exercise_4_a_wrong_redraw(answer: Bench) -> None:
    law = speculative.law(CHAIN, CHEAP, 0, 1, 4, speculative.RULES["rest from p"])
    more = law - P
    assert speculative.WORDS[int(more.argmax())] == "milk"
    assert more[0] < 0
    answer("answer-speculative-wrong").is_("Milk: a part of what was rejected comes back.")
    said(f"It comes too seldom, with {float(law[0]):.2f}.")


@pytest.mark.answer("answer-speculative-day")
def test_exercise_5_day_and_night(answer: Bench) -> None:
    night, day = (speculative.with_batch(b, 8, 0.8, 0.1, 1000) for b in (4, 256))
    assert day < 1 < night
    answer("answer-speculative-day").is_(
        "By day many texts share a step, and the arithmetic of nine tokens each is no longer hidden behind reading."
    )


@pytest.mark.answer("answer-speculative-three")
def test_exercise_6_three_candidates(answer: Bench) -> None:
    many = [speculative.candidates(P, Q, m)[0] for m in (1, 2, 3)]
    answer("answer-speculative-three").is_(many[2])
    said(f"{many[0]:.1f}, {many[1]:.3f}, {many[2]:.3f}.")


@pytest.mark.answer("answer-speculative-moods")
def test_exercise_7_moods(answer: Bench) -> None:
    long = speculative.by_chain(*speculative.moods(), 8)[1]
    answer("answer-speculative-moods").is_((long, speculative.expected(0.8, 8)))
    assert long < speculative.expected(0.8, 8)
    assert math.isclose(speculative.expected(0.8, 8), (1 - 0.8**9) / 0.2)
