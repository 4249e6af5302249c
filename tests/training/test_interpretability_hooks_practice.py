"""PyTorch's hooks patch as the page's code does, and leave the model as it was."""

from importlib import import_module
from typing import Any

import torch
from torch import nn

practice: Any = import_module("docs.training.interpretability.hooks_practice")
code: Any = import_module("docs.training.interpretability.interpretability")


class First(nn.Module):
    """Layer 1 of the example."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features to the state."""
        state: torch.Tensor = code.first(features)
        return state


class Rest(nn.Module):
    """What follows layer 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """State to the answer."""
        logit: torch.Tensor = code.answer(code.second(x))
        return logit


def test_hooks_patch_a_whole_part() -> None:
    model = nn.Sequential(First(), Rest())
    dry, storm = torch.zeros(1, 3).double(), torch.tensor([[0.0, 0, 1]]).double()
    found = practice.patched(model, model[0], storm, dry)
    torch.testing.assert_close(found, code.patched(storm, dry, [0, 1]))
    torch.testing.assert_close(model(dry), code.run(dry))
    assert not torch.equal(found, model(dry))
