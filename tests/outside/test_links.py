"""The check of outside links: slow to cry, and nothing of what it knows is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.outside import links
from scripts.outside.http_client import Client
from scripts.outside.verdicts import Verdict
from tests.outside.asking import QUICK, base, docs, quick


def test_one_failure_is_never_reported(tmp_path: Path) -> None:
    entry: dict[str, Any] | None = None
    dead = Verdict("u", "dead", 404, "answers 404")
    reported = []
    for day in ("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-08"):
        entry = links.remember(entry, dead, day)
        reported.append(links.is_reported(entry, day))
    assert reported == [False, False, False, True]
    assert entry is not None
    entry = links.remember(entry, Verdict("u", "alive", 200), "2026-11-09")
    assert not links.is_reported(entry, "2026-11-09")
    assert entry["last_alive"] == "2026-11-09"
    assert entry["history"] == [["2026-11-01", "dead", 404], ["2026-11-09", "alive", 200]]
    blocked = links.remember(entry, Verdict("u", "blocked", 403, "answers 403"), "2026-12-30")
    assert not links.is_reported(blocked, "2026-12-30")


def test_a_run_remembers_and_proposes_one_report(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    here = base(server)
    folder = docs(tmp_path, f"<{here}/good>\n\n<{here}/missing/x>\n\n<{here}/moved>\n")
    memory = tmp_path / "links.json"
    client = quick(server)
    texts = [
        links.run(folder, memory, client, day, f"{here}/memory?url=")[0]
        for day in ("2026-11-01", "2026-11-08", "2026-11-15")
    ]
    assert "## Gone" not in texts[0] + texts[1]
    assert "## Gone (1)" in texts[2]
    assert f"<{here}/missing/x> answers 404 – `docs/page.md:3`" in texts[2]
    assert "[archived copy](<http://a.example/1>)" in texts[2]
    assert f"<{here}/moved> has moved to `{here}/good` – `docs/page.md:5`" in texts[2]
    entry = json.loads(memory.read_text())[f"{here}/good"]
    assert (entry["first_seen"], entry["last_alive"]) == ("2026-11-01", "2026-11-15")
    docs(tmp_path, f"<{here}/good>\n")
    links.run(folder, memory, client, "2026-11-16", "")
    assert list(json.loads(memory.read_text())) == [f"{here}/good"]


def test_without_a_network_nothing_is_remembered(tmp_path: Path) -> None:
    folder = docs(tmp_path, "<http://127.0.0.1:9/a> <http://127.0.0.1:9/b>\n")
    memory = tmp_path / "links.json"
    memory.write_text('{"http://127.0.0.1:9/a": {"state": "alive"}}')
    client = Client(QUICK, sleep=lambda seconds: None)
    with pytest.raises(ValueError, match="none of 2 addresses could be reached"):
        links.run(folder, memory, client, "2026-11-01")
    assert json.loads(memory.read_text()) == {"http://127.0.0.1:9/a": {"state": "alive"}}


@pytest.mark.parametrize(
    "text", ["{", "[]", "\xff", '{"u": 1}', '{"u": {"state": "dead", "failures": "x"}}']
)
def test_a_broken_memory_is_named_and_kept(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = tmp_path / "links.json"
    memory.write_bytes(text.encode("latin-1"))
    folder = docs(tmp_path, "<http://127.0.0.1:9/>\n")
    monkeypatch.setattr("sys.argv", ["links", "--docs", str(folder), "--memory", str(memory)])
    assert links.main() == 2
    assert str(memory) in capsys.readouterr().err
    assert memory.read_bytes() == text.encode("latin-1")


def test_a_page_that_is_not_utf_8_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = docs(tmp_path, "")
    (folder / "latin.md").write_bytes(b"caf\xe9")
    monkeypatch.setattr(
        "sys.argv", ["links", "--docs", str(folder), "--memory", str(tmp_path / "m")]
    )
    assert links.main() == 2
    assert "latin.md: is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("state", ["suspect", "dead"])
def test_a_doubt_is_reported_after_several_runs(state: Any) -> None:
    entry: dict[str, Any] | None = None
    reported = []
    for day in ("2026-11-01", "2026-11-02", "2026-11-08"):
        entry = links.remember(entry, Verdict("u", state, 200, "calls itself", "404"), day)
        reported.append(links.is_reported(entry, day))
    assert reported == [False, False, True]


def test_what_is_known_is_saved_before_the_rest_is_asked(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    here = base(server)
    folder = docs(tmp_path, f"<{here}/good/1> <{here}/good/2> <{here}/good/3>\n")
    memory = tmp_path / "links.json"
    client = quick(server)
    check_page = client.check_page

    def stopped(urls: list[str]) -> list[Verdict]:
        while urls[0].endswith("/3") and not (memory.exists() and "good/2" in memory.read_text()):
            time.sleep(0.01)
        if urls[0].endswith("/3"):
            return [Verdict("stop", "alive", 200)]
        return check_page(urls)

    client.check_page = stopped  # type: ignore[method-assign]
    links.run(folder, memory, client, "2026-11-01", "")
    assert list(json.loads(memory.read_text())) == [f"{here}/good/1", f"{here}/good/2"]


def test_what_servers_say_is_no_markup_of_the_report(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    here = base(server)
    folder = docs(tmp_path, f"<{here}/hostile-title>\n\n<{here}/hostile-location>\n")
    memory = tmp_path / "links.json"
    for day in ("2026-11-01", "2026-11-08", "2026-11-15"):
        text, _ = links.run(folder, memory, quick(server), day, "")
    assert text.count("\n- ") == 2
    for line in text.split("\n- ")[1:]:
        assert line.split("\n")[0].isprintable()
        bare = "".join(line.split("`")[::2])
        assert "`" in line
        assert not {"@all", "<img", "<script", "](x)", "](http"} & set(bare.split())
        assert not any(sign in bare for sign in ("@all", "<img", "<script", "]("))


def test_a_long_report_fits_into_an_issue() -> None:
    entry = links.remember(
        None, Verdict("u", "moved", 200, "has moved to", "x" * 150), "2026-11-01"
    )
    places = {f"https://a.example/{i}": [links.Place("docs/p.md", i)] for i in range(1000)}
    text = links.report(dict.fromkeys(places, entry), places, "2026-11-01")
    shown = text.count("\n- ")
    assert len(text) < 65_536
    assert f"And {1000 - shown} more:" in text


def test_the_workflow_keeps_the_file_in_which_runs_are_remembered() -> None:
    flow = yaml.safe_load((links.ROOT / ".github/workflows/links.yml").read_text(encoding="utf-8"))
    steps = flow["jobs"]["links"]["steps"]
    caches = [step for step in steps if step.get("uses", "").startswith("actions/cache")]
    assert [step["uses"].split("@")[0].rsplit("/")[-1] for step in caches] == ["restore", "save"]
    assert caches[1]["if"] == "always()"
    assert {step["with"]["path"] for step in caches} == {
        links.MEMORY.relative_to(links.ROOT).as_posix()
    }


def test_the_command_asks_a_server_of_this_machine_only_if_it_is_named(
    server: ThreadingHTTPServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = docs(tmp_path, f"<{base(server)}/good>\n")
    given = ["links", "--docs", str(folder), "--memory", str(tmp_path / "m"), "--no-archive"]
    monkeypatch.setattr("sys.argv", given)
    assert links.main() == 2
    assert "--local" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", [*given, "--local", f"127.0.0.1:{server.server_port}"])
    assert links.main() == 0
    assert capsys.readouterr().out == "1 addresses: 1 alive\n"


def test_an_archive_that_fails_is_left_alone(server: ThreadingHTTPServer) -> None:
    archive = links.Archive(quick(server), f"{base(server)}/reset/archive/")
    assert [archive.copy(f"https://a.example/{i}") for i in range(6)] == [""] * 6
    counts = server.counts  # type: ignore[attr-defined]
    assert sum(number for name, number in counts.items() if "/reset/archive/" in name) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal of this kind")
def test_an_interrupted_run_keeps_what_it_knows(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    folder = docs(tmp_path, f"<{base(server)}/good/1>\n\n<{base(server)}/hanging/2>\n")
    memory = tmp_path / "memory.json"
    command = [sys.executable, "-m", "scripts.outside.links", "--no-archive", "--pause", "0.5"]
    command += [
        "--docs",
        folder,
        "--memory",
        memory,
        "--local",
        base(server).removeprefix("http://"),
    ]
    with subprocess.Popen(command, cwd=links.ROOT, stderr=subprocess.PIPE, text=True) as run:
        begun = time.monotonic()
        while not memory.exists() and time.monotonic() - begun < 60:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=20)
    assert (run.returncode, said) == (
        130,
        "links: stopped; what was known by then is remembered\n",
    )
    assert list(json.loads(memory.read_text())) == [f"{base(server)}/good/1"]
