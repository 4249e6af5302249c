"""The one command: reports, exit codes, mends, exceptions, memory, and input that is not as it should be."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.checker import door, rulebook
from scripts.checker.request import Request
from scripts.house import rules_page

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """\
site_name: A project
theme: material
markdown_extensions:
  - admonition
  - attr_list
  - footnotes
  - md_in_html
  - pymdownx.details
  - pymdownx.snippets:
      base_path: [docs]
  - pymdownx.superfences
  - pymdownx.tabbed:
      alternate_style: true
"""
CLEAN = "# Title\n\nA sentence.\n"
BROKEN = "# Title\n\n!!! nte “Title”\n\n    The body.\n\nSee [x](gone.md).\n"


def project(folder: Path, pages: dict[str, str], config: str = CONFIG) -> Path:
    """A small MkDocs project."""
    docs = folder / "docs"
    docs.mkdir(parents=True, exist_ok=True)
    (folder / "mkdocs.yml").write_text(config, encoding="utf-8")
    for name, text in pages.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, encoding="utf-8")
    return folder


def run(*arguments: str | Path, cache: Path | None = None) -> tuple[int, str, str]:
    """Run the command line in this process: its exit code, its report, and what it says beside it."""
    memory = ["--cache-dir", str(cache)] if cache else ["--no-cache"]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = door.main([*map(str, arguments), "--jobs", "1", *memory])
    return status, out.getvalue(), err.getvalue()


def run_alone(*arguments: str | Path, cache: Path) -> tuple[int, str, str]:
    """Run the command in a process of its own and from another folder, as a reader would."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.checker", *map(str, arguments)],
        cwd=cache.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def codes(folder: Path) -> set[str]:
    """The rules that find something in a project."""
    return {row["code"] for row in json.loads(run(folder, "--format", "json")[1])}


# reports and exit codes


def test_a_clean_project_exits_with_0(tmp_path: Path) -> None:
    assert run(project(tmp_path, {"index.md": CLEAN}))[:2] == (0, "")


def test_a_finding_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": BROKEN})
    page = tmp_path / "docs" / "index.md"
    wanted = [
        f'{page}:3:1: A03 the title has curly quotes – write straight ones: "…"',
        f"{page}:7:9: L01 the file 'gone.md' does not exist – correct the path or delete the link",
    ]
    status, out, _ = run(tmp_path)
    assert (status, out.splitlines()) == (1, wanted)
    status, out, err = run_alone(tmp_path, cache=tmp_path / "cache")
    assert (status, err) == (1, "2 findings in 1 page\n")
    assert [text.split(" ", 1)[1] for text in out.splitlines()] == [
        text.split(" ", 1)[1] for text in wanted
    ]
    assert list((tmp_path / "cache").rglob("*.sqlite"))


def test_the_report_has_four_forms(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": BROKEN})
    rows = json.loads(run(tmp_path, "--format", "json")[1])
    assert [(row["line"], row["code"], row["fixable"]) for row in rows] == [
        (3, "A03", True),
        (7, "L01", False),
    ]
    sarif = json.loads(run(tmp_path, "--format", "sarif")[1])
    results = sarif["runs"][0]["results"]
    assert sarif["version"] == "2.1.0"
    assert [result["ruleId"] for result in results] == ["A03", "L01"]
    assert results[0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 1,
    }
    lines = run(tmp_path, "--format", "github")[1].splitlines()
    assert lines[0].startswith("::error file=")
    assert ",line=3,col=1,title=A03::" in lines[0]


def test_two_runs_and_any_number_of_processes_give_the_same_report(tmp_path: Path) -> None:
    pages = {f"p{number}.md": BROKEN + "\nA sentence. " * 2000 for number in range(12)}
    project(tmp_path, pages)
    # Never in this process: a fork of one that has threads, as that of a browser's driver, may wait forever.
    first, two, three = (
        run_alone(tmp_path, "--no-cache", "--jobs", jobs, cache=tmp_path / "cache")[1]
        for jobs in ("1", "2", "3")
    )
    assert first.count("A03") == 12
    assert first == two == three


def test_select_and_ignore_take_codes_and_letters(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": BROKEN})
    assert "L01" not in run(tmp_path, "--select", "A")[1]
    assert "A03" not in run(tmp_path, "--ignore", "A03")[1]
    status, _, err = run(tmp_path, "--select", "Q99")
    assert (status, "no rule 'Q99'" in err) == (2, True)


@pytest.mark.parametrize("code", ["A01", "L02", "Z03", "B02"])
def test_explain_tells_sentence_bad_good_and_why(code: str) -> None:
    status, out, _ = run("--explain", code)
    assert status == 0
    assert out.startswith(f"{code} (")
    assert all(word in out for word in ("Bad:", "Good:", "Why:"))


def test_one_page_is_checked_against_the_whole_project(tmp_path: Path) -> None:
    pages = {
        "a.md": "# A\n\nSee [b](b.md#part) and [c](b.md#no).\n",
        "b.md": "# B\n\n## Part\n\n!!! nte\n\n    Body.\n",
    }
    project(tmp_path, pages)
    out = run(tmp_path / "docs" / "a.md")[1]
    assert "L02 the anchor '#no'" in out
    assert out.count("\n") == 1


def test_house_style_is_off_unless_the_project_asks_for_it(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": "# Title\n\nIt uses Tensorflow.\n"})
    assert run(tmp_path)[0] == 0
    table = tmp_path / "pyproject.toml"
    for text in ('ignore = ["S14"]', 'cache = "memory"', "style = false", ""):
        table.write_text(f"[tool.check]\n{text}\n", encoding="utf-8")
        assert run(tmp_path)[:2] == (0, "")
    asked = '[tool.check]\nrules = "scripts.house.rules"\nignore = ["P23"]\n'
    table.write_text(asked, encoding="utf-8")
    assert codes(tmp_path) == {"P03"}
    assert run(tmp_path, "--no-style")[0] == 0
    table.write_text(f"{asked}style = false\n", encoding="utf-8")
    assert run(tmp_path)[0] == 0
    table.unlink()
    assert "P03" in run(tmp_path, "--rules", "scripts.house.rules")[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('ignore = ["P23"]', "'P23' in ignore of [tool.check] is no rule"),
        ('ignore = ["S14", "Q99"]', "'Q99'"),
        ('ignore = [""]', "''"),
        ('ignore = "S14"', "'ignore' of [tool.check] must be a list of codes"),
        ('ignroe = ["S14"]', "no key 'ignroe'; write 'ignore'"),
        ("select = []", "no key 'select'; it knows cache, glossary, ignore, rules, style"),
        ('style = "yes"', "'style' of [tool.check] must be true or false"),
        ("style = true", "needs the rules of a house"),
        ('rules = "scripts.house.rules"\nignore = ["P99"]', "'P99'"),
        ('rules = "scripts.house.rules"\nstyle = false\nignore = ["P99"]', "'P99'"),
        ("rules = ", "broken TOML"),
    ],
)
def test_a_table_that_says_what_nothing_reads_is_an_error(
    text: str, says: str, tmp_path: Path
) -> None:
    project(tmp_path, {"index.md": CLEAN})
    (tmp_path / "pyproject.toml").write_text(f"[tool.check]\n{text}\n", encoding="utf-8")
    status, out, err = run(tmp_path)
    assert (status, out) == (2, "")
    assert "pyproject.toml" in err
    assert says in err


def test_a_code_of_the_house_may_be_ignored_where_its_style_is_off(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": CLEAN})
    table = '[tool.check]\nrules = "scripts.house.rules"\nstyle = false\nignore = ["P23"]\n'
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    assert run(tmp_path)[:2] == (0, "")
    assert run(tmp_path, "--no-style")[0] == 0


NOISY = """\
import os
import sys

print("imported")
os.write(1, b"from below\\n")


def makeExtension(**options):
    from markdown.extensions import Extension
    from markdown.preprocessors import Preprocessor

    class Talks(Preprocessor):
        def run(self, lines):
            print("at work", flush=True)
            os.system("echo from a program")
            return lines

    class Noise(Extension):
        def extendMarkdown(self, md):
            print("set up")
            md.preprocessors.register(Talks(md), "talks", 5)

    return Noise(**options)
"""


@pytest.mark.parametrize("form", ["json", "sarif", "github", "text"])
@pytest.mark.parametrize("named", [True, False], ids=["by a path", "here"])
def test_what_an_extension_prints_stays_out_of_the_report(
    form: str, named: bool, tmp_path: Path
) -> None:
    config = CONFIG.replace("  - admonition", "  - noisy_example\n  - admonition")
    pages = {f"p{number}.md": BROKEN + "\nA sentence. " * 4000 for number in range(5)}
    folder = project(tmp_path / "p", pages, config)
    (folder / "noisy_example.py").write_text(NOISY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.checker", "--no-cache", "--format", form, "--jobs", "2"]
        + ([str(folder)] if named else []),
        cwd=tmp_path if named else folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert all(
        said in done.stderr for said in ("imported", "from below", "set up", "from a program")
    )
    if form in ("json", "sarif"):
        report = json.loads(done.stdout)
        rows = report if form == "json" else report["runs"][0]["results"]
    else:
        rows = done.stdout.splitlines()
        assert all("A03" in row or "L01" in row for row in rows)
    assert len(rows) == 10


def test_an_extension_that_is_missing_is_said_once_and_silences_what_depends_on_it(
    tmp_path: Path,
) -> None:
    marks = "# Title\n\n%%% own\n\n!!! nte\n    Body.\n\n[[a]] and **b. See [x](gone.md).\n"
    config = CONFIG.replace("  - admonition", "  - no_such.extension:\n      a: 1\n  - admonition")
    folder = project(tmp_path, {"a.md": marks, "b.md": marks}, config)
    rows = json.loads(run(folder, "--format", "json")[1])
    assert sorted(row["code"] for row in rows) == ["L01", "L01", "N08"]
    missing = next(row for row in rows if row["code"] == "N08")
    assert (missing["path"], missing["line"]) == (str(folder / "mkdocs.yml"), 4)
    # One whose name says what it reads silences that only.
    config = CONFIG.replace("  - admonition", "  - no_such_math\n  - admonition")
    rows = json.loads(run(project(tmp_path, {}, config), "--format", "json")[1])
    assert {row["code"] for row in rows} == {"A01", "L01", "L23", "N08"}


def test_rules_that_are_no_module_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, {"index.md": CLEAN})
    assert run(tmp_path, "--style")[0] == 1  # by the rules of the project in which the checker lies
    monkeypatch.setattr(rulebook, "house_of", lambda folder: None)
    status, _, err = run(tmp_path, "--style")
    assert (status, "no rules of a house are named" in err) == (2, True)
    status, _, err = run(tmp_path, "--rules", "no.such.house")
    assert (status, "'no.such.house' cannot be imported" in err) == (2, True)


# mends


FIXABLE = """\
# Title

!!! note “Title”

    The body.

!! tip "Two"

  A body at two columns.

=== 'Tab'

    One.

See `!!! note “kept”` and
```
!!! note “kept”
```
"""


def test_fix_mends_shows_what_it_changed_and_is_idempotent(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": FIXABLE})
    page = tmp_path / "docs" / "index.md"
    status, out, _ = run(tmp_path, "--fix")
    text = page.read_text(encoding="utf-8")
    assert status == 0, out
    assert '!!! note "Title"' in text
    assert '!!! tip "Two"\n\n    A body at two columns.' in text
    assert '=== "Tab"' in text
    assert text.count("“kept”") == 2
    assert "-!! tip" in out
    assert "+!!! tip" in out
    assert run(tmp_path, "--fix")[:2] == (0, "")
    assert page.read_text(encoding="utf-8") == text


def test_fix_keeps_line_ends_and_the_byte_order_mark(tmp_path: Path) -> None:
    project(tmp_path, {"index.md": CLEAN})
    page = tmp_path / "docs" / "index.md"
    page.write_bytes(b"\xef\xbb\xbf" + b"# Title\r\n\r\n!! note\r\n\r\n    Body.\r\n")
    run(tmp_path, "--fix")
    assert page.read_bytes() == b"\xef\xbb\xbf" + b"# Title\r\n\r\n!!! note\r\n\r\n    Body.\r\n"


def test_fix_touches_nothing_that_it_cannot_be_sure_of(tmp_path: Path) -> None:
    text = '# Title\n\n!!! note Title"\n\n    The body.\n\nSee [x](gone.md).\n'
    project(tmp_path, {"index.md": text})
    assert run(tmp_path, "--fix")[0] == 1
    assert (tmp_path / "docs" / "index.md").read_text(encoding="utf-8") == text


# with the build


@pytest.mark.parametrize(("broken", "status"), [(False, 0), (True, 1)])
def test_the_command_of_the_repository_builds_and_checks_the_site_on_request(
    broken: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scripts.devtools import commands

    ran: list[tuple[str, ...]] = []

    def build(out: Path, **options: object) -> str:
        if broken:
            raise commands.Stop("The site was not built.", 1)
        return ""

    def run_module(env: object, *arguments: str, **options: object) -> int:
        ran.append(arguments)
        return 0

    environment = commands.Environment(ROOT)
    monkeypatch.setattr(commands.environment, "ensure", lambda root: environment)
    monkeypatch.setattr(commands.building, "build", build)
    monkeypatch.setattr(commands, "run", run_module)
    assert commands.check(["docs", "--select", "A"]) == 0
    assert commands.check(["docs", "--build"]) == status
    site = () if broken else ("--site", str(ROOT / "site"))
    assert ran == [("scripts.checker", "docs", "--select", "A"), ("scripts.checker", "docs", *site)]
    assert ("The site was not built." in capsys.readouterr().err) == broken


# exceptions


def test_an_exception_with_a_reason_silences_its_block(tmp_path: Path) -> None:
    excuse = "<!-- check: ignore A01 the type comes from a plugin -->"
    text = f"# Title\n\n{excuse}\n\n!!! nte\n\n    Body.\n\n!!! wrning\n\n    Body.\n"
    out = run(project(tmp_path, {"index.md": text}))[1]
    assert [line.split(":")[1] for line in out.splitlines()] == ["9"]


@pytest.mark.parametrize(
    "excuse", ["ignore A01", "ignore", "ignore Q99 because", "ignore A01 no such thing here"]
)
def test_an_exception_out_of_order_is_a_finding(excuse: str, tmp_path: Path) -> None:
    project(tmp_path, {"index.md": f"# Title\n\n<!-- check: {excuse} -->\n\nText.\n"})
    assert codes(tmp_path) == {"Z03"}


def test_an_exception_reaches_the_rules_of_the_project(tmp_path: Path) -> None:
    text = "# Title\n\nSee [x](made.md). <!-- check: ignore L01 the build makes it -->\n"
    assert run(project(tmp_path, {"index.md": text}))[:2] == (0, "")


# memory


def test_the_memory_changes_nothing_but_the_time(tmp_path: Path) -> None:
    pages = {f"p{number}.md": BROKEN for number in range(5)}
    folder, cache = project(tmp_path / "p", pages), tmp_path / "cache"
    cold = run(folder, cache=cache)[1]
    assert run(folder, cache=cache)[1] == cold
    (folder / "docs" / "gone.md").write_text(CLEAN, encoding="utf-8")
    assert "L01" not in run(folder, cache=cache)[1]
    (folder / "mkdocs.yml").write_text(CONFIG.replace("  - admonition\n", ""), encoding="utf-8")
    assert run(folder, cache=cache)[1] != cold


def test_a_broken_memory_is_forgotten(tmp_path: Path) -> None:
    folder, cache = project(tmp_path / "p", {"index.md": BROKEN}), tmp_path / "cache"
    cold = run(folder, cache=cache)[1]
    for file in cache.rglob("*.sqlite"):
        file.write_bytes(b"no database at all" * 100)
    assert run(folder, cache=cache)[1] == cold


def test_a_changed_snippet_is_seen(tmp_path: Path) -> None:
    folder, cache = tmp_path / "p", tmp_path / "cache"
    project(folder, {"index.md": '# T\n\n--8<-- "part.txt"\n', "part.txt": "Fine.\n"})
    assert run(folder, cache=cache)[0] == 0
    (folder / "docs" / "part.txt").write_text("See [x](gone.md).\n", encoding="utf-8")
    assert "L01" in run(folder, cache=cache)[1]


# other projects


def test_a_bare_folder_and_a_docs_folder_are_projects(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "a.md").write_text("# A\n\n!!! nte\n\n    Body.\n", encoding="utf-8")
    assert "A01" in run(tmp_path / "bare")[1]
    folder = project(tmp_path / "p", {"index.md": BROKEN})
    assert run(folder / "docs")[1] == run(folder)[1] == run(folder / "mkdocs.yml")[1]


def test_tags_inheritance_and_missing_plugins_are_tolerated(tmp_path: Path) -> None:
    base = CONFIG.replace("markdown_extensions:", "markdown_extensions:\n  - no_such.extension")
    child = (
        "INHERIT: base.yml\nsite_name: !ENV [NO_SUCH_NAME, 'x']\nplugins:\n  - search\n  - no-such-plugin:\n"
        "      a: !!python/name:no.such.thing\nhooks: [gone.py]\ntheme:\n  name: nowhere\n  custom_dir: gone\n"
    )
    folder = project(tmp_path, {"index.md": BROKEN}, child)
    (folder / "base.yml").write_text(base, encoding="utf-8")
    assert run(folder)[0] == 1


# input that is not as it should be


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("site_name: [", "broken YAML"),
        ("- a list\n", "is not a mapping"),
        ("site_name: x\ndocs_dir: gone\n", "does not exist"),
        ("INHERIT: gone.yml\n", "gone.yml"),
        ("INHERIT: mkdocs.yml\n", "circle"),
        ("\x00", "broken YAML"),
    ],
)
def test_a_broken_configuration_exits_with_2_and_names_the_file(
    config: str, says: str, tmp_path: Path
) -> None:
    status, out, err = run(project(tmp_path, {"index.md": CLEAN}, config))
    assert (status, out) == (2, "")
    assert "mkdocs.yml" in err or "gone.yml" in err
    assert says in err


def test_nothing_to_check_exits_with_2(tmp_path: Path) -> None:
    assert run(tmp_path / "gone")[0] == 2
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty")[0] == 2


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfe# \x00T\x00", b"# T\n\n\x80\x81\n"])
def test_a_page_that_is_not_utf_8_is_a_finding(data: bytes, tmp_path: Path) -> None:
    project(tmp_path, {"index.md": CLEAN})
    (tmp_path / "docs" / "page.md").write_bytes(data)
    assert codes(tmp_path) == {"Z01"}


@pytest.mark.parametrize(
    "text",
    [
        "a " * 5_000_000,
        "[" * 300_000,
        "word\n" * 700_000,
        "<div>" * 60_000 + "\n",
    ],
    ids=["ten megabytes in a line", "brackets", "many lines", "tags"],
)
def test_a_huge_page_is_a_finding_and_no_hang(text: str, tmp_path: Path) -> None:
    project(tmp_path, {"index.md": CLEAN, "page.md": text})
    start = time.monotonic()
    assert "Z02" in codes(tmp_path)
    assert time.monotonic() - start < 60


def test_deep_quotations_do_not_hang(tmp_path: Path) -> None:
    project(tmp_path, {"page.md": "# T\n\n" + ">" * 3_000 + " a\n"})
    assert run(tmp_path)[0] in (0, 1)


def test_many_lines_are_checked_to_the_last(tmp_path: Path) -> None:
    text = "# T\n\n" + "A sentence.\n\n" * 5_000 + "!!! nte\n\n    Body.\n"
    project(tmp_path, {"page.md": text})
    assert ":10003:5: A01" in run(tmp_path)[1]


def test_odd_files_are_passed_over(tmp_path: Path) -> None:
    project(
        tmp_path,
        {"index.md": CLEAN, "empty.md": "", "blank.md": "\n\n", "zero.md": "# T\n\nA\x00B.\n"},
    )
    docs = tmp_path / "docs"
    (docs / "folder.md").mkdir()
    (docs / "loop").symlink_to(docs, target_is_directory=True)
    (docs / "self.md").symlink_to(docs / "self.md")
    (docs / "dead.md").symlink_to(docs / "nowhere.md")
    assert codes(tmp_path) == {"Z01"}


@pytest.mark.parametrize("hidden", [False, True])
def test_a_link_out_of_the_repository_is_a_finding_and_is_not_followed(
    tmp_path: Path, hidden: bool
) -> None:
    from scripts.checker import engine

    root = tmp_path / "root"
    project(root, {"index.md": CLEAN})
    secret = (root / ".git" if hidden else tmp_path / "secret") / "page.md"
    secret.parent.mkdir()
    secret.write_text("no title, ** and no end\n")
    (root / "drafts").mkdir()
    (root / "drafts/page.md").write_text(CLEAN)
    (root / "docs/inside").symlink_to("../drafts")
    assert codes(root) == set()
    (root / "docs/folder").symlink_to(secret.parent)
    (root / "docs/page.md").symlink_to(secret)
    (root / "docs/a.csv").symlink_to(secret)
    found = engine.check(Request([root], jobs=1, cache=Path("none"))).problems
    names = [Path(problem.path).relative_to(root / "docs").as_posix() for problem in found]
    assert [problem.code for problem in found] == ["Z04", "Z04", "Z04"]
    assert names == ["a.csv", "folder", "page.md"]


def test_a_snippet_that_includes_itself_is_a_finding(tmp_path: Path) -> None:
    project(tmp_path, {"page.md": '# T\n\n--8<-- "page.md"\n'})
    assert codes(tmp_path) == {"L21"}


def test_a_page_that_vanishes_while_it_is_read_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scripts.checker import engine

    project(tmp_path, {"index.md": CLEAN})
    monkeypatch.setattr(engine, "read", lambda file: None)
    outcome = engine.check(Request([tmp_path], jobs=1, cache=Path("none")))
    assert [problem.code for problem in outcome.problems] == ["Z01"]


def test_a_rule_that_fails_is_reported_and_exits_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scripts.checker.rules import PAGE

    def fails(page: object) -> list[object]:
        raise KeyError("odd")

    monkeypatch.setitem(PAGE, "S01", fails)
    assert (
        door.main([str(project(tmp_path, {"index.md": CLEAN})), "--no-cache", "--jobs", "1"]) == 2
    )
    assert "rule S01 failed on this page" in capsys.readouterr().out


def test_what_is_wrong_on_a_page_hides_none_of_its_facts(tmp_path: Path) -> None:
    from scripts.checker import config, rulebook
    from scripts.checker.one_page import Checker

    folder = project(tmp_path, {"index.md": CLEAN + "\n<div>\n\nText.\n"})
    file = folder / "docs" / "index.md"
    book = rulebook.load("scripts.house.rules")
    found, facts = Checker(config.find(folder), book).check("index.md", file, file.read_bytes())
    assert "H01" in {problem.code for problem in found}
    assert book.facts.keys() <= facts.keys()


def test_a_pass_that_fails_is_reported_and_exits_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scripts.checker.rules import admonition_types

    def fails(page: object, opener: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(admonition_types, "type_unknown", fails)
    folder = project(tmp_path, {"index.md": CLEAN + "\n!!! note\n    Text.\n"})
    assert door.main([str(folder), "--no-cache", "--jobs", "1"]) == 2
    assert "the pass over admonitions failed on this page" in capsys.readouterr().out


# the page of the rules


def test_the_page_of_the_rules_is_current() -> None:
    current = rules_page.PAGE.read_text(encoding="utf-8") == rules_page.page()
    assert current, "run python3 scripts/dev.py make rules"


def test_the_page_of_the_rules_names_every_rule() -> None:
    text = rules_page.page()
    assert all(f"{{#{code.lower()}}}" in text for code in rules_page.BOOK.rules)
