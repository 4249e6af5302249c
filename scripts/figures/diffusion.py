"""The figures of docs/models/diffusion.md: paths, terms of the bound, samplers, guidance, failures."""

import itertools
import math

import torch
from torch import Tensor

from docs.models.diffusion import diffusion
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
    quantiles: Tensor = torch.special.ndtri(share)
    return quantiles[:, None]


def mixture_quantiles(n: int) -> Tensor:
    """The same of the mixture, (n,), by interpolation of its distribution function."""
    grid = torch.linspace(-4, 4, 40_001, dtype=torch.float64)
    away = (grid[:, None] - MIXTURE.means[:, 0]) / MIXTURE.spread
    mass = (MIXTURE.weights * torch.special.ndtr(away)).sum(1)
    share = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return grid[torch.searchsorted(mass, share).clamp(max=len(grid) - 1)]


def schedules() -> style.Table:
    """The share of data at every twentieth of a thousand steps, for two schedules."""
    linear = diffusion.linear_schedule(1000)
    rows = range(0, 1001, 20)
    return {
        "step": [float(t) for t in rows],
        "cosine": [float(COSINE[t]) for t in rows],
        "linear": [float(linear[t]) for t in rows],
    }


def draw_schedules(table: style.Table, axes: style.Axes) -> None:
    """Both schedules, and the half."""
    axes.axhline(0.5, color=style.GRID, lw=1)
    for number, (name, line) in enumerate((("cosine", "-"), ("linear", "--"))):
        axes.plot(table["step"], table[name], line, color=style.SERIES[number], label=name)
    axes.legend()
    axes.set_xlabel("step of 1000")
    axes.set_title("Share of data")


QUANTILES = 16


def paths() -> style.Table:
    """Where the flow takes sixteen quantiles of the noise, at 16 noise levels.

    Of fifteen, one would stand on the border of two modes, where the error of the steps decides.
    """
    levels = diffusion.few(COSINE, 60)
    x = normal_quantiles(QUANTILES)
    rows = [x[:, 0]]
    for i in range(60):
        x = diffusion.sample(MIXTURE.eps, x, levels[i : i + 2], 0.0)
        if i % 4 == 3:
            rows.append(x[:, 0])
    table: style.Table = {"time": [1 - i / 15 for i in range(16)]}
    for k in range(QUANTILES):
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


def ddpm_quantiles(levels: Tensor, n: int = 4000, block: int = 50) -> Tensor:
    """DDPM with noise spread evenly over neighbours, so that chance hardly blurs the error, (n,)."""
    generator = torch.Generator().manual_seed(0)
    x = normal_quantiles(n)
    noise = normal_quantiles(block)[:, 0]
    noise = noise / noise.std(correction=0)
    for a, to in itertools.pairwise(levels):
        x0 = diffusion.convert(MIXTURE.eps(x, a.expand(n)), x, a.expand(n), "eps", "x0")
        mean, variance = diffusion.posterior(x0, x, a, to)
        order = torch.rand(n // block, block, generator=generator).argsort(1)
        x = (mean + variance.sqrt() * noise[order].reshape(n, 1)).sort(0).values
    return x[:, 0]


def steps() -> style.Table:
    """Wasserstein distance to the data for three samplers with the exact model."""
    exact = mixture_quantiles(2001)
    drawn = mixture_quantiles(4000)
    table: style.Table = {"calls": [float(n) for n in STEPS], "DDPM": [], "DDIM": [], "Heun": []}
    for n in STEPS:
        levels = diffusion.few(COSINE, n)
        table["DDPM"].append(float((ddpm_quantiles(levels) - drawn).abs().mean()))
        x = diffusion.sample(MIXTURE.eps, normal_quantiles(2001), levels, 0.0)
        table["DDIM"].append(float((x[:, 0].sort().values - exact).abs().mean()))
        half = diffusion.few(COSINE, n // 2)  # two calls a step
        x = diffusion.sample_heun(MIXTURE.eps, normal_quantiles(2001), half)
        table["Heun"].append(float((x[:, 0].sort().values - exact).abs().mean()))
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
            table["t"][::4],
            table[name][::4],
            line,
            marker=mark,
            markevery=4,
            color=color,
            label=labels[name],
        )
    axes.minorticks_off()
    axes.legend(loc="lower left")
    axes.set_xlabel("step t")
    axes.set_title("Terms of the bound")


def normal(spread: float, mean: float = 0.0) -> diffusion.Mixture:
    """A single normal mode on the line."""
    one = torch.ones(1, dtype=torch.float64)
    return diffusion.Mixture(torch.full((1, 1), mean, dtype=torch.float64), spread, one)


def spread(model: diffusion.Model, levels: Tensor, fresh: bool, wide: bool = False) -> float:
    """Standard deviation of what DDPM (`fresh`) or DDIM samples with a linear model, exact.

    DDPM has the variance of the posterior, or beta if `wide`, with no noise in the last step.
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    if not fresh:
        return abs(float(diffusion.sample(model, one, levels, 0.0)))
    variance = 1.0
    for a, to in itertools.pairwise(levels):
        x0 = diffusion.convert(model(one, a.expand(1)), one, a.expand(1), "eps", "x0")
        factor, drawn = diffusion.posterior(x0, one, a, to)
        if wide:
            drawn = 1 - a / to if to < 1 else torch.zeros(())
        variance = float(factor) ** 2 * variance + float(drawn)
    return math.sqrt(variance)


def guidance() -> style.Table:
    """Spread of guided samples, measured, and of the tilted density, for N(0, 1/4) in N(0, 1)."""
    levels = diffusion.few(COSINE, 200)
    scales = [i / 4 for i in range(17)]
    models = [diffusion.guide(normal(0.5).eps, normal(1.0).eps, g) for g in scales]
    return {
        "scale": scales,
        "flow measured": [spread(model, levels, False) for model in models],
        "DDPM measured": [spread(model, levels, True) for model in models],
        "flow": [0.5**g for g in scales],
        "DDPM": [
            math.sqrt((0.25 - 0.0625**g) / (0.75 * (2 * g - 1)) if g != 0.5 else math.log(2) / 1.5)
            for g in scales
        ],
        "tilted": [1 / math.sqrt(1 + g * 3) for g in scales],
    }


def draw_guidance(table: style.Table, axes: style.Axes) -> None:
    """Measured points on their formulas, and the density that is meant."""
    x = table["scale"]
    axes.plot(x, table["tilted"], "--", color=style.SERIES[1], label="the tilted density")
    for name, line, mark, color in (("DDPM", "-.", "s", 2), ("flow", "-", "o", 0)):
        axes.plot(x, table[name], line, color=style.SERIES[color])
        measured = table[f"{name} measured"]
        axes.plot(
            x[::2], measured[::2], mark, color=style.SERIES[color], label=f"{name}, 200 steps"
        )
    axes.legend(loc="upper right")
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("scale g of the guidance")
    axes.set_title("Spread of guided samples")


# Four modes in the plane; the condition holds for the first two.
PLANE = diffusion.Mixture(
    torch.tensor([[0.9, 0.7], [0.4, -0.8], [-0.5, 0.6], [-0.9, -0.5]], dtype=torch.float64),
    0.45,
    torch.full((4,), 0.25, dtype=torch.float64),
)
ASKED = diffusion.Mixture(PLANE.means[:2], PLANE.spread, torch.full((2,), 0.5).double())
SCALE = 3.0


def flow_density(model: diffusion.Model, x: Tensor, steps: int = 150) -> Tensor:
    """Log-density at x, (N, 2), of what the flow of a model samples: back to the noise, with area."""
    levels = diffusion.few(COSINE, steps).flip(0)
    h = 1e-4
    moves = torch.tensor([[0, 0], [h, 0], [-h, 0], [0, h], [0, -h]], dtype=x.dtype)
    ends = diffusion.sample_heun(model, (x[:, None] + moves).reshape(-1, 2), levels)
    ends = (ends * levels[-1].sqrt()).reshape(-1, 5, 2)
    du, dv = (ends[:, 1] - ends[:, 2]) / (2 * h), (ends[:, 3] - ends[:, 4]) / (2 * h)
    area = du[:, 0] * dv[:, 1] - du[:, 1] * dv[:, 0]
    return area.abs().log() - 0.5 * (ends[:, 0] ** 2).sum(1) - math.log(2 * math.pi)


def density() -> style.Table:
    """The tilted density and the one that guidance samples, on a grid in the plane."""
    across = torch.linspace(-1.4, 2.6, 41, dtype=torch.float64)
    up = torch.linspace(-2.1, 1.9, 41, dtype=torch.float64)
    u, v = (w.reshape(-1) for w in torch.meshgrid(across, up, indexing="xy"))
    x = torch.stack([u, v], 1)
    here = torch.ones(len(x), dtype=x.dtype)
    log = SCALE * ASKED.log_density(x, here) + (1 - SCALE) * PLANE.log_density(x, here)
    area = float(across[1] - across[0]) ** 2
    found = flow_density(diffusion.guide(ASKED.eps, PLANE.eps, SCALE), x).exp()
    return {
        "u": [round(w, 3) for w in u.tolist()],
        "v": [round(w, 3) for w in v.tolist()],
        "condition": [round(w, 5) for w in ASKED.log_density(x, here).exp().tolist()],
        "tilted": [round(w, 5) for w in (log.softmax(0) / area).tolist()],
        "sampled": [round(w, 5) for w in found.tolist()],
    }


def draw_density(table: style.Table, axes: style.Axes) -> None:
    """Lines at half and at a tenth of each peak."""
    n = math.isqrt(len(table["u"]))
    grid = [[row[i * n : i * n + n] for i in range(n)] for row in (table["u"], table["v"])]
    lines = (("condition", ":", 5), ("tilted", "--", 1), ("sampled", "-", 0))
    names = {"condition": "p(x | c)", "tilted": "tilted", "sampled": "sampled"}
    for name, line, color in lines:
        z = [table[name][i * n : i * n + n] for i in range(n)]
        top = max(table[name])
        ink = style.SERIES[color]
        axes.contour(*grid, z, [0.1 * top, 0.5 * top], colors=ink, linestyles=line, linewidths=1.8)
        axes.plot([], [], line, color=ink, label=names[name])
    means = PLANE.means.tolist()
    axes.plot(*zip(*means[2:], strict=True), "x", color=style.MUTED)
    axes.plot(*zip(*means[:2], strict=True), "+", color=style.INK, markersize=9)
    axes.legend(loc="upper left")
    axes.set_xlim(-1.4, 2.6)
    axes.set_ylim(-2.1, 1.9)
    axes.set_aspect("equal")
    axes.set_title("Guided density, g = 3")


FEW = (5, 10, 20, 40, 80, 160)


def narrow() -> style.Table:
    """The spread of samples of N(0, 1/4) with few steps, exact: the model is linear."""
    model = normal(0.5).eps
    levels = [diffusion.few(COSINE, n) for n in FEW]
    return {
        "steps": [float(n) for n in FEW],
        "DDPM": [spread(model, level, True) / 0.5 for level in levels],
        "DDIM": [spread(model, level, False) / 0.5 for level in levels],
        "DDPM, beta": [spread(model, level, True, wide=True) / 0.5 for level in levels],
    }


def draw_narrow(table: style.Table, axes: style.Axes) -> None:
    """Below one: narrower than the data; above: wider."""
    axes.axhline(1, color=style.MUTED, lw=1.2)
    lines = (("DDPM", "-", "o"), ("DDIM", "--", "s"), ("DDPM, beta", "-.", "^"))
    for color, (name, line, mark) in zip(style.SERIES, lines, strict=False):
        axes.semilogx(table["steps"], table[name], line, marker=mark, color=color, label=name)
    axes.set_xticks(list(FEW), [str(n) for n in FEW])
    axes.minorticks_off()
    axes.text(160, 1.035, "1: as the data", color=style.MUTED, ha="right", va="bottom")
    axes.set_ylim(0.6, 1.1)
    axes.legend(loc="lower right")
    axes.set_xlabel("steps")
    axes.set_title("Spread of samples / of data")


def terminal() -> style.Table:
    """The mean of samples of N(1, 1/4) that start from noise where training still saw data."""
    data = normal(0.5, 1.0)
    last = [0.0001, 0.0005, 0.001, 0.002, 0.0047, 0.01, 0.02, 0.04]
    x = normal_quantiles(51)
    table: style.Table = {"alpha-bar at the end": last, "samples": [], "formula": []}
    for a in last:
        levels = a + (1 - a) * torch.linspace(0, 1, 401, dtype=torch.float64) ** 2
        table["samples"].append(float(diffusion.sample(data.eps, x, levels, 0.0).mean()))
        spread = math.sqrt(a * 0.25 + 1 - a)
        table["formula"].append(1 - 0.5 * math.sqrt(a) / spread)
    return table


def draw_terminal(table: style.Table, axes: style.Axes) -> None:
    """The mean falls with what is left of the data."""
    x = table["alpha-bar at the end"]
    axes.axhline(1, color=style.MUTED, lw=1.2)
    axes.text(1e-4, 1.002, "mean of the data", color=style.MUTED, va="bottom")
    axes.semilogx(x, table["formula"], "-", color=style.SERIES[0], label="formula")
    axes.plot(x, table["samples"], "o", color=style.SERIES[1], label="samples")
    axes.set_ylim(0.88, 1.015)
    axes.legend(loc="lower left")
    axes.set_xlabel("alpha-bar of the last level")
    axes.set_title("Mean of the samples")


LEVELS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98)


SEEDS = 3
HIDDEN = 48


def learned() -> style.Table:
    """Error of a learned noise prediction against the exact one, relative to its size, by level.

    The mean over SEEDS networks, and their standard deviation.
    """
    torch.set_num_threads(1)
    table: style.Table = {"alpha-bar": list(LEVELS)}
    for count in (100, 1000):
        runs = torch.tensor([errors_by_level(count, seed) for seed in range(SEEDS)])
        table[f"{count} steps"] = runs.mean(0).tolist()
        table[f"spread, {count} steps"] = runs.std(0).tolist()
    return table


def errors_by_level(count: int, seed: int) -> list[float]:
    """The squared error of one network after some steps of training, relative to the exact noise's."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = diffusion.Denoiser(1, HIDDEN)
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
    return column


def draw_learned(table: style.Table, axes: style.Axes) -> None:
    """The more data is left in x, the harder the noise is to see."""
    lines = (("100 steps", "--", "s"), ("1000 steps", "-", "o"))
    for color, (name, line, mark) in zip(style.SERIES[1::-1], lines, strict=True):
        axes.semilogy(table["alpha-bar"], table[name], line, marker=mark, color=color, label=name)
    axes.legend(loc="upper left")
    axes.set_xlabel("share of data in x (alpha-bar)")
    axes.set_title("Error of the learned score")


FIGURES = [
    style.Recipe("models/diffusion/schedules", schedules, draw_schedules),
    style.Recipe("models/diffusion/paths", paths, draw_paths),
    style.Recipe("models/diffusion/terms", terms, draw_terms),
    style.Recipe("models/diffusion/learned", learned, draw_learned, tolerance=0.3, absolute=0.02),
    style.Recipe("models/diffusion/steps", steps, draw_steps),
    style.Recipe("models/diffusion/guidance", guidance, draw_guidance),
    style.Recipe("models/diffusion/density", density, draw_density, size=(360, 330), absolute=1e-4),
    style.Recipe("models/diffusion/narrow", narrow, draw_narrow),
    style.Recipe("models/diffusion/terminal", terminal, draw_terminal),
]

if __name__ == "__main__":
    style.main(FIGURES)
