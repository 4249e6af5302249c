"""No address that was ever published vanishes, and those of the earlier sites still answer."""

import re
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest

from tests.site import addresses
from tests.site.kit import NewPage
from tests.site.server import Server

OLD = dict(
    line.split()
    for line in (Path(__file__).with_name("old_addresses.txt")).read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)


def forms(path: str) -> list[str]:
    """Both forms of an old path."""
    if path.endswith("/index"):
        return [f"{path}.html", path.removesuffix("index")]
    return [f"{path}.html", f"{path}/"]


def target(site: Path, old: str) -> str:
    """Where an old address leads, below the site's."""
    place = f"{old}/" if (site / old).is_dir() and not old.endswith("/") else old
    file = site / place / "index.html" if place.endswith("/") else site / place
    assert file.is_file(), f"{old} does not answer"
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', file.read_text("utf-8"))
    if not found:
        return place.removesuffix("index.html")  # the page itself
    return urljoin(f"/{place}", found[1]).removeprefix("/")


@pytest.mark.parametrize("path", OLD)
def test_an_old_address_leads_to_its_page_in_both_forms(path: str, site: Path) -> None:
    for old in forms(path):
        assert target(site, old) == OLD[path]
    page, anchor = urldefrag(OLD[path])
    text = (site / page / "index.html").read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' not in text, f"{page} is itself a redirect"
    assert not anchor or f'id="{anchor}"' in text, f"{page} has no #{anchor}"


def test_no_published_address_has_vanished(site: Path) -> None:
    lost = addresses.known() - addresses.answered(site)
    assert lost == set(), "add a redirect to mkdocs.yml for each"


def test_new_addresses_are_written_down(site: Path) -> None:
    new = addresses.answered(site) - addresses.known()
    assert new == set(), "run python3 scripts/dev.py addresses, and commit addresses.txt"


def test_the_list_is_in_order() -> None:
    lines = addresses.LIST.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    assert rows == sorted(rows)
    assert len(rows) == len(set(rows))


@pytest.mark.browser
@pytest.mark.parametrize("anchor", ["RLHF", "rlhf"])
@pytest.mark.parametrize("form", [".html", "/"])
@pytest.mark.parametrize("below", [False, True])
def test_the_anchor_of_an_old_address_is_kept(
    anchor: str, form: str, below: bool, new_page: NewPage, server: Server
) -> None:
    root = server.below if below else server.url
    page = new_page()
    old = "Understanding/architectures/models/reinforcement_learning"
    page.goto(f"{root}{old}{form}#{anchor}")
    page.wait_for_url(f"{root}paradigms/reinforcement/#{anchor}")
    there = page.evaluate("Boolean(document.getElementById(location.hash.slice(1)))")
    assert there, f"the page has no anchor {anchor}"


@pytest.mark.browser
def test_an_old_address_leads_on_without_javascript(new_page: NewPage, server: Server) -> None:
    page = new_page(javascript=False)
    page.goto("Understanding/architectures/models/hybrid_models.html")
    page.wait_for_url(f"{server.url}models/hybrids/")
