"""Quantisation against PyTorch's types, bitsandbytes' table, brute force and calculus, and what the page tells."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import optimize
from scipy.stats import norm
from torch import Tensor

from docs.training.quantisation import practice
from docs.training.quantisation import quantisation as code
from scripts.figures import style
from tests import golden as shared
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training" / "quantisation.md"
DATA = PAGE.parent / "quantisation"
GOLDEN = Path(__file__).with_name("quantisation.golden.json")
ROW = torch.tensor([code.ROW], dtype=torch.float64)
INPUT = torch.tensor(code.INPUT, dtype=torch.float64)
SIGNS = torch.tensor([[1, 1, 1, 1], [1, -1, 1, -1], [1, -1, 1, 1], [1, 1, 1, -1]])
TEXTS = INPUT * SIGNS
# bitsandbytes, functional.py, get_4bit_type("nf4")
PUBLISHED = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1.0,
)  # fmt: skip
said = sayings(PAGE)
rows_of = tables(PAGE)


def whole(bits: int, group: int = 0) -> code.Format:
    """Even steps, with a scale of 16 bits."""
    return code.Format(code.integers(bits), bits, group, 16)


def tuple_of(values: Tensor) -> str:
    """A vector as the page prints it."""
    return "(" + ", ".join(f"{v:.4g}" for v in values.flatten().tolist()) + ")"


# Formats.


def test_nf4_is_the_published_table() -> None:
    np.testing.assert_allclose(code.normal_floats(), PUBLISHED, atol=2e-7)


@pytest.mark.parametrize(
    ("grid", "kind"), [(code.E4M3, torch.float8_e4m3fn), (code.E5M2, torch.float8_e5m2)]
)
def test_the_lists_of_fp8_are_those_of_pytorch(grid: Tensor, kind: torch.dtype) -> None:
    theirs = torch.arange(256, dtype=torch.uint8).view(kind).double()
    theirs = theirs[theirs.isfinite()]
    assert grid.tolist() == sorted(set(theirs.tolist()))


def test_e2m1_has_the_values_of_the_table() -> None:
    assert code.E2M1[code.E2M1 >= 0].tolist() == [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    said("0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives (E2M1)")


@pytest.mark.equation("eq-quantisation-float")
def test_a_floating_point_code_by_formula(printed: Equations) -> None:
    bits = 0b0_1010_011  # exponent 10, mantissa 3
    value = torch.tensor(bits, dtype=torch.uint8).view(torch.float8_e4m3fn).item()
    printed("eq-quantisation-float").holds({"v": value, "k": 10, r"\beta": 7, "m": 3, "M": 3.0})


@pytest.mark.equation("eq-quantisation-nf4")
def test_nf4_by_quantiles(printed: Equations) -> None:
    p = 1 - (1 / 32 + 1 / 30) / 2
    said(f"\\bigl(\\frac1{{32}} + \\frac1{{30}}\\bigr) = {p:.4f}$")
    printed("eq-quantisation-nf4").holds(
        {
            r"v_i": PUBLISHED[7 + 5],
            r"v_{-j}": PUBLISHED[7 - 3],
            "Q": norm.ppf,
            "p": p,
            "i": 5,
            "j": 3,
        },
        tolerance=1e-6,
        free=("Q",),  # its unit cancels
    )


@pytest.mark.equation("eq-quantisation-bits")
def test_bits_and_bytes(printed: Equations) -> None:
    weights, group = 4096, 128
    kept = weights * 5 + weights // group * 16  # counted: codes of 5 bits, scales of 16
    printed("eq-quantisation-bits").holds(
        {"B": kept / weights, "b": 5, "c": 16, "g": group, r"\text{bytes}": kept / 8, "P": weights}
    )
    told = {row[0].strip("*"): row[-1] for row in rows_of("tab-quantisation-formats")}
    for name, kind in code.FORMATS.items():
        if name in ("int8", "int4", "NVFP4", "MXFP4", "NF4"):
            assert float(told[name]) == round(kind.bits_a_weight(), 2)
    assert float(told["Ternary weights"]) == round(math.log2(3), 2)
    giga = 70 / 8
    sizes = rows_of("tab-quantisation-bytes")
    bits = (16, 8 + 16 / 8192, 4.25, 8 / 5)
    assert [row[1] for row in sizes] == [f"{b:.4g}" for b in bits]
    for row, b in zip(sizes, bits, strict=True):
        assert float(row[2].removesuffix(" GB")) == round(giga * b, 1)
    said(f"NVFP4: {giga * 4.5:.1f} GB", f"$3^5 = {3**5}$ of 256")
    said(f"16 bits take {giga * 16:.0f} GB and 4.25 bits {giga * 4.25:.0f} GB.")
    said(f"$8/64 + 32/(64 \\cdot 256) = {8 / 64 + 32 / (64 * 256):.3f}$ bits")


# Errors.


@pytest.mark.equation("eq-quantisation-bound")
def test_no_error_is_larger_than_half_a_step(printed: Equations) -> None:
    printed("eq-quantisation-bound").holds({"w": 0.35 - 1e-12, r"\hat w": 0.3, "s": 0.1})
    printed("eq-quantisation-bound").holds(
        {"w": 0.31, r"\hat w": 0.3, "s": 0.1}, free=("w", r"\hat w", "s")
    )
    draws = normal(64, 1024)
    for bits in (8, 4, 2):
        scale = draws.reshape(64, -1, 64).abs().amax(-1, keepdim=True) / (2 ** (bits - 1) - 1)
        error = (code.quantise(draws, whole(bits, 64)) - draws).reshape(64, -1, 64)
        assert (error.abs() / scale).max() <= 0.5 + 1e-9


@pytest.mark.equation("eq-quantisation-noise")
def test_the_noise_of_small_steps(printed: Equations) -> None:
    draws = torch.randn(64, 1024, generator=torch.Generator().manual_seed(0)).double()
    shares, errors = [], []
    for bits in (4, 8, 2):
        made = code.quantise(draws, whole(bits, 64)) - draws
        scale = draws.reshape(64, -1, 64).abs().amax(-1, keepdim=True) / (2 ** (bits - 1) - 1)
        shares.append(float(made.square().mean() / (scale.square().mean() / 12)))
        errors.append(float((made.reshape(64, -1, 64).abs() / scale).max()))
    said(f"the mean square is {shares[0]:.3f} of this at 4 bits and {shares[1]:.3f} at 8:")
    said(f"no error, and $63/64 = {63 / 64:.3f}$", f"with three values, it is {shares[2]:.3f},")
    assert {f"{e:.3f}" for e in errors} == {"0.500"}
    said("The largest error was 0.500 of a step")
    even = torch.linspace(-2.8, 2.8, 2_000_001, dtype=torch.float64)
    step = 0.7
    square = float((code.nearest(even / step, code.integers(8)) * step - even)[:-1].square().mean())
    inside = np.linspace(-step / 2, step / 2, 200_001)
    assert square == pytest.approx(float((inside**2).mean()), rel=0.02)
    printed("eq-quantisation-noise").holds(
        {r"\mathbb{E}\bigl[(w - \hat w)^2\bigr]": float((inside**2).mean()), "s": step},
        tolerance=1e-4,
    )


def test_the_table_of_relative_errors_is_what_the_program_prints() -> None:
    draws = torch.randn(64, 1024, generator=torch.Generator().manual_seed(0)).double()
    found = {}
    for name, bits, error, _ in rows_of("tab-quantisation-try"):
        kind = code.FORMATS[name]
        found[name] = float((code.quantise(draws, kind) - draws).norm() / draws.norm())
        assert (bits, error) == (f"{kind.bits_a_weight():.2f}", f"{found[name]:.4f}")
    steps = draws.reshape(64, -1, 64).abs().amax(-1) / 7
    formula = float((steps.square().mean() / 12).sqrt())
    said(f"for even steps, {formula:.4f}.")
    assert 0.99 < found["int4"] / formula < 1
    said(f"{1 - found['NF4'] / found['int4']:.0%} less, by being denser".replace("%", " %"))
    assert 4 < found["E4M3"] / found["int8"] < 4.5


# Rounding as optimisation.


@pytest.mark.equation("eq-quantisation-output")
def test_the_error_of_the_output(printed: Equations) -> None:
    w, made, x = normal(5), normal(5, seed=1), normal(9, 5, seed=2)
    h = x.T @ x / 9
    direct = float((x @ (made - w)).square().mean())
    assert float(code.output_error(w[None], made[None], h)) == pytest.approx(direct)
    printed("eq-quantisation-output").holds(
        {
            r"\hat{\mathbf{w}}": column(made),
            r"\mathbf{w}": column(w),
            r"\mathbf{x}": columns(x),
            "n": 9,
            "H": torch.cov(x.T, correction=0).numpy() + np.outer(x.mean(0), x.mean(0)),
        },
        free=(r"\hat{\mathbf{w}}", r"\mathbf{w}"),  # it holds for every row
    )


@pytest.mark.equation("eq-quantisation-feedback")
def test_the_move_is_the_best_that_scipy_finds(printed: Equations) -> None:
    x = normal(20, 4)
    h = (x.T @ x / 20).numpy()
    j, epsilon = 1, 0.3

    def loss(free: np.ndarray) -> float:
        d = np.insert(free, j, epsilon)
        return float(d @ h @ d)

    best = optimize.minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-12})
    single = np.zeros((4, 1))
    single[j] = 1
    printed("eq-quantisation-feedback").holds(
        {
            r"\mathbf{d}": np.insert(best.x, j, epsilon).reshape(-1, 1),
            r"\epsilon": epsilon,
            r"\mathbf{e}_j": single,
            "H": h,
            r"\mathbf{d}^\top H \mathbf{d}": best.fun,
        },
        tolerance=1e-5,
    )


def test_gptq_moves_what_is_left_as_the_whole_inverse_says() -> None:
    w, x = normal(3, 6), normal(40, 6, seed=1)
    h = x.T @ x / 40 + 0.01 * torch.eye(6)
    kind = whole(3)
    left, made = w.clone(), torch.zeros_like(w)
    scale = code.scale_of(w, kind.grid, "absmax")
    for j in range(6):
        made[:, j : j + 1] = code.nearest(left[:, j : j + 1] / scale, kind.grid) * scale
        rest = torch.linalg.inv(h[j:, j:])  # anew for each column
        left[:, j:] += (made[:, j] - left[:, j])[:, None] * rest[0] / rest[0, 0]
    torch.testing.assert_close(code.gptq(w, h, kind, damp=0.0), made)


def test_gptq_against_all_choices_of_three_weights() -> None:
    found = []
    kind = whole(3)
    for seed in range(100):
        generator = torch.Generator().manual_seed(seed)
        w = torch.randn(1, 3, generator=generator, dtype=torch.float64)
        x = torch.randn(1, 16, generator=generator, dtype=torch.float64)
        x = x + 0.5 * torch.randn(3, 16, generator=generator, dtype=torch.float64)
        h = x @ x.T / 16
        every = torch.cartesian_prod(*[kind.grid] * 3) * code.scale_of(w, kind.grid, "absmax")
        assert len(every) == 7**3
        found.append(
            [
                float(code.output_error(w, code.quantise(w, kind), h)),
                float(code.output_error(w, code.gptq(w, h, kind, damp=0.0), h)),
                float(code.output_error(w, every, h).min()),
            ]
        )
    near, gptq, best = np.array(found).T
    said(f"the mean error to nearest was {near.mean():.4f}, by GPTQ {gptq.mean():.4f}, and by")
    said(f"by the best choice {best.mean():.4f}.")
    ours, theirs = (int((e <= best * (1 + 1e-9)).sum()) for e in (gptq, near))
    said(f"GPTQ found the best choice in {ours} rows and rounding to nearest in {theirs};")
    assert (gptq <= near * (1 + 1e-9)).all()
    said(f"GPTQ was better in {int((gptq < near * (1 - 1e-9)).sum())} and worse in none.")
    said("all $7^3 = 343$ choices")


def test_awq_is_never_worse_than_rounding_on_its_calibration() -> None:
    w, x = normal(16, 64), normal(200, 64, seed=1)
    x[:, :4] *= 20
    h = x.T @ x / 200
    kind = whole(4, 16)
    made, power = code.awq(w, h, kind)
    near = code.output_error(w, code.quantise(w, kind), h).sum()
    assert code.output_error(w, made, h).sum() < 0.7 * near
    assert 0 < power <= 1
    _, none = code.awq(w, torch.eye(64).double(), kind)
    assert none == 0  # all inputs alike: nothing to enlarge


# Moving the difficulty.


@pytest.mark.equation("eq-quantisation-smooth")
def test_smoothing_keeps_the_product(printed: Equations) -> None:
    x, w = normal(7, 5), normal(6, 5, seed=1)
    x[:, 2] *= 30
    s = code.smooth(x, w, 0.3)
    printed("eq-quantisation-smooth").holds(
        {
            "X": x.numpy(),
            "W": w.numpy(),
            "S": torch.diag(s).numpy(),
            r"\alpha": 0.3,
            "j": 3,
            "a_j": float(x[:, 2].abs().max()),
            "u_j": float(w[:, 2].abs().max()),
        },
        free=("X", "W"),
    )


@pytest.mark.equation("eq-quantisation-rotation")
def test_a_rotation_keeps_the_product_and_spreads_a_large_entry(printed: Equations) -> None:
    x, w, r = normal(7, 16), normal(6, 16, seed=1), code.hadamard(16)
    torch.testing.assert_close(r @ r.T, torch.eye(16).double())
    torch.testing.assert_close((x @ r) @ (w @ r).T, x @ w.T)
    printed("eq-quantisation-rotation").holds(
        {"X": x.numpy(), "W": w.numpy(), "R": r.numpy()}, free=("X", "W")
    )
    one = torch.zeros(16).double()
    one[3] = -5.0
    torch.testing.assert_close((one @ r).abs(), torch.full((16,), 5 / 4).double())
    with pytest.raises(ValueError, match="12 is not a power of two"):
        code.hadamard(12)
    said(f"$n \\log_2 n$ additions a vector, {64 * 6} for $n = 64$")
    said(f"the product with 64 rows takes {64 * 64:,} multiplications.")


# Training with rounding, and the lines of PyTorch.


def test_the_gradient_passes_straight_through() -> None:
    w = normal(3, 8).requires_grad_()
    slope = normal(3, 8, seed=1)
    made = code.through(w, whole(3))
    torch.testing.assert_close(made, code.quantise(w.detach(), whole(3)))
    (found,) = torch.autograd.grad((slope * made).sum(), w)
    torch.testing.assert_close(found, slope)


def test_steps_with_rounding_find_a_better_rounded_layer() -> None:
    w, x = normal(4, 8), normal(64, 8, seed=1)
    y, kind = x @ w.T, whole(2)
    start = float((x @ (code.quantise(w, kind) - w).T).square().sum(-1).mean())
    losses = []
    for _ in range(100):
        w, loss = code.aware(w, x, y, kind, 0.002)
        losses.append(loss)
    assert losses[0] == pytest.approx(start)
    assert min(losses) < 0.9 * start


def test_the_lines_of_today_round_as_this_page_does() -> None:
    w = normal(5, 12).float()
    torch.testing.assert_close(practice.whole(w), code.quantise(w.double(), whole(4)).float())
    x = w.clone().requires_grad_()
    (slope,) = torch.autograd.grad(practice.whole(x).sum(), x)
    assert torch.equal(slope, torch.ones_like(slope))
    codes, scale = practice.small(w)
    ours = code.quantise(w.double(), code.Format(code.E4M3, 8, 0, 16)).float()
    assert ((codes.float() * scale - ours).abs() < 1e-6).float().mean() > 0.95  # ties apart


def test_groups_must_divide_a_row() -> None:
    with pytest.raises(ValueError, match="groups of 64 do not divide a row of 96"):
        code.quantise(normal(2, 96), code.FORMATS["int4"])


def test_scales_of_powers_and_of_small_numbers() -> None:
    w = normal(4, 32)
    power = code.scale_of(w, code.E2M1, "power")
    assert torch.equal(torch.log2(power), torch.log2(power).round())
    largest = w.abs().amax(-1, keepdim=True) / power
    assert ((largest >= 4) & (largest < 8)).all()  # floor(log2) and the grid's exponent of 2
    parts = w.reshape(4, 2, 16)
    fine = code.scale_of(parts, code.E2M1, "E4M3")
    assert float((fine / (parts.abs().amax(-1, keepdim=True) / 6) - 1).abs().max()) <= 1 / 16
    mean = code.scale_of(w, code.integers(2), "mean")
    torch.testing.assert_close(mean, w.abs().mean().expand(4, 1))


# The example.


def test_the_example_as_the_page_tells_it() -> None:
    q, scale = code.absmax(ROW, code.BITS)
    made = q * scale
    said(f"A layer has the row of weights ${tuple_of(ROW)}$.", f"$s = 1.4 / 7 = {float(scale):g}$.")
    said(f"Divide by it: ${', '.join(f'{v:.2g}' for v in (ROW / scale)[0].tolist())}$.")
    said(f"Round: ${', '.join(f'{v:.0f}' for v in q[0].tolist())}$.")
    said(f"computes with code times scale: ${tuple_of(made)}$.")
    off = [f"{v:.2f}" for v in (made - ROW).abs()[0].tolist()]
    said(f"The errors are {off[0]}, {off[1]}, {off[2]} and 0.")
    said(f"half a step, $s / 2 = {float(scale) / 2:g}$.")
    said(f"With the input ${tuple_of(INPUT)}$ the output should be")
    exact, near = float(ROW[0] @ INPUT), float(made[0] @ INPUT)
    said(f"$0.56 - 0.44 + 0.32 - 0.7 = {exact:.2f}$; it becomes $0.6 - 0.4 + 0.4 - 0.7 = {near:.1f}$.")  # fmt: skip
    table = style.read_table(DATA / "diagram.csv")
    assert table["q"] == q[0].tolist()
    np.testing.assert_allclose(table["made"], made[0])
    np.testing.assert_allclose(table["output"][:2], [exact, near])
    large = ROW.clone()
    large[0, 3] *= 100
    q, scale = code.absmax(large, 4)
    assert (q[0, :3] == 0).all()
    said(f"Let the last weight be −{-large[0, 3]:.0f}", f"The scale becomes {float(scale):.0f},")
    q, scale = code.absmax(ROW[:, :3], 4)
    first, second, third = (f"{v:.0f}".replace("-", "−") for v in q[0].tolist())
    said(
        f"it is $0.56 / 7 = {float(scale):.2f}$, and their codes are {first}, {second} and {third}:"
    )
    said(f"and {third}: ${tuple_of(q * scale)}$.")
    x = torch.tensor([-0.6, 1.06, 2.4]).double()
    q, scale, zero = code.affine(x, 4)
    said(f"the step $3 / 15 = {float(scale):g}$; code {float(zero):g} stands for 0")
    said(f"1.06 becomes $5.3$, rounded 5, plus 3: code {float(q[1]):g}, which stands")
    said(f"stands for $0.2 \\cdot (8 - 3) = {float((q - zero)[1] * scale):g}$.")
    said(f"16 / 64 = {16 / 64:g}$ bits: {4 + 16 / 64:g} bits a weight.")
    said(f"For 16 weights it is {4 + 16 / 16:g}.")


def test_feedback_as_the_page_tells_it() -> None:
    h = TEXTS.T @ TEXTS / len(TEXTS)
    made = code.gptq(ROW, h, whole(4), damp=1e-6)
    assert [round(v, 6) for v in made[0].tolist()] == [0.6, -0.2, 0.2, -1.4]
    out = float(made[0] @ INPUT)
    said(f"the output $0.6 - 0.4 + 0.2 - 0.7 = {out:.1f}$:")
    exact = float(ROW[0] @ INPUT)
    near = float(code.quantise(ROW, whole(4))[0] @ INPUT)
    said(f"an error of {abs(out - exact):.2f} in place of {abs(near - exact):.2f}.")
    left = float(ROW[0, 2] - (0.6 - ROW[0, 0]))
    said(f"It is now to be $0.32 - 0.04 = {left:.2f}$, which is ${left / 0.2:.1f}$ steps")
    pair = float(ROW[0, 0] + ROW[0, 2])
    said(f"the sum of weights 1 and 3, which is ${pair:.2f}$.")


# The exercises.


def golden() -> dict[str, object]:
    """What the demo and Python must agree on: sixteen weights in seven formats, a scale for 4 or for 16."""
    rows = [normal(16, seed=seed).double() * 0.6 for seed in (1, 2)]
    rows[1][3] *= 100
    cases = []
    for name in ("int8", "int4", "int3", "int2", "NF4", "MXFP4", "ternary"):
        for row in rows:
            for group in (4, 16):
                kind = code.FORMATS[name]
                kind = kind._replace(group=0 if kind.rule == "mean" else group)
                made = code.quantise(row[None], kind)[0]
                error = float((made - row).norm() / row.norm())
                bits = kind.bits + kind.scale_bits / (kind.group or 16)
                returns = [*made.tolist(), bits, error]
                args = [row.tolist(), name, group]
                cases.append({"function": "outcome", "args": args, "returns": returns})
    return {"module": "training/quantisation/quantisation.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
