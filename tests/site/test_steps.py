"""Boxes of steps on the built site: each link leads to the line that it quotes, and the reader sees which."""

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.site.kit import DOCS, PAGES, NewPage, shown, source

STEPS = re.compile(r"(?m)^!!! steps ")
WITH_STEPS = [
    page
    for page, kind in PAGES.items()
    if kind != "guide" and STEPS.search(source(page).read_text("utf-8"))
]
NAME = re.compile(r"(?P<text>.+), line (?P<line>\d+) of (?P<file>[\w.-]+)")


def test_a_page_has_steps() -> None:
    assert "models/gan/" in WITH_STEPS


@pytest.mark.parametrize("page", WITH_STEPS, ids=shown)
def test_every_step_leads_to_the_line_that_it_quotes(page: str, site: Path) -> None:
    tree = LexborHTMLParser((site / page / "index.html").read_text(encoding="utf-8"))
    links = tree.css("a.code-line")
    assert links
    for link in links:
        name = NAME.fullmatch(link.attributes["aria-label"] or "")
        assert name, link.html
        assert name["text"] == link.text()
        quoted = link.attributes["title"] or ""
        lines = (DOCS / page.rstrip("/") / name["file"]).read_text("utf-8").split("\n")
        line = lines[int(name["line"]) - 1]
        assert quoted in line
        href = link.attributes["href"] or ""
        if href.startswith("#"):
            (target,) = tree.css(f'[id="{href[1:]}"]')
            assert target.parent is not None
            assert target.text().strip() == line.strip()
        else:
            file = site / page / href
            assert quoted in file.read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_a_step_is_followed_with_the_keyboard_and_its_line_is_marked(
    new_page: NewPage, width: int, scheme: str
) -> None:
    page = new_page(width=width, scheme=scheme, javascript=False)
    page.goto("models/gan/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".steps-row .steps").first
    assert (
        box.evaluate("box => getComputedStyle(box.firstElementChild, '::before').content") == "none"
    )
    link = page.locator('.code-line[href^="#"]').first
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert link.evaluate("link => link === document.activeElement")
    assert link.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    line = page.locator(":target")
    line.wait_for()
    seen = line.bounding_box()
    header = page.locator("header").first.bounding_box()
    assert seen is not None
    assert header is not None
    assert header["y"] + header["height"] <= seen["y"] < 900
    look = "line => [getComputedStyle(line).display, getComputedStyle(line).borderLeftWidth]"
    display, bar = line.evaluate(look)
    assert display == "block"
    assert bar == "4px"
    quiet = page.locator('.excerpt code [id^="line-"]:not(:target)').first
    assert quiet.evaluate(look) == ["inline", "0px"]


@pytest.mark.browser
def test_a_box_is_not_cut_between_two_sheets(new_page: NewPage) -> None:
    page = new_page(width=800)
    page.goto("models/gan/")
    page.emulate_media(media="print")
    look = "boxes => boxes.map(box => getComputedStyle(box).breakInside)"
    assert set(page.locator(".steps").evaluate_all(look)) == {"avoid"}
    row = page.locator(".steps-row").first
    first, second = (box.bounding_box() for box in row.locator("> .steps").all())
    assert first is not None
    assert second is not None
    assert second["y"] >= first["y"] + first["height"] + 10
    page.emulate_media(media="screen")
