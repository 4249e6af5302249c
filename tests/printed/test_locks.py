"""Every displayed equation is locked: its print does not change without its test being read again."""

import pytest

from scripts.extensions import equation_tests
from scripts.printed import locks
from tests.printed.plugin import ROOT, locked, pages


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_print_is_the_locked_one(name: str) -> None:
    fault = locks.difference(name, locked().get(name), pages()[name])
    assert not fault, fault


def test_nothing_is_locked_that_no_page_prints() -> None:
    gone = sorted(set(locked()) - set(pages()))
    assert not gone, f"delete these from tests/equations.lock: {', '.join(gone)}"


def test_what_is_said_to_be_evaluated_has_a_test_that_evaluates_it() -> None:
    tests = equation_tests.of(ROOT / "tests")
    for name, lock in locked().items():
        uses = [t for t in tests.get(name, ()) if f'printed("{name}")' in t.source]
        assert len(uses) == bool(lock.evaluated), f"{name}: one test evaluates it, or it is locked"
