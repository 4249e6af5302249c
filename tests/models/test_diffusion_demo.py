"""The demo of docs/models/diffusion.md: sampling, drawing, guidance, digits."""

import re

import pytest
from playwright.sync_api import expect

from scripts.figures import style
from tests.said import sayings, tables, tellings
from tests.site.kit import until

PAGE = style.DOCS / "models" / "diffusion.md"
tells = tellings(PAGE)
said = sayings(PAGE)
rows_of = tables(PAGE)
pytestmark = pytest.mark.browser


def status(demo) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return demo.locator("p.demo-status").first.inner_text()


def sampled(page, demo) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The mean distance to the nearest mode at the end of sampling."""
    demo.get_by_role("button", name="Sample").click()
    until(page, "document.querySelector('p.demo-status').textContent.startsWith('Done')")
    return float(re.findall(r"nearest mode ([\d.]+),", status(demo))[0])


def three_modes(demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    demo.get_by_label("Data", exact=True).select_option("three")


def seeded(demo, seed: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    field = demo.get_by_label("Seed")
    field.fill(str(seed))
    field.press("Enter")


def told(numbers: list[float]) -> str:
    """Mean and range."""
    mean = sum(numbers) / len(numbers)
    return f"{mean:.2f} ({min(numbers):.2f} to {max(numbers):.2f})"


def test_the_table_of_what_to_try_tells_what_the_demo_shows(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion", reduced_motion="reduce")
    for _ in range(4):
        demo.get_by_role("button", name="Step", exact=True).click()
    path = re.findall(r"the first point is at ([^.]+\.[^A-Z]+)\. Of all", status(demo))[0]
    three_modes(demo)
    runs: dict[str, list[float]] = {"many": [], "few": [], "plain": [], "guided": []}
    beyond = []
    for seed in range(1, 6):
        seeded(demo, seed)
        runs["many"].append(sampled(page, demo))
        demo.get_by_label("Steps").fill("2")
        runs["few"].append(sampled(page, demo))
        demo.get_by_label("Steps").fill("40")
        demo.get_by_label("Guide towards").select_option("1")
        for name, g in (("plain", "1"), ("guided", "4")):
            demo.get_by_label("Scale of the guidance").first.fill(g)
            beyond.append(sampled(page, demo))
            runs[name].append(float(re.findall(r"; spread ([\d.]+),", status(demo))[0]))
        demo.get_by_label("Guide towards").select_option("0")
    of_data = re.findall(r"of data about (\d\.\d+)", status(demo))[0]
    plain = sum(runs["plain"]) / 5
    assert min(beyond[1::2]) > 1.2 * max(beyond[::2])  # beyond the mode
    assert [row[1] for row in rows_of("tab-diffusion-try")] == [
        f"The status line tells the path of the first point: {path}.",
        f"With 40 steps the mean distance to the nearest mode is {told(runs['many'])}; of data it is {of_data}.",
        f"The points stop between the modes: {told(runs['few'])}.",
        f"The spread of the points falls to {told(runs['guided'])}, from {plain:.2f} at $g = 1$, "
        "and they lie beyond the mode.",
    ]
    said(
        "300 points, mean and range over the seeds 1 to 5; the spread is their standard deviation {#tab-diffusion-try}",
        "The demo starts with the example: two points, its four levels, and a first point that begins at 0.2.",
    )


def test_a_preset_sets_all_that_it_names_and_shows_what_it_says(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/diffusion", reduced_motion="reduce")
    demo.get_by_label("Sampler").select_option("1")
    demo.get_by_role("button", name="Strong guidance").click()
    chosen = [
        demo.get_by_label(name, exact=True)
        for name in ("Data", "Sampler", "Steps", "Guide towards")
    ]
    for control, value in zip(chosen, ("three", "0", "40", "1"), strict=True):
        expect(control).to_have_value(value)
    expect(demo.get_by_label("Scale of the guidance").first).to_have_value("4")
    spread, of_data = re.findall(r"; spread (\d\.\d+), of the mode (\d\.\d+)", status(demo))[0]
    assert float(spread) < 0.75 * float(of_data)  # "crowd together"
    distances = []
    for name in ("Enough steps", "Too few steps"):
        demo.get_by_role("button", name=name).click()
        distances.append(float(re.findall(r"nearest mode ([\d.]+),", status(demo))[0]))
    assert distances[1] > 2 * distances[0]
    demo.get_by_role("button", name="Two points").click()
    assert status(demo).startswith("Step 0 of 4: the first point is at 0.20.")


def test_the_demo_fits_a_screen_and_picture_and_first_button_a_phone(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    for width, height, last in ((1440, 900, "Seed"), (390, 844, None)):
        _, demo = open_demo("models/diffusion", width=width, height=height)
        picture = demo.locator("canvas").first.bounding_box()
        end = (
            demo.get_by_label(last) if last else demo.get_by_role("button", name="Step", exact=True)
        )
        box = end.bounding_box()
        assert picture
        assert box
        assert box["y"] + box["height"] - picture["y"] < height - 60  # the header of the page


def test_samples_come_as_close_to_the_modes_as_data_are(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion")
    three_modes(demo)
    assert sampled(page, demo) == pytest.approx(0.25, abs=0.03)
    demo.get_by_label("Sampler").select_option("1")
    assert sampled(page, demo) == pytest.approx(0.25, abs=0.05)
    demo.get_by_label("Sampler").select_option("0")
    demo.get_by_label("Steps").fill("2")
    assert sampled(page, demo) > 0.35


def test_guidance_crowds_the_samples(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion", reduced_motion="reduce")
    three_modes(demo)
    demo.get_by_label("Guide towards").select_option("1")
    told = []
    for g in ("1", "4"):
        demo.get_by_label("Scale of the guidance").first.fill(g)
        distance = sampled(page, demo)
        told.append((distance, float(re.findall(r"; spread ([\d.]+),", status(demo))[0])))
    (plain, wide), (guided, narrow) = told
    assert plain == pytest.approx(0.25, abs=0.03)
    assert wide == pytest.approx(0.19, abs=0.025)  # that of the mode, a little less with 40 steps
    assert narrow < 0.75 * wide
    assert guided > 1.2 * plain  # pushed away from the other modes, beside its middle
    assert int(re.findall(r"(\d+) % are nearest to mode 1", status(demo))[0]) > 95


def test_a_density_is_drawn_by_keyboard(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion", reduced_motion="reduce")
    demo.get_by_label("Data", exact=True).select_option("own")
    plane = demo.locator("canvas").first
    plane.focus()
    for key in (" ", "ArrowUp", "ArrowUp", "Enter"):
        plane.press(key)
    assert status(demo) == "Point 2 of the data at 0.0, 0.4."
    assert sampled(page, demo) < 0.25


def test_steps_and_seed(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/diffusion")
    step = demo.get_by_role("button", name="Step", exact=True)
    told = []
    for _ in range(2):
        demo.get_by_role("button", name="Reset").click()
        step.click()
        step.click()
        told.append(status(demo))
    assert told[0] == told[1]
    assert told[0].startswith("Step 2 of 4: the first point is at 0.20, 0.19, 0.20.")


def test_digits_are_loaded_when_asked_for_and_denoised(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/diffusion")
    demo.get_by_role("button", name=re.compile("Load the network")).click()
    demo.get_by_label("Digit", exact=True).select_option("7")
    demo.get_by_role("button", name="Denoise").click()
    said = demo.locator(".demo-digits p.demo-status")
    expect(said).to_have_text("Five attempts at the digit 7, without guidance and with it.")
    demo.get_by_role("button", name="New noise").click()
    expect(said).to_contain_text("five pictures of noise")
    demo.get_by_role("button", name="One step").click()
    expect(said).to_have_text("Step 1 of 25 towards the digit 7.")


ROWS = """canvas => {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const left = Math.ceil(width * 64 / 440), cell = Math.floor((width - left) / 5);
  const row = (top) => context.getImageData(left, top, width - left, cell).data;
  const [upper, lower] = [row(0), row(Math.round((width - width * 64 / 440) / 5))];
  let away = 0;
  for (let i = 3; i < upper.length; i += 4) away += Math.abs(upper[i] - lower[i]) > 64;
  return away / (upper.length / 4);
}"""  # the share of the pixels in which two rows of pictures differ


def test_the_same_noise_becomes_digits_with_guidance_and_without(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/diffusion")
    demo.get_by_role("button", name=re.compile("Load the network")).click()
    said = demo.locator(".demo-digits p.demo-status")
    rows = demo.locator(".demo-digits canvas")
    time = demo.locator(".demo-digits").get_by_label("Time")
    guidance = demo.locator(".demo-digits").get_by_label("Scale of the guidance g")
    guidance.press("End")
    assert rows.evaluate(ROWS) < 0.05
    time.press("End")
    expect(said).to_have_text("Five attempts at the digit 3, without guidance and with it.")
    assert rows.evaluate(ROWS) > 0.06
    time.press("ArrowLeft")
    expect(said).to_have_text("Step 24 of 25 towards the digit 3.")
    time.press("Home")
    assert rows.evaluate(ROWS) < 0.05
    guidance.press("Home")
    for _ in range(4):
        guidance.press("ArrowRight")
    expect(guidance).to_have_attribute("aria-valuetext", "1.00")
    time.press("End")
    assert rows.evaluate(ROWS) < 0.05, "a scale of one guides nothing"


def test_all_of_it_works_by_keyboard_alone(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion", reduced_motion="reduce")
    demo.get_by_role("button", name="Sample").focus()
    page.keyboard.press("Enter")
    assert status(demo).startswith("Done")  # under reduced motion at once
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.slice(0, 30)"))
        if reached[-1] == "Too few steps":
            page.keyboard.press("Enter")
            expect(demo.get_by_label("Steps")).to_have_value("2")
        if reached[-1].startswith("Load"):
            page.keyboard.press("Enter")
            break
    said = demo.locator(".demo-digits p.demo-status")
    expect(said).to_contain_text("five pictures of noise")
    demo.get_by_role("button", name="Denoise").press("Enter")
    expect(said).to_have_text("Five attempts at the digit 3, without guidance and with it.")


def test_a_finger_scrolls_over_the_plane_unless_it_draws(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/diffusion", width=390, has_touch=True)
    plane = demo.locator("canvas").first
    expect(plane).to_have_css("touch-action", "pan-y")
    demo.get_by_label("Data", exact=True).select_option("own")
    expect(plane).to_have_css("touch-action", "none")
    plane.tap(position={"x": 60, "y": 60})
    assert status(demo).startswith("Point 1 of the data")


def test_a_seed_that_is_no_whole_number_is_refused(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/diffusion")
    seed = demo.get_by_label("Seed")
    seed.fill("-3")
    seed.press("Enter")
    expect(seed).to_have_value("1")


def test_a_network_is_trained_before_the_readers_eyes(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion")
    score = demo.get_by_label("Score", exact=True)
    score.select_option("learned")
    done = "() => +document.querySelector('p.demo-status').textContent.match(/step (\\d+) of 2000/)?.[1]"
    until(page, f"({done})() > 50")
    before = page.evaluate(done)
    demo.get_by_role("button", name="Pause training").click()
    demo.get_by_role("button", name="Train on").click()
    until(page, f"({done})() > {before}")
    demo.get_by_label("Data", exact=True).select_option("ring")  # a network of the old density
    expect(score).to_have_value("exact")
    expect(demo.get_by_role("button", name="Train a network")).to_be_visible()


def test_under_reduced_motion_a_network_is_trained_at_a_stretch_and_samples_worse_than_the_exact_score(  # type: ignore[no-untyped-def]
    open_demo,  # noqa: ANN001
) -> None:
    page, demo = open_demo("models/diffusion", reduced_motion="reduce")
    three_modes(demo)
    score = demo.get_by_label("Score", exact=True)
    demo.get_by_role("button", name="Train a network").press("Enter")
    expect(score).to_have_value("learned")
    assert status(demo) == "Training begins."
    demo.get_by_role("button", name="Pause training").click()
    early = sampled(page, demo)
    demo.get_by_role("button", name="Train on").press("Enter")
    until(
        page,
        "document.querySelector('p.demo-status').textContent.startsWith('Trained')",
        60,
    )
    assert "Trained in 2000 steps" in status(demo)
    assert 0 < float(re.findall(r"is ([\d.]+) % off", status(demo))[0]) < 5
    late = sampled(page, demo)
    score.select_option("exact")
    exact = sampled(page, demo)
    assert exact < late < early
    said("where noise and data are equal, with an error below 5 %, and worse at the last levels")
    ends = tells(
        r"ith seed 1 its samples of three modes end ([\d.]+) from the nearest middle on average; "
        r"those of the exact score end ([\d.]+) from it"
    )
    assert [late, exact] == pytest.approx([float(end) for end in ends], abs=0.05)
