"""Every page carries a content security policy, keeps to it, and is protected by it."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from selectolax.lexbor import LexborHTMLParser

from scripts import policy
from tests.site.kit import DOCS, PAGES, NewPage, OpenDemo, Site, idle

DEMOS = sorted(path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("demo.mjs"))
META = 'meta[http-equiv="Content-Security-Policy"]'
LISTEN = """() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", event =>
    window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
}"""


def pages(site: Path) -> Iterator[tuple[str, LexborHTMLParser]]:
    """Every page of the built site, redirects and the page for errors too."""
    for path in sorted(site.rglob("*.html")):
        if path.is_file():
            yield (
                path.relative_to(site).as_posix(),
                LexborHTMLParser(path.read_text(encoding="utf-8")),
            )


def directives(text: str) -> dict[str, list[str]]:
    """The parts of a policy by their names."""
    parts = [part.split() for part in text.split(";")]
    return {name: values for name, *values in parts}


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_every_page_has_a_policy_before_all_that_it_asks_for(built: Site) -> None:
    count = 0
    for name, tree in pages(built.path):
        metas = tree.css(META)
        assert len(metas) == 1, name
        early = [node.tag for node in tree.css(f"head > :is(script, link):not({META} ~ *)")]
        assert early == [], name
        given = directives(metas[0].attributes["content"] or "")
        assert set(given) == set(policy.SOURCES), name
        for directive in ("object-src", "frame-src", "base-uri", "form-action"):
            assert given[directive] == ["'none'"], f"{name}: {directive}"
        for directive, values in given.items():
            allowed = {"'none'", "'self'", *(["data:"] if directive == "img-src" else [])}
            hashes = {value for value in values if value.startswith("'sha256-")}
            assert set(values) - hashes <= allowed, f"{name}: {directive}"
        inside = {digest(node.text()) for node in tree.css("script:not([src])")}
        assert inside == {v for v in given["script-src"] if v.startswith("'sha256-")}, name
        count += 1
    assert count > len(PAGES) + 20


def test_no_page_has_a_style_or_a_handler_of_its_own(built: Site) -> None:
    for name, tree in pages(built.path):
        assert tree.css("style, [style]") == [], name
        html = (built.path / name).read_text(encoding="utf-8")
        tags = re.findall(r"<[a-z][^<>]*\son[a-z]+\s*=[^<>]*>", html)
        assert tags == [], name


def test_hosts_that_honour_it_send_the_policy_of_all_pages(built: Site) -> None:
    lines = (built.path / "_headers").read_text(encoding="ascii").splitlines()
    assert lines[0] == "/*"
    sent = dict(line.strip().split(": ", 1) for line in lines[1:])
    given = directives(sent["Content-Security-Policy"])
    assert given.pop("frame-ancestors") == ["'none'"]
    assert "unsafe" not in sent["Content-Security-Policy"]
    for name, tree in pages(built.path):
        [meta] = tree.css(META)
        for directive, values in directives(meta.attributes["content"] or "").items():
            assert set(values) <= set(given[directive]), name


def violations(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.violations")
    return found


@pytest.fixture
def watched(new_page: NewPage) -> Page:
    """A page that keeps what its policy has stopped; the fixture fails for errors of the console, too."""
    page = new_page(fresh=True)
    page.add_init_script(f"({LISTEN})()")
    return page


@pytest.mark.browser
def test_the_page_for_errors_asks_for_nothing_that_its_policy_forbids(watched: Page) -> None:
    watched.goto("404.html")
    idle(watched)
    assert violations(watched) == []


@pytest.mark.browser
@pytest.mark.parametrize("demo", DEMOS)
def test_a_running_demo_does_nothing_that_its_policy_forbids(
    demo: str, open_demo: OpenDemo
) -> None:
    page, root = open_demo(demo)
    page.evaluate(f"({LISTEN})()")
    load = root.get_by_role("button", name=re.compile("^(Start|Load)"))
    if load.count():
        load.click()
        expect(load).to_have_count(0)
    root.evaluate("root => root.querySelectorAll('details').forEach(node => node.open = true)")
    for button in root.get_by_role("button").all():
        if button.is_visible() and button.is_enabled():
            button.click()
    for name in ("range", "number", "checkbox", "radio"):
        root.evaluate(
            "(root, name) => root.querySelectorAll(`input[type=${name}]`).forEach(node => {"
            "  for (const kind of ['input', 'change'])"
            "    node.dispatchEvent(new Event(kind, {bubbles: true}));"
            "})",
            name,
        )
    idle(page)
    assert violations(page) == []


@pytest.mark.browser
def test_the_search_works_under_the_policy(watched: Page) -> None:
    watched.goto("models/vae/")
    watched.keyboard.press("/")
    watched.get_by_role("combobox").fill("attention")
    watched.locator(".search-results a").first.wait_for()
    watched.keyboard.press("Enter")
    watched.wait_for_url(lambda url: not url.endswith("models/vae/"))
    idle(watched)
    assert violations(watched) == []


@pytest.mark.browser
def test_a_redirect_goes_on_with_its_fragment(watched: Page) -> None:
    watched.goto("Understanding/architectures/models/gans/#objective")
    watched.wait_for_url("**/models/gan/#objective")
    watched.goto("Understanding/architectures/models/transformers/")
    watched.wait_for_url("**/architectures/#transformer")


@pytest.mark.browser
def test_a_drawing_that_is_opened_alone_keeps_its_colours(watched: Page) -> None:
    for name in ("models/vae/gap.svg", "assets/favicon.svg"):
        watched.goto(name)
        fills = "[...document.querySelectorAll('path, circle')].map(e => getComputedStyle(e).fill)"
        assert len(set(watched.evaluate(fills))) > 1, name
        assert violations(watched) == []


SMUGGLED = """
<script>window.smuggled = "inline"</script>
<script src="https://example.org/x.js"></script>
<script src="data:text/javascript,window.smuggled='data'"></script>
<img src="x.png" onerror="window.smuggled = 'handler'">
<svg onload="window.smuggled = 'svg'"></svg>
<a id="link" href="javascript:window.smuggled = 'link'">x</a>
<iframe srcdoc="<script>parent.smuggled = 'frame'</script>"></iframe>
<p id="cover" style="position: fixed; inset: 0">x</p>
<style>#main { display: none }</style>
<base href="https://example.org/">
<form id="form" action="https://example.org/"><button>x</button></form>
<img src="https://example.org/pixel.png">
"""


@pytest.mark.browser
def test_what_was_smuggled_into_a_page_does_nothing(new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False)
    page.add_init_script(f"({LISTEN})()")
    asked: list[str] = []
    failed: list[str] = []
    page.on("response", lambda response: asked.append(response.url))
    page.on("requestfailed", lambda request: failed.append(request.failure or ""))

    def smuggle(route: Route) -> None:
        answer = route.fetch()
        text = answer.text().replace("</h1>", f"</h1>{SMUGGLED}", 1)
        headers = {k: v for k, v in answer.headers.items() if k != "content-security-policy"}
        route.fulfill(response=answer, body=text, headers=headers)

    page.route("**/models/vae/", smuggle)
    page.goto("models/vae/")
    idle(page)
    page.evaluate("document.querySelector('#link').click()")
    page.evaluate("document.querySelector('#form').requestSubmit()")
    page.wait_for_timeout(200)
    assert page.evaluate("window.smuggled") is None
    assert page.evaluate("getComputedStyle(document.querySelector('#cover')).position") == "static"
    assert page.locator("#main").is_visible()
    assert not page.evaluate("document.baseURI").startswith("https://example.org")
    assert not [url for url in asked if "example.org" in url]
    assert set(failed) == {"csp"}
    stopped = {text.partition(":")[0] for text in violations(page)}
    assert stopped >= {"script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr"}
    assert stopped >= {"base-uri", "form-action", "img-src"}
