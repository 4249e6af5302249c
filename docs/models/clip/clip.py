"""CLIP in small: two networks, one table of cosines, a loss in two directions; zero-shot by names; recall.

The letters:
    N     pairs in a batch            E     numbers in an embedding
    u, v  embeddings of images and of captions, each (N, E), every row of length 1
    s     cosines, u @ v.T, (N, N): row i is image i, column j is caption j
    tau   temperature                 scale  1 / tau, what is learned, as its logarithm
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, normalize

# --8<-- [start:example]
IMAGES = torch.eye(3, dtype=torch.float64)  # pictures of a three, an eight, a nine
CAPTIONS = torch.tensor([[0.8, 0.6, 0.0], [0.0, 0.8, 0.6], [0.0, 0.6, 0.8]], dtype=torch.float64)
TAU = 0.2 / math.log(2)  # 0.2 more of cosine doubles the weight
BIAS = -math.log(8)  # of the sigmoid loss
# --8<-- [end:example]


# --8<-- [start:loss]
def cosines(u: Tensor, v: Tensor) -> Tensor:
    """Every image with every caption: u (N, E), v (M, E) to (N, M). Source: definition."""
    return normalize(u, dim=-1) @ normalize(v, dim=-1).T


def both(s: Tensor, scale: Tensor | float) -> tuple[Tensor, Tensor]:
    """Losses of image to caption and back: s (N, N), scale () to (), (). Source: radford2021learning, fig. 3."""
    rows = torch.log_softmax(scale * s, dim=1)  # each image chooses among the captions
    columns = torch.log_softmax(scale * s, dim=0)  # each caption chooses among the images
    return -rows.diagonal().mean(), -columns.diagonal().mean()


def contrastive(s: Tensor, scale: Tensor | float) -> Tensor:
    """Mean of both directions: s (N, N), scale () to (). Source: radford2021learning, figure 3."""
    image, caption = both(s, scale)
    return (image + caption) / 2
    # --8<-- [end:loss]


# --8<-- [start:sigmoid]
def sigmoid(s: Tensor, scale: Tensor | float, bias: Tensor | float) -> Tensor:
    """SigLIP: each cell of s (N, N), with scale () and bias (), to (). Source: zhai2023sigmoid, section 3.2."""
    sign = 2 * torch.eye(len(s), dtype=s.dtype) - 1  # 1 for a pair, -1 for the rest
    return -logsigmoid(sign * (scale * s + bias)).sum() / len(s)
    # --8<-- [end:sigmoid]


# --8<-- [start:slope]
def slope(s: Tensor, scale: float) -> Tensor:
    """Gradient of the contrastive loss in s (N, N), (N, N). Source: this page, eq-clip-gradient."""
    rows, columns = torch.softmax(scale * s, 1), torch.softmax(scale * s, 0)
    return scale / (2 * len(s)) * (rows + columns - 2 * torch.eye(len(s), dtype=s.dtype))
    # --8<-- [end:slope]


class Eye(nn.Module):
    """The image network: a perceptron from pixels (N, P) to embeddings (N, E)."""

    def __init__(self, pixels: int, hidden: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, width, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (N, P) to (N, E). Source: definition."""
        u: Tensor = normalize(self.layers(x), dim=-1)
        return u


class Reader(nn.Module):
    """The text network: a vector a word, joined in order or averaged; -1 is an empty place."""

    def __init__(self, words: int, length: int, hidden: int, width: int, ordered: bool) -> None:
        super().__init__()
        self.ordered = ordered
        self.table = nn.Embedding(words + 1, hidden, padding_idx=words)
        self.layers = nn.Sequential(
            nn.Linear(hidden * (length if ordered else 1), hidden),
            nn.ReLU(),
            nn.Linear(hidden, width, bias=False),
        )

    def forward(self, text: Tensor) -> Tensor:
        """text (N, L), numbers of words, to (N, E). Source: definition."""
        seen = self.table(text % self.table.num_embeddings)  # (N, L, H); -1 is the last row, zeros
        v: Tensor = normalize(self.layers(seen.flatten(1) if self.ordered else seen.sum(1)), dim=-1)
        return v


class Clip(nn.Module):
    """Both networks and the scale, which is learned as its logarithm."""

    def __init__(self, image: Eye, text: Reader, tau: float = 0.07) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.log_scale = nn.Parameter(torch.tensor(-math.log(tau)))
        self.bias = nn.Parameter(torch.tensor(-10.0))  # of the sigmoid loss alone

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        """Cosines: x (N, P), text (M, L) to (N, M). Source: definition."""
        u, v = self.image(x), self.text(text)
        return cosines(u, v)


Draw = Callable[[], tuple[Tensor, Tensor]]  # a batch: images (N, P), captions (N or 2 N, L)


# --8<-- [start:train]
def loss_of(model: Clip, x: Tensor, text: Tensor, pairwise: bool = False) -> Tensor:
    """On x (N, P) and text (N, L), or (2 N, L) with hard negatives below, to (). Source: definition."""
    s = model(x, text)
    scale = model.log_scale.exp().clamp(max=100)
    if pairwise:
        return sigmoid(s, scale, model.bias)
    own = s[:, : len(x)]
    image, caption = both(own, scale)
    if len(text) > len(x):  # each image also refuses the hard negatives
        image = -torch.log_softmax(scale * s, dim=1).diagonal().mean()
    return (image + caption) / 2


def train(
    model: Clip,
    draw: Draw,
    steps: int,
    pairwise: bool = False,
    stop: int | None = None,
    rate: float = 3e-3,
) -> list[float]:
    """Adam, a rate that falls to 0, ten times as high for the scale; losses until stop. Source: definition."""
    networks = [*model.image.parameters(), *model.text.parameters()]
    groups = [{"params": networks}, {"params": [model.log_scale, model.bias]}]
    optimizer = torch.optim.Adam(groups, foreach=True)
    found = []
    for i in range(steps)[:stop]:
        for group, times in zip(optimizer.param_groups, (1, 10), strict=True):
            group["lr"] = times * rate * (1 - i / steps)
        x, text = draw()
        loss = loss_of(model, x, text, pairwise)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        found.append(loss.item())
    return found
    # --8<-- [end:train]


# --8<-- [start:use]
def zero_shot(u: Tensor, prompts: Tensor) -> Tensor:
    """The class of each image: u (N, E), prompts (K, T, E), T of each class, to (N,). Source: definition."""
    names = normalize(prompts, dim=-1).mean(1)  # the mean over templates, then its length 1
    return cosines(u, names).argmax(1)


def recall(s: Tensor, k: int) -> float:
    """Share of the rows of s (N, N) with the own column among the first k. Source: definition."""
    better = (s > s.diagonal()[:, None]).sum(1)
    return (better < k).double().mean().item()
    # --8<-- [end:use]


# --8<-- [start:gap]
def gap(u: Tensor, v: Tensor) -> float:
    """Distance of the mean image from the mean caption: u, v (N, E). Source: liang2022mind."""
    distance: float = (u.mean(0) - v.mean(0)).norm().item()
    return distance
    # --8<-- [end:gap]


@dataclass(frozen=True)
class Words:
    """The words of captions, each with a number."""

    known: Sequence[str]
    length: int = 5

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Numbers of words, (N, L), -1 after the end. Source: definition."""
        rows = [[self.known.index(word) for word in text.split()] for text in texts]
        return torch.tensor([row + [-1] * (self.length - len(row)) for row in rows])


def main() -> None:
    """The table of the example in both directions, against the cross-entropy of torch."""
    s, scale = cosines(IMAGES, CAPTIONS), 1 / TAU
    print("cosines", s.tolist())
    print("weights", (scale * s).exp().round().tolist())
    image, caption = both(s, scale)
    target = torch.arange(3)
    there = nn.functional.cross_entropy(scale * s, target)
    back = nn.functional.cross_entropy(scale * s.T, target)
    print(f"image to caption {image:.4f}, torch {there:.4f}")
    print(f"caption to image {caption:.4f}, torch {back:.4f}")
    print(f"both {contrastive(s, scale):.4f}; the sigmoid loss {sigmoid(s, scale, BIAS):.4f}")


if __name__ == "__main__":
    main()
