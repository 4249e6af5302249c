"""The check of outside links: fair to servers, slow to cry, and never brought down by an answer."""

import itertools
import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.outside import links
from scripts.outside.http_client import Client, Policy, Verdict, retry_after
from tests.outside.misbehaving import misbehaving

QUICK = Policy(pause=0, backoff=0.01, connect=1, read=0.6, deadline=0.8, redirects=5, patience=2)


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with misbehaving() as running:
        yield running


def base(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("path", "state", "reason"),
    [
        ("/good", "alive", ""),
        ("/picture", "alive", ""),
        ("/slow", "alive", ""),
        ("/head-refused", "alive", ""),
        ("/head-hangs", "alive", ""),
        ("/elsewhere", "alive", ""),
        ("/back-soon", "alive", ""),
        ("/too-many", "alive", ""),
        ("/date-to-wait", "alive", ""),
        ("/huge", "alive", ""),
        ("/wrong-length", "alive", ""),
        ("/moved", "moved", "has moved to"),
        ("/missing", "dead", "answers 404"),
        ("/gone", "dead", "answers 410"),
        ("/forbidden", "blocked", "answers 403"),
        ("/strange", "blocked", "answers 999"),
        ("/wall", "blocked", "a wall against machines"),
        ("/polite-wall", "blocked", "a wall against machines"),
        ("/always-too-many", "blocked", "answers 429; asks to wait 3600 s"),
        ("/soft-404", "suspect", "its title is 'Page not found - Example'"),
        ("/to-home", "suspect", "leads to the home page"),
        ("/hanging", "broken", "gave no answer in time"),
        ("/dripping", "broken", "the answer took more than 0.8 s"),
        ("/reset", "broken", "broke off"),
        ("/circle", "broken", "is redirected in a circle"),
        ("/endless/x", "broken", "is redirected more than 5 times"),
        ("/to-a-file", "broken", "is redirected to file:"),
        ("/down", "broken", "answers 500"),
        ("/no-http", "broken", "broke off"),
        ("/bad-zip", "broken", "broke off"),
    ],
)
def test_each_behaviour_has_its_verdict(
    server: ThreadingHTTPServer, path: str, state: str, reason: str
) -> None:
    verdict = Client(QUICK, sleep=lambda seconds: None).check(base(server) + path)
    assert verdict.state == state, verdict
    assert verdict.reason.startswith(reason), verdict


def test_malformed_headers_bring_nothing_down(server: ThreadingHTTPServer) -> None:
    verdict = Client(QUICK).check(base(server) + "/bad-header")
    assert verdict.state in {"alive", "broken"}


def test_a_plain_server_behind_https_is_a_certificate_error(server: ThreadingHTTPServer) -> None:
    verdict = Client(QUICK).check(base(server).replace("http:", "https:") + "/good")
    assert (verdict.state, verdict.reason) == ("broken", "its certificate is not valid")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "refused the connection"),
        ("http://[::1/", "is not an address that can be asked"),
        ("http://no-such-host.invalid/", "the host has no address"),
        ("http://a" + "b" * 300 + ".example/", ""),
    ],
)
def test_no_server_at_all(url: str, reason: str) -> None:
    verdict = Client(QUICK, sleep=lambda seconds: None).check(url)
    assert verdict.state == "broken"
    assert verdict.reason.startswith(reason), verdict


def test_a_passing_trouble_is_tried_again_later_each_time(server: ThreadingHTTPServer) -> None:
    waits: list[float] = []
    Client(Policy(backoff=2, tries=4), sleep=waits.append).check(base(server) + "/down/again")
    assert waits == [2, 4, 8]


def test_the_wait_that_a_server_asks_for_is_kept(server: ThreadingHTTPServer) -> None:
    waits: list[float] = []
    Client(QUICK, sleep=waits.append).check(base(server) + "/too-many/wait")
    assert waits == [1]


def test_one_host_is_asked_one_by_one_with_pauses(server: ThreadingHTTPServer) -> None:
    server.times.clear()  # type: ignore[attr-defined]
    urls = [f"{base(server)}/picture/{i}" for i in range(4)]
    found = list(Client(Policy(pause=0.2)).check_all([*urls, urls[0]]))
    assert [verdict.state for verdict in found] == ["alive"] * 4
    times = server.times  # type: ignore[attr-defined]
    assert len(times) == 4
    assert all(b - a >= 0.19 for a, b in itertools.pairwise(times))


def test_a_head_request_is_enough_for_a_file(server: ThreadingHTTPServer) -> None:
    Client(QUICK).check(base(server) + "/picture/head")
    counts = server.counts  # type: ignore[attr-defined]
    assert counts["HEAD /picture/head"] == 1
    assert counts["GET /picture/head"] == 0


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after("7") == 7
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None


def docs(tmp_path: Path, text: str, bib: str = "") -> Path:
    folder = tmp_path / "docs"
    folder.mkdir(exist_ok=True)
    (folder / "page.md").write_text(text, encoding="utf-8")
    (folder / "b.bib").write_text(bib, encoding="utf-8")
    return folder


def test_addresses_are_found_where_a_reader_finds_them(tmp_path: Path) -> None:
    folder = docs(
        tmp_path,
        "See [a](https://a.example/x_(y)) and <https://b.example/>.\n\n"
        "```text\nhttps://code.example/\n```\n`https://span.example/` <!-- https://no.example/ -->\n"
        "(https://c.example/z).\n\n[d]: https://d.example/ 'T'\n",
        "@misc{k2020x,\n  eprint = {2006.11239},\n  doi = {10.1000/xyz},\n  url = {https://e.example/},\n}\n",
    )
    found = links.addresses(folder)
    assert {url: places[0].line for url, places in found.items()} == {
        "https://a.example/x_(y)": 1,
        "https://b.example/": 1,
        "https://c.example/z": 7,
        "https://d.example/": 9,
        "https://arxiv.org/abs/2006.11239": 2,
        "https://doi.org/10.1000/xyz": 3,
        "https://e.example/": 4,
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
    folder = docs(tmp_path, f"{here}/good\n\n{here}/missing/x\n\n{here}/moved\n")
    memory = tmp_path / "links.json"
    client = Client(QUICK, sleep=lambda seconds: None)
    texts = [
        links.run(folder, memory, client, day, f"{here}/memory?url=")[0]
        for day in ("2026-11-01", "2026-11-08", "2026-11-15")
    ]
    assert "## Gone" not in texts[0] + texts[1]
    assert "## Gone (1)" in texts[2]
    assert f"<{here}/missing/x> answers 404 – `docs/page.md:3`" in texts[2]
    assert "[archived copy](http://a.example/1)" in texts[2]
    assert f"<{here}/moved> has moved to {here}/good – `docs/page.md:5`" in texts[2]
    entry = json.loads(memory.read_text())[f"{here}/good"]
    assert (entry["first_seen"], entry["last_alive"]) == ("2026-11-01", "2026-11-15")
    docs(tmp_path, f"{here}/good\n")
    links.run(folder, memory, client, "2026-11-16", "")
    assert list(json.loads(memory.read_text())) == [f"{here}/good"]


def test_without_a_network_nothing_is_remembered(tmp_path: Path) -> None:
    folder = docs(tmp_path, "http://127.0.0.1:9/a http://127.0.0.1:9/b\n")
    memory = tmp_path / "links.json"
    memory.write_text('{"http://127.0.0.1:9/a": {"state": "alive"}}')
    client = Client(QUICK, sleep=lambda seconds: None)
    with pytest.raises(ValueError, match="none of 2 addresses could be reached"):
        links.run(folder, memory, client, "2026-11-01")
    assert json.loads(memory.read_text()) == {"http://127.0.0.1:9/a": {"state": "alive"}}


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_broken_memory_is_named_and_kept(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = tmp_path / "links.json"
    memory.write_bytes(text.encode("latin-1"))
    folder = docs(tmp_path, "http://127.0.0.1:9/\n")
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
