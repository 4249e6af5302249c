"""What one would write today: an LSTM of PyTorch that reads sequences of different lengths."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence


# --8<-- [start:practice]
class Reader(nn.Module):
    """Sequences (batch, T, inputs) to one answer each, from the last state of each sequence."""

    def __init__(self, inputs: int, units: int, layers: int = 1) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, layers, batch_first=True)
        self.head = nn.Linear(units, 1)
        for name, bias in self.lstm.named_parameters():
            if "bias_ih" in name:  # two biases are added; one carries the forget gate's start
                with torch.no_grad():
                    bias[units : 2 * units] += 1.0

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """x (batch, T, inputs), lengths (batch,) to (batch,). Source: definition."""
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        return self.head(h[-1]).squeeze(-1)
        # --8<-- [end:practice]


# --8<-- [start:update]
def update(
    model: Reader, optimiser: torch.optim.Optimizer, x: Tensor, lengths: Tensor, y: Tensor
) -> float:
    """One training step on x (batch, T, inputs), lengths, y (batch,); returns the norm before clipping.

    Source: definition.
    """
    loss = (model(x, lengths) - y).square().mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimiser.step()
    return float(norm)
    # --8<-- [end:update]
