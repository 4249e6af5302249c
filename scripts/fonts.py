"""Make the fonts of the site from their sources: `python -m scripts.fonts TEXT MATH`.

TEXT is the folder of the unpacked npm package `@fontsource-variable/source-serif-4`, MATH the file
`STIXTwoMath-Regular.ttf` as the PyPI package `ziamath` holds it. Both fonts are under the SIL Open Font
License; its text stands beside the fonts. A changed font may not keep a reserved name: ours are called
Genai Serif and Genai Math. Needs fonttools and brotli.

The text's fonts are written into a style sheet: the first thing that a reader sees is set in them, and
nothing moves because they arrive later. The font of formulas, which is larger and which not every page
needs, is a file.

What each font can draw stands here as `TEXT`, `ITALIC` and `MATH`: a test compares it with the built
site, so that a page never falls back to another font for one letter. To cover a new character, add it
here and run the script again.
"""

import argparse
import base64
import io
import re
import sys
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parents[1] / "docs" / "assets"
MATH_FILE = ASSETS / "fonts" / "math.woff2"
TEXT_SHEET = ASSETS / "stylesheets" / "fonts.css"
FACE = """@font-face {{
  font-family: "Genai Serif";
  font-style: {style};
  font-weight: {weight};
  src: url("data:font/woff2;base64,{data}") format("woff2");
}}
"""


def span(first: str, last: str) -> str:
    """All characters from `first` to `last`."""
    return "".join(chr(code) for code in range(ord(first), ord(last) + 1))


ASCII = span(" ", "~")
PUNCTUATION = "\u00a0–—‘’“”„…·×−°§"
ACCENTS = "ÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÚÜßàáâãäåæçèéêëíîïñóôöøùúüýÿ"
TEXT = ASCII + PUNCTUATION + ACCENTS
ITALIC = ASCII + PUNCTUATION + "äçéèëïñóôöüø"

# Mathematical letters for which Unicode already had a character elsewhere.
_ELSEWHERE = {
    0x1D455: "ℎ",
    **dict(
        zip(
            (0x1D49D, 0x1D4A0, 0x1D4A1, 0x1D4A3, 0x1D4A4, 0x1D4A7, 0x1D4A8, 0x1D4AD),
            "ℬℰℱℋℐℒℳℛ",
            strict=True,
        )
    ),
    **dict(
        zip(
            (0x1D53A, 0x1D53F, 0x1D545, 0x1D547, 0x1D548, 0x1D549, 0x1D551),
            "ℂℍℕℙℚℝℤ",
            strict=True,
        )
    ),
}


def alphabet(first: int, count: int) -> str:
    """A run of mathematical letters, with the ones that Unicode has elsewhere."""
    # U+1D4A3 and so on are unassigned: the letter has an older code point.
    return "".join(_ELSEWHERE.get(code, chr(code)) for code in range(first, first + count))


LETTER_ITALIC = alphabet(0x1D434, 52)
LETTER_BOLD = alphabet(0x1D400, 52)
LETTER_SCRIPT = alphabet(0x1D49C, 26)
LETTER_DOUBLE = alphabet(0x1D538, 26)
GREEK = "".join(c for c in span("Α", "Ω") if c.isprintable()) + span("α", "ω") + "ϑϕϵϱϖ"
GREEK_ITALIC = alphabet(0x1D6FC, 32)
GREEK_BOLD = "𝚪𝚫𝚯𝚲𝚵𝚷𝚺𝚽𝚿𝛀" + alphabet(0x1D6C2, 32)
GREEK_BOLD_ITALIC = alphabet(0x1D736, 32)
DIGITS = alphabet(0x1D7CE, 10) + "𝟙"
OPERATORS = (
    "−×·⋅÷±∓∘∗⋆∙•⊕⊗⊙⊖⊘∧∨¬∩∪∖△"
    "=≠≈≡∼≃≅∝≔≜≐<>≤≥≪≫≲≳⩽⩾≺≻∈∉∋⊂⊆⊃⊇⊥⊤⊺∣∤∥⊨⊢"
    "∑∏∐∫∬∮⋂⋃∂∇√∞∅∀∃ℓℏℜℑℵ∠°′″‴†‡"
    "→←↔⇒⇐⇔↦↑↓↗↘⟶⟵⟷⟹⟸⟺⇌⇀↪"
    "()[]{}|‖⟨⟩⌈⌉⌊⌋/\\"
    "…⋯⋮⋱,;:!?"
    "^~¯ˉ´`˙¨ˆ˜ˇ˘‾⏞⏟_"
    "ıȷ𝚤𝚥□■◻∎✓"
)
SPACES = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2009\u200a\u200b\u2061\u2062\u2063\u2064"
COMBINING = "\u0302\u0303\u0305"  # the ones that stretch over several letters
MATH = "".join(
    sorted(
        {
            *ASCII,
            *"–’“”éü",
            *LETTER_ITALIC,
            *LETTER_BOLD,
            *LETTER_SCRIPT,
            *LETTER_DOUBLE,
            *GREEK,
            *GREEK_ITALIC,
            *GREEK_BOLD,
            *GREEK_BOLD_ITALIC,
            *COMBINING,
            *DIGITS,
            *OPERATORS,
            *SPACES,
        }
    )
)


# How a browser picks glyphs suits formulas better with these: the accents that sit above a letter for
# the ASCII ones, and the primes that are drawn for a superscript.
REMAPPED = {
    "^": "circumflex",
    "~": "tilde",
    "′": "minute.ssty",
    "″": "second.ssty",
    "‴": "uni2034.ssty",
}
# The width of a sign at every height, and the height from which it is put together from parts. Browsers
# reserve the width of the widest form: forms of one width leave no gap beside the small ones.
EVEN = {
    "√": (794, 2400),
    **dict.fromkeys("()[]{}⌈⌉⌊⌋", (420, 2150)),
    **dict.fromkeys("⟨⟩", (420, 2700)),
}


def even_out(font: Any) -> None:
    """Give the forms of each stretched sign one width, and drop the forms that parts can replace."""
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = font.getBestCmap()
    glyphs = font.getGlyphSet()
    variants = font["MATH"].table.MathVariants
    forms = dict(
        zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True)
    )
    for sign, (width, limit) in EVEN.items():
        form = forms[names[ord(sign)]]
        records = [r for r in form.MathGlyphVariantRecord if r.AdvanceMeasurement <= limit]
        form.MathGlyphVariantRecord = records
        form.VariantCount = len(records)
        parts = form.GlyphAssembly.PartRecords if form.GlyphAssembly else []
        for name in {r.VariantGlyph for r in records} | {part.glyph for part in parts}:
            advance, _ = font["hmtx"][name]
            if advance <= width:
                continue
            pen = TTGlyphPen(None)
            glyphs[name].draw(TransformPen(pen, (width / advance, 0, 0, 1, 0, 0)))
            glyph = font["glyf"][name] = pen.glyph()
            glyph.recalcBounds(font["glyf"])
            font["hmtx"][name] = (width, glyph.xMin)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({ord(sign): name for sign, name in REMAPPED.items()})


def subset(source: Path, name: str, characters: str, weight: Any) -> bytes:
    """The part of a font that draws `characters`, as woff2.

    Hints go: what draws small text today ignores them. Of the features kerning and tabular figures
    stay. The optical variants for scripts of a mathematical font (`ssty`) go as well: no browser asks
    for them, and they double the file.

    Args:
        source: the whole font.
        name: what the new font calls itself.
        characters: what it can draw.
        weight: of a variable font, the weight or the range of weights that stays.
    """
    from fontTools import subset as tool
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source)
    if "fvar" in font:
        font = instancer.instantiateVariableFont(font, {"wght": weight})
    if "MATH" in font:
        even_out(font)
    have = set(font.getBestCmap())
    options = tool.Options()
    options.layout_features = ["kern", "tnum"]
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.drop_tables += ["DSIG", "GDEF"] + (["GSUB", "GPOS"] if "MATH" in font else [])
    chosen = tool.Subsetter(options)
    chosen.populate(unicodes=[ord(c) for c in characters if ord(c) in have])
    chosen.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = name.replace(" ", "") if record.nameID == 6 else name
    # The time of the last change would make two runs differ.
    font.recalcTimestamp = False
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    missing = sorted(c for c in set(characters) if ord(c) not in have)
    shown = " ".join(f"{c} U+{ord(c):04X}" for c in missing)
    print(f"{name}: {len(out.getvalue()) / 1000:.1f} kB; the source lacks: {shown or '-'}")
    return out.getvalue()


def embedded() -> list[bytes]:
    """The fonts in the style sheet, upright and italic."""
    sheet = TEXT_SHEET.read_text(encoding="ascii")
    return [base64.b64decode(data) for data in re.findall(r"base64,([\w+/=]+)", sheet)]


def main() -> int:
    """Write the three fonts; 2 if a source is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("text", type=Path, help="folder of the package source-serif-4, variable")
    parser.add_argument("math", type=Path, help="STIXTwoMath-Regular.ttf")
    arguments = parser.parse_args()
    roman = arguments.text / "files" / "source-serif-4-latin-wght-normal.woff2"
    italic = arguments.text / "files" / "source-serif-4-latin-wght-italic.woff2"
    for source in (roman, italic, arguments.math):
        if not source.is_file():
            print(f"{source} is missing: see the head of this script", file=sys.stderr)
            return 2
    faces = (
        ("normal", "400 600", subset(roman, "Genai Serif", TEXT, (400, 600))),
        ("italic", "400", subset(italic, "Genai Serif", ITALIC, 400)),
    )
    text = "/* Written by scripts/fonts.py; the licence is ../fonts/OFL.txt. */\n"
    for style, weight, font in faces:
        data = base64.b64encode(font).decode()
        text += "\n" + FACE.format(style=style, weight=weight, data=data)
    TEXT_SHEET.write_text(text, encoding="ascii", newline="\n")
    MATH_FILE.write_bytes(subset(arguments.math, "Genai Math", MATH, None))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
