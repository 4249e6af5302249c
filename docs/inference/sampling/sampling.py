"""How the next token is chosen: every rule as a change of the distribution, on logits z (..., V) in nats.

A rule gives logits again, minus infinity where a token is cut; `distribution` applies them in the order of
the page: penalties, temperature, top-k, top-p, min-p, typical.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

WORDS = ("tea", "milk", "water", "juice", "ink", "sand")
P = (1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 32)  # after "Ann drinks"
SURE = (7 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 128)  # a text that leaves little choice
OPEN = (1 / 16,) * 16  # a text that leaves every choice


class Settings(NamedTuple):
    """What a reader can set; as given, nothing is changed."""

    temperature: float = 1.0
    top_k: int = 0  # 0 keeps all
    top_p: float = 1.0
    min_p: float = 0.0
    typical: float = 1.0
    repetition: float = 1.0
    presence: float = 0.0
    frequency: float = 0.0


def bits(p: Tensor) -> Tensor:
    """Entropy in bits of p (..., V) to (...); what has probability 0 adds nothing. Source: shannon1948mathematical."""
    nats: Tensor = -torch.special.xlogy(p, p).sum(-1)
    return nats / math.log(2)


# --8<-- [start:cut]
def cut(z: Tensor, rank: Tensor, mass: float) -> Tensor:
    """Keep the fewest tokens, by rank (..., V), that hold the mass: z (..., V) to (..., V). Source: definition."""
    order = rank.argsort(dim=-1, stable=True)
    p = z.softmax(-1).gather(-1, order)
    before = p.cumsum(-1) - p  # what the tokens in front of it hold
    gone = torch.zeros_like(z, dtype=torch.bool).scatter(-1, order, before >= mass - 1e-9)
    return z.masked_fill(gone, -torch.inf)
    # --8<-- [end:cut]


def top_k(z: Tensor, k: int) -> Tensor:
    """Keep the k likeliest tokens: z (..., V) to (..., V). Source: fan2018hierarchical."""
    order = z.argsort(dim=-1, descending=True, stable=True)
    gone = torch.ones_like(z, dtype=torch.bool).scatter(-1, order[..., :k], False)
    return z.masked_fill(gone, -torch.inf)


def top_p(z: Tensor, mass: float) -> Tensor:
    """Keep the fewest tokens that hold the mass: z (..., V) to (..., V). Source: holtzman2020curious."""
    return cut(z, -z, mass)


# --8<-- [start:relative]
def min_p(z: Tensor, share: float) -> Tensor:
    """Keep what is at least a share of the greatest: z (..., V) to (..., V). Source: nguyen2025turning."""
    p = z.softmax(-1)
    return z.masked_fill(p < share * p.amax(-1, keepdim=True), -torch.inf)


def typical(z: Tensor, mass: float) -> Tensor:
    """Keep those whose surprise is nearest the entropy: z (..., V) to (..., V). Source: meister2023locally."""
    p = z.softmax(-1)
    entropy = -torch.special.xlogy(p, p).sum(-1, keepdim=True)
    return cut(z, (-z.log_softmax(-1) - entropy).abs(), mass)
    # --8<-- [end:relative]


# --8<-- [start:penalties]
def repetition(z: Tensor, counts: Tensor, theta: float) -> Tensor:
    """Divide seen logits by theta, multiply negative ones: z, counts (..., V) to (..., V). Source: keskar2019ctrl."""
    return torch.where(counts > 0, torch.where(z > 0, z / theta, z * theta), z)


def additive(z: Tensor, counts: Tensor, presence: float, frequency: float) -> Tensor:
    """Subtract once if seen, and once for each time: z, counts (..., V) to (..., V). Source: openai2023parameters."""
    return z - frequency * counts - presence * (counts > 0).to(z.dtype)
    # --8<-- [end:penalties]


# --8<-- [start:distribution]
def distribution(z: Tensor, s: Settings, counts: Tensor | None = None) -> Tensor:
    """Probabilities to draw from: z (..., V), counts (..., V) to (..., V); 0 is greedy. Source: definition."""
    if counts is not None:
        z = repetition(z, counts, s.repetition)
        z = additive(z, counts, s.presence, s.frequency)
    if s.temperature == 0:
        return torch.zeros_like(z).scatter(-1, z.argmax(-1, keepdim=True), 1.0)
    z = z / s.temperature
    if s.top_k:
        z = top_k(z, s.top_k)
    if s.top_p < 1:
        z = top_p(z, s.top_p)
    if s.min_p > 0:
        z = min_p(z, s.min_p)
    if s.typical < 1:
        z = typical(z, s.typical)
    return z.softmax(-1)
    # --8<-- [end:distribution]


# --8<-- [start:draw]
def draw(p: Tensor, u: Tensor) -> Tensor:
    """The token at which the running sum of p (..., V) passes u (...) from [0, 1): to (...). Source: definition."""
    last = (p > 0).cumsum(-1).argmax(-1)  # rounding must not reach beyond it
    return torch.minimum((p.cumsum(-1) <= u[..., None]).sum(-1), last)


def gumbel(z: Tensor, u: Tensor) -> Tensor:
    """The same distribution by one maximum: z, u (..., V) to (...), u from (0, 1). Source: maddison2014astar."""
    return (z - (-u.log()).log()).argmax(-1)
    # --8<-- [end:draw]


# --8<-- [start:write]
def write(
    step: Callable[[Tensor, Any], tuple[Tensor, Any]],
    prompts: Tensor,
    n: int,
    s: Settings,
    generator: torch.Generator,
) -> Tensor:
    """n tokens behind prompts (B, N): to (B, N + n); step (B, N) to (B, V) gives logits. Source: definition."""
    tokens, cache = prompts, None
    z, cache = step(tokens, cache)
    for _ in range(n):
        counts = torch.zeros_like(z).scatter_add(-1, tokens, torch.ones_like(tokens, dtype=z.dtype))
        p = distribution(z, s, counts)
        u = torch.rand(len(p), generator=generator, dtype=z.dtype)
        tokens = torch.cat([tokens, draw(p, u)[:, None]], 1)
        z, cache = step(tokens[:, -1:], cache)
    return tokens
    # --8<-- [end:write]


def repeated(tokens: Sequence[int], n: int = 4) -> float:
    """Share of the runs of n tokens that occurred before in the same text."""
    runs = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    return 1 - len(set(runs)) / len(runs)


# --8<-- [start:chain]
Text = tuple[str, ...]
CHAIN: dict[Text, dict[str, float]] = {  # texts of two words after "Ann drinks"
    (): {"hot": 0.4, "cold": 0.35, "black": 0.25},
    ("hot",): {"tea": 0.4, "milk": 0.3, "cocoa": 0.3},
    ("cold",): {"milk": 0.6, "tea": 0.4},
    ("black",): {"tea": 1.0},
}


def beam(chain: dict[Text, dict[str, float]], k: int, words: int = 2) -> list[tuple[Text, float]]:
    """The k likeliest beginnings, extended word by word; k = 1 is greedy. Source: definition."""
    kept: list[tuple[Text, float]] = [((), 1.0)]
    for _ in range(words):
        longer = [((*t, w), p * q) for t, p in kept for w, q in chain[t].items()]
        kept = sorted(longer, key=lambda pair: -pair[1])[:k]
    return kept
    # --8<-- [end:chain]


def cooled(chain: dict[Text, dict[str, float]], temperature: float) -> dict[Text, float]:
    """Probability of each text if every word is drawn at a temperature."""
    made: dict[Text, float] = {(): 1.0}
    for _ in range(2):
        longer = {}
        for text, p in made.items():
            weights = {w: q ** (1 / temperature) for w, q in chain[text].items()}
            for word, weight in weights.items():
                longer[*text, word] = p * weight / sum(weights.values())
        made = longer
    return made


def sharpened(chain: dict[Text, dict[str, float]], temperature: float) -> dict[Text, float]:
    """The distribution of whole texts, raised to 1 / T and divided by its sum."""
    weights = {text: p ** (1 / temperature) for text, p in cooled(chain, 1.0).items()}
    return {text: weight / sum(weights.values()) for text, weight in weights.items()}


# --8<-- [start:rounding]
def orders(values: Sequence[float], kind: torch.dtype) -> tuple[float, float]:
    """The sum from the left, and as a tree of pairs, rounded to a format after each addition."""
    row = [torch.tensor(v, dtype=kind) for v in values]
    left = row[0]
    for value in row[1:]:
        left = left + value
    while len(row) > 1:
        row = [a + b for a, b in zip(row[::2], row[1::2], strict=True)]
    return float(left), float(row[0])
    # --8<-- [end:rounding]


RULES = {
    "as it is": Settings(),
    "T = 1/2": Settings(temperature=0.5),
    "T = 2": Settings(temperature=2.0),
    "top-k, 4": Settings(top_k=4),
    "top-p, 0.9": Settings(top_p=0.9),
    "min-p, 0.1": Settings(min_p=0.1),
    "typical, 0.2": Settings(typical=0.2),
    "greedy": Settings(temperature=0.0),
}


def main() -> None:
    """Entropy and kept mass by each rule; draws by the Gumbel maximum against the distribution they should have."""
    p = torch.tensor(P, dtype=torch.float64)
    for name, settings in RULES.items():
        q = distribution(p.log(), settings)
        mass = float(p[q > 0].sum())
        print(
            f"{name:>12}: {bits(q):.2f} bits, kept {mass:.4f}, tea {q[0]:.3f}, rest {q[4:].sum():.3f}"
        )
    u = torch.rand(100_000, len(P), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    shares = torch.bincount(gumbel(p.log(), u), minlength=len(P)) / len(u)
    print(
        "Gumbel maximum:",
        *(f"{w} {x:.3f} of {y:.3f}" for w, x, y in zip(WORDS, shares, P, strict=True)),
    )
    for k in (1, 2, 3):
        text, probability = beam(CHAIN, k)[0]
        print(f"beam of {k}: {' '.join(text)} {probability:.2f}")


if __name__ == "__main__":
    main()
