"""Probes of interpretability: least squares by the library, removal by definition, and numbers of the page."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import Ridge
from torch.nn import functional

from scripts.figures.style import read_table
from tests.said import sayings, tables

bits: Any = import_module("docs.training.interpretability.probes")
PAGE = Path(bits.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def spread(table: dict[str, list[float]], name: str, at: int) -> str:
    """Mean and deviation with two decimals."""
    return f"{table[name][at]:.2f} ± {table[f'{name}, deviation'][at]:.2f}"


def test_a_probe_is_the_librarys_ridge_regression() -> None:
    x, patterns = bits.data(2, 2)
    y = bits.labels(patterns, 2)["spare"]
    weights, bias = bits.probe(x, y, 0.01)
    for s in range(2):
        told = Ridge(alpha=0.01 * x.shape[1]).fit(x[s].numpy(), (2 * y[s] - 1).numpy())
        np.testing.assert_allclose(weights[s, :, 0], told.coef_, atol=1e-4)
        np.testing.assert_allclose(bias[s, 0, 0], told.intercept_, atol=1e-4)
        right = (told.predict(x[s].numpy()) > 0) == (y[s].numpy() > 0.5)
        assert float(bits.right((weights, bias), x, y)[s]) == np.float32(right.mean())


def test_labels_are_what_they_are_called() -> None:
    _, patterns = bits.data(1, 2)
    found = bits.labels(patterns, 3)
    assert found["task"][0].tolist() == [float(a != b) for a, b in patterns[:, :2].tolist()]
    assert found["first"][1].tolist() == [float(v > 0) for v in patterns[:, 0].tolist()]
    assert found["spare"][2].tolist() == [float(v > 0) for v in patterns[:, 2].tolist()]
    coins = found["coin"]
    assert torch.equal(coins[:, :64], coins[:, 64:])  # one coin for a pattern
    assert not torch.equal(coins[0], coins[1])


def test_fresh_noise_on_the_same_patterns() -> None:
    (x, patterns), (again, same) = bits.data(2, 1), bits.data(2, 1, 100)
    assert torch.equal(patterns, same)
    assert 0.9 < float((x - again).std()) / 2**0.5 / bits.NOISE < 1.1
    both = [bits.data(2, 20, first)[0].view(2, 20, 64, 16).mean(1) for first in (0, 100)]
    torch.testing.assert_close(both[0], both[1], atol=5 * bits.NOISE * (2 / 20) ** 0.5, rtol=0)


def test_removal_sets_a_state_to_its_mean_along_a_direction() -> None:
    layers = bits.fresh(2)
    x, patterns = bits.data(2, 1)
    y = bits.labels(patterns, 2)["task"]
    nothing = torch.zeros(2, 32, 1)
    plain = bits.states(layers, x)
    logit = plain[-1][..., 0]
    same = ((logit > 0) == (y > 0.5)).float().mean(1)
    torch.testing.assert_close(bits.without(layers, x, y, 2, nothing), same)
    u = torch.randn(2, 32, 1, generator=torch.Generator().manual_seed(1))
    for s in range(2):
        v = u[s, :, 0] / u[s].norm()
        state = plain[2][s]
        part = state @ v
        moved = state - torch.outer(part - part.mean(), v)
        told = functional.linear(moved, layers[4][s].T, layers[5][s, 0])[:, 0] > 0
        assert float(bits.without(layers, x, y, 2, u)[s]) == float(
            (told == (y[s] > 0.5)).float().mean()
        )


def test_removal_leaves_the_mean() -> None:
    layers = bits.fresh(1)
    x, _ = bits.data(1, 1)
    state = bits.states(layers, x)[2]
    u = functional.normalize(state.mean(1), dim=1)[..., None]
    mean = (state @ u).mean(1, keepdim=True)
    layers[4:] = [u, -mean / 2]  # yes if the mean is left, no if it is gone
    assert float(bits.without(layers, x, torch.ones(1, 64), 2, u)[0]) == 1


def test_learning_learns() -> None:
    x, patterns = bits.data(1, 2)
    y = bits.labels(patterns, 1)["task"]
    trained = bits.learn(bits.fresh(1), x, y, 150)
    assert float(bits.without(trained, x, y, 2, torch.zeros(1, 32, 1))[0]) > 0.95


# What the page tells.


def test_the_table_of_probes() -> None:
    table = read_table(DATA / "probes.csv")
    for name, cells in zip(
        ("task", "first", "spare", "coin"), rows_of("tab-interpretability-probes"), strict=True
    ):
        told = [spread(table, f"trained, {name}", at) for at in range(3)]
        assert cells[1:] == [*told, spread(table, f"untrained, {name}", 2)]
    said(f"lets it be read with {table['untrained, task'][2]:.2f}: many random units")


def test_what_is_taken_out() -> None:
    table = read_table(DATA / "removed.csv")
    taken = table["taken"]
    at = {n: taken.index(n) for n in (0, 1, 4, 8, 12, 20)}
    assert table["spare"] == table["first"] == [1.0] * len(taken)
    assert table["task"][at[1]] == 1
    assert all(abs(v - 0.5) < 0.1 for v in table["task"][at[12] :])
    said(
        f"A probe reads the spare bit with {spread(table, 'spare, readable', 0)} right, and removing {taken[-1]:.0f} "
        f"directions for it changes no answer.",
        f"After eight, a new probe still reads the task with {spread(table, 'task, readable', at[8])}, while the "
        f"network is right in {spread(table, 'task', at[8])}.",
        f"for directions at random it falls to {table['any'][at[20]]:.2f} at the end; for the task's own probes it is "
        f"{table['task'][at[4]]:.2f} at four, {table['task'][at[8]]:.2f} at eight, and about one half from twelve on",
        f"against the number of directions taken out, 0 to {taken[-1]:.0f}.",
        f"Mean and standard deviation of 5 networks, {len(bits.data(1, 8)[1])} fresh inputs each.",
        f"Nor do {taken[-1]:.0f} directions for a bit of the task: the finished answer can be read there, with "
        f"{table['task, readable'][0]:.2f}.",
    )
    assert f"{table['spare, readable'][0]:.2f}" == "0.99"
    assert bits.SIZES == (16, 32, 32, 1)
