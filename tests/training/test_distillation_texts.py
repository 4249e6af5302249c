"""Short texts: probabilities by hand, objectives against their optima, the table of directions."""

from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scripts.figures import distillation as recipe
from scripts.figures.style import read_table
from tests.said import sayings, tables

words: Any = import_module("docs.training.distillation.texts")
PAGE = Path(words.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def small() -> tuple[Tensor, Tensor, Tensor]:
    """All texts of three tokens from two, two teachers, and a student."""
    teacher = words.random_teachers(2, 2, 1.5)
    student = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(3)).double()
    return words.all_texts(2, 3), teacher, student


def test_probabilities_of_texts_by_hand() -> None:
    texts, teacher, student = small()
    assert texts.tolist() == [list(t) for t in product((0, 1), repeat=3)]
    p, q = words.after(teacher, texts), words.after(student, texts)
    for b in range(2):
        for n, (x, y, z) in enumerate(texts.tolist()):
            log = teacher[b].log_softmax(-1)
            told = log[2, 2, x] + log[2, x, y] + log[x, y, z]
            torch.testing.assert_close(words.whole(p, texts)[b, n], told)
            log = student[b].log_softmax(-1)
            told = log[2, x] + log[x, y] + log[y, z]
            torch.testing.assert_close(words.whole(q, texts)[b, n], told)
    torch.testing.assert_close(words.whole(p, texts).exp().sum(-1), torch.ones(2).double())


def test_objectives_against_sums_and_autograd() -> None:
    texts, teacher, student = small()
    p = words.after(teacher, texts)
    leaf = student.clone().requires_grad_()
    q = words.after(leaf, texts)
    a, b = words.whole(p, texts), words.whole(q, texts)
    torch.testing.assert_close(
        words.forward(p, q, texts), torch.nn.functional.kl_div(b, a.exp(), reduction="none").sum(-1)
    )
    torch.testing.assert_close(
        words.reverse(p, q, texts), torch.nn.functional.kl_div(a, b.exp(), reduction="none").sum(-1)
    )
    for n in range(2):
        torch.testing.assert_close(words.best(p, q, texts)[n], -b[n, a[n].argmax()])
    # With the student's texts held fixed, the gradient is that of soft targets alone.
    weight = b.detach().exp()
    told = (weight[..., None, None] * p.exp() * (p - q)).sum((1, 2, 3))
    torch.testing.assert_close(words.own(p, q, texts), told)
    (found,) = torch.autograd.grad(words.own(p, q, texts).sum(), leaf, retain_graph=True)
    (soft,) = torch.autograd.grad(told.sum(), leaf)
    torch.testing.assert_close(found, soft)


def test_the_forward_optimum_has_the_teachers_pairs() -> None:
    texts, teacher, _ = small()
    student = words.distil(teacher, texts, words.forward, 600)
    p = words.whole(words.after(teacher, texts), texts).exp()
    for b in range(2):
        first = torch.stack([p[b][texts[:, 0] == k].sum() for k in range(2)])
        torch.testing.assert_close(student[b].softmax(-1)[2], first, atol=1e-3, rtol=0)
        pairs = torch.zeros(2, 2).double()
        for n, text in enumerate(texts.tolist()):
            for at in (1, 2):
                pairs[text[at - 1], text[at]] += p[b, n]
        told = pairs / pairs.sum(-1, keepdim=True)
        torch.testing.assert_close(student[b].softmax(-1)[:2], told, atol=1e-3, rtol=0)


def test_each_objective_is_lowest_where_it_is_minimised() -> None:
    texts, teacher, _ = small()
    p = words.after(teacher, texts)
    ends = {
        name: words.judged(p, words.after(words.distil(teacher, texts, goal, 300), texts), texts)
        for name, goal in (("forward", words.forward), ("reverse", words.reverse))
    }
    for name, other in (("forward", "reverse"), ("reverse", "forward")):
        assert bool((ends[name][name] <= ends[other][name] + 1e-3).all())
    same = words.judged(p, p, texts)
    torch.testing.assert_close(same["forward"], torch.zeros(2).double())
    torch.testing.assert_close(same["surprise"], same["entropy"])


def test_the_table_of_directions() -> None:
    table = read_table(DATA / "direct.csv")
    n = table["scale"].index(2.0)

    def spread(name: str, row: int = n) -> str:
        return f"{table[name][row]:.2f} ± {table[f'{name}, deviation'][row]:.2f}"

    for name, cells in zip(
        ("forward", "own", "reverse", "best"), rows_of("tab-distillation-direct"), strict=True
    ):
        assert cells[1:] == [
            spread(f"{name}, {key}") for key in ("forward", "reverse", "surprise", "entropy")
        ]
    for row in range(3):
        first, second, third = (
            table[f"{name}, surprise"][row] for name in ("forward", "own", "reverse")
        )
        assert first >= second > third
        assert abs(first - second) < table["forward, surprise, deviation"][row] / 5
        assert table["reverse, entropy"][row] < table["forward, entropy"][row]
    assert (recipe.MANY_TEACHERS, recipe.SCALES) == (10, (1.0, 2.0, 3.0))
    said(
        f"the teacher's own entropy is {spread('teacher, entropy')} {{#",
        f"All sums run over all {recipe.LETTERS**recipe.LENGTH} texts of five tokens from three.",
    )
