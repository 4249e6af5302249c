"""docs/inference/gist/*.svg: what gist tokens carry, by rules and by entries; surprises, few prompts."""

from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from scripts.figures import style
from scripts.figures.numbers import Numbers
from scripts.figures.seeds import MARKS, put

code: Any = import_module("docs.inference.gist.gist")

SEEDS, STEPS, LETTERS, GISTS = 5, 600, 8, (1, 2, 4)
ASKED, EXAMPLES = 4, 300  # letters of an input, prompts of a test
USUAL, KEEP, TABLES = 0.85, 2, 16
SOFT, PASSES, SOFT_RATE = 10, 100, 0.1  # prompts with a cache of their own, its steps, their rate


@cache
def net(gists: int, masked: bool = True) -> Any:
    """Networks that have been trained with so many gist tokens, or without the mask."""
    torch.set_num_threads(1)
    return code.train(code.Task(LETTERS, gists), SEEDS, STEPS, masked)


def right(logits: Tensor, wanted: Tensor, of: Tensor | None = None) -> list[float]:
    """The share of right answers of each network, of all or of some: logits (S, B, m, DIGITS), wanted (S, B, m)."""
    hit = (logits[:, :, -wanted.shape[-1] :].argmax(-1) == wanted).double()
    weight = torch.ones_like(hit) if of is None else of.double()
    return list(((hit * weight).sum((1, 2)) / weight.sum((1, 2))).tolist())


def read(
    weights: Any, task: Any, n: int, keep: int = 0, masked: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, what is wanted, and what is a surprise, on fresh prompts of n rules."""
    draw = torch.Generator().manual_seed(100 + n)
    tokens, wanted, rare = task.draw(SEEDS, EXAMPLES, n, ASKED, draw, keep)
    mask = code.gist_mask(n, task.gists, tokens.shape[-1] - n - task.gists)
    with torch.no_grad():
        logits, _ = code.forward(weights, tokens, mask if masked else torch.ones_like(mask).tril())
    return logits, wanted, rare


def carried() -> style.Table:
    """Share of right answers by number of rules: gist tokens, no mask, and the mask in use alone; least bits."""
    table: style.Table = {"rules": [float(n) for n in range(1, LETTERS + 1)]}
    for n in range(1, LETTERS + 1):
        for gists in GISTS:
            put(table, f"{gists}", right(*read(net(gists), code.Task(LETTERS, gists), n)[:2]))
            table.setdefault(f"{gists}, bits", []).append(code.bits(table[f"{gists}"][-1], n))
        task, open_ = code.Task(LETTERS, 1), net(1, masked=False)
        put(table, "open", right(*read(open_, task, n, masked=False)[:2]))
        put(table, "masked in use", right(*read(open_, task, n)[:2]))
    return table


def draw_carried(table: style.Table, axes: style.Axes) -> None:
    """A line for each number of gist tokens, and that of the whole prompt."""
    labels = {
        "open": "the whole prompt",
        "4": "4 gist tokens",
        "2": "2 gist tokens",
        "1": "1 gist token",
    }
    for k, (name, label) in enumerate(labels.items()):
        axes.errorbar(
            table["rules"], table[name], table[f"{name}, deviation"], fmt=MARKS[k],
            color=style.SERIES[k], elinewidth=1,
        )  # fmt: skip
        at = table[name][-1] + (0.015 if name == "open" else -0.01)
        axes.text(8.25, at, label, color=style.SERIES[k], va="center")
    axes.axhline(1 / code.DIGITS, color=style.MUTED, lw=1, ls=":")
    axes.text(1, 0.27, "a guess", color=style.MUTED)
    axes.set_ylim(0.2, 1.05)
    axes.set_xlim(0.8, 11.2)
    axes.set_xticks(table["rules"])
    axes.set_xlabel("rules in the prompt")
    axes.set_ylabel("share of right answers")


def cut(k: int) -> list[float]:
    """The network without a mask reads the last k rules and no gist token, and is asked for any of the eight."""
    task, draw = code.Task(LETTERS, 1), torch.Generator().manual_seed(200)
    tokens, wanted, _ = task.draw(SEEDS, EXAMPLES, LETTERS, ASKED, draw)
    tokens = torch.cat([tokens[..., LETTERS - k : LETTERS], tokens[..., -ASKED:]], -1)
    with torch.no_grad():
        mask = torch.ones(tokens.shape[-1], tokens.shape[-1], dtype=torch.bool).tril()
        return right(code.forward(net(1, masked=False), tokens, mask)[0], wanted)


def sure() -> style.Table:
    """How probable the given answer is to the network, mean over right and over wrong answers; one gist token."""
    logits, wanted, _ = read(net(1), code.Task(LETTERS, 1), LETTERS)
    top, chosen = logits[:, :, -ASKED:].softmax(-1).max(-1)
    table: style.Table = {"rules": [float(LETTERS)]}
    for name, of in (("right", chosen == wanted), ("wrong", chosen != wanted)):
        weight = of.double()
        put(table, name, list(((top * weight).sum((1, 2)) / weight.sum((1, 2))).tolist()))
    return table


def own(gists: int) -> list[float]:
    """Keys and values that are trained for one prompt each, from the gist tokens' on; the network is frozen."""
    task, draw = code.Task(LETTERS, gists), torch.Generator().manual_seed(300)
    digits = task.digits(SEEDS, SOFT, draw)
    rules = (torch.arange(LETTERS) * code.DIGITS).expand_as(digits) + digits
    marks = (torch.arange(gists) + LETTERS * code.DIGITS).expand(SEEDS, SOFT, -1)
    letters = torch.arange(LETTERS).expand_as(digits) + LETTERS * code.DIGITS + gists
    weights = net(gists)
    with torch.no_grad():
        kept = code.compress(weights, torch.cat([rules, marks], -1), gists)
    kept = [(k.clone().requires_grad_(), v.clone().requires_grad_()) for k, v in kept]
    optimiser = torch.optim.Adam([part for pair in kept for part in pair], SOFT_RATE)
    for _ in range(PASSES):
        logits = code.answer(weights, kept, letters)
        loss = functional.cross_entropy(logits.flatten(0, -2), digits.flatten(), reduction="sum")
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    with torch.no_grad():
        return right(code.answer(weights, kept, letters), digits)


def entries() -> style.Table:
    """Share of right answers, eight rules, by entries that are kept: cut, gist tokens, trained for one prompt."""
    table: style.Table = {"entries": [float(g) for g in GISTS]}
    for gists in GISTS:
        put(table, "cut", cut(gists))
        put(table, "gist", right(*read(net(gists), code.Task(LETTERS, gists), LETTERS)[:2]))
        put(table, "own", own(gists))
    return table


def draw_entries(table: style.Table, axes: style.Axes) -> None:
    """Three lines over the entries kept."""
    lines = {
        "own": "trained for the prompt",
        "gist": "gist tokens, one pass",
        "cut": "the last rules alone",
    }
    for k, (name, label) in enumerate(lines.items()):
        axes.errorbar(
            table["entries"], table[name], table[f"{name}, deviation"], fmt=MARKS[k],
            color=style.SERIES[k], elinewidth=1,
        )  # fmt: skip
        at = table[name][-1] + (0.01 if name == "own" else -0.01)
        axes.text(4.12, at, label, color=style.SERIES[k], va="center")
    axes.set_ylim(0.2, 1.05)
    axes.set_xlim(0.8, 6.4)
    axes.set_xticks(list(GISTS))
    axes.set_xlabel("entries kept in the cache, for eight rules")
    axes.set_ylabel("share of right answers")


def surprise() -> style.Table:
    """Share of right answers on usual and on surprising rules, by rules that are kept as text beside one gist token."""
    torch.set_num_threads(1)
    task = code.Task(LETTERS, 1, USUAL)
    weights = code.train(task, SEEDS, STEPS, keep=KEEP)
    table: style.Table = {"kept": [float(k) for k in range(KEEP + 1)]}
    for k in range(KEEP + 1):
        logits, wanted, rare = read(weights, task, LETTERS, k)
        put(table, "usual", right(logits, wanted, ~rare))
        put(table, "rare", right(logits, wanted, rare))
        put(table, "all", right(logits, wanted))
    return table


def few() -> style.Table:
    """Share of right answers, eight rules, after training on 16 tables: on these, and on others."""
    torch.set_num_threads(1)
    draw = torch.Generator().manual_seed(400)
    shown = torch.randint(code.DIGITS, (SEEDS, TABLES, LETTERS), generator=draw)
    task = code.Task(LETTERS, 1, tables=shown)
    weights = code.train(task, SEEDS, STEPS)
    table: style.Table = {"rules": [float(LETTERS)]}
    put(table, "shown", right(*read(weights, task, LETTERS)[:2]))
    put(table, "others", right(*read(weights, code.Task(LETTERS, 1), LETTERS)[:2]))
    return table


FIGURES = [
    style.Recipe("inference/gist/carried", carried, draw_carried, (480, 340), tolerance=0.1),
    style.Recipe("inference/gist/entries", entries, draw_entries, (480, 340), tolerance=0.1),
    Numbers("inference/gist/surprise", surprise, tolerance=0.1),
    Numbers("inference/gist/few", few, tolerance=0.1),
    Numbers("inference/gist/sure", sure, tolerance=0.1),
]

if __name__ == "__main__":
    style.main(FIGURES)
