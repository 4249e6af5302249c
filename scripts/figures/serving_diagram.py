"""docs/inference/serving/diagram.svg: requests, the scheduler, one step of the model and its pages."""

from scripts.figures import diagram, style

PAGES = ("A", "B", "–", "A", "A", "B", "–", "–")  # whose text fills each of eight pages
TABLES = {"A": (3, 0, 4), "B": (5, 1)}
LENGTHS = {"A": 10, "B": 6}


def numbers() -> style.Table:
    """Places of the pages that each text of the example has, and those that stay empty."""
    held = [4.0 * len(pages) for pages in TABLES.values()]
    return {
        "held": held,
        "empty": [n - length for n, length in zip(held, LENGTHS.values(), strict=True)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """One step above, the pages of the cache below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def told(table: style.Table, name: str) -> str:
    """What a text keeps."""
    n = list(TABLES).index(name)
    return f"{name}: {LENGTHS[name]} tokens, {table['empty'][n]:.0f} places empty"


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the queue on the left to the tokens on the right; below, the cache."""
    sheet.band(0, 226, "One step", "again and again, for all requests together")
    queue = sheet.box(60, 118, 92, 48, "requests", gloss="waiting")
    limits = sheet.box(60, 190, 92, 44, "slots,", "step budget")
    pick = sheet.pill(188, 118, 96, 48, "scheduler")
    text_a = sheet.box(328, 92, 136, 34, "A reads 10 tokens")
    text_b = sheet.box(328, 152, 136, 34, "B writes 1 token")
    sheet.label(328, 70, "prefill")
    sheet.label(328, 188, "decode")
    model = sheet.network(466, 122, 100, 66, "Language", "model", frozen=True)
    sheet.label(466, 82, "frozen")
    chosen = sheet.pill(562, 122, 52, 40, "draw")
    out = sheet.box(652, 122, 86, 48, "tokens", gloss="to the users")
    sheet.arrow(queue, pick)
    sheet.arrow(limits.right(), pick.bottom(-24), via=[(164, 190)])
    sheet.arrow(pick.right(-10), text_a.left(), via=251)
    sheet.arrow(pick.right(10), text_b.left(), via=251)
    sheet.arrow(text_a.right(), model.left(-30))
    sheet.arrow(text_b.right(), model.left(30))
    sheet.chain([model, chosen, out])
    sheet.arrow(out.top(), pick.top(), "not finished: next step", via=[(652, 50), (188, 50)])
    sheet.band(238, 132, "The KV cache")
    first = sheet.box(188, 292, 116, 28, "A: pages 3, 0, 4")
    sheet.box(188, 326, 116, 28, "B: pages 5, 1")
    sheet.label(70, 298, "page tables", muted=False)
    sheet.label(70, 330, "four tokens", "a page")
    sheet.label(506, 280, "keys, values", anchor="start")
    cells = sheet.tokens(470, 306, PAGES, gap=4, width=50, height=30)
    for n, cell in enumerate(cells):
        sheet.label(cell.x, 338, str(n))
    sheet.label(470, 357, "; ".join(told(table, name) for name in TABLES))
    sheet.arrow(pick.bottom(0), first.top())
    sheet.arrow(model.bottom(-27), cells[3].top(-4), via=[(439, 250)])
    sheet.arrow(cells[4].top(-4), model.bottom(27), via=[(493, 250)])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 470, "One step", "again and again")
    queue = sheet.box(80, 70, 100, 44, "requests", gloss="waiting")
    limits = sheet.box(265, 70, 140, 30, "slots, step budget")
    pick = sheet.pill(175, 140, 110, 40, "scheduler")
    text_a = sheet.box(100, 226, 130, 32, "A reads 10 tokens")
    text_b = sheet.box(250, 226, 130, 32, "B writes 1 token")
    sheet.label(84, 202, "prefill")
    sheet.label(276, 202, "decode")
    model = sheet.network(175, 300, 150, 42, "Language model", frozen=True)
    sheet.label(270, 304, "frozen", anchor="start")
    chosen = sheet.pill(175, 368, 70, 34, "draw")
    out = sheet.box(175, 432, 90, 44, "tokens", gloss="to the users")
    sheet.arrow(queue.bottom(), pick.left(), via=[(80, 140)])
    sheet.arrow(limits.bottom(5), pick.right(), via=[(270, 140)])
    sheet.arrow(pick.bottom(-30), text_a.top(45))
    sheet.arrow(pick.bottom(30), text_b.top(-45))
    sheet.arrow(text_a.bottom(), model.top(-60), via=[(100, 262), (115, 262)])
    sheet.arrow(text_b.bottom(), model.top(60), via=[(250, 262), (235, 262)])
    sheet.chain([model, chosen, out])
    sheet.arrow(out.right(), pick.right(12), via=[(332, 432), (332, 152)])
    sheet.band(482, 228, "")
    sheet.label(
        338, 504, "The KV cache, pages of four tokens", anchor="end", muted=False, bold=True
    )
    cells = sheet.tokens(175, 548, PAGES, gap=2, width=38, height=28)
    for n, cell in enumerate(cells):
        sheet.label(cell.x, 580, str(n))
    sheet.arrow(model.left(-10), cells[0].top(), via=[(35, 290)])
    sheet.arrow(cells[1].top(), model.left(10), via=[(75, 310)])
    sheet.label(84, 390, "keys,", "values", anchor="start")
    first = sheet.box(102, 626, 126, 28, "A: pages 3, 0, 4")
    sheet.box(250, 626, 130, 28, "B: pages 5, 1")
    sheet.arrow(pick.left(13), first.left(), via=[(7, 153), (7, 626)])
    sheet.label(39, 603, "page tables", anchor="start", muted=False)
    for n, name in enumerate(TABLES):
        sheet.label(175, 664 + 18 * n, told(table, name))


FIGURES = [diagram.Recipe("inference/serving/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
