"""What the tests of the site share: the pages, read from docs/, and helpers for the browser.

The types `OpenDemo` and `NewPage` are those of the fixtures in tests/conftest.py.
"""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

OpenDemo = Callable[..., tuple[Page, Locator]]
NewPage = Callable[..., Page]


@dataclass
class Site:
    """The built site: its folder, and what the builder said."""

    path: Path
    said: str


def address(path: str) -> str:
    """The address of a page below the site's, from its path below docs/ without the suffix."""
    return re.sub(r"(^|/)index/$", r"\1", f"{path}/")


def kinds() -> dict[str, str]:
    """The kind of each page, by its address."""
    found = {}
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS).with_suffix("").as_posix()
        head = re.match(r"---\n(.*?)\n---\n", path.read_text(encoding="utf-8"), re.S)
        meta = yaml.safe_load(head[1]) if head else {}
        found[address(name)] = str(meta.get("kind", ""))
    return found


PAGES = kinds()


def sources() -> str:
    """What changes when somebody edits what the site is built from."""
    folders = [ROOT / name for name in ("docs", "overrides", "scripts")]
    paths = [ROOT / "mkdocs.yml", *(path for folder in folders for path in folder.rglob("*"))]
    kept = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    rows = [f"{path} {path.stat().st_mtime_ns}" for path in sorted(kept)]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def samples() -> list[str]:
    """The entrance and, of every kind, the page with the most text."""
    size = {address: source(address).stat().st_size for address in PAGES}
    largest: dict[str, str] = {}
    for page in sorted(PAGES, key=lambda page: size[page]):
        if page:
            largest[PAGES[page]] = page
    return ["", *sorted(largest.values())]


def source(address: str) -> Path:
    """The Markdown file of a page."""
    stem = DOCS / (address.rstrip("/") or "index")
    return stem.with_suffix(".md") if stem.with_suffix(".md").is_file() else stem / "index.md"


def shown(page: str) -> str:
    """A page's name in the list of tests."""
    return page or "home"


def scheme_of(page: Page) -> str:
    """The name of the colour scheme that the page shows."""
    return str(page.evaluate("document.body.getAttribute('data-md-color-scheme')"))


def said(demo: Locator) -> Locator:
    """What a demo tells to screen readers."""
    return demo.locator("p.demo-told")


def settle(page: Page) -> None:
    """Wait until fonts are there and two frames were drawn."""
    page.evaluate(
        "document.fonts.ready.then(() => new Promise("
        "done => requestAnimationFrame(() => requestAnimationFrame(done))))"
    )


def idle(page: Page) -> None:
    """Wait until the page has done what it puts off, such as the places of Tab in what scrolls."""
    page.evaluate("() => new Promise(done => requestIdleCallback(() => done(), {timeout: 1000}))")
    settle(page)


def until(page: Page, condition: str, seconds: float = 10) -> None:
    """Wait until an expression is true; Playwright's own way is what the site's policy forbids: eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"not after {seconds} s: {condition}"
        page.wait_for_timeout(20)


@dataclass
class Traffic:
    """What a page has asked for since `traffic(page)`: addresses and bytes as they were sent, by request."""

    urls: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Bytes sent."""
        return sum(self.sizes.values())

    def __str__(self) -> str:
        rows = sorted(((self.sizes.get(i, 0), url) for i, url in self.urls.items()), reverse=True)
        return "\n".join(f"{size:8.0f} {url}" for size, url in rows)


def traffic(page: Page) -> Traffic:
    """Begin to note what a page asks for."""
    noted = Traffic()

    def begun(event: dict[str, Any]) -> None:
        noted.urls[event["requestId"]] = event["request"]["url"]

    def ended(event: dict[str, Any]) -> None:
        noted.sizes[event["requestId"]] = event["encodedDataLength"]

    session = page.context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", begun)
    session.on("Network.loadingFinished", ended)
    session.send("Network.enable")
    return noted


def come(page: Page) -> None:
    """Go to the exercises of a page, and wait until they can be answered."""
    for box in page.locator("div.answer").all()[:1]:
        box.evaluate("box => box.scrollIntoView({block: 'center', behavior: 'instant'})")
        page.locator("div.answer form").first.wait_for(state="attached")


def run_demos(page: Page) -> None:
    """Go to each demo of a page, and to its exercises, and wait until they are there."""
    come(page)
    for frame in page.locator("div.demo").all():
        frame.scroll_into_view_if_needed()
        frame.locator(".demo-root, .demo-status").first.wait_for(state="attached")
