"""Ask the outside world, politely: one client for links and references.

Hosts are asked side by side, the addresses of one host one after the other with a pause between them.
HEAD comes first and GET where HEAD is not understood. What is temporary is tried again, later each time,
or when the server says. Every answer becomes a `Verdict`; nothing here raises for what a server does.
"""

import email.utils
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from html import unescape
from typing import Literal
from urllib.parse import urldefrag, urljoin, urlsplit

import urllib3

State = Literal["alive", "moved", "suspect", "blocked", "dead", "broken"]
"""alive; moved for good; answers but perhaps without the page; refuses machines; gone; no good answer now."""


@dataclass(frozen=True)
class Policy:
    """How to ask.

    Args:
        agent: how the client names itself.
        pause: seconds between two requests to one host.
        hosts: how many hosts are asked at once.
        tries: how often an address is asked while the trouble may pass.
        backoff: seconds before the second try; doubled for each further one.
        patience: the longest wait in seconds that a server may ask for.
        connect, read, deadline: seconds for the connection, between two packets, and for one answer in all.
        redirects: how many redirects are followed.
        body: bytes of a page that are read.
    """

    agent: str = "Mozilla/5.0 (compatible; link check of a documentation site)"
    pause: float = 1.0
    hosts: int = 8
    tries: int = 3
    backoff: float = 2.0
    patience: float = 60.0
    connect: float = 10.0
    read: float = 15.0
    deadline: float = 30.0
    redirects: int = 8
    body: int = 64_000


@dataclass(frozen=True)
class Verdict:
    """What became of an address: its state, the last status (0 without one), why, and where it leads."""

    url: str
    state: State
    status: int = 0
    reason: str = ""
    target: str = ""


@dataclass(frozen=True)
class Answer:
    """One answer of a server: status, headers and the beginning of the body."""

    status: int
    headers: dict[str, str]
    body: str


class Trouble(Exception):
    """No answer: the connection failed in a way that may pass, or for good."""

    def __init__(self, reason: str, passing: bool = True) -> None:
        super().__init__(reason)
        self.passing = passing


PASSING = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
REFUSED = {401, 403, 405, 406, 407, 429, 451, 999}
GONE = {404, 410}
WALL = re.compile(
    r"just a moment|attention required|verify (?:that )?you are (?:a )?human|are you a robot|captcha"
    r"|access denied|enable javascript and cookies|before you continue",
    re.I,
)
NOT_FOUND = re.compile(
    r"\b404\b|(?:page|file|article|document|site) (?:was |is |could )?(?:not|n't|no longer) (?:be )?"
    r"(?:found|exist|available)|not found|(?:doesn|does no|don)['’]?t exist",
    re.I,
)


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
        self.clock = clock
        self.pool = urllib3.PoolManager(
            num_pools=64,
            retries=False,
            timeout=urllib3.Timeout(connect=self.policy.connect, read=self.policy.read),
            headers={"User-Agent": self.policy.agent, "Accept": "text/html,*/*;q=0.8"},
        )

    def fetch(self, url: str, method: str = "GET") -> Answer:
        """One request, no redirect followed. Raises Trouble."""
        start = self.clock()
        try:
            response = self.pool.request(method, url, redirect=False, preload_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, UnicodeError) as error:
            raise _trouble(error) from error
        try:
            body = b""
            if method == "GET":
                while len(body) < self.policy.body:
                    chunk = response.read1(8192, decode_content=True)
                    if not chunk:
                        break
                    body += chunk
                    if self.clock() - start > self.policy.deadline:
                        raise Trouble(f"the answer took more than {self.policy.deadline:g} s")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, body.decode("utf-8", "replace"))
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if len(body) > 0:  # a page cut short is there all the same
                return Answer(
                    response.status, dict(response.headers), body.decode("utf-8", "replace")
                )
            raise _trouble(error) from error
        finally:
            response.close()

    def follow(self, url: str) -> tuple[Answer, str, bool]:
        """The answer at the end of all redirects, its address, and whether all moves were for good."""
        here, lasting, seen = url, True, {url}
        for _ in range(self.policy.redirects + 1):
            answer = self._head_then_get(here)
            where = answer.headers.get("location", "")
            if answer.status not in {301, 302, 303, 307, 308} or not where:
                return answer, here, lasting and here != url
            lasting = lasting and answer.status in {301, 308}
            here = urldefrag(urljoin(here, where))[0]
            if not here.startswith(("http://", "https://")):
                raise Trouble(f"is redirected to {where[:80]}", passing=False)
            if here in seen:
                raise Trouble("is redirected in a circle", passing=False)
            seen.add(here)
        raise Trouble(f"is redirected more than {self.policy.redirects} times", passing=False)

    def _head_then_get(self, url: str) -> Answer:
        """HEAD, and GET where HEAD fails or a page has come whose text matters."""
        try:
            answer = self.fetch(url, "HEAD")
        except Trouble:
            return self.fetch(url)
        if 300 <= answer.status < 400:
            return answer
        kind = answer.headers.get("content-type", "text/html")
        if answer.status >= 400 or "html" in kind:
            return self.fetch(url)
        return answer

    def check(self, url: str) -> Verdict:
        """The verdict on one address, with as many tries as the policy allows."""
        address = urldefrag(url)[0]
        verdict = Verdict(url, "broken", reason="was not asked")
        for attempt in range(self.policy.tries):
            wait = self.policy.backoff * 2**attempt
            try:
                answer, target, lasting = self.follow(address)
            except Trouble as trouble:
                verdict = Verdict(url, "broken", reason=str(trouble))
                if not trouble.passing:
                    return verdict
            else:
                verdict = judge(url, answer, target, lasting)
                if answer.status not in PASSING:
                    return verdict
                asked = retry_after(answer.headers.get("retry-after", ""))
                if asked is not None:
                    if asked > self.policy.patience:
                        return replace(
                            verdict, reason=f"{verdict.reason}; asks to wait {asked:.0f} s"
                        )
                    wait = asked
            if attempt + 1 < self.policy.tries:
                self.sleep(wait)
        return verdict

    def check_all(self, urls: Iterable[str]) -> Iterator[Verdict]:
        """The verdicts on many addresses; hosts side by side, each host one by one with pauses."""
        hosts: dict[str, list[str]] = defaultdict(list)
        for url in dict.fromkeys(urls):
            hosts[urlsplit(url).netloc].append(url)

        def one_host(addresses: list[str]) -> list[Verdict]:
            verdicts = []
            for number, address in enumerate(addresses):
                if number:
                    self.sleep(self.policy.pause)
                verdicts.append(self.check(address))
            return verdicts

        with ThreadPoolExecutor(self.policy.hosts) as pool:
            for verdicts in pool.map(one_host, hosts.values()):
                yield from verdicts


def _trouble(error: Exception) -> Trouble:
    """What an exception of the network means, in words."""
    text = str(error)
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return Trouble("the host has no address")
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return Trouble("refused the connection")
    if isinstance(error, urllib3.exceptions.SSLError) or "CERTIFICATE_VERIFY" in text:
        return Trouble("its certificate is not valid", passing=False)
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return Trouble("gave no answer in time")
    if isinstance(error, urllib3.exceptions.LocationParseError | UnicodeError | ValueError):
        return Trouble("is not an address that can be asked", passing=False)
    return Trouble(f"broke off: {type(error).__name__}")


def retry_after(value: str) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number or a date; None if it says neither."""
    value = value.strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    parsed = (
        email.utils.parsedate_to_datetime(value) if re.match(r"[A-Z][a-z]{2},", value) else None
    )
    return max(0.0, parsed.timestamp() - time.time()) if parsed else None


def title_of(body: str) -> str:
    """The title of a page and its first heading, without tags."""
    found = re.findall(r"<(title|h1)\b[^>]*>(.*?)</\1>", body, re.I | re.S)
    return unescape(" ".join(re.sub(r"<[^>]+>|\s+", " ", text) for _, text in found[:2])).strip()


def judge(url: str, answer: Answer, target: str, lasting: bool) -> Verdict:
    """What an answer at the end of the redirects says of the address that was asked."""
    status, title = answer.status, title_of(answer.body)
    walled = answer.headers.get("cf-mitigated") == "challenge" or bool(WALL.search(title))
    if status in GONE:
        return Verdict(url, "dead", status, f"answers {status}")
    if status in REFUSED or (walled and status in {200, 202, 403, 429, 503}):
        why = "a wall against machines" if walled else f"answers {status}"
        return Verdict(url, "blocked", status, why)
    if not 200 <= status < 300:
        return Verdict(url, "broken", status, f"answers {status}")
    if NOT_FOUND.search(title):
        return Verdict(url, "suspect", status, f"its title is {title[:60]!r}", target)
    deep = urlsplit(url).path.strip("/")
    if target != urldefrag(url)[0] and deep and not urlsplit(target).path.strip("/"):
        return Verdict(url, "suspect", status, f"leads to the home page {target}", target)
    if lasting:
        return Verdict(url, "moved", status, f"has moved to {target}", target)
    return Verdict(url, "alive", status)
