"""docs/architectures/attention.*.svg: the running example, kernel regression, the root, and the cost."""

import math

import torch
from matplotlib.patches import Rectangle

from docs.architectures.attention import attention
from scripts.figures import style

WORDS = attention.WORDS


def example(causal: bool) -> style.Table:
    """Weights of the five words; a query is a row, so that row 3 is "her"."""
    allowed = attention.causal_mask(len(WORDS)) if causal else None
    _, a = attention.attention(*attention.first_head(), allowed)
    cells = [(i, j, a[i, j].item()) for i in range(len(WORDS)) for j in range(len(WORDS))]
    return {name: [float(c[n]) for c in cells] for n, name in enumerate(("query", "key", "weight"))}


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """A heat map with its numbers."""
    for i, j, weight in zip(*table.values(), strict=True):
        if weight == 0:
            axes.text(j, i, "–", ha="center", va="center", color=style.MUTED)
            continue
        axes.add_patch(
            Rectangle((j - 0.5, i - 0.5), 1, 1, color=style.SERIES[0], alpha=0.7 * weight, lw=0)
        )
        axes.text(j, i, f"{weight:.2f}", ha="center", va="center", fontsize=11)
    axes.set_xlim(-0.5, 4.5)
    axes.set_ylim(4.5, -0.5)
    axes.set_xticks(range(5), WORDS)
    axes.set_yticks(range(5), WORDS)
    axes.grid(visible=False)
    axes.set_xlabel("key: is looked at")
    axes.set_ylabel("query: looks")


def kernel() -> style.Table:
    """Twelve noisy points of a curve, and attention over them with three widths."""
    generator = torch.Generator().manual_seed(3)
    points = torch.linspace(0, 5, 12, dtype=torch.float64)[:, None]
    noise = torch.randn(12, 1, generator=generator, dtype=torch.float64)
    y = torch.sin(1.5 * points) + 0.25 * noise
    x = torch.linspace(0, 5, 101, dtype=torch.float64)[:, None]
    table: style.Table = {"x": x[:, 0].tolist()}
    for width in (0.1, 0.4, 2.0):
        out = attention.kernel_regression(x, points, y, width)
        table[f"width_{width}"] = out[:, 0].tolist()
    nan = [math.nan] * 89
    table["key"] = points[:, 0].tolist() + nan
    table["value"] = y[:, 0].tolist() + nan
    return table


def draw_kernel(table: style.Table, axes: style.Axes) -> None:
    """Points and the three curves."""
    axes.plot(table["key"], table["value"], "o", color=style.INK, label="keys and values")
    widths = (("0.1", "-", 1), ("0.4", "--", 2), ("2.0", ":", 0))
    for width, dash, colour in widths:
        axes.plot(
            table["x"],
            table[f"width_{width}"],
            dash,
            color=style.SERIES[colour],
            label=f"width {width}",
        )
    axes.set_xlabel("query")
    axes.set_ylabel("output")
    axes.set_ylim(-1.6, 2.4)
    axes.legend(loc="upper center", ncols=2)


WIDTHS = [2**i for i in range(1, 11)]


def root() -> style.Table:
    """Spread of the scores, largest weight and slope of 16 normal keys, by width of a head."""
    table: style.Table = {
        name: []
        for name in ("width", "std", "std_scaled", "top", "top_scaled", "slope", "slope_scaled")
    }
    for d in WIDTHS:
        generator = torch.Generator().manual_seed(d)
        q = torch.randn(400, 1, d, generator=generator, dtype=torch.float64)
        k = torch.randn(400, 16, d, generator=generator, dtype=torch.float64)
        table["width"].append(d)
        for suffix, scale in (("", 1.0), ("_scaled", 1 / math.sqrt(d))):
            _, a = attention.attention(q, k, k, scale=scale)
            slope = attention.softmax_jacobian(a[:, 0]).diagonal(0, -2, -1).sum(-1)
            table["std" + suffix].append((scale * q @ k.mT).std().item())
            table["top" + suffix].append(a.amax(-1).mean().item())
            table["slope" + suffix].append(slope.mean().item())
    return table


def draw_root(table: style.Table, axes: style.Axes) -> None:
    """How much a weight still reacts to its score."""
    axes.plot(table["width"], table["slope_scaled"], "o-", color=style.SERIES[0])
    axes.plot(table["width"], table["slope"], "s--", color=style.SERIES[1])
    axes.set_xscale("log", base=2)
    axes.set_xticks([2, 8, 32, 128, 512], ["2", "8", "32", "128", "512"])
    axes.set_ylim(0, 1)
    axes.set_xlabel("width of a head, D")
    axes.set_ylabel("trace of the derivative")
    style.label_line(axes, 16, table["slope_scaled"][3], "scores divided by √D", dy=-18)
    style.label_line(axes, 16, table["slope"][3], "not divided", dx=8, dy=6)


LENGTHS = [2**i for i in range(7, 18)]


def cost() -> style.Table:
    """Billions of operations and megabytes of one layer of GPT-2 small's width, by length."""
    table: style.Table = {
        name: [] for name in ("tokens", "projections", "scores", "weights", "cache")
    }
    for n in LENGTHS:
        counted = attention.cost(n, 768, 12, 12)
        row = (
            n,
            counted["projections"] / 1e9,
            counted["scores"] / 1e9,
            2 * counted["weights_stored"] / 2**20,
            2 * counted["cache"] / 2**20,
        )
        for name, value in zip(table, row, strict=True):
            table[name].append(value)
    return table


def draw_cost(table: style.Table, panels: list[style.Axes]) -> None:
    """Operations above, memory below."""
    pairs = (
        ("scores", "projections", "billions of operations"),
        ("weights", "cache", "MiB, two bytes a number"),
    )
    names = {
        "scores": "scores and mean",
        "projections": "projections",
        "weights": "matrix of weights",
        "cache": "keys and values",
    }
    for axes, (steep, flat, unit) in zip(panels, pairs, strict=True):
        for name, dash, colour in ((steep, "s--", 1), (flat, "o-", 0)):
            axes.plot(
                table["tokens"],
                table[name],
                dash,
                color=style.SERIES[colour],
                label=names[name],
                ms=4,
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks([2**7, 2**10, 2**13, 2**16], ["128", "1,024", "8,192", "65,536"])
        axes.set_ylabel(unit)
        axes.legend(loc="upper left")
    panels[1].set_xlabel("tokens")


def dilution() -> style.Table:
    """Weight of one key above all others: by 3 for any number of keys, and by 3 more than log M / 20."""
    table: style.Table = {name: [] for name in ("keys", "fixed", "growing")}
    for m in [20, *(2**i for i in range(5, 15))]:
        s = torch.zeros(2, m, dtype=torch.float64)
        s[0, 0], s[1, 0] = 3.0, 3.0 + math.log(m / 20)
        fixed, growing = attention.softmax(s)[:, 0].tolist()
        for name, value in zip(table, (m, fixed, growing), strict=True):
            table[name].append(value)
    return table


def draw_dilution(table: style.Table, axes: style.Axes) -> None:
    """Both weights, against the number of keys."""
    axes.plot(table["keys"], table["growing"], "o-", color=style.SERIES[0])
    axes.plot(table["keys"], table["fixed"], "s--", color=style.SERIES[1])
    axes.set_xscale("log", base=2)
    axes.set_xticks([32, 256, 2048, 16384], ["32", "256", "2,048", "16,384"])
    axes.set_ylim(0, 0.7)
    axes.set_xlabel("keys, M")
    axes.set_ylabel("weight of the best key")
    style.label_line(axes, 256, table["growing"][4], "score grows with log M", dy=10)
    style.label_line(axes, 256, table["fixed"][4], "score 3 above the others", dx=8, dy=6)


FIGURES = [
    style.Recipe(
        "architectures/attention/open", lambda: example(False), draw_example, size=(360, 320)
    ),
    style.Recipe(
        "architectures/attention/causal", lambda: example(True), draw_example, size=(360, 320)
    ),
    style.Recipe("architectures/attention/kernel", kernel, draw_kernel, size=(360, 290)),
    style.Recipe("architectures/attention/root", root, draw_root, size=(360, 290)),
    style.Recipe("architectures/attention/dilution", dilution, draw_dilution, size=(360, 260)),
    style.Recipe("architectures/attention/cost", cost, draw_cost, size=(360, 460), grid=(2, 1)),
]

if __name__ == "__main__":
    style.main(FIGURES)
