"""Retention: three forms that agree, the layer, decay, bytes, and what a full state does."""

import runpy
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from scripts.figures import retention as figures
from scripts.figures import style
from scripts.printed.values import Each, From
from tests import golden as shared
from tests.draws import normal
from tests.printed.bound import column, rows, taking
from tests.printed.plugin import Equations
from tests.said import sayings, tables

retention = import_module("docs.architectures.retention.retention")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "retention.md"
GOLDEN = Path(__file__).with_name("retention.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)


def solved(k: Tensor, v: Tensor, gamma: float) -> Tensor:
    """States of one head as the solution of a system of equations: k (N, D), v (N, V) to (N, D, V)."""
    n = len(k)
    system = torch.eye(n).double() - gamma * torch.eye(n).double().roll(1, 0).tril()
    news = (k[:, :, None] * v[:, None, :]).flatten(1)
    return torch.linalg.solve(system, news).unflatten(1, (k.shape[1], v.shape[1]))


def known(n: int = 9, gamma: float = 0.9) -> dict[str, Any]:
    """Queries, keys, values, states and outputs of a text, from the system of equations."""
    q, k, v = normal(n, 4, seed=1), normal(n, 4, seed=2), normal(n, 3, seed=3)
    states = solved(k, v, gamma)
    o = torch.einsum("nd,ndv->nv", q, states)
    names = (r"\mathbf{q}", r"\mathbf{k}", r"\mathbf{v}", r"\mathbf{o}")
    found = {name: rows(x) for name, x in zip(names, (q, k, v, o), strict=True)}
    before = [np.zeros((4, 3)), *states.numpy()]
    return {**found, r"\gamma": gamma, r"\mathbf{S}": From(0, before)}


def some(*names: str) -> dict[str, Any]:
    """Some of these."""
    everything = known()
    return {name: everything[name] for name in names}


# Three forms.


@pytest.mark.parametrize("size", [*range(1, 14), 40])
def test_parallel_recurrent_and_chunkwise_retention_agree(size: int) -> None:
    heads, n = 3, 13
    q, k, v = normal(heads, n, 4), normal(heads, n, 4, seed=1), normal(heads, n, 5, seed=2)
    gamma = torch.tensor([0.3, 0.9, 1.0]).double()
    states = torch.stack([solved(k[h], v[h], float(gamma[h])) for h in range(heads)])
    library = torch.einsum("hnd,hndv->hnv", q, states)
    for o in (
        retention.parallel(q, k, v, gamma),
        retention.recurrent(q, k, v, gamma),
        retention.chunkwise(q, k, v, gamma, size),
    ):
        torch.testing.assert_close(o, library, rtol=1e-9, atol=1e-9)
        assert (o - library).abs().max() < 1e-6
    said("as a system of equations, to $10^{-6}$ and closer, for chunks of every size")


@pytest.mark.equation("eq-retention-parallel")
@pytest.mark.equation("eq-retention-recurrent")
@pytest.mark.equation("eq-retention-unrolled")
@pytest.mark.equation("eq-retention-split")
def test_the_forms_as_they_are_printed(printed: Equations) -> None:
    plain = (r"\mathbf{q}", r"\mathbf{k}", r"\mathbf{v}", r"\gamma")
    o, state = r"\mathbf{o}", r"\mathbf{S}"
    printed("eq-retention-parallel").holds({**some(*plain, o), "n": Each([1, 4, 9])})
    printed("eq-retention-recurrent").holds({**some(*plain, o, state), "n": Each([1, 4, 9])})
    printed("eq-retention-unrolled").holds(
        {**some(*plain, state), "n": Each([2, 5, 9])}, free=(r"\mathbf{q}",)
    )
    printed("eq-retention-split").holds(
        {**some(*plain, o, state), "s": Each([3, 4]), "n": Each([5, 8, 9])}
    )


@pytest.mark.equation("eq-retention-chunk")
def test_the_chunkwise_form_as_it_is_printed(printed: Equations) -> None:
    everything = known()
    states = everything.pop(r"\mathbf{S}").values
    chunk = {name: x[3:7] if isinstance(x, list) else x for name, x in everything.items()}
    printed("eq-retention-chunk").holds(
        {
            **chunk,
            r"\mathbf{S}": states[3],
            r"\mathbf{S}'": states[7],
            "B": 4,
            "j": Each([1, 2, 3, 4]),
        }
    )


@pytest.mark.equation("eq-retention-matrix")
def test_all_outputs_at_once_as_they_are_printed(printed: Equations) -> None:
    everything = known()
    names = (r"\mathbf{q}", r"\mathbf{k}", r"\mathbf{v}", r"\mathbf{o}")
    q, k, v, o = (np.concatenate(everything[name]) for name in names)
    gamma = [[0.9 ** (n - m) if m <= n else 0.0 for m in range(9)] for n in range(9)]
    printed("eq-retention-matrix").holds(
        {r"\mathbf{Q}": q, r"\mathbf{K}": k, r"\mathbf{V}": v, r"\mathbf{O}": o, r"\Gamma": gamma}
    )
    np.testing.assert_allclose(
        retention.mask(torch.tensor([0.9], dtype=torch.float64), 9)[0], gamma
    )


def test_the_example_token_by_token() -> None:
    q, k, v, gamma = retention.example()
    state, told = torch.zeros(1, 2, 1).double(), rows_of("tab-retention-example")
    cells: list[list[str]] = [[], [], [], [], []]
    for n in range(4):
        o, state = retention.step(state, q[:, n], k[:, n], v[:, n], gamma)
        pairs = (q[0, n].tolist(), k[0, n].tolist(), state.flatten().tolist())
        texts = [f"({a:g}, {b:g})" for a, b in pairs]
        values = [f"{float(v[0, n, 0]):g}", f"{float(o[0, 0]):g}"]
        for row, text in zip(cells, (*texts[:2], values[0], texts[2], values[1]), strict=True):
            row.append(text)
    assert [row[1:] for row in told] == cells
    weights = (q @ k.mT * retention.mask(gamma, 4))[0]
    assert (q @ k.mT)[0, 3].tolist() == [1, 2, 1, 2]
    assert weights[3].tolist() == [1 / 8, 1 / 2, 1 / 2, 2]
    said(
        "The decay is $\\gamma = 1/2$.",
        "The state starts at $(0, 0)$.",
        "Token 1 adds $(1, 0) \\cdot 8$: the state is $(8, 0)$, and its query $(1, 0)$ reads 8.",
        "Token 2 halves that to $(4, 0)$ and adds $(0, 1) \\cdot 4$: the state is $(4, 4)$, and the"
        " query $(1, 0)$ reads 4, the 8 half forgotten.",
        "Token 3 makes $(2, 2) + (6, 0) = (8, 2)$; its query $(0, 1)$ reads 2.",
        "Token 4 makes $(4, 1) + (0, 1) = (4, 2)$; its query $(1, 2)$ reads $4 + 2 \\cdot 2 = 8$.",
        "For token 4 the scores with keys 1 to 4 are 1, 2, 1, 2.",
        "The decays are $1/8$, $1/4$, $1/2$, 1, so the weights are $1/8$, $1/2$, $1/2$, 2.",
        "The output is $8/8 + 4/2 + 6/2 + 2 \\cdot 1 = 8$, as before.",
        "Before tokens 3 and 4 the state is $(4, 4)$.",
        "halved twice, to $(1, 1)$, and the query reads $1 + 2 = 3$ from it",
        "Inside the chunk the weights are $1/2$ and 2: $6/2 + 2 \\cdot 1 = 5$. Together 8 again.",
        "the first number of the state is $2 + 6 = 8$: what is left of the old value",
        "Who asks for the last value wants 6.",
        "what the state gives for its key, here 2, and then adds",
        "a triangle of scores times decay with the rows 1; 0.5, 0; 0, 0.5, 0; 0.125, 0.5, 0.5, 2,"
        " times the values 8, 4, 6, 1, gives the outputs 8, 4, 2, 8.",
        "state 3, (8, 2), is multiplied by the decay; key (0, 1) and value 1 are added; state 4 is"
        " (4, 2); multiplied by the query (1, 2) it gives output 4, which is 8]",
    )


@pytest.mark.equation("eq-retention-operations")
def test_operations_of_a_token_are_those_that_torch_counts(printed: Equations) -> None:
    d, v, size, counts = 3, 4, 5, []
    for chunks in (1, 3):
        x = normal(1, chunks * size, d), normal(1, chunks * size, d), normal(1, chunks * size, v)
        with FlopCounterMode(display=False) as counter:
            retention.chunkwise(*x, torch.tensor([0.9], dtype=torch.float64), size)
        counts.append(counter.get_total_flops())
    printed("eq-retention-operations").holds(
        {"C": (counts[1] - counts[0]) / (2 * size), "B": size, "D": d, "V": v}
    )
    d, v, size = 256, 432, 512
    all_of_it, state = 2 * size * (d + v) + 4 * d * v, 4 * d * v
    said(
        f"With $B = {size}$, $D = {d}$ and $V = {v}$ it is {all_of_it / 1e6:.2f} million, of which"
        f" {100 * state / all_of_it:.0f} % are the state's."
    )


# The layer.


def layer(heads: int = 2, e: int = 8) -> Any:
    """A layer with random matrices."""
    sizes = ((e, e), (e, e), (e, 2 * e), (e, 2 * e), (2 * e, e))
    return retention.Layer(*(normal(*size, seed=n) for n, size in enumerate(sizes)), heads)


def test_the_layer_writes_as_it_reads() -> None:
    net, x = layer(), normal(11, 8, seed=9)
    whole = net(x)
    chunks = net(x, lambda *parts: retention.chunkwise(*parts, 4))
    torch.testing.assert_close(chunks, whole)
    state = torch.zeros(2, 4, 8).double()
    for n, row in enumerate(x):
        y, state = net.write(row, state, n)
        torch.testing.assert_close(y, whole[n])
    shifted = net.parts(x, 5)
    scores = [q @ k.mT for q, k, _ in (net.parts(x), shifted)]
    torch.testing.assert_close(scores[0], scores[1])  # positions count by their difference
    assert (net.parts(x)[0] - shifted[0]).abs().max() > 0.1
    changed = x.clone()
    changed[7:] += 1
    torch.testing.assert_close(net(changed)[:7], whole[:7])


@pytest.mark.equation("eq-retention-rotation")
def test_a_state_that_turns_and_fades_is_two_rotations_and_a_decay(printed: Equations) -> None:
    theta, gamma, n, m = 0.3, 0.9, 7, 4
    q, k = normal(1, 9, 2), normal(1, 9, 2, seed=1)
    turned, keys = (
        torch.view_as_complex(retention.rotate(x)[0]) for x in (q, k)
    )  # one pair turns by 1 radian a token
    plain = (torch.view_as_complex(x[0].contiguous()) for x in (q, k))
    a, b = (complex(x[place]) for x, place in zip(plain, (n, m), strict=True))
    there = complex(turned[n]) * complex(keys[m]).conjugate()
    assert there == pytest.approx(np.exp(1j * (n - m)) * a * b.conjugate())
    printed("eq-retention-rotation").holds(
        {
            r"\gamma": gamma,
            r"\theta": theta,
            r"\mathrm{i}": 1j,
            "q": a,
            r"\bar{k}": b.conjugate(),
            "n": n,
            "m": m,
        },
        free=(r"\gamma", r"\theta", r"\mathrm{i}", "q", r"\bar{k}", "n", "m"),
    )


@pytest.mark.equation("eq-retention-layer")
@pytest.mark.equation("eq-retention-scale")
def test_norm_and_gate_are_the_library_s(printed: Equations) -> None:
    net, x, o = layer(), normal(5, 8, seed=9), normal(2, 5, 8, seed=7)
    y = functional.rms_norm(o, (8,), eps=1e-6).transpose(0, 1).flatten(1)
    known = (functional.silu(x @ net.g) * y) @ net.o
    torch.testing.assert_close(net.finish(o, x), known)
    torch.testing.assert_close(net.finish(1000 * o, x), known, rtol=1e-4, atol=1e-4)
    printed("eq-retention-layer").holds(
        {
            r"\mathbf{z}": rows(net.finish(o, x)),
            r"\mathbf{x}": rows(x),
            r"\mathbf{y}": rows(y),
            r"\varphi": taking(functional.silu),
            "W_G": net.g.numpy(),
            "W_O": net.o.numpy(),
            "n": Each([1, 3, 5]),
        }
    )
    one = normal(6, seed=3)
    printed("eq-retention-scale").holds(
        {r"\mathbf{o}": column(one).T, "o": one.tolist(), "c": 3.5, "V": 6},
        free=("c", r"\mathbf{o}", "o"),
    )


@pytest.mark.equation("eq-retention-size")
def test_slow_heads_have_larger_outputs(printed: Equations) -> None:
    gamma, n = 0.8, 7
    inverse = torch.linalg.inv(torch.eye(n) - gamma * torch.eye(n).roll(1, 0).tril()).double()
    deviations = inverse.square().sum(-1).sqrt().tolist()
    printed("eq-retention-size").holds(
        {r"\sigma": deviations, r"\gamma": gamma, "n": Each([2, 4, 7])}, tolerance=1e-6
    )
    gammas = retention.decays(8)
    ends = [float((1 / (1 - gammas[h] ** 2)).sqrt()) for h in (0, 7)]
    said(f"deviation of {ends[0]:.1f} for the first head and of {ends[1]:.1f} for the eighth")
    sizes = []
    for seed in range(5):
        xi = torch.randn(256, 4096, generator=torch.Generator().manual_seed(seed)).double()
        ages = torch.arange(4095, -1, -1)
        sizes.append([float((xi @ gammas[h] ** ages).square().mean().sqrt()) for h in (0, 7)])
    first, last = zip(*sizes, strict=True)
    said(
        f"outputs of size {np.mean(first):.1f} after 4,096 random tokens and the eighth of"
        f" {np.mean(last):.1f} (root mean squares over 256 texts, mean of 5 seeds; ranges"
        f" {min(first):.1f} to {max(first):.1f} and {min(last):.1f} to {max(last):.1f})"
    )


# Decay.


@pytest.mark.equation("eq-retention-half-life")
@pytest.mark.equation("eq-retention-decays")
def test_half_lives_double_from_head_to_head(printed: Equations) -> None:
    gamma = 0.999
    t = retention.half_life(gamma)
    assert np.prod(np.full(693, gamma)) == pytest.approx(0.5, abs=1e-3)
    printed("eq-retention-half-life").holds({r"\gamma": gamma, "t": t}, about=1e-3)
    gammas = retention.decays(8)
    assert gammas.tolist() == [31 / 32, 63 / 64, *(1 - 1 / 2**n for n in range(7, 13))]
    printed("eq-retention-decays").holds({r"\gamma": gammas.tolist(), "h": Each(range(1, 9))})
    lives = [retention.half_life(float(g)) for g in gammas]
    assert all(1.9 < b / a < 2.1 for a, b in pairwise(lives))
    weights = {
        h: [(age, float(gammas[h - 1]) ** age) for age in figures.AGES] for h in figures.HEADS
    }
    crossed = {
        h: next((a, b) for (a, x), (b, y) in pairwise(row) if x >= 0.5 > y)
        for h, row in weights.items()
    }
    table = style.read_table(PAGE.with_suffix("") / "decay.csv")
    assert all(
        table[f"head {h}"] == pytest.approx([weight for _, weight in row], abs=1e-6)
        for h, row in weights.items()
    )
    said(
        f"![Weight against tokens back, {figures.AGES[0]} to {figures.AGES[-1]:,}, doubling."
        f" Head 1 falls below one half between {crossed[1][0]} and {crossed[1][1]} tokens, head 3"
        f" between {crossed[3][0]} and {crossed[3][1]}, head 5 between {crossed[5][0]} and"
        f" {crossed[5][1]}, head 8 between {crossed[8][0]:,} and {crossed[8][1]:,}](retention",
        "Four of eight heads; the thin line is one half.",
    )
    said(
        "a decay of its own: $31/32$ for the first, $63/64$ for the second",
        f"are {lives[0]:.1f} tokens, {lives[1]:.1f}, and about twice as many from head to head; that"
        f" of the eighth is {lives[7]:,.0f}.",
    )
    old = [float(gammas[h]) ** 100 for h in (0, 7)]
    said(
        f"100 tokens later weighs $(31/32)^{{100}} = {old[0]:.3f}$ in the first head and {old[1]:.3f}"
        " in the eighth"
    )


def test_powers_of_a_whole_text_are_infinite() -> None:
    base = torch.tensor(31 / 32)
    first = next(m for m in range(2700, 2900) if bool(torch.isinf(base ** float(-m))))
    within = (31 / 32) ** -512
    said(
        f"infinite in 32-bit numbers from $m = {first}$ on",
        f"Inside a chunk of 512 it is at most ${within / 1e7:.1f} \\cdot 10^{{7}}$.",
    )
    q, k, v = (normal(1, 3000, 2, seed=n).float() for n in range(3))
    whole = retention.parallel(q, k, v, torch.tensor([31 / 32]))
    assert bool(torch.isfinite(whole).all())
    torch.testing.assert_close(
        retention.chunkwise(q, k, v, torch.tensor([31 / 32]), 512), whole, rtol=1e-3, atol=1e-3
    )


# Bytes.


@pytest.mark.equation("eq-retention-bytes")
@pytest.mark.equation("eq-retention-crossover")
def test_a_state_and_a_cache_are_as_large_as_their_tensors(printed: Equations) -> None:
    layers, heads, d, v, n = 3, 5, 7, 6, 11
    state = sum(torch.zeros(heads, d, v).half().nbytes for _ in range(layers))
    cache = sum(
        torch.zeros(heads, n, d).half().nbytes + torch.zeros(heads, n, v).half().nbytes
        for _ in range(layers)
    )
    assert state == retention.state_bytes(layers, heads, d, v)
    sizes = {"L": layers, "H": heads, "D": d, "V": v, "b": 2}
    printed("eq-retention-bytes").holds(
        {**sizes, r"\text{state}": state, r"\text{cache}": cache, "N": n}
    )
    printed("eq-retention-crossover").holds({"N": state / (cache / n), "D": d, "V": v})


def size(count: float) -> str:
    """Bytes as the page says them."""
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.0f} GiB"


def test_the_table_of_bytes() -> None:
    lengths = (216, 8192, 131072)
    state = retention.state_bytes(32, 16, 256, 432)
    rows = [[size(state)] * 3]
    rows += [[size(retention.cache_bytes(32, g, 128, n)) for n in lengths] for g in (32, 8)]
    assert [row[1:] for row in rows_of("tab-retention-bytes")] == rows
    table = style.read_table(PAGE.with_suffix("") / "bytes.csv")
    heads, groups, flat = (table[name] for name in list(table)[1:])
    crossed = [
        next(
            (int(a[0]), int(b[0]))
            for a, b in pairwise(zip(table["tokens"], line, strict=True))
            if a[1] < flat[0] <= b[1]
        )
        for line in (heads, groups)
    ]
    assert min(flat) == max(flat)
    said(
        f"![MiB kept against tokens, {table['tokens'][0]:.0f} to {table['tokens'][-1]:,.0f}, both"
        f" logarithmic. Attention with 32 heads rises from {heads[0]:.0f} to {heads[-1]:,.0f} MiB, with"
        f" 8 groups from {groups[0]:.0f} to {groups[-1]:,.0f}; retention stays at {flat[0]:.0f}. The"
        f" lines cross between {crossed[0][0]} and {crossed[0][1]} tokens and between {crossed[1][0]}"
        f" and {crossed[1][1]:,}](retention",
        "| Kept, two bytes a number | 216 tokens | 8,192 | 131,072 |",
        "Table: State against cache, 32 layers of width 4,096 {",
    )
    papers = retention.state_bytes(32, 16, 256, 512)
    whole, grouped = (state / retention.cache_bytes(32, g, 128, 1) for g in (32, 8))
    said(
        f"a RetNet of 7 billion parameters and a Transformer of its width meet at {whole:.0f} tokens]",
        "The table compares it with a Transformer of the same width $E = 4096$, whose 32 heads have keys"
        " and values of 128 numbers.",
        f"Beyond {grouped:.0f} tokens, retention keeps less than the attention with 8 groups.",
        f"[{size(state)}](#tab-retention-bytes) at seven billion parameters",
        f"The 70 layers of MiniMax-Text-01 keep {size(retention.state_bytes(70, 64, 128, 128))} of states"
        " at two bytes a number",
        "has $L = 32$, $H = 16$, $D = 256$ and $V = 432$[^microsoft2023torchscale]:"
        f" {256 * 432 / (256 + 432):.0f} tokens.",
        f"have $V = 512$[^sun2023retentive]: {size(papers)}, as much as the Transformer of the table keeps at"
        f" {papers / retention.cache_bytes(32, 32, 128, 1):.0f} tokens.",
        "The state of the example has $2 \\cdot 1 = 2$ numbers",
        "for each token, $2 + 1 = 3$ numbers, 12 for four tokens",
    )


# The demo.


def golden() -> dict[str, Any]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, Any]] = []
    q, k, v, _ = retention.example()
    other = k.clone()
    other[0, 2] = torch.tensor([0.0, 1.0]).double()
    for keys, gamma, size, replace in (
        (k, 0.5, 2, False),
        (k, 1.0, 3, False),
        (other, 0.0625, 1, False),
        (k, 0.5, 2, True),
        (other, 0.96875, 4, True),
    ):
        g = torch.tensor([gamma], dtype=torch.float64)
        news, state, states = [], torch.zeros(1, 2, 1).double(), []
        for n in range(4):
            there = gamma * keys[:, n, None] @ state
            news.append(float(v[0, n, 0] - there) if replace else float(v[0, n, 0]))
            added = torch.tensor([[news[-1]]], dtype=torch.float64)
            _, state = retention.step(state, q[:, n], keys[:, n], added, g)
            states.append(state.flatten().tolist())
        added = torch.tensor(news, dtype=torch.float64)[None, :, None]
        whole = retention.delta(q, keys, v, g) if replace else retention.parallel(q, keys, v, g)
        returns = {
            "weights": (q @ keys.mT * retention.mask(g, 4))[0].tolist(),
            "news": news,
            "states": states,
            "parallel": whole.flatten().tolist(),
            "recurrent": retention.recurrent(q, keys, added, g).flatten().tolist(),
            "chunkwise": retention.chunkwise(q, keys, added, g, size).flatten().tolist(),
        }
        text = {"q": q[0].tolist(), "k": keys[0].tolist(), "v": v.flatten().tolist()}
        args = [text | {"gamma": gamma, "size": size, "replace": replace}]
        cases.append({"function": "run", "args": args, "returns": returns})
    cases += [
        {"function": "halfLife", "args": [g], "returns": retention.half_life(g)}
        for g in (0.25, 0.5, 0.96875)
    ]
    sums = "architectures/retention/retention.mjs"
    return {"module": sums, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_the_presets_of_the_demo() -> None:
    cases = [case["returns"] for case in golden()["cases"][:5]]
    assert cases[0]["parallel"] == [8, 4, 2, 8]
    assert cases[1]["states"][3] == [14, 5]
    assert cases[3]["states"][2][0] == 6
    q, k, v, _ = retention.example()
    fast = torch.tensor([1 / 16]).double()
    outs = [f"{float(o):.4g}" for o in retention.parallel(q, k, v, fast).flatten()]
    assert (retention.mask(fast, 3)[0, 2] * torch.tensor([256, 16, 1])).tolist() == [1, 1, 1]
    see = ", ".join(outs)
    assert f"outputs {see}." in (PAGE.with_suffix("") / "demo.mjs").read_text(encoding="utf-8")
    assert cases[3]["parallel"][3] == 5
    said(
        "Outputs 8, 4, 2, 8; the chunk changes nothing.",
        "With a decay of 1 the state ends at $(14, 5)$.",
        "Token 3 leaves 6 in place of 8; the last output is 5.",
        f"With 1/16 the outputs are {see}: what is one token old counts 1/16, what is two old 1/256.",
        f"| RetNet, head 1 | 31/32: a half-life of {retention.half_life(31 / 32):.1f} tokens.",
    )


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.with_suffix("") / "retention.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.count("['8', '4', '2', '8']") == 3
    assert float(out.rsplit(maxsplit=1)[-1]) < 1e-6
