"""docs/inference/agents/*.svg: success by steps, tokens by calls, pass@k and pass^k, each beside runs of the loop."""

import math
import random
from statistics import fmean

from docs.inference.agents import agents, sums
from docs.training.evaluation import evaluation
from scripts.figures import style

LENGTHS = (3, 4, 6, 10, 18, 34)  # steps: look-ups, one calculation, one answer
RUNS = 400
WAYS = {  # p, and how often a refused call may be made
    "0.9": (0.9, 1),
    "0.9, 3 tries": (0.9, 3),
    "0.99": (0.99, 1),
}
COUNTED = (1, 2, 4, 7, 10, 20, 40)
LOOK_UPS = 60  # more than are counted
SHARE = 0.1  # price of a cached token beside a new one
GROUP, GROUPS = 8, 250


def order(items: int) -> list[tuple[str, int]]:
    """A list of things to look up, each once; the names are one token long."""
    return [(f"item{n}", 1) for n in range(items)]


def tools(items: int) -> list[agents.Tool]:
    """A table in which each costs 3, and the calculator."""
    table = {name: 3 for name, _ in order(items)} | {"gem": 100}
    return [agents.price(table), agents.calculator()]


def succeeded(items: int, p: float, tries: int, runs: int, seed: int) -> list[bool]:
    """Which of some runs gave the right answer."""
    asked, random_ = order(items), random.Random(seed)
    policy = agents.clumsy(agents.flawless(asked), p, sums.SEEN, random_)
    limits = agents.Limits(tries=tries)
    made = (
        agents.loop(policy, tools(items), agents.task(asked), limits).answer for _ in range(runs)
    )
    return [answer == str(3 * items) for answer in made]


def steps() -> style.Table:
    """Success for each number of steps: in closed form, as a share of the runs, and the standard error."""
    table: style.Table = {"n": [float(n) for n in LENGTHS]}
    for name, (p, tries) in WAYS.items():
        exact = [sums.step(p, sums.SEEN, tries)[0] ** n for n in LENGTHS]
        runs = [succeeded(n - 2, p, tries, RUNS, n) for n in LENGTHS]
        table[name] = exact
        table[f"{name}, runs"] = [sum(run) / RUNS for run in runs]
        table[f"{name}, error"] = [math.sqrt(e * (1 - e) / RUNS) for e in exact]
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """Lines in closed form, marks with their standard error for the runs."""
    labels = {
        "0.99": "p = 0.99",
        "0.9, 3 tries": "p = 0.9, up to 3 tries",
        "0.9": "p = 0.9",
    }
    marks = ("^:", "s--", "o-")
    for n, (name, label) in enumerate(labels.items()):
        colour = style.SERIES[n]
        axes.plot(table["n"], table[name], marks[n][1:], color=colour)
        axes.errorbar(
            table["n"],
            table[f"{name}, runs"],
            yerr=table[f"{name}, error"],
            fmt=marks[n][0],
            color=colour,
            elinewidth=1.2,
            label=label,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(LENGTHS, [str(n) for n in LENGTHS])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("steps")
    axes.set_ylabel("share of runs that succeed")
    axes.legend(loc="lower left")


def tokens() -> style.Table:
    """Tokens that n calls read, counted in the loop: all, what a cache has not seen, and their bill."""
    policy, question = agents.flawless(order(LOOK_UPS)), agents.task(agents.ORDER)
    table: style.Table = {"n": [float(n) for n in COUNTED], "read": [], "new": [], "bill": []}
    for n in COUNTED:
        # The example's question, so that the first prompt has its length; the policy never comes to an answer.
        run = agents.loop(policy, tools(LOOK_UPS), question, agents.Limits(calls=n))
        read, new = agents.account(run, tools(LOOK_UPS))
        table["read"].append(float(read))
        table["new"].append(float(new))
        table["bill"].append(new + SHARE * (read - new))
    return table


def draw_tokens(table: style.Table, axes: style.Axes) -> None:
    """Three lines, with both axes in steps of a factor."""
    labels = {"read": "read in all", "bill": "bill, cached at 0.1", "new": "new for the cache"}
    for n, (name, label) in enumerate(labels.items()):
        axes.plot(
            table["n"], table[name], ("o-", "s--", "^:")[n], color=style.SERIES[n], label=label
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(COUNTED, [str(n) for n in COUNTED])
    axes.minorticks_off()
    axes.set_xlabel("calls of the model")
    axes.set_ylabel("tokens")
    axes.legend(loc="upper left")


def passed() -> style.Table:
    """pass@k and pass^k of the example: in closed form, by the estimators, and by powers of the share."""
    asked = agents.ORDER
    policy = agents.clumsy(agents.flawless(asked), sums.RIGHT, sums.SEEN, random.Random(1))
    kit = [agents.price(agents.PRICES), agents.calculator()]
    counts = [
        sum(agents.loop(policy, kit, agents.task(asked)).answer == "22" for _ in range(GROUP))
        for _ in range(GROUPS)
    ]
    one = sums.RIGHT**4
    ks = range(1, GROUP + 1)
    return {
        "k": [float(k) for k in ks],
        "any": [1 - (1 - one) ** k for k in ks],
        "all": [one**k for k in ks],
        "any, estimated": [fmean(evaluation.pass_at_k(GROUP, c, k) for c in counts) for k in ks],
        "all, estimated": [fmean(sums.pass_all(GROUP, c, k) for c in counts) for k in ks],
        "all, power of the share": [fmean((c / GROUP) ** k for c in counts) for k in ks],
    }


def draw_passed(table: style.Table, axes: style.Axes) -> None:
    """Lines in closed form, marks for the estimators, crosses for the powers."""
    for n, (name, label) in enumerate({"any": "pass@k", "all": "pass^k"}.items()):
        colour = style.SERIES[n]
        axes.plot(table["k"], table[name], ("-", "--")[n], color=colour)
        axes.plot(table["k"], table[f"{name}, estimated"], "os"[n], color=colour, label=label)
    axes.plot(
        table["k"],
        table["all, power of the share"],
        "x",
        color=style.SERIES[2],
        label="(share of 8 runs) to the k",
    )
    axes.set_ylim(0, 1.04)
    axes.set_xlabel("k")
    axes.set_ylabel("probability")
    axes.legend(loc="center right")


FIGURES = [
    style.Recipe("inference/agents/steps", steps, draw_steps, (400, 280)),
    style.Recipe("inference/agents/tokens", tokens, draw_tokens, (400, 280)),
    style.Recipe("inference/agents/passed", passed, draw_passed, (400, 280)),
]

if __name__ == "__main__":
    style.main(FIGURES)
