"""Install torch, and only a build for the processor.

Torch is pinned in pyproject.toml and not in the lock file: on Linux the package of that version and its
dependencies bring several gigabytes for graphics cards, and the small build carries another name
(`2.13.0+cpu`) and stands elsewhere, so that no hash fits both. What torch depends on is locked.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from scripts.devtools.say import Stop

Pip = Callable[..., subprocess.CompletedProcess[str]]


def version(root: Path) -> str:
    """The pinned version of torch: `2.13.0`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (requirement,) = project["dependency-groups"]["torch"]
    return str(requirement.removeprefix("torch=="))


def installed(packages: Path, wanted: str) -> bool:
    """Whether that version is there, whatever its build: one that was installed by hand will do."""
    found = [path.name.split("-")[1] for path in packages.glob("torch-*.dist-info")]
    return [name.split("+")[0] for name in found] == [wanted]


def install(root: Path, python: Path, pip: Pip) -> None:
    """Install the build for the processor, by pip's own settings or, failing that, by uv's.

    Raises:
        Stop: if neither has it.
    """
    wanted = version(root)
    local = "+cpu" if sys.platform == "linux" else ""  # elsewhere the plain one is small
    done = pip("install", "--no-deps", "--no-compile", f"torch=={wanted}{local}")
    if done.returncode == 0:
        return
    where = ["--torch-backend", "cpu", "--python", str(python)]
    command = [str(python), "-m", "uv", "pip", "install", "--no-deps", *where, f"torch=={wanted}"]
    again = subprocess.run(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "UV_NO_CONFIG": "1"},
        check=False,
    )
    if again.returncode:
        last = (again.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise Stop(
            f"No build of torch {wanted} for the processor could be had ({last[-1].strip()}). "
            f"With gigabytes to spare, pip --python {python} install torch=={wanted} will do as well."
        )
