"""The figures of docs/models/diffusion.md: paths, steps, terms of the bound, guidance, a learned score."""

import math

import torch
from torch import Tensor

from docs.models import diffusion
from scripts.figures import style

MIXTURE = diffusion.Mixture(
    torch.tensor([[-1.5], [0.0], [1.5]], dtype=torch.float64),
    0.2,
    torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64),
)
COSINE = diffusion.cosine_schedule(1000)


def normal_quantiles(n: int) -> Tensor:
    """The midpoints of n slices of equal mass of the standard normal, (n, 1)."""
    share = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return torch.special.ndtri(share)[:, None]


def mixture_quantiles(n: int) -> Tensor:
    """The same of the mixture, (n,), by interpolation of its distribution function."""
    grid = torch.linspace(-4, 4, 40_001, dtype=torch.float64)
    away = (grid[:, None] - MIXTURE.means[:, 0]) / MIXTURE.spread
    mass = (MIXTURE.weights * torch.special.ndtr(away)).sum(1)
    share = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return grid[torch.searchsorted(mass, share).clamp(max=len(grid) - 1)]


def paths() -> style.Table:
    """Where the flow takes fifteen quantiles of the noise, at 61 noise levels."""
    levels = diffusion.few(COSINE, 60)
    x = normal_quantiles(15)
    rows = [x[:, 0]]
    for i in range(60):
        x = diffusion.sample(MIXTURE.eps, x, levels[i : i + 2], 0.0)
        rows.append(x[:, 0])
    table: style.Table = {"time": [1 - i / 60 for i in range(61)]}
    for k in range(15):
        table[f"path {k + 1}"] = [float(row[k]) for row in rows]
    return table


def draw_paths(table: style.Table, axes: style.Axes) -> None:
    """Noise on the left, data on the right."""
    right = [1 - t for t in table["time"]]
    for name in list(table)[1:]:
        end = table[name][-1]
        group = 0 if end < -0.75 else 1 if end < 0.75 else 2
        axes.plot(right, table[name], ("-", "--", "-.")[group], color=style.SERIES[group], lw=1.4)
        axes.plot(1, end, ("o", "s", "^")[group], color=style.SERIES[group])
        axes.plot(0, table[name][0], ".", color=style.MUTED, markersize=4)
    axes.set_xticks([0, 1], ["noise", "data"])
    axes.set_title("Paths of the flow")


STEPS = (4, 8, 16, 32, 64, 128, 256)


def steps() -> style.Table:
    """Wasserstein distance to the data for three samplers with the exact model."""
    exact = mixture_quantiles(2001)
    drawn = mixture_quantiles(10_000)
    table: style.Table = {"calls": [float(n) for n in STEPS], "DDPM": [], "DDIM": [], "Heun": []}
    generator = torch.Generator().manual_seed(0)
    for n in STEPS:
        levels = diffusion.few(COSINE, n)
        x = diffusion.sample(MIXTURE.eps, normal_quantiles(2001), levels, 0.0)
        table["DDIM"].append(float((x[:, 0].sort().values - exact).abs().mean()))
        half = diffusion.few(COSINE, n // 2)  # two calls a step
        x = diffusion.sample_heun(MIXTURE.eps, normal_quantiles(2001), half)
        table["Heun"].append(float((x[:, 0].sort().values - exact).abs().mean()))
        x = normal_quantiles(10_000)
        x = x[torch.randperm(10_000, generator=generator)]
        x = diffusion.sample(MIXTURE.eps, x, levels, 1.0, generator)
        table["DDPM"].append(float((x[:, 0].sort().values - drawn).abs().mean()))
    return table


def draw_steps(table: style.Table, axes: style.Axes) -> None:
    """Both axes logarithmic."""
    lines = (("DDPM", "-", "o"), ("DDIM", "--", "s"), ("Heun", "-.", "^"))
    for color, (name, line, mark) in zip(style.SERIES, lines, strict=False):
        axes.loglog(table["calls"], table[name], line, marker=mark, color=color, label=name)
    axes.set_xticks(list(STEPS), [str(n) for n in STEPS])
    axes.minorticks_off()
    axes.legend(loc="lower left")
    axes.set_xlabel("calls of the model")
    axes.set_title("Distance to the data")


CHAIN = diffusion.cosine_schedule(101)[:101]
SPREAD = 0.6


def terms() -> style.Table:
    """Each term of the bound for normal data and the best linear model, T = 100, in nats."""
    a, before = CHAIN[2:], CHAIN[1:-1]
    alpha = a / before
    variance = (1 - alpha) * (1 - before) / (1 - a)
    weight = (1 - alpha) ** 2 / (2 * variance * alpha * (1 - a))
    error = a * SPREAD**2 / (a * SPREAD**2 + 1 - a)  # of the best guess of the noise
    return {
        "t": [float(t) for t in range(2, 101)],
        "term": (weight * error).tolist(),
        "weight": weight.tolist(),
        "error": error.tolist(),
    }


def draw_terms(table: style.Table, axes: style.Axes) -> None:
    """The term is the product of a weight and an error."""
    lines = (("weight", "-.", "^"), ("error", "--", "s"), ("term", "-", "o"))
    labels = {"weight": "weight", "error": "error of the noise", "term": "term: their product"}
    for color, (name, line, mark) in zip(style.SERIES, lines, strict=False):
        axes.semilogy(
            table["t"],
            table[name],
            line,
            marker=mark,
            markevery=16,
            color=color,
            label=labels[name],
        )
    axes.legend(loc="upper right")
    axes.set_xlabel("step t")
    axes.set_title("Terms of the bound")


def guidance() -> style.Table:
    """Spread of guided samples, measured, and of the tilted density, for N(0, 1/4) in N(0, 1)."""
    one = torch.ones(1, dtype=torch.float64)
    zero = torch.zeros(1, 1, dtype=torch.float64)
    conditional = diffusion.Mixture(zero, 0.5, one)
    whole = diffusion.Mixture(zero, 1.0, one)
    levels = diffusion.few(COSINE, 400)
    x = normal_quantiles(401)
    scales = [i / 4 for i in range(17)]
    measured = []
    for g in scales:
        end = diffusion.sample(diffusion.guide(conditional.eps, whole.eps, g), x, levels, 0.0)
        measured.append(float(end.std() / x.std()))
    return {
        "scale": scales,
        "measured": measured,
        "power": [0.5**g for g in scales],
        "tilted": [1 / math.sqrt(1 + g * 3) for g in scales],
    }


def draw_guidance(table: style.Table, axes: style.Axes) -> None:
    """Measured points on their formula, and the density that is meant."""
    x = table["scale"]
    axes.plot(x, table["tilted"], "--", color=style.SERIES[1], label="the tilted density")
    axes.plot(x, table["power"], "-", color=style.SERIES[0], label="formula")
    axes.plot(x[::2], table["measured"][::2], "o", color=style.SERIES[0], label="samples")
    axes.legend(loc="upper right")
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("scale g of the guidance")
    axes.set_title("Spread of guided samples")


LEVELS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98)


def learned() -> style.Table:
    """Error of a learned noise prediction against the exact one, relative to its size, by level."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    table: style.Table = {"alpha-bar": list(LEVELS)}
    for count in (100, 1500):
        torch.manual_seed(0)
        model = diffusion.Denoiser(1, 48)
        x0 = MIXTURE.sample(5000, generator)
        diffusion.train(model, x0, torch.zeros(5000, dtype=torch.long), count, generator)
        column = []
        for level in LEVELS:
            a = torch.full((4000,), level, dtype=torch.float64)
            eps = torch.randn(4000, 1, generator=generator, dtype=torch.float64)
            x = diffusion.add_noise(MIXTURE.sample(4000, generator), a, eps)
            exact = MIXTURE.eps(x, a)
            with torch.no_grad():
                column.append(float(((model(x, a) - exact) ** 2).mean() / (exact**2).mean()))
        table[f"{count} steps"] = column
    return table


def draw_learned(table: style.Table, axes: style.Axes) -> None:
    """The more data is left in x, the harder the noise is to see."""
    lines = (("100 steps", "--", "s"), ("1500 steps", "-", "o"))
    for color, (name, line, mark) in zip(style.SERIES[1::-1], lines, strict=True):
        axes.semilogy(table["alpha-bar"], table[name], line, marker=mark, color=color, label=name)
    axes.legend(loc="upper left")
    axes.set_xlabel("share of data in x (alpha-bar)")
    axes.set_title("Error of the learned score")


FIGURES = [
    style.Recipe("models/diffusion.paths", paths, draw_paths),
    style.Recipe("models/diffusion.terms", terms, draw_terms),
    style.Recipe("models/diffusion.learned", learned, draw_learned, tolerance=0.3),
    style.Recipe("models/diffusion.steps", steps, draw_steps),
    style.Recipe("models/diffusion.guidance", guidance, draw_guidance),
]

if __name__ == "__main__":
    style.main(FIGURES)
