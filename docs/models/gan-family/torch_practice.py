"""A conditional round and a styled convolution, as one writes them in torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import softplus
from torch.optim import Optimizer


# --8<-- [start:judge]
class Judge(nn.Module):
    """A discriminator that is given the class, as a learned vector beside x (N, D)."""

    def __init__(self, size: int, classes: int, hidden: int = 64) -> None:
        super().__init__()
        self.name = nn.Embedding(classes, hidden)
        self.layers = nn.Sequential(
            nn.Linear(size + hidden, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)
        )

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Logits: x (N, D), c (N,) to (N, 1). Source: mirza2014conditional."""
        logits: Tensor = self.layers(torch.cat([x, self.name(c)], 1))
        return logits
        # --8<-- [end:judge]


def judge_step(d: Judge, optimizer: Optimizer, x: Tensor, fake: Tensor, c: Tensor) -> float:
    """One step of D: x, fake (N, D), c (N,) to its loss. Source: mirza2014conditional."""
    loss = softplus(-d(x, c)).mean() + softplus(d(fake.detach(), c)).mean()
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


# --8<-- [start:styled]
def styled(x: Tensor, weight: Tensor, style: Tensor) -> Tensor:
    """Styled: x (N, I, H, W), weight (O, I, K, K), style (N, I) to (N, O, H, W). Source: karras2020analyzing."""
    n, many, height, width = x.shape
    w = weight * style[:, None, :, None, None]  # modulate, for each image
    w = w * (w.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()  # demodulate
    rows = w.flatten(0, 1)  # all images as groups of one convolution
    y = functional.conv2d(x.reshape(1, n * many, height, width), rows, padding="same", groups=n)
    return y.view(n, -1, height, width)
    # --8<-- [end:styled]
