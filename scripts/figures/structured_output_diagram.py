"""docs/inference/structured-output/diagram.svg: one token, from the grammar and the model to the next state."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

output: Any = import_module("docs.inference.structured-output.structured_output")

U = 0.3


def numbers() -> style.Table:
    """p of the six tokens, which are allowed, what masking makes of them, and the token that u picks."""
    masks = output.Masks({"root": [output.literal(word) for word in output.MENU]}, output.TOKENS)
    p = output.example([()])[0]
    allowed = masks(masks.start)
    mask = [float(i in allowed) for i in range(len(p))]
    kept = sum(value * on for value, on in zip(p.tolist(), mask, strict=True))
    q = [value * on / kept for value, on in zip(p.tolist(), mask, strict=True)]
    token = next(i for i in range(len(q)) if sum(q[: i + 1]) > U)
    after = output.advance(masks.grammar, masks.start, output.TOKENS[token])
    return {
        "p": p.tolist(),
        "mask": mask,
        "q": q,
        "kept": [kept],
        "token": [float(token)],
        "next": [float(i in masks(after)) for i in range(len(p))],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One way round: text and state, mask, draw, new text and new state."""
    (narrow if sheet.narrow else wide)(table, sheet)


def columns(table: style.Table) -> tuple[list[str], list[str], list[str], str, str]:
    """Each token with p, with its mask, with q; the drawn token, and what may come after it."""
    rows = [
        [
            f"{name} {value * over:.0f}/{over}" if value and over > 1 else f"{name} {value:.0f}"
            for name, value in zip(output.TOKENS, table[column], strict=True)
        ]
        for column, over in (("p", 8), ("mask", 1), ("q", 7))
    ]
    after = [name for name, on in zip(output.TOKENS, table["next"], strict=True) if on]
    return rows[0], rows[1], rows[2], output.TOKENS[int(table["token"][0])], ", ".join(after)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Grammar above, model below, from left to right and back."""
    p, mask, q, token, after = columns(table)
    sheet.band(0, 420)
    state = sheet.box(66, 92, 104, 62, "still possible:", "tea, milk,", "coke")
    vocabulary = sheet.box(196, 32, 110, 30, "all tokens")
    fits = sheet.pill(196, 92, 92, 50, "which", "tokens fit?")
    allowed = sheet.box(322, 92, 74, 128, *mask)
    text = sheet.box(66, 260, 86, 34, "Ann drinks")
    model = sheet.network(196, 260, 70, 46, "Model")
    shares = sheet.box(322, 260, 78, 128, *p)
    keep = sheet.pill(
        448, 260, 104, 64, "others to 0,", "divide by", f"$m$ = {8 * table['kept'][0]:.0f}/8"
    )
    masked = sheet.box(562, 260, 78, 128, *q)
    pick = sheet.pill(656, 260, 54, 40, "draw")
    chance = sheet.box(656, 190, 72, 32, f"$u$ = {U}", random=True)
    out = sheet.box(656, 386, 54, 30, token)
    sheet.label(372, 96, "mask", anchor="start", size=12.5)
    sheet.label(322, 344, "$p$", size=12.5)
    sheet.label(562, 344, "$q$", size=12.5)
    move = sheet.pill(562, 92, 116, 50, "advance", "the grammar")
    new = sheet.box(656, 32, 74, 30, f"then: {after}")
    sheet.chain([state, fits, allowed])
    sheet.arrow(vocabulary, fits)
    sheet.chain([text, model, shares, keep, masked, pick, out])
    sheet.arrow(allowed.right(28), keep.top(), via=[(448, 120)])
    sheet.arrow(chance, pick)
    sheet.arrow(out.left(), text.bottom(), via=[(66, 386)])
    sheet.label(300, 406, "append, and read again", size=12.5)
    sheet.arrow(out.right(), move.right(), via=[(696, 386), (696, 92)])
    sheet.arrow(move.top(), new.left(), via=[(562, 32)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom: the grammar at the left, the model at the right."""
    p, mask, q, token, after = columns(table)
    sheet.band(0, 712)
    vocabulary = sheet.box(92, 30, 110, 30, "all tokens")
    fits = sheet.pill(92, 174, 110, 40, "which fit?")
    state = sheet.box(92, 102, 124, 56, "still possible:", "tea, milk, coke")
    allowed = sheet.box(92, 284, 74, 124, *mask)
    text = sheet.box(258, 30, 110, 30, "Ann drinks")
    model = sheet.network(258, 102, 84, 44, "Model")
    shares = sheet.box(258, 284, 78, 124, *p)
    keep = sheet.pill(
        176, 400, 120, 62, "others to 0,", "divide by", f"$m$ = {8 * table['kept'][0]:.0f}/8"
    )
    masked = sheet.box(176, 506, 78, 124, *q)
    pick = sheet.pill(176, 606, 64, 34, "draw")
    chance = sheet.box(78, 606, 72, 30, f"$u$ = {U}", random=True)
    out = sheet.box(176, 662, 64, 30, token)
    move = sheet.pill(272, 606, 112, 48, "advance", "the grammar")
    new = sheet.box(272, 530, 84, 30, f"then: {after}")
    sheet.label(50, 290, "mask", anchor="end", size=12.5)
    sheet.label(302, 290, "$p$", anchor="start", size=12.5)
    sheet.label(130, 512, "$q$", anchor="end", size=12.5)
    sheet.arrow(state, fits)
    sheet.arrow(vocabulary.left(), fits.left(), via=[(20, 30), (20, 174)])
    sheet.arrow(fits, allowed)
    sheet.chain([text, model, shares])
    sheet.arrow(allowed.bottom(), keep.left(), via=[(92, 400)])
    sheet.arrow(shares.bottom(), keep.right(), via=[(258, 400)])
    sheet.arrow(out.bottom(), text.right(), via=[(176, 690), (338, 690), (338, 30)])
    sheet.chain([keep, masked, pick, out])
    sheet.arrow(chance, pick)
    sheet.arrow(out.right(), move.bottom(), via=[(272, 662)])
    sheet.arrow(move, new)
    sheet.label(20, 690, "append, read again", anchor="start", size=12.5)


FIGURES = [diagram.Recipe("inference/structured-output/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
