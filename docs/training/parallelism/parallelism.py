"""Training on many devices, counted and simulated in one process: sums in a ring, memory, pipelines, 16 bits.

`two.py` beside it runs the same sums in two real processes.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint_sequential

EXAMPLE = (((1.0, 2.0), (2.0, 4.0)), ((2.0, 3.0), (1.0, 0.0)))  # for each worker its pairs (x, y)
START, RATE = 1.0, 0.1
LAYER = (2.0, (1.0, 2.0), (3.0, -1.0))  # x, columns, rows; ReLU between
WEIGHT, GRADIENT, STATES = 2, 2, 12  # bytes a parameter: 16 bits, 16 bits, three numbers of 32


def slope(pairs: tuple[tuple[float, float], ...], w: float) -> float:
    """Sum of the gradients of (wx - y)² over pairs. Source: definition."""
    return sum(2 * x * (w * x - y) for x, y in pairs)


# Sums over workers.


# --8<-- [start:scatter]
def reduce_scatter(held: list[list[Tensor]]) -> int:
    """Leave worker r the whole sum of part r + 1: held (n, n) parts; numbers sent. Source: patarasu2009bandwidth."""
    n, sent = len(held), 0
    for step in range(n - 1):
        moving = [held[r][(r - step) % n].clone() for r in range(n)]
        for r in range(n):  # to the right neighbour, which adds
            held[(r + 1) % n][(r - step) % n] += moving[r]
        sent += moving[0].numel()
    return sent
    # --8<-- [end:scatter]


def all_gather(held: list[list[Tensor]]) -> int:
    """Give all workers all parts: held (n, n) parts; numbers sent by one. Source: patarasu2009bandwidth."""
    n, sent = len(held), 0
    for step in range(n - 1):
        moving = [held[r][(r + 1 - step) % n].clone() for r in range(n)]
        for r in range(n):  # to the right neighbour, which keeps
            held[(r + 1) % n][(r + 1 - step) % n] = moving[r]
        sent += moving[0].numel()
    return sent


def all_reduce(vectors: list[Tensor]) -> tuple[list[Tensor], int]:
    """Sum for each worker, numbers sent: vectors (n, d) to (n, d), n | d. Source: patarasu2009bandwidth."""
    held = [list(v.clone().chunk(len(vectors))) for v in vectors]
    sent = reduce_scatter(held) + all_gather(held)
    return [torch.cat(parts) for parts in held], sent


# --8<-- [start:memory]
def states(parameters: float, n: int, stage: int) -> float:
    """Bytes of weights, gradients and Adam on each of n devices by ZeRO stage 0 to 3. Source: rajbhandari2020zero."""
    split = [1 if stage < first else n for first in (3, 2, 1)]
    return parameters * (WEIGHT / split[0] + GRADIENT / split[1] + STATES / split[2])


def sent(parameters: float, n: int, stage: int) -> float:
    """Bytes that a device sends in a step, in 16 bits. Source: rajbhandari2020zero."""
    passes = 3 if stage == 3 else 2  # of (n - 1)/n of the model each
    return passes * (n - 1) / n * WEIGHT * parameters
    # --8<-- [end:memory]


# When sending hides behind computing.


# --8<-- [start:bound]
def least_tokens(peak: float, link: float, n: int) -> float:
    """Tokens a device for which 2(n-1)/n · 2P bytes take as long as 4P operations a token. Source: own."""
    return (n - 1) / n * peak / link


def widest(width: int, peak: float, link: float) -> float:
    """Devices over which a feed-forward layer of inner width 4E can be split. Source: own."""
    return 1 + 4 * width * link / peak
    # --8<-- [end:bound]


# A pipeline.


@dataclass(frozen=True)
class Task:
    """One micro-batch on one stage, forwards or backwards."""

    stage: int
    batch: int
    back: bool
    start: float = 0.0
    end: float = 0.0


# --8<-- [start:orders]
def order(stage: int, stages: int, batches: int, kind: str) -> list[tuple[bool, int]]:
    """What a stage does in turn: (backwards?, micro-batch). Sources: huang2019gpipe; narayanan2021efficient."""
    ahead = batches if kind == "GPipe" else min(stages - stage, batches)
    turns = [(False, b) for b in range(ahead)]
    for b in range(batches):
        turns.append((True, b))
        if ahead + b < batches:
            turns.append((False, ahead + b))
    return turns
    # --8<-- [end:orders]


def schedule(
    stages: int, batches: int, kind: str, forward: float = 1.0, backward: float = 2.0
) -> list[Task]:
    """Each task as early as its turn and what it needs allow. Source: definition."""
    left = [order(stage, stages, batches, kind) for stage in range(stages)]
    done: dict[tuple[int, bool, int], float] = {}
    free, tasks = [0.0] * stages, []
    while any(left):
        for s in range(stages):
            if not left[s]:
                continue
            back, b = left[s][0]
            last = (s, False, b) if s == stages - 1 else (s + 1, True, b)
            needs = last if back else (s - 1, False, b)
            if needs[0] >= 0 and needs not in done:
                continue
            left[s].pop(0)
            start = max(free[s], done.get(needs, 0.0))
            free[s] = done[s, back, b] = start + (backward if back else forward)
            tasks.append(Task(s, b, back, start, free[s]))
    return tasks


def idle(tasks: list[Task], stages: int) -> float:
    """Share of the time of all stages in which nothing is done. Source: definition."""
    busy = sum(task.end - task.start for task in tasks)
    return 1 - busy / (stages * max(task.end for task in tasks))


def kept(tasks: list[Task], stage: int) -> int:
    """Most micro-batches whose values a stage keeps at once. Source: definition."""
    now, most = 0, 0
    for task in sorted((t for t in tasks if t.stage == stage), key=lambda t: t.start):
        now += -1 if task.back else 1
        most = max(most, now)
    return most


# Numbers of 16 bits.


# --8<-- [start:scaler]
@dataclass
class Scaler:
    """A loss scale that halves when a gradient is not finite and doubles after some good steps."""

    scale: float = 2.0**16
    patience: int = 2000
    good: int = 0

    def step(self, gradient: Tensor) -> Tensor | None:
        """Without scale, or nothing if the step is skipped: gradient (d,) to (d,). Source: micikevicius2018mixed."""
        scale = self.scale
        if not gradient.isfinite().all():
            self.scale, self.good = scale / 2, 0
            return None
        self.good += 1
        if self.good == self.patience:
            self.scale, self.good = scale * 2, 0
        return gradient.float() / scale
        # --8<-- [end:scaler]


def lost(gradient: Tensor, scale: float, kind: torch.dtype) -> tuple[float, float]:
    """Shares that become zero and infinite, of gradient (d,) without its zeros. Source: definition."""
    made = (gradient[gradient != 0] * scale).to(kind)
    return float((made == 0).double().mean()), float(made.isinf().double().mean())


def creep(steps: int, change: float, master: bool) -> float:
    """A weight of 1 in bf16 after steps that add a change, with or without a copy in 32 bits. Source: definition."""
    copy = torch.tensor(1.0, dtype=torch.float32 if master else torch.bfloat16)
    for _ in range(steps):
        copy += change
    return float(copy.bfloat16())


# Values kept for the way back.


def parts_kept(layers: int, parts: int) -> float:
    """Layers' values kept at most: inputs of the parts, and the layers of one part. Source: chen2016training."""
    return parts + layers / parts


def checkpointed(layers: nn.Sequential, x: Tensor, parts: int) -> Tensor:
    """The layers, parts computed again on the way back: x (n, d) to (n, d). Source: chen2016training."""
    out: Tensor = checkpoint_sequential(  # type: ignore[no-untyped-call]
        layers, parts, x, use_reentrant=False, preserve_rng_state=False
    )
    return out


def slowest(n: int, spread: float, draws: int = 1000, spare: int = 0, seed: int = 0) -> float:
    """Mean time of a step that waits for n of n + spare devices, each 1 + spread · normal. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    times = 1 + spread * torch.randn(draws, n + spare, generator=generator)
    return float(times.kthvalue(n, 1).values.mean())


def useful(between: float, every: float, save: float, draws: int = 100_000, seed: int = 0) -> float:
    """Share of hours whose work is kept: a copy after each `every`, a failure at random. Source: young1974first."""
    generator = torch.Generator().manual_seed(seed)
    lives = torch.empty(draws).exponential_(1 / between, generator=generator).double()
    return float((every * (lives / (every + save)).floor()).sum() / lives.sum())


def shared_noise(n: int, same: bool, draws: int = 4000, seed: int = 0) -> float:
    """Variance of the mean of n workers' dropout masks at rate 0.5, scaled by 2, by seed. Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    masks = 2 * torch.randint(0, 2, (draws, 1 if same else n), generator=generator).double()
    return float(masks.mean(1).var())


def main() -> None:
    """The example, then what one sends in a ring and what a pipeline wastes, against the formulas."""
    slopes = [slope(pairs, START) / len(pairs) for pairs in EXAMPLE]
    w = START - RATE * sum(slopes) / 2
    print(f"gradients {slopes}, mean {sum(slopes) / 2:g}, weight {w:g} on both workers")
    for n in (2, 4, 8):
        vectors = [torch.randn(64, generator=torch.Generator().manual_seed(r)) for r in range(n)]
        made, numbers = all_reduce(vectors)
        off = max(float((v - sum(vectors)).abs().max()) for v in made)
        told = 2 * (n - 1) / n * 64
        print(f"{n} workers: {numbers} of 64 numbers sent, formula {told:g}, error {off:.0e}")
    for kind in ("GPipe", "1F1B"):
        tasks = schedule(4, 8, kind)
        print(f"{kind}: idle {idle(tasks, 4):.4f}, formula {3 / 11:.4f}, kept {kept(tasks, 0)}")
    print(f"70B on 64 devices, GB: {[round(states(70e9, 64, s) / 1e9, 1) for s in range(4)]}")
    print(f"least tokens {math.ceil(least_tokens(989e12, 50e9, 64)):,}")


if __name__ == "__main__":
    main()
