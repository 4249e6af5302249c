"""What the commands do when they are asked for help, disturbed, killed or given paths."""

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.devtools import building, chromium, commands, environment, mutex, packages, passing
from tests.scripts.repository import Repository

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("verb", commands.VERBS)
def test_every_verb_helps_and_does_nothing(
    tmp_path: Path,
    verb: str,
    flag: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"{verb} {flag} does something: {arguments}")

    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(commands.environment, "ensure", refuse)
    monkeypatch.setattr(commands.building, "restore", refuse)
    monkeypatch.setattr(commands, "run", refuse)
    with contextlib.suppress(SystemExit):  # argparse ends so
        assert commands.main([verb, flag]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"usage: {commands.PROGRAM} {verb}")
    assert str(commands.VERBS[verb].__doc__)[:30] in " ".join(told.split())
    assert list(tmp_path.iterdir()) == []


def test_a_verb_without_options_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.addresses(["--bogus"])
    assert "unrecognized arguments: --bogus" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "how", "wanted"),
    [
        (["models/vae.md"], passing.CHECK, ["docs/models/vae.md"]),
        (["--fix", "../README.md"], passing.CHECK, ["--fix", "README.md"]),
        (["--select", "A,L01", "."], passing.CHECK, ["--select", "A,L01", "docs"]),
        (["--site", "../site"], passing.CHECK, ["--site", "site"]),
        (["--site=../site", "--build"], passing.CHECK, ["--site=site", "--build"]),
        (["-k", "models"], passing.TEST, ["-k", "models"]),
        (["-x", "../tests/a.py::test_b"], passing.TEST, ["-x", "tests/a.py::test_b"]),
        (["--tb", "short", "a.py"], passing.TEST, ["--tb", "short", "docs/a.py"]),
        (["--junitxml=out.xml"], passing.TEST, ["--junitxml=docs/out.xml"]),
        (["--report", "r.md"], passing.LINKS, ["--report", "docs/r.md"]),
        (["--pause", "2", "word"], passing.LINKS, ["--pause", "2", "word"]),
    ],
)
def test_paths_are_those_of_the_current_folder(
    tmp_path: Path, given: list[str], how: passing.Passing, wanted: list[str]
) -> None:
    found = passing.from_here(given, how, tmp_path, tmp_path / "docs")
    assert found == [text.replace("/", os.sep) if "A," not in text else text for text in wanted]
    assert passing.from_here(given, how, tmp_path, tmp_path) == given


def test_a_verb_that_passes_paths_on_moves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, ...]] = []
    monkeypatch.setenv("DEV_TEST_SUMMARY", "")
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(commands.environment, "ensure", lambda *_, **__: None)
    monkeypatch.setattr(commands, "run", lambda env, *rest, **_: given.append(rest) or 0)
    monkeypatch.setattr(
        commands, "quietly", lambda *_: subprocess.CompletedProcess([], 0, stdout="")
    )
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    commands.check(["a.md"])
    commands.test(["a.py"])
    commands.links(["--report", "a.txt"])
    here = os.path.join("docs", "a")
    assert [rest[-1] for rest in given] == [f"{here}.md", f"{here}.py", f"{here}.txt"]


WORKERS = """
import multiprocessing, os, time
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        pool.map_async(time.sleep, [60, 60])
        print(os.getpgrp(), flush=True)
        time.sleep(60)
"""


def running_groups() -> set[str]:
    """The groups of all processes that are not dead."""
    told = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True
    )
    return {row.split()[0] for row in told.stdout.splitlines() if "Z" not in row.split()[1]}


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_check_that_is_stopped_shows_no_traceback_and_leaves_no_process(
    finished: Repository, name: str
) -> None:
    number = getattr(signal, name)
    folder = finished.root / "scripts" / "checker"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(WORKERS)
    process = subprocess.Popen(
        finished.command("check"),
        env=finished.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    group = process.stdout.readline().strip()
    assert group in running_groups()
    os.killpg(process.pid, number)  # as a terminal does
    said, _ = process.communicate(timeout=20)
    shutil.rmtree(folder)
    assert process.returncode == (130 if number == signal.SIGINT else 128 + number)
    assert said == ("Stopped.\n" if number == signal.SIGINT else "Ended from outside.\n")
    assert group not in running_groups()


def test_a_package_that_lost_a_file_is_mended(finished: Repository) -> None:
    finished.build()
    env = environment.Environment(finished.root)
    if not env.packages.is_dir():
        pytest.skip("the tests run with another Python than the commands")
    (env.packages / "mkdocs" / "data").mkdir()  # touched, and nothing is missing
    assert "Making" not in finished.build()
    assert environment.unchanged(env, environment.read(env))
    lost = env.packages / "mkdocs" / "__init__.py"
    lost.unlink()
    said = finished.build()
    assert "is made anew: mkdocs/__init__.py was removed from it.\n" in said
    assert lost.is_file()
    assert "Making" not in finished.build()


# What pip says, in several versions and on several systems.
PIP = {
    "Could not fetch URL x: There was a problem confirming the ssl certificate: HTTPSConnectionPool(): "
    "Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_"
    "FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)')))": "the certificate",
    "(Caused by SSLError(SSLCertVerificationError('“x” certificate is not trusted')))": "the certificate",
    "(Caused by SSLError(SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number')))": "no secure "
    "connection to its package index (wrong version number)",
    "WARNING: The repository located at x is not a trusted or secure host and is being "
    "ignored.": "has no https",
    "ERROR: HTTP error 403 while getting x": "refuses to answer (HTTP 403)",
    "WARNING: 401 Error, Credentials not correct for x": "refuses to answer (HTTP 401)",
    "(Caused by ResponseError('too many 503 error responses'))": "refuses to answer (HTTP 503)",
}


@pytest.mark.parametrize(("said", "told"), PIP.items())
def test_an_index_that_cannot_be_trusted_is_told_as_what_it_is(said: str, told: str) -> None:
    missing = "ERROR: No matching distribution found for babel==2.18.0"
    stop = str(packages.explain(f"{said}\n{missing}\n"))
    assert told in stop
    assert "finds no babel" not in stop
    assert stop.count("\n") == 0
    assert "finds no babel" in str(packages.explain(missing))


KILLED = """
import os, sys
from pathlib import Path
from scripts.devtools import building
rename, renames = building.rename, []
def kill(source, target):
    renames.append(source)
    if len(renames) == 2:
        os._exit(9)
    rename(source, target)
building.rename = kill
building.build(Path(sys.argv[1]), python=sys.executable, builder=sys.argv[2], echo=False)
"""


@POSIX
@pytest.mark.parametrize(("name", "command"), [("site", ["links"]), ("other", ["build", "--out"])])
def test_a_build_that_is_killed_leaves_the_site_and_nothing_else(
    finished: Repository, name: str, command: list[str]
) -> None:
    site = finished.root / name
    assert finished.run("build", "--out", str(site)).returncode == 0
    (site / "index.html").write_text("the old one")
    done = subprocess.run(
        [str(finished.python), "-c", KILLED, str(site), "mkdocs"], cwd=finished.root, check=False
    )
    assert done.returncode == 9
    assert not site.exists()
    assert len(list(finished.root.glob(f".{name}.*.*"))) >= 2
    if name == "site":
        finished.run(*command)  # any command puts the old site back: this one fails here
        assert (site / "index.html").read_text() == "the old one"
    else:
        assert finished.run(*command, str(site)).returncode == 0
        assert (site / "index.html").read_text() == "1.0"
    assert [path.name for path in finished.root.glob(f".{name}*")] == []


@POSIX
def test_what_a_running_build_needs_is_left_alone(tmp_path: Path) -> None:
    new = tmp_path / ".site.123.new"
    new.mkdir()
    with mutex.held(tmp_path / ".site.123.lock"):
        building.restore(tmp_path / "site")
        assert new.is_dir()
    building.restore(tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_command_heeds_what_asks_it_to_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(signal, name):
        pytest.skip("this system has no such signal")
    number = getattr(signal, name)

    def verb(arguments: list[str]) -> int:
        os.kill(os.getpid(), number)
        time.sleep(1)
        return 0

    monkeypatch.setitem(commands.VERBS, "build", verb)
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, number)}
    try:
        assert commands.main(["build"]) == 128 + number
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_without_a_browser_one_line_says_how_many_tests_were_skipped(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    kept |= {"CHROMIUM": str(tmp_path / "none"), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "axe or focus"]
    done = subprocess.run(
        [*command, "tests/site/test_access.py"],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    told = [line for line in lines if "tests were skipped. No Chromium or Chrome was found" in line]
    assert len(told) == 1, done.stdout
    assert re.match(r"\d+ tests", told[0])
    assert lines[-1].startswith(f"{told[0].split()[0]} skipped")


def test_the_interpreter_of_windows_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment.Environment(Path("root"))
    monkeypatch.setattr(environment, "os", SimpleNamespace(name="nt"))
    assert env.python.as_posix() == "root/.venv/Scripts/python.exe"
    assert env.packages.as_posix() == "root/.venv/Lib/site-packages"
    monkeypatch.setattr(environment, "os", SimpleNamespace(name="posix"))
    assert env.python.as_posix() == "root/.venv/bin/python"
    assert re.search(r"/lib/python3\.\d+t?/site-packages$", env.packages.as_posix())


@pytest.mark.parametrize(
    ("platform", "name", "place"),
    [
        ("darwin", "posix", "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
        ("win32", "nt", r"Google\Chrome\Application\chrome.exe"),
    ],
)
def test_the_browser_is_found_where_macos_and_windows_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, name: str, place: str
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium.shutil, "which", lambda _: None)
    monkeypatch.setattr(chromium.Path, "home", lambda: tmp_path)
    monkeypatch.setattr(chromium, "sys", SimpleNamespace(platform=platform))
    system = SimpleNamespace(name=name, environ={"ProgramFiles": str(tmp_path)})
    monkeypatch.setattr(chromium, "os", system)
    assert [Path(found) for found in chromium.candidates()] == [path]


def test_a_lock_of_windows_waits_until_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def locking(file: int, mode: int, size: int) -> None:
        asked.append(mode)
        if len(asked) < 3:  # taken; a waiting call gives up after ten seconds
            raise OSError(errno.EDEADLK, "deadlock avoided")

    fake = SimpleNamespace(locking=locking, LK_LOCK=1, LK_NBLCK=2)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(mutex, "sys", SimpleNamespace(platform="win32"))
    assert mutex.take(0, wait=False) is False
    assert mutex.take(0, wait=True) is True
    assert asked == [2, 1, 1]
