"""Policy gradients on texts that can all be listed: estimates, their exact means and variances, GAE, groups, PPO.

Letters, with the name in schulman2016high where it differs:
    N, T, S, A    texts, tokens of a text, states (the text so far), tokens to choose from
    logits        of each token in each state: (S, A), the parameters of the policy
    R, V          sum of the rewards of a text, value of a state
"""

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor

START = ((0.2, 0.8), (0.5, 0.5), (0.75, 0.25))  # the example: first token; second after 4, after 5
REWARDS = ((4.0, 0.0), (2.0, 0.0), (2.0, -2.0))


# --8<-- [start:process]
class Process(NamedTuple):
    """All texts: states (N, T) before the tokens, tokens (N, T), rewards (N, T)."""

    states: Tensor
    tokens: Tensor
    rewards: Tensor


def texts(table: Tensor, length: int) -> Process:
    """All texts of so many tokens; a state is the text so far: table (S, A) of rewards. Source: definition."""
    choices = table.shape[1]
    tokens = torch.tensor(list(itertools.product(range(choices), repeat=length)))
    states, state = [], torch.zeros(len(tokens), dtype=torch.long)
    for t in range(length):
        states.append(state)
        state = choices * state + 1 + tokens[:, t]  # children of a node in a tree
    where = torch.stack(states, 1)
    return Process(where, tokens, table[where, tokens])
    # --8<-- [end:process]


def example() -> tuple[Process, Tensor]:
    """The four texts of the page and the logits of its policy (3, 2). Source: definition."""
    return texts(torch.tensor(REWARDS).double(), 2), torch.tensor(START).double().log()


# --8<-- [start:exact]
def log_probabilities(logits: Tensor, process: Process) -> Tensor:
    """Of each token: logits (..., S, A) to (..., N, T). Source: definition."""
    return logits.log_softmax(-1)[..., process.states, process.tokens]


def expected(logits: Tensor, process: Process) -> Tensor:
    """Mean reward J, summed over all texts: logits (..., S, A) to (...). Source: sutton2018reinforcement."""
    p = log_probabilities(logits, process).sum(-1).exp()
    return (p * process.rewards.sum(-1)).sum(-1)
    # --8<-- [end:exact]


# --8<-- [start:scores]
def scores(logits: Tensor, process: Process) -> Tensor:
    """Gradient of the log-probability of each token: logits (S, A) to (N, T, S, A). Source: williams1992simple."""
    states, choices = logits.shape
    here = torch.nn.functional.one_hot(process.states, states).to(logits)
    taken = torch.nn.functional.one_hot(process.tokens, choices).to(logits)
    return here[..., None] * (taken - logits.softmax(-1)[process.states])[..., None, :]
    # --8<-- [end:scores]


# --8<-- [start:estimate]
def estimate(advantage: Tensor, score: Tensor) -> Tensor:
    """A gradient from each text: advantage (N, T), score (N, T, S, A) to (N, S, A). Source: williams1992simple."""
    return (advantage[..., None, None] * score).sum(1)
    # --8<-- [end:estimate]


# --8<-- [start:moments]
def moments(p: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Exact mean and variance over all texts: p (N,), x (N, ...) to (...) and (...). Source: definition."""
    mean = torch.tensordot(p, x, 1)
    return mean, torch.tensordot(p, (x - mean) ** 2, 1)
    # --8<-- [end:moments]


# --8<-- [start:togo]
def to_go(rewards: Tensor) -> Tensor:
    """Sum of the rewards from each token on: rewards (..., T) to (..., T). Source: sutton1999policy."""
    return rewards.flip(-1).cumsum(-1).flip(-1)
    # --8<-- [end:togo]


# --8<-- [start:values]
def values(logits: Tensor, process: Process) -> Tensor:
    """Mean reward to go from each state, exact: logits (S, A) to (S,). Source: sutton2018reinforcement."""
    p = log_probabilities(logits, process).sum(-1).exp()
    here = torch.nn.functional.one_hot(process.states, len(logits)).to(p)  # (N, T, S)
    mass = p[:, None, None] * here
    return (mass * to_go(process.rewards)[..., None]).sum((0, 1)) / mass.sum((0, 1))
    # --8<-- [end:values]


# --8<-- [start:gae]
def gae(rewards: Tensor, value: Tensor, decay: float) -> Tensor:
    """Advantage of each token: rewards (..., T), value (..., T) to (..., T). Source: schulman2016high."""
    following = torch.cat([value[..., 1:], torch.zeros_like(value[..., :1])], -1)  # 0 after the end
    delta = rewards + following - value
    advantage, rest = torch.zeros_like(delta), torch.zeros_like(delta[..., 0])
    for t in reversed(range(delta.shape[-1])):
        rest = delta[..., t] + decay * rest
        advantage[..., t] = rest
    return advantage
    # --8<-- [end:gae]


def critic_loss(value: Tensor, rewards: Tensor) -> Tensor:
    """What a critic minimises: value (..., T), rewards (..., T) to (). Source: schulman2016high."""
    return (value - to_go(rewards)).square().mean()


# --8<-- [start:best]
def best_baseline(p: Tensor, score: Tensor, reward: Tensor) -> Tensor:
    """The number of least variance: p (N,), score (N, ...), reward (N,) to (). Source: greensmith2004variance."""
    size = score.flatten(1).square().sum(1)
    return (p * size * reward).sum() / (p * size).sum()
    # --8<-- [end:best]


# --8<-- [start:group]
def group(reward: Tensor, kind: str) -> Tensor:
    """Advantages inside groups: reward (..., n) to (..., n). Source: ahmadian2024back, shao2024deepseekmath.

    Raises ValueError for a kind that is none of: none, mean, others, divided.
    """
    n = reward.shape[-1]
    centred = reward - reward.mean(-1, keepdim=True)
    if kind == "none":
        return reward
    if kind == "mean":
        return centred
    if kind == "others":  # less the mean of the others
        return centred * n / (n - 1)
    if kind == "divided":  # GRPO; a group of equals gives no gradient
        spread = reward.std(-1, correction=0, keepdim=True)
        return torch.where(spread > 1e-12, centred / spread.clamp(min=1e-12), 0.0)
    raise ValueError(f"{kind} is none of: none, mean, others, divided")
    # --8<-- [end:group]


# --8<-- [start:groups]
def of_groups(p: Tensor, score: Tensor, reward: Tensor, n: int, kind: str) -> tuple[Tensor, Tensor]:
    """Exact mean and variance over all groups: p (N,), score (N, ...), reward (N,) to (...) and (...).

    Source: definition. Raises ValueError as group does.
    """
    index = torch.cartesian_prod(*[torch.arange(len(p))] * n).reshape(-1, n)
    shape = (len(index), n, *[1] * (score.dim() - 1))
    advantage = group(reward[index], kind).reshape(shape)
    return moments(p[index].prod(-1), (advantage * score[index]).mean(1))
    # --8<-- [end:groups]


# --8<-- [start:clip]
def surrogate(ratio: Tensor, advantage: Tensor, low: float = 0.2, high: float = 0.2) -> Tensor:
    """What PPO maximises, token by token: ratio, advantage (...) to (...). Source: schulman2017proximal."""
    return torch.minimum(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage)
    # --8<-- [end:clip]


def divergences(p: Tensor, q: Tensor) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of k1, k2, k3 for texts of p: p, q (N,). Source: schulman2020approximating."""
    x = q.log() - p.log()
    terms = {"k1": -x, "k2": x.square() / 2, "k3": x.exp() - 1 - x}
    found = {name: moments(p, term) for name, term in terms.items()}
    return {name: (float(mean), float(var) ** 0.5) for name, (mean, var) in found.items()}


class Settings(NamedTuple):
    """Of a run: texts a step, step size, passes over the same texts, clip, baseline, entropy bonus, added reward."""

    samples: int = 8
    rate: float = 0.5
    passes: int = 1
    clip: float = math.inf
    baseline: str = "others"
    bonus: float = 0.0
    lift: float = 0.0


def entropy(logits: Tensor, process: Process) -> Tensor:
    """Of the texts: logits (..., S, A) to (...). Source: definition."""
    log_p = log_probabilities(logits, process).sum(-1)
    return -(log_p.exp() * log_p).sum(-1)


# --8<-- [start:train]
def train(
    process: Process, logits: Tensor, steps: int, setting: Settings, seeds: int
) -> tuple[Tensor, Tensor]:
    """Runs side by side: mean reward before each step and after the last (steps + 1, seeds), logits (seeds, S, A).

    Source: schulman2017proximal. Raises ValueError as group does.
    """
    generator = torch.Generator().manual_seed(0)
    theta = logits.expand(seeds, *logits.shape).clone()
    curve = [expected(theta, process)]
    rows = torch.arange(seeds)[:, None]
    for _ in range(steps):
        old = log_probabilities(theta, process).detach()
        drawn = torch.multinomial(old.sum(-1).exp(), setting.samples, True, generator=generator)
        reward = process.rewards.sum(-1)[drawn] + setting.lift
        advantage = group(reward, setting.baseline)[..., None]  # one for all tokens of a text
        for _ in range(setting.passes):
            theta = theta.detach().requires_grad_()
            ratio = (log_probabilities(theta, process) - old).exp()[rows, drawn]
            gain = surrogate(ratio, advantage, setting.clip, setting.clip).sum(-1).mean(-1)
            gain = gain + setting.bonus * entropy(theta, process)
            (slope,) = torch.autograd.grad(gain.sum(), theta)
            theta = theta.detach() + setting.rate * slope
        curve.append(expected(theta, process))
    return torch.stack(curve), theta
    # --8<-- [end:train]


def main() -> None:
    """The example: the gradient by all texts and by autograd, variances by baseline, four ways to use a group."""
    process, logits = example()
    theta = logits.clone().requires_grad_()
    (true,) = torch.autograd.grad(expected(theta, process), theta)
    p = log_probabilities(logits, process).sum(-1).exp()
    score, reward = scores(logits, process), process.rewards.sum(-1)
    first = score[..., 0, :1]  # the logit of "4"
    print("gradient", [round(v, 4) for v in true.flatten().tolist()])
    best = float(best_baseline(p, first.sum(1), reward))
    for name, b in (("none", 0.0), ("mean", float(p @ reward)), ("best", best)):
        mean, var = moments(p, ((reward - b)[:, None, None] * first).sum(1))
        print(f"baseline {name:5}{b:6.2f}: mean {float(mean):.4f}, variance {float(var):.4f}")
    for kind in ("mean", "others", "divided"):
        mean, var = of_groups(p, score.sum(1), reward, 4, kind)
        share = float((mean * true).sum() / (true * true).sum())
        print(
            f"group {kind:8} {share:.4f} of the gradient, off it {float((mean - share * true).norm()):.4f}"
        )
    curve, _ = train(process, logits, 100, Settings(), 20)
    print(f"20 runs of 100 steps: {float(curve[0, 0]):.2f} to {float(curve[-1].mean()):.2f}")


if __name__ == "__main__":
    main()
