"""Ways to tune a small transformer with few parameters: counted, trained on turned digits, and what is forgotten.

E  width of a token     F  inner width of the feed-forward layer    L  blocks    H  heads    T  tokens
r  rank of LoRA and DoRA, inner width of an adapter, number of vectors of a prompt or a prefix
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

NAMES = ("q", "k", "v", "out", "up", "down")  # the six matrices of a block


# --8<-- [start:lora]
class LoRA(nn.Module):
    """A frozen linear map and a low-rank change: x (..., k) to (..., d). Source: hu2022lora, section 4.1."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float = 8.0) -> None:
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """x (..., k) to (..., d). Source: this page, eq-peft-lora."""
        out: Tensor = self.base(x) + self.scale * (x @ self.a.T) @ self.b.T
        return out
        # --8<-- [end:lora]


class DoRA(LoRA):
    """The same with a learned length for each row of the sum. Source: liu2024dora, eq. 5."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float = 8.0) -> None:
        super().__init__(base, rank, alpha)
        self.length = nn.Parameter(base.weight.detach().norm(dim=1, keepdim=True).clone())

    def forward(self, x: Tensor) -> Tensor:
        """x (..., k) to (..., d). Source: this page, eq-peft-dora."""
        weight = self.base.weight + self.scale * self.b @ self.a
        weight = self.length * weight / weight.norm(dim=1, keepdim=True)
        return functional.linear(x, weight, self.base.bias)


class Adapter(nn.Module):
    """Two layers with a bend behind a frozen map, added to its output. Source: houlsby2019parameter, section 2.1."""

    def __init__(self, base: nn.Linear, inner: int) -> None:
        super().__init__()
        self.base, width = base, base.out_features
        self.first, self.second = nn.Linear(width, inner), nn.Linear(inner, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (..., k) to (..., d). Source: houlsby2019parameter, section 2.1."""
        h: Tensor = self.base(x)
        out: Tensor = h + self.second(functional.gelu(self.first(h)))
        return out


class Scaled(nn.Module):
    """A factor for each output, or for each input, of a frozen map. Source: liu2022fewshot, section 3.3."""

    def __init__(self, base: nn.Linear, before: bool) -> None:
        super().__init__()
        self.base, self.before = base, before
        self.factor = nn.Parameter(torch.ones(base.in_features if before else base.out_features))

    def forward(self, x: Tensor) -> Tensor:
        """x (..., k) to (..., d). Source: liu2022fewshot, section 3.3."""
        out: Tensor = self.base(x * self.factor) if self.before else self.base(x) * self.factor
        return out


class Block(nn.Module):
    """Attention with six exchangeable maps; a prefix gives it more keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.prefix = heads, None
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    prefix: nn.Parameter | None

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, E) to (B, T, E). Source: vaswani2017attention."""
        h = self.norm1(x)
        q, k, v = self.q(h), self.k(h), self.v(h)
        if self.prefix is not None:  # (2, r, E): keys and values that no token has made
            more = self.prefix[:, None].expand(-1, len(x), -1, -1)
            k, v = torch.cat([more[0], k], 1), torch.cat([more[1], v], 1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        a = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(a.transpose(1, 2).flatten(2))
        out: Tensor = x + self.down(functional.gelu(self.up(self.norm2(x))))
        return out


class Transformer(nn.Module):
    """Reads an image of 8 by 8 row by row, a token for each row: (B, 8, 8) to scores of ten digits (B, 10)."""

    prompt: nn.Parameter | None

    def __init__(self, width: int = 32, heads: int = 4, depth: int = 2) -> None:
        super().__init__()
        self.prompt = None
        self.embed, self.places = nn.Linear(8, width), nn.Parameter(torch.randn(8, width) / 2)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 8, 8) to (B, 10). Source: definition."""
        h = self.embed(x) + self.places
        if self.prompt is not None:
            h = torch.cat([self.prompt.expand(len(x), -1, -1), h], 1)
        for block in self.blocks:
            h = block(h)
        out: Tensor = self.head(self.norm(h).mean(1))
        return out


def tune(model: Transformer, method: str, r: int = 4) -> list[nn.Parameter]:
    """Freeze a model, put in what a method adds, and return what it learns.

    Raises ValueError for a method that is not known. Source: definition.
    """
    for parameter in model.parameters():
        parameter.requires_grad_(method == "full")
    new = {"lora": LoRA, "dora": DoRA, "adapter": Adapter}.get(method)
    for block in model.blocks:
        for name in ("out", "down") if method == "adapter" else NAMES if new else ():
            setattr(block, name, new(getattr(block, name), r))  # type: ignore[misc]
        for name in ("k", "v", "down") if method == "ia3" else ():
            setattr(block, name, Scaled(getattr(block, name), before=name == "down"))
        if method == "prefix":
            block.prefix = nn.Parameter(torch.randn(2, r, model.head.in_features) / 2)
    if method == "prompt":
        model.prompt = nn.Parameter(torch.randn(r, model.head.in_features) / 2)
    for name, parameter in model.named_parameters():
        if (method == "bitfit" and name.endswith("bias")) or (
            method == "last" and name.startswith("head")
        ):
            parameter.requires_grad_()
    learned = [p for p in model.parameters() if p.requires_grad]
    if not learned:
        raise ValueError(f"no such method: {method}")
    return learned


def count(method: str, r: int, e: int, blocks: int) -> int:
    """Parameters that a method learns, by formula, with F = 4E. Source: this page, tab-peft-methods."""
    each = {  # the six maps of a block have d + k = 2E, 2E, 2E, 2E, 5E and 5E
        "lora": r * 18 * e,
        "dora": r * 18 * e + 9 * e,
        "adapter": 2 * (2 * r * e + r + e),
        "ia3": 6 * e,
        "bitfit": 11 * e,
        "prefix": 2 * r * e,
    }
    once = {"prompt": r * e, "last": 10 * e + 10, "bitfit": e + e + 10}
    return blocks * each.get(method, 0) + once.get(method, 0)


def train(
    model: Transformer, x: Tensor, y: Tensor, learned: list[nn.Parameter], rate: float, steps: int
) -> None:
    """Adam on batches of 32 images: x (N, 8, 8), y (N,). Source: definition."""
    optimiser = torch.optim.Adam(learned, rate)
    draw = torch.Generator().manual_seed(0)
    for _ in range(steps):
        pick = torch.randint(len(x), (32,), generator=draw)
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy(model(x[pick]), y[pick]))
        optimiser.step()


@torch.no_grad()
def measure(model: Transformer, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Cross-entropy in nats, and share of right answers: x (N, 8, 8), y (N,). Source: definition."""
    scores = model(x)
    return functional.cross_entropy(scores, y).item(), (
        scores.argmax(1) == y
    ).double().mean().item()
