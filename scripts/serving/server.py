"""MkDocs' server, told of changes instead of looking for them, and answering to its own names only."""

from __future__ import annotations

import gc
import html
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from mkdocs.livereload import LiveReloadServer

from scripts.serving.site import Site
from scripts.serving.watching import Watch

PAUSE = 0.04  # seconds without a further change after which a build begins
NO_SITE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Not built</title>
<body><h1>There is no site yet</h1><pre>{}</pre><p>This page loads again when it is mended.</p></body>
</html>
"""

log = logging.getLogger("mkdocs.serve")


def name_of(host: str) -> str:
    """The name in a header `Host`, without port, brackets and final dot."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_number(name: str) -> bool:
    """Whether a name is an IP address: no page of another site can make a browser send a wrong one."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class Server(LiveReloadServer):
    """The server of a site; it is bound at once, so that a taken port is told before the first build."""

    def __init__(self, site: Site, host: str, port: int, names: Iterable[str] = ()) -> None:
        super().__init__(lambda: None, host, port, str(site.folder), "/", shutdown_delay=0.1)
        self.site = site
        self.build_delay = PAUSE
        self.builder = self.rebuild
        self.error_handler = self.page_for_error
        self.changed: set[str] = set()
        self.names = {"localhost", host.lower(), *(name.lower().rstrip(".") for name in names)}
        if not is_number(host) or not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            own = socket.gethostname().lower()
            self.names |= {own, f"{own}.local"}
        self.refused: set[str] = set()
        self._frozen = False
        self._bound = False
        self.server_bind()
        self.server_activate()
        self._bound = True
        self.watch_sources = Watch(site.root, self.tell)
        self._watched_paths["sources"] = 1  # pages get the script that loads them again

    def server_bind(self) -> None:
        """Bind once: before the first build, so that a taken port is told at once."""
        if not getattr(self, "_bound", False):
            super().server_bind()

    def server_activate(self) -> None:
        """Listen once."""
        if not getattr(self, "_bound", False):
            super().server_activate()

    def tell(self, names: set[str]) -> None:
        """Files have changed: build when there is time."""
        with self._rebuild_cond:
            self.changed |= names
            self._want_rebuild = True
            self._rebuild_cond.notify_all()

    def rebuild(self) -> None:
        """Build again; errors are told, never raised."""
        with self._rebuild_cond:
            names, self.changed = sorted(self.changed), set()
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            log.info("Changed: %s%s", ", ".join(names[:3]), more)
        self.watch_sources.refresh()
        self.site.build()
        self.root = str(self.site.folder)
        # What a build leaves behind goes in circles. What the first one has loaded stays: not to look
        # through it again makes this a matter of milliseconds.
        gc.collect()
        if not self._frozen:
            gc.freeze()
            self._frozen = True

    def page_for_error(self, code: int) -> bytes | None:
        """The site's own page for an error; while there is no site, what keeps it from being."""
        page = self.site.page_not_found(code)
        if page is None and self.site.fault:
            page = NO_SITE.format(html.escape(self.site.fault)).encode()
        if page is None:
            return None
        epoch = self._visible_epoch
        return bytes(self._inject_js_into_html(page, epoch))  # type: ignore[no-untyped-call]

    def serve_request(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer, unless a foreign name leads here: the page that asks could be anybody's."""
        host = str(environ.get("HTTP_HOST", ""))
        name = name_of(host)
        if not host or is_number(name) or name in self.names or name.endswith(".localhost"):
            return super().serve_request(environ, start_response)
        if name not in self.refused and len(self.refused) < 20:
            self.refused.add(name)
            log.warning("Refused a request for the host %r: allow it with --name.", name)
        start_response("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This server does not answer to this host: allow it with --name.\n"]

    def shutdown(self, wait: bool = False) -> None:
        """End the server and the watch."""
        self.watch_sources.stop()
        self._watched_paths.clear()
        super().shutdown(wait)
