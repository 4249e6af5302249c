"""The restricted Boltzmann machine against enumeration, sampling and the gradient of PyTorch."""

import math
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.figures import energy_based as figures
from scripts.figures import style
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings

rbm = import_module("docs.models.energy-based.rbm")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "energy-based.md"
said = sayings(PAGE)
MACHINE = rbm.Machine(normal(3, 2), normal(3, seed=1), normal(2, seed=2))
V = torch.tensor([1.0, 0.0, 1.0]).double()


@pytest.mark.equation("eq-energy-based-rbm")
def test_the_printed_energy_is_that_of_the_code(printed: Equations) -> None:
    v, h = normal(3, seed=3), normal(2, seed=4)
    printed("eq-energy-based-rbm").holds(
        {
            r"E(\mathbf{v}, \mathbf{h})": MACHINE.energy(v, h).item(),
            r"\mathbf{v}": v.numpy().reshape(-1, 1),
            r"\mathbf{h}": h.numpy().reshape(-1, 1),
            r"\mathbf{W}": MACHINE.w.numpy(),
            r"\mathbf{b}": MACHINE.b.numpy().reshape(-1, 1),
            r"\mathbf{c}": MACHINE.c.numpy().reshape(-1, 1),
        }
    )


def joint() -> torch.Tensor:
    """Weights of all hidden states for the visible ones V, (4,)."""
    return torch.exp(-MACHINE.energy(V.expand(4, 3), rbm.states(2)))


@pytest.mark.equation("eq-energy-based-hidden")
def test_hidden_units_are_independent_sigmoids(printed: Equations) -> None:
    weights = joint() / joint().sum()
    on = rbm.states(2).T @ weights
    torch.testing.assert_close(MACHINE.hidden(V), on)
    v = torch.tensor([1.0, 0.0, 1.0]).double()
    for j in (1, 2):
        printed("eq-energy-based-hidden").holds(
            {
                r"p(h_j = 1 \mid \mathbf{v})": on[j - 1].item(),
                r"\sigma": lambda x: 1 / (1 + math.exp(-x)),
                "c": MACHINE.c.tolist(),
                "v": v.tolist(),
                "W": MACHINE.w.numpy(),
                "V": 3,
                "j": j,
            }
        )


@pytest.mark.equation("eq-energy-based-free")
def test_the_free_energy_is_the_energy_with_the_hidden_units_summed_out(
    printed: Equations,
) -> None:
    free = -math.log(joint().sum().item())
    assert MACHINE.free(V).item() == pytest.approx(free)
    printed("eq-energy-based-free").holds(
        {
            r"F(\mathbf{v})": free,
            "b": MACHINE.b.tolist(),
            "c": MACHINE.c.tolist(),
            "v": V.tolist(),
            "W": MACHINE.w.numpy(),
            "V": 3,
            "H": 2,
            "j": Each([1, 2]),
        },
        free=("b", "v"),
    )


def test_the_exact_gradient_is_that_of_pytorch() -> None:
    data = rbm.bars()
    machine = rbm.start(6, 4, figures.seeded(1))
    parts = [p.clone().requires_grad_() for p in (machine.w, machine.b, machine.c)]
    wanted = torch.autograd.grad(rbm.Machine(*parts).log_likelihood(data), parts)
    shares = rbm.empirical(data)
    for ours, theirs in zip(
        machine.gradient(shares, machine.model(shares, None)), wanted, strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_gibbs_steps_keep_the_model_and_many_of_them_reach_it() -> None:
    kernel = MACHINE.gibbs()
    model = MACHINE.model(torch.ones(8).double() / 8, None)
    torch.testing.assert_close(kernel.sum(1), torch.ones(8).double())
    torch.testing.assert_close(model @ kernel, model)
    start = rbm.empirical(torch.tensor([[1.0, 0.0, 1.0]]).double())
    torch.testing.assert_close(MACHINE.model(start, 400), model)
    torch.testing.assert_close(MACHINE.model(start, 1), start @ kernel)


def test_the_data_are_full_rows_or_full_columns() -> None:
    pictures = rbm.bars().reshape(-1, 2, 3)
    for picture in pictures:
        rows = (picture == picture[:, :1]).all()
        columns = (picture == picture[:1]).all()
        assert rows or columns
    assert len(pictures) == len(np.unique(pictures.numpy(), axis=0)) == 10
    said("With 6 visible and 4 hidden units all 64 visible states can be enumerated")
    said(f"$-\\log 10 = {-math.log(10):.2f}$")


def test_what_training_reaches() -> None:
    table = style.read_table(PAGE.parent / "energy-based" / "machine.csv")
    ends = {
        name: f"{table[name][-1]:.2f} ± {table[f'{name}, deviation'][-1]:.2f}".replace("-", "−")
        for name in ("exact", "1", "3")
    }
    said(
        f"After 600 steps the exact gradient has reached {ends['exact']}, CD-3 {ends['3']} and CD-1 {ends['1']}."
    )
    assert table["step"][-1] == 600
    one, three, ten = (table[f"cosine {k}"][-1] for k in (1, 3, 10))
    said(f"from 1 down to {one:.2f} with one step, {three:.2f} with three, {ten:.2f} with ten")
    for name in ("exact", "1", "3"):
        assert all(a < b for a, b in pairwise(table[name]))
    for k in range(len(table["step"])):
        assert table["cosine 1"][k] <= table["cosine 3"][k] + 1e-6 <= table["cosine 10"][k] + 2e-6
    reached = [f"{table[name][-1]:.2f}".replace("-", "−") for name in ("exact", "3", "1")]
    said(f"with one step: {reached[0]}, {reached[1]} and {reached[2]} at the end")


def test_one_visible_and_one_hidden_unit_by_pencil() -> None:
    machine = rbm.Machine(*(torch.tensor(x).double() for x in ([[1.0]], [0.0], [0.0])))
    one = torch.ones(1, 1).double()
    on, free = machine.hidden(one).item(), machine.free(one).item()
    said(f"$1 / (1 + e^{{-1}}) = {on:.2f}$", f"$e^0 + e^1 = {1 + math.e:.2f}$")
    said(f"$-\\log {1 + math.e:.2f} = {free:.2f}$")
    cosine = style.read_table(PAGE.parent / "energy-based" / "machine.csv")["cosine 1"][-1]
    said(f"after training the cosine of the two is {cosine:.2f}.")


@pytest.mark.answer("answer-energy-based-hidden")
def test_exercise_5_two_hidden_units(answer: Bench) -> None:
    data = rbm.bars()
    found = [
        rbm.train(rbm.start(6, hidden, figures.seeded(0)), data, None, 600, 1.0)
        .log_likelihood(data)
        .item()
        for hidden in (2, 4)
    ]
    answer("answer-energy-based-hidden").is_(*found)
