"""The demo of docs/architectures/retention.md: the example first, and presets with the numbers of the page."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser
PAGE = "architectures/retention"


def test_it_starts_with_the_example_and_replaces_under_the_delta_rule(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    told, rows = demo.locator("p.demo-told"), demo.locator("tbody tr")
    expect(rows).to_have_text(
        ["18(8, 0)888", "24(4, 4)444", "36(8, 2)222", "41(4, 2)888"],
    )
    expect(told).to_contain_text("Outputs 8, 4, 2, 8 in all three forms")
    demo.get_by_role("button", name="Nothing fades").click()
    expect(told).to_contain_text("the state ends at (14, 5); nothing fades.")
    demo.get_by_role("button", name="RetNet, head 1").click()
    expect(told).to_contain_text("half-life in tokens: 21.832")
    demo.get_by_role("button", name="Delta rule").click()
    expect(rows.nth(2)).to_contain_text("(6, 2)")
    expect(told).to_contain_text("Outputs 8, 4, 2, 5")
    demo.get_by_role("button", name="Reset").click()
    expect(told).to_contain_text("Outputs 8, 4, 2, 8")
