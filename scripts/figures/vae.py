"""The figures of docs/models/vae.md: bound, gradients, plane, holes, blur.

Those of collapse and of what beta trades are in scripts/figures/posterior_collapse.py.

Everything is computed with the page's own code; trained networks are those of the demo.
"""

import math
from collections.abc import Callable

import torch
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import Tensor

from docs.models.vae import vae
from scripts.figures import style
from scripts.weights import vae as weights


def chance(seed: int) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


def linear(weight: Tensor, noise_var: float) -> vae.VAE:
    """The linear VAE with this decoder and the best encoder that a diagonal Gaussian allows."""
    latent = weight.shape[1]
    precision = weight.T @ weight / noise_var + torch.eye(latent).double()
    model = vae.VAE((len(weight), latent), math.sqrt(noise_var)).double()
    model.encoder.get_parameter("0.weight").data[:latent] = (
        torch.linalg.solve(precision, weight.T) / noise_var
    )
    model.encoder.get_parameter("0.bias").data[latent:] = -precision.diagonal().log()
    model.decoder.get_parameter("0.weight").data = weight
    return model.requires_grad_(False)


# The bound.

SPREADS = (4.0, 1.0)
"""Standard deviations of the two directions of the toy of the figure; its noise has 1."""


def gap() -> style.Table:
    """Bounds and log p(x) of one linear model as its code axes turn."""
    angles = [float(angle) for angle in range(0, 91, 5)]
    straight = torch.zeros(4, 2).double()
    straight[0, 0], straight[1, 1] = SPREADS
    exact = torch.distributions.MultivariateNormal(
        torch.zeros(4).double(), straight @ straight.T + torch.eye(4).double()
    )
    x = torch.randn(500, 4, generator=chance(0), dtype=torch.float64) @ exact.scale_tril.T
    evidence = float(exact.log_prob(x).mean())  # type: ignore[no-untyped-call]
    table: style.Table = {"angle": angles, "log_p": [], "elbo": [], "l5": [], "l50": []}
    for angle in angles:
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        weight = straight @ torch.tensor([[c, -s], [s, c]]).double()
        model = linear(weight, 1.0)
        table["log_p"].append(evidence)
        table["elbo"].append(evidence - vae.linear_gap(weight, 1.0))
        for samples in (5, 50):
            bound = vae.importance_bound(model, x, samples, chance(1))
            table[f"l{samples}"].append(float(bound.mean()))
    return table


def draw_gap(table: style.Table, axes: style.Axes) -> None:
    """Four lines over the angle."""
    rows = (
        ("log_p", "log p(x)", style.INK, "-", 5),
        ("l50", "50 samples", style.SERIES[2], "-.", -13),
        ("l5", "5 samples", style.SERIES[1], "--", -13),
        ("elbo", "ELBO", style.SERIES[0], "-", -14),
    )
    middle = len(table["angle"]) // 2
    for name, label, color, dash, dy in rows:
        axes.plot(table["angle"], table[name], dash, color=color)
        at = (table["angle"][middle], table[name][middle])
        style.label_line(axes, *at, label, color=color, dx=0, dy=dy, ha="center")
    axes.set_xticks([0, 15, 30, 45, 60, 75, 90])
    axes.set_ylim(bottom=min(table["elbo"]) - 0.12)
    axes.set_xlabel("rotation of the code axes, degrees")
    axes.set_ylabel("mean over x, nats")


# The gradients.


def gradients() -> style.Table:
    """Variance of a component of each estimate for f(z) = -|z|^2/2 at its top, by dimension."""
    table: style.Table = {name: [] for name in ("dimension", "score", "baseline", "pathwise")}
    for d in (1, 2, 4, 8, 16, 32, 64, 128):
        mean, samples = torch.zeros(d).double(), 20_000 if d < 64 else 5_000
        table["dimension"].append(d)
        for name, b in (("score", 0.0), ("baseline", -(d + 2) / 2)):
            score, path = vae.gradients(half_square, mean, samples, b, chance(d))
            table[name].append(float(score.var(0).mean()))
        table["pathwise"].append(float(path.var(0).mean()))
    return table


def half_square(z: Tensor) -> Tensor:
    """f(z) = -|z|^2/2."""
    return -0.5 * (z**2).sum(-1)


def draw_gradients(table: style.Table, axes: style.Axes) -> None:
    """Measured marks on the exact lines."""
    curve = [2 ** (i / 3) for i in range(22)]
    exact: dict[str, tuple[Callable[[float], float], str, str]] = {
        "score": (lambda d: (d + 2) * (d + 4) / 4, "score function", "o"),
        "baseline": (lambda d: (d + 2) / 2, "with the best baseline", "s"),
        "pathwise": (lambda d: 1.0, "reparameterised", "^"),
    }
    for i, (name, (formula, label, marker)) in enumerate(exact.items()):
        axes.plot(curve, [formula(d) for d in curve], color=style.SERIES[i], lw=1.2)
        axes.plot(table["dimension"], table[name], marker, color=style.SERIES[i])
        at, dy, align = ((14, 8, "right"), (14, -16, "left"), (14, -16, "left"))[i]
        style.label_line(
            axes, at, formula(at), label, color=style.SERIES[i], dx=-4, dy=dy, ha=align
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(table["dimension"], [f"{d:.0f}" for d in table["dimension"]])
    axes.minorticks_off()
    axes.set_xlim(0.85, 150)
    axes.set_ylim(0.4, 9000)
    axes.set_xlabel("dimension of the code")
    axes.set_ylabel("variance of one component")


COUNTS = (1, 4, 16, 64, 256, 1024)


def budget() -> style.Table:
    """Relative error of the gradient of E log p(x|z) by the encoder's mean, by sample count."""
    model = weights.load()[1.0]
    x = weights.digits()[2][:16]
    with torch.no_grad():
        mean, log_var = model.encode(x)
    sums = {"score": 0.0, "baseline": 0.0, "pathwise": 0.0}
    signal = 0.0
    for row in range(len(x)):

        def f(u: Tensor, row: int = row) -> Tensor:
            return model.log_likelihood(x[row], mean[row] + torch.exp(0.5 * log_var[row]) * u)

        start = torch.zeros(2).double()
        noise = torch.randn(4096, 2, generator=chance(100 + row), dtype=torch.float64)
        centre = float((f(noise).detach()[:, None] * noise**2).mean())
        score, path = vae.gradients(f, start, 4096, 0.0, chance(row))
        steady, _ = vae.gradients(f, start, 4096, centre, chance(row))
        for name, estimate in (("score", score), ("baseline", steady), ("pathwise", path)):
            sums[name] += float(estimate.var(0).sum())
        signal += float((path.mean(0) ** 2).sum())
    table: style.Table = {"samples": [float(n) for n in COUNTS]}
    for name, total in sums.items():
        table[name] = [math.sqrt(total / n / signal) for n in COUNTS]
    return table


def draw_budget(table: style.Table, axes: style.Axes) -> None:
    """Three falling lines and the level at which noise equals signal."""
    rows = (("score", "score function", "o"), ("baseline", "with the best baseline", "s"))
    for i, (name, label, marker) in enumerate((*rows, ("pathwise", "reparameterised", "^"))):
        axes.plot(table["samples"], table[name], f"-{marker}", color=style.SERIES[i])
        at = (table["samples"][2], table[name][2])
        style.label_line(
            axes, *at, label, color=style.SERIES[i], dx=(5, 5, -50)[i], dy=(5, 5, -22)[i]
        )
    axes.axhline(1, color=style.MUTED, lw=1, ls="--")
    axes.set_xscale("log", base=4)
    axes.set_yscale("log")
    axes.set_xticks(table["samples"], [f"{n:.0f}" for n in table["samples"]])
    axes.minorticks_off()
    axes.set_xlabel("samples")
    axes.set_ylabel("standard error / gradient")


# The plane of codes.

SIDE = [0.75 * i for i in range(-3, 4)]


def plane() -> style.Table:
    """Digits decoded from a square of codes, beta = 1: a row for each code."""
    z = torch.tensor([[a, -b] for b in SIDE for a in SIDE], dtype=torch.float64)
    with torch.no_grad():
        pixels = weights.load()[1.0].decoder(z).clamp(0, 1)
    table: style.Table = {"z1": z[:, 0].tolist(), "z2": z[:, 1].tolist()}
    return table | {f"p{i}": [round(v, 3) for v in pixels[:, i].tolist()] for i in range(64)}


def draw_plane(table: style.Table, axes: style.Axes) -> None:
    """One filled outline a digit, at half of the ink."""
    n = len(SIDE)
    pixels = torch.tensor([table[f"p{i}"] for i in range(64)]).T.reshape(n, n, 8, 8)
    image = torch.zeros(n, n, 10, 10)
    image[:, :, 1:-1, 1:-1] = pixels
    mosaic = image.permute(0, 2, 1, 3).reshape(10 * n, 10 * n)
    step = SIDE[1] - SIDE[0]
    line = [SIDE[0] - step / 2 + (i + 0.5) * step / 10 for i in range(10 * n)]
    axes.contourf(line, line[::-1], mosaic, [0.45, 9], colors=[style.INK])
    axes.set_aspect("equal")
    axes.set_xlim(-2.65, 2.65)
    axes.set_ylim(-2.65, 2.65)
    axes.grid(visible=False)
    axes.set_xlabel("z₁")
    axes.set_ylabel("z₂")


HOLE = 0.1
"""A hole: where codes of digits are less than this times as dense as the prior says."""


def grid() -> tuple[Tensor, Tensor]:
    """Codes on [-4, 4]^2, and the log density of the prior there."""
    line = torch.linspace(-4, 4, 41).double()
    z = torch.cartesian_prod(line, line)
    return z, vae.log_normal((z**2).sum(-1), torch.zeros(()), 2)


def log_aggregate(model: vae.VAE, x: Tensor, z: Tensor) -> Tensor:
    """log q(z), the mean of q(z|x) over the data."""
    with torch.no_grad():
        mean, log_var = model.encode(x)
    precision = torch.exp(-log_var)
    squared = z**2 @ precision.T - 2 * z @ (mean * precision).T
    constant = (mean**2 * precision + log_var + math.log(2 * math.pi)).sum(-1)
    return torch.log(torch.exp(-0.5 * (squared + constant)).mean(1))


def surgery() -> style.Table:
    """By beta: the KL term in two parts, the prior's share in holes, what is decoded there and elsewhere.

    `near_…` is the distance to the nearest training digit, `sure_…` the largest probability of a
    classifier of the training digits: in holes, outside of them, and of test digits themselves.
    """
    train, train_classes, test, _ = weights.digits()
    with threadpool_limits(1):  # the problem is small: more threads only wait for one another
        judge = LogisticRegression(max_iter=2000).fit(train.numpy(), train_classes.numpy())
    z, log_prior = grid()
    prior = log_prior.exp() / log_prior.exp().sum()
    places = ("hole", "outside", "test")
    measures = [f"{measure}_{place}" for measure in ("near", "sure") for place in places]
    names = ("beta", "kl", "mutual", "mismatch", "holes", *measures)
    table: style.Table = {name: [] for name in names}
    for beta, model in weights.load().items():
        with torch.no_grad():
            mean, log_var = model.encode(train)
            images = torch.cat([model.decoder(z), test])
        kl = float(vae.kl_to_prior(mean, log_var).sum(-1).mean())
        codes = vae.sample(mean, log_var, chance(0))
        ratio = log_aggregate(model, train, codes) - vae.log_normal(
            (codes**2).sum(-1), torch.zeros(()), 2
        )
        mismatch = float(ratio.mean())
        hole = log_aggregate(model, train, z) < log_prior + math.log(HOLE)
        share = float((prior * hole).sum())
        near = torch.cdist(images, train).min(1).values / 8
        sure = torch.tensor(judge.predict_proba(images.numpy())).max(1).values
        row = [beta, kl, kl - mismatch, mismatch, share]
        for measure in (near, sure):
            decoded, real = measure[: len(z)], measure[len(z) :]
            row.append(float((prior * hole) @ decoded) / share if share else 0.0)
            row += [float((prior * ~hole) @ decoded) / (1 - share), float(real.mean())]
        for name, value in zip(names, row, strict=True):
            table[name].append(value)
    return table


def draw_surgery(table: style.Table, axes: style.Axes) -> None:
    """Stacked bars by beta."""
    at = range(len(table["beta"]))
    axes.bar(at, table["mutual"], 0.7, color=style.SERIES[0])
    axes.bar(at, table["mismatch"], 0.7, table["mutual"], color=style.SERIES[1], hatch="///")
    style.label_line(axes, 2.6, 4.6, "KL(q(z) ‖ p(z))", color=style.SERIES[1], dx=0, dy=12)
    style.label_line(axes, 2.6, 3.6, "I(x; z)", color=style.SERIES[0], dx=0, dy=16)
    axes.set_xticks(at, [f"{beta:g}" for beta in table["beta"]])
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("β")
    axes.set_ylabel("KL term, nats")


SHOWN = 120


def holes() -> style.Table:
    """Codes of test digits with their class; then a grid with 100 + log q(z)/p(z)."""
    model = weights.load()[1.0]
    train, _, test, classes = weights.digits()
    line = torch.linspace(-3, 3, 49).double()
    z = torch.cartesian_prod(line, line)
    ratio = log_aggregate(model, train, z) - vae.log_normal((z**2).sum(-1), torch.zeros(()), 2)
    with torch.no_grad():
        mean = model.encode(test)[0][:SHOWN]
    value = torch.cat([classes[:SHOWN].double(), 100 + ratio.clamp(-9, 9)])
    points = torch.cat([mean, z])
    return {
        "z1": points[:, 0].tolist(),
        "z2": points[:, 1].tolist(),
        "class_or_100_plus_log_ratio": value.tolist(),
    }


def draw_holes(table: style.Table, axes: style.Axes) -> None:
    """Holes hatched, codes as the digit that they are codes of."""
    rows = list(zip(*table.values(), strict=True))
    side = sorted({a for a, _, v in rows if v > 50})
    ratio = torch.tensor([v - 100 for _, _, v in rows if v > 50]).reshape(len(side), len(side)).T
    axes.contourf(side, side, ratio, [-99, math.log(HOLE)], colors=[style.GRID])
    for a, b, v in rows:
        if v < 50:
            axes.text(
                a, b, f"{v:.0f}", color=style.SERIES[int(v) % 6], fontsize=11,
                ha="center", va="center",
            )  # fmt: skip
    circle = [2 * math.pi * i / 60 for i in range(61)]
    radius = math.sqrt(2 * math.log(20))
    axes.plot(
        [radius * math.cos(a) for a in circle], [radius * math.sin(a) for a in circle],
        "--", color=style.MUTED, lw=1,
    )  # fmt: skip
    style.label_line(axes, -2.9, 2.68, "shaded: holes", color=style.INK, dx=0, dy=0)
    style.label_line(axes, -2.9, -2.9, "ring: 95% of the prior", color=style.MUTED, dx=0, dy=0)
    axes.set_xlim(-3, 3)
    axes.set_ylim(-3, 3)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_xlabel("z₁")
    axes.set_ylabel("z₂")


# Blur.


def cosines() -> Tensor:
    """The orthonormal cosine transform of eight pixels."""
    i = torch.arange(8).double()
    basis = torch.cos(math.pi * (2 * i + 1) * i[:, None] / 16) * math.sqrt(1 / 4)
    basis[0] /= math.sqrt(2)
    return basis


def power(x: Tensor) -> list[float]:
    """Mean square of cosine coefficients of images (N, 64), by the larger of both frequencies."""
    coefficients = cosines() @ x.reshape(-1, 8, 8) @ cosines().T
    squares = (coefficients**2).mean(0)
    band = torch.maximum(torch.arange(8)[:, None], torch.arange(8))
    return [float(squares[band == k].mean()) for k in range(8)]


def blur() -> style.Table:
    """Power by spatial frequency of digits, of their reconstructions, of means and of draws."""
    model = weights.load()[1.0]
    test = weights.digits()[2]
    with torch.no_grad():
        z = vae.sample(*model.encode(test), chance(0))
        mean = model.decoder(torch.randn(2000, 2, generator=chance(1)).double())
    draw = mean + weights.NOISE * torch.randn(mean.shape, generator=chance(2)).double()
    return {
        "frequency": [float(k) for k in range(8)],
        "digits": power(test),
        "reconstructions": power(model.decoder(z).detach()),
        "means": power(mean),
        "draws": power(draw),
    }


def draw_blur(table: style.Table, axes: style.Axes) -> None:
    """Power relative to the digits' own."""
    rows = (
        ("draws", "draws f(z) + noise", style.SERIES[2], "-.^", (5.7, 1.4)),
        ("reconstructions", "reconstructions", style.SERIES[0], "--s", (7, 0.68)),
        ("means", "decoded means f(z)", style.SERIES[1], ":D", (4.6, 0.4)),
    )
    axes.axhline(1, color=style.INK)
    style.label_line(axes, 0, 1, "test digits", dx=0, dy=5)
    for name, label, color, dash, (x, y) in rows:
        ratio = [a / b for a, b in zip(table[name], table["digits"], strict=True)]
        axes.plot(table["frequency"], ratio, dash, color=color)
        style.label_line(axes, x, y, label, color=color, dx=0, dy=0, ha="right")
    axes.set_ylim(0, 2.2)
    axes.set_xlabel("spatial frequency (half waves across the image)")
    axes.set_ylabel("power / power of digits")


STRIP = 5


def strip() -> style.Table:
    """An image in each row: digits (0), decoded means of prior draws (1), these with noise (2)."""
    model = weights.load()[1.0]
    test = weights.digits()[2][:STRIP]
    with torch.no_grad():
        mean = model.decoder(torch.randn(STRIP, 2, generator=chance(4)).double())
    draw = mean + weights.NOISE * torch.randn(mean.shape, generator=chance(5)).double()
    images = torch.cat([test, mean, draw])
    kind = [float(i // STRIP) for i in range(3 * STRIP)]
    table: style.Table = {"row": kind}
    return table | {f"p{i}": [round(v, 3) for v in images[:, i].tolist()] for i in range(64)}


def draw_strip(table: style.Table, axes: style.Axes) -> None:
    """Pixels in four strengths of ink, each strength one path."""
    pixels = torch.tensor([table[f"p{i}"] for i in range(64)]).T.reshape(3, STRIP, 8, 8)
    level = (pixels.clamp(0, 1) * 4).round().int()
    for row, text in enumerate(("test digits", "decoded means f(z)", "draws f(z) + noise")):
        axes.text(0, -11 * row + 0.6, text, fontsize=11, color=style.MUTED)
    axes.set_xlim(-0.5, 9.5 * STRIP)
    axes.set_ylim(-30.5, 2.5)
    axes.set_aspect("equal")
    style.bare(axes)
    axes.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    (_, low), (_, high) = axes.transData.transform([(0, 0), (0, 1)])
    for strength in range(1, 5):
        x: list[float] = []
        y: list[float] = []
        for row, column, i, j in (level == strength).nonzero().tolist():
            left, top = 9.5 * column + j, -(11 * row + i + 0.5)
            x += [left, left + 1, math.nan]
            y += [top, top, math.nan]
        axes.plot(
            x, y, color=style.INK, alpha=strength / 4, lw=high - low, solid_capstyle="butt"
        )  # fmt: skip


def recipe(
    name: str,
    compute: Callable[[], style.Table],
    draw: Callable[[style.Table, style.Axes], None],
    size: tuple[int, int] = (360, 270),
    loose: bool = False,
) -> style.Recipe:
    """A figure of this page; loose where short trainings let rounding grow."""
    tolerance, absolute = (0.02, 0.02) if loose else (1e-3, 1e-6)
    return style.Recipe(name, compute, draw, size, tolerance=tolerance, absolute=absolute)


FIGURES = [
    recipe("models/vae/gap", gap, draw_gap),
    recipe("models/vae/gradients", gradients, draw_gradients),
    recipe("models/vae/budget", budget, draw_budget),
    recipe("models/vae/plane", plane, draw_plane, (360, 360)),
    recipe("models/vae/holes", holes, draw_holes, (360, 360)),
    recipe("models/vae/surgery", surgery, draw_surgery),
    recipe("models/vae/blur", blur, draw_blur),
    recipe("models/vae/strip", strip, draw_strip, (360, 200)),
]

if __name__ == "__main__":
    style.main(FIGURES)
