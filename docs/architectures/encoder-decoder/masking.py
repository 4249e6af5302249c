"""Two ways to make a task of a text without labels: BERT hides single words, T5 cuts out spans.

A text is a list of words. Chance comes from a generator of the standard library.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

MASK = "[m]"


class Hidden(NamedTuple):
    """What the encoder reads, and the places where the loss is taken."""

    shown: list[str]
    asked: list[int]


# --8<-- [start:bert]
def bert(
    text: Sequence[str], words: Sequence[str], draw: random.Random, mask: float = 0.8
) -> Hidden:
    """Ask for 15 of 100 places: 80 % of these are hidden, 10 % get a word by chance, 10 % stay.

    With `mask` of 1 all are hidden. Source: devlin2019bert, sec. 3.1.
    """
    asked = sorted(draw.sample(range(len(text)), max(1, round(0.15 * len(text)))))
    shown = list(text)
    for place in asked:
        u = draw.random()
        if u < mask:
            shown[place] = MASK
        elif u < (1 + mask) / 2:
            shown[place] = draw.choice(words)
    return Hidden(shown, asked)
    # --8<-- [end:bert]


# --8<-- [start:spans]
def cut(text: Sequence[str], spans: Sequence[tuple[int, int]]) -> tuple[list[str], list[str]]:
    """Each span (first, end) becomes a sign of its own in the input; the target is what was cut, by signs.

    Source: raffel2020exploring, fig. 2.
    """
    source, target, at = list[str](), list[str](), 0
    for n, (first, end) in enumerate(spans):
        source += [*text[at:first], f"<{n}>"]
        target += [f"<{n}>", *text[first:end]]
        at = end
    return [*source, *text[at:]], [*target, f"<{len(spans)}>"]
    # --8<-- [end:spans]


# --8<-- [start:lengths]
def lengths(n: int, share: float = 0.15, mean: float = 3.0) -> tuple[int, int]:
    """Tokens of input and target, each with one sign at its end, when a share of n tokens is cut in spans.

    Source: this page, eq-encoder-decoder-spans.
    """
    gone = round(share * n)
    spans = round(gone / mean)
    return n - gone + spans + 1, gone + spans + 1
    # --8<-- [end:lengths]


def main() -> None:
    """One sentence, hidden in both ways, and the lengths of T5's rows."""
    text = "red cat sees small dog".split()
    print("BERT:", bert(text, text, random.Random(1)))
    print("T5:", cut(text, [(1, 3)]))
    print("568 tokens give input and target of", lengths(568))


if __name__ == "__main__":
    main()
