"""The demo of docs/training/optimisation.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("training/optimisation")
    expect(said(demo)).to_contain_text(
        "A step leaves 0.80 of the flat weight and 0.80 of the steep"
    )
    at = {name: demo.get_by_role("slider", name=name) for name in ("Learning rate", "Steps")}
    rows = demo.locator("tbody tr")
    for preset, told in (
        ("Momentum", "A step leaves 0.50 of the flat weight and 0.50 of the steep one."),
        ("Too fast", "1.07 of the steep one. It grows without end."),
        ("Noise", "Mean loss of the last 10: "),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(told)
    demo.get_by_label("The rate falls to 0").check()
    expect(said(demo)).to_contain_text("Mean loss of the last 10: 0.")
    demo.get_by_role("button", name="Momentum").click()
    expect(rows.nth(4)).to_contain_text("1.875")
    demo.get_by_role("button", name="Adam").click()
    expect(rows.nth(1)).to_contain_text("9.500")
    at["Steps"].focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("After 0 steps: w₁ = 10.000, w₂ = 1.000, loss 54.500.")
    demo.get_by_role("button", name="One step").click()
    expect(said(demo)).to_contain_text("After 1 step: w₁ = 9.500, w₂ = 0.5000")
