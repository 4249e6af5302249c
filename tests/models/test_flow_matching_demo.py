"""The demo of docs/models/flow-matching.md: presets, steps one by one, the start by key and by finger."""

import re

import pytest
from playwright.sync_api import Locator, expect

from scripts.figures import style
from tests.said import sayings, tables
from tests.site.kit import OpenDemo
from tests.site.kit import said as told

PAGE = style.DOCS / "models" / "flow-matching.md"
rows_of = tables(PAGE)
said = sayings(PAGE)
pytestmark = pytest.mark.browser
EXAMPLE = "0.40 → 0.30 → 0.24 → 0.35 → 1.00 in 4 Euler steps, 4 calls."


def shown(demo: Locator) -> str:
    """The status line."""
    return demo.locator("p.demo-status").inner_text()


def off(demo: Locator) -> str:
    """How far samples end from the data, as the status line says."""
    return str(re.findall(r"from the data is (\d\.\d\d)\.$", shown(demo))[0])


def end(demo: Locator) -> str:
    """Where the point ends."""
    return str(re.findall(r"→ (−?\d\.\d\d) in", shown(demo))[0])


def pressed(demo: Locator, name: str) -> str:
    """How far samples end after a press."""
    demo.get_by_role("button", name=name, exact=True).click()
    expect(demo.locator("p.demo-see")).not_to_be_empty()
    return off(demo)


def test_it_starts_with_the_example_and_tells_each_step(open_demo: OpenDemo) -> None:
    _, demo = open_demo("models/flow-matching")
    expect(told(demo)).to_contain_text(EXAMPLE)
    said("starts with the example: two points, independent pairs, and four Euler steps from 0.4.")
    source = (PAGE.with_suffix("") / "demo.mjs").read_text(encoding="utf-8")
    assert "[quantiles(12), 60]" in source
    said("as strokes at $t = 0$, the ends of twelve samples")
    cells = demo.get_by_role("row", name="0.50 0.24").locator("th, td").all_inner_texts()
    assert cells == ["0.50", "0.24", "0.45", "−0.42", "0.35"]
    step = demo.get_by_role("button", name="Step", exact=True)
    for time, place, lower, v, following in (
        ("1.00", "0.40", "50 %", "0.40", "0.40 − 0.25 · 0.40 = 0.30"),
        ("0.75", "0.30", "43 %", "0.22", "0.30 − 0.25 · 0.22 = 0.24"),
        ("0.50", "0.24", "27 %", "−0.42", "0.24 + 0.25 · 0.42 = 0.35"),
    ):
        step.click()
        expect(told(demo)).to_contain_text(
            f"at time {time} the point is at {place}; lines from −1 ({lower}) and 1"
        )
        expect(told(demo)).to_contain_text(f"velocity is {v}, so it goes to {following}.")
    step.click()
    expect(told(demo)).to_contain_text("lines from 1 (100 %) pass here")
    step.click()
    expect(told(demo)).to_contain_text(EXAMPLE)


def test_the_table_of_what_to_try_tells_what_the_demo_shows(open_demo: OpenDemo) -> None:
    _, demo = open_demo("models/flow-matching", width=390)
    names = ("The example", "One step", "Batches of 64", "Reflow", "Midpoint")
    found = {name: pressed(demo, name) for name in names}
    rows = rows_of("tab-flow-matching-try")
    assert [re.findall(r"\*(.+?)\*", row[0])[0] for row in rows] == list(names)
    assert [row[1] for row in rows[1:]] == [
        f"Every start lands at 0, and samples are off by {found['One step']}.",
        f"Hardly a line crosses another, and one step is off by {found['Batches of 64']}.",
        f"No lines cross, and one step is off by {found['Reflow']}.",
        f"Two steps of two calls each are off by {found['Midpoint']}; "
        f"four Euler steps were off by {found['The example']}.",
    ]
    path = EXAMPLE.removeprefix("0.40 → ").partition(" in")[0].replace(" → ", ", ")
    assert rows[0][1].endswith(f"it goes to {' and '.join(path.rsplit(', ', 1))}.")
    said("exact fields, 200 samples {#tab-flow-matching-try}")


def test_the_start_is_moved_by_slider_key_and_finger(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/flow-matching", width=390, has_touch=True)
    demo.get_by_role("slider", name="Start").fill("-0.1")
    four = end(demo)
    demo.get_by_role("slider", name="Steps").fill("5")
    said("before you move the start to −0.1: where does it end after four steps, and how many")
    said(f"four steps end at {four}, five at {end(demo)}.)")
    plane = demo.get_by_role("application")
    plane.focus()
    page.keyboard.press("ArrowUp")
    assert shown(demo).startswith("−0.05 → ")
    box = plane.bounding_box()
    assert box
    plane.tap(position={"x": box["width"] - 20, "y": 40})
    assert float(shown(demo).partition(" → ")[0]) > 1


def test_without_a_line_and_with_one_point(open_demo: OpenDemo) -> None:
    _, demo = open_demo("models/flow-matching")
    demo.get_by_role("button", name="Reflow").click()
    demo.get_by_role("slider", name="Steps").fill("2")
    demo.get_by_role("slider", name="Start").fill("0")
    for _ in range(2):
        demo.get_by_role("button", name="Step", exact=True).click()
    expect(told(demo)).to_contain_text("no line passes here")
    demo.get_by_label("Data", exact=True).select_option("one")
    demo.get_by_label("Pairs").select_option("1")
    demo.get_by_role("slider", name="Steps").fill("1")
    assert (end(demo), off(demo)) == ("0.50", "0.00")
    demo.get_by_label("Data", exact=True).select_option("four")
    demo.get_by_label("Solver").select_option("midpoint")
    demo.get_by_role("slider", name="Steps").fill("16")
    expect(told(demo)).to_contain_text("in 16 midpoint steps, 32 calls")
    expect(demo.locator("caption")).to_contain_text("12 between them are left out")
    demo.get_by_role("button", name="Reset").click()
    expect(told(demo)).to_contain_text(EXAMPLE)
