"""Each defect of the inventory that a file shows is found at its line: a snippet of the same form for every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checker.engine import check
from scripts.checker.request import Request

CONFIG = """\
site_name: Rows
theme: material
markdown_extensions:
  - admonition
  - attr_list
  - footnotes
  - md_in_html
  - pymdownx.details
  - pymdownx.superfences
"""
HEAD = "# Title\n\nA sentence to start with.\n\n"  # what follows starts at line 5
ADDRESS = "https://example.org/a"
SHOT = "https://github.com/someone/notes/assets/123/0a1b2c3d"
LONG = "A name of the work and then a whole sentence that says what it found and how it was done by whom"
COPY = (
    "A language model is a kind of model that was trained to say which of all words comes next when it has"
    " seen the words that came before it."
)
PROSE = "A sentence that tells something about models and names nobody at all. " * 10
FOUR_HUNDRED = "\n\n".join([PROSE.strip()] * 5)

# The row, the rule, the page below its head, the line.
ROWS: list[tuple[str, str, str, int]] = [
    ("D-001", "A02", f'!!! note "[A model]({ADDRESS})\n    Its body.', 5),
    ("D-002", "H03", '<div class="wide" markdown>\n\nText.\n\n</div>spam>', 9),
    ("D-003", "H01", '<div class="wide" markdown>\n\nText.\n\n- An item', 5),
    ("D-004", "S07", "- [Home](index.md) of all\n-\n- Another one", 6),
    ("D-005", "S07", "### Kinds\n- \nOne\nTwo", 6),
    ("D-006", "S07", "- \nOne\nTwo\n\nText.", 5),
    ("D-007", "S17", "[One](index.md)\n[Two](index.md)", 5),
    ("D-008", "S17", "Text.\n\n[One](index.md)\n[Two](index.md)\n\nText.", 7),
    ("D-009", "L11", f"- [A paper]({ADDRESS}]", 5),
    ("D-010", "A25", f'!!! tip "[A talk]({ADDRESS})"\n\n## Next\n\nText.', 5),
    ("D-011", "P16", "### Talks\n<div class='wide' markdown>\n\nText.\n\n</div>", 6),
    ("D-012", "P16", "### One\n### Two\n- An item", 6),
    ("D-013", "P16", "<div class='wide' markdown>\n\nText.\n\n</div>\n## Next\n\nText.", 10),
    ("D-014", "P16", "<div markdown>\n\nA.\n\n</div>\n<div markdown>\n\nB.\n\n</div>", 10),
    ("D-015", "P17", '<div class="result" markdown>\n\nText.\n\n</div>', 5),
    ("D-016", "P14", '- They say "this runs over\ntwo lines" of an item.', 6),
    ("D-017", "P13", "Text.\n\n  * One\n  * Two", 7),
    ("D-018", "I05", f'<img width="282" alt="A curve that falls" src="{SHOT}">', 5),
    ("D-019", "P18", f"![A curve that falls]({SHOT})", 5),
    ("D-020", "A27", f'??? tip "[A paper]({ADDRESS})"\n    Text.', 5),
    ("D-021", "A28", f'??? tip "[A paper]({ADDRESS}) {LONG}"\n    Text.', 5),
    ("D-022", "P10", "## What they are:\n\nText.", 5),
    ("D-023", "P11", "Text that ends in a blank. \nMore.", 5),
    ("D-024", "P12", "- One\n\nText.\n\n* Two", 9),
    ("D-025", "P19", "|Kind|Way|\n|---|---|\n|One|two|", 5),
    ("D-026", "P20", "It takes `O(N^2)` memory.", 5),
    ("D-027", "P21", "- \u203c\ufe0f [A paper](index.md) of weight.", 5),
    ("D-028", "P22", "* One\n* ...", 6),
    ("D-029", "P15", "- One\n- Two\n\n\n- Three", 8),
    ("D-032", "S04", "## A mixture\n\n## Another\n\nText.", 5),
    ("D-033", "S04", "### References\n### Another\n\nText.", 5),
    ("D-034", "P24", "## Resources\n\n### Talks\n\nText.", 5),
    ("D-035", "S14", "## TO SORT\n\nText.", 5),
    ("D-036", "P09", "Other methods.", 5),
    ("D-037", "P25", "### References\n\n- A.\n\n### Another way.\n\nText.", 9),
    ("D-038", "P26", "### Hybrid learning methods\n\nText.\n\n#### Language models\n\nText.", 9),
    ("D-039", "P26", "## Foundation models\n\nText.\n\n### Self-supervised learning\n\nText.", 9),
    (
        "D-040",
        "P27",
        "## GPT models\n\nThere are several ways to learn and each needs other data.",
        5,
    ),
    ("D-043", "L20", f"- [A]({ADDRESS})\n- [B]({ADDRESS}b)\n- [A]({ADDRESS})", 7),
    ("D-045", "X04", f"- [A title]({ADDRESS})", 5),
    (
        "D-046",
        "P08",
        "These models are of two general categories: this, and that, and a mixture.",
        5,
    ),
    ("D-047", "X06", FOUR_HUNDRED, 3),
    ("D-048", "P09", "The history will be shared in future versions.", 5),
    ("D-049", "P04", "The most observably promising ones are large.", 5),
    ("D-051", "P03", "It was written in Tensorflow.", 5),
    ("D-052", "P28", "A framework for DL.", 5),
    ("D-054", "L16", "There is [supervised learning]().", 5),
    ("D-055", "L16", "There is [supervised learning](), [and more]().", 5),
    ("D-056", "L16", "There is [one](), [two](), [three]().", 5),
    ("D-057", "L16", "There is [one](), [two](), [three](), [four]().", 5),
    ("D-058", "L16", "There is [learning (RL)]().", 5),
    ("D-059", "P29", "Then [feedback](gone.md#RLHF) comes.", 5),
    ("D-059, its page at hand", "L03", "See [RLHF](#RLHF).\n\n## RLHF\n\nText.", 5),
    ("D-060", "L01", "Read [on](gone/a.md), and [there](gone/a.md).", 5),
    ("D-061", "L01", "See [all](../../Other/a.md).", 5),
    ("D-062", "L01", "See [old](./classes/a.md).", 5),
    ("D-064", "X02", "[A talk](https://build.microsoft.com/en-US/sessions/1).", 5),
    ("D-065", "X02", "- [A](https://www.youtube.com/@DavidShapiroAutomator)", 5),
    ("D-066", "X02", "- [B](https://www.youtube.com/@ai-explained-)", 5),
    ("D-067", "X02", "[These](https://en.wikipedia.org/wiki/Foundation_models).", 5),
    ("D-068", "X01", "[This](https://arxiv.org/pdf/2303.18223.pdf).", 5),
    ("D-069", "L18", "Read more [here](index.md).", 5),
    (
        "D-070",
        "X03",
        "[LLM Engineering by Huyen Chip](https://huyenchip.com/2023/04/11/llm-engineering.html)",
        5,
    ),
    (
        "D-071",
        "X03",
        "[Large Language Models Explained](https://www.understandingai.org/p/large-language-models-explained-with)",
        5,
    ),
    ("D-072", "X03", "[To Compress or Not to Compress](https://arxiv.org/pdf/2304.09355.pdf)", 5),
    (
        "D-073",
        "X03",
        "[A cookbook of self-supervised Learning](https://arxiv.org/pdf/2304.12210.pdf)",
        5,
    ),
    ("D-074", "X02", "- [LLM Survey](https://github.com/RUCAIBox/LLMSurvey)", 5),
    ("D-075", "I03", f'<img alt="A curve that falls" src="{SHOT}">', 5),
    ("D-076", "I03", f"![A curve that falls]({SHOT})", 5),
    ("D-077", "X02", "- [A channel](https://www.youtube.com/@someone)", 5),
]

# Rows that a page shows as a whole: the row, the rule, the page, the line.
WHOLE: list[tuple[str, str, str, int]] = [
    ("D-030", "S02", "A sentence.\n\n## Part\n\nText.\n", 1),
    ("D-031", "P23", "# Title\n\nText.\n", 1),
    ("D-041", "S03", "Text.\n\n### Part\n\nText.\n", 3),
    ("D-050", "P23", "# Title\n\nText without what is needed before, or what comes next.\n", 1),
]


def found(folder: Path, pages: dict[str, str]) -> list[tuple[str, int, str, str]]:
    """What is reported in a project of these pages: page, line, rule, message."""
    docs = folder / "docs"
    docs.mkdir()
    (folder / "mkdocs.yml").write_text(CONFIG, encoding="utf-8")
    for name, text in {"index.md": "# Home\n\nText.\n", **pages}.items():
        (docs / name).write_text(text, encoding="utf-8")
    outcome = check(Request([folder], style=True, jobs=1, cache=Path("none")))
    return [(Path(p.path).name, p.line, p.code, p.text) for p in outcome.problems]


def page(body: str) -> str:
    """A page with this body."""
    return HEAD + body + "\n"


@pytest.mark.parametrize(("row", "code", "body", "line"), ROWS, ids=[row[0] for row in ROWS])
def test_a_defect_of_the_inventory_is_found_at_its_line(
    row: str, code: str, body: str, line: int, tmp_path: Path
) -> None:
    problems = found(tmp_path, {"page.md": page(body)})
    assert ("page.md", line, code) in [problem[:3] for problem in problems], problems


@pytest.mark.parametrize(("row", "code", "text", "line"), WHOLE, ids=[row[0] for row in WHOLE])
def test_a_defect_of_a_whole_page_is_found_at_its_line(
    row: str, code: str, text: str, line: int, tmp_path: Path
) -> None:
    problems = found(tmp_path, {"page.md": text})
    assert ("page.md", line, code) in [problem[:3] for problem in problems], problems


def test_d_042_a_paragraph_on_two_pages_is_found_on_the_second(tmp_path: Path) -> None:
    problems = found(tmp_path, {"a.md": page(COPY), "b.md": page(f"- \u203c\ufe0f {COPY}")})
    assert [problem[:3] for problem in problems if problem[2] == "P05"] == [("b.md", 5, "P05")]


def test_d_044_a_reference_on_two_pages_is_found_on_the_second(tmp_path: Path) -> None:
    link = "The [idea](https://en.wikipedia.org/wiki/Idea) is old."
    problems = found(tmp_path, {"a.md": page(link), "b.md": page(link)})
    assert [problem[:3] for problem in problems if problem[2] == "X05"] == [("b.md", 5, "X05")]


def test_each_empty_link_and_each_dead_link_of_a_line_has_its_column(tmp_path: Path) -> None:
    body = "There is [one](), [two](), and [three](gone.md), [four](gone.md)."
    assert [problem[2] for problem in found(tmp_path, {"page.md": page(body)})].count("L16") == 2
    docs = tmp_path / "docs" / "page.md"
    outcome = check(Request([docs], select=("L01",), jobs=1, cache=Path("none")))
    assert len({problem.column for problem in outcome.problems}) == 2


def test_a_page_without_a_title_says_where_its_headings_start(tmp_path: Path) -> None:
    problems = found(tmp_path, {"page.md": "Text.\n\n## Part\n\nText.\n"})
    message = next(problem[3] for problem in problems if problem[2] == "S02")
    assert "its headings start at level 2 in line 3" in message


def test_the_alternative_text_that_says_nothing_is_found(tmp_path: Path) -> None:
    problems = found(tmp_path, {"page.md": page(f"![image]({SHOT})")})
    assert ("page.md", 5, "I02") in [problem[:3] for problem in problems]
