"""docs/training/parallelism/*.svg: memory by ZeRO stage, pipelines, what 16 bits lose, sending against computing."""

from typing import Any

import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from docs.models.gpt import bpe
from docs.training.parallelism import parallelism as code
from scripts.figures import seeds, style
from scripts.weights import gpt as weights

SIZE = 70e9
DEVICES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
STAGES, BATCHES = 4, 8
SCALES = tuple(range(0, 29, 2))  # powers of two
WINDOWS, LENGTH = 16, 64
TOKENS = tuple(2**n for n in range(8, 18))
PEAK = 989e12  # operations a second of an H100 in bf16
LINKS = {"450": 450e9, "50": 50e9}  # bytes a second, each way
WORKERS = {"450": 8, "50": 64}


def memory() -> style.Table:
    """Gigabytes a device of a model of 70 billion parameters, by ZeRO stage."""
    table: style.Table = {"devices": [float(n) for n in DEVICES]}
    for stage in range(4):
        table[f"stage {stage}"] = [code.states(SIZE, n, stage) / 1e9 for n in DEVICES]
    return table


def draw_memory(table: style.Table, axes: style.Axes) -> None:
    """A line for each stage, both axes logarithmic; a dashed one at 80 GB."""
    names = ("copies", "1: optimiser split", "2: gradients too", "3: weights too")
    for stage, name in enumerate(names):
        axes.plot(
            table["devices"],
            table[f"stage {stage}"],
            seeds.MARKS[stage],
            color=style.SERIES[stage],
            label=name,
        )
    axes.axhline(80, color=style.MUTED, linestyle="--", linewidth=1)
    axes.annotate("80 GB", (1, 80), (2, -12), textcoords="offset points")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([1, 8, 64, 512], ["1", "8", "64", "512"])
    axes.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.set_xlabel("devices")
    axes.set_title("GB on each device")
    axes.legend(title="ZeRO stage", loc="lower left", fontsize=10)


def tasks() -> style.Table:
    """Both schedules of four stages and eight micro-batches."""
    table: style.Table = {}
    for kind in ("GPipe", "1F1B"):
        for task in code.schedule(STAGES, BATCHES, kind):
            row = (float(kind == "1F1B"), task.stage, task.batch + 1, task.back, task.start, task.end)  # fmt: skip
            for name, value in zip(("kind", "stage", "batch", "back", "start", "end"), row, strict=True):  # fmt: skip
                table.setdefault(name, []).append(float(value))
    return table


def draw_tasks(table: style.Table, panels: list[style.Axes]) -> None:
    """A bar for each task; darker: backwards."""
    for kind, axes in enumerate(panels):
        for which, stage, batch, back, start, end in zip(*table.values(), strict=True):
            if which != kind:
                continue
            colour = style.SERIES[int(back)]
            box = Rectangle((start + 0.06, stage - 0.4), end - start - 0.12, 0.8, color=colour)
            box.set_alpha(0.45)
            axes.add_patch(box)
            axes.text((start + end) / 2, stage, f"{batch:.0f}", ha="center", va="center", fontsize=8)  # fmt: skip
        axes.set_xlim(0, 33.3)
        axes.set_ylim(STAGES - 0.4, -0.6)
        axes.set_yticks(range(STAGES), [f"stage {n + 1}" for n in range(STAGES)])
        axes.grid(visible=False, axis="y")
        axes.set_title(("all forwards first (GPipe)", "one forward, one backward (1F1B)")[kind])
    panels[1].set_xlabel("time, in forward passes of a micro-batch")


def slopes() -> Tensor:
    """Gradients at the outputs of all matrices of the site's GPT, on windows of its training text."""
    model, pieces = weights.load()[:2]
    model = model.float().eval()
    text, _ = weights.split(weights.CORPUS.read_text(encoding="utf-8"))
    tokens = torch.tensor(bpe.encode(text[:20_000], pieces))
    begin = torch.randint(
        len(tokens) - LENGTH - 1, (WINDOWS, 1), generator=torch.Generator().manual_seed(0)
    )
    window = tokens[begin + torch.arange(LENGTH + 1)]
    found: list[Tensor] = []

    def keep(_: Any, __: Any, out: tuple[Tensor]) -> None:
        found.append(out[0].detach().flatten())

    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.register_full_backward_hook(keep)
    out = model(window[:, :-1])[0]
    out.retain_grad()
    torch.nn.functional.cross_entropy(out.flatten(0, 1), window[:, 1:].flatten()).backward()  # type: ignore[no-untyped-call]
    return torch.cat([*found, out.grad.flatten()])


def underflow() -> style.Table:
    """Shares of gradients that become 0 or infinite, by loss scale, in fp16 and bf16."""
    gradient = slopes()
    table: style.Table = {"power": [float(n) for n in SCALES]}
    for name, kind in (("fp16", torch.float16), ("bf16", torch.bfloat16)):
        found = [code.lost(gradient, 2.0**n, kind) for n in SCALES]
        table[f"{name} zero"] = [zero for zero, _ in found]
        table[f"{name} infinite"] = [inf for _, inf in found]
    table["entries"] = [float((gradient != 0).sum())] * len(SCALES)
    return table


def draw_underflow(table: style.Table, axes: style.Axes) -> None:
    """Percent lost to zero and to infinity."""
    for n, (name, label) in enumerate(
        (
            ("fp16 zero", "fp16, to zero"),
            ("fp16 infinite", "fp16, to infinity"),
            ("bf16 zero", "bf16, to zero"),
        )
    ):
        axes.plot(
            table["power"],
            [100 * v for v in table[name]],
            seeds.MARKS[n],
            color=style.SERIES[n],
            label=label,
        )
    axes.set_xticks([0, 8, 16, 24], ["1", "$2^8$", "$2^{16}$", "$2^{24}$"])
    axes.set_xlabel("loss scale")
    axes.set_title("% of gradients that are lost")
    axes.legend(loc="upper center")


def hidden() -> style.Table:
    """Seconds of sending over seconds of the way back, by tokens on a device, for two links."""
    table: style.Table = {"tokens": [float(n) for n in TOKENS]}
    for name, link in LINKS.items():
        least = code.least_tokens(PEAK, link, WORKERS[name])
        table[f"link {name}"] = [least / n for n in TOKENS]
    return table


def draw_hidden(table: style.Table, axes: style.Axes) -> None:
    """Both lines fall; at 1 sending takes as long as the way back."""
    labels = {"450": "450 GB/s, 8 devices", "50": "50 GB/s, 64 devices"}
    for n, (name, label) in enumerate(labels.items()):
        axes.plot(
            table["tokens"],
            table[f"link {name}"],
            seeds.MARKS[n],
            color=style.SERIES[n],
            label=label,
        )
    axes.axhline(1, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([256, 2048, 16384, 131072], ["256", "2,048", "16,384", "131,072"])
    axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.minorticks_off()
    axes.set_xlabel("tokens on a device in a step")
    axes.set_title("time of sending over time of the way back")
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe("training/parallelism/memory", memory, draw_memory, size=(440, 320)),
    style.Recipe("training/parallelism/schedule", tasks, draw_tasks, size=(440, 380), grid=(2, 1)),
    style.Recipe("training/parallelism/underflow", underflow, draw_underflow, size=(440, 280), tolerance=0.05),
    style.Recipe("training/parallelism/hidden", hidden, draw_hidden, size=(440, 280)),
]  # fmt: skip

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
