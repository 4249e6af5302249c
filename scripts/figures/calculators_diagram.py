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


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """The model's settings at the left; use above, training below."""
    total, multiplied = (f"{value:.0f}" for value in table["parameters"])
    held, kept, states = (f"{value:,.0f} bytes" for value in table["bytes"])
    each, work = (f"{value:,.0f}" for value in table["operations"])
    seconds, money = table["cost"]
    sheet.band(0, 330, "Any model")
    model = sheet.box(92, 96, 150, 56, "settings", "2 layers of width 4 …")
    count = sheet.network(92, 206, 150, 62, "parameters", f"{total}; {multiplied} multiply")
    sheet.arrow(model, count)
    sheet.band(0, 156, "Use", x=196, width=508)
    form = sheet.box(290, 62, 130, 34, "16 bits each")
    text = sheet.box(290, 118, 130, 34, "8 tokens so far")
    weights = sheet.pill(450, 62, 130, 34, "bits × count / 8")
    layers = sheet.pill(450, 118, 130, 34, "keys and values")
    memory = sheet.box(624, 62, 130, 38, held, gloss="weights")
    cache = sheet.box(624, 118, 130, 38, kept, gloss="cache")
    sheet.chain([form, weights, memory])
    sheet.chain([text, layers, cache])
    sheet.band(166, 164, "Training", x=196, width=508)
    data = sheet.box(290, 218, 130, 40, "1,000 tokens", "in texts of 8")
    times = sheet.pill(450, 218, 130, 34, f"3 × {each} × 1,000")
    done = sheet.box(624, 218, 130, 38, work, gloss="operations")
    sheet.chain([data, times, done])
    machine = sheet.box(302, 288, 186, 40, "10⁶ a second, MFU 40 %", "3.60 an hour")
    divide = sheet.pill(484, 288, 116, 34, "divide, multiply")
    result = sheet.box(624, 288, 130, 38, f"{seconds:.2f} s, {money:.4f}", gloss="time, price")
    sheet.arrow(done.bottom(-40), divide.top(40), via=258)
    sheet.chain([machine, divide, result])
    sheet.label(14, 290, f"training holds {states}", anchor="start")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """The same from top to bottom."""
    total, multiplied = (f"{value:.0f}" for value in table["parameters"])
    held, kept, states = (f"{value:,.0f} bytes" for value in table["bytes"])
    each, work = (f"{value:,.0f}" for value in table["operations"])
    seconds, money = table["cost"]
    sheet.band(0, 130, "Any model")
    model = sheet.box(88, 74, 152, 56, "settings", "2 layers of width 4 …")
    count = sheet.network(262, 74, 152, 62, "parameters", f"{total}; {multiplied} multiply")
    sheet.arrow(model, count)
    sheet.label(14, 122, f"training holds {states}", anchor="start")
    sheet.band(140, 144, "Use")
    form = sheet.box(60, 196, 100, 34, "16 bits each")
    text = sheet.box(60, 254, 100, 34, "8 tokens")
    weights = sheet.pill(180, 196, 104, 40, "bits × count", "divided by 8")
    layers = sheet.pill(180, 254, 104, 34, "keys, values")
    memory = sheet.box(296, 196, 92, 38, held, gloss="weights")
    cache = sheet.box(296, 254, 92, 38, kept, gloss="cache")
    sheet.chain([form, weights, memory])
    sheet.chain([text, layers, cache])
    sheet.band(294, 164, "Training")
    data = sheet.box(60, 346, 100, 40, "1,000 tokens", "in texts of 8")
    times = sheet.pill(180, 346, 116, 34, f"3 × {each} × 1,000")
    done = sheet.box(298, 346, 92, 38, work, gloss="operations")
    sheet.chain([data, times, done])
    machine = sheet.box(62, 422, 104, 58, "10⁶ a second", "MFU 40 %", "3.60 an hour")
    divide = sheet.pill(174, 422, 84, 44, "divide,", "multiply")
    result = sheet.box(290, 422, 108, 38, f"{seconds:.2f} s, {money:.4f}", gloss="time, price")
    sheet.arrow(done.bottom(-30), divide.top(20), via=386)
    sheet.chain([machine, divide, result])


FIGURES = [diagram.Recipe("inference/calculators/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
