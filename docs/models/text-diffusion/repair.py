"""A choice that spoils a perfect model, and a repair of what was filled too fast; both without chance.

The letters are those of text_diffusion.py; size is the number A of letters, and the mask is the number A.
"""

import math
from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

Text = tuple[int, ...]
Denoiser = Callable[[Text], Tensor]  # a text with masks to (L, A)


# --8<-- [start:draws]
def surest_draws(denoise: Denoiser, length: int, size: int, at_once: int) -> Tensor:
    """Draw all hidden places, keep the at_once surest draws; texts (A,) * L. Source: llada2025code, generate."""
    result = torch.zeros((size,) * length, dtype=torch.float64)

    def go(text: Text, p: float) -> None:
        hidden = [n for n in range(length) if text[n] == size]
        if not hidden:
            result[text] += p
            return
        rows = denoise(text)
        for letters in product(range(size), repeat=len(hidden)):
            sure = {n: float(rows[n, v]) for n, v in zip(hidden, letters, strict=True)}
            keep = sorted(hidden, key=lambda n: (-round(sure[n], 9), n))[:at_once]
            drawn = list(text)
            for n, letter in zip(hidden, letters, strict=True):
                drawn[n] = letter if n in keep else size
            go(tuple(drawn), p * math.prod(sure.values()))

    go((size,) * length, 1.0)
    return result
    # --8<-- [end:draws]


# --8<-- [start:remask]
def remask(denoise: Denoiser, made: Tensor) -> Tensor:
    """Hide one random place of each text and draw it again: made (A,) * L to (A,) * L. Source: definition."""
    size, after = made.shape[0], torch.zeros_like(made)
    for text in product(range(size), repeat=made.ndim):
        for n in range(made.ndim):
            hidden = (*text[:n], size, *text[n + 1 :])
            row = denoise(hidden)[n]
            for letter in range(size):
                new = (*text[:n], letter, *text[n + 1 :])
                after[new] += made[text] * row[letter] / made.ndim
    return after
    # --8<-- [end:remask]
