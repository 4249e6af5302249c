"""Write the lock files: every package with its hashes, for every Python and system at once.

uv resolves, and pip installs from what it writes: a file that names no host. `--universal` puts a
condition behind a package that is not for all (pymdown-extensions 13 needs Python 3.11.5).
"""

import os
import re
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path

from scripts.devtools import packages, say
from scripts.devtools.environment import SITE, TEST, Environment
from scripts.devtools.say import Stop

OLDEST = "3.11"
HEAD = """\
# Written by `python3 scripts/dev.py lock` from the group `{group}` of pyproject.toml.
# Serves Python 3.11 and later on Linux, macOS and Windows. Torch is installed apart.
"""


def lock(root: Path, upgrade: bool) -> int:
    """Write both lock files; without `upgrade` a version stays as it is while it is allowed."""
    env = Environment(root)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv = provide(env, folder)
        # The site's packages are the tests' too, in the same versions: one is the limit of the other.
        draft = folder / TEST
        if not upgrade:
            shutil.copyfile(root / TEST, draft)
        resolve(env, uv, "test", draft)
        limit = folder / "limit.txt"
        limit.write_text(pins(draft.read_text(encoding="utf-8")), encoding="utf-8")
        resolve(env, uv, "site", folder / SITE, "--constraint", str(limit))
        for path in (draft, folder / SITE):
            group = "test" if path is draft else "site"
            text = HEAD.format(group=group) + path.read_text(encoding="utf-8")
            (root / path.name).write_text(text, encoding="utf-8", newline="\n")
    say.line(f"Look at what has changed with `git diff {SITE} {TEST}`, and run the tests.")
    return 0


def provide(env: Environment, folder: Path) -> list[str]:
    """The command uv: the environment's, or else as it is locked, for this once."""
    if any(env.packages.glob("uv-*.dist-info")) and env.python.is_file():
        return [str(env.python), "-m", "uv"]
    try:
        text = (env.root / TEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    entry = re.search(r"^uv==(?:.*\\\n)*.*\n", text, re.M)
    if not entry:
        raise Stop(f"{TEST} does not lock uv, which writes the lock files: restore it.")
    path = folder / "uv.txt"
    path.write_text(entry[0], encoding="utf-8")
    with say.step("Fetching uv"):
        maker = venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False)
        maker.create(folder / ".venv")
        python = Environment(folder).python
        packages.Pip(env.root, python, env.variables()).lock(path, lambda _: None)
    return [str(python), "-m", "uv"]


def resolve(env: Environment, uv: list[str], group: str, out: Path, *more: str) -> None:
    """Write the draft of one lock file.

    Raises:
        Stop: if there is no solution, or if the draft names a host.
    """
    command = [*uv, "pip", "compile", "--quiet", "--no-config", "--universal", *more]
    command += ["--group", f"pyproject.toml:{group}", "--python-version", OLDEST]
    command += ["--only-binary", ":all:", "--generate-hashes", "--output-file", str(out)]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    with say.step(f"Resolving {group}"):
        done = subprocess.run(
            command,
            cwd=env.root,
            env=env.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise Stop(f"{done.stderr.strip()}\nThe lock files are as they were.")
        if "://" in out.read_text(encoding="utf-8"):
            raise Stop(f"The draft for {group} names a host: the lock files are as they were.")


def pins(text: str) -> str:
    """The lines `name==version ; condition` of a lock file, without the hashes."""
    return "".join(f"{pin}\n" for pin in re.findall(r"^([a-z0-9][^\\\n]*?) *\\?$", text, re.M))
