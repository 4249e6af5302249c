"""The demo of docs/inference/sampling.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "inference/sampling"


def test_it_starts_with_the_example_and_each_preset_tells_what_it_says(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "1.94 bits (1.94 before); 6 of 6 words kept, which held 100.0 %; tea, the likeliest before, has 0.500."
    )
    demo.get_by_role("button", name="Typical").click()
    expect(said(demo)).to_contain_text(
        "0.00 bits (1.94 before); 1 of 6 words kept, which held 25.0 %"
    )
    demo.get_by_role("button", name="Loop").click()
    expect(said(demo)).to_contain_text("tea, the likeliest before, has 1.000")
    slider = demo.get_by_role("slider", name="Frequency penalty")
    slider.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    expect(said(demo)).to_contain_text("tea, the likeliest before, has 0.000")
    demo.get_by_role("button", name="Draw a word").click()
    expect(said(demo)).to_contain_text("picks milk")
