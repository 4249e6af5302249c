"""Keep the report apart from what the extensions of a project print while they are imported and at work."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def aside() -> Iterator[TextIO]:
    """Send what is printed, by this process and by those that it starts, to the error stream; give the report's.

    Python's own output is turned as an object; that of libraries and programs as the descriptor 1.
    """
    standard = sys.stdout
    try:
        own = standard.fileno() == 1
    except (OSError, ValueError, AttributeError):
        own = False
    if not own:
        with contextlib.redirect_stdout(sys.stderr):
            yield standard
        return
    standard.flush()
    kept = os.dup(1)
    report = open(kept, "w", encoding=standard.encoding, errors=standard.errors, newline="\n")  # noqa: SIM115
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield report
    finally:
        with contextlib.suppress(OSError):
            report.flush()
        os.dup2(kept, 1)
        with contextlib.suppress(OSError):
            report.close()
