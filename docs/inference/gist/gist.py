"""Gist tokens: the mask, the cache that it allows, what both cost, and a small Transformer that is trained with it.

S  networks side by side, one a seed     B  examples        T  positions         E  width of the stream
n  tokens of the prompt (rules)          g  gist tokens     m  tokens of the input (letters)
A rule such as c3 is one token: the letter c is written as the digit 3.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

# The example: six rules, one a letter from a on, and an input of two letters.
DIGITS, RULES, INPUT = 4, (2, 0, 3, 1, 2, 0), "ce"
WIDTH, HEADS, BLOCKS = 16, 2, 2


def pack(rules: tuple[int, ...]) -> int:
    """All rules as one number: their digits, to the base DIGITS. Source: definition."""
    number = 0
    for digit in rules:
        number = number * DIGITS + digit
    return number


def unpack(number: int, at: int, n: int) -> int:
    """The digit of rule `at` of n, out of that number. Source: definition."""
    return number // int(DIGITS ** (n - 1 - at)) % DIGITS


# --8<-- [start:mask]
def gist_mask(n: int, g: int, m: int) -> Tensor:
    """Which position (row) may see which (column): to (n + g + m, n + g + m), true if it may.

    Source: mu2023learning.
    """
    row, column = torch.arange(n + g + m)[:, None], torch.arange(n + g + m)
    hidden = (row >= n + g) & (column < n)  # an input would look at the prompt
    return (column <= row) & ~hidden
    # --8<-- [end:mask]


def fresh(seeds: int, letters: int, gists: int, width: int = WIDTH) -> dict[str, Tensor]:
    """Weights at random, each network from its own seed: to (S, i, o). Source: definition."""
    draws = [torch.Generator().manual_seed(seed) for seed in range(seeds)]

    def normal(i: int, o: int, scale: float) -> Tensor:
        return torch.stack([torch.randn(i, o, generator=draw) * scale for draw in draws])

    weights = {"embed": normal(letters * DIGITS + gists + letters, width, 1.0)}
    for block in range(BLOCKS):
        for name, i, o in (
            ("qkv", width, 3 * width), ("out", width, width),
            ("up", width, 4 * width), ("down", 4 * width, width),
        ):  # fmt: skip
            weights[f"{name}{block}"] = normal(i, o, 1 / math.sqrt(i))
    weights["read"] = normal(width, DIGITS, 1 / math.sqrt(width))
    return {name: value.requires_grad_() for name, value in weights.items()}


def norm(x: Tensor) -> Tensor:
    """RMS norm without a gain: x (..., E) to (..., E). Source: definition."""
    return functional.rms_norm(x, x.shape[-1:])


def heads(x: Tensor) -> Tensor:
    """Parts the width among the heads: x (S, B, T, E) to (S, B, H, T, E / H). Source: definition."""
    return x.reshape(*x.shape[:-1], HEADS, -1).transpose(-2, -3)


# --8<-- [start:forward]
def forward(
    weights: dict[str, Tensor],
    tokens: Tensor,
    mask: Tensor,
    cache: list[tuple[Tensor, Tensor]] | None = None,
) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Reads tokens behind a cache: logits at each position, and keys and values of each block.

    Args: weights (S, i, o); tokens (S, B, T); mask (T, cached + T); cache (S, B, H, cached, E / H), keys and values.
    Returns (S, B, T, DIGITS) and (S, B, H, cached + T, E / H). Source: definition.
    """
    x = weights["embed"][torch.arange(len(tokens))[:, None, None], tokens]
    kept = []
    for block in range(BLOCKS):
        q, k, v = (heads(part) for part in torch.einsum(
            "sbti,sio->sbto", norm(x), weights[f"qkv{block}"]).chunk(3, -1))  # fmt: skip
        if cache:
            k, v = torch.cat([cache[block][0], k], -2), torch.cat([cache[block][1], v], -2)
        kept.append((k, v))
        flat = (q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1))
        seen = functional.scaled_dot_product_attention(flat[0], flat[1], flat[2], mask)
        seen = seen.transpose(-2, -3).reshape(x.shape)
        x = x + torch.einsum("sbti,sio->sbto", seen, weights[f"out{block}"])
        up = torch.einsum("sbti,sio->sbto", norm(x), weights[f"up{block}"]).relu()
        x = x + torch.einsum("sbti,sio->sbto", up, weights[f"down{block}"])
    return torch.einsum("sbti,sio->sbto", norm(x), weights["read"]), kept
    # --8<-- [end:forward]


# --8<-- [start:compress]
def compress(weights: dict[str, Tensor], prompt: Tensor, g: int) -> list[tuple[Tensor, Tensor]]:
    """Reads a prompt once and keeps the keys and values of its gist tokens.

    Args: weights (S, i, o); prompt (S, B, n + g). Returns (S, B, H, g, E / H) for each block.
    Source: mu2023learning, section 3.
    """
    mask = gist_mask(prompt.shape[-1] - g, g, 0)
    _, kept = forward(weights, prompt, mask)
    return [(k[..., -g:, :], v[..., -g:, :]) for k, v in kept]


def answer(weights: dict[str, Tensor], cache: list[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    """Reads an input behind the kept gist tokens.

    Args: weights (S, i, o); cache (S, B, H, g, E / H); x (S, B, m). Returns logits (S, B, m, DIGITS).
    Source: mu2023learning, section 3.
    """
    mask = gist_mask(0, cache[0][0].shape[-2], x.shape[-1])
    return forward(weights, x, mask[-x.shape[-1] :], cache)[0]
    # --8<-- [end:compress]


class Task:
    """Prompts of rules and inputs of letters. Each letter has a digit; `usual` is how often it is the letter's own.

    Letters: L of them. tables: (S, K, L) digits, the only tables that are drawn from; none: any digits.
    """

    def __init__(
        self, letters: int, gists: int, usual: float = 0.0, tables: Tensor | None = None
    ) -> None:
        self.letters, self.gists, self.usual, self.tables = letters, gists, usual, tables
        self.own = torch.arange(letters) % DIGITS

    def digits(self, seeds: int, examples: int, draw: torch.Generator) -> Tensor:
        """A digit for each letter: to (S, B, L). Source: definition."""
        if self.tables is not None:
            chosen = torch.randint(self.tables.shape[1], (seeds, examples), generator=draw)
            return self.tables[torch.arange(seeds)[:, None], chosen]
        found = torch.randint(DIGITS, (seeds, examples, self.letters), generator=draw)
        if not self.usual:
            return found
        other = (self.own + 1 + found % (DIGITS - 1)) % DIGITS
        rare = torch.rand(found.shape, generator=draw) >= self.usual
        return torch.where(rare, other, self.own.expand_as(found))

    def draw(
        self, seeds: int, examples: int, n: int, m: int, draw: torch.Generator, keep: int = 0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Prompt, gist tokens, `keep` rules as text (surprising first), m letters of the prompt; and what is right.

        Returns tokens (S, B, n + g + keep + m), digits (S, B, m), and whether each is a surprise (S, B, m).
        Source: definition.
        """
        digits = self.digits(seeds, examples, draw)
        order = torch.rand(digits.shape, generator=draw).argsort(-1)[..., :n]
        rules = order * DIGITS + digits.gather(-1, order)
        rare = digits != self.own
        first = (
            rare.gather(-1, order).int().argsort(dim=-1, descending=True, stable=True)[..., :keep]
        )
        gists = torch.arange(self.gists) + self.letters * DIGITS
        asked = order.gather(-1, torch.randint(n, (seeds, examples, m), generator=draw))
        tokens = [rules, gists.expand(seeds, examples, -1), rules.gather(-1, first),
                  asked + self.letters * DIGITS + self.gists]  # fmt: skip
        return torch.cat(tokens, -1), digits.gather(-1, asked), rare.gather(-1, asked)


# --8<-- [start:train]
def train(
    task: Task, seeds: int, steps: int, masked: bool = True, keep: int = 0, rate: float = 0.02
) -> dict[str, Tensor]:
    """Trains on prompts of 1 to L rules by the loss of the answers; only the mask differs from usual training.

    Returns weights (S, i, o). Source: this page, eq-gist-loss.
    """
    weights = fresh(seeds, task.letters, task.gists)
    optimiser = torch.optim.Adam(weights.values(), rate)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    draw = torch.Generator().manual_seed(1)
    for _ in range(steps):
        n = int(torch.randint(1, task.letters + 1, (), generator=draw))
        kept = int(torch.randint(keep + 1, (), generator=draw))
        tokens, right, _ = task.draw(seeds, 32, n, 4, draw, min(n, kept))
        mask = gist_mask(n, task.gists, tokens.shape[-1] - n - task.gists)
        logits, _ = forward(weights, tokens, mask if masked else torch.ones_like(mask).tril())
        loss = functional.cross_entropy(logits[:, :, -4:].flatten(0, -2), right.flatten())
        optimiser.zero_grad()
        torch.autograd.backward(loss * seeds)
        optimiser.step()
        plan.step()
    return {name: value.detach() for name, value in weights.items()}
    # --8<-- [end:train]


# --8<-- [start:costs]
def pairs(n: int, g: int, m: int) -> tuple[int, int]:
    """Pairs that m tokens of input look at: behind n cached tokens, behind g. Source: this page, eq-gist-pairs."""
    own = m * (m + 1) // 2
    return m * n + own, m * g + own


def saved(n: float, g: float, m: float, blocks: int, width: int, weights: float) -> float:
    """Share of operations that g gist tokens save over n cached tokens, for m tokens read behind them.

    Source: this page, eq-gist-over.
    """
    each = blocks * width
    return 2 * each * (n - g) / (weights + each * (2 * n + m + 1))


def bits(share: float, rules: int) -> float:
    """The least information with which rules of DIGITS digits are answered with this share right, bits.

    Source: this page, eq-gist-bits.
    """
    wrong = 1 - share
    spread = sum(p * math.log2(p) for p in (wrong, share) if p > 0)
    return rules * (math.log2(DIGITS) + spread - wrong * math.log2(DIGITS - 1))
    # --8<-- [end:costs]


def main() -> None:
    """The example by pencil, the cache against the mask, and a network that is trained with it."""
    torch.set_num_threads(1)  # the network is too small to be shared out
    n, number = len(RULES), pack(RULES)
    at = ["abcdef".index(letter) for letter in INPUT]
    print(f"number {number} of {DIGITS**n}, answers {[unpack(number, one, n) for one in at]}")
    task, draw = Task(n, 1), torch.Generator().manual_seed(0)
    for word, steps in (("untrained", 0), ("trained", 300)):
        weights = train(task, 1, steps) if steps else fresh(1, n, 1)
        tokens, right, _ = task.draw(1, 500, n, 2, draw)
        with torch.no_grad():
            whole = forward(weights, tokens, gist_mask(n, 1, 2))[0][:, :, -2:]
            cached = answer(
                weights, compress(weights, tokens[..., : n + 1], 1), tokens[..., n + 1 :]
            )
        share = float((cached.argmax(-1) == right).float().mean())
        gap = float((whole - cached).abs().max())
        print(
            f"{word}: mask and cache differ by {gap:.0e} at most, {share:.2f} right (a guess: 0.25)"
        )


if __name__ == "__main__":
    main()
