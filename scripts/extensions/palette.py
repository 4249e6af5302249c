"""The colours and typefaces of drawings: plain in their files, variables of the style sheet in pages.

A file that is used elsewhere, in slides or a program for drawings, must show what the page shows, and few
programs know variables. A page takes a drawing in with a variable for each of these colours, so that it
follows the scheme of the page. A test compares the colours with those of the style sheet.
"""

from __future__ import annotations

import re

COLOURS = {
    "ink": "#1f1b16",
    "muted": "#5c5448",
    "grid": "#ddd4c2",
    "paper": "#fbf8f1",
    "1": "#3e65c6",
    "2": "#9a2f17",
    "3": "#4f9882",
    "4": "#4c2155",
    "5": "#b37300",
    "6": "#555b73",
}
FONT = "Helvetica, Arial, sans-serif"
MATH = "'Genai Math', 'STIX Two Math', 'Cambria Math', math, serif"

VARIABLES = {colour: f"var(--fig-{name})" for name, colour in COLOURS.items()}
FAMILIES = {FONT: "var(--fig-font)", MATH: "var(--fig-math)"}
PAINT = re.compile(r'(?<= )(fill|stroke|stop-color|color)="(#[0-9a-f]{6})"')
FAMILY = re.compile(r'(?<= )font-family="([^"]*)"')


def following(svg: str) -> str:
    """A drawing, its styles written as attributes, that follows the style sheet of the page it stands in."""
    svg = PAINT.sub(lambda m: f'{m[1]}="{VARIABLES.get(m[2], m[2])}"', svg)
    return FAMILY.sub(lambda m: f'font-family="{FAMILIES.get(m[1], m[1])}"', svg)
