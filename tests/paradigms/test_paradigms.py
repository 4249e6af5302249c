"""The claims of docs/paradigms/index.md and hybrid.md, and what the figure's caption says."""

import statistics
from importlib import import_module

import pytest
import torch

from docs.paradigms.supervised import supervised
from docs.paradigms.unsupervised import unsupervised
from scripts.figures import paradigms, style

semi_supervised = import_module("docs.paradigms.semi-supervised.semi_supervised")


def shares() -> dict[str, float]:
    table = style.read_table(style.DOCS / "paradigms/index/views.csv")
    return {name: table["right_" + name][0] for name in paradigms.SHARES}


def test_every_signal_teaches_what_the_page_says() -> None:
    right = shares()
    assert right["supervised"] > 0.98
    assert right["reinforcement"] > 0.98
    assert right["few"] < 0.9 < right["semi"]
    assert f"{right['head']:.0%}" == "90%"
    assert right["head"] < right["hybrid"] < right["supervised"]


def test_spreading_six_labels_helps_on_average_and_not_for_one_draw_only() -> None:
    x, y = paradigms.moons(paradigms.POINTS, 0)
    f, w = paradigms.bumps(x), semi_supervised.likeness(x, 0.12)
    few, spread = [], []
    for seed in range(20):
        known = paradigms.labelled(y, seed)
        head = supervised.fit(f[known], y[known], 2, 300)
        few.append(paradigms.right(f @ head, y))
        spread.append(paradigms.right(semi_supervised.spread(w, known, y[known], 2), y))
    assert statistics.mean(few) < 0.9
    assert statistics.mean(spread) > 0.97


def test_the_mean_of_a_hidden_height_with_two_peaks_is_unlikely() -> None:
    table = style.read_table(style.DOCS / "paradigms/index/views.csv")
    bars = [
        (row, chance)
        for column, row, chance in zip(table["column"], table["row"], table["chance"], strict=True)
        if column == pytest.approx(0.5)
    ]
    mean = sum(row * chance for row, chance in bars)
    at_mean = min(bars, key=lambda bar: abs(bar[0] - mean))[1]
    assert at_mean < max(chance for _, chance in bars) / 2


@pytest.mark.equation("eq-hybrid-joint")
def test_the_loss_of_the_joint_is_the_unsupervised_plus_the_supervised_loss() -> None:
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
