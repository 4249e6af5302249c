"""A policy gradient with PyTorch: cross-entropy scores the drawn tokens, the clip of PPO bounds the step."""

import torch
from torch import Tensor
from torch.nn import functional


# --8<-- [start:lines]
def loss(logits: Tensor, tokens: Tensor, old: Tensor, advantage: Tensor) -> Tensor:
    """PPO's loss: logits (n, T, A), tokens (n, T), old (n, T), advantage (n, T) to (). Source: schulman2017proximal."""
    log_p = -functional.cross_entropy(logits.movedim(-1, 1), tokens, reduction="none")
    ratio = (log_p - old).exp()
    clipped = ratio.clamp(1 - 0.2, 1 + 0.2)
    return -torch.minimum(ratio * advantage, clipped * advantage).mean()
    # --8<-- [end:lines]


def main() -> None:
    """Ten thousand first tokens of the page's policy: their mean gradient for 4, exact 0.64."""
    logits = torch.tensor([0.2, 0.8]).log().requires_grad_()
    generator = torch.Generator().manual_seed(0)
    tokens = torch.multinomial(logits.detach().exp(), 10_000, True, generator=generator)[:, None]
    expected = torch.tensor([5.0, 1.0])[tokens]  # the mean reward after 4 and after 5
    old = logits.detach().log_softmax(-1)[tokens]
    value = loss(logits.expand(10_000, 1, 2), tokens, old, expected - 1.8)
    (slope,) = torch.autograd.grad(value, logits)
    print("gradient for 4:", round(-float(slope[0]), 2))


if __name__ == "__main__":
    main()
