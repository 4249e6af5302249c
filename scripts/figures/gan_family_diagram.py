"""docs/models/gan-family/diagram.svg: a class for both players, and generation through a style code."""

from importlib import import_module

from scripts.figures import diagram, style

family = import_module("docs.models.gan-family.gan_family")


def numbers() -> style.Table:
    """The best discriminator's answers in class A, for a sample 0 and a data point 1."""
    return {"answer": family.best(family.SHARES, family.BLIND)[0].tolist()}


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training above, generation below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    fake, real = table["answer"]
    sheet.band(0, 262, "Training", "both players are given the class c")
    z = sheet.box(40, 176, 60, 46, "$z$", gloss="noise", random=True)
    c = sheet.box(40, 118, 60, 46, "$c$ = A", gloss="class", random=True)
    generator = sheet.network(152, 176, 104, 64, "Generator", "$G(z, c)$")
    made = sheet.box(262, 176, 76, 46, "$G = 0$", gloss="sample")
    x = sheet.box(262, 70, 80, 46, "$x = 1$", gloss="of class A", random=True)
    judge = sheet.network(388, 122, 116, 148, "Discriminator", "$D(x, c)$")
    two = sheet.loss(592, 80, 180, 62, r"$-\log D(x, c)$", r"$-\log(1 - D(G, c))$")
    one = sheet.loss(592, 176, 180, 44, r"$-\log D(G, c)$")
    sheet.label(592, 128, "loss of the discriminator")
    sheet.label(592, 213, "loss of the generator")
    sheet.arrow(z, generator)
    sheet.arrow(c.right(8), generator.top(), via=[(152, 126)])
    sheet.arrow(c.right(-6), judge.left(-10), via=[(90, 112)])
    sheet.arrow(generator, made)
    sheet.arrow(made, judge.left(54))
    sheet.arrow(x, judge.left(-52))
    sheet.arrow(judge.right(-42), two, f"{real:.1f}")
    sheet.arrow(judge.right(54), one, f"{fake:.3f}")
    sheet.gradient(two.top(), judge.top(), "gradient", via=40)
    sheet.gradient(one.bottom(-70), generator.bottom(), "gradient, through $D$", via=240)
    sheet.band(274, 110, "Generation", "a style-based generator, with truncation")
    y = 342
    z = sheet.box(40, y - 20, 60, 30, "$z$", random=True)
    c = sheet.box(40, y + 22, 60, 30, "$c$ = A")
    mapping = sheet.network(160, y, 96, 56, "Mapping", "$w$")
    cut = sheet.pill(318, y, 164, 40, r"$\bar{w} + \psi\,(w - \bar{w})$")
    synthesis = sheet.network(490, y, 120, 56, "Synthesis", gloss="styled layers")
    new = sheet.box(630, y, 76, 32, "sample")
    sheet.arrow(z, mapping.left(-20))
    sheet.arrow(c, mapping.left(22))
    sheet.chain([mapping, cut, synthesis, new])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    fake, real = table["answer"]
    sheet.band(0, 408, "Training", "both players get c")
    z = sheet.box(70, 58, 76, 34, "$z$ (noise)", random=True)
    c = sheet.box(180, 58, 84, 34, "$c$ = A", random=True)
    x = sheet.box(292, 58, 76, 34, "$x = 1$", random=True)
    generator = sheet.network(70, 128, 106, 54, "Generator", "$G(z, c)$")
    made = sheet.box(70, 198, 84, 32, "$G = 0$")
    judge = sheet.network(180, 272, 260, 56, "Discriminator", "$D(x, c)$")
    one = sheet.loss(84, 354, 136, 44, r"$-\log D(G, c)$")
    two = sheet.loss(258, 354, 164, 56, r"$-\log D(x, c)$", r"$-\log(1 - D(G, c))$")
    sheet.label(84, 396, "loss of the generator")
    sheet.label(258, 396, "loss of the discriminator")
    sheet.arrow(z, generator)
    sheet.arrow(c.bottom(-16), generator.right(), via=[(164, 128)])
    sheet.arrow(c.bottom(14), judge.top(14))
    sheet.arrow(generator, made)
    sheet.arrow(made, judge.top(-110))
    sheet.arrow(x, judge.top(112))
    sheet.arrow(judge.bottom(-96), one.top(), f"{fake:.3f}")
    sheet.arrow(judge.bottom(78), two.top(), f"{real:.1f}")
    sheet.gradient(one.left(), generator.left(), via=8)
    sheet.gradient(two.right(), judge.right(), via=346)
    sheet.label(124, 168, "gradient,", "through $D$", anchor="start", colour=diagram.LOSS)
    sheet.band(418, 250, "Generation", "a style-based generator")
    z = sheet.box(120, 476, 76, 30, "$z$", random=True)
    c = sheet.box(220, 476, 76, 30, "$c$ = A")
    mapping = sheet.network(170, 528, 180, 48, "Mapping", "$w$")
    cut = sheet.pill(170, 580, 190, 34, r"$\bar{w} + \psi\,(w - \bar{w})$")
    synthesis = sheet.network(170, 634, 180, 42, "Synthesis", gloss="styled layers")
    new = sheet.box(308, 634, 60, 32, "sample")
    sheet.arrow(z, mapping.top(-50))
    sheet.arrow(c, mapping.top(50))
    sheet.chain([mapping, cut, synthesis])
    sheet.arrow(synthesis, new)


FIGURES = [diagram.Recipe("models/gan-family/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
