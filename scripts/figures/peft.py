"""docs/training/peft/*.svg: rank against the rank of a change, learning rates, forgetting, methods, rounding."""

import copy
from collections.abc import Callable
from functools import cache, partial

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from docs.training.peft import methods, peft
from scripts.figures import style
from scripts.figures.seeds import MARKS, put

SEEDS = 5
STEPS, LONG = 150, 450
RANKS = (1, 2, 4, 8)
RATES = (0.001, 0.003, 0.01, 0.03)
TUNED = (("full", 0), *(("lora", r) for r in RANKS))
OTHERS = (
    ("dora", 4, (0.003, 0.01, 0.03)),
    ("adapter", 4, (0.003, 0.01, 0.03)),
    ("prefix", 4, (0.01, 0.03, 0.1)),
    ("ia3", 0, (0.01, 0.03, 0.1)),
    ("bitfit", 0, (0.01, 0.03, 0.1)),
    ("last", 0, (0.01, 0.03, 0.1)),
    ("prompt", 4, (0.01, 0.03, 0.1)),
)
NAMES = {
    "full": "full", "lora": "LoRA", "dora": "DoRA", "adapter": "adapter", "prefix": "prefix",
    "ia3": "IA3", "bitfit": "BitFit", "last": "last layer", "prompt": "prompt",
}  # fmt: skip
SIDE = 16
TEACHERS: dict[str, Tensor] = {
    "one": torch.tensor([30.0]).double().sqrt(),
    "four": torch.tensor([4.0, 3.0, 2.0, 1.0]).double(),
    "tail": (30 * 0.2 / (1 - 0.8**SIDE) * 0.8 ** torch.arange(SIDE).double()).sqrt(),
}
FITTED = (1, 2, 3, 4, 6, 8)
BITS = (2, 3, 4, 6, 8)
PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)

Pair = tuple[Tensor, Tensor]


@cache
def images() -> dict[str, Pair]:
    """Digits as they are ("old") and turned left ("new"), for training, for choosing a rate, and for the test."""
    torch.set_num_threads(1)  # the sums are small
    found, labels = load_digits(return_X_y=True)
    x = torch.tensor(found, dtype=torch.float32).reshape(-1, 8, 8) / 16
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    x, y = x[order], torch.tensor(labels)[order]
    turned = torch.rot90(x, 1, (1, 2))
    return {
        "old": (x[:1200], y[:1200]),
        "new": (turned[:400], y[:400]),
        "choose": (turned[400:800], y[400:800]),
        "old test": (x[1200:], y[1200:]),
        "new test": (turned[1200:], y[1200:]),
    }


@cache
def base(seed: int) -> methods.Transformer:
    """The network that has learned the digits as they are."""
    torch.manual_seed(seed)
    model = methods.Transformer()
    methods.train(model, *images()["old"], list(model.parameters()), 0.003, 400)
    return model


def measured(model: methods.Transformer) -> tuple[float, ...]:
    """Losses for choosing, on new and on old test images, and shares of right answers on the last two."""
    choose, new, old = (
        methods.measure(model, *images()[n]) for n in ("choose", "new test", "old test")
    )
    return choose[0], new[0], old[0], new[1], old[1]


def tuned(
    seed: int, method: str, r: int, rate: float, steps: int = STEPS,
    start: Callable[[methods.Transformer], None] | None = None, replay: int = 0,
) -> methods.Transformer:  # fmt: skip
    """The network tuned on turned digits; `replay` old images are mixed with the new ones."""
    model = copy.deepcopy(base(seed))
    if start:
        start(model)
    torch.manual_seed(seed)
    learned = methods.tune(model, method, r)
    x, y = (
        torch.cat([n, o[:replay]]) for n, o in zip(images()["new"], images()["old"], strict=True)
    )
    methods.train(model, x, y, learned, rate, steps)
    return model


@cache
def results(method: str, r: int, rate: float, steps: int = STEPS) -> list[tuple[float, ...]]:
    """What is measured for each seed."""
    return [measured(tuned(seed, method, r, rate, steps)) for seed in range(SEEDS)]


@cache
def best(method: str, r: int) -> float:
    """The rate with the least mean loss on the images for choosing."""
    rates = RATES if method in ("full", "lora") else {m: given for m, _, given in OTHERS}[method]
    return min(rates, key=lambda rate: sum(row[0] for row in results(method, r, rate)))


def rank() -> style.Table:
    """Error left by the trained change of each rank, mean and deviation, and the least that any could leave."""
    torch.set_num_threads(1)
    table: style.Table = {"r": [float(r) for r in FITTED]}
    for name, values in TEACHERS.items():
        draw = torch.Generator().manual_seed(0)
        changes = torch.stack([peft.teacher(values, SIDE, draw) for _ in range(SEEDS)])
        for r in FITTED:
            put(table, name, peft.fit(changes, r, 600, draw).tolist())
            table.setdefault(f"{name}, least", []).append(float(peft.least(values, r)))
    return table


def draw_rank(table: style.Table, axes: style.Axes) -> None:
    """A line for what is possible, marks for what training reached."""
    for n, (name, label) in enumerate(
        (("one", "change of rank 1"), ("four", "of rank 4"), ("tail", "of rank 16"))
    ):
        axes.plot(table["r"], table[f"{name}, least"], "-", color=style.SERIES[n], lw=1)
        axes.errorbar(
            table["r"], table[name], table[f"{name}, deviation"], fmt=MARKS[n][0],
            color=style.SERIES[n], label=label, fillstyle="none", markersize=8,
        )  # fmt: skip
    axes.set_xticks(range(1, 9))
    axes.set_xlabel("rank r of the adapter")
    axes.set_ylabel("squared error left")
    axes.legend(loc="upper right")


def column(method: str, r: int) -> str:
    """The name of a column."""
    return f"{method} {r}" if r else method


def rates() -> style.Table:
    """Losses on new and on old digits against the learning rate."""
    table: style.Table = {"rate": list(RATES)}
    for method, r in TUNED:
        for rate in RATES:
            rows = results(method, r, rate)
            put(table, f"{column(method, r)}, new", [row[1] for row in rows])
            put(table, f"{column(method, r)}, old", [row[2] for row in rows])
    return table


def draw_rates(table: style.Table, panels: list[style.Axes]) -> None:
    """New digits above, old ones below."""
    for n, (method, r) in enumerate(TUNED):
        for axes, kind in zip(panels, ("new", "old"), strict=True):
            name = f"{column(method, r)}, {kind}"
            axes.errorbar(
                table["rate"], table[name], table[f"{name}, deviation"], fmt=MARKS[n],
                color=style.SERIES[n], label=f"r = {r}" if r else "full", elinewidth=1,
            )  # fmt: skip
    for axes, kind in zip(panels, ("turned digits", "upright digits"), strict=True):
        axes.set_xscale("log")
        axes.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
        axes.minorticks_off()
        axes.set_ylim(0, None)
        axes.set_title(kind)
        axes.set_ylabel("loss (nats)")
    panels[1].set_xlabel("learning rate")
    panels[1].legend(loc="upper left")


def compared() -> style.Table:
    """Each method at its best rate: parameters, losses and shares of right answers."""
    table: style.Table = {}
    every = [*TUNED, *((method, r) for method, r, _ in OTHERS)]
    for n, (method, r) in enumerate(every):
        model = copy.deepcopy(base(0))
        learned = methods.tune(model, method, r)
        rate = best(method, r)
        rows = results(method, r, rate)
        table.setdefault("row", []).append(float(n))
        table.setdefault("r", []).append(float(r))
        table.setdefault("parameters", []).append(float(sum(p.numel() for p in learned)))
        table.setdefault("rate", []).append(rate)
        for at, name in enumerate(("new", "old", "new right", "old right"), 1):
            put(table, name, [row[at] for row in rows])
    return table


def draw_compared(table: style.Table, axes: style.Axes) -> None:
    """Loss on the new digits against the number of parameters; the names stand beside the marks."""
    names = [NAMES[method] for method, _ in TUNED] + [NAMES[method] for method, _, _ in OTHERS]
    axes.errorbar(
        table["parameters"], table["new"], table["new, deviation"], fmt="o",
        color=style.SERIES[0], elinewidth=1,
    )  # fmt: skip
    for n, name in enumerate(names):
        label = f"{name} {table['r'][n]:.0f}" if name == "LoRA" else name
        low, left = name in ("DoRA", "IA3", "full"), name == "last layer"
        style.label_line(
            axes, table["parameters"][n], table["new"][n], label, dx=-6 if left else 6,
            dy=-14 if low else 6, ha="right" if left else "left",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks([100, 1000, 10000], ["100", "1,000", "10,000"])
    axes.set_xlim(80, 60000)
    axes.minorticks_off()
    axes.set_ylim(0, None)
    axes.set_xlabel("parameters that are learned")
    axes.set_ylabel("loss on turned digits (nats)")


def scaled(model: methods.Transformer, part: float) -> methods.Transformer:
    """The same with a part of each low-rank change."""
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, methods.LoRA):
            module.scale *= part
    return model


def kept() -> style.Table:
    """Losses with a part of the change, with old images mixed in, and with three times the steps."""
    table: style.Table = {"part": list(PARTS)}
    rate = best("lora", 4)
    models = [tuned(seed, "lora", 4, rate) for seed in range(SEEDS)]
    mixed = [measured(tuned(seed, "lora", 4, rate, replay=100)) for seed in range(SEEDS)]
    for part in PARTS:
        rows = [measured(scaled(model, part)) for model in models]
        put(table, "new", [row[1] for row in rows])
        put(table, "old", [row[2] for row in rows])
        for at, name in ((1, "new mixed"), (2, "old mixed")):
            put(table, name, [row[at] for row in mixed])
        for method, r in (("full", 0), ("lora", 1), ("lora", 4)):
            long = results(method, r, best(method, r), LONG)
            for at, name in ((1, "new long"), (2, "old long")):
                put(table, f"{column(method, r)}, {name}", [row[at] for row in long])
    return table


def draw_kept(table: style.Table, axes: style.Axes) -> None:
    """Two lines over the part; at the right end the tuning with old images."""
    for n, (name, label) in enumerate((("new", "turned digits"), ("old", "upright digits"))):
        axes.errorbar(
            table["part"], table[name], table[f"{name}, deviation"], fmt=MARKS[n],
            color=style.SERIES[n], label=label, elinewidth=1,
        )  # fmt: skip
        axes.errorbar(
            [1.08], table[f"{name} mixed"][:1], table[f"{name} mixed, deviation"][:1],
            fmt=MARKS[n][0], color=style.SERIES[n], fillstyle="none", elinewidth=1,
        )  # fmt: skip
    axes.set_xticks([*PARTS, 1.08], ["0", "0.25", "0.5", "0.75", "1", "  mixed"])
    axes.set_ylim(0, None)
    axes.set_xlabel("part of the change that is added")
    axes.set_ylabel("loss (nats)")
    axes.legend(loc="upper center")


def rounded(model: methods.Transformer, width: int) -> None:
    """Round the six maps of each block, in place, to so many bits."""
    for block in model.blocks:
        for name in methods.NAMES:
            linear = getattr(block, name)
            linear = getattr(linear, "base", linear)
            linear.weight.data = peft.quantise(linear.weight.data, width)


def joined(model: methods.Transformer, width: int | None) -> methods.Transformer:
    """Merge each change into its map, and round the sum if a width is given."""
    model = copy.deepcopy(model)
    for block in model.blocks:
        for name in methods.NAMES:
            part = getattr(block, name)
            weight = peft.merge(part.base.weight.data, part.a.data, part.b.data, 8.0)
            part.base.weight.data = peft.quantise(weight, width) if width else weight
            part.b.data.zero_()
    return model


def rounding() -> style.Table:
    """Loss on turned digits of a change learned on rounded weights, used in four ways."""
    table: style.Table = {"bits": [float(width) for width in BITS]}
    rate = best("lora", 4)
    for width in BITS:
        found: dict[str, list[float]] = {}
        for seed in range(SEEDS):
            model = tuned(seed, "lora", 4, rate, start=partial(rounded, width=width))
            other = copy.deepcopy(
                model
            )  # the same change beside the weights that were never rounded
            for block, plain in zip(other.blocks, base(seed).blocks, strict=True):
                for name in methods.NAMES:
                    getattr(block, name).base = getattr(plain, name)
            for name, one in (
                ("beside", model), ("merged", joined(model, None)),
                ("again", joined(model, width)), ("other", other),
            ):  # fmt: skip
                found.setdefault(name, []).append(measured(one)[1])
        for name, values in found.items():
            put(table, name, values)
    return table


def draw_rounding(table: style.Table, axes: style.Axes) -> None:
    """Three lines; merging without rounding lies on the first."""
    for n, (name, label) in enumerate(
        (
            ("beside", "beside the rounded weights"),
            ("again", "merged, rounded again"),
            ("other", "on weights never rounded"),
        )
    ):
        axes.errorbar(
            table["bits"], table[name], table[f"{name}, deviation"], fmt=MARKS[n],
            color=style.SERIES[n], label=label, elinewidth=1,
        )  # fmt: skip
    axes.set_xticks(BITS)
    axes.set_ylim(0, None)
    axes.set_xlabel("bits of a frozen weight")
    axes.set_ylabel("loss on turned digits (nats)")
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("training/peft/rank", rank, draw_rank, (440, 300), tolerance=0.02, absolute=0.01),
    style.Recipe("training/peft/rates", rates, draw_rates, (440, 480), (2, 1), tolerance=0.05),
    style.Recipe("training/peft/compared", compared, draw_compared, (480, 340), tolerance=0.05),
    style.Recipe("training/peft/kept", kept, draw_kept, (440, 300), tolerance=0.05),
    style.Recipe("training/peft/rounding", rounding, draw_rounding, (440, 300), tolerance=0.05),
]

if __name__ == "__main__":
    style.main(FIGURES)
