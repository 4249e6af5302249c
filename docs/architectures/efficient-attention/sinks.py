"""A head that must sometimes say nothing: it learns to rest on the first token, and breaks when that is dropped."""

import torch
from torch import Tensor

N, STEPS, BATCH, RATE = 5, 150, 32, 0.1  # the first token and a window of four


def texts(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A first token and four others, of which one may be marked; the answer is its value, else zero.

    Returns (count, N, 3), of each token whether it is the first, whether it is marked, its value; and the
    answers (count,). Source: definition.
    """
    x = torch.zeros(count, N, 3)
    x[:, 0, 0] = 1
    x[:, 1:, 2] = torch.randn(count, N - 1, generator=generator)
    place = torch.randint(0, 2 * N - 2, (count,), generator=generator)  # half of them: no mark
    rows = (place < N - 1).nonzero()[:, 0]
    x[rows, place[rows] + 1, 1] = 1
    return x, (x[..., 1] * x[..., 2]).sum(-1)


# --8<-- [start:head]
def answer(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The smallest head: a score from the first two features, a value from all three.

    x (B, M, 3), weights (5,) to answers (B,) and attention weights (B, M). Source: definition.
    """
    s, v = x[..., :2] @ weights[:2], x @ weights[2:]  # (B, M) each
    a = s.softmax(-1)
    return (a * v).sum(-1), a
    # --8<-- [end:head]


def learn(seed: int) -> tuple[Tensor, torch.Generator]:
    """Train the head on texts whose first token is seen: weights (5,). Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    weights = (0.1 * torch.randn(5, generator=generator)).requires_grad_()
    optimiser = torch.optim.Adam([weights], lr=RATE)
    for _ in range(STEPS):
        x, y = texts(BATCH, generator)
        optimiser.zero_grad()
        torch.autograd.backward((answer(x, weights)[0] - y).square().mean())
        optimiser.step()
    return weights.detach(), generator


def errors(seed: int) -> tuple[float, float, float, float]:
    """Squared error with the first token, without it, and of always saying zero; weight on it if nothing is marked."""
    weights, generator = learn(seed)
    x, y = texts(4000, generator)
    out, a = answer(x, weights)
    dropped, _ = answer(x[:, 1:], weights)
    silent = a[x[..., 1].sum(-1) == 0, 0].mean()
    kept, without, zero = (float((guess - y).square().mean()) for guess in (out, dropped, 0 * y))
    return kept, without, zero, float(silent)


def main() -> None:
    """Errors of five heads with and without the token on which they rest."""
    torch.set_num_threads(1)
    for seed in range(5):
        kept, without, zero, silent = errors(seed)
        print(f"seed {seed}: weight on the first token {silent:.2f} where nothing is marked;")
        print(f"   error {kept:.4f} with it, {without:.4f} without, {zero:.4f} of saying zero")


if __name__ == "__main__":
    main()
