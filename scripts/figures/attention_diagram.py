"""docs/architectures/attention/diagram.svg: from tokens to the output of a layer, with the example's numbers."""

import math

from torch import Tensor

from docs.architectures.attention import attention
from scripts.figures import diagram, style

WORDS = attention.WORDS
SIZES = {"X": 4, "Q": 2, "K": 2, "V": 2, "scores": 5, "weights": 5, "heads": 4, "output": 4}
SCORES, MEANS = r"$Q K^{\top} / \sqrt{D}$", r"$A V$"


def numbers() -> style.Table:
    """Every array of the layer, row by row; the scores before the mask."""
    x, weights = attention.example()
    q, k, v = attention.first_head()
    allowed = attention.causal_mask(len(WORDS))
    out, a = attention.multi_head(x, x, weights, 2, allowed)
    q2, k2, v2 = (attention.split_heads(x @ weights[n].T, 2)[0, 1] for n in ("q", "k", "v"))
    means = [attention.attention(*h, allowed)[0] for h in ((q, k, v), (q2, k2, v2))]
    arrays: dict[str, Tensor] = {"X": x[0], "Q": q, "K": k, "V": v}
    arrays |= {"scores": q @ k.T / math.sqrt(q.shape[-1]), "weights": a[0, 0]}
    arrays |= {"heads": means[0].new_tensor([[*r, *s] for r, s in zip(*means, strict=True)])}
    arrays["output"] = out[0]
    return {name: [round(x, 6) for x in array.flatten().tolist()] for name, array in arrays.items()}


def rows(table: style.Table, name: str) -> list[list[float]]:
    """An array, row by row."""
    values, width = table[name], SIZES[name]
    return [values[i : i + width] for i in range(0, len(values), width)]


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """What has one row for each token that asks stands on one level; keys and values stand below."""
    sheet.band(0, 494, "One layer", "five tokens of width $E = 4$, heads of width $D = 2$")
    top, middle, low = 122, 250, 420
    x = sheet.matrix(112, top, rows(table, "X"), cell=(36, 20), digits=1, top=2, rows=WORDS)
    sheet.label(112, 62, r"$X$, $5 \times 4$", muted=False)
    parts = {}
    for name, y in (("Q", top), ("K", middle), ("V", low)):
        net = sheet.network(214, y, 36, 32, f"$W_{name}$")
        parts[name] = sheet.matrix(280, y, rows(table, name), cell=(36, 20), digits=1, top=2)
        sheet.label(280, y - 58, rf"${name}$, $5 \times 2$", muted=False)
        sheet.arrow(net, parts[name])
        if name == "Q":
            sheet.arrow(x, net)
        else:
            sheet.arrow(x.bottom(20 if name == "K" else -20), net.left())
    product = sheet.pill(368, top, 76, 30, SCORES)
    scores = sheet.matrix(
        508, top, rows(table, "scores"), cell=(34, 20), hidden=True, top=3, columns=WORDS
    )
    sheet.label(508, 50, "scores, with the causal mask", muted=False)
    softmax = sheet.pill(508, 204, 140, 28, "softmax of each row")
    a = sheet.matrix(
        508, 300, rows(table, "weights"), cell=(34, 20), hidden=True, top=1, columns=WORDS
    )
    sheet.label(604, 284, "weights $A$:", "each row sums", "to one", anchor="start")
    sheet.label(604, 118, "a row: query,", "a column: key", anchor="start")
    sheet.chain([parts["Q"], product, scores, softmax])
    sheet.arrow(parts["K"], product)
    sheet.arrow(softmax, diagram.Port(508, 236, 0, -1))
    means = sheet.pill(351, low, 44, 30, MEANS)
    sheet.arrow(parts["V"], means)
    sheet.arrow(a, means)
    heads = sheet.matrix(448, low, rows(table, "heads"), cell=(29, 20), top=1, digits=1)
    sheet.label(419, low - 56, "head 1")
    sheet.label(477, low - 56, "head 2")
    sheet.label(448, low + 66, "head 2 has its own $W_Q, W_K, W_V$")
    mix = sheet.network(543, low, 36, 32, "$W_O$")
    out = sheet.matrix(639, low, rows(table, "output"), cell=(29, 20), top=1, digits=1)
    sheet.label(639, low - 56, "output", muted=False)
    sheet.chain([means, heads, mix])
    sheet.arrow(mix, out)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """Queries and keys meet at the left, the values come in from the right."""
    sheet.band(0, 1054, "One layer", "widths $E = 4$ and $D = 2$")
    places = {"Q": 66, "K": 174, "V": 282}
    x = sheet.matrix(174, 104, rows(table, "X"), cell=(36, 20), digits=1, top=2, rows=WORDS)
    sheet.label(174, 46, r"$X$, $5 \times 4$", muted=False)
    parts = {}
    for name, at in places.items():
        net = sheet.network(at, 200, 44, 32, f"$W_{name}$")
        parts[name] = sheet.matrix(at, 298, rows(table, name), cell=(36, 20), digits=1, top=2)
        sheet.label(at + 8, 232, rf"${name}$, $5 \times 2$", anchor="start", muted=False)
        sheet.arrow(net, parts[name])
        ports = {"Q": x.bottom(-40), "K": x.bottom(), "V": x.bottom(40)}
        sheet.arrow(ports[name], net.top())
    product = sheet.pill(120, 384, 76, 30, SCORES)
    sheet.arrow(parts["Q"].bottom(), product.left())
    sheet.arrow(parts["K"].bottom(), product.right())
    scores = sheet.matrix(
        120, 472, rows(table, "scores"), cell=(34, 20), hidden=True, top=3, rows=WORDS
    )
    sheet.label(222, 476, "scores,", "masked", anchor="start")
    softmax = sheet.pill(120, 556, 76, 28, "softmax")
    a = sheet.matrix(
        120, 644, rows(table, "weights"), cell=(34, 20), hidden=True, top=1, rows=WORDS
    )
    sheet.label(222, 648, "weights", "$A$", anchor="start")
    means = sheet.pill(120, 728, 52, 30, MEANS)
    heads = sheet.matrix(120, 822, rows(table, "heads"), cell=(31, 20), digits=1, top=1, rows=WORDS)
    sheet.label(200, 786, "columns 1, 2: head 1", anchor="start")
    sheet.label(
        200, 804, "columns 3, 4: head 2,", "with its own", "$W_Q, W_K, W_V$", anchor="start"
    )
    sheet.chain([product, scores, softmax, a, means, heads])
    sheet.arrow(parts["V"].bottom(), means.right())
    mix = sheet.network(212, 902, 44, 32, "$W_O$")
    sheet.arrow(heads.bottom(), mix.left())
    out = sheet.matrix(212, 992, rows(table, "output"), cell=(31, 20), digits=1, top=1, rows=WORDS)
    sheet.label(282, 996, "output", anchor="start")
    sheet.chain([mix, out])


FIGURES = [diagram.Recipe("architectures/attention/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
