"""Fine-tuning a linear model, where all is closed form: the nearest solution, stopping early, ridge towards the start.

w  weights (d,)     X  inputs, one a row (n, d)     y  what is wanted (n,)     loss: half the squared error, summed
"""

import torch
from torch import Tensor
from torch.nn import functional

# The example: two weights, one new case, and what the task needs in truth.
START, TRUE = (2.0, 1.0), (3.5, 1.5)
INPUT, WANTED = (1.0, 1.0), 5.0
RATE = 0.25


def example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns the start (2,), X (1, 2), y (1,) and the true weights (2,) of the example. Source: definition."""
    start, x, true = (torch.tensor(v, dtype=torch.float64) for v in (START, [INPUT], TRUE))
    return start, x, torch.tensor([WANTED], dtype=torch.float64), true


# --8<-- [start:descend]
def descend(start: Tensor, x: Tensor, y: Tensor, rate: float, steps: int) -> Tensor:
    """Gradient descent from pre-trained weights: start (d,), x (n, d), y (n,) to (d,). Source: definition."""
    w = start.clone()
    for _ in range(steps):
        error = x @ w - y
        w -= rate * x.T @ error
    return w
    # --8<-- [end:descend]


# --8<-- [start:nearest]
def nearest(start: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The solution that changes least: start (d,), x (n, d), y (n,) to (d,).

    Source: this page, eq-fine-tuning-nearest.
    """
    change: Tensor = torch.linalg.pinv(x) @ (y - x @ start)
    return start + change
    # --8<-- [end:nearest]


def descended(start: Tensor, x: Tensor, y: Tensor, rate: float, steps: int) -> Tensor:
    """Descent without a loop: start (d,), x (n, d), y (n,) to (d,). Source: this page, eq-fine-tuning-descent."""
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    share = 1 - (1 - rate * s.square()) ** steps
    change: Tensor = v.T @ (share / s * (u.T @ (y - x @ start)))
    return start + change


def ridge(start: Tensor, x: Tensor, y: Tensor, pull: float) -> Tensor:
    """The least loss plus pull / 2 times the squared change: start (d,), x (n, d), y (n,) to (d,).

    Source: this page, eq-fine-tuning-ridge.
    """
    inner = x.T @ x + pull * torch.eye(len(start), dtype=x.dtype)
    change: Tensor = torch.linalg.solve(inner, x.T @ (y - x @ start))
    return start + change


# --8<-- [start:stopping]
def pull_of(s: Tensor, rate: float, steps: int) -> Tensor:
    """The pull that does in each direction what stopping does: singular values s (n,) to (n,).

    Source: this page, eq-fine-tuning-pull.
    """
    left = (1 - rate * s.square()) ** steps
    return s.square() * left / (1 - left)
    # --8<-- [end:stopping]


def expected_error(n: float, d: int, gap: float, noise: float = 0.0) -> float:
    """Mean squared distance from the true weights after n < d - 1 Gaussian examples; gap: that of the start.

    Raises ValueError if there are too many examples. Source: this page, eq-fine-tuning-data.
    """
    if n >= d - 1:
        raise ValueError(f"{n} examples are not fewer than {d} - 1")
    return (1 - n / d) * gap + noise * n / (d - n - 1)


# --8<-- [start:weighted]
def weighted(start: Tensor, x: Tensor, y: Tensor, fisher: Tensor) -> Tensor:
    """The solution with the least sum of fisher times squared change.

    Args: start (d,); x (n, d); y (n,); fisher (d,). Returns (d,).
    Source: kirkpatrick2017overcoming, eq. 3, with the new loss at zero.
    """
    root = fisher.sqrt()
    change: Tensor = torch.linalg.pinv(x / root) @ (y - x @ start) / root
    return start + change
    # --8<-- [end:weighted]


# --8<-- [start:fisher]
def fisher(w: Tensor, x: Tensor) -> Tensor:
    """Fisher information of softmax regression: the mean of gradient times gradient, labels drawn by the model.

    Args: w (C, D); x (n, D). Returns (CD, CD). Source: this page, eq-fine-tuning-fisher.
    """
    p = torch.softmax(x @ w.T, -1)  # (n, C)
    off = p[:, None] - torch.eye(
        len(w), dtype=w.dtype
    )  # (n, label, C): gradient of the logits for each label
    inner = torch.einsum("ny,nya,nyb->nab", p, off, off)
    full = torch.einsum("nab,ni,nj->aibj", inner, x, x) / len(x)
    return full.reshape(w.numel(), w.numel())
    # --8<-- [end:fisher]


def loss(w: Tensor, x: Tensor, labels: Tensor) -> Tensor:
    """Mean of -log p of the labels, nats: w (C, D), x (n, D), labels (n,) to (). Source: definition."""
    return functional.cross_entropy(x @ w.T, labels)


# --8<-- [start:average]
def average(start: Tensor, tuned: Tensor, part: float) -> Tensor:
    """Weights between start and tuned: start (d,), tuned (d,) to (d,). Source: wortsman2022robust, eq. 1."""
    return (1 - part) * start + part * tuned
    # --8<-- [end:average]


def main() -> None:
    """The example by descent, by closed form, from zero, with a pull, and with a weight that counts more."""
    start, x, y, true = example()
    zero = torch.zeros_like(start)
    for steps in (1, 2, 3, 40):
        w = descend(start, x, y, RATE, steps)
        print(f"step {steps}: weights {w.tolist()}, output {float((x @ w)[0]):.4f}")
    for name, w in (
        ("nearest", nearest(start, x, y)),
        ("from zero", nearest(zero, x, y)),
        ("pull 2", ridge(start, x, y, 2.0)),
        ("half-way", average(start, nearest(start, x, y), 0.5)),
        ("EWC", weighted(start, x, y, torch.tensor([3.0, 1.0], dtype=torch.float64))),
    ):
        off = float((w - true).square().sum())
        print(f"{name}: weights {[round(v, 6) for v in w.tolist()]}, from the truth {off:.4f}")


if __name__ == "__main__":
    main()
