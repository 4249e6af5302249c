"""Make the fonts of the site from their sources: `python -m scripts.fonts TEXT MATH`.

TEXT is the folder of the unpacked npm package `@fontsource-variable/source-serif-4`, MATH the file
`STIXTwoMath-Regular.ttf` as the PyPI package `ziamath` holds it. Both fonts are under the SIL Open Font
License; its text stands beside the fonts. A changed font may not keep a reserved name: ours are called
Genai Serif and Genai Math. Needs fonttools and brotli.

Formulas have a font for what pages say every day, a second file for rare letters and signs, and a third
of the first for pages with a few plain formulas.
What each font can draw stands in `scripts/extensions/characters.py`; to cover a new character, add it
there and run the script again.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Any

from scripts.extensions.characters import FEW, ITALIC, MATH, RARE, TEXT, TEXT_GREEK

FONTS = Path(__file__).resolve().parents[1] / "docs" / "assets" / "fonts"

# How a browser picks glyphs suits formulas better with these: the accents that sit above a letter for
# the ASCII ones, and the primes that are drawn for a superscript.
REMAPPED = {
    "^": "circumflex",
    "~": "tilde",
    "′": "minute.ssty",
    "″": "second.ssty",
    "‴": "uni2034.ssty",
}
# The width of a sign at every height. Browsers reserve the width of the widest form: forms of one width
# leave no gap beside the small ones.
EVEN = {"√": 794, **dict.fromkeys("()[]{}⌈⌉⌊⌋⟨⟩", 420)}
# Bars have one form and are put together from parts, which show where they overlap: they get taller forms.
BARS = "|‖"
HEIGHTS = (1187, 1427, 1667, 1907, 2146, 2626, 3102, 3822)


def stretched(font: Any, name: str, across: float, up: float = 1, shift: float = 0) -> Any:
    """The outline of a glyph, made narrower or taller."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs = font.getGlyphSet()
    strokes = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(strokes)
    pen = TTGlyphPen(None)
    strokes.replay(TransformPen(pen, (across, 0, 0, up, 0, shift)))
    glyph = pen.glyph()
    glyph.recalcBounds(font["glyf"])
    return glyph


def even_out(font: Any) -> None:
    """Give the forms of each stretched sign one width, bars taller forms, and some signs better ones."""
    from fontTools.ttLib.tables import otTables

    names = font.getBestCmap()
    table = font["MATH"].table
    variants = table.MathVariants
    forms = dict(
        zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True)
    )
    for sign, width in EVEN.items():
        form = forms[names[ord(sign)]]
        parts = form.GlyphAssembly.PartRecords if form.GlyphAssembly else []
        for name in {r.VariantGlyph for r in form.MathGlyphVariantRecord} | {
            p.glyph for p in parts
        }:
            advance, _ = font["hmtx"][name]
            if advance > width:
                glyph = font["glyf"][name] = stretched(font, name, width / advance)
                font["hmtx"][name] = (width, glyph.xMin)
    axis = table.MathConstants.AxisHeight.Value
    for sign in BARS:
        base = names[ord(sign)]
        plain = font["glyf"][base]
        for height in HEIGHTS:
            up = height / (plain.yMax - plain.yMin)
            shift = axis - up * (plain.yMax + plain.yMin) / 2
            name = f"{base}.{height}"
            glyph = font["glyf"][name] = stretched(font, base, 1, up, shift)
            font["hmtx"][name] = (font["hmtx"][base][0], glyph.xMin)
            record = otTables.MathGlyphVariantRecord()
            record.VariantGlyph, record.AdvanceMeasurement = name, height
            forms[base].MathGlyphVariantRecord.append(record)
        forms[base].VariantCount = len(forms[base].MathGlyphVariantRecord)
    font.getReverseGlyphMap(rebuild=True)
    for characters in font["cmap"].tables:
        if characters.isUnicode():
            characters.cmap.update({ord(sign): name for sign, name in REMAPPED.items()})


def subset(source: Path, name: str, characters: str, weight: Any = None) -> bytes:
    """The part of a font that draws `characters`, as woff2.

    Args:
        source: the whole font.
        name: what the new font calls itself.
        characters: what it can draw.
        weight: of a variable font, the weight or the range of weights that stays.
    """
    font, missing = reduced(source, characters, weight)
    if "fvar" in font:  # kerning is the same for all weights: a quarter of the file less
        font["GPOS"] = reduced(source, characters, weight[0])[0]["GPOS"]
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = name.replace(" ", "") if record.nameID == 6 else name
    # The time of the last change would make two runs differ.
    font.recalcTimestamp = False
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    shown = " ".join(f"{c} U+{ord(c):04X}" for c in missing)
    print(f"{name}: {len(out.getvalue()) / 1000:.1f} kB; the source lacks: {shown or '-'}")
    return out.getvalue()


def reduced(source: Path, characters: str, weight: Any) -> tuple[Any, list[str]]:
    """A font without what the site does not use, and the characters that its source lacks.

    Hints go: what draws small text today ignores them. Of the features kerning and tabular figures
    stay. The optical variants for scripts of a mathematical font (`ssty`) go as well: no browser asks
    for them, and they double the file.
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
    return font, sorted(c for c in set(characters) if ord(c) not in have)


def main() -> int:
    """Write the fonts; 2 if a source is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("text", type=Path, help="folder of the package source-serif-4, variable")
    parser.add_argument("math", type=Path, help="STIXTwoMath-Regular.ttf")
    arguments = parser.parse_args()
    roman = arguments.text / "files" / "source-serif-4-latin-wght-normal.woff2"
    italic = arguments.text / "files" / "source-serif-4-latin-wght-italic.woff2"
    greek = arguments.text / "files" / "source-serif-4-greek-wght-normal.woff2"
    for source in (roman, italic, greek, arguments.math):
        if not source.is_file():
            print(f"{source} is missing: see the head of this script", file=sys.stderr)
            return 2
    made = {
        "serif": subset(roman, "Genai Serif", TEXT, (400, 600)),
        "serif-italic": subset(italic, "Genai Serif", ITALIC, 400),
        "serif-greek": subset(greek, "Genai Serif", TEXT_GREEK, (400, 600)),
        "math": subset(arguments.math, "Genai Math", MATH),
        "math-rare": subset(arguments.math, "Genai Math", RARE),
        "math-few": subset(arguments.math, "Genai Math Few", FEW),
    }
    for name, font in made.items():
        (FONTS / f"{name}.woff2").write_bytes(font)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
