"""docs/training/preference-optimisation/*.csv without pictures: shares, noise, online pairs, beta."""

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from scripts.figures import numbers, seeds, style
from scripts.figures.preference_optimisation import (
    APART,
    PAIRS,
    SEEDS,
    WEIGHT,
    code,
    generator,
    normal,
    runs,
    tasks,
)  # fmt: skip

FLIPPED, SAMPLES = 0.2, (200, 5000)
ANSWERS, WIDTH, ROUNDS, PENALTY = 64, 8, 8, 0.3
BETAS = (0.03, 0.1, 0.3, 1.0, 3.0)


def shares() -> style.Table:
    """Share of chosen answers that became less probable, by how far apart chosen and rejected are."""
    table: style.Table = {"apart": list(APART), "cosine": [1 / (1 + a * a) for a in APART]}
    for name, weight in (("DPO", 0.0), ("with likelihood", WEIGHT)):
        found = [runs(a, weight)[0][-1] for a in APART]
        fallen = torch.stack([(u[..., 0] < 0).double().mean(-1) for u in found])
        seeds.span(table, name, fallen)
        table[f"{name} margin"] = [float((u[..., 0] - u[..., 1]).mean()) for u in found]
    first = [(tasks.first_order(tasks.alike(a, SEEDS)) < 0).double().mean() for a in APART]
    table["first step"] = [float(share) for share in first]
    return table


def noise() -> style.Table:
    """Divergence of the best policy from what was learned: labels right, or a fifth of them flipped."""
    torch.set_num_threads(1)
    by = generator()
    log_ref, reward = normal(8, by=by).log_softmax(-1), normal(8, by=by)
    best, free = code.optimum(log_ref, reward, 1.0), torch.eye(8, dtype=torch.float64)
    table: style.Table = {"pairs": [float(n) for n in SAMPLES]}
    for count in SAMPLES:
        first = torch.randint(8, (SEEDS, count), generator=by)
        second = (first + torch.randint(1, 8, (SEEDS, count), generator=by)) % 8
        pairs = code.judged(torch.stack([first, second], -1), reward.expand(SEEDS, -1), by)
        flip = torch.rand(SEEDS, count, 1, generator=by) < FLIPPED
        flipped = torch.where(flip, pairs.flip(-1), pairs)
        for name, loss, labels in (
            ("right labels, DPO", code.dpo, pairs),
            ("DPO", code.dpo, flipped),
            ("cDPO", partial(code.smoothed, noise=FLIPPED), flipped),
            ("robust DPO", partial(code.robust, noise=FLIPPED), flipped),
        ):
            data = counted(labels)
            theta = code.fit(loss, torch.zeros(SEEDS, 8).double(), log_ref, free, data, 300, 1.0)
            log_pi = code.policy(theta, log_ref, free)
            seeds.put(table, name, (log_pi.exp() * (log_pi - best)).sum(-1).tolist())
    return table


def counted(pairs: Tensor) -> Any:
    """The same pairs with weights: (S, n, 2), of eight answers."""
    every = torch.cartesian_prod(torch.arange(8), torch.arange(8))
    code_of = pairs[..., 0] * 8 + pairs[..., 1]
    weight = torch.stack([torch.bincount(row, minlength=64) for row in code_of]).double()
    return code.Data(every, weight / pairs.shape[1], torch.ones(8).double())


def world(residual: float) -> tuple[Tensor, Tensor, Tensor, torch.Generator]:
    """Reference, features and reward of 20 worlds of 64 answers; the residual is what features do not say."""
    torch.set_num_threads(1)
    by = generator()
    features = normal(SEEDS, ANSWERS, WIDTH, by=by)
    reward = (features @ normal(SEEDS, WIDTH, 1, by=by))[..., 0] / math.sqrt(WIDTH)
    reward = reward + residual * normal(SEEDS, ANSWERS, by=by)
    return normal(SEEDS, ANSWERS, by=by).log_softmax(-1), features, reward, by


def value(log_pi: Tensor, log_ref: Tensor, reward: Tensor) -> tuple[Tensor, Tensor]:
    """Mean reward and divergence of each seed."""
    p = log_pi.exp()
    return (p * reward).sum(-1), (p * (log_pi - log_ref)).sum(-1)


def policies() -> style.Table:
    """True reward, divergence and objective: 400 pairs of the reference, of another model, or of the policy itself."""
    table: style.Table = {"residual": [1.0, 0.3]}
    for residual in table["residual"]:
        log_ref, features, reward, by = world(residual)
        other = (normal(SEEDS, ANSWERS, by=by) - reward).softmax(-1)  # gives bad answers more often
        found = {}
        for name, p in (("reference", log_ref.exp()), ("another", other)):
            pairs = code.judged(code.draw(p, PAIRS, by), reward, by)
            theta = code.fit(
                partial(code.dpo, beta=PENALTY), torch.zeros(SEEDS, WIDTH).double(), log_ref, features,
                code.alike(pairs, log_ref), 100 * ROUNDS, 1 / PENALTY**2,
            )  # fmt: skip
            found[name] = code.policy(theta, log_ref, features)
        theta = code.online(log_ref, features, reward, PENALTY, ROUNDS, PAIRS // ROUNDS, by)
        found["online"] = code.policy(theta, log_ref, features)
        found["best"] = torch.log_softmax(log_ref + reward / PENALTY, -1)
        goals = {}
        for name, log_pi in found.items():
            mean, moved = value(log_pi, log_ref, reward)
            goals[name] = mean - PENALTY * moved
            for kind, values in (
                ("reward", mean),
                ("divergence", moved),
                ("objective", goals[name]),
            ):
                seeds.put(table, f"{name} {kind}", values.tolist())
        ahead = (goals["online"] > goals["reference"]).sum()
        table.setdefault("online ahead", []).append(float(ahead))
    return table


def betas() -> style.Table:
    """True reward and divergence by beta: 500 steps of DPO on 50 pairs of the reference."""
    log_ref, features, reward, by = world(0.3)
    pairs = code.judged(code.draw(log_ref.exp(), PAIRS // 8, by), reward, by)
    data = code.alike(pairs, log_ref)
    theta = code.fit(
        code.dpo, torch.zeros(SEEDS, WIDTH).double(), log_ref, features, data, 500, 1.0
    )
    table: style.Table = {"beta": list(BETAS)}
    for beta in BETAS:
        found = value(code.policy(theta / beta, log_ref, features), log_ref, reward)
        for kind, values in zip(("reward", "divergence"), found, strict=True):
            seeds.put(table, kind, values.tolist())
    return table


FIGURES = [
    numbers.Numbers("training/preference-optimisation/shares", shares),
    numbers.Numbers("training/preference-optimisation/noise", noise),
    numbers.Numbers("training/preference-optimisation/policies", policies),
    numbers.Numbers("training/preference-optimisation/betas", betas),
]

if __name__ == "__main__":
    style.main(FIGURES)
