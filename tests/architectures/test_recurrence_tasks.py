"""Three tasks of docs/architectures/recurrence.md: what the figures tell, and what is known exactly."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from docs.architectures.recurrence import tasks
from scripts.figures import recurrence as figures
from scripts.figures import style
from scripts.printed.values import Finite
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "recurrence.md"
DATA = PAGE.parent / "recurrence"
said = sayings(PAGE)


def test_the_adding_task_has_one_mark_in_each_half() -> None:
    x, y = tasks.adding(2, 10, torch.Generator().manual_seed(1))
    value, mark = x.unbind(-1)
    assert x.shape == (10, 2, tasks.BATCH, 2)
    assert (mark[:5].sum(0) == 1).all()
    assert (mark[5:].sum(0) == 1).all()
    assert torch.equal((value * (mark == 1)).sum(0), y)
    many = torch.cat([tasks.adding(9, 4, torch.Generator().manual_seed(n))[1] for n in range(9)])
    assert float((many - 1).square().mean()) == pytest.approx(1 / 6, rel=0.1)
    said(f"Who always says 1 has a mean squared error of $1/6 = {1 / 6:.3f}$")


def test_attention_sees_a_set_and_the_networks_an_order() -> None:
    x, _ = tasks.adding(1, 8, torch.Generator().manual_seed(2))
    for kind, same in (("rnn", False), ("lstm", False), ("attention", True)):
        p = tasks.start(kind, 1, torch.Generator().manual_seed(3))
        if kind == "attention":
            p["q"] += 1
        found = tasks.answer(kind, p, x), tasks.answer(kind, p, x.flip(0))
        assert torch.allclose(*found, atol=1e-6) is same
    p = tasks.start("lstm", 1, torch.Generator().manual_seed(3))
    layer = torch.nn.LSTM(2, tasks.UNITS)
    weights = dict(layer.named_parameters())
    with torch.no_grad():
        weights["weight_hh_l0"].copy_(p["W"][0])
        weights["weight_ih_l0"].copy_(p["U"][0])
        weights["bias_ih_l0"].copy_(p["b"][0, 0])
        weights["bias_hh_l0"].zero_()
        h = layer(x[:, 0])[0][-1]
        assert torch.allclose(
            tasks.answer("lstm", p, x), (h @ p["A"][0].T + p["a"][0]).T, atol=1e-6
        )


def test_seeds_do_not_meet_in_training() -> None:
    # The batches differ with the number of seeds, so one seed's gradient is made huge instead.
    torch.manual_seed(0)
    slopes = [torch.randn(3, 4, 5), torch.randn(3, 1, 6)]
    short = tasks.clipped(slopes)
    slopes[0][1] *= 1e6
    again = tasks.clipped(slopes)
    for n in (0, 2):
        assert all(torch.equal(a[n], b[n]) for a, b in zip(short, again, strict=True))
    norms = torch.cat([slope.flatten(1) for slope in again], dim=1).norm(dim=1)
    assert torch.allclose(norms, torch.ones(3))
    small = [0.01 * slope for slope in short]
    assert all(torch.equal(a, b) for a, b in zip(tasks.clipped(small), small, strict=True))


def test_the_matrix_of_copying_is_orthogonal_and_mirrors() -> None:
    for units in figures.SIZES:
        W = tasks.orthogonal(units, torch.Generator().manual_seed(0))
        assert torch.allclose(W @ W.T, torch.eye(units, dtype=torch.float64))
        assert float(torch.linalg.det(W)) == pytest.approx(-1)  # no rotation
    said("a linear network whose $W$ is orthogonal", "one random orthogonal matrix for each size")


def test_training_lowers_the_error_in_a_few_steps() -> None:
    seen = tasks.train("attention", 6, 60, seeds=2)
    assert seen.shape == (60, 2)
    assert (seen[-10:].mean(0) < 0.5 * seen[:10].mean(0)).all()


def test_what_the_figure_of_adding_tells() -> None:
    table = style.read_table(DATA / "add.csv")
    last = {name: column[-1] for name, column in table.items()}
    assert all(value > 0.15 for value in table["rnn_least"])
    said(f"After {figures.STEPS} steps the RNN has learned nothing in any of three seeds, the LSTM")
    said(
        f"(forget bias 1) has an error of {last['lstm_mean']:.3f} ({last['lstm_least']:.3f} to"
        f" {last['lstm_most']:.3f}), and one layer of attention"
    )
    said(
        f"with one query {last['attention_mean']:.4f} ({last['attention_least']:.4f} to"
        f" {last['attention_most']:.4f})"
    )
    axes = Figure().add_subplot()
    figures.draw_add(table, axes)
    low, high = axes.get_ylim()
    assert all(low < x < high for name, row in table.items() if name != "step" for x in row)
    flat = table["rnn_mean"][1:]
    said(f"The RNN stays between {min(flat):.2f} and {max(flat):.2f} all along.")
    said("up to 320, logarithmic")
    said("stays there until step 180 with forget bias 1, until 240 with bias 0, and then falls")
    said(f"falls to {last['lstm_mean']:.3f} and {last['lstm_0_mean']:.3f}. Attention")
    assert table["lstm_mean"][8] > 0.16 > table["lstm_mean"][9]
    assert table["lstm_0_mean"][11] > 0.15 > 0.14 > table["lstm_0_mean"][12]
    plateau = table["step"].index(230)
    assert table["lstm_0_least"][plateau] > 0.15
    said(
        f"with forget bias 0 its error is still {table['lstm_0_mean'][plateau]:.2f} around step 230,"
        " in each of the three seeds"
    )
    said(f"with bias 1 the mean is {table['lstm_mean'][plateau]:.2f}.")
    assert table["lstm_most"][plateau] < table["lstm_0_least"][plateau]
    said(f"Attention falls from step 50 on, to {last['attention_mean']:.4f}]")
    assert table["attention_mean"][2] < 0.14
    said(f"{tasks.UNITS} units, batches of {tasks.BATCH}, Adam with rate 0.02, norm clipped to 1")
    said(f"{figures.LENGTH} random numbers between 0 and 1, one mark in each half")


@pytest.mark.equation("eq-recurrence-memory")
def test_a_state_gives_back_as_many_numbers_as_it_has_units(printed: Equations) -> None:
    rows = np.random.default_rng(0).normal(size=(3, 7))
    rows[2] = rows[0] - rows[1]  # three units, rank two
    for m, rank in ((rows, 2), (rows[:2], 2)):
        projection = np.linalg.pinv(m) @ m
        share = np.trace(projection) / 7
        printed("eq-recurrence-memory").holds(
            {"R": math.sqrt(share), "r": rank, "N": 7, "H": len(m)},
            free=("H",) if len(m) > rank else (),
        )
    table = style.read_table(DATA / "copying.csv")
    for units in figures.SIZES:
        for n, share in zip(table["length"], table[f"units_{units}"], strict=True):
            assert share == pytest.approx(min(1, units / n), abs=0.01)
    last = [table[f"units_{units}"][-1] for units in figures.SIZES]
    said(f"With 8 units it is 1 up to 8 numbers and {last[0]:.2f} at 64")
    said(f"with 16 units 1 up to 16 and {last[1]:.2f} at 64; with 32 units 1 up to 32 and")
    said(f"1 up to 32 and {last[2]:.1f} at 64", "least squares on 4,000 random sequences")


@pytest.mark.equation("eq-recurrence-shrink")
def test_teacher_forcing_learns_to_shorten(printed: Equations) -> None:
    # Every noise of a two-point law with every phase: the sample has exactly the variances of the law.
    noise, angles = 0.3, 2 * math.pi * np.arange(12) / 12
    seen, later = [], []
    for angle in angles:
        for sign in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            seen.append([math.cos(angle) + noise * sign[0], math.sin(angle) + noise * sign[1]])
            later.append([math.cos(angle + math.pi / 6), math.sin(angle + math.pi / 6)])
    step = np.linalg.lstsq(np.array(seen), np.array(later), rcond=None)[0]
    shrink = math.sqrt(abs(np.linalg.det(step)))
    turned = math.cos(math.pi / 6), math.sin(math.pi / 6)
    true = [(x * turned[0] + y * turned[1]) for x, y in later]  # turned back, first coordinate
    pairs = {"x": true, r"\tilde{x}": [x for x, _ in seen]}
    printed("eq-recurrence-shrink").holds(
        {r"\rho": shrink, "v": 0.5, r"\varsigma": noise, r"\mathbb{E}": Finite(pairs)}
    )
    rho = 0.5 / (0.5 + figures.NOISE**2)
    said(f"This factor is {rho:.3f} here.", f"$0.926^{{24}} = {rho**24:.2f}$ of the circle is left")
    long = tasks.forced(tasks.circle(20_000, figures.NOISE, 1)).double()
    assert math.sqrt(float(torch.linalg.det(long))) == pytest.approx(rho, abs=0.004)


def test_what_the_figure_of_forcing_tells() -> None:
    table = style.read_table(DATA / "forcing.csv")
    first, last = ({name: row[n] for name, row in table.items()} for n in (0, -1))
    said(f"it falls from {first['forced_mean']:.2f} to {last['forced_mean']:.2f}, close to")
    said(f"12 steps alone it falls from {first['alone_mean']:.2f} to {last['alone_mean']:.2f}]")
    said(f"Trained on twelve steps alone it keeps {last['alone_mean']:.2f} after 24")
    assert abs(table["theory"][-1] - last["forced_mean"]) < 0.03
    seen = tasks.circle(60, 0.0, 0)
    assert torch.allclose(tasks.alone(tasks.forced(seen), seen[0], 24), seen[1:25], atol=1e-4)


@pytest.mark.answer("answer-recurrence-memory")
def test_exercise_6_the_share_given_back(answer: Bench) -> None:
    share = tasks.memory(16, 40)
    assert 0.4 < share < 0.405
    answer("answer-recurrence-memory").is_(16 / 40, 1 - 16 / 40)
