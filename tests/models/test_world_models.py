"""World models: the example by hand, planning against enumeration, exploitation and its price, errors, asking."""

import itertools
import math
import runpy
from fractions import Fraction
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from scripts.figures import style
from scripts.figures import world_models as figures
from scripts.printed.values import Each, Finite
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

world = import_module("docs.models.world-models.world_models")
sequence = import_module("docs.models.world-models.decision_transformer")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "world-models.md"
said = sayings(PAGE)
rows_of = tables(PAGE)
TRUE = world.row(world.SUCCESS)
COUNTS = world.diary(world.WINS, world.TRIES)
LEARNED = world.learn(COUNTS)
STEPS = world.STEPS


def numbers(name: str) -> style.Table:
    """What a figure was drawn from."""
    return style.read_table(PAGE.parent / "world-models" / f"{name}.csv")


def every_policy(table: Tensor, steps: int) -> float:
    """The best probability of the goal from place 0 among all policies of three places, one by one."""
    best = 0.0
    for flat in itertools.product((0, 1), repeat=3 * steps):
        actions = torch.zeros(steps + 1, 4, dtype=torch.long)
        actions[1:, :3] = torch.tensor(flat).view(steps, 3)
        best = max(best, float(world.follow(table, actions)[steps, 0]))
    return best


# The example by hand.


def test_the_learned_table_is_right_but_for_one_cell() -> None:
    torch.testing.assert_close(LEARNED.sum(-1), torch.ones(4, 2).double())
    wrong = (LEARNED != TRUE).any(-1).nonzero().tolist()
    assert wrong == [[0, world.JUMP]]
    assert LEARNED[0, world.JUMP, 2] == 1
    said("0.8 for walks, 0.3 for jumps, and 1 for the jump from place 0.")
    said("One number of six is wrong")


def test_the_best_values_are_those_of_all_policies() -> None:
    values, actions = world.plan(TRUE[None], STEPS)
    rows = rows_of("tab-world-models-values")
    names = ("walk", "jump")
    assert rows[0] == ["1", "0.00", *(f"{values[1, s]:.2f} {names[actions[1, s]]}" for s in (1, 2))]
    assert rows[1][1:] == [
        f"{values[2, 0]:.2f}",
        f"{values[2, 1]:.2f} walk",
        f"{values[2, 2]:.2f} walk",
    ]
    assert rows[2][1] == f"{values[3, 0]:.3f} walk"
    assert [*actions[2, 1:3].tolist(), int(actions[3, 0])] == [0, 0, 0]
    assert float(values[3, 0]) == pytest.approx(every_policy(TRUE, 3)) == pytest.approx(0.608)


def test_the_planner_finds_the_mistake() -> None:
    promise, actions = world.plan(LEARNED[None], STEPS)
    gives = world.follow(TRUE, actions)
    assert actions[3, 0] == world.JUMP
    said(f"It promised {promise[3, 0]:.2f}, it gives {gives[3, 0]:.3f}, and 0.608 was possible.")
    assert gives[3, 0] == pytest.approx(0.3 * 0.96 + 0.7 * 0.24)
    said("with probability $0.3 \\cdot 0.96 + 0.7 \\cdot 0.24 = 0.456$.")
    said("*model exploitation*: promise 0.96, result 0.456")


def test_a_charge_cures_it_and_has_a_price() -> None:
    charge = world.charges(COUNTS, 1.0)
    assert charge[0].tolist() == pytest.approx([0.1, 1])
    values, actions = world.plan(LEARNED[None], STEPS, charge)
    jump = float(LEARNED[0, 1] @ values[2] - charge[0, 1])
    said(f"worth {values[3, 0]:.3f} and jumping −{-jump:.2f}; the robot walks")
    assert world.follow(TRUE, actions)[3, 0] == pytest.approx(0.608)
    success = world.SUCCESS.clone()
    success[0, 1] = 0.9
    best = float(world.plan(world.row(success)[None], STEPS)[0][3, 0])
    said(f"succeeded with 0.9, {best:.3f} would be possible")
    careful = float(world.follow(world.row(success), actions)[3, 0])
    said(f"good actions that are rare are left out, {careful:.2f} for {best:.2f}")


def test_fixed_plans_and_planning_anew() -> None:
    plans = torch.cartesian_prod(*[torch.arange(2)] * 3)
    scores = world.imagine(TRUE, 0, plans)
    assert plans[scores.argmax()].tolist() == [0, 0, 0]
    said(
        "with the true probabilities the best of the eight plans, three walks, "
        f"reaches the goal with $0.8^3 = {scores.max():.3f}$."
    )
    # Exactly: at each place the first action of the best fixed plan for the steps that are left.
    actions = torch.zeros(STEPS + 1, 4, dtype=torch.long)
    for left in (1, 2, 3):
        fixed = torch.cartesian_prod(*[torch.arange(2)] * left).view(-1, left)
        for place in range(3):
            actions[left, place] = fixed[world.imagine(TRUE, place, fixed).argmax(), 0]
    assert world.follow(TRUE, actions)[3, 0] == pytest.approx(0.608)
    said("here it reaches 0.608 again, for three searches in place of one.")
    promised = world.imagine(LEARNED, 0, plans)
    assert plans[promised.argmax()].tolist() == [1, 0, 0]
    for left in (1, 2, 3):
        fixed = torch.cartesian_prod(*[torch.arange(2)] * left).view(-1, left)
        for place in range(3):
            actions[left, place] = fixed[world.imagine(LEARNED, place, fixed).argmax(), 0]
    said(
        f"the best plan is jump, walk, walk, which promises {promised.max():.2f}, and planning anew in it gives "
        f"{world.follow(TRUE, actions)[3, 0]:.3f}."
    )
    generator = torch.Generator().manual_seed(0)
    goals = [world.control(TRUE, TRUE, 0, 32, generator) for _ in range(400)]
    assert sum(goals) / 400 == pytest.approx(0.608, abs=0.06)
    said(f"judged by $0.7^3 = {0.7**3:.3f}$ instead of 0.512.")


@pytest.mark.answer("answer-world-models-guess")
def test_the_guess_about_two_tries(answer: Bench) -> None:
    success = world.SUCCESS.clone()
    success[0, 1] = 0.5
    values, actions = world.plan(world.row(success)[None], STEPS)
    walk = 0.8 * float(values[2, 1]) + 0.2 * float(values[2, 0])
    assert values[2, 0] == pytest.approx(0.4)
    assert actions[3, 0] == world.JUMP
    said(f"$0.5 \\cdot 0.96 + 0.5 \\cdot 0.40 = {values[3, 0]:.2f}$ beats walk")
    said(f"$0.8 \\cdot 0.70 + 0.2 \\cdot 0.40 = {walk:.2f}$")
    one = float(world.plan(LEARNED[None], STEPS)[0][3, 0])
    fixed = world.imagine(world.row(success), 0, torch.cartesian_prod(*[torch.arange(2)] * 3)).max()
    answer("answer-world-models-guess").is_(float(values[3, 0]), walk, one, float(fixed))


def test_the_diagram_tells_the_example() -> None:
    where = torch.eye(4).double()[0]
    for told in ("0.2 and 0.8", "0.04, 0.32 and 0.64"):
        where = where @ LEARNED[:, world.WALK]
        values = [f"{p:.2g}" for p in where.tolist() if p]
        said(" and ".join([", ".join(values[:-1]), values[-1]]), told)
    said(f"minus the logarithm of 0.8, is {-math.log(0.8):.3f}")


# The equations.


@pytest.mark.equation("eq-world-models-table")
def test_the_printed_share_is_that_of_the_code(printed: Equations) -> None:
    counts = torch.tensor([3.0, 5.0, 4.0]).double()
    shares = world.learn(counts)
    printed("eq-world-models-table").holds(
        {
            r"\hat{P}": lambda j: float(shares[int(j)]),
            "n": lambda j: float(counts[int(j)]),
            "i": Each([0, 1, 2]),
            "j": Each([0, 1, 2]),
        },
        free=("n",),  # twice as many of each have the same shares
    )


@pytest.mark.equation("eq-world-models-bellman", "eq-world-models-charge")
def test_the_printed_values_are_those_of_the_code(printed: Equations) -> None:
    counts = world.diary(
        torch.tensor([[6.0, 3.0], [7.0, 2.0], [5.0, 4.0]]).double(),
        torch.tensor([[9.0, 5.0], [8.0, 6.0], [11.0, 7.0]]).double(),
    )
    table, price = world.learn(counts), 0.3
    common = {
        "j": Each([0, 1, 2, 3]),
        "a": Each([0, 1]),
        "s": Each([0, 1, 2]),
    }
    values, _ = world.plan(table[None], 3)
    charged, _ = world.plan(table[None], 3, world.charges(counts, price))

    def chance(j: float, s: float, a: float) -> float:
        return float(table[int(s), int(a), int(j)])

    printed("eq-world-models-bellman").holds(
        {
            "V_k": lambda s: float(values[3, int(s)]),
            "V_{k-1}": lambda j: float(values[2, int(j)]),
            "P": chance,
            **common,
        }
    )
    printed("eq-world-models-charge").holds(
        {
            r"\tilde{V}_k": lambda s: float(charged[3, int(s)]),
            r"\tilde{V}_{k-1}": lambda j: float(charged[2, int(j)]),
            r"\hat{P}": chance,
            r"\lambda": price,
            "n": lambda s, a: float(counts[int(s), int(a)].sum()),
            **common,
        }
    )


@pytest.mark.equation("eq-world-models-gap")
def test_the_gap_is_the_error_along_the_way(printed: Equations) -> None:
    values, actions = world.plan(LEARNED[None], STEPS)
    real = world.follow(TRUE, actions)
    printed("eq-world-models-gap").holds(
        {
            r"\hat{V}_k": float(values[3, 0]),
            "V_k": float(real[3, 0]),
            r"\hat{V}_{k-1}": lambda j: float(values[2, int(j)]),
            "V_{k-1}": lambda j: float(real[2, int(j)]),
            r"\hat{P}": lambda j: float(LEARNED[0, 1, int(j)]),
            "P": lambda j: float(TRUE[0, 1, int(j)]),
            "j": Each([0, 1, 2, 3]),
        }
    )
    first = float((LEARNED - TRUE)[0, 1] @ values[2])
    second = float((LEARNED - TRUE)[0, 1] @ values[1])
    said(f"$0.96 - (0.3 \\cdot 0.96 + 0.7 \\cdot 0.80) = {first:.3f}$ for the first step")
    said(f"$0.80 - 0.3 \\cdot 0.80 = {second:.2f}$")
    said(
        f"together $0.112 + 0.7 \\cdot 0.56 = {first + 0.7 * second:.3f}$, which is $0.96 - 0.456$."
    )
    assert first + 0.7 * second == pytest.approx(float(values[3, 0] - real[3, 0]))


@pytest.mark.equation("eq-world-models-curse")
def test_a_maximum_of_estimates_is_too_high(printed: Equations) -> None:
    for one, two in (
        ([0.2, 0.8], [0.1, 0.9]),
        ([0.7, 0.9], [0.3, 0.5]),
    ):  # the second: one is always higher
        pairs = list(itertools.product(one, two))
        printed("eq-world-models-curse").holds(
            {
                r"\mathbb{E}": Finite({r"\hat{V}": [np.array(pair) for pair in pairs]}),
                "i": Each([1, 2]),
            }
        )


def test_a_share_used_twice_is_too_low_on_average() -> None:
    tries = 100
    wins = np.arange(tries + 1)
    chances = stats.binom.pmf(wins, tries, 0.8)
    assert chances @ (wins / tries) == pytest.approx(0.8)
    one_of_two = chances @ (1 - (1 - wins / tries) ** 2)  # at least one walk of two succeeds
    assert one_of_two == pytest.approx(1 - 0.2**2 - 0.8 * 0.2 / tries)
    said(
        "a plan that walks twice from one place uses a share twice and is valued too low on average."
    )


@pytest.mark.equation("eq-world-models-line")
def test_the_error_of_a_power(printed: Equations) -> None:
    for learned, a, k in ((1.3, 1.1, 4), (0.7, 0.9, 6)):
        printed("eq-world-models-line").holds(
            {r"\hat{a}": learned, "a": a, "k": k}, free=(r"\hat{a}", "a", "k")
        )  # true of all numbers


@pytest.mark.equation("eq-world-models-coupling")
def test_walks_drift_apart_below_the_bound(printed: Equations) -> None:
    for k in (1, 4):
        apart = np.abs(
            stats.binom.pmf(range(k + 1), k, 0.8) - stats.binom.pmf(range(k + 1), k, 0.7)
        )
        distance = apart.sum() / 2
        assert distance == pytest.approx(numbers("compounding")["distance"][k - 1], rel=1e-6)
        loose = () if k == 1 else ("d_k", r"\varepsilon", "k")
        printed("eq-world-models-coupling").holds(
            {"d_k": distance, r"\varepsilon": 0.1, "k": k}, free=loose
        )


@pytest.mark.equation("eq-world-models-random")
def test_random_plans_find_the_optimum_as_coins_fall(printed: Equations) -> None:
    share = float((figures.scores() == 0).double().mean())
    assert share * 4**8 == math.comb(8, 4) == 70
    found = stats.geom.cdf(256, share)
    printed("eq-world-models-random").holds({"p": found, "q": share, "N": 256}, tolerance=1e-6)
    said(f"256 random plans find one with probability {found:.2f}.")
    said(f"256 random plans hold one of the best with probability {found:.2f}")
    said(f"would need {stats.geom.ppf(0.95, share):,.0f} for a probability of 0.95.")


@pytest.mark.equation("eq-world-models-asked")
def test_asking_is_bayes_rule_on_all_episodes(printed: Equations) -> None:
    behaviour = torch.tensor([0.4, 0.6]).double()
    joint = torch.zeros(4, 2).double()  # first place and action, with success after two steps
    success = torch.zeros(4, 2).double()
    for s, a, t, b in itertools.product(range(4), range(2), range(4), range(2)):
        success[s, a] += TRUE[s, a, t] * behaviour[b] * TRUE[t, b, 3]
    joint = behaviour * success
    given = joint / joint.sum(-1, keepdim=True)
    torch.testing.assert_close(sequence.asked(TRUE, behaviour, 2)[0], given)
    printed("eq-world-models-asked").holds(
        {
            "p(a \\mid s, R)": float(sequence.asked(TRUE, behaviour, 2)[0, 1, 0]),
            r"\pi": lambda a: float(behaviour[int(a)]),
            "p": lambda r, s, a: float(success[int(s), int(a)]),
            "a": 0,
            "s": 1,
            "R": 1,
            "b": Each([0, 1]),
        },
        free=("R", "p", r"\pi"),
    )


# What the figures show.


def test_errors_grow_as_the_formula_says() -> None:
    table = numbers("compounding")
    for a in figures.LINES:
        measured, formula = table[f"measured, a={a}"], table[f"formula, a={a}"]
        assert all(0.98 < m / f < 1.15 for m, f in zip(measured, formula, strict=True))
        assert measured[0] == pytest.approx(0.1 / math.sqrt(48), rel=0.03)
        assert all(m < n for m, n in pairwise(measured)) == (a >= 1)
    calm = table["formula, a=0.8"]
    assert max(calm) == pytest.approx(calm[3]) == pytest.approx(calm[4])
    assert all(m > n for m, n in pairwise(calm[4:]))
    distance, bound = table["distance"], table["bound"]
    assert all(d <= b + 1e-9 for d, b in zip(distance, bound, strict=True))
    assert all(m < n for m, n in pairwise(distance))
    said(f"after 20 steps the distance is {distance[-1]:.2f}, and the bound {bound[-1]:.2f}.")
    said(
        "root mean square over 2,000 models, each fitted by least squares to 50 pairs with noise 0.1"
    )
    assert (figures.FITS, figures.PAIRS, figures.SPREAD) == (2000, 50, 0.1)


def test_the_least_squares_of_one_run() -> None:
    found = world.fit(0.8, 3, 50, 0.0, torch.Generator().manual_seed(1))
    assert found.tolist() == pytest.approx([0.8] * 3)


def test_dynamic_programming_on_the_grid_agrees_with_all_plans() -> None:
    side, moves = world.SIDE, world.DIRECTIONS.tolist()
    best = {(x, y): (x + y - 2 * (side - 1), 1) for x in range(side) for y in range(side)}
    for _ in range(world.MOVES):  # value, and the number of plans that reach it
        after = {}
        for x, y in best:
            ways = [
                best[min(max(x + i, 0), side - 1), min(max(y + j, 0), side - 1)] for i, j in moves
            ]
            top = max(value for value, _ in ways)
            after[x, y] = (top, sum(n for value, n in ways if value == top))
        best = after
    assert best[0, 0] == (0, 70)
    assert (int(figures.scores().max()), int((figures.scores() == 0).sum())) == best[0, 0]


def test_search_against_the_optimum() -> None:
    table = numbers("search")
    assert all(
        abs(m - f) < 4 * d / math.sqrt(figures.SEARCHES)
        for m, f, d in zip(
            table["random"], table["formula"], table["random, deviation"], strict=True
        )
    )
    at = table["plans"].index(256)
    assert table["cem"][at:] == [0] * 3
    assert table["optimal share"][at:] == [1] * 3
    said(
        "In each of the 50 runs the cross-entropy method has an optimal plan after 256 plans, four rounds;"
    )
    assert (figures.SEARCHES, figures.BATCH, figures.ELITE) == (50, 64, 8)
    said(
        f"random plans rise slowly from about −{-table['formula'][0]:.1f} to −{-table['random'][-1]:.1f}"
    )
    assert world.left_over(torch.tensor([[0, 0, 0, 0, 2, 2, 2, 2], [1] * 8])).tolist() == [0, -8]


def test_four_rounds_of_the_cross_entropy_method_are_enough() -> None:
    for seed in range(5):
        found = world.cross_entropy_method(4, 64, 8, torch.Generator().manual_seed(seed))
        assert found[-1] == 0
        assert all(m <= n for m, n in pairwise(found.tolist()))


def test_exploitation_cure_and_price() -> None:
    table = numbers("exploitation")
    for row in rows_of("tab-world-models-exploitation"):
        jump, tries = row[0].removeprefix("jumps of ").split(", ")
        where = "bad" if jump == "0.3" else "good"
        at = table["tries"].index(float(tries.split()[0]))
        digits = [
            2 if table[f"{where}, {name}, deviation"][at] > 0.05 else 3
            for name in ("plain", "charge", "ensemble")
        ]
        assert row[1] == f"{table[f'{where}, promise'][at]:.3f}"
        for cell, name, n in zip(row[2:5], ("plain", "charge", "ensemble"), digits, strict=True):
            mean, spread = (table[f"{where}, {name}{more}"][at] for more in ("", ", deviation"))
            assert cell == f"{mean:.{n}f} ± {spread:.{n}f}", row[0]
        assert row[5] == f"{table[f'{where}, optimum'][at]:.3f}"
    for where in ("bad", "good"):
        for cure in ("charge", "ensemble"):
            assert table[f"{where}, {cure}"][0] > table[f"{where}, plain"][0] + 0.05
    at = table["tries"].index(16)
    lost = [
        table["good, plain"][at] - table[f"good, {cure}"][at] for cure in ("charge", "ensemble")
    ]
    said(
        f"with 16 tries of good jumps the charge gets {lost[0]:.3f} less than plain planning "
        f"and the ensemble {lost[1]:.3f} less."
    )
    alone = [table[f"{where}, ensemble, doubt 0"][0] for where in ("bad", "good")]
    said(
        f"already gives {alone[0]:.3f} with one try of bad jumps and {alone[1]:.3f} with one of good ones."
    )
    said(f"pulls a lucky 1 of 1 down to {Fraction(1 + 1, 1 + 2)};")
    cured = [table[f"{where}, ensemble"][0] for where in ("bad", "good")]
    said(
        f"disagree about raises the first to {cured[0]:.3f} and lowers the second to {cured[1]:.3f}."
    )
    assert all(
        table[f"{where}, promise"][-1] < table[f"{where}, optimum"][0] for where in ("bad", "good")
    )
    best = table["bad, optimum"][0]
    assert table["bad, promise"][0] > best > table["bad, promise"][-1]
    assert all(table[f"bad, {cure}"][k] < best for cure in ("charge", "ensemble") for k in range(7))
    assert all(m < n for m, n in pairwise(table["bad, plain"]))
    said("Means of 200 diaries.")
    assert (figures.RUNS, figures.MEMBERS, figures.DOUBT, figures.PRICE) == (200, 10, 2, 1)


def test_an_ensemble_spreads_as_the_posterior_does() -> None:
    counts = world.diary(torch.tensor([[6.0, 3.0]]).double(), torch.tensor([[9.0, 5.0]]).double())
    drawn = world.members(counts, 4000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.sum(-1), torch.ones(4000, 2, 2).double())
    for action, beta in ((0, stats.beta(7, 4)), (1, stats.beta(4, 3))):
        share = drawn[:, 0, action, 1]
        assert float(share.mean()) == pytest.approx(beta.mean(), abs=0.01)
        assert float(share.std()) == pytest.approx(beta.std(), abs=0.01)


def test_doubt_lowers_what_the_tables_disagree_about() -> None:
    pair = torch.stack([world.row(torch.tensor([[0.8, p]]).double()) for p in (0.6, 1.0)])
    values, actions = world.plan(pair, 1, 0.0, 2.0)  # the jump: mean 0.8, deviation 0.2
    assert float(values[1, 0]) == pytest.approx(0.8)
    assert actions[1, 0] == world.WALK
    bold, _ = world.plan(pair, 1, torch.tensor([[0.5, 0.0], [0.0, 0.0]]).double(), 2.0)
    assert float(bold[1, 0]) == pytest.approx(0.4)


def test_asking_for_success() -> None:
    table = numbers("asked")
    for name in ("optimum", "asked", "random"):
        assert all(m < n for m, n in pairwise(table[name]))
    for best, asked, random in zip(table["optimum"], table["asked"], table["random"], strict=True):
        assert best > asked > random
    at = table["jump"].index(figures.SEEN)
    best, asked, random, mean, spread = (
        table[name][at] for name in ("optimum", "asked", "random", "network", "network, deviation")
    )
    said(
        f"reaches the goal with {asked:.3f}, and the networks with {mean:.3f} ± {spread:.3f}; {best:.3f} is possible "
        f"and random actions give {random:.3f}."
    )
    said(f"from 0.5 only to {table['first walk'][at]:.3f}.")
    said(f"gives away {best - asked:.3f} of 0.608.")
    half = torch.full((2,), 0.5).double()
    assert asked == pytest.approx(
        sequence.reaches(TRUE, sequence.asked(TRUE, half, STEPS)), rel=1e-6
    )
    assert mean < asked
    assert figures.NETWORKS == 3


def test_the_same_episodes_planned_in_reach_the_optimum() -> None:
    for seed in range(3):
        data = sequence.episodes(TRUE, 20_000, STEPS, torch.Generator().manual_seed(seed))
        counts = torch.zeros(4, 2, 4).double()
        last = torch.where(data[:, :1] == 1, sequence.PLACE + 3, -1)
        for n in range(1, 2 * STEPS - 1, 2):
            index = (data[:, n] - 4, data[:, n + 1] - 2, data[:, n + 2] - 4)
            counts.index_put_(index, torch.ones(len(data)).double(), accumulate=True)
        assert ((last == 7) == (data[:, :1] == 1)).all()
        counts[-1, :, -1] = 1
        _, actions = world.plan(world.learn(counts + 1e-9)[None], STEPS)
        assert world.follow(TRUE, actions)[3, 0] == pytest.approx(0.608)
    said("For each of the three seeds that plan reaches 0.608.")


def test_the_page_tells_the_settings_of_the_recipes() -> None:
    said(f"trained on {figures.EPISODES:,} random episodes of the example.")
    said(f"count a table from the {figures.EPISODES:,} random episodes and plan in it.")
    said(f"trained as below for {figures.ROUNDS} steps, give the diamond")
    said(
        "A longer row: six places before the goal, nine steps,",
        f"walks tried {figures.WALKS} times each",
    )
    assert (figures.LONG, figures.HORIZON) == (6, 9)
    said(f"Jumps succeed with {figures.BAD} in one world and with {figures.GOOD} in the other.")
    said(f"Two panels over {figures.JUMPS[0]} to {figures.JUMPS[-1]} tries of each jump.")
    said(f"mean and standard deviation of {figures.RUNS} diaries")
    said(
        f"A robot crosses a grid of {world.SIDE} by {world.SIDE} places from corner to corner in eight moves"
    )
    assert world.MOVES == 8
    said(f"Best return over {figures.BUDGETS[0]} to {figures.BUDGETS[-1]:,} plans tried")
    said(f"Mean and standard deviation of {figures.SEARCHES} runs;")
    said(f"draws {figures.BATCH} plans a round and keeps {figures.ELITE}.")
    low, mid, high = figures.LINES
    said(
        f"over 1 to {figures.AHEAD} steps for three worlds: with a = {low} it rises and falls, with a = {mid} and"
    )
    said(f"and a = {high} it rises throughout")
    said(f"Right: walks that succeed with 0.8, and with {figures.LEARNED} in the model.")
    said(f"Let a model believe that walks succeed with {figures.LEARNED} instead of 0.8.")
    said(f"over the success of a jump from {figures.CHANCES[0]} to {figures.CHANCES[-1]:g}:")


# Exercises.


@pytest.mark.answer("answer-world-models-two")
def test_exercise_1_two_steps(answer: Bench) -> None:
    values, _ = world.plan(TRUE[None], 2)
    walk, jump = (float(TRUE[0, a] @ values[1]) for a in (0, 1))
    answer("answer-world-models-two").is_((walk, jump), (walk, 0.3))


@pytest.mark.answer("answer-world-models-variation")
def test_exercise_2_two_walks(answer: Bench) -> None:
    ours, theirs = (stats.binom.pmf(range(3), 2, p) for p in (0.8, 0.7))
    answer("answer-world-models-variation").is_(np.abs(ours - theirs).sum() / 2, 2 * 0.1)


@pytest.mark.answer("answer-world-models-lottery")
def test_exercise_3_the_lottery(answer: Bench) -> None:
    answer("answer-world-models-lottery").is_((10, 0.05 * 10), (0.05 * 10, 0.05 * 10))
    said("It gets $0.2 \\cdot 3 = 0.6$ on average")


@pytest.mark.answer("answer-world-models-more")
def test_exercise_4_more_actions_raise_the_promise(answer: Bench) -> None:
    draws = stats.binom.rvs(5, [0.3, 0.3, 0.2, 0.2], size=(2000, 4), random_state=0) / 5
    assert draws.max(1).mean() > draws[:, :2].max(1).mean() + 0.03
    answer("answer-world-models-more").is_("It rises.")


@pytest.mark.answer("answer-world-models-twice")
def test_exercise_5_a_jump_that_was_lucky_twice(answer: Bench) -> None:
    wins, tries = world.WINS.clone(), world.TRIES.clone()
    wins[0, 1] = tries[0, 1] = 2
    counts = world.diary(wins, tries)
    values, actions = world.plan(world.learn(counts)[None], STEPS, world.charges(counts, 1.0))
    jump = float(values[2, 2]) - 1 / math.sqrt(2)
    assert actions[3, 0] == world.WALK
    answer("answer-world-models-twice").is_(jump, 0.84 - 1)
    said(f"$0.84 - 0.707 = {jump:.3f}$; walking is worth {values[3, 0]:.3f}")


@pytest.mark.answer("answer-world-models-certain")
def test_exercise_6_asking_without_chance(answer: Bench) -> None:
    certain = world.row(torch.ones(3, 2).double())
    half = torch.full((2,), 0.5).double()
    answer("answer-world-models-certain").is_(
        sequence.reaches(certain, sequence.asked(certain, half, 3)), 0.608
    )


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.parent / "world-models" / "world_models.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "promises 0.960, gives 0.456" in out
    assert "promises 0.308, gives 0.608" in out
    assert "[0, 0, 0] reaches the goal with 0.512" in out
    assert "[1, 0, 0] and promises 0.960" in out
