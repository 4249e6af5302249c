"""Developing architectures: the memory against torch and the page on state spaces; the figures; what the text says."""

import runpy
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap
from torch.utils.flop_counter import FlopCounterMode

from scripts.figures import developing as figures
from scripts.figures import style
from scripts.printed.values import Each, From
from tests.draws import normal
from tests.printed.bound import column
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = style.DOCS / "models" / "developing.md"
FOLDER = PAGE.with_suffix("")
developing = import_module("docs.models.developing.developing")
practice = import_module("docs.models.developing.practice")
tracking = import_module("docs.models.developing.tracking")
ssm = import_module("docs.architectures.state-space.state_space")
pytestmark = pytest.mark.usefixtures("one_thread")
said = sayings(PAGE)
rows_of = tables(PAGE)


def gradients(M: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Of the halved squared errors, summed over tokens, by automatic differentiation: M (D, D), k and v (C, D)."""
    M = M.clone().requires_grad_()
    (0.5 * (k @ M.T - v).square().sum()).backward()  # type: ignore[no-untyped-call]
    assert M.grad is not None
    return M.grad


# The memory.


@pytest.mark.equation("eq-developing-gradient")
def test_the_gradient_by_hand_is_that_of_torch(printed: Equations) -> None:
    M, k, v = normal(3, 3), normal(3, seed=1), normal(3, seed=2)
    known = gradients(M, k[None], v[None])
    torch.testing.assert_close(developing.gradient(M, k, v), known)
    many = normal(5, 2, 3, 3, seed=3)
    torch.testing.assert_close(
        developing.gradient(many, k, v)[4, 1], gradients(many[4, 1], k[None], v[None])
    )
    printed("eq-developing-gradient").holds(
        {
            "G": known.numpy(),
            "M": M.numpy(),
            "k": k.numpy(),
            "v": v.numpy(),
            r"\mathbf{k}": column(k),
            r"\mathbf{v}": column(v),
            "D": 3,
            "i": Each([1, 2, 3]),
            "j": Each([1, 2, 3]),
        }
    )


@pytest.mark.equation("eq-developing-update")
def test_a_step_is_one_of_gradient_descent_with_momentum_and_forgetting(printed: Equations) -> None:
    k, v = normal(3, 4, seed=4), normal(3, 4, seed=5)
    rates, momenta, forgets = [0.3, 0.7, 0.45], [0.9, 0.55, 0.35], [0.15, 0.25, 0.6]
    M, S, G = [normal(4, 4)], [normal(4, 4, seed=6)], []
    ours = M[0], S[0]
    for t in range(3):
        G.append(gradients(M[t], k[t : t + 1], v[t : t + 1]))
        ours = developing.step(*ours, k[t], v[t], rates[t], momenta[t], forgets[t])
        S.append(momenta[t] * S[t] + G[t] * -rates[t])
        M.append(M[t] - forgets[t] * M[t] + S[t + 1])
        torch.testing.assert_close(ours, (M[-1], S[-1]))
    printed("eq-developing-update").holds(
        {
            "S": From(0, [x.numpy() for x in S]),
            "M": From(0, [x.numpy() for x in M]),
            "G": [x.numpy() for x in G],
            r"\theta": rates,
            r"\eta": momenta,
            r"\alpha": forgets,
            "t": Each([1, 2, 3]),
        }
    )


def test_without_momentum_and_forgetting_it_is_the_delta_rule_of_the_page_on_state_spaces() -> None:
    M, k, v = normal(5, 5), normal(7, 5, seed=1), normal(7, 5, seed=2)
    theirs, S = M, torch.zeros_like(M)
    for t in range(7):
        M, S = developing.step(M, S, k[t], v[t], 0.2 + 0.05 * t, 0.0, 0.0)
        theirs = ssm.update(theirs, k[t], v[t], beta=0.2 + 0.05 * t)
        torch.testing.assert_close(M, theirs)
    # Gated DeltaNet forgets before it asks, so the two differ by what is forgotten of the answer
    gated = ssm.update(M, k[0], v[0], keep=0.9, beta=0.5)
    ours, _ = developing.step(M, S, k[0], v[0], 0.5, 0.0, 0.1)
    torch.testing.assert_close(gated - ours, 0.5 * 0.1 * torch.outer(M @ k[0], k[0]))


@pytest.mark.equation("eq-developing-error")
def test_what_a_step_does_to_the_error(printed: Equations) -> None:
    M, k, v = normal(3, 3), normal(3, seed=1), normal(3, seed=2)
    after, _ = developing.step(M, torch.zeros_like(M), k, v, 0.3, 0.0, 0.0)
    printed("eq-developing-error").holds(
        {
            "M": From(0, [M.numpy(), after.numpy()]),
            "G": gradients(M, k[None], v[None]).numpy(),
            r"\mathbf{k}": column(k),
            r"\mathbf{v}": column(v),
            r"\theta": 0.3,
        }
    )
    for length, rate, told in ((3.0, 0.5, [4, -14, 49]), (1.0, 0.5, [4, 2, 1])):
        held, kept, errors = torch.zeros(1, 1), torch.zeros(1, 1), []
        for _ in range(3):
            key = torch.tensor([length])
            errors.append(4 - (held @ key).item())
            held, kept = developing.step(held, kept, key, torch.tensor([4.0]), rate, 0.0, 0.0)
        assert errors == pytest.approx(told)
    said(
        "Ask for the value 4 under the key 3, by half steps.",
        "is $1 - \\tfrac12 \\cdot 9 = -3.5$: the error is 4, then −14, then 49.",
        "divides each key by its length; then it is 4, 2, 1.",
        "| the error grows from 4 to −14 to 49 | key of length 1, rate below 1 (less with momentum or chunks) |",
    )


@pytest.mark.equation("eq-developing-kept")
def test_what_momentum_adds_up_to(printed: Equations) -> None:
    k, v = normal(4, 3, seed=1), normal(4, 3, seed=2)
    M, S, kept, G = normal(3, 3), torch.zeros(3, 3).double(), [], []
    for t in range(4):
        G.append(gradients(M, k[t : t + 1], v[t : t + 1]))
        M, S = developing.step(M, S, k[t], v[t], 0.3, 0.6, 0.0)
        kept.append(S.numpy())
    printed("eq-developing-kept").holds(
        {
            "S": kept,
            "G": [x.numpy() for x in G],
            r"\theta": 0.3,
            r"\eta": 0.6,
            "t": Each([1, 3, 4]),
            "n": Each([3, 5]),
        }
    )
    assert sum(0.9**j for j in range(500)) == pytest.approx(10)
    said("with $\\eta = 0.9$ ten times as far as the rate says")


@pytest.mark.equation("eq-developing-batch")
def test_all_at_once_from_zero_is_linear_attention(printed: Equations) -> None:
    k, v, zero = normal(6, 3, seed=1), normal(6, 3, seed=2), torch.zeros(3, 3).double()
    M = developing.chunk(zero, k, v, 0.4)
    summed = zero
    for t in range(6):
        summed = ssm.update(summed, k[t], 0.4 * v[t])
    torch.testing.assert_close(M, summed)
    G = [gradients(zero, k[t : t + 1], v[t : t + 1]).numpy() for t in range(6)]
    printed("eq-developing-batch").holds(
        {
            "M": {6: M.numpy()},
            "G": G,
            r"\mathbf{k}": [column(x) for x in k],
            r"\mathbf{v}": [column(x) for x in v],
            r"\theta": 0.4,
            "T": 6,
        }
    )


@pytest.mark.equation("eq-developing-chunk")
def test_a_chunk_takes_its_gradients_at_one_memory(printed: Equations) -> None:
    M, k, v = normal(3, 3), normal(5, 3, seed=1), normal(5, 3, seed=2)
    after = M - 0.3 * gradients(M, k, v)
    torch.testing.assert_close(developing.chunk(M, k, v, 0.3), after)
    one, _ = developing.step(M, torch.zeros_like(M), k[0], v[0], 0.3, 0.0, 0.0)
    torch.testing.assert_close(developing.chunk(M, k[:1], v[:1], 0.3), one)
    printed("eq-developing-chunk").holds(
        {
            "M'": after.numpy(),
            "M": M.numpy(),
            r"\mathbf{k}": [column(x) for x in k],
            r"\mathbf{v}": [column(x) for x in v],
            r"\theta": 0.3,
            "C": 5,
        }
    )


@pytest.mark.equation("eq-developing-cost")
def test_the_cost_is_that_of_the_products(printed: Equations) -> None:
    d, n = 24, 35
    M, k, v, q = normal(d, d), normal(d, 1), normal(d, 1), normal(d, 1)
    with FlopCounterMode(display=False) as memory:
        error = M @ k - v
        written = M - error @ k.T
        _ = written @ q
    K, V = normal(n, d), normal(n, d)
    with FlopCounterMode(display=False) as attention:
        _ = V.T @ (K @ q)
    assert memory.get_total_flops() == developing.operations(d) == 6 * d**2 == 4 * (1.5 * d) * d
    assert developing.operations(d) + 3 * d**2 == 9 * d**2 == 4 * (2.25 * d) * d
    printed("eq-developing-cost").holds(
        {
            r"\text{memory}": memory.get_total_flops(),
            r"\text{attention}": attention.get_total_flops(),
            "D": d,
            "n": n,
        }
    )
    said(
        "With keys of $D$ numbers a token costs $6 D^2$ operations for error, writing and reading,"
        " $9 D^2$ with momentum and forgetting, however long the text is; attention to $n$ tokens costs"
        " $4 n D$, [as much at $n = 1.5\\, D$](#cost), or $2.25\\, D$.",
        "What is kept are $M$ and $S$, $2 D^2$ numbers, against $2 n D$ in a cache",
        "momentum and forgetting, which add $3 D^2$",  # eta S, (1 - alpha) M, and one sum more
    )


def test_the_layer_step_by_step_and_what_it_learns_from() -> None:
    generator = torch.Generator().manual_seed(3)
    weights = {
        n: w.double() for n, w in developing.initial(4, generator, (0.3, -0.2, -1.0)).items()
    }
    weights |= {n: normal(8, seed=i) for i, n in enumerate(developing.GATES)} | {
        "start": normal(4, 4)
    }
    x = normal(5, 8, seed=9)
    M, S, out = weights["start"].numpy(), np.zeros((4, 4)), []
    for token in x.numpy():
        k, v, q = (weights[n].numpy() @ token for n in "kvq")
        k = k / np.sqrt((k**2).sum())
        rate, momentum, forget = (
            1 / (1 + np.exp(-(weights[n].numpy() @ token + weights["bias"][i].item())))
            for i, n in enumerate(developing.GATES)
        )
        S = momentum * S - rate * np.outer(M @ k - v, k)
        M = (1 - forget) * M + S
        out.append(M @ q)
    np.testing.assert_allclose(developing.layer(x, weights), out)
    for w in weights.values():
        w.requires_grad_()
    developing.layer(x, weights)[-1].square().sum().backward()
    assert all(w.grad is not None and w.grad.abs().max() > 0 for w in weights.values())
    rows, wanted = developing.task(3, 4, 5, generator)
    assert (rows.shape, wanted.shape) == ((3, 5, 10), (3, 5))
    for row, value in zip(rows, wanted, strict=True):
        same = (row[:-1, :5] == row[-1, :5]).all(1)
        torch.testing.assert_close(row[:-1, 5:][same], value[None])
        assert not row[-1, 5:].any()
    batch = vmap(developing.layer, (0, None))(x.detach()[None], weights)
    torch.testing.assert_close(batch[0], developing.layer(x, weights))


# The lines of a library, and the program.


def test_an_optimiser_of_torch_does_the_same() -> None:
    k, v, q = (normal(6, 4, seed=s) for s in range(3))
    memory = torch.nn.Linear(4, 4, bias=False, dtype=torch.float64)
    M, S, out = memory.weight.detach().clone(), torch.zeros(4, 4).double(), []
    for t in range(6):
        M, S = developing.step(M, S, k[t], v[t], 0.1, 0.6, 0.0)
        out.append(M @ q[t])
    torch.testing.assert_close(practice.read(k, v, q, memory, 0.1, 0.6), torch.stack(out))
    deep = practice.deep(4).double()
    before = [w.detach().clone() for w in deep.parameters()]
    assert practice.read(k, v, q, deep, 0.1, 0.0).shape == (6, 4)
    assert all((a != b).any() for a, b in zip(before, deep.parameters(), strict=True))


def test_the_program_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "developing.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[2:] == ["2.00", "3.00", "3.50", "5.75"]
    assert lines[2].split()[1:] == ["2.00", "4.00", "5.00", "7.00"]
    assert float(lines[3].split()[-1]) < 1e-12


# What the text says of the example and of the figures.


def test_the_example_as_told() -> None:
    table = style.read_table(FOLDER / "example.csv")
    assert table["half"][:4] == developing.example(0.5, 0.0) == [2, 3, 3.5, 5.75]
    assert table["whole"] == table["value"] == [4, 4, 4, 8, 8, 8]
    assert table["added"][:4] == [4, 8, 12, 20]
    assert table["momentum"] == [2, 4, 5, 7, 8.5, 9]
    above = [m > v for m, v in zip(table["momentum"], table["value"], strict=True)]
    assert above == [False, False, True, False, True, True]
    diagram = style.read_table(FOLDER / "diagram.csv")
    assert (diagram["M"], diagram["S"], diagram["v"]) == ([5, 7], [1, 2], [4, 8])
    assert developing.example(0.5, 0.0, (4.0,) * 4)[-1] == 3.75
    assert developing.example(0.5, 0.5, (4.0,) * 4)[-1] == 5
    M = S = torch.zeros(1, 2)
    for key, value in (((1.0, 0.0), 3.0), ((0.0, 1.0), 5.0), ((1.0, 0.0), 7.0)):
        M, S = developing.step(M, S, torch.tensor(key), torch.tensor([value]), 1.0, 0.0, 0.0)
    assert M.tolist() == [[7, 5]]
    held, kept, one = torch.tensor([[5.0]]), torch.zeros(1, 1), torch.ones(1)
    left = [developing.step(held, kept, one, one, 0.0, 0.0, a)[0].item() for a in (0.5, 1.0)]
    assert left == [2.5, 0]
    said(
        "A text brings the values 4, 4, 4, 8, all under the key 1, and the memory starts at 0.",
        "- 4 comes, the memory says 0, the error is 4: $M = 2$.",
        "- 4 comes, it says 2, the error is 2: $M = 3$.",
        "- 4 comes, it says 3, the error is 1: $M = 3.5$.",
        "- 8 comes, it says 3.5, the error is 4.5: $M = 5.75$.",
        "the steps are 2, 1, 0.5 and 2.25.",
        "**Whole steps**, $\\theta = 1$: the memory holds 4, 4, 4, 8, what came last.",
        "whatever the memory says, and holds 4, 8, 12, 20.",
        "With $\\eta = 1/2$ and half steps:",
        "with $\\alpha = 1/2$ a memory of 5 keeps 2.5, with $\\alpha = 1$, for a new subject, nothing.",
        "Here it has a price: at the third 4 the memory is right, moves on, and holds 5.",
        "Write 3 under the key $(1, 0)$ and 5 under $(0, 1)$ by whole steps: $M = (3, 5)$, and asking with"
        " $(1, 0)$ gives 3. Write 7 under $(1, 0)$: the error is 4, only the first number moves, and"
        " $M = (7, 5)$.",
        "six numbers read: 4, 4, 4, 8, 8, 8.",
        "Half steps rise from 2 towards 4, then towards 8. With momentum: 2, 4, 5, 7, 8.5 and 9, above the"
        " numbers at the third, the fifth and the sixth. Added: 4, 8 and 12, then out of the picture]",
        "give the key 1 and the value 8; with the memory before, M = 5, they give the loss, half of the squared"
        " error, 4.5, whose gradient is minus 3. The gates give a rate of 1/2, a momentum of 1/2 and a"
        " forgetting of 0. The step before, S = 1, the gradient and the gates go into the update, which gives"
        " S = 2 and M = 7.",
        "to `(4.0, 4.0, 4.0, 4.0)`: with half steps the memory ends at 3.75, and with momentum it stays at 5.",
        "In the [example](#momentum) the memory goes to 5 where 4 is right.",
    )


def test_the_example_with_momentum_row_by_row() -> None:
    held, before = developing.example(0.5, 0.5), [0.0, *developing.example(0.5, 0.5)]
    kept = 0.0
    for t, row in enumerate(rows_of("tab-developing-momentum")):
        error = developing.VALUES[t] - before[t]
        move = 0.5 * kept + 0.5 * error
        assert row == [
            f"{developing.VALUES[t]:g}",
            f"{error:g}",
            f"$\\tfrac12 \\cdot {kept:g} + \\tfrac12 \\cdot {error:g} = {move:g}$",
            f"{held[t]:g}",
        ]
        kept = move


def told(mean: float, deviation: float) -> str:
    """A mean and its standard deviation, as the page writes them."""
    return f"${mean:.3f} \\pm {deviation:.3f}$"


def test_two_conclusions_as_told() -> None:
    table = style.read_table(FOLDER / "tuned.csv")
    assert (table["rate"], len(table["rate"])) == (list(tracking.RATES), 10)
    best = {}
    for momentum in figures.MOMENTA:
        means, deviations = table[f"momentum {momentum:g}"], table[f"deviation {momentum:g}"]
        at = int(np.nanargmin(means))
        best[momentum] = (means[at], deviations[at], table["rate"][at])
        assert all(a > b for a, b in pairwise(means[: at + 1]))  # falls,
        assert not any(a > b for a, b in pairwise(means[at:]))  # and rises
    low, half, high = (best[m] for m in figures.MOMENTA)
    assert (low[2], half[2], high[2]) == (0.45, 0.2, 0.03)
    assert half[0] - low[0] < min(low[1], half[1])
    one = table["rate"].index(0.05)
    plain, moved = (
        (table[f"{n} 0"][one], table[f"{n} 0.9"][one]) for n in ("momentum", "deviation")
    )
    assert 1 - plain[1] / plain[0] == pytest.approx(0.47, abs=0.005)
    for rate, *row in zip(
        table["rate"], *(table[f"momentum {m:g}"] for m in figures.MOMENTA), strict=True
    ):
        assert (min(row) == row[2]) == (rate <= 0.05)
    assert (tracking.D, tracking.STEPS, tracking.WARM, figures.SEEDS) == (8, 600, 200, 20)
    said(
        f"with a momentum of 0.9 and its best of ten rates, the error is {told(*high[:2])}; without momentum,"
        f" at the best of the ten, {told(*low[:2])}.",
        f"A momentum of 0.5 makes hardly a difference, {told(*half[:2])}: on",
        f"Compare at one rate, $\\theta = 0.05$: without momentum the error is {told(plain[0], moved[0])}, with"
        f" $\\eta = 0.9$ it is {told(plain[1], moved[1])}.",
        "momentum removes 47 % of the error",
        f"| [momentum too large](#overshoot) | momentum 0.9: error {high[0]:.3f}, at the best of ten rates | no"
        f" momentum: {low[0]:.3f} |",
        "A map of $8 \\times 8$ numbers changes slowly: each token keeps 0.995 of it",
        "with noise of standard deviation 0.5.",
        "adds noise, so that its variance stays 1.",
        "a memory that always says 0 has the error 1.",
        "the mean and the standard deviation of 20 seeds, over 400 tokens after the first 200.",
        "The curve of momentum 0.9 is lowest at rates up to 0.05 and then leaves the picture; that of 0.5 has"
        " its least value at 0.2, that"
        " without momentum at 0.45. The two least values are nearly the same, and that of 0.9 is higher.",
        "Error against the rate from 0.02 to 1, for three momenta.",
        "A dashed line stands at 0.05]",
        "At the lowest point of each curve it does not. Mean and standard deviation of 20 seeds.",
    )


def test_the_task_is_what_the_text_says() -> None:
    still = tracking.follow(torch.tensor([0.0]), 0.0, 4)
    assert still.mean().item() == pytest.approx(1, abs=0.1)  # always 0
    assert (tracking.D, tracking.STAYS, tracking.NOISE) == (8, 0.995, 0.5)
    said("The error is the mean, over the 8 numbers, of the squared difference")


def test_momentum_follows_late_and_averages_no_better(monkeypatch: pytest.MonkeyPatch) -> None:
    def error(rate: float, momentum: float) -> torch.Tensor:
        return tracking.follow(torch.tensor([rate]), momentum, figures.SEEDS)[0]

    def both() -> tuple[str, str]:
        assert pytest.approx(0.3) == 0.03 / (1 - 0.9)  # as far in the end
        found = error(0.03, 0.9), error(0.3, 0.0)
        late, plain = (told(x.mean().item(), x.std().item()) for x in found)
        return late, plain

    with monkeypatch.context() as patch:
        patch.setattr(tracking, "NOISE", 0.0)
        late, plain = both()
        said(
            "a rate of 0.03 with this momentum goes [as far](#sum) as 0.3 without, and "
            f"without noise the error is then {late} against {plain}. On a map"
        )
    with monkeypatch.context() as patch:
        patch.setattr(tracking, "STAYS", 1.0)
        late, plain = both()
        said(f"the two average the noise equally well, {late} and {plain}. So it loses")
    more = error(0.2, 0.5) - error(0.45, 0.0)
    worse = int((more > 0).sum())
    said(f"it is worse in {worse} of 20 seeds, by {more.mean().item():.3f} on average")


def test_a_chunk_whose_gradients_so_far_are_read_loses_less() -> None:
    def error(size: int) -> float:
        """The error at the best rate if a token is answered with the gradients of its chunk before it."""
        draw, seeds, d = torch.Generator().manual_seed(0), figures.SEEDS, tracking.D
        rate = torch.tensor(tracking.RATES)[:, None, None, None]
        a = torch.randn(seeds, d, d, generator=draw)
        memory = torch.zeros(len(rate), seeds, d, d)
        gradients, found = torch.zeros_like(memory), torch.zeros(len(rate), seeds)
        for t in range(tracking.STEPS):
            k = torch.nn.functional.normalize(torch.randn(seeds, d, 1, generator=draw), dim=1)
            if t >= tracking.WARM:
                found += ((memory - rate * gradients - a) @ k).square().mean((2, 3))
            v = a @ k + tracking.NOISE * torch.randn(seeds, d, 1, generator=draw)
            gradients = gradients + (memory @ k - v) @ k.mT
            if (t + 1) % size == 0:
                memory, gradients = memory - rate * gradients, torch.zeros_like(gradients)
            a = tracking.STAYS * a + (1 - tracking.STAYS**2) ** 0.5 * torch.randn(
                seeds, d, d, generator=draw
            )
        return float(found.mean(1).min()) / (tracking.STEPS - tracking.WARM)

    table = style.read_table(FOLDER / "chunks.csv")
    before = next(iter(v for name, v in table.items() if name not in {"size", "chunk", "rate"}))
    assert error(1) == pytest.approx(before[0], rel=1e-3)  # the same where nothing is put off
    said(
        f"64 tokens have the error {error(64):.2f} in place of 0.53, and 16 have {error(16):.2f}. What"
    )


def test_keys_of_length_1_explode_all_the_same() -> None:
    rate = torch.tensor([0.3])
    assert tracking.follow(rate, 0.9, figures.SEEDS).mean() > 100
    assert tracking.follow(rate, 0.0, figures.SEEDS, 64).mean() > 100
    said(
        "On the task all keys have the length 1, and still the error grows beyond 100 at a rate of 0.3, with"
        " a momentum of 0.9 or in chunks of 64 tokens."
    )


def test_chunks_as_told() -> None:
    table = style.read_table(FOLDER / "chunks.csv")
    error = table["error"]
    assert table["size"] == [1, 2, 4, 8, 16, 32, 64]
    assert all(a < b for a, b in pairwise(error))
    assert all(a >= b for a, b in pairwise(table["rate"]))
    said(
        f"chunks of 1 to 64 tokens. It rises at each doubling, from {error[0]:.2f} to {error[-1]:.2f}]",
        f"The best of ten rates for each size, without momentum; it falls from {table['rate'][0]:g} to"
        f" {table['rate'][-1]:g}.",
        f"| 64 tokens: error {error[-1]:.2f} | one token: {error[0]:.2f} | 64 times as many steps in a row |",
    )


def test_what_the_slow_weights_learn_as_told() -> None:
    table = style.read_table(FOLDER / "learned.csv")
    mean = dict(zip(table["updates"], table["mean"], strict=True))
    assert all(abs(mean[n] - 1) < 0.03 for n in range(10, 71, 10))
    assert mean[80] < 0.95
    assert mean[150] < 0.35
    assert (figures.RUNS, figures.UPDATES, figures.PAIRS, figures.WIDTH, figures.EVERY) == (
        4,
        200,
        4,
        8,
        10,
    )
    said(
        f"For the first 70 updates it stays there, and in the last ten of 200 it is {mean[200]:.2f}.",
        "Mean squared error against 10 to 200 updates of the slow weights. It stays near 1 up to 70, falls"
        " between 80 and 150, and ends near 0.3. The thin line at 1 is always saying zero]",
        "Keys and values of 8 numbers; mean and range of four seeds, each point the mean of ten updates.",
        "to read four pairs and then give the value of one key",
        "The error of always saying 0 is 1.",
    )
