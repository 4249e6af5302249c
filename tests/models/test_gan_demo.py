"""The demo of docs/models/gan.md: training, collapse, the Dirac-GAN, by mouse and by keyboard."""

import re

import pytest

from scripts.figures import style
from tests.said import tables, tellings

PAGE = style.DOCS / "models" / "gan.md"
tells = tellings(PAGE)
rows_of = tables(PAGE)
pytestmark = pytest.mark.browser


def status(demo) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return demo.locator("p.demo-status").inner_text()


def test_steps_are_counted_and_reset_takes_them_back(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    step = demo.get_by_role("button", name="Step")
    for _ in range(3):
        step.click()
    assert re.match(r"Round 3: \d of 8 modes, \d+ % of the samples near one, dis", status(demo))
    demo.get_by_role("button", name="Reset").click()
    assert status(demo).startswith("Nothing is trained yet.")


def test_the_same_seed_gives_the_same_game(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    told = []
    for _ in range(2):
        demo.get_by_role("button", name="Reset").click()
        for _ in range(4):
            demo.get_by_role("button", name="Step").click()
        told.append(status(demo))
    assert told[0] == told[1]


def test_training_runs_and_pauses(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/gan")
    demo.get_by_role("button", name="Train").click()
    page.wait_for_timeout(700)
    demo.get_by_role("button", name="Pause").click()
    first = status(demo)
    assert int(re.findall(r"Round (\d+)", first)[0]) >= 3
    page.wait_for_timeout(200)
    assert status(demo) == first


def test_points_are_set_by_keyboard_and_counted_as_modes(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    demo.get_by_label("Data", exact=True).select_option("own")
    plane = demo.locator("canvas").first
    plane.focus()
    for key in (" ", "ArrowRight", "ArrowRight", "Enter"):
        plane.press(key)
    assert status(demo) == "Point 2 at 0.4, 0.0."
    demo.get_by_role("button", name="Step").click()
    assert " of 2 modes" in status(demo)


def test_without_the_penalty_the_dirac_gan_does_not_come_to_rest(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    phase = demo.get_by_label(re.compile("^Phase plane"))

    def distance() -> float:
        phase.focus()
        phase.press("ArrowUp")
        return float(re.findall(r"([\d.]+) after 400 rounds", status(demo))[0])

    assert distance() < 0.01  # two data points are friction enough
    demo.get_by_label("Data on the line").select_option("one")
    assert distance() > 0.1
    demo.get_by_label("Gradient penalty").fill("1")
    assert distance() < 0.01


def test_the_game_with_two_numbers_starts_with_the_rounds_of_the_page(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    shown = [row.split() for row in demo.locator("table tbody tr").all_inner_texts()]
    found = {row[0]: row[1:] for row in shown}
    for round_, *numbers in rows_of("tab-gan-rounds")[:-1]:
        assert found[round_] == numbers


def test_a_bad_seed_is_refused(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    seed = demo.get_by_label("Seed")
    seed.fill("-3")
    seed.press("Enter")
    assert seed.input_value() == "1"


def test_with_less_motion_rounds_500_to_700_reach_the_modes_that_the_page_tells(  # type: ignore[no-untyped-def]
    open_demo,  # noqa: ANN001
) -> None:
    _, demo = open_demo("models/gan", reduced_motion="reduce")
    few, most, least, high = map(
        int,
        tells(
            r"between rounds 500 and 700 seeds 1 to 3 reach (\d) to (\d) of 8 modes, changing every few rounds, "
            r"and (\d+) to (\d+) % of"
        ),
    )
    found: list[tuple[int, int]] = []
    for number in (1, 2, 3):
        seed = demo.get_by_label("Seed")
        seed.fill(str(number))
        seed.press("Enter")
        for click in range(1, 29):
            demo.get_by_role("button", name="Train 25 rounds").click()
            if click < 20:
                continue
            told = re.match(
                rf"Round {25 * click}: (\d) of 8 modes, (\d+) % of the samples near one",
                status(demo),
            )
            assert told, status(demo)
            found.append((int(told[1]), int(told[2])))
    # Engines round differently, and a game magnifies that.
    modes, shares = zip(*found, strict=True)
    assert few - 1 <= min(modes) <= few + 1
    assert max(modes) >= most - 1
    assert least - 8 <= min(shares) <= least + 12
    assert high - 12 <= max(shares) <= high + 8
