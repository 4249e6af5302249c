"""`python3 scripts/dev.py`: two commands that do all they need, mend what is broken, and speak plainly.

The tests run it on small repositories whose packages are made here, so that no network is needed.
"""

import ast
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scripts import dev
from scripts.devtools import (
    building,
    chromium,
    commands,
    environment,
    lockfile,
    mutex,
    packages,
    pytorch,
    say,
)
from scripts.devtools.environment import SITE, TEST
from tests.scripts.repository import Repository, wheel

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")


def test_one_command_does_all_and_the_second_time_nothing(repository: Repository) -> None:
    first = repository.build()
    assert re.search(r"Making the environment \.venv … \d+\.\d s\n", first)
    assert re.search(r"Installing 1 packages … \d+\.\d s\n", first)
    assert (repository.root / "site" / "index.html").read_text() == "1.0"
    shutil.rmtree(repository.wheels)  # what is not asked for again cannot be missed
    second = repository.build()
    assert "Making" not in second
    assert "Installing" not in second
    assert [path.name for path in repository.root.glob(".venv*")] == [".venv"]


def test_a_finished_environment_is_known_in_milliseconds(finished: Repository) -> None:
    finished.build()
    env = environment.Environment(finished.root)
    if environment.interpreter()["python"].split(".")[:2] != python_of(finished):
        pytest.skip("the tests run with another Python than the commands")
    started = time.perf_counter()
    for _ in range(10):
        assert environment.fault(env, test=False) is None
    assert (time.perf_counter() - started) / 10 < 0.05


def python_of(repository: Repository) -> list[str]:
    """The major and minor version of the environment's Python."""
    return str(json.loads((repository.venv / "ready.json").read_text())["python"]).split(".")[:2]


def test_the_repository_is_on_the_path_of_plain_python(finished: Repository) -> None:
    finished.build()
    command = [str(finished.python), "-c", "import scripts.devtools as m; print(m.__file__)"]
    done = subprocess.run(
        command, cwd=tempfile.gettempdir(), capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(finished.root)


def test_bytecode_is_kept_in_the_environment_even_if_it_may_not_be_kept_elsewhere(
    finished: Repository,
) -> None:
    for folder in list(finished.root.rglob("__pycache__")):
        shutil.rmtree(folder)
    kept = finished.venv / "bytecode"
    shutil.rmtree(kept)
    finished.variables = {"PYTHONDONTWRITEBYTECODE": "1"}
    finished.build()
    finished.variables = {}
    found = list(finished.root.rglob("*.pyc"))
    assert found
    assert [path for path in found if kept not in path.parents] == []


def lose_the_interpreter(repository: Repository) -> None:
    repository.python.unlink()


def lose_a_package(repository: Repository) -> None:
    shutil.rmtree(environment.Environment(repository.root).packages / "mkdocs")


def interrupt(repository: Repository) -> None:
    (repository.venv / "ready.json").write_text('{"format": 1}')


def tear_the_stamp(repository: Repository) -> None:
    (repository.venv / "ready.json").write_text('{"format": 1, "fol')


def have_another_python(repository: Repository) -> None:
    stamp = json.loads((repository.venv / "ready.json").read_text())
    (repository.venv / "ready.json").write_text(json.dumps({**stamp, "python": "3.9.1"}))


def upgrade_the_system(repository: Repository) -> None:
    stamp = json.loads((repository.venv / "ready.json").read_text())
    stamp["binary"][1] += 1
    (repository.venv / "ready.json").write_text(json.dumps(stamp))


def move(repository: Repository) -> None:
    repository.root = repository.root.rename(repository.root.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lose_the_interpreter, "its Python is gone"),
        (lose_a_package, "something was removed from it"),
        (interrupt, "its set-up was not finished"),
        (tear_the_stamp, "its set-up was not finished"),
        (have_another_python, "it is of Python 3.9.1, and this is 3."),
        (upgrade_the_system, "its Python has changed"),
        (move, "it was moved or copied"),
    ],
)
def test_a_broken_environment_is_made_anew(harm: object, reason: str, finished: Repository) -> None:
    finished.build()
    assert callable(harm)
    harm(finished)
    said = finished.build()
    assert f"The environment .venv is made anew: {reason}" in said
    assert "Making" not in finished.build()
    assert [path.name for path in finished.root.glob(".venv*")] == [".venv"]


def test_a_changed_lock_file_is_installed_and_what_it_dropped_is_removed(
    repository: Repository,
) -> None:
    repository.lock(extra="1.0")
    repository.build()
    packages = environment.Environment(repository.root).packages
    assert (packages / "extra").is_dir()
    repository.lock(mkdocs="10.0")
    said = repository.build()
    assert "brought up to date: requirements.txt has changed" in said
    assert "Removing extra" in said
    assert "Making" not in said
    assert (repository.root / "site" / "index.html").read_text() == "10.0"
    assert not (packages / "extra").exists()


def test_without_a_network_the_old_environment_stays(repository: Repository) -> None:
    repository.build()
    before = (repository.venv / "ready.json").read_bytes()
    (repository.root / SITE).write_text(f"absent==1.0 --hash=sha256:{'0' * 64}\n")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, and nobody listens
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/simple/"
        repository.variables = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": address}
        done = repository.run("build")
        assert done.returncode == 2
        assert done.stderr.startswith("No network: pip could not reach its package index.")
        assert done.stderr.count("\n") == 1
        assert (repository.venv / "ready.json").read_bytes() == before
        have_another_python(repository)
        assert repository.run("build").returncode == 2
        assert (repository.venv / "bin").is_dir() or (repository.venv / "Scripts").is_dir()
    assert [path.name for path in repository.root.glob(".venv*")] == [".venv"]


def test_another_file_than_the_locked_one_is_refused(repository: Repository) -> None:
    (repository.root / SITE).write_text(f"mkdocs==1.0 --hash=sha256:{'0' * 64}\n")
    done = repository.run("build")
    assert done.returncode == 2
    assert "mkdocs is not the file that was locked (its hash differs)" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_no_environment_is_left_alone(repository: Repository) -> None:
    repository.venv.mkdir()
    (repository.venv / "letter.txt").write_text("dear")
    done = repository.run("build")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is no environment of Python's: move it away" in done.stderr
    assert (repository.venv / "letter.txt").read_text() == "dear"


def test_a_missing_lock_file_is_named(repository: Repository) -> None:
    (repository.root / SITE).unlink()
    done = repository.run("build")
    assert done.returncode == 2
    assert done.stderr.startswith("requirements.txt is missing: restore it")


def test_two_starts_at_once_do_the_work_once(repository: Repository) -> None:
    start = [
        subprocess.Popen(
            repository.command("build"),
            env=repository.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in start]
    assert [process.returncode for process in start] == [0, 0], said
    assert sum("Making the environment" in text for text in said) == 1
    assert not (repository.root / ".venv.lock").exists() or os.name == "nt"


def test_a_second_start_waits_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = []

    def second() -> None:
        with mutex.locked(tmp_path):
            order.append("second")

    with mutex.locked(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        time.sleep(0.3)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]
    assert capsys.readouterr().out == "Another command is setting up .venv: waiting for it.\n"


def test_tests_get_their_tools_and_the_small_torch(repository: Repository) -> None:
    wheel(repository.wheels, "torch", "2.13.0+cpu", "")
    done = repository.run("test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Installing 5 packages" in done.stdout
    assert "Installing torch 2.13.0" in done.stdout
    assert re.search(r"ruff check: passed \(\d+\.\d s\)\nruff format: passed", done.stdout)
    assert re.search(r"pytest ran -n \d+ --dist", done.stdout)
    assert done.stdout.rstrip().splitlines()[-1] == "=== 3 passed in 0.1s ==="
    assert "pytest ran -k word\n" in repository.run("test", "-k", "word").stdout
    assert "Installing" not in repository.build()


@pytest.mark.parametrize(("tool", "code"), [("ruff", 1), ("mypy", 1), ("pytest", 1), ("pytest", 5)])
def test_a_failing_tool_fails_the_tests(tool: str, code: int, finished: Repository) -> None:
    finished.variables = {f"FAIL_{tool}": str(code)}
    done = finished.run("test", "tests")
    finished.variables = {}
    assert done.returncode == code
    assert "pytest ran" in done.stdout, "the others run all the same"
    if tool != "pytest":
        assert f"{tool} ran" in done.stdout
        assert "FAILED" in done.stdout
    assert done.stdout.rstrip().splitlines()[-1] == "=== 3 passed in 0.1s ==="


def test_without_a_small_torch_one_line_says_what_to_do(repository: Repository) -> None:
    for _ in range(2):
        done = repository.run("test")
        assert done.returncode == 2
        assert "No build of torch 2.13.0 for the processor could be had (uv knows" in done.stderr
        assert done.stderr.count("\n") == 1
    assert "Installing 5 packages" not in done.stdout, "what was installed stays"
    wheel(repository.wheels, "torch", "2.13.0+cpu", "")
    assert repository.run("test").returncode == 0


def test_a_torch_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "torch-2.13.0+cu130.dist-info").mkdir()
    assert pytorch.installed(tmp_path, "2.13.0")
    assert not pytorch.installed(tmp_path, "2.14.0")
    assert not pytorch.installed(tmp_path / "none", "2.13.0")


@pytest.fixture
def serving(finished: Repository) -> Iterator[subprocess.Popen[str]]:
    """`dev.py serve`, when it serves."""
    finished.build()
    process = subprocess.Popen(
        finished.command("serve", "--port", str(free_port())),
        env=finished.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stdout is not None
    assert "The site will be at http://127.0.0.1:" in process.stdout.readline()
    assert process.stdout.readline().startswith("serving 127.0.0.1:")
    yield process
    process.kill()
    process.wait()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@POSIX
@pytest.mark.parametrize("everybody", [True, False])
def test_control_c_ends_with_a_word(serving: subprocess.Popen[str], everybody: bool) -> None:
    if everybody:  # as a terminal does
        os.killpg(serving.pid, signal.SIGINT)
    else:
        serving.send_signal(signal.SIGINT)
    _, said = serving.communicate(timeout=20)
    assert serving.returncode == 130
    assert said.rstrip().endswith("Stopped.")
    assert "dev.py" not in said, said
    with pytest.raises(ProcessLookupError):  # nothing is left behind
        os.killpg(serving.pid, 0)


@POSIX
def test_an_end_from_outside_ends_what_was_started(serving: subprocess.Popen[str]) -> None:
    serving.terminate()
    _, said = serving.communicate(timeout=20)
    assert serving.returncode == 128 + signal.SIGTERM
    assert said == "Ended from outside.\n"
    with pytest.raises(ProcessLookupError):
        os.killpg(serving.pid, 0)


def test_a_port_in_use_is_told_before_anything_is_installed(repository: Repository) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = repository.run("serve", "--port", str(port))
    assert done.returncode == 2
    wanted = f"Port {port} is in use: choose another, for instance --port {port + 1}.\n"
    assert done.stderr == wanted
    assert not repository.venv.exists()


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", 0, "There is no port 0"),
        ("127.0.0.1", 70000, "There is no port 70000"),
        ("no such host.invalid", 8000, "There is no address 'no such host.invalid'"),
        ("203.0.113.7", 8000, "Cannot listen at 203.0.113.7"),
    ],
)
def test_an_address_that_cannot_be_is_told(host: str, port: int, said: str) -> None:
    with pytest.raises(say.Stop, match=re.escape(said)):
        commands.free(host, port)


@pytest.mark.parametrize("version", [(3, 8, 19), (3, 10, 12)])
def test_an_old_python_is_told_so(
    version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert dev.main() == 2
    said = capsys.readouterr().err
    assert said.startswith("This needs Python 3.11 or later, and ")
    assert f"is Python {'.'.join(map(str, version))}:" in said
    assert said.count("\n") == 1


def test_an_old_python_can_read_the_command() -> None:
    text = (ROOT / "scripts" / "dev.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 8))
    # Nothing of devtools is imported before the version is known.
    first = text.index("version_info < (3, 11)")
    assert "devtools import" not in text[:first]


def test_the_commands_need_the_standard_library_only() -> None:
    names = set()
    for path in [ROOT / "scripts" / "dev.py", *(ROOT / "scripts" / "devtools").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    assert names - set(sys.stdlib_module_names) == {"scripts"}


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert commands.main([]) == 2
    assert capsys.readouterr().out == told
    assert all(f"  {name} " in told for name in commands.VERBS)


def test_an_unknown_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["sevre"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("There is no command 'sevre': use one of serve, build, check, test")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The disk is full: make room, then run this again."),
        (errno.EROFS, "/x/.venv cannot be written: Read-only file system."),
        (errno.EACCES, "/x/.venv cannot be written: Permission denied."),
        (errno.EIO, "/x/.venv: Input/output error."),
    ],
)
def test_what_the_system_refuses_is_one_line(
    number: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(arguments: list[str]) -> int:
        raise OSError(number, os.strerror(number), "/x/.venv")

    monkeypatch.setitem(commands.VERBS, "build", refuse)
    assert commands.main(["build"]) == 2
    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_cannot_be_written_is_named(repository: Repository) -> None:
    repository.root.chmod(0o500)
    try:
        done = repository.run("build")
    finally:
        repository.root.chmod(0o700)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full: make room"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED)", "does not trust the certificate"),
        ("Temporary failure in name resolution\nNo matching distribution found for x", "No netwo"),
        ("ERROR: No matching distribution found for x==1.0 (from -r f)", "pip finds no x==1.0 for"),
        ("PermissionError: [Errno 13] Permission denied: '/lib/x'", "'/lib/x' cannot be written"),
        ("one\n\ntwo\nthree", "one\ntwo\nthree\npip could not install what is locked"),
    ],
)
def test_why_pip_failed_is_one_line(said: str, told: str) -> None:
    stop = packages.explain(said)
    assert told in str(stop)
    assert stop.code == 2


def test_without_any_pip_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "has_pip", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    fails = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setattr(
        packages.Pip,
        "run",
        lambda self, command: subprocess.run(fails, check=False, text=True, capture_output=True),
    )
    with pytest.raises(say.Stop, match="has no pip: install it"):
        packages.Pip(tmp_path, Path(sys.executable), {})


def test_clean_removes_what_the_commands_made_and_nothing_else(repository: Repository) -> None:
    repository.build()
    (repository.root / ".mypy_cache").mkdir()
    (repository.root / "mine.txt").write_text("mine")
    said = repository.run("clean").stdout
    assert "Removed .venv, .mypy_cache, site" in said
    kept = {"docs", "mine.txt", "pyproject.toml", SITE, TEST, "scripts"}
    assert {path.name for path in repository.root.iterdir()} == kept
    assert not list((repository.root / "scripts").rglob("__pycache__"))
    assert repository.run("clean").stdout == "There was nothing to remove.\n"


def test_a_site_folder_that_is_none_is_not_cleaned_away(repository: Repository) -> None:
    (repository.root / "site").mkdir()
    (repository.root / "site" / "letter.txt").write_text("dear")
    repository.run("clean")
    assert (repository.root / "site" / "letter.txt").read_text() == "dear"
    done = repository.run("build")
    assert done.returncode == 2
    assert "holds something else than a site" in done.stderr


def test_the_date_of_a_build_is_never_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert building.epoch(ROOT) == 86400
    for value in ("0", "", "soon"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert building.epoch(tmp_path) >= 1


def test_a_step_says_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with say.step("Counting") as tell:
        tell("1 of 2")  # nobody watches
    assert re.fullmatch(r"Counting … 0\.\d s\n", capsys.readouterr().out)


def names(path: Path) -> dict[str, set[str]]:
    """The versions of each package in a lock file."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text("utf-8"), re.M):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("name", [SITE, TEST])
def test_a_lock_file_has_hashes_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row and not row.startswith("#")]
    for row, following in zip(rows, [*rows[1:], ""], strict=True):
        if not row.startswith(" "):
            assert following.startswith("    --hash=sha256:"), row
    assert not re.search(r"://|index-url|find-links|@", text)


def test_the_tests_lock_has_the_site_s_packages_in_the_same_versions() -> None:
    site, tests = names(ROOT / SITE), names(ROOT / TEST)
    assert {name: tests.get(name) for name in site} == site


def wanted(group: str) -> set[str]:
    """The names that a group of pyproject.toml asks for."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    found = set()
    for entry in groups[group]:
        if isinstance(entry, dict):
            found |= wanted(entry["include-group"])
        else:
            found.add(re.split(r"[^a-z0-9-]", entry.lower())[0])
    return found


@pytest.mark.parametrize(("group", "name"), [("site", SITE), ("test", TEST)])
def test_what_is_asked_for_is_locked(group: str, name: str) -> None:
    assert wanted(group) - set(names(ROOT / name)) == set()


def test_what_torch_needs_is_locked_and_torch_is_not() -> None:
    from importlib import metadata

    locked = names(ROOT / TEST)
    needs = [need for need in metadata.requires("torch") or [] if "extra ==" not in need]
    needs = [re.split(r"[^A-Za-z0-9-]", need)[0] for need in needs if "cuda" not in need]
    needs = [need for need in needs if not need.startswith(("nvidia", "triton"))]
    assert needs
    assert [need for need in needs if need not in locked] == []
    assert "torch" not in locked
    assert metadata.version("torch").split("+")[0] == pytorch.version(ROOT)


def test_one_lock_file_serves_the_oldest_python_and_the_newest() -> None:
    text = (ROOT / SITE).read_text(encoding="utf-8")
    assert re.search(r"^pymdown-extensions==12\S+ ; python_full_version < '3\.11\.5'", text, re.M)
    assert re.search(r"^pymdown-extensions==13\S+ ; python_full_version >= '3\.11\.5'", text, re.M)


def test_pins_are_read_from_a_lock_file() -> None:
    text = "# a\na==1 \\\n    --hash=x\nb==2 ; python_version < '3' \\\n    --hash=y\n"
    assert lockfile.pins(text) == "a==1\nb==2 ; python_version < '3'\n"


def test_the_wanted_browser_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/mine")
    assert list(chromium.candidates()) == ["/opt/mine"]
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", str(tmp_path))
    if sys.platform == "linux":
        assert list(chromium.candidates()) == []
        for name in ("google-chrome", "chromium"):
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        found = [Path(path).name for path in chromium.candidates()]
        assert found == ["chromium", "google-chrome"]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_pinned_and_have_least_rights(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for use in re.findall(r"uses: (.+)", text):
        assert re.fullmatch(r"[\w-]+(?:/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use
    flow = yaml.safe_load(text)
    assert flow["permissions"] == {"contents": "read"}
    for job in flow["jobs"].values():
        assert "timeout-minutes" in job
        rights = job.get("permissions", {})
        assert set(rights.values()) <= {"read", "write"}
        assert rights.get("contents", "read") == "read"
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
            # What another person can name must not be read as a command.
            assert "github.event" not in step.get("run", "")


def test_continuous_integration_runs_the_readme_s_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 scripts/dev.py test" in script
    assert "python3 scripts/dev.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "bash .ci/run" in (ROOT / ".github" / "workflows" / "site.yml").read_text("utf-8")
    assert not re.search(r"https?://", script)
    bash = shutil.which("bash")
    if bash:
        subprocess.run([bash, "-n", str(ROOT / ".ci" / "run")], check=True)
