"""The demo of docs/models/vae.md: decode, encode, beta and seed, by mouse, by touch and by keyboard."""

import json
import re

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from docs.models.vae import vae
from scripts.figures import thermometers as example
from scripts.weights import vae as weights
from tests.models.test_vae import PAGE, minus
from tests.rng import Random
from tests.said import tables
from tests.site.kit import OpenDemo

pytestmark = pytest.mark.browser

NUMBER = r"−?\d+\.\d\d"
PAIR = rf"\({NUMBER}, {NUMBER}\)"


def digits(demo: Locator) -> Locator:
    """The table of the digit; that of the thermometers is there before any weights."""
    return demo.locator("table", has_text="The image x")


def started(open_demo: OpenDemo, **options: object) -> tuple[Page, Locator]:
    """The demo with its weights loaded."""
    page, demo = open_demo("models/vae", **options)
    demo.get_by_role("button", name="Start").click()
    expect(digits(demo)).to_be_visible()
    return page, demo


def integrated(demo: Locator) -> None:
    """Wait for log p(x)."""
    expect(digits(demo)).not_to_contain_text("integrating", timeout=30_000)


def status(demo: Locator) -> Locator:
    return demo.locator("p.demo-status")


def value(demo: Locator, row: str) -> str:
    return digits(demo).locator("tr", has_text=row).locator("td").text_content() or ""


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def plane(demo: Locator) -> Locator:
    return demo.locator("canvas[aria-label^='Plane of codes']")


def pad(demo: Locator) -> Locator:
    return demo.locator("canvas[aria-label^='Drawing pad']")


@pytest.mark.parametrize(
    ("name", "beta", "show", "sees"),
    [
        ("A code and its width", "1", "digits", "The ellipses are"),
        ("A walk to a 9", "1", "walk to a 9", "the decoder writes a 3"),
        ("The gap", "1", "posterior", "The shade is the exact posterior"),
        ("Collapse, β = 20", "20", "digits", "Every place shows the same digit"),
        ("Holes, β = 0.1", "0.1", "codes", "The codes lie far apart"),
    ],
)
def test_a_preset_sets_the_demo_and_says_what_to_see(
    open_demo: OpenDemo, name: str, beta: str, show: str, sees: str
) -> None:
    _, demo = started(open_demo)
    integrated(demo)
    demo.get_by_role("button", name="Next test digit").click()
    expect(status(demo)).to_have_text(re.compile("^Encoded"))
    demo.get_by_role("button", name=name).click()
    integrated(demo)
    expect(status(demo)).to_contain_text(sees)
    expect(demo.get_by_role("slider", name="β")).to_have_attribute("aria-valuetext", beta)
    expect(demo.get_by_label("Show on the plane")).to_have_value(show)
    model, x = weights.load()[float(beta)], weights.digits()[2][:1]
    with torch.no_grad():
        kl = float(vae.kl_to_prior(*model.encode(x)).sum())
    assert number(value(demo, "KL(q(z|x) ‖ p(z))")) == pytest.approx(kl, abs=0.006)


def test_a_walk_passes_a_three_and_gives_way_to_the_table(open_demo: OpenDemo) -> None:
    _, demo = started(open_demo)
    integrated(demo)
    walks = demo.locator("canvas[aria-label^='Two walks']")
    expect(walks).to_be_hidden()
    demo.get_by_label("Show on the plane").select_option("walk to a 9")
    expect(walks).to_be_visible()
    expect(digits(demo)).to_be_hidden()
    model = weights.load()[1.0]
    classes = json.loads(weights.PATH.read_text(encoding="utf-8"))["meta"]["classes"]
    images = weights.digits()[2][: len(classes)]
    with torch.no_grad():
        start, end = (model.encode(images[i : i + 1])[0][0] for i in (0, classes.index(9)))
        path = torch.stack([start.lerp(end, step / 6) for step in range(7)])
        near = torch.cdist(model.decoder(path), images).argmin(1)
    seen = [classes[i] for i in near.tolist()]
    assert (seen[0], seen[3], seen[-1]) == (2, 3, 9)
    expect(status(demo)).to_have_text(
        f"On the way to a 9 the decoded images are nearest to {', '.join(map(str, seen))}."
    )
    demo.get_by_label("Show on the plane").select_option("codes")
    expect(digits(demo)).to_be_visible()


@pytest.mark.parametrize(("width", "screens"), [(1440, 1), (390, 2)])
def test_the_running_demo_needs_few_screens(open_demo: OpenDemo, width: int, screens: int) -> None:
    _, demo = started(open_demo, width=width)
    integrated(demo)
    box = demo.bounding_box()
    assert box
    assert box["height"] <= 900 * screens
    demo.get_by_role("button", name="The gap").click()  # the longest caption and sentence
    integrated(demo)
    box = demo.bounding_box()
    assert box
    assert box["height"] <= 900 * screens
    demo.get_by_role("button", name="Show the two thermometers").click()
    expect(digits(demo)).to_be_hidden()
    box = demo.bounding_box()
    assert box
    assert box["height"] <= 900 * screens
    demo.get_by_role("button", name="Show the digits").click()
    expect(digits(demo)).to_be_visible()


def test_nothing_is_loaded_before_the_reader_starts(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/vae")
    loaded = "() => performance.getEntriesByType('resource').map(e => e.name).join()"
    assert "weights.json" not in page.evaluate(loaded)
    size = round(weights.PATH.stat().st_size / 1000)
    demo.get_by_role("button", name=f"Start: load {size} kB of weights").click()
    expect(digits(demo)).to_be_visible()
    assert "weights.json" in page.evaluate(loaded)


def test_the_thermometers_have_the_table_of_the_page_without_weights(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/vae")
    table = demo.locator("table", has_text="The pair (2.5, 2)")
    rows = tables(PAGE)("tab-vae-answers")
    names = ("Nearly a point", "The posterior", "Too wide", "The prior")
    for name, row in zip(names, rows, strict=True):
        demo.get_by_role("button", name=name).click()
        reconstruction, kl, bound, gap = row[1:]
        shown = [reconstruction, kl, bound, minus(example.log_evidence()), gap]
        assert table.locator("td").all_inner_texts() == shown
    slider = demo.get_by_role("slider", name="Mean μ")
    slider.focus()
    page.keyboard.press("End")
    assert table.locator("td").all_inner_texts() != shown
    expect(demo.locator("output.demo-told")).to_have_text(
        re.compile(rf"^ELBO {NUMBER}, gap {NUMBER} nats\.$")
    )


@torch.no_grad()
def test_the_table_has_the_numbers_of_the_pages_code(open_demo: OpenDemo) -> None:
    _, demo = started(open_demo)
    integrated(demo)
    model, x = weights.load()[1.0], weights.digits()[2][:1]
    mean, log_var = model.encode(x)
    rng = Random(1)
    noise = torch.tensor([[rng.normal(), rng.normal()] for _ in range(256)], dtype=torch.float64)
    reconstruction = model.log_likelihood(x, mean + torch.exp(0.5 * log_var) * noise).mean()
    kl = vae.kl_to_prior(mean, log_var).sum()
    evidence = vae.log_evidence(model, x)
    for row, expected in (
        ("reconstruction term", reconstruction),
        ("KL(q(z|x) ‖ p(z))", kl),
        ("ELBO", reconstruction - kl),
        ("log p(x)", evidence),
        ("gap", evidence - reconstruction + kl),
    ):
        assert number(value(demo, row)) == pytest.approx(float(expected), abs=0.006)
    a, b = mean[0].tolist()
    assert value(demo, "mean of q") == f"({a:.2f}, {b:.2f})".replace("-", "−")


def test_dragging_the_ring_decodes(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    plane(demo).scroll_into_view_if_needed()
    box = plane(demo).bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.75, steps=5)
    page.mouse.up()
    expect(status(demo)).to_have_text(
        re.compile(rf"z = {PAIR}: decoded, nearest to a test digit 6")
    )
    expect(demo.locator("p[role=status]")).to_have_text(re.compile("^z = "))


def test_arrow_keys_move_the_code_and_home_returns_it(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    plane(demo).focus()
    page.keyboard.press("Home")
    mean = value(demo, "mean of q")
    expect(status(demo)).to_contain_text(f"z = {mean}")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    first, second = (number(part) for part in mean.strip("()").split(", "))
    expected = f"z = ({first - 0.1:.2f}, {second + 0.5:.2f})".replace("-", "−")
    expect(status(demo)).to_contain_text(expected)
    for _ in range(20):
        page.keyboard.press("Shift+ArrowUp")
    expect(status(demo)).to_contain_text("3.00)")  # the edge of the plane


def test_a_drawn_digit_is_encoded(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    integrated(demo)
    before = value(demo, "mean of q")
    pad(demo).scroll_into_view_if_needed()
    box = pad(demo).bounding_box()
    assert box
    for i, (x, y) in enumerate([(0.5, 0.05), (0.5, 0.3), (0.5, 0.6), (0.5, 0.95)]):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if not i:
            page.mouse.down()
    page.mouse.up()
    pattern = rf"Encoded: mean {PAIR}, KL {NUMBER}, ELBO {NUMBER}, log p\(x\) {NUMBER} nats\."
    expect(status(demo)).to_have_text(re.compile(pattern))
    assert value(demo, "mean of q") != before
    elbo, evidence = number(value(demo, "ELBO")), number(value(demo, "log p(x)"))
    assert elbo < evidence


def test_a_digit_can_be_drawn_with_the_keyboard(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    integrated(demo)
    pad(demo).focus()
    for _ in range(7):
        page.keyboard.press("ArrowUp")
    expect(status(demo)).to_have_text("Pen up, row 3 and column 17 of 32.")
    page.keyboard.press("Space")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    expect(status(demo)).to_have_text(re.compile("^Encoded"))
    drawn = value(demo, "mean of q")
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(status(demo)).to_have_text(re.compile("The pad is empty"))
    integrated(demo)
    for _ in range(50):  # the numbers follow the pad a moment later
        if value(demo, "mean of q") != drawn:
            break
        page.wait_for_timeout(100)
    assert value(demo, "mean of q") != drawn
    page.keyboard.press("Tab")  # the pad is no trap
    assert not pad(demo).evaluate("node => node === document.activeElement")


def test_beta_20_has_an_empty_code(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    slider = demo.get_by_role("slider", name="β")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "20")
    expect(status(demo)).to_have_text(re.compile(r"^β = 20: on test digits reconstruction −14\.90"))
    integrated(demo)
    assert number(value(demo, "KL(q(z|x) ‖ p(z))")) < 0.01
    told = set()
    plane(demo).focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
        told.add(status(demo).inner_text().split(":")[1])
    assert len(told) == 1  # every place shows the same digit


def test_samples_follow_the_seed_and_reset_takes_all_back(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    integrated(demo)
    first = digits(demo).inner_text()
    sample = demo.get_by_role("button", name="Sample p(z)")
    told: list[list[str]] = []
    for _ in range(2):
        demo.get_by_label("Seed").fill("7")
        page.keyboard.press("Tab")
        told.append([])
        for _ in range(3):
            sample.click()
            told[-1].append(status(demo).inner_text())
        demo.get_by_role("slider", name="β").fill("0")
        demo.get_by_label("Show on the plane").select_option("posterior")
        demo.get_by_label("Add the decoder's noise").check()
        demo.get_by_role("button", name="Next test digit").click()
        demo.get_by_role("button", name="Reset").click()
        integrated(demo)
        assert digits(demo).inner_text() == first
        expect(demo.get_by_label("Seed")).to_have_value("1")
        expect(demo.get_by_label("Show on the plane")).to_have_value("digits")
        expect(demo.get_by_label("Add the decoder's noise")).not_to_be_checked()
    assert told[0] == told[1]
    assert len(set(told[0])) == 3
    rng = Random(7)
    a, b = rng.normal(), rng.normal()
    assert told[0][0].startswith(f"z = ({a:.2f}, {b:.2f})".replace("-", "−"))


def test_a_bad_seed_is_refused(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo)
    for bad in ("-3", "1.5", ""):
        demo.get_by_label("Seed").fill(bad)
        page.keyboard.press("Tab")
        expect(demo.get_by_label("Seed")).to_have_value("1")


def test_the_exact_posterior_is_shown_near_the_encoders_guess(open_demo: OpenDemo) -> None:
    _, demo = started(open_demo)
    integrated(demo)
    caption = demo.locator("figcaption").first
    expect(caption).to_contain_text("z₁ −3.00 to 3.00")
    demo.get_by_label("Show on the plane").select_option("posterior")
    expect(caption).not_to_contain_text("3.00")
    demo.get_by_label("Show on the plane").select_option("codes")
    expect(caption).to_contain_text("z₁ −3.00 to 3.00")


def test_weights_that_do_not_come_are_told_and_can_be_asked_for_again(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("models/vae", fresh=True, watched=False)
    page.route("**/vae/weights.json", lambda route: route.abort())
    start = demo.get_by_role("button", name="Start")
    start.click()
    expect(status(demo)).to_contain_text("The weights could not be loaded")
    page.unroute("**/vae/weights.json")
    start.click()
    expect(digits(demo)).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_it_fits_and_can_be_touched(open_demo: OpenDemo, width: int, scheme: str) -> None:
    page, demo = started(
        open_demo, width=width, scheme=scheme, has_touch=True, reduced_motion="reduce"
    )
    controls = demo.locator("button, select, input:not([type=checkbox])").locator("visible=true")
    for turn in ("Show the two thermometers", "Show the digits"):  # each hides the other's controls
        demo.get_by_role("button", name=turn).tap()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for control in controls.all():
            box = control.bounding_box()
            assert box
            assert box["height"] >= 43
    pad(demo).tap()
    expect(status(demo)).to_have_text(re.compile("^Encoded"))


def test_a_stroke_is_told_of_even_if_the_plane_is_ready_a_moment_later(open_demo: OpenDemo) -> None:
    page, demo = open_demo("models/vae", fresh=True, reduced_motion="reduce")
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    demo.get_by_role("button", name="Start").click()
    expect(digits(demo)).to_contain_text("integrating")
    pad(demo).scroll_into_view_if_needed()
    box = pad(demo).bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.clock.run_for(50)  # the plane is made, before the stroke has settled
    assert status(demo).inner_text().startswith("A test digit")
    page.clock.run_for(100)
    expect(digits(demo)).not_to_contain_text("integrating")
    expect(status(demo)).to_have_text(re.compile("^Encoded"))


def test_a_stroke_keeps_up_on_a_phone_that_is_four_times_slower(open_demo: OpenDemo) -> None:
    page, demo = started(open_demo, width=390, fresh=True)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    plane(demo).scroll_into_view_if_needed()
    milliseconds = plane(demo).evaluate(
        """async (node) => {
          const box = node.getBoundingClientRect();
          const fire = (type, x, y) => node.dispatchEvent(new PointerEvent(type, {
            clientX: box.left + x, clientY: box.top + y, buttons: 1, pointerId: 1, bubbles: true}));
          node.setPointerCapture = () => {};
          fire("pointerdown", 50, 50);
          const times = [];
          for (let i = 0; i < 20; i++) {
            const begin = performance.now();
            fire("pointermove", 50 + 5 * i, 60 + 4 * i);
            times.push(performance.now() - begin);
            await new Promise(requestAnimationFrame);
          }
          fire("pointerup", 150, 150);
          return times.sort((a, b) => a - b)[10];
        }"""
    )
    assert milliseconds < 16
