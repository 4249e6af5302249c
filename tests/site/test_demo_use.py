"""Every demo can be used by finger and by keyboard, and says why it takes no bad number."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.site.kit import DOCS, NewPage, OpenDemo, address

pytestmark = pytest.mark.browser

DEMOS = sorted(path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("demo.mjs"))
WITH_WEIGHTS = [demo for demo in DEMOS if (DOCS / demo / "weights.json").exists()]
START = re.compile("^(Start|Load)")
LARGER = {"models/gpt": "trained on this site"}  # weights that come when their model is chosen
AT_ONCE = [
    demo for demo in WITH_WEIGHTS if "atOnce(" in (DOCS / demo / "demo.mjs").read_text("utf-8")
]
STARTED_BY_BUTTON = [demo for demo in WITH_WEIGHTS if demo not in {*LARGER, *AT_ONCE}]
DRAWN_ON = re.compile("^Drawing pad")  # a finger cannot both draw and scroll

MISSED = """root => [...root.querySelectorAll("*")].filter(node => {
  const {overflowX} = getComputedStyle(node);
  const scrolls = ["auto", "scroll"].includes(overflowX) && node.scrollWidth > node.clientWidth;
  return scrolls && node.tabIndex < 0 && node.matches(":not(select, textarea, input)");
}).map(node => node.className || node.nodeName)"""

ROWS = """root => [...root.querySelectorAll("table")].flatMap(table => {
  const width = table.tHead.rows[0].cells.length;
  const wrong = [...table.tBodies[0].rows].filter(row => row.cells.length !== width);
  const empty = [...table.querySelectorAll("th")].filter(cell => !cell.textContent.trim());
  return [...wrong, ...empty].map(node => node.outerHTML);
})"""


def told(demo: Locator, start: str) -> Locator:
    """The line that a demo shows; what a screen reader is told follows it a moment later, in a node of its own."""
    return demo.locator(".demo-status").filter(has_text=re.compile(f"^{re.escape(start)}"))


def started(open_demo: OpenDemo, path: str, **options: object) -> tuple[Page, Locator]:
    """A demo with its weights loaded and its folded parts open."""
    page, demo = open_demo(path, **options)
    if path in LARGER:
        demo.get_by_label("Model", exact=True).select_option(LARGER[path])
        expect(told(demo, "Another model")).to_be_visible()
    load = demo.get_by_role("button", name=START)
    if load.count():
        load.click()
        expect(load).to_have_count(0)
    demo.evaluate("root => root.querySelectorAll('details').forEach(node => node.open = true)")
    return page, demo


def status(demo: Locator) -> str:
    """What the demo shows of its state."""
    return demo.locator("p.demo-status").first.inner_text()


def canvases(demo: Locator) -> Iterator[tuple[Locator, str]]:
    """The pictures that a demo shows, and their labels; what it hides no finger or key can reach."""
    for canvas in demo.locator("canvas").locator("visible=true").all():
        yield canvas, canvas.get_attribute("aria-label") or ""


# A place of a picture from which a finger scrolls or drags, nearest to its middle; none: null.
BEGIN = """(node, drags) => {
  const box = node.getBoundingClientRect();
  const found = [];
  for (let x = 4; x < box.width; x += 8) for (let y = 4; y < box.height; y += 8) {
    const [clientX, clientY] = [box.left + x, box.top + y];
    const touch = new Touch({identifier: 1, target: node, clientX, clientY});
    const event = new TouchEvent("touchstart", {touches: [touch], cancelable: true});
    if (node.dispatchEvent(event) !== drags)
      found.push([Math.hypot(x - box.width / 2, y - box.height / 2), x, y]);
  }
  return found.length ? found.sort((a, b) => a[0] - b[0])[0].slice(1) : null;
}"""


def swipe(page: Page, canvas: Locator, across: int, along: int, drags: bool = False) -> bool:
    """A finger goes down on a picture, moves by so many pixels, and is lifted.

    It begins near the middle, where nothing can be gripped, or if it `drags` where something can be.
    Returns whether there is such a place.
    """
    page.wait_for_timeout(50)
    place = canvas.evaluate(BEGIN, drags)
    box = canvas.bounding_box()
    assert box
    if place is None:
        return False
    x, y = box["x"] + place[0], box["y"] + place[1]
    session = page.context.new_cdp_session(page)

    def touch(kind: str, share: float) -> None:
        points = [{"x": x + share * across, "y": y + share * along}]
        event = {"type": kind, "touchPoints": [] if kind == "touchEnd" else points}
        session.send("Input.dispatchTouchEvent", event)
        page.wait_for_timeout(16)

    touch("touchStart", 0)
    for i in range(1, 11):
        touch("touchMove", i / 10)
    touch("touchEnd", 1)
    page.wait_for_timeout(100)
    session.detach()
    return True


@pytest.mark.parametrize("path", DEMOS)
def test_a_swipe_that_begins_on_a_picture_scrolls_the_page_and_changes_nothing(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = started(
        open_demo, path, width=390, height=844, has_touch=True, reduced_motion="reduce"
    )
    page.wait_for_timeout(300)
    for canvas, label in canvases(demo):
        canvas.evaluate("node => node.scrollIntoView({block: 'center', behavior: 'instant'})")
        before, told = page.evaluate("scrollY"), status(demo)
        assert swipe(page, canvas, 4, -160), label
        moved = page.evaluate("scrollY") - before
        if DRAWN_ON.match(label):
            assert moved < 40, label  # the numbers below it may take another line
            continue
        assert moved > 80, f"{label}: a swipe of 160 px scrolls by {moved}"
        assert status(demo) == told, label


# Where something is dragged up and down, as told to the reader; of the others none can be.
DRAGGED = {
    "architectures/attention": ["Plane with the keys"],
    "architectures/embeddings": ["Plane with words"],
    "models/flow": ["Noise"],
    "models/flow-matching": ["The flow as curves"],
    "models/gan": ["Phase plane"],
    "models/vae": ["Plane of codes"],
}


@pytest.mark.parametrize("path", DEMOS)
def test_a_finger_that_begins_on_what_can_be_dragged_takes_it_along(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = started(
        open_demo, path, width=390, height=844, has_touch=True, reduced_motion="reduce"
    )
    if path == "models/gan":
        demo.get_by_role("button", name="the round by hand").click()
    page.wait_for_timeout(300)
    dragged = []
    for canvas, label in canvases(demo):
        canvas.evaluate("node => node.scrollIntoView({block: 'center', behavior: 'instant'})")
        before, told = page.evaluate("scrollY"), demo.inner_text()
        if not swipe(page, canvas, 3, -160, drags=True):
            continue
        dragged.append(label.split(".")[0].split(";")[0])
        moved = abs(page.evaluate("scrollY") - before)
        assert moved < 40, label  # the numbers above it may take another line
        assert demo.inner_text() != told, label
    wanted = DRAGGED.get(path, [])
    assert len(dragged) == len(wanted), dragged
    assert all(label.startswith(want) for label, want in zip(dragged, wanted, strict=True)), dragged


def test_a_finger_that_moves_sideways_or_taps_acts(open_demo: OpenDemo) -> None:
    page, demo = open_demo("architectures/attention", width=390, height=844, has_touch=True)
    plane = demo.get_by_role("application")
    plane.evaluate("node => node.scrollIntoView({block: 'center', behavior: 'instant'})")
    before = page.evaluate("scrollY")
    assert swipe(page, plane, 60, 10, drags=True)
    expect(demo.locator("p.demo-status")).to_contain_text(
        re.compile(r"^Query \((?:1\.[5-9]|2\.)\d+, −0\.\d+\)")
    )
    assert page.evaluate("scrollY") == before
    plane.tap(position={"x": 28, "y": 28})
    expect(demo.locator("p.demo-status")).to_contain_text(re.compile(r"^Query \(−2\.\d+, 2\.\d+\)"))


@pytest.mark.parametrize("path", DEMOS)
def test_only_pictures_that_answer_to_keys_are_places_of_tab(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = started(open_demo, path, reduced_motion="reduce")
    page.wait_for_timeout(300)
    for canvas, label in canvases(demo):
        if canvas.get_attribute("tabindex") is None:
            assert canvas.get_attribute("role") == "img", label
            continue
        assert canvas.get_attribute("role") == "application", label
        told = status(demo)
        canvas.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowDown")
        assert status(demo) != told, f"{label}: arrow keys do nothing"


@pytest.mark.parametrize("path", ["models/gan", "models/diffusion"])
def test_a_plane_is_a_place_of_tab_while_the_readers_points_are_the_data(
    path: str, open_demo: OpenDemo
) -> None:
    _, demo = open_demo(path)
    plane, data = demo.locator("canvas").first, demo.get_by_label("Data", exact=True)
    for choice, role in (("ring", "img"), ("own", "application"), ("ring", "img")):
        data.select_option(choice)
        expect(plane).to_have_attribute("role", role)
        assert (plane.get_attribute("tabindex") == "0") == (choice == "own")


@pytest.mark.parametrize("path", STARTED_BY_BUTTON)
def test_the_focus_stays_in_a_demo_that_is_started_by_keyboard(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = open_demo(path)
    demo.get_by_role("button", name=START).focus()
    page.keyboard.press("Enter")
    expect(demo.get_by_role("button", name=START)).to_have_count(0)
    focused = "root => root.contains(document.activeElement) && document.activeElement.nodeName"
    assert demo.evaluate(focused) in {"CANVAS", "BUTTON"}
    demo.evaluate("() => document.activeElement.click()")  # what it is on, can be used at once


@pytest.mark.parametrize("path", STARTED_BY_BUTTON)
def test_the_focus_stays_on_the_button_when_weights_do_not_come(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = open_demo(path, fresh=True, watched=False)
    page.route("**/weights.json", lambda route: route.abort())
    start = demo.get_by_role("button", name=START)
    start.focus()
    page.keyboard.press("Enter")
    expect(told(demo, "The weights could not be loaded: ")).to_be_visible()
    expect(start).to_be_focused()
    page.unroute("**/weights.json")
    page.keyboard.press("Enter")
    expect(start).to_have_count(0)


@pytest.mark.parametrize("path", AT_ONCE)
def test_small_weights_come_before_the_demo_is_shown_and_leave_the_focus_alone(
    path: str, new_page: NewPage
) -> None:
    page = new_page(fresh=True)
    held: list[Route] = []
    page.route("**/weights.json", lambda route: held.append(route))
    with page.expect_request("**/weights.json"):
        page.goto(f"{address(path)}#demo")
    page.wait_for_timeout(300)
    assert len(held) == 1
    assert page.locator(".demo-running").count() == 0
    held[0].continue_()
    demo = page.locator(".demo-running .demo-root").first
    demo.wait_for()
    assert demo.locator("canvas, input").count()
    assert demo.get_by_role("button", name=START).count() == 0
    assert status(demo)
    assert not demo.evaluate("root => root.contains(document.activeElement)")


@pytest.mark.parametrize("path", AT_ONCE)
def test_small_weights_that_do_not_come_are_asked_for_again_by_a_button(
    path: str, new_page: NewPage
) -> None:
    page = new_page(fresh=True, watched=False)
    page.route("**/weights.json", lambda route: route.abort())
    page.goto(f"{address(path)}?preset=greedy#demo")
    demo = page.locator(".demo-running .demo-root").first
    again = demo.get_by_role("button", name=START)
    why = told(demo, "The weights could not be loaded: ")
    expect(why).to_be_visible()
    again.focus()
    page.keyboard.press("Enter")
    expect(why).to_be_visible()
    expect(again).to_be_focused()
    page.unroute("**/weights.json")
    page.keyboard.press("Enter")
    expect(again).to_have_count(0)
    expect(demo.locator("button:focus")).to_have_count(1)
    expect(demo.get_by_role("button", name="Greedy")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("path", LARGER)
def test_the_focus_stays_on_the_choice_of_a_model_whether_its_weights_come_or_not(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = open_demo(path, fresh=True, watched=False)
    page.route("**/weights.json", lambda route: route.abort())
    model = demo.get_by_label("Model", exact=True)
    shown = model.input_value()
    model.focus()
    page.keyboard.press("ArrowDown")
    expect(told(demo, "The weights could not be loaded: ")).to_be_visible()
    expect(model).to_be_focused()
    expect(model).to_have_value(shown)
    page.unroute("**/weights.json")
    page.keyboard.press("ArrowDown")
    expect(told(demo, "Another model")).to_be_visible()
    expect(model).to_be_focused()
    expect(model.locator("option:checked")).to_have_text(LARGER[path])


def drawing_at_random() -> list[str]:
    """The demos that draw random numbers; the others have no seed."""
    return [
        path
        for path in DEMOS
        if any("rng.mjs" in file.read_text("utf-8") for file in (DOCS / path).glob("*.mjs"))
    ]


@pytest.mark.parametrize("path", drawing_at_random())
def test_a_bad_seed_is_told(path: str, open_demo: OpenDemo) -> None:
    page, demo = started(open_demo, path)
    seed = demo.get_by_label("Seed", exact=True)
    if not seed.is_visible():  # it belongs to the part that has given way
        demo.get_by_role("button", name=re.compile("^Show the ")).click()
    for preset in demo.locator("[data-preset]").all():  # it may belong to some of them
        if seed.is_enabled():
            break
        preset.click()
    refused = demo.get_by_role("alert")
    for given, named in (("-3", "-3"), ("1.5", "1.5"), ("1000000", "1000000"), ("", "That")):
        seed.fill(given)
        page.keyboard.press("Tab")
        expect(seed).to_have_value("1")
        expect(refused).to_have_text(f"{named} is no whole number from 0 to 999999: still 1.")
        expect(refused).to_be_visible()
    expect(seed).to_have_accessible_description(re.compile("still 1"))
    seed.fill("7")
    page.keyboard.press("Tab")
    expect(seed).to_have_value("7")
    expect(refused).to_have_text("")


@pytest.mark.parametrize("path", DEMOS)
def test_what_scrolls_sideways_can_be_reached_and_tables_are_headed(
    path: str, open_demo: OpenDemo
) -> None:
    page, demo = started(open_demo, path, width=320)
    page.wait_for_timeout(200)
    assert demo.evaluate(MISSED) == []
    assert demo.evaluate(ROWS) == []


def test_a_demo_that_fails_leaves_the_link_to_its_source(new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False)
    page.route("**/gan/draw.mjs", lambda route: route.abort())
    page.goto("models/gan/")
    link = page.locator("a.demo")
    link.scroll_into_view_if_needed()
    expect(page.get_by_text("The demo could not start")).to_be_visible()
    expect(link).to_have_attribute("href", "demo.mjs")
