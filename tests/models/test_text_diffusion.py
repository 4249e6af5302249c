"""Text diffusion: the exact model, the loss, parallel filling, the numbers of the page, and the demo's sums."""

import itertools
import math
import runpy
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from scripts.figures import style
from scripts.figures import text_diffusion as figures
from scripts.figures import text_diffusion_diagram as diagram
from scripts.printed.values import Each, Given
from tests import golden as shared
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

text = import_module("docs.models.text-diffusion.text_diffusion")
orders = import_module("docs.models.text-diffusion.orders")
repair = import_module("docs.models.text-diffusion.repair")
PAGE = style.DOCS / "models" / "text-diffusion.md"
GOLDEN = Path(__file__).with_name("text-diffusion.golden.json")
said = sayings(PAGE)
rows_of = tables(PAGE)
JOINT = text.chain()
GUESS = text.exact(JOINT)
TEXTS = list(itertools.product(range(2), repeat=3))
LEFT, ENDS, MIDDLE = ((0, 1, 2),), ((0, 2), (1,)), ((1,), (0, 2))


def some(*sizes: int, seed: int = 0) -> torch.Tensor:
    """A distribution with nothing special."""
    table = np.random.default_rng(seed).random(sizes) + 0.1
    return torch.tensor(table / table.sum())


def made(phases: Any, at_once: int, joint: torch.Tensor = JOINT) -> torch.Tensor:
    """What filling in phases makes of an exact model of two letters."""
    result: torch.Tensor = text.filling(
        text.exact(joint), joint.ndim, 2, text.listed(*phases), at_once
    )
    return result


def half_up(value: float, places: str = "0.1") -> str:
    """A number as people and browsers round it."""
    return str(Decimal(repr(round(value, 9))).quantize(Decimal(places), ROUND_HALF_UP))


# The model.


def test_the_chain_is_that_of_the_page() -> None:
    assert [32 * float(JOINT[x]) for x in TEXTS[:4]] == pytest.approx([9, 3, 1, 3])
    said(
        r"So aaa has $\frac{1}{2} \cdot \frac{3}{4} \cdot \frac{3}{4} = \frac{9}{32}$",
        r"aab has $\frac{3}{32}$, aba $\frac{1}{32}$ and abb $\frac{3}{32}$",
        "stays the same with probability 3/4",
    )
    torch.testing.assert_close(JOINT, JOINT.flip(0, 1, 2))


def test_the_exact_model_conditions_on_what_is_seen() -> None:
    joint = some(3, 3, 3, 3)
    guess = text.exact(joint)
    rows = guess((3, 1, 3, 2))
    table = joint[:, 1, :, 2] / joint[:, 1, :, 2].sum()
    torch.testing.assert_close(rows[0], table.sum(1))
    torch.testing.assert_close(rows[2], table.sum(0))
    assert rows[1].tolist() == pytest.approx([0, 1, 0])


def test_what_a_perfect_network_knows() -> None:
    assert GUESS((0, 2, 2))[1, 0] == pytest.approx(3 / 4)
    assert GUESS((0, 2, 2))[2, 0] == pytest.approx(5 / 8)
    assert GUESS((0, 2, 0))[1, 0] == pytest.approx(9 / 10)
    said(
        r"$\frac{9}{16} + \frac{1}{16} = \frac{5}{8}$",
        r"the first is $\frac{9}{10}$",
        "a model that reads from left to right would say 3/4",
    )


def test_the_training_example() -> None:
    right = [float(GUESS((0, 2, 2))[n, letter]) for n, letter in ((1, 0), (2, 1))]
    assert right == pytest.approx([3 / 4, 3 / 8])
    cost = [-math.log(p) for p in right]
    said(
        f"Their cross-entropies are ${cost[0]:.3f}$ and ${cost[1]:.3f}$",
        f"${sum(cost):.3f} / 0.5 = {sum(cost) / 0.5:.2f}$",
        f"the loss of aab is {-math.log(3 / 32):.3f}",
    )
    table = diagram.numbers()
    assert table["loss"][0] == pytest.approx(sum(cost) / 0.5)
    assert table["drawn"] == pytest.approx([0.5, 0.75, 0.25])
    said("probabilities of a and b, 0.750 and 0.250 for place 2, 0.625 and 0.375 for place 3")


def test_masks_hide_at_the_given_rate_and_the_loss_counts_hidden_places_alone() -> None:
    generator = torch.Generator().manual_seed(3)
    x = text.draw(JOINT, 4000, generator)
    share = torch.zeros(8).index_add(0, x @ torch.tensor([4, 2, 1]), torch.ones(4000)) / 4000
    torch.testing.assert_close(share.double(), JOINT.flatten(), atol=0.03, rtol=0)
    t = text.when(4000, generator)
    assert 0 < t.min() < 0.01 < 0.99 < t.max() <= 1
    masked = text.mask(x, torch.full((4000,), 0.3), 2, generator)
    hidden = masked == 2
    assert torch.equal(masked[~hidden], x[~hidden])
    assert float(hidden.double().mean()) == pytest.approx(0.3, abs=0.02)
    logits = torch.randn(4000, 3, 2, generator=generator)
    t = torch.linspace(0.2, 1, 4000)
    chosen = logits.log_softmax(-1).gather(2, x[..., None])[..., 0]
    told = -(chosen * hidden).sum(1) / t
    torch.testing.assert_close(text.loss(logits, x, masked, t), told.mean())


def test_the_loss_of_many_masks_is_the_negative_log_likelihood_of_an_exact_model() -> None:
    generator = torch.Generator().manual_seed(4)
    x = torch.tensor([[0, 0, 1]]).repeat(60000, 1)
    t = text.when(60000, generator)
    masked = text.mask(x, t, 2, generator)
    logs = torch.stack(
        [
            GUESS(tuple(row)).log().clamp_min(-50).float()
            for row in itertools.product((0, 2), (0, 2), (1, 2))
        ]
    )
    which = (masked == 2).long() @ torch.tensor([4, 2, 1])
    found = text.loss(logs[which], x, masked, t)
    assert float(found) == pytest.approx(-math.log(3 / 32), abs=0.05)


# Filling.


def test_one_place_a_call_is_exact_in_any_order_also_one_that_depends_on_what_is_seen() -> None:
    joint = some(2, 2, 2, seed=1)
    guess = text.exact(joint)
    for order in itertools.permutations(range(3)):
        torch.testing.assert_close(made((order,), 1, joint), joint)
    torch.testing.assert_close(text.filling(guess, 3, 2, text.surest, 1), joint)


def test_the_table_of_three_orders() -> None:
    factors = {
        "left to right": (0, 1, 2),
        "both ends, then the middle": (0, 2, 1),
        "the middle, then both ends": (1, 0, 2),
    }
    want = (0, 0, 1)
    for name, told, product in rows_of("tab-text-diffusion-orders"):
        seen, parts = [2, 2, 2], []
        for place in factors[name]:
            parts.append(float(GUESS(tuple(seen))[place, want[place]]))
            seen[place] = want[place]
        printed = [float(a) / float(b) for a, b in (part.split("}{") for part in _cut(told))]
        assert printed == pytest.approx(parts)
        assert product == "3/32"
        assert math.prod(parts) == pytest.approx(3 / 32)
    said("b at the end after a at the start has 3/8")


def _cut(told: str) -> list[str]:
    """The fractions of a row, a}{b each."""
    return [part.split("}", 2)[0] + "}{" + part.split("{", 2)[1].split("}")[0] for part in (
        piece for piece in told.split(r"\frac{")[1:]
    )]  # fmt: skip


def test_what_several_places_at_once_spoil() -> None:
    assert text.off(JOINT, made(LEFT, 3)) == pytest.approx(10 / 32)
    said(r"$\frac{1}{2} \cdot \frac{2}{32} (5 + 1 + 3 + 1) = \frac{10}{32}$, or 31 %")
    torch.testing.assert_close(made(LEFT, 3), torch.full((2, 2, 2), 1 / 8).double())
    both = made(ENDS, 2)
    assert float(both[0, :, 0].sum() + both[1, :, 1].sum()) == pytest.approx(1 / 2)
    assert float(JOINT[0, :, 0].sum() + JOINT[1, :, 1].sum()) == pytest.approx(5 / 8)
    assert text.off(JOINT, both) == pytest.approx(1 / 8)
    said(
        "equal in half of the texts instead of in 5/8, and 1/8 is off",
        "all eight texts come with 1/8",
    )
    torch.testing.assert_close(made(MIDDLE, 2), JOINT)
    four = text.chain(4)
    for order in itertools.permutations(range(4)):
        assert text.lost(four, made((order,), 2, four)) > 0.03


@pytest.mark.equation("eq-text-diffusion-parallel")
def test_one_call_loses_the_total_correlation(printed: Equations) -> None:
    joint = some(3, 4, 2, seed=2)
    fill = text.filling  # letters of one size: the places are padded
    wide = torch.zeros(4, 4, 4).double()
    wide[:3, :4, :2] = joint
    q = fill(text.exact(wide), 3, 4, text.listed((0, 1, 2)), 3)[:3, :4, :2]
    every = list(itertools.product(range(3), range(4), range(2)))  # a text is its number here
    marginals = [joint.sum(axes).tolist() for axes in ((1, 2), (0, 2), (0, 1))]
    printed("eq-text-diffusion-parallel").holds(
        {
            r"\operatorname{KL}(p \,\|\, q)": text.lost(joint, q),
            "p": lambda x: float(joint.flatten()[int(x)]),
            "m_i(x_i)": Given(("i", "x"), lambda i, x: marginals[i - 1][every[x][i - 1]]),
            "x": Each(range(24)),
            "S_i": Given(("i",), lambda i: float(stats.entropy(marginals[i - 1]))),
            "S": float(stats.entropy(joint.flatten().numpy())),
            "L": 3,
        },
        free=("p",),
    )


def test_the_nats_that_one_call_loses() -> None:
    entropy = -float((JOINT * JOINT.log()).sum())
    said(
        f"In the example $S_i = \\log 2$ and $S = {entropy:.3f}$, so one call loses "
        f"{text.lost(JOINT, made(LEFT, 3)):.3f} nats a text",
        f"The two ends alone lose {text.lost(JOINT, made(ENDS, 2)):.3f}",
    )
    assert text.lost(JOINT, made(LEFT, 3)) == pytest.approx(3 * math.log(2) - entropy)


def test_generation_draws_what_filling_says() -> None:
    generator = torch.Generator().manual_seed(5)
    counts = torch.zeros(2, 2, 2)
    for _ in range(1500):
        stages = text.generate(GUESS, 3, 2, text.listed(*ENDS), 2, generator)
        assert stages[0] == (2, 2, 2)
        assert [row.count(2) for row in stages] == [3, 1, 0]
        assert all(a in (2, b) for a, b in zip(stages[1], stages[2], strict=True))
        counts[stages[-1]] += 1
    torch.testing.assert_close(counts.double() / 1500, made(ENDS, 2), atol=0.04, rtol=0)


def test_a_network_learns_the_chain_and_needs_no_time() -> None:
    table = style.read_table(PAGE.with_suffix("") / "learned.csv")
    assert table["steps"] == [0, 10, 20, 50, 100, 200]
    end, least, most = (
        {name: table[name + part][-1] for name in figures.NAMES}
        for part in ("", ", least", ", most")
    )
    anyhow, one, many, bound = figures.ANY, figures.ONE, figures.MANY, figures.BOUND
    said(
        f"after 200 steps a small network [is {end[anyhow]:.4f} nats above the best](#learned)",
        f"larger batches ({end[many]:.4f}) or a smaller rate",
        f"After 200 steps the first is {end[anyhow]:.4f} nats above the best, from {least[anyhow]:.4f} to "
        f"{most[anyhow]:.4f} in ten seeds; the second {end[one]:.4f}, from {least[one]:.4f} to "
        f"{most[one]:.4f}.",
        f"the mean is {table[anyhow][3]:.4f} after 50 steps, {end[anyhow]:.4f} after 200, where one seed "
        f"of ten stands at {most[anyhow]:.4f}",
        f"Batches of 8,192 leave {end[many]:.4f} after 200 steps",
        f"by {end[bound] - end[anyhow]:.4f} nats at the end",
    )
    assert len(figures.SEEDS) == 10
    said(
        "mean of ten seeds", "if not said otherwise, 256 texts a batch", "with batches of 256 texts"
    )
    for above, likelihood in zip(table[bound], table[anyhow], strict=True):
        assert above > likelihood
    said("has the 19 texts with a mask as questions, that for one order only seven")
    assert 3**3 - 2**3 == 19
    assert 1 + 2 + 4 == 7


def test_without_draws_nothing_is_left_to_learn() -> None:
    table = style.read_table(PAGE.with_suffix("") / "learned.csv")
    exact, many = table[figures.EXACT], table[figures.MANY]
    assert table["steps"][4] == 100
    assert table[f"{figures.EXACT}, most"][4] < 0.0001
    said("every seed is less than 0.0001 above after 100 steps")
    assert exact[-1] < figures.FLOOR
    assert all(a > b for a, b in itertools.pairwise(exact))
    assert (len(figures.NAMES), figures.LARGE, table["steps"][3]) == (5, 8192, 50)
    said(
        "![Five lines", "all fall up to 50 steps", "with batches of 8,192 texts the line lies lower"
    )
    for name in (figures.BOUND, figures.ANY, figures.ONE):
        column = table[name]
        assert all(a > b for a, b in itertools.pairwise(column[:4]))
        assert column[-1] > 0.75 * column[3]
        assert min(column[3:]) > max(many[3:])
    assert table["steps"][0] == 0
    assert table[figures.ANY][3] < table[figures.ANY][4] < table[figures.ANY][5]
    said("logarithmic but for the 0", "then the likelihood for any order rises a little")
    x, masked, weight = figures.questions()
    told = sum(float(JOINT[letters]) * orders.expected_loss(GUESS, letters, 2) for letters in TEXTS)
    found = sum(
        float(w)
        * sum(-math.log(GUESS(tuple(row))[n, v]) for n, v in enumerate(letters) if row[n] == 2)
        for letters, row, w in zip(x.tolist(), masked.tolist(), weight, strict=True)
    )
    assert found == pytest.approx(told)


def test_the_picture_of_the_samplers_is_described_as_it_is() -> None:
    table = style.read_table(PAGE.with_suffix("") / "example.csv")
    data, ends, draw, once = (table[name] for name in table)
    assert data[0] == data[7] == max(data)
    for k in (0, 7):
        assert ends[k] < data[k] < draw[k]
    assert once == pytest.approx([1 / 8] * 8)
    said(
        "both ends first lie a little below the bars at aaa and bbb, the surest draw kept lies above"
    )


# The demo.


def ways() -> dict[str, tuple[Any, str]]:
    """The demo's ways of filling, for three letters: how Python does them."""
    fill = text.filling

    def random(guess: Any, length: int, at_once: int) -> torch.Tensor:
        every = [
            fill(guess, length, 2, text.listed(order), at_once)
            for order in itertools.permutations(range(length))
        ]
        return torch.stack(every).mean(0)

    def fixed(which: str) -> Any:
        def way(guess: Any, length: int, at_once: int) -> torch.Tensor:
            ends, middle = (0, length - 1), tuple(range(1, length - 1))
            parts = {
                "left": (tuple(range(length)),),
                "ends": (ends, middle),
                "middle": (middle, ends),
            }
            result: torch.Tensor = fill(guess, length, 2, text.listed(*parts[which]), at_once)
            return result

        return way

    return {
        "left": fixed("left"),
        "ends": fixed("ends"),
        "middle": fixed("middle"),
        "random": random,
        "place": lambda guess, length, k: fill(guess, length, 2, text.surest, k),
        "draw": lambda guess, length, k: repair.surest_draws(guess, length, 2, k),
    }


def golden() -> dict[str, object]:
    """The cases that the demo and Python must agree on."""
    cases: list[dict[str, object]] = []

    def case(function: str, args: list[Any], returns: Any) -> None:
        cases.append({"function": function, "args": args, "returns": returns})

    for length, stay in ((3, 0.75), (4, 0.9)):
        joint = text.chain(length, stay)
        guess = text.exact(joint)
        case("data", [length, stay], joint.flatten().tolist())
        for name, way in ways().items():
            for at_once in (1, 2, length):
                if length == 4 and (at_once == 4 or (name == "random" and at_once == 1)):
                    continue
                case(
                    "made",
                    [length, stay, name, at_once],
                    way(guess, length, at_once).flatten().tolist(),
                )
    for seen in ((2, 2, 2), (0, 2, 2), (0, 2, 0), (2, 1, 2), (1, 2, 0)):
        case("guess", [list(seen), 0.75], GUESS(seen).tolist())
    once = made(LEFT, 3)
    after = repair.remask(GUESS, once)
    case("remask", [3, 0.75, once.flatten().tolist()], after.flatten().tolist())
    flat = [JOINT.flatten().tolist(), after.flatten().tolist()]
    case("off", flat, text.off(JOINT, after))
    case("lost", flat, text.lost(JOINT, after))
    case("calls", [4, "middle", 2], 2)
    case("calls", [3, "left", 2], 2)
    return {"module": "models/text-diffusion/text-diffusion.mjs", "tolerance": 1e-5, "cases": cases}


def test_golden_values_are_current() -> None:
    shared.current(GOLDEN, golden())


def test_the_presets_show_what_the_page_says() -> None:
    told = dict(rows_of("tab-text-diffusion-try"))
    gone = {
        "All at once": made(LEFT, 3),
        "Ends together": made(ENDS, 2),
        "Surest draw": repair.surest_draws(GUESS, 3, 2, 1),
    }
    for name, result in gone.items():
        assert f"{half_up(100 * text.off(JOINT, result))} % are off" in told[f"*{name}*"]
    now = gone["All at once"]
    for _ in range(5):
        now = repair.remask(GUESS, now)
    assert f"*Remask* five times leaves {100 * text.off(JOINT, now):.1f} %" in told["*All at once*"]
    assert text.off(JOINT, made(MIDDLE, 2)) < 1e-12
    four = text.chain(4)
    assert text.off(four, made(((1, 2), (0, 3)), 2, four)) > 0.1


# Exercises.


@pytest.mark.answer("answer-text-diffusion-guess")
def test_exercise_1_two_guesses(answer: Bench) -> None:
    middle, third = GUESS((0, 2, 1))[1, 1], GUESS((2, 1, 2))[2, 1]
    wrong = GUESS((0, 2, 0))[1, 1]
    answer("answer-text-diffusion-guess").is_(
        (float(middle), float(third)), (float(wrong), float(third))
    )


@pytest.mark.answer("answer-text-diffusion-share")
def test_exercise_2_a_chain_that_stays_more(answer: Bench) -> None:
    joint = text.chain(3, 0.9)
    assert float(joint[0, 0, 0]) == pytest.approx(0.405)
    found = [text.off(j, made(LEFT, 3, j)) for j in (joint, JOINT)]
    answer("answer-text-diffusion-share").is_(*found)


@pytest.mark.answer("answer-text-diffusion-order")
def test_exercise_3_no_two_of_four_letters_are_independent(answer: Bench) -> None:
    four = text.chain(4)
    for pair in itertools.combinations(range(4), 2):
        rest = tuple(n for n in range(4) if n not in pair)
        assert text.lost(four, made((pair, rest), 2, four)) > 0.01
    answer("answer-text-diffusion-order").is_("None does.")


@pytest.mark.answer("answer-text-diffusion-bound")
def test_exercise_4_two_means(answer: Bench) -> None:
    logs = torch.tensor([0.2, 0.05]).double().log()
    likelihood, bound = float(logs.exp().mean()), float(logs.mean().exp())
    answer("answer-text-diffusion-bound").is_((likelihood, bound), (bound, likelihood))


@pytest.mark.answer("answer-text-diffusion-four")
def test_exercise_5_the_surest_draw_of_four_letters(answer: Bench) -> None:
    found = [
        text.off(text.chain(n), repair.surest_draws(text.exact(text.chain(n)), n, 2, 1))
        for n in (4, 3)
    ]
    answer("answer-text-diffusion-four").is_(*found)


@pytest.mark.answer("answer-text-diffusion-texts")
def test_exercise_6_when_left_to_right_is_faster(answer: Bench) -> None:
    speed = import_module("docs.models.text-diffusion.speed")

    def first(sizes: Any) -> int:
        block = partial(speed.rate, places=speed.BLOCK, kept=8)
        return next(n for n in sizes if speed.rate(n, 1, 1) > block(n))

    answer("answer-text-diffusion-texts").is_(first(range(1, 200)), first(figures.SIZES))
    said(f"15,453 tokens a second, and left to right has {speed.rate(1, 1, 1):.1f} for each text")


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.with_suffix("") / "text_diffusion.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "the middle, then both ends, 2 at once: 0.0000 off" in out
    assert "left to right, 3 at once: 0.3125 off, 0.2616 nats" in out
