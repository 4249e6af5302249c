"""A loss on answers alone by PyTorch's own means: labels of -100 are left out, the count is taken once a batch."""

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:lines]
def loss(logits: Tensor, tokens: Tensor, answers: Tensor, count: Tensor) -> Tensor:
    """Sum over a part of a batch, divided by the count of the whole batch.

    Args: logits (b, N, V); tokens (b, N); answers (b, N), true in answers and at their ends; count ().
    Returns (). Source: definition.
    """
    labels = tokens.masked_fill(~answers, -100)
    scores = logits[:, :-1].flatten(0, 1)  # what is said at a place is about the next token
    return functional.cross_entropy(scores, labels[:, 1:].flatten(), reduction="sum") / count
    # --8<-- [end:lines]


def main() -> None:
    """A batch of four rows at once and in two parts gives the same loss."""
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 7, 5, generator=draw)
    tokens = torch.randint(5, (4, 7), generator=draw)
    answers = torch.arange(7) >= torch.tensor([2, 5, 3, 6])[:, None]
    count = answers[:, 1:].sum()
    parts = [loss(logits[n], tokens[n], answers[n], count) for n in (slice(2), slice(2, 4))]
    print(f"in parts {float(sum(parts)):.4f}")
    print(f"at once {float(loss(logits, tokens, answers, count)):.4f}")


if __name__ == "__main__":
    main()
