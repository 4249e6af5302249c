"""Demos on stage: a still before the start, ways that lead to it, and room that it keeps."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.site.kit import DOCS, NewPage, settle, traffic, until

pytestmark = pytest.mark.browser

DEMOS = sorted(path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("demo.mjs"))
HOME = 60_000  # bytes of a first visit, over gzip, the stills that come near included

SEEN = """() => {
  const still = document.querySelector("img.demo-still");
  return [still.complete, still.naturalWidth > 0, still.getBoundingClientRect().height];
}"""


@pytest.mark.parametrize("path", DEMOS)
def test_without_javascript_a_demo_is_its_link_and_a_figure(path: str, new_page: NewPage) -> None:
    page = new_page(javascript=False)
    page.goto(f"{path}/#demo")
    expect(page.locator("#demo > a.demo")).to_be_in_viewport()
    still = page.locator("#demo > img.demo-still")
    expect(still).to_be_in_viewport()
    until(page, f"({SEEN})()[1]")
    assert page.evaluate(SEEN)[2] > 100


@pytest.mark.parametrize("path", DEMOS)
def test_a_demo_takes_the_place_of_its_still_and_is_not_loaded_from_afar(
    path: str, new_page: NewPage
) -> None:
    page = new_page(fresh=True)
    sent = traffic(page)
    page.goto(f"{path}/", wait_until="networkidle")
    assert not any(url.endswith(".mjs") and path in url for url in sent.urls.values())
    page.locator("#demo").scroll_into_view_if_needed()
    page.locator(".demo-running .demo-root").wait_for()
    settle(page)
    expect(page.locator("img.demo-still")).to_be_hidden()


@pytest.mark.parametrize("path", ["demos/", ""])
def test_every_picture_of_a_demo_leads_to_it(path: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(path)
    places = page.locator(".stages li > p:first-child a").evaluate_all(
        "links => links.map(link => link.href)"
    )
    assert len(places) == (len(DEMOS) if path else 3)
    for place in places:
        page.goto(place)
        page.locator(".demo-running").wait_for()
        top = page.evaluate("document.querySelector('#demo').getBoundingClientRect().top")
        assert 0 <= top < 300, place


@pytest.mark.parametrize(("width", "shown"), [(1440, True), (390, True), (360, True), (320, False)])
def test_the_header_has_demos_beside_the_search(width: int, shown: bool, new_page: NewPage) -> None:
    page = new_page(width=width, height=844)
    page.goto("models/gan/")
    link = page.locator(".top-demos")
    expect(link).to_be_visible(visible=shown)
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.top-inner > *')].map(n => n.getBoundingClientRect())"
        ".filter(b => b.width).map(b => [b.left, b.right]).sort((a, b) => a[0] - b[0])"
    )
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(boxes)), boxes
    assert boxes[-1][1] <= width
    if shown:
        link.click()
        expect(page.locator(".top-demos")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("path", DEMOS)
def test_the_head_of_a_page_leads_to_its_demo(path: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{path}/")
    page.get_by_role("link", name="Try it in your browser").click()
    page.locator(".demo-running").wait_for()
    expect(page.locator("#demo .demo-bar")).to_be_in_viewport()


def test_the_entrance_stays_light(new_page: NewPage) -> None:
    page = new_page(fresh=True, width=390, height=844, device_scale_factor=2)
    sent = traffic(page)
    page.goto("", wait_until="networkidle")
    assert sent.total <= HOME, f"{sent.total:.0f} bytes\n{sent}"
