"""Two processes train one network: by data, by columns and rows, and with Adam's states split; and what goes wrong."""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

Job = Callable[[int], Any]
STEPS, RATE, SEED = 10, 0.1, 0
INPUTS, INNER, OUTPUTS, EXAMPLES = 6, 8, 4, 12
PATIENCE = 0.5  # seconds that a process waits for a missing one


def work(rank: int, folder: str, jobs: Sequence[Job], seconds: float) -> None:
    """One process: joins the others and does the jobs in turn."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=seconds),
    )
    Path(folder, f"{rank}.json").write_text(json.dumps([job(rank) for job in jobs]), "utf-8")


def launch(*jobs: Job, seconds: float = 20.0) -> list[list[Any]]:
    """What each job returns in each of two processes: [process][job]."""
    ways = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if "fork" in ways else "spawn")
    with tempfile.TemporaryDirectory() as folder:
        both = [context.Process(target=work, args=(r, folder, jobs, seconds)) for r in (0, 1)]
        for process in both:
            process.start()
        for process in both:
            process.join(3 * seconds)
            process.kill()
        return [json.loads(Path(folder, f"{r}.json").read_text("utf-8")) for r in (0, 1)]


def problem(seed: int = SEED) -> tuple[list[Tensor], Tensor, Tensor]:
    """Weights, inputs x and targets y, the same in every process: (2,), (n, in), (n, out). Source: definition."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(INPUTS, INNER), (INNER, OUTPUTS), (EXAMPLES, INPUTS), (EXAMPLES, OUTPUTS)]
    a, b, x, y = (torch.randn(s, generator=generator, dtype=torch.float64) / 2 for s in shapes)
    return [a.requires_grad_(), b.requires_grad_()], x, y


def layer(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Two matrices with a ReLU between: weights (2,), x (n, in) to (n, out). Source: definition."""
    return torch.relu(x @ weights[0]) @ weights[1]


def stepped(weights: list[Tensor], slopes: Sequence[Tensor], count: float) -> list[Tensor]:
    """A step with the mean of a sum of gradients: weights (2,), slopes (2,) to (2,). Source: definition."""
    made = (w - RATE * g / count for w, g in zip(weights, slopes, strict=True))
    return [w.detach().requires_grad_() for w in made]


# --8<-- [start:data]
def data_step(weights: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
    """A step with own examples, maybe none: weights (2,), x (n, in), y (n, out) to (2,). Source: definition."""
    loss = (layer(weights, x) - y).square().sum()
    slopes = torch.autograd.grad(loss, weights)
    count = torch.tensor(float(len(x)))
    for part in (*slopes, count):
        dist.all_reduce(part)
    return stepped(weights, slopes, float(count))
    # --8<-- [end:data]


def mean_step(weights: list[Tensor], x: Tensor, y: Tensor) -> list[Tensor]:
    """By a mean of means, wrong for unequal counts: weights (2,), x (n, in), y (n, out) to (2,). Source: definition."""
    loss = (layer(weights, x) - y).square().sum() / len(x)
    slopes = torch.autograd.grad(loss, weights)
    for part in slopes:
        dist.all_reduce(part)
    return stepped(weights, slopes, 2)


def enter(x: Tensor) -> Tensor:
    """Forwards nothing, backwards a sum over processes: x (n, in) to (n, in). Source: shoeybi2019megatron."""
    same = x.clone()
    if same.requires_grad:
        same.register_hook(summed)  # type: ignore[no-untyped-call]
    return same


def summed(x: Tensor) -> Tensor:
    """The sum over processes, in a new place: x (n, out) to (n, out). Source: definition."""
    total = x.clone()
    dist.all_reduce(total)
    return total


class Leave(torch.autograd.Function):
    """Forwards a sum over processes, backwards nothing. Source: shoeybi2019megatron."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The sum: x (n, out) to (n, out). Source: shoeybi2019megatron."""
        return summed(x)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        """The same: slopes (n, out) to (n, out). Source: shoeybi2019megatron."""
        return slopes[0]


# --8<-- [start:tensor]
def split_layer(columns: Tensor, rows: Tensor, x: Tensor) -> Tensor:
    """By shares: columns (in, h), rows (h, out), x (n, in) to (n, out). Source: shoeybi2019megatron."""
    inner = torch.relu(enter(x) @ columns)
    out: Tensor = Leave.apply(inner @ rows)  # type: ignore[no-untyped-call]
    return out
    # --8<-- [end:tensor]


# --8<-- [start:zero]
def zero_step(flat: Tensor, slope: Tensor, adam: list[Tensor], step: int) -> Tensor:
    """Adam, half of it here: flat (d,), slope (d,), adam (2, d/2) to (d,). Source: rajbhandari2020zero."""
    rank, half = dist.get_rank(), len(flat) // 2
    mine = torch.empty(half, dtype=flat.dtype)
    dist.reduce_scatter_single(mine, slope)
    own = adam_step(flat[rank * half : (rank + 1) * half], mine, adam, step)
    whole = torch.empty_like(flat)
    dist.all_gather_single(whole, own)
    return whole
    # --8<-- [end:zero]


def adam_step(w: Tensor, slope: Tensor, adam: list[Tensor], step: int) -> Tensor:
    """Adam on a part of the weights: w (d,), slope (d,), adam (2, d) to (d,). Source: definition."""
    adam[0] = 0.9 * adam[0] + 0.1 * slope
    adam[1] = 0.999 * adam[1] + 0.001 * slope.square()
    first, second = adam[0] / (1 - 0.9**step), adam[1] / (1 - 0.999**step)
    return w - 0.01 * first / (second.sqrt() + 1e-8)


def listed(weights: Sequence[Tensor]) -> list[float]:
    """All numbers of weights (k,). Source: definition."""
    return torch.cat([w.detach().flatten() for w in weights]).tolist()


def by_data(rank: int, take: slice | None = None, step: Any = data_step, seed: int = SEED) -> Any:
    """Weights after some steps, each process with every other example or with those that it takes."""
    weights, x, y = problem(seed)
    take = take or slice(rank, None, 2)
    for _ in range(STEPS):
        weights = step(weights, x[take], y[take])
    return listed(weights)


def by_tensor(rank: int) -> list[list[float]]:
    """Output, gradient of the input and of both shares of one split layer."""
    (a, b), x, y = problem()
    mine = slice(rank * INNER // 2, (rank + 1) * INNER // 2)
    columns, rows = a[:, mine].detach().requires_grad_(), b[mine].detach().requires_grad_()
    x.requires_grad_()
    out = split_layer(columns, rows, x)
    slopes = torch.autograd.grad((out - y).square().sum(), (x, columns, rows))
    return [listed([t]) for t in (out, *slopes)]


def by_zero(rank: int) -> list[float]:
    """Weights after some steps of Adam whose states are split."""
    weights, x, y = problem()
    flat = torch.cat([w.detach().flatten() for w in weights])
    adam = [torch.zeros(len(flat) // 2, dtype=torch.float64) for _ in "mv"]
    for step in range(1, STEPS + 1):
        flat.requires_grad_()
        a, b = torch.split(flat, [INPUTS * INNER, INNER * OUTPUTS])
        pair = [a.reshape(INPUTS, INNER), b.reshape(INNER, OUTPUTS)]
        loss = (layer(pair, x[rank::2]) - y[rank::2]).square().sum() / EXAMPLES
        (slope,) = torch.autograd.grad(loss, flat)
        flat = zero_step(flat.detach(), slope, adam, step)
    return listed([flat])


def uneven(rank: int, seed: int = SEED) -> list[list[float]]:
    """9 and 3 examples by a mean of means, 9 and 3 by sums with counts, all and none by sums."""
    take = slice(0, 9) if rank == 0 else slice(9, None)
    some = slice(0, EXAMPLES if rank == 0 else 0)
    ways = ((take, mean_step), (take, data_step), (some, data_step))
    return [by_data(rank, part, step, seed) for part, step in ways]


def apart(rank: int, seed: int = SEED) -> list[list[float]]:
    """Weights after some steps if each process draws its own start: as it is, and sent by the first one."""
    found = []
    for send in (False, True):
        weights, x, y = problem(seed)
        noise = torch.Generator().manual_seed(2 * seed + rank)
        for w in weights:
            w.data += torch.randn(w.shape, generator=noise) / 10
            if send:
                dist.broadcast(w.data, src=0)
        for _ in range(STEPS):
            weights = data_step(weights, x[rank::2], y[rank::2])
        found.append(listed(weights))
    return found


def infinite(rank: int) -> list[str]:
    """One process has an infinite gradient: its sum, and the weight after a step with it."""
    slope = torch.tensor([1.0, torch.inf if rank == 0 else 2.0])
    dist.all_reduce(slope)
    w = torch.ones_like(slope) - RATE * slope
    return [str(float(slope[1])), str(float(w[1]))]


def missing(rank: int) -> str:
    """One process leaves out a collective; the other waits until its time is over. The last job of a group."""
    if rank == 1:
        time.sleep(2 * PATIENCE)
        return "no examples, no call"
    try:
        group: Any = dist.group.WORLD
        group.allreduce([torch.ones(1)]).wait(timedelta(seconds=PATIENCE))
    except RuntimeError as error:
        return str(error)
    return "no error"


def whole(seed: int = SEED) -> list[float]:
    """One process with all examples."""
    weights, x, y = problem(seed)
    for _ in range(STEPS):
        slopes = torch.autograd.grad((layer(weights, x) - y).square().sum(), weights)
        weights = stepped(weights, slopes, EXAMPLES)
    return listed(weights)


def main() -> None:
    """The largest difference between two processes and one."""
    data, zero, ends = launch(by_data, by_zero, missing)[0]
    off = max(abs(p - q) for p, q in zip(data, whole(), strict=True))
    print(f"data parallel against one process: {off:.1e} in {len(zero)} weights; missing: {ends}")


if __name__ == "__main__":
    main()
