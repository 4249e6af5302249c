"""Raw HTML and attribute lists can put nothing into a page that acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extensions.project import make, render

HARM = {
    "script": ("<script>alert(1)</script>", "W01"),
    "script in text": ("A <script>alert(1)</script> word.", "W01"),
    "script in capitals": ("A <ScRiPt>alert(1)</ScRiPt> word.", "W01"),
    "behind a comment that has ended": ("<!--><script>alert(1)</script>-->", "W01"),
    "form": ("<form action='https://example.org'><input name=a></form>", "W01"),
    "meta": ('<meta http-equiv="refresh" content="0; url=https://example.org">', "W01"),
    "base": ('A <base href="https://example.org"> word.', "W01"),
    "frame": ('<iframe srcdoc="x"></iframe>', "W01"),
    "object": ('<object data="x.swf"></object>', "W01"),
    "link": ('<link rel="stylesheet" href="https://example.org">', "W01"),
    "style": ("<style>main { display: none }</style>", "W01"),
    "template": ("<template><p>x</p></template>", "W01"),
    "math": ('<math><mi href="javascript:alert(1)">x</mi></math>', "W01"),
    "svg": ("<svg onload=alert(1)></svg>", "W01"),
    "handler": ('<b onclick="alert(1)">x</b>', "W02"),
    "handler without quotes": ("A <img src=x.png alt=x onerror=alert(1)> word.", "W02"),
    "handler behind a slash": ("A word.\n\n<p/onclick=alert(1)>x</p>", "W02"),
    "handler in an attribute list": ("[a](index.md){ onclick=alert(1) }", "W02"),
    "handler of a heading": ("## A heading { onmouseover=alert(1) }", "W02"),
    "style that covers": ('<div style="position: fixed; inset: 0">x</div>', "W02"),
    "style in an attribute list": ('*a*{ style="position: fixed" }', "W02"),
    "style in Markdown in HTML": ('<div style="inset: 0" markdown>\n\nx\n\n</div>', "W02"),
    "input that sends": ("A <input type=password> word.", "W02"),
    "button that sends": ("A <button type=submit formaction=x>x</button> word.", "W02"),
    "popover": ('<p popover id="x">x</p>', "W02"),
    "javascript": ("[a](javascript:alert(1))", "W03"),
    "javascript in HTML": ('<a href="javascript:alert(1)">a</a>', "W03"),
    "javascript with a blank": ('<a href=" java\nscript:alert(1)">a</a>', "W03"),
    "javascript as entities": ('<a href="java&#115;cript&colon;alert(1)">a</a>', "W03"),
    "vbscript": ('<a href="vbscript:x">a</a>', "W03"),
    "data": ("[a](data:text/html,x)", "W03"),
    "data in an image": ('<img src="data:image/svg+xml,x" alt="x">', "W03"),
    "file": ('<a href="file:///etc/hostname">a</a>', "W03"),
    "a reference": ("[a][b]\n\n[b]: javascript:alert(1)", "W03"),
    "a footnote": ("A word[^n].\n\n[^n]: <b onclick=alert(1)>x</b>", "W02"),
    "a caption": (
        "![A](vae/bare.svg)\n<b onclick=alert(1)>x</b>",
        "W02",
    ),
    "a cell": ("| a | b |\n| - | - |\n| <b onclick=alert(1)>x</b> | 2 |", "W02"),
}
HARMLESS = {
    "markdown": "*A* **word**, `<script>`, [a link](index.md), <https://example.org/> and <a@b.org>.",
    "code": "```html\n<script>alert(1)</script>\n<b onclick=x>\n```",
    "details": "<details markdown>\n<summary>A</summary>\n\nText.\n\n</details>",
    "keys": "Press <kbd>Ctrl</kbd>, H<sub>2</sub>O, <abbr title='x'>y</abbr>.",
    "figure": "![A](vae/gap.svg)\nCaption.",
    "mathematics": "A formula $x<y$.",
    "comment": "<!-- a < b and c > d -->",
    "table": "| a | b |\n| - | -: |\n| 1 | 2 |",
    "demo": "[Move a code](vae/vae.mjs){ .demo }",
}


@pytest.mark.parametrize(("text", "code"), HARM.values(), ids=HARM)
def test_what_acts_is_refused_with_its_line(text: str, code: str, tmp_path: Path) -> None:
    found = render(f"{text}\n", make(tmp_path)).page.problems
    first = [problem for problem in found if problem.code[0] == "W"]
    assert code in {problem.code for problem in first}
    last = 5 + text.count("\n")
    assert all(5 <= problem.line <= last for problem in first)


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_only_shows_is_allowed(text: str, tmp_path: Path) -> None:
    found = render(f"{text}\n", make(tmp_path)).page.problems
    assert [str(problem) for problem in found if problem.code[0] == "W"] == []


@pytest.mark.parametrize(
    "module",
    [
        "https://example.org/demo.mjs",
        "//example.org/demo.mjs",
        "/demo.mjs",
        "../../../demo.mjs",
        "data:text/javascript,alert(1)//.mjs",
    ],
)
def test_a_demo_is_a_module_of_the_site(module: str, tmp_path: Path) -> None:
    made = render(f"[Move it]({module}){{ .demo }}\n", make(tmp_path))
    assert "D03" in {problem.code for problem in made.page.problems}
    assert 'class="demo"><a' not in made.html
