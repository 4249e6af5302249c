"""The demo of docs/training/peft.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("training/peft")
    expect(said(demo)).to_have_text(
        "After 200 steps 0.00 of the squared error is left. The least for rank 4 is 0.00. "
        "A and B hold 64 numbers, the whole table 64."
    )
    reached = demo.locator("tbody tr").first.locator("td")
    expect(reached.nth(0)).to_have_text("14.00")
    for preset, told in (
        ("Too small a rank", "200 steps 5.00 of the squared error is left. The least for rank 2"),
        ("No small sizes", "200 steps 22.50 of the squared error is left."),
        ("Both zero", "200 steps 30.00 of the squared error is left."),
        ("A small α", "200 steps 0.21 of the squared error is left."),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(told)
    demo.get_by_role("button", name="The example").click()
    for left in ("1.00", "5.00", "14.00"):
        demo.get_by_role("slider", name="Rank, r").focus()
        page.keyboard.press("ArrowLeft")
        expect(said(demo)).to_contain_text(f"is {left}.")
    demo.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("After 0 steps 30.00")
