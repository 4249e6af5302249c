"""docs/training/interpretability/diagram.svg: a frozen model, three ways to read its state, and one to change it."""

from importlib import import_module
from typing import Any

import torch

from scripts.figures import diagram, style

code: Any = import_module("docs.training.interpretability.interpretability")


def numbers() -> style.Table:
    """States, answers, the sparse code and the patch of the example."""
    features = torch.cat([torch.zeros(1, 3), torch.eye(3)]).double()
    dry, storm = features[:1], features[3:]
    x = code.first(storm)
    z = code.sparse_code(x, code.vector(code.CODES), 0.1)
    result = code.patched(storm, dry, [0])
    table = {
        "x": x[0].tolist(),
        "late": code.second(x)[0].tolist(),
        "answer": code.answer(code.second(x)).tolist(),
        "lens": code.answer(x).tolist(),
        "night": [float(x[0, 1])],
        "z": z[0].tolist(),
        "rebuilt": (z @ code.vector(code.CODES))[0].tolist(),
        "dry": code.first(dry)[0].tolist(),
        "put": [float(x[0, 0]), 0.0],
        "patched": result.tolist(),
        "restored": code.restored(result, code.run(storm), code.run(dry)).tolist(),
    }
    return {name: [round(v, 9) + 0.0 for v in values] for name, values in table.items()}


def row(values: list[float]) -> str:
    """A vector in one line."""
    return "(" + ", ".join(diagram.decimal(v, "g") for v in values) + ")"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The model, reading, changing."""
    (narrow if sheet.narrow else wide)(table, sheet)


def said(table: style.Table, name: str) -> str:
    """One number."""
    return diagram.decimal(table[name][0], "g")


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    x = rf"$\mathbf{{x}}$ = {row(table['x'])}"
    sheet.band(0, 106, "The model", "frozen; input storm")
    model = [
        sheet.box(58, 62, 76, 36, "storm"),
        sheet.network(170, 62, 84, 40, "Layer 1", frozen=True),
        sheet.box(304, 62, 118, 38, x, gloss="state"),
        sheet.network(434, 62, 84, 40, "Layer 2", frozen=True),
        sheet.box(540, 62, 82, 38, row(table["late"]), gloss="state"),
        sheet.box(650, 62, 84, 38, f"{said(table, 'answer')}, yes", gloss="logit"),
    ]
    sheet.chain(model)
    sheet.band(116, 250, "Read", "statements on the state")
    one = sheet.box(84, 172, 118, 36, x)
    probe = sheet.network(262, 172, 118, 44, "Probe", "learns")
    night = sheet.box(440, 172, 110, 38, f"{said(table, 'night')}, night?", gloss="from labels")
    fit = sheet.loss(610, 172, 110, 42, "loss on labels")
    sheet.chain([one, probe, night, fit])
    sheet.gradient(fit.bottom(), probe.bottom(), via=206)
    two = sheet.box(84, 250, 118, 36, x)
    coder = sheet.encoder(226, 250, 92, 56, "Encoder")
    z = sheet.box(350, 250, 122, 38, row(table["z"]), gloss=r"rain, night, storm")
    back = sheet.decoder(474, 250, 92, 56, "Decoder")
    made = sheet.box(610, 250, 124, 38, row(table["rebuilt"]), gloss="rebuilt")
    sheet.chain([two, coder, z, back, made])
    sheet.label(350, 292, "sparse autoencoder; learns to rebuild the state with little activation")
    three = sheet.box(84, 334, 118, 36, x)
    reader = sheet.network(262, 334, 118, 40, "Last reading", frozen=True)
    guess = sheet.box(440, 334, 110, 38, f"{said(table, 'lens')}, no", gloss="logit lens")
    sheet.chain([three, reader, guess])
    sheet.band(376, 106, "Change", "does the model use it? input dry")
    dry = sheet.box(84, 438, 118, 38, row(table["dry"]), gloss="state, dry")
    put = sheet.pill(232, 438, 126, 36, f"put in {said(table, 'x')}")
    new = sheet.box(362, 438, 84, 38, row(table["put"]), gloss="patched")
    rest = sheet.network(482, 438, 106, 40, "Layer 2", frozen=True)
    end = sheet.box(
        628,
        438,
        124,
        38,
        f"{said(table, 'patched')}, no",
        gloss=f"{100 * table['restored'][0]:g} % restored",
    )
    sheet.chain([dry, put, new, rest, end])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    x = rf"$\mathbf{{x}}$ = {row(table['x'])}"
    sheet.band(0, 170, "The model", "frozen")
    storm = sheet.box(50, 62, 70, 36, "storm")
    first = sheet.network(150, 62, 80, 40, "Layer 1", frozen=True)
    state = sheet.box(278, 62, 124, 38, x, gloss="state")
    second = sheet.network(278, 130, 84, 40, "Layer 2", frozen=True)
    late = sheet.box(170, 130, 84, 38, row(table["late"]), gloss="state")
    yes = sheet.box(58, 130, 84, 38, f"{said(table, 'answer')}, yes", gloss="logit")
    sheet.chain([storm, first, state, second, late, yes])
    sheet.band(180, 454, "Read", "statements on the state")
    one = sheet.box(84, 240, 124, 36, x)
    probe = sheet.network(256, 240, 118, 44, "Probe", "learns")
    fit = sheet.loss(84, 316, 122, 42, "loss on labels")
    night = sheet.box(256, 316, 110, 38, f"{said(table, 'night')}, night?", gloss="from labels")
    sheet.chain([one, probe, night, fit])
    sheet.gradient(fit.top(), probe.left(12), via=[(84, 278), (180, 278), (180, 252)])
    two = sheet.box(84, 396, 124, 36, x)
    coder = sheet.encoder(256, 396, 92, 56, "Encoder")
    z = sheet.box(256, 464, 124, 38, row(table["z"]), gloss="rain, night, storm")
    back = sheet.decoder(256, 536, 92, 56, "Decoder")
    made = sheet.box(84, 536, 124, 38, row(table["rebuilt"]), gloss="rebuilt")
    sheet.chain([two, coder, z, back, made])
    sheet.label(84, 456, "sparse autoencoder;", "learns to rebuild with", "little activation")
    three = sheet.box(66, 602, 108, 36, x)
    reader = sheet.network(188, 602, 104, 40, "Last reading", frozen=True)
    guess = sheet.box(300, 602, 84, 38, f"{said(table, 'lens')}, no", gloss="logit lens")
    sheet.chain([three, reader, guess])
    sheet.band(644, 166, "Change", "does it use it? input dry")
    dry = sheet.box(56, 708, 92, 38, row(table["dry"]), gloss="state, dry")
    put = sheet.pill(174, 708, 100, 36, f"put in {said(table, 'x')}")
    new = sheet.box(294, 708, 92, 38, row(table["put"]), gloss="patched")
    rest = sheet.network(294, 776, 92, 40, "Layer 2", frozen=True)
    end = sheet.box(
        140,
        776,
        130,
        38,
        f"{said(table, 'patched')}, no",
        gloss=f"{100 * table['restored'][0]:g} % restored",
    )
    sheet.chain([dry, put, new, rest, end])


FIGURES = [diagram.Recipe("training/interpretability/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
