"""The server for authors: what it shows is what a full build would show, whatever has changed."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from scripts import serve
from scripts.serving import sources
from scripts.serving.site import Site
from tests.extensions.project import TEST
from tests.extensions.running import MAIN, PNG, URL, Running

ROOT = Path(__file__).resolve().parents[2]


def test_plain_mkdocs_finds_the_extensions_in_any_environment(tmp_path: Path) -> None:
    # As the script `mkdocs` of an environment that was made with `pip install -r requirements.txt`:
    # neither the working folder nor a .pth file names the repository.
    code = f"""
import sys
root = {str(ROOT)!r}
sys.path[:] = [path for path in sys.path if path and not path == root]
from mkdocs.config import load_config
for _ in range(2):
    config = load_config(root + "/mkdocs.yml")
print(sys.path.count(root), "scripts.extensions.citations" in config.markdown_extensions)
"""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "1 True\n", done.stderr


def test_the_readme_names_the_plain_way() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install -r requirements.txt" in text
    assert re.search(r"^mkdocs serve\b", text, re.MULTILINE)


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def full(root: Path, folder: Path) -> dict[str, bytes]:
    """What a build without a memory makes."""
    config = load_config(str(root / "mkdocs.yml"), site_dir=str(folder), strict=False, site_url=URL)
    build(config, serve_url=URL)
    return tree(folder)


def replace(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        path = root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


def remove(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


CHANGES: dict[str, Callable[[Path], object]] = {
    "text": replace("docs/models/vae.md", "holds", "is held"),
    "longer": replace("docs/models/vae.md", "The ELBO", "A line.\nThe ELBO"),
    "title": replace("docs/models/vae.md", "title: VAE", "title: Autoencoder"),
    "meta": replace("docs/models/vae.md", "needs: [index.md]", "needs: []"),
    "anchor": replace("docs/index.md", "## Top of it", "## Another"),
    "new page": write("docs/models/gan.md", "# GAN\n\nSee [vae](vae.md)[^muller1999one].\n"),
    "lost page": remove("docs/models/vae.md"),
    "bibliography": replace("docs/references/bibliography.bib", "Auto-Encoding", "Self-Encoding"),
    "citation": replace("docs/index.md", "Text", "Text[^kingma2014auto]"),
    "mark": replace("tests/models/test_vae.py", "eq-vae-elbo", "eq-vae-lost"),
    "test": replace("tests/models/test_vae.py", "1 < 2", "2 < 3"),
    "new test": write("tests/models/test_more.py", TEST),
    "figure": replace("docs/models/vae/gap.svg", "0.5", "0.75"),
    "lost figure": remove("docs/models/vae/gap.svg"),
    "lost numbers": remove("docs/models/vae/gap.csv"),
    "image": lambda root: (root / "docs/models/shot.png").write_bytes(PNG[:19] + b"\7" + PNG[20:]),
    "excerpt": replace("docs/models/vae/vae.py", "math.log(x)", "math.log(x) + 1"),
    "glossary": replace("docs/references/glossary.md", "Generative adversarial", "Adversarial"),
    "template": write("overrides/main.html", MAIN.replace("One", "Two")),
    "settings": replace("mkdocs.yml", "site_name: Small", "site_name: Large"),
    "order": write("docs/.pages", "nav:\n    - references\n    - index.md\n    - models\n"),
    "asset": write("docs/models/vae/vae.mjs", "export const changed = 1;\n"),
    "nothing": lambda root: None,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_after_a_change_the_site_is_that_of_a_full_build(
    root: Path,
    site: Site,
    tmp_path_factory: pytest.TempPathFactory,
    change: Callable[[Path], object],
) -> None:
    change(root)
    assert site.build()
    assert tree(site.folder) == full(root, tmp_path_factory.mktemp("full"))


def test_many_changes_one_after_the_other_leave_nothing_stale(
    root: Path, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, change in CHANGES.items():
        if name.startswith("lost") or name in ("figure", "image"):
            continue
        change(root)
        assert site.build()
    assert tree(site.folder) == full(root, tmp_path_factory.mktemp("full"))


@pytest.mark.parametrize(
    ("name", "rendered"),
    [
        ("nothing", 0),
        ("text", 1),
        ("longer", 1),
        ("asset", 0),
        ("template", 5),
        ("figure", 1),
        ("excerpt", 1),
        ("bibliography", 2),  # the page that cites and the bibliography
        ("citation", 2),
        ("mark", 2),
        ("test", 1),  # the ledger
        ("glossary", 5),
    ],
)
def test_only_what_depends_on_a_change_is_rendered(
    root: Path, site: Site, name: str, rendered: int
) -> None:
    CHANGES[name](root)
    assert site.build()
    assert site.memory.rendered <= rendered


def test_warnings_are_said_with_every_build(
    root: Path, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    write("docs/models/bad.md", "# Bad\n\nA[^nothing2000x] and [lost](lost.md).\n")(root)
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "mkdocs"):
            assert site.build()
        said = caplog.text
        assert "docs/models/bad.md:3:2: K01 'nothing2000x' is neither" in said
        assert "'lost.md', but the target" in said
        replace("docs/index.md", "Text", "Text again")(root)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mkdocs.yml", "site_name: [\n", "error parsing the configuration file"),
        ("mkdocs.yml", "site_name: X\nplugins: [none]\n", "none"),
        ("overrides/main.html", "{% if %}", "main.html:1"),
        ("docs/models/.pages", "nav: [none.md]\n", "none.md"),
    ],
)
def test_what_is_broken_is_told_and_the_last_good_site_stays(
    root: Path,
    site: Site,
    caplog: pytest.LogCaptureFixture,
    name: str,
    text: str,
    message: str,
) -> None:
    before = tree(site.folder)
    old = (root / name).read_text() if (root / name).exists() else ""
    (root / name).write_text(text)
    assert not site.build()
    assert message in caplog.text
    assert "the last good site stays" in caplog.text
    assert tree(site.folder) == before
    (root / name).write_text(old)
    assert site.build()
    assert tree(site.folder) == before


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("docs/a.md", True),
        ("docs/.pages", True),
        ("docs/a.svg", True),
        ("docs/.a.md.swp", False),
        ("docs/a.md~", False),
        ("docs/4913", False),
        ("tests/__pycache__/x.py", False),
        ("tests/a.pyc", False),
        ("docs/.#a.md", False),
    ],
)
def test_what_editors_and_python_leave_is_no_change(path: str, counts: bool) -> None:
    assert sources.matters(path) is counts


def test_a_taken_port_is_one_line_and_exit_code_2(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.main(["--port", str(port), "--root", str(root)]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"Port {port} is in use: end what uses it, or choose another with --port.\n"


def test_an_unknown_host_is_one_line_and_exit_code_2(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert serve.main(["--host", "203.0.113.7", "--port", "0", "--root", str(root)]) == 2
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_a_saved_page_is_served_and_the_browser_told_and_ctrl_c_ends_it(
    root: Path, running: Running
) -> None:
    running.wait("models/vae/", "holds")
    epoch = re.findall(r"livereload\((\d+),", running.get("models/vae/"))
    assert epoch
    replace("docs/models/vae.md", "holds", "is held")(root)
    running.wait("models/vae/", "is held")
    assert int(running.get(f"livereload/{epoch[0]}/1")) > int(epoch[0])
    replace("mkdocs.yml", "site_name", "site_nome: [\nsite_name")(root)
    time.sleep(1)
    assert "is held" in running.get("models/vae/")
    running.process.send_signal(signal.SIGINT)
    said, _ = running.process.communicate(timeout=20)
    assert running.process.returncode == 0
    assert "Traceback" not in said
    assert said.rstrip().endswith("Ended.")
    assert "Changed: docs/models/vae.md" in said
