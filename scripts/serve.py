"""Serve the site while it is written: `python -m scripts.serve`. A saved page shows at once.

MkDocs' own server and builder do the work; what is added is a memory, and care: what a build writes
reaches the folder that is served only when the build has succeeded. A broken page, template, bibliography
or mkdocs.yml is told, and the last good site stays. The parts are in scripts/serving/.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")

from scripts.serving import faults
from scripts.serving.server import Server
from scripts.serving.site import Site

ROOT = Path(__file__).resolve().parents[1]
ENDS = ("SIGTERM", "SIGHUP")  # as Ctrl-C does

log = logging.getLogger("mkdocs.serve")


def arguments(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.serve", description="Serve the site; a saved page shows at once."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (%(default)s)")
    parser.add_argument(
        "--name", action="append", default=[], help="a further host name to answer to"
    )
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    wanted = parser.parse_args(given)
    if not 0 <= wanted.port <= 65535:
        parser.error(f"--port {wanted.port} is not between 0 and 65535")
    return wanted


def refuse(host: str, port: int, error: OSError) -> str:
    """Why the server cannot listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: end what uses it, or choose another with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} is not allowed: choose one above 1023 with --port."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Cannot listen at {host}:{port}: {error.strerror or error}."


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def heeding() -> Iterator[Callable[[], None]]:
    """End in order when asked to, while the block runs; what it gives lets nothing disturb the end.

    A program that was started to outlive its terminal does so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    numbers = [getattr(signal, name) for name in ENDS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in (*numbers, signal.SIGINT)}
    for number in numbers:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, _stop)

    def insist() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    try:
        yield insist
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(parent: int) -> None:
    """End when the command that has started this one is gone, even if it was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    if parent and os.name != "nt":
        threading.Thread(target=watch, daemon=True).start()


def main(given: list[str] | None = None) -> int:
    """Serve until Ctrl-C. 2 if the server cannot listen."""
    wanted = arguments(given)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(faults.Plain())
    handler.addFilter(faults.is_new)
    logging.basicConfig(handlers=[handler])
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
    root = wanted.root.resolve()
    os.chdir(root)
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    with heeding() as insist:
        follow(wanted.parent)
        site = Site(root, f"http://{host}:{wanted.port}/")
        try:
            server = Server(site, wanted.host, wanted.port, wanted.name)
            return _serve(server, site)
        except OSError as error:
            print(refuse(wanted.host, wanted.port, error), file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            log.info("Ended.")
            return 0
        finally:
            insist()
            site.close()


def _serve(server: Server, site: Site) -> int:
    try:
        log.info("Building the site …")
        server.rebuild()
        log.info("The site is at %s (Ctrl-C ends it).", site.url)
        server.serve()  # type: ignore[no-untyped-call]
    finally:
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
