"""Around a search: the prompt of the page, citations, what is out of date, versions that disagree."""

from pathlib import Path

from docs.inference.retrieval import answering, retrieval

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "retrieval.md"
DOORS = answering.Passage("doors", "2026-03-15", "library hours: see door")
NOON = answering.Passage("rooms", "2026-10-01", "friday reading rooms shut at noon")
TWO = answering.Passage("rooms", "2026-11-01", "friday reading rooms shut at two")


def test_the_prompt_is_that_of_the_page() -> None:
    shown = answering.prompt("library hours friday", [NOON, DOORS])
    assert f"```text\n{shown}\n```" in PAGE.read_text(encoding="utf-8")


def test_sentences_without_a_valid_citation_are_found() -> None:
    answer = "At noon [1]. The door says more [3]. Come early! See the door [2]."
    assert answering.uncited(answer, [NOON, DOORS]) == ["The door says more [3].", "Come early!"]
    assert not answering.uncited("At noon [1].", [NOON, DOORS])


def test_an_old_index_answers_as_yesterday_and_digests_say_what_to_index() -> None:
    indexed = {p.document: answering.digest(p.text) for p in (DOORS, NOON)}
    now = {"doors": DOORS.text, "rooms": TWO.text}
    old = retrieval.BM25([retrieval.words(p.text) for p in (DOORS, NOON)])
    assert retrieval.ranked(old.scores(["friday", "shut"]))[0] == 1
    assert answering.stale(now, indexed) == ["rooms"]
    assert answering.stale({"doors": DOORS.text}, indexed) == ["rooms"]
    assert answering.stale(now | {"new": "x"}, indexed) == ["new", "rooms"]
    indexed["rooms"] = answering.digest(TWO.text)
    assert answering.stale(now, indexed) == []


def test_two_versions_stand_one_above_the_other_until_the_older_is_dropped() -> None:
    notes = [DOORS, NOON, TWO]
    index = retrieval.BM25([retrieval.words(p.text) for p in notes])
    best = [notes[n] for n in retrieval.ranked(index.scores(["friday", "reading", "rooms"]))]
    assert best[:2] == [NOON, TWO]
    assert len(set(NOON.text.split()) ^ set(TWO.text.split())) == 2
    assert answering.newest(best) == [TWO, DOORS]
    assert answering.newest([NOON, DOORS]) == [NOON, DOORS], "what was not found cannot win"


def test_the_best_stand_at_both_ends() -> None:
    notes = [answering.Passage(str(n), "", "") for n in range(1, 6)]
    assert [p.document for p in answering.edges(notes)] == ["1", "3", "5", "4", "2"]
