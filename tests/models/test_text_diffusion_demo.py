"""The demo of docs/models/text-diffusion.md: what its presets tell."""

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenDemo
from tests.site.kit import said

pytestmark = pytest.mark.browser
PAGE = "models/text-diffusion"


def test_presets_calls_and_remasking(open_demo: OpenDemo) -> None:
    page, demo = open_demo(PAGE)
    expect(said(demo)).to_have_text(
        "Text ? ? ? after 0 calls. In 3 calls a text, 0.0 % of texts are off, 0.000 nats lost."
    )
    for calls in ("1 call.", "2 calls.", "3 calls."):
        demo.get_by_role("button", name="One call").click()
        expect(said(demo)).to_contain_text(f"after {calls}")
    expect(said(demo)).not_to_contain_text("?")
    demo.get_by_role("button", name="All at once").click()
    expect(said(demo)).to_contain_text("In 1 call a text, 31.3 % of texts are off, 0.262 nats")
    for _ in range(5):
        demo.get_by_role("button", name="Remask").click()
    expect(said(demo)).to_contain_text(
        "In 6 calls a text, 1.4 % of texts are off after 5 remaskings"
    )
    demo.get_by_role("button", name="Ends together").click()
    expect(said(demo)).to_contain_text("In 2 calls a text, 12.5 % of texts are off")
    demo.get_by_role("button", name="Surest draw").click()
    expect(said(demo)).to_contain_text("18.8 % of texts are off, 0.179 nats")
    demo.get_by_role("button", name="Middle alone").click()
    expect(said(demo)).to_contain_text("In 2 calls a text, 0.0 % of texts are off")
    demo.get_by_role("slider", name="Places a call").fill("4")
    expect(said(demo)).to_contain_text("With 2 places a call it is the same.")
    demo.get_by_role("slider", name="Places a call").fill("2")
    demo.get_by_label("Length").select_option("4")
    expect(said(demo)).to_contain_text("Text ? ? ? ? after 0 calls")
    expect(said(demo)).not_to_contain_text(" 0.0 %")
    slider = demo.get_by_role("slider", name="A letter stays")
    slider.focus()
    page.keyboard.press("Home")
    expect(said(demo)).to_contain_text("0.0 % of texts are off")
