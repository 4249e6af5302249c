"""Steps: a box `!!! steps "Training"` around a numbered list, and `` `text`{ .line } ``, a line of the page's code.

The text is a part of one line in the folder of the page. It becomes a link to that line, in the excerpt that shows it,
else to the file, and shows the name of the function in which the line stands: half a line of code, torn from its
function, helped no reader. `` `function: text`{ .line } `` says in which function the line stands.
"""

from __future__ import annotations

import ast
import difflib
import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString, code_escape

from scripts.checker import files, symlinks
from scripts.checker.page import Page
from scripts.extensions.builder import of, sub
from scripts.extensions.excerpts import MARK, Shown

MOST = 10
WRITTEN = re.compile(
    r"(?P<ticks>(?<!`)`+(?!`))(?P<text>[^\n]+?)(?<!`)(?P=ticks)(?!`)(?P<list>\{[^{}\n]*\.line\b[^{}\n]*\})"
)
WITHIN = re.compile(r"(?P<function>[A-Za-z_][\w.]*):[ ]+(?P<text>\S.*)")
# A function of a module of JavaScript ends at the brace below its first letter.
FUNCTION = re.compile(
    r"(?P<indent>[ ]*)(?:export )?(?:default )?(?:async )?function\*?[ ]+(?P<name>\w+)"
)


@dataclass(frozen=True)
class Function:
    """A function or a class of a file, from its first line to its last; `name` holds those around it."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Code:
    """The lines of a file that do something, by their numbers, and its functions from the outer to the inner."""

    lines: dict[int, str]
    functions: tuple[Function, ...]

    def around(self, line: int) -> str:
        """The innermost function that holds a line, or nothing."""
        held = [f.name for f in self.functions if f.first <= line <= f.last]
        return held[-1] if held else ""


@dataclass(frozen=True)
class Found:
    """A line of code that holds a quoted text."""

    file: Path
    line: int
    function: str


def no_line(page: Page, at: int, text: str, folder: str, codes: dict[Path, Code]) -> None:
    """The text of a line of code stands in no line of the page's code.

    Bad: Take the logarithm. `return math.lag(x)`{ .line }
    Good: Take the logarithm. `return math.log(x)`{ .line }
    Why: The code was changed, and the step tells of a line that is gone.
    """
    if not codes:
        page.report("Q09", f"'{text}' is a line of no code: {folder}/ has none; write it there", at)
        return
    known = {line for code in codes.values() for line in code.lines.values()}
    within = WITHIN.fullmatch(text)
    near = difflib.get_close_matches(within["text"] if within else text, known, 1, 0.5)
    hint = f"it has '{near[0]}'" if near else "quote a part of a line as it stands there"
    where = ", ".join(file.name for file in codes)
    page.report("Q09", f"no line of {where} holds '{text}'; {hint}", at)


def several_lines(page: Page, at: int, text: str, found: list[Found]) -> None:
    """The text of a line of code stands in several lines.

    Bad: Return it. `return`{ .line }
    Good: Return it. `return math.log(x)`{ .line }
    Why: Where the link leads would be decided by chance.
    """
    named = [
        f"{f.line} of {f.file.name}" + (f" ({f.function})" if f.function else "") for f in found
    ]
    told = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    other = len({found.function for found in found}) > 1
    hint = f", or write 'function: {text}' to say in which function" if other else ""
    page.report("Q10", f"'{text}' stands in lines {told}; quote more of the line{hint}", at)


def no_steps(page: Page, title: str, count: int) -> None:
    """A box of steps has no numbered list, or one of more than ten steps.

    Bad:
        !!! steps "Training"
            Draw noise and take a step.
    Good:
        !!! steps "Training"
            1. Draw noise.
            2. Take a step.
    Why: The reader follows the steps one by one, and holds no more than ten.
    """
    lines = page.text.split("\n")
    opener = re.compile(r"[ \t]*!!![ \t]+steps\b")
    starts = [n for n, line in enumerate(lines) if opener.match(line)]
    named = [n for n in starts if title and title in lines[n]] or starts or [0]
    at = sum(len(line) + 1 for line in lines[: named[0]])
    text = f"has {count} steps, more than {MOST}; join some" if count else "has no numbered list"
    page.report("Q11", f"the box '{title}' {text}{'' if count else '; number the steps'}", at)


RULES: dict[str, Callable[..., object]] = {"Q09": no_line, "Q10": several_lines, "Q11": no_steps}


def names(folder: Path) -> tuple[str, ...]:
    """The code files of a page by its folder: those in Python, or else its modules in JavaScript."""
    if not folder.is_dir():
        return ()
    found = sorted(path.name for path in folder.iterdir() if path.is_file())
    python = tuple(name for name in found if name.endswith(".py"))
    return python or tuple(name for name in found if name.endswith(".mjs"))


def code(path: Path) -> Code:
    """The lines of a file without blank ones, comments, docstrings and marks of excerpts, and its functions."""
    text = files.read(path)
    lines = text.split("\n")
    told, functions = _python(text) if path.suffix == ".py" else (set(), _javascript(lines))
    return Code(
        {
            number: line.strip()
            for number, line in enumerate(lines, 1)
            if line.strip()
            and number not in told
            and not line.lstrip().startswith(("#", "//"))
            and not MARK.search(line)
        },
        tuple(functions),
    )


def _python(text: str) -> tuple[set[int], list[Function]]:
    """The lines of the docstrings, and the functions; nothing of a file that cannot be read as Python."""
    told: set[int] = set()
    functions: list[Function] = []

    def walk(node: ast.AST, name: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                told.update(range(child.lineno, (child.end_lineno or child.lineno) + 1))
            inner = name
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{name}.{child.name}".lstrip(".")
                functions.append(Function(inner, child.lineno, child.end_lineno or child.lineno))
            walk(child, inner)

    try:
        walk(ast.parse(text), "")
    except (SyntaxError, ValueError):
        return set(), []
    return told, functions


def _javascript(lines: list[str]) -> Iterator[Function]:
    for number, line in enumerate(lines, 1):
        start = FUNCTION.match(line)
        if start:
            end = (
                n for n in range(number, len(lines)) if lines[n].rstrip() == start["indent"] + "}"
            )
            yield Function(start["name"], number, next(end, number - 1) + 1)


def search(codes: dict[Path, Code], text: str) -> tuple[str, list[Found]]:
    """The text that is shown, and the lines that hold it: all, or those of the function that it names."""
    found = list(_holding(codes, text))
    within = None if found else WITHIN.fullmatch(text)
    if within is None:
        return text, found
    return within["text"], list(_holding(codes, within["text"], within["function"]))


def _holding(codes: dict[Path, Code], text: str, function: str = "") -> Iterator[Found]:
    for file, known in codes.items():
        for number, line in known.lines.items():
            if text in line and (not function or _inside(known, number, function)):
                yield Found(file, number, known.around(number))


def _inside(known: Code, line: int, function: str) -> bool:
    return any(
        f.first <= line <= f.last and f".{f.name}".endswith(f".{function}") for f in known.functions
    )


class _Lines(Treeprocessor):
    """Code that quotes a line becomes a link to it; boxes of steps that follow each other stand in a row."""

    def run(self, root: Element) -> None:
        page = of(self.md)
        targets: list[tuple[Element, str]] = []
        page.notes["lines"] = targets
        quoting = [
            (parent, child)
            for parent in root.iter()
            for child in parent
            if child.tag == "code" and "line" in (child.get("class") or "").split()
        ]
        if quoting:
            codes = self._codes(page)
            written = _written(page)
            for parent, child in quoting:
                text = page.plain(html.unescape(child.text or "")).strip()
                at = next((w for w in written if w[0] == text), (text, page.find(text)))
                if at in written:
                    written.remove(at)
                self._line(page, parent, child, at, codes, targets)
        boxes = [box for box in root.iter("div") if is_steps(box)]
        for box in boxes:
            self._count(page, box)
        if boxes and not page.marked:
            for parent in list(root.iter()):
                self._row(parent)

    @staticmethod
    def _codes(page: Page) -> dict[Path, Code]:
        """The code of the page, of which every file and the list of them are what the page is made from."""
        folder = page.docs / page.path.removesuffix(".md")
        if not page.path:
            return {}
        found = {}
        for name in page.ask(names, folder):
            file = folder / name
            page.reads(file)
            if symlinks.outward(file, page.docs):
                continue
            try:
                found[file] = files.load(file, code)
            except (OSError, UnicodeDecodeError):
                continue
        return found

    def _line(
        self,
        page: Page,
        parent: Element,
        child: Element,
        at: tuple[str, int],
        codes: dict[Path, Code],
        targets: list[tuple[Element, str]],
    ) -> None:
        text, offset = at
        shown, found = search(codes, text)
        if not page.path:
            return
        if len(found) != 1:
            if found:
                several_lines(page, offset, shown, found)
            else:
                no_line(page, offset, text, page.path.removesuffix(".md"), codes)
            return
        if page.marked:
            return
        place = found[0]
        link = Element("a", {"class": "code-line"})
        link.set("href", page.link(place.file.relative_to(page.docs).as_posix()))
        label = place.function or place.file.name
        link.set("title", shown)
        link.set("aria-label", f"{label}, line {place.line} of {place.file.name}")
        sub(link, "code").text = AtomicString(code_escape(label))
        link.tail = child.tail
        parent[list(parent).index(child)] = link
        anchor = self._anchor(page.notes.get("excerpts", ()), place)
        if anchor:
            targets.append((link, anchor))

    def _anchor(self, excerpts: Iterable[Shown], place: Found) -> str:
        """The id of the line in the first excerpt that shows it, where it is given one; nothing if none does."""
        for shown in excerpts:
            if shown.file != place.file or place.line not in shown.numbers:
                continue
            row = shown.numbers.index(place.line)
            name = "-".join(filter(None, ("line", shown.file.stem, shown.name, str(row + 1))))
            blocks = self.md.htmlStash.rawHtmlBlocks
            block = str(blocks[shown.block])
            if f'<span id="{name}">' not in block:
                head, code_tag, body = block.partition("<code>")
                rows = body.split("\n")
                # The line above may end here: each holds the end of its line, since it is drawn as a block.
                above = "</span>" if rows[row].startswith("</span>") else ""
                rows[row] = f'{above}<span id="{name}">{rows[row].removeprefix(above)}'
                rows[row + 1] = f"</span>{rows[row + 1]}"
                blocks[shown.block] = head + code_tag + "\n".join(rows)
            return name
        return ""

    @staticmethod
    def _count(page: Page, box: Element) -> None:
        lists = [child for child in box if child.tag == "ol"]
        count = sum(1 for found in lists for _ in found.iter("li"))
        if not lists or count > MOST:
            title = next((t for t in box if t.get("class") == "admonition-title"), None)
            no_steps(
                page, page.plain("".join(title.itertext()) if title is not None else ""), count
            )

    @staticmethod
    def _row(parent: Element) -> None:
        """Boxes of steps that follow each other, in one element."""
        for steps, group in groupby(list(parent), is_steps):
            together = list(group)
            if not steps or len(together) < 2:
                continue
            row = Element("div", {"class": "steps-row"})
            parent.insert(list(parent).index(together[0]), row)
            for box in together:
                parent.remove(box)
                row.append(box)


def is_steps(element: Element) -> bool:
    """Whether an element is a box of steps."""
    return {"admonition", "steps"} <= set((element.get("class") or "").split())


def _written(page: Page) -> list[tuple[str, int]]:
    """The quoted lines of the source in their order, each with its offset; those in code are none."""
    blank = page.unquoted
    return [
        (found["text"].strip(), found.start())
        for found in WRITTEN.finditer(page.text)
        if blank[found.start("list") : found.end("list")] == found["list"]
    ]


class _Targets(Treeprocessor):
    """Links to lines that the page shows itself, after the builder has looked at the links to files."""

    def run(self, root: Element) -> None:
        for link, anchor in of(self.md).notes.get("lines", ()):
            link.set("href", f"#{anchor}")


class StepsExtension(Extension):
    """Boxes of steps, and links to lines of code."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        # After the attribute lists, before the quotes.
        md.treeprocessors.register(_Lines(md), "steps", 7.8)
        md.treeprocessors.register(_Targets(md), "steps-targets", -1)


def makeExtension(**kwargs: object) -> StepsExtension:
    """For Python-Markdown."""
    return StepsExtension(**kwargs)
