"""The demo of docs/models/comparison.md: what its presets and its slider tell."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser


def test_presets_classes_and_passes(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/comparison")
    told = demo.locator("p.demo-told")
    expect(told).to_contain_text("autoregressive: 0.9")
    demo.get_by_role("button", name="Five passes").click()
    expect(told).to_contain_text("diffusion, 5 passes: 0.")
    expect(told).to_contain_text("flow matching, 5 passes: 0.")
    slider = demo.get_by_role("slider", name="Passes")
    slider.focus()
    page.keyboard.press("Home")
    expect(told).to_contain_text("diffusion, 1 pass: 0.01 near a mode, 0 modes")
    demo.get_by_label("Class on the left", exact=True).select_option("GAN")
    expect(told).to_contain_text("GAN: 0.")
