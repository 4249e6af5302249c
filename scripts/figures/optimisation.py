"""docs/training/optimisation/*.svg in closed form or by simulation: factors by rate, gain by batch."""

import torch
from torch import Tensor

from docs.training.optimisation import optimisation as code
from scripts.figures import seeds, style

RATES = tuple(round(0.005 * n, 3) for n in range(1, 61))
BETAS = (0.0, 0.25, 0.9)
BATCHES = tuple(2**n for n in range(9))
DRAWS = 40_000


def factors() -> style.Table:
    """What the slower of both errors is multiplied by a step, by rate, for three momenta."""
    table: style.Table = {"rate": list(RATES)}
    for beta in BETAS:
        table[f"beta {beta:g}"] = [
            max(code.factor(rate, beta, curve) for curve in code.CURVES) for rate in RATES
        ]
    return table


def draw_factors(table: style.Table, axes: style.Axes) -> None:
    """A line for each momentum; dashed: above it the loss grows."""
    names = ("gradient descent", "momentum, β = 0.25", "momentum, β = 0.9")
    for n, (beta, name) in enumerate(zip(BETAS, names, strict=True)):
        axes.plot(
            table["rate"],
            table[f"beta {beta:g}"],
            seeds.MARKS[n],
            color=style.SERIES[n],
            label=name,
            markevery=6,
        )
    axes.axhline(1, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set_ylim(0.4, 1.5)
    axes.set_xlabel("learning rate")
    axes.set_title("error after a step over error before")
    axes.legend(loc="upper left", fontsize=10)


def problem() -> tuple[Tensor, Tensor, Tensor]:
    """Gradient at START, Hessian, and the covariance of one example's gradient."""
    w = torch.tensor(code.START, dtype=torch.float64)
    hessian = torch.diag(torch.tensor(code.CURVES, dtype=torch.float64))
    covariance = torch.tensor([[829.0, 200.0], [200.0, 829.0]], dtype=torch.float64)
    return code.slope(w), hessian, covariance


def best(batch: float) -> float:
    """The rate that gains most at a batch."""
    gradient, hessian, covariance = problem()
    bent = gradient @ hessian @ gradient + (hessian @ covariance).trace() / batch
    return float(gradient @ gradient / bent)


def gains() -> style.Table:
    """Fall of the loss in a step at the best rate, by batch: formula, and mean and error of drawn steps."""
    gradient, hessian, covariance = problem()
    half = torch.linalg.cholesky(covariance)
    w = torch.tensor(code.START, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    table: style.Table = {"batch": [float(b) for b in BATCHES], "formula": [], "mean": [], "error": []}  # fmt: skip
    for batch in BATCHES:
        drawn = torch.randn(DRAWS, 2, generator=generator, dtype=torch.float64) @ half.T
        g = gradient + drawn / batch**0.5  # the mean of a batch of normal gradients
        new = w - best(batch) * g
        falls = (w @ hessian @ w - ((new @ hessian) * new).sum(1)) / 2
        table["formula"].append(code.gain(best(batch), batch, gradient, hessian, covariance))
        table["mean"].append(float(falls.mean()))
        table["error"].append(float(falls.std()) / DRAWS**0.5)
    return table


def draw_gains(table: style.Table, axes: style.Axes) -> None:
    """The formula as a line, the measured means as marks."""
    axes.plot(table["batch"], table["formula"], color=style.SERIES[0], label="formula")
    axes.errorbar(
        table["batch"],
        table["mean"],
        yerr=[2 * e for e in table["error"]],
        fmt="s",
        color=style.SERIES[1],
        capsize=3,
        label=f"mean of {DRAWS:,} drawn steps",
    )
    scale = code.noise_scale(*problem())
    axes.axvline(scale, color=style.MUTED, linestyle="--", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
    axes.minorticks_off()
    axes.set_xlabel("examples in a batch")
    axes.set_title("fall of the loss in a step, at the best rate")
    axes.legend(loc="lower right")


FIGURES = [
    style.Recipe("training/optimisation/rates", factors, draw_factors, size=(440, 300)),
    style.Recipe("training/optimisation/batch", gains, draw_gains, size=(440, 290)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
