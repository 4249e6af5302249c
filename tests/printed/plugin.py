"""The fixture `printed`: an equation as the page prints it, for the test that carries its id."""

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from scripts.extensions import locked as lock_file
from scripts.extensions.equations import printed as equations
from scripts.printed import mutants
from scripts.printed.claims import Printed

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "tests" / "equations.lock"


@lru_cache(maxsize=1)
def pages() -> dict[str, str]:
    """The equations of the pages, read once a process."""
    return equations(ROOT / "docs")


@lru_cache(maxsize=1)
def locked() -> dict[str, lock_file.Lock]:
    """The locks, read once a process."""
    return lock_file.read(LOCK)


class Equations:
    """The equations that a test has asked for, and which changed prints it may let pass."""

    def __init__(self, allowed: set[str]) -> None:
        self.allowed = allowed
        self.found: dict[str, Printed] = {}
        self.excused: dict[str, str] = {}

    def __call__(self, name: str) -> Printed:
        """The equation of this id, which the test must be marked with."""
        if name not in self.allowed:
            pytest.fail(f'mark the test with @pytest.mark.equation("{name}")', pytrace=False)
        if name not in pages():
            pytest.fail(f"no page has the equation {name}", pytrace=False)
        return self.found.setdefault(name, Printed(name, pages()[name]))

    def excuse(self, mutant: str, why: str) -> None:
        """Let a changed print pass, in its normal form, and say why it is as true as the print."""
        assert why
        self.excused[mutant] = why

    def faults(self) -> list[str]:
        """What the test does not see: changed prints, inequalities without a tight case."""
        said = []
        used = set()
        for printed in self.found.values():
            said += [f"{printed.name}: no tight case of {row}" for row in printed.untried()]
            for mutant in mutants.survivors(printed)[1]:
                if mutant in self.excused:
                    used.add(mutant)
                else:
                    said.append(f"{printed.name} could as well be printed as {mutant}")
        return said + [f"excused, but seen: {row}" for row in sorted(set(self.excused) - used)]

    def evaluated(self) -> dict[str, list[int]]:
        """The statements of each equation that were evaluated."""
        return {
            name: sorted({i for b in printed.bindings for i, _ in printed.meant(b)})
            for name, printed in self.found.items()
        }


@pytest.fixture
def printed(request: pytest.FixtureRequest) -> Iterator[Equations]:
    """`printed("eq-vae-kl").holds({…})`: the equation as it is printed, on the test's own numbers.

    Afterwards every small change of the print must have turned the test red, every inequality must have
    been tried near equality, and the lock must say what was evaluated.
    """
    names = {name for mark in request.node.iter_markers("equation") for name in mark.args}
    bench = Equations(names)
    failed = request.session.testsfailed
    yield bench
    if request.session.testsfailed > failed:
        return  # the test says more
    faults = bench.faults()
    record = os.environ.get("PRINTED_RECORD")
    if record and not faults:
        path = Path(record)
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        path.write_text(json.dumps(known | bench.evaluated()), encoding="utf-8")
    elif not record:
        for name, indices in bench.evaluated().items():
            lock = locked().get(name)
            if lock is None or set(indices) != lock.evaluated:
                faults.append(f"run python3 scripts/dev.py equations --lock {name}")
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)
