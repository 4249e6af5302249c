"""Finding one's way: sections in the head, breadcrumb, contents that follow, back to top, columns that hide."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.site.kit import PAGES, NewPage, settle, until
from tests.site.server import Server

pytestmark = pytest.mark.browser

CURRENT = ".toc [aria-current]"
SEEN = f"""() => {{
  const link = document.querySelector("{CURRENT}")?.getBoundingClientRect();
  const box = document.querySelector(".toc").getBoundingClientRect();
  return Boolean(link) && link.top >= Math.max(0, box.top) && link.bottom <= Math.min(innerHeight, box.bottom);
}}"""
READ = """() => [...document.querySelectorAll(".toc li a")]
  .map(link => document.getElementById(link.hash.slice(1)))
  .findLast(heading => heading.getBoundingClientRect().top < 140)?.id"""


def test_the_breadcrumb_leads_from_every_page_to_its_section_and_home(
    page: Page, server: Server
) -> None:
    for path in ["models/", "models/gan/", "training/rlhf/", "contributing/style/"]:
        page.goto(path)
        crumbs = page.get_by_role("navigation", name="Breadcrumb")
        expect(crumbs).to_be_visible()
        links = crumbs.get_by_role("link").evaluate_all("links => links.map(link => link.href)")
        assert links[0] == server.url
        for link in links[1:]:
            assert link.removeprefix(server.url) in PAGES
            assert page.url.startswith(link)
            assert link != page.url
        last = crumbs.locator("li").last
        expect(last).to_have_attribute("aria-current", "page")
        assert last.get_by_role("link").count() == 0
        assert last.inner_text()
    page.goto("models/gan/")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role(
        "link", name="Model classes"
    ).click()
    page.wait_for_url("**/models/")


def test_the_head_leads_to_the_sections_where_there_is_room(page: Page, server: Server) -> None:
    page.goto("models/gan/")
    head = page.get_by_role("navigation", name="Sections")
    for width in (1248, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        boxes = head.get_by_role("link").evaluate_all(
            "links => links.map(link => link.getBoundingClientRect().right)"
        )
        search = page.locator(".top-search").bounding_box()
        assert search
        assert len(boxes) >= 6
        assert max(boxes) < search["x"] - 4, "the sections and the search stand apart"
    expect(head.locator("[aria-current]")).to_have_text("Model classes")
    head.get_by_role("link", name="Architectures").click()
    page.wait_for_url("**/architectures/")
    page.set_viewport_size({"width": 1200, "height": 900})
    expect(head).to_be_hidden()


def test_the_contents_follow_the_reading(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 500})
    page.goto("models/gan/")
    for part in (0.2, 0.5, 0.8, 0.3):
        page.evaluate(
            "part => scrollTo({top: part * document.body.scrollHeight, behavior: 'instant'})", part
        )
        settle(page)
        until(page, f"({READ})() === document.querySelector('{CURRENT}')?.hash.slice(1)")
        assert page.evaluate(SEEN), f"at {part} the section that is read cannot be seen"


@pytest.mark.parametrize("width", [320, 1100])
def test_the_contents_are_at_hand_everywhere_on_a_phone(width: int, new_page: NewPage) -> None:
    page = new_page(width=width, height=640)
    page.goto("models/gan/")
    page.evaluate("scrollTo({top: document.body.scrollHeight / 2, behavior: 'instant'})")
    settle(page)
    page.locator(".top").get_by_role("button", name="On this page").click()
    contents = page.get_by_role("navigation", name="On this page")
    expect(contents).to_be_visible()
    until(page, f"({SEEN})()")
    contents.get_by_role("link", name="Back to top").click()
    expect(contents).to_be_hidden()
    expect(page.locator("h1")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_end_of_a_page_leads_back_to_its_top(page: Page) -> None:
    page.goto("models/gan/")
    link = page.locator("main > .to-top").get_by_role("link", name="Back to top")
    link.focus()
    page.keyboard.press("Enter")
    until(page, "scrollY < 100")
    expect(page.locator("h1")).to_be_in_viewport()


def columns(page: Page) -> tuple[bool, bool]:
    """Whether the pages and the contents stand beside the text."""
    return page.locator("#nav").is_visible(), page.locator("#toc").is_visible()


def test_the_columns_hide_and_stay_hidden_on_the_next_page(page: Page) -> None:
    page.goto("models/gan/")
    assert columns(page) == (True, True)
    button = page.get_by_role("button", name="Hide the side columns")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert columns(page) == (False, False)
    kept = page.evaluate("Object.entries(localStorage)")
    assert len(kept) == 1
    assert re.fullmatch(r"columns:/", kept[0][0])
    page.goto("models/vae/")
    assert columns(page) == (False, False)
    # What they hold opens from the head.
    page.get_by_role("button", name="Pages").click()
    expect(page.locator("#nav").get_by_role("link", name="Paradigms", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".top").get_by_role("button", name="On this page").click()
    expect(page.locator("#toc").get_by_role("link").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Hide the side columns").click()
    assert columns(page) == (True, True)
    assert page.evaluate("localStorage.length") == 0


def test_hidden_columns_are_not_drawn_first(new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False)
    page.goto("models/gan/")
    page.get_by_role("button", name="Hide the side columns").click()
    page.route("**/*.mjs", lambda route: route.abort())
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " window.first = document.querySelector('#nav').checkVisibility() })"
    )
    page.reload()
    until(page, "window.first !== undefined")
    assert page.evaluate("window.first") is False


def test_without_javascript_no_button_promises_to_hide_columns(new_page: NewPage) -> None:
    page = new_page(javascript=False)
    page.goto("models/gan/")
    expect(page.locator("[data-columns]")).to_be_hidden()
    assert columns(page) == (True, True)


@pytest.mark.parametrize("width", [320, 1440])
def test_the_search_keeps_the_focus_and_closes_beside_it(width: int, new_page: NewPage) -> None:
    page = new_page(width=width, height=844)
    page.goto("models/gan/")
    address = page.url
    inside = "document.querySelector('dialog.search').contains(document.activeElement)"
    page.keyboard.press("/")
    dialog = page.get_by_role("dialog", name="Search")
    expect(dialog).to_have_attribute("aria-modal", "true")
    page.keyboard.type("mode collapse")
    expect(page.get_by_role("option").first).to_be_visible()
    for key in ["Tab"] * 12 + ["Shift+Tab"] * 12:
        page.keyboard.press(key)
        assert page.evaluate(inside), key
    # What lies beside it does not take the click.
    page.mouse.click(width / 2, 830)
    expect(dialog).to_be_hidden()
    assert page.url.partition("?")[0] == address
    page.locator("[data-scheme]").focus()
    page.keyboard.press("Control+k")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-scheme]")).to_be_focused()
    page.set_viewport_size({"width": 600, "height": 844})
    page.get_by_role("button", name="Pages").click()
    page.keyboard.press("/")  # the list of pages makes room
    expect(page.locator("#nav")).to_be_hidden()
    expect(page.get_by_role("combobox")).to_be_focused()
