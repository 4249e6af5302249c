"""GPT-2: a causal Transformer that predicts the next token, from tokens to sampling.

Letters, with the name in the released code of radford2019language where it differs:
    B, N, M   sequences in a batch; new tokens; all tokens, with those in the cache
    V, C      tokens in the vocabulary (n_vocab); the longest context (n_ctx)
    E, L, H   width of the residual stream (n_embd); layers (n_layer); heads (n_head) of E / H
    wte, wpe  vectors of the tokens (V, E), also the unembedding; of the positions (C, E)
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

Kept = tuple[Tensor, Tensor]  # keys and values of a layer: (B, H, M, D)
Cache = list[Kept]


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


GPT2 = {"small": Config(), "medium": Config(layers=24, heads=16, width=1024)}
GPT2 |= {"large": Config(layers=36, heads=20, width=1280)}
GPT2 |= {"XL": Config(layers=48, heads=25, width=1600)}


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
    model: GPT, tokens: list[int], n: int, generator: torch.Generator, end: int = -1, **cut: float
) -> list[int]:
    """Append up to n sampled tokens, to the first `end`. Raises ValueError as what it calls does."""
    tokens, cache = list(tokens), None
    for _ in range(n):
        if cache and cache[0][0].shape[2] == model.config.context:
            cache = None  # learned positions cannot slide: read the last C tokens anew
        new = tokens[-1:] if cache else tokens[-model.config.context :]
        logits, _, cache = model(torch.tensor([new]), cache)
        p = next_probabilities(logits[0, -1], **cut)  # type: ignore[arg-type]
        tokens.append(pick(p, float(torch.rand((), generator=generator))))
        if tokens[-1] == end:
            break
    return tokens
    # --8<-- [end:generate]


WORDS = ("Ann", "Tom", " likes", " tea", " milk", ".")  # token 0 to 5
SENTENCES = ((0, 2, 3, 5), (1, 2, 4, 5))
SHAPE = Config(vocabulary=6, context=4, layers=1, heads=1, width=4)


# --8<-- [start:by_hand]
def by_hand() -> GPT:
    """The example: "Ann likes tea." and "Tom likes milk.", all weights set by hand. Source: definition."""
    name, verb, drink = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    model = GPT(SHAPE)
    w = model.state_dict()  # shares its numbers with the model
    for key, weight in w.items():
        weight.fill_(float("ln_" in key and key.endswith("weight")))  # norms only normalise
    w["wte"] += torch.stack([name, -name, verb, drink, -drink, -verb])
    w["wpe"] += torch.stack([0 * verb, verb / 2, 0 * verb, -verb / 2])
    # Query: am I the verb? Key: the verb itself is not wanted. Value: which name?
    w["blocks.0.qkv.weight"][[0, 4, 8]] = torch.stack([verb / 2, -verb / 2, name / 4])
    w["blocks.0.proj.weight"][:, 0] = name  # what was found is written as the name
    for i, (pattern, threshold, conclusion) in enumerate(rules(name, verb, drink)):
        w["blocks.0.up.weight"][i] = 5 * pattern
        w["blocks.0.up.bias"][i] = -threshold
        w["blocks.0.down.weight"][:, i] = conclusion
    return model
    # --8<-- [end:by_hand]


def rules(name: Tensor, verb: Tensor, drink: Tensor) -> list[tuple[Tensor, int, Tensor]]:
    """Pattern (E,), threshold and conclusion (E,) of the hidden units in use, of name, verb, drink (E,).

    Source: definition.
    """
    return [
        (name - verb, 16, verb),  # Ann, alone: likes
        (-name - verb, 16, verb),  # Tom, alone: likes
        (name + verb, 24, drink),  # likes, and Ann: tea
        (-name + verb, 24, -drink),  # likes, and Tom: milk
        (drink, 15, -verb),  # tea: full stop
        (-drink, 15, -verb),  # milk: full stop
    ]


def main() -> None:
    """What follows "Ann likes", with weights by hand and learned from two sentences; a bigram stays at 0.231 nats."""
    torch.set_num_threads(1)  # so small a model gains nothing from more
    texts, start = torch.tensor(SENTENCES), torch.tensor([SENTENCES[0][:2]])
    learned = GPT(SHAPE, torch.Generator().manual_seed(0))
    optimiser = torch.optim.Adam(learned.parameters(), 0.01, betas=(0.9, 0.95))
    for _ in range(400):
        optimiser.zero_grad()
        torch.autograd.backward(loss(learned(texts)[0], texts))
        optimiser.step()
    for title, model in (("by hand", by_hand()), ("learned", learned)):
        p = next_probabilities(model(start)[0][0, -1]).tolist()
        nats = loss(model(texts)[0], texts)
        print(title, *(f"{word.strip()} {x:.3f}" for word, x in zip(WORDS, p, strict=True)))
        print(f"loss: {nats:.3f} nats a token")


if __name__ == "__main__":
    main()
