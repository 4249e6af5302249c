"""One vector for a text: the gradient of the contrast, recall on new texts, and where it fails."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from docs.architectures.embeddings import retrieval
from scripts.figures import embeddings as figures
from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.printed.bound import columns
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "embeddings.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
TOPICS = torch.arange(retrieval.TOPICS)
SEEDS = range(5)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.equation("eq-embeddings-contrast")
def test_a_question_is_pulled_to_its_document_and_pushed_from_the_likely(
    printed: Equations,
) -> None:
    generator = torch.Generator().manual_seed(0)
    q, d = (
        functional.normalize(torch.randn(3, 4, generator=generator).double(), dim=-1)
        for _ in range(2)
    )
    q.requires_grad_()
    torch.autograd.backward(retrieval.contrast(q, d, 0.3))
    assert q.grad is not None
    found = columns(q.grad)
    printed("eq-embeddings-contrast").holds(
        {
            r"\nabla_{\mathbf{q}_i} \ell": Given(("i",), lambda i: found[i - 1]),
            "p": (q @ d.T / 0.3).softmax(-1),
            r"\mathbf{d}": columns(d),
            r"\tau": 0.3,
            "B": 3,
            "i": Each([1, 2, 3]),
        }
    )


def test_the_contrast_is_the_mean_negative_log_softmax_of_the_diagonal() -> None:
    generator = torch.Generator().manual_seed(1)
    q, d = torch.randn(5, 3, generator=generator), torch.randn(5, 3, generator=generator)
    whole = -((q @ d.T / 0.1).log_softmax(-1).diagonal()).mean()
    torch.testing.assert_close(retrieval.contrast(q, d), whole)


def test_question_and_document_of_a_topic_share_fillers_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    asked, told = (retrieval.texts(TOPICS, side, generator) for side in (0, 1))
    for one, two in zip(asked.tolist(), told.tolist(), strict=True):
        assert all(word < retrieval.FILLERS for word in set(one) & set(two))
    named = [retrieval.texts(TOPICS, side, generator, name=True) for side in (0, 1)]
    assert torch.equal(named[0][:, -1], named[1][:, -1])
    assert len(set(named[0][:, -1].tolist())) == retrieval.TOPICS == 32
    assert (retrieval.OWN, retrieval.FILLERS, retrieval.WIDTH) == (3, 8, 16)
    said("Our made world has 32 topics.", "$E = 16$, $\\tau = 0.1$; mean and standard deviation of")
    said(
        "24 trained topics, 8 others", f"Chance is {1 / 24:.2f} among 24 documents and 0.13 among 8"
    )
    assert (len(figures.TRAINED), len(figures.HELD_OUT)) == (24, 8)


def test_overlap_counts_shared_words_by_how_rare_they_are() -> None:
    documents = torch.tensor([[0, 1, 2, 9], [0, 1, 2, 8], [0, 5, 6, 7]])
    scores = retrieval.overlap(torch.tensor([[0, 9, 20, 21]]), documents)[0]
    assert scores[0] > scores[1] == scores[2] == 0
    assert retrieval.recall(scores[None], torch.tensor([[True, False, False]])) == 1
    assert retrieval.recall(scores[None], torch.tensor([[False, True, False]])) == 0


def test_the_figure_of_the_search() -> None:
    table = style.read_table(FOLDER / "search.csv")
    trained, new, words = table["trained"], table["new"], table["words"]
    assert all(b > a for a, b in pairwise(trained))
    said(f"Vectors of trained topics rise from {trained[0]:.2f} to {trained[-1]:.2f}; vectors")
    assert all(abs(x - 0.1) < 0.05 for x in new)
    assert {f"{x:.2f}" for x in words} == {"0.04"}
    said("that were never trained stay at about 0.1; shared words stay at 0.04](")
    said("training steps from 0 to 60.")


def test_without_negatives_all_texts_are_alike() -> None:
    kinds = []
    for negatives in (False, True):
        rows = []
        for seed in SEEDS:
            table = retrieval.train(TOPICS, seed=seed, negatives=negatives)
            first, _, _ = retrieval.trial(table, TOPICS, seed)
            rows.append([*retrieval.likeness(table, TOPICS, seed), first])
        kinds.append(torch.tensor(rows))
    (own, other, above, first), (own_, other_, above_, _) = (kind.mean(0) for kind in kinds)
    said(f"Partners then have {own:.2f}, and texts that do not belong together {other:.2f}; all")
    assert (above, round(100 * first.item())) == (1, 97)
    said(f"it is {own_:.2f} and −{-other_:.2f}, and {100 * above_:.0f} % are above 0.5")
    said("The first answer is right in 97 % of the cases", "pairs are above 0.5.")
    assert all(kind.std(0).max() < 0.025 for kind in kinds)
    said("(five seeds; the standard deviations are 0.02 at most)")
    said(f"| cosine {other:.2f} of texts that do not belong together |")
    said(f"[texts that do not belong together have {other:.2f}](#collapse)")


def test_what_was_never_trained_and_the_price_of_its_cure() -> None:
    tables = [retrieval.train(figures.TRAINED, seed=seed) for seed in SEEDS]

    def tried(
        topics: torch.Tensor, *, name: bool, weight: float = 2
    ) -> tuple[list[float], list[float]]:
        rows = [
            retrieval.trial(t, topics, n, name=name, weight=weight) for n, t in enumerate(tables)
        ]
        found = torch.tensor(rows)
        return found.mean(0).tolist(), found.std(0).tolist()

    plain, spread = tried(figures.HELD_OUT, name=False)
    said(
        f"recall@1 is {plain[0]:.2f} ± {spread[0]:.2f}, no more than chance",
        f"| recall {plain[0]:.2f} |",
    )
    (v, s, b), (v_, s_, b_) = tried(figures.HELD_OUT, name=True)
    said(
        f"vectors now find {v:.2f} ± {v_:.2f}, shared words weighted by how rare they are {s:.2f} ± {s_:.2f}"
    )
    (_, _, once), (_, _, once_) = tried(figures.HELD_OUT, name=True, weight=1)
    said(
        f"the plain sum of both scores {once:.2f} ± {once_:.2f}, and the vectors' score "
        f"plus twice that of the words {b:.2f} ± {b_:.2f}."
    )
    (v, _, b), (_, _, b_) = tried(figures.TRAINED, name=False)
    assert v == 1
    (_, _, once), (_, _, once_) = tried(figures.TRAINED, name=False, weight=1)
    said(
        f"on trained topics without names the weighted sum finds {b:.2f} ± {b_:.2f} "
        f"and the plain one {once:.2f} ± {once_:.2f}, where vectors alone"
    )


def test_the_program_prints_both_recalls(capsys: pytest.CaptureFixture[str]) -> None:
    retrieval.main()
    assert "vectors 1.00, shared words 0.0" in capsys.readouterr().out
