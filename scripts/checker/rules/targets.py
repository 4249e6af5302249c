"""Rules L and I that need the whole project: files, anchors and addresses that links lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.checker.problem import Problem
from scripts.checker.project import Site
from scripts.checker.published import appending
from scripts.checker.rules import anchors, other_paths, relative_paths, site_addresses, urls
from scripts.checker.rules.site_addresses import Verdict

_FOREIGN = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")

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


def _judge(site: Site, page: str, href: str, tag: str, attribute: str, raw: bool) -> Verdict | None:
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
        or site_addresses.DYNAMIC.search(href)
        or "\n" in href.strip()
    ):
        return None
    if re.search(r"[“”„]|\s['\"«]", href) or href.startswith("(") or urls._scheme_fault(href, raw):
        return None
    if re.fullmatch(r"https?", href.partition("/")[0]):
        return None
    path, anchor = _split(href)
    if not path:
        return anchors.missing(site, page, page, anchor, href)
    if raw:
        return other_paths.in_html(site, page, path, anchor, tag)
    if path.startswith("/"):
        return other_paths.rooted(site, page, path, anchor, tag)
    if path.startswith("~"):
        return None
    return relative_paths.judged(site, page, path, anchor, tag)


def _source_set(site: Site, page: str, value: str) -> Verdict | None:
    for part in value.split(","):
        words = part.split()
        if words:
            result = _judge(site, page, words[0], "img", "src", True)
            if result:
                return result
    return None


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

    Bad: <a href="vae.md">VAE</a>
    Good: <a href="../vae/">VAE</a>
    Why: MkDocs does not rewrite paths in HTML.
    """
    yield from _found(site, "raw")


def absolute(site: Site) -> Iterator[Problem]:
    """An absolute path leads to nothing.

    Bad: [VAE](/models/vae.md)
    Good: [VAE](models/vae.md)
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

    Bad: [Read me](../README.md)
    Good: [Read me](https://example.com/project/README.md)
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
