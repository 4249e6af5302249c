"""Serving: steps by the roofline, schedules by pencil, queues against their theory, the page's figures."""

import itertools
import math
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.figures import serving as figures
from scripts.figures import style
from tests import golden as shared
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings, tables

serving = import_module("docs.inference.serving.serving")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "serving.md"
FOLDER = PAGE.with_suffix("")
GOLDEN = Path(__file__).with_name("serving.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
MACHINE = serving.Machine()


def engine(**policy: object) -> object:
    """A server whose steps take one unit each."""
    return serving.Engine(serving.UNIT, serving.Policy(budget=99, **policy))


# The roofline.


@pytest.mark.equation("eq-serving-step")
def test_a_step_takes_the_longer_time(printed: Equations) -> None:
    machine = serving.Machine(7e9, 1.5, 3e5, 9e13, 1.1e12)
    for n, m in ((900, 300), (3, 70_000)):  # bound by arithmetic, and by reading
        done = 2.0 * 7e9 * n / 9e13 if n == 900 else (7e9 * 1.5 + 3e5 * m) / 1.1e12
        assert machine.step(n, m) == pytest.approx(done)
    values = {"P": 7e9, "b": 1.5, r"\kappa": 3e5, "F": 9e13, "V": 1.1e12}
    at = [(900, 300, "b κ V m".split()), (3, 70_000, "F n".split())]
    names = {"κ": r"\kappa"}
    for n, m, free in at:
        printed("eq-serving-step").holds(
            {"t": machine.step(n, m), "n": n, "m": m, **values},
            free=tuple(names.get(name, name) for name in free),
        )


@pytest.mark.equation("eq-serving-flip")
def test_the_batch_where_both_times_are_equal(printed: Equations) -> None:
    machine = serving.Machine(7e9, 1.5, 3e5, 9e13, 1.1e12)
    low, high = 1.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        arithmetic, reading = machine.times(middle, middle * 300)
        low, high = (middle, high) if arithmetic < reading else (low, middle)
    assert machine.flip(300) == pytest.approx(low)
    printed("eq-serving-flip").holds(
        {
            r"B_{\text{flip}}": low,
            "b": 1.5,
            "P": 7e9,
            "V": 1.1e12,
            "F": 9e13,
            r"\kappa": 3e5,
            "M": 300,
        }
    )


@pytest.mark.equation("eq-serving-length")
def test_the_length_from_which_no_batch_is_bound_by_arithmetic(printed: Equations) -> None:
    machine = serving.Machine(7e9, 1.5, 3e5, 9e13, 1.1e12)
    length = next(m for m in itertools.count() if math.isinf(machine.flip(m)))
    exact = 2 * 7 * 1.1e3 / (3 * 9)
    assert length == math.ceil(exact)
    printed("eq-serving-length").holds(
        {r"M_{\text{flip}}": exact, "P": 7e9, "V": 1.1e12, r"\kappa": 3e5, "F": 9e13}
    )
    assert math.isinf(MACHINE.flip(783))
    assert math.isfinite(MACHINE.flip(782))
    said("which is 782 tokens here", f"$B_{{\\text{{flip}}}} = bF/2V = {MACHINE.flip(0):.0f}$")
    said(
        "Arithmetic and reading of one text take equally long at [782 tokens](#flip)",
        "At half of that, 391, the cache takes 0.026 ms",
        f"so the border is twice as high: {MACHINE.flip(391):.0f} texts",
    )


@pytest.mark.equation("eq-serving-throughput")
def test_throughput_has_a_limit(printed: Equations) -> None:
    machine = serving.Machine(7e9, 1.5, 3e5, 9e13, 1.1e12)
    for batch in (3, 90_000):
        t = machine.times(batch, batch * 700)[1]
        values = {"P": 7e9, "b": 1.5, r"\kappa": 3e5, "V": 1.1e12, "M": 700}
        printed("eq-serving-throughput").holds({r"\frac{B}{t}": batch / t, "B": batch, **values})
    for m, limit in ((1000, "15,259"), (8000, "1,907")):
        assert f"{MACHINE.bandwidth / (MACHINE.kept * m):,.0f}" == limit
    said("For 1,000 tokens the limit is 15,259 tokens a second; for 8,000 it is 1,907.")


def test_the_table_of_steps() -> None:
    found = []
    for tokens, read in ((1, 1000), (64, 64_000), (1000, 0)):
        arithmetic, reading = MACHINE.times(tokens, read)
        t = MACHINE.step(tokens, read)
        times = [f"{1000 * x:.2f} ms" for x in (arithmetic, reading, t)]
        found.append([*times, f"{tokens / t:,.0f}"])
    assert [row[1:] for row in rows_of("tab-serving-steps")] == found
    alone, many = MACHINE.step(1, 1000), MACHINE.step(64, 64_000)
    said(
        f"With 64 texts a token takes {many / alone:.1f} times as long,"
        f" and {64 * alone / many:.0f} times as many are written",
        f"[with 64 texts a token took {many / alone:.1f} times as long](#tab-serving-steps) for each;"
        f" one after the other,"
        f" the last would have waited for {64 - 1} answers",
    )
    assert 1 - MACHINE.times(1, 0)[0] / MACHINE.step(1, 0) > 0.99
    room = (80e9 - MACHINE.parameters * MACHINE.width) / MACHINE.kept
    said(f"Of the 80 GB, 64 are left for the cache: {room:,.0f} tokens")
    assert MACHINE.kept == 128 * 1024
    said(
        f"{MACHINE.parameters * MACHINE.width / 1e9:.0f} GB by {MACHINE.bandwidth / 1e9:,.0f} GB a second"
        f" are {1000 * MACHINE.times(0, 0)[1]:.0f} ms.",
        f"16 billion: {1000 * MACHINE.times(1, 0)[0]:.4f} ms.",
        f"Up to $8 / {1000 * MACHINE.times(1, 0)[0]:.4f} = {MACHINE.flip(0):.0f}$ tokens",
        f"For 1,000 tokens it has {MACHINE.kept / 1000:.0f} MB, which takes "
        f"{1e6 * MACHINE.kept / MACHINE.bandwidth:.3f} ms",
        f"A prompt of 16,000 tokens takes {1000 * MACHINE.step(16_000, 0):.0f} ms",
        f"a step takes {1000 * MACHINE.step(512, 0):.0f} ms, and the others write on",
        f"the arithmetic falls from {1000 * MACHINE.step(4000, 0):.0f} ms"
        f" to {1000 * MACHINE.step(400, 0):.1f}.",
        "the four steps still take"
        f" {1000 * sum(MACHINE.step(100, n) for n in (600, 800, 1000, 1200)):.0f} ms: each reads all",
        "as in Llama 3 8B",
    )
    # queries by keys and weights by values, two operations each, of half of all pairs
    short, long = (
        100 * 2 * n * n * 32 * 4096 / (2 * MACHINE.parameters * n) for n in (1000, 16_000)
    )
    said(
        f"would add {short:.0f} % to the arithmetic of a prompt of 1,000 tokens,"
        f" and {long:.0f} % to that of one of 16,000"
    )
    said(f"counted too, {200 * 128_256 * 4096 / 8.03e9:.0f} % of these parameters")


@pytest.mark.equation("eq-serving-budget")
def test_the_tokens_that_a_pause_allows(printed: Equations) -> None:
    machine = serving.Machine(7e9, 1.5, 3e5, 9e13, 1.1e12)
    tau = machine.step(1234, 5)
    printed("eq-serving-budget").holds({"k": 1234, r"\tau": tau, "F": 9e13, "P": 7e9})
    allowed = next(k for k in itertools.count() if MACHINE.step(k, 0) > 0.01) - 1
    said(f"10 ms allow {allowed} tokens here")


# The schedule.


def test_the_example_of_slots() -> None:
    table = style.read_table(FOLDER / "slots.csv")
    for static, steps in ((1.0, 10), (0.0, 8)):
        ends = [e for s, e in zip(table["static"], table["end"], strict=True) if s == static]
        starts = [b for s, b in zip(table["static"], table["start"], strict=True) if s == static]
        assert max(ends) == steps
        assert np.mean(starts) + 1 == {1.0: 5, 0.0: 2.5}[static]
        assert sum(figures.EXAMPLE) == 14
    said("10 steps in all", "after step 4: 8 steps")
    said("The 14 tokens fill 70 % of the slots in the first case, 87.5 % in the second.")
    said("falls from 5 to 2.5 steps")
    assert (14 / 20, 14 / 16) == (0.7, 0.875)


def by_hand(answers: list[int], slots: int, static: bool) -> int:
    """Steps until all are done: whoever is free takes the next; or batch by batch."""
    if static:
        return sum(max(answers[i : i + slots]) for i in range(0, len(answers), slots))
    free = [0] * slots
    for n in answers:
        free[free.index(min(free))] += n
    return max(free)


def test_schedules_are_those_of_lists_of_slots() -> None:
    rng = np.random.default_rng(0)
    for slots, static in itertools.product((1, 2, 5), (True, False)):
        answers = rng.integers(2, 30, 23).tolist()
        asked = [serving.Request(0, 1, n) for n in answers]
        served = engine(slots=slots, static=static).run(asked)
        assert max(r.times[-1] for r in served) == by_hand(answers, slots, static)
        assert [len(r.times) for r in served] == answers


def test_chunks_fill_a_step_and_whole_prompts_stand_alone() -> None:
    asked = [serving.Request(0, 1, 9), serving.Request(0.5, 31, 2)]
    chunked = serving.Engine(serving.UNIT, serving.Policy(slots=2, budget=11)).run(asked)
    assert chunked[1].times[0] == 5  # 10 tokens each in steps 2 to 4, beside one that is written
    assert chunked[0].times == list(range(1, 10))
    whole = serving.Engine(serving.UNIT, serving.Policy(slots=2)).run(asked)
    assert whole[1].times[0] == 2
    assert whole[0].times[:3] == [1, 3, 4]  # the second step is the other's prompt
    with pytest.raises(MemoryError, match="one request alone"):
        serving.Engine(serving.UNIT, serving.Policy(pool=16)).run([serving.Request(0, 10, 9)])


def test_a_full_cache_stops_the_youngest_who_reads_again() -> None:
    asked = [serving.Request(0, 7, 12), serving.Request(0, 7, 12)]
    policy = serving.Policy(slots=2, budget=99, pool=24, page=8)
    served = serving.Engine(serving.UNIT, policy).run(asked)
    assert served[0].again == 0
    assert served[0].times == list(range(1, 13))
    assert served[1].again > 0
    assert len(served[1].times) == 12
    gap = serving.gaps(served[1:])
    assert gap.max() > 1
    roomy = serving.Engine(serving.UNIT, replace(policy, reserve=12)).run(asked)
    assert all(r.again == 0 for r in roomy)
    assert roomy[1].times[0] > roomy[0].times[-1]


# Queues.


@pytest.mark.equation("eq-serving-little")
def test_little_s_law_is_exact(printed: Equations) -> None:
    served = serving.Engine(MACHINE, serving.Policy()).run(serving.draw(3, 40, 7))
    inside, rate, stay = serving.little(served)
    stays = [r.times[-1] - r.arrival for r in served]
    watched = max(r.times[-1] for r in served) - served[0].arrival
    printed("eq-serving-little").holds(
        {"L": inside, "Z": watched, "R": 40, "w": stays, r"\lambda": rate, "W": stay}
    )
    for text, way in (("7.175", True), ("2.839", False)):
        served = serving.Engine(MACHINE, serving.Policy(static=way)).run(serving.draw(2, 200, 0))
        inside, rate, stay = serving.little(served)
        assert f"{inside:.3f}" == f"{rate * stay:.3f}" == text
    said("both give 7.175 and 2.839")


@pytest.mark.equation("eq-serving-tpot")
def test_the_mean_pause_telescopes(printed: Equations) -> None:
    served = serving.Engine(MACHINE, serving.Policy()).run(serving.draw(30, 6, 3))[2]
    times = served.times[:5]
    one = replace(served, answer=5, times=times)
    printed("eq-serving-tpot").holds(
        {r"\text{TPOT}": float(serving.each([one])[0]), "N": 5, "t": times}
    )
    said("with 200 tokens, one pause of a second adds 5 ms")
    assert round(1000 / 199) == 5


@pytest.mark.equation("eq-serving-residual")
@pytest.mark.equation("eq-serving-queue")
def test_random_arrivals_wait_as_the_theory_says(printed: Equations) -> None:
    waits = []
    for seed in range(5):
        asked = [replace(r, prompt=1, answer=2) for r in serving.draw(0.4, 4000, seed)]
        served = engine(slots=1).run(asked)
        waits.append(float(np.mean([r.started - r.arrival for r in served])))
    mean, spread = np.mean(waits), np.std(waits, ddof=1)
    said(f"$x = 2$ finds {mean:.2f} ± {spread:.2f} at $\\rho = 0.8$, where the formula gives 4")
    assert abs(mean - 4) < 2 * spread / math.sqrt(5)
    said("At $\\rho = 0.8$ requests wait two service times, at 0.95 nearly ten.")
    # a chain of the states at the ends of services has the mean number inside, by Little the wait
    rho, x = 0.7, 3.0
    p = [math.exp(-rho) * rho**k / math.factorial(k) for k in range(60)]
    inside = np.eye(1, 200)[0]
    step = np.zeros((200, 200))
    for i, k in itertools.product(range(200), range(60)):
        step[i, min(max(i - 1, 0) + k, 199)] += p[k]
    for _ in range(12):
        step = step @ step
    mean_inside = float((inside @ step) @ np.arange(200))
    wait = mean_inside / (rho / x) - x
    printed("eq-serving-queue").holds({"W_q": wait, r"\rho": rho, "x": x})
    values = {"W_q": wait, r"\rho": rho, "x": x, r"\lambda": rho / x}
    printed("eq-serving-residual").holds(values)


@pytest.mark.equation("eq-serving-longest")
def test_the_longest_of_a_batch(printed: Equations) -> None:
    r, most, batch = 0.8, 7, 4
    lengths = np.arange(1, most + 1)
    below = np.where(lengths < most, 1 - r**lengths, 1.0) ** batch
    mean = float((lengths * np.diff(below, prepend=0)).sum())
    printed("eq-serving-longest").holds(
        {r"\mathbb{E}[\text{longest}]": mean, "S": most, "r": r, "B": batch}
    )
    longest = sum(1 - (1 - 0.995**n) ** 16 for n in range(1000))
    one = sum(0.995**n for n in range(1000))
    said(f"the longest answer has {longest:.0f} tokens on average and the mean one {one:.0f}")
    used = []
    for seed in range(5):
        asked = [replace(q, arrival=0.0, prompt=1) for q in serving.draw(1, 160, seed)]
        served = engine(static=True).run(asked)
        used.append(sum(q.answer for q in served) / 16)
        used[-1] *= 100 / max(q.times[-1] for q in served)
    said(f"So {100 * one / longest:.0f} % of the slots are in use")
    said(f"finds {np.mean(used):.0f} ± {np.std(used, ddof=1):.0f} % (mean")


def test_the_program_prints_what_the_page_tells() -> None:
    def wait(machine: object, asked: list, **policy: object) -> float:
        served = serving.Engine(machine, serving.Policy(**policy)).run(asked)
        return float(serving.first(served).mean())

    asked = serving.draw(2, 200, 0)
    static, moving = wait(MACHINE, asked, static=True), wait(MACHINE, asked)
    said(f"wait {static:.2f} s for its first token, continuous batching {moving:.2f} s.")
    assert wait(MACHINE, asked, slots=1, static=True) == wait(MACHINE, asked, slots=1)
    twice = serving.draw(4, 200, 0)
    fast = serving.Machine(bandwidth=4e12)
    rows = [row[1] for row in rows_of("tab-serving-try")]
    assert rows == [
        "more than static batching can serve: its wait grows with the run,"
        f" {wait(MACHINE, twice, static=True):.2f} s over 200 requests;"
        f" {wait(MACHINE, twice):.2f} s with continuous",
        "both ways become one, and the wait grows with the run,"
        f" {wait(MACHINE, asked, slots=1):.2f} s over 200 requests",
        f"twice the bandwidth: the static wait falls to {wait(fast, asked, static=True):.2f} s",
    ]
    for policy, rate in (({"static": True}, 4), ({"slots": 1}, 2)):
        runs = [wait(MACHINE, serving.draw(rate, count, 0), **policy) for count in (200, 400, 800)]
        assert runs[0] < 0.7 * runs[1] < 0.5 * runs[2]


# The demo.


def chats(seed: int) -> list[Any]:
    """Twelve chats as the demo draws them, times in milliseconds."""
    chance, arrival, found = Random(seed), 0.0, []

    def drawn(mean: float) -> float:
        return -mean * math.log(1 - chance.uniform())

    for _ in range(12):
        arrival += drawn(20)
        prompt = 1 + int(drawn(200))
        found.append(serving.Request(arrival, prompt, 2 + int(drawn(20))))
    return found


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: the end, the first tokens, the longest pause, the speed."""
    sets = {
        "example": [serving.Request(0, 1, n) for n in (2, 8, 2, 2)],
        "long": [
            serving.Request(*of)
            for of in ((0, 100, 60), (0, 100, 80), (100, 16000, 20), (120, 100, 40))
        ],
    }
    cases = []
    for name, seed, slots, static, budget in (
        ("example", 1, 2, True, 512),
        ("example", 1, 2, False, 512),
        ("example", 1, 3, False, 0),
        ("long", 1, 4, False, 0),
        ("long", 1, 4, False, 512),
        ("long", 1, 3, True, 128),
        ("chats", 1, 4, True, 512),
        ("chats", 2, 6, False, 128),
        ("chats", 3, 4, False, 0),
    ):
        requests = chats(seed) if name == "chats" else sets[name]
        requests = [replace(r, arrival=r.arrival / 1000) for r in requests]
        policy = serving.Policy(slots=slots, static=static, budget=budget or None)
        served = serving.Engine(MACHINE, policy).run(requests)
        end = max(r.times[-1] for r in served)
        tokens = sum(r.answer for r in served)
        first, pause = serving.first(served).mean(), serving.gaps(served).max()
        told = [1000 * end, 1000 * float(first), 1000 * float(pause), tokens / end]
        batching = "static" if static else "continuous"
        setting = {"slots": slots, "batching": batching, "budget": budget}
        cases.append({"function": "outcome", "args": [name, seed, setting], "returns": told})
    return {"module": "inference/serving/serving.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
