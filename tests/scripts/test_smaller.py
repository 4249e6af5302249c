"""What is published without comments does what the source does."""

import re
from pathlib import Path

import pytest

from scripts import smaller
from tests.site.kit import DOCS, NewPage

MODULES = sorted((DOCS / "assets").glob("*.mjs"))
RULES = r"""text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map(rule => rule.cssText.replace(/\s+/g, " ").replace(/([,:]) /g, "$1"));
}"""


def test_comments_and_indentation_go_and_nothing_else() -> None:
    css = '/* a */\n.a :is(b,\n  c) {\n  content: "x" / "";\n  margin: 1px /* b */\n    2px;\n}\n'
    assert smaller.style(css) == '.a :is(b,c){content: "x" / "";margin: 1px 2px;}'
    module = '/** a\n * b\n */\nconst a = /** @type {b} */ (c); // d\n  // e\nconst f = "//g";\n'
    assert smaller.script(module) == 'const a = (c); // d\nconst f = "//g";\n'


def test_a_cast_that_begins_a_line_takes_nothing_with_it() -> None:
    text = "/** @type {X} */ (y).z();\nlet a = 1;\n/** @param {X} b what */\nlet c = 2;\n"
    assert smaller.script(text) == "(y).z();\nlet a = 1;\nlet c = 2;\n"


@pytest.mark.browser
def test_the_published_style_sheet_has_the_rules_of_its_source(
    site: Path, new_page: NewPage
) -> None:
    page = new_page()
    page.goto("")
    name = "assets/stylesheets/site.css"
    published = (site / name).read_text(encoding="utf-8")
    source = (DOCS / name).read_text(encoding="utf-8")
    assert len(published) < 0.95 * len(source)
    rules = page.evaluate(RULES, published)
    assert len(rules) > 200
    assert rules == page.evaluate(RULES, source)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_comment_that_goes_stands_in_a_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for pattern in (smaller.BLOCK, smaller.LINE):
        for found in pattern.finditer(text):
            before = re.sub(smaller.LINE, "", text[: found.start()])
            assert before.count("`") % 2 == 0, f"{path.name}: {found[0]!r} stands in a template"
