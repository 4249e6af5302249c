"""Let only one command at a time change what several share."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from scripts.devtools import say


def locked(root: Path) -> AbstractContextManager[None]:
    """Only one command at a time changes the environment; a second one waits, and says so."""
    return held(root / ".venv.lock", "Another command is setting up .venv: waiting for it.")


@contextmanager
def held(path: Path, busy: str = "") -> Iterator[None]:
    """Hold the lock `path`, a file that is gone afterwards; say `busy` if it has to be waited for."""
    while True:
        handle = path.open("a+b")
        if not take(handle.fileno(), wait=False):
            if busy:
                say.line(busy)
            take(handle.fileno(), wait=True)
        # The one before may have removed the file that this one waited for.
        try:
            if os.path.samestat(os.fstat(handle.fileno()), path.stat()):
                break
        except FileNotFoundError:
            pass
        handle.close()
    try:
        yield
    finally:
        if sys.platform != "win32":
            path.unlink(missing_ok=True)
        handle.close()


def is_held(path: Path) -> bool:
    """Whether another process holds a lock, or another part of this one."""
    try:
        with path.open("r+b") as handle:
            return not take(handle.fileno(), wait=False)
    except FileNotFoundError:
        return False


def take(file: int, wait: bool) -> bool:
    """Take a lock that ends with this process; False if another has it."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return take(file, wait) if wait else False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as problem:
        if problem.errno not in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
    return True
