"""Repositories in which the commands can be tried."""

from pathlib import Path

import pytest

from tests.scripts.repository import Repository, made_in, wheel


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository in which nothing was run yet."""
    return made_in(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a finished environment, its tests' tools in it; each test leaves it finished."""
    made = made_in(tmp_path_factory.mktemp("finished"))
    wheel(made.wheels, "torch", "2.13.0+cpu", "")
    made.run("test")
    return made
