"""The demo of docs/inference/retrieval.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("inference/retrieval")
    expect(said(demo)).to_have_text(
        "Found: note 1 with 1.68, note 3 with 0.83, note 2 with 0.47. "
        "0 of 3 words of the question stand in no note."
    )
    for preset, told in (
        ("Its own words", "Found: note 2 with"),
        ("No price for length", "note 3 with 0.94"),
        ("A word repeated", "Found: note 2 with"),
        ("Beginnings", "Found: note 1 with"),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(told)
    letters = demo.get_by_role("slider", name="Letters that count")
    letters.focus()
    page.keyboard.press("End")
    expect(said(demo)).to_contain_text("No note shares a word with the question.")
    demo.get_by_role("button", name="A word repeated").click()
    repeated = demo.locator("tbody tr").first.locator("td")
    one, four = (float(repeated.nth(i).inner_text()) for i in (2, 3))
    assert one < four < 2 * one
    demo.get_by_role("slider", name="Repetition").focus()
    page.keyboard.press("Home")
    expect(repeated.nth(2)).to_have_text(repeated.nth(3).inner_text())
    demo.get_by_label("Question", exact=True).fill("noon")
    demo.get_by_label("Notes, one a line").fill("shut at noon\n\nfilm at night")
    expect(said(demo)).to_contain_text("Found: note 1 with")
