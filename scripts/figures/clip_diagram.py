"""docs/models/clip/diagram.svg: three pairs in training, and a new picture in use, with the numbers of the example."""

import torch

from docs.models.clip import clip
from scripts.figures import diagram, style

NAMES = ("three", "eight", "nine")


def numbers() -> style.Table:
    """The cosines by row, the two losses, and the probabilities of the last picture."""
    s, scale = clip.cosines(clip.IMAGES, clip.CAPTIONS), 1 / clip.TAU
    table = {f"image {k + 1}": row for k, row in enumerate(s.tolist())}
    table["losses"] = [
        *(float(one) for one in clip.both(s, scale)),
        float(clip.contrastive(s, scale)),
    ]
    table["names"] = torch.softmax(scale * s[2], 0).tolist()
    return table


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, use below; both networks stand in both."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the left to the right."""
    rows = [table[f"image {k}"] for k in (1, 2, 3)]
    image, caption, both = table["losses"]
    sheet.band(0, 232, "Training", "three pairs; captions are the labels")
    pictures = sheet.box(60, 80, 96, 34, "3 pictures $x_i$")
    texts = sheet.box(60, 186, 96, 34, "3 captions $y_j$")
    eye = sheet.network(180, 80, 110, 44, "Image net")
    reader = sheet.network(180, 186, 110, 44, "Text net")
    u = sheet.box(276, 80, 46, 36, r"$\mathbf{u}_i$")
    v = sheet.box(276, 186, 46, 36, r"$\mathbf{v}_j$")
    table_ = sheet.matrix(
        396, 134, rows, cell=(44, 26), digits=1, columns=NAMES, rows=(), label=r"cosines $s_{ij}$"
    )
    scale = sheet.network(516, 134, 56, 44, "scale", r"$1 / \tau$")
    one = sheet.loss(628, 68, 120, 40, "along rows", f"{image:.3f}")
    two = sheet.loss(628, 198, 120, 40, "along columns", f"{caption:.3f}")
    mean = sheet.loss(628, 133, 100, 40, "mean", f"{both:.3f}")
    sheet.chain([pictures, eye, u])
    sheet.chain([texts, reader, v])
    sheet.arrow(u.right(), table_.left(-20), via=314)
    sheet.arrow(v.right(), table_.left(20), via=314)
    sheet.arrow(table_, scale)
    sheet.arrow(scale.right(-8), one.left(), via=556)
    sheet.arrow(scale.right(8), two.left(), via=556)
    sheet.arrow(one, mean)
    sheet.arrow(two, mean)
    above = [(696, 133), (696, 36)]
    sheet.gradient(mean.right(), eye.top(), "gradient", via=[*above, (180, 36)], side="below")
    sheet.gradient(mean.right(), scale.top(), via=[*above, (516, 36)])
    sheet.gradient(mean.right(), reader.bottom(), via=[(696, 133), (696, 226), (180, 226)])
    sheet.band(244, 196, "Use", "the same networks, no training: which name fits the picture?")
    picture = sheet.box(56, 310, 88, 44, "a picture")
    prompts = sheet.box(56, 394, 88, 44, "3 prompts")
    eye2 = sheet.network(180, 310, 110, 44, "Image net", frozen=True)
    reader2 = sheet.network(180, 394, 110, 44, "Text net", frozen=True)
    u2 = sheet.box(276, 310, 46, 36, r"$\mathbf{u}$")
    v2 = sheet.box(276, 394, 46, 36, r"$\mathbf{v}_k$")
    row = sheet.matrix(396, 352, [rows[2]], cell=(44, 26), digits=1, columns=NAMES, label="cosines")
    soft = sheet.pill(530, 352, 84, 36, "softmax")
    end = sheet.box(640, 352, 92, 44, "nine", f"{table['names'][2]:.2f}")
    sheet.chain([picture, eye2, u2])
    sheet.chain([prompts, reader2, v2])
    sheet.arrow(u2.right(), row.left(-6), via=314)
    sheet.arrow(v2.right(), row.left(6), via=314)
    sheet.chain([row, soft, end])
    sheet.label(180, 284, "frozen")
    sheet.label(180, 430, "frozen")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the top to the bottom."""
    rows = [table[f"image {k}"] for k in (1, 2, 3)]
    image, caption, both = table["losses"]
    sheet.band(0, 520, "Training", "captions are the labels")
    pictures = sheet.box(90, 56, 122, 30, "3 pictures $x_i$")
    texts = sheet.box(260, 56, 122, 30, "3 captions $y_j$")
    eye = sheet.network(90, 112, 110, 40, "Image net")
    reader = sheet.network(260, 112, 110, 40, "Text net")
    u = sheet.box(90, 170, 46, 30, r"$\mathbf{u}_i$")
    v = sheet.box(260, 170, 46, 30, r"$\mathbf{v}_j$")
    table_ = sheet.matrix(
        175, 258, rows, cell=(44, 26), digits=1, columns=NAMES, label=r"cosines $s_{ij}$"
    )
    scale = sheet.network(175, 350, 110, 36, r"scale $1 / \tau$")
    one = sheet.loss(90, 416, 124, 44, "along rows", f"{image:.3f}")
    two = sheet.loss(260, 416, 124, 44, "along columns", f"{caption:.3f}")
    mean = sheet.loss(175, 486, 110, 44, "mean", f"{both:.3f}")
    sheet.chain([pictures, eye, u])
    sheet.chain([texts, reader, v])
    sheet.arrow(u.bottom(), table_.left(), via=[(90, 258)])
    sheet.arrow(v.bottom(), table_.right(), via=[(260, 258)])
    sheet.arrow(table_.bottom(50), scale.top(50))
    sheet.arrow(scale.bottom(-30), one.top(30), via=382)
    sheet.arrow(scale.bottom(30), two.top(-30), via=382)
    sheet.arrow(one.bottom(30), mean.top(-30), via=450)
    sheet.arrow(two.bottom(-30), mean.top(30), via=450)
    sheet.gradient(mean.left(), eye.left(), via=14)
    sheet.gradient(mean.left(), scale.left(), via=14)
    sheet.gradient(mean.right(), reader.right(), via=336)
    sheet.label(20, 318, "gradient", anchor="start", colour=diagram.LOSS)
    sheet.band(532, 316, "Use", "which name fits the picture?")
    picture = sheet.box(90, 586, 110, 30, "a picture")
    prompts = sheet.box(260, 586, 110, 30, "3 prompts")
    eye2 = sheet.network(90, 642, 110, 40, "Image net", frozen=True)
    reader2 = sheet.network(260, 642, 110, 40, "Text net", frozen=True)
    u2 = sheet.box(90, 700, 46, 30, r"$\mathbf{u}$")
    v2 = sheet.box(260, 700, 46, 30, r"$\mathbf{v}_k$")
    row = sheet.matrix(175, 756, [rows[2]], cell=(44, 26), digits=1, columns=NAMES)
    soft = sheet.pill(108, 814, 84, 32, "softmax")
    end = sheet.box(230, 814, 92, 32, f"nine {table['names'][2]:.2f}")
    sheet.chain([picture, eye2, u2])
    sheet.chain([prompts, reader2, v2])
    sheet.arrow(u2.bottom(), row.left(), via=[(90, 756)])
    sheet.arrow(v2.bottom(), row.right(), via=[(260, 756)])
    sheet.arrow(row.bottom(-60), soft.top(7))
    sheet.arrow(soft, end)
    sheet.label(175, 646, "frozen")


FIGURES = [diagram.Recipe("models/clip/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
