"""The demo of docs/models/diffusion.md: sampling, drawing, guidance, digits."""

import re

import pytest

pytestmark = pytest.mark.browser


def status(demo) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return demo.locator("p.demo-status").inner_text()


def sampled(page, demo) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The mean distance to the nearest mode at the end of sampling."""
    demo.get_by_role("button", name="Sample").click()
    page.wait_for_function(
        "() => document.querySelector('p.demo-status').textContent.startsWith('Done')"
    )
    return float(re.findall(r"nearest mode ([\d.]+),", status(demo))[0])


def test_samples_come_as_close_to_the_modes_as_data_are(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion")
    assert sampled(page, demo) == pytest.approx(0.25, abs=0.03)
    demo.get_by_label("Sampler").select_option("1")
    assert sampled(page, demo) == pytest.approx(0.25, abs=0.05)
    demo.get_by_label("Sampler").select_option("0")
    demo.get_by_label("Steps").fill("2")
    assert sampled(page, demo) > 0.35


def test_guidance_crowds_the_samples(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion")
    demo.get_by_label("Guide towards").select_option("1")
    demo.get_by_label("Scale of the guidance").first.fill("4")
    assert sampled(page, demo) < 0.24
    assert int(re.findall(r"(\d+) % are nearest to mode 1", status(demo))[0]) > 95


def test_a_density_is_drawn_by_keyboard(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion")
    demo.get_by_label("Data").select_option("own")
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
    assert told[0].startswith("Step 2 of 40")


def test_digits_are_loaded_when_asked_for_and_denoised(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/diffusion")
    demo.get_by_role("button", name=re.compile("Load the network")).click()
    demo.get_by_label("Digit", exact=True).select_option("7")
    demo.get_by_role("button", name="Denoise").click()
    page.wait_for_function(
        "() => document.querySelector('p.demo-status').textContent === 'Ten pictures of the digit 7.'"
    )
