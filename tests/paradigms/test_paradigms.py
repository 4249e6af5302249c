"""The claims of docs/paradigms/index.md and hybrid.md, and what the figure's caption says."""

import math
import statistics
from importlib import import_module

import pytest
import torch

from docs.paradigms.reinforcement import reinforcement
from docs.paradigms.supervised import supervised
from docs.paradigms.unsupervised import unsupervised
from scripts.figures import paradigms, style
from tests.printed.plugin import Equations

semi_supervised = import_module("docs.paradigms.semi-supervised.semi_supervised")

FOLDER = style.DOCS / "paradigms"


def table() -> style.Table:
    return style.read_table(FOLDER / "index/views.csv")


def shares(name: str) -> list[float]:
    """The share of right answers of each run."""
    return paradigms.filled(table()[f"right_{name}"])


def share(name: str) -> str:
    """Mean and spread of a share as the pages print them."""
    values = shares(name)
    assert len(values) == paradigms.SEEDS
    return paradigms.mean_and_spread(values)


def said(page: str, *texts: str) -> None:
    """Ask that a page says these words, wherever its lines break."""
    words = " ".join((FOLDER / f"{page}.md").read_text(encoding="utf-8").split())
    for text in texts:
        assert text in words, f"{page}.md does not say {text!r}"


def test_the_page_prints_the_mean_and_the_spread_of_all_runs() -> None:
    said(
        "index",
        f"right on {share('few')} of the other points",
        f"the same labels reach {share('semi')}",
        f"the labels ran over into another arm, and {100 * min(shares('semi')):.1f} % were right",
        f"{share('tried_120')} after one pass where labels give {share('told_120')}",
        f"{share('tried_1200')} after ten passes where labels give {share('told_1200')}",
        f"over {paradigms.SEEDS} runs",
    )


def test_mean_and_spread_are_those_of_the_runs() -> None:
    assert paradigms.mean_and_spread([0.5, 0.7, paradigms.NAN]) == "60.0 ± 14.1 %"


def test_the_picture_prints_the_mean_and_the_spread_of_all_runs() -> None:
    picture = (FOLDER / "index/views.svg").read_text(encoding="utf-8")
    for name in ("told_120", "semi", "tried_120", "hybrid_15"):
        assert share(name) in picture


def test_the_page_prints_what_each_part_of_the_hybrid_adds() -> None:
    for part, words in (
        ("hybrid", "nine labels, the others rewards"),
        ("rewards", "rewards alone"),
        ("labels", "labels alone"),
        ("no_density", "nine labels, the others rewards, without the density"),
    ):
        few, many = (share(f"{part}_{count}") for count in paradigms.TRIES)
        said("hybrid", f"| {words} | {few} | {many} |")
    said("hybrid", f"| nine labels and no more | {share('no_rewards')} | {share('no_rewards')} |")
    few, many = (count + paradigms.LABELS for count in paradigms.TRIES)
    said("hybrid", f"| Signals | {few} in all | {many} in all |")
    said("hybrid", f"gone through {paradigms.ROUNDS} times")


def test_the_page_says_what_is_lost_without_the_density_and_without_the_rewards() -> None:
    def fall(few: str, many: str) -> list[str]:
        """How far the mean falls, in points, when the one part is left out of the hybrid."""
        parts = zip(paradigms.TRIES, (few, many), strict=True)
        means = [
            statistics.mean(shares(f"hybrid_{count}")) - statistics.mean(shares(other))
            for count, other in parts
        ]
        return [f"{100 * mean:.0f}" for mean in means]

    density = fall("no_density_15", "no_density_60")
    rewards = fall("no_rewards", "no_rewards")
    few, many = (count + paradigms.LABELS for count in paradigms.TRIES)
    said(
        "hybrid",
        f"falls by {density[0]} points with {few} signals and by {density[1]} with {many}, "
        f"without the rewards by {rewards[0]} and {rewards[1]}",
    )


def test_the_density_helps_and_labels_with_rewards_are_no_better_than_rewards_alone() -> None:
    def better(name: str, other: str) -> float:
        """How far the mean of one lies above that of the other, in standard errors of the pairs."""
        gaps = [a - b for a, b in zip(shares(name), shares(other), strict=True)]
        return statistics.mean(gaps) / statistics.stdev(gaps) * math.sqrt(len(gaps))

    for count in paradigms.TRIES:
        assert better(f"hybrid_{count}", f"no_density_{count}") > 4
        assert better(f"hybrid_{count}", f"rewards_{count}") < 1
        assert better(f"labels_{count}", f"hybrid_{count}") > 1
        assert better(f"labels_{count}", f"rewards_{count}") > 2
        assert better(f"hybrid_{count}", "no_rewards") > 2


def test_labels_and_rewards_are_compared_at_equal_passes_and_labels_say_more() -> None:
    for length in paradigms.LENGTHS:
        told, tried = shares(f"told_{length}"), shares(f"tried_{length}")
        assert statistics.mean(told) > statistics.mean(tried)
    f = torch.stack([paradigms.bumps(paradigms.arms(6, 0)[0])])
    y = torch.stack([paradigms.arms(6, 0)[1]])
    zero = torch.zeros(1, f.shape[2], paradigms.CLASSES, dtype=torch.float64)
    step = paradigms.online(f, y, zero, 1, told=True)[0]
    rewarded = paradigms.online(f, y, zero, 1, told=False)[0]
    assert torch.linalg.matrix_rank(step) == 1  # one point, one step
    assert step.norm() >= rewarded.norm()


def test_with_two_classes_a_reward_would_say_what_a_label_says() -> None:
    for wrong in (
        0,
        1,
    ):  # with the baseline 1, a wrong guess gives the step towards the other class
        z = torch.zeros(2, dtype=torch.float64)
        g = reinforcement.estimate(
            z, torch.tensor([wrong]), torch.zeros(1, dtype=torch.float64), 1.0
        )
        torch.testing.assert_close(g, -supervised.gradient(z[None], torch.tensor([1 - wrong]))[0])


def test_the_mean_of_a_hidden_height_with_two_peaks_is_unlikely() -> None:
    columns = table()
    bars = [
        (row, chance)
        for column, row, chance in zip(
            columns["column"], columns["row"], columns["chance"], strict=True
        )
        if column == pytest.approx(0.8)
    ]
    mean = sum(row * chance for row, chance in bars)
    at_mean = min(bars, key=lambda bar: abs(bar[0] - mean))[1]
    assert at_mean < max(chance for _, chance in bars) / 4


def test_spreading_by_likeness_is_asked_of_every_run() -> None:
    x, y = paradigms.arms(paradigms.POINTS, 3)
    known = paradigms.labelled(y, 3)
    rest = torch.ones(paradigms.POINTS, dtype=torch.bool)
    rest[known] = False
    g = semi_supervised.spread(semi_supervised.likeness(x, 0.12), known, y[known], 3)
    assert paradigms.right(g[rest], y[rest]) == pytest.approx(shares("semi")[3], abs=1e-3)


@pytest.mark.equation("eq-hybrid-joint")
def test_the_loss_of_the_joint_is_the_unsupervised_plus_the_supervised_loss(
    printed: Equations,
) -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(50, 2, generator=draw, dtype=torch.float64)
    y = torch.randint(0, 3, (50,), generator=draw)
    w = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    m, s = torch.randn(3, 2, generator=draw).double(), torch.tensor([0.5, 1.0, 2.0]).double()
    joint = torch.stack(
        [
            w[k].log()
            + torch.distributions.MultivariateNormal(m[k], s[k] * torch.eye(2).double()).log_prob(p)
            for p, k in zip(x, y, strict=True)
        ]
    )
    logits = unsupervised.log_joint(x, (w, m, s))
    parts = unsupervised.negative_log_likelihood(x, (w, m, s)) + supervised.cross_entropy(logits, y)
    torch.testing.assert_close(-joint.mean(), parts)

    def loss(index: int) -> float:
        return unsupervised.negative_log_likelihood(x[index : index + 1], (w, m, s)).item()

    def surprise(label: int, index: int) -> float:
        return supervised.cross_entropy(logits[index : index + 1], torch.tensor([label])).item()

    def density(index: int, label: int) -> float:
        cloud = torch.distributions.Normal(m[label], s[label].sqrt())
        return (w[label] * cloud.log_prob(x[index]).sum().exp()).item()

    printed("eq-hybrid-joint").holds(
        {
            r"p_\theta(\cdot, \cdot)": density,
            r"p_\theta(\cdot)": lambda x: math.exp(-loss(x)),
            r"p_\theta(\cdot \mid \cdot)": lambda y, x: math.exp(-surprise(y, x)),
            "x": 17,
            "y": 2,
        },
        free=("x", "y"),  # of every point and label
    )


def test_the_signals_of_one_sentence_are_those_of_the_table_of_counts() -> None:
    drawn = style.read_table(FOLDER / "index" / "diagram.csv")
    counted = 2 / 3 * 1 / 2 * 1 / 3 * 1 / 2  # Ann begins, saw follows, Tom was seen, the end
    assert counted == pytest.approx(1 / 18)
    assert drawn["sentence"][0] == pytest.approx(-math.log(counted), abs=1e-6)
    assert drawn["hidden"][0] == pytest.approx(-math.log(1 / 3), abs=1e-6)
    said(
        "index",
        "The model gives it the probability 1/18",
        rf"is $\ln 18 \approx {drawn['sentence'][0]:.2f}$ nats",
        rf"the probability 1/3: the loss is $\ln 3 \approx {drawn['hidden'][0]:.2f}$ nats",
        f"minus log p of the data, {drawn['sentence'][0]:.2f}",
        f"minus log p of what was hidden, {drawn['hidden'][0]:.2f}",
        "the table of counts earns 1/3 on average",
    )
    assert 1 * drawn["chance"][0] == pytest.approx(1 / 3, abs=1e-6)
