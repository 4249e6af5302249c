"""The chain rule, bits against a known entropy, tables of counts, rounds, and what the page tells of them."""

import itertools
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from docs.models.autoregressive import autoregressive as source
from docs.models.autoregressive import practice
from scripts.figures import autoregressive as figures
from scripts.figures import style
from scripts.printed.values import Each, From
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "autoregressive.md"
DATA = PAGE.parent / "autoregressive"
said = sayings(PAGE)
rows_of = tables(PAGE)
ORDERS = {
    "left to right": range(8),
    "right to left": range(7, -1, -1),
    "every second pixel, then the others": (0, 2, 4, 6, 1, 3, 5, 7),
}
OTHER = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.25, 0.35, 0.4]])


def enumerated(count: int) -> dict[tuple[int, ...], float]:
    """The probability of each row, multiplied pixel by pixel."""
    found = {}
    for row in itertools.product((0, 1), repeat=count):
        p = source.SHARE[row[0]]
        for a, b in itertools.pairwise(row):
            p *= source.MOVE[a, b]
        found[row] = float(p)
    return found


def at_rest(move: np.ndarray) -> np.ndarray:
    """The shares that a table leaves as they are: its eigenvector."""
    values, vectors = np.linalg.eig(move.T)
    share = np.real(vectors[:, np.argmax(np.real(values))])
    return np.asarray(share / share.sum())


# The chain rule.


def test_the_joint_table_is_the_product_along_the_row() -> None:
    table, rows = source.joint(5), enumerated(5)
    assert table.sum() == pytest.approx(1)
    for row, p in rows.items():
        assert table[row] == pytest.approx(p)


@pytest.mark.equation("eq-autoregressive-chain")
def test_any_order_gives_the_same_probability(printed: Equations) -> None:
    table = np.random.default_rng(0).random((2, 3, 2, 4))
    table /= table.sum()
    for row in np.ndindex(*table.shape):
        for order in itertools.permutations(range(4)):
            assert math.prod(source.factors(table, row, order)) == pytest.approx(table[row])
    row, order = (1, 2, 0, 3), (2, 0, 3, 1)
    marginals = [
        table[tuple(row[n] if n in order[:t] else slice(None) for n in range(4))].sum()
        for t in range(5)
    ]
    parts = source.factors(table, row, order)
    assert parts == pytest.approx([b / a for a, b in itertools.pairwise(marginals)])
    conditional = table[:, :, row[2]].sum((1, 2)) / table[:, :, row[2]].sum()
    assert parts[1] == pytest.approx(conditional[row[0]])
    printed("eq-autoregressive-chain").holds(
        {r"p(\mathbf{x})": float(table[row]), "m": From(0, marginals), "T": 4},
        free=("m",),  # what all have in common cancels
    )


def test_the_example_in_three_orders() -> None:
    table = source.joint(4)
    parts = [
        source.factors(table, source.ROW, order)
        for order in ((0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2))
    ]
    assert parts[0] == pytest.approx([2 / 3, 3 / 4, 1 / 4, 1 / 2])
    assert parts[1] == pytest.approx([1 / 3, 1 / 2, 1 / 2, 3 / 4])
    assert parts[2] == pytest.approx([2 / 3, 21 / 64, 5 / 7, 2 / 5])
    for each in parts:
        assert math.prod(each) == pytest.approx(1 / 16)
    said("dark first, 2/3; dark after dark, 3/4; light after dark, 1/4; light after light, 1/2.")
    said("The product is 1/16.", "the factors are 1/3, 1/2, 1/2 and 3/4, and the product is again")
    said("$m$ is 2/3, 1/2, 1/8, 1/16.")
    assert np.cumprod(parts[0]) == pytest.approx([2 / 3, 1 / 2, 1 / 8, 1 / 16])
    costs = -np.log2(parts[0])
    said(f"The four pixels cost {costs[0]:.2f}, {costs[1]:.2f}, {costs[2]:g} and {costs[3]:g} bits")
    said(f"like $(0, 0, 0, 0)$ cost {-math.log2(table[0, 0, 0, 0]) / 4:.2f}.")


def test_orders_differ_in_what_a_model_must_see() -> None:
    table = source.joint(8)
    said(
        f"(The rows of eight pixels above need {source.entropy(table) / 8:.3f}, since the first pixel"
    )
    for cells, (name, order) in zip(
        rows_of("tab-autoregressive-orders"), ORDERS.items(), strict=True
    ):
        found = [source.seen(table, order, window) for window in (1, 2, 3, 4, 7)]
        assert cells == [name, *(f"{bits:.3f}" for bits in found)]
    assert source.seen(table, range(8), 1) == pytest.approx(source.entropy(table) / 8)
    rows = enumerated(3)  # an oracle for one window: the last of three given the first alone
    pair = {
        (a, c): sum(p for row, p in rows.items() if (row[0], row[2]) == (a, c))
        for a in (0, 1)
        for c in (0, 1)
    }
    cost = -sum(p * math.log2(p / source.SHARE[a]) for (a, _), p in pair.items())
    first = stats.entropy(source.SHARE, base=2)
    middle = -sum(
        p * math.log2(p / sum(rows[row[0], b, row[2]] for b in (0, 1))) for row, p in rows.items()
    )
    assert source.seen(source.joint(3), (0, 2, 1), 2) == pytest.approx((first + cost + middle) / 3)


# Bits and entropy.


@pytest.mark.equation("eq-autoregressive-share", "eq-autoregressive-rate")
def test_the_entropy_rate_is_what_one_more_pixel_adds(printed: Equations) -> None:
    blocks = [stats.entropy(list(enumerated(n).values()), base=2) for n in (6, 7)]
    assert source.entropy_rate() == pytest.approx(blocks[1] - blocks[0])
    share = at_rest(OTHER)
    printed("eq-autoregressive-share").holds(
        {r"\pi": share, "P": OTHER, "i": Each(range(1, 4)), "j": Each(range(1, 4))}, free=(r"\pi",)
    )
    pair = share[:, None] * OTHER
    printed("eq-autoregressive-rate").holds(
        {
            "h": stats.entropy(pair.ravel(), base=2) - stats.entropy(share, base=2),
            r"\pi": share,
            "P": OTHER,
            "i": Each(range(1, 4)),
            "j": Each(range(1, 4)),
        }
    )
    first = stats.entropy(source.MOVE[0], base=2)
    said(f"$2/3 \\cdot {first:.3f} + 1/3 \\cdot 1 = {source.entropy_rate():.3f}$.")
    said(f"here {source.entropy_rate():.3f} bits. It is the least")


@pytest.mark.equation("eq-autoregressive-excess")
def test_a_wrong_table_pays_a_divergence(printed: Equations) -> None:
    generator = np.random.default_rng(1)
    model = source.fit(source.draw(30, generator), 1)
    paid = source.expected(model)
    divergence = sum(
        source.SHARE[i] * stats.entropy(source.MOVE[i], model[i], base=2) for i in range(2)
    )
    assert paid == pytest.approx(source.entropy_rate() + divergence)
    long = source.draw(60_000, generator)
    assert source.bits(model, long) == pytest.approx(paid, abs=4 * 0.6 / 60_000**0.5)
    share, wrong = at_rest(OTHER), np.array([[0.1, 0.6, 0.3], [0.5, 0.3, 0.2], [0.35, 0.2, 0.45]])
    pair = share[:, None] * OTHER
    rate = stats.entropy(pair.ravel(), base=2) - stats.entropy(share, base=2)
    each = [
        stats.entropy(OTHER[i], base=2) + stats.entropy(OTHER[i], wrong[i], base=2)
        for i in range(3)
    ]
    printed("eq-autoregressive-excess").holds(
        {
            r"\mathbb{E}[b]": float(share @ each),
            "h": rate,
            r"\pi": share,
            "P": OTHER,
            "Q": wrong,
            "i": Each(range(1, 4)),
            "j": Each(range(1, 4)),
        }
    )


@pytest.mark.equation("eq-autoregressive-bits")
def test_bits_per_dimension_are_the_cost_of_the_whole_row(printed: Equations) -> None:
    row = source.draw(50, np.random.default_rng(2))
    p = math.prod(source.factors(source.joint(8), row[:8].tolist(), range(8)))
    found = source.bits(source.MOVE, row[:8])  # seven pixels, given the first
    assert 7 * found - math.log2(source.SHARE[row[0]]) == pytest.approx(-math.log2(p))
    assert source.bits(source.SHARE, row) == pytest.approx(-np.log2(source.SHARE[row]).mean())
    printed("eq-autoregressive-bits").holds(
        {
            "b": source.bits(source.SHARE, row[:6]),
            "T": 6,
            r"p_\theta(\mathbf{x})": float(np.prod(source.SHARE[row[:6]])),
        }
    )


@pytest.mark.equation("eq-autoregressive-counts")
def test_shares_of_counts_have_the_least_loss(printed: Equations) -> None:
    counts, q = np.array([7.0, 3.0, 11.0]), np.array([0.5, 0.3, 0.2])
    f = counts / counts.sum()
    values = np.repeat([0, 1, 2], counts.astype(int))
    loss = -np.log2(q[values]).mean()
    assert -np.log2(f[values]).mean() < loss
    row = source.draw(500, np.random.default_rng(3))
    after = row[1:][row[:-1] == 1]
    assert source.fit(row, 1, add=0)[1, 1] == pytest.approx(after.mean())
    assert source.fit(row, 1)[1, 1] == pytest.approx((after.sum() + 1) / (len(after) + 2))
    printed("eq-autoregressive-counts").holds(
        {
            r"-\frac{1}{n} \sum_{j} c_j \log_2(q_j)": loss,
            "f": f,
            "q": q,
            "j": Each(range(1, 4)),
        }
    )


@pytest.mark.equation("eq-autoregressive-excess-size")
def test_what_a_finite_table_costs_is_what_the_formula_says() -> None:
    for order in (1, 4):
        size, contexts = 4096, 2**order
        found = []
        for seed in range(30):
            row = source.draw(size, np.random.default_rng(seed))
            found.append(source.expected(source.fit(row, order)) - source.entropy_rate())
        least = contexts / (2 * size * math.log(2))
        assert np.mean(found) == pytest.approx(least, abs=3.5 * float(np.std(found)) / 30**0.5)
    table = style.read_table(DATA / "bits.csv")
    last = table["expected_4_mean"][-1] - table["rate"][-1]
    formula = table["formula_4"][-1] - table["rate"][-1]
    assert formula == pytest.approx(2**4 / (2 * 4096 * math.log(2)), rel=1e-3)
    said(f"for $k = 4$ and 4,096 pixels {formula:.4f}, and {last:.4f} was measured.")


def test_a_share_of_neighbours_that_depend_on_each_other_is_less_certain() -> None:
    p = source.SHARE[1]
    size, step = 400, source.MOVE.copy()
    variance = size * p * (1 - p)  # of the number of light pixels, by all pairs
    for distance in range(1, size):
        variance += 2 * (size - distance) * p * (step[1, 1] - p)
        step = step @ source.MOVE
    assert variance / (size * p * (1 - p)) == pytest.approx(5 / 3, rel=0.01)
    said("with $k = 0$ the floor is the entropy of $\\pi$, and the excess 5/3 of this, since")


def test_the_figure_of_bits_shows_what_the_page_tells() -> None:
    table = style.read_table(DATA / "bits.csv")
    rate = source.entropy_rate()
    assert table["rate"] == pytest.approx([rate] * len(table["rate"]), rel=1e-6)
    for order in figures.ORDERS:
        assert min(table[f"expected_{order}_least"]) >= rate
    none, one, four = (table[f"expected_{order}_mean"][-1] for order in figures.ORDERS)
    said(
        f"no pixel before end at {none:.3f}; at one pixel, at {one:.3f}; at four, at {four:.3f}, after"
    )
    said(
        f"a dashed line is the entropy rate, {rate:.3f}.",
        "against the number of pixels learned from, 16 to 4,096.",
    )
    said(
        f"on its own pixels begins at {table['own_4_mean'][0]:.2f} and rises to the line from below"
    )
    assert all(a < b < rate for a, b in itertools.pairwise(table["own_4_mean"]))
    assert all(
        a > b
        for a, b in zip(table["expected_4_mean"][1:], table["expected_1_mean"][1:], strict=True)
    )
    alone = source.entropy(source.SHARE)
    said(f"A table that looks at no pixel before cannot get below {alone:.3f}.")
    fresh = [table[f"fresh_1_{part}"][-1] for part in ("mean", "sd", "least")]
    said(
        f"that learned from 4,096 are {fresh[0]:.3f} ± {fresh[1]:.3f} (20 seeds), the lowest {fresh[2]:.3f}"
    )
    said(f"expected bits are {one:.4f} ± {table['expected_1_sd'][-1]:.4f}")
    cost = -np.log2(source.MOVE)
    pairs = source.SHARE[:, None] * source.MOVE
    spread = ((pairs * cost**2).sum() - rate**2) ** 0.5
    said(
        f"deviation of {spread:.2f} bits under",
        f"would make {spread / figures.FRESH**0.5:.3f} for the mean of 2,000",
    )
    assert table["fresh_1_sd"][-1] == pytest.approx(spread / figures.FRESH**0.5, rel=0.3)
    assert (figures.SEEDS, figures.FRESH) == (20, 2000)


# What is seen, and rounds.


@pytest.mark.equation("eq-autoregressive-field")
def test_the_field_of_dilated_layers_is_what_a_probe_finds(printed: Equations) -> None:
    dilations = (1, 2, 4)
    printed("eq-autoregressive-field").holds(
        {"r": figures.probe(dilations), "k": 2, "L": 3, "d": list(dilations)}
    )
    table = style.read_table(DATA / "field.csv")
    assert table["field"] == table["probe"] == [2, 4, 5, 8, 16]
    assert source.receptive(2, (1, 2, 4, 8)) == 2**4
    said("four layers of width 2 see 16 elements; without gaps they see 5.")
    said("and with four layers without dilation, which see 2, 4 and 5 pixels, about 0.918")
    for n in range(3):
        assert round(table["mean"][n], 3) in (0.917, 0.918)
        assert table["least"][n] > max(table["greatest"][3:])
    said(
        f"which see 8, {table['mean'][3]:.3f}, and with 1, 2, 4, 8, which see 16, {table['mean'][4]:.3f};"
    )
    said("the entropy rate is 0.874](autoregressive/field.svg)")
    said(
        f"after {figures.STEPS} steps on {figures.ROWS * figures.LENGTH:,} pixels, mean and range of three seeds"
    )
    assert figures.NETWORKS == 3
    row = source.draw(40_000, np.random.default_rng(4), figures.LAG)
    assert source.bits(source.fit(row, 1), row) > 0.91  # one pixel before says nothing now
    inside = source.bits(source.fit(row[::8], 1), row[::8])
    assert inside == pytest.approx(source.entropy_rate(), abs=0.03)
    assert practice.Causal(2, (1,)).layers[0].kernel_size == (2,)


@pytest.mark.equation("eq-autoregressive-middle")
def test_rounds_give_the_same_distribution(printed: Equations) -> None:
    rows = enumerated(7)
    p = {
        x: sum(q for row, q in rows.items() if (row[0], row[3], row[6]) == x)
        for x in itertools.product((0, 1), repeat=3)
    }
    for left, right in itertools.product((0, 1), repeat=2):
        both = p[left, 0, right] + p[left, 1, right]
        assert source.middle(left, right, 3)[1] == pytest.approx(p[left, 1, right] / both)
    reach = np.linalg.matrix_power(source.MOVE, 3)
    printed("eq-autoregressive-middle").holds(
        {
            r"p(\cdot \mid \cdot, \cdot)": lambda m, l, r: (
                p[l - 1, m - 1, r - 1] / (p[l - 1, 0, r - 1] + p[l - 1, 1, r - 1])
            ),
            "A": reach,
            "m": Each([1, 2]),
            "l": Each([1, 2]),
            "r": Each([1, 2]),
            "n": Each([1, 2]),
        },
        free=("A",),  # what all have in common cancels
    )
    for row, q in enumerated(9).items():
        assert math.prod(source.by_scales(row)) == pytest.approx(q)
    assert len(source.by_scales((0, 0, 1, 1, 0))) == 4
    assert len(source.by_scales((0,) * 65)) == 8
    assert math.prod(source.by_scales((0, 0, 1, 1, 1))) == pytest.approx(1 / 32)
    said(
        "5 pixels take 4 rounds, 65 pixels take 8, and the result",
        "for $(0, 0, 1, 1, 1)$ it is 1/32 in both.",
    )


@pytest.mark.equation("eq-autoregressive-group")
def test_a_group_drawn_at_once_loses_the_mutual_information(printed: Equations) -> None:
    pair = np.random.default_rng(5).random((2, 3))
    pair /= pair.sum()
    first, second = pair.sum(1), pair.sum(0)
    gap = stats.entropy(pair.ravel(), np.outer(first, second).ravel(), base=2)
    printed("eq-autoregressive-group").holds(
        {
            r"\mathrm{H}(X)": stats.entropy(first, base=2),
            r"\mathrm{H}(Y)": stats.entropy(second, base=2),
            r"\mathrm{H}(X, Y)": stats.entropy(pair.ravel(), base=2),
            "p": lambda x, y: pair[x, y],
            "p_X": lambda x: first[x],
            "p_Y": lambda y: second[y],
            "x": Each(range(2)),
            "y": Each(range(3)),
        }
    )
    assert gap > 0
    alone, rate = source.entropy(source.SHARE), source.entropy_rate()
    said(f"it is ${alone:.3f} - {rate:.3f} = {alone - rate:.3f}$ bits, and light pairs")
    said("light pairs come in 1/9 of the cases instead of 1/6.")
    assert source.joint(2)[1, 1] == pytest.approx(1 / 6)
    assert source.SHARE[1] ** 2 == pytest.approx(1 / 9)


def test_a_table_writes_what_it_has_learned() -> None:
    written = source.write(source.MOVE, [0], 20_000, np.random.default_rng(6))
    again = source.fit(np.array(written), 1)
    np.testing.assert_allclose(again, source.MOVE, atol=0.02)
    written = source.write(
        source.fit(np.array([0, 1] * 50), 2, add=1e-9), [0, 1], 6, np.random.default_rng(0)
    )
    assert written == [0, 1] * 4


def test_the_program_prints_what_the_table_tells(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(DATA / "autoregressive.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.count("0.0625") == 3
    lines = {
        tuple(line.split(":")[0].replace(" ", "").split(",")): line
        for line in out.splitlines()
        if "k =" in line
    }
    fresh = {key: line.split(": ")[1].split(",")[0] for key, line in lines.items()}
    rows = rows_of("tab-autoregressive-try")
    assert [row[0] for row in rows] == [
        "the three orders",
        "`k = 0`, 10,000 pixels",
        "`k = 1`, 10,000 pixels",
        "`k = 4`, 100 pixels",
    ]
    assert rows[0][1].endswith("0.0625")
    assert rows[1][1].startswith(
        f"{float(fresh['N=10000', 'k=0']):.3f}: a table that looks at nothing cannot get below 0.918"
    )
    assert rows[2][1].startswith(f"{float(fresh['N=10000', 'k=1']):.3f} on new pixels")
    assert float(fresh["N=10000", "k=1"]) < source.entropy_rate()
    assert "expected 0.8745" in lines["N=10000", "k=1"]
    assert "bits, 0.8745, are not" in rows[2][1]
    assert rows[3][1].startswith(f"{float(fresh['N=100', 'k=4']):.3f}: sixteen rows")


def test_the_diagram_has_the_example() -> None:
    table = style.read_table(DATA / "diagram.csv")
    shown = ", ".join(f"{v:.2f}" for v in table["light"][:-1])
    said(f"four probabilities of a light pixel, {shown} and {table['light'][-1]:.2f};")
    said(
        f"with the same row, {sum(table['bits']):.2f} bits,",
        f"gives the probability {table['light'][2]:.2f} of light",
    )
    assert tuple(table["x"]) == source.ROW


# The exercises.


@pytest.mark.answer("answer-autoregressive-try")
def test_a_row_read_backwards_costs_the_same(answer: Bench) -> None:
    bits = -math.log2(enumerated(4)[1, 1, 0, 0])
    answer("answer-autoregressive-try").is_(bits, bits / 4)


@pytest.mark.answer("answer-autoregressive-row")
def test_exercise_1_a_row_of_three(answer: Bench) -> None:
    p = enumerated(3)[0, 1, 0]
    bits, nats = -math.log2(p), -math.log(p)
    answer("answer-autoregressive-row").is_([bits, bits / 3], [nats, nats / 3])


@pytest.mark.answer("answer-autoregressive-field")
def test_exercise_2_width_three(answer: Bench) -> None:
    answer("answer-autoregressive-field").is_(
        source.receptive(3, (1, 3, 9)), source.receptive(2, (1, 3, 9))
    )


@pytest.mark.answer("answer-autoregressive-middle")
def test_exercise_3_between_dark_and_light(answer: Bench) -> None:
    rows = enumerated(3)
    share = rows[0, 1, 1] / (rows[0, 1, 1] + rows[0, 0, 1])
    answer("answer-autoregressive-middle").is_(share, source.SHARE[1])


@pytest.mark.answer("answer-autoregressive-below")
def test_exercise_4_too_good(answer: Bench) -> None:
    rate = source.entropy_rate()
    said(f"$0.874 \\cdot \\ln 2 = {rate * math.log(2):.3f}$.", "a million pixels is about 0.0006.")
    spread = 0.57
    assert spread / 1e6**0.5 == pytest.approx(0.0006, abs=5e-5)
    answer("answer-autoregressive-below").is_(
        "Look for a mistake in the unit, the mask or the test data, since the entropy rate is 0.874."
    )


@pytest.mark.answer("answer-autoregressive-group")
def test_exercise_5_right_factors_and_a_wrong_whole(answer: Bench) -> None:
    together = source.joint(2)
    apart = np.outer(together.sum(1), together.sum(0))
    assert apart.sum(1) == pytest.approx(together.sum(1))
    assert abs(apart - together).max() > 0.05
    answer("answer-autoregressive-group").is_(
        "Only if the tokens of a scale are independent, given the scales before."
    )


@pytest.mark.answer("answer-autoregressive-inwards")
def test_exercise_6_inwards(answer: Bench) -> None:
    order, table = (0, 7, 1, 6, 2, 5, 3, 4), source.joint(8)
    one, two = (source.seen(table, order, n) for n in (1, 2))
    answer("answer-autoregressive-inwards").is_(one, two)
    said(
        f"{one:.3f}, little less than each pixel alone, 0.918; with a window of 2 it is {two:.3f}, since"
    )
