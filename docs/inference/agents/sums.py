"""Success, calls and tokens of an agent in closed form, and pass^k; as a program, beside simulation.

n  calls of the model        p  probability that one is right        d  share of wrong ones that are refused
a  tokens of the first prompt        b  tokens that a call with its result adds
"""

import random
from importlib import import_module
from math import comb, inf, log
from typing import Any

RIGHT, SEEN = 0.9, 0.8  # p and d of the example


# --8<-- [start:step]
def step(p: float, d: float, tries: float = 1) -> tuple[float, float]:
    """Probability that a step ends right, and the mean number of its calls. Source: definition."""
    q = (1 - p) * d  # refused, so tried again
    calls = (1 - q**tries) / (1 - q)
    return p * calls, calls


def half(p: float) -> float:
    """After how many steps one run in two still succeeds. Source: definition."""
    return -log(2) / log(p)
    # --8<-- [end:step]


# --8<-- [start:tokens]
def read(a: float, b: float, n: int) -> tuple[float, float]:
    """Tokens that n calls read, and how many of them a prefix cache has not yet seen. Source: definition."""
    return n * a + b * n * (n - 1) / 2, a + (n - 1) * b


def bill(a: float, b: float, n: int, share: float) -> float:
    """The same in units of a new token, if a cached one costs a share of it. Source: definition."""
    all_, new = read(a, b, n)
    return new + share * (all_ - new)
    # --8<-- [end:tokens]


# --8<-- [start:pass]
def pass_all(n: int, c: int, k: int) -> float:
    """pass^k: of the choices of k of n runs, the share that holds only successes, c in all. Source: yao2024tau."""
    return comb(c, k) / comb(n, k)
    # --8<-- [end:pass]


def main() -> None:
    """Success of 2,000 runs of the example beside the closed form, by how often a refused call may be repeated."""
    agents: Any = import_module("docs.inference.agents.agents")
    tools = [agents.price(agents.PRICES), agents.calculator()]
    for tries in (1, 2, 3):
        policy = agents.clumsy(agents.flawless(agents.ORDER), RIGHT, SEEN, random.Random(0))
        limits = agents.Limits(tries=tries)
        runs = [agents.loop(policy, tools, agents.task(agents.ORDER), limits) for _ in range(2000)]
        share = sum(run.answer == "22" for run in runs) / len(runs)
        print(f"{tries} tries: {share:.3f} of {step(RIGHT, SEEN, tries)[0] ** 4:.3f}")
    print(f"without end: {step(RIGHT, SEEN, inf)[0] ** 4:.3f}")


if __name__ == "__main__":
    main()
