"""The bound of masked diffusion: sets and orders counted, tight with an exact model, loose with a fault."""

import itertools
import math
import runpy
from importlib import import_module
from typing import Any

import pytest
import torch
from scipy import integrate

from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.models.test_text_diffusion import GUESS, JOINT, TEXTS, some
from tests.printed.plugin import Equations
from tests.said import sayings

orders = import_module("docs.models.text-diffusion.orders")
text = import_module("docs.models.text-diffusion.text_diffusion")
PAGE = style.DOCS / "models" / "text-diffusion.md"
said = sayings(PAGE)
AAB = (0, 0, 1)


def faulty(seed: int = 6) -> dict[tuple[int, ...], torch.Tensor]:
    """A denoiser of three letters and three places whose orders disagree."""
    draw = torch.Generator().manual_seed(seed)
    return {
        x: torch.randn(3, 3, generator=draw).double().softmax(-1)
        for x in itertools.product(range(4), repeat=3)
    }


@pytest.mark.equation("eq-text-diffusion-weight")
def test_the_weight_of_a_set_is_a_beta_integral(printed: Equations) -> None:
    def integral(m: int, places: int) -> float:
        found, _ = integrate.quad(lambda t: t ** (m - 1) * (1 - t) ** (places - m), 0, 1)
        return float(found)

    for m, places in ((3, 7), (4, 5)):
        told = 1 / (m * math.comb(places, m))  # as the code has it
        printed("eq-text-diffusion-weight").holds(
            {
                "w_H": told,
                r"\int_0^1 \frac{1}{t}\, t^m (1 - t)^{L - m}\, \mathrm{d} t": integral(m, places),
                "m": m,
                "L": places,
            }
        )


@pytest.mark.equation("eq-text-diffusion-orders", "eq-text-diffusion-jensen")
def test_the_loss_is_a_mean_over_orders_and_a_bound(printed: Equations) -> None:
    table, x = faulty(), (2, 0, 1)
    denoise = table.__getitem__
    places = range(3)
    sets = [c for m in (1, 2, 3) for c in itertools.combinations(places, m)]
    weight = {1: 1 / 3, 2: 1 / 6, 3: 1 / 3}

    def answer(i: int, hidden: tuple[int, ...]) -> float:
        return float(table[tuple(3 if n in hidden else x[n] for n in places)][i, x[i]])

    def path(order: tuple[int, ...]) -> float:
        return math.prod(answer(n, order[k:]) for k, n in enumerate(order))

    every = list(itertools.permutations(places))
    loss = orders.expected_loss(denoise, x, 3)
    printed("eq-text-diffusion-orders").holds(
        {
            r"\mathcal{L}(x)": loss,
            "H": Each(sets),
            "w_H": Given(("H",), lambda hidden: weight[len(hidden)]),
            r"p_\theta(x_i \mid x_{\bar H})": Given(("i", "H"), answer),
            r"\sigma": Each(every),
            r"p_\sigma(x)": Given((r"\sigma",), path),
            "L": 3,
        }
    )
    assert orders.paths(denoise, x, 3).exp().tolist() == pytest.approx([path(o) for o in every])
    assert orders.bound(denoise, x, 3) == pytest.approx(-loss)
    tight = text.exact(some(3, 3, 3, seed=3))
    for model in (denoise, tight):
        logs = dict(zip(every, orders.paths(model, x, 3).tolist(), strict=True))
        printed("eq-text-diffusion-jensen").holds(
            {
                "p(x)": math.exp(orders.log_likelihood(model, x, 3)),
                r"\sigma": Each(every),
                r"p_\sigma(x)": Given((r"\sigma",), lambda order, logs=logs: math.exp(logs[order])),
                r"\mathcal{L}(x)": orders.expected_loss(model, x, 3),
                "L": 3,
            }
        )


@pytest.mark.equation("eq-text-diffusion-chain")
def test_a_path_multiplies_the_answers_along_an_order(printed: Equations) -> None:
    table, x = faulty(seed=7), (1, 2, 0)
    every = list(itertools.permutations(range(3)))
    found = orders.paths(table.__getitem__, x, 3).exp().tolist()
    for order, told in zip(every, found, strict=True):
        seen = [tuple(x[n] if n in order[:k] else 3 for n in range(3)) for k in range(3)]
        printed("eq-text-diffusion-chain").holds(
            {
                r"p_\sigma(x)": told,
                r"p_\theta(x_{\sigma_k} \mid x_{\sigma_1}, \ldots, x_{\sigma_{k-1}})": Given(
                    ("k",),
                    lambda k, order=order, seen=seen: float(
                        table[seen[k - 1]][order[k - 1], x[order[k - 1]]]
                    ),
                ),
                "L": 3,
            }
        )


def test_with_exact_conditionals_the_bound_is_tight_in_each_order() -> None:
    for x in TEXTS:
        logs = orders.paths(GUESS, x, 2)
        torch.testing.assert_close(logs, torch.full_like(logs, math.log(JOINT[x])))
        assert orders.expected_loss(GUESS, x, 2) == pytest.approx(-math.log(JOINT[x]))
    said(r"the loss of aab is 2.367, and that is exactly $-\log \frac{3}{32}$")


def test_a_table_with_one_fault_by_pencil() -> None:
    for seen in itertools.product(range(3), repeat=3):
        known = seen[0] < 2 and seen[2] < 2 and seen[1] == 2
        rows, right = orders.pencil(seen), GUESS(seen)
        hidden = [n for n in range(3) if seen[n] == 2]
        assert known or torch.allclose(rows[hidden], right[hidden])
    p = orders.paths(orders.pencil, AAB, 2).exp()
    assert p.tolist() == pytest.approx([3 / 32, 9 / 64, 3 / 32, 3 / 32, 9 / 64, 3 / 32])
    assert float(p.mean()) == pytest.approx(7 / 64)
    log_p, bound = (
        measure(orders.pencil, AAB, 2) for measure in (orders.log_likelihood, orders.bound)
    )
    said(
        r"$\frac{1}{2} \cdot \frac{3}{8} \cdot \frac{3}{4} = \frac{9}{64}$",
        rf"$\frac{{7}}{{64}}$, whose logarithm is −{-log_p:.3f}; the bound is −{-bound:.3f}",
    )


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.with_suffix("") / "orders.py"), run_name="__main__")
    told: Any = capsys.readouterr().out
    assert "likelihood -2.21297, bound -2.23197" in told
