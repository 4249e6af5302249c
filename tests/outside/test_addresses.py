"""The address that is asked for is the one that a browser would go to."""

from pathlib import Path

import pytest

from scripts.outside.addresses import addresses
from tests.outside.asking import docs

ADDRESSES = {
    "[Yahoo](https://h.example/wiki/Yahoo!)": "https://h.example/wiki/Yahoo!",
    "[Inc](https://h.example/wiki/Inc.)": "https://h.example/wiki/Inc.",
    "[C](https://h.example/wiki/C*)": "https://h.example/wiki/C*",
    "[tail](https://h.example/a/tail_)": "https://h.example/a/tail_",
    "[bar](https://h.example/a|b)": "https://h.example/a|b",
    r"[esc](https://h.example/a\_b)": "https://h.example/a_b",
    "[blank](<https://h.example/a b>)": "https://h.example/a%20b",
    "[amp](https://h.example/?a=1&amp;b=2)": "https://h.example/?a=1&b=2",
    '<a href="https://h.example/?a=1&amp;b=2">x</a>': "https://h.example/?a=1&b=2",
    "[copy](https://h.example/?a=1&copy=2)": "https://h.example/?a=1&copy=2",
    "[region](https://h.example/?a=1&region)": "https://h.example/?a=1&region",
    "[ends](https://h.example/?a&copy)": "https://h.example/?a&copy",
    "[sign](https://h.example/&copy;&#38;&#x41;)": "https://h.example/%C2%A9&A",
    '<a href="https://h.example/?a=1&copy=2&region">x</a>': "https://h.example/?a=1&copy=2&region",
    '<a href="https://h.example/?a&copy">x</a>': "https://h.example/?a%C2%A9",
    "[upper](HTTPS://H.example/U)": "https://h.example/U",
    "[rel](//h.example/r)": "https://h.example/r",
    "[round](https://h.example/x_(y))": "https://h.example/x_(y)",
    "[umlaut](https://h.example/größe#ü)": "https://h.example/gr%C3%B6%C3%9Fe#%C3%BC",
    "[host](https://größe.example/)": "https://xn--gre-6ka8i.example/",
    "[given](https://h.example/%7Ea?q=x'y)": "https://h.example/%7Ea?q=x'y",
    "<https://h.example/auto>": "https://h.example/auto",
    "[name][n]\n\n[n]: https://h.example/ref 'T'": "https://h.example/ref",
    "![picture](https://h.example/i.png)": "https://h.example/i.png",
    '<img src="i.png" srcset="https://h.example/2.png 2x, i.png 1x">': "https://h.example/2.png",
    "| a |\n| - |\n| [cell](https://h.example/cell) |": "https://h.example/cell",
    "Text:\n\n    curl https://h.example/in-indented-code": None,
    "> ```sh\n> curl https://h.example/in-quoted-fence\n> ```": None,
    "```text\n[a](https://h.example/in-fence)\n```": None,
    "`<a href='https://h.example/in-span'>`": None,
    "<code>https://h.example/in-code-tag</code>": None,
    "<pre>https://h.example/in-pre</pre>": None,
    "<!-- [a](https://h.example/in-comment) -->": None,
    "Text with https://h.example/no-link in it.": None,
    "[mail](mailto:a@h.example) [own](page.md) [root](/a/)": None,
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_the_address_is_the_one_that_the_page_links_to(text: str, tmp_path: Path) -> None:
    wanted = ADDRESSES[text]
    assert list(addresses(docs(tmp_path, text + "\n"))) == ([wanted] if wanted else [])


def test_addresses_have_their_places(tmp_path: Path) -> None:
    folder = docs(
        tmp_path,
        "See [a](https://a.example/x_(y)) and <https://b.example/>.\n\n"
        "[c](https://c.example/z) again,\n[c](https://c.example/z).\n",
        "@misc{k2020x,\n  eprint = {2006.11239},\n  doi = {10.1000/x\\_z},\n  url = {https://e.example/},\n}\n",
    )
    found = addresses(folder)
    assert {url: [place.line for place in places] for url, places in found.items()} == {
        "https://a.example/x_(y)": [1],
        "https://b.example/": [1],
        "https://c.example/z": [3, 4],
        "https://arxiv.org/abs/2006.11239": [2],
        "https://doi.org/10.1000/x_z": [3],
        "https://e.example/": [4],
    }
