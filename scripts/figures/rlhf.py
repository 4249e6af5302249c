"""The figures of docs/training/rlhf.md: the optimum, over-optimisation, estimates of the divergence."""

import math

import torch
from torch import Tensor

from docs.training.rlhf import rlhf
from scripts.figures import style


def expected_wins() -> Tensor:
    """Counts in proportion to what endless comparisons of answers of the reference would give."""
    ref = rlhf.LOG_REF.exp()
    wins = rlhf.preferred(rlhf.GOLD) * ref[:, None] * ref[None, :]
    return wins - torch.diag_embed(wins.diagonal())


def policies() -> style.Table:
    """The reference, the best policies at two prices, and what three methods make of comparisons."""
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


def curve() -> style.Table:
    """True reward of the best policy for a right and for a wrong reward model, as the price falls."""
    wrong = rlhf.SURFACE @ rlhf.fit_reward(expected_wins(), rlhf.SURFACE)
    few = rlhf.compare(rlhf.GOLD, 40, rlhf.LOG_REF, torch.Generator().manual_seed(2))
    noisy = rlhf.fit_reward(few, torch.eye(len(rlhf.GOLD), dtype=torch.float64), prior=0.01)
    table: style.Table = {"beta": BETAS}
    for name, r in (("true", rlhf.GOLD), ("surface", wrong), ("few", noisy)):
        best = [rlhf.optimum(rlhf.LOG_REF, r, beta) for beta in BETAS]
        table[f"kl, {name}"] = [float(rlhf.divergence(p, rlhf.LOG_REF)) for p in best]
        table[f"gold, {name}"] = [float(p.exp() @ rlhf.GOLD) for p in best]
        table[f"proxy, {name}"] = [float(p.exp() @ r) for p in best]
    return table


def draw_curve(table: style.Table, axes: style.Axes) -> None:
    """True reward against the root of the divergence, for three reward models."""
    labels = (("true", "the true reward", "-", "o"), ("few", "from 40 comparisons", "-.", "^"),
              ("surface", "from the surface alone", "--", "s"))  # fmt: skip
    for color, (name, label, line, mark) in zip(style.SERIES, labels, strict=False):
        x = [math.sqrt(max(0.0, kl)) for kl in table[f"kl, {name}"]]
        y = table[f"gold, {name}"]
        axes.plot(x, y, line, marker=mark, markevery=4, color=color, label=label)
    y = table["gold, surface"]
    peak = max(range(len(y)), key=y.__getitem__)
    x = [math.sqrt(max(0.0, kl)) for kl in table["kl, surface"]]
    axes.annotate("peak", (x[peak], y[peak]), (0, 6), textcoords="offset points", ha="center",
                  color=style.SERIES[2], fontsize=11)  # fmt: skip
    axes.legend(loc="lower left")
    axes.set_xlabel("root of the divergence from the reference")
    axes.set_title("True reward of the policy (nats)")


STEPS = 600


def agreed() -> style.Table:
    """Probability of the answers that lost all of 40 comparisons, while DPO trains, and under RL."""
    wins = rlhf.compare(rlhf.GOLD, 40, rlhf.LOG_REF, torch.Generator().manual_seed(2))
    wins = wins - torch.diag_embed(wins.diagonal())
    losers = (wins.sum(1) == 0) & (wins.sum(0) > 0)
    fitted = rlhf.fit_reward(wins, torch.eye(12, dtype=torch.float64), prior=0.01)
    table: style.Table = {"step": [float(step) for step in range(0, STEPS + 1, 20)]}
    for beta in (0.5, 2.0):
        logits = rlhf.LOG_REF.clone().requires_grad_()
        optimizer = torch.optim.Adam([logits], lr=0.05)
        shares = []
        for step in range(STEPS + 1):
            log_pi = torch.log_softmax(logits, 0)
            if step % 20 == 0:
                shares.append(float(log_pi.detach().exp()[losers].sum()))
            optimizer.zero_grad()
            torch.autograd.backward(rlhf.dpo_loss(log_pi, rlhf.LOG_REF, wins, beta))
            optimizer.step()
        best = rlhf.optimum(rlhf.LOG_REF, fitted, beta).exp()
        table[f"dpo, beta {beta:g}"] = shares
        table[f"rl, beta {beta:g}"] = [float(best[losers].sum())] * len(shares)
    return table


def draw_agreed(table: style.Table, axes: style.Axes) -> None:
    """The share, on a logarithmic axis, against the steps of DPO."""
    for color, beta in zip(style.SERIES, ("2", "0.5"), strict=False):
        line, mark = ("-", "s") if beta == "2" else ("--", "^")
        for name, marker, width in (("dpo", mark, 1.4), ("rl", "", 3.0)):
            label = f"{name.upper()}, β = {beta}"
            axes.semilogy(table["step"], table[f"{name}, beta {beta}"], line, marker=marker,
                          markevery=6, color=color, linewidth=width, label=label)  # fmt: skip
    axes.legend(loc="lower left")
    axes.set_xlabel("steps of DPO")
    axes.set_title("Share of answers that only lost")


def estimates() -> style.Table:
    """Standard deviation of three estimates of the divergence, relative to it, by enumeration."""
    direction = torch.log_softmax(
        torch.randn(12, generator=torch.Generator().manual_seed(4), dtype=torch.float64), 0
    )
    table: style.Table = {"kl": [], "k1": [], "k2": [], "k3": [], "bias of k2": []}
    for step in range(1, 25):
        policy = torch.log_softmax(rlhf.LOG_REF + direction * 10 ** (-1.5 + step / 12), 0)
        exact = float(rlhf.divergence(policy, rlhf.LOG_REF))
        table["kl"].append(exact)
        for name, k in zip(
            ("k1", "k2", "k3"), rlhf.kl_estimates(policy, rlhf.LOG_REF), strict=True
        ):
            mean = float((policy.exp() * k).sum())
            spread = float((policy.exp() * (k - mean) ** 2).sum()) ** 0.5
            table[name].append(spread / exact)
            if name == "k2":
                table["bias of k2"].append(abs(mean - exact) / exact)
    return table


def draw_estimates(table: style.Table, axes: style.Axes) -> None:
    """Both axes logarithmic."""
    lines = (("k1", "-", "o"), ("k2", "--", "s"), ("k3", "-", "^"))
    for color, (name, line, mark) in zip(style.SERIES, lines, strict=False):
        axes.loglog(
            table["kl"], table[name], line, marker=mark, markevery=6, color=color, label=name
        )
    axes.loglog(table["kl"], table["bias of k2"], ":", color=style.SERIES[1], label="bias of k2")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.12))
    axes.set_xlabel("exact divergence (nats)")
    axes.set_title("Spread of one sample, relative to it")


FIGURES = [
    style.Recipe("training/rlhf/policies", policies, draw_policies, absolute=0.01),
    style.Recipe("training/rlhf/curve", curve, draw_curve),
    style.Recipe("training/rlhf/agreed", agreed, draw_agreed),
    style.Recipe("training/rlhf/estimates", estimates, draw_estimates),
]

if __name__ == "__main__":
    style.main(FIGURES)
