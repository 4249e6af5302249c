"""What the page says of its tables and curves, read from the csv files of the figures."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from docs.models.comparison import comparison, measures
from scripts.figures import comparison as figures
from scripts.figures import comparison_noise, style
from scripts.weights import comparison as runs
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "comparison.md"
said = sayings(PAGE)
NAMES = list(figures.NAMES)
NORMAL = len(NAMES) + 1


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(PAGE.parent / "comparison" / f"{name}.csv")


def by_class(table: style.Table, name: str) -> dict[str, float]:
    """A measure of each class."""
    return dict(zip(NAMES, table[name], strict=False))


def test_the_ring() -> None:
    table = numbers("near")
    near, lost = by_class(table, "near"), by_class(table, "likelihood")
    order = sorted(NAMES, key=lambda kind: -near[kind])
    assert order[:4] == ["autoregressive", "energy", "flow", "matching"]
    assert all(table["modes"][n] == 8 for n in range(len(NAMES)))
    assert min(value for value in lost.values() if value == value) == lost["autoregressive"]
    spread = by_class(table, "near, deviation")
    for kind in ("diffusion", "gan", "vae"):
        assert 0.2 < 1 - near[kind] < 0.25
    for kind in ("gan", "vae"):
        assert near["diffusion"] - near[kind] > max(spread["diffusion"], spread[kind])
    assert abs(near["gan"] - near["vae"]) < min(spread["gan"], spread["vae"])
    recall, apart = by_class(table, "recall"), by_class(table, "recall, deviation")
    precision = by_class(table, "precision")
    assert sorted(recall, key=recall.__getitem__)[:2] == ["gan", "flow"]
    assert max(recall.values()) > table["recall"][len(NAMES)], "a perfect model is not the highest"
    assert max(precision, key=precision.__getitem__) == "autoregressive"
    said(
        f"{near['autoregressive']:.3f} of its samples are near a mode, and it wastes "
        f"{lost['autoregressive']:.2f} bits a point",
        f"The energy-based model is next, {near['energy']:.3f}, then the flow and flow matching; the spreads",
        f"the GAN is lowest here too: {recall['gan']:.3f} ± {apart['gan']:.3f}; data have "
        f"{table['recall'][len(NAMES)]:.3f}, and the flow, next to last, {recall['flow']:.3f}.",
        f"By precision autoregression leads on the ring, with {precision['autoregressive']:.2f}, and has",
    )
    assert near["energy"] - spread["energy"] < near["flow"] + spread["flow"]
    one, two = order[:2]
    said(
        f"the most samples near a mode, {near[one]:.3f} ± {spread[one]:.3f} where the next class has "
        f"{near[two]:.3f} ± {spread[two]:.3f}."
    )
    said(
        f"VAE and GAN, {near['vae']:.3f} ± {spread['vae']:.3f} and {near['gan']:.3f} ± "
        f"{spread['gan']:.3f}, are not told"
    )


def test_the_pictures_of_the_ring_and_what_the_demo_says_of_them() -> None:
    table = numbers("ring")
    drawn = {
        kind: measures.near(
            torch.tensor([*zip(table[f"{kind}, x"], table[f"{kind}, y"], strict=True)])
        )[0]
        for kind in NAMES
    }
    order = sorted(drawn, key=lambda kind: -drawn[kind])
    assert order == ["autoregressive", "energy", "flow", "diffusion", "gan", "matching", "vae"]
    assert drawn["energy"] > 0.94
    assert drawn["diffusion"] > 0.85 > 0.8 > drawn["gan"]
    near = by_class(numbers("near"), "near")
    assert drawn["diffusion"] > drawn["matching"]
    assert near["diffusion"] < near["matching"], "eighty points mislead"

    def share(kind: str, passes: int) -> float:
        text = figures.kept()[kind][0][runs.PASSES.index(passes)]
        return measures.near(torch.tensor(figures.points(text)))[0]

    assert share("energy", 1) < 0.5 < 0.9 < share("energy", 10)
    assert share("matching", 100) == share("matching", 5)
    assert share("diffusion", 5) < share("diffusion", 100) < 0.8
    told = (PAGE.parent / "comparison" / "demo.mjs").read_text(encoding="utf-8")
    curve = numbers("passes")
    for kind in ("diffusion", "matching"):
        gain = curve[kind][-1] - curve[kind][runs.PASSES.index(5)]
        assert f"with all samples and seeds both gain {gain:.2f}." in told


def test_the_digits() -> None:
    table = numbers("covered")
    precision, recall = by_class(table, "precision"), by_class(table, "recall")
    bits = by_class(table, "likelihood")
    assert max(precision, key=precision.__getitem__) == "diffusion"
    assert recall["matching"] > recall["diffusion"]
    assert min((v, k) for k, v in bits.items() if v == v)[1] == "autoregressive"
    assert min(recall, key=recall.__getitem__) == "gan"
    distance = by_class(table, "distance")
    spread = table["distance, deviation"]
    best = min(range(len(NAMES)), key=table["distance"].__getitem__)
    assert abs(min(distance.values()) - table["distance"][NORMAL]) < spread[best] + spread[NORMAL]
    assert max((recall[k], k) for k in NAMES if precision[k] > 0.5)[1] == "matching"
    assert sorted(precision, key=precision.__getitem__)[-4:] == [
        "flow",
        "energy",
        "matching",
        "diffusion",
    ]
    low = sorted(NAMES, key=lambda kind: precision[kind])[:2]
    assert set(low) == {"gan", "autoregressive"}
    place = [complex(*pair) for pair in zip(table["precision"], table["recall"], strict=True)]
    from_data = sorted(NAMES, key=lambda kind: abs(place[NAMES.index(kind)] - place[len(NAMES)]))
    assert set(from_data[:2]) == {"diffusion", "matching"}
    trained = by_class(table, "likelihood of training")
    one, two = sorted(precision, key=precision.__getitem__)[:-3:-1]
    apart = by_class(table, "precision, deviation")
    rows = {kind: figures.runs()["digits"][kind]["runs"] for kind in (one, two)}
    assert min(run["precision"] for run in rows[one]) < max(run["precision"] for run in rows[two])
    assert bits["vae"] > table["likelihood"][NORMAL]
    assert max((v, k) for k, v in bits.items() if v == v)[1] == "flow"
    said(
        f"one of the two lowest values on the digits, {precision['autoregressive']:.2f}.",
        f"its likelihood is the worst ({bits['flow']:.2f} bits for a pixel;",
        f"has overfitted, too: {trained['autoregressive']:.2f} bits on training items against "
        f"{bits['autoregressive']:.2f}.",
        f"One normal density needs {table['likelihood'][NORMAL]:.2f} bits: the flow needs more with either noise,",
        f"the highest mean precision on the digits, {precision[one]:.2f} ± {apart[one]:.2f} where the next class "
        f"has {precision[two]:.2f} ± {apart[two]:.2f}, for",
        f"Diffusion has the best mean precision, {precision['diffusion']:.2f}, and flow matching follows with "
        f"{precision['matching']:.2f};",
        f"for as many passes, with a recall of {recall['matching']:.2f}, the highest of the classes whose precision is "
        "above 0.5.",
        f"the recall of three was {recall['gan']:.2f} in the mean",
        f"has a precision of {precision['autoregressive']:.2f}, and yet the best likelihood: "
        f"{bits['autoregressive']:.2f} bits for a pixel",
        f"The GAN has the lowest recall, {recall['gan']:.2f}.",
        f"energy distance about as small as that of the best classes, {table['distance'][NORMAL]:.3f}, "
        f"and a precision of {table['precision'][NORMAL]:.2f}:",
        f"has an energy distance of {table['distance'][NORMAL]:.3f}, about that of the best classes.",
        f"and its precision is {table['precision'][NORMAL]:.2f}: most",
        f"The flow needs {bits['flow']:.2f} bits for a pixel of the test items and {trained['flow']:.2f} for one",
        f"At most {100 * max(by_class(table, 'copied').values()):.1f} % of the samples",
    )


def test_fresh_noise() -> None:
    fresh, table = numbers("noise"), numbers("covered")
    flow, matching = NAMES.index("flow"), NAMES.index("matching")
    bits = fresh["bits"]
    mean = {name: np.mean(values) for name, values in fresh.items()}
    apart = {name: np.std(values, ddof=1) for name, values in fresh.items()}
    assert fresh["seed"] == [*range(runs.SETS["digits"]["seeds"])]
    assert max(bits) - table["likelihood"][NORMAL] < table["likelihood"][flow] - max(bits), "most"
    assert min(bits) > max(
        v for n, v in enumerate(table["likelihood"][:-2]) if n != flow and v == v
    )
    assert min(bits) > table["likelihood"][NORMAL]
    spread = apart["precision"] + table["precision, deviation"][matching]
    assert abs(mean["precision"] - table["precision"][matching]) < spread
    said(
        f"{mean['bits']:.2f} with [noise drawn anew in each batch](#digits), and a precision like that of flow",
        f"three flows ([seeds 0 to 2](comparison/noise.csv)) need {mean['bits']:.2f} ± {apart['bits']:.2f} bits, and "
        f"{mean['bits of training']:.2f} on training items; their precision is {mean['precision']:.2f} ± "
        f"{apart['precision']:.2f}, as that of flow matching, and their recall {mean['recall']:.2f} ± "
        f"{apart['recall']:.2f}.",
    )


def test_fresh_noise_changes_no_level() -> None:
    train = runs.data("digits")[0]
    fresh = comparison_noise.Fresh(train, 0)
    picked = torch.arange(len(fresh))
    one, two = fresh[picked], fresh[picked]
    assert one.shape == train.shape
    assert not torch.equal(one, two)
    assert runs.tones(one) == runs.tones(two) == runs.tones(train)
    inside = (one / 4 + 0.5) * measures.LEVELS - fresh.levels
    assert float(inside.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(inside.std()) == pytest.approx(12**-0.5, abs=0.01)


def test_recall_of_samples_that_scatter() -> None:
    table, wide, digits = numbers("scattered"), numbers("wide"), numbers("covered")
    noise, precision, recall = (table[name] for name in ("noise", "precision", "recall"))
    assert precision == sorted(precision, reverse=True)
    assert recall == sorted(recall)
    chain, matching = NAMES.index("autoregressive"), NAMES.index("matching")
    assert (
        min(digits["recall"][NORMAL], digits["recall"][chain]) > digits["recall"][matching] - 0.05
    )
    assert max(digits["precision"][NORMAL], digits["precision"][chain]) < 0.4
    assert max(wide["modes"]) == 0
    said(
        f"normal noise of deviation {noise[2]:.1f} added have precision {precision[2]:.2f} and recall {recall[2]:.2f}.",
        f"Its recall, {digits['recall'][NORMAL]:.2f}, does not show coverage, nor does "
        f"{digits['recall'][chain]:.2f} of the autoregressive model, whose precision is "
        f"{digits['precision'][chain]:.2f}.",
        f"normal noise of deviation {noise[0]:.0f}, {noise[1]:.1f} and {noise[2]:.1f} added "
        f"([three seeds](comparison/scattered.csv)) have the precision {precision[0]:.2f}, {precision[1]:.2f} and "
        f"{precision[2]:.2f}, but the recall {recall[0]:.2f}, {recall[1]:.2f} and {recall[2]:.2f}.",
        f"one normal density of deviation {comparison_noise.WIDE:.0f} ([three seeds](comparison/wide.csv)) has "
        f"{np.mean(wide['near']):.2f} of its samples near a mode, none of the eight modes, and a recall of "
        f"{np.mean(wide['recall']):.2f}.",
    )


def test_the_budget() -> None:
    table = numbers("budgets")
    flow, matching, gan = table["flow"], table["matching"], table["gan"]
    diffusion = table["diffusion"]
    assert diffusion[0] == pytest.approx(numbers("near")["near"][NORMAL], abs=0.01)
    assert all(a < b for kind in NAMES if kind != "gan" for a, b in pairwise(table[kind]))
    modes = [
        [run["modes"] for run in seeds] for seeds in figures.runs()["ring"]["energy"]["budgets"]
    ]
    assert (min(modes[2]), sorted(modes[3])) == (8, [7, 8, 8])
    said(
        "with 6,000 steps one of three energy-based models had lost a mode, which none of the three had "
        "with half of these steps."
    )
    assert table["steps"][3] == 2 * table["steps"][2]
    rows = figures.runs()["ring"]["diffusion"]["budgets"][1]
    low, _, high = sorted(run["near"] for run in rows)
    said(
        f"With 750 steps diffusion has {diffusion[0]:.2f} of its samples near a mode, as many as one normal "
        f"density, and the autoregressive model {table['autoregressive'][0]:.2f}.",
        f"flow matching is at {matching[3]:.2f} and has passed the flow, {flow[3]:.2f}; with 1,500 it was behind "
        f"it, {matching[1]:.2f} against {flow[1]:.2f}.",
        f"The GAN is at {gan[1]:.2f} with 1,500 steps and at {gan[3]:.2f} with 6,000",
        f"With 1,500 steps diffusion has {diffusion[1]:.2f} ± {table['diffusion, deviation'][1]:.2f} near a mode "
        f"over three seeds, from {low:.3f} to {high:.3f}:",
        f"it would be level with the VAE, {table['vae'][1]:.2f}, with another {table['vae'][1] - low:.2f} below.",
    )
    assert abs(high - table["vae"][1]) < 2 * table["vae, deviation"][1]


def test_the_passes() -> None:
    table = numbers("passes")
    diffusion, matching, energy = (table[kind] for kind in ("diffusion", "matching", "energy"))
    assert max(diffusion[0], matching[0]) < 0.001
    assert table["passes"][:4] == [1, 2, 5, 10]
    for kind in figures.REFINING:
        row, spread = table[kind], table[f"{kind}, deviation"]
        assert all(abs(row[n] - row[4]) < spread[4] + spread[n] for n in (5, 6)), kind
    said(
        f"with two it is {diffusion[1]:.2f} and {matching[1]:.2f}, with five it is {diffusion[2]:.2f} and "
        f"{matching[2]:.2f}.",
        f"with one step it has {energy[0]:.2f}, with ten it has {energy[3]:.2f}.",
    )


def test_the_clock() -> None:
    ring, digits = numbers("near"), numbers("covered")
    for table in (ring, digits):
        train, sample = by_class(table, "train"), by_class(table, "sample")
        assert max(train, key=train.__getitem__) == max(sample, key=sample.__getitem__) == "energy"
        assert set(sorted(sample, key=sample.__getitem__)[:3]) == {"vae", "gan", "flow"}
    took = [by_class(table, "train").values() for table in (ring, digits)]
    least, most = min(map(min, took)), max(map(max, took))
    said(
        f"A training run took, in the mean of a class, between {least:.1f} and {most:.1f} seconds of CPU"
    )
    most = [
        1000 * max(by_class(t, "sample")[kind] for kind in ("vae", "gan", "flow"))
        for t in (ring, digits)
    ]
    said(f"at most {most[0]:.1f} milliseconds for 1,000 samples on the ring and {most[1]:.1f} on")
    assert all(
        min(by_class(t, "sample"), key=by_class(t, "sample").__getitem__) == "gan"
        for t in (ring, digits)
    )
    sample = by_class(ring, "sample")
    assert sorted(sample, key=sample.__getitem__)[3] == "autoregressive"
    fast = [
        sorted(by_class(t, "train"), key=by_class(t, "train").__getitem__) for t in (ring, digits)
    ]
    assert fast[0][0] == "autoregressive"
    assert set(fast[1][:2]) == {"matching", "diffusion"}
    said(f"the last time it took {figures.runs()['minutes']:.0f} minutes on two shared cores.")


def test_the_seed_of_earlier_trials_is_one_of_those_reported() -> None:
    said("These trials used one training seed, 0, which is one of the seeds reported.")
    assert all(0 in range(budget["seeds"]) for budget in runs.SETS.values())
    assert all(runs.TUNED not in range(budget["seeds"]) for budget in runs.SETS.values())


def test_the_settings_that_were_chosen() -> None:
    found = figures.runs()
    rates = [found[name][kind]["rate"] for name in runs.SETS for kind in NAMES]
    edge = sum(rate in (min(runs.RATES), max(runs.RATES)) for rate in rates)
    said(f"In {edge} of the {len(rates)} cases it is the smallest or the largest")
    energy = runs.OF_A_SET["ring"]["energy"]
    said(
        f"One step of its training holds a walk of {energy['walk']} passes",
        f"and one sample a walk of {numbers('near')['passes'][NAMES.index('energy')]:.0f};",
    )


def test_masks_switch_weights_off() -> None:
    told = []
    for name, size in (("ring", 2), ("digits", 64)):
        settings = runs.OF_A_SET[name]["autoregressive"] | {"size": size}
        wanted = runs.SETS[name]["parameters"]
        model = comparison.fitted(runs.CLASSES["autoregressive"], wanted, **settings)
        masks = sum(int(mask.sum()) for mask in model.masks)
        learning = masks + sum(layer.bias.numel() for layer in model.layers)
        model.loss(torch.rand(100, size), torch.Generator()).backward()
        for layer, mask in zip(model.layers, model.masks, strict=True):
            assert not layer.weight.grad[mask == 0].any()
        told.append((learning, comparison.size(model)))
    (few, of), (fewer, all_) = told
    said(
        f"only {few:,} of its {of:,} numbers learn on the ring and {fewer:,} of {all_:,} on the digits."
    )


def test_the_bins_of_the_digits_are_their_levels() -> None:
    said("On the digits the bins of the autoregressive model are the 17 levels.")
    assert runs.OF_A_SET["digits"]["autoregressive"]["bins"] == measures.LEVELS == 17


def test_what_spreads_more_than_counting() -> None:
    def ratio(table: style.Table, name: str, counted: int) -> dict[str, float]:
        share, spread = by_class(table, name), by_class(table, f"{name}, deviation")
        return {k: spread[k] / (share[k] * (1 - share[k]) / counted) ** 0.5 for k in NAMES}

    ring = ratio(numbers("near"), "near", runs.SETS["ring"]["measured"])
    assert {kind for kind in NAMES if ring[kind] > 1.1} == {"flow", "energy", "matching"}
    assert min(ring[kind] for kind in ("flow", "energy", "matching")) > 2
    digits = ratio(numbers("covered"), "precision", runs.SETS["digits"]["measured"])
    assert all(0.9 < digits[kind] < 1.2 for kind in ("diffusion", "matching"))


def test_the_settings_of_both_sets() -> None:
    ring, digits = runs.SETS["ring"], runs.SETS["digits"]
    said(
        f"Each class has {ring['parameters']:,} parameters and sees {ring['steps']:,} batches of "
        f"{ring['batch']} points.",
        f"8 × 8 pixels; {digits['parameters']:,} parameters and {digits['steps']:,} batches of {digits['batch']}.",
        f"cuts each of the two numbers into {runs.OF_A_SET['ring']['autoregressive']['bins']} bins",
        f"the deviation {measures.DEVIATION:.2f}, lie on a circle of radius {measures.RADIUS:.1f}.",
    )
