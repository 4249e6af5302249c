"""docs/training/scaling-laws/*.svg: the fitted family, a prediction, budgets and parabolas, tokens to be served."""

import math
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from scripts.figures import style
from scripts.figures.numbers import Numbers

code = import_module("docs.training.scaling-laws.scaling_laws")
family = import_module("docs.training.scaling-laws.family")
RUNS = style.DOCS / "training" / "scaling-laws" / "family.csv"
TIMES = 200  # fits to runs drawn again
SMALL = (16, 2**16)  # the small half: at most this width, this many tokens
BUDGETS = (1e20, 1e21, 1e22)
STEEP = code.Law(1.8, 482.0, 300.0, 0.5, 0.25)  # a law whose exponents differ much, made up
KAPLAN = (768, 1.5e9)  # parameters without embeddings, the smallest and largest model of 2020


@cache
def runs() -> dict[str, Any]:
    """Sizes, tokens, losses (rates, seeds, runs) at the end and on the way, tuned losses (seeds, runs), entropy."""
    table = style.read_table(RUNS)
    both = []
    for start in ("", "early, "):
        names = [
            [f"{start}rate {rate:g}, seed {seed}" for seed in range(family.SEEDS)]
            for rate in family.RATES
        ]
        both.append(np.array([[table[name] for name in row] for row in names]))
    final, early = both
    best = final.mean(1).argmin(0)
    tuned = final[best, :, np.arange(len(best))].T
    n, d = np.array(table["size"]), np.array(table["tokens"])
    small = (n <= family.size(SMALL[0])) & (d <= SMALL[1])
    entropy = family.entropy(*family.language())
    return {"n": n, "d": d, "final": final, "early": early, "tuned": tuned, "small": small} | {
        "entropy": entropy
    }


@cache
def again(half: bool) -> list[Any]:
    """Fits to runs drawn again: all of them, or those of the small half."""
    r = runs()
    rows = r["small"] if half else r["n"] > 0
    found: list[Any] = code.bootstrap(r["n"][rows], r["d"][rows], r["tuned"].mean(0)[rows], TIMES)
    return found


def share(p: Any) -> float:
    """Exponent of the best size in the budget."""
    return float(p.beta / (p.alpha + p.beta))


def fits() -> style.Table:
    """Laws of all runs, of the small half, without E, at one rate, and from losses on the way; ends of 90 % bands."""
    r = runs()
    n, d, small, tuned = r["n"], r["d"], r["small"], r["tuned"].mean(0)
    rows = [code.fit(n, d, tuned), code.fit(n[small], d[small], tuned[small])]
    rows += [
        code.fit(n, d, tuned, free=False),
        code.fit(n[small], d[small], tuned[small], free=False),
    ]
    rows += [code.fit(n, d, one) for one in r["final"].mean(1)]
    rows += [code.fit(n, d, r["early"].mean(1).min(0))]
    for half in (False, True):
        drawn = np.array([[*p, share(p)] for p in again(half)])
        rows += [code.Law(*q[:5]) for q in np.percentile(drawn, (5, 95), axis=0)]
    table = {name: [getattr(p, name) for p in rows] for name in code.Law._fields}
    bands = [
        q for half in (False, True) for q in np.percentile([share(p) for p in again(half)], (5, 95))
    ]
    table["share"] = [*map(share, rows[:-4]), *map(float, bands)]
    off = [np.abs(code.law(p, n, d) / tuned - 1) for p in rows[:-4]]
    table["off"] = [*(float(one.max()) for one in off), *[math.nan] * 4]
    table["entropy"] = [r["entropy"]] * len(rows)
    for seed in range(family.SEEDS):
        losses = [r["tuned"][seed], *r["final"][:, seed], r["early"].mean(1).argmin(0)]
        losses[-1] = np.take_along_axis(r["early"][:, seed], losses[-1][None], 0)[0]
        one = [share(code.fit(n, d, loss)) for loss in losses]
        table[f"share, seed {seed}"] = [
            one[0],
            math.nan,
            math.nan,
            math.nan,
            *one[1:],
            *[math.nan] * 4,
        ]
    return table


def early() -> style.Table:
    """What a loss lies above the entropy on the way of the longest run, over that of a run of its own."""
    r = runs()
    above = (r["early"].mean(1).min(0) - r["entropy"]) / (r["tuned"].mean(0) - r["entropy"])
    rows = above.reshape(len(family.TOKENS), -1)
    seeds = np.abs(r["tuned"] / r["tuned"].mean(0) - 1).reshape(3, len(family.TOKENS), -1)
    return {
        "tokens": list(map(float, family.TOKENS)),
        "least": rows.min(1).tolist(),
        "most": rows.max(1).tolist(),
        "mean": rows.mean(1).tolist(),
        "seeds off": seeds.max((0, 2)).tolist(),
    }


def drawn() -> style.Table:
    """Mean, least and greatest loss of three seeds, and the law, against tokens, for each width."""
    r = runs()
    p = code.fit(r["n"], r["d"], r["tuned"].mean(0))
    table: style.Table = {"tokens": list(map(float, family.TOKENS))}
    for w in family.WIDTHS:
        at = r["n"] == family.size(w)
        for name, value in (
            ("mean", r["tuned"].mean(0)),
            ("least", r["tuned"].min(0)),
            ("most", r["tuned"].max(0)),
        ):
            table[f"{name}, {w}"] = value[at].tolist()
        table[f"law, {w}"] = code.law(p, family.size(w), r["d"][at]).tolist()
    table["entropy"] = [r["entropy"]] * len(family.TOKENS)
    table["e"] = [p.e] * len(family.TOKENS)
    return table


def label(axes: style.Axes, x: float, y: float, text: str, by: tuple[int, int]) -> None:
    """Words beside a point."""
    axes.annotate(text, (x, y), by, textcoords="offset points", fontsize=10)


def draw_fit(table: style.Table, axes: style.Axes) -> None:
    """Marks for measured losses, lines for the law, the entropy below all."""
    for n, w in enumerate(family.WIDTHS):
        colour, mean = style.SERIES[n % len(style.SERIES)], np.array(table[f"mean, {w}"])
        reach = [mean - table[f"least, {w}"], np.array(table[f"most, {w}"]) - mean]
        axes.errorbar(table["tokens"], mean, reach, fmt="o", ms=4, color=colour)
        axes.plot(table["tokens"], table[f"law, {w}"], color=colour, lw=1.5)
        label(
            axes,
            table["tokens"][-1],
            table[f"law, {w}"][-1],
            f"{family.size(w):,}",
            (6, -9 if w == 64 else -3),
        )
    axes.axhline(table["entropy"][0], color=style.MUTED, lw=1)
    label(axes, table["tokens"][0], table["entropy"][0], "entropy", (0, 4))
    axes.set_xscale("log", base=2)
    axes.set_xlim(table["tokens"][0] * 0.85, table["tokens"][-1] * 1.7)
    axes.set_xlabel("tokens D")
    axes.set_ylabel("loss, nats a token")


def predicted() -> style.Table:
    """Losses at the most tokens by size: measured, predicted from the small half with a band, and without E."""
    r = runs()
    n, d, small, tuned = r["n"], r["d"], r["small"], r["tuned"].mean(0)
    last = d == family.TOKENS[-1]
    x = n[last]
    half = code.fit(n[small], d[small], tuned[small])
    none = code.fit(n[small], d[small], tuned[small], free=False)
    low, high = np.percentile([code.law(p, x, d[last]) for p in again(True)], (5, 95), axis=0)
    return {
        "size": x.tolist(),
        "measured": tuned[last].tolist(),
        "predicted": code.law(half, x, d[last]).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "without E": code.law(none, x, d[last]).tolist(),
        "entropy": [r["entropy"]] * len(x),
    }


def draw_predicted(table: style.Table, axes: style.Axes) -> None:
    """The band of the prediction, what was measured, and the straight line that leaves E out."""
    x = table["size"]
    axes.fill_between(x, table["low"], table["high"], color=style.SERIES[0], alpha=0.2, lw=0)
    axes.plot(x, table["predicted"], color=style.SERIES[0], label="law of the small half")
    axes.plot(x, table["without E"], "--", color=style.SERIES[1], label="the same without E")
    axes.plot(x, table["measured"], "o", color=style.INK, label="measured")
    axes.axhline(table["entropy"][0], color=style.MUTED, lw=1)
    label(axes, x[0], table["entropy"][0], "entropy", (0, -13))
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(x, [f"{n:,.0f}" for n in x])
    axes.set_xlabel("parameters N")
    axes.set_ylabel("loss, nats a token")
    axes.legend(loc="upper right")


def budgets() -> style.Table:
    """Losses against size for three budgets by the law of 2024, with the best size of each."""
    share_of_best = np.exp(np.linspace(-1, 1, 41) * math.log(16))
    table: style.Table = {"times": share_of_best.tolist()}
    for c in BUDGETS:
        n, d = code.optimum(code.BESIROGLU, c)
        table[f"size, {c:.0e}"] = (n * share_of_best).tolist()
        table[f"loss, {c:.0e}"] = code.law(
            code.BESIROGLU, n * share_of_best, d / share_of_best
        ).tolist()
    return table


def draw_budgets(table: style.Table, axes: style.Axes) -> None:
    """A valley for each budget, with its lowest point."""
    for k, c in enumerate(BUDGETS):
        x, y = table[f"size, {c:.0e}"], table[f"loss, {c:.0e}"]
        power = f"$10^{{{round(math.log10(c))}}}$ operations"
        axes.plot(x, y, color=style.SERIES[k], label=power)
        axes.plot(x[20], y[20], "o", color=style.SERIES[k])
    axes.set_xscale("log")
    axes.set_xlabel("parameters N")
    axes.set_ylabel("loss, nats a token")
    axes.legend(loc="upper right")


def parabolas() -> style.Table:
    """Vertex over best size by reach and place of the grid: law of 2024, of 2022 and a steep one."""
    reaches = [2.0, 4.0, 8.0, 16.0]
    table: style.Table = {"reach": reaches}
    for name, p in (("2024", code.BESIROGLU), ("2022", code.HOFFMANN), ("steep", STEEP)):
        for off in (1.0, 3.0):
            found = [
                code.vertex(p, 1e21, reach, off) / code.optimum(p, 1e21)[0] for reach in reaches
            ]
            table[f"{name}, off {off:g}"] = found
    bare = np.geomspace(*KAPLAN, 200)
    work = np.log(code.counted(code.BESIROGLU, bare))
    table["not counted"] = [float(np.polyfit(work, np.log(bare), 1)[0])] * len(reaches)
    return table


def served() -> style.Table:
    """Least cost at the loss of the best model of Chinchilla's budget, by tokens to be served."""
    p, c = code.BESIROGLU, code.CHINCHILLA
    n, d = code.optimum(p, c)
    loss = code.law(p, n, d)
    tokens = np.geomspace(1e11, 1e14, 25)
    found = [code.lifetime(p, loss, t) for t in tokens]
    cost = [6 * a * b + 2 * a * t for (a, b), t in zip(found, tokens, strict=True)]
    plain = 6 * n * d + 2 * n * tokens
    return {
        "served": tokens.tolist(),
        "size": [a for a, _ in found],
        "tokens": [b for _, b in found],
        "ratio": [b / a for a, b in found],
        "saved": (1 - np.array(cost) / plain).tolist(),
    }


def draw_served(table: style.Table, panels: list[style.Axes]) -> None:
    """Tokens a parameter, and the share of all operations that is saved."""
    for axes, name, label in zip(
        panels, ("ratio", "saved"), ("tokens a parameter", "operations saved, %"), strict=True
    ):
        factor = 100 if name == "saved" else 1
        axes.plot(table["served"], [factor * y for y in table[name]], color=style.SERIES[0])
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("tokens served")
        axes.set_ylabel(label)


FIGURES = [
    Numbers("training/scaling-laws/fits", fits, tolerance=0.01),
    Numbers("training/scaling-laws/early", early, tolerance=0.01),
    Numbers("training/scaling-laws/parabolas", parabolas),
    style.Recipe("training/scaling-laws/fit", drawn, draw_fit, (480, 360)),
    style.Recipe("training/scaling-laws/predicted", predicted, draw_predicted, (480, 320)),
    style.Recipe("training/scaling-laws/budgets", budgets, draw_budgets, (480, 300)),
    style.Recipe("training/scaling-laws/served", served, draw_served, (560, 250), (1, 2)),
]

if __name__ == "__main__":
    style.main(FIGURES)
