"""The search on a list of queries, its weight and its speed at 112 pages, and its use by keyboard."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts import search_index
from tests.site import growth
from tests.site.kit import DOCS, PAGES, NewPage, settle, traffic, until
from tests.site.server import Server

pytestmark = pytest.mark.browser

# Queries "tried" were looked at while the search was made, the "kept" ones when it was ready, and the "fresh"
# ones were written then and changed nothing. The "later" ones were written before anyone looked at the index of a
# larger site: of these 79 it gave 70 % first and 86 % among three, and mended by kind 75 % and 94 %.
LIST = Path(__file__).with_name("queries.tsv")
FIRST, THREE, EMPTY = 0.85, 0.97, 0.01
SECTIONS = 0.8  # of the queries that want a section, how many show it
BYTES = 200_000
TASK, ANSWER = 100, 200  # milliseconds
# A piece of work, and the milliseconds that the slow device takes for it; the page is slowed down until it
# takes so long, so that the device is the same on every machine. This is our choice, and about twice what
# two quiet cores took on 2026-11-30 (106 to 128 ms).
WORK, SLOW = (
    """() => {
  const counts = new Map();
  for (let i = 0; i < 600000; i++) {
    const key = `word${(i * 7919) % 9973}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size;
}""",
    240,
)

FIND = """async ([base, queries]) => {
  const { find, read } = await import(`${base}assets/search-engine.mjs`);
  const answer = await fetch(`${base}search/search_index.json`);
  const index = await read(await answer.json());
  return queries.map((query) => find(index, query).groups.slice(0, 3).map(
    ({ page, parts }) => [page.address, ...parts.map((part) => part.location)]));
}"""
SAME = """async ([base, words, titles]) => {
  const { slug, stem } = await import(`${base}assets/search-index.mjs`);
  return [words.map(stem), titles.map(slug)];
}"""
SEEN = """() => {
  const option = document.querySelector("[aria-selected=true]").getBoundingClientRect();
  const list = document.querySelector("#search-results").getBoundingClientRect();
  return option.top >= list.top - 1 && option.bottom <= list.bottom + 1;
}"""


def rows() -> list[dict[str, str]]:
    """The queries: which half, of what kind, what is typed, the addresses that are wanted."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def measured(found: list[list[list[str]]], wanted: list[list[str]]) -> dict[str, float]:
    """The shares of queries with a wanted page first, among three, with none at all, with its section."""
    pages = [[group[0] for group in groups] for groups in found]
    wants = [{address.partition("#")[0] for address in want} for want in wanted]
    parts = [
        not {part for group in groups for part in group}.isdisjoint(want)
        for groups, want in zip(found, wanted, strict=True)
        if all("#" in address for address in want)
    ]
    count = len(found)
    return {
        "first": sum(bool(p) and p[0] in w for p, w in zip(pages, wants, strict=True)) / count,
        "three": sum(not w.isdisjoint(p) for p, w in zip(pages, wants, strict=True)) / count,
        "empty": sum(not p for p in pages) / count,
        "sections": sum(parts) / len(parts),
    }


def test_the_list_is_long_and_of_all_kinds_and_names_pages_that_there_are(site: Path) -> None:
    queries = rows()
    assert len({row["query"] for row in queries}) == len(queries) >= 200
    assert len({row["kind"] for row in queries}) >= 8
    wanted = {address for row in queries for address in row["wanted"].split(" ")}
    for address in wanted:
        page, _, anchor = address.partition("#")
        html = (site / page / "index.html").read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in html, address
    pages = {address.partition("#")[0] for address in wanted}
    assert len(pages) > 0.75 * len(
        [page for page in PAGES if "equations-" not in page and "bibliography-" not in page]
    )


def test_the_wanted_page_is_among_the_first_three(page: Page, server: Server) -> None:
    queries = rows()
    page.goto("")
    found = page.evaluate(FIND, [server.url, [row["query"] for row in queries]])
    wanted = [row["wanted"].split(" ") for row in queries]
    got = measured(found, wanted)
    lost = "\n".join(
        f"{row['query']}: {[group[0] for group in groups]}, not {row['wanted']}"
        for row, groups in zip(queries, found, strict=True)
        if {group[0] for group in groups}.isdisjoint(
            address.partition("#")[0] for address in row["wanted"].split(" ")
        )
    )
    said = f"{got}\n{lost}"
    assert got["three"] >= THREE, said
    assert got["first"] >= FIRST, said
    assert got["empty"] <= EMPTY, said
    assert got["sections"] >= SECTIONS, said


@pytest.mark.parametrize("width", [390, 1440])
def test_the_search_is_a_combobox_for_the_keyboard(width: int, page: Page, server: Server) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("overview/")
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("kl annealing")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    assert box.get_attribute("aria-controls") == page.get_by_role("listbox").get_attribute("id")
    assert box.get_attribute("aria-activedescendant") is None
    last = options.count() - 1
    keys = ["ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"]
    for key, at in zip(keys, [0, 1, 0, None, last, last - 1], strict=True):
        page.keyboard.press(key)
        expect(box).to_be_focused()
        active = box.get_attribute("aria-activedescendant")
        if at is None:
            assert active is None
            expect(page.locator("[aria-selected=true]")).to_have_count(0)
            continue
        assert active == options.nth(at).get_attribute("id")
        expect(page.locator("[aria-selected=true]")).to_have_count(1)
        expect(options.nth(at)).to_be_in_viewport()
        assert page.evaluate(SEEN), "the active option cannot be seen"
    page.keyboard.type("s")  # other results: none of them is active
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    to = options.first.evaluate("link => link.href")
    page.keyboard.press("Enter")
    page.wait_for_url(to)
    assert to.startswith(f"{server.url}models/vae/")


def test_words_are_marked_on_arrival_and_the_address_stays_clean(page: Page) -> None:
    page.goto("overview/")
    page.keyboard.press("/")
    page.keyboard.type("posterior colapse")
    page.locator("[role=option][href$='#posterior-collapse']").first.click()
    page.wait_for_url("**/models/vae/#posterior-collapse")
    until(page, "Boolean(CSS.highlights.get('search')?.size)")
    marked = page.evaluate("[...CSS.highlights.get('search')].map(range => range.toString())")
    assert {word.lower() for word in marked} >= {"posterior", "collapse"}
    assert not {word for word in marked if not re.match("(?i)posterior|collaps", word)}
    assert page.locator("main mark").count() == 0
    page.reload()
    assert page.evaluate("CSS.highlights.size") == 0


def test_an_address_with_a_query_opens_the_search(page: Page, server: Server) -> None:
    page.goto("overview/?q=mode+collapse#loss")
    expect(page.get_by_role("combobox")).to_have_value("mode collapse")
    expect(page.get_by_role("option").first).to_have_attribute("href", f"{server.url}models/gan/")
    page.get_by_role("combobox").fill("rlhf & dpo")
    until(page, "new URL(location).searchParams.get('q') === 'rlhf & dpo'")
    page.keyboard.press("Escape")
    until(page, "location.href.endsWith('overview/#loss')")


def test_excerpts_come_late_and_move_nothing(new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False)
    page.goto("overview/")
    page.route("**/search/texts/**", lambda route: route.abort())
    page.keyboard.press("/")
    page.keyboard.type("posterior collapse")
    option = page.get_by_role("option").nth(1)
    expect(option).to_be_visible()
    before = option.bounding_box()
    page.unroute("**/search/texts/**")
    page.keyboard.type(" ")
    expect(option.locator(".search-text mark").first).to_be_visible()
    assert option.bounding_box() == before


def test_who_opens_a_page_in_another_tab_keeps_the_search(page: Page) -> None:
    page.goto("overview/")
    page.keyboard.press("/")
    page.keyboard.type("wasserstein")
    with page.context.expect_page() as opened:
        page.get_by_role("option").first.click(modifiers=["Control"])
    assert "mark=" not in opened.value.url
    opened.value.close()
    expect(page.get_by_role("combobox")).to_be_visible()


MUST = {
    "quantizaton": "training/quantisation/",  # a slip in an ending
    "adverserail netwrok": "models/gan/",  # two slips
    "rlfh": "training/rlhf/",  # letters that changed places
    "finetuning": "training/fine-tuning/",  # one word for two
    "auto encoder": "models/vae/",  # two words for one
    "flash att": "architectures/attention/",  # unfinished, and in two words
    "gradient pen": "models/gan/",  # a term that is not finished
    "relative posi": "architectures/positions/",
    "mlm": "overview/language-models/",  # first letters of a term, which no glossary has
    "clip": "models/clip/",  # an abbreviation is not the stem of clipping
    "posterior collapse zanzibar": "models/vae/",  # most words
    "what is the of an elbo": "models/vae/",  # words that say nothing
    "pre-trained models": "ecosystem/pre-trained-models/",  # a title
    "normalization layer": "architectures/normalisation/",  # a term in another order
    "LORA": "training/peft/",
}


def test_each_way_to_ask_leads_to_the_page(page: Page, server: Server) -> None:
    page.goto("")
    found = page.evaluate(FIND, [server.url, list(MUST)])
    first = {query: groups[0][0] for query, groups in zip(MUST, found, strict=True) if groups}
    assert first == MUST
    empty = page.evaluate(FIND, [server.url, ["", " ", "?!", "qqqqqqqqqqqq", "…"]])
    assert empty == [[]] * 5


def test_slips_are_told_and_unfinished_words_are_none(page: Page) -> None:
    page.goto("")
    page.keyboard.press("/")
    box, status = page.get_by_role("combobox"), page.locator("#search-status")
    for typed in ("normalisat", "normalizat", "diffus", "posterior coll"):
        box.fill(typed)
        expect(status).to_have_text(re.compile(r"^\d+( or more)? pages?$"))
    box.fill("the posteriro zanzibar")
    expect(status).to_have_text(
        re.compile(
            r"^\d+.* pages?, none with all words for posterior, as nothing is spelt “posteriro”$"
        )
    )
    box.fill("qqqqqqqq")
    expect(status).to_have_text("Nothing found.")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#search-results")).to_be_hidden()


def test_the_index_is_written_and_read_alike(page: Page, server: Server, site: Path) -> None:
    index = json.loads((site / growth.INDEX).read_text(encoding="utf-8"))
    words = [*index["words"].split(" "), *search_index.STOP.split(" ")]
    texts = [path.read_text(encoding="utf-8") for path in (site / "search/texts").rglob("*.json")]
    words += sorted(set(search_index.words(" ".join(texts))))
    titles = [title.rpartition("#")[0] or title for _, *rest in index["pages"] for title in rest]
    page.goto("")
    stems, slugs = page.evaluate(SAME, [server.url, words, titles])
    assert dict(zip(words, stems, strict=True)) == {word: search_index.stem(word) for word in words}
    assert dict(zip(titles, slugs, strict=True)) == {one: search_index.slug(one) for one in titles}
    for signs in index["places"].split(" "):
        assert search_index.gaps(growth.numbers(signs)) == signs


def test_the_index_leads_to_sections_that_there_are(site: Path) -> None:
    index = json.loads((site / growth.INDEX).read_text(encoding="utf-8"))
    for address, _, *sections in index["pages"]:
        html = (site / address / "index.html").read_text(encoding="utf-8")
        ids = set(re.findall(r'\bid="([^"]+)"', html))
        for section in sections:
            title, cut, anchor = section.rpartition("#")
            anchor = anchor if cut else search_index.slug(title or section)
            assert anchor in ids, section
            place = search_index.place(address, anchor, len(sections) + 1)
            assert (site / "search" / place).is_file()
        assert (site / "search" / search_index.place(address)).is_file()


def test_both_sides_part_the_texts_of_a_page_from_the_same_number_of_sections_on() -> None:
    script = (DOCS / "assets/search-results.mjs").read_text(encoding="utf-8")
    assert f"const MANY = {search_index.MANY};" in script


def test_the_excerpt_of_a_glossary_entry_is_that_of_the_entry(page: Page) -> None:
    page.goto("overview/?q=perplexity")
    option = page.locator("[role=option][href$='references/glossary/#perplexity']")
    option.scroll_into_view_if_needed()
    expect(option.locator(".search-text")).to_contain_text("exponential of the cross-entropy")


def test_excerpts_have_no_keys_of_sources_and_no_formulas_in_pieces(site: Path) -> None:
    for path in (site / "search" / "texts").rglob("*.json"):
        if "contributing" in path.parts:
            continue  # these tell of keys and signs
        for place, text in json.loads(path.read_text(encoding="utf-8")).items():
            assert not re.search(
                r"\b[a-z]{3,}(?:19|20)\d\d[a-z]{3,}\b|</?p>|tested as printed", text
            ), f"{path.name}#{place}: {text}"


@pytest.fixture(scope="module")
def large(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site of 112 pages."""
    folder = tmp_path_factory.mktemp("large") / "site"
    assert len(growth.grow(site, folder)["pages"]) == growth.PAGES
    server = Server(folder)
    yield server
    server.stop()


def test_a_first_search_at_112_pages_is_light(large: Server, new_page: NewPage) -> None:
    page = new_page(fresh=True, watched=False)
    page.goto(f"{large.url}models/", wait_until="networkidle")
    sent = traffic(page)
    page.keyboard.press("/")
    page.locator("dialog.search input").fill("posterior collapse")
    expect(page.locator("[role=option] .search-text").first).not_to_be_empty()
    page.wait_for_load_state("networkidle")
    assert sum("search_index" in url for url in sent.urls.values()) == 1
    assert sent.total <= BYTES, str(sent)


def timed(new_page: NewPage, browser: Browser, url: str) -> tuple[list[int], int]:
    """Milliseconds of the page's thread for each key of a query, and its longest task."""
    page = new_page(fresh=True, watched=False)
    page.goto(url, wait_until="networkidle")
    session = page.context.new_cdp_session(page)
    # Time of the thread, which is about the same however busy the machine is.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(row["value"] for row in metrics if row["name"] == "TaskDuration")

    taken = []
    for _ in range(6):  # the first is not compiled yet
        before = spent()
        page.evaluate(WORK)
        taken.append(spent() - before)
    here = min(taken)
    print(f"{here:.0f} ms for the work, made {SLOW} ms")
    session.send("Emulation.setCPUThrottlingRate", {"rate": max(1, SLOW / here)})

    browser.start_tracing(
        page=page, categories=["toplevel", "disabled-by-default-devtools.timeline"]
    )
    page.keyboard.press("/")
    expect(page.locator("dialog.search")).to_be_visible()
    until(page, "document.querySelector('.search-status').textContent.startsWith('Type')")
    waits = []
    for sign in "adverserial vs transformer":
        before = spent()
        page.keyboard.type(sign)
        settle(page)
        waits.append(round(spent() - before))
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        round(event["tdur"] / 1000)
        for event in events
        if event["name"].endswith("RunTask")
        and (event["pid"], event["tid"]) in main
        and "tdur" in event
    ]
    assert len(tasks) > len(waits)
    page.close()
    return waits, max(tasks)


def test_a_search_at_112_pages_is_quick_on_a_slow_device(
    large: Server, new_page: NewPage, browser: Browser
) -> None:
    # A busy machine makes a measurement longer and none shorter: the shortest of four counts.
    waits, longest = timed(new_page, browser, f"{large.url}models/")
    for _ in range(3):
        if max(waits) <= ANSWER and longest <= TASK:
            break
        again, task = timed(new_page, browser, f"{large.url}models/")
        waits = [min(pair) for pair in zip(waits, again, strict=True)]
        longest = min(longest, task)
    print(waits, longest)
    assert longest <= TASK
    assert max(waits) <= ANSWER, waits
