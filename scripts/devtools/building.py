"""Build the site beside the old one and swap them, so that a failed build leaves the old site alone."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from scripts.devtools import mutex, say
from scripts.devtools.say import Stop

ROOT = Path(__file__).resolve().parents[2]


def epoch(root: Path = ROOT) -> int:
    """The date of what is built, in seconds: two builds of one commit must be bit-identical.

    SOURCE_DATE_EPOCH if it is set, else the last commit's date, else the newest file's. Never 0, which
    MkDocs cannot stand.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    command = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip().isdigit():
            return max(1, int(done.stdout))
    except OSError:
        pass
    files = (path for path in (root / "docs").rglob("*.md") if path.is_file())
    return max((int(path.stat().st_mtime) for path in files), default=1) or 1


def environment(root: Path = ROOT, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment variables of a builder: those given, or ours, and what every build needs."""
    keep = {name: value for name, value in (given or os.environ).items() if name != "PYTHONHOME"}
    return {
        **keep,
        "SOURCE_DATE_EPOCH": str(epoch(root)),
        "PYTHONPATH": str(root),
        "PYTHONUTF8": "1",
        "NO_MKDOCS_2_WARNING": "1",  # said in the README
    }


def is_site(folder: Path) -> bool:
    """Whether a folder may be replaced by a build: it is empty, or a build made it."""
    return not any(folder.iterdir()) or (
        (folder / "404.html").is_file() and (folder / "sitemap.xml").is_file()
    )


def build(
    out: Path,
    python: str = sys.executable,
    builder: str = "mkdocs",
    root: Path = ROOT,
    echo: bool = True,
    verbose: bool = False,
    strict: bool = True,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Build into `out`, by way of a folder beside it. Returns what the builder said.

    `variables` are the environment variables of the builder instead of ours.

    Raises:
        Stop: if `out` is something else than a site (code 2) or the builder finds a fault (code 1);
            `out` is as it was.
    """
    out = out.absolute()
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise Stop(f"{out} is not a folder: choose another with --out.")
    if out == root or out in root.parents or (out.is_dir() and not is_site(out)):
        raise Stop(f"{out} holds something else than a site: choose another folder with --out.")
    new = out.with_name(f".{out.name}.{os.getpid()}.new")
    old = out.with_name(f".{out.name}.{os.getpid()}.old")
    command = [python, "-m", builder, "build", "--strict" if strict else "--no-strict"]
    command += ["--clean", "--site-dir", str(new)]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        restore(out)
        with mutex.held(out.with_name(f".{out.name}.{os.getpid()}.lock")):  # this build runs
            try:
                said = run(command, root, echo, verbose, environment(root, variables))
                swap(out, new, old)
            finally:
                shutil.rmtree(new, ignore_errors=True)
                shutil.rmtree(old, ignore_errors=True)
    except OSError as problem:
        raise Stop(
            f"The site could not be written to {out}: {problem.strerror or problem}."
        ) from None
    return said


def swap(out: Path, new: Path, old: Path) -> None:
    """Put a new site in the place of the old one."""
    with mutex.held(out.with_name(f".{out.name}.lock")):  # two builds may end at once
        if out.exists():
            rename(out, old)
        try:
            rename(new, out)
        except OSError:
            if old.exists():
                rename(old, out)
            raise


def restore(out: Path) -> None:
    """Clear away what killed builds have left beside a site; one may have been killed between two renames."""
    pattern = re.compile(rf"\.{re.escape(out.name)}\.(\d+)\.(new|old|lock)")
    try:
        found = [match for path in os.listdir(out.parent) if (match := pattern.fullmatch(path))]
    except OSError:
        return
    if not found:
        return
    with mutex.held(out.with_name(f".{out.name}.lock")):
        for match in found:
            lock = out.with_name(f".{out.name}.{match[1]}.lock")
            left = out.with_name(match[0])
            if match[2] == "lock" or mutex.is_held(lock):
                continue
            if match[2] == "old" and not out.exists():
                rename(left, out)
            else:
                shutil.rmtree(left, ignore_errors=True)
        for match in found:
            if match[2] == "lock" and not mutex.is_held(out.with_name(match[0])):
                out.with_name(match[0]).unlink(missing_ok=True)


def run(
    command: list[str], root: Path, echo: bool, verbose: bool, variables: dict[str, str]
) -> str:
    """Run a builder; its warnings are shown as they come, with `verbose` all that it says."""
    process = subprocess.Popen(
        command,
        cwd=root,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    lines: list[str] = []
    shown = True
    try:
        assert process.stdout is not None
        for text in process.stdout:
            lines.append(text)
            # What leads to an exception says nothing to who wrote the page; its last line does.
            shown = shown and not text.startswith("Traceback (most recent call last)")
            if verbose or (echo and shown and text.strip() and not text.startswith("INFO ")):
                say.write(text, sys.stdout)
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    said = "".join(lines)
    if code:
        if echo and not verbose and not shown:
            say.line(lines[-1].rstrip())
        raise Stop("The site was not built." if echo else f"The site was not built:\n{said}", 1)
    return said


def rename(source: Path, target: Path) -> None:
    """Rename, trying again for a second: on Windows a virus scanner may hold a new folder."""
    for pause in (0.1, 0.3, 0.6, None):
        try:
            source.rename(target)
            return
        except PermissionError:
            if pause is None or os.name != "nt":
                raise
            time.sleep(pause)
