"""A judge's rates with scikit-learn, and the share that its verdicts are corrected to."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import recall_score


# --8<-- [start:lines]
def share(
    verdicts: NDArray[np.int64], judged: NDArray[np.int64], people: NDArray[np.int64]
) -> float:
    """True share: verdicts (n,), judged (l,), people (l,) on the same pairs. Source: rogan1978estimating."""
    t = recall_score(people, judged)
    u = recall_score(people, judged, pos_label=0)
    return float((verdicts.mean() + u - 1) / (t + u - 1))
    # --8<-- [end:lines]


def main() -> None:
    """The judge of the page: 0.452 of the verdicts, right in 74 of 100 labelled pairs of each kind."""
    verdicts = np.repeat([1, 0], [452, 548])
    people = np.repeat([1, 0], [100, 100])
    judged = np.repeat([1, 0, 1, 0], [74, 26, 26, 74])
    print("true share:", round(share(verdicts, judged, people), 3))


if __name__ == "__main__":
    main()
