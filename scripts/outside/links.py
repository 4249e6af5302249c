"""Check the links that lead outside: `python3 scripts/dev.py links`.

Takes the addresses from the rendered pages and the bibliography, has each asked politely, and remembers in
`scripts/links.json` what became of it, as soon as it is known: when it was first seen, when it was last
alive, how its state changed, and where a copy is archived. The workflow of the same name keeps that file
from one run to the next. One failure is no finding: an address is reported when it fails in several runs
over several days. A site that refuses machines is not dead.

LinkChecker checks the links within the built site in the tests; why it does not ask here, `http_client` says.
"""

import argparse
import datetime
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.outside.addresses import Place, addresses, is_outside, normal
from scripts.outside.connection import Trouble
from scripts.outside.http_client import Client, Policy
from scripts.outside.pace import Later
from scripts.outside.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[2]
MEMORY = ROOT / "scripts" / "links.json"
ARCHIVE = "https://archive.org/wayback/available?url="

HISTORY = 12  # changes of state that are kept
FAILURES = 3  # failing runs in a row before an address is reported …
DAYS = {"dead": 3, "suspect": 3, "broken": 14}  # … and the days that they must span

LARGEST = 60_000  # characters of a report; an issue holds 65,536


def load(path: Path) -> dict[str, dict[str, Any]]:
    """The memory of earlier runs. Raises ValueError if the file is no memory."""
    if not path.exists():
        return {}
    try:
        memory = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(memory, dict):
        raise ValueError(f"{path}: holds a {type(memory).__name__}, not a table of addresses")
    for url, entry in memory.items():
        try:
            memory[url] = {**fresh(str(entry["state"])), **entry}
            datetime.date.fromisoformat(entry.get("failing_since", "2000-01-01"))
            memory[url]["failures"] + 1, memory[url]["history"] + []
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise ValueError(f"{path}: what it holds of {url} is not what we wrote") from error
    return memory


def fresh(state: str, today: str = "") -> dict[str, Any]:
    """An entry of which nothing is known but its state."""
    start = {"first_seen": today} if today else {}
    return {**start, "state": state, "last_alive": None, "failures": 0, "history": []}


def save(path: Path, memory: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the memory beside the old one and put it in its place, so that none is ever half written."""
    new = path.with_suffix(".new")
    text = json.dumps(memory, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


def remember(entry: dict[str, Any] | None, verdict: Verdict, today: str) -> dict[str, Any]:
    """The entry of an address after one more verdict."""
    entry = dict(entry or fresh(verdict.state, today))
    if verdict.state not in DAYS:
        entry["failures"] = 0
        entry.pop("failing_since", None)
        if verdict.state in {"alive", "moved"}:
            entry["last_alive"] = today
    else:
        entry["failures"] = entry["failures"] + 1
        entry.setdefault("failing_since", today)
    entry["state"], entry["status"], entry["reason"] = verdict.state, verdict.status, verdict.reason
    for name, value in (("said", verdict.said), ("target", verdict.target)):
        entry.pop(name, None)
        if value:
            entry[name] = value
    last = entry["history"][-1] if entry["history"] else None
    if last is None or last[1:] != [verdict.state, verdict.status]:
        entry["history"] = [*entry["history"], [today, verdict.state, verdict.status]][-HISTORY:]
    return entry


def is_reported(entry: Mapping[str, Any], today: str) -> bool:
    """Whether an address has failed so often and so long that somebody should look."""
    if entry["state"] not in DAYS:
        return bool(entry["state"] == "moved")
    since = datetime.date.fromisoformat(entry["failing_since"])
    days = (datetime.date.fromisoformat(today) - since).days
    return bool(entry["failures"] >= FAILURES and days >= DAYS[entry["state"]])


class Archive:
    """A service that knows archived copies; one that fails several times in a row is left alone."""

    def __init__(self, client: Client, service: str) -> None:
        self.client = client
        self.service = service
        self.failures = 0

    def copy(self, url: str) -> str:
        """The address of an archived copy, or nothing."""
        if not self.service or self.failures >= FAILURES:
            return ""
        try:
            answer, _, _ = self.client.follow(self.service + quote(url, safe=""))
            closest = json.loads(answer.body).get("archived_snapshots", {}).get("closest", {})
            copy = normal(str(closest.get("url", ""))) if closest.get("available") else ""
        except (Trouble, Later, ValueError, AttributeError, RecursionError):
            self.failures += 1
            return ""
        self.failures = 0
        return copy if is_outside(copy) else ""


def code(text: str) -> str:
    """A text of somebody else as code of Markdown: no markup, no link, nobody called, no sign for a terminal."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    plain = " ".join(plain.replace("`", "'").split())
    return f"`{plain[:200]}`" if plain else ""


def link(url: str) -> str:
    """An address as a link of Markdown that it cannot leave."""
    return f"<{quote(url, safe=URL_SIGNS)}>"


URL_SIGNS = "".join(map(chr, range(0x21, 0x7F))).translate(dict.fromkeys(map(ord, "<>`\\")))
HEADS = {
    "dead": "Gone",
    "broken": "No good answer for weeks",
    "suspect": "Answers, but perhaps without the page or its place",
    "moved": "Moved for good",
}


def report(
    memory: Mapping[str, Mapping[str, Any]], places: Mapping[str, list[Place]], today: str
) -> str:
    """One report as Markdown; empty if there is nothing to do."""
    parts = []
    for state, head in HEADS.items():
        rows = []
        for url in sorted(places):
            entry = memory.get(url)
            if not entry or entry["state"] != state or not is_reported(entry, today):
                continue
            rows.append(row(url, entry, places[url]))
        if rows:
            parts.append(f"## {head} ({len(rows)})\n\n" + "\n".join(rows) + "\n")
    text = "\n".join(parts)
    if len(text) > LARGEST:
        cut = text.rfind("\n", 0, LARGEST)
        more = sum(line.startswith("- ") for line in text[cut:].split("\n"))
        text = f"{text[:cut]}\n\nAnd {more} more: `python3 scripts/dev.py links` tells all.\n"
    return text


def row(url: str, entry: Mapping[str, Any], places: list[Place]) -> str:
    """One line of the report."""
    where = ", ".join(code(f"{place.path}:{place.line}") for place in sorted(places)[:10])
    said = code(str(entry.get("said", "")))
    text = f"- {link(url)} {entry['reason']} {said}".rstrip() + f" – {where}"
    if len(places) > 10:
        text += f" and {len(places) - 10} more"
    if entry.get("last_alive"):
        text += f"; last alive {entry['last_alive']}"
    if entry.get("archive"):
        text += f"; [archived copy]({link(entry['archive'])})"
    return text


def run(
    docs: Path, memory_file: Path, client: Client, today: str, archive: str = ARCHIVE
) -> tuple[str, list[Verdict]]:
    """Ask for every address, remember each verdict at once, and return the report and the verdicts.

    Raises:
        ValueError: if a file cannot be read, or nothing at all could be reached, which says more of
            this machine's network than of the links: then nothing is remembered.
    """
    places, memory = addresses(docs), load(memory_file)
    copies = Archive(client, archive)
    verdicts: list[Verdict] = []
    pending: list[Verdict] = []
    reached = False
    for verdict in client.check_all(sorted(places)):
        verdicts.append(verdict)
        pending.append(verdict)
        reached = reached or bool(verdict.status)
        if not reached:
            continue
        for known in pending:
            entry = remember(memory.get(known.url), known, today)
            if not entry.get("archive") and entry["state"] in {"dead", "alive"}:
                copy = copies.copy(known.url)
                entry |= {"archive": copy} if copy else {}
            memory[known.url] = entry
        pending.clear()
        save(memory_file, {url: memory[url] for url in memory if url in places})
    if verdicts and not reached:
        first = f"{link(verdicts[0].url)} {verdicts[0].reason} {code(verdicts[0].said)}".strip()
        raise ValueError(
            f"none of {len(verdicts)} addresses could be reached: is there a network? {first}"
        )
    save(memory_file, {url: memory[url] for url in memory if url in places})
    return report(memory, places, today), verdicts


def summary(verdicts: Iterable[Verdict]) -> str:
    """How many addresses are in each state, in one line."""
    states = [verdict.state for verdict in verdicts]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return f"{len(states)} addresses: {counts}" if states else "no address"


def main() -> int:
    """Print the report; 0 nothing to do, 1 something to do, 2 could not run."""
    parser = argparse.ArgumentParser(prog="dev.py links", description="Check links to other sites.")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--memory", type=Path, default=MEMORY)
    parser.add_argument("--report", type=Path, help="also write the report to this file")
    parser.add_argument(
        "--pause", type=float, default=Policy.pause, help="seconds between requests to a host"
    )
    parser.add_argument("--no-archive", action="store_true", help="do not look for archived copies")
    parser.add_argument(
        "--local",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="ask this server although it lies in a private network: for tests",
    )
    arguments = parser.parse_args()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    client = Client(Policy(pause=arguments.pause, local=frozenset(arguments.local)))
    try:
        text, verdicts = run(
            arguments.docs, arguments.memory, client, today, "" if arguments.no_archive else ARCHIVE
        )
        if arguments.report:
            arguments.report.write_text(text, encoding="utf-8")
    except (ValueError, OSError) as error:
        print(f"links: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("links: stopped; what was known by then is remembered", file=sys.stderr)
        return 130
    print(text, end="")
    print(summary(verdicts))
    return 1 if text else 0


if __name__ == "__main__":
    sys.exit(main())
