"""One training step of masked diffusion with the parts of PyTorch: an encoder without a causal mask, and its loss."""

import torch
from torch import nn

MASK, PLACES, WIDTH = 256, 32, 64  # bytes are 0 to 255
torch.manual_seed(0)
embed = nn.Embedding(MASK + 1, WIDTH)
where = nn.Parameter(0.02 * torch.randn(PLACES, WIDTH))
layer = nn.TransformerEncoderLayer(WIDTH, nhead=4, dim_feedforward=4 * WIDTH, batch_first=True)
network = nn.TransformerEncoder(layer, num_layers=2)
head = nn.Linear(WIDTH, MASK)

line = b"the cat sat on the mat, and sat.".ljust(PLACES)
# --8<-- [start:step]
x = torch.tensor([list(line)] * 8)
t = 1 - torch.rand(len(x), 1)  # a time for each text
hidden = torch.rand(x.shape) < t
logits = head(network(embed(x.masked_fill(hidden, MASK)) + where))
labels = x.masked_fill(~hidden, -100)  # places that can be seen are ignored
surprise = nn.functional.cross_entropy(
    logits.transpose(1, 2), labels, ignore_index=-100, reduction="none"
)
loss = (surprise / t).sum(1).mean() / PLACES
torch.autograd.backward(loss)
# --8<-- [end:step]
print(f"{loss.item():.2f} nats a byte before training; guessing has {torch.tensor(MASK).log():.2f}")
