"""What an editor may do to a served site without harm: each fault is named, and the last good site stays."""

from __future__ import annotations

import errno
import gc
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mkdocs.structure.files import Files
from watchdog.observers.polling import PollingObserver

from scripts.extensions import front_matter
from scripts.serving import faults, output, sources, watching
from scripts.serving.server import name_of
from scripts.serving.site import Site
from tests.extensions.running import ROOT, URL, Running

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and signals are those of POSIX")


def page(path: Path, text: str) -> Path:
    """Write a page with a title."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {path.stem}\n\n{text}\n")
    return path


@POSIX
def test_what_an_editor_does_shows_at_once(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page(root / "drafts/linked.md", "First.")
    page(root / "drafts/single/alone.md", "First.")
    (root / "docs/linkdir").symlink_to("../drafts")
    (root / "docs/alone.md").symlink_to("../drafts/single/alone.md")
    page(root / "docs/overview/two/inner.md", "Inside.")
    (root / "docs/overview/gone.md").symlink_to("nowhere.md")
    temporary = tmp_path_factory.mktemp("temporary")
    server = Running(root, TMPDIR=str(temporary))
    try:
        server.wait("linkdir/linked/", "First.")
        server.wait("overview/two/inner/", "Inside.")
        page(root / "drafts/linked.md", "Second.")
        server.wait("linkdir/linked/", "Second.", 30)
        page(root / "drafts/single/alone.md", "Second.")
        server.wait("alone/", "Second.", 30)
        page(root / "other/late.md", "First.")
        (root / "docs/late").symlink_to("../other")
        server.wait("late/late/", "First.", 30)
        page(root / "other/late.md", "Second.")
        server.wait("late/late/", "Second.", 30)
        shutil.move(root / "docs/overview/two", root / "elsewhere")
        server.wait("overview/two/inner/", "", 30, status=404)
        shutil.move(root / "elsewhere", root / "docs/overview/two")
        server.wait("overview/two/inner/", "Inside.", 30)
        page(root / "docs/overview/two/inner.md", "Still watched.")
        server.wait("overview/two/inner/", "Still watched.", 30)
        (root / "docs/models/vae.md").write_text("---\ntitle: a: b: c\n---\n\n# VAE\n\nMended.\n")
        server.wait("models/vae/", "Mended.", 30)
        assert "a: b: c" not in server.get("models/vae/")
        shutil.move(root / "docs", root / "aside")
        time.sleep(0.3)
        shutil.copytree(root / "aside", root / "docs", symlinks=True)
        page(root / "docs/models/vae.md", "Of the new folder.")
        server.wait("models/vae/", "Of the new folder.", 30)
        page(root / "docs/models/vae.md", "Still watched.")
        server.wait("models/vae/", "Still watched.", 30)
        assert list(temporary.glob("*"))
        said = server.end(signal.SIGHUP)
        assert server.process.returncode == 0
    finally:
        server.process.kill()
    assert said.rstrip().endswith("Ended.")
    assert "Traceback" not in said
    assert "RuntimeWarning" not in said
    assert "docs/overview/gone.md leads to nowhere.md, which" in said
    wrong = "docs/models/vae.md:2:9: the front matter is no YAML: mapping values are not allowed"
    assert wrong in said
    assert list(temporary.glob("*")) == []


@POSIX
def test_a_site_that_cannot_be_built_says_why_and_comes_when_it_is_mended(root: Path) -> None:
    good = (root / "mkdocs.yml").read_text()
    (root / "mkdocs.yml").write_text(good + "plugins: [<none>]\n")
    server = Running(root, "--name", "desk.example")
    try:
        server.wait("", "&lt;none&gt;", status=404)
        assert "livereload(" in server.ask("")[1]
        (root / "mkdocs.yml").write_text(good)
        server.wait("", "Text with a")
        for host in ("127.0.0.1:1", "localhost", "LOCALHOST.:80", "[::1]:80", "desk.example"):
            assert server.ask("", Host=host)[0] == 200, host
        for host in (
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "[",
            "a b",
        ):
            status, text = server.ask("", Host=host)
            assert (status, "Text with a" in text) == (421, False), host
        said = server.end(signal.SIGTERM)
    finally:
        server.process.kill()
    assert "Not built: there is no site until this is mended." in said
    assert "Refused a request for the host 'evil.example'" in said


def test_the_name_of_a_host_is_read() -> None:
    assert name_of("[::1]:8000") == "::1"
    assert name_of("Desk.Example.:8000") == "desk.example"
    assert name_of("[") == ""


@POSIX
def test_links_are_followed_inside_the_repository_only(root: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    page(outside / "secret.md", "Secret.")
    (root / ".git").mkdir()
    page(root / ".git/config.md", "Secret.")
    page(root / "drafts/linked.md", "Text.")
    for name, target in {
        "out": str(outside),
        "out.md": str(outside / "secret.md"),
        "hidden": "../.git",
        "hidden.md": "../.git/config.md",
        "up": "..",
        "round": ".",
        "itself": "itself",
        "nowhere.md": "nothing.md",
        "null.md": "/dev/null",
        "sound": "../drafts",
        "sound.md": "../drafts/linked.md",
    }.items():
        (root / "docs" / name).symlink_to(target)
    (root / "drafts/back").symlink_to("../docs")
    os.mkfifo(root / "docs/pipe.md")
    walk = sources.Walk(root)
    found = {
        Path(place, name).relative_to(root / "docs").as_posix()
        for place, _, names in walk.walk(root / "docs")
        for name in names
    }
    assert {"sound/linked.md", "sound.md", "index.md"} <= found
    assert not [name for name in found if "out" in name or "hidden" in name or "pipe" in name]
    refused = {line.split(" ")[0].removeprefix("docs/") for line in walk.refused}
    assert refused == {
        *("out", "out.md", "hidden", "hidden.md", "up", "round", "itself"),
        *("nowhere.md", "null.md", "pipe.md", "sound/back"),
    }
    assert walk.links == {root / "drafts", root / "drafts/linked.md"}


@POSIX
def test_a_link_out_of_the_repository_is_refused_with_one_line(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outside = page(tmp_path.parent / f"{tmp_path.name}-beyond/secret.md", "Secret.")
    (root / "docs/out").symlink_to(outside.parent)
    site = Site(root, URL)
    try:
        assert site.build()
        assert not (site.folder / "out").exists()
    finally:
        site.close()
    lines = [record.getMessage() for record in caplog.records if "docs/out " in record.getMessage()]
    assert lines == [f"docs/out leads to {outside.parent}, out of the repository: it is left out"]


@pytest.mark.parametrize("text", ["@article{x,\n  title = {Open\n", "", None])
def test_a_broken_bibliography_leaves_the_last_good_site(
    root: Path, site: Site, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    path = root / "docs/references/bibliography.bib"
    good, before = path.read_text(), (site.folder / "models/vae/index.html").read_text()
    assert "Auto-Encoding" in before
    path.unlink() if text is None else path.write_text(text)
    for more in ("", "\nAnother line.\n"):  # a page that is made anew, and pages that are not
        with (root / "docs/index.md").open("a") as file:
            file.write(more)
        caplog.clear()
        assert not site.build()
        assert (site.folder / "models/vae/index.html").read_text() == before
        last = [record.getMessage() for record in caplog.records if record.name == "mkdocs.serve"]
        assert last[0].startswith("docs/references/bibliography.bib")
        assert len(last) == 2
    path.write_text(good)
    assert site.build()
    assert "Auto-Encoding" in (site.folder / "models/vae/index.html").read_text()


def test_a_fault_of_a_shared_file_is_not_said_for_each_page() -> None:
    record = logging.makeLogRecord({"msg": "x", "shared": "docs/a.bib is broken"})
    assert not faults.is_new(record)
    assert faults.is_new(logging.makeLogRecord({"msg": "x"}))
    assert faults.shared([record, record]) == ["docs/a.bib is broken"]


FAULTS: dict[str, tuple[str, bytes, str]] = {
    "navigation": ("docs/models/.pages", b"nav:\n  - a: [\n", "docs/models/.pages:3: "),
    "lost entry": ("docs/models/.pages", b"nav: [index.md]\n", "docs/models/.pages: NavEntryNot"),
    "letters": ("docs/index.md", b"# One\n\ncaf\xe9\n", "docs/index.md:3: is not UTF-8 (byte 10)"),
    "template": ("overrides/main.html", b"\n{% if %}", "overrides/main.html:2: "),
    "undefined": ("overrides/main.html", b"\n{{ nothing.at.all }}", "overrides/main.html:2: "),
    "settings": ("mkdocs.yml", b"site_name: [\n", "mkdocs.yml"),
}


@pytest.mark.parametrize(("name", "data", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_message_names_the_file_that_is_wrong(
    root: Path,
    site: Site,
    caplog: pytest.LogCaptureFixture,
    name: str,
    data: bytes,
    told: str,
) -> None:
    (root / name).write_bytes(data)
    assert not site.build()
    said = [record.getMessage() for record in caplog.records if record.name == "mkdocs.serve"]
    assert told in said[0]
    assert ".venv" not in said[0]
    assert "site-packages" not in said[0]


def test_frames_of_packages_below_the_root_are_not_named(tmp_path: Path) -> None:
    code = {
        ".venv/lib/parser.py": "def parse(text): raise ValueError('no good')",
        "venv/lib/reader.py": "def read(path, parse): parse(path.read_text())",
        "scripts/extensions/own.py": "def own(path, read, parse):\n    read(path, parse)",
    }
    names: dict[str, Callable[..., object]] = {}
    for place, text in code.items():
        path = tmp_path / place
        page(path, "")
        exec(compile(text, str(path), "exec"), names)
    source = page(tmp_path / "docs/models/vae.md", "Text.")
    with pytest.raises(ValueError) as caught:
        names["own"](source, names["read"], names["parse"])
    told = faults.explain(caught.value, tmp_path)
    assert told == "docs/models/vae.md: scripts/extensions/own.py:2: ValueError: no good"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("---\ntitle: a: b: c\n---\n\n# A\n", 2, "is no YAML: mapping values"),
        ("---\ntitle: A\nneeds: [one\n---\n# A\n", 4, "is no YAML"),
        ("---\r\ntitle: \tA: B\r\n---\r\n# A\r\n", 2, "is no YAML"),
        ("---\ntitle: A\n\n# A\n", 1, "is not closed"),
        ("---\n- one\n- two\n---\n# A\n", 2, "is no list of keys"),
        ("---\njust words\n---\n# A\n", 2, "is no list of keys"),
        ("---\ndate: 2026-13-45\n---\n# A\n", 1, "is no YAML"),
    ],
)
def test_front_matter_that_cannot_be_read_is_named(text: str, line: int, said: str) -> None:
    fault = front_matter.fault(text)
    assert fault is not None
    assert (fault.line, said in fault.message) == (line, True), fault
    assert "\n" not in fault.message


@pytest.mark.parametrize("text", ["---\ntitle: A\n---\n# A\n", "# A\n", "---\n\nText.\n", ""])
def test_sound_front_matter_and_rules_are_no_fault(text: str) -> None:
    assert front_matter.fault(text) is None


def test_pages_that_are_remembered_keep_no_build_alive(root: Path, site: Site) -> None:
    def alive() -> int:
        gc.collect()
        return sum(isinstance(thing, Files) for thing in gc.get_objects())

    before = alive()
    for path in sorted((root / "docs").rglob("*.md")):
        with path.open("a") as file:
            file.write("\nMore.\n")
        assert site.build()
    assert alive() <= before


def test_texts_of_older_states_are_forgotten(root: Path, site: Site) -> None:
    pages = len(site.memory.seen)
    for number in range(6):
        page(root / "docs/models/vae.md", f"State {number}.")
        assert site.build()
    assert len({*site.memory.seen, *site.memory.fronts}) <= pages + 1


def test_a_long_build_says_what_it_is_at(
    root: Path, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    page(root / "docs/long.md", "A sentence of some words. " * 20_000)
    site.patience = (0.02, 0.02)
    with caplog.at_level(logging.INFO, "mkdocs.serve"):
        assert site.build()
    said = [record.getMessage() for record in caplog.records]
    assert any("at docs/long.md of 0.5 million characters …" in text for text in said)


@POSIX
def test_what_a_killed_server_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import time; from scripts.serving.output import Scratch\n"
        "made = Scratch(); print(made.path, flush=True); time.sleep(60)"
    )
    others = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        left, used = (Path(other.stdout.readline().strip()) for other in others if other.stdout)
        others[0].kill()
        others[0].wait()
        for folder in (left, used):
            os.utime(folder / output.LOCK, (1_700_000_000, 1_700_000_000))
        young = tmp_path / f"{output.PREFIX}young"  # its process has not locked it yet
        young.mkdir()
        (young / output.LOCK).touch()
        mine = output.Scratch()
        assert (left.exists(), used.exists(), young.exists()) == (False, True, True)
        mine.remove()
        assert not mine.path.exists()
    finally:
        for other in others:
            other.kill()
            other.communicate()


@POSIX
def test_a_server_ends_with_the_command_that_started_it(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    code = f"""
import os, subprocess, sys, time
subprocess.Popen(
    [sys.executable, "-u", "-m", "scripts.serve", "--port", "0", "--root", {str(root)!r},
     f"--parent={{os.getpid()}}"]
)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert parent.stdout is not None
    for line in parent.stdout:
        if line.startswith("The site is at"):
            break
    assert list(temporary.iterdir())
    parent.kill()
    said = parent.stdout.read()  # until the server, which has the same pipe, has ended
    parent.wait()
    assert said.endswith("Ended.\n")
    assert list(temporary.iterdir()) == []


def test_where_the_system_does_not_tell_of_changes_they_are_looked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(PollingObserver):
        def schedule(self, *arguments: Any, **options: Any) -> Any:
            if len(self.emitters) > 1:
                raise OSError(errno.ENOSPC, "no watch is left")
            return super().schedule(*arguments, **options)

    monkeypatch.setattr(watching, "Observer", Full)
    monkeypatch.setattr(watching, "POLL", 0.05)
    told: set[str] = set()
    watch = watching.Watch(root, told.update)
    try:
        assert type(watch.observer) is PollingObserver
        page(root / "docs/models/vae.md", "Changed.")
        started = time.monotonic()
        while "docs/models/vae.md" not in told and time.monotonic() - started < 10:
            time.sleep(0.02)
        assert "docs/models/vae.md" in told
    finally:
        watch.stop()


def test_each_folder_is_watched_once_whatever_is_linked(root: Path) -> None:
    page(root / "drafts/linked.md", "Text.")
    if sys.platform != "win32":
        (root / "docs/linked").symlink_to("../drafts")
    told: set[str] = set()
    watch = watching.Watch(root, told.update)
    try:
        trees = [Path(path) for path, deep in watch.scheduled if deep]
        assert root / "docs" in trees
        assert not [path for path in trees if any(other in path.parents for other in trees)]
        before = dict(watch.scheduled)
        watch.refresh()
        assert watch.scheduled == before
    finally:
        watch.stop()
