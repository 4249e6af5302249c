"""The demo of docs/architectures/attention.md, by mouse, by keyboard, and with odd input."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser

PRESETS = ("The example", "No mask", "Without √D", "Look ahead", "Second head")


def opened(open_demo: OpenDemo, **options: object) -> tuple[Page, Locator]:
    """The demo with its table unfolded."""
    page, demo = open_demo("architectures/attention", **options)
    demo.locator("details").last.evaluate("node => node.open = true")
    return page, demo


def row(demo: Locator, word: str) -> Locator:
    """The row of a word in the table."""
    return demo.get_by_role("row", name=word)


def test_it_starts_with_the_numbers_of_the_page(open_demo: OpenDemo) -> None:
    _, demo = opened(open_demo)
    expect(row(demo, "Ann")).to_contain_text("2.83")
    expect(row(demo, "Ann")).to_contain_text("0.735")
    expect(row(demo, "plan")).to_contain_text("masked")
    expect(said(demo)).to_contain_text("output Ann, Tom (0.824, 0.043)")


def test_the_query_moves_by_keys_and_by_pointer(open_demo: OpenDemo) -> None:
    page, demo = opened(open_demo)
    plane = demo.get_by_role("application")
    plane.focus()
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    expect(said(demo)).to_contain_text("Query (2.00, −2.00): most weight on “Tom”, 0.")
    box = plane.bounding_box()
    assert box is not None
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(said(demo)).to_contain_text(
        "Query (0.00, 0.00): the same weight, 0.250, on “Ann”, “told”"
    )
    expect(row(demo, "told")).to_contain_text("0.250")


def test_a_key_is_moved_by_pointer_and_by_keyboard(open_demo: OpenDemo) -> None:
    page, demo = opened(open_demo)
    plane = demo.get_by_role("application")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box is not None
    middle, unit = box["width"] / 2, (box["width"] - 20) / 6  # an edge of 10 pixels on each side
    page.mouse.move(box["x"] + middle + unit, box["y"] + middle - unit)  # the key of Ann
    page.mouse.down()
    page.mouse.move(box["x"] + middle - unit, box["y"] + middle + unit, steps=4)
    page.mouse.up()
    moved = "Key of “Ann” (−1.00, −1.00), query (2.00, 2.00): most weight"
    expect(said(demo)).to_contain_text(moved)
    expect(row(demo, "Ann")).to_contain_text("(−1.00, −1.00)")
    expect(demo.get_by_label("Move", exact=True)).to_have_value("0")
    demo.get_by_label("Move", exact=True).select_option("the key of “told”")
    plane.focus()
    page.keyboard.press("ArrowRight")
    expect(said(demo)).to_contain_text("Key of “told” (0.25, 0.00)")
    demo.get_by_role("button", name="The example").click()
    expect(row(demo, "Ann")).to_contain_text("0.735")


def test_scale_and_masks_act_and_one_word_must_stay(open_demo: OpenDemo) -> None:
    page, demo = opened(open_demo)
    scale = demo.get_by_role("slider", name="Scale")
    demo.get_by_label("divide by √D").uncheck()
    expect(row(demo, "Ann")).to_contain_text("0.853")
    demo.get_by_label("divide by √D").check()
    scale.fill("4")
    expect(row(demo, "Ann")).to_contain_text("0.996")
    scale.focus()
    page.keyboard.press("Home")
    expect(row(demo, "Ann")).to_contain_text("0.250")
    seen = demo.get_by_role("group", name="May look at")
    for word in ("Ann", "told", "Tom"):
        seen.get_by_label(word).uncheck()
    expect(row(demo, "her")).to_contain_text("1.000")
    seen.get_by_label("her").click()
    expect(said(demo)).to_contain_text("at one word at least")
    expect(seen.get_by_label("her")).to_be_checked()


def test_what_a_preset_tells_can_be_read_in_its_table(open_demo: OpenDemo) -> None:
    """What "Look ahead" tells of the words before "told" is tried."""
    _, demo = opened(open_demo)
    for preset in PRESETS:
        demo.get_by_role("button", name=preset, exact=True).click()
        table = demo.locator("table").inner_text()
        numbers = re.findall(r"\d\.\d{3}", demo.locator(".demo-see").inner_text())
        if preset == "Look ahead":
            seen = demo.get_by_role("group", name="May look at")
            for word in ("Tom", "her", "plan"):
                seen.get_by_label(word).uncheck()
            expect(row(demo, "Ann")).to_contain_text(numbers.pop())
        assert numbers, preset
        assert [number for number in numbers if number not in table] == [], preset


@pytest.mark.parametrize(("width", "height", "screens"), [(1440, 900, 1), (390, 844, 2)])
def test_it_fits(width: int, height: int, screens: int, open_demo: OpenDemo) -> None:
    page, demo = open_demo("architectures/attention", width=width, height=height)
    page.wait_for_timeout(300)
    box = page.locator("div.demo").first.bounding_box()
    assert box is not None
    assert box["height"] <= screens * height
    tops = [(canvas.bounding_box() or {})["y"] for canvas in demo.locator("canvas").all()]
    assert (tops[0] == tops[1]) == (width > 1000)


def test_reset_and_seed(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/attention", width=390)
    told = []
    for _ in range(2):
        demo.get_by_role("button", name="Reset").click()
        expect(said(demo)).to_contain_text("Query (2.00, 2.00)")
        demo.get_by_role("button", name="Random query").click()
        expect(said(demo)).not_to_contain_text("Query (2.00, 2.00)")
        told.append(said(demo).inner_text())
    assert told[0] == told[1]
