"""The demo of docs/models/gpt.md: writing, looking, switching, and bad input."""

import re

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from docs.models.gpt import bpe
from scripts.figures import gpt as figures
from tests.conftest import OpenDemo
from tests.models.test_gpt import loaded, way
from tests.site.kit import said

pytestmark = pytest.mark.browser


def text(demo: Locator) -> Locator:
    """Where the reader types."""
    return demo.get_by_role("textbox", name="Your text")


def enlarge(demo: Locator) -> None:
    """Choose the larger model."""
    demo.get_by_label("Model", exact=True).select_option("trained on this site")
    expect(text(demo)).to_have_value(figures.PROMPT)


def started(open_demo: OpenDemo, **options: object) -> tuple[Page, Locator]:
    """The demo with its larger model loaded."""
    page, demo = open_demo("models/gpt", **options)
    enlarge(demo)
    return page, demo


def reset(demo: Locator) -> None:
    """Go back to the first opening, and its model."""
    demo.get_by_role("button", name="Reset").click()
    expect(text(demo)).to_have_value("Ann likes")


def test_nothing_is_loaded_before_the_reader_asks(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/gpt")
    assert not page.evaluate(
        "performance.getEntriesByType('resource').some(e => e.name.includes('weights.json'))"
    )
    expect(demo).to_contain_text("It is loaded when you choose it")


def test_it_starts_with_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    expect(text(demo)).to_have_value(figures.PROMPT)
    demo.get_by_text("All numbers").click()
    printed = page.locator("table", has_text="·trained").first.locator("tbody tr").all()
    shown = demo.locator("table tbody tr").all()
    assert len(printed) == 5
    for ours, theirs in zip(shown, printed, strict=False):
        cells = theirs.locator("td").all_inner_texts()
        assert ours.locator("th").inner_text() == cells[0]
        assert ours.locator("td").first.inner_text() == cells[1]
        assert float(ours.locator("td").nth(1).inner_text()) == pytest.approx(
            float(cells[2]), abs=6e-4
        )


def test_the_way_of_a_token_is_told_number_by_number(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    demo.get_by_text("All numbers").click()
    model, merges, _ = loaded()
    tokens = bpe.encode(figures.PROMPT, merges)
    rows = way(tokens, {}, {"query": len(tokens) - 1, "layer": 0, "head": 0})
    names = ["token", "+ position", "query 1.1", "key 1.1", "value 1.1"]
    names += [f"{layer}: + {part}" for layer in (1, 2, 3) for part in ("attention", "MLP")]
    demo.locator("canvas[aria-label^='The stream']").focus()
    page.keyboard.press("ArrowUp")
    for at, (name, row) in enumerate(zip(names, rows, strict=True)):
        if at:
            page.keyboard.press("ArrowDown")
        value = f"{row['values'][0]:.3f}".replace("-", "−")
        expect(said(demo)).to_contain_text(f"{name}: number 1 of {len(row['values'])} is {value}.")
        if row["token"] >= 0:
            expect(said(demo)).to_contain_text(f"probability {row['p']:.3f}.")
    assert rows[0]["token"] == tokens[-1], "the token alone is read out as itself"
    with torch.no_grad():
        p = model(torch.tensor([tokens]))[0][0, -1].softmax(-1)
    assert rows[-1]["p"] == pytest.approx(float(p.max()))


def test_one_token_at_a_time_and_the_same_again_after_reset(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    written = []
    for _ in range(2):
        reset(demo)
        enlarge(demo)
        for _ in range(20):
            demo.get_by_role("button", name="One token").click()
        expect(said(demo)).to_contain_text("Drawn: ")
        written.append(" ".join(text(demo).input_value().split()))
    assert written[0] == written[1]
    expect(page.locator("article")).to_contain_text(f"The text reads “{written[0]}”")


def test_running_writes_and_pauses(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    demo.get_by_role("button", name="Run").click()
    page.wait_for_timeout(1500)
    demo.get_by_role("button", name="Pause").click()
    expect(said(demo)).to_contain_text("Paused after")
    first = text(demo).input_value()
    assert len(first) > len(figures.PROMPT)
    page.wait_for_timeout(400)
    assert text(demo).input_value() == first


def test_under_reduced_motion_a_run_is_one_step_of_twenty_tokens(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo, reduced_motion="reduce")
    demo.get_by_role("button", name="Run").click()
    expect(said(demo)).to_contain_text("20 tokens were written")
    first = text(demo).input_value()
    page.wait_for_timeout(400)
    assert text(demo).input_value() == first


def test_tokens_heads_and_cells_can_be_chosen_by_keyboard(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo, width=390)
    tokens = demo.get_by_role("group", name="Tokens").get_by_role("button")
    tokens.nth(1).focus()
    page.keyboard.press("Enter")
    expect(tokens.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(said(demo)).to_contain_text(
        re.compile(r"looks at .* with weight \d\.\d{3} \(layer 1, head 1\)")
    )
    demo.get_by_role("application", name="all 12 heads").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(said(demo)).to_contain_text("(layer 2, head 4)")
    expect(demo.get_by_label("Head", exact=True)).to_have_value("7")
    demo.get_by_role("application", name="chosen head").focus()
    page.keyboard.press("ArrowRight")
    expect(said(demo)).to_contain_text("may not look at the later")
    demo.get_by_label("Causal mask").uncheck()
    expect(said(demo)).to_contain_text("never trained for")


def test_a_set_has_no_order(open_demo: OpenDemo) -> None:
    _, demo = started(open_demo)
    text(demo).fill("The model reads the text and writes")
    expect(said(demo)).to_contain_text("tokens.")
    shuffle = demo.get_by_role("button", name="Shuffle")
    shuffle.click()
    expect(said(demo)).to_contain_text(re.compile(r"moved by 0\.(?!000)\d{3}"))
    demo.get_by_label("Causal mask").uncheck()
    demo.get_by_label("Positions").uncheck()
    expect(said(demo)).to_contain_text("Without causal mask and positions")
    shuffle.click()
    expect(said(demo)).to_contain_text("moved by 0.000")


def test_the_cuts_leave_what_they_promise(open_demo: OpenDemo) -> None:
    _, demo = started(open_demo)
    demo.get_by_role("slider", name="Top-k").fill("0")
    expect(said(demo)).to_contain_text("1 token can be drawn.")
    demo.get_by_role("slider", name="Top-k").fill("8")
    demo.get_by_role("slider", name="Top-p").fill("0.05")
    expect(said(demo)).to_contain_text("1 token can be drawn.")
    demo.get_by_role("slider", name="Top-p").fill("1")
    expect(said(demo)).to_contain_text("512 tokens can be drawn.")
    demo.get_by_role("slider", name="Temperature").fill("0.1")
    expect(said(demo)).to_contain_text(re.compile(r"Most probable next token: .*, [01]\.\d{3}"))


def test_odd_text_is_read_and_reset_takes_it_away(open_demo: OpenDemo) -> None:
    _, demo = started(open_demo)
    for typed, told in {
        "": "No text: the model begins after a line break.",
        "🙂": "4 tokens.",
        "word " * 500: "its last 64 tokens",
        "\x00<b>&amp;</b>": "tokens.",
        "a": "1 token.",
    }.items():
        text(demo).fill(typed)
        expect(said(demo)).to_contain_text(told)
        demo.get_by_role("button", name="One token").click()
        expect(said(demo)).to_contain_text("Drawn: ")
        demo.get_by_role("button", name="Shuffle").click()
        reset(demo)
        expect(demo.get_by_role("button", name="Reset")).to_be_focused()
        enlarge(demo)


def test_the_model_of_the_example_gives_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/gpt")
    expect(text(demo)).to_have_value("Ann likes")
    demo.get_by_text("All numbers").click()
    printed = page.locator("table", has_text="exponential").first.locator("tbody tr").nth(2)
    cells = [float(cell) for cell in printed.locator("td").all_inner_texts()]
    shown = [row.locator("td").nth(1).inner_text() for row in demo.locator("table tbody tr").all()]
    assert sorted(map(float, shown)) == pytest.approx(sorted(cells), abs=6e-4)
    text(demo).fill("Tom likes")
    expect(said(demo)).to_contain_text("“·milk”, 0.814")
    text(demo).fill("Zebra")
    expect(said(demo)).to_contain_text("None of its six words")
    demo.get_by_role("button", name="One token").click()
    expect(said(demo)).to_contain_text("Drawn: ")
    model = demo.get_by_label("Model", exact=True)
    model.select_option("trained on this site")
    expect(text(demo)).to_have_value(figures.PROMPT)
    expect(model).to_be_focused()
    model.select_option("the example, by hand")
    expect(text(demo)).to_have_value("Ann likes")
    expect(said(demo)).to_contain_text("Most probable next token: “·tea”, 0.814.")
    assert len(demo.get_by_role("textbox", name="Your text").all()) == 1


def test_each_preset_shows_a_row_of_the_table_of_settings(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/gpt")
    demo.get_by_text("All numbers").click()
    printed = page.locator("table", has_text="as trained").first.locator("tbody tr").all()
    presets = demo.get_by_role("group", name="Presets")
    names = ("Ann likes", "T = 0.5", "T = 2", "Top-k 2", "Top-p 0.8")
    for name, row in zip(names, printed, strict=True):
        presets.get_by_role("button", name=name, exact=True).click()
        cells = row.locator("td").all_inner_texts()
        tea = demo.locator("table tbody tr", has_text="·tea").first
        assert float(tea.locator("td").nth(2).inner_text()) == pytest.approx(
            float(cells[3]), abs=6e-4
        )
    presets.get_by_role("button", name="Tom likes").click()
    expect(said(demo)).to_contain_text("“·milk”, 0.814")


def test_weights_that_cannot_be_loaded_leave_the_example(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/gpt")
    # Once: the tests of demos share a page, and the next one wants its weights.
    page.route("**/weights.json", lambda route: route.fulfill(body="no weights"), times=1)
    model = demo.get_by_label("Model", exact=True)
    model.select_option("trained on this site")
    expect(said(demo)).to_contain_text("The weights could not be loaded")
    expect(model.locator("option:checked")).to_have_text("the example, by hand")
    expect(text(demo)).to_have_value("Ann likes")
