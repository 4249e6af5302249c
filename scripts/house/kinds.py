"""The kinds of page and the headings that each has, in their order: the one place that says so."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of page.

    Args:
        about: what such a page is for, as the contributing pages print it.
        headings: the second-level headings in their order; empty where a page is free.
        optional: those of the headings that a page may leave out.
        free: whether a page may have other headings besides, below these.
        code: whether a page of this kind may have code, a test and a figure of its stem.
    """

    about: str
    headings: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    code: bool = False
    free: bool = False


DEEP = (
    "In short",
    "Idea",
    "Training and generation",
    "Try it",
    "Objective",
    "Failure modes",
    "In practice",
    "Relatives",
    "Misconceptions",
    "Exercises",
)
"""The headings of a deep page. The first depth ends with *Try it*: it is complete in itself, in ten minutes."""

OF_A_PART = {"Training and generation": "Forward and cost", "Objective": "Definition"}
"""Headings of a deep page that a part of an architecture names otherwise."""

KINDS = {
    "model": Kind("a model class: what it optimises, how it is sampled", DEEP, code=True),
    "part": Kind(
        "a part of an architecture, such as attention",
        tuple(OF_A_PART.get(heading, heading) for heading in DEEP),
        code=True,
    ),
    "method": Kind("a way of training, aligning or sampling a model", DEEP, code=True),
    "paradigm": Kind(
        "a way of learning: where its signal comes from",
        (
            "In short",
            "Idea",
            "How it is trained",
            "Where it is used",
            "Limits",
            "Misconceptions",
        ),
        frozenset(),
        True,
    ),
    "guide": Kind(
        "steps for somebody who wants to do something; speaks to you", ("In short",), free=True
    ),
    "reference": Kind("something to look up"),
    "index": Kind("the entrance of a section", ("In short",), frozenset({"In short"}), free=True),
}

FRONT_MATTER = ("title", "description", "kind", "needs", "terms", "reviewed")
"""The keys of the front matter, in their order."""

MAY_LACK = frozenset({"terms"})
"""Those of the keys that a page may leave out."""

ALSO = ("hide", "status", "search", "template")
"""Keys of the theme that a page may have besides."""

DESCRIPTION_LIMIT = 160
"""Characters that a description may have."""


def table() -> str:
    """The kinds as the contributing pages print them."""
    rows = ["| Kind | What for | Second-level headings, in this order |", "| --- | --- | --- |"]
    for name, kind in KINDS.items():
        shown = [
            f"{heading} (may be left out)" if heading in kind.optional else heading
            for heading in kind.headings
        ]
        if kind.free or not kind.headings:
            shown.append("any others" if shown else "any")
        rows.append(f"| `{name}` | {kind.about} | {', '.join(shown)} |")
    return "\n".join(rows) + "\n"
