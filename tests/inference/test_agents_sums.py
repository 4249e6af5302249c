"""The sums of an agent: against enumeration, counting in the loop, simulation and roots."""

import itertools
import math
import random
from functools import lru_cache
from math import inf

import numpy as np
import pytest
from scipy import optimize, stats

from docs.inference.agents import agents, sums
from scripts.figures import agents as recipe
from tests.printed.plugin import Equations

TOOLS = [agents.price(agents.PRICES), agents.calculator()]
QUESTION = agents.task(agents.ORDER)


@lru_cache
def simulated(tries: int) -> list[agents.Run]:
    """2,000 runs of the example with errors, as the program of sums.py makes them."""
    policy = agents.clumsy(agents.flawless(agents.ORDER), 0.9, 0.8, random.Random(0))
    limits = agents.Limits(tries=tries)
    return [agents.loop(policy, TOOLS, QUESTION, limits) for _ in range(2000)]


def lookups(n: int) -> agents.Run:
    """A run that ends after n calls, all of them look-ups."""
    policy = agents.flawless(recipe.order(60))
    return agents.loop(policy, recipe.tools(60), QUESTION, agents.Limits(calls=n))


def enumerated(p: float, d: float, tries: int) -> tuple[float, float]:
    """A step by its tree: right, wrong and unseen, or refused and tried again; probability and mean calls."""
    law = {"right": p, "unseen": (1 - p) * (1 - d), "refused": (1 - p) * d}
    right = calls = 0.0
    for kinds in itertools.product(("right", "unseen", "refused"), repeat=tries):
        weight = math.prod(law[kind] for kind in kinds)
        ended = next((i for i, k in enumerate(kinds) if k != "refused"), tries - 1)
        right += weight * (kinds[ended] == "right")
        calls += weight * (ended + 1)
    return right, calls


# Success and calls.


@pytest.mark.parametrize(("p", "d", "tries"), [(0.9, 0.8, 1), (0.9, 0.8, 3), (0.6, 0.5, 4)])
def test_a_step_by_enumeration(p: float, d: float, tries: int) -> None:
    assert sums.step(p, d, tries) == pytest.approx(enumerated(p, d, tries))


def test_runs_succeed_as_often_as_in_closed_form() -> None:
    for tries in (1, 2, 3):
        share = np.mean([run.answer == "22" for run in simulated(tries)])
        exact = sums.step(0.9, 0.8, tries)[0] ** 4
        assert abs(share - exact) < 3 * math.sqrt(exact * (1 - exact) / 2000)


@pytest.mark.equation("eq-agents-chain")
def test_success_is_a_product(printed: Equations) -> None:
    p, n = 0.7, 3
    paths = itertools.product((True, False), repeat=n)
    whole = sum(all(path) * math.prod(p if ok else 1 - p for ok in path) for path in paths)
    printed("eq-agents-chain").holds({"P_n": whole, "p": [p] * n, "s": p, "n": n}, free=("n",))


@pytest.mark.equation("eq-agents-half")
def test_half_of_the_runs(printed: Equations) -> None:
    root = optimize.brentq(lambda n: 0.93**n - 0.5, 1, 50)
    assert sums.half(0.93) == pytest.approx(root)
    printed("eq-agents-half").holds({"n_{1/2}": root, "s": 0.93}, tolerance=1e-8)


@pytest.mark.equation("eq-agents-retry")
def test_a_step_with_retries(printed: Equations) -> None:
    p, d, m = 0.7, 0.6, 3
    s, _ = enumerated(p, d, m)
    printed("eq-agents-retry").holds({"s": s, "q": (1 - p) * d, "p": p, "m": m})


@pytest.mark.equation("eq-agents-calls")
def test_calls_of_a_step(printed: Equations) -> None:
    p, d, m = 0.7, 0.6, 3
    _, calls = enumerated(p, d, m)
    printed("eq-agents-calls").holds({"K": calls, "q": (1 - p) * d, "m": m})


@pytest.mark.equation("eq-agents-limit")
def test_the_limit_is_bayes_rule(printed: Equations) -> None:
    p, d = 0.7, 0.6
    joint = {("right", "kept"): p, ("wrong", "kept"): (1 - p) * 0.4}
    share = joint["right", "kept"] / sum(joint.values())
    assert sums.step(p, d, inf)[0] == pytest.approx(share)
    assert sums.step(p, d, 40)[0] == pytest.approx(share)
    printed("eq-agents-limit").holds(
        {r"s_\infty": share, "p": p, "q": (1 - p) * d, "d": d}, free=("p", "d")
    )


# Tokens.


@pytest.mark.equation("eq-agents-read")
def test_tokens_that_are_read(printed: Equations) -> None:
    run = lookups(7)
    read, new = agents.account(run, recipe.tools(60))
    assert (read, new) == sums.read(84, 26, 7)
    printed("eq-agents-read").holds({"R_n": read, "a": 84, "b": 26, "n": 7}, free=("a", "b"))


@pytest.mark.equation("eq-agents-bill")
def test_the_bill(printed: Equations) -> None:
    run = lookups(5)
    tools = recipe.tools(60)
    lengths = [len(agents.tokens(agents.render(tools, p))) for p in run.prompts]
    parts = [(after - before, before) for before, after in itertools.pairwise([0, *lengths])]
    by_call = sum(fresh + 0.3 * cached for fresh, cached in parts)
    assert sums.bill(84, 26, 5, 0.3) == pytest.approx(by_call)
    read, new = agents.account(run, tools)
    printed("eq-agents-bill").holds({"B_n": by_call, "N_n": new, "R_n": read, "r": 0.3})


@pytest.mark.equation("eq-agents-split")
def test_several_agents_read_less(printed: Equations) -> None:
    g, n = 4, 12
    each, _ = agents.account(lookups(n // g), recipe.tools(60))
    printed("eq-agents-split").holds(
        {"R_{n/g}": each, "g": g, "n": n, "a": 84, "b": 26}, free=("a", "b")
    )


# All of k runs.


@pytest.mark.equation("eq-agents-passhat")
def test_all_of_k_counts_choices(printed: Equations) -> None:
    for n, c, k in itertools.product((4, 6), (0, 1, 3, 4), (1, 2, 4)):
        runs = [1] * c + [0] * (n - c)
        share = np.mean([min(choice) for choice in itertools.combinations(runs, k)])
        assert sums.pass_all(n, c, k) == pytest.approx(share)
    share = np.mean([min(x) for x in itertools.combinations([1] * 5 + [0] * 3, 3)])
    printed("eq-agents-passhat").holds(
        {r"\hat A_k": float(share), "C": math.comb, "n": 8, "c": 5, "k": 3}
    )


@pytest.mark.equation("eq-agents-unbiased")
def test_its_mean_is_the_truth(printed: Equations) -> None:
    n, k, p = 6, 3, 0.35
    law = stats.binom(n, p).pmf(range(n + 1))
    mean = sum(law[c] * sums.pass_all(n, c, k) for c in range(n + 1))
    assert mean == pytest.approx(p**k)
    power = sum(law[c] * (c / n) ** k for c in range(n + 1))
    assert power > 1.2 * p**k
    printed("eq-agents-unbiased").holds(
        {"C": math.comb, "n": n, "k": k, "p": p}, free=("n", "k", "p")
    )
