"""Evaluation: exact match, pass@k, error bars of one score and of a difference, FID and its bias, the best of many.

Letters, with the name in the source where it differs:
    n, c, k    items of a test, or samples of one item; how many are right; how many may be tried (chen2021evaluating)
    s, p       scores of items (n,), the share that the model would get right on all items of the kind
    z          1.96, the normal quantile of an interval that holds 95 %
    a, b       items that only model A, only model B gets right
"""

import math
import re
import string

import numpy as np

Z = 1.96
ITEMS, RIGHT, OTHER, ONLY_A, ONLY_B = 200, 140, 152, 6, 18  # the example: B has 12 more than A
ARTICLES = re.compile(r"\b(a|an|the)\b")


# --8<-- [start:exact]
def normalise(answer: str) -> str:
    """Small letters, no punctuation, no English articles, single spaces. Source: rajpurkar2016squad."""
    kept = "".join(c for c in answer.lower() if c not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", kept).split())


def exact_match(answer: str, references: list[str]) -> bool:
    """Whether the answer equals one of the references after normalising. Source: rajpurkar2016squad."""
    return normalise(answer) in {normalise(reference) for reference in references}
    # --8<-- [end:exact]


# --8<-- [start:passk]
def pass_at_k(n: int, c: int, k: int) -> float:
    """Share of the choices of k among n samples that hold a right one. Source: chen2021evaluating, eq. 1.

    Raises ValueError unless 1 <= k <= n.
    """
    if not 1 <= k <= n:
        raise ValueError(f"k = {k} is not between 1 and n = {n}")
    return 1 - math.comb(n - c, k) / math.comb(n, k)
    # --8<-- [end:passk]


# --8<-- [start:interval]
def standard_error(s: np.ndarray) -> float:
    """Of the mean of independent scores: s (n,). Source: miller2024adding, section 2.1."""
    return float(np.sqrt(np.mean((s - s.mean()) ** 2) / len(s)))


def wilson(c: float, n: int, z: float = Z) -> tuple[float, float]:
    """The shares p from which c of n is at most z deviations away. Source: wilson1927probable."""
    p = c / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half
    # --8<-- [end:interval]


# --8<-- [start:paired]
def difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Mean of b - a over the same items, and its standard error: a, b (n,). Source: miller2024adding, section 3.1."""
    d = b - a
    return float(d.mean()), standard_error(d)


def mcnemar(only_a: int, only_b: int) -> float:
    """Probability of so uneven a split of the items that differ, if a coin made it. Source: mcnemar1947note.

    Departs: exact, where the paper takes the normal law.
    """
    n, low = only_a + only_b, min(only_a, only_b)
    return float(min(1.0, 2 * sum(math.comb(n, i) for i in range(low + 1)) / 2**n))
    # --8<-- [end:paired]


# --8<-- [start:clustered]
def clustered_error(s: np.ndarray, groups: np.ndarray) -> float:
    """Standard error of a mean whose items come in groups: s, groups (n,). Source: miller2024adding, section 2.2."""
    sums = np.bincount(groups, s - s.mean())
    return float(np.sqrt((sums**2).sum()) / len(s))
    # --8<-- [end:clustered]


# --8<-- [start:bootstrap]
def bootstrap(s: np.ndarray, draws: int, random: np.random.Generator) -> tuple[float, float]:
    """Interval that holds 95 % of the means of redrawn items: s (n,). Source: efron1979bootstrap."""
    means = s[random.integers(0, len(s), (draws, len(s)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
    # --8<-- [end:bootstrap]


# --8<-- [start:fid]
def root(m: np.ndarray) -> np.ndarray:
    """Square root of a symmetric matrix without negative eigenvalues: m (d, d) to (d, d). Source: definition."""
    values, vectors = np.linalg.eigh(m)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)


def fid_of(mean: np.ndarray, cov: np.ndarray, other: np.ndarray, other_cov: np.ndarray) -> float:
    """Between two Gaussians: mean, other (d,); cov, other_cov (d, d). Source: heusel2017gans, eq. 6."""
    half = root(cov)
    cross = root(half @ other_cov @ half)
    return float(((mean - other) ** 2).sum() + np.trace(cov + other_cov - 2 * cross))


def fid(x: np.ndarray, y: np.ndarray) -> float:
    """Of two lists of features: x (n, d), y (m, d). Source: heusel2017gans."""
    return fid_of(x.mean(0), np.cov(x.T), y.mean(0), np.cov(y.T))


def extrapolate(n: list[int], measured: list[float]) -> float:
    """Where the line through FID against 1/n meets 1/n = 0. Source: chong2020effectively."""
    _, at_zero = np.polyfit(1 / np.asarray(n), measured, 1)
    return float(at_zero)
    # --8<-- [end:fid]


# --8<-- [start:best]
def expected_best(n: int, p: float, models: int) -> float:
    """Mean score of the best of equal models on n items. Source: order statistics."""
    below, mass = 0.0, 0.0
    for j in range(n):  # the best gets more than j right unless all get at most j
        mass += math.comb(n, j) * p**j * (1 - p) ** (n - j)
        below += min(mass, 1.0) ** models
    return (n - below) / n
    # --8<-- [end:best]


def example() -> tuple[np.ndarray, np.ndarray]:
    """Scores of the models A and B on the items of the example, to (200,), (200,). Source: definition."""
    both = RIGHT - ONLY_A
    a = np.zeros(ITEMS)
    b = np.zeros(ITEMS)
    a[: both + ONLY_A] = 1
    b[:both] = 1
    b[both + ONLY_A : both + ONLY_A + ONLY_B] = 1
    return a, b


def main() -> None:
    """The example; then pass@k against the mean over draws of which five samples are right."""
    a, b = example()
    print(
        f"A {a.mean():.2f} ± {Z * standard_error(a):.3f}, B {b.mean():.2f} ± {Z * standard_error(b):.3f}"
    )
    print("Wilson for A: {:.3f} to {:.3f}".format(*wilson(a.sum(), ITEMS)))
    apart = math.hypot(standard_error(a), standard_error(b))
    d, error = difference(a, b)
    print(f"B - A {d:.2f} ± {Z * error:.3f} on the same items, ± {Z * apart:.3f} on others")
    print(f"McNemar {mcnemar(ONLY_A, ONLY_B):.4f}")
    random = np.random.default_rng(0)
    c = random.binomial(5, 0.4, 100_000)
    fair = np.array([pass_at_k(5, i, 2) for i in range(6)])[c].mean()
    plain = (1 - (1 - c / 5) ** 2).mean()
    print(f"pass@2: true {1 - 0.6**2:.3f}, unbiased {fair:.3f}, by 1 - (1 - c/n)^k {plain:.3f}")


if __name__ == "__main__":
    main()
