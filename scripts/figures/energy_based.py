"""docs/models/energy-based/*.svg: the example trained, rules against a known energy, blindness, Langevin steps, RBM."""

import math
from functools import cache
from importlib import import_module

import numpy as np
import torch
from torch import Tensor

from scripts.figures import style

energy = import_module("docs.models.energy-based.energy_based")
rbm = import_module("docs.models.energy-based.rbm")

ROUNDS = 20  # steps of the example
SEEDS, POINTS, RIDGE = 5, 300, 3e-4
NEAR, FAR = 1.0, 2.0  # distance of each mode from the middle
SPREAD, WEIGHTS = 0.5, (0.3, 0.7)
SIGMA, WIDE = 0.3, 1.0  # noise of denoising score matching
DRAWS = 10  # noises or directions for each point
STEP, LONG = 0.2, 4  # Langevin steps of contrastive divergence
LINE = torch.linspace(-3, 3, 6, dtype=torch.float64)
FAMILY = energy.Bumps(torch.cartesian_prod(LINE, torch.linspace(-1.8, 1.8, 4, dtype=torch.float64)))
AXIS = torch.linspace(-4.9, 4.9, 40, dtype=torch.float64)
GRID = torch.cartesian_prod(AXIS, AXIS)
CELL = float((AXIS[1] - AXIS[0]) ** 2)
RULES = {
    "exact": "likelihood, by quadrature",
    "cd1": "CD-1",
    "cd4": "CD-4",
    "pcd1": "persistent CD-1",
    "explicit": "score matching, explicit",
    "sliced": "score matching, sliced",
    "denoising": "score matching, denoising",
    "nce": "noise contrast",
}
HS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
DISTANCES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25)
BUDGETS = (100, 300, 1000, 3000)
PLACES = np.linspace(-5, 5, 161)


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each use."""
    return torch.Generator().manual_seed(seed)


# The example.


def example() -> style.Table:
    """The probability of the fourth place while the energies are learned by three gradients."""
    table: style.Table = {"step": [float(i) for i in range(ROUNDS + 1)]}
    for name, steps in (("exact", 0), ("CD-1", 1), ("CD-3", 3)):
        values = energy.ENERGIES
        rows = []
        for _ in range(ROUNDS + 1):
            model, _ = energy.probabilities(values)
            rows.append(float(model[3]))
            if steps:
                model = energy.contrastive(values, energy.DATA, steps)
            values = energy.likelihood_step(values, energy.DATA, model, energy.RATE)
        table[name] = rows
    return table


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """Three falling or resting curves."""
    for n, (name, mark) in enumerate((("CD-1", "s--"), ("CD-3", "^:"), ("exact", "o-"))):
        axes.plot(table["step"], table[name], mark, color=style.SERIES[n], label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("probability of place 4")
    axes.set_ylim(0, 1.02)
    axes.set_xticks([0, 5, 10, 15, 20])
    axes.legend(loc="center right")


# Learned against known.


def known(distance: float) -> energy.Mixture:  # type: ignore[name-defined]
    """Two modes in the plane, 30 % to the left and 70 % to the right."""
    means = torch.tensor([[-distance, 0.0], [distance, 0.0]], dtype=torch.float64)
    return energy.Mixture(means, SPREAD, torch.tensor(WEIGHTS, dtype=torch.float64))


def judged(distance: float, theta: Tensor) -> tuple[float, float]:
    """KL divergence of the learned from the known distribution, and the learned share of the right half."""
    log_p = -known(distance).energy(GRID)
    log_q = torch.log_softmax(-FAMILY(theta)(GRID), 0) - math.log(CELL)
    right = (log_q.exp() * CELL)[GRID[:, 0] > 0].sum()
    return float((log_p.exp() * (log_p - log_q)).sum() * CELL), float(right)


@cache
def points() -> Tensor:
    """Data of both distances and all seeds, (2, SEEDS, POINTS, 2)."""
    return torch.stack(
        [
            torch.stack([known(distance).sample(POINTS, seeded(seed)) for seed in range(SEEDS)])
            for distance in (NEAR, FAR)
        ]
    )


def fitted(rule: str, x: Tensor, seed: int) -> Tensor:
    """The heights of least loss by a rule that needs no samples of the model."""
    generator = seeded(100 + seed)
    many = x.repeat(DRAWS, 1)
    v, eps, noise = (torch.randn(many.shape, generator=generator, dtype=x.dtype) for _ in range(3))
    middle, width = x.mean(0), x.std(0)
    if rule == "nce, narrow":
        middle, width = torch.zeros(2).double(), torch.full((2,), 0.5).double()

    def log_q(y: Tensor) -> Tensor:
        return -(((y - middle) / width) ** 2).sum(-1) / 2 - (2 * math.pi * width.prod()).log()

    def loss(theta: Tensor) -> Tensor:
        found = FAMILY(theta)
        ridge = RIDGE / 2 * (theta**2).sum()
        total: Tensor
        if rule == "exact":
            total = found(x).mean() + torch.logsumexp(-found(GRID), 0) + math.log(CELL)
        elif rule == "explicit":
            total = energy.explicit(found, x)
        elif rule == "sliced":
            total = energy.sliced(found, many, v)
        elif rule.startswith("denoising"):
            spread = WIDE if rule == "denoising, wide" else SIGMA
            return energy.denoising(found, many, eps, spread) + spread**2 * ridge  # type: ignore[no-any-return]
        else:
            fake = middle + width * noise
            total = energy.noise_contrastive(FAMILY(theta[1:]), theta[0], x, fake, log_q)
        return total + ridge

    start = torch.zeros(len(FAMILY.centres) + rule.startswith("nce"), dtype=x.dtype)
    theta: Tensor = energy.fit(loss, start, 6 if rule == "exact" or rule.startswith("nce") else 1)
    return theta[-len(FAMILY.centres) :]


@cache
@torch.enable_grad()
def learned(rule: str) -> Tensor:
    """The heights of both distances and all seeds, (2, SEEDS, K)."""
    walks = {"cd1": (1, False), "cd4": (LONG, False), "pcd1": (1, True)}
    if rule in walks:
        steps, persistent = walks[rule]
        return energy.train(FAMILY, points(), STEP, steps, persistent, seeded(1))  # type: ignore[no-any-return]
    return torch.stack(
        [torch.stack([fitted(rule, x, s) for s, x in enumerate(sets)]) for sets in points()]
    )


@cache
def judgements(rule: str) -> Tensor:
    """Divergence and share of the right half, (2, SEEDS, 2)."""
    return torch.tensor(
        [
            [judged(distance, theta) for theta in sets]
            for distance, sets in zip((NEAR, FAR), learned(rule), strict=True)
        ]
    )


def rules() -> style.Table:
    """For each rule mean and standard deviation over seeds, near and far."""
    names = [*RULES, "denoising, wide", "nce, narrow"]
    table: style.Table = {"rule": [float(i) for i in range(len(names))]}
    for i, where in enumerate(("near", "far")):
        for j, what in enumerate(("divergence", "right")):
            found = [judgements(name)[i, :, j] for name in names]
            table[f"{where}, {what}"] = [float(f.mean()) for f in found]
            table[f"{where}, {what}, deviation"] = [float(f.std()) for f in found]
    return table


def draw_rules(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the divergences, right the shares."""
    n = len(RULES)
    rows = list(range(n))[::-1]
    for axes, what in zip(panels, ("divergence", "right"), strict=True):
        for k, (where, mark) in enumerate((("near", "o"), ("far", "s"))):
            axes.errorbar(
                table[f"{where}, {what}"][:n],
                [row + 0.14 - 0.28 * k for row in rows],
                xerr=table[f"{where}, {what}, deviation"][:n],
                fmt=mark,
                color=style.SERIES[k],
                capsize=2,
                label=where,
            )
    panels[0].set_yticks(rows, list(RULES.values()))
    panels[1].set_yticks(rows, [""] * n)
    panels[0].set_xscale("log")
    panels[0].set_xticks([0.05, 0.2, 1], ["0.05", "0.2", "1"])
    panels[0].minorticks_off()
    panels[0].set_xlabel("KL divergence (nats)")
    panels[1].axvline(WEIGHTS[1], color=style.MUTED, ls=":")
    panels[1].set_xlabel("share of the right half")
    panels[1].legend(loc="upper right")


# What the score does not see.


def log_density(x: np.ndarray, distance: float, spread: float, right: float) -> np.ndarray:
    """Of two modes on a line."""
    parts = [
        np.log(w) - (x - m) ** 2 / (2 * spread**2)
        for w, m in ((1 - right, -distance), (right, distance))
    ]
    found: np.ndarray = np.logaddexp(*parts) - math.log(spread * math.sqrt(2 * math.pi))
    return found


def blind() -> style.Table:
    """How far 70 % and 50 % to the right are apart: KL, and half the squared distance of scores; also with noise."""
    x = np.linspace(-8, 8, 4001)
    table: style.Table = {"distance": list(DISTANCES)}
    for name, spread in (("clean", SPREAD), ("noisy", math.hypot(SPREAD, WIDE))):
        pairs = []
        for distance in DISTANCES:
            p, q = (log_density(x, distance, spread, r) for r in (WEIGHTS[1], 0.5))
            score = np.gradient(p - q, x)
            mass = np.exp(p) * (x[1] - x[0])
            pairs.append((float((mass * (p - q)).sum()), float((mass * score**2).sum() / 2)))
        table[f"KL, {name}"] = [kl for kl, _ in pairs]
        table[f"scores, {name}"] = [fisher for _, fisher in pairs]
    return table


def draw_blind(table: style.Table, axes: style.Axes) -> None:
    """Four curves on a logarithmic axis."""
    for name, mark, n, label in (
        ("KL, clean", "o-", 0, "KL divergence"),
        ("scores, noisy", "^:", 2, "scores, with noise 1"),
        ("scores, clean", "s--", 1, "scores"),
    ):
        axes.plot(table["distance"], table[name], mark, color=style.SERIES[n], label=label)
    axes.set_yscale("log")
    axes.set_xlabel("distance of a mode from the middle")
    axes.set_ylabel("difference")
    axes.legend(loc="lower left")


# Langevin dynamics, exactly, on a grid.


def kernel(e: np.ndarray, h: float, correct: bool) -> np.ndarray:
    """Probabilities of a Langevin step between the places of the grid."""
    x = PLACES
    mean = x - h / 2 * np.gradient(e, x)
    move: np.ndarray = np.exp(-((x - mean[:, None]) ** 2) / (2 * h))
    move[move < 1e-30] = 0  # such numbers slow a machine down
    move /= move.sum(1, keepdims=True)
    if not correct:
        return move
    p = np.exp(e.min() - e)
    ratio = (p * move.T) / np.maximum(p[:, None] * move, 1e-300)
    move = move * np.minimum(1, ratio)
    np.fill_diagonal(move, move.diagonal() + 1 - move.sum(1))
    return move


def line(distance: float) -> tuple[np.ndarray, np.ndarray]:
    """Energy and probabilities of two modes on the grid."""
    e = -log_density(PLACES, distance, SPREAD, WEIGHTS[1])
    p = np.exp(-e)
    return e, p / p.sum()


def biases() -> style.Table:
    """By step size: how far the resting distribution is from the right one, and the steps that are kept."""
    e, p = line(NEAR)
    table: style.Table = {"h": list(HS), "plain": [], "corrected": [], "kept": []}
    for h in HS:
        for name in ("plain", "corrected"):
            move = kernel(e, h, name == "corrected").T - np.eye(len(p))
            move[0] = 1  # the shares add up to one
            rest = np.linalg.solve(move, np.eye(len(p))[0])
            table[name].append(float(np.abs(rest - p).sum() / 2))
        flow = p[:, None] * kernel(e, h, False)
        table["kept"].append(float(np.minimum(flow, flow.T).sum()))
    return table


def mixing() -> style.Table:
    """By distance: steps until a difference of the modes has fallen to 1/e."""
    table: style.Table = {"distance": list(DISTANCES), "steps": []}
    for distance in DISTANCES:
        e, p = line(distance)
        root = np.sqrt(p)
        same = root[:, None] * kernel(e, 0.1, True) / root
        second = np.linalg.eigvalsh((same + same.T) / 2)[-2]
        table["steps"].append(float(-1 / math.log(second)))
    return table


def annealing() -> style.Table:
    """Share on the right after walks from the left mode, at once and with the energy scaled up in 20 stages."""
    e, _ = line(FAR)
    start = np.exp(-((PLACES + FAR) ** 2) / (2 * SPREAD**2))
    start /= start.sum()
    table: style.Table = {"steps": [float(n) for n in BUDGETS], "plain": [], "annealed": []}
    scales = np.linspace(0.05, 1, 20)
    kernels = [kernel(b * e, 0.1, True) for b in scales]
    for n in BUDGETS:
        for name, moves in (
            ("plain", [kernels[-1]] * n),
            ("annealed", [k for k in kernels for _ in range(n // 20)]),
        ):
            end = start
            for move in moves:
                end = end @ move
            table[name].append(float(end[PLACES > 0].sum()))
    return table


def langevin() -> style.Table:
    """All three, filled up to one length."""
    table: style.Table = {}
    for name, part in (("bias", biases()), ("mix", mixing()), ("anneal", annealing())):
        for column, values in part.items():
            table[f"{name}: {column}"] = [*values, *[math.nan] * (len(DISTANCES) - len(values))]
    return table


def draw_langevin(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the bias by step size, right the time to mix by distance."""
    left, right = panels
    left.plot(table["bias: h"], table["bias: plain"], "o-", color=style.SERIES[0], label="plain")
    left.plot(
        table["bias: h"], table["bias: corrected"], "s--", color=style.SERIES[1], label="corrected"
    )
    left.plot(
        table["bias: h"],
        [1 - kept for kept in table["bias: kept"]],
        ":",
        color=style.MUTED,
        label="share refused",
    )
    left.set_xscale("log")
    left.set_xticks([0.025, 0.1, 0.4], ["0.025", "0.1", "0.4"])
    left.minorticks_off()
    left.set_xlabel("step size h")
    left.set_ylabel("total variation")
    left.legend(loc="upper left")
    right.plot(table["mix: distance"], table["mix: steps"], "o-", color=style.SERIES[0])
    right.set_yscale("log")
    right.set_xlabel("distance of a mode from the middle")
    right.set_ylabel("steps to mix")


# The restricted Boltzmann machine.

KS = (1, 3, 10)
STAGES, EACH = 8, 75


@cache
def machines() -> dict[str, Tensor]:
    """Log-likelihoods (SEEDS, STAGES + 1) by gradient, and the cosine of each CD gradient on the exact path."""
    data = rbm.bars()
    shares = rbm.empirical(data)
    found: dict[str, list[list[float]]] = {}
    for seed in range(SEEDS):
        for steps in (None, 1, 3):
            machine = rbm.start(6, 4, seeded(seed))
            rows: dict[str, list[float]] = {}
            for stage in range(STAGES + 1):
                rows.setdefault(f"{steps or 'exact'}", []).append(
                    float(machine.log_likelihood(data))
                )
                for k in KS if steps is None else ():
                    cosine = alike(machine, shares, k)
                    rows.setdefault(f"cosine {k}", []).append(cosine)
                if stage < STAGES:
                    machine = rbm.train(machine, data, steps, EACH, 1.0)
            for name, row in rows.items():
                found.setdefault(name, []).append(row)
    return {name: torch.tensor(rows) for name, rows in found.items()}


def alike(machine: rbm.Machine, shares: Tensor, k: int) -> float:  # type: ignore[name-defined]
    """Cosine of the angle between the exact gradient and that of CD-k."""
    both = [
        torch.cat([part.flatten() for part in machine.gradient(shares, machine.model(shares, s))])
        for s in (None, k)
    ]
    return float(torch.nn.functional.cosine_similarity(both[0], both[1], dim=0))


def machine() -> style.Table:
    """Means and standard deviations over seeds."""
    table: style.Table = {"step": [float(EACH * i) for i in range(STAGES + 1)]}
    for name, rows in machines().items():
        table[name] = rows.mean(0).tolist()
        table[f"{name}, deviation"] = rows.std(0).tolist()
    return table


def draw_machine(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the cosines, right the log-likelihoods."""
    left, right = panels
    for n, (k, mark) in enumerate(zip(KS, ("o-", "^:", "s--"), strict=True)):
        left.errorbar(
            table["step"],
            table[f"cosine {k}"],
            table[f"cosine {k}, deviation"],
            fmt=mark,
            capsize=2,
            color=style.SERIES[n],
            label=f"CD-{k}",
        )
    for n, (name, mark) in enumerate((("1", "o-"), ("3", "^:"), ("exact", "s--"))):
        right.plot(
            table["step"],
            table[name],
            mark,
            color=style.SERIES[n],
            label="exact" if name == "exact" else f"CD-{name}",
        )
    left.set_ylim(0, 1.05)
    left.set_ylabel("cosine with the exact gradient")
    right.set_ylabel("log-likelihood (nats)")
    for axes in panels:
        axes.set_xlabel("step")
        axes.legend(loc="lower right" if axes is right else "lower left")


FIGURES = [
    style.Recipe("models/energy-based/example", example, draw_example, (420, 260)),
    style.Recipe(
        "models/energy-based/rules",
        rules,
        draw_rules,
        (560, 330),
        (1, 2),
        tolerance=0.02,
        absolute=0.02,
    ),
    style.Recipe("models/energy-based/blind", blind, draw_blind, (420, 270)),
    style.Recipe("models/energy-based/langevin", langevin, draw_langevin, (560, 270), (1, 2)),
    style.Recipe(
        "models/energy-based/machine",
        machine,
        draw_machine,
        (560, 280),
        (1, 2),
        absolute=0.005,
    ),
]

if __name__ == "__main__":
    style.main(FIGURES)
