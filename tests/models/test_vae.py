"""The claims of docs/models/vae.md; run as a script it writes the values that the demo must give."""

import itertools
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, optimize, special, stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.distributions import (
    Categorical,
    Distribution,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    kl_divergence,
)

from docs.models.vae import practice, vae
from scripts.figures import posterior_collapse, style
from scripts.figures import thermometers as example
from scripts.figures import vae as figures
from scripts.printed.values import Each, Finite, Given
from scripts.weights import vae as weights
from scripts.weights.pack import unpack
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.rng import Random
from tests.said import sayings, tables

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("vae.golden.json")
PAGE = ROOT / "docs" / "models" / "vae.md"
said = sayings(PAGE)
rows_of = tables(PAGE)


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def table(name: str) -> style.Table:
    """The numbers of a figure; that they are current is tested with all recipes."""
    return style.read_table(ROOT / "docs" / "models" / "vae" / f"{name}.csv")


# A model in which every quantity has a closed form: z -> W z + b + noise, and any linear encoder.

D, Z, VAR = 4, 2, 0.3


@pytest.fixture
def toy() -> vae.VAE:
    """A linear VAE with random weights: its encoder is not the posterior."""
    model = vae.VAE((D, Z), math.sqrt(VAR), chance(0)).double()
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            if parameter.ndim:
                parameter.copy_(0.7 * normal(*parameter.shape, seed=i + 1))
    return model.requires_grad_(False)


def decoder(model: vae.VAE) -> tuple[Tensor, Tensor]:
    return model.decoder.get_parameter("0.weight"), model.decoder.get_parameter("0.bias")


def evidence(model: vae.VAE) -> MultivariateNormal:
    """p(x), from the sum of two independent Gaussians."""
    w, b = decoder(model)
    return MultivariateNormal(b, w @ w.T + model.log_noise_var.exp() * torch.eye(len(b)).double())


def posterior(model: vae.VAE, x: Tensor) -> MultivariateNormal:
    """p(z|x), by conditioning the joint Gaussian of (z, x)."""
    w, b = decoder(model)
    gain = w.T @ torch.linalg.inv(evidence(model).covariance_matrix)
    covariance = torch.eye(w.shape[1]).double() - gain @ w
    return MultivariateNormal((x - b) @ gain.T, (covariance + covariance.T) / 2)


def guess(model: vae.VAE, x: Tensor) -> MultivariateNormal:
    """q(z|x) as torch's distribution."""
    mean, log_var = model.encode(x)
    return MultivariateNormal(mean, torch.diag_embed(log_var.exp()))


def elbo(model: vae.VAE, x: Tensor) -> Tensor:
    """The exact ELBO: the average of a quadratic form, and torch's own divergence."""
    w, b = decoder(model)
    q = guess(model, x)
    squared = ((x - q.mean @ w.T - b) ** 2).sum(-1)
    squared = squared + (w.T @ w * q.covariance_matrix).sum((-2, -1))
    var = float(model.log_noise_var.exp())
    reconstruction = -squared / (2 * var) - x.shape[-1] / 2 * math.log(2 * math.pi * var)
    units = w.shape[1]
    prior = MultivariateNormal(torch.zeros(units).double(), torch.eye(units).double())
    return reconstruction - kl_divergence(q, prior)


X = 1.5 * normal(6, D, seed=9)
READING = torch.tensor([example.READING], dtype=torch.float64)

# With one latent unit every average over codes is a sum over a line, exact to many digits.

LINE = torch.linspace(-12, 12, 193, dtype=torch.float64)[:, None]


def narrow() -> list[vae.VAE]:
    """Two linear VAEs with one unit: any encoder, and the one that is the posterior."""
    model = vae.VAE((D, 1), math.sqrt(VAR), chance(0)).double().requires_grad_(False)
    for i, parameter in enumerate(model.parameters()):
        if parameter.ndim:
            parameter.copy_(0.4 * normal(*parameter.shape, seed=i + 1))
    return [model, figures.linear(decoder(model)[0], VAR)]


def on_line(log_values: Tensor) -> Given:
    """A density by the code on the line."""
    return Given(
        (r"\mathbf{z}",), dict(zip(LINE[:, 0].tolist(), log_values.exp().tolist(), strict=True)).get
    )


KL_FROM_PRIOR = r"\operatorname{KL}(q(\mathbf{z} \mid \mathbf{x}) \,\|\, p(\mathbf{z}))"
KL_FROM_POSTERIOR = (
    r"\operatorname{KL}(q(\mathbf{z} \mid \mathbf{x}) \,\|\, p(\mathbf{z} \mid \mathbf{x}))"
)


def mean_over(q: MultivariateNormal) -> Finite:
    """The mean over q as a sum over the line."""
    step = (LINE[1] - LINE[0]).item()
    return Finite({r"\mathbf{z}": LINE[:, 0].tolist()}, (step * q.log_prob(LINE).exp()).tolist())


def divergence_on_line(q: Distribution, p: Distribution) -> float:
    """KL of two densities as a sum over the line."""
    log_q, log_p = q.log_prob(LINE), p.log_prob(LINE)
    return float((LINE[1] - LINE[0]) * (log_q.exp() * (log_q - log_p)).sum())


def gauss_hermite(nodes: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of the mean over standard normal noise, exact for polynomials."""
    line, share = np.polynomial.hermite_e.hermegauss(nodes)
    points = np.array(list(itertools.product(line, repeat=units)))
    weights_ = np.array([math.prod(row) for row in itertools.product(share, repeat=units)])
    return points, weights_ / weights_.sum()


def divergence(a: np.ndarray, b: np.ndarray) -> float:
    """KL of two rows of probabilities."""
    return float(special.rel_entr(a, b).sum())


def divergence_of(q: Any, p: Any) -> float:
    """KL of two densities of scipy's, integrated."""
    return float(integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), -20, 20)[0])


# The example: two thermometers.


def minus(number: float, digits: int = 2) -> str:
    """As the page's tables print it."""
    return f"{number:.{digits}f}".replace("-", "−")


def test_the_example_can_be_followed_with_a_pencil() -> None:
    model = example.model()
    mean, log_var = model.encode(READING)
    assert float(mean) == pytest.approx(1)
    assert float(log_var) == pytest.approx(2 * math.log(1 / 3))
    z = mean + (0.5 * log_var).exp() * 0.6
    f = model.decoder(z)[0]
    squared = float(((READING - f) ** 2).sum())
    reconstruction = float(model.log_likelihood(READING, z))
    kl = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0)).item()
    assert (READING - f)[0].tolist() == pytest.approx([0.1, -0.4])
    said(
        f"say $\\varepsilon = 0.6$, and set $z = \\mu + \\sigma \\varepsilon = {z.item():.1f}$",
        f"$f(z) = ({f[0]:.1f}, {f[1]:.1f})$, with errors $(0.1, -0.4)$ and squared error {squared:.2f}",
        f"that is $-{squared / 2:.3f} - {math.log(2 * math.pi):.3f} = {reconstruction:.3f}$ nats",
        f"\\tfrac{{1}}{{2}}(1 + {1 / 9:.3f} - 1 + {math.log(9):.3f}) = {kl:.3f}$ nats",
        f"${reconstruction:.3f} - {kl:.3f} = {reconstruction - kl:.3f}$ nats",
        f"is the negative, {kl - reconstruction:.3f}",
        "A single draw may lie above $\\log p(\\mathbf{x})$",
    )
    assert reconstruction - kl > example.log_evidence()  # as this very draw does
    # The exponents of Bayes' rule: a square of z, completed.
    for code in (-1.3, 0.2, 2.6):
        assert code**2 + (2.5 - 2 * code) ** 2 + (2 - 2 * code) ** 2 == pytest.approx(
            9 * (code - 1) ** 2 + 1.25
        )
    said("$z^2 + (2.5 - 2z)^2 + (2 - 2z)^2 = 9 (z - 1)^2 + 1.25$")
    # With a pencil: what is printed adds up in its own digits.
    assert round(-0.085 - 1.838, 3) == round(reconstruction, 3)
    assert round((1 + 0.111 - 1 + 2.197) / 2, 3) == round(kl, 3)
    assert round(-1.923 - 1.154, 3) == round(reconstruction - kl, 3)
    truth = posterior(model, READING)
    assert truth.mean.item() == pytest.approx(float(mean))
    assert truth.covariance_matrix.item() == pytest.approx(1 / 9)
    exact = evidence(model)
    assert exact.covariance_matrix.tolist() == [[5, 4], [4, 5]]
    mean_terms = example.terms(1, 1 / 3)
    assert round(-1.838 - (2.197 + 1.25) / 2, 2) == round(exact.log_prob(READING).item(), 2)
    narrower = example.terms(1, 1 / 6)[1] - mean_terms[1]
    squares = 0.25 + 8 / 9
    assert -squares / 2 - math.log(2 * math.pi) == pytest.approx(mean_terms[0])
    said(
        f"$0.25 + 8 \\sigma^2 = {squares:.3f}$: 0.25 from the errors $(0.5, 0)$ at $\\mu$",
        f"The reconstruction term is then −{-mean_terms[0]:.2f} and the ELBO "
        f"−{mean_terms[1] - mean_terms[0]:.2f} nats",
        f"gives $-\\log(2\\pi) - \\tfrac{{1}}{{2}}(\\log 9 + 1.25)$, that is "
        f"$-{math.log(2 * math.pi):.3f} - \\tfrac{{1}}{{2}}({math.log(9):.3f} + 1.25) = "
        f"-{-exact.log_prob(READING).item():.2f}$ nats",
        f"{2 * mean.item():.0f} degrees, give or take two thirds of a degree",
        f"It is {2 * mean.item():.0f} and not",
        f"a standard deviation of {example.SLOPE:.0f} degrees; counted",
        f"in steps of {example.SLOPE:.0f} degrees",
        f"halving $\\sigma$ from $\\tfrac{{1}}{{3}}$ to $\\tfrac{{1}}{{6}}$ adds {narrower:.2f} nats, "
        "and every further halving nearly "
        f"$\\log 2 = {math.log(2):.2f}$",
        f"mean reading {READING.mean().item():.2f}",
        f"with $s = 2$ it is {math.sqrt(2**2 / (8 + 2**2)):.2f}",
    )
    assert example.log_evidence() == pytest.approx(exact.log_prob(READING).item())


def slopes(mean: float, spread: float, noise: list[float], share: list[float]) -> list[float]:
    """Derivatives of the example's loss with respect to the encoder's mean and standard deviation."""
    mu = torch.tensor(mean).double().requires_grad_()
    sigma = torch.tensor(spread).double().requires_grad_()
    model = example.model()
    z = mu + sigma * torch.tensor(noise).double()[:, None]
    reconstruction = (torch.tensor(share).double() * model.log_likelihood(READING, z)).sum()
    loss = kl_divergence(Normal(mu, sigma), Normal(0.0, 1.0)) - reconstruction
    return [slope.item() for slope in torch.autograd.grad(loss, (mu, sigma))]


def test_the_gradient_of_the_example_can_be_followed_with_a_pencil() -> None:
    first, second = slopes(1, 1 / 3, [0.6], [1.0])
    assert round(0.36 + 0.333 - 3, 3) == round(second, 3)
    said(
        "$-2 \\cdot 0.1 - 2 \\cdot (-0.4) = 0.6$ with respect to $z$",
        f"together $0.6 + 1 = {first:.1f}$ and $0.36 + 0.333 - 3 = {second:.3f}$",
        f"would move $\\mu$ to $1 - 0.016 = {1 - 0.01 * first:.3f}$ and $\\sigma$ to "
        f"$0.333 + 0.023 = {1 / 3 - 0.01 * second:.3f}$",
    )
    points, share = gauss_hermite(4, 1)
    average = (points[:, 0].tolist(), share.tolist())
    assert slopes(1, 1 / 3, *average) == pytest.approx([0, 0], abs=1e-6)
    start = slopes(0, 1, *average)
    said(f"they are −{-start[0]:.0f} and {start[1]:.0f}, and descent raises")
    for mean, spread in ((0.4, 0.7), (1.6, 0.2)):
        expected = [9 * mean - 9, 9 * spread - 1 / spread]
        assert slopes(mean, spread, *average) == pytest.approx(expected, abs=1e-5)
    said("The averaged derivatives are $9 \\mu - 9$ and $9 \\sigma - 1 / \\sigma$")


def test_the_table_of_four_encoders_is_exact() -> None:
    model = example.model()
    expected = []
    for mean, spread in ((1.0, 0.01), (1.0, 1 / 3), (1.0, 1.0), (0.0, 1.0)):
        q = MultivariateNormal(torch.tensor([mean]).double(), torch.tensor([[spread**2]]).double())
        points, share = gauss_hermite(4, 1)
        codes = torch.from_numpy(mean + spread * points)
        reconstruction = float(share @ model.log_likelihood(READING, codes).numpy())
        kl = kl_divergence(q, MultivariateNormal(torch.zeros(1).double(), torch.eye(1).double()))
        gap = kl_divergence(q, posterior(model, READING[0])).item()
        bound = reconstruction - kl.item()
        assert bound + gap == pytest.approx(example.log_evidence())
        expected.append([minus(v) for v in (reconstruction, kl.item(), bound, abs(gap))])
    assert [row[1:] for row in rows_of("tab-vae-answers")] == expected


def test_training_finds_the_example_from_five_seeds() -> None:
    answers = []
    for seed in range(5):
        generator = chance(seed)
        temperature = torch.randn(4000, 1, generator=generator)
        data = vae.sample(2 * temperature.expand(-1, 2), torch.zeros(4000, 2), generator)
        model = vae.VAE((2, 1), generator=generator)
        vae.train(model, data, steps=800, rate=0.1, generator=generator)
        mean, log_var = model.encode(READING.float())
        answers.append((mean.item(), (0.5 * log_var).exp().item()))
    means = [abs(mean) for mean, _ in answers]
    spreads = [spread for _, spread in answers]
    said(
        "Trained on 4,000 pairs",
        "for 800 steps and with five *seeds*",
        f"with a mean of size {min(means):.2f} to {max(means):.2f} and a standard deviation of "
        f"{min(spreads):.2f} to {max(spreads):.2f}",
    )
    said("The mean is negative in three of the five runs")
    assert sum(mean < 0 for mean, _ in answers) == 3


def test_what_is_generated_is_spread_like_the_model() -> None:
    model = example.model()
    mean, draw = model.generate(200_000, chance(0))
    assert not draw.requires_grad
    covariance = torch.cov(draw.T)
    torch.testing.assert_close(covariance, evidence(model).covariance_matrix, atol=0.05, rtol=0)
    torch.testing.assert_close(torch.cov((draw - mean).T), torch.eye(2).double(), atol=0.01, rtol=0)
    said("say −0.5; decode it to the mean $(-1, -1)$")
    assert model.decoder(torch.tensor([[-0.5]]).double()).tolist() == [[-1, -1]]


def test_the_caption_of_the_diagram_has_the_numbers_of_the_diagram() -> None:
    numbers = table("diagram")
    kl, likelihood = numbers["kl"][0], numbers["likelihood"][0]
    said(
        f"here {kl:.1f} nats, is made small; the logarithm of p(x given z), here {likelihood:.1f} nats",
        f"The loss is ${kl:.3f} - {likelihood:.3f} = {kl - likelihood:.3f}$ nats",
        f"{kl:.3f} is of the encoder's distribution, {likelihood:.3f} of this one draw",
    )
    assert round(round(kl, 3) - round(likelihood, 3), 3) == round(kl - likelihood, 3)


def test_what_is_no_digit_has_a_larger_gap() -> None:
    model, digits = weights.load()[1.0].requires_grad_(False), weights.digits()[2]
    cells = torch.arange(8)
    board = ((cells[:, None] // 2 + cells // 2) % 2).double().reshape(1, 64)

    def gap(x: Tensor) -> float:
        many = vae.importance_bound(model, x.repeat(2000, 1), 1, chance(0))
        return float(vae.log_evidence(model, x) - many.mean())

    assert gap(board) > gap(digits[:1]) + 20
    said("Draw a checkerboard, and it grows.")


def test_the_demo_starts_with_the_numbers_of_the_page() -> None:
    model, x = weights.load()[1.0].requires_grad_(False), weights.digits()[2][:1]
    said("begins with a test digit 2")
    assert weights.digits()[3][0] == 2
    mean, log_var = model.encode(x)
    rng = Random(1)  # the demo's own seed
    noise = torch.tensor([[rng.normal(), rng.normal()] for _ in range(256)], dtype=torch.float64)
    codes = mean + torch.exp(0.5 * log_var) * noise
    reconstruction = float(model.log_likelihood(x, codes).mean())
    kl = float(vae.kl_to_prior(mean, log_var).sum())
    shown = [round(v, 1) for v in (reconstruction, kl, reconstruction - kl)]
    assert round(shown[0] - shown[1], 1) == shown[2]  # what is printed adds up
    said(
        f"the reconstruction term is {shown[0]} (a mean over 256 codes), the KL {shown[1]} and the ELBO "
        f"{shown[2]} nats",
        f"integrated over the plane, is {float(vae.log_evidence(model, x)):.1f}",
    )


# The lines that one writes today, and the prior of a VQ-VAE.


def test_torchs_distributions_give_the_loss_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    model = vae.VAE((D, 3, Z), 0.7, chance(0)).double()
    noise = normal(*X.shape[:1], Z, seed=5)
    monkeypatch.setattr(torch, "randn", lambda *_, **__: noise)
    ours = vae.loss(*model.terms(X), beta=2.5)
    monkeypatch.setattr(torch.distributions.normal, "_standard_normal", lambda *_, **__: noise)
    theirs = practice.negative_elbo(
        model.encoder, model.decoder, X, (0.5 * model.log_noise_var).exp(), 2.5
    )
    torch.testing.assert_close(ours, theirs)
    names = [name for name, _ in model.named_parameters()]
    for a, b, name in zip(
        torch.autograd.grad(ours, list(model.parameters())),
        torch.autograd.grad(theirs, list(model.parameters())),
        names,
        strict=True,
    ):
        assert torch.allclose(a, b), name


def test_a_uniform_prior_over_the_entries_costs_their_logarithm() -> None:
    even = torch.distributions.Categorical(torch.ones(512).double())
    assert even.entropy().item() == pytest.approx(math.log(512))
    said(f"{math.log(512):.1f} nats or {math.log2(512):.0f} bits for 512 entries")


# The bound.


@pytest.mark.equation("eq-vae-jensen")
def test_the_elbo_is_below_log_p_for_every_encoder(toy: vae.VAE) -> None:
    for seed in range(20):
        toy.encoder.get_parameter("0.weight").copy_(normal(2 * Z, D, seed=seed))
        assert (elbo(toy, X) < evidence(toy).log_prob(X)).all()


@pytest.mark.equation("eq-vae-jensen")
@pytest.mark.equation("eq-vae-elbo")
def test_the_printed_bound_is_the_sum_over_a_line_of_codes(printed: Equations) -> None:
    x, prior = X[0], Normal(torch.zeros(()).double(), 1.0)
    for model in narrow():
        q, likelihood = guess(model, x), model.log_likelihood(x, LINE)
        printed("eq-vae-jensen").holds(
            {
                r"p(\mathbf{x})": evidence(model).log_prob(x).exp().item(),
                r"p(\mathbf{x}, \mathbf{z})": on_line(likelihood + prior.log_prob(LINE[:, 0])),
                r"q(\mathbf{z} \mid \mathbf{x})": on_line(q.log_prob(LINE)),
                r"\mathbb{E}_q": mean_over(q),
                r"\operatorname{ELBO}(\mathbf{x})": elbo(model, x).item(),
            }
        )
        printed("eq-vae-elbo").holds(
            {
                r"\operatorname{ELBO}(\mathbf{x})": elbo(model, x).item(),
                r"p(\mathbf{x} \mid \mathbf{z})": on_line(likelihood),
                r"\mathbb{E}_q": mean_over(q),
                r"q(\mathbf{z} \mid \mathbf{x})": on_line(q.log_prob(LINE)),
                r"p(\mathbf{z})": on_line(prior.log_prob(LINE[:, 0])),
                KL_FROM_PRIOR: divergence_on_line(q, Independent(prior.expand((1,)), 1)),
            }
        )


@pytest.mark.equation("eq-vae-gap")
def test_the_printed_gap_is_the_divergence_on_a_line_of_codes(printed: Equations) -> None:
    x, prior = X[0], Normal(torch.zeros(()).double(), 1.0)
    model = narrow()[0]
    q, true, likelihood = guess(model, x), posterior(model, x), model.log_likelihood(x, LINE)
    printed("eq-vae-gap").holds(
        {
            r"p(\mathbf{x})": evidence(model).log_prob(x).exp().item(),
            r"p(\mathbf{x}, \mathbf{z})": on_line(likelihood + prior.log_prob(LINE[:, 0])),
            r"q(\mathbf{z} \mid \mathbf{x})": on_line(q.log_prob(LINE)),
            r"p(\mathbf{z} \mid \mathbf{x})": on_line(true.log_prob(LINE)),
            r"\mathbb{E}_q": mean_over(q),
            r"\operatorname{ELBO}(\mathbf{x})": elbo(model, x).item(),
            KL_FROM_POSTERIOR: kl_divergence(q, true).item(),
        },
        free=(r"q(\mathbf{z} \mid \mathbf{x})",),  # a common factor cancels
    )


@pytest.mark.equation("eq-vae-gap")
def test_the_gap_is_the_divergence_from_the_true_posterior(toy: vae.VAE) -> None:
    gap = kl_divergence(guess(toy, X), posterior(toy, X))
    torch.testing.assert_close(elbo(toy, X) + gap, evidence(toy).log_prob(X))
    assert gap.min() > 0.1  # the toy's encoder is not the posterior


@pytest.mark.equation("eq-vae-elbo")
def test_the_code_estimates_both_terms_without_bias(toy: vae.VAE) -> None:
    many = X[:, None].expand(-1, 40_000, -1)
    reconstruction, kl = toy.terms(many, chance(1))
    estimate = reconstruction - kl.sum(-1)
    error = estimate.std(1) / 200
    assert ((estimate.mean(1) - elbo(toy, X)).abs() < 4 * error).all()
    # The other form of the bound, log p(x, z) - log q(z|x), has the same mean.
    q = guess(toy, X)
    z = q.mean + normal(40_000, len(X), Z, seed=2) * q.stddev
    prior = Independent(Normal(torch.zeros(Z).double(), 1.0), 1)
    direct = toy.log_likelihood(X, z) + prior.log_prob(z) - q.log_prob(z)
    assert ((direct.mean(0) - elbo(toy, X)).abs() < 4 * direct.std(0) / 200).all()


@pytest.mark.equation("eq-vae-likelihood")
def test_the_reconstruction_term_is_a_gaussian_log_density(
    toy: vae.VAE, printed: Equations
) -> None:
    z = normal(6, Z)
    w, b = decoder(toy)
    expected = Independent(Normal(z @ w.T + b, math.sqrt(VAR)), 1).log_prob(X)
    torch.testing.assert_close(toy.log_likelihood(X, z), expected)
    printed("eq-vae-likelihood").holds(
        {
            r"p(\mathbf{x} \mid \mathbf{z})": toy.log_likelihood(X, z)[0].exp().item(),
            r"\mathbf{x}": X[0].numpy(),
            "f": lambda z: toy.decoder(torch.as_tensor(z)).numpy(),
            r"\mathbf{z}": z[0].numpy(),
            "s": toy.log_noise_var.exp().sqrt().item(),
            "D": D,
            r"\pi": math.pi,
        }
    )


@pytest.mark.equation("eq-vae-noise")
def test_the_best_noise_variance_is_the_mean_squared_error(
    toy: vae.VAE, printed: Equations
) -> None:
    z = normal(6, Z)

    def loss(log_var: float) -> float:
        toy.log_noise_var.fill_(log_var)
        return -float(toy.log_likelihood(X, z).mean())

    best = optimize.minimize_scalar(loss, bracket=(-1, 1)).x
    w, b = decoder(toy)
    assert math.exp(best) == pytest.approx(float(((X - z @ w.T - b) ** 2).mean()), rel=1e-5)
    printed("eq-vae-noise").holds(
        {
            r"\hat{s}": math.exp(best / 2),
            "D": D,
            "f": toy.decoder(z).numpy().__getitem__,
            r"\mathbb{E}": Finite({r"\mathbf{x}": list(X.numpy()), r"\mathbf{z}": range(6)}),
        },
        tolerance=1e-5,
    )


@pytest.mark.equation("eq-vae-kl")
def test_the_kl_term_is_that_of_torch_and_of_sampling(printed: Equations) -> None:
    mean, log_var = 2 * normal(5, 3), normal(5, 3, seed=1)
    q, p = Normal(mean, (0.5 * log_var).exp()), Normal(torch.zeros(3).double(), 1.0)
    torch.testing.assert_close(vae.kl_to_prior(mean, log_var), kl_divergence(q, p))
    z = mean + (0.5 * log_var).exp() * normal(50_000, 5, 3, seed=2)
    sampled = q.log_prob(z) - p.log_prob(z)
    error = sampled.std(0) / math.sqrt(50_000)
    assert ((sampled.mean(0) - vae.kl_to_prior(mean, log_var)).abs() < 4 * error).all()
    printed("eq-vae-kl").holds(
        {
            r"\operatorname{KL}(q(\mathbf{z} \mid \mathbf{x}) \,\|\, p(\mathbf{z}))": kl_divergence(
                q, p
            )[0].sum(),
            r"\mu": mean[0].numpy(),
            r"\sigma": (0.5 * log_var[0]).exp().numpy(),
            "Z": 3,
        }
    )


@pytest.mark.equation("eq-vae-kl-unit")
def test_the_kl_of_one_unit_is_that_of_quadrature_and_of_the_code(printed: Equations) -> None:
    mean, spread = 0.7, 1.6
    points, share = gauss_hermite(6, 1)
    codes = (mean + spread * points[:, 0]).tolist()
    q, p = stats.norm(mean, spread), stats.norm()
    printed("eq-vae-kl-unit").holds(
        {
            r"\mathbb{E}_q": Finite({"z": codes}, share.tolist()),
            r"q(z \mid \mathbf{x})": Given(("z",), q.pdf),
            "p(z)": Given(("z",), p.pdf),
            r"\mu": mean,
            r"\sigma": spread,
        }
    )
    ours = vae.kl_to_prior(torch.tensor(mean), torch.tensor(2 * math.log(spread)))
    assert float(ours) == pytest.approx(divergence_of(q, p), abs=1e-6)


# Gradients.


@pytest.mark.equation("eq-vae-score")
@pytest.mark.equation("eq-vae-pathwise")
def test_both_estimators_have_the_true_gradient_as_their_mean() -> None:
    a, mean = torch.tensor([0.3, -0.5, 0.2]).double(), torch.tensor([0.4, 0.1, -0.7]).double()

    def g(z: Tensor) -> Tensor:
        return torch.exp(z @ a)

    truth = a * torch.exp(mean @ a + 0.5 * a @ a)  # gradient of the moment-generating function
    for baseline in (0.0, 1.3):
        for estimate in vae.gradients(g, mean, 200_000, baseline, chance(0)):
            assert not estimate.requires_grad  # nothing is kept of the graph
            assert ((estimate.mean(0) - truth).abs() < 4 * estimate.std(0) / math.sqrt(2e5)).all()


@pytest.mark.equation("eq-vae-score")
@pytest.mark.equation("eq-vae-pathwise")
def test_the_printed_gradients_are_those_of_the_mean(printed: Equations) -> None:
    a, mean, spread = np.array([0.3, -0.5]), np.array([0.4, -0.7]), np.array([0.8, 1.3])
    points, share = gauss_hermite(12, 2)
    shared = {"g": lambda z: math.exp(a @ z), r"\boldsymbol\mu": mean}
    printed("eq-vae-score").holds(
        {
            r"\mathbb{E}": Given(
                (r"\boldsymbol\mu",), lambda mu: Finite({r"\mathbf{z}": list(mu + points)}, share)
            ),
            **shared,
        },
        free=(r"\mathbb{E}", "g", r"\boldsymbol\mu"),  # it holds for every mean and factor
        tolerance=1e-8,
    )
    noise = np.array([[0.3, 1.2], [-1.1, 0.4], [0.9, -0.6], [1.7, 0.2]])  # any noise will do
    codes = {r"\boldsymbol\varepsilon": list(noise), r"\mathbf{z}": list(mean + spread * noise)}
    printed("eq-vae-pathwise").holds(
        {
            r"\mathbb{E}": Finite(codes, [0.4, 0.15, 0.25, 0.2]),
            r"\boldsymbol\sigma": spread,
            r"\nabla g(\mathbf{z})": Given((r"\mathbf{z}",), lambda z: a * math.exp(a @ z)),
            **shared,
        },
        tolerance=1e-8,
    )


@pytest.mark.equation("eq-vae-pathwise")
def test_gradients_reach_mean_and_variance_through_a_sample() -> None:
    mean = torch.full((200_000,), 0.8, dtype=torch.float64, requires_grad=True)
    log_var = torch.full((200_000,), math.log(0.49), dtype=torch.float64, requires_grad=True)
    z = vae.sample(mean, log_var, chance(0))
    by_mean, by_log_var = torch.autograd.grad((z**3).sum(), [mean, log_var])
    # E[z^3] = mean^3 + 3 mean var; d var / d log var = var.
    assert float(by_mean.mean()) == pytest.approx(3 * 0.8**2 + 3 * 0.49, rel=0.01)
    assert float(by_log_var.mean()) == pytest.approx(3 * 0.8 * 0.49, rel=0.01)


@pytest.mark.equation("eq-vae-variance")
def test_the_printed_variances_are_those_of_the_code_without_chance(
    printed: Equations, monkeypatch: pytest.MonkeyPatch
) -> None:
    points, share = gauss_hermite(5, 3)
    monkeypatch.setattr(torch, "randn", lambda *_, **__: torch.from_numpy(points))

    def variances(baseline: float) -> tuple[float, float]:
        zero = torch.zeros(3).double()
        found = vae.gradients(figures.half_square, zero, len(points), baseline)
        mean = [share @ estimate.numpy() for estimate in found]
        score, path = (
            float((share @ (estimate.numpy() - m) ** 2).mean())
            for estimate, m in zip(found, mean, strict=True)
        )
        return score, path

    best = optimize.minimize_scalar(lambda baseline: variances(baseline)[0], bracket=(-1, 1)).fun
    score, path = variances(0.0)
    printed("eq-vae-variance").holds(
        {
            r"\operatorname{Var}_{\text{score}}": score,
            r"\operatorname{Var}_{\text{score, best baseline}}": best,
            r"\operatorname{Var}_{\text{reparameterised}}": path,
            "Z": 3,
        }
    )


@pytest.mark.equation("eq-vae-variance")
@pytest.mark.parametrize("d", [1, 3, 10])
def test_the_variance_of_each_estimator_is_as_calculated(d: int) -> None:
    zero, many = torch.zeros(d).double(), 400_000 if d < 10 else 100_000
    score, path = vae.gradients(figures.half_square, zero, many, 0.0, chance(0))
    steady, _ = vae.gradients(figures.half_square, zero, many, -(d + 2) / 2, chance(0))
    assert float(score.var(0).mean()) == pytest.approx((d + 2) * (d + 4) / 4, rel=0.03)
    assert float(steady.var(0).mean()) == pytest.approx((d + 2) / 2, rel=0.03)
    assert float(path.var(0).mean()) == pytest.approx(1, rel=0.03)
    for off in (-0.5, 0.5):  # any other baseline is worse
        other, _ = vae.gradients(figures.half_square, zero, many, -(d + 2) / 2 + off, chance(0))
        assert other.var(0).mean() > steady.var(0).mean()


def exact_spreads(model: vae.VAE, x: Tensor) -> dict[str, float]:
    """Variance over squared mean of each gradient of the reconstruction term, by Gauss-Hermite quadrature."""
    mean, log_var = model.encode(x)
    points, share = gauss_hermite(30, 2)
    e, w = torch.from_numpy(points)[:, None], torch.from_numpy(share)
    z = (mean + (0.5 * log_var).exp() * e).requires_grad_()  # (900, 16, 2)
    value = model.log_likelihood(x, z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    path, g = slope * (0.5 * log_var).exp(), value.detach()
    signal = ((w @ path.flatten(1)) ** 2).sum()
    best = 0.5 * w @ (g * (e**2).sum(-1))  # of each digit
    moments = {
        "score": w @ (g**2 * (e**2).sum(-1)),
        "baseline": w @ ((g - best) ** 2 * (e**2).sum(-1)),
        "pathwise": w @ (path**2).sum(-1),
    }
    return {name: float((moment.sum() - signal) / signal) for name, moment in moments.items()}


def test_the_page_prints_the_ratios_of_variance_over_all_batches() -> None:
    numbers = table("budget")
    assert numbers["pathwise"][0] < 1  # below one from the first sample
    model, x = weights.load()[1.0].requires_grad_(False), weights.digits()[2]
    batches = [exact_spreads(model, batch) for batch in x.split(16) if len(batch) == 16]
    for name, variance in batches[0].items():  # the figure's own, which was sampled
        assert numbers[name][0] == pytest.approx(math.sqrt(variance), rel=0.05)
    score = [batch["score"] / batch["pathwise"] for batch in batches]
    steady = [batch["baseline"] / batch["pathwise"] for batch in batches]
    said(
        f"in {len(batches)} batches of 16, it needs {min(score):.0f} to {max(score):.0f} times the "
        f"samples for the same error (mean {np.mean(score):.0f}), and {min(steady):.0f} to "
        f"{max(steady):.0f} times (mean {np.mean(steady):.0f})"
    )


# Tighter bounds.


@pytest.mark.equation("eq-vae-iwae")
def test_importance_weighted_bounds_rise_from_the_elbo_to_log_p(toy: vae.VAE) -> None:
    x = X[:1].expand(100_000, -1)
    bounds = [vae.importance_bound(toy, x[: 200_000 // k], k, chance(k)) for k in (1, 2, 5, 50)]
    means = [float(bound.mean()) for bound in bounds]
    errors = [float(bound.std()) / math.sqrt(len(bound)) for bound in bounds]
    exact = float(evidence(toy).log_prob(X[:1]))
    assert means[0] == pytest.approx(float(elbo(toy, X[:1])), abs=4 * errors[0])
    assert all(a < b for a, b in itertools.pairwise([*means, exact]))
    many = float(vae.importance_bound(toy, X[:1], 1_000_000, chance(0)))
    assert many == pytest.approx(exact, abs=0.05)


@pytest.mark.equation("eq-vae-iwae")
def test_the_printed_bounds_are_those_of_the_code_without_chance(
    printed: Equations, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, prior = X[0], stats.norm()

    def bound(model: vae.VAE, k: int, nodes: int) -> float:
        """The mean of the code's estimate over all draws of k codes from the nodes of q."""
        points, share = gauss_hermite(nodes, k)
        noise = torch.from_numpy(points.T)[:, :, None]
        monkeypatch.setattr(vae, "sample", lambda m, v, _: m + torch.exp(0.5 * v) * noise)
        estimates = vae.importance_bound(model, x.expand(len(points), -1), k)
        return float(share @ estimates.numpy())

    model = narrow()[0]
    q = guess(model, x)
    points, share = gauss_hermite(4, 3)
    law = stats.norm(q.mean.item(), q.stddev.item())
    codes = law.mean() + law.std() * points
    line = np.unique(codes)
    log_likelihood = model.log_likelihood(x, torch.from_numpy(line[:, None])).numpy()
    joint = dict(zip(line, np.exp(log_likelihood) * prior.pdf(line), strict=True))
    encoded = dict(zip(line, law.pdf(line), strict=True))
    printed("eq-vae-iwae").holds(
        {
            r"\mathcal{L}": [bound(model, k, 4) for k in (1, 2, 3)],
            "k": 3,
            r"\mathbb{E}": Finite({r"\mathbf{z}": codes.tolist()}, share.tolist()),
            r"p(\cdot, \cdot)": lambda x, z: joint[z],
            r"q(\cdot \mid \cdot)": lambda z, x: encoded[z],
            r"\mathbf{x}": x.numpy(),
        },
        only=0,
        free=(r"\mathbf{x}",),  # one example
    )
    for model in narrow():  # with the posterior as encoder all bounds are tight
        printed("eq-vae-iwae").holds(
            {
                r"\operatorname{ELBO}": elbo(model, x).item(),
                r"\mathcal{L}": [bound(model, k, 12) for k in (1, 2, 3, 4)],
                "k": 3,
                r"p(\mathbf{x})": evidence(model).log_prob(x).exp().item(),
            },
            only=1,
            free=(r"p(\mathbf{x})", "k"),
        )
    printed.excuse(
        r"\operatorname{ELBO} = \mathcal{L}_{1} \leq \mathcal{L}_{k + 1} \leq \mathcal{L}_{k + 1}"
        r" \leq \log ⟨p (\mathbf{x})⟩",
        "the next bound lies there too",
    )
    printed.excuse(
        r"\operatorname{ELBO} = \mathcal{L}_{1} \leq \mathcal{L}_{k} \leq \mathcal{L}_{k}"
        r" \leq \log ⟨p (\mathbf{x})⟩",
        "it says less, and that is true",
    )


# The linear case.


@pytest.mark.equation("eq-vae-linear")
def test_the_printed_densities_of_the_linear_model_are_those_of_quadrature(
    toy: vae.VAE, printed: Equations
) -> None:
    x, z = X[0], normal(Z)
    w, b = (part.numpy() for part in decoder(toy))
    prior = Independent(Normal(torch.zeros(Z).double(), 1.0), 1)
    marginal = vae.log_evidence(toy, x[None]).item()
    joint = (toy.log_likelihood(x, z) + prior.log_prob(z)).item()
    shared = {"W": w, r"\mathbf{b}": b[:, None], "s": math.sqrt(VAR)}

    def log_density(at: Tensor) -> Callable[[Any, Any], float]:
        return lambda mean, covariance: float(
            stats.multivariate_normal(mean[:, 0], covariance).logpdf(at.numpy())
        )

    # Both sides as logarithms: densities themselves are small.
    printed("eq-vae-linear").holds(
        {r"p(\mathbf{x})": marginal, r"\mathcal{N}": log_density(x), "I": np.eye(D), **shared},
        only=0,
        tolerance=1e-7,
    )
    printed("eq-vae-linear").holds(
        {
            r"p(\mathbf{z} \mid \mathbf{x})": joint - marginal,
            r"\mathcal{N}": log_density(z),
            "M": w.T @ w + VAR * np.eye(Z),
            r"\mathbf{x}": x[:, None].numpy(),
            **shared,
        },
        only=1,
        tolerance=1e-7,
    )


@pytest.mark.equation("eq-vae-linear")
def test_evidence_and_posterior_of_the_linear_model_fulfil_bayes_rule(toy: vae.VAE) -> None:
    w, b = decoder(toy)
    var = toy.log_noise_var.exp()
    m = w.T @ w + var * torch.eye(Z).double()
    post = MultivariateNormal(torch.linalg.solve(m, w.T @ (X - b).T).T, var * torch.linalg.inv(m))
    prior = Independent(Normal(torch.zeros(Z).double(), 1.0), 1)
    for seed in range(5):
        z = normal(6, Z, seed=seed)
        joint = toy.log_likelihood(X, z) + prior.log_prob(z)
        torch.testing.assert_close(joint - post.log_prob(z), evidence(toy).log_prob(X))


DATA = normal(400, 5, seed=3) @ normal(5, 5, seed=4)


@pytest.mark.equation("eq-vae-ppca")
def test_probabilistic_pca_is_the_maximum_of_the_likelihood() -> None:
    weight, noise_var, best = vae.ppca(DATA, 2)
    centred = DATA - DATA.mean(0)

    def likelihood(w: Tensor, var: Tensor | float) -> Tensor:
        c = w @ w.T + var * torch.eye(5).double()
        return MultivariateNormal(torch.zeros(5).double(), c).log_prob(centred).mean()

    assert float(likelihood(weight, noise_var)) == pytest.approx(best, abs=1e-9)
    turn = torch.linalg.qr(normal(2, 2))[0]  # any rotation does as well
    assert float(likelihood(weight @ turn, noise_var)) == pytest.approx(best, abs=1e-9)
    start = normal(11, seed=5).requires_grad_()
    climber = torch.optim.LBFGS([start], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        climber.zero_grad()
        value = -likelihood(start[:10].reshape(5, 2), start[10].exp())
        value.backward()
        return value

    climber.step(loss)
    assert -loss().item() == pytest.approx(best, abs=1e-5)
    assert float(start[10].detach().exp()) == pytest.approx(noise_var, rel=1e-2)


@pytest.mark.equation("eq-vae-ppca")
def test_the_printed_optimum_is_that_of_the_code_and_of_numpy(printed: Equations) -> None:
    rows = normal(30, 5, seed=6) @ normal(5, 5, seed=4)
    weight, noise_var, _ = vae.ppca(rows, 3)
    rows = (rows - rows.mean(0)).numpy()
    _, singular, axes = np.linalg.svd(rows)
    values, u = singular**2 / 30, axes[:3].T
    u = u * np.sign((u * weight.numpy()).sum(0))  # an axis has no direction
    turn = np.linalg.qr(normal(3, 3).numpy())[0]
    w = weight.numpy() @ turn
    best = stats.multivariate_normal(cov=w @ w.T + noise_var * np.eye(5)).pdf(rows)
    printed("eq-vae-ppca").holds(
        {
            r"\hat{W}": w,
            "U": u,
            r"\Lambda": np.diag(values[:3]),
            r"\hat{s}": math.sqrt(noise_var),
            "I": np.eye(3),
            "R": turn,
            "D": 5,
            "Z": 3,
            "j": Each(range(1, 6)),
            r"\lambda": values,
            r"\mathbb{E}": Finite({r"\mathbf{x}": range(30)}),
            r"\hat{p}": lambda row: best[row],
            r"\pi": math.pi,
        }
    )


def test_probabilistic_pca_agrees_with_scikit_learn() -> None:
    data = DATA.repeat(50, 1)  # it divides by n - 1
    _, noise_var, best = vae.ppca(data, 2)
    theirs = PCA(2, svd_solver="full").fit(data.numpy())
    assert noise_var == pytest.approx(theirs.noise_variance_, rel=1e-4)
    assert best == pytest.approx(theirs.score(data.numpy()), rel=1e-4)


@pytest.mark.equation("eq-vae-linear-gap")
def test_the_printed_gap_is_that_of_the_best_encoder(printed: Equations) -> None:
    w, x = normal(5, 3, seed=7), normal(5, seed=8)
    straight = torch.linalg.qr(w)[0] * torch.tensor([3.0, 2.0, 1.0]).double()
    for columns in (w, straight):
        model = figures.linear(columns, VAR)
        printed("eq-vae-linear-gap").holds(
            {
                r"p(\mathbf{x})": evidence(model).log_prob(x).exp().item(),
                r"\max_q \operatorname{ELBO}(\mathbf{x})": elbo(model, x).item(),
                "M": (columns.T @ columns + model.log_noise_var.exp() * torch.eye(3)).numpy(),
                "v": guess(model, x[None]).covariance_matrix[0].diagonal().tolist(),
                "s": model.log_noise_var.exp().sqrt().item(),
                "Z": 3,
            },
            tolerance=1e-7,  # the model keeps its noise in single precision
        )
    printed.excuse(
        r"\log ⟨p (\mathbf{x})⟩ - \max_{q} ⟨\operatorname{ELBO} (\mathbf{x})⟩ = \frac{1}{2} "
        r"(\sum_{j = 1}^{Z} \frac{s^{2}}{M_{j j} v_{j}} - Z - \sum_{j = 1}^{Z} \log v_{j} + "
        r"\log \det (s^{2} M^{- 1})) = \frac{1}{2} (\log \det (s^{2} M^{- 1}) - "
        r"\sum_{j = 1}^{Z} \log \frac{s^{2}}{M_{j j}}) = \frac{1}{2} (\sum_{j = 1}^{Z} \log M_{j j} - "
        r"\log \det M) \geq 0",
        "at the best variances this quotient is one, as is its inverse",
    )


@pytest.mark.equation("eq-vae-linear-gap")
@pytest.mark.parametrize("noise_var", [0.3, 1.7])
def test_the_gap_of_the_linear_model_is_exact_and_optimal(noise_var: float) -> None:
    w = normal(5, 3, seed=7)
    model = figures.linear(w, noise_var)
    x = normal(4, 5, seed=8)
    gap = kl_divergence(guess(model, x), posterior(model, x))
    torch.testing.assert_close(gap, torch.full((4,), vae.linear_gap(w, noise_var)).double())
    true = posterior(model, x[:1])

    def divergence(log_var: Any) -> float:
        q = MultivariateNormal(true.mean, torch.diag(torch.tensor(log_var).exp()))
        return float(kl_divergence(q, true))

    best = optimize.minimize(divergence, [0.0, 0.0, 0.0]).fun
    assert best == pytest.approx(vae.linear_gap(w, noise_var), abs=1e-6)


def test_the_gap_vanishes_only_for_orthogonal_columns() -> None:
    straight = torch.linalg.qr(normal(5, 3))[0] * torch.tensor([3.0, 2.0, 1.0]).double()
    turn = torch.linalg.qr(normal(3, 3, seed=1))[0]
    assert vae.linear_gap(straight, 0.5) == pytest.approx(0, abs=1e-12)
    assert vae.linear_gap(straight @ turn, 0.5) > 0.1


def test_the_linear_optimum_lets_the_bound_touch_the_likelihood() -> None:
    weight, noise_var, best = vae.ppca(DATA, 2)
    model = figures.linear(weight, noise_var)
    bound = vae.importance_bound(model, (DATA - DATA.mean(0)).repeat(20, 1), 1, chance(0))
    assert float(bound.mean()) == pytest.approx(best, abs=1e-9)  # no variance is left either
    assert vae.linear_gap(weight, noise_var) == pytest.approx(0, abs=1e-12)


def test_a_trained_linear_vae_reaches_the_exact_optimum(
    capsys: pytest.CaptureFixture[str],
) -> None:
    vae.main()  # what the page's code prints is this comparison
    numbers = re.findall(r"-?\d+\.\d+", capsys.readouterr().out)
    mean, spread, size, deviation, bound, best, variance, exact = (float(n) for n in numbers)
    assert (size, deviation, exact) == (example.CODE, round(example.SPREAD, 2), example.NOISE**2)
    assert mean == pytest.approx(1, abs=0.05)
    assert spread == pytest.approx(1 / 3, abs=0.02)
    assert best - 0.05 < bound <= best + 0.02  # 50 codes a row leave an error of 0.01
    assert variance == pytest.approx(exact, rel=0.05)  # 4,000 pairs


def test_the_figure_of_the_gap_says_what_the_page_says() -> None:
    numbers = table("gap")
    middle = numbers["angle"].index(45)
    gap = numbers["log_p"][middle] - numbers["elbo"][middle]
    said(f"falls {gap:.3f} nats below at 45°")
    assert numbers["log_p"][0] == numbers["elbo"][0] == numbers["elbo"][-1]
    rows = zip(*(numbers[name] for name in ("elbo", "l5", "l50", "log_p")), strict=True)
    assert all(a <= b <= c <= d for a, b, c, d in rows)


# Beta.


@pytest.mark.equation("eq-vae-beta")
def test_the_printed_bound_with_beta_is_that_with_other_noise(
    toy: vae.VAE, printed: Equations
) -> None:
    x, beta = X[0], 2.7
    q, prior = guess(toy, x), MultivariateNormal(torch.zeros(Z).double(), torch.eye(Z).double())
    points, share = gauss_hermite(3, Z)
    codes = q.mean + torch.from_numpy(points) * q.stddev
    likelihood = toy.log_likelihood(x, codes).exp().tolist()
    s = toy.log_noise_var.exp().sqrt().item()
    toy.log_noise_var += math.log(beta)
    printed("eq-vae-beta").holds(
        {
            r"\mathbb{E}_q": Finite({r"\mathbf{z}": range(len(codes))}, share.tolist()),
            r"p_{s^2}(\mathbf{x} \mid \mathbf{z})": Given((r"\mathbf{z}",), likelihood.__getitem__),
            r"\beta": beta,
            r"\operatorname{KL}(q \,\|\, p)": kl_divergence(q, prior).item(),
            r"\mathbf{x}": x.numpy(),
            "f": toy.decoder(codes).numpy().__getitem__,
            r"\operatorname{ELBO}_{\beta s^2}(\mathbf{x})": elbo(toy, x).item(),
            "D": D,
            "s": s,
            r"\pi": math.pi,
        }
    )


@pytest.mark.equation("eq-vae-beta")
@pytest.mark.parametrize("beta", [0.2, 1.0, 6.0])
def test_beta_is_a_noise_variance(toy: vae.VAE, beta: float) -> None:
    reconstruction, kl = toy.terms(X, chance(1))
    weighted = -vae.loss(reconstruction, kl, beta)
    toy.log_noise_var += math.log(beta)
    plain = -vae.loss(*toy.terms(X, chance(1)))
    constant = beta * math.log(2 * math.pi * beta * VAR) - math.log(2 * math.pi * VAR)
    torch.testing.assert_close(weighted, beta * plain + D / 2 * constant)


@pytest.mark.equation("eq-vae-rates")
def test_the_printed_rates_are_those_of_the_best_linear_model(printed: Equations) -> None:
    values, var, beta = torch.tensor([4.1, 1.1, 0.6]).double(), 0.28, 2.5
    weight = torch.diag((values - beta * var).clamp(min=0).sqrt())
    rows = torch.cat([torch.diag((3 * values).sqrt()), -torch.diag((3 * values).sqrt())])
    kl = vae.kl_to_prior(*figures.linear(weight, beta * var).encode(rows))
    printed("eq-vae-rates").holds(
        {
            r"\mathbb{E}_{\mathbf{x}}": Finite({r"\operatorname{KL}": kl.tolist()}),
            r"\lambda": values.tolist(),
            r"\beta": beta,
            "s": math.sqrt(var),
            "j": Each([1, 2, 3]),
        }
    )


@pytest.mark.equation("eq-vae-unit-variance")
@pytest.mark.equation("eq-vae-unit-rate")
def test_the_printed_variance_and_rate_of_a_unit_are_those_of_the_code(printed: Equations) -> None:
    data = normal(60, 4, seed=6) @ normal(4, 4, seed=4)
    weight, var, _ = vae.ppca(data, 2)
    model = figures.linear(weight, var)
    values = np.linalg.eigvalsh(np.cov(data.numpy().T, bias=True))[::-1][:2]
    mean, log_var = model.encode(data - data.mean(0))
    shared = {"s": math.sqrt(var), r"\lambda": values.tolist(), "j": Each([1, 2])}
    variances = log_var.exp()[0].tolist()
    printed("eq-vae-unit-variance").holds(
        {"v": variances, "M": (weight.T @ weight + var * torch.eye(2)).numpy(), **shared},
        tolerance=1e-6,  # the model keeps its noise in single precision
    )
    printed("eq-vae-unit-rate").holds(
        {
            r"\mathbb{E}_{\mathbf{x}}": Finite(
                {r"\operatorname{KL}": vae.kl_to_prior(mean, log_var).tolist()}
            ),
            "v": variances,
            **shared,
        },
        tolerance=1e-6,
    )


def test_the_unit_of_the_thermometers_goes_out_when_beta_times_the_noise_is_nine() -> None:
    largest = torch.linalg.eigvalsh(evidence(example.model()).covariance_matrix)[-1:]
    carried = vae.linear_rates(largest, 1.0).item()
    said(
        f"\\lambda_1 = {largest.item():.0f}$",
        f"\\log 9 = {carried:.2f}$ nats on average at β = 1, and nothing from β = {largest.item():.0f} on",
    )
    assert vae.linear_rates(largest, 1.0, 9.0).item() == pytest.approx(0, abs=1e-12)
    assert vae.linear_rates(largest, 1.0, 8.9).item() > 0


@pytest.mark.equation("eq-vae-rates")
@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_units_go_out_at_the_calculated_price(beta: float) -> None:
    values = torch.tensor([4.0, 1.5, 0.6, 0.2, 0.1]).double()
    var = 0.25
    start = 0.3 * normal(33, seed=1)
    start.requires_grad_()
    climber = torch.optim.LBFGS([start], max_iter=2000, line_search_fn="strong_wolfe")

    def rates() -> tuple[Tensor, Tensor]:
        w, v, log_var = start[:15].reshape(5, 3), start[15:30].reshape(3, 5), start[30:]
        rest = torch.eye(5).double() - w @ v
        squared = (rest**2 * values).sum() + (w**2 * log_var.exp()).sum()
        second = (v**2 * values).sum(1) + log_var.exp()
        return squared, 0.5 * (second - 1 - log_var)

    def loss() -> Tensor:
        climber.zero_grad()
        squared, kl = rates()
        value = squared / (2 * var) + beta * kl.sum()
        value.backward()
        return value

    for _ in range(3):
        climber.step(loss)
    found = sorted(rates()[1].tolist(), reverse=True)
    expected = vae.linear_rates(values[:3], var, beta)
    assert found == pytest.approx(expected.tolist(), abs=1e-3)
    assert [rate > 0 for rate in expected] == [value > beta * var for value in values[:3]]


@pytest.mark.parametrize("beta", [1.0, 8.0])
def test_the_linear_curve_is_that_of_the_best_linear_model(beta: float) -> None:
    train, _, test, _ = weights.digits()
    var = beta * weights.NOISE**2  # beta is a noise variance
    spread, axes = torch.linalg.eigh(torch.cov((train - train.mean(0)).T, correction=0))
    weight = axes[:, -2:] * (spread[-2:] - var).sqrt()
    model, x = figures.linear(weight, var), (test - train.mean(0)).repeat(100, 1)
    mean, log_var = model.encode(x)
    q = Normal(mean, (0.5 * log_var).exp())
    z = q.mean + q.stddev * normal(*q.mean.shape)
    p = Normal(z @ weight.T, weights.NOISE)
    rows = zip(*table("tradeoff").values(), strict=True)
    (found,) = [row[1:3] for row in rows if row[0] == beta and row[3]]
    kl = kl_divergence(q, Normal(torch.zeros(2).double(), 1.0)).sum(-1).mean()
    assert found[0] == pytest.approx(float(kl), abs=1e-4)
    assert found[1] == pytest.approx(float(p.log_prob(x).sum(-1).mean()), abs=0.1)


def test_the_trained_networks_give_the_numbers_of_the_page() -> None:
    numbers = table("tradeoff")
    rows = list(zip(*numbers.values(), strict=True))
    networks = [row[:3] for row in rows if not row[3]]
    linear = [row[:3] for row in rows if row[3]]
    best = max(networks, key=lambda row: row[2] - row[1])
    assert best[0] == 1  # the best ELBO is at beta = 1
    others = unpack(weights.SEEDS_PATH)[1]
    bests = []
    for rows_of_seed in others["test_reconstruction_and_kl"].values():
        elbos = {b: r - k for b, (r, k) in zip(others["betas"], rows_of_seed, strict=True)}
        at = max(elbos, key=lambda beta: elbos[beta])
        bests.append((at, elbos[at] - elbos[1.0]))
    assert sorted(at for at, _ in bests) == [1, 3]
    said(
        "of two further seeds one has its best at β = 1 and the other at β = 3, by "
        f"{max(more for _, more in bests):.2f} nats"
    )
    reconstruction = dict(zip(numbers["beta"], numbers["reconstruction"], strict=False))
    assert networks[0][2] - networks[2][2] < 1  # 3.7 nats more of code buy less than one
    assert networks[0][1] - networks[2][1] > 3
    assert networks[-1][1] < 1e-3
    assert round(networks[0][2] - linear[0][2]) == 18
    said("stays about 18 nats lower")
    assert reconstruction
    largest = float(posterior_collapse.centred()[1][0])
    smallest = float(posterior_collapse.centred()[1][5])
    said(
        f"reach zero one after the other between beta {smallest / weights.NOISE**2:.0f} and "
        f"{largest / weights.NOISE**2:.0f}; marks"
    )
    said(f"At β = {largest / weights.NOISE**2:.1f} the last unit goes out")
    trained = [row for row in zip(*table("thresholds").values(), strict=True) if row[1]]
    off = 0.0
    for beta, _, *found in trained:
        expected = vae.linear_rates(posterior_collapse.centred()[1][:6], weights.NOISE**2, beta)
        off = max(off, *(abs(a - b) for a, b in zip(found, expected.tolist(), strict=True)))
    said(
        f"for {posterior_collapse.LINEAR_STEPS:,} steps with learning rate "
        f"{posterior_collapse.LINEAR_RATE}, β as a noise variance; means of three seeds, at most "
        f"{off:.2f} nats off the lines"
    )
    assert off < 0.04


# What the KL term is made of, in one dimension by numerical integration.

MEANS, SPREADS = (-2.0, 0.5, 1.5), (0.3, 0.8, 0.5)
MIXTURE = list(zip(MEANS, SPREADS, strict=True))


Parts = list[tuple[float, float]]  # mean and standard deviation of each cloud


def density(z: float, parts: Parts) -> float:
    heights = [math.exp(-0.5 * ((z - m) / s) ** 2) / s for m, s in parts]
    return sum(heights) / len(parts) / math.sqrt(2 * math.pi)


def area(f: Callable[[float], float]) -> float:
    return float(integrate.quad(f, -9, 9, limit=200, epsabs=1e-10)[0])


def divergence_from(prior: Parts, parts: Parts) -> float:
    """KL of the mixture of `parts` from the mixture `prior`."""
    return area(lambda z: density(z, parts) * math.log(density(z, parts) / density(z, prior)))


def information() -> float:
    """The entropy of the code less its mean entropy for a given example."""
    total = area(lambda z: -density(z, MIXTURE) * math.log(density(z, MIXTURE)))
    return total - sum(0.5 * math.log(2 * math.pi * math.e * s**2) for _, s in MIXTURE) / 3


@pytest.mark.equation("eq-vae-surgery")
@pytest.mark.equation("eq-vae-learned-prior")
def test_the_printed_split_is_that_of_a_table(printed: Equations) -> None:
    rows = np.array([[0.5, 0.3, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4], [0.25, 0.05, 0.6, 0.1]])
    prior, pooled = np.array([0.1, 0.2, 0.45, 0.25]), rows.mean(0)
    shared = {
        r"\mathbb{E}_{\mathbf{x}}": Finite({r"\mathbf{x}": range(3)}),
        r"\operatorname{KL}": divergence,
        r"q(\mathbf{z} \mid \mathbf{x})": Given((r"\mathbf{x}",), rows.__getitem__),
        r"q(\mathbf{z})": pooled,
        r"I(\mathbf{x}; \mathbf{z})": stats.entropy(pooled) - stats.entropy(rows, axis=1).mean(),
    }
    scaled = r"p(\mathbf{z})"  # a factor of the prior changes both divergences alike
    printed("eq-vae-surgery").holds({scaled: prior, **shared}, free=(scaled,))
    for learned in (prior, pooled + 1e-6 * np.array([1, -1, 1, -1])):
        scaled = r"p_{\psi}(\mathbf{z})"
        printed("eq-vae-learned-prior").holds({scaled: learned, **shared}, free=(scaled,))


@pytest.mark.equation("eq-vae-surgery")
def test_the_kl_term_is_information_plus_mismatch() -> None:
    kl = vae.kl_to_prior(torch.tensor(MEANS), 2 * torch.tensor(SPREADS).log()).mean()
    prior = [(0.0, 1.0)]
    assert float(kl) == pytest.approx(information() + divergence_from(prior, MIXTURE), abs=1e-5)


@pytest.mark.equation("eq-vae-learned-prior")
def test_the_best_prior_is_the_mixture_of_all_codes() -> None:
    learned = [(-1.5, 0.7), (1.0, 0.9)]

    def cost(prior: Parts) -> float:
        parts = [divergence_from(prior, [part]) for part in MIXTURE]
        return sum(parts) / 3

    expected = information() + divergence_from(learned, MIXTURE)
    assert cost(learned) == pytest.approx(expected, abs=1e-6)
    assert cost(MIXTURE) == pytest.approx(information(), abs=1e-6)
    assert cost(learned) > cost(MIXTURE)


def test_the_mixture_of_the_codes_is_that_of_torch() -> None:
    model, x = weights.load()[1.0].requires_grad_(False), weights.digits()[0][:50]
    mean, log_var = model.encode(x)
    parts = Independent(Normal(mean, (0.5 * log_var).exp()), 1)
    mixture = MixtureSameFamily(Categorical(torch.ones(50).double()), parts)
    z = normal(20, 2)
    torch.testing.assert_close(figures.log_aggregate(model, x, z), mixture.log_prob(z))


@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_darts_thrown_at_the_prior_hit_holes_as_often_as_the_grid_says(beta: float) -> None:
    model, z = weights.load()[beta], normal(2000, 2)
    prior = Independent(Normal(torch.zeros(2).double(), 1.0), 1)
    ratio = figures.log_aggregate(model, weights.digits()[0], z) - prior.log_prob(z)
    hit = float((ratio < math.log(figures.HOLE)).double().mean())
    numbers = table("surgery")
    share = numbers["holes"][numbers["beta"].index(beta)]
    assert hit == pytest.approx(share, abs=3 * math.sqrt(share / 2000) + 0.01)  # 0.01: the grid
    train, classes, test, _ = (part.numpy() for part in weights.digits())
    judge = LogisticRegression(max_iter=2000).fit(train, classes)
    hole = (ratio < math.log(figures.HOLE)).numpy()
    with torch.no_grad():
        images = model.decoder(z).numpy()
    for place, x in (("hole", images[hole]), ("outside", images[~hole]), ("test", test)):
        near = np.sqrt(((x[:, None] - train) ** 2).mean(-1)).min(1).mean()
        sure = judge.predict_proba(x).max(1).mean()
        row = numbers["beta"].index(beta)
        assert numbers[f"near_{place}"][row] == pytest.approx(near, abs=0.005)
        assert numbers[f"sure_{place}"][row] == pytest.approx(sure, abs=0.03)


def test_the_page_prints_the_split_and_the_holes() -> None:
    rows = {row[0]: row[1:] for row in zip(*table("surgery").values(), strict=True)}
    for beta in (1.0, 0.1):
        kl, mutual, mismatch = rows[beta][:3]
        assert kl == pytest.approx(mutual + mismatch, abs=1e-5)
        assert mutual < math.log(1437)
    said(
        f"the second part is {rows[1][2]:.2f} of {rows[1][0]:.2f} nats at β = 1 "
        f"and {rows[0.1][2]:.2f} of {rows[0.1][0]:.2f} at β = 0.1.",
        f"for one seed it is {rows[0.1][3]:.0%} at β = 0.1 and {rows[3][3]:.0%} at β = 3.",
        f"differs from the nearest training digit by {rows[1][4]:.3f} per pixel on average",
        f"other draws from the prior differ by {rows[1][5]:.3f} and unseen test digits themselves "
        f"by {rows[1][6]:.3f}",
        f"a probability of {rows[1][7]:.2f} on average in holes, {rows[1][8]:.2f} outside of them, "
        f"and {rows[1][9]:.2f} for real test digits",
    )


# Many layers: a chain of Gaussians, x first, each step x -> sqrt(1 - b) x + sqrt(b) noise.

STEPS_B = (0.1, 0.3, 0.5, 0.8)


def chain(start: float, gains: list[float], noises: list[float]) -> tuple[Tensor, Tensor]:
    """Mean and covariance of v_1, v_2, … with v_0 = start and v_t = gain v_(t-1) + noise."""
    n = len(gains)
    lower, mean = torch.zeros(n, n).double(), torch.zeros(n).double()
    for t in range(n):
        previous = lower[t - 1].clone() if t else torch.zeros(n).double()
        lower[t] = gains[t] * previous
        lower[t, t] = math.sqrt(noises[t])
        mean[t] = gains[t] * (mean[t - 1] if t else start)
    return mean, lower @ lower.T


class Row(float):
    """A probability, and the distribution that it is of."""

    row: np.ndarray

    def __new__(cls, row: np.ndarray, at: int) -> "Row":
        found = super().__new__(cls, row[at])
        found.row = row
        return found


@pytest.mark.equation("eq-vae-hierarchy")
@pytest.mark.equation("eq-vae-upward")
def test_the_printed_bound_of_three_layers_is_that_of_tables(printed: Equations) -> None:
    def table_of(seed: int, *shape: int) -> np.ndarray:
        return np.random.default_rng(seed).dirichlet(np.full(shape[-1], 2.0), shape[:-1])

    top, down = table_of(0, 3), [table_of(1, 3, 3), table_of(2, 3, 3)]  # p(z_t | z_(t+1))
    likelihood = np.array([0.6, 0.15, 0.35])
    joint = np.einsum("a,ba,cb,c->abc", likelihood, down[0], down[1], top)
    up = [table_of(4, 3, 3), table_of(5, 3, 3)]
    other = np.einsum("a,ab,bc->abc", table_of(3, 3), *up)
    pairs = [other.sum(2), other.sum(0)]
    back = [pair / pair.sum(0) for pair in pairs]
    alone = [other.sum((1, 2)), other.sum((0, 2)), other.sum((0, 1))]
    for q in (other, joint / joint.sum()):  # any encoder, and the posterior
        pairs = [q.sum(2), q.sum(0)]
        encoded = [pair / pair.sum(0) for pair in pairs]  # q(z_t | z_(t+1), x) in columns
        steps = [pair / pair.sum(1, keepdims=True) for pair in pairs]  # q(z_(t+1) | z_t, x)
        singles = [q.sum((1, 2)), q.sum((0, 2)), q.sum((0, 1))]
        paths = list(np.ndindex(q.shape))
        printed("eq-vae-hierarchy").holds(
            {
                r"p(\mathbf{x})": joint.sum(),
                r"\mathbb{E}_q": Finite({r"\mathbf{z}": paths}, [q[path] for path in paths]),
                r"p(\mathbf{x} \mid \mathbf{z}_1)": Given(
                    (r"\mathbf{z}",), lambda z: likelihood[z[0]]
                ),
                r"\operatorname{KL}": lambda a, b: divergence(a.row, b.row),
                r"q(\mathbf{z}_{t-1} \mid \mathbf{z}_t, \mathbf{x})": Given(
                    (r"\mathbf{z}", "t"),
                    lambda z, t, q=encoded: Row(q[t - 2][:, z[t - 1]], z[t - 2]),
                ),
                r"p(\mathbf{z}_{t-1} \mid \mathbf{z}_t)": Given(
                    (r"\mathbf{z}", "t"), lambda z, t: Row(down[t - 2][z[t - 1]], z[t - 2])
                ),
                r"q(\mathbf{z}_t \mid \mathbf{z}_{t-1})": Given(
                    (r"\mathbf{z}", "t"), lambda z, t, q=steps: q[t - 2][z[t - 2], z[t - 1]]
                ),
                r"q(\mathbf{z}_1 \mid \mathbf{x})": Given(
                    (r"\mathbf{z}",), lambda z, q=singles: q[0][z[0]]
                ),
                r"q(\mathbf{z}_T \mid \mathbf{x})": Given(
                    (r"\mathbf{z}",), lambda z, q=singles: Row(q[2], z[2] if z else 0)
                ),
                r"p(\mathbf{z}_T)": Given((r"\mathbf{z}",), lambda z: Row(top, z[2] if z else 0)),
                "T": 3,
            },
            free=(
                r"p(\mathbf{x})",
                r"p(\mathbf{x} \mid \mathbf{z}_1)",
                r"p(\mathbf{z}_T)",
                r"p(\mathbf{z}_{t-1} \mid \mathbf{z}_t)",
            )
            if q is other
            else (),
        )
    for path in ((0, 1, 2), (2, 0, 1)):
        printed("eq-vae-upward").holds(
            {
                r"q(\mathbf{z}_t \mid \mathbf{z}_{t-1})": Given(
                    ("t",), lambda t, z=path: up[t - 2][z[t - 2], z[t - 1]]
                ),
                r"q(\mathbf{z}_{t-1} \mid \mathbf{z}_t, \mathbf{x})": Given(
                    ("t",), lambda t, z=path: back[t - 2][z[t - 2], z[t - 1]]
                ),
                r"q(\mathbf{z}_t \mid \mathbf{x})": Given(
                    ("t",), lambda t, z=path: alone[t - 1][z[t - 1]]
                ),
                r"q(\mathbf{z}_{t-1} \mid \mathbf{x})": Given(
                    ("t",), lambda t, z=path: alone[t - 2][z[t - 2]]
                ),
                "t": Each([2, 3]),
            }
        )


@pytest.mark.equation("eq-vae-hierarchy")
@pytest.mark.parametrize("factor", [1.0, 0.6])
def test_the_diffusion_bound_is_the_elbo_with_many_layers(factor: float) -> None:
    """A decoder whose gains are `factor` times the exact ones; with 1 the bound is log p(x)."""
    x, variance, count = 1.3, 1.7, len(STEPS_B)
    gains = [math.sqrt(1 - b) for b in STEPS_B]
    marginal = [variance]
    for b in STEPS_B:
        marginal.append((1 - b) * marginal[-1] + b)
    back = [factor * gains[t] * marginal[t] / marginal[t + 1] for t in range(count)]
    back_var = [marginal[t] * STEPS_B[t] / marginal[t + 1] for t in range(count)]
    # The joint of the generative model: z_T, ..., z_1, x.
    _, joint = chain(0.0, [0.0, *back[::-1]], [marginal[-1], *back_var[::-1]])
    exact = Normal(torch.zeros(()).double(), joint[-1, -1].sqrt()).log_prob(
        torch.tensor(x, dtype=torch.float64)
    )
    # The bound, term by term.
    means, covariance = chain(x, gains, list(STEPS_B))
    scale = [1.0, *itertools.accumulate(gains, lambda a, b: a * b)]

    def expected_kl(t: int) -> float:
        """KL of q(z_(t-1)|z_t, x) from p(z_(t-1)|z_t), averaged over q(z_t|x)."""
        variances = [1 - scale[t - 1] ** 2, 1 - scale[t] ** 2]
        b, gain = STEPS_B[t - 1], gains[t - 1]
        spread = variances[0] * b / variances[1]
        a = gain * variances[0] / variances[1]
        c = scale[t - 1] * b / variances[1] * x
        difference = (a - back[t - 1]) * means[t - 1] + c
        squared = difference**2 + (a - back[t - 1]) ** 2 * covariance[t - 1, t - 1]
        p = back_var[t - 1]
        return float(0.5 * (spread / p + squared / p - 1 - math.log(spread / p)))

    first = (x - back[0] * means[0]) ** 2 + back[0] ** 2 * covariance[0, 0]
    bound = float(-0.5 * (first / back_var[0] + math.log(2 * math.pi * back_var[0])))
    top = Normal(means[-1], covariance[-1, -1].sqrt())
    prior = Normal(torch.zeros(()).double(), math.sqrt(marginal[-1]))
    bound -= float(kl_divergence(top, prior))
    bound -= sum(expected_kl(t) for t in range(2, count + 1))
    # The oracle: log p(x) less the divergence of the joint q(z|x) from the joint p(z|x).
    order = list(range(count))[::-1]
    gain_x = joint[order, -1] / joint[-1, -1]
    conditional = joint[order][:, order] - torch.outer(gain_x, joint[order, -1])
    gap = kl_divergence(
        MultivariateNormal(means, covariance), MultivariateNormal(gain_x * x, conditional)
    )
    assert bound == pytest.approx(float(exact - gap), abs=1e-9)
    assert float(gap) == pytest.approx(0, abs=1e-9) if factor == 1 else float(gap) > 0.1


# Collapse.


def test_free_bits_charge_nothing_below_their_number() -> None:
    # The mean over the data counts, not each example: 0.4 is below, although 0.7 is not.
    kl = torch.tensor([[0.1, 0.9], [0.7, 1.1]], requires_grad=True)
    value = vae.loss(torch.zeros(2), kl, beta=2.0, free_bits=0.5)
    assert value.item() == pytest.approx(2 * (0.5 + 1.0))
    (slope,) = torch.autograd.grad(value, kl)
    assert slope.tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_warm_up_starts_without_the_kl_term_and_ends_with_all_of_it() -> None:
    seen: list[float] = []
    bits: set[float] = set()

    def loss(reconstruction: Tensor, kl: Tensor, weight: float, free_bits: float) -> Tensor:
        seen.append(weight)
        bits.add(free_bits)
        return weight * kl.sum() - reconstruction.mean()

    original, vae.loss = vae.loss, loss  # type: ignore[assignment]
    try:
        vae.train(vae.VAE((5, 2)).double(), DATA, 6, 3.0, 4, 0.7, generator=chance(0))
        vae.train(vae.VAE((5, 2)).double(), DATA, 2, 3.0, 0, 0.7, generator=chance(0))
    finally:
        vae.loss = original
    assert seen == pytest.approx([0.75, 1.5, 2.25, 3.0, 3.0, 3.0, 3.0, 3.0])
    assert bits == {0.7}


def test_training_gives_back_the_mean_kl_of_each_unit() -> None:
    model = vae.VAE((5, 3, 2), generator=chance(0)).double()
    history = vae.train(model, DATA[:1], 3, rate=0.0, generator=chance(1))  # it stays as it is
    mean, log_var = (t.detach() for t in model.encode(DATA[:1]))
    q, p = Normal(mean, (0.5 * log_var).exp()), Normal(torch.zeros(2).double(), 1.0)
    torch.testing.assert_close(history, kl_divergence(q, p).expand(3, 2))
    assert not history.requires_grad


def test_the_decoder_that_sees_earlier_pixels_is_still_a_density() -> None:
    model = posterior_collapse.Peeking([(0.5, True)], 1.0, [0]).double().requires_grad_(False)
    model.peek.copy_(0.1 * normal(1, 64, 64))
    z, x = normal(1, 1, 8), normal(1, 64, seed=1)[0]

    def log_density(image: Tensor) -> Tensor:
        return model.log_likelihood(image[None], z)[0, 0]

    # It is a Gaussian in x with the precision matrix -H: its peak fixes what it integrates to.
    precision = -torch.autograd.functional.hessian(log_density, x)
    slope = torch.autograd.functional.jacobian(log_density, x)
    peak = x + torch.linalg.solve(precision, slope)
    expected = 0.5 * (torch.logdet(precision) - 64 * math.log(2 * math.pi))
    assert float(log_density(peak)) == pytest.approx(float(expected), abs=1e-6)


def test_networks_that_are_trained_together_learn_as_each_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = normal(3, 128, 2, seed=1)
    members = [vae.VAE((5, 4, 2), 0.7, chance(seed)).double() for seed in range(3)]
    model = posterior_collapse.Together(members, [True, False, True])
    monkeypatch.setattr(torch, "randn", lambda *_, **__: noise)
    together = vae.train(model, DATA, 3, 2.0, 0, 0.3, rate=0.1, generator=chance(5))
    for i, member in enumerate(members):
        member.log_noise_var.requires_grad_(i != 1)
        monkeypatch.setattr(torch, "randn", lambda *_, i=i, **__: noise[i])
        alone = vae.train(member, DATA, 3, 2.0, 0, 0.3, rate=0.1, generator=chance(5))
        torch.testing.assert_close(together.reshape(3, 3, 2)[:, i], alone)
        torch.testing.assert_close(model.decoder(noise)[i], member.decoder(noise[i]))
        torch.testing.assert_close(model.log_noise_var[i, 0], member.log_noise_var)


def price(cure: str, fixed: bool, steps: int = posterior_collapse.STEPS) -> dict[str, float]:
    """KL and ELBO with their spread, of one setting."""
    wanted = (float(not fixed), float(list(posterior_collapse.CURES).index(cure)), float(steps))
    numbers = table("price")
    rows = list(zip(numbers["noise_trained"], numbers["cure"], numbers["steps"], strict=True))
    return {name: column[rows.index(wanted)] for name, column in numbers.items()}


def test_collapse_at_the_start_is_a_delay_as_the_page_says() -> None:
    none, cured = table("collapse"), table("cure")
    total = [sum(row) for row in zip(*(none[f"unit{i}"] for i in range(1, 9)), strict=True)]
    within = [t for t, step in zip(total, none["step"], strict=True) if step in (80, 100)]
    assert max(within) < 0.25  # each is the mean of twenty steps
    said("less than a quarter of a nat from step 61 to step 100")
    ends = [sorted(run[f"unit{i}"][-1] for i in range(1, 9)) for run in (none, cured)]
    assert ends[0][0] < 0.01
    said(
        "one of the eight is still empty at the end",
        f"rise one after another to between {ends[0][1]:.1f} and {ends[0][-1]:.1f} nats",
        f"end between {ends[1][0]:.1f} and {ends[1][-1]:.1f} nats",
    )
    gains = []
    for steps in (posterior_collapse.STEPS, posterior_collapse.LONG):
        start, end = (price(cure, False, steps) for cure in ("none", "warm_up"))
        gains.append(end["elbo"] - start["elbo"])
        assert end["kl"] > start["kl"] + 1
    assert gains[1] < gains[0]
    said(
        f"the ELBO is {gains[0]:.1f} nats lower after {posterior_collapse.STEPS} steps, and "
        f"{gains[1]:.1f} nats lower after {posterior_collapse.LONG:d}"
    )
    assert price("warm_up", False)["elbo"] > price("free_bits", False)["elbo"]
    assert price("free_bits", False)["elbo"] > price("none", False)["elbo"] + 2
    assert price("none", False, posterior_collapse.LONG)["kl"] > 9  # it recovers by itself
    said(f"one hidden layer of {posterior_collapse.HIDDEN} in encoder and decoder")


def test_collapse_as_the_optimum_costs_as_the_page_says() -> None:
    long = posterior_collapse.LONG
    start = price("none", True, long)
    costs = [start["elbo"] - price(cure, True, long)["elbo"] for cure in ("free_bits", "weaker")]
    said(
        f"as the optimum free bits {costs[0]:.1f} and a weaker decoder {costs[1]:.1f} nats of ELBO "
        "here"
    )
    ends = [price(cure, True, long) for cure in ("none", "warm_up")]
    assert {f"{end['elbo']:.2f}" for end in ends} == {"5.94"}
    said(
        f"the KL is {ends[0]['kl']:.2f} to {ends[1]['kl']:.2f} nats and the ELBO 5.94, with and without"
    )
    falling = table("strong")["warm_up"][posterior_collapse.CURES["warm_up"][1] // 20 :]
    assert all(a > b - 0.01 for a, b in itertools.pairwise(falling))
    assert table("strong")["warm_up"][3] > table("strong")["none"][3] + 1  # it is later
    assert price("free_bits", True, long)["kl"] > 3.9
    assert price("weaker", True, long)["kl"] > 4
    strong = {name: column[-1] for name, column in table("strong").items()}
    assert max(strong["none"], strong["warm_up"]) < 0.05
    said(
        f"free bits stay at {strong['free_bits']:.1f}, the weaker decoder at {strong['weaker']:.1f}"
    )


def test_earlier_pixels_leave_less_than_the_noise() -> None:
    x = posterior_collapse.centred()[0].numpy()
    left = [
        ((x[:, i] - x[:, :i] @ np.linalg.lstsq(x[:, :i], x[:, i])[0]) ** 2).mean() if i else
        (x[:, 0] ** 2).mean()
        for i in range(64)
    ]  # fmt: skip
    variance = posterior_collapse.FIXED[0] ** 2
    assert max(left) < variance
    said(
        f"fixed at 0.3, variance {variance:.2f}.",
        f"errors with a variance of at most {max(left):.3f} in any pixel",
    )


def test_the_table_of_the_page_is_the_table_of_the_figure() -> None:
    names = ("none", "warm-up", "free bits, 0.5 a unit", "weaker decoder")
    numbers = table("price")
    expected = []
    for i, trained in enumerate(numbers["noise_trained"]):
        kl, bound = (
            f"{numbers[what][i]:.2f} ± {numbers[f'{what}_spread'][i]:.2f}"
            for what in ("kl", "elbo")
        )
        setting = "trained from 0.5" if trained else "fixed at 0.3"
        steps = f"{numbers['steps'][i]:,.0f}"
        expected.append([setting, names[int(numbers["cure"][i])], steps, kl, bound])
    assert rows_of("tab-vae-collapse") == expected
    assert posterior_collapse.SEEDS == 3
    said(
        "measured on 360 test digits; mean and standard deviation of three seeds",
        "First: collapse as the optimum, by cure, mean of three seeds",
    )


# Blur, the encoder's own gap, the weights.


@pytest.mark.equation("eq-vae-average")
def test_the_printed_average_is_the_point_with_the_least_error(
    toy: vae.VAE, printed: Equations
) -> None:
    z = torch.tensor([0.4, -0.7]).double()
    log_q = guess(toy, X).log_prob(z)
    root = (0.5 * log_q).exp()[:, None].numpy()
    printed("eq-vae-average").holds(
        {
            "f^{*}": lambda z: np.linalg.lstsq(root, root * X.numpy())[0][0],
            r"\mathbb{E}_q[\mathbf{x} \mid \mathbf{z}]": (log_q.softmax(0) @ X).numpy(),
            r"q(\cdot \mid \cdot)": lambda z, x: (
                guess(toy, torch.as_tensor(x)).log_prob(torch.as_tensor(z)).exp().item()
            ),
            r"\mathbf{x}": list(X.numpy()),
            r"\mathbf{z}": z.numpy(),
            "i": Each(range(1, 7)),
        },
        free=(r"q(\cdot \mid \cdot)",),  # a common factor cancels
    )


@pytest.mark.equation("eq-vae-average")
def test_the_best_decoder_averages_what_could_have_been_encoded() -> None:
    x, mean, log_var = normal(7, 3), normal(7, 2, seed=1), -normal(7, 2, seed=2).abs()
    z = torch.cartesian_prod(torch.linspace(-1, 1, 4), torch.linspace(-1, 1, 4)).double()
    q = Normal(mean, (0.5 * log_var).exp()).log_prob(z[:, None]).sum(-1).exp()  # (16, 7)
    f = torch.zeros(16, 3, dtype=torch.float64, requires_grad=True)
    climber = torch.optim.LBFGS([f], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        climber.zero_grad()
        log_density = vae.log_normal(((x - f[:, None]) ** 2).sum(-1), torch.tensor(0.3).double(), 3)
        value = -(q * log_density).sum()
        value.backward()
        return value

    climber.step(loss)
    average = q @ x / q.sum(1, keepdim=True)
    torch.testing.assert_close(f.detach(), average, atol=1e-4, rtol=0)


def test_means_lack_fine_detail_and_draws_have_too_much() -> None:
    numbers = table("blur")
    finest = {name: column[-1] / numbers["digits"][-1] for name, column in numbers.items()}
    assert round(finest["means"], 2) == round(finest["reconstructions"], 2)
    said(
        f"decoded means and reconstructions fall to {finest['means']:.1f} at the highest frequency, "
        f"draws with noise rise to {finest['draws']:.1f}"
    )
    said(f"have {finest['means']:.0%} of the digits' power, and true draws {finest['draws']:.0%}")
    cosines = figures.cosines()
    torch.testing.assert_close(cosines @ cosines.T, torch.eye(8).double())
    x = normal(5, 64)
    wave = torch.cos(math.pi * 7 * (torch.arange(8).double() + 0.5) / 8)  # seven half waves
    power = figures.power((wave[:, None] * torch.ones(8)).reshape(1, 64))
    assert power[7] * 15 == pytest.approx(float((wave**2).sum() * 8))
    assert power[:7] == pytest.approx([0] * 7, abs=1e-12)
    total = sum((2 * k + 1) * value for k, value in enumerate(figures.power(x)))
    assert total == pytest.approx(float((x**2).sum() / 5))  # no power is lost


def test_more_units_with_a_trained_noise_cure_blur() -> None:
    test = weights.digits()[2]
    finest = figures.power(test)[-1]
    expected = []
    for units, models in weights.of_units().items():
        runs = []
        for model in models:
            reconstruction, kl = model.terms(test.repeat(50, 1), chance(1))
            codes = vae.sample(*model.encode(test), chance(0))
            powers = [
                figures.power(x)[-1] / finest
                for x in (model.decoder(codes), *model.generate(2000, chance(1)))
            ]
            used = float((kl.mean(0) > 0.1).sum())
            bound = float(reconstruction.mean() - kl.sum(-1).mean())
            runs.append([model.log_noise_var.exp().sqrt().item(), used, bound, *powers])
        means, spreads = np.mean(runs, 0), np.std(runs, 0, ddof=1)
        row = [
            f"{mean:{style_}} ± {spread:{style_}}"
            for mean, spread, style_ in zip(
                means, spreads, (".3f", ".1f", ".1f", ".0%", ".0%", ".0%"), strict=True
            )
        ]
        expected.append([f"{units}", *row])
    assert rows_of("tab-vae-blur") == expected
    assert len(weights.UNITS_SEEDS) == 3
    said(
        f"noise trained from {weights.NOISE}, hidden layers of {weights.SIZES[1]} and "
        f"{weights.SIZES[2]} units, {weights.UNITS_STEPS:,} steps, warm-up over "
        f"{weights.UNITS_STEPS // 10:d}",
        "units in use have a KL above 0.1 nats; mean and standard deviation of three seeds",
    )


def test_a_learned_prior_cures_holes() -> None:
    train, classes, _, _ = weights.digits()
    z, log_prior = figures.grid()
    shares: list[tuple[float, float]] = []
    sure: list[tuple[float, float]] = []
    with threadpool_limits(1):
        judge = LogisticRegression(max_iter=2000).fit(train.numpy(), classes.numpy())
        for model in weights.others().values():
            model.requires_grad_(False)
            many = train.repeat(4, 1)
            codes = vae.sample(*model.encode(many), chance(0)).numpy()
            learned = GaussianMixture(40, random_state=0).fit(codes)
            hole = figures.log_aggregate(model, train, z) < log_prior + math.log(figures.HOLE)
            densities = [log_prior.exp(), torch.tensor(learned.score_samples(z.numpy())).exp()]
            before, after = ((d * hole).sum().item() / d.sum().item() for d in densities)
            shares.append((before, after))
            draws = [normal(3000, 2), torch.tensor(learned.sample(3000)[0])]
            first, second = (
                float(judge.predict_proba(model.decoder(d).numpy()).max(1).mean()) for d in draws
            )
            sure.append((first, second))
    (before, after), (plain, better) = (zip(*rows, strict=True) for rows in (shares, sure))
    assert len(shares) == 3
    assert max(after) < 0.2 * min(before)
    assert min(better) > max(plain)
    said(
        f"{min(before):.0%} to {max(before):.0%} lies in holes at β = 1 (three seeds)",
        f"mostly ({1 - max(before):.0%} to {1 - min(before):.0%}, three seeds) falls",
        f"of its probability {min(after):.0%} to {max(after):.0%} lies in holes",
        f"has a mean probability of {min(better):.2f} to {max(better):.2f}, where draws from the "
        f"standard Gaussian have {min(plain):.2f} to {max(plain):.2f} (three seeds)",
    )


@pytest.mark.equation("eq-vae-quadrature")
def test_the_sum_over_the_plane_is_the_exact_evidence(toy: vae.VAE, printed: Equations) -> None:
    torch.testing.assert_close(
        vae.log_evidence(toy, X), evidence(toy).log_prob(X), atol=1e-6, rtol=0
    )
    line = torch.linspace(-3, 3, 25).double()
    z = torch.cartesian_prod(line, line)
    likelihood = toy.log_likelihood(X[0], z).exp().tolist()
    prior = Independent(Normal(torch.zeros(Z).double(), 1.0), 1).log_prob(z).exp().tolist()
    printed("eq-vae-quadrature").holds(
        {
            r"p(\mathbf{x})": evidence(toy).log_prob(X[0]).exp().item(),
            r"\text{grid}": range(len(z)),
            r"p(\mathbf{x} \mid \mathbf{z})": Given((r"\mathbf{z}",), likelihood.__getitem__),
            r"p(\mathbf{z})": Given((r"\mathbf{z}",), prior.__getitem__),
            "h": 0.25,
        },
        about=1e-3,
    )


def test_the_sum_over_the_plane_agrees_with_a_finer_one_and_with_sampling() -> None:
    x = weights.digits()[2][:20]
    for beta in (0.1, 8.0):  # clouds as small as a few cells, and as wide as the prior
        model = weights.load()[beta].requires_grad_(False)
        coarse = vae.log_evidence(model, x)
        fine = vae.log_evidence(model, x[:10], 5.5, 0.05)
        assert (coarse[:10] - fine).abs().mean() < 0.001
    sampled = vae.importance_bound(model, x, 4000, chance(0))
    assert (sampled - coarse).abs().mean() < 0.05


def test_the_encoders_gap_is_the_price_of_amortisation() -> None:
    model = weights.load()[1.0].requires_grad_(False)
    x = weights.digits()[2][:40]
    exact = vae.log_evidence(model, x)

    def bound(mean: Tensor, log_var: Tensor, samples: int, seed: int) -> Tensor:
        many = (t.expand(samples, *t.shape) for t in (mean, log_var))
        z = vae.sample(*many, chance(seed))
        return model.log_likelihood(x, z).mean(0) - vae.kl_to_prior(mean, log_var).sum(-1)

    guessed = model.encode(x)
    gap = exact - bound(*guessed, 1000, 0)
    line = torch.arange(-32, 33).double() / 8
    plane = torch.cartesian_prod(line, line)
    joint = model.log_likelihood(x, plane[:, None]) - 0.5 * (plane**2).sum(-1)[:, None]
    best = torch.full((len(x),), -math.inf).double()
    for mean, log_var in (guessed, (plane[joint.argmax(0)], torch.full_like(guessed[1], -5))):
        fitted = [mean.clone().requires_grad_(), log_var.clone().requires_grad_()]
        climber = torch.optim.Adam(fitted, lr=0.03)
        for step in range(150):
            climber.zero_grad()
            torch.autograd.backward(-bound(fitted[0], fitted[1], 16, step).sum())
            climber.step()
        found = bound(fitted[0].detach(), fitted[1].detach(), 1000, 0)
        best = torch.maximum(best, found)
    left = exact - best
    assert left.mean() < 0.2
    said(
        f"the mean gap over the first 40 test digits falls from {gap.mean():.1f} to "
        f"{left.mean():.1f} nats (seed 0)"
    )


def test_most_of_the_encoders_gap_is_overfitting() -> None:
    train, _, test, _ = weights.digits()
    points, share = gauss_hermite(20, 2)
    e, w = torch.from_numpy(points)[:, None], torch.from_numpy(share)
    found: dict[str, list[list[float]]] = {"test": [], "train": []}
    for model in weights.others().values():
        model.requires_grad_(False)
        for name, x in (("test", test), ("train", train[:360])):
            mean, log_var = model.encode(x)
            codes = mean + (0.5 * log_var).exp() * e
            reconstruction = (w[:, None] * model.log_likelihood(x, codes)).sum(0)
            kl = vae.kl_to_prior(mean, log_var).sum(-1)
            gap = vae.log_evidence(model, x) - reconstruction + kl
            assert gap.min() > -0.01
            found[name].append([gap.mean().item(), gap.median().item()])
    (mean, median), (seen_mean, seen_median) = (
        list(zip(*rows, strict=True)) for rows in found.values()
    )
    assert max(seen_mean) < 0.25 * min(mean)
    assert {f"{value:.1f}" for value in seen_median} == {"0.3"}
    said(
        f"its mean over the 360 test digits is {min(mean):.1f} to {max(mean):.1f} nats, and its "
        f"median {min(median):.1f} to {max(median):.1f}",
        f"have a mean gap of {min(seen_mean):.1f} to {max(seen_mean):.1f} and a median of 0.3 nats",
    )


def test_the_weights_are_those_that_were_measured() -> None:
    meta = unpack(weights.PATH)[1]
    test = weights.digits()[2]
    assert weights.PATH.stat().st_size < 300_000
    assert tuple(meta["betas"]) == weights.BETAS
    assert meta["noise"] == weights.NOISE
    for i, model in enumerate(weights.load().values()):
        reconstruction, kl = weights.measure(model, test)
        assert reconstruction == pytest.approx(meta["test_reconstruction"][i], abs=0.02)
        assert kl == pytest.approx(meta["test_kl"][i], abs=0.002)
    count = sum(p.numel() for p in model.parameters() if p.ndim)
    said(
        f"the same backwards in the decoder: {count:,} weights",
        f"have {weights.SIZES[0]}, {weights.SIZES[1]}, {weights.SIZES[2]} and two units",
        f"for {weights.STEPS:,} steps, with a learning rate of 0.005",
        f"growing from 0 to β over the first {weights.STEPS // 10:d}",
        f"noise is fixed at $s = {weights.NOISE}$; they were",
        f"The data are {len(weights.digits()[0]):,} digits",
        f"and {len(test)} to test",
        f"fits the {len(weights.digits()[0]):,} training digits better",
        f"The digits of this page have {weights.SIZES[0]} pixels",
        f"two hidden layers of {weights.SIZES[1]} units",
        f"density of {weights.SIZES[0]} pixels exceeds one",
    )


def test_the_first_steps_of_the_recipe_are_repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "STEPS", 30)
    one, two = (weights.fit(1.0).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


# It learns, and it refuses.


def test_it_learns_more_than_the_best_linear_model_of_its_size() -> None:
    train, _, test, _ = weights.digits()
    weight, noise_var, _ = vae.ppca(train, 2)
    model = vae.VAE((64, 48, 48, 2), 0.4, chance(0)).double()
    vae.train(model, train, 350, rate=1e-2, generator=chance(0))
    ours = vae.importance_bound(model, test.repeat(10, 1), 1, chance(1)).mean()
    c = weight @ weight.T + noise_var * torch.eye(64).double()
    theirs = MultivariateNormal(train.mean(0), c).log_prob(test).mean()
    assert ours > theirs + 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vae.VAE((4,)), r"sizes are \(4,\) and noise is 1.0"),
        (lambda: vae.VAE((4, 0)), r"sizes are \(4, 0\) and noise is 1.0"),
        (lambda: vae.VAE((4, 2), -1.0), r"sizes are \(4, 2\) and noise is -1.0"),
        (lambda: vae.VAE((4, 2), math.nan), "noise is nan"),
        (lambda: vae.train(vae.VAE((4, 2)), torch.zeros(3, 5)), r"\(3, 5\) but .* \(N, 4\)"),
        (lambda: vae.train(vae.VAE((1, 1)), torch.tensor([[math.inf]])), "data has 1 numbers"),
        (lambda: vae.ppca(DATA, 5), "latent is 5 but data has 5 dimensions"),
        (lambda: vae.ppca(DATA, 0), "latent is 0 but data has 5 dimensions"),
    ],
)
def test_bad_input_is_refused_with_both_values(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# Exercises.


@pytest.mark.answer("answer-vae-draw")
def test_exercise_1_another_draw(answer: Bench) -> None:
    z = example.CODE + example.SPREAD * -1.2
    assert z == pytest.approx(0.6)
    errors = [2.5 - 1.2, 2 - 1.2]
    squared = sum(error**2 for error in errors)
    assert squared == pytest.approx(2.33)
    model = example.model()
    reconstruction = float(model.log_likelihood(READING, torch.tensor([[z]]).double()))
    assert reconstruction == pytest.approx(-1.165 - 1.838, abs=1e-3)
    assert f"{reconstruction:.3f}" == "-3.003"
    bound = reconstruction - example.terms(example.CODE, example.SPREAD)[1]
    assert f"{bound:.3f}" == "-4.157" == f"{-3.003 - 1.154:.3f}"
    answer("answer-vae-draw").is_((z, squared, reconstruction, bound))


@pytest.mark.answer("answer-vae-noisier")
def test_exercise_4_a_noisier_pair(answer: Bench) -> None:
    weight, noise = np.array([[2.0], [2.0]]), 2.0
    m = float((weight.T @ weight).item() + noise**2)
    mean = float((weight.T @ READING.numpy().T).item()) / m
    assert (m, mean, noise**2 / m) == (12, 0.75, pytest.approx(1 / 3))
    kl = [
        kl_divergence(Normal(torch.tensor(a), torch.tensor(b)), Normal(0.0, 1.0)).item()
        for a, b in ((1.0, 1 / 3), (mean, math.sqrt(noise**2 / m)))
    ]
    assert [f"{value:.2f}" for value in kl] == ["1.15", "0.50"]
    answer("answer-vae-noisier").is_((mean, noise**2 / m, kl[1]), (1, 1 / 9, kl[0]))


@pytest.mark.answer("answer-vae-kl")
def test_exercise_2_the_cost_of_a_code(answer: Bench) -> None:
    mean, spread = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 2.0])
    first, second = vae.kl_to_prior(mean, 2 * spread.log()).tolist()
    total = first + second
    assert f"{first:.3f} {second:.3f}" == "0.818 0.807"
    said(f"{total:.3f} nats or {total / math.log(2):.2f} bits in all")
    answer("answer-vae-kl").is_((total, total / math.log(2)), (first, first / math.log(2)))


@pytest.mark.answer("answer-vae-units")
def test_exercise_3_what_two_units_carry(answer: Bench) -> None:
    root = torch.tensor([9.0, 4.0, 2.0, 1.0, 1.0]).double().sqrt()
    square = torch.linalg.qr(torch.cat([torch.ones(50, 1).double(), normal(50, 5)], 1))[0][:, 1:]
    _, noise_var, _ = vae.ppca(square * math.sqrt(50) * root, 2)
    assert noise_var == pytest.approx(4 / 3)
    values = torch.tensor([9.0, 4.0])
    assert vae.linear_rates(values, noise_var).tolist() == pytest.approx([0.955, 0.549], abs=5e-4)
    assert vae.linear_rates(values, noise_var, 3.0)[1] == pytest.approx(0, abs=1e-6)
    assert vae.linear_rates(values, noise_var, 2.99)[1] > 0
    rates = vae.linear_rates(values, noise_var).tolist()
    answer("answer-vae-units").is_((noise_var, *rates, values[1].item() / noise_var))


@pytest.mark.answer("answer-vae-oblique")
def test_exercise_5_the_gap_at_45_degrees(answer: Bench) -> None:
    half = math.sqrt(0.5)
    turn = torch.tensor([[half, -half], [half, half]]).double()
    gap = vae.linear_gap(torch.diag(torch.tensor([4.0, 1.0])).double() @ turn, 1.0)
    assert gap == pytest.approx(0.488, abs=5e-4)
    assert gap == pytest.approx(math.log((17 + 2) / (2 * math.sqrt(34))))
    answer("answer-vae-oblique").is_(gap)


@pytest.mark.answer("answer-vae-crossing")
def test_exercise_7_where_the_score_function_wins(answer: Bench) -> None:
    def moments(omega: float) -> tuple[float, float]:
        decay = math.exp(-2 * omega**2)
        path = 0.5 * omega**2 * (1 + decay)
        return path, 0.5 * (1 - (1 - 4 * omega**2) * decay)

    crossing = optimize.brentq(lambda w: moments(w)[0] - moments(w)[1], 0.5, 3)
    assert crossing == pytest.approx(1.11, abs=5e-3)
    answer("answer-vae-crossing").is_(crossing)
    for omega in (0.7, 2.0):
        estimates = vae.gradients(
            lambda z, w=omega: torch.sin(w * z[:, 0]), torch.zeros(1).double(), 400_000, 0.0,
            chance(0),
        )  # fmt: skip
        for estimate, expected in zip(reversed(estimates), moments(omega), strict=True):
            assert float((estimate**2).mean()) == pytest.approx(expected, rel=0.02)
        score, path = (float(estimate.var()) for estimate in estimates)
        assert (score < path) == (omega > crossing)


@pytest.mark.answer("answer-vae-averaged")
def test_exercise_6_an_averaged_error_switches_every_unit_off(answer: Bench) -> None:
    x, f = normal(64), normal(64, seed=1)
    assert float(((x - f) ** 2).mean()) == pytest.approx(float(((x - f) ** 2).sum() / (2 * 32)))
    largest = float(posterior_collapse.centred()[1][0])
    said(f"covariance is {largest:.3f}", f"a noise of {math.sqrt(32):.2f}")
    assert vae.linear_rates(posterior_collapse.centred()[1][:6], 32).sum() == 0
    variance = float(((x - f) ** 2).sum() / (2 * ((x - f) ** 2).mean()))
    answer("answer-vae-averaged").is_(round(variance, 4), 2 * round(variance, 4))


@pytest.mark.answer("answer-vae-coin")
def test_exercise_8_a_coin_under_a_gaussian(answer: Bench) -> None:
    x = torch.tensor([[0.0], [1.0]]).double()
    best = optimize.minimize(
        lambda v: -float(vae.log_normal((x - v[0]) ** 2, torch.tensor(2 * v[1]), 1).mean()),
        [0.1, 0.0],
    )
    assert best.x[0] == pytest.approx(0.5, abs=1e-4)
    assert math.exp(best.x[1]) == pytest.approx(0.5, abs=1e-4)
    assert -best.fun == pytest.approx(-0.726, abs=5e-4)
    assert f"{-math.log(2):.3f}" == "-0.693"
    answer("answer-vae-coin").is_((1 / 2, 1 / 2, -best.fun), (1 / 2, 1 / 2, -math.log(2)))


# What the demo must give.

WEIGHTS = {"weights": "models/vae/weights.json"}


@torch.no_grad()
def golden() -> dict[str, Any]:
    """Arguments and results of the demo's functions, computed with the page's code."""
    models = list(weights.load().items())
    images = weights.digits()[2]
    meta = unpack(weights.PATH)[1]
    cases: list[dict[str, Any]] = []

    def case(function: str, arguments: list[Any], returns: Any) -> None:
        cases.append({"function": function, "args": arguments, "returns": returns})

    for index, row in ((0, 3), (2, 0), (4, 7), (6, 1)):
        beta, model = models[index]
        assert meta["betas"][index] == beta
        x = images[row]
        mean, log_var = model.encode(x)
        case("encode", [WEIGHTS, index, x.tolist()], {"mean": mean.tolist(), "logVar": log_var.tolist()})  # fmt: skip
        kl = vae.kl_to_prior(mean, log_var)
        case("klToPrior", [mean.tolist(), log_var.tolist()], kl.tolist())
        z = torch.tensor([0.4 * index - 1, 0.7], dtype=torch.float64)
        f = model.decoder(z)
        case("decode", [WEIGHTS, index, z.tolist()], f.tolist())
        case("logLikelihood", [x.tolist(), f.tolist(), meta["noise"]], float(model.log_likelihood(x, z)))  # fmt: skip
        rng = Random(index)
        noises = [[rng.normal(), rng.normal()] for _ in range(8)]
        codes = mean + torch.exp(0.5 * log_var) * torch.tensor(noises, dtype=torch.float64)
        reconstruction = float(model.log_likelihood(x, codes).mean())
        total = float(kl.sum())
        terms = {"reconstruction": reconstruction, "kl": total, "elbo": reconstruction - total}
        case("elboTerms", [WEIGHTS, index, x.tolist(), noises], terms)
    for index, row in ((2, 0), (5, 2)):
        exact = float(vae.log_evidence(models[index][1], images[row : row + 1]))
        case("logEvidence", [WEIGHTS, index, images[row].tolist()], exact)
    for x, spread in ((example.READING, 0.4), ((-1.5, 0.7), 1.6)):
        linear, pair = example.model(), torch.tensor([x]).double()
        truth = posterior(linear, pair)
        deviation = truth.covariance_matrix.sqrt().item()
        case("pairPosterior", [list(x)], {"mean": truth.mean.item(), "deviation": deviation})
        q = MultivariateNormal(torch.tensor([0.3]).double(), torch.tensor([[spread**2]]).double())
        prior = MultivariateNormal(torch.zeros(1).double(), torch.eye(1).double())
        points, share = gauss_hermite(4, 1)
        codes = torch.from_numpy(0.3 + spread * points)
        reconstruction = float(share @ linear.log_likelihood(pair, codes).numpy())
        terms = {
            "reconstruction": reconstruction,
            "kl": kl_divergence(q, prior).item(),
            "evidence": evidence(linear).log_prob(pair).item(),
        }
        case("pairTerms", [list(x), 0.3, spread], terms)
    rng = Random(11)
    case("normalPairs", [11, 3], [[rng.normal(), rng.normal()] for _ in range(3)])
    case("digit", [meta["digits"][4]], images[4].tolist())
    cells = [int(rng.uniform() < 0.3) for _ in range(32 * 32)]
    counts = torch.tensor(cells).double().reshape(8, 4, 8, 4).mean((1, 3)).flatten()
    case("blocks", [cells], counts.tolist())
    return {"module": "models/vae/vae.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())
