"""The demo of docs/inference/structured-output.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("inference/structured-output")
    rows = demo.locator("tbody tr")
    expect(said(demo)).to_have_text(
        "Without a mask 0.44 of the answers are valid. 0.43 of the probability is on the wrong words."
    )
    expect(rows.nth(1).locator("td")).to_have_text(["0.286", "0.143", "0.571", "–", "–"])
    for preset, told in (
        ("Two draws", "0.24 of the probability is on the wrong words."),
        ("Sixteen draws", "0.02 of the probability is on the wrong words."),
        ("Look ahead", "What comes out is right."),
        ("Coffee, too", "0.88 of the answers are valid. What comes out is right."),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(told)
    demo.get_by_role("button", name="The example").click()
    demo.get_by_role("button", name="One answer").click()
    expect(said(demo)).to_contain_text("the masks kept 0.88")
    demo.get_by_role("button", name="100 answers").click()
    expect(rows.nth(4).locator("td").nth(4)).to_have_text("0.00")
    coffee = demo.get_by_role("slider", name="“ffee” after “co”")
    coffee.focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("0.02 of the probability is on the wrong words.")
    for word in ("tea", "milk", "coke"):
        demo.get_by_label(f"Menu: {word}").uncheck()
    expect(demo.get_by_label("Menu: tea")).to_be_checked()
