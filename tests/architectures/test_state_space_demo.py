"""The demo of docs/architectures/state-space.md: the example first, and presets with the numbers of the page."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser
PAGE = "architectures/state-space"


def test_it_starts_with_the_example_and_chooses_a_mark(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    told, rows = demo.locator("p.demo-told"), demo.locator("tbody tr")
    expect(rows).to_have_text(
        [
            f"{n + 1}0.5000.500{h:.3f}{w}"
            for n, (h, w) in enumerate(
                ((4, "0.0625"), (2, "0.1250"), (1, "0.2500"), (2.5, "0.5000"))
            )
        ]
    )
    expect(told).to_contain_text("2.500 step by step, 2.500 as a sum of inputs")
    expect(told).to_contain_text("2.500 by a scan of 2 rounds")
    demo.get_by_role("button", name="Choose the mark").click()
    expect(rows.first).to_have_text("1, marked0.1250.8757.0000.8750")
    expect(rows.last).to_have_text("41.0000.0007.0000.0000")
    demo.get_by_role("button", name="Noise comes in").click()
    expect(told).to_contain_text("3.125 step by step")
    demo.get_by_role("button", name="Reset").click()
    expect(told).to_contain_text("2.500 step by step")
