"""Make, check and repair `.venv`, the environment in which everything else runs.

A stamp in it says for which folder, Python and lock files it was finished, so that a second start costs
a few file look-ups. Whatever does not agree with the stamp is mended, or the environment is made anew;
an environment that is being replaced comes back if its successor cannot be made.
"""

import csv
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.devtools import mutex, packages, pytorch, say
from scripts.devtools.say import Stop

SITE = "requirements.txt"
TEST = "requirements-test.txt"  # contains what SITE has, in the same versions
FORMAT = 1
ENTRY = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.M)
TRANSIENT = {"__pycache__", "pip", "_virtualenv.py"}


@dataclass(frozen=True)
class Environment:
    """The environment of the repository at `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        scripts = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        return self.folder / scripts

    @property
    def stamp(self) -> Path:
        """What says that it is finished, and for what."""
        return self.folder / "ready.json"

    @property
    def bytecode(self) -> Path:
        """Where Python keeps what it has compiled."""
        return self.folder / "bytecode"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        if os.name == "nt":
            return self.folder / "Lib" / "site-packages"
        threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
        name = f"python{sys.version_info.major}.{sys.version_info.minor}{threads}"
        return self.folder / "lib" / name / "site-packages"

    def variables(self) -> dict[str, str]:
        """The environment variables of a program that runs in it."""
        other = {"PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"}
        kept = {name: value for name, value in os.environ.items() if name not in other}
        path = os.pathsep.join([str(self.python.parent), kept.get("PATH", os.defpath)])
        return {**kept, "PATH": path, "VIRTUAL_ENV": str(self.folder), "PYTHONUTF8": "1"}


def ensure(root: Path, test: bool = False) -> Environment:
    """The environment, ready to run the site, and with `test` the tests.

    Raises:
        Stop: if it cannot be made; the message says what to do.
    """
    env = Environment(root)
    if fault(env, test) is None and unchanged(env, read(env)):
        return env
    with mutex.locked(root):
        if fault(env, test) is None:  # another command may have mended it meanwhile
            if not unchanged(env, read(env)):
                finish(env, read(env))  # some folder was touched, and nothing is missing
        else:
            stamp = read(env)
            if broken(env, stamp) or stale(env, stamp, test):
                mend(env, test)
            if test:
                add_torch(env)
    return env


def fault(env: Environment, test: bool) -> str | None:
    """What keeps the environment from being used as it is; None if nothing does."""
    stamp = read(env)
    torch = test and stamp.get("torch") != pytorch.version(env.root)
    return broken(env, stamp) or stale(env, stamp, test) or ("torch is missing" if torch else None)


def read(env: Environment) -> dict[str, Any]:
    """The stamp; empty if there is none."""
    try:
        stamp = json.loads(env.stamp.read_bytes())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and stamp.get("format") == FORMAT else {}


def broken(env: Environment, stamp: dict[str, Any]) -> str | None:
    """Why the environment must be made anew; None if it need not."""
    if not env.folder.exists():
        return "there is none"
    if "names" not in stamp:
        return "its set-up was not finished"
    if not same(stamp["folder"], env.folder):
        return "it was moved or copied"
    if not Path(stamp["home"]).is_dir() or not env.python.is_file():
        return "its Python is gone"
    here = interpreter()
    if stamp["python"].split(".")[:2] != here["python"].split(".")[:2]:
        return f"it is of Python {stamp['python']}, and this is {here['python']}"
    if stamp["machine"] != here["machine"]:
        return f"it is for {stamp['machine']}, and this is {here['machine']}"
    if stamp["binary"] != binary(env):
        return "its Python has changed"
    if not set(stamp["files"]) <= set(listing(env)):
        return "something was removed from it"
    if not unchanged(env, stamp) and (gone := missing(env)):
        return f"{gone[0]} was removed from it" + (
            f", and {len(gone) - 1} more" if gone[1:] else ""
        )
    return None


def unchanged(env: Environment, stamp: dict[str, Any]) -> bool:
    """Whether no file has come to the packages or gone from them: that changes the time of its folder."""
    known = stamp.get("folders")
    if not known:
        return False
    try:
        return all(os.stat(env.packages / name).st_mtime_ns == time for name, time in known.items())
    except OSError:
        return False


def folders(env: Environment) -> dict[str, int]:
    """The times of all folders of the packages."""
    found = {}
    for place, inner, _ in os.walk(env.packages):
        inner[:] = [name for name in inner if name not in TRANSIENT]
        found[os.path.relpath(place, env.packages)] = os.stat(place).st_mtime_ns
    return found


def missing(env: Environment) -> list[str]:
    """The files that were installed and are no more; each package has a list of its own."""
    gone = []
    for record in sorted(env.packages.glob("*.dist-info/RECORD")):
        with record.open(encoding="utf-8", newline="") as lines:
            names = [row[0] for row in csv.reader(lines) if row]
        gone += [name for name in names if not name.endswith(".pyc") and not there(env, name)]
    return gone


def there(env: Environment, name: str) -> bool:
    """Whether a file of a package exists."""
    return os.path.exists(os.path.join(env.packages, name))


def same(path: str, folder: Path) -> bool:
    """Whether a path leads to a folder, whatever links and letter case it is spelt with."""
    try:
        return os.path.samefile(path, folder)
    except OSError:
        return False


def stale(env: Environment, stamp: dict[str, Any], test: bool) -> str | None:
    """Why what is locked must be installed; None if it is."""
    name = TEST if test else SITE
    if stamp["locks"].get(name) == digest(env.root / name):
        return None
    return f"{name} has changed" if stamp["locks"].get(name) else "more is needed"


def interpreter() -> dict[str, str]:
    """The version and kind of the running interpreter."""
    return {
        "python": platform.python_version(),
        "machine": f"{sys.implementation.cache_tag} {sysconfig.get_platform()}",
    }


def binary(env: Environment) -> list[Any]:
    """What changes when the interpreter behind the environment is upgraded."""
    real = os.path.realpath(env.python)
    found = os.stat(real)
    return [real, found.st_size, found.st_mtime_ns]


def listing(env: Environment) -> list[str]:
    """What is installed: the names in site-packages."""
    try:
        return sorted(set(os.listdir(env.packages)) - TRANSIENT)
    except OSError:
        return []


def digest(path: Path) -> str:
    """The hash of a lock file, whatever its line ends."""
    try:
        return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    except FileNotFoundError:
        raise Stop(
            f"{path.name} is missing: restore it, or run python3 scripts/dev.py lock."
        ) from None


def mend(env: Environment, test: bool) -> None:
    """Make the environment, anew if it must be, and install what is locked."""
    sweep(env.root)
    digest(env.root / (TEST if test else SITE))
    stamp = read(env)
    reason = broken(env, stamp)
    old = None
    if reason:
        old = put_aside(env)
        if old:
            say.line(f"The environment .venv is made anew: {reason}.")
        stamp = {}
    elif stamp["locks"].get(TEST if test else SITE):
        say.line(f"The environment .venv is brought up to date: {stale(env, stamp, test)}.")
    before = listing(env)
    try:
        if reason:
            create(env)
        install(env, stamp, test)
    except BaseException:
        if old:
            shutil.rmtree(env.folder, ignore_errors=True)
            old.rename(env.folder)
        elif stamp and listing(env) == before:
            write(env, stamp)
        raise
    if old:
        with say.step("Removing the old one"):
            shutil.rmtree(old, ignore_errors=True)


def put_aside(env: Environment) -> Path | None:
    """Rename an environment that is to be replaced; None if there is nothing to keep."""
    folder = env.folder
    if folder.is_symlink():
        folder.unlink()
        return None
    if not folder.exists():
        return None
    ours = (folder / "pyvenv.cfg").is_file() or env.stamp.is_file()
    if not folder.is_dir() or not (ours or not any(folder.iterdir())):
        raise Stop(f"{folder} is no environment of Python's: move it away, then run this again.")
    old = folder.with_name(f".venv.{os.getpid()}.old")
    try:
        folder.rename(old)
    except PermissionError:
        raise Stop(f"{folder} is in use: end what runs in it, then run this again.") from None
    return old


def sweep(root: Path) -> None:
    """Remove what an interrupted command left beside the environment."""
    for left in root.glob(".venv.*.old"):
        shutil.rmtree(left, ignore_errors=True)


def create(env: Environment) -> None:
    """Make an empty environment of the running Python."""
    try:
        import venv
    except ImportError:
        raise Stop(
            f"{sys.executable} has no module venv: install it "
            "(on Debian and Ubuntu: apt install python3-venv), then run this again."
        ) from None
    with say.step("Making the environment .venv"):
        env.folder.mkdir()
        write(env, {})
        # Without pip, which would need ensurepip, which Debian ships apart; `pip --python` does as well.
        venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(env.folder)
        # The way up is relative, so that it holds in a folder of any name.
        up = os.path.relpath(env.root, env.packages)
        (env.packages / "repository.pth").write_text(f"{up}\n", encoding="ascii")


def write(env: Environment, stamp: dict[str, Any]) -> None:
    """Write the stamp at once or not at all."""
    new = env.stamp.with_suffix(".new")
    text = json.dumps({"format": FORMAT, **stamp}, indent=1, ensure_ascii=True)
    new.write_text(text, encoding="ascii")
    new.replace(env.stamp)


def install(env: Environment, stamp: dict[str, Any], test: bool) -> None:
    """Install what is locked, remove what no longer is, and stamp the environment."""
    wanted = locked_names(env.root / (TEST if test else SITE))
    kept = set() if test or not stamp else locked_names(env.root / TEST)
    write(env, {})
    pip = packages.Pip(env.root, env.python, env.variables())
    with say.step(f"Installing {len(wanted)} packages") as tell:
        pip.lock(
            env.root / (TEST if test else SITE), lambda count: tell(f"{count} of {len(wanted)}")
        )
    gone = sorted(set(stamp.get("names", [])) - wanted - kept)
    if gone:
        with say.step(f"Removing {', '.join(gone)}"):
            pip("uninstall", "--yes", *gone)
    locks = {SITE: digest(env.root / SITE)}
    if test:
        locks[TEST] = digest(env.root / TEST)
    names = sorted(wanted | (set(stamp.get("names", [])) & kept))
    home = re.search(r"^home *= *(.+)$", (env.folder / "pyvenv.cfg").read_text("utf-8"), re.M)
    stamp = {"folder": str(env.folder), "home": home[1].strip() if home else "", **interpreter()}
    stamp |= {"binary": binary(env), "locks": locks, "names": names}
    finish(env, stamp)


def finish(env: Environment, stamp: dict[str, Any]) -> None:
    """Stamp the environment with what is in it."""
    torch = pytorch.version(env.root)
    built = torch if pytorch.installed(env.packages, torch) else None
    write(env, {**stamp, "torch": built, "files": listing(env), "folders": folders(env)})


def add_torch(env: Environment) -> None:
    """Install torch if it is not there; what else is in the environment is finished already."""
    torch = pytorch.version(env.root)
    if not pytorch.installed(env.packages, torch):
        with say.step(f"Installing torch {torch}"):
            pip = packages.Pip(env.root, env.python, env.variables())
            pytorch.install(env.root, env.python, pip)
    finish(env, read(env))


def locked_names(path: Path) -> set[str]:
    """The names of the packages in a lock file."""
    return {name.lower() for name in ENTRY.findall(path.read_text(encoding="utf-8"))}
