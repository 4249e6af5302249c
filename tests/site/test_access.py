"""Who uses a keyboard, a screen reader, no JavaScript or paper can use the site as well."""

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.site.kit import PAGES, NewPage, idle, run_demos, samples, settle, shown, until

pytestmark = pytest.mark.browser

VIEWS = [(390, "light"), (1440, "light"), (390, "dark"), (1440, "dark")]

# axe has nothing to say about what is inside of formulas and pictures, which are most of a page. A formula
# becomes a word, because axe takes a heading of a table that is a formula for an empty one.
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
  // What is far from the window has a height by guess until it comes near: a tall entry lay over the next.
  for (const entry of document.querySelectorAll(".ledger-entry")) entry.style.contentVisibility = "visible";
}"""
# Colours take axe the longest, and they come from the style sheet, which tells parts of a page apart by
# their kind: the names of an element and of those around it, their classes and other attributes. One of
# each kind is looked at.
ONE_OF_A_KIND = """() => {
  const seen = new Set();
  const kinds = new Map([[document.querySelector("main").parentElement, ""]]);
  const kind = (part) => {
    if (!kinds.has(part)) {
      const marks = [...part.attributes].map(({name, value}) =>
        ["class", "style", "role", "type"].includes(name) ? `${name}=${value}` : name);
      kinds.set(part, `${kind(part.parentElement)} ${part.localName}[${marks.sort()}]`);
    }
    return kinds.get(part);
  };
  const visit = (part) => {
    if ([part, ...part.querySelectorAll("*")].every(one => seen.has(kind(one)))) {
      part.remove();
      return;
    }
    seen.add(kind(part));
    for (const child of [...part.children]) visit(child);
  };
  visit(document.querySelector("main"));
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
RULES = {"target-size": {"enabled": True}, **{name: {"enabled": False} for name in COLOURS}}


# What should be seen and has no height: headings, text, formulas, figures and tables; folded answers
# stay folded.
UNSEEN = """() => [...document.querySelectorAll(
  ["h1", "h2", "p", "table", "math", "figure", "svg"].map(kind => `main ${kind}`).join()
)].filter(part => !part.closest("details:not([open]), [aria-hidden=true], .hidden, .filter")
  && (!["H1", "H2", "P"].includes(part.tagName) || part.innerText.trim())
  && part.getBoundingClientRect().height <= 0
  // Of the two drawings of a diagram one is shown.
  && ![...part.closest(".figure-diagram")?.querySelectorAll("svg") ?? []]
    .some(other => other.getBoundingClientRect().height > 0)
).map(part => part.outerHTML.slice(0, 200))"""


def violations(page: Page, context: str = "html", **options: Any) -> list[dict[str, Any]]:
    """What axe finds, in short; the options are its own."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(
        "([context, options]) => axe.run(context, options).then(({violations}) => violations)",
        [context, {"resultTypes": ["violations"], "preload": False, **options}],
    )
    return [
        {
            "rule": one["id"],
            "help": one["help"],
            "nodes": [
                {"html": node["html"][:200], "why": node["failureSummary"][:300]}
                for node in one["nodes"][:3]
            ],
        }
        for one in found
    ]


def views(path: str) -> list[tuple[int, str]]:
    """All views of a sample; of the other pages one each, in turn."""
    if path in samples() or path not in PAGES:
        return VIEWS
    return [VIEWS[sorted(PAGES).index(path) % len(VIEWS)]]


def show(page: Page, width: int, scheme: str) -> None:
    """Another width, another scheme."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    until(page, f"innerWidth === {width}")
    idle(page)
    # The observer of what scrolls answers a frame later, on the longest page two.
    until(page, f"({NO_STOP})().length === 0")


def axe(page: Page, path: str) -> dict[str, list[dict[str, Any]]]:
    """What axe finds on an open page in its views; the page is of no use for anything else after that."""
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")  # where the head covers nothing
    page.evaluate(EMPTY)
    found = {}
    for width in dict.fromkeys(width for width, _ in views(path)):
        show(page, width, "light")
        found[f"axe, {width} px"] = violations(page, rules=RULES)
    page.evaluate(ONE_OF_A_KIND)
    for width, scheme in views(path):
        show(page, width, scheme)
        found[f"axe, {width} px, {scheme}"] = violations(page, runOnly=COLOURS)
    return found


def test_axe_finds_nothing_where_there_is_no_page(new_page: NewPage) -> None:
    page = new_page(watched=False)
    page.goto("no/such/page/")
    assert not any(axe(page, "no/such/page/").values())


def test_axe_finds_nothing_in_the_search(new_page: NewPage) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto("models/")
    page.locator("[data-search]").first.click()
    page.keyboard.type("diffusion")
    expect(page.locator("dialog.search a").first).to_be_visible()
    page.evaluate("document.querySelector('main').replaceChildren()")  # it is behind the dialog
    for width, scheme in VIEWS:
        show(page, width, scheme)
        assert violations(page) == []


@pytest.mark.parametrize("mark", ["a.footnote-ref", "a.term"])
def test_axe_finds_nothing_in_a_note(mark: str, new_page: NewPage) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto("overview/language-models/")
    for width, scheme in VIEWS:
        show(page, width, scheme)
        page.locator(f"main article {mark}").first.press("Enter")
        expect(page.locator("#note .note-body")).to_contain_text("a")
        assert violations(page, context="#note") == []
        page.keyboard.press("Escape")


def test_axe_is_asked_about_every_kind_of_colour(page: Page) -> None:
    page.goto("overview/")
    page.evaluate(
        """() => {
          const pale = '<p class="pale">Pale.</p>';
          document.querySelector("main p").insertAdjacentHTML("afterend", pale + pale);
          for (const node of document.querySelectorAll(".pale"))
            Object.assign(node.style, {color: "#ddd", background: "#fff"});
        }"""
    )
    page.evaluate(ONE_OF_A_KIND)
    assert page.locator("main p.pale").count() == 1
    assert [fault["rule"] for fault in violations(page, runOnly=COLOURS)] == ["color-contrast"]


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


def nameless(page: Page) -> list[tuple[str, str]]:
    """Links and heads of tables whose names say nothing."""
    session = page.context.new_cdp_session(page)
    whole = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    found = []
    # Asked for by role: to tell the whole tree takes a browser three times as long.
    for role in ("link", "columnheader", "rowheader"):
        asked = {"nodeId": whole, "role": role}
        nodes = session.send("Accessibility.queryAXTree", asked)["nodes"]
        names = [
            node.get("name", {}).get("value", "").strip()
            for node in nodes
            if not node.get("ignored")
        ]
        assert role != "link" or len(names) > 5
        found += [
            (role, name)
            for name in names
            if not (re.search(r"[^\W\d_]{2}|∞", name) if role == "link" else name)
        ]
    session.detach()
    return found


def test_the_contents_come_before_the_text(new_page: NewPage) -> None:
    for width in (1440, 390):
        page = new_page(width=width)
        page.goto("models/vae/")
        toc, text = page.locator("nav.toc"), page.locator("main")
        after = "(toc, text) => toc.compareDocumentPosition(text)"
        assert toc.evaluate(after, text.element_handle()) & 4
        if width == 1440:
            first, second = text.bounding_box(), toc.bounding_box()
            assert first
            assert second
            assert second["x"] >= first["x"] + first["width"]
            page.locator("nav#nav :is(a, summary):visible").last.focus()
            page.keyboard.press("Tab")
            assert page.evaluate("Boolean(document.activeElement.closest('.toc'))")


# What scrolls, can be seen or come to be seen, and is no stop of Tab: a key cannot scroll it.
NO_STOP = """() => [...document.querySelectorAll("main *")].filter(box => {
  const {overflowX, overflowY} = getComputedStyle(box);
  const scrolls = (/auto|scroll/.test(overflowX) && box.scrollWidth > box.clientWidth)
    || (/auto|scroll/.test(overflowY) && box.scrollHeight > box.clientHeight + 1);
  return scrolls && !box.hasAttribute("tabindex")
    && !box.closest("[popover], details:not([open])");
}).map(box => box.outerHTML.slice(0, 160))"""


@pytest.mark.parametrize(
    "path", [*samples(), "models/gpt/", "references/equations-models/"], ids=shown
)
def test_whatever_scrolls_is_a_stop_of_tab(path: str, new_page: NewPage) -> None:
    page = new_page(width=390)
    page.goto(path)
    run_demos(page)
    if path == "models/gpt/":
        page.get_by_label("Model", exact=True).select_option("trained on this site")
        expect(page.get_by_label("Your text")).to_have_value(re.compile("^Attention"))
    until(page, f"({NO_STOP})().length === 0")
    assert page.locator("main [tabindex='0']").count() or path not in {
        "models/gpt/",
        "references/equations-models/",
    }


def test_a_far_part_of_the_ledger_is_a_stop_of_tab_before_it_is_laid_out(
    new_page: NewPage,
) -> None:
    page = new_page(width=390)
    page.goto("references/equations-models/")
    far = """[...document.querySelectorAll("main .equation-body")].filter(
        box => !box.checkVisibility({contentVisibilityAuto: true}))"""
    assert page.evaluate(f"{far}.length") > 40
    until(page, f"{far}.every(box => box.hasAttribute('tabindex'))")


def test_what_scrolls_in_a_fold_is_a_stop_of_tab_when_it_opens(new_page: NewPage) -> None:
    page = new_page(width=390)
    page.goto("references/equations-models/")
    folds = page.locator("main details", has=page.locator("pre"))
    assert folds.count() > 20
    for fold in (folds.nth(2), folds.nth(20)):
        fold.locator("summary").click()
        over = fold.locator("pre").evaluate("pre => pre.scrollWidth > pre.clientWidth")
        assert over
        expect(fold.locator("pre")).to_have_attribute("tabindex", "0")


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


@pytest.mark.parametrize(
    ("width", "media", "drawing"),
    [(320, "screen", "narrow"), (390, "screen", "narrow"), (640, "screen", "narrow"),
     (704, "screen", "wide"), (1440, "screen", "wide"), (794, "print", "wide")],
)  # fmt: skip
def test_one_of_the_drawings_of_a_diagram_is_shown_read_and_printed(
    width: int, media: Literal["screen", "print"], drawing: str, new_page: NewPage
) -> None:
    page = new_page(width=width)
    page.goto("models/vae/")
    page.emulate_media(media=media)
    figure = page.locator("#fig-vae-diagram")
    expect(figure.locator(f".diagram-{drawing} svg")).to_be_visible()
    expect(figure.locator("svg:visible")).to_have_count(1)
    expect(figure.get_by_role("img")).to_have_count(1)
    right = figure.locator("svg:visible").evaluate("svg => svg.getBoundingClientRect().right")
    assert right <= width


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
