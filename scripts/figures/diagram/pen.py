"""The paths of a drawing as attributes of SVG."""

from collections.abc import Sequence

from scripts.figures.diagram.shapes import Box, Point


def number(value: float) -> str:
    """A coordinate, to a hundredth of a pixel."""
    return f"{round(value, 2):g}"


def rounded(box: Box, radius: float) -> str:
    """The attributes of a rectangle with round corners."""
    left, top, right, bottom = box
    return (
        f'x="{number(left)}" y="{number(top)}" width="{number(right - left)}" '
        f'height="{number(bottom - top)}" rx="{number(radius)}"'
    )


def polygon(points: Sequence[Point]) -> str:
    """The attributes of a closed outline."""
    return 'd="M' + "L".join(f"{number(x)} {number(y)}" for x, y in points) + 'z"'


def bent(points: Sequence[Point], radius: float = 6.0) -> str:
    """The path through points with rounded corners."""
    out = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near = []
        for x, y in (before, after):
            long = ((x - corner[0]) ** 2 + (y - corner[1]) ** 2) ** 0.5
            part = min(radius, long / 2) / long if long else 0.0
            near.append((corner[0] + (x - corner[0]) * part, corner[1] + (y - corner[1]) * part))
        (ax, ay), (bx, by) = near
        out.append(f"L{number(ax)} {number(ay)}Q{number(corner[0])} {number(corner[1])} ")
        out.append(f"{number(bx)} {number(by)}")
    out.append(f"L{number(points[-1][0])} {number(points[-1][1])}")
    return "".join(out)
