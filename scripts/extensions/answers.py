"""Answers of exercises that a reader types or chooses, and is told whether they are right.

    Answer: 1.625 {#answer-vae-code unit="nats"}
    Nearly: 2.34 => That is the answer in bits; the question asks for nats.
    Hint: Sum over both units.

The lines stand together below the question. What the answer is: a number, several (`0.955; 0.549`), an
interval (`[0, 2]`), an expression (`of="x"` names its variables), or a choice: one line `Right:` and one to
four `Wrong:`. The block becomes an empty box; docs/assets/answers.mjs makes a field or a choice of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.extensions.attr_list import get_attrs_and_remainder

from scripts.checker import files, marks
from scripts.checker.page import Page
from scripts.extensions import all_pages
from scripts.extensions.builder import of, sub
from scripts.extensions.expressions import evaluate

OPEN = re.compile(r"^[ ]{0,3}Answer:(?=[ \U000f0000-\U0010fffd])", re.MULTILINE)
HEAD = re.compile(r"[ ]*Answer:[ ]*(?P<text>.*?)[ ]*\{:?(?P<attributes>[^{}]*)\}[ ]*")
LINE = re.compile(r"[ ]*(?P<word>Right|Nearly|Wrong|Hint):[ ]*(?P<text>.*?)[ ]*")
INTERVAL = re.compile(r"[\[(](?P<low>[^,;]+)[,;](?P<high>[^,;]+)[\])]")
QUESTION = re.compile(r"\W*(?P<number>\d+)\.\W")
DECIMAL = re.compile(r"-?\d+(?:\.(?P<digits>\d+))?")
KEYS = frozenset(("id", "unit", "label", "within", "near", "of"))
ENDS = ("from", "to")  # of an interval
WITHIN, NEAR = 0.01, 0.05  # of a number that is no integer, if its author says nothing
POINTS = (0.37, 0.71, 1.3, 1.9, 2.6)  # where expressions are compared


class Unreadable(ValueError):
    """An answer that cannot be asked: the code of the rule, what to do, and what of the source to look for."""

    def __init__(self, code: str, text: str, part: str) -> None:
        super().__init__(text)
        self.code, self.part = code, part


@dataclass(frozen=True)
class Part:
    """A number of an answer as it is printed, and how far from it is right and nearly right."""

    text: str
    value: float
    label: str
    unit: str
    within: float
    near: float

    @property
    def rounding(self) -> float:
        """How far the exact number may be from the printed one: half a unit of its last digit."""
        return rounding(self.text, self.value)


@dataclass(frozen=True)
class Reply:
    """A line below the answer: what it says of which numbers, or an option of a choice with its remark."""

    says: str
    texts: tuple[str, ...]
    values: tuple[float, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The answer of an exercise."""

    name: str
    parts: tuple[Part, ...]
    variables: tuple[str, ...]
    expected: str
    replies: tuple[Reply, ...]

    @property
    def kind(self) -> str:
        """`numbers`, `expression` or `choice`."""
        return "numbers" if self.parts else "expression" if self.expected else "choice"


def rounding(text: str, value: float) -> float:
    """Half a unit of the last digit of a decimal number; of any other number next to nothing."""
    decimal = DECIMAL.fullmatch(text.strip())
    return 0.5 * 10.0 ** -len(decimal["digits"] or "") if decimal else 1e-9 * abs(value)


def parse(lines: list[str]) -> Answer:
    """An answer from its lines; Unreadable if it cannot be asked."""
    head = HEAD.fullmatch(lines[0])
    if head is None:
        raise Unreadable("J01", "the answer has no id; write {#answer-stem-name} behind it", "")
    pairs, rest = get_attrs_and_remainder(head["attributes"])
    told = dict(pairs)
    if strange := [key for key in told if key not in KEYS] or rest.split():
        known = ", ".join(sorted(KEYS - {"id"}))
        raise Unreadable("J01", f"an answer has no '{strange[0]}', but {known}", strange[0])
    replies = tuple(_reply(line, head["text"], "of" in told) for line in lines[1:])
    name, text = told.get("id", ""), head["text"]
    if not text:
        return Answer(name, (), (), "", _choices(replies))
    if "of" in told:
        return Answer(name, (), _variables(text, told["of"]), text, replies)
    return Answer(name, _parts(text, told), (), "", replies)


def _reply(line: str, answer: str, expression: bool) -> Reply:
    """One of the lines below the answer."""
    found = LINE.fullmatch(marks.strip(line))
    if found is None:
        words = "a line below an answer begins with 'Right:', 'Nearly:', 'Wrong:' or 'Hint:'"
        raise Unreadable("J01", f"{words}; put a blank line before other text", line.strip())
    says = found["word"].lower()
    # The marks of the check stay in what is printed.
    text = line.split(":", 1)[1].strip()
    if says == "hint":
        return Reply(says, (text,), (), ())
    left, _, remark = (part.strip() for part in text.partition("=>"))
    if not answer:
        return Reply(says, (left, remark) if remark else (left,), (), ())
    if says == "right":
        raise Unreadable(
            "J03", "an answer is typed or chosen; delete the text, or 'Right:'", answer
        )
    if not remark or expression:
        raise Unreadable("J01", "write 'Nearly: number => what is told'", found["text"])
    numbers = tuple(_split(marks.strip(left)))
    return Reply(says, (remark,), tuple(_number(one) for one in numbers), numbers)


def _choices(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """The options, if one of two to five is right."""
    options = [reply.says for reply in replies if reply.says != "hint"]
    if options.count("right") != 1 or not 2 <= len(options) <= 5 or "nearly" in options:
        raise Unreadable("J03", "a choice has one 'Right:' and one to four 'Wrong:'", "")
    return replies


def _variables(text: str, of_: str) -> tuple[str, ...]:
    """The variables of an expression, if it has a value for them."""
    names = tuple(of_.replace(",", " ").split())
    for at in points(names):
        try:
            evaluate(text, at)
        except ValueError as error:
            raise Unreadable("J01", f"{error} for {', '.join(names)}", text) from error
    return names


def points(names: tuple[str, ...]) -> list[dict[str, float]]:
    """Where an expression is compared, as the browser does it."""
    return [{name: POINTS[(i + 2 * k) % 5] for k, name in enumerate(names)} for i in range(5)]


def _split(text: str) -> list[str]:
    """The numbers of an answer, or the ends of an interval."""
    interval = INTERVAL.fullmatch(text)
    parts = [interval["low"], interval["high"]] if interval else text.split(";")
    return [part.strip() for part in parts]


def _number(text: str) -> float:
    try:
        value = evaluate(text)
    except ValueError as error:
        words = f"'{text}' is no number; write 0.5, 3/2 or 2^10, and units as unit=\"…\""
        raise Unreadable("J01", words, text) from error
    return value


def _parts(text: str, told: dict[str, str]) -> tuple[Part, ...]:
    """The numbers of an answer, with what is said of each."""
    numbers = _split(text)
    ends = ENDS if INTERVAL.fullmatch(text) else ()
    labels = _each(told, "label", numbers) or ends
    if len(numbers) > 1 and len(labels) != len(numbers):
        words = f'name the {len(numbers)} numbers: label="the first; the second"'
        raise Unreadable("J01", words, text)
    units = _each(told, "unit", numbers)
    within, near = _each(told, "within", numbers), _each(told, "near", numbers)
    parts = []
    for i, one in enumerate(numbers):
        value = _number(one)
        whole = not math.isfinite(value) or (value == round(value) and "." not in one)
        size = abs(value) if math.isfinite(value) else 0.0
        digits = 0.0 if whole else rounding(one, value)
        right = _number(within[i]) if within else 0.0 if whole else max(WITHIN * size, digits)
        close = _number(near[i]) if near else max(NEAR * size, right)
        if close < right or right < digits:
            words = f"near={close:g} holds less than within={right:g}"
            if close >= right:
                words = f"within={right:g} does not hold what {one} is rounded from"
            raise Unreadable("J02", f"{words}; make it larger", told.get("within", one))
        label = labels[i] if labels else ""
        parts.append(Part(one, value, label, units[i] if units else "", right, close))
    return tuple(parts)


def _each(told: dict[str, str], key: str, numbers: list[str]) -> tuple[str, ...]:
    """What is said of each number: one thing for all, or as many as there are numbers."""
    if key not in told:
        return ()
    said = tuple(part.strip() for part in told[key].split(";"))
    if len(said) == 1 and key != "label":
        said *= len(numbers)
    if len(said) != len(numbers):
        words = f"{key} has {len(said)} parts, the answer {len(numbers)}; separate them by ';'"
        raise Unreadable("J01", words, told[key])
    return said


def malformed(page: Page, text: str, at: int) -> None:
    """An answer that readers type cannot be asked.

    Bad: Answer: about 3 {#answer-page-units}
    Good: Answer: 3 {#answer-page-units}
    Why: The field would call every answer wrong, or there would be none.
    """
    page.report("J01", text, at)


def tolerance(page: Page, text: str, at: int) -> None:
    """What is nearly right holds less than what is right, or what is right less than the printed digits.

    Bad: Answer: 1.625 {#answer-page-code within=0.1 near=0.01}
    Good: Answer: 1.625 {#answer-page-code within=0.01 near=0.1}
    Why: A reader who calculates well would be told that the answer is wrong.
    """
    page.report("J02", text, at)


def options(page: Page, text: str, at: int) -> None:
    """A choice does not have one right option and one to four wrong ones.

    Bad:
        Answer: {#answer-page-sign}
        Wrong: It falls.
        Wrong: It stays.
    Good:
        Answer: {#answer-page-sign}
        Right: It grows.
        Wrong: It falls.
        Wrong: It stays.
    Why: Nobody could choose what is right, or everybody would.
    """
    page.report("J03", text, at)


def odd_id(page: Page, name: str, wanted: str, at: int) -> None:
    """The id of an answer does not begin with `answer-` and the stem of its page.

    Bad: Answer: 3 {#units}
    Good: Answer: 3 {#answer-page-units}
    Why: A test finds an answer by its id, and the id tells the page.
    """
    page.report("J04", f"the id '{name}' of an answer begins with '{wanted}'; rename it", at)


def twice(page: Page, name: str, at: int) -> None:
    """Two answers of a page have one id.

    Bad:
        Answer: 3 {#answer-page-units}

        Answer: 4 {#answer-page-units}
    Good:
        Answer: 3 {#answer-page-units}

        Answer: 4 {#answer-page-codes}
    Why: A test that names it computes one of the two.
    """
    page.report("J05", f"the id '{name}' is used twice; rename one", at)


RULES: dict[str, Callable[..., object]] = {
    "J01": malformed,
    "J02": tolerance,
    "J03": options,
    "J04": odd_id,
    "J05": twice,
}


def prefix(uri: str) -> str:
    """How the ids of the answers of a page begin."""
    return f"answer-{Path(uri).stem}-" if uri else "answer-"


def read(path: Path) -> tuple[Answer, ...]:
    """The answers of a page; one that cannot be asked is told of when the page is rendered."""
    page = files.load(path, all_pages.read)
    found = []
    for opening in OPEN.finditer(page.blanked):
        block = page.text[opening.start() :].split("\n\n", 1)[0].rstrip("\n")
        try:
            found.append(parse(block.split("\n")))
        except Unreadable:
            continue
    return tuple(found)


def printed(docs: Path) -> dict[str, list[Answer]]:
    """The answers of all pages that have some, by the path of the page."""
    found = {uri: list(files.load(p.path, read)) for uri, p in all_pages.pages(docs).items()}
    return {uri: answers for uri, answers in found.items() if answers}


class _Block(BlockProcessor):
    """An answer and the lines below it."""

    def __init__(self, parser: BlockParser, md: Markdown) -> None:
        super().__init__(parser)
        self.md = md

    def test(self, parent: Element, block: str) -> bool:
        return bool(OPEN.search(block))

    def run(self, parent: Element, blocks: list[str]) -> bool:
        block = blocks.pop(0)
        opening = OPEN.search(block)
        start = opening.start() if opening else 0
        if block[:start].strip():
            self.parser.parseBlocks(parent, [block[:start].rstrip("\n")])
        page = of(self.md)
        lines = block[start:].rstrip("\n").split("\n")
        first = marks.strip(lines[0]).strip()
        at = page.find(first)
        try:
            answer = parse([first, *lines[1:]])
        except Unreadable as fault:
            RULES[fault.code](page, str(fault), self._place(page, at, fault.part))
            return True
        used: set[str] = page.notes.setdefault("answers", set())
        if not answer.name.startswith(prefix(page.path)):
            odd_id(page, answer.name, prefix(page.path), self._place(page, at, f"#{answer.name}"))
        elif answer.name in used:
            twice(page, answer.name, self._place(page, at, f"#{answer.name}"))
        used.add(answer.name)
        page.notes.setdefault("held", []).append(self._box(parent, answer))
        return True

    @staticmethod
    def _place(page: Page, at: int, part: str) -> int:
        """Where a part of the answer stands, from the answer's first line on."""
        found = page.text.find(part, at) if part else at
        return found if found >= 0 else at

    @staticmethod
    def _box(parent: Element, answer: Answer) -> Element:
        """The empty box, and in it what may be told of an answer; nobody sees that without a script."""
        above = "".join(parent[-1].itertext()) if len(parent) else ""
        question = QUESTION.match(marks.strip(above))
        told: dict[str, Any] = {"exercise": question["number"] if question else ""}
        if answer.kind == "numbers":
            told["parts"] = [
                {"label": p.label, "unit": p.unit}
                | {"value": p.value, "within": p.within, "near": p.near}
                for p in answer.parts
            ]
        elif answer.kind == "expression":
            told |= {"expected": answer.expected, "of": list(answer.variables)}
        options = [one for one in answer.replies if one.says != "hint"]
        rows = len(options) if answer.kind == "choice" else len(answer.parts) or 1
        classes = f"answer answer-{answer.kind} answer-rows-{min(rows, 5)}"
        box = sub(parent, "div", class_=classes, id=answer.name)
        box.set("data-answer", _json(told))
        box.set("data-search-exclude", "true")
        held = sub(box, "template")
        for reply in answer.replies:
            line = sub(held, "p", data_says=reply.says)
            if reply.values:
                line.set("data-values", _json(reply.values))
            for text in reply.texts:
                sub(line, "span", text)
        return held


def _json(told: object) -> str:
    """What the page's script reads: JSON has no infinity, but numbers that are too large."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"(?<=[:\[,-])Infinity\b", "1e999", text)


class AnswersExtension(Extension):
    """Answers that readers type or choose."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.parser.blockprocessors.register(_Block(md.parser, md), "answers", 79)


def makeExtension(**kwargs: object) -> AnswersExtension:
    """For Python-Markdown."""
    return AnswersExtension(**kwargs)
