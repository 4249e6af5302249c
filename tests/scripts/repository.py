"""Small repositories with this one's commands, whose packages are made here: no network is needed."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from scripts.devtools import environment
from scripts.devtools.environment import SITE, TEST

ROOT = Path(__file__).resolve().parents[2]
# Not the one of .venv, which has no pip: the one that a person runs.
PYTHON = getattr(sys, "_base_executable", sys.executable)

MKDOCS = """
import pathlib, signal, sys, time
if "serve" in sys.argv:
    print("serving", sys.argv[sys.argv.index("--dev-addr") + 1], flush=True)
    time.sleep(60)
else:
    out = pathlib.Path(sys.argv[sys.argv.index("--site-dir") + 1])
    out.mkdir(parents=True)
    for name in ("index.html", "404.html", "sitemap.xml"):
        (out / name).write_text("{version}")
"""
TOOL = """
import os, sys
print("{name} ran", *sys.argv[1:], flush=True)
if "{name}" == "pytest":
    print(os.environ["DEV_TEST_SUMMARY"])
    print("=== 3 passed in 0.1s ===")
sys.exit(int(os.environ.get("FAIL_{name}", "0")))
"""


def wheel(folder: Path, name: str, version: str, text: str) -> str:
    """Make a package of one module that can be run. Returns its line for a lock file.

    Two versions within a second need texts of different lengths: Python tells bytecode that is out of
    date by time, in seconds, and size.
    """
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{name}/__main__.py": text.replace("{version}", version).replace("{name}", name),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=")
        rows.append(f"{path},sha256={digest.decode()},{len(content)}\n")
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, content in {**files, f"{info}/RECORD": "".join(rows)}.items():
            archive.writestr(place, content)
    digest_ = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest_}\n"


@dataclass
class Repository:
    """A small repository with this one's commands."""

    root: Path
    wheels: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def venv(self) -> Path:
        """Its environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return environment.Environment(self.root).python

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        return [PYTHON, str(self.root / "scripts" / "dev.py"), *arguments]

    def environ(self) -> dict[str, str]:
        """An environment with little in it: no person's settings, no index."""
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "SYSTEMROOT", "TEMP", "TMP"}}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri()}
        home = {"HOME": str(self.wheels), "PIP_CONFIG_FILE": os.devnull, "LC_ALL": "C.UTF-8"}
        return {**kept, **pip, **home, **self.variables}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command from another folder."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=tempfile.gettempdir(),
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
        return done

    def build(self) -> str:
        """Build, which must go well. Returns what was said."""
        done = self.run("build")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def lock(self, **versions: str) -> None:
        """Write the lock files: the site's and the tests'."""
        site = wheel(self.wheels, "mkdocs", versions.get("mkdocs", "1.0"), MKDOCS)
        site += wheel(self.wheels, "extra", "1.0", "") if "extra" in versions else ""
        tools = [wheel(self.wheels, name, "1.0", TOOL) for name in ("mypy", "pytest", "ruff")]
        tools.append(wheel(self.wheels, "uv", "1.0", "import sys; sys.exit('uv knows no host')"))
        (self.root / SITE).write_text(site, encoding="utf-8")
        (self.root / TEST).write_text(site + "".join(tools), encoding="utf-8")


def made_in(folder: Path) -> Repository:
    """A repository in a folder with blanks and other letters."""
    root = folder / "my répo ü"
    (folder / "wheels").mkdir()
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts" / "devtools", root / "scripts" / "devtools", ignore=ignore)
    for name in ("__init__.py", "dev.py"):
        shutil.copy(ROOT / "scripts" / name, root / "scripts" / name)
    project = '[dependency-groups]\ntorch = ["torch==2.13.0"]\n'
    (root / "pyproject.toml").write_text(project, encoding="utf-8")
    (root / "docs").mkdir()
    made = Repository(root, folder / "wheels")
    made.lock()
    return made
