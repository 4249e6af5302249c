"""Check the links that lead outside: `python3 scripts/dev.py links`.

Collects the addresses in the pages and the bibliography, asks each politely, and remembers in a committed
file what became of it: when it was first seen, when it was last alive, how its state changed, and where a
copy is archived. One failure is no finding: an address is reported when it fails in several runs over
several days. A site that refuses machines is not dead.
"""

import argparse
import datetime
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.outside.http_client import Client, Policy, Trouble, Verdict

ROOT = Path(__file__).resolve().parents[2]
MEMORY = ROOT / "scripts" / "links.json"
ARCHIVE = "https://archive.org/wayback/available?url="

HISTORY = 12  # changes of state that are kept
FAILURES = 3  # failing runs in a row before an address is reported …
DAYS = {"dead": 3, "broken": 14}  # … and the days that they must span

ADDRESS = re.compile(r"https?://[^\s<>\"'`\\\]}|]+")
CODE = re.compile(
    r"^(?P<fence> *(?:`{3,}|~{3,}))[^\n]*\n.*?^(?P=fence)[^\n]*$|`[^`\n]+`|<!--.*?-->", re.M | re.S
)
FIELD = re.compile(r"^\s*(eprint|doi)\s*=\s*[{\"]([^}\"]+)[}\"]", re.M)


@dataclass(frozen=True, order=True)
class Place:
    """Where an address stands."""

    path: str
    line: int


def trim(url: str) -> str:
    """An address without the punctuation of the sentence around it, its parentheses balanced."""
    url = url.rstrip(".,;:!?*_")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,;:!?*_")
    return url


def blank(match: re.Match[str]) -> str:
    """As many lines as the match has, with nothing on them."""
    return "\n" * match[0].count("\n")


def addresses(docs: Path) -> dict[str, list[Place]]:
    """Every outside address of the pages and the bibliography, with its places.

    Raises:
        OSError, UnicodeDecodeError: if a file cannot be read; the message names it.
    """
    found: dict[str, list[Place]] = {}
    for path in sorted([*docs.rglob("*.md"), *docs.rglob("*.bib")]):
        if not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: is not UTF-8: {error}") from error
        text = CODE.sub(blank, text) if path.suffix == ".md" else text
        hits = [(match.start(), trim(match[0])) for match in ADDRESS.finditer(text)]
        if path.suffix == ".bib":
            prefix = {"eprint": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
            hits += [(m.start(2), prefix[m[1]] + m[2]) for m in FIELD.finditer(text)]
        for start, url in hits:
            place = Place(path.relative_to(docs.parent).as_posix(), text.count("\n", 0, start) + 1)
            found.setdefault(url, []).append(place)
    return found


def load(path: Path) -> dict[str, dict[str, Any]]:
    """The memory of earlier runs. Raises ValueError if the file is no memory."""
    if not path.exists():
        return {}
    try:
        memory = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(memory, dict):
        raise ValueError(f"{path}: holds a {type(memory).__name__}, not a table of addresses")
    return memory


def save(path: Path, memory: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the memory beside the old one and put it in its place, so that none is ever half written."""
    new = path.with_suffix(".new")
    text = json.dumps(memory, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


def remember(entry: dict[str, Any] | None, verdict: Verdict, today: str) -> dict[str, Any]:
    """The entry of an address after one more verdict."""
    entry = dict(entry or {"first_seen": today, "last_alive": None, "failures": 0, "history": []})
    if verdict.state in {"alive", "moved", "blocked", "suspect"}:
        entry["failures"] = 0
        entry.pop("failing_since", None)
        if verdict.state in {"alive", "moved"}:
            entry["last_alive"] = today
    else:
        entry["failures"] = entry["failures"] + 1
        entry.setdefault("failing_since", today)
    entry["state"], entry["status"], entry["reason"] = verdict.state, verdict.status, verdict.reason
    entry.pop("target", None)
    if verdict.target:
        entry["target"] = verdict.target
    last = entry["history"][-1] if entry["history"] else None
    if last is None or last[1:] != [verdict.state, verdict.status]:
        entry["history"] = [*entry["history"], [today, verdict.state, verdict.status]][-HISTORY:]
    return entry


def is_reported(entry: Mapping[str, Any], today: str) -> bool:
    """Whether an address has failed so often and so long that somebody should look."""
    if entry["state"] not in DAYS:
        return entry["state"] in {"moved", "suspect"}
    since = datetime.date.fromisoformat(entry["failing_since"])
    days = (datetime.date.fromisoformat(today) - since).days
    return bool(entry["failures"] >= FAILURES and days >= DAYS[entry["state"]])


def archived(client: Client, url: str, service: str) -> str:
    """The address of an archived copy, or nothing."""
    try:
        answer = client.fetch(service + quote(url, safe=""))
        closest = json.loads(answer.body).get("archived_snapshots", {}).get("closest", {})
        return str(closest.get("url", "")) if closest.get("available") else ""
    except (Trouble, ValueError, AttributeError):
        return ""


HEADS = {
    "dead": "Gone",
    "broken": "No good answer for weeks",
    "suspect": "Answers, but perhaps without the page",
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
            where = ", ".join(f"`{place.path}:{place.line}`" for place in sorted(places[url]))
            row = f"- <{url}> {entry['reason']} – {where}"
            if entry.get("last_alive"):
                row += f"; last alive {entry['last_alive']}"
            if entry.get("archive"):
                row += f"; [archived copy]({entry['archive']})"
            rows.append(row)
        if rows:
            parts.append(f"## {head} ({len(rows)})\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def run(
    docs: Path, memory_file: Path, client: Client, today: str, archive: str = ARCHIVE
) -> tuple[str, list[Verdict]]:
    """Ask for every address, remember, and return the report and the verdicts.

    Raises:
        ValueError: if a file cannot be read, or nothing at all could be reached, which says more of
            this machine's network than of the links: then nothing is remembered.
    """
    places, memory = addresses(docs), load(memory_file)
    verdicts = list(client.check_all(sorted(places)))
    if verdicts and all(verdict.state == "broken" and not verdict.status for verdict in verdicts):
        raise ValueError(f"none of {len(verdicts)} addresses could be reached: is there a network?")
    for verdict in verdicts:
        entry = remember(memory.get(verdict.url), verdict, today)
        if not entry.get("archive") and (entry["state"] in {"dead", "alive"}):
            copy = archived(client, verdict.url, archive) if archive else ""
            if copy:
                entry["archive"] = copy
        memory[verdict.url] = entry
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
    arguments = parser.parse_args()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    client = Client(Policy(pause=arguments.pause))
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
        print("links: stopped; nothing was remembered", file=sys.stderr)
        return 130
    print(text, end="")
    print(summary(verdicts))
    return 1 if text else 0


if __name__ == "__main__":
    sys.exit(main())
