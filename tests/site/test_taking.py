"""What can be taken along: the TeX of formulas, and figures, large and with their files."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from selectolax.lexbor import LexborHTMLParser

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
    for _ in range(100):  # a busy machine may rest before it has read the page to its end
        if any("site.mjs" in url for url in sent.urls.values()):
            break
        page.wait_for_timeout(50)
    page.wait_for_load_state("networkidle")
    assert any("site.mjs" in url for url in sent.urls.values())
    assert not [url for url in sent.urls.values() if "taking" in url or "formulas" in url]
    page.locator(".equation").first.hover()
    page.locator(".equation-copy").first.wait_for()
    page.wait_for_load_state("networkidle")
    [script] = [key for key, url in sent.urls.items() if "taking.mjs" in url]
    assert sent.sizes[script] < 3000


@pytest.mark.browser
@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_the_button_copies_tex_with_number_and_address(way: str, new_page: NewPage) -> None:
    page = new_page(has_touch=way == "touch", permissions=CLIPBOARD)
    page.goto(PAGE)
    settle(page)
    equation = page.locator(".equation").nth(2)
    equation.scroll_into_view_if_needed()
    before = place(equation)
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
    assert place(equation) == pytest.approx(before)
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


@pytest.mark.parametrize("address", PAGES)
def test_each_figure_leads_to_its_files(address: str, site: Path) -> None:
    tree = LexborHTMLParser((site / address / "index.html").read_text(encoding="utf-8"))
    for figure in tree.css("main figure"):
        panels = figure.css(".figure-panel:not(.diagram-narrow)")
        links = [str(link.attributes["href"]) for link in figure.css(".figure-data a")]
        assert len([link for link in links if link.endswith(".svg")]) == len(panels)
        for link in links:
            assert (site / address / link).is_file(), link


def place(box: Locator) -> list[float]:
    """Where something stands on the page, however far that is scrolled."""
    rect = "box => { const r = box.getBoundingClientRect(); return [r.x, r.y + scrollY, r.width, r.height]; }"
    return [float(value) for value in box.evaluate(rect)]


def enlarged(page: Page, number: int, way: str) -> tuple[Locator, Locator]:
    """A figure of the page, and the dialog in which it was shown large."""
    figure = page.locator("main figure").nth(number)
    figure.scroll_into_view_if_needed()
    before = place(figure)
    button = figure.locator(".figure-large")
    if way == "keyboard":
        figure.locator(".figure-data a").last.focus()
        button.wait_for()
        page.keyboard.press("Tab")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
    elif way == "touch":
        figure.locator("svg:visible, img").first.tap()
        button.tap()
    else:
        figure.hover()
        button.click()
    assert place(figure) == pytest.approx(before)
    dialog = page.get_by_role("dialog", name=f"Figure {number + 1}", exact=True)
    expect(dialog).to_be_visible()
    return figure, dialog


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("way", ["mouse", "touch", "keyboard"])
def test_a_figure_is_shown_large_and_the_focus_comes_back(
    way: str, scheme: str, new_page: NewPage
) -> None:
    page = new_page(scheme=scheme, has_touch=way == "touch", permissions=CLIPBOARD)
    page.goto(PAGE)
    settle(page)
    for number in (0, 1):
        figure, dialog = enlarged(page, number, way)
        small = figure.locator("svg:visible, img").first.bounding_box()
        large = dialog.locator(".large-panels > *").first.bounding_box()
        assert small is not None
        assert large is not None
        assert large["width"] > 1.4 * small["width"]
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        dialog.get_by_role("button", name="Copy attribution").click()
        expect(dialog.get_by_text("Copied")).to_be_visible()
        address = f"{page.url.split('#')[0]}#{figure.get_attribute('id')}"
        title = page.locator("h1").inner_text().rstrip("¶# ")
        credit = f"Figure {number + 1} of “{title}”, Gen()AI, {address}, CC BY 4.0"
        assert copied(page) == credit
        assert dialog.locator('.figure-data a[href$=".svg"]').count() >= 1
        if number:
            dialog.get_by_role("button", name="Close").click()
        else:
            page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(figure.locator(".figure-large")).to_be_focused()
    page.emulate_media(media="print")
    expect(figure.locator(".figure-large")).to_be_hidden()


@pytest.mark.browser
def test_a_wide_figure_scrolls_on_a_phone(new_page: NewPage) -> None:
    page = new_page(width=390, height=844, has_touch=True)
    page.goto(PAGE)
    settle(page)
    dialog = enlarged(page, 0, "touch")[1]
    panels = dialog.locator(".large-panels")
    assert panels.evaluate("box => box.scrollWidth > 1.5 * box.clientWidth")
    expect(panels.locator("svg")).to_have_count(1)
    panels.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('.large-panels').scrollLeft > 0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dialog.click(position={"x": -4, "y": 300}, force=True)
    expect(dialog).to_have_count(0)


def test_the_page_of_these_tests_has_equations() -> None:
    assert len(displayed(PAGE)) >= 3
    assert (DOCS / "models/vae.md").is_file()
