"""What the page says of its tables and curves, read from the csv files of the figures."""

from itertools import pairwise
from pathlib import Path

import pytest

from scripts.figures import comparison as figures
from scripts.figures import style
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
    for kind in ("diffusion", "gan", "vae"):
        assert 0.2 < 1 - near[kind] < 0.25
    said(
        f"{near['autoregressive']:.3f} of its samples are near a mode, and it wastes "
        f"{lost['autoregressive']:.2f} bits a point",
        f"The energy-based model is next, {near['energy']:.3f}, then the flow and flow matching.",
    )
    spread = by_class(table, "near, deviation")
    said(
        f"VAE and GAN, {near['vae']:.3f} ± {spread['vae']:.3f} and {near['gan']:.3f} ± {spread['gan']:.3f}, cannot"
    )


def test_the_digits() -> None:
    table = numbers("covered")
    precision, recall = by_class(table, "precision"), by_class(table, "recall")
    bits = by_class(table, "likelihood")
    assert max(precision, key=precision.__getitem__) == "diffusion"
    assert recall["matching"] > recall["diffusion"]
    assert min((v, k) for k, v in bits.items() if v == v)[1] == "autoregressive"
    assert min(recall, key=recall.__getitem__) == "gan"
    distance = by_class(table, "distance")
    assert all(value > table["distance"][NORMAL] for value in distance.values())
    assert min(distance.values()) - table["distance"][NORMAL] < 0.001
    low = sorted(NAMES, key=lambda kind: precision[kind])[:2]
    assert set(low) == {"gan", "autoregressive"}
    trained = by_class(table, "likelihood of training")
    said(
        f"Diffusion has the best precision, {precision['diffusion']:.2f}, and flow matching is close",
        f"has a precision of {precision['autoregressive']:.2f}, and yet the best likelihood: "
        f"{bits['autoregressive']:.2f} bits for a pixel",
        f"The GAN covers least, with a recall of {recall['gan']:.2f}.",
        f"energy distance as small as the best classes, {table['distance'][NORMAL]:.3f}, and a precision of "
        f"{table['precision'][NORMAL]:.2f}:",
        f"has an energy distance of {table['distance'][NORMAL]:.3f}, and no class has less",
        f"Its precision is {table['precision'][NORMAL]:.2f}: hardly",
        f"The flow needs {bits['flow']:.2f} bits for a pixel of the test items and {trained['flow']:.2f} for one",
        f"No class copies: at most {max(by_class(table, 'copied').values()):.3f} of the samples",
    )


def test_the_budget() -> None:
    table = numbers("budgets")
    flow, matching, gan = table["flow"], table["matching"], table["gan"]
    diffusion = table["diffusion"]
    assert diffusion[0] == pytest.approx(numbers("near")["near"][NORMAL], abs=0.01)
    assert all(a < b for a, b in pairwise(diffusion))
    said(
        f"With 750 steps diffusion has {diffusion[0]:.2f} of its samples near a mode, as many as one normal "
        f"density, and the autoregressive model {table['autoregressive'][0]:.2f}.",
        f"flow matching is at {matching[3]:.2f} and has passed the flow, {flow[3]:.2f}; with 1,500 it was behind "
        f"it, {matching[1]:.2f} against {flow[1]:.2f}.",
        f"The GAN is at {gan[1]:.2f} with 1,500 steps and at {gan[3]:.2f} with 6,000",
        f"With 1,500 steps diffusion has {diffusion[1]:.2f} ± {table['diffusion, deviation'][1]:.2f} near a mode",
    )


def test_the_passes() -> None:
    table = numbers("passes")
    diffusion, matching, energy = (table[kind] for kind in ("diffusion", "matching", "energy"))
    assert max(diffusion[0], matching[0]) < 0.001
    for kind in figures.REFINING:
        row, spread = table[kind], table[f"{kind}, deviation"]
        assert all(abs(row[n] - row[4]) < spread[4] + spread[n] for n in (5, 6)), kind
    said(
        f"with 2 it is {diffusion[1]:.2f} and {matching[1]:.2f}, with 5 {diffusion[2]:.2f} and {matching[2]:.2f}.",
        f"with one step it has {energy[0]:.2f}, with 10 {energy[3]:.2f}.",
    )
