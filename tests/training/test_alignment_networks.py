"""Small networks of alignment: claims and labels by definition, and the numbers that the page tells."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from scripts.figures import alignment as recipe
from scripts.figures.style import read_table
from tests.said import sayings, tables

net: Any = import_module("docs.training.alignment.networks")
PAGE = Path(net.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def spread(table: dict[str, list[float]], name: str, row: int, form: str = ".1f") -> str:
    """Mean and deviation in percent."""
    mean, deviation = 100 * table[name][row], 100 * table[f"{name}, deviation"][row]
    return f"{mean:{form}} ± {deviation:{form}}".replace("-", "−")


def test_networks_side_by_side_are_single_ones() -> None:
    layers = net.fresh((6, 5, 10), 2)
    x = torch.rand(2, 3, 6, generator=torch.Generator().manual_seed(1))
    for seed in range(2):
        h = functional.linear(x[seed], layers[0][seed].T, layers[1][seed, 0]).relu()
        h = functional.linear(h, layers[2][seed].T, layers[3][seed, 0])
        torch.testing.assert_close(net.logits(layers, x)[seed], h)
        assert net.says(layers, x, h.argmax(-1).expand(2, -1))[seed] == 1
    assert not torch.equal(layers[0][0], layers[0][1])


def test_training_is_adam_on_the_cross_entropy() -> None:
    x = torch.rand(1, 7, 6, generator=torch.Generator().manual_seed(1))
    y = torch.tensor([[0, 3, 9, 3, 1, 2, 2]])
    start = net.fresh((6, 5, 10), 1)
    first, last = net.train(start, x, y, (1, 3), 0.01)
    model = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 10))
    with torch.no_grad():
        for at, part in ((0, 0), (2, 2)):
            model[at].weight.copy_(start[part][0].T)
            model[at].bias.copy_(start[part + 1][0, 0])
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for step in range(3):
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy(model(x[0]), y[0]))
        optimiser.step()
        if step == 0:
            torch.testing.assert_close(first[0][0].T, model[0].weight, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(last[2][0].T, model[2].weight, atol=1e-4, rtol=1e-4)


def test_claims_coarse_pictures_and_wrong_labels() -> None:
    labels = torch.arange(10).repeat(2, 40)
    off = net.other(labels, torch.Generator().manual_seed(1))
    assert not (off == labels).any()
    assert set((off - labels).remainder(10).flatten().tolist()) == set(range(1, 10))
    pictures = torch.rand(4, 64, generator=torch.Generator().manual_seed(1))
    said_so = net.beside(pictures, torch.tensor([2, 9, 0, 4]), 3.0)
    assert torch.equal(said_so[:, :64], pictures)
    assert said_so[1, 64:].tolist() == [0.0] * 9 + [3.0]
    assert not net.beside(pictures, None, 3.0)[:, 64:].any()
    torch.testing.assert_close(
        net.coarse(pictures), functional.avg_pool2d(pictures.reshape(-1, 1, 8, 8), 2).flatten(1)
    )
    wrong = net.noisy(labels, torch.tensor([0.25, 0.5]), torch.Generator().manual_seed(2))
    assert (wrong != labels).sum(-1).tolist() == [100, 200]


def test_a_repeated_error_is_the_same_wrong_digit() -> None:
    layers = [torch.eye(10)[None], torch.zeros(1, 1, 10)]  # says the digit that is put in
    student, misread, truth = (
        torch.tensor([row]) for row in ([4, 5, 1, 2, 7], [4, 6, 1, 3, 7], [0, 5, 1, 2, 8])
    )
    x = functional.one_hot(student, 10).float()
    assert recipe.repeats(layers, x, misread, truth).tolist() == pytest.approx([2 / 4])


# What the page tells.


def test_claims_that_are_followed() -> None:
    table, loud = read_table(DATA / "parted.csv"), read_table(DATA / "loudness.csv")
    same = recipe.LOUDNESS.index(recipe.LOUD)  # the run of the figure
    assert loud["claim"][same] == pytest.approx(table["claim"][0], abs=1e-6)
    assert (loud["loudness"][1], recipe.LOUD) == (1, 3)
    assert float(recipe.digits()[0].max()) == 1
    assert loud["claim"] == sorted(loud["claim"])
    none, four, eighty, many = (recipe.PARTED.index(k) for k in (0, 4, 80, 200))
    whole = {
        name: [f"{100 * v:.0f}" for v in table[name]] for name in ("true", "claim", "right claim")
    }
    said(
        f"repeats a wrong claim in {spread(table, 'claim', none)} % of the cases and says the truth in "
        f"{spread(table, 'true', none)} %.",
        f"without a claim it is right in {spread(table, 'no claim', none)} %.",
        f"With 4 wrong claims among the {recipe.SEEN} it repeats {spread(table, 'claim', four)} %, with 80 "
        f"{spread(table, 'claim', eighty)} %, with 200 {spread(table, 'claim', many)} %.",
        f"with 200, right claims lead to the truth in {spread(table, 'right claim', many)} % in place of "
        f"{whole['right claim'][none]} %",
        f"Leaving the claim out of training gives {spread(table, 'never shown', none)} % whatever",
        f"With a right claim the truth falls from {whole['right claim'][none]} to {whole['right claim'][many]} "
        f"percent. With a wrong claim the truth rises from {whole['true'][none]} to {whole['true'][many]} percent, and "
        f"the claim falls from {whole['claim'][none]} to {whole['claim'][many]}]",
        f"three times as bright as a pixel can be, [{whole['claim'][none]} % of their answers](#parted) repeat the "
        f"claim; if it is as bright as a pixel, {100 * loud['claim'][1]:.0f} %.",
        f"with 1 in place of {recipe.LOUD:.0f} a wrong one is repeated in {spread(loud, 'claim', 1)} %, with "
        f"{recipe.LOUDNESS[0]} in {spread(loud, 'claim', 0)} %.",
        f"with a wrong claim, {recipe.PARTED[0]} to {recipe.PARTED[-1]} of {recipe.SEEN}. With a right",
        f"one hidden layer of {recipe.HIDDEN} units reads a picture and what a user claims that it shows, and learns "
        f"{recipe.SEEN} examples for {recipe.STEPS} steps",
        f"The claim enters as ten numbers, {recipe.LOUD:.0f} for the claimed digit",
        f"deviations of {recipe.SEEDS} networks, each with its own examples and initial weights; handwritten digits of "
        f"8 by 8 pixels, {1797 - recipe.TEST} test pictures",
    )
    assert table["no claim"][none] > 10 * table["true"][none]


def test_labels_of_a_weak_supervisor() -> None:
    table = read_table(DATA / "weak.csv")
    middle, last = recipe.TIMES.index(80), recipe.TIMES.index(320)
    kinds = ("systematic", "random")
    for name, cells in zip(kinds, rows_of("tab-alignment-weak"), strict=True):
        assert cells[1:] == [
            f"{spread(table, name, middle)} %",
            f"{spread(table, f'{name}, recovered', middle, '.0f')} %",
            f"{spread(table, f'{name}, recovered', last, '.0f')} %",
        ]
    assert (
        abs(table["systematic, recovered"][last]) < table["systematic, recovered, deviation"][last]
    )
    assert max(table["random"]) == table["random"][middle]
    assert (
        table["systematic, recovered"][middle] > table["systematic, recovered, deviation"][middle]
    )
    same = {name: spread(table, f"{name}, same error", middle, ".0f") for name in (*kinds, "true")}
    said(
        f"sees 4 by 4 pixels and has learned {recipe.TAUGHT} pictures; it is right in "
        f"{spread(table, 'supervisor', 0)} % of the test pictures.",
        f"two hidden layers of {recipe.STUDENT[1]} units learns {recipe.LABELLED} pictures with its labels, of which "
        f"{spread(table, 'wrong labels', 0)} % are wrong.",
        f"{recipe.SEEDS} each; on true labels the same student reaches the ceiling, {spread(table, 'true', last)} % "
        f"after {recipe.TIMES[last]} steps",
        f"the same wrong digit in {same['systematic']} % after {recipe.TIMES[middle]} steps; on random errors it does "
        f"so in {same['random']} %, on true labels in {same['true']} %.",
        f"On true labels the student rises to {100 * table['true'][last]:.0f}; with errors at random to "
        f"{100 * table['random'][middle]:.0f} at 80 steps, and falls to {100 * table['random'][last]:.0f}; on the "
        f"supervisor's labels it stays near the supervisor's {100 * table['supervisor'][0]:.0f}, with "
        f"{100 * table['systematic'][middle]:.0f} at 80 steps",
    )


def test_the_table_of_failures() -> None:
    parted, weak, tails = (read_table(DATA / f"{name}.csv") for name in ("parted", "weak", "tails"))
    code: Any = import_module("docs.training.alignment.alignment")
    rows = rows_of("tab-alignment-failures")
    reference, value, score = code.example()
    policy = code.tilt(reference, score, 1.3862943611198906)
    many, middle = recipe.PARTED.index(200), recipe.TIMES.index(80)
    assert rows[0][1] == f"score {float(policy @ score):.2f}, value {float(policy @ value):.2f}"
    best, end = tails["power"][tails["n"].index(30)], tails["power"][-1]
    assert (
        rows[1][1]
        == f"the best-scored of 30 answers has the value {best:.2f}, of a million {end:.2f}"
    )
    few, many_more = tails["normal"][tails["n"].index(30)], tails["normal"][-1]
    assert rows[1][3] == f"where no error is huge, 30 give {few:.2f}, a million {many_more:.2f}"
    assert rows[2][1] == f"{100 * parted['claim'][0]:.0f} % repeat a wrong, bright claim"
    assert (
        rows[2][2]
        == f"200 of {recipe.SEEN} examples with a wrong claim: {100 * parted['claim'][many]:.0f} %"
    )
    right = [f"{100 * parted['right claim'][k]:.0f} %" for k in (many, 0)]
    assert rows[2][3] == f"right claims are followed in {right[0]} in place of {right[1]}"
    closed = [
        f"{spread(weak, f'{kind}, recovered', middle, '.0f')} %"
        for kind in ("systematic", "random")
    ]
    assert rows[3][1] == f"its student closes {closed[0]} of the gap to true labels"
    assert rows[3][2] == f"errors that follow no rule, an early stop: {closed[1]}"
    before, after = (100 * code.found(float(p[code.FLATTERY]), 3) for p in (reference, policy))
    assert (
        rows[4][1] == f"three looks before training find flattery in {before:.0f} % of the audits"
    )
    assert rows[4][2] == f"look after training: {after:.0f} %"
