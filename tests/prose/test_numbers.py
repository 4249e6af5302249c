"""Every number in the text of a page that has code is bound to what it agrees with, or has its reason."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from tests.prose.bindings import DOCS, bound, modules_for
from tests.prose.listed import agrees, listed, name_of, places
from tests.prose.reading import Number, numbers
from tests.prose.used import exercise, functions, uses

WHAT_TO_DO = (
    "read it in a test with said(…), cite the sentence, or list it in STEM.numbers.toml "
    "beside that test with what it agrees with or why it stands there"
)


def pages() -> list[Path]:
    """The pages that have code."""
    code = (path for path in sorted(DOCS.rglob("*.py")) if "__pycache__" not in path.parts)
    return [
        path.parent.with_suffix(".md")
        for path in code
        if path.stem == path.parent.name.replace("-", "_")
    ]


@lru_cache
def decided(page: Path) -> list[tuple[Number, str]]:
    """The numbers of a page, each with what holds it: nothing if the last is empty."""
    source = page.read_text(encoding="utf-8")
    read = bound(page)
    entries = [
        (start, end, entry)
        for entry in listed().get(name_of(page), [])
        for start, end in places(source, entry)
    ]
    tests = {name: values for path in modules_for(page) for name, values in functions(path).items()}

    def held(number: Number) -> str:
        percent = source[number.end :].lstrip(" ").startswith("%")
        if any(start <= number.start and number.end <= end for start, end in read):
            return "bound"
        for start, end, entry in entries:
            if start <= number.start and number.end <= end:
                agreed = agrees(page, entry, number.text, percent=percent)
                return (
                    {"reason": "listed", "figure": "bound"}.get(entry.way, "used") if agreed else ""
                )
        if number.kind:
            return number.kind
        asked = f"test_exercise_{exercise(source, number.start)}_"
        known = [
            value for name, values in tests.items() if name.startswith(asked) for value in values
        ]
        return "used" if uses(number.text, tuple(known), percent=percent) else ""

    return [(number, held(number)) for number in numbers(source)]


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_every_number_is_bound_used_cited_or_listed(path: Path) -> None:
    loose = [
        f"{path.name}:{number.line}: {number.text!r} in {number.sentence[:160]!r}"
        for number, held in decided(path)
        if not held
    ]
    assert not loose, f"{len(loose)} numbers agree with nothing; {WHAT_TO_DO}:\n" + "\n".join(loose)


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_what_is_listed_stands_on_the_page_once_and_is_needed(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    read, all_numbers = bound(path), list(numbers(source))
    for entry in listed().get(name_of(path), []):
        stands = places(source, entry)
        assert len(stands) == 1, f"{entry.text!r} stands {len(stands)} times on the page"
        inside = [n for n in all_numbers if stands[0][0] <= n.start and n.end <= stands[0][1]]
        assert inside, f"{entry.text!r} has no number"
        assert not all(
            any(start <= n.start and n.end <= end for start, end in read) for n in inside
        ), f"a test reads all of {entry.text!r}: it need not be listed"


def test_only_pages_with_code_are_listed() -> None:
    assert listed().keys() <= {name_of(page) for page in pages()}


if __name__ == "__main__":
    for one in pages():
        print(name_of(one), dict(Counter(held or "LOOSE" for _, held in decided(one))))
