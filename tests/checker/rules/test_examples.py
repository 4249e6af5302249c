"""What a rule documents as bad is found, and what it documents as good is silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checker.rules import SITE
from tests.checker.rules import examples
from tests.checker.rules.test_rules import EXTENSIONS

# Made in test_door.py: what is too large or of another encoding, and links of the file system.
MADE = {"Z01", "Z02", "Z04"}
CODES = sorted(set(examples.RULES) - set(SITE) - MADE)


@pytest.mark.parametrize("code", CODES)
def test_a_bad_example_is_found_and_a_good_one_is_silent(code: str, tmp_path: Path) -> None:
    bad, good = examples.told(examples.RULES[code])
    assert code in examples.found(tmp_path / "bad", bad, EXTENSIONS)
    assert examples.found(tmp_path / "good", good, EXTENSIONS) == set()
