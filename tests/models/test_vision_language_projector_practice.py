"""A projector with torch alone merges the same vectors as the page's code."""

from importlib import import_module

import torch

practice = import_module("docs.models.vision-language.projector_practice")
model = import_module("docs.models.vision-language.vision_language")


def test_torch_s_pixel_unshuffle_holds_the_same_numbers() -> None:
    z = torch.randn(1, 4, 4, 1024, generator=torch.Generator().manual_seed(0))
    merged = practice.merged(z, 2)
    own = model.shuffle(z, 2).view(1, 2, 2, 4, 1024).transpose(3, 4).flatten(3)
    torch.testing.assert_close(merged, own)
    assert practice.projector(merged).shape == (1, 2, 2, 4096)
