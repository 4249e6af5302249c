"""Style sheet and scripts of the site as they are published: without comments and indentation.

Every page asks for them, and a third of their bytes speaks to who maintains them. Nothing else changes: a
line stays a line in scripts, so that what a browser reports can be found. Demos are published as they
are written, to be read.
"""

from __future__ import annotations

import re
from pathlib import Path

BLOCK = re.compile(
    r"^[ \t]*/\*(?:[^*]|\*(?!/))*\*/[ \t]*\n", re.MULTILINE
)  # it ends at its own end
TYPE = re.compile(r"/\*\* @type [^*]*\*/ ?")
LINE = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
INDENT = re.compile(r"(?<=[{};,:])\s*\n\s*")


def style(text: str) -> str:
    """A style sheet without comments, and without line ends where none is needed."""
    bare = INDENT.sub("", re.sub(r"[ \t]*/\*.*?\*/\s*", "\n", text, flags=re.DOTALL).lstrip())
    return re.sub(r"\s*\n\s*", " ", bare).replace(" {", "{")


def script(text: str) -> str:
    """A module without the comments that fill lines, and without types."""
    return TYPE.sub("", LINE.sub("", BLOCK.sub("", text)))


def publish(site: Path) -> None:
    """Write the files of a built site anew, in their places."""
    for path in (site / "assets").glob("stylesheets/*.css"):
        path.write_text(style(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    for path in (site / "assets").glob("*.mjs"):
        path.write_text(script(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
