"""The bibliography is compared with what arXiv and Crossref answer."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.outside import references
from scripts.outside.http_client import Answer, Client, Policy, Trouble

FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><entry>
<id>http://arxiv.org/abs/1312.6114v11</id><title>Auto-Encoding
  Variational Bayes</title><author><name>Diederik P Kingma</name></author>
<author><name>Max Welling</name></author></entry></feed>"""
BOOK = {
    "message": {
        "title": ["Training products of experts"],
        "subtitle": ["By minimizing contrastive divergence"],
        "author": [{"given": "Geoffrey E.", "family": "Hinton"}],
    }
}
VAE = """@article{kingma2014auto,
  author = {Kingma, Diederik P. and Welling, Max},
  title = {Auto-Encoding {Variational} {Bayes}},
  year = {2014},
  eprint = {1312.6114},
}
"""


class Registry(Client):
    """Answers from memory instead of the network."""

    def __init__(self, respond: Callable[[str], Answer]) -> None:
        super().__init__(Policy(pause=0, backoff=0), sleep=lambda seconds: None)
        self.respond = respond

    def follow(self, url: str) -> tuple[Answer, str, bool]:
        return self.respond(url), url, False


def registry(url: str) -> Answer:
    return Answer(200, {}, FEED if "arxiv" in url else json.dumps(BOOK))


def test_an_entry_that_agrees_has_no_finding() -> None:
    assert references.check(VAE, Registry(registry)) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "Auto-Encoding",
            "Autoencoding the",
            "the title is 'Auto-Encoding Variational Bayes' there",
        ),
        ("Welling", "Weling", "author 2 is 'Welling' there"),
        (" and Welling, Max", "", "1 authors here, 2 there"),
        ("Welling, Max", "Welling, Max and Rezende, Danilo", "3 authors here, 2 there"),
        ("1312.6114", "1312.6115", "arXiv knows no 1312.6115"),
    ],
)
def test_what_differs_is_named_with_its_line(old: str, new: str, message: str) -> None:
    findings, missed = references.check("% head\n\n" + VAE.replace(old, new), Registry(registry))
    assert missed == []
    assert len(findings) == 1
    line, found = findings[0]
    assert line == 3
    assert found.startswith(f"kingma2014auto: {message}"), found


def test_a_shortened_list_of_authors_and_accents_agree() -> None:
    text = VAE.replace(" and Welling, Max", " and others")
    assert references.check(text, Registry(registry)) == ([], [])
    assert references.plain(r"Erd{\H o}s, {\"U}ber K{\'a}rol{\ae}") == references.plain(
        "Erdős, Über Károlæ"
    )


def test_a_doi_is_compared_with_crossref_with_or_without_the_subtitle() -> None:
    entry = "@article{hinton2002training,\n author={Hinton, Geoffrey E.},\n title={%s},\n doi={10.1162/x},\n}\n"
    whole = entry % "Training Products of Experts by Minimizing Contrastive Divergence"
    assert references.check(whole, Registry(registry)) == ([], [])
    findings, _ = references.check(entry % "Training experts", Registry(registry))
    assert [line for line, _ in findings] == [1]


@pytest.mark.parametrize("body", ["<feed", "{}", ""])
def test_an_answer_that_cannot_be_read_is_counted_not_guessed(body: str) -> None:
    text = VAE + "@article{a2000b,\n author={A, B},\n title={C},\n doi={10.1/2},\n}\n"
    findings, missed = references.check(text, Registry(lambda url: Answer(200, {}, body)))
    assert findings == []
    assert len(missed) == 2


def test_no_network_is_could_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(url: str) -> Answer:
        raise Trouble("refused the connection")

    monkeypatch.setattr(references, "Client", lambda policy: Registry(refuse))
    path = tmp_path / "b.bib"
    path.write_text(VAE)
    assert references.main([str(path)]) == 2
    assert "kingma2014auto: refused the connection" in capsys.readouterr().err
    path.write_text("@article{broken")
    assert references.main([str(path)]) == 2
    assert str(path) in capsys.readouterr().err
