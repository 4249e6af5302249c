"""GPT-2: a causal Transformer that predicts the next token, from bytes to sampling.

Letters, with the name in the released code of radford2019language where it differs:
    B, N, M   sequences in a batch; new tokens; all tokens, with those in the cache
    V, C      tokens in the vocabulary (n_vocab); the longest context (n_ctx)
    E, L, H   width of the residual stream (n_embd); layers (n_layer); heads (n_head) of E / H
    wte, wpe  vectors of the tokens (V, E), also the unembedding; of the positions (C, E)
"""

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

Pair = tuple[int, int]
Kept = tuple[Tensor, Tensor]  # keys and values of a layer: (B, H, M, D)
Cache = list[Kept]
PIECE = re.compile(rb" ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9 \t-\r]+|[ \t-\r]+")


# --8<-- [start:config]
class Config(NamedTuple):
    """The five numbers that fix the shape of a GPT; as given, those of GPT-2 small."""

    vocabulary: int = 50_257  # V
    context: int = 1024  # C
    layers: int = 12  # L
    heads: int = 12  # H
    width: int = 768  # E

    def parameters(self) -> int:
        """Numbers to train: tables of tokens and positions, blocks, and the last norm."""
        e = self.width
        return (self.vocabulary + self.context) * e + self.layers * (12 * e * e + 13 * e) + 2 * e
        # --8<-- [end:config]

    # --8<-- [start:flops]
    def flops(self, n: int, past: int = 0) -> int:
        """Multiplications and additions in the matrix products for n tokens after past ones."""
        products = self.layers * 12 * self.width**2 + self.vocabulary * self.width
        return 2 * n * products + self.layers * 4 * n * (past + n) * self.width
        # --8<-- [end:flops]

    def cache_bytes(self, n: int, number: int = 2) -> int:
        """Bytes of the keys and values of n tokens, with `number` bytes each."""
        return 2 * self.layers * n * self.width * number


GPT2 = {
    "small": Config(),
    "medium": Config(layers=24, heads=16, width=1024),
    "large": Config(layers=36, heads=20, width=1280),
    "XL": Config(layers=48, heads=25, width=1600),
}


# --8<-- [start:bpe]
def train_bpe(text: str, merges: int) -> list[Pair]:
    """Learn byte-pair merges: again and again, the most frequent pair becomes a new token."""
    words = Counter(tuple(piece) for piece in PIECE.findall(text.encode()))
    learnt: list[Pair] = []
    for new in range(256, 256 + merges):
        counts: Counter[Pair] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                counts[pair] += times
        if not counts:
            break
        learnt.append(max(counts, key=lambda pair: (counts[pair], pair)))
        words = Counter({merge(word, learnt[-1], new): times for word, times in words.items()})
    return learnt
    # --8<-- [end:bpe]


def merge(word: tuple[int, ...], pair: Pair, new: int) -> tuple[int, ...]:
    """Replace every occurrence of a pair of tokens by a new one, from the left."""
    out: list[int] = []
    for token in word:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return tuple(out)


# --8<-- [start:encode]
def encode(text: str, merges: list[Pair]) -> list[int]:
    """Text to tokens: its bytes, merged within each piece in the order of learning."""
    words = [tuple(piece) for piece in PIECE.findall(text.encode())]
    for new, pair in enumerate(merges, 256):
        words = [merge(word, pair, new) for word in words]
    return [token for word in words for token in word]


def decode(tokens: list[int], merges: list[Pair]) -> str:
    """Tokens to text; bytes that are no UTF-8 become U+FFFD."""
    table = [bytes([byte]) for byte in range(256)]
    for a, b in merges:
        table.append(table[a] + table[b])
    return b"".join(table[token] for token in tokens).decode(errors="replace")
    # --8<-- [end:encode]


# --8<-- [start:norms]
def rms_norm(x: Tensor, gain: Tensor, eps: float = 1e-5) -> Tensor:
    """Root mean square 1 over features, then gain: x (..., E), gain (E,) to (..., E). Source: zhang2019root, eq. 4."""
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * gain


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Mean 0, variance 1 over features, affine: x (..., E), gain, bias (E,) to (..., E). Source: ba2016layer."""
    return rms_norm(x - x.mean(-1, keepdim=True), gain, eps) + bias
    # --8<-- [end:norms]


class Norm(nn.LayerNorm):
    """The library's gain and bias with the function above."""

    def forward(self, x: Tensor) -> Tensor:
        """x (..., E) to (..., E). Source: ba2016layer."""
        return layer_norm(x, self.weight, self.bias)


class Block(nn.Module):
    """One layer: attention and a feed-forward network, each added to the residual stream."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        e, self.heads = config.width, config.heads
        self.ln_1, self.ln_2 = Norm(e), Norm(e)
        self.qkv, self.proj = nn.Linear(e, 3 * e), nn.Linear(e, e)
        self.up, self.down = nn.Linear(e, 4 * e), nn.Linear(4 * e, e)

    # --8<-- [start:block]
    def forward(self, x: Tensor, past: Kept | None, causal: bool) -> tuple[Tensor, Tensor, Kept]:
        """x (B, N, E) to the new stream (B, N, E), weights (B, H, N, M), and cache. Source: radford2019language."""
        qkv = self.qkv(self.ln_1(x)).view(*x.shape[:2], 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (B, H, N, D)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)  # (B, H, M, D)
        s = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # (B, H, N, M)
        if causal:
            seen = torch.ones_like(s[0, 0]).bool().tril(k.shape[2] - q.shape[2])
            s = s.masked_fill(~seen, -torch.inf)
        a = s.softmax(-1)
        x = x + self.proj((a @ v).transpose(1, 2).flatten(2))
        x = x + self.down(nn.functional.gelu(self.up(self.ln_2(x)), approximate="tanh"))
        return x, a, (k, v)
        # --8<-- [end:block]


class GPT(nn.Module):
    """The whole model. Raises ValueError if heads do not divide E, or beyond C tokens. Source: radford2019language."""

    def __init__(self, config: Config, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if config.width % config.heads:
            raise ValueError(f"{config.heads} heads do not divide a width of {config.width}")
        self.config = config
        self.wte = nn.Parameter(torch.empty(config.vocabulary, config.width))
        self.wpe = nn.Parameter(torch.empty(config.context, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.ln_f = Norm(config.width)
        # --8<-- [start:init]
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.ndim == 2:
                added = name.endswith(("proj.weight", "down.weight"))  # writes to the stream
                std = 0.02 / (2 * config.layers) ** 0.5 if added else 0.02
                nn.init.normal_(parameter, 0.0, std, generator)
        # --8<-- [end:init]

    # --8<-- [start:gpt]
    def forward(
        self, tokens: Tensor, cache: Cache | None = None, causal: bool = True, placed: bool = True
    ) -> tuple[Tensor, list[Tensor], Cache]:
        """tokens (B, N) to logits (B, N, V), weights (B, H, N, M) a layer, cache. Source: radford2019language."""
        past = cache[0][0].shape[2] if cache else 0
        if past + tokens.shape[1] > self.config.context:
            raise ValueError(f"{past} + {tokens.shape[1]} tokens, context {self.config.context}")
        x = self.wte[tokens] + placed * self.wpe[past : past + tokens.shape[1]]  # (B, N, E)
        attention, new = [], []
        for i, block in enumerate(self.blocks):
            x, a, keys_values = block(x, cache[i] if cache else None, causal)
            attention.append(a)
            new.append(keys_values)
        return self.ln_f(x) @ self.wte.T, attention, new
        # --8<-- [end:gpt]


# --8<-- [start:loss]
def loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """Mean -log p(next token), nats: logits (B, N, V), tokens (B, N) to (). Source: this page, eq-gpt-loss."""
    log_p = logits[:, :-1].log_softmax(-1)
    return -log_p.gather(-1, tokens[:, 1:, None]).mean()
    # --8<-- [end:loss]


# --8<-- [start:choose]
def next_probabilities(
    logits: Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> Tensor:
    """Probabilities to sample from: logits (V,) to (V,); top_k 1 is greedy, 0 keeps all. Raises ValueError
    out of range. Source: fan2018hierarchical (top_k); holtzman2020curious (top_p)."""
    if temperature <= 0 or top_k < 0 or not 0 < top_p <= 1:
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}: out of range")
    p, order = torch.sort((logits / temperature).softmax(-1), descending=True, stable=True)
    p[top_k or len(p) :] = 0
    p[p.cumsum(-1) - p >= top_p * p.sum()] = 0  # those before hold enough
    return torch.zeros_like(p).scatter(0, order, p / p.sum())


def pick(p: Tensor, uniform: float) -> int:
    """The token at which the running sum of p (V,) passes a number from [0, 1). Source: this page, eq-gpt-pick."""
    return int(((p.cumsum(-1) <= uniform * p.sum()).sum()).clamp(max=int(p.nonzero().max())))
    # --8<-- [end:choose]


# --8<-- [start:generate]
@torch.no_grad()
def generate(
    model: GPT, tokens: list[int], count: int, generator: torch.Generator, **choice: float
) -> list[int]:
    """Append `count` sampled tokens, by the cache while it lasts. Raises ValueError as what it calls does."""
    tokens, cache = list(tokens), None
    for _ in range(count):
        if cache and cache[0][0].shape[2] == model.config.context:
            cache = None  # learned positions cannot slide: read the last C tokens anew
        new = tokens[-1:] if cache else tokens[-model.config.context :]
        logits, _, cache = model(torch.tensor([new]), cache)
        p = next_probabilities(logits[0, -1], **choice)  # type: ignore[arg-type]
        tokens.append(pick(p, float(torch.rand((), generator=generator))))
    return tokens
    # --8<-- [end:generate]


def main() -> None:
    """Count the parameters of the four GPT-2 against the released sizes."""
    for (name, config), released in zip(GPT2.items(), (124, 355, 774, 1558), strict=True):
        with torch.device("meta"):
            counted = sum(parameter.numel() for parameter in GPT(config).parameters())
        print(f"GPT-2 {name}: {counted:,} = {config.parameters():,}; released {released}M")


if __name__ == "__main__":
    main()
