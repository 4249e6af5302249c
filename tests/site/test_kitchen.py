"""What an editor who knows Material writes: each component of its reference works here, or a rule refuses it.

tests/site/kitchen.md shows all that work. It is built into a site of its own, which nobody publishes.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mkdocs.commands import build
from mkdocs.config import load_config
from playwright.sync_api import Page, expect
from selectolax.lexbor import LexborHTMLParser

from scripts import policy
from scripts.checker import rulebook
from scripts.checker.engine import check
from scripts.checker.request import Request
from scripts.checker.rules import built as built_rules
from tests.site import engines, html
from tests.site.kit import DOCS, ROOT, NewPage, idle, settle
from tests.site.server import Server
from tests.site.test_access import COLOURS, NO_STOP, VIEWS, show, violations
from tests.site.test_engines import LOOK, WATCH

HERE = Path(__file__).parent
PAGE = "kitchen/"
BOX = "div.admonition"
TYPES = "note abstract info tip success question warning failure danger bug example quote".split()

# The pages of Material's reference, and what each shows: how often the kitchen page renders it, by a
# selector, or the rule that refuses it.
REFERENCE: dict[str, dict[str, int | str]] = {
    "admonitions": {
        **{f"article > {BOX}.{kind}:not(.inline) > .admonition-title": 1 for kind in TYPES[1:-2]},
        f"{BOX}.note:not(:has(> .admonition-title))": 1,
        f"{BOX}.abstract > .admonition-title > code": 1,
        f"{BOX} > {BOX}.warning": 1,
        "details.tip:not([open]) > summary": 1,
        "details.question[open] > summary": 1,
        f"{BOX}.info.inline.end": 1,
        f"{BOX}.tip.inline:not(.end)": 1,
        "a type that is unknown": "A01",
    },
    "annotations": {"an annotation": "R03"},
    "buttons": {
        "a.md-button": 2,
        "a.md-button.md-button--primary": 1,
        "a button with an icon": "R01",
    },
    "code-blocks": {
        "div.highlight > .filename": 1,
        "pre [data-linenos]": 6,
        "pre .hll": 4,
        "pre .hll > .linenos": 3,
        "div.highlight.no-copy": 1,
        "p > code.highlight > .nb": 1,
        "table.highlighttable": 0,
        "an annotation in code": "R03",
        "an excerpt in a fence": "R08",
    },
    "content-tabs": {
        ".tabbed-set": 4,
        ".tabbed-block > div.highlight": 2,
        f"{BOX} .tabbed-block li": 2,
        ".tabbed-labels > label": 14,
        "more tabs than are shown": "R05",
    },
    "data-tables": {
        "td.to-middle": 2,
        "td.to-right": 2,
        "table > caption": 1,
    },
    "diagrams": {"a diagram in Mermaid": "R02"},
    "footnotes": {"sup > a.footnote-ref": 2, ".footnote li": 2, ".footnote li p": 3},
    "formatting": {
        "mark": 1,
        "ins": 1,
        "del": 1,
        "li > sub": 1,
        "li > sup": 1,
        "kbd": 4,
        "a suggested change": "R04",
    },
    "grids": {
        ".grid.cards > ul > li": 4,
        ".grid.cards hr": 1,
        ".grid > p.card": 1,
        ".grid > blockquote": 1,
        ".grid > div.highlight": 1,
        ".grid > .tabbed-set": 1,
    },
    "icons-emojis": {"an emoji": "R01", "an icon": "R01"},
    "images": {
        'p > img.align-right[width="160"][height="107"]': 1,
        'p > img.align-left[loading="lazy"]': 1,
        'figure img[src$="#only-light"]': 1,
        'figure img[src$="#only-dark"]': 1,
        "figure > figcaption": 3,
        'figure > img[width="160"]': 1,
        '.figure-panel > svg[width="120"]': 1,
        "a caption between slashes": "R07",
    },
    "lists": {
        "ul ul ul > li": 1,
        "ol ol > li": 1,
        "dl > dt": 2,
        "dl > dd": 2,
        "ul.task-list > li.task-list-item > input[disabled]": 4,
        "li.task-list-item > input[checked]": 2,
    },
    "math": {"p math": 4, ".equation math[display=block]": 1, "backslashes and brackets": "R06"},
    "tooltips": {
        "p > a[title]": 2,
        'abbr[title^="Hypertext"]': 1,
        'abbr[title^="Web Hypertext"]': 1,
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has our settings, style and sources, and the kitchen page."""
    root = tmp_path_factory.mktemp("kitchen")
    docs = root / "docs"
    shutil.copytree(DOCS / "assets", docs / "assets")
    shutil.copytree(HERE / "kitchen", docs / "kitchen")
    shutil.copy(HERE / "kitchen.md", docs)
    (docs / "index.md").write_text("# Home\n", encoding="utf-8")
    (docs / "references").mkdir()
    shutil.copy(DOCS / "references" / "bibliography.bib", docs / "references")
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    return root


@pytest.fixture(scope="module")
def site(project: Path) -> Path:
    """The site that our settings, without redirects, make of the project."""
    out = project / "site"
    config = load_config(
        str(ROOT / "mkdocs.yml"),
        docs_dir=str(project / "docs"),
        site_dir=str(out),
        plugins=[{"search": {}}],
        strict=False,
    )
    policy.serving = False  # the server of an earlier test has said otherwise
    build.build(config)
    return out


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[Server]:
    """Serves the kitchen's site instead of ours."""
    running = Server(site)
    yield running
    running.stop()


@pytest.fixture
def kitchen(new_page: NewPage) -> Page:
    """The page, wide and light."""
    return opened(new_page)


def opened(new_page: NewPage, **options: object) -> Page:
    """The page in a view, all of it loaded."""
    page = new_page(fresh=True, **options)
    page.goto(PAGE)
    page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    page.wait_for_load_state("networkidle")
    settle(page)
    return page


@pytest.mark.parametrize("name", REFERENCE)
def test_each_component_is_rendered_or_refused(name: str, site: Path) -> None:
    text = (site / PAGE / "index.html").read_text(encoding="utf-8")
    article = LexborHTMLParser(text).css_first("article")
    assert article is not None
    rules = rulebook.load("scripts.house.rules").rules
    for what, wanted in REFERENCE[name].items():
        if isinstance(wanted, str):
            assert wanted in rules, f"{what}: there is no rule {wanted}"
        else:
            assert len(article.css(what)) == wanted, what


def test_nothing_is_printed_as_it_is_typed(project: Path, site: Path) -> None:
    page = project / "docs" / "kitchen.md"
    found = check(Request([page], ignore=("N",), jobs=1, cache=project / ".cache")).problems
    assert [str(problem) for problem in found] == []
    # The page has no others beside it: only its text and its parts are asked about.
    leaks = built_rules.check(site, codes=("B03", "B04", "B05", "B06", "B08"), jobs=1)
    assert [str(problem) for problem in leaks if problem.path.startswith(PAGE)] == []
    assert html.parse(site / PAGE / "index.html").faults == []


@pytest.mark.browser
def test_axe_finds_nothing_in_the_kitchen(new_page: NewPage) -> None:
    page = opened(new_page, reduced_motion="reduce")
    found = {}
    for width, scheme in VIEWS:
        show(page, width, scheme)
        rules = {"target-size": {"enabled": True}}
        if faults := violations(page, rules=rules) + violations(page, runOnly=COLOURS):
            found[f"{width} px, {scheme}"] = faults
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_kitchen_fits_its_window(width: int, scheme: str, new_page: NewPage) -> None:
    page = opened(new_page, width=width, scheme=scheme)
    idle(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.wait_for_function(f"({NO_STOP})().length === 0")
    # A class of an author's means nothing to the parts of the page that lie above the text.
    lying = """[...document.querySelectorAll("article *")].filter(part =>
        ["absolute", "fixed"].includes(getComputedStyle(part).position)
        && !part.matches("button.copy, .tabbed-set > input")).map(part => part.outerHTML.slice(0, 80))"""
    assert page.evaluate(lying) == []
    # What is not meant to scroll is not cut either.
    cut = """[...document.querySelectorAll("article :is(.card, .cards li, .admonition, .filename, p)")].filter(
        part => part.scrollWidth > part.clientWidth + 1).map(part => part.outerHTML.slice(0, 80))"""
    assert page.evaluate(cut) == []


@pytest.mark.browser
@pytest.mark.parametrize("side", ["left", "right"])
def test_what_stands_at_a_side_has_the_text_beside_it(side: str, new_page: NewPage) -> None:
    parts = (".inline.end", "img.align-right"), (".inline:not(.end)", "img.align-left")
    beside = """(part, side) => {
      const [box, text] = [part, (part.matches("img") ? part.parentElement : part).nextElementSibling]
        .map(node => node.getBoundingClientRect());
      const word = document.createRange();
      const next = (part.matches("img") ? part.parentElement : part).nextElementSibling;
      word.setStart(next.firstChild, 0);
      word.setEnd(next.firstChild, 3);
      const first = word.getBoundingClientRect();
      const gap = side === "left" ? first.left - box.right : box.left - first.right;
      return [first.top < box.bottom, gap];
    }"""
    for width, wanted in ((1440, True), (390, False)):
        page = opened(new_page, width=width)
        for selector in parts[side == "left"]:
            same, gap = page.locator(f"article {selector}").evaluate(beside, side)
            assert same == wanted, (width, selector)
            assert not wanted or gap >= 8, (width, selector, gap)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("javascript", [True, False])
def test_an_image_of_one_scheme_is_seen_in_that_one(
    scheme: str, javascript: bool, new_page: NewPage
) -> None:
    page = new_page(fresh=True, scheme=scheme, javascript=javascript)
    page.goto(PAGE)
    for name in ("light", "dark"):
        image = page.locator(f'img[src$="#only-{name}"]')
        if name == scheme:
            expect(image).to_be_visible()
        else:
            expect(image).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark" if scheme == "dark" else "light")
    expect(page.locator('img[src$="#only-light"]')).to_be_visible()
    expect(page.locator('img[src$="#only-dark"]')).to_be_hidden()


@pytest.mark.browser
def test_every_tab_shows_its_own_block(kitchen: Page) -> None:
    for group in kitchen.locator(".tabbed-set").all():
        blocks = group.locator(".tabbed-content > .tabbed-block")
        for index, label in enumerate(group.locator(".tabbed-labels > label").all()):
            label.click()
            shown = blocks.evaluate_all("all => all.map(block => block.checkVisibility())")
            assert shown == [place == index for place in range(len(shown))]
            assert label.evaluate("e => getComputedStyle(e).borderBottomColor") not in {
                "rgba(0, 0, 0, 0)"
            }


@pytest.mark.browser
def test_a_marked_line_is_as_long_as_its_code_and_numbers_are_not_copied(kitchen: Page) -> None:
    short = """[...document.querySelectorAll("pre:has(.hll)")].flatMap(pre => [...pre.querySelectorAll(".hll")]
        .filter(line => line.getBoundingClientRect().width < pre.scrollWidth - 1).map(line => line.textContent))"""
    assert kitchen.locator("pre .hll").count() == 4
    assert kitchen.evaluate(short) == []
    code = kitchen.locator("pre:has([data-linenos])").first
    assert code.inner_text().startswith("def bubble_sort")
    number = "e => getComputedStyle(e, '::before').content"
    assert code.locator("[data-linenos]").first.evaluate(number).startswith('" 8')
    for block in kitchen.locator("article div.highlight:visible").all():
        block.scroll_into_view_if_needed()
        wanted = 0 if "no-copy" in (block.get_attribute("class") or "") else 1
        expect(block.locator("button.copy")).to_have_count(wanted)


@pytest.mark.browser
def test_a_task_says_whether_it_is_done(kitchen: Page) -> None:
    tasks = kitchen.get_by_role("checkbox", name="Done")
    assert [task.is_checked() for task in tasks.all()] == [True, False, True, False]
    markers = "all => all.map(item => getComputedStyle(item).listStyleType)"
    assert set(kitchen.locator(".task-list-item").evaluate_all(markers)) == {"none"}


@pytest.mark.browser
def test_cards_of_one_row_are_equally_high(new_page: NewPage) -> None:
    boxes = "all => all.map(card => card.getBoundingClientRect()).map(r => [r.top, r.height])"
    for width, columns in ((1440, 2), (390, 1)):
        page = opened(new_page, width=width)
        found = page.locator(".grid.cards li").evaluate_all(boxes)
        tops = [top for top, _ in found]
        assert len(set(tops)) == len(tops) // columns
        assert all(a[1] == b[1] for a in found for b in found if a[0] == b[0])


@pytest.mark.browser
@pytest.mark.parametrize("name", ["firefox", "webkit"])
def test_other_engines_draw_the_kitchen_as_they_should(
    name: str, site: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(site, tmp_path / "site")
    path = copy / PAGE / "index.html"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<head>", f"<head>{WATCH}", 1), encoding="utf-8")
    # It would forbid what is written in front of the page's own policy.
    (copy / "_headers").unlink()
    server = Server(copy)
    try:
        with engines.start(name) as engine:
            for width in (1380, 500):
                engine.goto(server.url)
                engine.resize(width, 900)
                engine.goto(server.url + PAGE)
                assert engine.run(LOOK) == []
    except engines.Absent as absent:
        if os.environ.get("CI"):
            pytest.fail(str(absent), pytrace=False)
        pytest.skip(str(absent))
    finally:
        server.stop()
