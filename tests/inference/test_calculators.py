"""The calculators: against PyTorch's own counts, published numbers, enumeration, and the demo."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from docs.inference.calculators import calculators as calc
from docs.inference.calculators import pictures, practice
from scripts.house import calculator_tables as shown
from scripts.printed.values import Given
from tests import golden as shared
from tests.printed.plugin import Equations

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "docs" / "inference" / "calculators"
GOLDEN = Path(__file__).with_name("calculators.golden.json")
KNOWN = set(
    re.findall(
        r"^@\w+\{([^,]+),", (ROOT / "docs/references/bibliography.bib").read_text("utf-8"), re.M
    )
)
MODELS = calc.models()
SIZES = calc.Model(vocabulary=30, layers=3, width=24, heads=6, kv_heads=2, inner=40)
GATED = SIZES | {"gated": True}
SMALL = calc.complete(GATED)
SPARSE = calc.complete(
    GATED | {"experts": 7, "used": 3, "shared": 1, "expert_inner": 10, "dense": 1}
)
LATENT = calc.complete(GATED | {"head_width": 8, "query_latent": 9, "latent": 5, "rotated": 4})


def numel(module: nn.Module) -> int:
    """Parameters as PyTorch counts them."""
    return sum(parameter.numel() for parameter in module.parameters())


def gated(width: int, inner: int) -> nn.ModuleList:
    """The three matrices of a gated network, made by PyTorch."""
    sizes = ((width, inner), (width, inner), (inner, width))
    return nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in sizes)


# Parameters.


@pytest.mark.equation("eq-calculators-parameters")
def test_a_dense_model_has_the_parameters_that_torch_counts(printed: Equations) -> None:
    with torch.device("meta"):
        made = practice.count(practice.language_model(**SIZES))
    assert calc.parameters(SMALL)["total"] == made
    printed("eq-calculators-parameters").holds(
        {"P": made, "V": 30, "L": 3, "E": 24, "H": 6, "G": 2.0, "D": 4, "F": 40}
    )


@pytest.mark.equation("eq-calculators-latent")
def test_latent_attention_has_the_numbers_of_its_five_matrices(printed: Equations) -> None:
    d, q, c, r, wide = 24, 9, 5, 4, 6 * 8
    sizes = ((d, q), (q, wide + 6 * r), (d, c + r), (c, 2 * wide), (wide, d))
    made = numel(nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in sizes))
    assert calc.attention(LATENT) == made
    printed("eq-calculators-latent").holds(
        {"A": made, "E": d, "q": q, "c": c, "R": r, "H": 6, "D": 8}
    )


@pytest.mark.equation("eq-calculators-active")
def test_active_parameters_leave_out_the_experts_that_were_not_chosen(printed: Equations) -> None:
    p = calc.parameters(SPARSE)
    dense = calc.parameters(SMALL)["total"]
    routed, plain = numel(gated(24, 10)), numel(gated(24, 40))
    router = numel(nn.Linear(24, 7, bias=False))
    assert p["total"] == dense + 2 * (8 * routed + router - plain)
    chosen = dense + 2 * (4 * routed + router - plain)
    assert p["active"] == chosen
    printed("eq-calculators-active").holds(
        {"P_a": chosen, "P": p["total"], "L_e": 2, "M": 7, "k": 3, "E": 24, "F_e": 10}
    )


@pytest.mark.equation("eq-calculators-multiplied")
def test_multiplied_parameters_are_half_the_operations_without_attention(
    printed: Equations,
) -> None:
    p = calc.parameters(SMALL)
    assert p["multiplied"] == p["active"] - p["input"] - p["rest"]
    with torch.device("meta"):
        model = practice.language_model(**SIZES)
    each = practice.operations(model, 1, 1)
    assert each == calc.forward(SMALL, 1)
    multiplied = (each - calc.mixing(SMALL, 1)) / 2
    assert multiplied == p["multiplied"]
    norms = numel(nn.RMSNorm(24)) * 7
    printed("eq-calculators-multiplied").holds(
        {"P_m": multiplied, "P_a": p["active"], "V": 30, "E": 24, "Q": norms}
    )
    shared = calc.parameters(MODELS["GPT-2 small"])  # the table stays, its 1,024 positions do not
    assert shared["active"] - shared["multiplied"] == 1024 * 768 + shared["rest"]


def test_biases_norms_and_a_shared_table_are_counted_as_in_torch() -> None:
    plain = calc.complete(
        SIZES | {"kv_heads": 6, "norm": "layer", "bias": "all", "tied": True, "positions": 11}
    )
    layer = nn.TransformerEncoderLayer(24, 6, 40, batch_first=True)
    made = 3 * numel(layer) + numel(nn.Embedding(30 + 11, 24)) + numel(nn.LayerNorm(24))
    assert calc.parameters(plain)["total"] == made
    queries = calc.complete(GATED | {"bias": "qkv", "head_norms": True})
    extra = 3 * (24 + 2 * 8 + 2 * 4)
    assert calc.parameters(queries)["total"] == calc.parameters(SMALL)["total"] + extra


def test_a_retnet_has_wide_values_and_a_gate_and_a_state_that_does_not_grow() -> None:
    m = MODELS["RetNet 6.7B"]
    d, v = m["width"], m["value_width"]
    assert calc.attention(m) == 2 * d * d + 2 * d * v + v * d
    assert calc.cache(m, 8) == calc.cache(m, 8000) == 108 * 2**20  # as the page of retention says
    assert calc.mixing(m, 8) == 4 * calc.cache(m, 8, 1)


def test_a_dit_and_a_unet_have_their_published_sizes() -> None:
    rows = {row["name"]: row for row in calc.data()["model"]}
    dit = pictures.dit(rows["DiT-XL/2"])
    assert dit["total"] + 256 * 1152 == 675_129_632  # with its table of positions
    assert pictures.picture(rows["DiT-XL/2"], 256) / 2 == pytest.approx(118.64e9, rel=1e-3)
    assert pictures.unet(rows["DDPM, CIFAR-10"]) == pytest.approx(35.7e6, rel=0.01)


def test_each_row_agrees_with_its_source_or_says_why_not() -> None:
    table = calc.data()
    assert shown.faults(table, KNOWN) == []
    assert len(table["model"]) >= 15
    assert shown.stale() == "", "run: python3 scripts/dev.py make calculators"
    row = dict(table["model"][0])
    for changed, told in (
        ({"width": 800}, "reason"),
        ({"reason": "none"}, "reason"),
        ({"source": "nobody2020nothing"}, "no entry nobody2020nothing"),
    ):
        spoilt = {**table, "model": [row | changed]}
        assert any(told in fault for fault in shown.faults(spoilt, KNOWN))
    del row["source"]
    assert any("has no source" in fault for fault in shown.faults({**table, "model": [row]}, KNOWN))


# Operations.


@pytest.mark.equation("eq-calculators-forward")
def test_operations_are_those_of_torchs_counter(printed: Equations) -> None:
    with torch.device("meta"):
        model = practice.language_model(**SIZES)
        q, k = torch.empty(1, 6, 5, 4), torch.empty(1, 6, 5 + 8, 4)
    assert practice.operations(model, 2, 13) == 2 * calc.forward(SMALL, 13)
    with FlopCounterMode(display=False) as counter:
        functional.scaled_dot_product_attention(q, k, k)
    matrices = 5 * (practice.operations(model, 1, 1) - calc.mixing(SMALL, 1))
    counted = matrices + 3 * counter.get_total_flops()
    assert calc.forward(SMALL, 5, 8) == counted
    printed("eq-calculators-forward").holds(
        {
            "C(n, m)": Given((), lambda: counted),
            "P_m": calc.parameters(SMALL)["multiplied"],
            "n": 5,
            "m": 8,
            "L": 3,
            "H": 6,
            "D": 4,
        }
    )


@pytest.mark.equation("eq-calculators-training")
def test_training_is_six_for_each_parameter_and_attention(printed: Equations) -> None:
    n, tokens = 13, 1300
    with torch.device("meta"):
        model = practice.language_model(**SIZES)
    once = practice.operations(model, 1, n)
    assert calc.training(SMALL, tokens, n) == pytest.approx(3 * once * tokens / n)
    printed("eq-calculators-training").holds(
        {
            "W": 3 * once * tokens / n,
            "T": tokens,
            "n": n,
            "C": lambda n, m: calc.forward(SMALL, int(n), int(m)),
            "P_m": calc.parameters(SMALL)["multiplied"],
            "L": 3,
            "H": 6,
            "D": 4,
        }
    )


def test_the_way_back_takes_two_products_for_each_of_the_way_forward() -> None:
    layer = nn.Linear(6, 5, bias=False)
    x = torch.randn(4, 6, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        y = layer(x)
        forward = counter.get_total_flops()
        y.sum().backward()
    assert counter.get_total_flops() == 3 * forward == 3 * 2 * 4 * 6 * 5


@pytest.mark.equation("eq-calculators-hours")
def test_hours_and_share_of_the_peak_undo_each_other(printed: Equations) -> None:
    an_hour = 3e15  # operations at the peak
    work, peak = 5 * 0.4 * an_hour, an_hour / 3600
    assert calc.hours(work, peak, 0.4) == pytest.approx(5)
    assert calc.utilisation(work, peak, 5) == pytest.approx(0.4)
    printed("eq-calculators-hours").holds({"t": 5.0, "W": work, "p": peak, "u": 0.4})


def test_llama_3_405b_and_gpt_3_take_the_operations_that_were_published() -> None:
    found = [run for run in calc.data()["run"] if "flops" in run]
    assert len(found) == 2
    for run in found:
        n = calc.parameters(MODELS[run["model"]])["multiplied"]
        assert 6 * n * run["tokens"] == pytest.approx(run["flops"], rel=0.01)


# Memory.


@pytest.mark.equation("eq-calculators-weights")
def test_packed_weights_and_their_scales_take_the_bytes_of_tensors(printed: Equations) -> None:
    count, group = 4096, 32
    packed = torch.empty(count // 2, dtype=torch.uint8)
    scales = torch.empty(count // group, dtype=torch.float16)
    held = packed.nbytes + scales.nbytes
    assert calc.weights(count, 4, group) == held
    assert calc.weights(count, 16) == torch.empty(count, dtype=torch.bfloat16).nbytes
    printed("eq-calculators-weights").holds(
        {r"\text{weights}": held, "P": count, r"\beta": 4, "s": group}
    )


def test_a_cache_is_the_bytes_of_its_tensors() -> None:
    shape = (SMALL["layers"], 2, 100, SMALL["kv_heads"], SMALL["head_width"])
    assert calc.cache(SMALL, 100) == torch.empty(shape, dtype=torch.bfloat16, device="meta").nbytes
    latent = torch.empty(3, 100, 5 + 4, dtype=torch.bfloat16, device="meta")
    assert calc.cache(LATENT, 100) == latent.nbytes
    near = SMALL | {"reach": 30, "windowed": 2}
    assert calc.cache(near, 100) == pytest.approx(calc.cache(SMALL, 100) / 3 * (1 + 2 * 0.3))
    assert calc.cache(near, 20) == calc.cache(SMALL, 20)
    assert calc.mixing(near, 100) == pytest.approx(calc.mixing(SMALL, 100) / 3 * (1 + 2 * 0.3))


def test_training_holds_sixteen_bytes_a_parameter_or_fewer() -> None:
    layer = nn.Linear(50, 40, bias=False)
    optimiser = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 50)).sum().backward()
    optimiser.step()
    kept = [v for v in optimiser.state[layer.weight].values() if v.numel() > 1]
    assert layer.weight.grad is not None
    full = layer.weight.nbytes + layer.weight.grad.nbytes + sum(v.nbytes for v in kept)
    assert calc.states(2000, "fp32") == full == 16 * 2000
    assert calc.states(2000, "mixed") == 2000 * (2 + 2) + (full - layer.weight.grad.nbytes)
    assert calc.states(2000, "bf16") == full / 2


@pytest.mark.equation("eq-calculators-activations")
def test_activations_of_a_layer_one_by_one(printed: Equations) -> None:
    b, n, h, a = 3, 40, 24, 6
    one, mask = b * n * h * 2, b * n * h  # a value of 16 bits, a mask of a byte, for each number
    attention = one + 2 * one + one + one + mask  # input; queries and keys; values; output; dropout
    network = one + 4 * one + 4 * one + mask  # input; before and after the bend; dropout
    norms = 2 * one
    scores = b * a * n * n
    pairs = 2 * scores + scores + 2 * scores  # softmax; its mask; what comes of both
    assert (attention, network, norms) == (11 * mask, 19 * mask, 4 * mask)
    m = calc.complete(calc.Model(layers=1, width=h, heads=a, inner=4 * h, vocabulary=9))
    kept = attention + network + norms + pairs
    assert calc.activations(m, b, n, "all") == kept
    assert calc.activations(m, b, n, "selected") == kept - pairs
    assert calc.activations(m, b, n, "inputs") == one
    printed("eq-calculators-activations").holds(
        {r"\text{activations}": kept, "B": b, "n": n, "E": h, "H": a}
    )


# Time of a step.


@pytest.mark.equation("eq-calculators-step")
def test_a_step_takes_the_longer_of_reading_and_computing(printed: Equations) -> None:
    gpu: dict[str, Any] = {"peak": 9e3, "bandwidth": 7e3}
    one, kept = calc.forward(SMALL, 1, 8), calc.cache(SMALL, 8)
    read = sum([calc.reading(SMALL, 3) * 1.5, kept, kept, kept]) / 4 / 7e3
    work = sum([one, one, one]) / 4 / 9e3
    assert calc.step(SMALL, gpu, 4, 1.5, 3, 8) == pytest.approx(work)
    assert calc.step(SMALL, gpu | {"peak": 1e9}, 4, 1.5, 3, 8) == pytest.approx(read)
    printed("eq-calculators-step").holds(
        {
            r"\tau_r": read,
            r"\tau_c": work,
            "P_r": calc.reading(SMALL, 3),
            "a": 1.5,
            "B": 3,
            "K": kept,
            "Z": 4,
            "w": 7e3,
            "C(1, m)": Given((), lambda: one),
            "p": 9e3,
        }
    )
    assert calc.price(0.5, 4, 2, 3.6) == pytest.approx(3.6 * 4 / 3600 * 0.5 * 1e6 / 2)


def test_a_batch_reads_more_experts_until_it_reads_all() -> None:
    p = calc.parameters(SPARSE)
    one = p["active"] - p["input"]
    assert calc.reading(SPARSE, 1) == pytest.approx(one)
    draw = torch.Generator().manual_seed(1)
    picks = torch.rand(4000, 5, 7, generator=draw).argsort(-1)[..., :3]
    seen = functional.one_hot(picks, 7).amax((1, 2)).double().mean()
    routed = 2 * 7 * calc.feed(SPARSE, 10)
    share = (calc.reading(SPARSE, 5) - (one - 2 * 3 * calc.feed(SPARSE, 10))) / routed
    assert float(seen) == pytest.approx(share, abs=0.01)
    assert calc.reading(SPARSE, 200) == pytest.approx(p["total"] - p["input"])


# The demo, and the programs.

CHANGES = [
    ("Mistral 7B", {"layers": 16}),
    ("Mistral 7B", {"layers": 31}),
    ("gpt-oss-120b", {"layers": 12}),
    ("DeepSeek-V3", {"layers": 2}),
    ("Mixtral 8x7B", {"used": 16}),
    ("Llama 3 8B", {"heads": 4}),
]


@pytest.mark.parametrize(("name", "new"), CHANGES)
def test_a_changed_model_has_no_part_that_is_more_than_its_whole(
    name: str, new: calc.Model
) -> None:
    m = calc.changed(MODELS[name], new)
    p = calc.parameters(m)
    assert (
        0
        < p["multiplied"]
        <= p["active"]
        <= p["total"]
        < calc.parameters(MODELS[name])["total"] + 1
    )
    assert calc.mixing(m, 131_072) > 0
    assert m["kv_heads"] <= m["heads"]
    share = m["layers"] / MODELS[name]["layers"]
    kept, before = (calc.cache(one, 131_072) for one in (m, MODELS[name]))
    assert kept == pytest.approx(share * min(1, m["kv_heads"] / MODELS[name]["kv_heads"]) * before)


def outcome(row: calc.Model, gpu: calc.Model, tokens: int, before: int, batch: int) -> list[float]:
    """All sums of one use."""
    m = calc.complete(row)
    kept = [calc.activations(m, batch, tokens, kept) for kept in ("all", "selected", "inputs")]
    return [
        *calc.parameters(m).values(),
        calc.forward(m, tokens, before),
        calc.training(m, 1e9 * batch, tokens),
        calc.cache(m, tokens + before, 1.5),
        calc.reading(m, batch),
        calc.step(m, gpu, 8, 0.515625, batch, tokens),
        *kept,
    ]


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on: every model over a grid of uses."""
    text = calc.DATA.read_text(encoding="utf-8")
    table = calc.data()
    parts = {key: table[key] for key in ("model", "gpu", "run")}
    cases: list[dict[str, object]] = [{"function": "entries", "args": [text], "returns": parts}]

    def case(function: str, *args: object) -> None:
        module = calc if hasattr(calc, function) else pictures
        result = getattr(module, function)(*args)
        cases.append({"function": function, "args": list(args), "returns": result})

    for row in table["model"]:
        if row.get("kind") in ("dit", "unet"):
            case(row["kind"], row)
            continue
        for tokens, before, batch in ((1, 1000, 1), (700, 0, 8), (9000, 123, 300)):
            args = (row, table["gpu"][1], tokens, before, batch)
            cases.append({"function": "outcome", "args": list(args), "returns": outcome(*args)})
    for name, new in CHANGES:
        case("changed", calc.models()[name], new)
    case("picture", next(row for row in table["model"] if row.get("kind") == "dit"), 256)
    for n in (388, 70_553_706_496):
        for precision in calc.BYTES:
            case("states", n, precision)
        for bits, group in ((32, 0), (16, 0), (8, 64), (4, 128)):
            case("weights", n, bits, group)
        case("hours", 6.0 * n * 1e12, 312e12, 0.37)
        case("utilisation", 6.0 * n * 1e12, 312e12, 1e6)
        case("price", n / 1e12, 8, 3, 2.5)
    return {
        "module": "inference/calculators/calculators.mjs",
        "tolerance": 1e-9,
        "cases": cases,
    }


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_every_value_of_the_data_is_json_so_that_the_demo_can_read_it() -> None:
    for line in calc.DATA.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition(" = ")
        if equals and not line.startswith("#"):
            assert json.loads(value) is not None, key


@pytest.mark.parametrize("name", ["calculators", "pictures", "practice"])
def test_the_programs_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / f"{name}.py"), run_name="__main__")
    out = capsys.readouterr().out
    told = {
        "calculators": "GPT-2 small          124,439,808 published     124,000,000 +0.4%",
        "pictures": "DDPM, CIFAR-10        35,746,307",
        "practice": "70,553,706,496 parameters, 2.96e+14 operations",
    }
    assert told[name] in out
