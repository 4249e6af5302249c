"""docs/models/energy-based/diagram.svg: one step of training and a walk, with the numbers of the example."""

from importlib import import_module

from scripts.figures import diagram, style

energy = import_module("docs.models.energy-based.energy_based")

SEEN, MADE = 1, 4  # places of a data point and of a sample
PATH = (3, 4, 4, 3)
SAYS = ("to 4: yes", "to 3: no", "to 3: yes")
NAME = r"$E_\theta$"


def numbers() -> style.Table:
    """The energies of the four places."""
    return {"energy": energy.ENERGIES.tolist()}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below; the network stands in both."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    low, high = (table["energy"][place - 1] for place in (SEEN, MADE))
    sheet.band(0, 190, "Training", "down where the data are, up where the model samples")
    x = sheet.box(60, 80, 84, 32, f"$x = {SEEN}$", gloss="")
    walk = sheet.pill(190, 140, 132, 42, rf"walk by {NAME}", "k steps")
    made = sheet.box(330, 140, 84, 32, f"$x' = {MADE}$", random=True)
    network = sheet.network(452, 92, 110, 60, "Network", NAME)
    loss = sheet.loss(
        614, 92, 150, 52, r"$E_\theta(x) - E_\theta(x')$", f"= {low:.2f} − {high:.0f}"
    )
    sheet.arrow(x, network.left(-12))
    sheet.arrow(x.bottom(), walk.left(), via=[(60, 140)])
    sheet.arrow(walk, made)
    sheet.arrow(made.right(), network.left(12), via=385)
    sheet.arrow(network, loss)
    sheet.gradient(loss.bottom(), network.bottom(), "gradient", via=164)
    sheet.band(202, 176, "Generation", "propose a neighbour, ask for both energies, go or stay")
    columns = [64, 252, 440, 628]
    y = 336
    places = [
        sheet.box(c, y, 70, 32, f"$x = {place}$", random=k == 0)
        for k, (c, place) in enumerate(zip(columns, PATH, strict=True))
    ]
    for place, c in zip(PATH, columns, strict=True):
        value = f"{table['energy'][place - 1]:.2f}" if place != MADE else "0"
        sheet.label(c, y + 32, f"$E = {value}$")
    pills = [sheet.pill(c + 94, y, 90, 30, text) for c, text in zip(columns, SAYS, strict=False)]
    again = sheet.network(346, 262, 480, 44, NAME)
    for k, pill in enumerate(pills):
        sheet.arrow(places[k], pill)
        sheet.arrow(pill, places[k + 1])
        sheet.arrow(again.bottom(188 * (k - 1)), pill.top())


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    low, high = (table["energy"][place - 1] for place in (SEEN, MADE))
    sheet.band(0, 290, "Training", "one step")
    x = sheet.box(60, 60, 84, 32, f"$x = {SEEN}$")
    walk = sheet.pill(236, 60, 132, 42, rf"walk by {NAME}", "k steps")
    made = sheet.box(236, 124, 84, 32, f"$x' = {MADE}$", random=True)
    network = sheet.network(128, 184, 110, 54, "Network", NAME)
    loss = sheet.loss(
        128, 254, 164, 50, r"$E_\theta(x) - E_\theta(x')$", f"= {low:.2f} − {high:.0f}"
    )
    sheet.arrow(x, walk)
    sheet.arrow(walk, made)
    sheet.arrow(x.bottom(), network.left(), via=[(60, 184)])
    sheet.arrow(made.bottom(), network.right(), via=[(236, 184)])
    sheet.arrow(network, loss)
    sheet.gradient(loss.right(), network.right(14), via=270)
    sheet.label(276, 228, "gradient", anchor="start", colour=diagram.LOSS)
    sheet.band(300, 192, "Generation", "propose, then go or stay")
    columns = [40, 130, 220, 310]
    y = 436
    places = [
        sheet.box(c, y, 46, 30, f"$x = {place}$", random=k == 0)
        for k, (c, place) in enumerate(zip(columns, PATH, strict=True))
    ]
    for place, c in zip(PATH, columns, strict=True):
        value = f"{table['energy'][place - 1]:.2f}" if place != MADE else "0"
        sheet.label(c, y + 30, f"$E = {value}$")
    for k in range(3):
        sheet.arrow(places[k], places[k + 1])
    again = sheet.network(175, 364, 280, 42, NAME)
    for k, text in enumerate(SAYS):
        sheet.arrow(again.bottom(90 * (k - 1)), sheet.dot(columns[k] + 45, y).top())
        sheet.label(columns[k] + 45, y + 50, text)


FIGURES = [diagram.Recipe("models/energy-based/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
