"""A small network that says the next character from the last eight, trained R times side by side.

Letters: R runs, B examples, T = 8 characters, E numbers a character, V characters, S steps, M marks.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

T, E, B, V = 8, 8, 64, 29
LETTERS = "abcdefghijklmnopqrstuvwxyz ."  # and all others: V - 1


def read(text: str) -> Tensor:
    """Numbers of characters, capitals made small: text to (n,). Source: definition."""
    return torch.tensor([LETTERS.find(c) % V for c in text.lower()])


# --8<-- [start:settings]
@dataclass(frozen=True)
class Settings:
    """What all runs share; what differs is in the plan of rates."""

    width: int = 64
    betas: tuple[float, float] = (0.9, 0.99)
    eps: float = 1e-8
    decay: float = 0.0
    decay_all: bool = False  # biases and embeddings too
    correct: bool = True  # correction of Adam's means for their start at zero
    clip: float = math.inf
    scaled: int = 0  # the width from which muP scales; 0: the usual rates and starts
    ema: float = 0.0
    marks: tuple[int, ...] = field(default=())  # steps after which the loss is measured
    # --8<-- [end:settings]


def start(s: Settings, seeds: list[int]) -> list[Tensor]:
    """Embeddings, two hidden layers, output: seeds (R,) to seven tensors (R, a, b). Source: yang2022tensor."""
    n = s.width
    shapes = [(V, E), (T * E, n), (1, n), (n, n), (1, n), (n, V), (1, V)]
    made: list[list[Tensor]] = [[] for _ in shapes]
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        for place, (a, b) in enumerate(shapes):
            scale = math.sqrt((1 if place == 5 else 2) / a) if place and a > 1 else float(a > 1)
            if s.scaled and place == 5:
                scale *= math.sqrt(s.scaled / s.width)
            made[place].append(scale * torch.randn(a, b, generator=generator))
    return [torch.stack(parts).requires_grad_() for parts in made]


def losses(w: list[Tensor], window: Tensor) -> Tensor:
    """Nats a letter: w (R, a, b) seven times, window (R, B, T + 1) to (R,). Source: definition."""
    runs = torch.arange(len(w[0]))[:, None, None]
    x = w[0][runs, window[..., :T].expand(len(w[0]), -1, -1)].flatten(2)  # (R, B, T * E)
    for n in (1, 3):
        x = torch.relu(torch.baddbmm(w[n + 1], x, w[n]))
    log_p = torch.baddbmm(w[6], x, w[5]).log_softmax(-1)
    right = window[..., T:].expand(len(w[0]), -1, -1)
    return -log_p.gather(2, right)[..., 0].mean(1)


def multipliers(s: Settings) -> list[float]:
    """Rate of each tensor over the plan's: less for matrices that read N units, with muP. Source: yang2022tensor."""
    less = s.scaled / s.width if s.scaled else 1.0
    return [1.0, 1.0, 1.0, less, 1.0, less, 1.0]


def step(w: list[Tensor], kept: list[list[Tensor]], rates: Tensor, t: int, s: Settings) -> None:
    """A step of AdamW, in place: w (R, a, b), kept (R, a, b), rates (R,). Source: loshchilov2019decoupled.

    Raises:
        ValueError: a tensor has no gradient.
    """
    if any(p.grad is None for p in w):
        raise ValueError("a tensor has no gradient: call backward first")
    squares = [p.grad.square().sum((1, 2)) for p in w if p.grad is not None]
    length = torch.stack(squares).sum(0).sqrt()
    short = (s.clip / (length + 1e-6)).clamp(max=1.0)[:, None, None]
    for n, (p, m, v, less) in enumerate(zip(w, kept[0], kept[1], multipliers(s), strict=True)):
        if p.grad is None:
            continue
        g, rate = p.grad * short, less * rates[:, None, None]
        m.lerp_(g, 1 - s.betas[0])
        v.lerp_(g * g, 1 - s.betas[1])
        right = [1 - beta**t if s.correct else 1.0 for beta in s.betas]
        keep = 1 - rate * s.decay if s.decay_all or n in (1, 3, 5) else 1.0
        p.data = keep * p.data - rate * (m / right[0]) / ((v / right[1]).sqrt() + s.eps)
        p.grad = None


def train(
    tokens: Tensor, held: Tensor, plan: Tensor, seeds: list[int], s: Settings
) -> tuple[Tensor, Tensor]:
    """Losses, also of averages: tokens (n,), held (H, T + 1), plan (S, R) to (M, R), (M, R). Source: definition.

    Raises:
        ValueError: a tensor has no gradient.
    """
    w = start(s, seeds)
    kept = [[torch.zeros_like(p) for p in w] for _ in range(2)]
    slow = [p.detach().clone() for p in w]
    draws = {seed: torch.Generator().manual_seed(1000 + seed) for seed in seeds}
    found: list[Tensor] = []
    for t, rates in enumerate(plan, 1):
        begin = {k: torch.randint(len(tokens) - T - 1, (B, 1), generator=g) for k, g in draws.items()}  # fmt: skip
        places = torch.stack([begin[seed] for seed in seeds])  # runs of a seed see the same text
        torch.autograd.backward(losses(w, tokens[places + torch.arange(T + 1)]).sum())
        step(w, kept, rates, t, s)
        for mean, p in zip(slow, w, strict=True):
            mean.lerp_(p.detach(), 1 - min(s.ema, t / (t + 10)))
        if t in (s.marks or (len(plan),)):
            with torch.no_grad():
                found.append(torch.stack([losses(w, held[None]), losses(slow, held[None])]))
    both = torch.stack(found).nan_to_num(nan=9.99).clamp(max=9.99)
    return both[:, 0], both[:, 1]


def main() -> None:
    """Learn the text of the page for 200 steps, at three rates."""
    tokens = read(
        Path(__file__).resolve().parents[1].joinpath("optimisation.md").read_text("utf-8")
    )
    windows = tokens[torch.randint(len(tokens) - T - 1, (1000, 1)) + torch.arange(T + 1)]
    rates = (0.0003, 0.003, 0.03)
    plan = torch.tensor(rates).expand(200, -1)
    for rate, loss in zip(rates, train(tokens, windows, plan, [0, 0, 0], Settings())[0][0], strict=True):  # fmt: skip
        print(f"rate {rate}: {float(loss):.3f} nats a character, uniform is {math.log(V):.3f}")


if __name__ == "__main__":
    main()
