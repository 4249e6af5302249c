"""Efficient attention: windows and their reach, parts that join, reads and writes, the example by pencil."""

import itertools
import math

import numpy as np
import pytest
import torch

from scripts.figures import efficient_attention as figures
from scripts.figures import efficient_attention_diagram as diagram_of
from scripts.figures import style
from scripts.printed.values import Each, From, Given
from tests.architectures.efficient_attention_tools import (
    FOLDER,
    PAGE,
    column,
    count,
    draw,
    efficient,
    running,
)
from tests.printed.plugin import Equations
from tests.said import sayings, tables

said = sayings(PAGE)
rows_of = tables(PAGE)


# Windows, reach, parts.


@pytest.mark.equation("eq-efficient-attention-pairs")
def test_a_window_lets_as_many_pairs_as_its_mask(printed: Equations) -> None:
    for n, w in ((9, 4), (13, 5), (30, 7)):
        pairs = int(efficient.window_mask(n, w).sum())
        assert pairs == n * w - w * (w - 1) // 2
        printed("eq-efficient-attention-pairs").holds({"Z": pairs, "N": n, "w": w})
    table = style.read_table(FOLDER / "patterns.csv")
    counts = [
        sum(s for n, s in zip(table["pattern"], table["seen"], strict=True) if n == kind)
        for kind in range(4)
    ]
    said(f"a row for each of {figures.STEPS} tokens, a column", f"Causal: {counts[0]:.0f} pairs.")
    said(f"A window of 4: a band, {counts[1]:.0f} pairs. A window of 3 and one sink:")
    said(f"a band and the first column, {counts[2]:.0f} pairs. A window of 4 and every fourth")
    outside = [
        int(column) + 1
        for kind, row, column, seen in zip(*table.values(), strict=True)
        if kind == 3 and seen and row - column >= 4
    ]
    assert sorted(outside) == [4] * 5 + [8]
    said("a band, and outside it five squares of column 4 and one of column 8,")
    said(f"one of column 8, {counts[3]:.0f} pairs]")


@pytest.mark.equation("eq-efficient-attention-reach")
def test_each_layer_reaches_a_window_further(printed: Equations) -> None:
    n, w = 40, 6
    back = [
        n - 1 - int(efficient.reach(efficient.window_mask(n, w), layers)[-1].int().argmax())
        for layers in range(6)
    ]
    printed("eq-efficient-attention-reach").holds(
        {"r": From(0, [float(b) for b in back]), "w": w, "L": Each([1, 2, 3, 4, 5])}
    )
    assert 32 * (4096 - 1) == 131_040
    eight = efficient.window_mask(8, 4)
    first = [int(efficient.reach(eight, layers)[-1].int().argmax()) + 1 for layers in (1, 2, 3)]
    assert first == [5, 2, 1]
    said(
        "two layers reach token 2 and three layers the beginning",
        "$1/4^3 = 1/64$ for the token nine back, the farthest that they reach",
    )
    assert figures.shares(3)[3 * 3] == 1 / 64


@pytest.mark.equation("eq-efficient-attention-spread")
def test_the_distances_spread_with_the_root_of_the_layers(printed: Equations) -> None:
    for w in (4, 7):
        n = 8 * (w - 1) + 1
        mean = efficient.window_mask(n, w).double()
        mean /= mean.sum(-1, keepdim=True)
        back = torch.arange(n).double()
        deviations = []
        for layers in (1, 5):
            share = torch.linalg.matrix_power(mean, layers)[-1].flip(0)
            middle = float(share @ back)
            assert math.isclose(middle, layers * (w - 1) / 2)
            deviations.append(float(share @ (back - middle) ** 2) ** 0.5)
        assert math.isclose(deviations[1], deviations[0] * 5**0.5)
        printed("eq-efficient-attention-spread").holds({r"\sigma": deviations[0], "w": w})
    printed.excuse(
        r"\sigma^{2} = \frac{1}{w} \sum_{d = 1}^{w - 1} d^{2} - (\frac{w - 1}{2})^{2} = "
        r"\frac{(w - 1) (2 w - 1)}{6} - \frac{(w - 1)^{2}}{4} = \frac{w^{2} - 1}{12}",
        "a distance of zero adds nothing",
    )
    table = style.read_table(FOLDER / "spread.csv")
    tops = {depth: max(table[f"layers {depth}"]) for depth in figures.DEPTHS}
    places = {depth: table[f"layers {depth}"].index(tops[depth]) for depth in figures.DEPTHS}
    assert (places[2], places[4], places[8]) == (3, 6, 12)
    said(
        f"One layer: {tops[1]:.2f} for each of four", f"its top {tops[2]:.2f} at three tokens back"
    )
    said(f"its top {tops[4]:.2f} at six.", f"its top {tops[8]:.2f} at twelve, nearly zero at both")
    assert max(table["layers 8"][0], table["layers 8"][24]) < 1e-4


@pytest.mark.equation("eq-efficient-attention-merge")
def test_outputs_of_parts_join_to_that_of_all(printed: Equations) -> None:
    s, v = draw(9, seed=1), draw(9, 4, seed=2)
    parts = [{1, 4, 5, 9}, {2, 7}, {3, 6, 8}]
    places = [torch.tensor(sorted(part)) - 1 for part in parts]
    outs = [s[at].softmax(-1) @ v[at] for at in places]
    logs = [s[at].logsumexp(-1) for at in places]
    whole = s.softmax(-1) @ v
    joined = efficient.merge(torch.stack(outs)[:, None], torch.stack(logs)[:, None, None])[0]
    torch.testing.assert_close(joined, whole)
    printed("eq-efficient-attention-merge").holds(
        {
            r"\mathbf{o}_p": Given(("p",), lambda p: column(outs[p - 1])),
            r"\mathbf{o}": column(whole),
            "s": s.tolist(),
            r"\mathbf{v}": [column(x) for x in v],
            r"\lambda": [float(x) for x in logs],
            r"\mathcal{P}": parts,
            "p": Each([1, 2, 3]),
        },
        free=(r"\mathcal{P}",),
    )


def test_a_part_that_a_row_does_not_see_is_left_out() -> None:
    q, k, v = (draw(8, 3, seed=seed) for seed in range(3))
    causal = efficient.window_mask(8, 8)
    halves = [
        efficient.in_blocks(q, k[at], v[at], 4, causal[:, at], efficient.Traffic())
        for at in (slice(4), slice(4, 8))
    ]
    joined = efficient.merge(*(torch.stack(parts) for parts in zip(*halves, strict=True)))
    whole = efficient.attend(q[None], k[None], v[None], causal)[0]
    assert torch.isnan(joined[:4]).all()
    torch.testing.assert_close(torch.cat([halves[0][0][:4], joined[4:]]), whole)
    said("if for each row the parts of which it sees nothing are left out")


@pytest.mark.equation("eq-efficient-attention-dropped")
def test_what_dropped_tokens_change(printed: Equations) -> None:
    q, k, v = efficient.example()
    s = (q @ k.T / math.sqrt(2))[0]
    a = s.softmax(-1)
    whole, rest = a @ v, s[4:].softmax(-1) @ v[4:]
    dropped = (a[:4] @ v[:4]) / a[:4].sum()
    assert [float(x) for x in (whole[0], rest[0], a[:4].sum(), dropped[0])] == pytest.approx(
        [1.75, 1.2, 6 / 16, 16 / 6]
    )
    said(
        "In the example $a = 6/16$ and the first number of $\\mathbf{d}$ is $16/6$: "
        "$1.75 - 1.2 = 0.375 \\cdot (2.667 - 1.2)$"
    )
    said(
        f"with $a = 0.8$ the output becomes {'five' if math.isclose(1 / (1 - 0.8), 5) else ''} times as large"
    )
    printed("eq-efficient-attention-dropped").holds(
        {
            r"\mathbf{o}": column(whole),
            r"\mathbf{o}'": column(rest),
            r"\mathbf{d}": column(dropped),
            "a": float(a[:4].sum()),
        }
    )


def test_the_example_as_told() -> None:
    q, k, v = efficient.example()
    e = torch.exp(q @ k.T / math.sqrt(2))[0]
    rows = [row[1:] for row in rows_of("tab-efficient-head")]
    assert [[float(cell) for cell in row] for row in rows] == [
        [float(x) for x in efficient.EXPONENTIALS],
        [float(x) for x in efficient.VALUES],
    ]
    torch.testing.assert_close(e, torch.tensor(efficient.EXPONENTIALS).double())
    full = efficient.attend(q[None], k[None], v[None])[0, 0, 0]
    window = efficient.attend(q[None], k[None, 4:], v[None, 4:])[0, 0, 0]
    kept = torch.tensor([0, 4, 5, 6, 7])
    sink = efficient.attend(q[None], k[None, kept], v[None, kept])[0, 0, 0]
    assert [round(float(x), 2) for x in (full, window, sink)] == [1.75, 1.2, 1.82]
    said(
        "The exponentials sum to 16, and the output is $(1 \\cdot 8 + 2 \\cdot 4 + 4 \\cdot 2 + 1"
        " \\cdot 4) / 16 = 28 / 16 = 1.75$."
    )
    said(
        "tokens 5 to 8, and the output is $(4 \\cdot 2 + 1 \\cdot 4) / 10 = 1.2$",
        "With token 1 as a sink it is $(8 + 12) / 11 = 1.82$.",
    )
    said(
        "The largest is 2; divided by it the exponentials are 1/2, 1, 1/2, 1. So $\\ell = 3$ and $u = 8/2 + 4 = 8$."
    )
    said(
        "The largest is now 4. What was divided by 2 is divided by 2 once more: $\\ell = 1.5$, $u = 4$."
    )
    said(
        "The new ones are 1/4, 1, 1/4, 1: $\\ell = 1.5 + 2.5 = 4$ and $u = 4 + 2 + 4/4 = 7$.",
        "The output is $u / \\ell = 7/4 = 1.75$, as before.",
    )
    state = running(2)
    assert state == [(3, 8, 2), (4, 7, 4)]


def test_the_way_back_goes_through_tiles_without_any_weights_kept() -> None:
    n, t, allowed = 14, 4, efficient.window_mask(14, 6)
    q, k, v, grad = (draw(n, 5, seed=seed) for seed in range(4))
    inputs = [x.requires_grad_() for x in (q, k, v)]
    known = torch.autograd.grad(
        efficient.attend(*(x[None] for x in inputs), allowed)[0], inputs, grad
    )
    q, k, v = (x.detach() for x in inputs)
    out, log_sum = efficient.in_blocks(q, k, v, t, allowed, efficient.Traffic())
    row = (grad * out).sum(-1, keepdim=True)
    back = [torch.zeros_like(x) for x in (q, k, v)]
    for i, j in itertools.product(range(0, n, t), repeat=2):
        here, there = slice(i, i + t), slice(j, j + t)
        s = (q[here] @ k[there].T / 5**0.5).masked_fill(~allowed[here, there], -math.inf)
        a = torch.exp(s - log_sum[here])
        grad_s = a * (grad[here] @ v[there].T - row[here]) / 5**0.5
        back[0][here] += grad_s @ k[there]
        back[1][there] += grad_s.T @ q[here]
        back[2][there] += a.T @ grad[here]
    for ours, theirs in zip(back, known, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_eighth_token_enters_the_eighth_cell_in_both_drawings() -> None:
    (recipe,) = diagram_of.FIGURES
    for sheet in recipe.sheets(recipe.compute()):
        boxes = [shape for shape in sheet.shapes if shape.kind == "box"]
        rows = [boxes[n : n + 8] for n in range(len(boxes) - 7)]
        cells = next(row for row in rows if len({(cell.y, cell.w) for cell in row}) == 1)
        entered = [
            n + 1
            for arrow in sheet.arrows
            for n, cell in enumerate(cells)
            if cell.box[0] <= arrow.points[-1][0] <= cell.box[2]
            and abs(arrow.points[-1][1] - cell.y) < cell.h / 2 + 5
        ]
        assert entered == [8, 8]
        frame = next(shape for shape in sheet.shapes if shape.kind == "frame")
        framed = [n + 1 for n, cell in enumerate(cells) if frame.box[0] < cell.x < frame.box[2]]
        assert framed == [5, 6, 7, 8]
    said("the new key and value both enter cell 8 of the cache, a row of eight cells.")
    said("A frame shows the window of 4, cells 5 to 8;")


# Reads and writes.


@pytest.mark.equation("eq-efficient-attention-written")
def test_numbers_moved_if_the_scores_are_written_out(printed: Equations) -> None:
    printed("eq-efficient-attention-written").holds({"F_1": count(12, 5), "N": 12, "D": 5})
    assert count(8, 2) == 32 + 2 * 64 + 2 * 64 + 16 + 16 == 320
    said(
        "one head of eight tokens moves 320 numbers between them",
        "queries and keys in (32), the matrix of scores out and in ($2 \\cdot 64$), the weights "
        "out and in ($2 \\cdot 64$), values in (16), the output out (16)",
    )


@pytest.mark.equation("eq-efficient-attention-tiled")
def test_numbers_moved_in_tiles(printed: Equations) -> None:
    printed("eq-efficient-attention-tiled").holds({"F_2": count(12, 5, 3), "N": 12, "D": 5, "T": 3})
    assert count(8, 2, 4) == 16 + 2 * 32 + 16 + 8 == 104
    said(
        "In blocks of four it moves 104: each query once (16), for each of two blocks of queries "
        "all keys and values ($2 \\cdot 32$), the output (16) and one sum for each row (8)."
    )
    assert count(512, 16, 64) == 2 * 512 * 16 * (1 + 8) + 512
    table = style.read_table(FOLDER / "traffic.csv")
    mib = 2 / 2**20
    for n, out, small, half, large in zip(*table.values(), strict=True):
        assert large < out < small
        assert abs(half / out - 1) < 0.17
        assert out == pytest.approx(mib * (4 * n * 128 + 4 * n * n), rel=1e-6)
    assert count(256, 128, 32) * mib == pytest.approx(table["tiles of 32"][0], rel=1e-6)
    last = [f"{table[name][-1] / 1024:.1f}" for name in list(table)[1:]]
    said(
        f"moves {last[0]} GiB written out, {last[1]} GiB in tiles of 32 and {last[3]} GiB in tiles of 256"
    )
    said(
        f"$4 \\cdot 256 \\cdot 128 + 256^2 = {4 * 256 * 128 + 256**2:,}$ numbers".replace(
            ",", "{,}"
        )
    )
    said("At 65,536 tokens one head of width 128", "against tokens from 256 to 65,536")
    exact = [4 * n * n * 128 / (2 * (figures.moved(n, 256))) for n in (2**20, 2**24)]
    assert exact[1] == pytest.approx(256, rel=1e-3)
    said("With $T = D/2$ nothing is gained; with $T = 256$ and $D = 128$ a quarter is moved.")


@pytest.mark.equation("eq-efficient-attention-tile")
def test_the_largest_tile_that_fits(printed: Equations) -> None:
    d, s = 7, 500.0
    t = float(max(np.roots([1, 4 * d, -s]).real))
    printed("eq-efficient-attention-tile").holds({"T": t, "D": d, "S": s})
    fast = 192 * 1024 // 2
    side = math.sqrt(4 * 128**2 + fast) - 256
    said(f"98,304 numbers of two bytes, and so $T = {math.floor(side):d}$ at $D = 128$")
    assert fast == 98_304
