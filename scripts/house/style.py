"""Rules P and X: house style, on where pyproject.toml has a table `[tool.check]`, or for a bare folder.

Tried and dropped: every abbreviation expanded at its first use (headings and tables come first in 3 pages of 4), a
sentence per line (a formatter's work), reading ease (no number says whether a page is clear).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from scripts.checker import outline
from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.checker.project import Site
from scripts.checker.render import CODE, ESCAPED, OBJECT, RAW, Block

DATA = Path(__file__).parent
_PLACEHOLDERS = re.compile(f"[{CODE}{ESCAPED}{OBJECT}{RAW}]")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+")


@lru_cache(maxsize=8)
def load(name: str) -> dict[str, Any]:
    """A data file of the rules."""
    import tomllib

    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _prose(page: Page) -> Iterator[Block]:
    """The blocks of running text: paragraphs, items, cells, titles."""
    for block in page.rendered.blocks:
        if not block.raw and block.line not in page.rendered.included and "pre" not in block.path:
            yield block


def _at(page: Page, block: Block, start: int, part: str) -> tuple[int, int]:
    """Where a part of a block stands in the source; line 0 if an extension has written it."""
    line = block.line_at(start)
    first = part.split("\n")[0].strip()
    number, column = page.locate(line, first, 4)
    return (number, column) if first and first in page.line(number) else (0, 0)


def _quoted(block: Block, start: int) -> bool:
    """Whether a place stands inside quotes, as a wrong statement may."""
    before = block.text[:start]
    return before.count('"') % 2 == 1 or before.rfind("“") > before.rfind("”")


# words


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
    for block in _prose(page):
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
            line, column = _at(
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
    for block in _prose(page):
        for found in re.finditer(r"(?<![\w/.@#'’-])[A-Za-z]{3,}(?![\w/@]|[.'’-]\w)", block.text):
            word = found[0]
            if word.isupper() or word.lower() not in words:
                continue
            line, column = _at(page, block, found.start(), word)
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
        pattern = _pattern(entry["wrong"], entry.get("case", True))
        for block in _prose(page):
            for found in pattern.finditer(block.text):
                line, column = _at(page, block, found.start(), found[0])
                if line:
                    yield page.problem(
                        line, f"'{found[0]}' is not our spelling; write '{entry['right']}'", column
                    )


@lru_cache(maxsize=512)
def _pattern(text: str, case: bool = False) -> re.Pattern[str]:
    return re.compile(text, 0 if case else re.IGNORECASE)


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
    for block in _prose(page):
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
            line, column = _at(page, block, found.start(), found[0])
            if line and not _quoted(block, found.start()):
                yield page.problem(
                    line,
                    f"'{found[0]}' needs a date in its sentence; write for instance 'as of"
                    " 2026-11'",
                    column,
                )


_ONLY_LINKS = re.compile(r"\s*(?:!?\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?\s*)+$")


def unfinished(page: Page) -> Iterator[Problem]:
    """A paragraph ends without a full stop, or in a comma.

    Bad: For instance, a model used to predict
    Good: For instance, a model used to predict the next word.
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
            f"the paragraph ends with '…{_PLACEHOLDERS.sub('', shown)}'; finish the sentence",
            len(page.line(last).rstrip()),
        )


def claims(page: Page) -> Iterator[Problem]:
    """A statement that is known to be false, or to mislead, has come back.

    Bad: the reward model is trained by reinforcement learning
    Good: the reward model is trained on human comparisons; the policy is then trained against it
    Why: Each entry of claims.toml was once on a page, with a reader who believed it.
    """
    for entry in load("claims.toml")["claim"]:
        pattern = _pattern(entry["pattern"])
        for block in _prose(page):
            if entry.get("tag", block.tag) != block.tag:
                continue
            for found in pattern.finditer(block.text):
                line, column = _at(page, block, found.start(), found[0])
                if not line or _quoted(block, found.start()):
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
    for block in _prose(page):
        for found in re.finditer(
            r"(?<![\w-])((?:[A-Za-z][\w-]*[ \n]+){1,6})\(([A-Z][A-Za-z]{1,6}?)s?\)", block.text
        ):
            fault = _expansion(found[1], found[2], known)
            line, column = _at(page, block, found.start(2) - 1, f"({found[2]}")
            if fault and line and not _quoted(block, found.start(2)):
                yield page.problem(line, fault, column)
        for found in re.finditer(r"\b([A-Z]{2,6})s? \(((?:[A-Z][\w-]*[ \n]?){2,6})\)", block.text):
            fault = _expansion(found[2], found[1], known)
            line, column = _at(page, block, found.start(), found[1])
            if fault and line and not _quoted(block, found.start()):
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


# texts on several pages


def paragraphs(page: Page) -> list[list[Any]]:
    """The paragraphs of a page that are long enough to be compared: line and normalised words."""
    found: list[list[Any]] = []
    for block in _prose(page):
        words = re.findall(r"[a-z0-9]+", block.text.lower())
        if len(words) < 25 or block.tag in ("td", "th"):
            continue
        head = _PLACEHOLDERS.sub(" ", block.text).split()[:4]
        if head and _at(page, block, 0, max(head, key=len))[0]:
            found.append([block.line, " ".join(words)])
    return found


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def same_paragraph(site: Site) -> Iterator[Problem]:
    """Two pages hold the same paragraph, or nearly.

    Bad: the definition of a language model on two pages
    Good: the definition on one page, and a link on the other
    Why: Copies begin to differ, and then one of them is wrong.
    """
    seen: dict[tuple[str, ...], list[tuple[str, int, int]]] = {}
    for path, facts in site.chosen_facts():
        for line, text in facts.get("paragraphs", ()):
            shingles = _shingles(text.split())
            hits: dict[tuple[str, int], int] = {}
            for shingle in shingles:
                for other, number, _ in seen.get(shingle, ()):
                    if other != path:
                        hits[(other, number)] = hits.get((other, number), 0) + 1
            if hits:
                (other, number), count = max(hits.items(), key=lambda item: (item[1], item[0]))
                if count >= 18 or count >= 0.6 * len(shingles):
                    yield site.problem(
                        path,
                        line,
                        f"this paragraph stands nearly word for word in {other}, line {number};"
                        " keep one and link to it",
                    )
            for shingle in shingles:
                seen.setdefault(shingle, []).append((path, line, len(shingles)))


# the form of a page


def schema(page: Page) -> Iterator[Problem]:
    """The front matter lacks a key, or has it in another form.

    Bad: a page without kind and reviewed
    Good: title, description, kind, needs and reviewed, in this order
    Why: Navigation, reading order and the date of review are made from it.
    """
    keys = page.config.house.get(
        "front-matter", ["title", "description", "kind", "needs", "reviewed"]
    )
    if not page.front_lines:
        yield page.problem(1, f"the page has no front matter; give it {', '.join(keys)}")
        return
    import yaml

    try:
        data = yaml.safe_load("\n".join(page.lines[1 : page.front_lines - 1]))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    if not isinstance(data, dict):
        return
    missing = [key for key in keys if key not in data]
    if missing:
        yield page.problem(1, f"the front matter lacks {', '.join(missing)}; add it")
    order = [key for key in data if key in keys]
    if order != [key for key in keys if key in data]:
        yield page.problem(
            2, f"the keys of the front matter stand in another order; write {', '.join(keys)}"
        )
    unknown = [
        str(key)
        for key in data
        if key not in keys
        and key
        not in page.config.house.get("front-matter-more", ["hide", "status", "search", "template"])
    ]
    if unknown:
        line = next(
            (
                n
                for n, text in enumerate(page.lines[: page.front_lines], 1)
                if text.startswith(unknown[0])
            ),
            1,
        )
        yield page.problem(
            line, f"'{unknown[0]}' is no key of the front matter; known are {', '.join(keys)}"
        )
    if len(str(data.get("description") or "")) > 160:
        line = next(
            (
                n
                for n, text in enumerate(page.lines[: page.front_lines], 1)
                if text.startswith("description")
            ),
            1,
        )
        yield page.problem(
            line, f"the description has {len(str(data['description']))} characters; 160 are shown"
        )


def heading_end(page: Page) -> Iterator[Problem]:
    """A heading ends in a punctuation mark.

    Bad: ## Characteristics of LLMs:
    Good: ## Characteristics of LLMs
    Why: A heading is a name, not a sentence.
    """
    for heading in page.rendered.headings:
        if (
            heading.line
            and heading.text.rstrip().endswith((".", ":", ",", ";"))
            and not heading.text.rstrip().endswith(("etc.", "…"))
        ):
            yield page.problem(
                heading.line, f"the heading ends in '{heading.text.rstrip()[-1]}'; delete it"
            )


def blanks(page: Page) -> Iterator[Problem]:
    """Blanks stand at the end of a line, twice in a sentence, or blank lines in a run.

    Bad: two blank lines, or two  blanks
    Good: one
    Why: They hide in the next comparison of two versions.
    """
    empty = 0
    for number, text in enumerate(page.body, 1):
        empty = empty + 1 if not text.strip() else 0
        if page.is_code(number) or page.in_fence(number) or number <= page.front_lines:
            continue
        if empty == 2 and number < len(page.body):
            yield page.problem(number, "two or more blank lines; keep one", 1)
        elif (text.strip() and text != text.rstrip() and not text.endswith("  ")) or (
            not text.strip() and text and number <= len(page.body)
        ):
            yield page.problem(
                number,
                "blanks at the end of the line; delete them",
                len(text.rstrip()) + 1,
                page.replace(number, text.rstrip()),
            )
        elif text.strip() and text.endswith("  "):
            yield page.problem(
                number,
                "blanks at the end of the line make a line break; write '<br>' if it is meant",
                len(text.rstrip()) + 1,
            )
        found = re.search(r"(?<=[\w.,;:)\]])  +(?=[\w(\[*_])", page.clean[number - 1])
        if found and re.match(r"[ \t>]*(?:[-*+:]|\d+[.)]|\[\^?[^\]]+\]:)$", text[: found.start()]):
            continue
        if found and "|" not in text and text.strip() and text.endswith(text.rstrip()):
            yield page.problem(number, "two blanks in a sentence; keep one", found.start() + 1)


def bullets(page: Page) -> Iterator[Problem]:
    """A page mixes the signs of its lists.

    Bad: - one list and * another
    Good: - everywhere
    Why: Two signs in a row split a list in two.
    """
    for number, text in enumerate(page.body, 1):
        found = re.match(r"[ \t]*([*+])[ \t]+\S", text)
        if found and not page.is_code(number) and "li" in page.rendered.path_of.get(number, ()):
            yield page.problem(number, f"the list uses '{found[1]}'; write '-'")
            return


def list_margin(page: Page) -> Iterator[Problem]:
    """A list is indented where nothing asks for it.

    Bad: two spaces before every item
    Good: the items at the start of the line
    Why: Items of two indents become one list or two, by chance.
    """
    previous = False
    for number, text in enumerate(page.body, 1):
        found = _ITEM.match(text)
        if not found or page.is_code(number):
            previous = previous and not text.strip()
            continue
        if (
            indent(text) in (1, 2, 3)
            and not previous
            and page.rendered.path_of.get(number, ()).count("li") <= 1
        ):
            yield page.problem(
                number, f"the list is indented by {indent(text)}; start it at the first column"
            )
        previous = True


def broken_item(page: Page) -> Iterator[Problem]:
    """The text of a list item goes on without indent.

    Bad: - a quotation that runs / over two lines
    Good: the second line indented by 4
    Why: The next edit makes a paragraph of it.
    """
    for number in range(2, len(page.body) + 1):
        text, above = page.line(number), page.line(number - 1)
        if (
            text
            and text[0] not in " \t-*+#>|<!?=`~:[{0123456789"
            and _ITEM.match(above)
            and len(above.strip()) > 2
            and not page.is_code(number)
        ) and (
            "li" in page.rendered.path_of.get(number, ())
            or page.rendered.path_of.get(number) is None
        ):
            yield page.problem(number, "the line belongs to the list item above; indent it by 4")


def split_list(page: Page) -> Iterator[Problem]:
    """A list is split by blank lines.

    Bad: two blank lines between two items
    Good: none, or a heading
    Why: The reader sees one list, the next writer two.
    """
    for number in range(3, len(page.body)):
        if (
            _ITEM.match(page.line(number))
            and not page.line(number - 1).strip()
            and not page.line(number - 2).strip()
        ):
            above = page.previous_text(number)
            if above and _ITEM.match(page.line(above)) and not page.is_code(number):
                yield page.problem(number - 1, "blank lines split the list; delete them")


def glued(page: Page) -> Iterator[Problem]:
    """A heading, an HTML block or a list stands without a blank line.

    Bad: ### Recordings and <div> in the next line
    Good: a blank line between them
    Why: It works by luck, and stops at the next edit.
    """
    for number in range(2, len(page.body) + 1):
        text, above = page.line(number), page.line(number - 1)
        if (
            not text.strip()
            or not above.strip()
            or page.is_code(number)
            or page.is_code(number - 1)
        ):
            continue
        tag, closing = (
            re.match(r"</?(?:div|details|figure|section)\b", text),
            re.match(r"</(?:div|details|figure|section)>", above),
        )
        heading, under = re.match(r"#{1,6} ", text), re.match(r"#{1,6} ", above)
        if under and (tag or heading or _ITEM.match(text) or re.match(r"[-*+]\s*$", text)):
            yield page.problem(number, "no blank line after the heading; insert one")
        elif closing and (heading or (tag and not text.startswith("</"))):
            yield page.problem(number, "no blank line after the HTML element; insert one")
        elif heading:
            yield page.problem(number, "no blank line before the heading; insert one")


def wrapper(page: Page) -> Iterator[Problem]:
    """A wrapper has no purpose.

    Bad: <div class="result" markdown> around one box
    Good: the box alone
    Why: It copies a class that the theme keeps for its own examples.
    """
    for tag in page.rendered.raw_tags:
        if not tag.close and tag.attributes.get("class", "") == "result":
            yield page.problem(
                tag.line, '<div class="result"> has no purpose here; take the wrapper away'
            )


def bare_figure(page: Page) -> Iterator[Problem]:
    """A figure has no caption.

    Bad: an image alone in its paragraph
    Good: the image, and below it a caption that says what to see
    Why: A picture without a sentence is decoration.
    """
    for link in page.rendered.links:
        if link.tag != "img" or link.attribute != "src" or not link.href:
            continue
        line, column = page.locate(link.line, link.href[:30])
        source = page.line(line).strip()
        alone = re.fullmatch(r"!\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?", source) or re.fullmatch(
            r"<img[^>]*>", source
        )
        end = line
        while page.line(end + 1).strip().startswith(("<img", "![")):
            end += 1
        captioned = page.line(end + 1).strip() and not page.line(end + 1).strip().startswith("</")
        if alone and not captioned:
            yield page.problem(line, "the figure has no caption; say below it what to see", column)


def caption(page: Page) -> Iterator[Problem]:
    """A table has no caption.

    Bad: a table alone
    Good: the table, and below it `Table: what it shows {#tab-x}`
    Why: A table that has no name cannot be linked.
    """
    for number in range(2, len(page.body) + 1):
        if (
            "th" not in page.rendered.path_of.get(number - 1, ())
            or not re.match(r"[ ]*\|?[\s|:-]+$", page.line(number))
            or "-" not in page.line(number)
        ):
            continue
        end = number
        while page.line(end + 1).strip():
            end += 1
        following = page.next_text(end + 1)
        if not following or not page.line(following).lstrip().startswith("Table:"):
            yield page.problem(
                number - 1,
                "the table has no caption; write 'Table: what it shows {#tab-name}' below it",
            )


def code_mathematics(page: Page) -> Iterator[Problem]:
    """A formula is written as code.

    Bad: `O(N^2)`
    Good: $O(N^2)$
    Why: It is read aloud as signs and looks like a program.
    """
    for start, text in page.rendered.inline_code:
        if (
            re.fullmatch(r"[OΘΩo]\([^()]*\)|[a-zA-Z]\^[\w{}]+|[\w ]+\^\{?[\w]+\}?", text.strip())
            and "^" in text
        ) or re.fullmatch(r"[OΘΩ]\([^()]+\)", text.strip()):
            line, column = page.locate(start, f"`{text}`")
            yield page.problem(line, f"'{text}' is mathematics; write '${text}$'", column)


_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u203c\u2049\u2b50]\ufe0f?")


def emoji(page: Page) -> Iterator[Problem]:
    """An emoji carries a meaning alone.

    Bad: an item that starts with two exclamation marks as a sign
    Good: **Important.** in words
    Why: Screen readers say its name, and not what you meant.
    """
    for number, text in enumerate(page.clean, 1):
        found = _EMOJI.search(text)
        if found and not page.is_code(number) and page.context(number) == "text":
            yield page.problem(
                number,
                f"the sign '{found[0]}' carries a meaning alone; say it in words",
                found.start() + 1,
            )


def dots(page: Page) -> Iterator[Problem]:
    """A list item holds nothing but dots.

    Bad: - ...
    Good: - and many more, each named
    Why: It promises what is not there.
    """
    for number, text in enumerate(page.body, 1):
        if re.match(r"[ \t]*[-*+][ \t]+(?:\.{2,}|…)[ \t]*$", text) and not page.is_code(number):
            yield page.problem(number, "the item holds only dots; complete the list or end it")


_STUB = re.compile(
    r"additional \w+ come up all the time|will be (?:added|shared|given|discussed) (?:soon|later|in"
    r" (?:the )?future)|in future versions|future versions|to be (?:added|continued)|coming"
    r" soon|work in progress|lorem ipsum|under construction|yet to be built",
    re.IGNORECASE,
)


def promise(page: Page) -> Iterator[Problem]:
    """A page promises instead of telling.

    Bad: the history will be shared in future versions
    Good: the history, or nothing
    Why: The reader came for it now.
    """
    for block in _prose(page):
        found = _STUB.search(block.text)
        if found:
            line, column = _at(page, block, found.start(), found[0])
            yield page.problem(
                line,
                f"'{found[0]}' promises instead of telling; write it or delete the sentence",
                column,
            )
        elif (
            block.tag in ("p", "li")
            and 0 < len(block.text.split()) <= 2
            and len(block.path) == 1
            and block.text.strip().rstrip(".").replace(" ", "").isalpha()
        ):
            line, column = _at(page, block, 0, block.text.strip().split("\n")[0])
            yield page.problem(
                line,
                f"'{block.text.strip()[:30]}' alone is no text; write a sentence or delete it",
                column,
            )


# references


def arxiv(page: Page) -> Iterator[Problem]:
    """A link leads to the PDF of a paper instead of its page.

    Bad: https://arxiv.org/pdf/2303.18223.pdf
    Good: https://arxiv.org/abs/2303.18223
    Why: A PDF has no abstract and no list of versions, and is heavy on a phone.
    """
    for link in page.rendered.links:
        found = re.match(r"https?://(?:www\.)?arxiv\.org/pdf/([\w.-]+?)(?:\.pdf)?$", link.href)
        if found:
            line, column = page.locate(link.line, link.href)
            edit = (
                page.replace(
                    line,
                    page.lines[line - 1].replace(link.href, f"https://arxiv.org/abs/{found[1]}"),
                )
                if link.href in page.line(line)
                else None
            )
            yield page.problem(
                line,
                f"a link to a PDF; write https://arxiv.org/abs/{found[1]}, or cite it",
                column,
                edit,
            )


def moved(page: Page) -> Iterator[Problem]:
    """A link has an address that is known to be wrong, moved or unfit.

    Bad: https://en.wikipedia.org/wiki/Foundation_models
    Good: https://en.wikipedia.org/wiki/Foundation_model
    Why: It redirects, is dead, or cannot be checked.
    """
    for link in page.rendered.links:
        for entry in load("terms.toml")["address"]:
            named = link.text.strip() in entry.get("text", (link.text.strip(),))
            if named and re.search(entry["pattern"], link.href):
                line, column = page.locate(link.line, link.href[:60])
                yield page.problem(line, f"{entry['fault']}; {entry['right']}", column)


def link_text(page: Page) -> Iterator[Problem]:
    """The text of a link differs from the title of what it leads to.

    Bad: [LLM Survey] for a paper with another title
    Good: the title as it is printed
    Why: The reader looks for a title that does not exist.
    """
    for link in page.rendered.links:
        for entry in load("terms.toml")["title"]:
            if (
                entry["address"] in link.href
                and link.tag == "a"
                and link.text.strip() in entry["wrong"]
            ):
                line, column = page.locate(link.line, link.text.strip()[:30])
                yield page.problem(
                    line, f"the text is not the title; write '{entry['right']}'", column
                )


def annotated(page: Page) -> Iterator[Problem]:
    """A list of references gives titles only.

    Bad: - [A title](https://example.com)
    Good: - [A title](https://example.com): who, when, why
    Why: A title alone does not say whether it is worth the click.
    """
    for number, text in enumerate(page.body, 1):
        if re.match(
            r"[ \t]*[-*+][ \t]+\[[^\]]+\]\(https?://[^)\]]+[)\]]\.?[ \t]*$", text
        ) and not page.is_code(number):
            yield page.problem(
                number, "the reference has no note; add author, year and one sentence on why"
            )


def everywhere(site: Site) -> Iterator[Problem]:
    """Several pages keep the same external reference.

    Bad: one survey in the lists of three pages
    Good: one entry in the bibliography, cited by its key
    Why: Each copy ages by itself.
    """
    seen: dict[str, tuple[str, int]] = {}
    for path, facts in site.chosen_facts():
        for line, url in facts.get("references", ()):
            if url in seen and seen[url][0] != path:
                yield site.problem(
                    path,
                    line,
                    f"'{url[:60]}' stands also in {seen[url][0]}, line {seen[url][1]}; cite it by"
                    " a key",
                )
            seen.setdefault(url, (path, line))


_PUBLICATION = re.compile(
    r"https?://(?:[\w-]+\.)?(?:wikipedia\.org|arxiv\.org|doi\.org|openreview\.net|aclanthology\.org)/"
)


def references(page: Page) -> list[list[Any]]:
    """The external addresses in list items of a page, and of publications anywhere."""
    found: list[list[Any]] = []
    for number, text in enumerate(page.body, 1):
        match = re.match(r"[ \t]*[-*+][ \t]+.*?\]\((https?://[^)\s]+)\)", text)
        if match and not page.is_code(number):
            found.append([number, match[1].rstrip("/")])
    for link in page.rendered.links:
        line, _ = page.locate(link.line, link.href[:60])
        entry = [line, link.href.rstrip("/")]
        if link.tag == "a" and _PUBLICATION.match(link.href) and link.href in page.line(line):
            found += [] if entry in found else [entry]
    return sorted(found)


def unsourced(page: Page) -> Iterator[Problem]:
    """A page of prose names no source.

    Bad: a page of a hundred words without a link or a citation
    Good: a citation behind each claim that is not common knowledge
    Why: The reader cannot tell knowledge from opinion.
    """
    if re.search(
        r"(?m)^kind:\s*(?:index|guide|reference)\b", "\n".join(page.lines[: page.front_lines])
    ):
        return
    cited = {link.line for link in page.rendered.links if link.href.startswith("http")}
    cited |= {number for number, text in enumerate(page.body, 1) if "[^" in text}
    limit = 400 if cited else 120
    words, start, last = 0, 0, 0
    for line, end, count in _paragraph_lengths(page):
        if any(last < number <= end + 1 for number in cited):
            words, last = 0, end
            continue
        start = start if words else line
        words, last = words + count, end
        if words > limit:
            what = "this part of the page" if cited else "the page"
            yield page.problem(start, f"{what} names no source; cite one behind each claim")
            return


def _paragraph_lengths(page: Page) -> Iterator[tuple[int, int, int]]:
    """The paragraphs before the exercises: first line, last line, words."""
    stop = min(
        (h.line for h in page.rendered.headings if h.text.strip() in ("Exercises", "References")),
        default=len(page.body) + 1,
    )
    for block in _prose(page):
        if block.tag == "p" and block.line < stop:
            yield block.lines[0], block.lines[-1], len(block.text.split())


PAGE: dict[str, Callable[[Any], Any]] = {
    "P01": repeated_word,
    "P02": spelling,
    "P03": terms,
    "P04": undated,
    "P06": unfinished,
    "P07": abbreviation,
    "P08": claims,
    "P09": promise,
    "P10": heading_end,
    "P11": blanks,
    "P12": bullets,
    "P13": list_margin,
    "P14": broken_item,
    "P15": split_list,
    "P16": glued,
    "P17": wrapper,
    "P18": bare_figure,
    "P19": caption,
    "P20": code_mathematics,
    "P21": emoji,
    "P22": dots,
    "P23": schema,
    "X01": arxiv,
    "X02": moved,
    "X03": link_text,
    "X04": annotated,
    "X06": unsourced,
    **outline.PAGE,
}
PROJECT: dict[str, Callable[[Any], Any]] = {
    "P05": same_paragraph,
    "X05": everywhere,
    **outline.PROJECT,
}
