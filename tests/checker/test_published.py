"""Which files are published is MkDocs' own answer, file by file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import get_files

from scripts.checker.config import find
from scripts.checker.project import walk
from scripts.checker.published import destination, unpublished

NAMES = (
    "index.md",
    "README.md",
    "readme.md",
    "index.html",
    "a.md",
    "a.html",
    "b.markdown",
    "draft.md",
    "keep.md",
    "c.py",
)
FOLDERS = ("", "part/", "part/deep/", "templates/", "drafts/")
EXCLUDED = (
    "",
    "drafts/\n!drafts/keep.md\n",
    "*.py\n/part/a.md\n",
    "README.md\n",
    "index.md\n# note\n",
)


def _mkdocs(root: Path, excluded: str, urls: bool) -> set[tuple[str, str]]:
    config = MkDocsConfig(str(root / "mkdocs.yml"))
    config.load_dict(
        {"site_name": "Lab", "exclude_docs": excluded, "use_directory_urls": urls, "plugins": []}
    )
    assert config.validate() == ([], [])
    files = get_files(config)
    return {(file.src_uri, file.dest_uri) for file in files if file.inclusion.is_included()}


@pytest.mark.parametrize("seed", range(30))
def test_what_is_published_is_what_mkdocs_publishes(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    excluded, urls = draw.choice(EXCLUDED), draw.random() < 0.5
    docs = tmp_path / "docs"
    docs.mkdir()
    for folder in FOLDERS:
        for name in draw.sample(NAMES, 5):
            file = docs / (folder + name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("# Title\n", encoding="utf-8")
    lines = "".join(f"  {line}\n" for line in excluded.splitlines())
    (tmp_path / "mkdocs.yml").write_text(
        f"site_name: Lab\nuse_directory_urls: {str(urls).lower()}\n"
        + (f"exclude_docs: |\n{lines}" if lines else ""),
        encoding="utf-8",
    )
    config = find(tmp_path)
    paths = [path for path, _ in walk(config.docs)]
    out = unpublished(config, paths)
    ours = {(path, destination(path, urls)) for path in paths if path not in out}
    assert ours == _mkdocs(tmp_path, excluded, urls)
