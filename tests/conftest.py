"""What tests share: the site, built once; a server for it; a browser that allows no fault.

`dev.py test` runs the tests in several processes. All use the one site that the first of them builds.
"""

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest
from filelock import FileLock
from hypothesis import settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    sync_playwright,
)

from scripts.devtools import building, chromium, javascript
from scripts.devtools.say import Stop
from tests import memory
from tests.answers.plugin import answer
from tests.printed.plugin import printed
from tests.site import kit, looks
from tests.site.crashes import CRASHED, pytest_runtest_protocol
from tests.site.kit import NewPage, OpenDemo, Site
from tests.site.looks import pytest_pyfunc_call, pytest_runtest_makereport
from tests.site.server import Server

# A fixture of all tests, and hooks.
__all__ = [
    "answer",
    "printed",
    "pytest_pyfunc_call",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
]

# The processes of pytest-xdist share the cores already.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):  # the same examples in every run
    settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """No test asks a name server: where none answers, the question would last longer than the test allows."""
    asked = socket.getaddrinfo

    def answer(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "", "localhost", socket.gethostname()):
            flags |= socket.AI_NUMERICHOST
        return asked(host, port, family, type, proto, flags)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", answer)
        yield


def shared(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site, built by the same code as `dev.py build`, once for all processes.

    A warning does not end this build: one test fails for it, not all that look at the site.
    """
    folder = shared(tmp_path_factory)
    out, said, fault = folder / "site", folder / "site.log", folder / "site.fault"
    with FileLock(folder / "site.lock"):
        if not said.exists() and not fault.exists():
            (folder / "site.sources").write_text(kit.sources(), encoding="ascii")
            try:
                said.write_text(building.build(out, echo=False, strict=False), encoding="utf-8")
            except Stop as problem:
                fault.write_text(str(problem)[-3000:], encoding="utf-8")
    if fault.exists():
        pytest.fail(fault.read_text(encoding="utf-8"), pytrace=False)
    return Site(out, said.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def site(built: Site) -> Path:
    """The folder of the built site."""
    return built.path


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[Server]:
    """Serves the site at `server.url`, and below a path at `server.below`."""
    running = Server(site)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the system's, else Playwright's. None: the test is skipped, and fails under CI."""
    try:
        playwright = sync_playwright().start()
    except Exception as problem:  # its driver is a program of its own
        without(f"{chromium.DRIVER} ({problem})")
    opened: Browser | None = None
    places: list[str | None] = [*chromium.candidates()]
    if Path(playwright.chromium.executable_path).is_file():
        places.append(None)
    for place in places:
        with suppress(Exception):  # a candidate may be a stub: try the next
            opened = playwright.chromium.launch(
                executable_path=place, args=chromium.arguments(), timeout=30_000
            )
            break
    if opened is None:
        playwright.stop()
        without(chromium.HOW)
    yield opened
    opened.close()
    playwright.stop()


def without(why: str) -> NoReturn:
    """Skip what needs a program that is not at hand, or fail where it must be."""
    if os.environ.get("CI"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


@dataclass
class Watch:
    """What may not happen on a page, as it happens."""

    origin: str
    faults: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", lambda request: self.request(request.url))
        page.on("requestfailed", lambda r: self.failed(r.url, r.failure))
        page.on("response", lambda r: self.response(r.url, r.status))
        page.on("crash", lambda _: self.faults.append(CRASHED))

    def console(self, message: ConsoleMessage) -> None:
        """An error is a fault."""
        if message.type == "error":
            self.faults.append(f"console: {message.text} {message.location}")

    def request(self, url: str) -> None:
        """Only this site may be asked."""
        if not url.startswith((f"{self.origin}/", "data:", "blob:", "about:")):
            self.faults.append(f"asked another host: {url}")

    def failed(self, url: str, why: str | None) -> None:
        """No answer; leaving a page aborts what it still loads."""
        if "ERR_ABORTED" not in (why or ""):
            self.faults.append(f"failed: {url}: {why}")

    def response(self, url: str, status: int) -> None:
        """An answer that is none."""
        if status >= 400:
            self.faults.append(f"{status}: {url}")


@dataclass
class Opened:
    """A page in a context of its own, and what was seen on it."""

    context: BrowserContext
    page: Page
    watch: Watch

    def clear(self) -> None:
        """As if nobody had been here."""
        self.page.unroute_all(behavior="ignoreErrors")  # a route that holds would hold for the next
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.page.goto("about:blank")
        self.watch.faults.clear()


@pytest.fixture(scope="session")
def kept() -> Iterator[dict[str, list[Opened]]]:
    """Pages that a test has left as it found them, by the options of their contexts.

    A renderer of its own for each test takes longer than most of the pages.
    """
    pages: dict[str, list[Opened]] = {}
    yield pages
    for opened in itertools.chain.from_iterable(pages.values()):
        opened.context.close()


@pytest.fixture
def one_thread() -> None:
    """For sums that are small: several threads would only wait for one another."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def new_page(
    browser: Browser, server: Server, kept: dict[str, list[Opened]], request: pytest.FixtureRequest
) -> Iterator[NewPage]:
    """`new_page(width=390, scheme="dark", javascript=False, …)`: a page that nobody has used.

    At the end each must be without console errors, failed requests and requests to other hosts, unless
    it was opened with `watched=False`. With `fresh=True` nothing is in its cache and it is thrown away:
    for tests that count what is sent, add scripts, routes or listeners, or slow the page down. Further
    keywords are those of Playwright's `new_context`.
    """
    leased: list[tuple[Opened, list[Opened] | None, bool]] = []

    def new(
        *,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        reduced_motion: Literal["no-preference", "reduce"] = "no-preference",
        javascript: bool = True,
        watched: bool = True,
        fresh: bool = False,
        **options: Any,
    ) -> Page:
        shelf = None if fresh else kept.setdefault(repr((javascript, sorted(options.items()))), [])
        if shelf:
            opened = shelf.pop()
        else:
            context = browser.new_context(
                java_script_enabled=javascript, base_url=server.url, **options
            )
            context.set_default_timeout(10_000)
            opened = Opened(context, context.new_page(), Watch(server.origin))
            opened.watch.over(opened.page)
            context.on("page", opened.watch.over)
        leased.append((opened, shelf, watched))
        opened.page.set_viewport_size({"width": width, "height": height})
        opened.page.emulate_media(
            media="screen",
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion=reduced_motion,
        )
        return opened.page

    before = request.session.testsfailed
    yield new
    faults = []
    for opened, shelf, watched in leased:
        faults += opened.watch.faults if watched else []
        alone = shelf is not None and len(opened.context.pages) == 1
        if alone and not faults and request.session.testsfailed == before:
            with suppress(Exception):  # a page that cannot be cleared is thrown away
                opened.clear()
                shelf.append(opened)
                continue
        opened.context.close()
    if faults:
        pytest.fail("\n".join(dict.fromkeys(faults)), pytrace=False)


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A fresh page, 1440 px wide, in the light scheme; `page.goto("models/vae/")` is of the site."""
    return new_page()


@pytest.fixture
def open_demo(new_page: NewPage) -> OpenDemo:
    """`page, demo = open_demo("models/vae")`: the page with its running demo, and the demo's root.

    Keywords are those of `new_page`; `scheme="dark"`, `width=390`, `reduced_motion="reduce"` …
    """

    def open_(path: str, **options: Any) -> tuple[Page, Locator]:
        page = new_page(**options)
        page.goto(kit.address(path))
        link = 'a.demo[href$=".mjs"]'
        page.locator(link).first.scroll_into_view_if_needed()
        frame = page.locator(".demo-running", has=page.locator(link))
        demo = frame.locator(".demo-root").first
        demo.wait_for()
        return page, demo

    return open_


def pytest_sessionstart(session: pytest.Session) -> None:
    """What nobody has met for long is forgotten, by one of the processes."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        memory.forget()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests lacked a program, and what `dev.py test` ran before; pytest's own line stays the last."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.getreports("skipped")]
    for why in (chromium.HOW, chromium.DRIVER, javascript.HOW):
        if count := sum(why in reason for reason in reasons):
            terminalreporter.write_line(f"{count} tests were skipped. {why}")
    if remembered := looks.told(terminalreporter):
        terminalreporter.write_line(remembered)
    told = os.environ.get("DEV_TEST_SUMMARY")
    if told:
        terminalreporter.section("before pytest")
        for text in told.splitlines():
            terminalreporter.write_line(text)
