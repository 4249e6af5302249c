"""The entrance promises nothing that the pages behind it do not keep."""

import re
from pathlib import Path

import pytest
from pymdownx.slugs import slugify

from scripts.checker import source

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
HOME = (DOCS / "index.md").read_text(encoding="utf-8")
MAP = (ROOT / "overrides" / "partials" / "map.html").read_text(encoding="utf-8")
TARGETS = re.findall(r'"([^"]+)", (?:"[^"]+", )?"([\w/-]+\.md)(#[\w-]+)?"', MAP)


def anchors(page: str) -> set[str]:
    """The anchors of a page: written ones, and those made from its headings."""
    text = (DOCS / page).read_text(encoding="utf-8")
    slug = slugify(case="lower")
    made = {slug(title.strip(), "-") for title in re.findall(r"^#+ ([^{\n]+)$", text, flags=re.M)}
    return made | set(re.findall(r"\{#([\w-]+)", text))


def way(title: str) -> tuple[str, list[str]]:
    """What stands under one of the ways in: its text and the pages that it leads to."""
    part = HOME.split(f"- **{title}**")[1].split("- **")[0].split("</div>")[0]
    return part, re.findall(r"\]\(([\w/-]+\.md)\)", part)


def written(number: int) -> str:
    """A number at the beginning of a sentence: a word up to twelve, then digits."""
    words = "No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve".split()
    return words[number] if number < len(words) else str(number)


def test_the_map_has_its_steps_and_names() -> None:
    assert len(TARGETS) > 40
    assert len(re.findall(r"^    \[", MAP, flags=re.M)) + 8 == len(TARGETS)


@pytest.mark.parametrize(("name", "page", "anchor"), TARGETS)
def test_each_name_on_the_map_leads_somewhere(name: str, page: str, anchor: str) -> None:
    assert (DOCS / page).is_file(), f"{name} leads to {page}, which is not there"
    assert not anchor or anchor[1:] in anchors(page), f"{name}: {page} has no {anchor}"


def test_each_deep_page_stands_on_the_map() -> None:
    named = {page for _, page, anchor in TARGETS if not anchor}
    for path in DOCS.rglob("*.md"):
        front = source.FRONT.match(path.read_text(encoding="utf-8"))
        if front and re.search(r"^kind: (?:part|model|method|paradigm)$", front[1], re.MULTILINE):
            assert path.relative_to(DOCS).as_posix() in named
    assert len({name for name, *_ in TARGETS}) == len(TARGETS), "two names are the same"


def test_the_pages_for_the_new_have_few_displayed_formulas() -> None:
    _, pages = way("You are new to the subject")
    assert len(pages) >= 4
    for page in pages:
        text = (DOCS / page).read_text(encoding="utf-8")
        assert text.count("\n$$") // 2 <= 3, f"{page} is no page for a start"


def test_the_pages_for_programmers_have_code_and_a_demo() -> None:
    text, pages = way("You want to run code")
    with_demo = {
        path.parent for path in DOCS.rglob("*.mjs") if path.parent.with_suffix(".md").is_file()
    }
    assert f"{written(len(with_demo))} pages come with" in text
    for folder in with_demo:
        assert (folder / f"{folder.name.replace('-', '_')}.py").is_file(), folder
    named = {(DOCS / page).with_suffix("") for page in pages} - {DOCS / "demos" / "index"}
    assert len(named) >= 8
    assert named <= with_demo
