"""The family of small models: its language, its exact losses and its training."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.said import sayings

family: Any = import_module("docs.training.scaling-laws.family")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "scaling-laws.md"
said = sayings(PAGE)


def test_the_entropy_is_the_least_loss_and_models_count_as_said() -> None:
    context, following = family.language()
    assert float(context.sum()) == pytest.approx(1)
    assert following.sum(-1).numpy() == pytest.approx(1)
    entropy = family.entropy(context, following)
    said(f"Its entropy is a sum over {len(context):,} contexts, {entropy:.3f} nats: the true $E$.")
    models = family.Models([2, 64], seed=0)
    a = torch.arange(family.V**2).expand(2, -1)
    log_p = models(a // family.V, a % family.V).log_softmax(-1).double()
    by_torch = [
        float((context * nn.functional.kl_div(one, following, reduction="none").sum(-1)).sum())
        for one in log_p.detach()
    ]
    assert family.exact(models, context, following).numpy() == pytest.approx(
        np.array(by_torch) + entropy
    )
    single = family.Models([64], seed=0)
    assert family.size(64) == sum(x.numel() for x in single.parameters())
    assert [family.size(w) for w in (2, 64)] == [226, 6240]


def test_a_narrow_model_uses_only_its_units_and_learns() -> None:
    context, following = family.language()
    models = family.Models([2, 4], seed=1)
    models.writes.data.normal_()
    models.shift.data.normal_()
    every = torch.arange(family.V**2).expand(2, -1)
    a, b = every // family.V, every % family.V
    logits = models(a, b)
    pairs = nn.functional.one_hot(torch.cat([a[:1], family.V + b[:1]]), 2 * family.V).sum(0).float()
    hidden = torch.relu(pairs @ models.reads[0, :, :2] + models.bias[0, :, :2])
    torch.testing.assert_close(logits[0], hidden @ models.writes[0, :2] + models.shift[0])
    torch.autograd.backward(logits.sum())
    assert (models.reads.grad[0, :, 2:] == 0).all()
    assert (models.writes.grad[0, 2:] == 0).all()
    early, late = family.train([4], 2**11, 0, 0.06, marks=(2**10,))
    assert float(late) < float(early) < math.log(family.V)
    again = family.train([4], 2**11, 0, 0.06)
    assert again[0].tolist() == late.tolist()
    assert float(late) > family.entropy(context, following)


def test_training_is_a_plain_loop_with_warm_up_and_cosine() -> None:
    context, following = family.language()
    torch.manual_seed(3)
    model, steps = family.Models([4], seed=3), 16
    adam = torch.optim.Adam(model.parameters(), lr=0.06, betas=(0.9, 0.99))
    warm = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, *[1.0] * 7]
    fall = np.cos(np.pi * np.arange(steps) / steps / 2) ** 2  # half-angle form of the cosine
    for step in range(steps):
        adam.param_groups[0]["lr"] = 0.06 * warm[step] * float(fall[step])
        c = torch.multinomial(context, family.BATCH, replacement=True)
        y = torch.multinomial(following[c], 1)[:, 0]
        loss = nn.functional.cross_entropy(model(c[None] // family.V, c[None] % family.V)[0], y)
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
    ours = family.train([4], steps * family.BATCH, 3, 0.06)[-1]
    assert float(ours) == pytest.approx(float(family.exact(model, context, following)), rel=1e-6)
