"""The notes on sources and terms: for a finger, a key, a mouse, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.site.kit import NewPage, settle

pytestmark = pytest.mark.browser

WIDTHS = [390, 1024]
MARK = "main article a.footnote-ref"
TERM = "main article a.term"
SENTENCE = re.compile(r"\b\w+(?: \S+){6,}\.")


def touched(new_page: NewPage, width: int, path: str = "overview/language-models/") -> Page:
    """A page on a device with a touch screen."""
    page = new_page(width=width, height=844, has_touch=True, is_mobile=width < 500)
    page.goto(path)
    settle(page)
    return page


def at(mark: Locator) -> Locator:
    """A mark, in the middle of the window."""
    mark.evaluate("mark => mark.scrollIntoView({block: 'center', behavior: 'instant'})")
    return mark


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tap_on_a_source_shows_it_and_leads_to_it(width: int, new_page: NewPage) -> None:
    page = touched(new_page, width)
    mark = at(page.locator(MARK).nth(3))
    before = page.evaluate("scrollY")
    mark.tap()
    note = page.get_by_role("dialog", name=f"Source {mark.inner_text()}", exact=True)
    expect(note).to_be_visible()
    assert page.evaluate("scrollY") == before
    entry = page.locator(f"[id='{(mark.get_attribute('href') or '')[1:]}']")
    title = entry.locator("a").first.inner_text()
    expect(note).to_contain_text(title)
    expect(note.locator("[id*=fn], .footnote-backref")).to_have_count(0)
    note.get_by_role("link", name="Go to the source").tap()
    expect(note).to_be_hidden()
    expect(entry).to_be_in_viewport()
    page.go_back()
    expect(mark).to_be_in_viewport()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tap_on_a_term_shows_the_sentence_of_the_glossary(width: int, new_page: NewPage) -> None:
    page = touched(new_page, width)
    address = page.url
    term = at(page.locator(TERM).first)
    long = term.locator("abbr").get_attribute("title") or ""
    term.tap()
    note = page.get_by_role("dialog", name=f"{long} ({term.inner_text().rstrip('s')})", exact=True)
    expect(note).to_be_visible()
    expect(note.locator(".note-body")).to_have_text(SENTENCE)
    assert page.url == address
    note.get_by_role("link", name="Go to the glossary").tap()
    page.wait_for_url(re.compile(r"/references/glossary/#\w"))
    assert long in page.locator("dt:target").inner_text()


def test_the_note_of_a_term_that_is_no_link_leads_to_its_entry(new_page: NewPage) -> None:
    page = touched(new_page, 390)
    short = at(page.locator("main article :not(a) > abbr").first)
    long = short.get_attribute("title") or ""
    short.tap()
    note = page.locator("#note")
    expect(note.locator(".note-body")).to_have_text(SENTENCE)
    note.get_by_role("link", name="Go to the glossary").tap()
    page.wait_for_url(re.compile(r"/references/glossary/#\w"))
    assert long in page.locator("dt:target").inner_text()


def test_without_its_glossary_a_term_has_its_long_form_and_the_way(new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False, width=390, has_touch=True)
    page.route("**/references/glossary/", lambda route: route.abort())
    page.goto("overview/language-models/")
    at(page.locator(TERM).first).tap()
    note = page.locator("#note")
    expect(note).to_contain_text(re.compile(r"[a-z]{4}.* \([A-Z]+\)"))
    expect(note.get_by_role("link", name="Go to the glossary")).to_be_visible()


@pytest.mark.parametrize("way", ["beside", "again", "close"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_note_goes_with_a_tap(width: int, way: str, new_page: NewPage) -> None:
    page = touched(new_page, width)
    mark = at(page.locator(MARK).nth(3))
    mark.tap()
    note = page.locator("#note")
    expect(note).to_be_visible()
    if way == "beside":
        page.touchscreen.tap(width / 2, 110)
    elif way == "again":
        mark.tap(force=True)
    else:
        note.get_by_role("button", name="Close").tap()
    expect(note).to_be_hidden()


def test_the_note_is_a_sheet_on_a_phone_and_beside_its_mark_elsewhere(new_page: NewPage) -> None:
    for width in WIDTHS:
        page = touched(new_page, width)
        mark = at(page.locator(MARK).nth(3))
        mark.tap()
        box, host = page.locator("#note").bounding_box(), mark.bounding_box()
        assert box
        assert host
        if width == 390:
            assert (box["x"], box["width"]) == (0, 390)
            assert abs(box["y"] + box["height"] - 844) < 1
            assert box["height"] < 0.61 * 844
        else:
            assert box["x"] >= 12
            assert box["x"] + box["width"] <= width - 12
            gap = min(
                abs(box["y"] - host["y"] - host["height"]),
                abs(host["y"] - box["y"] - box["height"]),
            )
            assert gap < 24
        for action in page.locator("#note").locator(".note-ways > *").all():
            size = action.bounding_box()
            assert size
            assert size["height"] >= 44


@pytest.mark.parametrize("kind", [MARK, TERM])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_note_opens_and_closes_by_key_and_gives_the_focus_back(
    width: int, kind: str, new_page: NewPage
) -> None:
    page = new_page(width=width)
    page.goto("overview/language-models/")
    address = page.url
    mark = page.locator(kind).first
    mark.focus()
    page.keyboard.press("Enter")
    note = page.locator("#note")
    expect(note).to_be_visible()
    expect(page.locator("#aside-note")).to_be_hidden()
    expect(note.locator("a.note-way")).to_be_focused()
    assert page.url == address
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(mark).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != address)


def test_a_note_is_told_while_its_mark_has_the_focus(page: Page) -> None:
    page.goto("overview/language-models/")
    mark = page.locator(MARK).first
    page.keyboard.press("Tab")  # the keyboard is in use
    mark.focus()
    note = page.locator("#aside-note")
    expect(note).to_be_visible()
    expect(mark).to_have_attribute("aria-describedby", "aside-note")
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(mark).to_be_focused()


def test_a_mouse_sees_the_sentence_and_its_click_follows_the_link(page: Page) -> None:
    page.goto("overview/language-models/")
    term = at(page.locator(TERM).first)
    term.hover()
    expect(page.locator("#aside-note")).to_have_text(SENTENCE)
    term.click()
    page.wait_for_url(re.compile(r"/references/glossary/#\w"))
    page.go_back()
    mark = at(page.locator(MARK).first)
    mark.click()
    page.wait_for_url(re.compile(r"#fn:"))
    expect(page.locator("li:target")).to_be_in_viewport()


def test_without_javascript_marks_are_links(new_page: NewPage) -> None:
    page = new_page(javascript=False, watched=False, has_touch=True, width=390)
    page.goto("overview/language-models/")
    at(page.locator(MARK).first).tap()
    page.wait_for_url(re.compile(r"#fn:"))
    page.goto("overview/language-models/")
    at(page.locator(TERM).first).tap()
    page.wait_for_url(re.compile(r"/references/glossary/#\w"))


def test_every_link_has_an_address_from_the_start(new_page: NewPage) -> None:
    page = new_page()
    page.goto("models/vae/")
    page.locator(".note-way").wait_for(state="attached")
    assert page.locator("a:not([href]), a[href='']").count() == 0
