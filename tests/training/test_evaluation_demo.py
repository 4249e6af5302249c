"""The demo of docs/training/evaluation.md, by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import Locator, expect
from scipy import stats

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "training/evaluation"
HELD = re.compile(r"Of (\d+) tests, (\d+) bars of A and (\d+) of the difference hold the truth")
BELOW = re.compile(r"in ([\d.]+) % of all tests, counted; the p-value was below 0.05 in (\d+) of")


def held(demo: Locator, tests: int) -> tuple[int, int]:
    """How many bars held the truth."""
    expect(said(demo)).to_contain_text(f"Of {tests} tests")
    found = HELD.search(said(demo).text_content() or "")
    assert found
    return int(found[2]), int(found[3])


def counted(demo: Locator) -> tuple[float, int]:
    """In how many of 100 tests the bar of A holds the truth, and how many p-values were small."""
    found = BELOW.search(demo.locator("caption").text_content() or "")
    assert found
    return float(found[1]), int(found[2])


def test_it_starts_with_the_test_of_the_page(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "The last test: B minus A 6.0 ± 4.7 points, p-value 0.023. "
        "The bar of A holds the truth, that of the difference holds it."
    )
    row = demo.locator("tr", has_text="as if others")
    assert row.locator("td").all_text_contents() == ["6.0", "−2.7", "14.7"]
    demo.get_by_role("slider", name="True score of A").focus()
    page.keyboard.press("ArrowRight")
    expect(row.locator("td").first).not_to_have_text("6.0")


def test_bars_hold_the_truth_as_often_as_each_preset_says(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    many = demo.get_by_role("button", name="100 tests")
    for preset, least, most in (
        ("The example", 90, 99),
        ("Few items", 66, 89),
        ("Equal models", 89, 99),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text("The bar of A")  # what was told before is gone
        for _ in range(5):
            many.click()
        a, b = held(demo, 501)
        assert least <= a / 5.01 <= most, preset
        assert "Few" in preset or 85 <= b / 5.01 <= 99, preset
        exact, small = counted(demo)
        spread = stats.binom(501, exact / 100).std()
        assert abs(a - 5.01 * exact) < 4 * spread
        if preset == "Equal models":
            assert 3 <= small <= 40
    demo.get_by_role("button", name="Few items").click()
    assert round(counted(demo)[0]) == 78
    demo.get_by_label("Bar of a score", exact=True).select_option("Wilson")
    assert round(counted(demo)[0]) == 94
    demo.get_by_role("button", name="Two points").click()
    expect(said(demo)).to_contain_text("The bar of A")
    many.click()
    held(demo, 101)
    assert counted(demo)[1] < 50
    demo.get_by_label("Items", exact=True).select_option("2000")
    expect(said(demo)).to_contain_text("The bar of A")
    many.click()
    held(demo, 101)
    assert counted(demo)[1] > 75
