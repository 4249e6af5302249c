"""docs/models/gpt/context.svg, overfit.svg: what GPTs learn from too little text, and what carries over."""

import math

import torch
from torch import Tensor

from docs.models.gpt import bpe, gpt
from scripts.figures import style
from scripts.figures.gpt import loaded, texts
from scripts.weights import gpt as weights

SEEN = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
APART = 8  # tokens from one window of held-out text to the next


def by_position(tokens: list[int], apart: int, per_character: float) -> Tensor:
    """Bits a character at each number of tokens seen, in windows of a text: (windows, C)."""
    model = loaded()[0]
    windows = torch.tensor(tokens).unfold(0, model.config.context + 1, apart)
    with torch.no_grad():
        nats = [
            -model(part[:, :-1])[0].log_softmax(-1).gather(-1, part[:, 1:, None])[..., 0]
            for part in windows.chunk(12)  # of a size that the caches of a processor hold
        ]
    return torch.cat(nats) * per_character / math.log(2)


def context() -> style.Table:
    """Bits per character by the number of tokens, or bytes, that are seen, of held-out and of training text."""
    merges, (kept, held) = loaded()[1], texts()
    size = loaded()[0].config.context
    table: style.Table = {"seen": [float(n) for n in SEEN]}
    for name, text, apart in (("gpt", held, APART), ("training", kept, size)):
        tokens = bpe.encode(text, merges)
        bits = by_position(tokens, apart, len(tokens) / len(text))
        # Each point is the mean over positions from the one before, so that it does not jump about.
        points = [bits[:, a:b].mean(1) for a, b in zip([0, *SEEN], SEEN, strict=False)]
        table[name] = [point.mean().item() for point in points]
        # Windows overlap, so the error is that of blocks of them, which hardly do.
        ends = tuple(range(size // apart, len(bits), size // apart))
        blocks = [torch.stack([c.mean() for c in p.tensor_split(ends)]) for p in points]
        table[f"{name} error"] = [(b.std() / math.sqrt(len(b))).item() for b in blocks]
    grams = [b / len(held) for b in weights.ngram_bits(kept.encode(), held.encode(), 7)]
    table["ngram"] = [grams[n] if n < len(grams) else math.nan for n in SEEN]
    return table


def draw_context(table: style.Table, axes: style.Axes) -> None:
    """On training text the model falls as it sees more, on held-out text it stops."""
    for name, label, mark, colour in (
        ("gpt", "GPT, held out", "o-", 0),
        ("training", "GPT, training text", "^:", 2),
    ):
        axes.errorbar(
            table["seen"], table[name], table[f"{name} error"], fmt=mark, label=label,
            color=style.SERIES[colour], ms=5, capsize=3, elinewidth=1,
        )  # fmt: skip
    axes.plot(
        table["seen"], table["ngram"], "s--", color=style.SERIES[1], ms=5, label="n-gram, held out"
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 2, 4, 8, 16, 32, 64], ["1", "2", "4", "8", "16", "32", "64"])
    axes.set_xlabel("context: tokens (GPT), bytes (n-gram)")
    axes.set_ylabel("bits a character")
    axes.legend()


LITTLE = 2000  # tokens
FITTED = gpt.Config(vocabulary=512, context=32, layers=1, heads=4, width=32)
FIT_STEPS, FIT_BATCH, FIT_EVERY, FIT_SEEDS = 200, 8, 40, 3
FIT_DROPOUT = 0.3


def fitted(seed: int, tokens: Tensor, held: Tensor, n: int, dropout: float) -> list[list[float]]:
    """Nats a token on a piece of n training tokens and on held-out windows, while a model trains."""
    generator = torch.Generator().manual_seed(seed)
    model = gpt.GPT(FITTED, generator)
    if dropout:
        weights.dropped(model, dropout, generator)
    optimise = torch.optim.Adam(model.parameters(), 1e-2, fused=True)
    begin = int(torch.randint(len(tokens) - n + 1, (1,), generator=generator))
    text = tokens[begin : begin + n]
    own = text.unfold(0, FITTED.context, 1)
    own = own[torch.linspace(0, len(own) - 1, len(held)).long()]
    found: list[list[float]] = [[], []]
    for step in range(FIT_STEPS + 1):
        if step % FIT_EVERY == 0:
            model.eval()
            with torch.no_grad():
                for column, windows in zip(found, (own, held), strict=True):
                    column.append(gpt.loss(model(windows)[0], windows).item())
            model.train()
        start = torch.randint(n - FITTED.context, (FIT_BATCH, 1), generator=generator)
        window = text[start + torch.arange(FITTED.context)]
        loss = gpt.loss(model(window)[0], window)
        optimise.zero_grad()
        torch.autograd.backward(loss)
        optimise.step()
    return found


def overfit() -> style.Table:
    """Bits a character while small GPTs train: on little text, with dropout, and on all text; means over seeds."""
    merges, (kept, held) = loaded()[1], texts()
    tokens, others = (torch.tensor(bpe.encode(text, merges)) for text in (kept, held))
    windows = others[: len(others) // 2].unfold(0, FITTED.context, FITTED.context)
    factor = len(others) / len(held) / math.log(2)
    table: style.Table = {"step": [float(s) for s in range(0, FIT_STEPS + 1, FIT_EVERY)]}
    for name, n, dropout in (
        ("little", LITTLE, 0.0),
        ("dropout", LITTLE, FIT_DROPOUT),
        ("all", len(tokens), 0.0),
    ):
        runs = [fitted(seed, tokens, windows, n, dropout) for seed in range(FIT_SEEDS)]
        bits = torch.tensor(runs) * factor  # (seeds, 2, points)
        for place, part in enumerate(("training", "held out")):
            table[f"{name}, {part}"] = bits[:, place].mean(0).tolist()
            table[f"{name}, {part}, spread"] = bits[:, place].std(0).tolist()
    return table


def draw_overfit(table: style.Table, axes: style.Axes) -> None:
    """Training and held-out text part when there is little of it."""
    lines = (
        ("little, held out", "2,000 tokens, held out", "s-", 1),
        ("dropout, held out", "the same with dropout", "D--", 3),
        ("all, held out", "all tokens, held out", "o-", 0),
        ("little, training", "2,000 tokens, training", "^:", 2),
    )
    for name, label, mark, colour in lines:
        axes.errorbar(
            table["step"], table[name], table[f"{name}, spread"], fmt=mark, label=label,
            color=style.SERIES[colour], ms=4, capsize=2, elinewidth=1,
        )  # fmt: skip
    axes.set_ylim(0, 5)
    axes.set_xlabel("training steps")
    axes.set_ylabel("bits a character")
    axes.legend(loc="lower left")


FIGURES = [
    style.Recipe("models/gpt/context", context, draw_context),
    style.Recipe("models/gpt/overfit", overfit, draw_overfit, absolute=0.05),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    style.main(FIGURES)
