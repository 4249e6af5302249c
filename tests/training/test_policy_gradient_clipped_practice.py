"""The lines of PyTorch against the code of the page."""

from importlib import import_module
from typing import Any

import torch

from tests.draws import normal

code: Any = import_module("docs.training.policy-gradient.policy_gradient")
library: Any = import_module("docs.training.policy-gradient.clipped_practice")


def test_the_lines_of_today_have_the_gradient_of_this_page() -> None:
    logits = normal(6, 3, 4).requires_grad_()
    tokens = torch.randint(4, (6, 3), generator=torch.Generator().manual_seed(0))
    now = logits.detach().log_softmax(-1).gather(-1, tokens[..., None])[..., 0]
    old = normal(6, 3, seed=1) * 0.2 + now
    advantage = normal(6, 3, seed=2)
    (theirs,) = torch.autograd.grad(library.loss(logits, tokens, old, advantage), logits)
    ratio = (logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0] - old).exp()
    (ours,) = torch.autograd.grad(-code.surrogate(ratio, advantage).mean(), logits)
    torch.testing.assert_close(theirs, ours)
