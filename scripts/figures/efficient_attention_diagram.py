"""docs/architectures/efficient-attention/diagram.svg: a layer writes a token, and what each form keeps for it."""

from importlib import import_module

from scripts.figures import diagram, style

efficient_attention = import_module("docs.architectures.efficient-attention.efficient_attention")

QUERIES = (r"$\mathbf{q}_1$", r"$\mathbf{q}_2$", r"$\mathbf{q}_3$", r"$\mathbf{q}_4$")
PLACES = ("1", "2", "3", "4", "5", "6", "7", "8")
PAIRS = {"MHA": 4, "GQA": 2, "MQA": 1}
GLOSS = {
    "MHA": "a pair for each head",
    "GQA": "a pair for two heads",
    "MQA": "one pair for all",
    "MLA": "$U$, $V$ for each head",
}


def numbers() -> style.Table:
    """Numbers that each form of the example keeps for a token."""
    shapes = efficient_attention.FORMS.values()
    return {"kept": [float(shape.kept()) for shape in shapes]}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The layer above, the four forms below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def pairs(
    sheet: diagram.Sheet, x: float, y: float, queries: list[diagram.Shape], count: int
) -> None:
    """Keys above values, each pair below the queries that share it."""
    keys, values = ([rf"$\mathbf{{{c}}}_{i + 1}$" for i in range(count)] for c in "kv")
    kept = sheet.tokens(x, y + 40, keys, gap=4, width=34, height=30)
    sheet.tokens(x, y + 70, values, gap=4, width=34, height=30)
    for place, query in enumerate(queries):
        end = kept[place * count // len(queries)]
        sheet.line([(query.x, y - 7), (end.x, y + 25)])


def latent(sheet: diagram.Sheet, x: float, y: float, queries: list[diagram.Shape]) -> None:
    """All queries meet the latent vector through learned matrices, and the small key directly."""
    for query in queries:
        sheet.line([(query.x, y - 7), (query.x, y)])
    sheet.line([(queries[0].x, y), (queries[-1].x, y)])
    through = sheet.network(x - 22, y + 24, 60, 28, "$U$, $V$")
    sheet.line([(through.x, y), (through.x, y + 10)])
    sheet.line([(through.x, y + 38), (through.x, y + 50)])
    sheet.line([(queries[-1].x, y), (queries[-1].x, y + 50)])
    sheet.box(x - 22, y + 68, 78, 36, r"$\mathbf{c}$")
    sheet.box(queries[-1].x, y + 68, 34, 36, r"$\mathbf{k}^{R}$")


def form(table: style.Table, sheet: diagram.Sheet, x: float, y: float, n: int) -> None:
    """One form: four queries above, what the cache keeps for a token below."""
    name = list(GLOSS)[n]
    sheet.label(x, y - 44, name, muted=False, bold=True)
    queries = sheet.tokens(x, y - 22, QUERIES, gap=4, width=34, height=30)
    if name == "MLA":
        latent(sheet, x, y, queries)
    else:
        pairs(sheet, x, y, queries, PAIRS[name])
    sheet.label(x, y + 103, f"{table['kept'][n]:.0f} numbers a token", muted=False)
    sheet.label(x, y + 120, GLOSS[name])


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the new token on the left to the output on the right; below, the forms."""
    sheet.band(0, 298, "A layer writes a token", "the eighth of a text; 4 heads of 2 numbers")
    x = sheet.box(46, 154, 56, 44, r"$\mathbf{x}$", gloss="token 8")
    w_q = sheet.network(132, 66, 44, 34, "$W_Q$")
    w_k = sheet.network(132, 154, 44, 34, "$W_K$")
    w_v = sheet.network(132, 232, 44, 34, "$W_V$")
    turn_q = sheet.pill(222, 66, 66, 28, "rotate")
    turn_k = sheet.pill(222, 154, 66, 28, "rotate")
    place = sheet.box(222, 110, 84, 28, "position 8")
    queries = sheet.tokens(352, 66, QUERIES, gap=4, width=34, height=30)
    cells = sheet.tokens(362, 204, PLACES, gap=2, width=24)
    sheet.frame((cells[4].x + cells[7].x) / 2, 204, 108, 34)
    sheet.label(262, 252, "the cache: keys and values of every token;", anchor="start")
    sheet.label(262, 269, "a window of 4 keeps tokens 5 to 8 (frame),", anchor="start")
    sheet.label(262, 286, "with a sink also token 1", anchor="start")
    mask = sheet.box(532, 66, 136, 28, "mask: who is seen")
    mean = sheet.pill(532, 154, 124, 66, "scores,", "softmax, mean;", "in blocks")
    w_o = sheet.network(627, 154, 40, 34, "$W_O$")
    out = sheet.box(680, 154, 40, 34, "out")
    sheet.arrow(x, w_k)
    sheet.arrow(x.top(), w_q.left(), via=[(46, 66)])
    sheet.arrow(x.bottom(), w_v.left(), via=[(46, 232)])
    sheet.chain([w_q, turn_q, queries[0]])
    sheet.arrow(w_k, turn_k)
    sheet.arrow(place, turn_q)
    sheet.arrow(place, turn_k)
    sheet.arrow(turn_k.right(), cells[7].top(), via=[(453, 154)])
    sheet.arrow(w_v.right(), cells[7].bottom(), via=[(453, 232)])
    sheet.arrow(queries[3].bottom(), mean.left(-16), via=[(409, 138)])
    sheet.arrow(cells[7].right(), mean.bottom(), via=[(532, 204)])
    sheet.arrow(mask, mean)
    sheet.chain([mean, w_o, out])
    sheet.band(310, 214, "What is kept", "for a token, in four forms")
    for n, at in enumerate((92, 265, 438, 602)):
        form(table, sheet, at, 394, n)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 478, "A layer writes a token", "the eighth")
    x = sheet.box(175, 56, 110, 30, r"token 8: $\mathbf{x}$")
    w_q = sheet.network(60, 116, 44, 32, "$W_Q$")
    w_k = sheet.network(175, 116, 44, 32, "$W_K$")
    w_v = sheet.network(316, 116, 44, 32, "$W_V$")
    turn_q = sheet.pill(60, 184, 66, 28, "rotate")
    turn_k = sheet.pill(175, 184, 66, 28, "rotate")
    place = sheet.box(117.5, 240, 92, 28, "position 8")
    queries = sheet.tokens(94, 300, QUERIES, gap=4, width=34, height=30)
    cells = sheet.tokens(245, 352, PLACES, gap=1, width=22)
    sheet.frame((cells[4].x + cells[7].x) / 2, 352, 97, 34)
    sheet.label(336, 386, "cache; a window keeps 5 to 8", anchor="end")
    mask = sheet.box(94, 366, 56, 28, "mask")
    mean = sheet.pill(90, 428, 154, 46, "scores, softmax,", "mean; in blocks")
    w_o = sheet.network(226, 428, 44, 32, "$W_O$")
    out = sheet.box(306, 428, 50, 32, "out")
    sheet.arrow(x, w_k)
    sheet.arrow(x.left(), w_q.top(), via=[(60, 56)])
    sheet.arrow(x.right(), w_v.top(), via=[(316, 56)])
    sheet.arrow(w_q, turn_q)
    sheet.arrow(w_k, turn_k)
    sheet.arrow(place.top(-30), turn_q.bottom(18), via=[(87.5, 212), (78, 212)])
    sheet.arrow(place.top(30), turn_k.bottom(-18), via=[(147.5, 212), (157, 212)])
    sheet.arrow(turn_q.bottom(-23), queries[0].top())
    sheet.arrow(turn_k.bottom(12.5), cells[7].top(-5), via=[(187.5, 318), (320.5, 318)])
    sheet.arrow(w_v.bottom(14.5), cells[7].top(5))
    sheet.arrow(queries[0].bottom(), mean.top(-53))
    sheet.arrow(mask, mean)
    sheet.arrow(cells[0].left(), mean.top(50), via=[(140, 352)])
    sheet.chain([mean, w_o, out])
    sheet.band(490, 448, "What is kept", "for a token, in four forms")
    for n, at in enumerate(((92, 576), (252, 576), (92, 784), (252, 784))):
        form(table, sheet, *at, n)


FIGURES = [diagram.Recipe("architectures/efficient-attention/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
