"""The made tasks, and what the page tells of their figures and runs, from the numbers of the recipes."""

import itertools
from importlib import import_module
from typing import Any

import pytest
import torch

from scripts.figures import preference_optimisation as figures
from scripts.figures import preference_optimisation_runs as runs
from scripts.figures import style
from tests.draws import normal
from tests.said import sayings, tables

code: Any = import_module("docs.training.preference-optimisation.preference_optimisation")
tasks: Any = import_module("docs.training.preference-optimisation.tasks")
PAGE = style.DOCS / "training" / "preference-optimisation.md"
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure or a run."""
    return style.read_table(PAGE.parent / "preference-optimisation" / name)


# The programs.


def test_pairs_that_are_alike_share_a_direction() -> None:
    for apart, cosine in ((1.0, 0.5), (0.3, 1 / 1.09)):
        features = tasks.alike(apart, 60)
        found = torch.cosine_similarity(features[:, :, 0], features[:, :, 1], dim=-1).mean()
        assert float(found) == pytest.approx(cosine, abs=0.04)
        sizes = features.square().sum(-1).mean((0, 1))
        torch.testing.assert_close(sizes, torch.full_like(sizes, 1 + apart**2), rtol=0.15, atol=0)


def test_the_first_step_of_the_program_is_the_formula() -> None:
    features = tasks.alike(0.3, 5, prompts=1)
    u, _ = tasks.displaced(features, 0.0, 1, rate=1e-6)
    torch.testing.assert_close(
        u[1, :, 0, 0] / 1e-6, 0.5 * tasks.first_order(features)[:, 0], atol=1e-4, rtol=1e-4
    )


def test_the_program_trains_as_the_page_says() -> None:
    features, ref = tasks.alike(0.5, 1, prompts=1), torch.full((16,), 1 / 16).double().log()
    u, moved = tasks.displaced(features, 0.2, 5, rate=0.7)
    data = code.Data(torch.tensor([[0, 1]]), torch.ones(1).double(), torch.ones(16).double())
    loss = lambda pair: code.anchored(pair, weight=0.2)  # noqa: E731
    theta = code.fit(loss, torch.zeros(16).double(), ref, features[0, 0], data, 5, 0.7)
    log_pi = code.policy(theta, ref, features[0, 0])
    torch.testing.assert_close(u[-1, 0, 0], log_pi - ref)
    torch.testing.assert_close(moved[-1, 0], (log_pi.exp() * (log_pi - ref)).sum())


def test_all_answers_are_counted_and_their_probabilities_add_up() -> None:
    made, length, facts = tasks.answers()
    assert len(made) == sum(2**n for n in range(1, 7))
    logits = tasks.start() + normal(6, 2, 3) * 0.3
    assert float(tasks.log_probability(logits, made).exp().sum()) == pytest.approx(1, abs=1e-9)
    assert float(facts.max()) == 2
    assert length.tolist() == sorted(length.tolist())
    p = tasks.start().softmax(-1)
    one = tasks.log_probability(tasks.start(), made)[0].exp()  # a fact, then the end
    assert float(one) == pytest.approx(float(p[0, 0, 0] * p[1, 1, 2]))
    assert tasks.start()[..., 0].numel() * 3 == 36
    said("A policy with 36 weights learns from 400 pairs of the reference.")
    assert figures.PAIRS == 400


def test_the_program_of_length_goes_down_its_loss() -> None:
    made, _, _ = tasks.answers()
    log_ref = tasks.log_probability(tasks.start(), made)
    pairs = torch.tensor([[[5, 70], [40, 100]]])
    got = tasks.trained(lambda *p: code.dpo(code.Pair(*p)), pairs, steps=20)[0]
    h = (got - log_ref)[pairs[0]]
    assert (h[:, 0] > h[:, 1]).all()
    assert float(got.exp().sum()) == pytest.approx(1, abs=1e-9)


# Weights without end.


def test_the_weights_as_the_page_tells_them() -> None:
    table = read("agreed.csv")
    assert table["steps"] == [1, 3, 10, 30, 100, 300, 1000]
    dpo, smooth, ipo = (table[f"{name}_mean"] for name in ("DPO", "cDPO", "IPO"))
    assert all(b > a for a, b in itertools.pairwise(dpo))
    assert abs(ipo[-1] - ipo[-2]) < 1e-6
    assert 11 < dpo[-1] < 12.5
    assert 4.5 < smooth[-1] < 5.2
    assert all(0.6 < v < 1 for v in ipo)
    assert ipo == sorted(ipo)
    risen = [b - a for a, b in itertools.pairwise(dpo)]
    assert risen == sorted(risen)
    said(f"size {dpo[4]:.2f} after 100 steps, {dpo[5]:.2f} after 300 and {dpo[6]:.2f} after 1,000,")
    said(f"divergence from the reference is {table['DPO divergence'][-1]:.2f} nats at the end.")
    said(f"IPO stops at {ipo[-1]:.2f}, with a divergence of {table['IPO divergence'][-1]:.2f};")
    said(f"is at {smooth[-1]:.2f} and {table['cDPO divergence'][-1]:.2f}; some seeds still move.")
    assert table["cDPO_most"][-1] > table["cDPO_most"][-2] + 1
    assert (figures.FEW, figures.NOISE, figures.SEEDS) == (10, 0.1, 20)
    said(
        "**Ten pairs of eight answers, whose better answer always wins.** $\\beta = 1$, cDPO with $\\epsilon = 0.1$."
    )
    said("its weights still grew at step 1,000, the last. IPO's had stopped;")


# Displacement.


def test_the_fall_of_the_chosen_as_the_page_tells_it() -> None:
    table, share = read("displaced.csv"), read("shares.csv")
    chosen, rejected = table["DPO chosen_mean"], table["DPO rejected_mean"]
    assert all(b < a for a, b in itertools.pairwise(chosen[1:]))
    assert 0 < chosen[1] < 0.05
    assert all(r < c for r, c in zip(rejected[1:], chosen[1:], strict=True))
    margin = chosen[-1] - rejected[-1]
    at = share["apart"].index(0.3)
    assert margin == pytest.approx(share["DPO margin"][at])
    low, high = table["DPO chosen_least"][-1], table["DPO chosen_most"][-1]
    said(
        f"moved the chosen by −{-chosen[-1]:.2f} nats (−{-low:.2f} to −{-high:.2f} over the seeds)",
        f"over the seeds) and the rejected by −{-rejected[-1]:.2f};",
    )
    said(f"{100 * share['DPO_mean'][at]:.0f} % of the chosen are less probable than before.")
    cured = table["with likelihood chosen_mean"]
    kept = cured[-1] - table["with likelihood rejected_mean"][-1]
    assert all(c > 0 for c in cured[1:])
    assert abs(table["with likelihood rejected_mean"][-1]) < 0.1
    fallen = 100 * share["with likelihood_mean"][at]
    said(f"the chosen gain {cured[-1]:.2f}, and {fallen:.0f} % of them fall.")
    said(f"*Price:* the margin is {kept:.2f} in place of {margin:.2f}, and imitation")
    said(
        f"They lost {-chosen[-1]:.2f} nats (natural units) of log-probability in the mean, and "
        f"{100 * share['DPO_mean'][at]:.0f} % of them fell, while the margin grew to {margin:.2f}."
    )
    said(
        f"With 0.2 times the likelihood term they gained {cured[-1]:.2f}; "
        f"the price is the margin, which then was {kept:.2f}."
    )
    assert (figures.WEIGHT, figures.STEPS) == (0.2, 300)
    features = tasks.alike(0.3)
    assert features.shape == (20, 8, 16, 16)
    cosine = torch.cosine_similarity(features[:, :, 0], features[:, :, 1], dim=-1).mean()
    said(f"the mean cosine of their features is about {float(cosine):.1f}.")
    u = tasks.displaced(features, 0.0, 300)[0][-1]
    held = u.exp() / 16
    fell = u[..., 0] < 0
    own, rest = float(held[..., 0][fell].mean()), float(held[..., 2:].sum(-1)[fell].mean())
    said(
        f"it keeps {own:.3f} of 0.0625, and the 14 answers that are in no pair hold {rest:.3f}. The"
    )
    said(f"over all pairs the chosen have {float(held[..., 0].mean()):.3f}, since a few won much")


def test_the_shares_as_the_page_tells_them() -> None:
    table = read("shares.csv")
    for n, row in enumerate(rows_of("tab-preference-optimisation-shares")):
        assert float(row[0]) == table["apart"][n]
        found = [table[k][n] for k in ("first step", "DPO_mean", "with likelihood_mean")]
        assert row[1:] == [f"{100 * v:.0f} %" for v in found]


# Length, noise, pairs, beta.


def spread(mean: float, deviation: float, digits: int) -> str:
    """As the page prints it."""
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}"


def test_the_lengths_as_the_page_tells_them() -> None:
    table = read("lengths.csv")
    rows = rows_of("tab-preference-optimisation-length")
    assert len(rows) == len(figures.METHODS)
    for n, row in enumerate(rows):
        assert row[1] == spread(table["length"][n], table["length, deviation"][n], 2)
        assert row[2] == spread(table["truth"][n], table["truth, deviation"][n], 2)
        assert row[3:] == [f"{table['facts'][n]:.2f}", f"{table['divergence'][n]:.2f}"]
    fair, dpo, undone, twice, normal_, simpo = table["length"]
    said(f"made answers of {dpo:.2f} words from pairs that with a fair judge gave {fair:.2f}.")
    said(
        f"(R-DPO) brought them to {undone:.2f}; one must know the price, and twice it gave {twice:.2f} words"
    )
    stayed = spread(table["truth"][3], table["truth, deviation"][3], 2)
    said(f"cuts facts, {table['facts'][3]:.2f} in place of {table['facts'][0]:.2f}, and words")
    lost, saved = (table["facts"][0] - table["facts"][3], -tasks.PER_WORD * (fair - twice))
    said(
        f"the true reward stayed, {stayed}, since it lost {lost:.2f} for facts and saved {saved:.2f}"
    )
    facts, words = table["facts"][5] - table["facts"][2], simpo - undone
    said(
        f"{words:.2f} more words cost {-tasks.PER_WORD * words:.2f}, "
        f"and brought {facts:.2f} more useful facts."
    )
    assert abs(table["truth"][5] - table["truth"][2]) < table["truth, deviation"][2]
    assert table["divergence"][5] == max(table["divergence"])
    assert table["truth"][3] > table["truth"][0] - 0.01
    assert twice < fair < undone < simpo < normal_ < dpo
    assert table["truth"][1] < table["truth"][4] < table["truth"][5] < table["truth"][2]
    assert (tasks.USEFUL, tasks.PER_WORD, tasks.BIAS, figures.ALPHA, figures.BETA) == (
        2,
        -0.3,
        0.5,
        0.5,
        0.5,
    )


def test_the_noise_as_the_page_tells_it() -> None:
    table = read("noise.csv")
    assert table["pairs"] == [200, 5000]
    assert runs.FLIPPED == 0.2
    names = ("right labels, DPO", "DPO", "cDPO", "robust DPO")
    for row, name in zip(rows_of("tab-preference-optimisation-noise"), names, strict=True):
        found = zip(table[name], table[f"{name}, deviation"], strict=True)
        assert row[1:] == [spread(mean, deviation, 3) for mean, deviation in found]
    few, many = ({name: table[name][n] for name in names} for n in (0, 1))
    assert many["robust DPO"] < many["DPO"] / 5
    assert few["robust DPO"] == max(few.values())
    assert few["robust DPO"] - few["DPO"] > few["DPO"] - few["right labels, DPO"]
    assert many["cDPO"] > many["DPO"]
    assert few["cDPO"] > few["DPO"]


def test_whose_pairs_as_the_page_tells_it() -> None:
    table = read("policies.csv")
    assert table["residual"] == [1, 0.3]
    names = ("reference", "another", "online", "best")
    for row, name in zip(rows_of("tab-preference-optimisation-online"), names, strict=True):
        found = zip(table[f"{name} objective"], table[f"{name} objective, deviation"], strict=True)
        assert row[1:] == [spread(mean, deviation, 2) for mean, deviation in found]
    large, small = table["online ahead"]
    said(
        f"ahead of the reference's in {large:.0f} of 20 seeds.",
        f"With the small part it was {small:.0f} of 20:",
    )
    assert (runs.ANSWERS, runs.WIDTH, runs.ROUNDS, runs.PENALTY) == (64, 8, 8, 0.3)


def test_beta_as_the_page_tells_it() -> None:
    table = read("betas.csv")
    for n, row in enumerate(reversed(rows_of("tab-preference-optimisation-beta"))):
        assert float(row[0]) == table["beta"][n]
        assert row[1] == spread(table["reward"][n], table["reward, deviation"][n], 2)
        assert row[2] == spread(table["divergence"][n], table["divergence, deviation"][n], 2)
    low, _, middle, one, _ = zip(table["reward"], table["divergence"], strict=True)
    said(
        f"From 1 to 0.3 the reward gains {middle[0] - one[0]:.2f} for {middle[1] - one[1]:.2f} nats,"
    )
    said(f"from 0.3 to 0.03 it gains {low[0] - middle[0]:.2f} for {low[1] - middle[1]:.2f}.")


def test_the_settings_are_those_that_the_page_tells() -> None:
    assert (figures.FEW, figures.STEPS, figures.EVERY, figures.PAIRS, figures.SEEDS) == (
        10,
        300,
        10,
        400,
        20,
    )
    assert figures.MARKED[-1] == 1000
    assert {name: setting["beta"] for name, setting in figures.SETTINGS.items()} == {
        "normalised DPO": 1,
        "SimPO": 1,
    }
    said("normalised DPO and SimPO 1, SimPO's target 0.5.")
    assert figures.SETTINGS["SimPO"]["target"] == 0.5
    _, length, _ = tasks.answers()
    assert (length.min(), length.max(), tasks.WORDS) == (1, 6, 6)
    _, features, reward, _ = runs.world(0.0)
    assert features.shape == (20, 64, 8)
    assert 0.8 < float(reward.std(-1).mean()) < 1.1  # what the features say
    assert 100 * runs.ROUNDS == 800
    lengths = read("lengths.csv")
    assert [round(lengths["length"][n], 1) for n in (0, 2, 3, 5, 1)] == [2.8, 3.0, 1.6, 4.6, 4.9]
    assert [round(lengths["truth"][n], 1) for n in (0, 2, 3)] == [0.6] * 3
