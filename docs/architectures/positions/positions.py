"""Positions: what tells attention, which sees a set, the order of a sequence.

Letters:
    B, N, E   sequences in a batch, tokens in a sequence, width of the model
    H, D      heads, width of a head (even)
    i, j      position of a query and of a key, from 0
    w         angular frequencies, radians a token: (D/2,); those of width D, if not given
    scheme    "none", "sinusoidal", "learned", "rope" or "alibi"
The features 2m and 2m + 1 are turned together, as in su2021roformer.
"""

import math

import torch
from torch import Tensor, nn

SCHEMES = ("none", "sinusoidal", "learned", "rope", "alibi")


# --8<-- [start:frequencies]
def frequencies(d: int, base: float = 10_000.0) -> Tensor:
    """Angular frequencies base^(-2m/d), from one radian a token down to about 1/base: (d/2,).

    Raises ValueError if d is odd. Source: vaswani2017attention, section 3.5.
    """
    if d % 2:
        raise ValueError(f"{d} features cannot be taken in pairs")
    return base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    # --8<-- [end:frequencies]


# --8<-- [start:sinusoidal]
def sinusoidal(positions: Tensor, d: int, w: Tensor | None = None) -> Tensor:
    """Sine and cosine of every frequency at every position: positions (N,), w (d/2,) to (N, d).

    Raises ValueError if d is odd. Source: vaswani2017attention, section 3.5.
    """
    angles = positions[:, None] * (frequencies(d) if w is None else w)  # (N, d/2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)
    # --8<-- [end:sinusoidal]


def shift(k: float, d: int) -> Tensor:
    """The matrix that takes the sinusoidal vector of any position i to that of i + k: (d, d).

    Raises ValueError if d is odd. Source: this page, eq-positions-shift.
    """
    return rope(torch.eye(d, dtype=torch.float64), torch.full((d,), -k, dtype=torch.float64)).T


# --8<-- [start:rope]
def rope(x: Tensor, positions: Tensor, w: Tensor | None = None) -> Tensor:
    """Turn each pair of features of a query or key by its position times the pair's frequency.

    x (..., N, D), positions (N,), which may be any real numbers, w (D/2,) to (..., N, D).
    Raises ValueError if D is odd. Source: su2021roformer, eq. 34.
    """
    angles = positions[:, None] * (frequencies(x.shape[-1]) if w is None else w)  # (N, D/2)
    c, s = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * c - odd * s, even * s + odd * c], -1).flatten(-2)
    # --8<-- [end:rope]


# --8<-- [start:alibi]
def alibi(i: Tensor, j: Tensor, heads: int) -> Tensor:
    """Penalty of every head on a distance: i (N,) and j (M,) to (H, N, M).

    Slopes are 2^(-8/H), 2^(-16/H), …, 2^(-8). Source: press2022train, section 3.
    """
    slopes = 2.0 ** (-8 * torch.arange(1, heads + 1, dtype=torch.float64) / heads)
    return -slopes[:, None, None] * (i[:, None] - j[None, :]).abs()
    # --8<-- [end:alibi]


# --8<-- [start:example]
def example(
    scheme: str, at: Tensor, causal: bool = False, turn: float = math.pi / 2, slope: float = 0.5
) -> tuple[Tensor, Tensor]:
    """What "bites" takes from "dog", itself and "man", who stand at the positions at (3,).

    Returns the scores (3,) and the shares of dog and of man (2,). Source: definition.
    """
    q = torch.tensor([[1.0, 1]]).double()  # "bites" looks for a noun before it
    k = torch.tensor([[0.0, 2], [0, 0], [0, 2]]).double()
    v = torch.tensor([[1.0, 0], [0, 0], [0, 1]]).double()
    i, w = at[1:2], at.new_tensor([turn])  # w: radians from one position to the next
    if scheme == "sinusoidal":
        q, k = q + sinusoidal(i, 2, w), k + sinusoidal(at, 2, w)
    if scheme == "rope":
        q, k = rope(q, i, w), rope(k, at, w)
    s = (q @ k.T)[0] - (slope * (i - at).abs() if scheme == "alibi" else 0)
    s = s.masked_fill(at > i, -math.inf) if causal else s
    return s, s.softmax(-1) @ v
    # --8<-- [end:example]


# --8<-- [start:stretch]
def stretch(w: Tensor, how: str, factor: float, trained: int) -> Tensor:
    """RoPE scaling: frequencies for a context `factor` times the trained one: w (D/2,) to (D/2,).

    Source: chen2023extending, eq. 4; peng2024yarn, section 3, with one turn as both its thresholds.
    """
    if how == "interpolation":
        return w / factor
    if how == "base":
        m = torch.arange(len(w), dtype=w.dtype)
        return w * factor ** (-m / (len(w) - 1))
    return torch.where(w * trained > 2 * math.pi, w, w / factor)  # "parts"
    # --8<-- [end:stretch]


class OrderModel(nn.Module):
    """A small Transformer whose position encoding can be chosen, or left out.

    Args: vocabulary, the number of tokens; scheme, one of SCHEMES; causal, whether a query sees only keys
        up to its own position; width E; heads H; layers; longest, the rows of the learned table; seed.
    Raises ValueError if there is no such scheme.
    """

    def __init__(
        self, vocabulary: int, scheme: str, causal: bool, width: int = 32, heads: int = 4,
        layers: int = 2, longest: int = 128, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        if scheme not in SCHEMES:
            raise ValueError(f"no scheme {scheme!r}; choose one of {SCHEMES}")
        self.scheme, self.causal, self.heads = scheme, causal, heads
        self.w = frequencies(width // heads)
        generator = torch.Generator().manual_seed(seed)

        def matrix(*shape: int, std: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=generator).double() * std)

        std = width**-0.5
        self.embed = matrix(vocabulary, width, std=1.0)
        self.unembed = matrix(vocabulary, width, std=std)
        self.table = matrix(longest, width, std=0.3)
        self.qkv = nn.ParameterList(matrix(3 * width, width, std=std) for _ in range(layers))
        self.out = nn.ParameterList(matrix(width, width, std=std) for _ in range(layers))
        self.up = nn.ParameterList(matrix(4 * width, width, std=std) for _ in range(layers))
        self.down = nn.ParameterList(matrix(width, 4 * width, std=std / 2) for _ in range(layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """Scores of every token of the vocabulary: tokens (B, N) to (B, N, vocabulary). Source: definition."""
        x = self.embed[tokens]  # (B, N, E)
        i = torch.arange(x.shape[1], dtype=torch.float64)
        if self.scheme == "sinusoidal":
            x = x + sinusoidal(i, x.shape[-1])
        if self.scheme == "learned":
            x = x + self.table[: len(i)]
        for qkv, out, up, down in zip(self.qkv, self.out, self.up, self.down, strict=True):
            x = x + self.attend(normalise(x) @ qkv.T, i) @ out.T
            x = x + nn.functional.gelu(normalise(x) @ up.T) @ down.T
        return normalise(x) @ self.unembed.T

    # --8<-- [start:attend]
    def attend(self, qkv: Tensor, i: Tensor) -> Tensor:
        """Attention, positions where the scheme puts them: qkv (B, N, 3E), i (N,) to (B, N, E). Source: definition."""
        q, k, v = qkv.reshape(*qkv.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.scheme == "rope":
            q, k = rope(q, i, self.w), rope(k, i, self.w)
        s = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (B, H, N, N)
        if self.scheme == "alibi":
            s = s + alibi(i, i, self.heads)
        if self.causal:
            s = s.masked_fill(i[:, None] < i, -math.inf)
        mixed: Tensor = s.softmax(-1) @ v  # (B, H, N, D)
        return mixed.transpose(1, 2).flatten(2)
        # --8<-- [end:attend]


def normalise(x: Tensor) -> Tensor:
    """Mean zero and variance one along the last dimension: x (..., E) to (..., E). Source: definition."""
    return nn.functional.layer_norm(x, x.shape[-1:])


# --8<-- [start:who]
def who_came_first(n: int, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """n different tokens in random order, then a question mark; the answer is the first of them.

    Returns tokens (batch, n + 1), whose last is always n, and answers (batch,). Source: definition.
    """
    order = torch.rand(batch, n, generator=generator).argsort(-1)
    return torch.cat([order, torch.full((batch, 1), n)], 1), order[:, 0]
    # --8<-- [end:who]


def learn_order(scheme: str, causal: bool, n: int = 8, steps: int = 80, seed: int = 0) -> list[float]:  # fmt: skip
    """Train on `who_came_first`; the accuracy after every tenth step, on 16 orders in all n rotations.

    The seed is that of the weights and of the training orders. Raises ValueError if there is no such scheme.
    """
    model = OrderModel(n + 1, scheme, causal, seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3, fused=True)
    generator = torch.Generator().manual_seed(100 + seed)
    order, _ = who_came_first(n, 16, torch.Generator().manual_seed(2))
    tokens = torch.cat([torch.cat([order[:, :n].roll(r, 1), order[:, n:]], 1) for r in range(n)])
    accuracy = []
    for step in range(steps + 1):
        if step % 10 == 0:
            with torch.no_grad():
                right = model(tokens)[:, -1].argmax(-1) == tokens[:, 0]
            accuracy.append(right.double().mean().item())
        x, y = who_came_first(n, 16, generator)
        loss = nn.functional.cross_entropy(model(x)[:, -1], y)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return accuracy


def learn_echo(scheme: str, trained: int = 16, steps: int = 150, seed: int = 0) -> OrderModel:
    """A causal model that was trained to say the token before, on random sequences of `trained` tokens.

    Raises ValueError if there is no such scheme.
    """
    model = OrderModel(8, scheme, causal=True, seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=8e-3, fused=True)
    generator = torch.Generator().manual_seed(100 + seed)
    for _ in range(steps):
        x = torch.randint(8, (8, trained), generator=generator)
        loss = nn.functional.cross_entropy(model(x)[:, 1:].flatten(0, 1), x[:, :-1].flatten())
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return model


def read_on(model: OrderModel, length: int = 128, seed: int = 0) -> list[float]:
    """Accuracy of saying the token before at the positions 1, …, length - 1, over 16 sequences."""
    x = torch.randint(8, (16, length), generator=torch.Generator().manual_seed(200 + seed))
    with torch.no_grad():
        right = model(x)[:, 1:].argmax(-1) == x[:, :-1]
    accuracy: list[float] = right.double().mean(0).tolist()
    return accuracy


def main() -> None:
    """Ask two models without positions, one of them with a causal mask, who came first."""
    print("which of 8 tokens came first? chance is 0.125")
    for scheme, causal in (("none", False), ("none", True), ("rope", False)):
        right = learn_order(scheme, causal)[-1]
        print(f"positions {scheme}, {'causal' if causal else 'no'} mask: {right:.3f} right")


if __name__ == "__main__":
    main()
