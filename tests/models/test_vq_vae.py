"""VQ-VAE: bound, bits and likelihood against sums over all codes, SciPy and torch, and what the page tells of them."""

import itertools
import math
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional

from docs.architectures.codebooks import codebooks
from scripts.figures import style
from scripts.figures import vq_vae as figures
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.said import sayings, tables

vq = import_module("docs.models.vq-vae.vq_vae")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "vq-vae.md"
DATA = PAGE.parent / "vq-vae"
said = sayings(PAGE)
rows_of = tables(PAGE)
COUNTS = torch.tensor(vq.COUNTS).double()
PARTS, SIZE, CODES = 3, 2, 5  # of the small networks of these tests


def small(seed: int = 0) -> tuple[torch.nn.Module, torch.nn.Module, torch.Tensor]:
    """A network, a prior and pictures, all of double precision and not trained."""
    torch.manual_seed(seed)
    model, prior = vq.VQVAE(PARTS, SIZE, CODES, dim=3, width=8), vq.Prior(CODES, 6)
    return model.double(), prior.double(), normal(7, PARTS, SIZE, seed=seed + 1)


def every(parts: int = PARTS, count: int = CODES) -> torch.Tensor:
    """All rows of codes."""
    return torch.tensor(list(itertools.product(range(count), repeat=parts)))


def mean_range(table: style.Table, name: str, row: int) -> tuple[float, float, float]:
    """Mean, least and greatest of a column of a figure."""
    one, two, three = (table[f"{name}_{part}"][row] for part in ("mean", "least", "most"))
    return one, two, three


# The network and the prior.


def test_the_loss_is_that_of_the_page_on_codebooks() -> None:
    model, _, x = small()
    u = model.coder(x)
    z, extra, k = codebooks.quantise(u.flatten(0, 1), model.codebook, vq.COMMITMENT)
    assert torch.equal(model.encode(x), k.reshape(x.shape[:2]))
    ours = model.loss(x)
    theirs = (model.decoder(z.reshape(u.shape)) - x).square().mean() + extra.mean() / u.shape[2]
    torch.testing.assert_close(ours, theirs)
    parameters = list(model.parameters())
    for one, two in zip(
        torch.autograd.grad(ours, parameters), torch.autograd.grad(theirs, parameters), strict=True
    ):
        torch.testing.assert_close(one, two)
    torch.testing.assert_close(model.decode(k.reshape(7, PARTS)), model.decoder(z.reshape(u.shape)))


def test_the_prior_is_causal_and_adds_up_to_one() -> None:
    _, prior, _ = small()
    k = every()
    p = torch.exp2(-vq.bits(prior, k))
    assert p.sum().item() == pytest.approx(1)
    scores, other = prior(k[:1]), k[:1].clone()
    other[0, 1] = 3
    torch.testing.assert_close(prior(other)[:, :2], scores[:, :2])
    assert (prior(other)[:, 2] - scores[:, 2]).abs().max() > 1e-6
    drawn = vq.sample(prior, 20_000, PARTS, torch.Generator().manual_seed(0))
    place = (drawn * torch.tensor([25, 5, 1])).sum(1)
    share = torch.bincount(place, minlength=125) / len(drawn)
    assert (share - p).abs().sum().item() < 0.08


def test_codes_that_nobody_chooses_are_restarted() -> None:
    model, _, x = small()
    model.get_parameter("codebook").data[1:] += 100
    model.restart(x, torch.Generator().manual_seed(0))
    outputs = model.coder(x).flatten(0, 1)
    apart = torch.cdist(model.codebook[1:], outputs).amin(1)
    assert apart.max() < 1e-9
    assert len(model.encode(x).unique()) > 1


# The bound, against sums over all rows of codes.


@pytest.mark.equation("eq-vq-vae-gauss")
def test_the_decoder_is_a_gaussian(printed: Equations) -> None:
    model, _, x = small()
    mean = model.decode(model.encode(x)).detach()
    ours = vq.log_normal(x, mean, 0.7)
    theirs = torch.distributions.Normal(mean, 0.7).log_prob(x).sum((1, 2))
    torch.testing.assert_close(ours, theirs)
    printed("eq-vq-vae-gauss").holds(
        {
            r"\log p(\mathbf{x} \mid \mathbf{k})": float(theirs[2]),
            r"\mathbf{x}": column(x[2].flatten()),
            r"\hat{\mathbf{x}}": column(mean[2].flatten()),
            "s": 0.7,
            "N": PARTS * SIZE,
            r"\pi": math.pi,
        }
    )


@pytest.mark.equation("eq-vq-vae-slope")
def test_the_slope_of_the_mean_cost_is_that_of_autograd(printed: Equations) -> None:
    model, _, x = small()
    mean = model.decode(model.encode(x)).detach()
    v = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    cost = -torch.distributions.Normal(mean, v.sqrt()).log_prob(x).sum((1, 2)).mean()
    (slope,) = torch.autograd.grad(cost, v)
    error = (x - mean).square().sum((1, 2)).mean().item()
    printed("eq-vq-vae-slope").holds({"g": slope.item(), "E": error, "N": PARTS * SIZE, "v": 0.6})


@pytest.mark.equation("eq-vq-vae-scale")
def test_the_best_deviation_is_the_error(printed: Equations) -> None:
    model, _, x = small()
    mean = model.decode(model.encode(x)).detach()
    s = float((x - mean).square().mean()) ** 0.5
    cost = {v: -float(vq.log_normal(x, mean, v).mean()) for v in (0.98 * s, s, 1.02 * s)}
    assert min(cost, key=lambda v: cost[v]) == s
    each = torch.distributions.Normal(mean, s).log_prob(x).sum((1, 2)).tolist()
    printed("eq-vq-vae-scale").holds(
        {
            r"-\frac{1}{n} \sum_{i=1}^{n} \log p(\mathbf{x}_i \mid \mathbf{k}_i)": -float(
                np.mean(each)
            ),
            "N": PARTS * SIZE,
            "s": s,
            r"\pi": math.pi,
        }
    )
    said("nats, half a bit for each number (")


@pytest.mark.equation("eq-vq-vae-bound")
def test_the_bound_misses_the_posterior_of_its_codes(printed: Equations) -> None:
    model, prior, x = small()
    k = every()
    with torch.no_grad():
        cost = torch.stack([vq.log_normal(x, model.decode(row.expand(7, -1)), 0.8) for row in k])
        joint = cost - vq.bits(prior, k)[:, None] * math.log(2)
        exact, bound = joint.logsumexp(0), vq.bound(model, prior, x, 0.8)
    torch.testing.assert_close(vq.exact(model, prior, x, 0.8), exact)
    torch.testing.assert_close(vq.joint(model, prior, x, 0.8), joint)
    chosen = (model.encode(x) * torch.tensor([25, 5, 1])).sum(1)
    torch.testing.assert_close(bound, joint[chosen, torch.arange(7)])
    pictures = model.decode(model.encode(x)).detach()
    own = model.encode(pictures)
    codes = (own * torch.tensor([25, 5, 1])).sum(1)
    missed = []
    for s in (0.8, 0.03):  # loose, and nearly tight
        with torch.no_grad():
            table = torch.stack(
                [vq.log_normal(pictures, model.decode(row.expand(7, -1)), s) for row in k]
            )
            prior_cost = vq.bits(prior, k)[:, None] * math.log(2)
        whole = table - prior_cost
        n = int((own != own[0]).any(1).int().argmax())
        posterior = float(whole[:, n].log_softmax(0)[codes[n]])
        missed.append(-posterior)
        printed("eq-vq-vae-bound").holds(
            {
                r"\log p(\mathbf{x})": float(whole[:, n].logsumexp(0)),
                r"\log p(\mathbf{x} \mid \mathbf{k})": float(table[codes[n], n]),
                r"\log p(\mathbf{k})": -float(prior_cost[codes[n], 0]),
                r"\log p(\mathbf{k} \mid \mathbf{x})": posterior,
            }
        )
    assert missed[0] > 1 > missed[1]


def test_the_bound_of_the_example() -> None:
    x, e = torch.tensor(vq.ROW).double(), torch.tensor(vq.CODES).double()
    prior = vq.priors(COUNTS)["in order"]
    joint = {
        k: float(vq.log_normal(x[None], e[list(k)][None], 1.0)) / math.log(2) + math.log2(prior[k])
        for k in ((0, 0), (0, 1), (1, 0))
    }
    cost = -float(vq.log_normal(x[None], e[[0, 1]][None], 1.0)) / math.log(2)
    said(f"costs {cost:.2f} bits given its codes and 1 bit for them, {cost + 1:.2f} in all,")
    missed = math.log2(sum(2 ** (v - joint[0, 1]) for v in joint.values()))
    assert missed < 1e-9
    said("the bound misses less than $10^{-9}$ bits.")
    table = style.read_table(DATA / "rate.csv")
    mean, least, most = mean_range(table, "gap", 1)
    said(
        f"There the bound misses {mean:.1f} bits ({least:.1f} to {most:.1f}; "
        f"three networks, {figures.SUMMED} new digits each)",
        f"$16^4 = {16**4:,}$".replace(",", "{,}"),
    )
    least_gap, one, two = mean_range(table, "gap_of_the_likeliest", 1)
    said(
        f"With the likeliest row the bound would miss {least_gap:.1f} bits ({one:.1f} to {two:.1f})."
    )
    assert two < least / 2


@pytest.mark.equation("eq-vq-vae-kl")
def test_the_divergence_from_the_uniform_prior_is_constant(printed: Equations) -> None:
    model, _, x = small()
    x = 30 * x  # so that not all have the same codes
    place = (model.encode(x) * torch.tensor([25, 5, 1])).sum(1)
    answer = functional.one_hot(place, CODES**PARTS).double()
    flat = torch.full_like(answer, CODES**-PARTS)
    nats = [stats.entropy(one, two) for one, two in zip(answer.numpy(), flat.numpy(), strict=True)]
    assert np.ptp(nats) < 1e-9
    assert len(set(place.tolist())) > 1
    printed("eq-vq-vae-kl").holds(
        {
            r"\operatorname{KL}(q_{\mathbf{x}} \,\|\, u)": float(nats[0]),
            "K": CODES,
            "T": PARTS,
        }
    )


@pytest.mark.equation("eq-vq-vae-rate")
def test_the_rate_is_entropy_and_divergence(printed: Equations) -> None:
    _, prior, _ = small()
    k = every(2, 3)
    torch.manual_seed(3)
    prior = vq.Prior(3, 6).double()
    p = torch.exp2(-vq.bits(prior, k)).detach().numpy()
    counts = np.arange(2.0, 11)
    q = counts / counts.sum()
    rows = k.repeat_interleave(torch.tensor(counts).long(), 0)
    rate = vq.bits(prior, rows).mean().item()
    assert rate == pytest.approx(stats.entropy(q, base=2) + stats.entropy(q, p, base=2))
    printed("eq-vq-vae-rate").holds(
        {
            "R": rate,
            r"\mathbf{k}": Each(range(9)),
            "q": lambda n: q[n],
            "p": lambda n: p[n],
        }
    )


@pytest.mark.equation("eq-vq-vae-alone")
def test_each_place_alone_pays_what_the_codes_share(printed: Equations) -> None:
    joint = np.random.default_rng(0).random((2, 3, 4))
    joint /= joint.sum()
    places = [joint.sum(tuple(n for n in range(3) if n != t)) for t in range(3)]
    apart = np.einsum("a,b,c->abc", *places)
    whole = stats.entropy(joint.ravel(), base=2)
    printed("eq-vq-vae-alone").holds(
        {
            r"\operatorname{KL}(q \,\|\, p_{\text{alone}})": float(
                stats.entropy(joint.ravel(), apart.ravel(), base=2)
            ),
            "H": float(whole),
            "h": [float(stats.entropy(p, base=2)) for p in places],
            "T": 3,
        }
    )
    data = vq.priors(COUNTS)
    alone = vq.cost(data["in order"], data["each alone"])
    said(f"$0.811 + 1 - 1.5 = {alone - 1.5:.3f}$ bits.")


@pytest.mark.equation("eq-vq-vae-tokens")
def test_tokens_are_the_places_of_a_grid(printed: Equations) -> None:
    grid = functional.avg_pool2d(torch.zeros(1, 1, 96, 160), 8)
    places, bits = grid.numel(), grid.numel() * math.log2(512)
    printed("eq-vq-vae-tokens").holds(
        {"T": places, "C": 24 * 96 * 160 / bits, "H": 96, "W": 160, "f": 8, "K": 512}
    )
    said(
        f"256 tokens of {math.log2(16_384):.0f} bits, {24 * 256 / 14:.0f} times less[^huggingface2021vqgan].",
        "so twice the $f$ makes it 16 times cheaper[^vaswani2017attention].",
    )


@pytest.mark.equation("eq-vq-vae-blur")
def test_blur_is_lost_variance(printed: Equations) -> None:
    rng = np.random.default_rng(0)
    x, group = rng.random(9), np.array([0, 0, 1, 1, 1, 2, 2, 2, 2])
    made = np.array([x[group == g].mean() for g in group])
    printed("eq-vq-vae-blur").holds(
        {
            "x": x.tolist(),
            r"\hat{x}": made.tolist(),
            "m": float(x.mean()),
            "n": 9,
        },
        free=("m",),  # it holds for every number
    )
    table = style.read_table(DATA / "rate.csv")
    variance = float(figures.data()[0].var(0).mean())
    said(f"the variance of a pixel is {variance:.4f}.")
    left = [100 * n for n in table["left_mean"]]
    said(
        f"keep {left[0]:.0f} %, {left[1]:.0f} %, {left[2]:.0f} % and {left[3]:.0f} % of the variance"
    )
    for kept, lost in zip(table["left_mean"], table["own_mean"], strict=True):
        assert abs(kept + lost / variance - 1) < 0.02


# The example, the figures, and the program.


def test_the_example_by_pencil() -> None:
    x, e = torch.tensor(vq.ROW), torch.tensor(vq.CODES)
    apart = torch.cdist(x, e).square().round().long()
    assert apart.argmin(1).tolist() == [0, 1]
    said(f"its squared distances are $1 + 1 = {apart[0, 0]}$ and $49 + 25 = {apart[0, 1]}$.")
    restored = e[apart.argmin(1)]
    assert float((restored - x).square().sum()) == 2
    said("the decoder restores $(2, 2, 8, 8)$, and the squared error is 2.")
    data = vq.priors(COUNTS)
    rows = rows_of("tab-vq-vae-priors")
    for row, (name, prior) in zip(rows, data.items(), strict=True):
        assert row[0].replace("place ", "").startswith(name)
        shares = [float(eval_fraction(cell)) for cell in row[1:5]]
        assert shares == pytest.approx(prior.flatten().tolist())
        assert row[5] == f"{vq.cost(data['in order'], prior):.3g}"
    assert float(prior[0].sum()) == pytest.approx(3 / 4)
    assert float(prior[0, 1] / prior[0].sum()) == pytest.approx(2 / 3)
    assert -math.log2(prior[0, 1]) == pytest.approx(1)
    said(
        "so $p(k_1 = 1) = 3/4$.", "so $p(k_2 = 2 \\mid k_1 = 1) = 2/3$;",
        "is $3/4 \\cdot 2/3 = 1/2$, which costs $-\\log_2(1/2) = 1$ bit in place of 2.",
    )  # fmt: skip


def eval_fraction(text: str) -> float:
    """A number or a fraction."""
    over, _, under = text.partition("/")
    return float(over) / float(under or 1)


def test_the_diagram_has_the_example() -> None:
    table = style.read_table(DATA / "diagram.csv")
    assert table["x"] == [n for part in vq.ROW for n in part]
    assert table["k"][:2] == [1, 2]
    assert table["bits"][0] == pytest.approx(1)
    said(
        "the row x = (1, 3, 8, 8), two parts,", f"the squared error with x is {table['error'][0]:.0f};",
        f"its loss for both codes is {table['bits'][0]:.0f} bit.",
    )  # fmt: skip


def test_the_figure_of_rates_shows_what_the_page_tells() -> None:
    table = style.read_table(DATA / "rate.csv")
    error, bits, flat = (table[f"{n}_mean"] for n in ("error", "bits", "uniform_bits"))
    assert all(a > b for a, b in itertools.pairwise(error))
    said(
        f"Uniform prior: {error[0]:.4f} at {flat[0]:.0f} bits, {error[1]:.4f} at {flat[1]:.0f}, "
        f"{error[2]:.4f} at {flat[2]:.0f} and {error[3]:.4f} at {flat[3]:.0f}.",
        f"the same errors at {bits[0]:.1f}, {bits[1]:.1f}, {bits[2]:.1f} and {bits[3]:.1f} bits](vq-vae",
    )
    saved = [a - b for a, b in zip(flat, bits, strict=True)]
    said(
        f"to the left, by {min(saved):.1f} to {max(saved):.1f} bits;",
        f"With $K = 256$ it saves {100 * saved[3] / flat[3]:.0f} % of the uniform rate, "
        f"with $K = 16$ it saves {100 * saved[1] / flat[1]:.0f} %.",
    )
    mean, least, most = mean_range(table, "bits", 1)
    said(
        f"needs {mean:.1f} bits for a new digit (mean of three networks, {least:.1f} to {most:.1f}), "
        f"and each place alone needs {table['alone_bits_mean'][1]:.1f}.",
        f"The prior needs {table['own_bits_mean'][3]:.1f} bits for the digits that it learned from and "
        f"{bits[3]:.1f} for new ones with $K = 256$; "
        f"with $K = 16$ it is {table['own_bits_mean'][1]:.1f} and {bits[1]:.1f}.",
        f"with 64 the prior needs {table['own_bits_mean'][2]:.1f} and {bits[2]:.1f} bits, "
        f"and the 49 % are back, for an error of {error[2]:.4f} in place of {error[3]:.4f}.",
    )
    assert (figures.SEEDS, figures.STEPS, figures.SIZES) == (3, 200, (4, 16, 64, 256))
    assert figures.TRAINING == 1437
    said(f"(priors: width {figures.WIDTH}, {figures.PRIOR_STEPS} steps)")


def test_the_figure_of_samples_shows_what_the_page_tells() -> None:
    table = style.read_table(DATA / "accepted.csv")
    said(f"the classifier names {100 * table['right'][0]:.1f} % of new digits rightly.")
    one, two, three, four = table["restored_mean"]
    said(f"Codes of new digits: {one:.2f}, {two:.2f}, {three:.2f}, {four:.2f}.")
    one, two, three, four = table["in_order_mean"]
    said(f"Prior in order: {one:.2f}, {two:.2f}, {three:.2f}, {four:.2f}.")
    one, two, three, four = table["each_alone_mean"]
    said(f"Each place alone: {one:.2f}, {two:.2f}, {three:.2f}, {four:.2f}.")
    one, two, three, four = table["uniform_mean"]
    said(f"Uniform: {one:.2f}, {two:.2f}, {three:.2f}, {four:.2f}](vq-vae")
    for n in range(4):
        assert table["uniform_mean"][n] < table["each_alone_mean"][n] < table["in_order_mean"][n]
    order, alone, flat = (
        [100 * v for v in mean_range(table, name, 1)]
        for name in ("in_order", "each_alone", "uniform")
    )
    said(
        f"It accepts {order[0]:.0f} % of the samples of the prior in order ({order[1]:.0f} to {order[2]:.0f}), "
        f"{alone[0]:.0f} % with each place alone ({alone[1]:.0f} to {alone[2]:.0f}) and "
        f"{flat[0]:.0f} % of the uniform ones ({flat[1]:.0f} to {flat[2]:.0f}).",
        f"only encoded and decoded it accepts {100 * table['restored_mean'][1]:.0f} %.",
        f"order falls from {100 * table['in_order_mean'][2]:.0f} % to {100 * table['in_order_mean'][3]:.0f} %.",
    )
    assert all(a < b for a, b in itertools.pairwise(table["restored_mean"]))
    assert (figures.DRAWN, figures.KEPT) == (2000, 0.9)
    assert figures.SHOWN == 6


def test_the_program_finds_the_codes_and_what_they_know_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_path(str(DATA / "vq_vae.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].strip() for line in lines[:4]] == [
        "uniform", "each alone", "in order", "network",
    ]  # fmt: skip
    bits, light = (
        float(part.split()[n])
        for part, n in zip(lines[3].split(": ")[1].split(","), (0, 2), strict=True)
    )
    assert bits == pytest.approx(1.5, abs=0.05)
    assert light < 0.01
    assert "squared error 0.0025" in lines[4]
    said(
        "about 1.5 bits, and (light, light) in less than 1 % of the samples",
        "| 0.0025, which is the noise:",
    )


# The exercises.


@pytest.mark.answer("answer-vq-vae-try")
def test_two_kinds_of_rows(answer: Bench) -> None:
    data = vq.priors(torch.tensor([[0.0, 4.0], [4.0, 0.0]]).double())
    alone, order = (vq.cost(data["in order"], data[n]) for n in ("each alone", "in order"))
    answer("answer-vq-vae-try").is_([alone, order], [order, order])


@pytest.mark.answer("answer-vq-vae-row")
def test_exercise_1_a_dark_row(answer: Bench) -> None:
    x, e = torch.tensor([[3.0, 1.0], [2.0, 2.0]]), torch.tensor(vq.CODES)
    k = torch.cdist(x, e).argmin(1)
    prior = vq.priors(COUNTS)["in order"]
    error = float((e[k] - x).square().sum())
    answer("answer-vq-vae-row").is_(
        [error, -math.log2(prior[k[0], k[1]])], [error, -math.log2(prior[0, 1])]
    )


@pytest.mark.answer("answer-vq-vae-tokens")
def test_exercise_2_tokens(answer: Bench) -> None:
    def of(f: int) -> list[float]:
        places = functional.avg_pool2d(torch.zeros(1, 1, 256, 256), f).numel()
        return [places, 24 * 256**2 / (places * 13)]

    answer("answer-vq-vae-tokens").is_(of(8), of(16))


@pytest.mark.answer("answer-vq-vae-equal")
def test_exercise_3_equal_codes(answer: Bench) -> None:
    data = vq.priors(torch.eye(4).double())
    best, alone = (vq.cost(data["in order"], data[n]) for n in ("in order", "each alone"))
    answer("answer-vq-vae-equal").is_([best, alone], [alone, alone])


@pytest.mark.answer("answer-vq-vae-again")
def test_exercise_4_codes_that_change(answer: Bench) -> None:
    data = vq.priors(COUNTS)["in order"]
    swapped = data.flip(0, 1)
    assert float(swapped[1, 1]) > 0
    assert float(data[1, 1]) == 0
    assert vq.cost(swapped, data) == math.inf
    answer("answer-vq-vae-again").is_(
        "They may get worse, since the prior predicts codes that have changed their meaning."
    )


@pytest.mark.answer("answer-vq-vae-worse")
def test_exercise_5_worse_than_uniform(answer: Bench) -> None:
    assert 4 * math.log2(16) == 16 < 17
    answer("answer-vq-vae-worse").is_("It is worse than the uniform prior, which costs 16.")


@pytest.mark.answer("answer-vq-vae-counts")
def test_exercise_6_other_counts(answer: Bench) -> None:
    data = vq.priors(torch.tensor([[1.0, 3.0], [3.0, 1.0]]).double())
    alone, order = (vq.cost(data["in order"], data[n]) for n in ("each alone", "in order"))
    answer("answer-vq-vae-counts").is_([alone, order], [order, alone])
    said("alone it costs 2 bits; in order $1 + 0.811$.")
