"""The misbehaving server, one for a module."""

from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from tests.outside.misbehaving import misbehaving


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with misbehaving() as running:
        yield running
