"""Dead codes and their cures: what the small autoencoders of docs/architectures/codebooks.md do, and what it tells."""

from pathlib import Path

import pytest
import torch

from docs.architectures.codebooks import codebooks, collapse
from scripts.figures import codebooks as figures
from scripts.figures import style
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "codebooks.md"
TABLE = style.read_table(PAGE.parent / "codebooks" / "use.csv")
KINDS = list(figures.NAMES)
said = sayings(PAGE)
rows_of = tables(PAGE)


def of(kind: str, name: str) -> tuple[float, float, float]:
    """Mean, least and greatest of the five networks of a kind."""
    at = KINDS.index(kind)
    mean, least, most = (TABLE[f"{name}_{part}"][at] for part in ("mean", "least", "most"))
    return mean, least, most


def test_networks_side_by_side_quantise_as_one_by_one() -> None:
    generator = torch.Generator().manual_seed(0)
    coder = collapse.fresh("plain", 3, generator)
    u = coder.encode(collapse.signals(3, 20, generator)).detach()
    z, extra, k = coder.quantise(u)
    before, counts = coder.e, coder.counts
    coder.update(u, k, False, generator)
    for n in range(3):
        one, terms, indices = codebooks.quantise(u[n], before[n])
        assert torch.equal(indices, k[n])
        torch.testing.assert_close(z[n], one)
        stays = (u[n] - one).square().sum(-1).mean()
        torch.testing.assert_close(extra[n], 0.25 * stays)
        torch.testing.assert_close(terms.mean(), 1.25 * stays)
        moved, fewer = codebooks.ema(before[n], counts[n], u[n], indices, collapse.DECAY)
        torch.testing.assert_close(coder.e[n], moved)
        torch.testing.assert_close(coder.counts[n], fewer)


def test_a_restart_puts_dead_codes_on_outputs_of_the_same_network() -> None:
    generator = torch.Generator().manual_seed(0)
    coder = collapse.fresh("restart", 2, generator)
    u = coder.encode(collapse.signals(2, 20, generator)).detach()
    k = coder.quantise(u)[2]
    coder.counts = torch.full_like(coder.counts, 0.04)
    coder.update(u, k, True, generator)
    for n in range(2):
        chosen = torch.bincount(k[n], minlength=collapse.CODES)
        dead = 0.04 * collapse.DECAY + (1 - collapse.DECAY) * chosen < collapse.LEAST
        on_output = torch.cdist(coder.e[n], u[n]).amin(1) < 1e-3
        assert dead.any()
        assert on_output[dead].all()
        assert (coder.counts[n][dead] == 1).all()
        assert (coder.counts[n][~dead] != 1).all()


def test_rounding_is_that_of_the_page() -> None:
    generator = torch.Generator().manual_seed(0)
    coder = collapse.fresh("fsq", 2, generator)
    x = collapse.signals(2, 20, generator)
    z, _, k = coder.quantise(coder.encode(x))
    w, b, v, c = coder.weights[:4]
    bare = torch.relu(x @ w + b) @ v + c
    for n in range(2):
        ours, numbers = codebooks.fsq(bare[n], collapse.LEVELS)
        torch.testing.assert_close(z[n], ours)
        assert torch.equal(k[n], numbers)


def test_measures_are_those_of_the_page() -> None:
    coder = collapse.fresh("low", 2, torch.Generator().manual_seed(0))
    _, used, perplexity, _ = collapse.measure(coder)
    x = collapse.signals(2, collapse.TESTED, torch.Generator().manual_seed(1000))
    u = coder.encode(x)
    torch.testing.assert_close(u.norm(dim=-1), torch.ones(2, collapse.TESTED))
    for n in range(2):
        count, value = codebooks.use(codebooks.nearest(u[n], coder.e[n]), collapse.CODES)
        assert float(used[n]) == count
        assert float(perplexity[n]) == pytest.approx(value)


def test_a_few_steps_train() -> None:
    before = collapse.measure(collapse.train("restart", 2, 0))[0]
    after = collapse.measure(collapse.train("restart", 2, 25))[0]
    assert (after < before).all()


def test_the_table_is_that_of_the_figure() -> None:
    for kind, cells in zip(KINDS, rows_of("tab-codebooks-collapse"), strict=True):
        (used, a, b), (fault, c, d) = of(kind, "used"), of(kind, "error")
        said_of = f"{used:.1f} ({a:.0f} to {b:.0f})" + (" of 63" if kind == "fsq" else "")
        assert cells[1:] == [
            said_of,
            f"{of(kind, 'perplexity')[0]:.1f}",
            f"{fault:.3f} ({c:.3f} to {d:.3f})",
        ]
    for cells in rows_of("tab-codebooks-try"):
        kind = cells[0].strip("`")
        assert cells[1:4] == [
            f"{of(kind, 'used')[0]:.1f}",
            f"{of(kind, 'perplexity')[0]:.1f}",
            f"{of(kind, 'error')[0]:.3f}",
        ]


def test_what_the_page_tells_of_dead_codes() -> None:
    plain, cured = of("plain", "used"), of("restart", "used")
    said(
        f"{plain[0]:.1f} of them are used after training (mean of five networks, "
        f"{plain[1]:.0f} to {plain[2]:.0f})"
    )
    said(
        f"With restarts it is {cured[0]:.1f} ({cured[1]:.0f} to {cured[2]:.0f}), "
        f"and the error falls from {of('plain', 'error')[0]:.3f} to {of('restart', 'error')[0]:.3f}."
    )
    used = [f"{of(kind, 'used')[0]:.1f}" for kind in KINDS]
    faults = [f"{of(kind, 'error')[0]:.3f}" for kind in KINDS]
    said(
        f"plain {used[0]}, start on data {used[1]}, start on data without commitment "
        f"{used[2]}, restarts {used[3]}, 4 numbers of unit length {used[4]}, FSQ "
        f"{used[5]}. Squared"
    )
    said(f"error: {', '.join(faults)}](")
    assert all(of("plain", "error")[1] > of(kind, "error")[2] for kind in KINDS[1:])
    assert all(of("restart", "error")[2] < of(kind, "error")[1] for kind in KINDS if kind != "restart")  # fmt: skip
    said("uses two thirds of its grid here")
    assert of("fsq", "used")[0] / 63 == pytest.approx(2 / 3, abs=0.03)
    away, near = of("loose", "apart"), of("data", "apart")
    said(
        f"is {away[0]:.1f} ({away[1]:.1f} to {away[2]:.1f}) after training in place "
        f"of {near[0]:.1f} ({near[1]:.1f} to {near[2]:.1f})"
    )
    said(
        f"and the error is {of('loose', 'error')[0]:.3f} in place of {of('data', 'error')[0]:.3f}."
    )
    said(f"after {collapse.STEPS} steps", f"| restarts every {collapse.EVERY} steps |")
    said(f"chosen less than {collapse.LEAST} times a batch on average")
    said(
        f"bumps on {collapse.PLACES} places; the encoder gives {collapse.WIDE} numbers, "
        f"and {collapse.CODES} codes move by EMA of decay {collapse.DECAY}, in batches of {collapse.BATCH}, "
        f"since {collapse.STEPS} steps are few."
    )
    said(f"the encoder's last layer gives {collapse.LOW} numbers")


def test_few_codes_are_near_a_fresh_encoder() -> None:
    used = collapse.measure(collapse.train("plain", 5, 0))[1]
    said(
        f"only {float(used.mean()):.1f} of them ({float(used.min()):.0f} to {float(used.max()):.0f}) "
        f"are the nearest to any of {collapse.TESTED} outputs"
    )
    on_data = collapse.measure(collapse.train("data", 5, 0))[1]
    assert on_data.min() > used.max()
