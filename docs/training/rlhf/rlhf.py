"""Reinforcement learning from human feedback, exact: one prompt, a dozen answers, a known reward.

The letters:
    y           an answer, a number below Y          log_pi   log-probabilities of a policy, (Y,)
    log_ref     of the reference policy, (Y,)        r        reward of each answer, (Y,), in nats
    wins        wins[i, j]: how often answer i was preferred to answer j, (Y, Y)
    beta        weight of the KL penalty: nats of reward for one nat of divergence
    advantage   how much better an answer is than expected, (N,)
A reward difference of one nat means odds of e to 1 that the better answer is preferred.
"""

import torch
from torch import Tensor
from torch.nn import functional

# A prompt, "Why is the sky blue?", and answers with what can be seen of them:
# correct, clear, polite, length (in tens of words), confident.
ANSWERS = (
    ("Air scatters blue light more than red.", (1, 1, 0, 0.7, 1)),
    ("Good question! Air scatters blue light most, so it reaches you from all sides.", (1, 1, 1, 1.4, 1)),
    ("Rayleigh scattering.", (1, 0, 0, 0.2, 1)),
    ("I am not sure, but I think that air scatters blue light.", (1, 1, 0, 1.1, 0)),
    ("It reflects the sea.", (0, 1, 0, 0.4, 1)),
    ("Great question! It reflects the sea, as every child knows.", (0, 1, 1, 1.0, 1)),
    ("I do not know.", (0, 1, 0, 0.4, 0)),
    ("Sorry, I do not know. Shall I look it up for you?", (0, 1, 1, 1.1, 0)),
    ("Because.", (0, 0, 0, 0.1, 1)),
    ("What a wonderful question! Thank you for asking! The sky has many colours, and blue is "
     "one of them, and the more you look the more there are.", (0, 0, 1, 2.8, 1)),
    ("Thank you! Scattering of light by molecules goes as the fourth power of its frequency, "
     "which is why blue, in all its beauty, wins.", (1, 0, 1, 2.4, 1)),
    ("Delighted that you ask! Experts agree beyond all doubt that the ozone layer is painted by "
     "the sun, day after day, with great love, for all of us, for ever.", (0, 0, 1, 2.9, 1)),
)  # fmt: skip
FEATURES = torch.tensor([features for _, features in ANSWERS], dtype=torch.float64)  # (Y, 5)
SURFACE = FEATURES[:, 2:]  # what a hurried reader sees: polite, length, confident
GOLD = FEATURES @ torch.tensor([2.0, 1.0, 0.3, -0.2, 0.1], dtype=torch.float64)
LOG_REF = torch.log_softmax(torch.linspace(0.6, -0.6, len(ANSWERS), dtype=torch.float64), 0)
# The example: answers 1, 5 and 9 with a reference of their own and 21 comparisons, as odds 3, 2 and 6.
THREE_REF = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64).log()
THREE_WINS = torch.tensor([[0, 6, 6], [2, 0, 4], [1, 2, 0]], dtype=torch.float64)


# --8<-- [start:preference]
def preferred(r: Tensor) -> Tensor:
    """Probability that answer i is preferred to answer j: rewards r (Y,), nats, to (Y, Y).

    Source: bradley1952rank; ouyang2022training, section 3.5.
    """
    return torch.sigmoid(r[:, None] - r[None, :])


def preference_loss(r: Tensor, wins: Tensor) -> Tensor:
    """Mean -log P(what was preferred), nats: r (Y,), wins (Y, Y) to (). Source: this page, eq-rlhf-loss."""
    return -(wins * functional.logsigmoid(r[:, None] - r[None, :])).sum() / wins.sum()
    # --8<-- [end:preference]


def compare(r: Tensor, n: int, log_pi: Tensor, generator: torch.Generator) -> Tensor:
    """Counts (Y, Y) of n comparisons of two different answers of a policy: r, log_pi (Y,). Source: bradley1952rank."""
    both = log_pi.exp()[:, None] * log_pi.exp() * (1 - torch.eye(len(r), dtype=r.dtype))
    drawn = torch.multinomial(both.flatten(), n, replacement=True, generator=generator)
    pairs = torch.stack([drawn // len(r), drawn % len(r)], dim=1)
    first = torch.rand(n, generator=generator, dtype=r.dtype) < preferred(r).flatten()[drawn]
    winner, loser = torch.where(first[:, None], pairs, pairs.flip(1)).unbind(1)
    wins = torch.zeros(len(r), len(r), dtype=r.dtype)
    return wins.index_put((winner, loser), torch.ones(n, dtype=r.dtype), accumulate=True)


# --8<-- [start:fit]
def fit_reward(wins: Tensor, features: Tensor, prior: float = 1e-3) -> Tensor:
    """The reward model: weights (F,) that make the preference loss least, with a weak prior.

    Args:
        wins: (Y, Y). features: (Y, F); the identity gives every answer a reward of its own.
        prior: weight of half the squared weights, which settles what comparisons leave open.

    Raises:
        ValueError: if there is no comparison, or the shapes do not fit.

    Source: this page, eq-rlhf-loss.
    """
    if wins.shape != (len(features), len(features)) or not wins.sum() > 0:
        raise ValueError(
            f"wins {tuple(wins.shape)} sum {wins.sum():g}, features {tuple(features.shape)}"
        )
    weight = torch.zeros(features.shape[1], dtype=features.dtype, requires_grad=True)

    def loss(w: Tensor) -> Tensor:
        return preference_loss(features @ w, wins) + prior / 2 * w.pow(2).sum()

    for _ in range(30):  # Newton's method; the loss is convex
        (slope,) = torch.autograd.grad(loss(weight), weight)
        if slope.abs().max() < 1e-13:
            break
        curvature = torch.autograd.functional.hessian(loss, weight)  # type: ignore[no-untyped-call]
        weight = (weight - torch.linalg.solve(curvature, slope)).detach().requires_grad_()
    return weight.detach()
    # --8<-- [end:fit]


# --8<-- [start:kl]
def divergence(log_pi: Tensor, log_ref: Tensor) -> Tensor:
    """KL(pi || ref) over all answers, nats: log_pi, log_ref (..., Y) to (...). Source: definition."""
    return (log_pi.exp() * (log_pi - log_ref)).sum(-1)


def kl_estimates(log_pi: Tensor, log_ref: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Three estimates of KL(pi || ref), nats, from answers of pi: log_pi, log_ref (N,) to (N,) each.

    Source: schulman2020approximating.
    """
    log_ratio = log_ref - log_pi
    return -log_ratio, log_ratio**2 / 2, torch.expm1(log_ratio) - log_ratio
    # --8<-- [end:kl]


# --8<-- [start:optimum]
def objective(log_pi: Tensor, log_ref: Tensor, r: Tensor, beta: float) -> Tensor:
    """Reward less the KL penalty: log_pi, log_ref (..., Y), r (Y,) to (...). Source: this page, eq-rlhf-objective."""
    return (log_pi.exp() * r).sum(-1) - beta * divergence(log_pi, log_ref)


def optimum(log_ref: Tensor, r: Tensor, beta: float) -> Tensor:
    """Log-probabilities of the policy that makes the objective largest: log_ref, r (Y,) to (Y,).

    Raises ValueError unless beta > 0. Source: korbak2022rl; rafailov2023direct, eq. 4.
    """
    if not beta > 0:
        raise ValueError(
            f"beta is {beta}, not positive; without a penalty the best answer takes all"
        )
    return torch.log_softmax(log_ref + r / beta, -1)
    # --8<-- [end:optimum]


def draw(log_pi: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """n answers of a policy: log_pi (Y,) to (n,). Source: definition."""
    return torch.multinomial(log_pi.exp(), n, replacement=True, generator=generator)


# --8<-- [start:advantages]
def group_advantage(reward: Tensor) -> Tensor:
    """GRPO: rewards of a group of answers, less their mean, over their spread: reward (N,) to (N,).

    The spread is that of the N rewards themselves; the small term keeps equal rewards at zero.

    Source: shao2024deepseekmath, section 4.1.2.
    """
    return (reward - reward.mean()) / (reward.std(correction=0) + 1e-8)


def leave_one_out_advantage(reward: Tensor) -> Tensor:
    """RLOO, less the mean of the others: reward (N,) to (N,). Source: kool2019buy; ahmadian2024back."""
    n = len(reward)
    return (reward - reward.mean()) * n / (n - 1)
    # --8<-- [end:advantages]


# --8<-- [start:gae]
def token_advantage(reward: Tensor, value: Tensor, decay: float) -> Tensor:
    """Advantages of the T tokens of an answer: reward, value (T,), the values before them, to (T,).

    Source: schulman2016high, section 3, without discount.
    """
    surprise = reward - value
    surprise[:-1] += value[1:]
    for t in reversed(range(len(surprise) - 1)):
        surprise[t] += decay * surprise[t + 1]
    return surprise
    # --8<-- [end:gae]


# --8<-- [start:ppo]
def ppo_loss(log_new: Tensor, log_old: Tensor, advantage: Tensor, clip: float = 0.2) -> Tensor:
    """The clipped surrogate: log_new, log_old, advantage (N,) to (). Source: schulman2017proximal, eq. 7."""
    ratio = (log_new - log_old).exp()
    bounded = ratio.clamp(1 - clip, 1 + clip)
    return -torch.minimum(ratio * advantage, bounded * advantage).mean()
    # --8<-- [end:ppo]


def train(
    r: Tensor, beta: float, steps: int, generator: torch.Generator, method: str = "ppo"
) -> Tensor:
    """The policy after some steps from the reference: r (Y,) to log-probabilities (Y,).

    Each step draws 256 answers, charges beta times the log-ratio to the reference, and takes one
    step (`reinforce`) or four (`ppo`) on them. Source: this page, eq-rlhf-gradient and eq-rlhf-ppo.
    """
    logits = LOG_REF.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.02)
    # --8<-- [start:train]
    for _ in range(steps):
        log_old = torch.log_softmax(logits, 0).detach()
        y = draw(log_old, 256, generator)
        reward = r[y] - beta * (log_old - LOG_REF)[y]
        advantage = leave_one_out_advantage(reward)
        for _ in range(4 if method == "ppo" else 1):
            log_new = torch.log_softmax(logits, 0)[y]
            clipped = ppo_loss(log_new, log_old[y], advantage)
            loss = clipped if method == "ppo" else -(log_new * advantage).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    # --8<-- [end:train]
    return torch.log_softmax(logits, 0).detach()


# --8<-- [start:dpo]
def dpo_loss(log_pi: Tensor, log_ref: Tensor, wins: Tensor, beta: float) -> Tensor:
    """The preference loss of the implied reward, nats: log_pi, log_ref (Y,), wins (Y, Y) to ().

    Source: rafailov2023direct, eq. 7.
    """
    return preference_loss(beta * (log_pi - log_ref), wins)
    # --8<-- [end:dpo]


# --8<-- [start:best]
def best_of(n: int, log_ref: Tensor, r: Tensor) -> Tensor:
    """Log-probabilities of the best by r of n answers, ties by order: log_ref, r (Y,) to (Y,).

    Source: this page, eq-rlhf-best-of.
    """
    order = r.argsort(stable=True)
    below = torch.cat([torch.zeros(1, dtype=r.dtype), log_ref[order].exp().cumsum(0)])
    mass = (below[1:] ** n - below[:-1] ** n).clamp(min=1e-300)
    return torch.log(mass / mass.sum())[order.argsort()]
    # --8<-- [end:best]


def main() -> None:
    """Fit a reward to preferences, train a policy, and compare with the closed form."""
    generator = torch.Generator().manual_seed(0)
    n = 5000
    wins = compare(GOLD, n, LOG_REF, generator)
    r = fit_reward(wins, FEATURES) @ FEATURES.T
    error = ((r - r.mean()) - (GOLD - GOLD.mean())).abs().max()
    print(f"reward fitted to {n:,} comparisons: largest error {error:.2f} nats")
    best = optimum(LOG_REF, r, 0.5)
    print(f"closed form: objective {objective(best, LOG_REF, r, 0.5):.4f} nats")
    for method in ("reinforce", "ppo"):
        reached = objective(train(r, 0.5, 300, generator, method), LOG_REF, r, 0.5)
        print(f"{method:>11}: objective {reached:.4f} nats")


if __name__ == "__main__":
    main()
