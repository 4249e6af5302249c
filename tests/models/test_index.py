"""The objectives on the map of model classes, against closed forms and enumerations."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from scipy.spatial import distance

from scripts.figures import models
from scripts.printed.values import Each, Finite, Given
from tests.printed.plugin import Equations
from tests.said import sayings

ROOT = Path(__file__).resolve().parents[2]

said = sayings(ROOT / "docs" / "models" / "index.md")


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Double precision for this file alone."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def distribution(seed: int, *shape: int) -> np.ndarray:
    """A random distribution over all cells of a table, none of them empty."""
    table = np.random.default_rng(seed).random(shape) + 0.05
    return table / table.sum()


@pytest.mark.equation("eq-models-chain")
def test_a_joint_distribution_is_the_product_of_its_conditionals(printed: Equations) -> None:
    joint = distribution(0, 2, 3, 4)
    first = joint.sum((1, 2))
    pair = joint.sum(2)
    for i, j, k in np.ndindex(*joint.shape):
        second = pair[i, j] / first[i]
        third = joint[i, j, k] / pair[i, j]
        total = math.log(first[i]) + math.log(second) + math.log(third)
        assert total == pytest.approx(math.log(joint[i, j, k]), rel=1e-12)

    def conditional(x: int, *before: int) -> float:
        """Among the cells that begin so, the share that goes on with x."""
        here = joint[before]
        return float(here[x].sum() / here.sum())

    printed("eq-models-chain").holds(
        {
            r"p(\cdot, \cdot, \cdot)": lambda *x: joint[x],
            r"p(\cdot \mid \cdot)": conditional,
            "x": [1, 2, 0],
            "T": 3,
        },
        free=("x",),
    )


@pytest.mark.equation("eq-models-cross-entropy")
def test_cross_entropy_is_the_entropy_of_the_data_plus_the_divergence_of_the_model(
    printed: Equations,
) -> None:
    data, model = distribution(1, 7), distribution(2, 7)
    cross_entropy = -(data * np.log(model)).sum()
    assert cross_entropy == pytest.approx(
        stats.entropy(data) + stats.entropy(data, model), rel=1e-12
    )
    assert cross_entropy > -(data * np.log(data)).sum()
    printed("eq-models-cross-entropy").holds(
        {
            r"p_{\text{data}}": lambda x: data[x],
            r"p_\theta": lambda x: model[x],
            r"\mathrm{H}": lambda p: stats.entropy([p(x) for x in range(7)]),
            r"\operatorname{KL}": lambda p, q: stats.entropy(
                [p(x) for x in range(7)], [q(x) for x in range(7)]
            ),
            "x": Each(range(7)),
        }
    )


@pytest.mark.equation("eq-models-bptt")
def test_a_gradient_through_time_is_a_product_of_one_jacobian_per_step(
    printed: Equations,
) -> None:
    generator = torch.Generator().manual_seed(3)
    width, steps = 3, 5
    w = torch.randn(width, width, generator=generator)
    u = torch.randn(width, width, generator=generator)
    x = torch.randn(steps, width, generator=generator)
    first = torch.randn(width, generator=generator)

    def step(h: torch.Tensor, t: int) -> torch.Tensor:
        return torch.tanh(w @ h + u @ x[t])

    def run(h: torch.Tensor) -> torch.Tensor:
        for t in range(steps):
            h = step(h, t)
        return h

    whole = torch.autograd.functional.jacobian(run, first)
    product, h, each = torch.eye(width), first, []
    for t in range(steps):
        h = step(h, t)
        each.append((torch.diag(1 - h**2) @ w).numpy())
        product = torch.diag(1 - h**2) @ w @ product  # the later step stands on the left
    torch.testing.assert_close(product, whole)
    printed("eq-models-bptt").holds(
        {
            r"\frac{\partial \mathbf{h}_T}{\partial \mathbf{h}_0}": whole.numpy(),
            r"\frac{\partial \mathbf{h}_t}{\partial \mathbf{h}_{t-1}}": Given(
                ("t",), lambda t: each[t - 1]
            ),
            "T": steps,
        }
    )


@pytest.mark.equation("eq-models-elbo")
def test_the_evidence_is_reconstruction_minus_divergence_plus_the_gap(printed: Equations) -> None:
    # z ~ N(0, 1), x | z ~ N(a z, s²), so that everything is known; q is any normal distribution.
    a, s, x, mean, width = 1.3, 0.7, 0.9, 0.2, 0.5
    evidence = stats.norm(0, math.hypot(a, s)).logpdf(x)
    posterior = stats.norm(a * x / (a * a + s * s), s / math.hypot(a, s))
    q, prior = stats.norm(mean, width), stats.norm(0, 1)

    def expect(value: Callable[[float], float]) -> float:
        return integrate.quad(lambda z: q.pdf(z) * value(z), -8, 8, epsabs=1e-12)[0]

    reconstruction = expect(lambda z: stats.norm(a * z, s).logpdf(x))
    to_prior = expect(lambda z: q.logpdf(z) - prior.logpdf(z))
    to_posterior = expect(lambda z: q.logpdf(z) - posterior.logpdf(z))
    assert reconstruction - to_prior + to_posterior == pytest.approx(evidence, abs=1e-8)
    assert reconstruction - to_prior < evidence
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)  # exact for a quadratic
    printed("eq-models-elbo").holds(
        {
            r"p(\mathbf{x})": math.exp(evidence),
            r"p(\mathbf{x} \mid \mathbf{z})": Given(
                (r"\mathbf{z}",), lambda z: stats.norm(a * z, s).pdf(x)
            ),
            r"\mathbb{E}_{\mathbf{z} \sim q(\mathbf{z} \mid \mathbf{x})}": Finite(
                {r"\mathbf{z}": mean + width * nodes}, (weights / weights.sum()).tolist()
            ),
            r"\operatorname{KL}": lambda q, p: float(torch.distributions.kl_divergence(q, p)),
            r"q(\mathbf{z} \mid \mathbf{x})": torch.distributions.Normal(mean, width),
            r"p(\mathbf{z})": torch.distributions.Normal(0.0, 1.0),
            r"p(\mathbf{z} \mid \mathbf{x})": torch.distributions.Normal(
                posterior.mean(), posterior.std()
            ),
        }
    )


@pytest.mark.equation("eq-models-gan-optimum")
def test_at_the_best_discriminator_the_value_is_twice_the_jensen_shannon_divergence_less_log_four(
    printed: Equations,
) -> None:
    data, model = distribution(4, 9), distribution(5, 9)
    logits = torch.zeros(9, requires_grad=True)
    p, g = torch.tensor(data), torch.tensor(model)
    optimiser = torch.optim.LBFGS(
        [logits], max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-15
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = (p * torch.nn.functional.logsigmoid(logits)).sum()
        value = value + (g * torch.nn.functional.logsigmoid(-logits)).sum()
        (-value).backward()
        return -value

    optimiser.step(loss)
    middle = (data + model) / 2
    divergence = (stats.entropy(data, middle) + stats.entropy(model, middle)) / 2
    assert -float(loss().detach()) == pytest.approx(2 * divergence - math.log(4), abs=1e-9)
    best = torch.sigmoid(logits.detach()).numpy()
    np.testing.assert_allclose(best, data / (data + model), atol=1e-5)
    printed("eq-models-gan-optimum").holds(
        {
            r"\max_D V(D, G)": -float(loss().detach()),
            r"\operatorname{JSD}": lambda p, q: distance.jensenshannon(p, q) ** 2,
            r"p_{\text{data}}": data,
            "p_G": model,
        },
        free=(r"p_{\text{data}}", "p_G"),  # the library makes them sum to one
    )
    printed.excuse(
        r"\max_{D} ⟨V (D, G)⟩ = 2 \operatorname{JSD} (p_{G}\| p_{\text{data}}) - \log 4",
        "this divergence is the same in both directions",
    )


@pytest.mark.equation("eq-models-gan")
def test_the_printed_value_of_the_game_is_that_of_the_library(printed: Equations) -> None:
    data, model = torch.tensor(distribution(4, 9)), torch.tensor(distribution(5, 9))
    d = torch.tensor(distribution(6, 9)).sqrt()
    bce = torch.nn.functional.binary_cross_entropy
    real, fake = bce(d, torch.ones(9), data, reduction="sum"), bce(d, 0 * d, model, reduction="sum")
    printed("eq-models-gan").holds(
        {
            r"\min_G \max_D V(D, G)": -float(real + fake),  # of the players at hand
            r"p_{\text{data}}": lambda x: float(data[x]),
            "p_G": lambda x: float(model[x]),
            "D": lambda x: float(d[x]),
            r"\mathbf{x}": Each(range(9)),
        }
    )


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """The mean divergence of two distributions from their middle, in nats."""
    middle = (p + q) / 2
    return float(stats.entropy(p, middle) + stats.entropy(q, middle)) / 2


def test_the_jensen_shannon_divergence_is_no_distance_and_its_square_root_is_one() -> None:
    left, middle, right = np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0])
    steps = jensen_shannon(left, middle) + jensen_shannon(middle, right)
    assert steps < jensen_shannon(left, right) - 0.2  # the way round is shorter
    for seed in range(200):
        p, q, r = (distribution(seed + 1000 * number, 4) ** 3 for number in range(3))
        p, q, r = p / p.sum(), q / q.sum(), r / r.sum()
        there, on, whole = jensen_shannon(p, q), jensen_shannon(q, r), jensen_shannon(p, r)
        assert math.sqrt(there) + math.sqrt(on) >= math.sqrt(whole) - 1e-12
        assert there == pytest.approx(jensen_shannon(q, p))


@pytest.mark.equation("eq-models-score")
def test_the_best_guess_of_the_noise_is_the_scaled_negative_score(printed: Equations) -> None:
    # Data sit on three points, so that the best guess of the noise is a finite sum.
    points, weights = np.array([-1.0, 0.4, 2.0]), np.array([0.2, 0.5, 0.3])
    alpha_bar = 0.6
    keep, spread = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)

    def log_density(x: torch.Tensor) -> torch.Tensor:
        z = (x - keep * torch.tensor(points)) / spread
        return torch.logsumexp(torch.tensor(weights).log() - z**2 / 2, 0)

    for x in (-1.5, -0.2, 0.3, 1.8):
        z = (x - keep * points) / spread
        chance = weights * np.exp(-(z**2) / 2)
        best = (chance * z).sum() / chance.sum()  # E[noise | x_t]
        position = torch.tensor(x, requires_grad=True)
        log_density(position).backward()
        assert position.grad is not None
        assert best == pytest.approx(-spread * float(position.grad), rel=1e-10)

    def best_guess(x: float, t: int) -> float:
        assert t == 3
        z = (x - keep * points) / spread
        return float(
            (weights * np.exp(-(z**2) / 2) * z).sum()
            / np.exp(special.logsumexp(-(z**2) / 2, b=weights))
        )

    printed("eq-models-score").holds(
        {
            r"\boldsymbol\epsilon^{*}": best_guess,
            r"\bar\alpha": [0.95, 0.8, alpha_bar, 0.3],
            r"q_t(\cdot)": lambda x: stats.norm(keep * points, spread).pdf(x) @ weights,
            r"\mathbf{x}_t": 0.37,
            "t": 3,
        },
        tolerance=1e-8,
        free=(r"q_t(\cdot)", r"\mathbf{x}_t"),  # a factor has no slope
    )


@pytest.mark.equation("eq-models-score")
def test_no_other_guess_of_the_noise_has_a_smaller_squared_error() -> None:
    generator = np.random.default_rng(6)
    start = generator.choice([-1.0, 0.4, 2.0], p=[0.2, 0.5, 0.3], size=200_000)
    noise = generator.standard_normal(200_000)
    noisy = math.sqrt(0.6) * start + math.sqrt(0.4) * noise
    points, weights = np.array([-1.0, 0.4, 2.0]), np.array([0.2, 0.5, 0.3])
    z = (noisy[:, None] - math.sqrt(0.6) * points) / math.sqrt(0.4)
    chance = weights * np.exp(-(z**2) / 2)
    best = (chance * z).sum(1) / chance.sum(1)
    least = ((noise - best) ** 2).mean()
    for other in (0.9 * best, best + 0.1, 0.5 * noisy):
        assert ((noise - other) ** 2).mean() > least


@pytest.mark.equation("eq-models-change-of-variables")
def test_the_density_of_transformed_noise_follows_from_the_determinant(
    printed: Equations,
) -> None:
    generator = np.random.default_rng(7)
    matrix, shift = generator.standard_normal((3, 3)), generator.standard_normal(3)
    matrix[0] *= -1  # a negative determinant: the bars have work to do
    inverse = np.linalg.inv(matrix)  # x = matrix z + shift, f(x) = inverse (x - shift)
    known = stats.multivariate_normal(shift, matrix @ matrix.T)
    base = stats.multivariate_normal(np.zeros(3), np.eye(3))
    for x in generator.standard_normal((5, 3)):
        log_density = base.logpdf(inverse @ (x - shift)) + math.log(abs(np.linalg.det(inverse)))
        assert log_density == pytest.approx(known.logpdf(x), rel=1e-9)
    assert np.linalg.det(inverse) < 0
    printed("eq-models-change-of-variables").holds(
        {
            r"p(\cdot)": known.pdf,
            "p_Z": base.pdf,
            r"\mathbf{f}": lambda x: inverse @ (x - shift),
            r"\mathbf{x}": np.array([0.4, -0.9, 1.3]),
            r"\frac{\partial \mathbf{f}}{\partial \mathbf{x}}": inverse,
        },
        free=(r"\mathbf{x}",),
    )


@pytest.mark.equation("eq-models-change-of-variables")
def test_the_change_of_variables_holds_for_a_curved_map() -> None:
    for x in (0.2, 1.0, 3.5):  # f(x) = log x takes the log-normal distribution to the normal one
        log_density = stats.norm.logpdf(math.log(x)) + math.log(1 / x)
        assert log_density == pytest.approx(stats.lognorm(1).logpdf(x), rel=1e-12)


@pytest.mark.equation("eq-models-energy-gradient")
def test_the_likelihood_of_an_energy_rises_at_the_data_and_falls_at_the_models_own_samples(
    printed: Equations,
) -> None:
    generator = torch.Generator().manual_seed(8)
    features = torch.randn(6, 4, generator=generator)
    theta = torch.randn(4, generator=generator, requires_grad=True)

    def energy(t: torch.Tensor) -> torch.Tensor:
        return torch.tanh(features @ t) + (features @ t) ** 2

    data = 2
    log_p = -energy(theta)[data] - torch.logsumexp(-energy(theta), 0)
    (whole,) = torch.autograd.grad(log_p, theta)
    each = torch.autograd.functional.jacobian(energy, theta.detach())  # (6, 4)
    model = torch.softmax(-energy(theta.detach()), 0)
    torch.testing.assert_close(whole, -each[data] + model @ each)

    def energies(t: np.ndarray) -> Callable[[int], float]:
        values = energy(torch.tensor(t))
        return lambda x: float(values[x])

    def chances(t: np.ndarray) -> Callable[[int], float]:
        values = torch.softmax(-energy(torch.tensor(t)), 0)
        return lambda x: float(values[x])

    printed("eq-models-energy-gradient").holds(
        {
            r"p_\theta": Given((r"\theta",), chances),
            r"E_\theta": Given((r"\theta",), energies),
            r"\theta": theta.detach().numpy(),
            r"\mathbf{x}": data,
            r"\mathbf{x}'": Each(range(6)),
        },
        tolerance=1e-8,
        free=(r"\theta", r"\mathbf{x}"),
    )


def test_the_page_counts_the_classes_of_its_table() -> None:
    page = (ROOT / "docs/models/index.md").read_text(encoding="utf-8")
    table = page.split("| Class | Trained to |")[1].split("Table: ")[0]
    assert table.count("\n| [") == len(models.CLASSES) == 6
    assert "Six classes of generative models" in page
    assert "Table: Six model classes" in page


def test_each_class_describes_the_name_by_the_same_distribution() -> None:
    die = {z: "Ann" if z <= 4 else "Tom" for z in range(1, 7)}
    p = {name: sum(made == name for made in die.values()) / 6 for name in ("Ann", "Tom")}
    assert p == {"Ann": pytest.approx(2 / 3), "Tom": pytest.approx(1 / 3)}
    said("the table stores 2/3 and 1/3", "turns 1 to 4 into *Ann*, 5 and 6 into *Tom*")
    posterior = [1 / 6 * (name == "Ann") / p["Ann"] for name in die.values()]
    assert posterior == pytest.approx([1 / 4] * 4 + [0, 0])
    said("*Ann* was a 1, 2, 3 or 4, each with probability 1/4")
    assert (
        p["Ann"] / (p["Ann"] + p["Ann"]) == 1 / 2
    )  # the best discriminator of equal distributions
    said("the best it can say is 1/2, always", "is then the mean, 2/3 − 1/3 = 1/3")
    assert p["Ann"] * 1 + p["Tom"] * -1 == pytest.approx(1 / 3)
    weights = np.exp([0, -0.69])
    said("*Ann* has the energy 0 and *Tom* 0.69", f"1 and {weights[1]:.1f}, rounded")
    said(f"Divided by their sum, {weights.sum():.1f}, these are 2/3 and 1/3")
    assert weights / weights.sum() == pytest.approx([2 / 3, 1 / 3], abs=0.001)


def test_the_map_of_the_example_halves_the_density() -> None:
    said("$z = (x - 3)/2$", "$x = 3 + 2z$", "the density of $x$ is half that of $z$")
    for x in (-1.0, 3.0, 4.4):
        assert stats.norm(3, 2).pdf(x) == pytest.approx(stats.norm.pdf((x - 3) / 2) / 2)


def test_the_guess_of_a_noisy_name_goes_from_the_mean_to_the_name() -> None:
    def guess(seen: float, noise: float) -> float:
        """The mean of what was there, 1 with probability 2/3 or -1, by Bayes' rule."""
        ann, tom = 2 * stats.norm(1, noise).pdf(seen), stats.norm(-1, noise).pdf(seen)
        return float((ann - tom) / (ann + tom))

    assert guess(0.8, 100) == pytest.approx(1 / 3, abs=1e-3)
    assert guess(0.8, 0.3) == pytest.approx(1, abs=1e-3)
    assert guess(-0.8, 0.3) == pytest.approx(-1, abs=1e-3)
