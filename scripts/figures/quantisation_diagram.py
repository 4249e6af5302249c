"""docs/training/quantisation/diagram.svg: rounding after training, use of the codes, and training with rounding."""

import torch

from docs.training.quantisation import quantisation as code
from scripts.figures import diagram, style

W, MADE, X = r"$\mathbf{w}$", r"$\hat{\mathbf{w}}$", r"$\mathbf{x}$"


def numbers() -> style.Table:
    """The row of the example, its scale and codes, and the output before and after."""
    w, x = torch.tensor(code.ROW).double(), torch.tensor(code.INPUT).double()
    q, scale = code.absmax(w, code.BITS)
    return {
        "w": w.tolist(),
        "scale": [round(float(scale), 6)],
        "q": q.tolist(),
        "made": [round(v, 6) for v in (q * scale).tolist()],
        "x": x.tolist(),
        "output": [round(float(w @ x), 6), round(float((q * scale) @ x), 6)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three bands: after training, use, training with rounding."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    w, q, made, x = (diagram.vector(table[name]) for name in ("w", "q", "made", "x"))
    scale = table["scale"][0]
    true, y_made = (f"{v:.2f}".replace("-", "−") for v in table["output"])
    sheet.band(0, 206, "Quantise a trained model", "nothing learns")
    y = 70
    row = sheet.network(116, y, 196, 46, W, gloss=w, frozen=True)
    top = sheet.pill(300, y, 118, 36, "largest, by 7")
    s = sheet.box(420, y, 84, 34, f"$s = {scale:g}$")
    rounds = sheet.pill(300, 148, 118, 36, "divide, round")
    codes = sheet.box(470, 148, 168, 44, f"$q$ = {q}", gloss="4 bits each")
    sheet.label(628, 144, "stored:", "$q$ and $s$")
    square = sheet.box(116, 162, 196, 44, "calibration text", gloss="better methods; GPTQ: H")
    sheet.chain([row, top, s])
    sheet.arrow(row.bottom(60), rounds.top(-30), via=112)
    sheet.arrow(s.bottom(), rounds.top(30), via=112)
    sheet.arrow(square.right(-14), rounds.left())
    sheet.chain([rounds, codes])
    sheet.band(216, 112, "Use", "nothing learns")
    y = 282
    codes = sheet.box(78, y, 116, 48, "$q$ and $s$", gloss="from memory")
    times = sheet.pill(192, y, 76, 36, "times $s$")
    back = sheet.box(346, y, 186, 34, f"{MADE} = {made}")
    product = sheet.pill(482, y, 60, 36, "product")
    out = sheet.box(606, y, 118, 48, f"$y$ = {y_made}", gloss=f"exact: {true}")
    given = sheet.box(482, 240, 150, 30, f"{X} = {x}")
    sheet.chain([codes, times, back, product, out])
    sheet.arrow(given, product)
    sheet.band(338, 128, "Train with rounding", f"{W} learns, in full precision")
    y = 412
    row = sheet.network(90, y, 92, 44, W)
    rounds = sheet.pill(228, y, 92, 36, "round")
    back = sheet.box(340, y, 48, 34, MADE)
    product = sheet.pill(436, y, 76, 36, "product")
    given = sheet.box(436, 366, 48, 28, X)
    loss = sheet.loss(594, y, 120, 44, "loss", gloss="of the task")
    sheet.chain([row, rounds, back, product, loss])
    sheet.arrow(given, product)
    sheet.gradient(loss.bottom(), row.bottom(), "gradient, straight through the rounding", via=452)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    w, q, made, x = (diagram.vector(table[name]) for name in ("w", "q", "made", "x"))
    scale = table["scale"][0]
    true, y_made = (f"{v:.2f}".replace("-", "−") for v in table["output"])
    sheet.band(0, 290, "Quantise a trained model", "nothing learns")
    row = sheet.network(112, 62, 196, 42, W, gloss=w, frozen=True)
    top = sheet.pill(282, 62, 108, 36, "largest, by 7")
    s = sheet.box(282, 128, 84, 34, f"$s = {scale:g}$")
    rounds = sheet.pill(112, 160, 118, 36, "divide, round")
    square = sheet.box(254, 204, 172, 44, "calibration text", gloss="better methods; GPTQ: H")
    codes = sheet.box(112, 258, 168, 44, f"$q$ = {q}", gloss="4 bits each")
    sheet.arrow(row, top)
    sheet.arrow(top, s)
    sheet.arrow(row, rounds)
    sheet.arrow(s.left(), rounds.right(-6), via=[(206, 128), (206, 154)])
    sheet.arrow(square.top(-50), rounds.right(8), via=[(204, 168)])
    sheet.arrow(rounds, codes)
    sheet.label(262, 254, "stored: $q$, $s$")
    sheet.band(300, 262, "Use", "nothing learns")
    codes = sheet.box(92, 360, 116, 48, "$q$ and $s$", gloss="from memory")
    times = sheet.pill(252, 360, 92, 36, "times $s$")
    back = sheet.box(252, 430, 184, 34, f"{MADE} = {made}")
    given = sheet.box(84, 430, 136, 34, f"{X} = {x}")
    product = sheet.pill(168, 486, 86, 36, "product")
    out = sheet.box(168, 540, 190, 32, f"$y$ = {y_made}; exact: {true}")
    sheet.arrow(codes, times)
    sheet.arrow(times, back)
    sheet.arrow(back.bottom(), product.right(), via=[(252, 486)])
    sheet.arrow(given.bottom(), product.left(), via=[(84, 486)])
    sheet.arrow(product, out)
    sheet.band(572, 234, "Train with rounding", f"{W} learns")
    row = sheet.network(112, 626, 92, 40, W)
    rounds = sheet.pill(112, 680, 92, 34, "round")
    back = sheet.box(112, 730, 48, 32, MADE)
    given = sheet.box(262, 730, 48, 32, X)
    product = sheet.pill(190, 778, 86, 34, "product")
    loss = sheet.loss(286, 664, 96, 44, "loss", gloss="of the task")
    sheet.chain([row, rounds, back])
    sheet.arrow(back.bottom(), product.left(), via=[(112, 778)])
    sheet.arrow(given.bottom(), product.right(), via=[(262, 778)])
    sheet.arrow(product.top(), loss.bottom(-26), via=704)
    sheet.gradient(loss.left(), row.right(), via=198)
    sheet.label(252, 606, "dashed: gradient,", "straight through")


FIGURES = [diagram.Recipe("training/quantisation/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
