"""A local web server that misbehaves in every way that the outside world does."""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"<!doctype html><title>A page</title><h1>A page</h1><p>Text."


class Handler(BaseHTTPRequestHandler):
    """The path says how to misbehave."""

    protocol_version = "HTTP/1.1"
    counts: Counter[str]
    times: list[float]

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A well-formed answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        if "Content_Type" not in headers:
            self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        """The same as GET."""
        self.do_GET()

    def do_GET(self) -> None:
        """Behave as the path says."""
        name = re.split("[/?]", self.path.strip("/"))[0].replace("-", "_") or "home"
        self.server.counts[f"{self.command} {self.path}"] += 1  # type: ignore[attr-defined]
        self.server.times.append(time.monotonic())  # type: ignore[attr-defined]
        try:
            getattr(self, name, self.missing)()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def seen(self, method: str = "GET") -> int:
        """How often this path was asked for so far, this time included."""
        return int(self.server.counts[f"{method} {self.path}"])  # type: ignore[attr-defined]

    def home(self) -> None:
        self.answer(200, PAGE)

    good = home

    def missing(self) -> None:
        self.answer(404, b"<title>404</title>")

    def gone(self) -> None:
        self.answer(410)

    def head_refused(self) -> None:
        self.answer(405 if self.command == "HEAD" else 200, PAGE)

    def head_hangs(self) -> None:
        if self.command == "HEAD":
            self.close_connection = True
        else:
            self.answer(200, PAGE)

    def slow(self) -> None:
        time.sleep(0.3)
        self.answer(200, PAGE)

    def hanging(self) -> None:
        time.sleep(1.5)
        self.close_connection = True

    def dripping(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        if self.command == "GET":
            for _ in range(40):
                self.wfile.write(b"x" * 4)
                self.wfile.flush()
                time.sleep(0.05)
        self.close_connection = True

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        self.close_connection = True

    def circle(self) -> None:
        self.answer(302, Location="/circle-back")

    def circle_back(self) -> None:
        self.answer(302, Location="/circle")

    def endless(self) -> None:
        self.answer(302, Location=f"/endless/{self.path.count('x') * 'x'}x")

    def moved(self) -> None:
        self.answer(301, Location="/good")

    def elsewhere(self) -> None:
        self.answer(302, Location="/good")

    def to_a_file(self) -> None:
        self.answer(302, Location="file:///etc/hostname")

    def too_many(self) -> None:
        self.answer(429, Retry_After="1") if self.seen() < 2 else self.answer(200, PAGE)

    def always_too_many(self) -> None:
        self.answer(429, Retry_After="3600")

    def date_to_wait(self) -> None:
        self.answer(
            503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"
        ) if self.seen() < 2 else self.home()

    def back_soon(self) -> None:
        self.answer(503) if self.seen() < 2 else self.answer(200, PAGE)

    def down(self) -> None:
        self.answer(500)

    def wrong_length(self) -> None:
        self.answer(200, PAGE, Content_Length="5000")
        self.close_connection = True

    def huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        if self.command == "GET":
            for _ in range(4000):
                self.wfile.write(b"x" * 65536)
        self.close_connection = True

    def wall(self) -> None:
        self.answer(403, b"<title>Just a moment...</title>", cf_mitigated="challenge")

    def polite_wall(self) -> None:
        self.answer(200, b"<title>Are you a robot?</title>")

    def forbidden(self) -> None:
        self.answer(403)

    def strange(self) -> None:
        self.answer(999)

    def soft_404(self) -> None:
        self.answer(200, b"<title>Page not found - Example</title>")

    def to_home(self) -> None:
        self.answer(302, Location="/")

    def bad_header(self) -> None:
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nno colon here\r\n: nameless\r\n\xff\xfe: x\r\n\r\n" + PAGE
        )
        self.close_connection = True

    def no_http(self) -> None:
        self.wfile.write(b"220 this is a mail server\r\n")
        self.close_connection = True

    def bad_zip(self) -> None:
        self.answer(200, b"this is not gzip", Content_Encoding="gzip")

    def picture(self) -> None:
        self.answer(200, b"\x89PNG", Content_Type="image/png")

    def memory(self) -> None:
        self.answer(
            200,
            b'{"archived_snapshots": {"closest": {"available": true, "url": "http://a.example/1"}}}',
            Content_Type="application/json",
        )


@contextmanager
def misbehaving() -> Iterator[ThreadingHTTPServer]:
    """The server on a free port of this machine; `counts` and `times` say what was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.counts, server.times = Counter(), []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
