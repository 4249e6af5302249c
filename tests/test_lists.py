"""Lists of pages that are kept by hand: each entry is a page, so that none is forgotten when a page moves.

The check looks after the navigation, redirects, links and what pages need (N01 to N05, L01); the test of the
entrance after the anchors of its map.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from scripts.checker.config import find

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGE = re.compile(r"[\"']([a-z0-9][\w-]*/[\w/-]*\.md)(?:#[\w-]+)?[\"']")
# Constants that name a page; what a docstring or a message shows as an example is not one.
CONSTANT = re.compile(r"^[A-Z]\w* = .*$|^ {4}[\"'][\w/-]+\.md[\"'],$", re.MULTILINE)


def named() -> list[tuple[str, str]]:
    """Every page that a template or a script names, with the file that does."""
    found = []
    for path in sorted((ROOT / "overrides").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        found += [(path.relative_to(ROOT).as_posix(), page) for page in PAGE.findall(text)]
    for folder in ("extensions", "house", "serving", "checker"):
        for path in sorted((ROOT / "scripts" / folder).rglob("*.py")):
            lines = "\n".join(CONSTANT.findall(path.read_text(encoding="utf-8")))
            found += [(path.relative_to(ROOT).as_posix(), page) for page in PAGE.findall(lines)]
    return found


def test_there_are_such_lists() -> None:
    assert len({file for file, _ in named()}) > 3


@pytest.mark.parametrize(("file", "page"), sorted(set(named())))
def test_a_page_that_is_named_is_there(file: str, page: str) -> None:
    assert (DOCS / page).is_file(), f"{file} names {page}, which is not there"


def test_the_foot_of_every_page_leads_to_pages() -> None:
    links = find(ROOT).extra["footer"]
    assert links
    for link in links:
        url = link["url"].rstrip("/")
        assert (DOCS / f"{url}.md").is_file() or (DOCS / url / "index.md").is_file(), url


LINK = re.compile(
    r"^\[(?P<text>[^\]]+)\]\([\w-]+/demo\.mjs\)\{ \.demo still=(?P<still>\S+) \}$", re.M
)
CARD = re.compile(
    r"^- \[!\[[^\]]+\]\((?P<still>[^)]+)\)\{ \.figure-late \}\]\((?P<place>[^)]+)\)\n\n"
    r"    \*\*\[(?P<text>[^\]]+)\]\((?P=place)\)\*\*\n",
    re.M,
)


def demos() -> set[tuple[str, str, str]]:
    """The demos that pages hold: page, text of the link, still."""
    found = set()
    for module in DOCS.glob("*/*/demo.mjs"):
        page = module.parent.with_suffix(".md")
        link = LINK.search(page.read_text(encoding="utf-8"))
        assert link, (
            f"{page.name} has no link `[…]({module.parent.name}/demo.mjs){{ .demo still=… }}`"
        )
        place = page.relative_to(DOCS).as_posix()
        found.add((place, link["text"], f"{page.parent.name}/{link['still']}"))
    return found


def cards(path: str, up: str) -> list[tuple[str, str, str]]:
    """The demos that a page lists: page, text of the link, still."""
    text = (DOCS / path).read_text(encoding="utf-8")
    return [
        (
            card["place"].removeprefix(up).removesuffix("#demo"),
            card["text"],
            card["still"].removeprefix(up),
        )
        for card in CARD.finditer(text)
    ]


def test_the_page_of_demos_lists_every_demo_once_with_its_words_and_its_still() -> None:
    listed = cards("demos/index.md", "../")
    assert sorted(listed) == sorted(demos())
    text = (DOCS / "demos/index.md").read_text(encoding="utf-8")
    assert text.count("    **Try:** ") == len(listed)


def test_what_to_press_has_its_name_in_the_demo() -> None:
    text = (DOCS / "demos/index.md").read_text(encoding="utf-8")
    for card in text.split("\n- [")[1:]:
        folder = DOCS / card.split("](../")[2].split(".md#demo")[0]
        source = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.mjs"))
        for name in re.findall(r'"([^"]+)"', card.split("**Try:**")[1]):
            assert f'"{name}' in source, f"no button of {folder.name} is called {name}"


def test_the_entrance_shows_three_demos() -> None:
    shown = cards("index.md", "")
    assert len(shown) == len(set(shown)) == 3
    assert set(shown) <= demos()


@pytest.mark.parametrize("still", sorted({still for _, _, still in demos()}))
def test_a_still_is_a_figure_of_its_page(still: str) -> None:
    folder, _, name = still.rpartition("/")
    text = (DOCS / f"{folder}.md").read_text(encoding="utf-8")
    assert f"]({folder.rpartition('/')[2]}/{name})" in text


def test_every_folder_of_pages_says_its_order() -> None:
    for folder in sorted({path.parent for path in DOCS.rglob("*.md")}):
        order = yaml.safe_load((folder / ".pages").read_text(encoding="utf-8"))["nav"]
        wanted = {
            str(next(iter(item.values())) if isinstance(item, dict) else item) for item in order
        }
        assert {page.name for page in folder.glob("*.md")} <= wanted, folder


def test_the_indexes_of_deep_sections_show_each_of_their_pages_once_and_in_order() -> None:
    card = re.compile(
        r"^- \[!\[[^\]]+\]\((?P<stem>[\w-]+)/[\w-]+\.svg\)\{ \.figure-late \}\]\((?P=stem)\.md\)\n\n"
        r"    \*\*\d+\. \[[^\]]+\]\((?P=stem)\.md\)\*\*\n",
        re.M,
    )
    for section in ("architectures", "models", "training", "inference"):
        text = (DOCS / section / "index.md").read_text(encoding="utf-8")
        shown = [one["stem"] for one in card.finditer(text)]
        pages = {path.stem for path in (DOCS / section).glob("*.md")} - {"index"}
        assert sorted(shown) == sorted(pages), section
        listed = yaml.safe_load((DOCS / section / ".pages").read_text(encoding="utf-8"))["nav"]
        assert [f"{stem}.md" for stem in shown] == listed[1:-1], "the order of the contents"
        numbers = re.findall(r"^    \*\*(\d+)\. \[", text, re.M)
        assert numbers == [str(n) for n in range(1, len(shown) + 1)], section
