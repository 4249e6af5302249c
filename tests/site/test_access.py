"""Who uses a keyboard, a screen reader, no JavaScript or paper can use the site as well."""

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.site.kit import PAGES, NewPage, read, samples, settle, shown

pytestmark = pytest.mark.browser

VIEWS = [(390, "light"), (1440, "light"), (390, "dark"), (1440, "dark")]

# axe looks at every element, and has nothing to say about those inside of formulas and pictures, which
# are most of a page: without them it takes a third of the time. A formula becomes a word, because axe
# takes a heading of a table that is a formula for an empty one. Of long rows of the same kind, such as the
# entries of the bibliography, the first are looked at.
EMPTY = """() => {
  for (const formula of document.querySelectorAll("math")) {
    const {width, height} = formula.getBoundingClientRect();
    const word = document.createElement("span");
    word.textContent = formula.textContent.trim().slice(0, 9);
    word.style.cssText =
      `display: inline-block; overflow: clip; width: ${width}px; height: ${height}px`;
    formula.replaceWith(word);
  }
  for (const picture of document.querySelectorAll("svg")) picture.replaceChildren();
  for (const row of ["li", "dt", "dd", "tr", "span", ".ledger-entry"])
    for (const part of document.querySelectorAll(`main ${row}:nth-of-type(n + 30)`)) part.remove();
  for (const part of document.querySelectorAll("main h3:nth-of-type(30) ~ *")) part.remove();
}"""


# What should be seen and has no height: headings, text, formulas, figures and tables; folded answers
# stay folded.
UNSEEN = """() => [...document.querySelectorAll(
  ["h1", "h2", "p", "table", "math", "figure", "svg"].map(kind => `main ${kind}`).join()
)].filter(part => !part.closest("details:not([open]), [aria-hidden=true], .hidden")
  && (!["H1", "H2", "P"].includes(part.tagName) || part.innerText.trim())
  && part.getBoundingClientRect().height <= 0
).map(part => part.outerHTML.slice(0, 200))"""


def violations(page: Page, rules: list[str] | None = None) -> list[dict[str, Any]]:
    """What axe finds, in short; all its rules, or some."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = rules
    return [
        {
            "rule": found["id"],
            "help": found["help"],
            "nodes": [
                {"html": node["html"][:200], "why": node["failureSummary"][:300]}
                for node in found["nodes"][:3]
            ],
        }
        for found in Axe().run(page, options=options).response["violations"]
    ]


def views(path: str) -> list[tuple[int, str]]:
    """All views of a sample; of the other pages one each, in turn."""
    if path in samples() or path not in PAGES:
        return VIEWS
    return [VIEWS[sorted(PAGES).index(path) % len(VIEWS)]]


@pytest.mark.parametrize("path", [*PAGES, "no/such/page/"], ids=shown)
def test_axe_finds_nothing(path: str, new_page: NewPage) -> None:
    page = new_page(reduced_motion="reduce", watched=path in PAGES)
    page.goto(path)
    read(page)
    page.evaluate(EMPTY)
    found = {}
    for number, (width, scheme) in enumerate(views(path)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_function(f"innerWidth === {width}")
        settle(page)
        settle(page)  # what scrolls gets its place in the order of Tab after it was drawn
        # Between the schemes nothing but colours differs.
        rules = ["color-contrast"] if scheme == "dark" and number else None
        if faults := violations(page, rules):
            found[f"{width} px, {scheme}"] = faults
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_search(width: int, scheme: str, new_page: NewPage) -> None:
    page = new_page(width=width, scheme=scheme, reduced_motion="reduce")
    page.goto("models/")
    page.locator("[data-search]").first.click()
    page.keyboard.type("diffusion")
    expect(page.locator("dialog.search a").first).to_be_visible()
    assert violations(page) == []


def focus(page: Page) -> str:
    """What has the focus: its text or its name."""
    return str(
        page.evaluate(
            "(e => (e.getAttribute('aria-label') ?? e.textContent ?? '').trim() || e.tagName)"
            "(document.activeElement)"
        )
    )


def test_the_first_tab_leads_past_everything(new_page: NewPage) -> None:
    page = new_page()
    page.goto("models/")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    expect(link).to_have_attribute("href", "#main")
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('main'))")


def test_tab_reaches_all_of_the_head_and_the_pages_and_shows_where_it_is(new_page: NewPage) -> None:
    page = new_page()
    page.goto("models/")
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("Boolean(document.activeElement.closest('main'))"):
            break
        reached.append(page.evaluate("document.activeElement.outerHTML"))
        shown = page.evaluate(
            "(s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)"
            " || s.boxShadow !== 'none')(getComputedStyle(document.activeElement))"
        )
        assert shown, f"the focus cannot be seen on {focus(page)}"
    text = " ".join(reached)
    assert "data-search" in text
    assert "data-scheme" in text
    assert text.count("<a href=") >= 5, "the pages are not reached"


def test_escape_closes_the_search_and_gives_the_focus_back(new_page: NewPage) -> None:
    page = new_page()
    page.goto("models/")
    button = page.locator("[data-search]").first
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.search")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


def test_the_pages_open_and_close_by_keyboard_on_a_phone(new_page: NewPage) -> None:
    page = new_page(width=390)
    page.goto("models/")
    pages = page.locator("nav#nav")
    expect(pages).to_be_hidden()
    button = page.locator("[popovertarget=nav]")
    button.focus()
    page.keyboard.press("Enter")
    expect(pages).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#nav'))")
    page.keyboard.press("Escape")
    expect(pages).to_be_hidden()


@pytest.mark.parametrize("path", samples(), ids=shown)
def test_a_page_is_complete_without_javascript(path: str, new_page: NewPage) -> None:
    with_it = new_page()
    with_it.goto(path)
    page = new_page(javascript=False, watched=False)
    page.goto(path)
    headings = "main h1, main h2, main h3"
    for width in (1440, 390):
        for each in (with_it, page):
            each.set_viewport_size({"width": width, "height": 900})
        wanted = with_it.locator(headings).all_inner_texts()
        assert page.locator(headings).all_inner_texts() == wanted
        assert page.evaluate(UNSEEN) == []
        pages = page.locator("nav#nav a").first
        if not pages.is_visible():
            page.locator("[popovertarget=nav]").click()
        expect(pages).to_be_visible()


@pytest.mark.parametrize("path", samples(), ids=shown)
def test_paper_shows_the_text_and_nothing_else(path: str, new_page: NewPage) -> None:
    page = new_page(width=794, height=1123)  # A4
    page.goto(path)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="light")
    on_paper(page)
    page.emulate_media(media="print", color_scheme="dark")
    on_paper(page)


def on_paper(page: Page) -> None:
    """What is printed is the text, unfolded, dark on white."""
    settle(page)
    for part in ("header.top", "nav#nav", "dialog.search", ".skip"):
        for shown_ in page.locator(part).all():
            expect(shown_).to_be_hidden()
    expect(page.locator("main h1").first).to_be_visible()
    assert page.locator("main details:not([open])").count() == 0
    colours = page.evaluate(
        """[...document.querySelectorAll("main p, main h1, main h2, main td")].slice(0, 60).map(
            e => getComputedStyle(e).color)"""
    )
    dark = [c for c in colours if max(map(float, re.findall(r"[\d.]+", c)[:3])) <= 140]
    assert len(dark) == len(colours), f"too light for paper: {set(colours) - set(dark)}"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper in {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}
