"""What cannot be read in a diagram: words that leave their shape or touch something, arrows that cross."""

from collections.abc import Iterator
from itertools import combinations

from scripts.figures.diagram.shapes import Arrow, Box, Point, Shape, Words
from scripts.figures.diagram.sheet import Sheet

__all__ = ["faults"]

SMALLEST = 11.0
"""Of the letters, in pixels as shown; the wide drawing is shown 672 pixels wide in a window of 1280."""
SHOWN = 672 / 704
MARGIN = 3.0
"""Between words and the edge of their shape."""
HOLLOW = ("frame",)
"""Shapes that stand around others."""


def _meet(a: Box, b: Box, air: float = 0.0) -> bool:
    """Whether two boxes overlap, or come nearer than that."""
    return a[0] < b[2] + air and b[0] < a[2] + air and a[1] < b[3] + air and b[1] < a[3] + air


def _spread(a: Point, b: Point, air: float = 0.0) -> Box:
    """The box around a straight piece."""
    return (
        min(a[0], b[0]) - air, min(a[1], b[1]) - air, max(a[0], b[0]) + air, max(a[1], b[1]) + air
    )  # fmt: skip


def _corners(box: Box) -> list[Point]:
    return [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])]


def _of_words(words: list[Words], shapes: list[Shape], arrows: list[Arrow]) -> Iterator[str]:
    for line in words:
        shape = line.inside
        if shape and not all(shape.holds(corner, MARGIN) for corner in _corners(line.box)):
            yield f"“{line.text}” leaves its {shape.kind}"
        for other in shapes:
            if other is not shape and other.kind not in HOLLOW and _meet(line.box, other.box):
                yield f"“{line.text}” touches a {other.kind} at {other.x:g}, {other.y:g}"
        for arrow in arrows:
            if any(_meet(line.box, _spread(a, b, 2.0)) for a, b in arrow.segments):
                yield f"an arrow from {arrow.points[0]} crosses “{line.text}”"
    for one, two in combinations(words, 2):
        if _meet(one.box, two.box):
            yield f"“{one.text}” and “{two.text}” overlap"


def _crossing(one: Arrow, two: Arrow) -> bool:
    """Whether two arrows cross or run upon each other; they may part from one tail and meet in one tip."""
    ends = {one.points[0], one.points[-1]} & {two.points[0], two.points[-1]}
    if ends:
        return False
    for a, b in one.segments:
        for c, d in two.segments:
            if _meet(_spread(a, b), _spread(c, d), 1.0):
                return True
    return False


def _of_arrows(arrows: list[Arrow], shapes: list[Shape]) -> Iterator[str]:
    for arrow in arrows:
        for a, b in arrow.segments:
            if a[0] != b[0] and a[1] != b[1]:
                yield f"the arrow from {arrow.points[0]} is slanted from {a} to {b}"
            steps = max(int(max(abs(b[0] - a[0]), abs(b[1] - a[1])) / 2), 1)
            places = [
                (a[0] + (b[0] - a[0]) * i / steps, a[1] + (b[1] - a[1]) * i / steps)
                for i in range(steps + 1)
            ]
            for shape in shapes:
                if shape.kind in (*HOLLOW, "dot"):
                    continue
                if any(shape.holds(place, 0.5) for place in places):
                    yield f"the arrow from {arrow.points[0]} runs through a {shape.kind}"
    for one, two in combinations(arrows, 2):
        if _crossing(one, two):
            yield f"the arrows from {one.points[0]} and {two.points[0]} cross"


def faults(sheet: Sheet) -> list[str]:
    """What is wrong with a drawing; empty if it can be read."""
    found = [*_of_words(sheet.words, sheet.shapes, sheet.arrows)]
    found += _of_arrows(sheet.arrows, sheet.shapes)
    for one, two in combinations(sheet.shapes, 2):
        if one.kind not in HOLLOW and two.kind not in HOLLOW and _meet(one.box, two.box, -1.0):
            found.append(f"a {one.kind} and a {two.kind} overlap at {two.x:g}, {two.y:g}")
    scale = 1.0 if sheet.narrow else SHOWN
    found += [
        f"“{line.text}” is shown smaller than {SMALLEST:g} pixels"
        for line in sheet.words
        if line.size * scale < SMALLEST
    ]
    within = (0.0, 0.0, sheet.width, sheet.height)
    for name, box in [
        *((f"“{line.text}”", line.box) for line in sheet.words),
        *((f"a {shape.kind}", shape.box) for shape in sheet.shapes),
        *(("an arrow", _spread(a, b)) for arrow in sheet.arrows for a, b in arrow.segments),
    ]:
        if not (
            within[0] <= box[0] and within[1] <= box[1]
            and box[2] <= within[2] and box[3] <= within[3]
        ):  # fmt: skip
            found.append(f"{name} leaves the drawing")
    return found
