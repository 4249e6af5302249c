"""Structured output: masks, laws and cures against enumeration, and the printed equations."""

import itertools
import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy import stats

from scripts.printed.values import Each
from tests import golden as shared
from tests.printed.plugin import Equations

output: Any = import_module("docs.inference.structured-output.structured_output")
schema: Any = import_module("docs.inference.structured-output.schema")

GOLDEN = Path(__file__).with_name("structured-output.golden.json")

CHARACTERS = ("a", "b", "ab", "ba", "aab", "bb", "c")
WORDS = ("ab", "ba", "aabb", "cab", "ccb")
LANGUAGE = {"root": [output.literal(word) for word in WORDS]}


def random_model(texts: Any) -> torch.Tensor:
    """A distribution of seven tokens for each text, fixed by the text."""
    rows = []
    for text in texts:
        seed = 1 + sum((i + 1) * 8**n for n, i in enumerate(text))
        generator = torch.Generator().manual_seed(seed)
        rows.append(torch.randn(7, generator=generator, dtype=torch.float64).softmax(-1))
    return torch.stack(rows)


TREE = output.tree(random_model, output.Masks(LANGUAGE, CHARACTERS))


def by_hand() -> dict[tuple[int, ...], float]:
    """All sequences of at most four tokens that give a word, with the model's probability."""
    found = {}
    for n in (1, 2, 3, 4):
        for tokens in itertools.product(range(7), repeat=n):
            if "".join(CHARACTERS[i] for i in tokens) in WORDS:
                p = [float(random_model([tokens[:t]])[0, i]) for t, i in enumerate(tokens)]
                found[tokens] = math.prod(p)
    return found


ALL = by_hand()
ORDER = sorted(ALL)
VALID = sum(ALL.values())


def masked_by_hand() -> tuple[list[float], list[float]]:
    """Masked probability and product of what is kept, by looking for words that go on with each prefix."""
    shares, kept = [], []
    for tokens in ORDER:
        q = w = 1.0
        for t, i in enumerate(tokens):
            before = "".join(CHARACTERS[j] for j in tokens[:t])
            p = random_model([tokens[:t]])[0].tolist()
            m = sum(
                p[j]
                for j, c in enumerate(CHARACTERS)
                if any(word.startswith(before + c) for word in WORDS)
            )
            q, w = q * p[i] / m, w * m
        shares.append(q)
        kept.append(w)
    return shares, kept


Q, W = masked_by_hand()
R = [ALL[t] / VALID for t in ORDER]


def of(values: list[float]) -> Any:
    """Values as a function of the number of a text."""
    return lambda x: values[int(x)]


SET = list(range(len(ORDER)))


def test_the_tree_holds_each_valid_sequence_and_no_other() -> None:
    assert sorted(output.law(TREE, {})) == ORDER
    assert output.future(TREE)[()] == pytest.approx(VALID)
    assert [output.kept(TREE, t) for t in ORDER] == pytest.approx(W)
    masked, exact = output.law(TREE, {}), output.law(TREE, output.future(TREE))
    assert [masked[t] for t in ORDER] == pytest.approx(Q)
    assert [exact[t] for t in ORDER] == pytest.approx(R)
    assert max(abs(a - b) for a, b in zip(Q, R, strict=True)) > 0.02


def test_masks_by_the_tree_are_those_of_one_token_after_the_other() -> None:
    masks = output.Masks(
        schema.compile_schema(schema.ORDER), [*CHARACTERS, '{"', "dr", 'k"}', '"', "}"]
    )
    for text in ("", '{"', '{"drink":"', '{"drink":"milk","note":"', '{"drink":"tea","note":"x"'):
        state = output.advance(masks.grammar, masks.start, text)
        slow = [
            i for i, t in enumerate(masks.vocabulary) if output.advance(masks.grammar, state, t)
        ]
        assert masks(state) == slow
        before = masks.steps
        assert masks(state) == slow
        assert masks.steps == before  # looked up


def test_a_rule_that_begins_with_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with itself"):
        output.start({"root": [("root", frozenset("a")), ()]})


def test_a_vocabulary_without_a_piece_has_a_dead_end() -> None:
    menu = {"root": [output.literal(word) for word in output.MENU]}
    masks = output.Masks(menu, output.TOKENS[:-1])
    assert masks(output.advance(menu, masks.start, "co")) == []


@pytest.mark.parametrize("limit", [9, 14])
def test_a_budget_ends_in_time(limit: int) -> None:
    grammar = {
        "root": [(frozenset("["), "more")],
        "more": [output.literal("]"), (frozenset("a"), "more"), ("root", "more")],
    }
    masks = output.Masks(grammar, ("[", "]", "a", "aa", "]]", "[["))
    even = torch.full((6,), 1 / 6, dtype=torch.float64)

    def model(texts: Any) -> torch.Tensor:
        return even.expand(len(texts), -1)

    generator = torch.Generator().manual_seed(1)
    rows = output.write(model, masks, [()] * 40, limit, generator, True)
    assert all(end and len(text) <= limit for text, end in rows)
    for text, _ in rows:
        said = "".join(masks.vocabulary[i] for i in text)
        assert said.count("[") == said.count("]") > 0
    rows = output.write(model, masks, [()] * 40, limit, generator, False)
    assert not all(end for _, end in rows)
    assert output.shortest(grammar) == {"root": 2, "more": 1}


def test_masked_texts_are_written_in_their_proportions() -> None:
    masks = output.Masks(LANGUAGE, CHARACTERS)
    generator = torch.Generator().manual_seed(4)
    rows = output.write(random_model, masks, [()] * 1500, 4, generator, False)
    assert all(end for _, end in rows)
    counts = [sum(text == t for text, _ in rows) for t in ORDER]
    assert sum(counts) == len(rows)
    common = [n for n, q in enumerate(Q) if 1500 * q > 5]
    rest = len(rows) - sum(counts[n] for n in common)
    seen = [counts[n] for n in common] + [rest]
    meant = [1500 * Q[n] for n in common]
    meant.append(len(rows) - sum(meant))
    assert stats.chisquare(seen, meant).pvalue > 0.001


def test_learnt_bounds_never_fall_below_the_future_and_reach_it() -> None:
    bound: dict[Any, float] = {}
    f = output.future(TREE)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        law = output.law(TREE, bound)
        row = torch.tensor(list(law.values()))
        output.learn(TREE, bound, list(law)[int(row.multinomial(1, generator=generator))])
        assert all(value > f[t] - 1e-12 for t, value in bound.items())
    law = output.law(TREE, bound)
    assert [law[t] for t in ORDER] == pytest.approx(R, abs=2e-3)


# Equations.


@pytest.mark.equation("eq-structured-output-mask")
def test_a_mask_divides_by_what_it_keeps(printed: Equations) -> None:
    p = random_model([()])[0].tolist()
    allowed = output.Masks(LANGUAGE, CHARACTERS)(output.start(LANGUAGE))
    first = [sum(q for t, q in zip(ORDER, Q, strict=True) if t[0] == i) for i in range(7)]
    mask = [float(i in allowed) for i in range(7)]
    assert 1 < len(allowed) < 7
    lost = sum(p[i] for i in range(7) if i not in allowed)
    printed("eq-structured-output-mask").holds(
        {"q": first, "a": mask, "p": p, "m": 1 - lost, "V": 7, "i": Each(range(1, 8))}
    )


@pytest.mark.equation("eq-structured-output-chain")
def test_the_chain_of_masks(printed: Equations) -> None:
    at = next(n for n, t in enumerate(ORDER) if len(t) == 3)
    tokens = ORDER[at]
    p = [float(random_model([tokens[:t]])[0, i]) for t, i in enumerate(tokens)]
    m = [sum(TREE[tokens[:t]].values()) for t in range(3)]
    assert len(set(m)) == 3
    law = output.law(TREE, {})[tokens]
    printed("eq-structured-output-chain").holds(
        {
            "Q": lambda x: law,
            "P": lambda x: ALL[tokens],
            "W": lambda x: W[at],
            "x": at,
            "n": 3,
            "p": p,
            "m": m,
        },
        free=("x",),
    )


@pytest.mark.equation("eq-structured-output-weight")
def test_the_ratio_is_the_weight(printed: Equations) -> None:
    exact = output.law(TREE, output.future(TREE))
    printed("eq-structured-output-weight").holds(
        {
            "R": of([exact[t] for t in ORDER]),
            "Q": of(Q),
            "W": of([output.kept(TREE, t) for t in ORDER]),
            "Z": VALID,
            "x": Each(SET),
        }
    )


@pytest.mark.equation("eq-structured-output-valid")
def test_the_mean_weight_is_the_valid_share(printed: Equations) -> None:
    printed("eq-structured-output-valid").holds(
        {
            "Z": output.future(TREE)[()],
            "P": of([ALL[t] for t in ORDER]),
            "Q": of(Q),
            "W": of(W),
            r"\mathcal{L}": SET,
        }
    )


@pytest.mark.equation("eq-structured-output-bits")
def test_the_divergence_of_masking(printed: Equations) -> None:
    printed("eq-structured-output-bits").holds(
        {
            "D": float(stats.entropy(R, Q, base=2)),
            "R": of(R),
            "Q": of(Q),
            "W": of(W),
            "Z": VALID,
            r"\mathcal{L}": SET,
        }
    )


def after(prefix: tuple[int, ...]) -> float:
    """The share of the model's texts behind a prefix that are valid, from all sequences."""
    p = math.prod(float(random_model([prefix[:t]])[0, i]) for t, i in enumerate(prefix))
    return sum(value for t, value in ALL.items() if t[: len(prefix)] == prefix) / p


@pytest.mark.equation("eq-structured-output-future")
def test_the_future(printed: Equations) -> None:
    mask = [float(i in TREE[()]) for i in range(7)]
    printed("eq-structured-output-future").holds(
        {
            "F": VALID,
            "f": [after((i,)) if mask[i] else 0.4 for i in range(7)],
            "a": mask,
            "p": random_model([()])[0].tolist(),
            "V": 7,
        }
    )


@pytest.mark.equation("eq-structured-output-next")
def test_the_next_token_given_that_the_text_is_valid(printed: Equations) -> None:
    mask = [float(i in TREE[()]) for i in range(7)]
    share = [sum(r for t, r in zip(ORDER, R, strict=True) if t[0] == i) for i in range(7)]
    printed("eq-structured-output-next").holds(
        {
            "r": share,
            "F": VALID,
            "f": [after((i,)) if mask[i] else 0.4 for i in range(7)],
            "a": mask,
            "p": random_model([()])[0].tolist(),
            "i": Each(range(1, 8)),
        }
    )


@pytest.mark.equation("eq-structured-output-two")
def test_one_of_two_draws_by_weight(printed: Equations) -> None:
    two = [0.0] * len(SET)
    for a, b in itertools.product(SET, repeat=2):  # each pair, and which of it is taken
        for x, share in ((a, W[a] / (W[a] + W[b])), (b, W[b] / (W[a] + W[b]))):
            two[x] += Q[a] * Q[b] * share
    assert sum(two) == pytest.approx(1)
    printed("eq-structured-output-two").holds(
        {"S": of(two), "Q": of(Q), "W": of(W), "x": Each(SET), r"\mathcal{L}": SET},
        free=("W",),  # a common factor cancels
    )
    generator = torch.Generator().manual_seed(2)
    q, w = (torch.tensor(v, dtype=torch.float64) for v in (Q, W))
    drawn = output.resampled(q, w, 2, 20_000, generator).tolist()
    assert max(abs(a - b) for a, b in zip(drawn, two, strict=True)) < 0.015


@pytest.mark.equation("eq-structured-output-effective")
def test_the_effective_share(printed: Equations) -> None:
    weight = [r / q for r, q in zip(R, Q, strict=True)]
    square = sum(q * w * w for q, w in zip(Q, weight, strict=True))
    printed("eq-structured-output-effective").holds(
        {"e": 1 / square, "Z": VALID, "Q": of(Q), "W": of(W), r"\mathcal{L}": SET}
    )


# The demo.


def sampled(way: str, n: int, coffee: float, menu: list[str]) -> list[float]:
    """What comes out over tea, milk, coke, coffee and wine, and the weights, by trees and by all draws."""
    words = ("tea", "milk", "coke", "coffee", "wine")

    def model(texts: Any) -> torch.Tensor:
        rows = {**output.ROWS, (0,): (0, 0, 0, 0, coffee, 1 - coffee)}
        return torch.tensor([rows[text] for text in texts], dtype=torch.float64)

    def told(law: dict[tuple[int, ...], float]) -> list[float]:
        spelt = {"".join(output.TOKENS[i] for i in t): p for t, p in law.items()}
        return [spelt.get(word, 0.0) for word in words]

    everything = output.Masks({"root": [output.literal(word) for word in words]}, output.TOKENS)
    free = output.tree(model, everything)
    masks = output.Masks({"root": [output.literal(word) for word in menu]}, output.TOKENS)
    found = output.tree(model, masks)
    masked = output.law(found, {})
    weight = {t: output.kept(found, t) for t in masked}
    if way == "free":
        law = output.law(free, {})
    elif way == "ahead":
        law = output.law(found, output.future(found))
    elif way == "mask":
        law = masked
    else:
        law = dict.fromkeys(masked, 0.0)
        for drawn in itertools.product(masked, repeat=n):
            chance = math.prod(masked[t] for t in drawn) / sum(weight[t] for t in drawn)
            for t in drawn:
                law[t] += chance * weight[t]
    return told(law) + told(weight)


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: the law of each way, and the weights."""
    cases = []
    for way, n, coffee, menu in (
        ("mask", 2, 7 / 8, ["tea", "milk", "coke"]),
        ("draws", 2, 7 / 8, ["tea", "milk", "coke"]),
        ("draws", 5, 3 / 16, ["tea", "coke", "coffee", "wine"]),
        ("ahead", 1, 7 / 8, ["milk", "coke", "wine"]),
        ("free", 1, 5 / 16, ["tea"]),
        ("mask", 1, 1 / 16, ["coffee", "wine"]),
    ):
        words = ("tea", "milk", "coke", "coffee", "wine")
        setting = {"way": way, "n": n, "coffee": coffee, "menu": [w in menu for w in words]}
        returns = sampled(way, n, coffee, menu)
        cases.append({"function": "outcome", "args": [setting], "returns": returns})
    module = "inference/structured-output/structured-output.mjs"
    return {"module": module, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
