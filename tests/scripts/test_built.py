"""The check of the built site finds what a reader's browser would miss, and nothing else."""

from pathlib import Path

import pytest

from scripts import built

HEAD = '<!doctype html><html lang="en"><head><title>T</title><link rel="stylesheet" href="{up}a.css"></head><body>'


def site(root: Path, **pages: str) -> Path:
    """A site with the given bodies; `guide__install` becomes `guide/install/index.html`."""
    (root / "a.css").write_text("p { background: url(dot.png) }")
    (root / "dot.png").write_bytes(b"\x89PNG")
    for name, body in {"index": "<p id=top-of-home>Home", **pages}.items():
        path = root / ("index.html" if name == "index" else f"{name.replace('__', '/')}/index.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * (len(path.relative_to(root).parts) - 1)
        path.write_text(HEAD.format(up=up) + body, encoding="utf-8")
    return root


def codes(root: Path, address: str = "") -> list[str]:
    """Code and message of each finding."""
    return [
        f"{finding.code} {finding.path}: {finding.message}"
        for finding in built.check(root, address)
    ]


def test_a_sound_site_has_no_finding(tmp_path: Path) -> None:
    site(
        tmp_path,
        guide='<h2 id="a">A</h2><a href="#a">a</a> <a href="../#top-of-home">home</a> <a href="#">top</a>'
        '<a href="https://other.example/x">out</a><a href="mailto:x@y.example">mail</a>'
        '<img src="../dot.png" alt="dot"><a href="../guide">without slash</a>'
        "<pre><code>!!! note\n[a](b.md) {{ x }} $$</code></pre><p>Costs $5, 2**3 and {a, b}.</p>",
    )
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ('<a href="../gone/">x</a>', "B01 page/index.html: no gone/ in the site: ../gone/"),
        ('<a href="../Page/">x</a>', "B01 page/index.html: no Page/ in the site: ../Page/"),
        ('<a href="../#no">x</a>', "B02 page/index.html: no anchor #no on index.html: ../#no"),
        ('<h2 id="rlhf">x</h2><a href="#RLHF">x</a>', "B02 page/index.html: no anchor #RLHF"),
        ('<img src="no.png" alt="x">', "B03 page/index.html: no page/no.png in the site: no.png"),
        ('<p style="background: url(no.png)">', "B03 page/index.html: no page/no.png"),
        ('<img srcset="../dot.png 1x, b.png 2x" alt="">', "B03 page/index.html: no page/b.png"),
        ('<p>!!! note "Open', "B04 page/index.html: an admonition that did not open"),
        ("<p>See [a](b.md", "B04 page/index.html: a link that did not close"),
        ("<p>Said[^who2020what].", "B04 page/index.html: a footnote without a definition"),
        ("<p>Title { .lead }", "B04 page/index.html: an attribute list that applies to nothing"),
        ('<p>--8<-- "a.py:b"', "B04 page/index.html: an excerpt that did not resolve"),
        ("<p>| a | b |\n| --- | --- |", "B04 page/index.html: a table that did not open"),
        ('<script src="https://cdn.example/x.js"></script>', "B05 page/index.html: asks another"),
        ('<link rel="preconnect" href="https://cdn.example">', "B05 page/index.html: asks another"),
        ('<img src="//cdn.example/x.png" alt="x">', "B05 page/index.html: asks another host"),
        ('<b id="x"></b><b id="x"></b>', "B06 page/index.html: the id 'x' occurs 2 times"),
        ('<meta http-equiv="refresh" content="0; url=../no/">', "B07 page/index.html: no no/"),
        ('<meta http-equiv="refresh" content="0; url=../#no">', "B07 page/index.html: no anchor"),
    ],
)
def test_one_fault_is_one_finding(body: str, finding: str, tmp_path: Path) -> None:
    found = codes(site(tmp_path, page=body))
    assert len(found) == 1, found
    assert found[0].startswith(finding)


def test_a_finding_has_the_line_of_the_fault(tmp_path: Path) -> None:
    site(tmp_path, page='\n\n<a href="../gone/">x</a>\n<a href="../gone/">y</a>')
    assert [finding.line for finding in built.check(tmp_path)] == [3, 4]


def test_the_address_of_the_site_is_its_own_and_gives_the_base_of_links(tmp_path: Path) -> None:
    site(
        tmp_path,
        page='<link rel="icon" href="https://me.example/kb/dot.png"><a href="/kb/">a</a>'
        '<a href="https://me.example/kb/gone/">b</a><a href="/other/">another site</a>',
    )
    assert codes(tmp_path, "https://me.example/kb/") == [
        "B01 page/index.html: no gone/ in the site: https://me.example/kb/gone/",
        "B01 page/index.html: no other/ in the site: /other/",
    ]


def test_style_sheets_and_modules_are_read(tmp_path: Path) -> None:
    site(tmp_path)
    (tmp_path / "b.css").write_text(
        "@import 'https://cdn.example/x.css';\na { src: url(no.woff2) }"
    )
    (tmp_path / "m.mjs").write_text(
        'import { a } from "./no.mjs";\nfetch("https://api.example/x");'
    )
    assert [f"{f.path}:{f.line} {f.code}" for f in built.check(tmp_path)] == [
        "b.css:1 B05",
        "b.css:2 B03",
        "m.mjs:1 B03",
        "m.mjs:2 B05",
    ]


def test_broken_and_huge_pages_do_not_end_the_check(tmp_path: Path) -> None:
    site(tmp_path)
    (tmp_path / "latin.html").write_bytes(b"<p>caf\xe9")
    (tmp_path / "empty.html").write_bytes(b"")
    (tmp_path / "deep.html").write_text("<div>" * 20_000)
    (tmp_path / "long.html").write_text("<p>" + "x" * 10_000_000)
    (tmp_path / "folder.html").mkdir()
    found = built.check(tmp_path)
    assert [(f.path, f.code) for f in found] == [("latin.html", "B08")]


def test_several_processes_find_the_same_as_one(tmp_path: Path) -> None:
    pages = {f"p{i}": f'<a href="../p{i + 1}/">next</a>' for i in range(60)}
    site(tmp_path, **pages)
    one, two = built.check(tmp_path, jobs=1), built.check(tmp_path, jobs=2)
    assert one == two
    assert [f.path for f in one] == ["p59/index.html"]


def test_a_folder_without_a_page_cannot_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["built", str(tmp_path)])
    assert built.main() == 2
    assert "holds no page: build the site first" in capsys.readouterr().err
