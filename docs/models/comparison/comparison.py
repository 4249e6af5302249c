"""Seven classes of generative models on the same data with the same budget.

The letters:
    x       items of the data, (N, D); z a code or noise of a model
    width   units of each hidden layer, found by `fitted` so that all classes have as many parameters
Every class has `loss(x, generator)` for one step of training (a GAN has two losses),
`sample(n, generator)`, and `passes`, the calls of a network that one sample takes. `log_density` is in
nats where the class gives it: exact for the first three, along the ODE for diffusion and flow matching.
"""

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

exact = import_module("docs.models.comparison.exact")
refining = import_module("docs.models.comparison.refining")

Generator = torch.Generator
RANGE, STEPS = exact.RANGE, refining.STEPS
net, normal, gaussian = exact.net, exact.normal, exact.gaussian
Autoregressive, Autoencoder = exact.Autoregressive, exact.Autoencoder
Adversarial, Flow = exact.Adversarial, exact.Flow
Energy, Path = refining.Energy, refining.Path
Diffusion, Matching = refining.Diffusion, refining.Matching


# --8<-- [start:train]
def train(model: Any, data: Tensor, steps: int, batch: int, rate: float, seed: int) -> None:
    """The same for each class: so many steps of Adam on batches of data (N, D), drawn anew. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    if isinstance(model, Adversarial):
        pairs = [
            (model.loss_of_judge, model.judge.parameters()),
            (model.loss_of_generator, model.generator.parameters()),
        ]
    else:
        pairs = [(model.loss, model.parameters())]
    betas = (0.5, 0.99) if isinstance(model, (Adversarial, Energy)) else (0.9, 0.99)
    moves = [(loss, torch.optim.Adam(part, rate, betas)) for loss, part in pairs]
    for step in range(steps):
        x = data[torch.randint(len(data), (batch,), generator=generator)]
        for loss, optimiser in moves:
            optimiser.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
            optimiser.zero_grad()
            torch.autograd.backward(loss(x, generator))
            optimiser.step()
    # --8<-- [end:train]


def size(model: nn.Module) -> int:
    """How many numbers a model holds, also weights that its masks switch off. Source: definition."""
    return sum(p.numel() for p in model.parameters())


def fitted(make: Callable[..., Any], budget: int, **settings: Any) -> Any:
    """The model of the class whose width brings its size nearest to a budget. Source: definition."""
    low, high = 4, 4096
    while high - low > 1:
        middle = (low + high) // 2
        small = size(make(width=middle, **settings)) < budget
        low, high = (middle, high) if small else (low, middle)
    return min(
        (make(width=w, **settings) for w in (low, high)), key=lambda m: abs(size(m) - budget)
    )


def main() -> None:
    """A short run of one class on the ring, compared with the known density."""
    from importlib import import_module

    measures = import_module("docs.models.comparison.measures")
    torch.manual_seed(0)
    model = fitted(Autoregressive, 10_000, size=2, bins=50)
    train(model, measures.ring(20_000, 1), 750, 256, 1e-2, 0)
    x = measures.ring(2000, 3)
    lost = float((measures.log_ring(x) - model.log_density(x).detach()).mean()) / math.log(2)
    share, modes = measures.near(model.sample(2000, torch.Generator().manual_seed(1000)))
    print(f"autoregressive, {size(model)} parameters, 750 steps of 256")
    print(f"{share:.3f} of 2,000 samples near a mode (of the data 0.989), {modes} modes of 8")
    print(f"{lost:.3f} bits a point above the entropy, {measures.ENTROPY:.3f} bits")


if __name__ == "__main__":
    main()
