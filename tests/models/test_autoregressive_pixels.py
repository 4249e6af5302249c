"""PixelCNN: the mask by gradient, the digits, the draws, and what the page tells of them."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from docs.models.autoregressive import autoregressive as source
from docs.models.autoregressive import pixels, practice
from scripts.figures import autoregressive as figures
from scripts.figures import style
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "autoregressive.md"
DATA = PAGE.parent / "autoregressive"
said = sayings(PAGE)


@pytest.mark.parametrize("size", [3, 15])
def test_no_pixel_sees_itself_or_what_follows(size: int) -> None:
    torch.manual_seed(0)
    model = pixels.PixelCNN(size)
    for place in range(64):
        seen = pixels.sees(model, place // 8, place % 8).flatten()
        assert not seen[place:].any(), f"pixel {place} sees what it must not"
        if size == 15:
            assert seen[:place].all(), f"pixel {place} has a blind spot"
    said("for each of the 64 pixels.")


@pytest.mark.usefixtures("one_thread")
def test_a_mask_that_lets_the_pixel_through_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "STEPS", 40)
    monkeypatch.setattr(pixels, "RATE", 0.1)
    torch.manual_seed(0)
    model = pixels.PixelCNN(depth=0, width=8)
    model.first = pixels.Masked(pixels.LEVELS, 8, 3, itself=True)
    assert pixels.sees(model, 4, 4)[4, 4]
    generator = torch.Generator().manual_seed(0)
    x, fresh = pixels.rows_of_a_chain(400, generator), pixels.rows_of_a_chain(50, generator)
    found = pixels.train(model, x, fresh, generator)
    assert found[-1] < source.entropy(source.joint(8)) / 8 / 2  # half of what is possible
    said("the loss falls far below what any model can reach: below half of the entropy,")


def test_a_masked_convolution_is_one_with_zeros_in_its_filter() -> None:
    torch.manual_seed(0)
    layer = pixels.Masked(2, 3, 3, itself=False)
    x, weight = torch.randn(1, 2, 5, 5), layer.weight.detach().clone()
    weight[..., 1, 1:], weight[..., 2, :] = 0, 0
    torch.testing.assert_close(layer(x), functional.conv2d(x, weight, layer.bias, padding=1))


def test_the_blind_spot_as_the_figure_has_it() -> None:
    table = style.read_table(DATA / "seen.csv")
    few, many, large = (int(sum(table[name])) for name in ("few", "many", "large"))
    said(f"With four layers of three by three, {few} earlier pixels are seen")
    said(f"with eight layers, {many}, and a corner", f"of fifteen by fifteen all {large}]")
    row, column = figures.TARGET
    assert large == 8 * row + column
    said(f"with a cross at row {row + 1}, column {column + 1}, counted from 1.")
    assert sum(table["few"][:8]) == 0
    for name in ("few", "many"):
        for place, seen in enumerate(table[name]):
            up, right = row - place // 8, place % 8 - column
            assert bool(seen) == (place < large and right <= up and (name == "many" or up <= 4))
    weights = [
        int(pixels.PixelCNN(size).first.mask.count_nonzero()) * 4 * pixels.WIDTH for size in (15, 3)
    ]
    said(f"it needs {weights[0]:,} weights that are not masked instead of {weights[1]}.")


def test_bits_are_the_mean_of_what_each_pixel_costs() -> None:
    torch.manual_seed(0)
    model, x = pixels.PixelCNN(), practice.digits()[:5]
    p = model(x).softmax(1).detach()
    each = [
        -math.log2(float(p[n, x[n, i, j], i, j]))
        for n in range(5)
        for i in range(8)
        for j in range(8)
    ]
    assert pixels.measured(model, x) == pytest.approx(sum(each) / len(each), rel=1e-5)


def test_digits_have_four_levels_and_places_alone_cost_what_is_told() -> None:
    x, fresh = practice.digits().tensor_split([pixels.TRAINING])
    assert sorted(set(x.flatten().tolist())) == [0, 1, 2, 3]
    counts = torch.stack([(x == level).sum(0) for level in range(4)]) + 1.0
    p = counts / counts.sum(0)
    cost = torch.stack([-p.gather(0, image[None]).log2()[0] for image in fresh]).mean()
    assert pixels.alone(x, fresh) == pytest.approx(float(cost), rel=1e-5)
    said(
        f"the frequencies of the grey levels at each place alone need {pixels.alone(x, fresh):.3f}."
    )


def test_a_network_that_has_not_learned_draws_by_its_scores() -> None:
    torch.manual_seed(0)
    model = pixels.PixelCNN(depth=1)
    torch.nn.init.zeros_(model.last.weight)
    with torch.no_grad():
        next(reversed(list(model.last.parameters()))).copy_(
            torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
        )
    made = pixels.sample(model, 100, torch.Generator().manual_seed(0))
    shares = torch.bincount(made.flatten()) / made.numel()
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.25, 0.125, 0.125]), atol=0.03, rtol=0)


def test_the_draws_go_in_reading_order() -> None:
    """A network that must write one more than the pixel before writes 0, 1, 2, 3, 0 …"""

    class Next(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            before = torch.cat([torch.full((len(x), 1), 3), x.flatten(1)[:, :-1]], 1)
            return 99.0 * functional.one_hot((before + 1) % 4, 4).mT.reshape(len(x), 4, 8, 8)

    made = pixels.sample(Next(), 2, torch.Generator().manual_seed(0))
    assert made.flatten(1).tolist() == [[n % 4 for n in range(64)]] * 2


def test_a_network_comes_near_a_known_entropy() -> None:
    x = pixels.rows_of_a_chain(4000, torch.Generator().manual_seed(0)).numpy()
    rows = np.array(list(source.joint(8).ravel()))
    least = source.entropy(rows) / 8
    assert source.bits(source.MOVE, x[0, 0]) > 0
    pairs = np.zeros((2, 2))
    np.add.at(pairs, (x[..., :-1].ravel(), x[..., 1:].ravel()), 1)
    np.testing.assert_allclose(pairs / pairs.sum(1, keepdims=True), source.MOVE, atol=0.01)
    assert x[..., 0].mean() == pytest.approx(1 / 3, abs=0.01)
    assert f"{least:.3f}" == "0.880"


def test_learning_as_the_figure_has_it() -> None:
    table = style.read_table(DATA / "learned.csv")
    said(
        f"From {table['step'][1]:.0f} steps on the network with the large first filter lies below the"
    )
    assert all(a < b for a, b in zip(table["large_mean"][1:], table["small_mean"][1:], strict=True))
    assert table["large_most"][-1] < table["small_least"][-1]
    large = [table[f"large_{part}"][-1] for part in ("mean", "least", "most")]
    low, high = large[1:]
    said(
        f"They need {large[0]:.3f} bits per pixel on new digits (mean of three; {low:.3f} to {high:.3f})"
    )
    said(f"at the end at {large[0]:.3f} and {table['small_mean'][-1]:.3f}; each pixel")
    said(f"each pixel alone costs {table['alone'][0]:.3f}]")
    said(
        f"at 0 steps, {table['small_mean'][0]:.2f} and {table['large_mean'][0]:.2f}, lie above the"
    )
    assert table["step"][-1] == pixels.STEPS == 80
    assert figures.NETWORKS == 3
