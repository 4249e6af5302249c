"""Positions: what tells attention, which sees a set, the order of a sequence.

Letters:
    B, N, E   sequences in a batch, tokens in a sequence, width of the model
    H, D      heads, width of a head (even)
    i, j      position of a query and of a key, from 0
    w         angular frequencies, radians a token: (D/2,)
    scheme    "none", "sinusoidal", "learned", "rope" or "alibi"
The pair of features that is turned together is (2m, 2m + 1), as in su2021roformer.
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
def sinusoidal(positions: Tensor, d: int) -> Tensor:
    """Sine and cosine of every frequency at every position: positions (N,) to (N, d).

    Raises ValueError if d is odd. Source: vaswani2017attention, section 3.5.
    """
    angles = positions[:, None] * frequencies(d)  # (N, d/2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)
    # --8<-- [end:sinusoidal]


def shift(k: float, d: int) -> Tensor:
    """The matrix that takes the sinusoidal vector of any position i to that of i + k: (d, d).

    Raises ValueError if d is odd. Source: this page, eq-positions-shift.
    """
    out = torch.zeros(d, d, dtype=torch.float64)
    for m, angle in enumerate((k * frequencies(d)).tolist()):
        c, s = math.cos(angle), math.sin(angle)
        out[2 * m : 2 * m + 2, 2 * m : 2 * m + 2] = torch.tensor([[c, s], [-s, c]], dtype=out.dtype)
    return out


# --8<-- [start:rope]
def rope(x: Tensor, positions: Tensor) -> Tensor:
    """Turn each pair of features of a query or key by its position times the pair's frequency.

    Args:
        x: (..., N, D). positions: (N,), any real numbers.

    Returns (..., N, D). Raises ValueError if D is odd. Source: su2021roformer, eq. 34.
    """
    angles = positions[:, None] * frequencies(x.shape[-1])  # (N, D/2)
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


class OrderModel(nn.Module):
    """A small Transformer whose way of telling positions can be chosen, or left out.

    Args:
        vocabulary: number of different tokens. scheme: one of SCHEMES.
        causal: whether a query sees only keys up to its own position.
        width: E. heads: H. layers: of attention and feed-forward.
        longest: positions of the learned table; only those trained on mean anything.
        seed: of the first weights.

    Raises:
        ValueError: if there is no such scheme.
    """

    def __init__(
        self,
        vocabulary: int,
        scheme: str,
        causal: bool,
        width: int = 32,
        heads: int = 4,
        layers: int = 2,
        longest: int = 128,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if scheme not in SCHEMES:
            raise ValueError(f"no scheme {scheme!r}; choose one of {SCHEMES}")
        self.scheme, self.causal, self.heads = scheme, causal, heads
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
        """Attention with positions where the scheme puts them: qkv (B, N, 3E), i (N,) to (B, N, E).

        Source: su2021roformer for rope; press2022train for alibi.
        """
        q, k, v = qkv.reshape(*qkv.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.scheme == "rope":
            q, k = rope(q, i), rope(k, i)
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

    Returns:
        Tokens (batch, n + 1), whose last is always n, and answers (batch,).

    Source: definition.
    """
    order = torch.rand(batch, n, generator=generator).argsort(-1)
    question = torch.full((batch, 1), n)
    return torch.cat([order, question], 1), order[:, 0]
    # --8<-- [end:who]


def learn_order(
    scheme: str, causal: bool, n: int = 8, steps: int = 80, seed: int = 0
) -> list[float]:
    """Train on `who_came_first`; the accuracy after every tenth step.

    The 32 orders that it is measured on come in all n rotations, so a model that sees only the
    set is right in exactly one of n. The seed is that of the weights and of the training orders.
    Raises ValueError if there is no such scheme.
    """
    model = OrderModel(n + 1, scheme, causal, seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3, fused=True)
    generator = torch.Generator().manual_seed(100 + seed)
    order, _ = who_came_first(n, 32, torch.Generator().manual_seed(2))
    turned = [torch.cat([order[:, :n].roll(r, 1), order[:, n:]], 1) for r in range(n)]
    tokens = torch.cat(turned)
    accuracy = []
    for step in range(steps + 1):
        if step % 10 == 0:
            with torch.no_grad():
                right = model(tokens)[:, -1].argmax(-1) == tokens[:, 0]
            accuracy.append(right.double().mean().item())
        x, y = who_came_first(n, 32, generator)
        loss = nn.functional.cross_entropy(model(x)[:, -1], y)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return accuracy


def learn_echo(
    scheme: str, trained: int = 16, tested: int = 128, steps: int = 120, seed: int = 0
) -> list[float]:
    """Train a causal model to say the token before, then let it read on for longer.

    The seed is that of the weights and of all sequences.

    Returns:
        Accuracy at positions 1, …, tested - 1 over 32 sequences; training saw `trained`.

    Raises:
        ValueError: if there is no such scheme.
    """
    model = OrderModel(8, scheme, causal=True, longest=tested, seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=8e-3, fused=True)
    generator = torch.Generator().manual_seed(100 + seed)
    for _ in range(steps):
        x = torch.randint(8, (16, trained), generator=generator)
        loss = nn.functional.cross_entropy(model(x)[:, 1:].flatten(0, 1), x[:, :-1].flatten())
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    x = torch.randint(8, (32, tested), generator=generator)
    with torch.no_grad():
        right = model(x)[:, 1:].argmax(-1) == x[:, :-1]
    accuracy: list[float] = right.double().mean(0).tolist()
    return accuracy


def main() -> None:
    """Ask two models without positions, one of them with a causal mask, who came first."""
    print("which of 8 tokens came first? chance is 0.125")
    for scheme, causal in (("none", False), ("none", True), ("rope", False)):
        accuracy = learn_order(scheme, causal)[-1]
        print(f"positions {scheme}, {'causal' if causal else 'no'} mask: {accuracy:.3f} right")


if __name__ == "__main__":
    main()
