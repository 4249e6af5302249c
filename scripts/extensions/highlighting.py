"""Code as HTML, the same for excerpts and for tests: one place that knows Pygments."""

from __future__ import annotations

import html
import re
from functools import cache, lru_cache
from typing import Any

LANGUAGES = {
    ".bib": "bibtex",
    ".css": "css",
    ".html": "html",
    ".js": "javascript",
    ".json": "json",
    ".md": "markdown",
    ".mjs": "javascript",
    ".py": "python",
    ".sh": "bash",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
}


# Names, operators, brackets and blanks have the colour of the text: two thirds of all marks.
PLAIN = re.compile(r'<span class="(?:n|nn|nx|o|p|w)">([^<]*)</span>')


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(language, stripnl=False)


@cache
def _formatter() -> Any:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True)


def plain(text: str) -> str:
    """The code in `<pre>`, without colours."""
    return f"<pre><code>{html.escape(text, quote=False)}\n</code></pre>"


@lru_cache(maxsize=2048)
def pre(text: str, language: str) -> str:
    """The code in `<pre>`, marked up like that of a fence."""
    from pygments import highlight

    made = highlight(text.rstrip("\n") + "\n", _lexer(language), _formatter())
    made = PLAIN.sub(r"\1", made)
    return f"<pre><span></span><code>{made}</code></pre>"
