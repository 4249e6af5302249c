"""The content security policy: what a page may run and ask for, whatever has been smuggled into it.

Scripts and styles are files of the site; the one script that stands in a page, and the one of redirects,
are known by their hashes. So there is no `unsafe-…`, no style attribute in a page (scripts may set styles,
drawings have attributes), and nothing of another host.

Each page carries its policy, which any host serves. Hosts that honour a file `_headers` send it as well,
with what a page cannot say of itself: that no other site may frame it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from scripts.checker import drawings

SOURCES = {
    "default-src": "'self'",  # Firefox fetches the next page before it is asked for
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # pictures in drawings
    "object-src": "'none'",
    "frame-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
# Redirects: the address stands in the page once, and the script is the same text on all of them.
REDIRECT = (
    "const to=new URL(document.querySelector('link').href);"
    "if(location.hash)to.hash=location.hash;location.replace(to)"
)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
META = '<meta http-equiv="Content-Security-Policy" content="{}">'
HEADERS = """/*
  Content-Security-Policy: {}; frame-ancestors 'none'
  Referrer-Policy: strict-origin-when-cross-origin
  X-Content-Type-Options: nosniff
"""

serving = False  # a server for authors puts scripts of its own into pages


def digest(script: str) -> str:
    """The name of a script that stands in a page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def of(*scripts: str, styles: Iterable[str] = ()) -> str:
    """The policy of a page with these scripts and styles in it."""
    known = ["'unsafe-inline'"] if serving else sorted({digest(str(text)) for text in scripts})
    inside = {"script-src": known, "style-src": sorted({digest(text) for text in styles})}
    return "; ".join(
        " ".join([name, value, *inside.get(name, ())]) for name, value in SOURCES.items()
    )


def redirect(html: str) -> str:
    """A page of the plugin for redirects, with the one script and its policy."""
    head = f'<meta charset="utf-8">\n    {META.format(of(REDIRECT))}'
    made = SCRIPT.sub(lambda _: f"<script>{REDIRECT}</script>", html)
    return made.replace('<meta charset="utf-8">', head, 1)


def publish(site: Path) -> None:
    """Give redirects and drawings what the policy wants, and write the file of headers, in a built site."""
    if serving:
        return
    scripts = {REDIRECT}
    for path in site.rglob("*.html"):
        if not path.is_file():
            continue
        html = path.read_text(encoding="utf-8")
        if "Content-Security-Policy" in html:
            scripts.update(SCRIPT.findall(html))
        elif 'http-equiv="refresh"' in html:
            path.write_text(redirect(html), encoding="utf-8", newline="\n")
    styles: set[str] = set()
    for path in site.rglob("*.svg"):  # opened alone, a drawing is a page as well
        text = path.read_text(encoding="utf-8")
        styles.update(STYLE.findall(text))
        path.write_text(drawings.unstyled(text), encoding="utf-8", newline="\n")
    headers = HEADERS.format(of(*scripts, styles=styles))
    (site / "_headers").write_text(headers, encoding="ascii", newline="\n")
