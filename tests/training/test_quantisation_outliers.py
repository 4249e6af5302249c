"""Outliers and their cures, and what the page tells of its figures: the GPT by bits, its cache, and training."""

from math import sqrt

import numpy as np
import pytest
import torch

from docs.training.quantisation import outliers
from docs.training.quantisation import quantisation as code
from scripts.figures import quantisation as figures
from scripts.figures import quantisation_trained as trained
from scripts.figures import style
from tests.draws import normal
from tests.said import sayings, tables

PAGE = style.DOCS / "training" / "quantisation.md"
DATA = PAGE.parent / "quantisation"
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure."""
    return style.read_table(DATA / f"{name}.csv")


# The program.


def test_a_spoilt_layer_has_the_same_function() -> None:
    x, w = outliers.layer(0, 1.0)
    spoilt = outliers.layer(0, 100.0)
    torch.testing.assert_close(spoilt[0] @ spoilt[1].T, x @ w.T)
    assert float(spoilt[0][:, 0].abs().mean() / x[:, 0].abs().mean()) == pytest.approx(100)


def test_the_programs_round_alike() -> None:
    w = normal(6, 64)
    kind = code.Format(code.integers(4), 4, 16, 16)
    torch.testing.assert_close(outliers.rounded(w, 4, 16), code.quantise(w, kind))
    turn = outliers.rotation(64, torch.Generator().manual_seed(3))
    torch.testing.assert_close(turn @ turn.T, torch.eye(64).double())
    torch.testing.assert_close(turn.abs(), torch.full((64, 64), 1 / 8).double())


def test_a_product_of_codes_is_the_product_of_rounded_numbers() -> None:
    x, w = normal(5, 12), normal(4, 12, seed=1)
    (p, a), (q, b) = code.absmax(x, 8), code.absmax(w, 8)
    whole = (p.int() @ q.int().T).double()  # as a processor does it
    torch.testing.assert_close(outliers.both(x, w), whole * a * b.T)


@pytest.mark.parametrize("name", outliers.CURES)
def test_without_rounding_a_cure_leaves_the_product(name: str) -> None:
    x, w = outliers.layer(1, 100.0)
    made = {
        "plain": outliers.both,
        "smoothed": outliers.smoothed,
        "rotated": outliers.rotated,
        "parted": outliers.parted,
    }[name](x, w, 30)
    torch.testing.assert_close(made, x @ w.T, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("inputs", ("plain", "smoothed", "rotated", "parted")),
        ("weights", ("matrix", "row", "group", "column", "rotated")),
    ],
)
def test_the_tables_of_outliers(kind: str, names: tuple[str, ...]) -> None:
    found, at = read("outliers"), read("outliers")["factor"].index(outliers.FACTOR)
    measured = {"inputs": outliers.inputs, "weights": outliers.weights}[kind](outliers.FACTOR)
    rows = {
        "inputs": rows_of("tab-quantisation-inputs"),
        "weights": rows_of("tab-quantisation-weights"),
    }[kind]
    for name, row in zip(names, rows, strict=True):
        mean, least, most = (found[f"{kind} {name}_{part}"] for part in ("mean", "least", "most"))
        assert row[1] == f"{mean[0]:.4f}"
        assert row[2].startswith(f"{mean[at]:.4f}")
        if "(" in row[2]:
            assert row[2].endswith(f"({least[at]:.4f} to {most[at]:.4f})")
        assert np.mean(measured[name]) == pytest.approx(mean[at], rel=1e-5)
    assert (outliers.SEEDS, outliers.INPUTS, outliers.OUTPUTS) == (5, 64, 64)


def test_what_is_told_of_outliers_in_a_layer() -> None:
    found = read("outliers")
    assert found["factor"] == [1, 10, 100, 1000]
    plain = found["inputs plain_mean"]
    said(f"of a layer in 8 bits from {plain[0]:.1%} to {plain[2]:.1%}.".replace("%", " %"))
    assert plain[0] < 0.01 < 0.8 < plain[3] < 1
    assert plain == sorted(plain)
    rotated = found["inputs rotated_mean"]
    assert all(r < p for r, p in zip(rotated[1:], plain[1:], strict=True))
    assert found["inputs rotated_most"][3] > found["inputs plain_least"][3]  # no longer told apart
    for name in ("smoothed", "parted"):
        assert max(found[f"inputs {name}_most"]) < 0.009
    matrix, row, group, turned = (
        found[f"weights {name}_mean"] for name in ("matrix", "row", "group", "rotated")
    )
    assert all(m > r for m, r in zip(matrix, row, strict=True))
    assert max(group) < 0.5 < matrix[1]
    assert turned[3] > matrix[3] > row[3] > group[3]
    said(
        f"For weights it is then worse than nothing: {turned[3]:.2f} against {row[3]:.2f} for a row."
    )
    assert len({f"{v:.6f}" for v in found["weights column_mean"]}) == 1


# The GPT.


def test_the_table_of_the_loss() -> None:
    found = read("loss")
    rows = list(zip(*found.values(), strict=True))

    def at(method: int, bits: float) -> tuple[float, ...]:
        return next(row[3:] for row in rows if row[0] == method and row[1] == bits)

    for code_bits, shared, weight, near, gptq, awq in rows_of("tab-quantisation-loss"):
        width = int(code_bits) + 16 / int(shared)
        assert float(weight) == width
        assert near == f"{at(10, width)[0]:.4f}"
        for method, cell in ((11, gptq), (12, awq)):
            if not cell:
                continue
            more, _, least, most = at(method, width)
            spread = f" ({least:.4f} to {most:.4f})" if shared == "64" else ""
            assert cell == f"{more:.4f}{spread}"
    assert (figures.DRAWS, figures.WINDOWS, figures.GROUPS) == (3, 64, (64, 32, 16))
    for bits in (4, 3, 2):
        for group in (64, 32, 16):  # below at every width
            assert at(11, bits + 16 / group)[3] < at(10, bits + 16 / group)[0]
    cut = [1 - at(11, bits + 0.25)[0] / at(10, bits + 0.25)[0] for bits in (4, 3)]
    assert 1 / 3 < cut[1] < cut[0] < 1 / 2
    said(f"and lost {at(10, 4)[0]:.3f}; 4 bits in groups of 64 are 4.25 and lost")
    said(f"are 4.25 and lost {at(10, 4.25)[0]:.3f}: here")
    mores = dict(zip(figures.SPECIAL, rows[: len(figures.SPECIAL)], strict=True))
    said(f"NF4 lost {mores['NF4'][3]:.4f}, MXFP4 {mores['MXFP4'][3]:.4f}, NVFP4 {mores['NVFP4'][3]:.4f};")  # fmt: skip
    for name in ("int8", "E4M3"):
        said(f"{name} {mores[name][3]:.4f} ± {mores[name][4]:.4f}")
    said(f"with ternary weights {mores['ternary'][3]:.2f} more.")
    said(f"The ternary model loses {mores['ternary'][3]:.2f} bits a character.")
    errors = [f"{at(10, bits + 0.25)[1]:.{places}f}" for bits, places in ((4, 3), (3, 3), (2, 2))]
    said(f"is about {errors[0]} at 4 bits, {errors[1]} at 3 and {errors[2]} at 2, to nearest.")
    for bits in (4, 3):
        awq, near = at(12, bits + 0.25), at(10, bits + 0.25)[0]
        assert abs(awq[0] - near) < 0.002
        assert max(abs(draw - near) for draw in awq[2:]) < 0.004
    falling = [at(10, width)[0] for width in (2.25, 2.5, 3.25, 3.5, 4, 4.25, 4.5, 5)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 1 > 0.02 > falling[-1] > 0.01
    assert max(mores[name][3] for name in ("int8", "E4M3")) < 0.001


def test_what_is_rounded_and_read() -> None:
    weights = figures.matrices(figures.trained())
    said(f"with {sum(layer.weight.numel() for layer in weights):,} weights in its twelve matrices")
    assert len(weights) == 12
    sizes = {}
    for name in ("int8", "E4M3", "int4", "MXFP4"):
        off = [code.quantise(layer.weight, code.FORMATS[name]) - layer.weight for layer in weights]
        changed = sum(float((part * part).sum()) for part in off)
        sizes[name] = sqrt(changed / sum(float(layer.weight.square().sum()) for layer in weights))
    errors = [f"{100 * sizes[name]:.1f} %" for name in ("int8", "E4M3")]
    said(f"the error of int8 is {errors[0]} of their size, that of E4M3 {errors[1]}. A larger")
    assert sizes["MXFP4"] > sizes["int4"]
    base = figures.cost(figures.trained())
    whole = float(base.sum()) / figures.held()[1]
    said(
        "with 4 bits, rounded to nearest in groups of 64, that GPT needs 0.03 bits a character "
        f"more than its {whole:.2f}, with"
    )
    said(f"needs {float(base.sum()) / figures.held()[1]:.3f} bits a character on held-out text.")
    said(f"The standard error of a difference to the model as it is, over {len(base)} pieces of")
    said(f"on the {figures.held()[1]:,} characters that were held out.")


def test_what_is_told_of_the_cured_model() -> None:
    found = read("cured")
    mean, least, most = (found[f"more_{part}"] for part in ("mean", "least", "most"))
    assert len(figures.CHANNELS) == 3
    said(f"Without the outlier 8 bits cost {mean[0]:.4f} bits a character;")
    said(f"with it {mean[1]:.3f} ({least[1]:.3f} to {most[1]:.3f});")
    said(f"rotated {mean[2]:.4f} ({least[2]:.4f} to {most[2]:.4f}); smoothed {mean[3]:.4f}.")
    assert mean[0] < mean[3] < 0.001 < 0.002 < least[2] < most[2] < 0.02 < 0.1 < least[1]


def test_what_is_told_of_the_cache() -> None:
    found = read("cache")
    assert found["bits"] == [8, 4, 3, 2]
    both, keys, values, by = (found[name] for name in ("token", "keys", "values", "channel"))
    said(f"At 2 bits keys and values cost {both[3]:.3f} bits a character, keys alone {keys[3]:.3f}, ")  # fmt: skip
    said(
        f"values alone {values[3]:.3f}.", f"With the keys' scales along channels it is {by[3]:.3f},"
    )
    said(f"and at 3 bits {by[2]:.3f} in place of {both[2]:.3f};")
    said(
        f"[cost {both[3]:.2f} bits a character](#cache)", f"over 16 tokens, it was {by[3]:.2f}, at"
    )
    for n in (2, 3):
        assert both[n] > keys[n] > by[n] > values[n]
    gap = sqrt(found["token error"][1] ** 2 + found["channel error"][1] ** 2)
    assert abs(both[1] - by[1]) < gap
    assert max(max(both[:2]), max(by[:2]), max(keys[:2]), max(values[:2])) < 0.003


def test_what_is_told_of_training_with_rounding() -> None:
    found = read("aware")
    assert found["step"] == [0, 20, 40, 60, 80, 100]
    assert (trained.SEEDS, trained.STEPS, trained.BATCH, trained.RATE) == (3, 100, 8, 3e-3)
    spread = {
        name: [f"{found[f'{name}_{part}'][-1]:.2f}" for part in ("mean", "least", "most")]
        for name in ("aware", "full", "after")
    }
    mean, least, most = spread["aware"]
    said(f"After 100 steps it is {mean} ({least} to {most}) above the model as it was")
    said(f"for 100 steps brought it down to {mean}, and costs that training.")
    mean, least, most = spread["full"]
    said(f"it is {mean} ({least} to {most}) above the start")
    mean, least, most = spread["after"]
    said(f"rounded after that it is {mean} ({least} to {most}).")
    aware = found["aware_mean"]
    assert aware == sorted(aware, reverse=True)  # falls at every point
    assert 0.8 < min(found["after_least"]) < max(found["after_most"]) < 1.1
    full = found["full_mean"]
    assert full[1:] == sorted(full[1:], reverse=True)
    said(f"falls from {aware[0]:.1f} to {aware[1]:.2f} at step 20 and on to {aware[-1]:.2f}.")
    said(f"Not rounded rises to {full[1]:.2f} at step 20 and falls to {full[-1]:.2f}](")


def test_the_grids_as_they_are_drawn() -> None:
    found = read("grids")
    counts = [found["format"].count(n) for n in range(5)]
    assert counts == [15, 16, 15, 7, 3]
    nf4 = [v for n, v in zip(found["format"], found["value"], strict=True) if n == 1]
    gaps = np.diff(nf4)
    assert gaps.argmax() == 0
    said("int4: 15 at equal distances. NF4: 16, dense around 0, the last gap before −1 the widest.")
    said("the widest. E2M1: 15, dense around 0.")
    said("dense around 0. int3: 7. Ternary: −1, 0 and 1](")
