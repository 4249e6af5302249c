"""A web server for the built site that does what a static host does: gzip, types, folders, a 404 page.

It honours the file `_headers`, as some hosts do."""

import gzip
import mimetypes
import threading
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".csv": "text/csv; charset=utf-8",
    ".py": "text/x-python; charset=utf-8",
    ".bib": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".woff2": "font/woff2",
}
PACKED = ("text/", "application/json", "application/xml", "image/svg")
BELOW = "/some/where"


@lru_cache(maxsize=4096)
def read(path: Path, pack: bool) -> bytes:
    """A file of the site, compressed once."""
    content = path.read_bytes()
    return gzip.compress(content, 6, mtime=0) if pack else content


@lru_cache(maxsize=8)
def sent(root: Path) -> dict[str, str]:
    """The headers that the site's file `_headers` wants with everything."""
    file = root / "_headers"
    lines = file.read_text(encoding="ascii").splitlines() if file.is_file() else ["/*"]
    assert lines[0] == "/*"
    pairs = (line.strip().partition(": ") for line in lines[1:])
    return {name: value for name, _, value in pairs}


class Server(ThreadingHTTPServer):
    """Serves `root` at `url`, and once more at `below`, as a project's pages lie below a name."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.root = root.resolve()
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self.url = f"{self.origin}/"
        self.below = f"{self.origin}{BELOW}/"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()
        self.thread.join()

    def find(self, url: str) -> tuple[int, Path | str]:
        """The status, and the file or the address that it leads to."""
        path = unquote(urlsplit(url).path)
        if path == BELOW or path.startswith(BELOW + "/"):
            path = path[len(BELOW) :]
            if not path:
                return 301, f"{BELOW}/"
        file = (self.root / path.lstrip("/")).resolve()
        if file == self.root or self.root in file.parents:
            if file.is_dir() and not path.endswith("/"):
                return 301, urlsplit(url).path + "/"
            if file.is_dir() and (file / "index.html").is_file():
                return 200, file / "index.html"
            if file.is_file() and not path.endswith("/"):
                return 200, file
        return 404, self.root / "404.html"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer with the file."""
        if self.path == "/favicon.ico":  # a browser may ask, whatever the page says
            self.answer(204, b"", {})
            return
        status, found = self.server.find(self.path)
        if isinstance(found, str):
            self.answer(status, b"", {"Location": found})
            return
        if not found.is_file():
            self.answer(status, b"", {})
            return
        kind = TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0]
        headers = {"Content-Type": kind or "application/octet-stream"}
        if found.suffix in (".html", ".svg"):  # a policy is of documents
            headers |= sent(self.server.root)
        pack = headers["Content-Type"].startswith(PACKED)
        pack = pack and "gzip" in self.headers.get("Accept-Encoding", "")
        if pack:
            headers["Content-Encoding"] = "gzip"
        self.answer(status, read(found, pack), headers)

    do_HEAD = do_GET

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        """Send it all."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
