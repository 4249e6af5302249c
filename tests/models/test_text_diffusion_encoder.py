"""A training step with the parts of PyTorch has the loss of the page."""

from importlib import import_module

import torch

text = import_module("docs.models.text-diffusion.text_diffusion")
step = import_module("docs.models.text-diffusion.encoder")


def test_the_step_has_the_loss_of_the_page() -> None:
    masked = step.x.masked_fill(step.hidden, step.MASK)
    told = text.loss(step.logits, step.x, masked, step.t[:, 0]) / step.PLACES
    torch.testing.assert_close(step.loss, told)
    assert step.embed.weight.grad is not None
    assert 4 < step.loss.item() < 8  # guessing has the logarithm of 256, 5.5
