"""docs/inference/sampling/diagram.svg: from the logits of the next token to the token."""

import math
from importlib import import_module

import torch

from scripts.figures import diagram, style
from scripts.figures.sampling import BASE

sampling = import_module("docs.inference.sampling.sampling")

U = 0.6
RULE = sampling.Settings(top_p=0.9)


def numbers() -> style.Table:
    """Logits of the example in units of log 2, what top-p 0.9 makes of them, and the word that u picks."""
    z = torch.tensor(sampling.P, dtype=torch.float64).log() + BASE
    p = sampling.distribution(z, RULE)
    word = sampling.draw(p, torch.tensor(U, dtype=torch.float64))
    return {"z": (z / math.log(2)).tolist(), "p": p.tolist(), "u": [U], "word": [float(word)]}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One way from the text to the word that is appended; settings come from above."""
    (narrow if sheet.narrow else wide)(table, sheet)


def columns(table: style.Table) -> tuple[list[str], list[str], str]:
    """Each word with its logit, with its probability, and the word that is drawn."""
    logits = [f"{w} {v:.0f}" for w, v in zip(sampling.WORDS, table["z"], strict=True)]
    shares = [f"{w} {v:.2f}" for w, v in zip(sampling.WORDS, table["p"], strict=True)]
    return logits, shares, sampling.WORDS[int(table["word"][0])]


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, and back."""
    z, p, word = columns(table)
    sheet.band(0, 288)
    text = sheet.box(52, 154, 86, 34, "Ann drinks")
    model = sheet.network(140, 154, 64, 46, "Model")
    logits = sheet.box(220, 154, 68, 128, *z)
    penalty = sheet.pill(310, 154, 84, 50, "penalise", "if $c$ > 0")
    heat = sheet.pill(400, 154, 70, 50, "divide", "by $T$")
    cut = sheet.pill(492, 154, 90, 64, "softmax,", "cut the", "rest")
    chosen = sheet.box(588, 154, 78, 128, *p)
    pick = sheet.pill(666, 154, 54, 40, "draw")
    sheet.label(220, 236, "logits $z$", size=12.5)
    sheet.label(588, 236, "sum 1: $q$", size=12.5)
    count = sheet.box(310, 48, 92, 32, "counts $c$")
    temperature = sheet.box(400, 48, 50, 32, "$T$ = 1")
    settings = sheet.box(492, 48, 88, 32, "top-p 0.9")
    chance = sheet.box(662, 48, 66, 32, f"$u$ = {table['u'][0]:.1f}", random=True)
    out = sheet.box(666, 262, 54, 30, word)
    sheet.chain([text, model, logits, penalty, heat, cut, chosen, pick, out])
    sheet.arrow(count, penalty)
    sheet.arrow(temperature, heat)
    sheet.arrow(settings, cut)
    sheet.arrow(chance.bottom(4), pick.top())
    sheet.arrow(text.top(), count.left(), via=[(52, 48)])
    sheet.arrow(out.left(), text.bottom(), via=[(52, 262)])
    sheet.label(400, 280, "append, and read again", size=12.5)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom, and back at the left."""
    z, p, word = columns(table)
    sheet.band(0, 676)
    text = sheet.box(150, 30, 110, 32, "Ann drinks")
    model = sheet.network(150, 92, 84, 44, "Model")
    logits = sheet.box(150, 198, 76, 124, *z)
    penalty = sheet.pill(150, 306, 110, 50, "penalise", "if $c$ > 0")
    heat = sheet.pill(150, 374, 104, 36, "divide by $T$")
    cut = sheet.pill(150, 442, 108, 50, "softmax,", "cut the rest")
    chosen = sheet.box(150, 556, 84, 124, *p)
    pick = sheet.pill(272, 556, 64, 36, "draw")
    out = sheet.box(272, 644, 64, 30, word)
    sheet.label(104, 202, "logits $z$", anchor="end", size=12.5)
    sheet.label(102, 560, "$q$", anchor="end", size=12.5)
    count = sheet.box(290, 306, 90, 30, "counts $c$")
    temperature = sheet.box(290, 374, 56, 30, "$T$ = 1")
    settings = sheet.box(290, 442, 88, 30, "top-p 0.9")
    chance = sheet.box(272, 500, 72, 28, f"$u$ = {table['u'][0]:.1f}", random=True)
    sheet.chain([text, model, logits, penalty, heat, cut, chosen, pick, out])
    sheet.arrow(count, penalty)
    sheet.arrow(temperature, heat)
    sheet.arrow(settings, cut)
    sheet.arrow(chance, pick)
    sheet.arrow(text.right(), count.top(), via=[(290, 30)])
    sheet.arrow(out.left(), text.left(), via=[(24, 644), (24, 30)])
    sheet.label(36, 664, "append, and read again", anchor="start", size=12.5)


FIGURES = [diagram.Recipe("inference/sampling/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
