"""Small networks of distillation: by definition, and the numbers that the page tells."""

from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from scripts.figures import distillation as recipe
from scripts.figures.style import read_table
from tests.said import sayings, tables

net: Any = import_module("docs.training.distillation.networks")
PAGE = Path(net.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
Table = dict[str, list[float]]


def spread(table: Table, name: str, row: int = 0) -> str:
    """Mean and deviation with one decimal."""
    return f"{table[name][row]:.1f} ± {table[f'{name}, deviation'][row]:.1f}"


def test_networks_side_by_side_are_single_ones() -> None:
    layers = net.fresh((6, 5, 3), (0, 7))
    x = torch.rand(4, 6, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 0])
    found = net.logits(layers, x)
    for seed in range(2):
        h = functional.linear(x, layers[0][seed].T, layers[1][seed, 0]).relu()
        told = functional.linear(h, layers[2][seed].T, layers[3][seed, 0])
        torch.testing.assert_close(found[seed], told)
        wrong = 25.0 * int((told.argmax(-1) != labels).sum())
        assert float(net.errors(layers, x, labels)[seed]) == wrong
    torch.testing.assert_close(net.teach(layers, x), (found[0] + found[1]) / 2)
    alone = net.fresh((6, 5, 3), (7,))
    torch.testing.assert_close(alone[0][0], layers[0][1])
    assert net.weights((6, 5, 3)) == sum(part[0].numel() for part in layers)


def test_training_steps_are_those_of_adam_and_leave_the_start() -> None:
    start = net.fresh((6, 3), (0,))
    x = torch.rand(4, 6, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 0])
    loss = recipe.by_labels(labels)
    end = net.train(start, x, loss, 20, 0.05)
    parts = [part.clone().requires_grad_() for part in start]
    optimiser = torch.optim.Adam(parts, 0.05)
    for _ in range(20):
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy((x @ parts[0] + parts[1])[0], labels))
        optimiser.step()
    torch.testing.assert_close(end[0], parts[0].detach(), atol=1e-5, rtol=1e-4)
    assert float(loss(net.logits(end, x))) < float(loss(net.logits(start, x)))


def test_losses_of_the_recipe() -> None:
    x = torch.rand(4, 64, generator=torch.Generator().manual_seed(1))
    layers = net.fresh(recipe.TEACHER, (3, 4))
    v = net.teach(layers, x)
    same = v.expand(2, -1, -1)
    for temperature in (1.0, 4.0, float("inf")):
        loss = recipe.by_teacher(x, temperature, layers)
        assert float(loss(same)) == pytest.approx(0, abs=1e-6)
        assert float(loss(same + torch.rand(2, 4, 10))) > 1e-4


# What the page tells.


def test_pictures_at_every_point() -> None:
    table = read_table(DATA / "pictures.csv")
    cases = read_table(DATA / "cases.csv")
    few = table["n"].index(40.0)
    for name in recipe.KINDS:
        assert all(a > b for a, b in pairwise(table[name]))
    for n in range(5):
        assert table["labels"][n] > table["T 1"][n] > table["T 4"][n] > table["logits"][n]
    assert table["logits"][few] < table["labels"][few] / 2
    said(
        f"fall from {table['labels'][0]:.0f} to {table['labels'][-1]:.0f} per cent.",
        f"logits lowest, from {table['logits'][0]:.0f} to {table['logits'][-1]:.0f} per cent.",
        f"With 40 pictures, labels leave {spread(table, 'labels', few)} % errors, and the teacher's logits "
        f"{spread(table, 'logits', few)} %.",
        f"four times as many, to reach {spread(table, 'labels', few + 2)} %.",
        f"Smoothed labels leave {spread(table, 'smooth', few)} %: what",
        f"The teacher's most likely class alone leaves {spread(cases, 'answers')} % again",
        f"It is wrong on {cases['teacher'][0]:.1f} % of the test pictures.",
        f"A student with the teacher's own 800 labels has {spread(cases, 'its labels')} %; one with the "
        f"teacher's logits for the same pictures has {spread(cases, 'its pictures')} %, and for "
        f"{recipe.POOL - recipe.SOURCE} unlabelled ones besides {spread(cases, 'all pictures')} %: no better.",
        f"The student has {net.weights(recipe.STUDENT):,} weights, each network of the teacher "
        f"{net.weights(recipe.TEACHER):,}.",
        f"Mean and standard deviation of {recipe.SEEDS} students with different initial weights, the same teacher and "
        f"pictures, {recipe.STEPS} steps of Adam with the rate {recipe.RATE}.",
        f"five networks that have learned {recipe.SOURCE} labelled digits",
        f"and standard deviations of {recipe.SEEDS} students on {1797 - recipe.POOL} test pictures",
        f"Here one left {spread(cases, 'smooth teacher, logits')} % errors by its logits, where the plain one left "
        f"{spread(table, 'logits', few)} %, which cannot be told apart, and at $T = 1$ it taught better, "
        f"{spread(cases, 'smooth teacher, T 1')} % against {spread(table, 'T 1', few)} %.",
    )
    assert table["n"][few + 2] == 160
    assert recipe.TEACHERS == 5
    assert recipe.SMOOTHING == 0.1


def test_temperature_at_every_point() -> None:
    table = read_table(DATA / "temperature.csv")
    soft, bound = table["soft"], table["logits, deviation"][0]
    assert all(a > b for a, b in pairwise(soft[:6]))
    assert abs(soft[0] - table["labels"][0]) < table["labels, deviation"][0]
    for n in (4, 5, 6):
        assert abs(soft[n] - table["logits"][0]) < bound
    said(
        f"Soft targets fall from {soft[0]:.0f} per cent, within the band of labels, to {soft[4]:.0f} per cent at 8",
        f"At $T = 1$ the student has {spread(table, 'soft', 1)} % errors, at 16 it has {spread(table, 'soft', 5)} %,",
        f"against the temperature from {table['T'][0]} to {table['T'][-1]:.0f}.",
        f"No temperature up to {table['T'][-1]:.0f} was too high here",
    )


def test_a_digit_left_out_and_other_inputs_and_a_wrong_teacher() -> None:
    table, pictures = read_table(DATA / "cases.csv"), read_table(DATA / "pictures.csv")
    assert table["no threes, labels"] == table["no threes, T 1"] == [100.0]
    real = pictures["T 4"][-1]
    assert abs(table["mixed pixels"][0] - real) < 2 * pictures["T 4, deviation"][-1]
    said(
        f"at $T = 4$ it is {spread(table, 'no threes, T 4')} %, with logits {spread(table, 'no threes, logits')} %.",
        f"Leave all threes out of {recipe.MANY} pictures.",
        f"With {recipe.MANY} pictures of uniform noise it has {spread(table, 'noise')} % errors at $T = 4$.",
        f"at the same place, {spread(table, 'mixed pixels')} %; with the real ones {spread(pictures, 'T 4', 4)} %,",
        f"Teach the teacher that {100 * recipe.CALLED:.0f} % of the nines are fours.",
        f"It is then wrong on {spread(table, 'wrong teacher, itself')} % of the test nines, and its student on "
        f"{spread(table, 'wrong teacher, nines')} %, although",
        f"right labels for {recipe.FEW} of its {recipe.MANY} pictures, with $\\lambda = {recipe.PART}$: "
        f"{spread(table, 'with labels, nines')} % of the nines, and {spread(table, 'with labels, all')} % of all",
        f"The labels alone leave {spread(table, 'labels alone, nines')} % and "
        f"{spread(table, 'labels alone, all')} %: on",
        f"The price is {recipe.FEW} labels, and that the nines remain bad.",
    )


def test_the_tables_of_failures_and_widths() -> None:
    cases, heat = read_table(DATA / "cases.csv"), read_table(DATA / "temperature.csv")
    table = read_table(DATA / "widths.csv")
    for n, cells in enumerate(rows_of("tab-distillation-small")):
        assert cells == [
            f"{table['width'][n]:.0f}",
            *(
                spread(table, name, n)
                for name in ("labels", "logits", "labels, apart", "logits, apart")
            ),
        ]
    for n in (0, 1):
        assert table["logits"][n] > table["labels"][n]
        assert table["logits"][n] - table["labels"][n] < table["logits, deviation"][n]
    for n in (2, 3):
        assert table["logits"][n] < table["labels"][n] / 2
    told = [cells[1] for cells in rows_of("tab-distillation-failures")]
    assert told == [
        f"{heat['soft'][1]:.1f} % errors in place of {heat['soft'][5]:.1f} %",
        f"{cases['wrong teacher, nines'][0]:.1f} % of the nines wrong",
        f"{cases['noise'][0]:.1f} % errors in place of {cases['mixed pixels'][0]:.1f} %",
        f"{table['logits'][0]:.1f} % errors with the teacher, {table['labels'][0]:.1f} % without",
        "half of the texts name no city",
    ]
