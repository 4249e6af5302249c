"""Rules P on words: repeated, misspelt, undated, unfinished, wrong.

Tried and dropped: every abbreviation expanded at its first use (headings and tables come first in 3 pages of 4), a
sentence per line (a formatter's work), reading ease (no number says whether a page is clear).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import CODE, OBJECT, RAW
from scripts.house.prose import PLACEHOLDERS, compiled, having, load, placed, quoted, running

_TWICE = re.compile(r"\b([A-Za-z]{2,})[ \n]+(\1)\b", re.IGNORECASE)
_FINE_TWICE = frozenset(
    "that had is her bye no so very blah da yo ha tut chi cha pom beri bora walla wagga new mau"
    " long cha".split()
)


def repeated_word(page: Page) -> Iterator[Problem]:
    """A word stands twice in a row.

    Bad: able to produce produce data
    Good: able to produce data
    Why: Nobody sees it when writing, everybody when reading.
    """
    for block in running(page):
        if block.tag in ("td", "th"):
            continue
        for found in _TWICE.finditer(block.text):
            before = block.text[: found.start()][-1:]
            if (
                found[1].lower() in _FINE_TWICE
                or (before in "-/._\\@#$" and before)
                or (found[1].isupper() and len(found[1]) < 4)
            ):
                continue
            if (
                found[1] != found[2]
                and found[1][0].isupper() != found[2][0].isupper()
                and block.text[: found.start()].strip()
            ):
                continue
            if re.match(r"[-/._(]", block.text[found.end() :][:1] or " "):
                continue
            line, column = placed(
                page, block, found.start(2), found[0] if "\n" not in found[0] else found[2]
            )
            if "\n" in found[0]:
                line = block.line_at(found.start(2))
                column = page.column_of(line, found[2])
                if not page.line(line).lstrip(" >*-+").startswith(found[2]):
                    continue
            if not line:
                continue
            yield page.problem(line, f"'{found[2]}' stands twice; delete one", column)


@lru_cache(maxsize=1)
def _misspelt() -> dict[str, str]:
    """Misspelt words and what is right: our own list, and codespell's where it is installed."""
    words: dict[str, str] = {}
    import importlib.util

    spec = importlib.util.find_spec("codespell_lib")
    if spec and spec.submodule_search_locations:
        path = Path(next(iter(spec.submodule_search_locations))) / "data" / "dictionary.txt"
        if path.is_file():
            for row in path.read_text(encoding="utf-8").splitlines():
                wrong, arrow, right = row.partition("->")
                if arrow and not right.rstrip().endswith("reason"):
                    words[wrong] = right.split(",")[0].strip()
    data = load("terms.toml")
    words.update(data["misspelt"])
    for fine in data["fine"]:
        words.pop(fine, None)
    return words


def spelling(page: Page) -> Iterator[Problem]:
    """A word is misspelt.

    Bad: reinforcment learning
    Good: reinforcement learning
    Why: It costs the reader's trust, and the search does not find it.
    """
    words = _misspelt()
    for block in running(page):
        for found in re.finditer(r"(?<![\w/.@#'’-])[A-Za-z]{3,}(?![\w/@]|[.'’-]\w)", block.text):
            word = found[0]
            if word.isupper() or word.lower() not in words:
                continue
            line, column = placed(page, block, found.start(), word)
            if word in page.line(line):
                yield page.problem(
                    line, f"'{word}' is misspelt; write '{words[word.lower()]}'", column
                )


def terms(page: Page) -> Iterator[Problem]:
    """A term is not written as everywhere else.

    Bad: Tensorflow
    Good: TensorFlow
    Why: One thing with five spellings looks like five things, and the search finds one of them.
    """
    for entry in load("terms.toml")["term"]:
        pattern = compiled(entry["wrong"], entry.get("case", True))
        for block in having(page, pattern):
            for found in pattern.finditer(block.text):
                line, column = placed(page, block, found.start(), found[0])
                if line:
                    yield page.problem(
                        line, f"'{found[0]}' is not our spelling; write '{entry['right']}'", column
                    )


_TIME = re.compile(
    r"\b(?:presently|recent(?:ly)?|nowadays|currently|state[- ]of[- ]the[- ]art|at (?:the"
    r" moment|present)|to date|these days|"
    r"present degree|the latest|cutting[- ]edge|most common(?:ly)?|most (?:\w+ )?promising|"
    r"(?:very|coming|will|shall|may) soon|soon (?:be|become|follow)|up[- ]to[- ]date)\b",
    re.IGNORECASE,
)


def undated(page: Page) -> Iterator[Problem]:
    """A word of time has no date.

    Bad: currently the most successful models
    Good: the most successful models, as of 2026-11
    Why: Pages are read years after they were written.
    """
    for block in running(page):
        if block.tag in ("th",):
            continue
        for found in _TIME.finditer(block.text):
            start = (
                max(
                    block.text.rfind(". ", 0, found.start()),
                    block.text.rfind("\n", 0, found.start()),
                )
                + 1
            )
            end = block.text.find(". ", found.end())
            sentence = block.text[start : end if end >= 0 else len(block.text)]
            if re.search(r"\b(?:19|20)\d\d\b", sentence):
                continue
            line, column = placed(page, block, found.start(), found[0])
            if line and not quoted(block, found.start()):
                yield page.problem(
                    line,
                    f"'{found[0]}' needs a date in its sentence; write for instance 'as of"
                    " 2026-11'",
                    column,
                )


_ONLY_LINKS = re.compile(r"\s*(?:!?\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?\s*)+$")


def unfinished(page: Page) -> Iterator[Problem]:
    """A paragraph ends without a full stop, or in a comma.

    Bad: For instance, a model that is used to predict
    Good: For instance, a model that is used to predict the next word.
    Why: The sentence was cut, and nobody knows what was meant.
    """
    for block in page.rendered.blocks:
        if (
            block.tag != "p"
            or block.raw
            or block.line in page.rendered.included
            or "td" in block.path
        ):
            continue
        text = block.text.strip().rstrip(f"*_'\"”’»){RAW} ")
        words = len(re.findall(r"[A-Za-z]{2,}", text))
        if (
            words < 7
            or not text
            or text[-1] in ".!?:;…—–"
            or text[-1] in f"{CODE}{OBJECT}]"
            or "$" in text[-3:]
        ):
            continue
        last = block.line_at(len(block.text.rstrip()) - 1)
        following = page.line(page.next_text(last) or last + 1).lstrip()
        if (
            following.startswith(("$$", "--8<--", "```", "~~~"))
            or text[-1] in "∎□"
            or not page.line(last).strip()
        ):
            continue
        if text.endswith("\\") or re.search(r"https?://\S+$", text):
            continue
        if all(_ONLY_LINKS.match(page.line(n)) for n in range(block.line, last + 1)):
            continue
        if "li" in block.path and text[-1] != ",":
            continue
        shown = " ".join(text.split()[-3:])
        yield page.problem(
            last,
            f"the paragraph ends with '…{PLACEHOLDERS.sub('', shown)}'; finish the sentence",
            len(page.line(last).rstrip()),
        )


def claims(page: Page) -> Iterator[Problem]:
    """A statement that is known to be false, or to mislead, has come back.

    Bad: General Adversarial Networks draw.
    Good: Generative adversarial networks draw.
    Why: Each entry of claims.toml was once on a page, with a reader who believed it.
    """
    for entry in load("claims.toml")["claim"]:
        pattern = compiled(entry["pattern"])
        for block in having(page, pattern):
            if entry.get("tag", block.tag) != block.tag:
                continue
            for found in pattern.finditer(block.text):
                line, column = placed(page, block, found.start(), found[0])
                if not line or quoted(block, found.start()):
                    continue
                yield page.problem(line, f"this is wrong or misleads; {entry['right']}", column)
                break


def abbreviation(page: Page) -> Iterator[Problem]:
    """An abbreviation is expanded in another way than in the glossary.

    Bad: Variational Auto-Encoders (VAD)
    Good: variational autoencoders (VAE)
    Why: Two letters for one thing, or one for two, and the reader is lost.
    """
    known: dict[str, str] = load("terms.toml")["abbreviation"]
    for block in running(page):
        for found in re.finditer(
            r"(?<![\w-])((?:[A-Za-z][\w-]*[ \n]+){1,6})\(([A-Z][A-Za-z]{1,6}?)s?\)", block.text
        ):
            fault = _expansion(found[1], found[2], known)
            line, column = placed(page, block, found.start(2) - 1, f"({found[2]}")
            if fault and line and not quoted(block, found.start(2)):
                yield page.problem(line, fault, column)
        for found in re.finditer(r"\b([A-Z]{2,6})s? \(((?:[A-Z][\w-]*[ \n]?){2,6})\)", block.text):
            fault = _expansion(found[2], found[1], known)
            line, column = placed(page, block, found.start(), found[1])
            if fault and line and not quoted(block, found.start()):
                yield page.problem(line, fault, column)


def _expansion(words: str, short: str, known: dict[str, str]) -> str:
    plain = re.sub(r"[^a-z ]", "", " ".join(words.split()).lower().replace("-", " "))
    squeezed = plain.replace(" ", "").removesuffix("s")
    for name, meaning in known.items():
        target = re.sub(r"[^a-z]", "", meaning.lower())
        if squeezed.endswith(target) and short != name:
            return f"'{short}' is not the abbreviation of '{meaning}'; write '{name}'"
    if short in known:
        target = re.sub(r"[^a-z]", "", known[short].lower())
        if (
            not squeezed.endswith(target)
            and _initials(plain, short)
            and len(plain.split()) >= len(short)
        ):
            return f"'{short}' stands for '{known[short]}'; write that, or another abbreviation"
    return ""


def _initials(plain: str, short: str) -> bool:
    words = plain.split()[-len(short) :]
    letters = "".join(word[0] for word in words)
    return (
        len(letters) == len(short)
        and sum(a == b.lower() for a, b in zip(letters, short, strict=True)) >= len(short) - 1
    )
