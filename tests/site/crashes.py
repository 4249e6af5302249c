"""A test whose page crashed runs once more.

Chromium itself loses a renderer once in thousands of visits, whichever page is open then. A page of ours
that breaks the browser breaks it again, and that is a fault.
"""

import pytest
from _pytest.runner import runtestprotocol

CRASHED = "the page crashed"  # what `Watch` says
LOST = ("Target crashed", CRASHED)


def crashed(reports: list[pytest.TestReport]) -> bool:
    """Whether the test failed since the browser lost its page."""
    return any(
        report.failed and any(said in report.longreprtext for said in LOST) for report in reports
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test of the browser; a second time after a crash, and then it counts as it ends."""
    if not item.get_closest_marker("browser"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    if crashed(reports):
        item.warn(pytest.PytestWarning(f"{CRASHED}, and the test ran again"))
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
