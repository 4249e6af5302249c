"""The experiments of docs/architectures/feed-forward.md: superposition, facts, dead units, the size of the stream."""

from importlib import import_module
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scripts.figures import feed_forward as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

layer = import_module("docs.architectures.feed-forward.feed_forward")
toys = import_module("docs.architectures.feed-forward.toys")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "feed-forward.md"
DATA = PAGE.parent / "feed-forward"
said = sayings(PAGE)
rows_of = tables(PAGE)


pytestmark = pytest.mark.usefixtures("one_thread")


# Superposition.


def read_error(codes: Tensor, bias: Tensor, p: float) -> float:
    """The mean squared error of reading, over all combinations."""
    every, chance = toys.states(codes.shape[1], torch.tensor(p))
    found = layer.read(every, codes, bias)
    return float((chance * (found - every).square().sum(1)).sum())


@pytest.mark.equation("eq-feed-forward-pair")
def test_two_features_share_a_number_while_they_are_rare(printed: Equations) -> None:
    shared = torch.tensor([[1.0, -1.0]])
    own = torch.tensor([[1.0, 0.0]])
    for p in (0.1, 0.23, 0.41):
        costs = [
            read_error(own, torch.tensor([0.0, p]), p),
            read_error(shared, torch.zeros(2), p),
        ]
        printed("eq-feed-forward-pair").holds(
            {r"D_{\mathrm{own}}": costs[0], r"D_{\mathrm{shared}}": costs[1], "p": p},
            tolerance=1e-6,
        )
        assert (costs[0] > costs[1]) is (p < 1 / 3)
        if p == 0.1:
            said(f"the loss is 2 features, {costs[1]:.2f} on average if each counts 1")
            said(f"which costs $0.1 \\cdot 0.9 = {costs[0]:.2f}$")
    lost = layer.read(torch.tensor([1.0, 1.0]), shared, torch.zeros(2))
    assert lost.tolist() == [0, 0]
    for only in ([1.0, 0.0], [0.0, 1.0]):
        assert layer.read(torch.tensor(only), shared, torch.zeros(2)).tolist() == only
    said("*France and Italy* gives $1 - 1 = 0$, and both are lost")


def test_the_combinations_are_all_and_their_chances_one() -> None:
    every, chance = toys.states(5, torch.tensor([0.05, 0.4]))
    assert every.shape == (32, 5)
    assert torch.allclose(chance.sum(1), torch.ones(2))
    assert torch.allclose(chance @ every, torch.tensor([[0.05], [0.4]]).expand(2, 5))
    said("the loss of each is computed over all 32 combinations")


@pytest.mark.equation("eq-feed-forward-read")
def test_reading_is_written_and_read_as_printed(printed: Equations) -> None:
    draw = torch.Generator().manual_seed(6)
    codes, bias, features = (
        torch.randn(*shape, generator=draw, dtype=torch.float64) for shape in ((2, 5), (5,), (5,))
    )
    printed("eq-feed-forward-read").holds(
        {
            r"\hat{\mathbf{s}}": layer.read(features, codes, bias).numpy()[:, None],
            r"\operatorname{relu}": lambda a: np.maximum(a, 0),
            "C": codes.numpy(),
            r"\mathbf{s}": features.numpy()[:, None],
            r"\mathbf{b}": bias.numpy()[:, None],
        }
    )


@pytest.mark.equation("eq-feed-forward-welch")
def test_more_directions_than_numbers_must_interfere(printed: Equations) -> None:
    # The corners of a simplex are as far apart as can be.
    corners = np.linalg.qr(np.c_[np.ones(5), np.eye(5)[:, :4]])[0][:, 1:].T  # (4, 5)
    corners = corners / np.linalg.norm(corners, axis=0)
    draw = np.random.default_rng(0).normal(size=(3, 7))
    draw = draw / np.linalg.norm(draw, axis=0)
    for codes, free in ((corners, ()), (draw, (r"\mu", "M", "E"))):
        products = np.abs(codes.T @ codes - np.eye(codes.shape[1]))
        printed("eq-feed-forward-welch").holds(
            {r"\mu": products.max(), "E": codes.shape[0], "M": codes.shape[1]}, free=free
        )
    bound = (7680 - 768) / (768 * 7679)
    said(f"For $E = 768$ and ten times as many features the bound is {bound**0.5:.3f}: little")


@pytest.mark.equation("eq-feed-forward-trace")
def test_the_three_lines_of_the_bound(printed: Equations) -> None:
    corners = np.linalg.qr(np.c_[np.ones(5), np.eye(5)[:, :4]])[0][:, 1:].T
    corners = corners / np.linalg.norm(corners, axis=0)
    draw = np.random.default_rng(1).normal(size=(3, 7))
    draw = draw / np.linalg.norm(draw, axis=0)
    for codes, free in ((corners, ()), (draw, (r"\mu", "M", "E", r"\lambda"))):
        width, count = codes.shape
        products = codes.T @ codes
        printed("eq-feed-forward-trace").holds(
            {
                r"\mu": np.abs(products - np.eye(count)).max(),
                "M": count,
                "E": width,
                r"\lambda": np.linalg.eigvalsh(products)[::-1][:width].tolist(),
            },
            free=free,
        )


def test_the_codes_of_the_figure() -> None:
    table = style.read_table(DATA / "codes.csv")
    codes = {}
    for p in figures.SHOWN:
        rows = [n for n, q in enumerate(table["p"]) if q == p]
        codes[p] = np.array([[table["x"][n], table["y"][n]] for n in rows])
    angles = np.sort(np.degrees(np.arctan2(codes[0.05][:, 1], codes[0.05][:, 0])))
    assert np.allclose(np.diff(angles), 72, atol=0.5)
    assert np.allclose(np.linalg.norm(codes[0.05], axis=1), 1.16, atol=0.01)
    said("For p = 0.05 they form a regular pentagon of arrows of equal length")
    gaps = [np.linalg.norm(a - b) for n, a in enumerate(codes[0.2]) for b in codes[0.2][:n]]
    assert sum(gap < 0.01 for gap in gaps) == 1
    said("for p = 0.2 they form a cross in which two of the five point the same way")
    assert np.linalg.norm(codes[0.5], axis=1).max() < 1
    table = style.read_table(DATA / "lost.csv")
    at = table["p"].index(0.05)
    assert table["trained_most"][at] - table["trained_least"][at] < 1e-4
    said("At $p = 0.05$ all five seeds have the pentagon.", "training, the first of five seeds.")
    said("At $p = 0.2$ two features have the same direction in this one")
    said("equal length; for p = 0.2 they", "the same way; for p = 0.5 they are short")
    said("Mean and range of five seeds; the loss")
    assert figures.TRIALS == 5
    assert figures.SHOWN == (0.05, 0.2, 0.5)


def test_what_is_lost_by_sharing() -> None:
    table = style.read_table(DATA / "lost.csv")
    mean = dict(zip(table["p"], table["trained_mean"], strict=True))
    said(f"lose {mean[0.01]:.2f} at 0.01, {mean[0.05]:.2f} at 0.05, {mean[0.2]:.2f} at 0.2 and")
    said(f"{mean[0.5]:.2f} at 0.5; two features kept and three given up lose {table['own'][0]:g}")
    said(f"three given up lose {table['own'][0]:g} throughout")
    said(f"the probability of a feature, from {table['p'][0]:g} to {table['p'][-1]:g}. Five")
    assert max(table["trained_most"]) < 0.6 < mean[0.5] + 0.01
    said("To always guess $p$ would lose 1. At $p = 0.5$ next to nothing is gained.")
    none = read_error(torch.zeros(2, 5), torch.full((5,), 0.3), 0.3) / (5 * 0.3 * 0.7)
    assert none == pytest.approx(1)
    assert table["trained_mean"] == sorted(table["trained_mean"])
    own = torch.zeros(2, 5)
    own[0, 0] = own[1, 1] = 1
    for p in (0.05, 0.5):
        kept = read_error(own, torch.tensor([0, 0, p, p, p]), p) / (5 * p * (1 - p))
        assert kept == pytest.approx(0.6, rel=1e-5)


def test_width_against_interference() -> None:
    for row in rows_of("tab-feed-forward-width"):
        codes, bias, lost = toys.superpose(5, int(row[0]), [0.05], 10)
        shares = lost[0]
        got = [shares.mean(), shares.amin(), shares.amax()]
        for cell, value in zip(row[1:], got, strict=True):
            assert float(cell) == pytest.approx(float(value), abs=0.0015), row
        if row[0] == "1":
            assert (shares > 0.65).sum() == 1
        if row[0] == "2":
            every, chance = toys.states(5, torch.tensor(0.05))
            wrong = (layer.read(every, codes[0, 0], bias[0, 0]) - every).square()
            error = chance @ wrong
            missed = chance @ (wrong * every)
            assert 0.9 * error.sum() < missed.sum() < error.sum()
            said("features that are there together are lost, or one is read that is not there")
        if row[0] == "5":
            assert (shares > 1e-3).sum() == 1
    said("Width against interference; ten seeds")
    said("with one number, one seed of ten stays far above the others, and with five numbers one")


@pytest.mark.answer("answer-feed-forward-run")
def test_exercise_7_six_features_in_three_numbers(answer: Bench) -> None:
    codes, _, lost = toys.superpose(6, 3, [0.02], 5)
    best = codes[0, int(lost.argmin())]
    products = best.T @ best / best.norm(dim=0) / best.norm(dim=0)[:, None]
    assert ((products + 1).abs() < 0.01).sum(1).tolist() == [1] * 6
    own = torch.zeros(3, 6)
    own[0, 0] = own[1, 1] = own[2, 2] = 1
    three = read_error(own, torch.tensor([0, 0, 0, 0.02, 0.02, 0.02]), 0.02) / (6 * 0.02 * 0.98)
    answer("answer-feed-forward-run").is_(float(lost.min()), three)


def test_a_sparse_autoencoder_finds_the_codes() -> None:
    codes = toys.superpose(8, 4, [0.05], 5)[0][0]
    every, chance = toys.states(8, torch.tensor(0.05))
    found, rest = toys.untangle(every @ codes.mT, chance, 16)
    assert torch.allclose(found.norm(dim=2), torch.ones(5, 16))
    names = codes / codes.norm(dim=1, keepdim=True)
    random = torch.randn(5, 16, 4, generator=torch.Generator().manual_seed(9))
    random = random / random.norm(dim=2, keepdim=True)
    # Of the numbers of the stream, both signs count.
    cosines = [names.abs().amax(1), (random @ names).amax(1), (found @ names).amax(1)]
    for row, of in zip(rows_of("tab-feed-forward-reading"), cosines, strict=True):
        seeds = of.mean(1)
        got = [float(v) for v in (seeds.mean(), seeds.amin(), seeds.amax())]
        assert [float(cell) for cell in row[1:]] == pytest.approx(got, abs=0.015)
    lost = 100 * rest
    said(f"It loses {lost.mean():.1f} % of the rows' mean square ({lost.amin():.1f} to")
    said(f"({lost.amin():.1f} to {lost.amax():.1f} over the seeds), and has")
    reader, code = 2 * 16 * 4 + 16, 4 * 8 + 8
    said(f"and has {reader} parameters to read a code of {code}.")
    said("and train one of 16 units on the rows", "five seeds, each the mean over eight features")


# Facts, dead units, depth.


def test_how_many_facts_fit() -> None:
    table = style.read_table(DATA / "facts.csv")
    at = {int(count): n for n, count in enumerate(table["facts"])}

    def mean(net: str, count: int) -> float:
        return table[f"{net}_mean"][at[count]]

    said(f"hidden units it falls from 1 at 32 to {mean('linear_0', 64):.2f} at 64 and")
    said(f"{mean('linear_0', 512):.2f} at 512; with 12 GELU units it is {mean('gelu_12', 128):.2f}")
    said(
        f"at 128, {mean('gelu_12', 256):.2f} at 256 and {mean('gelu_12', 512):.2f} at 512; with 24"
    )
    said(f"with 24 GELU units 1 at 256 and {mean('gelu_24', 512):.2f} at 512; with 16 gated units")
    said(f"gated units 1 at 256 and {mean('swiglu_16', 512):.2f} at 512]")
    assert mean("linear_0", 32) == mean("gelu_24", 256) == mean("swiglu_16", 256) == 1
    said(f"A matrix alone knows {100 * mean('linear_0', 128):.0f} % of 128 facts.")
    said(f"Twelve units know {100 * mean('gelu_12', 128):.0f} % of them, and")
    said(f"{100 * mean('gelu_12', 256):.0f} % of 256; twice the units know all of these.")
    longer = toys.facts("gelu", 256, 12, steps=800)
    said(f"Four times the training brings the 62 % to {100 * longer.mean():.0f} %")
    assert longer.tolist() == pytest.approx([0.70, 0.80, 0.80], abs=0.02)
    said("to 77 % (70 to 80), and the matrix alone no further")
    assert toys.facts("linear", 128, 0, steps=800).mean() < mean("linear_0", 128) + 0.005
    gain = mean("swiglu_16", 512) - mean("gelu_24", 512)
    said(
        f"at 512 facts it knows {100 * mean('swiglu_16', 512):.0f} %, {100 * gain:.0f} points more"
    )
    assert table["swiglu_16_least"][at[512]] > table["gelu_24_most"][at[512]]
    # Here the gate is better, and in the language models of the source it was not.
    assert gain > 0
    said("and gated layers held somewhat less after short training[^allenzhu2025physics]")
    said("and not always the direction: there, gated layers [held less](#facts) after short")
    gated, plain = 3 * 12 * 16 + 16, 2 * 12 * 24 + 24
    said(f"of 16 units has {gated} parameters where the plain one of 24 has {plain}, and at 512")
    said(f"the number of facts to learn, from {figures.COUNTS[0]} to {figures.COUNTS[-1]}. Without")
    set_to = signature(toys.facts).parameters
    assert (set_to["width"].default, set_to["steps"].default, figures.SEEDS) == (12, 200, 3)
    said("Random keys of twelve numbers, one of twelve answers each, 200 steps of training; mean")
    said("200 steps of training; mean and range of three seeds.")


def test_a_layer_cannot_know_random_answers_that_it_never_saw() -> None:
    known = toys.facts("gelu", 64, 12, seeds=2, steps=3)
    assert 0 < known.max() < 0.6
    assert toys.facts("gelu", 32, 24, seeds=2, steps=120).min() == 1


def test_dead_units() -> None:
    curves = {"ReLU": torch.relu, "GELU": nn.functional.gelu}
    for row in rows_of("tab-feed-forward-dead"):
        off, error = toys.dead(curves[row[0]], float(row[1]))
        shares = [round(100 * float(v)) for v in (off.mean(), off.amin(), off.amax())]
        assert row[2] == f"{shares[0]} % ({shares[1]} to {shares[2]})"
        got = [float(v) for v in (error.mean(), error.amin(), error.amax())]
        shown = [float(v) for v in row[3].replace("(", "").replace(")", "").split() if v != "to"]
        assert shown == pytest.approx(got, abs=0.006)
    said("on a small regression, 128 examples, 100 steps, five seeds:", "We train 64 units")
    assert signature(toys.dead).parameters["seeds"].default == 5
    said("Table: Dead units; mean and range of five seeds")
    said("At the larger rate more than half of the ReLU units end below zero, on average.")


def test_deep_networks_of_fixed_width_are_born_dead() -> None:
    draw = torch.Generator().manual_seed(7)
    x = torch.randn(300, 50, 3, generator=draw)
    alive = []
    for _ in range(60):
        x = torch.relu(x @ torch.randn(300, 3, 3, generator=draw))
        x = x / x.amax((1, 2), keepdim=True).clamp(min=1e-9)  # no bias, so the scale is free
        alive.append(float((x > 0).any((1, 2)).float().mean()))
    assert alive == sorted(alive, reverse=True)
    assert alive[0] > 0.8 > 0.6 > alive[9] > 0.05 > alive[-1]
    said("of fixed width can also be born dead, with a probability that goes to 1 with growing")


def test_the_size_of_the_stream_by_depth() -> None:
    table = style.read_table(DATA / "stream.csv")
    last = {key: 10 ** column[-1] for key, column in table.items() if key != "layer"}
    first = {key: 10 ** column[0] for key, column in table.items() if key != "layer"}
    said(f"it falls from 1 to {1e14 * last['none_size_mean']:.0f}e-14, with them it rises to")
    said(f"rises to {round(last['skip_size_mean'], -2):,.0f}, with a norm before each layer to")
    said(
        f"with a norm before each layer to {last['norm_size_mean']:.0f}. Mean square of the gradient"
    )
    said(f"without skip connections {1e14 * first['none_back_mean']:.0f}e-14 is left at the first")
    said(f"at the first, with them {round(first['skip_back_mean'], -2):,.0f}, with a norm")
    said(f"with a norm {first['norm_back_mean']:.0f}]")
    growth = (last["skip_size_mean"] / first["skip_size_mean"]) ** (1 / figures.LAYERS)
    said(f"the row grows by a factor of {growth:.1f} a layer, in the mean square")
    said(f"by a sum](#eq-feed-forward-growth): to {last['norm_size_mean']:.0f} after 24 layers.")
    set_to = signature(toys.depth).parameters
    assert (figures.LAYERS, set_to["width"].default, set_to["seeds"].default) == (24, 16, 8)
    said("24 random layers, $E = 16$, $F = 32$, GELU; geometric mean and range of eight seeds.")
    said(
        "Two panels against the layer, 0 to 24, on a logarithmic scale", "after 24 of them neither"
    )
    for key in ("none_size_most", "none_size_mean"):
        assert table[key] == sorted(table[key], reverse=True)
    assert table["skip_size_mean"] == sorted(table["skip_size_mean"])


def test_depth_follows_the_gradient_of_autograd() -> None:
    sizes, back = toys.depth("skip", 3, seeds=2, width=4)
    assert sizes.shape == back.shape == (2, 4)
    assert torch.allclose(back[:, -1], torch.ones(2))
    draw = torch.Generator().manual_seed(2)
    x = torch.randn(2, 32, 4, generator=draw)
    assert torch.allclose(sizes[:, 0], x.square().mean((1, 2)))
    up = torch.randn(2, 4, 8, generator=draw) / 2
    down = torch.randn(2, 8, 4, generator=draw) / 8**0.5
    x = x + nn.functional.gelu(x @ up) @ down
    assert torch.allclose(sizes[:, 1], x.square().mean((1, 2)))
