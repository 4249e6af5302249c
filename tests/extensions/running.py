"""A small site to be served, and the server for authors as a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.extensions.project import ALL, make

ROOT = Path(__file__).resolve().parents[2]
URL = "http://127.0.0.1:8000/"
CONFIG = """site_name: Small
theme: {name: material, custom_dir: overrides, font: false}
plugins: [search, awesome-pages]
hooks: [HOOKS]
markdown_extensions:
"""
MAIN = '{% extends "base.html" %}{% block announce %}One{% endblock %}'
PAGE = """---
title: VAE
needs: [index.md]
---

# VAE

The ELBO holds[^kingma2014auto], see [home](../index.md#top-of-it).

$$
x
$$ {#eq-vae-elbo}

--8<-- "models/vae/vae.py:loss"

![The gap](vae/gap.svg)
**The gap.** It closes.

![Raster](shot.png)
**A shot.** Of something.
"""
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x08\x08\x02\0\0\0"


def small(root: Path) -> Path:
    """Write a small site with a theme below a folder."""
    make(root)
    lines = [f"  - {name}" for name in ALL if name not in ("toc", "tables", "footnotes")]
    lines += ["  - footnotes: {USE_DEFINITION_ORDER: false}"]
    config = CONFIG.replace("HOOKS", str(ROOT / "scripts" / "hooks.py"))
    (root / "mkdocs.yml").write_text(config + "\n".join(lines) + "\n")
    (root / "overrides").mkdir()
    (root / "overrides/main.html").write_text(MAIN)
    (root / "docs/models/vae.md").write_text(PAGE)
    (root / "docs/models/shot.png").write_bytes(PNG)
    (root / "docs/index.md").write_text("# Home\n\n## Top of it\n\nText with a GAN.\n")
    (root / "scripts/extensions").mkdir(parents=True)
    return root


class Running:
    """The server as a process of its own."""

    def __init__(self, root: Path, *more: str, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-u", "-m", "scripts.serve", "--port", str(self.port), *more]
        self.process = subprocess.Popen(
            [*command, "--root", str(root)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of a page; 0 if there is no answer yet."""
        address = f"http://127.0.0.1:{self.port}/{path}"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, headers=headers), timeout=30
            ) as answer:
                return answer.status, str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, ""

    def get(self, path: str) -> str:
        """A page, or nothing if there is none yet."""
        status, text = self.ask(path)
        return text if status == 200 else ""

    def wait(self, path: str, text: str, seconds: float = 60, status: int = 200) -> float:
        """How long it takes until a page has a text."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            now, found = self.ask(path)
            if now == status and text in found:
                return time.monotonic() - started
            time.sleep(0.02)
        raise AssertionError(f"{text!r} did not appear on /{path}")

    def end(self, number: int) -> str:
        """Send a signal and wait. Returns all that was said."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=20)[0]
