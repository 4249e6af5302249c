"""Each demo fits one screen of a notebook, and two of a phone, with its weights loaded as well.

What a reader presses and drags stays where it is while the lines beside it change.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.site.kit import DOCS, OpenDemo, settle

pytestmark = pytest.mark.browser

DEMOS = sorted(path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("demo.mjs"))
SCREENS = {"notebook": (1440, 900, 1), "phone": (390, 844, 2)}
HEIGHT = "document.querySelector('#demo').getBoundingClientRect().height"

# Presses each preset and moves the first sliders to both ends: which preset or slider left its place by
# more than two pixels, and after what. Those of a part that gives way to another are not compared.
# On a phone the line at the lower edge lies over what is pressed: it takes five lines at most.
MOVED = """async root => {
  const seen = node => node.offsetParent;
  const name = node => node.dataset.preset === "" ? node.textContent : node.labels[0].textContent;
  const all = () => [...root.querySelectorAll("[data-preset], [type=range]")].filter(seen);
  const places = () => {
    const {left, top} = root.getBoundingClientRect();
    return new Map(all().map(node => {
      const box = node.getBoundingClientRect();
      return [node, [box.left - left, box.top - top]];
    }));
  };
  const moved = [];
  const after = async (what, act) => {
    const before = places();
    act();
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    const {height} = root.querySelector("p.demo-status")?.getBoundingClientRect() ?? {height: 0};
    if (innerWidth < 500 && height > 125) moved.push(`${what}: the line below is ${height} px high`);
    for (const [node, place] of places()) {
      const away = before.get(node)?.map((one, i) => Math.round(place[i] - one)) ?? [0];
      if (away.some(by => Math.abs(by) > 2)) moved.push(`${what}: ${name(node)} by ${away}`);
    }
  };
  const drag = (slider, value) => after(`${name(slider)} at ${value}`, () => {
    slider.value = value;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
  });
  for (const preset of [null, ...root.querySelectorAll("[data-preset]")]) {
    if (preset) await after(name(preset), () => preset.click());
    for (const slider of all().filter(node => node.matches("[type=range]")).slice(0, 2)) {
      const {value} = slider;
      for (const end of [slider.max, slider.min, value]) await drag(slider, end);
    }
  }
  return moved;
}"""

# Of a stage, what stands below the last thing in it.
EMPTY = """stage => {
  const ends = [...stage.children].map(node => node.getBoundingClientRect().bottom);
  return stage.getBoundingClientRect().bottom - Math.max(...ends);
}"""

TOPS = """root => [...root.querySelectorAll('.demo-stage > canvas')].filter(node => node.offsetParent)
  .map(node => node.getBoundingClientRect().top)"""


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", DEMOS)
def test_a_demo_fits_and_what_is_pressed_stays_in_its_place(
    path: str, screen: str, open_demo: OpenDemo
) -> None:
    width, height, count = SCREENS[screen]
    page, demo = open_demo(path, width=width, height=height, reduced_motion="reduce")
    settle(page)
    assert page.evaluate(HEIGHT) <= count * height
    assert demo.evaluate(MOVED) == []
    if screen == "notebook":  # on a narrower one two pictures stand side by side as well
        page.set_viewport_size({"width": 1024, "height": 768})
        assert len(set(demo.evaluate(TOPS))) <= 1
        page.set_viewport_size({"width": width, "height": height})
    model = demo.get_by_label("Model", exact=True)
    start = demo.get_by_role("button", name=re.compile("^(Start|Load)"))
    if model.count():
        place = model.bounding_box()
        model.select_option("trained on this site")
        expect(demo.locator(".demo-status").first).to_contain_text("Another model")
        assert model.bounding_box() == place
    elif start.count():
        start.click()
        expect(start).to_have_count(0)
        assert demo.evaluate(MOVED) == []
    settle(page)
    page.wait_for_timeout(300)
    assert page.evaluate(HEIGHT) <= count * height, "with its weights"


@pytest.mark.parametrize("path", DEMOS)
def test_on_a_phone_the_picture_stays_in_sight_of_its_last_control(
    path: str, open_demo: OpenDemo
) -> None:
    width, height, _ = SCREENS["phone"]
    page, demo = open_demo(path, width=width, height=height)
    start = demo.get_by_role("button", name=re.compile("^Start"))
    if start.count():
        start.click()
        expect(start).to_have_count(0)
    settle(page)
    if not demo.locator(".demo-watch").count():
        assert page.evaluate(HEIGHT) <= 1.1 * height, "nothing stays in sight"
        return
    control = demo.locator(":is(input, select):visible").last
    control.evaluate("node => node.scrollIntoView({block: 'center'})")
    control.focus()
    places = {
        "picture": demo.locator(".demo-watch:visible").first.bounding_box(),
        "control": control.bounding_box(),
        "status": demo.locator(".demo-status:visible").first.bounding_box(),
    }
    assert all(places.values())
    empty = demo.locator(".demo-watch:visible").first.evaluate(EMPTY)
    assert empty <= 24, "a part of what stays in sight is empty"
    (over, own, under) = (place for place in places.values() if place)
    assert over["y"] >= 0
    assert over["height"] <= 0.58 * height, "the picture leaves no room for the controls"
    assert over["y"] + over["height"] <= own["y"] + own["height"] / 2, "the picture hides it"
    assert under["y"] >= own["y"] + own["height"] / 2, "the status hides it, or stands above it"
    assert under["y"] + under["height"] <= height + 1


@pytest.mark.parametrize("path", DEMOS)
def test_a_demo_has_one_button_that_comes_first_and_controls_beside_or_below_its_picture(
    path: str, open_demo: OpenDemo
) -> None:
    _, demo = open_demo(path)
    first = demo.locator(".demo-first").locator("visible=true")
    assert first.count() <= 1
    folded = demo.locator("table").locator("visible=true")
    assert folded.count() <= 1, "more than one table is open"
