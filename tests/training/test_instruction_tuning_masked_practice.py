"""The lines of PyTorch that the page shows, against a mean that is taken at once."""

from importlib import import_module
from typing import Any

import pytest
import torch
from torch.nn import functional

from tests.draws import normal

practice: Any = import_module("docs.training.instruction-tuning.masked_practice")


def test_the_parts_of_a_batch_sum_to_its_mean(capsys: pytest.CaptureFixture[str]) -> None:
    logits, tokens = normal(3, 6, 5, seed=6), torch.tensor([[0, 1, 2, 3, 4, 0]] * 3)
    answers = torch.arange(6) >= torch.tensor([2, 4, 5])[:, None]
    nats = functional.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none")
    whole = nats[answers[:, 1:]].mean()
    count = answers[:, 1:].sum()
    found = practice.loss(logits[:2], tokens[:2], answers[:2], count)
    rest = practice.loss(logits[2:], tokens[2:], answers[2:], count)
    torch.testing.assert_close(found + rest, whole)
    practice.main()
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[-1] == second.split()[-1]
