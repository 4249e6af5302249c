"""docs/inference/calculators/*.svg: memory by format, caches by length, memory of training, shares of the peak."""

from docs.inference.calculators import calculators as calc
from scripts.figures import style

GB = 1e9
LARGE = "Llama 3 70B"
FORMATS = (("fp32", 32, 0), ("bf16", 16, 0), ("int8", 8, 0), ("int4, groups of 128", 4, 128))
SHORT, LONG = 8192, 131072
LENGTHS = [1024 * 2**n for n in range(8)]
CACHED = ("Llama 2 7B", "Llama 3 70B", "Llama 3 8B", "DeepSeek-V3", "Mistral 7B")
TRAINED, BATCH, LENGTH = "GPT-2 XL", 8, 1024
KEPT = ("all", "selected", "inputs")
CARD = 80.0  # GB of a GPU


def memory() -> style.Table:
    """GB of the weights of a model of 70 billion parameters in four formats, and of two caches."""
    m = calc.models()[LARGE]
    n = calc.parameters(m)["total"]
    return {
        "weights": [calc.weights(n, bits, group) / GB for _, bits, group in FORMATS],
        "short": [calc.cache(m, SHORT) / GB] * len(FORMATS),
        "long": [calc.cache(m, LONG) / GB] * len(FORMATS),
    }


def stacked(
    axes: style.Axes, first: tuple[list[float], str], second: tuple[list[float], str]
) -> None:
    """A bar in each row, of two parts one behind the other: their values and their names."""
    rows = range(len(first[0]))
    axes.barh(rows, first[0], 0.6, color=style.SERIES[0], alpha=0.7, label=first[1])
    axes.barh(
        rows,
        second[0],
        0.6,
        left=first[0],
        color=style.SERIES[1],
        alpha=0.7,
        hatch="//",
        edgecolor=style.INK,
        linewidth=0.5,
        label=second[1],
    )


def draw_memory(table: style.Table, axes: style.Axes) -> None:
    """A bar for each format: weights, then the cache of the long text; lines at whole GPUs."""
    rows = range(len(FORMATS))
    stacked(axes, (table["weights"], "weights"), (table["long"], "cache of 131,072 tokens"))
    lines = [count * CARD for count in (1, 2, 4)]
    for row, (held, kept) in enumerate(zip(table["weights"], table["long"], strict=True)):
        end = held + kept
        start = max([end, *(line for line in lines if end < line < end + 55)])  # beside the line
        axes.text(start + 5, row, f"{held:.0f} + {kept:.0f}", va="center")
    for line in lines:
        axes.axvline(line, 0.25 if line == lines[-1] else 0, color=style.MUTED, lw=1, ls="--")
    axes.set_xticks([0, 80, 160, 240, 320])
    axes.set_yticks(rows, [name for name, _, _ in FORMATS])
    axes.invert_yaxis()
    axes.set_xlim(0, 385)
    axes.set_xlabel("GB; dashed: one, two and four GPUs of 80 GB")
    axes.grid(visible=False)
    axes.legend(loc="lower right")


def caches() -> style.Table:
    """GB of the cache of one text by its length, two bytes a number."""
    known = calc.models()
    columns = {
        name: [calc.cache(known[name], tokens) / GB for tokens in LENGTHS] for name in CACHED
    }
    return {"tokens": [float(tokens) for tokens in LENGTHS], **columns}


def draw_caches(table: style.Table, axes: style.Axes) -> None:
    """A curve for each model on two logarithmic axes."""
    marks = "o^sDv"
    for n, name in enumerate(CACHED):
        axes.plot(
            table["tokens"],
            table[name],
            marker=marks[n],
            color=style.SERIES[n],
            label=name,
            markersize=5,
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([*LENGTHS[::2], LENGTHS[-1]], ["1k", "4k", "16k", "64k", "128k"])
    axes.set_xlabel("tokens of the text")
    axes.set_ylabel("cache, GB")
    axes.legend(loc="upper left", fontsize=10)


def training() -> style.Table:
    """GB for training GPT-2 XL in mixed precision: what the parameters need, and the activations."""
    m = calc.models()[TRAINED]
    held = calc.states(calc.parameters(m)["total"], "mixed") / GB
    return {
        "states": [held] * len(KEPT),
        "activations": [calc.activations(m, BATCH, LENGTH, kept) / GB for kept in KEPT],
    }


def draw_training(table: style.Table, axes: style.Axes) -> None:
    """A bar for each way of keeping activations."""
    rows = range(len(KEPT))
    stacked(
        axes,
        (table["states"], "weights, gradients, Adam"),
        (table["activations"], "activations"),
    )
    for row, (held, kept) in enumerate(zip(table["states"], table["activations"], strict=True)):
        axes.text(held + kept + 1, row, f"{held:.1f} + {kept:.1f}", va="center")
    axes.axvline(CARD, 0.25, color=style.MUTED, lw=1, ls="--")
    axes.set_yticks(rows, ["all kept", "scores again", "layers again"])
    axes.set_ylim(3.6, -0.5)
    axes.set_xlim(0, 122)
    axes.set_xlabel("GB; dashed: a GPU of 80 GB")
    axes.grid(visible=False)
    axes.legend(loc="lower right")


def share() -> style.Table:
    """The share of the peak that the published hours of each run amount to, in per cent."""
    data = calc.data()
    gpus = {gpu["name"]: gpu for gpu in data["gpu"]}
    runs = [run for run in data["run"] if "hours" in run]
    known = calc.models()
    shares = [
        calc.utilisation(
            6 * calc.parameters(known[run["model"]])["multiplied"] * run["tokens"],
            gpus[run["gpu"]]["peak"],
            run["hours"],
        )
        for run in runs
    ]
    return {"share": [100 * one for one in shares], "hours": [float(run["hours"]) for run in runs]}


def draw_share(table: style.Table, axes: style.Axes) -> None:
    """A bar for each run."""
    names = [run.get("name", run["model"]) for run in calc.data()["run"] if "hours" in run]
    rows = range(len(names))
    axes.barh(rows, table["share"], 0.6, color=style.SERIES[0], alpha=0.7)
    for row, one in enumerate(table["share"]):
        axes.text(one + 1, row, f"{one:.0f} %", va="center")
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.set_xlim(0, 52)
    axes.set_xlabel("share of the peak, per cent")
    axes.grid(visible=False)


FIGURES = [
    style.Recipe("inference/calculators/memory", memory, draw_memory, (480, 250)),
    style.Recipe("inference/calculators/caches", caches, draw_caches, (440, 310)),
    style.Recipe("inference/calculators/training", training, draw_training, (460, 230)),
    style.Recipe("inference/calculators/share", share, draw_share, (440, 250)),
]

if __name__ == "__main__":
    style.main(FIGURES)
