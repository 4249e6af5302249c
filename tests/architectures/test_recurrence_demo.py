"""The demo of docs/architectures/recurrence.md, by mouse, by keyboard, and at its limits."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/recurrence")
    expect(said(demo)).to_have_text(
        "w = 0.5: the last state is 2.5, the loss 6.125, the gradient −10.5."
    )
    expect(demo.get_by_role("row", name="2 0 2")).to_have_text("202−0.875−3.5")


def test_descent_finds_the_weight_and_a_wild_step_is_refused(open_demo: OpenDemo) -> None:
    page, demo = open_demo("architectures/recurrence")
    for _ in range(3):
        demo.get_by_role("button", name="Ten steps").click()
    expect(said(demo)).to_contain_text("w = 1: the last state is 6")
    demo.get_by_role("button", name="Exploding").click()
    demo.get_by_role("button", name="One step").click()
    expect(said(demo)).to_contain_text("throw w from 1.1 to −993")
    demo.get_by_label("Clip the gradient to 1").check()
    demo.get_by_role("button", name="Ten steps").click()
    expect(said(demo)).to_contain_text("w = 1: the last state is 6")
    slider = demo.get_by_role("slider", name="Weight w")
    slider.focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("w = 0: the last state is 2, the loss 8")


def test_presets_say_what_to_see(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/recurrence", width=390)
    for name, told in (
        ("Nothing fades", "the last state is 6, the loss 0"),
        ("Vanishing", "the gradient −1.73e−6"),
        ("Clipped", "the gradient 99454, cut to 1."),
        ("The example", "the gradient −10.5"),
    ):
        demo.get_by_role("button", name=name).click()
        expect(demo.locator("p.demo-see")).not_to_be_empty()
        expect(said(demo)).to_contain_text(told)
