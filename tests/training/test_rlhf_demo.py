"""The demo of docs/training/rlhf.md: comparing, fitting, paying, by mouse and by keyboard."""

import re

import pytest

from scripts.figures import style
from tests.said import sayings

said = sayings(style.DOCS / "training" / "rlhf.md")
pytestmark = pytest.mark.browser


def status(demo) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return demo.locator("p.demo-status").inner_text()


def reward(demo) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return float(re.findall(r"True reward (-?[\d.]+)", status(demo))[0])


def preset(demo, name: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    demo.get_by_label("Preset").select_option(label=name)


def all_twelve(demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    preset(demo, "your own comparisons")


def test_the_demo_starts_with_the_example_of_the_page(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    told = status(demo)
    assert told.startswith("21 comparisons. The policy gives answer A most often, 48 %.")
    assert told.endswith("True reward 1.14, of the reference 0.70; divergence 0.22 nats.")
    demo.get_by_label("KL penalty").fill("-0.3")  # β = 0.5
    assert "gives answer A most often, 76 %" in status(demo)
    demo.get_by_text("All numbers").click()
    assert demo.get_by_role("row").count() == 4


def test_pairs_are_judged_by_button_and_by_key(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("training/rlhf")
    all_twelve(demo)
    demo.get_by_role("button", name=re.compile(r"^1\. ")).click()
    assert status(demo).startswith("1 comparison.")
    page.keyboard.press("2")
    page.keyboard.press("1")
    assert status(demo).startswith("3 comparisons.")
    demo.get_by_role("button", name="Reset").click()
    assert status(demo).startswith("21 comparisons.")  # those of the first preset


def test_a_low_penalty_helps_a_good_reward_and_hurts_a_wrong_one(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    all_twelve(demo)
    start = reward(demo)
    for _ in range(4):
        demo.get_by_role("button", name=re.compile("automatic")).click()
    demo.get_by_label("KL penalty").fill("-2")
    by_hand = status(demo)
    preset(demo, "a wrong reward")
    assert status(demo) == by_hand
    wrong = reward(demo)
    assert "gives answer 9 most often, 66 %" in status(demo)
    demo.get_by_label("KL penalty").fill(
        "1"
    )  # raised again, the policy comes back to the reference
    assert reward(demo) == pytest.approx(start, abs=0.05)
    demo.get_by_label("KL penalty").fill("-2")
    demo.get_by_label("Reward model sees").select_option("all")
    assert "gives answer 4 most often, 100 %" in status(demo)
    said(
        f'leads to "Because." two times in three, with a true reward of {wrong:.2f}; the reference has '
        f"{start:.2f}.",
        f"leads to one good answer nearly always, and to {reward(demo):.2f}",
    )


def test_what_the_presets_promise_is_what_is_seen(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    preset(demo, "the example, half the penalty")
    assert "gives answer A most often, 76 %" in status(demo)
    assert demo.get_by_text("A has 76 %.").is_visible()
    preset(demo, "twelve answers, a good reward")
    good = reward(demo)
    assert good > 2.85
    preset(demo, "β too small")
    assert 0.05 < good - reward(demo) < 0.3
    assert re.search(r"most often, (99|100) %", status(demo))
    preset(demo, "few comparisons")
    assert status(demo).startswith("50 comparisons.")
    end = reward(demo)
    demo.get_by_label("KL penalty").fill("-0.3")
    assert reward(demo) > end + 0.3
    demo.get_by_label("Seed").fill("2")  # with this one the truth only rises
    demo.get_by_label("Seed").press("Enter")
    end = reward(demo)
    demo.get_by_label("KL penalty").fill("-0.3")
    assert reward(demo) < end


def test_the_bars_and_the_slider_stand_on_one_screen(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    page, demo = open_demo("training/rlhf")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_timeout(200)
    assert demo.bounding_box()["height"] < 800
    bars, curve = (demo.locator("canvas").nth(i).bounding_box() for i in (0, 1))
    slider = demo.get_by_label("KL penalty").bounding_box()
    assert bars["y"] == curve["y"]
    assert slider["y"] + slider["height"] - bars["y"] < 400


def test_the_same_seed_gives_the_same_judgements(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    all_twelve(demo)
    told = []
    for asked in (False, True):  # asking the policy takes no number from the reader
        demo.get_by_role("button", name="Reset").click()
        if asked:
            demo.get_by_role("button", name="Ask the policy").click()
        demo.get_by_role("button", name=re.compile("automatic")).click()
        told.append(status(demo))
    assert told[0] == told[1]


def test_all_numbers_are_in_a_table(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    all_twelve(demo)
    demo.get_by_text("All numbers").click()
    assert demo.get_by_role("row").count() == 13


def test_the_policy_can_be_asked_and_answers_as_its_penalty_allows(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    all_twelve(demo)
    ask = demo.get_by_role("button", name="Ask the policy")
    told = []
    for _ in range(8):
        ask.click()
        told.append(status(demo))
    assert all(line.startswith("The policy answers: ") for line in told)
    assert len(set(told)) > 3
    for _ in range(4):
        demo.get_by_role("button", name=re.compile("automatic")).click()
    demo.get_by_label("Reward model sees").select_option("all")
    demo.get_by_label("KL penalty").fill("-2")
    for _ in range(3):
        ask.click()
        assert "air scatters blue light. (answer 4, true reward 2.78)" in status(demo)
