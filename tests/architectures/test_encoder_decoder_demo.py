"""The demo of docs/architectures/encoder-decoder.md, by mouse, by keyboard, and with odd sentences."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser


def said(demo: Locator) -> Locator:
    """What is told to screen readers."""
    return demo.locator("p.demo-told").last


def opened(open_demo: OpenDemo, width: int = 1440) -> Locator:
    """The demo, which has its weights at once."""
    return open_demo("architectures/encoder-decoder", width=width)[1]


def test_it_starts_with_the_example_of_the_page(open_demo: OpenDemo) -> None:
    demo = opened(open_demo)
    expect(said(demo)).to_have_text("mi tok zum <end>: probability 0.41, score −0.89.")
    expect(demo.get_by_role("row", name="1.")).to_have_text(
        "1.mi 1.00 ◂tok 1.00 ◂ga 0.59<end> 0.41 ◂<end> 0.30"
    )


def test_presets_and_sliders(open_demo: OpenDemo) -> None:
    demo = opened(open_demo)
    for name, text in (
        ("Greedy", "mi tok ga nir <end>: probability 0.30"),
        ("Two phrases", "mi tok vel ra pim <end>: probability 1.00"),
        ("Divided by length", "mi ga nir <end>: probability 0.30"),
        ("No object", "mi vel lu <end>: probability 0.99"),
    ):
        demo.get_by_role("button", name=name).click()
        expect(said(demo)).to_contain_text(text)
        expect(demo.locator("p.demo-see")).not_to_be_empty()
    demo.get_by_role("button", name="Divided by length").click()
    exponent = demo.get_by_role("slider", name="Exponent")
    exponent.fill("1")
    expect(said(demo)).to_contain_text("mi zum <end>: probability 0.41")
    beam = demo.get_by_role("slider", name="Beam")
    beam.focus()
    beam.press("Home")
    expect(said(demo)).to_contain_text("mi ga nir <end>: probability 0.30")
    demo.get_by_label("Head").select_option("1")
    demo.get_by_role("button", name="Reset").click()
    expect(said(demo)).to_contain_text("mi tok zum <end>")


def test_own_sentences_even_odd_ones(open_demo: OpenDemo) -> None:
    demo = opened(open_demo, width=390)
    sentence = demo.get_by_label("Sentence")
    sentence.fill("Old Bird hears  dog")
    expect(said(demo)).to_contain_text("lu sen oru ra <end>")
    sentence.fill("old wolf")
    expect(said(demo)).to_contain_text("“wolf” is not one of them")
    sentence.fill("")
    expect(said(demo)).to_contain_text("at least one")
    sentence.fill("cat " * 9)
    expect(said(demo)).to_contain_text("at most 8")
