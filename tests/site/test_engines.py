"""Firefox and WebKit draw what Chromium draws: the ledger, the entrance and every page with a demo.

Each engine is started once and looks at all of these pages, wide and narrow.
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.extensions import equations
from tests.site import engines
from tests.site.engines import Engine
from tests.site.kit import DOCS, PAGES, source
from tests.site.server import Server

pytestmark = pytest.mark.browser

LEDGER = "references/equations-models/"
WIDTHS = (1380, 500)

# Stands in front of everything else on a page, and remembers what goes wrong there.
WATCH = """<script>
window.faults = [];
addEventListener("error", (event) => faults.push(
  event.message || `not loaded: ${event.target.src || event.target.href}`), true);
addEventListener("unhandledrejection", (event) => faults.push(`rejected: ${event.reason}`));
addEventListener("securitypolicyviolation", (event) => faults.push(
  `forbidden: ${event.blockedURI} ${event.effectiveDirective}`));
console.error = (...said) => faults.push(`console: ${said.join(" ")}`);
</script>"""

LOOK = """
for (const entry of document.querySelectorAll(".ledger-entry")) entry.style.contentVisibility = "visible";
await document.fonts.ready;
await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
const found = [];
const name = (node) => `${node.closest("[id]:not(main)")?.id ?? ""} ${node.textContent.slice(0, 30)}`.trim();
const box = (node) => node.getBoundingClientRect();

// A typeface that is not there gives way to the next of its list, which is as wide as that one alone. The
// longest text is compared: two letters may be as wide in both by chance.
const longest = (nodes) => [...nodes].reduce(
  (best, node) => node.textContent.length > (best?.textContent.length ?? 0) ? node : best, null);
const width = (node, family) => {
  const copy = node.cloneNode(true);
  copy.removeAttribute("id");
  copy.style.cssText = "position: absolute; top: 0; left: 0; width: max-content; max-width: none; white-space: nowrap";
  if (family) copy.style.fontFamily = family;
  node.parentNode.append(copy);
  const wide = box(copy).width;
  copy.remove();
  return wide;
};
const families = {"h1": "serif", "main p:not([class])": "serif", "main p:not([class]) em": "serif",
  "main p math": "serif"};
for (const [selector, other] of Object.entries(families)) {
  const node = longest(document.querySelectorAll(selector));
  if (node && Math.abs(width(node) / width(node, other) - 1) < 0.002)
    found.push(`${selector} is drawn in ${other}`);
}

for (const body of document.querySelectorAll(".equation-body")) {
  const math = body.querySelector("math");
  if (!math) continue;
  const [outer, inner] = [box(body), box(math)];
  const parts = [...math.querySelectorAll("mi, mn, mo, mtext, mfrac, msqrt")].map(box).filter(r => r.width);
  const left = Math.min(...parts.map(r => r.left));
  const right = Math.max(...parts.map(r => r.right));
  const fits = Math.max(right - left, inner.width) <= outer.width;
  const off = (left + right) / 2 - (outer.left + outer.right) / 2;
  if (fits && Math.abs(off) > 8) found.push(`${name(body)} stands ${off.toFixed(0)} px beside the middle`);
  if (left < outer.left - 1) found.push(`${name(body)} is cut at its left`);
  if (fits && body.scrollWidth > body.clientWidth + 1) found.push(`${name(body)} scrolls though it fits`);
  if (right - inner.left > body.scrollWidth + 2) found.push(`${name(body)} is cut at its right`);
  if (body.scrollHeight > body.clientHeight + 1) found.push(`${name(body)} is cut above or below`);
}

for (const row of document.querySelectorAll("math, mrow, mtd, msqrt, mstyle")) {
  const parts = [...row.children].filter(part => part.tagName !== "mspace" && box(part).width);
  parts.slice(1).forEach((part, index) => {
    const [before, here] = [box(parts[index]), box(part)];
    const size = parseFloat(getComputedStyle(part).fontSize);
    const below = here.left < before.left - 1 && here.top > before.top + size / 2;
    if (below) found.push(`${name(row)} breaks its line`);
    else if (here.left < before.right - size * 0.35)
      found.push(`${name(row)}: ${part.textContent} is struck over`);
  });
}
for (const math of document.querySelectorAll("math"))
  if (!["none", undefined, ""].includes(getComputedStyle(math).hangingPunctuation))
    found.push(`${name(math)}: brackets hang`);
for (const held of document.querySelectorAll(".held")) {
  const tops = [...held.getClientRects()].map(r => r.bottom);
  if (Math.max(...tops) - Math.min(...tops) > 20) found.push(`a line breaks inside ${held.textContent}`);
}

const over = document.documentElement.scrollWidth - innerWidth;
if (over > 0) found.push(`the page is ${over} px too wide`);
const foreign = performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin));
return [...new Set([...found, ...foreign.map(n => `asked another host: ${n}`), ...faults])];
"""

START = """
for (const frame of document.querySelectorAll("div.demo")) {
  frame.scrollIntoView({block: "center"});
  const end = performance.now() + 10000;
  const ready = () => frame.querySelector(".demo-root") || frame.matches(".demo-failed");
  while (!ready() && performance.now() < end) await new Promise(done => setTimeout(done, 20));
  if (!frame.querySelector(".demo-root") || frame.matches(".demo-failed"))
    return ["the demo does not start", ...faults];
  if (frame.querySelector("button")) frame.querySelector("button").click();
}
await new Promise(done => setTimeout(done, 100));
return faults;
"""

SEARCH = """
const dialog = document.querySelector("dialog.search");
const input = dialog.querySelector("input");
const links = () => [...dialog.querySelectorAll("[role=option]")].map(link => link.href);
const until = async (ready) => {
  const end = performance.now() + 10000;
  while (!ready() && performance.now() < end) await new Promise(done => setTimeout(done, 20));
};
document.querySelector("[data-search]").click();
await until(() => dialog.open);
input.value = "adversarial";
input.dispatchEvent(new Event("input"));
await until(() => links().length);
return [dialog.querySelector("[role=status]").textContent, ...links()];
"""


def demo_pages() -> list[str]:
    """Every page that has a demo."""
    return [page for page in PAGES if (source(page).with_suffix("") / "demo.mjs").is_file()]


@pytest.fixture(scope="module")
def watched(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The site, with what is wrong on a page remembered there."""
    copy = shutil.copytree(site, tmp_path_factory.mktemp("engines") / "site")
    for page in ["", LEDGER, *demo_pages()]:
        path = copy / page / "index.html"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("<head>", f"<head>{WATCH}", 1), encoding="utf-8")
    (
        copy / "_headers"
    ).unlink()  # it would forbid what is written in front of the page's own policy
    server = Server(copy)
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine, or one word on how to get it; where tests must not be left out, it is missing."""
    try:
        with engines.start(request.param) as started:
            yield started
    except engines.Absent as absent:
        if os.environ.get("CI"):
            pytest.fail(str(absent), pytrace=False)
        pytest.skip(str(absent))


def test_there_are_pages_with_demos() -> None:
    assert len(demo_pages()) >= 6
    assert len(demo_pages()) == len(list(DOCS.rglob("demo.mjs")))


def test_every_page_is_drawn_as_it_should_be(engine: Engine, watched: Server) -> None:
    faults = []
    for width in WIDTHS:
        engine.goto(watched.url)
        engine.resize(width, 900)
        for page in ["", LEDGER, *demo_pages()]:
            engine.goto(watched.url + page)
            found = engine.run(LOOK)
            if width == WIDTHS[0]:
                found += engine.run(START)
            faults += [f"{width} px, {page or 'home'}: {fault}" for fault in found]
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:60])


def test_the_search_finds(engine: Engine, watched: Server) -> None:
    engine.goto(watched.url)
    said, *found = engine.run(SEARCH)
    assert f"{watched.url}models/gan/" in [link.split("#")[0] for link in found][:3], said
    assert engine.run("return faults;") == []


def test_a_selected_formula_is_copied_as_tex(engine: Engine, watched: Server) -> None:
    engine.goto(watched.url)  # a window is told of selections from its second page on
    engine.goto(f"{watched.url}models/vae/")
    engine.run(
        f"{engines.SELECT} const end = performance.now() + 10000;"
        "while (!document.querySelector('math[data-tex]') && performance.now() < end)"
        "  await new Promise(done => setTimeout(done, 20));"
    )
    for _ in range(20):  # a busy window tells of its selection late
        [prevented, text] = engine.run(f"{engines.SELECT} {engines.COPY}")
        if prevented:
            break
        time.sleep(0.25)
    assert prevented
    tex = equations.read(DOCS / "models" / "vae.md")[0][1].tex
    assert text.startswith(f"$$\n{tex}\n$$\n"), text
    assert engine.run("return faults;") == []


LARGE = """
const figure = document.querySelector("main figure");
const until = async (ready) => {
  const end = performance.now() + 10000;
  while (!ready() && performance.now() < end) await new Promise(done => setTimeout(done, 20));
};
figure.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
await until(() => figure.querySelector(".figure-large"));
const button = figure.querySelector(".figure-large");
button.click();
const dialog = document.querySelector("dialog.large");
const wide = box => box.getBoundingClientRect().width;
const found = [dialog.open, dialog.matches(":modal"), wide(dialog.querySelector("svg")) > 600];
dialog.querySelector(".large-close").click();
await until(() => !document.querySelector("dialog.large"));
return [...found, !document.querySelector("dialog.large"), document.activeElement === button, ...faults];
"""


def test_a_figure_is_shown_large(engine: Engine, watched: Server) -> None:
    engine.goto(f"{watched.url}models/vae/")
    engine.resize(1380, 900)
    assert engine.run(LARGE) == [True] * 5
