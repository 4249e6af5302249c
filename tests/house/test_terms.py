"""Terms in all their spellings, the pages that own them, and the pages that use them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.checker.engine import check
from scripts.checker.request import Request
from scripts.extensions import glossary
from scripts.extensions.glossary import parse
from scripts.extensions.terms import Term, Terms, alone, spelling
from scripts.house import prose
from tests.extensions.project import GLOSSARY, make

ROOT = Path(__file__).resolve().parents[2]
LINES = (
    "**Reparameterisation trick**|**Language model**|**Large language model** (LLM)|**Logits**|**Pre-training**"
    "|**Mixture of experts** (MoE)|**Model class**|**Fréchet inception distance** (FID)|**KL penalty**"
    "|**Kullback–Leibler divergence** (KL)|**Policy**|**Tokenizer**|"
    "**Vector-quantised variational autoencoder** (VQ-VAE)"
    "|**Self-attention**|**Attention**|**Loss**|**Policy gradient**"
).split("|")
TERMS = Terms([term for line in LINES if (term := parse(line))])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("reparameterisation trick", "Reparameterization tricks"),
        ("reparameterisation trick", "reparametrization trick"),
        ("pre-training", "pretraining"),
        ("multi-layer perceptron", "multilayer perceptrons"),
        ("model class", "model classes"),
        ("loss", "losses"),
        ("policy", "policies"),
        ("Fréchet inception distance", "frechet inception distance"),
        ("KL-penalty", "KL penalty"),
        ("mode‑seeking", "mode-seeking"),
        ("normalising flow", "normalizing flows"),
    ],
)
def test_spellings_of_one_term_are_one(one: str, other: str) -> None:
    assert spelling(one) == spelling(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("posterior", "prior"), ("encoder", "autoencoder"), ("prize", "price"), ("bias", "base")],
)
def test_other_words_are_others(one: str, other: str) -> None:
    assert spelling(one) != spelling(other)


def test_a_term_may_have_an_at_sign() -> None:
    text = "Give pass@k, not pass or k."
    found = list(Terms([Term("pass@k", "", "passk")]).uses(text))
    assert [text[one.start : one.end] for one in found] == ["pass@k"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Large language models and a language-model", ["Large language models", "language-model"]),
        ("a large language model (LLM), and LLMs", ["large language model", "LLMs"]),
        ("the FID (Fréchet inception distance) falls", ["FID"]),
        ("a KL penalty is no KL divergence", ["KL penalty", "KL"]),
        ("self-attention is attention, attention-like is not", ["self-attention", "attention"]),
        ("a logit and mixtures of\nexperts", ["logit", "mixtures of\nexperts"]),
        ("VQ-VAE, a moe of llm, tokenisers", ["VQ-VAE", "tokenisers"]),
        ("the language. Model classes", ["Model classes"]),
        ("lossless, glossy, politics", []),
        ("the policy gradient of a policy", ["policy gradient", "policy"]),
    ],
)
def test_a_term_is_found_where_it_is_used(text: str, expected: list[str]) -> None:
    assert [text[use.start : use.end] for use in TERMS.uses(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Attention", True),
        ("The KL penalty (KL)", True),
        ("Pre-training, and what follows", True),
        ("Reward hacking and the KL penalty", True),
        ("Self-attention: who sees whom", True),
        ("Limits of attention", False),
        ("Attention as a kernel", False),
        ("Why a policy", False),
    ],
)
def test_a_heading_that_is_about_something_else_defines_nothing(text: str, expected: bool) -> None:
    [use] = list(TERMS.uses(text))[:1]
    assert alone(text, use, 0, len(text)) is expected


def test_what_is_common_stands_in_the_glossary_with_a_reason_and_is_little() -> None:
    common = prose.load("terms.toml")["common"]
    names = {term.term for term in glossary.every(ROOT / "docs" / glossary.PAGE)}
    assert common.keys() <= names
    assert all(len(reason) > 20 for reason in common.values())
    assert len(common) <= len(names) / 10


def front(needs: str, terms: str) -> str:
    """The head of a page."""
    return (
        f"---\ntitle: T\ndescription: D.\nkind: reference\nneeds: [{needs}]\nterms: [{terms}]\n"
        "reviewed: 2026-11-21\n---\n\n# T\n\n"
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Three pages, of which each needs the next one."""
    make(tmp_path)
    for name in ("mkdocs.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    docs = tmp_path / "docs"
    (docs / "a.md").write_text(front("b.md", "") + "A GAN is a GAN.\n", encoding="utf-8")
    (docs / "b.md").write_text(front("c.md", "") + "Text.\n", encoding="utf-8")
    (docs / "c.md").write_text(front("", "GAN") + "A *GAN* is a GAN.\n", encoding="utf-8")
    return tmp_path


def said(site: Path, page: str = "a.md", cache: Path = Path("none")) -> list[str]:
    """What is found on a page of the rules on terms."""
    request = Request([site / "docs" / page], ("P40", "V05", "V06"), jobs=1, cache=cache)
    return [f"{p.line}:{p.column} {p.code} {p.text}" for p in check(request).problems]


def test_a_page_may_use_what_the_pages_own_that_it_needs_through_others(site: Path) -> None:
    assert said(site) == said(site, "c.md") == []
    (site / "docs" / "b.md").write_text(front("", "") + "Text.\n", encoding="utf-8")
    assert said(site) == [
        "12:12 P40 'GAN' is used here a second time and defined neither before nor on a page that"
        " 'needs' names: define it at its first use, earlier in this line, or let the page need c.md,"
        " which owns it"
    ]
    # No page is named that would lead round in a circle.
    (site / "docs" / "c.md").write_text(front("a.md", "GAN") + "A *GAN*.\n", encoding="utf-8")
    assert said(site)[0].endswith("earlier in this line")


def test_whatever_the_finding_depends_on_may_change(site: Path) -> None:
    memory = site / ".cache" / "memory"
    docs = site / "docs"
    words = docs / glossary.PAGE
    changes = [
        (docs / "c.md", front("", "GAN") + "A GAN is a *GAN*.\n"),
        (docs / "c.md", front("", "") + "A GAN is a GAN.\n"),
        (docs / "b.md", front("", "GAN") + "A *GAN*.\n"),
        (docs / "c.md", front("", "generative adversarial networks") + "A *GAN*.\n"),
        (words, "# Glossary\n\n**Game**\n:   A game.\n"),
        (words, "# Glossary\n\n**Game** (GAN)\n:   A game.\n"),
        (docs / "a.md", front("", "") + "A latent variable is a latent variable.\n"),
        (words, GLOSSARY.replace("Latent variable", "Hidden variable")),
        (words, GLOSSARY),
    ]
    before = [said(site, page, memory) for page in ("a.md", "b.md", "c.md")]
    assert before == [[], [], []]
    for path, text in changes:
        path.write_text(text, encoding="utf-8")
        for page in ("a.md", "b.md", "c.md"):
            assert said(site, page, memory) == said(site, page), (path, page)
    assert len(said(site)) == 1


def test_a_rule_that_the_table_switches_off_is_asked_for_by_its_code(site: Path) -> None:
    page = site / "docs" / "a.md"
    page.write_text(front("", "") + "A GAN is a GAN.\n", encoding="utf-8")
    table = site / "pyproject.toml"
    table.write_text(
        '[tool.check]\nrules = "scripts.house.rules"\nignore = ["P40", "V"]\n', encoding="utf-8"
    )

    def codes(select: tuple[str, ...], ignore: tuple[str, ...] = ()) -> set[str]:
        request = Request([page], select, ignore, jobs=1, cache=Path("none"))
        return {problem.code for problem in check(request).problems}

    assert codes(("P40",)) == {"P40"}
    assert codes(("P40",), ("P",)) == set()
    assert "P40" not in codes(()) | codes(("P",)) | codes(("ALL",))
