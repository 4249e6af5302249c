"""Exercises that answer back, as a reader uses them: mouse, keyboard, phone, without JavaScript, on paper."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from scripts.extensions import answers
from tests.site.kit import DOCS, ROOT, NewPage, address, come, settle
from tests.site.test_access import COLOURS, RULES, violations

pytestmark = pytest.mark.browser

PRINTED = answers.printed(DOCS)
PATH = "architectures/positions/"
WAVES, AGREE, ALIBI = (f"#answer-positions-{name}" for name in ("waves", "agree", "alibi"))


def opened(new_page: NewPage, **options: object) -> Page:
    """The page with exercises."""
    page = new_page(**options)
    page.goto(PATH)
    if options.get("javascript", True):
        come(page)
    settle(page)
    return page


def fill(box: Locator, *texts: str) -> None:
    """Type into the fields of an exercise, and press Enter in the last."""
    fields = box.get_by_role("textbox")
    for i, text in enumerate(texts):
        fields.nth(i).fill(text)
    fields.nth(len(texts) - 1).press("Enter")


@pytest.mark.parametrize("width", [390, 1440])
def test_a_number_is_right_nearly_or_wrong_and_then_there_is_a_hint(
    width: int, new_page: NewPage
) -> None:
    page = opened(new_page, width=width)
    before = page.url
    box = page.locator(WAVES)
    said = box.get_by_role("status")
    hint = box.get_by_role("button", name="Hint")
    expect(said).to_be_empty()
    expect(hint).to_be_hidden()
    fill(box, "", "5")
    expect(said).to_have_text("Nothing yet. Give an answer first.")
    expect(hint).to_be_hidden()
    expect(box.get_by_role("textbox", name="Shortest")).to_be_focused()
    fill(box, "many", "5")
    expect(said).to_contain_text("Not read.")
    fill(box, "6.28", "5")
    expect(said).to_have_text("Not yet. Right so far: Shortest.")
    expect(box.get_by_role("textbox").nth(0)).to_have_attribute("aria-invalid", "false")
    expect(box.get_by_role("textbox").nth(1)).to_have_attribute("aria-invalid", "true")
    fill(box, "2π", "62,832 tokens")
    expect(said).to_contain_text("Nearly. The exponent of the last pair")
    fill(box, "6.28", "-47117")
    expect(said).to_have_text("Nearly. The size is right, the sign is not. Right so far: Shortest.")
    shown = box.locator(".answer-hint")
    expect(shown).to_be_hidden()
    hint.click()
    expect(shown).to_be_visible()
    expect(hint).to_have_attribute("aria-expanded", "true")
    fill(box, "6.28", "47,117")
    expect(said).to_have_text(re.compile("^Right"))
    expect(page.locator("details.success[open]")).to_have_count(0)
    assert page.url == before
    assert page.evaluate("Object.keys(localStorage).length + sessionStorage.length") == 0


def test_a_choice_is_made_with_the_keyboard_alone(new_page: NewPage) -> None:
    page = opened(new_page)
    box = page.locator(AGREE)
    box.get_by_role("button", name="Check").focus()
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("Nothing yet.")
    expect(box.get_by_role("radio").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("Not yet. In the third the key stands behind")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(box.locator(".answer-hint")).to_be_visible()
    box.get_by_role("radio").nth(1).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_have_text(re.compile("^Right"))
    group = box.get_by_role("group", name="Your choice (exercise 2)")
    expect(group).to_be_visible()


# Each answer is given and checked at once: the tests above type as a reader does.
TRY = """tries => tries.map(([name, texts, choice]) => {
  const box = document.getElementById(name);
  box.querySelectorAll("input:not([type=radio])").forEach((field, i) => {
    field.value = texts[i] ?? "";
  });
  box.querySelectorAll("input[type=radio]").forEach((one, i) => {
    one.checked = i === choice;
  });
  box.querySelector("form").requestSubmit();
  return box.querySelector("[role=status]").dataset.verdict;
})"""


@pytest.mark.parametrize("uri", sorted(PRINTED))
def test_every_printed_answer_is_right_in_the_browser(uri: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(address(uri.removesuffix(".md")))
    come(page)
    tries: list[tuple[str, list[str], int]] = []
    wanted = []
    for one in PRINTED[uri]:
        says = [reply.says for reply in one.replies if reply.says != "hint"]
        if one.kind == "choice":
            tries += [(one.name, [], i) for i in range(len(says))]
            wanted += ["right" if said == "right" else "wrong" for said in says]
            continue
        rows = [("right", [part.text for part in one.parts] or [one.expected])]
        rows += [(reply.says, list(reply.numbers)) for reply in one.replies if reply.numbers]
        tries += [(one.name, texts, -1) for _, texts in rows]
        wanted += [said for said, _ in rows]
    assert list(zip(page.evaluate(TRY, tries), tries, strict=True)) == list(
        zip(wanted, tries, strict=True)
    )


def test_without_javascript_and_on_paper_question_and_solution_stand_alone(
    new_page: NewPage,
) -> None:
    page = new_page(javascript=False)
    page.goto(PATH)
    box = page.locator(WAVES)
    assert box.inner_text() == ""
    assert box.evaluate("box => box.getBoundingClientRect().height") == 0
    expect(page.locator("details.success").first).to_be_visible()
    page = opened(new_page, fresh=True)
    page.emulate_media(media="print")
    expect(page.locator(WAVES)).to_be_hidden()


def test_only_who_comes_to_exercises_loads_them_and_the_search_does_not_know_them(
    new_page: NewPage,
) -> None:
    loaded = (
        "performance.getEntriesByType('resource').some(one => one.name.endsWith('/answers.mjs'))"
    )
    page = new_page()
    page.goto(PATH, wait_until="networkidle")
    assert not page.evaluate(loaded)
    come(page)
    assert page.evaluate(loaded)
    page.goto("overview/")
    index = page.evaluate(
        "fetch(new URL('../search/texts/architectures/positions.json', location))"
        ".then(a => a.text())"
    )
    assert "What are its shortest and its longest wavelength" in index
    assert "the exponent of the last pair" not in index.lower()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_nothing_while_it_is_used(width: int, scheme: str, new_page: NewPage) -> None:
    page = opened(new_page, width=width, scheme=scheme, reduced_motion="reduce")
    fill(page.locator(WAVES), "6.28", "5")
    page.locator(WAVES).get_by_role("button", name="Hint").click()
    fill(page.locator(ALIBI), "0.08", "0.98")
    page.locator(AGREE).get_by_label("The first and the second.").check()
    page.locator(AGREE).get_by_role("button", name="Check").click()
    for context in (WAVES, ALIBI, AGREE):
        faults = violations(page, context, rules=RULES)
        faults += violations(page, context, runOnly=COLOURS)
        assert not faults, json.dumps(faults, indent=1)
    low = page.evaluate(
        "[...document.querySelectorAll('.answer :is(button, [type=text], fieldset label)')]"
        ".filter(e => e.offsetHeight && e.offsetHeight < 43.5).map(e => e.outerHTML)"
    )
    assert low == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_nothing_moves_when_the_fields_come(new_page: NewPage) -> None:
    page = opened(new_page, width=390)
    grown = page.evaluate(
        """() => [...document.querySelectorAll('.answer')].map(box => {
          const high = box.offsetHeight;
          box.replaceChildren();
          return [box.id, high - box.offsetHeight];
        }).filter(([, more]) => Math.abs(more) > 1)"""
    )
    # A label or an option of two lines may take one more.
    assert all(0 < more < 60 for _, more in grown), grown
    assert len(grown) <= 1, grown


def test_the_module_is_small() -> None:
    sizes = [
        len((ROOT / "docs/assets" / name).read_bytes())
        for name in ("answers.mjs", "answer-values.mjs")
    ]
    assert max(sizes) < 7000
