"""docs/inference/security/*.svg: passing by tries, alarms, misses by filters; the count of programs."""

from importlib import import_module

import numpy as np

from scripts.figures import numbers, style

security = import_module("docs.inference.security.security")
labels = import_module("docs.inference.security.labels")

TRIES = (1, 2, 3, 5, 10, 20, 30, 50, 69, 100, 200, 300, 500, 1000)
RECALLS = (0.9, 0.99, 0.999)
RUNS = 2000
FILTERS, EACH, MOST = 20, 20, 400  # filters of random weights, attackers of each, tries at most
BASES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
PAIRS = ((0.99, 0.001), (0.99, 0.01), (0.9, 0.01))  # recall, false alarms
TEXTS, ATTACKS = 1_000_000, 1_000_000
SHARES = (0.0, 0.1, 0.5)
LENGTH = 3


def tries() -> style.Table:
    """By formula, by simulation, and for attackers of a filter who see its score or only its refusals."""
    rng = np.random.default_rng(1)
    table: style.Table = {"k": [float(k) for k in TRIES]}
    for recall in RECALLS:
        table[f"{recall}"] = [security.through(recall, k) for k in TRIES]
    runs = security.simulate_tries(security.RECALL, max(TRIES), RUNS, rng)
    table["0.99, runs"] = [float(runs[k - 1]) for k in TRIES]
    ways = {"score": security.climb, "refusals": security.draw}
    found: dict[str, list[list[int]]] = {way: [] for way in ways}
    for _ in range(FILTERS):
        filter_ = security.Filter(rng)
        for way, attack in ways.items():
            found[way].append([attack(filter_, MOST, rng) for _ in range(EACH)])
    for way, needed in found.items():
        shares = np.array([[np.mean(np.array(row) <= k) for k in TRIES] for row in needed])
        shares[:, np.array(TRIES) >= MOST] = np.nan  # a run has no more tries than this
        table[way] = shares.mean(0).tolist()
        table[f"{way}, sd"] = shares.std(0, ddof=1).tolist()
    return table


def draw_tries(table: style.Table, axes: style.Axes) -> None:
    """Lines by formula, marks for runs; the attackers of the toy with their spread over filters."""
    for n, recall in enumerate(RECALLS):
        label = f"recall {100 * recall:g} %"
        axes.plot(
            table["k"], table[f"{recall}"], ("-", "--", ":")[n], color=style.SERIES[n], label=label
        )
    axes.plot(table["k"], table["0.99, runs"], "s", color=style.SERIES[1], label="99 %, runs")
    axes.errorbar(
        table["k"],
        table["score"],
        yerr=table["score, sd"],
        fmt="^-.",
        color=style.SERIES[3],
        elinewidth=1.2,
        label="99 %, score seen",
    )
    axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.04)
    axes.set_xlabel("tries")
    axes.set_ylabel("share of attackers who have passed")
    axes.legend(loc="upper left", fontsize="small")


def alarms() -> style.Table:
    """Attacks among the alarms for each base rate: by formula, and in a simulation."""
    rng = np.random.default_rng(2)
    table: style.Table = {"base": list(BASES)}
    for recall, false in PAIRS:
        name = f"{recall}, {false}"
        table[name] = [security.precision(recall, false, base) for base in BASES]
        table[f"{name}, runs"] = [
            security.simulate_alarms(recall, false, base, TEXTS, rng) for base in BASES
        ]
    return table


def draw_alarms(table: style.Table, axes: style.Axes) -> None:
    """Lines by formula, marks of the simulation."""
    for n, (recall, false) in enumerate(PAIRS):
        name, colour = f"{recall}, {false}", style.SERIES[n]
        label = f"recall {100 * recall:g} %, false alarms {100 * false:g} %"
        axes.plot(table["base"], table[name], ("-", "--", ":")[n], color=colour)
        axes.plot(table["base"], table[f"{name}, runs"], "os^"[n], color=colour, label=label)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.04)
    axes.set_xlabel("share of attacks among all texts")
    axes.set_ylabel("share of attacks among the alarms")
    axes.legend(loc="upper left", fontsize="small")


def layers() -> style.Table:
    """What all of some filters miss, for each share of common misses: by formula and in a simulation."""
    rng = np.random.default_rng(3)
    counts = range(1, 6)
    table: style.Table = {"filters": [float(n) for n in counts]}
    for shared in SHARES:
        table[f"{shared}"] = [security.missed_by_all(0.01, shared, n) for n in counts]
        table[f"{shared}, runs"] = [
            security.simulate_layers(0.01, shared, n, ATTACKS, rng) for n in counts
        ]
    return table


def draw_layers(table: style.Table, axes: style.Axes) -> None:
    """Lines by formula, marks of the simulation where any attack passed."""
    for n, shared in enumerate(SHARES):
        label = f"{100 * shared:g} % of the misses common"
        colour = style.SERIES[n]
        axes.plot(table["filters"], table[f"{shared}"], ("-", "--", ":")[n], color=colour)
        runs = [r if r > 0 else float("nan") for r in table[f"{shared}, runs"]]
        axes.plot(table["filters"], runs, "os^"[n], color=colour, label=label)
    axes.set_yscale("log")
    axes.set_ylim(1e-7, 3e-2)
    axes.set_xticks(table["filters"], [f"{n:.0f}" for n in table["filters"]])
    axes.set_xlabel("filters in a row, each with a recall of 99 %")
    axes.set_ylabel("share of attacks that pass all")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.42), fontsize="small")


def programs() -> style.Table:
    """For each rule the counts over all programs of up to three statements."""
    counts = [labels.count(LENGTH, rule) for rule in labels.RULES.values()]
    return {name: [float(getattr(c, name)) for c in counts] for name in labels.Count._fields}


FIGURES: list[style.Recipe] = [
    style.Recipe("inference/security/tries", tries, draw_tries, (400, 290)),
    style.Recipe("inference/security/alarms", alarms, draw_alarms, (400, 280)),
    style.Recipe("inference/security/layers", layers, draw_layers, (400, 280)),
    numbers.Numbers("inference/security/programs", programs),
]

if __name__ == "__main__":
    style.main(FIGURES)
