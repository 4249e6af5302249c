"""Small sites are built many times here: the theme's templates are compiled once."""

from collections.abc import Iterator

import jinja2
import pytest
from mkdocs.theme import Theme


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
