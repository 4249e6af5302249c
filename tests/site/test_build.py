"""The build: strict, complete, the same twice, the same with another builder, valid, of one host."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from scripts.checker import rulebook
from scripts.checker.config import find
from scripts.checker.engine import chosen_codes
from scripts.checker.request import Request
from scripts.devtools import building
from tests.site import html
from tests.site.kit import DOCS, PAGES, ROOT, Site, address, sources


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, with the default of what stands behind !ENV."""


def default(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    """The last value of `!ENV [NAME, default]`."""
    values = loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else []
    return values[-1] if len(values) > 1 else None


Loader.add_constructor("!ENV", default)
Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)  # nothing is run here


def settings() -> dict[str, object]:
    """What mkdocs.yml says."""
    with (ROOT / "mkdocs.yml").open(encoding="utf-8") as file:
        return dict(yaml.load(file, Loader))


def files(folder: Path) -> list[str]:
    """All files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_the_strict_build_passes(built: Site) -> None:
    lines = built.said.splitlines()
    found = [text for text in lines if re.match(r"(WARNING|ERROR|CRITICAL) ", text)]
    assert not found, "\n".join(found)
    assert not [text for text in lines if "not included" in text or "unrecognized" in text]


def test_every_validation_is_on() -> None:
    found = settings()
    assert found["strict"] is True
    nav = dict.fromkeys(("omitted_files", "not_found", "absolute_links"), "warn")
    kinds = ("not_found", "anchors", "absolute_links", "unrecognized_links")
    assert found["validation"] == {"nav": nav, "links": dict.fromkeys(kinds, "warn")}


def test_every_page_is_built(site: Path) -> None:
    assert [page for page in PAGES if not (site / page / "index.html").is_file()] == []
    assert (site / "404.html").is_file()


LENGTH = re.compile(r"First depth about (\d+) minutes?, whole page (\d+)")


def test_a_first_depth_takes_ten_minutes_at_most(site: Path) -> None:
    found = {
        path.parent.relative_to(site).as_posix(): tuple(map(int, match.groups()))
        for path in site.rglob("index.html")
        if (match := LENGTH.search(path.read_text(encoding="utf-8")))
    }
    assert len(found) >= 12, "the deep pages say how long they are"
    long = {page: first for page, (first, _) in found.items() if first > 10}
    assert not long, f"what the first depth need not say goes below it: {long}"
    assert not {page: whole for page, (_, whole) in found.items() if whole > 40}


def check(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the one command as a contributor does."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.checker", "--no-cache", "--jobs", "1", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_one_command_finds_nothing_on_our_pages_and_on_the_site(site: Path) -> None:
    done = check("--site", site)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert re.fullmatch(
        rf"0 findings in {len(PAGES)} pages and \d{{2,}} files of the built site\n", done.stderr
    )


def test_house_style_is_on_for_us() -> None:
    config = find(ROOT)
    chosen = chosen_codes(Request([ROOT]), config)
    assert chosen == frozenset(rulebook.load("scripts.house.rules").rules)


def test_the_one_command_finds_what_is_wrong_with_the_site(site: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(site, tmp_path / "site")
    page = copy / "overview" / "index.html"
    text = page.read_text(encoding="utf-8")
    planted = '<a href="../nowhere/">x</a><p>!!! note "Open'
    page.write_text(text.replace("</article>", f"{planted}</article>", 1), encoding="utf-8")
    done = check("--site", copy, "--select", "B")
    assert [row.split(" ")[1] for row in done.stdout.splitlines()] == ["B01", "B04"]
    assert "correct it in docs/overview/index.md" in done.stdout


def test_scripts_and_styles_name_no_other_host(site: Path) -> None:
    # Names of formats are no requests.
    names = {"www.w3.org", "creativecommons.org"}
    found = []
    for name in files(site):
        if name.endswith((".css", ".mjs", ".js")):
            text = (site / name).read_text(encoding="utf-8")
            text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
            hosts = set(re.findall(r"https?://([\w.-]+)", text)) - names
            found += [f"{name}: {host}" for host in sorted(hosts)]
    assert found == []


def test_nothing_is_published_that_no_reader_needs(site: Path) -> None:
    unwanted = re.compile(r"__pycache__|\.py[cod]$|\.pages$|~$|\.tmp$|\.map$|(^|/)\.")
    assert [name for name in files(site) if unwanted.search(name)] == []
    ours = {path.relative_to(DOCS).as_posix() for path in (DOCS / "assets").rglob("*")}
    assert [name for name in files(site) if name.startswith("assets/") and name not in ours] == []


def test_pages_are_valid_html(site: Path) -> None:
    faults = {}
    for path in sorted(site / name for name in files(site) if name.endswith(".html")):
        parsed = html.parse(path)
        if parsed.faults:
            faults[path.relative_to(site).as_posix()] = parsed.faults[:10]
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=False)


def build(out: Path, builder: str = "mkdocs", **variables: str) -> None:
    """Build from a process with another hash seed, place and time zone."""
    other = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C", **variables}
    command = (
        "import sys; from pathlib import Path; from scripts.devtools import building; "
        "building.build(Path(sys.argv[1]), builder=sys.argv[2], echo=False, strict=False)"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, str(out), builder],
        cwd=ROOT,
        env={**os.environ, **other, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def build_again(site: Path, out: Path, builder: str = "mkdocs", **variables: str) -> None:
    """Build what the site was built from; not if somebody has edited it since."""
    build(out, builder, **variables)
    if (site.parent / "site.sources").read_text(encoding="ascii") != sources():
        pytest.skip("the sources were edited while the tests ran")


def test_two_builds_are_the_same_to_the_bit(site: Path, tmp_path: Path) -> None:
    build_again(site, tmp_path / "again")
    assert files(tmp_path / "again") == files(site)
    _, differ, broken = filecmp.cmpfiles(site, tmp_path / "again", files(site), shallow=False)
    assert differ + broken == []


def main_of(path: Path) -> str:
    """The main part of a page."""
    found = re.search(r"<main\b.*</main>", path.read_text(encoding="utf-8"), re.S)
    assert found, f"{path} has no <main>"
    return found[0]


def test_properdocs_builds_the_same_pages(site: Path, tmp_path: Path) -> None:
    build_again(site, tmp_path / "other", "properdocs")
    pages = [f"{page}index.html" for page in PAGES]
    assert files(tmp_path / "other") == files(site)
    differ = [p for p in pages if main_of(tmp_path / "other" / p) != main_of(site / p)]
    assert differ == []


def test_a_fork_sets_address_and_edit_links_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", "https://fork.example/books/genai/")
    monkeypatch.setenv("REPO_URL", "https://code.example/fork/genai")
    edit = "https://code.example/fork/genai/edit/main/docs/{path}"
    monkeypatch.setenv("EDIT_URI_TEMPLATE", edit)
    building.build(tmp_path / "site", echo=False, strict=False)
    page = (tmp_path / "site" / "overview" / "index.html").read_text(encoding="utf-8")
    assert '<link rel="canonical" href="https://fork.example/books/genai/overview/">' in page
    assert "https://code.example/fork/genai/edit/main/docs/overview/index.md" in page
    lost = (tmp_path / "site" / "404.html").read_text(encoding="utf-8")
    assert 'href="/books/genai/assets/' in lost
    done = check("--site", tmp_path / "site", "--select", "B")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_a_failed_build_leaves_the_old_site(tmp_path: Path) -> None:
    copy, out = tmp_path / "copy", tmp_path / "site"
    (copy / "docs").mkdir(parents=True)
    (copy / "mkdocs.yml").write_text("site_name: x\nstrict: true\n", encoding="utf-8")
    (copy / "docs" / "index.md").write_text("# One\n", encoding="utf-8")
    building.build(out, root=copy, echo=False)
    before = {name: (out / name).read_bytes() for name in files(out)}
    (copy / "docs" / "index.md").write_text("# Two\n\n[lost](lost.md)\n", encoding="utf-8")
    with pytest.raises(building.Stop, match=r"lost\.md"):
        building.build(out, root=copy, echo=False)
    assert {name: (out / name).read_bytes() for name in files(out)} == before
    assert os.listdir(tmp_path) == ["copy", "site"] or set(os.listdir(tmp_path)) == {"copy", "site"}


def test_a_build_replaces_only_a_site(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(building.Stop, match="something else than a site"):
        building.build(tmp_path / "letters", echo=False)
    with pytest.raises(building.Stop, match="something else than a site"):
        building.build(ROOT, echo=False)
    assert (tmp_path / "letters" / "dear.txt").read_text(encoding="utf-8") == "dear"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<p>a<div>b</div></p>", "Unexpected end tag"),
        ("<ul><p>a</p></ul>", "stands directly in <ul>"),
        ("<a href='#x'><button>b</button></a>", "stands in <a>"),
        ("<p id=x>a</p><p id=x>b</p>", "stands 2 times"),
        ("<img src=x>", "has no alt"),
        ("<span><div>a</div></span>", "stands in <span>"),
        ("<p>a <b>b</p>", "Unexpected end tag"),
        ("<p>a &nosuch; b</p>", "Named entity"),
        ("<p>b < c</p>", "tag name"),
        ("<p class=a class=b>c</p>", "uplicate"),
        ("<label for=lost>a</label>", "names no id"),
        ("<p><center>b</center></p>", "obsolete"),
    ],
)
def test_faults_of_html_are_seen(text: str, fault: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    whole = f"<!doctype html><html lang=en><head><title>t</title></head><body>{text}</body></html>"
    page.write_text(whole, encoding="utf-8")
    assert any(fault in found for found in html.parse(page).faults), html.parse(page).faults


def test_addresses_of_pages_follow_from_their_files() -> None:
    paths = ["index", "models/index", "models/vae"]
    assert [address(path) for path in paths] == ["", "models/", "models/vae/"]


def test_a_second_process_uses_the_site_of_the_first(built: Site) -> None:
    with FileLock(built.path.parent / "site.lock", timeout=5):
        assert (built.path.parent / "site.log").is_file()
    assert shutil.which("git") is None or building.epoch() > 1_000_000_000
