"""docs/architectures/vision-transformer/diagram.svg: a vision transformer above, a diffusion transformer below."""

import importlib

import torch

from scripts.figures import diagram, style

vit = importlib.import_module("docs.architectures.vision-transformer.vision_transformer")


def numbers() -> style.Table:
    """The example: its pixels, the embedding of its first patch, and what the class token takes of the edges."""
    image = torch.tensor(vit.LETTER, dtype=torch.float64)
    x, _, out = vit.example(image)
    return {
        "image": image.flatten().tolist(),
        "first": (x[1, :3].tolist() * 6)[:16],
        "taken": (out[:2].tolist() * 8)[:16],
    }


def texts(table: style.Table) -> tuple[str, str]:
    """The embedding of the first patch and what the class token takes, as they are written."""
    return diagram.vector(table["first"][:3]), diagram.vector(table["taken"][:2], ".2f")


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """A vision transformer above, a diffusion transformer below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    first, taken = texts(table)
    sheet.band(0, 206, "Vision transformer", "an image in, class scores out")
    image = sheet.picture(46, 80, table["image"], cell=14, span=(0, 4), gloss="4 × 4 pixels")
    embed = sheet.network(150, 80, 104, 50, "Embed", "4 patches")
    add = sheet.pill(250, 80, 52, 34, "add")
    blocks = sheet.network(364, 80, 108, 50, "Blocks", r"$\times L$")
    take = sheet.pill(504, 80, 112, 34, "class token only")
    head = sheet.network(636, 80, 76, 44, "Head")
    places = sheet.network(226, 160, 112, 44, "Positions", "a table")
    token = sheet.network(372, 160, 112, 44, "Class token", "a vector")
    scores = sheet.box(636, 160, 100, 44, "scores", gloss="L or bar")
    sheet.chain([image, embed, add, blocks, take, head])
    sheet.arrow(places.top(24), add.bottom())
    sheet.arrow(token.top(-8), blocks.bottom())
    sheet.arrow(head, scores)
    sheet.label(164, 46, f"first patch: {first}", muted=False)
    sheet.label(500, 122, f"edges: {taken}", muted=False)
    loss = sheet.loss(510, 160, 116, 36, "cross-entropy")
    sheet.arrow(scores, loss)
    sheet.label(510, 194, "training: with the true class")
    sheet.band(214, 238, "Diffusion transformer", "a noisy image in, the noise out")
    noisy = sheet.box(56, 292, 92, 44, "noisy", "image")
    patch = sheet.network(168, 292, 92, 50, "Embed", "patches")
    plus = sheet.pill(260, 292, 52, 34, "add")
    inside = sheet.network(374, 292, 118, 50, "DiT blocks", r"$\times L$")
    last = sheet.network(514, 292, 100, 50, "Norm, linear")
    noise = sheet.box(640, 292, 96, 44, "noise", gloss="as patches")
    where = sheet.box(228, 362, 124, 30, "positions, waves")
    told = sheet.box(70, 410, 116, 44, "noise level,", "class")
    both = sheet.network(214, 410, 104, 34, "Embed both")
    line = sheet.network(374, 382, 130, 44, "Linear", gloss="begins at zero")
    sheet.chain([noisy, patch, plus, inside, last, noise])
    sheet.arrow(where.top(32), plus.bottom())
    sheet.arrow(told, both)
    sheet.arrow(both.right(), line.left(10))
    sheet.arrow(line, inside)
    sheet.arrow(line.right(), last.bottom())
    sheet.label(384, 348, "scale, shift, gate", anchor="start")
    error = sheet.loss(640, 386, 112, 36, "squared error")
    sheet.arrow(noise, error)
    sheet.label(640, 422, "training: with", "the true noise")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    first, taken = texts(table)
    sheet.band(0, 508, "Vision transformer", "image to scores")
    image = sheet.picture(95, 68, table["image"], cell=14, span=(0, 4))
    embed = sheet.network(95, 142, 112, 48, "Embed", "4 patches")
    add = sheet.pill(95, 216, 60, 34, "add")
    blocks = sheet.network(95, 292, 112, 48, "Blocks", r"$\times L$")
    take = sheet.pill(95, 366, 124, 34, "class token only")
    head = sheet.network(95, 424, 92, 36, "Head")
    scores = sheet.box(95, 480, 92, 34, "scores")
    places = sheet.network(262, 216, 120, 46, "Positions", "a table")
    token = sheet.network(262, 292, 120, 46, "Class token", "a vector")
    sheet.chain([image, embed, add, blocks, take, head, scores])
    sheet.arrow(places, add)
    sheet.arrow(token, blocks)
    sheet.label(262, 72, "4 × 4 pixels", muted=True)
    sheet.label(262, 138, "first patch:", first, muted=False)
    sheet.label(262, 362, "edges:", taken, muted=False)
    loss = sheet.loss(262, 480, 124, 36, "cross-entropy")
    sheet.arrow(scores, loss)
    sheet.label(262, 440, "training: with", "the true class")
    sheet.band(520, 570, "Diffusion transformer", "noisy to noise")
    noisy = sheet.box(95, 580, 112, 34, "noisy image")
    patch = sheet.network(95, 650, 112, 46, "Embed", "patches")
    plus = sheet.pill(95, 722, 60, 34, "add")
    inside = sheet.network(95, 796, 118, 48, "DiT blocks", r"$\times L$")
    last = sheet.network(95, 886, 118, 40, "Norm, linear")
    noise = sheet.box(95, 966, 112, 34, "noise")
    where = sheet.box(262, 722, 124, 36, "positions, waves")
    told = sheet.box(262, 1020, 124, 48, "noise level,", "class")
    both = sheet.network(262, 946, 120, 36, "Embed both")
    line = sheet.network(262, 796, 124, 48, "Linear", gloss="begins at zero")
    sheet.chain([noisy, patch, plus, inside, last, noise])
    sheet.arrow(where, plus)
    sheet.arrow(told, both)
    sheet.arrow(both.top(20), line.bottom(20))
    sheet.arrow(line, inside)
    sheet.arrow(line.bottom(-40), last.right())
    sheet.label(262, 762, "scale, shift, gate")
    error = sheet.loss(95, 1036, 124, 36, "squared error")
    sheet.arrow(noise, error)
    sheet.label(95, 1070, "training: with the true noise")


FIGURES = [diagram.Recipe("architectures/vision-transformer/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
