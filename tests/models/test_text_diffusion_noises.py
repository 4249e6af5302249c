"""Masks and uniform noise: posteriors, steps, and what a network sees of each."""

import itertools
import runpy
from importlib import import_module

import numpy as np
import pytest
import torch

from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.models.test_text_diffusion import GUESS, JOINT, LEFT, made, some
from tests.printed.plugin import Equations
from tests.said import sayings

text = import_module("docs.models.text-diffusion.text_diffusion")
noises = import_module("docs.models.text-diffusion.noises")
PAGE = style.DOCS / "models" / "text-diffusion.md"
said = sayings(PAGE)


@pytest.mark.equation("eq-text-diffusion-noise", "eq-text-diffusion-uniform")
def test_bayes_rule_of_uniform_noise(printed: Equations) -> None:
    joint, t, seen = some(3, 3, 3, 3, seed=13).numpy(), 0.37, (2, 0, 1, 1)
    keep = noises.kernel(1 - t, noises.limit(3, masks=False)).numpy()
    given = np.einsum("a,b,c,d->abcd", *(keep[:, v] for v in seen))
    posterior = joint * given / (joint * given).sum()
    x = (0, 2, 2, 1)
    printed("eq-text-diffusion-noise").holds(
        {r"p(y \mid x)": float(given[x]), "t": t, "A": 3, "L": 4, "d": d(x, seen) + 0.0}
    )
    every = list(itertools.product(range(3), repeat=4))  # a text is its number here
    printed("eq-text-diffusion-uniform").holds(
        {
            r"p(x \mid y)": float(posterior[x]),
            "p": lambda z: float(joint[every[z]]),
            r"p(y \mid x)": float(given[x]),
            r"p(y \mid z)": Given(("z",), lambda z: float(given[every[z]])),
            "x": every.index(x),
            "z": Each(range(81)),
        },
        free=("p",),
    )
    found = noises.clean(torch.tensor(joint), seen, t, noises.limit(3, masks=False))
    for n in range(4):
        rest = tuple(m for m in range(4) if m != n)
        assert found[n].tolist() == pytest.approx(posterior.sum(rest).tolist())


def test_masks_give_the_guess_of_the_exact_model_at_any_time() -> None:
    for seen in itertools.product(range(3), repeat=3):
        for t in (0.2, 0.9):
            found = noises.clean(JOINT, seen, t, noises.limit(2, masks=True))
            torch.testing.assert_close(found, GUESS(seen))


def test_the_middle_of_aba_by_pencil() -> None:
    rows = noises.clean(JOINT, (0, 1, 0), 0.5, noises.limit(2, masks=False))
    assert float(rows[1, 1]) == pytest.approx(108 / 208)
    weights = {x: 32 * float(JOINT[x]) * 3 ** (3 - d(x, (0, 1, 0))) for x in TWO}
    assert sum(weights.values()) == pytest.approx(208)
    assert sum(w for x, w in weights.items() if x[1] == 1) == pytest.approx(108)
    said(
        rf"the middle is b with $\frac{{108}}{{208}} = {float(rows[1, 1]):.3f}$ and a with "
        f"{float(rows[1, 0]):.3f}",
        "At $t = 0.5$ with two letters, each is wrong with 1/4",
    )


TWO = list(itertools.product(range(2), repeat=3))


def d(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Places where two texts differ."""
    return sum(u != v for u, v in zip(a, b, strict=True))


def test_a_step_back_is_bayes_rule_for_each_place() -> None:
    end, t, s = noises.limit(3, masks=False), 0.8, 0.3
    rows = torch.tensor([[0.2, 0.5, 0.3]]).double()
    keep = noises.kernel(0.2 / 0.7, end)
    moved = noises.back(rows, (1,), t, s, end)[0]
    told = torch.zeros(3).double()
    for c in range(3):
        joint = noises.kernel(1 - s, end)[c] * keep[:, 1]
        told += rows[0, c] * joint / joint.sum()
    torch.testing.assert_close(moved, told)
    assert float(moved.sum()) == pytest.approx(1)


def test_one_step_is_the_product_of_marginals_and_many_come_near() -> None:
    table = style.read_table(PAGE.with_suffix("") / "steps.csv")
    for masks in (True, False):
        torch.testing.assert_close(noises.made(JOINT, 1, masks), made(LEFT, 3))
        result = noises.made(JOINT, 2, masks)
        assert float(result.sum()) == pytest.approx(1)
        name = "masks" if masks else "uniform"
        assert text.off(JOINT, result) == pytest.approx(table[name][1], rel=1e-5)
        assert all(a > b for a, b in itertools.pairwise(table[name]))
    for n, (a, b) in enumerate(zip(table["masks"], table["uniform"], strict=True)):
        assert a == pytest.approx(b) if n == 0 else a < b
    said(
        f"at 32 steps masks leave {100 * table['masks'][-1]:.1f} % and uniform noise "
        f"{100 * table['uniform'][-1]:.1f} %"
    )


def test_two_steps_of_masks_by_hand() -> None:
    told = torch.zeros(2, 2, 2).double()
    for first in itertools.product((True, False), repeat=3):
        now = tuple(n for n in range(3) if first[n])
        rest = tuple(n for n in range(3) if not first[n])
        phases = tuple(part for part in (now, rest) if part)
        told += made(phases, 3) / 8
    torch.testing.assert_close(noises.made(JOINT, 2, masks=True), told)


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.with_suffix("") / "noises.py"), run_name="__main__")
    assert " 8 steps: masks 0.0418 off, uniform noise 0.0486 off" in capsys.readouterr().out
