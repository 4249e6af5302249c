"""docs/inference/retrieval/diagram.svg: how the encoder is trained, how passages are indexed, found and read."""

import math
from importlib import import_module

from scripts.figures import diagram, style

retrieval = import_module("docs.inference.retrieval.retrieval")

QUESTION = (0.8, 0.6)
PASSAGES = ((1.0, 0.0), (0.6, 0.8), (0.0, 1.0))
RIGHT = 1


def numbers() -> style.Table:
    """The example: scores by words and by vectors, the fused order, and the loss of the right passage."""
    question, passages = retrieval.example()
    words = retrieval.BM25(passages).scores(question)
    cosines = [sum(a * b for a, b in zip(QUESTION, d, strict=True)) for d in PASSAGES]
    order = retrieval.fuse([retrieval.ranked(words), retrieval.ranked(cosines)])
    weights = [math.exp(score) for score in cosines]
    return {
        "words": words,
        "cosines": cosines,
        "fused": [float(number + 1) for number in order],
        "loss": [-math.log(weights[RIGHT] / sum(weights))],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def row(values: list[float]) -> str:
    """Three scores."""
    return ", ".join(f"{value:.2f}" for value in values)


def order(values: list[float]) -> str:
    """Numbers of passages, best first."""
    return ", ".join(f"{value:g}" for value in values)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """Four bands, one below the other."""
    sheet.band(0, 116, "Training the encoder", "before, on questions whose passage is known")
    asked = sheet.box(96, 64, 160, 46, "question, its passage,", "other passages")
    encoder = sheet.network(276, 64, 100, 46, "Encoder", "a vector each")
    inner = sheet.pill(430, 64, 128, 40, "inner products,", "softmax")
    loss = sheet.loss(596, 64, 120, 44, r"$-\log p$")
    sheet.label(596, 102, f"of the right one: {table['loss'][0]:.2f}")
    sheet.chain([asked, encoder, inner, loss])
    sheet.band(128, 128, "Indexing", "once, and after each change")
    documents = sheet.box(76, 202, 104, 46, "documents", "with dates")
    cut = sheet.pill(190, 202, 60, 34, "cut")
    passages = sheet.box(292, 202, 88, 84, "passages", "1, 2, 3")
    count = sheet.pill(430, 182, 120, 34, "count words")
    inverted = sheet.box(594, 182, 144, 34, "inverted index")
    frozen = sheet.network(430, 230, 136, 34, "Encoder, frozen", frozen=True)
    vectors = sheet.box(594, 230, 144, 34, "vectors of passages")
    sheet.chain([documents, cut, passages])
    sheet.arrow(passages.right(-20), count.left())
    sheet.arrow(passages.right(28), frozen.left())
    sheet.chain([count, inverted])
    sheet.chain([frozen, vectors])
    sheet.band(268, 148, "Search", "nothing learns here")
    question = sheet.box(62, 355, 96, 98, "question", "library hours", "friday")
    bm25 = sheet.pill(240, 318, 178, 34, "BM25, inverted index")
    by_words = sheet.box(456, 318, 122, 34, row(table["words"]))
    encode = sheet.network(203, 392, 134, 34, "Encoder, frozen", frozen=True)
    products = sheet.pill(332, 392, 78, 34, "× vectors")
    by_vectors = sheet.box(456, 392, 122, 34, row(table["cosines"]))
    fuse = sheet.pill(570, 355, 60, 42, "fuse", "ranks")
    fused = sheet.box(656, 355, 68, 46, order(table["fused"]), "best first")
    sheet.arrow(question.right(-37), bm25.left())
    sheet.arrow(question.right(37), encode.left())
    sheet.chain([bm25, by_words])
    sheet.chain([encode, products, by_vectors])
    sheet.arrow(by_words.right(), fuse.top(), via=[(570, 318)])
    sheet.arrow(by_vectors.right(), fuse.bottom(), via=[(570, 392)])
    sheet.arrow(fuse, fused)
    sheet.band(428, 154, "Answer", "reranker and language model learned before")
    rerank = sheet.network(610, 482, 150, 46, "Reranker, frozen", "reads pairs: 2, 1", frozen=True)
    prompt = sheet.box(112, 548, 190, 46, "prompt: rule, [1] note 2,", "[2] note 1, question")
    model = sheet.network(316, 548, 140, 46, "Language", "model, frozen", frozen=True)
    answer = sheet.box(472, 548, 112, 34, "“At noon [1].”")
    check = sheet.pill(626, 548, 124, 34, "check sources")
    sheet.arrow(fused.bottom(), rerank.top(46))
    sheet.arrow(rerank.left(), prompt.top(), via=[(112, 482)])
    sheet.chain([prompt, model, answer, check])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same parts from top to bottom."""
    sheet.band(0, 236, "Training the encoder", "before")
    asked = sheet.box(130, 62, 190, 44, "question, its passage,", "other passages")
    encoder = sheet.network(130, 118, 150, 34, "Encoder")
    inner = sheet.pill(130, 172, 200, 34, "inner products, softmax")
    loss = sheet.loss(290, 172, 90, 46, r"$-\log p$")
    sheet.chain([asked, encoder, inner, loss])
    sheet.label(230, 216, f"loss of the right passage: {table['loss'][0]:.2f}")
    sheet.band(248, 226, "Indexing", "once, and after changes")
    documents = sheet.box(72, 312, 100, 44, "documents", "with dates")
    cut = sheet.pill(172, 312, 56, 34, "cut")
    passages = sheet.box(270, 312, 110, 44, "passages", "1, 2, 3")
    count = sheet.pill(92, 384, 130, 34, "count words")
    inverted = sheet.box(92, 440, 150, 34, "inverted index")
    frozen = sheet.network(256, 384, 140, 34, "Encoder, frozen", frozen=True)
    vectors = sheet.box(256, 440, 150, 34, "vectors of passages")
    sheet.chain([documents, cut, passages])
    sheet.arrow(passages.bottom(20), frozen.top(34))
    sheet.arrow(passages.bottom(-20), count.top(), via=[(250, 350), (92, 350)])
    sheet.chain([count, inverted])
    sheet.chain([frozen, vectors])
    sheet.band(486, 352, "Search", "nothing learns here")
    question = sheet.box(174, 544, 200, 44, "question", "library hours friday")
    bm25 = sheet.pill(92, 612, 150, 44, "BM25,", "inverted index")
    by_words = sheet.box(92, 712, 140, 34, row(table["words"]))
    encode = sheet.network(256, 606, 140, 32, "Encoder, frozen", frozen=True)
    products = sheet.pill(256, 658, 90, 30, "× vectors")
    by_vectors = sheet.box(256, 712, 140, 34, row(table["cosines"]))
    fuse = sheet.pill(174, 764, 120, 32, "fuse ranks")
    fused = sheet.box(174, 812, 240, 34, f"{order(table['fused'])}: best first")
    sheet.arrow(question.bottom(-82), bm25.top())
    sheet.arrow(question.bottom(82), encode.top())
    sheet.chain([bm25, by_words])
    sheet.chain([encode, products, by_vectors])
    sheet.arrow(by_words.bottom(), fuse.left(), via=[(92, 764)])
    sheet.arrow(by_vectors.bottom(), fuse.right(), via=[(256, 764)])
    sheet.arrow(fuse, fused)
    sheet.band(850, 284, "Answer", "learned before")
    rerank = sheet.network(174, 914, 240, 48, "Reranker, frozen", "reads pairs: 2, 1", frozen=True)
    prompt = sheet.box(174, 984, 240, 48, "prompt: rule, [1] note 2,", "[2] note 1, question")
    model = sheet.network(174, 1046, 220, 34, "Language model, frozen", frozen=True)
    answer = sheet.box(110, 1104, 140, 34, "“At noon [1].”")
    check = sheet.pill(262, 1104, 120, 34, "check sources")
    sheet.arrow(fused.bottom(90), rerank.top(90))
    sheet.chain([rerank, prompt, model])
    sheet.arrow(model.bottom(-64), answer.top())
    sheet.chain([answer, check])


FIGURES = [diagram.Recipe("inference/retrieval/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
