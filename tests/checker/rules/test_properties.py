"""The promise of the rules on boxes has two sides, and Python-Markdown is the judge of both.

What they pass renders as its author meant; what they flag does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import markdown
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.checker import rulebook
from scripts.checker.config import from_folder
from scripts.checker.one_page import Checker

EXTENSIONS = [
    "admonition",
    "md_in_html",
    "pymdownx.details",
    "pymdownx.superfences",
    "pymdownx.tabbed",
]
OPTIONS = {"pymdownx.tabbed": {"alternate_style": True}}
CHECKER = Checker(from_folder(Path(__file__).parent), rulebook.load())
KNOWN = {"note", "tip", "warning"}


@dataclass(frozen=True)
class Box:
    """A box as an author may write it."""

    mark: str
    gap: str
    kind: str
    space: str
    title: str
    end: str
    blank: bool
    indent: str

    @property
    def name(self) -> str:
        """The title that the author meant."""
        return self.title.strip("\"'“”")

    def text(self) -> str:
        """The page."""
        title = self.space + self.title if self.title else ""
        opener = f"{self.mark}{self.gap}{self.kind}{title}{self.end}"
        between = "\n\n" if self.blank else "\n"
        return f"# Page\n\nText before.\n\n{opener}{between}{self.indent}The body of it.\n\n## Next\n\nText after.\n"


BOXES = st.builds(
    Box,
    st.sampled_from(["!!!", "!!!", "???", "???+", "!!", "!!!!", "! ! !", "!!!+", "??? +", "???-"]),
    st.sampled_from(["", " ", " ", "  ", "\u00a0"]),
    st.sampled_from(
        ["note", "note", "tip", "warning", "nte", "note:", ".note", "[note]", "wrning"]
    ),
    st.sampled_from(["", " ", " ", "  ", "\u00a0"]),
    st.sampled_from(
        ["", '"One two"', '"One two"', '"One two', 'One two"', "“One two”", "'One two'", "One two"]
    ),
    st.sampled_from(["", "", "", " ", ".", " and more", " { .wide }"]),
    st.booleans(),
    st.sampled_from(
        ["", " ", "  ", "   ", "    ", "    ", "     ", "        ", "\t", "\u00a0" * 4]
    ),
)


def as_meant(box: Box) -> bool:
    """Whether the reader gets the box with its type, its title and its body, and nothing else."""
    html = markdown.markdown(box.text(), extensions=EXTENSIONS, extension_configs=OPTIONS)
    root = ElementTree.fromstring(
        f"<root>{html.replace('&nbsp;', ' ').replace(' open=open', '')}</root>"
    )
    boxes = [
        e for e in root.iter() if e.tag == "details" or "admonition" in e.get("class", "").split()
    ]
    if len(boxes) != 1 or root.find("pre") is not None:
        return False
    classes = set(boxes[0].get("class", "").split()) - {"admonition"}
    head = boxes[0][0]
    title = (
        "".join(head.itertext())
        if head.tag == "summary" or "title" in head.get("class", "")
        else ""
    )
    wanted = box.name or box.kind.capitalize()
    body = [e for e in boxes[0] if e.tag == "p" and "The body of it." in "".join(e.itertext())]
    return classes == {box.kind} and classes <= KNOWN and title == wanted and bool(body)


def flagged(text: str) -> list[str]:
    """The rules on boxes that find something on a page."""
    problems, facts = CHECKER.check("page.md", Path("page.md"), text.encode())
    return [p.code for p in problems if p.code[0] == "A"] + ["A30" for _ in facts.get("bare", ())]


def undecidable(box: Box) -> bool:
    """Whether the line may be prose: its marks are wrong or its type is none, and nothing indented follows."""
    proper = box.mark in ("!!!", "???", "???+")
    flat = len(box.indent.expandtabs(4)) < 4 or "\u00a0" in box.indent
    glued = box.kind not in KNOWN and not box.space and box.title[:1].isalpha()
    return (not proper and (flat or glued)) or (flat and glued)


@settings(max_examples=300, deadline=None)
@given(BOXES)
def test_a_box_is_passed_if_and_only_if_it_renders_as_meant(box: Box) -> None:
    assume(not undecidable(box))
    assert bool(flagged(box.text())) != as_meant(box)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["!!! note", "???", '=== "A"', "!!!", "??? tip", "!!", "Wow!!! yes"]),
        min_size=1,
    )
)
def test_nothing_is_found_inside_code_and_comments(lines: list[str]) -> None:
    inside = "\n".join(lines)
    for text in (f"```\n{inside}\n```", f"<!--\n{inside}\n-->", f"<pre>\n{inside}\n</pre>"):
        problems, _ = CHECKER.check(
            "page.md", Path("page.md"), f"# Page\n\n{text}\n\nText.\n".encode()
        )
        assert [p for p in problems if p.code[0] in "AT"] == []
