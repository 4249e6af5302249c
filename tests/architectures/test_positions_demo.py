"""The demo of docs/architectures/positions.md, by mouse, by keyboard, and with odd input."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/positions")
    row = demo.get_by_role("row", name="RoPE")
    for number in ("2, 0, −2", "0.867, 0.016"):
        expect(row).to_contain_text(number)
    expect(demo.get_by_role("row", name="ALiBi")).to_contain_text("masked")
    expect(said(demo)).to_contain_text("dog 0, bites 1, man 2. With RoPE: dog 0.867, man 0.016")


def test_a_preset_shows_what_its_line_says(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/positions")
    see = demo.locator(".demo-see")

    def press(name: str) -> None:
        demo.get_by_role("button", name=name, exact=True).click()

    press("man bites dog")
    expect(said(demo)).to_contain_text("man 0, bites 1, dog 2. With RoPE: dog 0.016, man 0.867")
    expect(see).to_contain_text("the two weights change places too")
    expect(demo.get_by_role("row", name="no positions")).to_contain_text("0.468")
    press("two later")
    expect(said(demo)).to_contain_text("dog 2, bites 3, man 4. With sinusoids")
    expect(demo.get_by_role("row", name="RoPE")).to_contain_text("0.867, 0.016")
    expect(demo.get_by_role("row", name="sinusoids")).to_contain_text("0.114, 0.844")
    expect(see).to_contain_text("the man now has 0.844")
    press("a full turn")
    expect(demo.get_by_role("row", name="RoPE")).to_contain_text("2, 0, −2")
    demo.get_by_role("slider", name="Turn").fill("30")
    expect(demo.get_by_role("row", name="RoPE")).to_contain_text("−0.73")
    expect(see).to_contain_text("2 becomes −0.73")
    press("a far dog")
    expect(demo.get_by_role("row", name="ALiBi")).to_contain_text("−2, 0, masked")
    demo.get_by_role("slider", name="Slope").fill("0.125")
    expect(demo.get_by_role("row", name="ALiBi")).to_contain_text("1, 0, masked")
    expect(see).to_contain_text("Make the slope 0.125, and it scores 1.")
    press("dog bites man")
    expect(said(demo)).to_contain_text("dog 0, bites 1, man 2. With RoPE: dog 0.867, man 0.016")


def test_the_demo_fits_one_screen_and_two_of_a_phone(open_demo: OpenDemo) -> None:
    for width, height, screens in ((1440, 900, 1), (390, 844, 2)):
        _, demo = open_demo("architectures/positions", width=width, height=height)
        box = demo.bounding_box()
        assert box is not None
        assert box["height"] < screens * height - 60  # the header of the page
        table = demo.locator(".demo-output table")
        assert table.evaluate("t => t.scrollWidth <= t.parentElement.clientWidth")


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
    demo.get_by_label("Scheme shown").select_option(label="ALiBi, mask")
    demo.get_by_role("slider", name="Slope").fill("1")
    expect(said(demo)).to_contain_text("With ALiBi, mask: dog 0.731")
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
