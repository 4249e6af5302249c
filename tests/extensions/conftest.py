"""Small sites are built many times here: the theme's templates are compiled once."""

from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from mkdocs.theme import Theme

from scripts.serving.site import Site
from tests.extensions.running import URL, Running, small


@pytest.fixture(scope="session", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    original = Theme.get_env
    cache = jinja2.FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))

    def get_env(theme: Theme) -> jinja2.Environment:
        env = original(theme)
        env.bytecode_cache = cache
        return env

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Theme, "get_env", get_env)
        yield


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small site with a theme."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    return small(tmp_path.resolve())


@pytest.fixture
def site(root: Path) -> Iterator[Site]:
    """The small site, built by the server's builder."""
    site = Site(root, URL)
    assert site.build()
    yield site
    site.close()


@pytest.fixture
def running(root: Path) -> Iterator[Running]:
    """The server of the small site."""
    server = Running(root)
    yield server
    if server.process.poll() is None:
        server.process.kill()
    server.process.communicate()
