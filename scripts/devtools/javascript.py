"""Bring the formatter, linter and type checker of scripts and styles, where Node is at hand.

Their versions are pinned by `tests/javascript/package-lock.json`; they are installed into the
environment, so that what removes it removes them. `npm install --package-lock-only` in tests/javascript
writes the lock file anew.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from scripts.devtools import mutex

ROOT = Path(__file__).resolve().parents[2]
PINNED = ROOT / "tests" / "javascript"
FILES = ("package.json", "package-lock.json", ".npmrc")
HOW = (
    "No Node with npm was found, which the formatter, linter and type checker of scripts and styles need: "
    "install it, for instance by `apt install nodejs npm`."
)


class NoTools(Exception):
    """The tools cannot be had; the text says why in one line."""


def tools(folder: Path = ROOT / ".venv" / "javascript") -> Path:
    """The folder of the tools' commands, installed as the lock file says.

    Raises:
        NoTools: without Node and npm, or if npm could not install them.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise NoTools(HOW)
    wanted = hashlib.sha256(b"".join((PINNED / name).read_bytes() for name in FILES)).hexdigest()
    stamp = folder / "installed"
    folder.mkdir(parents=True, exist_ok=True)
    with mutex.held(folder.with_suffix(".lock")):
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != wanted:
            stamp.unlink(missing_ok=True)
            for name in FILES:
                shutil.copy(PINNED / name, folder)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
            )
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
                raise NoTools(f"npm could not install the tools of tests/javascript: {said[0]}")
            stamp.write_text(wanted, encoding="ascii")
    return folder / "node_modules" / ".bin"


def run(name: str, *arguments: str | Path, folder: Path | None = None) -> tuple[int, str]:
    """Run one of the tools at the root. Returns its exit code and what it says."""
    place = folder or tools()
    command = shutil.which(name, path=str(place))
    if command is None:
        raise NoTools(f"{place} has no {name}: remove {place.parents[1]} and try again.")
    done = subprocess.run(
        [command, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )
    return done.returncode, done.stdout.strip()
