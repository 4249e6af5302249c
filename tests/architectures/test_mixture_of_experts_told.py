"""What the page on mixtures of experts tells: its example, its counts, its twenty networks, its exercises."""

import itertools
import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from scripts.figures import mixture_of_experts as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

moe: Any = import_module("docs.architectures.mixture-of-experts.mixture_of_experts")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "mixture-of-experts.md"
HOME = PAGE.with_suffix("")
UNIT = math.log(2)
said = sayings(PAGE)
rows_of = tables(PAGE)


def of_example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Scores, weights, probabilities, and what the experts compute, of the example with k = 1."""
    router, experts = moe.example()
    x = torch.tensor(moe.TOKENS)
    s = moe.lines(router, x)
    g, p = moe.route(s, 1, torch.zeros(3))
    return s, g, p, moe.lines(experts, x)


# The example, digit by digit.


def test_one_token_by_pencil() -> None:
    s, g, p, f = of_example()
    at = moe.TOKENS.index(2.0)
    assert (s[at] / UNIT).tolist() == pytest.approx([-2, 1, 2])
    assert p[at].tolist() == pytest.approx([0.25 / 6.25, 2 / 6.25, 4 / 6.25])
    said(
        "$2^{-2} = 0.25$, $2^1 = 2$ and $2^2 = 4$ have the sum 6.25, and $p$ is 0.04, 0.32 and 0.64"
    )
    said("The token 2 has the scores −2, 1 and 2.", "in units of $\\log 2 = 0.693$")
    out = float((g * f)[at].sum())
    assert out == pytest.approx(-0.64)
    said("It computes $2 - 3 = -1$.", "the token leaves as $2 - 0.64 = 1.36$")
    said("Here $k = 1$: expert 3, with the weight $g = 0.64$.", "gives $0.64 \\cdot (-1) = -0.64$")
    both, _ = moe.route(s, 2, torch.zeros(3), renormalise=True)
    assert both[at].tolist() == pytest.approx([0, 1 / 3, 2 / 3])
    assert float((both * f)[at].sum()) == pytest.approx(-2)
    said("$0.64 / 0.96 = 2/3$ and $0.32 / 0.96 = 1/3$", "\\frac13 \\cdot (-4) = -2$.")
    said("gives the probabilities p of 0.04, 0.32 and 0.64.", "computes x − 3 = −1; times its")
    said("times its weight g = 0.64 this is −0.64, and 2 − 0.64 = 1.36 leaves the layer.")
    said("expert 1 computes $x + 3$, expert 2 computes $-2x$, and expert 3 computes $x - 3$")
    said("Forward: the token x = 2 enters the router W, which gives the probabilities")
    said(
        "the greatest score plus bias b, here to expert 3 alone, if it has room. Expert 3 computes x − 3 = −1;"
    )
    said("Experts 1, x + 3, and 2, −2x, are not computed. Training")
    x = torch.linspace(-5, 5, 41)
    lines = moe.lines(moe.example()[1], x)
    part = torch.where(x < -1, 0, torch.where(x > 1, 2, 1))
    torch.testing.assert_close(lines[torch.arange(41), part], moe.zigzag(x))


def test_the_batch_its_loads_and_its_balancing_loss() -> None:
    _, g, p, f = of_example()
    rows = {row[0]: row[1:] for row in rows_of("tab-mixture-of-experts-batch")}
    assert [int(cell) - 1 for cell in rows["Expert"]] == g.argmax(-1).tolist()
    assert rows["Weight $g$"] == [f"{value:.2f}" for value in g.sum(-1).tolist()]
    told = [int(cell.replace("−", "-")) for cell in rows["Expert computes"]]
    assert told == [round(v) for v in f.gather(1, g.argmax(-1, keepdim=True)).flatten().tolist()]
    added = [f"{value:.2f}".replace("-", "−") for value in (g * f).sum(-1).tolist()]
    assert rows["Layer adds"] == added
    assert moe.loads(g).tolist() == [1, 1, 4]
    said("Six tokens arrive together: −2, 0, 2, 3, 4 and 5.", "The *loads* are 1, 1 and 4.")
    mean = p.mean(0).tolist()
    said(f"the mean probabilities {mean[0]:.3f}, {mean[1]:.3f} and {mean[2]:.3f}, and the loss is")
    parts = [share * value for share, value in zip((1 / 6, 1 / 6, 4 / 6), mean, strict=True)]
    loss = float(moe.balance_loss(g, p))
    said(
        f"({parts[0]:.3f} + {parts[1]:.3f} + {parts[2]:.3f}) = {loss:.2f}$.",
        "Here the shares are 1/6, 1/6 and 4/6, the mean",
    )
    said(f"of the loads and of p, {loss:.2f}, sends a gradient", "three experts are 1, 1 and 4; an")
    assert moe.capacity(6, 3, 1, 1.0) == 2
    assert (moe.drop(g, 2).sum(-1) == 0).nonzero().flatten().tolist() == [4, 5]
    assert moe.capacity(6, 3, 1, 2.0) == 4
    assert torch.equal(moe.drop(g, 4), g)
    said(
        "an even share, here $6 / 3 = 2$",
        "the tokens 4 and 5 are *dropped*",
        "of 12 places 6 are empty",
    )
    said("With the factor 1 expert 3 takes the tokens 2 and 3;", "as long as four tokens need")
    said("in the example $2/4$", "two for each would do: together the machines wait half")


def test_the_biases_batch_by_batch() -> None:
    s, *_ = of_example()
    bias = torch.zeros(3)
    loads: list[list[float]] = []
    for row in rows_of("tab-mixture-of-experts-bias"):
        g, _ = moe.route(s, 1, bias)
        b = (bias / UNIT).tolist()
        told = [float(cell.replace("−", "-")) for cell in row[1].split(",")]
        assert told == pytest.approx(b, abs=1e-5)
        borders = [float(cell.replace("−", "-")) for cell in row[2].split(" and ")]
        assert borders == pytest.approx([-1 - b[1] + b[0], 1 + b[1] - b[2]], abs=1e-5)
        loads.append(moe.loads(g).tolist())
        assert [int(cell) for cell in row[3].split(",")] == loads[-1]
        bias = moe.bias_step(bias, g, 0.3 * UNIT)
    assert len(loads) == 8
    assert loads[-1] == [2, 2, 2]
    assert all(load != [2, 2, 2] for load in loads[:-1])
    g, _ = moe.route(s, 1, bias)
    assert g[2].tolist() == pytest.approx([0, 0.32, 0])
    assert torch.equal(moe.bias_step(bias, g, 0.3), bias)
    said("In batch 7 the loads are even, and the biases rest.", "with the weight 0.32,")
    said("With the step 0.3 (in the same units) the border between experts 2 and 3 moves from 1 to")
    table = style.read_table(HOME / "bias.csv")
    assert [table[f"load{i}"][:8] for i in (1, 2, 3)] == [
        list(part) for part in zip(*loads, strict=True)
    ]
    assert [*zip(*loads, strict=True)] == [
        (1, 1, 1, 1, 1, 1, 2, 2),
        (1, 1, 2, 2, 2, 3, 1, 2),
        (4, 4, 3, 3, 3, 2, 3, 2),
    ]
    said(
        "Expert 3 falls from 4 to 3, 2, back to 3 and to 2; expert 2 rises from 1 to 3, falls to 1"
    )
    said("ends at 2; expert 1 stays at 1 until batch 5 and is 2 from batch 6 on", "batches 0 to 8.")


def test_a_dropped_token_depends_on_its_neighbours_and_expert_choice_on_the_future() -> None:
    s, g, _, f = of_example()
    at = moe.TOKENS.index(4.0)
    alone = float((g * f)[at].sum())
    assert float((moe.drop(g, 2) * f)[at].sum()) == 0
    said(f"Alone, the token 4 of the example gets {alone:.2f} from the layer; behind 2 and 3")
    five, six = moe.expert_choice(s[:5], 1), moe.expert_choice(s, 1)
    assert float((five * f[:5])[at].sum()) == pytest.approx(alone)
    assert float((six * f)[at].sum()) == 0
    assert int(six[:, 2].argmax()) == moe.TOKENS.index(5.0)
    for part in (s[:5], s):  # tokens that choose are not moved by what follows
        chosen, _ = moe.route(part, 1, torch.zeros(3))
        assert float((chosen * f[: len(part)])[at].sum()) == pytest.approx(alone)
    assert moe.loads(six).tolist() == [1, 1, 1]
    said(
        f"4 then gets {alone:.2f} with and without the 5, at the price of loads 1, 1 and 4 in place"
    )
    said("loads 1, 1 and 4 in place of 1, 1 and 1.")
    said(f"expert 3 takes 4, and the layer adds {alone:.2f} to it", "Now the token 5 follows")


def test_large_scores_are_rounded_away() -> None:
    s = of_example()[0][2] + 300
    rough = s.bfloat16().float().softmax(-1)
    said(f"$p$ becomes {rough[0]:.2f}, {rough[1]:.2f} and {rough[2]:.2f} in place of 0.04, 0.32")
    assert s.softmax(-1).tolist() == pytest.approx([0.04, 0.32, 0.64], abs=4e-5)
    s = s.requires_grad_()
    for step in range(10):
        (by_s,) = torch.autograd.grad(moe.z_loss(s[None]), s)
        if step == 0:
            assert torch.allclose(by_s, 2 * s.softmax(-1) * s.logsumexp(-1))
        s = (s - 0.01 * by_s).detach().requires_grad_()
    assert [round(value) for value in s.tolist()] == [281, 281, 281]
    level = s.softmax(-1).tolist()
    said(f"from 0.04, 0.32 and 0.64 to {level[0]:.2f}, {level[1]:.2f} and {level[2]:.2f}.")
    said("ten steps of gradient descent with the rate 0.01 on this loss alone bring the scores of")
    said("of the token 2 from about 300 to about 281")
    said(
        "Add 300 to the three scores",
        "0.04, 0.32 and 0.64. In 32 bits the first four decimals stay.",
    )
    said("in 32 bits, and its experts in 16")


@pytest.mark.equation("eq-mixture-of-experts-even")
def test_even_shares_have_the_least_sum_of_squares(printed: Equations) -> None:
    bench = printed("eq-mixture-of-experts-even")
    bench.holds({"M": 3, "q": [0.9, 0.3, 0.05]}, free=("M", "q"))
    bench.holds({"M": 3, "q": [0.7, 0.7, 0.7]}, free=("q",))


# Parameters, reading, traffic.


@pytest.mark.equation("eq-mixture-of-experts-parameters")
def test_parameters_by_formula_and_by_count(printed: Equations) -> None:
    made = [moe.Layer(6, 7, 5, 3, 4) for _ in range(8)]
    experts = [part for one in made for part in one.experts.parameters()]
    everywhere = [part for one in made for part in one.shared.parameters()]
    routers = sum(one.router.weight.numel() for one in made)
    routed = sum(part.numel() for part in experts)
    always = sum(part.numel() for part in everywhere)
    printed("eq-mixture-of-experts-parameters").holds(
        {
            "P": 1000 + routers + routed + always,
            "P_a": 1000 + routers + routed * 3 // 5 + always,
            "P_0": 1000 + routers,
            "E": 6,
            "F": 7,
            "U": 8,
            "M": 5,
            "S": 4,
            "k": 3,
        }
    )


@pytest.mark.equation("eq-mixture-of-experts-read")
def test_how_many_experts_a_step_reads_by_enumeration(printed: Equations) -> None:
    m, k, n = 5, 3, 4
    choices = list(itertools.combinations(range(m), k))
    read = [len(set().union(*step)) for step in itertools.product(choices, repeat=n)]
    printed("eq-mixture-of-experts-read").holds({"R": np.mean(read), "M": m, "k": k, "N": n})
    table = style.read_table(HOME / "read.csv")
    share = {
        (name, int(size)): 100 * value
        for name, _, _ in figures.READ
        for size, value in zip(table["tokens"], table[name], strict=True)
    }
    for name, of, each in figures.READ:
        assert share[name, 32] == pytest.approx(100 * (1 - (1 - each / of) ** 32))
    one, two, three = (name for name, _, _ in figures.READ)
    said(f"rises from {share[one, 1]:.0f} % to {share[one, 8]:.0f} % at 8 tokens and")
    said(f"at 8 tokens and {share[one, 16]:.0f} % at 16; DeepSeek-V3, 8 of 256,")
    said(f"8 of 256, from {share[two, 1]:.0f} % to {share[two, 32]:.0f} % at 32 and")
    said(f"at 32 and {share[two, 128]:.0f} % at 128; DeepSeek-V4-Pro, 6 of 384,")
    said(f"6 of 384, from {share[three, 1]:.0f} % to {share[three, 32]:.0f} % at 32 and")
    said(f"at 32 and {share[three, 128]:.0f} % at 128](mixture", "Mixtral, 2 of 8, rises")


@pytest.mark.equation("eq-mixture-of-experts-traffic")
def test_bytes_that_leave_a_device_by_counting(printed: Equations) -> None:
    devices, each, tokens, k, e, size = 5, 3, 15, 7, 6, 4
    sent = 0
    for place in range(tokens * k):  # even loads: the experts in turn
        home = place % (devices * each) // each
        sent += 2 * e * size * (home != 0)
    printed("eq-mixture-of-experts-traffic").holds(
        {"B": sent, "k": k, "N": tokens, "E": e, r"\beta": size, "G": devices}
    )
    said(
        f"with 64 devices and two bytes a number, this is {2 * 8 * 7168 * 2 * 63 / 64 / 1e3:.1f} kB"
    )


def test_mixtral_has_47_billion_parameters_and_uses_13() -> None:
    e, f, depth = 4096, 14336, 32
    one, attention, tables_ = 3 * e * f, 2 * e * e + 2 * e * 1024, 2 * 32_000 * e
    rest = depth * (attention + 8 * e + 2 * e) + tables_ + e
    held, used = (rest + one * depth * count for count in (8, 2))
    said(f"An expert has {one / 1e6:.1f} million parameters in each layer")
    said(f"in each layer, all together {8 * depth * one / 1e9:.1f} billion")
    said(f"Attention has {attention / 1e6:.1f} million in each layer")
    said(f"the two embeddings {tables_ / 1e6:.1f} million")
    said(f"with routers and norms $P_0$ is {rest / 1e9:.2f} billion")
    said(f"So $P = {held / 1e9:.1f}$ and $P_a = {used / 1e9:.1f}$ billion, the 47 and 13 of the")
    said(f"Mixtral needs {2 * held / 1e9:.0f} GB for its parameters, of which a single")
    said(f"a single token reads {2 * used / 1e9:.0f} GB", "It is not $8 \\cdot 7 = 56$")
    said(f"in place of {math.comb(8, 2)} combinations there are {math.comb(32, 8):,}")
    said("Cut each of 8 experts into four of a quarter of the width", "8 of 32 in place of 2 of 8")


# Twenty networks.


def test_the_table_of_balancing_is_that_of_the_networks() -> None:
    table = style.read_table(HOME / "price.csv")
    rows = rows_of("tab-mixture-of-experts-collapse")
    assert len(rows) == len(table["k"]) == len(figures.SETTINGS)
    for n, (name, k, error, unused, busiest, dropped) in enumerate(rows):
        alpha, gamma = table["alpha"][n], table["gamma"][n]
        told = {
            "none": (0.0, 0.0),
            f"loss, $\\alpha = {alpha:g}$": (alpha, 0.0),
            f"bias, $\\gamma = {gamma:g}$": (0.0, gamma),
        }
        assert told[name] == (alpha, gamma)
        assert k == f"{table['k'][n]:.0f}"
        assert error == f"{table['error'][n]:.3f} ± {table['spread'][n]:.3f}"
        assert unused == f"{table['unused'][n]:.0f}"
        assert busiest == f"{100 * table['busiest'][n]:.0f} %"
        assert dropped == f"{100 * table['dropped'][n]:.1f} %"
    assert all(table["unused"][n] == 0 for n in range(9) if table["gamma"][n])
    said(f"6 of {figures.SEEDS} networks end with unused experts, one of them with a single expert")
    assert table["unused"][0] == 6
    loss, bias = table["unused"][2], max(table["unused"][5:8])
    said(f"unused experts in {table['unused'][0]:.0f} of {figures.SEEDS} toy networks | a loss")
    said(f"a loss ($\\alpha = 0.3$): in {loss:.0f} of {figures.SEEDS}; a bias: in none |")
    assert bias == 0
    said("We train the toy from 20 random starts: three experts, 1,000 batches of 64 tokens drawn")
    said(
        "evenly from −5 to 5, gradient descent with the rate 0.05.",
        "for each setting, measured on 400 tokens;",
    )
    apart = [abs(one - other) for one in table["error"][2:5] for other in table["error"][5:8]]
    assert max(apart) < min(table["spread"][5:8]) / 3
    said("The differences in error between the loss with $\\alpha \\ge 0.3$ and the bias are small")
    said(
        "small against the spread of the bias; that one is better does not follow from 20 networks"
    )


def test_the_picture_of_collapse_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "collapse.csv")
    errors = [table[f"error {n}"] for n in range(4)]
    dead = [sum(alive < 3 for alive in table[f"alive {n}"]) for n in range(4)]
    assert dead == [6, 1, 0, 0]
    assert sum(alive == 1 for alive in table["alive 0"]) == 1
    assert sum(error > 1 for error in errors[0]) == 4
    assert 0.03 < min(errors[1]) < max(errors[1]) < 0.14
    assert [sum(e < 0.1 for e in errors[2]), sum(0.1 < e < 0.4 for e in errors[2])] == [14, 6]
    assert [sum(e < 0.1 for e in errors[3]), sum(0.9 < e < 1.1 for e in errors[3])] == [17, 3]
    said(
        f"The best network of the bias, with {min(errors[2]):.3f}, is better than the best without"
    )
    said(
        f"than the best without balancing, {min(errors[0]):.3f}.",
        "six of its 20 networks end between 0.1 and 0.4.",
    )
    said("Without balancing four of them lie above 1, and six have unused experts.")
    said("With the loss, α = 0.3, all lie between 0.03 and 0.14, one has an unused expert.")
    said("all experts are used; 14 lie below 0.1, six between 0.1 and 0.4.", "of 20 networks for")
    said(
        "k = 2 all experts are used; 17 lie below 0.1 and three near 1",
        "still have an error near 1",
    )


def test_the_picture_of_the_price_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "price.csv")
    error, busiest = table["error"], [100 * share for share in table["busiest"]]
    said(f"Without balancing {error[0]:.2f} at {busiest[0]:.0f} %. The loss goes from")
    said(f"from {error[1]:.2f} at {busiest[1]:.0f} % with α = 0.1 to about 0.07 at 45 % and 35 %")
    assert [round(error[n], 2) for n in (2, 4)] == [0.07, 0.07]
    assert [round(busiest[n]) for n in (2, 4)] == [45, 35]
    assert all(0.08 < error[n] < 0.1 and 34 <= round(busiest[n]) <= 35 for n in (5, 6, 7))
    said("the three biases lie between 0.08 and 0.10 at 34 to 35 %", "35 % with 0.3 and 3;")
    x = torch.linspace(-5, 5, 10_001)
    pieces = [float((x < -1).double().mean()), float((x > 1).double().mean())]
    assert pieces == pytest.approx([0.4, 0.4], abs=1e-3)
    said("The three pieces of the zigzag cover 40 %, 20 % and 40 % of the tokens.")


def test_the_picture_of_dropped_tokens_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "dropped.csv")
    factors = table["factor"]

    def at(kind: str, n: int, factor: float) -> float:
        return 100 * table[f"{kind} {n}"][factors.index(factor)]

    said(
        f"without balancing {at('dropped', 0, 1):.0f} % at 1, {at('dropped', 0, 1.5):.0f} % at 1.5,"
        f" {at('dropped', 0, 2):.0f} % at 2 and none at 3;"
    )
    said(f"with the loss {at('dropped', 1, 1):.0f} % at 1 and none from 1.5 on; with the bias")
    said(f"{at('dropped', 1, 1):.0f} % with this loss and the factor 1 | a factor of 1.5: none; or")
    assert round(at("empty", 1, 1.5)) == 33
    said(f"with the bias {at('dropped', 2, 1):.0f} % at 1 and none from 1.2 on.")
    assert table["dropped 0"][-1] == 0 < table["dropped 0"][-2]
    for n, first in ((1, 1.5), (2, 1.2)):
        column = table[f"dropped {n}"]
        assert all((share == 0) is (f >= first) for f, share in zip(factors, column, strict=True))
    said(
        f"without balancing {at('empty', 0, 1):.0f} % at 1, with the loss {at('empty', 1, 1):.0f} %,"
        f" with the bias {at('empty', 2, 1):.0f} %;"
    )
    said(f"at 1.5 {at('empty', 0, 1.5):.0f} % and twice {at('empty', 1, 1.5):.0f} %, at 3 all 67 %")
    assert at("empty", 1, 1.5) == pytest.approx(at("empty", 2, 1.5))
    said("with the bias a factor of 1.2 suffices, and 17 % of the places are empty")
    assert round(at("empty", 2, 1.2)) == 17
    assert [round(at("empty", n, 3)) for n in range(3)] == [67, 67, 67]
    for n in range(3):  # a larger capacity drops no more and leaves no fewer places empty
        assert table[f"dropped {n}"] == sorted(table[f"dropped {n}"], reverse=True)
        assert table[f"empty {n}"] == sorted(table[f"empty {n}"])


def test_the_picture_of_routing_is_described_as_it_is() -> None:
    table = style.read_table(HOME / "routing.csv")
    one, two, three = (table[f"p{i}"] for i in (1, 2, 3))
    assert one == sorted(one, reverse=True)
    assert three == sorted(three)
    assert max(two) == pytest.approx(0.5)
    assert table["x"][two.index(max(two))] == 0
    for a, b, c in zip(table["x"], one, two, strict=True):
        assert (b > c) is (a < -1) or abs(a + 1) < 1e-6
    said("expert 2 has a hill of 0.5 at zero, expert 3 rises to the right; they cross at −1 and 1.")
    said(
        "the probabilities: expert 1 falls from the left, expert 2 has a hill",
        "Of six tokens, −2 lies",
    )
    said(
        "−2 lies on the curve of expert 1, 0 on that of expert 2, and 2, 3, 4 and 5 on that of expert 3."
    )
    said("The borders are −1 and 1, where two scores are equal.", "over tokens from −5.5 to 5.5.")
    said("which meet at −1 and 1](mixture", "Below, a zigzag of the lines")


# The exercises.


@pytest.mark.answer("answer-mixture-of-experts-token")
def test_exercise_1_the_token_minus_two(answer: Bench) -> None:
    router, experts = moe.example()
    x = torch.tensor([-2.0])
    g, p = moe.route(moe.lines(router, x), 2, torch.zeros(3), renormalise=True)
    f = moe.lines(experts, x)
    undivided, _ = moe.route(moe.lines(router, x), 2, torch.zeros(3))
    right = (*p[0].tolist(), float((g * f).sum()))
    answer("answer-mixture-of-experts-token").is_(right, (*right[:3], float((undivided * f).sum())))
    said("The scores are 2, 1 and −2; experts 1 and 2 compute 1 and 4.")


@pytest.mark.answer("answer-mixture-of-experts-capacity")
def test_exercise_2_capacity_and_places(answer: Bench) -> None:
    loads = (12, 6, 4, 2)
    found = []
    for k in (2, 1):
        most = moe.capacity(12, 4, k, 1.25)
        lost = sum(max(load - most, 0) for load in loads)
        found.append((most, lost, 4 * most - (24 - lost)))
    answer("answer-mixture-of-experts-capacity").is_(*found)
    said("Twelve tokens, four experts, $k = 2$, capacity factor 1.25, loads 12, 6, 4 and 2.")


@pytest.mark.answer("answer-mixture-of-experts-wait")
def test_exercise_3_waiting_for_the_busiest(answer: Bench) -> None:
    loads = [30] + [2] * 15
    mean = sum(loads) / len(loads)
    answer("answer-mixture-of-experts-wait").is_(mean / max(loads), max(loads) / sum(loads))
    said("A layer has 16 experts with the loads 30, 2, 2, …, 2 (60 tokens, $k = 1$).")


@pytest.mark.answer("answer-mixture-of-experts-one")
def test_exercise_4_a_router_without_gradient(answer: Bench) -> None:
    s = torch.tensor([[0.3, 1.2, -0.4]], requires_grad=True)
    g, p = moe.route(s, 1, torch.zeros(3), renormalise=True)
    (by_s,) = torch.autograd.grad(g.sum(), s, retain_graph=True)
    assert by_s.abs().max() < 1e-7
    (by_s,) = torch.autograd.grad(moe.balance_loss(g, p), s)
    assert by_s.abs().max() > 0.1
    answer("answer-mixture-of-experts-one").is_(
        "Nothing: the weight is always 1, whatever the scores."
    )


@pytest.mark.answer("answer-mixture-of-experts-read")
def test_exercise_5_experts_read_by_32_tokens(answer: Bench) -> None:
    draw = torch.Generator().manual_seed(0)
    counts = [
        len({*torch.rand(32, 256, generator=draw).topk(8).indices.flatten().tolist()})
        for _ in range(200)
    ]
    share = 1 - (1 - 8 / 256) ** 32
    assert sum(counts) / 200 / 256 == pytest.approx(share, abs=0.01)
    answer("answer-mixture-of-experts-read").is_((share, share * 256 / 32), (1, 8))
    said(f"so {share * 256:.0f} experts, {share * 256 / 32:.1f} for each token in place of 8")


@pytest.mark.answer("answer-mixture-of-experts-batches")
def test_exercise_6_batches_until_even(answer: Bench) -> None:
    s = moe.lines(moe.example()[0], torch.tensor([-5.0, -4.0, -3.0, -2.0, -1.5, 2.0]))
    bias, batch = torch.zeros(3), 0
    while moe.loads(moe.route(s, 1, bias)[0]).tolist() != [2, 2, 2]:
        bias = moe.bias_step(bias, moe.route(s, 1, bias)[0], 0.3 * UNIT)
        batch += 1
    answer("answer-mixture-of-experts-batches").is_(batch)


@pytest.mark.answer("answer-mixture-of-experts-two")
def test_exercise_7_two_experts_and_a_strong_loss(answer: Bench) -> None:
    torch.set_num_threads(1)  # the sums are small
    made = moe.train(*moe.start(20), torch.full((20,), 3.0), torch.zeros(20), k=2)
    error, _, _ = moe.measure(*made, 2)
    without = style.read_table(HOME / "collapse.csv")["error 3"]
    count = sum(value > 0.5 for value in without)
    answer("answer-mixture-of-experts-two").is_(int((error > 0.5).sum()), count)
    said(f"None: the mean error is {float(error.mean()):.3f}.")
