"""Small networks of fine-tuning: freezing, importance and pulls by definition, and the numbers that the page tells."""

from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from scripts.figures import fine_tuning as recipe
from scripts.figures.style import read_table
from tests.said import sayings, tables

net: Any = import_module("docs.training.fine-tuning.networks")
PAGE = Path(net.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def spread(table: dict[str, list[float]], name: str, row: int = 0) -> str:
    """Mean and deviation with two decimals."""
    return f"{table[name][row]:.2f} ± {table[f'{name}, deviation'][row]:.2f}"


def some(n: int = 6, seeds: int = 2) -> tuple[Tensor, Tensor]:
    """Inputs and labels for networks side by side."""
    draw = torch.Generator().manual_seed(3)
    return torch.rand(seeds, n, 64, generator=draw), torch.randint(10, (seeds, n), generator=draw)


def test_networks_side_by_side_are_single_ones() -> None:
    layers, (x, y) = net.fresh(2), some()
    for seed in range(2):
        h = x[seed]
        for at in (0, 2, 4):
            h = functional.linear(h, layers[at][seed].T, layers[at + 1][seed, 0])
            h = h.relu() if at < 4 else h
        assert torch.allclose(
            net.losses(layers, (x, y))[seed], functional.cross_entropy(h, y[seed])
        )
        assert net.right(layers, (x, y))[seed] == (h.argmax(-1) == y[seed]).float().mean()


def test_what_is_frozen_stays_and_what_joins_late_moves_late() -> None:
    start, data = net.fresh(2), some()
    tuned = net.tune(start, data, (0, 0.01, 0.01), 3)
    assert all(torch.equal(a, b) for a, b in zip(start[:2], tuned[:2], strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(start[2:], tuned[2:], strict=True))
    late = net.tune(start, data, (0.01,) * 3, 3, unfreeze=(3, 2, 0))
    assert torch.equal(late[0], start[0])
    assert not torch.equal(late[2], start[2])
    assert (
        float((late[2] - start[2]).abs().max()) < 0.0101 < float((late[4] - start[4]).abs().max())
    )
    half = net.between(start, tuned, 0.25)
    torch.testing.assert_close(half[4], 0.75 * start[4] + 0.25 * tuned[4])


def test_importance_is_the_mean_squared_gradient_with_the_models_own_labels() -> None:
    layers, (x, _) = net.fresh(1), some(3, 1)
    found = net.importance(layers, x)
    told = [torch.zeros_like(part) for part in layers]
    for n in range(3):
        parts = [part.clone().requires_grad_() for part in layers]
        log_p = net.hidden(parts, x[:, n : n + 1])[-1].log_softmax(-1)[0, 0]
        for label in range(10):
            grads = torch.autograd.grad(log_p[label], parts, retain_graph=True)
            for total, grad in zip(told, grads, strict=True):
                total += log_p[label].exp().detach() * grad.square() / 3
    for a, b in zip(found, told, strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)


def test_a_pull_is_half_the_weighted_squared_change() -> None:
    start = net.fresh(1)
    moved = [part + 0.1 for part in start]
    weights = [torch.full_like(part, 3.0) for part in start]
    count = sum(part.numel() for part in start)
    penalty = net.pull(start, weights, 2.0)(moved)
    torch.testing.assert_close(penalty, torch.tensor(0.5 * 2 * 3 * 0.01 * count))


# What the page tells.


def test_transfer_at_every_point() -> None:
    table, long = read_table(DATA / "transfer.csv"), read_table(DATA / "long.csv")
    for name in recipe.STARTS:
        assert all(a > b for a, b in pairwise(table[name]))
    assert all(a > b for a, b in zip(table["labels"], table["60"], strict=True))
    assert all(a > b for a, b in zip(table["60"], table["scratch"], strict=True))
    assert all(a < b for a, b in zip(table["15"], table["scratch"], strict=True))
    signs = [a < b for a, b in zip(table["30"], table["scratch"], strict=True)]
    assert signs == [True, True, False, False, False, False]
    for n, (a, b) in enumerate(zip(table["30"], table["scratch"], strict=True)):
        assert abs(a - b) < 2.5 * max(table["30, deviation"][n], table["scratch, deviation"][n])
    said(
        f"With {table['n'][1]:.0f} examples the start from 15° has a loss of {spread(table, '15', 1)}, and training "
        f"from scratch {spread(table, 'scratch', 1)}: from scratch it takes {table['n'][2]:.0f} examples, twice as "
        f"many, to reach {spread(table, 'scratch', 2)}. With {table['n'][4]:.0f} examples the two cannot be told apart",
        f"cannot be told apart: {spread(table, '15', 4)} and {spread(table, 'scratch', 4)}. The start from 60°",
        f"random labels are much worse: {spread(table, 'labels', 4)} with {table['n'][4]:.0f} examples.",
        f"After four times as many steps the order with 20 examples is the same: {spread(long, '15')} from 15°, "
        f"{spread(long, 'scratch')} from scratch, {spread(long, '60')} from 60°, {spread(long, 'labels')} from random "
        f"labels. With 160 examples the start from 60° has then caught up, with {spread(long, '60', 1)}; random labels",
        f"Tuned on 160 digits it has {spread(table, 'labels', 4)}, where a random start has "
        f"{spread(table, 'scratch', 4)}; after {recipe.LONG} steps {spread(long, 'labels', 1)} and "
        f"{spread(long, 'scratch', 1)}. More examples",
        f"More examples make up for it slowly: {spread(table, 'labels', 5)} with {table['n'][5]:.0f}.",
        f"against {table['n'][0]:.0f} to {table['n'][-1]:.0f} examples of the new task",
        f"Mean and standard deviation of {recipe.SEEDS} networks that see the same examples, all weights learned, "
        f"{recipe.STEPS} steps of Adam with the rate {recipe.RATE}. With 20",
        f"One start has learned {recipe.SOURCE} upright pictures with random labels, in {recipe.LONG} steps; the "
        f"others took {recipe.STEPS}.",
    )
    assert recipe.LONG == 4 * recipe.STEPS
    assert long["15"][0] < long["scratch"][0] < long["60"][0] < long["labels"][0]
    assert abs(long["60"][1] - long["scratch"][1]) < long["60, deviation"][1]
    assert long["labels"][1] > 3 * long["scratch"][1]
    assert net.SIZES == (64, 48, 48, 10)


def test_forgetting_and_its_cures() -> None:
    kept, frozen = read_table(DATA / "kept.csv"), read_table(DATA / "frozen.csv")
    assert kept["rate, new"][2] == frozen["all, new"][1]  # the same run
    assert frozen["scratch, new"][1] <= frozen["all, new"][1]
    table = rows_of("tab-fine-tuning-cures")
    for (name, row), cells in zip(
        (("rate", 2), ("rate", 1), ("pull", 1), ("ewc", 1), ("replay", 1), ("replay", 2), ("average", 1)),
        table,
        strict=True,
    ):  # fmt: skip
        assert cells[1:3] == [spread(kept, f"{name}, new", row), spread(kept, f"{name}, old", row)]
        value = kept[name][row]
        assert f"{value:g}" in cells[0] or (name, value) == ("average", 0.5)
    many = recipe.MANY
    assert "25 % more examples" in table[4][3]
    assert kept["replay"][1] / many == 0.25
    assert "twice the examples" in table[5][3]
    assert kept["replay"][2] == many
    low = {
        (name, kept[name][n])
        for name in recipe.CURES
        for n in range(3)
        if kept[f"{name}, old"][n] < 0.5 and kept[f"{name}, new"][n] < 0.4
    }
    assert low == {("replay", 40), ("replay", 160)}
    said(
        "Replay with 40 or 160 old images, and no other point of the figure, has an old loss below 0.5 and a new one "
        "below 0.4."
    )
    same = {
        f"{kept[f'{name}, new'][n]:.2f}" for name, n in (("ewc", 1), ("rate", 1), ("average", 2))
    }
    assert len(same) == 1
    said(
        f"EWC with 30 has {kept['ewc, old'][1]:.2f} on the old task where, at the same new loss of {same.pop()}, the "
        f"rate 0.001 has {kept['rate, old'][1]:.2f} and three quarters of the way {kept['average, old'][2]:.2f}."
    )
    assert recipe.CURES["average"] == (0.25, 0.5, 0.75)
    rates, pulls, guards, old = (recipe.CURES[name] for name in ("rate", "pull", "ewc", "replay"))
    said(
        f"the old task has a loss of {spread(frozen, 'before, old')} and the new one "
        f"{spread(frozen, 'before, new')}. Afterwards",
        f"Afterwards the new one has {spread(frozen, 'all, new', 1)}, and the old one "
        f"{spread(frozen, 'all, old', 1)}. ![Loss",
        f"Rates {rates[0]}, {rates[1]} and {rates[2]}; L2 to the start with strengths {pulls[0]}, {pulls[1]} and "
        f"{pulls[2]:.0f}; EWC with {guards[0]:.0f}, {guards[1]:.0f} and {guards[2]:.0f}; replay of {old[0]}, {old[1]} "
        f"and {old[2]} old images; a quarter, a half and three quarters of the way",
        f"turned by {recipe.NEAR}°, the old task, and is tuned on {recipe.MANY} upright ones for {recipe.STEPS} steps.",
        f"the same {recipe.SEEDS} networks: two hidden layers of {net.SIZES[1]} units, digits of 8 by 8",
    )


def test_what_is_frozen_in_the_table() -> None:
    table = read_table(DATA / "frozen.csv")
    for name, cells in zip(
        ("last", "two", "first", "all", "rates", "gradual"),
        rows_of("tab-fine-tuning-frozen"),
        strict=True,
    ):
        assert cells[1:] == [
            spread(table, f"{name}, {task}", row) for row in (0, 1) for task in ("new", "old")
        ]
    kept = read_table(DATA / "kept.csv")
    assert all(table["first, new"][n] < table["last, new"][n] for n in (0, 1))
    assert table["first, old"][1] < table["all, old"][1]
    low, mid, high = ((i + 1) * o for i, o in pairwise(net.SIZES))
    assert low > mid + high
    assert abs(table["last, old"][1] - table["first, old"][1]) < table["first, old, deviation"][1]
    said(
        f"With 160 examples its {low:,} numbers reach {table['first, new'][1]:.2f}, and the {mid + high:,} of the last "
        f"two layers {table['two, new'][1]:.2f}; alone",
        f"with 20 examples [the last layer alone](#tab-fine-tuning-frozen) forgot more than the first alone, "
        f"{spread(table, 'last, old')} against {spread(table, 'first, old')}, though",
        f"though fewer numbers learned; with {recipe.MANY} the two cannot be told apart.",
        f"With a rate of {kept['rate'][0]} for all layers, 100 steps leave {spread(kept, 'rate, new')}: too",
    )


def test_the_table_of_failures() -> None:
    kept, frozen = read_table(DATA / "kept.csv"), read_table(DATA / "frozen.csv")
    transfer = read_table(DATA / "transfer.csv")
    told = [cells[1] for cells in rows_of("tab-fine-tuning-failures")]
    assert told == [
        f"{transfer['labels'][4]:.2f} in place of {transfer['scratch'][4]:.2f}",
        f"old loss {frozen['before, old'][1]:.2f} becomes {frozen['all, old'][1]:.2f}",
        f"{frozen['last, new'][1]:.2f} in place of {frozen['all, new'][1]:.2f}",
        f"{kept['rate, new'][0]:.2f} in place of {kept['rate, new'][2]:.2f}",
    ]
