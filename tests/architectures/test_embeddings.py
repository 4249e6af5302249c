"""Embeddings: the example by hand, its equations on other tables, vectors from counts, the numbers of the page."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from docs.architectures.embeddings import embeddings, practice
from scripts.figures import embeddings as figures
from scripts.figures import style
from scripts.printed.values import Each, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "embeddings.md"
FOLDER = PAGE.with_suffix("")
GOLDEN = Path(__file__).with_name("embeddings.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
W, U, COUNTS = embeddings.W, embeddings.U, embeddings.COUNTS
TOKENS = torch.arange(4)
P = embeddings.forward(TOKENS, W, U)


pytestmark = pytest.mark.usefixtures("one_thread")


# The example.


def test_the_tables_of_the_example_are_those_of_the_code_and_give_the_counted_shares() -> None:
    counted = [[int(cell) for cell in row[1:]] for row in rows_of("tab-embeddings-counts")]
    assert counted == COUNTS.tolist()
    assert COUNTS.sum() == 40
    said("beside each neighbour, 40 pairs in all", "over all 40 pairs its mean is 1.19")
    for number, row in enumerate(rows_of("tab-embeddings-tables")):
        spoken = [cell.replace("−", "-").strip("()").split(", ") for cell in (row[2], row[4])]
        assert [round(x, 2) for x in W[number].tolist()] == [float(x) for x in spoken[0]]
        assert [round(x, 2) for x in U[number].tolist()] == [float(x) for x in spoken[1]]
        names = (f"*{embeddings.WORDS[number]}*", f"*{embeddings.NEIGHBOURS[number]}*")
        assert (int(row[0]), row[1], row[3]) == (number, *names)
    torch.testing.assert_close(P, COUNTS / 10)
    said("0.69 is $\\log 2$ {#tab-embeddings-tables}", "right would be 0.4, 0.1, 0.4, 0.1")


def test_the_steps_by_hand() -> None:
    z = U @ W[0]
    said("with *plough*, *he* and *she* it is −0.69, 0.69 and −0.69")
    assert [round(x, 2) for x in z.tolist()] == [0.69, -0.69, 0.69, -0.69]
    torch.testing.assert_close(z.exp(), torch.tensor([2, 0.5, 2, 0.5]).double())
    said(
        "exponentials are 2, ½, 2, ½, their sum is 5, and the probabilities are 0.4, 0.1, 0.4, 0.1"
    )
    said(f"the loss is $-\\log 0.4 = {-math.log(0.4):.2f}$")
    mean = -(COUNTS * P.log()).sum() / COUNTS.sum()
    assert round(mean.item(), 2) == 1.19 == round(embeddings.entropy(COUNTS / 10).item(), 2)
    cold = embeddings.forward(TOKENS[:1], W, U, 0.5)[0]
    torch.testing.assert_close((2 * z).exp(), torch.tensor([4, 0.25, 4, 0.25]).double())
    said(f"exponentials are 4, ¼, 4, ¼, and *crown* gets {cold[0]:.2f} in place of 0.4")
    error = 0.25 - P[0]
    assert [round(x, 2) for x in error.tolist()] == [-0.15, 0.15, -0.15, 0.15]
    said("each neighbour 0.25.", "are −0.15 for *crown* and *he*, 0.15 for *plough* and *she*")
    slope = [f"{x:.2f}" for x in (error @ U).tolist()]
    said(f"with $U$ as above, $({', '.join(slope)})$.")
    said(
        f"A step of size 1 against it leads from $(0, 0)$ to $({-float(slope[0])}, {-float(slope[1])})$, towards"
    )


def test_learning_from_five_starts_gives_the_shares_but_not_the_rows() -> None:
    found = [embeddings.learn(COUNTS, 2, seed=seed) for seed in range(5)]
    for w, u in found:
        torch.testing.assert_close(embeddings.forward(TOKENS, w, u), COUNTS / 10, rtol=0, atol=5e-7)
    cosines = [embeddings.cosines(w, w)[0, 1].item() for w, _ in found]
    said(f"is anything from −{-min(cosines):.2f} to {max(cosines):.2f} ([why]")
    said("From each of five random starts, 1,000 steps of the code give", "to six digits")
    assert abs(embeddings.cosines(W, W)[0, 1]) < 1e-12
    w, u = embeddings.learn(COUNTS, 1)
    off = (embeddings.forward(TOKENS, w, u) - COUNTS / 10).abs().max().item()
    said(f"cannot hold two differences: probabilities are off by {off:.2f}")
    bent = COUNTS.clone()
    bent[1, 0] = 9
    assert embeddings.analogy(embeddings.factorise(embeddings.pmi(bent), 2)[0], 2, 0, 3) == 1
    said("9 for the 4 of *queen* and *crown* in `COUNTS`")


def test_king_minus_man_plus_woman_and_a_text_of_two_words() -> None:
    assert torch.equal(W[0] - W[2] + W[3], W[1])
    said("$(1, 1) - (-1, 1) + (-1, -1) = (1, -1)$, and this is *queen*")
    assert embeddings.analogy(embeddings.factorise(embeddings.pmi(COUNTS), 2)[0], 2, 0, 3) == 1
    assert torch.equal(COUNTS[0] / COUNTS[2], COUNTS[1] / COUNTS[3])
    question = U[[0, 3]].mean(0)
    assert [round(x, 2) for x in question.tolist()] == [0.35, -0.35]
    cosines = embeddings.cosines(question[None], W)[0]
    torch.testing.assert_close(cosines, torch.tensor([0, 1, -1, 0]).double())
    said("is $(0.35, -0.35)$, and its cosine with the rows of $W$ is 1 for *queen*, 0 for *king*")
    assert practice.nearest(question, W, 1) == [1]


# The equations.


@pytest.mark.equation("eq-embeddings-lookup")
def test_a_one_hot_vector_times_the_table_is_the_row_that_torch_looks_up(
    printed: Equations,
) -> None:
    table = normal(5, 3)
    printed("eq-embeddings-lookup").holds(
        {
            r"\mathbf{e}": columns(functional.one_hot(torch.arange(5)).double()),
            "W": table.numpy(),
            r"\mathbf{w}": columns(functional.embedding(torch.arange(5), table)),
            "v": Each(range(1, 6)),
        }
    )


@pytest.mark.equation("eq-embeddings-softmax")
def test_the_code_divides_by_the_temperature_before_the_softmax(printed: Equations) -> None:
    w, u, t = normal(4, 3), normal(5, 3, seed=1), 0.7
    head = nn.Linear(3, 5, bias=False).double()
    head.weight.data = u
    printed("eq-embeddings-softmax").holds(
        {
            r"\mathbf{u}": columns(u),
            r"\mathbf{h}": column(w[2]),
            "z": head(w[2]),
            "p": embeddings.forward(torch.tensor([2]), w, u, t)[0],
            "T": t,
            "V": 5,
            "v": Each(range(1, 6)),
        }
    )


@pytest.mark.equation("eq-embeddings-gradient")
def test_the_gradients_are_those_of_autograd(printed: Equations) -> None:
    u, h, y = normal(4, 3), normal(3, seed=1), 2
    u.requires_grad_()
    h.requires_grad_()
    z = u @ h
    z.retain_grad()
    loss = functional.cross_entropy(z[None], torch.tensor([y]))
    torch.autograd.backward(loss)
    assert z.grad is not None
    assert u.grad is not None
    assert h.grad is not None
    to_z, to_u = z.grad.tolist(), columns(u.grad)
    printed("eq-embeddings-gradient").holds(
        {
            r"\ell": loss.item(),
            "z": z,
            "p": z.softmax(-1),
            r"\mathbf{u}": columns(u),
            r"\mathbf{h}": column(h),
            r"\frac{\partial \ell}{\partial z_v}": Given(("v",), lambda v: to_z[v - 1]),
            r"\nabla_{\mathbf{u}_v} \ell": Given(("v",), lambda v: to_u[v - 1]),
            r"\nabla_{\mathbf{h}} \ell": column(h.grad),
            "y": y + 1,
            "V": 4,
            "v": Each(range(1, 5)),
        }
    )


def test_the_step_of_the_code_is_that_of_autograd() -> None:
    counts = torch.tensor([[3, 1, 2], [2, 5, 1], [1, 1, 4]]).double()
    generator = torch.Generator().manual_seed(4)
    w, u = (torch.randn(3, 2, generator=generator).double().requires_grad_() for _ in range(2))
    p = embeddings.forward(torch.arange(3), w, u)
    torch.autograd.backward(-(counts * p.log()).sum() / counts.sum())
    assert w.grad is not None
    assert u.grad is not None
    after = embeddings.learn(counts, 2, steps=1, rate=0.3, seed=4)
    torch.testing.assert_close(after, ((w - 0.3 * w.grad).detach(), (u - 0.3 * u.grad).detach()))


@pytest.mark.equation("eq-embeddings-free")
def test_other_tables_give_the_same_logits_up_to_a_shift(printed: Equations) -> None:
    w, u, a, c = normal(4, 2), normal(5, 2, seed=1), normal(2, 2, seed=2), normal(2, seed=3)
    other = torch.linalg.solve(a, u.T).T + c
    torch.testing.assert_close(
        embeddings.forward(TOKENS, w @ a, other), embeddings.forward(TOKENS, w, u)
    )
    printed("eq-embeddings-free").holds(
        {
            "W": w.numpy(),
            "U": u.numpy(),
            "A": a.numpy(),
            r"\mathbf{b}": column(c),
            r"\mathbf{1}": np.ones((5, 1)),
        },
        free=("W", "U", "A", r"\mathbf{b}", r"\mathbf{1}"),
    )
    stretch = torch.tensor([[3, 0], [0, 1 / 3]]).double()
    other = U @ torch.linalg.inv(stretch).T
    torch.testing.assert_close(embeddings.forward(TOKENS, W @ stretch, other), P)
    bent = embeddings.cosines(W @ stretch, W @ stretch)[0, 1]
    said(f"the cosine of *king* and *queen* is {bent:.2f} instead of 0, and every probability")
    said(r"A = \begin{pmatrix} 3 & 0 \\ 0 & 1/3 \end{pmatrix}")
    shifted = U + 3
    torch.testing.assert_close(embeddings.forward(TOKENS, W, shifted), P)
    moved = embeddings.cosines(shifted, shifted)[0, 1]
    said(f"the cosine of *crown* and *plough*, −1 before, is {moved:.2f}.", "Add $(3, 3)$ to all")
    back = shifted - shifted.mean(0)
    assert round(embeddings.cosines(back, back)[0, 1].item(), 9) == -1
    said("Subtracting the mean row brings back −1 here")
    said(f"| {moved:.2f} for −1, every prediction unchanged |")


@pytest.mark.equation("eq-embeddings-cosine")
def test_the_nearest_by_cosine_is_the_nearest_by_distance_on_the_sphere(
    printed: Equations,
) -> None:
    a, b = normal(4), normal(4, seed=1)
    printed("eq-embeddings-cosine").holds(
        {
            r"\operatorname{cos}(\mathbf{x}, \mathbf{z})": functional.cosine_similarity(a, b, 0),
            r"\mathbf{x}": column(a),
            r"\mathbf{z}": column(b),
        },
        free=(r"\mathbf{x}", r"\mathbf{z}"),
    )
    torch.testing.assert_close(
        embeddings.cosines(a[None], b[None])[0, 0], functional.cosine_similarity(a, b, 0)
    )


SMALL = torch.tensor([[6, 2, 3, 7], [1, 8, 4, 5], [9, 3, 2, 4]]).double()
K = 3


@pytest.mark.equation("eq-embeddings-pmi")
def test_pointwise_mutual_information_is_that_of_probabilities(printed: Equations) -> None:
    printed("eq-embeddings-pmi").holds(
        {
            "M": embeddings.pmi(SMALL).numpy(),
            "n_{wc}": Given(("w", "c"), lambda w, c: SMALL[w - 1, c - 1].item()),
            "n_w": Given(("w",), lambda w: SMALL[w - 1].sum().item()),
            "n_c": Given(("c",), lambda c: SMALL[:, c - 1].sum().item()),
            "N": SMALL.sum().item(),
            "w": Each([1, 2, 3]),
            "c": Each([1, 2, 3, 4]),
        }
    )
    joint = SMALL / SMALL.sum()
    apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    torch.testing.assert_close(embeddings.pmi(SMALL), (joint / apart).log())
    four, one = embeddings.pmi(COUNTS)[0, :2].tolist()
    said(f"$M = \\log(4 \\cdot 40 / 100) = {four:.2f}$ for 4")
    said(f"$\\log(40/100) = -{-one:.2f}$ for 1", "In the example $n_w = n_c = 10$")


@pytest.mark.equation("eq-embeddings-objective")
def test_skip_gram_maximises_the_objective(printed: Equations) -> None:
    x, n, nw, nc, total = 0.8, 6.0, 18.0, 16.0, 54.0
    right = functional.binary_cross_entropy_with_logits(
        torch.tensor([x, x], dtype=torch.float64),
        torch.tensor([1.0, 0.0], dtype=torch.float64),
        reduction="none",
    )
    weights = torch.tensor([n, K * nw * nc / total], dtype=torch.float64)
    printed("eq-embeddings-objective").holds(
        {
            "J(x)": -(weights * right).sum().item(),
            "x": x,
            r"\sigma": lambda value: 1 / (1 + math.exp(-value)),
            "n_{wc}": n,
            "n_w": nw,
            "n_c": nc,
            "N": total,
            "k": K,
        }
    )


@pytest.mark.equation("eq-embeddings-shifted")
def test_skip_gram_learns_the_pmi_shifted_by_the_logarithm_of_k(printed: Equations) -> None:
    w, u = embeddings.skip_gram(SMALL, 3, K)
    learned = (w @ u.T)[0, 3].item()
    n, nw, nc, total = SMALL[0, 3].item(), SMALL[0].sum(), SMALL[:, 3].sum(), SMALL.sum()
    x = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    gain = n * functional.logsigmoid(x) + K * nw * nc / total * functional.logsigmoid(-x)
    torch.autograd.backward(gain)
    assert x.grad is not None
    printed("eq-embeddings-shifted").holds(
        {
            r"\frac{d J}{d x}": x.grad.item(),
            r"x_{\text{best}}": learned,
            "x": 0.8,
            r"\sigma": lambda value: 1 / (1 + math.exp(-value)),
            "n_{wc}": n,
            "n_w": nw.item(),
            "n_c": nc.item(),
            "N": total.item(),
            "M_{wc}": (SMALL[0, 3] * total / (nw * nc)).log().item(),
            "k": K,
        },
    )
    torch.testing.assert_close(w @ u.T, embeddings.pmi(SMALL) - math.log(K), rtol=0, atol=1e-6)


def test_two_columns_from_counts_give_the_logits_of_the_example() -> None:
    sizes = torch.linalg.svdvals(embeddings.pmi(COUNTS))
    said(f"The three here have the sizes {sizes[0]:.2f}, {sizes[1]:.2f} and {sizes[2]:.2f}.")
    assert sizes[3] < 1e-9
    w, u = embeddings.factorise(embeddings.pmi(COUNTS), 2)
    torch.testing.assert_close(w @ u.T, W @ U.T)
    said(r"the first two alone give $W U^\top = \pm 0.69$")


@pytest.mark.equation("eq-embeddings-ratio")
def test_a_step_between_words_holds_the_ratios_of_their_neighbours(printed: Equations) -> None:
    w, u = normal(3, 2), normal(4, 2, seed=1)
    printed("eq-embeddings-ratio").holds(
        {
            r"\mathbf{w}": columns(w),
            r"\mathbf{u}": columns(u),
            "p": embeddings.forward(torch.arange(3), w, u).numpy(),
            "Z": (w @ u.T).exp().sum(-1),
            "a": 1,
            "b": 3,
            "c": Each([1, 2, 3, 4]),
        },
        free=("p", "Z"),
    )


# What figures and tables tell.


def test_skip_gram_meets_the_counts_in_the_figure() -> None:
    table = style.read_table(FOLDER / "skipgram.csv")
    for k in figures.SKIPGRAM:
        off = [abs(x - m + math.log(k)) for x, m in zip(table[f"k{k}"], table["pmi"], strict=True)]
        assert max(off) < 0.05
    said(f"for all {len(table['pmi'])} pairs of a made corpus: with k = 1 on the diagonal")
    said(f"on a parallel line {math.log(5):.2f} below](", "8 words and 14 neighbours, 4,000 pairs")


def test_what_exclusion_hides() -> None:
    table = style.read_table(FOLDER / "analogies.csv")
    assert min(table["excluded"]) > 0.98
    for n in range(len(table["pairs"])):
        assert table["allowed"][n] + table["allowed_third"][n] == pytest.approx(1, abs=1e-6)
    assert all(b > a for a, b in zip(table["allowed"], table["allowed"][1:], strict=False))
    at = table["pairs"].index(1000)
    hidden, shown = 100 * table["excluded"][at], 100 * table["allowed"][at]
    spread = 100 * table["allowed_sd"][at]
    said(f"of 1,000 pairs, {hidden:.1f} % of the analogies are solved with the exclusion")
    said(f"and {shown:.0f} ± {spread:.0f} % without it; otherwise")
    said(f"| {hidden:.1f} % with exclusion, {shown:.0f} % without |", "| 32 times the text |")
    assert table["pairs"][-1] == 32 * 1000
    said("with 32 times as many pairs as 1,000, the noise is small beside the step, and")
    said(f"beside the step, and {100 * table['allowed'][-1]:.1f} % are solved without")
    allowed = ", ".join(f"{x:.2f}" for x in table["allowed"])
    said(f"excluded: {min(table['excluded']):.2f} to 1.00. With all words allowed: {allowed}]")
    said("from 500 to 32,000. With", f"{len(figures.questions())} analogies, vectors of 9 numbers")
    assert (figures.SEEDS, figures.FAMILIES, figures.WIDTH) == (5, 8, 9)


def test_vectors_of_two_models_fit_after_a_rotation() -> None:
    raw, turned = [], []
    for seed in range(5):
        one, two = (figures.word_vectors(16000, 100 + 2 * seed + half) for half in (0, 1))
        raw.append(embeddings.cosines(one, two).diagonal().mean())
        turned.append(embeddings.cosines(embeddings.align(one, two), two).diagonal().mean())
        rotation = torch.linalg.lstsq(one, embeddings.align(one, two)).solution
        torch.testing.assert_close(rotation @ rotation.T, torch.eye(9).double())
    apart, fitted = torch.stack(raw), torch.stack(turned)
    said(f"in the other is {apart.mean():.2f} ± {apart.std():.2f} on average")
    said(
        f"[^schonemann1966generalized], it is {fitted.mean():.3f} ± {fitted.std():.3f}: the geometry"
    )
    said(f"| cosine {apart.mean():.2f} of a word with itself |", "16,000 pairs each, come two")


def test_the_programs_run_and_print(capsys: pytest.CaptureFixture[str]) -> None:
    embeddings.main()
    practice.main()
    out = capsys.readouterr().out
    assert "crown 0.40, plough 0.10, he 0.40, she 0.10" in out
    assert "as counted: True; loss 1.1935" in out
    assert "vectors from counts: queen" in out
    assert "tied True: 64,000" in out


# The demo.


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, object]] = []

    def case(function: str, returns: object, *arguments: object) -> None:
        cases.append({"function": function, "args": list(arguments), "returns": returns})

    for table, share in ((U, [0.4, 0.1, 0.4, 0.1]), (W, [0.5, 0.0, 0.0, 0.5])):
        for place, heat in (([1.0, 1.0], 1.0), ([0.0, 0.0], 0.5), ([-0.7, 1.9], 0.1)):
            h = torch.tensor([place]).double().requires_grad_()
            z = h @ table.T
            p = embeddings.forward(torch.tensor([0]), h, table, heat)
            cost = functional.cross_entropy(z / heat, torch.tensor([share]).double())
            torch.autograd.backward(cost)
            assert h.grad is not None
            rows = table.tolist()
            case("logits", z[0].tolist(), place, rows)
            case("probabilities", p[0].tolist(), place, rows, heat)
            case("loss", cost.item(), place, rows, heat, share)
            case("step", (h - h.grad)[0].tolist(), place, rows, heat, share)
            case("cosines", embeddings.cosines(h, table)[0].tolist(), place, rows)
        best = embeddings.entropy(torch.tensor([share]).double()).item()
        case("entropy", best, share)
    module = "architectures/embeddings/embeddings.mjs"
    return {"module": module, "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


# The exercises.


@pytest.mark.answer("answer-embeddings-try")
def test_the_question_after_trying(answer: Bench) -> None:
    warm = embeddings.forward(TOKENS[:1], W, U, 2.0)[0, 3].item()
    answer("answer-embeddings-try").is_([P[3, 3].item(), warm], [P[3, 2].item(), P[0, 3].item()])
    root = math.sqrt(2)
    said(
        f"beside *king* are {root:.2f} and {1 / root:.2f}, their sum is {2 * (root + 1 / root):.2f}"
    )


@pytest.mark.answer("answer-embeddings-cold")
def test_exercise_1_beside_queen_when_cold(answer: Bench) -> None:
    cold = embeddings.forward(torch.tensor([1]), W, U, 0.5)[0]
    answer("answer-embeddings-cold").is_(cold[:2].tolist(), P[1, :2].tolist())
    assert cold[1].item() == pytest.approx(0.25 / 8.5)
    assert cold[0].item() == pytest.approx(4 / 8.5)


@pytest.mark.answer("answer-embeddings-share")
def test_exercise_2_the_share_of_the_tables(answer: Bench) -> None:
    table, rest = 100_000 * 2_000 / 1e9, 1.0
    shares = [n * table / (rest + n * table) for n in (1, 2)]
    answer("answer-embeddings-share").is_(shares, [table, 2 * table])
    assert (table, 1.2, 1.4) == (0.2, rest + table, rest + 2 * table)


@pytest.mark.answer("answer-embeddings-pmi")
def test_exercise_3_pmi_of_a_pair(answer: Bench) -> None:
    rest = torch.tensor([[6, 6], [14, 374]]).double()
    assert [part.sum().item() for part in (rest, rest[0], rest[:, 0])] == [400, 12, 20]
    value = embeddings.pmi(rest)[0, 0].item()
    aim = value - math.log(5)
    answer("answer-embeddings-pmi").is_([value, aim], [value / math.log(2), aim / math.log(2)])
    assert 12 * 20 / 400 == 0.6
    assert value == pytest.approx(math.log(10))


@pytest.mark.answer("answer-embeddings-mix")
def test_exercise_4_two_models_do_not_fit(answer: Bench) -> None:
    one, two = (figures.word_vectors(16000, seed) for seed in (100, 101))
    nearest = embeddings.cosines(one, two).argmax(1)
    assert (nearest == torch.arange(16)).sum() <= 3
    answer("answer-embeddings-mix").is_("The answers are about as good as chance.")


@pytest.mark.answer("answer-embeddings-other")
def test_exercise_7_king_is_to_man_as_queen_is_to_woman(answer: Bench) -> None:
    vectors, _ = embeddings.factorise(embeddings.pmi(COUNTS), 2)
    found = [embeddings.analogy(vectors, 0, 2, 1, exclude=exclude) for exclude in (True, False)]
    assert [embeddings.WORDS[n] for n in found] == ["woman", "woman"]
    assert torch.equal(W[2] - W[0] + W[1], W[3])
    answer("answer-embeddings-other").is_("To *woman*, both times.")
