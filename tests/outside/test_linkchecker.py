"""LinkChecker asks the same server: where it agrees with our client, and why it does not take its place.

If one of its faults is mended, a test here fails, and somebody can look again whether it can do the asking.
"""

import csv
import html
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import pytest

from scripts.outside import http_client
from scripts.outside.http_client import Client, Policy
from tests.outside.misbehaving import misbehaving

START = "from linkcheck.command import linkchecker as l; l.drop_privileges = lambda: None; l.linkchecker()"
SETTINGS = """[AnchorCheck]
[checking]
maxrequestspersecond=1000
timeout=3
recursionlevel=1
[filtering]
checkextern=1
[output]
status=0
"""
AGREED = {
    "/good": "alive",
    "/picture": "alive",
    "/consent": "alive",
    "/elsewhere": "alive",
    "/titled?title=HTTP+404+-+Encyclopedia": "alive",
    "/page#a": "alive",
    "/moved": "moved",
    "/raw-utf-8": "moved",
    "/page#nope": "suspect",
    "/missing": "dead",
    "/gone": "dead",
    "/forbidden": "blocked",
    "/circle": "broken",
    "/down": "broken",
}
# What LinkChecker says and what is right.
FAULTS = {
    "/to-a-bad-host": ("no word", "broken"),
    "/dripping-headers": ("valid", "broken"),
    "/too-many": ("valid", "alive"),
    "/back-soon": ("not valid", "alive"),
    "/refresh?to=0;+url=/gone": ("valid", "dead"),
    "/titled?h1=We+can't+find+that+page": ("valid", "suspect"),
    "/to-another-port": ("not valid", "broken"),
}


@dataclass
class Both:
    """What LinkChecker says of each path, what we say, and how often it asked."""

    theirs: dict[str, dict[str, str]]
    ours: dict[str, str]
    asked: Counter[str]
    said: str


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("linkchecker")
    paths = [*AGREED, *FAULTS]
    with misbehaving() as server:
        host = f"127.0.0.1:{server.server_port}"
        links = "".join(f'<a href="{html.escape(f"http://{host}{path}")}">x</a>' for path in paths)
        (folder / "page.html").write_text(links, encoding="utf-8")
        (folder / "settings").write_text(SETTINGS, encoding="utf-8")
        options = ["-f", folder / "settings", "--no-robots", "-v", "-o", "csv"]
        done = subprocess.run(
            [sys.executable, "-c", START, *options, folder / "page.html"],
            env={**os.environ, "HOME": str(folder), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        asked = Counter(server.counts)  # type: ignore[attr-defined]
        server.counts.clear()  # type: ignore[attr-defined]
        policy = Policy(pause=0, backoff=0.01, deadline=1, read=0.6, local=frozenset({host}))
        urls = [f"http://{host}{path}" for path in paths]
        found = Client(policy, sleep=lambda seconds: None).check_all(urls)
        ours = {verdict.url.removeprefix(f"http://{host}"): verdict.state for verdict in found}
    rows = [row for row in done.stdout.splitlines() if row and not row.startswith("#")]
    theirs = {
        row["urlname"].removeprefix(f"http://{host}"): row
        for row in csv.DictReader(rows, delimiter=";")
    }
    return Both(theirs, ours, asked, done.stdout + done.stderr)


@pytest.mark.parametrize("path", AGREED)
def test_both_agree(path: str, both: Both) -> None:
    row, state = both.theirs[path], both.ours[path]
    assert state == AGREED[path]
    assert row["valid"] == str(state in {"alive", "moved", "suspect"})
    assert ("Redirected" in row["warningstring"]) == (path in {"/consent", "/elsewhere"}) or (
        state in {"moved", "broken"}
    )
    assert ("Anchor" in row["warningstring"]) == (state == "suspect")


@pytest.mark.parametrize("path", FAULTS)
def test_linkchecker_fails_where_we_do_not(path: str, both: Both) -> None:
    said, right = FAULTS[path]
    row = both.theirs.get(path)
    assert (row is None) == (said == "no word"), both.said
    assert row is None or row["valid"] == str(said == "valid")
    assert both.ours[path] == right


def test_linkchecker_ends_with_an_internal_error(both: Both) -> None:
    assert "internal error" in both.said


def test_linkchecker_asks_once_for_each_place_and_never_again_after_429(both: Both) -> None:
    assert both.asked["GET /page"] == 2
    assert both.asked["GET /too-many"] == 1
    assert both.asked["GET /back-soon"] == 1


def test_linkchecker_follows_into_a_private_network(both: Both) -> None:
    assert "port=9" in both.theirs["/to-another-port"]["result"]


def test_the_client_says_why_linkchecker_does_not_ask() -> None:
    assert "tests/outside/test_linkchecker.py" in (http_client.__doc__ or "")
