"""The GAN family: the example by hand, layers against a count, symmetries of the cycle, styles, what the page tells."""

import math
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from scripts.figures import gan_family as figures
from scripts.figures import style
from scripts.printed.values import Each, Finite
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

family = import_module("docs.models.gan-family.gan_family")
deep = import_module("docs.models.gan-family.dcgan")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "gan-family.md"
DATA = PAGE.parent / "gan-family"
said = sayings(PAGE)
rows_of = tables(PAGE)


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(DATA / f"{name}.csv")


# The example.


def test_the_example_by_hand() -> None:
    blind = family.best(family.SHARES.mean(0), family.BLIND.mean(0))
    told = family.best(family.SHARES, family.BLIND)[0]
    for k, row in enumerate(rows_of("tab-gan-family-example")):
        assert row == [
            str(k),
            f"{float(family.SHARES[0, k]):g}",
            f"{float(family.BLIND[0, k]):g}",
            f"{float(blind[k]):g}",
            f"{float(told[k]):.3g}",
        ]
    assert told.tolist() == pytest.approx([1 / 3, 0.6])
    shares = family.SHARES[0]
    assert family.cost(0.5, shares, 1) == 0.5
    assert family.cost(1.0, shares, 1) == family.cost(0.5, shares, 2) == 0.25
    assert family.cost(0.75, shares, 2) == 0.1875


def test_the_figure_of_guesses_is_the_closed_form() -> None:
    table = numbers("guesses")
    a = np.array(table["guess"])
    np.testing.assert_allclose(table["L1"], 0.75 - 0.5 * a)
    np.testing.assert_allclose(table["squared"], (a - 0.75) ** 2 + 3 / 16)
    said(
        "L1 falls in a straight line from 0.75 to 0.25, the squared cost falls from 0.75 to 0.1875 at 0.75 "
        "and rises to 0.25"
    )


def test_the_styled_unit_by_hand() -> None:
    unit = family.demodulate(family.modulate(family.WEIGHTS, family.STYLE))
    torch.testing.assert_close(unit, torch.tensor([[0.6, 0.8]]))
    again = family.demodulate(family.modulate(family.WEIGHTS, 2 * family.STYLE))
    torch.testing.assert_close(again, unit)
    assert family.truncate(torch.tensor([2.0]), torch.tensor([0.0]), 0.5).item() == 1


# The equations.


@pytest.mark.equation("eq-gan-family-best")
def test_the_best_answer_in_each_class_maximises_the_game(printed: Equations) -> None:
    p, q = torch.tensor([0.23, 0.77]), torch.tensor([0.61, 0.39])
    grid = torch.linspace(0.0005, 0.9995, 1999)
    value = p[:, None] * grid.log() + q[:, None] * (1 - grid).log()
    found = grid[value.argmax(1)]
    torch.testing.assert_close(family.best(p, q), found, atol=5e-4, rtol=0)
    for k in (0, 1):
        printed("eq-gan-family-best").holds(
            {
                "D^*(x, c)": float(found[k]),
                r"p(x \mid c)": float(p[k]),
                r"q(x \mid c)": float(q[k]),
            },
            tolerance=2e-3,
        )


@pytest.mark.equation("eq-gan-family-l1")
def test_the_mean_distance_is_a_line(printed: Equations) -> None:
    share, a = 0.3, 0.45
    cost = family.cost(a, torch.tensor([1 - share, share]).double(), 1)
    printed("eq-gan-family-l1").holds(
        {
            r"\mathbb{E}": Finite({"y": [0.0, 1.0]}, [1 - share, share]),
            "a": a,
            r"\pi": share,
        },
        free=("a",),
    )
    assert cost == pytest.approx(share + (1 - 2 * share) * a)


@pytest.mark.equation("eq-gan-family-squared")
def test_the_mean_square_is_a_bowl_around_the_mean(printed: Equations) -> None:
    share, a = 0.3, 0.45
    printed("eq-gan-family-squared").holds(
        {
            r"\mathbb{E}": Finite({"y": [0.0, 1.0]}, [1 - share, share]),
            "a": a,
            r"\pi": share,
        },
        free=("a",),
    )
    shares = torch.tensor([1 - share, share]).double()
    assert family.cost(a, shares, 2) == pytest.approx((a - share) ** 2 + share * (1 - share))


@pytest.mark.equation("eq-gan-family-symmetry")
def test_a_symmetry_of_the_data_keeps_both_losses(printed: Equations) -> None:
    third = 2 * math.pi / 3
    s = torch.tensor([[math.cos(third), math.sin(third)], [-math.sin(third), math.cos(third)]])
    x, zero = family.CORNERS[None], torch.zeros(1, 1, 2)
    for symmetry in (s, s @ s, torch.diag(torch.tensor([1.0, -1.0]))):
        turned = x @ symmetry  # the same corners in another order
        assert torch.cdist(turned, x).amin(2).max() < 1e-5
        g = ((symmetry @ figures.WISHED)[None], zero)
        f = (torch.linalg.inv(symmetry @ figures.WISHED)[None], zero)
        y = x @ figures.WISHED
        assert family.cycle_loss(x, y, g, f).item() == pytest.approx(0, abs=1e-5)
        assert torch.cdist(family.dense(x, g), y).amin(2).max() < 1e-5
        assert (family.dense(x, g) - y).norm(dim=-1).max() > 3
        wrong = (g[0] * 1.5, zero)
        assert family.cycle_loss(x, y, wrong, f).item() > 0.5
    printed("eq-gan-family-symmetry").holds(
        {
            "F'": lambda v: (v - 0.7) / 6.0,
            "G'": lambda v: 6.0 * v + 0.7,
            "F": lambda v: (v - 0.7) / 3.0,
            "G": lambda v: 3.0 * v + 0.7,
            "S": lambda v: 2.0 * v,
            "T": lambda v: v / 2.0,
            "x": 1.3,
        },
        free=("x",),
    )


@pytest.mark.equation("eq-gan-family-demodulate")
def test_a_styled_weight_is_scaled_and_made_of_length_one(printed: Equations) -> None:
    weight, style_ = normal(2, 3, seed=1), normal(3, seed=2)
    rows = torch.nn.functional.normalize(weight * style_, dim=1)  # torch's own
    ours = family.demodulate(family.modulate(weight, style_))
    torch.testing.assert_close(ours, rows, atol=1e-6, rtol=1e-5)
    printed("eq-gan-family-demodulate").holds(
        {
            "v": rows.numpy(),
            "w": weight.numpy(),
            "s": style_.numpy(),
            "I": 3,
            "i": Each([1, 2]),
            "j": Each([1, 2, 3]),
        },
        tolerance=1e-6,
        free=("w", "s"),  # a common factor cancels
    )


@pytest.mark.equation("eq-gan-family-variance")
def test_a_styled_unit_keeps_the_variance(printed: Equations) -> None:
    weight, style_ = normal(2, 3, seed=1), normal(3, seed=2)
    ours = family.demodulate(family.modulate(weight, style_))
    signs = [np.array([a, b, c]) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    outputs = np.array([ours.numpy() @ h for h in signs])
    np.testing.assert_allclose(outputs.var(0), 1, atol=1e-6)
    printed("eq-gan-family-variance").holds(
        {
            r"\operatorname{Var}": Finite({"h": signs}, moment="variance"),
            "v": ours.numpy(),
            "I": 3,
            "i": Each([1, 2]),
        },
        tolerance=1e-6,
    )


@pytest.mark.equation("eq-gan-family-truncation")
def test_truncation_scales_the_spread_of_the_code(printed: Equations) -> None:
    codes = [0.3, -1.2, 2.5, 0.4]
    mean = sum(codes) / 4
    printed("eq-gan-family-truncation").holds(
        {r"w_\psi": 2.5 - 0.3 * (2.5 - mean), "w": 2.5, r"\bar{w}": mean, r"\psi": 0.7}
    )
    w = torch.tensor(codes)
    less = family.truncate(w, w.mean(), 0.7)
    assert less.var().item() == pytest.approx(0.49 * w.var().item())
    assert less.mean().item() == pytest.approx(mean)


# The networks.


def test_a_styled_layer_of_the_generator_is_modulation_and_demodulation() -> None:
    g = family.StyleGenerator(1, torch.Generator().manual_seed(0))
    w = normal(1, 2, family.CODE, seed=3).float()
    with torch.no_grad():
        x = g.draw(w)
        for k in range(2):
            one = family.dense(w, g.styles[0])[0, k] + 1
            weight = family.demodulate(family.modulate(g.parts[0][0][0].T, one))
            h = torch.nn.functional.leaky_relu(g.start[0, 0] @ weight.T + g.parts[0][1][0, 0], 0.2)
            two = family.dense(w, g.styles[1])[0, k] + 1
            wanted = (h * two) @ g.parts[1][0][0] + g.parts[1][1][0, 0]
            torch.testing.assert_close(x[0, k], wanted, atol=1e-4, rtol=1e-4)


def test_the_judge_of_samples_knows_the_data() -> None:
    which = torch.arange(family.CLASSES).repeat_interleave(200)[None]
    x = family.sample(which, torch.Generator().manual_seed(0))
    right, near = family.judged(x, which)
    assert right.item() > 0.99
    assert near.item() == pytest.approx(1 - math.exp(-4.5), abs=0.01)
    chance, _ = family.judged(x, which.roll(200))
    assert chance.item() < 0.01
    assert float(figures.reached(x.expand(25, -1, -1))[0]) == 8


def test_the_maps_begin_as_turns_with_their_inverses() -> None:
    reach = torch.tensor([math.pi] * 40 + [0.3] * 10)
    g, f = family.turned(reach, torch.Generator().manual_seed(0))
    eye = torch.eye(2).expand(50, 2, 2)
    torch.testing.assert_close((g[0] @ f[0]).detach(), eye, atol=1e-5, rtol=0)
    det = torch.linalg.det(g[0].detach())
    torch.testing.assert_close(det.abs(), torch.ones(50))
    assert 10 < int((det[:40] < 0).sum()) < 30
    assert int((det[40:] < 0).sum()) == 0
    assert g[0].detach()[40:, 0, 0].min() > math.cos(0.3)
    lost = family.pair_loss(g, f, figures.WISHED)
    assert lost.shape == (50,)
    same = (figures.WISHED[None], torch.zeros(1, 1, 2))
    back = (figures.WISHED.T[None], torch.zeros(1, 1, 2))
    assert family.pair_loss(same, back, figures.WISHED).item() == pytest.approx(0, abs=1e-6)


# What the page tells of its figures.


def spread(table: style.Table, name: str, k: int, digits: int = 2) -> str:
    """Mean and standard deviation as the page prints them."""
    return f"{table[name][k]:.{digits}f} ± {table[f'{name}, deviation'][k]:.{digits}f}"


def test_the_games_as_the_page_tells_them() -> None:
    table = numbers("classes")
    for k, row in enumerate(rows_of("tab-gan-family-classes")):
        assert row == [
            list(figures.GAMES)[k],
            spread(table, "asked", k),
            spread(table, "near", k),
            spread(table, "modes", k, 1),
        ]
    asked, near, modes = (table[name] for name in ("asked", "near", "modes"))
    said(
        f"is {asked[0]:.2f} when D sees the class, {asked[1]:.2f} when it does not, 1.00 for both games with L1, "
        f"{asked[4]:.2f} for L1 alone; the share near a mode is {near[0]:.2f}, {near[1]:.2f}, {near[2]:.2f}, "
        f"{near[3]:.2f} and {near[4]:.2f}; the modes reached are {modes[0]:.1f}, {modes[1]:.1f}, {modes[2]:.1f}, "
        f"{modes[3]:.1f} and {modes[4]:.1f} of eight"
    )
    said(f"{spread(table, 'asked', 1)} of the samples belong to the class that was asked for")
    said(f"Given to the discriminator as well, it is {asked[0]:.2f}.")
    said(f"With the game beside it, {spread(table, 'near', 2)} are near one.")
    said(f"but only {spread(table, 'modes', 3, 1)} of the eight modes are reached")
    assert near[4] == 0


def test_truncation_as_the_page_tells_it() -> None:
    table = numbers("truncation")
    at = {psi: k for k, psi in enumerate(table["psi"])}
    k, full = at[0.5], at[1.0]
    near, wide = table["all, near"], table["all, spread"]
    said(
        f"towards the mean of the class it is {table['class, near'][0]:.2f} at 0 and {near[full]:.2f} at 1; towards "
        f"the mean of all it falls from {near[full]:.2f} at 1 to {near[at[0.7]]:.2f} at 0.7, {near[k]:.2f} at 0.5 "
        f"and {near[0]:.0f} at 0. Right, spread within a class: {wide[full]:.2f} at 1; at 0.5 it is "
        f"{table['class, spread'][k]:.2f} towards the mean of the class and {wide[k]:.2f} towards that of all"
    )
    said(
        f"leaves {spread(table, 'all, near', k)} of the samples near a mode, of {spread(table, 'all, near', full)}, "
        f"and makes the spread within a class smaller, from {wide[full]:.2f} to {wide[k]:.2f}."
    )
    said(
        f"Towards the mean code of the class it is {spread(table, 'class, near', k)}, with a spread of "
        f"{table['class, spread'][k]:.2f}."
    )
    for name in ("class", "all"):
        assert all(v <= near[full] for v in table[f"{name}, near"])


def test_the_maps_as_the_page_tells_them() -> None:
    table = numbers("cycle")
    wished, other, neither = (
        [int(v) for v in table[name]] for name in ("wished", "another", "neither")
    )
    said(
        f"Equal shares: {wished[0]} at the wished map, {other[0]} at another that fits. Unequal shares: {wished[1]}, "
        f"{other[1]} and {neither[1]} at neither. Equal shares with a start near the wished map: {wished[2]} at it. "
        f"Equal shares with pairs: {wished[3]} at it"
    )
    said(
        f"With equal shares {wished[0]} of 16 runs find the wished map, and all other {other[0]} find another that fits"
    )
    said(f"and yet {wished[1]} of 16 runs finds it, while {other[1]} rest at one")
    said(f"{wished[2]} of 16 runs find the rotation by 40")
    said(f"one for each corner, lead {wished[3]} of 16 runs there as well")
    said(f"here {wished[0]} of 16 runs found the wished one")
    assert neither[0] == 0


# Exercises.


@pytest.mark.answer("answer-gan-family-b")
def test_exercise_1_class_b(answer: Bench) -> None:
    told = family.best(family.SHARES, family.BLIND)[1].tolist()
    answer("answer-gan-family-b").is_(tuple(told), tuple(family.SHARES[1].tolist()))


@pytest.mark.answer("answer-gan-family-unit")
def test_exercise_2_a_styled_unit(answer: Bench) -> None:
    made = family.modulate(torch.tensor([[1.0, 2.0]]), torch.tensor([4.0, 1.5]))
    unit: Tensor = family.demodulate(made)
    answer("answer-gan-family-unit").is_(tuple(unit[0].tolist()), tuple(made[0].tolist()))


@pytest.mark.answer("answer-gan-family-square")
def test_exercise_3_symmetries_of_a_square(answer: Bench) -> None:
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    turns = [np.linalg.matrix_power(np.array([[0, 1], [-1, 0]]), k) for k in range(4)]
    maps = [t @ m for t in turns for m in (np.eye(2), np.diag([1, -1]))]
    kept = {
        m.astype(int).tobytes()
        for m in maps
        if {tuple(c) for c in (corners @ m).astype(int)} == {tuple(c) for c in corners}
    }
    answer("answer-gan-family-square").is_(len(kept), len(turns))


@pytest.mark.answer("answer-gan-family-which")
def test_exercise_4_what_ties_an_answer_to_its_input(answer: Bench) -> None:
    black, white = family.best(family.SHARES, family.BLIND)[0].tolist()
    assert white > black  # the discriminator that is given the input
    assert family.cost(1.0, family.SHARES[0], 1) < family.cost(0.0, family.SHARES[0], 1)
    answer("answer-gan-family-which").is_("L1, and the discriminator, since it is given the input.")


@pytest.mark.answer("answer-gan-family-half")
def test_exercise_5_half_the_width(answer: Bench) -> None:
    half, full = (
        sum(p.numel() for p in deep.dcgan(deep.dcgan_layers(width)).parameters())
        for width in (32, 64)
    )
    answer("answer-gan-family-half").is_(half, full)
    said(f"{half:,}: the first and last layers halve")


@pytest.mark.answer("answer-gan-family-layers")
def test_exercise_6_how_many_layers(answer: Bench) -> None:
    counts = []
    for side in (4, 2):
        n, count = side, 0
        while n < 256:
            n, count = deep.grown(n, 4, 2, 1), count + 1
        counts.append(count)
    answer("answer-gan-family-layers").is_(*counts)


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "gan_family.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "guess 0.75: L1 0.375, squared 0.1875" in out
