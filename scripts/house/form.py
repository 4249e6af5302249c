"""Rules P on the form of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page, indent
from scripts.checker.problem import Problem
from scripts.house.prose import ITEM, placed, running


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

    Bad:
        - one

        Text.

        * another
    Good:
        - one

        Text.

        - another
    Why: Two signs in a row split a list in two.
    """
    for number, text in enumerate(page.body, 1):
        found = re.match(r"[ \t]*([*+])[ \t]+\S", text)
        if found and not page.is_code(number) and "li" in page.rendered.path_of.get(number, ()):
            yield page.problem(number, f"the list uses '{found[1]}'; write '-'")
            return


def list_margin(page: Page) -> Iterator[Problem]:
    """A list is indented where nothing asks for it.

    Bad:
        Text.

          - One
          - Two
    Good:
        Text.

        - One
        - Two
    Why: Items of two indents become one list or two, by chance.
    """
    previous = False
    for number, text in enumerate(page.body, 1):
        found = ITEM.match(text)
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

    Bad:
        - A quotation that runs on
        over a second line.
    Good:
        - A quotation that runs on
            over a second line.
    Why: The next edit makes a paragraph of it.
    """
    for number in range(2, len(page.body) + 1):
        text, above = page.line(number), page.line(number - 1)
        if (
            text
            and text[0] not in " \t-*+#>|<!?=`~:[{0123456789"
            and ITEM.match(above)
            and len(above.strip()) > 2
            and not page.is_code(number)
        ) and (
            "li" in page.rendered.path_of.get(number, ())
            or page.rendered.path_of.get(number) is None
        ):
            yield page.problem(number, "the line belongs to the list item above; indent it by 4")


def split_list(page: Page) -> Iterator[Problem]:
    """A list is split by blank lines.

    Bad:
        - One


        - Two
    Good:
        - One
        - Two
    Why: The reader sees one list, the next writer two.
    """
    for number in range(3, len(page.body)):
        if (
            ITEM.match(page.line(number))
            and not page.line(number - 1).strip()
            and not page.line(number - 2).strip()
        ):
            above = page.previous_text(number)
            if above and ITEM.match(page.line(above)) and not page.is_code(number):
                yield page.problem(number - 1, "blank lines split the list; delete them")


def glued(page: Page) -> Iterator[Problem]:
    """A heading, an HTML block or a list stands without a blank line.

    Bad:
        ## Recordings
        <div markdown>

        Text.

        </div>
    Good:
        ## Recordings

        <div markdown>

        Text.

        </div>
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
        if under and (tag or heading or ITEM.match(text) or re.match(r"[-*+]\s*$", text)):
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

    Bad: <img src="img/a.png" alt="The loss falls">
    Good:
        ![The loss falls](img/a.png)
        The loss falls fast, and then levels off.
    Why: A picture without a sentence is decoration.
    """
    for link in page.rendered.links:
        if link.tag != "img" or link.attribute != "src" or not link.href:
            continue
        line, column = page.locate(link.line, link.href[:30])
        source = page.line(line).strip()
        if "align-" in link.attributes.get("class", ""):  # the text beside it says what to see
            continue
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

    Bad:
        | a | b |
        | --- | --- |
        | 1 | 2 |
    Good:
        | a | b |
        | --- | --- |
        | 1 | 2 |

        Table: What it shows {#tab-x}
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

    Bad: - ‼️ A paper of weight.
    Good: - **Important.** A paper of weight.
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

    Bad: The history will be shared in future versions.
    Good: The history of the field is short.
    Why: The reader came for it now.
    """
    for block in running(page):
        found = _STUB.search(block.text)
        if found:
            line, column = placed(page, block, found.start(), found[0])
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
            line, column = placed(page, block, 0, block.text.strip().split("\n")[0])
            yield page.problem(
                line or block.line,  # a mark of a source may part the words
                f"'{block.text.strip()[:30]}' alone is no text; write a sentence or delete it",
                column,
            )
