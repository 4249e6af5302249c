"""The demo of docs/training/quantisation.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "training/quantisation"


def used(demo: Locator) -> list[str]:
    """The first weights as they are used."""
    return demo.locator("tr", has_text="Used").locator("td").all_text_contents()


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "8.00 bits a weight. Error of all weights 5.4 %, of all but weight 4 6.4 %. 1 of 16 became 0."
    )
    assert used(demo)[:4] == ["0.60", "−0.20", "0.40", "−1.40"]
    before = used(demo)[4:]
    demo.get_by_role("button", name="One outlier").click()
    expect(said(demo)).to_contain_text("5.00 bits a weight")
    expect(said(demo)).to_contain_text("of all but weight 4 100.0 %. 15 of 16 became 0.")
    demo.get_by_role("button", name="Smaller groups").click()
    expect(said(demo)).to_contain_text("8.00 bits a weight")
    expect(said(demo)).to_contain_text("4 of 16 became 0.")
    assert used(demo) == ["0.00", "0.00", "0.00", "−140.00", *before]
    demo.get_by_role("button", name="NF4").click()
    expect(said(demo)).to_contain_text("Error of all weights 9.3 %")
    demo.get_by_label("Format").select_option("int4")
    expect(said(demo)).to_contain_text("Error of all weights 11.4 %")
    demo.get_by_role("button", name="Ternary").click()
    expect(said(demo)).to_contain_text("4 of 16 became 0. The scale is that of all sixteen.")
    assert set(used(demo)) == {"0.54", "−0.54", "0.00"}
    demo.get_by_role("button", name="The example").click()
    demo.get_by_role("slider", name="Weight 4, times").focus()
    page.keyboard.press("End")
    expect(said(demo)).to_contain_text("4 of 16 became 0.")
