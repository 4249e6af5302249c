r"""docs/architectures/positions/diagram.svg: where each of four schemes enters attention, with one pair of words.

Each column is the way from two words to one score; the pill with a wash is the scheme.
"""

from functools import partial

import torch

from docs.architectures.positions import positions
from scripts.figures import diagram, style

pair = partial(diagram.vector, form=".0f")
TALL, BROAD, GAP = 478, 170, 8


def numbers() -> style.Table:
    """The key of "dog" at 0 and the query of "bites" at 1, before and behind each scheme, and their scores."""
    at = torch.arange(3, dtype=torch.float64)
    turn = torch.tensor([torch.pi / 2], dtype=torch.float64)
    k, q = torch.tensor([[0.0, 2]]).double(), torch.tensor([[1.0, 1]]).double()
    table = {"k": k[0].tolist(), "q": q[0].tolist()}
    for name, x, i in (("k", k, at[:1]), ("q", q, at[1:2])):
        table[f"{name} vector"] = positions.sinusoidal(i, 2, turn)[0].tolist()
        table[f"{name} added"] = (x + positions.sinusoidal(i, 2, turn))[0].tolist()
        table[f"{name} turned"] = positions.rope(x, i, turn)[0].tolist()
    for scheme, causal in (("none", True), ("sinusoidal", False), ("rope", False), ("alibi", True)):
        scores, _ = positions.example(scheme, at, causal)
        table[f"score {scheme}"] = [scores[0].item()]
    return {name: [round(v, 9) + 0.0 for v in column] for name, column in table.items()}


def column(
    table: style.Table, sheet: diagram.Sheet, left: float, top: float, scheme: str, name: str
) -> None:
    """One schematic: from "dog" and "bites" at the top to their score at the bottom."""
    sheet.band(top, TALL, name, x=left, width=BROAD)
    x_k, x_q, middle = left + 45, left + 125, left + 85
    before = " added" if scheme == "sinusoidal" else ""
    ends = []
    for x, word, place, letter, projection in (
        (x_k, "dog", 0, "k", "$W_K$"),
        (x_q, "bites", 1, "q", "$W_Q$"),
    ):
        parts = [sheet.box(x, top + 60, 74, 40, word, gloss=f"position {place}")]
        if scheme == "sinusoidal":
            added = pair(table[f"{letter} vector"])
            parts.append(sheet.pill(x, top + 114, 66, 34, f"+ {added}", marked=True))
        parts.append(sheet.network(x, top + 170, 66, 34, projection))
        value = pair(table[f"{letter}{before}"])
        parts.append(sheet.box(x, top + 222, 66, 26, value))
        if scheme == "rope":
            parts.append(sheet.pill(x, top + 270, 66, 26, f"turn {90 * place}°", marked=True))
            value = pair(table[f"{letter} turned"])
            parts.append(sheet.box(x, top + 314, 66, 26, value))
        sheet.chain(parts)
        ends.append(parts[-1])
    product = sheet.pill(middle, top + 360, 130, 26, r"inner product")
    for end in ends:
        sheet.arrow(end, product.top(end.x - middle))
    final = f"{table[f'score {scheme}'][0]:g}"
    if scheme == "alibi":
        parts = [product, sheet.pill(middle, top + 404, 130, 26, "− 0.5 · distance", marked=True)]
    elif scheme == "none":
        parts = [product, sheet.pill(middle, top + 404, 130, 26, "mask what follows", marked=True)]
    else:
        parts = [product]
    sheet.chain([*parts, sheet.box(middle, top + 450, 110, 30, f"score {final}")])


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Four columns, on a phone two by two."""
    ways = (
        ("sinusoidal", "Added vectors"),
        ("rope", "RoPE"),
        ("alibi", "ALiBi"),
        ("none", "Causal mask alone"),
    )
    for number, (scheme, name) in enumerate(ways):
        row, place = divmod(number, 2) if sheet.narrow else (0, number)
        broad = BROAD + (GAP + 2 if sheet.narrow else GAP)
        column(table, sheet, place * broad, row * (TALL + GAP), scheme, name)


FIGURES = [diagram.Recipe("architectures/positions/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
