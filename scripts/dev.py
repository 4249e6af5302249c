#!/usr/bin/env python3
"""The one command of this repository: `python3 scripts/dev.py`, then serve, build, check, test …

Needs Python 3.11 or later with pip, and makes the rest. Everything but the question for the version is
in scripts/devtools/, so that an old Python can read this file and say that it is too old.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main() -> int:
    """Ask for the version, then hand over."""
    if sys.version_info < (3, 11):
        version = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(
            f"This needs Python 3.11 or later, and {sys.executable} is Python {version}: "
            "run it with a newer one, for instance python3.12 scripts/dev.py\n"
        )
        return 2
    # What is removed need not be written first.
    sys.dont_write_bytecode = sys.dont_write_bytecode or sys.argv[1:2] == ["clean"]
    # This folder leaves the path, so that no script in it hides a module of the same name.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [ROOT] + [path for path in sys.path if path != here]
    from scripts.devtools import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
