"""A Bradley–Terry model of a few fixed answers, by a library: logistic regression on differences."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression


# --8<-- [start:strengths]
def strengths(pairs: list[tuple[int, int]], answers: int) -> NDArray[np.float64]:
    """Strengths of the answers, the last one's being 1, from pairs (winner, loser); to (answers,).

    Source: bradley1952rank.
    """
    x = np.zeros((2 * len(pairs), answers))
    rows = np.arange(len(pairs))
    winners, losers = np.transpose(pairs)
    x[rows, winners], x[rows, losers] = 1, -1
    x[len(pairs) :] = -x[: len(pairs)]  # each pair once more, told from its other side
    y = np.repeat([1, 0], len(pairs))
    fit = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-8).fit(x, y)
    found: NDArray[np.float64] = np.exp(fit.coef_[0] - fit.coef_[0, -1])
    return found
    # --8<-- [end:strengths]
