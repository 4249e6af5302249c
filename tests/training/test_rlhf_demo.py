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


def all_twelve(demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    demo.get_by_label("Answers", exact=True).select_option("twelve")


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
    assert status(demo).startswith("0 comparisons.")


def test_a_low_penalty_helps_a_good_reward_and_hurts_a_wrong_one(open_demo) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    _, demo = open_demo("training/rlhf")
    all_twelve(demo)
    start = reward(demo)
    for _ in range(4):
        demo.get_by_role("button", name=re.compile("automatic")).click()
    demo.get_by_label("KL penalty").fill("-2")
    wrong = reward(demo)
    assert "gives answer 9 most often, 66 %" in status(demo)
    demo.get_by_label("Reward model sees").select_option("all")
    said(
        '"Because." two times in three',
        f"a true reward of {wrong:.2f}, far below the {start:.2f} of the reference; with all five "
        f"features it leads to one good answer, nearly always the same, and to {reward(demo):.2f}.",
    )
    assert "gives answer 4 most often, 100 %" in status(demo)
    demo.get_by_label("KL penalty").fill("-0.5")
    assert reward(demo) > 2.78  # even here the lowest penalty is not the best


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
