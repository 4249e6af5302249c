"""Efficient attention: the forms against torch, what is kept and computed, published models."""

import itertools
import json
import math
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

from scripts.figures import efficient_attention as figures
from scripts.figures import style
from scripts.printed.values import Each, From
from tests import golden as shared
from tests.architectures.efficient_attention_tools import (
    FOLDER,
    PAGE,
    column,
    count,
    draw,
    efficient,
    flops,
)
from tests.printed.plugin import Equations
from tests.said import sayings, tables

GOLDEN = Path(__file__).with_name("efficient-attention.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)


# The forms equal the library's.


def test_shared_heads_are_those_of_the_library_under_any_mask() -> None:
    q, k, v = draw(6, 20, 8), draw(3, 20, 8, seed=1), draw(3, 20, 8, seed=2)
    masks = [
        efficient.window_mask(20, 20),
        efficient.window_mask(20, 5, 2),
        efficient.fixed_mask(20, 4),
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
        efficient.fixed_mask(23, 4),
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


def test_the_library_s_causal_mask_is_for_a_whole_text() -> None:
    q, k, v = draw(4, 8, 5), draw(2, 8, 5, seed=1), draw(2, 8, 5, seed=2)
    whole = sdpa(q[None], k[None], v[None], is_causal=True, enable_gqa=True)[0]
    torch.testing.assert_close(whole, efficient.attend(q, k, v, efficient.window_mask(8, 8)))
    q = q[:, -1:]
    told = [sdpa(q[None], k[None], v[None], is_causal=c, enable_gqa=True)[0] for c in (True, False)]
    torch.testing.assert_close(told[0], v[:, :1].repeat_interleave(2, 0))
    torch.testing.assert_close(told[1], whole[:, -1:])
    said(
        "For one new token leave `is_causal` out: with it [the token would see token 1 alone]",
        "is_causal=True, enable_gqa=True)` does this for a whole text",
    )


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
    said(
        f"MLA does {rate:.0f} operations a byte;",
        f"For DeepSeek-V3 that is {rate:.0f}, more than the {312 / 2:.0f} of the processor above",
    )
    said(
        "On an H800 it is near the border: 990 thousand billion operations and 3.35 thousand billion"
        f" bytes a second are {990 / 3.35:.0f} operations a byte by its data, and {865 / 3.35:.0f} at",
        f"they count $2H = {2 * v3.h}$ and call",
    )
    oss = MODELS["gpt-oss-120b"][1]
    near, far = (oss.cache(m, 18) for m in (128, 2**17))
    said(f"Half of the 36 layers have a window of 128: they keep {near / 2**20:.1f} MiB, the other")
    said(f"the other half {far / 2**30:.1f} GiB. |")
    llama, mistral = MODELS["Llama 3 8B"], MODELS["Mistral 7B"]
    gib = [shape.cache(2**17, 32) / 2**30 for shape in (llama[1], efficient.Shape(32, 32, 128))]
    said(f"At 131,072 tokens GQA keeps {gib[0]:.0f} GiB, a quarter of MHA's {gib[1]:.0f} GiB.")
    said(f"stops the cache at 4,096 tokens: {mistral[1].cache(4096, 32) / 2**20:.0f} MiB, whatever")
    said("With 32 heads in 8 groups it is 4, still far from the 156 of")
    kib = llama[1].cache(1, 32) / 1024
    said(
        f"With 32 layers, $G = 8$, $D = 128$ and two bytes a number that is {kib:.0f} KiB a token."
    )
    said(
        "Two numbers for each of 128 features, as in MQA with $D = 128$, are 256; $512 + 64$ are 576."
    )


def test_what_the_makers_of_v2_saved_and_by_what() -> None:
    layers, shape, _ = MODELS["DeepSeek-V2"]
    before, after = 95 * efficient.Shape(64, 8, 128).kept(), layers * shape.kept()
    said(
        f"{100 * (1 - after / before):.0f} % fewer numbers than the makers' earlier model of 67"
        " billion parameters, with 95 layers and 8 groups",
        f"with 6 bits a number, {100 * (1 - after * 6 / (before * 16)):.1f} % less cache and 5.76",
    )


def test_the_settings_are_those_of_the_table_of_models() -> None:
    forms = [row[1] for row in rows_of("tab-efficient-practice")]
    notes = [row[4] for row in rows_of("tab-efficient-practice")]
    found = re.findall(r"window of ([\d,]+)", " ".join([*forms, *notes]))
    widths = sorted(int(width.replace(",", "")) for width in found)
    assert widths == [128, 1024, 4096]
    share = {"every second layer": 1 / 2, "five layers with a window to one": 5 / 6}
    shares = [
        next((part for words, part in share.items() if words in form), 1.0)
        for form in forms
        if "window" in form
    ]
    assert (min(shares), max(shares)) == (1 / 2, 1)
    groups = {n for form in forms for n in re.findall(r"heads in (\d+) groups", form)}
    latent = {pair for form in forms for pair in re.findall(r"(\d+) \+ (\d+)", form)}
    assert (len(groups), len(latent)) == (1, 1)
    usual = {row[0]: row[1] for row in rows_of("tab-efficient-settings")}
    assert usual["Groups $G$"].startswith(f"{groups.pop()}, in all rows")
    assert usual["Latent width"] == "{}, with {} for the position".format(*latent.pop())
    assert usual["Window"] == f"{widths[0]} to {widths[-1]:,}, in half of the layers to all"
    assert (
        usual["Sinks"] == "four first tokens kept, or a learned score in their place"
    )  # xiao2024efficient


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


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "efficient_attention.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "MLA: 6 numbers a token, 96 bytes" in out
    assert float(out.rsplit(maxsplit=1)[-1]) < 1e-5
    assert json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]
