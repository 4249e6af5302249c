"""The claims of docs/overview/language-models.md."""

import itertools
import math
from collections.abc import Callable
from importlib import import_module

import pytest
import torch

from scripts.figures import overview, style
from scripts.printed.values import Each
from tests.printed.plugin import Equations
from tests.said import sayings

said = sayings(style.DOCS / "overview" / "language-models.md")

lm = import_module("docs.overview.language-models.language_models")

SENTENCES = [line.split() for line in ("Ann saw Tom .", "Tom saw Ann .", "Ann saw Ann .")]
WORDS = ("Ann", "Tom", "saw", ".")


def bigrams(a: float = 0) -> lm.NGram:
    return lm.train(SENTENCES, WORDS, n=2, a=a)


@pytest.mark.equation("eq-language-models-chain")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_product_of_conditionals_is_a_distribution_over_sequences(n: int) -> None:
    model = lm.train(SENTENCES, WORDS, n, a=0.5)
    texts = list(itertools.product(WORDS, repeat=3))
    p = {text: math.exp(lm.log_probability(model, text)) for text in texts}
    assert sum(p.values()) == pytest.approx(1, abs=1e-12)
    for first in WORDS:  # the marginal of the first token is the first factor
        marginal = sum(value for text, value in p.items() if text[0] == first)
        factor = lm.next_token(model, ("",) * (n - 1))[WORDS.index(first)].item()
        assert marginal == pytest.approx(factor, abs=1e-12)


@pytest.mark.equation("eq-language-models-chain")
def test_joint_counts_of_pairs_are_the_product_of_their_conditionals(printed: Equations) -> None:
    model = bigrams()
    joint = {("Ann", "saw"): 2 / 3, ("Tom", "saw"): 1 / 3 * 1 / 2, ("Tom", "."): 1 / 3 * 1 / 2}
    joint[("Ann", "saw")] *= 1 / 2  # half of the words after Ann are "saw", the others "."
    for text, p in joint.items():
        assert math.exp(lm.log_probability(model, text)) == pytest.approx(p)
    printed("eq-language-models-chain").holds(
        {
            r"p(\cdot, \cdot, \cdot)": lambda *w: {("Ann", "saw", "Tom", "."): 1 / 18}[w],
            r"p(\cdot \mid \cdot, \cdot, \cdot)": conditional(model),
            "w": ["Ann", "saw", "Tom", "."],
            "N": 4,
        },
        free=("w",),  # words have no neighbours to change to; a wrong index is seen
    )


def conditional(model: lm.NGram) -> Callable[..., float]:
    """The probability that the code gives to a word after the words before it."""

    def of(word: str, *before: str) -> float:
        seen = lm.context((*before, word), len(before), 2)
        return lm.next_token(model, seen)[WORDS.index(word)].item()

    return of


def test_the_example_is_one_eighteenth() -> None:
    assert math.exp(lm.log_probability(bigrams(), SENTENCES[0])) == pytest.approx(1 / 18)


@pytest.mark.equation("eq-language-models-perplexity")
def test_perplexity_is_the_inverse_geometric_mean_of_the_token_probabilities(
    printed: Equations,
) -> None:
    model = bigrams(a=0.25)
    text = ("Tom", "saw", "Tom", ".")
    probabilities = [
        lm.next_token(model, lm.context(text, i, 2))[WORDS.index(w)].item()
        for i, w in enumerate(text)
    ]
    expected = 1 / math.prod(probabilities) ** (1 / 4)
    assert lm.perplexity(lm.log_probability(model, text), 4) == pytest.approx(expected)
    # Counted by hand, with a quarter added: Tom begins 1 of 3, saw follows Tom in 1 of 2 …
    joint = 1.25 / 4 * 1.25 / 3 * 1.25 / 4 * 1.25 / 3
    printed("eq-language-models-perplexity").holds(
        {
            r"\operatorname{PPL}": lm.perplexity(math.log(joint), 4),
            r"p(\cdot \mid \cdot)": conditional(model),
            r"p(\cdot, \cdot, \cdot)": lambda *w: {text: joint}[w],
            "w": list(text),
            "N": 4,
        },
        free=("w",),
    )


@pytest.mark.equation("eq-language-models-perplexity")
def test_perplexity_of_the_example_is_2_06() -> None:
    value = lm.perplexity(lm.log_probability(bigrams(), SENTENCES[0]), 4)
    assert value == pytest.approx(18**0.25)
    assert f"{value:.2f}" == "2.06"


@pytest.mark.equation("eq-language-models-perplexity")
def test_a_uniform_model_has_the_perplexity_of_its_vocabulary() -> None:
    model = lm.train([], WORDS, 1, a=1)
    assert lm.perplexity(lm.log_probability(model, ["saw"] * 7), 7) == pytest.approx(len(WORDS))


@pytest.mark.equation("eq-language-models-temperature")
@pytest.mark.parametrize("T", [0.3, 1.0, 2.5])
def test_temperature_is_a_power_of_the_probability_and_ignores_a_constant(T: float) -> None:
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    power = p ** (1 / T) / (p ** (1 / T)).sum()
    shifted = torch.exp((p.log() + 7) / T)
    torch.testing.assert_close(lm.temper(p, T), power)
    torch.testing.assert_close(shifted / shifted.sum(), power)


@pytest.mark.equation("eq-language-models-temperature")
def test_the_printed_temperature_is_that_of_the_code(printed: Equations) -> None:
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    printed("eq-language-models-temperature").holds(
        {
            r"p_T(\cdot)": lambda w: lm.temper(p, 0.7)[w - 1].item(),
            "z": (p.log() + 7).tolist(),
            r"p(\cdot)": lambda w: p[w - 1].item(),
            "T": 0.7,
            "w": Each([1, 2, 3]),
            "v": Each([1, 2, 3]),
        },
        free=(r"p(\cdot)",),  # a common factor cancels
    )


def test_low_temperature_takes_the_likeliest_and_high_flattens() -> None:
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    assert lm.temper(p, 0.01)[0] > 0.999
    assert lm.temper(p, 100).max() - lm.temper(p, 100).min() < 0.01


def test_the_diagram_is_a_step_of_the_counted_model() -> None:
    table = style.read_table(style.DOCS / "overview/language-models/diagram.csv")
    ann, tom = (lm.next_token(bigrams(), ("saw",))[i].item() for i in (0, 1))
    assert table["probability"] == pytest.approx([ann, tom], abs=1e-6)
    assert table["logit"] == pytest.approx([math.log(ann / tom), 0], abs=1e-6)
    places = [WORDS.index(word) for word in ("Ann", "saw")]
    said(
        f"the tokenizer turns Ann saw into the numbers {places[0]} and {places[1]}",
        f"the logits {table['logit'][0]:.2f} for Ann and {table['logit'][1]:.0f} for Tom",
        f"the softmax at temperature 1 makes the probabilities {ann:.2f} and {tom:.2f} of them",
        f"*Ann saw* becomes {places[0]}, {places[1]}.",
        "and *Ann saw Ann.*, with four tokens",
        "2/3 for *Ann* and 1/3 for *Tom*",
    )
    assert (ann, tom) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_the_page_tells_what_temperature_does_to_both_names() -> None:
    names = lm.next_token(bigrams(), ("saw",))[:2]
    ann, tom = names.tolist()
    said(f"are {ann:.2f} and {tom:.2f} at $T = 1$, the model as it is")
    sharp, flat = (lm.temper(names, T).tolist() for T in (0.5, 2))
    said(
        f"At $T = 0.5$ they are {sharp[0]:.2f} and {sharp[1]:.2f}",
        f"and at $T = 2$ they are {flat[0]:.2f} and {flat[1]:.2f}",
    )
    assert sharp == pytest.approx([ann**2 / (ann**2 + tom**2), tom**2 / (ann**2 + tom**2)])
    assert flat[0] / flat[1] == pytest.approx(math.sqrt(ann / tom))


def test_samples_have_the_frequencies_of_the_model() -> None:
    draw = torch.Generator().manual_seed(0)
    model = bigrams(a=0.5)
    firsts = [lm.sample(model, 2, 1.0, draw)[0] for _ in range(2000)]
    p = lm.next_token(model, ("",))[0].item()  # (2 + 0.5) / (3 + 2)
    assert p == pytest.approx(0.5)
    assert firsts.count("Ann") / 2000 == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 2000))


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\['dog'\] not in the vocabulary"):
        lm.train([["dog"]], WORDS, 2, 1)
    with pytest.raises(ValueError, match="never seen"):
        lm.next_token(bigrams(), ("dog",))
    with pytest.raises(ValueError, match="temperature is 0"):
        lm.temper(torch.tensor([0.5, 0.5]), 0)


def test_the_source_needs_two_letters_and_no_model_goes_below_it() -> None:
    table = style.read_table(style.DOCS / "overview/language-models/order.csv")
    said("All three lines fall until n is 3; beyond it the line for little text climbs steeply")
    for size in overview.SIZES:
        assert min(table[f"low_{size}"]) > 1
        column = table[f"letters_{size}"]
        assert column.index(min(column)) == overview.ORDERS.index(3)
        assert all(a < b for a, b in itertools.pairwise(column[2:]))  # longer contexts only cost
    little, much = table["letters_300"], table["letters_30000"]
    assert little[4] - little[2] > 5 * (much[4] - much[2])


def test_the_perplexity_of_the_source_is_that_of_its_exact_model() -> None:
    p = overview.source(0)
    text = overview.write(p, 50_000, 3)
    measured = math.exp(-overview.log_likelihood(p, text) / len(text))
    assert measured == pytest.approx(overview.own_perplexity(p), rel=0.02)
