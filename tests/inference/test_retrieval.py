"""Retrieval: BM25 against SQLite, vectors against scikit-learn, the equations, and the numbers of the page."""

import math
import random
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.linalg import svdvals
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from docs.inference.retrieval import practice, retrieval
from scripts.figures import passages as snapshots
from scripts.figures import retrieval as figures
from scripts.figures import retrieval_diagram as diagram
from scripts.figures import style
from scripts.printed.values import Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "retrieval.md"
GOLDEN = Path(__file__).with_name("retrieval.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)

TEXTS = [
    "a b b c", "a c d e f g", "d e e h i", "b f j k l m n", "c d g", "h i j k l m", "a n o p", "o p q r s",
]  # fmt: skip
"""Passages of made words: no word of a question stands in half of them, where SQLite gives up a word."""


def split(texts: list[str] = TEXTS) -> list[list[str]]:
    """The passages as words."""
    return [text.split() for text in texts]


def naive(question: list[str], passages: list[list[str]], k1: float, b: float) -> list[float]:
    """BM25 once more, by counting in the texts without an index."""
    mean = np.mean([len(p) for p in passages])
    total = []
    for passage in passages:
        parts = []
        for word in question:
            n = sum(word in p for p in passages)
            f = passage.count(word)
            parts.append(
                math.log((len(passages) + 1) / (n + 0.5))
                * (k1 + 1)
                * f
                / (f + k1 * ((1 - b) + b * len(passage) / mean))
            )
        total.append(sum(parts))
    return total


def drawn(size: int, wording: int) -> tuple[float, float]:
    """Passages among `size` pages drawn 20 times, and the share of their answers that BM25 has among five."""
    pages, made = list(figures.collection()), figures.chunks("sentences", figures.WORDS)
    counts, found = [], []
    for seed in range(20):
        kept = set(random.Random(seed).sample(pages, size))
        passages = [chunk for chunk in made if chunk.document in kept]
        index = retrieval.BM25([chunk.words for chunk in passages])
        counts.append(len(passages))
        for row, at in zip(figures.questions(), figures.places(), strict=True):
            if at[0] in kept:
                best = retrieval.ranked(index.scores(retrieval.words(row[wording])))[: figures.K]
                found.append(any(passages[n].holds(at) for n in best))
    return float(np.mean(counts)), float(np.mean(found))


def test_recall_falls_as_the_collection_grows() -> None:
    (few, own), (_, other) = drawn(3, 1), drawn(3, 2)
    (half, later), (_, less) = drawn(14, 1), drawn(14, 2)
    said(
        f"among 3 of the 28 pages, {few:.0f} chunks, BM25 finds {own:.2f} and {other:.2f}, among 14 pages, "
        f"{half:.0f} chunks, {later:.2f} and {less:.2f}, as means over 20 draws of pages"
    )
    made = figures.chunks("sentences", figures.WORDS)
    index = retrieval.BM25([chunk.words for chunk in made])
    shares = []
    for k in (figures.K, 10, 20):
        best = [
            retrieval.ranked(index.scores(retrieval.words(q[1])))[:k] for q in figures.questions()
        ]
        held = zip(best, figures.relevant(made), strict=True)
        shares.append(float(np.mean([bool(h & set(b)) for b, h in held])))
    said(
        f"So with more than {len(made)} chunks of such text expect no more than {shares[0]:.2f}, "
        "and read more of them: "
        f"among ten passages it is {shares[1]:.2f} here, among 20 it is {shares[2]:.2f}."
    )


# Words.


def test_the_index_gives_what_counting_gives() -> None:
    for question in (["b", "c", "d"], ["a", "a", "q"], ["none"]):
        found = retrieval.BM25(split()).scores(question)
        assert found == pytest.approx(naive(question, split(), 1.2, 0.75))


@pytest.mark.equation("eq-retrieval-bm25")
def test_bm25_as_printed_is_that_of_sqlite(printed: Equations) -> None:
    question, n = ["b", "c", "f"], len(TEXTS)
    counts = [sum(word in p for p in split()) for word in question]
    odds = [math.log((n - c + 0.5) / (c + 0.5)) for c in counts]
    scores = dict(practice.by_words(TEXTS, " ".join(question), 8))
    lengths = [len(p) for p in split()]
    assert len(scores) > 3
    for number in (0, 1, 3):
        printed("eq-retrieval-bm25").holds(
            {
                "s(q, d)": scores[number],
                "n": 3,
                r"\operatorname{idf}(t_i)": Given(("i",), lambda i: odds[int(i) - 1]),
                "f": [split()[number].count(word) for word in question],
                "k_1": 1.2,
                "b": 0.75,
                r"\ell": lengths[number],
                r"\bar\ell": sum(lengths) / n,
            }
        )


@pytest.mark.equation("eq-retrieval-idf")
def test_the_weight_of_a_word(printed: Equations) -> None:
    index = retrieval.BM25(split())
    for word in ("b", "d", "e"):
        n = sum(word in p for p in split())
        printed("eq-retrieval-idf").holds(
            {r"\operatorname{idf}(t)": index.idf(word), "N": len(TEXTS), "n_t": n}
        )
    assert index.idf("a") > 0
    assert retrieval.BM25([["x"]] * 9).idf("x") > 0


@pytest.mark.equation("eq-retrieval-saturation")
def test_a_repeated_word_saturates(printed: Equations) -> None:
    for f in (3.0, 1e9):
        printed("eq-retrieval-saturation").holds(
            {"f": f, "k_1": 1.2, "c": 0.9}, free=("f", "k_1", "c")
        )
    texts = [["x"] * 5 + ["y"], ["y"] * 6, ["z"] * 6]
    index = retrieval.BM25(texts)
    factor = index.scores(["x"])[0] / index.idf("x")
    assert factor == pytest.approx(5 * 2.2 / (5 + 1.2))
    assert factor < 2.2


# Vectors.


@pytest.mark.equation("eq-retrieval-latent")
def test_what_is_left_out_has_the_other_singular_values(printed: Equations) -> None:
    latent = retrieval.Latent(split(), 3)
    x = latent.table.double()
    _, _, directions = torch.linalg.svd(x, full_matrices=False)
    known = TfidfVectorizer(sublinear_tf=True, smooth_idf=False, token_pattern=r"\w+")
    other = known.fit_transform(TEXTS)
    assert torch.allclose(x, torch.tensor(other.toarray()), atol=1e-6)
    kept = x @ directions[:3].T @ directions[:3]
    spanned = latent.directions.double() @ latent.directions.double().T
    assert torch.allclose(spanned, directions[:3].T @ directions[:3], atol=1e-5)
    sigma = svdvals(x.numpy())
    assert latent.strengths.numpy() == pytest.approx(sigma, abs=1e-5)
    printed("eq-retrieval-latent").holds(
        {
            r"\lVert X - X_E \rVert^2": float((x - kept).pow(2).sum()),
            "E": 3,
            "R": len(sigma),
            r"\sigma": sigma,
        }
    )
    shrunk = TruncatedSVD(3, algorithm="arpack", random_state=0).fit(other)
    rest = other.toarray() - shrunk.inverse_transform(shrunk.transform(other))
    assert (rest**2).sum() == pytest.approx(float((x - kept).pow(2).sum()), rel=1e-4)


def test_vectors_rank_as_those_of_scikit_learn() -> None:
    latent = retrieval.Latent(split(), 3)
    for question in ("b c", "d e h", "o q"):
        ours = retrieval.ranked(latent.scores(question.split()))[:4]
        assert ours == practice.by_vectors(TEXTS, question, 4, 3)
    assert latent.encode(["none"]).abs().sum() == 0


# Fusion, reranking and measures.


@pytest.mark.equation("eq-retrieval-fuse")
def test_fusing_adds_reciprocal_ranks(printed: Equations) -> None:
    draw = np.random.default_rng(0)
    rankings = [draw.permutation(9).tolist() for _ in range(3)]
    score = [sum(1 / (60 + ranking.index(n) + 1) for ranking in rankings) for n in range(9)]
    order = retrieval.fuse(rankings)
    assert order == sorted(range(9), key=lambda n: -score[n])
    found = retrieval.fuse([list(range(100)), [1, 2, 3, 5, 4, *range(6, 100), 0]])
    assert found.index(4) < found.index(0)
    said(f"ranks 5, 5: {2 / 65:.4f}; ranks 1, 100: {1 / 61 + 1 / 160:.4f}")
    ranks = [3, 5, 8]
    printed("eq-retrieval-fuse").holds(
        {"R(d)": float(np.sum(1 / np.array([63, 65, 68]))), "M": 3, r"\kappa": 60, "r": ranks}
    )


def test_the_reranker_prefers_words_that_stand_near() -> None:
    apart = ["a"] + ["x"] * 20 + ["b"]
    near = ["x"] * 20 + ["a", "b"]
    index = retrieval.BM25([apart, near, ["y"]])
    assert retrieval.rerank(["a", "b"], [apart, near, ["y"]], [0, 1, 2], index) == [1, 0, 2]
    assert retrieval.rerank(["a", "b"], [apart, near, ["y"]], [0, 1, 2], index, 1) == [0, 1, 2]
    both = retrieval.nearness(["a", "b"], near, {"a": 1.0, "b": 0.5})
    assert (both, retrieval.nearness(["a", "b"], apart, {"a": 1.0, "b": 0.5})) == (1.5, 1.0)


@pytest.mark.equation("eq-retrieval-mrr", "eq-retrieval-ndcg")
def test_measures_are_those_of_scikit_learn(printed: Equations) -> None:
    draw = np.random.default_rng(1)
    scores = draw.random((4, 7))
    right = draw.integers(7, size=4)
    labels = np.eye(7)[right]
    ours = [
        retrieval.reciprocal_rank(retrieval.ranked(row.tolist()), {int(r)})
        for row, r in zip(scores, right, strict=True)
    ]
    assert np.mean(ours) == pytest.approx(label_ranking_average_precision_score(labels, scores))
    printed("eq-retrieval-mrr").holds(
        {r"\operatorname{MRR}": np.mean(ours), "n": 4, "r": [1 / value for value in ours]}
    )
    gain = np.array([3.0, 0.5, 4.0, 1.5, 2.5, 0.7, 5.0])
    order = retrieval.ranked(scores[0].tolist())
    known = float(ndcg_score(gain[None], scores[:1], k=5))
    assert retrieval.ndcg(order, gain.tolist(), 5) == pytest.approx(known)
    printed("eq-retrieval-ndcg").holds(
        {
            r"\operatorname{nDCG}": known,
            "k": 5,
            "g": gain[order],
            "h": np.sort(gain)[::-1],
        }
    )
    assert retrieval.recall([4, 2, 1], {1, 2}, 2) == 0.5
    assert retrieval.reciprocal_rank([4, 2], {7}) == 0


@pytest.mark.equation("eq-retrieval-mixture", "eq-retrieval-gradient")
def test_a_passage_that_helped_more_than_expected_gains(printed: Equations) -> None:
    s = torch.tensor([0.8, 0.96, 0.6], dtype=torch.float64, requires_grad=True)
    a = torch.tensor([0.3, 0.9, 0.05], dtype=torch.float64)
    p = s.softmax(0)
    whole = torch.logsumexp(torch.log_softmax(s, 0) + a.log(), 0)
    printed("eq-retrieval-mixture").holds(
        {r"p(y \mid q)": whole.exp().item(), "k": 3, "p": p.detach(), "a": a}
    )
    whole.backward()
    assert s.grad is not None
    for j in range(3):
        printed("eq-retrieval-gradient").holds(
            {
                r"\frac{\partial \log p(y \mid q)}{\partial s_j}": s.grad[j].item(),
                "j": j + 1,
                "k": 3,
                "p": p.detach(),
                "a": a,
            },
            free=("a",),
        )


@pytest.mark.equation("eq-retrieval-whole")
def test_how_many_answers_a_blind_cut_leaves_whole(printed: Equations) -> None:
    for size, overlap, length in ((50, 0, 16), (30, 7, 11)):
        text = [str(n) for n in range(20 * (size - overlap) + size)]
        made = retrieval.cut("d", text, size, overlap)
        starts = range(10 * (size - overlap), 11 * (size - overlap))
        kept = np.mean([any(c.holds(("d", n, n + length)) for c in made) for n in starts])
        printed("eq-retrieval-whole").holds(
            {r"P(\text{whole})": kept, "W": size, "A": length, "O": overlap}
        )
        if not overlap:
            said(
                f"An answer of {length} words that begins anywhere alike is whole in "
                f"{100 * kept:.0f} % of cases"
            )
    assert [c.words for c in retrieval.cut("d", list("abcde"), 3, 1)] == [
        tuple("abc"),
        tuple("cde"),
    ]


def test_sentences_are_never_cut() -> None:
    made = retrieval.cut_sentences("d", ["a b c.", "d e.", "f g h i j k l."], 5)
    assert [" ".join(c.words) for c in made] == ["a b c d e", "f g h i j k l"]
    assert [(c.start, c.stop) for c in made] == [(0, 5), (5, 12)]
    assert made[0].holds(("d", 3, 5))
    assert not made[0].holds(("d", 4, 6))
    assert not made[0].holds(("other", 3, 5))


# The page's numbers.


def test_the_example_as_told(capsys: pytest.CaptureFixture[str]) -> None:
    question, notes = retrieval.example()
    words = retrieval.BM25(notes).scores(question)
    table = diagram.numbers()
    assert table["words"] == words
    ranks = [retrieval.ranked(scores) for scores in (words, table["cosines"])]
    rows = rows_of("tab-retrieval-example")
    for n, row in enumerate(rows):
        assert row[2].strip("$").endswith(f"= {words[n]:.2f}")
        assert row[3] == "(" + ", ".join(f"{value:g}" for value in diagram.PASSAGES[n]) + ")"
        assert float(row[4]) == pytest.approx(table["cosines"][n])
        places = [order.index(n) + 1 for order in ranks]
        assert row[5] == ", ".join(str(place) for place in places)
        assert row[6] == f"{sum(1 / (60 + place) for place in places):.4f}"
    for n, factor in enumerate((2.2 / 1.9, 1.0, 0.88)):
        assert rows[n][2].startswith(f"${factor:.3g} ")
    rare, common = (retrieval.BM25(notes).idf(word) for word in ("hours", "library"))
    said(
        rf"`hours` stands in one of three: $\log(4 / 1.5) = {rare:.2f}$",
        rf"stand in two: $\log(4 / 2.5) = {common:.2f}$",
        r"note 1 gets $1/61 + 1/62 = 0.0325$ and note 2 gets $1/63 + 1/61 = 0.0323$",
        f"{words[0]:.2f}, {words[1]:.2f}, {words[2]:.2f}",
        f"minus log p of the right passage, {table['loss'][0]:.2f}",
        rf"$-\log {math.exp(-table['loss'][0]):.2f} = {table['loss'][0]:.2f}$",
        "0.80, 0.96, 0.60; fused ranks give the order 1, 2, 3",
    )
    more = retrieval.BM25([*notes, retrieval.words("friday bus hours")]).scores(question)
    said(
        f"from {words[0]:.2f}, {words[1]:.2f} and {words[2]:.2f} to "
        f"{more[0]:.2f}, {more[1]:.2f} and {more[2]:.2f}"
    )
    assert table["fused"] == [1, 2, 3]
    assert [ranking.index(1) + 1 for ranking in (*ranks, retrieval.fuse(ranks))] == [3, 1, 2]
    value = retrieval.ndcg(retrieval.fuse(ranks), [1, 3, 0], 3)
    said(f"(1 + 3/1.585) / (3 + 1/1.585) = {value:.2f}$")
    runpy.run_path(retrieval.__file__, run_name="__main__")
    assert "passage 1: 1.680, by hand 1.680" in capsys.readouterr().out


def test_the_snapshot_is_as_told() -> None:
    pages, rows = figures.collection(), figures.questions()
    made = figures.chunks("sentences", figures.WORDS)
    total = sum(len(chunk.words) for chunk in made)
    said(
        f"We asked {len(pages)} pages of this site",
        f"the first two sections of each, {total:,} words in {len(made)} chunks",
        f"There are {len(rows)} answers",
    )
    assert snapshots.KEPT.stat().st_size <= 150_000
    assert [page.rpartition("/")[2] for page in pages] == snapshots.PAGES.split()
    held = figures.relevant(made)
    assert all(len(found) == 1 for found in held)
    assert snapshots.sentences("## In short\n\nA [b](c.md) $x$[^d].\n\n## Else\n\nno\n") == [
        "A b x."
    ]
    asked = {row[n] for row in rows for n in (1, 2)}
    assert {"what is weight tying", "can the input and output matrices be shared"} <= asked


def test_how_many_words_a_question_shares_with_its_answer() -> None:
    made = figures.chunks("sentences", figures.WORDS)
    every = {word for chunk in made for word in chunk.words}
    counts = []
    for wording in (1, 2):
        inside = known = total = 0
        for row, held in zip(figures.questions(), figures.relevant(made), strict=True):
            asked = [w for w in retrieval.words(row[wording]) if w not in figures.FREQUENT]
            inside += sum(word in made[min(held)].words for word in asked)
            known += sum(word in every for word in asked)
            total += len(asked)
        counts.append((inside, total, 1 - known / total))
    (same, all_same, _), (other, all_other, unknown) = counts
    said(
        f"{same} of {all_same} stand in the passage with the answer in the first wording, "
        f"{other} of {all_other} in the second",
        f"{100 * unknown:.0f} % of the words of these questions, frequent ones left out, stand nowhere in this text",
    )


def test_the_table_of_measures_and_the_sentences_on_it() -> None:
    table = style.read_table(figures.FOLDER / "recall.csv")
    rows = rows_of("tab-retrieval-measures")
    names = [name.replace("\n", " ") for name in figures.METHODS]
    assert [row[0] for row in rows] == names
    for n, row in enumerate(rows):
        same, other = n, n + len(rows)
        assert (table["wording"][same], table["wording"][other]) == (1, 2)
        wanted = [table[name][same] for name in ("first", "recall", "mrr")]
        wanted += [table[name][other] for name in ("recall", "mrr")]
        assert row[1:] == [f"{value:.2f}" for value in wanted]
    assert all(value <= 0 for value in table["more low"])
    assert all(value >= 0 for value in table["more high"])
    assert all(v > 0.9 for v in table["recall"][:5])
    assert all(v < 0.25 for v in table["recall"][5:])
    bm25, letters = 5, 9
    said(
        f"BM25 finds {table['recall'][0]:.2f} of the answers ({table['low'][0]:.2f} to "
        f"{table['high'][0]:.2f}), in other words {table['recall'][bm25]:.2f} "
        f"({table['low'][bm25]:.2f} to {table['high'][bm25]:.2f})",
        f"found {table['recall'][letters]:.2f} in place of {table['recall'][bm25]:.2f} here",
        f"BM25 has {44 * table['recall'][bm25]:.0f} among the first five passages, and "
        f"{44 * table['of 20'][bm25]:.0f} among the first 20",
        f"They raise it to {44 * table['recall'][letters]:.0f}, and from "
        f"{44 * table['of 20'][bm25]:.0f} to {44 * table['of 20'][letters]:.0f} among the first 20",
        f"The difference among five, {table['more'][letters]:.2f}, has an interval from "
        f"−{-table['more low'][letters]:.2f} to {table['more high'][letters]:.2f}",
        f"Among 20 it is {table['more of 20'][letters]:.2f}, from "
        f"{table['more of 20 low'][letters]:.2f} to {table['more of 20 high'][letters]:.2f}",
        f"recall@5 of {table['recall'][bm25]:.2f} in place of {table['recall'][0]:.2f}",
    )
    wide = [2 * 1.96 * (0.25 / count) ** 0.5 for count in (44, 200)]
    said(
        f"with 44, an interval of recall is up to {wide[0]:.1f} wide, with 200 up to {wide[1]:.2f}"
    )
    assert table["recall"][1] == table["recall"][0]
    assert table["recall"][6] == table["recall"][bm25]


def asked(wording: int) -> list[list[str]]:
    """The questions in the words of the page, 1, or in other words, 2."""
    return [retrieval.words(row[wording]) for row in figures.questions()]


def test_how_many_numbers_a_latent_vector_has() -> None:
    made = figures.chunks("sentences", figures.WORDS)
    passages, held = [chunk.words for chunk in made], figures.relevant(made)
    index = retrieval.BM25(passages)

    def hits(made: retrieval.BM25 | retrieval.Latent, wording: int, k: int) -> np.ndarray:
        ranked = [retrieval.ranked(made.scores(q)) for q in asked(wording)]
        return np.array([bool(h & set(r[:k])) for h, r in zip(held, ranked, strict=True)], float)

    fives = {}
    for width in (figures.WIDTH, 200, 300):
        latent = retrieval.Latent(passages, width)
        fives[width] = [hits(latent, wording, 5).sum() for wording in (1, 2)]
    assert fives[figures.WIDTH] == fives[200] == fives[300]
    said(
        f"With {figures.WIDTH} numbers for each of {len(made)} passages",
        "Here $E = 128$; with 200 and 300",
    )
    latent = retrieval.Latent(passages, figures.WIDTH)
    for wording in (1, 2):
        firsts = [
            [set(retrieval.ranked(made.scores(q))[:5]) for q in asked(wording)]
            for made in (index, latent)
        ]
        shared = np.mean([len(a & b) for a, b in zip(*firsts, strict=True)])
        assert round(shared) == 3, "about three of the five passages are the same"
    said("about three of the five passages are the same")
    small, words = retrieval.Latent(passages, 64), hits(index, 2, 20)
    more, low, high = figures.interval(hits(small, 2, 20) - words)
    less, least, most = figures.interval(hits(small, 1, 5) - hits(index, 1, 5))
    assert least < 0 < most
    said(
        f"With $E = 64$ the vectors find {hits(small, 2, 20).sum():.0f} of the {len(held)} in other words "
        f"among the first 20, BM25 {words.sum():.0f} (difference {more:.2f}, {low:.2f} to {high:.2f}), but "
        f"{hits(small, 1, 5).mean():.2f} instead of {hits(index, 1, 5).mean():.2f} among five "
        f"in the words of the page, within chance (−{-less:.2f}, −{-least:.2f} to {most:.2f})",
        f"With {small.vectors.shape[1]} numbers](#latent), one of several sizes tried, "
        f"they find {hits(small, 2, 20).sum():.0f} of the {len(held)} in other words among the first 20, "
        f"and BM25 {words.sum():.0f}",
    )


def test_differences_in_rank() -> None:
    held = figures.relevant(figures.chunks("sentences", figures.WORDS))
    far: dict[tuple[str, int, int], tuple[float, float, float]] = {}
    for wording in (1, 2):
        mrr, first = [], []
        for ranker in figures.rankers():
            rankings = [ranker(q) for q in asked(wording)]
            ranks = [retrieval.reciprocal_rank(r, h) for r, h in zip(rankings, held, strict=True)]
            mrr.append(np.array(ranks))
            first.append(np.array([rank == 1 for rank in ranks], float))
        for name, values in (("mrr", mrr), ("first", first)):
            for method in range(1, 5):
                more, low, high = figures.interval(values[method] - values[0])
                if low > 0 or high < 0:
                    far[name, wording, method] = (more, low, high)
    assert list(far) == [("mrr", 1, 3), ("mrr", 2, 3), ("mrr", 2, 4), ("first", 2, 4)]
    same, other, letters, top = far.values()
    said(
        f"reranked by +{same[0]:.2f} in the words of the page and −{-other[0]:.2f} in other words, both just",
        f"letters by +{letters[0]:.2f} ({letters[1]:.2f} to {letters[2]:.2f}) in other words, also for "
        f"recall@1 by +{top[0]:.2f} ({top[1]:.2f} to {top[2]:.2f})",
    )
    assert 0 < same[1] < 0.002 > -other[2] > 0


def test_the_sentences_on_chunks() -> None:
    table = style.read_table(figures.FOLDER / "chunks.csv")
    cut = {form: [int(v) for v in table[f"{form}, cut"]] for form in ("apart", "half", "sentences")}
    assert cut["sentences"] == [0] * 5
    assert cut["half"][1:] == [0] * 4
    assert cut["apart"][4] == 0
    said(
        f"cut {cut['apart'][0]}, {cut['apart'][1]}, {cut['apart'][2]} and {cut['apart'][3]} of the "
        f"44 answers; with half overlap it is {cut['half'][0]} at 25 words",
        f"from {table['apart, words'][1]:,.0f} to {table['half, words'][1]:,.0f} words",
        f"{cut['apart'][1]} of 44 answers in no chunk",
    )
    assert table["sentences"] == sorted(table["sentences"], reverse=True)
    every = [value for form in cut for value in table[form]]
    assert (min(every), max(every)) == (table["apart"][0], table["sentences"][0])
    assert max(table["apart"]) == table["apart"][2]
    assert max(table["half"]) == table["half"][1]
    assert all(0.75 < table[form][4] < 0.82 for form in cut)
    assert (round(table["apart"][0], 1), round(table["half"][0], 2)) == (0.5, 0.66)
    for half, apart in zip(table["half, words"][:4], table["apart, words"], strict=False):
        assert 1.8 < half / apart < 2
    more = [s / a for s, a in zip(table["sentences, chunks"], table["apart, chunks"], strict=True)]
    said(
        f"are {100 * more[1] - 100:.0f} % more at 50 words and {100 * more[2] - 100:.0f} % more at 100"
    )
    assert max(more) < 1.25
    assert table["sentences"][0] == 1
    said(f"(exact interval {stats.binomtest(44, 44).proportion_ci().low:.2f} to 1")
    made = figures.chunks("apart", 50)
    assert sum(not held for held in figures.relevant(made)) == cut["apart"][1]


# Exercises.


@pytest.mark.answer("answer-retrieval-first")
def test_the_first_note(answer: Bench) -> None:
    scores = retrieval.BM25(retrieval.example()[1]).scores(["friday", "noon"])
    assert scores[0] == 0
    answer("answer-retrieval-first").is_(f"Note {retrieval.ranked(scores)[0] + 1}")


@pytest.mark.answer("answer-retrieval-twice")
def test_exercise_1_a_word_that_is_asked_twice(answer: Bench) -> None:
    index = retrieval.BM25(retrieval.example()[1])
    once = index.scores(["friday", "library"])[2]
    twice = index.scores(["friday", "friday", "library"])[2]
    answer("answer-retrieval-twice").is_(twice, once)
    assert twice == pytest.approx(0.88 * 3 * 0.47, abs=1e-3)


@pytest.mark.answer("answer-retrieval-often")
def test_exercise_2_how_often(answer: Bench) -> None:
    factors = {f: 2.2 * f / (f + 1.2) for f in range(1, 30)}
    answer("answer-retrieval-often").is_(min(f for f, v in factors.items() if v > 2 + 1e-9), 12)
    assert factors[12] == pytest.approx(2)


@pytest.mark.answer("answer-retrieval-whole")
def test_exercise_3_blind_cuts(answer: Bench) -> None:
    shares = []
    for overlap in (0, 10):
        made = retrieval.cut("d", ["x"] * 2000, 100, overlap)
        starts = range(900, 900 + 100 - overlap)
        shares.append(np.mean([any(c.holds(("d", n, n + 20)) for c in made) for n in starts]))
    answer("answer-retrieval-whole").is_(shares, (80 / 100, 80 / 90))
    assert shares[0] == 81 / 100


@pytest.mark.answer("answer-retrieval-follows")
def test_exercise_4_two_questions_of_forty(answer: Bench) -> None:
    assert round(0.95 * 40) - round(0.90 * 40) == 2
    better = np.array([1.0] * 2 + [0.0] * 38)
    assert figures.interval(better)[1] == 0
    answer("answer-retrieval-follows").is_(
        "Little: compare both on the same questions, by an interval of the difference."
    )


@pytest.mark.answer("answer-retrieval-kappa")
def test_exercise_5_without_a_constant(answer: Bench) -> None:
    first = retrieval.fuse([[0, 2, 1], [1, 0, 2]], 0)[0]
    score = {0: 1 / 1 + 1 / 2, 1: 1 / 3 + 1 / 1}
    answer("answer-retrieval-kappa").is_((first + 1, score[first]), (2, score[1]))


@pytest.mark.answer("answer-retrieval-flat")
def test_exercise_6_length_does_not_count(answer: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    question, notes = retrieval.example()
    long = retrieval.BM25(notes).scores(question)[0]
    monkeypatch.setattr(retrieval, "B", 0)
    flat = retrieval.BM25(notes).scores(question)[0]
    answer("answer-retrieval-flat").is_(flat, long)
    said("$0.470 + 0.981 = 1.451$")


# The demo.


def scored(question: str, notes: list[str], k1: float, b: float, letters: int) -> list[float]:
    """Scores of the notes, then their ranking, by the code of the page with other settings."""

    def cut(text: str) -> list[str]:
        return [word[: letters or None] for word in retrieval.words(text)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "K1", k1)
        patch.setattr(retrieval, "B", b)
        found = retrieval.BM25([cut(note) for note in notes]).scores(cut(question))
    return [*found, *retrieval.ranked(found)]


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: scores and rankings."""
    notes = [" ".join(note) for note in retrieval.example()[1]]
    names = ("question", "notes", "k1", "b", "letters")
    cases = []
    for case in (
        ("library hours friday", notes, 1.2, 0.75, 0),
        ("Friday, Friday: the reading rooms?", notes, 2.0, 1.0, 0),
        ("opening hour of libraries", notes, 1.2, 0.75, 4),
        ("b e", TEXTS, 0.0, 0.3, 0),
        ("Überall naïve", ["über naïf", "Über alles über", "x"], 1.5, 0.0, 3),
    ):
        setting = dict(zip(names, case, strict=True))
        cases.append({"function": "outcome", "args": [setting], "returns": scored(*case)})
    return {"module": "inference/retrieval/retrieval.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
