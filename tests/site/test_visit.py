"""One visit to each page, on which all is looked at that every page has to keep.

A page is opened once, since opening is what costs: first as a phone sees it for the first time, then with
its demos running, then wide. What is looked for stands in the modules of its subject, with the tests of
its details.
"""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.site import test_access as access
from tests.site import test_policy as policy
from tests.site import test_typography as typography
from tests.site import test_weight as weight
from tests.site.kit import PAGES, NewPage, idle, run_demos, settle, shown, traffic

pytestmark = pytest.mark.browser


def told(faults: dict[str, Any]) -> str:
    """What was found, by where."""
    found = {where: what for where, what in faults.items() if what}
    return json.dumps(found, indent=1, ensure_ascii=False) if found else ""


PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": False}


def narrow(page: Page, path: str) -> dict[str, Any]:
    """A first visit on a phone, before anything runs."""
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", PHONE)
    sent = traffic(page)
    page.add_init_script(f"({weight.SHIFTS})()")
    page.goto(path)
    page.wait_for_load_state("networkidle")
    settle(page)
    return {"first visit": weight.faults(page, path, sent), "lines, 390 px": lines(page, path)}


def lines(page: Page, path: str) -> list[str]:
    """What begins a line or has seams; the entrance is drawn by hand."""
    return page.evaluate(typography.LOOSE) if path else []


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_a_page_keeps_what_every_page_has_to(path: str, new_page: NewPage) -> None:
    page = new_page(fresh=True, width=390, height=844)
    page.add_init_script(f"({policy.LISTEN})()")
    faults = narrow(page, path)
    page.set_viewport_size({"width": 1440, "height": 900})  # where all links have their place
    run_demos(page)
    idle(page)
    faults["policy"] = policy.violations(page)
    faults["names"] = access.nameless(page)
    faults["lines, 1440 px"] = lines(page, path)
    page.emulate_media(reduced_motion="reduce")
    faults |= access.axe(page, path)
    if said := told(faults):
        pytest.fail(said, pytrace=False)


def test_faults_are_told_and_nothing_is_no_fault() -> None:
    assert told({"policy": [], "axe": {}}) == ""
    assert told({"policy": [], "names": ["link"]}) == '{\n "names": [\n  "link"\n ]\n}'
