"""`python3 scripts/dev.py equations`: how each displayed equation is held, and what holds it.

Without options it prints the counts, and the prints that can be read no further. `--lock ID …` writes the
lock of these equations anew, after their tests have passed; `--lock all` that of all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from scripts.extensions import equation_tests, locked
from scripts.extensions.equations import printed as equations
from scripts.printed import locks
from scripts.printed.reading import statements

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "tests" / "equations.lock"


def recorded(names: set[str], root: Path = ROOT) -> dict[str, list[int]]:
    """Run the tests of equations. Returns the statements of each that they evaluate.

    Raises:
        ValueError: if a test fails.
    """
    tests = equation_tests.of(root / "tests")
    chosen = {test for name in names for test in tests.get(name, ()) if "printed(" in test.source}
    if not chosen:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record.json"
        rows = sorted(f"{test.path.relative_to(root).as_posix()}::{test.name}" for test in chosen)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *rows],
            cwd=root,
            env={**os.environ, "PRINTED_RECORD": str(record)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(f"the tests of these equations do not pass:\n{done.stdout[-4000:]}")
        found: dict[str, list[int]] = json.loads(record.read_text(encoding="utf-8"))
    return found


def lock(names: set[str]) -> None:
    """Write the lock of equations anew. Raises ValueError for an unknown one, or if a test fails."""
    printed = equations(ROOT / "docs")
    chosen = set(printed) if names == {"all"} else names
    if chosen - set(printed):
        raise ValueError(f"no page has {', '.join(sorted(chosen - set(printed)))}")
    evaluated = recorded(chosen)
    known = {name: held for name, held in locked.read(LOCK).items() if name in printed}
    for name in chosen:
        known[name] = locks.of(printed[name], frozenset(evaluated.get(name, ())))
    LOCK.write_text(locked.text(known), encoding="utf-8", newline="\n")


def tell() -> int:
    """Print how the equations are held; 1 if one is not."""
    printed, known = equations(ROOT / "docs"), locked.read(LOCK)
    faults = [locks.difference(name, known.get(name), tex) for name, tex in printed.items()]
    states = Counter(known[name].state for name in printed if name in known)
    for name, tex in printed.items():
        for statement in statements(tex):
            if statement.why:
                print(f"{name}: {statement.why}")
    for fault in filter(None, faults):
        print(fault, file=sys.stderr)
    print(f"{len(printed)} equations:", ", ".join(f"{n} {state}" for state, n in states.items()))
    return int(any(faults))


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="dev.py equations", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--lock", nargs="+", metavar="ID", help="lock these equations anew, or all")
    wanted = parser.parse_args()
    try:
        if wanted.lock:
            lock(set(wanted.lock))
    except ValueError as error:
        print(f"equations: {error}", file=sys.stderr)
        return 2
    return tell()


if __name__ == "__main__":
    sys.exit(main())
