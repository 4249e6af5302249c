"""What a first visit to a page costs: bytes over gzip, requests, movement, width."""

import pytest
from playwright.sync_api import Page

from scripts.extensions import citations
from tests.site.kit import DOCS, NewPage, Traffic, samples, settle, shown

pytestmark = pytest.mark.browser

PLAIN = 70_000  # with no formulas or a few plain ones
MATHEMATICS = 150_000
RULES = {"contributing/rules/": 80_000}
# Lists that grow with every source, term and demo: what an entry may cost, above what the page costs without
# any. An entry is its text, and text is what the reader came for: marks around it are what can get too heavy.
FRAME = 60_000
LISTS = {
    "references/bibliography/": ("ul.bibliography-keys > li", 40),
    **{uri.replace(".md", "/"): ("ul.bibliography > li", 100) for uri in citations.parts(DOCS)},
    "references/glossary/": ("main dt", 60),
    "demos/": ("main .cards > ul > li", 350),
}
LONG = 150_000  # a list that is heavier is to be split by its letters
REQUESTS = 14

SHIFTS = """() => {
  window.shifted = 0;
  window.moved = [];
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      window.shifted += entry.value;
      for (const {node} of entry.sources ?? []) window.moved.push(node?.className || node?.nodeName);
    }
  }).observe({type: "layout-shift", buffered: true});
}"""


def allowed(page: Page, path: str) -> int:
    """What a first visit to a page may cost."""
    if path in LISTS:
        entries, each = LISTS[path]
        return min(LONG, FRAME + each * page.locator(entries).count())
    if path in RULES:
        return RULES[path]
    return MATHEMATICS if page.locator("math:not(.few)").count() else PLAIN


def faults(page: Page, path: str, sent: Traffic) -> list[str]:
    """What of a first visit to a page, opened with SHIFTS and all that it sent, is too much."""
    limit, moved = allowed(page, path), page.evaluate("window.moved")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    asked = [url for url in sent.urls.values() if "search_index" in url]
    rules = {
        f"{sent.total:.0f} bytes are sent, {limit} are allowed\n{sent}": sent.total > limit,
        f"{len(sent.urls)} requests\n{sent}": len(sent.urls) > REQUESTS,
        f"nobody has asked for a search: {asked}": bool(asked),
        f"moved: {moved}": page.evaluate("window.shifted") != 0,
        f"the page is {wide} px wider than a phone": wide > 0,
    }
    return [text for text, broken in rules.items() if broken]


@pytest.mark.parametrize("path", samples(), ids=shown)
def test_nothing_moves_on_a_wide_screen(path: str, new_page: NewPage) -> None:
    moved = None
    for _ in range(3):  # a busy machine may draw before the fonts have come
        page = new_page(fresh=True)
        page.add_init_script(f"({SHIFTS})()")
        page.goto(path, wait_until="networkidle")
        settle(page)
        if page.evaluate("window.shifted") == 0:
            return
        moved = page.evaluate("window.moved")
    raise AssertionError(f"moved: {moved}")
