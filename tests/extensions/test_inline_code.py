"""Code in a line has the colours of the language that it names, and all other code is as it was."""

from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

MD = Markdown(extensions=["scripts.extensions.inline_code"])


def test_a_language_gives_its_colours_and_is_not_printed() -> None:
    html = MD.convert("The `#!python range(3)` counts.")
    assert '<span class="nb">range</span>' in html
    assert "#!" not in html


def test_other_code_is_as_python_markdown_makes_it() -> None:
    plain = Markdown()
    for text in (
        "`a < b` and ``c ` d``",
        "`#!/bin/sh` or `#!`",
        r"\\`x` and \`y",
        "`open",
        "`:::x y`",
    ):
        assert MD.convert(text) == plain.convert(text)


def test_the_text_of_other_code_can_be_read() -> None:
    read = []

    class Reader(Treeprocessor):
        """Stands where our own extensions do."""

        def run(self, root: Element) -> None:
            read.append("".join(root.itertext()))

    md = Markdown(extensions=["scripts.extensions.inline_code"])
    md.treeprocessors.register(Reader(md), "reader", 10)
    md.convert("A `long_name_of_code` here.")
    assert [text.strip() for text in read] == ["A long_name_of_code here."]
