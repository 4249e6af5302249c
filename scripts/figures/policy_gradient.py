"""docs/training/policy-gradient/*.svg: GAE's bias and variance, the clip, GRPO's weights, age, passes, and failures."""

import math
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from scripts.figures import numbers, seeds, style

code: Any = import_module("docs.training.policy-gradient.policy_gradient")

DECAYS = tuple(n / 10 for n in range(11))
LENGTH, CRITICS, WRONG = 6, 20, 1.0  # tokens of a text; wrong critics and their deviation
RATIOS = tuple(n / 50 for n in range(20, 81))
SHARES = tuple(n / 50 for n in range(1, 50))
GROUPS = (4, 16, 64)
AGES = tuple(range(11))
PASSES = (1, 4, 16, 32)
SEEDS, STEPS, EARLY = 50, 40, 10
SOLVED = 0.9  # of the best reward
LIFT, LIFTED = 10.0, 200  # added to every reward; steps of these runs
CLIPPED = {"free": math.inf, "clipped": 0.2}


def long() -> tuple[Any, Tensor]:
    """Texts of six tokens of two kinds, rewards and logits drawn from the normal law."""
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(2**LENGTH - 1, 2, generator=generator, dtype=torch.float64)
    logits = torch.randn(2**LENGTH - 1, 2, generator=generator, dtype=torch.float64)
    return code.texts(table, LENGTH), logits


def errors(process: Any, logits: Tensor, critic: Tensor, decay: float) -> tuple[float, float]:
    """Squared bias and variance of GAE's gradient, exact and summed over all logits."""
    theta = logits.clone().requires_grad_()
    (true,) = torch.autograd.grad(code.expected(theta, process), theta)
    p = code.log_probabilities(logits, process).sum(-1).exp()
    advantage = code.gae(process.rewards, critic[process.states], decay)
    mean, var = code.moments(p, code.estimate(advantage, code.scores(logits, process)))
    return float((mean - true).square().sum()), float(var.sum())


def gae() -> style.Table:
    """By the decay: variance with the right values; bias and variance with wrong ones."""
    process, logits = long()
    right = code.values(logits, process)
    generator = torch.Generator().manual_seed(1)
    noise = WRONG * torch.randn(CRITICS, len(right), generator=generator, dtype=torch.float64)
    table: style.Table = {"decay": list(DECAYS)}
    exact = [errors(process, logits, right, decay) for decay in DECAYS]
    table["right bias"] = [round(bias, 12) for bias, _ in exact]
    table["right variance"] = [var for _, var in exact]
    found = [[errors(process, logits, right + e, decay) for e in noise] for decay in DECAYS]
    both = torch.tensor(found, dtype=torch.float64)
    seeds.span(table, "bias", both[..., 0])
    seeds.span(table, "variance", both[..., 1])
    return table


def draw_gae(table: style.Table, panels: list[style.Axes]) -> None:
    """Right values above, wrong ones below."""
    above, below = panels
    above.plot(table["decay"], table["right variance"], "o-", color=style.SERIES[0])
    above.plot(table["decay"], table["right bias"], "s--", color=style.SERIES[1])
    style.label_line(above, 0.55, table["right variance"][5], "variance", dx=-20, dy=12)
    style.label_line(above, 0.55, 0.0, "bias²", dx=-10, dy=10)
    above.set_title("a critic that is right")
    seeds.draw_span(below, table, "decay", "variance", 0, "variance")
    seeds.draw_span(below, table, "decay", "bias", 1, "bias²")
    below.set_title("a critic that is wrong by 1")
    below.set_xlabel("λ")
    below.legend(loc="upper center")
    for axes in panels:
        axes.set_ylim(-0.5, None)


def clip() -> style.Table:
    """Objective of a token and its slope against the ratio, for advantages of 1 and -1."""
    table: style.Table = {"ratio": list(RATIOS)}
    for name, advantage in (("good", 1.0), ("bad", -1.0)):
        ratio = torch.tensor(RATIOS, dtype=torch.float64).requires_grad_()
        gain = code.surrogate(ratio, torch.full_like(ratio, advantage))
        (slope,) = torch.autograd.grad(gain.sum(), ratio)
        table[name] = gain.detach().tolist()
        edges = [min(abs(r - 0.8), abs(r - 1.2)) < 1e-9 for r in RATIOS]  # no slope at a corner
        table[f"{name} slope"] = [
            float("nan") if edge else float(s) for edge, s in zip(edges, slope, strict=True)
        ]
    return table


def draw_clip(table: style.Table, axes: style.Axes) -> None:
    """Both objectives; thick where the slope is zero."""
    for n, (name, label) in enumerate((("good", "advantage 1"), ("bad", "advantage −1"))):
        axes.plot(table["ratio"], table[name], ("-", "--")[n], color=style.SERIES[n], label=label)
        flat = [
            (r, g)
            for r, g, s in zip(table["ratio"], table[name], table[f"{name} slope"], strict=True)
            if s == 0
        ]
        axes.plot(*zip(*flat, strict=True), color=style.SERIES[n], linewidth=5, alpha=0.5)
        style.label_line(axes, *flat[len(flat) // 2], "no gradient", dx=-30, dy=10)
    for edge in (0.8, 1.2):
        axes.axvline(edge, color=style.SERIES[4], linewidth=0.8)
    axes.set_xlabel("ratio ρ")
    axes.set_ylabel("objective")
    axes.legend(loc="center right")


def weight(q: float, n: int) -> float:
    """Mean of GRPO's gradient over the gradient of the share q of right answers, for groups of n."""
    spread = sum(
        math.comb(n, k) * q**k * (1 - q) ** (n - k) * math.sqrt(k * (n - k)) / n
        for k in range(n + 1)
    )
    return spread / (q * (1 - q))


def weights() -> style.Table:
    """Weights of questions by the share of right answers."""
    table: style.Table = {"share": list(SHARES)}
    for n in GROUPS:
        table[f"n {n}"] = [weight(q, n) for q in SHARES]
    table["limit"] = [1 / math.sqrt(q * (1 - q)) for q in SHARES]
    return table


def draw_weights(table: style.Table, axes: style.Axes) -> None:
    """A line for each size of the group, and 1 for the leave-one-out baseline."""
    for n, size in enumerate(GROUPS):
        axes.plot(
            table["share"],
            table[f"n {size}"],
            seeds.MARKS[n],
            color=style.SERIES[n],
            markevery=6,
            label=f"GRPO, n = {size}",
        )
    axes.plot(
        table["share"], table["limit"], ":", color=style.SERIES[4], label="GRPO, n without limit"
    )
    axes.axhline(1, color=style.SERIES[3], label="leave-one-out")
    axes.set_ylim(0, 7.5)
    axes.set_xlabel("share of right answers to the question")
    axes.set_title("weight of the question's gradient")
    axes.legend(loc="upper center")


def age() -> style.Table:
    """After steps of exact ascent: error of the mean gradient from old texts, and variances."""
    process, start = long()
    old = code.log_probabilities(start, process).sum(-1)
    table: style.Table = {
        name: [] for name in ("age", "kl", "without", "with", "fresh variance", "variance")
    }
    theta = start.clone()
    reward = process.rewards.sum(-1)
    for step in AGES:
        theta = theta.detach().requires_grad_()
        gain = code.expected(theta, process)
        (true,) = torch.autograd.grad(gain, theta)
        here = theta.detach()
        new = code.log_probabilities(here, process).sum(-1)
        one = code.estimate(
            (reward - gain.detach())[:, None].expand(-1, LENGTH), code.scores(here, process)
        )
        ratio = (new - old).exp()[:, None, None]
        plain, _ = code.moments(old.exp(), one)
        right, var = code.moments(old.exp(), ratio * one)
        _, fresh = code.moments(new.exp(), one)
        size = float(true.norm())
        row = (
            step,
            float((new.exp() * (new - old)).sum()),
            round(float((plain - true).norm()) / size, 12),
            round(float((right - true).norm()) / size, 12),
            float(fresh.sum()),
            float(var.sum()),
        )
        for name, value in zip(table, row, strict=True):
            table[name].append(float(value))
        theta = here + 0.2 * true
    return table


def draw_age(table: style.Table, panels: list[style.Axes]) -> None:
    """Error of the mean above, variance below."""
    above, below = panels
    above.plot(
        table["age"], table["without"], "s--", color=style.SERIES[1], label="without the ratio"
    )
    above.plot(table["age"], table["with"], "o-", color=style.SERIES[0], label="with the ratio")
    above.set_title("error of the mean gradient, relative")
    above.legend(loc="upper left")
    below.plot(
        table["age"], table["variance"], "o-", color=style.SERIES[0], label="old texts, with ratio"
    )
    below.plot(
        table["age"], table["fresh variance"], "^:", color=style.SERIES[2], label="fresh texts"
    )
    below.set_ylim(0, None)
    below.set_title("variance of one text's gradient")
    below.set_xlabel("steps since the texts were drawn")
    below.legend(loc="upper left")


def ran(table: style.Table, name: str, setting: Any, baseline: bool = False) -> None:
    """Adds to columns what runs end with: reward and runs near the best, early and late, and entropy."""
    process, logits = code.example() if baseline else long()
    top = float(process.rewards.sum(-1).max())
    curve, theta = code.train(process, logits, LIFTED if baseline else STEPS, setting, SEEDS)
    for when in (EARLY, len(curve) - 1):
        late = "late" if when > EARLY else "early"
        share = curve[when] / top
        seeds.put(table, f"{name} {late}", share.tolist())
        table.setdefault(f"{name} {late}, near", []).append(float((share > SOLVED).sum()))
    seeds.put(table, f"{name} entropy", code.entropy(theta, process).tolist())


def passes() -> style.Table:
    """Reward over the best, by passes over the same four texts, without the clip and with it."""
    table: style.Table = {"passes": [float(n) for n in PASSES]}
    for name, edge in CLIPPED.items():
        for n in PASSES:
            ran(table, name, code.Settings(samples=4, rate=1.0, passes=n, clip=edge))
    return table


def draw_passes(table: style.Table, panels: list[style.Axes]) -> None:
    """Runs that end near the best reward, and entropy."""
    for axes, what in zip(panels, ("late, near", "entropy"), strict=True):
        for n, (name, label) in enumerate((("free", "without clip"), ("clipped", "clip 0.2"))):
            axes.plot(
                table["passes"],
                table[f"{name} {what}"],
                seeds.MARKS[n],
                color=style.SERIES[n],
                label=label,
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(table["passes"], [f"{n:.0f}" for n in table["passes"]])
        axes.set_ylim(0, None)
    panels[0].set_title("runs of 50 that end near the best reward")
    panels[1].set_title("entropy of the texts at the end, in nats")
    panels[1].set_xlabel("passes over the same four texts")
    panels[0].legend(loc="upper right")


def failures() -> style.Table:
    """Three baselines with few texts and a lifted reward; entropy bonuses and more texts; other step sizes."""
    table: style.Table = {"row": [0.0, 1.0, 2.0]}
    for setting in (
        code.Settings(4, 0.1, baseline="none", lift=LIFT),
        code.Settings(4, 0.1, baseline="others", lift=LIFT),
        code.Settings(4, 0.1, baseline="none"),
    ):
        ran(table, "baseline", setting, baseline=True)
    for setting in (
        code.Settings(4, 1.0, 16, bonus=0.1),
        code.Settings(4, 1.0, 16, bonus=1.0),
        code.Settings(16, 1.0, 16),
    ):
        ran(table, "cure", setting)
    for name, edge in CLIPPED.items():  # the passes divide the step; then one step as long as four
        for rate, n in ((1 / 4, 4), (1 / 16, 16), (4.0, 1)):
            ran(table, f"size {name}", code.Settings(4, rate, n, edge))
    return table


FIGURES = [
    style.Recipe("training/policy-gradient/gae", gae, draw_gae, size=(440, 480), grid=(2, 1)),
    style.Recipe("training/policy-gradient/clip", clip, draw_clip, size=(440, 280)),
    style.Recipe("training/policy-gradient/weights", weights, draw_weights, size=(440, 320)),
    style.Recipe("training/policy-gradient/age", age, draw_age, size=(440, 460), grid=(2, 1)),
    style.Recipe(
        "training/policy-gradient/passes", passes, draw_passes, size=(440, 420), grid=(2, 1)
    ),
    numbers.Numbers("training/policy-gradient/failures", failures),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
