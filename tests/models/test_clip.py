"""CLIP: the loss against torch's cross-entropy, the page's equations, and its numbers against the figures."""

import itertools
import math
import runpy
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from scipy import stats
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize

from docs.models.clip import clip, practice
from scripts.figures import clip as figures
from scripts.figures import style
from scripts.printed.values import Each, Given
from tests.answers.plugin import Bench
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "clip.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
SCALE = 1 / clip.TAU
TABLE = clip.cosines(clip.IMAGES, clip.CAPTIONS)


def unit(n: int, width: int, seed: int) -> Tensor:
    """Directions at random, (n, width)."""
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(n, width, generator=generator, dtype=torch.float64), dim=-1)


U, V, T = unit(4, 3, 1), unit(4, 3, 2), 0.37
S = U @ V.T
OWN = torch.arange(4)
ROWS, COLUMNS = cross_entropy(S / T, OWN), cross_entropy(S.T / T, OWN)


def told(name: str) -> style.Table:
    """The numbers of a figure."""
    return style.read_table(FOLDER / f"{name}.csv")


def percent(table: style.Table, name: str, row: int = 0, digits: int = 1) -> str:
    """Mean and deviation as the page writes them."""
    mean, spread = (100 * table[column][row] for column in (name, f"{name}, deviation"))
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"


# The loss and its gradient.


@pytest.mark.equation("eq-clip-shares")
@pytest.mark.equation("eq-clip-loss")
def test_the_loss_is_torch_s_cross_entropy_in_both_directions(printed: Equations) -> None:
    image, caption = clip.both(S, 1 / T)
    torch.testing.assert_close(image, ROWS)
    torch.testing.assert_close(caption, COLUMNS)
    torch.testing.assert_close(clip.contrastive(S, 1 / T), (ROWS + COLUMNS) / 2)
    scale = torch.nn.Parameter(torch.tensor(-math.log(T), dtype=torch.float64))
    torch.testing.assert_close(practice.loss(U, V, scale), (ROWS + COLUMNS) / 2)
    p = torch.distributions.Categorical(logits=S / T).probs
    q = torch.distributions.Categorical(logits=S.T / T).probs.T
    both = {"i": Each([1, 2, 3, 4]), "j": Each([1, 2, 3, 4])}
    printed("eq-clip-shares").holds({"p": p, "q": q, "s": S, r"\tau": T, "N": 4, **both})
    printed("eq-clip-loss").holds({"L": float((ROWS + COLUMNS) / 2), "p": p, "q": q, "N": 4})


@pytest.mark.equation("eq-clip-row")
def test_a_row_is_pulled_by_its_own_cell_and_pushed_by_its_shares() -> None:
    s = S.clone().requires_grad_()
    cross_entropy(s[1:2] / T, OWN[1:2]).backward()
    assert s.grad is not None
    p = torch.softmax(S[1] / T, 0)
    wanted = (p - torch.tensor([0.0, 1.0, 0.0, 0.0])) / T
    torch.testing.assert_close(s.grad[1], wanted)
    assert float(-p[1].log()) == pytest.approx(float(torch.logsumexp(S[1] / T, 0) - S[1, 1] / T))


@pytest.mark.equation("eq-clip-gradient")
@pytest.mark.equation("eq-clip-scale")
def test_the_gradient_is_that_of_autograd(printed: Equations) -> None:
    s = S.clone().requires_grad_()
    scale = torch.tensor(1 / T, dtype=torch.float64, requires_grad=True)
    loss = (cross_entropy(scale * s, OWN) + cross_entropy(scale * s.T, OWN)) / 2
    loss.backward()
    assert s.grad is not None
    assert scale.grad is not None
    slopes = s.grad
    torch.testing.assert_close(clip.slope(S, 1 / T), slopes)
    p, q = torch.softmax(S / T, 1), torch.softmax(S / T, 0)
    printed("eq-clip-gradient").holds(
        {
            r"\frac{\partial L}{\partial s_{ij}}": Given(
                ("i", "j"), lambda i, j: float(slopes[int(i) - 1, int(j) - 1])
            ),
            "p": p,
            "q": q,
            r"\delta": torch.eye(4, dtype=torch.float64),
            "i": Each([1, 2, 3, 4]),
            "j": Each([1, 2, 3, 4]),
            "N": 4,
            r"\tau": T,
        }
    )
    turned = r"\frac{\partial L}{\partial s_{i j}} = \frac{1}{2 N \tau} (p_{i j} + q_{i j} - 2 \delta_{j i})"
    printed.excuse(turned, "the diagonal is its own mirror image")
    printed("eq-clip-scale").holds(
        {
            r"\frac{\partial L}{\partial \lambda}": float(scale.grad),
            "p": p,
            "q": q,
            "s": S,
            "N": 4,
        }
    )


@pytest.mark.equation("eq-clip-floor")
def test_captions_that_repeat_keep_the_loss_up(printed: Equations) -> None:
    copies = [3, 3, 3, 1, 1]
    names = torch.tensor([0, 0, 0, 1, 2])
    least = float(torch.log(torch.tensor(copies).double()).mean())
    v = torch.eye(3, dtype=torch.float64)[names]
    tight = clip.contrastive(v @ v.T, 60.0)
    loose = clip.contrastive(v @ v.T, 5.0)
    assert float(tight) == pytest.approx(least, abs=1e-6)
    for loss in (loose, tight):
        printed("eq-clip-floor").holds({"L": float(loss), "c": copies, "N": 5}, tolerance=1e-6)


@pytest.mark.equation("eq-clip-repeats")
def test_how_often_a_caption_repeats(printed: Equations) -> None:
    n, a = 7, 0.3
    every = torch.tensor(list(itertools.product((0, 1), repeat=n - 1)))
    more = every.sum(1).double()
    chance = a**more * (1 - a) ** (n - 1 - more)
    printed("eq-clip-repeats").holds({"R": float((chance * more.log1p()).sum()), "N": n, "a": a})
    rest = r"⟨\frac{(N - 1)!}{k! (N - 1 - k)!} a^{k} (1 - a)^{N - 1 - k} \log (1 + k)⟩"
    printed.excuse(rf"R = \sum_{{k = 1}}^{{N - 1}} {rest}", "without a copy the logarithm is zero")
    weights = stats.binom.pmf(range(64), 63, 0.1)
    floor = sum(w * math.log(1 + k) for k, w in enumerate(weights))
    said(f"For $N = 64$ this is {floor:.2f} nats, for bare names;")


@pytest.mark.equation("eq-clip-sigmoid")
def test_the_sigmoid_loss_is_torch_s_binary_cross_entropy(printed: Equations) -> None:
    scale, bias = 3.3, -0.8
    wanted = binary_cross_entropy_with_logits(
        scale * S + bias, torch.eye(4, dtype=torch.float64), reduction="sum"
    )
    torch.testing.assert_close(clip.sigmoid(S, scale, bias), wanted / 4)
    printed("eq-clip-sigmoid").holds(
        {
            r"L_\sigma": float(wanted / 4),
            r"\sigma": lambda x: 1 / (1 + math.exp(-x)),
            "z": 2 * torch.eye(4, dtype=torch.float64) - 1,
            "s": S,
            r"\lambda": scale,
            "b": bias,
            "N": 4,
        }
    )
    lead = r"L_{\sigma} = - \frac{1}{N} \sum_{i = 1}^{N} \sum_{j = 1}^{N} \log ⟨\sigma "
    for rest in (
        r"(z_{j i} (\lambda s_{i j} + b))⟩",
        r"(z_{i j} (\lambda s_{j i} + b))⟩",
    ):
        printed.excuse(
            lead + rest, "the diagonal is its own mirror image, and all cells are summed"
        )


@pytest.mark.equation("eq-clip-means")
def test_the_gap_follows_from_the_mean_cosine(printed: Equations) -> None:
    printed("eq-clip-means").holds(
        {
            "g": clip.gap(U, V),
            r"\bar{\mathbf{u}}": U.mean(0),
            r"\bar{\mathbf{v}}": V.mean(0),
            "s": S,
            "N": 4,
        }
    )
    lead = r"g^{2} = \lVert\bar{\mathbf{u}}\rVert^{2} + \lVert\bar{\mathbf{v}}\rVert^{2} - \frac{2}{N^{2}} "
    turned = lead + r"\sum_{i = 1}^{N} \sum_{j = 1}^{N} s_{j i}"
    printed.excuse(turned, "all cells are summed")


@pytest.mark.equation("eq-clip-shift")
def test_what_a_row_has_in_common_changes_no_share(printed: Equations) -> None:
    p = torch.softmax(S / T, 1)
    each = {"i": Each([1, 2, 3, 4]), "j": Each([1, 2, 3, 4])}
    printed("eq-clip-shift").holds(
        {"p": p, "s": S, "d": 0.9, r"\tau": T, "N": 4, **each}, free=("d",)
    )
    torch.testing.assert_close(clip.contrastive(S + 0.9, 1 / T), clip.contrastive(S, 1 / T))


# The example.


def test_the_example_by_pencil() -> None:
    weights = (SCALE * TABLE).exp()
    torch.testing.assert_close(weights, weights.round())
    table = rows_of("tab-clip-weights")
    own = (weights / weights.sum(1, keepdim=True)).diagonal()
    back = (weights / weights.sum(0)).diagonal()
    for row, cells, share in zip(weights, table, own, strict=False):
        assert cells[1:] == [*(f"{w:.0f}" for w in row.tolist()), f"{share:.2f}"]
    assert table[3][1:4] == [f"{share:.2f}" for share in back.tolist()]
    image, caption = clip.both(TABLE, SCALE)
    parts = " + ".join(f"{-math.log(share):.3f}" for share in own.tolist())
    said(
        f"Along the rows it is $({parts}) / 3 = {image:.3f}$, down the columns ${caption:.3f}$, "
        f"and the loss of the batch is the mean of both, ${(image + caption) / 2:.3f}$.",
        f"the loss $\\log 3 = {math.log(3):.3f}$",
        f"the loss along rows is {image:.3f}, the loss along columns {caption:.3f}, their mean "
        f"{(image + caption) / 2:.3f}, and",
        f"both losses, {image:.4f} along the rows and {caption:.4f} down the columns, beside",
    )
    assert clip.recall(TABLE, 1) == clip.recall(TABLE.T, 1) == 1
    for factor, shown in ((0.5, "256 / (64 + 256 + 64)"), (2, "4 / (2.83 + 4 + 2.83)")):
        share = torch.softmax(SCALE * TABLE[1] / factor, 0)[1]
        said(f"${shown} = {share:.2f}$")
    said(f"$\\tau = 0.2 / \\log 2 = {clip.TAU:.3f}$")
    said(f"the picture of 9 is “nine” with {torch.softmax(SCALE * TABLE[2], 0)[2]:.2f}.")


def test_a_caption_that_moves_and_the_strongest_push() -> None:
    moved = clip.CAPTIONS.clone()
    moved[0] = torch.tensor([1.0, 0.0, 0.0])
    image, caption = clip.both(clip.cosines(clip.IMAGES, moved), SCALE)
    assert float(image) == pytest.approx(float(caption))
    said(f"the shares 32/34, 16/25 and 16/25, and the loss {image:.3f}: the columns gain more.")
    before = clip.both(TABLE, SCALE)
    assert before[1] - caption > before[0] - image
    push = clip.slope(TABLE, SCALE) * 6 / SCALE
    wrong = push.masked_fill(torch.eye(3).bool(), 0.0)
    assert float(wrong.max()) == float(wrong[2, 1])
    said(
        f"$p + q = 8/25 + 8/25 = {wrong[2, 1]:.2f}$",
        f"the picture of 8 has $1/4 + 8/25 = {wrong[1, 0]:.2f}$ with “three” and with “nine”.",
    )
    assert float(wrong[1, 2]) == pytest.approx(float(wrong[1, 0]))


def test_the_sigmoid_loss_of_the_example() -> None:
    odds = (SCALE * TABLE).exp() / 8
    chance = odds / (1 + odds)
    assert chance[0].tolist() == pytest.approx([2 / 3, 1 / 9, 1 / 9])
    loss = clip.sigmoid(TABLE, SCALE, clip.BIAS)
    parts = [-math.log(2 / 3), -math.log(1 / 2), -math.log(8 / 9)]
    said(
        f"$(3 \\cdot {parts[0]:.3f} + 3 \\cdot {parts[1]:.3f} + 3 \\cdot {parts[2]:.3f}) / 3 "
        f"= {loss:.3f}$"
    )


def test_one_pair_that_does_not_fit_makes_a_finite_temperature() -> None:
    table = told("temperature")
    least, where = min(zip(table["image, wrong"], table["tau"], strict=True))
    said(f"the row loss is least at $\\tau = {where:.2f}$, with {least:.3f}.")
    said(
        f"has its minimum, {least:.2f}, at {where:.2f}, and leaves the picture at 2.5 below 0.027]"
    )
    wrong = TABLE.clone()
    wrong[2] = torch.tensor([0.0, 0.8, 0.6])
    assert clip.both(wrong, 1 / 0.0275)[0] < 2.5 < clip.both(wrong, 1 / 0.0265)[0]
    for name in ("image, right", "caption, right"):
        assert all(a < b for a, b in itertools.pairwise(table[name]))
    assert min(table["image, right"]) < 1e-4


# What was measured.


def test_right_names_are_told_as_measured() -> None:
    names = told("names")
    said(
        f"the right name among ten is found for {percent(names, 'all')} % (mean and standard",
        f"whose word “number” no caption had gives {percent(names, 'new')} % of right names;",
        f"{percent(names, 'held')} % of its test pictures get its name",
        f"give {percent(names, 'batch 2')} %, {percent(names, 'batch 8')} %, "
        f"{percent(names, 'batch 32')} % and {percent(names, 'batch 128')} % of right names.",
        f"with {figures.STEPS * figures.BATCH:,} pictures each, batches of 8, 32 and 64 give "
        f"{percent(names, 'equal 8')} %, {percent(names, 'equal 32')} % and {percent(names, 'all')} %.",
        f"this start leads to {percent(names, 'sigmoid')} % of right names, and a start at $b = 0$ "
        f"to {percent(names, 'sigmoid from 0')} %",
        f"the learned scale ended at {names['scale'][0]:.1f} ± {names['scale, deviation'][0]:.1f}.",
        f"{percent(names, 'centred')} % of right names in place of {percent(names, 'all')} %.",
        f"eight times the steps for the same {figures.STEPS * figures.BATCH:,} pictures: "
        f"{100 * names['equal 8'][0]:.1f} % of right names, in place of {100 * names['all'][0]:.1f} % |",
        f"the bare name {names['bare'][0]:.2f}, four templates {names['all'][0]:.2f}, a new template "
        f"{names['new'][0]:.2f}, a digit left out with its name {names['held'][0]:.2f}, a linear "
        f"classifier {names['linear'][0]:.2f}; chance is 0.1",
    )
    train, test = figures.data()
    said(f"on {len(train.y):,} of scikit-learn's digits", f"On the {len(test.y)} other digits")


def test_what_a_batch_can_certify_is_told_as_computed() -> None:
    table = told("batch")
    at = table["n"].index(64)
    assert all(
        n < m < e
        for n, m, e in zip(*(table[k] for k in ("networks", "most", "entropy")), strict=True)
    )
    assert all(m < bound for m, bound in zip(table["most"], table["log n"], strict=True))
    low = table["log n"][table["n"].index(8)] - table["most"][table["n"].index(8)]
    said(
        f"With 64 pairs $\\log N$ is {table['log n'][at]:.2f}, at most {table['most'][at]:.2f} can be "
        f"certified, and our networks certify {table['networks'][at]:.2f}.",
        f"the loss is on average at least {table['log n'][at] - table['most'][at]:.2f} |",
        f"smaller batches: {low:.2f} with 8 pairs",
        f"$\\log 10 = {math.log(10):.2f}$",
        f"log N rises from {table['log n'][0]:.1f} and leaves the picture at 4; what can be certified rises "
        f"from {table['most'][0]:.2f} to {table['most'][-1]:.2f} and stays below the line at "
        f"{table['entropy'][0]:.2f}; the networks lie below it, from {table['networks'][0]:.2f} to "
        f"{table['networks'][-1]:.2f}",
    )


def test_the_gap_is_told_as_measured() -> None:
    table = told("gap")
    steps = [int(n) for n in table["along steps"]]
    at = [
        f"{table['along gap'][k]:.2f} ± {table['along gap, deviation'][k]:.2f}"
        for k in range(len(steps))
    ]
    peak = max(range(len(steps)), key=lambda k: table["along gap"][k])
    said(
        f"on our digits the gap is {at[0]} before training.",
        f"It is {at[peak]} after {steps[peak]} steps and {at[-1]} after {steps[-1]}.",
    )
    gap, right = table["gap"], [100 * r for r in table["right"]]
    off = [100 * r for r in table["right, deviation"]]
    said(
        f"With a fixed temperature of 0.01 it stays at {gap[0]:.2f}, with 0.1 it falls to {gap[2]:.2f}, "
        f"and with 1 to {gap[4]:.2f}",
        f"Right names are most frequent at 0.1, with {right[2]:.1f} ± {off[2]:.1f} %; at 0.01 they are "
        f"{right[0]:.1f} ± {off[0]:.1f} % and at 1 {right[4]:.1f} ± {off[4]:.1f} %.",
        f"lie {table['along gap'][-1]:.2f} apart; names are found all the same | a higher temperature: {gap[4]:.2f} at",
        f"| {right[4]:.1f} % of right names, in place of {100 * table['along right'][-1]:.1f} % |",
        f"the gap rises from {table['along gap'][0]:.2f} to {table['along gap'][peak]:.2f} and falls to "
        f"{table['along gap'][-1]:.2f}, right names rise from {table['along right'][0]:.2f} to "
        f"{table['along right'][-1]:.2f}.",
        f"the gap falls from {gap[0]:.2f} to {gap[4]:.2f}, right names rise from {right[0] / 100:.2f} to "
        f"{right[2] / 100:.2f} at 0.1 and fall to {right[4] / 100:.2f}",
    )
    assert right[2] == max(right[:5])
    assert gap[:5] == sorted(gap[:5], reverse=True)


def test_made_captions_are_told_as_measured() -> None:
    table = told("captions")
    columns = ("order", "turned", "count", "negation")
    for k, cells in enumerate(rows_of("tab-clip-worlds")):
        assert cells[1:] == [percent(table, name, k, 0) for name in columns]
    for k, cells in enumerate(rows_of("tab-clip-recall")):
        names = ("text 1", "text 5", "image 1", "image 5")
        assert cells[1:] == [percent(table, name, k, 0) for name in names]
    whole = {name: [f"{100 * value:.0f} %" for value in table[name]] for name in columns}
    failures = rows_of("tab-clip-failures")
    assert failures[0][1].endswith(whole["turned"][0])
    assert failures[0][2].endswith(whole["turned"][1])
    assert failures[1][1].endswith(f"right in {whole['negation'][1]}")
    assert whole["negation"][4] in failures[1][2]
    assert whole["negation"][5] in failures[1][2]
    assert failures[2][1].endswith(whole["count"][1])
    assert failures[2][2].endswith(whole["count"][4])
    said(
        f"costs on the unseen ones, {whole['turned'][2]} in place of {whole['turned'][1]}:",
        f"“no” is an unknown word: {whole['negation'][1]} are right, far below chance.",
        f"of negated captions it is {whole['negation'][4]}, after eight times the steps {whole['negation'][5]}:",
        f"Scenes of both orders, alone, give {whole['turned'][3]};",
    )
    assert figures.LONG == 8 * figures.WORLD_STEPS
    two = Fraction(7, 10)  # of the scenes hold two digits; a 3 and an 8 are one of 45 pairs
    both, three = two / 45, two * Fraction(1, 5) + (1 - two) * Fraction(1, 10)
    assert round(three / both) == 11
    assert round(64 * both) == 1
    settings = figures.WORLDS["fuller captions"][1]
    assert settings == {"negated": 0.4, "told": 0.2, "rising": False}


# Exercises.


@pytest.mark.answer("answer-clip-third")
def test_exercise_1_a_third_of_the_temperature(answer: Bench) -> None:
    share = [float(torch.softmax(SCALE * k * TABLE[1], 0)[1]) for k in (3, 1)]
    answer("answer-clip-third").is_(*share)


@pytest.mark.answer("answer-clip-copies")
def test_exercise_2_two_equal_captions(answer: Bench) -> None:
    v = torch.eye(3, dtype=torch.float64)[torch.tensor([0, 0, 1, 2])]
    answer("answer-clip-copies").is_(float(clip.contrastive(v @ v.T, 60.0)), math.log(2))


@pytest.mark.answer("answer-clip-grows")
def test_exercise_3_the_scale_grows(answer: Bench) -> None:
    scale = torch.tensor(SCALE, dtype=torch.float64, requires_grad=True)
    clip.contrastive(TABLE, scale).backward()
    assert scale.grad is not None
    assert float(scale.grad) < 0
    answer("answer-clip-grows").is_("It grows until its limit.")


@pytest.mark.answer("answer-clip-raise")
def test_exercise_4_raised_cosines(answer: Bench) -> None:
    more = TABLE + 0.1
    torch.testing.assert_close(clip.contrastive(more, SCALE), clip.contrastive(TABLE, SCALE))
    change = clip.sigmoid(more, SCALE, clip.BIAS) - clip.sigmoid(TABLE, SCALE, clip.BIAS)
    assert abs(float(change)) > 0.01
    answer("answer-clip-raise").is_("The contrastive loss stays, the sigmoid loss changes.")


@pytest.mark.answer("answer-clip-bias")
def test_exercise_5_another_bias(answer: Bench) -> None:
    losses = [float(clip.sigmoid(TABLE, SCALE, bias)) for bias in (-math.log(4), clip.BIAS)]
    answer("answer-clip-bias").is_(*losses)


@pytest.mark.answer("answer-clip-recall")
def test_exercise_6_recall(answer: Bench) -> None:
    s = TABLE.clone()
    s[2] = torch.tensor([0.6, 0.8, 0.0])
    answer("answer-clip-recall").is_(clip.recall(s, 2), 1.0)


# The code.


def test_a_search_finds_what_recall_counts() -> None:
    images, captions = unit(9, 5, 7), unit(9, 5, 8)
    found = practice.search(images, captions, 3)
    hits = [k in row for k, row in enumerate(found.tolist())]
    assert clip.recall(captions @ images.T, 3) == pytest.approx(sum(hits) / 9)


def test_prompts_are_averaged_before_the_choice() -> None:
    prompts = torch.tensor([[[10.0, 0.0], [0.0, 1.0]], [[0.9, 0.44], [0.9, 0.44]]])
    u = torch.tensor([[0.7, 0.72], [0.9, 0.4]])  # the long prompt counts no more than the short one
    assert clip.zero_shot(u, prompts).tolist() == [0, 1]


def test_hard_negatives_are_refused_by_pictures_alone() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = clip.Clip(clip.Eye(6, 8, 4), clip.Reader(5, 2, 8, 4, ordered=True))
    x, text = (
        torch.rand(3, 6, generator=torch.Generator().manual_seed(1)),
        torch.tensor([[0, 1], [1, 2], [3, 4]]),
    )
    s = model(x, torch.cat([text, text.flip(1)]))
    scale = model.log_scale.exp()
    own = torch.arange(3)
    wanted = (cross_entropy(scale * s, own) + cross_entropy(scale * s[:, :3].T, own)) / 2
    found = clip.loss_of(model, x, torch.cat([text, text.flip(1)]))
    torch.testing.assert_close(found, wanted)


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(FOLDER / "clip.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "image to caption 0.4191, torch 0.4191" in out
    assert "the sigmoid loss 1.2164" in out
