"""docs/architectures/vision-transformer/{little,variants,start}.svg: what small networks reach."""

import importlib

import torch
from torch import Tensor
from torch.nn import functional

from scripts.figures import seeds, style

little = importlib.import_module("docs.architectures.vision-transformer.little_practice")
dit = importlib.import_module("docs.architectures.vision-transformer.dit")
vit = importlib.import_module("docs.architectures.vision-transformer.vision_transformer")

CURVES = {"cnn": "convolutions", "stem": "ViT, convolutional stem", "vit": "ViT"}
SEEDS, WINDOW = 3, 10  # of the diffusion transformers; steps of a mean
LARGE = 6  # side of a larger grid


def sizes() -> style.Table:
    """Share of right digits by the number of images, for three kinds of networks."""
    table: style.Table = {"images": [float(n) for n in little.SIZES]}
    for kind in CURVES:
        rows = little.accuracy(*little.train(kind))
        seeds.span(table, kind, rows.reshape(len(little.SIZES), little.SEEDS))
    return table


def draw_sizes(table: style.Table, axes: style.Axes) -> None:
    """Mean and range against the number of images."""
    for n, (kind, text) in enumerate(CURVES.items()):
        seeds.draw_span(axes, table, "images", kind, n, text)
    axes.set_xscale("log")
    axes.set_xticks(table["images"], [f"{n:,.0f}" for n in table["images"]])
    axes.minorticks_off()
    axes.set_xlabel("images for training")
    axes.set_ylabel("right test digits")
    axes.legend(loc="lower right")


def enlarged(x: Tensor) -> Tensor:
    """Images (B, 1, 8, 8) with 12 pixels a side."""
    return functional.interpolate(x, (12, 12), mode="bilinear", align_corners=False)


def variants() -> style.Table:
    """Networks of all images, by kind: share of right digits; with shuffled patches; enlarged in two ways."""
    rows: dict[str, list[Tensor]] = {"plain": [], "shuffled": [], "resized": [], "again": []}
    nothing = torch.full((little.SEEDS,), torch.nan, dtype=torch.float64)
    for kind in ("vit", "mean", "waves", "none"):
        model, weights = little.train(kind, (1200,))
        rows["plain"].append(little.accuracy(model, weights))
        rows["shuffled"].append(little.accuracy(model, weights, little.shuffled))
        tables = {"resized": [vit.resize(t, LARGE) for t in weights["places"]]}
        tables["again"] = [t.repeat(3, 1)[: LARGE**2] for t in weights["places"]]
        for name, made in tables.items():
            given = weights | {"places": torch.stack(made)}
            use = kind in ("vit", "mean")
            rows[name].append(little.accuracy(model, given, enlarged) if use else nothing)
    table: style.Table = {}
    for name, parts in rows.items():
        seeds.span(table, name, torch.stack(parts))
    return table


def draw_variants(table: style.Table, axes: style.Axes) -> None:
    """A mark with its range for each kind, patches in order and shuffled."""
    names = ("class, table", "mean, table", "class, waves", "class, none")
    for n, (part, text) in enumerate((("plain", "patches in order"), ("shuffled", "shuffled"))):
        at = [k + 0.16 * (n - 0.5) for k in range(4)]
        mean, least, most = (table[f"{part}_{end}"] for end in ("mean", "least", "most"))
        spread = [
            [m - a for m, a in zip(mean, least, strict=True)],
            [b - m for m, b in zip(mean, most, strict=True)],
        ]
        axes.errorbar(
            mean, at, xerr=spread, fmt="os"[n], color=style.SERIES[n], label=text, capsize=3
        )
    axes.set_yticks(range(4), names)
    axes.set_ylim(3.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("right test digits")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.02))


def start() -> style.Table:
    """Loss of diffusion transformers, mean of WINDOW steps, begun at zero and not."""
    images, labels = little.digits("training")
    table: style.Table = {}
    for name, zero in (("zero", True), ("plain", False)):
        losses, _ = dit.train(images, labels, zero, SEEDS)
        rows = losses.reshape(-1, WINDOW, SEEDS).mean(1).double()
        table["step"] = [float(WINDOW * (n + 1)) for n in range(len(rows))]
        seeds.span(table, name, rows)
    return table


def draw_start(table: style.Table, axes: style.Axes) -> None:
    """Mean and range of both against the step."""
    for n, (name, text) in enumerate((("zero", "begun at zero"), ("plain", "begun as usual"))):
        seeds.draw_span(axes, table, "step", name, n, text)
    axes.set_ylim(0, 1.3)
    axes.set_xlabel("step")
    axes.set_ylabel("squared error of the noise")
    axes.legend(loc="upper right")


FIGURES = [
    style.Recipe(
        "architectures/vision-transformer/little", sizes, draw_sizes, size=(440, 290), tolerance=0.1, absolute=0.03
    ),
    style.Recipe(
        "architectures/vision-transformer/variants", variants, draw_variants, size=(440, 240),
        tolerance=0.1, absolute=0.05,
    ),
    style.Recipe(
        "architectures/vision-transformer/start", start, draw_start, size=(440, 270), tolerance=0.1, absolute=0.02
    ),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
