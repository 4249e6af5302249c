"""Two processes against one: data, tensor and optimiser split by hand and by PyTorch, and what goes wrong."""

import re
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch.distributed.constants import default_pg_timeout

from docs.training.parallelism import parallelism as code
from docs.training.parallelism import practice, two
from scripts.figures import style
from tests.said import sayings, tables

PAGE = style.DOCS / "training" / "parallelism.md"
DATA = PAGE.parent / "parallelism"
SEEDS = range(5)


def spoilt(rank: int) -> list[list[list[float]]]:
    """For each problem the weights by a mean of means, and those from a start of their own, kept and sent."""
    return [[two.uneven(rank, seed)[0], *two.apart(rank, seed)] for seed in SEEDS]


JOBS = (
    practice.replicated, practice.sharded, practice.lopsided, two.by_data, two.by_tensor, two.by_zero,
    two.uneven, spoilt, two.infinite, two.missing,
)  # fmt: skip
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure."""
    return style.read_table(DATA / f"{name}.csv")


@pytest.fixture(scope="module")
def found() -> dict[str, list[Any]]:
    """What each job gave in both processes, all started once."""
    both = two.launch(*JOBS)
    return {job.__name__: [both[0][n], both[1][n]] for n, job in enumerate(JOBS)}


def off(made: Any, right: Any) -> float:
    """The largest difference."""
    return float(np.abs(np.array(made) - np.array(right)).max())


def apart(made: Any, right: Any) -> float:
    """The difference in size, relative."""
    return float(np.linalg.norm(np.array(made) - np.array(right)) / np.linalg.norm(right))


def spread(gaps: list[float]) -> tuple[float, float, float]:
    """Mean, least and most, in percent."""
    return 100 * sum(gaps) / len(gaps), 100 * min(gaps), 100 * max(gaps)


def test_two_processes_with_their_own_examples_are_one(found: dict[str, list[Any]]) -> None:
    right = two.whole()
    assert len(right) == 80
    start = two.listed(two.problem()[0])
    assert off(start, right) > 0.1  # it learns
    assert max(off(made, right) for made in found["by_data"]) < 1e-15
    assert max(off(made[2], right) for made in found["uneven"]) < 1e-15  # one has none
    assert max(abs(w) for w in right) < 1.5


def test_a_mean_of_means_is_not_the_mean(found: dict[str, list[Any]]) -> None:
    right = two.whole()
    means, sums, _ = found["uneven"][0]
    assert off(sums, right) < 1e-15
    gaps = spread(
        [
            apart(made[0], two.whole(seed))
            for seed, made in zip(SEEDS, found["spoilt"][0], strict=True)
        ]
    )
    said(
        f"had the weights {gaps[0]:.1f} % off after ten steps (five problems, {gaps[1]:.1f} to {gaps[2]:.1f})."
    )
    row = rows_of("tab-parallelism-failures")[0][1]
    assert row == f"weights off by {gaps[0]:.1f} % after ten steps ({gaps[1]:.1f} to {gaps[2]:.1f})"
    rows = rows_of("tab-parallelism-try")
    assert rows[-1][1] == f"{off(means, right):.2f}"
    assert {row[1] for row in rows[:-1]} == {"$10^{-15}$ at most", "$2 \\cdot 10^{-15}$ at most"}
    assert rows[3][1].startswith("$2")
    assert two.STEPS == 10
    assert two.EXAMPLES == 12


def test_a_layer_by_columns_and_rows_is_the_layer(found: dict[str, list[Any]]) -> None:
    (a, b), x, y = two.problem()
    x.requires_grad_()
    out = two.layer((a, b), x)
    (out - y).square().sum().backward()  # type: ignore[no-untyped-call]
    assert a.grad is not None
    assert b.grad is not None
    assert x.grad is not None
    half = two.INNER // 2
    for rank, made in enumerate(found["by_tensor"]):
        mine = slice(rank * half, (rank + 1) * half)
        right = [two.listed([t]) for t in (out, x.grad, a.grad[:, mine], b.grad[mine])]
        assert max(off(p, q) for p, q in zip(made, right, strict=True)) < 2e-15


def test_adam_with_its_states_split_is_pytorchs(found: dict[str, list[Any]]) -> None:
    weights, x, y = two.problem()
    optimiser = torch.optim.Adam(weights, 0.01)
    for _ in range(two.STEPS):
        optimiser.zero_grad()
        (two.layer(weights, x) - y).square().sum().div(two.EXAMPLES).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert max(off(made, two.listed(weights)) for made in found["by_zero"]) < 1e-15


@pytest.mark.parametrize("job", ["replicated", "sharded"])
def test_the_lines_of_pytorch_are_one_process(found: dict[str, list[Any]], job: str) -> None:
    right = practice.trained(practice.network())
    assert max(off(made, right) for made in found[job]) < 1e-15


def test_unequal_counts_need_a_factor_with_the_lines_of_pytorch(
    found: dict[str, list[Any]],
) -> None:
    right = practice.trained(practice.network())
    for plain, *fair in found["lopsided"]:
        assert off(plain, right) > 1e-3
        assert max(off(made, right) for made in fair) < 1e-15


def test_processes_that_start_apart_stay_apart(found: dict[str, list[Any]]) -> None:
    assert all(off(p[2], q[2]) == 0 for p, q in zip(*found["spoilt"], strict=True))
    gaps = spread([apart(p[1], q[1]) for p, q in zip(*found["spoilt"], strict=True)])
    said(f"stayed apart, by {gaps[0]:.0f} % after ten steps ({gaps[1]:.0f} to {gaps[2]:.0f}).")
    row = rows_of("tab-parallelism-failures")[1][1]
    assert row.endswith(f"by {gaps[0]:.0f} % after ten steps ({gaps[1]:.0f} to {gaps[2]:.0f})")


def test_an_infinite_gradient_spreads_and_a_scaler_skips_it(found: dict[str, list[Any]]) -> None:
    for total, weight in found["infinite"]:
        assert (total, weight) == ("inf", "-inf")
        scaler = code.Scaler()
        assert scaler.step(torch.tensor([1.0, float(total)])) is None
        assert scaler.scale == 2.0**15


def test_a_missing_exchange_is_an_error_in_time(found: dict[str, list[Any]]) -> None:
    assert "timed out" in found["missing"][0].lower()
    assert two.PATIENCE == 0.5
    told = re.search(
        r"(\d+) minutes for NCCL and (\d+) minutes", str(dist.init_process_group.__doc__)
    )
    assert told
    assert default_pg_timeout.total_seconds() == 60 * int(told[2])
    said(f"waits {told[2]} minutes before it is an error, {told[1]} on GPUs with NCCL")
    assert rows_of("tab-parallelism-failures")[2][1].startswith(f"an error after {two.PATIENCE} s")


def test_the_rest_of_the_table_of_failures() -> None:
    rows = rows_of("tab-parallelism-failures")
    assert rows[3][1].startswith(f"{code.creep(1000, 0.001, master=False):g} after")
    assert rows[3][2].startswith(f"{code.creep(1000, 0.001, master=True):g} with")
    lost = dict(zip(read("underflow")["power"], read("underflow")["fp16 zero"], strict=True))
    assert rows[4][1] == f"{100 * lost[0]:.1f} %"
    assert f"{100 * lost[16]:.1f} %" in rows[4][2]
    noise = [code.shared_noise(8, same=same) for same in (True, False)]
    one = code.shared_noise(1, same=True)
    assert f"{noise[0] / one:.2f} of one" in rows[6][1]
    assert rows[6][2].endswith(f"{noise[1] / one:.2f}")
    assert f"{code.slowest(512, 0.05):.3f} of" in rows[8][1]
    assert rows[8][2].endswith(f"{code.slowest(512, 0.05, spare=26):.3f}")
    assert round(26 / 512, 2) == 0.05
    slow = [f"{code.slowest(n, 0.05):.3f}" for n in (64, 512, 4096)]
    said(f"took {slow[0]} of the mean, of 512 {slow[1]}, of 4,096 {slow[2]}, in 1,000")
    said(f"took {100 * (float(slow[1]) - 1):.0f} % longer than the mean device.")
