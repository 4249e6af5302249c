"""The demo of docs/inference/serving.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("inference/serving")
    expect(said(demo)).to_have_text(
        "All done after 80 ms, 175 tokens a second. "
        "First token after 40 ms in the mean; longest pause between two tokens 8.0 ms."
    )
    for preset, done, told in (
        ("Continuous", "All done after 64 ms", "First token after 20 ms in the mean"),
        ("A long prompt", "All done after 1,492 ms", "longest pause between two tokens 837.6 ms"),
        ("In chunks", "All done after 1,268 ms", "longest pause between two tokens 26.3 ms"),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(done)
        expect(said(demo)).to_contain_text(told)
    third = demo.locator("tbody tr").nth(2)
    expect(third).to_contain_text("16,000")
    demo.get_by_label("Tokens a step").select_option("128")
    expect(said(demo)).to_contain_text("longest pause between two tokens 9.1 ms")
    demo.get_by_role("button", name="Twelve chats").click()
    expect(demo.locator("tbody tr")).to_have_count(12)
    before = said(demo).inner_text()
    slots = demo.get_by_role("slider", name="Slots")
    slots.focus()
    page.keyboard.press("End")
    expect(said(demo)).not_to_have_text(before)
