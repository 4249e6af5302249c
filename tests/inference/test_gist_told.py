"""What the page on prompt compression tells of its trained networks, and how their recipes measure."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from scripts.figures import gist as recipes
from scripts.figures.style import read_table
from tests.said import sayings, tables

code: Any = import_module("docs.inference.gist.gist")
PAGE = Path(code.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def told(table: Any, name: str, row: int) -> str:
    """Mean and deviation, as the page prints them."""
    return f"{table[name][row]:.2f} ± {table[f'{name}, deviation'][row]:.2f}"


def test_what_gist_tokens_carry() -> None:
    table = read_table(DATA / "carried.csv")
    assert table["rules"] == [1, 2, 3, 4, 5, 6, 7, 8]
    for name in ("1", "2", "4"):
        assert table[name] == sorted(table[name], reverse=True)
    assert all(
        a <= b <= c <= d
        for a, b, c, d in zip(*(table[k] for k in ("1", "2", "4", "open")), strict=True)
    )
    said(
        f"With one gist token {told(table, '1', 1)} of the answers are right for two rules, "
        f"and {told(table, '1', 7)} for eight.",
        f"With two tokens eight rules give {told(table, '2', 7)}, with four {told(table, '4', 7)}.",
        f"The network that reads the whole prompt has {told(table, 'open', 7)}.",
        f"A network that was trained without the mask has {told(table, 'open', 7)} with the prompt.",
        f"given the gist mask, {told(table, 'masked in use', 7)} of its answers are right",
        f"{code.BLOCKS} layers, {code.WIDTH} numbers for each token, {recipes.LETTERS} letters, {code.DIGITS} digits, "
        f"prompts of 1 to {recipes.LETTERS} rules",
        f"of {recipes.SEEDS} networks after {recipes.STEPS} steps of 32 prompts, each tested on {recipes.EXAMPLES} "
        f"prompts with {recipes.ASKED} letters each.",
    )
    tables, prompts = code.DIGITS**recipes.LETTERS, 32 * recipes.STEPS / recipes.LETTERS
    assert 0.035 < 1 - (1 - 1 / tables) ** prompts < 0.04
    said("one that is tested was seen in training with a chance below 4 %.")
    near = table["masked in use"][7] - 1 / code.DIGITS
    assert abs(near) < table["masked in use, deviation"][7]


def test_the_bits() -> None:
    table = read_table(DATA / "carried.csv")
    wanted = []
    for n in (2, 4, 6, 8):
        least = [table[f"{name}, bits"][n - 1] for name in ("1", "2", "4")]
        for name, one in zip(("1", "2", "4"), least, strict=True):
            assert one == pytest.approx(code.bits(table[name][n - 1], n), abs=1e-3)
        wanted.append([str(n), *(f"{one:.1f}" for one in least), str(2 * n)])
    assert rows_of("tab-gist-bits") == wanted
    ones = table["1, bits"][1:]
    said(
        f"One gist token proves {min(ones):.1f} to {max(ones):.1f} bits for two to eight rules",
        f"Four tokens prove {table['4, bits'][7]:.1f} of the 16 bits of eight rules.",
    )


def test_entries_for_eight_rules() -> None:
    table = read_table(DATA / "entries.csv")
    assert table["entries"] == list(recipes.GISTS)
    for k, cut in zip(table["entries"], table["cut"], strict=True):
        assert cut == pytest.approx((k + (8 - k) / 4) / 8, abs=0.03)
    assert all(c < g < o for c, g, o in zip(table["cut"], table["gist"], table["own"], strict=True))
    assert min(table["own"]) > 0.98
    said(
        f"The last rule alone gives {told(table, 'cut', 0)}",
        f"and the sum of what is known and guessed is $(1 + 7/4)/8 = {(1 + 7 / 4) / 8:.2f}$.",
        f"The last four give {told(table, 'cut', 2)}, four gist tokens {told(table, 'gist', 2)}, "
        f"and one gist token {told(table, 'gist', 0)}.",
        f"{recipes.PASSES} steps of Adam with the rate {recipes.SOFT_RATE}",
        f"one entry gives {told(table, 'own', 0)}, two {told(table, 'own', 1)} and four {told(table, 'own', 2)}.",
        f"Trained for the prompt: {recipes.SOFT} prompts in each network.",
    )


def test_surprises() -> None:
    table = read_table(DATA / "surprise.csv")
    wanted = [
        [str(k), told(table, "usual", k), told(table, "rare", k), told(table, "all", k)]
        for k in range(recipes.KEEP + 1)
    ]
    assert rows_of("tab-gist-surprise") == wanted
    assert table["rare"][0] < table["usual"][0] - 0.1
    assert table["rare"] == sorted(table["rare"])
    p = recipes.USUAL
    held = -(p * math.log2(p) + (1 - p) * math.log2((1 - p) / 3))
    said(
        f"which its rule says in {100 * p:.0f} % of cases, so that eight rules hold {8 * held:.1f} bits "
        "in place of 16.",
        f"The share of all answers, {table['all'][0]:.2f}, hides it: who gave the usual digit each time would be "
        f"right in {100 * p:.0f} %.",
    )
    assert table["rare"][0] < 0.5
    assert 1.8 < table["rare"][2] / table["rare"][0] < 2.2
    rare = recipes.LETTERS * (1 - p)
    held = sum(
        min(k, 2) * math.comb(8, k) * (1 - p) ** k * p ** (8 - k) for k in range(9)
    )  # surprising rules among the two that are kept
    said(
        f"A prompt has {rare:.1f} surprising rules on average, and two rules as text hold {held / rare:.2f} of them:"
    )


def test_few_tables() -> None:
    table, carried = read_table(DATA / "few.csv"), read_table(DATA / "carried.csv")
    said(
        f"Trained on {recipes.TABLES} tables only, networks with one gist token have {told(table, 'shown', 0)} "
        f"on these and {told(table, 'others', 0)} on others.",
        f"Trained on all tables the share is {told(carried, '1', 7)} (above): "
        f"{carried['1'][7] - table['others'][0]:.2f} more on tables that are new",
    )
    assert carried["1"][7] - table["others"][0] > carried["1, deviation"][7]


def test_the_table_of_failures() -> None:
    carried, surprise, few = (
        read_table(DATA / f"{name}.csv") for name in ("carried", "surprise", "few")
    )
    rows = rows_of("tab-gist-failures")
    assert [row[1] for row in rows] == [
        f"{carried['1'][7]:.2f} right in place of {carried['open'][7]:.2f}",
        f"{surprise['rare'][0]:.2f} of surprising rules right, {surprise['usual'][0]:.2f} of usual ones",
        f"{carried['masked in use'][7]:.2f}, a guess is 0.25",
        f"{few['others'][0]:.2f} on other tables, {few['shown'][0]:.2f} on the {recipes.TABLES} shown",
    ]
    assert f"{carried['4'][7]:.2f} with four" in rows[0][2]
    assert f"{surprise['rare'][2]:.2f} with two" in rows[1][2]
    assert rows[2][2].endswith(f"the mask: {carried['1'][7]:.2f}")
    assert f"{carried['1'][7]:.2f} on others" in rows[3][2]
    said(f"The cure is the training: with the mask, {carried['1'][7]:.2f}.")


def test_the_share_of_right_answers() -> None:
    logits = torch.zeros(2, 1, 5, 4)
    logits[0, 0, -2:, 1] = 1
    logits[1, 0, -2, 3] = 1
    wanted = torch.tensor([[[1, 1]], [[3, 2]]])
    assert recipes.right(logits, wanted) == [1.0, 0.5]
    assert recipes.right(logits, wanted, torch.tensor([[[1, 0]], [[0, 1]]])) == [1.0, 0.0]


def test_training_uses_the_mask_or_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    read: list[Tensor] = []
    forward, loss = code.forward, code.functional.cross_entropy

    def spy(weights: Any, tokens: Tensor, mask: Tensor) -> Any:
        seen.append((tokens, mask))
        found = forward(weights, tokens, mask)
        read.append(found[0])
        return found

    def at_the_letters(logits: Tensor, wanted: Tensor) -> Tensor:
        assert torch.equal(logits, read[-1][:, :, -4:].reshape(-1, code.DIGITS))
        found: Tensor = loss(logits, wanted)
        return found

    monkeypatch.setattr(code, "forward", spy)
    monkeypatch.setattr(code.functional, "cross_entropy", at_the_letters)
    for masked in (True, False):
        seen.clear()
        code.train(code.Task(3, 1, usual=0.5), 2, 12, masked, keep=1)
        kept = set()
        for tokens, mask in seen:
            n = int((tokens[0, 0] == 12).nonzero())  # the gist token stands behind n rules
            side = tokens.shape[-1]
            kept.add(side - n - 1 - 4)
            wanted = code.gist_mask(n, 1, side - n - 1) if masked else torch.ones(side, side).tril()
            assert torch.equal(mask, wanted.bool())
        assert len(seen) == 12
        assert kept == {0, 1}


def test_what_is_cut_and_what_is_trained_for_one_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {k: v.detach() for k, v in code.fresh(recipes.SEEDS, recipes.LETTERS, 1).items()}
    monkeypatch.setattr(recipes, "net", lambda gists, masked=True: weights)
    forward, seen = code.forward, []

    def spy(weights: Any, tokens: Tensor, mask: Tensor, cache: Any = None) -> Any:
        seen.append((tokens, mask))
        return forward(weights, tokens, mask, cache)

    monkeypatch.setattr(code, "forward", spy)
    recipes.cut(2)
    tokens, mask = seen[-1]
    rules = recipes.LETTERS * code.DIGITS
    assert tokens.shape[-1] == 2 + recipes.ASKED == len(mask)
    assert torch.equal(mask, torch.ones_like(mask).tril())
    assert bool((tokens[..., :2] < rules).all())
    assert bool((tokens[..., 2:] > rules).all())  # letters, and no gist token
    found = {}
    for passes in (0, 30):
        monkeypatch.setattr(recipes, "PASSES", passes)
        found[passes] = recipes.own(1)
    assert all(a < 0.5 < b for a, b in zip(found[0], found[30], strict=True))
    packed = next(tokens for tokens, _ in seen if tokens.shape[-1] == recipes.LETTERS + 1)
    assert bool((packed[..., :-1] < rules).all())
    assert bool((packed[..., -1] == rules).all())  # the gist token stands last
    before = recipes.code.fresh(recipes.SEEDS, recipes.LETTERS, 1)
    assert all(torch.equal(weights[k], before[k]) for k in weights)  # the network is frozen


def test_how_sure_the_answers_are() -> None:
    table = read_table(DATA / "sure.csv")
    said(
        f"With one gist token the given answer has the probability {told(table, 'right', 0)} where it is right, "
        f"and {told(table, 'wrong', 0)} where it is wrong.",
        f"The means lie {table['right'][0] - table['wrong'][0]:.2f} apart,",
    )
