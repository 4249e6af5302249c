"""docs/models/autoregressive/*.svg: bits against the entropy rate, what networks see, digits, exposure bias."""

from collections.abc import Sequence
from functools import lru_cache
from math import log

import numpy as np
import torch
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as MarkPath
from matplotlib.transforms import Affine2D

from docs.models.autoregressive import autoregressive, pixels, practice, words
from scripts.figures import style

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
SEEDS, FRESH = 20, 2000  # of the tables
ORDERS = (0, 1, 4)
LAG, ROWS, LENGTH, STEPS, RATE = 8, 32, 192, 60, 0.03  # of the dilated networks
STACKS = ((1,), (1, 2), (1, 1, 1, 1), (1, 2, 4), (1, 2, 4, 8))
NETWORKS = 3
KINDS = {"small": 3, "large": 15}  # side of the first filter
SHOWN = 8
TARGET = (5, 3)
LEVELS = ("entropy rate", "each alone")


def tables() -> style.Table:
    """Bits of tables of three orders, by the pixels that they learned from: expected, on fresh pixels, on their own."""
    out: style.Table = {"pixels": [float(n) for n in SIZES]}
    out["rate"] = [autoregressive.entropy_rate()] * len(SIZES)
    found = np.zeros((len(SIZES), len(ORDERS), 3, SEEDS))
    for seed in range(SEEDS):
        generator = np.random.default_rng(seed)
        row, fresh = (autoregressive.draw(n, generator) for n in (max(SIZES), FRESH))
        for i, size in enumerate(SIZES):
            for j, order in enumerate(ORDERS):
                model = autoregressive.fit(row[:size], order)
                found[i, j, :, seed] = (
                    autoregressive.expected(model),
                    autoregressive.bits(model, fresh),
                    autoregressive.bits(model, row[:size]),
                )
    for j, order in enumerate(ORDERS):
        for n, name in enumerate(("expected", "fresh", "own")):
            out[f"{name}_{order}_mean"] = found[:, j, n].mean(1).tolist()
            out[f"{name}_{order}_sd"] = found[:, j, n].std(1, ddof=1).tolist()
            out[f"{name}_{order}_least"] = found[:, j, n].min(1).tolist()
        contexts = 2.0**order
        out[f"formula_{order}"] = [
            autoregressive.entropy_rate() + contexts / (2 * log(2) * size) for size in SIZES
        ]
    return out


def draw_tables(table: style.Table, axes: style.Axes) -> None:
    """Expected bits of each order, the own bits of order 4, the entropy rate."""
    for n, order in enumerate(ORDERS):
        mean, spread = (np.array(table[f"expected_{order}_{part}"]) for part in ("mean", "sd"))
        axes.plot(
            table["pixels"], mean, "os^"[n] + "-", color=style.SERIES[n], label=f"k = {order}"
        )
        axes.fill_between(
            table["pixels"], mean - spread, mean + spread, color=style.SERIES[n], alpha=0.2, lw=0
        )
    axes.plot(
        table["pixels"], table["own_4_mean"], "v:", color=style.SERIES[3], label="k = 4, own pixels"
    )
    axes.axhline(table["rate"][0], color=style.INK, lw=1, ls="--")
    style.label_line(axes, SIZES[-1], table["rate"][0], "entropy rate", dx=0, dy=-13, ha="right")
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES[::2], [str(n) for n in SIZES[::2]])
    axes.minorticks_off()
    axes.set_ylim(0.58, 1.12)
    axes.set_xlabel("pixels learned from")
    axes.set_ylabel("bits per pixel")
    axes.legend(loc="upper right", fontsize=10)


def rows_of(count: int, generator: np.random.Generator) -> torch.Tensor:
    """Rows of the source with a lag."""
    return torch.tensor(
        np.stack([autoregressive.draw(LENGTH, generator, LAG) for _ in range(count)])
    )


def field() -> style.Table:
    """Bits of causal networks on fresh rows by the pixels that they see, formula and probe, and their spread."""
    torch.set_num_threads(1)  # small tensors: more threads only wait for one another
    found = []
    for seed in range(NETWORKS):
        generator = np.random.default_rng(seed)
        x, fresh = rows_of(ROWS, generator), rows_of(4 * ROWS, generator)
        for dilations in STACKS:
            torch.manual_seed(seed)
            model = practice.Causal(2, dilations, 8)
            practice.train(model, x, STEPS, RATE)
            with torch.no_grad():
                found.append(float(practice.bits(model, fresh)))
    bits = np.array(found).reshape(NETWORKS, len(STACKS))
    return {
        "layers": [float(len(d)) for d in STACKS],
        "most": [float(max(d)) for d in STACKS],
        "field": [float(autoregressive.receptive(2, d)) for d in STACKS],
        "probe": [float(probe(d)) for d in STACKS],
        "mean": bits.mean(0).tolist(),
        "least": bits.min(0).tolist(),
        "greatest": bits.max(0).tolist(),
        "rate": [autoregressive.entropy_rate()] * len(STACKS),
        "alone": [autoregressive.entropy(autoregressive.SHARE)] * len(STACKS),
    }


def probe(dilations: tuple[int, ...]) -> int:
    """How many tokens change the last logits of a causal network, by gradient with respect to their embeddings."""
    torch.manual_seed(0)
    model = practice.Causal(2, dilations, 8)
    given: list[torch.Tensor] = []
    model.embed.register_forward_hook(lambda _module, _args, out: given.append(out))
    logits = model(torch.zeros(1, 40, dtype=torch.long))
    (slope,) = torch.autograd.grad(logits[0, -1].square().sum(), given[0])
    return int((slope[0] != 0).any(1).sum())


def draw_field(table: style.Table, axes: style.Axes) -> None:
    """A mark for each network with its range; the two levels."""
    for n, seen in enumerate(table["field"]):
        plain = table["layers"][n] == 4 and table["most"][n] == 1
        low, high = table["mean"][n] - table["least"][n], table["greatest"][n] - table["mean"][n]
        axes.errorbar(
            seen, table["mean"][n], [[low], [high]], fmt="s" if plain else "o", capsize=4,
            color=style.SERIES[1 if plain else 0],
        )  # fmt: skip
        text = (
            "4 layers, no dilation"
            if plain
            else ", ".join(f"{2**i}" for i in range(int(table["layers"][n])))
        )
        style.label_line(
            axes, seen, table["mean"][n], text, dx=0, dy=14 if plain else -20 if seen < 8 else 30,
            color=style.SERIES[1 if plain else 0], ha="center",
        )  # fmt: skip
    for level, text in zip((table["rate"][0], table["alone"][0]), LEVELS, strict=True):
        axes.axhline(level, color=style.INK, lw=1, ls="--")
        style.label_line(axes, 31, level, text, dx=0, dy=4, ha="right")
    axes.set_xscale("log", base=2)
    axes.set_xlim(1.4, 32)
    axes.set_ylim(0.855, 0.94)
    axes.set_xticks([2, 4, 8, 16], ["2", "4", "8", "16"])
    axes.minorticks_off()
    axes.set_xlabel("pixels seen")
    axes.set_ylabel("bits per pixel")


def seen() -> style.Table:
    """What the pixel TARGET sees: with small filters, with seven layers of them, with a large first filter."""
    out: style.Table = {
        "row": [float(n // pixels.SIDE) for n in range(64)],
        "column": [float(n % pixels.SIDE) for n in range(64)],
    }
    for name, (size, depth) in {"few": (3, 3), "many": (3, 7), "large": (15, 3)}.items():
        torch.manual_seed(0)
        model = pixels.PixelCNN(size, depth)
        out[name] = pixels.sees(model, *TARGET).flatten().double().tolist()
    return out


def squares(axes: style.Axes, images: Sequence[np.ndarray]) -> None:
    """Pictures of 8 x 8 values from 0 to 1 side by side, in tones of ink: one path for each tone."""
    tones: dict[float, list[MarkPath]] = {}
    for n, image in enumerate(images):
        for (row, column), value in np.ndenumerate(image):
            square = MarkPath.unit_rectangle().transformed(
                Affine2D().translate(9 * n + column, row)
            )
            tones.setdefault(float(value), []).append(square)
        axes.add_patch(Rectangle((9 * n, 0), 8, 8, fill=False, edgecolor=style.MUTED, lw=0.8))
    for tone, paths in tones.items():
        if tone:
            whole = MarkPath.make_compound_path(*paths)
            axes.add_patch(PathPatch(whole, facecolor=style.INK, alpha=tone, lw=0))


def draw_seen(table: style.Table, panels: list[style.Axes]) -> None:
    """What is seen is dark; the pixel itself has a cross."""
    for axes, (name, text) in zip(
        panels,
        (("few", "4 layers of 3 × 3"), ("many", "8 layers of 3 × 3"), ("large", "first 15 × 15")),
        strict=True,
    ):
        squares(axes, [0.45 * np.array(table[name]).reshape(8, 8)])
        axes.plot(TARGET[1] + 0.5, TARGET[0] + 0.5, "x", color=style.SERIES[1], mew=2)
        axes.set_xlim(-0.2, 8.2)
        axes.set_ylim(8.2, -0.2)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(text, loc="center", fontsize=11)


@lru_cache
def trained() -> tuple[dict[str, np.ndarray], torch.Tensor, torch.Tensor, float]:
    """Bits on fresh digits by kind (networks, times); digits of the data and of a network; bits of each place alone."""
    torch.set_num_threads(1)  # small tensors: more threads only wait for one another
    x, fresh = practice.digits().tensor_split([pixels.TRAINING])
    curves, samples = {}, torch.empty(0)
    for kind, size in KINDS.items():
        found = []
        for seed in range(NETWORKS):
            torch.manual_seed(seed)
            model, generator = pixels.PixelCNN(size), torch.Generator().manual_seed(seed)
            found.append(pixels.train(model, x, fresh, generator))
            if seed == 0:
                samples = pixels.sample(model, SHOWN, generator)
        curves[kind] = np.array(found)
    return curves, fresh[:SHOWN], samples, pixels.alone(x, fresh)


def learned() -> style.Table:
    """Bits per pixel on fresh digits by training steps, mean and range of three networks."""
    curves, _, _, alone = trained()
    times = range(0, pixels.STEPS + 1, pixels.EVERY)
    out: style.Table = {"step": [float(n) for n in times], "alone": [alone] * len(times)}
    for kind, curve in curves.items():
        out[f"{kind}_mean"] = curve.mean(0).tolist()
        out[f"{kind}_least"] = curve.min(0).tolist()
        out[f"{kind}_most"] = curve.max(0).tolist()
    return out


def draw_learned(table: style.Table, axes: style.Axes) -> None:
    """A line for each kind with its range; the bits of each place alone."""
    for n, (kind, size) in enumerate(KINDS.items()):
        text = f"first filter {size} × {size}"
        axes.plot(
            table["step"], table[f"{kind}_mean"], "os"[n] + "-", color=style.SERIES[n], label=text
        )
        axes.fill_between(
            table["step"], table[f"{kind}_least"], table[f"{kind}_most"],
            color=style.SERIES[n], alpha=0.2, lw=0,
        )  # fmt: skip
    axes.axhline(table["alone"][0], color=style.INK, lw=1, ls="--")
    style.label_line(axes, 80, table["alone"][0], "each pixel alone", dx=0, ha="right")
    axes.set_ylim(0.75, 1.45)
    axes.set_xlabel("training steps")
    axes.set_ylabel("bits per pixel")
    axes.legend(loc="upper right", fontsize=10)


def digits() -> style.Table:
    """Grey levels of SHOWN digits of the data and of as many of a network, a row for each pixel."""
    _, data, made, _ = trained()
    out: style.Table = {}
    for name, images in (("data", data), ("made", made)):
        for n, image in enumerate(images):
            out[f"{name}_{n + 1}"] = image.flatten().double().tolist()
    return out


def draw_digits(table: style.Table, panels: list[style.Axes]) -> None:
    """Data above, samples below."""
    for axes, (name, text) in zip(panels, (("data", "data"), ("made", "samples")), strict=True):
        columns = [np.array(table[f"{name}_{n + 1}"]).reshape(8, 8) for n in range(SHOWN)]
        squares(axes, [column / (pixels.LEVELS - 1) for column in columns])
        axes.set_xlim(-0.5, 9 * SHOWN)
        axes.set_ylim(8.5, -0.5)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(text, loc="left", fontsize=11)


EXPOSED = ("own", "cut", "practised")


def exposure() -> style.Table:
    """Share of wrong letters by place: after true text, on its own text, and with two cures; mean and range of five."""
    found = {name: [] for name in ("true", *EXPOSED)}  # type: dict[str, list[np.ndarray]]
    for seed in range(5):
        generator = np.random.default_rng(seed)
        counts = words.count(words.text(words.TEXT, generator))
        true = words.forced(counts, words.text(words.TEXT, generator))
        found["true"].append(np.full(words.LONG, true))
        found["own"].append(words.free(counts, generator)[0].mean(0))
        found["cut"].append(words.free(counts, generator, least=0.05)[0].mean(0))
        again = words.corrected(counts, generator)
        found["practised"].append(words.free(again, generator)[0].mean(0))
    out: style.Table = {"letter": [float(n + 1) for n in range(words.LONG)]}
    for name, rows in found.items():
        out[f"{name}_mean"] = np.mean(rows, 0).tolist()
        out[f"{name}_least"] = np.min(rows, 0).tolist()
        out[f"{name}_most"] = np.max(rows, 0).tolist()
    return out


def draw_exposure(table: style.Table, axes: style.Axes) -> None:
    """Lines of means with their ranges."""
    names = {
        "own": "own text",
        "true": "true text",
        "cut": "own text, rare letters cut",
        "practised": "own text, after practice",
    }
    dashes = ("-", "--", "-.", ":")
    for n, (name, text) in enumerate(names.items()):
        axes.plot(
            table["letter"], table[f"{name}_mean"], dashes[n], color=style.SERIES[n], label=text
        )
        axes.fill_between(
            table["letter"], table[f"{name}_least"], table[f"{name}_most"],
            color=style.SERIES[n], alpha=0.2, lw=0,
        )  # fmt: skip
    axes.set_xlabel("letter written")
    axes.set_ylabel("share of wrong letters")
    axes.legend(loc="upper left", fontsize=10)


FIGURES = [
    style.Recipe("models/autoregressive/bits", tables, draw_tables, size=(440, 320)),
    style.Recipe("models/autoregressive/field", field, draw_field, size=(440, 300), absolute=0.01),
    style.Recipe("models/autoregressive/seen", seen, draw_seen, size=(440, 180), grid=(1, 3)),
    style.Recipe(
        "models/autoregressive/learned", learned, draw_learned, size=(440, 300), tolerance=0.02, absolute=0.02
    ),
    style.Recipe(
        "models/autoregressive/digits", digits, draw_digits, size=(440, 170), grid=(2, 1), absolute=3.0
    ),
    style.Recipe("models/autoregressive/exposure", exposure, draw_exposure, size=(440, 310)),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
