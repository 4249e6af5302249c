"""docs/architectures/retention/diagram.svg: the layer, and its fourth token in the parallel and the recurrent form."""

from importlib import import_module

from scripts.figures import diagram, style

retention = import_module("docs.architectures.retention.retention")


def numbers() -> style.Table:
    """Weights of the example by row and column, values, outputs, and the state after each token."""
    q, k, v, gamma = retention.example()
    weights = (q @ k.mT * retention.mask(gamma, 4))[0]
    state, states = retention.torch.zeros(1, 2, 1).double(), []
    for n in range(4):
        _, state = retention.step(state, q[:, n], k[:, n], v[:, n], gamma)
        states.append(state.flatten().tolist())
    table = {f"weight {m + 1}": weights[:, m].tolist() for m in range(4)}
    table |= {f"state {c + 1}": [row[c] for row in states] for c in range(2)}
    table["value"] = v.flatten().tolist()
    table["output"] = retention.parallel(q, k, v, gamma).flatten().tolist()
    return table


def pair(table: style.Table, n: int) -> str:
    """The state after token n."""
    return diagram.vector(table[name][n - 1] for name in ("state 1", "state 2"))


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The layer, then both forms."""
    (narrow if sheet.narrow else wide)(table, sheet)


def parallel(table: style.Table, sheet: diagram.Sheet, x: float, y: float) -> None:
    """Weights times values are outputs, all four rows at once."""
    rows = [[table[f"weight {m + 1}"][n] for m in range(4)] for n in range(4)]
    sheet.matrix(x, y, rows, cell=(46, 24), digits=3, hidden=True, rows=["1", "2", "3", "4"])
    sheet.label(x, y - 56, "scores × decay")
    for name, at in (("value", x + 128), ("output", x + 186)):
        column = [[value] for value in table[name]]
        sheet.matrix(at, y, column, cell=(36, 24), digits=0, top=16)
        sheet.label(at, y - 56, f"{name}s")
    sheet.label(x + 101, y + 4, "×", muted=False)
    sheet.label(x + 157, y + 4, "=", muted=False)


def recurrent(table: style.Table, sheet: diagram.Sheet, x: float, y: float, gap: float) -> None:
    """Token 4 changes the state and reads it."""
    before = sheet.box(x, y, 62, 30, pair(table, 3), gloss="")
    shrink = sheet.pill(x + gap, y, 46, 30, "× $γ$")
    add = sheet.pill(x + 2 * gap, y, 36, 30, "+")
    after = sheet.box(x + 3 * gap, y, 62, 30, pair(table, 4))
    news = sheet.box(x + 2 * gap, y - 60, 66, 42, r"$\mathbf{k}$: (0, 1)", r"$\mathbf{v}$: 1")
    query = sheet.box(x + 3 * gap, y - 60, 66, 30, r"$\mathbf{q}$: (1, 2)")
    read = sheet.pill(x + 3 * gap, y + 62, 62, 30, "multiply")
    out = sheet.box(x + 2 * gap, y + 62, 46, 30, f"{table['output'][3]:g}")
    sheet.chain([before, shrink, add, after, read, out])
    sheet.arrow(news, add)
    beside = x + 3 * gap + 46
    sheet.arrow(query.right(), read.right(), via=[(beside, y - 60), (beside, y + 62)])
    sheet.label(x, y + 32, "state 3")
    sheet.label(x + 3 * gap - 36, y + 32, "state 4", anchor="end")
    sheet.label(x + 2 * gap - 28, y + 66, "output 4", anchor="end")


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The layer above, the two forms side by side below."""
    sheet.band(0, 274, "The layer", "one head")
    x = sheet.box(44, 138, 58, 44, r"$\mathbf{x}$", gloss="tokens")
    place = sheet.box(228, 46, 84, 26, "positions")
    decay = sheet.box(360, 46, 108, 26, "decay $γ = 1/2$")
    w_q = sheet.network(132, 90, 44, 34, "$W_Q$")
    w_k = sheet.network(132, 138, 44, 34, "$W_K$")
    w_v = sheet.network(132, 190, 44, 34, "$W_V$")
    w_g = sheet.network(132, 242, 44, 34, "$W_G$")
    turn = sheet.pill(228, 114, 68, 78, "rotate")
    core = sheet.pill(360, 140, 112, 124, "retention:", "parallel,", "recurrent or", "chunkwise")
    norm = sheet.pill(464, 140, 54, 32, "norm")
    swish = sheet.pill(360, 242, 64, 30, "swish")
    gate = sheet.pill(540, 140, 56, 32, "times")
    w_o = sheet.network(612, 140, 44, 34, "$W_O$")
    out = sheet.box(675, 140, 42, 34, "out")
    sheet.arrow(x, w_k)
    for start, end, y in ((x.top(), w_q, 90), (x.bottom(-8), w_g, 242), (x.bottom(8), w_v, 190)):
        sheet.arrow(start, end.left(), via=[(start.x, y)])
    sheet.arrow(w_q.right(), turn.left(-24), r"$\mathbf{q}$")
    sheet.arrow(w_k.right(), turn.left(24), r"$\mathbf{k}$")
    sheet.arrow(place, turn)
    sheet.arrow(decay, core)
    sheet.arrow(turn.right(-16), core.left(-42))
    sheet.arrow(turn.right(16), core.left(-10))
    sheet.arrow(w_v.right(), core.left(50), r"$\mathbf{v}$")
    sheet.chain([core, norm, gate, w_o, out])
    sheet.arrow(w_g, swish)
    sheet.arrow(swish.right(), gate.bottom(), via=[(540, 242)])
    sheet.band(286, 204, "Parallel", "all four tokens, to train", width=346)
    parallel(table, sheet, 124, 402)
    sheet.band(286, 204, "Recurrent", "token 4, to write", x=358, width=346)
    recurrent(table, sheet, 408, 398, 80)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 484, "The layer", "one head")
    x = sheet.box(175, 56, 110, 30, r"tokens: $\mathbf{x}$")
    w_q = sheet.network(44, 116, 44, 32, "$W_Q$")
    w_k = sheet.network(126, 116, 44, 32, "$W_K$")
    w_v = sheet.network(222, 116, 44, 32, "$W_V$")
    w_g = sheet.network(306, 116, 44, 32, "$W_G$")
    turn = sheet.pill(85, 186, 130, 30, "rotate")
    place = sheet.box(62, 242, 84, 28, "positions")
    core = sheet.pill(184, 318, 150, 62, "retention: parallel,", "recurrent or", "chunkwise")
    decay = sheet.box(52, 318, 80, 48, "decay", "$γ = 1/2$")
    norm = sheet.pill(184, 390, 60, 28, "norm")
    swish = sheet.pill(306, 230, 64, 28, "swish")
    gate = sheet.pill(306, 390, 60, 28, "times")
    w_o = sheet.network(306, 448, 44, 32, "$W_O$")
    out = sheet.box(214, 448, 50, 32, "out")
    for start, end, at in ((x.left(8), w_q, 44), (x.right(8), w_g, 306)):
        sheet.arrow(start, end.top(), via=[(at, start.y)])
    sheet.arrow(x.bottom(-49), w_k.top())
    sheet.arrow(x.bottom(47), w_v.top())
    sheet.arrow(w_q.bottom(), turn.top(-41), r"$\mathbf{q}$")
    sheet.arrow(w_k.bottom(), turn.top(41), r"$\mathbf{k}$")
    sheet.arrow(place.top(), turn.bottom(-23))
    sheet.arrow(turn.bottom(41), core.top(-58))
    sheet.arrow(turn.bottom(57), core.top(-42))
    sheet.arrow(w_v.bottom(), core.top(38), r"$\mathbf{v}$")
    sheet.arrow(decay, core)
    sheet.chain([core, norm, gate, w_o, out])
    sheet.arrow(w_g, swish)
    sheet.arrow(swish, gate)
    sheet.band(496, 196, "Parallel", "all four tokens, to train")
    parallel(table, sheet, 126, 606)
    sheet.band(704, 204, "Recurrent", "token 4, to write")
    recurrent(table, sheet, 52, 816, 80)


FIGURES = [diagram.Recipe("architectures/retention/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
