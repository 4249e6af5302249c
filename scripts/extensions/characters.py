"""Which characters the fonts of the site draw, and which ones a formula needs.

`scripts/fonts.py` makes the fonts from these sets. A test compares them with the built site, so that a
page never falls back to another font for one letter: a new character is added here, and the script run.
"""

from __future__ import annotations

import html
import re


def span(first: str, last: str) -> str:
    """All characters from `first` to `last`."""
    return "".join(chr(code) for code in range(ord(first), ord(last) + 1))


ASCII = span(" ", "~")
PUNCTUATION = "\u00a0–—‘’“”„…·×−°§±½"
ACCENTS = "ÄÅÉÖØÜßàáâãäåæçèéêëíîïñóôöøúüý"
TEXT = ASCII + PUNCTUATION + ACCENTS
TEXT_GREEK = span("α", "ω")  # a file of its own: pages say β-VAE in the text
ITALIC = "".join(sorted({*ASCII} - {*"#$%&*@[\\]^_`{|}~<>+="})) + "\u00a0–—‘’“”…äéèëïñöü"

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
# Small ones are drawn italic, by letters of their own, but browsers ask for the file of what is written:
# they may not be rare.
GREEK = "".join(c for c in span("Α", "Ω") if c.isprintable())
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
# Signs that no page has needed yet. None stretches: browsers take the forms of what does from the first
# font only.
SELDOM = "∓∘⋆∙•⊕⊗⊖⊘¬△≃≅≐≲≳⩽⩾≺∋⊃⊇∤⊨⊢ℏℜℑℵ∠‴†‡□■◻∎✓"
EVERYDAY = {
    *ASCII,
    *"–’“”éü°·×−…¯´¨",
    *LETTER_ITALIC,
    *LETTER_BOLD,
    *"𝒜ℬ𝒞𝒟ℰℱ𝒢ℋ𝒦ℒℳ𝒩𝒪𝒫𝒬ℛ𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵𝔼ℕℙℝℤ𝟎𝟏𝟙ℓ",
    *GREEK,
    *"𝚺",
    *GREEK_ITALIC,
    *"𝜶𝜷𝜺𝜼𝜽𝝁𝝈𝝓𝝐",
    *COMBINING,
    *OPERATORS,
    *SPACES,
} - {*SELDOM}
MATH = "".join(sorted(EVERYDAY))
# A file of its own, asked for by pages that need one of these.
RARE = "".join(
    sorted(
        {
            *LETTER_SCRIPT,
            *LETTER_DOUBLE,
            *GREEK_BOLD,
            *GREEK_BOLD_ITALIC,
            *DIGITS,
            *SELDOM,
        }
        - EVERYDAY
    )
)
# What pages with a few plain formulas need.
FEW = (
    "0123456789()[]+,./=<>−×⋅∼≥∣‖∑ adegilmnopstxHKLℒ𝒩𝔼Φ𝛽𝜃𝜆𝜙"
    "𝐻𝐼𝐾𝐿𝑁𝑂𝑃𝑇𝑉𝑋𝑌𝑍" + LETTER_ITALIC[26:] + "\u00a0\u2061\u2062"
)

TOKEN = re.compile(r"<(m[ions]|mtext|ms)\b([^>]*)>([^<]*)</\1>")
LATIN = span("A", "Z") + span("a", "z")
BECOMES_ITALIC = dict(zip(LATIN, LETTER_ITALIC, strict=True)) | dict(
    zip(span("α", "ω") + "∂ϵϑϰϕϱϖ", GREEK_ITALIC, strict=True)
)


def drawn(formula: str) -> set[str]:
    """The characters that a browser draws for MathML: a lone letter in `mi` becomes italic."""
    found: set[str] = set()
    for tag, attributes, escaped in TOKEN.findall(formula):
        text = html.unescape(escaped)
        if tag == "mi" and len(text) == 1 and 'mathvariant="normal"' not in attributes:
            text = BECOMES_ITALIC.get(text, text)
        found |= set(text)
    return found - set(" \n\t\r")


def ranges(characters: str) -> str:
    """Characters as the `unicode-range` of a style sheet."""
    runs: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in runs)
