"""docs/assets/home.svg: noise flows into the wordmark along the exact probability-flow ODE.

The data are points inside the letters of docs/assets/wordmark.svg. With noise of variance one,
x = cos(a) data + sin(a) noise runs from noise at a = pi/2 to data at a = 0. For finitely many data
points the best denoiser is known in closed form: the mean of the points, weighted by how likely each
of them is to have become x. So nothing is learnt here, and nothing is approximated but the steps.
"""

import re
from itertools import pairwise

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from scripts.figures import style

Array = NDArray[np.float64]

WIDTH, HEIGHT = 680, 356
UNIT = 1.7  # pixels for a unit of the wordmark
SCALE = np.array([140.0, 72.0])  # of the noise, in pixels
CENTRE = np.array([WIDTH / 2, HEIGHT / 2])
POINTS = 640
LINES = 190
STEPS = 96  # of the integration
SHOWN = 10  # of each line
SIGN = 0.0  # the row is a data point in a letter
MARK = 1.0  # the row is a data point in a parenthesis
LINE = 2.0  # the row is a place on a line


def outlines() -> list[Path]:
    """The letters and the parentheses of the wordmark, in the picture's pixels, y upwards."""
    text = (style.DOCS / "assets" / "wordmark.svg").read_text(encoding="utf-8")
    paths = []
    for description in re.findall(r'\bd="([^"]+)"', text):
        vertices: list[list[float]] = []
        codes: list[int] = []
        for command, numbers in re.findall(r"([A-Z])([^A-Z]*)", description):
            values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
            if command == "Z":
                vertices.append([0.0, 0.0])
                codes.append(int(Path.CLOSEPOLY))
                continue
            if command == "H":
                values = [values[0], vertices[-1][1]]
            if command == "V":
                values = [vertices[-1][0], values[0]]
            for place in range(0, len(values), 2):
                vertices.append(values[place : place + 2])
                kind = {"M": Path.MOVETO, "Q": Path.CURVE3}.get(command, Path.LINETO)
                codes.append(int(Path.LINETO if command == "M" and place else kind))
        shape = (np.array(vertices) - [185.0, 43.0]) * [UNIT, -UNIT] + CENTRE
        paths.append(Path(shape, codes))
    return paths


def scatter(generator: np.random.Generator, shapes: list[Path]) -> tuple[Array, Array]:
    """Points inside the shapes, evenly: each is the farthest of some candidates from those before it.

    Returns:
        The places (POINTS, 2) and for each the number of its shape (POINTS,).
    """
    area = generator.uniform([0.0, 0.0], [WIDTH, HEIGHT], (60_000, 2))
    inside = [area[shape.contains_points(area)] for shape in shapes]
    pool = np.concatenate(inside)
    of = np.concatenate([np.full(len(part), number) for number, part in enumerate(inside)])
    distance = np.full(len(pool), np.inf)
    chosen = [0]
    for _ in range(POINTS - 1):
        distance = np.minimum(distance, np.hypot(*(pool - pool[chosen[-1]]).T))
        candidates = generator.integers(len(pool), size=400)
        chosen.append(int(candidates[np.argmax(distance[candidates])]))
    return pool[chosen], of[chosen].astype(np.float64)


def noise(count: int) -> Array:
    """Places that fill a Gaussian in the plane evenly, up to 2.4 standard deviations: (count, 2)."""
    rank = (np.arange(count) + 0.5) / count * (1 - np.exp(-(2.4**2) / 2))
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(-2 * np.log(1 - rank))
    return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)


def denoise(x: Array, angle: float, data: Array) -> Array:
    """The mean of the data given x = cos(angle) data + sin(angle) noise, exactly.

    Args:
        x: (N, 2).
        angle: in (0, pi/2].
        data: (D, 2).
    """
    distance = np.square(x[:, None] - np.cos(angle) * data).sum(axis=-1)
    weight = -distance / (2 * np.sin(angle) ** 2)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    mean: Array = weight @ data / weight.sum(axis=1, keepdims=True)
    return mean


def velocity(x: Array, angle: float, data: Array) -> Array:
    """dx/d(angle) of the probability-flow ODE."""
    clean = denoise(x, angle, data)
    noise = (x - np.cos(angle) * clean) / np.sin(angle)
    slope: Array = np.cos(angle) * noise - np.sin(angle) * clean
    return slope


def flow(x: Array, data: Array) -> list[Array]:
    """The places of x from noise to data, by Heun's method; the last step is the denoiser itself.

    The steps become smaller towards the data: there the denoiser has to choose among near points.
    """
    angles = np.pi / 2 * np.linspace(1.0, 0.0, STEPS + 1) ** 1.5
    places = [x]
    for now, then in pairwise(angles[:-1]):
        slope = velocity(x, now, data)
        guess = x + (then - now) * slope
        x = x + (then - now) * (slope + velocity(guess, then, data)) / 2
        places.append(x)
    return [*places, denoise(x, float(angles[-2]), data)]


def compute() -> style.Table:
    """The data points, then the lines place by place, in whole pixels."""
    generator = np.random.default_rng(7)
    targets, kind = scatter(generator, outlines())
    places = flow(noise(LINES), (targets - CENTRE) / SCALE)
    steps = np.round(np.linspace(0, STEPS, SHOWN + 1)).astype(int)
    shown = [places[i] * SCALE + CENTRE for i in steps]
    lines = np.stack(shown, axis=1).reshape(-1, 2)
    x, y = np.round(np.concatenate([targets, lines])).T
    kinds = np.concatenate([np.where(kind > 0, MARK, SIGN), np.full(len(lines), LINE)])
    return {"kind": kinds.tolist(), "x": x.tolist(), "y": y.tolist()}


def draw(table: style.Table, axes: style.Axes) -> None:
    """Lines, where they start, and the points at which they end."""
    style.bare(axes)
    axes.set_position((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    kind, x, y = (np.array(table[name]) for name in ("kind", "x", "y"))
    place = np.stack([x, y], axis=1)
    lines = place[kind == LINE].reshape(-1, SHOWN + 1, 2)
    codes = [Path.MOVETO] + [Path.LINETO] * SHOWN
    path = Path(lines.reshape(-1, 2), codes * len(lines))
    axes.add_patch(PathPatch(path, fill=False, edgecolor=style.MUTED, lw=0.8, alpha=0.4))
    for points, colour, size in (
        (lines[:, 0], style.MUTED, 2.8),
        (place[kind == SIGN], style.INK, 4.2),
        (place[kind == MARK], style.SERIES[1], 4.2),
    ):
        dots = Path(np.repeat(points, 2, axis=0), [Path.MOVETO, Path.LINETO] * len(points))
        dots.should_simplify = False  # it would drop lines without length, which are dots
        axes.add_patch(PathPatch(dots, fill=False, edgecolor=colour, lw=size, capstyle="round"))


FIGURES = [
    style.Recipe("assets/home", compute, draw, size=(WIDTH, HEIGHT), tolerance=0.0, absolute=1.5)
]

if __name__ == "__main__":
    style.main(FIGURES)
