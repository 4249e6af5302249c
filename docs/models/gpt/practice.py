"""The settings with which GPTs are trained, by the library: AdamW, warm-up and cosine, clipped gradients."""

import math

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR


# --8<-- [start:schedule]
def optimiser_of(
    model: nn.Module, peak: float, warm_up: int, steps: int
) -> tuple[torch.optim.AdamW, LambdaLR]:
    """AdamW that decays matrices only; the rate rises to its peak and falls along a cosine to a tenth."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, peak, betas=(0.9, 0.95))

    def share(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        done = min(1.0, (step - warm_up) / (steps - warm_up))
        return 0.55 + 0.45 * math.cos(math.pi * done)

    return optimiser, LambdaLR(optimiser, share)
    # --8<-- [end:schedule]


# --8<-- [start:update]
def update(
    model: nn.Module, texts: Tensor, optimiser: torch.optim.Optimizer, rate: LambdaLR
) -> float:
    """One step on texts (B, N): the loss before it, nats. Source: definition."""
    logits = model(texts)[0]
    loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), texts[:, 1:].flatten())
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    rate.step()
    return loss.item()
    # --8<-- [end:update]
