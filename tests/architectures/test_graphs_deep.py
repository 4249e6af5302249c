"""Smoothing and squashing on rings: formulas against matrices and gradients, and what the page tells of them."""

import math
from pathlib import Path

import pytest
import torch

from docs.architectures.graphs import deep
from scripts.figures import graphs as figures
from scripts.figures import style
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "graphs.md"
SMOOTH = style.read_table(PAGE.parent / "graphs" / "smoothing.csv")
FAR = style.read_table(PAGE.parent / "graphs" / "far.csv")
said = sayings(PAGE)


def wave(nodes: int, k: int) -> torch.Tensor:
    """A wave with k periods around the ring, (N, 1)."""
    return torch.cos(2 * math.pi * k * torch.arange(nodes).double() / nodes)[:, None]


def far(kind: str, at: int) -> str:
    """Range of the five networks in per cent."""
    least, most = (100 * FAR[f"{kind}_{part}"][at] for part in ("least", "most"))
    return f"({least:.0f} to {most:.0f} %)"


@pytest.mark.equation("eq-graphs-wave", "eq-graphs-kept")
def test_waves_fade_by_their_factor_and_settle_with_a_share_of_the_input(
    printed: Equations,
) -> None:
    mean, k = deep.ring(12), 2
    factor = float((mean @ wave(12, k))[0] / wave(12, k)[0])
    torch.testing.assert_close(mean @ wave(12, k), factor * wave(12, k))
    printed("eq-graphs-wave").holds({r"\lambda": [9.0, factor], "k": k, "N": 12, r"\pi": math.pi})
    share = 0.3
    spreads = deep.smooth(wave(12, 3), deep.ring(12), 400, share)
    third = float((mean @ wave(12, 3))[0])
    printed("eq-graphs-kept").holds(
        {
            "g": [7.0, 8.0, float(spreads[-1] / spreads[0])],
            r"\lambda": [9.0, 5.0, third],
            "k": 3,
            r"\alpha": share,
        }
    )
    longest = float((mean @ wave(12, 1))[0])
    said(
        f"the longest wave keeps {longest:.3f} a layer, and {100 * longest**32:.0f} % after 32; the constant"
    )
    settled = [
        float(deep.smooth(wave(12, 1), mean, 400, a)[-1] / wave(12, 1).std(correction=0))
        for a in (0.1, 0.3)
    ]
    said(
        f"The longest wave keeps at least {settled[0]:.2f} of itself with $\\alpha = 0.1$ and {settled[1]:.2f} with"
    )


def test_spread_and_price_of_smoothing_as_the_page_tells_them() -> None:
    def told(name: str) -> str:
        mean, least, most = (SMOOTH[f"{name}_{part}"][32] for part in ("mean", "least", "most"))
        return f"{mean:.3f} ({least:.3f} to {most:.3f})"

    keep = [told(f"keep{share:g}") for share in figures.KEEPS]
    mean, least, most = (SMOOTH[f"keep0_{part}"][32] for part in ("mean", "least", "most"))
    said(
        f"With means alone {mean:.3f} of the spread is left after 32 layers ({least:.3f} to {most:.3f}), with 10 %"
    )
    said(f"with 10 % {keep[1]}, with 30 % ")
    mean, least, most = (SMOOTH[f"keep0.3_{part}"][32] for part in ("mean", "least", "most"))
    said(f"with 30 % {mean:.3f} ({least:.3f} to {most:.3f}).")
    mean = SMOOTH["keep0_mean"][32]
    said(f"32 such layers leave {100 * mean:.1f} % of the differences")
    said(f"with a share of 10 %, {100 * SMOOTH['keep0.1_mean'][32]:.0f} % are left")
    assert figures.KEEPS == (0, 0.1, 0.3)
    assert (figures.RING, figures.LAYERS, figures.STARTS) == (12, 32, 20)
    mean, eye = deep.ring(12), torch.eye(12).double()

    def after(share: float, layers: int) -> float:
        out = eye
        for _ in range(layers):
            out = (1 - share) * mean @ out + share * eye
        return float(out[0, 6])

    few, more = after(0.1, 500), after(0.3, 500)
    said(f"the opposite node settles at {few:.3f} with 10 % and at {more:.4f} with 30 %, where")
    said(f"where 32 means alone give it {after(0, 32):.3f}.")


def test_the_curves_of_smoothing_go_as_the_alt_text_says() -> None:
    for n in range(1, 33):
        assert SMOOTH["keep0_mean"][n] < SMOOTH["keep0_mean"][n - 1]
    for n in range(16, 33):
        assert SMOOTH["keep0_mean"][n] < SMOOTH["keep0.1_mean"][n] < SMOOTH["keep0.3_mean"][n]
    for name in ("keep0.1", "keep0.3"):
        assert SMOOTH[f"{name}_mean"][16] == pytest.approx(SMOOTH[f"{name}_mean"][32], rel=0.03)


@pytest.mark.equation("eq-graphs-heard")
def test_what_is_heard_is_the_gradient(printed: Equations) -> None:
    for nodes in (10, 14):
        around = deep.heard(deep.ring(nodes), nodes // 2, nodes // 2)
        through = deep.heard(deep.ring(nodes, "global"), 2, nodes // 2)
        printed("eq-graphs-heard").holds(
            {r"s_{\text{ring}}": float(around), r"s_{\text{global}}": float(through), "N": nodes}
        )
    power = torch.matrix_power(deep.ring(16), 8)
    torch.testing.assert_close(deep.heard(deep.ring(16), 8, 8), power[0, 8])
    around, through = deep.heard(deep.ring(16), 8, 8), deep.heard(deep.ring(16, "global"), 2, 8)
    said(f"On a ring of 16 these are {around:.4f} and {through:.4f}.")
    assert deep.heard(deep.ring(16), 7, 8) == 0
    for kind in ("ring", "edge", "global"):
        torch.testing.assert_close(
            deep.ring(8, kind).sum(1), torch.ones(8 + (kind == "global")).double()
        )


@pytest.mark.parametrize("kind", deep.KINDS)
def test_the_first_node_hears_the_far_one_through_the_network(kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    h, wanted = deep.tell(8, generator, kind != "unmarked")
    assert h[..., 4, -1].unique().tolist() == [float(kind != "unmarked")]
    assert (h[:, :, 4, :-1].argmax(-1) == wanted).all()
    assert h[:, :, [0, 1, 2, 3, 5, 6, 7], -1].abs().max() == 0
    layers = 4 if kind in ("ring", "residual") else 2
    h = h.requires_grad_()
    for count in (layers, layers - 1):
        parts = deep.weights(count, torch.Generator().manual_seed(1))
        (slope,) = torch.autograd.grad(deep.listen(kind, parts, h).sum(), h)
        heard = bool(slope[:, :, 4].any())
        assert heard == (count == layers or kind == "edge")


def test_what_the_page_tells_of_the_far_node() -> None:
    assert FAR["nodes"] == list(deep.SIZES) == [4, 8, 12, 16]
    mean = {kind: FAR[f"{kind}_mean"] for kind in deep.KINDS}
    eight, least, most = (100 * FAR[f"ring_{part}"][1] for part in ("mean", "least", "most"))
    said(
        f"On eight nodes the ring answers right in {eight:.0f} % of cases ({least:.0f} to {most:.0f} %), on"
    )
    twelve, sixteen = (100 * mean["ring"][n] for n in (2, 3))
    said(
        f"on twelve in {twelve:.0f} % {far('ring', 2)}, on sixteen in {sixteen:.0f} % {far('ring', 3)}."
    )
    said(
        f"did not save it within 300 steps: {100 * mean['residual'][3]:.0f} % {far('residual', 3)} on sixteen."
    )
    for kind in ("edge", "global"):
        assert FAR[f"{kind}_least"] == [1, 1, 1, 1]
    said(f"without the mark it fails ({100 * mean['unmarked'][3]:.0f} % on sixteen)")
    assert mean["ring"][0] == mean["residual"][0] == 1
    assert mean["ring"] == sorted(mean["ring"], reverse=True)
    assert mean["residual"] == sorted(mean["residual"], reverse=True)
    assert mean["unmarked"][0] == pytest.approx(0.5, abs=0.05)
    assert all(
        v == pytest.approx(0.25, abs=0.03)
        for v in [*mean["unmarked"][1:], mean["ring"][3], mean["residual"][3]]
    )
    said("Mean and range of five networks after 300 steps.")
    said(f"Each network is tested on {deep.BATCH} fresh rings.")
    assert (deep.SEEDS, deep.STEPS, deep.CLASSES) == (5, 300, 4)


@pytest.mark.answer("answer-graphs-heard")
def test_exercise_3_what_is_heard(answer: Bench) -> None:
    around, through = deep.heard(deep.ring(10), 5, 5), deep.heard(deep.ring(10, "global"), 2, 5)
    answer("answer-graphs-heard").is_(
        [float(around), float(through)], [float(around) / 2, float(through)]
    )
    said("$2 / 3^5 = 2/243$ and $1/44$.")
    assert float(around) == pytest.approx(2 / 243)
    assert float(through) == pytest.approx(1 / 44)


@pytest.mark.answer("answer-graphs-edge")
def test_exercise_6_one_edge(answer: Bench) -> None:
    answer("answer-graphs-edge").is_(float(deep.heard(deep.ring(16, "edge"), 1, 8)), 1 / 3)
    assert Each([1]).values == [1]
