"""The address of a page holds the settings of its demo: who opens it finds the demo as it was."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.site.kit import DOCS, NewPage, OpenDemo, address, until

pytestmark = pytest.mark.browser

DEMOS = sorted(path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("demo.mjs"))

CHANGE = """root => {
  const seen = node => node.offsetParent && !node.disabled;
  const first = type => [...root.querySelectorAll(`[type=${type}]`)].find(seen);
  const say = (node, type) => node.dispatchEvent(new Event(type, {bubbles: true}));
  root.querySelectorAll("[data-preset]")[1]?.click();
  const seed = first("number");
  if (seed) { seed.value = "7"; say(seed, "change"); }
  const box = first("checkbox");
  if (box) { box.checked = !box.checked; say(box, "change"); }
  const range = first("range");
  if (range) { range.value = range.max; say(range, "input"); }
}"""
# Another value for all that can be set now, and each button pressed that does something with it.
EVERY = """async root => {
  const seen = node => node.offsetParent && !node.disabled;
  const say = (node, type) => node.dispatchEvent(new Event(type, {bubbles: true}));
  for (const node of [...root.querySelectorAll("select, input, textarea")].filter(seen)) {
    if (node.matches("select")) node.value = node.options[node.options.length - 1].value;
    else if (node.type === "checkbox") node.checked = !node.checked;
    else if (node.type === "number") node.value = "7";
    else if (node.type === "range") node.value = node.value === node.max ? node.min : node.max;
    else node.value = [...node.value.split(" "), node.value.split(" ")[0]].join(" ");
    say(node, node.matches("select, [type=checkbox], [type=number]") ? "change" : "input");
    while (root.ariaBusy === "true") await new Promise(done => setTimeout(done, 50));
  }
  const others = /^(Reset|Start|Load|Show)/;
  for (const button of [...root.querySelectorAll(".demo-button")].filter(seen))
    if (button.isConnected && button.dataset.preset !== "" && !others.test(button.textContent))
      button.click();
}"""
ALL_PRESETS = """async root => {
  for (const preset of root.querySelectorAll("[data-preset]")) {
    preset.click();
    while (root.ariaBusy === "true") await new Promise(done => setTimeout(done, 50));
  }
}"""
PRESSED_NOW = "root => root.querySelector('[aria-pressed=true][data-preset]')?.textContent"
SEEN = "root => [...root.querySelectorAll('.demo-see')].map(node => node.textContent)"
LABELS = """root => [...root.querySelectorAll("input, select, textarea")]
  .flatMap(node => [...node.labels].map(label => label.textContent))"""
VALUES = """root => [...root.querySelectorAll("input, select")].map(node =>
  node.type === "checkbox" ? node.checked : node.value)"""


def noted(page: Page, condition: str) -> None:
    """Wait until the address of a demo meets a condition and holds all that was set: it rests."""
    until(page, condition)
    before = None
    while before != (before := page.evaluate("location.href")):
        page.wait_for_timeout(400)  # longer than a demo waits before it writes (REST in state.mjs)


def opened(page: Page, place: str) -> Locator:
    """A page at an address with its demo running."""
    page.goto(place)
    demo = page.locator(".demo-running .demo-root").first
    demo.wait_for()
    return demo


def refusal(page: Page) -> Locator:
    """The line that says what of an address was not taken."""
    return page.locator(".demo-running > .demo-refused")


def asked(page: Page) -> dict[str, str]:
    """What stands in the address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def line(demo: Locator) -> str:
    """What a demo says of its state."""
    return str(demo.locator("p.demo-status").first.text_content())


def says_the_same(page: Page, demo: Locator, new_page: NewPage) -> Locator:
    """Open the address of a page once more: its demo says what the first one says, and refuses nothing."""
    other = new_page(reduced_motion="reduce")
    again = opened(other, f"{page.url}#demo")
    expect(again.locator("p.demo-status").first).to_have_text(line(demo))
    expect(refusal(other)).to_be_empty()
    return again


def is_reset(page: Page, demo: Locator) -> None:
    """Change all that can be changed: Reset brings back every value, and empties the address."""
    first, seen = demo.evaluate(VALUES), demo.evaluate(SEEN)
    demo.evaluate(EVERY)
    assert demo.evaluate(VALUES) != first
    noted(page, "location.search !== ''")
    demo.locator("button:visible", has_text=re.compile("^Reset$")).click()
    until(page, "location.search === ''")
    until(page, "!document.querySelector('.demo-root[aria-busy=true]')")
    assert demo.evaluate(VALUES) == first
    assert demo.evaluate(SEEN) == seen
    expect(demo.locator("[aria-pressed=true][data-preset], .demo-seen")).to_have_count(0)


@pytest.mark.parametrize("path", DEMOS)
def test_what_was_set_is_there_again_and_reset_takes_all_back(
    path: str, open_demo: OpenDemo, new_page: NewPage
) -> None:
    page, demo = open_demo(path, reduced_motion="reduce")
    entries = page.evaluate("history.length")
    # The name of a setting in the address is made of the letters of its label.
    assert all(re.search("[A-Za-z0-9]", label) for label in demo.evaluate(LABELS))
    is_reset(page, demo)
    demo.evaluate(CHANGE)
    noted(page, "location.search !== ''")
    assert page.evaluate("history.length") == entries
    values, place = demo.evaluate(VALUES), page.url
    other = new_page(reduced_motion="reduce")
    again = opened(other, f"{place}#demo")
    assert again.evaluate(VALUES) == values, place
    expect(refusal(other)).to_be_empty()
    demo.evaluate(ALL_PRESETS)
    demo.locator("button:visible", has_text=re.compile("^Reset$")).click()
    until(page, "location.search === ''")
    start = demo.get_by_role("button", name=re.compile("^(Start|Load)"))
    if start.count():  # the other part of the demo
        start.click()
        expect(start).to_have_count(0)
        is_reset(page, demo)


@pytest.mark.parametrize("path", DEMOS)
def test_what_no_demo_can_be_is_refused_in_words_and_other_names_are_left_alone(
    path: str, new_page: NewPage
) -> None:
    plain = new_page(reduced_motion="reduce")
    values = opened(plain, f"{address(path)}#demo").evaluate(VALUES)
    page = new_page(reduced_motion="reduce")
    names = page.goto(f"{address(path)}#demo") and opened(page, page.url).evaluate(
        "root => [...root.querySelectorAll('input, select')].map(node => node.labels[0].textContent"
        ".toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '')).filter(Boolean)"
    )
    bad = "&".join(f"{name}=%3Cimg%20onerror%3D1%3E" for name in dict.fromkeys(names))
    demo = opened(page, f"{address(path)}?from=1&{bad}&preset=none#demo")
    refused = refusal(page)
    expect(refused).to_contain_text(f"{names[-1]} = <img onerror=1>")
    assert demo.evaluate(VALUES) == values
    assert asked(page)["from"] == "1"
    demo.evaluate(CHANGE)
    until(page, "!location.search.includes('onerror')")
    assert asked(page)["from"] == "1"
    expect(refused).to_be_empty()


def test_settings_of_a_part_that_comes_later_wait_for_it(new_page: NewPage) -> None:
    page = new_page(reduced_motion="reduce")
    settings = "show-on-the-plane=walk+to+a+3&add-the-decoder-s-noise=1&preset=collapse-20"
    demo = opened(page, f"{address('models/vae')}?{settings}#demo")
    start = demo.get_by_role("button", name=re.compile("^Start"))
    start.click()
    expect(start).to_have_count(0)
    expect(demo.get_by_label("Show on the plane")).to_have_value("walk to a 3")
    expect(demo.locator("p.demo-status")).to_contain_text("On the way to a 3 the decoded")
    expect(demo.get_by_label(re.compile("^β"))).to_have_attribute("aria-valuetext", "20")


def test_settings_of_a_model_that_is_loading_wait_for_it(new_page: NewPage) -> None:
    page = new_page()
    settings = "model=1&head=5&temperature=0.7&your-text=Attention+is+for"
    demo = opened(page, f"{address('models/gpt')}?{settings}#demo")
    expect(demo.get_by_label("Your text")).to_have_value("Attention is for")
    expect(demo.get_by_label("Head", exact=True)).to_have_value("5")
    temperature = demo.get_by_role("slider", name="Temperature")
    expect(temperature).to_have_attribute("aria-valuetext", "0.7")
    expect(refusal(page)).to_be_empty()


def test_a_choice_keeps_in_the_address_what_was_set_before_it(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/flow-matching", reduced_motion="reduce")
    picture = demo.locator("canvas").last
    picture.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    demo.get_by_label("Solver").select_option("midpoint")
    noted(page, "location.search.includes('solver=midpoint')")
    assert asked(page).get("start"), page.url


def test_a_point_that_was_dragged_is_there_again(open_demo: OpenDemo, new_page: NewPage) -> None:
    page, demo = open_demo("architectures/attention")
    plane = demo.get_by_role("application")
    plane.focus()
    page.keyboard.press("ArrowLeft")
    noted(page, "location.search.includes('query=')")
    assert asked(page) == {"query": "1.75,2"}
    again = opened(new_page(), f"{page.url}#demo")
    expect(again.locator("p.demo-status")).to_contain_text("(1.75, 2.00)")
    another = new_page()
    wrong = opened(another, f"{address('architectures/attention')}?query=9,1e3#demo")
    expect(refusal(another)).to_contain_text("query = 9,1e3")
    expect(wrong.locator("p.demo-status")).to_contain_text("(2.00, 2.00)")


def test_the_link_is_copied_and_reset_empties_the_address(new_page: NewPage) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    demo = opened(page, address("architectures/attention") + "#demo")
    demo.get_by_role("button", name="No mask").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.endswith("architectures/attention/?preset=no-mask#demo")
    demo.get_by_role("button", name="Reset").click()
    until(page, "location.search === ''")
    assert urlsplit(page.url).fragment == "demo"


@pytest.mark.parametrize("key", ["Home", "End"])
def test_the_ends_of_a_slider_are_there_again(
    key: str, open_demo: OpenDemo, new_page: NewPage
) -> None:
    page, demo = open_demo("models/vae")
    width = demo.get_by_label("Its standard deviation")
    width.press(key)
    noted(page, "location.search !== ''")
    assert len(asked(page)["its-standard-deviation"]) < 8
    other = new_page()
    again = opened(other, f"{page.url}#demo")
    expect(refusal(other)).to_be_empty()
    assert again.get_by_label("Its standard deviation").input_value() == width.input_value()


def test_a_value_that_a_choice_had_changed_is_there_again(
    open_demo: OpenDemo, new_page: NewPage
) -> None:
    page, demo = open_demo("training/rlhf")
    first = demo.get_by_label("Reward model sees").input_value()
    demo.get_by_label("Preset").select_option("yours")
    assert demo.get_by_label("Reward model sees").input_value() != first
    demo.get_by_label("Reward model sees").select_option(first)
    noted(page, "location.search.includes('reward')")
    again = opened(new_page(), f"{page.url}#demo")
    assert again.get_by_label("Reward model sees").input_value() == first


def test_a_preset_is_pressed_until_something_changes(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/positions")
    preset = demo.locator("[data-preset]").nth(1)
    preset.click()
    expect(preset).to_have_attribute("aria-pressed", "true")
    expect(demo.locator(".demo-see")).not_to_have_class(re.compile("demo-seen"))
    demo.get_by_role("slider").first.press("ArrowRight")
    expect(demo.locator("[aria-pressed=true]")).to_have_count(0)
    expect(demo.locator(".demo-see")).to_have_class(re.compile("demo-seen"))


def test_a_drawing_and_a_dragged_code_are_there_again(
    open_demo: OpenDemo, new_page: NewPage
) -> None:
    seen = "root => [...root.querySelectorAll('canvas')].slice(-3).map(c => c.toDataURL())"
    page, demo = open_demo("models/vae", reduced_motion="reduce")
    demo.get_by_role("button", name=re.compile("^Start")).click()
    pad = demo.get_by_label(re.compile("^Drawing pad"))
    pad.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    demo.get_by_label(re.compile("^Plane of codes")).focus()
    page.keyboard.press("ArrowLeft")
    noted(page, "location.search.includes('drawing=') && location.search.includes('code=')")
    other = new_page(reduced_motion="reduce")
    again = opened(other, f"{page.url}#demo")
    again.get_by_role("button", name=re.compile("^Start")).click()
    expect(again.get_by_label(re.compile("^Drawing pad"))).to_be_visible()
    expect(again.locator("p.demo-status")).to_contain_text("Encoded: mean")
    expect(refusal(other)).to_be_empty()
    assert again.evaluate(seen) == demo.evaluate(seen)


# What is done by buttons has no control whose value could stand in the address.
PRESSED = {
    "models/diffusion": ["Too few steps", "Step"],
    "models/flow-matching": ["Step", "Step", "Step"],
    "models/text-diffusion": ["Surest draw", "One call", "One call", "Remask"],
    "architectures/mixture-of-experts": ["Balancing by bias", "One batch", "100 batches"],
    "architectures/positions": ["a far dog", "Random"],
    "architectures/recurrence": ["Clipped", "Ten steps", "One step"],
}


@pytest.mark.parametrize("path", PRESSED)
def test_what_was_done_by_buttons_is_there_again(
    path: str, open_demo: OpenDemo, new_page: NewPage
) -> None:
    page, demo = open_demo(path, reduced_motion="reduce")
    first = line(demo)
    for name in PRESSED[path]:
        demo.get_by_role("button", name=name, exact=True).click()
    noted(page, "location.search.includes('=')")
    page.wait_for_timeout(400)  # until the last one is written as well
    assert line(demo) != first
    again = says_the_same(page, demo, new_page)
    for seen in (SEEN, PRESSED_NOW):
        assert again.evaluate(seen) == demo.evaluate(seen)


def test_each_batch_is_learned_again_as_it_was(open_demo: OpenDemo, new_page: NewPage) -> None:
    page, demo = open_demo("architectures/mixture-of-experts", reduced_motion="reduce")
    demo.get_by_role("button", name="Balancing by bias").click()
    for start in ("example", "random"):
        demo.get_by_label("Start", exact=True).select_option(start)
    demo.get_by_role("button", name="One batch", exact=True).click()
    demo.get_by_label("Experts a token, k").select_option("2")
    demo.get_by_role("button", name="100 batches").click()
    noted(page, "location.search.includes('100-bias-2')")
    assert asked(page)["trained"] == "1-bias-1-3,100-bias-2-3"
    says_the_same(page, demo, new_page)


def test_tokens_that_no_text_gives_and_the_one_looked_at_are_there_again(
    open_demo: OpenDemo, new_page: NewPage
) -> None:
    page, demo = open_demo("models/gpt", reduced_motion="reduce")
    demo.get_by_label("Model", exact=True).select_option("trained on this site")
    demo.get_by_label("Your text").fill("Transformers understandable")
    expect(demo.locator("p.demo-status").first).to_contain_text(" tokens. Most probable")
    demo.get_by_role("button", name="Shuffle").click()
    demo.get_by_role("group", name=re.compile("^Tokens")).get_by_role("button").nth(2).click()
    noted(page, "location.search.includes('tokens=') && location.search.includes('looks=2.2')")
    told = line(demo)
    other = new_page(reduced_motion="reduce")
    again = opened(other, f"{page.url}#demo")
    expect(again.locator("p.demo-status").first).to_have_text(told)
    expect(refusal(other)).to_be_empty()


def test_a_small_step_is_not_lost_by_the_slider_that_shows_it_rounded(open_demo: OpenDemo) -> None:
    _, demo = open_demo("architectures/recurrence")
    weight = demo.get_by_label("Weight w")
    weight.evaluate("node => {node.value = '0.434'; node.dispatchEvent(new Event('input'))}")
    for _ in range(10):
        demo.get_by_role("button", name="One step").click()
    assert weight.input_value() != "0.434"


def test_judgements_are_there_again(open_demo: OpenDemo, new_page: NewPage) -> None:
    page, demo = open_demo("training/rlhf", reduced_motion="reduce")
    demo.get_by_label("Preset").select_option("yours")
    second = demo.get_by_role("button", name=re.compile("^2[.] "))
    second.click()
    demo.get_by_role("button", name=re.compile("^Let the automatic")).click()
    second.click()
    noted(page, "location.search.includes('judged=2a2')")
    assert line(demo).startswith("52 comparisons")
    again = says_the_same(page, demo, new_page)
    expect(again.get_by_role("button", name=re.compile("^2[.] "))).to_have_text(
        str(second.text_content())
    )


def test_points_of_ones_own_are_there_again(open_demo: OpenDemo, new_page: NewPage) -> None:
    page, demo = open_demo("models/gan", reduced_motion="reduce")
    demo.get_by_label("Data", exact=True).select_option("own")
    plane = demo.get_by_label(re.compile("^The plane"))
    plane.click(position={"x": 100, "y": 130})
    plane.click(position={"x": 301, "y": 50})
    demo.get_by_role("button", name="Train 25 rounds").click()
    noted(page, "location.search.includes('points=')")
    told = line(demo)
    assert "of 2 modes" in told
    other = new_page(reduced_motion="reduce")
    again = opened(other, f"{page.url}#demo")
    again.get_by_role("button", name="Train 25 rounds").click()
    expect(again.locator("p.demo-status").first).to_have_text(told)
    expect(refusal(other)).to_be_empty()


def test_a_start_of_two_numbers_is_there_again(open_demo: OpenDemo, new_page: NewPage) -> None:
    page, demo = open_demo("models/gan", reduced_motion="reduce")
    demo.get_by_role("button", name="circling").click()
    demo.get_by_label(re.compile("^Phase plane")).press("ArrowRight")
    noted(page, "location.search.includes('start=')")
    says_the_same(page, demo, new_page)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("training/rlhf", "judged=123"),
        ("models/gan", "data=own&points=1"),
        ("models/gan", "data=own&points=9,9"),
        ("models/gan", "points=1,1"),
        ("models/gan", "start=0,0"),
        ("models/gpt", "tokens=99999"),
        ("models/gpt", "looks=9.9"),
        ("models/text-diffusion", "called=1e3"),
        ("architectures/mixture-of-experts", "trained=99999-bias-1-1"),
        ("architectures/recurrence", "exact=9.5"),
    ],
)
def test_what_is_no_judgement_and_no_point_is_refused(
    path: str, query: str, new_page: NewPage
) -> None:
    page = new_page(reduced_motion="reduce")
    opened(page, f"{address(path)}?{query}#demo")
    expect(refusal(page)).to_contain_text(query.split("&")[-1].replace("=", " = "))
