"""docs/architectures/mixture-of-experts/*.svg: the example, its biases, collapse, dropped tokens, experts read."""

import math
from functools import cache
from importlib import import_module

import torch
from torch import Tensor

from scripts.figures import style

moe = import_module("docs.architectures.mixture-of-experts.mixture_of_experts")

SEEDS = 20
SETTINGS = (  # weight of the balancing loss, step of the biases, experts for a token
    (0.0, 0.0, 1),
    (0.1, 0.0, 1),
    (0.3, 0.0, 1),
    (1.0, 0.0, 1),
    (3.0, 0.0, 1),
    (0.0, 0.01, 1),
    (0.0, 0.03, 1),
    (0.0, 0.1, 1),
    (0.0, 0.0, 2),
)
NONE, LOSS, BIAS, TWO = SETTINGS[0], SETTINGS[2], SETTINGS[5], SETTINGS[8]
SHOWN = (NONE, LOSS, BIAS, TWO)
LABELS = ("none", "loss, 0.3", "bias, 0.01", "none, k = 2")
FACTORS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0)
TOGETHER = 4  # settings trained side by side
BATCHES = 9  # of the example
READ = (("Mixtral", 8, 2), ("DeepSeek-V3", 256, 8), ("DeepSeek-V4-Pro", 384, 6))
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

Setting = tuple[float, float, int]
Networks = tuple[Tensor, Tensor, Tensor]


@cache
def group(settings: tuple[Setting, ...]) -> dict[Setting, Networks]:
    """Networks of some settings with the same k, trained side by side from the same starts on the same tokens."""
    torch.set_num_threads(1)  # the sums are small
    router, experts = moe.start(SEEDS)
    alpha, gamma = (
        torch.tensor([s[part] for s in settings]).repeat_interleave(SEEDS) for part in (0, 1)
    )
    many = len(settings)
    made = moe.train(
        router.repeat(many, 1, 1), experts.repeat(many, 1, 1), alpha, gamma, settings[0][2]
    )
    parts = [part.split(SEEDS) for part in made]
    return {s: (parts[0][n], parts[1][n], parts[2][n]) for n, s in enumerate(settings)}


@cache
def networks(setting: Setting) -> Networks:
    """Router, experts and biases of the networks of a setting."""
    alike = [s for s in SETTINGS if s[2] == setting[2]]
    first = alike.index(setting) // TOGETHER * TOGETHER
    return group(tuple(alike[first : first + TOGETHER]))[setting]


def result(setting: Setting) -> tuple[Tensor, Tensor]:
    """Mean squared error (seeds) and share of each expert (seeds, experts)."""
    error, share, _ = moe.measure(*networks(setting), setting[2])
    return error, share


def routing() -> style.Table:
    """Probabilities of the three experts of the example along the line, and the zigzag."""
    router, _ = moe.example()
    x = torch.linspace(-5.5, 5.5, 89)
    p = moe.lines(router, x).softmax(-1)
    names = {f"p{i + 1}": p[:, i].tolist() for i in range(3)}
    return {"x": x.tolist(), **names, "zigzag": moe.zigzag(x).tolist()}


def draw_routing(table: style.Table, panels: list[style.Axes]) -> None:
    """Probabilities above, with the tokens at their experts; what each expert should add below."""
    marks, dashes = "os^", ("-", "--", "-.")
    x = table["x"]
    for i in range(3):
        column = table[f"p{i + 1}"]
        panels[0].plot(x, column, dashes[i], color=style.SERIES[i])
        at = (6, 44, 82)[i]
        lift = 0.06 if i == 1 else -0.16
        panels[0].text(
            x[at], column[at] + lift, f"expert {i + 1}", ha="center", color=style.SERIES[i]
        )
    for token in moe.TOKENS:
        at = min(range(len(x)), key=lambda n: abs(x[n] - token))
        best = max(range(3), key=lambda i: table[f"p{i + 1}"][at])
        panels[0].plot(
            [token],
            [table[f"p{best + 1}"][at]],
            marks[best],
            color=style.SERIES[best],
            markersize=9,
        )
        panels[1].plot(
            [token], [table["zigzag"][at]], marks[best], color=style.SERIES[best], markersize=9
        )
    panels[0].set_ylabel("probability p")
    panels[0].set_ylim(0, 1.08)
    for i, (low, high) in enumerate(((-9, -1), (-1, 1), (1, 9))):
        part = [n for n, value in enumerate(x) if low <= value <= high]
        panels[1].plot(
            [x[n] for n in part],
            [table["zigzag"][n] for n in part],
            dashes[i],
            color=style.SERIES[i],
        )
    panels[1].set_ylabel("to be added")
    panels[1].set_xlabel("token x")
    for axes in panels:
        axes.set_xticks(range(-5, 6))


def bias() -> style.Table:
    """Loads of the example batch by batch, while the biases move."""
    router, _ = moe.example()
    s, b = moe.lines(router, torch.tensor(moe.TOKENS)), torch.zeros(3)
    rows = []
    for batch in range(BATCHES):
        g, p = moe.route(s, 1, b)
        rows.append([batch, *moe.loads(g).tolist(), *b.tolist(), float(moe.balance_loss(g, p))])
        b = moe.bias_step(b, g, 0.3 * math.log(2))
    names = ("batch", "load1", "load2", "load3", "b1", "b2", "b3", "loss")
    return {name: [float(row[n]) for row in rows] for n, name in enumerate(names)}


def draw_bias(table: style.Table, axes: style.Axes) -> None:
    """Three steps of loads, apart where they meet."""
    marks = ("o-", "s--", "^-.")
    for i in range(3):
        column = [value + 0.05 * (i - 1) for value in table[f"load{i + 1}"]]
        axes.plot(table["batch"], column, marks[i], color=style.SERIES[i], label=f"expert {i + 1}")
    axes.set_ylim(0, 4.5)
    axes.set_yticks(range(5))
    axes.set_xticks(range(BATCHES))
    axes.set_xlabel("batch")
    axes.set_ylabel("tokens of the expert")
    axes.legend(loc="upper right")


def collapse() -> style.Table:
    """Error and the number of experts with tokens, of each network of four settings."""
    table: style.Table = {"seed": [float(seed) for seed in range(SEEDS)]}
    for n, setting in enumerate(SHOWN):
        error, share = result(setting)
        table[f"error {n}"] = error.tolist()
        table[f"alive {n}"] = (share > 0).sum(-1).tolist()
        table[f"busiest {n}"] = share.amax(-1).tolist()
    return table


def draw_collapse(table: style.Table, axes: style.Axes) -> None:
    """A column of networks for each setting: a cross where an expert is dead."""
    for n in range(len(SHOWN)):
        for alive, mark, colour in ((True, "o", style.SERIES[0]), (False, "x", style.SERIES[1])):
            part = [k for k, count in enumerate(table[f"alive {n}"]) if (count == 3) is alive]
            axes.plot(
                [n + 0.5 * (k / SEEDS - 0.5) for k in part],
                [table[f"error {n}"][k] for k in part],
                mark,
                color=colour,
                fillstyle="none",
                markersize=7,
                label=("all experts used" if alive else "one or two unused") if n == 0 else None,
            )
    axes.set_yscale("log")
    axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.set_xticks(range(len(SHOWN)), LABELS)
    axes.set_ylabel("mean squared error")
    axes.grid(visible=False, axis="x")
    axes.legend(loc=(0.24, 0.83))


def dropped() -> style.Table:
    """Share of tokens without an expert, and of empty places, against the capacity factor; means over seeds."""
    table: style.Table = {"factor": list(FACTORS)}
    for n, setting in enumerate(SHOWN[:3]):
        shares = [moe.measure(*networks(setting), 1, factor)[2] for factor in FACTORS]
        table[f"dropped {n}"] = [float(share.mean()) for share in shares]
        table[f"spread {n}"] = [float(share.std()) for share in shares]
        table[f"empty {n}"] = [
            1 - 400 * (1 - float(share.mean())) / (3 * moe.capacity(400, 3, 1, factor))
            for share, factor in zip(shares, FACTORS, strict=True)
        ]
    return table


def draw_dropped(table: style.Table, panels: list[style.Axes]) -> None:
    """Dropped tokens at the left, empty places at the right."""
    marks = ("o-", "s--", "^-.")
    for n in range(3):
        panels[0].plot(
            table["factor"], table[f"dropped {n}"], marks[n], color=style.SERIES[n], label=LABELS[n]
        )
        panels[1].plot(table["factor"], table[f"empty {n}"], marks[n], color=style.SERIES[n])
    panels[0].set_title("tokens dropped")
    panels[1].set_title("places empty")
    ticks = [0, 0.2, 0.4, 0.6]
    for axes in panels:
        axes.set_ylim(-0.02, 0.72)
        axes.set_yticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    panels[1].set_xlabel("capacity factor")
    panels[0].legend(loc="upper right")


def read() -> style.Table:
    """Share of a layer's experts that a step of generation reads, by the number of tokens in it."""
    table: style.Table = {"tokens": [float(size) for size in SIZES]}
    for name, m, k in READ:
        table[name] = [1 - (1 - k / m) ** size for size in SIZES]
    return table


def draw_read(table: style.Table, axes: style.Axes) -> None:
    """A line for each model; the names stand above, where no line is."""
    marks = ("o-", "s--", "^-.")
    for n, (name, m, k) in enumerate(READ):
        label = f"{name}, {k} of {m}"
        axes.plot(table["tokens"], table[name], marks[n], color=style.SERIES[n], label=label)
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.set_xlabel("tokens at once")
    axes.set_ylabel("experts read")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1))


def price() -> style.Table:
    """What each setting comes to: means over the networks, and what spreads."""
    rows = []
    for setting in SETTINGS:
        error, share = result(setting)
        lost = moe.measure(*networks(setting), setting[2], 1.25)[2]
        busiest = share.amax(-1)
        rows.append(
            {
                "alpha": setting[0],
                "gamma": setting[1],
                "k": setting[2],
                "error": float(error.mean()),
                "spread": float(error.std()),
                "worst": float(error.max()),
                "unused": float(((share > 0).sum(-1) < 3).sum()),
                "busiest": float(busiest.mean()),
                "busiest spread": float(busiest.std()),
                "dropped": float(lost.mean()),
            }
        )
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def draw_price(table: style.Table, axes: style.Axes) -> None:
    """Error against the share of the busiest expert; one point for each setting with one expert for a token."""
    for kind, mark, colour, label in (
        ("none", "D", style.INK, "none"),
        ("alpha", "o", style.SERIES[0], "loss, α"),
        ("gamma", "s", style.SERIES[1], "bias, γ"),
    ):
        rows = [
            n
            for n, k in enumerate(table["k"])
            if k == 1
            and (
                table[kind][n] > 0 if kind != "none" else table["alpha"][n] + table["gamma"][n] == 0
            )
        ]
        axes.errorbar(
            [table["busiest"][n] for n in rows],
            [table["error"][n] for n in rows],
            [table["spread"][n] / SEEDS**0.5 for n in rows],
            fmt=mark,
            color=colour,
            label=label,
            elinewidth=1,
        )
        for n in rows:
            if kind == "alpha":
                style.label_line(
                    axes, table["busiest"][n], table["error"][n], f"{table[kind][n]:g}", dx=6, dy=6
                )
    axes.axvline(1 / 3, color=style.MUTED, lw=1)
    axes.set_xlim(0.32, 0.6)
    axes.set_ylim(0, 0.42)
    axes.set_xticks([1 / 3, 0.4, 0.5, 0.6], ["1/3", "40 %", "50 %", "60 %"])
    axes.set_xlabel("share of the busiest expert")
    axes.set_ylabel("mean squared error")
    axes.legend(loc="upper left")


FIGURES = [
    style.Recipe(
        "architectures/mixture-of-experts/routing", routing, draw_routing, (480, 380), (2, 1)
    ),
    style.Recipe("architectures/mixture-of-experts/bias", bias, draw_bias, (440, 240)),
    style.Recipe(
        "architectures/mixture-of-experts/collapse",
        collapse,
        draw_collapse,
        (440, 320),
        tolerance=0.02,
    ),
    style.Recipe(
        "architectures/mixture-of-experts/price", price, draw_price, (440, 280), tolerance=0.02
    ),
    style.Recipe(
        "architectures/mixture-of-experts/dropped",
        dropped,
        draw_dropped,
        (440, 420),
        (2, 1),
        tolerance=0.02,
    ),
    style.Recipe("architectures/mixture-of-experts/read", read, draw_read, (440, 310)),
]

if __name__ == "__main__":
    style.main(FIGURES)
