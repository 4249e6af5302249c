"""The client: fair to servers, and never brought down by an answer."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from scripts.outside.http_client import Client, retry_after
from tests.outside.asking import QUICK, Clock, base, paced, quick, timed


@pytest.mark.parametrize(
    ("path", "state", "reason"),
    [
        ("/good", "alive", ""),
        ("/picture", "alive", ""),
        ("/slow", "alive", ""),
        ("/consent", "alive", ""),
        ("/bad-cookie", "alive", ""),
        ("/titled?title=HTTP+404+-+Encyclopedia", "alive", ""),
        ("/titled?title=Why+perfect+calibration+does+not+exist", "alive", ""),
        ("/titled?title=ModuleNotFoundError:+module+not+found,+explained", "alive", ""),
        ("/titled?title=The+CAPTCHA+challenge:+a+survey", "alive", ""),
        ("/page#a", "alive", ""),
        ("/page#b", "alive", ""),
        ("/page#gr%C3%B6%C3%9Fe", "alive", ""),
        ("/page#c", "alive", ""),
        ("/page#:~:text=Text", "alive", ""),
        ("/page#L12", "alive", ""),
        ("/long-page#end", "alive", ""),
        ("/picture#page=3", "alive", ""),
        ("/refresh?to=0;+url=/good", "alive", ""),
        ("/refresh?to=300", "alive", ""),
        ("/refresh?to=900;+url=/gone", "alive", ""),
        ("/refresh-in-noscript", "alive", ""),
        ("/elsewhere", "alive", ""),
        ("/back-soon", "alive", ""),
        ("/too-many", "alive", ""),
        ("/date-to-wait", "alive", ""),
        ("/huge", "alive", ""),
        ("/wrong-length", "alive", ""),
        ("/deep", "alive", ""),
        ("/bomb", "alive", ""),
        ("/bomb#top", "alive", ""),
        ("/latin-1#gr%C3%B6%C3%9Fe", "alive", ""),
        ("/moved", "moved", "has moved to"),
        ("/moved-page#a", "moved", "has moved to"),
        ("/raw-utf-8", "moved", "has moved to"),
        ("/raw-latin-1", "dead", "answers 404"),
        ("/missing", "dead", "answers 404"),
        ("/gone", "dead", "answers 410"),
        ("/refresh?to=0;+url=/gone", "dead", "answers 410"),
        ("/refresh?to=5,URL='/gone'", "dead", "answers 410"),
        ("/refresh-header", "dead", "answers 410"),
        ("/forbidden", "blocked", "answers 403"),
        ("/strange", "blocked", "answers 999"),
        ("/wall", "blocked", "a wall against machines"),
        ("/polite-wall", "blocked", "a wall against machines"),
        ("/always-too-many", "blocked", "answers 429; asks to wait 3600 s"),
        ("/soft-404", "suspect", "calls itself"),
        ("/titled?h1=We+can't+find+that+page", "suspect", "calls itself"),
        ("/page#nope", "suspect", "is a page without the place"),
        ("/moved-page#nope", "suspect", "is a page without the place"),
        ("/refresh?to=0;+url=/page%23lost", "suspect", "is a page without the place"),
        ("/chunked", "suspect", "calls itself"),
        ("/zipped", "suspect", "calls itself"),
        ("/to-home", "suspect", "leads to the home page"),
        ("/hanging", "broken", "gave no answer in time"),
        ("/dripping", "broken", "gave no whole answer within 2 s"),
        ("/dripping-headers", "broken", "gave no whole answer within 2 s"),
        ("/dripping-status", "broken", "gave no whole answer within 2 s"),
        ("/endless-continue", "broken", "gave no whole answer within 2 s"),
        ("/endless-headers", "broken", "broke off"),
        ("/bad-wait?wait=Wed,+99+Foo+2026", "broken", "answers 503"),
        ("/bad-wait?wait=Mon,+01+Jan+99999+00:00:00+GMT", "broken", "answers 503"),
        ("/bad-wait?wait=" + "9" * 400, "broken", "answers 503; asks to wait"),
        ("/to-a-bad-host", "broken", "is redirected to what is no address"),
        ("/to-a-bad-port", "broken", "is redirected to what is no address"),
        ("/to-the-cloud", "broken", "leads into a private network"),
        ("/to-a-neighbour", "broken", "leads into a private network"),
        ("/to-another-port", "broken", "leads into a private network"),
        ("/reset", "broken", "broke off"),
        ("/circle", "broken", "is redirected in a circle"),
        ("/endless/x", "broken", "is redirected more than 5 times"),
        ("/to-a-file", "broken", "is redirected out of the web"),
        ("/down", "broken", "answers 500"),
        ("/no-http", "broken", "broke off"),
        ("/bad-zip", "broken", "broke off"),
    ],
)
def test_each_behaviour_has_its_verdict(
    server: ThreadingHTTPServer, path: str, state: str, reason: str
) -> None:
    begun = time.monotonic()
    verdict = quick(server).check(base(server) + path)
    assert time.monotonic() - begun < 6
    assert verdict.state == state, verdict
    assert verdict.reason.startswith(reason), verdict


def test_malformed_headers_bring_nothing_down(server: ThreadingHTTPServer) -> None:
    verdict = quick(server).check(base(server) + "/bad-header")
    assert verdict.state in {"alive", "broken"}


def test_a_plain_server_behind_https_is_a_certificate_error(server: ThreadingHTTPServer) -> None:
    verdict = quick(server).check(base(server).replace("http:", "https:") + "/good")
    assert (verdict.state, verdict.reason) == ("broken", "its certificate is not valid")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "refused the connection"),
        ("http://[::1/", "is not an address that can be asked"),
        ("http://[bad", "is not an address that can be asked"),
        ("http://a.example:port/", "is not an address that can be asked"),
        ("http://localhost:1/", "leads into a private network"),
        ("http://[::ffff:10.0.0.1]/", "leads into a private network"),
        ("http://2130706433/", "leads into a private network"),
        ("http://no-such-host.invalid/", "the host has no address"),
        ("http://a" + "b" * 300 + ".example/", ""),
    ],
)
def test_no_server_at_all(url: str, reason: str) -> None:
    policy = replace(QUICK, local=frozenset({"127.0.0.1:9"}))
    found = list(Client(policy, sleep=lambda seconds: None).check_all([url]))
    assert [verdict.state for verdict in found] == ["broken"]
    assert found[0].reason.startswith(reason), found


def test_a_passing_trouble_is_tried_again_later_each_time(server: ThreadingHTTPServer) -> None:
    client, clock = timed(server, backoff=2, tries=4)
    client.check(base(server) + "/down/again")
    assert clock.waits == [2, 4, 8]


def test_the_wait_that_a_server_asks_for_is_kept(server: ThreadingHTTPServer) -> None:
    client, clock = timed(server, backoff=0.5)
    client.check(base(server) + "/too-many/wait")
    assert clock.waits == [1]


def test_no_request_follows_a_refusal_at_once(server: ThreadingHTTPServer) -> None:
    client, clock = timed(server)
    assert client.check(base(server) + "/head-too-many").state == "alive"
    assert clock.waits == [1]
    counts = server.counts  # type: ignore[attr-defined]
    assert (counts["HEAD /head-too-many"], counts["GET /head-too-many"]) == (0, 2)


@pytest.fixture
def timed_server(server: ThreadingHTTPServer) -> Iterator[tuple[ThreadingHTTPServer, Clock]]:
    """The server with a clock that goes on only while the client sleeps."""
    clock = Clock()
    server.times.clear()  # type: ignore[attr-defined]
    server.clock = clock  # type: ignore[attr-defined]
    yield server, clock
    server.clock = time.monotonic  # type: ignore[attr-defined]


def test_one_host_is_asked_one_by_one_with_pauses(
    timed_server: tuple[ThreadingHTTPServer, Clock],
) -> None:
    server, clock = timed_server
    urls = [f"{base(server)}/picture/{i}" for i in range(4)]
    found = list(paced(server, clock, pause=0.25).check_all([*urls, urls[0]]))
    assert [verdict.state for verdict in found] == ["alive"] * 4
    assert server.times == [0, 0.25, 0.5, 0.75]  # type: ignore[attr-defined]


def test_a_host_that_says_too_fast_is_asked_more_slowly(
    timed_server: tuple[ThreadingHTTPServer, Clock],
) -> None:
    server, clock = timed_server
    urls = [f"{base(server)}/three-a-second/{i}" for i in range(8)]
    found = list(paced(server, clock, pause=0.0625, backoff=0.5).check_all(urls))
    assert [verdict.state for verdict in found] == ["alive"] * 8
    times = server.times  # type: ignore[attr-defined]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps[:3] == [0.0625] * 3
    assert all(gap >= 0.5 for gap in gaps[3:])
    assert len(times) <= 10


def test_a_host_that_asks_for_an_hour_is_left_alone(server: ThreadingHTTPServer) -> None:
    urls = [f"{base(server)}/always-too-many/{i}" for i in range(3)]
    found = list(quick(server).check_all(urls))
    assert [verdict.state for verdict in found] == ["blocked"] * 3
    counts = server.counts  # type: ignore[attr-defined]
    assert sum(counts[f"GET /always-too-many/{i}"] for i in range(3)) == 1


def test_a_page_is_asked_for_once_whatever_its_places(server: ThreadingHTTPServer) -> None:
    here = f"{base(server)}/page/once"
    found = list(quick(server).check_all([f"{here}#a", f"{here}#b", here, f"{here}#nope"]))
    assert {verdict.url.removeprefix(here): verdict.state for verdict in found} == {
        "": "alive",
        "#a": "alive",
        "#b": "alive",
        "#nope": "suspect",
    }
    counts = server.counts  # type: ignore[attr-defined]
    assert (counts["GET /page/once"], counts["HEAD /page/once"]) == (1, 0)


def test_cookies_stay_within_one_address(server: ThreadingHTTPServer) -> None:
    client = quick(server)
    found = client.check_all(f"{base(server)}/{name}" for name in ("consent", "has-cookie"))
    assert [verdict.state for verdict in found] == ["alive", "alive"]


def test_all_tries_and_redirects_share_one_deadline(server: ThreadingHTTPServer) -> None:
    begun = time.monotonic()
    verdict = quick(server, deadline=1.0, redirects=50).check(base(server) + "/slow-chain/")
    assert verdict.reason == "gave no whole answer within 1 s"
    assert time.monotonic() - begun < 2


def test_a_try_too_late_is_not_made(server: ThreadingHTTPServer) -> None:
    verdict = quick(server, deadline=1.0, tries=9).check(base(server) + "/hanging/tries")
    assert verdict.state == "broken"
    assert server.counts["GET /hanging/tries"] == 2  # type: ignore[attr-defined]


def test_a_fault_of_ours_is_a_verdict_of_that_address(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(self: Client, url: str, visit: Any = None) -> Any:
        raise RuntimeError("never thought of")

    monkeypatch.setattr(Client, "follow", follow)
    found = list(quick(server).check_all([f"{base(server)}/a", f"{base(server)}/b"]))
    assert [verdict.reason for verdict in found] == ["cannot be checked: RuntimeError"] * 2


def test_a_silent_host_gets_one_try_for_each_further_address(server: ThreadingHTTPServer) -> None:
    urls = [f"{base(server)}/reset/silent/{i}" for i in range(6)]
    assert {verdict.state for verdict in quick(server).check_all(urls)} == {"broken"}
    counts = server.counts  # type: ignore[attr-defined]
    assert [counts[f"GET /reset/silent/{i}"] for i in range(6)] == [3, 3, 3, 1, 1, 1]


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after("7") == 7
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None
