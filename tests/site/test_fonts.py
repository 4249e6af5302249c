"""The fonts of the site draw every character that its pages set in them."""

import html
import re
from collections import defaultdict
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.extensions import characters as sets
from scripts.extensions.characters import FEW, ITALIC, MATH, RARE, TEXT, TEXT_GREEK, drawn
from tests.site.kit import DOCS, NewPage, settle

FONTS = DOCS / "assets" / "fonts"
CSS = (DOCS / "assets" / "stylesheets" / "site.css").read_text(encoding="utf-8")
FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
HEADING = re.compile(r"<h[1-4]\b[^>]*>(.*?)</h[1-4]>", re.DOTALL)
EMPHASIS = re.compile(r"<em>(.*?)</em>", re.DOTALL)
PICTURE = re.compile(r"<(svg|script|pre)\b.*?</\1>", re.DOTALL)
UNTOUCHED = re.compile(r"<(math|code)\b.*?</\1>", re.DOTALL)
WHITESPACE = set(" \n\t\r")


def pages(site: Path) -> list[tuple[str, str]]:
    """Path and text of each page."""
    found = sorted(path for path in site.rglob("*.html") if path.is_file())
    return [(path.relative_to(site).as_posix(), path.read_text(encoding="utf-8")) for path in found]


def shown(missing: dict[str, set[str]]) -> str:
    """Each missing character with its pages."""
    return "\n".join(
        f"{character} U+{ord(character):04X} on {', '.join(sorted(on)[:3])}"
        for character, on in sorted(missing.items())
    )


def test_a_lone_letter_is_italic_unless_it_says_otherwise() -> None:
    formula = '<math><mi>x</mi><mi mathvariant="normal">d</mi><mi>log</mi><mo>&lt;</mo></math>'
    assert drawn(formula) == {"𝑥", "d", "l", "o", "g", "<"}


def test_every_character_of_a_formula_is_in_the_font_of_formulas(site: Path) -> None:
    missing: dict[str, set[str]] = defaultdict(set)
    for path, text in pages(site):
        for formula in FORMULA.findall(text):
            few = 'class="few"' in formula
            for character in drawn(formula) - set(FEW if few else MATH + RARE):
                missing[character].add(path)
    assert not missing, f"add to characters.py and run scripts/fonts.py:\n{shown(missing)}"


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [(HEADING, TEXT + TEXT_GREEK), (EMPHASIS, ITALIC)],
    ids=["roman", "italic"],
)
def test_every_character_is_in_the_font_of_its_text(
    pattern: re.Pattern[str], characters: str, site: Path
) -> None:
    missing: dict[str, set[str]] = defaultdict(set)
    for path, text in pages(site):
        for part in pattern.findall(PICTURE.sub("", text)):
            plain = html.unescape(re.sub(r"<[^>]*>", "", UNTOUCHED.sub("", part)))
            for character in set(plain) - set(characters) - WHITESPACE:
                missing[character].add(path)
    assert not missing, f"add to characters.py and run scripts/fonts.py:\n{shown(missing)}"


SETS = {
    "serif": (TEXT, 18_000),
    "serif-italic": (ITALIC, 10_500),
    "serif-greek": (TEXT_GREEK, 6_000),
    "math": (MATH, 39_000),
    "math-rare": (RARE, 13_000),
    "math-few": (FEW, 11_000),
}


@pytest.mark.parametrize("name", SETS)
def test_a_font_draws_what_the_script_says(name: str) -> None:
    pytest.importorskip("brotli")
    tool = pytest.importorskip("fontTools.ttLib")
    drawable = {chr(code) for code in tool.TTFont(FONTS / f"{name}.woff2").getBestCmap()}
    lacking = {character for character in set(SETS[name][0]) - drawable if character.isprintable()}
    assert not lacking, "".join(sorted(lacking))


@pytest.mark.parametrize("name", SETS)
def test_a_font_stays_small(name: str) -> None:
    assert (FONTS / f"{name}.woff2").stat().st_size < SETS[name][1]


def test_every_font_is_used_and_every_used_font_is_there() -> None:
    files = {path.stem for path in FONTS.glob("*.woff2")}
    assert files == set(SETS) == set(re.findall(r"fonts/([\w-]+)\.woff2", CSS))
    assert list(DOCS.rglob("*.woff2")) == list(FONTS.glob("*.woff2"))


def test_rare_characters_are_asked_of_their_own_file() -> None:
    for name, wanted in {"serif-greek": TEXT_GREEK, "math-rare": RARE}.items():
        found = re.search(rf"/{name}\.woff2[^}}]*unicode-range:\s*([^;]*);", CSS)
        assert found, name
        assert re.sub(r"\s+", " ", found[1]) == sets.ranges(wanted)
    assert not set(RARE) & set(MATH)
    assert set(FEW) <= set(MATH)


# What was really drawn, node by node, with the number of glyphs.
P = "main p:not([class], .cards p)"  # cards speak in the sans serif
FACES = {
    "h1": {"Genai Serif"},
    P: {"Genai Serif"},
    f"{P} em": {"Genai Serif"},
    f"{P} > strong": {"Genai Serif"},
    "main math mi": {"Genai Math", "Genai Math Few"},
    "main .equation math mo": {"Genai Math"},
}


def faces(page: Page, selector: str) -> set[str]:
    """The fonts that drew what matches a selector; code without a file of ours is a system's."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    query = {"nodeId": root, "selector": selector}
    nodes = session.send("DOM.querySelectorAll", query)["nodeIds"]
    found = set()
    for node in nodes[:40]:
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        found |= {f"{'' if f['isCustomFont'] else 'system: '}{f['familyName']}" for f in fonts}
    session.detach()
    return found


def seen_in(page: Page, selector: str) -> set[str]:
    """The fonts of what matches a selector, without those of code in it, which is looked at apart."""
    found = faces(page, selector) - faces(page, f"{selector} code")
    return {name.replace("GenaiSerif", "Genai Serif") for name in found}


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", "models/vae/", "overview/applications/", "training/rlhf/"])
def test_the_fonts_of_the_site_draw_its_pages(path: str, new_page: NewPage) -> None:
    page = new_page(fresh=True)
    page.goto(path, wait_until="networkidle")
    for _ in range(4):  # a busy machine may draw a visit without them
        page.reload(wait_until="networkidle")
        settle(page)
        if all(seen_in(page, selector) <= wanted for selector, wanted in FACES.items()):
            break
    for selector, wanted in FACES.items():
        found = seen_in(page, selector)
        assert found <= wanted, f"{selector} is drawn in {found}"
        assert found or selector not in ("h1", P), f"no {selector}"
    for name in faces(page, "main code"):
        assert name.startswith("system: "), name


@pytest.mark.browser
def test_a_first_visit_is_drawn_in_the_fonts_of_the_site(new_page: NewPage) -> None:
    drawn_in = []
    for _ in range(3):  # a busy machine may miss the moment once
        page = new_page(fresh=True)
        page.goto("overview/", wait_until="networkidle")
        settle(page)
        drawn_in.append(faces(page, "h1") | faces(page, "main p:not([class]) em"))
        if drawn_in[-1] == {"Genai Serif"}:
            return
    raise AssertionError(drawn_in)
