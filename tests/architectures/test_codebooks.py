"""Codebooks against scikit-learn, autograd, SciPy and information theory, and what the page tells of them."""

from itertools import product
from math import pi
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import entropy, norm
from sklearn.cluster import KMeans
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from docs.architectures.codebooks import codebooks, practice
from scripts.figures import codebooks as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "codebooks.md"
DATA = PAGE.parent / "codebooks"
OUTPUTS = torch.tensor(codebooks.OUTPUTS, dtype=torch.float64)
CODES = torch.tensor(codebooks.CODES, dtype=torch.float64)
FINE = torch.tensor(codebooks.FINE, dtype=torch.float64)
SLOPE = torch.tensor([1.0, -2.0], dtype=torch.float64)  # the decoder's gradient of the example
said = sayings(PAGE)


def row(values: Tensor) -> str:
    """A vector as the page prints it."""
    return "(" + ", ".join(f"{v:g}" for v in values.tolist()) + ")"


def error(u: Tensor, e: Tensor) -> float:
    """Mean squared distance to the nearest code, by brute force."""
    return float((u[:, None] - e).square().sum(-1).amin(1).mean())


# The code is what libraries compute.


def test_the_nearest_code_is_that_of_brute_force() -> None:
    u, e = normal(50, 3), normal(9, 3, seed=1)
    assert torch.equal(codebooks.nearest(u, e), torch.cdist(u, e).argmin(1))
    with pytest.raises(ValueError, match="vectors of 3 numbers, codes of 2"):
        codebooks.nearest(u, e[:, :2])


@pytest.mark.equation("eq-codebooks-gradient")
def test_the_gradients_are_those_of_autograd(printed: Equations) -> None:
    u, e = normal(1, 3).requires_grad_(), normal(5, 3, seed=1).requires_grad_()
    z, extra, k = codebooks.quantise(u, e, commitment=0.3)
    torch.testing.assert_close(z, e[k])
    slope = normal(1, 3, seed=2)
    through, none = torch.autograd.grad((slope * z).sum(), [u, e], allow_unused=True, retain_graph=True)  # fmt: skip
    torch.testing.assert_close(through, slope)
    assert none is None  # the codes get nothing from the decoder
    total = (slope * z).sum() + extra.sum()
    held, moved = torch.autograd.grad(total, [u, e])
    others = torch.arange(len(e)) != k
    assert moved[others].abs().max() == 0
    printed("eq-codebooks-gradient").holds(
        {
            r"\mathbf{g}_u": column(held),
            r"\mathbf{g}_e": column(moved[k]),
            r"\mathbf{g}": column(slope),
            r"\gamma": 0.3,
            r"\mathbf{u}": column(u),
            r"\mathbf{e}_k": column(e[k]),
        }
    )


def test_the_true_derivative_is_zero() -> None:
    u, e = normal(40, 3), normal(5, 3, seed=1)
    near = codebooks.quantise(u + 1e-6, e)[0]
    torch.testing.assert_close(near, codebooks.quantise(u, e)[0], atol=0, rtol=1e-12)
    moved = codebooks.nearest(torch.tensor([[3.1, 1.0]]).double(), CODES)
    said("to $(3.1, 1)$: the nearest code is still $\\mathbf{e}_2$")
    assert moved.item() == 1


@pytest.mark.equation("eq-codebooks-mean")
def test_the_mean_is_the_best_code(printed: Equations) -> None:
    u, e = normal(7, 3), normal(3, seed=1)
    mean = u.mean(0)
    printed("eq-codebooks-mean").holds(
        {
            r"\mathbf{u}": columns(u),
            r"\bar{\mathbf{u}}": column(mean),
            r"\mathbf{e}": column(e),
            "n": 7,
        },
        free=(r"\mathbf{e}",),  # it holds for every code
    )
    whole = (
        r"\sum_{i = 1}^{n} \lVert\mathbf{u}_{i} - \mathbf{e}\rVert^{2}"
        r" = \sum_{i = 1}^{n} \lVert%s\rVert^{2}"
        r" = \sum_{i = 1}^{n} \lVert\mathbf{u}_{i} - \bar{\mathbf{u}}\rVert^{2}"
        r" + n \lVert\bar{\mathbf{u}} - \mathbf{e}\rVert^{2}"
    )
    for turned in (
        r"- (\mathbf{u}_{i} - \bar{\mathbf{u}}) + (\bar{\mathbf{u}} - \mathbf{e})",
        r"(\mathbf{u}_{i} - \bar{\mathbf{u}}) - (\bar{\mathbf{u}} - \mathbf{e})",
    ):
        printed.excuse(whole % turned, "the mixed terms add to zero, whatever their sign")


@pytest.mark.equation("eq-codebooks-ema")
def test_the_moving_average_is_a_step_of_kmeans_by_formula(printed: Equations) -> None:
    u, e = normal(60, 3), normal(4, 3, seed=1)
    k = codebooks.nearest(u, e)
    assert len(set(k.tolist())) == 4
    theirs = KMeans(4, init=e.numpy(), n_init=1, max_iter=1).fit(u.numpy())
    step, _ = codebooks.ema(e, torch.zeros(4).double(), u, k, decay=0.0)
    assert np.allclose(step, theirs.cluster_centers_)
    counts = torch.tensor([5.0, 8.0, 3.0, 9.0]).double()
    moved, new = codebooks.ema(e, counts, u, k, decay=0.7)
    chosen = u[k == 2]
    assert new[2] == pytest.approx(0.7 * 3 + 0.3 * len(chosen))
    printed("eq-codebooks-ema").holds(
        {
            r"\mathbf{e}'": column(moved[2]),
            r"\lambda": 0.7,
            "N": 3,
            "n": len(chosen),
            r"\mathbf{e}": column(e[2]),
            r"\bar{\mathbf{u}}": column(chosen.mean(0)),
        }
    )
    still, fewer = codebooks.ema(e, counts, u[k != 2], k[k != 2], decay=0.7)
    torch.testing.assert_close(still[2], e[2])
    assert fewer[2] == pytest.approx(0.7 * 3)


def test_a_restart_moves_dead_codes_onto_vectors_and_no_other() -> None:
    u, e = normal(30, 3), normal(6, 3, seed=1)
    counts = torch.tensor([0.0, 2, 0.04, 1, 5, 0.06]).double()
    fresh, new = codebooks.restart(e, counts, u, 0.05, torch.Generator().manual_seed(0))
    assert new.tolist() == torch.where(counts < 0.05, 1.0, counts).tolist()
    assert new[[0, 2]].tolist() == [1, 1]
    torch.testing.assert_close(fresh[[1, 3, 4, 5]], e[[1, 3, 4, 5]])
    assert (torch.cdist(fresh[[0, 2]], u).amin(1) < 1e-9).all()


@pytest.mark.equation("eq-codebooks-use")
def test_the_perplexity_is_two_to_the_entropy_of_scipy(printed: Equations) -> None:
    k = torch.tensor([0] * 5 + [1] * 3 + [3] * 4)
    used, perplexity = codebooks.use(k, 4)
    share = np.array([5, 3, 4]) / 12
    bits = float(entropy(share, base=2))
    assert used == 3
    printed("eq-codebooks-use").holds({"H": bits, "P": perplexity, "p": share, "K": 3})
    used, perplexity = codebooks.use(codebooks.nearest(OUTPUTS, CODES), 4)
    assert used == 3
    assert perplexity == pytest.approx(3)
    said("In the example $P = 3$ and $H = \\log_2 3 = 1.58$ of 2 bits.")
    said("perplexity* of their use is 3, of 4 that are paid for:")
    assert f"{np.log2(perplexity):.2f}" == "1.58"
    _, uneven = codebooks.use(torch.tensor([0, 0, 1, 2]), 4)
    share = r"\frac14 \log_2 4"
    said(rf"With shares of 1/2, 1/4 and 1/4 they would carry $\frac12 \log_2 2 + {share} + {share}")
    said(f"= {np.log2(uneven):g}$ bits, and the perplexity would be $2^{{1.5}} = {uneven:.2f}$.")


@pytest.mark.equation("eq-codebooks-rate")
def test_the_rates_are_those_that_papers_print(printed: Equations) -> None:
    for f, books, codes, rate in ((75, 8, 1024, 6000), (12.5, 8, 2048, 1100)):
        printed("eq-codebooks-rate").holds({"B_s": rate, "f": f, "M": books, "K": codes})
    said("has 75 vectors a second and codebooks of 1,024: eight of them make 6,000 bits a second")


@pytest.mark.equation("eq-codebooks-bound")
def test_the_bound_is_what_blahut_and_arimoto_find(printed: Equations) -> None:
    sigma, slope = 1.5, 1.7
    at = np.linspace(-9, 9, 181)
    p = norm.pdf(at, scale=sigma)
    p /= p.sum()
    kernel = np.exp(-slope * (at[:, None] - at) ** 2)
    q = np.full(len(at), 1 / len(at))
    for _ in range(400):
        joint = q * kernel
        joint /= joint.sum(1, keepdims=True)
        q = p @ joint
    joint = q * kernel
    joint /= joint.sum(1, keepdims=True)
    distortion = float(p @ (joint * (at[:, None] - at) ** 2).sum(1))
    bits = float(p @ (joint * np.log2(np.maximum(joint, 1e-300) / np.maximum(q, 1e-300))).sum(1))
    printed("eq-codebooks-bound").holds(
        {r"\epsilon(R)": distortion, "R": bits, r"\sigma": sigma}, tolerance=2e-3
    )


@pytest.mark.equation("eq-codebooks-half")
def test_two_codes_for_a_gaussian_number(printed: Equations) -> None:
    e, least = codebooks.scalar(2)
    sigma = 1.5
    half = quad(lambda x: (x - sigma * float(e[1])) ** 2 * norm.pdf(x, scale=sigma), 0, 40)[0]
    printed("eq-codebooks-half").holds(
        {r"\epsilon_1": 2 * half, r"\sigma": sigma, "c": sigma * float(e[1]), r"\pi": pi},
        tolerance=1e-7,
    )
    said(f"which is {least:.3f} for $\\sigma = 1$, {least * 4:.2f} times the bound of 0.25.")


@pytest.mark.parametrize(("codes", "printed_1960"), [(4, 0.1175), (8, 0.03454), (16, 0.009497)])
def test_the_best_scalar_codes_have_the_errors_of_1960(codes: int, printed_1960: float) -> None:
    assert codebooks.scalar(codes)[1] == pytest.approx(printed_1960, rel=5e-4)


@pytest.mark.equation("eq-codebooks-residual")
def test_the_last_codebook_leaves_the_error_of_the_sum(printed: Equations) -> None:
    u, books = normal(6, 3), [normal(5, 3, seed=s) / s for s in (1, 2, 3)]
    z, k = codebooks.residual(u, books)
    chosen = [book[k[:, m]] for m, book in enumerate(books)]
    torch.testing.assert_close(z, sum(chosen[1:], chosen[0]))
    left = u
    for m, book in enumerate(books):
        assert torch.equal(torch.cdist(left, book).argmin(1), k[:, m])
        left = left - chosen[m]
    printed("eq-codebooks-residual").holds(
        {
            r"\mathbf{u}": column(u[2]),
            r"\mathbf{c}": [column(part[2]) for part in chosen],
            "M": 3,
            r"\mathbf{r}_{M+1}": column(left[2]),
        }
    )


@pytest.mark.equation("eq-codebooks-fsq")
def test_rounding_reaches_the_product_of_the_levels(printed: Equations) -> None:
    levels = (5, 7, 3)
    u = normal(4000, 3) * 2
    u.requires_grad_()
    z, k = codebooks.fsq(u, levels)
    reached = {tuple(v) for v in z.detach().round().tolist()}
    assert len(reached) == len(set(k.tolist())) == int(k.max()) + 1
    at = next(n for n in range(len(u)) if len({round(v) for v in z[n].abs().tolist()}) == 3)
    printed("eq-codebooks-fsq").holds(
        {
            r"z_i": float(z[at, 1].detach()),
            r"\operatorname{round}": np.round,
            "h_i": 3,
            "u_i": float(u[at, 1].detach()),
            "K": len(reached),
            "D": 3,
            "L": [5, 7, 3],
        },
        free=("u_i", "h_i"),  # rounding hides small changes
    )
    (slope,) = torch.autograd.grad(z.sum(), u)  # straight through the rounding
    half = torch.tensor([2.0, 3.0, 1.0]).double()
    torch.testing.assert_close(slope, half * (1 - torch.tanh(u.detach()) ** 2))
    with pytest.raises(ValueError, match="levels must be odd"):
        codebooks.fsq(u, (8, 5, 3))
    squashed = torch.tensor([[1.2, -0.4]]).double()
    made, _ = codebooks.fsq(torch.atanh(squashed / 2), (5, 5))
    said(
        f"from −2 to 2, what is squashed to $(1.2, -0.4)$ becomes ${row(made[0].round() + 0.0)}$, one "
        f"of $5 \\cdot 5 = 25$."
    )


@pytest.mark.equation("eq-codebooks-cost")
def test_the_cost_is_what_pytorch_counts(printed: Equations) -> None:
    u, e = torch.zeros(6, 5), torch.zeros(7, 5)
    with FlopCounterMode(display=False) as counter:
        codebooks.nearest(u, e)
    printed("eq-codebooks-cost").holds(
        {"P_e": e.numel(), "F": counter.get_total_flops(), "B": 6, "K": 7, "D": 5}
    )
    u, e = (torch.zeros(n, 128, device="meta") for n in (1, 1024))
    with FlopCounterMode(display=False) as counter:
        codebooks.nearest(u, e)
    said(f"1,024 codes of 128 numbers has {e.numel():,} parameters")
    said(f"takes {counter.get_total_flops():,} operations a vector")


def test_the_lines_of_today_make_the_same_rows() -> None:
    u = normal(300, 2).numpy()
    books, numbers = practice.rows(u, 3, 4)
    z, k = codebooks.residual(torch.tensor(u), [torch.tensor(book) for book in books])
    assert np.array_equal(k.numpy(), numbers)
    left, errors = u, []
    for book, n in zip(books, numbers.T, strict=True):
        left = left - book[n]
        errors.append(float((left**2).mean()))
    assert errors[0] > errors[1] > errors[2]
    assert float((torch.tensor(u) - z).square().mean()) == pytest.approx(errors[2])


# The example by pencil.


def test_the_example_as_the_page_tells_it() -> None:
    u, k = OUTPUTS[0], codebooks.nearest(OUTPUTS, CODES)
    for n, code in enumerate(CODES, 1):
        said(f"$\\mathbf{{e}}_{n} = {row(code)}$")
    said(f"The encoder gives $\\mathbf{{u}} = {row(u)}$.")
    far = [f"{v:g}" for v in (CODES - u).square().sum(1).tolist()]
    said(f"$9 + 1 = {far[0]}$, $1 + 1 = {far[1]}$, $9 + 9 = {far[2]}$ and $36 + 64 = {far[3]}$.")
    said(f"so $k = {k[0] + 1}$ and the decoder reads $\\mathbf{{z}} = {row(CODES[k[0]])}$.")
    said(
        f"The squared error that this makes is {far[1]}.",
        f"of four costs $\\log_2 4 = {np.log2(4):g}$ bits",
    )
    x = OUTPUTS[:1].clone().requires_grad_()
    z, extra, _ = codebooks.quantise(x, CODES)
    (held,) = torch.autograd.grad(extra.sum(), x, retain_graph=True)
    (whole,) = torch.autograd.grad((SLOPE * z).sum() + extra.sum(), x)
    said(f"has the gradient ${row(SLOPE)}$ at", f"Then the encoder gets ${row(SLOPE)}$.")
    said(f"2 \\cdot 0.25 \\cdot (-1, 1) = {row(held[0])}$, and the encoder gets ${row(whole[0])}$")
    for code in (1, 2, 0):
        a, b = (row(v) for v in OUTPUTS[k == code])
        said(f"${a}$ and ${b}$ choose code {code + 1}")
    moved = codebooks.lloyd(OUTPUTS, CODES, 1)
    said(
        f"The mean of the first two is ${row(moved[1])}$: code 2 moves there, code "
        f"3 to ${row(moved[2])}$, and code 1 stays at"
    )
    torch.testing.assert_close(moved[[0, 3]], CODES[[0, 3]])
    before, after = error(OUTPUTS, CODES), error(OUTPUTS, moved)
    said(f"from $10/6 = {before:.2f}$ to $6/6 = {after:g}$.")
    counts = torch.tensor([2.0, 2, 2, 0]).double()
    half, _ = codebooks.ema(CODES, counts, OUTPUTS, k, decay=0.5)
    said(f"code 2 goes half of it, to ${row(half[1])}$, if it was chosen twice")
    torch.testing.assert_close(half[3], CODES[3])
    said(f"there remains $\\mathbf{{u}} - \\mathbf{{z}} = {row(u - CODES[1])}$.")
    fine, _ = codebooks.residual(OUTPUTS[:1], [CODES, FINE])
    said(f"and the sum is ${row(fine[0])}$: error 0.")
    sums = {tuple((a + b).tolist()) for a, b in product(CODES, FINE)}
    said(
        f"Two codebooks of 4 store {len(CODES) + len(FINE)} vectors and make {len(sums)} "
        f"sums, in 4 bits."
    )
    said(", ".join(row(v) for v in FINE))
    table = style.read_table(DATA / "diagram.csv")
    assert (table["u"], table["z"]) == (u.tolist(), CODES[1].tolist())
    held = float((extra - (z - x).square().sum()).detach())  # all but the term that moves the code
    assert (table["number"][0], table["commitment"][0]) == (2, held)
    said(f"is a quarter of the squared distance of u and its code, {held:.1f}. Dashed")


@pytest.mark.equation("eq-codebooks-parts")
def test_a_correlation_lowers_the_bound(printed: Equations) -> None:
    sigma, rho, least = 1.5, 0.8, 0.31
    pair = sigma**2 * np.array([[1, rho], [rho, 1]])
    assert least < np.linalg.eigvalsh(pair)[0]
    bits = float(np.linalg.slogdet(pair / least)[1]) / np.log(2) / 2  # of two Gaussians, by entropy
    printed("eq-codebooks-parts").holds(
        {"R": bits / 2, r"\sigma": sigma, r"\rho": rho, r"\epsilon": least}
    )
    said(f"by the factor $\\sqrt{{1 - \\rho^2}}$, {(1 - rho**2) ** 0.5:.1f} for $\\rho = 0.8$.")


def test_the_errors_of_codes_for_a_gaussian_as_the_figure_has_them() -> None:
    table = style.read_table(DATA / "rate.csv")
    bound, joint = (np.array(table[name]) for name in ("bound", "joint"))
    assert bound.tolist() == [4.0**-bits for bits in table["bits"]]
    np.testing.assert_allclose(joint, 0.6 * bound)
    s, p, r = (table[name] / bound for name in ("scalar", "pairs_mean", "row_mean"))
    t, q, v = (table[name] / joint for name in ("scalar", "pairs_joint_mean", "row_joint_mean"))
    b = table["grid_bits"]
    g = [error * 4**bits for error, bits in zip(table["grid"], b, strict=True)]
    said(f"Independent numbers: codes for single numbers {s[0]:.2f}, {s[1]:.2f}, {s[2]:.2f}; codes")
    said(f"codes for pairs {p[0]:.2f}, {p[1]:.2f}, {p[2]:.2f}; codebooks")
    said(f"codebooks of 4 in a row {r[0]:.2f}, {r[1]:.2f}, {r[2]:.2f}; rounding")
    said(
        f"rounding at {b[0]:.2f}, {b[1]:.2f} and {b[2]:.2f} bits {g[0]:.2f}, {g[1]:.2f}, {g[2]:.2f}."
    )
    said(f"correlation 0.8: for each number {t[0]:.2f}, {t[1]:.2f}, {t[2]:.2f}; for each pair")
    said(f"for each pair {q[0]:.2f}, {q[1]:.2f}, {q[2]:.2f}; in a row")
    said(f"in a row {v[0]:.2f}, {v[1]:.2f}, {v[2]:.2f}](")
    for n in (1, 2):  # at 2 and 3 bits pairs do better, every one of the three
        assert table["pairs_most"][n] < table["scalar"][n] < table["row_least"][n]
    hexagon = 5 / (36 * 3**0.5)  # error a number in a cell of area 1; in a square 1/12
    said(f"in place of squares lower the error by {1 - 12 * hexagon:.0%}.".replace("%", " %"))
    for n in range(3):  # with the correlation at every number of bits
        assert table["pairs_joint_most"][n] < table["scalar"][n]
    assert all(value > 1 for series in (s, p, r, g, t, q, v) for value in series)
    said(f"figure: {r[2]:.2f} times the bound in place of {p[2]:.2f} for independent numbers; one")
    said(f"as it was: {t[2]:.2f} times the new bound at 3 bits.", f"for pairs has {q[2]:.2f}.")
    said(f"k-means on {figures.DRAWN:,} pairs")
    assert (figures.SEEDS, figures.ODD, figures.CORRELATED) == (3, (3, 5, 9), 0.8)


# The exercises.


@pytest.mark.answer("answer-codebooks-restart")
def test_a_restart_pays(answer: Bench) -> None:
    e = torch.cat([CODES[:3], OUTPUTS[1:2]])
    after = error(OUTPUTS, codebooks.lloyd(OUTPUTS, e, 1))
    answer("answer-codebooks-restart").is_(after, error(OUTPUTS, codebooks.lloyd(OUTPUTS, CODES, 1)))  # fmt: skip


@pytest.mark.answer("answer-codebooks-nearest")
def test_exercise_1_nearest(answer: Bench) -> None:
    u = torch.tensor([1.0, 2.5]).double()
    far = (CODES - u).square().sum(1)
    answer("answer-codebooks-nearest").is_([3, float(far[2])], [1, float(far[0])])
    assert codebooks.nearest(u[None], CODES).item() == 2


@pytest.mark.answer("answer-codebooks-gradient")
def test_exercise_2_gradient(answer: Bench) -> None:
    u = torch.tensor([[5.0, 1.0]]).double().requires_grad_()
    z, extra, _ = codebooks.quantise(u, CODES, 0.25)
    (whole,) = torch.autograd.grad((SLOPE * z).sum() + extra.sum(), u)
    answer("answer-codebooks-gradient").is_(whole[0].tolist(), SLOPE.tolist())


@pytest.mark.answer("answer-codebooks-rate")
def test_exercise_3_rate(answer: Bench) -> None:
    one = 50 * (1024).bit_length() - 50
    answer("answer-codebooks-rate").is_([4 * one, 4 * 1024], [one, 4 * 1024])


@pytest.mark.answer("answer-codebooks-back")
def test_exercise_4_what_brings_a_code_back(answer: Bench) -> None:
    e, _ = codebooks.ema(CODES, torch.ones(4).double(), OUTPUTS, codebooks.nearest(OUTPUTS, CODES))
    torch.testing.assert_close(e[3], CODES[3])
    answer("answer-codebooks-back").is_(
        "A change of who is nearest: outputs that come near it, or other codes that leave."
    )
    # Outputs that do not move: the other code leaves the last.
    still = torch.tensor([[-1.0], [-1], [-1], [3]])
    codes = torch.tensor([[2.0], [5]])
    assert codebooks.nearest(still, codes).tolist() == [0, 0, 0, 0]
    assert codebooks.nearest(still, codebooks.lloyd(still, codes, 1)).tolist() == [0, 0, 0, 1]


@pytest.mark.answer("answer-codebooks-scalar")
def test_exercise_5_four_bits(answer: Bench) -> None:
    least = codebooks.scalar(16)[1]
    answer("answer-codebooks-scalar").is_([least, least * 2**8], [least, least * 2**4])


@pytest.mark.answer("answer-codebooks-use")
def test_exercise_6_use(answer: Bench) -> None:
    used, perplexity = codebooks.use(torch.tensor([0, 0, 0, 1]), 4)
    answer("answer-codebooks-use").is_([used, perplexity], [2, 2])
    said(f"$2^{{{np.log2(perplexity):.3f}}} = {perplexity:.2f}$.")
