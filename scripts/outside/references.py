"""Compare the bibliography with its sources: `python3 scripts/dev.py links --references`.

The title and the authors of each entry with an arXiv identifier or a DOI are compared with what arXiv and
Crossref answer for it. What differs is a finding at the line of the entry; what could not be asked is
counted, never guessed.
"""

import argparse
import codecs
import json
import re
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import latexcodec  # noqa: F401  (registers the codec `ulatex`)
from pybtex.database import BibliographyData, Entry, parse_string
from pybtex.exceptions import PybtexError

from scripts.outside.connection import Trouble
from scripts.outside.http_client import Client, Policy
from scripts.outside.pace import Later

ROOT = Path(__file__).resolve().parents[2]
BIBLIOGRAPHY = ROOT / "docs" / "references" / "bibliography.bib"
ARXIV = "https://export.arxiv.org/api/query?max_results={count}&id_list={ids}"
CROSSREF = "https://api.crossref.org/works/{doi}"
BATCH = 50
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True)
class Record:
    """What a registry says of a work: its title and the surnames of its authors."""

    title: str
    surnames: tuple[str, ...]


def plain(text: str) -> str:
    """Letters and digits alone, without accents, case, TeX and markup: what two spellings share."""
    text = str(codecs.decode(text, "ulatex"))  # type: ignore[call-overload]
    text = re.sub(r"<[^>]+>", "", text)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = (
        text.replace("ß", "ss")
        .replace("ø", "o")
        .replace("Ø", "O")
        .replace("ł", "l")
        .replace("Ł", "L")
    )
    return "".join(re.findall(r"\w+", text.lower())).replace("_", "")


def surnames(entry: Entry) -> list[str]:
    """The surnames of an entry's authors, plain; `others` left out."""
    names = entry.persons.get("author", [])
    found = [
        "".join([*person.prelast_names, *person.last_names, *person.lineage_names])
        for person in names
    ]
    return [plain(name) for name in found if name != "others"]


def compare(key: str, entry: Entry, record: Record) -> Iterator[str]:
    """How an entry differs from a record: its title, the first authors, their number."""
    ours, theirs = plain(entry.fields.get("title", "")), plain(record.title)
    if ours != theirs and not (theirs and ours.startswith(theirs)):
        yield f"{key}: the title is {record.title!r} there"
    names = surnames(entry)
    registered = [plain(name) for name in record.surnames]
    for number, (a, b) in enumerate(zip(names, registered, strict=False), start=1):
        # A registry may put a part of the surname with the given names.
        if a != b and not a.endswith(b) and not b.endswith(a):
            yield f"{key}: author {number} is {record.surnames[number - 1]!r} there"
            return
    whole = not any(person.last_names == ["others"] for person in entry.persons.get("author", []))
    if len(names) > len(registered) or (whole and len(names) != len(registered)):
        yield f"{key}: {len(names)} authors here, {len(registered)} there"


def arxiv_records(text: str) -> dict[str, Record]:
    """The records of an answer of arXiv, by identifier without version. Raises ValueError."""
    try:
        feed = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"arXiv's answer is no XML: {error}") from error
    records = {}
    for entry in feed.iter(f"{ATOM}entry"):
        identifier = entry.findtext(f"{ATOM}id", "").rpartition("/abs/")[2]
        names = [author.findtext(f"{ATOM}name", "") for author in entry.iter(f"{ATOM}author")]
        title = " ".join(entry.findtext(f"{ATOM}title", "").split())
        last = tuple(name.split()[-1] for name in names if name.split())
        records[re.sub(r"v\d+$", "", identifier)] = Record(title, last)
    return records


def crossref_record(text: str) -> Record:
    """The record of an answer of Crossref. Raises ValueError."""
    try:
        message = json.loads(text)["message"]
        title = message["title"][0]
        subtitle = message.get("subtitle") or []
        if subtitle and plain(subtitle[0]) not in plain(title):
            title = f"{title}: {subtitle[0]}"
        names = [
            author.get("family") or author.get("name", "") for author in message.get("author", [])
        ]
        return Record(" ".join(title.split()), tuple(names))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"Crossref's answer cannot be read: {error!r}") from error


def line_of(text: str, key: str) -> int:
    """The line on which an entry begins."""
    match = re.search(rf"^@\w+\s*\{{\s*{re.escape(key)}\s*,", text, re.M)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in groups of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def ask(client: Client, url: str) -> str:
    """The body of a good answer, tried as often as the policy allows. Raises Trouble."""
    trouble = Trouble("was not asked")
    for attempt in range(client.policy.tries):
        try:
            answer, _, _ = client.follow(url)
            if answer.status == 200:
                return answer.body
            trouble = Trouble(f"answers {answer.status}")
        except Trouble as error:
            trouble = error
        except Later as later:
            raise Trouble(f"answers 429 and asks to wait {later}") from later
        client.sleep(client.policy.backoff * 2**attempt)
    raise trouble


def check(
    text: str, client: Client, arxiv: str = ARXIV, crossref: str = CROSSREF
) -> tuple[list[tuple[int, str]], list[str]]:
    """Lines and messages of what differs, and what could not be compared, in order.

    Args:
        text: the bibliography as BibTeX.
        client: asks; its pause is kept between requests.
        arxiv, crossref: the addresses to ask, with `{ids}` and `{count}`, `{doi}`.
    """
    data: BibliographyData = parse_string(text, "bibtex")
    findings: list[tuple[int, str]] = []
    missed: list[str] = []
    by_id = {e.fields["eprint"]: k for k, e in data.entries.items() if "eprint" in e.fields}
    for ids in batches(sorted(by_id), BATCH):
        try:
            body = ask(client, arxiv.format(ids=",".join(ids), count=len(ids)))
            records = arxiv_records(body)
        except (Trouble, ValueError) as error:
            missed += [f"{by_id[i]}: {error}" for i in ids]
            continue
        for identifier in ids:
            key = by_id[identifier]
            if identifier not in records:
                findings.append((line_of(text, key), f"{key}: arXiv knows no {identifier}"))
                continue
            for message in compare(key, data.entries[key], records[identifier]):
                findings.append((line_of(text, key), f"{message} (arXiv {identifier})"))
    for key, entry in data.entries.items():
        if "doi" not in entry.fields or "eprint" in entry.fields:
            continue
        doi = entry.fields["doi"]
        try:
            record = crossref_record(ask(client, crossref.format(doi=quote(doi, safe="/"))))
        except (Trouble, ValueError) as error:
            missed.append(f"{key}: {error}")
            continue
        findings += [(line_of(text, key), f"{m} (DOI {doi})") for m in compare(key, entry, record)]
    return sorted(findings), missed


def main(arguments: Iterable[str] | None = None) -> int:
    """Print what differs; 0 nothing, 1 something, 2 could not run."""
    parser = argparse.ArgumentParser(prog="references", description="Compare the bibliography.")
    parser.add_argument("file", nargs="?", type=Path, default=BIBLIOGRAPHY)
    options = parser.parse_args(None if arguments is None else list(arguments))
    client = Client(
        Policy(pause=3, body=4_000_000)
    )  # arXiv asks for three seconds between requests
    try:
        findings, missed = check(options.file.read_text(encoding="utf-8"), client)
    except (OSError, UnicodeDecodeError, PybtexError) as error:
        print(f"references: {options.file}: {error}", file=sys.stderr)
        return 2
    for line, message in findings:
        print(f"{options.file}:{line}:1: R01 {message}")
    for message in missed:
        print(f"not compared: {message}", file=sys.stderr)
    if missed and not findings:
        return 2
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
