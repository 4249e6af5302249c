"""A reader's ways: search, colour scheme, addresses that do not exist, a site below a path."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.kit import NewPage, samples, scheme_of, shown, until
from tests.site.server import Server

pytestmark = pytest.mark.browser

LOOKS = [
    "getComputedStyle(document.documentElement).colorScheme",
    "getComputedStyle(document.body).backgroundColor",
    "getComputedStyle(document.querySelector('h1')).color",
    "getComputedStyle(document.querySelector('main a')).textDecorationColor",
]


def search(page: Page, text: str) -> list[str]:
    """The addresses that the search finds, best first."""
    page.keyboard.press("/")
    page.keyboard.type(text)
    first = page.locator("dialog.search a").first
    expect(first).to_be_visible(timeout=20_000)  # how fast it is, others measure
    links = page.locator("dialog.search a").evaluate_all("links => links.map(l => l.href)")
    return [str(link) for link in links]


def test_search_finds_what_a_reader_would_ask_for(page: Page, server: Server) -> None:
    for text, wanted in {
        "adversarial": "models/gan/",
        "reinforcement learning": "paradigms/reinforcement/",
        "libraries": "ecosystem/libraries/",
        "self-supervised": "paradigms/self-supervised/",
        "posterior collapse": "models/vae/",
        "write a page": "contributing/",
    }.items():
        page.goto("")
        found = search(page, text)
        pages = [link.split("#")[0] for link in found]
        assert server.url + wanted in list(dict.fromkeys(pages))[:2], (text, found)


def test_search_is_used_with_the_keyboard_alone(page: Page, server: Server) -> None:
    page.goto("overview/")
    found = search(page, "adversarial")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(found[0])
    expect(page.locator("h1")).to_be_visible()


def test_search_says_when_there_is_nothing_and_helps_with_a_slip(page: Page) -> None:
    page.goto("")
    page.keyboard.press("/")
    page.keyboard.type("qqqqqqqqqqq")
    status = page.locator("dialog.search [role=status]")
    expect(status).to_contain_text("Nothing found")
    page.locator("dialog.search input").fill("adverserial")
    expect(status).to_contain_text("adversarial, as nothing is spelt “adverserial”")
    expect(page.locator("dialog.search a").first).to_have_attribute(
        "href", re.compile("models/gan/$")
    )


def test_search_loads_its_index_when_it_is_opened_and_not_before(new_page: NewPage) -> None:
    page = new_page(fresh=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("models/", wait_until="networkidle")
    assert not any("search_index" in url or "search-engine" in url for url in asked)
    search(page, "gan")
    assert sum("search_index" in url for url in asked) == 1


BROKEN = {
    "hangs": (lambda route: None, "has not come within 10 seconds"),
    "is missing": (lambda route: route.fulfill(status=503, body=""), "the server answers 503"),
    "is cut": (lambda route: route.fulfill(body='{"docs": [{"loc'), "is damaged"),
    "is empty": (lambda route: route.fulfill(body="{}"), "is damaged"),
    "is out of reach": (lambda route: route.abort(), "cannot be reached"),
}


@pytest.mark.parametrize("part", ["search_index.json", "search-results.mjs", "search-engine.mjs"])
@pytest.mark.parametrize("fault", BROKEN)
def test_a_search_that_cannot_work_says_why_and_can_be_tried_again(
    fault: str, part: str, new_page: NewPage
) -> None:
    answer, told = BROKEN[fault]
    page = new_page(fresh=True, watched=False)
    page.clock.install()
    page.route(f"**/{part}", answer)
    page.goto("models/")
    page.keyboard.press("/")
    page.keyboard.type("gan")
    status = page.locator("dialog.search [role=status]")
    if fault == "hangs":
        expect(status).to_contain_text("Loading the index")
        page.clock.fast_forward(11_000)
    expect(status).to_contain_text("The search does not work now")
    if part == "search_index.json":
        expect(status).to_contain_text(told)
    page.unroute(f"**/{part}")
    status.get_by_role("button", name="Try again").click()
    expect(page.locator("dialog.search a.search-page").first).to_be_visible()
    expect(page.locator("dialog.search input")).to_be_focused()


def test_search_leaves_out_what_is_no_answer(page: Page, server: Server, site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    pages = {address: sections for address, _, *sections in index["pages"]}
    folder = site / "search" / "texts"
    texts = {
        path.relative_to(folder).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.json")
    }
    assert not [place for place, known in texts.items() if "\u21a9" in "".join(known.values())]
    lists = [page for page, sections in pages.items() if "References" in sections]
    assert lists == ["contributing/rules/"]  # its rules on lists of sources
    for name in ("references/bibliography", "references/equations"):
        assert pages[f"{name}/"] == []
        assert 50 < len(texts[f"{name}.json"][""]) < 1000
    parts = [known for place, known in texts.items() if place.startswith("contributing/rules")]
    rules = {anchor: text for known in parts for anchor, text in known.items()}
    assert len(rules) > 100
    assert "Bad:" not in "".join(rules.values())
    page.goto("")
    page.keyboard.press("/")
    page.keyboard.type("reinforcment learning")
    expect(page.locator("dialog.search a").first).to_have_attribute(
        "href", f"{server.url}paradigms/reinforcement/"
    )


def test_search_and_links_work_below_a_path(page: Page, server: Server) -> None:
    page.goto(f"{server.below}models/")
    found = search(page, "adversarial")
    assert found[0].startswith(server.below)
    page.goto(found[0])
    page.locator("nav#nav a").first.click()
    page.wait_for_load_state()
    assert page.url.startswith(server.below)
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_follows_the_system(scheme: str, new_page: NewPage) -> None:
    page = new_page(scheme=scheme)
    page.goto("")
    assert scheme_of(page) == ("slate" if scheme == "dark" else "default")


def test_the_scheme_switches_and_stays(page: Page) -> None:
    page.goto("")
    button = page.locator("[data-scheme]")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button.click()
    assert scheme_of(page) == "slate"
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper
    page.reload()
    assert scheme_of(page) == "slate"
    page.goto("models/")
    assert scheme_of(page) == "slate"
    page.locator("[data-scheme]").click()
    page.goto("overview/")
    assert scheme_of(page) == "default"


def test_the_scheme_is_there_before_anything_is_drawn(new_page: NewPage) -> None:
    page = new_page(fresh=True, scheme="dark")
    page.add_init_script(
        "new PerformanceObserver(list => { window.first ??= "
        "document.body.getAttribute('data-md-color-scheme'); })"
        ".observe({type: 'paint', buffered: true});"
    )
    page.goto("overview/")
    until(page, "window.first")
    assert page.evaluate("window.first") == "slate"


def test_the_scheme_of_another_site_of_the_host_is_not_ours(page: Page, server: Server) -> None:
    page.goto("overview/")
    page.evaluate("localStorage.setItem('scheme', 'slate')")
    page.locator("[data-scheme]").click()
    keys = page.evaluate("Object.keys(localStorage)")
    assert sorted(keys) == ["scheme", "scheme:/"]
    page.goto(f"{server.below}overview/")
    assert scheme_of(page) == "default"
    page.locator("[data-scheme]").click()
    page.goto(f"{server.below}models/")
    assert scheme_of(page) == "slate"
    page.locator("[data-scheme]").click()
    page.goto("models/")
    assert scheme_of(page) == "slate"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_scroll_bars_follow_the_chosen_scheme(scheme: str, new_page: NewPage) -> None:
    page = new_page(scheme=scheme)
    page.goto("overview/")
    other = {"light": "dark", "dark": "light"}[scheme]
    used = "getComputedStyle(document.documentElement).colorScheme"
    assert page.evaluate(used) == scheme
    page.locator("[data-scheme]").click()
    assert page.evaluate(used) == other
    page.reload()
    assert page.evaluate(used) == other


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_javascript_the_scheme_is_the_systems(scheme: str, new_page: NewPage) -> None:
    with_it = new_page(scheme=scheme)
    page = new_page(scheme=scheme, javascript=False, watched=False)
    for each in (with_it, page):
        each.goto("overview/")
    for look in LOOKS:
        assert page.evaluate(look) == with_it.evaluate(look)


@pytest.mark.parametrize("hash", ["#100%", "#%E0%A4%A", "#%"])
def test_a_bad_fragment_ends_nothing(hash: str, page: Page) -> None:
    page.goto(f"models/vae/{hash}")
    block = page.locator(".highlight").first
    block.scroll_into_view_if_needed()
    expect(block.locator(".copy")).to_be_attached()
    page.evaluate(f"location.hash = '{hash}again'")
    page.evaluate("scrollTo({top: document.body.scrollHeight / 2, behavior: 'instant'})")
    expect(page.locator(".toc [aria-current]")).to_have_count(1)
    assert search(page, "adversarial")


FAILING = {
    "ResizeObserver": "window.ResizeObserver = class { constructor() { throw Error('planted'); } }",
    "IntersectionObserver": (
        "window.IntersectionObserver = class { constructor() { throw Error('planted'); } }"
    ),
    "matchMedia": "window.matchMedia = null",
    "the search's form": (
        "document.addEventListener('readystatechange',"
        " () => document.querySelector('dialog.search input')?.remove())"
    ),
}


@pytest.mark.parametrize("fault", FAILING)
def test_one_step_that_fails_stops_no_other(fault: str, new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(FAILING[fault])
    page.goto("overview/")
    page.wait_for_load_state("networkidle")
    assert errors, "nobody is told"
    page.locator("main a.footnote-ref").first.hover()
    expect(page.locator("#aside-note")).to_be_visible()
    page.evaluate("scrollTo({top: document.body.scrollHeight / 2, behavior: 'instant'})")
    expect(page.locator(".toc [aria-current]")).to_have_count(1)
    if fault != "matchMedia":
        page.locator("[data-scheme]").click()
        assert scheme_of(page) == "slate"
    if fault != "the search's form":
        assert search(page, "adversarial")


@pytest.mark.parametrize("path", samples(), ids=shown)
def test_pages_work_below_a_path(path: str, page: Page, server: Server) -> None:
    page.goto(f"{server.below}{path}", wait_until="networkidle")
    expect(page.locator("h1").first).to_be_visible()
    styled = page.evaluate("document.styleSheets[0].cssRules.length")
    assert styled > 20


def test_an_address_that_does_not_exist_says_so_and_leads_on(new_page: NewPage) -> None:
    page = new_page(watched=False)
    answer = page.goto("no/such/page/")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_be_visible()
    page.locator("main a").first.click()
    page.wait_for_load_state()
    assert "no/such" not in page.url
    page.goto("no/such/page/")
    assert search(page, "adversarial")


def test_a_source_is_shown_at_its_mark(page: Page) -> None:
    page.goto("overview/")
    mark = page.locator("main a.footnote-ref").first
    mark.scroll_into_view_if_needed()
    mark.hover()
    note = page.locator("#aside-note")
    expect(note).to_be_visible()
    assert len(note.inner_text()) > 20
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()


def test_an_abbreviation_is_explained(page: Page) -> None:
    page.goto("overview/language-models/")
    short = page.locator("main abbr").first
    short.scroll_into_view_if_needed()
    short.hover()
    expect(page.locator("#aside-note")).to_be_visible()


def test_a_demo_is_a_link_before_it_runs_and_runs_when_it_is_near(new_page: NewPage) -> None:
    still = new_page(javascript=False)
    still.goto("models/gan/")
    link = still.locator("a.demo")
    expect(link).to_have_attribute("href", "demo.mjs")
    page = new_page()
    page.goto("models/gan/")
    expect(page.locator(".demo-running")).to_have_count(0)
    page.locator("a.demo").scroll_into_view_if_needed()
    expect(page.locator(".demo-running .demo-root")).to_be_visible()
