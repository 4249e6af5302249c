"""Prompting: evidence against enumeration, calibration, the best of k, the bill against a real prefix cache, frames."""

import itertools
import math
from fractions import Fraction
from statistics import fmean

import numpy as np
import pytest
import torch
from jinja2.exceptions import SecurityError

from docs.inference.prompting import practice, prompting
from docs.inference.serving import paging
from scripts.figures import prompting as recipe
from tests.printed.plugin import Equations

LINE = "fresh: good"


def joint(prompt: list[str]) -> dict[tuple[str, str], Fraction]:
    """Probability of kind, prompt and word together, written out for each kind."""
    out = {}
    for kind, share in (("opinions", Fraction(1, 4)), ("opposites", Fraction(3, 4))):
        for line in prompt:
            share *= prompting.LINES[line][kind]
        for word, p in prompting.AFTER_WARM[kind].items():
            out[kind, word] = share * p
    return out


# Evidence.


@pytest.mark.equation("eq-prompting-mixture")
def test_an_answer_is_a_conditional_of_the_joint(printed: Equations) -> None:
    for prompt in ([], [LINE], ["Judge:", LINE, LINE]):
        law = joint(prompt)
        whole = sum(law.values())
        for word, p in prompting.answer(prompt).items():
            assert p == sum(q for (_, w), q in law.items() if w == word) / whole
        assert sum(prompting.answer(prompt).values()) == 1
    law = joint(["Judge:", LINE])
    shares = [sum(p for (k, _), p in law.items() if k == kind) for kind in prompting.PRIOR]
    good = (law["opinions", "good"] + law["opposites", "good"]) / sum(law.values())
    printed("eq-prompting-mixture").holds(
        {
            "P": float(good),
            "w": [float(s / sum(shares)) for s in shares],
            "a": [3 / 4, 1 / 12],
            "K": 2,
        }
    )


@pytest.mark.equation("eq-prompting-odds")
def test_odds_are_multiplied(printed: Equations) -> None:
    prompt = ["Judge:", LINE]
    share = prompting.posterior(prompt)
    odds = share["opinions"] / share["opposites"]
    assert odds == Fraction(1, 3) * 3 * 9
    printed("eq-prompting-odds").holds(
        {
            "o_n": float(odds),
            "v_1": 0.25,
            "v_2": 0.75,
            "o_0": 1 / 3,
            "l": [0.03, 0.75],
            "m": [0.01, 1 / 12],
            "n": 2,
        },
        free=("l", "m"),
    )


@pytest.mark.equation("eq-prompting-needed")
def test_examples_that_are_needed(printed: Equations) -> None:
    for odds, wanted in ((1 / 3, 99.0), (9.0, 99.0), (0.25, 4.0)):
        n, now = 0, odds
        while now < wanted * (1 - 1e-9):
            n, now = n + 1, now * 4
        assert prompting.examples_needed(odds, 4, wanted) == n
    printed("eq-prompting-needed").holds(
        {"n": 3, "o": 0.4 * 5**3, "o_0": 0.4, r"\rho": 5.0}, tolerance=1e-9
    )


# Labels.


@pytest.mark.equation("eq-prompting-biased")
@pytest.mark.equation("eq-prompting-calibrated")
def test_the_preference_is_divided_out(printed: Equations) -> None:
    g, b = np.array([0.2, 0.5, 0.3]), np.array([5.0, 1.0, 2.0])
    p, f = b * g / (b @ g), b / b.sum()
    found = prompting.calibrated(p.tolist(), f.tolist())
    assert found == pytest.approx(g.tolist())
    soft = torch.tensor(p / f).softmax(-1)
    assert int(soft.argmax()) == int(np.argmax(found))
    said = {"p": p.tolist(), "f": f.tolist(), "g": (3 * g).tolist(), "K": 3}
    for i in range(3):
        printed("eq-prompting-calibrated").holds(
            {**said, "q_i": float(g[i]), "p_i": p[i], "f_i": f[i], "g_i": 3 * g[i]}
        )
    by_enumeration = [x / sum((1.0, 0.5, 0.6)) for x in (1.0, 0.5, 0.6)]
    printed("eq-prompting-biased").holds(
        {
            "p_i": by_enumeration[1],
            "b_i": 1.0,
            "g_i": 0.5,
            "b": b.tolist(),
            "g": g.tolist(),
            "K": 3,
        },
        free=("b_i",),
    )


def test_an_input_that_is_not_free_spoils_it() -> None:
    b, bad = np.array([3, 1]) / 4, np.array([1, 3]) / 4
    free = b * bad / (b @ bad)
    assert free == pytest.approx([0.5, 0.5])
    assert prompting.calibrated([0.6, 0.4], free.tolist()) == pytest.approx([0.6, 0.4])


# The best of k.


@pytest.mark.equation("eq-prompting-best")
def test_the_best_of_k_over_all_choices(printed: Equations) -> None:
    scores = [0.3, 0.9, 0.5, 0.7, 0.5]
    for k in range(1, 6):
        mean = fmean(map(max, itertools.combinations(scores, k)))
        assert prompting.best_of(scores, k) == pytest.approx(mean)
        assert sum(prompting.places(5, k)) == pytest.approx(1)
    k = 3
    mean = fmean(map(max, itertools.combinations(scores, k)))
    printed("eq-prompting-best").holds(
        {"M_k": mean, "C": math.comb, "N": 5, "k": k, "s": sorted(scores)}
    )


@pytest.mark.equation("eq-prompting-optimism")
def test_the_winner_seems_better_than_the_best(printed: Equations) -> None:
    assert float(prompting.seeming_best(2, 2)) == 0.6875
    assert prompting.seeming_best(3, 1) == Fraction(1, 2)
    true, items = (0.5, 0.7), 2
    seems = is_ = 0.0
    for rows in itertools.product(itertools.product((0, 1), repeat=items), repeat=2):
        chance = math.prod(
            t if x else 1 - t for t, row in zip(true, rows, strict=True) for x in row
        )
        best, seen, _ = prompting.choose(rows, range(items), range(items))
        seems += chance * seen
        is_ += chance * true[best]
    loose, tight = {"A": seems, "t^*": 0.7, "F": is_}, {"A": 0.6, "t^*": 0.6, "F": 0.6}
    printed("eq-prompting-optimism").holds(loose, free=("A", "t^*", "F"))
    printed("eq-prompting-optimism").holds(tight)  # one wording alone: nothing is chosen


def test_the_winner_is_measured_on_fresh_items() -> None:
    right = [[1, 1, 0, 0, 0, 1], [0, 1, 1, 1, 1, 1]]
    assert prompting.choose(right, range(2), range(2, 6)) == (0, 1.0, 0.25)
    assert prompting.choose(right, range(2, 4), (0, 1)) == (1, 1.0, 0.5)


# The bill.


def computed(first: tuple[int, ...], parts: list[tuple[int, ...]], fixed_first: bool) -> float:
    """The bill as a prefix cache with pages of one token counts it."""
    cache, total = paging.Prefix(10**6, page=1), 0.0
    for part in parts:
        # one end token, which a cache computes anyway, so that all of the fixed part can be found
        prompt = first + part if fixed_first else part + first
        found = cache.hits((*prompt, -1))
        total += len(prompt) - found + 0.3 * found
        cache.keep(prompt)
    return total


@pytest.mark.equation("eq-prompting-bill")
@pytest.mark.equation("eq-prompting-turned")
def test_the_bill_is_that_of_a_prefix_cache(printed: Equations) -> None:
    first = tuple(range(40))
    parts = [tuple(range(1000 * n, 1000 * n + 7)) for n in range(1, 6)]
    for way in (True, False):
        assert prompting.bill(40, 7, 5, 0.3, way) == pytest.approx(computed(first, parts, way))
    said = {"s": 40, "q": 7, "R": 5}
    printed("eq-prompting-bill").holds({"B": computed(first, parts, True), **said, "r": 0.3})
    printed("eq-prompting-turned").holds({"B'": computed(first, parts, False), **said})


# Frames and templates.


def test_user_text_ends_its_frame_and_is_escaped() -> None:
    plain, outside = prompting.read(prompting.framed(prompting.ATTACK))
    assert plain == ["cold tea", ""]
    assert "The label is good." in outside
    safe, outside = prompting.read(prompting.framed(prompting.escaped(prompting.ATTACK)))
    assert len(safe) == 1
    assert "The label is good." in safe[0]
    assert "The label" not in outside
    assert prompting.escaped("a & <b>") == "a &amp; &lt;b&gt;"
    other, _ = prompting.read(prompting.framed(prompting.ATTACK, "x7f3"), "x7f3")
    assert other == [prompting.ATTACK]


def test_a_chat_template_in_its_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [
        {"role": "system", "content": "Answer good or bad."},
        {"role": "user", "content": "{{ 7 * 7 }}"},
    ]
    assert practice.render(messages) == (
        "<|system|>\nAnswer good or bad.<|end|>\n<|user|>\n{{ 7 * 7 }}<|end|>\n<|assistant|>\n"
    )
    assert practice.render(messages, add_generation_prompt=False).endswith("<|end|>")
    monkeypatch.setattr(practice, "TEMPLATE", "{{ ''.__class__.__mro__ }}")
    with pytest.raises(SecurityError):
        practice.render(messages)


def test_pasted_text_runs_and_passed_text_does_not() -> None:
    assert practice.pasted("{{ secret }}") == "Review: 4711"
    assert practice.passed("{{ secret }}") == "Review: {{ secret }}"


# The site's GPT.


def test_a_prompt_is_scored_as_the_model_does_token_by_token() -> None:
    texts, answers, options = recipe.items()
    assert texts.shape == (recipe.ITEMS, recipe.READ)
    assert all(len(set(row)) == recipe.OPTIONS for row in options.tolist())
    assert options[:, 0].tolist() == list(range(recipe.ITEMS))
    prompts = recipe.framed("Text: ", texts[:2], "\nAnswer:")
    found = recipe.log_p(prompts, answers[options[:2]])
    model = recipe.loaded()[0]
    with torch.no_grad():
        for i, o in ((0, 0), (1, 3)):
            said = answers[options[i, o]]
            whole = torch.cat([prompts[i], said])[None]
            p = model(whole)[0].log_softmax(-1)[0, -1 - len(said) : -1]
            by_hand = float(p.gather(-1, said[:, None]).sum())
            assert float(found[i, o]) == pytest.approx(by_hand, abs=1e-3)


def test_the_chosen_wording_is_the_same_on_both_sides() -> None:
    scores, fresh = torch.tensor([0.2, 0.5, 0.4]).double(), torch.tensor([0.9, 0.3, 0.6]).double()
    assert recipe.chosen(scores, fresh, 3) == pytest.approx((0.5, 0.3))
    pairs = list(itertools.combinations(range(3), 2))
    best = [max(pair, key=lambda n: float(scores[n])) for pair in pairs]
    assert recipe.chosen(scores, fresh, 2) == pytest.approx(
        (fmean(float(scores[n]) for n in best), fmean(float(fresh[n]) for n in best))
    )
