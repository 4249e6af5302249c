"""docs/inference/serving/*.svg: slots, steps, waiting, memory, chunks, pauses and requests in time."""

import math
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import torch
from matplotlib.patches import Rectangle

from scripts.figures import seeds, style

serving = import_module("docs.inference.serving.serving")
paging = import_module("docs.inference.serving.paging")

SEEDS = range(5)
EXAMPLE = (2, 8, 2, 2)  # tokens of four answers
CONTEXTS = (0, 391, 1000, 8000)
BATCHES = [2**n for n in range(11)]
ROOM = 64e9 / serving.Machine().kept  # tokens that 64 of 80 GB hold
RATES = (0.5, 1, 2, 3, 4, 6)
COUNT = 1000  # requests of a run: far more than at its start and end
LONG = 16000  # tokens of a long prompt
BUDGETS = (64, 128, 256, 512, 1024, 2048, 8192)
SLOTS = (4, 8, 16, 20, 24, 32, 256)
POOL, MOST = 16000, 1000  # places of the cache; tokens of the longest answer
PLACES, MEAN, LIMIT = 16384, 200, 2048  # places; mean and greatest length of a text
PAGES = (16, 64, 256)
LOADS = (4, 8, 12, 16)
TARGETS = (0.4, 0.01)  # seconds to the first token, and for each later one
LINK = 50e9  # bytes a second
SIZED = 195  # tokens that a step of 10 ms has room for, eq-serving-budget


def rows(values: list[list[float]]) -> torch.Tensor:
    """A row for each setting, a column for each seed."""
    return torch.tensor(values, dtype=torch.float64)


def slots() -> style.Table:
    """The example: for each request and way of batching, its slot, first step and last step."""
    table: style.Table = {"static": [], "request": [], "start": [], "end": []}
    for static in (True, False):
        policy = serving.Policy(slots=2, budget=99, static=static)
        asked = [serving.Request(0, 1, n) for n in EXAMPLE]
        for n, request in enumerate(serving.Engine(serving.UNIT, policy).run(asked)):
            row = (float(static), n + 1.0, request.started, request.times[-1])
            for name, value in zip(table, row, strict=True):
                table[name].append(value)
    return table


def draw_slots(table: style.Table, axes: style.Axes) -> None:
    """Two rows of slots for each way; a bar for each request."""
    free = {1.0: [0.0, 0.0], 0.0: [0.0, 0.0]}
    for static, request, start, end in zip(*table.values(), strict=True):
        slot = min(s for s, until in enumerate(free[static]) if until <= start)
        free[static][slot] = end
        y = (0 if static else 2.6) + slot
        n = int(request) - 1
        box = Rectangle((start + 0.04, y - 0.4), end - start - 0.08, 0.8, color=style.SERIES[n])
        box.set_alpha(0.45)
        axes.add_patch(box)
        axes.text((start + end) / 2, y, f"{request:.0f}", ha="center", va="center")
    axes.set_yticks([0, 1, 2.6, 3.6], ["static, slot 1", "slot 2", "continuous, slot 1", "slot 2"])
    axes.set_ylim(4.2, -0.6)
    axes.set_xlim(0, 10.2)
    axes.set_xlabel("step")
    axes.grid(visible=False, axis="y")


def steps() -> style.Table:
    """Milliseconds of a step and tokens a second by batch, for some lengths of the texts."""
    machine = serving.Machine()
    table: style.Table = {"batch": [float(b) for b in BATCHES]}
    for m in CONTEXTS:
        seconds = [machine.step(b, b * m) for b in BATCHES]
        table[f"ms {m}"] = [1000 * t for t in seconds]
        table[f"tokens {m}"] = [b / t for b, t in zip(BATCHES, seconds, strict=True)]
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """Tokens a second of all against milliseconds a token for each, as far as memory goes."""
    for n, m in enumerate(CONTEXTS):
        fit = [b * m <= ROOM for b in table["batch"]].count(True)
        axes.plot(
            table[f"ms {m}"][:fit],
            table[f"tokens {m}"][:fit],
            seeds.MARKS[n],
            color=style.SERIES[n],
            label=f"{m:,} tokens",
            markersize=4,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([8, 16, 32, 64], ["8", "16", "32", "64"])
    axes.set_xlim(7.4, 70)
    axes.set_yticks([100, 1000, 10000], ["100", "1,000", "10,000"])
    axes.minorticks_off()
    axes.set_xlabel("milliseconds a token, each request")
    axes.set_ylabel("tokens a second, all together")
    axes.legend(title="length of each text", loc="lower right")


def waiting() -> style.Table:
    """Mean seconds to the first token by requests a second, both ways on the same arrivals.

    `most`: requests a second that each way serves if all are there; beyond, the wait has no mean.
    """
    table: style.Table = {"rate": [float(rate) for rate in RATES]}
    for name in ("static", "continuous"):
        policy = serving.Policy(static=name == "static")

        def serve(asked: list[Any], policy: object = policy) -> Any:
            return serving.Engine(serving.Machine(), policy).run(asked)

        most = []
        for seed in SEEDS:
            asked = [replace(one, arrival=0.0) for one in serving.draw(1, COUNT, seed)]
            most.append(COUNT / max(one.times[-1] for one in serve(asked)))
        limit = float(np.mean(most))
        found = [
            [float(serving.first(serve(serving.draw(rate, COUNT, s))).mean()) for s in SEEDS]
            if rate < limit
            else [math.nan] * len(SEEDS)
            for rate in RATES
        ]
        table[f"{name}, most"] = [limit] * len(RATES)
        seeds.span(table, name, rows(found))
    return table


def draw_waiting(table: style.Table, axes: style.Axes) -> None:
    """A line in its band for each way, logarithmic; at the dashed line static batching is full."""
    limit = table["static, most"][0]
    axes.axvline(limit, color=style.MUTED, linestyle="--", linewidth=1)
    axes.annotate("static batching is full", (limit, 1), (5, 0), textcoords="offset points")
    for n, name in enumerate(("static", "continuous")):
        seeds.draw_span(axes, table, "rate", name, n, name)
    axes.set_yscale("log")
    axes.set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
    axes.minorticks_off()
    axes.set_xlabel("requests a second")
    axes.set_ylabel("seconds to the first token")
    axes.legend(loc="upper right")


def memory() -> style.Table:
    """Shares of the cache that are written, held and empty, free, and of texts that are stopped."""
    ways = [(paging.contiguous, LIMIT), (paging.contiguous, 0)]
    ways += [(paging.paged, page) for page in PAGES]
    table: style.Table = {"way": [float(n) for n in range(len(ways))]}
    for way, size in ways:
        shares, stopped = [], []
        for seed in SEEDS:
            lengths = np.random.default_rng(seed).geometric(1 / MEAN, 20000).clip(max=LIMIT)
            found, stops = way(lengths.tolist(), PLACES, 1500, size)
            shares.append(found[700:].mean(0))
            stopped.append(float(np.mean(np.array(stops) > 0)))
        for n, name in enumerate(("written", "held", "free")):
            seeds.put(table, name, [float(share[n]) for share in shares])
        seeds.put(table, "stopped", stopped)
    return table


def draw_memory(table: style.Table, axes: style.Axes) -> None:
    """A bar of three parts for each way."""
    names = ["2,048 reserved", "length known", *(f"pages of {page}" for page in PAGES)]
    left = np.zeros(len(names))
    looks = (("written", 0.65), ("held, but empty", 0.4), ("free, but too small", 0.25))
    for n, ((label, alpha), name) in enumerate(
        zip(looks, ("written", "held", "free"), strict=True)
    ):
        width = 100 * np.array(table[name])
        colour = style.SERIES[n]
        axes.barh(table["way"], width, 0.6, left=left, color=colour, alpha=alpha, label=label)
        for row, (start, share) in enumerate(zip(left, width, strict=True)):
            if share > 5:
                axes.text(start + share / 2, row, f"{share:.0f}", ha="center", va="center")
        left += width
    axes.set_yticks(table["way"], names)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("per cent of the cache")
    axes.grid(visible=False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, 1.22), ncols=3, frameon=False)


def mixed(seed: int) -> list[Any]:
    """Two short requests a second, of which one in twenty has a long prompt instead."""
    asked = serving.draw(2, 120, seed, prompt=200, answer=200)
    long = np.random.default_rng(1000 + seed).random(len(asked)) < 0.05
    return [replace(r, prompt=LONG) if far else r for r, far in zip(asked, long, strict=True)]


def blocked(policy: object, seed: int) -> tuple[dict[str, float], np.ndarray]:
    """The longest pause between two tokens, and mean seconds to the first one of short and long.

    Beside them, for all short prompts, (R, 2): whether one came while a long one waited or was read,
    and its seconds to the first token.
    """
    served = serving.Engine(serving.Machine(), policy).run(mixed(seed))
    waits = serving.first(served)
    long = np.array([r.prompt == LONG for r in served])
    spans = [(r.arrival, r.times[0]) for r in served if r.prompt == LONG]
    behind = [any(start <= r.arrival < end for start, end in spans) for r in served]
    each = np.column_stack([behind, waits])[~long]
    return {
        "pause": round(float(serving.gaps(served).max()), 9),
        "long": float(waits[long].mean()),
        "short": float(waits[~long].mean()),
        "late": float(np.quantile(waits[~long], 0.99)),
    }, each


def chunks() -> style.Table:
    """By tokens of a step; the last two rows: prompts whole, and 512 with the shortest first."""
    policies = [serving.Policy(slots=64, budget=budget) for budget in BUDGETS]
    policies += [serving.Policy(slots=64), serving.Policy(slots=64, budget=512, shortest=True)]
    table: style.Table = {"budget": [*map(float, BUDGETS), math.inf, 512.0]}
    for policy in policies:
        found, each = zip(*(blocked(policy, seed) for seed in SEEDS), strict=True)
        for name in found[0]:
            seeds.put(table, name, [one[name] for one in found])
        behind, waits = np.concatenate(each).T  # few are behind in one run: all runs together
        columns = (behind.sum(), waits[behind > 0].mean(), waits[behind == 0].mean())
        for name, value in zip(("behind", "wait behind", "wait of others"), columns, strict=True):
            table.setdefault(name, []).append(float(value))
    return table


def draw_chunks(table: style.Table, axes: style.Axes) -> None:
    """Two lines over the budget; at the right, prompts whole."""
    x = [*range(len(BUDGETS)), len(BUDGETS)]
    looks = (("long", "first token of a long prompt"), ("pause", "longest pause between tokens"))
    for n, (name, label) in enumerate(looks):
        axes.errorbar(
            x,
            table[name][: len(x)],
            yerr=table[f"{name}, deviation"][: len(x)],
            fmt=seeds.MARKS[n],
            color=style.SERIES[n],
            capsize=3,
            label=label,
        )
    axes.set_yscale("log")
    axes.set_yticks([0.01, 0.03, 0.1, 0.3, 1, 3], ["0.01", "0.03", "0.1", "0.3", "1", "3"])
    axes.minorticks_off()
    axes.set_xticks(x, [*(f"{b:,}" for b in BUDGETS), "whole"])
    axes.set_xlabel("tokens of a step")
    axes.set_ylabel("seconds")
    axes.legend(loc="lower right")


def pauses() -> style.Table:
    """A small cache under full load, by slots; the last row reserves the longest answer."""
    policies = [serving.Policy(slots=n, pool=POOL) for n in SLOTS]
    policies.append(serving.Policy(slots=256, pool=POOL, reserve=MOST))
    table: style.Table = {"slots": [*map(float, SLOTS), math.inf]}
    longest = []
    for policy in policies:
        found = []
        for seed in SEEDS:
            asked = serving.draw(1, 150, seed, prompt=200, answer=400)
            served = serving.Engine(serving.Machine(), policy).run(
                [replace(r, arrival=0.0) for r in asked]
            )
            tokens, computed = sum(r.answer for r in served), sum(r.again for r in served)
            found.append(
                {
                    "tokens": tokens / max(r.times[-1] for r in served),
                    "pause": round(float(serving.gaps(served).max()), 9),
                    "again": computed / sum(r.prompt + r.answer for r in served),
                    "stopped": float(np.mean([r.again > 0 for r in served])),
                }
            )
        longest.append([one.pop("pause") for one in found])
        for name in found[0]:
            seeds.put(table, name, [one[name] for one in found])
    seeds.span(table, "pause", rows(longest))
    return table


def draw_pauses(table: style.Table, axes: style.Axes) -> None:
    """Longest pause against tokens a second, a mark for each number of slots."""
    for n, count in enumerate(table["slots"]):
        known = math.isfinite(count)
        mean, least, most = (table[f"pause_{name}"][n] for name in ("mean", "least", "most"))
        place = (table["tokens"][n], mean)
        axes.errorbar(
            *place,
            xerr=table["tokens, deviation"][n],
            yerr=[[mean - least], [most - mean]],
            fmt="o" if known else "s",
            color=style.SERIES[0 if known else 1],
            capsize=3,
        )
        name, shift = (f"{count:.0f}" if known else "reserved", (-6, 7))
        axes.annotate(name, place, shift, textcoords="offset points", ha="right")
    axes.set_yscale("log")
    axes.set_ylim(0.03, 8)
    axes.set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
    axes.minorticks_off()
    axes.set_xlabel("tokens a second")
    axes.set_ylabel("longest pause, seconds")


def in_time() -> style.Table:
    """Share of requests within both targets, two accelerators, four ways to use them.

    For each way also the shares whose first token is `late` and whose others are `slow`, and the
    mean seconds of a token (`pace`).
    """
    table: style.Table = {"rate": [float(rate) for rate in LOADS]}
    machine = serving.Machine()
    ways = (("whole", None), ("chunked", 512), ("sized", SIZED), ("apart", None))
    for name, budget in ways:
        policy, found = serving.Policy(slots=128, budget=budget), []
        for rate in LOADS:
            shares, parts = [], []
            for seed in SEEDS:
                asked = serving.draw(rate, COUNT, seed, prompt=1000, answer=200)
                if name == "apart":
                    served = serving.apart(machine, policy, asked, LINK)
                else:
                    engines = [serving.Engine(machine, policy) for _ in range(2)]
                    served = engines[0].run(asked[::2]) + engines[1].run(asked[1::2])
                paces = serving.each(served)
                kept = [serving.first(served) <= TARGETS[0], paces <= TARGETS[1]]
                parts.append([*(float(1 - one.mean()) for one in kept), float(paces.mean())])
                shares.append(float(np.mean(kept[0] & kept[1])))
            found.append(shares)
            for n, part in enumerate(("late", "slow", "pace")):
                seeds.put(table, f"{name}, {part}", [one[n] for one in parts])
        seeds.span(table, name, rows(found))
    return table


def draw_in_time(table: style.Table, axes: style.Axes) -> None:
    """A line in its band for each way."""
    names = {
        "apart": "phases apart",
        "chunked": "mixed, 512 tokens a step",
        "whole": "mixed, whole prompts",
        "sized": f"mixed, {SIZED} tokens a step",
    }
    for n, (name, label) in enumerate(names.items()):
        seeds.draw_span(axes, table, "rate", name, n, label)
    axes.set_ylim(0, 1.03)
    axes.set_xticks(LOADS)
    axes.set_xlabel("requests a second")
    axes.set_ylabel("share within both limits")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, 1.27), ncols=2)


FIGURES = [
    style.Recipe("inference/serving/slots", slots, draw_slots, (560, 230)),
    style.Recipe("inference/serving/steps", steps, draw_steps, (480, 330)),
    style.Recipe("inference/serving/waiting", waiting, draw_waiting, (480, 300)),
    style.Recipe("inference/serving/memory", memory, draw_memory, (560, 260)),
    style.Recipe("inference/serving/chunks", chunks, draw_chunks, (480, 300)),
    style.Recipe("inference/serving/pauses", pauses, draw_pauses, (480, 300)),
    style.Recipe("inference/serving/in-time", in_time, draw_in_time, (480, 330)),
]

if __name__ == "__main__":
    style.main(FIGURES)
