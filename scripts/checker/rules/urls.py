"""Rules U: the form of web addresses.

Tried and dropped: trailing slashes, tracking parameters, upper case in paths (servers differ).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from scripts.checker.openers import nearest
from scripts.checker.page import Page
from scripts.checker.problem import Problem
from scripts.checker.rendered import Link
from scripts.checker.rules import hosts, places
from scripts.checker.rules.hosts import SECURE
from scripts.checker.rules.link_definitions import definitions

SCHEMES = frozenset(
    "http https ftp ftps mailto tel sms data ws wss ssh git irc ircs xmpp magnet file urn doi"
    " javascript about chrome vscode vscode-insiders slack zoommtg steam news svn sftp geo blob"
    " matrix obsidian cursor jetbrains webcal bitcoin ipfs tg intent app view-source gemini gopher"
    " nntp ldap ms-settings windowsdefender shortcuts codesandbox pkg cid mid feed itms itms-apps"
    " market maps facetime skype spotify whatsapp signal sgnl discord postgres postgresql mysql"
    " redis mongodb s3 gs docker oci purl lsp moz-extension chrome-extension edge opera thunderbird".split()
)
DOMAINS = "com|org|net|io|dev|ai|edu|gov|co|me|app|info|uk|de|fr|eu|ch|tech|cloud|sh|rs|ly"
_LOCAL = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d+)?$", re.IGNORECASE)


def addresses(page: Page) -> Iterator[tuple[Link, int, int]]:
    for link in page.rendered.links:
        if (
            link.attribute in ("srcset", "data", "poster")
            or not link.href
            or "{{" in link.href
            or "{%" in link.href
        ):
            continue
        if link.line in page.rendered.included:
            continue
        line, column = places.of_address(page, link, link.href[:25])
        yield link, line, column


def scheme(page: Page) -> Iterator[Problem]:
    """The beginning of an address is misspelt.

    Bad: [x](htps://example.com), [x](https:/example.com), [x](www.example.com)
    Good: [x](https://example.com)
    Why: The browser takes it for a page of this site, or for nothing.
    """
    for link, line, column in addresses(page):
        message = _scheme_fault(link.href.strip(), link.raw)
        if message:
            yield page.problem(line, message, column)
    for number, text in enumerate(page.clean, 1):
        found = re.search(r"<([a-z]{2,8})://[\w.-]+[^>\s]*>", text)
        if found and not page.is_code(number) and found[1] not in SCHEMES and found[1] in _MISSPELT:
            yield page.problem(
                number, f"'{found[1]}://' is no scheme; write 'https://'", found.start(1) + 1
            )


_MISSPELT = frozenset(
    "htp htps htpps httpp hhttp hhttps htttp htttps httsp httpss ttp ttps hptts hhtp hhtps tthps"
    " hppt hppts htt https http1 shttp xhttps httos hhttps htttp htpp httpd htts hxxp hxxps".split()
) - {"https", "http"}


def _scheme_fault(href: str, raw: bool) -> str:
    lower = href.lower()
    if re.match(r"https?://+https?:?/", lower) or re.match(r"https?://https?//", lower):
        return "the address begins twice with 'https://'; write it once"
    if re.match(r"https?:///", lower):
        return "three slashes after the scheme; write two: 'https://'"
    if re.match(r"https?:/[^/]", lower):
        return "one slash after the scheme; write two: 'https://'"
    if re.match(r"https?:[^/]", lower):
        return "no slashes after the scheme; write 'https://'"
    if re.match(r"https?;//|https?,//|https?\.//", lower):
        return "no colon after the scheme; write 'https://'"
    if re.match(r"https?//", lower) or re.match(r"https?/[\w-]+\.[\w.-]+", lower):
        return "no colon after the scheme; write 'https://'"
    if re.match(r"://", lower):
        return "the address has no scheme; write 'https://'"
    if lower.startswith("www."):
        return (
            f"'{href[:50]}' has no scheme and is taken for a page of this site; write"
            f" 'https://{href[:50]}'"
        )
    if (
        re.match(
            rf"(?![\w-]+\.(?:md|html?|py|js|css)\b)(?:[a-z0-9-]+\.)+(?:{DOMAINS})(?:/\S*|[?#]\S*)?$",
            lower,
        )
        and not raw
    ):
        return (
            f"'{href[:50]}' has no scheme and is taken for a page of this site; write"
            f" 'https://{href[:50]}'"
        )
    if re.match(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+$", href):
        return f"'{href}' has no scheme; write 'mailto:{href}'"
    found = re.match(r"([a-z][a-z0-9+.-]*):", lower)
    if not found or found[1] in SCHEMES or len(found[1]) == 1:
        return ""
    if found[1] in _MISSPELT or (
        lower.startswith(found[1] + "://") and nearest(found[1], ("https", "http"))
    ):
        return f"'{found[1]}:' is no scheme; write 'https:'"
    if nearest(found[1], ("mailto",)):
        return f"'{found[1]}:' is no scheme; write 'mailto:'"
    return ""


def blank(page: Page) -> Iterator[Problem]:
    """An address holds a blank.

    Bad: [x](https://example.com/a b)
    Good: [x](https://example.com/a%20b)
    Why: Browsers and servers cut it in different places.
    """
    for link, line, column in addresses(page):
        href = link.href.strip()
        if (
            re.match(r"https?://", href)
            and re.search(r"\s", href)
            and not re.search(r"\s[“”„«'\"]", href)
        ):
            yield page.problem(line, "the address holds a blank; write %20 or delete it", column)


def parentheses(page: Page) -> Iterator[Problem]:
    """The parentheses of an address do not match.

    Bad: [x](https://example.com/ab))
    Good: [x](https://example.com/ab)
    Why: A sign is printed after the link, or the address lacks its end.
    """
    for link, line, column in addresses(page):
        if link.raw or not re.match(r"https?://", link.href):
            continue
        source = page.line(line)
        at = source.find("](" + link.href)
        before = "\n".join(_paragraph_above(page, line)) + source[:at]
        if at >= 0 and _surplus(before, source[at + 2 + len(link.href) :]):
            yield page.problem(line, "one ')' too many after the address; delete it", column)
        elif link.href.count("(") > link.href.count(")") and not link.href.endswith("…"):
            yield page.problem(
                line, "a parenthesis of the address is not closed; write (bar) or %28", column
            )
        elif link.href.count(")") > link.href.count("("):
            yield page.problem(line, "one ')' too many in the address; delete it", column)


def _paragraph_above(page: Page, line: int) -> list[str]:
    number = line - 1
    while number > 0 and page.line(number).strip() and line - number < 30:
        number -= 1
    return [page.line(n) for n in range(number + 1, line)] + [""]


def _surplus(before: str, after: str) -> bool:
    """Whether more parentheses close behind a link than were opened before it."""
    plain = re.sub(r"\[[^\]]*\]\([^)]*\)", "", before)
    closing = len(after) - len(after.lstrip(")"))
    return closing > 1 and closing - 1 > max(plain.count("(") - plain.count(")"), 0)


def glued(page: Page) -> Iterator[Problem]:
    """Two addresses are glued together.

    Bad: [x](https://example.com/ahttps://example.org/b)
    Good: two links
    Why: Nothing answers there.
    """
    for link, line, column in addresses(page):
        href = link.href
        found = re.match(r"https?://[^?]+?(https?)://", href)
        if not found or re.match(r"https?://+https?:", href) or href[found.start(1) - 1] in "=(:":
            continue
        if re.match(
            r"https?://(?:[\w-]+\.)*(?:archive\.\w+|webcache\.[\w.]+|r\.jina\.ai|validator\.w3\.org|[\w-]*proxy[\w-]*\.\w+|via\.hypothes\.is|gitpod\.io|api\.\w+\.\w+|12ft\.io|outline\.com)/",
            href,
        ):
            continue
        yield page.problem(line, "two addresses are glued together; take them apart", column)


def host(page: Page) -> Iterator[Problem]:
    """The host or port of an address cannot exist.

    Bad: [x](https://exa_mple..com:abc/)
    Good: [x](https://example.com/)
    Why: No browser can open it.
    """
    for link, line, column in addresses(page):
        message = _host_fault(link.href.strip())
        if message:
            yield page.problem(line, message, column)


def _host_fault(href: str) -> str:
    found = re.match(r"(?:https?|ftp)://([^/?#\s]*)", href, re.IGNORECASE)
    if not found or "{" in href or "<" in found[1] or "$" in found[1] or "%7B" in found[1]:
        return ""
    if re.match(r"https?://+https?:?/", href) or re.match(r"https?:///", href):
        return ""
    if re.match(r"https?://https?//", href):
        return ""
    name = found[1].rsplit("@", 1)[-1]
    if name.startswith("["):
        return ""
    name, colon, port = name.partition(":")
    if not name:
        return "the address has no host; write 'https://example.com/…'"
    if colon and not port.isdigit():
        return f"'{port[:20]}' is no port; write a number or delete it"
    if colon and int(port) > 65535:
        return f"{port} is no port; the highest is 65535"
    if ".." in name or name.startswith((".", "-")) or re.search(r"[^\w.-]", name):
        return f"'{name[:50]}' is no host name; correct it"
    if "_" in name.rsplit(".", 2)[-2 if name.count(".") else 0]:
        return f"'{name[:50]}' is no host name: no '_' may stand in a domain"
    lost = "" if port else hosts.dotless(name)
    if lost:
        return f"{lost}; correct it"
    if re.search(r"\.(?:con|cmo|ocm|comm|orgg|ogr|nett|gthub|cim|vom)$", name):
        return f"'{name[:50]}' has a misspelt ending; correct it"
    return ""


def percent(page: Page) -> Iterator[Problem]:
    """An address holds a broken percent code.

    Bad: [x](https://example.com/%zz)
    Good: [x](https://example.com/%7A)
    Why: Servers refuse it.
    """
    for link, line, column in addresses(page):
        if (
            re.match(r"https?://", link.href)
            and re.search(r"%(?![0-9A-Fa-f]{2})", link.href)
            and "%}" not in link.href
        ):
            yield page.problem(
                line, "'%' without two hexadecimal digits; write %25 for the sign itself", column
            )


def punctuation(page: Page) -> Iterator[Problem]:
    """An address ends in a sign that belongs to the sentence.

    Bad: [x](https://example.com/page,)
    Good: [x](https://example.com/page),
    Why: The server looks for a page with a comma in its name.
    """
    for link, line, column in addresses(page):
        href = link.href.strip()
        if not re.match(r"https?://", href) or "magiclink" in link.attributes.get("class", ""):
            continue
        if href.endswith(">") and "<" in href:
            continue  # a placeholder, of which H07 tells
        found = re.search(r"[,;:!]+$|(?<!\.)\.$|[”“\"'»‘’>]+$", href)
        if (found and not (found[0] == "!" and "#" in href) and not link.raw) or (
            found and link.raw and found[0] != "."
        ):
            yield page.problem(
                line, f"the address ends in '{found[0]}'; move it behind the link", column
            )


def quotes(page: Page) -> Iterator[Problem]:
    """An address holds curly quotes.

    Bad: [x](https://example.com/”a)
    Good: [x](https://example.com/a)
    Why: They came from a word processor; no server knows the page.
    """
    for link, line, column in addresses(page):
        href = link.href.strip()
        if (
            re.match(r"https?://", href)
            and re.search(r"[“”„‘’«»][^“”]", href)
            and not re.search(r"\s[“”„«]", href)
        ):
            yield page.problem(line, "curly quotes in the address; delete them", column)


def http_links(page: Page) -> list[tuple[int, int, str]]:
    """The links of a page by plain http whose text is not the address itself: line, column and host."""
    found = []
    for link, line, column in addresses(page):
        match = re.match(r"http://([^/:?#\s]+)(?=[/?#]|$)", link.href)
        if match and link.tag in ("a", "img"):
            found.append((line, column, match[1].lower()))
    return found


def answers_by_https(name: str) -> bool:
    """Whether a host is known to answer by https."""
    return name in SECURE or name.endswith(
        (".github.io", ".readthedocs.io", ".github.com", ".wikipedia.org")
    )


def local(page: Page) -> Iterator[Problem]:
    """A link leads to the writer's own machine.

    Bad: [the demo](http://localhost:8000/docs)
    Good: [the demo](https://example.com/docs), or the address as text
    Why: Nobody else has it.
    """
    for link, line, column in addresses(page):
        found = re.match(r"https?://([^/?#]+)", link.href)
        if not found or not _LOCAL.match(found[1]) or link.tag != "a":
            continue
        text = link.text.lower()
        if (
            found[1].split(":")[0] in text
            or "localhost" in text
            or "127.0.0.1" in text
            or ":" + found[1].partition(":")[2] in text
        ):
            continue
        around = " ".join(page.line(n) for n in range(line - 3, line + 4)).lower()
        near = (
            " ".join(page.line(n) for n in range(line - 1, line + 2))
            .lower()
            .replace(link.text.lower().strip() or "\0", "")
            .replace("localhost", "")
        )
        if around.count(found[1].split(":")[0]) > 1 or re.search(
            r"\b(?:local(?:ly)?|browser|running|serve[sd]?|server)\b", near
        ):
            continue
        yield page.problem(
            line,
            f"'{found[1]}' is the reader's own machine; write a public address, or show it as code",
            column,
        )


def mail(page: Page) -> Iterator[Problem]:
    """A mail link has no address.

    Bad: [write us](mailto:)
    Good: [write us](mailto:docs@example.com)
    Why: It opens an empty letter, or nothing.
    """
    for link, line, column in addresses(page):
        found = re.match(r"mailto:([^?]*)", link.href, re.IGNORECASE)
        if (
            found
            and not re.match(r"[^@\s]+@[^@\s]+\.[^@\s]+$", found[1].replace("%40", "@"))
            and "?" not in link.href
        ):
            yield page.problem(
                line,
                f"'{link.href[:40]}' is no mail address; write 'mailto:name@example.com'",
                column,
            )


def script(page: Page) -> Iterator[Problem]:
    """A link runs JavaScript.

    Bad: [open](javascript:void(0))
    Good: a button, or a real target
    Why: It leads nowhere in a new tab, and policies block it.
    """
    for link, line, column in addresses(page):
        if link.href.strip().lower().startswith("javascript:"):
            yield page.problem(line, "a link cannot be a script; give it a target", column)


_PLACEHOLDER = re.compile(r"/(?:my|your|some|example)[-_]\w|/(?:foo|bar|path/to)\b")


def bare(page: Page) -> Iterator[Problem]:
    """An address stands in the text but is no link.

    Bad: Go to https://mkdocs.org/page now
    Good: Go to <https://mkdocs.org/page> now
    Why: Without pymdownx.magiclink nobody can click it.
    """
    if page.config.has(
        "pymdownx.magiclink", "mdx_linkify", "pymdownx.magiclink", "urlize", "mdx_urlize"
    ):
        return
    linked = " ".join(link.text for link in page.rendered.links)
    for block in page.rendered.blocks:
        if block.raw or "summary" in block.path:
            continue
        for found in re.finditer(
            r"(?<![\w\"'(=<`\[/@:.])https?://(?P<host>[\w-]+(?:\.[\w-]+)+)(?P<path>[^\s<>\"'\ue000-\ue003]*)",
            block.text,
        ):
            if (
                _example_host(found["host"])
                or re.search(r"[{}$*…|\[\]]", found[0])
                or found["path"].rstrip(".,;:)") in ("", "/")
                or _PLACEHOLDER.search(found["path"])
            ):
                continue
            if found[0].rstrip(".,;:)") in linked:
                continue
            line, column = page.locate(block.line_at(found.start()), found[0][:40])
            if found[0][:20] not in page.line(line) or page.is_code(line):
                continue
            yield page.problem(
                line,
                f"'{found[0].rstrip('.,;:)')[:60]}' is text, not a link; put it in <…> or give it a"
                " name",
                column,
            )


def _example_host(name: str) -> bool:
    return bool(
        re.search(
            r"(?:^|\.)(?:example|localhost|test|invalid|local|internal|company|yourdomain|mysite|domain)(?:\.|$)|\d+\.\d+\.\d+\.\d+|your|^my",
            name.lower(),
        )
    )


def linked_hosts(page: Page) -> set[str]:
    """The hosts that a page links by https."""
    found = set()
    for link in page.rendered.links:
        if link.href.startswith("https://"):
            try:
                name = urlsplit(link.href).hostname
            except ValueError:
                continue
            if name:
                found.add(name.lower())
    for _, _, target in definitions(page):
        match = re.match(r"<?https://([^/:?#\s>]+)", target)
        if match:
            found.add(match[1].lower())
    return found
