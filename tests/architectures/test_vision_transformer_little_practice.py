"""Vision transformers and convolutions on the digits: what the page tells of the recipes' numbers."""

import importlib
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from scripts.figures import style
from scripts.figures import vision_transformer_trained as figures
from tests.said import sayings, tables

little = importlib.import_module("docs.architectures.vision-transformer.little_practice")
vit = importlib.import_module("docs.architectures.vision-transformer.vision_transformer")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "vision-transformer.md"
DATA = PAGE.parent / "vision-transformer"
LITTLE, VARIANTS = (style.read_table(DATA / f"{name}.csv") for name in ("little", "variants"))
said = sayings(PAGE)
rows_of = tables(PAGE)


def told(table: style.Table, name: str, at: int) -> str:
    """Mean and range as the page prints them."""
    mean, least, most = (table[f"{name}_{end}"][at] for end in ("mean", "least", "most"))
    return f"{mean:.3f} ({least:.3f} to {most:.3f})"


@pytest.mark.parametrize("kind", ["vit", "mean", "waves", "none"])
def test_the_small_network_is_that_of_the_page(kind: str) -> None:
    torch.manual_seed(0)
    small = little.Small(kind)
    pool, positions = ("mean" if kind == "mean" else "class"), kind
    whole = vit.ViT(pool=pool, positions=kind if positions in ("waves", "none") else "table")
    given = small.state_dict()
    given["embed.weight"] = given["embed.weight"].flatten(1)
    if kind in ("waves", "none"):
        torch.testing.assert_close(whole.places, small.places)
    whole.load_state_dict(given)
    x = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(small(x), whole(x))


def test_the_digits_are_cut_into_three_parts() -> None:
    from sklearn.datasets import load_digits

    sizes = [len(little.digits(part)[0]) for part in ("training", "validation", "test")]
    assert sizes == [1200, 237, 360]
    whole = torch.cat([little.digits(part)[0] for part in ("training", "validation", "test")])
    assert len(whole) == len(load_digits().data)
    x = little.digits("test")[0]
    torch.testing.assert_close(little.shuffled(x).flatten(1).sort(1)[0], x.flatten(1).sort(1)[0])
    assert (little.shuffled(x) - x).abs().max() > 1


def test_networks_side_by_side_are_those_one_by_one() -> None:
    model, weights = little.train("vit", (50, 60), 1, 3)
    x = torch.randn(2, 4, 1, 8, 8)
    out = little.run(model, weights, x)
    for n in range(2):
        alone = little.Small("vit")
        alone.load_state_dict({name: value[n] for name, value in weights.items()})
        torch.testing.assert_close(out[n], alone(x[n]))
    assert little.accuracy(*little.train("cnn", (400,), 1, 0)) < 0.3
    assert little.accuracy(*little.train("cnn", (400,), 1, 130)) > 0.5


def test_convolutions_lead_on_little_data() -> None:
    assert LITTLE["images"] == list(little.SIZES)
    for at in range(4):
        assert LITTLE["cnn_least"][at] > LITTLE["vit_most"][at]
        assert LITTLE["cnn_mean"][at] > LITTLE["stem_mean"][at] > LITTLE["vit_mean"][at]
    lead = [100 * (LITTLE["cnn_mean"][at] - LITTLE["vit_mean"][at]) for at in (0, -1)]
    said(f"The lead is {lead[0]:.1f} percentage points at 50 images and {lead[1]:.1f} at 1,200.")
    ends = {
        kind: [f"{LITTLE[f'{kind}_mean'][at]:.3f}" for at in (0, -1)] for kind in figures.CURVES
    }
    said(f"Convolutions rise from {ends['cnn'][0]} to {ends['cnn'][1]}, a ViT with")
    said(
        f"convolutional stem from {ends['stem'][0]} to {ends['stem'][1]}, "
        f"the plain ViT from {ends['vit'][0]} to {ends['vit'][1]}]("
    )
    said(
        f"the plain ViT reaches {told(LITTLE, 'vit', 0)} and the convolutions {told(LITTLE, 'cnn', 0)}. A conv"
    )
    said(f"brings the ViT to {told(LITTLE, 'stem', 0)} there")
    for row in rows_of("tab-vision-transformer-try"):
        assert row[1:3] == ends[row[0]]


def test_what_a_stem_costs() -> None:
    plain, stem = (
        sum(p.numel() for p in little.Small(kind).embed.parameters()) for kind in ("vit", "stem")
    )
    said(f"The stem has {stem:,} parameters where the patch embedding has {plain}.")
    said(
        f"the stem costs {stem - plain:,} parameters here", f"| {stem - plain:,} parameters; data |"
    )
    counts = [
        sum(p.numel() for p in model.parameters())
        for model in (little.Convolutional(), little.Small("stem"))
    ]
    said(f"Networks of {counts[0]:,} to {counts[1]:,} parameters, {little.STEPS} steps each;")


def test_what_positions_are_worth() -> None:
    said(f"networks with a table are right at {told(VARIANTS, 'plain', 0)} of the test digits")
    said(f"those without positions at {told(VARIANTS, 'plain', 3)}. Shuffle")
    said(f"the former fall to {told(VARIANTS, 'shuffled', 0)}, about chance")
    for end in ("mean", "least", "most"):
        assert VARIANTS[f"plain_{end}"][3] == VARIANTS[f"shuffled_{end}"][3]
    said(f"Mean pooling reaches {told(VARIANTS, 'plain', 1)}, as good as")
    said(f"Waves reach {told(VARIANTS, 'plain', 2)} after")
    less = 100 * (VARIANTS["plain_mean"][0] - VARIANTS["plain_mean"][2])
    said(f"nothing learned, {less:.0f} points less here after {little.STEPS} steps |")
    assert VARIANTS["plain_least"][1] < VARIANTS["plain_mean"][0] < VARIANTS["plain_most"][1]
    p, s = VARIANTS["plain_mean"], VARIANTS["shuffled_mean"]
    said(
        f"Class token with table {p[0]:.3f} and {s[0]:.3f}; "
        f"mean with table {p[1]:.3f} and {s[1]:.3f}; "
        f"class token with waves {p[2]:.3f} and {s[2]:.3f}; "
        f"class token without positions {p[3]:.3f} and {s[3]:.3f}]("
    )


def test_a_table_at_another_size() -> None:
    said(
        f"the table gives {told(VARIANTS, 'again', 0)}. Interpolated",
        f"it gives {told(VARIANTS, 'resized', 0)}, without",
    )
    x = figures.enlarged(little.digits("test")[0][:2])
    assert vit.patches(x, 2).shape[1] == 36 == figures.LARGE**2
    assert functional.interpolate(x, (8, 8)).shape[-1] == 8
