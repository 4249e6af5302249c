"""The fonts of the site draw every character that its pages set in them."""

import html
import io
import re
from collections import defaultdict
from pathlib import Path

import pytest

from scripts import fonts

MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
TOKEN = re.compile(r"<(m[ions]|mtext|ms)\b([^>]*)>([^<]*)</\1>")
HEADING = re.compile(r"<h[1-4]\b[^>]*>(.*?)</h[1-4]>", re.DOTALL)
WHITESPACE = set(" \n\t\r")

LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SMALL_GREEK = fonts.span("α", "ω") + "∂ϵϑϰϕϱϖ"
ITALIC = dict(zip(LATIN, fonts.LETTER_ITALIC, strict=True)) | dict(
    zip(SMALL_GREEK, fonts.alphabet(0x1D6FC, 32), strict=True)
)


def drawn(formula: str) -> set[str]:
    """The characters that a browser draws for a formula: a lone letter in `mi` becomes italic."""
    found: set[str] = set()
    for tag, attributes, escaped in TOKEN.findall(formula):
        text = html.unescape(escaped)
        if tag == "mi" and len(text) == 1 and 'mathvariant="normal"' not in attributes:
            text = ITALIC.get(text, text)
        found |= set(text)
    return found - WHITESPACE


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
        for formula in MATH.findall(text):
            for character in drawn(formula) - set(fonts.MATH):
                missing[character].add(path)
    assert not missing, f"add to scripts/fonts.py and run it:\n{shown(missing)}"


def test_every_character_of_a_heading_is_in_the_font_of_the_text(site: Path) -> None:
    missing: dict[str, set[str]] = defaultdict(set)
    for path, text in pages(site):
        for heading in HEADING.findall(text):
            plain = html.unescape(re.sub(r"<[^>]*>", "", MATH.sub("", heading)))
            for character in set(plain) - set(fonts.TEXT) - WHITESPACE:
                missing[character].add(path)
    assert not missing, f"add to scripts/fonts.py and run it:\n{shown(missing)}"


def files() -> dict[str, bytes]:
    """The fonts, by their names."""
    upright, italic = fonts.embedded()
    return {"upright": upright, "italic": italic, "math": fonts.MATH_FILE.read_bytes()}


@pytest.mark.parametrize(
    ("name", "characters"),
    [("upright", fonts.TEXT), ("italic", fonts.ITALIC), ("math", fonts.MATH)],
)
def test_a_font_draws_what_the_script_says(name: str, characters: str) -> None:
    pytest.importorskip("brotli")
    tool = pytest.importorskip("fontTools.ttLib")
    drawable = {chr(code) for code in tool.TTFont(io.BytesIO(files()[name])).getBestCmap()}
    lacking = {character for character in set(characters) - drawable if character.isprintable()}
    assert not lacking, "".join(sorted(lacking))


@pytest.mark.parametrize(
    ("name", "limit"), [("upright", 21_000), ("italic", 12_000), ("math", 50_000)]
)
def test_a_font_stays_small(name: str, limit: int) -> None:
    assert len(files()[name]) < limit
