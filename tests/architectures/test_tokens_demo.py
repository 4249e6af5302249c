"""The demo of docs/architectures/tokens.md, by mouse, by keyboard, and with odd input."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def tokens(demo: Locator) -> Locator:
    """The tokens with their numbers."""
    return demo.get_by_role("list", name="Tokens and their numbers").get_by_role("listitem")


def test_it_starts_with_the_example_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/tokens")
    expect(tokens(demo)).to_have_text(["b98", "ana257"])
    expect(said(demo)).to_have_text(
        "4 bytes, 2 tokens, 2.00 bytes a token; decoded: the same text."
    )
    expect(demo.get_by_role("row", name="256")).to_have_text("256 = a + n40")


def test_merges_by_keys_and_by_buttons(open_demo: OpenDemo) -> None:
    page, demo = open_demo("architectures/tokens")
    slider = demo.get_by_role("slider", name="Merges")
    slider.focus()
    page.keyboard.press("Home")
    expect(tokens(demo)).to_have_text(["b98", "a97", "n110", "a97"])
    demo.get_by_role("button", name="Merge +1").click()
    expect(tokens(demo)).to_have_text(["b98", "an256", "a97"])
    demo.get_by_role("button", name="Merge −1").click()
    demo.get_by_role("button", name="Merge −1").click()
    expect(slider).to_have_value("0")
    page.keyboard.press("Tab")
    slider.focus()
    page.keyboard.press("End")
    expect(said(demo)).to_contain_text("Only 7 merges: no pair is left.")


def test_presets_say_what_to_see(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/tokens")
    for name, first, number in (
        ("A token never seen", ["an256", "ana257", "s115"], 3),
        ("An emoji", ["240240", "159159", "141141", "140140"], 8),
        ("Numbers", [], 0),
    ):
        demo.get_by_role("button", name=name).click()
        if number:
            expect(tokens(demo)).to_have_count(number)
            assert tokens(demo).all_inner_texts()[: len(first)] == [
                f"{part[:-3]}\n{part[-3:]}" for part in first
            ]
        expect(demo.locator("p.demo-see")).not_to_be_empty()
        expect(said(demo)).to_contain_text("the same text")
    demo.get_by_role("button", name="Hindi from English").click()
    expect(said(demo)).to_contain_text("1.0")
    demo.get_by_role("button", name="Reset").click()
    expect(tokens(demo)).to_have_text(["b98", "ana257"])


def test_own_texts_even_none(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/tokens", width=390)
    demo.get_by_label("Text to cut").fill("")
    expect(said(demo)).to_have_text(
        "0 bytes, 0 tokens, 0.00 bytes a token; decoded: the same text."
    )
    demo.get_by_label("Text to cut").fill("aaa <b>&")
    demo.get_by_label("Training text").fill("")
    expect(said(demo)).to_contain_text("Only 0 merges")
    expect(tokens(demo)).to_have_count(8)
    demo.get_by_label("Training text").fill("aaab aab")
    expect(tokens(demo).first).to_have_text("aaa258")
