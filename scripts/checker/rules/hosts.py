"""Hosts: those that answer by https, and those that have lost a dot."""

from __future__ import annotations

import re
from functools import lru_cache

_ENDINGS = "com|org|net|edu|gov|info|github|githubio"
_WORDS = frozenset(
    "intranet internet ethernet extranet subnet botnet planet cabinet telnet fortinet telecom dotcom"
    " intercom sitecom".split()
)

SECURE = frozenset(
    "github.com gitlab.com python.org docs.python.org www.python.org packaging.python.org"
    " peps.python.org en.wikipedia.org wikipedia.org arxiv.org doi.org dx.doi.org stackoverflow.com"
    " www.youtube.com youtube.com youtu.be twitter.com x.com medium.com www.google.com google.com"
    " developer.mozilla.org huggingface.co openai.com readthedocs.org readthedocs.io www.mkdocs.org"
    " mkdocs.org microsoft.com docs.microsoft.com learn.microsoft.com"
    " nodejs.org www.w3.org w3.org tools.ietf.org www.rfc-editor.org rust-lang.org"
    " www.rust-lang.org docs.rs djangoproject.com www.djangoproject.com"
    " docs.djangoproject.com flask.palletsprojects.com jinja.palletsprojects.com kubernetes.io"
    " docker.com www.docker.com docs.docker.com cloud.google.com aws.amazon.com linkedin.com"
    " www.linkedin.com reddit.com www.reddit.com discord.gg discord.com slack.com"
    " creativecommons.org www.postgresql.org postgresql.org sqlite.org www.sqlite.org numpy.org"
    " pandas.pydata.org scipy.org matplotlib.org pytorch.org www.tensorflow.org jupyter.org"
    " conda.io docs.conda.io fonts.google.com unpkg.com cdn.jsdelivr.net fastapi.tiangolo.com"
    " squidfunk.github.io facelessuser.github.io choosealicense.com opensource.org semver.org"
    " keepachangelog.com editorconfig.org pre-commit.com yaml.org json.org www.json.org toml.io".split()
)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The names that well-known hosts have before their ending, such as `github`."""
    return frozenset(host.split(".")[-2] for host in SECURE if len(host.split(".")[-2]) > 4)


def dotless(name: str) -> str:
    """What a host without a dot lacks; empty if it may be one of an own network."""
    plain = name.lower()
    if "." in plain or plain == "localhost" or not plain or plain.isdigit():
        return ""
    if plain.startswith("www") and len(plain) > 3:
        return f"'{name[:50]}' is no host name: a dot is missing behind 'www'"
    if plain in _WORDS:
        return ""
    found = re.fullmatch(rf"([a-z0-9-]{{2,}}?)({_ENDINGS})", plain)
    if found:
        return f"'{name[:50]}' is no host name: a dot is missing before '{found[2]}'"
    if plain in _names() or plain == "www":
        return f"'{name[:50]}' is no host name: its ending is missing, as '.com' or '.org'"
    return ""
