"""Figures outside the site: their files have the plain colours of the light scheme."""

import re
from collections.abc import Iterator
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


def test_the_colours_of_files_are_those_of_the_light_scheme() -> None:
    start = CSS.index("\nbody {")
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS[start : CSS.index("}", start)]))
    names = {name: f"fig-{name}" for name in "123456"} | {"grid": "line"}
    given = {name: named[names.get(name, name)] for name in palette.COLOURS}
    assert given == palette.COLOURS
    assert len(set(given.values())) == len(given)


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
