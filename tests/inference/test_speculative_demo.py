"""The demo of docs/inference/speculative.md, by mouse and by keyboard."""

import re
from importlib import import_module
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "inference/speculative"
speculative: Any = import_module("docs.inference.speculative.speculative")


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "No call yet. By the formula 3.36 a call, 2.40 times as fast. Each word comes out as the target has it."
    )
    row = demo.locator("tr", has_text="Comes out")
    for preset, fast, shown in (
        ("Accept all", "5.00 a call, 3.57 times as fast. A drafted place is 0.20", "0.400"),
        ("Redraw from p", "3.36 a call, 2.40 times as fast. A drafted place is 0.07", "0.240"),
        ("Dear draft", "3.36 a call, 1.12 times as fast", "0.200"),
        ("Always milk", "1.25 a call, 0.69 times as fast", "0.200"),
    ):
        demo.get_by_role("button", name=preset).click()
        expect(said(demo)).to_contain_text(fast)
        expect(row.locator("td").nth(1)).to_have_text(shown)
    demo.get_by_role("button", name="The example").click()
    demo.get_by_label("Draft", exact=True).select_option("the target itself")
    expect(said(demo)).to_contain_text("5.00 a call, 3.57 times as fast. Each word comes out as")
    demo.get_by_role("button", name="Dear draft").click()
    slider = demo.get_by_role("slider", name="Drafts a call")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(said(demo)).to_contain_text("1.20 times as fast")
    page.keyboard.press("ArrowLeft")
    demo.get_by_role("button", name="One call").click()
    expect(said(demo)).to_contain_text("The call had no draft and wrote")


def test_what_is_written_has_the_shares_and_the_length_of_the_formulas(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    many = demo.get_by_role("button", name="100 calls")
    row = demo.locator("tr", has_text="Written")
    for preset, wanted in (
        ("The example", speculative.P),
        ("Always milk", speculative.P),
        ("Accept all", speculative.Q),
    ):
        demo.get_by_role("button", name=preset).click()
        for _ in range(10):
            many.click()
        found = re.compile(r"(\d+) words in 1000 calls, ([\d.]+) a call; by the formula ([\d.]+) a")
        expect(said(demo)).to_contain_text(found)
        words, run, formula = re.findall(found, said(demo).text_content() or "")[0]
        assert float(run) == pytest.approx(float(formula), rel=0.05)
        shares = [float(cell) for cell in row.locator("td").all_text_contents()]
        # One word of a call of five is the target's own even where every draft is accepted.
        mixed = [0.8 * q + 0.2 * p for p, q in zip(speculative.P, speculative.Q, strict=True)]
        wanted = mixed if preset == "Accept all" else wanted
        for share, expected in zip(shares, wanted, strict=True):
            spread = (expected * (1 - expected) / int(words)) ** 0.5
            assert abs(share - expected) < 4 * spread, preset
