"""The demo of docs/training/scaling-laws.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "training/scaling-laws"


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "Loss 2.000, D / N = 16. Best of this budget: 2.000; this loss needs 100 % of it."
    )
    for preset, told in (
        (
            "Too large",
            "Loss 2.250, D / N = 1. Best of this budget: 2.000",
        ),
        ("Too large", "this loss needs 41 % of it."),
        ("Much used", "N = 2.25 million, D = 144 million, 22 % less work."),
        ("GPT-3", "this loss needs 60 % of it."),
        ("Chinchilla", "D / N = 20.7"),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(told)
    demo.get_by_role("button", name="The example").click()
    demo.get_by_role("slider", name="Parameters, N").focus()
    page.keyboard.press("ArrowRight")
    expect(said(demo)).not_to_contain_text("Loss 2.000")
    demo.get_by_label("Law").select_option("2024")
    chosen = demo.locator("tr", has_text="Chosen").locator("td")
    expect(chosen.nth(1)).to_have_text("64 billion")
