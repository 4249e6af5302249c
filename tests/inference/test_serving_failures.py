"""Serving: what its figures show and its exercises ask, number by number."""

import itertools
import math
from importlib import import_module
from pathlib import Path

import pytest

from scripts.figures import serving as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables

serving = import_module("docs.inference.serving.serving")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "serving.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure."""
    return style.read_table(FOLDER / f"{name}.csv")


def test_waiting_in_both_ways() -> None:
    table = read("waiting")
    static, moving = table["static_mean"], table["continuous_mean"]
    at = table["rate"].index(2)
    said(
        f"a request wait {static[at]:.1f} s for its first token, continuous batching {moving[at]:.2f} s, on"
    )
    said(f"At half a request a second it is {static[0]:.1f} s against {moving[0]:.2f} s")
    said(f"first token after {static[at]:.1f} s | continuous batching")
    full = [table[f"{way}, most"][0] for way in ("static", "continuous")]
    said(
        f"static batching serves about {full[0]:.1f} a second, continuous batching {full[1]:.1f}.",
        f"a dashed line at {full[0]:.1f} says that it is full",
        f"Static batching rises from {static[0]:.1f} s at 0.5 to {static[at]:.1f} s at 2;",
        f"up to 4 requests a second and rises to {moving[-1]:.2f} s at 6",
        f"of 5 seeds of {figures.COUNT:,} requests. With all requests there",
    )
    assert full[0] > 2
    assert full[1] > 6
    assert [math.isnan(x) for x in static] == [rate > full[0] for rate in table["rate"]]
    assert all(a < b for a, b in itertools.pairwise(static[: at + 1]))
    assert {round(x, 2) for x in moving[:-1]} == {0.03, 0.04}
    said("Continuous batching stays between 0.03 and 0.04 s")
    assert min(table["static_least"][: at + 1]) > max(table["continuous_most"])


def test_the_curve_of_steps() -> None:
    table = read("steps")
    assert set(table["ms 0"][:8]) == {8.0}
    assert round(max(table["tokens 0"])) == round(max(table["tokens 391"])) == 19_500
    said("bends to a level at 19,500")
    last = []
    for m in (1000, 8000):
        fit = [b * m <= figures.ROOM for b in table["batch"]].count(True)
        last.append(table[f"ms {m}"][fit - 1])
        assert all(a < b for a, b in itertools.pairwise(table[f"ms {m}"]))
        lower = zip(table[f"tokens {m}"], table["tokens 391"], strict=True)
        assert all(a < b for a, b in lower)
    assert [round(x) for x in last] == [25, 25]
    said("leans to the right and ends at about 25 ms")


def test_long_prompts_and_chunks() -> None:
    table = read("chunks")
    rows = {budget: n for n, budget in enumerate(table["budget"][:8])}
    whole, fine, right, shortest = rows[float("inf")], rows[64], rows[512], 8
    alone = serving.Machine().step(1, 0)
    short = sum(r.prompt != figures.LONG for seed in figures.SEEDS for r in figures.mixed(seed))

    def told(name: str, n: int, digits: int = 2) -> str:
        return f"{table[name][n]:.{digits}f} ± {table[f'{name}, deviation'][n]:.{digits}f}"

    said(
        f"the longest pause inside an answer is {told('pause', whole)} s",
        f"with 512 tokens a step it is {table['pause'][right]:.3f} s, in all five,",
        f"first token after {told('long', right)} s",
        f"a long prompt comes after {told('long', fine)} s",
        f"waits or is read, {table['behind'][right]:.0f} of {short} in the five runs.",
        f"first token comes after {table['wait behind'][right]:.2f} s on average"
        f" ({table['wait behind'][whole]:.2f} with whole prompts), that of the others after"
        f" {table['wait of others'][right]:.2f} s.",
        f"Over all short prompts the mean is {1000 * table['short'][right]:.0f} ms"
        f" ({1000 * table['short'][whole]:.0f}), and"
        f" one in a hundred waits longer than {table['late'][right]:.2f} s",
        f"the mean is {1000 * table['short'][shortest]:.0f} ms,"
        f" one in a hundred waits longer than {table['late'][shortest]:.2f} s",
        f"and that of a short one after {told('short', fine)} s in place of"
        f" {table['short'][right]:.2f}.",
        f"With 256 it is {table['pause'][rows[256]]:.3f} s, and the long prompts are as fast.",
        f"a pause of {table['pause'][whole]:.2f} s | chunks, 512 tokens a step | a token takes"
        f" {1000 * table['pause'][right]:.0f} ms in place of {1000 * alone:.0f} while a prompt is read"
        f" ({1000 * table['pause'][rows[256]]:.0f} ms with 256);"
        f" with 64 tokens a step the long prompt takes {table['long'][fine]:.1f} s"
        f" in place of {table['long'][whole]:.2f}, and the short ones {table['short'][fine]:.2f} s"
        f" in place of {table['short'][whole]:.2f} |",
    )
    assert table["pause, deviation"][right] < 1e-9
    lost = 1000 * (table["long"][shortest] - table["long"][right])
    said(f"the long prompts lose {lost:.0f} ms of {1000 * table['long'][right]:.0f}")
    assert 2.8 < table["long"][fine] / table["long"][whole] < 3.2
    said(
        f"Chunks of 512 tokens cure it: others wait {1000 * table['pause'][right]:.0f} ms for a token.",
        "With 64 tokens a step the first token of a long prompt takes three times as long,"
        " that of a short one seven times.",
    )
    assert 7 < table["short"][fine] / table["short"][whole] < 7.5
    assert all(a <= b + 1e-4 for a, b in itertools.pairwise(table["pause"][:8]))
    assert [round(x, 2) for x in table["pause"][:2]] == [0.01, 0.01]
    assert f"{table['long'][rows[256]]:.2f}" == "0.87"
    assert all(0.85 < x < 0.88 for x in table["long"][2:8])
    said(
        "is level at 0.01 from 64 to 128 and then rises to 1.2 with whole prompts",
        "falls from 2.5 at 64 to 0.87 at 256 and stays level",
    )


def test_a_full_cache() -> None:
    table = read("pauses")
    rows = {slots: n for n, slots in enumerate(table["slots"])}
    all_in, right, more, kept = rows[256], rows[20], rows[24], rows[float("inf")]

    def told(n: int) -> str:
        return f"{table['tokens'][n]:,.0f} ± {table['tokens, deviation'][n]:.0f}"

    stopped, again = (
        f"{100 * table[name][all_in]:.0f} ± {100 * table[f'{name}, deviation'][all_in]:.0f} %"
        for name in ("stopped", "again")
    )
    pause = [table[f"pause_{name}"][all_in] for name in ("mean", "least", "most")]
    said(
        f"In the simulator {stopped} of the requests were stopped at least once, the tokens computed again were"
        f" {again} of all prompts and answers",
        f"the longest pause was {pause[0]:.1f} s ({pause[1]:.1f} to {pause[2]:.1f}; 5 seeds)",
        f"of all that we tried, {told(all_in)} tokens a second",
        f"to read a token again takes {1000 * serving.Machine().step(1000, 0) / 1000:.2f} ms here",
        f"the longest pause was {table['pause_mean'][right]:.2f} s, and the throughput {told(right)},",
        f"With 24 slots it was {told(more)}, and in one of the five runs"
        f" {table['stopped'][more] * 5 * 150:.0f} of the 150 answers were stopped.",
        f"impossible, and gave {told(kept)}.",
    )
    assert table["stopped"][right] == table["stopped"][kept] == 0 < table["stopped"][more]
    one_run = table["stopped"][more] * 5**0.5  # the deviation if the other four have none
    assert table["stopped, deviation"][more] == pytest.approx(one_run)
    assert table["tokens"][all_in] == max(table["tokens"])
    lost = 100 * (1 - table["tokens"][right] / table["tokens"][all_in])
    said(
        f"a pause of {pause[0]:.1f} s, 40 % computed again | 20 slots in place of 256 | {lost:.0f} % of",
        f"{told(right)}, {lost:.0f} % less.",
        f"fewer slots cure it and cost {lost:.0f} % of the throughput.",
    )
    pauses = [table["pause_mean"][rows[n]] for n in (24, 32, 256)]
    said(
        f"With 24 slots it is {pauses[0]:.1f} s with a wide spread, with 32 slots {pauses[1]:.1f} s,"
        f" with 256 slots {pauses[2]:.1f} s at about 2,350.",
        "With 4 to 20 slots the pause is 0.06 to 0.07 s and the throughput rises from about 470 to 1,810.",
        "Reserving the longest answer gives 0.06 s at about 1,280](",
    )
    few = [table["pause_mean"][rows[n]] for n in (4, 8, 16, 20)]
    assert [round(x, 2) for x in few] == [0.06] * 3 + [0.07]
    assert round(table["tokens"][rows[4]], -1) == 470
    assert round(table["tokens"][right], -1) == 1810
    assert round(table["tokens"][all_in], -1) == 2350
    assert round(table["tokens"][kept], -1) == 1280


def test_requests_in_time() -> None:
    table = read("in-time")
    ways = {name: table[f"{name}_mean"] for name in ("whole", "chunked", "apart", "sized")}
    at = table["rate"].index(8)
    whole, chunked, apart, sized = (100 * ways[name][at] for name in ways)
    said(
        f"At eight requests a second {whole:.0f} % count if both machines do both phases with whole"
        f" prompts, {chunked:.0f} % with chunks of 512, and {apart:.0f} % if one",
        f"{whole:.0f} % of requests within both limits",
        f"Chunks of 512 are too long for {1000 * figures.TARGETS[1]:.0f} ms:"
        f" with {figures.SIZED}, as [the formula](#eq-serving-budget) gives, {sized:.1f} % count"
        f" at eight a second, and {100 * ways['sized'][3]:.0f} % at 16"
        f" ({100 * table['sized_least'][3]:.0f} to {100 * table['sized_most'][3]:.0f} by seed).",
    )
    machine = serving.Machine()
    assert machine.step(512, 0) > figures.TARGETS[1]
    assert machine.step(figures.SIZED, 0) <= figures.TARGETS[1] < machine.step(figures.SIZED + 1, 0)
    slow, late = (
        f"{100 * table[name][3]:.0f} ± {100 * table[f'{name}, deviation'][3]:.0f} %"
        for name in ("apart, slow", "apart, late")
    )
    said(
        f"In the split {slow} of them get their tokens too slowly, and {late} the first one too late",
        f"hardly better than chunks of 512: {100 * ways['apart'][3]:.0f} against"
        f" {100 * ways['chunked'][3]:.0f} %.",
        f"its tokens take {1000 * table['apart, pace'][3]:.1f} ms on average, while with chunks of"
        f" {figures.SIZED} both machines share the work and a token takes"
        f" {1000 * table['sized, pace'][3]:.1f} ms.",
        f"10 ms a token; mean, least and most of 5 seeds of {figures.COUNT:,} requests.",
    )
    assert all(way[3] < 0.5 for name, way in ways.items() if name != "sized")
    assert all(s > t for s, t in zip(table["apart, slow"], table["apart, late"], strict=True))
    said("answers miss a limit of 10 ms a token", "and a token takes up to 10 ms in place of 8.")
    said("| a token takes up to 10 ms in place of 8;")
    first, last = ({name: f"{way[n]:.2f}" for name, way in ways.items()} for n in (0, 3))
    said(
        f"Mixed with {figures.SIZED} tokens a step: from {first['sized']} to {last['sized']}."
        f" Apart: from {first['apart']} down to {last['apart']}."
        f" Mixed with 512: from {first['chunked']} to"
        f" {last['chunked']}. Mixed with whole prompts: from {first['whole']}"
        f" to {last['whole']}](",
    )
    assert all(a < b < c < d for a, b, c, d in zip(*ways.values(), strict=True))
    moved = 1000 * machine.kept * 1000 / figures.LINK
    said(f"which needs {moved:.1f} ms for a cache of 1,000 tokens")


def test_a_request_that_moves_is_written_as_one_that_stays() -> None:
    asked = [serving.Request(100.0 * n, 300 * n + 5, 90) for n in range(5)]
    machine = serving.Machine()
    stays = serving.Engine(machine, serving.Policy()).run(asked)
    moves = serving.apart(machine, serving.Policy(), asked, 50e9)
    for one, other in zip(stays, moves, strict=True):
        assert one.arrival == other.arrival
        assert one.times[0] == pytest.approx(other.times[0])
        late = other.times[-1] - one.times[-1]
        assert late == pytest.approx(machine.kept * one.prompt / 50e9)


def test_a_published_day_by_little_s_law() -> None:
    said(f"14,800 tokens a second at 21 a user are about {14_800 / 21:.0f} answers")
    cost = 16 / (14_800 * 3600 / 1e6)
    said(f"a node costs 16 dollars an hour, and a million tokens written {cost:.2f} dollars")


@pytest.mark.answer("answer-serving-seventy")
def test_exercise_1_a_larger_model(answer: Bench) -> None:
    kept = 2.0 * 80 * 8 * 128 * 2
    four = serving.Machine(70e9, 2, kept, 4 * 312e12, 8e12)
    one = serving.Machine(70e9, 2, kept, 312e12, 2e12)
    length = 2 * four.parameters * four.bandwidth / (kept * four.flops)
    assert four.flip(2738) < float("inf") == four.flip(2739)
    found = [(1000 * m.step(1, 0), kept / 1024, length) for m in (four, one)]
    answer("answer-serving-seventy").is_(*found)


@pytest.mark.answer("answer-serving-slots")
def test_exercise_2_six_answers(answer: Bench) -> None:
    answers, steps = (3, 1, 4, 1, 5, 2), []
    for static in (True, False):
        policy = serving.Policy(slots=2, budget=99, static=static)
        asked = [serving.Request(0, 1, n) for n in answers]
        served = serving.Engine(serving.UNIT, policy).run(asked)
        steps.append(max(r.times[-1] for r in served))
    answer("answer-serving-slots").is_(steps, (sum(answers), steps[1]))


@pytest.mark.answer("answer-serving-little")
def test_exercise_3_slots_by_little_s_law(answer: Bench) -> None:
    answer("answer-serving-little").is_((3 * 12, 3 * 12 * 1500), (12 / 3, 12 / 3 * 1500))


@pytest.mark.answer("answer-serving-freeze")
def test_exercise_4_what_freezes(answer: Bench) -> None:
    table = read("chunks")
    assert table["pause"][7] > 1 > 30 * table["pause"][3]
    answer("answer-serving-freeze").is_("Fewer tokens a step, with chunked prefill.")


@pytest.mark.answer("answer-serving-flip")
def test_exercise_6_smaller_weights(answer: Bench) -> None:
    found = [[serving.Machine(width=width).flip(m) for width in (2, 0.5)] for m in (500, 0)]
    answer("answer-serving-flip").is_(*found)
