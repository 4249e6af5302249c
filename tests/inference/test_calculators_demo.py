"""The demo of docs/inference/calculators.md, by mouse, by keyboard, and by its address."""

import pytest
from playwright.sync_api import Locator, expect

from tests.conftest import OpenDemo

pytestmark = pytest.mark.browser
PAGE = "inference/calculators"


def cell(demo: Locator, name: str) -> Locator:
    """The value beside a name in the tables."""
    row = demo.get_by_role("row").filter(has=demo.page.get_by_role("rowheader", name=name))
    return row.get_by_role("cell")


def test_it_starts_with_the_example_and_its_settings_can_be_changed(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PAGE)
    for name, value in {
        "Parameters": "388",
        "Weights, bf16": "776 B",
        "Cache of one text": "128 B",
    }.items():
        expect(cell(demo, name)).to_have_text(value)
    demo.get_by_role("button", name="Costs").click()
    for name, value in {
        "Parameters that multiply": "328",
        "Last token, operations": "912",
        "Training on one GPU": "6.84 s",
        "Price of training": "0.00684",
    }.items():
        expect(cell(demo, name)).to_have_text(value)
    page.wait_for_url("**view=costs**")
    demo.get_by_role("button", name="Memory").click()
    vocabulary = demo.get_by_label("Vocabulary")
    vocabulary.fill("20")
    vocabulary.press("Enter")
    expect(cell(demo, "Parameters")).to_have_text("468")
    demo.get_by_role("button", name="Costs").click()
    expect(cell(demo, "Parameters that multiply")).to_have_text("368")
    page.wait_for_url("**vocabulary=20**")


def test_presets_give_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    demo.get_by_role("button", name="70B", exact=True).click()
    for name, value in (("fp32", "282 GB"), ("bf16", "141 GB"), ("int8", "70.6 GB")):
        expect(cell(demo, f"Weights, {name}")).to_have_text(value)
    expect(cell(demo, "Weights, int4")).to_have_text("36.4 GB")
    demo.get_by_role("button", name="128k").click()
    expect(cell(demo, "Cache of one text")).to_have_text("42.9 GB")
    demo.get_by_label("Which model").select_option("Mistral 7B")
    expect(cell(demo, "Cache of one text")).to_have_text("537 MB")
    demo.get_by_label("Which model").select_option("DDPM, CIFAR-10")
    expect(cell(demo, "Parameters")).to_have_text("35.7 M")
    expect(cell(demo, "Cache of one text")).to_have_text("–")


def test_a_setting_has_an_effect_or_is_not_shown_and_no_part_is_more_than_its_whole(
    open_demo: OpenDemo,
) -> None:
    _, demo = open_demo(PAGE)
    which = demo.get_by_label("Which model")
    which.select_option("Mistral 7B")
    expect(demo.get_by_label("Experts a token")).to_be_hidden()
    layers = demo.get_by_label("Layers")
    layers.fill("16")
    layers.press("Enter")
    expect(cell(demo, "Cache of one text")).to_have_text("524 kB")
    which.select_option("Mixtral 8x7B")
    expect(demo.get_by_label("Inner width", exact=True)).to_be_hidden()
    used = demo.get_by_label("Experts a token")
    used.fill("16")
    used.press("Enter")
    expect(used).to_have_value("8")
    inner = demo.get_by_label("Expert’s inner width")
    inner.fill("1")
    inner.press("Enter")
    expect(cell(demo, "Parameters")).to_have_text("1.61 bn")


def test_the_published_run_of_15_trillion_tokens_can_be_set(open_demo: OpenDemo) -> None:
    _, demo = open_demo(PAGE)
    demo.get_by_role("button", name="Training", exact=True).click()
    slider = demo.get_by_label("Training tokens")
    for _ in range(5):
        slider.press("ArrowRight")
    demo.get_by_label("Which model").select_option("Llama 3 70B")
    expect(cell(demo, "Training, operations")).to_have_text("6.74 · 10²⁴")
