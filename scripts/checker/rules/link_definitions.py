"""Rules L14 and L15: the definitions of reference links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.page import Page
from scripts.checker.problem import Problem

_DEFINITION = re.compile(
    r"[ ]{0,3}\[(?!\^)([^\[\]]+)\]:[ \t]*(?:\n[ \t]*)?(\S+)[ \t]*(?:\n["
    r" \t]*)?(?:\"[^\n]*\"|'[^\n]*'|\([^\n]*\))?[ \t]*(?=\n|$)"
)


def definitions(page: Page) -> list[tuple[int, str, str]]:
    """The reference definitions of a page: line, id and target."""
    if "definitions" not in page.notes:
        found = []
        for number, text in enumerate(page.body, 1):
            if "]:" not in text or page.is_code(number) or page.context(number) == "raw":
                continue
            match = _DEFINITION.match(
                "\n".join((text, page.line(number + 1), page.line(number + 2)))
            )
            if match and match[1].strip().lower() in page.rendered.references:
                found.append((number, match[1].strip(), match[2].strip()))
        page.notes["definitions"] = found
    result: list[tuple[int, str, str]] = page.notes["definitions"]
    return result


def _uses(page: Page) -> set[str]:
    used: set[str] = set()
    code = any("`" in name for _, name, _ in definitions(page))
    lines = [re.sub(r"^[ ]{0,3}\[[^\]]*\]:", "", t) for t in (page.body if code else page.clean)]
    for number, text in enumerate(lines, 1):
        if "[" not in text or page.in_fence(number):
            continue
        joined = text + " " + "".join(lines[number : number + 1]).strip()
        for found in re.finditer(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]", joined):
            used.add(" ".join(found[1].split()).lower())
            used.update(
                " ".join(inner.split()).lower() for inner in re.findall(r"\[([^\[\]]*)\]", found[1])
            )
    for included in page.rendered.included.values():
        for text in included:
            used.update(name.lower() for name in re.findall(r"\[([^\[\]]+)\]", text))
    return used


def unused(page: Page) -> Iterator[Problem]:
    """A reference definition is never used.

    Bad:
        Text.

        [smith]: https://example.com
    Good:
        [the paper][smith]

        [smith]: https://example.com
    Why: It is left over, or its use has a typo.
    """
    found = definitions(page)
    if not found:
        return
    used = _uses(page)
    for line, name, target in found:
        if (
            re.fullmatch(r"//|comment|_+|#|\W*|>.*|<.*", name)
            or (target.startswith(("#", "<>")) and " " in target)
            or "{{" in target
        ):
            continue
        if " ".join(name.split()).lower() not in used:
            yield page.problem(
                line,
                f"the definition '[{name}]' is never used; delete it, or check the links that"
                " should name it",
            )


def twice_defined(page: Page) -> Iterator[Problem]:
    """A reference is defined twice.

    Bad:
        [one][a]

        [a]: one.md
        [a]: b.md
    Good:
        [one][a], [two][b]

        [a]: one.md
        [b]: b.md
    Why: Only the last definition counts, for every link that uses the name.
    """
    seen: dict[str, tuple[int, str]] = {}
    for line, name, target in definitions(page):
        key = " ".join(name.split()).lower()
        if re.fullmatch(r"//|comment|_+|#|\W*", name) or (target.startswith("#") and "(" in target):
            continue
        if key in seen:
            same = seen[key][1] == target
            yield page.problem(
                line,
                f"'[{name}]' is already defined in line {seen[key][0]};"
                f" {'delete one' if same else 'its target is another, so rename one'}",
            )
        seen.setdefault(key, (line, target))
