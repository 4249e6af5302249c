"""What can be taken along: the TeX of formulas, by a button and by what is selected."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.extensions import equations, mathml
from tests.site.engines import COPY, SELECT
from tests.site.kit import DOCS, PAGES, NewPage, settle, source, traffic, until

PAGE = "models/vae/"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
FORMULA = re.compile(r"<math\b[^>]*>")


def copied(page: Page) -> str:
    """What a program would paste."""
    return str(page.evaluate("navigator.clipboard.readText()")).replace("\r\n", "\n")


def displayed(address: str) -> list[str]:
    """The TeX of the displayed equations of a page that have numbers, as its author has written it."""
    found = [equation for _, equation in equations.read(source(address)) if equation.name]
    return ["\n".join(line.strip() for line in each.tex.split("\n")) for each in found]


def test_a_formula_carries_its_tex_unless_it_is_its_own() -> None:
    for tex in (r"\frac{a}{b} < c", 'a "b" & c', "x_1"):
        made = mathml.render(tex.replace(' "b" &', ""))
        page, told = mathml.parted(f"<p>{mathml.carrying(made, tex)} {mathml.render('y')}</p>")
        assert told == [tex, None]
        assert page == f"<p>{made} {mathml.render('y')}</p>"
    made = mathml.render("x = y + 1")
    assert mathml.carrying(made, "x = y + 1") == made


def test_the_file_beside_each_page_has_the_tex_of_each_formula(site: Path) -> None:
    counted = 0
    for address in PAGES:
        text = (site / address / "index.html").read_text(encoding="utf-8")
        assert "data-tex" not in text
        formulas = FORMULA.findall(text)
        file = site / address / "formulas.json"
        assert file.is_file() == bool(formulas), address
        if not formulas:
            continue
        told = json.loads(file.read_text(encoding="utf-8"))
        assert len(told) == len(formulas), address
        counted += sum(tex is not None for tex in told)
        blocks = [tex for tex, tag in zip(told, formulas, strict=True) if "display=" in tag]
        for tex in displayed(address):
            assert tex in blocks or None in blocks, f"{address}: {tex}"
    assert counted > 500


@pytest.mark.browser
def test_a_first_visit_loads_nothing_of_it(new_page: NewPage) -> None:
    page = new_page(fresh=True)
    sent = traffic(page)
    page.goto(PAGE, wait_until="networkidle")
    assert any("site.mjs" in url for url in sent.urls.values())
    assert not [url for url in sent.urls.values() if "taking" in url or "formulas" in url]
    page.locator(".equation").first.hover()
    page.locator(".equation-copy").first.wait_for()
    page.wait_for_load_state("networkidle")
    [script] = [key for key, url in sent.urls.items() if "taking" in url]
    assert sent.sizes[script] < 3000


@pytest.mark.browser
@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_the_button_copies_tex_with_number_and_address(way: str, new_page: NewPage) -> None:
    page = new_page(has_touch=way == "touch", permissions=CLIPBOARD)
    page.goto(PAGE)
    settle(page)
    equation = page.locator(".equation").nth(2)
    equation.scroll_into_view_if_needed()
    before = equation.bounding_box()
    button = equation.get_by_role("button", name="Copy TeX of Equation (3)")
    if way == "keyboard":
        equation.locator(".equation-number").focus()
        button.wait_for()
        for _ in range(3):
            if not button.evaluate("button => button === document.activeElement"):
                page.keyboard.press("Tab")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
    elif way == "touch":
        equation.locator("math").tap()
        button.tap()
    else:
        equation.hover()
        button.click()
    expect(equation.get_by_text("Copied")).to_be_visible()
    name = equation.get_attribute("id")
    assert (
        copied(page) == f"% Equation (3), {page.url.split('#')[0]}#{name}\n{displayed(PAGE)[2]}\n"
    )
    assert equation.bounding_box() == before
    box = equation.locator(".equation-copy").bounding_box()
    assert box is not None
    assert box["height"] >= 24
    page.emulate_media(media="print")
    expect(equation.locator(".equation-copy")).to_be_hidden()


@pytest.mark.browser
def test_the_button_of_the_ledger_names_the_page_of_the_equation(new_page: NewPage) -> None:
    page = new_page(permissions=CLIPBOARD)
    page.goto("references/equations-models/")
    entry = page.locator("#eq-vae-elbo, .ledger-entry").last
    entry.scroll_into_view_if_needed()
    entry.hover()
    entry.locator(".equation-copy").click()
    expect(entry.get_by_text("Copied")).to_be_visible()
    first, _, tex = copied(page).partition("\n")
    address = first.rpartition(", ")[2]
    assert address.startswith(page.url.replace("references/equations-models/", "models/"))
    page_of, _, name = address.removeprefix(page.url.split("references/")[0]).partition("#")
    given = {e.name: e.tex for _, e in equations.read(source(page_of))}
    assert tex.split() == given[name].split()


@pytest.mark.browser
def test_selected_text_is_copied_with_tex(new_page: NewPage) -> None:
    page = new_page(permissions=CLIPBOARD)
    page.goto(PAGE)
    settle(page)
    paragraph = page.locator("main p:has(math msub):not(:has(.footnote-ref))").first
    told = json.loads(page.evaluate("fetch('formulas.json').then(answer => answer.text())"))
    place = paragraph.evaluate(
        "p => { const all = [...document.querySelectorAll('math')];"
        " getSelection().selectAllChildren(p);"
        " return [...p.querySelectorAll('math')].map(one => all.indexOf(one)); }"
    )
    until(page, "document.querySelector('math[data-tex]') !== null")
    page.keyboard.press("ControlOrMeta+c")
    text = copied(page)
    for index in place:
        if told[index]:
            assert f"${told[index]}$" in text
    assert "\n" not in text
    assert page.locator(".taken").count() == 0
    html = page.evaluate(
        "navigator.clipboard.read().then(([item]) => item.getType('text/html'))"
        ".then(blob => blob.text())"
    )
    assert "<math" in html


@pytest.mark.browser
def test_a_part_of_a_formula_is_copied_as_the_whole(page: Page) -> None:
    page.goto(PAGE)
    page.evaluate(f"() => {{ {SELECT} }}")
    until(page, "document.querySelector('math[data-tex]') !== null")
    prevented, text = page.evaluate(f"() => {{ {COPY} }}")
    assert prevented
    assert text.startswith(f"$$\n{displayed(PAGE)[0]}\n$$\n"), text
    assert "Copy TeX" not in text


def test_the_page_of_these_tests_has_equations() -> None:
    assert len(displayed(PAGE)) >= 3
    assert (DOCS / "models/vae.md").is_file()
