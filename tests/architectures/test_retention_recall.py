"""Recall of pairs and of changed values: what the trained networks of the figures give, as the page tells it."""

from importlib import import_module
from pathlib import Path

import pytest
import torch

from scripts.figures import retention as figures
from scripts.figures import style
from tests.answers.plugin import Bench
from tests.said import sayings

recall = import_module("docs.architectures.retention.recall")
retention = import_module("docs.architectures.retention.retention")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "retention.md"
FOLDER = PAGE.with_suffix("")
said = sayings(PAGE)
pytestmark = pytest.mark.usefixtures("one_thread")  # networks come out the same on one


def test_reading_is_the_layers_own_at_the_last_token() -> None:
    q, k, v = (
        torch.randn(2, 5, d, generator=torch.Generator().manual_seed(n))
        for n, d in enumerate((4, 4, 3))
    )
    k = torch.nn.functional.normalize(k, dim=-1)
    gamma = torch.tensor([31 / 32] * 2)
    for form, whole in (("retention", retention.parallel), ("delta", retention.delta)):
        for asked in range(5):
            query = q[:, asked : asked + 1].expand(2, 5, 4)
            found = recall.read(form, q, k, v, 31 / 32)[:, asked]
            torch.testing.assert_close(found, whole(query, k, v, gamma)[:, -1])
    library = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(recall.read("softmax", q, k, v, 1.0), library)


def test_the_texts_have_one_answer() -> None:
    generator = torch.Generator().manual_seed(0)
    keys, values, asked, answer = recall.pairs(16, 50, generator)
    assert all(len(set(row.tolist())) == 16 for row in keys)
    assert torch.equal(keys, asked)
    assert torch.equal(values, answer)
    keys, values, asked, answer = recall.changes(3, 50, generator)
    for row in range(50):
        latest = dict(zip(keys[row].tolist(), values[row].tolist(), strict=True))
        assert [latest[key] for key in asked[row].tolist()] == answer[row].tolist()
        assert all(keys[row].tolist().count(key) == 3 for key in asked[row].tolist())


def told(table: style.Table, name: str, place: int = -1) -> tuple[float, float, float]:
    """Mean, least and greatest share in per cent."""
    columns = (name, f"{name}, least", f"{name}, greatest")
    mean, least, most = (100 * table[column][place] for column in columns)
    return mean, least, most


def test_recall_of_pairs() -> None:
    table = style.read_table(FOLDER / "recall.csv")
    full, same, twice, delta = (told(table, name) for name in figures.READERS)
    said(
        f"At 16 pairs attention of width 8 answers {full[0]:.1f} % ({full[1]:.1f} to {full[2]:.1f},"
        f" three seeds), retention of the same width {same[0]:.1f} % ({same[1]:.1f} to {same[2]:.1f}).",
        f"with keys of 16 numbers, answers {twice[0]:.1f} %; it keeps {16 * 16} numbers in place of"
        f" {8 * 16}.",
        f"Attention keeps $16 \\cdot (8 + 16) = {16 * (8 + 16)}$.",
        f"and {delta[0]:.1f} % are right.",
        f"Attention of width 8 stays at {full[0] / 100:.2f}. Retention of width 16 falls to"
        f" {twice[0] / 100:.2f}, of width 8 to {same[0] / 100:.2f}, the delta rule of width 8 to"
        f" {delta[0] / 100:.2f}]",
        "Here, 32 words are keys and 16 are values; a text has up to 16 pairs",
        "learned in 200 steps (Adam, rate 0.03, 32 texts a step)",
        "Values have 16 numbers, the decay is $31/32$ a pair.",
        "![Share right against pairs read, 2 to 16.",
        "A state twice as large,",
        "**Recall of pairs.** Mean and range of three seeds, 200 new texts each",
    )
    assert (recall.KEYS, recall.VALUES, recall.MOST, figures.SEEDS) == (32, 16, 16, 3)
    d = 8
    assert ((d + 1) - 1) / d == 1 < (recall.MOST - 1) / d  # noise above the value, and still:
    assert same[1] > 50
    said("With more than $D + 1$ pairs the noise is larger than the value in each number")
    names = list(figures.READERS)
    for place in range(1, len(figures.PAIRS)):
        greatest = told(table, names[3], place)[2], told(table, names[1], place)[2]
        least = told(table, names[1], place)[1], told(table, names[2], place)[1]
        assert greatest[0] < least[0]
        assert greatest[1] < least[1]


def test_values_that_change() -> None:
    table = style.read_table(FOLDER / "changed.csv")
    delta, fast, slow = (told(table, name) for name in figures.WRITERS)
    said(
        f"answers {slow[0]:.0f} % when each key was written four times ({slow[1]:.0f} to"
        f" {slow[2]:.0f}, three seeds)",
        f"A fast decay, $3/4$ a pair, answers {fast[0]:.0f} %",
        f"The delta rule answers {delta[0]:.0f} %.",
    )
    starts = [told(table, name, 0)[0] / 100 for name in figures.WRITERS]
    said(
        f"The delta rule stays at {delta[0] / 100:.2f} to {starts[0]:.2f}. Retention with decay 3/4"
        f" falls from {starts[1]:.2f} to {fast[0] / 100:.2f}, with decay 31/32 from {starts[2]:.2f} to"
        f" {slow[0] / 100:.2f}]",
        "four keys of a text are written one to four times each, in any order, and the last value"
        " counts; keys have 16 numbers",
    )
    said(
        "**Values that change.** Mean and range of three seeds, 200 new texts each; the number is",
    )
    assert recall.FEW == 4


@pytest.mark.answer("answer-retention-small")
def test_exercise_7_keys_of_four_numbers(answer: Bench) -> None:
    share = recall.right(recall.train("retention", 4, 0), 16, 0)
    table = style.read_table(FOLDER / "recall.csv")
    wide = table["retention, width 8"][-1]
    answer("answer-retention-small").is_((round(share, 1),), (round(wide, 1),))
    said(f"{share:.2f}, where keys of 8 numbers gave {wide:.2f}.")
