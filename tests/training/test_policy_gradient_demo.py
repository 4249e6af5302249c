"""The demo of docs/training/policy-gradient.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("training/policy-gradient")
    expect(said(demo)).to_have_text(
        "First estimate for the logit of 4: mean 0.64, standard deviation 0.62; exact 0.64. "
        "At step 0 the chosen run earns 1.80. At the end 20 of 20 runs are near 6."
    )
    for preset, told, near in (
        ("No baseline", "mean 0.64, standard deviation 2.85", "16 of 20"),
        ("With a baseline", "mean 0.64, standard deviation 0.62", "20 of 20"),
        ("Too large steps", "mean 0.64, standard deviation 1.09", "18 of 20"),
        ("GRPO", "mean 0.23, standard deviation 0.20", "20 of 20"),
    ):
        demo.get_by_role("button", name=preset, exact=True).click()
        expect(said(demo)).to_contain_text(told)
        expect(said(demo)).to_contain_text(f"At the end {near} runs are near 6.")
    step = demo.get_by_role("slider", name="Step", exact=True)
    step.focus()
    page.keyboard.press("End")
    expect(said(demo)).to_contain_text("At step 200 the chosen run earns 5.")
    demo.get_by_role("button", name="Next step").click()
    expect(said(demo)).to_contain_text("At step 0 the chosen run earns 1.80.")
    expect(demo.locator("tbody tr")).to_have_count(4)
