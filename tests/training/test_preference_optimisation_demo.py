"""The demo of docs/training/preference-optimisation.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("training/preference-optimisation")
    rows = demo.locator("tbody tr")
    expect(said(demo)).to_have_text(
        "After 400 steps A has risen: log-ratio 0.88. For A over B h is 1.10, the margin 1.10."
    )
    assert rows.nth(1).locator("td").all_inner_texts() == ["0.480", "0.400", "0.120"]
    for preset, told, first in (
        ("One pair", "A has risen", "0.903"),
        ("Displaced", "A has fallen", "0.007"),
        ("Likelihood term", "A has risen", "0.784"),
        ("IPO", "h is 0.50", "0.271"),
    ):
        demo.get_by_role("button", name=preset, exact=True).click()
        expect(said(demo)).to_contain_text(told)
        expect(rows.nth(1).locator("td").first).to_have_text(first)
    steps = demo.get_by_role("slider", name="Steps")
    steps.focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("After 0 steps A has stayed")
    demo.get_by_role("button", name="One pair").click()
    demo.get_by_label("Loss").select_option("ipo")
    expect(said(demo)).to_contain_text("h is 0.50, the margin 0.50.")
    demo.get_by_role("slider", name="Strength, β", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(said(demo)).not_to_contain_text("h is 0.50")
