"""Rules of sampling: against a library, closed forms and enumeration; what the page says of them."""

import itertools
import json
import math
import runpy
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor

from scripts.printed.values import Each, Given
from tests import golden as shared
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

sampling: Any = import_module("docs.inference.sampling.sampling")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "sampling.md"
HOME = PAGE.with_suffix("")
LIBRARY = Path(__file__).with_name("sampling.library.json")
GOLDEN = Path(__file__).with_name("sampling.golden.json")
Settings = sampling.Settings
said = sayings(PAGE)
rows_of = tables(PAGE)
EXAMPLE = torch.tensor(sampling.P, dtype=torch.float64)


def logits(v: int = 6, seed: int = 1) -> Tensor:
    """Logits that tell, in double precision."""
    return 1.5 * normal(v, seed=seed) + 0.3


def slope(function: Callable[[float], float], at: float, step: float = 1e-5) -> float:
    """A derivative by a difference."""
    return (function(at + step) - function(at - step)) / (2 * step)


def entropy(p: Tensor) -> float:
    """In nats, by scipy."""
    return float(stats.entropy(p.numpy()))


# Against a library.


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("temperature=0.7", Settings(temperature=0.7)),
        ("top_k=3", Settings(top_k=3)),
        ("top_p=0.8", Settings(top_p=0.8)),
        ("min_p=0.2", Settings(min_p=0.2)),
        ("typical=0.6", Settings(typical=0.6)),
        ("repetition=1.3", Settings(repetition=1.3)),
    ],
)
def test_each_rule_is_that_of_transformers(name: str, settings: Any) -> None:
    given = json.loads(LIBRARY.read_text(encoding="utf-8"))
    z, ids = torch.tensor(given["z"], dtype=torch.float64), torch.tensor(given["ids"])
    counts = torch.zeros_like(z).scatter_add(-1, ids, torch.ones_like(ids, dtype=z.dtype))
    q = sampling.distribution(z, settings, counts)
    torch.testing.assert_close(
        q, torch.tensor(given[name], dtype=torch.float64), rtol=1e-5, atol=1e-6
    )
    assert given["made"].startswith("transformers 5.24")


def test_top_p_keeps_the_smallest_set_and_the_likeliest_of_those() -> None:
    z = logits(7, seed=3)
    p = z.softmax(-1)
    for mass in (0.2, 0.5, 0.8, 0.95):
        kept = (sampling.distribution(z, Settings(top_p=mass)) > 0).nonzero().flatten().tolist()
        sets = [
            (len(some), -float(p[list(some)].sum()), sorted(some))
            for size in range(1, 8)
            for some in itertools.combinations(range(7), size)
            if float(p[list(some)].sum()) >= mass
        ]
        assert sorted(kept) == min(sets)[2]


def test_min_p_and_typical_keep_what_their_definitions_say() -> None:
    z = logits(9, seed=4)
    p = z.softmax(-1)
    for share in (0.05, 0.3, 0.9):
        q = sampling.distribution(z, Settings(min_p=share))
        assert ((q > 0) == (p >= share * p.max())).all()
    surprise = -p.log2()
    order = (surprise - entropy(p) / math.log(2)).abs().argsort()
    for mass in (0.1, 0.4, 0.9):
        q = sampling.distribution(z, Settings(typical=mass))
        many = int((q > 0).sum())
        assert set((q > 0).nonzero().flatten().tolist()) == set(order[:many].tolist())
        assert p[order[:many]].sum() >= mass > p[order[: many - 1]].sum()


# Temperature.


@pytest.mark.equation("eq-sampling-odds")
def test_temperature_raises_the_ratio_of_two_tokens_to_a_power(printed: Equations) -> None:
    z = logits()
    q = sampling.distribution(z, Settings(temperature=0.7))
    printed("eq-sampling-odds").holds(
        {"q": q, "p": z.softmax(-1), "z": z, "T": 0.7, "i": Each([1, 2, 4]), "j": Each([3, 5, 6])},
        free=("q", "p"),  # a common factor cancels
    )


@pytest.mark.equation("eq-sampling-entropy")
def test_the_entropy_of_a_softmax(printed: Equations) -> None:
    z = logits()
    q = sampling.distribution(z, Settings(temperature=1.6))
    printed("eq-sampling-entropy").holds(
        {"H": float(sampling.bits(q)) * math.log(2), "q": q, "z": z, "V": 6, r"\beta": 1 / 1.6}
    )
    assert float(sampling.bits(q)) * math.log(2) == pytest.approx(entropy(q))


@pytest.mark.equation("eq-sampling-slope")
def test_entropy_falls_with_the_inverse_temperature(printed: Equations) -> None:
    z, beta = logits(), 0.8
    q = (beta * z).softmax(-1)
    by_h = slope(lambda b: entropy((b * z).softmax(-1)), beta)
    by_mean = slope(lambda b: float(((b * z).softmax(-1) * z).sum()), beta)
    printed("eq-sampling-slope").holds(
        {
            r"\frac{\partial H}{\partial \beta}": Given((), lambda: by_h),
            r"\frac{\partial \mu}{\partial \beta}": Given((), lambda: by_mean),
            r"\mu": float((q * z).sum()),
            r"\beta": beta,
            "q": q,
            "z": z,
            "V": 6,
        },
        free=(r"\mu",),
    )


@pytest.mark.equation("eq-sampling-heat")
def test_entropy_rises_with_the_temperature(printed: Equations) -> None:
    z, t = logits(), 1.3
    q = sampling.distribution(z, Settings(temperature=t))
    by_t = slope(lambda x: entropy((z / x).softmax(-1)), t)
    by_beta = slope(lambda b: entropy((b * z).softmax(-1)), 1 / t)
    printed("eq-sampling-heat").holds(
        {
            r"\frac{\partial H}{\partial T}": Given((), lambda: by_t),
            r"\frac{\partial H}{\partial \beta}": Given((), lambda: by_beta),
            r"\mu": float((q * z).sum()),
            "T": t,
            "q": q,
            "z": z,
            "V": 6,
        }
    )


# Cuts.


def cut_example() -> tuple[Tensor, Tensor, list[int]]:
    """Probabilities before and after top-p 0.95, and the tokens that are kept, from one."""
    z = logits(seed=5)
    q = sampling.distribution(z, Settings(top_p=0.95))
    return z.softmax(-1), q, [int(n) + 1 for n in q.nonzero()]


@pytest.mark.equation("eq-sampling-cut")
def test_a_cut_divides_by_the_mass(printed: Equations) -> None:
    p, q, kept = cut_example()
    assert 2 < len(kept) < 6
    mass = 1 - float(p[q == 0].sum())
    printed("eq-sampling-cut").holds(
        {"q": q, "p": p, "m": mass, r"\mathcal{S}": kept, "i": Each(kept)}
    )


@pytest.mark.equation("eq-sampling-price")
def test_the_divergence_of_a_cut_is_that_of_its_mass(printed: Equations) -> None:
    p, q, kept = cut_example()
    on = [n - 1 for n in kept]
    divergence = float(stats.entropy(q[on].numpy(), (p[on] / p[on].sum()).numpy(), base=2))
    divergence -= math.log2(float(p[on].sum()))  # scipy divides by the sum
    printed("eq-sampling-price").holds(
        {"D": divergence, "q": q, "p": p, "m": float(p[on].sum()), r"\mathcal{S}": kept}
    )
    other = torch.rand(len(on), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    other = other / other.sum()  # another distribution on the same set is further away
    further = float((other * (other / p[on]).log2()).sum())
    assert further == pytest.approx(divergence + float((other * (other / q[on]).log2()).sum()))
    assert further > divergence


@pytest.mark.equation("eq-sampling-kept")
def test_the_entropy_that_a_cut_leaves(printed: Equations) -> None:
    p, q, kept = cut_example()
    mass = float(p[q > 0].sum())
    printed("eq-sampling-kept").holds(
        {"H_q": float(stats.entropy(q.numpy(), base=2)), "m": mass, "p": p, r"\mathcal{S}": kept}
    )


@pytest.mark.equation("eq-sampling-minp")
def test_min_p_has_a_threshold_in_logits(printed: Equations) -> None:
    z, t, share = logits(seed=6), 1.7, 0.15
    low, high = -20.0, float(z[1:].max())
    for _ in range(60):  # where the first token begins to be kept, by halving
        middle = (low + high) / 2
        tried = torch.cat([torch.tensor([middle], dtype=torch.float64), z[1:]])
        kept = sampling.distribution(tried, Settings(temperature=t, min_p=share))[0] > 0
        low, high = (low, middle) if kept else (middle, high)
    printed("eq-sampling-minp").holds(
        {r"\ell": high, "z": z[1:], "T": t, r"\varphi": share, "j": Each([1, 2, 3, 4, 5])}
    )
    assert (sampling.distribution(EXAMPLE.log(), Settings(temperature=2.0, min_p=0.1)) > 0).all()
    said("with $T = 2$ the six words of the example all stay at $\\varphi = 0.1$")


# Penalties.


@pytest.mark.equation("eq-sampling-repetition")
def test_the_repetition_penalty_divides_and_multiplies(printed: Equations) -> None:
    z, counts = (
        torch.tensor([2.6, -1.4, 0.7, 3.1], dtype=torch.float64),
        torch.tensor([3.0, 4, 5, 0]),
    )
    changed = sampling.repetition(z, counts, 1.3)
    assert changed.tolist() == pytest.approx([2.0, -1.82, 0.7 / 1.3, 3.1])
    printed("eq-sampling-repetition").holds(
        {r"\tilde{z}": changed, "z": z, r"\theta": 1.3, "i": Each([1, 2, 3])}
    )


@pytest.mark.equation("eq-sampling-additive")
def test_presence_and_frequency_penalties_subtract(printed: Equations) -> None:
    z = torch.tensor([2.6, -1.4, 0.7, 3.1], dtype=torch.float64)
    counts = torch.tensor([1, 4, 5, 0], dtype=torch.float64)
    changed = sampling.additive(z, counts, 0.6, 0.25)
    assert changed.tolist() == pytest.approx([1.75, -3.0, -1.15, 3.1])
    printed("eq-sampling-additive").holds(
        {
            r"\tilde{z}": changed,
            "z": z,
            "c": counts,
            r"\alpha_f": 0.25,
            r"\alpha_p": 0.6,
            "i": Each([1, 2, 3, 4]),
        }
    )


def test_the_repetition_penalty_depends_on_the_zero_of_the_logits() -> None:
    counts = torch.tensor([2.0, 0, 0, 0, 0, 0])
    shifted = [EXAMPLE.log() + units * math.log(2) for units in (5, 0)]
    torch.testing.assert_close(shifted[0].softmax(-1), shifted[1].softmax(-1))
    first, second = (sampling.distribution(z, Settings(repetition=2.0), counts) for z in shifted)
    assert first.tolist() == pytest.approx([0.2, 0.4, 0.2, 0.1, 0.05, 0.05])
    assert second[:2].tolist() == pytest.approx([1 / 3, 1 / 3])
    both = Settings(presence=math.log(2), frequency=math.log(2))
    for z in shifted:
        assert float(sampling.distribution(z, both, counts)[0]) == pytest.approx(1 / 9)
    said(
        "$4 / 2 = 2$, so tea is as likely as water, 0.2, and milk has 0.4",
        "as likely as milk, 1/3, and not 0.2 as before",
        "tea falls from 16 to 2 of 32, so 2 of 18, 1/9",
    )


# Drawing.


@pytest.mark.equation("eq-sampling-gumbel")
def test_the_gumbel_maximum_draws_from_the_distribution() -> None:
    p = logits(5, seed=7).softmax(-1).numpy()
    for i in range(5):
        others = np.delete(p, i)
        density = integrate.quad(
            lambda t, i=i, others=others: p[i] * math.exp(-p[i] * t) * np.exp(-others * t).prod(),
            0,
            np.inf,
        )
        assert density[0] == pytest.approx(p[i])
    u = torch.rand(40_000, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    z = torch.tensor(p).log()
    drawn = sampling.gumbel(z + 3.0, u)
    assert torch.equal(drawn, (-u.log() / torch.tensor(p)).argmin(-1))
    found = np.bincount(drawn.numpy(), minlength=5)
    assert stats.chisquare(found, 40_000 * p).pvalue > 1e-3


def test_a_number_picks_the_token_at_which_the_running_sum_passes_it() -> None:
    q = sampling.distribution(EXAMPLE.log(), Settings(top_p=0.9))
    u = torch.tensor([0.0, 0.53, 0.54, 0.6, 0.81, 0.95, 1 - 1e-17])
    assert sampling.draw(q.expand(7, 6), u.double()).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_a_text_is_written_token_by_token_from_the_cache_and_its_counts() -> None:
    seen: list[Tensor] = []

    def step(tokens: Tensor, cache: object) -> tuple[Tensor, object]:
        seen.append(tokens)
        return torch.arange(4.0, dtype=torch.float64).expand(2, 4), len(seen)

    settings = Settings(temperature=0.0, presence=10.0)
    text = sampling.write(
        step, torch.tensor([[3, 0], [2, 2]]), 3, settings, torch.Generator().manual_seed(0)
    )
    assert text.tolist() == [[3, 0, 2, 1, 3], [2, 2, 3, 1, 0]]
    assert [tuple(part.shape) for part in seen] == [(2, 2), (2, 1), (2, 1), (2, 1)]
    assert sampling.repeated([1, 2, 1, 2, 1, 2], 2) == pytest.approx(3 / 5)


# Texts.


@pytest.mark.equation("eq-sampling-nonsense")
def test_a_tail_is_met_in_a_text(printed: Equations) -> None:
    p = [0.5, 0.25, 0.15, 0.1]
    met = sum(
        math.prod(p[w] for w in text) for text in itertools.product(range(4), repeat=5) if 3 in text
    )
    printed("eq-sampling-nonsense").holds({"f_n": met, "m": 0.9, "n": 5})
    said(
        "at least one falls on them with probability $1 - (15/16)^{11} = 0.51$",
        "which is 0.51 for $m = \\frac{15}{16}$ and $n = 11$, and 0.9984 for $n = 100$",
    )
    assert pytest.approx(0.51, abs=0.005) == 1 - (15 / 16) ** 11
    assert pytest.approx(0.9984, abs=5e-5) == 1 - (15 / 16) ** 100


@pytest.mark.equation("eq-sampling-local")
def test_cooling_words_is_not_cooling_texts(printed: Equations) -> None:
    chain, t = sampling.CHAIN, 0.6
    whole = {(a, b): p * q for a, p in chain[()].items() for b, q in chain[a,].items()}
    assert sum(whole.values()) == pytest.approx(1)
    local, sharp = sampling.cooled(chain, t), sampling.sharpened(chain, t)
    texts = list(whole)
    for text in (("hot", "tea"), ("cold", "milk")):
        printed("eq-sampling-local").holds(
            {
                r"r(\mathbf{w})": Given((), lambda text=text: local[text]),
                r"s(\mathbf{w})": Given((), lambda text=text: sharp[text]),
                r"p(\mathbf{w})": Given((), lambda text=text: whole[text]),
                r"\sum_{\mathbf{v}} p(\mathbf{v})^{1/T}": Given(
                    (), lambda: sum(p ** (1 / t) for p in whole.values())
                ),
                "T": t,
                "Z_1": sum(p ** (1 / t) for p in chain[()].values()),
                "Z_2": sum(p ** (1 / t) for p in chain[text[:1]].values()),
            }
        )
    cold = sampling.cooled(chain, 0.01)
    assert max(texts, key=cold.__getitem__) == ("hot", "tea")
    half = ("black", "tea")
    assert sampling.cooled(chain, 0.5)[half] == pytest.approx(0.18, abs=0.005)
    assert sampling.sharpened(chain, 0.5)[half] == pytest.approx(0.35, abs=0.005)
    said("*black tea* falls from 0.25 to $r = 0.18$, while $s = 0.35$")


def test_a_beam_finds_more_than_greedy_and_less_than_all() -> None:
    texts = {
        (a, b): p * q for a, p in sampling.CHAIN[()].items() for b, q in sampling.CHAIN[a,].items()
    }
    assert len(texts) == 6
    rows = rows_of("tab-sampling-chain")
    for k, row in zip((1, 2, 3), rows, strict=True):
        text, p = sampling.beam(sampling.CHAIN, k)[0]
        assert p == pytest.approx(texts[text])
        assert row[1:] == [" ".join(text), f"{p:.2f}"]
    assert max(texts, key=texts.__getitem__) == ("black", "tea")


def test_a_sum_depends_on_its_order() -> None:
    assert sampling.orders([256.0, 1, 1, 1], torch.bfloat16) == (256, 258)
    assert sampling.orders([2.0**24, 1, 1, 1], torch.float32) == (16_777_216, 16_777_218)
    assert sampling.orders([256.0, -256, 1, 1], torch.bfloat16) == (2, 2)  # neighbours, not halves
    said(
        "256 + 1 is 256: from the left, $((256 + 1) + 1) + 1 = 256$; in pairs, $(256 + 1) + (1 + 1) = 258$",
        "In 32 bits the same happens at $2^{24}$, with 16,777,216 and 16,777,218.",
    )


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    names = {"temperature": "temperature", "top_k": "topK", "top_p": "topP", "min_p": "minP"}
    names |= {name: name for name in ("typical", "repetition", "presence", "frequency")}
    cases = []
    for settings, counts in (
        (Settings(), [0] * 6),
        (Settings(temperature=0.0), [2, 0, 0, 0, 0, 0]),
        (Settings(temperature=0.0, frequency=0.35), [2, 0, 0, 0, 0, 0]),
        (Settings(temperature=1.5, top_k=5, min_p=0.2), [0, 1, 0, 0, 0, 0]),
        (Settings(temperature=0.7, top_p=0.9, repetition=1.3), [1, 0, 0, 2, 0, 0]),
        (Settings(typical=0.2), [0] * 6),
        (Settings(typical=0.8, presence=0.5, frequency=0.25), [3, 0, 0, 0, 0, 0]),
        (Settings(temperature=2.0, top_p=0.8, typical=0.6), [0] * 6),
    ):
        for given in (sampling.P, sampling.SURE, (3 / 16, 3 / 16, 3 / 16, 3 / 16, 1 / 8, 1 / 8)):
            p = torch.tensor(given, dtype=torch.float64)
            z = p.log() + 5 * math.log(2)
            q = sampling.distribution(z, settings, torch.tensor(counts).double())
            told = [*q.tolist(), abs(float(sampling.bits(q))), float(p[q > 0].sum())]
            args = [list(given), {names[k]: v for k, v in settings._asdict().items()}, counts]
            cases.append({"function": "outcome", "args": args, "returns": told})
    return {"module": "inference/sampling/sampling.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(HOME / "sampling.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "top-p, 0.9: 1.64 bits, kept 0.9375, tea 0.533, rest 0.000" in out
    assert "beam of 3: black tea 0.25" in out
