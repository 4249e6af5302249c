"""A spectrogram and a CTC loss as one would write them today, with PyTorch's functions."""

import torch
from torch import Tensor, nn


# --8<-- [start:stft]
def power(x: Tensor, size: int, hop: int) -> Tensor:
    """Power spectrogram: x (B, L) to (B, F, T). Source: definition."""
    window = torch.hann_window(size, dtype=x.dtype)
    whole = torch.stft(x, size, hop, window=window, center=False, return_complex=True)
    return whole.abs().square()
    # --8<-- [end:stft]


# --8<-- [start:ctc]
def loss(log_p: Tensor, frames: Tensor, texts: list[list[int]]) -> Tensor:
    """CTC loss of a batch, nats a text: log_p (B, T, V), frames (B,) to (). Source: definition."""
    letters = torch.tensor([len(text) for text in texts])
    targets = torch.tensor([letter for text in texts for letter in text])
    ctc = nn.CTCLoss(blank=0, reduction="sum", zero_infinity=True)
    total: Tensor = ctc(log_p.transpose(0, 1), targets, frames, letters)
    return total / len(texts)
    # --8<-- [end:ctc]
