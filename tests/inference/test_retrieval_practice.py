"""The lines of the libraries: they run, and find what the page's code finds."""

import pytest

from docs.inference.retrieval import practice, retrieval
from scripts.figures import retrieval as figures


def test_sqlite_ranks_this_sites_text_as_the_page_does() -> None:
    made = figures.chunks("sentences", 400)
    texts = [" ".join(chunk.words) for chunk in made]
    index = retrieval.BM25([chunk.words for chunk in made])
    for question in ("gradient clipping explosion", "vocoder waveform", "reward hacking policy"):
        ours = index.scores(question.split())
        found = practice.by_words(texts, question, 3)
        assert retrieval.ranked(ours)[0] == found[0][0]
        assert ours[found[0][0]] == pytest.approx(found[0][1], rel=0.1)


def test_sqlite_hardly_counts_a_word_of_two_in_three_notes() -> None:
    notes = [" ".join(words) for words in retrieval.example()[1]]
    found = dict(practice.by_words(notes, "friday", 3))
    assert all(0 < score < 1e-5 for score in found.values())
    assert practice.by_vectors(notes, "friday film", 1, 2) == [2]
