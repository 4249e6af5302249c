"""Each demo fits one screen of a notebook, and two of a phone, with its weights loaded as well."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.kit import DOCS, OpenDemo, settle

pytestmark = pytest.mark.browser

DEMOS = sorted(path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("demo.mjs"))
SCREENS = {"notebook": (1440, 900, 1), "phone": (390, 844, 2)}
HEIGHT = "document.querySelector('#demo').getBoundingClientRect().height"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", DEMOS)
def test_a_demo_fits(path: str, screen: str, open_demo: OpenDemo) -> None:
    width, height, count = SCREENS[screen]
    page, demo = open_demo(path, width=width, height=height)
    settle(page)
    assert page.evaluate(HEIGHT) <= count * height
    model = demo.get_by_label("Model", exact=True)
    start = demo.get_by_role("button", name=re.compile("^(Start|Load)"))
    if model.count():
        model.select_option("trained on this site")
        expect(demo.locator(".demo-status").first).to_contain_text("Another model")
    elif start.count():
        start.click()
        expect(start).to_have_count(0)
    settle(page)
    page.wait_for_timeout(300)
    assert page.evaluate(HEIGHT) <= count * height, "with its weights"


@pytest.mark.parametrize("path", DEMOS)
def test_a_demo_has_one_button_that_comes_first_and_controls_beside_or_below_its_picture(
    path: str, open_demo: OpenDemo
) -> None:
    _, demo = open_demo(path)
    first = demo.locator(".demo-first").locator("visible=true")
    assert first.count() <= 1
    folded = demo.locator("table").locator("visible=true")
    assert folded.count() <= 1, "more than one table is open"
