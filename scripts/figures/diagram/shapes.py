"""What a diagram is made of, as geometry: places, ports, shapes, words and arrows.

Lengths are pixels at full size, x to the right and y downwards; a shape is given by its centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

BEFORE, BEHIND = 2.0, 3.0
"""The air between an arrow and the shape that it leaves, and the one that it points at."""


@dataclass(frozen=True)
class Port:
    """A place on the edge of a shape where an arrow may begin or end, and the way out of it."""

    x: float
    y: float
    dx: int = 0
    dy: int = 0

    def out(self, distance: float) -> Point:
        """The place that far outside."""
        return self.x + self.dx * distance, self.y + self.dy * distance


@dataclass(frozen=True)
class Shape:
    """A part of a diagram.

    Args:
        kind: its form: box, picture, network, encoder, decoder, pill, dot, loss, frame, cell.
        x, y: its centre.
        w, h: its size.
        flow: of an encoder and a decoder, where its values go: right, left, down, up.
    """

    kind: str
    x: float
    y: float
    w: float
    h: float
    flow: str = "right"

    @property
    def box(self) -> Box:
        """Left, top, right and bottom."""
        return (
            self.x - self.w / 2,
            self.y - self.h / 2,
            self.x + self.w / 2,
            self.y + self.h / 2,
        )

    @property
    def outline(self) -> list[Point]:
        """The corners: four, or the six of a loss."""
        left, top, right, bottom = self.box
        if self.kind == "loss":
            tip = min(10.0, self.h / 3)
            return [
                (left, self.y), (left + tip, top), (right - tip, top),
                (right, self.y), (right - tip, bottom), (left + tip, bottom),
            ]  # fmt: skip
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        if self.kind not in ("encoder", "decoder"):
            return corners
        across = self.flow in ("left", "right")
        cut = (self.h if across else self.w) * 0.22
        late = (self.flow in ("right", "down")) == (self.kind == "encoder")  # the narrow end
        move = {
            (True, True): ((0, 0), (0, cut), (0, -cut), (0, 0)),
            (True, False): ((0, cut), (0, 0), (0, 0), (0, -cut)),
            (False, True): ((0, 0), (0, 0), (-cut, 0), (cut, 0)),
            (False, False): ((cut, 0), (-cut, 0), (0, 0), (0, 0)),
        }[across, late]
        return [(x + dx, y + dy) for (x, y), (dx, dy) in zip(corners, move, strict=True)]

    def holds(self, point: Point, margin: float = 0.0) -> bool:
        """Whether a place lies inside, at least that far from every edge."""
        corners = self.outline
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            long = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            if ((x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0)) / long < margin:
                return False
        return True

    def _edge(self, at: float, upright: bool) -> tuple[float, float]:
        """Where a line through the shape enters and leaves: an upright one at x, or a level one at y."""
        found = []
        corners = self.outline
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            (u0, v0), (u1, v1) = (a, b) if upright else (a[::-1], b[::-1])
            if u0 != u1 and min(u0, u1) <= at <= max(u0, u1):
                found.append(v0 + (v1 - v0) * (at - u0) / (u1 - u0))
        if not found:
            raise ValueError(f"no edge of the {self.kind} lies at {at:g}")
        return min(found), max(found)

    def left(self, dy: float = 0.0) -> Port:
        """The port at the left, that far below the middle."""
        return Port(self._edge(self.y + dy, False)[0], self.y + dy, dx=-1)

    def right(self, dy: float = 0.0) -> Port:
        """The port at the right, that far below the middle."""
        return Port(self._edge(self.y + dy, False)[1], self.y + dy, dx=1)

    def top(self, dx: float = 0.0) -> Port:
        """The port at the top, that far right of the middle."""
        return Port(self.x + dx, self._edge(self.x + dx, True)[0], dy=-1)

    def bottom(self, dx: float = 0.0) -> Port:
        """The port at the bottom, that far right of the middle."""
        return Port(self.x + dx, self._edge(self.x + dx, True)[1], dy=1)


@dataclass(frozen=True)
class Words:
    """A line of text: what it says, the room that it takes, and the shape that it must stay in."""

    text: str
    box: Box
    size: float
    inside: Shape | None = None


@dataclass(frozen=True)
class Arrow:
    """The corners of an arrow from its tail to its tip, and what it joins."""

    points: list[Point]
    gradient: bool = False
    joins: list[Shape] = field(default_factory=list)

    @property
    def segments(self) -> list[tuple[Point, Point]]:
        """Its straight pieces."""
        return list(pairwise(self.points))


def ports(start: Shape, end: Shape) -> tuple[Port, Port]:
    """Where a straight arrow leaves one shape and enters the other, or else one with a corner."""
    a, b = start.box, end.box
    level = max(a[1], b[1]) + 6 <= min(a[3], b[3])
    upright = max(a[0], b[0]) + 6 <= min(a[2], b[2])
    if level and (b[0] >= a[2] or b[2] <= a[0]):
        y = end.y if a[1] < end.y < a[3] else start.y
        if b[0] >= a[2]:
            return start.right(y - start.y), end.left(y - end.y)
        return start.left(y - start.y), end.right(y - end.y)
    if upright and (b[1] >= a[3] or b[3] <= a[1]):
        x = end.x if a[0] < end.x < a[2] else start.x
        if b[1] >= a[3]:
            return start.bottom(x - start.x), end.top(x - end.x)
        return start.top(x - start.x), end.bottom(x - end.x)
    leave = start.right() if end.x > start.x else start.left()
    return leave, end.top() if end.y > start.y else end.bottom()


def route(start: Port, end: Port, via: float | Sequence[Point] | None = None) -> list[Point]:
    """The corners of an arrow between two ports, with right angles only.

    Args:
        start, end: where it leaves and enters.
        via: where its middle piece lies: x if both ports are level, y if both are upright; or all corners.
    """
    first, last = start.out(BEFORE), end.out(BEHIND)
    if via is not None and not isinstance(via, int | float):
        return [first, *via, last]
    if start.dx and end.dx:
        if first[1] == last[1] and via is None:
            return [first, last]
        x = via if via is not None else _between(first[0], last[0], start.dx, end.dx)
        return [first, (x, first[1]), (x, last[1]), last]
    if start.dy and end.dy:
        if first[0] == last[0] and via is None:
            return [first, last]
        y = via if via is not None else _between(first[1], last[1], start.dy, end.dy)
        return [first, (first[0], y), (last[0], y), last]
    return [first, (last[0], first[1]) if start.dx else (first[0], last[1]), last]


def _between(first: float, last: float, leave: int, enter: int) -> float:
    """Where an arrow turns: half way, or beyond both if it comes back to the same side."""
    if leave != enter:
        return (first + last) / 2
    return max(first, last) + 14 if leave > 0 else min(first, last) - 14
