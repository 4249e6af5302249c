"""Prompt compression: the mask, the exact cache, what is lost, bits, pairs, operations, break-even, exercises."""

import math
import runpy
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

code: Any = import_module("docs.inference.gist.gist")
PAGE = Path(code.__file__).parent.with_suffix(".md")
said = sayings(PAGE)
LLAMA = (32, 4096, 6.7e9)  # layers, width, weights


def entropy(p: Tensor) -> float:
    """Bits of a table of probabilities."""
    p = p[p > 0]
    return float(-(p * p.log2()).sum())


def double(letters: int, gists: int) -> dict[str, Tensor]:
    """Random weights with many digits."""
    return {name: value.detach().double() for name, value in code.fresh(3, letters, gists).items()}


def drawn(letters: int, gists: int, n: int, m: int) -> Tensor:
    """A prompt, gist tokens and an input."""
    task = code.Task(letters, gists)
    tokens: Tensor = task.draw(3, 5, n, m, torch.Generator().manual_seed(7))[0]
    return tokens


# The mask and the cache.


def test_the_mask_row_by_row() -> None:
    n, g, m = 6, 1, 2
    mask = code.gist_mask(n, g, m)
    for i, j in product(range(9), repeat=2):
        sees = j <= i and not (i >= n + g and j < n)
        assert bool(mask[i, j]) == sees
    assert torch.equal(code.gist_mask(4, 0, 0), torch.ones(4, 4).tril().bool())
    assert [int(row.sum()) for row in mask] == [1, 2, 3, 4, 5, 6, 7, 2, 3]
    whole = torch.ones(8, 8).tril()
    said(
        f"from $7 + 8 = {int(whole[-2:].sum())}$, without G and its mask, to $2 + 3 = {int(mask[-2:].sum())}$."
    )


@pytest.mark.equation("eq-gist-cache")
def test_the_answers_depend_on_the_prompt_through_the_gist_tokens_alone() -> None:
    for gists in (1, 3):
        weights, tokens = double(6, gists), drawn(6, gists, 6, 4)
        end = 6 + gists
        with torch.no_grad():
            whole, kept = code.forward(weights, tokens, code.gist_mask(6, gists, 4))
            cache = code.compress(weights, tokens[..., :end], gists)
            for (k, v), (k_all, v_all) in zip(cache, kept, strict=True):
                torch.testing.assert_close(k, k_all[..., 6:end, :])
                torch.testing.assert_close(v, v_all[..., 6:end, :])
            torch.testing.assert_close(
                whole[:, :, end:], code.answer(weights, cache, tokens[..., end:])
            )
            # Another prompt beside the same gist tokens: its keys and values stand in front, hidden by the mask.
            _, others = code.forward(weights, tokens.flip(1)[..., :6], code.gist_mask(6, 0, 0))
            both = [
                (torch.cat([a, c], -2), torch.cat([b, d], -2))
                for (a, b), (c, d) in zip(others, cache, strict=True)
            ]
            mask = code.gist_mask(6, gists, 4)[end:]
            beside, _ = code.forward(weights, tokens[..., end:], mask, both)
            torch.testing.assert_close(beside, whole[:, :, end:])
            open_, _ = code.forward(weights, tokens[..., end:], torch.ones_like(mask), both)
            assert (open_ - beside).abs().max() > 0.01  # without the mask it is another answer


def test_the_gist_tokens_do_not_look_ahead() -> None:
    weights, tokens = double(6, 2), drawn(6, 2, 6, 4)
    other = tokens.clone()
    other[..., 8:] = tokens[..., 8:].flip(-1) + 0
    for (k, v), (k2, v2) in zip(
        code.forward(weights, tokens, code.gist_mask(6, 2, 4))[1],
        code.forward(weights, other, code.gist_mask(6, 2, 4))[1],
        strict=True,
    ):
        torch.testing.assert_close(k[..., :8, :], k2[..., :8, :])
        torch.testing.assert_close(v[..., :8, :], v2[..., :8, :])


def test_what_a_task_draws() -> None:
    draw = torch.Generator().manual_seed(3)
    task = code.Task(8, 2, usual=0.7)
    tokens, right, rare = task.draw(4, 50, 6, 5, draw, keep=2)
    assert tokens.shape == (4, 50, 6 + 2 + 2 + 5)
    rules, gists, kept, asked = tokens.split([6, 2, 2, 5], -1)
    assert gists.unique().tolist() == [32, 33]
    letters = asked - 34
    for s, b in product(range(4), range(50)):
        table = {int(rule) // 4: int(rule) % 4 for rule in rules[s, b]}
        assert len(table) == 6
        assert [table[int(a)] for a in letters[s, b]] == right[s, b].tolist()
        assert [table[int(a)] != int(a) % 4 for a in letters[s, b]] == rare[s, b].tolist()
        surprises = {int(rule) for rule in rules[s, b] if int(rule) % 4 != int(rule) // 4 % 4}
        assert {int(rule) for rule in kept[s, b]} <= {int(rule) for rule in rules[s, b]}
        assert sum(int(rule) in surprises for rule in kept[s, b]) == min(2, len(surprises))
    assert abs(float(rare.double().mean()) - 0.3) < 0.06
    shown = torch.randint(4, (2, 3, 8), generator=draw)
    digits = code.Task(8, 1, tables=shown).digits(2, 40, draw)
    for s in range(2):
        assert {tuple(row) for row in digits[s].tolist()} <= {
            tuple(row) for row in shown[s].tolist()
        }


def test_a_step_of_training_follows_the_answers() -> None:
    task = code.Task(2, 1)
    before = code.fresh(2, 2, 1)
    after = code.train(task, 2, 60)
    tokens, right, _ = task.draw(2, 200, 2, 4, torch.Generator().manual_seed(9))
    shares = []
    for weights in (before, after):
        with torch.no_grad():
            logits, _ = code.forward(weights, tokens, code.gist_mask(2, 1, 4))
        shares.append(float((logits[:, :, -4:].argmax(-1) == right).double().mean()))
    assert shares[1] > shares[0] + 0.1
    assert not torch.equal(
        before["embed"][:, 8], after["embed"][:, 8]
    )  # the vector of the gist token


# What is lost.


@pytest.mark.equation("eq-gist-lost")
def test_what_compression_costs_is_the_information_that_the_gist_lacks(printed: Equations) -> None:
    p = torch.rand(6, 3, 4, generator=torch.Generator().manual_seed(1)).double()
    p /= p.sum()  # prompt, input, answer
    gist = torch.tensor([0, 0, 1, 1, 1, 2])
    joint = torch.zeros(6, 3, 3, 4).double()  # prompt, gist, input, answer
    for t, g in enumerate(gist.tolist()):
        joint[t, g] = p[t]
    with_gist = entropy(joint.sum(0)) - entropy(joint.sum((0, 3)))
    with_prompt = entropy(p) - entropy(p.sum(2))
    with_both = entropy(joint) - entropy(joint.sum(3))
    mutual = 0.0
    for t, g, x, y in product(range(6), range(3), range(3), range(4)):
        if joint[t, g, x, y] > 0:
            alone = joint.sum((0, 3))[g, x]
            ratio = joint[t, g, x, y] * alone / (joint.sum(3)[t, g, x] * joint.sum(0)[g, x, y])
            mutual += float(joint[t, g, x, y] * ratio.log2())
    printed("eq-gist-lost").holds(
        {
            r"H(Y \mid X, G)": with_gist,
            r"H(Y \mid X, T)": with_prompt,
            r"H(Y \mid X, G, T)": with_both,
            r"I(Y; T \mid X, G)": mutual,
        }
    )


@pytest.mark.equation("eq-gist-bits")
def test_how_many_bits_wrong_answers_leave(printed: Equations) -> None:
    def carried(channel: Tensor) -> tuple[float, float]:
        """Bits that readings tell of uniform digits, and the share of wrong ones."""
        joint = channel / len(channel)
        told = entropy(joint.sum(0)) + entropy(joint.sum(1)) - entropy(joint)
        return told, 1 - float(joint.diagonal().sum())

    even = torch.full((5, 5), 0.07).double().fill_diagonal_(0.72)
    even[0, 1] += 0.004
    even[0, 2] -= 0.004
    lopsided = torch.eye(5).double()
    lopsided[0] = torch.tensor([0.1, 0.9, 0, 0, 0])
    lopsided[3] = torch.tensor([0, 0, 0, 0.2, 0.8])
    for channel, free in ((even, ()), (lopsided, ("b", "n", "V", "w"))):
        told, wrong = carried(channel)
        printed("eq-gist-bits").holds({"b": 3 * told, "n": 3, "V": 5, "w": wrong}, free=free)
    near, wrong = carried(even)
    least = 3 * (math.log2(5) + 0.72 * math.log2(0.72) + wrong * math.log2(wrong / 4))
    assert 3 * near == pytest.approx(least, rel=1e-3)
    four = torch.full((4, 4), 0.1).double().fill_diagonal_(0.7)
    assert code.bits(0.7, 6) == pytest.approx(6 * carried(four)[0])
    assert code.bits(1.0, 8) == pytest.approx(16)
    assert code.bits(0.25, 8) == pytest.approx(0)


# What is saved.


@pytest.mark.equation("eq-gist-pairs")
def test_pairs_counted_in_the_mask(printed: Equations) -> None:
    for n, g, m in ((6, 1, 2), (11, 3, 5)):
        behind = int(code.gist_mask(n, g, m)[n + g :].sum())
        cached = int(torch.ones(n + m, n + m).tril()[n:].sum())
        assert code.pairs(n, g, m) == (cached, behind)
        printed("eq-gist-pairs").holds({"A_c": cached, "c": n, "m": m})
        printed("eq-gist-pairs").holds({"A_c": behind, "c": g, "m": m})
    before, after = code.pairs(6, 1, 2)
    said(f"counted in the mask: {before} for $c = 6$, $m = 2$ and {after} for $c = 1$.")


@pytest.mark.equation("eq-gist-share")
def test_the_share_of_the_prompt_in_products_with_weights(printed: Equations) -> None:
    weights, tokens = double(8, 1), drawn(8, 1, 7, 3)[:1, :1]
    weights = {name: value[:1] for name, value in weights.items()}
    counts = []
    for length in (7 + 3, 3):
        with FlopCounterMode(display=False) as counter:
            code.forward(weights, tokens[..., -length:], torch.ones(length, length).tril().bool())
        found = counter.get_flop_counts()["Global"]
        counts.append(sum(v for name, v in found.items() if "bmm" in str(name)))
    printed("eq-gist-share").holds(
        {"s_0": 1 - counts[1] / counts[0], "n": 7, "m": 3, "P": counts[1] / 6}, free=("P",)
    )


@pytest.mark.equation("eq-gist-over")
def test_the_share_that_is_saved_over_a_prefix_cache(printed: Equations) -> None:
    n, g, m, layers, width, weights = 9, 2, 5, 3, 7, 1100
    mask = code.gist_mask(n, g, m)[n + g :]
    whole = torch.ones(n + m, n + m).tril()[n:]
    before, after = (
        2 * weights * m + 4 * layers * width * int(seen.sum()) for seen in (whole, mask)
    )
    share = 1 - after / before
    assert code.saved(n, g, m, layers, width, weights) == pytest.approx(share)
    printed("eq-gist-over").holds(
        {
            "s": share, "L": layers, "E": width, "P": weights, "n": n, "g": g, "m": m,
            "A_n": int(whole.sum()), "A_g": int(mask.sum()),
        }
    )  # fmt: skip
    found = code.saved(27.3, 1, 41.6, *LLAMA)
    long = [100 * code.saved(n, 10, 100, *LLAMA) for n in (10_000, 100_000)]
    said(
        f"Then $s_0$ is {100 * 27.3 / 68.9:.1f} %, and $s$ with $g = 1$ is {100 * found:.2f} %;",
        f"$g = 10$ and $m = 100$ it is {long[0]:.0f} % behind 10,000 tokens and {long[1]:.0f} % behind 100,000.",
    )


@pytest.mark.equation("eq-gist-requests")
def test_after_how_many_requests_training_has_paid(printed: Equations) -> None:
    weights, data, layers, width, n, g, m = 50, 90, 2, 5, 10, 1, 3
    spent = sum(6 * weights for _ in range(data))
    less = code.pairs(n, g, m)[0] - code.pairs(n, g, m)[1]
    requests = spent / (4 * layers * width * less)
    printed("eq-gist-requests").holds(
        {"q": requests, "P": weights, "D": data, "L": layers, "E": width, "n": n, "g": g, "m": m}
    )
    layers, width, size = LLAMA
    many = 6 * size * 50e6 / (4 * layers * width * 41.6 * 26.3)
    anew = 6 * 50e6 / (2 * 26.3)
    said(
        f"at 130 tokens each, a guess of ours, $D$ is {3000 * 128 * 130 / 1e6:.0f} million.",
        f"With the model and lengths above, that is {many / 1e9:.1f} billion requests.",
        f"If the prompt were read anew each time, {anew / 1e6:.1f} million would do",
    )
    entry = 2 * layers * width * 2
    said(
        f"for LLaMA-7B {entry / 2**20:.1f} MiB at two bytes.",
        f"there is room for {2**30 // (26 * entry)} prompts of 26 entries, or {2**30 // entry:,} of one.",
    )


# The example.


def test_the_example_by_pencil(capsys: pytest.CaptureFixture[str]) -> None:
    number = code.pack(code.RULES)
    assert [code.unpack(number, at, 6) for at in range(6)] == list(code.RULES)
    assert int("".join(map(str, code.RULES)), 4) == number
    at = ["abcdef".index(letter) for letter in code.INPUT]
    first, second = (code.unpack(number, one, 6) for one in at)
    words = " ".join(f"{letter}{digit}" for letter, digit in zip("abcdef", code.RULES, strict=True))
    said(
        f"A prompt has six tokens, each a rule: `{words}`.",
        f"The input `{' '.join(code.INPUT)}` shall be answered with {first} and {second}.",
        f"Wanted at c and e are {first} and {second}.",
        f"so six rules make $4^6 = {4**6}$ different prompts, or $6 \\cdot 2 = {6 * math.log2(4):.0f}$ bits.",
        f"$2 \\cdot 1024 + 0 \\cdot 256 + 3 \\cdot 64$ $+ 1 \\cdot 16 + 2 \\cdot 4 + 0 = {number}$.",
        f"divide by 64 and keep the rest by 4: {number // 64}, and {number // 64 % 4}.",
        f"For e divide by 4: {number // 4}, and the rest is {number // 4 % 4}.",
        f"$(3 + 3/4)/6 = {(3 + 3 / 4) / 6}$ of all answers are right.",
        f"It packs the six rules into {number} and reads",
        f"the answers become {code.unpack(number, 5, 6)} and {code.unpack(number, 0, 6)}.",
        f"There are {4**8:,} tables of eight rules;",
    )
    runpy.run_path(code.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert f"number {number} of 4096, answers [3, 2]" in printed
    gaps = [float(line.split("differ by ")[1].split()[0]) for line in printed.splitlines()[1:]]
    assert len(gaps) == 2
    assert max(gaps) < 1e-4
    before, after = (
        float(line.split(" right")[0].split()[-1]) for line in printed.splitlines()[1:]
    )
    assert 0.2 < before < 0.3  # "a quarter of the answers"
    assert 0.5 < after < 0.75  # "more than half"
    assert "after 300 steps" in PAGE.read_text(encoding="utf-8")


# Exercises.


@pytest.mark.answer("answer-gist-pack")
def test_exercise_1_four_rules(answer: Bench) -> None:
    rules = (1, 3, 0, 2)
    bits = len(rules) * math.log2(code.DIGITS)
    answer("answer-gist-pack").is_((code.pack(rules), bits), (code.pack(rules[::-1]), bits))


@pytest.mark.answer("answer-gist-pairs")
def test_exercise_2_pairs(answer: Bench) -> None:
    answer("answer-gist-pairs").is_(code.pairs(40, 2, 10), (40 * 10, 2 * 10))


@pytest.mark.answer("answer-gist-guess")
def test_exercise_3_five_of_eight(answer: Bench) -> None:
    answer("answer-gist-guess").is_((5 + 3 / code.DIGITS) / 8, 5 / 8)


@pytest.mark.answer("answer-gist-saves")
def test_exercise_4_memory_falls(answer: Bench) -> None:
    operations = code.saved(26, 1, 40, *LLAMA)
    assert operations < 0.01 < 1 - 1 / 26
    answer("answer-gist-saves").is_("Memory for the cached entries.")


@pytest.mark.answer("answer-gist-share")
def test_exercise_5_the_share_of_the_prompt(answer: Bench) -> None:
    answer("answer-gist-share").is_(300 / (300 + 100), 100 / (300 + 100))


@pytest.mark.answer("answer-gist-long")
def test_exercise_6_a_long_prompt(answer: Bench) -> None:
    answer("answer-gist-long").is_(code.saved(2000, 10, 100, *LLAMA), 2000 / 2100)


@pytest.mark.answer("answer-gist-bits")
def test_exercise_7_bits_of_three_quarters(answer: Bench) -> None:
    answer("answer-gist-bits").is_(code.bits(0.75, 8), 0.75 * 16)
