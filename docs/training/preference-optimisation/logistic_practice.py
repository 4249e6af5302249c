"""DPO of a log-linear policy is a logistic regression on differences of features, as scikit-learn has it."""

import numpy as np
from sklearn.linear_model import LogisticRegression


# --8<-- [start:lines]
def weights(
    chosen: np.ndarray, rejected: np.ndarray, beta: float, decay: float = 1e-8
) -> np.ndarray:
    """Weights of the policy: chosen, rejected (n, D) to (D,). Source: rafailov2023direct, eq. 7."""
    d = chosen - rejected
    both = np.concatenate([d, -d])  # the library wants two classes
    labels = np.repeat([1, 0], len(d))
    model = LogisticRegression(C=1 / decay, fit_intercept=False, tol=1e-8, max_iter=1000)
    found: np.ndarray = model.fit(both, labels).coef_[0]
    return found / beta
    # --8<-- [end:lines]


def main() -> None:
    """The votes of the example, 6 to 2, 4 to 2 and 6 to 1: the policy for beta 1."""
    votes = [(0, 1)] * 6 + [(1, 0)] * 2 + [(1, 2)] * 4 + [(2, 1)] * 2 + [(0, 2)] * 6 + [(2, 0)]
    one = np.eye(3)
    found = weights(one[[w for w, _ in votes]], one[[l for _, l in votes]], 1.0)
    p = np.array([0.2, 0.5, 0.3]) * np.exp(found)
    print((p / p.sum()).round(3))


if __name__ == "__main__":
    main()
