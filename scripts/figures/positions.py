"""docs/architectures/positions.*.svg: the sinusoids, distance in the scores, and three experiments."""

from functools import cache

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

# By what each of the four pairs is slowed, to see which of them is at fault; in the table only.
SLOWED = {
    "pair 1 by 8": (1, 8, 1, 1),
    "pairs 2 and 3 by 8": (1, 1, 8, 8),
    "pair 1 by 2": (1, 2, 1, 1),
}


@cache
def echo(scheme: str) -> list[positions.OrderModel]:
    """The trained models of one scheme, one for each seed."""
    torch.set_num_threads(1)  # small networks: more threads only wait for one another
    return [positions.learn_echo(scheme, seed=seed) for seed in range(SEEDS)]


def around(models: list[positions.OrderModel]) -> tuple[list[float], list[float]]:
    """Right answers around each eighth position: mean and standard deviation over the models.

    A mean over eight positions, p - 4 to p + 3, and over the sequences of `read_on`.
    """
    runs = np.array([positions.read_on(model, seed=seed) for seed, model in enumerate(models)])
    means = np.stack([runs[:, i - 5 : i + 3].mean(1) for i in range(8, 128, 8)])
    return means.mean(1).tolist(), means.std(1, ddof=1).tolist()


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
    """Accuracy on who came first, while training, with and without position encodings.

    The mean over SEEDS runs, and the standard deviation beside it.
    """
    torch.set_num_threads(1)
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
        columns[scheme], columns[f"spread, {scheme}"] = around(echo(scheme))
    return columns


def draw_length(table: style.Table, axes: style.Axes) -> None:
    """Five curves beyond the trained length."""
    axes.axvspan(0, 16, color=style.GRID, alpha=0.6, lw=0)
    axes.text(8, 0.02, "trained", ha="center", fontsize=11)
    styles = {
        "alibi": ("D-", 3, "ALiBi"),
        "rope": ("o-", 0, "RoPE"),
        "none": ("^:", 4, "causal mask alone"),
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
    """Accuracy of RoPE by position after training on 16 tokens, scaled to 128 in several ways.

    The mean over SEEDS runs, and the standard deviation of each mean over eight positions.
    """
    columns: style.Table = {"position": [float(i) for i in range(8, 128, 8)]}
    models = echo("rope")
    before = models[0].w
    ways = {how or "unchanged": how and positions.stretch(before, how, 8, 16) for how in HOWS}
    ways |= {name: before / torch.tensor(by) for name, by in SLOWED.items()}
    for name, w in ways.items():
        for model in models:
            model.w = before if isinstance(w, str) else w
        columns[name], columns[f"spread, {name}"] = around(models)
    for model in models:
        model.w = before
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
