"""Sparse autoencoders and figures of interpretability: by definition, and the numbers that the page tells."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from docs.models.gpt import gpt
from scripts.figures import interpretability as recipe
from scripts.figures.style import read_table
from tests.said import sayings, tables

net: Any = import_module("docs.training.interpretability.networks")
PAGE = Path(net.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def spread(
    table: dict[str, list[float]], name: str, at: int, digits: int = 2, times: float = 1
) -> str:
    """Mean and deviation."""
    return f"{times * table[name][at]:.{digits}f} ± {times * table[f'{name}, deviation'][at]:.{digits}f}"


def coder(k: int = 0) -> Any:
    """Two small autoencoders."""
    draws = net.Draws(2, 50)
    directions = functional.normalize(draws.normal(5, 3), dim=-1)
    return net.Coder(directions.mT, draws.normal(1, 5) / 10, directions, k)


def test_an_encoder_keeps_what_is_positive_or_the_largest() -> None:
    x = net.Draws(2, 60).normal(7, 3)
    plain, top = coder(), coder(2)
    z, kept = plain.encode(x), top.encode(x)
    for s in range(2):
        each = functional.linear(x[s], plain.read[s].T, plain.bias[s, 0]).relu()
        torch.testing.assert_close(z[s], each)
        torch.testing.assert_close(plain.decode(z)[s], each @ plain.directions[s])
    assert int((kept > 0).sum(-1).max()) == 2
    least = torch.where(kept > 0, kept, torch.inf).amin(-1)
    assert bool((z.masked_fill(kept > 0, 0).amax(-1) <= least).all())
    assert bool((kept == z)[kept > 0].all())


def test_planted_states_are_as_sparse_as_asked() -> None:
    s = net.sparse(net.Draws(2), 4000, 10, 0.05)
    assert float((s > 0).float().mean()) == pytest.approx(0.05, abs=0.004)
    on = s[s > 0]
    assert 0.5 <= float(on.min()) < 0.52
    assert 1.48 < float(on.max()) <= 1.5
    torch.testing.assert_close(net.planted(net.Draws(2), 6, 4).norm(dim=-1), torch.ones(2, 6))


def test_a_perfect_and_a_dead_autoencoder_are_judged_as_such() -> None:
    codes = torch.eye(4).expand(2, 4, 4)
    perfect = net.Coder(codes, torch.zeros(2, 1, 4), codes, 0)
    found = net.judge(perfect, codes, net.Draws(2), 0.2, 500)
    for name, wanted in (("cosine", 1), ("recovered", 1), ("dead", 0), ("lost", 0), ("size", 0)):
        torch.testing.assert_close(getattr(found, name), torch.full((2,), float(wanted)))
    shy = net.Coder(codes, torch.tensor([-0.1, -0.1, -9, -0.1]).expand(2, 1, 4), codes, 0)
    found = net.judge(shy, codes, net.Draws(2), 0.2, 500)
    torch.testing.assert_close(found.size, torch.full((2,), 0.1))
    torch.testing.assert_close(found.dead, torch.full((2,), 0.25))
    torch.testing.assert_close(found.recovered, torch.full((2,), 0.75))
    weak = net.Coder(codes, torch.full((2, 1, 4), -0.6), codes, 0)  # never above 0.9, yet not dead
    torch.testing.assert_close(net.judge(weak, codes, net.Draws(2), 0.2, 500).dead, torch.zeros(2))


def test_only_a_near_direction_recovers_and_only_a_lone_feature_is_sized() -> None:
    codes, cosines = torch.eye(3, 4), torch.tensor([1.0, 0.96, 0.94])
    tilted = torch.cat([torch.diag(cosines), (1 - cosines.square()).sqrt()[:, None]], -1)
    read = codes.mT * torch.tensor([1, 1, 0.5])
    found = net.judge(
        net.Coder(read[None], torch.zeros(1, 1, 3), tilted[None], 0),
        codes[None],
        net.Draws(1),
        0.3,
        500,
    )
    torch.testing.assert_close(found.recovered, torch.tensor([2 / 3]))
    torch.testing.assert_close(found.size, torch.zeros(1))
    # Two features at once disturb each other: the size is measured where one is alone.
    slanted = torch.tensor([[1.0, 0.0], [0.6, 0.8]]).expand(2, 2, 2)
    coder = net.Coder(slanted.mT, torch.zeros(2, 1, 2), slanted, 1)
    torch.testing.assert_close(
        net.judge(coder, slanted, net.Draws(2), 0.5, 500).size, torch.zeros(2), atol=1e-5, rtol=0
    )


def test_a_lone_feature_is_learned_too_small_by_the_price() -> None:
    codes = torch.tensor([[[0.6, 0.8]]])
    coder = net.train(codes, net.Draws(1, 3), 1, 1.0, price=0.2, steps=400, batch=32)
    strong = torch.tensor([0.6, 1.0, 1.4])[None, :, None]
    torch.testing.assert_close(coder.encode(strong @ codes), strong - 0.2, atol=0.03, rtol=0)
    torch.testing.assert_close(coder.directions, codes, atol=0.01, rtol=0)


def test_training_lowers_the_printed_loss_and_a_price_lowers_activations() -> None:
    sums = {}
    for price in (0.0, 0.5):
        draws = net.Draws(1)
        codes = net.planted(draws, 6, 4)
        trained = net.train(codes, draws, 8, 0.1, price, steps=120)
        torch.testing.assert_close(trained.directions.norm(dim=-1), torch.ones(1, 8))
        x = net.sparse(net.Draws(1, 7), 500, 6, 0.1) @ codes
        z = trained.encode(x)
        off = float((trained.decode(z) - x).square().sum(-1).mean() / 2)
        assert off + price * float(z.sum(-1).mean()) < float(x.square().sum(-1).mean() / 2)
        sums[price] = float(z.sum(-1).mean())
    assert sums[0.5] < 0.6 * sums[0.0]


# What the page tells.


def test_the_table_of_autoencoders() -> None:
    table = read_table(DATA / "features.csv")
    names = [("L1", n) for n in range(5)] + [("TopK", n) for n in range(4)]
    for (name, at), cells in zip(names, rows_of("tab-interpretability-sae"), strict=True):
        setting = (
            f"price {table['price'][at]:g}" if name == "L1" else f"TopK, k = {table['k'][at]:.0f}"
        )
        size = spread(table, f"{name}, size", at)
        assert cells == [
            setting,
            f"{spread(table, f'{name}, recovered', at, 0, 100)} %",
            spread(table, f"{name}, active", at, 1),
            f"{spread(table, f'{name}, lost', at, 1, 100)} %",
            "none recovered in 3 of 5 seeds" if "nan" in size else size,
            f"{spread(table, f'{name}, dead', at, 0, 100)} %",
        ]
    few = (
        torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0]) / recipe.FEATURES
    )  # one each, in two of five seeds
    assert table["L1, recovered"][0] == pytest.approx(few.mean().item())
    assert table["L1, recovered, deviation"][0] == pytest.approx(few.std().item(), rel=1e-3)
    lost, active = table["L1, lost"], table["L1, active"]
    assert min(lost) == lost[0]
    assert lost == sorted(lost)
    assert all(
        any(
            a <= active[n] and b <= lost[n]
            for a, b in zip(table["TopK, active"][:4], table["TopK, lost"][:4], strict=True)
        )
        for n in range(1, 5)
        if lost[n] > 0.07
    )
    assert all(v < active[4 - n] + 0.3 for n, v in enumerate(table["TopK, active"][2:4]))
    said(
        f"TopK loses less, {100 * table['TopK, lost'][2]:.1f} % against {100 * lost[4]:.1f} % and "
        f"{100 * table['TopK, lost'][3]:.1f} % against {100 * lost[3]:.1f} %, and it shrinks less."
    )
    few = read_table(DATA / "sizes.csv")
    said(
        f"Shrinkage is larger than the price, from {table['L1, size'][1]:.2f} to {table['L1, size'][4]:.2f}: the",
        f"With k = 2 and {few['units'][1]:.0f} units, as many as features, "
        f"{spread(few, 'TopK, recovered', 1, 0, 100)} % are recovered; with {few['units'][0]:.0f}, "
        f"{spread(few, 'TopK, recovered', 0, 0, 100)} %.",
        f"The line of prices falls from {lost[4]:.2f} at {active[4]:.1f} units on to {lost[0]:.2f} at {active[0]:.1f};",
        f"from {table['TopK, lost'][0]:.2f} at {table['TopK, active'][0]:.0f} unit to {table['TopK, lost'][3]:.2f} at "
        f"{table['TopK, active'][3]:.1f}, with 97, 98, 96 and 93 per cent",
        f"We plant {recipe.FEATURES} features in {recipe.WIDTH} numbers, each there with probability {recipe.CHANCE}, "
        f"from 0.5 to 1.5 strong, and look for them with {recipe.UNITS} units.",
        f"rebuilt best and recovered {100 * table['L1, recovered'][0]:.0f} %.",
    )
    shares = [f"{100 * v:.0f}" for v in table["L1, recovered"][::-1]]
    said(f"features recovered, {', '.join(shares[:4])} and {shares[4]} per cent.")
    shares = [f"{100 * v:.0f}" for v in table["TopK, recovered"][:4]]
    assert shares == ["97", "98", "96", "93"]
    assert all(
        size > price for size, price in zip(table["L1, size"][1:], table["price"][1:], strict=True)
    )
    there = recipe.FEATURES * recipe.CHANCE
    assert there == pytest.approx(1.6)


def test_the_table_of_failures() -> None:
    sae, probes, lens, removed = (
        read_table(DATA / f"{n}.csv") for n in ("features", "probes", "lens", "removed")
    )
    told = [cells[1] for cells in rows_of("tab-interpretability-failures")][:6]
    assert told == [
        f"{probes['trained, coin'][2]:.2f} on labels by coin",
        f"{removed['spare, readable'][0]:.2f} for a bit that no answer needs",
        "two effects of 0, together 1",
        f"{lens['logit lens'][0]:.2f} nats in place of {lens['tuned lens'][0]:.2f}",
        f"a lone feature loses {sae['L1, size'][2]:.2f} at a price of {sae['price'][2]:g}",
        "rain and night read as storm",
    ]
    assert (
        rows_of("tab-interpretability-failures")[4][3]
        == f"units that are never on (*dead units*): {100 * sae['TopK, dead'][1]:.0f} %"
    )


def test_what_both_lenses_read() -> None:
    table = read_table(DATA / "lens.csv")
    plain, tuned = table["logit lens"], table["tuned lens"]
    assert plain == sorted(plain, reverse=True)
    assert all(a > b for a, b in zip(plain[:3], tuned[:3], strict=True))
    assert plain[3] == tuned[3]
    said(
        f"is wrong with confidence: {plain[0]:.2f} nats, where equal chances for all 512 tokens give "
        f"{math.log(512):.2f}. The tuned lens has {tuned[0]:.2f}. After",
        f"the two are close, {plain[1]:.2f} and {tuned[1]:.2f}, and {100 * table['logit lens, same'][1]:.0f} % of the",
        f"The logit lens starts at {plain[0]:.1f} nats and falls to {plain[1]:.1f} after one block, {plain[2]:.1f} "
        f"after two and {plain[3]:.1f} at the end; the tuned lens starts at {tuned[0]:.1f} and",
        f"One model, {recipe.HELD * recipe.CONTEXT:,} tokens of held-out text; the map is fitted on "
        f"{recipe.CHUNKS * recipe.CONTEXT:,} others.",
        f"A dotted line at {math.log(512):.1f} is a guess",
    )


def test_the_stream_holds_what_goes_into_each_block() -> None:
    model, tokens = gpt.by_hand(), torch.tensor([[0, 2]])
    states, logits = recipe.stream(model, tokens)
    assert len(states) == 2
    torch.testing.assert_close(states[0], (model.wte[tokens] + model.wpe[:2]).detach())
    with torch.no_grad():
        torch.testing.assert_close(model.ln_f(states[1]) @ model.wte.T, logits)


def test_sites_of_the_tiny_models() -> None:
    table = read_table(DATA / "patched.csv")
    assert recipe.shares(gpt.by_hand()) == pytest.approx(table["by hand"], abs=1e-5)
    seeds = [table[f"seed {n}"] for n in range(recipe.SEEDS)]
    for site, wanted in ((0, 1), (1, 1), (3, 0)):
        assert all(v[site] == pytest.approx(wanted, abs=1e-4) for v in [*seeds, table["by hand"]])
    shares = sorted(100 * v[2] for v in seeds)
    assert table["by hand"][2] == pytest.approx(1)
    told = [f"{v:.0f}".replace("-0", "0").replace("-", "−") for v in shares]
    said(
        f"MLP's writing: 100 % by hand, and {told[0]}, {told[1]}, {told[2]}, {told[3]} and {told[4]} % learned.",
        f"restores everything in the model by hand, and from {told[0]} % to {told[4]} % in the learned ones.",
        f"five learned from seeds 0 to {recipe.SEEDS - 1} in {recipe.LEARN} steps; the heights",
    )
