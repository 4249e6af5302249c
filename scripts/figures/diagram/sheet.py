"""The sheet that a diagram is drawn on: one method for each part of the visual language.

The methods draw a part and return its `Shape`, whose sides are the ends of arrows. Places are centres.
Every string may hold formulas between dollar signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scripts.extensions import palette
from scripts.figures.diagram import lettering
from scripts.figures.diagram.pen import bent, number, polygon, rounded
from scripts.figures.diagram.shapes import Arrow, Point, Port, Shape, Words, ports, route

__all__ = ["NARROW", "WIDE", "Sheet"]

WIDE, NARROW = 704, 350

INK, MUTED, GRID, PAPER = (palette.COLOURS[name] for name in ("ink", "muted", "grid", "paper"))
LEARNS, LOSS, FIXED = (palette.COLOURS[name] for name in "123")
FONT = palette.FONT

TITLE, BODY, NOTE = 14, 13, 12
TONES = 8
GROUND, SHAPES, ARROWS, TEXT = range(4)
Line = tuple[str, float, bool, str]
"""Text, size, whether it is bold, colour."""


class Sheet:
    """A drawing in the making.

    Args:
        width: of the drawing; 704 or 350.

    Attributes:
        narrow: whether this is the drawing for a phone.
        height: how far down the drawing reaches.
    """

    def __init__(self, width: int = WIDE) -> None:
        self.width = width
        self.narrow = width < WIDE
        self.height = 0.0
        self.shapes: list[Shape] = []
        self.words: list[Words] = []
        self.arrows: list[Arrow] = []
        self._layers: tuple[list[str], ...] = ([], [], [], [])

    # Ground.

    def band(
        self,
        y: float,
        height: float,
        title: str = "",
        gloss: str = "",
        *,
        x: float = 0.0,
        width: float | None = None,
    ) -> None:
        """One phase: a ground with its title at the top left and a few muted words behind it."""
        right = x + (self.width - x if width is None else width)
        self._put(
            GROUND,
            f'<rect {rounded((x, y, right, y + height), 6)} fill="{GRID}" fill-opacity=".33"/>',
        )
        self.height = max(self.height, y + height)
        if title or gloss:
            self._text(x + 12, y + 21, (title, TITLE, True, INK), "start", gloss=gloss)

    def frame(self, x: float, y: float, w: float, h: float, label: str = "") -> Shape:
        """A thin outline around parts that belong together, its label (such as × 12) at its lower right."""
        shape = Shape("frame", x, y, w, h)
        self.shapes.append(shape)
        self._put(GROUND, f'<rect {rounded(shape.box, 8)} fill="none" stroke="{MUTED}"/>')
        if label:
            self.label(shape.box[2] + 5, y + 4, label, anchor="start")
        return shape

    # Values.

    def box(
        self, x: float, y: float, w: float, h: float, *lines: str,
        gloss: str = "", random: bool = False,
    ) -> Shape:  # fmt: skip
        """A value that cannot be seen: a number, a vector, a text. With `random` it is drawn at random."""
        shape = Shape("box", x, y, w, h)
        self._part(shape, f"<rect {rounded(shape.box, 2)}", PAPER, *self._edge(random))
        self._fill(shape, [*((line, BODY, False, INK) for line in lines), *self._gloss(gloss)])
        return shape

    def picture(
        self, x: float, y: float, values: Sequence[float], *,
        cell: float = 8.0, columns: int = 0, label: str = "", gloss: str = "",
        random: bool = False, marked: bool = False, above: bool = False,
        span: tuple[float, float] = (0.0, 1.0),
    ) -> Shape:  # fmt: skip
        """A value that can be seen: the array itself, row by row, in eight tones of ink.

        Args:
            x, y: its centre.
            values: of the pixels.
            cell: pixels for a pixel.
            columns: of the array; as many as rows, if it is not said.
            label, gloss: the symbol and a few muted words, below it or above it.
            random: it is drawn at random.
            marked: it is the one in question.
            above: whether its label stands above it.
            span: the values of no ink and of full ink.
        """
        columns = columns or round(len(values) ** 0.5)
        rows = len(values) // columns
        shape = Shape("picture", x, y, columns * cell + 4, rows * cell + 4)
        left, top, _, bottom = shape.box
        colour, stroke, dash = (INK, 1.5, "") if marked else self._edge(random)
        self._part(shape, f"<rect {rounded(shape.box, 2)}", PAPER, colour, stroke, dash)
        tones: dict[int, list[str]] = {}
        for place, value in enumerate(values):
            share = (value - span[0]) / (span[1] - span[0])
            tone = min(max(round(share * (TONES - 1)), 0), TONES - 1)
            if tone:
                row, column = divmod(place, columns)
                tones.setdefault(tone, []).append(f"M{column} {row}h1v1h-1z")
        inner = "".join(
            f'<path fill-opacity="{tone / (TONES - 1):.2f}" d="{"".join(cells)}"/>'
            for tone, cells in sorted(tones.items())
        )
        self._put(
            SHAPES,
            f'<g transform="translate({number(left + 2)} {number(top + 2)}) scale({number(cell)})" '
            f'shape-rendering="crispEdges">{inner}</g>',
        )
        lines = [*([(label, BODY, False, INK)] if label else []), *self._gloss(gloss)]
        tall = sum(1.4 * size for _, size, _, _ in lines)
        self._stack(x, top - tall - 3 if above else bottom + 4, lines)
        return shape

    def tokens(
        self, x: float, y: float, words: Sequence[str], *,
        gap: float = 6.0, height: float = 26.0, width: float = 0.0, random: bool = False,
    ) -> list[Shape]:  # fmt: skip
        """A row of text boxes around x, each as wide as its word, or all of one width."""
        wide = [width or lettering.width(word, BODY) + 14 for word in words]
        at = x - (sum(wide) + gap * (len(words) - 1)) / 2
        made = []
        for word, room in zip(words, wide, strict=True):
            made.append(self.box(at + room / 2, y, room, height, word, random=random))
            at += room + gap
        return made

    def matrix(
        self, x: float, y: float, values: Sequence[Sequence[float]], *,
        cell: tuple[float, float] = (44.0, 24.0), digits: int | None = 2,
        rows: Sequence[str] = (), columns: Sequence[str] = (), top: float | None = None,
        label: str = "", hidden: bool = False,
    ) -> Shape:  # fmt: skip
        """Heat cells: a wash as strong as the value, and the number in it.

        Args:
            x, y: its centre.
            values: by row.
            cell: width and height of a cell.
            digits: behind the point; None writes no numbers.
            rows, columns: what stands at the left of each row and above each column.
            top: the value of the strongest wash; the largest of all, if it is not said.
            label: what stands below.
            hidden: whether the cells above the diagonal are left empty (a causal mask).
        """
        (w, h), count = cell, len(values[0])
        shape = Shape("matrix", x, y, count * w, len(values) * h)
        left, upper, _, bottom = shape.box
        self._put(SHAPES, f'<rect {rounded(shape.box, 0)} fill="{PAPER}" stroke="{MUTED}"/>')
        most = top if top is not None else max(abs(v) for row in values for v in row) or 1.0
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                at = Shape("cell", left + (j + 0.5) * w, upper + (i + 0.5) * h, w, h)
                self.shapes.append(at)
                masked = hidden and j > i
                share = 0.0 if masked else min(abs(value) / most, 1.0)
                if share > 0.005:
                    colour = LOSS if value < 0 else LEARNS
                    self._put(
                        SHAPES,
                        f'<rect {rounded(at.box, 0)} fill="{colour}" fill-opacity="{0.5 * share:.2f}"/>',
                    )
                if digits is not None and not masked:
                    said = lettering.decimal(value, f".{digits}f")
                    line = (said, NOTE, False, INK)
                    self._text(at.x, at.y + 0.35 * NOTE, line, "middle", at)
        for i, name in enumerate(rows):
            self.label(left - 6, upper + (i + 0.5) * h + 4, name, anchor="end")
        for j, name in enumerate(columns):
            self.label(left + (j + 0.5) * w, upper - 6, name)
        if label:
            self._stack(x, bottom + 4, [(label, BODY, False, INK)])
        return shape

    # What computes.

    def network(
        self, x: float, y: float, w: float, h: float, name: str, symbol: str = "", *,
        gloss: str = "", frozen: bool = False,
    ) -> Shape:  # fmt: skip
        """A network: it learns here, or it is frozen (say so beside it)."""
        return self._network(Shape("network", x, y, w, h), name, symbol, frozen, gloss)

    def encoder(
        self, x: float, y: float, w: float, h: float, name: str = "Encoder", symbol: str = "", *,
        flow: str = "right", frozen: bool = False,
    ) -> Shape:  # fmt: skip
        """A network that narrows along the flow: right, left, down or up."""
        return self._network(Shape("encoder", x, y, w, h, flow), name, symbol, frozen)

    def decoder(
        self, x: float, y: float, w: float, h: float, name: str = "Decoder", symbol: str = "", *,
        flow: str = "right", frozen: bool = False,
    ) -> Shape:  # fmt: skip
        """A network that widens along the flow: right, left, down or up."""
        return self._network(Shape("decoder", x, y, w, h, flow), name, symbol, frozen)

    def layers(
        self, x: float, y: float, w: float, h: float, names: Sequence[str], *,
        gap: float = 16.0, up: bool = True,
    ) -> list[Shape]:  # fmt: skip
        """A stack of layers with arrows between them: the first at the bottom, with up=False at the top."""
        step = (h + gap) * (-1 if up else 1)
        at = y - step * (len(names) - 1) / 2
        made = [self.network(x, at + step * i, w, h, name) for i, name in enumerate(names)]
        self.chain(made)
        return made

    def pill(
        self, x: float, y: float, w: float, h: float, *lines: str, marked: bool = False
    ) -> Shape:
        """A fixed computation: a sample, a step, a sum; with a wash if it is the one in question."""
        shape = Shape("pill", x, y, w, h)
        self._part(shape, f"<rect {rounded(shape.box, h / 2)}", PAPER, FIXED, 1.5)
        if marked:
            wash = f'fill="{FIXED}" fill-opacity=".2"'
            self._put(SHAPES, f"<rect {rounded(shape.box, h / 2)} {wash}/>")
        self._fill(shape, [(line, BODY, False, INK) for line in lines])
        return shape

    def dot(self, x: float, y: float) -> Shape:
        """A fixed computation where there is no room: a dot."""
        shape = Shape("dot", x, y, 7, 7)
        self.shapes.append(shape)
        self._put(TEXT, f'<circle cx="{number(x)}" cy="{number(y)}" r="3.5" fill="{FIXED}"/>')
        return shape

    def loss(self, x: float, y: float, w: float, h: float, *lines: str, gloss: str = "") -> Shape:
        """A loss or an objective; say “maximise” where it is not made small."""
        shape = Shape("loss", x, y, w, h)
        self._part(shape, f"<path {polygon(shape.outline)}", PAPER, "none", 1)
        self._put(
            SHAPES,
            f'<path {polygon(shape.outline)} fill="{LOSS}" fill-opacity=".1" stroke="{LOSS}" stroke-width="2.25"/>',
        )
        self._fill(shape, [*((line, BODY, False, INK) for line in lines), *self._gloss(gloss)])
        return shape

    # What joins.

    def arrow(
        self, start: Shape | Port, end: Shape | Port, label: str = "", *,
        via: float | Sequence[Point] | None = None, side: str = "", gradient: bool = False,
        at: float = 0.5,
    ) -> Arrow:  # fmt: skip
        """A value flows from one part to another, with right angles only.

        Args:
            start, end: a shape, or a port of it: `shape.right()`, `shape.top(-20)`.
            label: beside the longest piece.
            via: where the middle piece lies (x of an upright one, y of a level one), or all corners.
            side: where the label stands: above, below, left or right.
            gradient: a gradient flows instead, to what it changes.
            at: where along the longest piece the label stands, from 0 to 1.
        """
        if isinstance(start, Shape) and isinstance(end, Shape):
            first, last = ports(start, end)
        else:
            first = start if isinstance(start, Port) else self._toward(start, end)
            last = end if isinstance(end, Port) else self._toward(end, start)
        points = route(first, last, via)
        colour = LOSS if gradient else INK
        tip, before = points[-1], points[-2]
        back = 7.0
        long = abs(tip[0] - before[0]) + abs(tip[1] - before[1]) or 1.0
        ux, uy = (tip[0] - before[0]) / long, (tip[1] - before[1]) / long
        neck = (tip[0] - ux * back, tip[1] - uy * back)
        dash = ' stroke-dasharray="5 4"' if gradient else ""
        self._put(
            ARROWS,
            f'<path d="{bent([*points[:-1], neck])}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>',
        )
        head = [
            tip,
            *((tip[0] - 8 * ux + s * 4 * uy, tip[1] - 8 * uy - s * 4 * ux) for s in (1, -1)),
        ]
        self._put(ARROWS, f'<path {polygon(head)} fill="{colour}"/>')
        joins = [shape for shape in (start, end) if isinstance(shape, Shape)]
        arrow = Arrow(points, gradient, joins)
        self.arrows.append(arrow)
        if label:
            self._beside(arrow, label, side, colour if gradient else INK, at)
        return arrow

    def gradient(
        self, start: Shape | Port, end: Shape | Port, label: str = "", *,
        via: float | Sequence[Point] | None = None, side: str = "", at: float = 0.5,
    ) -> Arrow:  # fmt: skip
        """A gradient flows to what it changes; label one of them in a drawing."""
        return self.arrow(start, end, label, via=via, side=side, gradient=True, at=at)

    def chain(self, parts: Sequence[Shape], labels: Sequence[str] = ()) -> None:
        """Arrows from each part to the next, with a label each or none."""
        for place, (start, end) in enumerate(pairwise(parts)):
            self.arrow(start, end, labels[place] if labels else "")

    def line(self, points: Sequence[Point], *, colour: str = INK, width: float = 1.5) -> None:
        """A curve through points: an axis, a density."""
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self._put(
            GROUND,
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{number(width)}"/>',
        )

    def label(
        self, x: float, y: float, *lines: str, anchor: str = "middle",
        muted: bool = True, bold: bool = False, size: float = NOTE, colour: str = "",
    ) -> None:  # fmt: skip
        """Words of their own; y is the line that the first one stands on."""
        for place, line in enumerate(lines):
            shade = colour or (MUTED if muted else INK)
            self._text(x, y + place * 1.35 * size, (line, size, bold, shade), anchor)

    # How it is put together.

    def svg(self, digest: str) -> str:
        """The file."""
        layers = "\n".join(line for layer in self._layers for line in layer)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {number(self.height)}"'
            f' data-csv="{digest}" font-family="{FONT}" font-size="{BODY}" fill="{INK}"'
            f' stroke-linejoin="round">\n{layers}\n</svg>\n'
        )

    def _put(self, layer: int, text: str) -> None:
        self._layers[layer].append(text)

    @staticmethod
    def _toward(shape: Shape, other: Shape | Port) -> Port:
        """The port of a shape that looks at a place."""
        left, _, right, _ = shape.box
        if not left < other.x < right:
            return shape.right() if other.x >= right else shape.left()
        if isinstance(other, Port) and other.dy:
            return (
                shape.bottom(other.x - shape.x)
                if other.y > shape.y
                else shape.top(other.x - shape.x)
            )
        return shape.bottom() if other.y > shape.y else shape.top()

    @staticmethod
    def _edge(random: bool) -> tuple[str, float, str]:
        return (INK, 1.5, "4 3") if random else (MUTED, 1, "")

    @staticmethod
    def _gloss(gloss: str) -> list[Line]:
        return [(gloss, NOTE, False, MUTED)] if gloss else []

    def _part(
        self, shape: Shape, opening: str, fill: str, stroke: str, width: float, dash: str = ""
    ) -> None:
        """Draw the outline of a shape and keep the shape."""
        self.shapes.append(shape)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._put(
            SHAPES,
            f'{opening} fill="{fill}" stroke="{stroke}" stroke-width="{number(width)}"{dashed}/>',
        )

    def _network(
        self, shape: Shape, name: str, symbol: str, frozen: bool, gloss: str = ""
    ) -> Shape:
        def outline(inset: float) -> str:
            left, top, right, bottom = shape.box
            inner = Shape(
                shape.kind, shape.x, shape.y, shape.w - 2 * inset, shape.h - 2 * inset, shape.flow
            )
            if shape.kind == "network":
                box = (left + inset, top + inset, right - inset, bottom - inset)
                return f"<rect {rounded(box, 8 - inset)}"
            return f"<path {polygon(inner.outline)}"

        if frozen:
            self._part(shape, outline(0), PAPER, LEARNS, 1)
            self._put(SHAPES, f'{outline(3)} fill="none" stroke="{LEARNS}"/>')
        else:
            self._part(shape, outline(0), PAPER, "none", 1)
            self._put(
                SHAPES,
                f'{outline(0)} fill="{LEARNS}" fill-opacity=".13" stroke="{LEARNS}" stroke-width="2.25"/>',
            )
        second = [(symbol, BODY, False, INK)] if symbol else []
        self._fill(
            shape,
            [*((part, BODY, True, INK) for part in name.split("\n")), *second, *self._gloss(gloss)],
        )
        return shape

    def _fill(self, shape: Shape, lines: Sequence[Line]) -> None:
        """Lines in the middle of a shape."""
        tall = sum(1.4 * size for _, size, _, _ in lines)
        self._stack(shape.x, shape.y - tall / 2, lines, shape)

    def _stack(
        self, x: float, top: float, lines: Sequence[Line], inside: Shape | None = None
    ) -> None:
        for line in lines:
            size = line[1]
            self._text(x, top + 0.7 * size + 0.35 * size, line, "middle", inside)
            top += 1.4 * size

    def _text(
        self, x: float, y: float, line: Line, anchor: str,
        inside: Shape | None = None, gloss: str = "",
    ) -> None:  # fmt: skip
        """Write a line, muted words of the same size behind it, and keep the room that they take."""
        text, size, bold, colour = line
        gloss = f" {gloss}" if gloss and text else gloss
        wide = lettering.width(text, size, bold) + lettering.width(gloss, size)
        left = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        runs = lettering.runs(text) + lettering.runs(gloss)
        up = max(lettering.ASCENT * run.size(size) - run.shift(size) for run in runs)
        down = max(lettering.DESCENT * run.size(size) + run.shift(size) for run in runs)
        smallest = min(run.size(size) for run in runs)
        room = (left, y - up, left + wide, y + down)
        self.words.append(Words(text + gloss, room, smallest, inside))
        said = [f'x="{number(x)}" y="{number(y)}"']
        said += [f'text-anchor="{anchor}"'] if anchor != "start" else []
        said += [f'font-size="{number(size)}"'] if size != BODY else []
        said += ['font-weight="600"'] if bold else []
        said += [f'fill="{colour}"'] if colour != INK else []
        more = (
            f'<tspan font-weight="400" fill="{MUTED}">{lettering.svg(gloss, size)}</tspan>'
            if gloss
            else ""
        )
        self._put(TEXT, f"<text {' '.join(said)}>{lettering.svg(text, size)}{more}</text>")

    def _beside(self, arrow: Arrow, label: str, side: str, colour: str, at: float) -> None:
        """The label of an arrow, beside its longest piece."""
        a, b = max(
            arrow.segments,
            key=lambda ends: abs(ends[0][0] - ends[1][0]) + abs(ends[0][1] - ends[1][1]),
        )
        x, y = a[0] + (b[0] - a[0]) * at, a[1] + (b[1] - a[1]) * at
        size = BODY if label.startswith("$") else NOTE
        upright = a[0] == b[0]
        side = side or ("right" if upright else "above")
        down = 0.35 * size
        place = {
            "above": (x, y - 7, "middle"),
            "below": (x, y + 8 + 0.75 * size, "middle"),
            "left": (x - 8, y + down, "end"),
            "right": (x + 8, y + down, "start"),
        }[side]
        plain = colour if colour != INK or size == BODY else MUTED
        self._text(place[0], place[1], (label, size, False, plain), place[2])
