"""BERT's and T5's ways to hide words, as docs/architectures/encoder-decoder.md tells them."""

import inspect
import random
import runpy
from collections import Counter
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest

from scripts.figures import encoder_decoder as figures
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

masking = import_module("docs.architectures.encoder-decoder.masking")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "encoder-decoder.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
TEXT = "red cat sees small dog".split()


def test_of_a_hundred_places_fifteen_are_asked_and_twelve_hidden() -> None:
    text = [f"w{n}" for n in range(100)]
    seen = Counter[str]()
    draw = random.Random(0)
    for _ in range(600):
        shown, asked = masking.bert(text, ["other"], draw)
        assert len(asked) == 15 == len(set(asked))
        assert all(shown[n] == text[n] for n in range(100) if n not in asked)
        for place in asked:
            kind = {masking.MASK: "hidden", "other": "random"}.get(shown[place], "kept")
            seen[kind] += 1
    total = seen.total()
    for kind, share in (("hidden", 0.8), ("random", 0.1), ("kept", 0.1)):
        assert seen[kind] / total == pytest.approx(share, abs=0.015)
    said("of the words to restore hide 80 %, exchange 10 %, keep 10 % | a fifth of them teach less")
    said("[Without the 10 and 10]", "a fifth of the asked places teach less")
    shown, asked = masking.bert(text, ["other"], draw, mask=1.0)
    assert {shown[n] for n in asked} == {masking.MASK}


@pytest.mark.equation("eq-encoder-decoder-bert")
def test_how_probable_a_visible_word_is_by_counting_all_cases(printed: Equations) -> None:
    for prior, size in ((Fraction(1, 3), 9), (Fraction(1, 7), 30)):
        word = 0
        others = [(1 - prior) / (size - 1)] * (size - 1)
        visible, right = Fraction(0), Fraction(0)
        for truth, p in enumerate([prior, *others]):
            kept = Fraction(1, 10) * (truth == word)
            by_chance = Fraction(1, 10) / size
            visible += p * (kept + by_chance)
            right += p * (kept + by_chance) * (truth == word)
        printed("eq-encoder-decoder-bert").holds(
            {"P": float(right / visible), r"\pi": float(prior), "V": size}
        )
        if size == 9:
            assert right / visible == Fraction(5, 6)


def test_visible_words_after_training_with_gaps_alone() -> None:
    nouns, verbs = Fraction(1, 3), Fraction(1, 2)
    perfect = [p * 10 / (p * 9 + 1) for p in (nouns, nouns, verbs, nouns, nouns)]
    for row, mask in zip(rows_of("tab-encoder-decoder-visible"), ("0.8", "1.0"), strict=True):
        seen = [one["seen"] for one in figures.runs()["gaps"][mask]]
        assert len(seen) == 5
        assert row[1:] == [f"{sum(seen) / 5:.2f}", f"{min(seen):.2f} to {max(seen):.2f}"]
    said("Probability of the visible word | Least and greatest of 5 seeds")
    assert len(figures.weights.made("prefix", 0).encoder) == 2
    said("We trained an encoder of two layers alone")
    said("in two ways, with 1,000 steps and five seeds each")
    assert inspect.signature(figures.weights.gaps).parameters["steps"].default == 1000
    said(f"if it were perfect, the first row would be {float(sum(perfect) / 5):.2f}")


def test_what_is_cut_out_can_be_put_back() -> None:
    draw = random.Random(1)
    for _ in range(200):
        n = draw.randrange(6, 40)
        ends = sorted(draw.sample(range(n + 1), 2 * draw.randrange(1, 3)))
        spans = list(zip(ends[::2], ends[1::2], strict=True))
        text = [f"w{i}" for i in range(n)]
        source, target = masking.cut(text, spans)
        assert target[-1] == f"<{len(spans)}>"
        back = []
        for word in source:
            if word.startswith("<"):
                first = target.index(word) + 1
                back += target[first : target.index(f"<{int(word[1:-1]) + 1}>")]
            else:
                back.append(word)
        assert back == text
    source, target = masking.cut(TEXT, [(1, 3)])
    said(f"is `{' '.join(source)}`, and its target `{' '.join(target)}`")


@pytest.mark.equation("eq-encoder-decoder-spans")
def test_lengths_of_input_and_target_by_cutting(printed: Equations) -> None:
    text = [f"w{i}" for i in range(400)]
    spans = [(20 * i + 7, 20 * i + 10) for i in range(20)]
    source, target = masking.cut(text, spans)
    assert masking.lengths(400) == (len(source) + 1, len(target))
    printed("eq-encoder-decoder-spans").holds(
        {
            r"n_{\text{in}}": len(source) + 1,
            r"n_{\text{out}}": len(target),
            "n": 400,
            r"\rho": 0.15,
            "m": 3,
        }
    )
    long, short = masking.lengths(568)
    said(
        f"$n = 568$ tokens make an input of {long} and a target of {short}.",
        f"works on {short} tokens instead of 568",
    )


@pytest.mark.answer("answer-encoder-decoder-spans")
def test_exercise_6_spans(answer: Bench) -> None:
    answer("answer-encoder-decoder-spans").is_(masking.lengths(1000), (850, 150))


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "encoder-decoder" / "masking.py"), run_name="__main__")
    assert "(512, 114)" in capsys.readouterr().out
