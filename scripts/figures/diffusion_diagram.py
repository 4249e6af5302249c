"""docs/models/diffusion: the diagram, with a digit of the demo's network, and the example of two points."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from docs.models.diffusion import diffusion
from scripts.figures import diagram, style
from scripts.weights import diffusion as weights
from scripts.weights.pack import unpack

DIGIT, LEVEL, BETWEEN, SCALE, SEED = 3, 2, 5, 1.5, 5
MIXED, NOISE = (-1.5, 1.5), (-2.5, 2.5)  # the values of no ink and of full ink
NAME, ERROR = (
    r"$\hat\varepsilon_\theta(x_t, t, c)$",
    r"$(\hat\varepsilon - \varepsilon)^2$",
)
STEP = "5 steps"
ALPHA = float(diffusion.LEVELS[LEVEL])


def path() -> Tensor:
    """The levels of the page from noise to data, with four more between neighbours."""
    angle = diffusion.LEVELS.flip(0).sqrt().acos()
    parts = [a + (b - a) * torch.arange(BETWEEN) / BETWEEN for a, b in pairwise(angle)]
    return torch.cat([*parts, angle[-1:]]).cos() ** 2


@torch.no_grad()
def numbers() -> style.Table:
    """A digit at the levels of the page, its noise as told by the network, and a sample on its way."""
    model = weights.load(unpack(weights.PATH)[0])
    x, kind = weights.data()
    asked = torch.tensor([DIGIT + 1])
    x0 = x[kind == DIGIT + 1][:1]
    generator = torch.Generator().manual_seed(SEED)
    eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype)
    chain = [diffusion.add_noise(x0, a, eps) for a in diffusion.LEVELS]
    told = model(chain[LEVEL], diffusion.LEVELS[LEVEL].expand(1), asked)
    guided = diffusion.guide(lambda x, a: model(x, a, asked), lambda x, a: model(x, a), SCALE)
    back = [torch.randn(x0.shape, generator=generator, dtype=x0.dtype)]
    for a, to in pairwise(path()):
        seen = weights.clip(back[-1], guided(back[-1], a.expand(1)), a.expand(1))
        back.append(diffusion.step(back[-1], seen, a, to, 0.0, None))
    pictures = {f"x{t}": made for t, made in enumerate(chain)}
    pictures |= {f"back{t}": made for t, made in enumerate(back[::-BETWEEN])}
    pictures |= {"noise": eps, "told": told}
    table = {name: [round(v, 2) for v in made[0].tolist()] for name, made in pictures.items()}
    return {**table, "loss": [round(float(((told - eps) ** 2).mean()), 3)]}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three rows with one column for each noise level; the denoiser stands between them."""
    (narrow if sheet.narrow else wide)(table, sheet)


def symbol(t: int) -> str:
    """The name of a noisy point; the noisiest has two."""
    return f"$x_{t}$" if t < len(diffusion.LEVELS) - 1 else f"$x_{t} = x_T$"


def row(
    sheet: diagram.Sheet,
    table: style.Table,
    columns: list[int],
    y: int,
    cell: int,
    back: bool = False,
) -> list[diagram.Shape]:
    """The pictures of all levels: of the forward process, or back from the noise that is drawn."""
    return [
        sheet.picture(
            x,
            y,
            table[f"back{t}" if back else f"x{t}"],
            cell=cell,
            span=MIXED,
            random=back and t == len(columns) - 1,
            marked=t == LEVEL,
            label=symbol(t),
        )
        for t, x in enumerate(columns)
    ]


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The forward process to the right, generation to the left."""
    columns = [64, 202, 340, 478, 616]
    sheet.band(
        0,
        142,
        "Forward process",
        r"fixed: mix with more of one noise $\varepsilon$; nothing is learned",
    )
    there = row(sheet, table, columns, 72, 7)
    sheet.chain(there, [r"more $\varepsilon$"] * 4)
    sheet.band(150, 168, "Training", "the denoiser learns to predict the noise")
    y = 238
    denoiser = sheet.network(340, y, 152, 58, "Denoiser", NAME)
    level = sheet.box(150, y - 19, 132, 30, rf"$t = {LEVEL}$: $\bar\alpha_{LEVEL} = {ALPHA:.2f}$")
    wanted = sheet.box(150, y + 19, 132, 30, rf"class $c$ = “{DIGIT}”")
    told = sheet.picture(
        468, y, table["told"], cell=5, span=NOISE, label=r"$\hat\varepsilon$", gloss="predicted"
    )
    loss = sheet.loss(564, y, 124, 44, ERROR, gloss=f"pixel mean {table['loss'][0]:.2f}")
    noise = sheet.picture(
        660,
        y,
        table["noise"],
        cell=5,
        span=NOISE,
        random=True,
        label=r"$\varepsilon$",
        gloss="added",
    )
    sheet.arrow(there[LEVEL].bottom(24), denoiser.top(24))
    sheet.arrow(level, denoiser.left(-19))
    sheet.arrow(wanted, denoiser.left(19))
    sheet.arrow(denoiser, told)
    sheet.arrow(told, loss)
    sheet.arrow(noise, loss)
    sheet.gradient(loss.top(), denoiser.top(60), "gradient", via=190)
    sheet.band(326, 130, "Generation", "the same denoiser")
    y = 394
    here = row(sheet, table, columns, y, 7, back=True)
    moves = [sheet.pill(x - 69, y, 58, 26, STEP) for x in columns[1:]]
    for t, move in enumerate(moves):
        sheet.arrow(here[t + 1], move)
        sheet.arrow(move, here[t])
    sheet.arrow(here[LEVEL].top(), denoiser.bottom())
    sheet.arrow(
        denoiser.bottom(-69), moves[LEVEL - 1].top(), r"$\hat\varepsilon$", side="left", at=0.3
    )


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same columns, closer; the loss stands below the prediction."""
    columns = [35, 105, 175, 245, 315]
    sheet.band(0, 118, "Forward process", "nothing is learned")
    there = row(sheet, table, columns, 62, 5)
    sheet.chain(there)
    sheet.band(126, 256, "Training", "learn the noise")
    y = 198
    denoiser = sheet.network(175, y, 124, 56, "Denoiser", NAME)
    level = sheet.box(45, y - 17, 74, 28, f"$t = {LEVEL}$")
    wanted = sheet.box(45, y + 17, 74, 28, rf"$c$ = “{DIGIT}”")
    told = sheet.picture(292, y, table["told"], cell=5, span=NOISE)
    sheet.label(292, y - 30, r"predicted $\hat\varepsilon$")
    loss = sheet.loss(292, 268, 100, 44, ERROR, gloss=f"mean {table['loss'][0]:.2f}")
    noise = sheet.picture(292, 336, table["noise"], cell=5, span=NOISE, random=True)
    sheet.label(264, 340, r"added $\varepsilon$", anchor="end")
    sheet.arrow(there[LEVEL].bottom(18), denoiser.top(18))
    sheet.arrow(level, denoiser.left(-17))
    sheet.arrow(wanted, denoiser.left(17))
    sheet.arrow(denoiser, told)
    sheet.arrow(told, loss)
    sheet.arrow(noise, loss)
    sheet.gradient(loss.left(), denoiser.bottom(45))
    sheet.label(227, 243, "gradient", anchor="start", colour=diagram.LOSS)
    sheet.band(390, 112, "Generation")
    y = 450
    here = row(sheet, table, columns, y, 5, back=True)
    for t in range(4):
        sheet.arrow(here[t + 1], here[t])
    moves = [sheet.dot(x - 35, y) for x in columns[1:]]
    sheet.arrow(here[LEVEL].top(), denoiser.bottom())
    sheet.arrow(denoiser.bottom(-35), moves[LEVEL - 1].top(), r"$\hat\varepsilon$", side="left")


START = 0.2  # where the generated point of the example begins


def example() -> style.Table:
    """The example: density at each level, the generated point and the guess of the data behind it.

    Column `density t` is the density of the noisy data on the axis `x`; at level 0 the data are two points.
    """
    axis = torch.linspace(-2.6, 2.6, 81, dtype=torch.float64)  # 128 would be thinned out
    x = torch.full((1, 1), START, dtype=torch.float64)
    table: style.Table = {"x": [round(w, 2) for w in axis.tolist()]}
    path, guess = [START], [math.nan]
    for t in range(4, 0, -1):
        a = diffusion.LEVELS[t].expand(1)
        at = diffusion.POINTS.log_density(axis[:, None], a.expand(len(axis))).exp()
        table[f"density {t}"] = [round(w, 4) for w in at.tolist()]
        guess.append(float(diffusion.convert(diffusion.POINTS.eps(x, a), x, a, "eps", "x0")))
        x = diffusion.sample(diffusion.POINTS.eps, x, diffusion.LEVELS[[t, t - 1]], 0.0)
        path.append(float(x))
    rest = [math.nan] * (len(axis) - 5)
    return {**table, "point": [*path, *rest], "guess": [*guess[1:], math.nan, *rest]}


def draw_example(table: style.Table, axes: style.Axes) -> None:
    """Level 4 at the top, data at the bottom; each level has its own base line."""
    for row, t in enumerate(range(4, -1, -1)):
        base = 1.25 * (4 - row)
        axes.axhline(base, color=style.GRID, lw=1)
        if t:
            curve = [base + 0.85 * value for value in table[f"density {t}"]]
            axes.plot(table["x"], curve, color=style.SERIES[0], lw=1.5)
            axes.plot(
                [0, table["guess"][row]],
                [base, base],
                color=style.SERIES[1],
                lw=5,
                solid_capstyle="butt",
            )
        else:
            for place in (-1, 1):
                axes.plot([place, place], [base, base + 0.6], color=style.SERIES[0], lw=1.5)
        axes.plot(table["point"][row], base, "o", color=style.INK, markersize=7)
        said = f"{table['point'][row]:.2f}"
        axes.text(2.65, base + 0.12, f"t = {t}: {said}", ha="right", va="bottom")
    for row in range(4):
        ends = [1.25 * (4 - row), 1.25 * (3 - row)]
        axes.plot(table["point"][row : row + 2], ends, ":", color=style.INK, lw=1.2)
    axes.plot([], [], "o", color=style.INK, label="generated point")
    axes.plot([], [], color=style.SERIES[1], lw=5, label="guess of the data")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    axes.set_yticks([])
    axes.set_ylim(-0.35, 6.1)
    axes.set_xlim(-2.7, 2.7)
    axes.set_title("Density of the noisy data")


FIGURES = [
    diagram.Recipe("models/diffusion/diagram", numbers, draw, absolute=0.011),
    style.Recipe("models/diffusion/example", example, draw_example, size=(360, 400), absolute=1e-4),
]

if __name__ == "__main__":
    style.main(FIGURES)
