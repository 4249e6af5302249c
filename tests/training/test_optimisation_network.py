"""The network of letters against PyTorch, and what the page tells of its runs against their recipe's numbers."""

import math
from itertools import product

import pytest
import torch

from docs.training.optimisation import network as net
from docs.training.optimisation import optimisation as code
from scripts.figures import optimisation_trained as runs
from scripts.figures import style
from tests.said import sayings, tables

PAGE = style.DOCS / "training" / "optimisation.md"
said = sayings(PAGE)
rows_of = tables(PAGE)


def read(name: str) -> dict[str, list[float]]:
    """The numbers of a figure."""
    return style.read_table(PAGE.parent / "optimisation" / f"{name}.csv")


def told(mean: float, apart: float, digits: int = 3) -> str:
    """Mean and deviation as the tables write them."""
    return f"{mean:.{digits}f} ± {apart:.{digits}f}"


def tex(mean: float, apart: float, digits: int = 2) -> str:
    """Mean and deviation as the text writes them."""
    return f"${mean:.{digits}f} \\pm {apart:.{digits}f}$"


def test_runs_side_by_side_are_the_runs_alone_and_those_of_pytorch() -> None:
    tokens = net.read("a short text of letters, and of signs. " * 5)
    assert net.read("Az .,").tolist() == [0, 25, 26, 27, 28]
    held = tokens[torch.arange(20)[:, None] + torch.arange(net.T + 1)]
    s = net.Settings(width=16, decay=0.1, clip=1.0, ema=0.9)
    plan = torch.tensor([[0.01, 0.03]]).expand(5, -1)
    both, slow = net.train(tokens, held, plan, [3, 4], s)
    alone, _ = net.train(tokens, held, plan[:, 1:], [4], s)
    assert float(both[0, 1]) == pytest.approx(float(alone[0, 0]), rel=1e-4)
    assert not torch.allclose(both, slow)
    w = net.start(s, [4])
    flat = torch.nn.ParameterList([torch.nn.Parameter(p.detach().clone()) for p in w])
    groups = [
        {"params": [flat[n] for n in (1, 3, 5)], "weight_decay": 0.1},
        {"params": [flat[n] for n in (0, 2, 4, 6)], "weight_decay": 0.0},
    ]
    library, generator = torch.optim.AdamW(groups, 0.03, (0.9, 0.99)), torch.Generator()
    mean = [p.detach().clone() for p in flat]
    generator.manual_seed(1004)
    for t in range(1, 6):
        begin = torch.randint(len(tokens) - net.T - 1, (net.B, 1), generator=generator)
        window = tokens[begin + torch.arange(net.T + 1)]
        x = flat[0][0][window[:, : net.T]].flatten(1)
        for n in (1, 3):
            x = torch.relu(x @ flat[n][0] + flat[n + 1][0])
        loss = torch.nn.functional.cross_entropy(x @ flat[5][0] + flat[6][0], window[:, net.T])
        library.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(flat, 1.0)
        library.step()
        keep = t / (t + 10)  # at first the average forgets faster than at 0.9
        mean = [keep * m + (1 - keep) * p.detach() for m, p in zip(mean, flat, strict=True)]
    found = net.losses(list(flat), held[None]).detach()
    assert float(found) == pytest.approx(float(alone[0, 0]), rel=1e-3)
    averaged = float(net.losses(mean, held[None]))
    assert averaged == pytest.approx(float(slow[0, 1]), rel=1e-3)
    assert abs(averaged - float(found)) > 0.005


def test_decay_on_all_and_a_first_step_without_correction() -> None:
    s = net.Settings(width=4, betas=(0.9, 0.999), eps=0.0, decay=0.2, decay_all=True, correct=False)
    w = net.start(s, [0])
    before = [p.detach().clone() for p in w]
    for p in w:
        p.grad = torch.full_like(p, 0.5)
    net.step(w, [[torch.zeros_like(p) for p in w] for _ in range(2)], torch.tensor([0.1]), 1, s)
    first = (1 - 0.9) / math.sqrt(1 - 0.999)
    for new, old in zip(w, before, strict=True):
        torch.testing.assert_close(new.detach(), (1 - 0.1 * 0.2) * old - 0.1 * first)


def test_mup_changes_rates_and_one_start_alone() -> None:
    plain, scaled = net.Settings(width=128), net.Settings(width=128, scaled=32)
    assert net.multipliers(plain) == [1] * 7
    assert net.multipliers(scaled) == [1, 1, 1, 0.25, 1, 0.25, 1]
    for n, (p, q) in enumerate(zip(net.start(plain, [0]), net.start(scaled, [0]), strict=True)):
        torch.testing.assert_close(q, p * (0.5 if n == 5 else 1))
    assert net.multipliers(net.Settings(width=32, scaled=32)) == [1] * 7
    w = net.start(plain, [0])
    with pytest.raises(ValueError, match="no gradient"):
        net.step(w, [w, w], torch.ones(1), 1, net.Settings())


def test_the_network_and_its_text() -> None:
    known, held = runs.text()
    said(f"It learns {len(known):,} characters of this site's text")
    said(f"losses are on {len(held):,} other places.")
    said(f"a network of {sum(p[0].numel() for p in net.start(net.Settings(), [0])):,} weights that")
    said(
        f"The network has {sum(p[0].numel() for p in net.start(net.Settings(), [0])):,} weights and no"
    )
    share = torch.bincount(known, minlength=net.V) / len(known)
    flat = -share.clamp(min=1e-9).log()[held[:, net.T]].mean()
    said(f"With 0.128 it ended at {flat:.2f}, which the frequencies of the letters alone give;")
    assert (net.T, net.E, net.B, net.V) == (8, 8, 64, 29)
    assert (net.Settings().width, net.Settings().betas) == (64, (0.9, 0.99))
    assert (runs.SEEDS, runs.WIDE_SEEDS, runs.WARM) == (5, 3, {300: 30, 1200: 120})


def test_warm_up_as_it_is_told() -> None:
    found = read("warm")
    at = found["rate"].index
    none, warm, raw = (found[f"{name} 300"] for name in ("none", "warm", "uncorrected"))
    for line in (none, warm):
        assert min(line) == line[at(0.016)]
        assert line[: at(0.016) + 1] == sorted(line[: at(0.016) + 1], reverse=True)
        assert line[at(0.016) :] == sorted(line[at(0.016) :])
        assert f"{line[-1]:.2f}" == "2.92"
    assert none[at(0.064)] - none[at(0.032)] > warm[at(0.064)] - warm[at(0.032)] + 0.1
    assert raw[0] < min(none[0], warm[0])
    assert f"{raw[at(0.016)]:.1f}" == "2.9"
    said(f"with 0.016 at {warm[at(0.016)]:.2f}. A smaller")

    def at_rate(name: str, rate: float) -> str:
        return tex(found[name][at(rate)], found[f"{name}, deviation"][at(rate)])

    said(f"At the rate 0.064 it ended at {at_rate('none 300', 0.064)}; with")
    said(f"with 30 of 300 steps of warm-up, at {at_rate('warm 300', 0.064)}.")
    said(f"the picture is the same: {at_rate('warm 1200', 0.064)} against")
    said(f"against {at_rate('none 1200', 0.064)} at 0.064,")
    said(f"at the best rate {at_rate('warm 1200', 0.016)} against {at_rate('none 1200', 0.016)}.")
    said(f"such a run ended at {at_rate('uncorrected 300', 0.016)}.")
    for name in ("warm 1200", "none 1200"):
        assert min(found[name]) == found[name][at(0.016)]
    said(
        f"and one eight times larger differed by {warm[at(0.128)] - warm[at(0.016)]:.1f} nats here."
    )


def test_schedules_as_they_are_told() -> None:
    found = read("schedules")
    rows = rows_of("tab-optimisation-schedules")
    for row, kind in zip(rows, runs.KINDS, strict=True):
        assert float(row[1]) == found[f"{kind}, rate"][0]
        assert row[2] == told(found[kind][-1], found[f"{kind}, deviation"][-1])
        assert 0.004 < found[f"{kind}, rate"][0] < 0.032
    early = range(found["step"].index(480) + 1)
    for low, high in product(("linear", "cosine"), ("constant", "wsd")):
        assert all(found[low][n] < found[high][n] for n in early)
    assert all(found["wsd"][n] == pytest.approx(found["constant"][n], abs=1e-4) for n in early)
    ends = {kind: found[kind][-1] for kind in runs.KINDS}
    assert max(ends, key=ends.__getitem__) == "constant"
    assert [f"{ends[kind]:.2f}" for kind in ("constant", "averaged")] == ["2.10", "2.04"]
    assert ends["wsd"] == pytest.approx(2.06, abs=0.01)
    rest = [ends[kind] for kind in runs.KINDS if kind != "constant"]
    assert max(rest) - min(rest) < 2 * max(found[f"{kind}, deviation"][-1] for kind in runs.KINDS)
    apart = max(found[f"{kind}, deviation"][-1] for kind in ("constant", "cosine"))
    assert ends["constant"] - max(rest) > 2 * apart
    assert (runs.SCHEDULED, runs.TRIED) == (600, (0.004, 0.008, 0.016, 0.032))


def test_what_else_fails_as_it_is_told() -> None:
    found = read("failures")
    both = dict(zip(runs.NAMES, zip(found["loss"], found["loss, deviation"], strict=True), strict=True))  # fmt: skip
    rows = rows_of("tab-optimisation-failures")
    expected = (
        (("decay 0.3 all",), ("decay 0.3", "plain")),
        (("decay 0.1 all",), ("decay 0.1", "plain")),
        (("eps 0.1",), ("plain",)),
        (("early",), ("cosine", "warmed again", "wsd")),
        (("clip 1",), ("plain",)),
    )
    for row, cells in zip(rows, expected, strict=True):
        for cell, names in zip(row[1:3], cells, strict=True):
            for name in names:
                assert told(*both[name]) in cell, (cell, name)
            assert cell.count("±") == len(names)
    said(f"on biases and embeddings too, {tex(*both['decay 0.3 all'])}; on")
    said(f"on matrices alone, {tex(*both['decay 0.3'])}.")
    said(
        "Two groups of weights cure more than half of it and cost nothing; "
        f"without decay it was {tex(*both['plain'])}, so 0.3 is too much for this run."
    )
    low, middle, high = (both[name][0] for name in ("plain", "decay 0.3", "decay 0.3 all"))
    assert 0.5 < (high - middle) / (high - low) < 0.7
    assert middle - low > 2 * max(both[name][1] for name in ("plain", "decay 0.3"))
    said(f"trained for 1,200, {tex(*both['early'])}; planned for 1,200, {tex(*both['cosine'])}.")
    said(f"Warming up again, for the other 900 steps, gave {tex(*both['warmed again'])}.")
    assert runs.PEAK == 0.016


def test_widths_as_they_are_told() -> None:
    found = read("widths")
    at = found["rate"].index
    best = {
        name: [found["rate"][found[f"{name} {w}"].index(min(found[f"{name} {w}"]))] for w in runs.WIDTHS]
        for name in ("usual", "muP")
    }  # fmt: skip
    assert best == {"usual": [0.032, 0.016, 0.016, 0.016], "muP": [0.032] * 4}
    for n in range(at(0.128) + 1):
        column = [found[f"muP {w}"][n] for w in runs.WIDTHS]
        assert column == sorted(column, reverse=True)

    def value(name: str, rate: float) -> str:
        return tex(found[name][at(rate)], found[f"{name}, deviation"][at(rate)], 3)

    said(f"the usual rule needs 0.016 for {value('usual 256', 0.016)}, and the rate that")
    said(f"that was best for 32 units gives {value('usual 256', 0.032)};")
    said(f"with μP this rate gives {value('muP 256', 0.032)}.")
    apart, noise = {}, {}
    for w in runs.WIDTHS:
        line, spread = found[f"usual {w}"], found[f"usual {w}, deviation"]
        apart[w] = abs(line[at(0.032)] - line[at(0.016)])
        noise[w] = 2 * max(spread[at(0.016)], spread[at(0.032)])
    assert [w for w in runs.WIDTHS if apart[w] < noise[w]] == [32, 64, 128]
    said("32, 64 and 128 units could not choose between 0.016 and 0.032")


def test_systems_in_tokens_and_steps() -> None:
    rows = rows_of("tab-optimisation-practice")
    assert len(rows) == 6
    tokens = 1024 * 4096
    assert "4.2 million" in rows[2][5]
    assert f"{tokens / 1e6:.1f}" == "4.2"
    assert "8.4 billion" in rows[2][2]
    assert f"{2000 * tokens / 1e9:.1f}" == "8.4"
    said("Adam keeps 8 bytes for each weight")
    assert math.isclose(2 * 32 / 8, 8)


def test_the_example_of_the_batch() -> None:
    said("a batch of 10 gains half of what the exact gradient could gain in a step; a batch")
    said("a batch of 90 gains 90 %.")
    assert [1 / (1 + 10 / b) for b in (10, 90)] == pytest.approx([0.5, 0.9])
    w = torch.tensor(code.START)
    assert float(code.slope(w) @ torch.diag(torch.tensor(code.CURVES)) @ code.slope(w)) == 829
