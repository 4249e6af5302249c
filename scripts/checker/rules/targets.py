"""Rules L that need the whole project: files, anchors and addresses that links lead to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

from scripts.checker.problem import Problem
from scripts.checker.project import PAGES, Facts, Site
from scripts.checker.published import appending
from scripts.checker.rules import places, urls

_FOREIGN = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_DYNAMIC = re.compile(r"\{\{|\{%|%7B%7B|\$\{|^<|>$|^\$|^@")
_FREE = re.compile(
    r"__|top$|:~:|tag:|!|/|_source|tabbed|page=|t=\d|L\d+(?:-L\d+)?$|xpointer|searchresults?$"
)


# The setting by which a project says that it does not mind a fault.
_SETTINGS = {
    "file": "not_found",
    "asset": "not_found",
    "image": "not_found",
    "case": "not_found",
    "outside": "not_found",
    "form": "unrecognized_links",
    "absolute": "absolute_links",
    "anchor": "anchors",
    "anchor-case": "anchors",
}


def _split(href: str) -> tuple[str, str]:
    path, _, anchor = href.partition("#")
    return path.partition("?")[0], anchor


def _diagnose(site: Site) -> dict[str, list[Problem]]:
    if "targets" in site.notes:
        done: dict[str, list[Problem]] = site.notes["targets"]
        return done
    found: dict[str, list[Problem]] = {}
    site.notes["targets"] = found
    for path, facts in site.chosen_facts():
        for line, column, href, tag, attribute, raw in facts["links"]:
            result = _judge(site, path, href, tag, attribute, raw)
            if result is not None:
                kind, message = result
                if not raw and site.config.wanted("links", _SETTINGS.get(kind, "")) == "ignore":
                    continue
                problem = site.problem(path, line, message, column)
                if line > facts.get("lines", line):
                    problem = appending(
                        site.config, f"in what is appended to every page: {message}"
                    )
                if problem not in found.setdefault(kind, []):
                    found[kind].append(problem)
    return found


def _judge(
    site: Site, page: str, href: str, tag: str, attribute: str, raw: bool
) -> tuple[str, str] | None:
    """What is wrong with a link, if anything."""
    if attribute == "srcset":
        return _source_set(site, page, href)
    href = href.strip().replace("&amp;", "&")
    if re.fullmatch(r"[A-Z_]{4,}", href):
        return None
    if (
        not href
        or href == "#"
        or _FOREIGN.match(href)
        or _DYNAMIC.search(href)
        or "\n" in href.strip()
    ):
        return None
    if re.search(r"[“”„]|\s['\"«]", href) or href.startswith("(") or urls._scheme_fault(href, raw):
        return None
    if re.fullmatch(r"https?", href.partition("/")[0]):
        return None
    path, anchor = _split(href)
    if not path:
        return _anchor(site, page, page, anchor, href)
    if raw:
        return _raw(site, page, path, anchor, tag)
    if path.startswith("/"):
        return _absolute(site, page, path, anchor, tag)
    if path.startswith("~"):
        return None
    return _relative(site, page, path, anchor, tag)


def _source_set(site: Site, page: str, value: str) -> tuple[str, str] | None:
    for part in value.split(","):
        words = part.split()
        if words:
            result = _judge(site, page, words[0], "img", "src", True)
            if result:
                return result
    return None


def _relative(site: Site, page: str, path: str, anchor: str, tag: str) -> tuple[str, str] | None:
    decoded = unquote(path)
    if "\\" in decoded:
        return "form", f"'{path}' has backslashes; write '{decoded.replace(chr(92), '/')}'"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), decoded))
    if target in site.unpublished and not decoded.endswith("/"):
        return _unpublished(site, path, target, tag)
    if target in site.files and not decoded.endswith("/"):
        return _anchor(site, page, target, anchor, path)
    if target.startswith("../") or target == "..":
        return _outside(site, page, path, target)
    suffix = posixpath.splitext(target)[1].lower()
    if decoded.endswith("/") or not re.fullmatch(r"\.\w{1,12}", suffix):
        suffix = suffix if suffix in PAGES else ""
    other = site.lower.get(target.lower())
    if other is not None and not decoded.endswith("/"):
        return (
            "case",
            (
                f"'{path}' differs in case from the file; write"
                f" '{posixpath.relpath(other, posixpath.dirname(page) or '.')}'"
            ),
        )
    if suffix in PAGES or (suffix and suffix not in (".html", ".htm") and not _is_version(target)):
        return _missing(site, page, path, target, tag)
    return _address(site, page, path, target)


def _is_version(target: str) -> bool:
    return bool(re.search(r"\.\d+$", target))


def _missing(site: Site, page: str, path: str, target: str, tag: str) -> tuple[str, str] | None:
    if target in site.redirects:
        return None
    if (posixpath.splitext(target)[1] == ".md" and site.static(target)) or site.static(target):
        return None
    if (
        site.config.docs.joinpath(target).exists()
        and not site.config.docs.joinpath(target).is_dir()
    ):
        return None
    near = site.nearest(page, path)
    if site.made_by_build(target) or (site.generated and not near):
        return None
    if site.generated and posixpath.dirname(target) not in site.folders:
        return None
    if (
        site.config.plugin("blog")
        and site.blog
        and target.startswith(site.blog)
        and tag == "a"
        and "/archive" in target
    ):
        return None
    what = "image" if tag == "img" else "file"
    kind = (
        "image" if tag == "img" else "file" if posixpath.splitext(target)[1] in PAGES else "asset"
    )
    advice = f"write '{near}'" if near else "correct the path or delete the link"
    if near and posixpath.normpath(posixpath.join(posixpath.dirname(page), near)) == target:
        advice = "correct the path or delete the link"
    return kind, f"the {what} '{path}' does not exist; {advice}"


def _outside(site: Site, page: str, path: str, target: str) -> tuple[str, str] | None:
    below = target
    while below.startswith("../"):
        below = below[3:]
    if _blog_page(site, page):
        return None
    reached = _reached(site, page, path)
    if reached is not None:
        return reached
    if _address(site, page, path, target) is None:
        return None
    real = site.config.docs / posixpath.normpath(target)
    if (
        posixpath.splitext(target)[1].lower() in (*PAGES, ".py", ".toml", ".yml", ".txt")
        and real.exists()
    ):
        return (
            "outside",
            (
                f"'{path}' lies outside the docs folder and is not on the site; link to the"
                " repository instead"
            ),
        )
    near = site.nearest(page, path)
    advice = f"write '{near}'" if near else "correct the path"
    if site.generated and not near:
        return None
    return (
        "file",
        f"the file '{path}' does not exist (it would lie outside the docs folder); {advice}",
    )


def _address(site: Site, page: str, path: str, target: str) -> tuple[str, str] | None:
    """A link that is no file: judge by the address to which a browser takes it."""
    if _blog_page(site, page):
        return None
    url = _join(site.address(page), unquote(path))
    found = site.at(url)
    reached = _reached(site, page, path)
    if reached is not None:
        return reached
    if found is not None or _blog_address(site, url) or site.static(url):
        return None
    stem = posixpath.splitext(target)[0] if target.endswith((".html", ".htm")) else target
    candidates = (
        stem + ".md",
        posixpath.join(stem, "index.md"),
        stem + ".ipynb",
        posixpath.join(stem, "README.md"),
    )
    meant = next((candidate for candidate in candidates if candidate in site.files), "")
    if meant:
        return (
            "form",
            (
                f"'{path}' leads to /{url}, which does not exist; write"
                f" '{posixpath.relpath(meant, posixpath.dirname(page) or '.')}'"
            ),
        )
    for candidate in (url.rstrip("/") + ".md", url.rstrip("/") + "/index.md"):
        if candidate.lower() in site.lower:
            return (
                "case",
                (
                    f"'{path}' differs in case from the page; write"
                    f" '{posixpath.relpath(site.lower[candidate.lower()], posixpath.dirname(page) or '.')}'"
                ),
            )
    if site.generated or (site.config.docs.joinpath(target).is_dir() and not path.endswith("/")):
        return None
    return "form", f"'{path}' leads to /{url}, where there is nothing; link to the .md file"


def _reached(site: Site, page: str, path: str) -> tuple[str, str] | None:
    """A link by address that does lead to a page."""
    found = site.at(_join(site.address(page), unquote(path)))
    if found is None or not site.is_page(found) or found not in site.files:
        return None
    near = posixpath.relpath(found, posixpath.dirname(page) or ".")
    return (
        "form",
        (
            f"'{path}' is no path to a file: it is not checked, and breaks when a page moves;"
            f" write '{near}'"
        ),
    )


def _unpublished(site: Site, path: str, target: str, tag: str) -> tuple[str, str]:
    """A link to a file that lies in the docs folder and is no part of the site."""
    other = site.unpublished[target]
    why = f"'{posixpath.basename(other)}' takes its place" if other else "the project excludes it"
    kind = "image" if tag == "img" else "file" if site.is_page(target) else "asset"
    return kind, f"'{path}' is not published, since {why}; link to a page of the site"


def _join(base: str, path: str) -> str:
    folder = base if base.endswith("/") or not base else posixpath.dirname(base)
    joined = posixpath.normpath("/" + posixpath.join(folder, path))
    slash = path.endswith(("/", "/.", "/..")) or path in (".", "..")
    result = joined.lstrip("/")
    return result + "/" if slash and result else result


def _blog_page(site: Site, page: str) -> bool:
    return site.blog is not None and page.startswith(site.blog)


def _blog_address(site: Site, url: str) -> bool:
    return site.blog is not None and url.startswith(site.blog)


def _absolute(
    site: Site, page: str, path: str, anchor: str, tag: str, raw: bool = False
) -> tuple[str, str] | None:
    target = unquote(path).lstrip("/")
    if target in site.files and posixpath.splitext(target)[1].lower() in PAGES:
        if site.config.wanted("links", "absolute_links") == "relative_to_docs":
            return _anchor(site, page, target, anchor, path)
        return (
            "absolute",
            (
                f"'{path}' is not rewritten and leads to nothing; write"
                f" '{posixpath.relpath(target, posixpath.dirname(page) or '.')}'"
            ),
        )
    if posixpath.splitext(target)[1].lower() in PAGES and not site.made_by_build(target):
        near = site.nearest(page, path.lstrip("/"))
        advice = f"write '{near}'" if near else "write a path relative to this page"
        return "absolute", f"'{path}' is not rewritten and leads to nothing; {advice}"
    base = site.base_path
    if base and target != base and not target.startswith(base + "/"):
        if target and not (
            _versions(site) and re.match(r"(?:latest|stable|dev|main|v?\d)", target)
        ):
            return (
                "absolute",
                (
                    f"'{path}' leaves the site, which lies under /{base}/; write a path relative to"
                    " this page"
                ),
            )
        return None
    if base:
        target = target[len(base) :].lstrip("/")
    file = site.at(target)
    if (
        file in site.files
        and tag == "a"
        and posixpath.splitext(file)[1].lower() in PAGES
        and not raw
    ):
        near = posixpath.relpath(file, posixpath.dirname(page) or ".")
        return (
            "absolute",
            f"'{path}' is not rewritten and works only at the root of a host; write '{near}'",
        )
    if file is not None:
        return _anchor(site, page, file, anchor, path)
    if (
        site.static(target)
        or _blog_address(site, target)
        or site.generated
        or (_versions(site) and re.match(r"(?:latest|stable|dev|main|v?\d)", target))
    ):
        return None
    if (
        posixpath.splitext(target)[1].lower() in PAGES
        or not posixpath.splitext(target)[1]
        or tag == "img"
    ):
        return (
            "absolute",
            (
                f"'{path}' leads to nothing on this site; write a path to the file relative to this"
                " page"
            ),
        )
    return None


def _versions(site: Site) -> bool:
    return site.config.plugin("mike") or "version" in site.config.extra


def _raw(site: Site, page: str, path: str, anchor: str, tag: str) -> tuple[str, str] | None:
    decoded = unquote(path)
    if decoded.startswith("/"):
        return _absolute(site, page, path, anchor, tag, True)
    if _blog_page(site, page):
        name = posixpath.basename(decoded.rstrip("/")).lower()
        page_like = posixpath.splitext(decoded)[1].lower() in PAGES
        known = name in site.by_name or f"{name}.md" in site.by_name or name in site.names
        if not page_like and (known or not name.strip(".")):
            return None
        kind = (
            "raw-image"
            if tag in ("img", "source", "video", "audio", "object", "embed", "iframe")
            else "raw"
        )
        return kind, f"'{path}' in HTML leads to nothing; correct it"
    url = _join(site.address(page), decoded)
    file = site.at(url)
    if file is not None:
        if posixpath.splitext(url)[1].lower() in PAGES:
            return (
                "raw",
                (
                    f"'{path}' in HTML is not rewritten and does not exist on the site; write"
                    f" '{_browser(site, page, file)}' or a Markdown link"
                ),
            )
        return _anchor(site, page, file, anchor, path)
    source = posixpath.normpath(posixpath.join(posixpath.dirname(page), decoded))
    if site.static(url) or _blog_address(site, url):
        return None
    if source in site.files:
        kind = "image" if tag in ("img", "source", "video", "audio") else "raw"
        return (
            kind if kind == "raw" else "raw-image",
            (
                f"'{path}' in HTML is not rewritten and leads to /{url}; write"
                f" '{_browser(site, page, source)}'"
            ),
        )
    if site.generated and not site.nearest(page, path):
        return None
    kind = (
        "raw-image"
        if tag in ("img", "source", "video", "audio", "object", "embed", "iframe")
        else "raw"
    )
    near = site.nearest(page, path)
    advice = (
        "write"
        f" '{_browser(site, page, posixpath.normpath(posixpath.join(posixpath.dirname(page), near)))}'"
        if near
        else "correct it"
    )
    return kind, f"'{path}' in HTML leads to /{url}, where there is nothing; {advice}"


def _browser(site: Site, page: str, target: str) -> str:
    """The path that a browser needs from one page to a file."""
    base = site.address(page)
    folder = base if base.endswith("/") else posixpath.dirname(base)
    url = site.address(target)
    relative = posixpath.relpath("/" + url, "/" + folder)
    return relative + "/" if url.endswith("/") and relative != "." else relative


def _anchor(site: Site, page: str, target: str, anchor: str, shown: str) -> tuple[str, str] | None:
    if (
        not anchor
        or _FREE.match(anchor)
        or posixpath.splitext(target)[1].lower() not in PAGES
        or _DYNAMIC.search(anchor)
    ):
        return None
    facts = site.facts_of(target)
    if facts is None:
        return None
    ids: set[str] = facts.setdefault("id_set", set(facts["ids"]))
    name = unquote(anchor)
    if anchor in ids or name in ids or ":~:" in anchor:
        return None
    if facts["unknown"] == 2 and ("." in name or not get_close_matches(name.lower(), ids, 1, 0.85)):
        return None
    if facts["unknown"] == 1 and (re.search(r"[.+:]", name) or name in facts.get("comments", ())):
        return None
    where = "this page" if target == page else f"'{posixpath.basename(target)}'"
    by_case = {other.lower(): other for other in ids}
    if name.lower() in by_case:
        return (
            "anchor-case",
            f"the anchor '#{anchor}' differs in case on {where}; write '#{by_case[name.lower()]}'",
        )
    same = _squeeze(name)
    near = next((other for other in sorted(ids) if same and _squeeze(other) == same), "")
    if not near:
        close = get_close_matches(
            name.lower(), [other for other in ids if not other.startswith("__")], 1, 0.75
        )
        near = close[0] if close else ""
    advice = f"write '#{near}'" if near else "correct it"
    return "anchor", f"the anchor '#{anchor}' does not exist on {where}; {advice}"


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _found(site: Site, *kinds: str) -> Iterator[Problem]:
    problems = _diagnose(site)
    for kind in kinds:
        yield from problems.get(kind, ())


def missing_file(site: Site) -> Iterator[Problem]:
    """A link leads to a page or file that does not exist.

    Bad: [prompting](prompt.md) when there is only prompting.md
    Good: [prompting](prompting.md)
    Why: The reader gets an error page.
    """
    yield from _found(site, "file", "asset")


def missing_anchor(site: Site) -> Iterator[Problem]:
    """A link leads to an anchor that the page does not have.

    Bad: [RLHF](learning.md#human-feedback) without such a heading
    Good: [RLHF](learning.md#rlhf)
    Why: The reader lands at the top of the page and has to search.
    """
    yield from _found(site, "anchor")


def anchor_case(site: Site) -> Iterator[Problem]:
    """An anchor is written in the wrong case.

    Bad: [RLHF](learning.md#RLHF)
    Good: [RLHF](learning.md#rlhf)
    Why: Anchors are compared letter by letter; the reader lands at the top.
    """
    yield from _found(site, "anchor-case")


def path_case(site: Site) -> Iterator[Problem]:
    """A path is written in the wrong case.

    Bad: [VAE](VAE.md) when the file is vae.md
    Good: [VAE](vae.md)
    Why: It works on some machines and fails on the server.
    """
    yield from _found(site, "case")


def raw_link(site: Site) -> Iterator[Problem]:
    """A link in HTML leads to nothing on the site.

    Bad: <a href="vae.md">
    Good: <a href="../vae/">, or [VAE](vae.md)
    Why: MkDocs does not rewrite paths in HTML.
    """
    yield from _found(site, "raw")


def absolute(site: Site) -> Iterator[Problem]:
    """An absolute path leads to nothing.

    Bad: [VAE](/models/vae.md)
    Good: [VAE](../models/vae.md)
    Why: It is not rewritten, and points outside a site that lies in a folder.
    """
    yield from _found(site, "absolute")


def form(site: Site) -> Iterator[Problem]:
    """A path has a form that leads to nothing.

    Bad: [VAE](vae.html), [VAE](../vae), [VAE](models)
    Good: [VAE](vae.md)
    Why: Without .md MkDocs leaves the path as it is, and the address on the site is another.
    """
    yield from _found(site, "form")


def outside(site: Site) -> Iterator[Problem]:
    """A link leads out of the docs folder.

    Bad: [Licence](../../LICENSE.md)
    Good: [Licence](https://example.com/project/LICENSE.md)
    Why: The file is in the repository but not on the site.
    """
    yield from _found(site, "outside")


def missing_image(site: Site) -> Iterator[Problem]:
    """An image does not exist.

    Bad: ![The loss](los.svg)
    Good: ![The loss](loss.svg)
    Why: The reader sees a broken picture.
    """
    yield from _found(site, "image")


def raw_image(site: Site) -> Iterator[Problem]:
    """An image, video or frame in HTML has a path that leads to nothing.

    Bad: <img src="loss.svg" alt="The loss"> on a page that is served from a folder of its own
    Good: ![The loss](loss.svg)
    Why: MkDocs does not rewrite paths in HTML.
    """
    yield from _found(site, "raw-image")


def undefined_reference(site: Site) -> Iterator[Problem]:
    """A cross-reference names nothing in the project.

    Bad: [the trainer][trainr] in a project with autorefs
    Good: [the trainer][trainer]
    Why: The brackets are printed.
    """
    if not any(facts.get("autorefs") for _, facts in site.chosen_facts()):
        return
    names: set[str] | None = None
    indexed = re.search(r"objects\.inv|inventories\s*:", site.config.text) is not None
    for path, facts in site.chosen_facts():
        for line, column, name in facts.get("autorefs", ()):
            spaced = " " in name and re.search(r"[A-Z\d]", name)
            if (
                not name
                or "." in name
                or (re.search(r"[A-Z_(]", name) and not spaced)
                or (not re.search(r"[-\d ]", name) and _standard(name))
            ):
                continue
            if names is None:
                names = _all_names(site)
            plain = name.strip("`").lower()
            if (
                plain in names
                or name.strip("`") in names
                or (indexed and not spaced and not get_close_matches(plain, names, 1, 0.85))
            ):
                continue
            yield site.problem(
                path,
                line,
                f"no definition for the reference '[{name[:60]}]'; add '[{name[:60]}]: target' or"
                " write the target in parentheses",
                column,
            )


def _standard(name: str) -> bool:
    """Whether a word may be a name that Python's own index explains."""
    import builtins
    import sys

    plain = name.strip("`")
    terms = {
        "mapping",
        "sequence",
        "iterable",
        "iterator",
        "callable",
        "generator",
        "awaitable",
        "coroutine",
        "module",
        "mutable",
    }
    return hasattr(builtins, plain) or plain in sys.stdlib_module_names or plain in terms


def _all_names(site: Site) -> set[str]:
    found: set[str] = set()
    for path in site.files:
        if posixpath.splitext(path)[1].lower() in PAGES:
            facts = site.facts_of(path)
            if facts:
                found.update(facts["ids"])
                found.update(facts.get("modules", ()))
    found |= {name.rsplit(".", 1)[-1] for name in found}
    return found | {name.lower() for name in found}


def insecure(site: Site) -> Iterator[Problem]:
    """An address uses http though its host answers by https.

    Bad: [x](http://github.com/)
    Good: [x](https://github.com/)
    Why: Browsers warn, and each click pays for a redirect.
    """
    secure: set[str] = set()
    for _, facts in site.chosen_facts():
        secure.update(facts["https"])
    for path, facts in site.chosen_facts():
        for line, column, name in facts["http"]:
            if urls.answers_by_https(name) or name in secure:
                yield site.problem(
                    path, line, f"'{name}' answers by https; write 'https://'", column
                )


def page_facts(page: Any) -> Facts:
    """What other pages and the project's rules need to know of a page."""
    from scripts.checker import project
    from scripts.checker.rules.link_syntax import is_page_link

    rendered = page.rendered
    links = []
    last: dict[tuple[int, str], int] = {}
    made = any(
        "." in name and not name.startswith(("pymdownx.", "markdown."))
        for name in page.config.extensions
    )
    plain = (
        _plain(page.text)
        + "".join(_plain(text) for lines in rendered.included.values() for text in lines)
        if made
        else ""
    )
    for link in rendered.links:
        if not is_page_link(link) or link.tag == "link":
            continue
        if made and not link.raw and _plain(link.href) not in plain:
            continue
        line, column = (
            (link.line, 1)
            if link.line in rendered.included
            else places.of_address(page, link, _written(link.href))
        )
        if places.is_defined(page, link):
            links.append([line, column, link.href, link.tag, link.attribute, link.raw])
            continue
        start = last.get((line, link.href), 0)
        whole = rf"(?<![\w./#-]){re.escape(_written(link.href))}(?![\w./#-])"
        exact = re.compile(whole).search(page.line(line), start)
        again = exact.start() if exact else page.line(line).find(_written(link.href), start)
        column = again + 1 if exact or again >= column else column
        last[line, link.href] = column
        links.append([line, column, link.href, link.tag, link.attribute, link.raw])
    autorefs = [
        [line, page.column_of(line, f"[{name}]"), name]
        for line, name in page.notes.get("autorefs", ())
    ]
    modules = re.findall(r"(?m)^[ \t]*::: ?([\w.]+)", page.text) if ":::" in page.text else []
    return {
        "links": links,
        "ids": sorted({name for name, _, _ in rendered.ids}),
        "unknown": (
            2
            if rendered.error or rendered.missing_snippets
            else project.anchors_unknown(page.text, page.config, page.missing_extensions)
        ),
        "comments": (
            sorted(
                set(
                    re.findall(
                        r"[\w.+:-]+", " ".join(re.findall(r"<!--(.*?)-->", page.text, re.DOTALL))
                    )
                )
            )
            if page.config.hooks
            else []
        ),
        "autorefs": autorefs,
        "modules": modules,
        "lines": len(page.lines),
        "bare": page.notes.get("bare", []),
        "http": [list(item) for item in urls.http_links(page)],
        "https": sorted(urls.linked_hosts(page)),
    }


def _plain(text: str) -> str:
    return re.sub(r"[\s\\<>]|&amp;|&|%20", "", text)


def _written(href: str) -> str:
    return href.split("&")[0][:60].rstrip()
