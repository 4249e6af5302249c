"""The demo of docs/models/flow.md: the example first, and the layers undone one by one."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser
PAGE = "models/flow"


def test_it_starts_with_the_example_and_takes_the_layers_back(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    told = demo.locator("p.demo-told")
    expect(told).to_contain_text("(1.00, 0.50)")
    expect(told).to_contain_text("(5.00, 2.00)")
    applied = demo.get_by_label("Layers applied")
    applied.press("Home")
    expect(told).not_to_contain_text("(5.00, 2.00)")
    demo.get_by_role("button", name="Jumps").click()
    expect(applied).to_have_attribute("aria-valuetext", "2.00")
    demo.get_by_role("button", name="Reset").click()
    expect(told).to_contain_text("(5.00, 2.00)")
