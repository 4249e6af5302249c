"""Straight quotes become typographic ones, wherever the pieces of a paragraph begin and end."""

import re

import markdown
import pytest

EXTENSIONS = ["attr_list", "admonition", "footnotes", "tables", "toc", "scripts.extensions.quotes"]


def render(text: str) -> str:
    """The HTML of a text."""
    return markdown.markdown(text, extensions=EXTENSIONS)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ('He said "yes".', "He said “yes”."),
        ("It's the model's.", "It’s the model’s."),
        ('*"word"* and "*word*"', "“word” and “word”"),
        ('"`code`" and "[link](#x)".', "“code” and “link”."),
        ('**"A GAN."** No.', "“A GAN.” No."),
        ("(\"a\" and 'b')", "(“a” and ‘b’)"),
        ("\"'tis 'so'\" in the '90s", "“‘tis ‘so’” in the ’90s"),
        ('"one"–"two"', "“one”–“two”"),
        ("`x`'s value, **bold**'s value", "x’s value, bold’s value"),
        ('\U000f0001"marked" \U000f0002"too"', "\U000f0001“marked” \U000f0002“too”"),
        ('- "a"\n- "b"', "“a” “b”"),
        ("a | b\n--- | ---\n\"x\" | 'y'", "a b “x” ‘y’"),
        ('!!! note "The "best" one"\n    "So."', "The “best” one “So.”"),
    ],
)
def test_quotes_are_set_as_a_printer_would(written: str, printed: str) -> None:
    plain = re.sub(r"<[^>]*>", "", render(written))
    assert " ".join(plain.split()) == printed


def test_a_number_and_its_spread_stay_on_one_line() -> None:
    html = render("So 0.98 ± 0.01, 4 ± 1 %.\n\n| a |\n| --- |\n| 1 ± 2 |\n\n`1 ± 2` and ± 3, a ± b")
    assert "0.98\u00a0±\u00a00.01, 4\u00a0±\u00a01 %." in html
    assert "<td>1\u00a0±\u00a02</td>" in html
    assert "<code>1 ± 2</code> and ± 3, a ± b" in html


def test_code_attributes_and_anchors_keep_theirs() -> None:
    html = render(
        '# It\'s "here"\n\n`"a"` [x](#y "it\'s"){ .b title2="c" }\n\n    print("d")\n\n<p title="e">f\'</p>\n'
    )
    assert 'id="its-here"' in html
    assert '<code>"a"</code>' in html
    assert 'title="it\'s"' in html
    assert 'title2="c"' in html
    assert 'print("d")' in html
    assert '<p title="e">f\'</p>' in html
