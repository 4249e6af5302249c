"""Where a state-space layer fails and what cures it, selection measured, and the exercises."""

from importlib import import_module

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from scripts.figures import state_space as figures
from scripts.figures import style
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.printed.bound import columns
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = style.DOCS / "architectures" / "state-space.md"
FOLDER = PAGE.with_suffix("")
ssm = import_module("docs.architectures.state-space.state_space")
latest = import_module("docs.architectures.state-space.latest")
pytestmark = pytest.mark.usefixtures("one_thread")
said = sayings(PAGE)


def test_the_sum_over_elements_is_the_recurrence_step_by_step() -> None:
    draw = torch.Generator().manual_seed(3)
    weights = latest.start(2, draw)
    x, _ = latest.rows((2, 3, 7), 0.3, draw)
    for kind in latest.KINDS:
        with torch.no_grad():
            found = latest.answer(weights, x, kind)
            for network in range(2):
                w = {name: value[network].double() for name, value in weights.items()}
                for row in range(3):
                    known = one_by_one(w, x[network, row].double(), kind)
                    assert found[network, row].item() == pytest.approx(known, abs=1e-5)


def one_by_one(w: dict[str, Tensor], x: Tensor, kind: str) -> float:
    """One network and one row, by the hold and the recurrence of the page."""
    silu = torch.nn.functional.silu
    a = -torch.arange(1.0, latest.STATE + 1).double()
    h = torch.zeros(latest.WIDTH, latest.STATE).double()
    c = w["c bias"][0]
    for element in x:
        u = silu(w["in"] @ element + w["in bias"][0])
        moved = w["step"] @ u if kind in ("step", "all") else 0
        step = torch.nn.functional.softplus(w["step bias"][0] + moved)
        b = w["b bias"][0]
        if kind in ("input and output", "all"):
            b, c = w["b"] @ u + b, w["c"] @ u + w["c bias"][0]
        keep, take = ssm.hold(a, b, step[:, None])
        h = keep * h + take * u[:, None]
    y = silu(w["hidden"] @ (h @ c) + w["hidden bias"][0])
    return (w["out"] @ y + w["out bias"][0]).item()


def test_the_answer_is_the_value_at_the_last_mark() -> None:
    x, y = latest.rows((2, 50, 9), 0.3, torch.Generator().manual_seed(0))
    for row, answer in zip(x.flatten(0, 1), y.flatten(), strict=True):
        assert answer == [value for value, mark in row.tolist() if mark][-1]


def test_what_selection_buys_as_told() -> None:
    table = style.read_table(FOLDER / "selection.csv")
    noise = [int(n) for n in table["noise"]]
    at = {name: dict(zip(noise, table[name], strict=True)) for name in table}
    eight = [at[kind][8] for kind in latest.KINDS]
    assert max(eight[2:]) < min(eight[:2]) / 50
    for kind in ("fixed", "input and output"):  # they rise at every point
        assert table[kind] == sorted(table[kind])
    for n in noise:
        assert at["step greatest"][n] < at["fixed least"][n] / 3
        assert at["all greatest"][n] < at["fixed least"][n] / 2
    assert {f"{at['step'][n]:.4f}" for n in (0, 2, 4, 8)} == {"0.0012", "0.0013"}
    assert {f"{at['all'][n]:.3f}" for n in (0, 2, 4, 8)} == {"0.002"}
    for n in noise:
        assert at["all"][n] > at["step"][n]
    few = [at["input and output"][n] for n in (0, 8, 16, 32)]
    none = [at["fixed"][n] for n in (0, 8, 16, 32)]
    said(
        f"the mean squared error is {eight[0]:.2f} with a fixed step, and {eight[2]:.4f} with a step",
        f"always saying 0 would give {1 / 3:.2f}",
        f"Letting $b$ and $c$ depend on it instead leaves {eight[1]:.2f}",
        f"Fixed: it rises from {none[0]:.2f} to {none[3]:.2f}.",
        f"B and C chosen: it rises from {few[0]:.2f} to {few[3]:.2f}.",
        f"Step chosen: {at['step'][2]:.4f} to {at['step'][8]:.4f} up to 8, then"
        f" {at['step'][16]:.3f} and {at['step'][32]:.2f}.",
        f"All chosen: about {at['all'][4]:.3f} up to 8, then {at['all'][16]:.3f} and {at['all'][32]:.2f}]",
        f"the error is {at['step'][8]:.4f} or less up to eight elements of noise, and rises to"
        f" {at['step'][32]:.2f} ({at['step least'][32]:.2f} to {at['step greatest'][32]:.2f}) at 32",
        f"The error is {few[0]:.2f} without noise, {few[1]:.2f} after eight elements and {few[2]:.2f} after sixteen.",
        "Mean squared error against 0 to 32 elements of noise after the last mark.",
        "at 32, twice as many elements as a row in training had",
        f"as well does not help here: {eight[3]:.4f} after eight and {at['all'][32]:.2f} after 32;",
        f"With nothing chosen it is {none[0]:.2f}, {none[1]:.2f} and {none[2]:.2f}.",
        f"| error {eight[0]:.2f} after eight elements of noise |",
        "Eight channels, $N = 2$, 150 steps of training on rows of 16; mean and range of four networks.",
    )
    assert (latest.WIDTH, latest.STATE) == (8, 2)
    assert latest.train.__defaults__ == (4, 150, 16)


@pytest.mark.equation("eq-state-space-crosstalk")
def test_a_full_state_mixes_its_pairs(printed: Equations) -> None:
    draw = torch.Generator().manual_seed(4)
    k = normalize(torch.randn(5, 3, generator=draw).double(), dim=1)
    v = torch.randn(5, 2, generator=draw).double()
    S = torch.zeros(2, 3).double()
    for key, value in zip(k, v, strict=True):
        S = ssm.update(S, key, value)
    for j in (2, 4):
        others = sum(
            (float(k[s] @ k[j - 1]) * v[s] for s in range(5) if s != j - 1), torch.zeros(2)
        )
        torch.testing.assert_close(S @ k[j - 1], v[j - 1] + others)
    printed("eq-state-space-crosstalk").holds(
        {"S": S.numpy(), r"\mathbf{k}": columns(k), r"\mathbf{v}": columns(v), "P": 5}
        | {"j": 2, "s": Each([1, 2, 3, 4, 5])},
        free=("j",),
    )


def test_recall_as_told() -> None:
    table = style.read_table(FOLDER / "recall.csv")
    for n, found, spread in zip(
        table["pairs"], table["added"], table["added deviation"], strict=True
    ):
        assert found == pytest.approx(
            (n - 1) / figures.KEYS, abs=1e-12 + 3 * spread / figures.DRAWS**0.5
        )
    row = {name: dict(zip(table["pairs"], table[name], strict=True)) for name in table}
    for n in table["pairs"][1:]:
        assert row["delta"][n] < row["added"][n]
    off = [100 * (1 - row["delta"][n] / row["added"][n]) for n in table["pairs"][1:]]
    said(f"The delta rule takes {min(off):.0f} to {max(off):.0f} % off the error in our runs;")
    said(
        f"a straight line from 0 to {row['added'][32]:.2f}, on the dotted formula.",
        f"Delta rule: below it, {row['delta'][16]:.2f} at 16 pairs and {row['delta'][32]:.2f} at 32]",
        f"at 16 pairs ${row['delta'][16]:.2f} \\pm {row['delta deviation'][16]:.2f}$ against"
        f" ${row['added'][16]:.2f} \\pm {row['added deviation'][16]:.2f}$",
        f"16 pairs: error {row['added'][16]:.2f} of the mean square | the delta rule:"
        f" {row['delta'][16]:.2f};",
        "Recall from a state of $16 \\times 16$ numbers.** Mean and standard deviation of 20 draws",
    )
    assert (figures.KEYS, figures.DRAWS) == (16, 20)
    said("Error over the mean square of the values against 1 to 32 pairs.")
    assert (table["pairs"][0], table["pairs"][-1]) == (1, 32)
    right = torch.linalg.qr(torch.randn(16, 16, generator=torch.Generator().manual_seed(0)))[0]
    S = torch.zeros(16, 16)
    for n, key in enumerate(right):
        S = ssm.update(S, key, right[n].roll(1))
    torch.testing.assert_close(S @ right[3], right[3].roll(1))


def test_a_reflection_counts_odd_and_even() -> None:
    bits = torch.randint(0, 2, (200,), generator=torch.Generator().manual_seed(0))
    key, S = normalize(torch.tensor([0.3, -0.8]), dim=0), torch.tensor([[0.3, -0.8]]) / 0.73**0.5
    h = 1
    for bit in bits.tolist():
        h *= 1 - 2 * bit
        S = ssm.update(S, key, torch.zeros(1), beta=2.0 * bit)
    assert h == (-1) ** int(bits.sum())
    torch.testing.assert_close(S @ key, torch.tensor([float(h)]), rtol=1e-3, atol=1e-3)
    said(
        "The state $h_t = (1 - 2 x_t)\\, h_{t-1}$ from $h_0 = 1$ knows",
        "In the delta rule $\\beta = 2$",
    )


def cup(rule: str, seconds: float) -> tuple[Tensor, Tensor]:
    """What the cup keeps and takes by a rule."""
    one = torch.ones(1).double()
    keep, take = getattr(ssm, rule)(ssm.RATE * one, -ssm.RATE * one, seconds * one)
    return keep, take


def test_euler_explodes_and_the_hold_does_not() -> None:
    x = torch.zeros(40).double()
    x[0] = 1
    one = torch.ones(1).double()
    wrong = ssm.steps(*cup("euler", 4), one, x)
    right = ssm.steps(*cup("hold", 4), one, x)
    assert abs(wrong[-1]) > 1e9
    assert right.abs().max() < 1
    factor = f"{cup('euler', 4)[0].item():.2f}"
    said(
        f"four seconds that is $1 - 4 \\log 2 = {factor}$",
        f"Euler keeps ${factor}$ and takes {cup('euler', 4)[1].item():.2f}",
    )
    assert cup("hold", 4)[0].item() == pytest.approx(1 / 16)


def test_products_vanish_and_sums_do_not() -> None:
    half = torch.full((200,), 0.5)
    product = half.cumprod(0)
    assert int((product > 0).sum()) == 149
    assert torch.isnan(product[-1] / product[-3])
    assert ssm.decay(half.log())[-1, -3].item() == pytest.approx(0.25, rel=1e-4)
    said("In 32-bit numbers 150 factors of $1/2$ give exactly 0, and the ratio is $0/0$.")


# The exercises.


@pytest.mark.answer("answer-state-space-hold")
def test_exercise_1_two_seconds(answer: Bench) -> None:
    x, one = torch.tensor([8.0, 0]).double(), torch.ones(1).double()
    found = {n: (*cup("hold", n), ssm.steps(*cup("hold", n), one, x)[-1]) for n in (1, 2)}
    answer("answer-state-space-hold").is_(
        [float(n) for n in found[2]], [float(n) for n in found[1]]
    )


@pytest.mark.answer("answer-state-space-join")
def test_exercise_2_three_steps(answer: Bench) -> None:
    pairs = [(1 / 2, 4.0), (1 / 4, 1.0), (1 / 2, 2.0)]
    found = ssm.join(ssm.join(pairs[0], pairs[1]), pairs[2])
    assert found == ssm.join(pairs[0], ssm.join(pairs[1], pairs[2]))
    answer("answer-state-space-join").is_(list(found), [found[0], sum(add for _, add in pairs)])


@pytest.mark.answer("answer-state-space-delta")
def test_exercise_3_two_pairs(answer: Bench) -> None:
    first, second = torch.tensor([1.0, 0]).double(), torch.tensor([0.6, 0.8]).double()
    read = []
    for beta in (1.0, None):
        S = torch.zeros(1, 2).double()
        for key, value in ((first, 3.0), (second, 5.0)):
            S = ssm.update(S, key, torch.tensor([value]).double(), beta=beta)
        read.append((S @ first).item())
    answer("answer-state-space-delta").is_(read)


@pytest.mark.answer("answer-state-space-convolution")
def test_exercise_4_which_is_a_convolution(answer: Bench) -> None:
    x = torch.randn(20, generator=torch.Generator().manual_seed(0)).double()

    def shifts(keep: Tensor, add: Tensor) -> bool:
        """Whether an input one step later gives the output one step later."""
        zero = torch.zeros(1).double()
        moved = ssm.scan(torch.cat([keep[:1], keep])[:20], torch.cat([zero, add])[:20])
        return torch.allclose(moved[1:], ssm.scan(keep, add)[:19])

    assert shifts(torch.full((20,), 0.5).double(), 0.5 * x)
    chosen = torch.sigmoid(x)
    impulses = [ssm.scan(chosen, torch.eye(20).double()[n])[n + 3] for n in (0, 5)]
    assert abs(impulses[0] - impulses[1]) > 0.01  # the same distance, another weight
    answer("answer-state-space-convolution").is_(
        "One whose step, $b$ and $c$ are the same at every token."
    )


@pytest.mark.answer("answer-state-space-bytes")
def test_exercise_5_bytes(answer: Bench) -> None:
    sizes = [ssm.state_bytes(48, 4096, 128, number) for number in (2, 1)]
    answer("answer-state-space-bytes").is_(*([n / 2**20, n / (128 * 1024)] for n in sizes))


@pytest.mark.answer("answer-state-space-euler")
def test_exercise_6_euler(answer: Bench) -> None:
    x, one = torch.tensor(ssm.SIGNAL).double(), torch.ones(1).double()
    answer("answer-state-space-euler").is_(
        [ssm.steps(*cup(rule, 4), one, x)[-1].item() for rule in ("euler", "hold")]
    )


@pytest.mark.answer("answer-state-space-underflow")
def test_exercise_7_products(answer: Bench) -> None:
    factors = int((torch.full((200,), 0.5).cumprod(0) > 0).sum()) + 1
    kept = ssm.decay(torch.full((200,), 0.5).double().log())[-1, 0].log2().item()
    assert np.float32(2.0**-149) > 0
    said("The smallest positive 32-bit number is $2^{-149}$.", "of 200 steps lie 199 factors.")
    answer("answer-state-space-underflow").is_([factors, round(kept, 9)])
