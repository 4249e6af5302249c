"""Efficient attention: the forms against torch, the equations, what is counted, the page's numbers."""

import itertools
import json
import math
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as sdpa
from torch.utils.flop_counter import FlopCounterMode

from scripts.figures import efficient_attention as figures
from scripts.figures import efficient_attention_trained as trained
from scripts.figures import style
from scripts.printed.values import Each, From, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

efficient = import_module("docs.architectures.efficient-attention.efficient_attention")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "efficient-attention.md"
FOLDER = PAGE.with_suffix("")
GOLDEN = Path(__file__).with_name("efficient-attention.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers in double precision."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def column(x: Tensor) -> np.ndarray:
    """A vector as a column."""
    return x.numpy()[:, None]


def flops(run: Any, *args: Any) -> int:
    """Operations in the matrix products of a call, counted by torch."""
    with FlopCounterMode(display=False) as counter:
        run(*args)
    return int(counter.get_total_flops())


# The forms equal the library's.


def test_shared_heads_are_those_of_the_library_under_any_mask() -> None:
    q, k, v = draw(6, 20, 8), draw(3, 20, 8, seed=1), draw(3, 20, 8, seed=2)
    masks = [
        efficient.window_mask(20, 20),
        efficient.window_mask(20, 5, 2),
        efficient.strided_mask(20, 4),
    ]
    for allowed in masks:
        known = sdpa(q[None], k[None], v[None], attn_mask=allowed, enable_gqa=True)[0]
        torch.testing.assert_close(efficient.attend(q, k, v, allowed), known)
    many = efficient.attend(q, k.repeat_interleave(2, 0), v.repeat_interleave(2, 0))
    torch.testing.assert_close(efficient.attend(q, k, v), many)
    with pytest.raises(ValueError, match="6 query heads cannot share 4"):
        efficient.attend(q, draw(4, 20, 8), draw(4, 20, 8))


def test_blocks_equal_the_whole_for_every_size_and_mask() -> None:
    q, k, v = draw(23, 8), draw(23, 8, seed=1) * 30, draw(23, 8, seed=2)
    masks = [
        torch.ones(23, 23).bool(),
        efficient.window_mask(23, 23),
        efficient.window_mask(23, 3),
        efficient.window_mask(23, 3, 1),
        efficient.strided_mask(23, 4),
    ]
    for allowed, t in itertools.product(masks, (1, 2, 5, 16, 23, 64)):
        out, log_sum = efficient.in_blocks(q, k, v, t, allowed, efficient.Traffic())
        torch.testing.assert_close(out, sdpa(q[None], k[None], v[None], attn_mask=allowed)[0])
        s = (q @ k.T / math.sqrt(8)).masked_fill(~allowed, -math.inf)
        torch.testing.assert_close(log_sum[:, 0], s.logsumexp(-1))
        a = torch.exp(s - log_sum)  # the way back computes the weights anew
        torch.testing.assert_close(a, s.softmax(-1))


def test_writing_with_a_ring_equals_the_mask_of_the_whole_text() -> None:
    e, h, g, d, n = 10, 4, 2, 3, 17
    sizes = {"q": (h * d, e), "k": (g * d, e), "v": (g * d, e), "o": (e, h * d)}
    weights = {name: draw(*size, seed=i) for i, (name, size) in enumerate(sizes.items())}
    x = draw(n, e, seed=9)
    heads = {
        name: (x @ weights[name].T).unflatten(-1, (-1, d)).transpose(0, 1)
        for name in ("q", "k", "v")
    }
    for w, sinks in ((5, 0), (4, 2), (30, 0), (1, 1)):
        cache = efficient.Ring(g, d, w, sinks)
        written = torch.stack([efficient.write(row, weights, d, cache) for row in x])
        i, j = torch.arange(n)[:, None], torch.arange(n)
        allowed = (j <= i) & ((i - j < w) | (j < sinks))
        whole = sdpa(*(heads[name][None] for name in "qkv"), attn_mask=allowed, enable_gqa=True)[0]
        torch.testing.assert_close(written, whole.transpose(0, 1).flatten(1) @ weights["o"].T)
        assert cache.k.numel() + cache.v.numel() == (w + sinks) * 2 * g * d
        assert torch.equal(allowed, efficient.window_mask(n, w, sinks))


def test_the_latent_form_needs_no_keys_and_values() -> None:
    h, d, c, r, m = 5, 6, 7, 4, 9
    mla = efficient.Latent(draw(h, d, c), draw(h, d, c, seed=1))
    q, q_r, latent, k_r = draw(h, d), draw(h, r, seed=2), draw(m, c, seed=3), draw(m, r, seed=4)
    absorbed = mla.absorbed(q, q_r, latent, k_r)
    torch.testing.assert_close(absorbed, mla.expanded(q, q_r, latent, k_r))
    keys = torch.cat([latent @ mla.up_k.mT, k_r.expand(h, m, r)], -1)
    known = sdpa(torch.cat([q, q_r], -1)[:, None], keys, latent @ mla.up_v.mT)[:, 0]
    torch.testing.assert_close(absorbed, known)


# The cache, operations, bytes.


@pytest.mark.equation("eq-efficient-attention-cache")
def test_the_cache_is_as_large_as_its_tensors(printed: Equations) -> None:
    layers, batch, m, g, h, d = 3, 5, 7, 4, 12, 6
    total = 0
    for _ in range(layers * batch):
        ring = efficient.Ring(g, d, m)
        for n in range(m):
            kept = ring.append(draw(g, d, seed=n), draw(g, d, seed=n))
        total += sum(x.numel() * x.element_size() for x in kept)
    shape = efficient.Shape(h, g, d)
    assert total == shape.cache(m, layers, batch, 8)
    printed("eq-efficient-attention-cache").holds(
        {
            r"\text{cache}": total,
            "L": layers,
            "B": batch,
            "M": m,
            "G": g,
            "H": h,
            "D": d,
            "b": 8,
        },
        free=("H",),
    )


@pytest.mark.equation("eq-efficient-attention-intensity")
def test_operations_a_byte_are_those_that_torch_counts(printed: Equations) -> None:
    h, g, d, m = 15, 3, 5, 9
    k, v = draw(g, m, d), draw(g, m, d)
    done = flops(efficient.attend, draw(h, 1, d), k, v)
    assert done == efficient.Shape(h, g, d).operations(m)
    read = sum(x.numel() * x.element_size() for x in (k, v))
    printed("eq-efficient-attention-intensity").holds(
        {"I": done / read, "M": m, "H": h, "D": d, "G": g, "b": 8}, free=("M", "D")
    )


@pytest.mark.equation("eq-efficient-attention-intensity-latent")
def test_operations_a_byte_of_the_latent_form(printed: Equations) -> None:
    h, d, c, r = 5, 6, 7, 4
    mla = efficient.Latent(draw(h, d, c), draw(h, d, c))
    counts = [flops(mla.absorbed, draw(h, d), draw(h, r), draw(m, c), draw(m, r)) for m in (10, 30)]
    assert counts[1] - counts[0] == efficient.Shape(h, h, d, c, r).operations(20)
    read = 20 * (c + r) * 8
    printed("eq-efficient-attention-intensity-latent").holds(
        {r"I_{\text{MLA}}": (counts[1] - counts[0]) / read, "H": h, "C": c, "R": r, "b": 8}
    )


def latent_parts() -> dict[str, Any]:
    """A head's matrices, latent vectors, query and weights."""
    c = draw(4, 5, seed=3)
    mla = efficient.Latent(draw(1, 3, 5), draw(1, 3, 5, seed=1))
    return {
        "U": mla.up_k[0].numpy(),
        "V": mla.up_v[0].numpy(),
        r"\mathbf{c}": [column(x) for x in c],
        r"\mathbf{k}": [column(x) for x in c @ mla.up_k[0].T],
        r"\mathbf{v}": [column(x) for x in c @ mla.up_v[0].T],
        r"\mathbf{q}": column(draw(3, seed=5)),
        "a": draw(4, seed=6).softmax(-1).tolist(),
    }


def some(*names: str) -> dict[str, Any]:
    """Some of these parts."""
    parts = latent_parts()
    return {name: parts[name] for name in names}


@pytest.mark.equation("eq-efficient-attention-absorb")
def test_a_score_from_the_latent_vector_is_that_of_the_key(printed: Equations) -> None:
    names = some(r"\mathbf{q}", r"\mathbf{k}", r"\mathbf{c}", "U")
    names["s"] = [float(names[r"\mathbf{q}"][:, 0] @ k[:, 0]) for k in names[r"\mathbf{k}"]]
    printed("eq-efficient-attention-absorb").holds({**names, "j": Each([1, 2, 3, 4])})


@pytest.mark.equation("eq-efficient-attention-absorb-value")
def test_the_mean_of_values_is_made_from_the_mean_of_latent_vectors(printed: Equations) -> None:
    names = some("a", r"\mathbf{v}", r"\mathbf{c}", "V")
    names[r"\mathbf{o}"] = np.average(names[r"\mathbf{v}"], axis=0, weights=names["a"])
    printed("eq-efficient-attention-absorb-value").holds({**names, "M": 4})


@pytest.mark.equation("eq-efficient-attention-rotation")
def test_a_rotation_stands_between_query_and_latent_vector(printed: Equations) -> None:
    turns = [efficient.rotate(torch.eye(2).double(), 0.3 * n).T.numpy() for n in range(-9, 10)]
    q, up, c = draw(2, seed=1), draw(2, 4, seed=3), draw(5, 4, seed=2)
    keys = torch.stack([efficient.rotate(up @ x, 0.3 * (j + 1)) for j, x in enumerate(c)])
    queries = torch.stack([efficient.rotate(q, 0.3 * i) for i in range(1, 7)])
    printed("eq-efficient-attention-rotation").holds(
        {
            "s": (queries @ keys.T).numpy(),
            r"\mathbf{q}": column(q),
            r"\mathbf{c}": [column(x) for x in c],
            "U": up.numpy(),
            "R": From(-9, turns),
            "i": Each([4, 5, 6]),
            "j": Each([1, 3]),
        }
    )


def test_the_example_of_the_latent_vector() -> None:
    c = torch.tensor([[1.0, 0, 1, 2]])
    up = torch.tensor([[[1.0, 0, 1, 0], [0, 1, 0, 1]]])
    q = torch.tensor([[1.0, 2]])
    assert (c @ up[0].T).tolist() == [[2, 2]]
    assert (q @ up[0]).tolist() == [[1, 2, 1, 2]]
    assert float(q @ up[0] @ c.T) == float(q @ up[0] @ c[0]) == 6
    said("Let $\\mathbf{c} = (1, 0, 1, 2)$ and let $U$ have the rows $(1, 0, 1, 0)$ and")
    said("and $(0, 1, 0, 1)$: the key is $(2, 2)$", "With the query $(1, 2)$ its inner product is")
    said("product is $2 + 4 = 6$", "$1 \\cdot (1, 0, 1, 0) + 2 \\cdot (0, 1, 0, 1) = (1, 2, 1, 2)$")
    said(
        "multiply that by $\\mathbf{c}$: $1 + 0 + 1 + 4 = 6$ again",
        "MLA keeps a vector $\\mathbf{c}$ of $C = 4$",
    )


def test_the_table_of_forms() -> None:
    for row, (name, shape) in zip(
        rows_of("tab-efficient-forms"), efficient.FORMS.items(), strict=True
    ):
        kept, cache, done = shape.kept(), shape.cache(8), shape.operations(8)
        assert row[0].startswith(name)
        assert [cell.split()[0] for cell in row[1:]] == [
            str(kept),
            str(cache),
            str(done),
            f"{done / cache:.3g}",
        ]
    assert flops(efficient.attend, draw(4, 1, 2), draw(4, 8, 2), draw(4, 8, 2)) == 256
    said("$4 \\cdot 2 + 4 \\cdot 2 = 16$ numbers", "that is 32 bytes, and 256 for eight tokens")
    said(
        "So four heads do $4 \\cdot 8 \\cdot 8 = 256$ operations",
        "token is written, all 256 bytes are",
    )
    said("Let two heads share a key and a value (GQA): 8 numbers a token.", "(MQA): 4 numbers.")
    said(
        "[a reason told below](#rotation): 6 numbers.",
        f"two thousand billion bytes[^dao2022flashattention]: {312 / 2:.0f} operations in",
    )
    bars = style.read_table(FOLDER / "forms.csv")
    size, rate = bars["bytes"], bars["intensity"]
    said(
        f"Five bars. MHA {size[0]:.0f} bytes, {rate[0]:.0f} operation a byte; GQA {size[1]:.0f} bytes,"
    )
    said(f"GQA {size[1]:.0f} bytes, {rate[1]:.0f}; MQA {size[2]:.0f} bytes, {rate[2]:.0f}; MLA")
    said(
        f"MLA {size[3]:.0f} bytes, {rate[3]:.1f}; GQA with a window of {figures.WINDOW}:"
        f" {size[4]:.0f} bytes, {rate[4]:.0f}]"
    )
    said("**What the example keeps.** Eight tokens, two bytes a number.")
    table = style.read_table(FOLDER / "diagram.csv")
    kept = [f"{n:.0f}" for n in table["kept"]]
    said(
        f"MHA: four keys and four values, {kept[0]} numbers.", f"for two heads, {kept[1]} numbers."
    )
    said(f"value for all, {kept[2]} numbers.", f"and a small key, {kept[3]} numbers, with")


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
    said(f"every fourth token: a band and three columns, {counts[3]:.0f} pairs]")


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
        "two layers reach token 2 and three layers the beginning", "$1/4^3 = 1/64$ for the farthest"
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


def running(blocks: int) -> list[tuple[float, float, float]]:
    """Sum, sum of values and largest exponential after each of equal blocks of the example, by pencil."""
    size, total, values, top, states = 8 // blocks, 0.0, 0.0, 1e-9, []
    for start in range(0, 8, size):
        e = efficient.EXPONENTIALS[start : start + size]
        new = max(top, *e)
        total, values = total * top / new + sum(e) / new, values * top / new
        values += sum(a * b for a, b in zip(e, efficient.VALUES[start:], strict=False)) / new
        top = new
        states.append((total, values, top))
    return states


# Reads and writes.


def count(n: int, d: int, t: int = 0, allowed: Tensor | None = None) -> int:
    """Numbers moved, by the code that counts them; without tiles if t is 0."""
    q, k, v = draw(n, d), draw(n, d, seed=1), draw(n, d, seed=2)
    traffic = efficient.Traffic()
    if t:
        allowed = torch.ones(n, n).bool() if allowed is None else allowed
        efficient.in_blocks(q, k, v, t, allowed, traffic)
    else:
        torch.testing.assert_close(
            efficient.written_out(q, k, v, traffic), sdpa(q[None], k[None], v[None])[0]
        )
    return int(traffic.read + traffic.written)


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


# How it fails, and what the cure costs.


def test_heads_joined_after_training_and_latent_vectors() -> None:
    table = style.read_table(FOLDER / "trained.csv")
    rows = [tuple(column[n] for column in table.values()) for n in range(len(table["kind"]))]
    loss = {(int(kind), int(kept)): (value, error) for kind, kept, value, error in rows}
    joined = [loss[0, kept][0] for kept in (64, 32)]
    after = [loss[1, kept] for kept in (128, 64, 32)]
    said(f"the loss rises by {joined[0]:.2f} nats with two groups and by {joined[1]:.2f} with one")
    said(f"With {trained.STEPS} steps of further training")
    said(
        f"stay equal, {after[1][0]:.2f} ± {after[1][1]:.2f} and {after[2][0]:.2f} ± "
        f"{after[2][1]:.2f} remain (mean and standard error of {trained.SEEDS:d} seeds)"
    )
    said(f"in the same way, loses {after[0][0]:.2f}, because")
    said(
        f"so {after[1][0] - after[0][0]:.2f} and {after[2][0] - after[0][0]:.2f} come from the joining"
    )
    latent = {kept: loss[2, kept][0] for kept in trained.RANKS}
    assert latent[64] == pytest.approx(0, abs=1e-5)
    for kept, join in ((64, 0), (32, 1)):  # at the same size
        assert latent[kept] < 0.3 * min(joined[join], after[join + 1][0])
    said(f"so 64 numbers lose nothing, and 32 lose {latent[32]:.2f}.")
    said(f"Heads joined: 0 at 128 numbers, {joined[0]:.2f} at 64, {joined[1]:.2f} at 32.")
    said(f"Joined and trained further: {after[0][0]:.2f}, {after[1][0]:.2f}, {after[2][0]:.2f}.")
    said(
        f"0 at 64 numbers, {latent[48]:.2f} at 48, {latent[32]:.2f} at 32, {latent[24]:.2f} at 24,"
        f" {latent[16]:.2f} at 16]"
    )
    said(f"loss up by {joined[0]:.2f} nats", f"| {trained.STEPS} steps regain half;")
    assert 0.4 < 1 - after[1][0] / joined[0] < 0.6
    model, held = trained.trained(), trained.text(True)
    assert (model.config.layers, model.config.heads, model.config.width) == (3, 4, 64)
    said(
        f"which has four heads of {trained.WIDTH} numbers in each of three layers, and measure its"
        f" loss on {len(held)} held-out texts of {trained.N} tokens"
    )
    said(
        "bars are standard errors over 88 texts, of the dotted series over 3 seeds",
        "are a matrix times the 64 numbers that",
    )
    i, j = torch.arange(64)[:, None], torch.arange(64)
    kept = [
        trained.more(model, allowed=(j <= i) & ((i - j < 16 - s) | (j < s)), first=32)
        for s in (0, 1)
    ]
    said(f"a window of 16 costs {kept[0][0]:.3f} ± {kept[0][1]:.3f} nats on the second half")
    assert abs(kept[0][0] - kept[1][0]) < 0.001


def test_beyond_the_reach_nothing_arrives_and_one_full_layer_cures_it() -> None:
    n = 20
    for full in (False, True):
        masks = [efficient.window_mask(n, 4)] * 5 + [efficient.window_mask(n, n if full else 4)]
        x = draw(n, 3).requires_grad_()
        y = x
        for allowed in masks:
            y = y + efficient.attend(0 * y[None], y[None], y[None], allowed)[0]  # equal weights
        (gradient,) = torch.autograd.grad(y[-1].sum(), x)
        assert (gradient[0].abs().max() > 0) == full
        assert gradient[1].abs().max() > 0
    said(
        "Six layers with $w = 4$ reach 18 tokens back.",
        "The output of token 20 then does not depend on token 1",
    )
    said(
        f"keep $5 \\cdot 4 + 64 = {5 * 4 + 64}$ tokens in place of {6 * 4}; all six without "
        f"windows would keep {6 * 64}"
    )
    masks = [
        efficient.window_mask(64, 8),
        efficient.window_mask(64, 7, 1),
        efficient.strided_mask(64, 8),
        efficient.window_mask(64, 64),
    ]
    for row, allowed in zip(rows_of("tab-efficient-layers"), masks, strict=True):
        assert [int(cell) for cell in row[1:]] == [
            layers_to(allowed, True),
            layers_to(allowed, False),
        ]


def layers_to(allowed: Tensor, first: bool) -> int:
    """Layers until the last token has a path to the first, or to all."""
    for layers in range(1, 20):
        row = efficient.reach(allowed, layers)[-1]
        if bool(row[0] if first else row.all()):
            return layers
    raise AssertionError(allowed)


def test_without_the_maximum_and_in_an_empty_tile_there_is_no_number() -> None:
    e = torch.exp(torch.tensor([89.0, 0.0]))
    assert torch.isinf(e[0])
    assert torch.isfinite(torch.exp(torch.tensor(88.0)))
    assert torch.isnan((e / e.sum())[0])
    top = torch.tensor(-math.inf)
    assert torch.isnan(torch.exp(top - top))
    said("In 32-bit numbers $e^{89}$ is infinite.", "a score of 89 makes $\\infty / \\infty$")
    q = torch.tensor([[89.0]]).float()
    out, _ = efficient.in_blocks(
        q, torch.ones(1, 1), torch.ones(1, 1), 1, torch.ones(1, 1).bool(), efficient.Traffic()
    )
    assert float(out) == 1


def test_a_rotation_that_is_absorbed_gives_other_scores() -> None:
    ratios = []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        keys = torch.einsum(
            "nij,nj->ni",
            torch.randn(200, 2, 4, generator=generator),
            torch.randn(200, 4, generator=generator),
        )
        q = torch.randn(200, 2, generator=generator)
        back = torch.randint(1, 9, (200,), generator=generator)
        turned = torch.stack(
            [efficient.rotate(x, 0.5 * int(n)) for x, n in zip(q, back, strict=True)]
        )
        right, wrong = (turned * keys).sum(-1), (q * keys).sum(-1)
        ratios.append(float(((right - wrong).square().mean() / right.square().mean()).sqrt()))
    mean, deviation = np.mean(ratios), np.std(ratios, ddof=1)
    said(
        f"differ from the right ones by {mean:.2f} ± {deviation:.2f} times the size of these (root"
        " mean squares over 200 draws with distances of 1 to 8; mean and standard deviation of 5 "
        "seeds)"
    )
    said("Take a head of width 2, rotate queries and keys by 0.5 radians for each position")


def test_heads_repeated_as_a_row_look_at_other_groups() -> None:
    groups = torch.arange(1, 3)
    right, wrong = groups.repeat_interleave(2).tolist(), groups.repeat(2).tolist()
    assert sum(a != b for a, b in zip(right, wrong, strict=True)) == 2
    said(
        f"gives {wrong[0]}, {wrong[1]}, {wrong[2]}, {wrong[3]} in place of {right[0]}, {right[1]},"
        f" {right[2]}, {right[3]}"
    )
    said("Heads 1 and 2 share the first pair, 3 and 4 the second.")
    q, k, v = draw(4, 1, 3), draw(2, 5, 3, seed=1), draw(2, 5, 3, seed=2)
    other = sdpa(q, k.repeat(2, 1, 1), v.repeat(2, 1, 1))
    same = (efficient.attend(q, k, v) - other).abs().amax((1, 2)) < 1e-12
    assert same.tolist() == [True, False, False, True]


# Published models, and the demo.

MODELS = {
    "Llama 3 8B": (32, efficient.Shape(32, 8, 128), 0),
    "Mistral 7B": (32, efficient.Shape(32, 8, 128), 4096),
    "Llama 3 405B": (126, efficient.Shape(128, 8, 128), 0),
    "DeepSeek-V2": (60, efficient.Shape(128, 128, 128, 512, 64), 0),
    "DeepSeek-V3": (61, efficient.Shape(128, 128, 128, 512, 64), 0),
    "gpt-oss-120b": (36, efficient.Shape(64, 8, 64), 128),
    "GLM-5": (78, efficient.Shape(64, 64, 256, 512, 64), 0),
}


def test_published_models_as_the_table_tells_them() -> None:
    told = {row[0].split(",")[0]: row for row in rows_of("tab-efficient-practice")}
    for name, (layers, shape, _) in MODELS.items():
        if name not in told:
            continue
        row = told[name]
        assert row[2] == str(layers)
        assert row[3].split(",")[0] == f"{shape.cache(1, layers) / 1024:.4g} KiB".replace(
            "68.62", "68.6"
        ).replace("87.75", "87.8")
        if not shape.c:
            assert f"{shape.h} heads in {shape.g} groups" in row[1]
    whole = efficient.Shape(128, 128, 128)
    v3 = MODELS["DeepSeek-V3"][1]
    said(
        f"as GQA with {v3.kept() / 256:.2f} groups",
        f"MHA would keep {whole.kept() / v3.kept():.0f} times as much",
    )
    rate = v3.operations(7) / v3.cache(7)
    said(f"MLA does {rate:.0f} operations a byte;", f"For DeepSeek-V3 that is {rate:.0f}: the step")
    oss = MODELS["gpt-oss-120b"][1]
    near, far = (oss.cache(m, 18) for m in (128, 2**17))
    said(f"Half of the 36 layers have a window of 128: they keep {near / 2**20:.1f} MiB, the other")
    said(f"the other half {far / 2**30:.1f} GiB. |")
    llama, mistral = MODELS["Llama 3 8B"], MODELS["Mistral 7B"]
    gib = [shape.cache(2**17, 32) / 2**30 for shape in (llama[1], efficient.Shape(32, 32, 128))]
    said(f"At 131,072 tokens GQA keeps {gib[0]:.0f} GiB, a quarter of MHA's {gib[1]:.0f} GiB.")
    said(f"stops the cache at 4,096 tokens: {mistral[1].cache(4096, 32) / 2**20:.0f} MiB, whatever")
    said("With 32 heads in 8 groups it is 4, still far from the 156 of")
    said(
        "Two numbers for each of 128 features, as in MQA with $D = 128$, are 256; $512 + 64$ are 576."
    )


def golden() -> dict[str, Any]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, Any]] = []
    settings = [
        (4, 2, 2, 4, 2, 8, 4, 1, 1, 2),
        (128, 8, 128, 512, 64, 131072, 4096, 61, 16, 2),
        (6, 6, 5, 7, 3, 9, 100, 2, 3, 1),
    ]
    for setting in settings:
        h, g, d, c, r, n, w, layers, batch, number = setting
        seen, near = n, min(n, w)
        shapes = [
            (efficient.Shape(h, h, d), seen),
            (efficient.Shape(h, g, d), seen),
            (efficient.Shape(h, 1, d), seen),
            (efficient.Shape(h, h, d, c, r), seen),
            (efficient.Shape(h, g, d), near),
        ]
        returns = [
            [
                shape.kept(),
                shape.cache(m, layers, batch, number),
                shape.operations(m) * layers * batch,
                shape.operations(m) / shape.cache(m, 1, 1, number),
            ]
            for shape, m in shapes
        ]
        names = ("h", "g", "d", "c", "r", "n", "w", "layers", "batch", "number")
        args = [dict(zip(names, setting, strict=True))]
        cases.append({"function": "forms", "args": args, "returns": returns})
    for n, d, t in ((12, 5, 3), (8, 2, 4), (64, 16, 16)):
        cases.append(
            {"function": "traffic", "args": [n, d, t], "returns": [count(n, d), count(n, d, t)]}
        )
    sums = "architectures/efficient-attention/efficient-attention.mjs"
    return {"module": sums, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


# Exercises.


@pytest.mark.answer("answer-efficient-attention-blocks")
def test_exercise_1_three_blocks_of_two(answer: Bench) -> None:
    total, values, top = running(4)[2]
    answer("answer-efficient-attention-blocks").is_((total, values), (total * top, values * top))
    said(
        f"exponentials sum to {total * top:.0f}, and with the values to $8 + 8 + 8 = {values * top:.0f}$;"
    )
    said(f"divided by {top:.0f} they are {total:.2f} and {values:.0f}.")


@pytest.mark.answer("answer-efficient-attention-cache")
def test_exercise_2_a_cache_with_windows(answer: Bench) -> None:
    found = []
    for groups in (8, 40):
        shape = efficient.Shape(40, groups, 128)
        mixed = shape.cache(32_768, 8) + shape.cache(1_024, 40)
        found.append((shape.cache(32_768, 48) / 2**30, mixed / 2**30))
    answer("answer-efficient-attention-cache").is_(*found)
    assert efficient.Shape(40, 8, 128).kept() * 2 == 4096
    assert efficient.Shape(40, 8, 128).cache(1_024, 40) == 160 * 2**20


@pytest.mark.answer("answer-efficient-attention-latent")
def test_exercise_3_groups_and_intensity(answer: Bench) -> None:
    groups = next(g for g in range(1, 9) if efficient.Shape(64, g, 128).kept() > 512 + 64)
    rates = [
        efficient.Shape(h, h, 128, 512, 64).operations(1) / (2 * (512 + 64)) for h in (64, 128)
    ]
    answer("answer-efficient-attention-latent").is_((groups, rates[0]), (groups, rates[1]))
    assert 576 / 256 == 2.25


@pytest.mark.answer("answer-efficient-attention-same")
def test_exercise_4_what_changes_nothing(answer: Bench) -> None:
    q, k, v = draw(6, 4), draw(6, 4, seed=1), draw(6, 4, seed=2)
    causal = efficient.window_mask(6, 6)
    whole = efficient.attend(q[None], k[None], v[None], causal)[0]
    blocks, _ = efficient.in_blocks(q, k, v, 2, causal, efficient.Traffic())
    window = efficient.attend(q[None], k[None], v[None], efficient.window_mask(6, 3))[0]
    torch.testing.assert_close(blocks, whole)
    assert (window - whole).abs().max() > 0.1
    answer("answer-efficient-attention-same").is_("Computing attention in blocks.")


@pytest.mark.answer("answer-efficient-attention-reach")
def test_exercise_5_layers_to_the_beginning(answer: Bench) -> None:
    layers = math.ceil(4095 / (128 - 1))
    assert layers_to(efficient.window_mask(96, 8), True) == math.ceil(95 / 7)
    answer("answer-efficient-attention-reach").is_(layers, layers - 1)
    assert 32 * (128 - 1) == 4064
    assert round(4095 / 127, 1) == 32.2


@pytest.mark.answer("answer-efficient-attention-traffic")
def test_exercise_6_numbers_moved_under_a_mask(answer: Bench) -> None:
    window, causal = (count(64, 16, 16, efficient.window_mask(64, w)) for w in (16, 64))
    whole = count(64, 16, 16)
    answer("answer-efficient-attention-traffic").is_((window, causal), (whole, whole))
    assert window == 7 * 512 + 2 * 1024 + 64
    assert causal == 10 * 512 + 2 * 1024 + 64
    assert whole == 16 * 512 + 2 * 1024 + 64


@pytest.mark.answer("answer-efficient-attention-strided")
def test_exercise_7_layers_of_a_strided_pattern(answer: Bench) -> None:
    whole = torch.ones(64, 64).bool().tril()
    masks = (efficient.strided_mask(64, 8), efficient.window_mask(64, 8))
    found = [
        next(n for n in range(1, 20) if torch.equal(efficient.reach(mask, n), whole))
        for mask in masks
    ]
    answer("answer-efficient-attention-strided").is_((found[0], found[1]))
    assert found[1] == 63 / 7


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "efficient_attention.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "MLA: 6 numbers a token, 96 bytes" in out
    assert float(out.rsplit(maxsplit=1)[-1]) < 1e-5
    assert json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]
