"""Clients that may ask the server of this machine, and what they are given to read."""

from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scripts.outside.http_client import Client, Policy

QUICK = Policy(pause=0, backoff=0.01, connect=1, read=0.6, deadline=2, redirects=5, patience=2)


def base(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def quick(server: ThreadingHTTPServer, **changes: Any) -> Client:
    """A client that may ask the server of this machine, and waits for nothing."""
    local = frozenset({f"127.0.0.1:{server.server_port}"})
    return Client(replace(QUICK, local=local, **changes), sleep=lambda seconds: None)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def timed(server: ThreadingHTTPServer, **changes: Any) -> tuple[Client, Clock]:
    """A client that may ask the server of this machine, and the clock by which it waits."""
    clock = Clock()
    local = frozenset({f"127.0.0.1:{server.server_port}"})
    policy = replace(QUICK, local=local, patience=60, **changes)
    return Client(policy, sleep=clock.sleep, clock=clock), clock


def paced(server: ThreadingHTTPServer, clock: Clock, **policy: Any) -> Client:
    local = frozenset({f"127.0.0.1:{server.server_port}"})
    return Client(Policy(local=local, **policy), sleep=clock.sleep, clock=clock)


def docs(tmp_path: Path, text: str, bib: str = "") -> Path:
    folder = tmp_path / "docs"
    folder.mkdir(exist_ok=True)
    (folder / "page.md").write_text(text, encoding="utf-8")
    (folder / "b.bib").write_text(bib, encoding="utf-8")
    return folder
