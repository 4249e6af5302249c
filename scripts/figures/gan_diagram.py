r"""docs/models/gan/diagram.svg: two players, what each of them is judged by, and generation.

The pictures count points in the cells of a square: data, samples after 100 rounds and after 400.
"""

import torch
from torch import Tensor

from docs.models.gan import gan
from scripts.figures import diagram, style
from scripts.figures.diagram.sheet import LOSS

ROUNDS, EARLY = 400, 100
SEED = 2
"""As in the page's own run."""
CELLS, REACH, POINTS = 15, 3.0, 1000


def count(x: Tensor) -> list[float]:
    """The root of the number of points in each cell, row by row from the top, the fullest data cell 1."""
    place = ((x + REACH) / (2 * REACH) * CELLS).long()
    place = place[((place >= 0) & (place < CELLS)).all(1)]
    cells = torch.bincount((CELLS - 1 - place[:, 1]) * CELLS + place[:, 0], minlength=CELLS**2)
    return [round(min(v, 1.0), 3) for v in (cells / 40).sqrt().tolist()]


def numbers() -> style.Table:
    """Data, and samples of one run after an early and after the last round, as pictures."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(SEED)
    z = gan.noise(POINTS, torch.Generator().manual_seed(1))
    table = {"data": count(gan.sample_ring(POINTS, torch.Generator().manual_seed(0)))}
    for number, g in enumerate(gan.train("non-saturating", ROUNDS, generator), start=1):
        if number in (EARLY, ROUNDS):
            table[f"round {number}"] = count(g(z).detach())
    return table


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Both phases."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right: what is real above, what is fake below."""
    sheet.band(0, 332, "Training", "the two players move in turn")
    real, fake = 104, 218
    z = sheet.box(38, fake, 52, 40, "$z$", gloss="noise", random=True)
    generator = sheet.network(136, fake, 100, 64, "Generator", "$G(z)$")
    data = sheet.picture(244, real, table["data"], cell=4, label="$x$", gloss="data", random=True)
    samples = sheet.picture(
        244, fake, table[f"round {EARLY}"], cell=4, label="$G(z)$", gloss="samples"
    )
    judge = sheet.network(364, 161, 120, 178, "Discriminator", "$D(x)$", gloss="is it real?")
    two = sheet.loss(602, real, 184, 70, r"$-\log D(x)$", r"$-\log(1 - D(G(z)))$")
    one = sheet.loss(602, fake, 184, 56, r"$-\log D(G(z))$")
    sheet.label(602, real + 52, "loss of the discriminator")
    sheet.label(602, fake - 35, "loss of the generator")
    sheet.chain([z, generator, samples])
    sheet.arrow(data, judge.left(real - 161))
    sheet.arrow(samples, judge.left(fake - 161))
    sheet.arrow(judge.right(real - 161 - 14), two.left(-14), "$D(x)$")
    sheet.arrow(judge.right(real - 161 + 14), two.left(14), "$D(G(z))$", side="below")
    sheet.arrow(judge.right(fake - 161 - 8), one.left(-8), "$D(G(z))$")
    sheet.gradient(two.top(), judge.top(), "gradient", via=46)
    sheet.gradient(one.left(14), judge.right(fake - 161 + 14), "gradient", side="below")
    sheet.gradient(
        judge.bottom(),
        generator.bottom(),
        "through the discriminator to the generator",
        via=302,
        side="below",
    )
    sheet.band(340, 104, "Generation", "the generator alone")
    y = 394
    z = sheet.box(244, y, 68, 40, "$z$", gloss="noise", random=True)
    generator = sheet.network(364, y, 120, 64, "Generator", "$G(z)$")
    new = sheet.picture(524, y, table[f"round {ROUNDS}"], cell=4)
    sheet.label(568, y - 2, "new samples,", f"after {ROUNDS} rounds", anchor="start")
    sheet.chain([z, generator, new])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 520, "Training", "the players move in turn")
    left, right = 96, 254
    z = sheet.box(left, 62, 76, 40, "$z$", gloss="noise", random=True)
    generator = sheet.network(left, 138, 112, 60, "Generator", "$G(z)$")
    samples = sheet.picture(left, 234, table[f"round {EARLY}"], cell=4)
    sheet.label(left + 40, 228, "$G(z)$", anchor="start", muted=False, size=13)
    sheet.label(left + 40, 244, "samples", anchor="start")
    data = sheet.picture(right, 138, table["data"], cell=4, random=True)
    sheet.label(right + 40, 134, "$x$", anchor="start", muted=False, size=13)
    sheet.label(right + 40, 150, "data", anchor="start")
    judge = sheet.network(188, 338, 240, 64, "Discriminator", "$D(x)$", gloss="is it real?")
    one = sheet.loss(left - 2, 446, 140, 44, r"$-\log D(G(z))$")
    two = sheet.loss(right, 446, 160, 64, r"$-\log D(x)$", r"$-\log(1 - D(G(z)))$")
    sheet.label(left - 2, 498, "loss of the generator")
    sheet.label(right, 498, "loss of the discriminator")
    sheet.chain([z, generator, samples])
    sheet.arrow(samples, judge.top(left - 188))
    sheet.arrow(data, judge.top(right - 188))
    sheet.arrow(judge.bottom(left - 188), one.top(2), "$D(G(z))$")
    sheet.arrow(judge.bottom(right - 188 - 14), two.top(-14), "$D(x)$", side="left")
    sheet.arrow(judge.bottom(right - 188 + 14), two.top(14), "$D(G(z))$")
    sheet.gradient(one.top(-22), judge.bottom(left - 188 - 24))
    sheet.gradient(judge.left(), generator.left(), via=16)
    sheet.label(23, 281, "gradient,", "through $D$", anchor="start", colour=LOSS)
    sheet.gradient(two.right(), judge.right(), via=342)
    sheet.label(346, 298, "gradient", anchor="end", colour=LOSS)
    sheet.band(528, 116, "Generation", "the generator alone")
    y = 596
    z = sheet.box(54, y, 66, 40, "$z$", gloss="noise", random=True)
    generator = sheet.network(176, y, 112, 60, "Generator", "$G(z)$")
    new = sheet.picture(294, y - 6, table[f"round {ROUNDS}"], cell=4, gloss="new samples")
    sheet.chain([z, generator, new])


FIGURES = [diagram.Recipe("models/gan/diagram", numbers, draw, absolute=0.05)]

if __name__ == "__main__":
    style.main(FIGURES)
