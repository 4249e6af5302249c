"""The demo of docs/architectures/attention.md, by mouse, by keyboard, and with odd input."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser


def said(demo: Locator) -> Locator:
    """What is told to screen readers."""
    return demo.locator("p.demo-told")


def test_it_starts_with_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/attention")
    row = demo.get_by_role("row", name="Ann")
    expect(row).to_contain_text("2.83")
    expect(row).to_contain_text("0.735")
    expect(demo.get_by_role("row", name="plan")).to_contain_text("masked")
    expect(said(demo)).to_contain_text("output (0.824, 0.043)")


def test_the_query_moves_by_keys_and_by_pointer(open_demo: OpenDemo) -> None:
    page, demo = open_demo("architectures/attention")
    plane = demo.get_by_role("application")
    plane.focus()
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    expect(said(demo)).to_contain_text("Query (2.00, -2.00): most weight on “Tom”, 0.")
    box = plane.bounding_box()
    assert box is not None
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(said(demo)).to_contain_text("Query (0.00, 0.00)")
    expect(demo.get_by_role("row", name="told")).to_contain_text("0.250")


def test_scale_and_masks_act_and_one_word_must_stay(open_demo: OpenDemo) -> None:
    page, demo = open_demo("architectures/attention")
    scale = demo.get_by_role("slider", name="Scale")
    demo.get_by_label("divide the scores by √D").uncheck()
    expect(demo.get_by_role("row", name="Ann")).to_contain_text("0.853")
    demo.get_by_label("divide the scores by √D").check()
    scale.fill("4")
    expect(demo.get_by_role("row", name="Ann")).to_contain_text("0.996")
    scale.focus()
    page.keyboard.press("Home")
    expect(demo.get_by_role("row", name="Ann")).to_contain_text("0.250")
    for word in ("Ann", "told", "Tom"):
        demo.get_by_label(f"may look at “{word}”").uncheck()
    expect(demo.get_by_role("row", name="her")).to_contain_text("1.000")
    demo.get_by_label("may look at “her”").click()
    expect(said(demo)).to_contain_text("at one word at least")
    expect(demo.get_by_label("may look at “her”")).to_be_checked()


def test_reset_and_seed(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/attention", width=390)
    told = []
    for _ in range(2):
        demo.get_by_role("button", name="Reset").click()
        expect(said(demo)).to_contain_text("Query (2.00, 2.00)")
        demo.get_by_role("button", name="Random query").click()
        expect(said(demo)).not_to_contain_text("Query (2.00, 2.00)")
        told.append(said(demo).inner_text())
    assert told[0] == told[1]
