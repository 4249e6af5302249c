"""The U-Nets of docs/architectures/convolution.md: what they are told and how, and what the page tells of them."""

from pathlib import Path

import pytest
import torch

from docs.architectures.convolution import denoise
from scripts.figures import style
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "convolution.md"
TABLE = style.read_table(PAGE.parent / "convolution" / "told.csv")
LEVELS = range(len(denoise.LEVELS))
said = sayings(PAGE)


def told(kind: str, at: int, digits: int) -> str:
    """Mean and range of the three networks at a level, as the page prints them."""
    mean, least, most = (TABLE[f"{kind}_{part}"][at] for part in ("mean", "least", "most"))
    return f"{mean:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def test_signals_are_bars_on_a_circle_with_what_is_told_of_them() -> None:
    x, sign, start = denoise.signals(200, torch.Generator().manual_seed(0))
    assert x.shape == (200, 1, denoise.PLACES)
    assert (x.abs().sum(2) == denoise.BAR).all()
    for n in range(200):
        at = (4 * int(start[n]) + torch.arange(8)) % 32
        assert (x[n, 0, at] == 2 * int(sign[n]) - 1).all()
    grained, *_ = denoise.signals(200, torch.Generator().manual_seed(0), grain=True)
    assert ((grained - x).abs() == 0.5).all()
    said("Bars of eight pixels and height 1 or −1, on a circle of 32 places,")


@pytest.mark.parametrize("kind", denoise.KINDS)
def test_each_kind_hears_what_it_is_told_and_no_more(kind: str) -> None:
    torch.manual_seed(0)
    model = denoise.Told(kind)
    z, level = torch.randn(2, 1, denoise.PLACES), torch.tensor([1.0, 2.0])
    zero, one = torch.tensor([0, 0]), torch.tensor([1, 1])
    out = model(z, level, zero, zero)
    hears = kind in ("film", "cross", "places", "map")
    assert ((model(z, level, one, zero) - out).abs().max() > 1e-6) == hears
    assert ((model(z, level, zero, one) - out).abs().max() > 1e-6) == hears
    moved = model(torch.roll(z, 4, -1), level, zero, zero)
    same = torch.allclose(moved, torch.roll(out, 4, -1), atol=1e-5)
    assert same == (kind not in ("places", "map"))


def test_networks_side_by_side_are_those_one_by_one() -> None:
    models = []
    for seed in range(2):
        torch.manual_seed(seed)
        models.append(denoise.Told("film"))
    weights, _ = denoise.stack_module_state(models)
    run = denoise.Run(models[0], weights)
    x, sign, start = denoise.signals(6, torch.Generator().manual_seed(0))
    level = torch.linspace(0.5, 3, 6)
    out = run(x, level, sign, start)
    for n, model in enumerate(models):
        part = slice(3 * n, 3 * n + 3)
        torch.testing.assert_close(out[n], model(x[part], level[part], sign[part], start[part]))


def test_a_few_steps_make_the_error_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoise, "STEPS", 0)
    before = denoise.errors("map", 2)
    monkeypatch.setattr(denoise, "STEPS", 12)
    after = denoise.errors("map", 2)
    assert after.shape == (2, len(denoise.LEVELS))
    assert (after < before).all()


def test_what_each_way_of_telling_reaches() -> None:
    last = len(LEVELS) - 1
    said(
        f"the networks reach {told('nothing', last, 3)[:5]} ({TABLE['nothing_least'][last]:.3f} to"
    )
    said(f"{TABLE['nothing_most'][last]:.3f} over three) told nothing, {told('film', last, 3)} by")
    said(f"{told('cross', last, 3)} by cross-attention, a little less")
    said(f"place reaches {told('places', last, 4)}, the map")
    said(f", the map {told('map', last, 4)}. The map costs one channel")
    assert TABLE["nothing_most"][last] < 0.25
    assert max(TABLE["film_most"][last], TABLE["cross_most"][last]) < 0.1875
    for at in LEVELS:
        if denoise.LEVELS[at] >= 1:
            assert TABLE["film_most"][at] < TABLE["nothing_least"][at]
            assert TABLE["cross_most"][at] < TABLE["nothing_least"][at]
        for good in ("places", "map"):
            assert TABLE[f"{good}_most"][at] < 0.002
            assert TABLE[f"{good}_most"][at] < TABLE["cross_least"][at]
            assert TABLE[f"{good}_most"][at] < TABLE["film_least"][at]
    first, end = ({k: TABLE[f"{k}_mean"][at] for k in denoise.KINDS} for at in (0, last))
    said(f"| nothing | {end['nothing']:.4f} | Nearly", f"| film | {end['film']:.4f} | Below")
    said(f"| map | {end['map']:.4f} | Nothing is left")
    said(f"error rises from {first['nothing']:.3f} to {end['nothing']:.3f}; with FiLM from")
    said(f"FiLM from {first['film']:.3f} to {end['film']:.3f}, with cross-attention from")
    said(f"attention from {first['cross']:.3f} to {end['cross']:.3f}; with")
    said(f"connections the error rises from {first['grain']:.3f} to {end['grain']:.3f}, without")
    said(f"without from {first['bare']:.3f} to {end['bare']:.3f}](")
    said(f"Small U-Nets after {denoise.STEPS} steps; mean and range of three.")


def test_what_skip_connections_are_worth() -> None:
    said(
        f"the error is {told('grain', 0, 3)} with skip connections and {told('bare', 0, 3)} without"
    )
    said(f"At level 4 both have {TABLE['grain_mean'][-1]:.3f}: there")
    assert f"{TABLE['bare_mean'][-1]:.3f}" == f"{TABLE['grain_mean'][-1]:.3f}"
    for at in LEVELS[:3]:
        assert TABLE["grain_most"][at] < TABLE["bare_least"][at]


def test_what_a_map_and_a_table_of_places_cost() -> None:
    sizes = {
        kind: sum(p.numel() for p in denoise.Told(kind).net.parameters())
        for kind in ("film", "map", "cross", "places")
    }
    said(f"one channel at the input, {sizes['map'] - sizes['film']} weights here; the table of")
    said(f"of places costs {sizes['places'] - sizes['cross']}, and fits one size")
