"""The demo of docs/architectures/efficient-attention.md: presets, keys, and settings at their limits."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "architectures/efficient-attention"


def row(demo: Locator, form: str) -> Locator:
    """The row of a form."""
    return demo.get_by_role("row", name=form).first


def test_it_starts_with_the_example_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    expect(row(demo, "MHA")).to_have_text("MHA16256 bytes2561")
    expect(row(demo, "MLA")).to_have_text("MLA696 bytes6406.67")
    expect(row(demo, "GQA, window")).to_have_text("GQA, window864 bytes1282")
    expect(said(demo)).to_contain_text("a window 64 bytes")
    # 320 and 104 numbers of two bytes, as the page counts them
    expect(said(demo)).to_contain_text(
        "640 bytes with scores written out, 208 bytes in tiles of 4."
    )


def test_presets_give_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    for name, form, cells in (
        ("Llama 3 8B", "GQA", "GQA2,04816 GiB"),
        ("Llama 3 8B", "MHA", "MHA8,19264 GiB"),
        ("Mistral 7B", "GQA, window", "GQA, window2,048512 MiB"),
        ("DeepSeek-V3", "MLA", "MLA5768.578 GiB"),
        ("gpt-oss-120b", "GQA, window", "GQA, window1,0244.5 MiB"),
        ("gpt-oss-120b", "GQA", "GQA1,0244.5 GiB"),
    ):
        demo.get_by_role("button", name=name).click()
        expect(row(demo, form)).to_contain_text(cells)
        expect(demo.locator("p.demo-see")).not_to_be_empty()
    demo.get_by_role("button", name="Reset").click()
    expect(row(demo, "MHA")).to_contain_text("256 bytes")


def test_groups_never_outnumber_heads_and_the_ends_hold(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PAGE, width=390)
    demo.get_by_role("slider", name="Query heads").focus()
    page.keyboard.press("Home")
    expect(demo.get_by_role("slider", name="Groups")).to_have_value("0")
    expect(row(demo, "GQA")).to_contain_text("GQA4")
    demo.get_by_role("slider", name="Groups").focus()
    page.keyboard.press("End")
    expect(demo.get_by_role("slider", name="Query heads")).to_have_value("7")
    demo.get_by_role("slider", name="Tokens").focus()
    page.keyboard.press("End")
    demo.get_by_label("Bytes a number").select_option("4")
    expect(row(demo, "MHA")).to_contain_text("2 GiB")
    expect(said(demo)).to_contain_text("in tiles of 128")
