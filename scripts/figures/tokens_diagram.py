"""docs/architectures/tokens/diagram.svg: what is learned from a text, and a new text on its way in and out."""

from docs.architectures.tokens import tokens
from scripts.figures import diagram, style

NEW = b"bana?"
ANSWER = b"banana"
"""What a network might write after it: other numbers than it read."""


def numbers() -> style.Table:
    """The merges of the example, the bytes of the new text, its tokens, and those of an answer."""
    merges = tokens.train(b"banana bandana", 3)
    return {
        "left": [float(a) for a, _ in merges],
        "right": [float(b) for _, b in merges],
        "bytes": [float(byte) for byte in NEW],
        "tokens": [float(token) for token in tokens.encode(NEW, merges)],
        "answer": [float(token) for token in tokens.encode(ANSWER, merges)],
    }


def merged(table: style.Table) -> tuple[list[str], list[str]]:
    """What each token of the list stands for, and the list of merges line by line."""
    merges = [(int(a), int(b)) for a, b in zip(table["left"], table["right"], strict=True)]
    names = [piece.decode("latin-1") for piece in tokens.vocabulary(merges)]
    return names, [f"{256 + n} = {names[a]} + {names[b]}" for n, (a, b) in enumerate(merges)]


def row(table: style.Table, key: str) -> tuple[list[str], list[str]]:
    """The words and the numbers of a row of boxes."""
    names, _ = merged(table)
    numbers = [int(token) for token in table[key]]
    return [names[token] for token in numbers], [f"{token}" for token in numbers]


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Learning above, a new text on its way in below it, and numbers on their way out at the bottom."""
    _, lines = merged(table)
    _, raw = row(table, "bytes")
    names, numbers = row(table, "tokens")
    said, written = row(table, "answer")
    sheet.band(0, 134, "Learn", "once, by counting")
    text = sheet.box(84, 78, 136, 34, "banana bandana")
    start = sheet.pill(240, 78, 108, 46, "cut into words,", "then bytes")
    step = sheet.pill(402, 78, 142, 46, "join the most", "frequent pair")
    merges = sheet.network(574, 78, 128, 84, "\n".join(lines))
    sheet.arrow(
        step.top(-30), step.top(30), "again and again", via=[(372, 40), (432, 40)], side="above"
    )
    sheet.label(648, 76, "list of", "merges", anchor="start")
    sheet.chain([text, start, step, merges])
    sheet.band(146, 134, "Encode", "a new text becomes a row of numbers")
    word = sheet.box(52, 222, 72, 34, NEW.decode())
    given = sheet.tokens(176, 222, raw[:-1], gap=0, width=34) + sheet.tokens(
        271, 222, raw[-1:], gap=0, width=34
    )
    sheet.label(192, 258, "two words as bytes (UTF-8)")
    apply = sheet.pill(367, 222, 126, 46, "join by the list,", "oldest pair first")
    cut = sheet.tokens(506, 206, names, gap=0, width=40)
    below = sheet.tokens(506, 240, numbers, gap=0, width=40)
    sheet.label(506, 272, "tokens and their numbers")
    rows = sheet.network(636, 222, 104, 62, "Embeddings", r"$V \times E$", gloss="a row for each")
    sheet.arrow(word, given[0])
    sheet.arrow(given[-1].right(), apply.left())
    sheet.arrow(merges.bottom(), apply.top(), via=166)
    sheet.arrow(apply.right(), diagram.Port(cut[0].x - 20, 222, -1, 0))
    sheet.arrow(diagram.Port(below[-1].x + 20, 222, 1, 0), rows.left())
    sheet.band(292, 96, "Decode", "other numbers, which the network wrote, become a text")
    model = sheet.network(70, 352, 84, 40, "network")
    wrote = sheet.tokens(192, 352, written, gap=0, width=40)
    look = sheet.pill(322, 352, 110, 36, "look up each")
    found = sheet.tokens(456, 352, said, gap=0, width=40)
    join = sheet.pill(562, 352, 62, 36, "join")
    out = sheet.box(654, 352, 74, 34, ANSWER.decode())
    sheet.arrow(rows.bottom(), model.left(), via=[(636, 286), (6, 286), (6, 352)])
    sheet.arrow(model, wrote[0])
    sheet.arrow(wrote[-1], look)
    sheet.arrow(look, found[0])
    sheet.arrow(found[-1], join)
    sheet.arrow(join, out)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same parts from top to bottom."""
    _, lines = merged(table)
    _, raw = row(table, "bytes")
    names, numbers = row(table, "tokens")
    said, written = row(table, "answer")
    sheet.band(0, 266, "Learn", "once, by counting")
    text = sheet.box(110, 54, 136, 32, "banana bandana")
    start = sheet.pill(110, 104, 170, 32, "cut into words, bytes")
    step = sheet.pill(110, 154, 190, 32, "join most frequent pair")
    merges = sheet.network(110, 222, 128, 62, "\n".join(lines))
    sheet.arrow(
        diagram.Port(205, 162, 1, 0), diagram.Port(205, 146, 1, 0), via=[(224, 162), (224, 146)]
    )
    sheet.label(232, 154, "again and", "again", anchor="start")
    sheet.label(184, 226, "list of merges", anchor="start")
    sheet.chain([text, start, step, merges])
    sheet.band(278, 348, "Encode")
    word = sheet.box(240, 330, 72, 32, NEW.decode())
    sheet.tokens(216, 386, raw[:-1], gap=0, width=34)
    sheet.tokens(311, 386, raw[-1:], gap=0, width=34)
    apply = sheet.pill(240, 444, 190, 36, "join, oldest pair first")
    cut = sheet.tokens(240, 498, names, gap=0, width=40)
    below = sheet.tokens(240, 532, numbers, gap=0, width=40)
    rows = sheet.network(240, 592, 150, 44, "Embeddings", r"$V \times E$")
    sheet.label(143, 380, "two words", "as bytes", anchor="end")
    sheet.label(172, 503, "tokens,", "numbers", anchor="end")
    sheet.label(154, 590, "a row for", "each number", anchor="end")
    sheet.arrow(word.bottom(), diagram.Port(240, 369, 0, -1))
    sheet.arrow(diagram.Port(240, 403, 0, 1), apply.top())
    sheet.arrow(merges.bottom(-35), apply.left(), via=[(75, 444)])
    sheet.arrow(apply, cut[1])
    sheet.arrow(below[1], rows)
    sheet.band(638, 282, "Decode", "the way back")
    model = sheet.network(240, 690, 100, 36, "network")
    wrote = sheet.tokens(240, 742, written, gap=0, width=40)
    look = sheet.pill(240, 790, 124, 30, "look up each")
    found = sheet.tokens(240, 838, said, gap=0, width=40)
    join = sheet.pill(240, 886, 70, 30, "join")
    out = sheet.box(110, 886, 80, 32, ANSWER.decode())
    sheet.arrow(rows, model)
    centre = [diagram.Shape("cell", 240, part.y, part.w, part.h) for part in (wrote[0], found[0])]
    sheet.chain([model, centre[0], look, centre[1], join])
    sheet.arrow(join, out)


FIGURES = [diagram.Recipe("architectures/tokens/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
