"""Connections lead to the public network alone."""

import pytest

from scripts.outside.connection import is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        *[(a, False) for a in "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254".split()],
        *[(a, False) for a in "0.0.0.0 100.64.0.1 224.0.0.1 ::1 :: fe80::1%eth0 fd00::1".split()],
        *[(a, False) for a in "::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: nonsense".split()],
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public
