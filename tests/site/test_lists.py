"""The long lists of sources and terms: their letters, their filter, and addresses of what is filtered out."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.extensions.letters import letter
from tests.site.kit import NewPage, settle, until

pytestmark = pytest.mark.browser

LISTS = {
    "references/bibliography/": ("ul.bibliography-keys > li", "kingma2014", 2),
    "references/bibliography-g-k/": ("ul.bibliography > li", "kingma welling", 2),
    "references/glossary/": ("main dl > dt", "posterior collapse", 1),
}


@pytest.mark.parametrize("path", LISTS)
def test_every_letter_leads_to_its_first_entry_or_is_no_link(path: str, site: Path) -> None:
    html = (site / path / "index.html").read_text(encoding="utf-8")
    row = re.search(r'<div[^>]* class="letters".*?</div>', html, re.DOTALL)
    assert row
    signs = re.findall(r'<(a|span)(?:[^>]* href="([^"#]*)#([^"]+)")?>([^<]+)</', row[0])
    assert [sign for *_, sign in signs][-26:] == [chr(65 + at) for at in range(26)]
    linked = {sign: anchor for _, other, anchor, sign in signs if anchor and not other}
    elsewhere = {sign: (other, anchor) for _, other, anchor, sign in signs if other}
    assert len(linked) + len(elsewhere) > 15
    for sign, (other, anchor) in elsewhere.items():
        part = (site / path / other / "index.html").read_text(encoding="utf-8")
        found = re.findall(rf'<li id="(ref-{sign.lower()}[^"]*)"', part)
        assert found[0] == anchor, "the first entry of a letter that another part shows"
    entries = re.findall(r'<(?:li|dt) id="([^"]+)">(?:<strong>)?([^<]*)', html)
    at = [
        next(n for n, (anchor, _) in enumerate(entries) if anchor == one) for one in linked.values()
    ]
    if "glossary" in path:
        names = {anchor: letter(name) for anchor, name in entries}
        assert {sign: names[anchor] for sign, anchor in linked.items()} == {s: s for s in linked}
        assert set(linked) == set(names.values())
    assert at == sorted(at), "the list is in the order of its letters"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("width", [320, 1440])
def test_typing_narrows_the_list_and_its_addresses_keep_working(
    width: int, path: str, new_page: NewPage
) -> None:
    selector, words, least = LISTS[path]
    page = new_page(width=width)
    page.goto(path)
    entries, box = page.locator(selector), page.get_by_role("searchbox", name="Filter")
    status = page.locator(".filter [role=status]")
    all_ = entries.count()
    expect(status).to_have_text("")
    box.focus()
    page.keyboard.type(words)
    shown = page.locator(f"{selector}:visible")
    until(page, f"document.querySelectorAll({f'{selector}:not([hidden])'!r}).length < {all_}")
    count = shown.count()
    assert least <= count < all_ / 10
    expect(status).to_have_text(f"{count} of {all_} entries")
    page.keyboard.type(" qqqq")
    expect(shown).to_have_count(0)
    expect(status).to_have_text("No entry has all these words.")
    page.keyboard.press("Escape")
    expect(shown).to_have_count(all_)
    expect(status).to_have_text("")
    box.fill(words)
    # A letter leads to an entry that is filtered out.
    page.locator(".letters a", has_text=re.compile("^H$")).click()
    expect(shown).to_have_count(all_)
    expect(page.locator(f"{selector}:target")).to_be_in_viewport()
    # The address that the page has already.
    box.fill(words)
    page.locator(".letters a", has_text=re.compile("^H$")).click()
    expect(page.locator(f"{selector}:target")).to_be_in_viewport()
    # An address that somebody types.
    box.fill(words)
    last = entries.last.get_attribute("id")
    page.evaluate("hash => { location.hash = hash }", last)
    expect(page.locator(f"[id='{last}']")).to_be_in_viewport()


def test_accents_and_capitals_do_not_count(page: Page) -> None:
    page.goto("references/bibliography-r-z/")
    page.get_by_role("searchbox", name="Filter").fill("bjorn OMMER")
    shown = page.locator("ul.bibliography > li:visible")
    until(page, "document.querySelector('.filter [role=status]').textContent !== ''")
    assert 0 < shown.count() < 20
    expect(shown.first).to_contain_text("Björn Ommer")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_whole_without_javascript(path: str, new_page: NewPage) -> None:
    page = new_page(javascript=False)
    page.goto(path)
    assert page.locator(f"{LISTS[path][0]}:visible").count() > 200
    expect(page.locator(".filter")).to_be_hidden()
    page.locator(".letters a", has_text=re.compile("^S$")).click()
    expect(page.locator(":target")).to_be_in_viewport()


@pytest.mark.parametrize("path", LISTS)
def test_the_letters_cover_no_entry_that_is_asked_for(path: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(path)
    page.locator(".letters a", has_text=re.compile("^M$")).click()
    settle(page)
    row = page.locator(".letters").bounding_box()
    entry = page.locator(":target").bounding_box()
    assert row
    assert entry
    assert row["y"] >= 0, "the letters stay at hand"
    assert entry["y"] >= row["y"] + row["height"] - 1
