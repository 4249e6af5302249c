"""The check of outside links: fair to servers, slow to cry, and never brought down by an answer."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.outside import links
from scripts.outside.connection import is_public
from scripts.outside.http_client import Client, Policy, retry_after
from scripts.outside.verdicts import Verdict, told_absence
from tests.outside.misbehaving import misbehaving

QUICK = Policy(pause=0, backoff=0.01, connect=1, read=0.6, deadline=2, redirects=5, patience=2)


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with misbehaving() as running:
        yield running


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


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        *[(a, False) for a in "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254".split()],
        *[(a, False) for a in "0.0.0.0 100.64.0.1 224.0.0.1 ::1 :: fe80::1%eth0 fd00::1".split()],
        *[(a, False) for a in "::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: nonsense".split()],
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


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


def paced(server: ThreadingHTTPServer, clock: Clock, **policy: Any) -> Client:
    local = frozenset({f"127.0.0.1:{server.server_port}"})
    return Client(Policy(local=local, **policy), sleep=clock.sleep, clock=clock)


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


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "404 Not Found",
        "Error 404 | Example",
        "404 - Page not found",
        "Page Not Found (404)",
        "Oops! That page can’t be found.",
        "Sorry, this page isn't available",
        "Page Not Found · Example Pages",
        "The page you requested could not be found",
        "We couldn't find the page you were looking for",
        "The requested URL was not found on this server.",
        "Seite nicht gefunden | Beispiel",
    ],
)
def test_a_page_that_says_that_there_is_none(title: str) -> None:
    assert told_absence(title, "")
    assert not title.startswith("Oops") or told_absence("Example", title)


@pytest.mark.parametrize(
    "title",
    [
        "HTTP 404",
        "HTTP 404 - Encyclopedia",
        "Error 404: how to design a not-found page",
        "How to fix page not found errors",
        "FileNotFoundError - Python docs",
        "Free lunch does not exist",
        "Not found in translation",
        "No free lunch theorems for search",
        "Peugeot 404",
        "Lost and found",
    ],
)
def test_a_page_about_errors_is_no_error(title: str) -> None:
    assert not told_absence(title, "")


def docs(tmp_path: Path, text: str, bib: str = "") -> Path:
    folder = tmp_path / "docs"
    folder.mkdir(exist_ok=True)
    (folder / "page.md").write_text(text, encoding="utf-8")
    (folder / "b.bib").write_text(bib, encoding="utf-8")
    return folder


ADDRESSES = {
    "[Yahoo](https://h.example/wiki/Yahoo!)": "https://h.example/wiki/Yahoo!",
    "[Inc](https://h.example/wiki/Inc.)": "https://h.example/wiki/Inc.",
    "[C](https://h.example/wiki/C*)": "https://h.example/wiki/C*",
    "[tail](https://h.example/a/tail_)": "https://h.example/a/tail_",
    "[bar](https://h.example/a|b)": "https://h.example/a|b",
    r"[esc](https://h.example/a\_b)": "https://h.example/a_b",
    "[blank](<https://h.example/a b>)": "https://h.example/a%20b",
    "[amp](https://h.example/?a=1&amp;b=2)": "https://h.example/?a=1&b=2",
    '<a href="https://h.example/?a=1&amp;b=2">x</a>': "https://h.example/?a=1&b=2",
    "[copy](https://h.example/?a=1&copy=2)": "https://h.example/?a=1&copy=2",
    "[region](https://h.example/?a=1&region)": "https://h.example/?a=1&region",
    "[ends](https://h.example/?a&copy)": "https://h.example/?a&copy",
    "[sign](https://h.example/&copy;&#38;&#x41;)": "https://h.example/%C2%A9&A",
    '<a href="https://h.example/?a=1&copy=2&region">x</a>': "https://h.example/?a=1&copy=2&region",
    '<a href="https://h.example/?a&copy">x</a>': "https://h.example/?a%C2%A9",
    "[upper](HTTPS://H.example/U)": "https://h.example/U",
    "[rel](//h.example/r)": "https://h.example/r",
    "[round](https://h.example/x_(y))": "https://h.example/x_(y)",
    "[umlaut](https://h.example/größe#ü)": "https://h.example/gr%C3%B6%C3%9Fe#%C3%BC",
    "[host](https://größe.example/)": "https://xn--gre-6ka8i.example/",
    "[given](https://h.example/%7Ea?q=x'y)": "https://h.example/%7Ea?q=x'y",
    "<https://h.example/auto>": "https://h.example/auto",
    "[name][n]\n\n[n]: https://h.example/ref 'T'": "https://h.example/ref",
    "![picture](https://h.example/i.png)": "https://h.example/i.png",
    '<img src="i.png" srcset="https://h.example/2.png 2x, i.png 1x">': "https://h.example/2.png",
    "| a |\n| - |\n| [cell](https://h.example/cell) |": "https://h.example/cell",
    "Text:\n\n    curl https://h.example/in-indented-code": None,
    "> ```sh\n> curl https://h.example/in-quoted-fence\n> ```": None,
    "```text\n[a](https://h.example/in-fence)\n```": None,
    "`<a href='https://h.example/in-span'>`": None,
    "<code>https://h.example/in-code-tag</code>": None,
    "<pre>https://h.example/in-pre</pre>": None,
    "<!-- [a](https://h.example/in-comment) -->": None,
    "Text with https://h.example/no-link in it.": None,
    "[mail](mailto:a@h.example) [own](page.md) [root](/a/)": None,
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_the_address_is_the_one_that_the_page_links_to(text: str, tmp_path: Path) -> None:
    wanted = ADDRESSES[text]
    assert list(links.addresses(docs(tmp_path, text + "\n"))) == ([wanted] if wanted else [])


def test_addresses_have_their_places(tmp_path: Path) -> None:
    folder = docs(
        tmp_path,
        "See [a](https://a.example/x_(y)) and <https://b.example/>.\n\n"
        "[c](https://c.example/z) again,\n[c](https://c.example/z).\n",
        "@misc{k2020x,\n  eprint = {2006.11239},\n  doi = {10.1000/x\\_z},\n  url = {https://e.example/},\n}\n",
    )
    found = links.addresses(folder)
    assert {url: [place.line for place in places] for url, places in found.items()} == {
        "https://a.example/x_(y)": [1],
        "https://b.example/": [1],
        "https://c.example/z": [3, 4],
        "https://arxiv.org/abs/2006.11239": [2],
        "https://doi.org/10.1000/x_z": [3],
        "https://e.example/": [4],
    }


def test_one_failure_is_never_reported(tmp_path: Path) -> None:
    entry: dict[str, Any] | None = None
    dead = Verdict("u", "dead", 404, "answers 404")
    reported = []
    for day in ("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-08"):
        entry = links.remember(entry, dead, day)
        reported.append(links.is_reported(entry, day))
    assert reported == [False, False, False, True]
    assert entry is not None
    entry = links.remember(entry, Verdict("u", "alive", 200), "2026-11-09")
    assert not links.is_reported(entry, "2026-11-09")
    assert entry["last_alive"] == "2026-11-09"
    assert entry["history"] == [["2026-11-01", "dead", 404], ["2026-11-09", "alive", 200]]
    blocked = links.remember(entry, Verdict("u", "blocked", 403, "answers 403"), "2026-12-30")
    assert not links.is_reported(blocked, "2026-12-30")


def test_a_run_remembers_and_proposes_one_report(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    here = base(server)
    folder = docs(tmp_path, f"<{here}/good>\n\n<{here}/missing/x>\n\n<{here}/moved>\n")
    memory = tmp_path / "links.json"
    client = quick(server)
    texts = [
        links.run(folder, memory, client, day, f"{here}/memory?url=")[0]
        for day in ("2026-11-01", "2026-11-08", "2026-11-15")
    ]
    assert "## Gone" not in texts[0] + texts[1]
    assert "## Gone (1)" in texts[2]
    assert f"<{here}/missing/x> answers 404 – `docs/page.md:3`" in texts[2]
    assert "[archived copy](<http://a.example/1>)" in texts[2]
    assert f"<{here}/moved> has moved to `{here}/good` – `docs/page.md:5`" in texts[2]
    entry = json.loads(memory.read_text())[f"{here}/good"]
    assert (entry["first_seen"], entry["last_alive"]) == ("2026-11-01", "2026-11-15")
    docs(tmp_path, f"<{here}/good>\n")
    links.run(folder, memory, client, "2026-11-16", "")
    assert list(json.loads(memory.read_text())) == [f"{here}/good"]


def test_without_a_network_nothing_is_remembered(tmp_path: Path) -> None:
    folder = docs(tmp_path, "<http://127.0.0.1:9/a> <http://127.0.0.1:9/b>\n")
    memory = tmp_path / "links.json"
    memory.write_text('{"http://127.0.0.1:9/a": {"state": "alive"}}')
    client = Client(QUICK, sleep=lambda seconds: None)
    with pytest.raises(ValueError, match="none of 2 addresses could be reached"):
        links.run(folder, memory, client, "2026-11-01")
    assert json.loads(memory.read_text()) == {"http://127.0.0.1:9/a": {"state": "alive"}}


@pytest.mark.parametrize(
    "text", ["{", "[]", "\xff", '{"u": 1}', '{"u": {"state": "dead", "failures": "x"}}']
)
def test_a_broken_memory_is_named_and_kept(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = tmp_path / "links.json"
    memory.write_bytes(text.encode("latin-1"))
    folder = docs(tmp_path, "<http://127.0.0.1:9/>\n")
    monkeypatch.setattr("sys.argv", ["links", "--docs", str(folder), "--memory", str(memory)])
    assert links.main() == 2
    assert str(memory) in capsys.readouterr().err
    assert memory.read_bytes() == text.encode("latin-1")


def test_a_page_that_is_not_utf_8_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = docs(tmp_path, "")
    (folder / "latin.md").write_bytes(b"caf\xe9")
    monkeypatch.setattr(
        "sys.argv", ["links", "--docs", str(folder), "--memory", str(tmp_path / "m")]
    )
    assert links.main() == 2
    assert "latin.md: is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("state", ["suspect", "dead"])
def test_a_doubt_is_reported_after_several_runs(state: Any) -> None:
    entry: dict[str, Any] | None = None
    reported = []
    for day in ("2026-11-01", "2026-11-02", "2026-11-08"):
        entry = links.remember(entry, Verdict("u", state, 200, "calls itself", "404"), day)
        reported.append(links.is_reported(entry, day))
    assert reported == [False, False, True]


def test_what_is_known_is_saved_before_the_rest_is_asked(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    here = base(server)
    folder = docs(tmp_path, f"<{here}/good/1> <{here}/good/2> <{here}/good/3>\n")
    memory = tmp_path / "links.json"
    client = quick(server)
    check_page = client.check_page

    def stopped(urls: list[str]) -> list[Verdict]:
        while urls[0].endswith("/3") and not (memory.exists() and "good/2" in memory.read_text()):
            time.sleep(0.01)
        if urls[0].endswith("/3"):
            return [Verdict("stop", "alive", 200)]
        return check_page(urls)

    client.check_page = stopped  # type: ignore[method-assign]
    links.run(folder, memory, client, "2026-11-01", "")
    assert list(json.loads(memory.read_text())) == [f"{here}/good/1", f"{here}/good/2"]


def test_what_servers_say_is_no_markup_of_the_report(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    here = base(server)
    folder = docs(tmp_path, f"<{here}/hostile-title>\n\n<{here}/hostile-location>\n")
    memory = tmp_path / "links.json"
    for day in ("2026-11-01", "2026-11-08", "2026-11-15"):
        text, _ = links.run(folder, memory, quick(server), day, "")
    assert text.count("\n- ") == 2
    for line in text.split("\n- ")[1:]:
        assert line.split("\n")[0].isprintable()
        bare = "".join(line.split("`")[::2])
        assert "`" in line
        assert not {"@all", "<img", "<script", "](x)", "](http"} & set(bare.split())
        assert not any(sign in bare for sign in ("@all", "<img", "<script", "]("))


def test_a_long_report_fits_into_an_issue() -> None:
    entry = links.remember(
        None, Verdict("u", "moved", 200, "has moved to", "x" * 150), "2026-11-01"
    )
    places = {f"https://a.example/{i}": [links.Place("docs/p.md", i)] for i in range(1000)}
    text = links.report(dict.fromkeys(places, entry), places, "2026-11-01")
    shown = text.count("\n- ")
    assert len(text) < 65_536
    assert f"And {1000 - shown} more:" in text


def test_the_workflow_keeps_the_file_in_which_runs_are_remembered() -> None:
    flow = yaml.safe_load((links.ROOT / ".github/workflows/links.yml").read_text(encoding="utf-8"))
    steps = flow["jobs"]["links"]["steps"]
    caches = [step for step in steps if step.get("uses", "").startswith("actions/cache")]
    assert [step["uses"].split("@")[0].rsplit("/")[-1] for step in caches] == ["restore", "save"]
    assert caches[1]["if"] == "always()"
    assert {step["with"]["path"] for step in caches} == {
        links.MEMORY.relative_to(links.ROOT).as_posix()
    }


def test_the_command_asks_a_server_of_this_machine_only_if_it_is_named(
    server: ThreadingHTTPServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = docs(tmp_path, f"<{base(server)}/good>\n")
    given = ["links", "--docs", str(folder), "--memory", str(tmp_path / "m"), "--no-archive"]
    monkeypatch.setattr("sys.argv", given)
    assert links.main() == 2
    assert "--local" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", [*given, "--local", f"127.0.0.1:{server.server_port}"])
    assert links.main() == 0
    assert capsys.readouterr().out == "1 addresses: 1 alive\n"


def test_an_archive_that_fails_is_left_alone(server: ThreadingHTTPServer) -> None:
    archive = links.Archive(quick(server), f"{base(server)}/reset/archive/")
    assert [archive.copy(f"https://a.example/{i}") for i in range(6)] == [""] * 6
    counts = server.counts  # type: ignore[attr-defined]
    assert sum(number for name, number in counts.items() if "/reset/archive/" in name) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal of this kind")
def test_an_interrupted_run_keeps_what_it_knows(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    folder = docs(tmp_path, f"<{base(server)}/good/1>\n\n<{base(server)}/hanging/2>\n")
    memory = tmp_path / "memory.json"
    command = [sys.executable, "-m", "scripts.outside.links", "--no-archive", "--pause", "0.5"]
    command += [
        "--docs",
        folder,
        "--memory",
        memory,
        "--local",
        base(server).removeprefix("http://"),
    ]
    with subprocess.Popen(command, cwd=links.ROOT, stderr=subprocess.PIPE, text=True) as run:
        begun = time.monotonic()
        while not memory.exists() and time.monotonic() - begun < 60:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=20)
    assert (run.returncode, said) == (
        130,
        "links: stopped; what was known by then is remembered\n",
    )
    assert list(json.loads(memory.read_text())) == [f"{base(server)}/good/1"]
