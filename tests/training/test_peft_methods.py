"""Nine ways to tune a small transformer: counts, what starts unchanged, the library, and the tables of the page."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from docs.training.peft import methods, peft
from scripts.figures import peft as recipe
from scripts.printed.values import Each
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(methods.__file__).parent.with_suffix(".md")
LIBRARY = json.loads(Path(__file__).with_name("peft.library.json").read_text(encoding="utf-8"))
said = sayings(PAGE)
KINDS = ("lora", "dora", "adapter", "bitfit", "prefix", "ia3", "last", "prompt")


def model(seed: int = 0) -> methods.Transformer:
    torch.manual_seed(seed)
    return methods.Transformer()


@pytest.mark.parametrize("r", [1, 4, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_each_formula_counts_the_parameters_that_learn(kind: str, r: int) -> None:
    for blocks in (1, 2):
        torch.manual_seed(0)
        network = methods.Transformer(depth=blocks)
        methods.tune(network, kind, r)
        counted = sum(p.numel() for p in network.parameters() if p.requires_grad)
        assert counted == methods.count(kind, r, 32, blocks)


def test_the_table_has_the_counts_and_the_library_has_the_same() -> None:
    rows = re.findall(
        r"^\| (Full|LoRA\[|\*DoRA\*|Adapter l|\*BitFit|\*Prefix|\*IA3|Last|\*Prompt).*\| ([\d,]+) \|$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    counts = [int(number.replace(",", "")) for _, number in rows]
    whole = sum(p.numel() for p in model().parameters())
    assert counts == [whole, *(methods.count(kind, 4, 32, 2) for kind in KINDS)]
    for name, number in LIBRARY["counts"].items():
        kind, _, r = name.partition(" ")
        assert methods.count(kind, int(r or 0), 32, 2) == number
    norms = [m for m in model().modules() if isinstance(m, nn.LayerNorm)]
    number = sum(p.numel() for norm in norms for p in norm.parameters())
    said(f"The network here has {whole:,} weights", f"normalisations, {number} numbers more here")


@pytest.mark.parametrize("kind", ["lora", "dora", "adapter", "ia3", "bitfit", "last"])
def test_a_method_starts_with_the_model_as_it_was(kind: str) -> None:
    x = torch.rand(5, 8, 8)
    network = model()
    before = network(x)
    methods.tune(network, kind, 4)
    torch.testing.assert_close(network(x), before, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["prefix", "prompt"])
def test_added_vectors_change_the_model_at_once(kind: str) -> None:
    x = torch.rand(5, 8, 8)
    network = model()
    before = network(x)
    methods.tune(network, kind, 4)
    assert (network(x) - before).abs().max() > 0.01


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="no such method: loar"):
        methods.tune(model(), "loar")


def test_training_changes_what_is_learned_and_nothing_else() -> None:
    network = model()
    frozen = {name: p.clone() for name, p in network.state_dict().items()}
    learned = methods.tune(network, "lora", 2)
    methods.train(network, torch.rand(64, 8, 8), torch.arange(64) % 10, learned, 0.01, 3)
    state = network.state_dict()
    for name, value in frozen.items():
        where = re.sub(r"\.(q|k|v|out|up|down)\.", r".\1.base.", name)
        assert torch.equal(state[where], value)
    assert all(p.grad is not None for p in learned)


def test_low_rank_layers_are_those_of_the_other_file_and_of_the_library() -> None:
    for name, kind in (("lora", methods.LoRA), ("dora", methods.DoRA)):
        given = {key: torch.tensor(value) for key, value in LIBRARY[name].items()}
        base = nn.Linear(4, 3)
        with torch.no_grad():
            base.weight.copy_(given["w"])
            base.bias.copy_(given["bias"])
            layer = kind(base, 2, 6.0)
            layer.a.copy_(given["a"])
            layer.b.copy_(given["b"])
        torch.testing.assert_close(layer(given["x"]), given["y"], rtol=1e-5, atol=1e-5)
        if name == "lora":
            told = peft.layer(base.weight, layer.a, layer.b, 6.0, given["x"]) + base.bias
            torch.testing.assert_close(layer(given["x"]), told)
    said("With the library's random $A$ and a given $B$")


@pytest.mark.equation("eq-peft-dora")
def test_dora_learns_direction_and_length_of_each_row(printed: Equations) -> None:
    base = nn.Linear(4, 3, bias=False).double()
    layer = methods.DoRA(base, 2, 7.0).double()
    with torch.no_grad():
        layer.b.copy_(normal(3, 2, seed=1))
        layer.length.copy_(2 + normal(3, 1, seed=2) / 2)
    changed = layer(torch.eye(4, dtype=torch.float64)).T.detach()
    told = LIBRARY["dora"]
    assert np.linalg.norm(told["merged"], axis=1) == pytest.approx(
        np.linalg.norm(told["w"], axis=1), rel=1e-5
    )  # the library's lengths are those at the start
    lora = peft.merge(base.weight, layer.a, layer.b, 7.0).detach()
    printed("eq-peft-dora").holds(
        {
            "V": lora.numpy(),
            "W": base.weight.detach().numpy(),
            "B": layer.b.detach().numpy(),
            "A": layer.a.detach().numpy(),
            r"\alpha": 7.0,
            "r": 2,
            "U": changed.numpy(),
            "m": layer.length.detach().flatten(),
            "k": 4,
            "i": Each([1, 2, 3]),
            "j": Each([1, 2, 3, 4]),
        }
    )


def test_the_recipe_merges_scales_and_rounds_as_told() -> None:
    network = model()
    methods.tune(network, "lora", 2)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, methods.LoRA):
                module.b.normal_(std=0.1)
                module.scale = 8.0 / 2
    x = torch.rand(4, 8, 8)
    torch.testing.assert_close(recipe.joined(network, None)(x), network(x), rtol=1e-4, atol=1e-4)
    plain = copy.deepcopy(model())
    torch.testing.assert_close(recipe.scaled(network, 0.0)(x), plain(x))
    assert (recipe.joined(network, 3)(x) - network(x)).abs().max() > 0.01
