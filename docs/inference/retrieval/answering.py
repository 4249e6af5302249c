"""What happens around a search: the prompt, citations, an index that is out of date, versions that disagree."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Passage:
    """A passage with the document that it comes from and that document's date, year-month-day."""

    document: str
    date: str
    text: str


# --8<-- [start:prompt]
def prompt(question: str, passages: Sequence[Passage]) -> str:
    """What the language model reads: a rule, passages with numbers and dates, then the question."""
    rule = "Answer from the passages alone and cite their numbers.\nIf they do not say it, say so."
    shown = [f"[{n}] ({p.date}) {p.text}" for n, p in enumerate(passages, start=1)]
    return "\n".join([rule, *shown, f"Question: {question}"])


def uncited(answer: str, passages: Sequence[Passage]) -> list[str]:
    """The sentences of an answer without a citation, or with one of a passage that was not shown."""
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+", answer.strip()):
        numbers = [int(number) for number in re.findall(r"\[(\d+)\]", sentence)]
        if not numbers or not all(1 <= number <= len(passages) for number in numbers):
            found.append(sentence)
    return found
    # --8<-- [end:prompt]


def digest(text: str) -> str:
    """A short name of a text that changes with it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --8<-- [start:stale]
def stale(documents: Mapping[str, str], indexed: Mapping[str, str]) -> list[str]:
    """The documents to index anew or to take out: their digest is not the one kept with the index."""
    now = {name: digest(text) for name, text in documents.items()}
    return sorted(name for name in {**now, **indexed} if now.get(name) != indexed.get(name))


def newest(passages: Sequence[Passage]) -> list[Passage]:
    """The passages without those of older versions of the same document, in their order."""
    last = {p.document: max(o.date for o in passages if o.document == p.document) for p in passages}
    return [p for p in passages if p.date == last[p.document]]
    # --8<-- [end:stale]


# --8<-- [start:edges]
def edges(passages: Sequence[Passage]) -> list[Passage]:
    """From best first to an order with the best at both ends and the worst in the middle."""
    return [*passages[::2], *passages[1::2][::-1]]
    # --8<-- [end:edges]
