"""Speculative decoding: the output by enumeration, tokens a call three ways, the printed equations."""

import itertools
import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from scripts.printed.values import Each
from tests import golden as shared
from tests.printed.plugin import Equations

speculative: Any = import_module("docs.inference.speculative.speculative")
practice: Any = import_module("docs.inference.speculative.practice")
serving: Any = import_module("docs.inference.serving.serving")

GOLDEN = Path(__file__).with_name("speculative.golden.json")
P, Q = (torch.tensor(x, dtype=torch.float64) for x in (speculative.P, speculative.Q))


def pair(v: int = 5, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Two distributions that differ."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(2, v, generator=generator, dtype=torch.float64)
    p, q = (1.2 * z).softmax(-1)
    return p, q


def chains(v: int = 8, seed: int = 2) -> tuple[Tensor, Tensor]:
    """Two chains that differ in each row."""
    generator = torch.Generator().manual_seed(seed)
    p, q = torch.randn(2, v, v, generator=generator, dtype=torch.float64).softmax(-1)
    return p, q


def functions(**values: Tensor) -> dict[str, Any]:
    """Probabilities as functions of the place of a token."""
    return {name: (lambda x, row=row: row[int(x)].item()) for name, row in values.items()}


# The output.


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_texts_have_the_distribution_of_the_target(k: int) -> None:
    for p, q in (chains(), (speculative.turned(speculative.P), speculative.turned(speculative.Q))):
        for start in (0, 5):
            law = speculative.law(p, q, start, 4, k)
            alone = torch.einsum("a,ab,bc,cd->abcd", p[start], p, p, p)
            assert law.numel() == 4096
            torch.testing.assert_close(law, alone, rtol=0, atol=1e-12)
            torch.testing.assert_close(speculative.own(p, start, 4), alone)


def by_hand(p: Tensor, q: Tensor, drafts: tuple[int, ...], rows: list[int]) -> dict[Any, float]:
    """What a call adds behind given drafts, each decision followed: from texts to probabilities."""
    found: dict[Any, float] = {}
    alive = 1.0
    for n, x in enumerate(drafts):
        a, b = p[rows[n]], q[rows[n]]
        keep = min(1.0, float(a[x] / b[x]))
        rest = (a - b).clamp(min=0)
        for y, part in enumerate((rest / rest.sum()).tolist()):
            found[(*drafts[:n], y)] = found.get((*drafts[:n], y), 0) + alive * (1 - keep) * part
        alive *= keep
    for y, part in enumerate(p[rows[len(drafts)]].tolist()):
        found[(*drafts, y)] = found.get((*drafts, y), 0) + alive * part
    return found


def test_the_shipped_call_does_what_its_law_says() -> None:
    p, q = chains(4)
    drafts, rows, many = (2, 1), [0, 2, 1], 4000
    wanted = by_hand(p, q, drafts, rows)
    generator = torch.Generator().manual_seed(3)
    got: dict[Any, float] = {}
    for _ in range(many):
        text = speculative.verify(p[rows], q[rows[:2]], torch.tensor(drafts), generator)
        key = tuple(text.tolist())
        got[key] = got.get(key, 0) + 1 / many
    assert set(got) <= {key for key, value in wanted.items() if value > 0}
    for key, value in wanted.items():
        assert abs(got.get(key, 0) - value) < 4.5 * math.sqrt(value * (1 - value) / many) + 1e-9
    assert sum(wanted.values()) == pytest.approx(1)


def test_the_batch_of_the_practice_does_the_same() -> None:
    p, q = chains(4)
    drafts, rows, many = (2, 1), [0, 2, 1], 20_000
    u = torch.rand(many, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    out = practice.verify(
        p[rows].expand(many, -1, -1),
        q[rows[:2]].expand(many, -1, -1),
        torch.tensor(drafts).expand(many, -1),
        u,
    )
    for key, value in by_hand(p, q, drafts, rows).items():
        filled = torch.tensor([*key, *[-1] * (3 - len(key))])
        share = float((out == filled).all(1).double().mean())
        assert abs(share - value) < 4.5 * math.sqrt(value * (1 - value) / many) + 1e-9


def test_a_run_has_the_first_tokens_of_the_target() -> None:
    p, q = chains(3)
    generator, many = torch.Generator().manual_seed(5), 1000
    counts = torch.zeros(3, 3, dtype=torch.float64)
    for _ in range(many):
        text, calls = speculative.write(
            lambda x: p[x], lambda x: q[x], torch.tensor([1]), 2, 2, generator
        )
        assert calls <= 2 < len(text)
        counts[text[1], text[2]] += 1 / many
    wanted = speculative.own(p, 1, 2)
    assert (counts - wanted).abs().max() < 4.5 * math.sqrt(0.25 / many)


def test_greedy_verification_keeps_the_likeliest_token() -> None:
    p = torch.eye(4, dtype=torch.float64)[[2, 1, 3]]
    q = torch.eye(4, dtype=torch.float64)[[2, 0]]
    generator = torch.Generator().manual_seed(0)
    out = speculative.verify(p, q, torch.tensor([2, 0]), generator)
    assert out.tolist() == [2, 1]  # the second is replaced
    q[1] = p[1]
    assert speculative.verify(p, q, torch.tensor([2, 1]), generator).tolist() == [2, 1, 3]


def test_several_candidates_leave_the_output() -> None:
    for p, q in (pair(), (P, Q)):
        rates = []
        for m in (1, 2, 3, 6):
            accepted, out = speculative.candidates(p, q, m)
            torch.testing.assert_close(out, p)
            rates.append(accepted)
        assert rates == sorted(rates)
        assert rates[0] == pytest.approx(float(speculative.rate(p, q)))


# Equations.


@pytest.mark.equation("eq-speculative-accept")
def test_the_chance_that_a_draft_is_accepted(printed: Equations) -> None:
    p, q = pair()
    accept, _ = speculative.RULES["right"](p, q)
    assert accept.min() < 1 == accept.max()
    printed("eq-speculative-accept").holds(
        {**functions(a=accept, p=p, q=q), "x": Each(range(5))}, free=("p", "q")
    )


@pytest.mark.equation("eq-speculative-rate")
def test_the_rate_is_one_minus_the_total_variation(printed: Equations) -> None:
    p, q = pair()
    accept, _ = speculative.RULES["right"](p, q)
    alpha = sum(min(a, b) for a, b in zip(p.tolist(), q.tolist(), strict=True))
    assert float(speculative.rate(p, q)) == pytest.approx(alpha)
    printed("eq-speculative-rate").holds(
        {**functions(a=accept, p=p, q=q), "x": Each(range(5)), r"\alpha": alpha}
    )


@pytest.mark.equation("eq-speculative-rest")
def test_the_redraw_is_what_is_missing(printed: Equations) -> None:
    p, q = pair()
    r = speculative.rest(p, q)
    assert float(r.sum()) == pytest.approx(1)
    printed("eq-speculative-rest").holds(
        {
            **functions(r=r, p=p, q=q),
            "x": Each(range(5)),
            r"\alpha": float(speculative.rate(p, q)),
        }
    )


@pytest.mark.equation("eq-speculative-unchanged")
def test_a_word_comes_out_as_the_target_has_it(printed: Equations) -> None:
    p, q = pair()
    accept, r = speculative.RULES["right"](p, q)
    law = speculative.law(p.expand(5, 5), q.expand(5, 5), 2, 1, 3)
    printed("eq-speculative-unchanged").holds(
        {
            **functions(P=law, a=accept, r=r, p=p, q=q),
            "x": Each(range(5)),
            r"\alpha": float(speculative.rate(p, q)),
        }
    )


def followed(alpha: float, k: int) -> float:
    """Mean tokens of a call: every pattern of decisions followed."""
    total = 0.0
    for pattern in itertools.product((True, False), repeat=k):
        chance = math.prod(alpha if good else 1 - alpha for good in pattern)
        kept = next((n for n, good in enumerate(pattern) if not good), k)
        total += chance * (kept + 1)
    return total


@pytest.mark.equation("eq-speculative-tokens")
def test_the_tokens_of_a_call(printed: Equations) -> None:
    for alpha, k in ((0.8, 4), (0.35, 3)):
        assert speculative.expected(alpha, k) == pytest.approx(followed(alpha, k))
        printed("eq-speculative-tokens").holds(
            {"E_k": followed(alpha, k), r"\alpha": alpha, "k": k}
        )
    chain, cheap = speculative.turned(speculative.P), speculative.turned(speculative.Q)
    adds, long = speculative.by_chain(chain, cheap, 4)
    assert adds.tolist() == pytest.approx([followed(0.8, 4)] * 8)
    assert long == pytest.approx(followed(0.8, 4))


@pytest.mark.equation("eq-speculative-speed")
def test_the_speed(printed: Equations) -> None:
    for k in (3, 5):
        rounds = followed(0.7, k) / (1 + sum(0.12 for _ in range(k)))
        assert speculative.speed(0.7, k, 0.12) == pytest.approx(rounds)
        printed("eq-speculative-speed").holds(
            {"S_k": rounds, "E_k": followed(0.7, k), "c": 0.12, "k": k}
        )


@pytest.mark.equation("eq-speculative-more")
def test_one_more_draft(printed: Equations) -> None:
    for alpha, c, k in ((0.7, 0.12, 3), (0.6, 0.3, 4)):
        more = followed(alpha, k + 1) / (1 + c * (k + 1))
        printed("eq-speculative-more").holds(
            {"S_{k+1}": more, "E_k": followed(alpha, k), r"\alpha": alpha, "c": c, "k": k}
        )
        speed = speculative.speed(alpha, k, c)
        assert (more > speed) == (alpha ** (k + 1) > c * speed)


def test_the_best_length_is_that_of_a_search() -> None:
    for alpha in (0.05, 0.3, 0.5, 0.8, 0.95):
        for c in (0.013, 0.11, 0.29, 0.53):
            speeds = [speculative.speed(alpha, k, c) for k in range(80)]
            assert speculative.best(alpha, c) == speeds.index(max(speeds))
            assert (max(speeds) > 1) == (alpha > c)


@pytest.mark.equation("eq-speculative-two")
def test_the_rate_of_two_candidates(printed: Equations) -> None:
    p, q = pair(seed=7)
    both, _ = speculative.candidates(p, q, 2)
    printed("eq-speculative-two").holds(
        {
            r"\alpha_2": both,
            r"\alpha": float(speculative.rate(p, q)),
            **functions(r=speculative.rest(p, q), q=q),
            "x": Each(range(5)),
        }
    )


@pytest.mark.equation("eq-speculative-seen")
def test_how_likely_a_token_was_an_accepted_draft(printed: Equations) -> None:
    p, q = pair()
    tokens = [3, 0, 4, 1, 2]
    accepted = q * speculative.RULES["right"](p, q)[0]
    w = [float(accepted[x] / p[x]) for x in tokens]
    printed("eq-speculative-seen").holds(
        {"w": w, **functions(p=p, q=q), "x": tokens, "t": Each(range(1, 6))}, free=("p", "q")
    )
    mean = sum(float(p[x]) * one for x, one in zip(tokens, w, strict=True))
    assert mean == pytest.approx(float(speculative.rate(p, q)))


def needed(w: list[float], k: int) -> float:
    """Mean calls for a text: every pattern of tokens that would be accepted is followed."""
    total = 0.0
    for pattern in itertools.product((True, False), repeat=len(w)):
        chance = math.prod(a if good else 1 - a for a, good in zip(w, pattern, strict=True))
        at = calls = 0
        while at < len(w):
            calls += 1
            ahead = list(itertools.takewhile(bool, pattern[at : at + k]))
            at += len(ahead) + 1
        total += chance * calls
    return total


@pytest.mark.equation("eq-speculative-calls")
def test_the_calls_of_a_finished_text(printed: Equations) -> None:
    w = [0.83, 0.31, 0.74, 0.57, 0.92, 0.46, 0.68, 0.39, 0.77]
    for k in (1, 2, 3, 12):
        assert speculative.calls(w, k) == pytest.approx(needed(w, k))
    printed("eq-speculative-calls").holds(
        {"C": [needed(w[t:], 3) for t in range(9)], "w": w, "k": 3, "t": Each([2, 3])}
    )


def test_the_long_run_of_a_chain_is_that_of_its_calls_followed_one_by_one() -> None:
    p, q = chains(3, seed=8)
    adds, ends = torch.zeros(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    for start, x, y in itertools.product(range(3), repeat=3):
        chance = float(q[start, x] * q[x, y])
        for text, part in by_hand(p, q, (x, y), [start, x, y]).items():
            adds[start] += chance * part * len(text)
            ends[start, text[-1]] += chance * part
    often = torch.matrix_power(ends, 200)[0]
    by_token, long = speculative.by_chain(p, q, 2)
    torch.testing.assert_close(by_token, adds)
    assert long == pytest.approx(float(often @ adds), rel=1e-9)


def test_calls_of_texts_are_those_of_the_chain() -> None:
    p, q = speculative.moods()
    w = (torch.minimum(p, q) / p).tolist()
    generator = torch.Generator().manual_seed(6)
    text = [0]
    for u in torch.rand(6000, generator=generator, dtype=torch.float64).tolist():
        text.append(int((p[text[-1]].cumsum(0) <= u).sum().clamp(max=7)))
    seen = [w[a][b] for a, b in itertools.pairwise(text)]
    long = speculative.by_chain(p, q, 4)[1]
    assert len(seen) / speculative.calls(seen, 4) == pytest.approx(long, rel=0.05)
    uneven = speculative.expected(0.8, 4)
    assert abs(len(seen) / speculative.calls(seen, 4) - long) < abs(uneven - long)


@pytest.mark.equation("eq-speculative-batch")
def test_the_speed_of_a_batch(printed: Equations) -> None:
    machine = serving.Machine()
    texts, k, c = 96, 3, 0.14
    one, many = (machine.step(n * texts, texts * 1000) for n in (1, k + 1))
    assert speculative.seconds(texts, texts, 1000) == pytest.approx(one)
    gain = texts * followed(0.8, k) / (many + k * c * one) / (texts / one)
    assert speculative.with_batch(texts, k, 0.8, c, 1000) == pytest.approx(gain)
    printed("eq-speculative-batch").holds(
        {
            "S_k": gain,
            "E_k": followed(0.8, k),
            "t_1": 1e3 * one,
            "t_{k+1}": 1e3 * many,
            "c": c,
            "k": k,
        }
    )


@pytest.mark.equation("eq-speculative-free")
def test_up_to_which_batch_verification_is_free(printed: Equations) -> None:
    machine, k = serving.Machine(7e9, 1.5, 1e5, 9e13, 1.1e12), 3
    low, high = 1.0, 1e4
    for _ in range(200):
        middle = (low + high) / 2
        arithmetic, reading = machine.times((k + 1) * middle, middle * 700)
        low, high = (middle, high) if arithmetic < reading else (low, middle)
    printed("eq-speculative-free").holds(
        {
            r"B_{\text{free}}": low,
            "b": 1.5,
            "P": 7e9,
            "V": 1.1e12,
            "F": 9e13,
            r"\kappa": 1e5,
            "M": 700,
            "k": k,
        }
    )


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: every rule with four drafts."""
    drafts = [
        speculative.Q,
        speculative.P,
        (1 / 8,) * 8,
        tuple(float(n == 1) for n in range(8)),
    ]
    cases = []
    for (name, rule), (at, q) in itertools.product(speculative.RULES.items(), enumerate(drafts)):
        cheap, k, c = torch.tensor(q, dtype=torch.float64), 2 * at, 0.1 * (at + 1)
        accept, instead = rule(P, cheap)
        kept = cheap * accept.nan_to_num()
        alpha = float(kept.sum())
        # Where the draft is the target, nothing is missing, and nothing is redrawn.
        added = (1 - alpha) * instead.nan_to_num()
        far = 0.5 * float((kept + added - P).abs().sum())
        sums = [far, alpha, speculative.expected(alpha, k), speculative.speed(alpha, k, c)]
        args = [name, list(speculative.P), list(q), k, c]
        returns = [*kept.tolist(), *added.tolist(), *sums]
        cases.append({"function": "outcome", "args": args, "returns": returns})
    best = [(0.8, 0.1), (0.8, 0.3), (0.5, 0.1), (0.5, 0.5), (0.2, 0.4)]
    cases += [
        {"function": "best", "args": [*case], "returns": speculative.best(*case)} for case in best
    ]
    return {"module": "inference/speculative/speculative.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
