"""The three networks of docs/architectures/graphs.md that learn forces, and what the page tells of them."""

from pathlib import Path

import pytest
import torch

from docs.architectures.graphs import graphs, rotated
from scripts.figures import style
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "graphs.md"
TABLE = style.read_table(PAGE.parent / "graphs" / "learned.csv")
said = sayings(PAGE)
rows_of = tables(PAGE)


def told(kind: str, by: str, at: int, digits: int) -> str:
    """Mean and range of the five networks, as the page prints them."""
    mean, least, most = (TABLE[f"{kind}_{by}_{part}"][at] for part in ("mean", "least", "most"))
    return f"{mean:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def test_forces_are_the_negative_gradient_of_an_energy_and_turn_with_the_molecule() -> None:
    x = rotated.structures(3, torch.Generator().manual_seed(0))[0].double().requires_grad_()
    q = torch.tensor(rotated.CHARGES).double()
    pairs = [(i, j) for i in range(4) for j in range(i)]
    energy = -sum(
        (q[i] * q[j] * (1 + (x[:, i] - x[:, j]).square().sum(1)).log() / 2).sum() for i, j in pairs
    )
    (slope,) = torch.autograd.grad(energy, x)
    torch.testing.assert_close(rotated.forces(x.detach()), -slope)
    turn = graphs.turn(3, torch.Generator().manual_seed(1))
    x = x.detach()
    torch.testing.assert_close(rotated.forces(x @ turn.T), rotated.forces(x) @ turn.T)


@pytest.mark.parametrize("angle", [None, 40.0])
def test_rotations_are_rotations_by_their_angle(angle: float | None) -> None:
    turn = rotated.rotations(50, torch.Generator().manual_seed(0), angle)
    torch.testing.assert_close(turn @ turn.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turn), torch.ones(50))
    trace = turn.diagonal(dim1=1, dim2=2).sum(1)
    if angle is None:
        assert trace.std() > 0.5
    else:
        wanted = 1 + 2 * torch.deg2rad(torch.tensor(angle)).cos()
        torch.testing.assert_close(trace, wanted.expand(50))


def test_only_the_equivariant_network_turns_with_its_input() -> None:
    generator = torch.Generator().manual_seed(0)
    x = rotated.structures(4, generator)
    turn = rotated.rotations(rotated.SEEDS * 4, generator).unflatten(0, (rotated.SEEDS, 4))
    for run, sizes in ((rotated.equivariant, (3, 8, 1)), (rotated.plain, (12, 8, 12))):
        parts = rotated.weights(sizes, generator)
        away = (run(parts, x @ turn.mT) - run(parts, x) @ turn.mT).abs().max()
        assert (away < 1e-4) == (run is rotated.equivariant)
    turned = rotated.augment(x, generator)
    torch.testing.assert_close(torch.cdist(turned, turned), torch.cdist(x, x), atol=1e-4, rtol=0)
    assert (turned - x).abs().max() > 0.1


def test_networks_side_by_side_are_independent_and_as_large_as_said() -> None:
    generator = torch.Generator().manual_seed(0)
    sizes = {"equivariant": (3, rotated.WIDTH, 1), "plain": (12, rotated.WIDTH, rotated.WIDTH, 12)}
    counts = {
        kind: sum(part[0].numel() for part in rotated.weights(size, generator))
        for kind, size in sizes.items()
    }
    said(f"with {counts['equivariant']} weights in place of {counts['plain']:,}.")
    parts, x = rotated.weights((12, 8, 12), generator), rotated.structures(2, generator)
    (slope,) = torch.autograd.grad(rotated.error("plain", parts, x)[1], parts[:1])
    assert [bool(part.any()) for part in slope] == [False, True, False, False, False]


def test_what_the_page_tells_of_the_three() -> None:
    assert TABLE["angle"][0] == 0
    assert TABLE["angle"][-1] == 180
    last = rotated.STEPS.index(1000)
    mean, least, most = (TABLE[f"plain_angle_{part}"][0] for part in ("mean", "least", "most"))
    said(f"Upright it errs by {mean:.4f} after 1,000 steps ({least:.4f} to {most:.4f} over")
    said(
        f"Turned by 180 degrees about an axis at random it errs by {told('plain', 'angle', -1, 1)}, worse than"
    )
    said(f"then errs by {told('augmented', 'angle', 0, 4)} upright")
    turned = TABLE["augmented_angle_mean"][1:]
    said(
        f"and by {min(turned):.4f} to {max(turned):.4f} on average at the other angles of the figure"
    )
    ratio = TABLE["augmented_angle_mean"][0] / TABLE["plain_angle_mean"][0]
    said("upright this is almost five times the error of the network")
    assert 4.7 < ratio < 5
    said(
        f"on upright molecules alone and errs by {told('equivariant', 'angle', 0, 4)}, the same at"
    )
    level = TABLE["equivariant_angle_mean"]
    assert max(level) - min(level) < 1e-6
    ours, other = TABLE["equivariant_step_mean"], TABLE["augmented_step_mean"]
    said("the augmented network had the smaller mean error after 125, 250 and 500 steps.")
    said("At all four the ranges overlap, so five seeds do not decide.")
    said("After 1,000 steps the equivariant one had it.")
    assert rotated.STEPS == (125, 250, 500, 1000)
    assert [a > b for a, b in zip(ours[:4], other[:4], strict=True)] == [True, True, True, False]
    assert last == 3
    for n in range(4):
        assert TABLE["equivariant_step_most"][n] > TABLE["augmented_step_least"][n]
        assert TABLE["augmented_step_most"][n] > TABLE["equivariant_step_least"][n]
    rows = rows_of("tab-graphs-try")
    assert [cells[0] for cells in rows] == list(rotated.KINDS)
    for kind, upright, away in rows:
        assert upright == f"{TABLE[f'{kind}_angle_mean'][0]:.4f}"
        assert away == f"{TABLE[f'{kind}_step_mean'][last]:.4f}"


def test_the_curves_go_as_the_alt_text_says() -> None:
    for by in ("angle", "step"):
        rising = [v for v in TABLE[f"plain_{by}_mean"] if v == v]
        assert rising == sorted(rising)
    for kind in ("augmented", "equivariant"):
        falling = [v for v in TABLE[f"{kind}_step_mean"] if v == v]
        assert falling == sorted(falling, reverse=True)
    assert all(
        a > b
        for a, b in zip(TABLE["augmented_angle_mean"], TABLE["equivariant_angle_mean"], strict=True)
    )
    firsts = [TABLE[f"{kind}_angle_mean"][0] for kind in rotated.KINDS]
    assert min(firsts) == firsts[0]
    said("Mean and range of five networks of each kind")
    assert rotated.SEEDS == 5
