"""Ratings from comparisons: Elo's update, Bradley-Terry by maximum likelihood with error bars, a biased judge.

Letters:
    theta    strength of a model in logits; a rating is 400 / ln 10 times it, plus 1,000
    w        wins (models, models): w[i, j] is how often i was preferred to j
    b        what a judge adds, in logits, for the answer that stands first
"""

import math

import numpy as np

SCALE, START, K = 400 / math.log(10), 1000.0, 32.0


def logistic(x: float) -> float:
    """The probability with logit x. Source: definition."""
    return 1 / (1 + math.exp(-x))


# --8<-- [start:elo]
def elo(games: np.ndarray, models: int, k: float = K) -> np.ndarray:
    """Ratings after games (winner, loser), one after the other: games (n, 2) to (models,). Source: elo1978rating."""
    r = np.full(models, START)
    for winner, loser in games:
        surprise = 1 - logistic((r[winner] - r[loser]) / SCALE)
        r[winner] += k * surprise
        r[loser] -= k * surprise
    return r
    # --8<-- [end:elo]


# --8<-- [start:bt]
def wins(games: np.ndarray, models: int) -> np.ndarray:
    """How often each beat each: games (n, 2) to (models, models). Source: definition."""
    w = np.zeros((models, models))
    np.add.at(w, (games[:, 0], games[:, 1]), 1)
    return w


def bradley_terry(w: np.ndarray, steps: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Strengths of mean 0, their covariance, by Newton's method: w (m, m) to (m,), (m, m). Source: bradley1952rank."""
    m = len(w)
    theta, played = np.zeros(m), w + w.T
    for _ in range(steps):
        p = 1 / (1 + np.exp(theta[None] - theta[:, None]))  # i beats j
        slope = (w - played * p).sum(1)
        spread = played * p * (1 - p)
        information = np.diag(spread.sum(1)) - spread
        inverse = np.linalg.pinv(information)  # adding the same to all changes nothing
        theta = theta + inverse @ slope
    return theta - theta.mean(), inverse
    # --8<-- [end:bt]


def rating(theta: np.ndarray) -> np.ndarray:
    """Strengths on the scale of Elo, with mean 1,000: theta (m,) to (m,). Source: definition."""
    return np.asarray(START + SCALE * (theta - theta.mean()))


def play(theta: np.ndarray, games: int, random: np.random.Generator) -> np.ndarray:
    """Comparisons of random pairs, won by the Bradley-Terry law: theta (m,) to (games, 2). Source: bradley1952rank."""
    first = random.integers(0, len(theta), games)
    other = (first + random.integers(1, len(theta), games)) % len(theta)
    pairs = np.stack([first, other], 1)
    won = random.random(games) < 1 / (1 + np.exp(theta[other] - theta[first]))
    return np.where(won[:, None], pairs, pairs[:, ::-1])


# --8<-- [start:judge]
def judged(gap: float, b: float) -> tuple[float, float]:
    """How often A wins if it always stands first, and if each pair is judged in both orders. Source: definition."""
    first, second = logistic(gap + b), logistic(gap - b)
    return first, (first + second) / 2
    # --8<-- [end:judge]


def main() -> None:
    """Four models of known strength: Bradley-Terry with error bars, and Elo in two orders of the same games."""
    truth = np.array([0.6, 0.2, -0.2, -0.6])
    games = play(truth, 1000, np.random.default_rng(0))
    theta, covariance = bradley_terry(wins(games, 4))
    print("true         ", rating(truth).round())
    print(
        "Bradley-Terry",
        rating(theta).round(),
        "±",
        (1.96 * SCALE * np.sqrt(np.diag(covariance))).round(),
    )
    print("Elo          ", elo(games, 4).round())
    print("Elo backwards", elo(games[::-1], 4).round())


if __name__ == "__main__":
    main()
