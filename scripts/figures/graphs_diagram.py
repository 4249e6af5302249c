"""docs/architectures/graphs/diagram.svg: one layer of an equivariant network, what it reads, and its training."""

import torch

from docs.architectures.graphs import graphs
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """The features of the example, and the carbon's place, before and after one layer with weights set by hand."""
    h, x = torch.tensor(graphs.FEATURES)[:, None], torch.tensor(graphs.PLACES)
    source, target = graphs.both_ways(graphs.BONDS)
    return {
        "h": h.flatten().tolist(),
        "new_h": graphs.by_hand(h, graphs.BONDS).flatten().tolist(),
        "carbon": x[1].tolist(),
        "new_carbon": graphs.move(x, source, target, torch.reciprocal)[1].tolist(),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """A layer above, readout and training below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 306, "One layer", "for all edges and nodes alike; repeated L times")
    h = sheet.box(72, 96, 116, 48, "features", r"$\mathbf{h}_i$")
    edges = sheet.box(72, 164, 116, 44, "edges", gloss="who hears whom")
    x = sheet.box(72, 240, 116, 48, "places", r"$\mathbf{x}_i$")
    lines = sheet.pill(232, 240, 108, 36, r"$\mathbf{x}_i − \mathbf{x}_j$")
    message = sheet.network(232, 140, 108, 52, "Message", r"$\mathbf{m}_{ij}$")
    gather = sheet.pill(392, 130, 112, 36, "sum over j")
    update = sheet.network(524, 130, 96, 52, "Update")
    new = sheet.box(646, 130, 92, 48, r"new $\mathbf{h}_i$")
    weight = sheet.network(392, 196, 112, 40, "Weight")
    move = sheet.pill(522, 240, 124, 36, r"$\mathbf{x}_i$ + sum over j")
    moved = sheet.box(646, 240, 92, 48, r"new $\mathbf{x}_i$")
    sheet.arrow(h.right(-12), update.top(), via=[(524, 84)])
    sheet.arrow(h.right(12), message.left(-12), via=150)
    sheet.arrow(edges.right(), message.left(12), via=150)
    sheet.arrow(x, lines)
    sheet.arrow(lines.top(), message.bottom())
    sheet.label(224, 192, "squared", "length", anchor="end")
    sheet.arrow(message.right(-10), gather.left())
    sheet.arrow(message.right(10), weight.left(), via=310)
    sheet.arrow(gather, update)
    sheet.arrow(update, new)
    sheet.arrow(lines, move)
    sheet.arrow(weight.right(), move.top())
    sheet.arrow(x.bottom(), move.bottom(), via=[(72, 274), (522, 274)])
    sheet.arrow(move, moved)
    features(table, sheet, 352, 294)
    sheet.band(318, 178, "After L layers", "training; in use the known answer is missing")
    last_h = sheet.box(82, 382, 120, 40, r"features $\mathbf{h}_i$")
    last_x = sheet.box(82, 452, 120, 40, r"places $\mathbf{x}_i$")
    total = sheet.pill(232, 382, 120, 36, "sum over nodes")
    read = sheet.network(372, 382, 100, 44, "Readout")
    energy = sheet.box(496, 382, 88, 40, "energy")
    known = sheet.box(640, 468, 108, 40, "known answer")
    loss = sheet.loss(640, 400, 84, 52, "loss")
    sheet.chain([last_h, total, read, energy])
    sheet.arrow(energy.right(), loss.left(-18))
    sheet.arrow(last_x.right(), loss.left(10), via=566)
    sheet.arrow(known, loss)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 470, "One layer", "repeated L times")
    h = sheet.box(60, 66, 92, 48, "features", r"$\mathbf{h}_i$")
    edges = sheet.box(162, 66, 84, 48, "edges")
    x = sheet.box(262, 66, 92, 48, "places", r"$\mathbf{x}_i$")
    lines = sheet.pill(262, 140, 92, 36, r"$\mathbf{x}_i − \mathbf{x}_j$")
    message = sheet.network(140, 200, 108, 52, "Message", r"$\mathbf{m}_{ij}$")
    gather = sheet.pill(86, 278, 100, 36, "sum over j")
    weight = sheet.network(216, 278, 84, 40, "Weight")
    update = sheet.network(86, 346, 96, 44, "Update")
    move = sheet.pill(226, 346, 124, 36, r"$\mathbf{x}_i$ + sum over j")
    new = sheet.box(86, 412, 96, 40, r"new $\mathbf{h}_i$")
    moved = sheet.box(226, 412, 96, 40, r"new $\mathbf{x}_i$")
    sheet.arrow(h.bottom(34), message.top(-46))
    sheet.arrow(edges.bottom(), message.top(22))
    sheet.arrow(x, lines)
    sheet.arrow(lines.bottom(-20), message.right())
    sheet.label(248, 218, "squared length", anchor="middle")
    sheet.arrow(message.bottom(-30), gather.top(24))
    sheet.arrow(message.bottom(44), weight.top(-32))
    sheet.arrow(h.bottom(-38), update.left())
    sheet.arrow(gather, update)
    sheet.arrow(update, new)
    sheet.arrow(weight.bottom(10), move.top())
    sheet.arrow(lines.bottom(40), move.right(-8))
    sheet.arrow(x.right(), move.right(8), via=334)
    sheet.arrow(move, moved)
    features(table, sheet, 175, 452)
    sheet.band(482, 330, "After L layers", "training")
    last_h = sheet.box(96, 544, 120, 40, r"features $\mathbf{h}_i$")
    last_x = sheet.box(266, 544, 120, 40, r"places $\mathbf{x}_i$")
    total = sheet.pill(96, 604, 120, 36, "sum over nodes")
    read = sheet.network(96, 664, 100, 40, "Readout")
    energy = sheet.box(96, 724, 88, 40, "energy")
    known = sheet.box(266, 776, 116, 40, "known answer")
    loss = sheet.loss(266, 700, 84, 52, "loss")
    sheet.chain([last_h, total, read, energy])
    sheet.arrow(energy.right(), loss.left(10), via=190)
    sheet.arrow(last_x, loss)
    sheet.arrow(known, loss)


def features(table: style.Table, sheet: diagram.Sheet, x: float, y: float) -> None:
    """What the layer makes of the example."""
    old, new = diagram.vector(table["h"]), diagram.vector(table["new_h"])
    sheet.label(x, y, f"the example: h from {old} to {new}", muted=False)


FIGURES = [diagram.Recipe("architectures/graphs/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
