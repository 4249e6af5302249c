"""Which marks must not stand in the text of a rendered page: which extension reads each, and which rule tells of it.

One list for both sides: the rules of the source ask it what a page prints, the rules of the built site what a reader
sees. A pattern is applied to the text of a block. In the source, code, escapes and markup are placeholders there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.checker.marks import CODE, ESCAPED

# mathematics

_WORDS = re.compile(
    r"(?<![A-Za-z\\])(?:[A-Za-z]{3,}|an|or|of|to|in|on|at|is|it|as|by|if|we|us|up|so|no)(?![A-Za-z])"
)
_FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arg max min sup inf lim log exp det dim ker deg gcd lcm mod ln lg erf"
    " sgn sign rank span diag softmax sigmoid tanh relu argmax argmin var cov std mse loss".split()
)
_NAMED = re.compile(
    r"\\(?:text\w*|mathrm|mathbf|operatorname|label|tag|ref)\*?\{[^{}]*\}|[_^]\{[^{}]*\}"
)
_COMMAND = re.compile(rf"[\\{ESCAPED}][A-Za-z]+")
_OPERATOR = re.compile(rf"[=+*/<>≤≥≈∈·×|^_(){{}}\\{ESCAPED}∑∏√-]")


def mathematical(text: str) -> bool:
    """Whether a text is mathematics rather than prose."""
    text = text.strip()
    if not text or len(text) > 600:
        return False
    bare = _COMMAND.sub(" ", _NAMED.sub(" ", text))
    if any(word.lower() not in _FUNCTIONS for word in _WORDS.findall(bare)):
        return False
    return bool(_OPERATOR.search(text)) or bool(re.fullmatch(r"[A-Za-zα-ωΑ-Ω]{1,2}\d?'*", text))


ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|aligned|alignat|gather|gathered|multline|split|eqnarray|flalign|cases|array"
    r"|[bBpvV]?matrix|smallmatrix)\*?)\}"
)
DOLLAR = re.compile(rf"(?<![\\$\w{ESCAPED}])\$(?!\$)")


def blank_formulas(text: str) -> Iterator[tuple[int, str]]:
    """The formulas of a text that have a blank inside their dollars, each with its place."""
    position = 0
    while opening := DOLLAR.search(text, position):
        end = text.find("$", opening.end())
        if end < 0:
            return
        position = end
        tex = text[opening.end() : end]
        if (
            tex != tex.strip()
            and tex.count("\n") < 2
            and not re.match(r"[\w$]", text[end + 1 : end + 2])
            and mathematical(tex)
        ):
            position = end + 1
            yield opening.start(), tex


# tables

_ROW = re.compile(r"\s*\|(?:.*\|\s*$|[^|]*\|[^|]*\|)")
_FULL_ROW = re.compile(r"\s*\|[ \t]+[^|]*[^|\s][ \t]*\|(?:[^|]*\|)*[^|]*[^|\s][ \t]*\|\s*$")


def table_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The runs of lines of a text that look like rows of a table, each with its place."""
    place, start = 0, 0
    run: list[str] = []
    for row in (*text.split("\n"), ""):
        if _ROW.match(row):
            start = start if run else place + row.index("|")
            run.append(row)
        else:
            if len(run) > 1 or (run and _FULL_ROW.match(run[0])):
                yield start, run
            run = []
        place += len(row) + 1


# headings and lists

HEADING = re.compile(r"\s{0,3}(#{1,6}[ \t]+(?=[^\s#])|#{2,6}(?=[A-Z]))")
_SIGNS = (
    re.compile(r"\s*(?P<sign>\(?(?P<value>\d{1,2})\.?\)|(?P<other>\d{1,2})[、．])\s+(?=\S)"),
    re.compile(r"\s*(?P<sign>\(?(?P<value>[a-zA-Z])\))\s+(?=\S)"),
    re.compile(r"\s*(?P<sign>\(?(?P<value>i|ii|iii|iv|v|vi)\))\s+(?=\S)"),
    re.compile(r"\s*(?P<sign>[•◦▪▫‣⁃∙●○■□◆◇➢➤►▸▶✓✔✗✘☐☑✅❌・])\s*(?=\S)"),
    re.compile(r"\s*(?P<sign>[·–—−‐‑‒―﹣－→⇒])[ \t]+(?=\S)"),
    re.compile(r"\s*(?P<sign>o)[ \t]+(?=[A-Z`])"),
)


def list_start(text: str) -> tuple[int, str] | None:
    """Where lines begin with signs of a list that Markdown does not know, and the first sign."""
    if "\n" not in text:
        return None
    lines = text.split("\n")
    for pattern in _SIGNS:
        starts = [n for n, row in enumerate(lines) if pattern.match(row)]
        if len(starts) > 1 and _meant(lines, starts, pattern):
            found = pattern.match(lines[starts[0]])
            assert found is not None
            before = sum(len(row) + 1 for row in lines[: starts[0]])
            return before + found.start("sign"), found["sign"]
    return None


def _meant(lines: list[str], starts: list[int], pattern: re.Pattern[str]) -> bool:
    """Whether lines that start with such a sign are the items of one list, and not broken by hand."""
    first, second = (pattern.match(lines[n]) for n in starts[:2])
    assert first is not None
    assert second is not None
    above = lines[starts[0] - 1].rstrip() if starts[0] else ""
    bullet = re.match(r"[•◦▪▫‣⁃∙●○■□◆◇]", first["sign"])
    if above and not above.endswith((":", "：", ".", "!", "?")) and not bullet:
        return False
    if all(not lines[n - 1].strip() for n in starts[1:]):
        return False
    values = [m.groupdict().get("value") or m.groupdict().get("other") for m in (first, second)]
    if values[0] is None or values[1] is None:
        return first["sign"] == second["sign"]
    if values[0].isdigit() and values[1].isdigit():
        return int(values[1]) - int(values[0]) in (0, 1)
    if len(values[0]) == len(values[1]) == 1 and ord(values[1]) - ord(values[0]) == 1:
        return True
    return values == ["i", "ii"]


# the list


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that a reader must not see.

    what: the mark in words; pattern: how it looks in a text, or a function that says where it stands;
    code: the rule of the source that tells of it; extension: what reads it, empty for Markdown itself;
    item: it is a mark only at the head of a list item.
    """

    what: str
    pattern: re.Pattern[str] | Callable[[str], Iterator[tuple[int, int]]]
    code: str
    extension: str = ""
    item: bool = False

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the mark stands in a text: first and last place."""
        if isinstance(self.pattern, re.Pattern):
            for found in self.pattern.finditer(text):
                yield found.start() + len(found[0]) - len(found[0].lstrip()), found.end()
        else:
            yield from self.pattern(text)


def _around(sign: str, inner: str = "") -> re.Pattern[str]:
    """Words between two equal signs, as a mark around them."""
    one, own = re.escape(sign), re.escape(sign[0])
    inner = inner or rf"(?=[^\s{own}])[^{own}\n]*[^\s{own}]"
    return re.compile(rf"(?<![\w{own}<>!{{\\]){one}(?!{own}){inner}{one}(?![\w{own}}}])")


def _rows(text: str) -> Iterator[tuple[int, int]]:
    for start, run in table_rows(text):
        yield start, start + len("\n".join(run))


def _headings(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    for row in text.split("\n"):
        found = HEADING.match(row)
        if found and len(found[1].strip()) > 1:
            yield place + found.start(1), place + len(row)
        place += len(row) + 1


def _lists(text: str) -> Iterator[tuple[int, int]]:
    found = list_start(text)
    if found:
        yield found[0], found[0] + 40


def _formulas(text: str) -> Iterator[tuple[int, int]]:
    for start, tex in blank_formulas(text):
        yield start, start + len(tex) + 2


def _dollars(text: str) -> Iterator[tuple[int, int]]:
    """Formulas between dollars, of those that can be nothing else."""
    for found in _DOLLARS.finditer(text):
        tex = found["two"] or found["one"]
        if mathematical(tex) and re.search(r"[\\_^]|\s=\s", tex):
            yield found.span()


_DOLLARS = re.compile(
    r"(?<![\\$\w])(?:\$\$(?P<two>[^$]+?)\$\$|\$(?P<one>[^\s$](?:[^$\n]*[^\s$])?)\$)(?![\w$])"
)
_KEY = r"(?:[a-z0-9-]{1,12}|\"[^\"\n]+\")"
_M = re.M

MARKS = (
    Mark(
        "an admonition that did not open", re.compile(r"^\s*(?:!!!|\?\?\?\+?)(?:\s|$)", _M), "A26"
    ),
    Mark("a content tab that did not open", re.compile(r'^\s*===[!+]{0,2}\s+"', _M), "T07"),
    Mark("a block that did not open", re.compile(r"^\s*/{3,}(?:\s|$)", _M), "T16"),
    Mark(
        "a link that did not close",
        re.compile(r"\]\((?:[a-z]+:|[\w./#-]+(?:[)#\]]|\.\w|$))"),
        "L11",
    ),
    Mark("a footnote without a definition", re.compile(r"\[\^[\w.:-]+\]"), "F01", "footnotes"),
    Mark(
        "an attribute list that applies to nothing",
        re.compile(r"\{[:#.] ?[\w-]|\{ [#.][\w-]"),
        "M04",
        "attr_list",
    ),
    Mark("a fence that did not open", re.compile(r"^\s*(?:```|~~~)", _M), "C01"),
    Mark("mathematics that did not close", re.compile(r"\$\$"), "M06", "pymdownx.arithmatex"),
    Mark("a formula with a blank inside its dollars", _formulas, "M08", "pymdownx.arithmatex"),
    Mark("mathematics that did not open", ENVIRONMENT, "M10", "pymdownx.arithmatex"),
    Mark("a table that did not open", re.compile(r"^\s*\|?\s*:?-{3,}:?\s*\|", _M), "S12"),
    Mark("rows of a table without a head", _rows, "S20"),
    Mark("a heading that did not open", _headings, "S21"),
    Mark("a list that did not open", _lists, "S22"),
    Mark("a comment that did not close", re.compile(r"<!--"), "H08"),
    Mark(
        "an excerpt that did not resolve", re.compile(r"-{1,}8<-{1,}"), "L21", "pymdownx.snippets"
    ),
    Mark(
        "emphasis that did not open",
        re.compile(r"(?<![\w*])\*\*(?=[^\s*])[^*\n]+[^\s*]\*\*"),
        "M01",
    ),
    Mark("a template variable that was not filled", re.compile(r"\{\{[^{}]*\}\}"), ""),
    Mark("deleted text that was not read", _around("~~"), "M13", "pymdownx.tilde"),
    Mark("marked text that was not read", _around("=="), "M13", "pymdownx.mark"),
    Mark("inserted text that was not read", _around("^^"), "M13", "pymdownx.caret"),
    Mark(
        "keys that were not read",
        _around("++", rf"{_KEY}(?:\+{_KEY}){{0,4}}"),
        "M13",
        "pymdownx.keys",
    ),
    Mark(
        "a box of a task list that was not read",
        re.compile(r"\A\s*\[[ xX]\](?=\s)"),
        "M13",
        "pymdownx.tasklist",
        item=True,
    ),
    Mark(
        "a definition that was not read",
        re.compile(r"(?:\A|\n)[ ]{0,3}:[ ]{1,3}(?=\w[^:\n]*\w)"),
        "M13",
        "def_list",
    ),
    Mark(
        "an abbreviation that was not read",
        re.compile(r"(?:\A|\n)[ ]{0,3}\*\[[^\]\n]+\][ ]?:"),
        "M13",
        "abbr",
    ),
    Mark("a formula that was not read", _dollars, "M13", "pymdownx.arithmatex"),
    Mark("a formula that was not read", ENVIRONMENT, "M13", "pymdownx.arithmatex"),
    Mark(
        "a change that was not read",
        re.compile(
            r"\{(?:\+\+[^{}\n]+\+\+|--[^{}\n]+--|==[^{}\n]+==|>>[^{}\n]+<<|~~[^{}\n]+~>[^{}\n]*~~)\}"
        ),
        "M13",
        "pymdownx.critic",
    ),
    Mark(
        "an attribute list that was not read",
        re.compile(
            r"\{:?[ ]?[.#][A-Za-z][\w-]*(?:[ ]+(?:[.#][A-Za-z][\w-]*|[A-Za-z-]+=\S+))*[ ]*\}"
        ),
        "M13",
        "attr_list",
    ),
)
# Every mark holds one of these; a text without them needs no second look.
SIGNS = re.compile(
    r"!!!|\?\?\?|===|///|\]\(|\[\^|\{[:#. {+=~>-]|```|~~|\$|---|8<|\*[*\[]|==|\^\^|\+\+|<!--|\\begin"
    r"|^\s*(?:\||\#|\[[ xX]\]|:[ ]|\(?\w{1,3}\.?\)[ ]|\d[、．]|[•◦▪▫‣⁃∙●○■□◆◇➢➤►▸▶✓✔✗✘☐☑✅❌・·–—−‐‑‒―﹣－→⇒o])",
    re.M,
)


def leaks(text: str, in_item: bool) -> Iterator[tuple[str, str]]:
    """What a reader sees of Markdown in the text of a block: each mark in words, and how it looks."""
    if not SIGNS.search(text):
        return
    told: list[tuple[int, int]] = []
    for mark in MARKS:
        if mark.item and not in_item:
            continue
        for start, end in mark.find(text):
            if all(end <= first or start >= last for first, last in told):
                told.append((start, end))
                yield mark.what, " ".join(text[start : start + 50].partition(CODE)[0].split())
                break
