"""A Transformer with an encoder and a decoder that translates a made language, and beam search.

Letters, with the name in vaswani2017attention where it differs:
    B, N, M   sentences at once; words of the source; words that the decoder reads, <start> among them
    V, C      words of both languages in one list; the longest row that can be read
    E, H, D, F   width of a vector (d_model); heads; width of a head (d_k); of a feed-forward layer (d_ff)
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

PAD, START, END = 0, 1, 2
WORDS = "<pad> <start> <end> cat dog bird red small old sees hears sleeps".split()
WORDS += "mi ra lu tok pim sen vel oru zum ga nir nor".split()  # the target language
MEANING = dict(zip(WORDS[3:11], WORDS[12:20], strict=True))  # all but "sleeps"
NOUNS, ADJECTIVES, VERBS = WORDS[3:6], ["", *WORDS[6:9]], WORDS[9:11]
SLEEPS = 4 * (("zum",),) + 3 * (("ga", "nir"),) + 3 * (("ga", "nor"),)

Step = Callable[[list[int]], list[float]]  # words so far to log-probabilities of the next one


class Beginning(NamedTuple):
    """What has been written, from <start> on, and the sum of its log-probabilities."""

    words: list[int]
    log_p: float


def sentences() -> list[str]:
    """All 300 sentences of the source: twelve phrases can sleep, and see or hear each of the twelve."""
    phrases = [f"{a} {n}".strip() for a, n in itertools.product(ADJECTIVES, NOUNS)]
    seen = itertools.product(phrases, VERBS, phrases)
    return [f"{a} sleeps" for a in phrases] + [" ".join(parts) for parts in seen]


def translations(sentence: str) -> list[list[str]]:
    """Adjectives go behind their noun; a sleeping sentence has ten translations, some alike, another one."""
    words = sentence.split()
    for i in range(len(words) - 1):
        if words[i] in ADJECTIVES and words[i + 1] in NOUNS:
            words[i : i + 2] = words[i + 1], words[i]
    if words[-1] != "sleeps":
        return [[MEANING[word] for word in words]]
    return [[*(MEANING[word] for word in words[:-1]), *end] for end in SLEEPS]


# --8<-- [start:masks]
def masks(n: int, m: int) -> dict[str, Tensor]:
    """Who may look at whom, a row for each query: encoder (N, N), decoder (M, M), cross (M, N), and for one
    stack prefix and causal (N + M, N + M). Source: this page, eq-encoder-decoder-pairs."""
    before = torch.ones(n + m, n + m).bool().tril()  # itself and what is before
    prefix = before | (torch.arange(n + m) < n)  # and all of the source
    halves = {"encoder": prefix[:n, :n], "cross": prefix[n:, :n], "decoder": prefix[n:, n:]}
    return halves | {"prefix": prefix, "causal": before}
    # --8<-- [end:masks]


class Config(NamedTuple):
    """The numbers that fix the shape."""

    vocabulary: int = len(WORDS)  # V
    context: int = 16  # C
    width: int = 16  # E
    heads: int = 2  # H
    inner: int = 32  # F
    layers: int = 1  # of the encoder, and of the decoder

    def parameters(self) -> int:
        """Numbers to train: tables, layers of both halves, gains of the norms."""
        e, tables = self.width, self.vocabulary + self.context
        return tables * e + self.layers * (12 * e * e + 4 * e * self.inner + 5 * e) + 2 * e


class Attention(nn.Module):
    """Queries from one sequence, keys and values from the same or another one; no biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))

    # --8<-- [start:attention]
    def forward(self, x: Tensor, context: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, M, E) asks context (B, N, E) where allowed (M, N) or (B, 1, M, N): output (B, M, E) and weights
        (B, H, M, N). Source: vaswani2017attention, eq. 1."""
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, M, D)
        k = self.k(context).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, N, D)
        v = self.v(context).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        a = scores.masked_fill(~allowed, -math.inf).softmax(-1)
        return self.o((a @ v).transpose(1, 2).flatten(2)), a
        # --8<-- [end:attention]


class Layer(nn.Module):
    """A layer of either half: attention to itself, in a decoder attention to the source, feed-forward."""

    def __init__(self, c: Config, crosses: bool) -> None:
        super().__init__()
        e, f = c.width, c.inner
        self.attend, self.cross = Attention(e, c.heads), Attention(e, c.heads) if crosses else None
        self.up, self.down = nn.Linear(e, f, bias=False), nn.Linear(f, e, bias=False)
        self.norms = nn.ModuleList(nn.LayerNorm(e, bias=False) for _ in range(2 + crosses))

    def forward(
        self, x: Tensor, own: Tensor, h: Tensor | None = None, seen: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """x (B, M, E), own (M, M), in a decoder h (B, N, E), seen (B, 1, M, N), to (B, M, E), cross-attention's
        weights (B, H, M, N). Source: vaswani2017attention, fig. 1. Departs: norms come first."""
        y, a = self.norms[0](x), None
        x = x + self.attend(y, y, own)[0]
        if self.cross is not None and h is not None and seen is not None:
            added, a = self.cross(self.norms[1](x), h, seen)  # queries from x, the rest from h
            x = x + added
        return x + self.down(self.up(self.norms[-1](x)).relu()), a


class Translator(nn.Module):
    """Encoder and decoder with one table of words for input, output and both languages."""

    def __init__(
        self, generator: torch.Generator | None = None, config: Config | None = None
    ) -> None:
        super().__init__()
        c = self.config = config or Config()
        self.words = nn.Parameter(torch.empty(c.vocabulary, c.width))
        self.places = nn.Parameter(torch.empty(c.context, c.width))
        self.encoder = nn.ModuleList(Layer(c, crosses=False) for _ in range(c.layers))
        self.decoder = nn.ModuleList(Layer(c, crosses=True) for _ in range(c.layers))
        self.after = nn.ModuleList(nn.LayerNorm(c.width, bias=False) for _ in range(2))
        for weight in self.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, 0.0, weight.shape[1] ** -0.5, generator)

    # --8<-- [start:encode]
    def encode(self, source: Tensor, allowed: Tensor | None = None) -> Tensor:
        """source (B, N) to a vector for each word (B, N, E); allowed (N, N). Source: vaswani2017attention, fig. 1."""
        h = self.words[source] + self.places[: source.shape[1]]
        seen = masks(source.shape[1], 0)["encoder"] if allowed is None else allowed
        for layer in self.encoder:
            h, _ = layer(h, seen & (source != PAD)[:, None, None])  # (B, 1, N, N)
        encoded: Tensor = self.after[0](h)
        return encoded
        # --8<-- [end:encode]

    # --8<-- [start:decode]
    def decode(
        self, target: Tensor, h: Tensor, source: Tensor, causal: bool = True
    ) -> tuple[Tensor, Tensor]:
        """target (B, M), h (B, N, E), source (B, N) to logits (B, M, V), weights of the last cross-attention
        (B, H, M, N). Source: vaswani2017attention, fig. 1."""
        m, a = target.shape[1], torch.empty(0)
        x = self.words[target] + self.places[:m]
        own = masks(0, m)["decoder"] | (not causal)  # without the mask, later words are seen
        seen = (source != PAD)[:, None, None].expand(-1, 1, m, -1)
        for layer in self.decoder:
            x, a = layer(x, own, h, seen)
        return self.after[1](x) @ self.words.T, a
        # --8<-- [end:decode]

    # --8<-- [start:one]
    def one_stack(self, source: Tensor, target: Tensor, form: str) -> Tensor:
        """The encoder's layers read source (B, N) and target (B, M) as one row: logits (B, M, V); form is the
        mask, prefix or causal. Source: raffel2020exploring, fig. 4."""
        allowed = masks(source.shape[1], target.shape[1])[form]
        h = self.encode(torch.cat([source, target], 1), allowed)
        return h[:, source.shape[1] :] @ self.words.T
        # --8<-- [end:one]

    # --8<-- [start:loss]
    def loss(self, source: Tensor, target: Tensor, causal: bool = True) -> Tensor:
        """Mean -log p of the next word, nats: source (B, N), target (B, M + 1), from <start> to <end>, to ().
        Source: this page, eq-encoder-decoder-loss."""
        given, wanted = target[:, :-1], target[:, 1:]  # each word is read, and the next one wanted
        logits, _ = self.decode(given, self.encode(source), source, causal)
        return nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)
        # --8<-- [end:loss]


def numbers(texts: list[list[str]], target: bool) -> Tensor:
    """Words to numbers, filled up to one length: (B, N), or (B, M + 1) from <start> to <end>. Source: definition."""
    rows = [[WORDS.index(word) for word in text] for text in texts]
    rows = [[START, *row, END] for row in rows] if target else rows
    return torch.tensor(list(itertools.zip_longest(*rows, fillvalue=PAD))).T


@torch.no_grad()
def stepper(model: Translator, sentence: str) -> Step:
    """The source is encoded once; what is returned gives log-probabilities after any beginning."""
    source = numbers([sentence.split()], target=False)
    h = model.encode(source)

    @torch.no_grad()
    def step(words: list[int]) -> list[float]:
        logits, _ = model.decode(torch.tensor([words]), h, source)
        return [float(log_p) for log_p in logits[0, -1].log_softmax(-1)]

    return step


# --8<-- [start:beam]
def beam_search(step: Step, k: int, alpha: float = 0.0, most: int = 9) -> list[Beginning]:
    """Write with k beginnings side by side, k = 1 is greedy; the complete text of the best score stands first."""
    kept, done = [Beginning([START], 0.0)], list[Beginning]()
    for _ in range(most):
        longer = [
            Beginning([*words, word], log_p + more)
            for words, log_p in kept
            for word, more in enumerate(step(words))
        ]
        best = sorted(longer, key=lambda one: -one.log_p)[:k]
        done += [one for one in best if one.words[-1] == END]
        kept = [one for one in best if one.words[-1] != END]
        if not kept or len(done) >= k:
            break
    return sorted(done or kept, key=lambda one: -score(one, alpha))


def score(one: Beginning, alpha: float) -> float:
    """Log-probability over a power of the number of words written, <end> among them."""
    return one.log_p / math.pow(len(one.words) - 1, alpha)
    # --8<-- [end:beam]


def main() -> None:
    """Train for a moment: the loss nears the least possible, and a beam of two finds the likelier text."""
    torch.set_num_threads(1)  # so small a network gains nothing from more
    model = Translator(draw := torch.Generator().manual_seed(0))
    pairs = [(text.split(), words) for text in sentences() for words in translations(text)]
    source, target = numbers([a for a, _ in pairs], False), numbers([b for _, b in pairs], True)
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(350):
        some = torch.randint(len(source), (64,), generator=draw)
        optimiser.zero_grad()
        torch.autograd.backward(model.loss(source[some], target[some]))
        optimiser.step()
    least = -120 * (0.4 * math.log(0.4) + 0.6 * math.log(0.3)) / (target[:, 1:] != PAD).sum()
    print(f"loss: {model.loss(source, target):.3f} nats a word; least possible: {least:.3f}")
    for k in 1, 2:
        words, log_p = beam_search(stepper(model, "red cat sleeps"), k)[0]
        print(f"k = {k}:", *(WORDS[word] for word in words[1:]), f"{math.exp(log_p):.2f}")


if __name__ == "__main__":
    main()
