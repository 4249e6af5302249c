"""What an answer says of the address that was asked: whether the page is there, and what it only looks like."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from urllib.parse import unquote, urldefrag, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

State = Literal["alive", "moved", "suspect", "blocked", "dead", "broken"]
"""alive; moved for good; answers but perhaps without the page; refuses machines; gone; no good answer now."""


@dataclass(frozen=True)
class Verdict:
    """What became of an address.

    Args:
        url: the address.
        state: see `State`.
        status: the last status, 0 without one.
        reason: why, in our words.
        said: what the server said, in its own: to be escaped wherever it is shown.
        target: where the address leads.
    """

    url: str
    state: State
    status: int = 0
    reason: str = ""
    said: str = ""
    target: str = ""


@dataclass(frozen=True)
class Answer:
    """One answer of a server: status, headers, the body or its beginning, and whether that was cut."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    cut: bool = False

    @property
    def is_page(self) -> bool:
        """Whether the body is a page."""
        return is_page(self.headers.get("content-type", ""))

    @cached_property
    def _tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.body)

    def _first(self, tag: str) -> str:
        found = self._tree.css_first(tag) if self.is_page else None
        return " ".join(found.text(deep=True, separator=" ").split()) if found else ""

    @property
    def title(self) -> str:
        """The title of the page."""
        return self._first("title")

    @property
    def heading(self) -> str:
        """The first heading of the page."""
        return self._first("h1")

    @property
    def refresh(self) -> str:
        """The address that the page sends a browser to at once, or nothing."""
        found = [self.headers.get("refresh", "")]
        if self.is_page:
            for meta in self._tree.css("meta[http-equiv]"):
                kind = (meta.attributes.get("http-equiv") or "").strip().lower()
                if kind == "refresh" and "noscript" not in _above(meta):
                    found.append(meta.attributes.get("content") or "")
        for text in found:
            match = REFRESH.match(text)
            if match and float(match["seconds"] or 0) <= AT_ONCE:
                return (match["quoted"] or match["bare"] or "").strip()
        return ""

    def has_place(self, fragment: str) -> bool:
        """Whether the page has the place that a fragment names, or nobody can tell without running it."""
        fragment = fragment.partition(":~:")[0]
        wanted = {fragment, unquote(fragment)}
        if not self.is_page or self.cut or {name.lower() for name in wanted} & {"", "top"}:
            return True
        # Lines of code hosts, routes and parameters of scripts: no places of the page.
        if re.fullmatch(r"L\d+(?:[-:].*)?|[/!?].*|[^=]+=.*", fragment):
            return True
        ids = {node.attributes.get("id") for node in self._tree.css("[id]")}
        ids |= {node.attributes.get("name") for node in self._tree.css("a[name]")}
        if ids & {*wanted, *(f"user-content-{name}" for name in wanted)}:
            return True
        body = self._tree.body
        text = body.text(deep=True, separator=" ").split() if body else []
        made_by_script = len(text) < 40 and self._tree.css_first("script[src]") is not None
        return made_by_script


REFRESH = re.compile(
    r"\s*(?P<seconds>\d{0,6})(?:\.[\d.]*)?\s*[;,\s]\s*(?:url\s*=\s*)?"
    r"(?:(?P<mark>['\"])(?P<quoted>[^'\"]*)|(?P<bare>\S.*))",
    re.I | re.S,
)
LONGEST = 300  # characters of a title that are looked at
AT_ONCE = 30  # seconds; a page that stays longer is meant to be read


def _above(node: LexborNode) -> list[str]:
    """The tags around a node."""
    found = []
    parent = node.parent
    while parent is not None:
        found.append(str(parent.tag))
        parent = parent.parent
    return found


def is_page(kind: str) -> bool:
    """Whether a type of content is that of a page; what has none is taken for one."""
    return not kind.strip() or "html" in kind.lower()


PASSING = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
REFUSED = {401, 403, 405, 406, 407, 429, 451, 999}
GONE = {404, 410}
# As a whole a title or one of its parts; a paper about captchas says more.
WALL = re.compile(
    r"just a moment\W*|attention required\W*|(?:please )?verify (?:that )?you are (?:a )?human\b.*"
    r"|are you (?:a robot|human)\W*|(?:captcha|security|bot|browser) (?:check|challenge|required|verification)\W*"
    r"|(?:403 )?access denied\W*|(?:please )?enable javascript and cookies\b.*|before you continue\b.*",
    re.I,
)
# A page that says nothing but that there is none uses these words and no others.
WORDS = frozenset(
    "a an the this that your our requested web page pages webpage file document article site website content"
    " resource url address item link link's server it it's you we i they re ve are is was were be been being"
    " has have had do does did can could may might not no longer such unable to any anymore here there now"
    " cannot found find finding exist exists existing available unavailable locate located looking look"
    " search searching for trying reach view access asked requested on at in by of from or and but with"
    " seem seems appears missing gone removed moved deleted lost nothing something went wrong oops whoops"
    " ooops uh oh sorry error status code http 404 410 please again"
    " die der das diese seite wurde konnte nicht gefunden werden existiert leider fehler"
    " la cette page non trouvée introuvable n'existe pas página no encontrada".split()
)
MISSING = re.compile(
    r"\b(?:not|no longer|cannot|unable|no such|nothing|non|no|nicht)\b.*"
    r"\b(?:found|find|exist|exists|available|locate|located|here|there|page|file|document|trouvée|encontrada|gefunden)\b"
    r"|\b(?:page|file|document|article|content)\b.*\b(?:missing|gone|removed|deleted|unavailable|introuvable)\b"
)
CODE = re.compile(r"(?:(?:error|page)\W+)?404(?:\W+error)?\W*", re.I)
ABOUT = re.compile(
    r"\b(?:how|why|what|when|explain\w*|meaning|means|guide|tutorials?|fix\w*|solv\w*|history|design\w*"
    r"|handl\w*|exceptions?|custom\w*|wiki\w*|encyclop\w*)\b",
    re.I,
)


def _parts(title: str) -> list[str]:
    """A title and what its dashes and bars divide, the site's name mostly."""
    parts = re.split(r" [-–—·•:»«/] |[|·•»«]|: ", title)
    return [title, *(part.strip() for part in parts if part.strip())]


def is_sentence_of_absence(text: str) -> bool:
    """Whether a text says that there is no page here, and nothing else."""
    text = re.sub(r"[’‘`´]", "'", text.lower())
    text = text.replace("can't", "cannot").replace("n't", " not")
    words = re.findall(r"[\w']+", text)
    known = all(word in WORDS or set(word.split("'")) <= WORDS for word in words)
    return known and bool(MISSING.search(" ".join(words)))


def told_absence(title: str, heading: str) -> str:
    """What of a page says as a whole that there is none. A page about errors says more than that."""
    title, heading = title[:LONGEST], heading[:LONGEST]
    if is_sentence_of_absence(heading):
        return heading
    if ABOUT.search(title):
        return ""
    parts = _parts(title)
    if any(is_sentence_of_absence(part) for part in parts):
        return title
    # A bare number is the name of many things: the heading must not say otherwise.
    bare = any(CODE.fullmatch(part) for part in parts)
    return title if bare and (not heading or CODE.fullmatch(heading)) else ""


def judge(url: str, answer: Answer, target: str, lasting: bool) -> Verdict:
    """What an answer at the end of the redirects says of the address that was asked."""
    status, title, heading = answer.status, answer.title, answer.heading
    walled = answer.headers.get("cf-mitigated") == "challenge"
    walled = walled or any(WALL.fullmatch(part) for part in (*_parts(title), heading))
    page = urldefrag(url)[0]
    if status in GONE:
        return Verdict(url, "dead", status, f"answers {status}")
    if status in REFUSED or (walled and status in {200, 202, 403, 429, 503}):
        why = "a wall against machines" if walled else f"answers {status}"
        return Verdict(url, "blocked", status, why)
    if not 200 <= status < 300:
        return Verdict(url, "broken", status, f"answers {status}")
    absence = told_absence(title, heading)
    if absence:
        return Verdict(url, "suspect", status, "calls itself", absence, target)
    deep = urlsplit(page).path.strip("/")
    if urldefrag(target)[0] != page and deep and not urlsplit(target).path.strip("/"):
        return Verdict(url, "suspect", status, "leads to the home page", target, target)
    fragment = urlsplit(target).fragment or urlsplit(url).fragment
    if not answer.has_place(fragment):
        why = "is a page without the place"
        return Verdict(url, "suspect", status, why, f"#{fragment}", target)
    if lasting:
        return Verdict(url, "moved", status, "has moved to", target, target)
    return Verdict(url, "alive", status)
