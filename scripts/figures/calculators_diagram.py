"""docs/inference/calculators/diagram.svg: from the settings of a model to memory, time and price."""

from docs.inference.calculators import calculators as calc
from scripts.figures import diagram, style

LENGTH, TRAINED = 8, 1000  # tokens of a text, and of training
PEAK, MFU, HOURLY = 1e6, 0.4, 3.6  # of the example's machine


def numbers() -> style.Table:
    """The example of the page: counts, bytes, operations, seconds and the price."""
    m = calc.EXAMPLE
    p = calc.parameters(m)
    work = calc.training(m, TRAINED, LENGTH)
    spent = calc.hours(work, PEAK, MFU)
    return {
        "parameters": [float(p["total"]), float(p["multiplied"])],
        "bytes": [
            calc.weights(p["total"], 16),
            calc.cache(m, LENGTH),
            calc.states(p["total"], "mixed"),
        ],
        "operations": [calc.forward(m, 1, LENGTH - 1), work],
        "cost": [spent * 3600, spent * HOURLY],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right, or on a phone from top to bottom."""
    (narrow if sheet.narrow else wide)(table, sheet)


def told(table: style.Table) -> dict[str, str]:
    """What the parts say, the sums with their numbers."""
    total, multiplied = (f"{value:.0f}" for value in table["parameters"])
    held, kept, states = (f"{value:,.0f} bytes" for value in table["bytes"])
    each, work = (f"{value:,.0f}" for value in table["operations"])
    seconds, money = table["cost"]
    mixed = table["operations"][0] - 2 * table["parameters"][1]
    return {
        "count": f"{total}; {multiplied} multiply",
        "weigh": f"{total} × 16 / 8",
        "held": held,
        "keep": "8 × 8 × 2 bytes",
        "kept": kept,
        "step": f"2 × {multiplied} + {mixed:.0f}",
        "each": each,
        "times": f"3 × {each} × 1,000",
        "work": work,
        "cost": f"{seconds:.2f} s, {money:.4f}",
        "states": f"training holds {states}",
    }


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The model's settings at the left; use above, training below."""
    say = told(table)
    sheet.band(0, 382, "Any model")
    model = sheet.box(92, 110, 150, 56, "settings", "2 layers of width 4 …")
    count = sheet.network(92, 213, 150, 62, "parameters", say["count"])
    sheet.arrow(model, count)
    for shift in (-19, 19):  # to both phases
        sheet.arrow(count.right(shift), diagram.Port(196, 213 + shift, -1, 0))
    sheet.label(14, 270, say["states"], anchor="start")
    sheet.band(0, 208, "Use", x=196, width=508)
    rows = (
        (62, "16 bits each", "weigh", "held", "weights"),
        (116, "8 tokens so far", "keep", "kept", "cache"),
        (170, "the eighth token", "step", "each", "operations"),
    )
    for y, given, sum_, result, gloss in rows:
        start = sheet.box(290, y, 130, 34, given)
        pill = sheet.pill(450, y, 130, 34, say[sum_])
        sheet.chain([start, pill, sheet.box(624, y, 130, 40, say[result], gloss=gloss)])
    sheet.band(218, 164, "Training", x=196, width=508)
    data = sheet.box(290, 270, 130, 40, "1,000 tokens", "in texts of 8")
    times = sheet.pill(450, 270, 130, 34, say["times"])
    done = sheet.box(624, 270, 130, 40, say["work"], gloss="operations")
    sheet.chain([data, times, done])
    machine = sheet.box(302, 340, 186, 40, "10⁶ a second, MFU 40 %", "3.60 an hour")
    divide = sheet.pill(484, 340, 116, 34, "divide, multiply")
    cost = sheet.box(624, 340, 130, 40, say["cost"], gloss="time, price")
    sheet.arrow(done.bottom(-40), divide.top(40), via=310)
    sheet.chain([machine, divide, cost])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom."""
    say = told(table)
    sheet.band(0, 134, "Any model")
    model = sheet.box(88, 74, 152, 56, "settings", "2 layers of width 4 …")
    count = sheet.network(258, 74, 150, 62, "parameters", say["count"])
    sheet.arrow(model, count)
    sheet.label(14, 124, say["states"], anchor="start")
    sheet.arrow(count.bottom(), diagram.Port(258, 144, 0, -1))
    sheet.arrow(count.right(), diagram.Port(343, 354, 0, -1))
    sheet.band(144, 200, "Use")
    rows = (
        (198, "16 bits each", "weigh", "held", "weights"),
        (254, "8 tokens", "keep", "kept", "cache"),
        (310, "8th token", "step", "each", "operations"),
    )
    for y, given, sum_, result, gloss in rows:
        start = sheet.box(54, y, 92, 34, given)
        pill = sheet.pill(171, y, 114, 34, say[sum_])
        sheet.chain([start, pill, sheet.box(289, y, 92, 40, say[result], gloss=gloss)])
    sheet.band(354, 164, "Training")
    data = sheet.box(60, 406, 100, 40, "1,000 tokens", "in texts of 8")
    times = sheet.pill(180, 406, 116, 34, say["times"])
    done = sheet.box(298, 406, 92, 40, say["work"], gloss="operations")
    sheet.chain([data, times, done])
    machine = sheet.box(62, 482, 104, 58, "10⁶ a second", "MFU 40 %", "3.60 an hour")
    divide = sheet.pill(174, 482, 84, 44, "divide,", "multiply")
    cost = sheet.box(290, 482, 108, 40, say["cost"], gloss="time, price")
    sheet.arrow(done.bottom(-30), divide.top(20), via=446)
    sheet.chain([machine, divide, cost])


FIGURES = [diagram.Recipe("inference/calculators/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
