"""The demo of docs/architectures/positions.md, by mouse, by keyboard, and with odd input."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser


def said(demo: Locator) -> Locator:
    """What is told to screen readers."""
    return demo.locator("p.demo-told")


def test_it_starts_with_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/positions")
    row = demo.get_by_role("row", name="RoPE")
    for number in ("2.00", "-2.00", "0.867", "0.016"):
        expect(row).to_contain_text(number)
    expect(demo.get_by_role("row", name="ALiBi")).to_contain_text("masked")
    expect(said(demo)).to_contain_text("dog 0, bites 1, man 2. With RoPE: dog 0.867, man 0.016")


def test_orders_and_places_act_as_the_page_says(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/positions")
    demo.get_by_role("button", name="man bites dog").click()
    expect(said(demo)).to_contain_text("man 0, bites 1, dog 2. With RoPE: dog 0.016, man 0.867")
    expect(demo.get_by_role("row", name="no positions")).to_contain_text("0.468")
    demo.get_by_role("button", name="dog bites man").click()
    demo.get_by_role("button", name="Two places on").click()
    expect(demo.get_by_role("row", name="RoPE")).to_contain_text("0.867")
    expect(demo.get_by_role("row", name="sinusoids added")).to_contain_text("0.844")
    for _ in range(6):
        demo.get_by_role("button", name="Two places on").click()
    expect(said(demo)).to_contain_text("there is no room")


def test_a_word_moves_by_keys_and_by_pointer_and_no_two_share_a_place(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("architectures/positions")
    chart = demo.get_by_role("application")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(said(demo)).to_contain_text("bites 0, dog 1, man 2")
    page.keyboard.press("ArrowUp")
    expect(said(demo)).to_contain_text("bites 1")
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": box["width"] - 24, "y": box["height"] / 2})
    expect(said(demo)).to_contain_text("man 15")
    demo.get_by_role("slider", name="Position of “man”").fill("7")
    expect(said(demo)).to_contain_text("man 7")


def test_settings_reset_and_seed(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/positions", width=390)
    demo.get_by_label("Scheme shown").select_option(label="ALiBi, causal mask")
    demo.get_by_role("slider", name="Slope").fill("1")
    expect(said(demo)).to_contain_text("With ALiBi, causal mask: dog 0.731")
    demo.get_by_label("Scheme shown").select_option(label="RoPE")
    expect(demo.get_by_role("slider", name="Slope")).to_be_hidden()
    demo.get_by_role("slider", name="Turn").fill("30")
    expect(demo.get_by_role("row", name="RoPE")).not_to_contain_text("0.867")
    told = []
    for _ in range(2):
        demo.get_by_role("button", name="Reset").click()
        expect(said(demo)).to_contain_text("dog 0, bites 1, man 2. With RoPE: dog 0.867")
        demo.get_by_role("button", name="Random").click()
        expect(said(demo)).not_to_contain_text("dog 0, bites 1, man 2")
        told.append(said(demo).inner_text())
    assert told[0] == told[1]
