"""docs/models/world-models/*.svg: errors after many steps, search, exploitation, asking for success."""

from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

world = import_module("docs.models.world-models.world_models")
sequence = import_module("docs.models.world-models.decision_transformer")

LINES, PAIRS, SPREAD, FITS = (0.8, 1.0, 1.2), 50, 0.1, 2000
AHEAD = 20
LEARNED = 0.7  # a walk that succeeds with 0.8, as a model believes
BUDGETS = (16, 32, 64, 128, 256, 512, 1024)
SEARCHES, BATCH, ELITE = 50, 64, 8
LONG, HORIZON = 6, 9  # places before the goal and steps of the longer row
JUMPS, WALKS = (1, 2, 4, 8, 16, 32, 64), 100  # tries of each jump and of each walk
RUNS, MEMBERS, DOUBT, PRICE = 200, 10, 2.0, 1.0
BAD, GOOD = 0.3, 0.7  # success of jumps in the two worlds
CHANCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SEEN = 0.3  # where networks are trained: the example
NETWORKS, EPISODES, ROUNDS = 3, 20_000, 150


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each use."""
    return torch.Generator().manual_seed(seed)


# Errors after many steps.


def compounding() -> style.Table:
    """Root mean square error of learned lines after k steps and its closed form; total variation on the row."""
    steps = torch.arange(1, AHEAD + 1, dtype=torch.float64)
    table: style.Table = {"k": steps.tolist()}
    for a in LINES:
        found = world.fit(a, FITS, PAIRS, SPREAD, seeded(0))
        wrong = found[:, None] ** steps - a**steps
        table[f"measured, a={a}"] = (wrong**2).mean(0).sqrt().tolist()
        table[f"formula, a={a}"] = (steps * a ** (steps - 1) * SPREAD / (PAIRS - 2) ** 0.5).tolist()
    rows = [world.row(torch.full((AHEAD + 1, 2), p, dtype=torch.float64)) for p in (0.8, LEARNED)]
    ends = [torch.eye(AHEAD + 2, dtype=torch.float64)[0]] * 2
    table["distance"] = []
    for _ in range(AHEAD):
        ends = [end @ row[:, world.WALK] for end, row in zip(ends, rows, strict=True)]
        table["distance"].append(float((ends[0] - ends[1]).abs().sum() / 2))
    table["bound"] = (1 - 0.9**steps).tolist()
    return table


def draw_compounding(table: style.Table, panels: list[style.Axes]) -> None:
    """Left points on curves, right the distance under its bound."""
    left, right = panels
    for n, (a, mark) in enumerate(zip(LINES, "os^", strict=True)):
        left.plot(table["k"], table[f"formula, a={a}"], "-", color=style.SERIES[n])
        left.plot(
            table["k"], table[f"measured, a={a}"], mark, color=style.SERIES[n], label=f"a = {a}"
        )
    left.set_yscale("log")
    left.set_xlabel("steps k")
    left.set_ylabel("error of the prediction")
    left.legend(loc="upper left")
    right.plot(table["k"], table["bound"], "--", color=style.MUTED, label="bound")
    right.plot(table["k"], table["distance"], "o-", color=style.SERIES[0], label="distance")
    right.set_xlabel("steps k")
    right.set_ylabel("total variation")
    right.set_ylim(0, 1.02)
    right.legend(loc="upper left")
    for axes in panels:
        axes.set_xticks([1, 5, 10, 15, 20])


# Search against the optimum.


@cache
def scores() -> Tensor:
    """The returns of all 65,536 plans on the grid."""
    every = torch.cartesian_prod(*[torch.arange(4)] * world.MOVES)
    return world.left_over(every)  # type: ignore[no-any-return]


def search() -> style.Table:
    """Best return found: random plans by formula and measured, and the cross-entropy method, by plans tried."""
    levels, counts = torch.unique(scores(), return_counts=True)
    below = counts.cumsum(0) / len(scores())  # share of plans up to each level
    table: style.Table = {"plans": [float(n) for n in BUDGETS], "formula": []}
    random = []
    for n in BUDGETS:
        top = below**n  # all of n are at most this good
        table["formula"].append(float((levels * torch.diff(top, prepend=torch.zeros(1))).sum()))
        draws = torch.randint(len(scores()), (SEARCHES, n), generator=seeded(n))
        random.append(scores()[draws].amax(1))
    table["random"] = [float(r.mean()) for r in random]
    table["random, deviation"] = [float(r.std()) for r in random]
    runs = torch.stack(
        [
            world.cross_entropy_method(BUDGETS[-1] // BATCH, BATCH, ELITE, seeded(seed))
            for seed in range(SEARCHES)
        ]
    )
    at = [n // BATCH - 1 for n in BUDGETS]
    table["cem"] = [float(runs[:, i].mean()) if i >= 0 else float("nan") for i in at]
    table["cem, deviation"] = [float(runs[:, i].std()) if i >= 0 else float("nan") for i in at]
    table["optimal share"] = [
        float((runs[:, i] == 0).double().mean()) if i >= 0 else float("nan") for i in at
    ]
    return table


def draw_search(table: style.Table, axes: style.Axes) -> None:
    """Rising towards zero, the optimum."""
    axes.axhline(0, color=style.MUTED, ls=":")
    axes.plot(table["plans"], table["formula"], "-", color=style.SERIES[0])
    for n, (name, mark, label) in enumerate(
        (("random", "o", "random plans"), ("cem", "s", "cross-entropy method"))
    ):
        axes.errorbar(
            table["plans"],
            table[name],
            yerr=table[f"{name}, deviation"],
            fmt=mark,
            color=style.SERIES[n],
            capsize=2,
            label=label,
        )
    axes.set_xscale("log")
    axes.set_xticks([16, 64, 256, 1024], ["16", "64", "256", "1,024"])
    axes.minorticks_off()
    axes.set_xlabel("plans tried")
    axes.set_ylabel("best return")
    axes.legend(loc="lower right")


# Exploitation.


def runs(jump: float, n: int) -> dict[str, Tensor]:
    """Promise of the plain plan and what plans give in the world, for each run."""
    success = torch.tensor([[0.8, jump]] * LONG, dtype=torch.float64).expand(RUNS, -1, -1)
    tries = torch.tensor([[WALKS, n]] * LONG, dtype=torch.float64).expand(RUNS, -1, -1)
    generator = seeded(n)
    counts = world.diary(torch.binomial(tries, success, generator=generator), tries)
    table = world.learn(counts)[:, None]
    values, plain = world.plan(table, HORIZON)
    several = world.members(counts, MEMBERS, generator)
    plans = {
        "plain": plain,
        "charge": world.plan(table, HORIZON, world.charges(counts, PRICE))[1],
        "ensemble": world.plan(several, HORIZON, 0.0, DOUBT)[1],
        "ensemble, doubt 0": world.plan(several, HORIZON)[1],
    }
    true = world.row(success[0])
    gives = {name: world.follow(true, actions)[:, HORIZON, 0] for name, actions in plans.items()}
    return {"promise": values[:, HORIZON, 0], **gives}


def exploitation() -> style.Table:
    """Means and deviations over runs by tries of each jump, in both worlds, and the optima."""
    table: style.Table = {"tries": [float(n) for n in JUMPS]}
    for where, jump in (("bad", BAD), ("good", GOOD)):
        true = world.row(torch.tensor([[0.8, jump]] * LONG, dtype=torch.float64))
        best = float(world.plan(true[None], HORIZON)[0][HORIZON, 0])
        table[f"{where}, optimum"] = [best] * len(JUMPS)
        every = [runs(jump, n) for n in JUMPS]
        for name in every[0]:
            values = [one[name] for one in every]
            table[f"{where}, {name}"] = [float(v.mean()) for v in values]
            table[f"{where}, {name}, deviation"] = [float(v.std()) for v in values]
    return table


def draw_exploitation(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the world of bad jumps, right that of good ones."""
    marks = (
        ("promise", "v--", "promise, plain"),
        ("plain", "o-", "plain"),
        ("charge", "s-", "charge"),
        ("ensemble", "^-", "ensemble"),
    )
    for axes, where in zip(panels, ("bad", "good"), strict=True):
        axes.axhline(table[f"{where}, optimum"][0], color=style.MUTED, ls=":")
        for n, (name, mark, label) in enumerate(marks):
            axes.plot(
                table["tries"], table[f"{where}, {name}"], mark, color=style.SERIES[n], label=label
            )
        axes.set_xscale("log")
        axes.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
        axes.minorticks_off()
        axes.set_xlabel("tries of each jump")
        axes.set_ylim(0.5, 1.02)
        axes.set_title("jumps of 0.3" if where == "bad" else "jumps of 0.7")
    panels[0].set_ylabel("probability of the goal")
    panels[0].legend(loc="lower right")


# Asking for success.


@cache
@torch.enable_grad()
def networks() -> list[tuple[float, float]]:
    """Success and first walk of trained networks, for each seed, in the example."""
    torch.set_num_threads(1)
    table, found = world.row(world.SUCCESS), []
    for seed in range(NETWORKS):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = sequence.DecisionTransformer()
        data = sequence.episodes(table, EPISODES, world.STEPS, seeded(seed))
        sequence.train(model, data, ROUNDS, 256)
        found.append(sequence.success(model, table, world.STEPS))
    return found


def asked() -> style.Table:
    """By success of a jump: optimum, asked for success, and random behaviour; and the networks at 0.3."""
    half = torch.full((2,), 0.5, dtype=torch.float64)
    table: style.Table = {
        "jump": list(CHANCES),
        "optimum": [],
        "asked": [],
        "random": [],
        "first walk": [],
    }
    for chance in CHANCES:
        true = world.row(torch.tensor([[0.8, chance]] * 3, dtype=torch.float64))
        policy = sequence.asked(true, half, world.STEPS)
        table["optimum"].append(float(world.plan(true[None], world.STEPS)[0][world.STEPS, 0]))
        table["asked"].append(sequence.reaches(true, policy))
        table["random"].append(sequence.reaches(true, half.expand(world.STEPS, 4, 2)))
        table["first walk"].append(float(policy[0, 0, world.WALK]))
    reached, walks = torch.tensor(networks()).T
    for name, values in (("network", reached), ("network, first walk", walks)):
        for column, number in ((name, values.mean()), (f"{name}, deviation", values.std())):
            here = [float(number) if chance == SEEN else float("nan") for chance in CHANCES]
            table[column] = here
    return table


def draw_asked(table: style.Table, axes: style.Axes) -> None:
    """Three rising curves and the mean of the networks."""
    for n, (name, mark, label) in enumerate(
        (
            ("optimum", "o-", "optimum"),
            ("asked", "s--", "asked for success"),
            ("random", "^:", "random"),
        )
    ):
        axes.plot(table["jump"], table[name], mark, color=style.SERIES[n], label=label)
    axes.errorbar(
        table["jump"],
        table["network"],
        yerr=table["network, deviation"],
        fmt="D",
        color=style.SERIES[3],
        capsize=3,
        label="networks",
    )
    axes.set_xlabel("success of a jump")
    axes.set_ylabel("probability of the goal")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe(
        "models/world-models/compounding", compounding, draw_compounding, (560, 270), (1, 2)
    ),
    style.Recipe("models/world-models/search", search, draw_search, (420, 270)),
    style.Recipe(
        "models/world-models/exploitation", exploitation, draw_exploitation, (560, 300), (1, 2)
    ),
    style.Recipe("models/world-models/asked", asked, draw_asked, (420, 280), absolute=0.01),
]

if __name__ == "__main__":
    style.main(FIGURES)
