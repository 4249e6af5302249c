"""DistributedDataParallel and FSDP2 of PyTorch, in a process of a group."""

import torch
import torch.distributed as dist
from torch import Tensor, nn

# --8<-- [start:lines]
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel


def replicate(net: nn.Module) -> nn.Module:
    """Weights in every process, gradients averaged while the way back is computed. Source: li2020pytorch."""
    return DistributedDataParallel(net)


def shard(net: nn.Sequential, device: str = "cpu", n: int = 2) -> nn.Module:
    """Weights, gradients and optimiser split over n processes, layer by layer. Source: zhao2023pytorch."""
    mesh = init_device_mesh(device, (n,))
    for layer in net:
        fully_shard(layer, mesh=mesh)
    fully_shard(net, mesh=mesh)
    return net
    # --8<-- [end:lines]


# --8<-- [start:shared]
def shared(summed: Tensor, count: int) -> Tensor:
    """Own sum as a part of all, so that the mean over processes is theirs: summed () to (). Source: definition."""
    every = torch.tensor(float(count), device=summed.device)
    dist.all_reduce(every)
    return summed * dist.get_world_size() / every
    # --8<-- [end:shared]


def step(
    net: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, fair: bool = False
) -> None:
    """A step with own examples, as many as the others have or fair: x (n, in), y (n, out). Source: definition."""
    if fair:
        loss = shared(nn.functional.mse_loss(net(x), y, reduction="sum"), y.numel())
    else:
        loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()


def network() -> nn.Sequential:
    """A small network, the same in every process."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4)).double()


def examples() -> tuple[Tensor, Tensor]:
    """Twelve inputs and targets, the same in every process: (n, in), (n, out). Source: definition."""
    generator = torch.Generator().manual_seed(1)
    draw = [torch.randn(12, size, generator=generator, dtype=torch.float64) for size in (6, 4)]
    return draw[0], draw[1]


def trained(net: nn.Module, take: slice = slice(None), fair: bool = False) -> list[float]:
    """All weights after five steps of Adam."""
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    x, y = examples()
    for _ in range(5):
        step(net, optimiser, x[take], y[take], fair)
    full = [getattr(p.detach(), "full_tensor", p.detach)() for p in net.parameters()]
    return torch.cat([p.flatten() for p in full]).tolist()


def replicated(rank: int) -> list[float]:
    """Trained by two processes with copies."""
    return trained(replicate(network()), slice(rank, None, 2))


def sharded(rank: int) -> list[float]:
    """Trained by two processes with shares."""
    return trained(shard(network()), slice(rank, None, 2))


def lopsided(rank: int) -> list[list[float]]:
    """9 and 3 examples with copies: as for equally many, and fair; then with shares, fair."""
    take = slice(0, 9) if rank == 0 else slice(9, None)
    copies = [trained(replicate(network()), take, fair) for fair in (False, True)]
    return [*copies, trained(shard(network()), take, fair=True)]


def main() -> None:
    """Needs a group of processes: two.py starts one."""
    print("python -c 'from docs.training.parallelism import practice, two; two.launch(practice.sharded)'")  # fmt: skip


if __name__ == "__main__":
    main()
