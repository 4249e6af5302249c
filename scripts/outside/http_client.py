"""Ask the outside world, politely: one client for links and references.

One GET an address, no HEAD before it: the connection is closed once enough of the answer has come. Hosts are
asked side by side, the addresses of one host one after the other, with a pause that grows when the host says
that it is too short. Each page is asked for once, whatever its places; each address has one deadline, a jar of
cookies of its own, and a verdict, whatever happens: nothing here raises for what a server does. Rules for robots
are not read: only what an author has linked to is asked for, and nothing that stands there.

LinkChecker could do the asking as well, and `tests/outside/test_linkchecker.py` runs it against the same
server. It agrees on cookies, redirects, UTF-8 in `Location`, missing places and statuses. It fails where it
matters for every request, which is why it does not ask here:

- `Location: http://[::1` is an internal error that ends the thread with whatever it had still to check;
- headers or a body that come byte by byte take as long as the server likes: its time limit is for one packet;
- 429 is "valid", is not asked again, and makes no pause longer; 503 is not asked again either;
- a page is asked for once for each of its places;
- a meta refresh is not followed to its end; a redirect into a private network is;
- a page that says itself that there is none is valid, since its text is not looked at.
"""

import email.message
import email.utils
import queue
import re
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import quote, urldefrag, urljoin

import urllib3

from scripts.outside.addresses import host_of, normal
from scripts.outside.connection import Trouble, Watch, request
from scripts.outside.pace import Later, Pace
from scripts.outside.verdicts import PASSING, Answer, Verdict, is_page, judge

CHUNK = 65_536  # bytes
SILENT = 3  # addresses


@dataclass(frozen=True)
class Policy:
    """How to ask.

    Args:
        agent: how the client names itself.
        pause: seconds between two requests to one host; longer once the host has answered 429.
        hosts: how many hosts are asked at once.
        tries: how often an address is asked while the trouble may pass.
        backoff: seconds before the second try; doubled for each further one.
        patience: the longest wait in seconds that a server may ask for.
        connect, read: seconds for the connection and between two packets.
        deadline: seconds for one address in all, its redirects and tries included, its waits not.
        redirects: how many redirects are followed.
        body, page: bytes of a page that are read, and those if its places are asked for.
        local: hosts with ports, as `127.0.0.1:8000`, that may be asked although they are not public.
    """

    agent: str = "Mozilla/5.0 (compatible; link check of a documentation site)"
    pause: float = 1.0
    hosts: int = 8
    tries: int = 3
    backoff: float = 2.0
    patience: float = 60.0
    connect: float = 10.0
    read: float = 15.0
    deadline: float = 60.0
    redirects: int = 8
    body: int = 64_000
    page: int = 4_000_000
    local: frozenset[str] = frozenset()


@dataclass
class Visit:
    """What the requests for one address share: the watch, the cookies, and how much is read of what."""

    watch: Watch
    limit: int
    pages_only: bool = False
    cookies: CookieJar = field(default_factory=CookieJar)

    def known(self) -> tuple[Any, ...]:
        """The cookies, to be compared with others."""
        return tuple(sorted((c.domain, c.path, c.name, str(c.value)) for c in self.cookies))


class Client:
    """Asks for addresses under a policy. `sleep` and `clock` can be replaced in tests."""

    def __init__(
        self,
        policy: Policy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy or Policy()
        self.sleep = sleep
        self.silent: Counter[str] = Counter()
        self.pace = Pace(self.policy.pause, self.policy.backoff, self.policy.patience, sleep, clock)

    def visit(self, limit: int = 0, pages_only: bool = False) -> Visit:
        """A new address is asked for."""
        watch = Watch(self.policy.deadline, self.policy.local)
        return Visit(watch, limit or self.policy.body, pages_only)

    def fetch(self, url: str, visit: Visit | None = None) -> Answer:
        """One request, no redirect followed. Raises Trouble and Later."""
        visit = visit or self.visit()
        host = host_of(url)
        self.pace.wait(host)
        with visit.watch:
            try:
                answer = self._exchange(url, visit)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise _trouble(error) from error
        if asks_to_wait(answer):
            self.pace.refused(host, retry_after(answer.headers.get("retry-after", "")))
        else:
            self.pace.answered(host)
        return answer

    def _exchange(self, url: str, visit: Visit) -> Answer:
        asking = urllib.request.Request(url)
        visit.cookies.add_cookie_header(asking)
        headers = {"User-Agent": self.policy.agent, "Accept": "text/html,*/*;q=0.8"}
        headers |= dict(asking.header_items())
        headers.pop("Host", None)
        response = request(url, headers, visit.watch, self.policy.connect, self.policy.read)
        try:
            visit.cookies.extract_cookies(_Headers(response.headers), asking)  # type: ignore[arg-type]
            lower = {name.lower(): value for name, value in response.headers.items()}
            kind = lower.get("content-type", "")
            if visit.pages_only and not is_page(kind):
                return Answer(response.status, lower)
            body, cut = self._body(response, visit.limit)
            return Answer(response.status, lower, _text(body, kind), cut)
        finally:
            response.close()

    @staticmethod
    def _body(response: urllib3.BaseHTTPResponse, limit: int) -> tuple[bytes, bool]:
        """The body or its beginning, and whether that is all. What has come of a page cut short is kept."""
        body = bytearray()
        try:
            while len(body) < limit:
                chunk = response.read1(CHUNK, decode_content=True)
                if not chunk:
                    return bytes(body), False
                body += chunk
        except (urllib3.exceptions.HTTPError, OSError):
            if not body:
                raise
        return bytes(body[:limit]), True

    def follow(self, url: str, visit: Visit | None = None) -> tuple[Answer, str, bool]:
        """The answer at the end of all redirects, its address, and whether all moves were for good.

        Raises Trouble and Later.
        """
        visit = visit or self.visit()
        start, lasting, seen = urldefrag(url)[0], True, set()
        here = start
        for _ in range(self.policy.redirects + 1):
            state = (urldefrag(here)[0], visit.known())
            if state in seen:
                raise Trouble("is redirected in a circle", passing=False)
            seen.add(state)
            answer = self.fetch(here, visit)
            where, for_good = leads(answer, here)
            if not where:
                return answer, here, lasting and urldefrag(here)[0] != start
            lasting = lasting and for_good
            here = where
        raise Trouble(f"is redirected more than {self.policy.redirects} times", passing=False)

    def check(self, url: str) -> Verdict:
        """The verdict on one address."""
        return self.check_page([url])[0]

    def check_page(self, urls: list[str]) -> list[Verdict]:
        """The verdicts on addresses that differ in the place on the page alone: it is asked for once."""
        try:
            return self._check_page(urls)
        except Exception as error:
            why = f"cannot be checked: {type(error).__name__}"
            return [Verdict(url, "broken", reason=why, said=str(error)[:120]) for url in urls]

    def _check_page(self, urls: list[str]) -> list[Verdict]:
        page = urldefrag(normal(urls[0]))[0]
        places = any(urldefrag(url)[1] for url in urls)
        watch = self.visit().watch
        limit = self.policy.page if places else self.policy.body
        tried, refusals = 0, 0
        # A host that has been silent for several addresses in a row gets one try for each further one.
        first = host_of(page)
        tries = 1 if self.silent[first] >= SILENT else self.policy.tries
        while True:
            visit = Visit(watch, limit, pages_only=True)
            try:
                answer, target, lasting = self.follow(page, visit)
            except Later as later:
                why = f"was not asked: its host answers 429 and asks to wait {later}"
                return [Verdict(url, "blocked", 429, why) for url in urls]
            except Trouble as trouble:
                verdicts = [
                    Verdict(url, "broken", reason=str(trouble), said=trouble.said) for url in urls
                ]
                self.silent[first] += not tried
                if not trouble.passing:
                    return verdicts
            else:
                verdicts = [judge(url, answer, target, lasting) for url in urls]
                self.silent[first] = 0
                if asks_to_wait(answer):
                    seconds = self.pace.left(host_of(target))
                    if seconds > self.policy.patience:
                        return [_with_wait(verdict, seconds) for verdict in verdicts]
                    # The pace keeps the wait, and its patience ends before these many refusals.
                    tried += answer.status != 429
                    refusals += answer.status == 429
                    if tried >= tries or refusals >= 10:
                        return verdicts
                    continue
                if answer.status not in PASSING:
                    return verdicts
            tried += 1
            if tried >= tries:
                return verdicts
            self.sleep(self.policy.backoff * 2 ** (tried - 1))

    def check_all(self, urls: Iterable[str]) -> Iterator[Verdict]:
        """The verdicts on many addresses, each as soon as it is known; hosts side by side."""
        hosts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for url in dict.fromkeys(urls):
            hosts[host_of(url)][url.partition("#")[0]].append(url)
        waiting: queue.SimpleQueue[list[list[str]]] = queue.SimpleQueue()
        for pages in hosts.values():
            waiting.put(list(pages.values()))
        known: queue.SimpleQueue[list[Verdict]] = queue.SimpleQueue()
        stopped = threading.Event()

        def work() -> None:
            while not stopped.is_set():
                try:
                    pages = waiting.get_nowait()
                except queue.Empty:
                    return
                for addresses in pages:
                    if stopped.is_set():
                        return
                    known.put(self.check_page(addresses))

        # Threads that end with the program: one that hangs must not hold it.
        for _ in range(min(self.policy.hosts, len(hosts))):
            threading.Thread(target=work, daemon=True).start()
        missing = sum(map(len, hosts.values()))
        try:
            while missing:
                try:
                    # Without a limit, Windows would not let go of the wait when it is interrupted.
                    verdicts = known.get(timeout=1)
                except queue.Empty:
                    continue
                missing -= 1
                yield from verdicts
        finally:
            stopped.set()


class _Headers:
    """The headers of an answer in the form that the jar of cookies reads."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.message = email.message.Message()
        for name, value in headers.items():
            self.message[name] = value

    def info(self) -> email.message.Message:
        """The headers."""
        return self.message


def asks_to_wait(answer: Answer) -> bool:
    """Whether an answer says that its host is asked too fast, or not now."""
    return answer.status == 429 or (
        answer.status == 503 and retry_after(answer.headers.get("retry-after", "")) is not None
    )


def leads(answer: Answer, here: str) -> tuple[str, bool]:
    """Where an answer sends a browser, or nothing, and whether for good. Raises Trouble."""
    moves = answer.status in {301, 302, 303, 307, 308}
    where = answer.headers.get("location", "") if moves else ""
    if 200 <= answer.status < 300:
        where = answer.refresh
    if not where:
        return "", False
    try:
        target = normal(urljoin(here, read_bytes(where)))
        if host_of(target) == "" and re.match(r"https?:", target, re.I):
            raise ValueError(target)
    except ValueError as error:
        why = "is redirected to what is no address:"
        raise Trouble(why, passing=False, said=where[:120]) from error
    if not target.startswith(("http://", "https://")):
        raise Trouble("is redirected out of the web:", passing=False, said=where[:120])
    if not moves and urldefrag(target)[0] == urldefrag(here)[0]:
        return "", False
    return target, answer.status in {301, 308}


def read_bytes(header: str) -> str:
    """A header as a browser reads it: its bytes are UTF-8, and what is not is kept byte by byte."""
    try:
        data = header.encode("latin-1")
    except UnicodeEncodeError:
        return header
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return quote(data, safe="".join(map(chr, range(0x21, 0x7F))))


def _text(body: bytes, kind: str) -> str:
    """A body in the encoding that it is said to have."""
    said = re.search(r"charset=[\"']?([\w-]+)", kind, re.I)
    head = body[:1024].decode("ascii", "replace")
    said = said or re.search(r"<meta[^>]{0,200}charset=[\"']?([\w-]+)", head, re.I)
    try:
        return body.decode(said[1] if said else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", "replace")


def _with_wait(verdict: Verdict, seconds: float) -> Verdict:
    return replace(verdict, reason=f"{verdict.reason}; asks to wait {seconds:.0f} s")


def _trouble(error: Exception) -> Trouble:
    """What an exception of the network means, in words."""
    text = str(error)
    if isinstance(error, urllib3.exceptions.SSLError) or "CERTIFICATE_VERIFY" in text:
        return Trouble("its certificate is not valid", passing=False)
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return Trouble("gave no answer in time")
    if isinstance(error, urllib3.exceptions.LocationParseError | ValueError):
        return Trouble("is not an address that can be asked", passing=False)
    return Trouble(f"broke off: {type(error).__name__}")


def retry_after(value: str) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number or a date; None if it says neither."""
    value = value.strip()
    try:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
