"""Hybrids of layers: layers with a state of fixed size, and layers that keep every key and value.

Letters:
    N, M       tokens; pairs of a text
    D, V       numbers of a query or key, and of a value
    W          width of the stack
    S          state of one layer, a matrix (V, D)
A pattern names the layers from the first to the last: R keeps a state (recurrent), A keeps all keys and values
(attention), L those of the last WINDOW tokens (local attention).
"""

import math

import torch
from torch import Tensor, nn

WORDS, ANSWERS, MOST = (
    32,
    16,
    16,
)  # words that are keys; words that are values; most pairs of a text
WIDTH, KEY, VALUE = 32, 4, 16  # numbers of the stack, of a key, of a value
WINDOW = 16  # tokens that local attention sees
STEPS, BATCH, RATE = 600, 32, 0.01

# --8<-- [start:example]
KEYS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=torch.float64)  # of a, b and c
VALUES = torch.tensor([[1.0], [-1.0], [1.0]], dtype=torch.float64)
SHARP = 20.0  # scores of attention are multiplied by it
# --8<-- [end:example]


# --8<-- [start:keep]
def write(state: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """One token into the state: state (V, D), k (D,), v (V,) to (V, D). Source: katharopoulos2020transformers."""
    return state + v[:, None] * k[None, :]


def read_state(state: Tensor, q: Tensor) -> Tensor:
    """The answer of the state: state (V, D), q (D,) to (V,). Source: katharopoulos2020transformers."""
    return state @ q


def read_cache(k: Tensor, v: Tensor, q: Tensor, sharp: float = SHARP) -> Tensor:
    """The answer of attention: k (N, D), v (N, V), q (D,) to (V,). Source: vaswani2017attention, eq. 1."""
    weights = (sharp * (k @ q)).softmax(-1)
    return weights @ v
    # --8<-- [end:keep]


# --8<-- [start:bytes]
def cache_bytes(layers: int, heads: int, width: int, tokens: int, each: int = 2) -> int:
    """Keys and values of all attention layers: counts to bytes. Source: this page, eq-hybrids-bytes."""
    return 2 * layers * heads * width * tokens * each


def state_bytes(layers: int, numbers: int, each: int = 2) -> int:
    """States of all recurrent layers, the same for each length. Source: this page, eq-hybrids-bytes."""
    return layers * numbers * each
    # --8<-- [end:bytes]


def texts(pairs: int, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Key, value, key, value …, then each key again: tokens (batch, 3 M), answers (batch, M). Source: arora2024zoology.

    Raises: ValueError for more pairs than there are keys.
    """
    if pairs > WORDS:
        raise ValueError(f"{pairs} pairs, but only {WORDS} words that are keys")
    keys = torch.rand(batch, WORDS, generator=generator).argsort(-1)[:, :pairs]
    values = torch.randint(ANSWERS, (batch, pairs), generator=generator)
    told = torch.stack([keys, WORDS + values], -1).flatten(1)  # (batch, 2 M)
    order = torch.rand(batch, pairs, generator=generator).argsort(-1)
    return torch.cat([told, keys.gather(1, order)], 1), values.gather(1, order)


class Layer(nn.Module):
    """One layer; keys and values are made of the token and of the one before, as by a short convolution.

    Raises: ValueError for a kind of layer that is none of R, L and A.
    """

    def __init__(self, kind: str, key: int, generator: torch.Generator) -> None:
        super().__init__()
        if kind not in ("R", "L", "A"):
            raise ValueError(f"a layer is R, L or A, not {kind!r}")
        self.kind = kind
        shapes = ((WIDTH, key), (2 * WIDTH, key), (2 * WIDTH, VALUE), (VALUE, WIDTH))
        self.q, self.k, self.v, self.out = (
            nn.Parameter(torch.randn(shape, generator=generator) / math.sqrt(shape[0]))
            for shape in shapes
        )
        self.sharp = nn.Parameter(torch.tensor(4.0))

    # --8<-- [start:layer]
    def forward(self, x: Tensor) -> Tensor:
        """All tokens at once: x (batch, N, W) to (batch, N, W). Source: arora2024zoology."""
        h = nn.functional.rms_norm(x, x.shape[-1:])
        before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
        both = torch.cat([h, before], -1)  # (batch, N, 2 W)
        q = nn.functional.normalize(h @ self.q, dim=-1)
        k = nn.functional.normalize(both @ self.k, dim=-1)
        v = both @ self.v  # (batch, N, V)
        scores = q @ k.mT  # (batch, N, N)
        past = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        if self.kind == "L":
            past = past.triu(1 - WINDOW)
        if self.kind == "R":  # the sum over the past is what a state holds
            o = torch.where(past, scores, 0.0) @ v
        else:
            o = torch.where(past, self.sharp * scores, -torch.inf).softmax(-1) @ v
        return x + nn.functional.rms_norm(o, o.shape[-1:]) @ self.out
        # --8<-- [end:layer]


class Stack(nn.Module):
    """Vectors for words, layers by a pattern such as RRAR, a matrix that names the value.

    Raises: ValueError for a kind of layer that is none of R, L and A.
    """

    def __init__(self, pattern: str, generator: torch.Generator, key: int = KEY) -> None:
        super().__init__()
        self.words = nn.Parameter(torch.randn(WORDS + ANSWERS, WIDTH, generator=generator))
        self.layers = nn.ModuleList(Layer(kind, key, generator) for kind in pattern)
        self.name = nn.Parameter(torch.randn(WIDTH, ANSWERS, generator=generator) / 6)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of each place: tokens (batch, N) to (batch, N, ANSWERS). Source: definition."""
        x = self.words[tokens]
        for layer in self.layers:
            x = layer(x)
        return nn.functional.rms_norm(x, x.shape[-1:]) @ self.name


# --8<-- [start:train]
def train(pattern: str, seed: int, steps: int = STEPS, key: int = KEY) -> Stack:
    """Adam on the cross-entropy of the asked values, texts of 1 to MOST pairs. Source: definition.

    Raises: ValueError for a kind of layer that is none of R, L and A.
    """
    generator = torch.Generator().manual_seed(seed)
    net = Stack(pattern, generator, key)
    descent = torch.optim.Adam(net.parameters(), lr=RATE)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(descent, steps)
    for _ in range(steps):
        pairs = int(torch.randint(MOST, (), generator=generator)) + 1
        tokens, answers = texts(pairs, BATCH, generator)
        logits = net(tokens)[:, -pairs:]
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())
        descent.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        descent.step()
        slower.step()
    return net
    # --8<-- [end:train]


@torch.no_grad()
def right(net: Stack, pairs: int, seed: int, count: int = 200) -> float:
    """The share of questions that are answered right, on new texts. Source: definition.

    Raises: ValueError for more pairs than there are keys.
    """
    tokens, answers = texts(pairs, count, torch.Generator().manual_seed(1000 + seed))
    return float((net(tokens)[:, -pairs:].argmax(-1) == answers).double().mean())


def kept(pattern: str, tokens: int, key: int = KEY) -> int:
    """Numbers that a stack of the miniature keeps after some tokens. Source: definition.

    Each layer also keeps the token before, of which the next key and value are made.
    """
    entries = pattern.count("A") * tokens + pattern.count("L") * min(WINDOW, tokens)
    states = pattern.count("R") * key * VALUE
    return len(pattern) * WIDTH + states + (key + VALUE) * entries


def main() -> None:
    """The example; the cache of Jamba by the formula; recall of three stacks, where guessing is right once in 16."""
    state = torch.zeros(1, 2, dtype=torch.float64)
    for k, v in zip(KEYS, VALUES, strict=True):
        state = write(state, k, v)
    print("state", [round(x, 2) for x in state[0].tolist()])
    for name, q in zip("abc", KEYS, strict=True):
        print(name, f"state {read_state(state, q).item():.2f}", end=", ")
        print(f"attention {read_cache(KEYS, VALUES, q).item():.2f}")
    print(f"Jamba, 262,144 tokens: {cache_bytes(4, 8, 128, 262_144) / 2**30:.1f} GiB, told 4 GB")
    for pattern in ("RRRR", "RRRA", "AAAA"):
        net = train(pattern, 0)
        shares = [f"{right(net, pairs, 0):.2f}" for pairs in (4, 16)]
        print(pattern, "right with 4 and 16 pairs", shares, "keeps", kept(pattern, 48))


if __name__ == "__main__":
    main()
