"""What the page on policy gradients tells: its example, its figures and runs, its exercises."""

import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from scripts.figures import policy_gradient as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings, tables
from tests.training.test_policy_gradient import (
    FIRST,
    LOGITS,
    PROCESS,
    REWARD,
    SCORE,
    P,
    gradient,
    read,
    variance,
)

code: Any = import_module("docs.training.policy-gradient.policy_gradient")
PAGE = style.DOCS / "training" / "policy-gradient.md"
CLIPS = ("clipped", "free")
said = sayings(PAGE)
rows_of = tables(PAGE)


def test_the_example_as_the_page_tells_it() -> None:
    for row, p, reward in zip(rows_of("tab-policy-gradient-texts"), P, REWARD, strict=True):
        assert float(row[1].strip("$").split("= ")[1]) == pytest.approx(float(p))
        assert float(row[2].strip("$").split("= ")[1]) == float(reward)
    said("$0.6 + 0.4 + 1.2 - 0.4 = 1.8$")
    true = gradient(PROCESS, LOGITS)
    said(f"the exact gradient is $0.16 \\cdot (5 - 1) = {float(true[0, 0]):.2f}$.")
    one = [f"{v:.2g}" for v in (REWARD * FIRST).tolist()]
    said(
        f"a drawn `4 .` gives $6 \\cdot 0.8 = {one[0]}$, `4 !` gives {one[1]}, "
        f"`5 .` gives ${one[2]}$ and `5 !` gives {one[3]}."
    )
    said(f"$0.48 + 0.32 - 0.24 + 0.08 = {float(P @ (REWARD * FIRST)):.2f}$.")
    moved = LOGITS + 0.1 * REWARD[0] * SCORE[0].sum(0)
    push, pull = (moved - LOGITS)[0].tolist()
    assert pull == pytest.approx(-push)
    said(
        f"A step of size 0.1 on a drawn `4 .` adds $0.1 \\cdot 4.8 = {push:.2f}$ to the logit of `4`."
    )
    there, now = -float(SCORE[0, 0, 0, 1]), float(moved[0].softmax(0)[0])
    said(f"whose score is −{there:.1f}, and the probability of `4` goes from 0.2 to {now:.2f}.")
    assert float(P @ FIRST) == pytest.approx(0)
    said("the scores by themselves have the mean $0.2 \\cdot 0.8 - 0.8 \\cdot 0.2 = 0$.")
    said(f"that of these four numbers is {variance(P, REWARD * FIRST):.2f}.")
    better = [f"{v:.2f}".replace("-", "−") for v in ((REWARD - 1.8) * FIRST).tolist()]
    said(f"the numbers become {better[0]}, {better[1]}, {better[2]} and {better[3]}, their mean")
    said(f"their variance falls to {variance(P, (REWARD - 1.8) * FIRST):.2f}.")
    said(f"is 4.2, with a variance of {variance(P, (REWARD - 4.2) * FIRST):.2f}.")
    dot = SCORE[:, 1, 1, 0]
    later = PROCESS.rewards[:, 1]
    said(f"the variance from {variance(P, REWARD * dot):.2f} to {variance(P, later * dot):.2f}.")
    assert float(P @ (REWARD * dot)) == pytest.approx(float(P @ (later * dot)))
    value = code.values(LOGITS, PROCESS)
    assert value.tolist() == pytest.approx([1.8, 1, 1])
    early = code.gae(PROCESS.rewards, value[PROCESS.states], 0.0)[:, 0]
    said(f"$4 + 1 - 1.8 = {float(early[0]):.1f}$ better", f"was $0 + 1 - 1.8 = {float(early[2]):.1f}$.")  # fmt: skip
    said(f"and the variance is {variance(P, early * FIRST):.2f} instead of 1.15.")
    value[1] = -1
    found = [
        float(P @ (code.gae(PROCESS.rewards, value[PROCESS.states], d)[:, 0] * FIRST))
        for d in (0, 0.5, 1)
    ]
    said(f"seems only 1.2 better, and the mean gradient is {found[0]:.2f}: half.")
    said(f"the mean is {found[2]:.2f} again; with λ = 0.5 it is {found[1]:.2f}.")
    four = torch.tensor([6.0, 2, 2, -2])
    divided, others = code.group(four, "divided"), code.group(four, "others")
    said(f"advantages {divided[0]:.2f}, 0, 0 and −{-divided[3]:.2f}[^shao")
    said(f"{others[0]:.2f}, 0, 0 and −{-others[3]:.2f}[^kool")
    diagram = read("diagram.csv")
    assert [diagram[k][0] for k in ("p", "reward", "value", "advantage")] == [0.1, 6, 1.8, 4.2]


def test_what_is_told_of_gae() -> None:
    table = read("gae.csv")
    assert len(table["decay"]) == 11
    assert set(table["right bias"]) == {0}
    right = table["right variance"]
    assert right == sorted(right)
    assert np.all(np.diff(right, 2) > 0)
    assert table["bias_mean"] == sorted(table["bias_mean"], reverse=True)
    least = table["decay"][int(np.argmin(table["variance_mean"]))]
    said(f"With the right values λ = 0 has {right[0]:.2f} and λ = 1 has {right[-1]:.2f}.")
    bias = table["bias_mean"][0]
    said(f"squared bias is {bias:.3f} at λ = 0 and the variance is least at λ = {least}.")
    where = []
    for n in (1, 10, 100):
        both = np.array(table["bias_mean"]) + np.array(table["variance_mean"]) / n
        where.append(table["decay"][int(np.argmin(both))])
    said(f"least at λ = {where[0]}, for ten at {where[1]}, for a hundred at {where[2]}:")
    process, logits = figures.long()
    assert (len(process.tokens), logits.numel()) == (64, 126)
    critic = code.values(logits, process)
    for i, decay in ((0, 0.0), (7, 0.7)):
        off, total = figures.errors(process, logits, critic, decay)
        assert off == pytest.approx(0, abs=1e-12)
        assert total == pytest.approx(right[i], rel=1e-6)


def test_what_is_told_of_passes() -> None:
    table = read("passes.csv")
    free, held = ([int(v) for v in table[f"{name} late, near"]] for name in ("free", "clipped"))
    assert free[0] == held[0]
    said(
        f"After 40 sets {free[0]} runs are near the best with one pass, {free[1]} with 4, "
        f"{free[2]} with 16 and {free[3]} with 32."
    )
    assert all(h > f for h, f in zip(held[1:], free[1:], strict=True))
    sizes = [
        (h - f) / math.sqrt((h * (50 - h) + f * (50 - f)) / 50)
        for h, f in zip(held[1:], free[1:], strict=True)
    ]
    assert sizes[1] == pytest.approx(2, abs=0.1)
    assert max(sizes[0], sizes[2]) < 1.1
    said(
        f"With the clip it is {held[1]}, {held[2]} and {held[3]}; only the gain at 16 passes, "
        f"{held[2] - free[2]} runs, is about twice its standard error."
    )
    said(f"a standard error of up to {math.sqrt(figures.SEEDS / 4):.1f}, $\\sqrt{{50 / 4}}$.")
    early = [[int(table[f"{name} early, near"][i]) for name in CLIPS] for i in (1, 2)]
    said(
        f"behind for 4 passes, {early[0][0]} against {early[0][1]} without, "
        f"and ahead for 16, {early[1][0]} against {early[1][1]}."
    )
    spread = [v for name in CLIPS for v in table[f"{name} entropy, deviation"]]
    said(f"with standard deviations from {min(spread):.2f} to {max(spread):.2f}.")
    said(
        f"without clip they fall from {free[0]} to {free[3]}; with the clip from {held[0]} to {held[3]},"
    )
    lower = zip(table["free entropy"][1:], table["clipped entropy"][1:], strict=True)
    assert all(a < b for a, b in lower)
    said(f"and no clip it is {table['free entropy'][2]:.2f} nats.")
    process, logits = figures.long()
    start = float(code.entropy(logits, process))
    said(f"at the start it is {start:.2f} nats here, as of {math.exp(start):.0f} equally")


def test_what_is_told_of_the_cures() -> None:
    table, other = read("passes.csv"), read("failures.csv")
    free, held = int(table["free late, near"][2]), int(table["clipped late, near"][2])
    more = [int(v) for v in other["cure late, near"]]
    mean, spread = other["cure late"][2], other["cure late, deviation"][2]
    said(f"and 16 passes it is {more[2]}, and {mean:.2f} ± {spread:.2f} of the best")
    short, clip = (
        [int(v) for v in other[f"size {name} late, near"]] for name in ("free", "clipped")
    )
    assert short[2] == clip[2]
    said(
        f"each a step of size 1, {free} of 50 runs came near the best; {held} with the clip, "
        f"{more[2]} with 16 texts instead of four, {short[1]} with steps of 1/16."
    )
    said(
        f"and left {clip[1]} runs with them; more texts are four times the drawing; short steps start"
    )
    assert other["size free early, near"][1] < table["free early, near"][2]
    said(
        f"{short[0]} runs are near the best with 4 passes and {short[1]} with 16; "
        f"a single pass with a step of size 4 leaves {short[2]}."
    )
    said(f"with it {clip[0]} and {clip[1]} runs are near the best after {figures.STEPS} sets.")
    said(f"brought {free} runs to {more[0]}.")
    left = other["cure entropy"]
    said(f"leaves {left[0]:.2f} nats and {more[0]} runs near the best instead of {free}.")
    said(f"A bonus of 1 leaves {left[1]:.2f} nats and {more[1]} run:")
    late = list(zip(other["baseline late"], other["baseline late, deviation"], strict=True))
    near = [int(v) for v in other["baseline late, near"]]
    assert near[1:] == [50, 50]
    said(f"With 10 added to every reward, {near[0]} of 50 runs of the example came near")
    said(f"is {late[0][0]:.2f} ± {late[0][1]:.2f} of the best without a baseline,")
    said(f"and {late[1][0]:.3f} ± {late[1][1]:.3f} with leave-one-out.")
    said(f"no baseline does as well, {late[2][0]:.3f} ± {late[2][1]:.3f}: rewards")


def test_what_is_told_of_old_texts() -> None:
    table = read("age.csv")
    assert set(table["with"]) == {0}
    fresh, old = table["fresh variance"], table["variance"]
    for rising in (table["without"], old, fresh):
        assert rising == sorted(rising)
    said(
        f"the divergence is {table['kl'][-1]:.2f} nats, the mean gradient without the ratio is off "
        f"by {table['without'][-1]:.2f} times the length of the exact gradient,"
    )
    said(f"with the ratio the variance is {old[-1]:.0f} where fresh texts have {fresh[-1]:.0f}.")
    said(
        f"with fresh texts from {fresh[0]:.0f} to {fresh[-1]:.0f}, "
        f"with old texts and ratio from {old[0]:.0f} to {old[-1]:.0f}]"
    )


def test_captions_say_what_the_recipes_set() -> None:
    said(
        f"exact, summed over the {logits_of_long()} logits of all texts of six tokens of two kinds,"
    )
    said(f"means of {figures.CRITICS} critics, bands from least to most.")
    said("normal noise of deviation 1 is added to each value")
    assert (figures.LENGTH, figures.WRONG) == (6, 1.0)
    said(f"The runs have {figures.SEEDS} seeds each; near the best means above nine tenths")
    assert figures.SOLVED == 0.9
    said(f"Adding {figures.LIFT:.0f} to every reward changes no gradient; without a baseline")
    said(f"the mean reward after {figures.LIFTED} steps is")
    first, last = figures.PASSES[0], figures.PASSES[-1]
    said(f"each set is used {first} to {last} times with step size 1, for {figures.STEPS} sets.")
    assert figures.EARLY == 10
    gae = read("gae.csv")
    assert gae["right variance"][0] < 4 < 10 < gae["right variance"][-1]
    assert round(gae["variance_mean"][0]) == 7
    assert round(gae["variance_mean"][-1]) == 13
    assert round(gae["bias_mean"][0], 1) == 0.3
    assert gae["bias_mean"][-1] == pytest.approx(0, abs=1e-9)
    weights = read("weights.csv")
    assert all(1.6 < w < 1.75 for w in weights["n 4"])
    middle = weights["share"].index(0.5)
    assert all(1.9 < weights[name][middle] <= 2 for name in ("n 16", "n 64", "limit"))
    for i in range(len(weights["share"])):
        assert weights["n 4"][i] < weights["n 16"][i] < weights["n 64"][i] < weights["limit"][i]
    clip = read("clip.csv")
    assert (clip["ratio"][0], clip["ratio"][-1]) == (0.4, 1.6)


def logits_of_long() -> int:
    """Parameters of the policy of six tokens."""
    return int(figures.long()[1].numel())


# The exercises.


@pytest.mark.answer("answer-policy-gradient-changed")
def test_the_changed_judge(answer: Bench) -> None:
    table = torch.tensor(code.REWARDS).double()
    table[2, 0] = 4
    process = code.texts(table, 2)
    true = float(gradient(process, LOGITS)[0, 0])
    one = float(process.rewards.sum(-1)[2] * FIRST[2])
    answer("answer-policy-gradient-changed").is_([true, one], [true, -one])


@pytest.mark.answer("answer-policy-gradient-five")
def test_exercise_1_five(answer: Bench) -> None:
    reward = torch.tensor([1.0, 0, 0, 0, 0])
    found = [float(code.group(reward, kind)[0]) for kind in ("others", "divided", "mean")]
    answer("answer-policy-gradient-five").is_(found[:2], [found[2], found[1]])


@pytest.mark.answer("answer-policy-gradient-slopes")
def test_exercise_2_slopes(answer: Bench) -> None:
    ratio = torch.tensor([0.7, 1.3], requires_grad=True)
    gain = code.surrogate(ratio, torch.tensor([-2.0, -2.0]))
    slopes = torch.autograd.grad(gain.sum(), ratio)[0].tolist()
    answer("answer-policy-gradient-slopes").is_(slopes, slopes[::-1])


@pytest.mark.answer("answer-policy-gradient-gae")
def test_exercise_3_gae(answer: Bench) -> None:
    rewards, critic = torch.tensor([0.0, 0, 3]), torch.tensor([1.0, 2, 2])
    answer("answer-policy-gradient-gae").is_(
        [float(code.gae(rewards, critic, decay)[0]) for decay in (0.0, 1.0)]
    )


@pytest.mark.answer("answer-policy-gradient-unbiased")
def test_exercise_4_unbiased(answer: Bench) -> None:
    answer("answer-policy-gradient-unbiased").is_(
        "Subtracting the mean reward of other texts to the same prompt."
    )


@pytest.mark.answer("answer-policy-gradient-hard")
def test_exercise_5_hard(answer: Bench) -> None:
    table = read("weights.csv")
    at = table["share"].index(0.5)
    answer("answer-policy-gradient-hard").is_(table["limit"][0] / table["limit"][at], 0.5 / 0.02)


@pytest.mark.answer("answer-policy-gradient-two")
def test_exercise_6_two(answer: Bench) -> None:
    found = [
        float(code.of_groups(P, SCORE.sum(1), REWARD, 2, kind)[1].sum())
        for kind in ("others", "none")
    ]
    answer("answer-policy-gradient-two").is_(found)


@pytest.mark.answer("answer-policy-gradient-half")
def test_exercise_7_half(answer: Bench) -> None:
    critic = code.values(LOGITS, PROCESS)[PROCESS.states]
    advantage = code.gae(PROCESS.rewards, critic, 0.5)[:, 0]
    answer("answer-policy-gradient-half").is_(variance(P, advantage * FIRST))
