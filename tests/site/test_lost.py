"""An address without a page: the page that was meant is guessed, at the root and below a path."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.site.kit import NewPage, settle, traffic
from tests.site.server import BELOW, Server
from tests.site.test_weight import PLAIN, SHIFTS

pytestmark = pytest.mark.browser

# What somebody may type or have kept, and the page that is meant.
MEANT = {
    "models/gans/": "models/gan/",
    "model/gan/": "models/gan/",
    "modles/difusion": "models/diffusion/",
    "gan": "models/gan/",
    "GAN.html": "models/gan/",
    "models/variational-autoencoder/": "models/vae/",
    "models/generative_adversarial_networks.html": "models/gan/",
    "rlhf": "training/rlhf/",
    "models/rlhf/": "training/rlhf/",
    "architectures/attention.md": "architectures/attention/",
    "architecture/atention/index.html": "architectures/attention/",
    "transformer/": "architectures/",
    "architectures/self-attention/": "architectures/attention/",
    "paradigms/selfsupervised/": "paradigms/self-supervised/",
    "reinforcement-learning/": "paradigms/reinforcement/",
    "references/glosary/": "references/glossary/",
    "glossary": "references/glossary/",
    "bibliography.html": "references/bibliography/",
    "ecosystem/pretrained-models/": "ecosystem/pre-trained-models/",
    "docs/contributing/styles/": "contributing/style/",
    "en/latest/overview/language-models.html": "overview/language-models/",
    "Understanding/architectures/models/gan.html": "models/gan/",
    "understanding/enablement/model": "ecosystem/pre-trained-models/",
    "posterior-collapse": "models/vae/",
    "100%25-attention": "architectures/attention/",
}


def guessed(page: Page, address: str) -> list[str]:
    """The addresses that are offered, once they are there."""
    page.goto(address)
    expect(page.locator(".guesses p")).to_be_visible()
    links = page.locator(".guesses a").evaluate_all("links => links.map(link => link.href)")
    return [str(link).partition("#")[0] for link in links]


def test_the_page_that_was_meant_is_offered(new_page: NewPage, server: Server) -> None:
    page = new_page(watched=False)
    found = {wrong: guessed(page, wrong) for wrong in MEANT}
    assert all(len(links) <= 3 for links in found.values())
    wanted = {wrong: server.url + meant for wrong, meant in MEANT.items()}
    lost = {wrong: links for wrong, links in found.items() if wanted[wrong] not in links}
    assert lost == {}
    first = {wrong: links for wrong, links in found.items() if links[0] != wanted[wrong]}
    assert len(first) <= len(MEANT) / 10, first


def test_an_address_like_no_other_says_so(new_page: NewPage) -> None:
    page = new_page(watched=False)
    assert guessed(page, "qqqqqqqq/zzzzzzzz/") == []
    expect(page.locator(".guesses")).to_have_text("No page has an address like it.")


def test_the_search_is_filled_with_the_words(new_page: NewPage) -> None:
    page = new_page(watched=False)
    guessed(page, "some/mode_collapse.html")
    page.get_by_role("button", name="Search for “some mode collapse”").click()
    expect(page.get_by_role("combobox")).to_have_value("some mode collapse")
    expect(page.get_by_role("option").first).to_be_visible()


def test_the_guess_works_below_a_path(new_page: NewPage, server: Server, site: Path) -> None:
    page = new_page(watched=False, fresh=True)
    html = (site / "404.html").read_text(encoding="utf-8")
    moved = re.sub(r'((?:href|src|data-index|data-base)=")/', rf"\1{BELOW}/", html)

    def answer(route: Route) -> None:
        route.fulfill(status=404, body=moved, content_type="text/html")

    page.route("**/modles/gna/", answer)
    for address in (
        "modles/gna/",
        "models/gans/",
    ):  # the second as it is sent by the root's own page
        links = guessed(page, server.below + address)
        assert links[0].endswith("models/gan/"), links
    page.goto(f"{server.below}modles/gna/")
    page.locator(".guesses a").first.click()
    page.wait_for_url(f"{server.below}models/gan/")


def test_what_was_typed_before_the_guess_stays(new_page: NewPage) -> None:
    page = new_page(watched=False, fresh=True)
    held: list[Route] = []
    page.route("**/search-engine.mjs", lambda route: held.append(route))  # which the guess asks
    page.goto("no/such/page/")
    page.keyboard.press("/")
    page.keyboard.type("adver")
    page.wait_for_function("document.querySelector('dialog.search input').value == 'adver'")
    for route in held:
        route.continue_()
    expect(page.locator(".guesses p")).to_be_visible()
    page.keyboard.type("sarial")
    expect(page.get_by_role("combobox")).to_have_value("adversarial")


@pytest.mark.parametrize("width", [320, 1440])
def test_the_guesses_are_light_and_move_nothing(width: int, new_page: NewPage) -> None:
    page = new_page(watched=False, fresh=True, width=width)
    sent = traffic(page)
    page.add_init_script(f"({SHIFTS})()")
    guessed(page, "models/gans/")
    page.wait_for_load_state("networkidle")
    settle(page)
    assert page.evaluate("window.shifted") == 0, page.evaluate("window.moved")
    assert sent.total <= PLAIN, str(sent)
    assert not any("search_index" in url for url in sent.urls.values()), "the address says enough"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_there_are_the_sections(new_page: NewPage) -> None:
    page = new_page(watched=False, javascript=False)
    page.goto("models/gans/")
    assert page.locator("main li a:visible").count() >= 6
    assert (page.locator(".guesses").bounding_box() or {"height": 0})["height"] == 0
