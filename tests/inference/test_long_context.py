"""Long context: slower clocks, margins against draws, a ring against one piece, who counts at the end, price."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from scripts.figures import style
from scripts.printed.values import Each, From, Given
from tests.printed.plugin import Equations
from tests.said import sayings, tables

long_context: Any = import_module("docs.inference.long-context.long_context")
calculators: Any = import_module("docs.inference.calculators.calculators")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "long-context.md"
HOME = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
EXACT: dict[str, float] = {"rtol": 0, "atol": 1e-12}
LLAMA = calculators.models()["Llama 3 8B"]


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Seeded normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def turned(x: Tensor, angle: Tensor) -> Tensor:
    """Pairs of x (D,) as complex numbers, turned by the angles (D/2,)."""
    pairs = torch.view_as_complex(x.reshape(-1, 2).contiguous())
    return torch.view_as_real(pairs * torch.exp(1j * angle)).flatten()


class Turns(dict[float, np.ndarray]):
    """The rotation for any position, by complex numbers."""

    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = w

    def __contains__(self, place: object) -> bool:
        return True

    def __missing__(self, place: float) -> np.ndarray:
        rows = torch.eye(2 * len(self.w), dtype=torch.float64)
        return torch.stack([turned(row, self.w * place) for row in rows], 1).numpy()


# Clocks.


@pytest.mark.equation("eq-long-context-slower")
def test_interpolation_is_a_slower_clock(printed: Equations) -> None:
    w, s = long_context.frequencies(8), 4
    q, k = normal(8, seed=1), normal(8, seed=2)
    slow = long_context.scaled(w, "interpolation", s, 16)
    for i, j in ((0, 0), (31, 3), (8, 20), (2.5, 7)):
        at = torch.tensor([i, j]).double()
        a, b = long_context.rotate(torch.stack([q, k]), at, slow)
        clock = q @ turned(k, w * (j - i) / s)  # the trained speeds, at a distance divided by s
        torch.testing.assert_close(a @ b, clock, **EXACT)
        a, b = long_context.rotate(torch.stack([q, k]), at / s, w)
        torch.testing.assert_close(a @ b, clock, **EXACT)
    printed("eq-long-context-slower").holds(
        {
            "R": Turns(w),
            r"\mathbf{q}": q[:, None],
            r"\mathbf{k}": k[:, None],
            "s": s,
            "i": Each([3, 7]),
            "j": Each([5, 13]),
        },
        free=(r"\mathbf{q}", r"\mathbf{k}", "s", "i", "j"),
    )


@pytest.mark.equation("eq-long-context-turns")
def test_turns_are_full_circles(printed: Equations) -> None:
    w = long_context.frequencies(12, 500.0)
    angles = np.cumsum(np.tile(w.numpy(), (70, 1)), 0)[-1]
    printed("eq-long-context-turns").holds(
        {
            "r": From(0, angles / (2 * math.pi)),
            "C": 70,
            r"\lambda": From(0, 2 * math.pi / w.numpy()),
            "b": 500.0,
            "D": 12,
            "m": Each([1, 2, 5]),
            r"\pi": math.pi,
        }
    )
    assert long_context.turns(w, 70).numpy() == pytest.approx(angles / (2 * math.pi))


@pytest.mark.equation("eq-long-context-yarn")
def test_yarn_keeps_the_fast_and_slows_the_slow(printed: Equations) -> None:
    w = long_context.frequencies(16, 3000.0)
    r = long_context.turns(w, 200)
    after = long_context.scaled(w, "yarn", 5.0, 200, 3.0, 20.0)
    known, kept = [], []
    for speed, often in zip(w.tolist(), r.tolist(), strict=True):
        part = 1.0 if often > 20 else 0.0 if often < 3 else (often - 3) / 17
        kept.append(part)
        known.append(speed * part + speed / 5 * (1 - part))
    assert after.tolist() == pytest.approx(known)
    assert [0 < part < 1 for part in kept].count(True) == 2
    printed("eq-long-context-yarn").holds(
        {
            r"\gamma": From(0, kept),
            "r": From(0, r.numpy()),
            r"\alpha": 3,
            r"\beta": 20,
            r"\omega_m'": Given(("m",), lambda m: after[m].item()),
            r"\omega": From(0, w.numpy()),
            "s": 5,
            "m": Each(range(8)),
        }
    )


def test_the_hands_of_the_example() -> None:
    hands = long_context.EXAMPLE
    known = {
        "unchanged": [90, 30, 10],
        "interpolation": [22.5, 7.5, 2.5],
        "base": [90, 15, 2.5],
        "yarn": [90, 7.5, 2.5],
    }
    for row, (how, degrees) in zip(rows_of("tab-long-context-hands"), known.items(), strict=True):
        w = hands if how == "unchanged" else long_context.scaled(hands, how, 4, 8, 1, 2)
        assert w.rad2deg().tolist() == pytest.approx(degrees)
        told = [", ".join(f"{x * far:g}" for x in degrees) for far in (1, 31)]
        assert row[1:] == told
    at = [f"{x:.0f}" for x in (hands.rad2deg() * 7).tolist()]
    turns = long_context.turns(hands, 8).tolist()
    wave = (2 * math.pi / hands).tolist()
    said(
        "A clock with three hands stands for a head with three pairs of features: "
        "its hands move by 90°, 30° and 10° for each token.",
        "Training on 8 tokens shows distances up to 7.",
        f"turn by at most {at[0]}°, {at[1]}° and {at[2]}°: only the first goes full circle",
        "Now a text has 32 tokens, $s = 4$ times as many.",
        f"A circle takes the hands {wave[0]:.0f}, {wave[1]:.0f} and {wave[2]:.0f} tokens, their wavelengths.",
        f"At distance 11 the middle hand stands at {11 * 30}°, and at distance 31 the slow one at {31 * 10}°",
        "*Position interpolation* slows all hands by 4.",
        f"looks like one of 8 tokens with finer steps: {31 * 2.5}° is the slow hand's angle at distance {31 / 4:.2f}.",
        'But "one token back", which was 90°, is now 22.5°',
        "leaves the fast hand, slows the slow one by 4, and the middle one by 2, half way",
        f"how often it goes round in 8 tokens: {turns[0]:.0f}, {turns[1]:.2f} and {turns[2]:.2f} times.",
        "one that does not is slowed by 4; between two limits, here 1 and 2 turns, it is slowed in part",
    )
    for degrees, far in ((30, 11), (10, 31)):  # angles that no distance of training showed
        assert degrees * far % 360 not in {degrees * d % 360 for d in range(8)}
    more = long_context.scaled(hands, "yarn", 8, 8, 1, 2).rad2deg().tolist()
    longer = long_context.scaled(hands, "yarn", 4, 16, 1, 2).rad2deg().tolist()
    said(
        f"the slow hand moves by {more[2]:.2f}° a token, the fast one of YaRN still by {more[0]:.0f}°",
        f"the middle hand goes round {long_context.turns(hands, 16)[1]:.2f} times in training, "
        f"and YaRN slows it only to {longer[1]:.0f}°",
        "the same output; 1,792 numbers sent in place of 1,536",
    )
    assert style.read_table(HOME / "diagram.csv")["after"] == known["yarn"]
    sharper = long_context.sharpened(4)
    said(
        f"Above, one head: 32 vectors go through the learned W_V to values, and through the learned "
        f"W_Q and W_K to queries and keys, which are turned; scores are multiplied by {sharper:.2f},",
        "Below, its clocks: 90, 30 and 10 degrees a token, fixed, are slowed by YaRN with C = 8 and "
        "s = 4 to 90, 7.5 and 2.5 degrees; these and the positions 0 to 31 enter the turning",
    )


def test_pairs_of_llama_2() -> None:
    table = style.read_table(HOME / "scaled.csv")
    turns = np.array(table["turns"])
    less, more = int((turns < 1).sum()), int((turns > 32).sum())
    said(
        f"{less} of the 64 pairs make less than one.",
        f"Then {more} of the 64 pairs keep their speed, {less} are slowed by the whole factor, "
        f"and {64 - less - more} in part.",
        f"YaRN: 1 up to pair {more - 1}, then a rise to 8 at pair {64 - less}, and level from there",
    )
    yarn = np.array(table["yarn"])
    assert (yarn[:more] == 1).all()
    assert yarn[64 - less :] == pytest.approx(8)
    assert (np.diff(yarn[more - 1 : 65 - less]) > 0).all()
    assert (np.diff(table["base"]) > 0).all()
    assert (table["base"][0], table["base"][-1]) == (1, pytest.approx(8))
    assert set(table["interpolation"]) == {8}


# Margins.


@pytest.mark.equation("eq-long-context-margin")
def test_the_margin_that_holds_a_weight(printed: Equations) -> None:
    n, a = 37, 0.8
    low, high = 0.0, 50.0
    for _ in range(100):  # by search in a softmax over all scores
        middle = (low + high) / 2
        p = torch.tensor([middle] + [0.0] * n, dtype=torch.float64).softmax(0)[0].item()
        low, high = (middle, high) if p < a else (low, middle)
    assert long_context.margin(n, a) == pytest.approx(low)
    others = torch.zeros(n, dtype=torch.float64)
    assert long_context.weight(low, others).item() == pytest.approx(a)
    printed("eq-long-context-margin").holds({"a": a, r"\Delta": low, "n": n})
    assert [8 / (8 + m) for m in (8, 32)] == [0.5, 0.2]
    said(
        f"its score be $\\ln 8 = {math.log(8):.2f}$ above theirs",
        f"among 128 only $8 / 136 = {8 / 136:.2f}$",
        f"To stay at one half, the score must lie $\\ln 32 = {math.log(32):.2f}$ above the others: "
        f"four times as many need $\\ln 4 = {math.log(4):.2f}$ more",
        "Scores that are multiplied by $\\ln 32 / \\ln 8 = 5/3$ do just that: $2.08 \\cdot 5/3 = 3.47$.",
    )
    assert math.log(32) / math.log(8) == pytest.approx(5 / 3)


@pytest.mark.equation("eq-long-context-noise")
def test_scattered_others_cost_half_their_variance() -> None:
    found = {}
    for n, sigma in ((10_000, 1.0), (100, 2.0), (10_000, 2.0)):
        others = normal(200, n, seed=1) * sigma
        w = long_context.weight(long_context.margin(n, 0.5, sigma), others)
        found[n, sigma] = (w.mean().item(), w.std().item())
    said(
        f"give the weight {found[10_000, 1.0][0]:.3f} ± {found[10_000, 1.0][1]:.3f} at this margin; "
        f"with $\\sigma = 2$ and only 100 scores {found[100, 2.0][0]:.2f} ± {found[100, 2.0][1]:.2f}",
        f"from $\\sigma = 1$ to 2 costs as much margin as {math.exp(1.5):.1f} times as many tokens",
    )
    assert found[10_000, 2.0][0] == pytest.approx(0.5, abs=0.005)
    grown = long_context.margin(4000, 0.7, 1.3) - long_context.margin(1000, 0.7, 1.3)
    assert grown == pytest.approx(math.log(4))


@pytest.mark.equation("eq-long-context-sharper")
def test_yarn_s_factor(printed: Equations) -> None:
    q, k = normal(5, seed=3), normal(5, seed=4)
    root = 0.1 * math.log(7) + 1  # on queries and on keys
    factor = ((q * root) @ (k * root) / (q @ k)).item()
    assert long_context.sharpened(7) == pytest.approx(factor)
    printed("eq-long-context-sharper").holds({r"\tau": factor, "s": 7})
    said(
        f"At $s = 4$ it is {long_context.sharpened(4):.2f}, less than the 5/3",
        f"with $C = 4096$ the other factor is only {math.log(4 * 4096) / math.log(4096):.2f}.",
    )


# A ring.


def test_a_ring_is_attention_in_one_piece() -> None:
    q, k, v = normal(3, 48, 6, seed=5)
    whole = scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
    for machines in (1, 2, 3, 8):
        out, sent = long_context.ring(q, k, v, machines)
        torch.testing.assert_close(out, whole, **EXACT)
        assert 2 * sent == long_context.traffic(48, machines, 1, 6)
    large = long_context.ring(q * 300, k, v, 4)[0]  # scores far above what exp can hold
    assert large.isfinite().all()
    a = long_context.Part(torch.tensor([[3.0]]), torch.tensor([4.0]).log())
    b = long_context.Part(torch.tensor([[7.0]]), torch.tensor([4.0]).log())
    assert long_context.merge(a, b).out.item() == pytest.approx(5)
    q, k, v = normal(3, 64, 16)
    assert [long_context.ring(q, k, v, p)[1] for p in (4, 8)] == [1536, 1792]


@pytest.mark.equation("eq-long-context-traffic")
def test_what_a_machine_sends(printed: Equations) -> None:
    n, p, groups, d, size = 600, 5, 3, 16, 4
    sent = sum(2 * (n // p) * groups * d * size for _ in range(p - 1))  # block by block
    values = {"N": n, "P": p, "G": groups, "D": d, r"\nu": size}
    printed("eq-long-context-traffic").holds({"V": sent, **values})
    said(
        f"two bytes that is {long_context.traffic(131_072, 8, 8, 128) / 1e9:.2f} GB, "
        f"and with any number of machines it stays below "
        f"{long_context.traffic(131_072, 10**9, 8, 128) / 1e9:.2f} GB",
        f"{long_context.traffic(131_072, 8, 8, 128) / 1e9:.2f} GB sent by each of 8 machines",
    )


@pytest.mark.equation("eq-long-context-overlap")
def test_a_block_must_be_long_enough(printed: Equations) -> None:
    flops, link, heads, groups, d, size = 9e13, 7e10, 24, 6, 32, 4
    least = long_context.block(flops, link, heads, groups, size)
    values = {"F": flops, "B": link, "H": heads, "G": groups, "D": d, r"\nu": size}
    grows = ("N", "H", "B", "D")  # what may grow without breaking it
    printed("eq-long-context-overlap").holds({"N": least * 3.003, "P": 3, **values}, free=grows)
    printed("eq-long-context-overlap").holds(
        {"N": least * 120, "P": 3, **values}, free=(*grows, "P", "F", "G", r"\nu")
    )
    below = 0.999 * least
    assert 4 * below**2 * heads * d / flops < 2 * below * groups * d * size / link
    said(
        f"needs {long_context.block(312e12, 300e9, 32, 32):,.0f} tokens for each machine",
        f"where we find {long_context.block(312e12, 12.5e9, 32, 32):,.0f}.",
    )
    assert long_context.block(312e12, 300e9, 32, 8) == 260 == 1040 / 4


# Who counts at the end.


@pytest.mark.equation("eq-long-context-influence")
def test_two_layers_favour_the_first(printed: Equations) -> None:
    n = 9
    equal = np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]
    row = (equal @ equal)[-1]
    assert long_context.influence(n, 2).tolist() == pytest.approx(row)
    printed("eq-long-context-influence").holds(
        {"w": {j + 1: x for j, x in enumerate(row)}, "N": n, "j": Each([1, 4, 7])}
    )
    three = long_context.influence(3, 2).tolist()
    said(
        f"$\\frac13 (1 + \\frac12 + \\frac13) = {three[0]:.2f}$ of the first",
        f"$\\frac13 (\\frac12 + \\frac13) = {three[1]:.2f}$ of the second",
        f"$\\frac13 \\cdot \\frac13 = {three[2]:.2f}$ of itself",
    )


def test_influence_is_a_product_of_layers() -> None:
    n, i = 12, np.arange(12)
    seen = i[:, None] >= i
    near = np.where(seen, np.exp(-0.3 * (i[:, None] - i)), 0)
    near /= near.sum(1, keepdims=True)
    equal = seen / seen.sum(1, keepdims=True)
    layer = 0.2 * np.eye(n) + 0.8 * (0.6 * near + 0.4 * equal)
    known = np.linalg.matrix_power(layer, 3)[-1]
    assert long_context.influence(n, 3, 0.6, 0.3, 0.2).tolist() == pytest.approx(known)


def test_the_picture_of_influence() -> None:
    table = style.read_table(HOME / "influence.csv")
    assert table["one layer"] == pytest.approx([1 / 64] * 64)
    assert (np.diff(table["four layers"]) < 0).all()
    curve = table["with near heads"]
    low = int(np.argmin(curve))
    assert (np.diff(curve[: low + 1]) < 0).all()
    assert (np.diff(curve[low:]) > 0).all()
    said(
        f"There the first token has {curve[0]:.3f}, token {low + 1} the least, {curve[low]:.3f}, "
        f"the last {curve[-1]:.3f}.",
        f"a curve that falls from the first token to token {low + 1} and rises to the last",
    )


# Price.


@pytest.mark.equation("eq-long-context-share")
def test_the_share_of_the_pairs(printed: Equations) -> None:
    p, n = calculators.parameters(LLAMA)["multiplied"], 5000
    whole = calculators.forward(LLAMA, n)
    pairs = calculators.mixing(LLAMA, n) * n
    values = {"P_m": float(p), "L": 32, "H": 32, "D": 128, "n": n}
    printed("eq-long-context-share").holds({"q": pairs / whole, **values})
    assert long_context.prefill(n, p, 32, 4096) == pytest.approx((whole - pairs, pairs))
    half = next(m for m in range(20_000, 40_000) if calculators.mixing(LLAMA, m) > 2 * p)
    shares = {
        m: 100 * calculators.mixing(LLAMA, m) * m / calculators.forward(LLAMA, m)
        for m in (8192, 131_072)
    }
    forward = {m: calculators.forward(LLAMA, m) for m in (8000, 8192, 131_072)}
    said(
        f"with $P_m = {p / 1e9:.2f} \\cdot 10^9$ and $L H D = {32 * 32 * 128:,}$".replace(
            ",", "{,}"
        ),
        f"half of all is pairs at {half - 1:,} tokens; at 8,192 it is {shares[8192]:.0f} %, "
        f"at 131,072 it is {shares[131_072]:.0f} %.",
        f"pairs of tokens take {shares[131_072]:.0f} % of the prefill at 131,072 tokens",
        f"take {forward[131_072] / forward[8192]:.0f} times the operations.",
        f"in place of all: {forward[131_072] / forward[8000]:.0f} times less",
        f"with {forward[131_072] / forward[8000]:.0f} times the operations that 8,000 take",
        f"[{calculators.cache(LLAMA, 131_072) / 1e9:.1f} GB](calculators.md#tab-calculators-models)",
    )
