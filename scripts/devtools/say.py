"""How the commands talk: one plain line a step, one plain line for what stops them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

FINDINGS = 1
COULD_NOT_RUN = 2
INTERRUPTED = 130

Tell = Callable[[str], None]


class Stop(Exception):
    """Ends the command: its text is printed as it is, and `code` is the exit code."""

    def __init__(self, message: str, code: int = COULD_NOT_RUN) -> None:
        super().__init__(message)
        self.code = code


def line(text: str) -> None:
    """Print a line at once, whatever the encoding of the terminal."""
    write(text + "\n", sys.stdout)


def error(text: str) -> None:
    """Print a line to standard error."""
    sys.stdout.flush()
    write(text + "\n", sys.stderr)


def write(text: str, stream: TextIO) -> None:
    """Write and flush; letters that the terminal cannot show become `?`."""
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


@contextmanager
def step(text: str) -> Iterator[Tell]:
    """`Installing 34 packages … 12.3 s`: the text at once, the seconds when it is done.

    What it gives tells how far the step is, where somebody watches.
    """
    started = time.monotonic()
    watched = sys.stdout.isatty()
    width = 0

    def tell(more: str) -> None:
        nonlocal width
        if watched:
            now = f"{text} … {more}"
            write(f"\r{now}{' ' * (width - len(now))}", sys.stdout)
            width = len(now)

    write(f"{text} … ", sys.stdout)
    try:
        yield tell
    except BaseException:
        write("\n", sys.stdout)
        raise
    tell("")
    seconds = f"{time.monotonic() - started:.1f} s\n"
    write(f"\r{text} … {seconds}" if watched else seconds, sys.stdout)
