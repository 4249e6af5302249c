"""docs/architectures/codebooks/*.svg: cells of the example, error against bits for a Gaussian, dead codes and cures."""

from math import log2, pi

import torch
from matplotlib.patches import Rectangle

from docs.architectures.codebooks import codebooks, collapse
from scripts.figures import style

MARKS = ("o-", "s--", "^:", "D-.", "v-")
SIZES = (2, 4, 8)  # codes a number, and codes of each codebook in a row
ODD = (3, 5, 9)
SEEDS, DRAWN, LLOYD = 3, 8192, 25
CORRELATED = 0.8
NAMES = {
    "plain": "plain", "data": "start on data", "loose": "start on data,\nno commitment",
    "restart": "restarts", "low": "4 numbers,\nunit length", "fsq": "FSQ, 9 × 7",
}  # fmt: skip


def cells() -> style.Table:
    """The example: outputs with their codes, and the codes before and after one step."""
    u, e = torch.tensor(codebooks.OUTPUTS), torch.tensor(codebooks.CODES)
    moved = codebooks.lloyd(u, e, 1)
    kind = [0.0] * len(u) + [1.0] * len(e) + [2.0] * len(e)
    points = torch.cat([u, e, moved])
    code = torch.cat([codebooks.nearest(u, e), torch.arange(len(e)), torch.arange(len(e))])
    return {
        "kind": kind,
        "code": [float(k) for k in code],
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
    }


def draw_cells(table: style.Table, panels: list[style.Axes]) -> None:
    """Outputs as dots with a line to their code, codes as squares; the dead one hollow."""
    rows = list(zip(*(table[name] for name in ("kind", "code", "x", "y")), strict=True))
    for axes, kind, title in zip(panels, (1.0, 2.0), ("before", "after one step"), strict=True):
        codes = {code: (x, y) for which, code, x, y in rows if which == kind}
        for which, code, x, y in rows:
            if which == 0:
                axes.plot(
                    [x, codes[code][0]], [y, codes[code][1]], color=style.MUTED, linewidth=1.2
                )
                axes.plot([x], [y], "o", color=style.SERIES[0])
        for code, (x, y) in codes.items():
            dead = all(other != code for which, other, _, _ in rows if which == 0)
            axes.plot(
                [x],
                [y],
                "s",
                color=style.SERIES[1],
                fillstyle="none" if dead else "full",
                markersize=8,
            )
            axes.annotate(f"{code + 1:g}", (x, y), xytext=(7, 5), textcoords="offset points")
        axes.set_xlim(-2, 10.5)
        axes.set_ylim(-1, 10.5)
        axes.set_aspect("equal")
        axes.set_title(title)


def uniform(levels: int) -> float:
    """Error of rounding a standard normal number to an odd number of levels, at the best width of a step."""
    least = 1.0
    for width in torch.linspace(0.1, 2, 381, dtype=torch.float64):
        e = width * torch.arange(-(levels // 2), levels // 2 + 1)
        edge = torch.cat([torch.tensor([-40.0]), (e[1:] + e[:-1]) / 2, torch.tensor([40.0])])
        mass = torch.special.ndtr(edge).diff()
        first = -(torch.exp(-(edge**2) / 2) / (2 * pi) ** 0.5).diff()
        least = min(least, float(1 - (2 * e * first - e**2 * mass).sum()))
    return least


def planar(bits: int, seed: int, correlation: float) -> tuple[float, float]:
    """Errors a number for pairs: one codebook of 4 to the power bits, and as many codebooks of 4 in a row."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.tensor([[1.0, 0.0], [correlation, (1 - correlation**2) ** 0.5]])
    seen, new = (torch.randn(DRAWN, 2, generator=generator) @ mix.mT for _ in range(2))
    one = codebooks.lloyd(seen, seen[: 4**bits], LLOYD)
    left, books = seen, []
    for _ in range(bits):
        books.append(codebooks.lloyd(left, left[:4], LLOYD))
        left = left - books[-1][codebooks.nearest(left, books[-1])]
    rough, _ = codebooks.residual(new, books)
    return (
        float((new - one[codebooks.nearest(new, one)]).square().mean()),
        float((new - rough).square().mean()),
    )


def rate() -> style.Table:
    """Squared error a number against bits a number, for independent and for correlated pairs."""
    bits = [log2(size) for size in SIZES]
    table: style.Table = {
        "bits": bits,
        "bound": [float(size) ** -2 for size in SIZES],
        "joint": [(1 - CORRELATED**2) ** 0.5 * float(size) ** -2 for size in SIZES],
        "scalar": [codebooks.scalar(size)[1] for size in SIZES],
        "grid_bits": [log2(levels) for levels in ODD],
        "grid": [uniform(levels) for levels in ODD],
    }
    for kind, correlation in (("", 0.0), ("_joint", CORRELATED)):
        runs = torch.tensor(
            [[planar(int(b), seed, correlation) for seed in range(SEEDS)] for b in bits]
        )
        for n, name in enumerate(("pairs", "row")):
            table[f"{name}{kind}_mean"] = runs[..., n].mean(1).tolist()
            table[f"{name}{kind}_least"] = runs[..., n].amin(1).tolist()
            table[f"{name}{kind}_most"] = runs[..., n].amax(1).tolist()
    return table


def draw_rate(table: style.Table, panels: list[style.Axes]) -> None:
    """Error as a multiple of the bound: independent numbers above, correlated pairs below."""
    series = (
        ("scalar", "a code for each number"),
        ("pairs{}_mean", "a code for each pair"),
        ("row{}_mean", "codebooks of 4 in a row, pairs"),
    )
    for axes, kind, bound in zip(panels, ("", "_joint"), ("bound", "joint"), strict=True):
        below = torch.tensor(table[bound])
        for n, (name, text) in enumerate(series):
            column = name.format(kind)
            times = (torch.tensor(table[column]) / below).tolist()
            axes.plot(table["bits"], times, MARKS[n], color=style.SERIES[n], label=text)
            if n:
                low, high = (
                    (torch.tensor(table[column[:-4] + part]) / below).tolist()
                    for part in ("least", "most")
                )
                axes.fill_between(
                    table["bits"], low, high, color=style.SERIES[n], alpha=0.2, linewidth=0
                )
        axes.axhline(1, color=style.INK, linewidth=1.2)
        style.label_line(axes, 3, 1, "no code does better", color=style.INK, dy=6, ha="right")
        axes.set_ylim(0.8, None)
        axes.set_xlim(0.85, 3.3)
        axes.set_xticks([1, 2, 3])
        axes.set_ylabel("error / bound")
    rounded = [v * 4**b for v, b in zip(table["grid"], table["grid_bits"], strict=True)]
    panels[0].plot(table["grid_bits"], rounded, MARKS[3], color=style.SERIES[3], label="rounding")
    panels[0].set_title("independent numbers")
    panels[0].legend(loc="upper left", fontsize=10)
    panels[1].set_title("pairs with correlation 0.8, marks as above")
    panels[1].set_xlabel("bits a number")


def use() -> style.Table:
    """Error, codes used, perplexity and distance to the code, for each kind: mean, least and greatest of five."""
    table: style.Table = {"kind": [float(n) for n in range(len(NAMES))]}
    rows = [collapse.measure(collapse.train(kind)) for kind in NAMES]
    for n, name in enumerate(("error", "used", "perplexity", "apart")):
        table[f"{name}_mean"] = [float(row[n].mean()) for row in rows]
        table[f"{name}_least"] = [float(row[n].min()) for row in rows]
        table[f"{name}_most"] = [float(row[n].max()) for row in rows]
    return table


def draw_use(table: style.Table, panels: list[style.Axes]) -> None:
    """Bars of the codes used in the first panel, of the error in the second, with ranges."""
    for n, (axes, name, title) in enumerate(
        zip(panels, ("used", "error"), ("codes used, of 64", "squared error"), strict=True)
    ):
        for at, (mean, least, most) in enumerate(
            zip(*(table[f"{name}_{part}"] for part in ("mean", "least", "most")), strict=True)
        ):
            axes.add_patch(
                Rectangle(
                    (0, at - 0.35),
                    mean,
                    0.7,
                    facecolor=style.SERIES[n],
                    alpha=0.6,
                    edgecolor="none",
                )
            )
            axes.plot([least, most], [at, at], color=style.INK)
        axes.set_yticks(table["kind"], list(NAMES.values()) if n == 0 else [""] * len(NAMES))
        axes.set_ylim(len(NAMES) - 0.5, -0.5)
        axes.set_xlim(0, 66 if name == "used" else None)
        axes.set_title(title)


FIGURES = [
    style.Recipe(
        "architectures/codebooks/cells", cells, draw_cells, size=(440, 250), grid=(1, 2)
    ),
    style.Recipe(
        "architectures/codebooks/rate", rate, draw_rate, size=(440, 500), grid=(2, 1), tolerance=0.03
    ),
    style.Recipe(
        "architectures/codebooks/use", use, draw_use, size=(440, 320), grid=(1, 2),
        tolerance=0.5, absolute={"used": 8.0, "perplexity": 8.0, "error": 0.1, "apart": 0.2},
    ),
]  # fmt: skip

if __name__ == "__main__":
    style.main(FIGURES)
