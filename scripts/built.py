"""Check a built site: `python -m scripts.built site`.

Every page is parsed once, by as many processes as the machine has cores. What a page names – pages,
anchors, pictures, scripts, styles – must exist, spelt exactly so; no Markdown may stand in its text;
nothing may be asked of another host. The rules are in `RULES`; each finding is a `Finding`.
"""

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

RULES = {
    "B01": "a link names a page or file that the site does not have",
    "B02": "a link names an anchor that its page does not have",
    "B03": "a page asks for a picture, script or style that the site does not have",
    "B04": "Markdown stands in the text of a page as it was typed",
    "B05": "a page asks another host for something",
    "B06": "an id occurs twice on a page",
    "B07": "a redirect leads to a page or anchor that the site does not have",
    "B08": "a file of the site cannot be read",
}


@dataclass(frozen=True, order=True)
class Finding:
    """One fault of the built site: where, which rule, what is wrong and what to do."""

    path: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:1: {self.code} {self.message}"


@dataclass
class Page:
    """What one parse of a page finds: its ids, what it names, and the faults seen on the way."""

    path: str
    ids: set[str] = field(default_factory=set)
    links: list[tuple[str, int]] = field(default_factory=list)
    assets: list[tuple[str, int]] = field(default_factory=list)
    redirect: tuple[str, int] | None = None
    findings: list[Finding] = field(default_factory=list)


# Elements and attributes with which a page asks for something as it is shown.
ASSETS = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "input": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
    "apple-touch-icon",
    "shortcut",
}
# Text inside these is not prose: what looks like Markdown there was meant.
LITERAL = {"code", "pre", "script", "style", "math", "svg", "textarea", "kbd", "samp", "noscript"}
LEAKS = (
    (re.compile(r"^\s*(?:!!!|\?\?\?\+?)(?:\s|$)", re.M), "an admonition that did not open"),
    (re.compile(r'^\s*===[!+]{0,2}\s+"', re.M), "a content tab that did not open"),
    (re.compile(r"^\s*/{3,}(?:\s|$)", re.M), "a block that did not open"),
    (re.compile(r"\]\((?:[a-z]+:|[\w./#-]+(?:[)#\]]|\.\w|$))"), "a link that did not close"),
    (re.compile(r"\[\^[\w.:-]+\]"), "a footnote without a definition"),
    (re.compile(r"\{[:#.] ?[\w-]|\{ [#.][\w-]"), "an attribute list that applies to nothing"),
    (re.compile(r"^\s*(?:```|~~~)", re.M), "a fence that did not open"),
    (re.compile(r"\$\$"), "mathematics that did not close"),
    (re.compile(r"^\s*\|?\s*:?-{3,}:?\s*\|", re.M), "a table that did not open"),
    (re.compile(r"-{1,}8<-{1,}"), "an excerpt that did not resolve"),
    (re.compile(r"(?<![\w*])\*\*(?=[^\s*])[^*\n]+[^\s*]\*\*"), "emphasis that did not open"),
    (re.compile(r"\{\{[^{}]*\}\}"), "a template variable that was not filled"),
)
URL_IN_CSS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)""")
URL_IN_MODULE = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\bfetch\s*\(\s*|new\s+(?:Worker|URL)\(\s*)["'`]([^"'`\s]+)["'`]"""
)
DATA = ("data:", "mailto:", "tel:", "javascript:", "blob:", "about:")


def is_foreign(url: str, site: str) -> bool:
    """Whether a URL names another host than the site's own."""
    parts = urlsplit(url)
    return bool(parts.netloc) and parts.netloc != urlsplit(site).netloc


class Lines:
    """Finds the line of a text in a source, by its first occurrence after the last one found."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.last: dict[str, int] = {}

    def of(self, needle: str) -> int:
        """The line, counted from 1; 1 if the text is not there as it is."""
        start = self.last.get(needle, -1) + 1
        position = self.source.find(needle, start)
        if position < 0:
            position = self.source.find(needle.replace("&", "&amp;"))
        if position < 0:
            return 1
        self.last[needle] = position
        return self.source.count("\n", 0, position) + 1


def candidates(value: str, name: str) -> Iterator[str]:
    """The URLs of an attribute: several in a `srcset`, else one."""
    if name == "srcset":
        for part in value.split(","):
            if part.strip():
                yield part.split()[0]
    else:
        yield value.strip()


def texts(root: LexborNode) -> Iterator[str]:
    """The text of each block of a page, without what is literal."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.tag in LITERAL or "arithmatex" in (node.attributes.get("class") or ""):
            continue
        own = node.text(deep=False)
        if own.strip():
            yield own
        stack.extend(node.iter())


def parse(path: str, root: Path, site: str, strict: bool) -> Page:
    """Parse one page and collect all that is to be compared.

    Args:
        path: below `root`, with slashes.
        root: the folder of the site.
        site: the address of the site; links that start with it are the site's own.
        strict: whether requests to other hosts and leaked Markdown are faults.
    """
    page = Page(path)
    try:
        source = (root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        page.findings.append(Finding(path, 1, "B08", f"cannot be read: {error}"))
        return page
    tree = LexborHTMLParser(source)
    lines = Lines(source)
    counts: Counter[str] = Counter()
    for node in tree.css("[id], a[name]"):
        name = node.attributes.get("id")
        if name:
            counts[name] += 1
            page.ids.add(name)
        elif node.attributes.get("name"):
            page.ids.add(str(node.attributes["name"]))
    for name, count in counts.items():
        if count > 1:
            line = lines.of(f'id="{name}"')
            message = f"the id {name!r} occurs {count} times – give each its own"
            page.findings.append(Finding(path, line, "B06", message))
    _collect(tree, page, lines, site, strict)
    body = tree.body
    if strict and body is not None:
        for text in texts(body):
            for pattern, what in LEAKS:
                match = pattern.search(text)
                if match:
                    shown = " ".join(text[match.start() : match.start() + 50].split())
                    line = lines.of(match[0].strip()[:20])
                    page.findings.append(
                        Finding(path, line, "B04", f"{what}: {shown!r} – mend its Markdown")
                    )
    return page


def _collect(tree: LexborHTMLParser, page: Page, lines: Lines, site: str, strict: bool) -> None:
    """Links, assets, redirects and requests to other hosts of a page."""
    for node in tree.css("a[href], area[href]"):
        value = (node.attributes.get("href") or "").strip()
        page.links.append((value, lines.of(f'"{value}"')))
    wanted: list[tuple[str, int]] = []
    for node in tree.css("link[href]"):
        relations = set((node.attributes.get("rel") or "").lower().split())
        if relations & RELATIONS:
            value = node.attributes.get("href") or ""
            wanted.append((value, lines.of(f'"{value}"')))
    for node in tree.css(", ".join(ASSETS)):
        for name in ASSETS[str(node.tag)]:
            for value in candidates(node.attributes.get(name) or "", name):
                if value and not value.startswith("#"):
                    wanted.append((value, lines.of(value)))
    for node in tree.css("style, [style]"):
        text = node.text() if node.tag == "style" else node.attributes.get("style") or ""
        for match in URL_IN_CSS.finditer(text):
            value = match[1] or match[2]
            if not value.startswith("#"):
                wanted.append((value, lines.of(value)))
    for value, line in wanted:
        if value.startswith(DATA):
            continue
        if is_foreign(value, site):
            if strict:
                message = f"asks another host for {value} – keep a copy in the site"
                page.findings.append(Finding(page.path, line, "B05", message))
        else:
            page.assets.append((value, line))
    refresh = tree.css_first('meta[http-equiv="refresh" i]')
    if refresh is not None:
        content = refresh.attributes.get("content") or ""
        found = re.search(r"url\s*=\s*['\"]?([^'\"]+)", content, re.I)
        if found:
            page.redirect = (found[1].strip(), lines.of(found[1]))


def resolve(value: str, page: str, base: str, site: str) -> tuple[str, str] | None:
    """The path below the site and the fragment that a URL names; None if it is not the site's own."""
    if value.startswith(DATA) or is_foreign(value, site):
        return None
    here = f"http://site{base}{page}"
    parts = urlsplit(urljoin(here, value))
    if parts.scheme not in {"http", "https"}:
        return None
    path = unquote(parts.path)
    if not path.startswith(base):
        return None if not value.startswith("/") else (path.lstrip("/"), unquote(parts.fragment))
    return path[len(base) :], unquote(parts.fragment)


def find_file(path: str, files: set[str], folders: set[str]) -> str | None:
    """The file that a server gives for a path, or None."""
    path = str(PurePosixPath(path)) + ("/" if path.endswith("/") else "") if path else ""
    if path in files:
        return path
    folder = path.rstrip("/")
    if folder in folders or folder in {"", "."}:
        index = f"{folder}/index.html" if folder not in {"", "."} else "index.html"
        return index if index in files else None
    return None


def compare(pages: Iterable[Page], files: set[str], base: str, site: str) -> Iterator[Finding]:
    """The faults that show only with all pages at hand."""
    known = {page.path: page for page in pages}
    folders = {str(parent) for file in files for parent in PurePosixPath(file).parents}
    for page in known.values():
        yield from page.findings
        named = [("B01", *link) for link in page.links] + [("B03", *link) for link in page.assets]
        if page.redirect:
            named.append(("B07", *page.redirect))
        for code, value, line in sorted(set(named), key=lambda item: item[1:]):
            target = resolve(value, page.path, base, site)
            if target is None:
                continue
            path, fragment = target
            file = find_file(path, files, folders)
            if file is None:
                yield Finding(page.path, line, code, f"no {path or value} in the site: {value}")
            elif (
                file in known
                and fragment not in known[file].ids | {"", "top"}
                and not fragment.startswith(":~:")  # that is a text to find, no anchor
            ):
                code = "B07" if code == "B07" else "B02"
                message = f"no anchor #{fragment} on {file}: {value}"
                yield Finding(page.path, line, code, message)


def sources(root: Path, files: Iterable[str], site: str, strict: bool) -> Iterator[Finding]:
    """What style sheets and modules of the site ask for."""
    present = set(files)
    for path in sorted(present):
        pattern = {".css": URL_IN_CSS, ".mjs": URL_IN_MODULE}.get(PurePosixPath(path).suffix)
        if pattern is None:
            continue
        try:
            text = (root / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield Finding(path, 1, "B08", f"cannot be read: {error}")
            continue
        for match in pattern.finditer(text):
            value = next(group for group in match.groups() if group)
            line = text.count("\n", 0, match.start()) + 1
            if value.startswith((*DATA, "#")) or "${" in value:
                continue
            if is_foreign(value, site):
                if strict:
                    yield Finding(path, line, "B05", f"asks another host for {value}")
                continue
            if pattern is URL_IN_MODULE and (not value.startswith(".") or value.endswith(".")):
                continue  # a package, or a folder to start from
            target = unquote(urlsplit(urljoin(f"http://site/{path}", value)).path).lstrip("/")
            if target not in present:
                yield Finding(path, line, "B03", f"no {target} in the site: {value}")


def _parse_many(arguments: tuple[list[str], Path, str, bool]) -> list[Page]:
    paths, root, site, strict = arguments
    return [parse(path, root, site, strict) for path in paths]


def check(
    root: Path, site: str = "", strict: bool = True, jobs: int | None = None
) -> list[Finding]:
    """All findings on a built site, sorted.

    Args:
        root: the folder that holds `index.html`.
        site: the address of the site, such as `https://example.org/docs/`; its path is the base of
            links that begin with a slash.
        strict: also report Markdown in the text and requests to other hosts.
        jobs: processes; by default one for each core.

    Raises:
        ValueError: if the folder holds no page.
    """
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    paths = sorted(file for file in files if file.endswith((".html", ".htm")))
    if not paths:
        raise ValueError(f"{root} holds no page: build the site first")
    base = urlsplit(site).path or "/"
    base = base if base.endswith("/") else f"{base}/"
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(paths) < 40:
        pages = _parse_many((paths, root, site, strict))
    else:
        size = max(1, len(paths) // (jobs * 4))
        chunks = [paths[i : i + size] for i in range(0, len(paths), size)]
        with ProcessPoolExecutor(jobs) as pool:
            work = [(chunk, root, site, strict) for chunk in chunks]
            pages = [page for part in pool.map(_parse_many, work) for page in part]
    found = {*compare(pages, files, base, site), *sources(root, files, site, strict)}
    return sorted(found)


def main() -> int:
    """Print the findings; 0 clean, 1 findings, 2 could not run."""
    parser = argparse.ArgumentParser(prog="built", description="Check a built site.")
    parser.add_argument("site", type=Path, help="the folder of the built site")
    parser.add_argument("--address", default=os.environ.get("SITE_URL", ""), help="its address")
    parser.add_argument("--lenient", action="store_true", help="only links, anchors and files")
    arguments = parser.parse_args()
    try:
        findings = check(arguments.site, arguments.address, not arguments.lenient)
    except (ValueError, OSError) as error:
        print(f"built: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
