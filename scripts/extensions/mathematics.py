"""Mathematics: `$…$` in the text and `$$ … $$` on lines of its own become MathML; no script is needed.

    $$
    \\log p(x) \\ge \\mathcal{L}(x)
    $$ {#eq-vae-bound}

A displayed equation has an id and is one of three: checked by a test that carries its id
(`@pytest.mark.equation("eq-vae-bound")`), `.definition`, or `.unchecked reason="…"`.
Only pages below contributing/ may have `.unnumbered` ones. `\\$` is a dollar; so is one before a blank
and one whose pair would be followed by a digit: "$5 and $6".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.extensions.attr_list import get_attrs_and_remainder
from markdown.inlinepatterns import InlineProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from scripts.checker.page import Page
from scripts.extensions import characters, equation_tests, locked, mathml, states
from scripts.extensions.builder import of, sub
from scripts.extensions.states import Equation

LEDGER = "references/equations"
PARTED = re.compile(rf"{LEDGER}-(?P<section>[a-z0-9-]+?)(?:-(?P<first>[a-z])-(?P<last>[a-z]))?\.md")
LOCK = "tests/equations.lock"

TEX = r"(?:\\[\s\S]|[^\\$\x02\x03])"
INLINE = rf"(?<![\\$])\$(?![\s$])(?P<tex>{TEX}*?(?:\\[\s\S]|[^\s\\$\x02\x03]))\$(?![\d$])"
DISPLAY = (
    r"\$\$(?P<display>(?:\\[\s\S]|[^\\$]|\$(?!\$))*?)\$\$"
    r"(?P<attributes>[ \t]*\{[^\n]*\})?[ \t]*(?=\n|\Z)"
)

# Characters that other parts of Markdown would take for their own, hidden until mathematics is read.
HIDDEN = {"<": "\ue1e1", ">": "\ue1e2", "&": "\ue1e3", "|": "\ue1e4"}
BLANK_LINE = "\ue1e5"
HIDE = str.maketrans(HIDDEN)
SHOW = str.maketrans({sign: char for char, sign in HIDDEN.items()} | {BLANK_LINE: ""})
SHOW_ESCAPED = str.maketrans(
    {"\ue1e1": "&lt;", "\ue1e2": "&gt;", "\ue1e3": "&amp;", "\ue1e4": "|", BLANK_LINE: ""}
)
ANY_HIDDEN = re.compile("[\ue1e1-\ue1e5]")

SCAN = re.compile(
    r"(?P<skip>\\[\\`$]"
    r"|<!--[\s\S]*?(?:-->|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t>]*\n)[\s\S])+?(?<!`)(?P=ticks)(?!`))"
    rf"|(?P<block>^[ \t>]*{DISPLAY})"
    rf"|(?P<inline>{INLINE})",
    re.MULTILINE,
)


def parse(tex: str, attributes: str) -> Equation:
    """The equation that its TeX and what stands in braces behind it give."""
    name = kind = reason = ""
    pairs, _ = get_attrs_and_remainder(attributes.strip()[1:-1]) if attributes else ([], "")
    for key, value in pairs:
        if key == "id":
            name = value
        elif key == "." and value in {"definition", "unchecked", "unnumbered"}:
            kind = value
        elif key == "reason":
            reason = value
    return Equation(tex.strip(), name, kind, reason)


def unreadable(page: Page, error: mathml.TexError, at: int) -> None:
    """The TeX of a formula cannot be read.

    Bad: $\\frc{1}{2}$
    Good: $\\frac{1}{2}$
    Why: In place of the formula the reader gets its source.
    """
    page.report("E01", f"TeX: {error}; correct the formula", at)


def unclosed(page: Page, line: str) -> None:
    """A displayed equation does not end.

    Bad:
        $$
        x = y

        Text.
    Good:
        $$
        x = y
        $$ {#eq-stem-name}
    Why: The formula and the signs are printed as text.
    """
    at = page.find_block(line.translate(SHOW))
    page.report("E02", "the equation that begins here does not end; write $$ below it", at)


RULES: dict[str, Callable[..., object]] = {"E01": unreadable, "E02": unclosed}


class _Hide(Preprocessor):
    """Hides in mathematics what later steps would misread: tags, entities, table bars, blank lines."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        return SCAN.sub(self._hide, text).split("\n") if "$" in text else lines

    def _hide(self, match: re.Match[str]) -> str:
        if match["skip"]:
            return match[0]
        if match["inline"]:
            return match[0] if re.search(r"\n[ \t>]*\n", match[0]) else match[0].translate(HIDE)
        start = match.start("display") - match.start()
        lead, body = match[0][:start], match[0][start:]
        indent = lead[: len(lead) - 2]
        end = match.end("display") - match.start("display")
        tex = re.sub(r"(?<=\n)[ \t]*(?=\n)", f"{indent}{BLANK_LINE}", body[:end].translate(HIDE))
        return lead + tex + body[end:]


class _ShowInHtml(Preprocessor):
    """Shows what was hidden in HTML that the author wrote: it is printed as it is."""

    def run(self, lines: list[str]) -> list[str]:
        blocks = self.md.htmlStash.rawHtmlBlocks
        for index, block in enumerate(blocks):
            if isinstance(block, str) and ANY_HIDDEN.search(block):
                blocks[index] = block.translate(SHOW)
        return lines


class _Show(Postprocessor):
    """Puts formulas in their places, and shows what was hidden where it is none: in code."""

    PLACE = re.compile("\x02formula:(\\d+)\x03")
    # A browser may break a line at either side of a formula: not before a stop, nor behind a bracket.
    HELD = re.compile("([(\\[“‘]*)\x02formula:(\\d+)\x03([-‑–.,;:!?)\\]’”%]*)")

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.done = 0  # how many stashed blocks have been looked through

    def run(self, text: str) -> str:
        blocks = self.md.htmlStash.rawHtmlBlocks
        self.done = min(self.done, len(blocks))
        for index in range(self.done, len(blocks)):
            block = blocks[index]
            if isinstance(block, str) and ANY_HIDDEN.search(block):
                blocks[index] = block.translate(SHOW_ESCAPED)
        self.done = len(blocks)
        if ANY_HIDDEN.search(text):
            text = text.translate(SHOW_ESCAPED)
        stored = _formulas(of(self.md)) if "\x02" in text else []
        needed = set().union(*(characters.drawn(made) for made, _ in stored))
        formulas = [mathml.carrying(made, tex) for made, tex in stored]
        if needed <= set(characters.FEW):
            formulas = [made.replace("<math", '<math class="few"', 1) for made in formulas]

        def place(match: re.Match[str]) -> str:
            made = match[1] + formulas[int(match[2])] + match[3]
            return f'<span class="held">{made}</span>' if match[1] or match[3] else made

        return self.HELD.sub(place, text)


class _Attributes(Treeprocessor):
    """Texts that become attributes keep the TeX, and addresses what was written: no markup can stand in them."""

    IN_TAG = re.compile(r"\\?" + _Show.PLACE.pattern)

    def run(self, root: Element) -> None:
        formulas = _formulas(of(self.md))
        if not formulas:
            return
        # Python-Markdown puts a backslash before what it finds in a tag that is written as HTML.
        blocks = self.md.htmlStash.rawHtmlBlocks
        for index, block in enumerate(blocks):
            if isinstance(block, str) and "\x02formula:" in block and block.rfind("<") == 0:
                blocks[index] = self.IN_TAG.sub(lambda m: f"${formulas[int(m[1])][1]}$", block)
        for element in (*root.iter("img"), *root.iter("a")):
            for name in ("alt", "title"):
                value = element.get(name)
                if value and "\x02" in value:
                    element.set(name, _Show.PLACE.sub(lambda m: formulas[int(m[1])][1], value))
            for name in ("href", "src"):
                value = element.get(name)
                if value and "\x02" in value:
                    written = _Show.PLACE.sub(lambda m: f"${formulas[int(m[1])][1]}$", value)
                    element.set(name, written)


def store(page: Page, html: str, tex: str) -> str:
    """What stands for a formula in the text of an element until the page is written."""
    formulas = _formulas(page)
    formulas.append((html, tex))
    return f"\x02formula:{len(formulas) - 1}\x03"


def _formulas(page: Page) -> list[tuple[str, str]]:
    """The formulas of a page, each with its TeX."""
    found: list[tuple[str, str]] = page.notes.setdefault("formulas", [])
    return found


def tested(page: Page) -> dict[str, str]:
    """The equations of the site that have a test, without its label."""
    return page.ask(equation_tests.names, page.config.root / "tests")


def fault(page: Page, equation: Equation) -> tuple[str, str] | None:
    """What is wrong with an equation; a page that is right does not depend on how its tests are called."""
    if not states.fault(equation, page.path, tested(page)):
        return None
    labels = page.ask(equation_tests.labels, page.config.root / "tests")
    return states.fault(equation, page.path, labels)


class _Inline(InlineProcessor):
    """`$…$` in the text."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(INLINE, md)

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        page = of(self.md)
        tex = page.plain(m["tex"]).translate(SHOW)
        try:
            made = mathml.render(tex)
        except mathml.TexError as error:
            at = page.find(f"${tex}$")
            unreadable(page, error, at + 1 + error.place)
            made = broken(tex)
        return store(page, made, tex), m.start(), m.end()


class _Display(BlockProcessor):
    """`$$ … $$` on lines of its own."""

    PATTERN = re.compile(rf"^[ ]{{0,3}}{DISPLAY}", re.MULTILINE)
    OPEN = re.compile(r"^[ ]{0,3}\$\$", re.MULTILINE)

    def __init__(self, parser: BlockParser, md: Markdown) -> None:
        super().__init__(parser)
        self.md = md

    def test(self, parent: Element, block: str) -> bool:
        return bool(self.OPEN.search(block))

    def run(self, parent: Element, blocks: list[str]) -> bool:
        block = blocks.pop(0)
        match = self.PATTERN.search(block)
        page = of(self.md)
        if match is None:
            blocks.insert(0, block)
            found = self.OPEN.search(block)
            line = block[found.start() :].split("\n")[0] if found else "$$"
            unclosed(page, line)
            return False
        if block[: match.start()].strip():
            self.parser.parseBlocks(parent, [block[: match.start()].rstrip("\n")])
        rest = block[match.end() :].strip("\n")
        if rest:
            blocks.insert(0, rest)
        written = page.plain(match[0]).translate(SHOW)
        tex = page.plain(match["display"]).translate(SHOW)
        equation = parse(tex, page.plain(match["attributes"] or ""))
        place = page.find_block(written)
        wrong = fault(page, equation)
        if wrong:
            page.report(*wrong, place)
        start = page.text.find(equation.tex.split("\n")[0], place)
        self._element(parent, page, equation, start if start >= 0 else place)
        return True

    def _element(self, parent: Element, page: Page, equation: Equation, place: int) -> None:
        try:
            made = mathml.render(equation.tex, True)
        except mathml.TexError as error:
            unreadable(page, error, _inside(page.text, place, equation.tex, error.place))
            made = broken(equation.tex)
        box = sub(parent, "div", class_="equation")
        scroll = sub(box, "div", class_="equation-scroll", data_search_exclude="true")
        body = sub(scroll, "span", class_="equation-body")
        body.text = store(page, made, equation.tex)
        if not equation.name:
            return
        box.set("id", equation.name)
        box.set("data-number", "equation")
        sub(scroll, "a", class_="equation-number", href=f"#{equation.name}", data_label="equation")
        state(box, page, equation)


def _inside(text: str, start: int, tex: str, place: int | None) -> int:
    """The offset in the page of an offset in TeX that may be indented there."""
    before = tex[: place or 0].split("\n")
    at = start
    for line in before[:-1]:
        at = max(text.find(line.strip(), at), at)
        at = text.find("\n", at) + 1
    indent = re.compile(r"[ \t>]*").match(text, at)
    shown = tex.split("\n")[len(before) - 1]
    lead = len(shown) - len(shown.lstrip())
    end = indent.end() if indent and len(before) > 1 else at
    return end + max(len(before[-1]) - lead, 0)


def held(page: Page) -> dict[str, str]:
    """How the print of each equation is held: `evaluated`, `in part` or `locked`."""
    return page.ask(locked.states, page.config.root / LOCK)


def ledgers(docs: Path) -> tuple[str, ...]:
    """The pages of the ledger that show a section or a part of one."""
    found = (docs / LEDGER).parent.glob(f"{PurePosixPath(LEDGER).name}-*.md")
    return tuple(sorted(path.relative_to(docs).as_posix() for path in found))


def ledger_of(page: Page, path: str) -> str:
    """The page of the ledger that shows the equations of a page: one for all, or parts of it.

    `equations-models.md` shows a section, or what `equations-models-h-z.md` leaves of it: that shows the pages
    of the section whose names begin with these letters, the section's own page excepted.
    """
    section, _, name = path.partition("/")
    whole = f"{LEDGER}.md"
    for ledger in page.ask(ledgers, page.docs):
        found = PARTED.fullmatch(ledger)
        if found is None or found["section"] != section:
            continue
        if found["first"] is None:
            whole = ledger
        elif name != "index.md" and found["first"] <= name[:1] <= found["last"]:
            return ledger
    return whole


def state(box: Element, page: Page, equation: Equation) -> None:
    """The mark that says how an equation is held."""
    if equation.kind == "definition":
        sub(box, "span", "definition", class_="equation-state equation-definition")
    elif equation.kind == "unchecked":
        text = f"not checked: {equation.reason}"
        sub(box, "span", text, class_="equation-state equation-unchecked")
    elif equation.name in tested(page):
        words, title = states.HELD[held(page).get(equation.name, "locked")]
        ledger = ledger_of(page, page.path)
        name = "equation-state equation-checked"
        if not page.has(ledger) or page.path.startswith(LEDGER):
            sub(box, "span", words, class_=name, title=title)
            return
        sub(box, "a", words, class_=name, href=page.link(ledger, equation.name), title=title)


def broken(tex: str) -> str:
    """What is shown for TeX that cannot be read."""
    escaped = tex.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<code class="mathematics-broken">{escaped}</code>'


class MathematicsExtension(Extension):
    """Inline and displayed mathematics."""

    def extendMarkdown(self, md: Markdown) -> None:
        of(md)
        md.registerExtension(self)
        if "$" not in md.ESCAPED_CHARS:
            md.ESCAPED_CHARS.append("$")
        md.preprocessors.register(_Hide(md), "mathematics-hide", 24)
        md.preprocessors.register(_ShowInHtml(md), "mathematics-show-in-html", 19)
        md.parser.blockprocessors.register(_Display(md.parser, md), "mathematics", 79)
        md.inlinePatterns.register(_Inline(md), "mathematics", 189.9)
        self.show = _Show(md)
        md.postprocessors.register(self.show, "mathematics-show", 31)
        md.treeprocessors.register(_Attributes(md), "mathematics-attributes", 3)

    def reset(self) -> None:
        """Nothing is kept from page to page."""
        self.show.done = 0


def makeExtension(**kwargs: object) -> MathematicsExtension:
    """For Python-Markdown."""
    return MathematicsExtension(**kwargs)
