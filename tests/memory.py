"""What tests have seen: a look at a page that has not changed since it last passed is not repeated.

Whatever such a test looks at is in its key by content: the built page, its companions, styles, scripts, fonts,
the code of the tests, the versions of browser and libraries. `TEST_EVERYTHING=1` repeats all; continuous
integration keeps the folder `.cache/tests` from run to run and repeats all once a week.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "tests"
DAYS = 60  # a key that was not met for so long is forgotten
CODE = ("tests/conftest.py", "tests/memory.py", "tests/site", "tests/javascript/biome.json")
CODE += ("requirements-test.txt", "scripts/devtools/chromium.py")
NAVIGATION = re.compile(rb'<nav class="(?:nav|onward)".*?</nav>', re.DOTALL)


def everything() -> bool:
    """Whether all tests shall run, whatever is remembered."""
    return os.environ.get("TEST_EVERYTHING", "") not in ("", "0")


def digest(parts: Iterable[bytes | str]) -> str:
    """A key of everything that a test depends on."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def files(paths: Iterable[Path]) -> str:
    """A digest of files, folders with all that is in them."""
    parts: list[bytes | str] = []
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file.is_file() and "__pycache__" not in file.parts:
                parts += [file.relative_to(path.parent).as_posix(), file.read_bytes()]
    return digest(parts)


@lru_cache(maxsize=4)
def code(root: Path) -> str:
    """A digest of the tests' own code and of the libraries that they use."""
    return files(root / name for name in CODE)


@lru_cache(maxsize=4)
def assets(site: Path) -> str:
    """A digest of what every page of a site loads."""
    return files([site / "assets"])


def looked_at(site: Path, address: str, whole: bool) -> str:
    """A digest of what a browser is given for a page; of the navigation only where the whole is asked for."""
    folder = site / address
    page = folder / "index.html"
    html = page.read_bytes() if page.is_file() else b""
    own = [path for path in folder.iterdir() if path != page] if address and folder.is_dir() else []
    below = [path for path in own if not (path / "index.html").is_file()]
    return digest([html if whole else NAVIGATION.sub(b"", html), files(sorted(below))])


def has(key: str) -> bool:
    """Whether a test with this key has passed before; its key is kept on."""
    path = FOLDER / key
    if everything() or not path.is_file():
        return False
    path.touch()
    return True


def add(key: str) -> None:
    """A test with this key has passed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / key).touch()


def forget(now: float | None = None) -> int:
    """Remove the keys that nobody has met for long. Returns how many there were."""
    before = (now or time.time()) - DAYS * 86_400
    old = [path for path in FOLDER.glob("*") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
