"""Figures outside the site: their files have plain colours, and the palette is told apart by everybody."""

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

from scripts.extensions import palette

DOCS = Path(__file__).resolve().parents[2] / "docs"
CSS = (DOCS / "assets" / "stylesheets" / "site.css").read_text(encoding="utf-8")
FILES = sorted(path for path in DOCS.rglob("*.svg") if "data-csv=" in path.read_text("utf-8"))
NAMES = [path.relative_to(DOCS).as_posix() for path in FILES]
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "use"}
SCHEMES = {"light": "body", "dark": 'body[data-md-color-scheme="slate"]'}
SERIES = [*"123456", "ink"]

# Of severity 1, for linear RGB; each row gives one channel.
DEFICIENCIES = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
APART = 0.075  # in OKLab; neighbours that differ by 0.02 are just told apart


def colours(selector: str) -> dict[str, str]:
    """The colours of drawings in a scheme of the style sheet, by their names."""
    start = CSS.index(f"\n{selector} {{")
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS[start : CSS.index("}", start)]))
    own = {name: named[f"fig-{name}"] for name in "123456"}
    return own | {
        "ink": named["ink"],
        "muted": named["muted"],
        "grid": named["line"],
        "paper": named["paper"],
    }


def test_the_colours_of_files_are_those_of_the_light_scheme() -> None:
    assert colours(SCHEMES["light"]) == palette.COLOURS
    assert len(set(palette.COLOURS.values())) == len(palette.COLOURS)


def painted(
    element: ElementTree.Element, fill: str = "", stroke: str = ""
) -> Iterator[tuple[str, str, str]]:
    """What is drawn, with its fill and its stroke, inherited or its own."""
    name = element.tag.removeprefix(SVG)
    fill, stroke = element.get("fill", fill), element.get("stroke", stroke)
    if name in SHAPES:
        yield name, fill, stroke
    if name not in {"defs", "clipPath", "pattern"}:
        for part in element:
            yield from painted(part, fill, stroke)


def test_there_are_figures() -> None:
    assert len(FILES) > 80


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_what_knows_no_variables_draws_all_of_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "var(" not in text
    assert " style=" not in text
    assert "<style" not in text
    root = ElementTree.fromstring(text)
    paints = {"", "none", *palette.COLOURS.values()}
    found = list(painted(root))
    assert found
    for name, fill, stroke in found:
        assert {fill, stroke} <= paints or re.fullmatch(r"url\(#[\w-]+\)", fill), (fill, stroke)
        # A part without a fill is black where nothing is said; a part of a drawing says what it is.
        assert fill not in {"", "none"} or stroke not in {"", "none"}, f"{name} has no paint"


@pytest.mark.browser
def test_no_word_of_a_file_stands_outside_of_it(browser: Browser) -> None:
    # The box of a word is taller than its letters.
    look = """text => {
      document.body.innerHTML = text;
      const svg = document.querySelector("svg");
      svg.setAttribute("width", svg.viewBox.baseVal.width);
      const sheet = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text")].filter(word => {
        const box = word.getBoundingClientRect();
        return box.left < sheet.left - 3 || box.right > sheet.right + 3
          || box.top < sheet.top - 3 || box.bottom > sheet.bottom + 3;
      }).map(word => word.textContent);
    }"""
    page = browser.new_page()
    outside = {}
    for path, name in zip(FILES, NAMES, strict=True):
        found = page.evaluate(look, path.read_text(encoding="utf-8"))
        outside |= {name: found} if found else {}
    page.close()
    assert not outside


def linear(colour: str) -> list[float]:
    """A colour of sRGB as light."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def seen(colour: str, deficiency: str) -> tuple[float, float, float]:
    """A colour in OKLab as it is seen."""
    light = linear(colour)
    r, g, b = (
        min(1.0, max(0.0, sum(a * x for a, x in zip(row, light, strict=True))))
        for row in DEFICIENCIES[deficiency]
    )
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def distance(one: str, other: str, deficiency: str) -> float:
    """How far apart two colours are seen."""
    pairs = zip(seen(one, deficiency), seen(other, deficiency), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def test_red_and_green_are_alike_to_some() -> None:
    apart = {name: distance("#b04a3a", "#7d7a2a", name) for name in DEFICIENCIES}
    assert apart["none"] > 1.5 * apart["deutan"]
    assert distance("#ffffff", "#000000", "deutan") == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_lines_and_fills_are_told_apart_by_everybody(scheme: str, deficiency: str) -> None:
    """Any two of the series, and each of them and ink, in the three forms of colour blindness.

    The simulation is that of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation
    of Color Vision Deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), 2009,
    doi:10.1109/TVCG.2009.113, with its matrices of severity 1. Of tritan forms it is an approximation.
    """
    given = colours(SCHEMES[scheme])
    close = {
        (one, other): round(distance(given[one], given[other], deficiency), 3)
        for one, other in combinations(SERIES, 2)
        if distance(given[one], given[other], deficiency) < APART
    }
    assert not close
