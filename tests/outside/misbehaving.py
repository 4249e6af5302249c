"""A local web server that misbehaves in every way that the outside world does."""

import gzip
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BOMB = gzip.compress(b"<title>Big</title>" + bytes(200_000_000), 1)
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

    def end_headers(self) -> None:
        """LinkChecker may ask as fast as it can."""
        self.send_header("LinkChecker", "welcome")
        super().end_headers()

    def do_HEAD(self) -> None:
        """The same as GET."""
        self.do_GET()

    def do_GET(self) -> None:
        """Behave as the path says."""
        name = re.split("[/?]", unquote(self.path).strip("/"))[0].replace("-", "_") or "home"
        self.server.counts[f"{self.command} {self.path}"] += 1  # type: ignore[attr-defined]
        self.server.times.append(self.server.clock())  # type: ignore[attr-defined]
        try:
            getattr(self, name, self.missing)()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def seen(self, method: str = "GET") -> int:
        """How often this path was asked for so far, this time included."""
        return int(self.server.counts[f"{method} {self.path}"])  # type: ignore[attr-defined]

    def home(self) -> None:
        self.answer(200, PAGE)

    good = größe = home

    def missing(self) -> None:
        self.answer(404, b"<title>404</title>")

    def gone(self) -> None:
        self.answer(410)

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
            for _ in range(80):
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

    # cookies, places and titles

    def consent(self) -> None:
        if "seen=1" in self.headers.get("Cookie", ""):
            self.home()
        else:
            self.answer(302, Location=self.path, Set_Cookie="seen=1; Path=/")

    def has_cookie(self) -> None:
        self.answer(500 if self.headers.get("Cookie") else 200, PAGE)

    def bad_cookie(self) -> None:
        self.answer(200, PAGE, Set_Cookie="=; ; Expires=Wed, 99 Foo 99999; Domain=..; \xff")

    def raw_utf_8(self) -> None:
        self.raw(
            b"HTTP/1.1 301 M\r\nLocation: /gr\xc3\xb6\xc3\x9fe\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )

    def raw_latin_1(self) -> None:
        self.raw(
            b"HTTP/1.1 301 M\r\nLocation: /gr\xf6\xdfe-1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )

    def to_a_bad_host(self) -> None:
        self.answer(302, Location="http://[::1")

    def to_a_bad_port(self) -> None:
        self.answer(302, Location="http://a.example:port/")

    def to_the_cloud(self) -> None:
        self.answer(302, Location="http://169.254.169.254/latest/meta-data/")

    def to_a_neighbour(self) -> None:
        self.answer(302, Location="http://192.168.0.1/")

    def to_another_port(self) -> None:
        self.answer(302, Location="http://127.0.0.1:9/")

    def titled(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        parts = "".join(
            f"<{tag}>{text}</{tag}>" for tag in ("title", "h1") for text in query.get(tag, [])
        )
        self.answer(200, parts.encode())

    def refresh(self) -> None:
        content = parse_qs(urlsplit(self.path).query)["to"][0]
        self.answer(200, f'<meta http-equiv="Refresh" content="{content}"><p>Moved.'.encode())

    def refresh_header(self) -> None:
        self.answer(200, PAGE, Refresh="0;url=/gone")

    def refresh_in_noscript(self) -> None:
        self.answer(
            200, b'<noscript><meta http-equiv="refresh" content="0; url=/gone"></noscript>' + PAGE
        )

    def page(self) -> None:
        self.answer(
            200,
            PAGE
            + b'<h2 id="a">A</h2><a name="b"></a><p id="gr\xc3\xb6\xc3\x9fe"><p id="user-content-c">',
        )

    def moved_page(self) -> None:
        self.answer(301, Location="/page")

    def long_page(self) -> None:
        self.answer(200, PAGE + b"<p>x" * 50_000 + b'<h2 id="end">End</h2>')

    def chunked(self) -> None:
        page = b"<title>Page not found</title>"
        self.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + b"".join(b"1\r\n%c\r\n" % sign for sign in page)
            + b"0\r\n\r\n"
        )

    def zipped(self) -> None:
        self.answer(200, gzip.compress(b"<title>Page not found</title>"), Content_Encoding="gzip")

    def latin_1(self) -> None:
        page = '<meta charset="latin1"><title>Größe</title><p id="größe">'
        self.answer(200, page.encode("latin-1"), Content_Type="text/html")

    def bomb(self) -> None:
        self.answer(200, BOMB, Content_Encoding="gzip")

    # limits of the rate

    def head_too_many(self) -> None:
        if self.command == "HEAD" or self.seen() < 2:
            self.answer(429, Retry_After="1")
        else:
            self.home()

    def three_a_second(self) -> None:
        """Like a host that answers three requests in a second."""
        now, window = self.server.clock(), self.server.window  # type: ignore[attr-defined]
        window[:] = [then for then in window if now - then < 1]
        if len(window) >= 3:
            self.answer(429)
        else:
            window.append(now)
            self.home()

    def bad_wait(self) -> None:
        waits = parse_qs(urlsplit(self.path).query).get("wait", [""])
        self.answer(503, Retry_After=waits[0])

    # what would hang

    def raw(self, data: bytes) -> None:
        """Bytes as they are, then the end."""
        self.wfile.write(data)
        self.close_connection = True

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        """Bytes one by one, for four seconds at most."""
        for index in range(int(4 / pause)):
            self.wfile.write(data[index % len(data) : index % len(data) + 1])
            self.wfile.flush()
            time.sleep(pause)
        self.close_connection = True

    def dripping_headers(self) -> None:
        self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 10_000)

    def dripping_status(self) -> None:
        self.drip(b"HTTP/1.1 200 " + b"O" * 10_000)

    def endless_continue(self) -> None:
        for _ in range(500):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
            time.sleep(0.01)
        self.close_connection = True

    def endless_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(5000):
            self.wfile.write(b"X-%d: x\r\n" % number)
        self.close_connection = True

    def slow_chain(self) -> None:
        time.sleep(0.3)
        self.answer(302, Location=f"/slow-chain/{self.path.count('x') * 'x'}x")

    def deep(self) -> None:
        self.answer(200, b"<title>" + b"<b><h1>" * 9_000)

    # what would be written into the report

    def hostile_title(self) -> None:
        self.answer(
            200,
            b"<title>Page not found | `</a><script>x</script> @all \x1b[2J](http://e.example)</title>",
        )

    def hostile_location(self) -> None:
        self.answer(301, Location="/good?`<img src=x>`@all](x)")

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


class Server(ThreadingHTTPServer):
    """Says nothing of those who hang up."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet."""


@contextmanager
def misbehaving() -> Iterator[ThreadingHTTPServer]:
    """The server on a free port of this machine; `counts` and `times` say what was asked, by its `clock`."""
    server = Server(("127.0.0.1", 0), Handler)
    server.counts, server.times, server.window = Counter(), [], []  # type: ignore[attr-defined]
    server.clock = time.monotonic  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
