"""PyTorch's functions give the loss of the page, also where the reduction matters."""

from importlib import import_module
from typing import Any

import torch

from tests.draws import normal

practice: Any = import_module("docs.training.distillation.torch_practice")


def test_the_loss_by_hand() -> None:
    student, teacher = normal(2, 3), normal(2, 3, seed=1)
    p, q = (teacher / 2).softmax(-1), (student / 2).softmax(-1)
    soft = sum(float(p[n, i] * (p[n, i] / q[n, i]).log()) for n in range(2) for i in range(3)) / 2
    hard = -sum(float(student.log_softmax(-1)[n, n]) for n in range(2)) / 2
    found = practice.loss(student, teacher, torch.tensor([0, 1]), 2.0, 0.3)
    torch.testing.assert_close(float(found), 0.3 * hard + 0.7 * 4 * soft)
