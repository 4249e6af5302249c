"""docs/architectures/vision-transformer/{places,cost}.svg: what positions say of distance, what an image costs."""

import importlib

import torch
from matplotlib.patches import Rectangle

from scripts.figures import style

vit = importlib.import_module("docs.architectures.vision-transformer.vision_transformer")

GRID, WIDTH, AT = 8, 32, (3, 3)  # places of a side, features, the place that is compared with all
SIDES = (112, 224, 448, 896, 1792)
BASE_WIDTH, BASE_DEPTH, BASE_PATCH = 768, 12, 16  # ViT-B/16


def numbered() -> torch.Tensor:
    """Waves of the number of a place, counted row by row: (64, WIDTH)."""
    frequencies = 10000.0 ** (-torch.arange(WIDTH // 2).double() / (WIDTH // 2))
    angles = torch.arange(GRID**2)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


def places() -> style.Table:
    """The cosine of one place with each other, for waves of row and column and for waves of the number."""
    table: style.Table = {
        "row": [float(n // GRID) for n in range(GRID**2)],
        "column": [float(n % GRID) for n in range(GRID**2)],
    }
    for name, p in (("two", vit.waves(GRID, WIDTH)), ("one", numbered())):
        table[name] = torch.cosine_similarity(p, p[GRID * AT[0] + AT[1]][None], 1).tolist()
    return table


def draw_places(table: style.Table, panels: list[style.Axes]) -> None:
    """A grid for each, the darker the more alike."""
    titles = {"two": "row and column", "one": "number, row by row"}
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        least = min(table[name])
        for row, column, value in zip(table["row"], table["column"], table[name], strict=True):
            ink = 0.75 * (value - least) / (1 - least)
            if ink < 0.005:
                continue  # it could not be seen, and each part of a drawing has paint
            axes.add_patch(
                Rectangle(
                    (column, row), 1, 1, facecolor=style.SERIES[0],
                    alpha=ink, edgecolor="none",
                )
            )  # fmt: skip
        axes.add_patch(
            Rectangle((AT[1], AT[0]), 1, 1, fill=False, edgecolor=style.INK, linewidth=1.5)
        )
        axes.set_xlim(0, GRID)
        axes.set_ylim(GRID, 0)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title(title, loc="center", fontsize=12)


def cost() -> style.Table:
    """Tokens of an image, and the operations of ViT-B/16 on each token and between them, in thousand millions."""
    tokens = [(side // BASE_PATCH) ** 2 for side in SIDES]
    between = [4.0 * n**2 * BASE_WIDTH * BASE_DEPTH for n in tokens]
    whole = [vit.operations(n, BASE_WIDTH, BASE_DEPTH) for n in tokens]
    return {
        "side": [float(side) for side in SIDES],
        "tokens": [float(n) for n in tokens],
        "each": [(w - b) / 1e9 for w, b in zip(whole, between, strict=True)],
        "between": [b / 1e9 for b in between],
    }


def draw_cost(table: style.Table, axes: style.Axes) -> None:
    """Both against the side, logarithmic."""
    axes.plot(table["side"], table["each"], "o-", color=style.SERIES[0])
    axes.plot(table["side"], table["between"], "s--", color=style.SERIES[1])
    style.label_line(
        axes, 224, table["each"][1], "on each token", color=style.SERIES[0], dx=-4, dy=8, ha="right"
    )
    style.label_line(
        axes, 448, table["between"][2], "between tokens", color=style.SERIES[1], dx=8, dy=-12
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(SIDES, [str(side) for side in SIDES])
    axes.minorticks_off()
    axes.set_xlabel("side of the image in pixels")
    axes.set_ylabel("operations in 10⁹")


FIGURES = [
    style.Recipe(
        "architectures/vision-transformer/places", places, draw_places, size=(440, 240), grid=(1, 2)
    ),
    style.Recipe("architectures/vision-transformer/cost", cost, draw_cost, size=(440, 280)),
]

if __name__ == "__main__":
    style.main(FIGURES)
