"""Drawings show, and do nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checker import drawings

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 1 1">'
HARM = {
    "script": "<script>alert(1)</script>",
    "script elsewhere": '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
    "script in metadata": "<metadata><script>alert(1)</script></metadata>",
    "foreign": "<foreignObject><b/></foreignObject>",
    "animate": '<a><set attributeName="href" to="javascript:alert(1)"/></a>',
    "handler": '<path d="M0 0" onload="alert(1)"/>',
    "link": '<a href="https://example.org"><text>a</text></a>',
    "javascript": '<use href="javascript:alert(1)"/>',
    "xlink": '<use xlink:href="https://example.org/a.svg#b"/>',
    "data": '<image href="data:image/svg+xml;base64,AAAA"/>',
    "html": '<image href="data:text/html;base64,AAAA"/>',
    "image": '<image href="//example.org/a.png"/>',
    "url": '<path fill="url(https://example.org/a.svg#b)"/>',
    "escape": r'<path fill="\75rl(https://example.org/a.svg#b)"/>',
    "style": '<path style="background: url(https://example.org)"/>',
    "cover": '<g style="position: fixed; inset: 0"/>',
    "import": "<style>@import 'https://example.org';</style>",
    "base": '<g xml:base="https://example.org"/>',
    "source": '<image src="https://example.org/a.png"/>',
    "broken": "<g>",
    "iframe": "<iframe/>",
}
HARMLESS = {
    "figure": '<defs><clipPath id="c"><rect width="9"/></clipPath></defs><g clip-path="url(#c)"/>',
    "use": '<defs><path id="m" d="M0 0"/></defs><use href="#m" x="3"/><use xlink:href="#m"/>',
    "style": '<path style="fill: var(--fig-1, #00f); stroke-width: 2"/>',
    "picture": '<image xlink:href="data:image/png;base64,iVBORw0KGgo=" width="1"/>',
    "text": '<text text-anchor="middle">a <tspan>b</tspan></text><title>t</title>',
    "scheme": "<style>path{fill:#000}@media(prefers-color-scheme:dark){path{fill:#fff}}</style>",
    "about": '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:a x="y"/>'
    "</r:RDF></metadata>",
}


@pytest.mark.parametrize("body", HARM.values(), ids=HARM)
def test_what_does_more_than_show_is_told_with_its_place(body: str) -> None:
    found = drawings.faults(f"{HEAD}\n{body}\n</svg>")
    assert found
    assert {line for line, _, _ in found} <= {2, 3}


@pytest.mark.parametrize("body", HARMLESS.values(), ids=HARMLESS)
def test_what_only_shows_is_allowed(body: str) -> None:
    assert drawings.faults(f"{HEAD}\n{body}\n</svg>") == []


@pytest.mark.parametrize(
    "head",
    [
        '<?xml-stylesheet href="https://example.org/a.css"?>',
        '<!DOCTYPE svg [<!ENTITY a "b">]>',
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_what_stands_before_the_drawing_counts(head: str) -> None:
    assert drawings.faults(f"{head}\n{HEAD}</svg>")


def test_a_style_element_would_reach_the_page_around_it() -> None:
    text = f"{HEAD}{HARMLESS['scheme']}</svg>"
    assert "would reach the whole page" in drawings.faults(text, inlined=True)[0][2]


def test_every_drawing_of_the_site_only_shows() -> None:
    paths = sorted(DOCS.rglob("*.svg"))
    assert len(paths) > 20
    for path in paths:
        assert drawings.faults(path.read_text(encoding="utf-8")) == [], path
