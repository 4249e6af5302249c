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


def preset(demo, name: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    demo.get_by_role("button", name=name, exact=True).click()


def distance(demo) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return float(re.findall(r"([\d.]+) after 400 rounds", status(demo))[0])


def test_without_the_penalty_the_dirac_gan_does_not_come_to_rest(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    preset(demo, "the round by hand")
    assert distance(demo) < 0.01  # two data points damp enough
    demo.get_by_label(re.compile("^Phase plane")).focus()
    demo.get_by_label(re.compile("^Phase plane")).press("ArrowUp")
    assert "ψ 1.49" in status(demo)
    assert distance(demo) < 0.01
    preset(demo, "circling")
    assert distance(demo) > 0.1
    demo.get_by_label("Penalty on the slope").fill("1")
    assert distance(demo) < 0.01
    preset(demo, "circling")
    assert distance(demo) > 0.1
    preset(demo, "damped")
    assert distance(demo) < 0.01


def test_steps_that_are_too_large_are_told_and_their_path_is_cut(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    preset(demo, "damped")
    demo.get_by_label("Penalty on the slope").fill("3")
    demo.get_by_label("Learning rate h").fill("1")
    told = re.search(
        r"after (\d+) rounds it has left for good: the steps are too large", status(demo)
    )
    assert told, status(demo)
    assert "is 3.0 and must stay below about 2" in status(demo)
    last = demo.locator("table tbody tr").last.inner_text()
    assert last.split() == ["40", "–", "–", "–", "–"]


def test_the_game_with_two_numbers_starts_with_the_rounds_of_the_page(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    preset(demo, "the round by hand")
    shown = [row.split() for row in demo.locator("table tbody tr").all_inner_texts()]
    found = {row[0]: row[1:] for row in shown}
    for round_, *numbers in rows_of("tab-gan-rounds")[:-1]:
        assert found[round_] == numbers
    demo.get_by_role("button", name="D alone").click()
    assert status(demo) == (
        "A step of D alone: ψ from 1.386 to 1.486. Loss of D 0.897, of G 1.192."
    )
    demo.get_by_role("button", name="G alone").click()
    assert status(demo).startswith("A step of G alone: θ from −1.000 to −0.511.")
    assert demo.locator(".demo-see").inner_text().count("ψ 1.486, then θ −0.511") == 1


def test_a_step_of_one_player_is_no_round(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("models/gan")
    demo.get_by_role("button", name="D alone").click()
    assert re.match(r"A step of D alone: .* Its loss was \d\.\d\d\.", status(demo))
    demo.get_by_role("button", name="G alone").click()
    assert re.match(r"A step of G alone: .* Its loss was \d\.\d\d\.", status(demo))
    demo.get_by_role("button", name="Step").click()
    assert status(demo).startswith("Round 1: ")


def test_each_preset_shows_its_game_alone_and_says_what_to_see(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("models/gan")
    said = set()
    for name, label in (
        ("mode hopping", "The plane"),
        ("circling", "Phase plane"),
        ("eight modes", "The plane"),
        ("damped", "Phase plane"),
        ("the round by hand", "Phase plane"),
    ):
        preset(demo, name)
        shown = demo.locator("canvas").locator("visible=true").first.get_attribute("aria-label")
        assert shown.startswith(label)
        assert demo.get_by_label("Seed").is_visible() == (label == "The plane")
        if label == "The plane":
            page.wait_for_timeout(300)
            hasty = demo.get_by_label("Steps of G for each").input_value()
            assert hasty == ("5" if name == "mode hopping" else "1")
            demo.get_by_role("button", name="Pause").click()
        said.add(demo.locator(".demo-see").inner_text())
    assert len(said) == 5


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
