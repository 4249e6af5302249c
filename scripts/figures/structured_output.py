"""docs/inference/structured-output/*: the example, cures of masking, the token limit; numbers of the site's GPT."""

import itertools
import math
from functools import cache
from importlib import import_module
from statistics import fmean, stdev
from typing import Any

import torch
from torch import Tensor

from docs.models.gpt import bpe
from scripts.figures import sampling as texts
from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.weights import gpt as weights

output: Any = import_module("docs.inference.structured-output.structured_output")
schema: Any = import_module("docs.inference.structured-output.schema")

WORDS = (" is", " are", " has", " was", " can", " may")
PROMPTS = 30
DRAWS = (1, 2, 4, 8, 16, 32, 64)
RUNS = 10  # of the adaptive draws
LIMITS = (32, 40, 48)
READ, ANSWERS = 12, 24


@cache
def vocabulary() -> tuple[list[str], Any]:
    """The 512 tokens of the site's GPT, a character for each byte, and its merges."""
    _, merges, _ = weights.load()
    table = [bytes([byte]) for byte in range(256)]
    for a, b in merges:
        table.append(table[a] + table[b])
    return [token.decode("latin-1") for token in table], merges


@torch.no_grad()
def gpt(rows: list[tuple[int, ...]]) -> Tensor:
    """Texts of one length to the probabilities of their next token: (N, 512)."""
    logits: Tensor = texts.loaded()[0](torch.tensor(rows))[0][:, -1]
    return logits.double().softmax(-1)


@cache
def prompts() -> list[tuple[int, ...]]:
    """Beginnings of held-out pieces, each cut before a token that begins with a space and a letter."""
    names, _ = vocabulary()
    found = []
    for piece in texts.loaded()[1].tolist():
        ends = [n for n in range(16, 40) if names[piece[n]][:1] == " " and len(names[piece[n]]) > 1]
        found.append(tuple(piece[: ends[0]]))
    return found[:PROMPTS]


@cache
def trees(behind: str) -> list[Any]:
    """The valid token sequences of six words behind each prompt, each word with a text behind it."""
    grammar = {"root": [output.literal(word + behind) for word in WORDS]}
    masks = output.Masks(grammar, vocabulary()[0])
    return [output.tree(gpt, masks, prompt) for prompt in prompts()]


def words() -> style.Table:
    """The example: the model's own probabilities, masked, best of two weighted draws, and exact."""
    menu = {"root": [output.literal(word) for word in output.MENU]}
    tree = output.tree(output.example, output.Masks(menu, output.TOKENS))
    masked, exact = output.law(tree, {}), output.law(tree, output.future(tree))
    two = dict.fromkeys(masked, 0.0)
    for a, b in itertools.product(masked, repeat=2):
        share = output.kept(tree, a) / (output.kept(tree, a) + output.kept(tree, b))
        two[a] += masked[a] * masked[b] * share
        two[b] += masked[a] * masked[b] * (1 - share)
    rows = {"".join(output.TOKENS[i] for i in t): t for t in masked}
    order = [rows[word] for word in output.MENU]
    whole = output.future(tree)[()]
    return {
        "word": [float(n) for n in range(len(order))],
        "model": [exact[t] * whole for t in order],
        "masked": [masked[t] for t in order],
        "two": [two[t] for t in order],
        "exact": [exact[t] for t in order],
    }


def draw_words(table: style.Table, axes: style.Axes) -> None:
    """Three bars for each word."""
    names = {
        "masked": "mask at each token",
        "two": "two masked draws, weighted",
        "exact": "given that it is valid",
    }
    for n, (column, label) in enumerate(names.items()):
        x = [word + 0.27 * (n - 1) for word in table["word"]]
        axes.bar(
            x,
            table[column],
            0.25,
            color=style.SERIES[n],
            label=label,
        )
    axes.set_xticks(table["word"], output.MENU)
    axes.set_ylim(0, 0.75)
    axes.set_ylabel("probability")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper center")


def apart(p: dict[Any, float], q: dict[Any, float]) -> float:
    """Total variation distance."""
    return 0.5 * sum(abs(p[t] - q[t]) for t in p)


def by_text(law: dict[tuple[int, ...], float]) -> dict[str, float]:
    """Probabilities of texts: sums over their token sequences."""
    names, _ = vocabulary()
    out: dict[str, float] = {}
    for t, p in law.items():
        text = "".join(names[i] for i in t)
        out[text] = out.get(text, 0.0) + p
    return out


def usual(tree: Any, behind: str) -> Any:
    """The tree with the sequences alone that the tokenizer makes of the six texts."""
    _, merges = vocabulary()
    rows = [tuple(bpe.encode(word + behind, merges)) for word in WORDS]
    heads = {row[:n] for row in rows for n in range(1, len(row) + 1)}
    return {
        t: {i: p for i, p in after.items() if (*t, i) in heads}
        for t, after in tree.items()
        if not t or t in heads
    }


def spread(behind: str) -> style.Table:
    """Of each prompt: share that is valid without a mask, divergence and distance of the masked texts, weights."""
    columns = (
        "valid",
        "bits",
        "apart",
        "usual apart",
        "unusual",
        "masked unusual",
        "effective",
        "may",
        "masked may",
        "usual may",
    )
    table: style.Table = {column: [] for column in columns}
    for tree in trees(behind):
        f, fewer = output.future(tree), usual(tree, behind)
        q, p = output.law(tree, {}), output.law(tree, f)
        few = output.law(fewer, {})
        exact, masked, kept = by_text(p), by_text(q), by_text(few)
        may = WORDS[-1] + behind
        square = sum(q[t] * output.kept(tree, t) ** 2 for t in q)
        values = (
            f[()],
            sum(p[t] * math.log2(p[t] / q[t]) for t in p),
            apart(exact, masked),
            apart(exact, kept),
            1 - sum(p[t] for t in few),
            1 - sum(q[t] for t in few),
            f[()] ** 2 / square,
            exact[may],
            masked[may],
            kept[may],
        )
        for column, value in zip(columns, values, strict=True):
            table[column].append(value)
    return table


def prompted() -> style.Table:
    """The six words."""
    return spread("")


def spaced() -> style.Table:
    """The six words with a space behind them."""
    return spread(" ")


def draw_prompted(table: style.Table, axes: style.Axes) -> None:
    """A mark for each prompt and mask, by the share of valid texts."""
    for n, (column, label, mark) in enumerate(
        (("apart", "all tokens that fit", "o"), ("usual apart", "the tokenizer's own", "^"))
    ):
        axes.plot(table["valid"], table[column], mark, color=style.SERIES[n], ms=5, label=label)
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("share of valid texts without a mask")
    axes.set_ylabel("distance from exact")
    axes.legend(loc="upper right")


def groups(sequences: list[tuple[int, ...]]) -> Tensor:
    """Which text each token sequence is: (S, T)."""
    names, _ = vocabulary()
    said = ["".join(names[i] for i in t) for t in sequences]
    kinds = sorted(set(said))
    return torch.eye(len(kinds), dtype=torch.float64)[[kinds.index(text) for text in said]]


def cures() -> style.Table:
    """Distance of texts from exact against draws: weights, and bounds that are learnt; 30 prompts."""
    table: style.Table = {"draws": [float(n) for n in DRAWS]}
    far: dict[str, list[list[float]]] = {"weights": [], "learnt": []}
    generator = torch.Generator().manual_seed(0)
    for tree in trees(""):
        p, masked = output.law(tree, output.future(tree)), output.law(tree, {})
        sequences, group = list(p), groups(list(p))
        exact = torch.tensor(list(p.values()), dtype=torch.float64)
        q = torch.tensor([masked[t] for t in p], dtype=torch.float64)
        weight = torch.tensor([output.kept(tree, t) for t in p], dtype=torch.float64)
        out = [output.resampled(q, weight, n, 4000, generator) for n in DRAWS]
        laws = torch.zeros(max(DRAWS), len(p), dtype=torch.float64)
        for _ in range(RUNS):
            bound: dict[tuple[int, ...], float] = {}
            for n in range(max(DRAWS)):
                now = output.law(tree, bound)
                row = torch.tensor([now[t] for t in p], dtype=torch.float64)
                laws[n] += row / RUNS
                output.learn(tree, bound, sequences[int(row.multinomial(1, generator=generator))])
        for name, rows in (("weights", out), ("learnt", [laws[n - 1] for n in DRAWS])):
            far[name].append([0.5 * float(((row - exact) @ group).abs().sum()) for row in rows])
    for name, values in far.items():
        table[name] = [fmean(column) for column in zip(*values, strict=True)]
        table[f"{name} spread"] = [stdev(column) for column in zip(*values, strict=True)]
    return table


def draw_cures(table: style.Table, axes: style.Axes) -> None:
    """Two curves with bands."""
    for n, (name, label, mark) in enumerate(
        (("weights", "one of n by weight", "o-"), ("learnt", "n-th with learnt bounds", "s--"))
    ):
        y, spread = table[name], table[f"{name} spread"]
        axes.plot(table["draws"], y, mark, color=style.SERIES[n], ms=4, label=label)
        low = [max(0.0, a - b) for a, b in zip(y, spread, strict=True)]
        high = [a + b for a, b in zip(y, spread, strict=True)]
        axes.fill_between(table["draws"], low, high, color=style.SERIES[n], alpha=0.15, lw=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(DRAWS, [str(n) for n in DRAWS])
    axes.set_ylim(0, 1)
    axes.set_xlabel("masked draws n")
    axes.set_ylabel("distance from exact")
    axes.legend(loc="upper right")


@cache
def answers(limit: int, budget: bool) -> list[tuple[tuple[int, ...], bool]]:
    """Masked answers of the site's GPT to the schema, behind 24 prompts of 12 tokens, at a token limit."""
    starts = [tuple(piece[:READ]) for piece in texts.loaded()[1][:ANSWERS].tolist()]
    generator = torch.Generator().manual_seed(limit)
    out: list[tuple[tuple[int, ...], bool]] = output.write(
        gpt, shared(), starts, limit, generator, budget
    )
    return out


@cache
def shared() -> Any:
    """The masks of the schema, kept between runs."""
    return output.Masks(schema.compile_schema(schema.ORDER), vocabulary()[0])


def limits() -> style.Table:
    """Share of answers that are complete at a token limit, and that a check then calls valid."""
    names, _ = vocabulary()
    table: style.Table = {"limit": [float(n) for n in LIMITS]}
    for name, budget in (("mask", False), ("budget", True)):
        table[name], table[f"{name} valid"] = [], []
        for limit in LIMITS:
            rows = answers(limit, budget)
            said = ["".join(names[i] for i in row[READ:]) for row, _ in rows]
            good = [not schema.faults(text, end) for text, (_, end) in zip(said, rows, strict=True)]
            table[name].append(fmean(float(end) for _, end in rows))
            table[f"{name} valid"].append(fmean(map(float, good)))
    return table


def chance(tokens: tuple[int, ...], forced: str, wanted: str) -> tuple[float, float]:
    """Probability that the text goes on with `wanted`: by the model, and if tokens must fit `forced` first."""
    names, _ = vocabulary()
    if not wanted:
        return 1.0, 1.0
    p = gpt([tokens])[0].tolist()
    fits = sum(p[i] for i, t in enumerate(names) if t.startswith(forced) or forced.startswith(t))
    whole = masked = 0.0
    for i, token in enumerate(names):
        if token.startswith(wanted):
            whole += p[i]
            masked += p[i] / fits
        elif wanted.startswith(token):
            one, two = chance((*tokens, i), forced[len(token) :], wanted[len(token) :])
            whole += p[i] * one
            masked += p[i] / fits * two
    return whole, masked


def healing() -> style.Table:
    """Bits for the rest of a word whose first half ends the prompt: as it is, one token taken back, exact."""
    names, merges = vocabulary()
    table: style.Table = {"plain": [], "healed": [], "exact": []}
    for piece in texts.loaded()[1].tolist():
        at = [n for n in range(16, 40) if len(names[piece[n]]) >= 4 and names[piece[n]].isascii()]
        if not at:
            continue
        token = names[piece[at[0]]]
        half, rest = token[: len(token) // 2], token[len(token) // 2 :]
        text = "".join(names[i] for i in piece[: at[0]]) + half
        prompt = tuple(bpe.encode(text.encode("latin-1").decode(errors="replace"), merges))
        last = names[prompt[-1]]
        before = prompt[:-1]
        whole, healed = chance(before, last, last + rest)
        table["plain"].append(-math.log2(chance(prompt, "", rest)[0]))
        table["healed"].append(-math.log2(healed))
        table["exact"].append(-math.log2(whole / chance(before, last, last)[0]))
    return {
        f"{name}{what}": [of(values)]
        for name, values in table.items()
        for what, of in (("", fmean), (" spread", stdev), (" number", lambda v: float(len(v))))
    }


def masks() -> style.Table:
    """Characters looked at for a mask, one token after the other and by the tree, in the states of 24 answers."""
    answers(LIMITS[-1], budget=False)
    kept, names = shared(), vocabulary()[0]
    loop, tree, allowed = [], [], []
    for state in list(kept.kept):
        fresh = output.Masks(kept.grammar, names)
        allowed.append(float(len(fresh(state))))
        tree.append(float(fresh.steps))
        looked = 0
        for token in names:
            after = state
            for c in token:
                looked += 1
                after = output.advance(kept.grammar, after, c)
                if not after:
                    break
        loop.append(float(looked))
    return {
        "states": [float(len(loop))],
        "loop": [fmean(loop)],
        "loop most": [max(loop)],
        "tree": [fmean(tree)],
        "tree most": [max(tree)],
        "allowed most": [max(allowed)],
        "one allowed": [float(sum(n == 1 for n in allowed))],
    }


FIGURES = [
    style.Recipe("inference/structured-output/words", words, draw_words, (440, 270)),
    style.Recipe(
        "inference/structured-output/prompted",
        prompted,
        draw_prompted,
        (440, 270),
        tolerance=0.02,
        absolute=1e-4,
    ),
    style.Recipe(
        "inference/structured-output/cures",
        cures,
        draw_cures,
        (440, 270),
        tolerance=0.02,
        absolute=0.02,
    ),
    Numbers("inference/structured-output/spaced", spaced, tolerance=0.02, absolute=1e-4),
    Numbers("inference/structured-output/limits", limits, tolerance=0.02, absolute=0.1),
    Numbers("inference/structured-output/healing", healing, tolerance=0.02, absolute=0.02),
    Numbers("inference/structured-output/masks", masks, tolerance=0.02, absolute=2.1),
]

if __name__ == "__main__":
    style.main(FIGURES)
