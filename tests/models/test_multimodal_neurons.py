"""Multimodal neurons: the equations against autograd and removal, the example, numbers against the figures."""

import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate
from torch import Tensor, nn

from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

mm: Any = import_module("docs.models.multimodal-neurons.multimodal_neurons")
figures: Any = import_module("scripts.figures.multimodal_neurons")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "multimodal-neurons.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
F, P, ALL = torch.tensor(mm.FEATURES), torch.tensor(mm.PROJECTION), torch.ones(4)


def told(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(FOLDER / f"{name}.csv")


def percent(table: style.Table, name: str, row: int = 0, digits: int = 1) -> str:
    """Mean and deviation as the page writes them."""
    mean, spread = (100 * table[column][row] for column in (name, f"{name}, deviation"))
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"


def column(vector: Tensor) -> np.ndarray:
    """A vector as a matrix of one column."""
    found: np.ndarray = vector.detach().double().numpy()[:, None]
    return found


def network(seed: int = 3) -> Any:
    """A small text network with random weights, frozen."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = mm.Text(7, 2, 6, 5, 2)
    return model.requires_grad_(False)


def rows(seed: int, n: int = 4) -> Tensor:
    """Rows in the place of a word, with a question behind them."""
    generator = torch.Generator().manual_seed(seed)
    model = network()
    found: Tensor = mm.prompt(model, 2 * torch.randn(n, 6, generator=generator), 5)
    return found


# Equations.


@pytest.mark.equation("eq-multimodal-neurons-gradient")
def test_the_map_learns_through_the_frozen_network(printed: Equations) -> None:
    projection = P.clone().double().requires_grad_()
    e = torch.tensor([0.3, -1.2, 0.7], dtype=torch.float64)
    f = torch.tensor([1.7, -0.4], dtype=torch.float64)
    bias = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    loss = e @ torch.tanh(projection @ f + bias)  # a curve in the place of the network
    torch.autograd.backward(loss)
    assert projection.grad is not None
    assert bias.grad is not None
    slopes = projection.grad
    at = (P.double() @ f).requires_grad_()
    (error,) = torch.autograd.grad(e @ torch.tanh(at), at)
    assert torch.allclose(bias.grad, error)
    printed("eq-multimodal-neurons-gradient").holds(
        {
            r"\frac{\partial L}{\partial P_{ij}}": Given(
                ("i", "j"), lambda i, j: float(slopes[int(i) - 1, int(j) - 1])
            ),
            "e": error.tolist(),
            "f": f.tolist(),
            "i": Each([1, 2, 3]),
            "j": Each([1, 2]),
        }
    )


@pytest.mark.equation("eq-multimodal-neurons-taylor")
def test_the_score_is_the_effect_to_first_order() -> None:
    for at in (0.4, 1.3, -0.8):
        h = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        y = torch.exp(h)
        (slope,) = torch.autograd.grad(y, h)
        rest = (
            float((h * slope - (y - 1)).detach()) * 2 / at**2
        )  # the second derivative somewhere between
        low, high = sorted((1.0, math.exp(at)))
        assert low < rest < high
    score, effect = mm.weigh(F, P)
    assert score.tolist() == effect.tolist() == [2, -1, 0, 0]  # linear: no remainder


def test_with_a_kink_the_effect_is_the_mean_slope() -> None:
    h = torch.tensor([1.0, 0.5], requires_grad=True)
    (slope,) = torch.autograd.grad(mm.capped(h), h)
    effect = float(mm.capped(h.detach()) - mm.capped(torch.tensor([0.0, 0.5])))
    mean, _ = integrate.quad(
        lambda t: float(torch.func.grad(mm.capped)(torch.tensor([t, 0.5]))[0]), 0, 1, points=[0.5]
    )
    assert effect == pytest.approx(mean)
    said(
        "`capped` at (1, 0.5) gives the first unit the slope "
        f"{slope[0]:.0f} at its end, and so the score {h[0] * slope[0]:.0f}; its mean slope is "
        f"{mean:.1f}, and so is its effect.",
    )


@pytest.mark.equation("eq-multimodal-neurons-last")
def test_the_score_is_exact_in_the_last_layer(printed: Equations) -> None:
    model, x, among = network(), rows(1, 1), (1, 2, 4)
    whole, h = model.read(x)
    score, _ = mm.scores(model, x, 2, among)
    w = model.words.weight
    values = model.blocks[1].down.weight.T
    active = h[1][0, -1]
    effects = []
    for k in range(5):
        keep = mm.without(torch.tensor([5 + k]), torch.Size((2, 5)))
        fall = mm.margin(whole, 2, among) - mm.margin(model.read(x, keep)[0], 2, among)
        effects.append(float(fall))
    assert score[1].tolist() == pytest.approx(effects, abs=1e-5)
    assert max(map(abs, effects)) > 0.01
    printed("eq-multimodal-neurons-last").holds(
        {
            "E": effects,
            "h": active.tolist(),
            r"\mathbf{u}": column(w[2]),
            r"\bar{\mathbf{u}}": column(w[list(among)].mean(0)),
            r"\mathbf{v}": [column(v) for v in values],
            "k": Each([k + 1 for k in range(5) if abs(effects[k]) > 0.001]),
        },
        tolerance=1e-4,
    )


@pytest.mark.equation("eq-multimodal-neurons-probability")
def test_odds_fall_with_the_logit(printed: Equations) -> None:
    z = torch.tensor([1.3, 0.2, -0.5], dtype=torch.float64)
    after = z - torch.tensor([0.9, 0.0, 0.0], dtype=torch.float64)
    printed("eq-multimodal-neurons-probability").holds(
        {"q": float(after.softmax(0)[0]), "p": float(z.softmax(0)[0]), r"\Delta": 0.9}
    )
    first, last = (
        float(mm.small(F, P, keep).logits.softmax(0)[0]) for keep in (ALL, ALL - torch.eye(4)[0])
    )
    said(
        f"$1 / (1 + e^{{-2}}) = {first:.3f}$",
        f"$\\Delta = 4$, and {first:.3f} becomes $0.881 / (0.881 + 0.119 \\cdot {math.exp(4):.1f}) = {last:.3f}$.",
    )


@pytest.mark.equation("eq-multimodal-neurons-chance")
def test_two_random_sets_share_this_much(printed: Equations) -> None:
    sets = [set(one) for one in itertools.combinations(range(7), 3)]
    mean = sum(len(a & b) for a in sets for b in sets) / len(sets) ** 2 / 3
    printed("eq-multimodal-neurons-chance").holds({"C": mean, "k": 3, "n": 7})
    said(f"For 8 of 128 this is {100 * 8 / 128:.0f} %.")


@pytest.mark.equation("eq-multimodal-neurons-pair")
def test_single_effects_miss_a_stand_in(printed: Equations) -> None:
    def values(h: tuple[float, float]) -> tuple[float, float, float, float]:
        cases = ((1, 1), (0, 1), (1, 0), (0, 0))
        y, a, d, z = (
            float(mm.capped(torch.tensor(h) * torch.tensor(one, dtype=torch.float)))
            for one in cases
        )
        return y, a, d, z

    y, a, d, z = values((1.0, 1.0))
    assert (y - a, y - d, y - z) == (0, 0, 1)  # the example: no effect alone, all of it together
    said("Here it is $1 + 1 - 1 - 0 = 1$.")
    y, a, d, z = (value + 0.1 * n for n, value in enumerate(values((0.8, 0.7)), 3))
    effects = [y - a, y - d]
    printed("eq-multimodal-neurons-pair").holds(
        {"F": y - z, "E": effects, "y": y, "a": a, "d": d, "z": z}
    )


@pytest.mark.equation("eq-multimodal-neurons-path")
def test_the_path_adds_up_to_the_whole(printed: Equations) -> None:
    def curve(h: Tensor) -> Tensor:
        return torch.sin(h).sum() + h.prod() + 0.37

    h = torch.tensor([0.9, -0.6, 1.4])
    shares = mm.path(curve, h, 200)
    printed("eq-multimodal-neurons-path").holds(
        {"G": shares.tolist(), "y": float(curve(h)), "z": 0.37, "K": 3}, tolerance=1e-4
    )
    one, _ = integrate.quad(lambda t: 0.9 * (math.cos(0.9 * t) + (-0.6 * t) * (1.4 * t)), 0, 1)
    assert float(shares[0]) == pytest.approx(one, abs=1e-4)
    assert mm.path(mm.capped, torch.ones(2), 4).tolist() == [0.5, 0.5]
    assert mm.path(mm.capped, torch.ones(2), 1).tolist() != [0.0, 0.0]


# The example.


def test_the_example_by_pencil() -> None:
    whole = mm.small(F, P, ALL)
    assert whole.x.tolist() == [1, 3, 0]
    assert whole.h.tolist() == [2, 1, 3, 0]
    assert whole.logits.tolist() == [1, -1]
    assert (torch.tensor(mm.WORDS) @ whole.x).tolist() == [0, 0]  # the row says nothing in words
    falls = [mm.small(F, P, keep).logits[0].item() for keep in ALL - torch.eye(4)]
    assert falls == [-1, 2, 1, 1]
    table = told("diagram")
    assert table["slope"] == [1, -1, 0, -1]
    assert [a * b for a, b in zip(table["h"], table["slope"], strict=True)] == table["score"]
    after = mm.taught(F, P, 1.0)
    loss = -math.log(float(whole.logits.softmax(0)[0]))
    said(
        f"$-\\log 0.881 = {loss:.3f}$",
        f"the second row of the map becomes ({after[1, 0]:.2f}, {after[1, 1]:.2f}) and the third "
        f'({after[2, 0]:.2f}, {after[2, 1]:.2f}), and "eight" gets '
        f"{mm.small(F, after, ALL).logits.softmax(0)[0]:.3f}.",
        f"each change by $0.238 \\cdot (2, 1) = ({after[2, 0]:.3f}, {after[2, 1]:.3f})$.",
        f"$-2 \\cdot 0.119 = {-2 * float(whole.logits.softmax(0)[1]):.3f}$",
    )
    assert after[0].tolist() == P[0].tolist()  # A and B cancel


def test_two_changes_to_try() -> None:
    one = mm.small(torch.tensor([0.0, 1.0]), P, ALL)
    assert (one.h[0], one.h[3]) == (0, 1)
    assert one.logits[1] > one.logits[0]
    off = torch.relu(torch.tensor(mm.KEYS[0]) @ mm.small(F, P, ALL).x - 5)
    assert float(off) == 0
    assert mm.small(F, P, ALL - torch.eye(4)[0]).logits.tolist() == [-1, 1]


# The small model, as measured by the recipe.


def test_names_and_other_answers_are_told_as_measured() -> None:
    table = told("naming")
    said(
        f"The frozen network names {percent(table, 'name')} % of them",
        f"parity is right for {percent(table, 'parity')} %, size for {percent(table, 'size')} % (chance 50 %).",
        f"trained on the same pixels names {100 * table['linear'][0]:.1f} %.",
        f"names are right for {percent(table, 'name', 1)} %; parity with {percent(table, 'parity', 1)} % "
        f"scatters about the chance of 50 %, and size with {percent(table, 'size', 1)} % is little above it:",
        f"in {percent(table, 'near', 1)} % of the pictures; with noise, {percent(table, 'near')} %.",
        f"still lets the map name {percent(table, 'name', 2)} % of the pictures",
        f"on the sentences without noise the loss is {table['clean'][0]:.5f} nats, against "
        f"{table['clean'][1]:.6f} for the network trained without, and all answers are right in both; "
        f"on noisy rows it is {table['loss'][0]:.3f}.",
        f"Noise of standard deviation {figures.NOISE} is added",
        f"| parity is right in {percent(table, 'parity', 1, 0)} %, chance 50 % (three seeds) | noise while the text is "
        f"learned: {percent(table, 'parity')} % | one more number",
        f"still names {percent(table, 'name', 2, 0)} % (three seeds) |",
    )
    assert all(loss < 1e-4 for loss in table["clean"][:2])
    assert len(figures.FEW) == 3
    assert table["parity"][2] == table["size"][2] == 0
    assert table["text"][:2] == [1, 1]
    first, second, third = ([table[k][row] for k in ("name", "parity", "size")] for row in range(3))
    assert all(abs(value - 0.9) < 0.05 for value in first)  # the alt text of the figure
    assert abs(second[0] - 0.8) < 0.05
    assert all(abs(value - 0.6) < 0.05 for value in second[1:])
    assert third[0] == pytest.approx(0.75, abs=0.005)
    whole = figures.sentences()
    said(
        f"on {len(whole)} sentences of three words",
        f"learns from {figures.TRAINING:,} pictures with the question *name*",
        f"The {len(figures.data()[3])} other pictures are for tests.",
        f"with two layers, {figures.LAYERS * figures.UNITS} hidden units in all,",
    )


def test_removal_is_told_as_measured() -> None:
    table = told("removal")
    names = ("score", "matched", "firing", "others")
    at = [table["count"].index(count) for count in (2, 8, 32)]
    for cells, name in zip(rows_of("tab-multimodal-neurons-removal"), names, strict=True):
        assert cells[1:] == [percent(table, name, k) for k in at]
    eight, last = at[1], at[2]
    said(
        f"each digit with the same weight; {percent(table, 'score')} with all units",
        f"With all {figures.LAYERS * figures.UNITS} units removed {percent(table, 'none')} % of the names "
        f"are right, more than without the best 8 ({100 * table['score'][eight]:.1f}):",
        f"some of the best among them, leave {100 * table['firing'][eight]:.1f} % right.",
        f"fall from {100 * table['score'][0]:.1f} % to {percent(table, 'score', eight)} %. Switch off",
        f"each drawn from the four nearest, and {percent(table, 'matched', eight)} % stay right",
        f"Without any unit {percent(table, 'none')} % stay right:",
        f"other digits fall from {100 * table['others'][0]:.1f} % to {percent(table, 'others', eight)} %; "
        f"with means, to {percent(table, 'others, mean', eight)} %.",
        f"to {percent(table, 'mean', eight)} % instead of {percent(table, 'score', eight)} %",
        f"other digits lose {100 * (table['others'][0] - table['others'][eight]):.1f} points | put the mean "
        f"activation instead: {100 * (table['others, mean'][0] - table['others, mean'][eight]):.1f} points |",
        f"Best scores: falls steeply to {table['score'][eight]:.2f} at 8 units and to "
        f"{table['score'][last]:.2f} at 32. "
        f"Most active: falls to {table['firing'][last]:.2f}. Best scores, other digits: falls slowly to "
        f"{table['others'][last]:.2f}.",
    )
    for k in range(1, len(table["count"])):
        apart = table["matched"][k] - table["score"][k]
        assert apart > table["matched, deviation"][k] + table["score, deviation"][k]
        assert table["score"][k] < table["firing"][k] < table["matched"][k]
    assert all(m > table["matched"][0] for m in table["matched"][eight:])
    assert table["none"][0] > table["score"][eight]


def test_units_and_what_they_share_are_told_as_measured() -> None:
    table = told("shared")
    at, last = table["count"].index(8), table["count"].index(32)
    said(
        f"of the eight most selective units {percent(table, 'idle, selective', at, 0)} % change the margin by less "
        f"than 5 %, of the eight most active {percent(table, 'idle, firing', at, 0)} %, and of the eight best "
        f"scores {percent(table, 'idle, score', at, 0)} %",
        f"of the 8 most active units {percent(table, 'idle, firing', at, 0)} % change the margin by less than 5 %",
        f"explain {percent(table, 'single', at, 0)} % of the margin when their single effects are added, and "
        f"{percent(table, 'joint', at, 0)} % when they are removed together; for 32 units it is "
        f"{percent(table, 'single', last, 0)} % and {percent(table, 'joint', last, 0)} %.",
        f"units by pictures, {percent(table, 'text', at, 0)} % are among the eight best by text; with another digit "
        f"{percent(table, 'digits', at, 0)} % are shared, and [chance](#chance) is 6 %.",
        f"is {percent(table, 'text left', at)} % of what it was, without matched units "
        f"{percent(table, 'text left, matched', at)} %.",
        f"{percent(table, 'early', at, 0)} % of the eight best sit in the first of the two layers",
        f"is {table['rank score'][at]:.3f} ± {table['rank score, deviation'][at]:.3f}, while that of activation and "
        f"effect is {table['rank firing'][at]:.2f} ± {table['rank firing, deviation'][at]:.2f}.",
        f"with texts from {table['text'][0]:.2f} to {table['text'][-1]:.2f}, with other digits from "
        f"{table['digits'][0]:.2f} to {table['digits'][-1]:.2f}, by chance from {1 / 128:.2f} to {32 / 128:.2f}.",
        f"units found by pictures fall from {table['text left'][0]:.2f} to {table['text left'][-1]:.2f}, matched",
    )
    said(
        f"8 matched units have the mean activation {table['active, matched'][at]:.1f}, the 8 best "
        f"{table['active, score'][at]:.1f}; for 32 it is {table['active, matched'][last]:.1f} and "
        f"{table['active, score'][last]:.1f}.",
        f"names even get better: {percent(table, 'against, matched', last, 0)} % of these have a negative effect",
    )
    for k in (at, last):  # the opposite of stand-ins
        assert table["joint"][k] < table["single"][k]
    assert all(abs(left - 1) < 0.05 for left in table["text left, matched"])
    units = told("units")
    third = sorted(range(128), key=lambda k: -units["selectivity"][k])[2]
    said(
        f"the third most selective unit for 8 is at {units['selectivity'][third]:.2f}: in "
        f"{100 * units['selectivity'][third]:.0f} % of the pairs",
        f"Its removal changes the margin by {units['effect'][third]:.2f}.",
    )
    assert units["fires"][third] > 0.5
    best = sorted(range(128), key=lambda k: -units["score"][k])[:8]
    assert min(units["effect"][k] for k in best) > max(
        units["effect"][k] for k in range(128) if k not in best
    )


# Exercises.


@pytest.mark.answer("answer-multimodal-neurons-try")
def test_without_a_and_b_nothing_is_written(answer: Bench) -> None:
    both = mm.small(F, P, torch.tensor([0.0, 0.0, 1.0, 1.0])).logits[0].item()
    answer("answer-multimodal-neurons-try").is_(both, mm.small(F, P, ALL).logits[0].item())


@pytest.mark.answer("answer-multimodal-neurons-bias")
def test_exercise_1_another_bias(answer: Bench) -> None:
    x = mm.small(F, P, ALL).x
    active = [float(torch.relu(torch.tensor(mm.KEYS[0]) @ x + bias)) for bias in (-3, -2)]
    answer("answer-multimodal-neurons-bias").is_(*active)


@pytest.mark.answer("answer-multimodal-neurons-odds")
def test_exercise_2_odds(answer: Bench) -> None:
    z = torch.tensor([math.log(4), 0.0], dtype=torch.float64)
    answer("answer-multimodal-neurons-odds").is_(
        float((z - torch.tensor([math.log(4), 0.0])).softmax(0)[0]), 0.8 / 4
    )


@pytest.mark.answer("answer-multimodal-neurons-idle")
def test_exercise_3_a_unit_that_is_off(answer: Bench) -> None:
    assert mm.small(F, P, ALL - torch.eye(4)[3]).logits.tolist() == [1, -1]
    assert mm.small(torch.tensor([0.0, 1.0]), P, ALL).h[3] > 0
    answer("answer-multimodal-neurons-idle").is_(
        'It would speak against "eight" if it were active, and on this picture it is not.'
    )


@pytest.mark.answer("answer-multimodal-neurons-control")
def test_exercise_4_a_control(answer: Bench) -> None:
    answer("answer-multimodal-neurons-control").is_(
        "What removing eight other units of like activation does, and what happens to other things."
    )


@pytest.mark.answer("answer-multimodal-neurons-code")
def test_exercise_5_another_picture(answer: Bench) -> None:
    f = torch.tensor([2.0, 3.0])
    found = [mm.small(f, P, keep).logits[0].item() for keep in (ALL - torch.eye(4)[0], ALL)]
    answer("answer-multimodal-neurons-code").is_(*found)


@pytest.mark.answer("answer-multimodal-neurons-path")
def test_exercise_6_a_path(answer: Bench) -> None:
    shares = mm.path(mm.capped, torch.tensor([1.0, 0.5]), 3)
    assert float(shares.sum()) == pytest.approx(1)
    answer("answer-multimodal-neurons-path").is_(float(shares[0]), 1.0)


# The code.


def test_a_removed_unit_has_its_rest_value() -> None:
    model, x = network(), rows(2)
    keep = mm.without(torch.tensor([1, 7]), torch.Size((2, 5)))
    rest = torch.full((2, 5), 0.25)
    _, h = model.read(x, keep, rest)
    assert (h[0][..., 1] == 0.25).all()
    assert (h[1][..., 2] == 0.25).all()
    _, whole = model.read(x)
    torch.testing.assert_close(h[0][..., [0, 2, 3, 4]], whole[0][..., [0, 2, 3, 4]])


def test_a_later_word_changes_no_earlier_answer() -> None:
    model, x = network(), rows(3)
    y = x.clone()
    y[:, 1] += 1
    assert torch.equal(model.read(x)[0][:, 0], model.read(y)[0][:, 0])


def test_scores_are_means_over_pictures() -> None:
    model, x = network(), rows(4)
    each = [mm.scores(model, one[None], 2, (1, 2, 4)) for one in x]
    both = mm.scores(model, x, 2, (1, 2, 4))
    for k in (0, 1):
        torch.testing.assert_close(torch.stack([one[k] for one in each]).mean(0), both[k])


def test_matched_units_are_others_of_like_activation() -> None:
    activation = torch.arange(20.0)
    units = torch.tensor([10, 11])
    generator = torch.Generator().manual_seed(0)
    drawn = [mm.matched(units, activation, generator).tolist() for _ in range(20)]
    assert all(len(set(one) | {10, 11}) == 4 for one in drawn)
    assert all(abs(k - u) <= 5 for one in drawn for k, u in zip(one, (10, 11), strict=True))
    assert len({tuple(one) for one in drawn}) > 3


@pytest.mark.usefixtures("one_thread")
def test_the_text_network_does_not_change_while_the_map_learns() -> None:
    model = network()
    before = [p.clone() for p in model.parameters()]
    generator = torch.Generator().manual_seed(5)
    f, word = torch.randn(12, 3, generator=generator), torch.randint(4, (12,), generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(6)
        first = mm.learn_map(model, lambda: (f, word), 5, 3, 0)
        torch.manual_seed(6)
        project = mm.learn_map(model, lambda: (f, word), 5, 3, 20)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))

    def loss(one: nn.Linear) -> float:
        logits, _ = model.read(mm.prompt(model, one(f), 5))
        return float(nn.functional.cross_entropy(logits[:, -1], word))

    assert loss(project) < loss(first) - 0.02


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "multimodal_neurons.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "C: fires 3, scores 0, removed: the logit falls by 0" in out
    assert "p(eight) 0.881, after a step 0.999" in out
