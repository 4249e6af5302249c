"""What a printer would see to: quotes, lines, edges, marks and signs, as Chromium draws them."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from tests.site.kit import NewPage, samples, settle, shown

CODE = re.compile(r"<(pre|code|kbd|svg|script|math)\b.*?</\1>", re.DOTALL)

EDGES = """() => {
  const found = {};
  const blocks = "main article > *, main article > :is(details, .admonition) > p";
  for (const node of document.querySelectorAll(blocks)) {
    const right = Math.round(node.getBoundingClientRect().right);
    if (right) (found[right] ??= new Set()).add(`${node.tagName}.${node.className}`);
  }
  return Object.fromEntries(Object.entries(found).map(([right, names]) => [right, [...names]]));
}"""

LOOSE = """() => {
  const found = [];
  const box = (node) => node.getBoundingClientRect();
  const before = document.createRange();
  for (const mark of document.querySelectorAll("main :is(td, p, li) sup[id^=fnref]")) {
    before.setStart(mark.parentElement, 0);
    before.setEndBefore(mark);
    if (!before.toString().trim()) continue;
    const line = [...before.getClientRects()].filter(r => r.width).at(-1);
    if (line && box(mark).left < line.right - 30)
      found.push(`the mark after '${before.toString().slice(-20)}' begins a line`);
  }
  for (const held of document.querySelectorAll(".held")) {
    const ends = [...held.getClientRects()].map(r => r.bottom);
    if (Math.max(...ends) - Math.min(...ends) > 20) found.push(`a line breaks in '${held.textContent}'`);
  }
  for (const sign of document.querySelectorAll("math mo")) {
    const tall = box(sign).height / parseFloat(getComputedStyle(sign).fontSize);
    if (/^[()\\[\\]{}|‖⟨⟩]$/.test(sign.textContent) && tall > 3.82)
      found.push(`'${sign.textContent}' is ${tall.toFixed(1)} em tall and put together from parts`);
  }
  return [...new Set(found)];
}"""


def test_no_quote_outside_code_is_straight(site: Path) -> None:
    found = []
    for path in sorted(site.rglob("index.html")):
        main = re.search(r"<main\b.*</main>", path.read_text(encoding="utf-8"), re.DOTALL)
        text = html.unescape(re.sub(r"<[^>]*>", "", CODE.sub("", main[0]))) if main else ""
        found += [
            f"{path.parent.name}: {part}" for part in re.findall(r".{0,20}[\"'].{0,20}", text)
        ]
    assert not found, "\n".join(found)


def test_marks_stand_behind_the_stop(site: Path) -> None:
    found = []
    for path in sorted(site.rglob("index.html")):
        text = path.read_text(encoding="utf-8")
        found += re.findall(r'.{30}<sup id="fnref[^>]*>(?:(?!</sup>).)*</sup>[.,;:](?=[\s<])', text)
    assert not found, "\n".join(found)


@pytest.mark.browser
@pytest.mark.parametrize("path", samples(), ids=shown)
def test_a_page_has_two_right_edges(path: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(path)
    settle(page)
    edges: dict[str, Any] = page.evaluate(EDGES)
    assert len(edges) <= 2, edges


OFF_CENTRE = """() => {
  const found = [];
  const text = document.createRange();
  for (const node of document.querySelectorAll(".button, .demo-button, .md-button")) {
    text.selectNodeContents(node);
    const [box, inner] = [node.getBoundingClientRect(), text.getBoundingClientRect()];
    const off = (inner.top + inner.bottom - box.top - box.bottom) / 2;
    if (box.height && Math.abs(off) > 2)
      found.push(`'${node.textContent}' is ${off.toFixed(0)} px off the middle of its button`);
  }
  return [document.querySelectorAll(".button").length, found];
}"""


@pytest.mark.parametrize("path", ["", "models/vae/"])
@pytest.mark.parametrize("width", [390, 1440])
def test_what_a_button_says_stands_in_its_middle(path: str, width: int, new_page: NewPage) -> None:
    page = new_page(width=width)
    page.goto(path)
    count, found = page.evaluate(OFF_CENTRE)
    assert count
    assert not found, "\n".join(found)
