"""docs/architectures/positions.*.svg: the sinusoids, distance in the scores, and three experiments."""

import numpy as np
import torch

from docs.architectures.positions import positions
from scripts.figures import style

SEEDS = 3
EXPERIMENTS = (
    ("none", False, "no positions"),
    ("none", True, "no positions, causal mask"),
    ("learned", False, "learned"),
    ("rope", False, "RoPE"),
)

HOWS = {
    "": ("o-", 0, "unchanged"),
    "interpolation": ("v-.", 1, "position interpolation"),
    "base": ("s--", 2, "NTK-aware"),
    "parts": ("D-", 3, "NTK-by-parts"),
}


def waves() -> style.Table:
    """Sinusoidal vectors: the products of position 40 with all others, and four single features."""
    p = torch.arange(81, dtype=torch.float64)
    table = positions.sinusoidal(p, 64)
    columns = {"position": p.tolist(), "product": (table @ table[40] / 32).tolist()}
    for pair in (0, 8, 16, 24):
        columns[f"sine_{pair}"] = table[:, 2 * pair].tolist()
    return columns


def draw_waves(table: style.Table, panels: list[style.Axes]) -> None:
    """Four features above, the product below."""
    top, bottom = panels
    dashes = ("-", "--", "-.", ":")
    for pair, dash, colour in zip((0, 8, 16, 24), dashes, range(4), strict=True):
        shift = -2.4 * (pair // 8)
        values = [value + shift for value in table[f"sine_{pair}"]]
        top.plot(table["position"], values, dash, color=style.SERIES[colour], lw=1.6)
    top.set_yticks([-2.4 * i for i in range(4)], ["sine 0", "sine 8", "sine 16", "sine 24"])
    top.grid(visible=False, axis="y")
    bottom.plot(table["position"], table["product"], color=style.SERIES[0])
    bottom.set_xlabel("position")
    bottom.set_ylabel("product with position 40")


def distance() -> style.Table:
    """Score of a key with the query, by distance: rotated, and with ALiBi's penalty."""
    gap = torch.arange(0, 65, dtype=torch.float64)
    d = 64
    ones = torch.ones(1, d, dtype=torch.float64) / d**0.5
    query = positions.rope(ones, torch.zeros(1).double())
    keys = positions.rope(ones.expand(65, d), -gap)
    columns = {"distance": gap.tolist(), "rope": (keys @ query[0]).tolist()}
    penalty = positions.alibi(torch.zeros(1).double(), -gap, 8)[:, 0]  # (H, M)
    for head in (0, 2, 4):
        columns[f"alibi_{head}"] = penalty[head].tolist()
    return columns


def draw_distance(table: style.Table, panels: list[style.Axes]) -> None:
    """RoPE above, ALiBi below."""
    top, bottom = panels
    top.plot(table["distance"], table["rope"], color=style.SERIES[0])
    top.set_ylim(-0.2, 1.05)
    top.set_ylabel("score")
    top.set_title("RoPE, all features equal")
    for head, dash, colour in ((0, "-", 1), (2, "--", 2), (4, ":", 3)):
        bottom.plot(table["distance"], table[f"alibi_{head}"], dash, color=style.SERIES[colour])
    bottom.set_ylim(-8.5, 0.8)
    bottom.set_ylabel("penalty")
    bottom.set_xlabel("distance from query back to key")
    bottom.set_title("ALiBi, heads 1, 3 and 5 of 8")
    style.label_line(bottom, 14, -7.0, "slope 1/2")
    style.label_line(bottom, 46, table["alibi_2"][46], "1/8", dy=6)
    style.label_line(bottom, 46, table["alibi_4"][46], "1/32", dy=-16)


def order() -> style.Table:
    """Accuracy on who came first, while training, with and without ways to tell positions.

    The mean over SEEDS runs, and the standard deviation beside it.
    """
    columns: style.Table = {"step": [float(step) for step in range(0, 81, 10)]}
    for scheme, causal, _ in EXPERIMENTS:
        runs = [positions.learn_order(scheme, causal, seed=seed) for seed in range(SEEDS)]
        columns[f"{scheme}_{'causal' if causal else 'open'}"] = np.mean(runs, 0).tolist()
        columns[f"spread, {scheme} {'causal' if causal else 'open'}"] = np.std(
            runs, 0, ddof=1
        ).tolist()
    return columns


def draw_order(table: style.Table, axes: style.Axes) -> None:
    """Four learning curves."""
    marks = ("s--", "o-", "^-.", "D:")
    names = list(table)[1::2]
    for name, mark, colour in zip(names, marks, (1, 0, 2, 3), strict=True):
        label = dict(zip(names, (e[2] for e in EXPERIMENTS), strict=True))[name]
        axes.plot(table["step"], table[name], mark, color=style.SERIES[colour], ms=4, label=label)
    axes.set_ylim(0, 1.04)
    axes.set_xlabel("training steps")
    axes.set_ylabel("right answers")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.13))


def length() -> style.Table:
    """Accuracy of saying the token before, by position, after training on 16 tokens.

    The mean over SEEDS runs, and the standard deviation of each mean over eight positions.
    """
    columns: style.Table = {"position": [float(i) for i in range(8, 128, 8)]}
    for scheme in positions.SCHEMES:
        runs = np.array([positions.learn_echo(scheme, seed=seed) for seed in range(SEEDS)])
        # Row p is the mean over the eight positions p - 4 … p + 3.
        means = np.stack([runs[:, i - 5 : i + 3].mean(1) for i in range(8, 128, 8)])
        columns[scheme] = means.mean(1).tolist()
        columns[f"spread, {scheme}"] = means.std(1, ddof=1).tolist()
    return columns


def draw_length(table: style.Table, axes: style.Axes) -> None:
    """Five curves beyond the trained length."""
    axes.axvspan(0, 16, color=style.GRID, alpha=0.6, lw=0)
    axes.text(8, 0.02, "trained", ha="center", fontsize=11)
    styles = {
        "alibi": ("D-", 3, "ALiBi"),
        "rope": ("o-", 0, "RoPE"),
        "none": ("^:", 4, "none"),
        "sinusoidal": ("s--", 2, "sinusoidal"),
        "learned": ("v-.", 1, "learned"),
    }
    for scheme, (mark, colour, label) in styles.items():
        axes.plot(
            table["position"], table[scheme], mark, color=style.SERIES[colour], ms=4, label=label
        )
    axes.set_ylim(0, 1.04)
    axes.set_xlim(0, 128)
    axes.set_xticks([0, 16, 48, 80, 112])
    axes.set_xlabel("position")
    axes.set_ylabel("right answers")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.62))


def stretch() -> style.Table:
    """Accuracy of RoPE by position after training on 16 tokens, stretched to 128 in four ways.

    The mean over SEEDS runs, and the standard deviation of each mean over eight positions.
    """
    columns: style.Table = {"position": [float(i) for i in range(8, 128, 8)]}
    for how in HOWS:
        runs = np.array([positions.learn_echo("rope", seed=seed, how=how) for seed in range(SEEDS)])
        means = np.stack([runs[:, i - 5 : i + 3].mean(1) for i in range(8, 128, 8)])
        columns[how or "unchanged"] = means.mean(1).tolist()
        columns[f"spread, {how or 'unchanged'}"] = means.std(1, ddof=1).tolist()
    return columns


def draw_stretch(table: style.Table, axes: style.Axes) -> None:
    """Four curves beyond the trained length."""
    axes.axvspan(0, 16, color=style.GRID, alpha=0.6, lw=0)
    axes.text(8, 0.02, "trained", ha="center", fontsize=11)
    for how, (mark, colour, label) in HOWS.items():
        axes.plot(
            table["position"],
            table[how or "unchanged"],
            mark,
            color=style.SERIES[colour],
            ms=4,
            label=label,
        )
    axes.set_ylim(0, 1.04)
    axes.set_xlim(0, 128)
    axes.set_xticks([0, 16, 48, 80, 112])
    axes.set_xlabel("position")
    axes.set_ylabel("right answers")
    axes.legend(loc="lower center", bbox_to_anchor=(0.46, 1.0), ncol=2)


FIGURES = [
    style.Recipe("architectures/positions/waves", waves, draw_waves, size=(360, 400), grid=(2, 1)),
    style.Recipe(
        "architectures/positions/distance", distance, draw_distance, size=(360, 400), grid=(2, 1)
    ),
    style.Recipe("architectures/positions/order", order, draw_order, absolute=0.03),
    style.Recipe("architectures/positions/length", length, draw_length, absolute=0.03),
    style.Recipe(
        "architectures/positions/stretch", stretch, draw_stretch, size=(360, 310), absolute=0.03
    ),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
