"""Cross-attention with torch's module: words that are hidden are not read."""

from importlib import import_module

import torch

blocks = import_module("docs.models.latent-diffusion.latent_practice")


def test_torch_s_module_reads_words() -> None:
    q, words = torch.randn(2, 5, 320), torch.randn(2, 7, 768)
    hidden = torch.zeros(2, 7, dtype=torch.bool)
    hidden[:, 4:] = True
    torch.testing.assert_close(
        blocks.message(q, words, hidden), blocks.message(q, words[:, :4]), rtol=1e-4, atol=1e-5
    )
