"""Latent diffusion: cross-attention against torch, a fresh control against the base, equations, numbers of the page."""

import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from scripts.figures import latent_diffusion as figures
from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

latent = import_module("docs.models.latent-diffusion.latent_diffusion")
shapes = import_module("docs.models.latent-diffusion.shapes")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "latent-diffusion.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)


def told(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(FOLDER / f"{name}.csv")


def part(table: style.Table, name: str, row: int) -> str:
    """Mean and deviation in per cent, as the page writes them."""
    mean, spread = (100 * table[column][row] for column in (name, f"{name}, deviation"))
    return f"{mean:.0f} ± {spread:.0f}"


def base(seed: int = 0) -> nn.Module:
    """A denoiser that hands on what it computes: all its weights are at random."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: nn.Module = latent.Denoiser(4, 3, 9, width=8, blocks=2)
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.3)
    return model.double()


# The example.


def test_the_example_by_pencil() -> None:
    x = torch.tensor(list(latent.PICTURES.values()), dtype=torch.float64)
    codes = latent.pair_means(x)
    assert codes.tolist() == [pytest.approx([0.8, -0.8]), pytest.approx([-0.8, 0.8])]
    s = latent.scale_factor(codes)
    assert s == pytest.approx(1.25)
    lost = (x[0] - codes[0].repeat_interleave(2)).pow(2).sum()
    said(f"The squared error is $0.1^2 + 0.1^2 = {lost:.2f}$", f"$s = 1 / 0.8 = {s:.2f}$")
    z, eps = s * codes, torch.tensor(latent.NOISE).double()
    z_t, v = latent.noisy(z[:1, None], eps[None, None], torch.tensor([latent.TIME]).double())
    assert z_t.flatten().tolist() == pytest.approx([0.2, -0.3])
    assert v.flatten().tolist() == pytest.approx([-1.6, 1.4])
    squares = ((z_t[0] - 0.5 * z) / 0.5).pow(2).sum(1)
    assert squares.tolist() == pytest.approx([0.52, 4.52])
    share = torch.softmax(-squares / 2, 0)
    ratio, mean = math.exp(float(squares[1] - squares[0]) / 2), float(share[0] - share[1])
    said(
        f"$e^{{(4.52 - 0.52)/2}} = {ratio:.1f}$, so “left” has the probability "
        f"${ratio:.1f} / {ratio + 1:.1f} = {share[0]:.2f}$, and the mean code is "
        f"${share[0]:.2f} - {share[1]:.2f} = {mean:.2f}$ at the first place."
    )
    untold = (0.2 - mean) / 0.5
    guided = untold + 2 * (-1.6 - untold)
    said(
        f"$(0.2 - 0.76) / 0.5 = -{-untold:.2f}$",
        f"$-1.12 + 2 \\cdot (-1.6 + 1.12) = -{-guided:.2f}$, which implies the code "
        f"$0.2 + 0.5 \\cdot 2.08 = {0.2 - 0.5 * guided:.2f}$",
    )


def test_a_place_asks_three_words() -> None:
    scores = torch.tensor([list(latent.SCORES.values())]).double()
    values = torch.tensor(list(latent.VALUES.values())).double()
    weights = torch.softmax(scores, 1)
    assert weights[0].tolist() == pytest.approx([0.25, 0.25, 0.5])
    assert (weights @ values)[0].tolist() == pytest.approx([0.5, 0.25])
    said(f"let the scores be 0, 0 and {latent.SCORES['left']:.2f}.")


# The equations.


@pytest.mark.equation("eq-latent-diffusion-floor")
def test_what_the_code_lost_no_denoiser_mends(printed: Equations) -> None:
    x, y = normal(4, seed=1), normal(2, seed=2)
    again = latent.pair_means(x).repeat_interleave(2)

    printed("eq-latent-diffusion-floor").holds(
        {
            "x": x,
            "y": y,
            r"\mathcal{D}": lambda code: np.repeat(code, 2),
            r"\mathcal{E}": lambda row: row.reshape(2, 2).mean(1),
        },
        free=("x", "y"),
    )
    assert float((x - again).pow(2).sum()) > 0.1


@pytest.mark.equation("eq-latent-diffusion-scaled")
@pytest.mark.equation("eq-latent-diffusion-shift")
def test_a_wrong_scale_is_a_shift_of_time(printed: Equations) -> None:
    a, t, z, eps = 0.3, 0.6, 0.7, -1.3
    ratio = t / (a * (1 - t))  # noise to data
    later = ratio / (1 + ratio)
    printed("eq-latent-diffusion-shift").holds({"a": a, "t": t, "t'": later})
    printed("eq-latent-diffusion-scaled").holds(
        {"a": a, "t": t, "t'": later, "z": z, r"\varepsilon": eps}, free=("z", r"\varepsilon")
    )
    said(f"the middle time 0.5 is really {0.5 / (0.1 * 0.5 + 0.5):.2f}")


def test_a_wrong_scale_makes_the_code_light() -> None:
    a, t, z, eps, off = 0.1, 0.5, 0.7, -1.3, 1e-3
    z_t, later = (1 - t) * a * z + t * eps, t / (a * (1 - t) + t)
    right = (1 - later) * z + later * eps
    assert (z_t - a * z) / t == pytest.approx(eps - a * z)
    wrong_error, right_error = a * off / t, ((right - z) - (right - z - off)) / later
    share = (wrong_error / right_error) ** 2
    assert share == pytest.approx(a**2 / (a * (1 - t) + t) ** 2)
    said(f"with the right scale, {share:.3f} times here.")


@pytest.mark.equation("eq-latent-diffusion-scale")
def test_the_scale_factor_is_one_over_the_spread(printed: Equations) -> None:
    y = 3 * normal(7, seed=3) + 1
    s = latent.scale_factor(y)
    printed("eq-latent-diffusion-scale").holds(
        {"s": s, "y": y, r"\bar y": float(y.sum() / 7), "n": 7}
    )
    assert float((s * y).var(correction=0)) == pytest.approx(1)
    said(f"about $1 / 0.18215 = {1 / shapes.Unet().scale:.1f}$")


@pytest.mark.equation("eq-latent-diffusion-cross")
def test_cross_attention_is_torch_s(printed: Equations) -> None:
    q, k, v = normal(1, 2, 5, seed=4), normal(1, 3, 5, seed=5), normal(1, 3, 5, seed=6)
    wanted = scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(latent.attend(q, k, v), wanted)
    printed("eq-latent-diffusion-cross").holds(
        {
            r"\mathbf{o}": wanted[0, :, :, None],
            r"\mathbf{q}": q[0, :, :, None],
            r"\mathbf{k}": k[0, :, :, None],
            r"\mathbf{v}": v[0, :, :, None],
            "i": Each([1, 2]),
            "L": 3,
            "E": 5,
        }
    )


def test_hidden_words_are_not_read() -> None:
    q, k, v = normal(2, 3, 5, seed=4), normal(2, 4, 5, seed=5), normal(2, 4, 5, seed=6)
    hidden = torch.tensor([[False, False, True, True], [False, False, False, True]])
    found = latent.attend(q, k, v, hidden)
    torch.testing.assert_close(found[0], latent.attend(q, k[:, :2], v[:, :2])[0])
    torch.testing.assert_close(found[1], latent.attend(q, k[:, :3], v[:, :3])[1])
    model, z, t = base(), normal(2, 4, 3, seed=7), torch.tensor([0.3, 0.8])
    model.float()
    short, long = torch.tensor([[0, 5], [0, -1]]), torch.tensor([[0, 5, -1], [0, -1, -1]])
    torch.testing.assert_close(model(z.float(), t, short), model(z.float(), t, long))


@pytest.mark.equation("eq-latent-diffusion-ratio")
def test_how_many_numbers_a_code_saves(printed: Equations) -> None:
    printed("eq-latent-diffusion-ratio").holds(
        {"H": 640, "W": 384, "C": 5, "f": 4}, free=("H", "W", "C", "f")
    )
    pixels = math.prod(shapes.unet_shapes(512, 512)["picture"])
    one, two = (
        pixels / math.prod(shapes.unet_shapes(512, 512)["noise"]),
        math.prod(shapes.mmdit_shapes(1024, 1024)["picture"])
        / math.prod(shapes.mmdit_shapes(1024, 1024)["noise"]),
    )
    said(
        f"That is {one:.0f} for Stable Diffusion 1 ($f = 8$, $C = 4$), {two:.0f} for Stable Diffusion 3 "
        f"($C = 16$) and {3 * 32**2 / 32:.0f} for Sana",
        f"has {one:.0f} times as many numbers as its code in Stable Diffusion 1, of 64 × 64 places with 4 "
        "numbers each; "
        f"a convolution of the same width [costs {8**2} times as much](#cost) on the picture.",
    )


@pytest.mark.equation("eq-latent-diffusion-cost")
def test_how_many_operations_latents_save(printed: Equations) -> None:
    n, width, f = 12, 7, 3
    ratio = shapes.transformer(f**2 * n, width, 5) / shapes.transformer(n, width, 5)
    printed("eq-latent-diffusion-cost").holds({"r": ratio, "f": f, "n": n, "E": width})
    tokens = (64 // 2) ** 2
    r = shapes.transformer(64 * tokens, 1152, 28) / shapes.transformer(tokens, 1152, 28)
    own = shapes.transformer(256, 1152, 28) / 2e9
    said(
        f"$n$ is {tokens:,} in the latents and {64 * tokens:,} in pixels, and $r = {r:.0f}$.",
        f"The formula gives {own:.1f} thousand million",
    )
    conv = shapes.convolution(512, 512, 320, 320) / shapes.convolution(64, 64, 320, 320)
    said(f"so it costs $f^2 = {conv:.0f}$ times as much on pixels.")
    layer = nn.Conv2d(3, 5, 3, padding=1, bias=False)
    assert shapes.convolution(6, 4, 3, 5) == 2 * 6 * 4 * layer.weight.numel()


@pytest.mark.equation("eq-latent-diffusion-control")
@pytest.mark.equation("eq-latent-diffusion-start")
def test_a_fresh_control_changes_nothing_and_learns(printed: Equations) -> None:
    model = latent.Controlled(base(), 2).double()
    z, t, text = normal(3, 4, 3, seed=8), torch.tensor([0.2, 0.5, 0.9]), torch.tensor([[0, 3]] * 3)
    control = normal(3, 4, 2, seed=9)
    t = t.double()
    assert torch.equal(model(z, t, text, control), model.base(z, t, text))
    (model(z, t, text, control) ** 2).sum().backward()
    assert all(float(layer.weight.grad.abs().max()) > 0 for layer in model.out)
    assert float(model.into.weight.grad.abs().max()) == 0
    assert all(p.grad is None for p in model.base.parameters())
    h, c, w1, w2 = (
        normal(3, 1, seed=10),
        normal(2, 1, seed=11),
        normal(3, 2, seed=12),
        normal(3, 3, seed=13),
    )
    w1, w2 = w1.requires_grad_(), w2.requires_grad_()
    inner = normal(3, 3, seed=15)
    u = torch.tanh(inner @ (h + w1 @ c))
    y = h.sin() + w2 @ u
    g = normal(3, 1, seed=14)
    y.backward(g)
    assert w1.grad is not None
    assert w2.grad is not None
    jacobian = torch.diag(1 - u[:, 0] ** 2) @ inner
    printed("eq-latent-diffusion-control").holds(
        {
            r"\mathbf{y}": y.detach(),
            "F": np.sin,
            r"F_{\mathrm{c}}": lambda x: np.tanh(inner.numpy() @ x),
            r"\mathbf{h}": h,
            r"\mathbf{c}": c,
            "W_1": w1.detach(),
            "W_2": w2.detach(),
        }
    )
    printed("eq-latent-diffusion-start").holds(
        {
            r"\frac{\partial L}{\partial W_2}": Given((), lambda: w2.grad),
            r"\frac{\partial L}{\partial W_1}": Given((), lambda: w1.grad),
            r"\mathbf{g}": g,
            r"\mathbf{u}": u.detach(),
            r"\mathbf{c}": c,
            "J": jacobian.detach(),
            "W_2": w2.detach(),
        }
    )


# The code.


def test_guidance_and_steps_follow_the_exact_field() -> None:
    class Exact(nn.Module):
        def forward(self, z: Tensor, t: Tensor, text: Tensor) -> Tensor:
            goal = torch.where(text[:, 1] > 0, 1.0, 0.25)[:, None, None]
            return (z - goal) / t[:, None, None]

    text, start = torch.tensor([[0, 4], [0, 4]]), normal(2, 4, 3).float()
    for g in (1.0, 2.0):
        end = latent.generate(Exact(), start, text, g, 5)
        torch.testing.assert_close(end, torch.full_like(end, 0.25 + g * 0.75))


def test_hiding_leaves_the_start_word() -> None:
    text = torch.tensor([[0, 5, 6]]).repeat(400, 1)
    found = latent.hide(text, 0.25, torch.Generator().manual_seed(0))
    gone = (found[:, 1:] == -1).all(1)
    assert (found[:, 0] == 0).all()
    assert 0.15 < float(gone.double().mean()) < 0.35
    assert torch.equal(found[~gone], text[~gone])


def test_tiles_with_two_places_of_overlap_have_no_seam() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = latent.Autoencoder(4).double()
    model.requires_grad_(False)
    code = normal(2, 4, 2, 10)
    whole = model.decode(code)
    off = [float((latent.tiled(model, code, 3, k) - whole).abs().max()) for k in range(3)]
    assert off[0] > off[1] > 1e-3
    assert off[2] < 1e-12
    assert model.encode(whole).shape == code.shape


def test_places_and_grid_are_inverse() -> None:
    codes = normal(2, 3, 4, 5)
    assert torch.equal(latent.grid(latent.places(codes), 4), codes)
    assert latent.places(codes).shape == (2, 20, 3)


def test_the_programs_run(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "latent_diffusion.py"), run_name="__main__")
    runpy.run_path(str(FOLDER / "shapes.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "changes the velocity by 0.0" in out
    assert "118.380036096 published 118.64" in out


# What was measured.


def test_words_are_told_as_measured() -> None:
    words, kept = told("words"), told("kept")
    assert words["g"] == list(figures.SCALES)
    said(
        f"A classifier, trained on the same digits, takes {part(words, 'codes', 0)} % of the samples for "
        f"the digit that was asked for with $g = 1$, and {part(words, 'codes', 2)} % with $g = 2$",
        f"Of rebuilt test digits it takes {part(kept, 'recognised', 2)} % for the right one, of real ones "
        f"{100 * kept['real'][0]:.1f} %.",
        f"Codes rise from {words['codes'][0]:.2f} to {words['codes'][4]:.2f}, pixels in patches of 4 × 4 "
        f"from {words['pixels'][0]:.2f} to {words['pixels'][4]:.2f}; pixels in patches of 2 × 2 stay near "
        f"{words['fine'][2]:.2f}, codes that are ten times too small rise from {words['wrong'][0]:.2f} to "
        f"{words['wrong'][4]:.2f} with wide bars",
        f"$a = 0.1$ leaves {part(words, 'wrong', 2)} % of samples that are the digit asked for with "
        f"$g = 2$, in place of {part(words, 'codes', 2)} %",
        f"reaches {part(words, 'pixels', 2)} % with $g = 2$, where codes reach {part(words, 'codes', 2)} %:",
        f"it is still near chance, {part(words, 'fine', 2)} %.",
    )
    for name in ("codes", "pixels", "wrong"):
        assert all(a < b for a, b in itertools.pairwise(words[name]))
    assert max(words["fine"]) < 0.2
    assert all(a > b for a, b in itertools.pairwise(words["variance"]))
    apart = words["codes"][2] - words["pixels"][2]
    assert apart < words["codes, deviation"][2] + words["pixels, deviation"][2]


REBUILT = 0.58  # the share of the variance within a digit that is left by the autoencoder alone


def test_rebuilding_alone_takes_variance() -> None:
    x, y, _, _ = figures.data()
    left = [
        figures.inner(figures.coder(seed)(x), y) / figures.inner(x, y) for seed in figures.SEEDS
    ]
    assert np.mean(left) == pytest.approx(REBUILT, abs=0.02)


def test_failures_are_told_as_measured() -> None:
    words, kept, styles, seams = told("words"), told("kept"), told("styles"), told("seams")
    worst = [max(seams[f"overlap {k}"]) for k in (0, 1, 2)]
    assert worst[2] < 1e-5
    second = max(seams["overlap 0"][18:])  # nearer to the second seam, at 24.5, than to the first
    rows = rows_of("tab-latent-diffusion-failures")
    codes = [f"{100 * v:.0f} %" for v in words["codes"]]
    ink = [f"{100 * v:.0f} %" for v in styles["seen ink"]]
    recognised = [f"{100 * v:.0f} %" for v in kept["recognised"]]
    assert [row[1:3] for row in rows] == [
        [
            f"with 1 number at a place, {recognised[0]} of rebuilt digits are recognised",
            f"8 numbers: {recognised[3]}",
        ],
        [
            f"codes ten times too small: {part(words, 'wrong', 2)} % of samples are the digit asked for",
            f"$s$: {codes[2]}",
        ],
        [
            f"“thin” or “thick” comes out right in {ink[0]}; guessing gives 50 %",
            f"three times the steps: {ink[1]}",
        ],
        [
            f"decoded in parts, up to {worst[0]:.2f} off at one seam and {second:.2f} at the other",
            "an overlap of two places: 0",
        ],
        [
            f"variance within a digit, against real ones (rebuilt ones have {REBUILT}): "
            f"{words['variance'][4]:.2f} at $g = 5$",
            f"$g = 1$: {words['variance'][0]:.2f}",
        ],
    ]
    assert rows[4][3] == f"{codes[0]} in place of {codes[4]} are the digit asked for"
    said(
        f"without overlap up to {worst[0]:.2f} at the seams, with an overlap of one place up to "
        f"{worst[1]:.2f}, with two places 0",
    )


def test_rebuilding_and_adjectives_are_told_as_measured() -> None:
    kept, styles = told("kept"), told("styles")
    lost, seen = ([f"{v:.2f}" for v in kept[name]] for name in ("lost", "recognised"))
    said(
        f"share of the variance that is lost, {lost[0]}, {lost[1]}, {lost[2]} and {lost[3]} for 1, 2, 4 and 8",
        f"that are recognised, {seen[0]}, {seen[1]}, {seen[2]} and {seen[3]}; real ones {kept['real'][0]:.2f}",
        f"{styles['seen ink'][0]:.2f} and {styles['seen ink'][1]:.2f} for combinations in captions, "
        f"{styles['never ink'][0]:.2f} and {styles['never ink'][1]:.2f} for those that never stood there. "
        f"Right: the digit, {styles['seen digit'][0]:.2f} and {styles['seen digit'][1]:.2f}, and "
        f"{styles['never digit'][0]:.2f} and {styles['never digit'][1]:.2f}",
        f"the adjective hardly: {part(styles, 'seen ink', 0)} % come out as asked.",
        f"After three times the steps it is {part(styles, 'seen ink', 1)} %, and "
        f"{part(styles, 'never ink', 1)} % for the combinations that were never seen.",
    )
    assert all(a > b for a, b in itertools.pairwise(kept["lost"]))
    assert styles["steps"] == [figures.STEPS, 3 * figures.STEPS]


def test_the_control_is_told_as_measured() -> None:
    table = told("control")
    zeros, chance = ([f"{v:.2f}" for v in table[f"{name} error"]] for name in ("zeros", "random"))
    one, two = ([f"{v:.2f}" for v in table[f"{name} digit"]] for name in ("zeros", "random"))
    said(
        f"from zeros {zeros[0]} at 0, {zeros[3]} at 60 and {zeros[4]} at 150 steps, from a random start "
        f"{chance[0]}, {chance[3]} and {chance[4]}. Right: the digit asked for; from zeros {one[0]} at 0 and "
        f"{one[4]} at 150 steps, from a random start {two[0]} and {two[4]}",
    )
    ahead = [a < b for a, b in zip(table["random error"], table["zeros error"], strict=True)]
    assert ahead == [False, True, True, True, True]
    beyond = [
        k
        for k, one, two, *spreads in zip(
            table["steps"],
            table["zeros error"],
            table["random error"],
            table["zeros error, deviation"],
            table["random error, deviation"],
            strict=True,
        )
        if abs(one - two) > max(spreads)
    ]
    assert table["steps"][1] == 5
    assert beyond == [20, 60]


# Exercises.


@pytest.mark.answer("answer-latent-diffusion-numbers")
def test_exercise_1_numbers_of_a_code(answer: Bench) -> None:
    shape = shapes.unet_shapes(512, 768)["noise"]
    answer("answer-latent-diffusion-numbers").is_(math.prod(shape), math.prod(shape) // 4)


@pytest.mark.answer("answer-latent-diffusion-time")
def test_exercise_2_the_real_time(answer: Bench) -> None:
    ratio = 0.5 / (0.25 * 0.5)
    answer("answer-latent-diffusion-time").is_(ratio / (1 + ratio), 1 / (1 + ratio))


@pytest.mark.answer("answer-latent-diffusion-decoder")
def test_exercise_3_a_new_decoder_leaves_the_codes(answer: Bench) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = latent.Autoencoder(4)
    x = torch.rand(2, 1, 8, 8)
    before = model.encode(x)
    nn.init.normal_(model.middle.weight)
    nn.init.normal_(model.up.weight)
    assert torch.equal(model.encode(x), before)
    answer("answer-latent-diffusion-decoder").is_("Nothing else.")


@pytest.mark.answer("answer-latent-diffusion-half")
def test_exercise_4_half_of_the_zeros(answer: Bench) -> None:
    model = latent.Controlled(base(), 2, zero=False).double()
    nn.init.zeros_(model.into.weight)
    z, t, text = normal(2, 4, 3), torch.tensor([0.2, 0.7]).double(), torch.tensor([[0, 3]] * 2)
    one, two = (model(z, t, text, normal(2, 4, 2, seed=k)) for k in (1, 2))
    assert torch.equal(one, two)
    assert float((one - model.base(z, t, text)).detach().abs().max()) > 1e-3
    answer("answer-latent-diffusion-half").is_(
        "The answer changes, and does not depend on the control."
    )


@pytest.mark.answer("answer-latent-diffusion-joint")
def test_exercise_5_rows_of_the_joint_attention(answer: Bench) -> None:
    found = shapes.mmdit_shapes(512, 512)
    answer("answer-latent-diffusion-joint").is_(
        found["joint attention"][2], found["picture tokens"][1]
    )


@pytest.mark.answer("answer-latent-diffusion-four")
def test_exercise_6_four_times_the_tokens(answer: Bench) -> None:
    found = shapes.transformer(4096, 1152, 28) / shapes.transformer(1024, 1152, 28)
    answer("answer-latent-diffusion-four").is_(found, 4, 16)
