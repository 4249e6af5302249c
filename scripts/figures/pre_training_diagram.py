"""docs/training/pre-training/diagram.svg: from crawl to windows, the training on them, and the use of the model."""

from importlib import import_module
from typing import Any

from scripts.figures import diagram, style

code: Any = import_module("docs.training.pre-training.pre_training")
WINDOW = 10
THETA = r"$\theta$"


def numbers() -> style.Table:
    """Those of the example: similarities of three texts, shares of two sources, a window, counted targets."""
    a, b, c = (code.shingles(text) for text in (code.A, code.B, code.C))
    texts = [list(range(len(text.split()))) for text in (code.A, code.C)]
    _, owner = code.pack(texts, WINDOW, 9)
    first = owner[0]
    return {
        "shared": [len(a & b), len(a & c)],
        "all": [len(a | b), len(a | c)],
        "sizes": list(code.SIZES),
        "shares": code.shares(code.SIZES, 0.5),
        "window": [WINDOW],
        "targets": [float((first[1:] == first[:-1]).sum()), WINDOW - 1],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three bands: make the data, train, use."""
    words = {
        "pair": f"$s$ = {table['shared'][0]:g}/{table['all'][0]:g}",
        "sizes": "{:g} and {:g}".format(*table["sizes"]),
        "shares": "{:.0%} and {:.0%}".format(*table["shares"]).replace("%", " %"),
        "window": f"window of {table['window'][0]:g}",
        "targets": "{:g} of {:g} targets".format(*table["targets"]),
    }
    (narrow if sheet.narrow else wide)(words, sheet)


def wide(words: dict[str, str], sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 236, "Make the data", "nothing learns in these steps")
    y = 74
    crawl = sheet.box(66, y, 96, 46, "web pages", gloss="from a crawl")
    text = sheet.pill(186, y, 104, 36, "extract text")
    filters = sheet.pill(306, y, 96, 36, "filter")
    kept = sheet.box(416, y, 84, 46, "A, B, C", gloss="texts")
    copies = sheet.pill(528, y, 100, 36, "near copies?")
    left = sheet.box(644, y, 92, 46, "A, C", gloss=f"B: {words['pair']}")
    sheet.chain([crawl, text, filters, kept, copies, left])
    rules = sheet.box(306, 136, 152, 44, "rules, classifier", gloss="made before")
    orders = sheet.box(528, 136, 124, 44, "random orders", gloss="of word pairs", random=True)
    sheet.arrow(rules, filters)
    sheet.arrow(orders, copies)
    y = 200
    sizes = sheet.box(78, y, 124, 46, words["sizes"], gloss="billion tokens")
    mix = sheet.pill(212, y, 92, 36, "mix, $a$ = ½")
    shares = sheet.box(342, y, 116, 46, words["shares"], gloss="of what is read")
    pack = sheet.pill(462, y, 80, 36, "pack")
    window = sheet.box(606, y, 150, 46, words["window"], gloss="A, end, start of C")
    sheet.chain([sizes, mix, shares, pack, window])
    sheet.arrow(left.bottom(), pack.top(20), via=[(644, 168), (482, 168)])
    sheet.band(246, 160, "Train", f"{THETA} learns")
    y = 322
    window = sheet.box(78, y, 116, 46, "window", gloss="tokens")
    model = sheet.network(240, y, 104, 46, "model", gloss=THETA)
    p = sheet.box(400, y, 112, 46, "probabilities", gloss="of next tokens")
    loss = sheet.loss(594, y, 132, 46, "loss", gloss=words["targets"])
    sheet.chain([window, model, p, loss])
    place = sheet.box(102, 380, 192, 36, "positions, document mask")
    sheet.arrow(place.right(), model.bottom(-24), via=[(216, 380)])
    sheet.arrow(window.top(), loss.top(-20), "true next tokens, loss mask", via=284)
    sheet.gradient(loss.bottom(), model.bottom(24), "gradient", via=380)
    sheet.band(416, 84, "Use", "nothing learns")
    y = 466
    prompt = sheet.box(78, y, 116, 34, "prompt")
    model = sheet.network(240, y, 104, 38, "model", frozen=True)
    p = sheet.box(400, y, 112, 34, "probabilities")
    draw_one = sheet.pill(524, y, 72, 34, "draw")
    out = sheet.box(630, y, 92, 34, "next token")
    sheet.chain([prompt, model, p, draw_one, out])


def narrow(words: dict[str, str], sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 424, "Make the data", "nothing learns here")
    crawl = sheet.box(76, 66, 116, 46, "web pages", gloss="from a crawl")
    text = sheet.pill(244, 66, 116, 34, "extract text")
    filters = sheet.pill(244, 128, 116, 34, "filter")
    rules = sheet.box(84, 128, 140, 44, "rules, classifier", gloss="made before")
    kept = sheet.box(244, 190, 116, 46, "A, B, C", gloss="texts")
    copies = sheet.pill(244, 254, 116, 34, "near copies?")
    orders = sheet.box(84, 254, 132, 44, "random orders", gloss="of word pairs", random=True)
    left = sheet.box(244, 318, 116, 46, "A, C", gloss=f"B: {words['pair']}")
    sheet.chain([crawl, text, filters, kept, copies, left])
    sheet.arrow(rules, filters)
    sheet.arrow(orders, copies)
    sizes = sheet.box(84, 326, 124, 46, words["sizes"], gloss="billion tokens")
    mix = sheet.pill(84, 390, 124, 34, "mix, $a$ = ½")
    sheet.arrow(sizes, mix)
    pack = sheet.pill(244, 390, 116, 34, "pack")
    sheet.arrow(left, pack)
    sheet.arrow(mix, pack)
    sheet.label(94, 420, words["shares"])
    sheet.band(434, 330, "Train", f"{THETA} learns")
    window = sheet.box(92, 500, 156, 46, words["window"], gloss="A, end, start of C")
    place = sheet.box(268, 500, 128, 46, "positions", gloss="document mask")
    model = sheet.network(180, 576, 104, 46, "model", gloss=THETA)
    p = sheet.box(180, 644, 120, 46, "probabilities", gloss="of next tokens")
    loss = sheet.loss(180, 718, 140, 46, "loss", gloss=words["targets"])
    sheet.arrow(window.bottom(20), model.left(), via=[(112, 576)])
    sheet.arrow(place.bottom(), model.right(-8), via=[(268, 568)])
    sheet.arrow(model, p)
    sheet.arrow(p, loss)
    sheet.arrow(window.bottom(-68), loss.left(), via=[(24, 718)])
    sheet.label(34, 640, "true next", "tokens,", "loss mask", anchor="start")
    sheet.gradient(loss.right(), model.right(10), via=300)
    sheet.label(278, 744, "gradient")
    sheet.band(774, 164, "Use", "nothing learns")
    prompt = sheet.box(84, 836, 116, 34, "prompt")
    model = sheet.network(250, 836, 104, 38, "model", frozen=True)
    p = sheet.box(250, 902, 124, 34, "probabilities")
    draw_one = sheet.pill(136, 902, 66, 34, "draw")
    out = sheet.box(56, 902, 64, 34, "token")
    sheet.chain([prompt, model, p, draw_one, out])


FIGURES = [diagram.Recipe("training/pre-training/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
