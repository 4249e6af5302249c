"""What the page tells beside its sums: the step of the code, what the program prints when changed, the history."""

import math
import re
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from docs.architectures.embeddings import embeddings, practice
from scripts.extensions import bibliography
from tests.said import sayings, tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "architectures" / "embeddings.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
W, U, COUNTS = embeddings.W, embeddings.U, embeddings.COUNTS
P = embeddings.forward(torch.arange(4), W, U)


def test_the_step_of_the_code_is_a_quarter_of_the_step_by_hand() -> None:
    w, u = embeddings.learn(COUNTS, 2, steps=0)
    after, _ = embeddings.learn(COUNTS, 2, steps=1)
    shares = COUNTS / COUNTS.sum(1, keepdim=True)
    by_hand = (shares - embeddings.forward(torch.arange(4), w, u)) @ u
    torch.testing.assert_close(after - w, by_hand / 4)
    own, whole = int(COUNTS[0].sum()), int(COUNTS.sum())
    said(f"over all {whole} pairs, of which *king* has {own}, and so its step is a quarter of this")
    said("weighted by the word's part of all pairs, here ¼.")


def test_a_small_temperature_sharpens_and_a_large_one_flattens() -> None:
    likely = [
        embeddings.forward(torch.arange(1), embeddings.W, embeddings.U, t).max().item()
        for t in (0.5, 1.0, 2.0)
    ]
    assert likely == sorted(likely, reverse=True)
    said("A small $T$ sharpens the distribution, a large one flattens it.")


def test_king_and_queen_agree_on_crown_alone() -> None:
    w, u = embeddings.learn(COUNTS, 2)
    king, queen = embeddings.forward(torch.arange(2), w, u)
    same = torch.isclose(king, queen, atol=1e-5).tolist()
    assert dict(zip(embeddings.NEIGHBOURS, same, strict=True)) == {
        "crown": True,
        "plough": True,
        "he": False,
        "she": False,
    }
    said("they give *crown* the same probability and *he* different ones")


def test_the_program_prints_what_the_table_of_changes_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learn = embeddings.learn

    def narrow(counts: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        assert width == 2
        return learn(counts, 1)

    def printed() -> str:
        embeddings.main()
        return capsys.readouterr().out

    with monkeypatch.context() as changed:
        changed.setattr(embeddings, "learn", narrow)
        off = re.search(r"off by more than (\S+)", printed())
    assert off is not None
    said(f"cannot hold two differences: probabilities are off by {off[1]} |")
    more = COUNTS.clone()
    more[1, 0] = 9
    with monkeypatch.context() as changed:
        changed.setattr(embeddings, "COUNTS", more)
        out = printed()
    assert "as counted: False" in out
    assert "vectors from counts: queen" in out


ARXIV = re.compile(r"arXiv:(\d\d)\d\d\.")


def test_the_years_of_the_history_are_those_of_the_earliest_source() -> None:
    works = bibliography.load(DOCS)

    def first(key: str) -> int:
        work = works[key]
        preprint = ARXIV.search(
            f"{work.detail} {work.link}".replace("https://arxiv.org/abs/", "arXiv:")
        )
        years = [int(work.year)] + ([2000 + int(preprint[1])] if preprint else [])
        return min(years)

    rows = rows_of("tab-embeddings-history")
    assert len(rows) >= 10
    for when, what, sources in rows:
        years = [first(key) for key in re.findall(r"\[\^(\w+)\]", sources)]
        assert min(years) == int(when), what
        full = re.search(r"in full in (\d{4})", what)
        assert full is None or max(years) == int(full[1]), what
    said("years of first publication {#tab-embeddings-history}", "three years later Firth says")
    assert int(works["firth1957synopsis"].year) - int(works["harris1954distributional"].year) == 3


def test_the_pictures_are_described_with_their_numbers() -> None:
    z = [f"{x:.2f}".replace("-", "−") for x in (U @ W[0]).tolist()]
    p = [f"{x:.2f}" for x in P[0].tolist()]
    said(f"gives the logits {', '.join(z)} for crown, plough, he, she; the softmax")
    said(
        f"gives the probabilities {', '.join(p)}. In use",
        f"gives the loss {-math.log(0.4):.2f}, and",
    )
    said("number 0, selects row 0 of the embedding W, the vector (1, 1)", "again (1, 1); the unem")
    said("the vector (0.35, −0.35); its cosines with the stored vectors of", "are 0, 1, −1, 0, so")
    said("king at (1, 1), queen at (1, −1), man at (−1, 1), woman at (−1, −1). From the centre")


def test_the_ends_share_one_table_and_get_both_gradients() -> None:
    tied, apart = practice.Ends(7, 3), practice.Ends(7, 3, tied=False)
    assert [sum(p.numel() for p in ends.parameters()) for ends in (tied, apart)] == [21, 42]
    tokens, after = torch.tensor([1, 4]), torch.tensor([2, 5])
    apart.head.weight.data = tied.head.weight.data.clone()
    apart.embedding.weight.data = tied.head.weight.data.clone()
    for ends in (tied, apart):
        torch.autograd.backward(functional.cross_entropy(ends(tokens), after))
    parts = [apart.head.weight.grad, apart.embedding.weight.grad]
    whole = tied.head.weight.grad
    assert whole is not None
    torch.testing.assert_close(whole, sum(part for part in parts if part is not None))
    assert parts[1] is not None
    assert parts[1].abs().sum() > 0


def test_the_tables_of_published_models() -> None:
    for row in rows_of("tab-embeddings-models"):
        v, e = (int(cell.replace(",", "")) for cell in row[1:3])
        said_size, total = float(row[3].split()[0]), row[5].split(" % of ")
        assert v * e / 1e6 == pytest.approx(said_size, abs=0.5)
        amount, unit = total[1].split()
        parameters = float(amount) * {"M": 1e6, "B": 1e9}[unit]
        share = v * e * (1 if row[4] == "yes" else 2) / parameters
        assert float(total[0]) == pytest.approx(100 * share, abs=0.6)
    said(f"$50{{,}}257 \\cdot 768 = {50_257 * 768 / 1e6:.1f}$ million of 124.4 million")
    said(f"of 768 numbers of two bytes are {1e6 * 768 * 2 / 1e9:.1f} GB")
