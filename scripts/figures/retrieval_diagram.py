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
    passages = sheet.box(298, 202, 96, 84, "passages", "1, 2, 3")
    count = sheet.pill(430, 182, 120, 34, "count words")
    inverted = sheet.box(594, 182, 144, 34, "inverted index")
    frozen = sheet.network(430, 230, 136, 34, "Encoder, frozen", frozen=True)
    vectors = sheet.box(594, 230, 144, 34, "vectors of passages")
    sheet.chain([documents, cut, passages])
    sheet.arrow(passages.right(-20), count.left())
    sheet.arrow(passages.right(28), frozen.left())
    sheet.chain([count, inverted])
    sheet.chain([frozen, vectors])
    sheet.band(268, 138, "Search", "nothing learns here")
    question = sheet.box(76, 350, 104, 92, "question", "library hours", "friday")
    bm25 = sheet.pill(250, 322, 178, 34, "BM25, inverted index")
    by_words = sheet.box(432, 322, 128, 34, row(table["words"]))
    encode = sheet.network(214, 384, 134, 34, "Encoder, frozen", frozen=True)
    products = sheet.pill(326, 384, 70, 34, "× vectors")
    by_vectors = sheet.box(440, 384, 128, 34, row(table["cosines"]))
    fuse = sheet.pill(552, 353, 56, 44, "fuse", "ranks")
    fused = sheet.box(644, 353, 72, 46, order(table["fused"]), "best first")
    sheet.arrow(question.right(-28), bm25.left())
    sheet.arrow(question.right(34), encode.left())
    sheet.chain([bm25, by_words])
    sheet.chain([encode, products, by_vectors])
    sheet.arrow(by_words.right(), fuse.top(), via=[(552, 322)])
    sheet.arrow(by_vectors.right(), fuse.bottom(), via=[(552, 384)])
    sheet.arrow(fuse, fused)
    sheet.band(418, 116, "Answer", "reranker and language model learned before")
    rerank = sheet.network(100, 486, 150, 50, "Reranker, frozen", "reads pairs", frozen=True)
    prompt = sheet.box(280, 486, 130, 50, "prompt: rule,", "[1] [2], question")
    model = sheet.network(446, 486, 130, 50, "Language", "model, frozen", frozen=True)
    answer = sheet.box(570, 486, 76, 50, "“At noon", "[1].”")
    check = sheet.pill(658, 486, 64, 50, "check", "sources")
    sheet.chain([rerank, prompt, model, answer, check])


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
    sheet.band(486, 330, "Search", "nothing learns here")
    question = sheet.box(174, 544, 200, 44, "question", "library hours friday")
    bm25 = sheet.pill(92, 612, 150, 44, "BM25,", "inverted index")
    by_words = sheet.box(92, 690, 140, 34, row(table["words"]))
    encode = sheet.network(256, 604, 140, 30, "Encoder, frozen", frozen=True)
    products = sheet.pill(256, 648, 90, 30, "× vectors")
    by_vectors = sheet.box(256, 690, 140, 34, row(table["cosines"]))
    fuse = sheet.pill(174, 742, 120, 32, "fuse ranks")
    fused = sheet.box(174, 790, 180, 34, f"{order(table['fused'])}: best first")
    sheet.arrow(question.bottom(-82), bm25.top())
    sheet.arrow(question.bottom(82), encode.top())
    sheet.chain([bm25, by_words])
    sheet.chain([encode, products, by_vectors])
    sheet.arrow(by_words.bottom(), fuse.left(), via=[(92, 742)])
    sheet.arrow(by_vectors.bottom(), fuse.right(), via=[(256, 742)])
    sheet.arrow(fuse, fused)
    sheet.band(828, 256, "Answer", "networks learned before")
    rerank = sheet.network(174, 886, 220, 34, "Reranker, frozen", frozen=True)
    prompt = sheet.box(174, 936, 240, 34, "prompt: rule, [1] [2], question")
    model = sheet.network(174, 986, 220, 34, "Language model, frozen", frozen=True)
    answer = sheet.box(110, 1044, 140, 34, "“At noon [1].”")
    check = sheet.pill(262, 1044, 120, 34, "check sources")
    sheet.chain([rerank, prompt, model])
    sheet.arrow(model.bottom(-64), answer.top())
    sheet.chain([answer, check])


FIGURES = [diagram.Recipe("inference/retrieval/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
