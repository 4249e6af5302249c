"""The demo of docs/architectures/embeddings.md, by mouse, by keyboard, and at its limits."""

import math

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PLACE = "architectures/embeddings"


def test_it_starts_with_the_example_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PLACE)
    expect(said(demo)).to_have_text(
        "State (1.00, 1.00), T = 1.0: crown 0.40, plough 0.10, he 0.40, she 0.10. "
        "Loss 1.194, at best 1.194."
    )
    expect(demo.get_by_role("row", name="crown")).to_have_text("crown0.690.4000.40.71")


def test_steps_from_zero_are_those_by_hand_and_end_at_king(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PLACE)
    demo.get_by_role("button", name="From zero").click()
    expect(said(demo)).to_contain_text("crown 0.25, plough 0.25, he 0.25, she 0.25. Loss 1.386")
    demo.get_by_role("button", name="One step").click()
    expect(said(demo)).to_contain_text("State (0.21, 0.21)")
    for _ in range(4):
        demo.get_by_role("button", name="Ten steps").click()
    expect(said(demo)).to_contain_text("State (1.00, 1.00)")


def test_king_or_woman_is_out_of_reach(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PLACE)
    demo.get_by_role("button", name="King or woman").click()
    expect(said(demo)).to_contain_text(f"Loss {math.log(4):.3f}, at best {math.log(2):.3f}")
    demo.get_by_role("button", name="Ten steps").click()
    expect(said(demo)).to_contain_text("State (0.00, 0.00), T = 1.0: king 0.25")
    plane = demo.get_by_role("application")
    plane.focus()
    page.keyboard.press("ArrowRight")
    expect(said(demo)).to_contain_text("State (0.25, 0.00)")
    expect(said(demo)).not_to_contain_text("Loss 1.386")
    box = plane.bounding_box()
    assert box is not None
    away = (box["width"] - 22) / 4  # an edge of 11 pixels on each side
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.click(middle[0] - away, middle[1] + away)
    expect(said(demo)).to_contain_text("State (−1.00, −1.00)")


def test_presets_say_what_to_see(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PLACE, width=390)
    for name, told in (
        ("Colder", "T = 0.5: crown 0.47, plough 0.03"),
        ("Crown, she", "queen 0.44"),
        ("The word king", "crown 0.40"),
    ):
        demo.get_by_role("button", name=name).click()
        expect(demo.locator("p.demo-see")).not_to_be_empty()
        expect(said(demo)).to_contain_text(told)
    slider = demo.get_by_role("slider", name="Temperature T")
    slider.focus()
    page.keyboard.press("End")
    expect(said(demo)).to_contain_text("T = 4.0: crown 0.29")
