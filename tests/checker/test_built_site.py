"""The check of the built site finds what a reader's browser would miss, and nothing else."""

import csv
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.checker import door
from scripts.checker.rules import SITE, built
from tests.site.server import Handler, Server

HEAD = '<!doctype html><html lang="en"><head><title>T</title><link rel="stylesheet" href="{up}a.css"></head><body>'


def site(root: Path, **pages: str) -> Path:
    """A site with the given bodies; `guide__install` becomes `guide/install/index.html`."""
    root.mkdir(exist_ok=True)
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
    return [f"{p.code} {p.path}: {p.text}" for p in built.check(root, address)]


def test_a_sound_site_has_no_finding(tmp_path: Path) -> None:
    site(
        tmp_path,
        guide='<h2 id="a">A</h2><a href="#a">a</a> <a href="../#top-of-home">home</a> <a href="#">top</a>'
        '<a href="https://other.example/x">out</a><a href="mailto:x@y.example">mail</a>'
        '<img src="../dot.png" alt="dot"><a href="../guide">without slash</a> <a href="?q=1#a">q</a>'
        '<a name="old"></a><a href="../guide/#old">o</a><a href="../guide/#:~:text=Costs">t</a>'
        "<pre><code>!!! note\n[a](b.md) {{ x }} $$</code></pre><p>Costs $5, 2**3 and {a, b}.</p>",
    )
    assert codes(tmp_path) == []


# For each rule: bodies of a page in which it finds one fault, what it says, and bodies in which it finds none.
BAD = {
    "B01": {
        '<a href="../gone/">x</a>': "the site has no gone/, which '../gone/' names; correct it",
        '<a href="../Page/">x</a>': "the site has no Page/, which '../Page/' names",
        "<a href=gone.txt>x</a>": "the site has no page/gone.txt",
        '<a href="../../../gone/">x</a>': "the site has no gone/",
        '<a href="../go%20ne/">x</a>': "the site has no go ne/",
        '<map><area href="/gone/"></map>': "the site has no gone/",
    },
    "B02": {
        '<a href="../#no">x</a>': "index.html has no anchor #no, which '../#no' names; correct it",
        '<h2 id="rlhf">x</h2><a href="#RLHF">x</a>': "page/index.html has no anchor #RLHF, which"
        " '#RLHF' names; write '#rlhf'",
    },
    "B03": {
        '<img src="no.png" alt="x">': "the site has no page/no.png, which 'no.png' names",
        '<p style="background: url(no.png)">': "the site has no page/no.png",
        '<img srcset="../dot.png 1x, b.png 2x" alt="">': "the site has no page/b.png",
        '<link rel="stylesheet" href="../A.css">': "the site has no A.css",
        '<script type="module" src="x.mjs"></script>': "the site has no page/x.mjs",
    },
    "B04": {
        '<p>!!! note "Open': "an admonition that did not open stands in the text: '!!! note \"Open'",
        "<p>See [a](b.md": "a link that did not close",
        "<p>Said[^who2020what].": "a footnote without a definition",
        "<p>Title { .lead }": "an attribute list that applies to nothing",
        '<p>--8<-- "a.py:b"': "an excerpt that did not resolve",
        "<p>| a | b |\n| --- | --- |": "a table that did not open",
        '<ul><li>=== "Tab"</ul>': "a content tab that did not open",
        "<p>/// note": "a block that did not open",
        "<p>a\n```": "a fence that did not open",
        "<p>$$ x": "mathematics that did not close",
        "<p>It is **not so** here": "emphasis that did not open",
        "<p>Version {{ version }}": "a template variable that was not filled",
        "<p>The sum $ x + y $ is": "a formula with a blank inside its dollars",
        "<p>It is\n\\begin{align}\na\n\\end{align}": "mathematics that did not open",
        "<p>| a | b |\n| c | d |": "rows of a table without a head",
        "<p>   ## Part": "a heading that did not open",
        "<p>1) one\n2) two": "a list that did not open",
        "<p>&lt;!-- open": "a comment that did not close",
        "<p>So ~~old~~ it is": "deleted text that was not read",
        "<p>So ==new== it is": "marked text that was not read",
        "<p>So ^^new^^ it is": "inserted text that was not read",
        "<p>Press ++ctrl+c++ now": "keys that were not read",
        "<ul><li>[ ] Read it</ul>": "a box of a task list that was not read",
        "<p>Loss\n:   What is lost": "a definition that was not read",
        "<p>*[HTML]: Hypertext": "an abbreviation that was not read",
        "<p>So {++new++} it is": "a change that was not read",
    },
    "B05": {
        '<script src="https://cdn.example/x.js"></script>': "asks another host for"
        " 'https://cdn.example/x.js'; keep a copy in the site",
        '<link rel="preconnect" href="https://cdn.example">': "asks another host",
        '<img src="//cdn.example/x.png" alt="x">': "asks another host",
        "<style>@import 'https://cdn.example/x.css';</style>": "asks another host",
    },
    "B06": {'<b id="x"></b><b id="x"></b>': "the id 'x' occurs 2 times; give each its own"},
    "B07": {
        '<meta http-equiv="refresh" content="0; url=../no/">': "the site has no no/",
        '<meta http-equiv="refresh" content="0; url=../#no">': "index.html has no anchor #no",
    },
    "B08": {"caf\udce9": "the file cannot be read: it is not UTF-8 (byte 108); build it anew"},
}
GOOD = {
    "B01": ['<a href="../">x</a>', '<a href="../dot.png">x</a>', '<a href="http://[x">x</a>'],
    "B02": [
        '<a href="../#top-of-home">x</a>',
        '<a href="#top">x</a>',
        '<a href="../a.css#x">x</a>',
    ],
    "B03": ['<img src="../dot.png?v=2" alt="">', '<img src="data:image/png;base64,x" alt="">'],
    "B04": [
        "<p><code>**x**</code> is 2 ** 3",
        "<svg><text>$$</text></svg>",
        "<p>!important, a/b",
        "<p>$ 5 or $ 10, |x| and |y|, a == b and c == d, C++ or i++, # of it",
        "<ul><li><b>Loss</b>: what is lost</ul><p>[ ] here<p>First: one<ul><li>1) of it</ul><p>– a dash<p>– another",
    ],
    "B05": ['<a href="https://other.example/">x</a>', '<link rel="me" href="https://me.example">'],
    "B06": [
        '<b id="x"></b><b id="y"></b>',
        '<a id="__codelineno-0-1"></a><i id="__codelineno-0-1">',
    ],
    "B07": ['<meta http-equiv="refresh" content="0; url=../#top-of-home">'],
    "B08": ["café"],
}


def test_every_rule_of_the_site_has_bad_and_good_examples() -> None:
    assert list(BAD) == list(GOOD) == list(SITE)


@pytest.mark.parametrize(("code", "body"), [(code, body) for code in BAD for body in BAD[code]])
def test_one_fault_is_one_finding(code: str, body: str, tmp_path: Path) -> None:
    site(tmp_path, page="")
    page = tmp_path / "page" / "index.html"
    page.write_bytes((HEAD.format(up="../") + body).encode("utf-8", "surrogateescape"))
    found = codes(tmp_path)
    assert len(found) == 1, found
    assert found[0].startswith(f"{code} page/index.html: {BAD[code][body]}")


@pytest.mark.parametrize(("code", "body"), [(code, body) for code in GOOD for body in GOOD[code]])
def test_what_is_sound_is_no_finding(code: str, body: str, tmp_path: Path) -> None:
    assert codes(site(tmp_path, page=body)) == []


def test_a_finding_has_the_place_of_the_fault(tmp_path: Path) -> None:
    site(
        tmp_path,
        page='\n\n<a href="../gone/">x</a>\n <a href=\'../gone/\'>y</a> <a href="a?b&amp;c">',
    )
    found = [(p.line, p.column) for p in built.check(tmp_path)]
    assert found == [(3, 10), (4, 11), (4, 36)]


def test_the_address_of_the_site_is_its_own_and_gives_the_base_of_links(tmp_path: Path) -> None:
    site(
        tmp_path,
        page='<link rel="icon" href="https://me.example/kb/dot.png"><a href="/kb/">a</a>'
        '<a href="https://me.example/kb/gone/">b</a><a href="/other/">another site</a>',
    )
    assert codes(tmp_path, "https://me.example/kb/") == [
        "B01 page/index.html: the site has no gone/, which 'https://me.example/kb/gone/' names; correct it",
        "B01 page/index.html: the site has no other/, which '/other/' names; correct it",
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


# one command, one report


def project(folder: Path) -> Path:
    """A project of two pages, each with a fault that only the built site shows, and its site in `site`."""
    (folder / "docs").mkdir()
    (folder / "mkdocs.yml").write_text("site_name: A\ntheme: material\n", encoding="utf-8")
    for name in ("index", "guide"):
        (folder / "docs" / f"{name}.md").write_text("# A\n\nSee [x](gone.md).\n", encoding="utf-8")
    site(folder / "site", index='<a href="no/">x</a>', guide="<p>Said[^a].")
    return folder


def run(
    capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str
) -> tuple[int, list[str], str]:
    """Exit code, the lines of the report without the folder, and what is said beside it."""
    code = door.main([*arguments, "--no-cache", "--jobs", "1"])
    said = capsys.readouterr()
    return code, said.out.replace(f"{folder}/", "").splitlines(), said.err


def test_pages_and_built_site_are_one_sorted_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(project(tmp_path))
    code, out, err = run(capsys, tmp_path, folder, "--site", f"{folder}/site")
    assert code == 1
    assert [line.split(" ")[:2] for line in out] == [
        ["docs/guide.md:3:9:", "L01"],
        ["docs/index.md:3:9:", "L01"],
        ["site/guide/index.html:1:113:", "B04"],
        ["site/index.html:1:112:", "B01"],
    ]
    assert out[3].endswith("the site has no no/, which 'no/' names – correct it in docs/index.md")
    assert err == "4 findings in 2 pages and 3 files of the built site\n"


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_every_form_of_the_report_has_the_built_site(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(project(tmp_path))
    arguments = (folder, "--site", f"{folder}/site", "--select", "B,L01", "--format", form)
    code, out, _ = run(capsys, tmp_path, *arguments)
    assert code == 1
    assert re.findall(r"\b[A-Z]\d\d\b", " ".join(out))[-1] in {"B01", "B04"}
    if form == "json":
        rows = json.loads("\n".join(out))
        assert [row["rule"] for row in rows] == [
            "missing_file",
            "missing_file",
            "leaked_markdown",
            "missing_page",
        ]


def test_select_ignore_part_and_exception_hold_for_the_built_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(project(tmp_path))
    site_ = ("--site", f"{folder}/site")

    def found(*arguments: str) -> list[str]:
        return [line.split(" ")[1] for line in run(capsys, tmp_path, *arguments)[1]]

    assert found(folder, *site_, "--select", "B") == ["B04", "B01"]
    assert found(folder, *site_, "--ignore", "L,B01") == ["B04"]
    assert found(f"{folder}/docs/guide.md", *site_) == ["L01", "B04"]
    assert found(folder) == ["L01", "L01"]
    text = "# A\n\n<!-- check: ignore B04 the page is about footnotes -->\n\nText.\n"
    (tmp_path / "docs" / "guide.md").write_text(text, encoding="utf-8")
    assert found(folder, *site_) == ["L01", "B01"]


def test_requests_to_other_hosts_are_house_style(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(project(tmp_path))
    body = '<img src="https://cdn.example/x.png" alt="x">'
    site(tmp_path / "site", guide=body)
    arguments = (folder, "--site", f"{folder}/site", "--ignore")
    assert run(capsys, tmp_path, *arguments, "L")[0] == 0
    assert "B05 asks another host" in run(capsys, tmp_path, *arguments, "L,P,V", "--style")[1][-1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--site", "{}/docs"], "docs holds no page: build the site first"),
        (["--site", "{}/none"], "none holds no page: build the site first"),
        (["--select", "B01"], "B01 looks at the built site: name its folder with --site"),
    ],
)
def test_a_site_that_is_not_there_exits_with_2(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(project(tmp_path))
    given = [argument.format(folder) for argument in arguments]
    code, out, err = run(capsys, tmp_path, folder, *given)
    assert (code, out) == (2, [])
    assert says in err


# LinkChecker as the oracle

ORACLE = "from linkcheck.command import linkchecker as l; l.drop_privileges = lambda: None; l.linkchecker()"
PLANTED = {
    "missing_page": '<a href="../gone/">x</a>',
    "missing_file": '<a href="../gone.pdf">x</a>',
    "missing_from_root": '<a href="/gone/">x</a>',
    "wrong_depth": '<a href="../../sound/deep/no/">x</a>',
    "wrong_case": '<a href="../Sound/">x</a>',
    "missing_anchor": '<a href="../sound/#no">x</a>',
    "missing_own_anchor": '<a href="#no">x</a>',
    "wrong_case_of_anchor": '<a href="../sound/#PART">x</a>',
    "missing_encoded": '<a href="../caf%C3%A9/">x</a>',
    "missing_image": '<img src="no.png" alt="x">',
    "wrong_case_of_image": '<img src="../Dot.png" alt="x">',
    "missing_css": '<link rel="stylesheet" href="no.css">',
    "missing_icon": '<link rel="icon" href="no.ico">',
    "missing_script": '<script src="no.js"></script>',
    "missing_frame": '<iframe src="no.html"></iframe>',
    "missing_object": '<object data="no.svg"></object>',
    "missing_video": '<video src="no.mp4" poster="no.jpg"></video>',
    "missing_background": '<p style="background: url(no.gif)">x</p>',
    "missing_area": '<map name="m"><area href="no/" alt="x"></map>',
    "redirect_to_nothing": '<meta http-equiv="refresh" content="0; url=../gone-too/">',
    "redirect_to_no_anchor": '<meta http-equiv="refresh" content="0; url=../sound/#lost">',
}


class Unthrottled(Handler):
    """Tells LinkChecker that it may ask as fast as it can."""

    def end_headers(self) -> None:
        self.send_header("LinkChecker", "welcome")
        super().end_headers()


def test_linkchecker_finds_no_more_than_we_do(tmp_path: Path) -> None:
    sound = '<h2 id="part">P</h2><a href="../">home</a><a href="#part">p</a><img src="../dot.png" alt="">'
    links = "".join(f'<a href="{name}/">x</a>' for name in PLANTED)
    root = site(tmp_path / "site", index=links, sound=sound, **PLANTED)
    (root / "a.css").write_text("p { background: url(dot.png) } b { background: url(lost.png) }")
    settings = tmp_path / "linkcheckerrc"
    settings.write_text(
        "[AnchorCheck]\n[checking]\nmaxrequestspersecond=1000\n[output]\nstatus=0\n",
        encoding="utf-8",
    )
    server = Server(root)
    server.RequestHandlerClass = Unthrottled
    try:
        done = subprocess.run(
            [sys.executable, "-c", ORACLE, "-f", settings, "--no-robots", "-o", "csv", server.url],
            env={**os.environ, "HOME": str(tmp_path), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        server.stop()
    rows = [row for row in done.stdout.splitlines() if row and not row.startswith("#")]
    oracle = set()
    for row in csv.DictReader(rows, delimiter=";"):
        if row["valid"] != "True" or "Anchor" in row["warningstring"]:
            parent = row["parentname"].removeprefix(server.url)
            parent += "index.html" if not parent or parent.endswith("/") else ""
            oracle.add((parent, row["urlname"]))
    ours = set()
    for problem in built.check(root):
        named = re.search(r"which '([^']+)' names", problem.text)
        assert named, problem
        ours.add((problem.path, named[1]))
    assert len(oracle) >= 18, done.stdout + done.stderr
    assert oracle <= ours
    assert {path.split("/")[0] for path, _ in ours} == {*PLANTED, "a.css"}


def test_a_page_full_of_faults_is_no_hang(tmp_path: Path) -> None:
    ids = "".join(f'<b id="n{number}"></b><i id="n{number}"></i>' for number in range(1_000))
    site(tmp_path, page='<a href="../gone/">x</a>\n' * 20_000, leaks="<p>$$\n" * 20_000, ids=ids)
    start = time.monotonic()
    found = built.check(tmp_path, jobs=1)
    assert [sum(p.code == code for p in found) for code in ("B01", "B04", "B06")] == [
        20_000,
        20_000,
        1_000,
    ]
    assert time.monotonic() - start < 60
