"""Two processes against one, rings and pipelines against formulas, 16 bits against PyTorch."""

import inspect
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import nn

from docs.training.parallelism import parallelism as code
from scripts.figures import parallelism as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = style.DOCS / "training" / "parallelism.md"
DATA = PAGE.parent / "parallelism"
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure."""
    return style.read_table(DATA / f"{name}.csv")


# The example and equations.


def test_the_example_by_pencil() -> None:
    sums = [code.slope(pairs, code.START) for pairs in code.EXAMPLE]
    said(f"$-10 - 2 = {sum(sums):.0f}$", f"$w = 1 - 0.1 \\cdot (-3) = {1 - 0.1 * sum(sums) / 4:g}$.")  # fmt: skip
    assert sums == [-10, -2]
    less = code.slope(code.EXAMPLE[1][:1], 1.0)
    said(f"$-14 / 3 = {(sums[0] + less) / 3:.2f}$", f"$(-5 - 4) / 2 = {(sums[0] / 2 + less) / 2}$")
    x, a, b = code.LAYER
    shares = [max(0.0, x * v) * u for v, u in zip(a, b, strict=True)]
    assert shares == [6, -4]
    assert sum(shares) == 2
    drawn = read("diagram")
    assert drawn["sums"] == [-10, -2, -12]
    assert drawn["new"][0] == 1.3
    assert drawn["y"][0] == 2


@pytest.mark.equation("eq-parallelism-mean")
def test_one_sum_over_one_count(printed: Equations) -> None:
    data = normal(8)
    parts = data[:3], data[3:]
    printed("eq-parallelism-mean").holds(
        {
            "g": float(data.mean()),
            "g_1": float(parts[0].sum()),
            "g_2": float(parts[1].sum()),
            "c_1": 3,
            "c_2": 5,
        }
    )
    model = nn.Linear(4, 3).double()
    x, y = normal(8, 4), normal(8, 3, seed=1)
    (model(x) - y).square().sum(1).mean().backward()  # type: ignore[no-untyped-call]
    assert model.weight.grad is not None
    right = model.weight.grad.clone()
    model.zero_grad()
    for part in (slice(0, 3), slice(3, 8)):  # accumulated
        ((model(x[part]) - y[part]).square().sum() / 8).backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(model.weight.grad, right)


@pytest.mark.equation("eq-parallelism-tensor")
def test_columns_then_rows(printed: Equations) -> None:
    x, a, b = normal(5, 4), normal(4, 6, seed=1), normal(6, 3, seed=2)
    printed("eq-parallelism-tensor").holds(
        {
            "X": x.numpy(),
            "A": a.numpy(),
            "B": b.numpy(),
            "A_1": a[:, :2].numpy(),
            "A_2": a[:, 2:].numpy(),
            "B_1": b[:2].numpy(),
            "B_2": b[2:].numpy(),
            r"\operatorname{ReLU}": lambda v: np.maximum(v, 0),
        },
        free=("X", "B", r"\operatorname{ReLU}"),
    )


@pytest.mark.equation("eq-parallelism-ring")
@pytest.mark.parametrize("n", [3, 4, 8])
def test_what_a_ring_sends(printed: Equations, n: int) -> None:
    vectors = [normal(24, seed=seed) for seed in range(n)]
    made, numbers = code.all_reduce(vectors)
    for vector in made:
        torch.testing.assert_close(vector, torch.stack(vectors).sum(0))
    printed("eq-parallelism-ring").holds(
        {r"\text{sent}": 8 * numbers, "n": n, "B": vectors[0].nbytes}
    )


def test_the_rings_that_the_page_tells() -> None:
    sent = [code.all_reduce([normal(64) for _ in range(n)])[1] for n in (2, 4, 8)]
    said(f"for 2, 4 and 8 devices: {sent[0]}, {sent[1]} and {sent[2]} numbers for a list of 64.")
    held = [list(normal(24, seed=seed).chunk(4)) for seed in range(4)]
    assert code.reduce_scatter(held) == code.all_gather(held) == 18


@pytest.mark.equation("eq-parallelism-zero")
def test_bytes_by_stage(printed: Equations) -> None:
    n, size = 4, 1000
    low, high = torch.zeros(size, dtype=torch.bfloat16), torch.zeros(size)
    share = high[: size // n].nbytes * 3
    parts = (low[: size // n].nbytes, low.nbytes)
    counted = [2 * parts[1] + share, parts[1] + parts[0] + share, 2 * parts[0] + share]
    assert counted == [code.states(size, n, stage) for stage in (1, 2, 3)]
    printed("eq-parallelism-zero").holds(
        {"M_1": counted[0], "M_2": counted[1], "M_3": counted[2], "P": size, "n": n}
    )
    left = [code.states(70e9, 64, stage) / 1e9 for stage in (1, 2, 3)]
    said(f"64 devices then hold {left[0]:.0f}, {left[1]:.0f} or {left[2]:.1f} GB each.")
    for row in rows_of("tab-parallelism-zero"):
        parameters = float(row[0].split()[0])
        told = [float(cell.removesuffix(" GB").replace(",", "")) for cell in row[1:]]
        right = [code.states(parameters, 64, stage) for stage in range(4)]
        right += [code.sent(parameters, 64, stage) for stage in (1, 3)]
        assert told == [round(value + 1e-9, 1) for value in right]


def test_memory_as_it_is_drawn() -> None:
    said(f"also take [{579_000 / 8766:.0f} years](")  # hours of one GPU on the calculators' page
    found = read("memory")
    assert found["devices"][-1] == 512
    assert set(found["stage 0"]) == {1120}
    assert 280 < found["stage 1"][-1] < 285
    assert 140 < found["stage 2"][-1] < 143
    assert found["stage 3"][-1] < 3
    assert min(found["stage 2"]) > 80 > found["stage 3"][-1]


@pytest.mark.equation("eq-parallelism-checkpoint")
def test_layers_kept(printed: Equations) -> None:
    printed("eq-parallelism-checkpoint").holds({"k": 3, "L": 100}, free=("k", "L"))
    printed("eq-parallelism-checkpoint").holds(
        {"k": 10 + 1e-7, "L": 100}, tolerance=1e-9, free=("k", "L")
    )
    best = min(range(1, 65), key=lambda k: code.parts_kept(64, k))
    assert (best, code.parts_kept(64, best)) == (8, 16)
    said("for 64 layers 16.")


def test_checkpointing_changes_no_bit_and_runs_each_layer_twice() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(8)])
    x, grads, calls = torch.randn(4, 8), [], 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    for layer in layers:
        layer.register_forward_pre_hook(count)
    runs: list[Callable[[], torch.Tensor]] = [lambda: layers(x), lambda: code.checkpointed(layers, x, 4)]  # fmt: skip
    counts = []
    for run in runs:
        layers.zero_grad()
        calls = 0
        run().square().sum().backward()  # type: ignore[no-untyped-call]
        counts.append(calls)
        grads.append([p.grad.clone() for p in layers.parameters() if p.grad is not None])
    assert all(torch.equal(p, q) for p, q in zip(*grads, strict=True))
    assert counts[0] == 8
    assert counts[1] == 14  # all but the last part, which is kept


@pytest.mark.equation("eq-parallelism-bubble")
@pytest.mark.parametrize("kind", ["GPipe", "1F1B"])
def test_the_bubble(printed: Equations, kind: str) -> None:
    tasks = code.schedule(5, 7, kind, forward=1.0, backward=2.5)
    assert len(tasks) == 2 * 5 * 7
    ends = {(t.stage, t.back, t.batch): t.end for t in tasks}
    for task in tasks:  # nothing before what it needs
        if task.back and task.stage < 4:
            assert task.start >= ends[task.stage + 1, True, task.batch]
        if not task.back and task.stage:
            assert task.start >= ends[task.stage - 1, False, task.batch]
    printed("eq-parallelism-bubble").holds({r"\text{idle}": code.idle(tasks, 5), "p": 5, "m": 7})
    assert [code.kept(tasks, s) for s in (0, 4)] == ([7, 7] if kind == "GPipe" else [5, 1])


def test_the_schedule_as_it_is_drawn() -> None:
    found = read("schedule")
    assert (figures.STAGES, figures.BATCHES) == (4, 8)
    for kind, most in (("GPipe", 8), ("1F1B", 4)):
        tasks = code.schedule(4, 8, kind)
        assert max(task.end for task in tasks) == 33
        assert code.kept(tasks, 0) == most
        said_idle = code.idle(tasks, 4)
        assert f"{said_idle:.0%}" == "27%"
    assert max(found["end"]) == 33
    wide = code.idle(code.schedule(4, 32, "1F1B"), 4)
    said(f"it is $3/11$, 27 %; with 32 micro-batches {wide:.1%}.".replace("%.", " %."))
    said(f"with 32, it waits {wide:.1%}.".replace("%.", " %."))


@pytest.mark.equation("eq-parallelism-hidden")
def test_when_sending_hides(printed: Equations) -> None:
    least = code.least_tokens(989e12, 50e9, 64)
    base = {"P": 7e9, "F": 989e12, "W": 50e9, "n": 64}
    sending = code.sent(7e9, 64, 0) / 50e9
    found = optimize.brentq(lambda t: 4 * 7e9 * t / 989e12 - sending, 1, 1e6)
    assert found == pytest.approx(least)
    printed("eq-parallelism-hidden").holds({**base, "t": found}, free=("P",))
    said(f"64 devices need {least:,.0f} tokens each;")
    said(f"inside a node, 8 devices {code.least_tokens(989e12, 450e9, 8):,.0f}.")
    drawn = read("hidden")
    for name, at in (("450", 2048), ("50", 20000)):
        line = np.interp(np.log(at), np.log(drawn["tokens"]), np.log(drawn[f"link {name}"]))
        assert abs(line) < 0.1


@pytest.mark.equation("eq-parallelism-save")
def test_how_often_to_save(printed: Equations) -> None:
    between, save = 54 * 24 / 419, 1 / 60
    best = math.sqrt(2 * save * between)
    shares = {"s": save, "M": between}
    printed("eq-parallelism-save").holds({**shares, "T": 0.9}, free=("s", "T", "M"))
    printed("eq-parallelism-save").holds(
        {**shares, "T": best + 1e-7}, tolerance=1e-9, free=("s", "T", "M")
    )
    said(f"$54 \\cdot 24 / 419 = {between:.1f}$ hours")
    lost = 100 * math.sqrt(2 * save / between)
    said(f"it is {60 * best:.0f} minutes, and {lost:.0f} % are lost")
    draws = inspect.signature(code.useful).parameters["draws"].default
    said(f"The table has {draws:,} simulated failures;")
    kept = {}
    for every in (1 / 30, best, 2.0):
        kept[every] = code.useful(between, every, save)
        exact = every / between / math.expm1((every + save) / between)  # a sum over whole intervals
        assert kept[every] == pytest.approx(exact, rel=0.01)
    assert kept[best] > 1 - lost / 100  # the bound is a first order
    row = rows_of("tab-parallelism-failures")[7]
    assert row[0].startswith(f"a device dies, on average every {between:.1f} hours")
    assert row[1].startswith(f"{100 * kept[2.0]:.0f} % of the time is useful with a copy every two")
    assert row[2] == f"{100 * kept[best]:.0f} % with a copy every {60 * best:.0f} minutes"
    assert row[3].endswith(f"with one every two minutes {100 * kept[1 / 30]:.0f} % are useful")


@pytest.mark.equation("eq-parallelism-width")
def test_how_wide_a_layer_can_be_split(printed: Equations) -> None:
    most = code.widest(8192, 989e12, 450e9)
    base = {"E": 8192, "F": 989e12, "W": 450e9, "t": 1000}

    def more(n: float) -> float:  # seconds of the products less those of the sum
        return 16 * 1000 * 8192**2 / (n * 989e12) - 4 * (n - 1) / n * 1000 * 8192 / 450e9

    assert more(8) > 0 > more(20)
    found = optimize.brentq(more, 2, 99)
    assert found == pytest.approx(most)
    printed("eq-parallelism-width").holds({**base, "n": found}, free=("t",))
    said(f"this is {most:.1f} at 450 GB a second and {code.widest(8192, 989e12, 50e9):.1f} at 50:")


# Sixteen bits.


@pytest.mark.equation("eq-parallelism-scale")
def test_a_loss_scale_changes_no_exact_gradient(printed: Equations) -> None:
    w = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    slopes = [torch.autograd.grad(scale * (3 * w - 2) ** 2, w)[0] for scale in (1.0, 512.0)]
    printed("eq-parallelism-scale").holds({"g": slopes[0], "g_S": slopes[1], "S": 512.0})


def test_the_scaler_is_pytorchs() -> None:
    weight = nn.Parameter(torch.zeros(3))
    optimiser = torch.optim.SGD([weight], 0.0)
    theirs = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=7)
    ours = code.Scaler(2.0**10, 7)
    generator = torch.Generator().manual_seed(0)
    skipped = 0
    for _ in range(400):
        gradient = torch.randn(3, generator=generator)
        if float(torch.rand(1, generator=generator)) < 0.1:
            gradient[1] = math.inf
        theirs.scale(weight.sum())  # starts its scale
        weight.grad = gradient.clone()
        theirs.step(optimiser)
        theirs.update()
        made = ours.step(gradient)
        skipped += made is None
        assert ours.scale == theirs.get_scale()
        if made is not None:
            torch.testing.assert_close(weight.grad, made)
    assert 20 < skipped < 80
    said("over 400 steps with random overflows")
    assert code.Scaler().patience == 2000


def test_formats_as_the_page_tells_them() -> None:
    low, high = torch.finfo(torch.float16), torch.finfo(torch.bfloat16)
    assert low.max == 65504
    assert torch.tensor(2.0**-24).half() > 0
    assert torch.tensor(2.0**-26).half() == 0
    assert high.eps == 2**-7
    assert low.eps == 2**-10
    assert high.max > 3e38
    assert f"{high.eps:.1%}" == "0.8%"


def test_what_sixteen_bits_lose() -> None:
    found = read("underflow")
    at = {power: n for n, power in enumerate(found["power"])}
    zero, infinite = found["fp16 zero"], found["fp16 infinite"]
    assert zero == sorted(zero, reverse=True)
    assert zero[0] > 0.18
    assert zero[-1] < 0.01
    assert infinite[: at[22] + 1] == [0] * (at[22] + 1)
    assert 0.045 < infinite[-1] < 0.05
    assert set(found["bf16 zero"]) == {0}
    assert len(zero) == 15
    assert all(z + i > 0 for z, i in zip(zero, infinite, strict=True))
    said(f"At $S = 1$ {zero[0]:.1%} become zero,".replace("%", " %"))
    said(f"at $2^{{16}}$ {zero[at[16]]:.1%}; at".replace("%", " %"))
    said(f"at $2^{{24}}$ {zero[at[24]]:.1%} are zero and".replace("%", " %"))
    said(f"are zero and {infinite[at[24]]:.2%} infinite.".replace("%", " %"))
    said(f"In *fp16*, {zero[0]:.0%} of the gradients at".replace("%", " %"))
    said(f"by $2^{{16}}$, left {zero[at[16]]:.0%}.".replace("%", " %"))
    said(f"{found['entries'][0] / 1e6:.1f} million that are not zero")
    assert (figures.WINDOWS, figures.LENGTH) == (16, 64)


# The exercises.


@pytest.mark.answer("answer-parallelism-three")
def test_three_workers(answer: Bench) -> None:
    pairs = [((1.0, 1.0),), ((1.0, 4.0), (2.0, 1.0)), ()]
    sums = [code.slope(part, 2.0) for part in pairs]
    means = (sums[0] + sums[1] / 2) / 2
    answer("answer-parallelism-three").is_([2 - 0.1 * sum(sums) / 3, 2 - 0.1 * means])


@pytest.mark.answer("answer-parallelism-thirteen")
def test_exercise_1_stages(answer: Bench) -> None:
    right = [code.states(13, 16, 1), code.states(13, 16, 3)]
    answer("answer-parallelism-thirteen").is_(right, [right[1], right[1]])


@pytest.mark.answer("answer-parallelism-bubble")
def test_exercise_2_micro_batches(answer: Bench) -> None:
    least = next(
        m for m in range(55, 99) if code.idle(code.schedule(8, m, "1F1B"), 8) <= 0.1 + 1e-9
    )
    answer("answer-parallelism-bubble").is_(least, 7 / 0.1)


@pytest.mark.answer("answer-parallelism-sent")
def test_exercise_3_ring(answer: Bench) -> None:
    sent = code.all_reduce([normal(80) for _ in range(8)])[1] / 8
    answer("answer-parallelism-sent").is_(sent, 7 * 10)


@pytest.mark.answer("answer-parallelism-tokens")
def test_exercise_4_tokens(answer: Bench) -> None:
    losses = normal(400)
    halves = losses[:100], losses[100:]
    assert sum(float(h.sum()) / 400 for h in halves) == pytest.approx(float(losses.mean()))
    assert sum(float(h.mean()) / 2 for h in halves) != pytest.approx(float(losses.mean()))
    answer("answer-parallelism-tokens").is_(
        "Each divides its summed loss by 400 before the gradients are added."
    )


@pytest.mark.answer("answer-parallelism-kept")
def test_exercise_5_kept(answer: Bench) -> None:
    tasks = code.schedule(6, 12, "1F1B")
    answer("answer-parallelism-kept").is_(
        [code.kept(tasks, 0), code.kept(tasks, 5), code.idle(tasks, 6)]
    )


@pytest.mark.answer("answer-parallelism-creep")
def test_exercise_6_creep(answer: Bench) -> None:
    ends = [code.creep(1000, 0.004, master=master) for master in (False, True)]
    answer("answer-parallelism-creep").is_(ends, [ends[1], ends[1]])
