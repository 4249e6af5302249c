"""AdamW with two groups, warm-up and cosine, clipping and averaged weights, as PyTorch has them; and Muon."""

# --8<-- [start:lines]
import math

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def optimiser(net: nn.Module, rate: float, decay: float = 0.1) -> torch.optim.AdamW:
    """Decay for matrices, none for biases and gains. Source: loshchilov2019decoupled."""
    groups = [
        {"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))
    # --8<-- [end:lines]


# --8<-- [start:rest]
def plan(optimiser: torch.optim.Optimizer, steps: int, warm: int) -> LambdaLR:
    """Warm-up, then cosine. Source: loshchilov2017sgdr."""
    half = math.pi / (steps - warm)
    return LambdaLR(
        optimiser,
        lambda t: min(1.0, (t + 1) / (warm + 1)) * (1 + math.cos(max(0, t - warm) * half)) / 2,
    )


def step(net: nn.Module, optimiser: torch.optim.Optimizer, rates: LambdaLR, x: Tensor, y: Tensor) -> float:  # fmt: skip
    """A step with clipping: x (n, in), y (n, out). Source: pascanu2013difficulty."""
    loss = nn.functional.mse_loss(net(x), y)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    rates.step()
    optimiser.zero_grad()
    return float(loss.detach())
    # --8<-- [end:rest]


def averaged(net: nn.Module, keep: float = 0.999) -> AveragedModel:
    """Call update_parameters(net) after each step, and evaluate the average."""
    return AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(keep))


def muon(matrices: list[nn.Parameter], rate: float) -> torch.optim.Optimizer:
    """Muon for hidden matrices; embeddings, output, biases and gains stay with AdamW; the rate is Muon's own."""
    return torch.optim.Muon(matrices, lr=rate, momentum=0.95, weight_decay=0.1)


def main() -> None:
    """Fit random numbers for 100 steps."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4))
    adam = optimiser(net, 0.01)
    rates, mean = plan(adam, 100, 10), averaged(net, 0.9)
    x, y = torch.randn(12, 6), torch.randn(12, 4)
    for t in range(100):
        loss = step(net, adam, rates, x, y)
        mean.update_parameters(net)
        if t % 33 == 0:
            print(f"step {t}: loss {loss:.3f}")


if __name__ == "__main__":
    main()
