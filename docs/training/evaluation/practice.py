"""Error bars with SciPy: one score, two models on the same items, a bootstrap of their difference."""

import numpy as np
from scipy import stats


# --8<-- [start:lines]
def report(a: np.ndarray, b: np.ndarray) -> dict[str, tuple[float, float]]:
    """Error bars from scores 0 or 1 on the same items: a, b (n,). Source: wilson1927probable, efron1979bootstrap."""
    one = stats.binomtest(int(a.sum()), len(a)).proportion_ci(0.95, method="wilson")
    both = stats.bootstrap((b - a,), np.mean, method="percentile", rng=0).confidence_interval
    only_a, only_b = int((a > b).sum()), int((b > a).sum())
    coin = stats.binomtest(only_b, only_a + only_b).pvalue  # McNemar test
    return {
        "score of A": (float(one.low), float(one.high)),
        "B minus A": (float(both.low), float(both.high)),
        "p value": (float(coin), float(coin)),
    }
    # --8<-- [end:lines]


def main() -> None:
    """140 and 152 of 200 right, 6 by A alone and 18 by B alone."""
    a, b = np.zeros(200), np.zeros(200)
    a[:140] = 1
    b[6:158] = 1
    print(report(a, b))


if __name__ == "__main__":
    main()
