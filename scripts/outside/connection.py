"""Connections that end in time and lead to nowhere but the public network.

A server can send one byte a second for ever, each of them in time. So all that is done for one address stands
under one `Watch`: when its seconds are over, it cuts the connection under the hands of whoever reads from it.
A name is resolved once, its addresses are looked at, and the connection is made to one of those, so that a
name that means the public network at first and a private one a moment later gains nothing.
"""

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Trouble(Exception):
    """No answer: the reason in our words, what the server said, and whether it may pass."""

    def __init__(self, reason: str, passing: bool = True, said: str = "") -> None:
        super().__init__(reason)
        self.passing = passing
        self.said = said


class Watch:
    """The seconds that one address may take in all, waits out of politeness left out.

    Args:
        seconds: how many.
        local: hosts with ports, as `127.0.0.1:8000`, that may be asked although they are not public.
    """

    def __init__(
        self,
        seconds: float,
        local: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = self.left = seconds
        self.local = frozenset(local)
        self.clock = clock
        self.over = False
        self.sockets: list[socket.socket] = []
        self.lock = threading.Lock()

    def __enter__(self) -> "Watch":
        """Begin to count; raises Trouble if nothing is left."""
        if self.left <= 0 or self.over:
            raise self.late()
        self.since = self.clock()
        self.timer = threading.Timer(self.left, self.cut)
        self.timer.daemon = True
        self.timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop counting. What failed because the time was over says so."""
        self.timer.cancel()
        self.left -= self.clock() - self.since
        with self.lock:
            while self.sockets:
                self.sockets.pop().close()
        # A cut can look like the end of an answer, so that none can be trusted after it.
        if self.over and (error is None or isinstance(error, Exception)):
            raise self.late() from error

    def late(self) -> Trouble:
        """What is said when the time is over."""
        return Trouble(f"gave no whole answer within {self.seconds:g} s", passing=False)

    def remaining(self) -> float:
        """The seconds that are left now."""
        return max(self.left - (self.clock() - self.since), 0.01)

    def add(self, sock: socket.socket) -> None:
        """Cut this connection as well when the time is over. The copy lives on when TLS takes the original."""
        with self.lock:
            self.sockets.append(sock.dup())
        if self.over:
            self.cut()

    def cut(self) -> None:
        """End all connections: whoever reads from them reads the end."""
        self.over = True
        with self.lock:
            for sock in self.sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be asked. Raises Trouble."""
        answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        # A resolver that hangs cannot be stopped, only left behind.
        threading.Thread(target=ask, daemon=True).start()
        try:
            found = answers.get(timeout=self.remaining())
        except queue.Empty:
            raise Trouble("its name was not resolved in time") from None
        if isinstance(found, Exception):
            raise Trouble("the host has no address") from found
        known = list(dict.fromkeys(str(info[4][0]) for info in found))
        if f"{host}:{port}" in self.local:
            return known
        public = [address for address in known if is_public(address)]
        if not public:
            why = "leads into a private network, which only --local allows:"
            raise Trouble(why, passing=False, said=f"{host}:{port}")
        return public


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the public network, whatever it is wrapped into."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner: ipaddress.IPv4Address | None = None
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    looked_at = inner or found
    return looked_at.is_global and not looked_at.is_multicast


class _Guarded:
    """Makes the connection of a class of urllib3 under a watch."""

    watch: Watch
    timeout: Any
    port: int
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        host = self._dns_host.strip("[]")
        error: OSError = OSError("no address")
        for address in self.watch.resolve(host, self.port):
            try:
                sock = create_connection(
                    (address, self.port), min(self.timeout, self.watch.remaining())
                )
            except OSError as failure:
                error = failure
                continue
            self.watch.add(sock)
            return sock
        if isinstance(error, TimeoutError):
            raise Trouble("gave no answer in time") from error
        raise Trouble("refused the connection") from error


class _Plain(_Guarded, HTTPConnection):
    def __init__(self, *arguments: Any, watch: Watch, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.watch = watch


class _Secure(_Guarded, HTTPSConnection):
    def __init__(self, *arguments: Any, watch: Watch, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.watch = watch


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


def request(
    url: str, headers: dict[str, str], watch: Watch, connect: float, read: float
) -> urllib3.BaseHTTPResponse:
    """The beginning of the answer to one GET; no redirect is followed. Whoever reads it closes it.

    Raises:
        Trouble, urllib3.exceptions.HTTPError, OSError, ValueError.
    """
    where = urllib3.util.parse_url(url)
    if where.scheme not in ("http", "https") or not where.host:
        raise Trouble("is not an address that can be asked", passing=False)
    kind, usual = (_SecurePool, 443) if where.scheme == "https" else (_PlainPool, 80)
    left = watch.remaining()
    timeout = urllib3.Timeout(connect=min(connect, left), read=min(read, left))
    pool = kind(where.host, where.port or usual, timeout=timeout, watch=watch)
    return pool.urlopen(
        "GET",
        where.request_uri,
        headers=headers,
        redirect=False,
        retries=False,
        preload_content=False,
    )
