"""The numbers of equations, figures and tables on a page, and those in links to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor

from scripts.checker import source
from scripts.checker.page import Page, page_of

NUMBERED = {"equation": "({})", "figure": "Figure {}", "table": "Table {}"}
PICTURE = re.compile(
    r"^(?!.*\balign[ ]*=)[ \t>]*!\[[^\n]*\]\([ ]*<?(?P<source>[^\s()<>]+)", re.MULTILINE
)


def identifier(source: str) -> str:
    """A name for a file that is unique on a page: `vae/gap.svg` gives `vae-gap`."""
    stem = "/".join(source.split("/")[-2:]).rpartition(".")[0].lower()
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-")


def twice(page: Page, name: str, times: int) -> None:
    """An equation, a figure or a table has an id that is used already.

    Bad:
        $$ x = y $$ {#eq-vae-elbo}

        $$ x = z $$ {#eq-vae-elbo}
    Good:
        $$ x = y $$ {#eq-vae-elbo}

        $$ x = z $$ {#eq-vae-gap}
    Why: A link leads to the first of them, and a test that names it checks one of two.
    """
    given = re.compile(rf"\{{[^{{}}\n]*#{re.escape(name)}(?=[\s}}])")
    text = source.blank(page.text)
    places = [found.start() for found in given.finditer(text)]
    mend = "rename one"
    if times >= len(places):  # the id of a figure that does not name itself is that of its picture
        pictures = [
            found.start("source")
            for found in PICTURE.finditer(text)
            if f"fig-{identifier(found['source'])}" == name
        ]
        places = sorted(places + pictures)
        mend = "the same picture is shown above; name this figure, with {#fig-…} behind its caption"
    at = places[times] if times < len(places) else page.find(f"#{name}")
    page.report("E09", f"the id '{name}' is used twice; {mend}", at)


RULES: dict[str, Callable[..., object]] = {"E09": twice}


class Numbers(Treeprocessor):
    """Numbers equations, figures and tables, and writes the numbers into links to them."""

    def run(self, root: Element) -> None:
        page = page_of(self.md)
        assert page is not None
        counts = dict.fromkeys(NUMBERED, 0)
        labels: dict[str, str] = {}
        used: dict[str, int] = {}
        for element in root.iter():
            kind = element.attrib.pop("data-number", None)
            if kind is None:
                continue
            counts[kind] += 1
            label = NUMBERED[kind].format(counts[kind])
            for part in element.iter():
                if part.get("data-label") == kind:
                    del part.attrib["data-label"]
                    part.text = label
                    if part.tag == "a":
                        part.set("aria-label", f"{kind.capitalize()} {counts[kind]}")
            name = element.get("id")
            if name in labels:
                used[name] = used.get(name, 0) + 1
                twice(page, name, used[name])
            elif name:
                labels[name] = label
        if labels:
            self._refer(root, labels)

    def _refer(self, root: Element, labels: dict[str, str]) -> None:
        for link in root.iter("a"):
            href = link.get("href", "")
            label = labels.get(href[1:]) if href.startswith("#") else None
            if label is None or "number" in (link.get("class") or ""):
                continue
            mark = Element("span", {"class": "reference-number"})
            mark.text = label if label.startswith("(") else f"({label})"
            if len(link):
                link[-1].tail = (link[-1].tail or "") + "\u00a0"
            elif link.text:
                link.text += "\u00a0"
            link.append(mark)
