"""The demo of docs/architectures/mixture-of-experts.md, by mouse, by keyboard, and at its limits."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "architectures/mixture-of-experts"


def test_it_starts_with_the_example_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "After 0 batches: loads 1, 1, 4; 2 of 6 dropped; squared error 0.877; balancing loss 1.387."
    )
    expect(demo.get_by_role("row", name="3 4 2")).to_contain_text("0.591")


def test_seven_batches_of_biases_make_the_loads_even(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PAGE)
    demo.get_by_role("button", name="Bias only").click()
    button = demo.get_by_role("button", name="One batch")
    for loads in ("1, 1, 4", "1, 2, 3", "1, 2, 3", "1, 2, 3", "1, 3, 2", "2, 1, 3", "2, 2, 2"):
        button.click()
        expect(said(demo)).to_contain_text(f"loads {loads}; 0 of 6 dropped")
    expect(demo.get_by_role("row", name="1 2 2")).to_contain_text("1.80")
    slider = demo.get_by_role("slider", name="Capacity factor")
    slider.focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("3 of 6 dropped")


def error(demo: Locator) -> float:
    """The squared error that is told."""
    found = re.search(r"squared error ([\d.]+)", said(demo).inner_text())
    assert found, said(demo).inner_text()
    return float(found[1])


def test_a_collapse_and_its_two_cures(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE, width=390)
    demo.get_by_role("button", name="Collapse").click()
    expect(said(demo)).to_contain_text("After 1000 batches: loads 64, 0, 0; 0 of 64 dropped")
    alone = error(demo)
    demo.get_by_role("button", name="Balancing loss").click()
    expect(said(demo)).not_to_contain_text("loads 64, 0, 0")
    assert error(demo) < alone / 5
    demo.get_by_role("button", name="Balancing by bias").click()
    expect(demo.get_by_role("combobox", name="Balancing")).to_have_value("bias")
    expect(said(demo)).not_to_contain_text(re.compile(r"loads (0|\d+, 0|\d+, \d+, 0)"))
    demo.get_by_label("Experts a token, k").select_option("2")
    expect(said(demo)).to_contain_text("0 of 128 dropped")
    demo.get_by_label("Seed").fill("7")
    demo.get_by_label("Seed").press("Enter")
    expect(said(demo)).to_contain_text("After 0 batches")
    demo.get_by_role("button", name="100 batches").click()
    expect(said(demo)).to_contain_text("After 100 batches")
