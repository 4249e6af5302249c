"""Which tests look at one page of the site, and what they depend on: a part of tests/conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import memory
from tests.site import kit

KEY = pytest.StashKey[str]()
FAILED = pytest.StashKey[bool]()
REMEMBERED = "remembered"


def page_of(item: pytest.Item) -> str | None:
    """The address of the one page that a test looks at; None if it looks at more, or at none."""
    if item.get_closest_marker("browser") is None:
        return None
    path = item.path
    if path.name.endswith("_demo.py"):
        stem = path.stem.removeprefix("test_").removesuffix("_demo").replace("_", "-")
        return kit.address(f"{path.parent.name}/{stem}")
    call = getattr(item, "callspec", None)
    asked = call.params.get("path") if call else None
    if path.parent.name != "site" or not isinstance(asked, str):
        return None
    address = asked if asked in kit.PAGES else kit.address(asked)
    return address if address in kit.PAGES else None


def key_of(item: pytest.Function) -> str | None:
    """The key of a test that looks at one page; None for every other."""
    page = page_of(item)
    if page is None:
        return None
    site: Path = item._request.getfixturevalue("site")
    browser = item._request.getfixturevalue("browser")
    return memory.digest(
        [
            item.nodeid,
            item.path.read_bytes(),
            browser.version,
            memory.code(memory.ROOT),
            memory.assets(site),
            memory.looked_at(site, page, whole=page in kit.samples()),
        ]
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that has passed on all of this before has passed."""
    key = key_of(pyfuncitem)
    if key is None:
        return None
    if memory.has(key):
        pyfuncitem.user_properties.append((REMEMBERED, key))
        return True
    pyfuncitem.stash[KEY] = key
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Remember a test when nothing of it has failed, the end of its fixtures included."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or not report.passed
    if report.when == "teardown" and KEY in item.stash and not item.stash[FAILED]:
        memory.add(item.stash[KEY])
    return report


def told(terminalreporter: pytest.TerminalReporter) -> str:
    """How many tests were remembered; empty if none was."""
    reports = terminalreporter.getreports("passed")
    count = sum(any(name == REMEMBERED for name, _ in r.user_properties) for r in reports)
    if not count:
        return ""
    return (
        f"{count} tests look at pages that have not changed since they passed; "
        "TEST_EVERYTHING=1 repeats them."
    )
