"""The index of the search is the same, whether the plugin reads whole pages or lean ones."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from material.plugins.search.plugin import SearchIndex

from scripts import hooks
from tests.site.kit import PAGES, Site, shown

LISTS = """\
<h2 id="references">A section</h2><p>Kept.</p>
<ul class="bibliography"><li>Cited<ul><li>on</li></ul></li></ul><p>Kept too.</p>
<div class="ledger"><div><p>An entry.</p></div><div></div></div><ul><li>Kept as well.</li>
<li>Bad: <code>reinforcment</code></li><li><p>Bad: <code>a</code></p></li><li>Good: b</li></ul>
<h2 id="references">References<a class="headerlink" href="#references">#</a></h2>
<div class="footnote"><ol><li id="fn:k"><p>A source.</p><div>Its box.</div></li></ol></div>
<p>Last.</p>
"""

HTML = """\
<h1 id="top">A <em>page</em><a aria-label="Link" class="headerlink" href="#top">#</a></h1>
<p>Of <a class="term" href="../g/#vae"><abbr title="A &gt; B">VAE</abbr></a> and
<math display="inline"><mi>p</mi><mo>&lt;</mo><mi>q</mi></math><sup id="fnref:k"><a
class="footnote-ref" href="#fn:k">1</a></sup>, 10<sup>3</sup> times.</p>
<div data-search-exclude="true"><span><math><mi>unread</mi></math></span></div>
<svg><text>unread</text></svg>
<h2 id="code">Code<a class="headerlink" href="#code">#</a></h2>
<pre><code><span class="k">def</span> f<span class="p">(</span>x &lt; 1):</code></pre>
<ul><li><strong>one</strong></li></ul>
"""


def index(html: str) -> list[dict[str, Any]]:
    """What the plugin makes of a page."""
    found = SearchIndex(separator=" ", pipeline=[], lang=["en"], fields={})
    found.add_entry_from_context(
        SimpleNamespace(content=html, meta={"title": "A page"}, toc=[], url="a/", title="A page")
    )
    return [
        {key: re.sub(r"\s+", " ", str(value)).strip() for key, value in entry.items()}
        for entry in found.entries
    ]


def test_a_lean_page_has_the_text_of_the_page_without_its_note_numbers() -> None:
    [top, code] = index(hooks.lean(HTML))
    assert (top["location"], top["title"]) == ("a/", "A page")
    assert top["text"] == "<p>Of VAE and p&lt;q, 10<sup>3</sup> times.</p>"
    assert (code["location"], code["title"]) == ("a/#code", "Code")
    assert code["text"] == "<pre><code>def f(x &lt; 1):</code></pre> <ul><li>one</li></ul>"


def test_a_formula_is_a_row_of_signs_or_three_dots() -> None:
    row = '<math><mi>x</mi><mo>&lt;</mo><mn>1</mn><annotation encoding="tex">x</annotation></math>'
    assert hooks.lean(f"<p>If {row}.</p>") == "<p>If x&lt;1.</p>"
    power = "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
    assert hooks.lean(f"<p>Then {power}.</p>") == "<p>Then ….</p>"


def test_each_entry_of_the_glossary_is_a_section() -> None:
    html = '<h1 id="g">G</h1><dl><dt id="nat"><strong>Nat</strong></dt><dd><p>A unit.</p></dd></dl>'
    _, nat = index(hooks.lean(html))
    assert (nat["location"], nat["title"], nat["text"]) == ("a/#nat", "Nat", "<p>A unit.</p>")


def test_lists_of_sources_the_ledger_and_bad_examples_are_not_read() -> None:
    text = re.sub(r"<[^>]*>|\s+", " ", hooks.lean(LISTS)).split()
    assert " ".join(text) == "A section Kept. Kept too. Kept as well. Good: b Last."


@pytest.mark.parametrize("path", ["models/vae/", "training/rlhf/"], ids=shown)
def test_the_plugin_finds_the_same_in_a_whole_page(path: str, built: Site) -> None:
    assert path in PAGES
    text = (built.path / path / "index.html").read_text(encoding="utf-8")
    html = text[text.index("<h1") : text.index("</main>")]
    assert 'class="footnote"' in html
    html = hooks.without_lists(html)
    assert 'class="footnote"' not in html
    html = hooks.FORMULA.sub(hooks.readable, hooks.UNREAD.sub("", html))
    whole = index(html)
    assert len(whole) > 3
    assert index(hooks.lean(html)) == whole
