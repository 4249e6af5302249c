"""The demo of docs/training/reasoning.md, by mouse and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser


def test_it_starts_with_the_example_and_each_preset_shows_what_it_tells(
    open_demo: OpenDemo,
) -> None:
    page, demo = open_demo("training/reasoning")
    expect(said(demo)).to_have_text(
        "At least one right: 0.875. Majority: 0.560. First accepted: 0.780. Best score: 0.875."
    )
    for preset, told in (
        ("25 answers", "Majority: 0.858."),
        ("A popular mistake", "Majority: 0.076. First accepted: 0.682."),
        ("A lax verifier", "Majority: 0.858. First accepted: 0.667."),
        ("A verifier that is fooled", "Best score: 0.387."),
    ):
        demo.get_by_role("button", name=preset, exact=True).click()
        expect(said(demo)).to_contain_text(told)
    answers = demo.get_by_role("slider", name="Answers to a question, n")
    answers.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(said(demo)).to_contain_text("Best score: 0.665.")
    demo.get_by_role("button", name="One question").click()
    expect(said(demo)).to_contain_text("The last vote was for")


def test_what_is_drawn_follows_the_formulas(open_demo: OpenDemo) -> None:
    _, demo = open_demo("training/reasoning")
    demo.get_by_role("button", name="A verifier that is fooled").click()
    for _ in range(10):
        demo.get_by_role("button", name="100 questions").click()
    rows = demo.locator("tbody tr")
    expect(rows.nth(2)).to_contain_text("Of 1000 questions")
    told, drawn = (
        [float(text) for text in rows.nth(i).locator("td").all_inner_texts()] for i in (1, 2)
    )
    for formula, share in zip(told, drawn, strict=True):
        assert abs(formula - share) < 4 * (0.25 / 1000) ** 0.5
