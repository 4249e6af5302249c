"""The lines of docs/architectures/feed-forward.md that one writes today: the gated layer, its limit, its width."""

from importlib import import_module
from pathlib import Path

import pytest
import torch
from scipy import stats
from torch import nn

from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.said import sayings

layer = import_module("docs.architectures.feed-forward.feed_forward")
swiglu = import_module("docs.architectures.feed-forward.swiglu")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "feed-forward.md"
said = sayings(PAGE)


@pytest.mark.equation("eq-feed-forward-swiglu")
def test_the_gated_layer_is_that_of_pytorch_s_parts(printed: Equations) -> None:
    torch.manual_seed(3)
    made = swiglu.FeedForward(3, multiple=4).double()
    x = normal(3, seed=8)
    row = made.norm(x)
    weights = [made.gate_proj.weight, made.up_proj.weight, made.down_proj.weight]
    written = made(x) - x
    assert torch.allclose(layer.gated(row, *weights), written)
    assert weights[0].shape == (8, 3)
    printed("eq-feed-forward-swiglu").holds(
        {
            r"\operatorname{SwiGLU}(\mathbf{x})": column(written),
            r"W_{\mathrm{gate}}": weights[0].detach().numpy(),
            r"W_{\mathrm{up}}": weights[1].detach().numpy(),
            r"W_{\mathrm{down}}": weights[2].detach().numpy(),
            r"\operatorname{silu}": lambda a: a * stats.logistic.cdf(a),
            r"\mathbf{x}": column(row),
        }
    )


def test_the_factor_of_llama() -> None:
    with torch.device("meta"):
        made = swiglu.FeedForward(4096)
    assert made.up_proj.out_features == 11008
    said("whose smallest model has 4,096 numbers in the stream and 11,008 units")
    plain_cost, gated_cost = layer.operations(12, 48), layer.operations(12, 32, gate=True)
    assert plain_cost == gated_cost
    assert layer.parameters(12, 48, biases=False) == layer.parameters(12, 32, gate=True)


def test_the_limit_holds_and_leaves_small_numbers_alone() -> None:
    gate, up = 100 * normal(50, seed=1), 100 * normal(50, seed=2)
    assert swiglu.clamped(gate, up).abs().max() <= 49
    small = [0.5 * normal(50, seed=n) for n in (1, 2)]
    free = nn.functional.silu(small[0]) * small[1]
    assert torch.equal(swiglu.clamped(*small), free)
    said("a product is then 49 at most")
    gates, others = stats.norm.sf(7 / 3), 2 * stats.norm.sf(7 / 3)
    said(f"with standard deviation 3 that is {100 * gates:.1f} % of the gates and")
    said(f"and {100 * others:.1f} % of the others.")
