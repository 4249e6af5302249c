"""The figures of docs/training/rlhf.md: the optimum, over-optimisation, estimates of the divergence."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from docs.training.rlhf import rlhf
from scripts.figures import style


def expected_wins() -> Tensor:
    """Counts in proportion to what endless comparisons of answers of the reference would give."""
    ref = rlhf.LOG_REF.exp()
    wins = rlhf.preferred(rlhf.GOLD) * ref[:, None] * ref[None, :]
    return wins - torch.diag_embed(wins.diagonal())


def policies() -> style.Table:
    """The reference, the best policies for two values of beta, and what three methods make of comparisons."""
    torch.set_num_threads(1)  # twelve numbers: more threads only wait for one another
    table: style.Table = {"answer": [float(i + 1) for i in range(len(rlhf.ANSWERS))]}
    table["reward"] = rlhf.GOLD.tolist()
    table["reference"] = rlhf.LOG_REF.exp().tolist()
    for beta in (2.0, 0.5):
        table[f"beta {beta:g}"] = rlhf.optimum(rlhf.LOG_REF, rlhf.GOLD, beta).exp().tolist()
    generator = torch.Generator().manual_seed(0)
    wins = rlhf.compare(rlhf.GOLD, 20_000, torch.full_like(rlhf.LOG_REF, -math.log(12)), generator)
    fitted = rlhf.fit_reward(wins, torch.eye(12, dtype=torch.float64), prior=1e-8)
    for name, method in (("policy gradient", "reinforce"), ("ppo", "ppo")):
        table[name] = rlhf.train(fitted, 0.5, 300, generator, method).exp().tolist()
    table["dpo"] = tune(wins, 0.5).exp().tolist()
    return table


def tune(wins: Tensor, beta: float) -> Tensor:
    """The policy with the least DPO loss, log-probabilities (Y,)."""
    logits = rlhf.LOG_REF.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([logits], max_iter=500, tolerance_change=1e-12)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = rlhf.dpo_loss(torch.log_softmax(logits, 0), rlhf.LOG_REF, wins, beta)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return torch.log_softmax(logits, 0).detach()


def draw_policies(table: style.Table, axes: style.Axes) -> None:
    """Probability of each answer against its reward."""
    order = sorted(range(len(table["reward"])), key=lambda i: table["reward"][i])
    x = [table["reward"][i] for i in order]
    shown = (("reference", "o", "-"), ("beta 2", "s", "--"), ("beta 0.5", "^", "-"))
    for color, (name, mark, line) in zip(style.SERIES, shown, strict=False):
        label = name.replace("beta", "best, β =")
        y = [table[name][i] for i in order]
        axes.plot(x, y, line, marker=mark, color=color, label=label, linewidth=1.4)
    learned = (
        ("policy gradient", "|", "policy gradient"),
        ("ppo", "_", "PPO"),
        ("dpo", "x", "DPO"),
    )
    for color, (name, mark, label) in zip(style.SERIES[3:], learned, strict=False):
        y = [table[name][i] for i in order]
        axes.plot(x, y, mark, color=color, markersize=9, label=label)
    axes.legend(loc="upper left")
    axes.set_xlabel("reward of the answer (nats)")
    axes.set_title("Probability of each answer")


BETAS = [10 ** (1.2 - i / 10) for i in range(31)]
SEEDS = 40
COMPARISONS = 40
DECAYS = (1e-2, 1e-5)  # of the reward model: the one of all figures, and a far weaker one


def few(seed: int) -> tuple[Tensor, Tensor]:
    """Forty comparisons of answers of the reference, and the reward that is fitted to them."""
    wins = rlhf.compare(rlhf.GOLD, COMPARISONS, rlhf.LOG_REF, torch.Generator().manual_seed(seed))
    return wins, rlhf.fit_reward(wins, torch.eye(12, dtype=torch.float64), DECAYS[0])


def falling(r: Tensor) -> list[list[float]]:
    """Divergence, true reward and fitted reward of the best policy at each of BETAS."""
    best = [rlhf.optimum(rlhf.LOG_REF, r, beta) for beta in BETAS]
    return [
        [float(rlhf.divergence(p, rlhf.LOG_REF)) for p in best],
        [float(p.exp() @ rlhf.GOLD) for p in best],
        [float(p.exp() @ r) for p in best],
    ]


def curve() -> style.Table:
    """True reward of the best policy for a right and for wrong reward models, as beta falls."""
    torch.set_num_threads(1)  # twelve numbers: more threads only wait for one another
    wrong = rlhf.SURFACE @ rlhf.fit_reward(expected_wins(), rlhf.SURFACE)
    table: style.Table = {"beta": BETAS}
    for name, r in (("true", rlhf.GOLD), ("surface", wrong)):
        for what, column in zip(("kl", "gold", "proxy"), falling(r), strict=True):
            table[f"{what}, {name}"] = column
    runs = torch.tensor([falling(few(seed)[1])[:2] for seed in range(SEEDS)]).double()
    table["kl, few"] = runs[:, 0].mean(0).tolist()
    table["gold, few"] = runs[:, 1].mean(0).tolist()
    table["gold, few, a tenth below"] = runs[:, 1].quantile(0.1, dim=0).tolist()
    table["gold, few, a tenth above"] = runs[:, 1].quantile(0.9, dim=0).tolist()
    return table


def fallen() -> style.Table:
    """What becomes of the true reward with each of SEEDS sets of forty comparisons."""
    start = float(rlhf.LOG_REF.exp() @ rlhf.GOLD)
    table: style.Table = {name: [] for name in ("seed", "start", "peak", "end", "losers")}
    for seed in range(SEEDS):
        wins, r = few(seed)
        gold = falling(r)[1]
        row = (seed, start, max(gold), gold[-1], int(losing(wins).sum()))
        for name, value in zip(table, row, strict=True):
            table[name].append(float(value))
    return table


def losing(wins: Tensor) -> Tensor:
    """Which answers were compared and lost every time, (Y,)."""
    return (wins.sum(1) == 0) & (wins.sum(0) > 0)


def draw_curve(table: style.Table, axes: style.Axes) -> None:
    """True reward against the root of the divergence, for three reward models."""
    labels = (("true", "the true reward", "-", "o"), ("few", "from 40 comparisons, mean", "-.", "^"),
              ("surface", "from the surface alone", "--", "s"))  # fmt: skip
    for color, (name, label, line, mark) in zip(style.SERIES, labels, strict=False):
        x = [math.sqrt(max(0.0, kl)) for kl in table[f"kl, {name}"]]
        y = table[f"gold, {name}"]
        axes.plot(x, y, line, marker=mark, markevery=4, color=color, label=label)
        if name == "few":
            low, high = (table[f"gold, few, a tenth {side}"] for side in ("below", "above"))
            axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
    y = table["gold, surface"]
    peak = max(range(len(y)), key=y.__getitem__)
    x = [math.sqrt(max(0.0, kl)) for kl in table["kl, surface"]]
    axes.annotate("peak", (x[peak], y[peak]), (0, 6), textcoords="offset points", ha="center",
                  color=style.SERIES[2], fontsize=11)  # fmt: skip
    axes.legend(loc="lower left")
    axes.set_xlabel("root of the divergence from the reference")
    axes.set_title("True reward of the policy (nats)")


STEPS, AGREED_BETA = 600, 2.0


def with_losers() -> list[Tensor]:
    """Those of SEEDS sets of comparisons in which some answer only lost, (Y, Y) each."""
    return [wins for wins, _ in map(few, range(SEEDS)) if losing(wins).any()]


def dpo(gap: Tensor, _: float) -> Tensor:
    """-log sigma of how much higher the implied reward of the winner is, (...) to (...)."""
    return -functional.logsigmoid(gap)


def ipo(gap: Tensor, beta: float) -> Tensor:
    """The square in its place: the log-ratio of the winner shall be 1 / (2 beta) higher, (...) to (...)."""
    return (gap / beta - 1 / (2 * beta)) ** 2


def given_up(
    loss: Callable[[Tensor, float], Tensor], beta: float, steps: int
) -> dict[int, list[float]]:
    """The share of the answers that only lost in each of those sets, every 20 steps down a loss of pairs."""
    wins = torch.stack(with_losers())  # (S, Y, Y)
    losers = torch.stack([losing(w) for w in wins])
    logits = rlhf.LOG_REF.expand(len(wins), -1).clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.05)
    shares = {}
    for step in range(steps + 1):
        log_pi = torch.log_softmax(logits, 1)
        if step % 20 == 0:
            shares[step] = (log_pi.detach().exp() * losers).sum(1).tolist()
        implied = beta * (log_pi - rlhf.LOG_REF)
        gaps = implied[:, :, None] - implied[:, None, :]
        losses = (wins * loss(gaps, beta)).sum((1, 2)) / wins.sum((1, 2))
        optimizer.zero_grad()
        torch.autograd.backward(losses.sum())  # Adam treats every number by itself
        optimizer.step()
    return shares


def kept(decay: float) -> float:
    """The mean share of the answers that only lost under RL, for a weight decay of the reward model."""
    stays = []
    for wins in with_losers():
        r = rlhf.fit_reward(wins, torch.eye(12, dtype=torch.float64), decay)
        best = rlhf.optimum(rlhf.LOG_REF, r, AGREED_BETA).exp()
        stays.append(float(best[losing(wins)].sum()))
    return sum(stays) / len(stays)


def quartiles(name: str, values: Tensor) -> style.Table:
    """Columns between which half of the sets or directions lie: values (steps, S)."""
    low, high = torch.quantile(values, torch.tensor([0.25, 0.75]).double(), dim=1).tolist()
    return {f"{name}, a quarter below": low, f"{name}, a quarter above": high}


def band(table: style.Table, axes: style.Axes, x: str, name: str, color: str) -> None:
    """Shade where half of the sets or directions lie."""
    low, high = (table[f"{name}, a quarter {side}"] for side in ("below", "above"))
    axes.fill_between(table[x], low, high, color=color, alpha=0.2, linewidth=0)


def agreed() -> style.Table:
    """The mean share of the answers that only lost, while DPO and IPO train, and under RL."""
    torch.set_num_threads(1)  # twelve numbers: more threads only wait for one another
    table: style.Table = {"step": [float(step) for step in range(0, STEPS + 1, 20)]}
    for name, loss in (("dpo", dpo), ("ipo", ipo)):
        shares = torch.tensor(list(given_up(loss, AGREED_BETA, STEPS).values())).double()
        table[name] = shares.mean(1).tolist()
        table.update(quartiles(name, shares))
    for decay in DECAYS:
        table[f"rl, {decay:g}"] = [kept(decay)] * len(table["step"])
    return table


def draw_agreed(table: style.Table, axes: style.Axes) -> None:
    """The share, on a logarithmic axis, against the steps of training."""
    shown = (("ipo", "IPO", "-", "^", 1.4), ("rl, 0.01", "RL, weight decay 0.01", "--", "", 2.4),
             ("rl, 1e-05", "RL, weight decay 0.00001", ":", "", 2.4),
             ("dpo", "DPO", "-", "s", 1.4))  # fmt: skip
    for color, (name, label, line, mark, width) in zip(style.SERIES, shown, strict=False):
        axes.semilogy(table["step"], table[name], line, marker=mark, markevery=6, color=color,
                      linewidth=width, label=label)  # fmt: skip
        if f"{name}, a quarter below" in table:
            band(table, axes, "step", name, color)
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.52))
    axes.set_xlabel("steps of DPO and IPO")
    axes.set_title("Share of answers that only lost")


def estimates() -> style.Table:
    """Standard deviation of three estimates of the divergence, relative to it, by enumeration.

    The policies lie at growing distances from the reference along SEEDS random directions; told is
    the median of the directions at each distance, and the quartiles.
    """
    generator = torch.Generator().manual_seed(4)
    direction = torch.randn(SEEDS, 12, generator=generator, dtype=torch.float64)
    found: dict[str, list[Tensor]] = {name: [] for name in ("kl", "k1", "k2", "k3", "bias of k2")}
    for step in range(1, 25):
        policy = torch.log_softmax(rlhf.LOG_REF + direction * 10 ** (-1.5 + step / 12), 1)
        exact = rlhf.divergence(policy, rlhf.LOG_REF)  # (S,)
        found["kl"].append(exact)
        for name, k in zip(
            ("k1", "k2", "k3"), rlhf.kl_estimates(policy, rlhf.LOG_REF), strict=True
        ):
            mean = (policy.exp() * k).sum(1)
            spread = (policy.exp() * (k - mean[:, None]) ** 2).sum(1).sqrt()
            found[name].append(spread / exact)
            if name == "k2":
                found["bias of k2"].append((mean - exact).abs() / exact)
    table: style.Table = {}
    for name, values in found.items():
        table[name] = torch.stack(values).median(1).values.tolist()
        if name != "kl":
            table.update(quartiles(name, torch.stack(values)))
    return table


def draw_estimates(table: style.Table, axes: style.Axes) -> None:
    """Both axes logarithmic."""
    lines = (("k1", "-", "o"), ("k2", "--", "s"), ("k3", "-", "^"))
    for color, (name, line, mark) in zip(style.SERIES, lines, strict=False):
        axes.loglog(
            table["kl"], table[name], line, marker=mark, markevery=6, color=color, label=name
        )
        band(table, axes, "kl", name, color)
    axes.loglog(table["kl"], table["bias of k2"], ":", color=style.SERIES[1], label="bias of k2")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.12))
    axes.set_xlabel("exact divergence (nats)")
    axes.set_title("Standard deviation of a sample ÷ divergence")


FIGURES = [
    style.Recipe("training/rlhf/policies", policies, draw_policies, absolute=0.01),
    style.Recipe("training/rlhf/curve", curve, draw_curve),
    style.Recipe("training/rlhf/agreed", agreed, draw_agreed),
    style.Recipe("training/rlhf/estimates", estimates, draw_estimates),
]

if __name__ == "__main__":
    style.main(FIGURES)
